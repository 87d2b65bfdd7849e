"""No text gets at the terminal, whichever screen shows it and however it came into the database."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hostile import COUNTING, Texts, faults, poison, poison_lesson, seen, used, walk

from labpack import install
from screen import NARROW, lines
from studyapp.tui.app import StudyApp
from studyapp.tui.editor import edit
from tests_support import Clock


@pytest.mark.parametrize("name", ["-c.md", "a b; touch hit.md", "$(touch hit).md", "two\nlines.md"])
def test_a_file_of_any_name_reaches_the_editor_and_nothing_else(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, app = tmp_path / "editor.py", StudyApp(str(tmp_path / "app.db"))
    editor.write_text("import json, sys\nopen('given', 'w').write(json.dumps(sys.argv[1:]))")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.setattr(app, "suspend", nullcontext)
    edit(app, Path(name), 7)
    assert json.loads(Path("given").read_text()) == ["+7", str(tmp_path / name)]
    assert not list(tmp_path.glob("hit*"))


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
    assert found == {}
    assert {name.split(",")[0] for name in empty} <= COUNTING
