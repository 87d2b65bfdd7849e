"""What `u` takes back that is in no log, in one order with what is."""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Callable
from typing import NamedTuple

from studyapp.study import rewritten
from studyapp.study.desk import Desk
from studyapp.study.rewriting import Rewriting
from studyapp.study.undo import is_newest
from studyapp.study.unlogged import Moment, Unlogged, moment


class Sight(NamedTuple):
    """What could be taken back at a moment."""

    moment: Moment
    there: frozenset[Unlogged]


class UndoStack:
    """What was done in this window, and to files in others and in earlier sessions."""

    def __init__(self, desk: Desk) -> None:
        """Raises StudyError."""
        self._desk = desk
        self._done = list[Unlogged]()  # the newest last
        self._read = set[str]()  # records of what is or was among it
        self._look()

    def add(self, take_back: Callable[[Desk], str], files: Rewriting | None = None) -> None:
        """Something was done: just now, or to *files*. Raises StudyError."""
        if files is not None and (done := rewritten.here(files, take_back)).record:
            if done.record in self._read:
                return
            self._read.add(done.record)
        else:
            done = Unlogged(self._moment(), take_back)
        self._done.append(done)

    def next(self) -> Unlogged | None:
        """What is taken back next; None if that is in the log, or nothing. Raises StudyError."""
        self._look()
        if not self._done or not self._is_newest(self._done[-1].moment):
            return None
        return self._done[-1]

    def drop(self, done: Unlogged) -> None:
        """It was taken back, or never can be."""
        if done in self._done:
            self._done.remove(done)

    def sight(self) -> Sight:
        """What there is by now. Raises StudyError."""
        self._look()
        return Sight(self._moment(), frozenset(self._done))

    def has(self, since: Sight | None = None) -> bool:
        """Whether something can be taken back, of the log or not, that was done *since*, or ever.
        Raises StudyError."""
        self._look()
        if set(self._done) - (since.there if since else set()):
            return True
        return not self._is_newest(since.moment if since else None)

    def _look(self) -> None:
        """Take note of what other windows have done and taken back meanwhile."""
        self._done = [one for one in self._done if not one.is_gone()]
        others = rewritten.read(self._desk, self._read)
        self._read.update(one.record for one in others)
        if not self._done:
            self._done += others
            return
        for one in others:
            insort_right(self._done, one, key=lambda done: done.moment.order)

    def _moment(self) -> Moment:
        with self._desk.reading() as connection:
            return moment(connection, self._desk.now(), learner=self._desk.learner)

    def _is_newest(self, than: Moment | None) -> bool:
        with self._desk.reading() as connection:
            return is_newest(connection, than, learner=self._desk.learner)
