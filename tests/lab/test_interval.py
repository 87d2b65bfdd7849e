"""Intervals against scipy and against their own coverage."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from studyapp.interval import (
    LEAST_FREEDOM,
    blocked_difference,
    clustered_share,
    effective_size,
)
from studyapp.lab.interval import (
    clopper_pearson,
    mean_interval,
    median_interval,
    ratio_interval,
    t_quantile,
    wilson,
)

finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("df", [0.5, 1, 2, 3, 7, 15, 31, 100, 1000, 1999, 2000, 2001, 1e5, 1e9])
@pytest.mark.parametrize("p", [1e-6, 0.025, 0.4999, 0.5, 0.6, 0.9, 0.975, 0.995, 0.99999])
def test_quantile_is_scipys(p: float, df: float) -> None:
    assert t_quantile(p, df) == pytest.approx(scipy.stats.t.ppf(p, df), rel=1e-9, abs=1e-9)


@given(st.floats(0.001, 0.999), st.integers(1, 5000))
def test_quantile_undoes_the_distribution(p: float, df: int) -> None:
    assert scipy.stats.t.cdf(t_quantile(p, df), df) == pytest.approx(p, abs=1e-9)


@given(st.lists(finite, min_size=2, max_size=40), st.sampled_from([0.8, 0.95, 0.99]))
def test_mean_interval_is_scipys(values: list[float], level: float) -> None:
    mean, low, high = mean_interval(values, level)
    error = float(scipy.stats.sem(values))
    if error < 1e-6:  # scipy returns NaN where all values are equal
        assert low == pytest.approx(mean, abs=1e-4)
        return
    centre = math.fsum(values) / len(values)
    expected = scipy.stats.t.interval(level, len(values) - 1, centre, error)
    assert (low, high) == pytest.approx(expected, rel=1e-9, abs=1e-7)


def test_one_value_has_no_interval_and_none_is_refused() -> None:
    assert mean_interval([3.5]) == (3.5, None, None)
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


@pytest.mark.parametrize("n", [1, 5, 6, 7, 8, 16, 17, 32, 192])
def test_a_median_is_covered_whatever_the_distribution(n: int) -> None:
    middle, low, high = median_interval([float(rank) for rank in reversed(range(1, n + 1))])
    assert middle == (n + 1) / 2
    if low is None or high is None:
        assert n < 6
        return
    # The median lies below the value of rank k if at least n − k + 1 of n coins fall above it.
    outside = 2 * float(scipy.stats.binom.cdf(low - 1, n, 0.5))
    assert 1 - outside >= 0.95
    assert 2 * float(scipy.stats.binom.cdf(low, n, 0.5)) > 0.05  # and no narrower one would do
    assert high == n + 1 - low


def test_a_median_of_nothing_is_refused_and_of_infinity_is_none() -> None:
    with pytest.raises(ValueError, match="at least one"):
        median_interval([])
    assert repr(median_interval([1.0, math.inf])) == "(nan, nan, nan)"


pair = st.tuples(st.floats(-100, 100), st.floats(1, 100))


@given(st.lists(pair, min_size=2, max_size=20))
def test_a_ratio_in_the_interval_leaves_a_difference_that_may_be_0(
    pairs: list[tuple[float, float]],
) -> None:
    tops, bottoms = zip(*pairs, strict=True)
    ratio, *ends = ratio_interval(tops, bottoms)
    assert ratio == pytest.approx(sum(tops) / sum(bottoms), abs=1e-9)
    if None in ends:  # then the mean to divide by may itself be 0
        _, low, _ = mean_interval(bottoms)
        assert low is not None
        assert low <= 1e-9
        return
    for end in ends:  # just so: one end of the interval of top - r · bottom is 0
        _, low, high = mean_interval([a - end * b for a, b in pairs])
        assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-4)


def test_a_ratio_of_nothing_is_refused_and_of_one_pair_has_no_interval() -> None:
    assert ratio_interval([6.0], [2.0]) == (3.0, None, None)
    assert all(map(math.isnan, ratio_interval([1.0, math.inf], [1.0, 2.0])))
    for tops, bottoms in (([], []), ([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0, -1.0])):
        with pytest.raises(ValueError, match="a ratio needs"):
            ratio_interval(tops, bottoms)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_seed_that_diverged_leaves_no_mean(bad: float) -> None:
    assert repr(mean_interval([1.0, bad, -math.inf])) == "(nan, nan, nan)"


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(count: tuple[int, int]) -> None:
    hits, n = count
    share, low, high = wilson(hits, n)
    expected = scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
    assert 0 <= low <= share <= high <= 1


def by_scipy(hits: int, n: int) -> tuple[float, float]:
    """binomtest would do, but searches for the ends to 2e-12 and no further."""
    low = scipy.stats.beta.ppf(0.025, hits, n - hits + 1) if hits else 0
    high = scipy.stats.beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1
    return float(low), float(high)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_clopper_pearson_is_scipys(count: tuple[int, int]) -> None:
    hits, n = count
    share, low, high = clopper_pearson(hits, n)
    assert (low, high) == pytest.approx(by_scipy(hits, n), rel=1e-8)
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize("hits", [0, 1, 40_000, 50_000_000, 99_999_999, 100_000_000])
def test_clopper_pearson_takes_a_hundred_million(hits: int) -> None:
    _, low, high = clopper_pearson(hits, 10**8)
    assert (low, high) == pytest.approx(by_scipy(hits, 10**8), rel=1e-6)


@pytest.mark.parametrize("mean", [0.1, 0.5, 1, 2, 8])
@pytest.mark.parametrize("n", [50, 2000])
def test_the_exact_interval_covers_even_the_rarest_share(mean: float, n: int) -> None:
    p = mean / n
    covered = 0.0
    for hits in range(60):
        _, low, high = clopper_pearson(hits, n) if hits <= n else (0, 2, 0)
        covered += scipy.stats.binom.pmf(hits, n, p) * (low <= p <= high)
    assert covered >= 0.95


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@pytest.mark.parametrize("count", [(-1, 3), (4, 3), (0, 0)])
def test_impossible_shares_are_refused(
    interval: Callable[[int, int], object], count: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        interval(*count)


def test_four_seeds_cover_the_mean_as_often_as_promised() -> None:
    draw = random.Random(1)
    covered = 0
    for _ in range(4000):
        _, low, high = mean_interval([draw.gauss(0, 1) for _ in range(4)])
        assert low is not None
        assert high is not None
        covered += low <= 0 <= high
    _, low, high = wilson(covered, 4000, 0.999)
    assert low <= 0.95 <= high


def test_the_difference_and_its_interval_by_hand() -> None:
    """Twelve pairs of clusters of one: 11 of 12 against 6 of 12, as a t-test of pooled variance
    has it but for the degrees of freedom of the blocks."""
    block = [(0, int(at > 0), 1) for at in range(12)] + [(1, at % 2, 1) for at in range(12)]
    found, low, high = blocked_difference([block])
    assert found == pytest.approx(5 / 12)
    error = (24 / 22 * (11 / 12 * 1 / 12 * 12 + 6 / 12 * 6 / 12 * 12) / 144) ** 0.5
    assert low == pytest.approx(5 / 12 - 2.0739 * error, abs=1e-4)
    assert high == pytest.approx(5 / 12 + 2.0739 * error, abs=1e-4)


def test_what_all_of_a_block_has_in_common_is_no_difference() -> None:
    """It leaves nothing to tell an error by, and so no interval: one of no width would be sure."""
    easy = [(at % 2, 1, 1) for at in range(20)]
    hard = [(int(at > 1), 0, 1) for at in range(20)]  # nearly all of it in the second arm
    assert blocked_difference([easy, hard]) == (0.0, None, None)
    easy[0] = (0, 0, 1)
    found, low, high = blocked_difference([easy, hard])
    assert found is not None
    assert found < 0
    assert low is not None
    assert high is not None
    assert low < found < 0 < high


def test_cards_that_are_alike_tell_less() -> None:
    hits = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0] * 2
    alone = [[(at % 2, hit, 1) for at, hit in enumerate(hits) for _ in range(3)]]
    alike = [[(at % 2, 3 * hit, 3) for at, hit in enumerate(hits)]]
    widths = [(high or 0) - (low or 0) for _, low, high in map(blocked_difference, (alone, alike))]
    assert widths[1] > 1.6 * widths[0]


def test_where_the_arms_do_not_meet_or_are_few_there_is_no_interval() -> None:
    assert blocked_difference([]) == (None, None, None)
    assert blocked_difference([[(0, 1, 1)] * 30, [(1, 1, 1)] * 30]) == (None, None, None)
    few = [(at % 2, 1, 1) for at in range(LEAST_FREEDOM + 1)]
    assert blocked_difference([few])[1:] == (None, None)


def _drawn(shares: str, chance: random.Random) -> float:
    """The share that one answer would have of its points, .6 on average."""
    if shares == "alike":
        return 0.6
    return chance.betavariate(0.6, 0.4) if shares == "spread" else float(chance.random() < 0.6)


@pytest.mark.parametrize("most", [1, 8], ids=["alone", "together"])
@pytest.mark.parametrize("shares", ["spread", "all or nothing", "alike"])
@pytest.mark.parametrize("answers", [4, 10, 30])
def test_what_comes_together_is_covered_as_often_as_promised(
    answers: int, shares: str, most: int
) -> None:
    """The share of points that are said, which come in answers."""
    chance, covered, times = random.Random(5), 0, 400
    for _ in range(times):
        clusters = []
        for _ in range(answers):
            share, n = _drawn(shares, chance), chance.randint(1, most)
            clusters.append((sum(chance.random() < share for _ in range(n)), n))
        _, low, high = clustered_share(clusters)
        assert low is not None
        assert high is not None
        assert low < high
        covered += low <= 0.6 <= high
    assert covered >= 0.93 * times


def test_what_comes_together_tells_as_much_as_it_differs_within() -> None:
    """All or nothing tells as much as its clusters; what differs within as in all, as its members;
    few clusters tell less than many, and one nothing."""
    alike, apart = [(4, 4), (0, 4)] * 50, [(2, 4)] * 100
    of_many = 0.975  # squared normal to t quantile, nearly 1 for 100 clusters
    assert of_many * 100 < effective_size(alike) < 100
    assert of_many * 400 < effective_size(apart) < 400
    assert effective_size([(1, 1), (0, 1)] * 2) < 4
    assert effective_size([(3, 9)]) == 0
    assert clustered_share([(3, 9)]) == (pytest.approx(1 / 3), None, None)
    share, low, high = clustered_share([(3, 3)] * 4)
    assert (share, high) == (1, 1)
    assert low is not None
    assert low < wilson(4, 4)[1]  # nothing differs, so they may be quite alike
    for impossible in ([], [(2, 1)], [(-1, 1)], [(0, 0)]):
        with pytest.raises(ValueError, match="clusters"):
            clustered_share(impossible)
