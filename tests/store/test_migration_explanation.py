"""Migration 6: runs of an older database are kept, and can be explained from now on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from studyapp.store import migrations
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study.lab import runs

RUN = (
    "INSERT INTO run (uid, learner_id, lesson, pack, version, knobs, canonical, seconds, outcome, "
    "started_at, finished_at, offset) VALUES (:uid, 1, 'gap', 'test', 1, '{}', '{}', 1.5, "
    "'cancelled', '2026-11-20 09:00:00.000000', '2026-11-20 09:00:01.000000', 0)"
)


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of before explanations, with one run in it."""
    path = tmp_path / "a.db"
    known = migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n < 4})
        engine = open_database(str(path))
        with writing(engine) as connection:
            connection.execute(text(RUN), {"uid": bytes(16)})
            columns = {one["name"] for one in inspect(connection).get_columns("run")}
        engine.dispose()
    assert "explanation" not in columns
    return path


def test_an_older_run_is_kept_and_can_be_explained(before: Path) -> None:
    engine = open_database(str(before))
    with reading(engine) as connection:
        (old,) = runs.history(connection, "gap", learner=1)
    assert (old.seconds, old.explanation, old.explanation_ticked) == (1.5, None, None)
    with writing(engine) as connection:
        runs.explain(connection, old.id, "It stored noise.", {"Noise": True}, learner=1)
    with reading(engine) as connection:
        (told,) = runs.history(connection, "gap", learner=1)
    engine.dispose()
    assert (told.explanation, told.explanation_ticked) == ("It stored noise.", {"Noise": True})
    assert list((before.parent / "backups").glob("a-*-migration.zip"))
