"""The error tree: a learner's mistake is one sentence, never a traceback."""

from __future__ import annotations

from pathlib import Path


class StudyError(Exception):
    """A sentence for the learner; the command or worker that catches it prints it and stops."""


class SettingError(StudyError):
    """A value in settings.toml (or on the command line) is not allowed."""


class ContentError(StudyError):
    """A content file cannot be read as it stands."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class StoreError(StudyError):
    """The database cannot be used: locked, corrupt, read-only, newer than this program."""


class ChangedError(StudyError):
    """What a card's buttons promised holds no longer; nothing was rated."""


class AlreadyRatedError(StudyError):
    """Another window rated the card after this one showed it; nothing was written."""


def printable(text: str) -> str:
    """Return *text* without control characters, so that a file cannot steer the terminal.

    Newlines and tabs stay. C0, DEL, C1 and the bidirectional overrides go.
    """
    return text.translate(_CONTROL)


_CONTROL = {
    code: None
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if code not in (0x09, 0x0A)
}
