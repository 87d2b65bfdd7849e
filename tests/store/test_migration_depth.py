"""Migration 8: cards, memories and attempts of before depths stay as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from studyapp.config import Settings
from studyapp.memory.state import Memory
from studyapp.store import migrations, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import queue
from studyapp.study.questionnaire.attempt import Attempt
from tests_support import Clock, desk_of

ROWS = (
    "INSERT INTO chapter (id, pack, number, part, title) VALUES (1, 'test', 1, 'P', 'C')",
    "INSERT INTO chapter_progress VALUES (1, 1, '2026-11-01 09:00:00', '2026-11-01 09:00:00')",
    *(
        "INSERT INTO note (id, uid, chapter_id, name, kind, style, prompt, answer, points, tags, "
        f"synonyms, sources, path, line, last) VALUES ({n}, x'{n:032x}', 1, 'q{n}', 'question', "
        "'answer', 'Q?', 'A.', '[]', '[]', '[]', '[]', 'a.md', 1, 2)"
        for n in (1, 2)
    ),
    *(
        "INSERT INTO card (id, uid, note_id, chapter_id, side, family, position) VALUES "
        f"({n}, x'{n + 9:032x}', {n}, 1, 'answer', 'test:q{n}', {n})"
        for n in (1, 2)
    ),
    "INSERT INTO memory (learner_id, card_id, state, reviews, lapses, agains, expected_lapses, "
    "suspended) VALUES (1, 2, 0, 0, 0, 0, 0, 1)",
    "INSERT INTO attempt (id, uid, learner_id, chapter_id, pretest, started_at, offset, note_id, "
    f"device_id, day, epoch, stamp) SELECT 1, x'{77:032x}', 1, 1, 0, '2026-11-01 09:00:00', 0, 2, "
    "id, '2026-11-01', 0, '2026-11-01 09:00:00' FROM device",
    "INSERT INTO response (learner_id, attempt_id, note_id, text, ticked, points, hits, flagged, "
    "entries, changed_at) VALUES (1, 1, 2, 'mine', '[]', 0, 0, 0, '[]', '2026-11-01 09:00:00')",
)


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of before depths, with two cards, of which one is suspended, and an attempt."""
    path, known = tmp_path / "a.db", migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n < 8})
        engine = open_database(str(path))
        with writing(engine) as connection:
            for row in ROWS:
                connection.execute(text(row))
        engine.dispose()
    return path


def test_what_there_was_is_core_and_whole(before: Path, clock: Clock) -> None:
    engine = open_database(str(before))
    with reading(engine) as connection:
        cards = connection.execute(select(tables.card.c.depth, tables.card.c.contrast)).all()
        assert cards == [("core", False)] * 2
        assert read_memory(connection, 2, learner=1) == Memory(suspended=True)
        line = queue.load(connection, clock(), Settings(), learner=1)
        assert line.counts().new == 1
    attempt = Attempt(desk_of(engine, clock), 1)
    assert (attempt.id, attempt.book, attempt.current.text) == (1, False, "mine")
    assert len(attempt.questions) == 2
    assert attempt.current.note.reverse
    engine.dispose()
