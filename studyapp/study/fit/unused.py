"""Rows of a file that do not count, and why. No NumPy: the command tells of them, too."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from studyapp.study import words


class Unused(StrEnum):
    """Why a row does not count."""

    REPEATED = "repeated"
    TO_COME = "to_come"
    UNRATED = "unrated"
    CRAMMED = "crammed"
    BY_HAND = "by_hand"
    NO_BEGINNING = "no_beginning"


_TOLD = {  # of one row, and of more
    Unused.REPEATED: ("that says what another one says", "that say what another one says"),
    Unused.TO_COME: ("of a time to come",) * 2,
    Unused.UNRATED: ("without a rating from 1 to 4",) * 2,
    Unused.CRAMMED: ("that was crammed", "that were crammed"),
    Unused.BY_HAND: ("that was set by hand", "that were set by hand"),
    Unused.NO_BEGINNING: (
        "of a card whose beginning is not there",
        "of cards whose beginning is not there",
    ),
}


def told(left_out: Mapping[str, int]) -> str:
    """How many rows are left out, and why, in a line; "" if none is."""
    parts = [
        f"{words.count(left_out[why], 'row')} {phrases[left_out[why] != 1]}"
        for why, phrases in _TOLD.items()
        if left_out.get(why)
    ]
    return f"left out: {', '.join(parts)}" if parts else ""
