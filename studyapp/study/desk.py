"""Where a learner sits: the database, the settings, the clock, whose progress, how much patience.

Everything that is done for a learner takes the desk, or the connection and the learner of one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from studyapp.config import Current, Settings, Value
from studyapp.store import engine as store
from studyapp.store.engine import LONG_PATIENCE

Clock = Callable[[], datetime]  # the learner's wall clock, aware


@dataclass(frozen=True, slots=True)
class Desk:
    """One learner's, on one database. `patience` is how many seconds a writer waits for another
    program's lock; all desks of one study share the settings."""

    engine: Engine
    current: Current
    clock: Clock
    _: KW_ONLY
    learner: int  # id of the learner whose progress it is
    patience: float = LONG_PATIENCE

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.current.settings

    def now(self) -> datetime:
        return self.clock()

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for queries."""
        return store.reading(self.engine)

    def writing(self, *, for_all: bool = False) -> AbstractContextManager[Connection]:
        """A write transaction; raises LockedError when patience is at its end. *for_all*: it writes
        what is not this learner's alone."""
        whose = None if for_all else self.learner
        return store.writing(self.engine, patience=self.patience, whose=whose)

    def change(self, name: str, value: Value) -> None:
        """Change one setting, here and wherever else it is looked at, and keep it."""
        self.current.change(name, value)

    def at(self, patience: float) -> Desk:
        """The same desk with other patience: little on the app's own thread, more in a worker."""
        return replace(self, patience=patience)

    def close(self) -> None:
        """Let go of the database; the last to do so empties the write-ahead log."""
        self.engine.dispose()
