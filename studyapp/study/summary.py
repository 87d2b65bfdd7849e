"""What a sitting came to and what comes next, in figures and in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from studyapp.memory.scheduler import AGAINS_OF_A_LEECH
from studyapp.memory.state import Memory, Rating
from studyapp.study import words
from studyapp.study.queue import Counts
from studyapp.study.stats import Share


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sitting came to and what comes next."""

    cards: int
    remembered: Share  # of the cards that were in review
    ratings: dict[Rating, int]
    spent: timedelta
    left: Counts
    waiting: int
    next_step: datetime | None
    tomorrow: int


def leech_line(memory: Memory, card: str = "This card") -> str:
    """A *card* that keeps slipping: what made it a leech, lapses beside what was to be expected."""
    if memory.agains >= AGAINS_OF_A_LEECH:
        told = f"{memory.agains} times Again and not learned yet"
    else:
        lapses = words.count(memory.lapses, "lapse")
        told = f"{lapses}, {memory.expected_lapses:.0f} expected"
    return f"{card} keeps slipping: {told}. Reword it, or split it into smaller ones."


def summary_lines(summary: Summary, now: datetime) -> list[str]:
    """How a sitting went and what comes next, in sentences."""
    if not summary.cards:
        lines = ["Nothing is due now." if not summary.left.total else "Nothing rated."]
    else:
        minutes = max(1, round(summary.spent.total_seconds() / 60))
        lines = [f"{words.count(summary.cards, 'card')} in about {words.count(minutes, 'minute')}."]
        if summary.remembered.n:
            lines.append(
                f"Remembered {words.percent(summary.remembered)} of the "
                f"{words.count(summary.remembered.n, 'card')} that came back for review."
            )
    if summary.left.total:
        lines.append(f"{summary.left.total} still due today.")
    elif summary.waiting:
        lines.append(f"Today's time is used up; {summary.waiting} wait, the most urgent first.")
    if summary.next_step is not None:
        lines.append(
            f"The next card is due in {words.span(max(summary.next_step - now, now - now))}."
        )
    lines.append(f"Tomorrow: {words.count(summary.tomorrow, 'review')}.")
    return lines
