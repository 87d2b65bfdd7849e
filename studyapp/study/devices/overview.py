"""Who has what: a learner's devices, and what of their files is not here yet, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from studyapp.errors import StudyError
from studyapp.store import entry, line, peer, tables, version
from studyapp.study import library, words
from studyapp.study.desk import Desk
from studyapp.study.devices import media, notes, origins, state
from studyapp.study.devices.exchange import folder_of

HOW = (
    "Your devices do not meet yet: `devices` in settings.toml names the folder, which all of them "
    "can reach, where they do."
)
_SHORT = 8  # signs of a device's uid that tell it from another of the same name
_WHY = {
    "newer": "{} of a newer studyapp: upgrade this one",
    "card": "{} of cards that are not here: their content is missing",
}


@dataclass(frozen=True, slots=True)
class Who:
    """A device with a file in the folder, and what of it is here. `left` are bytes that were not
    read: a line that has not come whole. `there`: its file is in the folder now; `older`: it has
    been put back, and lacks what was read of it. A copy that a tool has made of a file stands by
    itself, and its name is that of the file."""

    name: str
    own: bool
    file: str
    there: bool
    older: bool
    entries: int
    newest: datetime | None
    left: int
    torn: int
    refused: int
    waiting: dict[str, int]  # why, and how many entries

    def problems(self) -> Iterator[str]:
        """What is not here yet, and why, in words."""
        if not self.there:
            yield "its file is not in the folder"
        elif self.older:
            yield "its file is older than what was read of it, which is here"
        for why, number in self.waiting.items():
            yield _WHY[why].format(words.count(number, "line"))
        if self.left:
            yield f"the end has not come whole ({words.count(self.left, 'byte')})"
        if self.torn:
            torn = words.count(self.torn, "line")
            yield f"{torn} cannot be read: studyapp doctor --fix on that device writes anew"
        if self.refused:
            yield f"{words.count(self.refused, 'line')} cannot be, and did not count"


@dataclass(frozen=True, slots=True)
class Overview:
    """The folder, its devices, how many texts, ticks or runs wait for what they are about, and into
    which files, and why, notes of others cannot be written."""

    folder: Path | None
    devices: tuple[Who, ...]
    unshown: int
    in_the_way: dict[Path, str]

    def lines(self, now: datetime) -> Iterator[str]:
        if self.folder is None:
            yield HOW
            return
        yield str(self.folder)
        names = Counter(one.name for one in self.devices)
        for one in self.devices:
            who = one.name or one.file
            if one.name and names[one.name] > 1:  # such as two of one make
                who += f" {one.file[:_SHORT]}"
            who += " (this device)" if one.own else ""
            told = words.count(one.entries, "line")
            if one.newest is not None:
                at = one.newest.astimezone(now.tzinfo)
                told += f", the newest of {words.day(at.date(), now.date())} {at:%H:%M}"
            problems = "; ".join(one.problems())
            yield f"  {who}: {told}" + (f"; {problems}" if problems else "; all of it is here")
        if self.unshown:
            yield f"Of texts, ticks and answers {self.unshown:,} wait for what they are about."
        for path, why in self.in_the_way.items():
            yield f"Notes of other devices cannot be written into {path}: {why}."

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": self.folder and str(self.folder),
            "devices": [
                {
                    "name": one.name,
                    "own": one.own,
                    "file": one.file,
                    "there": one.there,
                    "older": one.older,
                    "entries": one.entries,
                    "newest": one.newest and one.newest.isoformat(),
                    "left": one.left,
                    "torn": one.torn,
                    "refused": one.refused,
                    "waiting": one.waiting,
                }
                for one in self.devices
            ],
            "unshown": self.unshown,
            "in_the_way": {str(path): why for path, why in self.in_the_way.items()},
        }


def in_the_way(connection: Connection, packs: Path, *, learner: int) -> dict[Path, str]:
    """The files into which notes of other devices, or what they say in Anki, cannot be written, and
    why."""
    return {
        **notes.in_the_way(connection, packs, learner=learner),
        **origins.in_the_way(connection, packs, learner=learner),
    }


def overview(desk: Desk) -> Overview:
    """The devices as they are known here, this one first."""
    folder = folder_of(desk)
    try:
        files = line.files(folder) if folder else {}
    except StudyError:  # which whoever met has told
        files = {}
    with desk.reading() as connection:
        own, _ = peer.own(connection)
        known = peer.read(connection)
        waiting = _waiting(connection)
        heads = version.heads(connection, learner=desk.learner)
        unshown = sum(
            not one.settled for key, one in heads.items() if not media.is_one(state.as_key(key))
        )
        packs = library.packs_at(connection, learner=desk.learner)
        waits = in_the_way(connection, packs, learner=desk.learner) if folder else {}
        marks = entry.marks(connection)
    found = []
    for uid in known.keys() | files.keys():
        one, path = known.get(uid, peer.Peer(uid)), files.get(uid)
        if path is None and line.is_copy(one.name):  # it was removed, as copies may be
            continue
        left = max(0, path.stat().st_size - one.done) if path else 0
        found.append(
            Who(
                one.name,
                uid == own,
                path.name if path else line.name_of(uid),
                path is not None,
                uid != own and peer.is_older(one, marks),
                one.entries,
                one.newest,
                left,
                one.torn,
                one.refused,
                dict(waiting.get(uid, {})),
            )
        )
    found.sort(key=lambda who: (not who.own, who.name, who.file))
    return Overview(folder, tuple(found) if folder else (), unshown if folder else 0, waits)


def _waiting(connection: Connection) -> dict[bytes, Counter[str]]:
    waiting, found = tables.waiting.c, dict[bytes, Counter[str]]()
    rows = select(waiting.peer_uid, waiting.why, func.count()).group_by(
        waiting.peer_uid, waiting.why
    )
    for uid, why, number in connection.execute(rows):
        found.setdefault(uid, Counter())[why] = number
    return found
