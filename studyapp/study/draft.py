"""Text that is being written: whoever saves it, the newest is kept, and no window's is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from threading import Lock

from studyapp import disk
from studyapp.errors import StudyError

# (text, what was there before, seconds to wait for a lock) -> what is kept
Write = Callable[[str, str, float], str]


_LARGE = 250_000  # lines times lines that are not compared one by one

# A change: so many lines from one place to another, and what stands there instead.
_Hunk = tuple[int, int, list[str]]


def merged(kept: str | None, before: str, text: str) -> str:
    """What to keep of *text*, whose place said *before* when its writer last looked and says *kept*
    now: all that another window has changed meanwhile and all that this one has, each once. Where
    both have changed the same lines those of the other stay, with these below."""
    if not kept or kept in (before, text):
        return text
    if not text.strip():
        return kept
    lines = before.split("\n")
    theirs, ours = (_hunks(lines, said.split("\n")) for said in (kept, text))
    made, done = list[str](), 0
    while theirs or ours:
        first, end, of_both = _next_change(theirs, ours)
        said = [_changed(lines, first, end, some) for some in of_both if some]
        made += lines[done:first] + (_both(*said) if len(said) > 1 else said[0])
        done = end
    return "\n".join(made + lines[done:])


def row_now(row: int, before: str, now: str) -> int:
    """Where a line of a text that said *before* stands in what it says *now*."""
    moved = 0
    for first, end, lines in _hunks(before.split("\n"), now.split("\n")):
        if first <= row < end:
            return first + moved + min(row - first, max(0, len(lines) - 1))
        if end <= row:
            moved += len(lines) - (end - first)
    return row + moved


def _hunks(before: Sequence[str], now: Sequence[str]) -> list[_Hunk]:
    """The changes from one text to another, in their order."""
    least = min(len(before), len(now))
    same = (at for at in range(least) if before[at] != now[at])
    start = next(same, least)
    same = (at for at in range(least - start) if before[-1 - at] != now[-1 - at])
    tail = next(same, least - start)
    old, new = before[start : len(before) - tail], now[start : len(now) - tail]
    if not old and not new:
        return []
    if len(old) * len(new) > _LARGE:
        return [(start, start + len(old), [*new])]
    return [
        (start + i1, start + i2, [*new[j1:j2]])
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _next_change(
    theirs: list[_Hunk], ours: list[_Hunk]
) -> tuple[int, int, tuple[list[_Hunk], list[_Hunk]]]:
    """Take the next changes that are of the same lines: from where to where, and whose."""
    taken: tuple[list[_Hunk], list[_Hunk]] = [], []
    first, end = min(some[0][:2] for some in (theirs, ours) if some)
    again = True
    while again:
        again = False
        for some, mine in zip((theirs, ours), taken, strict=True):
            if some and _meet(first, end, *some[0][:2]):
                mine.append(some.pop(0))
                end, again = max(end, mine[-1][1]), True
    return first, end, taken


def _meet(first: int, end: int, start: int, stop: int) -> bool:
    """Whether a change from *start* to *stop* is of the lines from *first* to *end*. What is put in
    between is of none, unless both are in one place."""
    if first == end:
        return (start, stop) == (first, end)
    return start < end and (start > first or stop > start)


def _changed(lines: Sequence[str], first: int, end: int, hunks: Iterable[_Hunk]) -> list[str]:
    """What the lines from *first* to *end* are with these changes."""
    made, done = list[str](), first
    for start, stop, said in hunks:
        made += [*lines[done:start], *said]
        done = stop
    return [*made, *lines[done:end]]


def _both(theirs: list[str], ours: list[str]) -> list[str]:
    """Both, with an empty line in between, or the one that says all that the other does."""
    kept, text = "\n".join(theirs).strip(), "\n".join(ours).strip()
    if f"\n{text}\n" in f"\n{kept}\n" or not text:
        return theirs
    if f"\n{kept}\n" in f"\n{text}\n" or not kept:
        return ours
    return f"{kept}\n\n{text}".split("\n")


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
