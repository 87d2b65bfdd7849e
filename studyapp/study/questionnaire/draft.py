"""The answer that is being written: whoever saves it, the newest text is what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from studyapp.study.questionnaire.attempt import Attempt


@dataclass(frozen=True, slots=True)
class _Text:
    index: int
    text: str


class Draft:
    """Keeps the text of one answer at a time.

    `type` belongs to the app's thread and costs nothing. `save` may be called from any thread:
    two never write at once, and as each takes the newest text when its turn comes, an older text
    never follows a newer one.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._typed: _Text | None = None  # set by the app's thread alone
        self._kept: _Text | None = None  # set by whoever holds the lock
        self._merged: tuple[str, str] | None = None  # what was typed, and what is kept instead
        self._lock = Lock()

    @property
    def waiting(self) -> bool:
        """Whether there is text that is not kept yet."""
        return self._typed is not self._kept

    def type(self, text: str) -> None:
        """This is what the current answer says now. Save before going to another question."""
        index = self._attempt.index
        last = self._typed.text if self.waiting and self._typed else self._attempt.current.text
        if text != last:
            self._typed = _Text(index, text)

    def save(self) -> bool:
        """Write the newest text if it is not kept yet; returns whether anything was written.

        Raises StudyError, with the text still waiting, if it cannot be written now.
        """
        with self._lock:
            newest = self._typed
            if newest is None or newest is self._kept:
                return False
            kept = self._attempt.write(newest.text, newest.index)
            self._kept = newest
            if kept != newest.text:
                self._merged = newest.text, kept
            return True

    def drop(self) -> None:
        """Forget what is not kept: the answer can no longer be changed."""
        self._kept = self._typed

    def take_merged(self) -> tuple[str, str] | None:
        """What was typed and, as another window has written as well, what is kept instead; once."""
        merged, self._merged = self._merged, None
        return merged
