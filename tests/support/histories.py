"""What a learner may do with some cards, in any order and at any distance, for laws."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias

from hypothesis import strategies as st
from sqlalchemy import Engine

from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating
from studyapp.store import log, sync
from studyapp.store.database import open_database
from studyapp.store.engine import writing
from studyapp.store.memory import read_memory
from studyapp.study import review
from studyapp.study.undo import undo
from tests_support import Clock, question, questionnaire

Step: TypeAlias = tuple[str, int, Rating, int]  # what, of which card, minutes after the one before

ACTIONS = ("rate", "rate", "rate", "undo", "suspend", "bury", "know", "forget", "set due", "adopt")
step = st.tuples(
    st.sampled_from(ACTIONS),
    st.integers(0, 3),
    st.sampled_from(list(Rating)),
    st.sampled_from([0, 1, 20, 900, 2000, 20000]),
)
steps = st.lists(step, max_size=25)


@cache
def of_four_cards() -> bytes:
    """A database that has read four cards: made once for all examples of a law."""
    with tempfile.TemporaryDirectory() as folder:
        root, path = Path(folder) / "pack", Path(folder) / "a.db"
        root.mkdir()
        (root / "a.md").write_text(questionnaire(*(question(f"q{n}") for n in range(4))))
        engine = open_database(str(path))
        with writing(engine) as connection:
            sync.sync(connection, [root], Clock()())
        engine.dispose()
        return path.read_bytes()


def live(engine: Engine, clock: Clock, actions: list[Step]) -> None:
    """Do what *actions* say with the first four cards of a database."""
    for what, card, rating, minutes in actions:
        now = clock.forward(minutes=minutes)
        with writing(engine) as connection:
            if what == "rate":
                seen = read_memory(connection, card + 1, learner=1).last_review
                review.answer(connection, card + 1, seen, rating, now, learner=1)
            elif what == "undo":
                undo(connection, now, learner=1)
            elif what == "suspend":
                review.suspend(connection, card + 1, now, learner=1)
            elif what == "bury":
                review.bury(connection, card + 1, now, learner=1)
            elif what == "know":
                review.know(connection, card + 1, now, learner=1)
            elif what == "forget":
                review.forget(connection, card + 1, now, learner=1)
            elif what == "set due":
                review.set_due(
                    connection, card + 1, now.date() + timedelta(days=card), now, learner=1
                )
            else:
                weights = (DEFAULT_WEIGHTS[0] + 0.01 * minutes % 1, *DEFAULT_WEIGHTS[1:])
                goal = 0.8 + 0.01 * rating
                log.adopt(connection, Parameters(weights, goal), now, learner=1)
