"""No text gets at the terminal, whichever screen shows it and however it came into the database."""

from __future__ import annotations

from pathlib import Path

from hostile import Texts, faults, poison, poison_lesson, seen, used, walk

from labpack import install
from screen import NARROW, lines
from tests_support import Clock


async def test_every_screen_with_every_kind_of_attack(
    make_app, open_today, only_pack: Path, tmp_path: Path, clock: Clock, monkeypatch
) -> None:
    package = install(tmp_path, monkeypatch, "probe")
    path, texts = used(tmp_path, clock), Texts()
    poison(path, texts)
    poison_lesson(package / "probe.py", texts)
    app = make_app(db=str(path))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        found, empty = {}, set()
        async for name in walk(pilot, texts):
            if bad := list(faults(pilot)):
                found[name] = bad
            if not seen(lines(pilot)):
                empty.add(name)
    assert (found, empty) == ({}, {"summary"})  # which counts, and names nothing here
