"""What a grade of an answer schedules: one plan, which the grade logs and a promise only folds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Connection, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import AS_DRAWN, Chosen, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.card import MEANING_TO_TERM, REVERSED, question_face
from studyapp.notes.note import CardStyle, Note
from studyapp.store import record, tables
from studyapp.store.memory import read_memory
from studyapp.study import review
from studyapp.study.admission import is_let_in, is_meant
from studyapp.study.grading import Grade
from studyapp.study.spread import Spread, siblings
from studyapp.study.trial import course

card = tables.card.c
reviewed = tables.review.c


class Why(Enum):
    """Why a card is left as it is."""

    KEPT = "an attempt has scheduled it today"
    WAITS = "new and missed, and its section is not started"
    STAYS = "new and missed in a pretest"
    DEEPER = "new, and it comes only when it is asked for"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a grade does to one card: a review of kind attempt, due on a day of its own if there is
    one, else as it was `chosen`. Without a `rating` it does nothing, for the reason `why`."""

    card: int
    before: Memory
    rating: Rating | None
    due_on: date | None = None
    why: Why | None = None
    chosen: Chosen = AS_DRAWN


def plan(
    connection: Connection,
    note: Note,
    note_id: int,
    given: Grade,
    ticked: Collection[int],
    now: datetime,
    *,
    spread: Spread,
    kept: Sequence[Planned] = (),
    pretest: bool,
    settings: Settings,
    learner: int,
) -> list[Planned]:
    """What the grade *given* does to each card of a note (RULES: questionnaires).

    Missed is Again now; partly is Again, due on the next study day; got it is Good. A card takes
    one such review a study day. In a pretest, and where the section is not started, a new card
    stays new unless it was known: it comes when the learner gets there. One that goes deeper than
    the learner wants stays new until it is asked for. Done schedules nothing. An interval is as it
    was *kept*, if it was for the same memory and rating.
    """
    today, depth = study_day(now), settings.depth
    chosen = {(one.card, one.before, one.rating): one.chosen for one in kept}
    planned, taken = list[Planned](), set[int]()  # the days of its cards
    for row, said in _cards(connection, note, note_id, given, ticked):
        card_id = row.id
        before = read_memory(connection, card_id, learner=learner)
        if _attempted(connection, card_id, today, learner=learner):
            planned.append(Planned(card_id, before, None, why=Why.KEPT))
            continue
        new = before.state is State.NEW
        if new and not is_meant(connection, card_id, depth=depth, learner=learner):
            planned.append(Planned(card_id, before, None, why=Why.DEEPER))
            continue
        if new and not said:
            started = is_let_in(connection, card_id, depth=depth, learner=learner)
            if pretest or not started:
                why = Why.STAYS if started else Why.WAITS
                planned.append(Planned(card_id, before, None, why=why))
                continue
        due_on = today + timedelta(days=1) if given is Grade.PARTLY and not said else None
        rating = Rating.GOOD if said else Rating.AGAIN
        was = chosen.get((card_id, before, rating))
        apart = taken | siblings(connection, card_id, row.family, learner=learner)
        (option,) = spread.options(
            before,
            now,
            row.uid,
            row.chapter_id,
            apart=apart,
            kind=ReviewKind.ATTEMPT,
            ratings=(rating,),
            kept=None if was is None else {rating: was},
        ).values()
        if option.after.due is not None:
            taken.add(option.after.due.toordinal())
        planned.append(Planned(card_id, before, rating, due_on, chosen=option.chosen))
    return planned


def carry_out(
    connection: Connection,
    planned: Planned,
    now: datetime,
    *,
    duration: timedelta = timedelta(0),
    variant: str | None = None,
    typed: bool,
    learner: int,
) -> tuple[bytes, ...]:
    """Log what is planned for one card, whose answer was *typed* or not; returns the uids of what
    was logged."""
    if planned.rating is None:
        return ()
    uid, first_day = _uid(connection, planned), planned.before.first_day
    return review.answer(
        connection,
        planned.card,
        planned.before.last_review,
        planned.rating,
        now,
        duration=duration,
        kind=ReviewKind.ATTEMPT,
        due_on=planned.due_on,
        chosen=planned.chosen,
        variant=variant,
        arm=course.arm_of(connection, uid, first_day, now, typed=typed, learner=learner),
        learner=learner,
    ).logged


def foresee(
    connection: Connection, planned: Planned, now: datetime, parameters: Parameters
) -> Memory:
    """The memory that carrying it out at *now* leads to."""
    if planned.rating is None:
        return planned.before
    return review.preview(
        planned.before,
        planned.rating,
        now,
        _uid(connection, planned),
        parameters,
        ReviewKind.ATTEMPT,
        due_on=planned.due_on,
        chosen=planned.chosen,
    )


def _uid(connection: Connection, planned: Planned) -> bytes:
    return connection.scalars(select(card.uid).where(card.id == planned.card)).one()


def _cards(
    connection: Connection, note: Note, note_id: int, given: Grade, ticked: Collection[int]
) -> list[tuple[Any, bool]]:
    """The cards of a note, each with whether it was remembered; a tick stands for its item."""
    if given is Grade.DONE:
        return []
    rows = connection.execute(
        select(card.id, card.side, card.uid, card.family, card.chapter_id)
        .where(
            card.note_id == note_id,
            card.missing_since.is_(None),
            card.side.not_in((REVERSED, MEANING_TO_TERM)),
        )
        .order_by(card.position)
    )
    if given is Grade.GOT or note.card not in (CardStyle.ITEMS, CardStyle.CLOZE):
        return [(row, given is Grade.GOT) for row in rows]
    said = {point.id for index, point in enumerate(question_face(note).points) if index in ticked}
    return [(row, row.side.partition(":")[2] in said) for row in rows]


def _attempted(connection: Connection, card_id: int, day: date, *, learner: int) -> bool:
    found = connection.scalar(
        select(reviewed.id)
        .where(
            reviewed.card_id == card_id,
            reviewed.learner_id == learner,
            reviewed.kind == ReviewKind.ATTEMPT.value,
            reviewed.day == day,
            record.not_retracted(),
        )
        .limit(1)
    )
    return found is not None
