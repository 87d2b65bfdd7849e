"""Keys pressed at random, over all screens, and what each has written about a card."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic

from sqlalchemy import func, select
from textual.app import App
from textual.command import CommandPalette
from textual.events import Key
from textual.keys import key_to_character
from textual.message_pump import MessagePump

from recording import Recording
from studyapp.lab.catalog import Declaration
from studyapp.lab.protocol import Value
from studyapp.store import tables
from studyapp.tui.app import StudyApp
from studyapp.tui.keys import CHANGING, TABLE

TYPED = "aäzZ9 .\\$`[/"
OTHER = ("backspace", "delete", "tab", "ctrl+z", "ctrl+a", "ctrl+k", "ctrl+c", "f5", "ctrl+at")
KEYS: Sequence[str] = (
    *chain.from_iterable(key.keys.split(",") for key in TABLE.values()),
    *("enter", "space", "escape", "down") * 3,
    *map(str, TYPED),
    *OTHER,
)
IN_PALETTE = ("enter", "down", "b", "escape")  # or most keys would go into its field
# From Today, in turn.
LEADS = ("enter", "c", "C", "l", "slash", "enter", "a", "n", "f", "h", "J", "Q")
PATIENCE = 60.0  # seconds until a key that nobody has taken is a fault
TOLD = 5_000  # keys after which is said how far it is
STRAY = 60  # keys after which one is back on Today, so that no screen keeps them all

# A name of the table for each page, and for widgets with keys of their own that page's.
PLACES = {
    "TodayScreen": "today",
    "SummaryScreen": "end",
    "ReviewScreen": "review",
    "AttemptScreen": "attempt",
    "TallyScreen": "tally",
    "CompareScreen": "earlier",
    "TrackerScreen": "course",
    "SectionScreen": "section",
    "ChapterScreen": "chapter",
    "LabScreen": "lab",
    "LessonScreen": "experiment",
    "Explanation": "experiment",
    "Line": "experiment",
    "Knobs": "experiment",
    "HistoryScreen": "runs",
    "SourceScreen": "code",
    "TrialScreen": "trial",
    "FindScreen": "find",
    "NoteScreen": "note",
    "AsideScreen": "aside",
    "BackupsScreen": "backups",
    "ExamScreen": "exam",
    "StatisticsScreen": "statistics",
    "CustomScreen": "custom",
    "LeechScreen": "leech",
    "SplitScreen": "split",
    "NewScreen": "new",
    "DraftsScreen": "drafts",
    "ImportScreen": "import",
    "RewriteScreen": "rewrite",
}


@dataclass
class Pressed:
    """What came of it: keys by the screen that took them, entries of the log by action."""

    screens: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)  # the newest keys


class PressedApp(StudyApp):
    """An app that no key closes, and that opens nothing outside."""

    @property
    def is_at_rest(self) -> bool:
        """No key is under way or waits for one, nor does a worker but one that runs an
        experiment."""
        working = any(not one.is_finished and one.group != "run" for one in self.workers)
        return not (self._under_way or self._waiting or working)

    def exit(self, *_: object, **__: object) -> None:
        pass

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        pass

    def deliver_screenshot(self, *_: object, **__: object) -> None:
        pass


async def play(
    lesson: Declaration, knobs: Mapping[str, Value], *, reviews: bytes | None
) -> Recording:
    """In place of the runner's start."""
    return Recording(lesson, knobs)


async def press(app: PressedApp, number: int, seed: int) -> Pressed:
    """Post *number* keys to a running app whose database is open."""
    chance, found = random.Random(seed), Pressed()
    for count in range(number):
        if count and count % TOLD == 0:
            print(f"  {count:,} pressed, {len(found.faults)} faults", flush=True)
        if count % STRAY == 0:
            await _go_to_today(app, found)
            key = LEADS[count // STRAY % len(LEADS)]
        else:
            key = chance.choice(IN_PALETTE if _is_palette(app) else KEYS)
        await _press(app, key, found)
    return found


async def _press(app: PressedApp, key: str, found: Pressed) -> None:
    """Post a key, and take note of what it has written in the log of the cards."""
    where, action, before = type(app.screen).__name__, _action(app, key), _entries(app)
    may = action in CHANGING if _is_palette(app) else _may_change(app, action)
    await _take(app, key)
    found.screens[where] += 1
    found.trail = [*found.trail[-7:], f"{where} {key}"]
    if (written := _entries(app) - before) != 0:
        found.entries[action or "none"] += written
        if not may:
            wrote = f"{action or 'no action'} wrote {_newest(app)} in the log"
            found.faults.append(f"{wrote}, after {found.trail}")


def _may_change(app: PressedApp, action: str) -> bool:
    """Whether the table says that *action* may change a card on the page that is on top."""
    return PLACES.get(type(app.screen).__name__) in CHANGING.get(action, "").split()


def _is_palette(app: StudyApp) -> bool:
    return isinstance(app.screen, CommandPalette)


def _action(app: StudyApp, key: str) -> str:
    """The name in the table of what *key* does here; of the palette, what it lets choose."""
    if _is_palette(app):
        return "go_on" if key == "enter" else ""
    active = app.screen.active_bindings.get(key)
    return (active.binding.id or "") if active is not None and active.enabled else ""


def post(app: App[None], *keys: str) -> None:
    """Post keys, one right behind the other."""
    for key in keys:
        character = key_to_character(key)
        app.post_message(Key(key, character if character and character.isprintable() else None))


async def _take(app: PressedApp, key: str) -> None:
    """Post a key and wait until nothing that it set off is under way, so that what is written is
    not taken for the next key's: what a worker has done may lead to another."""
    post(app, key)
    await _pass_through(app)
    while not app.is_at_rest:
        while not app.is_at_rest:
            await asyncio.sleep(0.002)
        await _pass_through(app)


async def _pass_through(app: StudyApp) -> None:
    """Wait until all have had what is posted: the app, what has the focus and all around it, then
    the app again; twice, for what is done behind the letters yet to come."""
    for _ in range(2):
        inner = app.focused or app.screen
        around = [one for one in inner.ancestors_with_self if isinstance(one, MessagePump)]
        for pump in (app, *around, app):
            done = asyncio.Event()
            if pump.is_running and pump.call_later(done.set):
                await asyncio.wait_for(done.wait(), PATIENCE)


async def _go_to_today(app: PressedApp, found: Pressed) -> None:
    deadline = monotonic() + PATIENCE
    while app.screen is not app.today:
        if monotonic() > deadline:
            raise AssertionError(f"escape does not lead back from {app.screen}")
        await _press(app, "escape", found)
        await asyncio.sleep(0.002)  # an experiment is stopped by its worker


def _entries(app: StudyApp) -> int:
    """How many entries the log of the cards has."""
    assert app.desk is not None
    with app.desk.reading() as connection:
        return sum(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (tables.review, tables.event)
        )


def _newest(app: StudyApp) -> list[str]:
    """What was written last in either log."""
    assert app.desk is not None
    with app.desk.reading() as connection:
        rows = [
            connection.execute(select(table).order_by(table.c.id.desc()).limit(1)).first()
            for table in (tables.review, tables.event)
        ]
    return [str(row._mapping) for row in rows if row is not None]
