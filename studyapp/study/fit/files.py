"""A log of reviews from a file, of whatever program (RULES: Fitting)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.study.fit import anki, table, unused
from studyapp.study.fit.rows import Log, Rows, Told


def read(path: Path, now: datetime, told: Told = lambda share: None) -> Log:
    """The reviews of the file at *path*, of which format its content says. What is of a time after
    *now*, which is aware, is left out. *told* hears which share is read. Raises StudyError with a
    sentence, and the line where there are lines."""
    disk.check_ends(path)
    try:
        with path.open("rb") as file:
            head = file.read(512)
        if not head:
            raise StudyError("it is empty")
        rows = Rows(now)
        (anki if anki.recognises(head) else table).read(path, rows, told)
        log = rows.log()
        if not len(log.reviews):
            why = unused.told(log.left_out)
            raise StudyError("there is no review in it that counts" + (why and f" ({why})"))
        return log
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except StudyError as error:
        raise StudyError(f"{path}: {error}.") from error
