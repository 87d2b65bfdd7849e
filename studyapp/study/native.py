"""Packs in our own format: written as the files that they are, and taken over note by note.

A note is known by its pack and its id, wherever it comes from. A pack that is not here comes as it
is; of one that is, what says something else is changed as an edit of the learner's would change it,
and what is new goes beside it. What a note said when it went out takes no newer edit back.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.notes import amendment, excerpt, markdown, native
from studyapp.notes.foreign import NativeFile
from studyapp.notes.note import ContentFile, Note, note_uid
from studyapp.notes.outgoing import LEFT_OUT, Lost
from studyapp.store import owner, tables
from studyapp.study import library, sent
from studyapp.study.library import Home

chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
root = tables.root.c
section = tables.section.c

_OURS = b"studyapp"  # what the zip says of itself


@dataclass
class Coming:
    """What a pack brings: the files of one that is not here, which comes as a whole, and of all the
    notes that are new, or say something else here. Of notes that were edited here, those that it
    leaves as they were are `edited`, those that it has changed, too, are `twice` (their rows).
    `left` are pages of which what there is to read has another text here. `said` has the digest of
    each text that is taken over, by uid."""

    files: dict[Path, bytes] = field(default_factory=dict)
    new: list[tuple[ContentFile, Note, str]] = field(default_factory=list)
    changed: list[tuple[Any, str]] = field(default_factory=list)
    edited: int = 0
    twice: list[Any] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)  # packs of which all comes as it is
    known: bool = False  # whether there is a pack that is here
    decks: set[tuple[str, str]] = field(default_factory=set)  # pack and name


def coming(
    connection: Connection,
    files: Sequence[NativeFile],
    folder: Callable[[str], Path],
    before: Callable[[str], Collection[str]] = lambda _: (),
    *,
    learner: int,
) -> Coming:
    """What is new in the *files*; that of a pack which is not here goes to its *folder*. *before*
    says, by its uid, what a note said when it said the same here and there (`study/sent.py`)."""
    known, found = _known(connection, learner=learner), Coming()
    here = {row.pack for row in known.values()}
    found.whole = {one.page.pack for one in files if one.page and _says(one.page)} - here
    found.known = any(one.page.pack in here for one in files if one.page)
    folders = {pack: folder(pack) for pack in sorted(found.whole)}
    strange = {one.name: one.page.pack for one in files if one.page and one.page.pack in folders}
    said = cache(excerpt.sources)
    for one in files:
        pack = one.page.pack if one.page else _pack_beside(one.name, strange)
        if pack in folders:
            found.files[folders[pack] / one.name] = one.data
        if one.page is None or pack is None:
            continue
        if pack in folders and one.page.chapter is None:
            found.decks.add((pack, one.page.title))
        for it in one.page.notes:
            uid, text = note_uid(pack, it.id), one.texts[it.id]
            row, agreed = known.get(uid.bytes), before(uid.hex)
            ours = text if row is None else said(Path(row.path)).get(row.name, text)
            if row is None:
                found.new.append((one.page, it, text))
                found.said[uid.hex] = sent.digest(text)
            elif ours == text:
                continue
            elif sent.digest(text) in agreed:
                found.edited += 1
            elif not agreed or sent.digest(ours) in agreed:
                found.changed.append((row, text))
                found.said[uid.hex] = sent.digest(text)
            else:
                found.twice.append(row)
        if pack in here and not _is_read(connection, one.page, learner=learner):
            found.left.append(one.name)
    return found


def save(
    connection: Connection, path: Path, chapters: Sequence[int], *, learner: int
) -> tuple[int, Lost]:
    """Write the files of *chapters* (ids) to a new folder, or to a zip if that is what *path* is
    called; how many notes there are, and what is not in it. Raises StudyError if there is something
    at *path* that is no such zip, or it cannot be written."""
    if disk.is_there(path) and not _is_ours(path):
        raise StudyError(f"{path} is there already; give another name.")
    with tempfile.TemporaryDirectory(prefix="studyapp-") as name:
        made, count, texts = Path(name), 0, dict[str, str]()
        for source, top, shown in _sources(connection, chapters, learner=learner):
            target = made / source.relative_to(top)
            target = target if not target.exists() else made / top.name / source.relative_to(top)
            there = excerpt.sources(source)
            gone = [one for one in there if one not in shown]
            rest = amendment.without(source, gone) if gone else None
            disk.write(target, source.read_bytes() if rest is None else rest, shared=True)
            count += len(there) - len(gone)
            texts |= {shown[one]: text for one, text in there.items() if one in shown}
            for other in native.beside(source, top):
                beside = target.parent / os.path.relpath(other, source.parent.resolve())
                if beside.resolve().is_relative_to(made.resolve()):
                    disk.write(beside, other.read_bytes(), shared=True)
        if not count:
            raise StudyError("There is no note in it; nothing was written.")
        _place(made, path)
    sent.keep(library.packs_at(connection, learner=learner), notes=texts)
    met = select(memory.card_id).join(tables.card, tables.card.c.id == memory.card_id)
    rated = met.where(memory.learner_id == learner, tables.card.c.chapter_id.in_(chapters))
    left_out = len(connection.scalars(rated).all())
    return count, Lost({("card", f"whose schedule and reviews are {LEFT_OUT}"): left_out})


def _is_ours(path: Path) -> bool:
    """Whether there is a zip that was written here, which may be replaced."""
    try:
        with zipfile.ZipFile(path) as packed:
            return path.suffix.lower() == ".zip" and packed.comment == _OURS
    except (OSError, zipfile.BadZipFile):
        return False


def _place(made: Path, path: Path) -> None:
    """Put what was made where it is to be: a folder, or a zip of it."""
    names = sorted(one for one in made.rglob("*") if one.is_file())
    if path.suffix.lower() == ".zip":
        with (
            disk.replacing(path, shared=True) as draft,
            zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            packed.comment = _OURS
            for one in names:
                packed.write(one, one.relative_to(made).as_posix())
        return
    for one in names:
        disk.write(path / one.relative_to(made), one.read_bytes(), shared=True)


def _sources(
    connection: Connection, chapters: Sequence[int], *, learner: int
) -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """The content files of *chapters*, the folder of the pack in which they lie, and the notes in
    them that the learner sees, their uids by their ids; pages to read, too."""
    shown = defaultdict[Path, dict[str, str]](dict)
    for row in connection.execute(
        select(note.path, note.name, note.uid).where(
            note.chapter_id.in_(chapters),
            note.missing_since.is_(None),
            owner.visible_of_all(learner=learner),
        )
    ):
        shown[Path(row.path)][row.name] = row.uid.hex()
    pages = select(section.path).where(
        section.chapter_id.in_(chapters), section.missing_since.is_(None), section.path != ""
    )
    for page in connection.scalars(pages.where(owner.theirs(section, learner=learner)).distinct()):
        shown.setdefault(Path(page), {})
    folders = [Path(one) for one in connection.scalars(select(root.path))]
    for path in sorted(shown, key=markdown.natural):
        top = next((one for one in folders if path.is_relative_to(one)), None)
        if top is not None and path.is_file():
            yield path, top, shown[path]


def _known(connection: Connection, *, learner: int) -> dict[bytes, Any]:
    rows = connection.execute(
        select(tables.note, chapter.pack, chapter.part, chapter.title)
        .add_columns(chapter.number.label("chapter_number"))
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(note.missing_since.is_(None), owner.visible_of_all(learner=learner))
    )
    return {row.uid: row for row in rows}


def _says(page: ContentFile) -> bool:
    """Whether anything could be read in a page: a note without an id is only told."""
    return bool(page.notes or page.sections or page.moments)


def _pack_beside(name: str, strange: Mapping[str, str]) -> str | None:
    """The pack of a content file that lies beside a picture, of those that come as a whole."""
    folder = PurePosixPath(name).parent
    near = (
        pack
        for other, pack in strange.items()
        if folder.is_relative_to(PurePosixPath(other).parent)
    )
    return next(near, None)


def _is_read(connection: Connection, page: ContentFile, *, learner: int) -> bool:
    """Whether the sections of a page say here what they say there; lectures are not looked at."""
    for one in page.sections:
        text = connection.scalar(
            select(section.text)
            .join(tables.chapter, chapter.id == section.chapter_id)
            .where(
                chapter.pack == page.pack,
                chapter.number == page.chapter,
                section.number == one.number,
                owner.theirs(chapter, learner=learner),
            )
            .limit(1)
        )
        if text != one.text:
            return False
    return True


def home_of(page: ContentFile, one: Note) -> Home:
    return Home(page.pack, page.part, page.chapter, page.title, one.section)
