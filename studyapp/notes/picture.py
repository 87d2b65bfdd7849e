"""The pictures and sounds that a text shows from beside itself, taken along with its notes.

Only what lies in the text's own folder or below is taken, or in the folder that is imported whole:
a stranger's text names no other file. A picture that is written into the text becomes a file, as no
line should be as long as that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from studyapp.errors import StudyError
from studyapp.notes import plaintext, written
from studyapp.notes.card import outside_code
from studyapp.notes.folder import files
from studyapp.notes.foreign import Foreign, Media
from studyapp.notes.hypertext import beside
from studyapp.notes.media import ADDRESS, FOLDER, PICTURES, SOUNDS, TITLE, path_of, target
from studyapp.notes.note import Problem

_SOUNDS = "|".join(one[1:] for one in SOUNDS)
_SHOWN = re.compile(
    rf"!\[(?P<alt>[^\[\]\n]{{0,300}})\]\({ADDRESS}{TITLE}\)"
    rf"|(?<!!)\[(?P<words>[^\[\]\n]{{0,300}})\]\((?P<sound>[^()<>\s]{{1,300}}\.(?i:{_SOUNDS}))\)"
    rf"|\[sound:(?P<anki>[^\[\]\n]{{1,300}})\]"
    r"|!\[\[(?P<file>[^\[\]|\n]{1,300})(?:\|[^\[\]\n]{0,300})?\]\]"
    r"|<(?i:img)\b(?P<tag>[^<>]*+)>"
)
_SAID = re.compile(r"\b(alt|src)\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))", re.IGNORECASE)
_WRITTEN = "data:"
_FOLDERS = ("", "attachments", "assets", "images", "img", "media")  # of Obsidian's embedded files
ATTACHED = "attachment:"  # begins the address of a picture in the cell of a notebook
_MOST = 50 << 20  # bytes


def gathered(found: Foreign, path: Path, attached: Mapping[str, str] | None = None) -> Foreign:
    """*found*, read from the file at *path*, with the pictures that lie beside that, and those that
    are *attached* within it: by their addresses, in base 64."""
    shelf = _Shelf(path, attached or {})
    notes = tuple(
        replace(
            note,
            question=shelf.moved(note.question, note.line),
            answer=shelf.moved(note.answer, note.line),
        )
        if _may_show(note.question) or _may_show(note.answer)
        else note
        for note in found.notes
    )
    problems = (*found.problems, *shelf.problems)
    return replace(found, notes=notes, media=tuple(shelf.media()), problems=problems)


def gathered_below(found: Foreign, path: Path, files: FilesBelow) -> Foreign:
    """*found*, which has what lies beside its text, with what lies elsewhere in the folder that is
    read with it."""
    shelf = _Shelf(path, {}, files, {one.name for one in found.media})
    notes = tuple(
        replace(
            note,
            question=shelf.moved(note.question, note.line),
            answer=shelf.moved(note.answer, note.line),
        )
        for note in found.notes
    )
    problems = tuple(
        one for one in found.problems if one not in shelf.told or one in shelf.problems
    )
    more = tuple(one for one in shelf.problems if one not in problems)
    media = (*found.media, *shelf.media())
    return replace(found, notes=notes, media=media, problems=(*problems, *more))


class FilesBelow:
    """The pictures and sounds in a folder that is read as one, also by their names alone."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.named: dict[str, Path] = {}
        for file in files(root, endings=(*PICTURES, *SOUNDS)):
            self.named.setdefault(file.name, file)


def _may_show(text: str) -> bool:
    return "](" in text or "![" in text or "[sound:" in text or "<img" in text.lower()


class _Shelf:
    """The files and what else has been found, with the names that they get."""

    def __init__(
        self,
        path: Path,
        attached: Mapping[str, str],
        below: FilesBelow | None = None,
        taken: Set[str] = frozenset(),
    ) -> None:
        """Of a file that is read with a folder, *taken* are the names of what it has already."""
        self.path, self.folder, self.attached = path, path.parent, attached
        self.below, self.taken = below, taken
        self.told: set[Problem] = set()  # what is told, if nothing lies *below* either
        self.names: dict[str, Path | bytes] = {}
        self.problems: dict[Problem, None] = {}
        self.looked_at: dict[Path, str] = {}

    def moved(self, text: str, line: int) -> str:
        """*text* with its links to files that are taken along."""
        return outside_code(text, lambda piece: _SHOWN.sub(partial(self._link, line), piece))

    def _link(self, line: int, shown: re.Match[str]) -> str:
        alt, address = _said(shown)
        if address.lower().startswith((_WRITTEN, ATTACHED)):
            if (found := self._within(address)) is None:
                self._tell(
                    line, "a picture within this text is not there, or damaged; it is left out"
                )
                return alt
            return f"![{alt}]({beside(self._name(*found))})"
        name = (shown["file"] or shown["anki"] or path_of(address)).strip()
        kind = "sound" if name.lower().endswith(SOUNDS) else "picture"
        if not name or _is_on_the_web(name):
            return shown[0]
        if self.below is not None and name.removeprefix(f"{FOLDER}/") in self.taken:
            return shown[0]
        file = None if _is_outside(name) else self._found(name, shown)
        told = f"the {kind} {name!r} is not in the folder of this file, and not taken along"
        self.told.add(Problem(self.path, line, told))
        if file is None:
            self._tell(line, told)
            return shown[0]
        if why := self._trouble(file):
            self._tell(line, f"the {kind} {name!r} is left out: {why}")
            return shown[0]
        mark = "!" if shown["words"] is None and shown["anki"] is None else ""
        return f"{mark}[{alt}]({beside(self._name(file.name, file))})"

    def _trouble(self, file: Path) -> str:
        if file not in self.looked_at:
            try:
                self.looked_at[file] = written.trouble(file.name, file.read_bytes())
            except OSError as error:
                self.looked_at[file] = f"it cannot be read ({error.strerror})"
        return self.looked_at[file]

    def _tell(self, line: int, told: str) -> None:
        self.problems[Problem(self.path, line, told)] = None

    def _within(self, address: str) -> tuple[str, bytes] | None:
        """The name and the bytes of a picture that is written into the text, or attached to it;
        None of one that is not there whole."""
        if not address.startswith(ATTACHED):
            return written.read(address)
        name = PurePath(path_of(address)).name
        data = _decoded(self.attached.get(unquote(address), ""))
        return (name, data) if data and PurePath(name).suffix.lower() in PICTURES else None

    def _places(self, shown: re.Match[str]) -> tuple[str, ...]:
        return _FOLDERS if shown["file"] else ("",)

    def _found(self, name: str, shown: re.Match[str]) -> Path | None:
        places = [(self.folder, place) for place in self._places(shown)]
        if self.below is not None:
            places += [(self.below.root, place) for place in self._places(shown)]
            if shown["file"] and (file := self.below.named.get(name)):
                places.append((file.parent, ""))
        inside = (self.folder if self.below is None else self.below.root).resolve()
        found = (self._file(folder / place / name, inside) for folder, place in places)
        return next(filter(None, found), None)

    def _file(self, path: Path, inside: Path) -> Path | None:
        try:
            file = path.resolve()
            taken = file.suffix.lower() in (*PICTURES, *SOUNDS) and file.is_file()
            is_inside = file.is_relative_to(inside)
            return file if is_inside and taken and file.stat().st_size <= _MOST else None
        except (OSError, ValueError, RuntimeError):
            return None

    def _name(self, called: str, content: Path | bytes) -> str:
        """The name that a file gets: its own, with a number if another one has that."""
        name, number, own = called, 1, PurePath(called)
        while name in self.taken or self.names.setdefault(name, content) != content:
            number += 1
            name = f"{own.stem}-{number}{own.suffix}"
        return name

    def media(self) -> Iterator[Media]:
        for name, content in self.names.items():
            yield Media(name, partial(_read, content))


def _said(shown: re.Match[str]) -> tuple[str, str]:
    """What a picture shows in words, and its address."""
    if shown["tag"] is not None:
        said = {
            name.lower(): unescape("".join(value)) for name, *value in _SAID.findall(shown["tag"])
        }
        return plaintext.inline(" ".join(said.get("alt", "").split())), said.get("src", "")
    if (sound := shown["sound"] or shown["anki"]) is not None:
        return shown["words"] if shown["anki"] is None else plaintext.inline(sound), sound
    return shown["alt"] or "", "" if shown["file"] else target(shown)


def _decoded(said: str) -> bytes:
    """What is said in base 64; nothing if it is not whole."""
    try:
        return base64.b64decode("".join(said.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_on_the_web(target: str) -> bool:
    """Whether a link is an address of the web, or a place within a page or a template."""
    is_address = _scheme(target) in ("http", "https", "?")
    return is_address or target.startswith(("//", "{", "#")) or "{{" in target


def _is_outside(target: str) -> bool:
    """Whether a link is a place of a disk, or one that only its author's site knows."""
    return bool(_scheme(target)) or target.startswith("/")


def _scheme(target: str) -> str:
    try:
        return urlsplit(target).scheme.lower()
    except ValueError:
        return "?"


def _read(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return content.read_bytes()
    except OSError as error:
        raise StudyError(f"{content} cannot be read: {error.strerror}.") from error
