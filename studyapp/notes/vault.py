"""A folder of notes as one: a vault of Obsidian, a collection of hashcards, a learner's own.

Each file is read by the reader of its format. Where a note names no deck, its file does, with the
folders that it lies in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath

from studyapp.errors import StudyError, printable
from studyapp.notes import picture, unread
from studyapp.notes.folder import files
from studyapp.notes.foreign import Foreign, ForeignNote, Media
from studyapp.notes.hypertext import beside
from studyapp.notes.media import PICTURES, SOUNDS
from studyapp.notes.note import Problem

# Of files in which people keep notes.
ENDINGS = (
    *(".md", ".markdown", ".ipynb", ".txt", ".text", ".org", ".adoc", ".asciidoc"),
    *(".html", ".htm", ".xhtml", ".json", ".jsonl", ".csv", ".tsv", ".tab"),
)
_ALONE = (".apkg", ".colpkg", ".anki2", ".anki21", ".zip")  # collections of their own
_BESIDE = (".db",)  # in which hashcards keeps its reviews
_NAMED = 20  # files of one folder and one kind, none of which is read; of more it is said how many
Read = Callable[[Path], tuple[str, Foreign]]


def read(root: Path, reader: Read) -> tuple[str, Foreign]:
    """The notes of all files below *root*, and the format that most of them have. Raises StudyError
    if there is none that can be read or told of."""
    vault = _Vault(root)
    for path in files(root, endings=ENDINGS, pipes=True, ignored=frozenset()):
        vault.take(path, reader)
    for path in files(root, endings=_ALONE, pipes=True):
        vault.pass_over(path, "a package")
    vault.tell_others()
    if not vault.files:
        raise StudyError(f"{root} is a folder without a file that can be read here.")
    return next((form for form, _ in vault.forms.most_common(1)), "notes"), vault.found()


class _Vault:
    """What has been read of a folder so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.below = root, picture.FilesBelow(root)
        self.files: list[Foreign] = []
        self.forms = Counter[str]()
        self.guids: set[str] = set()
        self.media: dict[str, Media] = {}
        self.told: set[str] = set()  # why files were not read

    def take(self, path: Path, reader: Read) -> None:
        try:
            form, read = reader(path)
        except StudyError as error:
            self.files.append(Foreign(problems=(self._why(path, error),)))
            return
        if read.answers is not None or read.native:
            self.pass_over(path, "a post of answers" if read.answers else "content of our format")
            return
        if read.notes:
            read = picture.gathered_below(read, path, self.below)
        self.forms[form] += 1
        within = path.relative_to(self.root).with_suffix("")
        notes = (replace(note, deck=_deck(note, within), path=path) for note in read.notes)
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

    def _why(self, path: Path, error: StudyError) -> Problem:
        """Why a file is not read; what would be is said with the first one of them."""
        problem = unread.whole(path, error)
        if problem.message in self.told:
            return replace(problem, message=f"{problem.message.partition('. ')[0]}.")
        self.told.add(problem.message)
        return problem

    def pass_over(self, path: Path, what: str) -> None:
        told = f"{what} is not read with a folder; import it by itself"
        self.files.append(Foreign(problems=(Problem(path, 0, told),)))

    def tell_others(self) -> None:
        """Tell in each folder which files are of no kind that is read, but for what is shown or
        kept beside."""
        known = (*ENDINGS, *_ALONE, *PICTURES, *SOUNDS, *_BESIDE)
        others = defaultdict[Path, defaultdict[str, list[str]]](lambda: defaultdict(list))
        for one in files(self.root, endings=("",)):
            if not one.name.lower().endswith(known):
                others[one.parent][one.suffix.lower()].append(one.name)
        for folder, kinds in others.items():
            names = chain.from_iterable(_named(kind, some) for kind, some in kinds.items())
            told = printable(f"of no kind that is read in a folder: {', '.join(names)}")
            self.files.append(Foreign(problems=(Problem(folder, 0, told),)))

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


def _named(kind: str, names: list[str]) -> list[str]:
    """Files of one folder that have the same ending, by their names unless they are many."""
    if len(names) <= _NAMED:
        return names
    return [f"all {len(names):,} files of {kind}" if kind else f"{len(names):,} without an ending"]


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
