"""A questionnaire that a learner has filled in elsewhere, as an attempt of a chapter that is here.

Its questions, or the numbers of answers that stand alone, are matched to ours
(`notes/matching.py`), which is a `Proposal` to look at. What is
brought in is the learner's text alone: it is judged here, point by point, beside our answers. An
attempt is known by the file (`study/provenance.py`), so that the same file makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Row, select, update

from studyapp.errors import StudyError
from studyapp.notes import answersheet, formats, matching, wording
from studyapp.notes.foreign import Answers, Foreign, ForeignNote
from studyapp.notes.matching import By, Ours, Wordings
from studyapp.notes.note import Note, NoteKind, Problem
from studyapp.store import log, owner, tables
from studyapp.study import chapter as chapters
from studyapp.study import library, provenance, words
from studyapp.study.admission import is_started
from studyapp.study.card import as_note, read_variants
from studyapp.study.desk import Desk
from studyapp.study.draft import storable
from studyapp.study.learner import FIRST, name_of
from studyapp.study.questionnaire import post, response
from studyapp.study.questionnaire.attempt import make
from studyapp.study.questionnaire.history import BOOK_ORDER, Past, asked_in, attempts, is_question

attempt = tables.attempt.c
chapter = tables.chapter.c
note = tables.note.c
responses = tables.response.c
case = tables.variant.c


@dataclass(frozen=True, slots=True)
class Matched:
    """One of their questions, the line that it is on, what they answered, and what we ask instead:
    several questions (ids), where ours asks in parts. `by` and `likeness` say how sure that is. A
    post says which `variant` of the question it answers, and who asks in its words, too. Without a
    question it is an answer that has a number alone."""

    line: int
    question: str
    answer: str
    notes: tuple[int, ...]
    asked: tuple[str, ...]
    number: int | None
    by: By
    likeness: float
    variant: str | None = None

    @property
    def said(self) -> str:
        """What of theirs names it: the question, or without one the number and the answer."""
        return self.question or f"{self.number}. {self.answer}"

    def told(self, short: Callable[[str], str]) -> str:
        """Which of ours it is, made *short*, and how sure that is."""
        return (
            f"{'is' if self.question else 'answers'} {short(' / '.join(self.asked))} ({self.sure})"
        )

    @property
    def sure(self) -> str:
        """How sure it is that this is asked, in words."""
        if self.by in (By.ID, By.SAME):
            return self.by.value
        if not self.question:
            return "its number alone"
        return f"{self.by.value}, {self.likeness:.0%} alike"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file would bring to a chapter (its id and what it is called).

    `unmatched` say with their line which questions of the file are none of the chapter's, and what
    else of it is no answer. `ends` is the open attempt that would end; `known` says that all
    answers are in the attempt which this file has made before.
    """

    path: Path
    chapter: int
    name: str
    matched: tuple[Matched, ...]
    unmatched: tuple[Problem, ...]
    ends: Past | None = None
    known: bool = False

    @property
    def answered(self) -> tuple[Matched, ...]:
        return tuple(one for one in self.matched if one.answer)

    @property
    def ending(self) -> str:
        """That an open attempt would end, in a sentence; empty if none would."""
        if self.ends is None:
            return ""
        when = words.short_day(self.ends.day)
        return f"The open attempt of {when}, {self.ends.answered} answered, would end."


@dataclass(frozen=True, slots=True)
class Brought:
    """How many questions of the attempt (its id) have got an answer; `problems` say which have
    not, as they say something else here by now."""

    attempt: int
    answers: int
    problems: tuple[Problem, ...] = ()


def read(desk: Desk, path: Path, form: str | None = None) -> tuple[str, Foreign]:
    """Read a file for its answers, and say of which format it is. What says a question of ours word
    for word is that question, however it is written; where nothing asks, numbered answers are read.
    Raises StudyError as `formats.read` does."""
    with desk.reading() as connection:
        ours = _prompts(connection, learner=desk.learner)
    try:
        with wording.knowing(ours):
            name, foreign = formats.read(path, form)
    except StudyError:
        with suppress(StudyError):
            if form is None and (sheet := answersheet.read(path)).notes:
                return answersheet.SHAPE, sheet
        raise
    return name, foreign


def match(desk: Desk, path: Path, foreign: Foreign, name: str | None = None) -> Proposal:
    """Which questions of a chapter those of a file are: of the chapter *name*, or of the one that
    has most of them; a post names its own. Numbers alone tell only of a chapter that is named, or
    that has got them before. Raises StudyError if there is no such chapter, or none of them is in
    it."""
    asked = [one for one in foreign.notes if one.kind is NoteKind.QUESTION]
    learner = desk.learner
    with desk.reading() as connection:
        ids = _numbered(connection, learner=learner)
        if name is not None:
            ids = [chapters.find(connection, name, learner=learner)]
        if foreign.answers is not None:
            best = post.chapter_of(connection, path, foreign.answers, learner=learner)
            said = _answered(connection, foreign.answers, best, learner=learner)
            matched = tuple(said if best in ids else ())
        elif is_sheet(foreign):
            best, found = _sheet(connection, path, asked, ids, named=name, learner=learner)
            matched = tuple(found)
        else:
            best, found = _best(connection, asked, ids, learner=learner)
            matched = tuple(found)
        if not matched:
            of = "a chapter that is here" if name is None else f"chapter {name}"
            many = len(foreign.answers.answers) if foreign.answers is not None else len(asked)
            count = words.count(many, "answer" if is_sheet(foreign) else "question")
            raise StudyError(f"{path} has {count}, and none of them is known as one of {of}.")
        _, kept = _standing(connection, path, best, matched, learner=learner)
        others = attempts(connection, best, learner=learner)
        problems = [*_unmatched(path, foreign, asked, matched)]
        if is_sheet(foreign):
            problems += _unanswered(connection, path, best, asked, learner=learner)
        return Proposal(
            path,
            best,
            chapters.called(connection, best, learner=learner),
            matched,
            tuple(sorted(problems)),
            None if kept is not None else next((one for one in others if not one.finished), None),
            kept is not None and not _lacks(connection, kept.id, matched, learner=learner),
        )


def is_sheet(foreign: Foreign) -> bool:
    """Whether a file has answers by their numbers alone."""
    return bool(foreign.notes) and all(one.shape == answersheet.SHAPE for one in foreign.notes)


def bring_attempt(desk: Desk, proposal: Proposal) -> Brought:
    """Keep the answers as an open attempt, which is gone on with at the first of them. The same
    proposal once more adds what is missing and changes nothing else. Before it there is a backup.
    Raises StudyError if that cannot be made, or nothing is answered."""
    answered, learner = proposal.answered, desk.learner
    if not answered:
        raise StudyError(f"No question of {proposal.name} is answered in {proposal.path}.")
    desk.back_up("import")
    with desk.writing() as connection:
        now = desk.now()
        uid, kept = _standing(
            connection, proposal.path, proposal.chapter, proposal.matched, learner=learner
        )
        _keep_place(connection, proposal, learner=learner)
        of = _made(connection, proposal, uid, now, learner=learner) if kept is None else kept.id
        said = _said(connection, of, learner=learner)
        added, first, problems = 0, None, list[Problem]()
        for one, note_id, text in _answers(answered):
            if len(text) > response.LONGEST:
                told = f"the answer has more than {response.LONGEST:,} characters"
                problems.append(Problem(proposal.path, one.line, told))
            elif note_id not in said:
                response.put(
                    connection, of, note_id, now, learner=learner, text=text, variant=one.variant
                )
                added, first = added + 1, first or note_id
            elif said[note_id] != text:
                told = "the answer is another one here by now, which stays"
                problems.append(Problem(proposal.path, one.line, told))
        if first is not None:
            connection.execute(update(tables.attempt).where(attempt.id == of).values(note_id=first))
    return Brought(of, added, tuple(problems))


def take_back(desk: Desk, proposal: Proposal) -> int:
    """Take the answers out again that the file has brought and that are as it says; what was judged
    or changed since stays. The attempt that ended with it is open again. Returns how many went.
    Raises StudyError if there can be no backup first."""
    desk.back_up("import")
    learner = desk.learner
    with desk.writing() as connection:
        _, kept = _newest(
            connection, proposal.path, proposal.chapter, proposal.matched, learner=learner
        )
        if kept is None:
            return 0
        now = desk.now()
        theirs = {note_id: text for _, note_id, text in _answers(proposal.answered)}
        gone = [
            row.note_id
            for row in _rows(connection, kept.id, learner=learner)
            if row.grade is None and row.text and row.text == theirs.get(row.note_id)
        ]
        for note_id in gone:
            response.put(
                connection, kept.id, note_id, now, learner=learner, text="", ticked=[],
                revealed_at=None,
            )  # fmt: skip
        if not _said(connection, kept.id, learner=learner):
            _end(connection, kept, now, learner=learner)
    return len(gone)


def take_out(desk: Desk, path: Path, foreign: Foreign) -> tuple[int, int]:
    """Take back what a file has brought as answers, in whatever way: as an attempt, or as a post.
    Returns how many went, and how many stay in that attempt as it has gone on since. Raises
    StudyError if there can be no backup first, or nothing of it is of a chapter that is here."""
    proposal = match(desk, path, foreign)
    gone = take_back(desk, proposal)
    with desk.writing() as connection:
        _, kept = _newest(
            connection, path, proposal.chapter, proposal.matched, learner=desk.learner
        )
        stays = len(_said(connection, kept.id, learner=desk.learner)) if kept else 0
        if foreign.answers is None or gone or stays:
            return gone, stays
        return post.take_back(connection, path, foreign.answers, desk.now(), learner=desk.learner)


# --- what is asked here -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ours:
    """The questions of a chapter, each with its id, and what of it tells whose others are."""

    notes: tuple[tuple[int, Note], ...]
    texts: tuple[Ours, ...]


def _numbered(connection: Connection, *, learner: int) -> list[int]:
    """The chapters that may be meant unless one is named: a deck may be the same file's notes."""
    return list(
        connection.scalars(
            select(chapter.id)
            .where(owner.theirs(chapter, learner=learner), chapter.number.is_not(None))
            .order_by(*tables.IN_ORDER)
        )
    )


def _best(
    connection: Connection, asked: Sequence[ForeignNote], ids: Sequence[int], *, learner: int
) -> tuple[int, list[Matched]]:
    """The chapter, of those with these *ids*, that has most of what is *asked*, and its matches."""
    best, most, found = 0, 0.0, list[Matched]()
    for chapter_id in ids:
        ours = _ours(connection, chapter_id, learner=learner)
        matches = matching.match(asked, ours.texts)
        if (weight := sum(one.weight for one in matches)) > most:
            best, most = chapter_id, weight
            found = [_matched(asked[one.theirs], one, ours) for one in matches]
    return best, found


def _sheet(
    connection: Connection,
    path: Path,
    given: Sequence[ForeignNote],
    ids: Sequence[int],
    *,
    named: str | None,
    learner: int,
) -> tuple[int, list[Matched]]:
    """The chapter of answers that have numbers alone, and its matches: the one that is *named*, or
    that the file has answered before. Raises StudyError if it is neither."""
    for chapter_id in ids:
        ours = _ours(connection, chapter_id, learner=learner)
        matches = matching.by_number(given, ours.texts)
        found = [_matched(given[one.theirs], one, ours) for one in matches]
        if named is not None or _newest(connection, path, chapter_id, found, learner=learner)[1]:
            return chapter_id, found
    raise StudyError(
        f"{path} has {words.count(len(given), 'numbered answer')} and no question; --as-attempt "
        "--chapter N says whose questions they answer."
    )


def _ours(connection: Connection, chapter_id: int, *, learner: int) -> _Ours:
    """The questions of a chapter, with the book's numbers if it has any."""
    rows = connection.execute(
        select(tables.note).where(*asked_in(chapter_id, learner=learner)).order_by(*BOOK_ORDER)
    ).all()
    has_book = any(row.book is not None for row in rows)
    cases = read_variants(connection, [row.id for row in rows])
    notes = tuple((row.id, as_note(row, cases.get(row.id, ()))) for row in rows)
    texts = (
        Ours(row.book if has_book else row.number, one.question, _says(one), (*_cases(one),))
        for row, (_, one) in zip(rows, notes, strict=True)
    )
    return _Ours(notes, tuple(texts))


def _prompts(connection: Connection, *, learner: int) -> list[str]:
    """What the questions of all chapters ask, in each of their cases."""
    here = note.chapter_id.in_(_numbered(connection, learner=learner))
    asks = here, is_question(), owner.visible(note, learner=learner)
    own = select(note.prompt).where(*asks)
    cases = select(case.prompt).join(tables.note, note.id == case.note_id).where(*asks)
    return [*connection.scalars(own), *connection.scalars(cases)]


def _says(one: Note) -> str:
    return "\n".join([one.question, one.answer, *(point.text for point in one.points)])


def _matched(theirs: ForeignNote, found: matching.Match, ours: _Ours) -> Matched:
    parts = [ours.notes[place] for place in found.ours]
    variant = _variant(parts[0][1], theirs.question) if found.by is By.SAME else None
    return Matched(
        theirs.line,
        theirs.question,
        storable(theirs.answer).strip("\n"),
        tuple(note_id for note_id, _ in parts),
        tuple(part.shown(variant).prompt for _, part in parts),
        ours.texts[found.ours[0]].number,
        found.by,
        found.likeness,
        variant,
    )


def _cases(one: Note) -> Iterator[str]:
    """What the variants of a question ask."""
    return (one.shown(variant.key).question for variant in one.variants)


def _variant(one: Note, asked: str) -> str | None:
    """The variant of a question that is *asked* in its words; None if that is its own text."""
    place, *_ = Wordings([(one.question,), *((text,) for text in _cases(one))])[asked]
    return one.variants[place - 1].key if place else None


def _answered(
    connection: Connection, given: Answers, chapter_id: int, *, learner: int
) -> Iterator[Matched]:
    """The answers of a post, which names the questions of its chapter."""
    known = post.questions_of(connection, chapter_id, learner=learner)
    for one in given.answers:
        if (ours := known.get(one.note)) is not None:
            text, asks = storable(one.text).strip("\n"), (ours.prompt,)
            yield Matched(
                one.line, ours.prompt, text, (ours.id,), asks, None, By.ID, 1.0, one.variant
            )


def _unmatched(
    path: Path, foreign: Foreign, asked: Sequence[ForeignNote], matched: Sequence[Matched]
) -> Iterator[Problem]:
    """What of a file is no answer to a question of the chapter."""
    yield from foreign.problems
    known = {(match.line, match.question) for match in matched}
    lines = {wording.said(match.question): match.line for match in matched}
    numbers = {match.number: match.line for match in matched}
    for one in asked:
        if (one.line, one.question) in known:
            continue
        said = " ".join((one.question or one.answer).split())[:100]
        if not one.question and one.number in numbers:
            told = f"number {one.number} is on line {numbers[one.number]} already: {said}"
        elif not one.question:
            told = f"no question of the chapter has number {one.number}: {said}"
        elif line := lines.get(wording.said(one.question)):
            told = f"asked on line {line}, too, of which the answer is taken: {said}"
        else:
            told = f"no question of the chapter: {said}"
        if one.answer or not told.startswith("asked"):
            yield Problem(path, one.line, told)
    answered = {match.line for match in matched}
    for given in foreign.answers.answers if foreign.answers is not None else ():
        if given.line not in answered:
            yield Problem(path, given.line, f"no question of the chapter: {given.note}")
    for match in matched:
        if not match.answer:
            said = "this question has no answer" if match.question else "this number has no answer"
            yield Problem(path, match.line, said)
    terms = [one for one in foreign.notes if one.kind is NoteKind.TERM]
    own = foreign.answers.notes if foreign.answers is not None else ()
    for some, noun in (
        (terms, "term"),
        (foreign.lecture, "time"),
        (foreign.tracker, "row"),
        (own, "own note"),
    ):
        if some:
            told = f"{words.count(len(some), noun)}, from this line on, and no answer to a question"
            yield Problem(path, some[0].line, told)


def _unanswered(
    connection: Connection,
    path: Path,
    chapter_id: int,
    given: Sequence[ForeignNote],
    *,
    learner: int,
) -> Iterator[Problem]:
    """Which of a chapter's numbers a file of numbered answers lacks, as one problem."""
    ours = _ours(connection, chapter_id, learner=learner).texts
    numbers = sorted({one.number for one in ours if one.number is not None})
    lacking = [*_rows_of(numbers, {one.number for one in given})]
    if lacking:
        told = f"these numbers of the chapter have no answer: {words.listed(lacking)}"
        yield Problem(path, given[0].line, told)


def _rows_of(numbers: Sequence[int], but: Collection[int | None]) -> Iterator[str]:
    """The *numbers* without some, those that follow each other as one: "7 to 31"."""
    for is_left, row in groupby(numbers, lambda number: number not in but):
        first, *others = row
        if is_left and len(others) > 1:
            yield f"{first} to {others[-1]}"
        elif is_left:
            yield from map(str, (first, *others))


# --- attempts ---------------------------------------------------------------------------------


def _standing(
    connection: Connection,
    path: Path,
    chapter_id: int,
    matched: Sequence[Matched],
    *,
    learner: int,
) -> tuple[bytes, Row[Any] | None]:
    """The attempt to which the answers of a file go, None if that is a new one of the given uid:
    one that has ended takes nothing more, so that a file that has gone on is another sitting."""
    uid, newest = _newest(connection, path, chapter_id, matched, learner=learner)
    if (
        newest is not None
        and newest.finished_at
        and _lacks(connection, newest.id, matched, learner=learner)
    ):
        return uid, None
    return uid, newest


def _newest(
    connection: Connection,
    path: Path,
    chapter_id: int,
    matched: Sequence[Matched],
    *,
    learner: int,
) -> tuple[bytes, Row[Any] | None]:
    """The newest attempt that a file has made and that was not taken back, and the uid of the next
    one."""
    place = _place(connection, chapter_id, learner=learner)
    name = _name(connection, place, path, matched, learner=learner)
    return _chain(connection, f"{place}:{name}", learner=learner)


def _chain(connection: Connection, called: str, *, learner: int) -> tuple[bytes, Row[Any] | None]:
    """The newest attempt that has answers of those that are *called* so, and the uid of the next
    one."""
    uid, newest = uuid5(NAMESPACE_URL, called), None
    while (row := _kept(connection, uid.bytes, learner=learner)) is not None:
        newest = row if _said(connection, row.id, learner=learner) else newest
        uid = uuid5(uid, "again")
    return uid.bytes, newest


def _place(connection: Connection, chapter_id: int, *, learner: int) -> str:
    """How the answers of a learner's files to a chapter are called, before the file's name."""
    pack, number, title = connection.execute(
        select(chapter.pack, chapter.number, chapter.title).where(chapter.id == chapter_id)
    ).one()
    whose = "" if learner == FIRST else f"{name_of(connection, learner=learner)}:"
    return f"studyapp:answers:{whose}{pack}:{number or title}"


def _name(
    connection: Connection, place: str, path: Path, matched: Sequence[Matched], *, learner: int
) -> str:
    """What a file is called among those that have answered a chapter."""
    theirs = [(note_id, text) for _, note_id, text in _answers(matched) if text]

    def is_same(name: str) -> bool:
        _, kept = _chain(connection, f"{place}:{name}", learner=learner)
        said = _said(connection, kept.id, learner=learner) if kept is not None else {}
        return 2 * sum(said.get(note_id) == text for note_id, text in theirs) > len(theirs)

    packs = library.packs_at(connection, learner=learner)
    return provenance.answers(packs, place, path, is_same)


def _keep_place(connection: Connection, proposal: Proposal, *, learner: int) -> None:
    """Keep which file these answers are of. Raises StudyError."""
    place = _place(connection, proposal.chapter, learner=learner)
    name = _name(connection, place, proposal.path, proposal.matched, learner=learner)
    packs = library.packs_at(connection, learner=learner)
    provenance.keep_answers(packs, place, name, proposal.path)


def _kept(connection: Connection, uid: bytes, *, learner: int) -> Row[Any] | None:
    return connection.execute(
        select(tables.attempt).where(attempt.uid == uid, attempt.learner_id == learner)
    ).one_or_none()


def _made(
    connection: Connection, proposal: Proposal, uid: bytes, now: datetime, *, learner: int
) -> int:
    """A new attempt: of the book's own questions, if these are all that is answered."""
    answered = [note_id for one in proposal.answered for note_id in one.notes]
    books = connection.scalars(select(note.book).where(note.id.in_(answered)))
    return make(
        connection,
        uid,
        proposal.chapter,
        now,
        pretest=not is_started(connection, proposal.chapter, learner=learner),
        book=all(number is not None for number in books),
        learner=learner,
    )


def _answers(answered: Sequence[Matched]) -> Iterator[tuple[Matched, int, str]]:
    """Each answer with each question that it is kept for: who asked in one has answered in one."""
    return ((one, note_id, one.answer) for one in answered for note_id in one.notes)


def _rows(connection: Connection, of: int, *, learner: int) -> Sequence[Row[Any]]:
    return connection.execute(
        select(tables.response).where(
            responses.attempt_id == of, responses.learner_id == learner, response.ANSWERED
        )
    ).all()


def _said(connection: Connection, of: int, *, learner: int) -> Mapping[int, str]:
    """What is answered in an attempt, by the question's id."""
    return {row.note_id: row.text for row in _rows(connection, of, learner=learner)}


def _lacks(connection: Connection, of: int, matched: Sequence[Matched], *, learner: int) -> bool:
    """Whether an attempt lacks an answer, or has another one."""
    said = _said(connection, of, learner=learner)
    theirs = _answers([one for one in matched if one.answer])
    return any(said.get(note_id) != text for _, note_id, text in theirs)


def _end(connection: Connection, taken: Row[Any], now: datetime, *, learner: int) -> None:
    """End an attempt that has no answer any more, and open what had ended with its first one."""
    at = log.utc(now)
    ended = connection.scalars(
        select(attempt.id).where(
            attempt.learner_id == learner,
            attempt.chapter_id == taken.chapter_id,
            attempt.finished_at == taken.started_at,
        )
    ).all()
    connection.execute(
        update(tables.attempt).where(attempt.id == taken.id).values(finished_at=at, changed_at=at)
    )
    for one in ended:
        response.reopen(connection, one, now, learner=learner)
