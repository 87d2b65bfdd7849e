"""Finds installed packs through their entry points, without importing anything of theirs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

BUILT_IN = "studyapp"  # the distribution whose packs no other can replace


@dataclass(frozen=True, slots=True)
class Pack:
    """One entry point: its name, the package it names, and where that is (None: nowhere).

    `home` is the folder that holds the distribution, `origin` its name and version; empty of the
    built-in one.
    """

    name: str
    package: str
    home: Path
    folder: Path | None
    origin: str


def installed(group: str) -> list[Pack]:
    """The packs of an entry-point *group*, the built-in first, then by name."""
    found: dict[str, list[Pack]] = {}
    for distribution in distributions(path=search_path()):
        if group in (distribution.read_text("entry_points.txt") or ""):
            name, home = distribution.name, Path(str(distribution.locate_file("")))
            origin = "" if name == BUILT_IN else f"{name} {distribution.version}"
            found.setdefault(
                name,
                [
                    Pack(entry.name, entry.value, home, _folder(entry.value), origin)
                    for entry in distribution.entry_points.select(group=group)
                ],
            )
    names = sorted(found, key=lambda name: (name != BUILT_IN, name))
    return [pack for name in names for pack in sorted(found[name], key=lambda pack: pack.name)]


def search_path() -> list[str]:
    """sys.path without the folder that Python puts first.

    That is the working directory under -m, and whatever lies there is not installed.
    """
    return sys.path if sys.flags.safe_path else sys.path[1:]


def _folder(package: str) -> Path | None:
    """The folder of an installed package.

    importlib.util.find_spec would answer from sys.modules, and imports the parent of a.b.
    """
    top, *rest = package.split(".")
    for finder in sys.meta_path:
        spec = finder.find_spec(top, search_path())
        if spec is not None:
            for folder in spec.submodule_search_locations or ():
                if (inner := Path(folder, *rest)).is_dir():
                    return inner
    return None
