"""A trial on one's own memory: dealt by chance, kept in the log, reckoned once, at the end."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as laws
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from studyapp.commands import plain
from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import ChangedError, SettingError, StudyError
from studyapp.interval import LEAST_FREEDOM
from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating
from studyapp.store import entry, log, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, refold
from studyapp.study import leech, pause, plan, prompt, review, stats
from studyapp.study.answer import Given
from studyapp.study.grading import Grade
from studyapp.study.pace import Pace
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from studyapp.study.trial import course, roster, verdict
from studyapp.study.trial.course import Trial
from studyapp.study.trial.foresight import Coming, Course, Weeks
from studyapp.study.trial.form import (
    PRETEST,
    TYPING,
    Arm,
    Form,
    Strata,
    assigned,
    detectable,
    measured,
)
from studyapp.study.trial.roster import Roster
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire

FAMILIES = LEAST_FREEDOM + 2  # in one chapter: as few as there are to be
ALL = Settings(minutes_a_day=600, new_a_day=99)
TYPED, HEAD = TYPING.arms
GUESSED, READ = PRETEST.arms


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A chapter of as many questions as a trial needs, the last two of which are one family."""
    root = tmp_path / "content"
    root.mkdir()
    notes = [question(f"q{number:02}") for number in range(FAMILIES - 1)]
    notes += [question(f"pair{number}", family="pair") for number in range(2)]
    (root / "questionnaire.md").write_text(questionnaire(*notes))
    return root


@pytest.fixture
def begun(engine: Engine, clock: Clock) -> Engine:
    begin(engine, clock)
    return engine


def begin(engine: Engine, clock: Clock, answer: str = "typed", form: Form = TYPING) -> None:
    with writing(engine) as connection:
        cards = roster.propose(connection, form, clock(), ALL, learner=1)
        course.begin(connection, form, cards, answer, 0.8, clock(), learner=1)


def read(engine: Engine) -> Trial:
    with reading(engine) as connection:
        found = course.read(connection, learner=1)
    assert found is not None
    return found


def standing(engine: Engine, clock: Clock) -> verdict.Standing:
    with reading(engine) as connection:
        return verdict.standing(connection, clock(), ALL, learner=1)


def held(engine: Engine, clock: Clock) -> list[str]:
    return [*standing(engine, clock).trials[0].held]


def told(engine: Engine, clock: Clock) -> str:
    return " ".join(line for some in standing(engine, clock).told() for line in some)


def rate(engine: Engine, clock: Clock, *rated: tuple[bytes, Rating]) -> None:
    """Rate cards, in one transaction: a day of each would take long."""
    with writing(engine) as connection:
        ids = entry.cards_of(connection, [uid for uid, _ in rated], learner=1)
        for uid, rating in rated:
            seen = read_memory(connection, ids[uid], learner=1).last_review
            review.answer(connection, ids[uid], seen, rating, clock(), learner=1)


def learn(engine: Engine, clock: Clock) -> None:
    """Meet every card of the trial."""
    rate(engine, clock, *((uid, Rating.GOOD) for uid in read(engine).dealt))


def recall(engine: Engine, clock: Clock, *cards: bytes, forgotten: str = "") -> None:
    """Ask *cards* of the trial; those dealt the *forgotten* arm are not remembered."""
    dealt = read(engine).dealt
    ratings = {True: Rating.AGAIN, False: Rating.GOOD}
    rate(engine, clock, *((uid, ratings[dealt[uid].name == forgotten]) for uid in cards))


# dealing


def cards(sizes: list[list[int]]) -> Strata:
    numbers = iter(range(1000))
    return [[[next(numbers).to_bytes(2, "big") for _ in range(n)] for n in some] for some in sizes]


@laws(max_examples=30)
@given(st.binary(min_size=16, max_size=16), st.lists(st.lists(st.integers(1, 4), max_size=7)))
def test_families_are_dealt_whole_in_halves_and_the_same_by_one_uid(
    uid: bytes, sizes: list[list[int]]
) -> None:
    strata = cards(sizes)
    found = assigned(uid, strata)
    assert found == assigned(uid, strata)
    assert set(found) == {one for some in strata for family in some for one in family}
    for stratum in strata:
        arms = [{found[card] for card in family} for family in stratum]
        assert all(len(one) == 1 for one in arms)
        for first, second in zip(arms[::2], arms[1::2], strict=False):
            assert first != second  # side by side, so learned at about the same time


def test_each_family_gets_either_arm_by_chance() -> None:
    strata, draw = cards([[1] * 5, [2] * 4]), random.Random(1)
    firsts = Counter[bytes]()
    for _ in range(400):
        found = assigned(draw.randbytes(16), strata)
        firsts.update(card for card, arm in found.items() if arm == 0)
    assert all(150 < firsts[card] < 250 for card in found)


def test_one_arm_alone_tells_no_difference() -> None:
    found = measured(bytes(16), [[[b"x"]]], {b"x": True})
    assert found[1:] == (None, None, None)
    assert [one.cards for one in found.arms] in ([1, 0], [0, 1])


def test_what_can_be_detected_is_about_20_points_of_160_cards() -> None:
    pairs = cards([[2] * 40, [1] * 40, [2] * 20])
    assert sum(len(family) for some in pairs for family in some) == 160
    assert detectable(pairs, 0.8) == pytest.approx(0.2, abs=0.015)
    assert detectable(pairs, 0.5) > detectable(pairs, 0.8) > detectable(pairs, 0.95)
    few, own, all_of_them = (Roster(pairs, stats.share(n, n), Weeks(4, 4)) for n in (0, 19, 50))
    assert few.detectable == own.detectable == detectable(pairs, 0.8)  # too few to tell
    assert all_of_them.detectable == detectable(pairs, 0.95)


# beforehand


def test_it_is_said_beforehand_what_it_could_tell_and_how_long_it_takes(
    engine: Engine, clock: Clock
) -> None:
    found = standing(engine, clock)
    assert found.trial is None
    offer = found.offers[0]
    assert (offer.roster.cards, offer.roster.families) == (FAMILIES + 1, FAMILIES)
    text = " ".join(found.begins()[0])
    assert f"{FAMILIES + 1} new cards: it would find a difference of 5" in text
    assert "yours are too few to tell" in text
    assert "At your pace it would take 2 to 3 weeks." in text
    found = list[Weeks | None]()
    for settings in (replace(ALL, new_a_day=1), replace(ALL, new_a_day=0)):
        with reading(engine) as connection:
            found.append(roster.propose(connection, TYPING, clock(), settings, learner=1).weeks)
    assert found[0] is not None
    assert (
        found[0].low == 5
    )  # 22 days to meet them, one of the pair a day, and 13 to the last recall
    assert found[1] is None


def test_the_days_to_come_have_what_holds_a_card_back() -> None:
    """Those that give it away, those before it, and the time of a day."""
    apart = [Coming(number, f"f{number}", None, None) for number in range(24)]
    alike = [replace(one, family=f"f{one.card // 8}") for one in apart]
    usual = Course([], apart, range(16, 24), Parameters(), Pace(15, 45), 3600, 12.0, None)

    def end(**other: Any) -> int:
        return replace(usual, **other).days(300) or 300

    assert 7 < end(awaited=range(8)) < end() < 30
    assert end(fresh=alike) > end() + 4  # eight of a family, of which one comes a day
    assert end(time=120) > end() + 7  # two minutes a day
    assert end(first=Rating.AGAIN) != end()
    assert end(new=0.5) > end() + 30
    opened = [replace(one, opener=0 if one.card == 23 else None) for one in apart]
    assert end(fresh=opened) > end()
    assert usual.days(7) is None  # and it leaves the cards as they were
    assert [one.memory for one in apart] == [None] * 24
    assert [Weeks(1, 1).told, Weeks(3, 9).told, Weeks(52, None).told] == [
        "1 week",
        "3 to 9 weeks",
        "more than 52 weeks",
    ]


def test_only_families_are_in_of_which_nothing_was_met(engine: Engine, clock: Clock) -> None:
    with reading(engine) as connection:
        before = roster.propose(connection, TYPING, clock(), ALL, learner=1)
    [pair] = [family for stratum in before.strata for family in stratum if len(family) == 2]
    rate(engine, clock, (pair[0], Rating.GOOD))
    with reading(engine) as connection:
        after = roster.propose(connection, TYPING, clock(), ALL, learner=1)
    assert (after.cards, after.families) == (FAMILIES - 1, FAMILIES - 1)
    assert not after.suffices
    with pytest.raises(StudyError, match="too few for a trial"):
        begin(engine, clock)


def test_families_come_by_their_last_card_and_large_ones_not_at_all(
    engine: Engine, clock: Clock, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that goes on in a later chapter would be waited for long."""
    notes = [question("late", family="q01"), *(question(f"m{n}", family="many") for n in range(7))]
    (content / "zz.md").write_text(questionnaire(*notes))
    monkeypatch.setattr(roster, "CARDS", FAMILIES)
    with writing(engine) as connection:
        uids = dict(
            connection.execute(
                select(tables.note.c.name, tables.card.c.uid).join_from(
                    tables.card, tables.note, tables.note.c.id == tables.card.c.note_id
                )
            ).all()
        )
        sync.sync(connection, [content], clock())
        found = roster.propose(connection, TYPING, clock(), ALL, learner=1)
    cards = {uid for stratum in found.strata for family in stratum for uid in family}
    assert cards == set(uids.values()) - {uids["q01"]}


def test_the_prediction_is_an_answer_and_a_second_trial_waits(begun: Engine, clock: Clock) -> None:
    with pytest.raises(SettingError, match="is not an answer"):
        begin(begun, clock, "both")
    with pytest.raises(StudyError, match="runs already"):
        begin(begun, clock)


# the course of it


def test_the_first_recall_a_week_after_learning_counts(begun: Engine, clock: Clock) -> None:
    learn(begun, clock)
    first, second, *_ = read(begun).waiting
    clock.forward(days=6)
    rate(begun, clock, (first, Rating.AGAIN))
    assert read(begun).came == {}
    clock.forward(days=1)
    rate(begun, clock, (first, Rating.GOOD))
    for kind in (ReviewKind.CRAM, ReviewKind.IMPORT):  # neither is an outcome of a trial
        with writing(begun) as connection:
            card = entry.cards_of(connection, [second], learner=1)[second]
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, Rating.AGAIN, clock(), kind=kind, learner=1)
    clock.forward(days=5)
    rate(begun, clock, (first, Rating.AGAIN))
    assert {uid: one.remembered for uid, one in read(begun).came.items()} == {first: True}
    with writing(begun) as connection:
        undo(connection, clock(), learner=1)
    assert [*read(begun).came] == [first]


def test_a_card_counts_from_when_it_was_learned_last_or_known(begun: Engine, clock: Clock) -> None:
    anew, known, *_ = read(begun).waiting
    log_of(begun, clock, known, EventKind.KNOW)
    rate(begun, clock, (anew, Rating.GOOD))
    clock.forward(days=8)
    log_of(begun, clock, anew, EventKind.FORGET)
    rate(begun, clock, (anew, Rating.GOOD))
    clock.forward(days=1)
    rate(begun, clock, (anew, Rating.AGAIN))  # the day after it was learned anew
    assert read(begun).came == {}
    clock.forward(days=8)
    rate(begun, clock, (anew, Rating.GOOD), (known, Rating.AGAIN))
    came = read(begun).came
    assert {uid: one.remembered for uid, one in came.items()} == {anew: True, known: False}


def log_of(engine: Engine, clock: Clock, uid: bytes, kind: EventKind) -> None:
    with writing(engine) as connection:
        number = entry.cards_of(connection, [uid], learner=1)[uid]
        log.log_event(connection, number, kind, clock(), learner=1)


def test_what_does_not_come_is_told_as_it_would_be_waited_for_for_ever(
    begun: Engine, clock: Clock, content: Path
) -> None:
    learn(begun, clock)
    assert held(begun, clock) == []
    log_of(begun, clock, read(begun).waiting[3], EventKind.SUSPEND)
    file = content / "questionnaire.md"
    file.write_text(file.read_text().replace("{#q05}", "{#q99}"))
    with writing(begun) as connection:
        sync.sync(connection, [content], clock())
    assert held(begun, clock) == ["q03", "q05"]
    text = told(begun, clock)
    assert "does not come, as it is suspended, paused or gone: q03 and q05." in text
    with writing(begun) as connection:
        pause.pause(connection, None, clock(), learner=1)
    assert len(held(begun, clock)) == FAMILIES + 1
    assert "q04 and 18 more." in told(begun, clock)


def test_nothing_tells_the_arms_apart_before_the_end(
    begun: Engine, clock: Clock, tmp_path: Path
) -> None:
    """What is told of two learners is the same to the letter, be it one arm or the other that they
    forgot; but for a card, both would be done."""
    copies = {arm.name: tmp_path / f"{arm.name}.db" for arm in TYPING.arms}
    learn(begun, clock)
    clock.forward(days=9)
    begun.dispose()
    whole = (tmp_path / "study.db").read_bytes()
    seen = list[Any]()
    for name, path in copies.items():
        path.write_bytes(whole)
        engine, now = open_database(str(path)), Clock(clock())
        arms = [
            [uid for uid, arm in read(engine).dealt.items() if arm is one] for one in TYPING.arms
        ]
        as_many = min(map(len, arms)) - 1
        recall(engine, now, *(uid for some in arms for uid in some[:as_many]), forgotten=name)
        assert read(engine).runs
        assert read(engine).outcomes == {}
        found = standing(engine, now)
        with reading(engine) as connection:
            counted = stats.stats(connection, now(), learner=1, leech_lapses=8)
        seen.append((found.told(), found.as_json(), counted))
        engine.dispose()
    assert seen[0] == seen[1]
    assert "Too few to tell" in " ".join(seen[0][0][0])
    assert seen[0][1]["trials"][0]["result"] is None


def test_it_is_analysed_at_the_end_in_the_arms_that_were_dealt(begun: Engine, clock: Clock) -> None:
    """Whatever was done with the cards: the learner gives one the other arm. All in the head are
    forgotten, and one that was typed."""
    learn(begun, clock)
    trial = read(begun)
    typed = [uid for uid, arm in trial.dealt.items() if arm is TYPED]
    with writing(begun) as connection:
        assert course.change(connection, typed[0], clock(), learner=1) is HEAD
    clock.forward(days=8)
    recall(begun, clock, typed[1], forgotten="typed")
    recall(begun, clock, *read(begun).waiting, forgotten="in the head")
    assert read(begun).over == study_day(clock())
    text = told(begun, clock)
    assert "typed against in the head: +9" in text
    assert f"Typed: {len(typed) - 1} of {len(typed)} remembered." in text
    assert "You said: typed, 80% sure: right; that costs 0.04" in text
    assert "1 given the other arm" in text
    assert "clearly more was not asked" not in text
    before = read(begun).outcomes
    clock.forward(days=90)
    recall(begun, clock, *typed, forgotten="typed")  # what comes later is no outcome
    assert read(begun).outcomes == before


def test_one_that_ended_early_says_so_first_and_where_that_was_uneven(
    begun: Engine, clock: Clock
) -> None:
    learn(begun, clock)
    clock.forward(days=8)
    head = [uid for uid, arm in read(begun).dealt.items() if arm is HEAD]
    recall(begun, clock, *(uid for uid in read(begun).dealt if uid not in head[:4]))
    with writing(begun) as connection:
        for uid in head[:4]:
            course.leave_out(connection, uid, clock(), learner=1)
    text = told(begun, clock)
    assert f"Over today, with {FAMILIES - 3} of {FAMILIES + 1} cards asked: " in text
    assert "Of one kind clearly more was not asked" in text


def test_what_is_left_out_is_not_waited_for_and_what_is_stopped_never_analysed(
    begun: Engine, clock: Clock
) -> None:
    """Each can be taken back, but not once the result was told."""
    learn(begun, clock)
    assert standing(begun, clock).trials[0].weeks == (2, 3)  # all are met, and waited for
    clock.forward(days=8)
    assert standing(begun, clock).trials[0].weeks == (1, 1)
    first, second, *others = read(begun).waiting
    recall(begun, clock, *others)
    assert "cannot tell anything" not in told(begun, clock)  # of as few families as there are to be
    with writing(begun) as connection:
        course.leave_out(connection, first, clock(), learner=1)
    assert "it cannot tell anything any more: stop it." in told(begun, clock)
    with writing(begun) as connection:
        course.stop(connection, clock.forward(minutes=1), learner=1)
    assert "Stopped today, and never analysed" in told(begun, clock)
    assert read(begun).outcomes == {}
    with pytest.raises(StudyError, match="No trial runs"), writing(begun) as connection:
        course.stop(connection, clock(), learner=1)
    assert taken_back(begun, clock) == "stopping the trial"
    assert read(begun).waiting == [second]
    with writing(begun) as connection:
        with pytest.raises(StudyError, match="does not wait for that card"):
            course.leave_out(connection, first, clock(), learner=1)
        course.leave_out(connection, second, clock.forward(minutes=1), learner=1)
    text = told(begun, clock)
    assert "not asked" in text
    assert "2 left out" in text
    found = read(begun).outcomes
    clock.forward(days=1)
    recall(begun, clock, first)  # too late to count
    assert read(begun).outcomes == found
    assert taken_back(begun, clock) == "Good"
    assert read(begun).outcomes == found
    assert taken_back(begun, clock) == "Good"  # a slip of the key, which opens its own card alone
    assert read(begun).waiting == [others[-1]]
    assert taken_back(begun, clock) == "Good"
    assert set(read(begun).waiting) == set(others[-2:])


def taken_back(engine: Engine, clock: Clock) -> str | None:
    with writing(engine) as connection:
        undone = undo(connection, clock(), learner=1)
    return None if undone is None else undone.what


def test_another_that_two_devices_began_at_once_is_none(begun: Engine, clock: Clock) -> None:
    first = read(begun).uid
    payload = {"form": "typing", "answer": "typed", "confidence": None, "strata": [[["0" * 32]]]}
    clock.forward(minutes=1)
    with writing(begun) as connection:
        kind = course.KINDS[0]
        log.log_of_no_card(connection, kind, clock(), payload=payload, learner=1)
    assert read(begun).uid == first
    with writing(begun) as connection:
        course.stop(connection, clock.forward(minutes=1), learner=1)
    begin(begun, clock)
    assert read(begun).uid != first


def test_none_is_begun_where_a_clock_that_was_ahead_has_ended_the_one_before(
    begun: Engine, clock: Clock, content: Path
) -> None:
    learn(begun, clock)
    clock.forward(days=40)
    recall(begun, clock, *read(begun).waiting)
    more = questionnaire(*(question(f"z{number:02}") for number in range(FAMILIES)))
    (content / "more.md").write_text(more)
    with writing(begun) as connection:
        sync.sync(connection, [content], clock())
    assert "too few to tell: the cards of each kind came out all alike" in told(begun, clock)
    clock.forward(days=-1)
    assert re.search(r"Over on \w{3} \d", told(begun, clock))
    with pytest.raises(StudyError, match="by a clock that was ahead"):
        begin(begun, clock)
    clock.forward(days=2)
    over = read(begun)
    with writing(begun) as connection:  # on another device, which did not know that it was over
        stop = {"trial": over.uid.hex()}
        kind = EventKind.TRIAL_STOP
        log.log_of_no_card(connection, kind, clock(), payload=stop, learner=1)
    assert read(begun) == over
    before = read(begun).uid
    begin(begun, clock)
    assert read(begun).uid != before


# in the review


def sat(engine: Engine, clock: Clock) -> Iterator[Sitting]:
    """A sitting, card by card; what is not rated by who looks at it is Good."""
    sitting = Sitting(desk_of(engine, clock, ALL))
    while sitting.view is not None:
        before = sitting.view
        yield sitting
        if sitting.view is before:
            sitting.rate(Rating.GOOD)
        clock.forward(seconds=5)


def test_the_review_asks_as_the_arm_has_it_until_the_outcome(begun: Engine, clock: Clock) -> None:
    dealt, asked = read(begun).dealt, Counter[bool | None]()
    for sitting in sat(begun, clock):
        assert sitting.view is not None
        arm = dealt[sitting.view.uid]
        assert sitting.asked is arm
        asked[arm.typed] += 1
        sitting.rate(Rating.EASY, given=Given("as it asks" if arm.typed else ""))
    assert asked[True]
    assert asked[False]
    cram = Sitting(desk_of(begun, clock, ALL), plan.cram())
    assert cram.view is not None
    assert cram.asked is dealt[cram.view.uid]
    cram.rate(Rating.GOOD, given=Given("" if cram.asked is TYPED else "otherwise"))
    assert last_arm(begun) is None
    assert read(begun).left == frozenset()
    clock.forward(days=40)
    for sitting in islice(sat(begun, clock), 12):  # the outcome, of either arm; not its steps
        assert sitting.view is not None
        assert sitting.asked is (None if sitting.view.uid in read(begun).came else HEAD)
        sitting.rate(Rating.AGAIN)
        clock.forward(minutes=3)
    assert len(read(begun).came) < 12
    assert read(begun).left == frozenset()
    with writing(begun) as connection:
        course.stop(connection, clock(), learner=1)
    sitting.refresh()
    assert sitting.asked is None


def test_an_answer_that_was_not_typed_is_kept_as_what_it_was(begun: Engine, clock: Clock) -> None:
    dealt = read(begun).dealt
    for sitting in sat(begun, clock):
        assert sitting.view is not None
        if sitting.asked is TYPED:
            uid = sitting.view.uid
            sitting.rate(Rating.GOOD, given=Given(" \n"))
            break
    assert read(begun).left == {uid}
    assert last_arm(begun) == "in the head"
    assert dealt[uid] is TYPED  # where it counts
    sitting.undo()
    assert read(begun).left == frozenset()
    said, lines = list[str](), iter(["3", '"3"', "3", "q"])  # once as an answer
    plain.review(sitting, lambda: next(lines), said.append)
    assert any(
        "The trial asks for it in writing: type the answer on this line." in one for one in said
    )
    assert 'As an answer it is "3"' in " ".join(said)
    assert sitting.done[-1].given.text == "3"
    assert last_arm(begun) == "typed"
    assert read(begun).left == frozenset()


def test_an_answer_beside_the_review_is_kept_as_what_it_was_too(
    begun: Engine, clock: Clock
) -> None:
    """Inside a section it is in the head, in a questionnaire as it was."""
    desk = desk_of(begun, clock, ALL)
    attempt = Attempt(desk, 1)
    for text, arm in (("in my words", "typed"), (" ", "in the head")):
        attempt.write(text)
        attempt.reveal()
        attempt.grade(Grade.GOT)
        assert last_arm(begun) == arm
    with reading(begun) as connection:
        card = entry.cards_of(connection, read(begun).dealt, learner=1)[read(begun).waiting[-1]]
        asked = prompt.ask(connection, card, clock(), ALL, learner=1)
    prompt.rate(desk, asked, Rating.GOOD, timedelta(seconds=5))
    assert last_arm(begun) == "in the head"


def last_arm(engine: Engine) -> str | None:
    """The arm that the newest rating was given in."""
    with reading(engine) as connection:
        newest = tables.review.c.id.desc()
        return connection.scalars(select(tables.review.c.arm).order_by(newest)).first()


# pretested or not


@pytest.fixture
def pretested(engine: Engine, clock: Clock) -> Engine:
    begin(engine, clock, "guessed first", PRETEST)
    return engine


def test_a_first_showing_counts_the_same_in_both_arms_and_the_recall_that_counts_is_asked_alike(
    pretested: Engine, clock: Clock
) -> None:
    dealt, first = read(pretested).dealt, dict[bytes, tuple[Any, ...]]()
    for sitting in islice(sat(pretested, clock), 4):
        view = sitting.view
        assert view is not None
        assert sitting.asked is dealt[view.uid]
        for refused in (lambda at: at.rate(Rating.GOOD), Sitting.know):
            with pytest.raises(StudyError, match="its first showing counts as Again"):
                refused(sitting)
        after = sitting.rate(Rating.AGAIN).memory
        first[view.uid] = after.state, after.step, after.stability, after.difficulty
        assert last_arm(pretested) == dealt[view.uid].name
    assert {dealt[uid] for uid in first} == {GUESSED, READ}
    assert len({*first.values()}) == 1  # the model knows nothing of who was shown the answer
    assert read(pretested).left == frozenset()
    day = study_day(clock())
    assert {read(pretested).asked(uid, day, day) for uid in first} == {None}
    for days in (0, 9):  # its step, and the outcome
        clock.forward(days=days, minutes=15)
        rate(pretested, clock, *((uid, Rating.GOOD) for uid in first))
    assert set(read(pretested).came) == set(first)
    assert {one.remembered for one in read(pretested).came.values()} == {True}


def test_a_card_that_was_guessed_in_a_questionnaire_is_told_and_one_that_was_seen_is_in_none(
    pretested: Engine, clock: Clock
) -> None:
    """The chapter's pretest shows answers and makes nothing known: who had it cannot be shown the
    same for the first time."""
    desk, dealt = desk_of(pretested, clock, ALL), read(pretested).dealt
    attempt = Attempt(desk, 1)
    shown = next(number for number, arm in enumerate(dealt.values()) if arm is READ)
    attempt.go_to(shown)
    attempt.write("a guess")
    attempt.reveal()
    attempt.grade(Grade.GOT)
    uid = [*dealt][shown]
    assert last_arm(pretested) is None  # it is neither arm, however it was answered
    guessed = next(one for one, arm in dealt.items() if arm is GUESSED)
    with reading(pretested) as connection:
        card = entry.cards_of(connection, dealt, learner=1)[guessed]
        asked = prompt.ask(connection, card, clock(), ALL, learner=1)
    prompt.rate(desk, asked, Rating.AGAIN, timedelta(seconds=5))
    assert last_arm(pretested) is None
    assert read(pretested).left == {uid, guessed}
    attempt.go_to(len(dealt) - 1)  # which shows the answer before the card was met
    attempt.reveal()
    assert read(pretested).left == {uid, guessed, [*dealt][-1]}
    with writing(pretested) as connection:
        with pytest.raises(StudyError, match="asked as all are by now"):
            course.change(connection, uid, clock(), learner=1)
        course.stop(connection, clock.forward(minutes=1), learner=1)
    assert [len(one.roster.strata[0]) for one in standing(pretested, clock).offers] == [
        FAMILIES - 2,  # but for the two that were met …
        FAMILIES - 3,  # … and the family whose answer was shown
    ]


def test_an_again_that_nobody_said_is_told_as_what_it_was(pretested: Engine, clock: Clock) -> None:
    """In the history of a card, and no step towards a leech; one that was said after it is."""
    dealt, told = read(pretested).dealt, dict[Arm, tuple[str, str]]()
    for sitting in islice(sat(pretested, clock), 2):
        view = sitting.view
        assert view is not None
        assert sitting.rate(Rating.AGAIN).memory.agains == 0
        with reading(pretested) as connection:
            _, (past,) = leech.of_card(connection, view.id, learner=1)
            assert read_memory(connection, view.id, learner=1).agains == 0
        told[dealt[view.uid]] = past.row(study_day(clock()))[3], past.sign
    assert told == {GUESSED: ("guessed, then shown", "·"), READ: ("shown, not asked", "·")}
    clock.forward(minutes=15)
    rate(pretested, clock, (view.uid, Rating.AGAIN))
    with reading(pretested) as connection:
        assert refold(connection, view.id, fold.DEFAULTS, learner=1).agains == 1
        _, (_, past) = leech.of_card(connection, view.id, learner=1)
    assert (past.row(study_day(clock()))[3], past.sign) == ("again", "✗")


def test_a_showing_that_was_taken_back_was_one(pretested: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(pretested, clock, ALL))
    assert sitting.view is not None
    uid = sitting.view.uid
    sitting.rate(Rating.AGAIN)
    sitting.undo()
    assert read(pretested).left == {uid}
    sitting.rate(Rating.AGAIN)
    assert read(pretested).left == {uid}


def test_a_card_that_is_known_before_its_first_showing_is_told(
    pretested: Engine, clock: Clock
) -> None:
    first, *_ = read(pretested).dealt
    log_of(pretested, clock, first, EventKind.KNOW)
    clock.forward(days=31)
    rate(pretested, clock, (first, Rating.GOOD))
    assert read(pretested).left == {first}


def test_nothing_is_read_of_a_card_that_no_trial_has_a_say_in(
    pretested: Engine, clock: Clock
) -> None:
    """Be it in none, or met: a trial that is over costs no query."""
    today, nothing = study_day(clock()), cast("Connection", None)
    with reading(pretested) as connection:
        register = course.Register(connection, learner=1)
        uid, *_ = read(pretested).dealt
        assert register.asking(connection, uid, None, today) is not None
    assert register.asking(nothing, b"another", None, today) is None
    assert register.asking(nothing, uid, today, today) is None


def test_an_open_review_heeds_a_stop_from_elsewhere(pretested: Engine, clock: Clock) -> None:
    """What stood there as a first showing is the learner's to rate, and the next card is asked."""
    sitting = Sitting(desk_of(pretested, clock, ALL))
    before = sitting.view
    with writing(pretested) as connection:
        course.stop(connection, clock(), learner=1)
    with pytest.raises(ChangedError, match="rate it yourself"):
        sitting.rate(Rating.AGAIN)
    assert last_arm(pretested) is None
    assert sitting.view is not None
    assert sitting.view == before
    assert sitting.asked is None
    sitting.rate(Rating.GOOD)
    assert last_arm(pretested) is None
    assert sitting.asked is None
    with writing(pretested) as connection:  # what is taken back is heeded with the next card
        undo(connection, clock(), learner=1)
        undo(connection, clock(), learner=1)
    sitting.refresh()
    assert sitting.asked is not None
    with writing(pretested) as connection:
        course.stop(connection, clock.forward(minutes=1), learner=1)
    assert sitting.look_again()
    assert sitting.asked is None


def test_a_question_and_its_answer_as_lines(pretested: Engine, clock: Clock) -> None:
    """One of each arm, and what no rating is."""
    dealt, told = read(pretested).dealt, dict[str, list[str]]()
    for sitting in sat(pretested, clock):
        assert sitting.view is not None
        arm, said, lines = dealt[sitting.view.uid], list[str](), iter(["3", ""])
        name = sitting.view.note.id
        if arm is GUESSED:
            lines = iter(["", "3", ""])
        plain.review(sitting, lambda lines=lines: next(lines, "q"), said.append)
        at = next(number for number, one in enumerate(said) if "What is" in one)
        told.setdefault(arm.name, [one.replace(name, "it") for one in said[at : at + 9]])
        if len(told) == 2:
            break
    assert told["guessed first"] == [
        "What is it?\n",
        "The trial asks for a guess, however wrong, before you see the answer.\n",
        "It is it.",
        "  a first of it",
        "  b extra: second of it",
        "\nenter goes on: it is asked in 10 minutes",
        "Enter goes on; u undoes, q ends.",
        "again: again in 10 minutes",
        "",
    ]
    assert told["read first"][1] == "The trial shows this one with its answer: read it.\n"
    assert told["read first"][5:] == told["guessed first"][5:]


def test_a_trial_is_still_told_once_another_has_begun(
    begun: Engine, clock: Clock, content: Path
) -> None:
    """And stays what it was: a rating of the first that is taken back ends no second."""
    learn(begun, clock)
    clock.forward(days=9)
    recall(begun, clock, *read(begun).waiting, forgotten="in the head")
    first = told(begun, clock)
    last = [*read(begun).dealt][-1]
    more = questionnaire(*(question(f"z{number:02}") for number in range(FAMILIES)))
    (content / "more.md").write_text(more)
    with writing(begun) as connection:
        sync.sync(connection, [content], clock())
    clock.forward(minutes=1)
    begin(begun, clock, "read first", PRETEST)
    found = standing(begun, clock)
    assert [one.trial.form.name for one in found.trials] == ["pretest", "typing"]
    assert found.offers == []
    assert first in told(begun, clock)
    assert [one.trial.form for one in found.of(TYPING).trials] == [TYPING]
    with reading(begun) as connection:
        row = connection.execute(
            select(tables.review.c.uid, tables.review.c.card_id).order_by(tables.review.c.id.desc())
        ).first()
    assert (
        row is not None
    )  # the rating by which the first was over, as another device takes it back
    with writing(begun) as connection:
        kind = EventKind.RETRACT
        log.log_event(connection, row.card_id, kind, clock(), target=row.uid, learner=1)
    assert [one.trial.runs for one in standing(begun, clock).trials] == [True, True]
    assert read(begun).form is PRETEST
    assert [*standing(begun, clock).trials[1].trial.waiting] == [last]


# as a command


def test_the_command_begins_tells_and_stops(
    begun: Engine, only_pack: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun.dispose()
    monkeypatch.setattr("studyapp.commands.opening.now", clock)

    def run(*options: str) -> str:
        done = CliRunner().invoke(main, ["--db", str(tmp_path / "study.db"), "trial", *options])
        return done.output

    for change in (["--stop"], ["--leave-out", "q03"], ["--other-arm", "q04"]):
        assert "No trial pretest runs, but typing. Nothing was" in run("pretest", *change)
    assert "Too few to tell: 0 of" in run()
    assert "Kept beside it" not in run()
    assert "1 left out." in run("--leave-out", "q03")
    assert "waits for no card of a note 'q03'" in run("--leave-out", "q03")
    assert "1 given the other arm" in run("--other-arm", "q04")
    assert json.loads(run("--json"))["trials"][0]["left_out"] == 1
    told = run("--stop")
    assert "never analysed" in told
    assert "trial typing --predict A --sure P begins it, where A is “typed” or “in the" in told
    clock.forward(minutes=1)
    assert "Say which trial: typing or pretest" in run("--predict", "in")
    assert "must be from 50% to 100%" in run("typing", "--predict", "in", "--sure", "20")
    assert "give both" in run("typing", "--sure", "70")
    assert "No trial runs" in run("typing", "--stop")
    assert "said: in the head, 70% sure." in run("typing", "--predict", "in", "--sure", "70")
    assert "None was begun, and another one runs." in run("pretest")
    assert "must be “typed” or “in the head”" in run("typing", "--predict", "both")
    begun = open_database(str(tmp_path / "study.db"))
    with writing(begun) as connection:
        for uid in course.running(connection, learner=1).waiting[1:]:
            course.leave_out(connection, uid, clock(), learner=1)
    begun.dispose()
    assert "It is the last: the trial is over then, for good. Nothing was changed" in run(
        "--leave-out", "q00"
    )
    assert "Too few to tell" in run()
    told = run("--leave-out", "q00", "--yes")
    assert f"Over today, with 0 of {FAMILIES + 1} cards asked: too few to tell." in told
    assert "is called typing or pretest, not 'tapping'" in run("tapping")
