"""Split a card into own cards, one for each of its points, or of the sentences of its answer; it is
set aside once they are saved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from studyapp import disk
from studyapp.config import data_folder
from studyapp.errors import StudyError
from studyapp.notes.card import without_code
from studyapp.notes.note import FileKind, Note, NoteKind, note_uid
from studyapp.store import log, owner, tables
from studyapp.store.memory import read_memory
from studyapp.study import library, removal, review, words
from studyapp.study.card import CardView
from studyapp.study.desk import Desk
from studyapp.study.draft import read_file, write_file
from studyapp.study.library import Home
from studyapp.study.undo import uid_of_newest

note = tables.note.c

_HEADING = re.compile(r"^(## .*?)[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_BLOCK = re.compile(r"^ *(?:[-*+|>]|\d+[.)] |```|~~~|\$\$)|==", re.MULTILINE)
_NAMED = re.compile(r"\{#[^}]*\}$")


@dataclass(frozen=True, slots=True)
class Made:
    """Cards that took the place of one: where they are, by the ids of their notes, and the uid of
    the entry by which that one was `suspended` for them, None if it was already. `written` has what
    was added to the file of each, which is all that may be taken out again; `text` is what was
    saved."""

    card: CardView
    home: Home
    names: tuple[str, ...]
    written: Mapping[str, str]
    suspended: bytes | None
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
    """*text* with an id for each heading, hidden text and point that needs one and has none. They
    are in the draft before a card is made, so that saving once more after an interruption makes
    none twice."""
    from studyapp.notes.repair import with_parts_named
    from studyapp.notes.slug import own_id

    taken = _taken(desk)
    for heading in reversed([*_HEADING.finditer(without_code(text))]):
        if not _NAMED.search(heading[1]):
            made = own_id(f"my {text[heading.start() + 3 : heading.end(1)]}", taken)
            taken.add(made)
            text = f"{text[: heading.end(1)]} {{#{made}}}{text[heading.end(1) :]}"
    return with_parts_named(text)


def save(desk: Desk, view: CardView, text: str) -> Made:
    """Keep the cards that *text* says where *view* belongs, then set *view* aside. Those that are
    there from an attempt before stay as they are.

    Raises StudyError, with nothing saved, for what is wrong with them; or, saying so, once they are
    there, if *view* cannot be set aside. Saving again goes on from there.
    """
    home = library.home_of(view)
    path = home.path(library.packs_of(desk), NoteKind.QUESTION)
    notes = _notes(text, path)
    texts = {one.id: _source(text, one) for one in notes}
    library.refresh(desk)  # what was written by hand has its id, too
    there = _there(desk, home, texts)
    for one in notes:
        if not there.get(one.id, True):
            raise StudyError(
                f"Line {one.line}: another note has the id {one.id}; without {{#{one.id}}} the "
                "card gets one of its own. Nothing was saved."
            )
    new = {name: said for name, said in texts.items() if name not in there}
    if new:
        _check(desk, home, [one for one in notes if one.id in new], text, view)
        library.bring_media([view], "\n\n".join(new.values()), path)
        with disk.put_back(path):
            library.add_note(desk, home, "\n\n".join(new.values()), NoteKind.QUESTION)
            library.refresh(desk)
            there = _there(desk, home, texts)
            if not all(there.get(name) for name in texts):
                raise StudyError(
                    f"The cards could not be read back from {path}. Nothing was saved."
                )
    suspended = _set_aside(desk, view)
    disk.remove(_draft(view, learner=desk.learner))
    return Made(view, home, tuple(texts), new, suspended, text)


def take_back(desk: Desk, made: Made) -> str:
    """Delete the cards again, let the one come again that was set aside for them, and keep the text
    as a draft; says so, and of how many cards stay: those that were there before, and those that
    are not as they were written. Raises StudyError, with all of them still there, if they cannot be
    deleted.
    """
    library.refresh(desk)
    there = _there(desk, made.home, made.written)
    as_written = [note_uid(made.home.pack, name).bytes for name, same in there.items() if same]
    with desk.reading() as connection:
        mine = note.learner_id == desk.learner
        found = connection.scalars(select(note.id).where(note.uid.in_(as_written), mine)).all()
    removal.remove(desk, found, kept=False)
    if made.suspended is not None:
        with desk.writing() as connection:
            log.retract(connection, made.card.id, made.suspended, desk.now(), learner=desk.learner)
    write_file(_draft(made.card, learner=desk.learner), made.text, "")
    stay = len(made.names) - len(made.written) + list(there.values()).count(False)
    told = f" Left, as there before or changed since: {words.count(stay, 'card')}." if stay else ""
    return f"Undone: the split. Its text is a draft again.{told}"


def _set_aside(desk: Desk, view: CardView) -> bytes | None:
    """Suspend the old card, unless it is; returns the uid of the entry."""
    try:
        with desk.writing() as connection:
            if read_memory(connection, view.id, learner=desk.learner).suspended:
                return None
            review.suspend(connection, view.id, desk.now(), learner=desk.learner)
            return uid_of_newest(connection, learner=desk.learner)
    except StudyError as error:
        raise StudyError(
            f"The new cards are there, but the old one is not set aside yet: {error} Save again."
        ) from error


def _notes(text: str, path: Path) -> Sequence[Note]:
    """The notes that *text* says. Raises StudyError for what is no note."""
    from studyapp.notes import markdown

    notes, problems = markdown.notes_in(text, FileKind.QUESTIONNAIRE, path)
    wrong = [(one.line, one.message) for one in problems]
    first = text[: len(text) - len(text.lstrip())].count("\n") + 1
    if not notes or first < notes[0].line:
        wrong.append((first, "a card begins with a heading, ## and a space"))
    wrong += [(one.line, "the card has no answer") for one in notes if not _answers(one)]
    if wrong:
        line, message = min(wrong)
        raise StudyError(f"Line {line}: {message}. Nothing was saved.")
    return notes


def _check(desk: Desk, home: Home, notes: Sequence[Note], text: str, of: CardView) -> None:
    """Refuse what `check` would find wrong with *notes* of a *text* that is made *of* a card."""
    told = library.wrong(desk, home, [(one, text) for one in notes], [of])
    if wrong := sorted(one for _, one in told):
        raise StudyError(f"Line {wrong[0].line}: {wrong[0].message}. Nothing was saved.")


def _answers(one: Note) -> bool:
    return bool(one.answer.strip() or one.points)


def _source(text: str, one: Note) -> str:
    """What *text* says of one of its notes, to the letter."""
    return "\n".join(text.split("\n")[one.line - 1 : one.last]).strip()


def _there(desk: Desk, home: Home, texts: Mapping[str, str]) -> dict[str, bool]:
    """Those ids of *texts* that a note has by now, the learner's or a pack's: whether it is the
    learner's and says the same, to the letter."""
    from studyapp.notes import excerpt

    names = {note_uid(home.pack, name).bytes: name for name in texts}
    with desk.reading() as connection:
        rows = connection.execute(
            select(note.uid, note.path, note.learner_id).where(
                note.uid.in_(names),
                note.missing_since.is_(None),
                owner.visible(note, learner=desk.learner),
            )
        ).all()
    mine = {row.uid: Path(row.path) for row in rows if row.learner_id == desk.learner}
    said = {path: excerpt.sources(path) for path in set(mine.values())}
    there = dict.fromkeys((names[row.uid] for row in rows), False)
    for uid, path in mine.items():
        there[names[uid]] = said[path].get(names[uid]) == texts[names[uid]]
    return there


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
    told = {"section": of.section, "family": of.family or of.id, "as-of": of.as_of}
    comment = ", ".join(f"{key}: {value}" for key, value in told.items() if value)
    return (
        f"## {asked} ({at + 1} of {len(parts)})\n\n{front}\n\n<!-- answer -->\n\n"
        f"{parts[at]}\n\n- [ ] {parts[at]}\n\n<!-- {comment} -->"
    )


def _draft(view: CardView, *, learner: int) -> Path:
    """Beside the drafts of notes; no note has such a name."""
    return data_folder() / "drafts" / f"split-{learner}-{view.uid.hex()}.md"
