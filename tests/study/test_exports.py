"""What a learner has here goes out whole: notes of every style, how their cards stand, the log."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.notes import formats
from studyapp.notes.foreign import Foreign, Moment, Stage
from studyapp.notes.note import CardStyle
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import dates, exports, review, reviewlog
from studyapp.study.exports import Outgoing
from studyapp.study.fit import files
from studyapp.study.sitting import Sitting
from tests_support import Clock, chapter_of, desk_of, questionnaire

MIXED = """
## What is it? {#plain}

It is ![a dog](dog.png "Rex"), see [more](fact:overfit.gap) and ![none](../../secret.png "no").

- [ ] one point
- [ ] extra: another

<!-- section: 3.1, family: f, tags: one two, as-of: 2026 -->
<!-- source: Somebody 2020 -->

<!-- variant -->

### What is it in another case?

That.

- [ ] that

## Which ones? {#items}

Those.

- [ ] a first {#i-one}
- [ ] a second {#i-two}

<!-- card: items -->

## In which order? {#order}

1. this
2. that

- [ ] this
- [ ] that

<!-- card: order -->

## Which is hidden? {#cloze}

The ==sum=={#s} of ==two=={#t}.

- [ ] added up

<!-- card: cloze -->

## Both? {#both}

Each.

<!-- card: both -->

## Do it {#do}

Now.

<!-- card: do -->
"""


def told(done: int, of: int) -> None:
    """Nobody looks on."""


@pytest.fixture
def mixed(engine: Engine, content: Path, clock: Clock) -> Engine:
    """A third chapter with a note of every style, and a picture beside it."""
    (content / "3").mkdir()
    (content / "3" / "dog.png").write_bytes(b"\x89PNG")
    (content.parent / "secret.png").write_bytes(b"secret")
    (content / "3" / "questionnaire.md").write_text(questionnaire(MIXED, chapter=3))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    return engine


def collect(engine: Engine, clock: Clock, *names: str) -> Outgoing:
    chapters = [chapter_of(engine, name) for name in names]
    with reading(engine) as connection:
        return exports.collect(connection, chapters, clock(), learner=1)


def test_each_style_is_asked_as_other_programs_ask(mixed: Engine, clock: Clock) -> None:
    made = collect(mixed, clock, "3")
    plain, items, order, cloze, both = made.foreign.notes
    assert plain.answer == (
        'It is ![a dog](media/dog.png "Rex"), see more and ![none](../../secret.png "no").\n\n'
        "- one point\n- extra: another\n\nAs of 2026."
    )
    assert (plain.deck, plain.tags) == (("test", "03 Chapter 3"), ("one", "two"))
    assert (items.card, items.question) == (CardStyle.CLOZE, "Which ones?")
    assert items.answer == "- ==a first=={#i-one}\n- ==a second=={#i-two}\n\n---\n\nThose."
    assert cloze.answer == "The ==sum=={#s} of ==two=={#t}.\n\n---\n\n- added up"
    assert (order.card, order.question) == (CardStyle.ANSWER, "In which order?")
    assert (cloze.card, cloze.question) == (CardStyle.CLOZE, "Which is hidden?")
    assert (both.card, both.question, both.answer) == (CardStyle.BOTH, "Both?", "Each.")
    assert [(one.name, one.read()) for one in made.foreign.media] == [("dog.png", b"\x89PNG")]
    assert {told: count for told, count in made.lost.items() if count} == {
        ("task", "left out, as it has no card"): 1,
        ("variant", "left out"): 1,
        ("link", "to an experiment, written as its words"): 1,
        ("link", "to a file that is not in the pack, or too large"): 1,
        ("list", "to be put in order, asked for as a whole"): 1,
        ("note", "of points, which are hidden texts there"): 1,
        ("note", "with a section, a family or a depth, which stay here"): 1,
        ("note", "with points, which are a list in the answer"): 3,
        ("note", "with sources, which stay here"): 1,
    }


def test_terms_are_asked_both_ways(engine: Engine, clock: Clock) -> None:
    terms = [one for one in collect(engine, clock, "1").foreign.notes if "Term" in one.question]
    assert [(one.card, one.question, one.answer) for one in terms] == [
        (CardStyle.BOTH, f"Term {n}", f"Meaning number {n}.") for n in range(3)
    ]


def studied(engine: Engine, clock: Clock) -> list[str]:
    """Rate, suspend and bury cards; what they ask."""
    sitting, asked = Sitting(desk_of(engine, clock, Settings())), list[str]()

    def front() -> str:
        assert sitting.view is not None
        return sitting.view.note.question

    asked.append(front())
    clock.forward(seconds=5)
    sitting.rate(Rating.EASY)
    asked.append(front())
    sitting.suspend()
    asked.append(front())
    sitting.bury()
    asked.append(front())
    clock.forward(seconds=5)
    sitting.rate(Rating.AGAIN)
    clock.forward(days=30)
    with writing(engine) as connection:
        card = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.prompt == asked[0])
        ).first()
        assert card is not None
        seen = read_memory(connection, card, learner=1).last_review
        took = timedelta(seconds=7)
        review.answer(connection, card, seen, Rating.GOOD, clock(), duration=took, learner=1)
    return asked


def test_cards_stand_in_a_package_as_they_do_here(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    asked = studied(engine, clock)
    made = collect(engine, clock, "1")
    path = tmp_path / "x.apkg"
    exports.save(path, "anki", made, clock(), told)
    found = formats.read(path)[1]
    assert found.notes == made.foreign.notes
    assert found.reviews == made.foreign.reviews
    guids = {note.question: note.guid for note in found.notes}
    known = {(one.guid, one.side): one for one in found.schedules}
    first, suspended, buried, again = (known[guids[one], "answer"] for one in asked)
    today = clock().date()
    assert (first.stage, first.last, first.reps) == (Stage.REVIEW, today, 2)
    assert first.due == today + timedelta(first.interval) > today + timedelta(30)
    assert suspended.suspended
    assert again.stage is Stage.LEARNING
    assert not buried.buried  # thirty days ago
    assert [(one.rating, one.kind) for one in found.reviews] == [
        (4, Moment.LEARNING),
        (1, Moment.LEARNING),
        (3, Moment.REVIEW),
    ]
    assert found.reviews[2].duration == timedelta(seconds=7)


def test_a_reworded_note_keeps_its_guid(engine: Engine, content: Path, clock: Clock) -> None:
    before = {one.guid for one in collect(engine, clock, "2").foreign.notes}
    path = content / "2" / "questionnaire.md"
    path.write_text(path.read_text().replace("## ", "## Tell me: "))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    made = collect(engine, clock, "2")
    assert {one.guid for one in made.foreign.notes} == before
    assert all(one.question.startswith("Tell me: ") for one in made.foreign.notes)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_log_is_what_a_fit_reads(
    engine: Engine, clock: Clock, tmp_path: Path, form: str
) -> None:
    studied(engine, clock)
    path = tmp_path / f"log.{form}"
    for _ in range(2):  # it may be written anew
        with reading(engine) as connection:
            kept = reviewlog.save(connection, path, form, [1, 2], told, learner=1)
    assert kept == (3, 0)
    found = files.read(path, clock()).reviews
    today = clock().date().toordinal()
    assert found.rating.tolist() == [4, 1, 3]
    assert found.day.tolist() == [today - 30, today - 30, today]
    assert found.card.tolist() == [0, 1, 0]


def test_a_log_that_a_wrong_clock_has_written_is_told_as_it_was_put_right(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    """Whoever reads it goes by the instants, or by the study days: both say the same."""
    path, today = tmp_path / "log.csv", clock().date()
    with writing(engine) as connection:
        review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
        wrong = clock() + timedelta(days=400, hours=1)
        review.answer(connection, 2, None, Rating.EASY, wrong, learner=1)
        dates.redate_all(connection, clock.forward(hours=2), learner=1)
        reviewlog.save(connection, path, "csv", [1, 2], told, learner=1)
    found = files.read(path, clock()).reviews
    assert found.rating.tolist() == [3, 4]
    assert found.day.tolist() == [today.toordinal()] * 2
    assert today.isoformat() in path.read_text().splitlines()[2].split(",")[2]


def test_what_is_there_is_not_lost(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    made, path = collect(engine, clock, "2"), tmp_path / "notes.md"
    path.write_text("# My diary\n")
    for form in ("hashcards", "obsidian", "anki", "anki-text"):
        with pytest.raises(StudyError, match=f"is there already and not of the format {form}"):
            exports.save(path, form, made, clock(), told)
    with (
        reading(engine) as connection,
        pytest.raises(StudyError, match="is there already and no log of reviews from here"),
    ):
        reviewlog.save(connection, path, "csv", [1], told, learner=1)
    assert path.read_text() == "# My diary\n"
    path.unlink()
    target = tmp_path / "elsewhere.md"
    target.touch(0o640)
    path.symlink_to(target)
    assert exports.save(path, "hashcards", made, clock(), told)[1] == path
    assert exports.save(path, "hashcards", made, clock(), told)[1] == path  # the same text
    path.write_text(edited := path.read_text().replace("A:", "A: my"))
    _, former = exports.save(path, "hashcards", made, clock(), told)
    assert (former.name, former.read_text()) == ("notes.md~", edited)
    assert path.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def as_anki(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as package:
        package.comment = b""


def unquoted(path: Path) -> None:
    path.write_text(path.read_text().replace('"', ""))


def unmarked(path: Path) -> None:
    path.write_text(re.sub("<!-- studyapp: .*-->", "", path.read_text()))


@pytest.mark.parametrize(
    ("form", "others"),
    [("anki", as_anki), ("anki-text", unquoted), ("hashcards", unmarked), ("obsidian", unmarked)],
)
def test_what_another_program_has_written_is_not_written_over(
    form: str, others: Callable[[Path], None], engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    made, path = collect(engine, clock, "2"), tmp_path / "all"
    for _ in range(2):
        exports.save(path, form, made, clock(), told)
    others(path)
    before = path.read_bytes()
    with pytest.raises(StudyError, match="is there already and was not written here"):
        exports.save(path, form, made, clock(), told)
    assert path.read_bytes() == before


def test_a_log_of_another_program_is_not_written_over(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    Sitting(desk_of(engine, clock, Settings())).rate(Rating.GOOD)
    with reading(engine) as connection:
        for form in reviewlog.FORMATS:
            path = tmp_path / form
            for _ in range(2):
                reviewlog.save(connection, path, form, [1], told, learner=1)
            path.write_text(re.sub(r',"?study_day.*|, "study_day.*(?=})', "", path.read_text()))
            with pytest.raises(StudyError, match="no log of reviews from here"):
                reviewlog.save(connection, path, form, [1], told, learner=1)


@pytest.mark.parametrize("form", ["hashcards", "obsidian"])
def test_pictures_lie_beside_a_text_and_come_back_with_it(
    mixed: Engine, clock: Clock, tmp_path: Path, form: str
) -> None:
    path, made = tmp_path / "out" / "x.md", collect(mixed, clock, "3")
    lost, _ = exports.save(path, form, made, clock(), told)
    assert not [noun for (noun, _), count in lost.items() if noun == "file" and count]
    found = formats.read(path, form)[1]
    assert [(one.name, one.read()) for one in found.media] == [("dog.png", b"\x89PNG")]
    (path.parent / "media" / "dog.png").write_bytes(b"mine")
    exports.save(path, form, made, clock(), told)
    assert (path.parent / "media" / "dog.png").read_bytes() == b"\x89PNG"
    assert (path.parent / "media" / "dog.png~").read_bytes() == b"mine"


def test_a_write_that_is_stopped_leaves_nothing(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    def stopped(done: int, of: int) -> None:
        raise StudyError("Stopped; nothing was changed.")

    made, folder = collect(engine, clock, "2"), tmp_path / "out"
    folder.mkdir()
    for form in ("hashcards", "obsidian", "anki", "anki-text"):
        with pytest.raises(StudyError, match="Stopped"):
            exports.save(folder / "x", form, made, clock(), stopped)
    assert os.listdir(folder) == []


@pytest.fixture
def run(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "cli.db"))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["export", *words])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_the_command(run: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "x.apkg"
    assert f"{path}: 19 notes (anki)\nWhat anki cannot carry: " in run(str(path))
    assert "3 terms asked for as a question" in run(str(path), "--pack", "test")
    assert ": 15 notes (anki)" in run(str(path), "--chapter", "1")
    assert isinstance(formats.read(path)[1], Foreign)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ": 4 notes (obsidian)" in run(
        str(tmp_path / "x.md"), "--format", "obsidian", "--chapter", "2"
    )
    assert ": 0 reviews" in run(str(tmp_path / "x.csv"))
    assert "(post, anki, anki-text, hashcards, obsidian, native, csv, jsonl)" in run(
        str(tmp_path / "y.md"), code=1
    )
    assert "There is no pack 'no'; the packs are test." in run(str(path), "--pack", "no", code=1)
    assert "A post is of a chapter" in run(str(tmp_path / "y"), "--format", "post", code=2)
    assert "do not go together" in run(str(path), "--pack", "test", "--chapter", "1", code=2)
