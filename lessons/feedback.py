"""feedback: patrols go where most was recorded, and record most where they go. Where does it end?

Two areas, one patrol a day. In either area a patrol finds an incident with a probability of its
own, and what it finds is added to that area's records. The records decide where the next patrol
goes. What to watch: the share of the records that the first area has, in thousands of worlds with
the same rates. Its true share is known here, since it is set by the knobs. Does it come near it, as
data pile up? And how far apart do the worlds end?

All of it is a simulation of a rule, not of a police force.

Series: `share: mean` with its interval, `share: 5%` and `share: 95%`, between which nine worlds in
ten lie, and `share: true`; `worlds by share` is a histogram of where they end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from studyapp.lab.interval import mean_interval
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
from studyapp.lab.seeds import generators, mean_fact, share_fact

LOOKS = 40  # at the shares, beside the first
BARS = 20  # of the histogram
APART = 0.1  # from the true share: a world that ends further off counts as far off
AT_A_TIME = 100  # days whose random numbers are drawn together: they bound the memory
DRAWN = "worlds: a simulation"


# Model: what is recorded in W worlds.


class Worlds:
    """Records (W, 2) of W worlds: of the first area, of the second."""

    def __init__(
        self, knobs: Mapping[str, Value], rngs: Sequence[torch.Generator], device: str
    ) -> None:
        rates = [float(knobs["rate_1"]), float(knobs["rate_2"])]
        begin = [float(knobs["first"]), float(knobs["second"])]
        self.rates = torch.tensor(rates, device=device)
        self.records = torch.tensor(begin, device=device).repeat(len(rngs), 1)
        self.policy, self.rngs = str(knobs["policy"]), rngs

    def chances(self) -> Tensor:
        """Return the first area's share of the next patrols, (W,): how likely one goes there.

        Where nothing is recorded yet, or under greedy both have the same, a coin decides.
        """
        one, other = self.records.T
        if self.policy == "greedy":
            ahead: Tensor = (one - other).sign()
            return (1 + ahead) / 2
        total = one + other
        share: Tensor = (one / total.clamp(min=1)).where(total > 0, 0.5)
        return share

    def draw(self, days: int) -> Tensor:
        """Draw three numbers from 0 to 1 for each world and day: (days, 3, W)."""
        drawn = torch.stack([torch.rand(days, 3, generator=rng) for rng in self.rngs], 2)
        return drawn.to(self.records.device)

    def day(self, drawn: Tensor) -> None:
        """Send a patrol in each world, and record what it finds."""
        sent, met, kept = drawn  # (W,) each
        chance = self.chances()
        area = (sent >= chance).long()  # (W,): 0 is the first area, 1 the second
        found = met < self.rates[area]
        if self.policy == "corrected":
            # Ensign et al. 2018: the likelier a patrol was to be there, the less often what it
            # finds counts. Then both areas' records grow by rate × the same product of chances.
            own = torch.where(area == 0, chance, 1 - chance)
            found &= kept < 1 - own
        self.records[torch.arange(len(area)), area] += found.float()


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Let the days pass in all worlds at once; stream the shares, then the facts."""
    days, rngs = int(knobs["days"]), generators(seed, int(knobs["seeds"]))
    worlds = Worlds(knobs, rngs, device)
    true = true_share(knobs)
    yield Progress(0, days)
    yield Remark("A simulation: the true rates are set by the knobs, so the truth is known.")
    yield from curves(0, worlds.chances(), true)
    for first in range(0, days, AT_A_TIME):
        for day, drawn in enumerate(worlds.draw(min(AT_A_TIME, days - first)), first + 1):
            worlds.day(drawn)
            yield Progress(day, days)
            if day % max(1, days // LOOKS) == 0 or day == days:
                yield from curves(day, worlds.chances(), true)
    share = worlds.chances().cpu()
    yield from histogram(share)
    yield Result(tuple(facts(share, worlds.records.cpu(), knobs)))


def true_share(knobs: Mapping[str, Value]) -> float:
    """Return the first area's share of what two equally frequent patrols would find."""
    one, other = float(knobs["rate_1"]), float(knobs["rate_2"])
    return one / (one + other)


def curves(day: int, share: Tensor, true: float) -> Iterator[Metric]:
    """Yield the mean share with its interval, where the middle nine in ten lie, and the truth."""
    yield Metric(day, "share: mean", *mean_interval(share.tolist()))
    for title, part in (("5%", 0.05), ("95%", 0.95)):
        yield Metric(day, f"share: {title}", float(share.quantile(part)))
    yield Metric(day, "share: true", true)


def histogram(share: Tensor) -> Iterator[Metric]:
    """Yield what part of the worlds ends in each twentieth, named by its middle."""
    counts = torch.histc(share, BARS, 0, 1) / len(share)
    for bar in range(BARS - 1, -1, -1):  # from the right: steps that go back are drawn as bars
        yield Metric((bar + 0.5) / BARS, "worlds by share", float(counts[bar]))


# Facts.


def facts(share: Tensor, records: Tensor, knobs: Mapping[str, Value]) -> Iterator[Fact]:
    """Yield where the worlds end, and how far from the truth."""
    true = true_share(knobs)
    shares = share.double()  # (W,)
    ends = (
        mean_fact("excess", 100 * (shares - true), "points", DRAWN),
        mean_fact("share", shares, "of patrols", DRAWN),
        share_fact("far_off", (shares - true).abs() > APART, "of worlds", DRAWN),
        share_fact("all_to_one", (shares - 0.5).abs() > 0.49, "of worlds", DRAWN),
    )
    yield from map(by_arithmetic, ends) if settled(knobs) else ends
    yield mean_fact("recorded", records.double().sum(1), "records", DRAWN)
    yield Fact("true_share", true, "", None, None, 1, "exact", "the rates, by arithmetic")


def by_arithmetic(fact: Fact) -> Fact:
    """Return the fact as what it is if all worlds must end alike: no interval, nothing varies."""
    told = "the rule, by arithmetic: every patrol goes to one area"
    return replace(fact, low=None, high=None, method="exact", varies=told)


def settled(knobs: Mapping[str, Value]) -> bool:
    """Return whether the rule leaves nothing to chance: where one area can never get a patrol.

    Under greedy the one that is ahead at the start stays ahead; and an area without a record is
    never chosen while the other has one.
    """
    first, second = int(knobs["first"]), int(knobs["second"])
    if knobs["policy"] == "greedy":
        return first != second
    return (first == 0) != (second == 0)


LESSON = Lesson(
    name="feedback",
    version=1,
    title="Do records correct themselves?",
    question=Question(
        text=(
            "Two areas have one patrol a day between them. It finds an incident with a probability "
            "of {rate_1} in the first area and of {rate_2} in the second, and what it finds is "
            "recorded there; at the start there are {first} and {second} records. With policy = "
            "{policy} (proportional: it goes to an area as often as that area's share of the "
            "records; greedy: where more is recorded; corrected: as proportional, but a find "
            "counts only as often as patrols go to the other area). The first area's true share is "
            "rate_1 ÷ (rate_1 + rate_2). What share of the patrols does it get on day {days}, "
            "on average over many simulated worlds?"
        ),
        kind="choice",
        fact="excess",
        unit="points",
        told="the share of the first area is off its true share by {}",
        choices=(
            Choice("more than 3 points below its true share", high=-3.0),
            Choice("its true share, within 3 points", low=-3.0, high=3.0),
            Choice("3 to 15 points above it", low=3.0, high=15.0),
            Choice("more than 15 points above it", low=15.0),
        ),
    ),
    knobs=(
        Knob(
            "policy",
            "choice",
            "proportional",
            choices=("proportional", "greedy", "corrected"),
            help="how records decide where a patrol goes, and what of its finds is recorded",
        ),
        Knob(
            "rate_1",
            "float",
            0.4,
            0.01,
            1.0,
            help="how likely a patrol finds an incident in the first area; 0.4 is twice rate_2",
        ),
        Knob("rate_2", "float", 0.2, 0.01, 1.0, help="the same for the second area"),
        Knob(
            "first",
            "int",
            10,
            0,
            1000,
            help=(
                "records of the first area at the start; 10 in both is no head start, and few "
                "enough that a year changes the shares"
            ),
        ),
        Knob("second", "int", 10, 0, 1000, help="the same for the second area"),
        Knob("days", "int", 365, 1, 3650, help="a year; 3650 are ten"),
        Knob(
            "seeds",
            "int",
            2000,
            1,
            10_000,
            gpu=10_000,
            help="worlds, each with luck of its own; 2000 tell the mean share to half a point",
        ),
    ),
    topics=("feedback-loop", "bias", "simulation"),
    run=run,
    axes=(
        Axes("day", "first area's share of patrols", "share"),
        Axes("first area's share at the end", "part of the worlds", "worlds by share"),
    ),
    meaning=(
        When(
            "On day {days} the first area gets {fact:share} on average (share), and its true "
            "share is {fact:true_share}: it is off by {fact:excess} (excess). It is recorded more "
            "because it is patrolled more, and patrolled more because it is recorded more.",
            fact="excess",
            low=3.0,
            knobs={"policy": ("proportional",), "days": (30, 3650)},
        ),
        When(
            "On day {days} the first area gets {fact:share} on average (share), and its true "
            "share is {fact:true_share}: it is off by {fact:excess} (excess). The other area is "
            "recorded more because it is patrolled more, and the other way round.",
            fact="excess",
            high=-3.0,
            knobs={"policy": ("proportional",), "days": (30, 3650)},
        ),
        When(
            "On day {days} the first area gets {fact:share} on average (share), and its true share "
            "is {fact:true_share}. So early that is mostly the share of the records that there "
            "were at the start.",
            fact="share",
            knobs={"policy": ("proportional",), "days": (1, 29)},
        ),
        When(
            "On average the first area gets {fact:share} (share), near its true share of "
            "{fact:true_share}.",
            fact="excess",
            low=-3.0,
            high=3.0,
        ),
        When(
            "In {fact:far_off} the share ends more than 10 points from the truth (far_off). What "
            "was recorded early, by luck or as a head start, is patrolled, recorded, and stays.",
            fact="far_off",
            low=0.05,
            knobs={"policy": ("proportional",)},
        ),
        When(
            "In {fact:all_to_one} all patrols go to one area in the end (all_to_one). That is "
            "arithmetic: the area that is ahead gets every patrol, so the other can add nothing, "
            "whatever happens there. No later day can show the mistake.",
            fact="all_to_one",
            low=0.9,
            knobs={"policy": ("greedy",)},
        ),
        When(
            "An area without a record is never patrolled once the other has one: it stays at none, "
            "whatever happens there, and the policy cannot find out.",
            knobs={"policy": ("proportional", "corrected"), "first": (0, 0)},
        ),
        When(
            "An area without a record is never patrolled, as the other has some: it stays at none, "
            "whatever happens there, and the policy cannot find out.",
            knobs={
                "policy": ("proportional", "corrected"),
                "first": (1, 1000),
                "second": (0, 0),
            },
        ),
        When(
            "The correction leads to the true share, but slowly, as at least half of the finds "
            "are not recorded: on day {days} the first area is still off by {fact:excess} "
            "(excess). More days bring it nearer.",
            fact="excess",
            high=-1.0,
            knobs={"policy": ("corrected",), "first": (1, 1000), "second": (1, 1000)},
        ),
        When(
            "The correction leads to the true share, but slowly, as at least half of the finds "
            "are not recorded: on day {days} the first area is still off by {fact:excess} "
            "(excess). More days bring it nearer.",
            fact="excess",
            low=1.0,
            knobs={"policy": ("corrected",), "first": (1, 1000), "second": (1, 1000)},
        ),
        When(
            "Nor is one world far from another: {fact:far_off} end more than 10 points from the "
            "truth (far_off), as what luck brought early is made up for.",
            fact="far_off",
            high=0.05,
            knobs={"policy": ("corrected",)},
        ),
        When(
            "This is a simulation, in which a patrol sees what happens and nothing else changes. "
            "Its intervals tell how exactly worlds were counted, not how real police work goes."
        ),
    ),
    next=(
        When(
            "Set days to 3650: do ten years of data mend it?",
            knobs={"policy": ("proportional",), "days": (1, 2000)},
        ),
        When(
            "Set rate_1 to 0.2, as rate_2 is: with nothing to tell the areas apart, where does the "
            "mean end, and where do the worlds?",
            knobs={"policy": ("proportional",), "rate_1": (0.3, 1.0), "rate_2": (0.2, 0.2)},
        ),
        When(
            "Set policy to corrected, with days = 3650: what does it take to come out right?",
            knobs={"policy": ("proportional", "greedy")},
        ),
        When(
            "Set policy to greedy, then first to 11: what does one record decide?",
            knobs={"policy": ("proportional",), "first": (10, 10), "second": (10, 10)},
        ),
        When(
            "Set first to 5 and second to 20 with days = 3650: which policies get over such a head "
            "start?",
            knobs={"policy": ("corrected",)},
        ),
    ),
    mechanism=(
        When(
            "Records count what was found where somebody looked, not what happened. Twice the "
            "patrols find twice as much at the same rate.",
        ),
        When(
            "Patrols in proportion to records feed on themselves: an area's records grow by its "
            "rate times its share of them, so the higher rate counts again and again.",
            knobs={"policy": ("proportional",)},
        ),
        When(
            "With equal rates no area is favoured, so the mean stays, but neither is early luck "
            "made up for: a world stays about where its first finds took it.",
            knobs={"policy": ("proportional",)},
        ),
        When(
            "Whoever goes only where more is recorded never looks at the other area again.",
            knobs={"policy": ("greedy",)},
        ),
        When(
            "A find that counts only as often as patrols go elsewhere makes up for the looking: "
            "both areas' records grow by their rate times the same product of both shares.",
            knobs={"policy": ("corrected",)},
        ),
    ),
)
