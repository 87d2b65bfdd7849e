"""The native format: Markdown files → pages, with every problem; and ids written where they lack.

The format is described in CONTRIBUTING.md. Block structure (headings, lists, tables, fences) is
markdown-it's; what belongs to this format alone is read from the source lines that it points to,
so that an answer is the author's own text. Line numbers count from 1, columns from 0.
"""

from __future__ import annotations

import bisect
import codecs
import itertools
import json
import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from studyapp import disk
from studyapp.errors import ContentError, StudyError, printable
from studyapp.notes.card import CODE_SPAN, find_clozes, numbered_items
from studyapp.notes.folder import files
from studyapp.notes.note import (
    CardStyle,
    ContentFile,
    Depth,
    FileKind,
    Moment,
    Note,
    NoteKind,
    Point,
    Problem,
    Section,
    Template,
    Variant,
)
from studyapp.notes.plain import (
    DEEPEST,
    LONGEST,
    is_tangled,
    keep_footnotes,
)
from studyapp.notes.variant import KEYS, stored

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_ID = re.compile(r"[a-z0-9-]+")
_MARK = re.compile(r"\{#([^{}]*)\}$")  # the {#id} that ends a heading or a point
_TASK = re.compile(r"\[[ xX]\](?:\s+(.*))?$", re.DOTALL)
_EXTRA = re.compile(r"extra:\s*", re.IGNORECASE)
_SECTION = re.compile(r"([0-9]{1,6}\.[0-9]{1,6})(?:\s+(.*))?$")
_CLOCK = re.compile(r"([0-9]+(?::[0-9]+)+)(?:\s+(.*))?$")
_TIME = re.compile(r"(?:([0-9]{1,2}):(?=[0-9]{2}:))?([0-5]?[0-9]):([0-5][0-9])")
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")
_NUMBER = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}")
# A comment that begins a line may contain empty lines; one within a paragraph may not.
_SPAN = re.compile(
    r"^[ \t>]*(?P<block><!--(?s:.*?)-->)|(?<!\\)"
    r"(?P<inline><!--(?s:(?:(?!\n[ \t]*\n).)*?)-->)|" + CODE_SPAN.pattern,
    re.MULTILINE,
)
# A comma ends a value only where another key follows it.
_PAIR = re.compile(
    r"(?<!\s)\s*(?<![\w-])([\w-]++)\s*+:\s*+(|\S.*?(?<!\s))\s*(?:,(?=\s*[\w-]+\s*:)|$)", re.DOTALL
)
_ANSWER = re.compile(r"<!--[ \t]*answer[ \t]*-->[ \t]*", re.IGNORECASE)
_PIPE = re.compile(r"(?<!\\)\|")
_ROW_KEYS = ("synonyms", "family", "section", "depth", "reverse", "changed")
_COLUMNS = ("term", "meaning", "id", *_ROW_KEYS)
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_OF_CHAPTERS = ("part", "chapter", "title", "lecture", "video")
_HEAD_KEYS = ("pack", *_OF_CHAPTERS, "deck", "kind")
_NAMES = ("pack", "part", "title", "deck")  # in which a # may be meant
_GONE = "\0"  # stands for a removed character; a file's own NUL is taken out before
_FOLLOWER = "another"
_NEXT = f"\n\n## Another {{#{_FOLLOWER}}}\n"  # a note must end where the next one begins
_VARIANT = re.compile(r"<!--\s*variant\s*-->")
_BETWEEN = re.compile(r"\n\n(?=## )")
_KNOWN = ContextVar[Mapping[str, Note]]("notes by their texts", default=MappingProxyType({}))
_EMPTY = re.compile(r"\n[ \t]*\n")
_NO_SPACE = re.compile(r" {0,3}(#{2,6})[^#\s]")
_VARIANT_OF_COMMENT = re.compile(r"variant\b", re.IGNORECASE)
_TEMPLATE_OF_COMMENT = re.compile(r"template\b", re.IGNORECASE)
_LIST = re.compile(r"[\w-]+\s*:")
_TEMPLATE = re.compile(r" {0,3}<!--\s*template[ \t]*$")
_HEADING = re.compile(r" {0,3}##(?!#)")
_PARTS = ("point", "cloze")  # whose ids need only differ within a note
_FIX = "`studyapp check --fix` writes one"


def read(path: Path) -> tuple[ContentFile | None, tuple[Problem, ...]]:
    """Read one file. Returns its page, None if the front matter is unusable, and its problems.

    Nothing in the file makes this raise. A note that cannot be identified is left out.
    """
    page, file = _read(path)
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


def fix(path: Path, taken: set[str] | None = None, *, own: bool = False) -> int:
    """Write the ids that are missing in a file and return how many; all else stays as it was.

    *taken* holds the ids that the other files of the folder use, and is given the new ones. Notes
    of a learner's *own* get ids that no other device makes (see `own_id`). A
    file without a page (see `read`) is not touched. Raises StudyError if it cannot be written.
    """
    page, file = _read(path)
    if page is None or not file.gaps:
        return 0
    taken = set() if taken is None else taken
    taken |= {note.id for note in page.notes}
    taken |= {mark for line in file.lines for mark in re.findall(r"\{#([a-z0-9-]+)\}", line)}
    filled = [(gap, gap.before + _id_of(gap, taken, own=own) + gap.after) for gap in file.gaps]
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", file.source)
    # From the end backwards, so that the columns before stay true.
    for gap, text in sorted(filled, key=lambda item: item[0].place, reverse=True):
        line = lines[gap.line - 1]
        column = _in_source(line, gap.column)
        lines[gap.line - 1] = line[:column] + text + line[column:]
    disk.write(path, (codecs.BOM_UTF8 if file.bom else b"") + "".join(lines).encode())
    return sum(bool(gap.text) for gap in file.gaps)


def lacks_ids(path: Path) -> bool:
    """Whether `fix` would write in this file."""
    page, file = _read(path)
    return page is not None and bool(file.gaps)


def slug(text: str, taken: set[str], default: str = "note") -> str:
    """Make an id from *text* that is not in *taken*, and add it there."""
    text = re.sub(r"\]\([^)\s]*\)", "]", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", plain.replace("'", "")).split()
    name = words[0][:48] if words else default
    for word in words[1:]:
        if len(name) + len(word) >= 48:
            break
        name += f"-{word}"
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name}-{count}"
    taken.add(unique)
    return unique


def own_id(text: str, taken: Collection[str], choose: Callable[[str], str] = secrets.choice) -> str:
    """Make an id from *text* that no other device makes: a slug with five random letters.

    It is not in *taken*. *choose* picks one of the letters: 32, of which none looks like another.
    """
    name, made = slug(text, set()), ""
    while not made or made in taken:
        made = f"{name}-{''.join(choose(LETTERS) for _ in range(5))}"
    return made


def replaced(note: Note, text: str) -> str:
    """The whole text of the note's file with *text* in its place.

    Raises ContentError if the file no longer has the note, or has more to it than its own text.
    """
    return with_texts(note.path, [(note, text)])


def with_texts(path: Path, texts: Iterable[tuple[Note, str]]) -> str:
    """The whole text of the file at *path* with others in place of these notes; raises as
    `replaced` does."""
    page, file = _read(path)
    there = {one.id: one for one in page.notes} if page else {}
    lines = _lines(file)
    found_ones = [(there.get(note.id) or _found(note)[0], text) for note, text in texts]
    for found, text in sorted(found_ones, key=lambda one: -one[0].line):
        _check_heading(found, file)
        parts = ("\n".join(lines[: found.line - 1]), text, "\n".join(lines[found.last :]))
        lines = "\n\n".join(part.strip("\n") for part in parts).split("\n")
    return "\n".join(lines).rstrip("\n") + "\n"


def without(path: Path, ids: Collection[str]) -> str:
    """The whole text of the file at *path* without the notes *ids*.

    Raises ContentError if it no longer has one of them, or has more to one than its own text.
    """
    lines, notes = _from_the_last(path, ids)
    for note in notes:
        first = note.line - 1
        del lines[first : note.last]
        while first < len(lines) and not lines[first].strip():  # the empty lines below it, too
            del lines[first]
    return "\n".join(lines).rstrip("\n") + "\n"


def left(path: Path, ids: Collection[str]) -> str | None:
    """What `without` gives; None if nothing is left below the front matter, so that the file has
    served: one with a head alone would be a problem of our own making."""
    text = without(path, ids)
    lines = text.removeprefix("\ufeff").rstrip().split("\n")
    end = next((at for at, line in enumerate(lines) if at and line.rstrip() == "---"), None)
    return None if lines[0].rstrip() == "---" and end == len(lines) - 1 else text


def restored(path: Path, before: bytes, ids: Collection[str]) -> str:
    """The whole text of the file at *path* with the notes *ids* in it again, as it said them
    *before*: each behind the one that it stood behind, or at the end. One that is there again stays
    as it is. Of a file that has gone, what stood above the notes comes again, too.

    Raises ContentError if they cannot be read there as they were, or another note then could not.
    """
    page, former = _read(path, before)
    said, old = _lines(former), page.notes if page else ()
    if not disk.is_there(path):
        head = "\n".join(said[: min(note.line for note in old) - 1])
        found, now = _read(path, head.encode())
    else:
        found, now = _read(path)
    there = {note.id: note for note in found.notes} if found else {}
    back = [note for note in old if note.id in ids and note.id not in there]
    wanted = {note.id: _placeless(note) for note in (*there.values(), *back)}
    lines = _lines(now)
    for places in (_former_places(old, there, len(lines)), {}):
        texts = dict[int, list[str]]()
        for note in back:
            own = "\n".join(said[note.line - 1 : note.last])
            texts.setdefault(places.get(note.id, len(lines)), []).append(own)
        text = _with_inserted(lines, texts)
        read, _ = _read(path, text.encode())
        if read and {note.id: _placeless(note) for note in read.notes} == wanted:
            return text
    raise ContentError(path, 1, "what it says by now leaves no place for them")


def _former_places(old: Iterable[Note], there: Mapping[str, Note], end: int) -> dict[str, int]:
    """Below how many lines of a file each note would stand that is not *there* any more: behind the
    one that it stood behind in the *old* order."""
    place = min((note.line - 1 for note in there.values()), default=end)
    places = dict[str, int]()
    for note in old:
        if note.id in there:
            place = there[note.id].last
        else:
            places[note.id] = place
    return places


def _with_inserted(lines: Sequence[str], texts: Mapping[int, Sequence[str]]) -> str:
    """*lines* with some *texts*, each below so many of them."""
    parts, done = list[str](), 0
    for place in sorted(texts):
        parts += ["\n".join(lines[done:place]), *texts[place]]
        done = place
    parts.append("\n".join(lines[done:]))
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"


def _lines(file: _File) -> list[str]:
    """As they stand in the file, but for how they end."""
    return re.sub(r"\r\n?", "\n", file.source).split("\n")


_KIND_OF = {NoteKind.QUESTION: FileKind.QUESTIONNAIRE, NoteKind.TERM: FileKind.JARGON}


def tags(path: Path) -> dict[str, tuple[str, ...]]:
    """The tags of the notes in the file at *path*, by their ids. Raises ContentError if it cannot
    be read."""
    page, file = _read(path)
    if page is None and file.problems:
        why = min(file.problems)
        raise ContentError(why.path, why.line, why.message)
    return {note.id: note.tags for note in page.notes} if page else {}


def _from_the_last(path: Path, ids: Iterable[str]) -> tuple[list[str], list[Note]]:
    """The lines of a file and its notes *ids*, the last one first, so that to change one moves none
    of the others. Raises ContentError as `without` does."""
    page, file = _read(path)
    notes = {note.id: note for note in page.notes} if page else {}
    for one in ids:
        if one not in notes:
            raise ContentError(path, 1, f"the note {one} is no longer here")
        _check_heading(notes[one], file)
    return _lines(file), sorted((notes[one] for one in ids), key=lambda note: -note.line)


def tagged(path: Path, tags: Mapping[str, Sequence[str]]) -> str:
    """The whole text of the file at *path* with other *tags* of some of its notes, by their ids.

    Raises ContentError if it no longer has one of them, or if there is more to one than its own
    text: what else it says is then to stay as it is.
    """
    lines, notes = _from_the_last(path, tags)
    for note in notes:
        own = slice(note.line - 1, note.last)
        text = _with_tags("\n".join(lines[own]), tags[note.id])
        found, _ = notes_in(text, _KIND_OF[note.kind], path)
        wanted = _placeless(replace(note, tags=tuple(tags[note.id])))
        if [_placeless(one) for one in found] != [wanted]:
            raise ContentError(path, note.line, "the tags of this note are changed in its file")
        lines[own] = text.split("\n")
    return "\n".join(lines).rstrip("\n") + "\n"


def _placeless(note: Note) -> Note:
    """What a note says, wherever that stands."""
    variants = tuple(replace(one, line=0) for one in note.variants)
    return replace(note, line=0, last=0, variants=variants)


def _with_tags(said: str, tags: Sequence[str]) -> str:
    """A note's text with *tags* in the last of its own comments that has a key, the one that is
    read; in one of their own if there is none."""
    ends = [match.start() for match in re.finditer(rf"^{_VARIANT.pattern}", said, re.MULTILINE)]
    own = said[: ends[0]] if ends else said
    given = {"tags": " ".join(tags)} if tags else {}
    for match in reversed([*_SPAN.finditer(own)]):
        group = "block" if match["block"] else "inline"
        pairs = dict(_PAIR.findall(match[group][4:-3])) if match[group] else {}
        if not pairs.keys() & _KEYS.keys():
            continue
        pairs = {key: value for key, value in {**pairs, **given}.items() if key != "tags" or tags}
        first, last = match.span(group)
        return "".join([said[:first], _comment(pairs), said[last:]]).rstrip("\n")
    if not tags:
        return said
    return f"{own.rstrip()}\n\n{_comment(given)}\n\n{said[len(own) :]}".rstrip("\n")


def _comment(pairs: Mapping[str, str]) -> str:
    if not pairs:
        return ""
    return f"<!-- {', '.join(f'{key}: {value}' for key, value in pairs.items())} -->"


def sources(path: Path) -> dict[str, str]:
    """By the ids of the notes in the file at *path*, what it says of each, to the letter but for
    empty lines around it; none if there is no file. Raises StudyError if it cannot be read."""
    if not disk.is_there(path):
        return {}
    page, file = _read(path)
    if page is None and file.problems:
        raise StudyError(f"{path} cannot be read: {min(file.problems).message}.")
    lines = _lines(file)
    notes = page.notes if page else ()
    return {note.id: "\n".join(lines[note.line - 1 : note.last]).strip() for note in notes}


def _check_heading(note: Note, file: _File) -> None:
    if note.template is not None or not _HEADING.match(file.lines[note.line - 1]):
        told = "a row of a table or a note with a template is changed in its file"
        raise ContentError(file.path, note.line, told)


def excerpt(note: Note) -> str:
    """The note's own text as its file now has it, to be put in another file of its kind.

    A template stays where what is drawn from it is kept. A row of a table comes as a heading with
    the meaning below. Raises ContentError if the file no longer has the note.
    """
    found, file = _found(note)
    lines = file.lines[found.line - 1 : found.last]
    if found.template is not None:
        first = found.template.line - found.line
        end = next(at for at in range(first, len(lines)) if "-->" in lines[at])
        lines = lines[:first] + lines[end + 1 :]
    if _HEADING.match(lines[0]):
        return "\n".join(lines) + "\n"
    text = _as_heading(found, found.answer)
    copied, _ = notes_in(text, FileKind.JARGON, note.path)
    if [it.answer for it in copied] == [found.answer]:
        return text
    # In a cell "## x" or "- [ ] x" is plain text; below a heading it would not be.
    return _as_heading(found, f"\\{found.answer}")


def _found(note: Note) -> tuple[Note, _File]:
    """The note as its file now has it, and the file. Raises ContentError if it is not there."""
    page, file = _read(note.path)
    if page is None and file.problems:
        why = min(file.problems)
        raise ContentError(why.path, why.line, why.message)
    found = next((it for it in page.notes if it.id == note.id), None) if page else None
    if found is None:
        raise ContentError(note.path, note.line, f"the note {note.id} is no longer here")
    return found, file


def notes_in(text: str, kind: FileKind, path: Path) -> tuple[tuple[Note, ...], tuple[Problem, ...]]:
    """The notes that *text* would have below a front matter, and its problems."""
    file = _File(path, text)
    return _notes(file, _chunks(file, 0, kind), kind), tuple(sorted(file.problems))


def followed(
    text: str, kind: FileKind, path: Path
) -> tuple[tuple[Note, ...], bool, tuple[Problem, ...]]:
    """The notes that *text* would have with another one below it, whether that one still begins
    there, and the problems."""
    file = _File(path, text + _NEXT)
    chunks = _chunks(file, 0, kind)
    begins = chunks[-1].start == len(file.lines) - 2  # what it says is known, and not read
    notes = _notes(file, chunks[:-1] if begins else chunks, kind)
    return notes, begins, tuple(sorted(file.problems))


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


def alone(text: str, kind: FileKind, path: Path) -> tuple[Note | None, tuple[Problem, ...]]:
    """The one note below a heading that *text* is, however it is followed, and its problems; None
    if it is not exactly one, with a problem that says why."""
    file = _File(path, text + _NEXT)
    chunks = _chunks(file, 0, kind)
    headings = [chunk.start + 1 for chunk in chunks if chunk.title is not None]
    if not headings or headings[0] > 1:
        return None, (Problem(path, 1, "a note begins with a heading, ## and a space"),)
    if len(headings) > 2:
        told = "a heading ## would begin another note here; ### does not"
        return None, (Problem(path, headings[1], told),)
    notes = _notes(file, chunks, kind)
    if [note.id for note in notes[1:]] == [_FOLLOWER]:
        return notes[0], tuple(sorted(file.problems))
    if not file.problems:
        file.report(headings[0], "something below never ends, a tag of HTML perhaps")
    return None, tuple(sorted(file.problems))


def opening(text: str) -> tuple[str, str]:
    """The line that *text* begins with, and what follows it: its first paragraph up to a break, or
    its first heading. No line if it begins with anything else."""
    if text[:1].isalpha() and text.isprintable():  # one line that is nothing else
        return text.removesuffix("\\").strip(), ""
    first, inline = [*_parser().parse(text), None, None][:2]
    if first is None or inline is None or first.map is None or first.map[0] > 0:
        return "", text
    end, lines = first.map[1], text.split("\n")
    if first.type == "heading_open":
        return inline.content, "\n".join(lines[end:]).strip("\n")
    if first.type != "paragraph_open":
        return "", text
    broken = (n for n in range(1, end) if re.search(r"(?: {2}|\\)$", lines[n - 1]))
    end = next(broken, end)
    line = " ".join(part.removesuffix("\\").strip() for part in lines[:end])
    return line, "\n".join(lines[end:]).strip("\n").lstrip(" ")


def quoted(text: str) -> str:
    """A string as the front matter reads it back: JSON's quoting is a part of YAML's."""
    return json.dumps(text, ensure_ascii=False)


# --- one file ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where an id is missing: `before` + slug of `text` + `after` belongs at this place.

    Without text it is a part of a table's new column.
    """

    line: int
    column: int
    before: str
    after: str
    text: str
    default: str = "note"

    @property
    def place(self) -> tuple[int, int]:
        return self.line, self.column


class _File:
    """A file's lines, and what is found wrong or missing while they are read."""

    def __init__(self, path: Path, source: str, *, bom: bool = False) -> None:
        self.path = path
        self.source = source
        self.bom = bom
        text = re.sub(r"\r\n?", "\n", source)
        # As composed characters: the same text, whatever system saved it.
        self.lines = unicodedata.normalize("NFC", printable(text)).split("\n")
        self.problems: list[Problem] = []
        self.gaps: list[_Gap] = []
        if "\0" in text:
            self.report(text.count("\n", 0, text.index("\0")) + 1, "there is a NUL character here")

    def report(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, printable(message)))


def _read(path: Path, data: bytes | None = None) -> tuple[ContentFile | None, _File]:
    """What the file at *path* says, or would if it were *data*."""
    file = _open(path) if data is None else _decoded(path, data)
    if file.problems and not file.source:
        return None, file
    head = _front_matter(file)
    if head.page and (known := _known_notes(file, head)):
        return replace(head.page, notes=known), file
    chunks = _chunks(file, head.lines, head.kind)
    if head.page:
        _report_unread(file, chunks, head)
    sections: tuple[Section, ...] = ()
    moments: tuple[Moment, ...] = ()
    notes: tuple[Note, ...] = ()
    if head.kind is FileKind.READING and head.timed:
        moments = tuple(_moments(file, chunks))
    elif head.kind is FileKind.READING:
        sections = tuple(_sections(file, chunks))
    elif head.kind:
        notes = _notes(file, chunks, head.kind)
    page = head.page and replace(head.page, sections=sections, moments=moments, notes=notes)
    return page, file


def _known_notes(file: _File, head: _Head) -> tuple[Note, ...]:
    """The notes of a file that has nothing but known ones below its head, each once; else none."""
    known = _KNOWN.get()
    body = "\n".join(file.lines[head.lines :]) if known else ""
    if not (body.startswith("\n## ") and body.endswith("\n")):
        return ()
    notes, line = dict[str, Note](), head.lines + 2
    for text in _BETWEEN.split(body[1:-1]):
        note = known.get(text)
        if note is None or note.id in notes or _KIND_OF[note.kind] is not head.kind:
            return ()
        last = line + note.last - note.line
        notes[note.id] = replace(note, path=file.path, line=line, last=last)
        line = last + 2
    return tuple(notes.values())


def _open(path: Path) -> _File:
    try:
        str(path).encode()
        data = path.read_bytes()
    except (OSError, UnicodeEncodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "its name is not UTF-8"
        file = _File(path, "")
        file.report(1, f"the file cannot be read: {told}")
        return file
    return _decoded(path, data)


def _decoded(path: Path, data: bytes) -> _File:
    bom = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _File(path, data.decode(), bom=bom)
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        file = _File(path, "")
        file.report(
            before.count(b"\n") + 1,
            f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8",
        )
        return file


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


# --- front matter -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Head:
    """What the front matter says; `lines` is how many lines it takes.

    Without a page, `kind` and `timed` (the headings of a lecture begin with times) still tell how
    the rest is to be looked through for problems.
    """

    lines: int
    page: ContentFile | None = None
    kind: FileKind | None = None
    timed: bool = False


def _front_matter(file: _File) -> _Head:
    if file.lines[0].rstrip() != "---":
        file.report(1, "front matter is missing: the first line must be ---")
        return _Head(0)
    ends = (number for number, line in enumerate(file.lines[1:], 1) if line.rstrip() == "---")
    end = next(ends, None)
    if end is None:
        file.report(1, "front matter never ends: a line --- must follow it")
        end = next((n for n, line in enumerate(file.lines) if not line.strip()), 0)
        return _guessed_head(file.lines[1:end], end)
    values = _yaml(file, file.lines[1:end])
    if values is None:
        return _guessed_head(file.lines[1:end], end + 1)
    return _head(file, values, end + 1)


def _yaml(file: _File, lines: Sequence[str]) -> dict[str, str] | None:
    import yaml

    text = "\n".join(lines)
    try:
        # The base loader leaves every value the text that it is: `title: No` is no boolean.
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        file.report(line + 2, f"front matter has a character that YAML forbids: {error.reason}")
        return None
    except yaml.MarkedYAMLError as error:
        line = min(error.problem_mark.line, len(lines) - 1) if error.problem_mark else 0
        file.report(line + 2, f"front matter is not YAML: {error.problem}")
        return None
    except (yaml.YAMLError, RecursionError):
        file.report(2, "front matter is not YAML")
        return None
    if not isinstance(node, yaml.MappingNode):
        file.report(1, "front matter must be lines of key: value")
        return None
    values: dict[str, str] = {}
    for key, value in node.value:
        line = key.start_mark.line
        if not isinstance(key, yaml.ScalarNode):
            file.report(line + 2, "front matter must be lines of key: value")
        elif key.value not in _HEAD_KEYS:
            told = f"unknown key {key.value} in the front matter; the keys are "
            file.report(line + 2, told + ", ".join(_HEAD_KEYS))
        elif not isinstance(value, yaml.ScalarNode):
            file.report(line + 2, f"{key.value} is not one text")
        else:
            if key.value in values:
                file.report(line + 2, f"{key.value} is given twice")
            end = value.end_mark
            if key.value in _NAMES and lines[end.line : end.line + 1]:
                rest = lines[end.line][end.column :].lstrip()
                if rest.startswith("#") and value.style is None:
                    told = f"{key.value} ends before {rest}: a value with # stands in quotes"
                    file.report(end.line + 2, told)
            # YAML's "\x1b" and "\ud800" make characters that the file did not have.
            said = value.value.encode("utf-8", "replace").decode()
            values[key.value] = unicodedata.normalize("NFC", printable(" ".join(said.split())))
    return values


def _guessed_head(lines: Sequence[str], end: int) -> _Head:
    text = "\n".join(lines)
    words = re.findall(r"^kind\s*:\s*[\"']?(\w+)", text, re.MULTILINE)
    kind = FileKind(words[0]) if words and words[0] in set(FileKind) else None
    timed = re.search(r"^lecture\s*:", text, re.MULTILINE) is not None
    return _Head(end, kind=kind, timed=timed)


def _head(file: _File, values: dict[str, str], lines: int) -> _Head:
    def line_of(key: str) -> int:
        found = (n for n, line in enumerate(file.lines, 1) if re.match(rf"\W*{key}\b", line))
        return next(found, 1)

    deck = values.get("deck")
    for key in ("pack", "kind") if deck else ("pack", "part", "chapter", "title", "kind"):
        if not values.get(key):
            file.report(1, f"front matter lacks {key}")
    for key in _OF_CHAPTERS if deck else ():
        if values.get(key):
            file.report(line_of(key), f"a deck has no {key}: it is no chapter")
    kind, timed = values.get("kind"), bool(values.get("lecture"))
    chapter, lecture = (_count(values.get(key, "")) for key in ("chapter", "lecture"))
    for key, number in (("chapter", chapter), ("lecture", lecture)):
        if number is None and values.get(key):
            message = f"{key}: {values[key]} is not a whole number above 0"
            file.report(line_of(key), message)
    video = values.get("video") or None
    if video is not None and not re.fullmatch(r"https?://[^\s<>\"]+", video):
        file.report(line_of("video"), f"video: {video} is not an address like https://…")
    if kind and kind not in set(FileKind):
        message = f"kind: {kind} is none of {', '.join(FileKind)}"
        file.report(line_of("kind"), message)
    if not kind or kind not in set(FileKind):
        return _Head(lines)
    if deck and kind == FileKind.READING:
        file.report(line_of("kind"), "a deck has no reading: its kind is questionnaire or jargon")
        return _Head(lines, kind=FileKind(kind), timed=timed)
    if not values.get("pack") or (chapter is None and not deck):
        return _Head(lines, kind=FileKind(kind), timed=timed)
    if deck:
        page = ContentFile(file.path, values["pack"], values["pack"], None, deck, FileKind(kind))
        return _Head(lines, page, page.kind)
    page = ContentFile(
        path=file.path,
        pack=values["pack"],
        part=values.get("part", ""),
        chapter=chapter,
        title=values.get("title", ""),
        kind=FileKind(kind),
        lecture=lecture,
        video=video,
    )
    return _Head(lines, page, page.kind, timed)


# --- structure --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines `start` to `end` (from 0, the end excluded) with their tokens.

    `title` is the heading's text; None for a table of terms and for what no note claims.
    """

    start: int
    end: int
    tokens: Sequence[Token]
    title: str | None = None
    table: bool = False


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    options = {"maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options).enable("table").disable(["inline", "text_join"])
    keep_footnotes(parser)
    plain_first(parser)
    return parser


def plain_first(parser: MarkdownIt) -> None:
    """Have a block be read at once that is seen by how its lines begin, as most are: a paragraph
    each line of which begins with a letter, a heading or HTML with an empty line below it. No other
    rule takes any of them, or ends such a paragraph, so none need be asked about every line."""
    from markdown_it.rules_block import heading, html_block, paragraph

    def read(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        begins, source = state.bMarks, state.src
        first = source[begins[start] + state.tShift[start]]
        if first in "#<":  # and no head of a table, which has a line below it
            rule = heading if first == "#" else html_block
            return state.isEmpty(start + 1) and rule(state, start, end, silent)
        line = start
        while line < state.lineMax and not state.isEmpty(line):
            if not source[begins[line] + state.tShift[line]].isalpha():
                return False
            line += 1
        return not state.is_code_block(start) and paragraph(state, start, end, silent)

    parser.block.ruler.before("table", "plain", read)


def _chunks(file: _File, skip: int, kind: FileKind | None) -> list[_Chunk]:
    """Cut a file below its first *skip* lines at its `##` headings and its tables of terms."""
    targets: dict[str, Any] = {}
    tokens = _parser().parse("\n" * skip + "\n".join(file.lines[skip:]) + "\n", targets)
    _report_unclosed(file, tokens)
    _report_misread(file, tokens)
    cuts: list[tuple[int, int, str | None, bool]] = [(skip, 0, None, False)]
    for index, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        first, end = token.map
        if token.type == "heading_open" and token.markup == "##":
            cuts.append((first, index, tokens[index + 1].content, False))
        elif token.type == "heading_open" and token.markup in _HEADINGS:
            if cuts[-1][2] is not None:
                file.report(first + 1, _HEADINGS[token.markup])
        elif token.type == "table_open" and kind is FileKind.JARGON:
            names = [cell.text.lower() for cell in _cells(file.lines[first])]
            if {"term", "meaning"} <= set(names):
                after = _after(tokens, index, "table_close")
                cuts += [(first, index, None, True), (end, after, None, False)]
            elif cuts[-1][2] is None:
                told = "a table of terms needs the columns Term and Meaning"
                file.report(first + 1, f"{told}: not read{_upto(first + 1, end)}")
    ends = [*cuts[1:], (len(file.lines), len(tokens), None, False)]
    chunks = [
        _Chunk(first, ends[n][0], tokens[index : ends[n][1]], title, table)
        for n, (first, index, title, table) in enumerate(cuts)
    ]
    _report_long(file, chunks)
    _report_unused(file, chunks, targets)
    return chunks


def _report_long(file: _File, chunks: Sequence[_Chunk]) -> None:
    for chunk in chunks:
        size = sum(len(line) + 1 for line in file.lines[chunk.start : chunk.end])
        if size > LONGEST and not chunk.table:
            told = f"{size:,} characters are too many: over {LONGEST:,} are shown as written"
            file.report(chunk.start + 1, told)


_HEADINGS = {
    "#": "a # heading within a note: a note begins with ##, a heading in its text with ###",
    "-": "a line of - right below text makes that text a heading: leave an empty line between",
    "=": "a line of = right below text makes that text a heading: leave an empty line between",
}


def _after(tokens: Sequence[Token], index: int, kind: str) -> int:
    return next(n for n in range(index, len(tokens)) if tokens[n].type == kind) + 1


def _report_unclosed(file: _File, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.map is None:
            continue
        first, end = token.map
        if token.type == "fence":
            indent = "[ \t>]*" if token.level else " {0,3}"
            close = f"{indent}{re.escape(token.markup)}{token.markup[0]}*[ \t]*$"
            if end - first < 2 or not re.match(close, file.lines[end - 1]):
                file.report(first + 1, "the code fence that begins here is never closed")
        elif token.type == "html_block":
            text = token.content.lstrip()
            for begins, ends, what in _HTML:
                if begins.match(text) and not ends.search(text):
                    file.report(first + 1, f"the {what} that begins here is never closed")


_CELLS = ("th_open", "td_open")  # in which there are no comments


def _unclosed(text: str) -> Iterator[int]:
    """The line of a paragraph, from 0, in which a comment begins that does not end in it, if one
    does: what was to be hidden is shown, and keys in it are not read."""
    if "<!--" in text:
        end = _last_comment(text)
        said = _SPAN.sub(_blotted, text[:end]) + CODE_SPAN.sub(_blotted, text[end:])
        if found := re.search(r"(?<!\\)<!--", said):
            yield said.count("\n", 0, found.start())


def _blotted(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", _GONE, match[0])


# What CommonMark lets run on over empty lines and headings until its own end.
_HTML = [
    (re.compile(begin, re.IGNORECASE), re.compile(close, re.IGNORECASE), what)
    for begin, close, what in (
        (r"<!--", r"-->", "comment"),
        (r"<(?:script|pre|style|textarea)(?=[\s>]|$)", r"</(?:script|pre|style|textarea)>", "tag"),
        (r"<\?", r"\?>", "<? instruction"),
        (r"<!\[CDATA\[", r"\]\]>", "<![CDATA[ section"),
        (r"<![A-Z]", r">", "<! declaration"),
    )
]


def _report_misread(file: _File, tokens: Sequence[Token]) -> None:
    """What was perhaps meant as the beginning of a note, and what is too deep to be shown."""
    for token, following in itertools.pairwise(tokens):
        if token.type == "heading_open" and (token.level or len(token.markup) > 2) and token.map:
            if _MARK.search(following.content.rstrip()):
                told = "this heading has an id but begins no note: a note begins with ## on its own"
                file.report(token.map[0] + 1, told)
        elif token.type == "paragraph_open" and token.map:
            for at, line in enumerate(file.lines[slice(*token.map)], token.map[0] + 1):
                if found := _NO_SPACE.match(line):
                    file.report(at, f"no heading: a space is missing after {found[1]}")
        if following.type == "inline" and following.map and is_tangled(following.content):
            told = (
                "this paragraph is too long, or has too many [ or <!: it is shown as it is written"
            )
            file.report(following.map[0] + 1, told)
        elif following.type == "inline" and following.map and token.type not in _CELLS:
            for at in _unclosed(following.content):
                told = "the comment that begins here is never closed; \\<!-- is text"
                file.report(following.map[0] + at + 1, told)
    deepest = next((it for it in tokens if it.map and it.level >= DEEPEST - 1), None)
    if deepest is not None and deepest.map:
        told = "lists and quotes are nested too deep here: what is within is not shown"
        file.report(deepest.map[0] + 1, told)


def _report_unused(file: _File, chunks: Sequence[_Chunk], targets: Mapping[str, Any]) -> None:
    """Addresses, as in `[name]: https://…`, that no link of their own note leads to."""
    given = [*targets.get("references", {}).values(), *targets.get("duplicate_refs", [])]
    firsts = sorted(target["map"][0] for target in given)
    for chunk in chunks if firsts else ():
        found = firsts[
            bisect.bisect_left(firsts, chunk.start) : bisect.bisect_left(firsts, chunk.end)
        ]
        if not found:
            continue
        text = "\n".join(file.lines[chunk.start : chunk.end]).casefold()
        uses = Counter(re.findall(r"\[[^\[\]]+\]", text))
        names = [re.search(r"\[[^\[\]]+\]", file.lines[first].casefold()) for first in found]
        uses.subtract(name[0] for name in names if name)
        for first, name in zip(found, names, strict=True):
            if name is None or uses[name[0]] < 1:
                told = f"not shown, as no link of this note uses it: {file.lines[first].strip()}"
                file.report(first + 1, told)


def _report_unread(file: _File, chunks: Sequence[_Chunk], head: _Head) -> None:
    """Text that belongs to no note; a title above all of them and comments are for the author."""
    what, begins = _BEGINNINGS[(head.timed and "lecture") or head.kind or ""]
    found = any(chunk.table or chunk.title is not None for chunk in chunks)
    first_unread = 0
    for chunk in chunks:
        if chunk.table or chunk.title is not None:
            continue
        silent = _silent(chunk, titled=found, tables=head.kind is FileKind.JARGON)
        _, lines = _comments(file, replace(chunk, start=chunk.start - 1))
        unread = [it.number for it in lines if it.text.strip() and it.number - 1 not in silent]
        if unread and found:
            upto = _upto(unread[0], unread[-1])
            file.report(unread[0], f"not read{upto}, as it belongs to no {what}: {begins}")
        first_unread = first_unread or min(unread, default=0)
    # A table of other columns, an empty front matter: then that is told.
    if not found and (first_unread or not file.problems):
        file.report(first_unread or 1, f"there is no {what} in this file: {begins}")


_BEGINNINGS = {
    FileKind.QUESTIONNAIRE: ("question", "one begins with ## and a space"),
    FileKind.JARGON: ("term", "one begins with ## and a space, or is a row below Term and Meaning"),
    FileKind.READING: ("section", "one begins like ## 1.19 Title"),
    "lecture": ("moment", "one begins like ## 31:20 Title"),
}


def _silent(chunk: _Chunk, *, titled: bool, tables: bool) -> set[int]:
    """The lines, from 0, of rules and of what is told elsewhere or only names what follows."""
    lines: set[int] = set()
    for at, token in enumerate(chunk.tokens):
        title = titled and not at and token.type == "heading_open" and token.markup in "#="
        table = tables and token.type == "table_open"  # told by _chunks: it lacks a column
        if token.map and not token.level and (title or table or token.type == "hr"):
            lines.update(range(*token.map))
    return lines


# --- a heading and what is below it -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of an answer; `marked` still has a sign for each character that was removed."""

    number: int
    marked: str

    @property
    def text(self) -> str:
        return self.marked.replace(_GONE, "").rstrip() if _GONE in self.marked else self.marked


@dataclass(frozen=True, slots=True)
class _Task:
    """A point, its first line, and the place where an id would go; `bare` if none is there."""

    point: Point
    first: int
    line: int
    column: int
    bare: bool


def _notes(file: _File, chunks: Sequence[_Chunk], kind: FileKind) -> tuple[Note, ...]:
    what = NoteKind.TERM if kind is FileKind.JARGON else NoteKind.QUESTION
    lines: dict[str, int] = {}
    notes = []
    for chunk in chunks:
        if chunk.table:
            found = _table(file, chunk)
        elif chunk.title is not None:
            found = [_note(file, chunk, chunk.title, what)]
        else:
            continue
        for note in found:
            if note is None:
                continue
            if note.id in lines:
                message = f"the id {note.id} is used already on line {lines[note.id]}"
                file.report(note.line, message)
            else:
                lines[note.id] = note.line
                notes.append(note)
    return tuple(notes)


def _note(file: _File, chunk: _Chunk, title: str, kind: NoteKind) -> Note | None:
    line = chunk.start + 1
    prompt, name = _identify(file, line, title)
    if not prompt:
        file.report(line, "the heading is empty")
    elif name is None:
        file.report(line, f"the {kind} has no {{#id}}; {_FIX}")
        column = _end_of_heading(file.lines[chunk.start])
        file.gaps.append(_Gap(line, column, " {#", "}", prompt, kind))
    last = next(n for n in range(chunk.end, 0, -1) if file.lines[n - 1].strip())
    chunk, others = _parts(file, chunk)
    comments, lines = _comments(file, chunk)
    tasks, taken = _tasks(file, chunk)
    front, lines = _parted(file, kind, comments, lines, taken)
    kept = _kept(lines, taken)
    note = Note(
        id=name or "",
        kind=kind,
        prompt=prompt,
        answer="\n".join(line.text for line in kept),
        path=file.path,
        line=line,
        last=last,
        points=tuple(task.point for task in tasks),
        template=_template(file, comments),
        front=front,
        **_said(file, comments, len(tasks)),
    )
    _check_card(file, note, kept, tasks)
    if others:
        note = _with_variants(file, note, others)
    return note if prompt and name else None


def _parts(file: _File, chunk: _Chunk) -> tuple[_Chunk, list[_Chunk]]:
    """Cut a note at its lines `<!-- variant -->`: its own text, then each variant, which begins
    with its question. What does not is reported and left out."""
    marks = [
        (index, token.map[0])
        for index, token in enumerate(chunk.tokens)
        if token.type == "html_block" and token.map and _VARIANT.fullmatch(token.content.strip())
    ]
    if not marks:
        return chunk, []
    ends = [*marks[1:], (len(chunk.tokens), chunk.end)]
    parts = []
    for (index, line), (stop, end) in zip(marks, ends, strict=True):
        tokens = chunk.tokens[index + 1 : stop]
        if tokens and tokens[0].type == "heading_open" and tokens[0].markup == "###":
            first = tokens[0].map[0] if tokens[0].map else line
            parts.append(_Chunk(first, end, tokens, tokens[1].content))
        else:
            file.report(line + 1, "a variant begins with its question: ### … below this line")
    return replace(chunk, end=marks[0][1], tokens=chunk.tokens[: marks[0][0]]), parts


def _with_variants(file: _File, note: Note, parts: Sequence[_Chunk]) -> Note:
    """*note* with the cases that are written below its own."""
    if note.kind is not NoteKind.QUESTION or note.card is not CardStyle.ANSWER:
        file.report(parts[0].start + 1, "only a question that is one card has variants")
        return note
    if len(parts) > len(KEYS):
        file.report(parts[len(KEYS)].start + 1, f"a note has at most {len(KEYS)} variants")
    variants, sources = [], list(note.sources)
    for key, part in zip(KEYS, parts, strict=False):
        line = part.start + 1
        prompt, name = _identify(file, line, part.title or "")
        if name is not None:
            file.report(line, "a variant has no id: it is a case of its note")
        if not prompt:
            file.report(line, "the heading is empty")
            continue
        comments, lines = _comments(file, part)
        tasks, taken = _tasks(file, part)
        front, lines = _parted(file, note.kind, comments, lines, taken)
        points = tuple(task.point for task in tasks)
        answer = "\n".join(one.text for one in _kept(lines, taken))
        for at, text in comments:
            if re.match(r"(?!(?:source|need)\b)[\w-]+\s*:", text, re.IGNORECASE):
                file.report(at, "a variant has only need: and source:; the rest is its note's")
        allowed = [one for one in comments if re.match(r"(?:source|need)\b", one[1].lower())]
        said = _said(file, allowed, len(points))
        sources += said["sources"]
        need = said.get("need")
        variants.append(Variant(key, prompt, answer, points, need, file.path, line, front))
    return replace(note, variants=tuple(variants), sources=tuple(sources))


def _template(file: _File, comments: Sequence[tuple[int, str]]) -> Template | None:
    """The template in the comments of a note, with its lines as they are."""
    found = []
    for line, text in comments:
        if _TEMPLATE.match(file.lines[line - 1]):
            found.append(line)
        elif _TEMPLATE_OF_COMMENT.match(text):
            file.report(line, "a template begins with <!-- template alone on its line")
    for line in found[1:]:
        file.report(line, "a note has one template; this one is not read")
    if not found:
        return None
    text = "\n".join(file.lines[found[0] - 1 :])
    inner = text[text.index("<!--") + 4 : text.index("-->")]
    return Template(inner.strip().removeprefix("template").strip("\n"), found[0])


def _parted(
    file: _File,
    kind: NoteKind,
    comments: Sequence[tuple[int, str]],
    lines: list[_Line],
    taken: set[int],
) -> tuple[str, list[_Line]]:
    """What the question says below its heading, as `<!-- answer -->` ends it, and the lines of the
    answer; all of them without such a line."""
    marks = [number for number, text in comments if text.lower() == "answer"]
    if not marks:
        return "", lines
    mark = marks[0]
    if kind is NoteKind.TERM:
        file.report(mark, "a term has no <!-- answer -->: all of its text is the meaning")
        return "", lines
    for other in marks[1:]:
        file.report(other, f"the answer begins already on line {mark}")
    if not _ANSWER.fullmatch(file.lines[mark - 1]):
        file.report(mark, "<!-- answer --> must stand alone on its line, from its beginning")
        return "", lines
    above = [line for line in lines if line.number < mark]
    for line in above:
        if line.number in taken:
            file.report(line.number, "a point belongs to the answer, below <!-- answer -->")
            break
    front = "\n".join(line.text for line in _kept(above, taken))
    if not front:
        file.report(mark, "<!-- answer --> needs a part of the question above it")
    return front, [line for line in lines if line.number > mark]


def _end_of_heading(line: str) -> int:
    """Where the text of a heading ends: before spaces and the # that may close it."""
    whole = line.rstrip(" \t")
    text = whole.rstrip("#")
    return len(text.rstrip(" \t") if text.endswith((" ", "\t")) else whole)


def _sections(file: _File, chunks: Sequence[_Chunk]) -> Iterator[Section]:
    for chunk, line, title in _headings(file, chunks):
        match = _SECTION.match(title)
        if match is None or not match[2]:
            file.report(line, f"a heading here needs a section number, ## 1.19 Title: {title}")
        else:
            text = _text(_comments(file, chunk)[1])
            yield Section(match[1], match[2], text, file.path, line)


def _moments(file: _File, chunks: Sequence[_Chunk]) -> Iterator[Moment]:
    before = -1
    for chunk, line, title in _headings(file, chunks):
        match = _CLOCK.match(title)
        if match is None or not match[2]:
            file.report(line, f"a heading here needs a time, ## 31:20 Title: {title}")
            continue
        time = _TIME.fullmatch(match[1])
        if time is None:
            file.report(line, f"the time {match[1]} is not one like 31:20 or 1:02:48")
            continue
        seconds = 3600 * int(time[1] or 0) + 60 * int(time[2]) + int(time[3])
        if seconds <= before:
            file.report(line, f"the time {match[1]} is not after the one before it")
        before = seconds
        comments, lines = _comments(file, chunk)
        fields: dict[str, Any] = {}
        for number, text in comments:
            if re.match(r"(?!source\b)[\w-]+\s*:", text):
                fields |= _fields(file, number, _PAIR.findall(text))
        yield Moment(seconds, match[2], fields.get("section"), _text(lines), file.path, line)


def _headings(file: _File, chunks: Sequence[_Chunk]) -> Iterator[tuple[_Chunk, int, str]]:
    """What is below each heading that is not empty, with the heading's line and text."""
    for chunk in chunks:
        if chunk.title is not None:
            line = chunk.start + 1
            title, _ = _identify(file, line, chunk.title)
            if title:
                yield chunk, line, title
            else:
                file.report(line, "the heading is empty")


def _text(lines: Sequence[_Line]) -> str:
    return "\n".join(line.text for line in _kept(lines, set()))


def _identify(file: _File, line: int, text: str) -> tuple[str, str | None]:
    """Split "text {#id}"; no id is None, a malformed one is reported and empty."""
    text = _without_comments(" ".join(part.strip() for part in text.split("\n"))).strip()
    match = _MARK.search(text)
    if match is None:
        return text, None
    rest = text[: match.start()].rstrip()
    while other := _MARK.search(rest):
        file.report(line, f"two ids, {other[0]} and {match[0]}; keep the one that it had first")
        rest = rest[: other.start()].rstrip()
    return rest, _checked_id(file, line, match[1])


def _checked_id(file: _File, line: int, name: str) -> str:
    if _ID.fullmatch(name):
        return name
    file.report(line, f"the id {name!r} may have only lower-case letters, digits and hyphens")
    return ""


def _without_comments(text: str) -> str:
    if "-->" not in text:
        return text
    end = _last_comment(text)
    found = _SPAN.sub(lambda it: "" if it["block"] or it["inline"] else it[0], text[:end])
    return found + text[end:]


def _last_comment(text: str) -> int:
    """Where the paragraph of the last comment ends, behind which none has to be looked for: each
    that is open would be followed to the end of the text."""
    last = text.rfind("-->")
    if last < 0:
        return 0
    gap = _EMPTY.search(text, last)
    return gap.start() if gap else len(text)


def _first_mark(text: str) -> int:
    """Where the line begins that has the first comment or code span, above which is neither."""
    marks = [at for at in (text.find("<!--"), text.find("`")) if at >= 0]
    return text.rfind("\n", 0, min(marks)) + 1 if marks else len(text)


def _comments(file: _File, chunk: _Chunk) -> tuple[list[tuple[int, str]], list[_Line]]:
    """The comments below a heading, each with its line, and the lines with them blotted out."""
    first = chunk.start + 1
    lines = file.lines[first : chunk.end]
    plain = list(lines)
    for token in chunk.tokens:
        if token.type in ("fence", "code_block") and token.map:
            for number in range(*token.map):
                plain[number - first] = "\ufffc" * len(lines[number - first])
    text, searched = "\n".join(lines), "\n".join(plain)
    comments, blotted, end = [], [], 0
    begin, last = _first_mark(searched), _last_comment(searched)
    for match in _SPAN.finditer(searched, begin, last):
        group = "block" if match["block"] else "inline"
        if not match[group]:
            continue
        start, stop = match.span(group)
        line = first + 1 + text.count("\n", 0, start)
        comments.append((line, " ".join(match[group][4:-3].split())))
        gone = "\n".join(_GONE * len(line) for line in text[start:stop].split("\n"))
        blotted += [text[end:start], gone]
        end = stop
    blotted.append(text[end:])
    marked = "".join(blotted).split("\n") if lines else []
    return comments, [_Line(number, line) for number, line in enumerate(marked, first + 1)]


def _kept(lines: Sequence[_Line], taken: set[int]) -> list[_Line]:
    """The answer's lines, trimmed; what was taken out of its midst leaves one empty line."""
    kept: list[_Line] = []
    gap = True
    for line in lines:
        empty = not line.text.strip()
        if line.number in taken or (_GONE in line.marked and not line.text.strip(" \t>")):
            gap = True
        elif not (gap and empty):
            if gap and kept and kept[-1].text.strip():
                kept.append(_Line(line.number, ""))
            kept.append(line)
            gap = False
    while kept and not kept[-1].text.strip():
        kept.pop()
    return [*kept[:-1], _Line(kept[-1].number, kept[-1].marked.rstrip())] if kept else []


def _tasks(file: _File, chunk: _Chunk) -> tuple[list[_Task], set[int]]:
    """The points of a note, and the numbers of the lines that they take."""
    tasks: list[_Task] = []
    taken: set[int] = set()
    names: set[str] = set()
    for index, token in enumerate(chunk.tokens):
        if token.type != "list_item_open" or token.level != 1 or token.markup not in "-*+":
            continue
        paragraph, inline = chunk.tokens[index + 1 : index + 3]
        match = _TASK.match(inline.content) if paragraph.type == "paragraph_open" else None
        if match is None or token.map is None or paragraph.map is None:
            continue
        first = token.map[0] + 1
        taken.update(range(first, token.map[1] + 1))
        _report_below_point(file, chunk.tokens, index)
        text, name = _identify(file, first, match[1] or "")
        extra = _EXTRA.match(text)
        text = text[extra.end() :] if extra else text
        if not text:
            file.report(first, "the point is empty")
            continue
        if name in names:
            file.report(first, f"the id {name} is used already in this note")
        names |= {name} if name else set()
        line = paragraph.map[1]
        point = Point(text, extra is not None, name or None)
        column = len(file.lines[line - 1].rstrip())
        tasks.append(_Task(point, first, line, column, bare=name is None))
    return tasks, taken


def _report_below_point(file: _File, tokens: Sequence[Token], item: int) -> None:
    """What follows the paragraph of the point whose item opens at *item*, but for comments."""
    end = item
    while (tokens[end].type, tokens[end].level) != ("list_item_close", 1):
        end += 1
    inside = tokens[item + 4 : end]
    below = [it for it in inside if it.map and not it.content.lstrip().startswith("<!--")]
    if below and below[0].map:
        first = below[0].map[0] + 1
        last = max(it.map[1] for it in below if it.map)
        while not file.lines[last - 1].strip():
            last -= 1
        told = f"a point is one paragraph; what is below it is not read{_upto(first, last)}"
        file.report(first, told)


def _upto(first: int, last: int) -> str:
    return f" to line {last}" if last > first else ""


def _check_card(file: _File, note: Note, lines: Sequence[_Line], tasks: Sequence[_Task]) -> None:
    """What a style of card needs in order to be asked."""
    match note.card:
        case CardStyle.ITEMS:
            if not tasks:
                file.report(note.line, "card: items needs points")
            for task in tasks:
                if task.bare:
                    file.report(task.first, f"a point of an items note has no {{#id}}; {_FIX}")
                    text = task.point.text
                    file.gaps.append(_Gap(task.line, task.column, " {#", "}", text, "point"))
        case CardStyle.BOTH:
            if not note.answer:
                file.report(note.line, "card: both needs a text below the heading, the other side")
        case CardStyle.CLOZE:
            _check_clozes(file, note, lines)
        case CardStyle.ORDER:
            if len(numbered_items(note.answer)) < 2:
                file.report(note.line, "card: order needs a numbered list of at least two items")
        case _:
            pass


def _check_clozes(file: _File, note: Note, lines: Sequence[_Line]) -> None:
    found = find_clozes(note.answer)
    if not found:
        file.report(note.line, "card: cloze needs a ==hidden=={#id} text in the answer")
    names: set[str] = set()
    for cloze in found:
        line = lines[note.answer.count("\n", 0, cloze.end)]
        if cloze.id in names:
            file.report(line.number, f"the id {cloze.id} is used already in this note")
        elif cloze.id:
            names.add(cloze.id)
        elif note.answer.startswith("{#", cloze.end):
            mark = re.match(r"[^}\s]*", note.answer[cloze.end + 2 :])
            _checked_id(file, line.number, mark[0] if mark else "")
        else:
            file.report(line.number, f"=={cloze.text}== has no {{#id}}; {_FIX}")
            column = cloze.end - (note.answer.rfind("\n", 0, cloze.end) + 1)
            column = _nth(line.marked, column, lambda character: character != _GONE)
            file.gaps.append(_Gap(line.number, column, "{#", "}", cloze.text, "cloze"))


# --- comments ---------------------------------------------------------------------------------


def _said(file: _File, comments: Sequence[tuple[int, str]], points: int) -> dict[str, Any]:
    """Fields of a note with so many *points* from the comments below it; the last one that has a
    key of ours counts."""
    sources, lists = [], []
    for line, text in comments:
        if text.lower().startswith("source:"):
            sources.append(text[len("source:") :].strip())
            if not sources[-1]:
                file.report(line, "source: names nothing")
        elif _VARIANT_OF_COMMENT.match(text):
            file.report(line, "a variant begins with <!-- variant --> on a line of its own")
        elif _LIST.match(text):
            lists.append((line, _PAIR.findall(text)))
    known = [(line, pairs) for line, pairs in lists if any(key in _KEYS for key, _ in pairs)]
    for line, _ in known[:-1]:
        file.report(line, "this comment is not read: only the last one of a note is")
    fields: dict[str, Any] = {"sources": tuple(filter(None, sources))}
    if not lists:
        return fields
    line, pairs = (known or lists)[-1]
    fields |= _fields(file, line, pairs)
    need = fields.get("need")
    if need and need > points:
        file.report(line, f"need: {need} is more than the note has points, {points}")
        del fields["need"]
    return fields


def _fields(file: _File, line: int, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields of a note from the keys and values of its comment or its row."""
    fields: dict[str, Any] = {}
    seen: set[str] = set()
    for key, value in pairs:
        if key not in _KEYS:
            file.report(line, f"unknown key {key}; the keys are {', '.join(_KEYS)}")
            continue
        if key in seen:
            file.report(line, f"{key} is given twice")
        seen.add(key)
        parse, expected = _KEYS[key]
        parsed = parse(value)
        if not value:
            file.report(line, f"{key} has no value")
        elif parsed is None:
            file.report(line, f"{key}: {value} is not {expected}")
        else:
            fields[key.replace("-", "_")] = parsed
    return fields


def _count(text: str) -> int | None:
    return int(text) or None if re.fullmatch(r"[0-9]{1,6}", text) else None


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[12][0-9]{3}", text) else None


def _style(text: str) -> CardStyle | None:
    return CardStyle(text) if text in set(CardStyle) else None


def _depth(text: str) -> Depth | None:
    return Depth(text) if text in set(Depth) else None


def _words(separator: str | None) -> Callable[[str], tuple[str, ...] | None]:
    def parse(text: str) -> tuple[str, ...] | None:
        return tuple(word.strip() for word in text.split(separator) if word.strip()) or None

    return parse


_KEYS: dict[str, tuple[Callable[[str], object], str]] = {
    "number": (_count, "a whole number above 0"),
    "section": (lambda text: text if _NUMBER.fullmatch(text) else None, "a number like 1.19"),
    "family": (str, "a name"),
    "tags": (_words(None), "words"),
    "card": (_style, f"one of {', '.join(CardStyle)}"),
    "need": (_count, "a whole number above 0"),
    "as-of": (_year, "a year like 2026"),
    "synonyms": (_words(";"), "terms separated by semicolons"),
    "long": (str, "a reason"),
    "depth": (_depth, f"one of {', '.join(Depth)}"),
    "book": (_count, "a whole number above 0"),
    "reverse": ({"yes": True, "no": False}.get, "yes or no"),
    "changed": (lambda text: text if _MONTH.fullmatch(text) else None, "a month like 2026-12"),
    "guid": (unquote, "what an import writes"),
    "origin": (str, "what an import writes"),
}


# --- a table of terms -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell's text, and where it is between its pipes."""

    text: str
    start: int
    end: int


def _cells(line: str) -> list[_Cell]:
    """Split a row as GitHub's tables do: at every pipe that has no backslash before it."""
    end = len(line.rstrip(" \t"))
    start = len(line) - len(line.lstrip(" \t"))
    bounds = [match.start() for match in _PIPE.finditer(line, start, end)]
    if bounds and bounds[0] == start:
        start = bounds.pop(0) + 1
    if bounds and bounds[-1] == end - 1:
        end = bounds.pop()
    starts, ends = [start, *(bound + 1 for bound in bounds)], [*bounds, end]
    return [
        _Cell(line[a:b].strip(" \t").replace("\\|", "|"), a, b)
        for a, b in zip(starts, ends, strict=True)
    ]


def _table(file: _File, chunk: _Chunk) -> list[Note | None]:
    header = chunk.start + 1
    names = [cell.text.lower() for cell in _cells(file.lines[chunk.start])]
    for position, name in enumerate(names):
        if name not in _COLUMNS:
            file.report(header, f"unknown column {name}; the columns are {', '.join(_COLUMNS)}")
        elif name in names[:position]:
            file.report(header, f"the column {name} is there twice")
    rows = [(n + 1, _cells(file.lines[n])) for n in range(chunk.start + 2, chunk.end)]
    ragged = any(len(cells) > len(names) for _, cells in rows)
    found = [_row(file, line, names, cells) for line, cells in rows]
    # A cell too many would be taken for an id if a column were added.
    if "id" in names or not ragged:
        file.gaps += _table_gaps(file, chunk, names, rows, found)
    return [note if note and note.id else None for note in found]


def _row(file: _File, line: int, names: Sequence[str], cells: Sequence[_Cell]) -> Note | None:
    """A row as a note, whose id is empty where it is missing; None if it cannot be read."""
    if len(cells) > len(names):
        message = f"the row has {len(cells)} cells, its table {len(names)} columns; "
        file.report(line, message + "a pipe within a cell is written \\|")
        return None
    texts = [_without_comments(cell.text).strip() for cell in cells]
    values = dict(zip(names, texts, strict=False))
    prompt, name = values.get("term", ""), values.get("id", "")
    if not prompt:
        file.report(line, "the row has no term")
        return None
    if not name:
        file.report(line, f"the term has no id; {_FIX}")
    elif not _checked_id(file, line, name):
        return None
    fields = _fields(file, line, [(key, values[key]) for key in _ROW_KEYS if values.get(key)])
    answer = values.get("meaning", "")
    return Note(name, NoteKind.TERM, prompt, answer, file.path, line, line, **fields)


def _table_gaps(
    file: _File,
    chunk: _Chunk,
    names: Sequence[str],
    rows: Sequence[tuple[int, Sequence[_Cell]]],
    found: Sequence[Note | None],
) -> list[_Gap]:
    """Where the ids of a table's rows belong, in a new last column if there is none."""
    place = names.index("id") if "id" in names else len(names)
    gaps = []
    for (line, cells), note in zip(rows, found, strict=True):
        if note is None or note.id:
            continue
        if place < len(cells):
            cell = cells[place]
            after = " " if cell.start == cell.end else ""
            gaps.append(_Gap(line, cell.start, " ", after, note.prompt, "term"))
        else:
            missing = " |" * (place - len(cells))
            gaps.append(_at_end(file, line, f"{missing} ", " ", note.prompt))
    if gaps and "id" not in names:
        gaps.append(_at_end(file, chunk.start + 1, " Id", " ", ""))
        gaps.append(_at_end(file, chunk.start + 2, "---", "", ""))
    return gaps


def _at_end(file: _File, line: int, before: str, after: str, text: str) -> _Gap:
    """A new last cell, in the row's own manner: with a pipe at its end or without."""
    row = file.lines[line - 1].rstrip(" \t")
    if re.search(r"(?<!\\)\|$", row):
        return _Gap(line, len(row), before, f"{after}|", text, "term")
    return _Gap(line, len(row), f" |{before}", "", text, "term")


# --- writing ----------------------------------------------------------------------------------


def _as_heading(note: Note, answer: str) -> str:
    pairs = [("section", note.section), ("family", note.family)]
    pairs.append(("synonyms", "; ".join(note.synonyms)))
    pairs.append(("depth", note.depth if note.depth is not Depth.CORE else None))
    pairs.append(("changed", note.changed))
    pairs.append(("reverse", None if note.reverse else "no"))
    said = ", ".join(f"{key}: {value}" for key, value in pairs if value)
    comment = f"\n<!-- {said} -->\n" if said else ""
    return f"## {note.prompt} {{#{note.id}}}\n\n{answer}\n{comment}"


def _id_of(gap: _Gap, taken: set[str], *, own: bool) -> str:
    if not own or gap.default in _PARTS or not gap.text:
        return slug(gap.text, taken, gap.default) if gap.text else ""
    taken.add(made := own_id(gap.text, taken))
    return made


def _nth(line: str, count: int, counts: Callable[[str], bool]) -> int:
    """The place in *line* right after its first *count* characters that count."""
    seen = 0
    for place, character in enumerate(line):
        if seen == count:
            return place
        seen += counts(character)
    return len(line)


def _in_source(line: str, column: int) -> int:
    """Where a column of a line as it is kept, printable and composed, is in its source."""

    def kept(end: int) -> int:
        return len(unicodedata.normalize("NFC", printable(line[:end])))

    if printable(line) == line and unicodedata.is_normalized("NFC", line):
        return min(column, len(line))

    place = bisect.bisect_left(range(len(line)), column, key=kept)
    while place < len(line) and kept(place + 1) == column and printable(line[place]):
        place += 1  # an accent that is one character with the letter before it
    return place
