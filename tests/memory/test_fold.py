"""The fold: any order, any merge, any retraction give one memory."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.fold import (
    CRAMMED,
    Adopted,
    Chosen,
    Entry,
    Event,
    EventKind,
    Review,
    ReviewKind,
    day_of,
    fold,
    in_force,
    replay,
)
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Cause, Memory, Rating, State

CARD = b"c" * 16
START = datetime(2026, 1, 1, 8, tzinfo=UTC)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Logs of one card: ratings and events in order of time, some of them retracted."""
    log: list[Entry] = []
    now = START
    for number in range(draw(st.integers(0, 14))):
        now += timedelta(minutes=draw(st.sampled_from([0, 1, 11, 700, 1500, 9000, 60000])))
        offset = timedelta(hours=draw(st.integers(-11, 12)))
        uid = number.to_bytes(16, "big")
        kind = draw(st.sampled_from([*EventKind, None, None, None, None, None, None]))
        if kind is None:
            rating, kind = (
                draw(st.sampled_from(list(Rating))),
                draw(st.sampled_from(list(ReviewKind))),
            )
            interval = draw(st.sampled_from([None, 2, 3, 8, 30, 200]))
            chosen = Chosen(interval, draw(st.sampled_from([None, 0.8, 0.95])))
            log.append(Review(uid, now, offset, rating, kind, chosen=chosen))
        else:
            target = draw(st.sampled_from(log)).uid if log else b"none"
            day = (now + timedelta(days=draw(st.integers(0, 60)))).date()
            log.append(Event(uid, now, offset, kind, target, day))
    return log


@given(logs(), st.randoms())
def test_order_does_not_matter(log: list[Entry], chance: random.Random) -> None:
    shuffled = log.copy()
    chance.shuffle(shuffled)
    assert fold(shuffled, CARD) == fold(log, CARD)


@given(logs(), st.randoms())
def test_two_copies_merged_fold_to_the_same(log: list[Entry], chance: random.Random) -> None:
    """Split at random with some entries in both: the union by uid is the log again."""
    left = [entry for entry in log if chance.random() < 0.6]
    right = [entry for entry in log if entry not in left or chance.random() < 0.3]
    assert fold([*right, *left], CARD) == fold(log, CARD)


@given(logs())
def test_retracting_is_as_if_it_had_never_been(log: list[Entry]) -> None:
    rated = [entry for entry in in_force(log) if isinstance(entry, Review)]
    for entry in rated[:3]:
        now = log[-1].at + timedelta(seconds=1)
        retract = Event(b"retract", now, timedelta(0), EventKind.RETRACT, entry.uid)
        without = [other for other in log if other.uid != entry.uid]
        assert fold([*log, retract], CARD) == fold(without, CARD)


@given(logs())
def test_cram_leaves_no_trace(log: list[Entry]) -> None:
    without = [e for e in log if not (isinstance(e, Review) and e.kind in CRAMMED)]
    assert fold(log, CARD) == fold(without, CARD)


@given(logs(), st.integers(0, 14), st.floats(0.75, 0.97))
def test_a_changed_goal_leaves_stability_and_all_earlier_due_dates(
    log: list[Entry], place: int, goal: float
) -> None:
    first = Adopted(datetime(1970, 1, 1, tzinfo=UTC), b"", Parameters())
    at = log[place].at if place < len(log) else START + timedelta(days=9999)
    later = Adopted(at, b"later", Parameters(desired_retention=goal))
    plain, changed = fold(log, CARD), fold(log, CARD, [first, later])
    assert (changed.stability, changed.difficulty) == (plain.stability, plain.difficulty)
    if place >= len(log):
        assert changed == plain


@given(logs())
def test_adopted_weights_recompute_stability_and_leave_due_dates(log: list[Entry]) -> None:
    weights = tuple(w * 1.1 if index < 4 else w for index, w in enumerate(DEFAULT_WEIGHTS))
    end = START + timedelta(days=99999)
    history = [
        Adopted(datetime(1970, 1, 1, tzinfo=UTC), b"", Parameters()),
        Adopted(end, b"fit", Parameters(weights=weights)),
    ]
    before, after = fold(log, CARD), fold(log, CARD, history)
    fresh = fold(log, CARD, [replace(history[1], at=history[0].at)])
    assert (after.stability, after.difficulty) == (fresh.stability, fresh.difficulty)
    assert (after.due, after.due_at, after.state) == (before.due, before.due_at, before.state)


@given(logs())
def test_replay_ends_in_the_fold(log: list[Entry]) -> None:
    steps = list(replay(log, CARD))
    assert steps[-1] == (None, fold(log, CARD))
    assert [entry for entry, _ in steps[:-1]] == in_force(log)


def review(number: int, rating: Rating, day: int) -> Review:
    return Review(bytes([number]), START + timedelta(days=day), timedelta(0), rating)


def event(number: int, kind: EventKind, day: int, until: int = 0) -> Event:
    when = START + timedelta(days=day)
    return Event(
        bytes([number]), when, timedelta(0), kind, None, (START + timedelta(days=until)).date()
    )


def test_each_event_does_what_it_says() -> None:
    rated = [review(1, Rating.GOOD, 0), review(2, Rating.GOOD, 2)]
    due = fold(rated, CARD).due
    assert fold([*rated, event(3, EventKind.SUSPEND, 3)], CARD).suspended
    resumed = [*rated, event(3, EventKind.SUSPEND, 3), event(4, EventKind.UNSUSPEND, 4)]
    assert fold(resumed, CARD) == fold(rated, CARD)
    asked = event(3, EventKind.ASK, 3)
    assert fold([asked], CARD) == Memory(asked=True)
    assert fold([*rated, asked, event(4, EventKind.FORGET, 3)], CARD).asked
    assert fold([asked, event(4, EventKind.UNASK, 3)], CARD) == Memory()
    buried = fold([*rated, event(3, EventKind.BURY, 3, until=4)], CARD)
    assert (buried.buried_until, buried.due) == ((START + timedelta(days=4)).date(), due)
    moved = fold([*rated, event(3, EventKind.SET_DUE, 3, until=30)], CARD)
    assert (moved.due, moved.cause) == ((START + timedelta(days=30)).date(), Cause.SET)
    assert fold([*rated, event(3, EventKind.FORGET, 3)], CARD) == Memory(cause=Cause.FORGOTTEN)
    known = fold([event(1, EventKind.KNOW, 0)], CARD)
    assert (known.state, known.cause) == (State.REVIEW, Cause.KNOWN)
    assert fold([event(1, EventKind.SET_DUE, 0, until=9)], CARD) == Memory()


def test_what_was_chosen_holds_where_the_fuzz_allows_it() -> None:
    """Without a rating before it the last one has another range, and its interval is drawn."""
    rated = [review(1, Rating.EASY, 0), review(2, Rating.GOOD, 8)]
    drawn, before = fold(rated, CARD), fold(rated[:1], CARD)
    may = Parameters().allowed(before, drawn)
    assert len(may) > 5
    for interval in (*may, may.start - 1, may.stop):
        chosen = replace(rated[1], chosen=Chosen(interval))
        days = interval if interval in may else (drawn.due - day_of(rated[1])).days
        assert fold([rated[0], chosen], CARD).due == day_of(chosen) + timedelta(days=days)
        assert fold([chosen], CARD) == fold(rated[1:], CARD)
    aimed = [replace(one, chosen=Chosen(None, 0.8)) for one in rated]
    goal = Adopted(datetime(1970, 1, 1, tzinfo=UTC), b"", Parameters(desired_retention=0.8))
    assert fold(aimed, CARD) == fold(rated, CARD, [goal]) != drawn


def test_a_rating_ends_a_burial() -> None:
    log = [event(1, EventKind.BURY, 0, until=1), review(2, Rating.GOOD, 0)]
    assert fold(log, CARD).buried_until is None


def test_an_imported_state_is_that_of_the_other_program() -> None:
    payload = {
        "state": 2,
        "stability": 30.0,
        "difficulty": 4.5,
        "due": "2026-02-20",
        "reps": 9,
        "lapses": 2,
    }
    entry = replace(event(3, EventKind.IMPORT, 20), payload=payload)
    memory = fold([review(1, Rating.AGAIN, 0), entry], CARD)
    assert (memory.state, memory.stability, memory.difficulty) == (State.REVIEW, 30.0, 4.5)
    assert (memory.due, memory.cause) == (date(2026, 2, 20), Cause.IMPORTED)
    assert (memory.reviews, memory.lapses, memory.first_day) == (9, 2, date(2026, 1, 1))
    after = fold([entry, review(4, Rating.GOOD, 50)], CARD)
    assert after.reviews == 10
    assert after.stability is not None
    assert after.stability > 30
    assert fold([replace(entry, payload=payload | {"state": 0})], CARD) == Memory()


def test_the_day_of_an_entry_is_the_one_that_it_was_logged_with() -> None:
    """Another program may begin its day elsewhere."""
    early = replace(review(1, Rating.GOOD, 0), day=date(2025, 12, 31))
    assert fold([early], CARD).last_day == date(2025, 12, 31)


def test_new_dates_are_as_if_they_had_been_the_first_ones() -> None:
    right = [review(1, Rating.GOOD, 0), review(2, Rating.GOOD, 3), event(3, EventKind.BURY, 3, 4)]
    wrong = [
        right[0],
        *(replace(one, at=one.at + timedelta(days=365)) for one in right[1:]),
    ]
    wrong[2] = replace(wrong[2], until=date(2026, 1, 5) + timedelta(days=365))
    dates = {one.uid.hex(): [one.at.isoformat(), day_of(one).isoformat()] for one in right[1:]}
    redate = replace(event(9, EventKind.REDATE, 5), payload=dates)
    assert fold(wrong, CARD) != fold(right, CARD)
    assert fold([*wrong, redate], CARD) == fold(right, CARD)
    retract = Event(b"t", START + timedelta(days=6), timedelta(0), EventKind.RETRACT, redate.uid)
    assert fold([*wrong, redate, retract], CARD) == fold(wrong, CARD)
