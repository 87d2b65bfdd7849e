"""What a plan to an exam comes to: simulated days of study with the learner's own cards and habits.

To be called in a process of its own: it loads NumPy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, func, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.histories import Floats
from studyapp.memory.mastery import Calibration
from studyapp.memory.model import Crowd
from studyapp.memory.rehearsal import (
    DOUBT,
    USUAL_RATINGS,
    Doubted,
    Effort,
    Habits,
    Known,
    Material,
    Paced,
    Policy,
    Same,
    Usual,
    minutes_a_day,
    rehearse,
    share,
    share_kept,
)
from studyapp.memory.state import Rating, State
from studyapp.notes.note import chapter_name
from studyapp.store import record, tables
from studyapp.store.parameters import in_force
from studyapp.study import retention
from studyapp.study.chapter import known, names
from studyapp.study.due import in_use
from studyapp.study.exam import MINUTES, Exam
from studyapp.study.introduction import all_new, in_book_order, introduced
from studyapp.study.mastery import trust_of
from studyapp.study.pace import read_pace
from studyapp.study.pause import paused

Told = Callable[[float], None]

_MOST = 60  # learners that are simulated, of each number of minutes …
_WORK = 8_000_000  # … as far as so many cards a day in all allow, …
_FEWEST = 20  # … but as many as reach to where 95 of 100 end
_OTHERS = (0.5, 0.75, 1.25, 1.5, 2.0)  # times the minutes of the plan
_RETENTIONS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # of which it is told what each costs
_WHOLE_DAY = MINUTES[-1]  # all that is due has its time
_POINT = 0.01  # of a share: what is less is no gain
_SEED = 20261129

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
review = tables.review.c
section = tables.section.c


class Basis(NamedTuple):
    """What is the learner's own of what a simulation goes by, and what is assumed: seconds that a
    review and a new card take, whether each is of their own, and how many ratings are, beside how
    many usual ones."""

    review: float
    own_review: bool
    new: float
    own_new: bool
    ratings: int
    usual_ratings: int


class Place(NamedTuple):
    """Where in the book a card is."""

    chapter: str
    section: str | None


@dataclass(frozen=True, slots=True)
class Studying:
    """All that a simulation takes of the learner, read in one go: what the `chapters` of the exam
    are called, if it names them; `places` are of its cards that are new, which come last among the
    `material`. So many were `met` since it was planned."""

    exam: Exam
    today: date
    chapters: tuple[str, ...] | None
    material: Material
    places: tuple[Place, ...]
    met: int
    crowd: Crowd
    trust: Calibration
    habits: Habits
    effort: Effort
    basis: Basis
    spent: float
    usual: Usual
    own: dict[str, float]

    @property
    def days(self) -> int:
        return self.exam.left(self.today)


def read(
    connection: Connection, planned: Exam, now: datetime, settings: Settings, *, learner: int
) -> Studying:
    today = study_day(now)
    parameters = in_force(connection, learner=learner)
    pace = read_pace(connection, today, learner=learner)
    material, places = _material(connection, planned, today, settings, learner=learner)
    ratings = _ratings(connection, learner=learner)
    named, own = planned.chapters, retention.own(connection, learner=learner)
    there = {one.id for one in known(connection, learner=learner) if one.there}
    return Studying(
        planned,
        today,
        None if named is None else tuple(names(connection, named, learner=learner).values()),
        material,
        places,
        introduced(connection, planned.planned_on, today, planned, learner=learner),
        Crowd(parameters.weights),
        trust_of(connection, learner=learner),
        Habits.of(*ratings),
        Effort(pace.review, pace.new),
        Basis(
            *(pace.review, pace.is_own_review, pace.new, pace.is_own_new),
            sum(map(sum, ratings)),
            USUAL_RATINGS,
        ),
        pace.spent,
        Usual(parameters.desired_retention, settings.new_a_day),
        {
            name: own[one]
            for one, name in names(connection, own.keys() & there, learner=learner).items()
        },
    )


def _material(
    connection: Connection, planned: Exam, today: date, settings: Settings, *, learner: int
) -> tuple[Material, tuple[Place, ...]]:
    met = connection.execute(
        select(
            card.id,
            card.family,
            card.chapter_id,
            memory.stability,
            memory.difficulty,
            memory.last_day,
            memory.due,
            memory.buried_until,
        )
        .join(tables.memory, memory.card_id == card.id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.stability.is_not(None),
            memory.last_day.is_not(None),
            memory.due.is_not(None),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .order_by(card.uid)
    ).all()
    columns = (card.id, card.family, card.opener, card.chapter_id, chapter.number, chapter.title)
    new = connection.execute(
        all_new(
            connection, settings, planned, *columns, section.number.label("part"), learner=learner
        )
        .outerjoin(tables.section, section.id == card.section_id)
        .order_by(*in_book_order(connection, learner=learner))
    ).all()
    at = {row.id: index for index, row in enumerate((*met, *new))}
    families: dict[str, int] = {}
    family = [families.setdefault(row.family, len(families)) for row in (*met, *new)]
    later = [np.nan] * len(new)
    own = retention.own(connection, learner=learner)
    about = [planned.chapters is None or row.chapter_id in planned.chapters for row in met]
    material = Material(
        np.array([*(row.stability for row in met), *later], float),
        np.array([*(row.difficulty for row in met), *later], float),
        np.array([*((row.last_day - today).days for row in met), *later], float),
        np.array([*(_due(row, today) for row in met), *(np.inf for _ in new)], float),
        np.array(family, np.int64),
        np.array([*(-1 for _ in met), *(at.get(row.opener, -1) for row in new)], np.int64),
        np.array([*about, *(True for _ in new)], bool),
        np.array([own.get(row.chapter_id, np.nan) for row in (*met, *new)], float),
    )
    return material, tuple(Place(chapter_name(row.number, row.title), row.part) for row in new)


def _due(row: Any, today: date) -> int:
    """Days until a card comes; one that is buried waits until then."""
    due: int = (max(row.due, row.buried_until or row.due) - today).days
    return due


def _ratings(connection: Connection, *, learner: int) -> tuple[list[int], list[int]]:
    """How often each rating was given: from Again on of a card that was new, from Hard on of one
    that was remembered."""
    rows = connection.execute(
        select(review.state_before, review.rating, func.count())
        .where(
            review.learner_id == learner,
            review.kind.in_([ReviewKind.STUDY.value, ReviewKind.IMPORT.value]),
            record.not_retracted(),
        )
        .group_by(review.state_before, review.rating)
    )
    counts: Counter[tuple[bool, int]] = Counter()
    for state, rating, number in rows:
        if state in (State.NEW, State.REVIEW):
            counts[state == State.NEW, rating] += number
    first = [counts[True, rating] for rating in Rating]
    return first, [counts[False, rating] for rating in list(Rating)[1:]]


def forecast(studying: Studying, told: Told = lambda part: None) -> dict[str, Any]:
    """What is known on the day: with the plan's minutes, with others, and without the plan."""
    cards = int(studying.material.about.sum())
    if not cards or not studying.days:
        return _told(studying, 0, {}, None, cards)
    minutes = sorted({*_minutes(studying.exam.minutes), _WHOLE_DAY})
    work = len(studying.material.about) * studying.days * (len(minutes) + 1)
    learners = min(_MOST, max(_FEWEST, _WORK // work))
    met_or_not = studying.met + len(studying.places)
    plan = Paced(met_or_not, studying.exam.whole, studying.days, studying.usual.retention)
    part = len(minutes) / (len(minutes) + 1)
    paced = _rehearsed(studying, plan, minutes, learners, lambda done: told(part * done))
    usual = _rehearsed(
        studying,
        studying.usual,
        [studying.exam.minutes],
        learners,
        lambda done: told(part + (1 - part) * done),
    )
    return _told(studying, learners, paced, usual[studying.exam.minutes], cards)


def tradeoff(studying: Studying, told: Told = lambda part: None) -> dict[str, Any]:
    """What each desired retention costs and comes to, if the learner goes on as on any day: one who
    forgets as is likeliest, and how far off this one may be."""
    desired, cards = studying.usual.retention, len(studying.material.about)
    rows = sorted({*_RETENTIONS, desired}) if cards else []
    work = cards * studying.days * (len(rows) or 1)
    doubted = min(_MOST, max(_FEWEST, _WORK // max(1, work)))
    curve = []
    for number, aim in enumerate(rows):
        policy = Usual(aim, studying.usual.new_a_day)
        sure, unsure = (
            _rehearsed(studying, policy, [_WHOLE_DAY], learners, doubt=doubt)[_WHOLE_DAY]
            for learners, doubt in ((doubted // 2, 0.0), (doubted, DOUBT))
        )
        figures = {"minutes": minutes_a_day(sure, unsure), "remembered": share_kept(sure, unsure)}
        told_of = {name: figure._asdict() for name, figure in figures.items()}
        curve.append({"retention": aim, **told_of})
        told((number + 1) / len(rows))
    return {
        "desired": desired,
        "own": studying.own,
        "days": studying.days,
        "learners": doubted,
        "outcomes": studying.trust.outcomes,
        "basis": studying.basis._asdict(),
        "curve": curve,
    }


def _minutes(planned: int) -> list[int]:
    """The plan's own and others, as numbers that one would say."""
    others = {max(5, round(planned * times / 5) * 5) for times in _OTHERS}
    return sorted({one for one in {planned, planned + 5, *others} if one in MINUTES})


def _rehearsed(
    studying: Studying,
    policy: Policy,
    minutes: list[int],
    learners: int,
    told: Told = lambda part: None,
    *,
    doubt: float = DOUBT,
) -> dict[int, Known]:
    """The same learners with each number of minutes a day, and the same luck: what the curve tells
    is what the minutes are worth."""
    luck = Same(np.random.default_rng(_SEED), len(minutes))
    known = rehearse(
        studying.material,
        Doubted(studying.trust, studying.habits, learners, luck, doubt),
        policy,
        studying.crowd,
        days=studying.days,
        seconds=np.repeat(np.array(minutes, float) * 60, learners),
        effort=studying.effort,
        luck=luck,
        spent=studying.spent,
        told=told,
    )
    parts = [slice(place * learners, (place + 1) * learners) for place in range(len(minutes))]
    return {one: known.of(part) for one, part in zip(minutes, parts, strict=True)}


def _told(
    studying: Studying, learners: int, paced: dict[int, Known], usual: Known | None, cards: int
) -> dict[str, Any]:
    planned = studying.exam
    own = paced.get(planned.minutes)
    left_out = _left_out(studying, paced)
    shown = _minutes(planned.minutes)
    curve = {one: known for one, known in paced.items() if one in shown}
    return {
        "day": planned.day.isoformat(),
        "days": studying.days,
        "minutes": planned.minutes,
        "chapters": studying.chapters,
        "cards": cards,
        "unmet": len(studying.places),
        "met": cards - sum(one["cards"] for one in left_out),
        "left_out": left_out,
        "share": None if own is None else share(own)._asdict(),
        "curve": [{"minutes": one, **share(known)._asdict()} for one, known in curve.items()],
        "enough": _enough(curve),
        "usual": None if usual is None else share(usual)._asdict(),
        "learners": learners,
        "outcomes": studying.trust.outcomes,
        "basis": studying.basis._asdict(),
    }


def _left_out(studying: Studying, paced: dict[int, Known]) -> list[dict[str, Any]]:
    """What most of the learners do not meet, by the chapters and sections of the book, and why:
    `time` if with all of each day most would, and that is no chance; else another card makes it
    `wait`, or the `days` are too few."""
    places = studying.places
    unmet, why = np.ones(len(places), bool), np.full(len(places), "days")
    if paced:
        own, whole = paced[studying.exam.minutes], paced[_WHOLE_DAY]
        waits = whole.held.sum(axis=0) > whole.unmet.sum(axis=0) / 2
        gained = own.unmet.astype(float) - whole.unmet
        late = (whole.unmet.mean(axis=0) <= 0.5) & (gained.mean(axis=0) > _noise(gained))
        new = slice(len(late) - len(places), None)
        unmet = own.unmet.mean(axis=0)[new] > 0.5
        why = np.where(late, "time", np.where(waits, "wait", "days"))[new]
    found: Counter[tuple[Place, str]] = Counter()
    for place, is_unmet, reason in zip(places, unmet, why, strict=True):
        if is_unmet:
            found[place, str(reason)] += 1
    return [
        {**place._asdict(), "cards": cards, "why": reason}
        for (place, reason), cards in found.items()
    ]


def _enough(paced: dict[int, Known]) -> int | None:
    """The fewest minutes of the curve to which more add nothing that could be told from chance."""
    return next(
        (
            one
            for one in paced
            if not any(_adds(known, paced[one]) for more, known in paced.items() if more > one)
        ),
        None,
    )


def _adds(more: Known, fewer: Known) -> bool:
    """Whether the same learners gain a point, and more than what is left of their luck."""
    gained = more.expected - fewer.expected
    return bool(gained.mean() >= max(_POINT, _noise(gained)))


def _noise(gained: Floats) -> Floats:
    """How much of what learners *gained* on average, (learners, …), may be left of their luck."""
    noise: Floats = 2 * gained.std(axis=0) / np.sqrt(len(gained))
    return noise
