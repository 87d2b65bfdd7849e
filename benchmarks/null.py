"""Times null: a million chance worlds, and where there is a GPU a hundred million.

Worlds one at a time stand beside them, for fewer worlds, by the worlds a second of each.
"""

from __future__ import annotations

import os
import time

import numpy as np
import torch

from lessons import null

KNOBS = {knob.name: knob.default for knob in null.LESSON.knobs}
ALONE = 50_000
ROUNDS = 3


def lesson(worlds: int, device: str) -> float:
    """Return the seconds of a whole run: chance worlds, repeated studies and shuffles."""
    started = time.perf_counter()
    list(null.run(KNOBS | {"worlds": worlds}, device, 0))
    return time.perf_counter() - started


def batched(worlds: int) -> float:
    """Return the seconds that the chance worlds alone take."""
    x = torch.tensor(null.temperatures(int(KNOBS["n"])), dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    started = time.perf_counter()
    for noise in null.draw_noise(worlds, x, generator):
        _, t = null.fit(x, noise)
        (t.abs() >= 2).sum().item()
    return time.perf_counter() - started


def loop(worlds: int) -> float:
    """Return the seconds that as many worlds take one at a time, in numpy."""
    x = null.temperatures(int(KNOBS["n"]))
    generator, spread, hits = np.random.default_rng(0), x @ x, 0
    started = time.perf_counter()
    for _ in range(worlds):
        y = generator.standard_normal(len(x))
        slope = y @ x / spread
        residual = y - y.mean() - slope * x
        hits += abs(slope) >= 2 * (residual @ residual / (len(x) - 2) / spread) ** 0.5
    return time.perf_counter() - started


def main() -> None:
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # as the app does
    print(f"{KNOBS['n']} cities, {torch.get_num_threads()} threads, torch {torch.__version__}")
    one = min(loop(ALONE) for _ in range(ROUNDS)) / ALONE
    all_at_once = min(batched(20 * ALONE) for _ in range(ROUNDS)) / (20 * ALONE)
    print(f"worlds a second: loop {1 / one:,.0f}, batched {1 / all_at_once:,.0f}", end="")
    print(f", ratio {one / all_at_once:.1f}   (at least 3)")
    print("\ndevice        worlds   seconds, the whole lesson")
    for worlds in (1_000, 1_000_000, 10_000_000):
        print(f"{'cpu':6} {worlds:13,} {lesson(worlds, 'cpu'):9.2f}")
    if torch.cuda.is_available():
        lesson(1_000, "cuda")  # a GPU's first run loads its kernels
        for worlds in (1_000_000, 100_000_000):
            print(f"{'cuda':6} {worlds:13,} {lesson(worlds, 'cuda'):9.2f}")


if __name__ == "__main__":
    main()
