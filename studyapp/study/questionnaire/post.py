"""Learning in public: a chapter as a post, and a post back into an attempt and own notes."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError, printable
from studyapp.lab.catalog import Catalog
from studyapp.notes import post
from studyapp.notes.card import question_face, without_code
from studyapp.notes.foreign import Answers
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
    none yet, in the caller's transaction. The same post a second time changes nothing.

    Raises StudyError if its chapter is not here.
    """
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


def _restore_answers(
    connection: Connection,
    path: Path,
    given: Answers,
    chapter_id: int,
    now: datetime,
    *,
    learner: int,
) -> tuple[list[tuple[str, str, int]], list[Problem]]:
    known = {
        name: (note_id, prompt)
        for note_id, name, prompt in connection.execute(
            select(note.id, note.name, note.prompt).where(
                note.chapter_id == chapter_id,
                note.kind == NoteKind.QUESTION.value,
                owner.visible(note, learner=learner),
            )
        )
    }
    found, problems = [], []
    for one in given.answers:
        if one.note in known and len(one.text) <= response.LONGEST:
            found.append(one)
        elif one.note in known:
            sentence = f"the answer has more than {response.LONGEST:,} characters"
            problems.append(Problem(path, one.line, sentence))
        else:
            sentence = f"there is no question {one.note!r} in chapter {given.chapter}"
            problems.append(Problem(path, one.line, sentence))
    told = "\0".join(
        f"{one.note}\0{one.text}" + (f"\0{one.variant}" if one.variant else "")
        for one in sorted(found, key=lambda it: it.note)
    )
    whose = "" if learner == FIRST else f"{name_of(connection, learner=learner)}:"
    place = f"studyapp:post:{whose}{given.pack}:{given.chapter}:{told}"
    uid = uuid5(NAMESPACE_URL, place).bytes
    kept = connection.scalar(
        select(attempt.id).where(attempt.uid == uid, attempt.learner_id == learner)
    )
    if not found or kept is not None:
        return [], problems
    made = make(connection, uid, chapter_id, now, ended=True, learner=learner)
    for one in found:
        note_id, _ = known[one.note]
        response.put(
            connection,
            made,
            note_id,
            now,
            learner=learner,
            text=storable(one.text),
            variant=one.variant,
        )
    return [(known[one.note][1], one.text, one.line) for one in found], problems


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
