"""A folder that is watched: a file that is put there, or a folder of them, becomes drafts, and lies
in `done` then.

What cannot be read stays where it is. Nothing is thrown away, and nothing is written over.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studyapp import disk
from studyapp.config import data_folder
from studyapp.errors import StudyError
from studyapp.notes.foreign import Foreign
from studyapp.notes.media import FOLDER, is_name
from studyapp.notes.note import Note, Problem
from studyapp.study import capture, imports, library, recognition, words
from studyapp.study.crash import contained
from studyapp.study.desk import Desk
from studyapp.study.foreign import is_untouched
from studyapp.study.learner import FIRST

SETTLED = 2.0  # seconds for which nobody has written in a file that is whole
_DONE = "done"
_NOT_YET = (".tmp", ".part", ".partial", ".crdownload", ".download", ".swp", "~")
_BESIDE = (  # what a text shows comes with the text
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif"),
    *(".mp3", ".ogg", ".oga", ".wav", ".m4a", ".flac", ".opus"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look has come to: how many drafts, of which files, and what could not be read."""

    drafts: int = 0
    files: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def folder(desk: Desk) -> Path:
    """The folder of a learner: that of the setting, else `inbox`, or for others than the first one
    `inbox-of/NAME`."""
    if desk.settings.inbox:
        return Path(desk.settings.inbox).expanduser()
    if desk.learner == FIRST:
        return data_folder() / "inbox"
    return data_folder() / "inbox-of" / library.packs_of(desk).name


class Inbox:
    """Looks after the folder of one learner for as long as the app is open."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._left: dict[Path, tuple[int, int]] = {}  # files that cannot be taken, as they are

    def look(self) -> Taken:
        """Take what has come. A folder that is not there has nothing: a stick may be elsewhere."""
        place = folder(self._desk)
        try:
            if not self._desk.settings.inbox:
                disk.make_folder(place)
            files = sorted(self._come(place))
        except OSError:
            return Taken()
        found = [self._take(path) for path in files]
        return Taken(
            sum(one.drafts for one in found),
            tuple(name for one in found for name in one.files),
            tuple(told for one in found for told in one.unread),
        )

    def _come(self, place: Path) -> Iterator[Path]:
        """The files and folders that are whole and were not looked at as they are."""
        with os.scandir(place) as entries:
            for entry in entries:
                name = entry.name.casefold()
                if name == _DONE or name.startswith(".") or name.endswith(_NOT_YET):
                    continue
                path = Path(entry.path)
                is_text = entry.is_file() and not name.endswith(_BESIDE)
                is_folder = entry.is_dir(follow_symlinks=False) and _has_text(path)
                if is_text or is_folder or not disk.ends(path):  # which is said
                    size, changed, touched = _state(path)
                    is_young = 0 <= time.time() - touched < SETTLED
                    if not is_young and self._left.get(path) != (size, changed):
                        yield path

    def _take(self, path: Path) -> Taken:
        try:
            with contained(path):
                return _taken(self._desk, path)
        except StudyError as error:
            try:
                size, changed, _ = _state(path)
            except OSError:  # another window was quicker
                return Taken()
            self._left[path] = size, changed
            lines = str(error).replace(str(path), path.name).split("\n")
            return Taken(unread=tuple(f"Left in the inbox: {told}" for told in lines))


def _within(path: Path) -> Iterator[Path]:
    """The files that a folder holds, what is hidden left out; a file itself."""
    if not path.is_dir():
        yield path
    for folder, folders, names in os.walk(path):
        folders[:] = (name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _has_text(path: Path) -> bool:
    """Whether a folder has more than what a text beside it shows."""
    return any(not one.name.casefold().endswith(_BESIDE) for one in _within(path))


def _state(path: Path) -> tuple[int, int, float]:
    """The size of a file or of all in a folder, when they were changed last, and when anybody did
    anything with them. Raises OSError."""
    stats = [one.stat() for one in (path, *_within(path))]
    return (
        sum(one.st_size for one in stats),
        max(one.st_mtime_ns for one in stats),
        max(one.st_ctime for one in stats),
    )


def _taken(desk: Desk, path: Path) -> Taken:
    """Make drafts of a file and put it aside. Raises StudyError, with the file where it is, if that
    cannot be: a line for each reason."""
    from studyapp.notes import formats

    form, foreign = formats.read(path)
    if foreign.answers is not None:
        raise StudyError(f"{path} has answers to a questionnaire; importing takes them over.")
    if not foreign.notes and not foreign.native:
        none = ["nothing in it asks or defines anything."]
        problems = [_told(one, path) for one in foreign.problems] or none
        raise StudyError("\n".join(f"{path}: {why}" for why in problems))
    aside = _aside(path)
    with desk.reading() as connection:
        theirs, ours = recognition.parted(
            connection, foreign, form, "", desk.now(), lambda *_: None, learner=desk.learner
        )
    theirs = _shelved(desk, theirs)
    drafts, unwritten = capture.add_foreign(desk, theirs.notes, path)
    drafts += capture.add_native(desk, _native(foreign))
    told = (_told(one, path) for one in (*theirs.problems, *unwritten))
    unread = (*told, *_untaken(desk, imports.Source(path, form, foreign)))
    if ours.changed:
        changed = words.count(len(ours.changed), "note")
        unread += (f"{changed} of here, changed there; importing takes that over",)
    if unread:
        disk.write(aside.with_name(f"{aside.name}.unread.txt"), "\n".join(unread) + "\n")
    try:
        path.rename(aside)
    except OSError as error:
        raise StudyError(f"{path} cannot be moved to {aside}: {error.strerror}.") from error
    return Taken(drafts, (path.name,), tuple(f"{path.name}: {told}" for told in unread))


def _native(foreign: Foreign) -> Iterator[tuple[Note, str]]:
    for file in foreign.native:
        for one in file.page.notes if file.page else ():
            yield one, file.texts[one.id]


def _aside(path: Path) -> Path:
    """Where a file goes that has been taken; what is there already stays."""
    done = path.parent / _DONE
    try:
        disk.make_folder(done)
    except OSError as error:
        raise StudyError(f"{done} cannot be made: {error.strerror}.") from error
    there, number = done / path.name, 1
    while os.path.lexists(there):
        number += 1
        there = done / f"{path.stem}-{number}{path.suffix}"
    return there


def _told(problem: Problem, path: Path) -> str:
    """What could not be read of the file or folder at *path*, with its place there."""
    return ": ".join(filter(None, (words.place(problem.path, problem.line, path), problem.message)))


def _untaken(desk: Desk, source: imports.Source) -> Iterator[str]:
    """What a draft has no place for, and an import would bring."""
    if not source.foreign.reviews and all(map(is_untouched, source.foreign.schedules)):
        return
    (coming,) = imports.bring(desk, [source], dry_run=True)
    told = [words.count(coming.reviews, "review")] if coming.reviews else []
    told += [words.count(coming.schedules, "schedule")] if coming.schedules else []
    if told:
        yield f"{' and '.join(told)} not taken over; importing it does so"


def _shelved(desk: Desk, foreign: Foreign) -> Foreign:
    """*foreign* with its pictures and sounds where accepted notes show them. One whose name another
    one has gets a name of its own."""
    from studyapp.notes.hypertext import beside

    shelf = library.packs_of(desk) / library.OWN_PACK / FOLDER
    renamed, problems = dict[str, str](), list(foreign.problems)
    for one in foreign.media:
        if not is_name(one.name):
            told = f"{one.name!r} is no name that a picture or a sound can have here"
            problems.append(Problem(shelf, 0, told))
            continue
        data, file = one.read(), shelf / one.name
        if disk.is_there(file) and file.read_bytes() != data:
            digest = hashlib.blake2b(data, digest_size=4).hexdigest()
            file = file.with_name(f"{file.stem}-{digest}{file.suffix}")
            old, new = beside(one.name), beside(file.name)
            renamed[f"]({old})"] = f"]({new})"
        if not disk.is_there(file):
            disk.write(file, data)

    def moved(text: str) -> str:
        for old, new in renamed.items():
            text = text.replace(old, new)
        return text

    notes = (
        replace(note, question=moved(note.question), answer=moved(note.answer))
        for note in foreign.notes
    )
    return replace(foreign, notes=tuple(notes), problems=tuple(problems))
