"""What a check of the doctor finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from studyapp.store import tables
from studyapp.study.doctor.known import Known

LEFTOVERS = "leftovers"
RESTORE = "Restore a backup."  # an examination says which

Progress = Callable[[str, int, int], None]  # hears what is looked at, and how much of how much


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, told without anything private, so that it can be pasted anywhere.

    What `mend` puts right, `done` tells afterwards; without one, `advice` says what to do. `mend`
    writes on the connection that it was found on.
    """

    check: str
    wrong: str
    advice: str = ""
    done: str = ""
    mend: Callable[[], object] | None = None

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong: what is merely left over takes room and does no harm."""
        return self.check != LEFTOVERS

    def __str__(self) -> str:
        rest = self.advice or "--fix mends it."
        return f"{self.check}: {self.wrong} {rest}"

    def as_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "wrong": self.wrong,
            "advice": self.advice,
            "done": self.done,
            "mendable": self.mend is not None,
        }


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """*findings* with those that say the same, of several learners, as one that mends them all,
    if they can be mended."""
    alike = dict[str, list[Finding]]()
    for one in findings:
        alike.setdefault(f"{one} {one.done}", []).append(one)
    return [
        replace(first, mend=partial(_mend_all, [first, *others]))
        if others and first.mend
        else first
        for first, *others in alike.values()
    ]


def _mend_all(findings: Sequence[Finding]) -> None:
    for one in findings:
        if one.mend is not None:
            one.mend()


@dataclass(frozen=True, slots=True)
class Chart:
    """What the checks of a database look at: one state of it, the time, and its learners."""

    connection: Connection
    now: datetime
    progress: Progress
    file: Path | None  # None on a server
    url: str | None  # by which other processes see the same; None where this one has changed it
    learners: tuple[int, ...]
    known: Known


def chart(
    connection: Connection,
    now: datetime,
    progress: Progress,
    file: Path | None,
    url: str | None = None,
) -> Chart:
    learners = tuple(connection.scalars(select(tables.learner.c.id)))
    return Chart(connection, now, progress, file, url, learners, Known())


def beforehand() -> None:
    """The `mend` of what is put right by what comes first: a backup, and opening the database."""


def have(number: int) -> str:
    """has, for one; have, for others."""
    return "has" if number == 1 else "have"


def are(number: int) -> str:
    return "is" if number == 1 else "are"
