"""The lab's use cases: what is kept, what is scored, what a citation shows, what a miss becomes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_that
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, insert, select

from studyapp.config import Settings
from studyapp.errors import SettingError, StoreError, StudyError
from studyapp.lab import reference
from studyapp.lab.catalog import Catalog, Declaration
from studyapp.lab.grade import Answer, Scores, Verdict
from studyapp.lab.lines import Cancelled, Failed, Finished, Outcome
from studyapp.lab.protocol import Choice, Fact, Knob, Question, Value, When
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.notes import markdown
from studyapp.notes.check import check
from studyapp.notes.note import Point
from studyapp.store import record, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import card as cards
from studyapp.study import library, queue, review, today
from studyapp.study.counts import Counts
from studyapp.study.lab import facts, predictions
from studyapp.study.lab.evidence import with_evidence
from studyapp.study.lab.facts import Ending, cite, lessons_for, links, measured
from studyapp.study.lab.misses import bring_back, miss_card, outcome_card, take_back
from studyapp.study.lab.predictions import prediction_report
from studyapp.study.lab.runs import Run, begin, history, keep, last_results, watched
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire

CHOICES = (Choice("lower", high=-1), Choice("the same", -1, 1), Choice("higher", 1))
HIGHER, UNRESOLVED, LOWER = (3.9, 5.5), (0.5, 1.5), (-5.5, -3.9)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An empty database in memory: most of these tests need no content."""
    engine = open_database("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture
def own(engine: Engine, only_pack: Path, clock: Clock) -> Engine:
    """The database with `content` as the only installed pack, chapter 1 started."""
    library.refresh(desk_of(engine, clock))
    return engine


@pytest.fixture
def gap(tmp_path: Path) -> Declaration:
    """A lesson that asks for a direction; its reference figures belong beside it in `lessons`."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    return Declaration(
        name="gap",
        version=2,
        title="A gap",
        question=Question("The gap is …", "choice", "error_gap", CHOICES, "points"),
        knobs=(
            Knob("n", "int", 256, 32, 1024),
            Knob("flips", "float", 0.2, 0, 0.4),
            Knob("seeds", "int", 32, 1, 512, gpu=256),
        ),
        topics=("gaps",),
        pack="test",
        module="lessons.gap",
        path=folder / "gap.py",
        meaning="Wrong labels\nwere stored.",
    )


@pytest.fixture
def catalog(gap: Declaration) -> Catalog:
    return Catalog((gap, replace(gap, name="other")), ())


def figure(interval: tuple[float, float] | None, name: str = "error_gap", n: int = 32) -> Fact:
    low, high = interval or (None, None)
    value = 4.7 if interval is None else sum(interval) / 2
    return Fact(name, value, "points", low, high, n, "student t", f"{n} draws")


def finished(lesson: Declaration, *figures: Fact, **given: Value) -> Finished:
    return Finished(
        lesson=lesson.name,
        version=lesson.version,
        facts=figures or (figure(HIGHER),),
        knobs={knob.name: knob.default for knob in lesson.knobs} | given,
        seed=0,
        device="cpu",
        threads=1,
        seconds=6.5,
        python="3.11.7",
        torch="2.11.0",
    )


def ran(
    engine: Engine,
    lesson: Declaration,
    clock: Clock,
    outcome: Outcome | None = None,
    answer: Answer | None = None,
    confidence: float | None = None,
    learner: int = 1,
    **given: Value,
) -> Run:
    """Predict, run for ten seconds and keep, as the app does."""
    made = None
    if answer is not None:
        with reading(engine) as connection:
            made = predictions.predict(
                connection, lesson, given, answer, confidence, learner=learner
            )
    started = clock()
    clock.forward(seconds=10)
    ended = outcome or finished(lesson, **given)
    with writing(engine) as connection:
        return keep(connection, lesson, given, ended, started, clock(), made, learner=learner)


def rows(connection: Connection, model: type[tables.base]) -> int:
    return connection.scalar(select(func.count()).select_from(model)) or 0


def add_note(engine: Engine, content: Path, clock: Clock, name: str, text: str) -> list[int]:
    """Add a question to chapter 1; returns its cards."""
    path = content / "1" / f"{name}.md"
    path.write_text(questionnaire(question(name, text=text)))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        found = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == name)
        ).all()
    return list(found)


def rate(engine: Engine, card_id: int, clock: Clock, rating: Rating = Rating.GOOD) -> None:
    with writing(engine) as connection:
        seen = read_memory(connection, card_id, learner=1).last_review
        review.answer(connection, card_id, seen, rating, clock(), learner=1)


def memory_of(engine: Engine, card_id: int) -> Memory:
    with reading(engine) as connection:
        return read_memory(connection, card_id, learner=1)


def is_naive(engine: Engine, lesson: str = "gap", learner: int = 1) -> bool:
    with reading(engine) as connection:
        return predictions.naive(connection, lesson, learner=learner)


# --- what is kept ---


def test_a_run_is_kept_whole(engine: Engine, gap: Declaration, clock: Clock) -> None:
    started = clock()
    outcome = finished(gap, figure(HIGHER), figure(None, "floor"), n=64, seeds=8)
    kept = ran(engine, gap, clock, outcome, "higher", 0.8, n=64)
    assert (kept.lesson, kept.version, kept.outcome) == ("gap", 2, Ending.RESULT)
    assert kept.knobs == {"n": 64, "flips": 0.2, "seeds": 8}
    assert kept.canonical == '{"flips": 0.2, "n": 64}'
    assert (kept.seeds, kept.seed, kept.device, kept.threads) == (8, 0, "cpu", 1)
    assert (kept.python, kept.torch, kept.seconds) == ("3.11.7", "2.11.0", 6.5)
    assert (kept.started, kept.finished) == (started, clock())
    assert kept.finished.utcoffset() == timedelta(hours=2)
    assert kept.facts == outcome.facts
    made = kept.prediction
    assert made is not None
    assert (made.grade, made.score) == (Verdict.RIGHT, pytest.approx(0.04))
    assert made.prediction.question == "With n = 64 instead: The gap is …"
    assert made.prediction.said == "higher (80% sure)"
    with reading(engine) as connection:
        assert history(connection, "gap", learner=1) == (kept,)


@pytest.mark.parametrize("outcome", [Failed("No pictures."), Cancelled()])
def test_a_run_without_a_result_is_kept_without_facts(
    engine: Engine, gap: Declaration, clock: Clock, outcome: Outcome
) -> None:
    kept = ran(engine, gap, clock, outcome, "higher", 0.8, n=64)
    assert kept.outcome is (Ending.FAILED if isinstance(outcome, Failed) else Ending.CANCELLED)
    assert kept.knobs == {"n": 64, "flips": 0.2, "seeds": 32}
    assert (kept.facts, kept.seconds, kept.device) == ((), 10.0, None)
    assert kept.prediction is not None
    assert (kept.prediction.grade, kept.prediction.score) == (None, None)
    with reading(engine) as connection:
        assert rows(connection, tables.fact) == 0
        assert history(connection, "gap", learner=1) == (kept,)
        assert last_results(connection, learner=1) == {}
        assert prediction_report(connection, learner=1).words == ()


def test_all_or_nothing_is_stored(engine: Engine, gap: Declaration, clock: Clock) -> None:
    twice = finished(gap, figure(HIGHER), figure(HIGHER))
    with pytest.raises(StoreError):
        ran(engine, gap, clock, twice, "higher", 0.8)
    with reading(engine) as connection:
        stored = [rows(connection, it) for it in (tables.run, tables.prediction, tables.fact)]
    assert stored == [0, 0, 0]


def test_history_has_the_newest_first_and_results_apart(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    other = replace(gap, name="other")
    first = ran(engine, gap, clock)
    second = ran(engine, gap, clock, n=64)
    third = ran(engine, gap, clock, Cancelled())
    apart = ran(engine, other, clock)
    with reading(engine) as connection:
        assert history(connection, "gap", learner=1) == (third, second, first)
        assert last_results(connection, learner=1) == {"gap": second, "other": apart}


def test_learners_do_not_see_each_other(
    engine: Engine, gap: Declaration, catalog: Catalog, clock: Clock
) -> None:
    with writing(engine) as connection:
        connection.execute(insert(tables.learner).values(id=2, name="somebody"))
    kept = ran(engine, gap, clock, None, "higher", 0.8, learner=2)
    assert (is_naive(engine), is_naive(engine, learner=2)) == (True, False)
    with reading(engine) as connection:
        assert (history(connection, "gap", learner=1), last_results(connection, learner=1)) == (
            (),
            {},
        )
        assert history(connection, "gap", learner=2) == (kept,)
        assert cite(connection, "fact:gap.error_gap", catalog, clock(), learner=1).hidden
        shown = cite(connection, "fact:gap.error_gap", catalog, clock(), learner=2)
        assert not shown.hidden


# --- predictions ---


@pytest.mark.parametrize(
    ("answer", "confidence", "interval", "grade", "score"),
    [
        ("higher", 0.8, HIGHER, Verdict.RIGHT, 0.04),
        ("lower", 0.8, HIGHER, Verdict.WRONG, 0.64),
        ("the same", 1.0, HIGHER, Verdict.WRONG, 1.0),
        ("higher", 1 / 3, LOWER, Verdict.WRONG, 1 / 9),
        ("higher", 0.8, UNRESOLVED, Verdict.UNRESOLVED, None),
        ("lower", 0.8, UNRESOLVED, Verdict.WRONG, 0.64),
        ("higher", 0.8, None, Verdict.UNRESOLVED, None),  # one seed
        ("higher", None, HIGHER, Verdict.RIGHT, None),
    ],
)
def test_a_first_prediction_is_graded_and_scored(
    engine: Engine,
    gap: Declaration,
    clock: Clock,
    answer: str,
    confidence: float | None,
    interval: tuple[float, float] | None,
    grade: Verdict,
    score: float | None,
) -> None:
    made = ran(engine, gap, clock, finished(gap, figure(interval)), answer, confidence).prediction
    assert made is not None
    assert made.prediction.naive
    assert made.grade is grade
    assert made.score == (score if score is None else pytest.approx(score))


@pytest.mark.parametrize(
    ("answer", "grade"),
    [((3.0, 6.0), Verdict.RIGHT), ((0.0, 3.0), Verdict.WRONG), ((4.0, 6.0), Verdict.UNRESOLVED)],
)
def test_a_range_has_a_grade_and_no_score(
    engine: Engine, gap: Declaration, clock: Clock, answer: Answer, grade: Verdict
) -> None:
    number = replace(gap, question=Question("How much?", "number", "error_gap"))
    made = ran(engine, number, clock, None, answer, 0.9).prediction
    assert made is not None
    assert (made.grade, made.score, made.prediction.confidence) == (grade, None, None)
    assert made.prediction.answer == answer


def test_only_an_answer_to_the_question_is_taken(engine: Engine, gap: Declaration) -> None:
    with reading(engine) as connection:
        with pytest.raises(SettingError, match="maybe is not an answer"):
            predictions.predict(connection, gap, {}, "maybe", learner=1)
        with pytest.raises(SettingError, match=r"confidence = 20% is not allowed"):
            predictions.predict(connection, gap, {}, "lower", 0.2, learner=1)
        with pytest.raises(SettingError, match=r"n = 8 is not allowed"):
            predictions.predict(connection, gap, {"n": 8}, "lower", 0.8, learner=1)


def test_a_run_stopped_before_a_curve_was_seen_spends_nothing(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    with writing(engine) as connection:
        made = predictions.predict(connection, gap, {}, "higher", 0.8, learner=1)
        begun = begin(connection, gap, {}, clock(), made, learner=1)
    assert is_naive(engine)  # the app may have died while torch loaded
    with writing(engine) as connection:
        kept = keep(
            connection,
            gap,
            {},
            Cancelled(),
            clock(),
            clock(),
            made,
            begun=begun,
            seen=False,
            learner=1,
        )
    assert (kept.outcome, is_naive(engine)) == (Ending.UNSEEN, True)
    with writing(engine) as connection:
        begun = begin(connection, gap, {}, clock(), made, learner=1)
        watched(connection, begun, learner=2)
    assert is_naive(engine)
    with writing(engine) as connection:
        watched(connection, begun, learner=1)
    assert not is_naive(engine)  # and may have died while it was watched


@pytest.mark.parametrize(
    ("outcome", "naive"), [(None, False), (Cancelled(), False), (Failed("No memory."), True)]
)
def test_a_run_ends_being_naive_unless_it_failed(
    engine: Engine, gap: Declaration, clock: Clock, outcome: Outcome | None, naive: bool
) -> None:
    assert is_naive(engine)
    ran(engine, gap, clock, outcome)
    assert is_naive(engine) is naive
    assert is_naive(engine, "other")
    made = ran(engine, gap, clock, None, "higher", 0.8).prediction
    assert made is not None
    assert (made.prediction.naive, made.score is not None) == (naive, naive)
    assert made.grade is Verdict.RIGHT


@pytest.mark.parametrize(
    ("text", "naive"),
    [("It [rose](fact:gap.error_gap?n=64).", False), ("It [rose](fact:gape.error_gap).", True)],
)
def test_rating_a_card_that_cites_the_lesson_ends_being_naive(
    own: Engine, content: Path, clock: Clock, text: str, naive: bool
) -> None:
    (card_id,) = add_note(own, content, clock, "cites", text)
    assert is_naive(own)
    rate(own, card_id, clock)
    assert is_naive(own) is naive
    with writing(own) as connection:
        undo(connection, clock(), learner=1)
    assert is_naive(own) is naive  # it was seen


def test_an_answer_that_was_seen_ends_being_naive_for_good(own: Engine, clock: Clock) -> None:
    assert is_naive(own)
    for _ in range(2):
        with writing(own) as connection:
            predictions.saw(connection, ["gap", "other"], clock(), learner=1)
    assert (is_naive(own), is_naive(own, learner=2)) == (False, True)


def test_a_revealed_card_ends_being_naive_before_it_is_rated(
    engine: Engine, gap: Declaration
) -> None:
    with reading(engine) as connection:
        assert not predictions.predict(
            connection, gap, {}, "lower", 0.8, revealed=True, learner=1
        ).naive


def test_of_two_windows_the_first_run_decides(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    with reading(engine) as connection:
        made = predictions.predict(connection, gap, {}, "higher", 0.8, learner=1)
    assert made.naive
    ran(engine, gap, clock)
    with writing(engine) as connection:
        kept = keep(connection, gap, {}, finished(gap), clock(), clock(), made, learner=1)
    assert kept.prediction is not None
    assert (kept.prediction.prediction.naive, kept.prediction.score) == (False, None)


def predicted(engine: Engine, gap: Declaration, clock: Clock, count: int, **how: Any) -> None:
    """Predict and run so many lessons for the first time."""
    with reading(engine) as connection:
        have = rows(connection, tables.run)
    for number in range(have, have + count):
        ran(engine, replace(gap, name=f"gap{number}"), clock, **how)


def test_scores_come_with_the_first_prediction_and_say_when_they_tell_little(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    predicted(engine, gap, clock, 1, answer="higher", confidence=0.8)
    with reading(engine) as connection:
        assert prediction_report(connection, learner=1).words == (
            "right in 1 of 1, where your confidence adds up to 0.8",
        )
    predicted(engine, gap, clock, 14, answer="higher", confidence=0.8)
    predicted(engine, gap, clock, 4, answer="lower", confidence=0.8)
    unclear = finished(gap, figure(UNRESOLVED))
    predicted(engine, gap, clock, 2, answer="higher", confidence=0.8, outcome=unclear)
    predicted(engine, gap, clock, 1, answer="higher")  # says not how sure
    predicted(engine, gap, clock, 1, answer="lower", confidence=0.9, outcome=Cancelled())
    again = replace(gap, name="gap0")
    ran(engine, again, clock, None, "lower", 0.9)  # a rerun is exploration
    with reading(engine) as connection:
        report = prediction_report(connection, learner=1)
        assert report.scores.n == 19
        told = "right in 15 of 19, where your confidence adds up to 15.2"
        mean = (
            "on average they cost 0.17 (Brier score, lower is better), "
            "guessing and saying so would cost 0.22; 19 tell little"
        )
        assert report.words == (told, mean, "2 unresolved")
    predicted(engine, gap, clock, 1, answer="lower", confidence=0.8)
    with reading(engine) as connection:
        report = prediction_report(connection, learner=1)
    assert report.scores.n == 20
    assert report.scores.mean == pytest.approx((15 * 0.04 + 5 * 0.64) / 20)
    assert report.scores.guessing == pytest.approx(2 / 9)
    told = "right in 15 of 20, where your confidence adds up to 16.0"
    mean = (
        "on average they cost 0.19 (Brier score, lower is better), "
        "guessing and saying so would cost 0.22"
    )
    assert report.words == (told, mean, "2 unresolved")


def test_ranges_are_counted_and_never_scored(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    number = replace(gap, question=Question("How much?", "number", "error_gap"))
    predicted(engine, number, clock, 9, answer=(3.0, 6.0))
    predicted(engine, number, clock, 5, answer=(6.0, 9.0))
    predicted(engine, number, clock, 1, answer=(4.0, 9.0))
    with reading(engine) as connection:
        report = prediction_report(connection, learner=1)
    assert (report.held, report.ranges, report.unresolved) == (9, 14, 1)
    assert report.scores == Scores(None, None, 0, 0, 0)
    assert report.words == ("your 80% ranges held 9 of 14", "1 unresolved")


# --- citations ---


@pytest.fixture
def cited(engine: Engine, catalog: Catalog, clock: Clock) -> Callable[..., facts.Citation]:
    def make(link: str = "fact:gap.error_gap") -> facts.Citation:
        with reading(engine) as connection:
            return cite(connection, link, catalog, clock(), learner=1)

    return make


@pytest.fixture
def measured_before(gap: Declaration) -> None:
    """Write the reference figures of `gap` at its defaults."""
    made = reference.Reference(
        gap.version,
        {"n": 256, "flips": 0.2, "seeds": 32},
        0,
        "cpu",
        "3.11.7",
        "2.11.0",
        1,
        "2026-07-04",
        6.0,
        (figure((4.0, 5.6)),),
    )
    reference.write(reference.path(gap), {"gap": made})


Cited = Callable[..., facts.Citation]


@pytest.mark.usefixtures("measured_before")
def test_before_the_first_run_the_figure_is_hidden(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    for outcome in (None, Cancelled(), Failed("No memory.")):
        if outcome is not None:
            ran(engine, gap, clock, outcome)
        shown = cited()
        assert shown.hidden
        assert shown.shown is None
        assert shown.words == "▪ predict first"
        assert shown.reference is not None
        assert shown.reference.words == "+4.8 points [4.0, 5.6] ▪ reference, 32 seeds, CPU"


def test_without_a_reference_file_there_is_none(cited: Cited) -> None:
    assert (cited().hidden, cited().reference) == (True, None)


@pytest.mark.usefixtures("measured_before")
def test_after_a_run_the_newest_of_the_learners_own_is_shown(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    ran(engine, gap, clock, finished(gap, figure((1.0, 3.0))))
    ran(engine, gap, clock)
    shown = cited()
    assert shown.shown is shown.own
    assert not shown.differs
    assert shown.words == "+4.7 points [3.9, 5.5] ▪ your run, 32 seeds, 20 Nov"
    assert shown.also == ()
    clock.forward(days=60)
    assert cited().words == "+4.7 points [3.9, 5.5] ▪ your run, 32 seeds, 20 Nov 2026"


def test_the_number_of_seeds_does_not_make_another_experiment(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    ran(engine, gap, clock, finished(gap, figure(None, n=1), seeds=1), seeds=1)
    assert cited().words == "+4.70 points ▪ your run, one seed, 20 Nov"
    assert cited("fact:gap.error_gap?seeds=64&n=256").words == cited().words


@pytest.mark.usefixtures("measured_before")
def test_runs_at_other_knobs_are_named_beside_the_reference(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    ran(engine, gap, clock, finished(gap, figure((-9.0, -7.0)), n=64), n=64)
    ran(engine, gap, clock, finished(gap, figure((-4.3, -1.9)), n=64), n=64)
    shown = cited()
    assert (shown.hidden, shown.own) == (False, None)
    assert shown.words == "+4.8 points [4.0, 5.6] ▪ reference, 32 seeds, CPU"
    assert shown.also_words == "also with n = 64 −3.1 points [−4.3, −1.9]"
    at_64 = cited("fact:gap.error_gap?n=64")
    assert at_64.words == "−3.1 points [−4.3, −1.9] ▪ your run, 32 seeds, 20 Nov"
    assert (at_64.also, at_64.reference) == ((), None)
    ran(engine, gap, clock)
    assert cited().also_words == shown.also_words
    assert cited("fact:gap.error_gap?n=64").also_words == (
        "also with the defaults +4.7 points [3.9, 5.5]"
    )
    assert cited("fact:gap.error_gap?n=99").words == "▪ not measured yet with n = 99"


@pytest.mark.usefixtures("measured_before")
def test_an_own_figure_of_the_other_sign_gives_way_to_the_reference(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    ran(engine, gap, clock, finished(gap, figure((-0.9, 0.3))))
    shown = cited()
    assert shown.differs
    assert shown.shown is shown.reference
    assert shown.words == (
        "+4.8 points [4.0, 5.6] ▪ reference, 32 seeds, CPU; "
        "your run differs: −0.3 points [−0.9, +0.3], 20 Nov"
    )
    ran(engine, gap, clock)
    assert not cited().differs


@pytest.mark.usefixtures("measured_before")
def test_an_older_version_measured_something_else(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    old = replace(gap, version=1)
    ran(engine, old, clock, finished(old, figure(LOWER)))
    shown = cited()
    assert (shown.own, shown.hidden) == (None, False)
    assert shown.shown is shown.reference
    kept = reference.read(reference.path(gap))
    reference.write(reference.path(gap), {"gap": replace(kept["gap"], version=1)})
    assert (cited().reference, cited().words) == (None, "▪ not measured yet")


def test_a_count_of_something_else_is_just_n(
    engine: Engine, gap: Declaration, clock: Clock, cited: Cited
) -> None:
    ran(engine, gap, clock, finished(gap, figure(HIGHER, n=1_000)))
    assert cited().words == "+4.7 points [3.9, 5.5] ▪ your run, n = 1,000, 20 Nov"


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("fact:gap", "is not a link to a fact"),
        ("lesson:gap.error_gap", "is not a link to a fact"),
        ("https://example.org", "is not a link to a fact"),
        ("lesson:gap", "names no fact"),
        ("fact:nothing.error_gap", "There is no experiment 'nothing'; there is gap, other"),
        ("fact:gap.error_gap?m=3", "There is no knob 'm'"),
        ("fact:gap.error_gap?n=8", "n = 8 is not allowed; it must be a whole number from 32"),
        ("fact:gap.error_gap?n=", "n = '' is not allowed"),
    ],
)
def test_a_link_that_names_nothing_is_told(cited: Cited, link: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        cited(link)


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (4.7, 3.9, 5.5, "points", "+4.7 points [3.9, 5.5]"),
        (-3.1, -4.3, -1.9, "points", "−3.1 points [−4.3, −1.9]"),
        (0.3, -0.2, 0.8, "points", "+0.3 points [−0.2, +0.8]"),
        (0.307, 0.29, 0.324, "", "0.307 [0.290, 0.324]"),
        (
            0.0017,
            0.00162,
            0.00178,
            "of chance worlds",
            "0.00170 of chance worlds [0.00162, 0.00178]",
        ),
        (24.3, 18, 30.6, "epochs", "24 epochs [18, 31]"),
        (123456, 120000, 127000, "", "123,456 [120,000, 127,000]"),
        (4.7344, None, None, "points", "+4.73 points"),
        (610, None, None, "", "610"),
        (1e-7, None, None, "", "1.0e−07"),
        (1, 0.9999963, 1, "", "1.0000000 [0.9999963, 1.0000000]"),
        (-8.1, -16.2, -0.2, "points", "−8.1 points [−16.2, −0.2]"),
        (0.9, 0.9, 0.9, "", "0.900 [0.900, 0.900]"),
        (0, 0, 0.0002, "of seeds", "0.00000 of seeds [0.00000, 0.00020]"),
        (-0.001, -0.4, 0.398, "", "0.00 [−0.40, +0.40]"),
    ],
)
def test_figures_in_words(
    value: float, low: float | None, high: float | None, unit: str, text: str
) -> None:
    assert measured(Fact("x", value, unit, low, high, 9, "", "")) == text


finite = st.floats(-1e12, 1e12)


@given_that(finite, finite, finite)
def test_what_is_shown_is_within_a_tenth_of_the_interval(a: float, b: float, c: float) -> None:
    low, value, high = sorted((a, b, c))
    shown = measured(Fact("x", value, "", low, high, 9, "", ""))
    number = float(shown.split(" ")[0].replace("−", "-").replace(",", ""))
    if high - low > 1e-5:
        assert math.isclose(number, value, abs_tol=(high - low) / 10 + 1e-5)


# --- which lessons ground a note ---


def test_links_come_before_tags(catalog: Catalog, tmp_path: Path) -> None:
    text = (
        "## What? {#what}\n\n[run it](lesson:other), [rose](<fact:other.x?n=64>), "
        "[run](lesson:nothing), `[x](lesson:gap)`\n\n"
        "<!-- tags: history topic:gap topic:other topic:gaps -->"
    )
    path = tmp_path / "a.md"
    path.write_text(questionnaire(text))
    page, problems = markdown.read(path)
    assert page is not None
    assert not problems
    (note,) = page.notes
    assert [lesson.name for lesson in lessons_for(note, catalog)] == ["other", "gap"]
    bare = replace(note, answer="no link", tags=("gap",))
    assert lessons_for(bare, catalog) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It [rose](fact:gap.error_gap).", ("gap", "error_gap")),
        ("It [rose](fact:gap.error_gap?n=64) by some.", ("gap", "error_gap")),
        ("Look: [run it](lesson:gap)!", ("gap", None)),
        ("[run it](lesson:gapless)", ("gapless", None)),
        ("[rose](fact:gap)", None),
        ("In code: `[rose](fact:gap.error_gap)`", None),
        ("fact:gap.error_gap, in plain words", None),
    ],
)
def test_links_of_a_text(text: str, found: tuple[str, str | None] | None) -> None:
    assert [(link.lesson, link.fact) for link in links(text)] == ([found] if found else [])


def test_a_link_is_made_and_read_back(gap: Declaration) -> None:
    assert facts.href(gap, "error_gap", {"seeds": 4}) == "fact:gap.error_gap"
    link = facts.href(gap, "error_gap", {"n": 64, "flips": 0.0})
    assert link == "fact:gap.error_gap?flips=0.0&n=64"
    assert facts.setting(gap, '{"flips": -0.5, "n": 2000}') == "flips = −0.5, n = 2,000"
    (found,) = links(f"It [rose]({link}).")
    assert found == facts.Link("gap", "error_gap", {"flips": "0.0", "n": "64"})


# --- a miss becomes a card ---


def missed(
    engine: Engine, gap: Declaration, clock: Clock, confidence: float = 0.6, **given: Value
) -> Run:
    return ran(engine, gap, clock, None, "lower", confidence, **given)


def test_a_miss_becomes_a_question_due_tomorrow(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    run = missed(own, gap, clock, 0.8)
    today = study_day(clock())
    one = Settings(new_a_day=1)
    made = miss_card(desk_of(own, clock), gap, run)
    assert (made.new, made.due, made.again) == (
        True,
        today + timedelta(days=1),
        today + timedelta(days=7),
    )
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
        kinds = connection.scalars(
            select(tables.review.c.kind).where(tables.review.c.card_id == made.card)
        ).all()
        due = queue.load(connection, clock(), one, learner=1).counts()
    asked = "Experiment “A gap” (gap): The gap is … (lower / the same / higher)"
    assert view.face.front == asked
    assert view.face.back == (
        "[Higher](fact:gap.error_gap). Wrong labels were stored.\n\nYou said lower (80% sure)."
    )
    assert view.face.points == (Point("higher"),)
    assert view.note.tags == ("topic:gap",)
    assert view.note.path == library.own_packs() / "mine" / "chapter-1-questions.md"
    assert kinds == [ReviewKind.ATTEMPT.value]
    memory = view.memory
    assert (memory.state, memory.due, memory.due_at, memory.cause) == (
        State.LEARNING,
        made.due,
        None,
        Cause.SET,
    )
    assert due == Counts(new=1), "it took no new card's place"
    clock.forward(days=1)
    with reading(own) as connection:
        assert queue.load(connection, clock(), Settings(), learner=1).counts().review == 1
    rate(own, made.card, clock)
    assert memory_of(own, made.card).state is State.REVIEW


@pytest.mark.parametrize("answer", ["lower", "higher"])
def test_what_is_written_passes_the_check(
    own: Engine, gap: Declaration, clock: Clock, answer: str
) -> None:
    lesson = replace(gap, mechanism=(When("Labels are stored, every one. " * 50),))
    made = outcome_card(desk_of(own, clock), lesson, ran(own, lesson, clock, None, answer, 0.8))
    with reading(own) as connection:
        path = cards.load(connection, made.card, learner=1).note.path
    assert check([path.parent], clock().date(), own=[path.parent]).problems == ()


def test_a_plain_meaning_says_that_it_is_about_the_defaults(gap: Declaration) -> None:
    values = finished(gap).knobs
    assert facts.meaning(gap, values, ()) == ("Wrong labels\nwere stored.",)
    (elsewhere,) = facts.meaning(gap, values | {"n": 64}, ())
    assert elsewhere.startswith("At the defaults: Wrong")
    tried = replace(gap, next="Set n to 64.")
    assert facts.following(tried, values, ()) == "Set n to 64."
    assert facts.following(tried, values | {"n": 64}, ()) == "At the defaults: Set n to 64."
    assert facts.following(replace(gap, next=""), values | {"n": 64}, ()) == ""


def test_texts_call_a_figure_what_stands_beside_it(gap: Declaration) -> None:
    texts = (When("Read wrong_sign, p_05: `t.no_grad` and `p_05` are code, fact:a.b_c a link."),)
    lesson, values = replace(gap, meaning=texts, next=texts), finished(gap).knobs
    told = "Read wrong sign, p 05: `t.no_grad` and `p_05` are code, fact:a.b_c a link."
    assert facts.meaning(lesson, values, ()) == (told,)
    assert facts.following(lesson, values, ()) == told
    assert facts.named("wrong_sign") == "wrong sign"


def test_a_meaning_with_conditions_is_what_is_true_of_the_run(gap: Declaration) -> None:
    texts = (
        When("It rose at n = {n}: {fact:error_gap}, not {fact:other}.", "error_gap", low=1),
        When("It fell.", "error_gap", high=-1),
        When("No label was wrong.", knobs={"flips": (0, 0)}),
        When("Look at both."),
    )
    lesson = replace(gap, meaning=texts, next=texts[1:3])
    values = finished(gap).knobs
    for interval, flips, expected in (
        (HIGHER, 0.2, "It rose at n = 256: +4.7 points [3.9, 5.5], not {fact:other}."),
        (LOWER, 0.2, "It fell."),
        (UNRESOLVED, 0.0, "No label was wrong."),
    ):
        found = facts.meaning(lesson, values | {"flips": flips}, [figure(interval)])
        assert found == (expected, "Look at both.")
    assert facts.following(lesson, values, [figure(LOWER)]) == "It fell."


def test_a_question_names_the_knobs_as_they_are(gap: Declaration) -> None:
    question = replace(gap.question, text="With {flips:%} wrong labels the gap is …")
    lesson, values = replace(gap, question=question), finished(gap).knobs
    assert predictions.asked(lesson, values) == "With 20% wrong labels the gap is …"
    assert predictions.asked(lesson, values | {"flips": 0.0, "n": 64}) == (
        "With n = 64 instead: With 0% wrong labels the gap is …"
    )


def test_the_card_says_what_was_asked_at_other_knobs(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    between = finished(gap, figure((0.0, 2.0)), n=64)
    run = ran(own, gap, clock, between, "lower", 0.5, n=64)
    made = miss_card(desk_of(own, clock), gap, run)
    assert made.again is None
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
    assert view.face.front.startswith("Experiment “A gap” (gap, with n = 64): The gap is …")
    assert view.face.back.startswith("[Not lower](fact:gap.error_gap?n=64).")


@pytest.mark.parametrize(("answer", "truth"), [((0.0, 2.0), "More"), ((8.0, 9.0), "Less")])
def test_a_missed_range_says_in_which_direction(
    own: Engine, gap: Declaration, clock: Clock, answer: Answer, truth: str
) -> None:
    number = replace(gap, question=Question("How much?", "number", "error_gap", unit="points"))
    made = miss_card(desk_of(own, clock), number, ran(own, number, clock, None, answer))
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
    said = f"{answer[0]:g} to {answer[1]:g}"
    asked = f"How much? (points) You said {said}: was it more, or less?"
    assert view.face.front == f"Experiment “A gap” (gap): {asked}"
    assert view.face.back.startswith(f"[{truth} than you said](fact:gap.error_gap).")
    assert made.again is not None  # a range is stated at 80%


def test_a_right_prediction_is_asked_for_again_in_four_weeks(
    own: Engine, gap: Declaration, clock: Clock, catalog: Catalog
) -> None:
    asked = Question("At flips {flips:%}, the gap is …", "choice", "error_gap", CHOICES, "points")
    how = (When("Labels were stored."), When("Few.", knobs={"n": (32, 100)}))
    lesson = replace(gap, question=asked, mechanism=how)
    run = ran(own, lesson, clock, None, "higher", 0.9, flips=0.0, n=64)
    made = outcome_card(desk_of(own, clock), lesson, run)
    today = study_day(clock())
    assert (made.new, made.due, made.again) == (True, today + timedelta(weeks=4), None)
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
        shown = with_evidence(connection, view.face.back, catalog, clock(), learner=1).text
    assert view.face.front == (
        "Experiment “A gap” (gap, with n = 64): At flips 0%, the gap is … "
        "(lower / the same / higher)"
    )
    assert view.face.back == (
        "[Higher](fact:gap.error_gap?flips=0.0&n=64). Labels were stored. Few.\n\n"
        "You said higher (90% sure), and were right."
    )
    assert r"Higher: **+4.7 points \[3.9, 5.5\]** ▪ your run" in shown
    assert view.face.points == (Point("higher"),)
    memory = view.memory
    assert (memory.state, memory.due, memory.lapses) == (State.REVIEW, made.due, 0)
    clock.forward(days=8)
    assert bring_back(desk_of(own, clock)) == 0  # sure, but no miss


def test_the_card_of_a_right_prediction_is_never_doubled(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    desk = desk_of(own, clock)
    run = ran(own, gap, clock, None, "higher", 0.9)
    made = outcome_card(desk, gap, run)
    again = outcome_card(desk, gap, run)
    assert (again.card, again.new, again.due, again.logged) == (made.card, False, made.due, ())
    clock.forward(days=28)
    rate(own, made.card, clock)
    due = memory_of(own, made.card).due
    assert due > study_day(clock()) + timedelta(weeks=4)
    rerun = outcome_card(desk, gap, ran(own, gap, clock, None, "higher", 0.9))
    assert (rerun.card, rerun.new, rerun.due) == (made.card, False, due)
    assert memory_of(own, made.card).due == due
    with reading(own) as connection:
        entries = record.read_log(connection, made.card, learner=1)
    assert len(entries) == 3  # a rating with its date, and the one of four weeks later


@pytest.mark.parametrize("answer", ["higher", "lower"])
def test_a_card_of_a_prediction_is_taken_back_whole(
    own: Engine, gap: Declaration, clock: Clock, answer: str
) -> None:
    desk = desk_of(own, clock)
    library.new_question(desk, "Mine?", "Mine.")
    run = ran(own, gap, clock, None, answer, 0.9)
    made = outcome_card(desk, gap, run)
    with reading(own) as connection:
        path = cards.load(connection, made.card, learner=1).note.path
    library.new_question(desk, "After it?", "Yes.")
    assert take_back(desk, gap, run, made) is None
    text = path.read_text()
    assert [line.partition(" {#")[0] for line in text.splitlines() if line.startswith("## ")] == [
        "## Mine?",
        "## After it?",
    ]
    assert memory_of(own, made.card).state is State.NEW
    with reading(own) as connection:
        gone = connection.scalar(
            select(tables.card.c.missing_since).where(tables.card.c.id == made.card)
        )
        assert gone is not None
        assert connection.scalars(select(tables.prediction.c.card_id)).all() == [None]
    fresh = outcome_card(desk, gap, run)
    assert fresh.new
    assert fresh.card != made.card


def test_a_question_that_the_learner_has_changed_stays_in_its_file(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    desk = desk_of(own, clock)
    run = ran(own, gap, clock, None, "higher", 0.9)
    made = outcome_card(desk, gap, run)
    with reading(own) as connection:
        path = cards.load(connection, made.card, learner=1).note.path
    changed = path.read_text().replace("were stored", "were kept")
    path.write_text(changed)
    assert take_back(desk, gap, run, made) == path
    assert path.read_text() == changed
    assert memory_of(own, made.card).state is State.NEW


def test_a_card_in_a_file_that_cannot_be_read_stays_as_it_is(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    desk = desk_of(own, clock)
    run = ran(own, gap, clock, None, "higher", 0.9)
    made = outcome_card(desk, gap, run)
    with reading(own) as connection:
        path = cards.load(connection, made.card, learner=1).note.path
    before, text = memory_of(own, made.card), path.read_bytes()
    path.write_bytes(b"\xff" + text)
    with pytest.raises(StudyError, match="cannot be read"):
        take_back(desk, gap, run, made)
    assert (path.read_bytes(), memory_of(own, made.card)) == (b"\xff" + text, before)


def test_undo_takes_a_card_of_a_prediction_back_in_one_step(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    made = outcome_card(desk_of(own, clock), gap, ran(own, gap, clock, None, "higher", 0.9))
    clock.forward(minutes=1)
    with writing(own) as connection:
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert (undone.card, undone.rating) == (made.card, Rating.GOOD)
    assert memory_of(own, made.card).state is State.NEW
    with writing(own) as connection:
        assert undo(connection, clock(), learner=1) is None


def test_a_right_range_is_asked_for_again(own: Engine, gap: Declaration, clock: Clock) -> None:
    number = replace(gap, question=Question("How much?", "number", "error_gap", unit="points"))
    made = outcome_card(desk_of(own, clock), number, ran(own, number, clock, None, (3.0, 6.0)))
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
    assert view.face.front == "Experiment “A gap” (gap): How much? (points)"
    assert view.face.points == (Point("3 to 6 points"),)


def test_an_open_prediction_makes_no_card(own: Engine, gap: Declaration, clock: Clock) -> None:
    open_ended = finished(gap, figure(UNRESOLVED))
    with pytest.raises(StudyError, match="Only a prediction"):
        outcome_card(desk_of(own, clock), gap, ran(own, gap, clock, open_ended, "higher", 0.8))


def test_an_arm_is_told_with_its_own_fact(own: Engine, gap: Declaration, clock: Clock) -> None:
    arms = (Choice("[a]", 0, fact="lead_a"), Choice("b", 0, fact="lead_b"))
    lesson = replace(gap, question=Question("Which?", "arms", "lead_b", arms))
    outcome = finished(lesson, figure((2, 4), "lead_a"), figure((-4, -2), "lead_b"))
    made = miss_card(desk_of(own, clock), lesson, ran(own, lesson, clock, outcome, "b", 0.6))
    with reading(own) as connection:
        view = cards.load(connection, made.card, learner=1)
    assert view.face.back.startswith(r"[\[a\]](fact:gap.lead_a).")
    assert [link.fact for link in links(view.note.answer)] == ["lead_a"]


def test_only_a_wrong_prediction_makes_a_card(own: Engine, gap: Declaration, clock: Clock) -> None:
    for run in (ran(own, gap, clock), ran(own, gap, clock, None, "higher", 0.8)):
        with pytest.raises(StudyError, match="Only a prediction that was wrong"):
            miss_card(desk_of(own, clock), gap, run)
    assert not library.own_packs().exists()


def test_a_card_that_covers_it_is_brought_forward(
    own: Engine, content: Path, gap: Declaration, clock: Clock
) -> None:
    (card_id,) = add_note(own, content, clock, "cites", "It [rose](fact:gap.error_gap).")
    for _ in range(3):
        rate(own, card_id, clock)
        clock.forward(days=9)
    before = memory_of(own, card_id)
    clock.forward(days=-9)
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    tomorrow = study_day(clock()) + timedelta(days=1)
    assert (made.card, made.new, made.due) == (card_id, False, tomorrow)
    after = memory_of(own, card_id)
    assert (after.due, after.stability, after.reviews) == (tomorrow, before.stability, 3)
    assert not library.own_packs().exists()
    clock.forward(days=4)  # overdue by now: a second miss leaves it so
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    assert (made.due, memory_of(own, card_id).due) == (tomorrow, tomorrow)


@pytest.mark.parametrize(
    ("text", "rated"),
    [
        ("It [rose](fact:gap.error_gap).", False),  # not introduced
        ("It [rose](fact:gap.error_gap?n=64).", True),  # another experiment
        ("It [rose](fact:gap.error_gap?m=64).", True),  # a knob that there is not
        ("It [rose](fact:gap.floor).", True),  # not what decides it
        ("[run it](lesson:gap)", True),
    ],
)
def test_another_note_does_not_cover_it(
    own: Engine, content: Path, gap: Declaration, clock: Clock, text: str, rated: bool
) -> None:
    (card_id,) = add_note(own, content, clock, "cites", text)
    if rated:
        rate(own, card_id, clock)
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    assert made.new
    assert made.card != card_id


def test_the_same_miss_again_uses_the_same_card(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    first = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    second = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    other = miss_card(desk_of(own, clock), gap, missed(own, gap, clock, n=64))
    assert (second.card, second.new) == (first.card, False)
    assert other.new
    with reading(own) as connection:
        names = connection.scalars(
            select(tables.note.c.name).where(tables.note.c.name.like("missed%"))
        ).all()
    assert len(names) == 2
    assert all(re.fullmatch(r"missed-gap-[0-9a-z]{5}", name) for name in names)


def test_a_card_of_the_same_miss_is_known_by_what_it_cites(
    own: Engine, gap: Declaration, clock: Clock
) -> None:
    """Not by its id, which had no random letters once."""
    first = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    with reading(own) as connection:
        view = cards.load(connection, first.card, learner=1)
    path = view.note.path
    path.write_text(path.read_text().replace(view.note.id, "missed-gap"))
    library.refresh(desk_of(own, clock))
    with reading(own) as connection:
        old = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == "missed-gap")
        ).one()
    rate(own, old, clock)
    again = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    assert (again.card, again.new) == (old, False)


def test_a_question_that_was_written_and_never_rated_is_taken(
    own: Engine, gap: Declaration, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app may end between the file and the log."""
    run = missed(own, gap, clock)
    with monkeypatch.context() as patch:
        patch.setattr(review, "answer", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            miss_card(desk_of(own, clock), gap, run)
    made = miss_card(desk_of(own, clock), gap, run)
    assert made.new
    with reading(own) as connection:
        path = cards.load(connection, made.card, learner=1).note.path
    assert path.read_text().count("## ") == 1


def test_without_a_started_chapter_there_is_no_place_for_a_card(
    engine: Engine, gap: Declaration, clock: Clock
) -> None:
    with pytest.raises(StudyError, match="Start a chapter first"):
        miss_card(desk_of(engine, clock), gap, missed(engine, gap, clock))


def test_a_card_goes_to_the_chapter_that_cites_the_lesson(
    own: Engine, content: Path, gap: Declaration, clock: Clock
) -> None:
    add_note(own, content, clock, "cites", "[run it](lesson:gap)")
    clock.forward(days=1)
    with writing(own) as connection:
        library.start_chapter(connection, 2, clock(), learner=1)
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock))
    other = replace(gap, name="other")
    last = miss_card(desk_of(own, clock), other, missed(own, other, clock))
    with reading(own) as connection:
        assert cards.load(connection, made.card, learner=1).chapter == 1
        assert cards.load(connection, last.card, learner=1).chapter == 2


@pytest.mark.parametrize(("confidence", "back"), [(0.8, 1), (0.75, 0)])
def test_a_confident_miss_comes_again_after_a_week(
    own: Engine, gap: Declaration, clock: Clock, confidence: float, back: int
) -> None:
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock, confidence))
    clock.forward(days=1)
    rate(own, made.card, clock, Rating.EASY)
    set_due(own, made.card, clock, date(2027, 3, 1))
    clock.forward(days=5)
    assert bring_back(desk_of(own, clock)) == 0
    settings = Settings(new_a_day=0)
    with reading(own) as connection:
        announced = today.tomorrow(connection, clock(), settings, learner=1).counts
    assert announced.review == back
    clock.forward(days=1)
    with reading(own) as connection:  # a prompt brings nothing back, and counts it all the same
        assert today.due_in_all(connection, clock(), settings, learner=1) == announced.total
    assert bring_back(desk_of(own, clock)) == back
    with reading(own) as connection:
        assert queue.load(connection, clock(), settings, learner=1).counts() == announced
    if back:
        assert memory_of(own, made.card).due == study_day(clock())
        assert bring_back(desk_of(own, clock)) == 0
        clock.forward(days=2)  # it waits until it is reviewed
        rate(own, made.card, clock, Rating.EASY)
        set_due(own, made.card, clock, date(2027, 3, 1))
    clock.forward(days=30)
    assert bring_back(desk_of(own, clock)) == 0


@pytest.mark.parametrize(("confidence", "named"), [(0.8, 1), (0.75, 0)])
def test_a_confident_miss_that_is_right_now_is_named_at_the_end(
    own: Engine, gap: Declaration, clock: Clock, confidence: float, named: int
) -> None:
    desk = desk_of(own, clock, Settings(new_a_day=0))
    miss_card(desk, gap, missed(own, gap, clock, confidence))
    clock.forward(days=1)
    sitting = Sitting(desk)
    sitting.rate(Rating.GOOD)
    righted = sitting.summary().righted
    assert len(righted) == named
    assert all(text.startswith("Experiment “A gap” (gap): The gap is") for text in righted)


def test_a_suspended_card_stays_away(own: Engine, gap: Declaration, clock: Clock) -> None:
    made = miss_card(desk_of(own, clock), gap, missed(own, gap, clock, 0.9))
    set_due(own, made.card, clock, date(2027, 3, 1))
    with writing(own) as connection:
        review.suspend(connection, made.card, clock(), learner=1)
    clock.forward(days=8)
    assert bring_back(desk_of(own, clock)) == 0


def set_due(engine: Engine, card_id: int, clock: Clock, day: date) -> None:
    with writing(engine) as connection:
        review.set_due(connection, card_id, day, clock(), learner=1)
