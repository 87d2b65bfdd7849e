"""What to say when the program has failed: what happened, that the reviews are there, where the
report is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from studyapp import config
from studyapp.errors import StudyError
from studyapp.journal import kind, report
from studyapp.study import words

_BATCH = 500  # as many values as any database takes in one statement


def told(error: BaseException, db: str, rated: Sequence[bytes] = ()) -> str:
    """Three lines on an *error* that nobody has caught, and its report on the disk.

    *rated* are the uids of the reviews committed on the database *db*: each is looked for.
    """
    return "\n".join(
        (
            f"studyapp has stopped, by a fault of its own: {kind(error)}.",
            _reviews(db, rated),
            _report(error),
        )
    )


@contextmanager
def contained(path: Path) -> Iterator[None]:
    """What is done with one file of somebody else's, of which a fault ends nothing but that. Raises
    StudyError for whatever is raised, with a report of what nobody has foreseen."""
    try:
        yield
    except StudyError:
        raise
    except OSError as error:
        raise StudyError(f"{path} cannot be taken: {error.strerror or error}.") from error
    except Exception as error:
        told = f"{path} is not taken, by a fault of studyapp's own: {kind(error)}."
        raise StudyError(f"{told} {_report(error)}") from error


def _report(error: BaseException) -> str:
    try:
        path = report(error)
    except StudyError as problem:
        return f"No report of it could be written: {problem}"
    except Exception as problem:  # the fault may be in what a report needs
        return f"No report of it could be written ({kind(problem)})."
    return f"The report is in {config.shown(path)}; nothing that you wrote is in it."


def _reviews(db: str, rated: Sequence[bytes]) -> str:
    """What a look at the database says of its reviews, by whoever the fault was."""
    try:
        there = _look(db, rated)
    except StudyError as problem:
        return f"{problem} `studyapp doctor` says more."
    except Exception as problem:  # the fault may be in what the look needs
        return f"The database could not be looked at ({kind(problem)}); `studyapp doctor` does."
    if there is None:
        return "There is no database yet, so nothing is lost."
    if there < len(rated):
        lost = words.count(len(rated) - there, "review")
        return f"{lost} of this session cannot be found; `studyapp doctor` says more."
    if not rated:
        return "Your reviews are safe: the database was checked and is sound."
    these = words.count(len(rated), "review")
    return f"Your reviews are safe: the database is sound and has the last {these} of this session."


def _look(db: str, rated: Sequence[bytes]) -> int | None:
    """How many of *rated* are in the database, each the learner's whose uid it is; None if there is
    no database. Raises StudyError if it is damaged."""
    from sqlalchemy import func, select

    from studyapp.store import soundness, tables
    from studyapp.store.database import open_to_read
    from studyapp.store.engine import reading

    engine = open_to_read(db)
    if engine is None:
        return None
    uid, found = tables.review.c.uid, 0
    try:
        with reading(engine) as connection:
            if engine.dialect.name == "sqlite" and not soundness.is_quickly_sound(connection):
                raise StudyError(f"{config.shown(Path(db))} is damaged.")
            for start in range(0, len(rated), _BATCH):
                some = uid.in_(rated[start : start + _BATCH])
                found += connection.scalar(select(func.count()).where(some)) or 0
    finally:
        engine.dispose()
    return found
