"""Open a picture or a sound in the learner's own program for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from studyapp.errors import StudyError

_SOON = 3.0  # seconds in which a program that cannot open a file has said so
_USUAL = {"darwin": ("open",), "win32": ("explorer",)}
_OTHERS = ("xdg-open", "wslview", "gio open")


def view(file: Path) -> None:
    """Have *file* opened by $OPENER, by what opens files on this system, or by $BROWSER, and go on.

    Raises StudyError with one sentence if there is no such program, or if it fails at once. To be
    called in a worker: a program that does not fail is waited for a moment.
    """
    command = [*_opener(), str(file.absolute())]  # no shell reads it, nor is it taken for an option
    try:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # it stays when the terminal is closed
        )
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise StudyError(
            f"{command[0]!r} could not be started: {told}; set OPENER to another program."
        ) from error
    try:
        code = started.wait(_SOON)
    except subprocess.TimeoutExpired:  # it shows the file
        return
    if code and command[0] != "explorer":  # which always says 1
        raise StudyError(f"{command[0]!r} could not open {file.name}: it ended with {code}.")


def _opener() -> list[str]:
    """The program that opens files, in words; of $BROWSER the first of several."""
    chosen = os.environ.get("OPENER", "").strip()
    usual = _USUAL.get(sys.platform, _OTHERS)
    found = (one for one in usual if shutil.which(one.split()[0]))
    browser = os.environ.get("BROWSER", "").split(os.pathsep)[0].replace("%s", "").strip()
    command = chosen or next(found, "") or browser
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise StudyError(f"OPENER is {command!r}, which is no command: {error}.") from error
    if not words:
        raise StudyError("No program to open it was found; set OPENER to one.")
    return words
