"""An answer that was typed in a review and whose card is not rated yet: it waits for the card."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from studyapp.config import data_folder
from studyapp.study.card import CardView
from studyapp.study.draft import read_file, write_file


class Given(NamedTuple):
    """What a learner has typed and ticked of a card by when it was rated."""

    text: str = ""
    ticked: frozenset[int] = frozenset()


NOTHING = Given()


def read(view: CardView, *, learner: int) -> str:
    """What was typed for this card since its last review; empty if nothing."""
    return read_file(_path(view, learner=learner))


def write(view: CardView, text: str, before: str, patience: float, *, learner: int) -> str:
    """Keep what is typed for this card; see `study/draft.py::Draft`."""
    return write_file(_path(view, learner=learner), text, before)


def _path(view: CardView, *, learner: int) -> Path:
    """Named after the last review, too: once the card is rated, wherever that is, it is of none."""
    last = view.memory.last_review
    asked = f"{view.uid.hex()}-{last.hex() if last else 'new'}"
    return data_folder() / "drafts" / f"answer-{learner}-{asked}.md"
