"""The exam that a learner studies for: its plan, kept until the day is over (RULES: Exams)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.mastery import RECENT
from studyapp.notes.note import chapter_key
from studyapp.store import log, owner, tables
from studyapp.study import words
from studyapp.study.chapter import find

FARTHEST = 730  # days to an exam
_NAMED = 3  # sections of a chapter that are named one by one
_WIDE = 0.25  # interval of a share, of which is said why it is that
_NONE_COMES = "no card that is started comes"
_DIGITS = 6  # of a number of minutes that can be meant; Python refuses to read some thousands
MINUTES = range(1, 601)  # a day may have; as the setting

chapter = tables.chapter.c
exam = tables.exam.c


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam on a `day`, planned on another, with so many `minutes` of study a day until then.

    It is about the `chapters` with these ids; None means all that is started.
    """

    day: date
    planned_on: date
    minutes: int
    chapters: frozenset[int] | None = None

    @property
    def whole(self) -> int:
        """Days to it when it was planned."""
        return (self.day - self.planned_on).days

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.day.isoformat(),
            "planned_on": self.planned_on.isoformat(),
            "minutes": self.minutes,
            "chapters": None if self.chapters is None else sorted(self.chapters),
        }

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Exam:
        chapters = None if told["chapters"] is None else frozenset(told["chapters"])
        day, planned_on = (date.fromisoformat(told[name]) for name in ("day", "planned_on"))
        return cls(day, planned_on, told["minutes"], chapters)

    def left(self, today: date) -> int:
        """Days to it."""
        return (self.day - today).days


def in_force(connection: Connection, today: date, *, learner: int) -> Exam | None:
    """The exam that is planned, until its day is over."""
    row = connection.execute(
        select(tables.exam).where(exam.learner_id == learner, exam.day >= today)
    ).one_or_none()
    if row is None or row.day is None or row.planned_on is None or row.minutes is None:
        return None
    named = [(one["pack"], one["chapter"]) for one in row.chapters or ()]
    chapters = _found(connection, named, learner=learner) if named else None
    # Another device's day may be a day ahead.
    return Exam(row.day, min(row.planned_on, today), row.minutes, chapters)


def plan(
    connection: Connection,
    day: date,
    minutes: int,
    chapters: Collection[int],
    now: datetime,
    *,
    learner: int,
) -> Exam:
    """Study for an exam from now on, as `proposed`."""
    made = proposed(connection, day, minutes, chapters, study_day(now), learner=learner)
    rows = connection.execute(
        select(chapter.pack, chapter.number, chapter.title)
        .where(chapter.id.in_(chapters))
        .order_by(*tables.IN_ORDER)
    )
    named = [{"pack": row.pack, "chapter": chapter_key(row.number, row.title)} for row in rows]
    values = {"day": day, "planned_on": made.planned_on, "minutes": minutes, "chapters": named}
    _keep(connection, values, now, learner=learner)
    return made


def proposed(
    connection: Connection,
    day: date,
    minutes: int,
    chapters: Collection[int],
    today: date,
    *,
    learner: int,
) -> Exam:
    """An exam on *day* in the *chapters* with these ids, or in all that is started where there are
    none. One to the same day as that which is planned goes on from where it began, on that day too.

    Raises StudyError if a day is not to come, or too far.
    """
    before = in_force(connection, today, learner=learner)
    goes_on = before is not None and before.day == day
    if day <= today and not goes_on:
        raise StudyError(f"{day} is not ahead; an exam is planned for tomorrow or later.")
    if (day - today).days > FARTHEST:
        raise StudyError(f"{day} is too far; an exam is planned up to two years ahead.")
    if minutes not in MINUTES:
        raise StudyError(
            f"{minutes} minutes a day: give a whole number from {MINUTES[0]} to {MINUTES[-1]}."
        )
    begun = before.planned_on if before is not None and goes_on else today
    return Exam(day, begun, minutes, frozenset(chapters) if chapters else None)


def read_day(text: str) -> date:
    """The day that a learner typed. Raises StudyError."""
    if not text.strip():
        raise StudyError("Give the day first, such as 2027-01-31.")
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise StudyError(f"{text.strip()!r} is not a date; write one like 2027-01-31.") from None


def call_off(connection: Connection, now: datetime, *, learner: int) -> None:
    """Study as without an exam again. Raises StudyError if there is none."""
    if in_force(connection, study_day(now), learner=learner) is None:
        raise StudyError("No exam is planned.")
    values = dict.fromkeys(("day", "planned_on", "minutes", "chapters"))
    _keep(connection, values, now, learner=learner)


def rename(
    connection: Connection,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
    *,
    learner: int,
) -> None:
    """A chapter that an exam is about is called otherwise; both are names of the log."""
    kept = connection.scalar(select(exam.chapters).where(exam.learner_id == learner)) or []
    if before in kept:
        others = [after if one == before else one for one in kept]
        _keep(connection, {"chapters": others}, now, learner=learner)


def read_minutes(text: str) -> int:
    """The minutes that a learner typed. Raises StudyError."""
    if not text.strip():
        raise StudyError("Give the minutes of a day first, such as 20.")
    said = text.strip()
    if not said.isdecimal() or len(said) > _DIGITS or int(said) not in MINUTES:
        raise StudyError(
            f"{said!r} minutes a day: give a whole number from {MINUTES[0]} to {MINUTES[-1]}."
        )
    return int(said)


def read_chapters(connection: Connection, text: str, *, learner: int) -> frozenset[int]:
    """The ids of the chapters that a learner typed, as in `1, 2, fastai:3`; none for nothing.

    Raises StudyError if there is no such chapter.
    """
    named = [one.strip() for one in text.split(",") if one.strip()]
    return frozenset(find(connection, one, learner=learner) for one in named)


def _keep(
    connection: Connection, values: dict[str, object], now: datetime, *, learner: int
) -> None:
    values = {**values, "changed_at": log.utc(now)}
    kept = connection.scalar(select(exam.learner_id).where(exam.learner_id == learner))
    if kept is None:
        connection.execute(insert(tables.exam).values(learner_id=learner, **values))
    else:
        connection.execute(update(tables.exam).where(exam.learner_id == learner).values(**values))


def _found(
    connection: Connection, named: Collection[tuple[str, int | str]], *, learner: int
) -> frozenset[int]:
    """The ids of the chapters that are *named*; what is not here is left out."""
    rows = connection.execute(
        select(chapter.id, chapter.pack, chapter.number, chapter.title).where(
            owner.theirs(chapter, learner=learner)
        )
    )
    return frozenset(
        row.id for row in rows if (row.pack, chapter_key(row.number, row.title)) in named
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """A study day on the way to an `exam`: of the cards `unmet` when it began `new` come; `alike`
    are the others, if no more come because these wait for cards like them. Of those that it asks
    now `spare` are not due. In so many `days` all are met, but for `late` ones, for which there is
    no time until the exam; what waits for cards like it on later days makes both more. It is
    `empty` if no card comes that it is about."""

    exam: Exam
    today: date
    unmet: int
    new: int
    spare: int
    days: int
    late: int
    alike: int
    empty: bool

    def told(self) -> str:
        """Exam on Fri 18 Dec, in 19 days: up to 14 new cards a day, at least until Tue 8 Dec; or
        what comes today, and how many do not until then, if there is no time for all or they wait.
        How many come in the end is only simulated, which takes too long for each start."""
        left = self.exam.left(self.today)
        if not left:
            return "The exam is today: no new cards, and what fades most beside what is due"
        on = f"Exam on {words.day(self.exam.day, self.today)}, in {words.count(left, 'day')}"
        if self.empty:
            return f"{on}: no card of it comes"
        if not self.unmet:
            return f"{on}: every card is met"
        new = words.count(self.new, "new card") if self.new else "no new card"
        if self.alike:
            return f"{on}: {new} today; {self._waiting()} before the exam"
        if self.late == self.unmet:
            return f"{on}: no new card comes, as with reviews the time is too short for any"
        if self.late:
            least = "at least " if self.late < self.unmet - self.new else ""
            late = f"{least}{self.late:,} of {words.count(self.unmet, 'new card')}"
            short = f"with reviews the time is too short for {late}"
            return f"{on}: {new} today; {short}: leave out what you do not need"
        if self.days == 1:
            return f"{on}: {new} today"
        last = self.today + timedelta(days=self.days - 1)
        return f"{on}: up to {new} a day, at least until {words.day(last, self.today)}"

    def _waiting(self) -> str:
        """43 wait for cards like them, and may not come; or: and at least 13 do not come."""
        waits = "waits for a card like it" if self.alike == 1 else "wait for cards like them"
        some = f"at least {self.late:,} " if 0 < self.late < self.alike else ""
        fail = "does not" if self.late == 1 else "do not" if self.late else "may not"
        return f"{self.alike:,} {waits}, and {some}{fail} come"

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.exam.day.isoformat(),
            "days": self.exam.left(self.today),
            "minutes": self.exam.minutes,
            "unmet": self.unmet,
            "new": self.new,
            "spare": self.spare,
            "alike": self.alike,
            "left_out": self.late,
            "told": self.told(),
        }


def forecast_lines(found: Mapping[str, Any], today: date) -> list[str]:
    """What a plan comes to, as `study.rehearsal.forecast` found it: the heading first."""
    day = date.fromisoformat(found["day"])
    left = f"in {words.count(found['days'], 'day')}" if found["days"] else "today"
    on = f"Exam on {words.day(day, today)}, {left}, about {_named(found['chapters'])}"
    lines = [f"{on}: {_cards(found['cards'], found['unmet'])}."]
    if found["share"] is None:
        none = _NONE_COMES if found["chapters"] is None else "no card of it comes"
        why = none if found["days"] else "the day is here"
        return [*lines, f"There is nothing to foresee: {why}."]
    minutes = words.count(found["minutes"], "minute")
    lines.append(
        f"{minutes} a day: {_share(found['share'])} of the cards known on the day; "
        f"in the same time without the plan {_share(found['usual'])}."
    )
    learners = words.count(found["learners"], "learner")
    lines.append(
        f"Simulated: {learners} with your cards, who forget as you do, as far as is known; "
        "in brackets where 95 of 100 of them end."
    )
    lines += _basis_lines(found["basis"])
    lines += _wide_lines(found["share"], found["outcomes"])
    return [*lines, *_unmet_lines(found["left_out"])]


def _cards(cards: int, unmet: int) -> str:
    """no card; 1 card, not met yet; 9 cards, 2 of them not met yet."""
    if not cards:
        return "no card"
    if cards == 1:
        return f"1 card, {'not met yet' if unmet else 'met'}"
    how_many = {0: "all met", cards: "none met yet"}.get(unmet, f"{unmet:,} of them not met yet")
    return f"{words.count(cards, 'card')}, {how_many}"


def curve_lines(found: Mapping[str, Any]) -> list[str]:
    """Minutes a day against what they come to, the plan's own marked; those that change little in
    a line."""
    curve, enough = found["curve"], found["enough"]
    if len(curve) < 2:
        return []
    if enough == curve[0]["minutes"]:
        least, most = (words.count(curve[place]["minutes"], "minute") for place in (0, -1))
        return [f"The minutes change little: {least} a day come to as much as {most}."]
    rows = [
        f"{'▸' if one['minutes'] == found['minutes'] else ' '} {one['minutes']:3} min → "
        f"{_share(one):13}  {'█' * round(30 * one['value'])}".rstrip()
        for one in curve
        if one["minutes"] <= enough or one["minutes"] == found["minutes"]
    ]
    if enough < curve[-1]["minutes"]:
        rows.append(f"More than {words.count(enough, 'minute')} a day change little.")
    return rows


def _basis_lines(basis: Mapping[str, Any]) -> list[str]:
    """What else is simulated: what of it is the learner's own, and what is assumed."""
    own, assumed = list[str](), list[str]()
    (own if basis["own_review"] else assumed).append(f"{basis['review']:.0f} s a review")
    (own if basis["own_new"] else assumed).append(f"{basis['new']:.0f} s a new card")
    if basis["ratings"]:
        own.append(words.count(basis["ratings"], "rating"))
        assumed.append(f"{basis['usual_ratings']} ratings beside them")
    else:
        assumed.append("the shares of ratings")
    lines = [f"Your own: {words.listed(own)}."] if own else []
    lines.append(f"Assumed, as usual: {words.listed(assumed)}.")
    return lines


def _wide_lines(share: Mapping[str, float], outcomes: int) -> list[str]:
    """Why so much is possible, where more reviews would tell more."""
    if share["high"] - share["low"] < _WIDE or outcomes >= RECENT:
        return []
    only = f"only {words.count(outcomes, 'review')} here" if outcomes else "no review here"
    tell = "tells" if outcomes < 2 else "tell"
    return [f"The brackets are wide: {only} {tell} yet how far off today's weights are."]


def _unmet_lines(left_out: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which cards are not met until then, and why."""
    lines = []
    for why, falls_short in (("time", "The time does not"), ("days", "The days do not")):
        late = [one for one in left_out if one["why"] == why]
        if late:
            cards = words.count(sum(one["cards"] for one in late), "card")
            lines.append(
                f"{falls_short} reach {cards}: {_places(late)}. "
                "What you do not need of it can be left out."
            )
    held = [one for one in left_out if one["why"] == "wait"]
    if held:
        number = sum(one["cards"] for one in held)
        wait = "waits until another one of its" if number == 1 else "wait until another of their"
        lines.append(
            f"{words.count(number, 'card')} {wait} term or family is firm: {_places(held)}."
        )
    return lines


def until(today: date, days: int, minutes: int) -> Exam:
    """So many days of all that is started, for what is simulated without an exam."""
    return Exam(today + timedelta(days=days), today, minutes)


def tradeoff_lines(found: Mapping[str, Any]) -> list[str]:
    """What each desired retention costs, as `study.rehearsal.tradeoff` found it."""
    curve, outcomes = found["curve"], found["outcomes"]
    if not curve:
        return [f"There is nothing to foresee: {_NONE_COMES}."]
    corrected = f", corrected by {words.count(outcomes, 'review')}" if outcomes else ""
    (goal,) = (one for one in curve if one["retention"] == found["desired"])
    own = [f"{name} {_percent(kept)}" for name, kept in found["own"].items()]
    return [
        f"The next {words.count(found['days'], 'day')}, simulated with your cards, at each desired "
        "retention.",
        f"The figures: who forgets as the schedule reckons{corrected}.",
        "In brackets: where 95 of 100 end who may be as far off it as you "
        f"({found['learners']} simulated).",
        *_basis_lines(found["basis"]),
        *_wide_lines(goal["remembered"], outcomes),
        *([f"Whatever is desired of the others: {words.listed(own)}."] if own else []),
        "  desired     takes a day              is remembered of what was met",
        *(_tradeoff_row(one, is_goal=one is goal) for one in curve),
    ]


def _tradeoff_row(one: Mapping[str, Any], *, is_goal: bool) -> str:
    minutes = one["minutes"]
    ends = minutes["low"], minutes["high"]
    low, high = (f"{end:.1f}" if end < 10 else f"{end:.0f}" for end in ends)
    takes = f"{minutes['value']:5.1f} min [{low}, {high}]"
    desired = _percent(one["retention"])
    return f"{'▸' if is_goal else ' '} {desired:>6}    {takes:23}  {_share(one['remembered'])}"


def _percent(share: float) -> str:
    """92%, or 92.5% where it is not a whole one."""
    return f"{100 * share:.4g}%"


def _share(told: Mapping[str, float]) -> str:
    return f"{told['value']:.0%} [{100 * told['low']:.0f}, {100 * told['high']:.0f}]"


def _named(chapters: Sequence[str] | None) -> str:
    """all that is started; chapters 1, 2 and 3; chapter 1 and deck Spanish."""
    if chapters is None:
        return "all that is started"
    numbers = [name.removeprefix("chapter ") for name in chapters]
    if len(numbers) > 1 and all(number.isdecimal() for number in numbers):
        return f"chapters {words.listed(numbers)}"
    return words.listed(chapters) if chapters else "chapters that are not here"


def _places(places: Sequence[Mapping[str, Any]]) -> str:
    """Some of these, by chapter: chapter 3, 3.4 (2 cards); chapter 4, in 4.1 to 4.9 (50 cards)."""
    chapters: dict[str, list[Mapping[str, Any]]] = {}
    for place in places:
        chapters.setdefault(place["chapter"], []).append(place)
    told = []
    for name, parts in chapters.items():
        sections = [part["section"] for part in parts if part["section"]]
        within = f", {words.listed(sections)}" if 0 < len(sections) <= _NAMED else ""
        within = f", in {sections[0]} to {sections[-1]}" if len(sections) > _NAMED else within
        cards = words.count(sum(part["cards"] for part in parts), "card")
        told.append(f"{name}{within} ({cards})")
    return "; ".join(told)


def day_of(connection: Connection, settings: Settings, today: date, *, learner: int) -> date | None:
    """The day that mastery is forecast for: that of the exam that is planned, else as it is set."""
    planned = in_force(connection, today, learner=learner)
    return planned.day if planned is not None else settings.exam_on
