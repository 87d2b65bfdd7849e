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
    known, path = read(packs), path.resolve()
    if known.get(name) != path:
        kept = {**known, name: path}
        disk.write(_file(packs), json.dumps({one: str(it) for one, it in kept.items()}))


def folder(packs: Path, path: Path, notes: Collection[str] = ()) -> Path:
    """The folder of the pack of a file with these *notes* (ids): the one that it has already, maybe
    from where it lay before; else one that is named after it, but never that of edited notes, nor
    that of another file."""
    known, path = read(packs), path.resolve()
    for name, source in known.items():
        if source == path:
            return packs / name
    for name, source in known.items():
        if source.name == path.name and _is_moved(packs / name, source, notes):
            return packs / name
    plain = markdown.slug(path.stem, {library.OWN_PACK}, "notes")
    if plain not in known or not (os.path.exists(known[plain]) or (packs / plain).exists()):
        return packs / plain
    there = {one.name for one in packs.iterdir()} if packs.is_dir() else set()
    taken = {library.OWN_PACK, *known, *there}
    return packs / markdown.slug(f"{path.parent.name} {path.stem}", taken, "notes")


def _is_moved(root: Path, source: Path, notes: Collection[str]) -> bool:
    """Whether these are most of the notes of the file at *source*, and it is no longer there."""
    if os.path.exists(source) or not root.is_dir():
        return False
    there = {one.id for page in markdown.read_folder(root)[0] for one in page.notes}
    return 2 * len(there.intersection(notes)) > len(notes)


def _file(packs: Path) -> Path:
    return packs.with_name(f".{packs.name}.provenance.json")
