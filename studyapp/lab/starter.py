"""Writes the pack that a stranger begins with: one experiment that works, and its tests."""

from __future__ import annotations

import keyword
import re
import shutil
from pathlib import Path

from studyapp.errors import StudyError, printable
from studyapp.lab.catalog import Catalog

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # of a lesson, a module and a distribution


def write(name: str, parent: Path, known: Catalog) -> Path:
    """Write a pack of this *name* into a new folder in *parent*, and return the folder.

    Raises StudyError, with nothing written, for a name that cannot be one, is an experiment's
    already, or is a file's or folder's in *parent*.
    """
    _check(name, known)
    folder = parent / name
    try:
        folder.mkdir()
    except FileExistsError:
        raise StudyError(f"{folder} is there already; nothing was written.") from None
    except OSError as error:
        raise StudyError(f"{folder} cannot be made: {error.strerror}.") from None
    try:
        for path, text in _FILES.items():
            file = folder / path.replace("NAME", name)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text.replace("NAME", name), "utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # half a pack would be in the way next time
        raise StudyError(f"{folder} cannot be written: {error.strerror}.") from None
    return folder


def _check(name: str, known: Catalog) -> None:
    shown = printable(repr(name))
    if keyword.iskeyword(name):
        raise StudyError(f"{shown} is a word of Python's own; choose another name.")
    if _NAME.fullmatch(name) is None:
        raise StudyError(
            f"{shown} is not a name for a pack; write lower-case letters and digits, a letter "
            "first, with single underscores between words."
        )
    for lesson in known.lessons:
        if lesson.name == name:
            raise StudyError(f"The name {shown} is taken by {lesson.path}; choose another one.")


_LESSON = '''\
"""NAME: how long is the longest row of equal throws of a coin?

A fair coin is thrown n times: one game. What to watch: how many throws in a row come out alike,
in the longest such row of a game, on average over games. People who make throws up seldom write a
row of more than four.

Each game has random numbers of its own, so the same seed gives the same figures, and the interval
says what other games would have given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from studyapp.lab.interval import mean_interval
from studyapp.lab.protocol import (
    Axes,
    Choice,
    Fact,
    Knob,
    Lesson,
    LessonEvent,
    Metric,
    Progress,
    Question,
    Result,
    Value,
    When,
)


def longest_row(throws: Sequence[bool]) -> int:
    """Return how many throws the longest row of equal ones has."""
    longest = row = 1
    for before, throw in pairwise(throws):
        row = row + 1 if throw == before else 1
        longest = max(longest, row)
    return longest


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Play the games; yield how far it is, what to plot, and in the end the figures."""
    n, games = int(knobs["n"]), int(knobs["seeds"])
    rows: list[int] = []
    for game in range(games):
        rng = random.Random(f"{seed}, {game}")
        rows.append(longest_row([rng.random() < 0.5 for _ in range(n)]))
        yield Progress(game + 1, games)
        if len(rows) % 10 == 0:
            yield Metric(game + 1, "longest row", *mean_interval(rows))
    mean, low, high = mean_interval(rows)
    over = f"{games} games"
    yield Result((Fact("longest", mean, "throws", low, high, games, "student t", over),))


# Literals only: the lab reads this without running the file.
LESSON = Lesson(
    name="NAME",
    version=1,  # count it up when the figures change: runs of another version are not compared
    title="How long does luck last?",
    question=Question(
        text=(
            "A fair coin is thrown {n} times. How many throws has the longest row of equal ones, "
            "heads or tails, on average over many such games?"
        ),
        kind="choice",
        fact="longest",  # the figure that decides, by the range that its interval lies in
        unit="throws",
        told="the longest row has {} on average",
        choices=(
            Choice("fewer than 4", high=4),
            Choice("4 to 6", low=4, high=6),
            Choice("more than 6", low=6),
        ),
    ),
    knobs=(
        Knob("n", "int", 100, 10, 2000, help="throws in a game; with 100 most people are wrong"),
        Knob("seeds", "int", 200, 20, 1000, help="games; 200 tell a quarter of a throw"),
    ),
    topics=("chance",),
    run=run,
    axes=(Axes("games", "longest row (throws)"),),
    meaning=(  # for each answer, what it says
        When("{n} throws have hardly room for a row that catches the eye.", "longest", high=4),
        When("A row of five need not mean anything in {n} throws.", "longest", low=4, high=6),
        When(
            "A fair coin's longest row in {n} throws is {fact:longest}: such a row is no sign that "
            "something has changed.",
            "longest",
            low=6,
        ),
        When("The interval is about other games; one that holds 4 or 6 settles nothing."),
    ),
    next=(
        When("Set n to 10: which answer is right now?", knobs={"n": (31, 2000)}),
        When("Set n to 1000: a hundred times as many throws as 10.", knobs={"n": (10, 30)}),
    ),
    mechanism=(
        When("A throw is like the one before it in half of the cases, whatever came earlier."),
        When("A row may begin at any throw: twice as many throws, about one more in the row."),
    ),
)
'''
_TESTS = '''\
"""The experiment measures what can be worked out by hand, and settles its question."""

from __future__ import annotations

from studyapp.lab.protocol import Fact, Result

from studyapp_NAME.NAME import LESSON, longest_row, run


def measured(seed: int = 0, **given: int) -> Fact:
    """The figure of a run at the defaults, but for the knobs that are given."""
    defaults = {knob.name: knob.default for knob in LESSON.knobs}
    *_, result = run(defaults | given, "cpu", seed)
    assert isinstance(result, Result)
    (fact,) = result.facts
    return fact


def test_the_longest_row_is_found_wherever_it_stands() -> None:
    assert longest_row([True]) == 1
    assert longest_row([True, False, True]) == 1
    assert longest_row([True, True, True, False, True]) == 3
    assert longest_row([True, False, True, True]) == 2


def test_three_throws_have_a_row_of_two_on_average() -> None:
    """Of the eight games two have a row of 3, four one of 2, and two one of 1."""
    fact = measured(n=3, seeds=1000)
    assert fact.low is not None
    assert fact.high is not None
    assert fact.low < 2 < fact.high


def test_the_same_seed_gives_the_same_figure_and_another_one_another() -> None:
    assert measured(seed=1) == measured(seed=1) != measured(seed=2)


def test_the_defaults_settle_the_question() -> None:
    fact = measured()
    assert fact.name == LESSON.question.fact
    assert fact.low is not None
    assert fact.low > 6  # the whole interval lies in one answer


def test_it_runs_at_both_ends_of_each_knob() -> None:
    for knob in LESSON.knobs:
        for end in (knob.low, knob.high):
            assert measured(**{"seeds": 20, knob.name: int(end or 0)}).n >= 20
'''
_PROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "studyapp-NAME"
version = "0.1"
description = "An experiment for the lab of studyapp"
requires-python = ">=3.11"
dependencies = ["studyapp"]

[project.entry-points."studyapp.lessons"]
NAME = "studyapp_NAME"  # the package whose modules are experiments

[tool.setuptools]
packages = ["studyapp_NAME"]

[tool.setuptools.package-data]
studyapp_NAME = ["*.json"]  # the reference figures

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
"""
_README = """\
# NAME

An experiment for the lab of studyapp: `studyapp_NAME/NAME.py`.

```sh
pip install -e .               # into the environment that studyapp is in
pytest
studyapp lab run NAME --trust  # lets this code run, and runs it; in the app a second enter does
studyapp lab reference NAME    # keeps the figures at the defaults, which go along with the pack
studyapp lab check NAME        # what is missing
```

The section "An experiment of your own" in studyapp's CONTRIBUTING.md says how to go on.
"""
_FILES = {
    "pyproject.toml": _PROJECT,
    "README.md": _README,
    "studyapp_NAME/__init__.py": '"""Experiments, one a module."""\n',
    "studyapp_NAME/NAME.py": _LESSON,
    "tests/test_NAME.py": _TESTS,
}
