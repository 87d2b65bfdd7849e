"""Which file the notes of each pack were brought from: another file of the same name has its own.

It lies beside the packs. Of a pack of which that is not known, as on another device, whatever file
it is called after is taken for its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from studyapp import disk
from studyapp.notes import markdown
from studyapp.study import library

Sources = Mapping[str, Path]  # by the folders' names


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
    return markdown.slug(path.stem, {library.OWN_PACK}, "notes")


def folder(packs: Path, path: Path, notes: Collection[str] = ()) -> Path:
    """The folder of the pack of a file with these *notes* (ids): the one that it has already, maybe
    from where it lay before; else one that is named after it, but never that of edited notes, nor
    that of another file."""
    known, place = read(packs), _place(path)
    for name, source in known.items():
        if source == place:
            return packs / name
    for name, source in known.items():
        if source.name == place.name and _is_moved(packs / name, source, notes):
            return packs / name
    plain = called(path)
    if plain not in known or not (os.path.exists(known[plain]) or (packs / plain).exists()):
        return packs / plain
    there = {one.name for one in packs.iterdir()} if packs.is_dir() else set()
    taken = {library.OWN_PACK, *known, *there}
    return packs / markdown.slug(f"{place.parent.name} {path.stem}", taken, "notes")


def _is_moved(root: Path, source: Path, notes: Collection[str]) -> bool:
    """Whether these are most of the notes of the file at *source*, and it is no longer there."""
    if os.path.exists(source) or not root.is_dir():
        return False
    there = {one.id for page in markdown.read_folder(root)[0] for one in page.notes}
    return 2 * len(there.intersection(notes)) > len(notes)


def _place(path: Path) -> Path:
    """Where a file lies; a link is the file that it is called, whatever it leads to."""
    place = Path(os.path.abspath(path))
    return place.parent.resolve() / place.name


def _file(packs: Path) -> Path:
    return packs.with_name(f".{packs.name}.provenance.json")
