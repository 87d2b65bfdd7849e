"""What a learner sees of the app and waits for, whatever the machine is busy with."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.app import App, ScreenStackError
from textual.css import stylesheet
from textual.css.model import RuleSet
from textual.css.query import QueryError
from textual.driver import Driver
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

PATIENCE = 60.0  # seconds: a machine that is busy with other things is no failure
SIZES = NARROW, WIDE = (80, 24), (140, 40)
Where = Pilot[None] | App[None]


def app_of(where: Where) -> App[None]:
    return where.app if isinstance(where, Pilot) else where


def strips(where: Where) -> list[Strip]:
    """What is on the screen, line by line, the page behind a dialog with it: with the next two the
    one reach into Textual's own parts."""
    app = app_of(where)
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def paint_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the frames on the way to what a test waits for: without a terminal nobody sees
    them, and they are a fifth of its work. `settled` paints, and so does whoever looks."""
    paint = Compositor.render_update

    def render_update(
        self: Compositor,
        full: bool = False,
        screen_stack: list[Screen[Any]] | None = None,
        simplify: bool = False,
    ) -> object:
        if full:
            return paint(self, full, screen_stack, simplify)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", render_update)


def parse_styles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all apps of a theme share their style sheets, which each would parse for itself."""
    tokenize, parse = stylesheet.tokenize_values, stylesheet.parse
    variables: dict[tuple[tuple[str, str], ...], Any] = {}
    sheets: dict[tuple[object, ...], list[RuleSet]] = {}

    def tokenize_values(values: dict[str, str]) -> Any:
        key = tuple(values.items())
        if key not in variables:
            variables[key] = tokenize(values)
        return variables[key]

    def parse_once(*source: Any, variable_tokens: Any, **options: Any) -> list[RuleSet]:
        key = (
            *source,
            id(variable_tokens),
            *options.items(),
        )  # they are kept, so no id comes twice
        if key not in sheets:
            sheets[key] = list(parse(*source, variable_tokens=variable_tokens, **options))
        return sheets[key]

    monkeypatch.setattr(stylesheet, "tokenize_values", tokenize_values)
    monkeypatch.setattr(stylesheet, "parse", parse_once)


def press_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a pilot press a key once the one before it is through, as one who looks does. By itself
    it waits until the process is idle, which one that gets no processor seems to be: the next key
    is then one of the same piece, and a rating that nobody has seen the answer of is refused."""
    press = App._press_keys

    async def press_keys(self: App[None], keys: Iterable[str]) -> None:
        for key in keys:
            await press(self, [key])
            come, deadline = asyncio.Event(), monotonic() + PATIENCE
            if not self.call_later(come.set):  # it has closed
                return
            while self.is_running and (_has_keys(self) or not come.is_set()):
                assert monotonic() < deadline, f"the key {key} is never through"
                await asyncio.sleep(0.002)

    def send_message(self: Driver, message: Message) -> None:
        self._app.post_message(message)  # at once, so that what is posted next comes behind it

    monkeypatch.setattr(App, "_press_keys", press_keys)
    monkeypatch.setattr(Driver, "send_message", send_message)


def _has_keys(app: App[None]) -> bool:
    """Whether a key is under way or waits for one, which an app of ours knows."""
    return bool(getattr(app, "_under_way", None) or getattr(app, "_waiting", None))


def lines(where: Where) -> str:
    """What is on the screen, as text."""
    return "\n".join(strip.text for strip in strips(where))


def words(where: Where) -> str:
    """What is on the screen, on one line, so that a wrapped sentence is found."""
    return " ".join(lines(where).split())


def both(where: Where) -> str:
    """The screen as lines, and on one line: to paint it is much of what a test costs."""
    text = lines(where)
    return f"{text}\n{' '.join(text.split())}"


def told(where: Where) -> str:
    """What the app has told in passing, as far as `make_app` has made it."""
    return " ".join(one for one in getattr(app_of(where), "heard", ()) if one)


async def until(
    pilot: Pilot[None], condition: Callable[[], object], *, what: Callable[[], str] | str = ""
) -> None:
    """Wait for something in the app, and say what never came and what was there instead.

    *what* names it; without one the source of the condition does.
    """
    deadline = monotonic() + PATIENCE
    while not _holds(condition):
        if pilot.app.return_code or monotonic() > deadline:
            pytest.fail(_missed(pilot, condition, what), pytrace=True)
        await _breathe(pilot)


def _holds(condition: Callable[[], object]) -> object:
    try:
        return condition()
    except (AssertionError, QueryError, ScreenStackError):  # its screen has not come yet
        return False


async def _breathe(pilot: Pilot[None]) -> None:
    """Let the app do what it has to do, without a message to each of its widgets, by which a
    pilot's own pause waits for them."""
    await asyncio.sleep(0.02)
    if pilot.app.is_running and pilot.app.screen_stack:
        pilot.app.screen._on_timer_update()


def _missed(
    pilot: Pilot[None], condition: Callable[[], object], what: Callable[[], str] | str
) -> str:
    named = (what() if callable(what) else what) or inspect.getsource(condition).strip()
    heard = f"\ntold in passing: {told(pilot)}" if told(pilot) else ""
    if not pilot.app.is_running:
        return f"never came: {named}\nthe app has closed{heard}"
    return f"never came: {named}\non {pilot.app.screen}:\n{lines(pilot)}{heard}"


async def shows(pilot: Pilot[None], *texts: str) -> None:
    """Wait until all *texts* are on the screen; a line that wraps counts as one."""

    def missing() -> list[str]:
        seen = both(pilot)
        return [one for one in texts if one not in seen]

    await until(pilot, lambda: not missing(), what=lambda: f"the words {missing()}")


async def hides(pilot: Pilot[None], *texts: str) -> None:
    """Wait until everything is done and painted, and then until none of *texts* is there."""
    await settled(pilot)

    def left() -> list[str]:
        seen = both(pilot)
        return [one for one in texts if one in seen]

    await until(pilot, lambda: not left(), what=lambda: f"a screen without {left()}")


async def tells(pilot: Pilot[None], text: str, times: int | None = None) -> None:
    """Wait until the app has told *text* in passing, at least once or exactly so many times."""
    await until(
        pilot,
        lambda: (told(pilot).count(text) == times) if times else text in told(pilot),
        what=f"the words {text!r}, told in passing",
    )


async def arrives(pilot: Pilot[None], kind: type[Screen[Any]]) -> None:
    """Wait until a screen of this *kind* is on top, and painted."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind), what=f"a {kind.__name__}")
    await settled(pilot)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the keys are through and the workers done, those with them that others have
    started, and everything is painted. An experiment that is going on is not waited for.
    """

    def done() -> bool:
        workers = pilot.app.workers
        working = any(not one.is_finished and one.group != "run" for one in workers)
        return not (working or _has_keys(pilot.app))

    while pilot.app.is_running:
        await until(pilot, done)
        await pilot.pause()
        if done():
            break
    if pilot.app.is_running and pilot.app.screen_stack:
        strips(pilot)
