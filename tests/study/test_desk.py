"""The desk: one setting for all who sit at it, and as much patience as each needs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studyapp import config
from studyapp.config import Current, Settings
from studyapp.store.database import connect
from studyapp.store.engine import LockedError, writing
from studyapp.study.desk import Desk
from tests_support import Clock, desk_of


def test_a_changed_setting_is_seen_by_all_and_kept(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)
    other = desk.at(0.1)
    for name, value, kept in (
        ("raw_maths", True, True),
        ("exam_on", date(2027, 1, 31), date(2027, 1, 31)),
        ("theme", "nord", "nord"),
        ("exam_on", None, None),
    ):
        other.change(name, value)
        assert getattr(desk.settings, name) == getattr(other.settings, name) == kept
        assert getattr(config.load(), name) == kept
    assert desk.settings == config.load()


def test_a_setting_that_there_is_not_is_not_written(engine: Engine, clock: Clock) -> None:
    with pytest.raises(TypeError):
        desk_of(engine, clock).change("them", "nord")
    assert not config.settings_path().exists()


def test_a_desk_has_its_own_patience_and_the_same_learner(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    desk = Desk(engine, Current(Settings()), clock, learner=7)
    hurried = desk.at(0)
    assert (hurried.learner, hurried.engine, hurried.current) == (7, desk.engine, desk.current)
    other = connect(str(tmp_path / "study.db"))
    with writing(other), pytest.raises(LockedError), hurried.writing():
        pass
    other.dispose()
