"""Chapters of several packs: each is asked for by its name, and is as if it were alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.store import sync
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import aside, library, today, tracker
from studyapp.study.grading import Grade
from studyapp.study.plan import due
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.chapter import view
from studyapp.study.sitting import Sitting
from tests_support import Clock, chapter_of, desk_of, question, questionnaire

ROOMY = Settings(minutes_a_day=600, new_a_day=99)
Open = Callable[..., Engine]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Open]:
    """Opens a database with packs that all have the chapters 1 and 2, called the same."""
    engines: list[Engine] = []

    def opened(*packs: str) -> Engine:
        for pack in packs:
            root = tmp_path / pack
            root.mkdir(exist_ok=True)
            for number in (1, 2):
                notes = [question(f"{pack}{number}{n}", chapter=number) for n in range(4)]
                text = questionnaire(*notes, chapter=number, pack=pack)
                (root / f"{number}.md").write_text(text)
                prose = questionnaire(f"## {number}.1 Of {pack}", chapter=number, pack=pack)
                (root / f"{number}r.md").write_text(prose.replace("questionnaire", "reading"))
        engines.append(open_database(str(tmp_path / f"{len(engines)}.db")))
        with writing(engines[-1]) as connection:
            sync.sync(connection, [tmp_path / pack for pack in packs], Clock()())
        return engines[-1]

    yield opened
    for engine in engines:
        engine.dispose()


def act(engine: Engine, clock: Clock, pack: str, draw: random.Random) -> None:
    """Something that a learner does with one chapter of a pack."""
    chapter_id = chapter_of(engine, f"{pack}:{draw.choice((1, 2))}")
    desk, what = desk_of(engine, clock, ROOMY), draw.choice(("start", "stop", "rate", "ask"))
    rating, grade = draw.choice(list(Rating)), draw.choice((Grade.GOT, Grade.MISSED))
    suspends = draw.random() < 0.3
    if what == "start":
        with desk.writing() as connection:
            library.start_chapter(connection, chapter_id, clock(), learner=1)
    elif what == "stop":
        with desk.writing() as connection:
            tracker.stop_chapter(connection, chapter_id, now=clock(), learner=1)
    elif what == "ask":
        Attempt(desk, chapter_id).grade(grade)
    else:
        sitting = Sitting(desk, due(chapter_id))
        if sitting.view is not None and suspends:
            sitting.suspend()
        elif sitting.view is not None:
            sitting.rate(rating)


def shown(engine: Engine, clock: Clock, pack: str) -> list[object]:
    """All that is shown of the chapters of one pack, but for their ids and their names."""
    seen: list[object] = []
    chapters = [chapter_of(engine, f"{pack}:{number}") for number in (1, 2)]
    with reading(engine) as connection:
        rows = today.overview(connection, clock(), ROOMY, learner=1).chapters
        course = tracker.read_course(connection, learner=1)
        out = aside.read(connection, clock(), leech_lapses=8, learner=1)
        told = today.due(connection, clock(), ROOMY, learner=1)["chapters"]
        for one in chapters:
            row = next(row for row in rows if row.id == one)
            seen.append((row.started, row.counts, row.waiting, row.introduced, row.cards))
            found = next(it for it in course.chapters if it.id == one)
            seen.append(
                (found.started, found.cards, [(it.number, it.cards) for it in found.sections])
            )
            asked = view(connection, one, clock(), learner=1)
            seen.append((asked.started, asked.questions, [it.grades for it in asked.attempts]))
            assert asked.outlook is not None
            seen.append((asked.outlook.now.questions, asked.outlook.now.introduced))
    seen.append([(one.prompt, one.told(clock(), {})) for one in out if one.pack == pack])
    seen.append(
        [(row["chapter"], row["new"], row["review"]) for row in told if row["pack"] == pack]
    )
    for one in chapters:
        sitting = Sitting(desk_of(engine, clock, ROOMY), due(one))
        seen.append((sitting.counts, sitting.view and sitting.view.note.id))
        seen.append([it.note.id for it in Attempt(desk_of(engine, clock, ROOMY), one).questions])
    return seen


@pytest.mark.parametrize("seed", range(2))
def test_a_chapter_is_as_if_no_other_pack_had_one_of_its_number(seed: int, world: Open) -> None:
    draw, clock = random.Random(seed), Clock()
    alone, both = world("beta"), world("alpha", "beta", "gamma")
    for _ in range(4):
        for _ in range(3):
            same = draw.random()
            act(alone, clock, "beta", random.Random(same))
            act(both, clock, "beta", random.Random(same))
            act(both, clock, draw.choice(("alpha", "gamma")), draw)
        assert shown(both, clock, "beta") == shown(alone, clock, "beta")
        clock.forward(hours=draw.choice((1, 30)))


def test_a_chapter_goes_by_its_number_until_two_packs_have_it(world: Open) -> None:
    alone, both = world("beta"), world("alpha", "beta")
    assert chapter_of(alone, "2") == chapter_of(alone, "beta:2")
    with pytest.raises(
        StudyError, match=r"^Several packs have a chapter 2: say alpha:2 or beta:2\.$"
    ):
        chapter_of(both, "2")
    assert chapter_of(both, "alpha:2") != chapter_of(both, "beta:2")
    with pytest.raises(StudyError, match=r"no chapter 7 in the pack beta; the nearest is 2, Chapt"):
        chapter_of(both, "beta:7")
    with pytest.raises(StudyError, match="There is no deck 'delta:1', nor any other"):
        chapter_of(both, "delta:1")
    assert chapter_of(alone, " 02 ") == chapter_of(alone, "2")
    for several in ("1,2", "1-3", "-1", "1.5", "9" * 5000):
        with pytest.raises(StudyError, match=rf"no chapter '{several}'; give each by its own numb"):
            chapter_of(both, several)


def test_only_what_could_be_mistaken_names_its_pack(world: Open, tmp_path: Path) -> None:
    both, clock = world("alpha", "beta"), Clock()
    (tmp_path / "alpha" / "3.md").write_text(
        questionnaire(question("a3", chapter=3), chapter=3, pack="alpha")
    )
    with writing(both) as connection:
        sync.sync(connection, [tmp_path / "alpha", tmp_path / "beta"], clock())
    with reading(both) as connection:
        rows = today.overview(connection, clock(), ROOMY, learner=1).chapters
        parts = tracker.read_course(connection, learner=1).parts
    assert [row.name for row in rows] == [
        "chapter 1 of alpha",
        "chapter 2 of alpha",
        "chapter 3",
        "chapter 1 of beta",
        "chapter 2 of beta",
    ]
    assert [row.label for row in rows][1:3] == ["alpha: Chapter 2", "Chapter 3"]
    assert [len(part.chapters) for part in parts] == [3, 2]  # though both are called the same
    for path in (tmp_path / "beta").iterdir():
        path.unlink()
    with writing(both) as connection:
        sync.sync(connection, [tmp_path / "alpha", tmp_path / "beta"], clock())
    assert chapter_of(both, "1") == rows[0].id  # nothing of the other one is there any more


def test_a_note_of_ones_own_stays_in_the_chapter_that_its_pack_has(
    world: Open, tmp_path: Path
) -> None:
    """Own notes and further packs that name the same pack extend its chapter; it is one."""
    both, clock = world("alpha", "beta"), Clock()
    for folder, name in (("mine", "own"), ("more", "extra")):
        (tmp_path / folder).mkdir()
        text = questionnaire(question(name), pack="beta")
        (tmp_path / folder / "own.md").write_text(text)
    roots = [tmp_path / name for name in ("alpha", "beta", "more")]
    with writing(both) as connection:
        sync.sync(connection, roots, clock(), own=[tmp_path / "mine"], whose=1)
    asked = Attempt(desk_of(both, clock), chapter_of(both, "beta:1")).questions
    assert [one.note.id for one in asked] == [
        "beta10",
        "beta11",
        "beta12",
        "beta13",
        "own",
        "extra",
    ]
    assert len(Attempt(desk_of(both, clock), chapter_of(both, "alpha:1")).questions) == 4
