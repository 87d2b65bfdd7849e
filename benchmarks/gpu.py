"""Runs every lesson on a GPU and on the CPU, with the usual repetitions × 1, 8 and 64.

    python benchmarks/gpu.py > gpu.md              # a machine with a GPU; 8 minutes at most
    python benchmarks/gpu.py --device cpu --small  # anywhere, in seconds: that the code works

`null` counts worlds, and takes a hundred million as well; `gpu` counts rounds, and more of them
would tell nothing. The GPU goes first. A run that would not end in time, going by the smaller one
before it, is left out, and its row says what it would have taken. The figure that decides each
lesson's prediction is there to be compared: the devices draw other worlds in `null`, other studies
in `confounder`, and the same data and starts in the others.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import time
from types import ModuleType

import torch

from studyapp.lab.protocol import Fact, Result, Value

LIMIT = 460  # seconds, of the 480
TIMES = (1, 8, 64)
FEW = (1, 2, 4)  # for --small
REPETITIONS = {
    "approximate": "seeds",
    "collaborative": "seeds",
    "confounder": "studies",
    "feedback": "seeds",
    "gpu": "rounds",
    "memory": "seeds",
    "metric": "seeds",
    "null": "worlds",
    "overfit": "seeds",
    "pixel": "seeds",
    "rate": "seeds",
    "shift": "seeds",
    "time": "seeds",
    "transfer": "seeds",
    "tuning": "seeds",
    "xor": "seeds",
}
# For --small: knobs, and constants of the module.
SMALL: dict[str, tuple[dict[str, Value], dict[str, float]]] = {
    "approximate": ({"steps": 100, "seeds": 1}, {"LOOKS": 1}),
    "collaborative": ({"seeds": 1}, {"PEOPLE": 10, "NEW": 2, "STEPS": 2}),
    "confounder": ({"n": 10, "studies": 1000}, {"POINTS": 2}),
    "feedback": ({"days": 10, "seeds": 1}, {}),
    "gpu": ({"size": 16, "large": 256, "rounds": 6}, {"LONG": 1e-6, "TAKES": 1}),
    "memory": ({"reviews": 400, "seeds": 1}, {}),
    "metric": ({"seeds": 1}, {"STEPS": 5, "SEARCH_STEPS": 4, "DIRECTIONS": 2}),
    "null": ({"n": 5, "worlds": 1000}, {"REPEATS": 200, "SHUFFLES": 99}),
    "overfit": ({"n": 32, "width": 4, "seeds": 1}, {"EPOCHS": 10, "TEST": 20, "VALIDATION": 20}),
    "pixel": ({"k": 1, "steps": 10, "seeds": 1}, {"TEST": 2, "LOOKS": 1}),
    "rate": ({"steps": 10, "seeds": 1}, {"TEST": 20, "BATCH": 4, "LOOKS": 1}),
    "shift": ({"steps": 2, "seeds": 1}, {"TEST": 2, "BATCH": 4, "LOOKS": 1, "SOME": 10}),
    "time": ({"seeds": 1}, {}),
    "transfer": (
        {"k": 1, "seeds": 1},
        {"PRETRAIN_STEPS": 3, "STEPS": 4, "HEAD_STEPS": 2, "PROBE_STEPS": 2},
    ),
    "tuning": ({"models": "tumours", "tries": 5, "seeds": 1}, {}),
    "xor": ({"steps": 10, "seeds": 1}, {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cuda", "mps", "cpu"])
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    fast = asked.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # as the app does
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    started = time.monotonic()
    print(f"# The lessons on {name(fast)}\n")
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {system()}.\n")
    print("| lesson | device | repetitions | seconds | ms each | what decides |")
    print("|---|---|---:|---:|---:|---|")
    for device in dict.fromkeys((fast, "cpu")):
        for lesson in REPETITIONS:
            module = importlib.import_module(f"lessons.{lesson}")
            small, constants = SMALL[lesson] if asked.small else ({}, {})
            for constant, value in constants.items():
                setattr(module, constant, value)
            times = FEW if asked.small else TIMES
            compare(module, device, small, times, started + LIMIT)
    print(f"\n{time.monotonic() - started:.0f} s in all.", flush=True)


def compare(
    module: ModuleType,
    device: str,
    small: dict[str, Value],
    times: tuple[int, ...],
    deadline: float,
) -> None:
    """Print a row for each number of repetitions, as far as the time goes."""
    lesson = module.LESSON
    knobs = {knob.name: knob.default for knob in lesson.knobs} | small
    counted = REPETITIONS[lesson.name]
    usual = int(knobs[counted])
    counts = [usual] if counted == "rounds" else [usual * many for many in times]
    if counted == "worlds":
        counts.append(100 * usual)  # a hundred million
    if device != "cpu":  # a GPU's first run loads its kernels
        seconds, _ = run(module, knobs | {counted: min(usual, 1000)}, device, deadline)
        print(f"| {lesson.name} | {device} | first run | {seconds:.2f} | | |", flush=True)
    before = None
    for count in counts:
        head = f"| {lesson.name} | {device} | {count:,} |"
        expected = before[1] * count / before[0] if before else 0.0
        if time.monotonic() + expected > deadline:
            print(f"{head} left out: about {expected:,.0f} | | |", flush=True)
            continue
        seconds, fact = run(module, knobs | {counted: count}, device, deadline)
        if fact is None:
            print(f"{head} stopped at {seconds:.0f} | | |", flush=True)
            continue
        before = count, seconds
        each = 1000 * seconds / count
        print(f"{head} {seconds:.2f} | {each:.3g} | {told(fact)} |", flush=True)


def run(
    module: ModuleType, knobs: dict[str, Value], device: str, deadline: float
) -> tuple[float, Fact | None]:
    """Return the seconds of a whole run and the fact that decides it; None at the deadline."""
    started = time.monotonic()
    for event in module.run(knobs, device, 0):
        if isinstance(event, Result):
            decides = {fact.name: fact for fact in event.facts}[module.LESSON.question.fact]
            return time.monotonic() - started, decides
        if time.monotonic() > deadline:
            break
    return time.monotonic() - started, None


def told(fact: Fact) -> str:
    ends = "" if fact.low is None else f" [{fact.low:.4g}, {fact.high:.4g}]"
    return f"{fact.name} {fact.value:.4g}{ends}"


def name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else {"mps": "MPS"}.get(device, "CPU")


def system() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = f"CUDA {torch.version.cuda}, " if torch.cuda.is_available() else ""
    return f"{versions}{platform.system()} {platform.machine()}, {cores} cores"


if __name__ == "__main__":
    main()
