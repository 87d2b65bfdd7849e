"""Whether a database is still the file that was opened: SQLite does not see that another program
puts another in its place or writes over it, and goes on with pages of both.

So a file carries a number that grows before the write-ahead log is emptied into it. What the file
says is never less than before, nor more than the log says of it; a copy that was made earlier says
less, and another database, as each begins somewhere, something else altogether.
"""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from studyapp.errors import StoreError

_READ, _WRITE = "PRAGMA user_version", "PRAGMA user_version = {}"
_FIRST = 2**30  # below this a number begins, and has room to grow


def grow(connection: Connection) -> None:
    """Give the file another number, in the caller's transaction, before the log is emptied."""
    connection.exec_driver_sql(_WRITE.format(_above(_read(connection))))


def outgrow(path: Path, former: sqlite3.Connection) -> None:
    """Give the database at *path*, which is to be written into the *former* one, a number that this
    one goes on with."""
    (number,) = former.execute(_READ).fetchone()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(_WRITE.format(_above(number)))


def _read(connection: Connection) -> int:
    return int(connection.exec_driver_sql(_READ).scalar_one())


def _above(number: int) -> int:
    return number + 1 if number else random.randrange(1, _FIRST)


class _Seen(NamedTuple):
    """What was at the path when nothing was wrong with it."""

    file: tuple[int, int] | None  # None if there was none
    size: int = 0
    time: int = 0
    number: int = 0


class Watch:
    """Looks after the file of one engine, from its first connection to its last."""

    def __init__(self, name: str) -> None:
        self._path = Path(name)
        self._open = set[int]()
        self._seen = _Seen(None)
        self._is_lost = False
        self._keeper: sqlite3.Connection | None = None
        self._log: tuple[int, int] | None = None  # when it was lost

    def opened(self, raw: Any, _record: object) -> None:
        if not self._open:
            self._seen = self._look()._replace(number=self._number() or 0)
        self._open.add(id(raw))

    def closed(self, raw: Any, _record: object) -> None:
        self._open.discard(id(raw))

    def check(self, connection: Connection) -> None:
        """Raise StoreError if it is another file: whatever is written would be lost with it, or
        damage it."""
        if not self._is_lost and self._is_same(connection):
            return
        self._let_go()
        raise StoreError(
            f"{self._path} was replaced or removed by another program; nothing was written. "
            "Close studyapp and open it again, and it goes on with what is there."
        )

    def disposed(self, _engine: object) -> None:
        """All connections are closed. The log of what was there before fits nothing any more,
        unless somebody has gone on with it."""
        if self._keeper is not None:
            self._keeper.close()
            if self._look().file == self._seen.file and self._state_of_log() in (None, self._log):
                for end in ("-wal", "-shm"):
                    with suppress(OSError):
                        Path(f"{self._path}{end}").unlink(missing_ok=True)
        self._keeper, self._is_lost = None, False

    def _is_same(self, connection: Connection) -> bool:
        seen, now = self._seen, self._look()  # in this order, as other threads look, too
        if now.file != seen.file:
            return False
        if now != seen._replace(number=0):
            number = self._number()
            if number is None:  # not now
                return True
            if not seen.number <= number <= _read(connection):
                return False
            self._seen = now._replace(number=number)
        return True

    def _let_go(self) -> None:
        """Keep SQLite from emptying the log of what was there into what is there: it does so when
        the last connection is closed, and a last one that only reads cannot."""
        if self._is_lost:
            return
        self._is_lost, self._log = True, self._state_of_log()
        if self._look().file == self._seen.file:
            with suppress(sqlite3.Error):
                self._keeper = sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
                self._keeper.execute(_READ)

    def _look(self) -> _Seen:
        try:
            stat = os.stat(self._path)
        except OSError:
            return _Seen(None)
        return _Seen((stat.st_dev, stat.st_ino), stat.st_size, stat.st_mtime_ns)

    def _number(self) -> int | None:
        """What the file itself says, whatever is in its log; None if that cannot be read now. By
        SQLite, as to close a file by other means takes its locks from it."""
        try:
            uri = f"{self._path.absolute().as_uri()}?immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                # Else a file is damaged whose first page says how many there will be: another
                # thread or program is just emptying the log into it, and the last ones are to come.
                connection.execute("PRAGMA writable_schema = ON")
                return int(connection.execute(_READ).fetchone()[0])
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:  # it is no database
            return -1

    def _state_of_log(self) -> tuple[int, int] | None:
        try:
            stat = os.stat(f"{self._path}-wal")
        except OSError:
            return None
        return stat.st_size, stat.st_mtime_ns
