"""Word of a going back, left beside the database while it lasts: who is killed can tell nothing."""

from __future__ import annotations

import os
from pathlib import Path

from studyapp import disk
from studyapp.errors import StoreError


def place(database: Path) -> Path:
    """The file that tells which backup is being gone back to, while it is."""
    return database.with_name(f"{database.name}.restoring")


def leave(database: Path, backup: Path) -> None:
    """Leave word of a going back before the first change."""
    disk.write(place(database), os.fsencode(backup.absolute()))


def left(database: Path) -> Path | None:
    """The backup to which somebody began to go back, who was killed or could not write it all."""
    try:
        return Path(os.fsdecode(place(database).read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{place(database)} cannot be read: {error.strerror}.") from error
