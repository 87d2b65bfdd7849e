"""Notes of a learner's own, which are files: what was written here, and what other devices wrote.

A note is known by the folder of its pack and its id, wherever in that folder it stands. Files that
say what they said last are not read again; one that cannot be read is left as it is.
"""

from __future__ import annotations

import errno
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.journal import journal, kind
from studyapp.notes import markdown
from studyapp.notes.card import sides
from studyapp.notes.folder import files
from studyapp.notes.note import CardStyle, ContentFile, FileKind, Note, NoteKind, note_uid
from studyapp.store import entry, tables, version
from studyapp.store import field as fields
from studyapp.store.version import Head, Heads
from studyapp.study import former
from studyapp.study.card import as_note
from studyapp.study.devices import state
from studyapp.study.library import Home, own_roots

note = tables.note.c
chapter = tables.chapter.c

_LONGEST = 100_000  # characters of a note
_NAME = re.compile(r"[^\W_][\w .,()%&'+-]{0,99}")  # of a folder or a file, on any system
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows' names
_DEEPEST = 4
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_PLACE = {
    "file": fields.text,
    "part": fields.text,
    "chapter": fields.optional(fields.whole(1, 10**6)),
    "title": fields.text,
    "kind": fields.among({FileKind.QUESTIONNAIRE.value, FileKind.JARGON.value}),
    "line": fields.whole(0, 10**9),  # in which order notes that come together are written
}
_TAKEN_OUT = -1  # the mark of a file that is gone with its notes, as the learner wanted
_TEXT = fields.optional(fields.text)  # None: it was taken out
# What a note said that was taken out: its log hangs on it, also where nobody has heard of it.
_VALUE = fields.record({**_PLACE, "text": _TEXT, "was": _TEXT}, lacking=("was",))
THING = "note"


def is_one(key: state.Key) -> bool:
    return key[:1] == (THING,)


def canonical(key: state.Key, value: Any) -> Any:
    """A value of another device as it would be written here; its text is one note of its id, for a
    file in the folder of its pack. Raises ValueError."""
    if len(key) != 5 or key[4] != "text" or not all(isinstance(one, str) for one in key):
        raise ValueError("no key")
    found = _VALUE(value)
    _inside(Path(), key[1], found["file"])
    for told in (key[2], found["part"], found["title"]):  # which the head of a new file has
        fields.word(told)
    if found["chapter"] is not None and _NAME.fullmatch(key[2]) is None:
        raise ValueError("no name of a pack")
    for text in (found["text"], found.get("was")):
        if text is not None and not _is_note(text, FileKind(found["kind"]), key[3]):
            raise ValueError("no note")
    return found


def _inside(packs: Path, folder: str, file: str) -> Path:
    """Where a file of a pack is. Raises ValueError if a name is none that we would give one."""
    parts = [folder, *file.split("/")]
    for one in parts:
        file_name(one)
    if any(one.lower().endswith(".md") for one in parts[:-1]):
        raise ValueError("a folder where a file of notes may be wanted")
    if len(parts) > _DEEPEST or not file.endswith(".md"):
        raise ValueError("no file of notes")
    path = packs.joinpath(*parts)
    if not path.resolve().is_relative_to(packs.resolve()):
        raise ValueError("a link leads elsewhere")
    return path


def file_name(said: str) -> str:
    """The name of a file or a folder as we would give one. Raises ValueError."""
    if _NAME.fullmatch(said) is None or said.endswith((" ", ".")) or _DEVICES.fullmatch(said):
        raise ValueError("no name of a file")
    return said


def _is_note(text: str, kind: FileKind, name: str) -> bool:
    if len(text) > _LONGEST or text != text.strip("\n"):
        return False
    found, _ = markdown.alone(text, kind, Path())
    return found is not None and found.id == name


def come_to(key: state.Key, values: Sequence[Any]) -> Any:
    """What the versions of a note come to, the newest first: its place, and all texts in one note,
    the older ones quoted below. A note that was changed on one device and taken out on another
    stays. None without a version."""
    if not values:
        return None
    written = [one for one in values if one["text"] is not None]
    if not written:
        return values[0]
    text, kind = written[0]["text"], FileKind(written[0]["kind"])
    for older in written[1:]:
        text = _with(text, older["text"], kind, key[3])
    return {**written[0], "text": text}


def _with(text: str, older: str, kind: FileKind, name: str) -> str:
    """A note with an older text of it quoted at its end, unless that is there."""
    quoted = _quoted(older)
    if older == text or quoted in text or _quoted(text) in older:
        return older if _quoted(text) in older else text
    both = f"{text}\n\n{quoted}"
    if _is_note(both, kind, name):
        return both
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", older)), 3)
    both = f"{text}\n\n{fence}text\n{older}\n{fence}"
    return both if _is_note(both, kind, name) else text


def _quoted(text: str) -> str:
    """A note as a quote: its heading without the id, its points as a list, no comments."""
    plain = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).strip("\n")
    plain = re.sub(r"\A## (.*?) *\{#[^}]*\}", r"\1", plain)
    plain = re.sub(r"^(\s*[-*+]) \[[ xX]\] ", r"\1 ", plain, flags=re.MULTILINE)
    return "\n".join(f"> {line}".rstrip() for line in plain.split("\n"))


@dataclass
class _Page:
    """A content file of the learner's own as it is now, and what of it is to be another."""

    path: Path
    mark: int
    lines: list[str]
    page: ContentFile | None
    clean: bool  # all of it was understood
    edits: dict[tuple[int, int], str] = field(default_factory=dict)  # first and last line
    more: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> _Page:
        mark = mark_of(path)
        page, problems = markdown.read(path)
        try:
            source = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return cls(path, mark, [], None, False)
        text = re.sub(r"\r\n?", "\n", source)
        emptied = page is not None and not _FRONT.sub("", text).strip()  # which is a problem, too
        return cls(path, mark, text.split("\n"), page, emptied or not problems)

    @cached_property
    def notes(self) -> dict[str, tuple[Note, str]]:
        """The notes that have a heading and no template, by id, with their text: a row of a table
        cannot be put elsewhere as it is."""
        found = dict[str, tuple[Note, str]]()
        for one in self.page.notes if self.page else ():
            text = "\n".join(self.lines[one.line - 1 : one.last]).strip("\n")
            if text.startswith("## ") and one.template is None:
                found[one.id] = one, text
        return found

    def write(self, packs: Path) -> bool:
        """Write what is to be another, unless somebody else has written the file meanwhile. A page
        of which the last note is taken out goes."""
        if not self.edits and not self.more:
            return True
        if mark_of(self.path) != self.mark:
            return False
        lines = self.lines
        for (first, last), text in sorted(self.edits.items(), reverse=True):
            parts = ("\n".join(lines[: first - 1]), text, "\n".join(lines[last:]))
            lines = "\n\n".join(one.strip("\n") for one in parts if one).split("\n")
        whole = "\n".join(lines).strip("\n")
        if self.edits and not self.more and not _FRONT.sub("", f"{whole}\n").strip():
            former.remove(packs, self.path)
            return True
        disk.write(self.path, "\n\n".join([whole, *self.more]) + "\n")
        return True


def _key(folder: str, pack: str, name: str) -> state.Key:
    return (THING, folder, pack, name, "text")


Files = Mapping[str, tuple[Path, str, int]]  # by name: pack's folder, path in it, mark


def files_of(packs: Path, *, learner: int) -> Files:
    """The learner's files as they are, each with a mark that stays the same while the file does."""
    found = dict[str, tuple[Path, str, int]]()
    for root in own_roots(packs):
        for path in files(root):
            file = path.relative_to(root).as_posix()
            found[f"{learner}/{root.name}/{file}"] = root, file, mark_of(path)
    return found


def marks_of(connection: Connection, *, learner: int) -> dict[str, int]:
    """The marks of the files when they were looked at last (`store/entry.py::keep_told`)."""
    marks = entry.marks(connection)
    return {name: mark for name, mark in marks.items() if name.startswith(f"{learner}/")}


def take_out(connection: Connection, packs: Path, paths: Iterable[Path], *, learner: int) -> None:
    """Let the files at *paths* be gone with their notes, which else come again from other
    devices."""
    pages = (path.relative_to(packs).as_posix() for path in paths if path.suffix == ".md")
    entry.keep_told(connection, {f"{learner}/{page}": _TAKEN_OUT for page in pages})


def changes(
    connection: Connection, packs: Path, now: Files, known: Mapping[str, Heads], *, learner: int
) -> tuple[list[tuple[str, Any]], list[str]]:
    """What the learner has written here or taken out, by key; and the notes that are lost with
    their file, which may only be out of reach."""
    marks = marks_of(connection, learner=learner)
    gone = (name for name, mark in marks.items() if mark == _TAKEN_OUT)
    taken_out = {packs / name.partition("/")[2] for name in gone}
    made, lost = list[tuple[str, Any]](), list[str]()
    seen, clean = set[str](), set[Path]()
    for name, (root, file, mark) in now.items():
        if marks.get(name) == mark:
            continue
        page = _Page.read(root / file)
        if page.clean:
            clean.add(page.path)
        for one, text in page.notes.values():
            assert page.page is not None
            key = state.as_text(_key(root.name, page.page.pack, one.id))
            seen.add(key)
            heads = known.get(key, Heads())
            if _text(key, heads.shown) != text and not _only_passes(key, heads, text):
                made.append((key, _value(page.page, file, one.line, text)))
    for key in sorted(known.keys() - seen):
        of, shown = state.as_key(key), _shown(key, known[key].shown)
        if shown is None or shown["text"] is None:
            continue
        row = _row(connection, of, learner=learner)
        if row is None or row.missing_since is None:
            continue
        path = Path(row.path)
        if path in clean or (path in taken_out and not path.exists()):
            made.append((key, {**shown, "text": None, "was": shown["text"]}))
        elif not path.exists():
            lost.append(key)
    untold = _untold(connection, packs, learner=learner)
    made += [
        (key, value)
        for key, path, value in untold
        if key not in known and (path in clean or not path.exists())
    ]
    return made, lost


def _only_passes(key: str, heads: Heads, text: str) -> bool:
    """Whether a note is here only because it is being taken out where nobody had heard of it."""
    wanted = _shown(key, heads.wanted)
    is_gone = wanted is not None and wanted["text"] is None
    return is_gone and not heads.settled and wanted.get("was") == text


def _untold(
    connection: Connection, packs: Path, *, learner: int
) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """The learner's notes that are not there any more: key, file, and what to tell of each if
    nobody has heard of it."""
    rows = connection.execute(
        select(tables.note, chapter.pack, chapter.part, chapter.title, chapter.number.label("of"))
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(note.learner_id == learner, note.missing_since.is_not(None))
    )
    for row in rows:
        path = Path(row.path)
        if not path.is_relative_to(packs):
            continue
        folder, *parts = path.relative_to(packs).parts
        kind = FileKind.JARGON if row.kind == NoteKind.TERM.value else FileKind.QUESTIONNAIRE
        text = _written(as_note(row), kind)
        if text is not None and parts:
            place = {"part": row.part, "chapter": row.of, "title": row.title, "kind": kind.value}
            value = {"file": "/".join(parts), **place, "line": row.line, "text": None, "was": text}
            yield state.as_text(_key(folder, row.pack, row.name)), path, value


def _written(one: Note, kind: FileKind) -> str | None:
    """A note of which only the database knows as text that makes the same cards; None if it cannot
    be told so."""
    points = [
        f"- [ ] {'extra: ' if it.extra else ''}{it.text}" + (f" {{#{it.id}}}" if it.id else "")
        for it in one.points
    ]
    said = {
        "card": one.card.value if one.card is not CardStyle.ANSWER else "",
        "section": one.section,
        "family": one.family,
        "tags": " ".join(one.tags),
        "reverse": "" if one.reverse else "no",
    }
    pairs = ", ".join(f"{key}: {value}" for key, value in said.items() if value)
    blocks = [
        f"## {one.prompt} {{#{one.id}}}",
        *([one.front, "<!-- answer -->"] if one.front else []),
        one.answer,
        "\n".join(points),
        f"<!-- {pairs} -->" if pairs else "",
    ]
    text = "\n\n".join(filter(None, blocks)).strip("\n")
    found, _ = markdown.alone(text, kind, Path())
    same = found is not None and found.id == one.id and sides(found) == sides(one)
    return text if same else None


def _row(connection: Connection, key: state.Key, *, learner: int) -> Any:
    uid = note_uid(key[2], key[3]).bytes
    return connection.execute(
        select(note.path, note.missing_since).where(note.uid == uid, note.learner_id == learner)
    ).one_or_none()


def _value(page: ContentFile, file: str, line: int, text: str) -> dict[str, Any]:
    place = {"part": page.part, "chapter": page.chapter, "title": page.title}
    return {"file": file, **place, "kind": page.kind.value, "line": line, "text": text}


def _shown(key: str, heads: Sequence[Head]) -> Any:
    return come_to(state.as_key(key), [one.value for one in heads])


def _text(key: str, heads: Sequence[Head]) -> str | None:
    shown = _shown(key, heads)
    return None if shown is None else shown["text"]


def mark_of(path: Path) -> int:
    """Another number for another state of a file; 0 for one that is not there."""
    try:
        stat = path.stat()
    except OSError:
        return 0
    return zlib.crc32(f"{stat.st_size} {stat.st_mtime_ns}".encode())


def put(
    connection: Connection, packs: Path, wanted: Mapping[str, Heads], *, learner: int
) -> tuple[list[str], bool]:
    """Write what others have written into the learner's files; returns the keys of what is there
    now, and whether some of it came that is to be taken out, once it was read. What the learner has
    changed since it was looked at, what is no file of ours, and what a file that cannot be
    understood may hold, stays as it is and waits."""
    pages, done, passing = dict[Path, _Page](), dict[Path, list[str]](), set[Path]()
    for key, value in _come(wanted):
        try:
            of = state.as_key(key)
            path, passes = _put(connection, packs, of, value, wanted[key], pages, learner=learner)
        except _IN_THE_WAY:
            continue
        if passes:
            passing.add(path)
        else:
            done.setdefault(path, []).append(key)
    written = {path for path in passing | done.keys() if _is_written(packs, pages[path])}
    return [key for path in done.keys() & written for key in done[path]], bool(passing & written)


def takes_out(wanted: Mapping[str, Heads]) -> bool:
    """Whether some of what others have written is that a note is gone."""
    return any(value["text"] is None for _, value in _come(wanted))


_IN_THE_WAY = (ValueError, StudyError, OSError)


def _come(wanted: Mapping[str, Heads]) -> list[tuple[str, Any]]:
    """What is to be put where, in the order in which it is to stand."""
    values = {key: _shown(key, heads.wanted) for key, heads in wanted.items()}
    come = [(key, value) for key, value in values.items() if value is not None]
    return sorted(come, key=lambda it: (it[1]["file"], it[1]["line"], it[0]))


def _is_written(packs: Path, page: _Page) -> bool:
    """Write a page; one that cannot be written waits by itself and keeps no other back."""
    try:
        return page.write(packs)
    except StudyError as error:
        journal.info("devices: a file of notes cannot be written: %s", kind(error))
        return False


def in_the_way(connection: Connection, packs: Path, *, learner: int) -> dict[Path, str]:
    """The files into which notes of other devices cannot be written now, and why. Nothing is
    written: what is only late is not among them."""
    heads = version.heads(connection, learner=learner)
    wanted = {
        key: one for key, one in heads.items() if not one.settled and is_one(state.as_key(key))
    }
    pages, found = dict[Path, _Page](), dict[Path, str]()
    for key, value in _come(wanted):
        of = state.as_key(key)
        path, why = packs / of[1] / value["file"], ""
        try:
            path, _ = _put(connection, packs, of, value, wanted[key], pages, learner=learner)
            _try(path)
        except OSError as error:
            why = error.strerror or str(error)
        except (ValueError, StudyError) as error:
            why = str(error)
        if why:
            found.setdefault(path, why)
    return found


def _try(path: Path) -> None:
    """Raise OSError if a file cannot be written whole (`disk.write`), as far as a look tells."""
    with suppress(FileNotFoundError):
        path.with_name(f".{path.name}.12345678.tmp").stat()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    folder = next(one for one in path.parents if one.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _put(
    connection: Connection,
    packs: Path,
    key: state.Key,
    value: Mapping[str, Any],
    heads: Heads,
    pages: dict[Path, _Page],
    *,
    learner: int,
) -> tuple[Path, bool]:
    """Plan one note's new text; returns the file, and whether the note only passes through it: it
    was taken out before it came here. Raises ValueError if it has to wait."""
    row = _row(connection, key, learner=learner)
    path = Path(row.path) if row is not None and row.missing_since is None else None
    if path is None or not path.is_relative_to(packs / key[1]):
        path = _home(packs, key, value, pages)
    page = _open(path, pages)
    if page.page is None:
        raise ValueError("it cannot be read")
    if key[3] not in page.notes:
        if any(one.id == key[3] for one in page.page.notes):
            raise ValueError("the note is a row of a table there")
        passes = value["text"] is None and row is None and value.get("was") is not None
        text = value["was"] if passes else value["text"]
        if text is not None:
            page.more.append(text)
        return path, passes
    found, text = page.notes[key[3]]
    known = (_text(state.as_text(key), heads.shown), value["text"])
    if text not in known and not _only_passes(state.as_text(key), heads, text):
        raise ValueError("the note was changed meanwhile")
    if text != value["text"]:
        page.edits[found.line, found.last] = value["text"] or ""
    return path, False


def _open(path: Path, pages: dict[Path, _Page]) -> _Page:
    if path not in pages:
        there = path.exists()
        pages[path] = _Page.read(path) if there else _Page(path, mark_of(path), [], None, True)
    return pages[path]


def _home(packs: Path, key: state.Key, value: Mapping[str, Any], pages: dict[Path, _Page]) -> Path:
    """The file for a note that is not here yet; another one beside it, if it holds other notes."""
    path = _inside(packs, key[1], value["file"])
    home = Home(key[2], value["part"], value["chapter"], value["title"])
    for count in range(1, 20):
        end = f"-{count}" if count > 1 else ""
        one = path.with_name(f"{path.stem}{end}{path.suffix}")
        page = _open(one, pages)
        if page.clean and not page.lines:
            page.lines = [*f"---\n{home.head}kind: {value['kind']}\n---".split("\n")]
            page.page = ContentFile(
                one,
                key[2],
                value["part"],
                value["chapter"],
                value["title"],
                FileKind(value["kind"]),
            )
            return one
        wanted = (key[2], value["chapter"], FileKind(value["kind"]))
        said = page.page
        if (
            said is not None
            and (said.pack, said.chapter, said.kind) == wanted
            and (said.chapter is not None or said.title == value["title"])
        ):
            return one
    raise ValueError("all files of this name hold other notes")


def stamp_of(packs: Path, key: str, value: Mapping[str, Any], now: datetime) -> datetime:
    """When a note was changed, as far as its file tells."""
    try:
        path = _inside(packs, state.as_key(key)[1], PurePosixPath(value["file"]).as_posix())
    except ValueError:
        return now
    return changed_at(path, now)


def changed_at(path: Path, now: datetime) -> datetime:
    """When a file was changed, as far as it tells."""
    try:
        return min(now, datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo))
    except (ValueError, OSError, OverflowError):
        return now
