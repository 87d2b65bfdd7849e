"""Migration 32: what is printed with other quotes and dashes is found in databases of before."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import text

from studyapp.notes import letters
from studyapp.store import migrations, passage, sync
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from tests_support import Clock, questionnaire, search

NOTES = (
    "## Why don’t they – é – “stop”? {#printed}\n\n`It’s` &rsquo;kept&mdash;so.",
    "## Why don't they - é - \"stop\"? {#typed}\n\nIt's 'kept-so.",
    "## What is Ünrelated? {#other}\n\nNothing.",
)


@pytest.mark.parametrize("has_index", [True, False])
def test_what_is_searched_is_what_it_would_be_made_anew(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, has_index: bool
) -> None:
    root, path = tmp_path / "pack", tmp_path / "a.db"
    root.mkdir()
    (root / "a.md").write_text(questionnaire(*NOTES, pack="test"))
    engine = open_database(str(path))
    with writing(engine) as connection, monkeypatch.context() as patch:
        patch.setattr(letters, "TYPED", {})
        sync.sync(connection, [root], clock())
        if not has_index:
            connection.execute(text("DROP TABLE passage_index"))
    with reading(engine) as connection:
        assert len(search(connection, "don't")) == 1
        assert len(passage.untrue(connection)) == 1
    with writing(engine) as connection:
        import_module(migrations.steps()[32]).upgrade(connection)
    with reading(engine) as connection:
        assert passage.untrue(connection) == []
        for typed in ("don’t", "don't", "they – é", '"– é —"', "“stop”?", "it´s", "‘kept−so"):
            assert len(search(connection, typed)) == 2, typed
    if has_index:
        with writing(engine) as connection:
            assert passage.unindexed(connection) == 0
            check = "INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)"
            connection.execute(text(check))
    engine.dispose()
