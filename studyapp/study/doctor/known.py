"""What the doctor has found well before, by a sum of all that the finding hung on.

To fold the log of 100,000 cards takes a minute, and nearly all of it is as it was the last time.
What a sum stands for is looked at again as soon as a row, a file or our own code is another. It is
kept with what can be found out again: without it everything is looked at.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from studyapp import config, disk
from studyapp.errors import StudyError

MANY = 10_000  # cards or notes: where there are fewer, everything is looked at each time
_SIZE = 16  # bytes of a sum


class Known:
    """The sums of what was well the last time, and of what is so now."""

    def __init__(self) -> None:
        try:
            told = _path().read_bytes()
        except OSError:
            told = b""
        self._before = {told[at : at + _SIZE] for at in range(0, len(told), _SIZE)}
        self._now = set[bytes]()

    def is_well(self, told: bytes) -> bool:
        """Whether this was well before."""
        if told in self._before:
            self._now.add(told)
        return told in self._now

    def keep(self, told: bytes) -> None:
        """This is well."""
        self._now.add(told)

    def save(self) -> None:
        """Keep it for the next time, as far as that can be."""
        if self._now != self._before:
            with suppress(StudyError):
                disk.write(_path(), b"".join(sorted(self._now)))


def summed(*parts: Iterable[object], by: tuple[str, ...]) -> bytes:
    """The sum of rows of plain values, and of the code that looks at them: our modules *by*."""
    digest = hashlib.blake2b(_code(by), digest_size=_SIZE)
    for part in parts:
        digest.update(marshal.dumps([*part]))
    return digest.digest()


@cache
def _code(modules: tuple[str, ...]) -> bytes:
    found = (Path(str(import_module(f"studyapp.{name}").__file__)) for name in modules)
    return b"".join(hashlib.blake2b(path.read_bytes()).digest() for path in found)


def _path() -> Path:
    return config.cache_folder() / "well"
