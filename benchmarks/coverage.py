"""Counts how often the lessons' 95% intervals cover what they are about.

It prints Markdown; coverage.md keeps one run. An hour on one core; `--quick` tries it out, and the
names of parts (null, overfit, wide, decay, transfer, pictures, tuning, time, confounder, rate,
collaborative, memory) leave out the rest.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import torch

from lessons import collaborative, confounder, memory, null, overfit, rate, time, transfer, tuning
from studyapp.lab.interval import clopper_pearson
from studyapp.lab.protocol import Fact, Lesson, LessonEvent, Result, Value
from studyapp.lab.seeds import generators, mean_fact, stack

RUNS, SEEDS = 2000, 8  # of each lesson, in each run
SEEDS_OF_TRANSFER = 4  # in each run: it takes the longest
SEEDS_OF_TIME = 32
AT_ONCE = 256  # seeds that train together; runs are cut from them
HEAD = """# Do the lessons' intervals cover?

`python benchmarks/coverage.py` repeats the lessons, small, with other seeds each time, and counts
how often a 95% interval covers what it is about. What we promise:

- **counts** (shares of worlds, shuffles, studies, seeds): Clopper and Pearson's interval covers at
  least 95% whatever the true share is, and for rare hits and few tries more;
- **means** and paired differences: Student's interval covers 93–97%, as far as the number of runs
  can tell (the interval in brackets meets that range);
- **medians** (of epochs, of losses near zero): the order of the values, whatever the distribution;
  at least 95%;
- **shares of few pictures** (transfer with pictures: 5 repeats of 40): Student's interval, or that
  of all pictures counted, whichever is wider; at least 95%. These runs are simulated, from a beta
  distribution over repeats and numpy's seed 0, since a ResNet-18 takes minutes for each;
- **gaps of few pictures** (the same, and 2 repeats): Student's interval of the differences, or that
  of all pictures counted, whichever is wider; at least 95%;
- **leads** (the least of three differences, in `rate` and `collaborative` of four): as many
  intervals that hold together; at least 95%;
- **ratios** of two means (`time`): Fieller's interval covers 93–97%;
- **one learner's reviews** (`memory`): Student's interval, clustered by card and by day, covers
  93–97% of what the same fit comes to if the same weeks are lived again: other cards and other
  answers, the same memory and the same good and bad days. Other weeks are not promised.

The seeds were fixed before the first run: for `null` and `confounder` the lesson's seeds 0, 1, 2 …
in order; for the others the lesson's seeds 0, 1, 2 … with 256 seeds in each, cut into runs of 8
(`transfer`: of 4, `time`: of 32) in order. A seed does not depend on how many run beside it, so
these are the runs that a learner would get. For `memory` learners 0 to 19 live their weeks 50 times
each.
"""


def main() -> int:
    quick = "--quick" in sys.argv
    runs = 20 if quick else RUNS
    torch.set_num_threads(1)
    print(HEAD)
    print(f"{date.today()}, torch {torch.__version__}, CPU, {runs} runs a row.\n")
    parts: dict[str, Callable[[int], Iterator[int]]] = {
        "null": of_null,
        "overfit": lambda runs: of_overfit(runs, 8, 0.0, ("loss", "error")),
        "wide": lambda runs: of_overfit(runs, 64, 0.0, ("loss", "error")),
        "decay": lambda runs: of_overfit(runs, 8, 3.0, ("loss",)),
        "transfer": of_transfer,
        "pictures": of_pictures,
        "tuning": of_tuning,
        "time": of_time,
        "confounder": of_confounder,
        "rate": of_rate,
        "collaborative": of_collaborative,
        "memory": of_memory,
    }
    named = [name for name in parts if name in sys.argv]
    broken = 0 if named else exactly(quick)
    named = named or list(parts)
    print("\n## What the lessons print\n")
    print("| lesson | knobs | figure | interval | truth | covered | promise |")
    print("|---|---|---|---|---:|---:|---|")
    broken += sum(told for name in named for told in parts[name](runs))
    print(f"\nPromises broken: {broken or 'none'}.")
    return broken


# Counts, without a lottery: the binomial's probabilities say how often the interval covers.


def exactly(quick: bool) -> int:
    print("## Counts, computed\n")
    print("How often the interval covers, from the binomial's probabilities, by how many hits are")
    print("expected; and the lowest of 200 true shares from 1/(100·n) to 1/2.\n")
    means = (0.1, 0.5, 1, 2, 5, 20)
    print("| tries | " + " | ".join(f"{mean:g} hits" for mean in means) + " | lowest |")
    print("|---:" * (len(means) + 2) + "|")
    broken = 0
    for n in (16, 32, 1000) if quick else (16, 32, 1000, 20_000, 99_999):
        grid = np.geomspace(0.01 / n, 0.5, 20 if quick else 200).tolist()
        intervals: dict[int, tuple[float, float]] = {}
        lowest = min(covered(n, p, intervals) for p in grid)
        cells = [f"{covered(n, m / n, intervals):.1%}" if m <= n / 2 else "" for m in means]
        broken += lowest < 0.95
        print(f"| {n:,} | {' | '.join(cells)} | {lowest:.2%} |", flush=True)
    return broken


def covered(n: int, p: float, intervals: dict[int, tuple[float, float]]) -> float:
    """Return with what probability the interval of n tries covers a true share p."""
    spread = 6 * math.sqrt(n * p * (1 - p)) + 12
    total = 0.0
    for hits in range(max(0, int(n * p - spread)), min(n, int(n * p + spread)) + 1):
        if hits not in intervals:
            intervals[hits] = clopper_pearson(hits, n)[1:]
        low, high = intervals[hits]
        if low <= p <= high:
            choose = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
            total += math.exp(choose + hits * math.log(p) + (n - hits) * math.log1p(-p))
    return total


# What is printed of a row.


def row(
    lesson: Lesson, knobs: str, facts: Sequence[Fact], truths: Sequence[float] | float, floor: bool
) -> int:
    """Print how often the facts covered their truths; return 1 if a promise is broken.

    *floor*: the promise has no upper limit.
    """
    each = truths if isinstance(truths, Sequence) else [truths] * len(facts)
    hits = sum(covers(fact, truth) for fact, truth in zip(facts, each, strict=True))
    share, low, high = clopper_pearson(hits, len(facts))
    kept = high >= 0.95 if floor else high >= 0.93 and low <= 0.97
    truth = f"{sum(each) / len(each):.4g}"
    promise = ("≥ 95%" if floor else "93–97%") + ("" if kept else " **broken**")
    print(
        f"| {lesson.name} | {knobs} | {facts[0].name} | {facts[0].method} | {truth} "
        f"| {share:.1%} [{low:.1%}, {high:.1%}] | {promise} |",
        flush=True,
    )
    return not kept


def covers(fact: Fact, truth: float) -> bool:
    return fact.low is not None and fact.high is not None and fact.low <= truth <= fact.high


def words(knobs: dict[str, Value]) -> str:
    return " ".join(f"{name}={value}" for name, value in knobs.items())


def pooled(facts: Sequence[Fact]) -> float:
    """Return the long-run value: the mean of all repetitions of all runs together."""
    return sum(fact.value * fact.n for fact in facts) / sum(fact.n for fact in facts)


# null.


def of_null(runs: int) -> Iterator[int]:
    null.POINTS = 1  # the same worlds, in one go
    null.SHUFFLES, null.REPEATS = 99, 1000  # the figures counted here need no more
    for knobs in (
        {"n": 10, "scatter": 0.8, "worlds": 1000},
        {"n": 5, "scatter": 0.15, "worlds": 1000},
        {"n": 100, "scatter": 0.5, "worlds": 1000},  # 0.4 hits expected
        {"n": 100, "scatter": 0.55, "worlds": 1000},  # 1.3
    ):
        found = [facts_of(null.LESSON, knobs, seed) for seed in range(runs)]
        names = ["p_value", *(["power", "replicated"] if knobs["n"] != 5 else [])]
        for name in names + (["wrong_sign"] if knobs["n"] == 10 else []):
            facts = [each[name] for each in found]
            exact = name == "p_value"
            truth = found[0]["p_exact"].value if exact else pooled(facts)
            yield row(null.LESSON, words(knobs), facts, truth, floor=True)
        if knobs["n"] == 10:
            facts = [each["exaggeration"] for each in found]
            yield row(null.LESSON, words(knobs), facts, pooled(facts), floor=False)
    yield from of_shuffles(runs)
    yield from of_slopes(runs)


def of_shuffles(runs: int) -> Iterator[int]:
    """Five cities can be shuffled in 120 ways, so the share that the shuffles estimate is known."""
    null.SHUFFLES, null.REPEATS = 999, 2
    x = null.temperatures(5)
    orders = np.array(list(itertools.permutations(range(5))))
    for slope in (0.023, 0.1):
        knobs = {"n": 5, "scatter": 0.5, "slope": slope, "worlds": 1000}
        facts, truths = [], []
        for seed in range(runs):
            y = null.observe(x, slope, 0.5, np.random.default_rng(seed))
            steep = np.abs(y[orders] @ x) >= abs(y @ x) * (1 - 1e-12)
            truths.append(float(steep.mean()))
            facts.append(facts_of(null.LESSON, knobs, seed)["permutation_p"])
        yield row(null.LESSON, words(knobs), facts, truths, floor=True)


def of_slopes(runs: int) -> Iterator[int]:
    """Studies from a true line, each with the slope and scatter that it happens to find."""
    null.SHUFFLES, null.REPEATS = 1, 2
    for n in (5, 100):
        x, rng, facts = null.temperatures(n), np.random.default_rng(0), []
        for seed in range(runs):
            y = -0.023 * x + 0.5 * rng.standard_normal(n)
            slope = float(x @ y / (x @ x))
            rest = y - y.mean() - slope * x
            scatter = float(rest @ rest / (n - 2)) ** 0.5
            knobs: dict[str, Value] = {"n": n, "slope": slope, "scatter": scatter, "worlds": 50}
            facts.append(facts_of(null.LESSON, knobs, seed)["slope"])
        told = f"n={n}, cities drawn from R = 1.99 − 0.023·T with a scatter of 0.5"
        yield row(null.LESSON, told, facts, -0.023, floor=False)


def facts_of(lesson: Lesson, knobs: dict[str, Value], seed: int) -> dict[str, Fact]:
    """Return the facts of one run."""
    defaults = {knob.name: knob.default for knob in lesson.knobs}
    *_, result = lesson.run(defaults | knobs, "cpu", seed)
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


# overfit.


def of_overfit(runs: int, width: int, decay: float, stops: Sequence[str]) -> Iterator[int]:
    # All epochs: stopped halfway it would be another experiment, with other distributions.
    overfit.TEST = 100
    batches = [train(seed, width, decay) for seed in range(-(-runs * SEEDS // AT_ONCE))]
    arms = [
        {name: torch.cat([curves[arm][name] for curves, _ in batches], 1) for name in first}
        for arm, first in enumerate(batches[0][0])
    ]
    floors = torch.cat([floor for _, floor in batches])
    for stop in stops:

        def facts(part: slice, stop: str = stop) -> Iterable[Fact]:
            cut = [{name: rows[:, part] for name, rows in arm.items()} for arm in arms]
            return overfit.facts(cut, stop, floors[part])

        told = {"n": 64, "width": width, "stop": stop, "weight_decay": decay, "seeds": SEEDS}
        only = ("decay_error", "decay_loss") if decay else None
        yield from means(overfit.LESSON, words(told), runs, facts, only)


Curves = list[dict[str, torch.Tensor]]


def train(seed: int, width: int, decay: float) -> tuple[Curves, torch.Tensor]:
    """Return the curves of AT_ONCE seeds, by arm, and the floor of each seed."""
    own = generators(seed, AT_ONCE)
    draws = [overfit.draw(64, 0.2, generator) for generator in own]
    data = {name: overfit.stacked([one[name] for one in draws], "cpu") for name in draws[0]}
    weights = stack(lambda: overfit.Net(width), own)
    arms = []
    for amount in (decay, 0.0) if decay else (0.0,):
        same = {name: rows.detach().clone().requires_grad_() for name, rows in weights.items()}
        looks = list(overfit.train(same, data, width, amount, "cpu"))
        arms.append({name: torch.stack([look[name] for look in looks]) for name in looks[0]})
    return arms, data["test"].wrong.float().mean(1)


# transfer.


def of_transfer(runs: int) -> Iterator[int]:
    # Short and with few pictures, but long enough to learn: the order of the ways is another, and a
    # share is a share. A network that has learned nothing calls all pictures by one name and reads
    # exactly one in five, which no seed does after the 600 steps of the lesson at its defaults.
    transfer.PRETRAIN_STEPS, transfer.PRETRAIN_BATCH, transfer.RATE = 40, 8, 8e-3
    transfer.STEPS, transfer.HEAD_STEPS, transfer.HEAD_RATE = 8, 3, 3e-2
    transfer.PROBE_STEPS, transfer.OLD_TEST, transfer.NEW_TEST = 10, 10, 10
    transfer.OLD_LABELS = 20
    defaults = {knob.name: knob.default for knob in transfer.LESSON.knobs}
    asked: dict[str, Value] = {"placing": "centred", "noise": 0.05, "k": 2}
    knobs = defaults | asked | {"seeds": AT_ONCE}
    batches = -(-runs * SEEDS_OF_TRANSFER // AT_ONCE)
    kept = [returned(transfer.digits(knobs, "cpu", seed)) for seed in range(batches)]
    shares = {name: [share for part in kept for share in part[name]] for name in kept[0]}

    def facts(part: slice) -> Iterable[Fact]:
        return transfer.facts({name: all_[part] for name, all_ in shares.items()}, transfer.DRAWN)

    told = words(asked | {"seeds": SEEDS_OF_TRANSFER}) + ", short"
    yield from means(transfer.LESSON, told, runs, facts, seeds=SEEDS_OF_TRANSFER)


def of_pictures(runs: int) -> Iterator[int]:
    """A share for each repeat, and of that the share of 40 pictures read right."""
    rng = np.random.default_rng(0)
    for share, spread in ((0.7, 0.08), (0.9, 0.04), (0.95, 0.03), (0.97, 0.02), (0.99, 0.005)):
        weight = share * (1 - share) / spread**2 - 1
        repeats = rng.beta(share * weight, (1 - share) * weight, (runs, 5))
        rights = rng.binomial(40, repeats) / 40
        facts = []
        for values in rights.tolist():
            scores = {f"score_{arm}": values for arm in transfer.ARMS}
            facts.append(next(iter(transfer.facts(scores, "repeats", 40))))
        told = f"pictures: 5 repeats of 40, SD {spread} between repeats (simulated)"
        yield row(transfer.LESSON, told, facts, share, floor=True)
    yield from of_gaps(runs, rng)


def of_gaps(runs: int, rng: np.random.Generator) -> Iterator[int]:
    """Of 40 pictures in each repeat, one way alone reads some right and scratch alone others."""
    for repeats in (5, 2):
        for ahead, behind, neither in ((0.3, 0.1, 0.2), (0.05, 0.02, 0.0), (0.01, 0.005, 0.0)):
            shares = (ahead, behind, neither, 1 - ahead - behind - neither)
            counts = rng.multinomial(40, shares, (runs, repeats))  # (runs, repeats, 4)
            facts, leads = [], []
            for one, other, none, _ in counts.transpose(0, 2, 1).tolist():
                lost = [(40 - b - c) / 40 for b, c in zip(other, none, strict=True)]
                scratch = [(40 - a - c) / 40 for a, c in zip(one, none, strict=True)]
                scores = {f"score_{arm}": scratch for arm in transfer.ARMS} | {"score_all": lost}
                found = {fact.name: fact for fact in transfer.facts(scores, "repeats", 40)}
                facts.append(found["gap_all"])
                leads.append(found["lead_all"])
            told = f"pictures: {repeats} repeats of 40, {ahead:g} against {behind:g} (simulated)"
            yield row(transfer.LESSON, told, facts, 100 * (ahead - behind), floor=True)
            yield row(transfer.LESSON, told, leads, 100 * (ahead - behind), floor=True)


# tuning and time.


def of_tuning(runs: int) -> Iterator[int]:
    """Of coins the truth is known; of tumours it is that of all seeds together."""
    for models, rows in (("coins", 200), ("coins", 20), ("tumours", 50)):
        asked: dict[str, Value] = {"models": models, "tries": 20, "rows": rows}
        knobs = asked | {"seeds": AT_ONCE}
        batches = range(-(-runs * SEEDS // AT_ONCE))
        scores = [tuning.joined(list(tuning.score_all(knobs, "cpu", seed))) for seed in batches]
        validation, new = (torch.cat(each) for each in zip(*scores, strict=True))

        def facts(part: slice, models: str = models, rows: int = rows) -> Iterable[Fact]:
            found = tuning.facts(validation[part], new[part], models, rows)  # noqa: B023
            return [fact for fact in found if fact.method != "exact"]

        truths = {"gap": 100 * tuning.luck(20, rows)} if models == "coins" else {}
        told = words(asked | {"seeds": SEEDS})
        yield from means(tuning.LESSON, told, runs, facts, truths=truths)


def of_time(runs: int) -> Iterator[int]:
    """A ratio has no truth but that of all series together; of white noise it is 1.

    Runs have 32 series: of so few as 8 a miss in the future is too skewed for Student's interval.
    """
    for ar, season in ((0.9, 1.0), (0.0, 0.0)):
        parts = []
        for seed in range(-(-runs * SEEDS_OF_TIME // AT_ONCE)):
            ways, _, _ = time.judge(time.draw(ar, season, generators(seed, AT_ONCE)), 3, 100)
            parts.append([misses.double().mean(1, keepdim=True) for misses in ways])
        every = [torch.cat(way) for way in zip(*parts, strict=True)]

        def facts(part: slice) -> Iterable[Fact]:
            return time.facts(time.Ways(*(way[part] for way in every)))  # noqa: B023

        truths = {} if ar else {"ratio": 1.0, "stretch_ratio": 1.0}
        told = words({"ar": ar, "season": season, "seeds": SEEDS_OF_TIME})
        yield from means(time.LESSON, told, runs, facts, seeds=SEEDS_OF_TIME, truths=truths)


# confounder.


def of_confounder(runs: int) -> Iterator[int]:
    """The long-run slopes and the adjusted share of an exact confounder are known by algebra."""
    confounder.POINTS = 1  # the same studies, in one go
    for knobs, truths in (
        ({"n": 10, "studies": 1000}, {"share_adjusted": 0.05, "slope_alone": 0.3}),
        ({"n": 10, "third": "collider", "studies": 1000}, {"share_alone": 0.05}),
        ({"n": 10, "noise": 1.0, "studies": 1000}, {"slope_adjusted": 0.15 / 0.82}),
    ):
        found = [facts_of(confounder.LESSON, knobs, seed) for seed in range(runs)]
        for name, truth in truths.items():
            facts = [each[name] for each in found]
            floor = name.startswith("share")
            yield row(confounder.LESSON, words(knobs), facts, truth, floor=floor)


# rate.


def of_rate(runs: int) -> Iterator[int]:
    """Short and small; the rates that are too high die all the same, some seeds before others."""
    rate.WIDTH, rate.BATCH, rate.TEST = 8, 16, 50
    rate.RATES = (1e-3, 1e-2, 0.1, 1.0, 3.0, 10.0)  # those that a figure is of
    firsts, lasts = [], []
    for seed in range(-(-runs * SEEDS // AT_ONCE)):
        own = generators(seed, AT_ONCE)
        digits, networks = rate.Digits(own, 1.0), rate.Networks(own, False, "cpu")
        firsts.append(rate.look(networks, digits))
        for _ in range(30):
            networks.learn(*digits.batch())
        lasts.append(rate.look(networks, digits))
    last = rate.Look(*(torch.cat(parts, 1) for parts in zip(*lasts, strict=True)))
    fell = torch.cat([first.loss for first in firsts], 1) - last.loss

    def facts(part: slice) -> Iterable[Fact]:
        return rate.facts(rate.Look(*(each[:, part] for each in last)), fell[:, part])

    told = f"steps=30 seeds={SEEDS}, small"
    yield from means(rate.LESSON, told, runs, facts)


# collaborative.


def of_collaborative(runs: int) -> Iterator[int]:
    """Small tables and few steps; without a decay as well, where some of the misses are wild."""
    collaborative.PEOPLE, collaborative.FILMS, collaborative.NEW = 20, 20, 10
    collaborative.RATE = 0.1
    for decay in (2.0, 0.0):
        parts = []
        for seed in range(-(-runs * SEEDS // AT_ONCE)):
            own = generators(seed, AT_ONCE)
            tables = collaborative.draw(3, 12, own)
            models = {
                name: collaborative.Model(kind, tables, own)
                for name, kind in collaborative.KINDS.items()
            }
            for _, model in itertools.product(range(30), models.values()):
                model.learn(decay)
            parts.append(collaborative.look(models) | collaborative.newcomers(models, tables))
        misses = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

        def facts(part: slice) -> Iterable[Fact]:
            some = {name: values[part] for name, values in misses.items()}  # noqa: B023
            return [fact for fact in collaborative.facts(some, 3) if fact.method != "exact"]

        told = f"ratings=12 decay={decay} seeds={SEEDS}, small"
        yield from means(collaborative.LESSON, told, runs, facts)


# memory.


def of_memory(runs: int) -> Iterator[int]:
    """Twenty learners, each living the same weeks again and again: what a fit comes to is known
    from all of these together. Then the means of many learners."""
    runs //= 2  # each is held against all others of its learner
    for length, mood in ((400, 0.2), (2000, 0.2), (1000, 1.0)):
        found: dict[str, list[Fact]] = {}
        truths: dict[str, list[float]] = {}
        for learner in range(20):
            logs = [lived(length, mood, learner, again) for again in range(-(-runs // 20))]
            for name, fact, truth in of_learner(logs):
                found.setdefault(name, []).append(fact)
                truths.setdefault(name, []).append(truth)
        told = f"reviews={length} mood={mood} seeds=1, {runs:,} runs"
        for name, facts in found.items():
            yield row(memory.LESSON, told, facts[:runs], truths[name][:runs], floor=False)
    yield from of_learners(runs)


def lived(length: int, mood: float, learner: int, again: int) -> memory.Log:
    nature, answers = [learner, 0], [learner, 1, again]
    luck = memory.Luck(np.random.default_rng(nature), np.random.default_rng(answers))
    return memory.simulate(length, 0.4, mood, luck)


def of_learner(logs: Sequence[memory.Log]) -> Iterator[tuple[str, Fact, float]]:
    """Yield figures of each log, and what they would be over all logs with the same fit."""
    fits = [memory.fit_earlier(log) for log in logs]
    looks = [
        memory.look_at(log, memory.predictions(log.reviews.tree, weights), later)
        for log, (weights, later) in zip(logs, fits, strict=True)
    ]
    together = joined([log.reviews for log in logs])
    which = np.concatenate([later for _, later in fits])
    every = memory.Look(
        *(np.concatenate(part) for part in zip(*(one[:3] for one in looks), strict=True)), {}, None
    )
    said = {
        arm: np.concatenate([look.said[arm] for look in looks]) for arm in ("default", "moving")
    }
    for own, (weights, _) in zip(looks, fits, strict=True):
        chance = memory.predictions(together.tree, weights)[which]
        every = every._replace(said=said | {"fitted": chance})
        truths = dict(figures(every))
        for name, figure in figures(own):
            value, low, high = memory.clustered(figure)
            n, method = len(set(own.card.tolist())), "student t, clustered by card and day"
            yield name, Fact(name, value, "", low, high, n, method, ""), truths[name].value


def figures(look: memory.Look) -> Iterator[tuple[str, memory.Figure]]:
    for rival in ("default", "moving"):
        yield f"gap_{rival}", memory.gaps([look], "fitted", rival)[0]
    if (auc := memory.auc_of(look.said["fitted"], look)) is not None:  # something was forgotten
        yield "auc_fitted", auc
    yield "off_fitted", memory.mean_of(100 * (look.said["fitted"] - look.remembered), look)


def joined(logs: Sequence[memory.Reviews]) -> memory.Reviews:
    """Return the reviews of all logs, one after the other, each with cards of its own."""
    most = max(len(log) for log in logs)
    cards = np.concatenate([log.card + most * number for number, log in enumerate(logs)])
    days, ratings = (np.concatenate([getattr(log, it) for log in logs]) for it in ("day", "rating"))
    return memory.plain(cards, days, ratings)


def of_learners(runs: int) -> Iterator[int]:
    every = [memory.judge(lived(1000, 0.2, learner, 0))[0] for learner in range(runs)]
    picked = np.random.default_rng(0).integers(0, len(every), (runs, 32))
    for rival in memory.ARMS[1:]:
        gaps = np.array([figure.value for figure in memory.gaps(every, "fitted", rival)])
        facts = [mean_fact(f"gap_{rival}", gaps[one].tolist(), "nats", "") for one in picked]
        told = f"reviews=1000 mood=0.2 seeds=32, drawn from {runs:,} learners"
        yield row(memory.LESSON, told, facts, float(gaps.mean()), floor=False)


def returned(events: Iterator[LessonEvent]) -> transfer.Shares:
    """Return what a generator of events returns."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def means(
    lesson: Lesson,
    told: str,
    runs: int,
    facts: Callable[[slice], Iterable[Fact]],
    only: Sequence[str] | None = None,
    seeds: int = SEEDS,
    truths: Mapping[str, float] | None = None,
) -> Iterator[int]:
    """Cut all seeds into runs of so many; yield for every fact whether it keeps its promise.

    The truth, where it is not known, is the same figure from all seeds together.
    """
    truths = {fact.name: fact.value for fact in facts(slice(None))} | dict(truths or {})
    found = [
        {fact.name: fact for fact in facts(slice(seeds * run, seeds * (run + 1)))}
        for run in range(runs)
    ]
    for name, truth in truths.items():
        if only is None or name in only:
            rows = [each[name] for each in found]
            yield row(
                lesson, told, rows, truth, floor=rows[0].method not in ("student t", "fieller")
            )


if __name__ == "__main__":
    sys.exit(main())
