"""Whose code may run: a lesson is a program, so one of another distribution is asked about once."""

from __future__ import annotations

from studyapp import config
from studyapp.errors import StudyError
from studyapp.lab.catalog import Declaration


def is_trusted(lesson: Declaration) -> bool:
    """Whether the learner lets this version of the lesson's distribution run, as settings.toml
    says; a built-in one needs no word. Raises SettingError if that file cannot be read."""
    return not lesson.origin or lesson.origin in config.load().trusted


def told(lesson: Declaration) -> str:
    """What the learner is asked about."""
    name, version = lesson.origin.rsplit(" ", 1)
    return f"{lesson.name} (distribution {name}, version {version}) runs its own code here"


def check(lesson: Declaration) -> None:
    """Raise StudyError unless the lesson may run."""
    if not is_trusted(lesson):
        raise StudyError(f"{told(lesson)}; studyapp lab run --trust lets it, from now on.")


def trust(lesson: Declaration, current: config.Current) -> None:
    """Let this version of the lesson's distribution run from now on, all its lessons. Raises
    StudyError if settings.toml cannot be written."""
    if not is_trusted(lesson):
        current.change("trusted", (*config.load().trusted, lesson.origin))
