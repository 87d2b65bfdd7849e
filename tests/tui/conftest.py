"""An app on a small pack, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studyapp.config import Settings
from studyapp.tui.app import StudyApp
from tests_support import Clock


@pytest.fixture
def make_app(tmp_path: Path, only_pack: Path, clock: Clock) -> Callable[..., StudyApp]:
    """Apps on one database; every call is another window on it."""

    def make(**options: object) -> StudyApp:
        settings = options.pop("settings", Settings())
        db = str(options.pop("db", tmp_path / "app.db"))
        assert isinstance(settings, Settings)
        return StudyApp(db, settings, clock=clock, **options)  # type: ignore[arg-type]

    return make


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the workers are done and everything is painted."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def opened(pilot: Pilot[None]) -> None:
    """Wait until Today is filled in, or says why it cannot be."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    for _ in range(1000):
        await pilot.pause(0.01)
        today = app.query_one_today()
        if app.failure or today._overview is not None:
            break
    await settled(pilot)


@pytest.fixture
def open_today() -> Callable[[Pilot[None]], object]:
    return opened


@pytest.fixture
def settle() -> Callable[[Pilot[None]], object]:
    return settled
