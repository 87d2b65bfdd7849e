"""Times transfer: a training step of all seeds at once against a loop over seeds, and whole runs.

The loop is plain torch, one network after the other. What a batch saves is the overhead of each
small operation, so it saves most with few images and with several threads, whose meetings cost
more than such an operation; one thread with many images is busy with the convolutions themselves.
Times depend on what else the machine does, so the two take turns and the ratio is of their best.
Run it with OMP_WAIT_POLICY=PASSIVE, as the app runs a lesson.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import torch

from lessons import transfer

KNOBS = {knob.name: knob.default for knob in transfer.LESSON.knobs}
SEEDS = int(KNOBS["seeds"])
STEPS, ROUNDS = 10, 5
IMAGES = {"k = 1": 5, "k = 5": 25, "learning 0–4": transfer.PRETRAIN_BATCH, "k = 20": 100}


def batched(x: torch.Tensor, y: torch.Tensor) -> Iterator[None]:
    """Take one training step of all seeds at each turn; x is (n, S, 16, 16), y (n, S)."""
    networks = transfer.start([torch.Generator().manual_seed(i) for i in range(SEEDS)], "cpu")
    adam = transfer.optimizer(networks, transfer.RATE, transfer.RATE)
    x = x.contiguous(memory_format=torch.channels_last)
    while True:
        transfer.descend(adam, networks(x), y)
        yield


def loop(x: torch.Tensor, y: torch.Tensor) -> Iterator[None]:
    """The same with one network after the other."""
    alone = [transfer.start([torch.Generator().manual_seed(i)], "cpu") for i in range(SEEDS)]
    adams = [transfer.optimizer(network, transfer.RATE, transfer.RATE) for network in alone]
    while True:
        for i, (network, adam) in enumerate(zip(alone, adams, strict=True)):
            transfer.descend(adam, network(x[:, i : i + 1]), y[:, i : i + 1])
        yield


def milliseconds(steps: Iterator[None]) -> float:
    """Return the milliseconds of a step, from STEPS of them."""
    started = time.perf_counter()
    for _ in range(STEPS):
        next(steps)
    return 1000 * (time.perf_counter() - started) / STEPS


def whole(k: int, device: str = "cpu", seeds: int = SEEDS) -> float:
    """Return the seconds of a run of the lesson."""
    started = time.perf_counter()
    list(transfer.run(KNOBS | {"k": k, "seeds": seeds}, device, 0))
    return time.perf_counter() - started


def main() -> None:
    cores = os.cpu_count() or 1
    settings = dict.fromkeys((max(1, cores // 2), cores))  # the app uses half of them
    print(f"{SEEDS} seeds, torch {torch.__version__}, {cores} cores; a step, best of {ROUNDS}, ms")
    print("threads  images a seed       batched      loop  ratio")
    for threads in settings:
        torch.set_num_threads(threads)
        for name, n in IMAGES.items():
            x, y = torch.randn(n, SEEDS, 16, 16), torch.randint(5, (n, SEEDS))
            ways = batched(x, y), loop(x, y)
            for way in ways:
                next(way)
            rounds = [[milliseconds(way) for way in ways] for _ in range(ROUNDS)]
            at_once, one = (min(column) for column in zip(*rounds, strict=True))
            told = f"{n:3} ({name})"
            print(
                f"{threads:7}  {told:18} {at_once:8.1f}{one:10.1f}{one / at_once:7.1f}", flush=True
            )
    print("\ndevice  threads   k   seeds   seconds, the whole lesson")
    for threads in settings:
        torch.set_num_threads(threads)
        print(f"{'cpu':6}  {threads:7}   5 {SEEDS:7} {whole(5):9.1f}", flush=True)
    if torch.cuda.is_available():
        whole(1, "cuda", 2)  # a GPU's first run loads its kernels
        for seeds in (16, 64, 256):
            print(f"{'cuda':6}  {'':7}   5 {seeds:7} {whole(5, 'cuda', seeds):9.1f}", flush=True)


if __name__ == "__main__":
    main()
