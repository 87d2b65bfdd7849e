"""Split a card into own cards, one for each of its points, or of the sentences of its answer; it is
set aside once they are saved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.config import data_folder
from studyapp.errors import StudyError
from studyapp.notes.card import without_code
from studyapp.notes.note import FileKind, Note, NoteKind, note_uid
from studyapp.store import log, tables
from studyapp.study import library, removal, review
from studyapp.study.card import CardView
from studyapp.study.desk import Desk
from studyapp.study.draft import read_file, write_file
from studyapp.study.library import Home
from studyapp.study.undo import undo

note = tables.note.c

_HEADING = re.compile(r"^(## .*?)[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_BLOCK = re.compile(r"^ *(?:[-*+|>]|\d+[.)] |```|~~~|\$\$)|==", re.MULTILINE)
_NAMED = re.compile(r"\{#[^}]*\}$")


@dataclass(frozen=True, slots=True)
class Made:
    """Cards that took the place of one: where they are, by the ids of their notes, and whether that
    one was set aside for them. `text` is what was saved."""

    card: CardView
    home: Home
    names: tuple[str, ...]
    suspended: bool
    text: str


def can_be(view: CardView) -> bool:
    """Whether a card says several things to make cards of."""
    return len(_parts(view)) > 1


def read_draft(view: CardView, *, learner: int) -> str:
    """What was written of a split and not saved; else what to begin with: for each thing that
    it says a card that shows the others."""
    return read_file(_draft(view, learner=learner)) or _proposed(view)


def write_draft(view: CardView, text: str, before: str, patience: float, *, learner: int) -> str:
    """Keep what is written; see `study/draft.py::Draft`."""
    return write_file(_draft(view, learner=learner), text, before)


def named(desk: Desk, text: str) -> str:
    """*text* with an id for each heading that has none. It is in the draft before a card is made,
    so that saving once more after an interruption makes none twice."""
    from studyapp.notes import markdown

    taken = _taken(desk)
    for heading in reversed([*_HEADING.finditer(without_code(text))]):
        if not _NAMED.search(heading[1]):
            made = markdown.own_id(f"my {text[heading.start() + 3 : heading.end(1)]}", taken)
            taken.add(made)
            text = f"{text[: heading.end(1)]} {{#{made}}}{text[heading.end(1) :]}"
    return text


def save(desk: Desk, view: CardView, text: str) -> Made:
    """Keep the cards that *text* says where *view* belongs, then set *view* aside. Those that are
    there from an attempt before stay as they are.

    Raises StudyError, with nothing saved, for what is wrong with them; or, saying so, once they are
    there, if *view* cannot be set aside. Saving again goes on from there.
    """
    home = library.home_of(view)
    path = home.path(library.packs_of(desk), NoteKind.QUESTION)
    notes = _notes(text, path)
    with desk.reading() as connection:
        there = _there(connection, home, notes, learner=desk.learner)
    lines = text.split("\n")
    new = [
        "\n".join(lines[one.line - 1 : one.last]).strip() for one in notes if one.id not in there
    ]
    if new:
        with disk.put_back(path):
            library.add_note(desk, home, "\n\n".join(new), NoteKind.QUESTION)
            library.refresh(desk)
            with desk.reading() as connection:
                there = _there(connection, home, notes, learner=desk.learner)
            if len(there) < len(notes):
                raise StudyError(f"The cards could not be read back; look at the end of {path}.")
    suspended = _set_aside(desk, view)
    disk.remove(_draft(view, learner=desk.learner))
    return Made(view, home, tuple(one.id for one in notes), suspended, text)


def take_back(desk: Desk, made: Made) -> str:
    """Delete the cards again, let the one come again that was set aside for them, and keep the text
    as a draft; says so. Raises StudyError, with the cards still there, if they cannot be deleted.
    """
    with desk.reading() as connection:
        uids = [note_uid(made.home.pack, name).bytes for name in made.names]
        mine = note.learner_id == desk.learner
        found = connection.scalars(select(note.id).where(note.uid.in_(uids), mine)).all()
    removal.remove(desk, found)
    if made.suspended:
        with desk.writing() as connection:
            undo(connection, desk.now(), learner=desk.learner)
    write_file(_draft(made.card, learner=desk.learner), made.text, "")
    return "Undone: the split. Its text is a draft again."


def _set_aside(desk: Desk, view: CardView) -> bool:
    """Suspend the old card, unless it is; returns whether it was not."""
    try:
        with desk.writing() as connection:
            memory = log.read_memory(connection, view.id, learner=desk.learner)
            if not memory.suspended:
                review.suspend(connection, view.id, desk.now(), learner=desk.learner)
    except StudyError as error:
        raise StudyError(
            f"The new cards are there, but the old one is not set aside yet: {error} Save again."
        ) from error
    return not memory.suspended


def _notes(text: str, path: Path) -> Sequence[Note]:
    """The notes that *text* says. Raises StudyError for what is no note."""
    from studyapp.notes import markdown

    notes, problems = markdown.notes_in(text, FileKind.QUESTIONNAIRE, path)
    for problem in problems:
        raise StudyError(f"Line {problem.line}: {problem.message}. Nothing was saved.")
    if not notes:
        raise StudyError("A card begins with a heading, ## and a space. Nothing was saved.")
    return notes


def _there(connection: Connection, home: Home, notes: Sequence[Note], *, learner: int) -> set[str]:
    """The ids of those *notes* that the learner has."""
    uids = {note_uid(home.pack, one.id).bytes: one.id for one in notes}
    found = connection.scalars(
        select(note.uid).where(
            note.uid.in_(uids), note.learner_id == learner, note.missing_since.is_(None)
        )
    )
    return {uids[uid] for uid in found}


def _taken(desk: Desk) -> set[str]:
    with desk.reading() as connection:
        return set(connection.scalars(select(note.name)))


def _proposed(view: CardView) -> str:
    parts = _parts(view)
    return "\n\n".join(_card(view, parts, at) for at in range(len(parts)))


def _parts(view: CardView) -> list[str]:
    """What a card says: its points, or the sentences of an answer that is nothing but prose."""
    points = [" ".join(point.text.split()) for point in view.face.points]
    if len(points) > 1 or _BLOCK.search(view.note.answer):
        return points
    return _SENTENCE.split(" ".join(view.note.answer.split()))


def _card(view: CardView, parts: Sequence[str], at: int) -> str:
    """A card that asks for one of the *parts*, with the others in its question."""
    of, asked = view.note, view.note.prompt
    if of.kind is NoteKind.TERM:
        asked = f"What does {asked} mean?"
    others = "\n".join(f"- {text}" for place, text in enumerate(parts) if place != at)
    front = "\n\n".join(filter(None, (of.front, f"Apart from this:\n\n{others}")))
    told = {"section": of.section, "family": of.family or of.id}
    comment = ", ".join(f"{key}: {value}" for key, value in told.items() if value)
    return (
        f"## {asked} ({at + 1} of {len(parts)})\n\n{front}\n\n<!-- answer -->\n\n"
        f"{parts[at]}\n\n- [ ] {parts[at]}\n\n<!-- {comment} -->"
    )


def _draft(view: CardView, *, learner: int) -> Path:
    """Beside the drafts of notes; no note has such a name."""
    return data_folder() / "drafts" / f"split-{learner}-{view.uid.hex()}.md"
