"""A folder of notes as one: a vault of Obsidian, a collection of hashcards, a learner's own.

Each file is read by the reader of its format. Where a note names no deck, its file does, with the
folders that it lies in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath

from studyapp.errors import StudyError
from studyapp.notes.folder import files
from studyapp.notes.foreign import Foreign, ForeignNote, Media
from studyapp.notes.hypertext import address
from studyapp.notes.note import Problem

Read = Callable[[Path], tuple[str, Foreign]]


def read(root: Path, reader: Read) -> tuple[str, Foreign]:
    """The notes of all files below *root*, and the format that most of them have. Raises StudyError
    if none of them can be read."""
    vault = _Vault(root)
    for path in files(root):
        vault.take(path, reader)
    if not vault.forms:
        raise StudyError(f"{root} is a folder without a file that can be read here.")
    return vault.forms.most_common(1)[0][0], vault.found()


class _Vault:
    """What has been read of a folder so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[Foreign] = []
        self.forms = Counter[str]()
        self.guids: set[str] = set()
        self.media: set[str] = set()

    def take(self, path: Path, reader: Read) -> None:
        try:
            form, read = reader(path)
        except StudyError as error:
            self.files.append(Foreign(problems=(Problem(path, 0, f"not read: {error}"),)))
            return
        if read.answers is not None:
            told = "a post of answers is not read with a folder; import it alone"
            read = replace(read, answers=None, problems=(*read.problems, Problem(path, 1, told)))
        self.forms[form] += 1
        within = path.relative_to(self.root).with_suffix("")
        notes = (replace(note, deck=_deck(note, within)) for note in read.notes)
        read = _apart(replace(read, notes=tuple(notes)), self.guids, self.media, within)
        self.guids.update(note.guid for note in read.notes)
        self.media.update(one.name for one in read.media)
        self.files.append(read)

    def found(self) -> Foreign:
        """All of it, in the order of the files."""
        return Foreign(
            tuple(chain.from_iterable(one.notes for one in self.files)),
            tuple(chain.from_iterable(one.schedules for one in self.files)),
            tuple(chain.from_iterable(one.reviews for one in self.files)),
            tuple(chain.from_iterable(one.media for one in self.files)),
            lecture=tuple(chain.from_iterable(one.lecture for one in self.files)),
            tracker=tuple(chain.from_iterable(one.tracker for one in self.files)),
            problems=tuple(chain.from_iterable(one.problems for one in self.files)),
        )


def _deck(note: ForeignNote, within: PurePath) -> tuple[str, ...]:
    """The deck that a note names, below the folders of its file if that is called as its file."""
    if not note.deck:
        return within.parts
    return (*within.parts[:-1], *note.deck) if note.deck == (within.name,) else note.deck


def _apart(read: Foreign, guids: set[str], media: set[str], within: PurePath) -> Foreign:
    """What a file says, with other names for what is called as something in another file."""
    ids = {
        note.guid: f"{note.guid} ({within.as_posix()})" for note in read.notes if note.guid in guids
    }
    names = dict(_renamed(read.media, media))
    return replace(
        read,
        notes=tuple(_note_apart(note, ids, names) for note in read.notes),
        schedules=tuple(replace(one, guid=ids.get(one.guid, one.guid)) for one in read.schedules),
        reviews=tuple(replace(one, guid=ids.get(one.guid, one.guid)) for one in read.reviews),
        media=tuple(replace(one, name=names.get(one.name, one.name)) for one in read.media),
    )


def _note_apart(note: ForeignNote, ids: dict[str, str], names: dict[str, str]) -> ForeignNote:
    question, answer = note.question, note.answer
    for old, new in names.items():
        link, other = f"]({address(f'media/{old}')})", f"]({address(f'media/{new}')})"
        question, answer = question.replace(link, other), answer.replace(link, other)
    guid = ids.get(note.guid, note.guid)
    return replace(note, guid=guid, question=question, answer=answer)


def _renamed(media: tuple[Media, ...], taken: set[str]) -> Iterator[tuple[str, str]]:
    used = taken | {one.name for one in media}
    for one in media:
        if one.name in taken:
            stem, suffix = PurePath(one.name).stem, PurePath(one.name).suffix
            number = next(n for n in range(2, len(used) + 3) if f"{stem}-{n}{suffix}" not in used)
            used.add(f"{stem}-{number}{suffix}")
            yield one.name, f"{stem}-{number}{suffix}"
