"""A deck that is called otherwise is as the learner wanted it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.store.engine import reading, writing
from studyapp.study import admission, exam, library, pause, retention
from studyapp.study.exam import Exam
from tests_support import Clock, chapter_of, question

NOTES = [question(name) for name in ("a", "b")]


def write(root: Path, deck: str, notes: list[str] = NOTES) -> None:
    head = f"---\npack: test\ndeck: {deck}\nkind: questionnaire\n---\n\n"
    (root / "deck.md").write_text(head + "\n\n".join(notes) + "\n")


def read(engine: Engine, clock: Clock, root: Path, deck: str, notes: list[str] = NOTES) -> int:
    """A pack that has one deck, and the deck's id."""
    write(root, deck, notes)
    with writing(engine) as connection:
        library.read_in(connection, root.parent / "none", clock.forward(days=1), learner=1)
    return chapter_of(engine, deck)


def told(engine: Engine, clock: Clock) -> tuple[object, ...]:
    """What the learner has said of all decks, by their ids."""
    with reading(engine) as connection:
        planned = exam.in_force(connection, study_day(clock()), learner=1)
        return (
            retention.own(connection, learner=1),
            pause.paused(connection, learner=1).keys(),
            planned.chapters if isinstance(planned, Exam) else None,
        )


def test_a_deck_that_is_renamed_keeps_what_the_learner_said_of_it(
    engine: Engine, clock: Clock, only_pack: Path
) -> None:
    dogs = read(engine, clock, only_pack, "Dogs")
    with writing(engine) as connection:
        library.start_chapter(connection, dogs, clock(), learner=1)
        retention.aim(connection, dogs, 0.97, clock(), learner=1)
        pause.pause(connection, dogs, clock(), learner=1)
        day = exam.read_day("2026-12-24")
        exam.plan(connection, day, Settings().minutes_a_day, [dogs], clock(), learner=1)
    perros = read(engine, clock, only_pack, "Perros", NOTES[:1])  # and has a note less
    assert perros != dogs
    with pytest.raises(StudyError, match=r"There is no deck 'Cats'; there is only Perros\."):
        chapter_of(engine, "Cats")
    own, held, about = told(engine, clock)
    assert (own[perros], held >= {perros}, about) == (0.97, True, {perros})
    with writing(engine) as connection:
        assert admission.is_started(connection, perros, learner=1)
        retention.aim(connection, perros, None, clock(), learner=1)
        pause.resume(connection, perros, clock(), learner=1)
    assert read(engine, clock, only_pack, "Dogs") == dogs  # back again, as it is by now
    own, held, about = told(engine, clock)
    assert (dogs in own, dogs in held, about) == (False, False, {dogs})


def test_a_deck_that_goes_into_another_takes_nothing_along(
    engine: Engine, clock: Clock, only_pack: Path
) -> None:
    dogs = read(engine, clock, only_pack, "Dogs")
    with writing(engine) as connection:
        retention.aim(connection, dogs, 0.97, clock(), learner=1)
    page = (only_pack / "2" / "questionnaire.md").read_text()
    (only_pack / "2" / "questionnaire.md").write_text("\n\n".join([page, *NOTES]))
    (only_pack / "deck.md").unlink()
    with writing(engine) as connection:
        library.read_in(connection, only_pack.parent / "none", clock(), learner=1)
    assert told(engine, clock)[0] == {dogs: 0.97}


def test_a_sync_tells_of_it(only_pack: Path) -> None:
    for deck, told in (("Dogs", ""), ("Perros", "Deck Dogs is deck Perros now")):
        write(only_pack, deck)
        done = CliRunner().invoke(main, ["sync"])
        assert told in done.output
        assert ("is deck" in done.output) is bool(told)
