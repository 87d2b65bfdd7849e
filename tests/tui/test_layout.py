"""Every screen on one column, at any size, with no word cut, and its choice seen without colour."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Awaitable, Callable, Iterator
from itertools import count, pairwise
from pathlib import Path
from weakref import ReferenceType, ref

import pytest
from hostile import pages, used
from textual import _time
from textual.pilot import Pilot
from textual.widgets import Static

from labpack import install, write_reference
from screen import PATIENCE, hides, lines, settled, shows, strips, until
from studyapp.tui.app import StudyApp
from studyapp.tui.screens import page
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock

SIZES = ((60, 20), (200, 60))
WORD = re.compile(r"\w+")
LONG = "Collaborative filtering, embeddings and whatever recommends something to somebody"
WALKS = (  # one that goes on from the one before does so from where that has led
    "",
    "enter",
    "enter enter x",
    "enter enter x 1 enter 3 escape",
    "slash c o l",
    "slash c o l enter",
    "n W tab S",
    "C",
    "C enter",
    "C enter t M",
    "enter minus at escape a",
    "l",
    "l enter",
    "l enter s",
    "l enter H",
    "l enter v",
    "l down enter",
    "c",
    "c enter",
    "c enter L",
    "c enter t I ctrl+s 3",
    "c enter escape d",
)


@pytest.fixture
def app(make_app, only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyApp:
    """An app whose titles and questions are too long for a line."""
    for path in only_pack.rglob("*.md"):
        text = re.sub(r"(title: |# \d\.\d )", rf"\1{LONG} ", path.read_text())
        path.write_text(re.sub(r"^## What is ", f"## {LONG}: what is ", text, flags=re.MULTILINE))
    write_reference(install(tmp_path, monkeypatch, "probe", "amount"), "probe")
    return make_app()


async def walk(pilot: Pilot[None], keys: str, before: str) -> None:
    """Press *keys*, beginning on Today, or where *before* has led if that is how they begin."""
    if before and keys.startswith(f"{before} "):
        keys = keys.removeprefix(before)
    while keys and keys[0] != " " and not isinstance(pilot.app.screen, TodayScreen):
        await pilot.press("escape")
        await settled(pilot)
    for key in keys.split():
        await pilot.press(key)
        await settled(pilot)


def column(text: str) -> tuple[int, int]:
    """Where the line below the title begins and ends."""
    rule = next(line for line in text.splitlines() if set(line.strip()) == {"─"})
    return len(rule) - len(rule.lstrip()), len(rule.rstrip())


def faults(text: str, whole: str, width: int) -> Iterator[str]:
    """What is wrong with a screen of this *width*, whose words are all in *whole*."""
    left, right = column(text)
    if abs(left - (width - right)) > 1:
        yield f"its column, {left} to {right}, is not in the middle"
    for line in text.splitlines():
        if line[:left].strip() or line[right:].strip():
            yield f"beside the column {left} to {right}: {line!r}"
    # What sums up where there is little room, and says that help has what a footer left out.
    known = {*WORD.findall(whole), "defaults", "more"}
    yield from (f"a word is cut: {word}" for word in WORD.findall(text) if word not in known)
    yield from (f"a word is cut: {found}" for found in re.findall(r"\S+\w…", text))


async def test_each_screen_stands_on_one_column_and_cuts_no_word(
    app: StudyApp, open_today: Callable[[Pilot[None]], Awaitable[None]]
) -> None:
    found = []
    async with app.run_test(size=SIZES[0]) as pilot:
        await open_today(pilot)
        for before, keys in pairwise(("", *WALKS)):
            await walk(pilot, keys, before)
            shown = {}
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await until(pilot, lambda size=size: pilot.app.screen.size == size)
                await settled(pilot)
                shown[size] = lines(pilot)
            for (width, height), text in shown.items():
                for fault in faults(text, shown[SIZES[-1]], width):
                    found.append(f"{keys} at {width}×{height}: {fault}")
    assert "\n".join(found) == ""


ENDS = (
    *("", "slash t e r m enter", "enter minus at escape a", "l", "l enter v", "c", "C", "C enter"),
    *("percent_sign", "b", "a enter", "a H"),
)


async def test_the_keys_to_both_ends_lead_there(app: StudyApp, open_today) -> None:
    """Behind each of them a page further changes nothing."""
    found = []
    async with app.run_test(size=(60, 14)) as pilot:
        await open_today(pilot)
        for before, keys in pairwise(("", *ENDS)):
            await walk(pilot, keys, before)
            if "home" not in app.screen.active_bindings:
                continue
            seen = []
            for key in ("home", "pageup", "end", "pagedown", "home"):
                await pilot.press(key)
                await settled(pilot)
                seen.append(lines(pilot))
            first, above, last, below, again = seen
            if not (first == above == again and last == below):
                found.append(f"{keys}\n" + "\n".join(seen))
    assert "\n".join(found) == ""


@pytest.fixture
def no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.usefixtures("no_colour")
@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ("", "Start with your first cards"),
        ("C", "1.1"),
        ("l down", "Does longer training help?"),
        ("slash c o l down", "q01?"),
        ("enter minus at escape a", "suspended"),
        ("slash t e r m enter", "term → meaning"),
        ("c down", "Begin it as a pretest"),
        ("c enter L down", "2"),
        ("ctrl+p", "Backups"),
    ],
)
async def test_the_chosen_line_is_seen_without_colour(
    app: StudyApp,
    open_today: Callable[[Pilot[None]], Awaitable[None]],
    keys: str,
    chosen: str,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await walk(pilot, keys, "")
        await until(pilot, lambda: chosen in marked(pilot), what=f"{chosen!r}, marked")


def marked(pilot: Pilot[None]) -> str:
    """What is underlined, or has letters and ground changed over."""
    segments = [one for strip in strips(pilot) for one in strip if one.style]
    return "".join(one.text for one in segments if one.style.underline or one.style.reverse)


async def test_the_chosen_line_stays_in_sight_in_a_low_window(app: StudyApp, open_today) -> None:
    async with app.run_test(size=(60, 14)) as pilot:
        await open_today(pilot)
        await hides(pilot, "Write a card of your own")
        await walk(pilot, "down " * 6, "")
        await shows(pilot, "Write a card of your own")
        await hides(pilot, "Welcome")
        await walk(pilot, "up " * 6, "")
        await shows(pilot, "Start with your first cards")


async def test_the_first_frame_of_a_page_is_the_right_one_and_nothing_stays_of_it(
    make_app, open_today, only_pack: Path, tmp_path: Path, clock: Clock, monkeypatch
) -> None:
    """All but the footer, which waits for the focus, and the thumb of a bar. Once a page is left,
    what it has painted is, too, which would be most of the memory."""
    frames: list[tuple[object, list[str]]] = []
    left: dict[str, list[ReferenceType[object]]] = {}

    def keep(app: StudyApp) -> None:
        if app.screen_stack and all(app.screen is not screen for screen, _ in frames):
            frames.append((app.screen, painted(app)))

    def painted(app: StudyApp) -> list[str]:
        return re.sub("[▁-▇]", " ", lines(app)).splitlines()[:-1]

    async def look(name: str) -> None:
        await settled(pilot)
        first = next(shown for screen, shown in frames if screen is app.screen)
        if first != (last := painted(app)):
            wrong[name] = [one for one in zip(first, last, strict=True) if one[0] != one[1]]
        left[name] = [ref(one._styles_cache) for one in app.screen.query("*")]
        app.pop_screen()
        frames.clear()

    def stays() -> list[str]:
        gc.collect()
        return [name for name, caches in left.items() if any(one() for one in caches)]

    monkeypatch.setattr(StudyApp, "post_display_hook", keep)
    soon = PATIENCE / 4  # however busy the machine is; until it is over the loop knows the page
    monkeypatch.setattr(page, "SOON", soon)
    install(tmp_path, monkeypatch, "probe")
    wrong, app = {}, make_app(db=str(used(tmp_path, clock)))
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        for name, place, _ in pages(app.desk):
            app.open(place)
            await look(name)
        await asyncio.sleep(soon)
        await until(pilot, lambda: not stays())
        await pilot.press("question_mark")
        await look("help")
    assert wrong == {}


async def test_the_ratings_are_near_the_answer_and_stay_where_they_are(
    make_app, open_today
) -> None:
    def rule(pilot: Pilot[None]) -> int:
        """The line above the ratings."""
        return [set(line.strip()) for line in lines(pilot).splitlines()].index({"─"}, 3)

    async with make_app().run_test(size=(200, 60)) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "1 of 10")
        place = rule(pilot)
        assert place < 30
        await pilot.press("t", "a", "enter", "b", "enter", "c")
        await settled(pilot)
        assert rule(pilot) == place
        await pilot.press("ctrl+s")
        await shows(pilot, "1 again")
        assert rule(pilot) == place
        assert "1 again" in lines(pilot).splitlines()[place + 1]


@pytest.mark.parametrize("then", ["one", "one\ntwo"])
async def test_a_text_set_anew_around_a_layout_is_as_high_as_it_is_now(app: StudyApp, then) -> None:
    async with app.run_test(size=(40, 20)) as pilot:
        text, beside = Static("one"), Static("")
        await app.screen.mount(text, beside)
        await settled(pilot)
        text.update("one\ntwo\nthree")
        beside.update("a line")
        beside._check_refresh()  # its idle moment comes before that of the text
        app.screen._refresh_layout()
        text.update(then)
        await settled(pilot)
        await until(pilot, lambda: text.size.height == len(then.splitlines()))


async def test_what_is_to_come_once_comes_however_busy_the_machine_is(
    app: StudyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks at the clock there are 20 ms, more than any of these delays."""
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        came, looks = list[str](), count()
        with monkeypatch.context() as patch:
            patch.setattr(_time, "get_time", lambda: next(looks) / 50)
            app.set_timer(1 / 120, lambda: came.append("app"))
            app.screen.set_timer(1 / 120, lambda: came.append("page"))
            await pilot.resize_terminal(120, 40)
            await until(pilot, lambda: app.screen.size == (120, 40))
            await until(pilot, lambda: sorted(came) == ["app", "page"])
