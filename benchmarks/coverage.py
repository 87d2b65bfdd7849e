"""Counts how often a lesson's 95% interval covers the long-run value: 92–98% is what we promise.

Each row repeats one lesson, small and with another seed each time. The long-run value is the mean
over all repetitions together, whose own error is too small to matter here.
"""

from __future__ import annotations

import sys

import torch

from lessons import null, overfit
from studyapp.lab.interval import wilson
from studyapp.lab.protocol import Fact, Lesson, Result, Value

# A lesson, its knobs, how often, and the figures. Overfit trains all its epochs: stopped halfway
# it would be another experiment, with other distributions.
TABLE: tuple[tuple[Lesson, dict[str, Value], int, tuple[str, ...]], ...] = (
    (
        null.LESSON,
        {"n": 10, "scatter": 0.8, "worlds": 1000},
        2000,
        ("p_value", "power", "exaggeration"),
    ),
    (null.LESSON, {"n": 5, "scatter": 0.15, "worlds": 1000}, 2000, ("p_value", "power")),
    (
        overfit.LESSON,
        {"n": 64, "width": 16, "seeds": 16},
        400,
        ("error_gap", "stopped_error", "final_error", "loss_gap", "best_epoch"),
    ),
)


def repeat(lesson: Lesson, knobs: dict[str, Value], times: int) -> list[dict[str, Fact]]:
    """Return the facts of every repetition."""
    defaults = {knob.name: knob.default for knob in lesson.knobs}
    runs = []
    for seed in range(times):
        *_, result = lesson.run(defaults | knobs, "cpu", seed)
        assert isinstance(result, Result)
        runs.append({fact.name: fact for fact in result.facts})
    return runs


def covers(fact: Fact, value: float) -> bool:
    return fact.low is not None and fact.high is not None and fact.low <= value <= fact.high


def main() -> int:
    torch.set_num_threads(1)  # small matrices: a second thread only costs
    null.PERMUTATIONS, null.REPEATS = 99, 1000  # the figures counted here need no more
    outside = 0
    print(f"{'lesson':8} {'knobs':32} {'figure':14} {'interval':9} {'long run':>9}  runs  covered")
    for lesson, knobs, times, names in TABLE:
        runs = repeat(lesson, knobs, times)
        told = " ".join(f"{name}={value}" for name, value in knobs.items())
        for name in names:
            facts = [run[name] for run in runs]
            truth = sum(fact.value * fact.n for fact in facts) / sum(fact.n for fact in facts)
            share, low, high = wilson(sum(covers(fact, truth) for fact in facts), times)
            outside += not 0.92 <= share <= 0.98
            print(
                f"{lesson.name:8} {told:32} {name:14} {facts[0].method:9} {truth:9.4f} {times:5}"
                f"  {share:.1%} [{low:.1%}, {high:.1%}]",
                flush=True,
            )
    print(f"{outside} outside 92–98%")
    return outside


if __name__ == "__main__":
    sys.exit(main())
