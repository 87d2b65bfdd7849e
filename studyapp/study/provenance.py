"""Which file the notes of each pack were brought from, and the answers of each attempt: another
file of the same name has its own.

It lies beside the packs. Of a pack or an attempt of which that is not known, as on another device,
whatever file it is called after is taken for its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from studyapp import disk
from studyapp.notes import markdown
from studyapp.notes.deck import has_own_id, heading, is_mostly_of, note_id
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.note import Note
from studyapp.notes.slug import slug
from studyapp.study import library

Sources = Mapping[str, Path]  # by the names of folders, or of answers


def read(packs: Path) -> Sources:
    """The files of the packs in a folder, as far as they are known."""
    with suppress(OSError, ValueError, AttributeError, RecursionError):
        kept = json.loads(_file(packs).read_bytes())
        return {str(name): Path(str(path)) for name, path in kept.items()}
    return {}


def keep(packs: Path, name: str, path: Path) -> None:
    """Keep that the pack in the folder *name* is that of the file at *path*. Raises StudyError."""
    known, place = read(packs), _place(path)
    if known.get(name) != place:
        kept = {**known, name: place}
        disk.write(_file(packs), json.dumps({one: str(it) for one, it in kept.items()}))


def called(path: Path) -> str:
    """What the pack of a file is called, if no other file has one of that name."""
    return slug(path.stem, {library.OWN_PACK}, "notes")


def folder(packs: Path, path: Path, notes: Sequence[ForeignNote] = ()) -> Path:
    """The folder of the pack of a file with these *notes*: the one that it has already, maybe from
    where it lay before, or from what it was called; else one that is named after it, but never that
    of edited notes, nor that of another file."""
    known, place = read(packs), _place(path)
    if name := _own(known, place, lambda name: _holds(packs / name, notes)):
        return packs / name
    if name := _renamed(packs, known, notes):
        return packs / name
    plain = called(path)
    if plain not in known or not (os.path.exists(known[plain]) or (packs / plain).exists()):
        return packs / plain
    there = {one.name for one in packs.iterdir()} if packs.is_dir() else set()
    taken = {library.OWN_PACK, *known, *there}
    return packs / slug(f"{place.parent.name} {path.stem}", taken, "notes")


def answers(packs: Path, chapter: str, path: Path, is_same: Callable[[str], bool]) -> str:
    """What the answers of a file to a *chapter* are called: as they are already, maybe from where
    the file lay before; else after it, and if another one of that name has answered the chapter,
    after its folder, too. *is_same* tells of a name whether the answers called so are mostly those
    of the file."""
    known, place = _answered(packs).get(chapter, {}), _place(path)
    if name := _own(known, place, is_same):
        return name
    of_folder = f"{place.parent.name}/{place.name}"
    names = chain([place.name, of_folder], (f"{of_folder} {number}" for number in count(2)))
    return next(name for name in names if name not in known)


def keep_answers(packs: Path, chapter: str, name: str, path: Path) -> None:
    """Keep that the answers to a *chapter* that have this *name* are those of the file at *path*.
    Raises StudyError."""
    known, place = _answered(packs), _place(path)
    if known.get(chapter, {}).get(name) != place:
        kept = {one: {**said} for one, said in known.items()}
        kept.setdefault(chapter, {})[name] = place
        disk.write(_file(packs, "answers"), json.dumps(kept, default=str))


def _answered(packs: Path) -> Mapping[str, Sources]:
    """The files whose answers are known, by chapter and name."""
    with suppress(OSError, ValueError, AttributeError, RecursionError):
        kept = json.loads(_file(packs, "answers").read_bytes())
        return {
            str(chapter): {str(name): Path(str(path)) for name, path in said.items()}
            for chapter, said in kept.items()
        }
    return {}


def _own(known: Sources, place: Path, is_same: Callable[[str], bool]) -> str | None:
    """What a file is known by, maybe from where it lay before: there it is no longer, and what it
    has brought *is_same*."""
    for name, source in known.items():
        if source == place:
            return name
    for name, source in known.items():
        if source.name == place.name and not os.path.exists(source) and is_same(name):
            return name
    return None


def _renamed(packs: Path, known: Sources, notes: Sequence[ForeignNote]) -> str | None:
    """The pack of a file that is no longer there, and has these notes, mostly. Those that a program
    has given ids are known by them, whatever their file is called."""
    if not notes or all(has_own_id(one.guid) for one in notes):
        return None
    gone = (name for name, source in known.items() if not os.path.exists(source))
    return next((name for name in gone if is_mostly_of(notes, _notes(packs / name))), None)


def _holds(root: Path, notes: Sequence[ForeignNote]) -> bool:
    """Whether most of these notes are in the pack at *root*, or what they ask."""
    there = _notes(root)
    names, asked = {one.id for one in there}, {(one.prompt, one.front) for one in there}
    held = sum(note_id(one.guid) in names or heading(one) in asked for one in notes)
    return 2 * held > len(notes)


def _notes(root: Path) -> list[Note]:
    pages = markdown.read_folder(root)[0] if root.is_dir() else ()
    return [one for page in pages for one in page.notes]


def _place(path: Path) -> Path:
    """Where a file lies; a link is the file that it is called, whatever it leads to."""
    place = Path(os.path.abspath(path))
    return place.parent.resolve() / place.name


def _file(packs: Path, what: str = "provenance") -> Path:
    return packs.with_name(f".{packs.name}.{what}.json")
