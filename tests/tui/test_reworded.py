"""Notes that an upgrade has changed: one line on Today, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from pictures import Pictures
from screen import NARROW, arrives, hides, settled, shows
from studyapp.config import Settings
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.reworded import RewordedScreen
from studyapp.tui.screens.today import TodayScreen

LINE = "1 note changed by an upgrade"


async def seen_on_today(pilot: Pilot[None]) -> None:
    """All is read and told: the next start is another one."""
    await arrives(pilot, TodayScreen)
    await shows(pilot, "Course", "Experiments")
    await settled(pilot)


@pytest.fixture
def upgraded(make_app, open_today, content: Path):
    """Learn a term, then have its meaning and that of another one changed."""

    async def upgrade() -> None:
        app = make_app(settings=Settings(new_a_day=1))
        async with app.run_test(size=NARROW) as pilot:
            await open_today(pilot)
            await hides(pilot, "changed by an upgrade")
            await pilot.press("enter", "enter", "3")
            await settled(pilot)
        path = content / "1" / "jargon.md"
        text = path.read_text()
        for number in (0, 1):
            text = text.replace(f"Meaning number {number}.", f"It means {number} now, they say.")
        path.write_text(text)

    return upgrade


async def test_what_an_upgrade_has_changed_is_one_key_away(
    make_app, open_today, upgraded, pictures: Pictures
) -> None:
    await upgraded()
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, LINE, "Term 0")
        await pilot.press("V")
        await arrives(pilot, RewordedScreen)
        await shows(pilot, "Changed since you met them", "1 note", "Term 0", "chapter 1")
        await hides(pilot, "Term 1")
        await pictures(pilot, sizes=(NARROW, (60, 20)))
        await pilot.press("enter")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "It means 0 now, they say.")
        await pilot.press("escape", "escape")
        await seen_on_today(pilot)
        await hides(pilot, LINE)


async def test_it_is_told_once(make_app, open_today, upgraded) -> None:
    await upgraded()
    app = make_app(review=True)
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, "What does Term 1 mean?")  # over Today, which nobody has seen
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, LINE)
        await pilot.press("C", "escape")
        await seen_on_today(pilot)
        await shows(pilot, LINE)  # until it was looked at, or the app is left
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await seen_on_today(pilot)
        await hides(pilot, LINE)
