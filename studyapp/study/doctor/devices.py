"""The check of the folder where several devices of a learner meet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import delete, func, select

from studyapp import config
from studyapp.errors import StudyError
from studyapp.store import line, peer, tables
from studyapp.study import library, words
from studyapp.study.devices.overview import in_the_way
from studyapp.study.doctor.finding import Chart, Finding, are


def devices(at: Chart) -> Iterator[Finding]:
    """The folder, every line of every file in it, and what of it has no place here."""
    try:
        wanted = config.load().devices
    except StudyError:  # of which the check of the settings tells
        return
    if not wanted:
        return
    folder = Path(wanted).expanduser()
    try:
        files = line.files(folder)
    except StudyError:
        yield Finding(
            "devices",
            "The folder where your devices meet is not there, or cannot be read.",
            "Connect what it is on, or correct devices in settings.toml.",
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        told = "Nothing can be written in the folder where your devices meet."
        yield Finding("devices", told, "See whose it is.")
    yield from _own_file(folder / line.name_of(peer.own(at.connection)[0]))
    for number, (uid, path) in enumerate(files.items()):
        at.progress("devices", number, len(files))
        yield from _file(at, uid, path)
    yield from _notes(at)


def _own_file(path: Path) -> Iterator[Finding]:
    """Whether this device can write its own file, once there is one."""
    if not os.path.lexists(path):
        return
    if not line.is_plain(path):
        told = f"{path.name} is no file, and this device cannot write its own."
        yield Finding("devices", told, "Move it away; the next start writes the file anew.")
    elif not os.access(path, os.R_OK | os.W_OK):
        told = f"This device cannot write its own file, {path.name}."
        yield Finding("devices", told, "See whose it is.")


def _file(at: Chart, uid: bytes, path: Path) -> Iterator[Finding]:
    """The lines of a file that are torn, and those of which nothing could be made."""
    is_own, is_copy = uid == peer.own(at.connection)[0], line.is_copy(path.name)
    whose = "In the file of this device" if is_own else "In the file of another device"
    whose = "In a copy of a device's file" if is_copy else whose
    torn = _torn(path)
    if torn:
        told = f"{whose} {words.count(torn, 'line')} {are(torn)} torn."
        if is_own:
            own_file = delete(tables.peer).where(tables.peer.c.uid == uid)
            mend = partial(at.connection.execute, own_file)
            done = "The next start writes what is missing."
            yield Finding("devices", told, done=done, mend=mend)
        elif is_copy:
            yield Finding("devices", told, "The rest is here: remove it.")
        else:
            yield Finding(
                "devices", told, "studyapp doctor --fix there writes anew what is missing."
            )
    known = peer.read(at.connection).get(uid)
    if known is not None and known.refused:
        told = f"{whose} {words.count(known.refused, 'line')} cannot be, and did not count."
        yield Finding("devices", told, _REFUSED)
    newer = _newer(at, uid)
    if newer:
        told = f"{whose} {words.count(newer, 'line')} {are(newer)} of a newer studyapp."
        yield Finding("devices", told, "Upgrade this one: they come in at the next start.")


_REFUSED = (
    "If that device is yours, upgrade studyapp there and remove its file, which it then writes "
    "anew; else remove it for good. `studyapp devices` names it."
)


def _newer(at: Chart, uid: bytes) -> int:
    waiting = tables.waiting.c
    wanted = (waiting.peer_uid == uid, waiting.why == "newer")
    return at.connection.scalar(select(func.count()).where(*wanted)) or 0


def _notes(at: Chart) -> Iterator[Finding]:
    """Files into which notes of other devices cannot be written."""
    for learner in at.learners:
        packs = library.packs_at(at.connection, learner=learner)
        if number := len(in_the_way(at.connection, packs, learner=learner)):
            files = words.count(number, "file")
            told = f"Notes of other devices cannot be written into {files}."
            advice = "`studyapp devices` says where and why. Make room: the next start writes them."
            yield Finding("devices", told, advice)


def _torn(path: Path) -> int:
    """Lines with an end that cannot be read; what has none may still be on its way."""
    try:
        return sum(one.whole and one.line is None and bool(one.text) for one in line.read(path))
    except OSError:
        return 0
