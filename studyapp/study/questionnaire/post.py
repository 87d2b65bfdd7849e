"""Learning in public: a chapter as a post, and a post back into an attempt and own notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, exists, select

from studyapp import disk
from studyapp.errors import StudyError, printable
from studyapp.lab.catalog import Catalog
from studyapp.notes import post
from studyapp.notes.card import question_face, without_code
from studyapp.notes.foreign import Answers, GivenAnswer
from studyapp.notes.note import Note, NoteKind, Problem
from studyapp.notes.post import Answer, OwnNote, Post, Result
from studyapp.store import owner, tables
from studyapp.study import tracker, words
from studyapp.study.card import as_note, read_variants
from studyapp.study.draft import storable
from studyapp.study.lab import facts, runs
from studyapp.study.learner import FIRST, name_of
from studyapp.study.questionnaire import response
from studyapp.study.questionnaire.attempt import make, quizzed
from studyapp.study.questionnaire.history import BOOK_ORDER, asked_in

chapter = tables.chapter.c
section = tables.section.c
section_progress = tables.section_progress.c
note = tables.note.c
attempt = tables.attempt.c
responses = tables.response.c

_LINK = re.compile(r"\[(?P<words>[^\[\]]+)\]\(<?(?:fact|lesson):[^)\s>]+>?\)")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a post gave back. `known`: it was imported before, and nothing was changed.

    `questions` are what was restored: the question, the answer, and the line of the post.
    """

    questions: tuple[tuple[str, str, int], ...]
    notes: int
    problems: tuple[Problem, ...]
    known: bool = False


def compose(connection: Connection, chapter_id: int, catalog: Catalog, *, learner: int) -> Post:
    """The post of a chapter: to each question the learner's newest answer, then their own notes,
    and what their experiments measured.

    Raises StudyError if it has no questions.
    """
    pack, number, title, _ = quizzed(connection, chapter_id, learner=learner)
    if number is None:
        raise StudyError(f"{title} is a deck; a post is of a chapter.")
    written = _newest_answers(connection, learner=learner)
    rows = connection.execute(
        select(tables.note).where(*asked_in(chapter_id, learner=learner)).order_by(*BOOK_ORDER)
    )
    kept = rows.all()
    cases = read_variants(connection, [row.id for row in kept])
    questions, answers = [], []
    for row in kept:
        text, variant = written.get(row.id, ("", None))
        whole = as_note(row, cases.get(row.id, ()))
        one = whole.shown(variant)
        if one is whole:
            variant = None
        reference = _reference(one)
        answers.append(Answer(one.id, one.prompt, one.number, reference, text, one.front, variant))
        questions.append(one)
    return Post(
        pack,
        number,
        title,
        tuple(answers),
        _own_notes(connection, chapter_id, learner=learner),
        _results(connection, questions, catalog, learner=learner),
    )


def save(path: Path, made: Post) -> Path | None:
    """Write a post to a file, whole or not at all. Returns where the former file is now, which a
    learner may have edited; None if there was none, or the same. A post will be shown by other
    programs, in a terminal perhaps, so nothing in it steers one, whoever typed it.

    Raises StudyError for a file that is there and no post of this chapter, or cannot be written.
    """
    data, former = printable(post.write(made)).encode("utf-8"), None
    try:
        if path.exists():
            there = path.read_bytes()
            kept, _ = post.parse(there.decode("utf-8", "replace"), path)
            if kept is None or (kept.pack, kept.chapter) != (made.pack, made.chapter):
                raise StudyError(
                    f"{path} is there already and no post of chapter {made.chapter}; "
                    "give another name."
                )
            if there != data:
                former = disk.beside(path)
                disk.write(former, there)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        disk.write(path, data, shared=True)
    except StudyError:
        if former is not None:  # it is still at its own place
            with suppress(StudyError):
                disk.remove(former)
        raise
    return former


def restore(
    connection: Connection, path: Path, given: Answers, now: datetime, *, learner: int
) -> Restored:
    """Keep a post's answers as an attempt of its own that has ended, and its notes where there is
    none yet, in the caller's transaction. What is here already, as after the same post or where
    it was written, changes nothing.

    Raises StudyError if its chapter is not here.
    """
    chapter_id = chapter_of(connection, path, given, learner=learner)
    questions, problems = _restore_answers(
        connection, path, given, chapter_id, now, learner=learner
    )
    notes = 0
    for one in given.notes:
        sentence = _restore_note(
            connection, chapter_id, one.section, one.text, now, learner=learner
        )
        if sentence:
            problems.append(Problem(path, one.line, sentence))
        elif sentence is None:
            notes += 1
    known = bool(given.answers) and not questions and not problems
    return Restored(tuple(questions), notes, tuple(problems), known and not notes)


def chapter_of(connection: Connection, path: Path, given: Answers, *, learner: int) -> int:
    """The id of the chapter that a post is of. Raises StudyError if it is not here."""
    chapter_id = connection.scalar(
        select(chapter.id)
        .where(
            chapter.pack == given.pack,
            chapter.number == given.chapter,
            owner.theirs(chapter, learner=learner),
        )
        .order_by(chapter.learner_id.is_(None))  # one's own, if there are both
        .limit(1)
    )
    if chapter_id is None:
        raise StudyError(
            f"{path} is of chapter {given.chapter} of the pack {given.pack!r}, "
            "which is not installed."
        )
    return chapter_id


def questions_of(connection: Connection, chapter_id: int, *, learner: int) -> Mapping[str, Any]:
    """The questions of a chapter that a post may answer, by their names: id and prompt."""
    rows = connection.execute(
        select(note.id, note.name, note.prompt).where(
            note.chapter_id == chapter_id,
            note.kind == NoteKind.QUESTION.value,
            owner.visible(note, learner=learner),
        )
    )
    return {row.name: row for row in rows}


def take_back(
    connection: Connection, path: Path, given: Answers, now: datetime, *, learner: int
) -> tuple[int, int]:
    """Take the answers and own notes of a post out again that are as it says, in the caller's
    transaction; returns how many went, and how many stay because they were judged or changed since.
    A note that was here before the post was is none of it. Raises StudyError if its chapter is not
    here."""
    chapter_id = chapter_of(connection, path, given, learner=learner)
    known = questions_of(connection, chapter_id, learner=learner)
    uid = _uid(connection, given, _taken(given, known), learner=learner)
    made = connection.execute(
        select(tables.attempt).where(attempt.uid == uid, attempt.learner_id == learner)
    ).one_or_none()
    if made is None:
        return 0, 0
    said = {known[one.note].id: storable(one.text) for one in _taken(given, known)}
    answered = connection.execute(
        select(tables.response).where(responses.attempt_id == made.id, response.ANSWERED)
    ).all()
    gone = [
        row.note_id for row in answered if row.grade is None and row.text == said.get(row.note_id)
    ]
    for note_id in gone:
        response.put(connection, made.id, note_id, now, learner=learner, text="", ticked=[])
    notes = _brought_notes(connection, chapter_id, given, made.started_at, learner=learner)
    for section_id in notes:
        tracker.write_note(connection, section_id, "", now=now, learner=learner)
    return len(gone) + len(notes), len(answered) - len(gone)


def _brought_notes(
    connection: Connection, chapter_id: int, given: Answers, at: datetime, *, learner: int
) -> list[int]:
    """The sections whose note came with a post *at* that moment, and was left alone since."""
    texts = {one.section: storable(one.text) for one in given.notes}
    rows = connection.execute(
        select(section.id, section.number, section_progress.text)
        .join(tables.section_progress, section_progress.section_id == section.id)
        .where(
            section.chapter_id == chapter_id,
            section_progress.learner_id == learner,
            section_progress.changed_at == at,
        )
    )
    return [row.id for row in rows if row.text and row.text == texts.get(row.number)]


def _taken(given: Answers, known: Mapping[str, Any]) -> list[GivenAnswer]:
    """The answers of a post that can be kept."""
    return [one for one in given.answers if one.note in known and len(one.text) <= response.LONGEST]


def _uid(
    connection: Connection, given: Answers, taken: Sequence[GivenAnswer], *, learner: int
) -> bytes:
    """What the attempt is called that has these answers of a post."""
    told = "\0".join(
        f"{one.note}\0{one.text}" + (f"\0{one.variant}" if one.variant else "")
        for one in sorted(taken, key=lambda it: it.note)
    )
    whose = "" if learner == FIRST else f"{name_of(connection, learner=learner)}:"
    place = f"studyapp:post:{whose}{given.pack}:{given.chapter}:{told}"
    return uuid5(NAMESPACE_URL, place).bytes


def _restore_answers(
    connection: Connection,
    path: Path,
    given: Answers,
    chapter_id: int,
    now: datetime,
    *,
    learner: int,
) -> tuple[list[tuple[str, str, int]], list[Problem]]:
    known, problems = questions_of(connection, chapter_id, learner=learner), []
    found = _taken(given, known)
    for one in given.answers:
        if one.note not in known:
            sentence = f"there is no question {one.note!r} in chapter {given.chapter}"
            problems.append(Problem(path, one.line, sentence))
        elif one not in found:
            sentence = f"the answer has more than {response.LONGEST:,} characters"
            problems.append(Problem(path, one.line, sentence))
    uid = _uid(connection, given, found, learner=learner)
    kept = connection.scalar(
        select(attempt.id).where(attempt.uid == uid, attempt.learner_id == learner)
    )
    ids = {one.note: known[one.note].id for one in found}
    is_there = kept is not None and _is_answered(connection, kept, learner=learner)
    if is_there or _are_here(connection, found, ids, learner=learner):
        return [], problems
    made = kept or make(connection, uid, chapter_id, now, ended=True, learner=learner)
    for one in found:
        response.put(
            connection,
            made,
            ids[one.note],
            now,
            learner=learner,
            text=storable(one.text),
            variant=one.variant,
        )
    return [(known[one.note].prompt, one.text, one.line) for one in found], problems


def _is_answered(connection: Connection, of: int, *, learner: int) -> bool:
    """Whether an attempt has an answer: one that was taken back has none."""
    mine = responses.attempt_id == of, responses.learner_id == learner
    return bool(connection.scalar(select(exists().where(*mine, response.ANSWERED))))


def _are_here(
    connection: Connection, given: Sequence[GivenAnswer], ids: Mapping[str, int], *, learner: int
) -> bool:
    """Whether each of these answers stands in an attempt already, as in the one that was
    published."""
    rows = connection.execute(
        select(responses.note_id, responses.text, responses.variant).where(
            responses.learner_id == learner, responses.note_id.in_(list(ids.values()))
        )
    )
    kept = {(row.note_id, printable(row.text), row.variant) for row in rows}
    return all((ids[one.note], printable(storable(one.text)), one.variant) in kept for one in given)


def _restore_note(
    connection: Connection,
    chapter_id: int,
    number: str,
    text: str,
    now: datetime,
    *,
    learner: int,
) -> str | None:
    """None if it was kept, "" if it is there already, else why it was not."""
    text = storable(text)
    row = connection.execute(
        select(section.id, section_progress.text)
        .outerjoin(
            tables.section_progress,
            (section_progress.section_id == section.id) & (section_progress.learner_id == learner),
        )
        .where(section.chapter_id == chapter_id, section.number == number)
    ).one_or_none()
    if row is None:
        return f"there is no section {number}"
    if row.text:
        return "" if row.text == text else f"section {number} has another note of yours already"
    if len(text) > response.LONGEST:
        return f"the note has more than {response.LONGEST:,} characters"
    tracker.write_note(connection, row.id, text, now=now, learner=learner)
    return None


def _newest_answers(connection: Connection, *, learner: int) -> dict[int, tuple[str, str | None]]:
    """The newest answer that is not empty and the variant that was asked, by the id of its note."""
    rows = connection.execute(
        select(responses.note_id, responses.text, responses.variant)
        .join(tables.attempt, attempt.id == responses.attempt_id)
        .where(responses.learner_id == learner, responses.text != "")
        .order_by(responses.changed_at, attempt.uid)
    )
    return {row.note_id: (row.text, row.variant) for row in rows}


def _reference(one: Note) -> str:
    """The reference answer in Markdown that needs no app: links to experiments are their words."""
    face = question_face(one)
    points = [f"- {'extra: ' if point.extra else ''}{point.text}" for point in face.points]
    text = "\n\n".join(part for part in (face.back, "\n".join(points)) if part)
    pieces, end = [], 0
    for match in _LINK.finditer(without_code(text)):
        pieces += [text[end : match.start()], text[slice(*match.span("words"))]]
        end = match.end()
    return "".join(pieces) + text[end:]


def _own_notes(connection: Connection, chapter_id: int, *, learner: int) -> tuple[OwnNote, ...]:
    rows = connection.execute(
        select(section.number, section.title, section_progress.text)
        .join(tables.section_progress, section_progress.section_id == section.id)
        .where(
            section.chapter_id == chapter_id,
            section_progress.learner_id == learner,
            section_progress.text != "",
        )
        .order_by(section.position)
    )
    return tuple(OwnNote(number, title, text) for number, title, text in rows)


def _results(
    connection: Connection, notes: list[Note], catalog: Catalog, *, learner: int
) -> tuple[Result, ...]:
    """The newest result of each experiment that the chapter's answers lead to."""
    newest = runs.last_results(connection, learner=learner)
    lessons = {lesson.name: lesson for one in notes for lesson in facts.lessons_for(one, catalog)}
    return tuple(
        Result(name, lesson.title, _figures(newest[name]))
        for name, lesson in lessons.items()
        if name in newest
    )


def _figures(run: runs.Run) -> tuple[str, ...]:
    lines = []
    if run.prediction is not None:
        said = run.prediction.prediction.answer
        grade = run.prediction.grade.value if run.prediction.grade else "not graded"
        lines.append(f"I predicted {said!r}: {grade}." if said else f"My range was {grade}.")
    for one in run.facts:
        over = f"; over {one.varies}" if one.low is not None and one.varies else ""
        lines.append(f"{one.name.replace('_', ' ')}: {facts.measured(one)}{over}")
    lines.append(f"{words.short_day(run.finished)}, on {run.device}")
    return tuple(lines)
