"""What a learner can choose to study beside what the day asks: each plan with what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.study import chapter, plan, words
from studyapp.study.plan import Plan
from studyapp.study.queue import Queue

_AHEAD = (1, 3, 7)  # days


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to sit down to: so many `cards`, for which it takes about so many `minutes`. Others
    that it is of were `rated` today, or are `alike` to a card of today, for which they wait."""

    name: str
    plan: Plan
    cards: int
    minutes: float
    rated: int = 0
    alike: int = 0

    @property
    def told(self) -> str:
        """12 cards, about 4 minutes; or that there is none. And why there are no more."""
        minutes = words.count(max(1, round(self.minutes)), "minute")
        told = f"{words.count(self.cards, 'card')}, about {minutes}"
        why = [f"{self.rated:,} rated today"] * bool(self.rated)
        if self.alike:
            wait = "waits for a card like it" if self.alike == 1 else "wait for a card like them"
            why.append(f"{self.alike:,} {wait}")
        return "; ".join([told if self.cards else "nothing to ask now", *why])


def read(connection: Connection, now: datetime, settings: Settings, *, learner: int) -> list[Offer]:
    """All that can be chosen, in the order of the list; chapters of which nothing was met are left
    out."""
    named = [(f"Ahead: due {_within(days)}", plan.ahead(days)) for days in _AHEAD]
    named += [
        ("What keeps slipping", plan.LEECHES),
        ("What is to be mended", plan.TO_MEND),
        ("What today's experiment grounds", plan.GROUNDED),
    ]

    def load(one: Plan) -> Queue:
        return one.load(connection, now, settings, more=0, learner=learner)

    offers = [_offer(name, one, load(one)) for name, one in named]
    return [*offers, *_crams(connection, load(plan.cram()), learner=learner)]


def _crams(connection: Connection, line: Queue, *, learner: int) -> Iterator[Offer]:
    """Each chapter of which something was met, to be gone through with nothing changed."""
    met = line.chapters()
    for one, name in chapter.names(connection, met, learner=learner).items():
        yield _offer(f"Cram {name}", plan.cram(one), line, one)
    if not met:
        yield _offer("Cram a chapter", plan.cram(), line)


def _offer(name: str, one: Plan, line: Queue, chapter_id: int | None = None) -> Offer:
    counts = line.counts(chapter_id)
    minutes = line.pace.minutes(counts)
    return Offer(name, one, counts.total, minutes, line.rated_before, line.siblings)


def _within(days: int) -> str:
    return "tomorrow" if days == 1 else f"within {days} days"
