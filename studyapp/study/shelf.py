"""Where the pictures and sounds of a text lie: beside its file, in its own pack."""

from __future__ import annotations

from pathlib import Path

from studyapp.notes.media import Shelf
from studyapp.study import library
from studyapp.study.desk import Desk


def shelf(desk: Desk, file: Path) -> Shelf:
    """What a text in *file* may show: what lies in the pack that the file is of."""
    home = library.packs_of(desk)
    if file.is_relative_to(home) and (parts := file.relative_to(home).parts[:1]):
        return Shelf(file, home / parts[0])
    packs = (root for root in library.installed_roots() if file.is_relative_to(root))
    return Shelf(file, next(packs, file.parent))
