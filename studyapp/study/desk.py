"""Where a learner sits: the database, the settings, the clock, whose progress, how much patience.

Everything that is done for a learner takes the desk, or the connection and the learner of one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from studyapp.config import Current, Settings
from studyapp.store import engine as store
from studyapp.store.engine import LONG_PATIENCE

if TYPE_CHECKING:
    from studyapp.store.backup import Backup, Progress

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

    def change(self, name: str, value: str | bool | date | None) -> None:
        """Change one setting, here and wherever else it is looked at, and keep it."""
        self.current.change(name, value)

    def back_up(self, reason: str, *, progress: Progress | None = None) -> Backup | None:
        """Keep how it is, before what is hard to undo; None on a server, which has backups of its
        own. Raises BackupError if it cannot be kept."""
        from studyapp.store import backup  # and all that a zip needs

        path = backup.file_of(self.engine)
        if path is None:
            return None
        folder = backup.folder_of(path)
        return backup.make(path, folder, reason, self.now(), progress=progress)

    def at(self, patience: float) -> Desk:
        """The same desk with other patience: little on the app's own thread, more in a worker."""
        return replace(self, patience=patience)

    def close(self) -> None:
        """Let go of the database; the last to do so empties the write-ahead log."""
        self.engine.dispose()
