"""What is out of the way: cards that are suspended or buried, that keep slipping, or whose text the
learner wants to mend later or could not mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Memory
from studyapp.notes.note import ChapterKey, chapter_key, chapter_label
from studyapp.store import owner, record, tables, timeline
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.study import queue, words
from studyapp.study.chapter import namesakes
from studyapp.study.library import unfinished
from studyapp.study.pause import paused

card = tables.card.c
chapter = tables.chapter.c
event = tables.event.c
memory = tables.memory.c
note = tables.note.c


class Why(StrEnum):
    """Why a card is in the list, in the order of the list."""

    DRAFT = "edit not kept"
    MARKED = "to mend"
    SUSPENDED = "suspended"
    BURIED = "buried"
    LEECH = "keeps slipping"


@dataclass(frozen=True, slots=True)
class Aside:
    """A card that is out of the way, for one reason at least."""

    card: int
    note: int
    side: str
    prompt: str
    pack: str
    chapter: ChapterKey
    of: str | None  # its pack, if another has a chapter that is called like it
    path: Path
    line: int
    memory: Memory
    why: tuple[Why, ...]
    paused: date | None  # since when its chapter is

    @property
    def place(self) -> str:
        """The chapter, or the deck, that it belongs to."""
        name = f"chapter {self.chapter}" if isinstance(self.chapter, int) else self.chapter
        return chapter_label(name, self.of)

    def told(self, now: datetime, held: Mapping[int, str]) -> str:
        """Why it is here, in words, and when it is due if it comes at all."""
        return told(self.memory, self.why, now, self.paused, held.get(self.card))

    def as_json(self) -> dict[str, Any]:
        due, buried = self.memory.due, self.memory.buried_until
        return {
            "why": list(self.why),
            "pack": self.pack,
            "chapter": self.chapter,
            "question": self.prompt,
            "side": self.side,
            "path": str(self.path),
            "line": self.line,
            "due": due and due.isoformat(),
            "buried_until": buried.isoformat() if buried and Why.BURIED in self.why else None,
            "lapses": self.memory.lapses,
        }


def read(connection: Connection, now: datetime, *, leech_lapses: int, learner: int) -> list[Aside]:
    """The cards that are out of the way: by their first reason, then in book order. A note whose
    edit could not be kept is here with its first card."""
    drafts = unfinished(connection, learner=learner)
    marks, today = marked(connection, learner=learner), study_day(now)
    leech = is_leech(memory.lapses, memory.agains, leech_lapses)
    out = select(memory.card_id).where(
        memory.learner_id == learner,
        or_(memory.suspended.is_(True), memory.buried_until > today, leech),
    )
    rows: Sequence[Any] = connection.execute(
        select(
            *MEMORY_COLUMNS,
            card.id,
            card.note_id,
            card.side,
            note.prompt,
            note.path,
            note.line,
            card.chapter_id,
            chapter.pack,
            chapter.number,
            chapter.title,
        )
        .select_from(tables.card)
        .join(tables.note, note.id == card.note_id)
        .join(tables.chapter, chapter.id == card.chapter_id)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(
            or_(card.id.in_(marks), card.id.in_(out), card.note_id.in_(drafts)),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
        .order_by(*tables.IN_ORDER, card.position, card.uid)
    ).all()
    found, order = list[Aside](), list(Why)
    packs = namesakes(connection, learner=learner) if rows else {}
    held = paused(connection, learner=learner) if rows else {}
    for row in rows:
        value = Memory() if row.state is None else as_memory(row)
        reasons = why(value, now, marked=row.id in marks, leech_lapses=leech_lapses)
        if row.note_id in drafts:
            drafts.remove(row.note_id)
            reasons = (Why.DRAFT, *reasons)
        if reasons:
            of, since = packs.get(row.chapter_id), held.get(row.chapter_id)
            found.append(_aside(row, of, value, reasons, since))
    return sorted(found, key=lambda one: order.index(one.why[0]))


def why(value: Memory, now: datetime, *, marked: bool, leech_lapses: int) -> tuple[Why, ...]:
    """Why a card with this memory is in the list, if it is."""
    reasons = {
        Why.MARKED: marked,
        Why.SUSPENDED: value.suspended,
        Why.BURIED: is_buried(value, now),
        Why.LEECH: is_leech(value.lapses, value.agains, leech_lapses),
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def is_buried(value: Memory, now: datetime) -> bool:
    """Whether a card is left out today because it was buried."""
    return value.buried_until is not None and value.buried_until > study_day(now)


def told(
    value: Memory, why: Sequence[Why], now: datetime, paused: date | None, held: str | None
) -> str:
    """How a card stands, in words: why it is in the list, and when it comes, if it does; with its
    chapter *paused* it does not, and one that is *held* not today."""
    if value.suspended or (Why.BURIED in why and words.is_due(value, now)):
        return ", ".join(why)
    comes = words.paused(paused) if paused else held or words.due(value, now)
    return ", ".join([*why, comes])


def held(
    connection: Connection,
    cards: Iterable[tuple[int, Memory]],
    now: datetime,
    settings: Settings,
    *,
    learner: int,
) -> dict[int, str]:
    """Of *cards* that are due, those that today's queue does not bring, with what each waits for.
    The queue is read only if one is."""
    due = [one for one, value in cards if words.is_due(value, now)]
    return queue.load(connection, now, settings, learner=learner).held(due) if due else {}


def marked(connection: Connection, *, learner: int) -> set[int]:
    """The cards whose newest mark says that their text is to be mended."""
    rows = connection.execute(
        select(tables.event).where(
            event.learner_id == learner,
            event.kind.in_((EventKind.MARK.value, EventKind.UNMARK.value)),
            record.not_retracted(event),
        )
    ).all()
    found = dict[int, bool]()
    for row in timeline.in_order(connection, rows, learner=learner):
        found[row.card_id] = row.kind == EventKind.MARK
    return {card_id for card_id, is_marked in found.items() if is_marked}


def tally(found: Sequence[Aside]) -> str:
    """2 cards: 1 to mend, 2 suspended; empty for none. As a card may be here for two reasons, the
    cards are told with them; of a single one no reason is counted."""
    if not found:
        return ""
    reasons = Counter(_reasons(found)).items()
    told = [f"{number} {_PLURAL.get(why, why) if number > 1 else why}" for why, number in reasons]
    told = told if len(found) > 1 else [why for why, _ in reasons]
    return f"{words.count(len(found), 'card')}: {', '.join(told)}"


_PLURAL = {Why.DRAFT: "edits not kept", Why.LEECH: "keep slipping"}


def _reasons(found: Sequence[Aside]) -> Iterable[Why]:
    return sorted((why for one in found for why in one.why), key=list(Why).index)


def _aside(
    row: Any, of: str | None, value: Memory, reasons: tuple[Why, ...], since: date | None
) -> Aside:
    return Aside(
        row.id,
        row.note_id,
        row.side,
        row.prompt,
        row.pack,
        chapter_key(row.number, row.title),
        of,
        Path(row.path),
        row.line,
        value,
        reasons,
        since,
    )
