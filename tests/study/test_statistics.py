"""A year in figures: counted in the database, and once more in plain Python from the log."""

from __future__ import annotations

import json
import random
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from hypothesis import example, given
from hypothesis import settings as laws
from hypothesis import strategies as st
from sqlalchemy import Engine, event, update

from histories import Step, live, of_four_cards, step
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.interval import wilson
from studyapp.memory import fold
from studyapp.memory.clock import local, study_day
from studyapp.memory.fold import CRAMMED, ReviewKind, replay
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, record, tables, tally
from studyapp.store.database import connect
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history
from studyapp.study import exam, review, stats
from studyapp.study.dates import redate_all
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.recall import tells_recall
from studyapp.study.statistics import calibration, cards, days, sentences, year
from studyapp.study.statistics.cards import Distribution
from studyapp.study.statistics.year import Year
from studyapp.study.stats import Share
from studyapp.study.today import overview
from studyapp.study.undo import undo
from tests_support import Clock, desk_of

CARDS = range(1, 7)
WEIGHTS = (DEFAULT_WEIGHTS[0] + 0.4, *DEFAULT_WEIGHTS[1:-1], DEFAULT_WEIGHTS[-1] * 2)  # its decay


@dataclass(frozen=True)
class Fact:
    """A rating as the log has it, and the memory before it."""

    day: date
    at: datetime
    hour: int
    card: int
    kind: ReviewKind
    rating: Rating
    before: Memory

    @property
    def tells(self) -> bool:
        return tells_recall(self.kind, self.before, self.day)

    @property
    def is_review(self) -> bool:
        return self.kind not in CRAMMED


def act(engine: Engine, clock: Clock, draw: random.Random) -> None:
    """One thing that a learner may do with a card."""
    card, what = draw.choice(CARDS), draw.choice(("rate",) * 9 + ("know", "forget", "undo"))
    kinds = [*[ReviewKind.STUDY] * 5, *ReviewKind]
    with writing(engine) as connection:
        if what == "rate":
            seen = read_memory(connection, card, learner=1).last_review
            rating, kind = draw.choice(list(Rating)), draw.choice(kinds)
            spent = timedelta(seconds=draw.randrange(3, 40))
            review.answer(
                connection, card, seen, rating, clock(), kind=kind, duration=spent, learner=1
            )
        elif what == "undo":
            undo(connection, clock(), learner=1)
        else:
            getattr(review, what)(connection, card, clock(), learner=1)


def facts(engine: Engine) -> tuple[list[Fact], dict[int, Memory]]:
    """All ratings that count, and the memory that each card has in the end."""
    found, last = list[Fact](), dict[int, Memory]()
    with reading(engine) as connection:
        history = read_history(connection, learner=1)
        for card in CARDS:
            before = Memory()
            for entry, after in replay(record.read_log(connection, card, learner=1), b"", history):
                if isinstance(entry, fold.Review):
                    hour = local(entry.at, entry.offset).hour
                    day = fold.day_of(entry)
                    found.append(Fact(day, entry.at, hour, card, entry.kind, entry.rating, before))
                before = after
            last[card] = read_memory(connection, card, learner=1)
    return found, last


def share_of(found: Sequence[Fact]) -> Share:
    telling = [one.rating is not Rating.AGAIN for one in found if one.tells]
    if not telling:
        return Share(None, None, None, 0)
    return Share(*wilson(sum(telling), len(telling)), len(telling))


def goal_of(found: Sequence[Fact], lowered: date) -> float:
    """The mean of the goals by which the dates of cards were found that came again."""
    telling = [one.before.last_day for one in found if one.tells and one.before.last_day]
    return round(sum(0.8 if day >= lowered else 0.9 for day in telling) / len(telling), 6)


def in_figures(engine: Engine, clock: Clock, settings: Settings | None = None) -> Year:
    return year.of_desk(desk_of(engine, clock, settings=settings or Settings()))


def spread(values: Sequence[float], edges: tuple[float, ...]) -> Distribution:
    found = Counter(bisect_right(edges, value) for value in values)
    return Distribution(edges, tuple(found[at] for at in range(len(edges) + 1)))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_counted_is_what_the_log_says(seed: int, engine: Engine, clock: Clock) -> None:
    draw = random.Random(seed)
    for number in range(140):
        act(engine, clock, draw)
        clock.forward(days=draw.choice((0, 0, 1, 9)), minutes=draw.choice((1, 11, 300)))
        if number == 110:
            changed = clock()
            with writing(engine) as connection:
                adopted = Parameters(WEIGHTS, desired_retention=0.8)
                log.adopt(connection, adopted, clock(), learner=1)
    every, last = facts(engine)
    gone = next(card for card, memory in last.items() if memory.state is not State.NEW)
    del last[gone]
    with writing(engine) as connection:
        its = tables.card.c.id == gone
        connection.execute(update(tables.card).where(its).values(missing_since=clock()))
    today, found = study_day(clock()), in_figures(engine, clock)
    within = [one for one in every if one.day > today - timedelta(days=365)]
    assert 50 < len(within) < len(every)

    reviews = Counter({one.day: 0 for one in within})  # a day of study, though all was crammed
    reviews.update(one.day for one in within if one.is_review)
    assert {one.day: one.reviews for one in found.days} == reviews
    assert 0 in reviews.values()
    with reading(engine) as connection:
        total = stats.stats(connection, clock(), leech_lapses=8, learner=1).reviews
    assert total == sum(one.is_review for one in every)
    for periods, begins in (
        (found.weeks, lambda day: day - timedelta(days=day.weekday())),
        (found.months, lambda day: day.replace(day=1)),
    ):
        assert [one.first for one in periods] == sorted({begins(day) for day in reviews})
        for one in periods:
            here = [fact for fact in within if begins(fact.day) == one.first]
            assert one.reviews == sum(fact.is_review for fact in here)
            assert one.days == len({fact.day for fact in here})
            assert one.remembered == share_of(here)
            if one.remembered.n:
                assert one.goal == goal_of(here, study_day(changed))

    counted = [one for one in within if one.is_review]
    assert found.newest.reviews == len(counted)
    assert {one.hour: (one.reviews, one.remembered) for one in found.hours} == {
        hour: (len(here), share_of(here))
        for hour in {one.hour for one in counted}
        for here in [[one for one in counted if one.hour == hour]]
    }
    assert [(one.name, one.remembered) for one in found.chapters] == [
        ("chapter 1", share_of(counted))
    ]

    parameters, told = Parameters(WEIGHTS), [one for one in counted if one.tells]
    predicted = [
        (parameters if one.at >= changed else Parameters()).forgetting_curve(
            one.before.stability, one.before.last_day, one.day
        )
        for one in told
        if one.before.stability is not None and one.before.last_day is not None
    ]
    assert found.calibration.by_these == sum(one.at >= changed for one in told)
    assert 5 < found.calibration.by_these < len(predicted) == len(told)
    limits = [0.0, *calibration.EDGES, 1.0]
    assert {one.low: (one.remembered.n, one.predicted) for one in found.calibration.bins} == {
        limits[at]: (len(here), pytest.approx(sum(here) / len(here)))
        for at in range(len(limits) - 1)
        if (here := [one for one in predicted if bisect_right(calibration.EDGES, one) == at])
    }

    met = [one for one in last.values() if one.state is not State.NEW]
    dates = [(one.due - one.last_day).days for one in met if one.due and one.last_day]
    assert found.cards.intervals == spread(dates, cards.DAYS)
    assert found.cards.stability == spread([one.stability for one in met], cards.DAYS)
    assert found.cards.difficulty == spread([one.difficulty for one in met], cards.DIFFICULTY)
    recalled = [parameters.retrievability(one, today) for one in met]
    assert found.cards.retrievability == spread(recalled, cards.RECALL)
    told = json.loads(json.dumps(found.as_json()))
    assert sum(one["reviews"] for one in told["days"]) == sum(one.is_review for one in within)
    wanted = goal_of(within, study_day(changed))
    assert 0.8 < wanted < 0.9
    assert {found.goal, *(one.goal for one in (*found.chapters, *found.tags))} == {wanted}
    assert {*told["days"][0]["remembered"]} == {"value", "low", "high", "n"}


def in_the_past(engine: Engine, clock: Clock) -> None:
    """Bring in what another program has logged of a card, on days that are over."""
    with writing(engine) as connection:
        other = log.device_of(connection, b"another program!", "Anki", clock())
        at = clock() - timedelta(days=30)
        entries = [
            fold.Review(
                log.new_uid(),
                log.utc(at + timedelta(days=ahead)),
                timedelta(0),
                Rating.GOOD,
                ReviewKind.IMPORT,
            )
            for ahead in (0, 3, 20)
        ]
        log.log_foreign(connection, other, [(1, one, 5000) for one in entries], [], learner=1)


BESIDE = ("wait", "wait", "import", "redate", "set the clock back")
deeds = st.tuples(step | st.sampled_from(BESIDE), st.booleans())


@laws(max_examples=6, deadline=None)
@given(st.lists(deeds, min_size=12, max_size=20))
@example(
    [(("rate", 0, Rating.GOOD, 0), False), ("wait", True), (("undo", 0, Rating.GOOD, 0), False)]
)
def test_what_is_kept_of_days_is_what_the_log_says(done: list[tuple[Step | str, bool]]) -> None:
    """Whatever is done to days of which something is kept, and whenever it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        path, clock = Path(folder) / "a.db", Clock()
        path.write_bytes(of_four_cards())
        engine = connect(str(path))
        # The law is not about the disk, so its examples need not wait for it.
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        for deed, is_kept in done:
            if deed == "wait":
                clock.forward(days=1)
            elif deed == "import":
                in_the_past(engine, clock)
            elif deed == "redate":
                with suppress(StudyError), writing(engine) as connection:
                    redate_all(connection, clock(), learner=1)
            elif deed == "set the clock back":
                clock.forward(days=-20)
            else:
                live(engine, clock, [deed])
            today = study_day(clock())
            if is_kept:
                last = today - timedelta(days=1)
                days.keep(desk_of(engine, clock), today - timedelta(days=28), last)
            with reading(engine) as connection:
                kept = tally.read(connection, date.min, date.max, learner=1)
                assert kept == days.count(connection, sorted(kept), learner=1)
        engine.dispose()


def test_what_comes_is_what_today_says(engine: Engine, clock: Clock, settings: Settings) -> None:
    """While something is due, and once nothing is: then tomorrow is told exactly."""
    for rating in (Rating.EASY, None):
        with reading(engine) as connection:
            seen = overview(connection, clock(), settings, learner=1)
        assert list(in_figures(engine, clock, settings).forecast) == seen.forecast
        for card in CARDS if rating else ():
            with writing(engine) as connection:
                review.answer(connection, card, None, rating, clock(), learner=1)
        settings = Settings(new_a_day=0)
    assert sum(seen.forecast) > 0


def test_on_the_way_to_an_exam_cards_come_that_are_not_met_yet(
    engine: Engine, clock: Clock
) -> None:
    settings = Settings(new_a_day=0)
    with writing(engine) as connection:
        review.answer(connection, CARDS[0], None, Rating.GOOD, clock(), learner=1)
    before = in_figures(engine, clock, settings)
    assert max(before.forecast) == 1
    assert "1 card in all that was met before" in sentences.ahead(before)
    with writing(engine) as connection:
        day = study_day(clock()) + timedelta(days=12)
        exam.plan(connection, day, 20, (), clock(), learner=1)
    planned = in_figures(engine, clock, settings)
    assert max(planned.forecast) > 1
    assert "with the plan to your exam: " in sentences.ahead(planned)
    assert "met before" not in sentences.ahead(planned)
    few = replace(planned, forecast=(1, 0, 2), minutes=(1.0, 0.0, 2.0))  # the same card, perhaps
    assert "to your exam: 3 reviews in all, about 3 minutes; " in sentences.ahead(few)


def test_few_cards_that_come_are_told_in_all(engine: Engine, clock: Clock) -> None:
    """The mean of four in two weeks would be none a day, and 9 seconds are no minute."""
    found = replace(in_figures(engine, clock), today=date(2026, 11, 30))
    for coming, seconds, told in (
        ([2, 0, 1, 0, 1], 9, "4 cards in all that were met before, under a minute; most on Mon 30"),
        ([2, 0, 9], 20, "11 cards in all that were met before, about 4 minutes; most on Wed 2 Dec"),
        ([0, 1, 0, 1], 9, "2 cards in all that were met before, under a minute; the first on Tue"),
        ([0, 0, 0, 1], 9, "1 card in all that was met before, under a minute; on Thu 3 Dec."),
        ([2] * 14, 20, "2 cards a day that were met before, under a minute; most on Mon 30 Nov, 2"),
        ([40] * 14, 9, "40 cards a day that were met before, about 6 minutes; most on Mon 30 Nov"),
    ):
        days = (*coming, *[0] * (14 - len(coming)))
        minutes = tuple(cards * seconds / 60 for cards in days)
        figures = replace(found, forecast=days, minutes=minutes)
        assert f"The next 14 days: {told}" in sentences.ahead(figures)


def test_a_time_is_the_median_of_what_was_measured(engine: Engine, clock: Clock) -> None:
    spent = [4, 5, 6, 7, 300, 0]
    for card, seconds in zip(CARDS, spent, strict=True):
        with writing(engine) as connection:
            review.answer(
                connection,
                card,
                None,
                Rating.GOOD,
                clock(),
                duration=timedelta(seconds=seconds),
                learner=1,
            )
    found = in_figures(engine, clock)
    assert (found.new_card.seconds, found.new_card.n) == (median(spent[:-1]), 5)
    assert found.known_card.n == 0
    assert "a new one (too few to say)" in sentences.times(found)
    assert sentences.times(found).endswith("medians of 0 and 5 reviews in the queue.")
    one = replace(found, new_card=replace(found.new_card, n=1))
    assert sentences.times(one).endswith("medians of 0 and 1 review in the queue.")


@pytest.mark.parametrize("kind", [ReviewKind.CRAM, ReviewKind.AHEAD])
def test_a_cram_makes_a_day_of_study_and_no_review(
    kind: ReviewKind, engine: Engine, clock: Clock
) -> None:
    """A review of any other kind is one wherever they are counted, but its time is not the
    queue's."""
    for each in (ReviewKind.STUDY, kind):
        with writing(engine) as connection:
            seen = read_memory(connection, 1, learner=1).last_review
            spent = timedelta(seconds=5)
            review.answer(
                connection,
                1,
                seen,
                Rating.GOOD,
                clock(),
                kind=each,
                duration=spent,
                learner=1,
            )
        clock.forward(days=1)
    found, made = in_figures(engine, clock), 1 if kind is ReviewKind.CRAM else 2
    assert f"on 2 days of the last 365: {made} review" in sentences.studied(found)
    told = "Of one review, on " if made == 1 else "Of your newest 2 reviews, since "
    assert sentences.newest(found).startswith(told)
    assert (found.new_card.n, found.known_card.n) == (1, 0)
    with reading(engine) as connection:
        total = stats.stats(connection, clock(), leech_lapses=8, learner=1)
    assert (total.reviews, total.streak) == (made, 2)


def test_a_tick_that_is_in_no_word_and_a_word_without_a_tick(engine: Engine, clock: Clock) -> None:
    """The first point of each question is "first of q00"."""
    attempt = Attempt(desk_of(engine, clock), 1)
    for text, ticked in (
        ("the first of q00 says it", {0}),
        ("something else entirely here", {0}),
        ("the second of q02 it is", {0}),
        ("too short", {0}),  # for a hint
        ("the first of q04 it was", None),  # missed, in whose words a point is
        ("the first of q05 it was", ()),  # got, and not judged by points
    ):
        attempt.write(text)
        attempt.reveal()
        attempt.tick(frozenset(ticked or ()))
        attempt.grade(Grade.MISSED if ticked is None else Grade.GOT)
    figures = in_figures(engine, clock)
    found = figures.answers
    assert (found.written, found.ticked, found.unsaid.n) == (4, 3, 3)
    assert sentences.ticked(figures).endswith(" of 3 points in 3 answers.")
    assert found.unsaid.value == pytest.approx(1 / 3)
    assert found.unticked == 2


def judge(engine: Engine, clock: Clock, grades: Sequence[Grade], *, pretest: bool = False) -> None:
    """Begin a new attempt, and judge its first questions by two points each."""
    attempt = Attempt(desk_of(engine, clock), 1, anew=True, pretest=pretest)
    for grade in grades:
        attempt.be_sure(0.8)
        attempt.reveal()
        attempt.tick(frozenset({0} if grade is Grade.GOT else ()))
        attempt.grade(grade)
    clock.forward(days=1)


def test_a_guess_is_held_against_the_newest_answer_to_its_question(
    engine: Engine, clock: Clock
) -> None:
    """In whichever attempt that is: neither a new one, which has few answers at first, nor another
    guess takes away what was known."""
    judge(engine, clock, [Grade.MISSED] * 4, pretest=True)
    assert in_figures(engine, clock).answers.guesses == ()
    for grades, pretest, since in (
        ([Grade.GOT, Grade.MISSED, Grade.GOT], False, 2 / 3),
        ([Grade.MISSED], False, 1 / 3),
        ([], False, 1 / 3),
        ([Grade.GOT] * 3, True, 1 / 3),
    ):
        judge(engine, clock, grades, pretest=pretest)
        (guess,) = in_figures(engine, clock).answers.guesses
        assert (guess.name, guess.questions) == ("chapter 1", 3)
        assert (guess.before.value, guess.since.value) == (0, pytest.approx(since))
    judge(engine, clock, [Grade.GOT])
    (guess,) = in_figures(engine, clock).answers.guesses
    assert (guess.before.value, guess.since.value) == pytest.approx((1 / 3, 2 / 3))


def test_answers_to_the_same_question_tell_less_than_as_many_to_others(
    engine: Engine, clock: Clock
) -> None:
    """Two questions, which were asked over and over, one always known and one never."""
    for _ in range(15):
        judge(engine, clock, [Grade.GOT, Grade.MISSED])
    (sure,) = in_figures(engine, clock).answers.sureness
    assert (sure.sure, sure.got.value, sure.got.n) == (0.8, 0.5, 30)
    assert not sure.got.tells
    assert stats.share(15, 30).tells


def test_nothing_yet_is_said_in_words(engine: Engine, clock: Clock) -> None:
    told = sentences.all_of(in_figures(engine, clock))
    assert told[0] == "Nothing was reviewed in the last year."
    assert not any(character.isdigit() for line in told[1:2] for character in line)


def brought(engine: Engine, clock: Clock, rated: dict[int, Rating], spent: int) -> None:
    """Import what each card was rated so many days ago, the first six that the study has, one for
    each of *spent* milliseconds and more."""
    entries = [
        (
            card,
            fold.Review(
                log.new_uid(),
                log.utc(clock() - timedelta(days=ago)),
                timedelta(),
                rating,
                ReviewKind.IMPORT,
            ),
            spent + 1000 * card,
        )
        for ago, rating in rated.items()
        for card in CARDS
    ]
    with writing(engine) as connection:
        source = log.device_of(connection, b"s" * 16, "anki", clock())
        log.log_foreign(connection, source, entries, [], learner=1)


def after_one_good(days: int) -> float:
    """The recall that FSRS-6 gives a card *days* after its first Good, from its published form."""
    decay = -DEFAULT_WEIGHTS[20]
    return (1 + (0.9 ** (1 / decay) - 1) * days / DEFAULT_WEIGHTS[2]) ** decay


def test_what_is_imported_tells_what_it_would_if_it_had_been_done_here(
    engine: Engine, clock: Clock
) -> None:
    """Six cards, four times each: 18 recalls, of which 12 were remembered, each as FSRS had it."""
    ratings = {40: Rating.GOOD, 39: Rating.GOOD, 30: Rating.AGAIN, 20: Rating.GOOD}
    brought(engine, clock, ratings, 5000)
    found = in_figures(engine, clock)
    told = sentences.all_of(found)
    assert told[0] == "Studied on 4 days of the last 365: 24 reviews, 24 of them imported."
    assert (sum(one.told for one in found.days), sum(one.hits for one in found.days)) == (18, 12)
    # The median of 6 s to 11 s; a new card at its first showing alone.
    assert (found.known_card.seconds, found.known_card.n) == (8.5, 18)
    assert (found.new_card.seconds, found.new_card.n) == (8.5, 6)
    whole = found.calibration.whole
    assert whole is not None
    assert (whole.remembered.n, found.calibration.by_these) == (18, 18)
    highest = found.calibration.bins[-1]
    assert (highest.low, highest.remembered.n) == (0.9, 6)
    assert highest.predicted == pytest.approx(after_one_good(1))
    assert found.newest.imported == 24
    many = replace(found, newest=replace(found.newest, reviews=23))  # more than are looked at
    assert sentences.studied(many).endswith(": 24 reviews, imported ones too.")
    kinds = (sentences.newest, sentences.times, sentences.predicted)
    which, *of_these = (kind(many) for kind in kinds)
    assert which.startswith("Of your newest 23 reviews, 24 of them imported, since ")
    at = sentences.all_of(many).index(of_these[0]) - 1
    assert sentences.all_of(many)[at : at + 3] == [f"{which[:-1]}:", *of_these]
    assert not any("newest" in line for line in told)
    assert sentences.newest(found).startswith("Of your newest 24 reviews, 24 of them imported, si")
    assert sentences.predicting(found).endswith("; another program scheduled what was imported.")


def test_predictions_are_told_as_they_were_made_whatever_predicts_now(
    engine: Engine, clock: Clock
) -> None:
    brought(engine, clock, {40: Rating.GOOD, 30: Rating.GOOD}, 0)
    before = in_figures(engine, clock).calibration
    with writing(engine) as connection:
        log.adopt(connection, Parameters(WEIGHTS), clock.forward(seconds=1), learner=1)
    found = in_figures(engine, clock)
    assert found.calibration == replace(before, by_these=0)
    told = (
        f"Predicted {after_one_good(10):.0%}, remembered too few to say of 6 reviews; none of them"
    )
    assert f"{told} by today's weights." in sentences.all_of(found)


def test_what_is_imported_is_told_apart_from_what_was_done_here(
    engine: Engine, clock: Clock
) -> None:
    brought(engine, clock, {30: Rating.GOOD}, 0)
    told = sentences.all_of(in_figures(engine, clock))
    assert told[0] == "Studied on 1 day of the last 365: 6 reviews, 6 of them imported."
    assert told[1] == "No card has come back yet on a later day."
    with writing(engine) as connection:
        seen = read_memory(connection, 1, learner=1).last_review
        review.answer(connection, 1, seen, Rating.GOOD, clock(), learner=1)
        seen = read_memory(connection, 2, learner=1).last_review
        ahead = clock() + timedelta(days=3)  # of a clock that was put right since
        review.answer(connection, 2, seen, Rating.GOOD, ahead, learner=1)
    told = sentences.all_of(in_figures(engine, clock))
    assert told[0] == "Studied on 2 days of the last 365: 7 reviews, 6 of them imported."
    assert told[1].startswith("Remembered in the last year: too few to say of 1 review")
