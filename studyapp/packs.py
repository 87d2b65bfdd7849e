"""Finds installed packs through their entry points, without importing anything of theirs."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError

BUILT_IN = "studyapp"  # the distribution whose packs no other can replace


@dataclass(frozen=True, slots=True)
class Pack:
    """One entry point: its name, the package it names, and where that is (None: nowhere).

    `home` is the folder that holds the distribution, `origin` its name and version, or "here" of
    one that merely lies in a folder; empty of the built-in one.
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


def lying_in(folder: Path, group: str) -> list[Pack]:
    """The packs of an entry-point *group* that the project in *folder* would install; without a
    pyproject.toml the folder is taken for the package itself. Raises StudyError."""
    if not (file := folder / "pyproject.toml").is_file():
        return [Pack(folder.name, folder.name, folder.parent, folder, f"{folder.name} here")]
    try:
        project: Any = tomllib.loads(file.read_text("utf-8")).get("project", {})
        packages = dict(project.get("entry-points", {}).get(group, {}))
        named = [(name, str(packages[name])) for name in sorted(packages)]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StudyError(f"{file} cannot be read: {error}") from None
    if not named:
        raise StudyError(f'{file} names no package in [project.entry-points."{group}"].')
    origin = f"{project.get('name', folder.name)} here"  # never the built-in one's, which is empty
    return [Pack(name, package, folder, _below(folder, package), origin) for name, package in named]


def _below(folder: Path, package: str) -> Path | None:
    """The folder of a package of a project, which lies at the project's top or in `src`."""
    inner = Path(*package.split("."))
    return next((it for top in ("", "src") if (it := folder / top / inner).is_dir()), None)


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
