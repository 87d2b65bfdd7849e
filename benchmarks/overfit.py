"""Times overfit: all seeds in one batch against a loop over seeds, and seeds × seconds by device.

Two loops: the lesson itself with one seed at a time, and plain torch written for one seed. What a
batch saves is the overhead of each small step, so it saves most where the matrices are small; at
the default n one core is busy with the products themselves for most of the time. Times depend on
what else the machine does, so the ways take turns and the ratio is of their best. Run it with
OMP_WAIT_POLICY=PASSIVE, as the app runs a lesson.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

import torch

from lessons import overfit
from studyapp.lab.seeds import generators

KNOBS = {knob.name: knob.default for knob in overfit.LESSON.knobs}
SEEDS = int(KNOBS["seeds"])
ROUNDS = 3
SIZES = (64, int(KNOBS["n"]))
TABLE = {"cpu": (8, 32, 128), "cuda": (8, 32, 128, 512, 1024)}


def alone(n: int, index: int) -> None:
    """Train one seed as plain torch does, with the same looks."""
    generator = generators(0, index + 1)[index]
    data = overfit.draw(n, float(KNOBS["flips"]), generator)
    net = overfit.Net(int(KNOBS["width"]))
    optimizer = torch.optim.AdamW(net.parameters(), lr=overfit.RATE, weight_decay=0)
    measure = torch.nn.BCEWithLogitsLoss()
    x, sides, _ = data["train"]
    for epoch in range(overfit.EPOCHS + 1):
        if epoch % overfit.EVERY == 0:
            for some, right, _ in data.values():
                with torch.no_grad():
                    logits = net(some)
                measure(logits, (right + 1) / 2).item()
                ((logits > 0) != (right > 0)).float().mean().item()
        if epoch < overfit.EPOCHS:
            optimizer.zero_grad()
            measure(net(x), (sides + 1) / 2).backward()
            optimizer.step()


def batched(n: int, seeds: int = SEEDS, device: str = "cpu", seed: int = 0) -> None:
    list(overfit.run(KNOBS | {"n": n, "seeds": seeds}, device, seed))


def loop(n: int) -> None:
    for seed in range(SEEDS):
        batched(n, seeds=1, seed=seed)


def plain_loop(n: int) -> None:
    for index in range(SEEDS):
        alone(n, index)


def seconds(job: Callable[[], None]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def main() -> None:
    cores = os.cpu_count() or 1
    print(f"{SEEDS} seeds, torch {torch.__version__}, {cores} cores; best of {ROUNDS}, in seconds")
    print("threads     n  batched      loop  ratio  plain loop  ratio")
    for threads in dict.fromkeys((max(1, cores // 2), cores)):  # the app uses half of them
        torch.set_num_threads(threads)
        for n in SIZES:
            rounds = [
                [seconds(partial(job, n)) for job in (batched, loop, plain_loop)]
                for _ in range(ROUNDS)
            ]
            at_once, one, plain = (min(column) for column in zip(*rounds, strict=True))
            ratios = f"{one:10.2f}{one / at_once:7.1f}{plain:12.2f}{plain / at_once:7.1f}"
            print(f"{threads:7} {n:5} {at_once:8.2f}{ratios}", flush=True)
    torch.set_num_threads(max(1, cores // 2))
    print("\ndevice   seeds   seconds   ms a seed")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        batched(64, 2, device)  # a GPU's first run loads its kernels
        for seeds in TABLE[device]:
            took = seconds(partial(batched, SIZES[-1], seeds, device))
            print(f"{device:6} {seeds:7} {took:9.2f} {1000 * took / seeds:11.1f}")


if __name__ == "__main__":
    main()
