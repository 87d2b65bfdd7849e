"""What a lesson's texts say of one run: knobs filled in, and only what is true of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from studyapp.lab.grade import interval
from studyapp.lab.protocol import Fact, Value, When

_FIELD = re.compile(r"\{(?P<knob>[^{}:]*)(?P<percent>:%)?\}")


def filled(text: str, knobs: Mapping[str, Value]) -> str:
    """Return *text* with each `{knob}` as its value: −0.023, 1,000 or, for `{knob:%}`, 20%.

    What stands in braces and is no knob is left as it is.
    """

    def value(match: re.Match[str]) -> str:
        if match["knob"] not in knobs:
            return match[0]
        return shown(knobs[match["knob"]], percent=match["percent"] is not None)

    return _FIELD.sub(value, text)


def shown(value: Value, *, percent: bool = False) -> str:
    """Return a knob's value as a learner reads it."""
    if isinstance(value, str):
        return value
    text = f"{100 * value:,.12g}%" if percent else f"{value:,.12g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def fields(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the knobs that *text* names in braces, and whether in percent."""
    for match in _FIELD.finditer(text):
        yield match["knob"], match["percent"] is not None


def true_of(
    texts: Sequence[When], facts: Sequence[Fact], knobs: Mapping[str, Value]
) -> tuple[str, ...]:
    """Return, in their order and filled in, the texts that are true of a run."""
    return tuple(filled(when.text, knobs) for when in texts if holds(when, facts, knobs))


def holds(when: When, facts: Sequence[Fact], knobs: Mapping[str, Value]) -> bool:
    """Return whether a run with these facts, at these knobs, is one of which the text is true.

    A measured difference of exactly 0 is a tie, neither above 0 nor below: of models that come to
    the same none leads (`grade` has it so, too).
    """
    if not all(name in knobs and _among(knobs[name], them) for name, them in when.knobs.items()):
        return False
    if when.fact is None:
        return True
    measured = interval(when.fact, facts)
    if measured is None or (0 in (when.low, when.high) and _is_tie(when.fact, facts)):
        return False
    above = when.low is None or when.low <= measured[0]
    return above and (when.high is None or measured[1] <= when.high)


def _is_tie(name: str, facts: Sequence[Fact]) -> bool:
    """Whether a figure was measured, and came out as 0 in every repetition."""
    return any(one.name == name and one.low == one.value == one.high == 0 for one in facts)


def _among(value: Value, allowed: Sequence[Value]) -> bool:
    """Return whether a number lies from the first to the second, or a word is one of them."""
    if isinstance(value, str):
        return value in allowed or f"{value.partition(':')[0]}:" in allowed
    low, high = allowed
    return low <= value <= high  # type: ignore[operator]  # the catalog saw that both are numbers
