"""The content files of a folder; light, as every start asks for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

_IGNORED = frozenset({"readme.md", "contributing.md"})  # about a pack, and none of its content
CONTENT = (".md",)


def files(
    root: Path,
    onerror: Callable[[OSError], object] | None = None,
    endings: tuple[str, ...] = CONTENT,
    *,
    pipes: bool = False,
    ignored: frozenset[str] = _IGNORED,
) -> Iterator[Path]:
    """The content files below *root* (or *root* itself, a file), what is hidden or *ignored* left
    out; or those with other *endings*.

    A link that leads nowhere is one of them, a folder with the name of one is not, and what is no
    file, as a pipe, only with *pipes*. *onerror* is told of folders that cannot be read.
    """
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=onerror):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            low, path = name.lower(), os.path.join(folder, name)
            wanted = low.endswith(endings) and not low.startswith(".") and low not in ignored
            if wanted and (pipes or os.path.isfile(path) or not os.path.exists(path)):
                yield Path(path)
