"""A questionnaire that a learner has filled in elsewhere, as an attempt of a chapter that is here.

Its questions are matched to ours (`notes/matching.py`), which is a `Proposal` to look at. What is
brought in is the learner's text alone: it is judged here, point by point, beside our answers. An
attempt is known by the file (`study/provenance.py`), so that the same file makes one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Row, select, update

from studyapp.errors import StudyError
from studyapp.notes import matching
from studyapp.notes.foreign import Answers, Foreign, ForeignNote
from studyapp.notes.matching import By, Ours
from studyapp.notes.note import Note, NoteKind, Problem
from studyapp.store import log, owner, tables
from studyapp.study import chapter as chapters
from studyapp.study import library, provenance, words
from studyapp.study.admission import is_started
from studyapp.study.card import as_note
from studyapp.study.desk import Desk
from studyapp.study.draft import storable
from studyapp.study.learner import FIRST, name_of
from studyapp.study.questionnaire import post, response
from studyapp.study.questionnaire.attempt import make
from studyapp.study.questionnaire.history import BOOK_ORDER, Past, asked_in, attempts

attempt = tables.attempt.c
chapter = tables.chapter.c
note = tables.note.c
responses = tables.response.c


@dataclass(frozen=True, slots=True)
class Matched:
    """One of their questions, the line that it is on, what they answered, and what we ask instead:
    several questions (ids), where ours asks in parts. `by` and `likeness` say how sure that is. A
    post says which `variant` of the question it answers."""

    line: int
    question: str
    answer: str
    notes: tuple[int, ...]
    asked: tuple[str, ...]
    number: int | None
    by: By
    likeness: float
    variant: str | None = None


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


@dataclass(frozen=True, slots=True)
class Brought:
    """How many questions of the attempt (its id) have got an answer; `problems` say which have
    not, as they say something else here by now."""

    attempt: int
    answers: int
    problems: tuple[Problem, ...] = ()


def match(desk: Desk, path: Path, foreign: Foreign, name: str | None = None) -> Proposal:
    """Which questions of a chapter those of a file are: of the chapter *name*, or of the one that
    has most of them; a post names its own. Raises StudyError if there is no such chapter, or none
    of them is in it."""
    asked = [one for one in foreign.notes if one.kind is NoteKind.QUESTION]
    with desk.reading() as connection:
        ids = _numbered(connection, learner=desk.learner)
        if name is not None:
            ids = [chapters.find(connection, name, learner=desk.learner)]
        if foreign.answers is not None:
            best = post.chapter_of(connection, path, foreign.answers, learner=desk.learner)
            found = _answered(connection, foreign.answers, best, learner=desk.learner)
            matched = tuple(found if best in ids else ())
        else:
            best, pairs = _best(connection, asked, ids, learner=desk.learner)
            matched = tuple(_matched(asked[one.theirs], one, ours) for one, ours in pairs)
        if not matched:
            of = "a chapter that is here" if name is None else f"chapter {name}"
            many = len(foreign.answers.answers) if foreign.answers is not None else len(asked)
            count = words.count(many, "question")
            raise StudyError(f"{path} has {count}, and none of them is known as one of {of}.")
        _, kept = _standing(connection, path, best, matched, learner=desk.learner)
        others = attempts(connection, best, learner=desk.learner)
        return Proposal(
            path,
            best,
            chapters.called(connection, best, learner=desk.learner),
            matched,
            tuple(sorted(_unmatched(path, foreign, asked, matched))),
            None if kept is not None else next((one for one in others if not one.finished), None),
            kept is not None and not _lacks(connection, kept.id, matched, learner=desk.learner),
        )


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
    """A question that a chapter asks, be it in several parts."""

    parts: tuple[tuple[int, Note], ...]
    text: Ours


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
) -> tuple[int, list[tuple[matching.Match, _Ours]]]:
    """The chapter, of those with these *ids*, that has most of what is *asked*, and its matches."""
    best, most, found = 0, 0.0, list[tuple[matching.Match, _Ours]]()
    for chapter_id in ids:
        ours = _ours(connection, chapter_id, learner=learner)
        matches = matching.match(asked, [one.text for one in ours])
        pairs = [(one, ours[one.ours]) for one in matches]
        weight = sum(one.weight for one in matches)
        if weight > most:
            best, most, found = chapter_id, weight, pairs
    return best, found


def _ours(connection: Connection, chapter_id: int, *, learner: int) -> list[_Ours]:
    """The questions of a chapter; what the book asks as one is one, with the book's number."""
    rows = connection.execute(
        select(tables.note).where(*asked_in(chapter_id, learner=learner)).order_by(*BOOK_ORDER)
    ).all()
    has_book = any(row.book is not None for row in rows)
    parts = defaultdict[int | str, list[tuple[int, Note]]](list)
    for row in rows:
        number = row.book if has_book else row.number
        parts[row.name if number is None else number].append((row.id, as_note(row)))
    found = []
    for key, some in parts.items():
        asks = "\n".join(part.question for _, part in some)
        says = "\n".join(_says(part) for _, part in some)
        found.append(_Ours(tuple(some), Ours(key if isinstance(key, int) else None, asks, says)))
    return found


def _says(one: Note) -> str:
    return "\n".join([one.question, one.answer, *(point.text for point in one.points)])


def _matched(theirs: ForeignNote, found: matching.Match, ours: _Ours) -> Matched:
    return Matched(
        theirs.line,
        theirs.question,
        storable(theirs.answer).strip("\n"),
        tuple(note_id for note_id, _ in ours.parts),
        tuple(part.prompt for _, part in ours.parts),
        ours.text.number,
        found.by,
        found.likeness,
    )


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
    known = {match.line for match in matched}
    for one in asked:
        if one.line not in known:
            question = " ".join(one.question.split())
            yield Problem(path, one.line, f"no question of the chapter: {question[:100]}")
    for given in foreign.answers.answers if foreign.answers is not None else ():
        if given.line not in known:
            yield Problem(path, given.line, f"no question of the chapter: {given.note}")
    for match in matched:
        if not match.answer:
            yield Problem(path, match.line, "this question has no answer")
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
