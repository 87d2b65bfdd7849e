"""The check of the folder where several devices of a learner meet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import delete

from studyapp import config, disk
from studyapp.errors import StudyError
from studyapp.store import line, peer, tables
from studyapp.study import words
from studyapp.study.doctor.finding import Chart, Finding, are


def devices(at: Chart) -> Iterator[Finding]:
    """The folder, and every line of every file in it."""
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
        told = f"Nothing can be written in {disk.shown(folder)}, where your devices meet."
        yield Finding("devices", told, "See whose it is.")
    own, _ = peer.own(at.connection)
    own_file = tables.peer.c.uid == own
    for number, (uid, path) in enumerate(files.items()):
        at.progress("devices", number, len(files))
        torn = _torn(path)
        if not torn:
            continue
        told = f"{words.count(torn, 'line')} {are(torn)} torn"
        if uid == own:
            yield Finding(
                "devices",
                f"In the file of this device {told}.",
                done="The next start writes what is missing.",
                mend=partial(at.connection.execute, delete(tables.peer).where(own_file)),
            )
        else:
            yield Finding(
                "devices",
                f"In the file of another device {told}.",
                "studyapp doctor --fix there writes anew what is missing.",
            )


def _torn(path: Path) -> int:
    """Lines with an end that cannot be read; what has none may still be on its way."""
    try:
        return sum(one.whole and one.line is None and bool(one.text) for one in line.read(path))
    except OSError:
        return 0
