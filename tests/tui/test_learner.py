"""Whose progress the app shows, and settings that hold from one screen to the next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from screen import until
from studyapp import __main__, config
from studyapp.config import Settings
from studyapp.tui import places
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.widgets.prose import Prose


async def test_the_app_is_another_learners(make_app, open_today, settle) -> None:
    for who, new, learner in (("Anna", True, 2), (None, False, 1), ("ANNA", False, 2)):
        app = make_app(who=who, new=new)
        async with app.run_test() as pilot:
            await open_today(pilot)
            assert app.desk.learner == learner
            await pilot.press("enter", "enter", "3")
            await settle(pilot)
            assert len(app.screen.sitting.done) == 1
    with app.desk.reading() as connection:
        rated = connection.exec_driver_sql("SELECT learner_id, card_id FROM review ORDER BY id")
        assert rated.all() == [(2, 1), (1, 1), (2, 3)], "card 2 is the other side of card 1"


async def test_an_unknown_learner_is_one_sentence(make_app, open_today) -> None:
    app = make_app(who="Bob")
    async with app.run_test() as pilot:
        await open_today(pilot)
        assert "no learner 'Bob'; known so far: me. --new" in str(app.failure)


@pytest.mark.parametrize("name", ["Anna", ""])
def test_the_bare_command_respects_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[tuple[str, str | None]] = []
    monkeypatch.setattr("studyapp.tui.start.run", lambda *given: asked.append(given))
    monkeypatch.setattr(sys, "argv", ["studyapp"])
    monkeypatch.setenv("STUDYAPP_DB", "a.db")
    monkeypatch.setenv("STUDYAPP_LEARNER", name)
    __main__.main()
    assert asked == [("a.db", name or None)]


async def test_raw_maths_holds_on_the_next_screen(make_app, open_today, settle) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await open_today(pilot)
        await pilot.press("enter", "M", "escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await settle(pilot)
        assert all(prose.raw for prose in app.screen.query(Prose))
        app.open(places.Review(app.screen.sitting))
        await settle(pilot)
        assert all(prose.raw for prose in app.screen.query(Prose))
    assert config.load().raw_maths


async def test_a_theme_is_kept_as_a_setting(make_app, open_today, settle) -> None:
    app = make_app(settings=Settings(raw_maths=True))
    async with app.run_test() as pilot:
        await open_today(pilot)
        app.theme = "nord"
        await until(pilot, lambda: Path(config.settings_path()).exists())
        assert app.desk.settings == Settings(raw_maths=True, theme="nord")
    assert config.load().theme == "nord"
