"""A log of reviews from a file, of whatever program (RULES: Fitting)."""

from __future__ import annotations

from pathlib import Path

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.study.fit import anki, table
from studyapp.study.fit.rows import Log, Told


def read(path: Path, told: Told = lambda share: None) -> Log:
    """The reviews of the file at *path*, of which format its content says. *told* hears which share
    is read. Raises StudyError with a sentence, and the line where there are lines."""
    disk.check_ends(path)
    try:
        with path.open("rb") as file:
            head = file.read(512)
        if not head:
            raise StudyError("it is empty")
        log = anki.read(path, told) if anki.recognises(head) else table.read(path, told)
        if not len(log.reviews):
            raise StudyError("there is no review in it that counts")
        return log
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except StudyError as error:
        raise StudyError(f"{path}: {error}.") from error
