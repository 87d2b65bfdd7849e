"""95% intervals for means, medians, ratios, shares and their differences. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, median

LEAST_FREEDOM = 20  # clusters, beside what was fitted to them


def mean_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high) by Student's t; one value has no interval: (value, None, None).

    The values are independent repetitions (one per seed, differences already paired). If any is
    not finite, all three are NaN: a seed that diverged has no mean. Raises ValueError if empty.
    """
    n = len(values)
    if n == 0:
        raise ValueError("a mean needs at least one value")
    if not all(math.isfinite(value) for value in values):
        return math.nan, math.nan, math.nan
    mean = math.fsum(values) / n
    if n == 1:
        return mean, None, None
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile((1 + level) / 2, n - 1) * deviation / math.sqrt(n)
    return mean, mean - half, mean + half


def median_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (median, low, high) from the order of the values (Thompson 1936).

    It covers the median of any distribution at least as often as *level* says, skewed ones
    included, where a t interval of the mean falls short. At 95% fewer than six values have none:
    (median, None, None). If any is not finite, all three are NaN. Raises ValueError if empty.
    """
    n = len(values)
    if n == 0:
        raise ValueError("a median needs at least one value")
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan, math.nan
    ordered = sorted(values)
    middle = median(ordered)
    # Values below the median are heads of n coins: counted in whole numbers, of which there are 2^n
    # in all, as n may be large.
    share, whole = ((1 - level) / 2).as_integer_ratio()
    most = (share << n) // whole
    rank, ways, outside = 0, 1, 1
    while outside <= most:
        ways = ways * (n - rank) // (rank + 1)
        rank, outside = rank + 1, outside + ways
    return (middle, ordered[rank - 1], ordered[n - rank]) if rank else (middle, None, None)


def ratio_interval(
    tops: Sequence[float], bottoms: Sequence[float], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (mean of tops ÷ mean of bottoms, low, high) of pairs, by Fieller 1954.

    A ratio r is in the interval if the mean of top − r · bottom may be 0 by Student's t. One pair
    has none: (ratio, None, None), nor have pairs whose mean bottom may itself be 0. If any value is
    not finite, all three are NaN. Raises ValueError if empty, unpaired, or if the mean bottom is 0.
    """
    n = len(tops)
    if n == 0 or n != len(bottoms):
        raise ValueError("a ratio needs at least one pair")
    if not all(map(math.isfinite, (*tops, *bottoms))):
        return math.nan, math.nan, math.nan
    top, bottom = math.fsum(tops) / n, math.fsum(bottoms) / n
    if bottom == 0:
        raise ValueError("a ratio needs a mean to divide by that is not 0")
    if n == 1:
        return top / bottom, None, None
    pairs = [(a - top, b - bottom) for a, b in zip(tops, bottoms, strict=True)]
    allowed = t_quantile((1 + level) / 2, n - 1) ** 2 / n / (n - 1)
    # |top − r · bottom| ≤ t · standard error, squared: square · r² − 2 · middle · r + rest ≤ 0.
    square = bottom**2 - allowed * math.fsum(b * b for _, b in pairs)
    middle = top * bottom - allowed * math.fsum(a * b for a, b in pairs)
    rest = top**2 - allowed * math.fsum(a * a for a, _ in pairs)
    if square <= 0:
        return top / bottom, None, None
    half = math.sqrt(max(0.0, middle**2 - square * rest))
    return top / bottom, (middle - half) / square, (middle + half) / square


def blocked_difference(
    blocks: Sequence[Sequence[tuple[int, int, int]]], level: float = 0.95
) -> tuple[float | None, float | None, float | None]:
    """Return (difference, low, high) of two shares, that of arm 0 less that of arm 1.

    Each block is a list of clusters, whose members were all dealt one arm: (arm, hits, n). The
    difference is taken within blocks and weighted by what each tells; its error is that of whole
    clusters, so that members may be alike, scaled for the means that were fitted, with Student's t
    by the clusters that are left. (None, None, None) if no block has both arms; without ends where
    the clusters are too few for an error.
    """
    parts = [[one for one in block if one[2]] for block in blocks]
    parts = [part for part in parts if len({arm for arm, _, _ in part}) == 2]
    if not parts:
        return None, None, None
    # Each member has a pull on the difference: its arm, less the mean arm of its block.
    pulls = [sum(n for arm, _, n in part if arm == 0) / sum(n for *_, n in part) for part in parts]
    rows = [
        [((arm == 0) - pull, hits, n) for arm, hits, n in part]
        for part, pull in zip(parts, pulls, strict=True)
    ]
    weight = math.fsum(pull * pull * n for row in rows for pull, _, n in row)
    difference = math.fsum(pull * hits for row in rows for pull, hits, _ in row) / weight
    clusters = sum(map(len, rows))
    freedom = clusters - len(rows) - 1
    if freedom < LEAST_FREEDOM:
        return difference, None, None
    square = 0.0
    for row in rows:
        mean = sum(hits for _, hits, _ in row) / sum(n for *_, n in row)
        square += math.fsum(
            (pull * (hits - n * (mean + difference * pull))) ** 2 for pull, hits, n in row
        )
    error = math.sqrt(square * clusters / freedom) / weight
    if math.isclose(error, 0, abs_tol=1e-9):
        return difference, None, None
    half = t_quantile((1 + level) / 2, freedom) * error
    return difference, difference - half, difference + half


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float, float]:
    """Return (share, low, high) of *hits* out of *n* by Wilson's score interval (Wilson 1927).

    The n are independent. Raises ValueError unless 0 ≤ hits ≤ n and n ≥ 1.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"{hits} hits of {n} is not a share")
    return hits / n, *_score(hits, n, NormalDist().inv_cdf((1 + level) / 2))


def clustered_share(
    clusters: Sequence[tuple[int, int]], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (share, low, high) of all hits out of all n of clusters of (hits, n ≥ 1): Wilson's
    interval of their `effective_size`.

    The clusters are independent, their members may be alike. One has no interval:
    (share, None, None). Raises ValueError as `effective_size` does.
    """
    size = effective_size(clusters, level)
    share = sum(hits for hits, _ in clusters) / sum(n for _, n in clusters)
    if not size:
        return share, None, None
    return share, *_score(share * size, size, NormalDist().inv_cdf((1 + level) / 2))


def effective_size(clusters: Sequence[tuple[int, int]], level: float = 0.95) -> float:
    """Return how many independent things tell as much of a share as clusters of (hits, n ≥ 1),
    whose members may be alike; one cluster tells nothing.

    There are fewer of them by Kish's design effect (1965), and by Student's t of few clusters
    (Korn & Graubard 1998). How alike members are shows in how little they differ within clusters,
    which few clusters of uneven size tell as well, unlike how much these differ; where no member
    differs, or each is alone, they count as quite alike. Raises ValueError if empty, or unless
    0 ≤ hits ≤ n and n ≥ 1 for each.
    """
    if not clusters or not all(0 <= hits <= n and n for hits, n in clusters):
        raise ValueError("a share needs clusters, each with hits out of n")
    hits, n = sum(got for got, _ in clusters), sum(each for _, each in clusters)
    freedom, inner = len(clusters) - 1, n - len(clusters)
    if not freedom:
        return 0.0
    alike = 1.0
    if inner and 0 < hits < n:
        within = math.fsum(got * (each - got) / each for got, each in clusters) / inner
        alike = max(0.0, 1 - within / (hits * (n - hits) / n / n))
    effect = 1 + alike * (sum(each * each for _, each in clusters) / n - 1)
    z, t = NormalDist().inv_cdf((1 + level) / 2), t_quantile((1 + level) / 2, freedom)
    return n / effect * z * z / t / t


def _score(hits: float, n: float, z: float) -> tuple[float, float]:
    """The shares of which *hits* out of *n* are within *z* standard errors."""
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(hits * (n - hits) / n + z * z / 4)
    # At the ends the formula is exactly 0 or 1; rounding is not.
    return 0.0 if hits <= 0 else centre - half, 1.0 if hits >= n else centre + half


def clopper_pearson(hits: int, n: int, level: float = 0.95) -> tuple[float, float, float]:
    """Return (share, low, high) of *hits* out of *n*: the exact interval of Clopper & Pearson 1934.

    It covers any true share at least as often as *level* says, few hits included, where Wilson's
    may fall short. Raises ValueError unless 0 ≤ hits ≤ n and n ≥ 1.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"{hits} hits of {n} is not a share")
    share, tail = hits / n, (1 - level) / 2
    low = 0.0 if hits == 0 else _beta_quantile(tail, hits, n - hits + 1)
    high = 1.0 if hits == n else 1 - _beta_quantile(tail, n - hits, hits + 1)
    if hits < n / 2:  # 1 - x would cancel
        high = _beta_quantile(1 - tail, hits + 1, n - hits)
    return share, low, high


@lru_cache(maxsize=256)
def t_quantile(p: float, df: float) -> float:
    """Return the p-quantile of Student's t with *df* degrees of freedom, 0 < p < 1, df > 0."""
    if not (0 < p < 1 and df > 0):
        raise ValueError(f"no t quantile for p = {p}, df = {df}")
    if p == 0.5:
        return 0.0
    if df > _MANY:
        return _expansion(NormalDist().inv_cdf(p), df)
    tail = min(p, 1 - p)
    low, high = 0.0, 1.0
    while t_tail(high, df) > tail:
        low, high = high, high * 2
    while (middle := (low + high) / 2) not in (low, high):
        if t_tail(middle, df) > tail:
            low = middle
        else:
            high = middle
    return math.copysign(high, p - 0.5)


def t_tail(t: float, df: float) -> float:
    """Return P(T > t) for t ≥ 0: half the regularised incomplete beta I_x(df/2, 1/2)."""
    a, b = df / 2, 0.5
    x, rest = df / (df + t * t), t * t / (df + t * t)  # 1 - x would cancel for small t
    return _beta(x, rest, a, b) / 2


_MANY = 2000  # beyond, log-gamma loses digits and the expansion below is exact to rounding


def _expansion(z: float, df: float) -> float:
    """Cornish-Fisher expansion of t around the normal: Abramowitz & Stegun 1964, 26.7.5."""
    s = z * z
    return z * (
        1
        + (s + 1) / (4 * df)
        + (5 * s**2 + 16 * s + 3) / (96 * df**2)
        + (3 * s**3 + 19 * s**2 + 17 * s - 15) / (384 * df**3)
        + (79 * s**4 + 776 * s**3 + 1482 * s**2 - 1920 * s - 945) / (92160 * df**4)
    )


def _beta_quantile(p: float, a: float, b: float) -> float:
    """Return the x, 0 < x < 1, at which the regularised incomplete beta I_x(a, b) is p."""
    low, high, x = 0.0, 1.0, a / (a + b)
    while True:
        above = _beta(x, 1 - x, a, b) - p
        low, high = (low, x) if above > 0 else (x, high)
        # Newton's step with the density as slope; where it leaves the bracket, half of that.
        slope = _power(x, 1 - x, a, b) / (x * (1 - x))
        closer = x - above / slope if slope else low
        if not low < closer < high:
            closer = (low + high) / 2
        if abs(closer - x) <= 1e-12 * x or closer in (low, high):
            return closer
        x = closer


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """Regularised incomplete beta I_x(a, b); *rest* is 1 - x, given because it may cancel."""
    if x < (a + 1) / (a + b + 2):
        return _lower_beta(x, rest, a, b)
    return 1 - _lower_beta(rest, x, b, a)


def _lower_beta(x: float, rest: float, a: float, b: float) -> float:
    """I_x(a, b) by its continued fraction, for x < (a + 1) / (a + b + 2).

    Abramowitz & Stegun 26.5.8, evaluated by the method of Lentz (1976).
    """
    if x == 0:
        return 0.0
    front = _power(x, rest, a, b)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            c = 1 + term / c
            d = 1 / (1 + term * d)
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * value / a


def _power(x: float, rest: float, a: float, b: float) -> float:
    """Return x^a · rest^b ÷ B(a, b)."""
    return math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    )
