"""Where a learner sits: the database, the settings, the clock, whose progress, how much patience.

Everything that is done for a learner takes the desk, or the connection and the learner of one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from studyapp.config import Current, Settings, Value
from studyapp.journal import journal
from studyapp.store import engine as store
from studyapp.store import tables
from studyapp.store.engine import LONG_PATIENCE

if TYPE_CHECKING:
    from studyapp.store.backup import Backup, Progress

Clock = Callable[[], datetime]  # the learner's wall clock, aware
_REMEMBERED = 1000  # reviews
_SLOW = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Desk:
    """One learner's, on one database. `patience` is how many seconds a writer waits for another
    program's lock; all desks of one study share the settings, and `rated`: the uids of the last
    reviews that were committed, which are looked for if the program fails."""

    engine: Engine
    current: Current
    clock: Clock
    _: KW_ONLY
    learner: int  # id of the learner whose progress it is
    patience: float = LONG_PATIENCE
    rated: deque[bytes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED), compare=False)

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.current.settings

    def now(self) -> datetime:
        return self.clock()

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for queries."""
        return store.reading(self.engine)

    @contextmanager
    def writing(self, *, for_all: bool = False) -> Iterator[Connection]:
        """A write transaction; raises LockedError when patience is at its end. *for_all*: it writes
        what is not this learner's alone."""
        whose = None if for_all else self.learner
        rated, begun = list[bytes](), monotonic()
        with store.writing(
            self.engine, patience=self.patience, whose=whose, rated=rated
        ) as connection:
            yield connection
        self.rated.extend(rated)
        if (took := monotonic() - begun) > _SLOW:
            journal.info("slow: a write took %.1f s", took)

    def device(self) -> bytes | None:
        """The uid of the database's own device, which is another one after going back to a
        backup, and once it is known to be a copy of another database (`is_copy`)."""
        with self.reading() as connection:
            own = select(tables.device.c.uid).where(tables.device.c.own)
            return connection.scalars(own).first()

    def is_copy(self, former: bytes) -> bool:
        """Whether this is another device than the *former* one because it is a copy."""
        from studyapp.store import peer

        with self.reading() as connection:
            return peer.has_parted(connection, former)

    def change(self, name: str, value: Value) -> None:
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
