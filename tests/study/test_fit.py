"""A learner's log is fitted, what comes of it is adopted, and memories stay the fold of the log."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, select

from forgetting import log_of, rate
from histories import Step, live, steps
from studyapp.config import Settings
from studyapp.errors import CancelledError, StudyError
from studyapp.lab import catalog, protocol
from studyapp.lab.memory import own_reviews
from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.mastery import Calibration, Recall, calibration
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.store import backup, log, record, sync, tables, timeline
from studyapp.store.database import open_database
from studyapp.store.drift import Drift, drift
from studyapp.store.engine import reading, writing
from studyapp.store.memory import MEMORY_COLUMNS, as_memory, read_memory
from studyapp.store.parameters import in_force, read_fits
from studyapp.study import queue, review, words
from studyapp.study.fit import adoption, child, own
from studyapp.study.lab.reviews import packed
from studyapp.study.mastery import trust_of
from studyapp.study.recall import recalls, tells_recall
from studyapp.study.reschedule import Preview, offered, preview, reschedule
from studyapp.study.undo import newest, undo
from tests_support import START, Clock, desk_of, question, questionnaire

CARDS = 60
OTHERS = (*(weight * 1.1 for weight in DEFAULT_WEIGHTS[:16]), *DEFAULT_WEIGHTS[16:])


def open_with(folder: Path, cards: int, clock: Clock) -> Engine:
    root = folder / "pack"
    root.mkdir()
    (root / "a.md").write_text(questionnaire(*(question(f"q{n}") for n in range(cards))))
    engine = open_database(str(folder / "a.db"))
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    engine.dispose()  # nothing here is about the disk
    with writing(engine) as connection:
        sync.sync(connection, [root], clock())
    return engine


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """A database in which a learner has reviewed some cards 300 times, and when that was."""
    clock = Clock()
    engine = open_with(tmp_path_factory.mktemp("reviewed"), CARDS, clock)
    rate(engine, clock, REVIEWS[:300])
    path = engine.url.database
    assert path is not None
    engine.dispose()
    return Path(path), clock()


@pytest.fixture
def studied(reviewed: tuple[Path, datetime], tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    """A copy of it, with the clock at its end."""
    path, clock.now = reviewed
    shutil.copy(path, tmp_path / "a.db")
    engine = open_database(str(tmp_path / "a.db"))
    yield engine
    engine.dispose()


REVIEWS = log_of(500, 5, new_a_day=3, most=CARDS)


def stored_equals_fold(engine: Engine) -> None:
    with reading(engine) as connection:
        cards = connection.scalars(select(tables.card.c.id)).all()
        assert drift(connection, cards, learner=1) == Drift([], [], [])


# What a log comes to


@st.composite
def imports(draw: st.DrawFn) -> list[tuple[int, dict[str, object]]]:
    """States from elsewhere, by card."""
    kept = st.fixed_dictionaries(
        {
            "state": st.sampled_from([State.NEW, State.LEARNING, State.REVIEW]).map(int),
            "stability": st.none() | st.floats(0.1, 400),
            "difficulty": st.none() | st.floats(1, 10),
            "interval": st.integers(0, 90),
            "due": st.just("2026-12-24"),
            "reps": st.integers(0, 3),
            "lapses": st.just(0),
        }
    )
    return draw(st.lists(st.tuples(st.integers(1, 4), kept), max_size=3))


@given(steps, imports(), steps)
@settings(max_examples=10, deadline=None)
def test_states_of_all_cards_at_once_are_those_of_each_fold(
    first: list[Step], kept: list[tuple[int, dict[str, object]]], then: list[Step]
) -> None:
    """Whatever happened to a card: undo, forget, know, imports, an earlier change of weights."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_with(Path(folder), 4, clock)
        live(engine, clock, first)
        with writing(engine) as connection:
            source = log.device_of(connection, b"s" * 16, "anki", clock())
            at = clock.forward(minutes=1).astimezone(UTC)
            entries = [
                (
                    card,
                    fold.Event(
                        log.new_uid(),
                        at + timedelta(microseconds=number),
                        timedelta(hours=2),
                        EventKind.IMPORT,
                        payload=payload,
                    ),
                )
                for number, (card, payload) in enumerate(kept)
            ]
            log.log_foreign(connection, source, [], entries, learner=1)
        live(engine, clock, then)
        with writing(engine) as connection:
            history = (fold.Adopted(fold.EPOCH, b"", Parameters(OTHERS)),)
            found = own.read(connection, learner=1)
            assert (np.diff(found.reviews.day) >= 0).all()
            told = own.states(found, OTHERS)
            for card in range(1, 5):
                folded = fold.fold(record.read_log(connection, card, learner=1), b"", history)
                if folded.stability is not None and card in told.stability:
                    assert told.stability[card] == pytest.approx(folded.stability)
                    assert told.difficulty[card] == pytest.approx(folded.difficulty)
            for of in told:
                of.pop(1, None)  # what is not told is folded
            before = in_force(connection, learner=1)
            log.adopt(connection, replace(before, weights=OTHERS), clock(), states=told, learner=1)
        stored_equals_fold(engine)
        engine.dispose()


def test_new_weights_leave_indexes_as_they_were_and_the_best_is_still_used(
    engine: Engine, clock: Clock
) -> None:
    every = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name"
    asked = "EXPLAIN QUERY PLAN SELECT count(*) FROM memory WHERE learner_id = 1 AND suspended IS 1"
    with writing(engine) as connection:
        for card in (1, 2):
            review.answer(connection, card, None, Rating.GOOD, clock(), learner=1)
        before = connection.exec_driver_sql(every).all()
        states = own.states(own.read(connection, learner=1), OTHERS)
        log.adopt(connection, Parameters(OTHERS), clock(), states=states, learner=1)
        assert read_memory(connection, 2, learner=1).stability == states.stability[2]
        assert connection.exec_driver_sql(every).all() == before
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        (plan,) = connection.exec_driver_sql(asked).all()
        assert "ix_memory_suspended" in plan.detail
    stored_equals_fold(engine)


def test_crammed_reviews_tell_nothing_and_imported_ones_do(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        for kind in ReviewKind:
            seen = read_memory(connection, 1, learner=1).last_review
            review.answer(
                connection, 1, seen, Rating.GOOD, clock.forward(days=2), kind=kind, learner=1
            )
        assert len(own.read(connection, learner=1).reviews) == len(ReviewKind) - 2


@pytest.mark.parametrize("apart", [1, 0], ids=["each at a time of its own", "two at one time"])
def test_reviews_of_several_devices_are_read_in_the_order_of_the_log(
    engine: Engine, clock: Clock, apart: int
) -> None:
    """They lie in the database as they came, device by device."""
    with writing(engine) as connection:
        for card in (2, 1, 3):
            review.answer(connection, card, None, Rating.GOOD, clock.forward(hours=2), learner=1)
        for number, cards in enumerate([(4, 2), (1, 3)]):
            device = log.device_of(connection, b"%16d" % number, "another", clock())
            at, rows = clock().astimezone(UTC) - timedelta(hours=5), []
            for card in cards:
                at += timedelta(hours=2, minutes=apart * number)
                uid = bytes([9 - number, *[card] * 15])
                entry = fold.Review(uid, at, timedelta(hours=2), Rating.EASY, ReviewKind.IMPORT)
                rows.append((card, entry, 1000))
            log.log_foreign(connection, device, rows, [], learner=1)
        column = tables.review.c
        came = connection.execute(select(tables.review).order_by(column.id)).all()
        found = own.read(connection, learner=1).reviews
        in_order = timeline.in_order(connection, came, learner=1)
    assert found.card.tolist() == [row.card_id for row in in_order]
    assert found.rating.tolist() == [row.rating for row in in_order]
    assert in_order != came


@pytest.mark.parametrize("is_straight", [True, False])
def test_cards_that_are_read_one_by_one_stand_in_the_order_of_the_log_within_a_day(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch, is_straight: bool
) -> None:
    """As those are that came with a schedule; of a log that is not straight all are."""
    kept = {
        "state": State.REVIEW,
        "reps": 9,
        "stability": 30.0,
        "difficulty": 5.0,
        "due": "2026-12-24",
    }
    monkeypatch.setattr(own, "_is_straight", lambda *_, **__: is_straight)
    with writing(engine) as connection:
        source = log.device_of(connection, b"s" * 16, "anki", clock())
        for card in (2, 1):
            at = clock.forward(minutes=1).astimezone(UTC)
            entry = fold.Event(
                log.new_uid(), at, timedelta(hours=2), EventKind.IMPORT, payload=kept
            )
            log.log_foreign(connection, source, [], [(card, entry)], learner=1)
        for card in (3, 1, 4, 2):
            seen = read_memory(connection, card, learner=1).last_review
            now = clock.forward(minutes=1)
            review.answer(connection, card, seen, Rating.GOOD, now, learner=1)
        found = own.read(connection, learner=1).reviews
    assert found.card.tolist() == [2, 1, 3, 1, 4, 2]


# Adoption


def test_an_experiment_gets_a_log_as_numbers_if_it_is_one_of_ours_that_asks(
    studied: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = catalog.read().lesson("memory")
    desk = desk_of(studied, clock)
    file = packed(desk, lesson)
    assert file is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / protocol.REVIEWS).write_bytes(file)
    found = own_reviews()
    assert found is not None
    with reading(studied) as connection:
        kept = own.read(connection, learner=1).reviews
    assert found.rating.tolist() == kept.rating.tolist()
    assert found.day.tolist() == (kept.day - kept.day[0]).tolist()
    assert sorted(set(found.card.tolist())) == list(range(len(set(kept.card.tolist()))))
    assert packed(desk, replace(lesson, origin="stranger 1")) is None
    assert packed(desk, catalog.read().lesson("null")) is None


def test_a_fit_is_adopted_once_the_log_has_grown_and_memories_are_its_fold(
    studied: Engine, clock: Clock, tmp_path: Path
) -> None:
    desk = desk_of(studied, clock)
    with reading(studied) as connection:
        assert adoption.is_time(connection, learner=1)
        before = {
            row.card_id: as_memory(row)
            for row in connection.execute(select(*MEMORY_COLUMNS, tables.memory.c.card_id))
        }
    shares = list[float]()
    today = study_day(clock())
    judged = adoption.fit(desk, shares.append)
    assert judged.adopted
    assert shares == sorted(shares)
    stored_equals_fold(studied)
    (kept_first,) = backup.named(tmp_path / "backups", "a")
    assert kept_first.reason == "change"
    with reading(studied) as connection:
        assert in_force(connection, learner=1).weights == judged.parameters
        assert not adoption.is_time(connection, learner=1)
        for card, kept in before.items():
            now = read_memory(connection, card, learner=1)
            assert now == replace(kept, stability=now.stability, difficulty=now.difficulty)
            assert now.stability != kept.stability
    same = adoption.fit(desk)
    assert same.reason == f"the log says the same as at the fit before: {judged.reason}"
    assert (same.parameters, same.difference) == (judged.parameters, judged.difference)
    assert same.unchanged
    assert not same.adopted
    interval = r"lower by \.\d{4} \[−\.\d{4}, \.\d{4}\] than with the defaults\.$"
    assert re.search(interval, adoption.verdict(judged.as_json(), today))
    stays = f"The schedule stays as fitted on {words.day(today, today)}"
    assert adoption.verdict(same.as_json(), today) == f"{stays}: {same.reason}."
    assert judged.in_use is None
    assert same.in_use is not None
    assert (same.in_use.since, same.in_use.seen) == (today, same.later)
    rate(studied, clock, REVIEWS[300:499])
    with reading(studied) as connection:
        assert not adoption.is_time(connection, learner=1)  # by a tenth, but not by 200
    rate(studied, clock, REVIEWS[499:500])
    with reading(studied) as connection:
        assert adoption.is_time(connection, learner=1)
    again = adoption.fit(desk)
    assert "than with the" in again.reason
    assert again.in_use is not None
    assert (again.in_use.since, again.in_use.seen) == (today, 0)  # the later ones are of the 200
    stored_equals_fold(studied)
    with reading(studied) as connection:
        kept_fits = read_fits(connection, learner=1)
    assert [fit["reviews"] for fit in kept_fits] == [300, 300, 500]
    assert kept_fits[0]["until"] < kept_fits[2]["until"]


def test_outcomes_of_before_tell_how_far_off_adopted_weights_are(
    studied: Engine, clock: Clock
) -> None:
    """As if the weights had always been in force; what comes later goes on from there."""
    judged = adoption.fit(desk_of(studied, clock))
    always = (fold.Adopted(fold.EPOCH, b"", Parameters(judged.parameters)),)
    expected = list[tuple[datetime, Recall]]()
    with reading(studied) as connection:
        for card in range(1, CARDS + 1):
            before = Memory()
            for entry, after in fold.replay(
                record.read_log(connection, card, learner=1), b"", always
            ):
                if isinstance(entry, fold.Review) and tells_recall(
                    entry.kind, before, study_day(entry.now)
                ):
                    days = (study_day(entry.now) - before.last_day).days
                    recall = Parameters(judged.parameters).model.recall(before.stability, days)
                    seen = Recall(recall, before.stability, entry.rating > Rating.AGAIN)
                    expected.append((entry.now, seen))
                before = after
        trust = trust_of(connection, learner=1)
    told = calibration(one for _, one in sorted(expected, key=lambda pair: pair[0]))
    assert trust.outcomes == told.outcomes > 100
    assert trust.terms == pytest.approx(told.terms)
    assert np.array(trust.covariance) == pytest.approx(np.array(told.covariance))
    rate(studied, clock, REVIEWS[300:])
    with reading(studied) as connection:
        since = len(recalls(connection, learner=1)) - trust.outcomes
        later = trust_of(connection, learner=1)
    assert later.outcomes == trust.outcomes + since
    assert np.linalg.det(later.covariance) < np.linalg.det(trust.covariance)


@pytest.mark.parametrize(
    ("value", "adopted", "told"),
    [
        (-0.1, False, "stays as it is: the later reviews are all of one card, which tells too lit"),
        (
            -0.1,
            True,
            "is fitted to you now, as that predicts your later reviews no worse: by .1 (no",
        ),
        (
            0.1,
            False,
            "stays as it is, as a fit predicts your later reviews no better: by .1 (no in",
        ),
    ],
)
def test_without_an_interval_nothing_is_said_to_be_better_or_worse(
    value: float, adopted: bool, told: str
) -> None:
    gap = {"value": value, "low": None, "high": None}
    result = {"reviews": 400, "reason": "by .1 (no interval)", "unchanged": False, "in_use": None}
    line = adoption.verdict({**result, "adopted": adopted, "difference": gap}, date(2026, 11, 18))
    assert line.startswith(f"The schedule {told}")


@pytest.mark.parametrize(
    ("low", "high", "adopted", "told"),
    [
        (-0.02, -0.01, True, "is fitted to you now, as that predicts your later reviews better"),
        (-0.02, 0.01, True, "is fitted to you now, as that predicts your later reviews no worse"),
        (-0.01, 0.02, False, "stays as it is, as a fit predicts your later reviews no better"),
        (0.01, 0.02, False, "stays as it is, as a fit predicts your later reviews worse"),
    ],
)
def test_a_fit_is_told_with_its_interval(low: float, high: float, adopted: bool, told: str) -> None:
    gap = {"value": (low + high) / 2, "low": low, "high": high}
    result = {"reviews": 400, "reason": "by .01 [0, .02]", "adopted": adopted, "unchanged": False}
    result |= {"difference": gap, "in_use": None}
    assert adoption.verdict(result, date(2026, 11, 18)) == f"The schedule {told}: by .01 [0, .02]."


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"in_use": 0.17084},
            "stays as fitted on Sat 3 Oct, as a new fit predicts your later reviews no "
            "better: by .0651 [−.0012, .1178]. The defaults predict them better than what is in "
            "use: .1064 against .1708.",
        ),
        (
            {"in_use": 0.10638},  # which reads as theirs
            "stays as fitted on Sat 3 Oct, as a new fit predicts your later reviews no "
            "better: by .0651 [−.0012, .1178].",
        ),
        (
            {
                "in_use": 0.17084,
                "reason": "log loss on the later 12,040 is higher by .0651 (no interval, as none "
                "of them was remembered) than with the fit before",
            },  # the longest
            "stays as fitted on Sat 3 Oct, as a new fit predicts your later reviews no better: log "
            "loss on the later 12,040 is higher by .0651 (no interval, as none of them was "
            "remembered) than with the fit before. The defaults predict them better than what is "
            "in use: .1064 against .1708.",
        ),
        (
            {"in_use": 0.17084, "unchanged": True},
            "stays as fitted on Sat 3 Oct: by .0651 [−.0012, .1178]. The defaults predict "
            "them better than what is in use: .1064 against .1708.",
        ),
        (
            {"in_use": 0.17084, "adopted": True},
            "is fitted to you now, as that predicts your later reviews no worse: by .0651 "
            "[−.0012, .1178].",
        ),
    ],
)
def test_what_stays_is_told_and_where_the_defaults_are_better(
    changed: dict[str, Any], told: str
) -> None:
    result = {"reviews": 1180, "reason": "by .0651 [−.0012, .1178]", "adopted": False}
    result |= {"difference": {"value": 0.0651, "low": -0.0012, "high": 0.1178}, "unchanged": False}
    result |= {"default": {"log_loss": 0.10637}} | changed
    result["in_use"] = {"log_loss": changed["in_use"], "since": "2026-10-03", "seen": 0}
    line = adoption.verdict(result, date(2026, 11, 18))
    assert line == f"The schedule {told}"
    assert len(wrap(line, 78)) <= 4  # which is the room that Today has for it


def test_what_predicts_worse_is_not_adopted_and_not_tried_again_at_once(
    studied: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studyapp.memory import judgement

    real = judgement.evaluate.difference
    monkeypatch.setattr(
        judgement.evaluate, "difference", lambda values, card: real(abs(values) + 0.1, card)
    )
    judged = adoption.fit(desk_of(studied, clock))
    assert not judged.adopted
    with reading(studied) as connection:
        assert in_force(connection, learner=1).weights == DEFAULT_WEIGHTS
        assert not adoption.is_time(connection, learner=1)
        assert [fit["adopted"] for fit in read_fits(connection, learner=1)] == [False]
    stored_equals_fold(studied)


def test_a_learner_with_fifty_reviews_is_told_that_these_are_too_few(
    tmp_path: Path, clock: Clock
) -> None:
    engine = open_with(tmp_path, CARDS, clock)
    rate(engine, clock, REVIEWS[:50])
    judged = adoption.fit(desk_of(engine, clock))
    assert judged.reason.startswith("too few, as a fit begins with 200")
    assert judged.parameters is None
    with reading(engine) as connection:
        assert in_force(connection, learner=1).weights == DEFAULT_WEIGHTS
        assert not adoption.is_time(connection, learner=1)
        assert read_fits(connection, learner=1) == []
    engine.dispose()


def test_a_review_while_the_fit_goes_on_is_in_the_memories(studied: Engine, clock: Clock) -> None:

    def interrupt(share: float) -> None:
        if share >= 0.95:
            rate(studied, clock, REVIEWS[300:301])

    assert adoption.fit(desk_of(studied, clock), interrupt).adopted
    stored_equals_fold(studied)


def test_a_fit_that_is_killed_changes_nothing_and_the_next_one_does(
    studied: Engine, clock: Clock
) -> None:
    desk = desk_of(studied, clock)
    started = child.of_desk(desk)
    os.kill(started.pid, signal.SIGKILL)
    with pytest.raises(CancelledError, match="nothing was changed"):
        started.result()
    with reading(studied) as connection:
        assert read_fits(connection, learner=1) == []
    shares = list[float]()
    found = child.of_desk(desk).result(shares.append)
    assert found["left_out"] == {}  # as a log of a file is told
    assert (found["reviews"], found["adopted"]) == (300, True)
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    with reading(studied) as connection:
        assert list(in_force(connection, learner=1).weights) == found["parameters"]
    stored_equals_fold(studied)


def test_a_fit_that_fails_says_so(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(StudyError, match=r"nosuch\.csv cannot be read: No such file"):
        child.of_file(tmp_path / "nosuch.csv", START).result()


# New dates


def asked_and_held(connection: Connection, clock: Clock) -> tuple[int, int]:
    """The cards that Today asks, and those that are due and wait."""
    line = queue.load(connection, clock(), Settings(), learner=1)
    return line.counts().review + line.counts().learning, line.waiting + line.siblings


def test_new_dates_are_told_before_and_taken_back_in_one(studied: Engine, clock: Clock) -> None:
    with writing(studied) as connection:
        assert not preview(connection, clock(), Settings(), learner=1).days
        assert offered(connection, clock(), Settings(), learner=1) is None
        review.set_due(connection, 1, clock().date() + timedelta(days=9), clock(), learner=1)
        clock.forward(seconds=1)
        goal = replace(in_force(connection, learner=1), desired_retention=0.97)
        log.adopt(connection, goal, clock(), learner=1)
        whole = preview(connection, clock(), Settings(), learner=1)
        before = {card: read_memory(connection, card, learner=1) for card in range(1, CARDS + 1)}
        assert len(whole.days) > 20
        assert 1 not in whole.days  # the learner's own date
        assert whole.sooner == len(whole.days)
        assert sum(whole.after) > sum(whole.before)
        assert (whole.before[0], whole.held[0]) == asked_and_held(connection, clock)
        assert f"{whole.sooner} cards would come sooner and 0 later" in whole.told()
        assert whole.done().startswith(f"{whole.sooner} cards moved to an earlier day and 0 to a ")
        dates = offered(connection, clock(), Settings(), learner=1)
        today = study_day(clock())
        assert dates == replace(whole, since=today)
        assert dates.offer(today) == whole.offer(today) == whole.told()
        later = dates.offer(today + timedelta(days=1))
        assert later.startswith(
            f"By the weights and the goal in use since {words.day(today, today)}"
        )
        for days, is_offered in ((13, True), (14, False)):  # left alone so long, they are to stay
            at = clock() + timedelta(days=days)
            found = offered(connection, at, Settings(), learner=1)
            assert (found is not None) is is_offered
            assert preview(connection, at, Settings(), learner=1).days
        assert reschedule(connection, whole.days, clock(), learner=1) == len(whole.days)
        for card, day in whole.days.items():
            memory = read_memory(connection, card, learner=1)
            assert (memory.due, memory.cause) == (day, Cause.RESCHEDULED)
        assert not preview(connection, clock(), Settings(), learner=1).days
        assert (whole.after[0], whole.held[1]) == asked_and_held(connection, clock)
        told = newest(connection, clock(), learner=1)
        assert told is not None
        assert told.told == f"the new dates of {len(whole.days)} cards"
        undo(connection, clock.forward(seconds=1), learner=1)
        for card, memory in before.items():
            assert read_memory(connection, card, learner=1) == memory
    stored_equals_fold(studied)


def test_what_would_be_overdue_at_once_is_spread_over_days_that_have_room(
    studied: Engine, clock: Clock
) -> None:
    today = clock().date()
    with writing(studied) as connection:
        strict = replace(in_force(connection, learner=1), desired_retention=0.99)
        log.adopt(connection, strict, clock(), learner=1)
        least = preview(connection, clock(), Settings(minutes_a_day=1), learner=1)
        most = preview(connection, clock(), Settings(minutes_a_day=600), learner=1)
    assert most.after[0] > 10
    was, due = (
        one[0] + held for one, held in zip((least.before, least.after), least.held, strict=True)
    )
    assert due == max(4, was)  # a minute, at 15 seconds each
    assert all(day >= today for day in least.days.values())
    assert sum(least.after) <= sum(most.after)


def test_nothing_to_move_is_told_as_that() -> None:
    nothing = Preview({}, 0, (2, 3), (2, 3))
    assert nothing.told() == "No date would move"
    assert nothing.done() == "No date had to move"
    some = Preview({1: date(2026, 11, 20)}, 0, (0, 3), (0, 2), (11, 9))
    for told in (some.told(), some.done()):
        assert ": today 0 → 0 (11 → 9 more wait for another day), in" in told


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"reviews": "many"},
        {"reviews": 300, "adopted": True},
        {"reviews": 300, "adopted": True, "until": "soon", "earlier": list(DEFAULT_WEIGHTS)},
        {"reviews": 300, "adopted": True, "until": "2027-01-01", "earlier": [1.0]},
        {"reviews": 300, "adopted": True, "until": "2027-01-01", "earlier": ["x"] * 21},
        {"reviews": 300, "adopted": True, "until": "2027-01-01", "earlier": [1e9] * 21},
        {"reviews": 300, "calibrations": 3},
        {"reviews": 300, "calibrations": [{}]},
        {"reviews": 300, "calibrations": [{"terms": [0, 1], "covariance": [], "outcomes": 1}]},
    ],
)
def test_what_is_kept_of_a_fit_is_not_believed(
    studied: Engine, clock: Clock, kept: dict[str, object]
) -> None:
    """It may come from another device."""
    with writing(studied) as connection:
        before = in_force(connection, learner=1)
        others = replace(before, weights=OTHERS)
        log.adopt(connection, others, clock(), fit=kept, learner=1)
        assert adoption.is_time(connection, learner=1)
        assert trust_of(connection, learner=1) == Calibration()
    assert "than with the defaults" in adoption.fit(desk_of(studied, clock)).reason
