"""A card that keeps slipping, or any that was rated: how it went against what was expected, and
what stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, select

from studyapp.config import Settings
from studyapp.memory import fold
from studyapp.memory.fold import CRAMMED, UNASKED, Review, ReviewKind
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import owner, record, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.store.parameters import read_history
from studyapp.study import aside, words
from studyapp.study.card import CardView, load
from studyapp.study.pause import paused
from studyapp.study.summary import slipping

card = tables.card.c
memory = tables.memory.c
note = tables.note.c


_SHOWN = dict(zip(UNASKED, ("guessed, then shown", "shown, not asked"), strict=True))


@dataclass(frozen=True, slots=True)
class Past:
    """One review that counts: how many days it had waited, None for the first; the chance of recall
    that it had then, None where that says nothing (it was in its steps, or crammed); how long it
    waits since; and what was done in place of a rating, where a trial showed the answer unasked."""

    day: date
    kind: ReviewKind
    rating: Rating
    waited: int | None
    expected: float | None
    following: str
    shown: str | None = None

    @property
    def sign(self) -> str:
        """Whether it was remembered, where that was asked."""
        if self.shown is not None:
            return "·"
        return "✗" if self.rating is Rating.AGAIN else "●"

    def row(self, today: date) -> tuple[str, str, str, str, str]:
        """When it was, how long it had waited, what was expected, what was said, and then."""
        kind = "" if self.kind is ReviewKind.STUDY else f" ({self.kind})"
        return (
            words.short_day(self.day, today),
            "–" if self.waited is None else f"{self.waited} d",
            "–" if self.expected is None else f"{self.expected:.0%}",
            self.shown or self.rating.name.lower() + kind,
            self.following,
        )


@dataclass(frozen=True, slots=True)
class Relative:
    """A card of its family, itself the first of them, and how that stands in words."""

    card: int
    note: int
    side: str
    prompt: str
    memory: Memory
    told: str


def of_card(
    connection: Connection, card_id: int, *, learner: int
) -> tuple[CardView, tuple[Past, ...]]:
    """A card, and what was rated of it, the oldest first."""
    view = load(connection, card_id, learner=learner)
    entries = record.read_log(connection, card_id, learner=learner)
    history = read_history(connection, learner=learner)
    return view, tuple(_past(fold.replay(entries, view.uid, history)))


def _past(steps: Iterator[tuple[fold.Entry | None, Memory]]) -> Iterator[Past]:
    before = Memory()
    for entry, after in steps:
        if isinstance(entry, Review):
            day, last = fold.day_of(entry), before.last_day
            # What was expected is what its sum has grown by, so that the two agree.
            counts = before.state is State.REVIEW and entry.kind not in CRAMMED
            grown = after.expected_lapses - before.expected_lapses
            yield Past(
                day,
                entry.kind,
                entry.rating,
                (day - last).days if last is not None else None,
                1 - grown if counts else None,
                "as is" if entry.kind in CRAMMED else words.wait(after, entry.now),
                None if entry.was_asked(before) else _SHOWN[str(entry.arm)],
            )
        before = after


def family(
    connection: Connection, card_id: int, now: datetime, settings: Settings, *, learner: int
) -> list[Relative]:
    """The card and those that give each other away, as in the book; empty once it has gone."""
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    named = select(card.family).where(card.id == card_id).scalar_subquery()
    rows = connection.execute(
        select(*MEMORY_COLUMNS, card.id, card.note_id, card.side, card.chapter_id, note.prompt)
        .select_from(tables.card)
        .join(tables.note, note.id == card.note_id)
        .join(tables.chapter, tables.chapter.c.id == card.chapter_id)
        .outerjoin(tables.memory, mine)
        .where(
            card.family == named,
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
        .order_by(*tables.IN_ORDER, card.position, card.uid)
    ).all()
    if card_id not in {row.id for row in rows}:
        return []
    marks, held = aside.marked(connection, learner=learner), paused(connection, learner=learner)
    found = list[Relative]()
    for row in sorted(rows, key=lambda row: row.id != card_id):
        value = Memory() if row.state is None else as_memory(row)
        why = aside.why(value, now, marked=row.id in marks, leech_lapses=settings.leech_lapses)
        told = aside.told(value, why, now, held.get(row.chapter_id), None)
        found.append(Relative(row.id, row.note_id, row.side, row.prompt, value, told))
    return found


def heading(value: Memory, settings: Settings) -> str:
    """How a card has gone, in one sentence."""
    if is_leech(value.lapses, value.agains, settings.leech_lapses):
        return f"Keeps slipping: {slipping(value)}."
    if not value.reviews:
        return "Not rated yet."
    lapses = words.count(value.lapses, "lapse")
    made = words.count(value.reviews, "review")
    return f"{made}, {lapses}; {value.expected_lapses:.1f} were expected."


def curve_lines(past: Sequence[Past], most: int) -> list[tuple[str, str]]:
    """The newest reviews as signs, one below the other: how long each had waited, the recall that
    was expected, and what happened."""
    shown = past[-most:]
    waited = words.bars([one.waited or 0 for one in shown])
    share = words.bars([*(one.expected or 0 for one in shown), 1])[:-1]
    expected = "".join(
        bar if one.expected is not None else "·" for bar, one in zip(share, shown, strict=True)
    )
    happened = "".join(one.sign for one in shown)
    return [("waited", waited), ("expected", expected), ("remembered", happened)]
