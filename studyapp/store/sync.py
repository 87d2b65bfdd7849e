"""Content files → database. Never deletes: what has gone is marked, and returns with its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from studyapp.notes.note import Problem
from studyapp.store import owner, passage
from studyapp.store.change import differing_sides, make_due
from studyapp.store.fingerprint import fingerprint
from studyapp.store.note import Tally, mark_missing, write_notes
from studyapp.store.outline import write_chapters, write_moments, write_sections
from studyapp.store.source import read_roots, same_roots, stands_alone, write_roots


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `missing_roots` are folders that were not there: they change nothing.
    `left_alone` says which files a change that was killed would have put back, had nobody saved
    them since."""

    added: int = 0
    changed: int = 0
    restored: int = 0
    missing: int = 0
    unchanged: int = 0
    new_cards: int = 0
    due_again: int = 0  # cards whose points have changed since they were last rated
    problems: tuple[Problem, ...] = ()
    missing_roots: tuple[str, ...] = ()
    renamed: tuple[tuple[int, int], ...] = ()  # a chapter that is called otherwise: ids then, now
    left_alone: tuple[str, ...] = ()

    def counts(self) -> str:
        """What it did in numbers, as the log file has it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        numbers = {k: len(v) if isinstance(v, tuple) else v for k, v in values.items()}
        return ", ".join(f"{number} {name}" for name, number in numbers.items() if number)

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["problems"] = [
            {"path": str(problem.path), "line": problem.line, "message": problem.message}
            for problem in self.problems
        ]
        values["missing_roots"] = list(self.missing_roots)
        del values["renamed"]  # which another database would number otherwise
        return values


def sync(
    connection: Connection,
    roots: Sequence[Path],
    now: datetime,
    *,
    own: Sequence[Path] = (),
    whose: int | None = None,
    changed_only: bool = False,
    heard: bool = False,
) -> SyncReport:
    """Read the content of the installed *roots*, and of the *own* ones of the learner *whose* they
    are, into the database, in one transaction of the caller's. What is another learner's own stays
    as it is.

    A later root shadows an earlier one note by note, and an own one the installed ones for its
    learner. A note is known by its uid alone, so rewording, moving and renaming keep its memory.
    If a root is missing, nothing of its owner is marked as missing, since its notes may only be
    out of reach. With *changed_only* a root that is as the database has it is not read, where what
    has changed leaves it as it is: a new card costs the reading of the pack that it is in.
    """
    stamps = {root: fingerprint(root) for root in (*roots, *own)}
    same = same_roots(connection, roots, own, stamps, whose) if changed_only else frozenset()
    installed = read_roots(roots, None, stamps, same)
    sources = [installed] if not roots or not installed.unread else []
    if whose is not None:
        mine = read_roots(own, whose, stamps, same)
        if mine.unread and not stands_alone(connection, mine):
            mine = read_roots(own, whose, stamps)
        sources.append(mine)
    ids = write_roots(connection, sources, now)
    tally, missing = Tally(), 0
    for source in sources:
        chapters = write_chapters(connection, source)
        sections = write_sections(connection, source, chapters, now)
        if not source.gone:
            write_moments(connection, source, chapters)
        write_notes(connection, source, ids, chapters, sections, now, tally, heard=heard)
        if not source.gone:
            missing += mark_missing(connection, source, now)
    passage.write(connection, tally.written)
    texts = {source.owner: source.notes for source in sources}
    for moved in owner.settle(connection):
        text = texts.get(moved.learner, {}).get(moved.uid)
        if text is None:
            if installed.unread:
                installed = read_roots(roots, None, stamps)
            text = installed.notes.get(moved.uid)
        if text is not None and not heard:
            sides_changed = differing_sides(text[1], moved.points, moved.answer, moved.cards)
            changed = [moved.cards[side] for side in sides_changed]
            tally.due_again += make_due(connection, changed, now, whose=moved.learner)
    return SyncReport(
        tally.added,
        tally.changed,
        tally.restored,
        missing,
        tally.unchanged,
        tally.new_cards,
        tally.due_again,
        tuple(problem for source in sources for problem in source.problems),
        tuple(path for source in sources for path in source.gone),
        tuple(tally.renamed),
    )
