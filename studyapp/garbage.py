"""When Python's search for garbage is put off."""

from __future__ import annotations

import gc
from contextlib import ContextDecorator
from threading import Lock


class _Uncollected(ContextDecorator):
    """Whether garbage is searched for holds for the whole process, so the last thread to leave has
    it searched for again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._within = 0
        self._enabled = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._within:
                self._enabled = gc.isenabled()
                gc.disable()
            self._within += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1
            if self._enabled and not self._within:
                gc.enable()


# A context and a decorator. Where much is made that stays, as in an import, to look through all of
# it again and again takes a sixth of the time; what loses its last name goes at once all the same.
uncollected = _Uncollected()
