"""The fit: its slopes are right, it finds what there is to find, and it is judged fairly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import zip_longest

import fsrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgetting import FIRST, OTHER, Row, log_of
from studyapp.memory import evaluate
from studyapp.memory.fit import fit
from studyapp.memory.histories import COLUMNS, LONGEST, Floats, Ints, Reviews, Tree, grow, plain
from studyapp.memory.judgement import FEWEST, Former, InForce, judge
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST, SPREAD, checked, is_ordered
from studyapp.memory.slopes import follow, measure, measure_each

IN_FORCE = InForce(OTHER, date(2026, 11, 18), 0)

History = list[tuple[int, int]]  # ratings, each with the days since the one before
histories = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), min_size=1, max_size=8),
    min_size=1,
    max_size=6,
)
weights = st.tuples(*(st.floats(low, high) for low, high in zip(LOWEST, HIGHEST, strict=True))).map(
    np.array
)
SHORT: list[History] = [
    [(3, 0), (3, 2), (3, 9), (1, 40), (3, 0), (2, 3)],
    [(1, 0), (3, 0), (4, 1), (2, 5), (1, 11), (1, 0), (4, 0)],
    [(4, 0), (4, 20), (3, 90)],
    [(2, 0), (1, 1), (1, 1), (3, 2), (3, 7)],
    [(3, 0), (3, 2), (3, 9), (3, 30)],
]
SIX_THOUSAND = log_of(6000, 2)
CHI_SQUARED = 46.8  # 99.9% of it, of 21 weights


def table(rows: Sequence[Row]) -> Reviews:
    card, day, rating = np.array(rows, np.int64).reshape(-1, 3).T
    return plain(card, day, rating)


def of(several: Sequence[History]) -> Reviews:
    """A log of several cards, one a history."""
    rows, day = list[Row](), 0
    for card, history in enumerate(several):
        day = 0
        for rating, gap in history:
            day += gap
            rows.append((card, day, rating))
    return table(rows)


def peer(several: Sequence[History], under: Sequence[object]) -> list[fsrs.Card]:
    """What py-fsrs makes of each history."""
    scheduler = fsrs.Scheduler(under, learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    cards = []
    for history in several:
        card, now = fsrs.Card(card_id=1), FIRST
        for rating, gap in history:
            now += timedelta(days=gap)
            card, _ = scheduler.review_card(card, fsrs.Rating(rating), review_datetime=now)
        cards.append(card)
    return cards


@given(histories, weights)
@settings(max_examples=40)
def test_states_are_those_of_py_fsrs(several: list[History], under: Floats) -> None:
    reviews = of(several)
    tree = grow(reviews)
    points = list(follow(tree, under))
    stability = np.concatenate([point.stability for point in points])[tree.node]
    difficulty = np.concatenate([point.difficulty for point in points])[tree.node]
    last = np.append(np.flatnonzero(np.diff(reviews.card)), len(reviews) - 1)
    for card, row in zip(peer(several, tuple(under.tolist())), last, strict=True):
        assert stability[row] == pytest.approx(card.stability, rel=1e-9)
        assert difficulty[row] == pytest.approx(card.difficulty, rel=1e-9)


@given(histories.filter(lambda several: grow(of(several)).scored.any()))
@settings(max_examples=10)
def test_slopes_are_finite_differences(several: list[History]) -> None:
    tree, under = grow(of(several)), np.array(OTHER)
    for number, slope in enumerate(measure(tree, under).gradient):
        step = np.zeros(21)
        step[number] = 1e-6 * max(1, under[number])
        rise = measure(tree, under + step).loss - measure(tree, under - step).loss
        assert slope == pytest.approx(rise / (2 * step[number]), rel=1e-4, abs=1e-5)


def test_slopes_are_those_of_automatic_differentiation() -> None:
    """Through py-fsrs's own arithmetic, on which ours does not hang."""
    import torch

    under = torch.tensor(OTHER, dtype=torch.float64, requires_grad=True)
    scheduler = fsrs.Scheduler(
        tuple(under), learning_steps=(), relearning_steps=(), enable_fuzzing=False
    )
    loss = torch.zeros((), dtype=torch.float64)
    for history in SHORT:
        card, now = fsrs.Card(card_id=1), FIRST
        for rating, gap in history:
            now += timedelta(days=gap)
            if card.last_review is not None and gap:
                recalled = scheduler.get_card_retrievability(card, now)
                loss = loss - torch.log(recalled if rating > 1 else 1 - recalled)
            card, _ = scheduler.review_card(card, fsrs.Rating(rating), review_datetime=now)
    loss.backward()
    measured = measure(grow(of(SHORT)), np.array(OTHER))
    assert measured.loss == pytest.approx(loss.item(), rel=1e-12)
    assert measured.gradient == pytest.approx(under.grad.numpy(), rel=1e-9, abs=1e-12)


def test_histories_that_are_alike_are_followed_once() -> None:
    tree = grow(of([SHORT[0]] * 50 + [SHORT[4]] * 30))
    assert [len(level.parent) for level in tree.levels] == [1, 1, 2, 1, 1]
    assert [level.reviews.tolist() for level in tree.levels][:3] == [[80], [80], [50, 30]]
    alone = measure(grow(of([SHORT[0]])), np.array(OTHER))
    assert measure(grow(of([SHORT[0]] * 50)), np.array(OTHER)).loss == pytest.approx(
        50 * alone.loss
    )


def test_a_tree_of_the_first_reviews_is_that_of_a_shorter_log() -> None:
    reviews, under = table(SIX_THOUSAND), np.array(OTHER)
    cut, grown = reviews.tree.of_first(2500), grow(reviews.take(np.arange(2500)))
    counted = [[level.reviews[level.reviews > 0] for level in tree.levels] for tree in (cut, grown)]
    for mine, theirs in zip_longest(*counted, fillvalue=np.empty(0)):
        assert sorted(mine) == sorted(theirs)
    both = measure_each([cut, reviews.tree], under)
    for found, tree in zip(both, (grown, reviews.tree), strict=True):
        alone = measure(tree, under)
        assert found.loss == pytest.approx(alone.loss)
        assert found.gradient == pytest.approx(alone.gradient)
        assert found.information == pytest.approx(alone.information)


def test_reviews_of_a_card_stay_in_their_order_whatever_its_number_is() -> None:
    card = np.array([65_536, 7, 3 * 2**32, 65_536, 1, 7, 0, 65_537, 3 * 2**32])
    reviews = plain(card, np.arange(9), np.full(9, 3))
    assert reviews.by_card.tolist() == np.argsort(card, kind="stable").tolist()


def test_the_first_review_of_a_day_alone_is_scored() -> None:
    reviews = of([[(3, 0), (1, 0), (3, 2), (1, 0), (2, 0), (3, 1)]])
    assert grow(reviews).scored.tolist() == [False, False, True, False, False, True]


def test_known_weights_are_found_within_the_interval_of_the_fit() -> None:
    found = fit(grow(table(SIX_THOUSAND)))
    off = found.weights - np.array(OTHER)
    assert off @ found.information @ off < CHI_SQUARED
    start = np.array(DEFAULT_WEIGHTS) - np.array(OTHER)
    assert start @ found.information @ start > CHI_SQUARED  # the defaults are not
    assert found.passes < 8
    points = list(follow(grow(table(SIX_THOUSAND)), found.weights))
    for kept, followed in zip(found.points, points, strict=True):
        assert kept.stability == pytest.approx(followed.stability)


def test_a_fit_by_way_of_beginnings_comes_to_what_a_fit_of_all_does() -> None:
    tree = grow(table(SIX_THOUSAND))
    found, patient = fit(tree), fit(tree, np.array(DEFAULT_WEIGHTS))
    assert found.loss == pytest.approx(patient.loss, abs=0.3)  # nats, of some ten by chance
    off = found.weights - patient.weights
    assert off @ patient.information @ off < 1


def test_a_fit_begins_at_the_defaults_and_stays_within_bounds() -> None:
    nothing = fit(grow(of([[(3, 0)]])))
    assert nothing.weights.tolist() == list(DEFAULT_WEIGHTS)
    never = fit(grow(of([[(3, 0), (3, 1), (1, 9000), (1, 1)]] * 500)))
    assert (never.weights >= LOWEST).all()
    assert (never.weights <= HIGHEST).all()


SELDOM = (1, 2, 3, 4), (2, 3), (3,), (1, 3), (3, 2, 4), (4, 3), (2,)


@pytest.mark.parametrize("firsts", SELDOM)
def test_first_stabilities_are_in_the_order_of_their_ratings(firsts: tuple[int, ...]) -> None:
    """Whatever the log lacks or says otherwise: the earlier in *firsts*, the longer it lasts."""
    histories = [
        [(rating, 0), (3 if card % (number + 2) else 1, 40 // (number + 1))]
        for number, rating in enumerate(firsts)
        for card in range(60)
    ]
    tree = grow(of(histories))
    found = fit(tree)
    assert is_ordered(found.weights)
    assert checked(found.weights.tolist())
    draw = np.random.default_rng(1)
    for _ in range(40):  # no other weights in order are likelier, but for what the last step leaves
        other = draw.uniform(LOWEST, HIGHEST)
        other[:4].sort()
        for share in (0.003, 0.03, 0.3):
            near = found.weights + share * (other - found.weights)
            assert likelihood(tree, near) > found.loss - 0.05
    again = fit(tree, found.weights[::-1])  # from out of order
    assert is_ordered(again.weights)
    assert again.loss == pytest.approx(found.loss, abs=0.2)


def likelihood(tree: Tree, under: Floats) -> float:
    """Nats, with what the prior adds."""
    away = (under - np.array(DEFAULT_WEIGHTS)) / np.array(SPREAD)
    return measure(tree, under).loss + float(away @ away)


def test_a_very_long_history_is_followed_for_a_while() -> None:
    reviews = of([[(3, 1)] * (LONGEST + 500), [(1, 0), (1, 0), (1, 0)]])
    tree = grow(reviews)
    assert len(tree.levels) == LONGEST - 1
    assert (tree.node == -1).sum() == 500
    assert np.isfinite(fit(tree).weights).all()


# Scores


def test_scores_of_what_is_sure() -> None:
    remembered = np.array([1.0, 1.0, 0.0, 1.0])
    bins = np.array([1, 1, 2, 2])
    perfect = evaluate.score(np.array([0.9, 0.8, 0.1, 0.7]), remembered, bins)
    assert perfect.auc == 1
    coin = evaluate.score(np.full(4, 0.5), remembered, bins)
    assert coin == pytest.approx((np.log(2), np.sqrt((2 * 0.25 + 0) / 4), 0.5))
    assert evaluate.score(np.full(2, 0.5), np.ones(2), bins[:2]).auc is None
    mixed = evaluate.score(np.array([0.5, 0.5, 0.2, 0.9]), np.array([1.0, 0.0, 1.0, 0.0]), bins)
    assert mixed.auc == pytest.approx(0.5 / 4)  # of four pairs one is a tie


def test_averages_know_only_what_was_before() -> None:
    remembered = np.array([1.0, 0.0, 1.0, 1.0])
    assert evaluate.average(remembered) == pytest.approx([1 / 2, 2 / 3, 2 / 4, 3 / 5])
    first, second, *_ = evaluate.moving_average(remembered)
    assert first == pytest.approx(1 / (1 + np.exp(-1.2)))
    assert second == pytest.approx(1 / (1 + np.exp(-(1.2 + 0.3 * (1 - first)))))
    long = (np.random.default_rng(1).random(9000) < 0.95).astype(float)
    last = evaluate.moving_average(long, 8000)
    assert last == pytest.approx(evaluate.moving_average(long)[8000:], rel=1e-9)


def test_an_interval_takes_the_reviews_of_a_card_together() -> None:
    """Reviews that all say the same of their card are worth one each card, not one each review."""
    draw = np.random.default_rng(1)
    values = draw.normal(0.5, 1, 40)
    once = evaluate.difference(values, asked(np.arange(40)))
    often = evaluate.difference(np.repeat(values, 25), asked(np.repeat(np.arange(40), 25)))
    assert often.value == pytest.approx(once.value)
    assert width(often) == pytest.approx(width(once), rel=0.04)  # of 19 degrees of freedom or 39
    apart = evaluate.difference(np.repeat(values, 25), asked(np.arange(1000)))
    assert width(apart) < width(often) / 4
    assert evaluate.difference(values, asked(np.zeros(40, np.int64))).low is None


@pytest.mark.parametrize("lapses", [1, 2, 5])
def test_an_interval_is_as_wide_as_few_lapses_leave_it(lapses: int) -> None:
    """At least 95 in 100 of those whose log had so many, be the chances of recall what they are."""
    draw, n = np.random.default_rng(lapses), 200
    logs, covered = 0, 0
    while logs < 200:
        logits = np.log(n / lapses) + draw.normal(0, 0.7, n)
        chance, mine, theirs = (
            1 / (1 + np.exp(-logits - off))
            for off in (0, draw.normal(0, 0.3, n), draw.normal(-0.3, 0.5, n))
        )
        remembered = (draw.random(n) < chance).astype(float)
        if n - remembered.sum() == lapses:
            hit, miss = (
                evaluate.losses(mine, came) - evaluate.losses(theirs, came)
                for came in (np.ones(n), np.zeros(n))
            )
            of = asked(np.arange(n) // 2, remembered)
            found = evaluate.difference(np.where(remembered > 0, hit, miss), of)
            assert found.low is not None and found.high is not None  # noqa: PT018
            truth = (chance * hit + (1 - chance) * miss).mean()
            covered += found.low <= truth <= found.high
            logs += 1
    assert covered >= 190


def asked(card: Ints, remembered: Floats | None = None) -> evaluate.Outcomes:
    """Outcomes of these cards; half of them were forgotten."""
    if remembered is None:
        remembered = np.arange(len(card)) % 2.0
    return evaluate.Outcomes(np.arange(len(card)), card, np.arange(len(card)), remembered)


def width(found: evaluate.Difference) -> float:
    assert found.low is not None and found.high is not None  # noqa: PT018
    return found.high - found.low


# Judging


def test_a_fit_that_predicts_better_is_adopted_whole() -> None:
    judged, tree = judge(table(SIX_THOUSAND)), grow(table(SIX_THOUSAND))
    assert judged.adopted
    whole = measure(tree, fit(tree).weights).loss
    assert measure(tree, np.array(judged.parameters)).loss == pytest.approx(whole, abs=0.5)
    assert judged.earlier is not None
    assert measure(tree, np.array(judged.earlier)).loss > whole + 0.5
    assert judged.fitted is not None
    assert judged.default is not None
    assert judged.difference is not None
    assert judged.difference.value == pytest.approx(
        judged.fitted.log_loss - judged.default.log_loss
    )
    assert judged.difference.value < 0
    assert "lower by" in judged.reason


def test_what_is_compared_has_not_seen_the_days_it_is_compared_on() -> None:
    reviews = table(SIX_THOUSAND)
    judged = judge(reviews)
    assert judged.until is not None
    alone = fit(grow(reviews.take(reviews.day <= judged.until))).weights
    assert judged.earlier == pytest.approx(tuple(alone.tolist()))
    assert judged.later == (grow(reviews).scored & (reviews.day > judged.until)).sum()
    changed = Reviews(*(getattr(reviews, name).copy() for name in COLUMNS))
    changed.rating[changed.day > judged.until] = 1
    assert judge(changed).earlier == pytest.approx(judged.earlier)


def test_a_fit_that_predicts_worse_is_not_adopted() -> None:
    """All was remembered until one day, and from then on nothing."""
    rows = [(card, day, 3) for day in (0, 2, 4, 8, 16) for card in range(80)]
    rows += [(card, 40, 1) for card in range(80)]
    judged = judge(table(rows), kept=IN_FORCE)
    assert not judged.adopted
    assert judged.difference is not None
    assert judged.difference.value > 0
    assert judged.parameters is not None
    assert judged.earlier is not None
    both = (
        measure(grow(table(rows)), np.array(one)) for one in (judged.parameters, judged.earlier)
    )
    whole, part = (one.loss for one in both)
    assert whole < part  # it has seen the last day, too
    told = judged.as_json()  # what was fitted, and what the scores are of, adopted or not
    assert told["parameters"] == list(judged.parameters)
    assert told["earlier"] == list(judged.earlier)
    assert "higher by" in judged.reason


def test_the_fit_before_is_the_rival_if_it_has_not_seen_those_days() -> None:
    reviews = table(SIX_THOUSAND)
    until = judge(reviews).until
    assert until is not None
    better = judge(reviews, Former(OTHER, until))  # nobody knows it better than the truth
    assert "than with the fit before" in better.reason
    leaked = judge(reviews, Former(OTHER, until + 1))
    assert "than with the defaults" in leaked.reason
    unordered = (OTHER[0], OTHER[0] - 0.01, *OTHER[2:])  # of an older version, and to go
    assert "than with the defaults" in judge(reviews, Former(unordered, until)).reason
    worse = judge(reviews, Former(tuple(LOWEST), until))
    assert "than with the defaults" in worse.reason


def test_what_is_in_use_is_told_beside_with_how_many_of_the_later_reviews_it_has_seen() -> None:
    reviews = table(SIX_THOUSAND)
    first = judge(reviews)
    assert first.in_use is None  # the defaults
    assert first.until is not None
    rival = judge(reviews, Former(OTHER, first.until)).difference
    judged = judge(reviews, kept=IN_FORCE)
    assert (judged.adopted, judged.difference) == (first.adopted, first.difference)
    assert rival is not None
    assert judged.fitted is not None
    assert judged.in_use is not None
    loss = judged.in_use.score.log_loss
    assert judged.fitted.log_loss - loss == pytest.approx(rival.value)
    assert judged.as_json()["in_use"]["since"] == "2026-11-18"
    before, scored = reviews.until(first.until), grow(reviews).scored
    for seen in (0, before, before + 100, len(reviews)):
        told = judge(reviews, kept=IN_FORCE._replace(reviews=seen)).as_json()["in_use"]
        assert told["seen"] == scored[before:seen].sum()
        assert told["log_loss"] == loss


def test_one_card_is_too_little_to_adopt_a_fit() -> None:
    judged = judge(table([(0, 3 * day, 3 if day % 7 else 1) for day in range(400)]), kept=IN_FORCE)
    assert judged.difference is not None
    assert judged.difference.value < 0
    assert not judged.adopted
    assert "(no interval, as all are of one card)" in judged.reason


@pytest.mark.parametrize(
    ("rating", "why"), [(3, "none of them was forgotten"), (1, "none of them was remembered")]
)
def test_what_never_came_out_otherwise_has_no_interval_and_may_be_adopted(
    rating: int, why: str
) -> None:
    judged = judge(table([(card, day, rating) for day in (0, 2, 9, 30) for card in range(50)]))
    assert judged.difference is not None
    assert judged.difference[1:] == (None, None)
    assert judged.adopted is (judged.difference.value <= 0)
    assert judged.reason.startswith("log loss on the later 50 is lower by .")
    assert judged.reason.endswith(f" (no interval, as {why}) than with the defaults")


@pytest.mark.parametrize("reviews", [0, 50, FEWEST - 1])
def test_too_few_reviews_are_said_to_be_too_few(reviews: int) -> None:
    judged = judge(table(SIX_THOUSAND[:reviews]), kept=IN_FORCE)
    assert not judged.adopted
    assert judged.parameters is None
    assert judged.reason.startswith("too few, as a fit begins with 200")
    told = judged.as_json()
    assert (told["reviews"], told["fitted"], told["difference"]) == (reviews, None, None)


def test_a_log_of_one_day_tells_nothing() -> None:
    judged = judge(table([(card % 20, 5, 3) for card in range(400)]))
    assert judged.reason.startswith("too few on later days")
