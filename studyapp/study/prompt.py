"""Questions answered inside a section's text (RULES: What enters, when)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Chosen
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import owner, tables
from studyapp.study import review
from studyapp.study.card import CardView, load
from studyapp.study.desk import Desk
from studyapp.study.pause import paused
from studyapp.study.spread import Spread, siblings
from studyapp.study.stats import is_beginner
from studyapp.study.trial import course

note = tables.note.c
card = tables.card.c
chapter = tables.chapter.c
section = tables.section.c
memory = tables.memory.c


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the learner is with a prompt's card: `met` once it was rated or known; else it may be
    set `aside`: suspended, paused with its chapter, or until another day."""

    card: int
    met: bool
    aside: bool

    @property
    def new(self) -> bool:
        """Whether the text stops here to ask."""
        return not (self.met or self.aside)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt's card as it is asked, the parameters that its buttons are drawn from, and what each
    of them has *chosen*; a *beginner* is told what they mean."""

    view: CardView
    parameters: Parameters
    chosen: Mapping[Rating, Chosen]
    beginner: bool

    def options(self, now: datetime) -> dict[Rating, Memory]:
        """What each rating leads to."""
        view = self.view
        return {
            rating: review.preview(
                view.memory, rating, now, view.uid, self.parameters, chosen=chosen
            )
            for rating, chosen in self.chosen.items()
        }


def standings(
    connection: Connection, section_id: int, names: Collection[str], now: datetime, *, learner: int
) -> dict[str, Standing]:
    """The standing of each of the notes called *names* in the section's pack. One that is not
    there, or has not exactly one card, is left out."""
    today = study_day(now)
    pack = (
        select(chapter.pack)
        .join(tables.section, section.chapter_id == chapter.id)
        .where(section.id == section_id)
    )
    rows = connection.execute(
        select(
            note.name,
            card.id,
            card.chapter_id,
            memory.state,
            memory.suspended,
            memory.buried_until,
        )
        .join(tables.card, card.note_id == note.id)
        .join(tables.chapter, chapter.id == card.chapter_id)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(
            note.name.in_(list(names)),
            chapter.pack == pack.scalar_subquery(),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
    ).all()
    counted, held = [row.name for row in rows], paused(connection, learner=learner)
    return {
        row.name: Standing(
            row.id,
            met=row.state not in (None, State.NEW),
            aside=bool(row.suspended)
            or (row.buried_until or today) > today
            or row.chapter_id in held,
        )
        for row in rows
        if counted.count(row.name) == 1
    }


def ask(
    connection: Connection, card_id: int, now: datetime, settings: Settings, *, learner: int
) -> Asked:
    """Read a prompt's card to ask it."""
    view = load(connection, card_id, learner=learner)
    spread = Spread.read(connection, now, settings, learner=learner)
    apart = siblings(connection, card_id, view.family, learner=learner)
    options = spread.options(view.memory, now, view.uid, view.chapter_id, apart=apart)
    return Asked(
        view,
        spread.parameters,
        {rating: option.chosen for rating, option in options.items()},
        is_beginner(connection, study_day(now), learner=learner),
    )


def rate(desk: Desk, asked: Asked, rating: Rating, spent: timedelta) -> review.Answered:
    """Keep a rating, in one transaction that is finished before the text goes on.

    Raises AlreadyRatedError or ChangedError as `review.answer` does, and LockedError.
    """
    view, now, learner = asked.view, desk.now(), desk.learner
    first_day = view.memory.first_day
    with desk.writing() as connection:
        arm = course.arm_of(connection, view.uid, first_day, now, typed=False, learner=learner)
        return review.answer(
            connection,
            view.id,
            view.memory.last_review,
            rating,
            now,
            duration=spent,
            variant=view.variant,
            arm=arm,
            chosen=asked.chosen[rating],
            promise=(view.memory, asked.parameters),
            learner=learner,
        )
