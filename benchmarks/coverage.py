"""Counts how often a lesson's 95% interval covers the long-run value: 92–98% is what we promise.

It prints Markdown; coverage.md keeps one run.
"""

from __future__ import annotations

import sys
from datetime import date

import torch

from lessons import null, overfit
from studyapp.lab.interval import wilson
from studyapp.lab.protocol import Fact, Lesson, Result, Value

HEAD = """# Do the lessons' intervals cover?

`python benchmarks/coverage.py` repeats a lesson, small and with another seed each time, and counts
how often its 95% interval covers the long-run value: the mean over all repetitions together, whose
own error is too small to matter here. 92–98% is what we promise. The share has Wilson's interval.
"""
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
    print(HEAD)
    print(f"{date.today()}, torch {torch.__version__}, CPU.\n")
    print("| lesson | knobs | figure | interval | long run | runs | covered |")
    print("|---|---|---|---|---:|---:|---|")
    for lesson, knobs, times, names in TABLE:
        runs = repeat(lesson, knobs, times)
        told = " ".join(f"{name}={value}" for name, value in knobs.items())
        for name in names:
            facts = [run[name] for run in runs]
            truth = sum(fact.value * fact.n for fact in facts) / sum(fact.n for fact in facts)
            share, low, high = wilson(sum(covers(fact, truth) for fact in facts), times)
            outside += not 0.92 <= share <= 0.98
            print(
                f"| {lesson.name} | {told} | {name} | {facts[0].method} | {truth:.4f} | {times} "
                f"| {share:.1%} [{low:.1%}, {high:.1%}] |",
                flush=True,
            )
    print(f"\nOutside 92–98%: {outside or 'none'}.")
    return outside


if __name__ == "__main__":
    sys.exit(main())
