"""The variants of a question: which one is shown, and the file that drawn ones are kept in.

An author's machine draws them (`studyapp check --run`), a learner's only reads them. They stand in
a file beside their content file, one JSON object a line:

    {"note": "an-id", "seed": 7, "template": "0a1b2c3d", "question": "…", "answer": "…",
     "points": ["a core point", "extra: another"]}
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from studyapp.errors import printable
from studyapp.notes.note import Point, Problem, Template, Variant

SUFFIX = ".variants.jsonl"
KEYS = ascii_lowercase[1:]  # of what is written by hand, in its order; a drawn one has its seed
EXTRA = "extra: "
_LONGEST = 20_000  # characters of a line
_FIELDS = {"note": str, "seed": int, "template": str, "question": str, "answer": str}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line of the file: a variant of the note `note`, and of which template it was drawn."""

    note: str
    seed: int
    template: str  # its `digest`
    variant: Variant


def pick(keys: Sequence[str], card: bytes, turn: int) -> str | None:
    """Which variant a card (a uid) shows after *turn* reviews; None is the note's own text.

    The own text comes first, then each of *keys* once, in an order that the card alone decides,
    then all of them again: two cases alternate.
    """
    order = sorted(keys)
    random.Random(card.hex()).shuffle(order)
    return [None, *order][turn % (len(order) + 1)]


def digest(template: Template) -> str:
    """Changes whenever a template does."""
    return blake2b(template.text.encode("utf-8", "replace"), digest_size=4).hexdigest()


def path_beside(path: Path) -> Path:
    """Where the drawn variants of a content file are."""
    return Path(beside(os.fspath(path)))


def beside(path: str) -> str:
    """As `path_beside`, of the words of a path."""
    return os.path.splitext(path)[0] + SUFFIX


def stored(path: Path) -> tuple[dict[str, list[Variant]], list[Problem]]:
    """The drawn variants of the content file *path*, by id of the note, and what is wrong with
    them. Nothing in the file makes this raise."""
    found: dict[str, list[Variant]] = {}
    lines, problems = drawn(path)
    for one in lines:
        found.setdefault(one.note, []).append(one.variant)
    return found, problems


def drawn(path: Path) -> tuple[list[Drawn], list[Problem]]:
    """Each line beside the content file *path* that can be read, and the problems of the rest."""
    place = path_beside(path)
    if not place.is_file():
        return [], []
    try:
        text = place.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [], [Problem(place, 1, f"the file cannot be read: {error}")]
    found, problems = [], []
    seen: dict[tuple[str, int], int] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        one = _parsed(line, place, number)
        if isinstance(one, str):
            problems.append(Problem(place, number, one))
        elif (first := seen.setdefault((one.note, one.seed), number)) != number:
            message = f"seed {one.seed} of {one.note} is on line {first} already"
            problems.append(Problem(place, number, message))
        else:
            found.append(one)
    return found, problems


def as_line(one: Drawn) -> str:
    """One line of the file, with its end."""
    case = one.variant
    points = [f"{EXTRA if point.extra else ''}{point.text}" for point in case.points]
    values = {
        "note": one.note,
        "seed": one.seed,
        "template": one.template,
        "question": case.prompt,
        "answer": case.answer,
        "points": points,
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def _parsed(line: str, path: Path, number: int) -> Drawn | str:
    """The line's variant, or why it is none."""
    if len(line) > _LONGEST:
        return f"the line has more than {_LONGEST:,} characters"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "the line is no JSON; `studyapp check --run` writes it"
    if not isinstance(value, dict) or not _fits(value):
        return f"a line has {', '.join(_FIELDS)} and points; `studyapp check --run` writes it"
    text = {name: printable(value[name]) for name in ("question", "answer")}
    points = tuple(
        Point(printable(point).removeprefix(EXTRA), point.startswith(EXTRA))
        for point in value["points"]
    )
    seed = value["seed"]
    case = Variant(str(seed), text["question"], text["answer"], points, None, path, number)
    return Drawn(value["note"], seed, value["template"], case)


def _fits(value: Mapping[str, Any]) -> bool:
    points = value.get("points")
    return (
        value.keys() == {*_FIELDS, "points"}
        and all(type(value[name]) is kind for name, kind in _FIELDS.items())
        and 0 <= value["seed"] < 1_000_000
        and isinstance(points, list)
        and all(isinstance(point, str) and point.removeprefix(EXTRA).strip() for point in points)
        and bool(value["question"].strip())
    )
