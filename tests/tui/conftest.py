"""An app on a small pack, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from pictures import Pictures
from screen import (
    PATIENCE,
    paint_what_is_seen,
    parse_styles_once,
    press_one_by_one,
    settled,
    until,
)
from studyapp.config import Settings
from studyapp.tui.app import StudyApp
from tests_support import Clock


class HeardApp(StudyApp):
    """An app that remembers what it has told, however soon a key takes it away."""

    heard: tuple[str, ...] = ()

    def notify(self, message: str, **options: object) -> None:
        self.heard = (*self.heard, message)
        super().notify(message, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session", autouse=True)
def cheap_screens() -> Iterator[None]:
    """Do once, or not at all, what each app does anew and no test looks at; keys come singly."""
    with pytest.MonkeyPatch.context() as patch:
        press_one_by_one(patch)
        paint_what_is_seen(patch)
        parse_styles_once(patch)
        yield


@pytest.fixture
def make_app(
    tmp_path: Path, only_pack: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., StudyApp]:
    """Apps on one database; every call is another window on it.

    No key counts as held down, nor as one of a word: a machine presses them as fast as it can. And
    none is passed by the next, however long a busy one takes for it.
    """
    monkeypatch.setattr("studyapp.tui.app._LONGEST", PATIENCE / 4)
    monkeypatch.setattr("studyapp.tui.app.HELD", 0.0)
    monkeypatch.setattr("studyapp.tui.app.BURST", 0.0)

    def make(**options: object) -> StudyApp:
        settings = options.pop("settings", Settings())
        db = str(options.pop("db", tmp_path / "app.db"))
        assert isinstance(settings, Settings)
        return HeardApp(db, settings, clock=clock, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def pictures(snapshot: SnapshotAssertion, request: pytest.FixtureRequest) -> Pictures:
    """Compare what a running app shows with what is kept of it."""
    return Pictures(snapshot, request)


async def opened(pilot: Pilot[None]) -> None:
    """Wait until the database is open, or the app says why it cannot be, and all is painted."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    await until(pilot, lambda: app.desk is not None or app.failure)
    await settled(pilot)


@pytest.fixture
def open_today() -> Callable[[Pilot[None]], Awaitable[None]]:
    return opened


@pytest.fixture
def settle() -> Callable[[Pilot[None]], Awaitable[None]]:
    return settled
