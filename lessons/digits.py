"""The handwritten digits that come along, and how several lessons part them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def load_digits() -> tuple[Tensor, Tensor]:
    """Return the UCI digits: images (1797, 8, 8) from 0 to 1, labels (1797)."""
    with np.load(Path(__file__).with_name("data") / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    return torch.from_numpy(images).float() / 16, torch.from_numpy(labels).long()


def split(
    labels: Tensor, digits: Sequence[int], train: int, test: int, rngs: Sequence[torch.Generator]
) -> tuple[Tensor, Tensor]:
    """Draw *train* pictures of each digit, and *test* others, for each seed: their indices.

    They are (D·train, S) and (D·test, S), D being how many digits there are; of each there are
    enough for both.
    """
    trains, tests = [], []
    for rng in rngs:
        index = [torch.where(labels == digit)[0] for digit in digits]  # D, one for each digit
        index = [row[torch.randperm(len(row), generator=rng)] for row in index]  # in random order
        trains.append(torch.cat([row[:train] for row in index]))  # (D·train,)
        tests.append(torch.cat([row[-test:] for row in index]))  # (D·test,)
    return torch.stack(trains, 1), torch.stack(tests, 1)
