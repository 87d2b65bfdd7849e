"""Migration 3: cards of an older database learn their sections; their log stays as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from studyapp.config import Current, Settings
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import backup, migrations, tables
from studyapp.store.database import open_database
from studyapp.study import library
from tests_support import Clock


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of version 2 that has read one question and rated it."""
    path = tmp_path / "a.db"
    known = migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in (1, 2)})
        open_database(str(path)).dispose()
    note = note_uid("test", "q00")
    old = sqlite3.connect(path)
    old.execute("INSERT INTO chapter VALUES (1, 'test', 1, '1. Part', 'Chapter 1')")
    old.execute(
        "INSERT INTO note VALUES (1, ?, 1, 'q00', 'question', 'answer', 'What?', 'That.', '[]', "
        "NULL, '[]', '1.1', NULL, NULL, NULL, '[]', '[]', 'gone.md', 1, 2, NULL)",
        (note.bytes,),
    )
    old.execute(
        "INSERT INTO card VALUES (1, ?, 1, 1, 'answer', 'test:q00', 1, NULL, NULL)",
        (card_uid(note, "answer").bytes,),
    )
    old.execute("INSERT INTO root VALUES ('somewhere', 'stamp', '2026-01-01 00:00:00')")
    old.commit()
    old.close()
    return path


def test_the_cards_find_their_sections_when_the_app_opens(
    before: Path, only_pack: Path, clock: Clock
) -> None:
    desk, report = library.open_study(str(before), Current(Settings()), clock, None)
    assert report is not None, "the content was read again"
    card, section = tables.card.c, tables.section.c
    with desk.reading() as connection:
        number = connection.scalar(
            select(section.number)
            .join(tables.card, card.section_id == section.id)
            .where(card.id == 1)
        )
    desk.close()
    assert number == "1.1"
    (kept,) = backup.listed(before)[0]
    assert (kept.manifest.reason, kept.manifest.content.schema) == ("migration", 2)
