"""An import that is looked at before, picked from, and taken back whole.

What an import does is decided in `study/imports.py`; here it is done with one file for somebody who
watches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studyapp.errors import StudyError
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.study import imports, words
from studyapp.study.crash import contained
from studyapp.study.desk import Desk
from studyapp.study.imports import Imported, Source
from studyapp.study.questionnaire import arrival
from studyapp.study.questionnaire.arrival import Proposal

if TYPE_CHECKING:
    from studyapp.store.backup import Progress

_FEW = 3  # questions that are no questionnaire yet


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring: each note that is new, with what asks nearly the same, if anything;
    the rest is in `told`. A pack of our own format, and answers to a questionnaire, come whole: of
    them there is nothing to pick. `filled` says how it would be brought as a questionnaire that the
    learner has filled in, where its questions are those of a chapter."""

    source: Source
    new: tuple[tuple[ForeignNote, str], ...]
    told: Imported
    filled: Proposal | None = None

    @property
    def picks(self) -> bool:
        return bool(self.source.foreign.notes)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an import has done."""

    source: Source
    told: Imported


def look(desk: Desk, path: Path, stop: Callable[[], None]) -> Preview:
    """What the file or the folder at *path* would bring; *stop* is asked at each file. Raises
    StudyError if it cannot be read, or is stopped."""
    with contained(path):
        return _preview(desk, Source(path, *_read_all(path, stop)), stop)


def _preview(desk: Desk, source: Source, stop: Callable[[], None]) -> Preview:
    (told,) = imports.bring(desk, [source], dry_run=True, progress=lambda *_: stop())
    if not source.foreign.notes:
        return Preview(source, tuple((one, "") for one in told.questions), told)
    twins = {_stands(one): twin for one, twin in told.twins}
    added = set(map(_stands, told.questions))
    new = (
        (note, twins.get(_stands(note), ""))
        for note in source.foreign.notes
        if _stands(note) in added
    )
    return Preview(source, tuple(new), told, _filled(desk, source))


def _stands(note: ForeignNote) -> tuple[object, ...]:
    """What tells a note of a file from the others: an import may call it otherwise."""
    return note.path, note.line, note.question, note.answer


def _filled(desk: Desk, source: Source) -> Proposal | None:
    """A questionnaire is one whose questions are known, most of them, and not one or two."""
    with suppress(StudyError):
        found = arrival.match(desk, source.path, source.foreign)
        if len(found.answered) >= max(_FEW, len(source.foreign.notes) / 2):
            found = arrival.match(desk, source.path, arrival.read(desk, source.path)[1])
            return None if found.known else found
    return None


def take_answers_back(desk: Desk, filled: Proposal) -> str:
    """Take the answers of a questionnaire out again, and say so."""
    gone = arrival.take_back(desk, filled)
    return f"Undone: {words.count(gone, 'answer')} to {filled.name}."


def _read_all(path: Path, stop: Callable[[], None]) -> tuple[str, Foreign]:
    from studyapp.notes import folder, formats, native, vault

    def read(file: Path) -> tuple[str, Foreign]:
        stop()
        with contained(file):
            return formats.read(file)

    if not path.is_dir():
        return read(path)
    for _ in folder.files(path, endings=vault.ENDINGS):  # it may be the whole disk
        stop()
    return formats.read(path) if native.is_pack(path) else vault.read(path, read)


def without(source: Source, guids: Collection[str]) -> Source:
    """A file as it would be without some of its notes, and what it says of their cards."""
    said = source.foreign
    foreign = replace(
        said,
        notes=tuple(one for one in said.notes if one.guid not in guids),
        reviews=tuple(one for one in said.reviews if one.guid not in guids),
        schedules=tuple(one for one in said.schedules if one.guid not in guids),
    )
    return replace(source, foreign=foreign)


def bring(desk: Desk, source: Source, progress: Progress) -> Delivery:
    """Take over what a file holds. Raises StudyError, with nothing changed, if it cannot be, or if
    *progress* stops it."""
    with contained(source.path):
        (told,) = imports.bring(desk, [source], progress=progress)
    return Delivery(source, told)


def take_back(desk: Desk, done: Delivery) -> str:
    """Have it all as it was before an import, but for what the learner has changed since, and say
    so. Raises StudyError, with nothing changed, as `imports.take_back` does."""
    gone = imports.take_back(desk, done.source.path, done.told.receipt)
    notes = words.count(len(done.told.questions) + done.told.changed, "note")
    return f"Undone: the import of {done.source.path.name} ({notes}){gone.but}."
