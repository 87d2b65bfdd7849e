"""A folder of notes as one: a vault of Obsidian, a collection of hashcards, a learner's own.

Each file is read by the reader of its format. Where a note names no deck, its file does, with the
folders that it lies in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath

from studyapp.errors import StudyError, printable
from studyapp.notes import picture
from studyapp.notes.folder import files
from studyapp.notes.foreign import Foreign, ForeignNote, Media
from studyapp.notes.hypertext import beside
from studyapp.notes.media import PICTURES, SOUNDS
from studyapp.notes.note import Problem

# Of files in which people keep notes.
ENDINGS = (".md", ".markdown", ".ipynb", ".txt", ".org", ".adoc", ".asciidoc")
ALONE = (".apkg", ".colpkg", ".csv", ".tsv")  # packages and tables, which are no part of a folder
_BESIDE = (".db",)  # in which hashcards keeps its reviews
_NAMED = 3  # of the files that are not read
Read = Callable[[Path], tuple[str, Foreign]]


def read(root: Path, reader: Read) -> tuple[str, Foreign]:
    """The notes of all files below *root*, and the format that most of them have. Raises StudyError
    if none of them can be read."""
    vault = _Vault(root)
    for path in files(root, endings=ENDINGS, pipes=True):
        vault.take(path, reader)
    for path in files(root, endings=ALONE, pipes=True):
        vault.pass_over(path)
    vault.tell_others()
    if not vault.forms:
        raise StudyError(f"{root} is a folder without a file that can be read here.")
    return vault.forms.most_common(1)[0][0], vault.found()


class _Vault:
    """What has been read of a folder so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.below = root, picture.FilesBelow(root)
        self.files: list[Foreign] = []
        self.forms = Counter[str]()
        self.guids: set[str] = set()
        self.media: dict[str, Media] = {}

    def take(self, path: Path, reader: Read) -> None:
        try:
            form, read = reader(path)
        except StudyError as error:
            self.files.append(Foreign(problems=(Problem(path, 0, f"not read: {error}"),)))
            return
        if read.answers is not None:
            told = "a post of answers is not read with a folder; import it alone"
            read = replace(read, answers=None, problems=(*read.problems, Problem(path, 1, told)))
        if read.notes and form != "native":
            read = picture.gathered_below(read, path, self.below)
        self.forms[form] += 1
        within = path.relative_to(self.root).with_suffix("")
        notes = (replace(note, deck=_deck(note, within)) for note in read.notes)
        read = replace(
            read,
            notes=tuple(notes),
            lecture=tuple(replace(one, path=path) for one in read.lecture),
            tracker=tuple(replace(one, path=path) for one in read.tracker),
        )
        read = _apart(read, self.guids, self.media, within)
        self.guids.update(note.guid for note in read.notes)
        self.media.update((one.name, one) for one in read.media)
        self.files.append(read)

    def pass_over(self, path: Path) -> None:
        told = "not read with a folder; import it alone"
        self.files.append(Foreign(problems=(Problem(path, 0, told),)))

    def tell_others(self) -> None:
        """Tell which files are of no kind that is read, but for what is shown or kept beside."""
        known = (*ENDINGS, *ALONE, *PICTURES, *SOUNDS, *_BESIDE)
        every = files(self.root, endings=("",))
        names = [one.name for one in every if not one.name.lower().endswith(known)]
        if names:
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            told = f"not read with a folder: {', '.join(names[:_NAMED])}{more}"
            self.files.append(Foreign(problems=(Problem(self.root, 0, printable(told)),)))

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


def _apart(read: Foreign, guids: set[str], media: Mapping[str, Media], within: PurePath) -> Foreign:
    """What a file says, with other names for what is called as something else in another file."""
    ids = {
        note.guid: f"{note.guid} ({within.as_posix()})" for note in read.notes if note.guid in guids
    }
    names = dict(_renamed(read.media, media))
    return replace(
        read,
        notes=tuple(_note_apart(note, ids, names) for note in read.notes),
        schedules=tuple(replace(one, guid=ids.get(one.guid, one.guid)) for one in read.schedules),
        reviews=tuple(replace(one, guid=ids.get(one.guid, one.guid)) for one in read.reviews),
        media=tuple(
            replace(one, name=names.get(one.name, one.name))
            for one in read.media
            if one.name in names or one.name not in media
        ),
    )


def _note_apart(note: ForeignNote, ids: dict[str, str], names: dict[str, str]) -> ForeignNote:
    question, answer = note.question, note.answer
    for old, new in names.items():
        link, other = f"]({beside(old)})", f"]({beside(new)})"
        question, answer = question.replace(link, other), answer.replace(link, other)
    guid = ids.get(note.guid, note.guid)
    return replace(note, guid=guid, question=question, answer=answer)


def _renamed(media: tuple[Media, ...], taken: Mapping[str, Media]) -> Iterator[tuple[str, str]]:
    used = taken.keys() | {one.name for one in media}
    for one in media:
        if one.name in taken and not _is_same(one, taken[one.name]):
            stem, suffix = PurePath(one.name).stem, PurePath(one.name).suffix
            number = next(n for n in range(2, len(used) + 3) if f"{stem}-{n}{suffix}" not in used)
            used.add(f"{stem}-{number}{suffix}")
            yield one.name, f"{stem}-{number}{suffix}"


def _is_same(one: Media, other: Media) -> bool:
    try:
        return one.read() == other.read()
    except StudyError:  # told where it is written
        return False
