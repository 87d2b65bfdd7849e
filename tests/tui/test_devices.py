"""What other devices have written is in the app soon after it has opened, and what was done in it
is there for them when it has closed."""

from __future__ import annotations

from pathlib import Path

from screen import NARROW, shows, tells, until
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store import backup
from studyapp.study import library
from studyapp.study.devices import exchange
from studyapp.study.sitting import Sitting
from tests_support import Clock


def elsewhere(tmp_path: Path, clock: Clock, folder: Path) -> Path:
    """Another device, on which two cards were rated."""
    database = tmp_path / "elsewhere.db"
    current = Current(Settings(devices=str(folder)))
    desk, _ = library.open_study(str(database), current, clock, None)
    sitting = Sitting(desk)
    for _ in range(2):
        sitting.rate(Rating.AGAIN)
        clock.forward(minutes=1)
    exchange.meet(desk)
    desk.close()
    clock.forward(minutes=20)
    return database


async def test_two_devices_meet_when_the_app_opens_and_when_it_closes(
    tmp_path: Path, only_pack: Path, clock: Clock, make_app, open_today
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    other = elsewhere(tmp_path, clock, folder)
    here = tmp_path / "app.db"
    app = make_app(settings=Settings(devices=str(folder)))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: backup.content_of(here).counts["reviews"] == 2)
        await shows(pilot, "2 learning")
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: backup.content_of(here).counts["reviews"] == 3)
    current = Current(Settings(devices=str(folder)))
    desk, _ = library.open_study(str(other), current, clock, None)
    exchange.meet(desk)
    desk.close()
    assert backup.content_of(other).counts["reviews"] == 3


async def test_a_folder_that_is_away_is_told_and_stops_nothing(
    tmp_path: Path, only_pack: Path, make_app, open_today
) -> None:
    app = make_app(settings=Settings(devices=str(tmp_path / "stick")))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "stick, where your devices meet: No such file or directory.")
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: backup.content_of(tmp_path / "app.db").counts["reviews"] == 1)
