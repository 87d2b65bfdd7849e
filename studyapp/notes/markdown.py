"""The native format: Markdown files → pages, with every problem.

The format is described in CONTRIBUTING.md. Block structure (headings, lists, tables, fences) is
markdown-it's; what belongs to this format alone is read from the source lines that it points to,
so that an answer is the author's own text. `notes/page/` reads each part of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from studyapp import disk
from studyapp.errors import StudyError, printable
from studyapp.notes.folder import files
from studyapp.notes.note import (
    CardStyle,
    ContentFile,
    FileKind,
    Moment,
    Note,
    NoteKind,
    Problem,
    Section,
)
from studyapp.notes.page import entry, reading, structure
from studyapp.notes.page.file import File, decoded, opened
from studyapp.notes.page.frontmatter import Head, front_matter
from studyapp.notes.page.oversight import report_unread
from studyapp.notes.variant import stored

_FOLLOWER = "another"
_NEXT = f"\n\n## Another {{#{_FOLLOWER}}}\n"  # a note must end where the next one begins
_BETWEEN = re.compile(r"\n\n(?=## )")
_KNOWN = ContextVar[Mapping[str, Note]]("notes by their texts", default=MappingProxyType({}))
KIND_OF = {NoteKind.QUESTION: FileKind.QUESTIONNAIRE, NoteKind.TERM: FileKind.JARGON}


def read(path: Path) -> tuple[ContentFile | None, tuple[Problem, ...]]:
    """Read one file. Returns its page, None if the front matter is unusable, and its problems.

    Nothing in the file makes this raise. A note that cannot be identified is left out.
    """
    page, file = parsed(path)
    problems = list(file.problems)
    if page is not None and page.kind is FileKind.QUESTIONNAIRE:
        drawn, wrong = stored(path)
        problems += wrong
        notes = [
            replace(note, variants=note.variants + tuple(drawn[note.id]))
            if note.id in drawn and note.card is CardStyle.ANSWER
            else note
            for note in page.notes
        ]
        page = replace(page, notes=tuple(notes))
    return page, tuple(sorted(problems))


def read_folder(root: Path) -> tuple[tuple[ContentFile, ...], tuple[Problem, ...]]:
    """Read all content files below *root* in order of chapter and path.

    Of two notes with one id in a pack the second is left out, and so is what is no file, as a pipe.
    Raises StudyError if there is no such folder.
    """
    if not disk.is_there(root):
        raise StudyError(f"There is no folder {root}.")
    disk.check_ends(root)
    pages: list[ContentFile] = []
    problems: list[Problem] = []

    def unread(error: OSError) -> None:
        told = f"the folder cannot be read: {error.strerror}"
        problems.append(Problem(Path(error.filename), 1, told))

    for path in files(root, unread, pipes=True):
        if not disk.ends(path):
            problems.append(Problem(path, 1, "not read: it is a pipe, a socket or a device"))
            continue
        page, wrong = read(path)
        pages += [page] if page else []
        problems += wrong
    pages.sort(key=lambda page: (page.place, natural(page.path)))
    kept, repeated = _without_repeated(pages)
    return kept, in_order([*problems, *repeated])


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """*problems* by path, in which numbers count as numbers, then by line."""
    return tuple(sorted(problems, key=lambda it: (natural(it.path), it.line, it.message)))


def natural(path: Path) -> tuple[object, ...]:
    """Sort key that puts chapter 2 before chapter 10."""
    parts = [re.split(r"([0-9]+)", part.casefold()) for part in path.parts]
    keys = tuple(
        tuple(int(piece) if index % 2 else piece for index, piece in enumerate(pieces))
        for pieces in parts
    )
    return (keys, str(path))


def _without_repeated(
    pages: Sequence[ContentFile],
) -> tuple[tuple[ContentFile, ...], list[Problem]]:
    first: dict[tuple[str, str], Note] = {}
    kept, problems = [], []
    for page in pages:
        notes = []
        for note in page.notes:
            other = first.setdefault((page.pack, note.id), note)
            if other is note:
                notes.append(note)
            else:
                message = f"the id {note.id} is used already at {other.path}:{other.line}"
                problems.append(Problem(note.path, note.line, printable(message)))
        kept.append(replace(page, notes=tuple(notes)))
    return tuple(kept), problems


def notes_in(text: str, kind: FileKind, path: Path) -> tuple[tuple[Note, ...], tuple[Problem, ...]]:
    """The notes that *text* would have below a front matter, and its problems."""
    file = File(path, text)
    return entry.notes(file, structure.chunks(file, 0, kind), kind), tuple(sorted(file.problems))


def followed(
    text: str, kind: FileKind, path: Path
) -> tuple[tuple[Note, ...], bool, tuple[Problem, ...]]:
    """The notes that *text* would have with another one below it, whether that one still begins
    there, and the problems."""
    file = File(path, text + _NEXT)
    chunks = structure.chunks(file, 0, kind)
    begins = chunks[-1].start == len(file.lines) - 2  # what it says is known, and not read
    notes = entry.notes(file, chunks[:-1] if begins else chunks, kind)
    return notes, begins, tuple(sorted(file.problems))


def alone(text: str, kind: FileKind, path: Path) -> tuple[Note | None, tuple[Problem, ...]]:
    """The one note below a heading that *text* is, however it is followed, and its problems; None
    if it is not exactly one, with a problem that says why."""
    file = File(path, text + _NEXT)
    chunks = structure.chunks(file, 0, kind)
    headings = [chunk.start + 1 for chunk in chunks if chunk.title is not None]
    if not headings or headings[0] > 1:
        return None, (Problem(path, 1, "a note begins with a heading, ## and a space"),)
    if len(headings) > 2:
        told = "a heading ## would begin another note here; ### does not"
        return None, (Problem(path, headings[1], told),)
    notes = entry.notes(file, chunks, kind)
    if [note.id for note in notes[1:]] == [_FOLLOWER]:
        return notes[0], tuple(sorted(file.problems))
    if not file.problems:
        file.report(headings[0], "something below never ends, a tag of HTML perhaps")
    return None, tuple(sorted(file.problems))


@contextmanager
def knowing(notes: Mapping[str, Note]) -> Iterator[None]:
    """Let files be read that are made of these *notes*, by their texts, without parsing what is
    parsed already: each was read alone with the next one's heading below it, without a problem, and
    has no variants and no template."""
    token = _KNOWN.set(notes)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def parsed(path: Path, data: bytes | None = None) -> tuple[ContentFile | None, File]:
    """What the file at *path* says, or would if it were *data*."""
    file = opened(path) if data is None else decoded(path, data)
    if file.problems and not file.source:
        return None, file
    head = front_matter(file)
    if head.page and (known := _known_notes(file, head)):
        return replace(head.page, notes=known), file
    chunks = structure.chunks(file, head.lines, head.kind)
    if head.page:
        report_unread(file, chunks, head)
    sections: tuple[Section, ...] = ()
    moments: tuple[Moment, ...] = ()
    notes: tuple[Note, ...] = ()
    if head.kind is FileKind.READING and head.timed:
        moments = tuple(reading.moments(file, chunks))
    elif head.kind is FileKind.READING:
        sections = tuple(reading.sections(file, chunks))
    elif head.kind:
        notes = entry.notes(file, chunks, head.kind)
    page = head.page and replace(head.page, sections=sections, moments=moments, notes=notes)
    return page, file


def _known_notes(file: File, head: Head) -> tuple[Note, ...]:
    """The notes of a file that has nothing but known ones below its head, each once; else none."""
    known = _KNOWN.get()
    body = "\n".join(file.lines[head.lines :]) if known else ""
    if not (body.startswith("\n## ") and body.endswith("\n")):
        return ()
    notes, line = dict[str, Note](), head.lines + 2
    for text in _BETWEEN.split(body[1:-1]):
        note = known.get(text)
        if note is None or note.id in notes or KIND_OF[note.kind] is not head.kind:
            return ()
        last = line + note.last - note.line
        notes[note.id] = replace(note, path=file.path, line=line, last=last)
        line = last + 2
    return tuple(notes.values())
