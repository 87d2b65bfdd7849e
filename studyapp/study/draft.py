"""Text that is being written: whoever saves it, the newest is kept, and no window's is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from studyapp import disk
from studyapp.errors import StudyError

# (text, what was there before, seconds to wait for a lock) -> what is kept
Write = Callable[[str, str, float], str]


def merged(kept: str | None, before: str, text: str) -> str:
    """What to keep of *text*, whose place said *before* when its writer last looked and says *kept*
    now: what another window has written meanwhile stays, with this text below."""
    return f"{kept}\n\n{text}" if kept and kept not in (before, text) else text


def storable(text: str) -> str:
    """*text* with the line ends that we keep, of characters that every database takes: a NUL, or
    half of a surrogate pair, becomes a question mark."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "?")
    return text.encode("utf-8", "replace").decode("utf-8")


def read_file(path: Path) -> str:
    """A draft that is a file; empty if there is none."""
    try:
        return path.read_text("utf-8", errors="replace") if path.exists() else ""
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error


def write_file(path: Path, text: str, before: str) -> str:
    """Keep a draft that is a file, as `Draft` wants it. Empty text removes the file."""
    text = merged(read_file(path), before, storable(text))
    if text.strip():
        disk.write(path, text)
    else:
        disk.remove(path)
    return text


@dataclass(frozen=True, slots=True, eq=False)
class _Typed:
    text: str


class Draft:
    """Keeps one text, which said *text* when it was opened.

    `type` belongs to the app's thread and costs nothing. `save` may be called from any thread:
    two never write at once, and as each takes the newest text when its turn comes, an older text
    never follows a newer one.
    """

    def __init__(self, text: str, write: Write) -> None:
        self._write = write
        self._before = text
        self._typed = self._kept = _Typed(text)  # the first is set by the app's thread alone
        self._merged: tuple[str, str] | None = None
        self._lock = Lock()

    @property
    def waiting(self) -> bool:
        """Whether there is text that is not kept yet."""
        return self._typed is not self._kept

    def type(self, text: str) -> None:
        """This is what the text says now."""
        if text != (self._typed.text if self.waiting else self._before):
            self._typed = _Typed(text)

    def save(self, patience: float) -> bool:
        """Write the newest text if it is not kept yet; returns whether anything was written.

        Raises StudyError, with the text still waiting, if it cannot be written in *patience*
        seconds.
        """
        with self._lock:
            newest = self._typed
            if newest is self._kept:
                return False
            self._before = self._write(newest.text, self._before, patience)
            self._kept = newest
            if self._before != newest.text:
                self._merged = newest.text, self._before
            return True

    def drop(self) -> None:
        """Forget what is not kept: the text can no longer be changed."""
        self._kept = self._typed

    def take_merged(self) -> tuple[str, str] | None:
        """What was typed and, as another window has written as well, what is kept instead; once."""
        merged, self._merged = self._merged, None
        return merged
