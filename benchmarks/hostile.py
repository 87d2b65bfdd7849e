"""Hostile texts through the sanitiser, and on every screen.

    python benchmarks/hostile.py [TEXTS] [ON_EACH_SCREEN]

Of TEXTS none may keep a character that steers a terminal, change when it is cleaned twice, or grow.
Every screen that shows content is gone past until it has shown ON_EACH_SCREEN of them, at 80 by 24:
what the terminal gets may hold no such character, and each line has its width. The attacks and the
walk are those of the tests.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from hostile import COUNTING, Texts, faults, poison, poison_lesson, seen, text, trouble, used, walk

from labpack import install
from screen import NARROW, lines, settled, until
from studyapp.config import Settings
from studyapp.errors import printable
from studyapp.study import library
from studyapp.tui.app import StudyApp
from tests_support import Clock, question, questionnaire

WALKS = 5  # with one app


def sanitised(count: int) -> str:
    draw, signs, bad, spent = random.Random(13), 0, 0, 0.0
    for _ in range(count):
        given = text(draw)
        begun = perf_counter()
        clean = printable(given)
        spent += perf_counter() - begun
        signs += len(given)
        bad += bool(trouble(clean)) or printable(clean) != clean or len(clean) > len(given)
    return f"{count:,} texts ({signs:,} characters in {spent:.2f} s): {bad} not clean"


async def gone_past(folder: Path, seed: int, each: int, shown: dict[str, set[str]]) -> list[str]:
    """Some walks past the screens that have not shown enough; returns what was wrong."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CONFIG", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / name))
        content = folder / "content"
        content.mkdir()
        (content / "questionnaire.md").write_text(
            questionnaire(*(question(f"q{number}") for number in range(12)))
        )
        (content / "reading.md").write_text(
            questionnaire("## 1.1 The only section\n\nProse.").replace("questionnaire", "reading")
        )
        patch.setattr(library, "installed_roots", lambda: [content])
        package, clock, texts = install(folder, patch, "probe"), Clock(), Texts(seed)
        path = used(folder, clock)
        code = (package / "probe.py").read_text()
        app, wrong = StudyApp(str(path), Settings(), clock=clock), list[str]()
        async with app.run_test(size=NARROW) as pilot:
            await until(pilot, lambda: app.desk is not None or app.failure)
            for _ in range(WALKS):
                poison(path, texts)
                (package / "probe.py").write_text(code)
                poison_lesson(package / "probe.py", texts)
                enough = [name for name, of in shown.items() if len(of) >= each]
                async for name in walk(pilot, texts, but=enough):
                    shown[name.partition(",")[0]] |= {f"{seed} {one}" for one in seen(lines(pilot))}
                    wrong += [f"{name}: {fault}" for fault in faults(pilot)]
            await settled(pilot)
        return wrong


def main(count: int = 20_000, each: int = 200) -> None:
    print(sanitised(count))
    shown: dict[str, set[str]] = defaultdict(set)
    wrong, seed = list[str](), 0
    while not shown or min(len(of) for name, of in shown.items() if name not in COUNTING) < each:
        seed += 1
        with tempfile.TemporaryDirectory() as folder:
            wrong += asyncio.run(gone_past(Path(folder), seed, each, shown))
        print(seed, min((len(of), name) for name, of in shown.items()), file=sys.stderr)
    for name, of in shown.items():
        print(f"{name}: {len(of)} texts")
    print(
        f"{seed * WALKS} walks past {len(shown)} screens: {len(wrong)} faults",
        *wrong[:20],
        sep="\n",
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
