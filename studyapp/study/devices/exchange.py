"""Meet the other devices: write what is new here into our own file, fold in what is in theirs.

A rating costs what it always did: what is new here is found by marks in the database, and written
when nobody waits for it. What is in a file counts once its transaction is through, so a kill loses
nothing and adds nothing twice. Nothing here may run on the app's own thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, exists, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.journal import journal, kind
from studyapp.store import backup, entry, line, log, peer, tables, version
from studyapp.store.engine import LONG_PATIENCE, LockedError
from studyapp.store.field import NewerError, word
from studyapp.store.held import held
from studyapp.store.line import Line, Read
from studyapp.store.peer import Peer
from studyapp.store.version import Head, Heads
from studyapp.study import former, library
from studyapp.study import learner as learners
from studyapp.study.desk import Desk
from studyapp.study.devices import media, notes, origins, state

_BATCH = 500  # lines that are folded in at once: what is rated meanwhile waits for no more
_BYTES = 8 * 2**20  # of these
_AT_ONCE = 5000  # lines that are written at once
_MOST_LEARNERS = 50
_LONGEST_NAME = 100  # of a device
_TRIES = 10
_REFUSED = (ValueError, ArithmeticError, TypeError, KeyError, AttributeError)
_T = TypeVar("_T")
_DEVICE = "device"  # the kind of a line that names one
_FILES = (notes, origins, media)  # what has versions and is in files; all else is in the database
_UNTOLD = "Until that is mended, your other devices hear nothing of what is new here."


class _UntoldError(Exception):
    """Somebody has rated since the log was written: that goes first."""


class StoppedError(StudyError):
    """The app is being closed; the next time goes on from here."""


@dataclass(slots=True)
class Met:
    """What came of a meeting: lines that were written, and read for the first time; and in a
    sentence what keeps this device's own file from being written."""

    told: int = 0
    heard: int = 0
    trouble: str = ""


def folder_of(desk: Desk) -> Path | None:
    """Where the devices meet; None if they do not."""
    return Path(desk.settings.devices).expanduser() if desk.settings.devices else None


def meet(desk: Desk, *, opening: bool = False, stop: Callable[[], bool] = lambda: False) -> Met:
    """Write and read what is new. *opening*: look again at what waits, as the content or the
    program may be another now.

    Raises StudyError if the folder is not there or cannot be read, LockedError if another program
    is at it; StoppedError if *stop* says so.
    """
    folder, met = folder_of(desk), Met()
    if folder is None:
        return met
    with _alone(desk), _explained(folder):
        there = _Meeting(desk, folder, met, stop)
        there.keep_before()
        there.speak()
        there.hear(opening=opening)
        there.speak()
        if there.look_at_media(opening=opening):
            there.speak()
    if met.told or met.heard:
        journal.info("devices: %d lines written, %d read", met.told, met.heard)
    return met


def tell(desk: Desk) -> None:
    """Write what is new here, without a look at the others: the program is being closed."""
    folder = folder_of(desk)
    if folder is not None:
        with _alone(desk), _explained(folder):
            there = _Meeting(desk, folder, Met(), lambda: False)
            there.begin()
            there.look_at_own()
            there.tell()
            if there.look_at_media():
                there.tell()


def _alone(desk: Desk) -> AbstractContextManager[None]:
    path = backup.file_of(desk.engine)
    if path is None:
        if desk.engine.dialect.name != "sqlite":
            raise StudyError(
                "This database is on a server, where all your machines can open it; the setting "
                "devices is for those that have one each."
            )
        return nullcontext()
    return held(path.with_name(f".{path.name}.devices"), desk.patience)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """What is wrong with a file in the folder, in a sentence."""
    try:
        yield
    except OSError as error:
        raise StudyError(f"{error.filename or folder}: {error.strerror or error}.") from error


class _Meeting:
    """One device's visit to the folder."""

    def __init__(self, desk: Desk, folder: Path, met: Met, stop: Callable[[], bool]) -> None:
        self.desk = desk.at(LONG_PATIENCE)
        self.folder = folder
        self.met = met
        self.stop = stop
        self.files = line.files(folder)
        with self.desk.reading() as connection:
            self.uid, self.name = peer.own(connection)
            self.peers = peer.read(connection)
            self.fresh = {
                one
                for one in connection.scalars(select(tables.learner.c.id))
                if self.uid not in self.peers and _has_nothing(connection, learner=one)
            }
        self.path = folder / line.name_of(self.uid)

    def keep_before(self) -> None:
        """See that how it is here is in a backup, before the first meeting brings in all that the
        others have. Raises StudyError if it cannot be, and then they do not meet."""
        path, others = backup.file_of(self.desk.engine), self.files.keys() - {self.uid}
        if path is not None and others and self.uid not in self.peers and backup.has_more(path):
            self.desk.back_up("change")

    # This device's own file

    def speak(self) -> None:
        """Write what is new, if the own file lets us; what the others have written is read all the
        same."""
        self.met.trouble = ""
        try:
            with _explained(self.folder):
                self.begin()
                self.tell()
        except (LockedError, StoppedError):
            raise
        except StudyError as error:
            self.met.trouble = f"{error} {_UNTOLD}"

    def begin(self) -> None:
        """See that the own file is as it was left. If not, all that no file has is written into it:
        a copy of the folder may be older than what was known, or this another folder, or we were
        another device when we told what we had."""
        own = self.peers.get(self.uid)
        there = os.path.lexists(self.path)
        if there and not line.is_plain(self.path):
            raise StudyError(f"{self.path} is no file of this device: move it away.")
        with self.desk.reading() as connection:
            is_first = own is None and not there and not entry.marks(connection)
        if is_first:
            self._write([])
        elif own is None or not there or not _is_as_left(self.path, own):
            if there and self._is_also_anothers():
                self._renew()
            self._mend()

    def _is_also_anothers(self) -> bool:
        """Whether the own file has what is not in this database: it is a copy of another one, or
        another one of it, that goes on as the same device."""
        lines = (one.line for one in line.read(self.path) if one.line is not None)
        uids = [one.uid for one in lines if one.kind in (*entry.LOGS, "version")]
        with self.desk.reading() as connection:
            return not entry.are_known(connection, uids)

    def _renew(self) -> None:
        """Be a new device, with a file of its own; the old one is read like any other's."""
        with self.desk.writing(for_all=True) as connection:
            peer.keep(connection, Peer(self.uid, self.name))
            peer.part(connection, self.desk.now())
            self.uid, self.name = peer.own(connection)
            self.peers = peer.read(connection)
        self.path = self.folder / line.name_of(self.uid)
        journal.info("devices: another database writes as this device, which is a new one now")

    def _mend(self) -> None:
        """Write what no file has; what is torn in the own one goes out of it."""
        known, whole, torn = set[bytes](), list[bytes](), False
        for uid, path in self.files.items():
            for one in line.read(path):
                if one.line is not None and not line.is_copy(path.name):  # which may be removed
                    known.add(one.line.uid)
                if uid == self.uid:
                    whole += [one.text + b"\n"] if one.line is not None else []
                    torn = torn or one.line is None
        if torn:
            disk.write(self.path, b"".join(whole))
        with self.desk.reading() as connection:
            upto = dict[str, int]()
            lines = list[Line]()
            for name, number, made in entry.every(connection):
                upto[name] = number
                lines += [] if made.uid in known else [made]
            versions = list(version.every(connection))
        lines += [it for it in versions if it.uid not in known]
        self.peers[self.uid] = Peer(self.uid, self.name)
        self._write(lines, upto, [it.uid for it in versions])
        self.files[self.uid] = self.path
        with self.desk.writing(for_all=True) as connection:
            peer.keep(connection, Peer(self.uid, self.name))
        self.peers[self.uid] = Peer(self.uid, self.name)  # it is read like any other

    def tell(self) -> None:
        """Write what no file has yet, some at a time."""
        while True:
            with self.desk.reading() as connection:
                found = list(islice(entry.untold(connection), _AT_ONCE))
                versions = list(islice(version.untold(connection), _AT_ONCE))
            if not found and not versions:
                return
            lines = [one for _, _, one in found] + versions
            upto = {name: number for name, number, _ in found}
            self._write(lines, upto, [one.uid for one in versions])

    def _write(
        self, lines: Sequence[Line], upto: dict[str, int] | None = None, told: Sequence[bytes] = ()
    ) -> None:
        """Append lines, before them the names of the devices that they come from; then keep that
        they are there."""
        own = self.peers.get(self.uid, Peer(self.uid, self.name))
        first = not self.path.exists() or not self.path.stat().st_size
        lines = [*self._names(lines, first=first), *lines]
        for start in range(0, len(lines), _AT_ONCE):
            texts = list(_written(lines[start : start + _AT_ONCE]))
            if not texts:
                continue
            size = line.append(self.path, texts)
            own = replace(
                own,
                done=size,
                tail=line.sum_of(texts[-1]),
                entries=own.entries + len(texts),
                newest=self.desk.now(),
            )
        own = own.at_end(self.path) if own.done else own
        with self.desk.writing(for_all=True) as connection:
            if peer.own(connection)[0] != self.uid:
                raise StoppedError("The database went back to a backup meanwhile.")
            peer.keep(connection, own)
            entry.keep_told(connection, upto or {})
            version.keep_told(connection, told)
        self.peers[self.uid] = own
        self.met.told += len(lines)

    def _names(self, lines: Iterable[Line], *, first: bool) -> Iterator[Line]:
        if first:
            yield Line(_DEVICE, self.uid, "", {"name": self.name})
        others = {one.data.get("device") for one in lines} - {self.uid.hex(), None}
        if others:
            device = tables.device.c
            with self.desk.reading() as connection:
                for uid, name in connection.execute(select(device.uid, device.name)):
                    if uid.hex() in others and name:
                        yield Line(_DEVICE, uid, "", {"name": name})

    # What the others have written

    def hear(self, *, opening: bool) -> None:
        """Fold in what is new in any file; then what is no log, which may wait for what came."""
        for uid, path in self.files.items():
            if uid == self.uid and self.met.trouble:  # it is not as it was left
                continue
            try:
                self._read(uid, path)
            except OSError as error:  # it has gone again, or is not ours to read
                journal.info("devices: a file cannot be read: %s", error.strerror)
        written = self.look_at_own(apply=True)
        if (opening or written or self.met.heard) and self._retry():
            self.look_at_own(apply=True)

    def _read(self, uid: bytes, path: Path) -> None:
        known = self.peers.get(uid, Peer(uid, path.name if line.is_copy(path.name) else ""))
        if known.is_read(path):
            return
        if not known.goes_on(path):
            known = known.anew()
        end = known.at_end(path)
        for batch in _batches(line.read(path, known.done)):
            with self.desk.reading() as connection:
                if not peer.has_room(connection, uid):
                    return
            known = self._fold_in(known, batch)
        known = replace(known, seen=end.seen)
        with self.desk.writing(for_all=True) as connection:
            peer.keep(connection, known)
            peer.keep_newest(connection, known)
        self.peers[uid] = known

    def _fold_in(self, known: Peer, batch: Sequence[Read]) -> Peer:
        """Fold lines in, or some of them: of those that pass every check and still make the fold
        raise, which it is shows one by one."""
        try:
            return self._fold_in_together(known, batch)
        except _REFUSED:
            if len(batch) == 1:
                return replace(known, done=batch[0].end, tail="", refused=known.refused + 1)
            half = len(batch) // 2
            known = self._fold_in(known, batch[:half])
            return self._fold_in(known, batch[half:])

    def _fold_in_together(self, known: Peer, batch: Sequence[Read]) -> Peer:
        for _ in range(_TRIES):
            if self.stop():
                raise StoppedError("The app is being closed.")
            try:
                with self.desk.writing(for_all=True) as connection:
                    arrival = self._arrival(connection, known)
                    arrival.take(batch)
                    peer.keep(connection, arrival.peer)
                self.met.heard += arrival.fresh
                return arrival.peer
            except _UntoldError:
                self.speak()
        raise LockedError("Somebody is rating; the next time folds the other devices in.")

    def _arrival(self, connection: Connection, known: Peer) -> _Arrival:
        """Raises _UntoldError if something is to be written first. If that cannot be, the next time
        all goes into the own file that no file has."""
        is_told = entry.is_all_told(connection)
        if not is_told:
            if not self.met.trouble:
                raise _UntoldError
            peer.keep(connection, Peer(self.uid, self.name))
        return _Arrival(connection, known, self.desk.now(), is_told=is_told)

    def _retry(self) -> int:
        """Look again at what waits; returns how much of it does no longer."""
        with self.desk.reading() as connection:
            waiting = peer.waiting_lines(connection)
        former = self.met.heard
        for some in _parts(waiting):
            texts = [text.encode() for text in some]
            self._fold_in_waiting([Read(line.parsed(one), 0, 0, one, "", True) for one in texts])
        return self.met.heard - former

    def _fold_in_waiting(self, reads: Sequence[Read]) -> None:
        with suppress(_UntoldError), self.desk.writing(for_all=True) as connection:
            arrival = self._arrival(connection, Peer(self.uid))  # or the next time
            arrival.take(reads)
            uids = {one.line.uid for one in reads if one.line is not None}
            peer.waits_no_longer(connection, uids - arrival.waiting)
            self.met.heard += len(uids - arrival.waiting)

    # What is no log

    def look_at_own(self, *, apply: bool = False) -> bool:
        """Make versions of what was changed here; to *apply*, put in force what others have made of
        the same. Returns whether a file of notes was written."""
        with self.desk.reading() as connection:
            ids = connection.scalars(select(tables.learner.c.id)).all()
        written = False
        for one in ids:
            desk = replace(self.desk, learner=one)
            written = _look_at_notes(desk, apply=apply) or written
            _look_at_origins(desk, apply=apply)
            _look_at_state(desk, fresh=one in self.fresh, apply=apply)
        return written

    def look_at_media(self, *, opening: bool = False) -> bool:
        """Exchange what notes show, too, if any of them may be new, or what comes later than they
        is there by now. Returns whether there is something to tell."""
        if not (opening or self.met.told or self.met.heard):
            return False
        with self.desk.reading() as connection:
            ids = connection.scalars(select(tables.learner.c.id)).all()
        desks = [replace(self.desk, learner=one) for one in ids]
        changed = [media.exchange(desk, self.folder, self.stop) for desk in desks]
        return any(changed)


def _batches(reads: Iterable[Read]) -> Iterator[list[Read]]:
    """What is folded in at once, up to a line that has not come whole: the rest of it may come."""
    batch, size = list[Read](), 0
    for one in reads:
        if not one.whole and len(one.text) <= line.LONGEST:
            break
        batch.append(one)
        size += len(one.text)
        if len(batch) >= _BATCH or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _written(lines: Iterable[Line]) -> Iterator[bytes]:
    """Lines as they stand in a file. What cannot stand in one, such as a text of some megabytes,
    is left out: it is no reason to keep the rest."""
    for one in lines:
        try:
            yield line.written(one)
        except StudyError as error:
            journal.warning("devices: a %s was left out: %s", one.kind, kind(error))


def _is_as_left(path: Path, own: Peer) -> bool:
    return path.stat().st_size == own.done and line.ends_with(path, own.done, own.tail)


def _has_nothing(connection: Connection, *, learner: int) -> bool:
    """Whether a learner has not done anything here yet but what the first start does."""
    parts = (tables.review, tables.event, tables.response, tables.run)
    return not any(
        connection.scalar(select(exists().where(table.c.learner_id == learner))) for table in parts
    )


class _Arrival:
    """Lines of one file that come in together, in one transaction; `peer` is the file after
    them."""

    def __init__(
        self, connection: Connection, known: Peer, now: datetime, *, is_told: bool
    ) -> None:
        """*is_told*: the folder has all that was here before."""
        self.connection = connection
        self.peer = known
        self.now = now
        self.is_told = is_told
        self.learners = {
            row.name.casefold(): row.id for row in connection.execute(select(tables.learner))
        }
        self.waiting = set[bytes]()
        self.fresh = 0  # lines that are about something

    def take(self, reads: Sequence[Read]) -> None:
        entries = dict[int, dict[str, list[tuple[bytes, dict[str, Any]]]]]()
        texts, waiting = dict[bytes, bytes](), list[tuple[bytes, str]]()
        for one in reads:
            self._count(one)
            if one.line is None:
                continue
            texts[one.line.uid] = one.text
            try:
                if one.line.kind == _DEVICE:
                    self._call(one.line)
                    continue
                learner, fields = self._checked(one.line)
            except NewerError:
                waiting.append((one.line.uid, "newer"))
                continue
            except _REFUSED:
                self.peer = replace(self.peer, refused=self.peer.refused + 1)
                continue
            of = entries.setdefault(learner, {}).setdefault(one.line.kind, [])
            of.append((one.line.uid, fields))
        for learner, kinds in entries.items():
            waiting += self._add(kinds, learner=learner)
        peer.wait(self.connection, [(uid, self.peer.uid, why, texts[uid]) for uid, why in waiting])
        self.waiting = {uid for uid, _ in waiting}
        if self.is_told:
            entry.keep_all_told(self.connection)

    def _count(self, one: Read) -> None:
        """A blank line closes a torn one, and is not one itself."""
        self.peer = replace(
            self.peer,
            done=one.end,
            tail=one.sum if one.line is not None else "",
            entries=self.peer.entries + (one.line is not None),
            torn=self.peer.torn + (one.line is None and bool(one.text)),
        )
        self.fresh += one.line is not None

    def _call(self, one: Line) -> None:
        name = word(one.data["name"])[:_LONGEST_NAME]
        peer.call(self.connection, one.uid, name, self.now)
        if one.uid == self.peer.uid:
            self.peer = replace(self.peer, name=name)

    def _checked(self, one: Line) -> tuple[int, dict[str, Any]]:
        """The learner and the fields of an entry. Raises NewerError or one of _REFUSED."""
        if one.kind in entry.LOGS:
            fields = entry.checked(one)
            at = fields["at"]
        elif one.kind == "version":
            fields = version.checked(one)
            key, at = state.as_key(fields["key"]), fields["stamp"]
            of = next((it for it in _FILES if it.is_one(key)), state)
            fields["value"] = of.canonical(key, fields["value"])
        else:
            raise NewerError(one.kind[:40])
        newest = self.peer.newest
        self.peer = replace(self.peer, newest=at if newest is None else max(newest, at))
        return self._learner(one.learner), fields

    def _learner(self, name: str) -> int:
        """The learner of this name, who is made if there is none."""
        known = self.learners.get(name.casefold())
        if known is None:
            if len(self.learners) >= _MOST_LEARNERS:
                raise ValueError("too many learners")
            try:
                known = learners.make(self.connection, name)
            except StudyError as error:
                raise ValueError("no name") from error
            self.learners[name.casefold()] = known
        return known

    def _add(
        self, kinds: dict[str, list[tuple[bytes, dict[str, Any]]]], *, learner: int
    ) -> list[tuple[bytes, str]]:
        versions = kinds.pop("version", [])
        if versions:
            version.arrive(self.connection, versions, learner=learner)
        if not kinds:
            return []
        arrival = entry.Arrival(self.connection, learner)
        waiting = [uid for name, some in kinds.items() for uid in arrival.add(name, some)]
        arrival.finish()
        return [(uid, "card") for uid in waiting]


def _unsettled(heads: dict[str, Heads]) -> dict[str, Heads]:
    return {key: one for key, one in heads.items() if not one.settled}


def _look_at_notes(desk: Desk, *, apply: bool) -> bool:
    """Make versions of the notes that were written here and, to *apply*, write those of others;
    returns whether a file was written. Of files that are as they were nothing is read."""
    learner = desk.learner
    library.refresh(desk)
    packs = library.packs_of(desk)
    now = notes.files_of(packs, learner=learner)
    marks = {name: mark for name, (_, _, mark) in now.items()}
    with desk.reading() as connection:
        former = notes.marks_of(connection, learner=learner)
        come = apply and version.has_unsettled(
            connection, state.as_text((notes.THING,))[:-1], learner=learner
        )
        if marks == former and not come:
            return False
        known = _of_notes(version.heads(connection, learner=learner))
        made, lost = notes.changes(connection, packs, now, known, learner=learner)
    for some in _parts(made):
        with desk.writing() as connection:
            for key, value in some:
                heads = known.get(key, Heads())
                if value not in (one.value for one in heads.wanted):
                    at = log.utc(notes.stamp_of(packs, key, value, desk.now()))
                    version.make(connection, key, value, at, heads.shown, learner=learner)
    with desk.writing() as connection:
        version.settle(connection, dict.fromkeys(lost, ()), learner=learner)
        entry.keep_told(connection, marks)
        entry.forget_told(connection, former.keys() - marks.keys())
    return apply and _put_notes(desk, packs)


def _put_notes(desk: Desk, packs: Path) -> bool:
    """Write the notes of others; returns whether a file was written."""
    written, passes = _put_some_notes(desk, packs)
    return _put_some_notes(desk, packs)[0] or written if passes else written


def _put_some_notes(desk: Desk, packs: Path) -> tuple[bool, bool]:
    """Returns whether a file was written, and whether some of it is to be taken out again now."""
    learner, kept, passes = desk.learner, list[str](), False
    with desk.reading() as connection:
        wanted = _unsettled(_of_notes(version.heads(connection, learner=learner)))
    shown = media.shown_now(desk) if notes.takes_out(wanted) else []
    with desk.reading() as connection:
        if wanted:
            kept, passes = notes.put(connection, packs, wanted, learner=learner)
    if kept or passes:
        library.refresh(desk, heard=True)
        media.let_go(desk, shown)
    for some in _parts(kept):
        with desk.writing() as connection:
            version.settle(connection, {key: wanted[key].wanted for key in some}, learner=learner)
    return bool(kept) or passes, passes


def _parts(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """A few at a time, as what is rated meanwhile waits for no more."""
    return (things[start : start + _BATCH] for start in range(0, len(things), _BATCH))


def _of_notes(heads: dict[str, Heads]) -> dict[str, Heads]:
    return {key: one for key, one in heads.items() if notes.is_one(state.as_key(key))}


def _look_at_origins(desk: Desk, *, apply: bool) -> None:
    """Make versions of what came from Anki and, to *apply*, write what came of it elsewhere. Of
    packs that are as they were nothing is read."""
    learner, packs = desk.learner, library.packs_of(desk)
    if former.is_left(packs):  # an import is at work: it writes this, too
        return
    with desk.reading() as connection:
        found = origins.packs_with_notes(connection, packs, learner=learner)
        before = origins.marks_of(connection, learner=learner)
        beginning = state.as_text((origins.THING,))[:-1]
        come = apply and version.has_unsettled(connection, beginning, learner=learner)
        marks = origins.marks(found, learner=learner)
        if marks == before and not come:
            return
        known = origins.of_origins(version.heads(connection, learner=learner))
    for some in _parts(list(origins.changes(found, known, desk.now()))):
        with desk.writing() as connection:
            for key, value, at in some:
                shown = known.get(key, Heads()).shown
                version.make(connection, key, value, at, shown, learner=learner)
    if apply:
        _put_origins(desk, found, marks)


def _put_origins(desk: Desk, found: origins.Packs, marks: Mapping[str, int]) -> None:
    """Write what came of Anki's notes elsewhere, while no import can be at it; and keep the *marks*
    of the packs as they were read, but for those that were written since."""
    learner = desk.learner
    with desk.reading() as connection:
        known = origins.of_origins(version.heads(connection, learner=learner))
    due, broken = origins.due(found, known)
    with desk.writing():
        done = {one.path.parent.name: _is_put(one) for one in due}
        put = {folder: found[folder] for folder, is_put in done.items() if is_put}
        marks = {**marks, **origins.marks(put, learner=learner)}
    waits, unsettled = broken | (done.keys() - put.keys()), _unsettled(known)
    for some in _parts([key for key in unsettled if state.as_key(key)[1] not in waits]):
        with desk.writing() as connection:
            shown = {key: unsettled[key].wanted for key in some}
            version.settle(connection, shown, learner=learner)
    late = origins.marks({folder: found[folder] for folder in waits - broken}, learner=learner)
    with desk.writing() as connection:
        before = origins.marks_of(connection, learner=learner)
        entry.keep_told(connection, {name: marks[name] for name in marks.keys() - late.keys()})
        entry.forget_told(connection, before.keys() - marks.keys())


def _is_put(one: origins.Due) -> bool:
    try:
        return origins.put(one)
    except StudyError as error:
        journal.info("devices: a file of notes cannot be written: %s", kind(error))
        return False


def _look_at_state(desk: Desk, *, fresh: bool, apply: bool) -> None:
    learner = desk.learner
    with desk.reading() as connection:
        known = _of_state(version.heads(connection, learner=learner))
        changed = next(_changed(connection, known, fresh=fresh, learner=learner), None)
    if changed is None and not (apply and _unsettled(known)):
        return
    with desk.writing() as connection:
        known = _of_state(version.heads(connection, learner=learner))
        for item, key in list(_changed(connection, known, fresh=fresh, learner=learner)):
            shown, at = known.get(key, Heads()).shown, item.at or log.utc(desk.now())
            version.make(connection, key, item.value, at, shown, learner=learner)
        if apply:
            _apply(connection, learner=learner)


def _of_state(heads: dict[str, Heads]) -> dict[str, Heads]:
    keys = {text: state.as_key(text) for text in heads}
    return {
        text: heads[text] for text, key in keys.items() if not any(it.is_one(key) for it in _FILES)
    }


def _changed(
    connection: Connection, known: dict[str, Heads], *, fresh: bool, learner: int
) -> Iterator[tuple[state.Item, str]]:
    """What was changed here since it was last put in force. On a *fresh* device what the others
    have made of it goes before what the first start has done by itself."""
    for item in state.read(connection, learner=learner):
        key = state.as_text(item.key)
        heads = known.get(key, Heads())
        shown, wanted = (
            state.come_to(item.key, [one.value for one in some])
            for some in (heads.shown, heads.wanted)
        )
        if state.side_of(item.key).said and (fresh or not heads.wanted):
            changed = not heads.wanted
        else:
            changed = item.value not in (shown, wanted)
        if changed:
            yield item, key


def _apply(connection: Connection, *, learner: int) -> None:
    """Put in force what has come, each thing before what hangs on it."""
    unsettled = _unsettled(_of_state(version.heads(connection, learner=learner)))
    # Versions that replace each other are nobody's: what is shown stays.
    keys = {text: state.as_key(text) for text, heads in unsettled.items() if heads.wanted}
    if not keys:
        return
    arrival = entry.Arrival(connection, learner)  # some stand in the order of the log, too
    done = dict[str, Sequence[Head]]()
    for text, key in sorted(keys.items(), key=lambda it: (it[1][0], it[1][-1] != "made", it[0])):
        wanted = unsettled[text].wanted
        value = state.come_to(key, [one.value for one in wanted])
        if state.write(connection, key, value, wanted[0].stamp, learner=learner):
            done[text] = wanted
    version.settle(connection, done, learner=learner)
    arrival.finish()
