"""Measured facts in an answer: which run a link shows, and how it reads (RULES: Citing facts)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection, Row, exists, or_, select

from studyapp.errors import StudyError, printable
from studyapp.lab import knobs, reference, wording
from studyapp.lab.catalog import Catalog, Declaration
from studyapp.lab.protocol import Fact, Value
from studyapp.memory.clock import local
from studyapp.notes.card import without_code
from studyapp.notes.note import Note
from studyapp.store import tables, timeline
from studyapp.study.words import minus, short_day

TOPIC = "topic:"  # a note's tag that names the lesson which grounds it

run = tables.run.c
fact = tables.fact.c
note = tables.note.c
variant = tables.variant.c


class Ending(StrEnum):
    """How a run ended; only one with a result has facts. Of one that is `unseen` nothing had been
    shown, neither a curve nor a result, when it was stopped."""

    RESULT = "result"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Link:
    """`fact:LESSON.FACT?KNOB=VALUE` or `lesson:LESSON`, whose `fact` is None."""

    lesson: str
    fact: str | None
    knobs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured fact and where it is from. `own` is a run of the learner's.

    `repetitions` counts seeds (or worlds …) in words; `where` is the learner's date of a run of
    theirs, and the device of a reference; `setting` names the knobs that are not at the default.
    """

    fact: Fact
    own: bool
    repetitions: str
    where: str
    setting: str = ""

    @property
    def words(self) -> str:
        whose = "your run" if self.own else "reference"
        return f"{measured(self.fact)} ▪ {whose}, {self.repetitions}, {self.where}"


@dataclass(frozen=True, slots=True)
class Citation:
    """What a fact link shows.

    `shown` is the learner's newest run at exactly the link's knobs, else the reference figure.
    `hidden`: the learner has yet to predict and run; `reference` may be shown if they ask.
    `differs`: their figure, `own`, has the other sign than the sentence, so the reference is shown.
    `also` are the learner's newest runs at other knobs.
    """

    lesson: str
    fact: str
    setting: str
    shown: Figure | None
    own: Figure | None
    reference: Figure | None
    also: tuple[Figure, ...]
    hidden: bool

    @property
    def differs(self) -> bool:
        return self.own is not None and self.shown is not self.own

    @property
    def words(self) -> str:
        if self.hidden:
            return "▪ predict first"
        if self.shown is None:
            at = f" with {self.setting}" if self.setting else ""
            return f"▪ not measured yet{at}"
        if self.own is None or not self.differs:
            return self.shown.words
        return f"{self.shown.words}; your run differs: {measured(self.own.fact)}, {self.own.where}"

    @property
    def also_words(self) -> str:
        """The runs at other knobs; empty if there are none."""
        if not self.also:
            return ""
        runs = (f"with {it.setting or 'the defaults'} {measured(it.fact)}" for it in self.also)
        return f"also {'; '.join(runs)}"


def links(answer: str) -> Iterator[Link]:
    """The fact and lesson links of a Markdown text, in order; those in code are not links."""
    for match in _TARGET.finditer(without_code(answer)):
        try:
            yield parse(match["href"])
        except StudyError:
            continue


def parse(href: str) -> Link:
    """Return what a link names. Raises StudyError if it is no link to a fact or a lesson."""
    match = _HREF.fullmatch(href)
    if match is None or (match["scheme"] == "fact") != bool(match["fact"]):
        raise StudyError(
            f"{printable(href)} is not a link to a fact (fact:LESSON.FACT) or an experiment "
            "(lesson:LESSON)."
        )
    return Link(match["lesson"], match["fact"], dict(parse_qsl(match["query"] or "", True)))


def href(lesson: Declaration, name: str, values: Mapping[str, Value]) -> str:
    """The link that cites a fact as it is at these knobs."""
    changed = _changed(lesson, knobs.canonical(lesson.knobs, values))
    return f"fact:{lesson.name}.{name}" + (f"?{urlencode(changed)}" if changed else "")


def grounds(text: Note) -> list[str]:
    """Names of the lessons that ground a note: linked in its answer, then tagged `topic:NAME`."""
    named = [link.lesson for link in links(text.answer)]
    named += [tag.removeprefix(TOPIC) for tag in text.tags if tag.startswith(TOPIC)]
    return list(dict.fromkeys(named))


def lessons_for(text: Note, catalog: Catalog) -> tuple[Declaration, ...]:
    """The installed lessons that ground a note."""
    known = {lesson.name: lesson for lesson in catalog.lessons}
    return tuple(known[name] for name in grounds(text) if name in known)


def citing(connection: Connection, lesson: str) -> dict[int, list[Link]]:
    """The links to a lesson and its facts, by id of the note whose answer, or one of whose
    variants' answers, has them.

    Notes whose text has gone are among them: the learner may have read it.
    """
    found: dict[int, list[Link]] = {}
    places = (note.path, note.line)
    for query, answer in (
        (select(note.id, note.answer).order_by(*places), note.answer),
        (
            select(note.id, variant.answer)
            .join(tables.variant, variant.note_id == note.id)
            .order_by(*places, variant.position),
            variant.answer,
        ),
    ):
        has_link = or_(*(answer.contains(f"{scheme}:{lesson}") for scheme in ("fact", "lesson")))
        for note_id, text in connection.execute(query.where(has_link)):
            cited = [it for it in links(text) if it.lesson == lesson]
            if cited:
                found.setdefault(note_id, []).extend(cited)
    return found


def cite(
    connection: Connection, href: str, catalog: Catalog, now: datetime, *, learner: int
) -> Citation:
    """Return what the link *href* shows this learner.

    Runs of an older version of the lesson measured something else and are left out, and so is an
    out-of-date reference. Raises StudyError for a link that names no fact, a lesson that is not
    installed, or a knob that is not allowed.
    """
    link = parse(href)
    if link.fact is None:
        raise StudyError(f"{printable(href)} names no fact.")
    lesson = catalog.lesson(link.lesson)
    wanted = knobs.canonical(lesson.knobs, knobs.parse(lesson.knobs, link.knobs))
    newest: dict[str, Figure] = {}
    for row in _measured(connection, lesson, link.fact, learner=learner):
        if row.canonical not in newest:
            newest[row.canonical] = _own(lesson, row, now.date())
    own = newest.pop(wanted, None)
    at_defaults = wanted == knobs.canonical(lesson.knobs, {})
    given = _reference(lesson, link.fact) if at_defaults else None
    opposed = own and given and own.fact.value * given.fact.value < 0
    hidden = own is None and not has_run(connection, lesson.name, learner=learner)
    return Citation(
        lesson.name,
        link.fact,
        setting(lesson, wanted),
        None if hidden else own if own and not opposed else given,
        own,
        given,
        tuple(newest.values()),
        hidden,
    )


def measured(figure: Fact) -> str:
    """A fact as a learner reads it: +4.7 points [3.9, 5.5].

    The interval shows two digits of its width, a figure without one three digits. Differences in
    points carry their sign, and so do both ends of an interval around zero.
    """
    low, high = figure.low, figure.high
    places = _places(figure)
    text = _number(figure.value, places, plus=figure.unit == "points")
    if figure.unit:
        text += f" {figure.unit}"
    if low is None or high is None:
        return text
    plus = low < 0 < high
    return f"{text} [{_number(low, places)}, {_number(high, places, plus=plus)}]"


def told(lesson: Declaration, figure: Fact) -> str:
    """A fact in a sentence, as the lesson tells the one that decides its question."""
    question = lesson.question
    deciding = (question.fact, *(choice.fact for choice in question.choices))
    if question.told and figure.name in deciding:
        return question.told.replace("{}", measured(figure))
    return f"{named(figure.name)} is {measured(figure)}"


def named(text: str) -> str:
    """Names of figures and knobs, in a text or alone, as they stand beside their values: the
    wrong_sign of a declaration is read as wrong sign."""
    return _NAME.sub(lambda name: name[0].replace("_", " "), text)


def setting(lesson: Declaration, canonical: str, told: Container[str] = ()) -> str:
    """The knobs of a canonical text that are not at the default, in words: "flips = 0, n = 64";
    those that are *told* elsewhere are left out."""
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else minus(f'{value:,.12g}')}"
        for name, value in _changed(lesson, canonical).items()
        if name not in told
    )


def meaning(
    lesson: Declaration, values: Mapping[str, object], facts: Sequence[Fact]
) -> tuple[str, ...]:
    """What a run of a lesson means: the texts that are true of its facts, at its knobs, with each
    `{fact:NAME}` as it was measured.

    One plain text is written about the defaults, and elsewhere says so.
    """
    if isinstance(lesson.meaning, str):
        return (_at_defaults(lesson, values, lesson.meaning),) if lesson.meaning else ()
    found = {fact.name: measured(fact) for fact in facts}
    return tuple(
        named(_FIGURE.sub(lambda match: found.get(match["fact"], match[0]), text))
        for text in wording.true_of(lesson.meaning, facts, knobs.check(lesson.knobs, values))
    )


def following(lesson: Declaration, values: Mapping[str, object], facts: Sequence[Fact]) -> str:
    """What to try after a run of a lesson; as with what it means, a plain text is about the
    defaults."""
    if isinstance(lesson.next, str):
        return lesson.next and _at_defaults(lesson, values, lesson.next)
    return named(" ".join(wording.true_of(lesson.next, facts, knobs.check(lesson.knobs, values))))


def _at_defaults(lesson: Declaration, values: Mapping[str, object], text: str) -> str:
    """A plain text, which elsewhere says that it is about the defaults."""
    changed = setting(lesson, knobs.canonical(lesson.knobs, values))
    return f"{'At the defaults: ' if changed else ''}{named(text)}"


def mechanism(
    lesson: Declaration, values: Mapping[str, object], facts: Sequence[Fact]
) -> tuple[str, ...]:
    """How a run of a lesson comes out as it does: the points that are true of it."""
    return wording.true_of(lesson.mechanism, facts, knobs.check(lesson.knobs, values))


_NAME = re.compile(r"(?<![\w`./:=?-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w`(/=])")  # not in code
_FIGURE = re.compile(r"\{fact:(?P<fact>[^{}]+)\}")
_TARGET = re.compile(r"\]\(<?(?P<href>(?:fact|lesson):[^)\s>]+)")
_HREF = re.compile(
    r"(?P<scheme>fact|lesson):(?P<lesson>[^.?\s]+)(?:\.(?P<fact>[^?\s]+))?(?:\?(?P<query>\S*))?"
)
_DEVICES = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU"}
_MOST_PLACES, _MOST_PLACES_OF_LARGER, _SMALL = 6, 9, 0.001


def _changed(lesson: Declaration, canonical: str) -> dict[str, Value]:
    defaults = json.loads(knobs.canonical(lesson.knobs, {}))
    values: dict[str, Value] = json.loads(canonical)
    return {name: value for name, value in values.items() if value != defaults.get(name)}


def _measured(
    connection: Connection, lesson: Declaration, name: str, *, learner: int
) -> list[Row[Any]]:
    """Every measurement of one fact, the newest first."""
    rows = connection.execute(
        select(
            tables.fact,
            run.knobs,
            run.canonical,
            run.finished_at,
            run.offset,
            run.uid,
            run.device_id,
            run.epoch,
            run.stamp,
        )
        .join(tables.run, run.id == fact.run_id)
        .where(
            run.learner_id == learner,
            run.lesson == lesson.name,
            run.version == lesson.version,
            run.outcome == Ending.RESULT,
            fact.name == name,
        )
    ).all()
    return timeline.in_order(connection, rows, learner=learner)[::-1]


def has_run(connection: Connection, lesson: str, *, learner: int) -> bool:
    """Whether the learner has a result of a lesson."""
    found = exists().where(
        run.learner_id == learner, run.lesson == lesson, run.outcome == Ending.RESULT
    )
    return bool(connection.scalar(select(found)))


def as_fact(row: Row[Any]) -> Fact:
    """A row of the fact table as the lab's own value."""
    values = row._mapping
    return Fact(**{name: values[name] for name in Fact.__slots__})


def _own(lesson: Declaration, row: Row[Any], today: date) -> Figure:
    values = row._mapping
    measured_fact = as_fact(row)
    return Figure(
        measured_fact,
        True,
        _repetitions(lesson, values["knobs"], measured_fact),
        short_day(local(values["finished_at"], timedelta(seconds=values["offset"])), today),
        setting(lesson, values["canonical"]),
    )


def _reference(lesson: Declaration, name: str) -> Figure | None:
    kept = reference.read(reference.path(lesson)).get(lesson.name)
    found = kept.fact(name) if kept and kept.version == lesson.version else None
    if kept is None or found is None:
        return None
    repetitions = _repetitions(lesson, kept.knobs, found)
    return Figure(found, False, repetitions, _DEVICES.get(kept.device, kept.device))


def _repetitions(lesson: Declaration, values: Mapping[str, Value], figure: Fact) -> str:
    """What the fact's n counts: the knob for repetitions that has this value, else just n."""
    counts = [it.name for it in lesson.knobs if it.name == "seeds" or it.gpu is not None]
    for name in counts:
        if values.get(name) == figure.n:
            return f"one {name.removesuffix('s')}" if figure.n == 1 else f"{figure.n:,} {name}"
    return f"n = {figure.n:,}"


def _places(figure: Fact) -> int | None:
    """Decimal places to show; None where only an exponent would show anything."""
    if figure.low is not None and figure.high is not None and figure.low < figure.high:
        size, digits = figure.high - figure.low, 2
    elif figure.value == int(figure.value):
        return 0
    else:
        size, digits = abs(figure.value), 3
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    ends = [abs(end) for end in (figure.low, figure.high) if end]
    if figure.low is not None and figure.high is not None and figure.low * figure.high > 0:
        while places < _MOST_PLACES and not round(min(ends), places):
            places += 1  # an interval that leaves 0 out must not look as if it held 0
    most = _MOST_PLACES if abs(figure.value) < _SMALL else _MOST_PLACES_OF_LARGER
    return None if places > most else places


def _number(value: float, places: int | None, *, plus: bool = False) -> str:
    text = f"{value:.1e}" if places is None else f"{value:,.{places}f}"
    if not text.strip("-0.,"):  # nothing but zeros is left to show
        return text.removeprefix("-")
    return f"+{text}" if plus and value > 0 else minus(text)
