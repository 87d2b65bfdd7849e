"""The process that runs the code of content for `studyapp check --run`, and for nothing else.

It reads jobs from its standard input, one JSON list, and writes one JSON line for each to the file
that its argument names, so that whoever waits knows which job it did not survive:

    {"code": …}                                 → {"printed": …}
    {"note": …, "count": …, "distinct": …, and the parts of a template}
                                                → {"cases": [[seed, text], …], "refused": {…}}

Either may be {"error": …} instead.
"""

from __future__ import annotations

import ast
import io
import json
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from copy import deepcopy
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from studyapp.notes.template import PLACE, filled

TRIES = 20  # draws for each case that is wanted
_LONG = 8  # characters of a number that nobody rounded
_NEAR = 1e-7  # of a unit in the last place: this close to .5 is no rounding to ask for
_WATCHED = "__watched__"  # how code finds `_watched`
_UNDEFINED = re.compile(r"(?<![A-Za-z])(?:nan|inf)(?![A-Za-z])", re.IGNORECASE)
_MINUS = re.compile(r"^-(?=\.?\d)")
_PLACES = re.compile(r"(?:\.(\d+))?([eEfFgG%])$")


class Refused(Exception):  # noqa: N818  (no error: another draw takes its place)
    """A draw that makes no case, and why."""


def main() -> None:
    with Path(sys.argv[1]).open("w", encoding="utf-8") as lines:
        for job in json.load(sys.stdin):
            done = _run(job["code"]) if "code" in job else _draw(job)
            print(json.dumps(done), file=lines, flush=True)


def _run(code: str) -> dict[str, Any]:
    try:
        return {"printed": _printed(compile(code, "<snippet>", "exec"), {"__name__": "snippet"})}
    except (Exception, SystemExit) as error:
        return {"error": _told(error)}


def _draw(job: Mapping[str, Any]) -> dict[str, Any]:
    """As many cases as are wanted, the first seed first."""
    cases: list[tuple[int, str]] = []
    seen: set[str] = set()
    asked: dict[str, tuple[int, str]] = {}
    refused: Counter[str] = Counter()
    for seed in range(1, TRIES * job["count"] + 1):
        try:
            question, text = _case(job, seed)
        except Refused as reason:
            refused[str(reason)] += 1
            continue
        except ArithmeticError as error:
            refused[_told(error)] += 1
            continue
        except (Exception, SystemExit) as error:
            return {"error": f"seed {seed}: {_told(error)}"}
        first, answered = asked.setdefault(question, (seed, text))
        if text != answered:
            return {"error": f"seeds {first} and {seed} ask the same and answer differently"}
        if job["distinct"] and text in seen:
            continue
        seen.add(text)
        cases.append((seed, text))
        if len(cases) == job["count"]:
            return {"cases": cases, "refused": refused}
    why = ", ".join(f"{reason} ({count})" for reason, count in refused.most_common())
    tried = f"{len(cases)} cases in {TRIES * job['count']} draws"
    return {"error": f"only {tried}; refused: {why or 'none, the rest were the same'}"}


def _case(job: Mapping[str, Any], seed: int) -> tuple[str, str]:
    """What one case asks, and its whole text as a note is written; raises Refused for a draw that
    makes none."""
    helpers = {
        "rng": random.Random(f"{job['note']}:{seed}"),
        "require": _require,
        "apart": _apart,
        "rounded": _rounded,
        "round": _round,
        "format": _format,
        _WATCHED: _watched,
    }
    names: dict[str, Any] = {"__name__": "template", **helpers}
    exec(_compiled(job["draw"], "values", "exec"), names)
    values = {name: one for name, one in names.items() if name not in helpers}
    code = _filled(job["snippet"], names)
    watching = {"round": _round, "format": _format, _WATCHED: _watched}
    space: dict[str, Any] = {"__name__": "snippet", **watching}
    printed = _printed(_compiled(code, "snippet", "exec"), space).rstrip()
    if not printed:
        raise ValueError("the snippet prints nothing")
    _defined(printed)
    known = {**space, **values, **helpers}
    exec(_compiled(job["conditions"], "conditions", "exec"), known)
    head, tail = (_in_prose(job[name], known) for name in ("head", "tail"))
    text = f"{head}```python\n{code}```\n\n```text\n{printed}\n```{tail}"
    text.encode()  # raises for half a character, which no file can keep
    return head, text


@cache
def _compiled(source: str, name: str, mode: Literal["exec", "eval"]) -> Any:
    """The code, with the numbers that its f-strings round looked at."""
    tree = ast.fix_missing_locations(_Watching().visit(ast.parse(source, mode=mode)))
    return compile(tree, f"<{name}>", mode)


def _printed(code: Any, space: dict[str, Any]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        exec(code, space)
    return out.getvalue()


def _told(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}{': ' if text else ''}{text}"


def _filled(text: str, names: dict[str, Any]) -> str:
    """*text* with what its places come to, as code has it."""

    def value(expression: str, form: str) -> str:
        found = eval(_compiled(expression, "place", "eval"), names)
        return _defined(_format(found, form) if form else _shown(found))

    return filled(text, value)


def _in_prose(text: str, names: dict[str, Any]) -> str:
    """*text* with its places filled; a minus is a hyphen in code and maths alone."""
    pieces = re.split(r"(`[^`]*`|\$[^$]*\$)", text)
    return "".join(
        _filled(piece, names)
        if at % 2
        else PLACE.sub(lambda match: _MINUS.sub("−", _filled(match[0], names)), piece)
        for at, piece in enumerate(pieces)
    )


def _shown(value: Any) -> str:
    """A value as it is written; raises Refused where it is undefined."""
    if hasattr(value, "item") and not getattr(value, "shape", ()):
        value = value.item()  # of torch and numpy
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("NaN or infinity")
        if len(repr(value)) > _LONG:
            raise ValueError(f"{value!r} has too many digits; round it, or give it a format")
    if isinstance(value, tuple):
        inner = ", ".join(map(_shown, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


# --- what makes a case ambiguous ----------------------------------------------------------------


def _require(condition: object) -> None:
    if not condition:
        raise Refused("a condition")


def _apart(values: Iterable[float], least: float = 1e-6) -> bool:
    """Whether no two of the values are closer than *least*: there is no tie."""
    return all(b - a >= least for a, b in pairwise(sorted(map(float, values))))


def _rounded(value: float, digits: int = 2) -> str:
    """A number as our text writes it, .64 or 1.5. Refused if it lies between two."""
    _watched(value, f".{digits}f")
    text = f"{float(value):.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if float(text) == 0 else re.sub(r"^(-?)0\.", r"\1.", text)


def _round(number: Any, ndigits: int | None = None) -> Any:
    if isinstance(number, int | float):
        _not_between(number, ndigits or 0)
    return round(number, ndigits)


def _format(value: Any, form: str = "") -> str:
    return format(_watched(value, form), form)


def _watched(value: Any, form: str) -> Any:
    """*value*, unless its format would round what lies between two numbers."""
    if found := _PLACES.search(form):
        number, kind = float(value), found[2].lower()
        digits = int(found[1] or 6)  # which is what Python takes
        if kind == "%":
            digits += 2
        elif kind != "f" and number and math.isfinite(number):  # e and g count from the first digit
            digits -= math.floor(math.log10(abs(number))) + (kind == "g")
        _not_between(number, digits)
    return value


def _defined(text: str) -> str:
    if _UNDEFINED.search(text):
        raise Refused("NaN or infinity")
    return text


def _not_between(value: float, digits: int) -> None:
    if not math.isfinite(value):
        raise Refused("NaN or infinity")
    if abs(abs(value) * 10**digits % 1 - 0.5) < _NEAR:
        raise Refused("a rounding at .5")


class _Watching(ast.NodeTransformer):
    """Has the numbers that f-strings round looked at."""

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.FormattedValue:
        self.generic_visit(node)
        if node.format_spec is not None:
            name = ast.Name(_WATCHED, ast.Load())
            node.value = ast.Call(name, [node.value, deepcopy(node.format_spec)], [])
        return node


if __name__ == "__main__":
    main()
