"""What a content file says of each of its notes: the text, to the letter, and the tags."""

from __future__ import annotations

import re
from pathlib import Path

from studyapp import disk
from studyapp.errors import ContentError, StudyError
from studyapp.notes.markdown import notes_in, parsed
from studyapp.notes.note import Depth, FileKind, Note
from studyapp.notes.page.file import File, lines_of

HEADING = re.compile(r" {0,3}##(?!#)")


def of_note(note: Note) -> str:
    """The note's own text as its file now has it, to be put in another file of its kind.

    A template stays where what is drawn from it is kept. A row of a table comes as a heading with
    the meaning below. Raises ContentError if the file no longer has the note.
    """
    found, file = current(note)
    lines = file.lines[found.line - 1 : found.last]
    if found.template is not None:
        first = found.template.line - found.line
        end = next(at for at in range(first, len(lines)) if "-->" in lines[at])
        lines = lines[:first] + lines[end + 1 :]
    if HEADING.match(lines[0]):
        return "\n".join(lines) + "\n"
    text = _as_heading(found, found.answer)
    copied, _ = notes_in(text, FileKind.JARGON, note.path)
    if [it.answer for it in copied] == [found.answer]:
        return text
    # In a cell "## x" or "- [ ] x" is plain text; below a heading it would not be.
    return _as_heading(found, f"\\{found.answer}")


def _as_heading(note: Note, answer: str) -> str:
    pairs = [("section", note.section), ("family", note.family)]
    pairs.append(("synonyms", "; ".join(note.synonyms)))
    pairs.append(("depth", note.depth if note.depth is not Depth.CORE else None))
    pairs.append(("changed", note.changed))
    pairs.append(("reverse", None if note.reverse else "no"))
    said = ", ".join(f"{key}: {value}" for key, value in pairs if value)
    comment = f"\n<!-- {said} -->\n" if said else ""
    return f"## {note.prompt} {{#{note.id}}}\n\n{answer}\n{comment}"


def sources(path: Path) -> dict[str, str]:
    """By the ids of the notes in the file at *path*, what it says of each, to the letter but for
    empty lines around it; none if there is no file. Raises StudyError if it cannot be read."""
    if not disk.is_there(path):
        return {}
    page, file = parsed(path)
    if page is None and file.problems:
        raise StudyError(f"{path} cannot be read: {min(file.problems).message}.")
    lines = lines_of(file)
    notes = page.notes if page else ()
    return {note.id: "\n".join(lines[note.line - 1 : note.last]).strip() for note in notes}


def tags(path: Path) -> dict[str, tuple[str, ...]]:
    """The tags of the notes in the file at *path*, by their ids. Raises ContentError if it cannot
    be read."""
    page, file = parsed(path)
    if page is None and file.problems:
        why = min(file.problems)
        raise ContentError(why.path, why.line, why.message)
    return {note.id: note.tags for note in page.notes} if page else {}


def current(note: Note) -> tuple[Note, File]:
    """The note as its file now has it, and the file. Raises ContentError if it is not there."""
    gone = ContentError(note.path, note.line, f"the note {note.id} is no longer here")
    if not disk.is_there(note.path):  # with its last note it went
        raise gone
    page, file = parsed(note.path)
    if page is None and file.problems:
        why = min(file.problems)
        raise ContentError(why.path, why.line, why.message)
    found = next((it for it in page.notes if it.id == note.id), None) if page else None
    if found is None:
        raise gone
    return found, file
