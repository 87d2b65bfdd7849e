"""The streams of a command: whatever is printed, nothing of it steers the terminal."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from studyapp.errors import printable


def progress(told: str = "") -> None:
    """Show on a terminal how far something is, in a line that what comes next is written over; no
    text clears it. It goes past the guard, for it steers."""
    terminal = sys.__stderr__
    if terminal is not None and terminal.isatty():
        print(f"\r\x1b[K{printable(told)}\r", end="", file=terminal, flush=True)


class Guarded(TextIOWrapper):
    """A stream that passes on what is printable, also of usage errors and tracebacks."""

    def __init__(self, stream: TextIOWrapper) -> None:
        """Write to what *stream* writes to; a sign that it lacks is no error.

        For one of ASCII alone click would write past this one, as UTF-8: so does this one.
        """
        ascii_only = stream.encoding.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968", "646")
        super().__init__(
            stream.buffer,
            encoding="utf-8" if ascii_only else stream.encoding,
            errors="replace",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._stream = stream  # its end would close what both write to

    def write(self, text: str, /) -> int:
        super().write(printable(text))
        return len(text)

    def isatty(self) -> bool:
        """No: who would colour what is written, a traceback for one, is to leave it plain."""
        return False

    def close(self) -> None:
        """Write what is left; what both write to is for the stream itself to close."""
        self.flush()
