"""Write several notes of the learner's own anew, in one go that is taken back in one.

What changes is text in files: all of them are written, whole, or none, though the program be killed
in between (`study/former.py`). What an editor or another window saves meanwhile stays: what is
written is made of what the file says right before.

How it is taken back in another window or a later session lies beside the packs, from before the
first file is written: what the files said, and when it was done. Whether it was done is seen by the
files, so nothing has to be tidied up where the program was killed.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import ContentError, StudyError
from studyapp.memory.clock import study_day
from studyapp.store import tables
from studyapp.study import former, library, unlogged
from studyapp.study.desk import Desk
from studyapp.study.former import Former
from studyapp.study.unlogged import Moment

note = tables.note.c

_AT_ONCE = 500  # notes in one query
_RECORDS, _MOST = 20, 64_000_000  # records, and bytes of them, that are kept, the newest ones
# A record, by its number; of two windows that keep one at once, each has its own.
_NAMED = re.compile(r"(\d+)(-\w+)?")

# Of a file, and the rows of notes that are in it; None if it goes.
TextOf = Callable[[Path, Sequence[Any]], str | None]
BackOf = Callable[[Path, Sequence[Any], bytes], str | None]  # and what it said before


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What was done: to how many notes, what each file said `before`, the digest of what it says
    `now`, what it is to say if it is taken back once it says something else, None if that is for it
    as it is, and when. `record` is where a later session finds all of it; None where none is to."""

    notes: int
    before: Mapping[Path, bytes]
    now: Mapping[Path, str]
    back_of: Callable[[Path], str | None]
    moment: Moment
    record: Path | None = None

    @property
    def is_put_back(self) -> bool:
        """Whether all files say what they did before."""
        return all(disk.said(path) == said for path, said in self.before.items())

    @property
    def is_taken_back(self) -> bool:
        """Whether another window has done so."""
        return self.record is not None and not disk.is_there(self.record) and self.is_put_back


class Note(NamedTuple):
    """A note in one of the files, as it was before."""

    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What was done in another session, on a study `day`: `what` it was, as `rewrite` was told."""

    what: Mapping[str, Any]
    day: date
    moment: Moment
    notes: Mapping[Path, Sequence[Note]]
    before: Mapping[Path, bytes]
    now: Mapping[Path, str]
    file: Path

    def done(self, back_of: BackOf) -> Rewriting:
        """What was done, with what takes it back."""
        count = sum(map(len, self.notes.values()))
        back = _back(back_of, self.notes, self.before)
        return Rewriting(count, self.before, self.now, back, self.moment, self.file)


def own(connection: Connection, notes: Collection[int], *, learner: int) -> list[Any]:
    """The rows of those of *notes* that are in files of the learner's own: id, path, name and tags;
    what packs have stays theirs."""
    wanted, found = sorted(notes), list[Any]()
    for start in range(0, len(wanted), _AT_ONCE):
        found += connection.execute(
            select(note.id, note.path, note.name, note.tags).where(
                note.id.in_(wanted[start : start + _AT_ONCE]),
                note.learner_id == learner,
                note.missing_since.is_(None),
            )
        ).all()
    return found


def rewrite(
    desk: Desk,
    rows: Iterable[Any],
    text_of: TextOf,
    back_of: BackOf,
    what: Mapping[str, Any] | None = None,
) -> Rewriting:
    """Have each file of these *rows* (`own`) say what *text_of* makes of it and of those that are
    in it. If they are many, how they were is in a backup first. *what* is done, as JSON has it, is
    known to a later session; None leaves it to this one.

    All or none: raises StudyError, with the files as they were, if one cannot be.
    """
    files = dict[Path, list[Any]]()
    for row in rows:
        files.setdefault(Path(row.path), []).append(row)
    done = sum(map(len, files.values()))
    if done >= library.MANY:
        desk.back_up("change")
    before = {path: disk.said(path) or b"" for path in files}
    now = {path: _encoded(text_of(path, some)) for path, some in files.items()}
    becoming = {path: disk.digest(text) for path, text in now.items()}
    with desk.reading() as connection:
        moment = unlogged.moment(connection, desk.now(), learner=desk.learner)
    record = None
    if what is not None and now:
        record = _keep(desk, what, moment, files, before, becoming)
    try:
        _exchange(desk, before, now)
    except BaseException:
        if record is not None:
            with suppress(StudyError):  # it is seen by the files that nothing was done
                disk.remove(record)
        raise
    return Rewriting(done, before, becoming, _back(back_of, files, before), moment, record)


def _back(
    back_of: BackOf, notes: Mapping[Path, Sequence[Any]], before: Mapping[Path, bytes]
) -> Callable[[Path], str | None]:
    return lambda path: back_of(path, notes[path], before[path])


def put_back(desk: Desk, done: Rewriting, what: str) -> str:
    """Take *what* was done back, and say so. What a file says since then stays; one that leaves no
    place for what it said before has that beside it.

    Raises StudyError, with the files as they were, for what keeps one from being written.
    """
    before, now, told = dict[Path, bytes | None](), dict[Path, bytes | None](), [f"Undone: {what}."]
    for path, left in done.now.items():
        said = disk.said(path)
        try:
            text = done.before[path] if disk.digest(said) == left else _encoded(done.back_of(path))
        except ContentError as error:
            copy = disk.beside(path)
            disk.write(copy, done.before[path])
            told.append(f"Not in {path}: {error.message}. What it said before is in {copy.name}.")
            continue
        if text is not None:
            before[path], now[path] = said, text
    _exchange(desk, before, now)
    if done.record is not None:
        disk.remove(done.record)
    return " ".join(told)


def _keep(
    desk: Desk,
    what: Mapping[str, Any],
    moment: Moment,
    files: Mapping[Path, Sequence[Any]],
    before: Mapping[Path, bytes],
    now: Mapping[Path, str],
) -> Path:
    """Keep how it is taken back, which is not done yet. Raises StudyError if that cannot be."""
    packs = library.packs_of(desk)
    kept = {
        "what": what,
        "day": study_day(desk.now()).isoformat(),
        "moment": moment.as_json(),
        "files": [
            {
                "path": str(path.relative_to(packs)),
                "before": base64.b64encode(before[path]).decode(),
                "now": now[path],
                "notes": [[row.name, list(row.tags)] for row in some],
            }
            for path, some in files.items()
        ],
    }
    known = _files(packs)
    number = _number(known[-1]) + 1 if known else 1
    made = _folder(packs) / f"{number:09}-{uuid4().hex[:8]}.json"
    disk.write(made, json.dumps(kept))
    sizes = itertools.accumulate(one.stat().st_size for one in (made, *reversed(known)))
    staying = sum(size <= _MOST for size in itertools.islice(sizes, 1, _RECORDS))
    for old in known[: len(known) - staying]:
        disk.remove(old)
    return made


def records(desk: Desk, known: Collection[str] = ()) -> list[Record]:
    """What was done in other sessions and was not taken back, the newest last, but for the records
    that are *known* by name; what cannot be read is left out. Raises StudyError."""
    packs, found = library.packs_of(desk), list[Record]()
    for file in _files(packs):
        if file.name in known:
            continue
        with suppress(OSError, ValueError, KeyError, TypeError, StudyError):
            one = _read(desk, packs, file)
            if not one.done(lambda *_: None).is_put_back:
                found.append(one)
    return found


def _read(desk: Desk, packs: Path, file: Path) -> Record:
    kept = json.loads(file.read_bytes())
    files = {packs / one["path"]: one for one in kept["files"]}
    return Record(
        kept["what"],
        date.fromisoformat(kept["day"]),
        _moment(desk, kept),
        {
            path: [Note(name, tuple(tags)) for name, tags in one["notes"]]
            for path, one in files.items()
        },
        {path: base64.b64decode(one["before"]) for path, one in files.items()},
        {path: one["now"] for path, one in files.items()},
        file,
    )


def _moment(desk: Desk, kept: Mapping[str, Any]) -> Moment:
    """When it was done; programs before kept what was the newest in the log."""
    if "moment" in kept:
        return unlogged.from_json(kept["moment"])
    after = None if kept["after"] is None else bytes.fromhex(kept["after"])
    with desk.reading() as connection:
        return unlogged.right_after(connection, after, learner=desk.learner)


def _files(packs: Path) -> list[Path]:
    """The records, the oldest first."""
    there = (one for one in _folder(packs).glob("*.json") if _NAMED.fullmatch(one.stem))
    return sorted(there, key=lambda one: (_number(one), one.name))


def _number(record: Path) -> int:
    return int(record.stem.partition("-")[0])


def _folder(packs: Path) -> Path:
    return packs.with_name(f".{packs.name}.undo")


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _exchange(
    desk: Desk, before: Mapping[Path, bytes | None], now: Mapping[Path, bytes | None]
) -> None:
    """Have files say something else than *before*, or go, and read them in. If one fails, or says
    by then what is not known, none has changed."""
    if not now:
        return
    packs = library.packs_of(desk)
    with Former(packs) as kept, desk.writing(for_all=True) as connection:
        former.recover(connection, packs)
        kept.keep(connection, {path: disk.digest(text) for path, text in now.items()})
        for path, text in now.items():
            if text is None:
                _check_unchanged(path, before[path])
                former.remove(packs, path)
            else:
                _replace(path, before[path], text)
        library.read_in(connection, packs, desk.now(), learner=desk.learner, changed_only=True)


def _replace(path: Path, said: bytes | None, text: bytes) -> None:
    """Have a file say *text*, if it still says what it did."""
    with disk.replacing(path) as draft:
        draft.write_bytes(text)
        disk.flush(draft)  # which takes a while, and the rest none
        _check_unchanged(path, said)


def _check_unchanged(path: Path, said: bytes | None) -> None:
    if disk.said(path) != said:
        raise StudyError(f"{path} was changed just now, so nothing was done; do it again.")
