"""What goes wrong around the app, and text that looks like something else."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from screen import NARROW, arrives, shows, tells, until
from studyapp import config
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store import backup, marker, trace
from studyapp.study import library
from studyapp.study.backup import restored
from studyapp.study.devices import exchange
from studyapp.study.sitting import Sitting
from studyapp.tui import start
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock


async def test_settings_that_cannot_be_written_hold_until_the_app_closes(
    make_app, open_today
) -> None:
    path = config.settings_path()
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("a file where the folder should be")
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.theme = "nord"
        await tells(pilot, "Not kept for the next time")
        await pilot.press("enter", "M")
        await tells(pilot, "Not kept for the next time", times=2)
        await pilot.press("escape", "c", "d", *"2027-01-31", "enter")
        await tells(pilot, "Not kept for the next time", times=3)
        assert app.desk.settings.raw_maths
        assert str(app.desk.settings.exam_on) == "2027-01-31"


async def test_a_theme_that_there_is_not_is_told(make_app, open_today) -> None:
    app = make_app(settings=Settings(theme="nope"))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "There is no theme 'nope'; the themes are")
        assert app.theme == "textual-dark"


async def test_brackets_in_a_text_are_text(make_app, open_today, only_pack: Path) -> None:
    title = "Paths [/home] [b]"
    for path in only_pack.rglob("*.md"):
        path.write_text(path.read_text().replace("title: Chapter 2", f'title: "{title}"'))
    app = make_app()
    async with app.run_test(size=(140, 40)) as pilot:
        await open_today(pilot)
        await pilot.press("o")
        await tells(pilot, f"Chapter 2 is open: {title}; u closes it again while the app is open.")
        await pilot.press("c")
        await shows(pilot, title)
        app.screen.notify("Arrays [int] [/x]")
        await shows(pilot, "Arrays [int] [/x]")


async def test_a_worker_that_ends_after_the_app_shows_nothing(make_app, open_today) -> None:
    """The page that it would show it on has lost its parts."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await asyncio.to_thread(app.call_from_thread, app.notify, "Seen.")
        await tells(pilot, "Seen.")
    await asyncio.to_thread(app.call_from_thread, app.today.query_one, "#course")


@pytest.mark.parametrize("place", [(StudyApp, "on_mount"), (library, "open_study")])
def test_an_app_that_comes_to_grief_says_so_and_keeps_a_report(
    tmp_path: Path, only_pack: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
) -> None:
    """On its own thread or in a worker."""

    def broken(*given: Any, **options: Any) -> None:
        raise RuntimeError(f"a fault in {tmp_path}")

    def unseen(self: StudyApp, **options: Any) -> None:
        App.run(self, headless=True, **options)

    monkeypatch.setattr(*place, broken)
    monkeypatch.setattr(StudyApp, "run", unseen)
    monkeypatch.setattr(start, "has_terminal", lambda: True)
    told = start.run(str(tmp_path / "a.db"), None)
    assert told is not None
    assert told.startswith("studyapp has stopped, by a fault of its own: RuntimeError")
    assert "There is no database yet, so nothing is lost." in told
    (report,) = config.log_folder().glob("fault-*.txt")
    assert f"The report is in ~/state/studyapp/log/{report.name}" in told
    assert "in broken" in report.read_text()
    assert str(tmp_path) not in report.read_text()


async def test_a_going_back_that_was_not_finished_is_told(make_app, open_today) -> None:
    app = make_app()
    marker.leave(trace.file_at(app.db), Path("/kept/a.zip"))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "Going back to /kept/a.zip was not finished; `studyapp ")


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr("studyapp.tui.app.LOOK", 0.05)


async def test_pages_are_left_if_another_program_goes_back(
    make_app, open_today, looking: None, tmp_path: Path, clock: Clock
) -> None:
    app, database = make_app(), tmp_path / "app.db"
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        made = app.desk.back_up("asked")
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: backup.content_of(database).counts["reviews"] == 1)
        await asyncio.to_thread(restored, database, made.path, clock())
        await tells(pilot, "Another program went back to a backup; this is how it is now.")
        await arrives(pilot, TodayScreen)
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: backup.content_of(database).counts["reviews"] == 1)


async def test_a_copy_that_becomes_a_device_of_its_own_is_told_as_that(
    make_app, open_today, looking: None, tmp_path: Path, clock: Clock
) -> None:
    """By another program, while the app runs; the page that is open stays."""
    folder = tmp_path / "shared"
    folder.mkdir()
    settings = Settings(devices=str(folder))
    app, current = make_app(settings=settings), Current(settings)
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: list(folder.iterdir()))
        await pilot.press("enter", "enter")
        await arrives(pilot, ReviewScreen)
        here, copied = tmp_path / "app.db", tmp_path / "copied.db"
        with closing(sqlite3.connect(here)) as source, closing(sqlite3.connect(copied)) as target:
            source.backup(target)
        for database in (copied, here):
            desk, _ = library.open_study(str(database), current, clock, None)
            Sitting(desk).rate(Rating.AGAIN)
            await asyncio.to_thread(exchange.meet, desk)
            desk.close()
        await tells(pilot, "Another copy of this database is in use elsewhere;")
        assert isinstance(app.screen, ReviewScreen)
        assert not any("went back" in told for told in app.heard)
        assert len(list(folder.iterdir())) == 2
