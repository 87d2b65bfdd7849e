"""What lies in a folder, as somebody who types a path wants to see it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_MOST = 300  # entries that are shown of a folder
# A whole path behind the beginning of another, or alone; one that is dropped on a terminal may come
# in quotes.
_ANEW = re.compile(r"""(?:.*/)?(?P<quote>['"]?)(?P<path>(?:/|~/).*)""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder."""

    path: Path
    is_folder: bool

    @property
    def name(self) -> str:
        return f"{self.path.name}/" if self.is_folder else self.path.name


def entries(typed: str) -> tuple[Entry, ...]:
    """What *typed* may be the beginning of, folders first: of a folder, with its slash, all that it
    holds, but for what is hidden, unless a dot is typed. Nothing if it cannot be read."""
    folder, begun = parted(typed)
    found = list[Entry]()
    try:
        with os.scandir(folder) as there:
            for one in there:
                hidden = one.name.startswith(".") and not begun.startswith(".")
                if not hidden and one.name.casefold().startswith(begun.casefold()):
                    found.append(Entry(folder / one.name, one.is_dir()))
    except (OSError, ValueError):
        return ()
    found.sort(key=lambda one: (not one.is_folder, one.name.casefold(), one.name))
    return tuple(found[:_MOST])


def meant(typed: str) -> str:
    """What is typed, from where a whole path begins anew in it."""
    found = _ANEW.match(typed)
    if found is None:
        return typed
    return found["path"].removesuffix(found["quote"])


def parted(typed: str) -> tuple[Path, str]:
    """The folder of a path that is being typed, and the beginning of a name in it."""
    head, _, begun = typed.rpartition("/")
    if "/" not in typed:
        return Path(), typed
    return whole(f"{head}/"), begun


def whole(typed: str) -> Path:
    """The path that is typed, `~` being the home."""
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # there is no such home
        return Path(typed)
