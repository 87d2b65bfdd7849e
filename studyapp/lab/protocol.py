"""What a lesson and the app say to each other. Standard library only: a lesson imports this.

A lesson module ends in `LESSON = Lesson(...)` whose arguments are literals, plus `run=run`, so
that the app can read the declaration without importing the module (and torch with it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Value: TypeAlias = int | float | str
REVIEWS = (
    "reviews.npz"  # in the folder of a run: the learner's reviews, as `lab/memory.py` packs them
)


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting of an experiment. `low` and `high` bound numbers; `choices` lists words.

    A choice that ends in `:` takes an argument (`folder:PATH`). `gpu` is the default on a GPU for
    a knob that only counts repetitions (seeds, worlds): more of them, not another experiment.
    """

    name: str
    kind: Literal["int", "float", "choice"]
    default: Value
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""
    gpu: Value | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to predict, and the range [low, high] of a fact that makes it true.

    None is unbounded. `fact` is given only where each choice has its own (arms: the paired
    difference between this arm and the best of the others, whose range is low=0).
    """

    text: str
    low: float | None = None
    high: float | None = None
    fact: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What the learner predicts before a run. The app grades it; the lesson does not.

    `choice` and `arms` ask for one of `choices`; `number` asks for an 80% range of `fact`.
    `{knob}` in the text stands for that knob's value, `{knob:%}` for it in percent, so that the
    question is true at any knobs. `told` says in a sentence what came out, with `{}` for the figure
    that decides; without it the fact's name does.
    """

    text: str
    kind: Literal["choice", "arms", "number"]
    fact: str
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class When:
    """A text, and the runs of which it is true; without a condition it is true of all.

    The whole interval of `fact` lies inside [low, high], where None is unbounded: a fact that is
    not resolved, or was not measured, makes no text true. And each of `knobs` has a value from
    (low, high), or is one of the words given: `{"flips": (0.0, 0.0), "stop": ("loss",)}`. The
    text has fields as a question has, and in a `meaning` `{fact:NAME}` stands for that fact as it
    was measured.
    """

    text: str
    fact: str | None = None
    low: float | None = None
    high: float | None = None
    knobs: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Axes:
    """What stands at the two axes of a plot, with their units: "epoch", "loss (nats)".

    `plot` names the histogram, or what the names of its curves share: the text before ": ", or
    the last word. Without it these are the axes of every other plot.
    """

    x: str
    y: str
    plot: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a live plot: mean over seeds, with a band if there is more than one seed.

    A later value at the same step replaces the earlier one. A series that goes back to earlier
    steps is a histogram: up to 100 bars, and the newest value of each arrives. Of a curve, the
    first 100 points and the last one arrive; a fast lesson's others are thinned out.
    """

    step: float
    series: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence for the learner while the run goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured figure. low and high bound a 95% interval, None where there is none.

    `n` counts the independent repetitions behind it, `method` says how the interval was made
    ("student t", "clopper-pearson"), `varies` what it covers ("32 draws of data and start").
    Without an interval a figure is exact if its method is "census" or "exact", and else decides
    nothing.
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    n: int
    method: str
    varies: str


@dataclass(frozen=True, slots=True)
class Result:
    facts: tuple[Fact, ...]


LessonEvent: TypeAlias = Metric | Progress | Remark | Result
Run: TypeAlias = Callable[[Mapping[str, Value], str, int], Iterator[LessonEvent]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The declaration of an experiment.

    `run(knobs, device, seed)` yields events and ends with one Result. Out of memory, it is run
    again with half of the knob `seeds`. `topics` are the tags of notes that the experiment
    grounds. `meaning` is two or three sentences on what the result says; `next` is what to try
    afterwards. Both are shown where they are true; a plain string is taken to be true at the
    defaults. `axes` name what the plots show. `mechanism` is how the result comes about: two to
    four points are true of any run, and the learner ticks those that they have thought of.
    `reviews`: it reads the learner's own; only the built-in pack is given any.
    """

    name: str
    version: int
    title: str
    question: Question
    knobs: tuple[Knob, ...]
    topics: tuple[str, ...]
    run: Run
    meaning: str | tuple[When, ...] = ""
    next: str | tuple[When, ...] = ""
    axes: tuple[Axes, ...] = ()
    mechanism: tuple[When, ...] = ()
    reviews: bool = False
