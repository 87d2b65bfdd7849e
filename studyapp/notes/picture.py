"""The pictures and sounds that a text shows from beside itself, taken along with its notes.

Only what lies in the text's own folder or below is taken: a stranger's text names no other file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from studyapp.errors import StudyError
from studyapp.notes.card import outside_code
from studyapp.notes.foreign import Foreign, Media
from studyapp.notes.hypertext import address
from studyapp.notes.note import Problem

_SHOWN = re.compile(
    r"!\[(?P<alt>[^\[\]\n]{0,300})\]\([ \t]*<?(?P<target>[^()<>\s][^()<>\n]{0,1000}?)>?"
    r"(?:[ \t]+\"[^\"\n]{0,300}\")?[ \t]*\)"
    r"|!\[\[(?P<file>[^\[\]|\n]{1,300})(?:\|[^\[\]\n]{0,300})?\]\]"
)
_KINDS = {
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif"),
    *(".mp3", ".ogg", ".oga", ".wav", ".m4a", ".flac", ".opus"),
}
_FOLDERS = ("", "attachments", "assets", "images", "img", "media")  # of Obsidian's embedded files
_MOST = 50 << 20  # bytes


def gathered(found: Foreign, path: Path) -> Foreign:
    """*found*, read from the file at *path*, with the pictures that lie beside that."""
    shelf = _Shelf(path)
    notes = tuple(
        replace(
            note,
            question=shelf.moved(note.question, note.line),
            answer=shelf.moved(note.answer, note.line),
        )
        if "![" in note.question + note.answer
        else note
        for note in found.notes
    )
    problems = (*found.problems, *shelf.problems)
    return replace(found, notes=notes, media=tuple(shelf.media()), problems=problems)


class _Shelf:
    """The files that have been found, with the names that they get."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path.parent
        self.names: dict[str, Path] = {}
        self.problems: dict[Problem, None] = {}

    def moved(self, text: str, line: int) -> str:
        """*text* with its links to files that are taken along."""
        return outside_code(text, lambda piece: _SHOWN.sub(partial(self._link, line), piece))

    def _link(self, line: int, shown: re.Match[str]) -> str:
        target = unquote(shown["target"] or shown["file"]).strip()
        if _is_elsewhere(target):
            return shown[0]
        file = next(filter(None, map(partial(self._file, target), self._places(shown))), None)
        if file is None:
            told = f"the picture {target!r} is not in the folder of this file, and not taken along"
            self.problems[Problem(self.path, line, told)] = None
            return shown[0]
        return f"![{shown['alt'] or ''}]({address(f'media/{self._name(file)}')})"

    def _places(self, shown: re.Match[str]) -> tuple[str, ...]:
        return _FOLDERS if shown["file"] else ("",)

    def _file(self, target: str, place: str) -> Path | None:
        try:
            file = (self.folder / place / target).resolve()
            inside = file.is_relative_to(self.folder.resolve())
            taken = file.suffix.lower() in _KINDS and file.is_file()
            return file if inside and taken and file.stat().st_size <= _MOST else None
        except (OSError, ValueError, RuntimeError):
            return None

    def _name(self, file: Path) -> str:
        """The name that a file gets: its own, with a number if another one has that."""
        name, number = file.name, 1
        while self.names.setdefault(name, file) != file:
            number += 1
            name = f"{file.stem}-{number}{file.suffix}"
        return name

    def media(self) -> Iterator[Media]:
        for name, file in self.names.items():
            yield Media(name, partial(_read, file))


def _is_elsewhere(target: str) -> bool:
    """Whether a link is an address, or a place that only its author's site knows."""
    try:
        scheme = urlsplit(target).scheme
    except ValueError:
        return True
    return bool(scheme) or target.startswith(("/", "{", "#")) or "{{" in target


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise StudyError(f"{file} cannot be read: {error.strerror}.") from error
