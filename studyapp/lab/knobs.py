"""Checks the knobs of an experiment before anything starts. Nothing is ever clamped."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence

from studyapp.errors import SettingError, printable
from studyapp.lab.protocol import Knob, Value


def parse(knobs: Sequence[Knob], texts: Mapping[str, str]) -> dict[str, Value]:
    """Return every knob's value in declared order: from *texts* as typed, else the default.

    Raises SettingError, one sentence, for a knob that does not exist or a value not allowed.
    """
    _known(knobs, texts)
    return check(knobs, {k.name: _typed(k, texts[k.name]) for k in knobs if k.name in texts})


def check(knobs: Sequence[Knob], values: Mapping[str, object]) -> dict[str, Value]:
    """Return every knob's value in declared order, as int, float or str; defaults filled in.

    A knob left at its default and one set to the same value are equal here. Raises SettingError.
    """
    _known(knobs, values)
    return {knob.name: allowed(knob, values.get(knob.name, knob.default)) for knob in knobs}


def allowed(knob: Knob, value: object) -> Value:
    """Return *value* in the knob's own type, or raise SettingError."""
    if knob.kind == "choice":
        return _choice(knob, value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _inside(knob, value):
        raise _refused(knob, value)
    if knob.kind == "float":
        return float(value) + 0.0  # -0.0 is 0.0
    if value != int(value):
        raise _refused(knob, value)
    return int(value)


def canonical(knobs: Sequence[Knob], values: Mapping[str, object]) -> str:
    """Return a text that is equal for runs of the same experiment.

    Knobs that only count repetitions (seeds, and those with a default for GPUs) are left out:
    they narrow an interval and change nothing that it is about.
    """
    checked = check(knobs, values)
    counts = {knob.name for knob in knobs if knob.name == "seeds" or knob.gpu is not None}
    return json.dumps({name: checked[name] for name in sorted(checked) if name not in counts})


def describe(knob: Knob) -> str:
    """Return what is allowed, in words: "a whole number from 32 to 1024"."""
    if knob.kind == "choice":
        *most, last = [f"{choice}…" if choice.endswith(":") else choice for choice in knob.choices]
        return f"{', '.join(most)} or {last}" if most else last
    if knob.low is not None and knob.high is not None:
        return f"{_KINDS[knob.kind]} from {knob.low:.12g} to {knob.high:.12g}"
    if knob.low is not None:
        return f"{_KINDS[knob.kind]} from {knob.low:.12g}"
    if knob.high is not None:
        return f"{_KINDS[knob.kind]} up to {knob.high:.12g}"
    return _KINDS[knob.kind]


_GROUPED = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")
_KINDS = {"int": "a whole number", "float": "a number"}
_PATHS = ("folder:", "file:")


def _known(knobs: Sequence[Knob], names: Mapping[str, object]) -> None:
    known = [knob.name for knob in knobs]
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise SettingError(f"There is no knob {printable(repr(name))}; there is {listed}.")


def _typed(knob: Knob, text: str) -> Value:
    try:
        return allowed(knob, text.strip() if knob.kind == "choice" else _number(text))
    except (SettingError, ValueError):
        raise _refused(knob, text) from None


def _number(text: str) -> float:
    """Read a number also as the app writes it: −0.023, 1,000,000."""
    text = text.strip().replace("−", "-", 1)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        return int(text)
    except ValueError:
        return float(text)  # 1e6 is a whole number too


def _inside(knob: Knob, value: float) -> bool:
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number too large for a float
        return False
    above = knob.low is None or value >= knob.low
    return finite and above and (knob.high is None or value <= knob.high)


def _choice(knob: Knob, value: object) -> str:
    if not isinstance(value, str):
        raise _refused(knob, value)
    head, colon, argument = value.partition(":")
    choice = head + colon
    if choice not in knob.choices or bool(argument) != bool(colon):
        raise _refused(knob, value)
    if choice in _PATHS:  # absolute, because the worker runs in a folder of its own
        return choice + os.path.abspath(os.path.expanduser(argument))
    return value


def _refused(knob: Knob, value: object) -> SettingError:
    text = " ".join(printable(str(value)).split()) or "''"
    shown = text if len(text) <= 200 else f"{text[:12]}…"
    return SettingError(f"{knob.name} = {shown} is not allowed; it must be {describe(knob)}.")
