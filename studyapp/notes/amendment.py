"""The whole text of a content file with notes in it changed, taken out or put back.

All else in it stays as it was. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from studyapp import disk
from studyapp.errors import ContentError
from studyapp.notes.excerpt import HEADING, current
from studyapp.notes.markdown import KIND_OF, notes_in, parsed
from studyapp.notes.note import Note
from studyapp.notes.page.comment import SPAN
from studyapp.notes.page.entry import VARIANT
from studyapp.notes.page.field import KEYS, PAIR
from studyapp.notes.page.file import File, lines_of


def replaced(note: Note, text: str) -> str:
    """The whole text of the note's file with *text* in its place.

    Raises ContentError if the file no longer has the note, or has more to it than its own text.
    """
    return with_texts(note.path, [(note, text)])


def with_texts(path: Path, texts: Iterable[tuple[Note, str]]) -> str:
    """The whole text of the file at *path* with others in place of these notes; raises as
    `replaced` does."""
    page, file = parsed(path)
    there = {one.id: one for one in page.notes} if page else {}
    lines = lines_of(file)
    found_ones = [(there.get(note.id) or current(note)[0], text) for note, text in texts]
    for found, text in sorted(found_ones, key=lambda one: -one[0].line):
        _check_own(found, file)
        parts = ("\n".join(lines[: found.line - 1]), text, "\n".join(lines[found.last :]))
        lines = "\n\n".join(part.strip("\n") for part in parts).split("\n")
    return "\n".join(lines).rstrip("\n") + "\n"


def without(path: Path, ids: Collection[str]) -> str:
    """The whole text of the file at *path* without the notes *ids*.

    Raises ContentError if it no longer has one of them, or if one is a row of a table.
    """
    lines, notes, file = _from_the_last(path, ids)
    for note in notes:
        _check_heading(note, file)
        first = note.line - 1
        del lines[first : note.last]
        while first < len(lines) and not lines[first].strip():  # the empty lines below it, too
            del lines[first]
    return "\n".join(lines).rstrip("\n") + "\n"


def left(path: Path, ids: Collection[str]) -> str | None:
    """What `without` gives; None if nothing is left below the front matter, so that the file has
    served: one with a head alone would be a problem of our own making."""
    text = without(path, ids)
    lines = text.removeprefix("\ufeff").rstrip().split("\n")
    end = next((at for at, line in enumerate(lines) if at and line.rstrip() == "---"), None)
    return None if lines[0].rstrip() == "---" and end == len(lines) - 1 else text


def restored(path: Path, before: bytes, ids: Collection[str]) -> str:
    """The whole text of the file at *path* with the notes *ids* in it again, as it said them
    *before*: each behind the one that it stood behind, or at the end. One that is there again stays
    as it is. Of a file that has gone, what stood above the notes comes again, too.

    Raises ContentError if they cannot be read there as they were, or another note then could not.
    """
    page, former = parsed(path, before)
    said, old = lines_of(former), page.notes if page else ()
    if not disk.is_there(path):
        head = "\n".join(said[: min(note.line for note in old) - 1])
        found, now = parsed(path, head.encode())
    else:
        found, now = parsed(path)
    there = {note.id: note for note in found.notes} if found else {}
    back = [note for note in old if note.id in ids and note.id not in there]
    wanted = {note.id: _placeless(note) for note in (*there.values(), *back)}
    lines = lines_of(now)
    for places in (_former_places(old, there, len(lines)), {}):
        texts = dict[int, list[str]]()
        for note in back:
            own = "\n".join(said[note.line - 1 : note.last])
            texts.setdefault(places.get(note.id, len(lines)), []).append(own)
        text = _with_inserted(lines, texts)
        read, _ = parsed(path, text.encode())
        if read and {note.id: _placeless(note) for note in read.notes} == wanted:
            return text
    raise ContentError(path, 1, "what it says by now leaves no place for them")


def _former_places(old: Iterable[Note], there: Mapping[str, Note], end: int) -> dict[str, int]:
    """Below how many lines of a file each note would stand that is not *there* any more: behind the
    one that it stood behind in the *old* order."""
    place = min((note.line - 1 for note in there.values()), default=end)
    places = dict[str, int]()
    for note in old:
        if note.id in there:
            place = there[note.id].last
        else:
            places[note.id] = place
    return places


def _with_inserted(lines: Sequence[str], texts: Mapping[int, Sequence[str]]) -> str:
    """*lines* with some *texts*, each below so many of them."""
    parts, done = list[str](), 0
    for place in sorted(texts):
        parts += ["\n".join(lines[done:place]), *texts[place]]
        done = place
    parts.append("\n".join(lines[done:]))
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"


def tagged(path: Path, tags: Mapping[str, Sequence[str]]) -> str:
    """The whole text of the file at *path* with other *tags* of some of its notes, by their ids.

    Raises ContentError if it no longer has one of them, or if there is more to one than its own
    text: what else it says is then to stay as it is.
    """
    lines, notes, file = _from_the_last(path, tags)
    for note in notes:
        _check_own(note, file)
        own = slice(note.line - 1, note.last)
        text = _with_tags("\n".join(lines[own]), tags[note.id])
        found, _ = notes_in(text, KIND_OF[note.kind], path)
        wanted = _placeless(replace(note, tags=tuple(tags[note.id])))
        if [_placeless(one) for one in found] != [wanted]:
            raise ContentError(path, note.line, "the tags of this note are changed in its file")
        lines[own] = text.split("\n")
    return "\n".join(lines).rstrip("\n") + "\n"


def _with_tags(said: str, tags: Sequence[str]) -> str:
    """A note's text with *tags* in the last of its own comments that has a key, the one that is
    read; in one of their own if there is none."""
    ends = [match.start() for match in re.finditer(rf"^{VARIANT.pattern}", said, re.MULTILINE)]
    own = said[: ends[0]] if ends else said
    given = {"tags": " ".join(tags)} if tags else {}
    for match in reversed([*SPAN.finditer(own)]):
        group = "block" if match["block"] else "inline"
        pairs = dict(PAIR.findall(match[group][4:-3])) if match[group] else {}
        if not pairs.keys() & KEYS.keys():
            continue
        pairs = {key: value for key, value in {**pairs, **given}.items() if key != "tags" or tags}
        first, last = match.span(group)
        return "".join([said[:first], _comment(pairs), said[last:]]).rstrip("\n")
    if not tags:
        return said
    return f"{own.rstrip()}\n\n{_comment(given)}\n\n{said[len(own) :]}".rstrip("\n")


def _comment(pairs: Mapping[str, str]) -> str:
    if not pairs:
        return ""
    return f"<!-- {', '.join(f'{key}: {value}' for key, value in pairs.items())} -->"


def _from_the_last(path: Path, ids: Iterable[str]) -> tuple[list[str], list[Note], File]:
    """The lines of a file and its notes *ids*, the last one first, so that to change one moves none
    of the others, and the file. Raises ContentError if it no longer has one of them."""
    page, file = parsed(path)
    notes = {note.id: note for note in page.notes} if page else {}
    for one in ids:
        if one not in notes:
            raise ContentError(path, 1, f"the note {one} is no longer here")
    found = sorted((notes[one] for one in ids), key=lambda note: -note.line)
    return lines_of(file), found, file


def _placeless(note: Note) -> Note:
    """What a note says, wherever that stands."""
    variants = tuple(replace(one, line=0) for one in note.variants)
    template = note.template and replace(note.template, line=0)
    return replace(note, line=0, last=0, template=template, variants=variants)


def _check_own(note: Note, file: File) -> None:
    """Refuse what has more to it than its own text, or another form."""
    _check_heading(note, file)
    if note.template is not None:
        raise ContentError(file.path, note.line, "a note with a template is changed in its file")


def _check_heading(note: Note, file: File) -> None:
    if not HEADING.match(file.lines[note.line - 1]):
        raise ContentError(file.path, note.line, "a row of a table is changed in its file")
