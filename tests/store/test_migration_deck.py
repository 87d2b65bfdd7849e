"""Migration 5: chapters may have no number, and nothing that hangs on one is lost."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from studyapp.store import migrations
from studyapp.store.database import connect, open_database
from studyapp.store.engine import reading, writing
from studyapp.store.tables import METADATA

WHAT_NAMES_ONE = ("section", "moment", "note", "card", "chapter_progress", "attempt")


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the schema before, with rows that name a chapter."""
    path = tmp_path / "a.db"
    known = {number: name for number, name in migrations.steps().items() if number < 5}
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: known)
        engine = open_database(str(path))
        with writing(engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO chapter (id, pack, number, part, title) "
                    "VALUES (5, 'p', 1, '1. Part', 'One'), (9, 'p', 2, '1. Part', 'Two')"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO section (id, chapter_id, number, title, text, path, line, "
                    "position) VALUES (1, 9, '2.1', 'A section', '', 'a.md', 1, 0)"
                )
            )
        engine.dispose()
    return path


def chapters(engine: Engine) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT id, pack, number, title FROM chapter ORDER BY id"))
        return [tuple(row) for row in rows]


def test_chapters_stay_and_decks_come(before: Path) -> None:
    engine = open_database(str(before))
    assert chapters(engine) == [(5, "p", 1, "One"), (9, "p", 2, "Two")]
    with writing(engine) as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        for title in ("A deck", "Another"):
            connection.execute(
                text("INSERT INTO chapter (pack, part, title) VALUES ('p', 'p', :title)"),
                {"title": title},
            )
    keys = {
        table: [one["referred_table"] for one in inspect(engine).get_foreign_keys(table)]
        for table in WHAT_NAMES_ONE
    }
    assert all("chapter" in named for named in keys.values())
    for values in ("'p', 1, 'p', 'One'", "'p', NULL, 'p', 'A deck'"):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO chapter (pack, number, part, title) VALUES ({values})")
            )
    engine.dispose()


def test_a_section_still_needs_its_chapter(before: Path) -> None:
    engine = open_database(str(before))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("DELETE FROM chapter WHERE id = 9"))
    engine.dispose()


def test_the_tables_say_the_same(before: Path) -> None:
    engine = open_database(str(before))
    columns = {one["name"]: one["nullable"] for one in inspect(engine).get_columns("chapter")}
    engine.dispose()
    assert columns["number"] is METADATA.tables["chapter"].c.number.nullable is True


def test_an_interrupted_one_changes_nothing(before: Path) -> None:
    """Whichever statement is the last."""
    statements = 0
    for last in range(1, 50):
        engine, seen = connect(str(before)), []

        def stop(*given: object, last: int = last, seen: list[str] = seen) -> None:
            seen.append(str(given[2]))
            if len(seen) == last:
                raise RuntimeError("the power went")

        with writing(engine) as connection:
            upgrade = import_module(migrations.steps()[5]).upgrade
            event.listen(engine, "before_cursor_execute", stop)
            with suppress(RuntimeError):
                upgrade(connection)
            event.remove(engine, "before_cursor_execute", stop)
            connection.rollback()
        assert chapters(engine) == [(5, "p", 1, "One"), (9, "p", 2, "Two")]
        engine.dispose()
        statements = len(seen)
        if statements < last:
            break
    assert statements == 8
    engine = open_database(str(before))
    assert len(chapters(engine)) == 2
    engine.dispose()
