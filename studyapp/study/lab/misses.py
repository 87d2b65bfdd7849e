"""What came out of a prediction becomes a card, or brings one forward (RULES: Predictions)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from studyapp.errors import SettingError, StudyError
from studyapp.lab import grade as grading
from studyapp.lab import knobs, wording
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict
from studyapp.lab.protocol import Choice
from studyapp.memory.clock import local, study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.note import NoteKind
from studyapp.notes.slug import own_id
from studyapp.store import log, record, tables
from studyapp.study import library, review
from studyapp.study.desk import Desk
from studyapp.study.grading import Grade
from studyapp.study.lab import facts
from studyapp.study.lab.predictions import Prediction
from studyapp.study.lab.runs import Run

CONFIDENT = 0.75  # misses above it come again after a week
WEEK = timedelta(days=7)
_LONG = "it has the whole mechanism of an experiment"  # of a lesson's length, not of ours
MONTH = timedelta(weeks=4)  # after which a right prediction is asked for again

attempt = tables.attempt.c
card = tables.card.c
chapter = tables.chapter.c
entry = tables.review.c
memory = tables.memory.c
note = tables.note.c
prediction = tables.prediction.c
chapter_progress = tables.chapter_progress.c
response = tables.response.c
run = tables.run.c


@dataclass(frozen=True, slots=True)
class MissCard:
    """The card that a prediction led to: a `new` one, or one that was there. `due` is a study day;
    `again` is the day of a confident miss's return; `logged` are uids of what was logged for it."""

    card: int
    new: bool
    due: date
    again: date | None
    logged: tuple[bytes, ...] = ()


def miss_card(desk: Desk, lesson: Declaration, missed: Run) -> MissCard:
    """Have a miss come back tomorrow. Raises StudyError if the prediction was not wrong.

    If a note cites the fact that decided it at the same knobs, and the learner knows one of its
    cards, that card is brought forward (one that is due sooner stays). Else a question goes to
    packs/mine. Its card starts with an Again of kind attempt, which is what happened: the learner
    was asked, missed, and saw the answer. Only then can its due date be set, for a new card has
    none; marking it as known would claim 30 days of memory instead.
    """
    made = missed.prediction
    if made is None or made.grade is not Verdict.WRONG:
        raise StudyError("Only a prediction that was wrong makes a card.")
    today = study_day(desk.now())
    tomorrow = today + timedelta(days=1)
    again = today + WEEK if made.prediction.sureness > CONFIDENT else None
    return _card(desk, lesson, missed, Rating.AGAIN, tomorrow, again)


def outcome_card(desk: Desk, lesson: Declaration, kept: Run) -> MissCard:
    """Have what came out come back: a miss tomorrow, what was right in four weeks. Raises
    StudyError if the prediction was neither.

    A card that covers what was right stays as it is: there is nothing to repair. A prediction that
    has its card keeps it.
    """
    made = kept.prediction
    if made is None or made.grade is not Verdict.RIGHT:
        return miss_card(desk, lesson, kept)
    due = study_day(desk.now()) + MONTH
    return _card(desk, lesson, kept, Rating.GOOD, due, None)


def take_back(desk: Desk, lesson: Declaration, kept: Run, made: MissCard) -> Path | None:
    """Undo what made this card: its rating and date, and the question itself.

    Returns the file in which a question stays because the learner has changed it since.
    """
    now, learner = desk.now(), desk.learner
    left = None
    if made.new:
        left = library.take_back(desk, made.card, lambda name: _text(lesson, kept, name))
    with desk.writing() as connection:
        for uid in reversed(made.logged):
            log.log_event(
                connection, made.card, EventKind.RETRACT, now, target=uid, learner=learner
            )
        _keep_card(connection, kept, None, learner=learner)
    if made.new:
        library.refresh(desk)
    return left


def _card(
    desk: Desk, lesson: Declaration, kept: Run, rating: Rating, day: date, again: date | None
) -> MissCard:
    """Write a question, rated as it went and due on *day*, or take a card that covers it: after a
    miss that one is brought forward."""
    now, learner = desk.now(), desk.learner
    with desk.reading() as connection:
        covered = _own(connection, kept, learner=learner)
        if covered is None:
            covered = _covered(connection, lesson, kept, learner=learner)
    sooner = covered is not None and rating is Rating.AGAIN and day < covered[1]
    card_id = covered[0] if covered else _write(desk, lesson, kept)
    logged: tuple[bytes, ...] = ()
    with desk.writing() as connection:
        if not covered:
            logged = review.answer(
                connection,
                card_id,
                None,
                rating,
                now,
                kind=ReviewKind.ATTEMPT,
                learner=learner,
                due_on=day,
            ).logged
        elif sooner:
            review.set_due(connection, card_id, day, now, learner=learner)
        _keep_card(connection, kept, card_id, learner=learner)
    due = covered[1] if covered and not sooner else day
    return MissCard(card_id, not covered, due, again, logged)


def _keep_card(connection: Connection, kept: Run, card_id: int | None, *, learner: int) -> None:
    connection.execute(
        update(tables.prediction)
        .where(prediction.run_id == kept.id, prediction.learner_id == learner)
        .values(card_id=card_id)
    )


def _own(connection: Connection, kept: Run, *, learner: int) -> tuple[int, date] | None:
    """The card that this very prediction has led to, and its due day."""
    row = connection.execute(
        select(card.id, memory.due)
        .join(tables.prediction, prediction.card_id == card.id)
        .join(tables.memory, memory.card_id == card.id)
        .where(
            prediction.run_id == kept.id,
            prediction.learner_id == learner,
            memory.learner_id == learner,
            memory.state != State.NEW,
            card.missing_since.is_(None),
        )
    ).one_or_none()
    return (row.id, row.due) if row else None


def bring_back(desk: Desk) -> int:
    """Make the cards of confident misses due again after a week; returns how many.

    A card that was reviewed on or after that day, or is due by now anyway, stays as it is: so it
    does no harm to call this at every start.
    """
    now, learner = desk.now(), desk.learner
    today = study_day(now)
    with desk.reading() as connection:
        late = missed_late(connection, today, learner=learner)
    if late:
        with desk.writing() as connection:
            for card_id in late:
                review.set_due(connection, card_id, today, now, learner=learner)
    return len(late)


def missed_late(connection: Connection, day: date, *, learner: int) -> set[int]:
    """Cards of confident misses that `bring_back` makes due on *day*."""
    return {row.card_id for row in _confident(connection, learner=learner) if _is_late(row, day)}


def righted(
    connection: Connection, cards: Collection[int], today: date, *, learner: int
) -> set[int]:
    """Those of the *cards* that were missed though the learner was sure, and were not right again
    on a day between: each is told once."""
    missed = _missed_surely(connection, learner=learner)
    rows = connection.execute(
        select(entry.card_id, entry.day).where(
            entry.learner_id == learner,
            entry.card_id.in_(missed.keys() & set(cards)),
            entry.rating > Rating.HARD,
            entry.day < today,
            record.not_retracted(),
        )
    )
    told = {row.card_id for row in rows if row.day > missed[row.card_id]}
    return {one for one in cards if one in missed and missed[one] < today} - told


def _missed_surely(connection: Connection, *, learner: int) -> dict[int, date]:
    """Cards of predictions that were wrong, and of answers that were missed in a questionnaire,
    though the learner was sure; the day of the last such miss."""
    rows = connection.execute(
        select(card.id, response.graded_at, response.changed_at, attempt.offset)
        .join(tables.response, response.note_id == card.note_id)
        .join(tables.attempt, attempt.id == response.attempt_id)
        .where(
            response.learner_id == learner,
            response.grade == Grade.MISSED.value,
            response.confidence > CONFIDENT,
        )
    )
    answered = [
        (row.id, study_day(local(row.graded_at or row.changed_at, timedelta(seconds=row.offset))))
        for row in rows
    ]
    foretold = [(row.card_id, _missed_on(row)) for row in _confident(connection, learner=learner)]
    return dict(sorted([*answered, *foretold], key=lambda it: it[1]))


def _confident(connection: Connection, *, learner: int) -> list[Row[Any]]:
    return list(
        connection.execute(
            select(prediction.card_id, run.finished_at, run.offset, memory.due, memory.last_day)
            .join(tables.run, run.id == prediction.run_id)
            .join(tables.card, card.id == prediction.card_id)
            .join(tables.memory, memory.card_id == card.id)
            .where(
                prediction.learner_id == learner,
                prediction.grade == Verdict.WRONG.value,
                or_(prediction.confidence > CONFIDENT, prediction.answer.is_(None)),
                memory.learner_id == learner,
                memory.state != State.NEW,
                memory.suspended.is_(False),
                card.missing_since.is_(None),
            )
        )
    )


def _missed_on(row: Row[Any]) -> date:
    return study_day(local(row.finished_at, timedelta(seconds=row.offset)))


def _is_late(row: Row[Any], today: date) -> bool:
    missed = _missed_on(row)
    return bool(missed + WEEK <= today < row.due and row.last_day < missed + WEEK)


def _covered(
    connection: Connection, lesson: Declaration, missed: Run, *, learner: int
) -> tuple[int, date] | None:
    """The card known to the learner, and its due day, whose note cites the deciding fact."""
    own = {choice.fact for choice in lesson.question.choices if choice.fact}
    deciding = own | {lesson.question.fact}
    citing = facts.citing(connection, lesson.name)
    notes = [
        note_id
        for note_id, links in citing.items()
        if any(it.fact in deciding and _is_at(lesson, it, missed.canonical) for it in links)
    ]
    row = connection.execute(
        select(card.id, memory.due)
        .join(tables.memory, memory.card_id == card.id)
        .where(
            card.note_id.in_(notes),
            card.missing_since.is_(None),
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.suspended.is_(False),
        )
        .order_by(memory.due, card.position)
        .limit(1)
    ).one_or_none()
    return (row.id, row.due) if row else None


def _is_at(lesson: Declaration, link: facts.Link, canonical: str) -> bool:
    try:
        return knobs.canonical(lesson.knobs, knobs.parse(lesson.knobs, link.knobs)) == canonical
    except SettingError:  # a link to a knob that the lesson no longer has
        return False


def _write(desk: Desk, lesson: Declaration, missed: Run) -> int:
    """Write the question to packs/mine and return its card. One that is there already, and was
    never rated because the app ended in between, is taken instead."""
    front = _front(lesson, missed)
    with desk.reading() as connection:
        home = _home(connection, lesson, learner=desk.learner)
        waiting = _waiting(
            connection,
            home.path(library.packs_of(desk), NoteKind.QUESTION),
            front,
            learner=desk.learner,
        )
        taken = set(connection.scalars(select(note.name)))
    if waiting is not None:
        return waiting
    name = own_id(f"missed {lesson.name}", taken)
    return library.keep_note(desk, home, name, _text(lesson, missed, name))


def _waiting(connection: Connection, path: Path, front: str, *, learner: int) -> int | None:
    """The card of the question *front* in the file *path*, if the learner never rated it."""
    known = select(memory.card_id).where(memory.learner_id == learner, memory.state != State.NEW)
    return connection.scalar(
        select(card.id)
        .join(tables.note, note.id == card.note_id)
        .where(
            note.path == str(path),
            note.prompt == front,
            card.missing_since.is_(None),
            card.id.not_in(known),
        )
    )


def _home(connection: Connection, lesson: Declaration, *, learner: int) -> library.Home:
    """The chapter that a card on the lesson belongs to: the first started one that cites it, else
    the one started last."""
    cites = note.id.in_(list(facts.citing(connection, lesson.name)))
    row = connection.execute(
        select(chapter.pack, chapter.part, chapter.number, chapter.title)
        .join(tables.chapter_progress, chapter_progress.chapter_id == chapter.id)
        .join(tables.note, note.chapter_id == chapter.id)
        .where(
            chapter_progress.learner_id == learner, chapter_progress.started_at.is_not(None), cites
        )
        .order_by(*tables.IN_ORDER)
        .limit(1)
    ).one_or_none()
    return library.Home(*row) if row else library.last_started(connection, learner=learner)


def _text(lesson: Declaration, missed: Run, name: str) -> str:
    """The question as it stands in its file."""
    said = f"<!-- tags: {facts.TOPIC}{lesson.name}, long: {_LONG} -->"
    front, back = _front(lesson, missed), _back(lesson, missed)
    return f"## {front} {{#{name}}}\n\n{back}\n\n{said}"


def _said(missed: Run) -> Prediction:
    assert missed.prediction is not None
    return missed.prediction.prediction


def _front(lesson: Declaration, missed: Run) -> str:
    """What was set up, and the question with what there is to choose from: to be read alone."""
    said = _said(missed)
    question = lesson.question
    told = {name for name, _ in wording.fields(question.text)}
    changed = facts.setting(lesson, missed.canonical, told)
    named = f"{lesson.name}, with {changed}" if changed else lesson.name
    asked = wording.filled(question.text, knobs.check(lesson.knobs, missed.knobs))
    hint = " / ".join(choice.text for choice in question.choices) or question.unit
    front = f"Experiment “{lesson.title}” ({named}): {asked}" + (f" ({hint})" if hint else "")
    if not isinstance(said.answer, str) and _is_wrong(missed):
        front += f" You said {_span(said.answer)}: was it more, or less?"
    return " ".join(front.split())


def _back(lesson: Declaration, missed: Run) -> str:
    """The direction, with the figure as a link below which its interval is shown, the mechanism,
    and what the learner had said; the direction is the point to judge oneself by."""
    said = _said(missed)
    truth, fact = _truth(lesson, missed, said)
    shown = _escaped(truth[:1].upper() + truth[1:])
    cited = f"[{shown}]({facts.href(lesson, fact, missed.knobs)})."
    points = facts.mechanism(lesson, missed.knobs, missed.facts)
    how = " ".join(points or facts.meaning(lesson, missed.knobs, missed.facts))
    mechanism = f"{cited} {' '.join(how.split())}".rstrip()
    right = "" if _is_wrong(missed) else ", and were right"
    return f"{mechanism}\n\nYou said {said.said}{right}.\n\n- [ ] {_escaped(truth)}"


def _is_wrong(kept: Run) -> bool:
    return kept.prediction is not None and kept.prediction.grade is Verdict.WRONG


def _span(answer: tuple[float, float]) -> str:
    return f"{answer[0]:g} to {answer[1]:g}"


def _truth(lesson: Declaration, missed: Run, said: Prediction) -> tuple[str, str]:
    """What came out, in words without a number, and the fact that says so."""
    question = lesson.question
    if not isinstance(said.answer, str):
        if not _is_wrong(missed):
            return f"{_span(said.answer)} {question.unit}".rstrip(), question.fact
        found = missed.fact(question.fact)
        more = found is not None and found.value > said.answer[1]
        return ("more" if more else "less") + " than you said", question.fact
    right = next((it for it in question.choices if _is_right(lesson, it, missed)), None)
    if right is not None:
        return right.text, right.fact or question.fact
    chosen = next(it for it in question.choices if it.text == said.answer)
    return f"not {chosen.text}", chosen.fact or question.fact


def _is_right(lesson: Declaration, choice: Choice, missed: Run) -> bool:
    return grading.grade(lesson.question, choice.text, missed.facts) is Verdict.RIGHT


def _escaped(text: str) -> str:
    return text.replace("[", r"\[").replace("]", r"\]")
