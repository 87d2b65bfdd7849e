"""Migration 29: what Markdown has escaped is found by how it is shown in databases of before."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import text

from studyapp.store import migrations, passage, sync
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from tests_support import Clock, questionnaire, search

NOTES = (  # the first as imports of before wrote it
    "## What is \\__init_\\_? {#init}\n\nA method.",
    "## What is 2\\*3? {#six}\n\n`2\\*3` &amp; &Ouml;.",
    "## What is kept? {#kept}\n\nIt stays \\here & there.",
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
        patch.setattr(passage, "shown_otherwise", lambda _: [])
        sync.sync(connection, [root], clock())
        assert not search(connection, "__init__")
        if not has_index:
            connection.execute(text("DROP TABLE passage_index"))
    with writing(engine) as connection:
        import_module(migrations.steps()[29]).upgrade(connection)
    with reading(engine) as connection:
        assert passage.untrue(connection) == []
        for typed in ("__init__", "\\__init_\\_", "2*3", '"& o"', "\\here & there"):
            assert len(search(connection, typed)) == 1, typed
    if has_index:
        with writing(engine) as connection:
            assert passage.unindexed(connection) == 0
            check = "INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)"
            connection.execute(text(check))
    engine.dispose()
