"""Mastery: its rules as tables and laws, and its interval on learners whose memory is known."""

from __future__ import annotations

import importlib.util
import json
import math
import random
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.mastery import (
    Calibration,
    Mastery,
    PointShare,
    PointShares,
    Questions,
    Recall,
    calibration,
    calibrations,
    expected,
    mastery,
    shares,
)
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating

TODAY = date(2026, 3, 2)
PARAMETERS = Parameters()
USUAL = shares([])
SURE = Calibration(covariance=((0.0,) * 3,) * 3)  # predictions that are right
ALL_OR_NOTHING = PointShares(PointShare(1.0, 0.0, 0.0), PointShare(0.0, 0.0, 0.0))


class Standing(NamedTuple):
    """A card. `missed`: its last rating was Again."""

    stability: float | None
    last_day: date | None
    missed: bool = False

    @property
    def waited(self) -> int | None:
        """Since it was passed when last rated."""
        return None if self.missed or self.last_day is None else (TODAY - self.last_day).days


NEW = Standing(None, None)
NINE_IN_TEN = Standing(10.0, TODAY - timedelta(days=9))  # R is .9 tomorrow
Z = 1.959963984540054

seen = st.builds(
    Standing,
    st.floats(0.05, 5000),
    st.integers(0, 2000).map(lambda days: TODAY - timedelta(days=days)),
    st.booleans(),
)
cards = st.lists(st.one_of(seen, st.just(NEW)), min_size=1, max_size=5)
chapters = st.lists(cards, min_size=1, max_size=8)
outcomes = st.lists(
    st.builds(Recall, st.floats(0.01, 0.9999), st.floats(0.05, 5000), st.booleans()), max_size=40
)
trusts = outcomes.map(calibration)
responses = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=40)
own = responses.map(shares)
predictions = st.tuples(st.floats(0.01, 0.9999), st.floats(0.05, 5000))


def asked(questions: list[list[Standing]]) -> Questions:
    """Each of these has a list of its cards."""
    cards = ((number, card) for number, cards in enumerate(questions) for card in cards)
    return together(cards)


def together(cards: Iterable[tuple[int, Standing]]) -> Questions:
    """Each card has the number of its question before it."""
    return Questions.of((number, card.stability, card.waited) for number, card in cards)


def of(
    questions: list[list[Standing]],
    shares: PointShares = USUAL,
    calibration: Calibration = SURE,
    ahead: int = 1,
) -> Mastery:
    on = TODAY + timedelta(days=ahead)
    return mastery(asked(questions), PARAMETERS, shares, calibration, TODAY, on)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@given(chapters, own, trusts, st.integers(-10, 400))
def test_lies_between_0_and_1_inside_its_interval(
    questions: list[list[Standing]], shares: PointShares, calibration: Calibration, ahead: int
) -> None:
    told = of(questions, shares, calibration, ahead)
    assert 0 <= told.low <= told.value <= told.high <= 1
    assert 0 <= told.introduced <= told.questions == len(questions)


@given(chapters, own, trusts, st.integers(1, 400), st.integers(1, 400))
def test_falls_the_later_the_date(
    questions: list[list[Standing]],
    shares: PointShares,
    calibration: Calibration,
    ahead: int,
    more: int,
) -> None:
    sooner = of(questions, shares, calibration, ahead)
    later = of(questions, shares, calibration, ahead + more)
    assert later.value <= sooner.value + 1e-9
    assert (later.introduced, later.questions) == (sooner.introduced, sooner.questions)


@given(chapters, st.integers(-400, 1))
def test_no_date_is_earlier_than_tomorrow(questions: list[list[Standing]], ahead: int) -> None:
    tomorrow = mastery(asked(questions), PARAMETERS, USUAL, SURE, TODAY)
    assert of(questions, ahead=ahead) == tomorrow
    assert tomorrow.day == TODAY + timedelta(days=1)


@given(seen, st.integers(1, 400))
def test_recall_is_the_scheduler_s_where_nothing_corrects_it(card: Standing, ahead: int) -> None:
    card = card._replace(missed=False)
    memory = Memory(stability=card.stability, last_day=card.last_day)
    r = PARAMETERS.retrievability(memory, TODAY + timedelta(days=ahead))
    assert r is not None
    told = of([[card]], ALL_OR_NOTHING, ahead=ahead)
    assert close(told.value, min(max(r, 1e-4), 1 - 1e-4))


@given(cards, chapters, own, trusts)
def test_again_or_unseen_is_worth_nothing(
    question: list[Standing],
    rest: list[list[Standing]],
    shares: PointShares,
    calibration: Calibration,
) -> None:
    missed = [card._replace(missed=True) for card in question]
    unseen = [NEW for _ in question]
    left = of(rest, shares, calibration).value * len(rest)
    for worthless in (missed, unseen):
        told = of([worthless, *rest], shares, calibration)
        assert close(told.value * (len(rest) + 1), left)
    alone = of([missed], shares, calibration)
    assert (alone.value, alone.low, alone.high) == (0, 0, 0)


@given(cards, own, trusts)
def test_a_question_of_several_cards_is_worth_their_mean(
    question: list[Standing], shares: PointShares, calibration: Calibration
) -> None:
    each = [of([[card]], shares, calibration).value for card in question]
    assert close(of([question], shares, calibration).value, sum(each) / len(each))


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(seen, st.just(NEW))), min_size=1), trusts)
def test_cards_of_a_question_need_not_stand_together(
    cards: list[tuple[int, Standing]], calibration: Calibration
) -> None:
    questions = [[one for at, one in cards if at == number] for number in range(4)]
    sorted_ = of([question for question in questions if question], calibration=calibration)
    told = mastery(together(cards), PARAMETERS, USUAL, calibration, TODAY)
    assert (told.introduced, told.questions) == (sorted_.introduced, sorted_.questions)
    assert close(told.value, sorted_.value)
    assert close(told.low, sorted_.low)


@given(st.lists(st.tuples(st.floats(0.05, 5000), st.integers(0, 2000)), max_size=5))
def test_the_odds_of_many_are_those_of_each(cards: list[tuple[float, int]]) -> None:
    many = PARAMETERS.model.forgotten([one for one, _ in cards], [days for _, days in cards], 5)
    for odds, (stability, days) in zip(many, cards, strict=True):
        assert close(1 / (1 + odds), PARAMETERS.model.recall(stability, days + 5))


@given(chapters, own, trusts, st.lists(st.integers(1, 400), max_size=3))
def test_what_is_expected_is_the_value_of_mastery(
    questions: list[list[Standing]], shares: PointShares, calibration: Calibration, ahead: list[int]
) -> None:
    told = expected(asked(questions), PARAMETERS, shares, calibration, ahead)
    assert told == [of(questions, shares, calibration, one).value for one in ahead]


def test_a_card_that_was_met_in_the_future_is_as_if_met_on_the_day() -> None:
    ahead, on_it = (Standing(10.0, TODAY + timedelta(days=one)) for one in (9, 1))
    assert of([[ahead], [NINE_IN_TEN]]) == of([[on_it], [NINE_IN_TEN]])


@given(chapters, own, trusts)
def test_a_chapter_is_worth_the_mean_of_its_questions(
    questions: list[list[Standing]], shares: PointShares, calibration: Calibration
) -> None:
    each = [of([question], shares, calibration).value for question in questions]
    assert close(of(questions, shares, calibration).value, sum(each) / len(each))


@given(chapters, own, trusts, st.integers(2, 9))
def test_more_questions_of_the_same_kind_narrow_the_interval(
    questions: list[list[Standing]], shares: PointShares, calibration: Calibration, times: int
) -> None:
    few, many = of(questions, shares, calibration), of(questions * times, shares, calibration)
    assert close(few.value, many.value)
    assert many.high - many.low <= few.high - few.low + 1e-9


@pytest.mark.parametrize("cards", [1, 4])
def test_the_interval_of_sure_predictions_is_binomial(cards: int) -> None:
    told = of([[NINE_IN_TEN] * cards] * 100, ALL_OR_NOTHING)
    assert close(told.value, 0.9)
    assert close(told.value - told.low, Z * math.sqrt(0.9 * 0.1 / (100 * cards)))


@pytest.mark.parametrize("cards", [1, 4])
def test_the_spread_of_shares_is_of_a_whole_question(cards: int) -> None:
    told = of(
        [[NINE_IN_TEN] * cards] * 100,
        PointShares(PointShare(0.5, 0.2, 0.0), PointShare(0.5, 0.4, 0.0)),
    )
    assert close(told.value, 0.5)
    assert close(told.value - told.low, Z * math.sqrt((0.9 * 0.2**2 + 0.1 * 0.4**2) / 100))


def test_the_interval_of_many_questions_is_what_is_unknown_of_the_learner() -> None:
    told = of([[NINE_IN_TEN]] * 100_000, ALL_OR_NOTHING, Calibration())
    assert math.isclose(told.value - told.low, Z * 0.9 * 0.1 * 0.5, rel_tol=0.01)
    told = of(
        [[NINE_IN_TEN]] * 100_000, PointShares(PointShare(0.8, 0.0, 0.1), PointShare(0.2, 0.0, 0.3))
    )
    assert math.isclose(told.value - told.low, Z * math.hypot(0.09, 0.03), rel_tol=0.01)


@given(seen, own, trusts)
def test_what_is_unknown_of_the_learner_stays_with_many_questions(
    card: Standing, shares: PointShares, calibration: Calibration
) -> None:
    known = PointShares(
        PointShare(shares.passed.mean, shares.passed.spread, 0.0),
        PointShare(shares.failed.mean, shares.failed.spread, 0.0),
    )
    question = [card._replace(missed=False)]
    told = of([question] * 400, shares, calibration)
    sure = of([question] * 400, known, Calibration(*calibration.terms, SURE.covariance))
    assert close(told.value, sure.value)
    assert told.low <= sure.low
    assert sure.high <= told.high
    assert told.low < told.value


@pytest.mark.parametrize(
    ("questions", "introduced", "highest"),
    [
        ([[NEW], [NEW]], 0, 0),
        ([[NEW], [Standing(9.0, TODAY)]], 1, 0.5),
        ([[Standing(9.0, TODAY), NEW], [NEW]], 1, 0.25),  # a list, one item seen
        ([[Standing(9.0, TODAY, missed=True)], [Standing(9.0, TODAY)]], 2, 0.5),
        ([[Standing(1e6, TODAY)]] * 3, 3, 1),
    ],
)
def test_introduced_and_the_most_to_be_had(
    questions: list[list[Standing]], introduced: int, highest: float
) -> None:
    told = of(questions)
    assert (told.introduced, told.questions) == (introduced, len(questions))
    assert told.high == highest


@pytest.mark.parametrize(
    ("met", "questions", "tells"), [(0, 12, False), (4, 12, False), (5, 12, True), (3, 3, True)]
)
def test_a_few_questions_tell_nothing_of_a_chapter(met: int, questions: int, tells: bool) -> None:
    """2% that become 0% by one Again read as a mistake."""
    missed = [Standing(9.0, TODAY, missed=True)]
    assert of([missed] * met + [[NEW]] * (questions - met)).tells is tells


def test_a_chapter_without_questions_has_no_mastery() -> None:
    with pytest.raises(ValueError, match="at least one question"):
        of([])


def test_a_real_card_loses_and_regains_its_points() -> None:
    memory, now = Memory(), datetime(2026, 3, 2, 20, tzinfo=UTC)
    worth = []
    for rating, day in ((Rating.GOOD, 0), (Rating.AGAIN, 2), (Rating.GOOD, 2), (Rating.GOOD, 5)):
        now = datetime(2026, 3, 2, 20, tzinfo=UTC) + timedelta(days=day)
        memory = PARAMETERS.review(memory, rating, now, card=b"c", uid=b"r")
        card = Questions.of([("c", memory.stability, None if memory.missed else 0)])
        worth.append(mastery(card, PARAMETERS, USUAL, SURE, now.date()).value)
    passed, missed, relearnt, again = worth
    assert missed == 0 < relearnt < min(passed, again)


def test_shares_before_any_response_are_the_prior_s() -> None:
    assert (USUAL.passed.mean, USUAL.failed.mean) == (0.95, 0.4)


@pytest.mark.parametrize(
    ("told", "passed", "failed"),
    [
        ([(True, 0.5)] * 5, 0.725, 0.4),  # five of one's own weigh as much as the prior
        ([(False, 0.0)] * 15, 0.95, 0.1),
        ([(True, 1.0), (False, 0.0)], 5.75 / 6, 2.0 / 6),
        ([(True, 0.0)] * 45, 0.095, 0.095),  # never more after failing
    ],
)
def test_shares_move_from_the_prior_to_the_learner_s_own(
    told: list[tuple[bool, float]], passed: float, failed: float
) -> None:
    found = shares(told)
    assert close(found.passed.mean, passed)
    assert close(found.failed.mean, failed)


@given(responses, st.integers(2, 9))
def test_more_responses_make_the_shares_surer(told: list[tuple[bool, float]], times: int) -> None:
    found, more = shares(told), shares([*told * times, (True, 0.9), (False, 0.4)])
    assert 0 <= found.failed.mean <= found.passed.mean <= 1
    for share in (found.passed, found.failed):
        assert share.error < share.spread
    n = 5 + sum(passed for passed, _ in told)
    assert close(found.passed.error * math.sqrt(n), found.passed.spread)
    assert more.passed.error / more.passed.spread < found.passed.error / found.passed.spread


@given(predictions)
def test_no_outcome_corrects_nothing(prediction: tuple[float, float]) -> None:
    r, stability = prediction
    assert close(calibration([]).recall(r, stability), r)


@given(outcomes, predictions)
def test_a_miss_lowers_and_a_recall_raises_the_chance_of_the_like(
    before: list[Recall], prediction: tuple[float, float]
) -> None:
    chance = calibration(before).recall(*prediction)
    after = {
        recalled: calibration([*before, Recall(*prediction, recalled)]).recall(*prediction)
        for recalled in (False, True)
    }
    assert after[False] <= chance + 1e-12
    assert chance <= after[True] + 1e-12


@given(outcomes, predictions, predictions)
def test_less_retrievable_is_never_more_likely_recalled(
    before: list[Recall], one: tuple[float, float], other: tuple[float, float]
) -> None:
    found, stability = calibration(before), one[1]
    low, high = sorted((one[0], other[0]))
    assert found.recall(low, stability) <= found.recall(high, stability) + 1e-12


@given(chapters, own, outcomes)
def test_every_outcome_leaves_less_unknown(
    questions: list[list[Standing]], shares: PointShares, before: list[Recall]
) -> None:
    """At the same correction, so that the interval changes by what is known alone."""
    told = [
        of(questions, shares, Calibration(covariance=calibration(known).covariance))
        for known in (before[:-1], before)
    ]
    assert told[1].high - told[1].low <= told[0].high - told[0].low + 1e-9


@pytest.mark.parametrize("share", [0.3, 0.75, 0.9, 0.98])
@pytest.mark.parametrize("n", [10, 100, 1000])
def test_where_only_the_shift_matters_it_is_the_posterior_mode(share: float, n: int) -> None:
    """The mode of a shift with a normal prior, found by bisection."""
    recalled = round(share * n)
    low, high = -10.0, 10.0
    for _ in range(60):
        shift = (low + high) / 2
        slope = recalled - n * logistic(math.log(9) + shift) - shift / 0.5**2
        low, high = (shift, high) if slope > 0 else (low, shift)
    told = [Recall(0.9, 10.0, number < recalled) for number in range(n)]
    random.Random(n).shuffle(told)
    found = calibration(told)
    p = found.recall(0.9, 10.0)
    deviation = math.sqrt(found.covariance[0][0])
    assert abs(found.shift - low) < deviation  # one pass is less wrong than it says it may be
    assert (found.slope, found.stretch) == (1, 0)
    assert math.isclose(deviation**-2, 0.5**-2 + n * p * (1 - p), rel_tol=0.3)


@pytest.mark.parametrize("recalled", [True, False])
@pytest.mark.parametrize(("r", "stability"), [(0.5, 1000.0), (0.7, 100.0), (0.9, 1.0)])
def test_one_outcome_moves_the_estimate_to_the_posterior_mode(
    r: float, stability: float, recalled: bool
) -> None:
    logit = math.log(r / (1 - r))
    x, s = logit - math.log(9), math.log(stability / 10)
    prior = 0.25 + 0.25 * x**2 + 0.0625 * s**2  # variance of the logit
    low, high = -10.0, 10.0
    for _ in range(60):
        by = (low + high) / 2
        low, high = (by, high) if recalled - logistic(logit + by) > by / prior else (low, by)
    found = calibration([Recall(r, stability, recalled)]).recall(r, stability)
    assert abs(math.log(found / (1 - found)) - (logit + low)) < 0.05


def test_a_memory_left_alone_never_improves_though_the_outcomes_say_so() -> None:
    told = [Recall(0.6, 10.0, True), Recall(0.97, 10.0, True), Recall(0.6, 10.0, True)]
    found = calibration([*told, Recall(0.97, 10.0, False)] * 100)
    assert found.slope == 0
    assert found.recall(0.5, 10.0) == found.recall(0.99, 10.0)
    assert abs(found.recall(0.9, 10.0) - 0.75) < 0.02


def test_the_interval_holds_for_learners_drawn_as_it_assumes() -> None:
    """Corrections and shares from the priors, 200 outcomes and 20 responses, then 33 questions."""
    rng, held, learners = random.Random(4), 0, 400
    for _ in range(learners):
        truth = Calibration(rng.gauss(0, 0.5), max(0, rng.gauss(1, 0.5)), rng.gauss(0, 0.25))
        said = {True: rng.uniform(0.85, 1), False: rng.uniform(0.2, 0.6)}

        def answer(r: float, stability: float) -> tuple[bool, float]:
            recalled = rng.random() < truth.recall(r, stability)  # noqa: B023 - used at once
            return recalled, sum(rng.random() < said[recalled] for _ in range(4)) / 4  # noqa: B023

        past = [(rng.uniform(0.7, 0.98), math.exp(rng.uniform(0, 4))) for _ in range(200)]
        known = calibration(Recall(*one, answer(*one)[0]) for one in past)
        chapter = [
            Standing(math.exp(rng.uniform(1, 4)), TODAY - timedelta(days=rng.randrange(30)))
            for _ in range(33)
        ]
        told = of([[card] for card in chapter], shares(answer(*one) for one in past[:20]), known)
        asked = []
        for stability, last, _ in chapter:
            memory = Memory(stability=stability, last_day=last)
            r = PARAMETERS.retrievability(memory, told.day)
            assert r is not None
            assert stability is not None
            asked.append(answer(r, stability)[1])
        held += told.low <= sum(asked) / len(asked) <= told.high
    assert 0.92 <= held / learners <= 0.98


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "mastery.py"
    spec = importlib.util.spec_from_file_location("mastery_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("model", ["FSRS-6, own weights", "ACT-R"])
def test_the_interval_holds_for_simulated_learners(benchmark: ModuleType, model: str) -> None:
    """The benchmark in small: 80 learners of 15 questions, tomorrow and in 30 days."""
    row = benchmark.Row(15, 15)
    found = [case for number in range(80) for case in benchmark.cases(model, row, number)]
    assert 0.88 <= sum(case.held for case in found) / len(found) <= 0.99
    off = sum(case.actual - case.value for case in found) / len(found)
    assert abs(off) < 0.03


@given(outcomes)
def test_who_goes_on_from_what_was_told_gets_as_far_as_who_begins_anew(
    told: list[Recall],
) -> None:
    every, *fewer = calibrations(told) or [Calibration()]
    assert every == calibration(told)
    for one in fewer:
        assert one == calibration(told[-one.outcomes :])
    half = len(told) // 2
    on = calibration(told[half:], calibration(told[:half]))
    assert on.outcomes == every.outcomes
    assert on.terms == pytest.approx(every.terms, abs=1e-12)
    assert Calibration.of_json(json.loads(json.dumps(every.as_json()))) == every


@pytest.mark.parametrize("term", [0, 1, 2])
@pytest.mark.parametrize("far", [math.inf, -1e9, math.nan, 80.0])
def test_what_no_outcomes_come_to_is_not_gone_on_from(term: int, far: float) -> None:
    kept = Calibration().as_json()
    kept["terms"] = [far if at == term else value for at, value in enumerate(kept["terms"])]
    with pytest.raises(ValueError, match="far off"):
        Calibration.of_json(kept)
