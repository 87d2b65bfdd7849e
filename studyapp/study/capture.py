"""What was caught on the way: drafts of cards, in no queue and no count until they are accepted.

All that comes in one go is one file in our own format, beside the other drafts, which nothing reads
as content: it is there whole or not at all, and two programs that add write no file in common. The
id of a draft stays that of its card. So one that was accepted is known as such, whatever was killed
before it was taken out of its file.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError, printable
from studyapp.memory.clock import study_day
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.note import ContentFile, FileKind, Note, NoteKind, Problem
from studyapp.store import owner, tables
from studyapp.study import library, tagging, words
from studyapp.study.desk import Desk
from studyapp.study.draft import read_file, storable, write_file
from studyapp.study.library import Home
from studyapp.study.twin import twins

if TYPE_CHECKING:
    from studyapp.notes.check import Around

_HEAD = "---\npack: drafts\ndeck: Drafts\nkind: {}\n---\n\n"
_ROOT = "drafts"  # the deck of notes from files
_REMEMBERED = 64  # files
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_TOLD = "half of a surrogate pair, a NUL or a byte that is no UTF-8 is in it, which is no text"

note = tables.note.c


@dataclass(frozen=True, slots=True)
class Caught:
    """A question that comes in, with the `line` of what it was read from, if it has lines."""

    question: str
    answer: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft: its note, all that its file says of it, what asks nearly the same, if anything, and
    whether an edit of it waits to be saved."""

    note: Note
    text: str
    twin: str = ""
    edited: bool = False

    @property
    def is_answered(self) -> bool:
        return bool(self.note.answer.strip() or self.note.points)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Those that wait, the oldest first, and what of their files could not be read."""

    kept: tuple[Kept, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Page(NamedTuple):
    kept: tuple[Kept, ...] = ()
    problems: tuple[Problem, ...] = ()


# --- what comes in ----------------------------------------------------------------------------


def add(desk: Desk, caught: Sequence[Caught]) -> tuple[Kept, ...]:
    """Keep what was *caught* as drafts, all of it or nothing; returns them as they are on the disk,
    with what asks nearly the same. Raises StudyError, with the line, for what is no note."""
    taken = _ids(desk)
    around = _around(desk, "\n".join(one.answer for one in caught))
    return _added(desk, [_text(one, taken, around) for one in caught])


def add_written(desk: Desk, text: str) -> tuple[Kept, ...]:
    """Keep the notes of a *text* in our own format as drafts. Raises StudyError, with the line, for
    what is none."""
    from studyapp.notes import check, markdown
    from studyapp.study.split import named

    text = named(desk, _clean(text)).strip("\n")
    notes, problems = markdown.notes_in(text, FileKind.QUESTIONNAIRE, library.drafts())
    around = _around(desk, text)
    wrong = (check.of_text(one, _page_of(one), around, text) for one in notes)
    unasked = map(library.never_asked, notes)
    told = [(one.line, one.message) for one in itertools.chain(problems, *unasked, *wrong)]
    if not notes or notes[0].line > 1:
        told.append((1, "a card begins with a heading, ## and a space"))
    if told:
        line, message = min(told)
        raise StudyError(f"Line {line}: {message}. Nothing was added.")
    return _added(desk, [_said(text, one) for one in notes])


def read_begun(desk: Desk) -> str:
    """What was written for `add_written` and could not be kept; empty if nothing."""
    return read_file(_begun(desk))


def keep_begun(desk: Desk, text: str) -> None:
    """Keep what is written until the next time; an empty text is forgotten."""
    write_file(_begun(desk), text, read_begun(desk))


def _begun(desk: Desk) -> Path:
    return library.drafts() / f"add-{desk.learner}.md"


def add_foreign(
    desk: Desk, notes: Iterable[ForeignNote], path: Path
) -> tuple[int, tuple[Problem, ...]]:
    """Keep the *notes* of the file at *path*, which are not here, as drafts: how many are none yet,
    and what could not be written as it is. One that asks the same and answers otherwise is another,
    unless a program calls both the same."""
    from studyapp.notes import deck

    there, taken, new = _drafts(desk), _ids(desk), list[ForeignNote]()
    for one in notes:
        if deck.has_own_id(one.guid):
            guid = "" if deck.note_id(one.guid) in there else one.guid
        else:
            guid = _free(one, path.stem, there, taken)
        if guid:
            taken.add(deck.note_id(guid))
            new.append(replace(one, guid=guid, deck=()))
    planned = deck.plan(library.drafts() / _ROOT, new, path)
    for text in planned.files.values():
        _write(desk, text)
    return len(planned.added), planned.problems


def _free(one: ForeignNote, source: str, there: Mapping[str, Kept], taken: Collection[str]) -> str:
    """What a note is called of which nobody else has the id; empty if it is *there* as a draft."""
    from studyapp.notes import deck

    def is_its_own(guid: str) -> bool:
        name = deck.note_id(guid)
        return name not in taken or (name in there and deck.is_as_there(one, there[name].note))

    numbered = (f"{one.guid} ({source} {number})" for number in itertools.count(2))
    calls = itertools.chain((one.guid, f"{one.guid} ({source})"), numbered)
    guid = next(filter(is_its_own, calls))
    return "" if deck.note_id(guid) in taken else guid


def add_native(desk: Desk, notes: Iterable[tuple[Note, str]]) -> int:
    """Keep notes in our own format, with what is said of each, as drafts: how many are new, neither
    drafts nor here already."""
    with desk.reading() as connection:
        here = owner.visible(note, learner=desk.learner), note.missing_since.is_(None)
        there = {*connection.scalars(select(note.name).where(*here)), *_drafts(desk)}
    texts = defaultdict[FileKind, list[str]](list)
    for one, text in notes:
        if one.id not in there:
            texts[_kind(one)].append(text)
    for kind, new in texts.items():
        _write(desk, _HEAD.format(kind.value) + "\n\n".join(new) + "\n")
    return sum(map(len, texts.values()))


def _ids(desk: Desk) -> set[str]:
    """Those that no new draft may have."""
    with desk.reading() as connection:
        return {*connection.scalars(select(note.name)), *_drafts(desk)}


def _drafts(desk: Desk) -> dict[str, Kept]:
    """All that files say, by id: what has been accepted, too, if it was not taken out."""
    pages = map(_page, _files(learner=desk.learner))
    return {one.note.id: one for page in pages for one in page.kept}


def _text(caught: Caught, taken: set[str], around: Around) -> str:
    """A note in our own format, with an id that is not *taken*, and is from now on."""
    from studyapp.notes import check, markdown
    from studyapp.notes.repair import with_parts_named
    from studyapp.notes.slug import own_id

    said = (caught.question, caught.answer, caught.source, *caught.tags)
    if any(map(_NO_TEXT.search, said)):
        raise _refusal(caught.line, _TOLD)
    question = " ".join(_clean(caught.question).split())
    answer = _clean(caught.answer).strip()
    source = " ".join(_clean(caught.source).split())
    tags = tuple(dict.fromkeys(map(_clean, caught.tags)))
    for tag in tags:
        if why := tagging.wrong(tag):
            raise _refusal(caught.line, f"{tag!r} can be no tag: {why}")
    if not question:
        raise _refusal(caught.line, "a card needs a question")
    name = own_id(f"my {question}", taken)
    taken.add(name)
    parts = [f"## {question} {{#{name}}}", answer]
    parts += [f"<!-- tags: {' '.join(tags)} -->"] if tags else []
    parts += [f"<!-- source: {source} -->"] if source else []
    text = with_parts_named("\n\n".join(filter(None, parts)))
    read, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, library.drafts())
    if read is not None and not problems:
        problems = library.never_asked(read) + check.of_text(read, _page_of(read), around, text)
    if problems:
        line = problems[0].line - 2
        place = f"line {line} of the answer: " if line > 0 and answer else ""
        raise _refusal(caught.line, f"{place}{problems[0].message}")
    if read is None or (read.prompt, read.id) != (question, name):
        raise _refusal(caught.line, "the question has signs that a heading cannot have")
    if read.tags != tags or read.sources != ((source,) if source else ()):
        raise _refusal(caught.line, "the source has signs that a comment cannot have, such as -->")
    return text


def _around(desk: Desk, text: str | None = None) -> Around:
    """What drafts may show and lead to wherever they go; what else `check` would say hangs on where
    that is, and is said when they are accepted. Without a *text* it may be any."""
    from studyapp.lab import reference
    from studyapp.notes import check
    from studyapp.notes.media import Shelf

    root = library.packs_of(desk) / library.OWN_PACK
    facts = reference.facts() if text is None or check.cites(text) else None
    return check.Around((Shelf(root / _ROOT, root),), facts=facts)


def _page_of(one: Note) -> ContentFile:
    return ContentFile(one.path, "drafts", "", None, "Drafts", _kind(one))


def _refusal(line: int, why: str) -> StudyError:
    place = f"Line {line}: {why}" if line else words.capital(why)
    return StudyError(f"{place}. Nothing was added.")


def _clean(text: str) -> str:
    return normalize("NFC", printable(storable(text)))


def _added(desk: Desk, texts: Sequence[str]) -> tuple[Kept, ...]:
    if not texts:
        return ()
    before = [one.note.prompt for one in _drafts(desk).values()]
    path = _write(desk, _HEAD.format(FileKind.QUESTIONNAIRE.value) + "\n\n".join(texts) + "\n")
    kept = _page(path).kept
    asked = [one.note.prompt for one in kept]
    with desk.reading() as connection:
        found = twins(connection, asked, learner=desk.learner, drafts=before)
        return tuple(replace(one, twin=twin) for one, twin in zip(kept, found, strict=True))


def _write(desk: Desk, text: str) -> Path:
    """Keep a file of drafts, under a name that sorts it behind the others."""
    name = f"caught-{desk.learner}-{desk.now():%Y%m%d-%H%M%S%f}-{secrets.token_hex(4)}.md"
    path = library.drafts() / name
    disk.write(path, text)
    return path


# --- what waits -------------------------------------------------------------------------------


def read(desk: Desk) -> Drafts:
    """What waits, with what is here already that asks nearly the same."""
    with desk.reading() as connection:
        pages = list(_waiting(connection, learner=desk.learner))
        kept = [one for page in pages for one in page.kept]
        asked = [one.note.prompt for one in kept]
        found = list(twins(connection, asked, learner=desk.learner))
    return Drafts(
        tuple(
            replace(one, twin=twin, edited=disk.is_there(_edit_of(one)))
            for one, twin in zip(kept, found, strict=True)
        ),
        tuple(problem for page in pages for problem in page.problems),
    )


def asked(connection: Connection, *, learner: int) -> tuple[str, ...]:
    """What the drafts ask that wait, the oldest first."""
    pages = _waiting(connection, learner=learner)
    return tuple(one.note.prompt for page in pages for one in page.kept)


def _waiting(connection: Connection, *, learner: int) -> Iterator[_Page]:
    """Each draft once, though two windows may have taken the same file at the same moment."""
    files = _files(learner=learner)
    passed = set(_accepted(connection, learner=learner)) if files else set[str]()
    for page in map(_page, files):
        kept = tuple(one for one in page.kept if one.note.id not in passed)
        passed.update(one.note.id for one in kept)
        yield page._replace(kept=kept)


def _accepted(connection: Connection, *, learner: int) -> frozenset[str]:
    """The ids of the learner's own notes: a draft with one of them waits no longer."""
    mine = (note.learner_id == learner, note.missing_since.is_(None))
    return frozenset(connection.scalars(select(note.name).where(*mine)))


def _files(*, learner: int) -> list[Path]:
    return sorted(library.drafts().glob(f"caught-{learner}-*.md"))


def _page(path: Path) -> _Page:
    """What a file of drafts says; nothing if it has just gone."""
    try:
        stat = path.stat()
    except OSError:
        return _Page()
    return _read(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(_REMEMBERED)
def _read(path: Path, *_state: int) -> _Page:
    """Today counts them at each look, and most of the time no file has changed."""
    from studyapp.notes import markdown

    page, problems = markdown.read(path)
    if page is None:
        return _Page(problems=problems)
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return _Page()
    return _Page(tuple(Kept(one, _said(text, one)) for one in page.notes), problems)


def _said(text: str, one: Note) -> str:
    return "\n".join(text.split("\n")[one.line - 1 : one.last]).strip()


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """The text of a draft, to be changed (`study/edit.py::Edit`)."""

    kept: Kept

    @property
    def place(self) -> str:
        return "draft of a card"

    @property
    def path(self) -> Path:
        return self.kept.note.path

    @property
    def _file(self) -> Path:
        return _edit_of(self.kept)

    def _now(self) -> str:
        from studyapp.notes import excerpt

        said = excerpt.sources(self.kept.note.path).get(self.kept.note.id)
        if said is None:
            raise StudyError("It is no draft any more.")
        return said

    def read(self, desk: Desk) -> tuple[str, str]:
        said = self._now()
        return said, library.kept_edit(self._file, said)

    def write(self, desk: Desk, said: str, text: str, before: str, patience: float) -> str:
        now = said if disk.is_there(self._file) else self._now()
        return library.keep_edit(self._file, said, now, text, before)

    def around(self, desk: Desk) -> Around:
        return _around(desk)

    def reading(
        self, said: str, text: str, today: date, around: Around | None = None
    ) -> tuple[Note | None, tuple[Problem, ...]]:
        from studyapp.notes import check, identity, markdown

        of, around = self.kept.note, around or check.Around()
        said, page = said.strip(), _page_of(of)
        before, had = markdown.alone(said, _kind(of), of.path)
        read, problems = markdown.alone(text, _kind(of), of.path)
        note, problems = identity.kept(of, said, text, read, problems)
        if note is None:
            return None, problems
        known = check.of_text(before, page, around, said) if before else ()
        wrong = check.of_text(note, page, around, text)
        return note, tuple(sorted(check.added((*had, *known), (*problems, *wrong))))

    def finish(self, desk: Desk) -> None:
        from studyapp.notes import amendment

        text = library.kept_edit(self._file, "").strip()
        if not text:
            return
        today, around = study_day(desk.now()), self.around(desk)
        read, problems = self.reading(self.kept.text, text, today, around)
        told = f"line {problems[0].line}: {problems[0].message}" if problems else ""
        if read is None:
            why = f" ({told})" if told else ""
            raise StudyError(f"This is no longer the one draft{why}; edit it again.")
        if told:
            raise StudyError(f"{words.capital(told)}. Edit it again.")
        disk.write(self.kept.note.path, amendment.replaced(self.kept.note, text))
        disk.remove(self._file)


def _edit_of(kept: Kept) -> Path:
    return library.drafts() / f"edit-{kept.note.id}.md"


# --- what becomes of it -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """Drafts that were accepted or deleted: what each of their files said `before` and says `now`,
    None if it is gone, and where the notes are, if they are anywhere: their files, and the `home`
    that these are of."""

    kept: tuple[Kept, ...]
    before: Mapping[Path, str]
    now: Mapping[Path, str | None]
    files: tuple[Path, ...] = ()
    home: Home | None = None


def accept(desk: Desk, kept: Sequence[Kept]) -> Moved:
    """Make cards of drafts, where a card of one's own goes; those without an answer stay.

    They are taken as they are by now, with the edits that wait to be saved, and those that are none
    any more are passed over. All or none of the others: raises StudyError, with all as it was,
    if one cannot be.
    """
    _save_edits(desk, kept)
    ready = _ready(desk, kept)
    with desk.reading() as connection:
        home = library.last_started(connection, learner=desk.learner)
    texts = defaultdict[NoteKind, list[str]](list)
    for one in ready:
        texts[one.note.kind].append(one.text)
    _check(desk, home, ready)
    paths = {kind: home.path(library.packs_of(desk), kind) for kind in texts}
    with ExitStack() as opened:
        for kind, path in paths.items():
            opened.enter_context(disk.put_back(path))
            library.add_note(desk, home, "\n\n".join(texts[kind]), kind)
        library.refresh(desk)
        with desk.reading() as connection:
            there = _accepted(connection, learner=desk.learner)
        if not all(one.note.id in there for one in ready):
            told = " and ".join(str(path) for path in paths.values())
            raise StudyError(f"The cards could not be read back from {told}. Nothing was accepted.")
    before, now = _take_out(desk, ready, there)
    return Moved(ready, before, now, tuple(paths.values()), home)


def _save_edits(desk: Desk, kept: Sequence[Kept]) -> None:
    """Let drafts say what their learner has written of them since. Raises StudyError, with the edit
    kept, if that is no draft any more."""
    for one in kept:
        if not disk.is_there(_edit_of(one)):
            continue
        now = _drafts(desk).get(one.note.id)  # the one before has moved the lines of its file
        if now is not None:
            try:
                DraftEdit(now).finish(desk)
            except StudyError as error:
                raise StudyError(f"“{now.note.prompt}”: {error}") from error


def _ready(desk: Desk, kept: Sequence[Kept]) -> tuple[Kept, ...]:
    with desk.reading() as connection:
        accepted = _accepted(connection, learner=desk.learner)
    now = _drafts(desk)
    ids = {one.note.id: one.twin for one in kept if one.note.id not in accepted}
    waiting = [replace(now[name], twin=twin) for name, twin in ids.items() if name in now]
    if not waiting:
        raise StudyError("It is no draft any more.")
    ready = tuple(one for one in waiting if one.is_answered)
    if not ready:
        raise StudyError("A card needs an answer; write it first.")
    return ready


def _check(desk: Desk, home: Home, ready: Sequence[Kept]) -> None:
    """Refuse what would not end where the next note begins, as an editor may have left it, and what
    `check` would find wrong where it goes."""
    from studyapp.notes import markdown

    texts = defaultdict[NoteKind, list[tuple[Note, str]]](list)
    for one in ready:
        read, problems = markdown.alone(one.text, _kind(one.note), one.note.path)
        if read is None or read.id != one.note.id:
            told = f": {problems[0].message}" if problems else ""
            raise StudyError(f"“{one.note.prompt}” is not one note{told}.")
        texts[one.note.kind].append((read, one.text))
    for notes in texts.values():
        for of, wrong in library.wrong(desk, home, notes, where=lambda _: "another draft"):
            told = f"“{of.prompt}”, line {wrong.line}: {wrong.message}"
            raise StudyError(f"{told}. Nothing was accepted.")


def take_back(desk: Desk, done: Moved) -> str:
    """Make drafts of what was accepted again, and say so; what was changed since stays a card."""
    from studyapp.notes import excerpt

    texts = {one.note.id: one.text for one in done.kept}
    same = dict[Path, list[str]]()
    for path in done.files:
        said = excerpt.sources(path)
        same[path] = [name for name, text in texts.items() if said.get(name) == text]
    back = {name for names in same.values() for name in names}
    _put_back(desk, done, [one for one in done.kept if one.note.id in back])
    for path, names in same.items():
        if names:
            library.take_out(path, names)
    library.refresh(desk)
    stay = len(texts) - len(back)
    told = f" Changed since, and a card still: {stay}." if stay else ""
    return f"Undone: {_count(len(back), 'is', 'are')} again.{told}"


def delete(desk: Desk, kept: Sequence[Kept]) -> Moved:
    """Delete drafts."""
    with desk.reading() as connection:
        there = _accepted(connection, learner=desk.learner)
    before, now = _take_out(desk, kept, there)
    return Moved(tuple(kept), before, now)


def put_back(desk: Desk, done: Moved) -> str:
    """Have what was deleted again, and say so."""
    _put_back(desk, done, done.kept)
    return f"Undone: {_count(len(done.kept), 'is', 'are')} again."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one} a draft" if number == 1 else f"{number} {many} drafts"


def _take_out(
    desk: Desk, kept: Iterable[Kept], accepted: frozenset[str]
) -> tuple[dict[Path, str], dict[Path, str | None]]:
    """Take drafts out of all files, and a file away that has none left; what these said before, and
    say now."""
    from studyapp.notes import amendment

    names = {one.note.id for one in kept}
    before, now = dict[Path, str](), dict[Path, str | None]()
    for path in _files(learner=desk.learner):
        there = {one.note.id for one in _page(path).kept}
        gone = there & names
        if not gone:
            continue
        before[path] = _text_of(path) or ""
        if there - gone - accepted:
            now[path] = amendment.without(path, sorted(gone))
            disk.write(path, now[path] or "")
        else:
            now[path] = None
            disk.remove(path)
    return before, now


def _put_back(desk: Desk, done: Moved, kept: Sequence[Kept]) -> None:
    """Have *kept* in their files again, in their places; where these say something else by now, in
    one of their own."""
    for path, before in done.before.items():
        if _text_of(path) == done.now[path]:
            disk.write(path, before)
            continue
        texts = [one.text for one in kept if one.note.path == path]
        if texts:
            kind = _kind(next(one.note for one in kept if one.note.path == path))
            _write(desk, _HEAD.format(kind.value) + "\n\n".join(texts) + "\n")


def _text_of(path: Path) -> str | None:
    """What a file says; None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error


def _kind(one: Note) -> FileKind:
    return FileKind.JARGON if one.kind is NoteKind.TERM else FileKind.QUESTIONNAIRE
