"""One sitting of a chapter's questionnaire; it can be left and resumed for weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.notes.card import Face, question_face
from studyapp.notes.note import (
    CardStyle,
    Note,
    Variant,
    chapter_name,
    chapter_title,
)
from studyapp.notes.variant import pick
from studyapp.store import log, tables
from studyapp.study import words
from studyapp.study.admission import is_started
from studyapp.study.card import as_note, read_variants
from studyapp.study.chapter import namesakes
from studyapp.study.desk import Desk
from studyapp.study.grading import Grade, propose_grade
from studyapp.study.questionnaire import response
from studyapp.study.questionnaire.history import (
    BOOK_ORDER,
    BOOKS_OWN_ORDER,
    Past,
    asked_in,
    asked_of,
    attempts,
    count_questions,
)
from studyapp.study.questionnaire.promise import Promise, promises
from studyapp.study.stopwatch import Stopwatch
from studyapp.study.undo import Newest, newest_grade

note = tables.note.c
chapter = tables.chapter.c
section = tables.section.c
responses = tables.response.c
attempt = tables.attempt.c
card = tables.card.c
memory = tables.memory.c

_NAMED = 5  # the version of an identity that is made of a name, here of a file's


class Mark(StrEnum):
    """How far a question of an attempt has come."""

    OPEN = "open"
    WRITTEN = "written"
    MISSED = "missed"
    PARTLY = "partly"
    GOT = "got it"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of an attempt with what the learner has made of it so far. `note` has the text
    that is asked: of the `variant`, if it has one."""

    note_id: int
    note: Note
    face: Face
    section_title: str | None
    text: str = ""
    ticked: frozenset[int] = frozenset()
    confidence: float | None = None
    flagged: bool = False
    revealed: bool = False
    grade: Grade | None = None
    scheduled: bool = False  # whether the grade came with a review
    variant: str | None = None

    @property
    def to_do(self) -> bool:
        """Something to do, not to answer."""
        return self.note.card is CardStyle.DO

    @property
    def mark(self) -> Mark:
        if self.grade is not None:
            return Mark(self.grade.value)
        return Mark.WRITTEN if self.text.strip() else Mark.OPEN

    @property
    def proposed(self) -> Grade | None:
        """What the ticks propose, or that there is nothing to tick."""
        if self.to_do:
            return None
        return propose_grade(self.face.points, self.ticked, self.note.need)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer to the same question in an earlier attempt. `asked` is what was asked then, if it
    was another variant of it."""

    day: date
    text: str
    grade: Grade | None
    asked: str | None = None


class Attempt:
    """A learner's way through a chapter's questions; the current one is `current`.

    Whatever is done is one write transaction, finished before the call returns.
    """

    def __init__(
        self,
        desk: Desk,
        chapter_id: int,
        *,
        anew: bool = False,
        pretest: bool | None = None,
        book: bool = False,
    ) -> None:
        """Resume the newest attempt of a chapter, or begin one (always, if *anew*).

        A new one is a pretest if the learner says so; unsaid, while the chapter is not started.
        With *book* it is one of the book's own questionnaire alone, begun if that is not the one
        that is open. `begun` tells which it was, and `ends` is the open one that its first answer
        will end. Raises StudyError if the chapter has no questions.
        """
        self.desk = desk
        self.chapter_id = chapter_id
        learner = desk.learner
        with desk.reading() as connection:
            _, self.number, self.title, self.of = quizzed(connection, chapter_id, learner=learner)
            if pretest is None:
                pretest = not is_started(connection, chapter_id, learner=learner)
            row = _unfinished(connection, chapter_id, pretest, book=book, learner=learner)
            row = None if anew else row
            marked = count_questions(connection, self.chapter_id, book=True, learner=learner)
            if book and not marked:
                name = words.capital(chapter_name(self.number, self.title, self.of))
                raise StudyError(f"{name} marks no question as the book's own.")
            if row is not None and (not row.book if book else row.book and not marked):
                row = None
        if row is None:
            with desk.writing() as connection:
                row = _begin(
                    connection, self.chapter_id, desk.now(), pretest, book=book, learner=learner
                )
        self.id: int = row.id
        with desk.reading() as connection:
            past = attempts(connection, chapter_id, learner=learner)
        self.begun = self.id not in {one.id for one in past}
        still_open = (one for one in past if not one.finished)
        self.ends: Past | None = next(still_open, None) if self.begun else None
        self.pretest: bool = row.pretest
        self.book: bool = row.book
        self.from_file = UUID(bytes=row.uid).version == _NAMED
        zone = timezone(timedelta(seconds=row.offset))
        self.started: date = study_day(row.started_at.astimezone(zone))
        with desk.reading() as connection:
            self.questions = self._read_questions(connection)
        if self.finished:  # what was left of it is no longer in the content
            with desk.writing() as connection:
                self._end_if_graded(connection)
        numbers = [one.note_id for one in self.questions]
        self.index = numbers.index(row.note_id) if row.note_id in numbers else 0
        following = self.next_open()
        if self.current.grade is not None and following is not None:
            self.index = following
        self._watch = Stopwatch(desk.now)  # of the current question
        self._promised: dict[tuple[int, Grade], Promise] = {}  # by note

    @property
    def name(self) -> str:
        """chapter 3 · Its title, deck Spanish."""
        return chapter_title(self.number, self.title, pack=self.of)

    @property
    def current(self) -> Asked:
        return self.questions[self.index]

    @property
    def place(self) -> str:
        """Where in the course the current question belongs, in words."""
        asked = self.current
        if asked.note.section and asked.section_title:
            after = f"{asked.note.section} {asked.section_title}"
            return chapter_title(self.number, self.title, after, self.of)
        return self.name

    @property
    def asks(self) -> str:
        """Of what its questions are so many: all 74, the book's 38."""
        return asked_of(len(self.questions), book=self.book)

    @property
    def answered(self) -> int:
        """Questions that were written to or judged, as lists of open attempts count them."""
        return sum(bool(one.grade or one.text) for one in self.questions)

    @property
    def opening(self) -> str:
        """What opening it has begun, or what it goes on with, in a sentence or two."""
        today = study_day(self.desk.now())
        kind = "pretest" if self.pretest else "attempt"
        if not self.begun:
            when = words.day(self.started, today)
            return f"The {kind} of {when} goes on: {self.answered} of {self.asks} answered."
        asks = asked_of(len(self.questions), book=self.book, named=True)
        told = f"A new {kind} begins: {asks}."
        with self.desk.reading() as connection:
            if not is_started(connection, self.chapter_id, learner=self.desk.learner):
                told += " The chapter is not started."
        told += " A new card that you miss in it stays new." if self.pretest else ""
        if self.ends is not None:
            when = words.day(self.ends.day, today)
            answered = self.ends.answered
            told += f" The open one of {when}, {answered} answered, ends with its first answer."
        return told

    def go_to(self, index: int) -> None:
        """Show another question; it stays in range."""
        self.index = max(0, min(len(self.questions) - 1, index))
        self._watch.start()

    def next_open(self) -> int | None:
        """The next question without a grade after the current one, then from the first on."""
        count = len(self.questions)
        ahead = [(self.index + step) % count for step in range(1, count + 1)]
        return next((index for index in ahead if self.questions[index].grade is None), None)

    @property
    def finished(self) -> bool:
        return all(one.grade is not None for one in self.questions)

    def count(self, *marks: Mark) -> int:
        return sum(one.mark in marks for one in self.questions)

    def write(
        self,
        text: str,
        before: str | None = None,
        patience: float | None = None,
        *,
        index: int | None = None,
    ) -> str:
        """Keep the text of an answer, the current one's by default, which said *before* when it was
        last looked at; returns what is kept: where another window has written meanwhile, its text
        and this one below.

        Raises StudyError if it is too long, AlreadyRatedError if another window has graded the
        answer, LockedError if the database is busy.
        """
        self._watch.touched()
        index = self.index if index is None else index
        asked = self.questions[index]
        before = asked.text if before is None else before
        desk = self.desk if patience is None else self.desk.at(patience)
        with desk.writing() as connection:
            kept = response.write(
                connection,
                self.id,
                asked.note_id,
                text,
                before,
                desk.now(),
                variant=asked.variant,
                learner=desk.learner,
            )
        self.questions[index] = replace(self.questions[index], text=kept)
        return kept

    def flag(self) -> None:
        """Mark the current question to come back to, or take the mark away."""
        self._put(flagged=not self.current.flagged)

    def be_sure(self, confidence: float | None) -> None:
        """Say before revealing how likely the answer is to be right (0 to 1)."""
        if self.current.revealed:
            raise StudyError("Confidence counts only before the answer is shown.")
        self._put(confidence=confidence)

    def reveal(self) -> None:
        """Show the reference answer, for the rest of the day whenever this question is shown."""
        if not self.current.revealed:
            self._put(revealed_at=log.utc(self.desk.now()))
            self.questions[self.index] = replace(self.current, revealed=True)

    def tick(self, ticked: frozenset[int]) -> None:
        """Keep the points that the answer made."""
        self._put(ticked=response.point_keys(self.current.face.points, ticked))
        self.questions[self.index] = replace(self.current, ticked=ticked)

    def promises(self) -> dict[Grade, str]:
        """When the current answer comes back after each grade, which keeps to it from now on. Empty
        for something to do."""
        asked = self.current
        with self.desk.reading() as connection:
            found = promises(
                connection,
                asked.note,
                asked.note_id,
                asked.ticked,
                self.desk.now(),
                pretest=self.pretest,
                settings=self.desk.settings,
                learner=self.desk.learner,
            )
        self._promised = {(asked.note_id, given): one for given, one in found.items()}
        return {given: one.told for given, one in found.items()}

    def grade(self, given: Grade) -> bool:
        """Grade the current answer, go to the next open question, and return whether a review
        was scheduled. Something to do can only be done; everything else only be judged.

        Raises StudyError where that is mixed up, AlreadyRatedError if it is graded already, and
        ChangedError if it leads elsewhere now than `promises` said.
        """
        asked, index = self.current, self.index
        if asked.to_do != (given is Grade.DONE):
            kind = "is something to do: mark it done" if asked.to_do else "is one to judge"
            raise StudyError(f"This question {kind}.")
        now = self.desk.now()
        with self.desk.writing() as connection:
            scheduled = response.grade(
                connection,
                self.id,
                asked.note_id,
                given,
                asked.ticked,
                now,
                duration=self._watch.spent(),
                variant=asked.variant,
                shown=self._promised.get((asked.note_id, given)),
                settings=self.desk.settings,
                learner=self.desk.learner,
            )
            ended = self._end_if_graded(connection)
        self._promised = {}  # it was kept
        self.questions[index] = replace(asked, grade=given, scheduled=scheduled)
        if ended and not self.finished:  # another window has graded the rest
            self.reload()
        after = self.next_open()
        if after is not None:
            self.go_to(after)
        return scheduled

    def newest(self) -> Newest | None:
        """What `undo` would take back."""
        with self.desk.reading() as connection:
            return newest_grade(connection, self.id, self.desk.now(), learner=self.desk.learner)

    def undo(self) -> Asked | None:
        """Take back the newest grade of this attempt with its review and show the question."""
        with self.desk.writing() as connection:
            found = response.newest(connection, self.id, learner=self.desk.learner)
            if found is None:
                return None
            row = found[1]
            response.take_back(connection, row, self.desk.now(), learner=self.desk.learner)
        for index, one in enumerate(self.questions):
            if one.note_id == row.note_id:
                self.questions[index] = replace(one, grade=None, scheduled=False)
                self.go_to(index)
        return self.current

    def leave(self) -> None:
        """Remember the question on the screen for the next time."""
        with self.desk.writing() as connection:
            connection.execute(
                update(tables.attempt)
                .where(attempt.id == self.id, attempt.learner_id == self.desk.learner)
                .values(note_id=self.current.note_id, changed_at=log.utc(self.desk.now()))
            )

    def reload(self) -> None:
        """Read the answers again: another window has changed one. The current question stays."""
        shown = self.current.note_id
        with self.desk.reading() as connection:
            self.questions = self._read_questions(connection)
        numbers = [one.note_id for one in self.questions]
        self.index = numbers.index(shown) if shown in numbers else 0

    def _read_questions(self, connection: Connection) -> list[Asked]:
        learner = self.desk.learner
        return _asked(
            connection, self.chapter_id, self.id, self.desk.now(), book=self.book, learner=learner
        )

    def earlier(self) -> list[Earlier]:
        """What the learner wrote to the current question in other attempts, newest first."""
        with self.desk.reading() as connection:
            row = connection.execute(select(tables.note).where(note.id == self.current.note_id))
            cases = read_variants(connection, [self.current.note_id])
            whole = as_note(row.one(), cases.get(self.current.note_id, ()))
            rows = connection.execute(
                select(responses.text, responses.grade, responses.changed_at, responses.variant)
                .where(
                    responses.learner_id == self.desk.learner,
                    responses.note_id == self.current.note_id,
                    responses.attempt_id != self.id,
                    responses.text != "",
                )
                .order_by(responses.changed_at.desc())
            ).all()
        zone = self.desk.now().tzinfo
        found = []
        for text, given, at, key in rows:
            then = whole.shown(key).prompt
            asked = None if then == self.current.note.prompt else then
            day = study_day(at.astimezone(zone))
            found.append(Earlier(day, text, Grade(given) if given else None, asked))
        return found

    def _put(self, **values: Any) -> None:
        self._watch.touched()
        with self.desk.writing() as connection:
            response.put(
                connection,
                self.id,
                self.current.note_id,
                self.desk.now(),
                learner=self.desk.learner,
                **values | {"variant": self.current.variant},
            )
        known = {name: value for name, value in values.items() if name in ("flagged", "confidence")}
        self.questions[self.index] = replace(self.current, **known)

    def _end_if_graded(self, connection: Connection) -> bool:
        """End the attempt if the database has a grade for each of its questions."""
        graded = connection.scalars(
            select(responses.note_id).where(
                responses.learner_id == self.desk.learner,
                responses.attempt_id == self.id,
                responses.grade.is_not(None),
            )
        )
        if {one.note_id for one in self.questions} - set(graded):
            return False
        connection.execute(
            update(tables.attempt)
            .where(
                attempt.id == self.id,
                attempt.learner_id == self.desk.learner,
                attempt.finished_at.is_(None),
            )
            .values(finished_at=log.utc(self.desk.now()), changed_at=log.utc(self.desk.now()))
        )
        return True


class Quizzed(NamedTuple):
    """A chapter with questions. `of` is its pack, if another has a chapter that is called like
    it."""

    pack: str
    number: int | None  # None of a deck
    title: str
    of: str | None


def quizzed(connection: Connection, chapter_id: int, *, learner: int) -> Quizzed:
    """Which chapter it is. Raises StudyError if it has no questions."""
    pack, number, title = connection.execute(
        select(chapter.pack, chapter.number, chapter.title).where(chapter.id == chapter_id)
    ).one()
    if not count_questions(connection, chapter_id, learner=learner):
        what = f"Deck {title} has" if number is None else f"Chapter {number}, {title}, has"
        raise StudyError(f"{what} no questions yet; it is there to read.")
    of = namesakes(connection, learner=learner).get(chapter_id)
    return Quizzed(pack, number, title, of)


def _unfinished(
    connection: Connection, chapter_id: int, pretest: bool, *, book: bool, learner: int
) -> Row[Any] | None:
    """The open attempt; else one without an answer, if it was begun as it would be now."""
    rows = response.open_attempts(connection, chapter_id, learner=learner)
    done = set(
        connection.scalars(
            select(responses.attempt_id).where(
                responses.attempt_id.in_([row.id for row in rows]), response.ANSWERED
            )
        )
    )
    newest = [*reversed(rows)]
    going_on = [row for row in newest if row.id in done]
    empty = [row for row in newest if (row.pretest, row.book) == (pretest, book)]
    return next(iter(going_on or empty), None)


def _begin(
    connection: Connection,
    chapter_id: int,
    now: datetime,
    pretest: bool,
    *,
    book: bool,
    learner: int,
) -> Row[Any]:
    """A new attempt; with its first answer it takes the place of the open one."""
    made = make(
        connection, log.new_uid(), chapter_id, now, pretest=pretest, book=book, learner=learner
    )
    return connection.execute(select(tables.attempt).where(attempt.id == made)).one()


def make(
    connection: Connection,
    uid: bytes,
    chapter_id: int,
    now: datetime,
    *,
    pretest: bool = False,
    book: bool = False,
    ended: bool = False,
    learner: int,
) -> int:
    """Keep a new attempt; returns its id."""
    head = log.head(connection, now, learner=learner)
    made = connection.execute(
        insert(tables.attempt)
        .values(
            uid=uid,
            learner_id=learner,
            chapter_id=chapter_id,
            pretest=pretest,
            book=book,
            started_at=head.at,
            offset=int(head.offset.total_seconds()),
            finished_at=head.at if ended else None,
            day=head.day,
            changed_at=head.at,
            **head.order(),
        )
        .returning(attempt.id)
    ).scalar_one()
    log.settle(connection, head, learner=learner)
    return made


def _asked(
    connection: Connection,
    chapter_id: int,
    attempt_id: int,
    now: datetime,
    *,
    book: bool,
    learner: int,
) -> list[Asked]:
    """The chapter's questions in the book's order, then those that are not the book's; or the
    *book*'s alone."""
    rows = connection.execute(
        select(
            tables.note,
            section.title.label("section_title"),
            responses.text,
            responses.ticked,
            responses.confidence,
            responses.flagged,
            responses.revealed_at,
            responses.grade,
            responses.entries,
            responses.id.label("response_id"),
            responses.variant,
        )
        .outerjoin(
            tables.section,
            (section.chapter_id == note.chapter_id) & (section.number == note.section),
        )
        .outerjoin(
            tables.response,
            and_(
                responses.note_id == note.id,
                responses.attempt_id == attempt_id,
                responses.learner_id == learner,
            ),
        )
        .where(*asked_in(chapter_id, book=book, learner=learner))
        .order_by(*(BOOKS_OWN_ORDER if book else BOOK_ORDER))
    ).all()
    cases = read_variants(connection, [row.id for row in rows])
    picked = _picked(connection, cases, learner=learner)
    asked = []
    for row in rows:
        # What was begun stays as it was asked, however often its card is reviewed meanwhile.
        variant = picked.get(row.id) if row.response_id is None else row.variant
        value = as_note(row, cases.get(row.id, ())).shown(variant)
        face = question_face(value, attempt_id)
        asked.append(
            Asked(
                row.id,
                value,
                face,
                row.section_title,
                row.text or "",
                response.ticked_of(face.points, row.ticked or ()),
                row.confidence,
                bool(row.flagged),
                _is_revealed(row, now),
                Grade(row.grade) if row.grade else None,
                bool(row.entries),
                variant,
            )
        )
    return asked


def _is_revealed(row: Row[Any], now: datetime) -> bool:
    """Whether the reference has been shown: of what is not judged, today."""
    if row.revealed_at is None or row.grade is not None:
        return row.revealed_at is not None
    return study_day(row.revealed_at.astimezone(now.tzinfo)) == study_day(now)


def _picked(
    connection: Connection, cases: Mapping[int, Sequence[Variant]], *, learner: int
) -> dict[int, str | None]:
    """Which of the variants of each note its card would show now."""
    rows = connection.execute(
        select(card.note_id, card.uid, func.coalesce(memory.reviews, 0).label("turn"))
        .outerjoin(tables.memory, (memory.card_id == card.id) & (memory.learner_id == learner))
        .where(card.note_id.in_(list(cases)), card.missing_since.is_(None))
    )
    return {
        row.note_id: pick([one.key for one in cases[row.note_id]], row.uid, row.turn)
        for row in rows
    }
