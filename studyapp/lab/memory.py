"""What a lesson may use of the app's own memory model, and how a learner's reviews get there.

What is judged in the lab is what schedules outside it: nothing is written twice. A lesson's process
has no database. What it needs of the log arrives as a file of numbers in the folder of its run:
cards by a number that only this file knows, days since the first of them, ratings, and what is
known of a card without a rating. This imports NumPy, which no process that answers a key may load.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from studyapp.lab.protocol import REVIEWS
from studyapp.memory import evaluate
from studyapp.memory.evaluate import Outcomes, average, losses, moving_average, outcomes
from studyapp.memory.fit import fit_in_steps
from studyapp.memory.histories import COLUMNS, Bools, Floats, Ints, Reviews, Tree, plain
from studyapp.memory.judgement import FEWEST, FEWEST_LATER, split
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST, Crowd
from studyapp.memory.slopes import follow

__all__ = [
    "DEFAULT_WEIGHTS",
    "FEWEST",
    "FEWEST_LATER",
    "HIGHEST",
    "LOWEST",
    "Bools",
    "Crowd",
    "Floats",
    "Ints",
    "Outcomes",
    "Reviews",
    "Tree",
    "average",
    "fit_in_steps",
    "losses",
    "moving_average",
    "outcomes",
    "own_reviews",
    "pack",
    "plain",
    "predictions",
    "split",
]


def pack(reviews: Reviews) -> bytes:
    """The reviews as the file has them: numbers that lead back to no card and no date."""
    _, card = np.unique(reviews.card, return_inverse=True)
    day = reviews.day - (reviews.day.min() if len(reviews) else 0)
    nameless = replace(reviews, card=card, day=day)
    file = io.BytesIO()
    np.savez(file, **{name: getattr(nameless, name) for name in COLUMNS})
    return file.getvalue()


def predictions(tree: Tree, weights: Floats) -> Floats:
    """The chance of recall at each scored review, in the order of the log."""
    return evaluate.predictions(tree, list(follow(tree, weights)), np.flatnonzero(tree.scored))


def own_reviews() -> Reviews | None:
    """The learner's reviews, from the file that is then no longer there; None without one."""
    file = Path(REVIEWS)
    if not file.exists():
        return None
    with np.load(file) as kept:
        reviews = Reviews(*(kept[name] for name in COLUMNS))
    file.unlink()
    return reviews
