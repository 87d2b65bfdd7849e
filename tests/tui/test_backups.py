"""The page of backups: what each holds, what going back changes, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, SIZES, arrives, hides, settled, shows, tells, until
from studyapp import config
from studyapp.config import Settings
from studyapp.memory.state import Rating
from studyapp.store import archive, backup
from studyapp.store.backup import Reason
from studyapp.study import library
from studyapp.study.sitting import Sitting
from studyapp.tui.screens.backups import BackupsScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock


@pytest.fixture
def studied(tmp_path: Path, only_pack: Path, clock: Clock) -> Path:
    """Some days of study, each with a backup of its beginning, and a file of one's own."""
    database = tmp_path / "app.db"
    current = config.Current(Settings())
    for day in range(3):
        desk, _ = library.open_study(str(database), current, clock, None)
        desk.back_up(Reason.DAILY)
        sitting = Sitting(desk)
        for _ in range(2 + day):
            sitting.rate(Rating.GOOD)
            clock.forward(seconds=10)
        desk.close()
        clock.forward(days=1)
    own = config.data_folder() / "packs" / "mine" / "notes.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    return database


def made(database: Path) -> list[str]:
    return [one.reason for one in backup.named(backup.folder_of(database), database.stem)]


async def open_page(pilot) -> None:
    await pilot.press("b")
    await arrives(pilot, BackupsScreen)


async def test_going_back_and_forth(make_app, open_today, studied: Path) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: len(made(studied)) == 4)  # that of today is made by itself
        await open_page(pilot)
        await shows(pilot, "4 backups", "Mon 23 Nov 09:01", "of the day", "9 reviews (+4), 1 file")
        await hides(pilot, "go back", "Going back")
        app.desk.rated.append(bytes(16))
        await pilot.press("down", "down")
        await shows(pilot, "what differs")
        await pilot.press("enter")
        await shows(
            pilot,
            "Going back to Sat 21 Nov 09:00",
            "cards of all depths          22          22",
            "reviews                       9           2",
            "1 file goes.",
            "B goes back.",
        )
        await pilot.press("B")
        await tells(pilot, "You are back at Sat 21 Nov 09:00.")
        await shows(pilot, "5 backups", "before going back")
        await hides(pilot, "esc stops it")
        assert backup.content_of(studied).counts["reviews"] == 2
        assert not app.desk.rated  # which are looked for should the app fail
        assert not (config.data_folder() / "packs" / "mine" / "notes.txt").exists()
        await pilot.press("enter")
        await shows(pilot, "reviews                       2           9", "1 file comes back.")
        await pilot.press("B")
        await tells(pilot, "You are back at Mon 23 Nov")
        assert backup.content_of(studied).counts["reviews"] == 9
        await settled(pilot)
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await pilot.press("enter", "enter", "3")  # and it goes on from there
        await until(pilot, lambda: backup.content_of(studied).counts["reviews"] == 10)


async def test_what_differs_is_of_the_chosen_one(
    make_app, open_today, studied: Path, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "shown", lambda _: "12 kB")  # uids differ, and so do zips of them
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: len(made(studied)) == 4)
        await open_page(pilot)
        await pilot.press("enter")
        await shows(pilot, "Going back to Mon 23 Nov")
        await pictures(pilot, sizes=(*SIZES, (60, 20)))
        await pilot.press("down")
        await hides(pilot, "Going back to", "go back")
        await pilot.press("B")
        await tells(pilot, "⏎ shows first what going back to it would change.")
        await settled(pilot)
        assert len(made(studied)) == 4
        await pictures(pilot, sizes=[NARROW], name="list-")


async def test_there_is_none_yet(
    make_app, open_today, tmp_path: Path, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await settled(pilot)
        assert made(tmp_path / "app.db") == []  # there is nothing to lose
        with monkeypatch.context() as patch:
            patch.setattr(backup, "folder_of", lambda _: Path("/home/you/backups"))
            await open_page(pilot)
            await pictures(pilot, sizes=[NARROW])
        await shows(pilot, "There is no backup yet.", "ctrl+s makes one now.")
        await hides(pilot, "what differs", "go back")
        await pilot.press("ctrl+s")
        await tells(pilot, "Backed up.")
        await shows(pilot, "1 backup", "you asked for it")


async def test_a_database_on_a_server_has_none(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backup, "file_of", lambda _: None)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_page(pilot)
        await shows(pilot, "pg_dump makes them.", "esc back")
        await hides(pilot, "back up now", "what differs")
        await pilot.press("ctrl+s", "enter", "B")
        await settled(pilot)
        assert not backup.folder_of(tmp_path / "app.db").exists()


async def test_it_is_stopped_by_escape(
    make_app, open_today, studied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is under way; a second escape leaves."""
    monkeypatch.setattr(backup, "PAGES", 1)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: len(made(studied)) == 4)
        await open_page(pilot)
        await settled(pilot)
        begun, pack = [], archive.pack

        def slowly(*given) -> None:
            begun.append(1)
            while not stopped:
                given[-1](0)
            pack(*given)

        stopped: list[int] = []
        monkeypatch.setattr(archive, "pack", slowly)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: begun)
        await shows(pilot, "Backing up: ", "esc stops it")
        await pilot.press("escape")
        await tells(pilot, "Stopped; nothing was changed.")
        stopped.append(1)
        await arrives(pilot, BackupsScreen)
        assert len(made(studied)) == 4
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)


async def test_closing_the_app_waits_for_no_backup(
    make_app, open_today, studied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def endlessly(*given) -> None:
        begun.append(1)
        while True:  # until it is stopped
            given[-1](0)

    monkeypatch.setattr(archive, "pack", endlessly)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: begun)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert made(studied) == ["daily"] * 3


async def test_a_damaged_one_is_named_and_changes_nothing(
    make_app, open_today, studied: Path, clock: Clock
) -> None:
    newest = backup.listed(studied)[0][0].path
    data = bytearray(newest.read_bytes())
    middle = slice(len(data) // 2, len(data) // 2 + 64)  # of one bit the unpacker may see nothing
    data[middle] = bytes(byte ^ 255 for byte in data[middle])
    newest.write_bytes(data)
    torn = newest.with_name(backup.name_of("app", "daily", clock()))
    torn.write_bytes(data[:500])
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_page(pilot)
        await shows(pilot, "3 backups", "File is not a zip file")
        await pilot.press("enter")
        await tells(pilot, "nothing was changed.")
        await hides(pilot, "Going back to", "go back")


async def test_a_backup_that_fails_is_one_sentence_and_no_more(
    make_app, open_today, studied: Path
) -> None:
    folder = backup.folder_of(studied)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "No backup was made: ")
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: backup.content_of(studied).counts["reviews"] == 10)


async def test_a_learner_who_was_not_there_yet_is_not_left_behind(
    make_app, open_today, studied: Path
) -> None:
    app = make_app(who="Eva", new=True)
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: len(made(studied)) == 4)
        await open_page(pilot)
        await pilot.press("end", "enter")
        await shows(pilot, "B goes back.")
        await pilot.press("B")
        await tells(pilot, "In this backup there is no learner 'Eva' yet")
        assert backup.content_of(studied).counts["reviews"] == 9


async def test_the_next_day_has_one_too(make_app, open_today, studied: Path, clock: Clock) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: len(made(studied)) == 4)
        clock.forward(days=1)
        await pilot.press("C", "escape")
        await arrives(pilot, TodayScreen)
        await until(pilot, lambda: len(made(studied)) == 5)
