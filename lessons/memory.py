"""memory: does a model fitted to your reviews foresee the later ones better than simple rules do?

The reviews are the learner's own: card numbers, study days and ratings, without names. What to
watch: a model of memory is fitted to the earlier days and then says of each review of the later
ones how likely it is to be remembered. So do the same model with its default weights, and two
rules that know no card at all: the average so far, and a moving average. Beside it the split is
made at random instead, so that the fit has seen reviews from after those that it is asked about.

Until there are enough reviews, simulated learners stand in. They forget as the model says, with
weights of their own that the fit has to find; and they have good and bad weeks, of which the model
knows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple, TypeAlias

import numpy as np

from studyapp.lab.interval import mean_interval, t_quantile
from studyapp.lab.memory import (
    DEFAULT_WEIGHTS,
    FEWEST,
    FEWEST_LATER,
    HIGHEST,
    LOWEST,
    Bools,
    Crowd,
    Floats,
    Ints,
    Reviews,
    Tree,
    average,
    fit_in_steps,
    losses,
    moving_average,
    outcomes,
    own_reviews,
    plain,
    predictions,
    split,
)
from studyapp.lab.protocol import (
    Axes,
    Choice,
    Fact,
    Knob,
    Lesson,
    LessonEvent,
    Metric,
    Progress,
    Question,
    Remark,
    Result,
    Value,
    When,
)

ARMS = ("fitted", "default", "average", "moving")
TITLES = ("over the defaults", "over the average so far", "over the moving average")
NEW = 10  # cards that a simulated learner begins a day
LASTING = 0.9  # share of one day's mood that is left on the next
FIRST = (0.24, 0.09, 0.5, 0.17)  # shares of Again, Hard, Good and Easy as a card is begun
REMEMBERED = (0.15, 0.7, 0.15)  # shares of Hard, Good and Easy of what is remembered
AGAIN, HARD, GOOD = 1, 2, 3
GOAL = 0.9  # chance of recall on the day on which a card is due, as the default weights have it
NEVER = 10**9  # the day on which a card is due that has not begun
SURE = 1e-7  # no chance is nearer to 0 or 1
PARTS = (8, 4, 2, 1)  # the log is looked at up to an eighth of its reviews, a quarter …
FOLDS = 5  # a random split asks about one fifth after the other
FINE, PARTS_LEFT = 100, 3  # a step of the progress is so fine; so many of its parts are left, about
GROUPS = 8  # points of the curve that shows whether a chance is what it says
GAIN = 0.02  # nats that fitting gains others on average (`meaning`): to be told by one learner
OWN = "cards, in the same weeks: your own reviews"
DRAWN = "learners: a simulation"
ONE = "cards, in the same weeks: one simulated learner"


# Learners: simulated, or whoever is at the keyboard.


class Log(NamedTuple):
    """What a learner rated; and, of a simulated one, the true chance of recall at each review."""

    reviews: Reviews
    chance: Floats | None


class Luck(NamedTuple):
    """Where a learner's random numbers are from: `nature` draws weights and moods, `answers` what
    is remembered on the day."""

    nature: np.random.Generator
    answers: np.random.Generator


class Rows(NamedTuple):
    """Reviews of a day; `chance` is NaN where recall was not asked for."""

    card: Ints
    day: Ints
    rating: Ints
    chance: Floats


class Learner:
    """One who is made up, whom the default weights schedule as the app does.

    What they remember goes by weights of their own: each is off the default by a factor of about
    1 ± `apart`. On good days all chances are higher, on bad ones lower, by about `mood` in logits.
    """

    def __init__(self, most: int, apart: float, mood: float, luck: Luck) -> None:
        """*most* cards will ever be begun."""
        self.nature, self.answers = luck
        factors = np.exp(apart * self.nature.standard_normal(len(DEFAULT_WEIGHTS)))
        own = np.clip(np.array(DEFAULT_WEIGHTS) * factors, LOWEST, HIGHEST)
        self.own, self.plan = Crowd(own), Crowd(DEFAULT_WEIGHTS)
        self.true, self.planned = np.ones((2, 2, most))  # stability and difficulty of each card
        self.last, self.due = np.zeros(most, int), np.full(most, NEVER)
        self.mood, self.spirits, self.begun = mood, self.nature.standard_normal(), 0

    def study(self, day: int) -> Rows:
        """Rate what is due and begin new cards; what was forgotten is rated Good later that day."""
        new = np.arange(self.begun, self.begun + NEW)
        self.begun += NEW
        asked = self.answers.permutation(np.flatnonzero(self.due <= day))
        chance = self._chance(asked, day)
        passed = HARD + self.answers.choice(3, len(asked), p=REMEMBERED)
        rating = np.where(self.answers.random(len(asked)) < chance, passed, AGAIN)
        first = AGAIN + self.answers.choice(4, NEW, p=FIRST)
        self._begin(new, first, day)
        self._rate(asked, rating, day)
        today, ratings = np.concatenate([asked, new]), np.concatenate([rating, first])
        again = today[ratings == AGAIN]
        good = np.full(len(again), GOOD)
        self._rate(again, good, day)
        wait = np.rint(self.plan.interval(self.planned[0, today], np.array(GOAL)))
        self.due[today] = day + np.maximum(1, wait).astype(int)
        return Rows(
            np.concatenate([today, again]),
            np.full(len(today) + len(again), day),
            np.concatenate([ratings, good]),
            np.concatenate([chance, np.full(NEW + len(again), np.nan)]),
        )

    def _chance(self, cards: Ints, day: int) -> Floats:
        """The chance of recall of each card on a day as good as this one is."""
        new = self.nature.standard_normal()
        self.spirits = LASTING * self.spirits + math.sqrt(1 - LASTING**2) * new
        usual = self.own.recall(self.true[0, cards], day - self.last[cards])
        odds = np.log(usual / np.maximum(1 - usual, SURE)) + self.mood * self.spirits
        chance: Floats = 1 / (1 + np.exp(-odds))
        return chance

    def _begin(self, cards: Ints, rating: Ints, day: int) -> None:
        self.true[:, cards], self.planned[:, cards] = (
            self.own.first(rating),
            self.plan.first(rating),
        )
        self.last[cards] = day

    def _rate(self, cards: Ints, rating: Ints, day: int) -> None:
        days = day - self.last[cards]
        for model, memory in ((self.own, self.true), (self.plan, self.planned)):
            stability, difficulty = memory[:, cards]
            memory[:, cards] = model.after(stability, difficulty, days, rating)
        self.last[cards] = day


def simulate(length: int, apart: float, mood: float, luck: Luck) -> Log:
    """Return the first so many reviews of a learner."""
    learner = Learner(length + NEW, apart, mood, luck)
    days = [learner.study(0)]
    while sum(len(rows.card) for rows in days) < length:
        days.append(learner.study(len(days)))
    every = Rows(*(np.concatenate(column)[:length] for column in zip(*days, strict=True)))
    return Log(plain(every.card, every.day, every.rating), every.chance)


def is_enough(reviews: Reviews) -> bool:
    """Whether there are enough to fit the earlier part and to judge by the later one."""
    if reviews.rated < FEWEST:
        return False
    found = outcomes(reviews, reviews.tree)
    later = found.day > split(found)
    return FEWEST_LATER <= int(later.sum()) < len(later)


# One log: what is said of its later part, and of all of it under a random split.


class Look(NamedTuple):
    """Some reviews: of which card each was and on which day, whether it was remembered, and what
    each arm had said. `floor` is the true chance, where it is known."""

    card: Ints
    day: Ints
    remembered: Floats
    said: dict[str, Floats]
    floor: Floats | None

    def loss(self, arm: str) -> Floats:
        return losses(self.said[arm], self.remembered)


def judge(log: Log, pace: Pace) -> Generator[LessonEvent, None, tuple[Look, Bools]]:
    """Fit the earlier part; return the later part, and which of the scored reviews it is."""
    weights, later = yield from fit_earlier(log, pace)
    return look_at(log, predictions(log.reviews.tree, weights), later), later


def fit_earlier(log: Log, pace: Pace) -> Generator[LessonEvent, None, tuple[Floats, Bools]]:
    """Return the weights that the earlier part makes likeliest, and which of the scored reviews are
    later."""
    found = outcomes(log.reviews, log.reviews.tree)
    until = split(found)
    earlier = log.reviews.tree.of_first(log.reviews.until(until))
    return (yield from fit(earlier, pace)), found.day > until


def fit(tree: Tree, pace: Pace) -> Generator[LessonEvent, None, Floats]:
    """Return the weights that the tree makes likeliest."""
    steps = fit_in_steps([tree])
    while True:
        try:
            yield pace.within(next(steps))
        except StopIteration as end:
            weights: Floats = end.value[0].weights
            return weights


def look_at(log: Log, fitted: Floats, which: Bools) -> Look:
    """Look at *which* of the scored reviews of a log. The rules go on learning day by day."""
    tree = log.reviews.tree
    found = outcomes(log.reviews, tree)
    arms = (
        fitted,
        predictions(tree, np.array(DEFAULT_WEIGHTS)),
        average(found.remembered),
        moving_average(found.remembered),
    )
    said = {name: chance[which] for name, chance in zip(ARMS, arms, strict=True)}
    floor = None if log.chance is None else np.clip(log.chance[found.row][which], SURE, 1 - SURE)
    return Look(found.card[which], found.day[which], found.remembered[which], said, floor)


def without(tree: Tree, held_out: Ints) -> Tree:
    """Return the tree as it is if the reviews in these rows count for nothing in a fit. They
    happened all the same: what comes after them knows of them."""
    kept = tree.scored.copy()
    kept[held_out] = False
    ends = np.cumsum([len(tree.roots.rating), *(len(level.parent) for level in tree.levels)])
    each = np.bincount(tree.node[kept], minlength=ends[-1]).astype(float)
    parts = np.split(each, ends[:-1])[1:]
    levels = (level._replace(reviews=n) for level, n in zip(tree.levels, parts, strict=True))
    return Tree(tree.roots, tuple(levels), tree.node)


def split_at_random(
    log: Log, rng: np.random.Generator, pace: Pace
) -> Generator[LessonEvent, None, Look]:
    """Fit all but one fifth of the scored reviews, drawn at random, and ask about that fifth; so
    one fifth after the other. Return all scored reviews, with what was said of them."""
    tree = log.reviews.tree
    rows = np.flatnonzero(tree.scored)
    fold = rng.permutation(len(rows)) % FOLDS
    said = np.empty(len(rows))
    for one in range(FOLDS):
        weights = yield from fit(without(tree, rows[fold == one]), pace)
        said[fold == one] = predictions(tree, weights)[fold == one]
        yield pace.step()
    return look_at(log, said, np.ones(len(rows), bool))


# Figures of one log. With an interval of their own, for whoever has only this one.


class Figure(NamedTuple):
    """A figure of some reviews: `away` is by how much each of them moves it, the sum being 0.
    `few` counts what decides how well that is known: cards, or what is rarer than these."""

    value: float
    away: Floats
    card: Ints
    day: Ints
    few: int


Ends: TypeAlias = tuple[float, float | None, float | None]  # a value, and its 95% interval


def mean_of(values: Floats, look: Look) -> Figure:
    """A mean over the reviews. A lapse moves it far more than what was remembered, so that few
    lapses tell its spread no better than so many cards and one would; without any, nothing does."""
    mean, hits = float(values.mean()), int((look.remembered > 0).sum())
    few = min(there_are(look.card), hits + 1, len(values) - hits + 1)
    return Figure(mean, values - mean, look.card, look.day, few)


def there_are(numbers: Ints) -> int:
    """Return how many differ. Cards and days are counted from 0, so nothing need be sorted."""
    return int(np.count_nonzero(np.bincount(numbers)))


def auc_of(chance: Floats, look: Look) -> Figure | None:
    """How often a remembered review was called likelier than a forgotten one, ties by half; None if
    there is none of either. By the placements of each among the others (DeLong et al. 1988); with
    few forgotten ones, as their SD is of so few."""
    hit = look.remembered > 0
    hits, misses = np.sort(chance[hit]), np.sort(chance[~hit])
    if not len(hits) or not len(misses):
        return None

    def below(ordered: Floats, values: Floats) -> Floats:
        less, not_more = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
        return (less + not_more) / (2 * len(ordered))

    place = np.where(hit, below(misses, chance), 1 - below(hits, chance))
    auc = float(place[hit].mean())
    share = hit.mean()
    few = min(len(hits), len(misses), there_are(look.card))
    away = (place - auc) / np.where(hit, share, 1 - share) * math.sqrt(few / max(1, few - 1))
    return Figure(auc, away, look.card, look.day, few)


def clustered(figure: Figure, level: float = 0.95) -> Ends:
    """Return (value, low, high) for reviews of a card that go together, and those of a day.

    What the reviews of each card move, and those of each day, is added up before it is squared; a
    review that is in both sums was then counted twice (Cameron, Gelbach & Miller 2011).
    """
    if figure.few < 2:
        return figure.value, None, None
    by_card, by_day = _spread(figure.away, figure.card), _spread(figure.away, figure.day)
    both = by_card + by_day - float(figure.away @ figure.away)
    deviation = math.sqrt(max(by_card, both)) / len(figure.away)
    half = t_quantile((1 + level) / 2, figure.few - 1) * deviation
    return figure.value, figure.value - half, figure.value + half


def _spread(away: Floats, cluster: Ints) -> float:
    sums, clusters = np.bincount(cluster, away), there_are(cluster)
    return float(sums @ sums) * clusters / max(1, clusters - 1)


# Figures of one log, or of many.


def interval(figures: Sequence[Figure], level: float = 0.95) -> Ends:
    """Return the mean over learners with Student's interval; of a single one, with its own."""
    if len(figures) > 1:
        return mean_interval([figure.value for figure in figures], level)
    return clustered(figures[0], level)


def gaps(looks: Sequence[Look], arm: str, rival: str) -> list[Figure]:
    """Return by how much an arm's log loss is below that of another, of each learner."""
    return [mean_of(look.loss(rival) - look.loss(arm), look) for look in looks]


class Judged(NamedTuple):
    """All that was looked at. `quarter`: the logs up to a quarter of their reviews, if they are
    long enough; `mixed`: all scored reviews under the random split, and `later` which of them
    are those of `looks`."""

    looks: list[Look]
    quarter: list[Look]
    mixed: list[Look]
    later: list[Bools]
    reviews: int
    is_own: bool


def facts(judged: Judged) -> Iterator[Fact]:
    """Yield how the arms compare on the later reviews, and what a random split would have said."""
    looks, varies = judged.looks, _varies(judged)
    for arm in ARMS:
        yield lead(arm, looks, varies)
    for rival in ARMS[1:]:
        yield _fact(f"gap_{rival}", "nats", gaps(looks, "fitted", rival), varies)
    for arm in ARMS:
        each = [mean_of(look.loss(arm), look) for look in looks]
        yield _fact(f"loss_{arm}", "nats", each, varies)
    floors = [
        mean_of(losses(look.floor, look.remembered), look)
        for look in looks
        if look.floor is not None
    ]
    if floors:
        yield _fact("loss_truth", "nats", floors, varies)
    for arm in ("fitted", "default", "moving"):  # an average so far says nearly the same of all
        placed = [auc for look in looks if (auc := auc_of(look.said[arm], look)) is not None]
        if placed:
            yield _fact(f"auc_{arm}", "", placed, varies, as_share(interval(placed)))
    for arm in ARMS:
        off = [mean_of(100 * (look.said[arm] - look.remembered), look) for look in looks]
        yield _fact(f"off_{arm}", "points", off, varies)
    yield _fact("random_gap", "nats", gaps(judged.mixed, "fitted", "default"), varies)
    yield _fact("flattery", "nats", flattery(judged), varies)
    for rival in ("default", "moving") if judged.quarter else ():
        early = gaps(judged.quarter, "fitted", rival)
        yield _fact(f"quarter_gap_{rival}", "nats", early, varies)
    yield from counts(judged)


def as_share(ends: Ends) -> Ends:
    """Return the interval of a share as far as there are shares: what is beyond is none."""
    value, low, high = ends
    if low is None or high is None:
        return ends
    return value, max(0.0, low), min(1.0, high)


def lead(arm: str, looks: Sequence[Look], varies: str) -> Fact:
    """Return how far an arm is ahead of the best of the others, negative if behind.

    Which of them is best is only estimated, so all three differences have to lie in their intervals
    at once: of three intervals each may miss in a third of 5% of runs (Bonferroni).
    """
    pairs = [gaps(looks, arm, rival) for rival in ARMS if rival != arm]
    level = 1 - 0.05 / len(pairs)
    means, lows, highs = zip(*(interval(pair, level) for pair in pairs), strict=True)
    ends = (min(means), None, None) if None in lows else (min(means), min(lows), min(highs))
    note = f", Bonferroni over {len(pairs)} rivals"
    return _fact(f"lead_{arm}", "nats", pairs[0], varies, ends, note)


def flattery(judged: Judged) -> list[Figure]:
    """Return by how much the fit of the random split does better on the same later reviews."""
    found = []
    for look, mixed, later in zip(judged.looks, judged.mixed, judged.later, strict=True):
        found.append(mean_of(look.loss("fitted") - mixed.loss("fitted")[later], look))
    return found


def counts(judged: Judged) -> Iterator[Fact]:
    """Yield how many reviews there are, and how many it would take.

    An interval shrinks with the root of the number of reviews. So many are enough for one learner
    as make the widest of those intervals that still hold 0 no wider than ± what fitting gains; none
    are lacking, and it is not known how few would have done, where no interval holds it; where
    there is no interval, nothing is known.
    """
    yield _count("reviews", judged.reviews, "counted")
    yield _count("later", round(median(len(look.card) for look in judged.looks)), "counted")
    yield _count("own_reviews", judged.reviews if judged.is_own else 0, "counted")
    each = [wide for look in judged.looks if (wide := _undecided(look)) is not None]
    if not each:
        return
    widest = median(each)
    needed = int(float(f"{judged.reviews * (widest / GAIN) ** 2:.1e}"))
    computed = f"computed: for one learner to tell the fitted model from the others, ±{GAIN} nats"
    if widest:
        yield _count("needed", needed, computed)
    yield _count("lacking", max(0, needed - judged.reviews), computed)


def _undecided(look: Look) -> float | None:
    """Half the width of the widest interval that does not tell the fitted model from a rival, 0 if
    each does; None where there is no interval."""
    ends = [clustered(gaps([look], "fitted", rival)[0]) for rival in ARMS[1:]]
    known = [(low, high) for _, low, high in ends if low is not None and high is not None]
    if not known:
        return None
    return max(((high - low) / 2 for low, high in known if low <= 0 <= high), default=0.0)


def _count(name: str, value: int, varies: str) -> Fact:
    return Fact(name, value, "reviews", None, None, 1, "exact", varies)


def _fact(
    name: str,
    unit: str,
    figures: Sequence[Figure],
    varies: str,
    ends: Ends | None = None,
    note: str = "",
) -> Fact:
    value, low, high = ends or interval(figures)
    if len(figures) > 1:
        n, method = len(figures), "student t"
    else:
        n, method = there_are(figures[0].card), "student t, clustered by card and day"
    method = "too few for an interval" if low is None else method + note
    return Fact(name, value, unit, low, high, n, method, varies)


def _varies(judged: Judged) -> str:
    """Say what differs from one repetition to another."""
    if len(judged.looks) > 1:
        return f"{len(judged.looks)} draws of {DRAWN}"
    return OWN if judged.is_own else ONE


# Loop.


class Pace:
    """Counts what is done: a log that is there, a fit that is made, the facts; of a long log each
    takes a while, so what is done of it counts as well."""

    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def step(self) -> Progress:
        self._done += 1
        return Progress(self._done * FINE, self._total * FINE)

    def within(self, parts: int) -> Progress:
        """So many *parts* of a step are done; nobody knows beforehand how many it has."""
        begun = FINE * parts // (parts + PARTS_LEFT)
        return Progress(self._done * FINE + begun, self._total * FINE)


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Judge longer and longer beginnings of each log, then all; split it at random as well."""
    there = own_reviews()
    mine = there if there is not None and knobs["whose"] == "mine" and is_enough(there) else None
    yield Remark(_whose(there, mine, knobs))
    rngs = [np.random.default_rng([seed, one]) for one in range(int(knobs["seeds"]))]
    if mine is not None:
        rngs = rngs[:1]
    length = int(knobs["reviews"]) if mine is None else mine.rated
    parts = [part for part in PARTS if length // part >= FEWEST]
    pace = Pace(len(rngs) * (1 + len(parts) + FOLDS) + 1)
    logs = list[Log]()
    for rng in rngs:
        logs.append(drawn(knobs, rng) if mine is None else Log(mine, None))
        yield pace.step()
    judged = yield from judge_parts(logs, parts, length, pace)
    looks, later = [look for look, _ in judged[1]], [which for _, which in judged[1]]
    yield from as_said(looks)
    mixed = list[Look]()
    for log, rng in zip(logs, rngs, strict=True):
        mixed.append((yield from split_at_random(log, rng, pace)))
    quarter = [look for look, _ in judged.get(4, [])]
    found = list[Fact]()
    for fact in facts(Judged(looks, quarter, mixed, later, length, mine is not None)):
        found.append(fact)
        yield pace.within(len(found))
    yield pace.step()
    yield Result(tuple(found))


def drawn(knobs: Mapping[str, Value], rng: np.random.Generator) -> Log:
    luck = Luck(*rng.spawn(2))
    return simulate(int(knobs["reviews"]), float(knobs["apart"]), float(knobs["mood"]), luck)


def judge_parts(
    logs: Sequence[Log], parts: Sequence[int], length: int, pace: Pace
) -> Generator[LessonEvent, None, dict[int, list[tuple[Look, Bools]]]]:
    """Judge the first part of each log, as far as that is enough, and longer ones; stream what
    fitting gains. Return what came of the parts."""
    judged = dict[int, list[tuple[Look, Bools]]]()
    for part in parts:
        found = judged[part] = []
        saved: dict[str, list[Figure]] = {rival: [] for rival in ARMS[1:]}
        for log in logs:
            beginning = _beginning(log, part)
            if part == 1 or is_enough(beginning.reviews):
                found.append((yield from judge(beginning, pace)))
                for (rival, figures), title in zip(saved.items(), TITLES, strict=True):
                    figures += gaps([found[-1][0]], "fitted", rival)
                    yield Metric(length // part, f"gain: {title}", *interval(figures))
            yield pace.step()
    return judged


def _whose(there: Reviews | None, mine: Reviews | None, knobs: Mapping[str, Value]) -> str:
    """Say whose reviews are looked at, and why they are not the learner's own."""
    if mine is not None:
        return f"Your own {mine.rated:,} reviews, as numbers without names."
    if there is None or knobs["whose"] == "simulated":
        return "A simulation: these are not your reviews."
    told = "1 review" if there.rated == 1 else f"{there.rated:,} reviews"
    return (
        f"You have {told}; it takes {FEWEST}, {FEWEST_LATER} of them on the last days. "
        "Until then simulated learners stand in."
    )


def _beginning(log: Log, part: int) -> Log:
    """Return the first reviews of a log: 1/part of them."""
    first = np.arange(len(log.reviews) // part)
    chance = None if log.chance is None else log.chance[first]
    return log if part == 1 else Log(log.reviews.take(first), chance)


def as_said(looks: Sequence[Look]) -> Iterator[Metric]:
    """Yield what share was remembered of reviews with about the same chance, by what was said."""
    remembered = np.concatenate([look.remembered for look in looks])
    for arm, title in (("fitted", "fitted model"), ("moving", "moving average")):
        said = np.concatenate([look.said[arm] for look in looks])
        for group in np.array_split(np.argsort(said, kind="stable"), GROUPS):
            if len(group):
                yield Metric(
                    float(said[group].mean()),
                    f"remembered: {title}",
                    float(remembered[group].mean()),
                )
    for end in (float(said.min()), float(said.max())):
        yield Metric(end, "remembered: as said", end)


LESSON = Lesson(
    name="memory",
    version=1,
    title="Do your reviews foretell the next ones?",
    question=Question(
        text=(
            "A model of memory (FSRS-6) is fitted to the earlier days of a log of reviews, until "
            "four fifths are done. Then four ways say of each review of the later days how likely "
            "it is to be remembered: the fitted model; the same with its default weights; "
            "the average so far; and a moving average of the newest reviews, whatever the card. "
            "whose = {whose} (mine: your own log, once it has 200 reviews; until then, and with "
            "simulated, logs of {reviews} reviews by simulated learners). Which way has the lowest "
            "log loss?"
        ),
        kind="arms",
        fact="lead_fitted",
        unit="nats",
        told="the lead over the best other way is {}",
        choices=(
            Choice("the fitted model", low=0.0, fact="lead_fitted"),
            Choice("the default weights", low=0.0, fact="lead_default"),
            Choice("the average so far", low=0.0, fact="lead_average"),
            Choice("the moving average", low=0.0, fact="lead_moving"),
        ),
    ),
    knobs=(
        Knob(
            "whose",
            "choice",
            "mine",
            choices=("mine", "simulated"),
            help=(
                "mine: your own reviews, as numbers without names, once there are 200; the other "
                "knobs then change nothing. simulated: the same for learners who are made up"
            ),
        ),
        Knob(
            "reviews",
            "int",
            4000,
            400,
            10_000,
            help="length of a simulated log; with ten new cards a day, 4,000 take twelve weeks",
        ),
        Knob(
            "apart",
            "float",
            0.4,
            0.0,
            0.7,
            help=(
                "how far the memory of simulated learners is from the default: each weight is off "
                "by a factor of about this much; at 0 the defaults are the truth"
            ),
        ),
        Knob(
            "mood",
            "float",
            0.2,
            0.0,
            1.5,
            help=(
                "how much better simulated learners remember on good days, in logits; good days "
                "come in spells of a week or two, and the model of memory knows nothing of them"
            ),
        ),
        Knob(
            "seeds",
            "int",
            32,
            1,
            64,
            help="simulated learners; a single one has an interval as your own reviews do",
        ),
    ),
    topics=("validation-set", "time-series", "random-split", "baseline"),
    run=run,
    reviews=True,
    axes=(
        Axes("reviews", "log loss that fitting saves (nats)", "gain"),
        Axes("chance that was said", "share remembered", "remembered"),
    ),
    meaning=(
        When(
            "These are your own {fact:reviews}. Of them {fact:later} are later than what the model "
            "was fitted to.",
            fact="own_reviews",
            low=1,
        ),
        When(
            "This is a simulation: learners with {fact:reviews} each, who forget as the model "
            "says, with weights of their own and good and bad weeks. They are not you.",
            fact="own_reviews",
            high=0,
        ),
        When(
            "{fact:reviews}: too few for one learner to tell the fitted model from all of the "
            "others, to ±.02 nats; about {fact:needed} would do.",
            fact="lacking",
            low=1,
        ),
        When(
            "The fitted model has the lowest log loss, ahead of the next best by "
            "{fact:lead_fitted} (lead_fitted).",
            fact="lead_fitted",
            low=0.0,
        ),
        When(
            "The default weights have the lowest log loss, ahead of the next best by "
            "{fact:lead_default} (lead_default): what the fit has changed is noise.",
            fact="lead_default",
            low=0.0,
        ),
        When(
            "The average so far has the lowest log loss, ahead of the next best by "
            "{fact:lead_average} (lead_average): here no card is like what the model says of it.",
            fact="lead_average",
            low=0.0,
        ),
        When(
            "The moving average, which knows no card, has the lowest log loss, ahead of the next "
            "best by {fact:lead_moving} (lead_moving): it knows a good week when it sees one.",
            fact="lead_moving",
            low=0.0,
        ),
        When("A lead whose interval holds 0 is not told apart from none."),
        When(
            "Fitting paid. On later reviews it saves {fact:gap_default} of log loss over the "
            "default weights (gap_default).",
            fact="gap_default",
            low=0.0,
        ),
        When(
            "Fitting did harm: on later reviews the default weights are better (gap_default is "
            "{fact:gap_default}).",
            fact="gap_default",
            high=0.0,
        ),
        When(
            "Either way that is less than the .02 nats that fitting gains others on average "
            "(gap_default is {fact:gap_default}).",
            fact="gap_default",
            low=-0.02,
            high=0.02,
        ),
        When(
            "Of two reviews, one remembered and one forgotten, the fitted model calls the right "
            "one likelier in {fact:auc_fitted} of pairs (auc_fitted), the moving average in "
            "{fact:auc_moving} (auc_moving), a coin in half. (A rule that goes by the last answers "
            "can be below that: after a miss it says less, when one miss less is to come.)",
            fact="auc_fitted",
        ),
        When(
            "However low its log loss, a moving average can schedule nothing: it says the same of "
            "every card of the moment, and so not which one fades."
        ),
        When(
            "A random split flatters: asked about the very same later reviews, a fit that has seen "
            "reviews from after them does better by {fact:flattery} (flattery).",
            fact="flattery",
            low=0.0,
        ),
        When(
            "The default weights are the truth here, and yet a random split says that fitting "
            "gains {fact:random_gap} (random_gap): what it has fitted is the mood of these weeks.",
            fact="random_gap",
            low=0.0,
            knobs={"whose": ("simulated",), "apart": (0.0, 0.0)},
        ),
        When(
            "A quarter of the reviews would have said {fact:quarter_gap_default} "
            "(quarter_gap_default) where all of them say {fact:gap_default}.",
            fact="quarter_gap_default",
        ),
        When(
            "Others: for 9,999 users of a public benchmark the mean log loss was .3664 with the "
            "default weights, .3460 with fitted ones and .3369 with this moving average (Ye et "
            "al., SRS benchmark, November 2026)."
        ),
        When(
            "The intervals are about other cards in the same weeks: what another month would say "
            "they do not know.",
            fact="own_reviews",
            low=1,
        ),
    ),
    next=(
        When(
            "Set whose to simulated: how do learners fare whose truth is known?",
            fact="own_reviews",
            low=1,
        ),
        When(
            "Set whose to simulated and apart to 0: what does fitting gain if the defaults are the "
            "truth, and what would a random split say?",
            fact="own_reviews",
            high=0,
            knobs={"apart": (0.01, 0.7)},
        ),
        When(
            "Set mood to 1.2: which way wins in good and bad spells?",
            fact="own_reviews",
            high=0,
            knobs={"mood": (0.0, 1.0)},
        ),
        When(
            "Set seeds to 1 and reviews to 400: what can one learner tell from so few?",
            fact="own_reviews",
            high=0,
            knobs={"seeds": (2, 64)},
        ),
    ),
    mechanism=(
        When(
            "How likely a card is to be remembered hangs on how it was rated and how long ago. The "
            "model has weights for that, and a fit finds those of one learner."
        ),
        When(
            "Few reviews tell little about 21 weights. The fit stays near the defaults as far as "
            "they tell nothing, so that it seldom does harm."
        ),
        When(
            "Good and bad spells move all cards at once. An average that follows the newest "
            "reviews sees them, and no model that looks at each card alone does."
        ),
        When(
            "A random split lets the fit see what came after the reviews that it is asked about, "
            "as it never can in use."
        ),
    ),
)
