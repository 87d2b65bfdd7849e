"""Open a file at a line in the learner's own editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from studyapp.errors import StudyError

_FALLBACKS = ("nano", "vi", "notepad")


def edit(app: App[Any], path: Path, line: int) -> None:
    """Run $VISUAL or $EDITOR on *path* at *line* and wait for it; the app is suspended meanwhile.

    Raises StudyError with one sentence if there is no editor or it fails; what it has saved is
    there all the same.
    """
    # From the root, so that no name is taken for an option; no shell reads it either.
    command = arguments(_editor(), path.absolute(), line)
    failed: OSError | ValueError | None = None
    try:
        with app.suspend():
            try:
                code = subprocess.run(command, check=False).returncode
            except (OSError, ValueError) as error:  # it must not leave the suspended app
                failed, code = error, 0
    except SuspendNotSupported as error:
        raise StudyError(
            f"An editor cannot be opened here; edit the file yourself: {path}:{line}."
        ) from error
    if failed is not None:
        told = failed.strerror if isinstance(failed, OSError) else failed
        raise StudyError(
            f"The editor {command[0]!r} could not be started: {told}; set EDITOR to another."
        ) from failed
    if code:
        raise StudyError(f"The editor {command[0]!r} ended with {code}.")


def arguments(editor: str, path: Path, line: int) -> list[str]:
    """The command line that opens *path* at *line*, in the manner of *editor*."""
    try:
        words = shlex.split(editor)
    except ValueError as error:
        raise StudyError(f"EDITOR is {editor!r}, which is no command: {error}.") from error
    match Path(words[0]).stem:
        case "code" | "codium" | "cursor":
            return [*words, "--wait", "--goto", f"{path}:{line}"]
        case "hx" | "helix" | "subl" | "zed":
            return [*words, f"{path}:{line}"]
        case "notepad":
            return [*words, str(path)]
        case _:  # vi, vim, nvim, emacs, nano, micro, kak, joe
            return [*words, f"+{line}", str(path)]


def _editor() -> str:
    chosen = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    found = next(filter(None, chosen), None) or next(
        (name for name in _FALLBACKS if shutil.which(name)), None
    )
    if not found:
        raise StudyError("No editor was found; set EDITOR to the one you use.")
    return found
