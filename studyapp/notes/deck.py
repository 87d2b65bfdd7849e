"""Foreign notes as content files: a pack's folder with a file for each deck.

A note that is brought again is found by its id, which is made of the source's own (`guid:`). It
carries a digest of itself as it was brought (`origin:`). So the next import can tell what the
source changed from what the learner changed, and replaces a note only if the learner has left it
alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from unicodedata import normalize
from uuid import NAMESPACE_URL, uuid5

from studyapp.errors import printable
from studyapp.notes import markdown, origin
from studyapp.notes.caption import named
from studyapp.notes.card import FENCE, find_clozes, halves, outside_code, sides
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.mark import spelled
from studyapp.notes.note import CardStyle, FileKind, Note, NoteKind, Problem
from studyapp.notes.outline import fence
from studyapp.notes.page.frontmatter import quoted
from studyapp.notes.page.structure import opening
from studyapp.notes.plain import LONGEST
from studyapp.notes.slug import LETTERS, slug

_FOREIGN = uuid5(NAMESPACE_URL, "studyapp:foreign")
_ORIGIN = re.compile(r"(?:, )?(?:guid: [^\s,]+, )?origin: [0-9a-f]{16}(?= -->\Z)")
_BROUGHT = re.compile(r"origin: [0-9a-f]{16}(?= -->\Z)")
_KNOWN_AS = re.compile(r"here: (?P<name>[0-9a-z]{16})")
_GUID = re.compile(r"\S{1,64}")  # one of a program's own; a reader of texts has them in words
_NO_DIGEST = "0" * 16
_GAP = re.compile(r"\{\{c[0-9]*+,[0-9,]*+::")  # of Anki, on several cards
_UNSIGNED = f"origin: {_NO_DIGEST} -->"
_TITLE = re.compile(r"^(?:[ \t>*+-]|\d{1,9}[.)])*#{1,6}[ \t].*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_WORD = re.compile(r"\w+")
_MOSTLY = 0.6
_JOINTS = ("\\\n", "\n\n", "\n\n***\n\n")  # between what is asked and more, in older versions
_SHORT = 60  # characters of a heading that is made of a cloze text
_DEEPEST = 500  # blanks before a line: no list that is shown goes half as deep
_DEEP = re.compile(rf"^[ \t>]{{{_DEEPEST + 1}}}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack's folder is to hold: `files` are whole ones, by path, only those that change.

    `ids` are those of the notes that are there then, by guid, `sides` their cards and `says` what
    the source says in them (`notes/origin.py`); `decks` the names of their decks; `cards` how many
    the `added` notes have. `replaced` are the texts of those that say something else than before,
    `there` the ids of those that were brought before, by whatever file. `read` are the notes as the
    files say them, by their texts (`notes/markdown.py::knowing`).
    """

    files: dict[Path, str]
    ids: dict[str, str]
    sides: dict[str, tuple[str, ...]]
    says: dict[str, str]
    decks: frozenset[str]
    added: tuple[ForeignNote, ...]
    replaced: dict[str, str]
    unchanged: int
    cards: int
    problems: tuple[Problem, ...]
    there: frozenset[str] = frozenset()
    read: Mapping[str, Note] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return len(self.replaced)


@lru_cache(maxsize=100_000)  # each step of an import asks for it
def note_id(guid: str) -> str:
    """The id of a foreign note: the same whenever it is brought, and on every device."""
    if known := _KNOWN_AS.fullmatch(guid):
        return known["name"]
    whole = guid.encode("utf-8", "replace").decode()  # a file's name may be no text
    number = int.from_bytes(uuid5(_FOREIGN, whole).bytes[:10])
    return "".join(LETTERS[number >> shift & 31] for shift in range(75, -5, -5))


def known_as(name: str) -> str:
    """What a foreign note is called that is here already with this id, and was called otherwise."""
    return f"here: {name}"


def has_own_id(guid: str) -> bool:
    """Whether a program calls a note so, which is known by it wherever it lies. A reader of texts
    has made it of the question, in words, which another text may ask, too."""
    return _GUID.fullmatch(guid) is not None


def is_as_there(note: ForeignNote, kept: Note, deck: str = "") -> bool:
    """Whether a note of the *deck* that is here says what a foreign one does, or did so when it was
    brought."""
    nothing = _Folder(kept.path, kept.path, lambda _: False, {}, {})
    written = nothing._write(note, kept.id)
    return written is not None and (
        origin.said(written[1]) == origin.said(kept) or kept.origin == _digest(deck, written[0])
    )


def brought_before(note: ForeignNote, deck: str, origins: Mapping[str, str]) -> str:
    """The id of the note, of those whose digests (*origins*) are given by their ids, that was
    brought with just what this one says, whatever it says by now; empty if none was."""
    nowhere = Path(os.devnull)  # no folder, in which there are no notes
    nothing = _Folder(nowhere, nowhere, lambda _: False, {}, {})
    name = note_id(note.guid)
    text = (nothing._write(note, name) or ("",))[0]
    head, tail = text.partition(f"{{#{name}}}")[::2]
    digests = ((one, _digest(deck, f"{head}{{#{one}}}{tail}")) for one in origins if tail)
    return next((one for one, digest in digests if digest == origins[one]), "")


def brought_as(text: str, other: str) -> str:
    """A note's *text* which says of itself that it was brought as the *other* one says."""
    found = _BROUGHT.search(other)
    return _BROUGHT.sub(found[0], text) if found else text


def heading_of(text: str) -> str:
    """The heading that a note gets here which has none: of a text that hides some, or of a question
    that begins with a table or with code."""
    return _one_line(_gist(text))


def is_made(heading: str, text: str) -> bool:
    """Whether the heading of a *text* that hides some was made of it, be it edited since: then most
    of its words are still there, around a gap."""
    if heading == heading_of(text):
        return True
    said, there = _WORD.findall(heading), set(_WORD.findall(text))
    return "…" in heading and sum(word in there for word in said) > _MOSTLY * len(said)


def asked(note: Note) -> str:
    """What a note asks where there are no headings: not what `headed` has made for it here."""
    return note.front if note.prompt == heading_of(note.front) else note.question


def headed(question: str) -> tuple[str, str]:
    """A question as the line that becomes its heading here, and what it says below that."""
    line, front = opening(question)
    line = _one_line(line)
    if line and (not front or re.search(r"\w", _IMAGE.sub("", line))):
        return line, front
    gist = heading_of(question)
    if gist and (not line or re.search(r"\w", gist)):
        return gist, question
    return (line, front) if line else (_one_line(question), "")


def heading(note: ForeignNote) -> tuple[str, str]:
    """The line that is the heading of a foreign note here, and what it asks below that."""
    return _heading(_saying(note, _cleaned(note.question), _cleaned(note.answer)))


def is_mostly_of(notes: Sequence[ForeignNote], page: Iterable[Note]) -> bool:
    """Whether most of the foreign *notes* are on a *page* word for word, and most of those that
    were brought to it are among them."""
    theirs = {(*heading(one), _cleaned(one.answer)) for one in notes}
    ours = {(one.prompt, one.front, one.answer) for one in page if one.origin}
    return 2 * len(theirs & ours) > max(len(theirs), len(ours))


def renamed(
    decks: Mapping[str, Sequence[ForeignNote]], pages: Mapping[str, Sequence[Note]]
) -> dict[str, str]:
    """What decks of a source are called here that are called otherwise there by now: no page has
    such a name, and the source has no more what most of its notes are of. Both are given with
    what is in them."""
    gone = {name: page for name, page in pages.items() if name not in decks}
    known = dict[str, str]()
    for name, notes in decks.items():
        if name not in pages and notes:
            kept = next((one for one, page in gone.items() if is_mostly_of(notes, page)), None)
            if kept is not None:
                known[name] = kept
                del gone[kept]
    return known


def deck_name(path: Sequence[str], default: str) -> str:
    """A deck's path as its name: Languages::Spanish."""
    parts = (" ".join(_printable(part).split()) for part in path)
    return "::".join(part for part in parts if part) or default


def plan(
    root: Path,
    notes: Iterable[ForeignNote],
    source: Path,
    is_ours: Callable[[ForeignNote], bool] = lambda _: False,
    agreed: Mapping[str, str] | None = None,
    decks: Mapping[str, str] | None = None,
) -> Pack:
    """What the folder *root* is to hold with the *notes* of the file *source* in it.

    Notes that are there and not in the source stay, and so do edits. Nothing is written. A note
    that cannot be written so that it reads back as it is, is left out and told. *is_ours* is asked
    of what is not as it was brought: whether it says what the note here says, which went there.
    *agreed* has, by guid, what notes said when they said the same there: one that says it still was
    left alone since. *decks* has, by the names of decks in the source, those that hold their notes
    here, to which new ones go if no deck is called so.
    """
    folder = _Folder(root, source, is_ours, agreed or {}, decks or {})
    for note in notes:
        folder.take(note)
    return folder.pack()


@dataclass
class _Edits:
    """What changes in one file: texts in place of lines (from, to), and texts at its end."""

    replaced: dict[tuple[int, int], str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)


class _Folder:
    """A pack's folder, and the notes that are brought to it one by one."""

    def __init__(
        self,
        root: Path,
        source: Path,
        is_ours: Callable[[ForeignNote], bool],
        agreed: Mapping[str, str],
        renamed: Mapping[str, str],
    ) -> None:
        self.root, self.source, self.is_ours, self.agreed = root, source, is_ours, agreed
        self.renamed = renamed
        pages, _ = markdown.read_folder(root) if root.is_dir() else ((), ())
        self.there = {note.id: (page, note) for page in pages for note in page.notes}
        self.lines = {page.path: _lines(page.path) for page in pages}
        self.paths = {
            (page.title, page.kind): page.path for page in reversed(pages) if page.chapter is None
        }
        self.edits: dict[Path, _Edits] = {}
        self.heads: dict[Path, str] = {}  # of files that are new
        self.ids: dict[str, str] = {}
        self.sides: dict[str, tuple[str, ...]] = {}
        self.says: dict[str, str] = {}
        self.decks: set[str] = set()
        self.added: list[ForeignNote] = []
        self.replaced: dict[str, str] = {}
        self.read: dict[str, Note] = {}
        self.unchanged = self.cards = 0
        self.problems: list[Problem] = []

    def report(self, note: ForeignNote, message: str) -> None:
        if not note.line:
            message = f"{named(note.question or heading_of(note.answer))}: {message}"
        self.problems.append(Problem(note.path or self.source, note.line, printable(message)))

    def take(self, note: ForeignNote) -> None:
        if note.guid in self.ids:
            self.report(note, f"the id {note.guid!r} is there twice; only the first note is taken")
            return
        name = note_id(note.guid)
        written = self._write(note, name)
        if written is None:
            return
        cards = sides(written[1])
        self.ids[note.guid], self.sides[note.guid] = name, cards
        self.says[note.guid] = origin.said(written[1])
        deck = deck_name(note.deck, self.root.name)
        digest = _digest(deck, written[0])
        text = written[0].replace(_UNSIGNED, f"origin: {digest} -->")
        if written[0].count(_UNSIGNED) == 1:  # its own, so that no other word is another now
            self.read[text] = replace(written[1], origin=digest)
        page, kept = self.there.get(name, (None, None))
        if page is None or kept is None:
            self.added.append(note)
            self.cards += len(cards)
            deck = self._deck(deck)
            self._append(deck, note.kind, text)
        elif kept.origin == digest:
            self.unchanged += 1
            deck = page.title
            if _without_guid(text) == self._text(kept) != text:  # written before guids were
                self._replace(kept, text)
        elif self._is_as_it_was(page.title, kept, note):
            self.unchanged += 1
            deck = page.title
        elif not self._only_lacks(page.title, kept, note) and self.is_ours(note):
            self.unchanged += 1
            self.sides[note.guid], self.says[note.guid] = sides(kept), origin.said(kept)
            deck = page.title
        elif not self._is_left_alone(page.title, kept, note.guid):
            self.sides[note.guid] = sides(kept)
            where = f"{kept.path.name}, line {kept.line}"
            self.report(note, f"the note has changed, and so has yours ({where}), which stays")
            deck = page.title
        else:
            self.replaced[note.guid] = text
            stays = (deck, _page_kind(note.kind)) == (page.title, page.kind)
            self._replace(kept, text if stays else "")
            if not stays:
                self._append(deck, note.kind, text)
        self.decks.add(deck)

    def _deck(self, name: str) -> str:
        """The deck of this folder for a new note of one that is called so in the source."""
        is_here = any(title == name for title, _ in self.paths)
        return name if is_here else self.renamed.get(name, name)

    def _only_lacks(self, deck: str, kept: Note, note: ForeignNote) -> bool:
        """Whether a note was left alone since a version brought it that knew no text for its answer
        alone, which it has, or showed the marks of a gap that it hides."""
        lacks = _lacks_extra(kept, note) or _shows_gap(kept, note)
        return lacks and kept.origin == _digest(deck, self._text(kept))

    def _is_as_it_was(self, deck: str, kept: Note, note: ForeignNote) -> bool:
        """Whether the source of a note that was edited here says what it said to such a version."""
        if not _lacks_extra(kept, note) or self._only_lacks(deck, kept, note):
            return False
        former = (replace(note, answer=joint.join(halves(note.answer))) for joint in _JOINTS)
        made = (self._write(one, kept.id) for one in former)
        return any(one is not None and kept.origin == _digest(deck, one[0]) for one in made)

    def _is_left_alone(self, deck: str, kept: Note, guid: str) -> bool:
        """Whether the learner has changed nothing of a note that its source has not; of one that
        went there, nothing that is kept here alone, as a family is."""
        text = self._text(kept)
        if kept.origin == _digest(deck, text):
            return True
        if self.agreed.get(guid) != origin.said(kept):
            return False
        hides = kept.card is CardStyle.CLOZE and is_made(kept.prompt, kept.answer)
        asks = "" if hides else asked(kept)
        same = ForeignNote(guid, asks, kept.answer, card=kept.card, tags=kept.tags)
        made = self._write(same, kept.id)
        return made is not None and _without_origin(made[0]) == _without_origin(text)

    def _replace(self, kept: Note, text: str) -> None:
        edits = self.edits.setdefault(kept.path, _Edits())
        edits.replaced[kept.line - 1, kept.last] = text

    def pack(self) -> Pack:
        files = {path: self._edited(path, edits) for path, edits in self.edits.items()}
        return Pack(
            files,
            self.ids,
            self.sides,
            self.says,
            frozenset(self.decks),
            tuple(self.added),
            self.replaced,
            self.unchanged,
            self.cards,
            tuple(self.problems),
            frozenset(name for name, (_, note) in self.there.items() if note.origin),
            self.read,
        )

    def _write(self, note: ForeignNote, name: str) -> tuple[str, Note] | None:
        """The note's text without a digest, and the note that is read from it; None if there is
        no text that gives it back."""
        note = _saying(note, _cleaned(note.question), _cleaned(note.answer))
        question, front = _heading(note)
        if not question:
            self.report(note, "the note has no question")
            return None
        if note.card is CardStyle.BOTH and not note.answer:
            self.report(note, "a note that is asked both ways has only one side")
            return None
        if any(map(_DEEP.search, (note.question, note.answer))):
            self.report(
                note, f"a line of it begins with more than {_DEEPEST} blanks; it is not taken"
            )
            return None
        why = ""
        for one, above in _tries(note, question, front):
            text = _text(one, above, name)
            found, ends, problems = markdown.followed(text, _page_kind(note.kind), self.source)
            if not problems and ends and len(found) == 1 and _is_same(found[0], one, above):
                if _shows_code(note.answer, one.answer) or _shows_code(front, above):
                    why = why or "it would end its note here"
                    self.report(note, f"its text is kept as code: {why}")
                if front and not above:
                    self.report(note, "its question has several parts and is kept as one line")
                return text, found[0]
            if problems and len(found) + ends <= 2:  # of the first try, which is the text as it is
                why = why or problems[0].message
        size = max(len(note.question), len(note.answer))
        self.report(
            note,
            f"a text of {size:,} characters is too long for one note; {LONGEST:,} are read"
            if size > LONGEST
            else f"the note has a text that cannot be written as one note here{why and f': {why}'}",
        )
        return None

    def _append(self, deck: str, kind: NoteKind, text: str) -> None:
        page_kind = _page_kind(kind)
        path = self.paths.get((deck, page_kind))
        if path is None:
            taken = {one.stem for one in (*self.paths.values(), *self.root.glob("*.md"))}
            path = self.root / f"{slug(deck, taken, 'deck')}.md"
            self.paths[deck, page_kind] = path
            self.heads[path] = (
                f"---\npack: {quoted(self.root.name)}\ndeck: {quoted(deck)}\n"
                f"kind: {page_kind.value}\n---\n"
            )
        self.edits.setdefault(path, _Edits()).added.append(text)

    def _text(self, kept: Note) -> str:
        return "\n".join(self.lines[kept.path][kept.line - 1 : kept.last])

    def _edited(self, path: Path, edits: _Edits) -> str:
        lines = list(self.lines.get(path, ()))
        for (start, end), text in sorted(edits.replaced.items(), reverse=True):
            lines[start:end] = text.split("\n") if text else []
        before = "\n".join(lines).rstrip("\n") if lines else self.heads[path].rstrip("\n")
        return "\n\n".join([before, *edits.added]) + "\n"


def _lacks_extra(kept: Note, note: ForeignNote) -> bool:
    if not (kept.card is note.card is CardStyle.CLOZE):
        return False
    return not halves(kept.answer)[1] and bool(halves(note.answer)[1])


def _shows_gap(kept: Note, note: ForeignNote) -> bool:
    return _GAP.search(kept.answer) is not None and not _GAP.search(note.answer)


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    return re.sub(r"\r\n?", "\n", text).split("\n")


def _digest(deck: str, text: str) -> str:
    """What a note says, as 16 hexadecimal digits: its deck and its text without its digest."""
    said = normalize("NFC", f"{deck}\0{_without_origin(text)}")
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _without_origin(text: str) -> str:
    last = text.rfind("\n") + 1  # the line that has it
    return text[:last] + _ORIGIN.sub("", text[last:])


def _without_guid(text: str) -> str:
    return re.sub(r"guid: [^\s,]+, (?=origin: )", "", text)


def _page_kind(kind: NoteKind) -> FileKind:
    return FileKind.JARGON if kind is NoteKind.TERM else FileKind.QUESTIONNAIRE


def _heading(note: ForeignNote) -> tuple[str, str]:
    """The line that becomes the heading, and what the question says below it."""
    if not note.question and note.card is CardStyle.CLOZE:
        return heading_of(note.answer), ""
    return headed(note.question)


def _text(note: ForeignNote, front: str, name: str) -> str:
    blocks = [f"## {note.question} {{#{name}}}"]
    blocks += [front, "<!-- answer -->"] if front else []
    blocks += [note.answer] if note.answer else []
    if note.points:
        blocks.append("\n".join(_points(note)))
    pairs = [("card", note.card.value)] if note.card is not CardStyle.ANSWER else []
    tags = " ".join(tag_of(tag) for tag in note.tags)
    pairs += [("tags", tags)] if tags else []
    if _GUID.fullmatch(note.guid):
        pairs.append(("guid", spelled(note.guid)))
    said = ", ".join(f"{key}: {value}" for key, value in [*pairs, ("origin", _NO_DIGEST)])
    return "\n\n".join([*blocks, f"<!-- {said} -->"])


def _points(note: ForeignNote) -> Iterator[str]:
    for point in note.points:
        mark = f" {{#{point.id}}}" if point.id else ""
        yield f"- [ ] {'extra: ' if point.extra else ''}{_one_line(point.text)}{mark}"


def tag_of(tag: str) -> str:
    """A tag as one word in a comment, which a comma or its end would break."""
    return re.sub(r"[\s,]+|--+", "_", _printable(tag)).strip("_")


def _is_same(found: Note, note: ForeignNote, front: str) -> bool:
    points = tuple((_one_line(point.text), point.extra, point.id) for point in note.points)
    return (
        (found.prompt, found.front, found.answer) == (note.question, front, note.answer)
        and found.card is note.card
        and tuple((point.text, point.extra, point.id) for point in found.points) == points
        and bool(found.origin)
    )


def _one_line(text: str) -> str:
    """*text* as a heading or a point, in which nothing of it is a comment or an id."""
    line = " ".join(_printable(text).split())
    line = outside_code(line, lambda piece: re.sub(r"(?<!\\)<!--", r"\<!--", piece))
    return _without_ids(line)


def _without_ids(line: str) -> str:
    """*line* in which what looks like ids at its end, but is none of a hidden text, stays text."""
    rest = line.rstrip()
    while rest.endswith("}") and rest.startswith("{#", start := max(0, rest.rfind("{"))):
        if "}" in rest[start:-1] or rest.endswith("==", 0, start):
            break
        rest = rest[:start].rstrip()
    return rest + line[len(rest) :].replace("{#", "{\\#")


def _cleaned(text: str) -> str:
    """Markdown without control characters, and without blank lines around it."""
    text = _printable(re.sub(r"\r\n?", "\n", text))
    lines = (line if line.strip() else "" for line in text.split("\n"))
    return "\n".join(lines).strip("\n").rstrip()


def _printable(text: str) -> str:
    """*text* without what no file or terminal should get: half characters, control characters."""
    return normalize("NFC", printable(text))


def _gist(text: str) -> str:
    """A heading for a text that has none: how it begins, its hidden texts left out."""
    text, _ = halves(text)  # a heading is shown while asking
    shown, end = "", 0
    for cloze in find_clozes(text):
        shown, end = shown + text[end : cloze.start] + "…", cloze.end
    prose = re.sub(r"^[ \t>]*(?:`{3,}|~{3,}).*$", "", shown + text[end:], flags=re.MULTILINE)
    prose = re.sub(
        r"^[ \t>|:-]*-[ \t>|:-]*$", "", prose, flags=re.MULTILINE
    )  # below a table's head
    words = _one_line(re.sub(r"[#>*`|]|\\(?=\n)", " ", _IMAGE.sub(" ", prose)))
    if len(words) <= _SHORT:
        return words
    return words[:_SHORT].rsplit(" ", 1)[0] + " …"


def _tries(note: ForeignNote, question: str, front: str) -> Iterator[tuple[ForeignNote, str]]:
    """The note as it may be written, with what stands above its answer: in parts, *question* and
    *front*, then with all of its question as one line."""
    for above in _tamed_front(front) if front and note.kind is NoteKind.QUESTION else ():
        for text in _tamed(note):
            yield _saying(note, question, text), above
    line = _one_line(note.question or question)
    for text in _tamed(note):
        yield _saying(note, line, text), ""


def _saying(note: ForeignNote, question: str, answer: str) -> ForeignNote:
    if (question, answer) == (note.question, note.answer):
        return note
    return replace(note, question=question, answer=answer)


def _tamed(note: ForeignNote) -> Iterator[str]:
    """The answer as it is; then without what would end its note, be taken for a point or get lost
    in a comment; and at last as code, which nothing reads."""
    yield note.answer
    yield _quiet(note.answer)
    if note.card is not CardStyle.CLOZE:
        yield _as_code(note.answer)


def _tamed_front(front: str) -> Iterator[str]:
    yield front
    yield _quiet(front)
    yield _as_code(front)


def _as_code(text: str) -> str:
    ticks = fence(text)
    return f"{ticks}\n{text}\n{ticks}"


def _quiet(text: str) -> str:
    def quiet(piece: str) -> str:
        piece = re.sub(r"(?<!\\)<!--", r"\<!--", piece)
        piece = re.sub(r"^([ \t>]*[-+*][ \t]+)(?=\[[ xX]\])", r"\1\\", piece, flags=re.MULTILINE)
        piece = re.sub(r"^( {0,3})#{1,2}(?=[ \t]|$)", r"\1###", piece, flags=re.MULTILINE)
        piece = _TITLE.sub(lambda title: _without_ids(title[0]), piece)
        # A line of - or = right below text would make a heading of it.
        return re.sub(r"(?<=[^\n])\n( {0,3})(?=(?:-+|=+)[ \t]*$)", r"\n\n\1", piece, flags=re.M)

    return outside_code(_closed(text), quiet)


def _closed(text: str) -> str:
    """*text* with its last fence closed."""
    fences = list(FENCE.finditer(text))
    if not fences or fences[-1].end() < len(text.rstrip()):
        return text
    last = fences[-1]
    fence = last["fence"]
    ends = re.search(rf"\n[ \t>]*{re.escape(fence)}[`~]*[ \t]*\Z", last[0].rstrip())
    return text if ends else f"{text}\n{fence}"


def _shows_code(text: str, written: str) -> bool:
    return written != text and written == _as_code(text)
