"""The content a learner has: installed packs and their own, kept in step with the database."""

from __future__ import annotations

import hashlib
import itertools
import platform
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select, union_all, update

from studyapp import disk, packs
from studyapp.config import Current, data_folder, settings_path
from studyapp.errors import StudyError
from studyapp.journal import journal
from studyapp.memory.clock import study_day
from studyapp.memory.state import State
from studyapp.notes.note import (
    CardStyle,
    ContentFile,
    FileKind,
    Note,
    NoteKind,
    Problem,
    chapter_key,
    chapter_name,
    note_uid,
)
from studyapp.store import log, owner, tables
from studyapp.store.database import open_database
from studyapp.store.fingerprint import is_current
from studyapp.store.memory import refold_all
from studyapp.store.parameters import applied_settings, in_force, keep_settings
from studyapp.study import chapter as chapters
from studyapp.study import former, rename, surroundings, words
from studyapp.study import learner as learners
from studyapp.study.admission import is_started
from studyapp.study.desk import Clock, Desk
from studyapp.study.draft import Write, merged, read_file, storable, write_file
from studyapp.study.pause import paused

if TYPE_CHECKING:
    from studyapp.notes.check import Around
    from studyapp.notes.media import Shelf
    from studyapp.store.sync import SyncReport
    from studyapp.study.card import CardView

GROUP = "studyapp.content"
MANY = 10  # notes or cards that change at once: then there is a backup from before
OWN_PACK = "mine"  # copies of notes that the learner edited; they shadow the originals
_NEW = "new.md"  # which file of that folder it is, says nothing of what is written there

chapter_progress = tables.chapter_progress.c


def open_study(
    url: str, current: Current, clock: Clock, name: str | None, *, new: bool = False
) -> tuple[Desk, SyncReport | None]:
    """Open a learner's desk, read what has changed in the content, put the settings in force.

    Returns the desk and the report of the sync, None if no file had changed.
    """
    desk = open_desk(url, current, clock, name, new=new)
    try:
        report = refresh(desk)
        apply_settings(desk)
    except BaseException:
        desk.close()
        raise
    return desk, report


def open_desk(
    url: str, current: Current, clock: Clock, name: str | None, *, new: bool = False
) -> Desk:
    """Open the database at *url* for the learner *name*, or for the first one if it is None.

    Raises StudyError for an unknown name, which only *new* makes, and for a new one that is known.
    """
    if name is not None:
        name = learners.checked(name)
    elif new:
        raise StudyError("--new makes a learner; give a name with --learner.")
    engine = open_database(url)
    try:
        desk = Desk(engine, current, clock, learner=learners.FIRST)
        if name is not None:
            desk = replace(desk, learner=_whose(desk, name, new=new))
        fold_anew(desk)
    except BaseException:
        engine.dispose()
        raise
    return desk


def fold_anew(desk: Desk) -> None:
    """Fold all memories anew if a migration has asked for it, since a rule of the fold is another
    now. One that is interrupted is done at the next opening."""
    mark = tables.stale.c.learner_id == desk.learner
    with desk.reading() as connection:
        if connection.scalar(select(tables.stale.c.reason).where(mark)) is None:
            return
    with desk.writing() as connection:
        if connection.execute(delete(tables.stale).where(mark)).rowcount:  # or another was quicker
            memory = tables.memory.c
            known = select(memory.card_id).where(memory.learner_id == desk.learner)
            refold_all(connection, connection.scalars(known).all(), learner=desk.learner)


def _whose(desk: Desk, name: str, *, new: bool) -> int:
    """The id of the learner *name*; a new one has the first chapter started, as everybody has."""
    if not new:
        with desk.reading() as connection:
            return learners.find(connection, name)
    with desk.writing(for_all=True) as connection:
        made = learners.make(connection, name)
        _start_first_chapter(connection, desk.now(), learner=made)
    return made


def roots(desk: Desk | None = None) -> list[Path]:
    """Folders to read, in order: installed packs, then the learner's own, `mine` last; those of the
    first learner where there is no desk."""
    return installed_roots() + own_roots(own_packs() if desk is None else packs_of(desk))


def installed_roots() -> list[Path]:
    """The content folders of the installed packs."""
    return [pack.folder for pack in packs.installed(GROUP) if pack.folder is not None]


def own_roots(packs_folder: Path) -> list[Path]:
    """The packs in a learner's folder, `mine` last. Raises StudyError if that cannot be read."""
    try:
        folders = sorted(path for path in packs_folder.iterdir() if path.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StudyError(f"{packs_folder} cannot be read: {error.strerror}.") from error
    return sorted(folders, key=lambda path: path.name == OWN_PACK)


def own_packs() -> Path:
    """The folder of the first learner's own packs."""
    return data_folder() / "packs"


def packs_of(desk: Desk) -> Path:
    """The folder of the learner's own packs: `packs`, or for others than the first one
    `packs-of/NAME`, whatever signs the name has."""
    if desk.learner == learners.FIRST:
        return own_packs()
    with desk.reading() as connection:
        return packs_at(connection, learner=desk.learner)


def packs_at(connection: Connection, *, learner: int) -> Path:
    """`packs_of`, where a connection is at hand."""
    if learner == learners.FIRST:
        return own_packs()
    return _packs_of_others() / learners.as_folder(learners.name_of(connection, learner=learner))


def _packs_of_others() -> Path:
    return data_folder() / "packs-of"


def is_own(folder: Path) -> bool:
    """Whether a content folder is below those of a learner's own packs, whoever it is."""
    homes = (own_packs(), _packs_of_others())
    return any(folder.resolve().is_relative_to(home.resolve()) for home in homes)


def refresh(desk: Desk, *, force: bool = False, heard: bool = False) -> SyncReport | None:
    """Read the content if a file has changed since the last time; None if none has.

    Installed content is read for all, own packs for the learner at the desk alone. *heard*: what
    has changed comes from another device (`store/sync.py::sync`).
    """
    own, left_alone = packs_of(desk), tuple[str, ...]()
    if former.is_left(own):
        with desk.writing(for_all=True) as connection:
            left_alone = former.recover(connection, own)
    with desk.reading() as connection:
        if not force and is_read(connection, own, learner=desk.learner):
            return None
    with desk.writing(for_all=True) as connection:
        report = read_in(
            connection,
            own,
            desk.now(),
            learner=desk.learner,
            changed_only=not force,
            heard=heard,
        )
        if report.missing + report.due_again >= MANY:
            with suppress(StudyError):  # nothing is lost without one: what has gone comes back
                desk.back_up("change")  # of what there was, as this is not committed yet
    return replace(report, left_alone=left_alone)


def is_read(connection: Connection, own: Path, *, learner: int) -> bool:
    """Whether the database has the content as it is now, the learner's packs in *own* with it."""
    return is_current(connection, [*installed_roots(), *own_roots(own)], whose=learner)


def read_in(
    connection: Connection,
    own: Path,
    now: datetime,
    *,
    learner: int,
    changed_only: bool = False,
    heard: bool = False,
) -> SyncReport:
    """Read the content in the caller's transaction: what is installed for all, the packs in the
    folder *own* for the learner; with *changed_only* no pack that is as it was read."""
    from studyapp.store.sync import sync  # and the readers of all formats with it

    first = connection.scalar(select(tables.chapter.c.id).limit(1)) is None
    owner.claim(connection, own_packs(), learner=learners.FIRST)
    report = sync(
        connection,
        installed_roots(),
        now,
        own=own_roots(own),
        whose=learner,
        changed_only=changed_only,
        heard=heard,
    )
    rename.carry(connection, report.renamed, now)
    journal.info("content: %s", report.counts() or "nothing in it")
    for one in connection.scalars(select(tables.learner.c.id)).all() if first else ():
        _start_first_chapter(connection, now, learner=one)
    return report


def read_for_all(connection: Connection, now: datetime) -> None:
    """Read the content in the caller's transaction for each learner who has not got it as it is."""
    for learner in connection.scalars(select(tables.learner.c.id)).all():
        own = packs_at(connection, learner=learner)
        if not is_read(connection, own, learner=learner):
            read_in(connection, own, now, learner=learner)


def apply_settings(desk: Desk) -> None:
    """Put the schedule's settings in force if this settings file has changed since it last did so;
    the fitted weights stay. What another file has put in force since then stays, too."""
    settings, names, file = desk.settings, _SCHEDULED, _settings_file()
    wanted = {name: getattr(settings, name) for name in names}
    told = {name: _plain(value) for name, value in wanted.items()}
    with desk.reading() as connection:
        if applied_settings(connection, file, learner=desk.learner) == told:
            return
    with desk.writing() as connection:
        kept = in_force(connection, learner=desk.learner)
        log.adopt(connection, replace(kept, **wanted), desk.now(), learner=desk.learner)
        keep_settings(connection, file, told, learner=desk.learner)


_SCHEDULED = ("desired_retention", "learning_steps", "relearning_steps", "maximum_interval")


def _settings_file() -> str:
    """This machine's settings file, told from those of others without naming either."""
    name = f"{platform.node()}\0{settings_path()}"
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _plain(value: float | tuple[timedelta, ...]) -> object:
    """A setting as JSON has it."""
    if isinstance(value, tuple):
        return [step.total_seconds() for step in value]
    return value


def editable(desk: Desk, view: CardView) -> tuple[Path, int]:
    """File and line at which the learner edits a card's note; then to be handed to `edited`.

    An installed pack is never written to: a draft of its note is edited instead.
    """
    from studyapp.notes import excerpt

    note, draft = view.note, _draft(desk, view)
    if _is_own(desk, view) and not disk.is_there(draft):
        return note.path, note.line
    if not disk.is_there(draft):  # else one that could not be kept: the learner goes on with it
        disk.write(draft, excerpt.of_note(view.note))
    return draft, 1


def edited(desk: Desk, view: CardView) -> None:
    """Read what an editor has made of a card's note.

    A draft that says something new takes the place of a note of one's own; else it goes to
    `packs/mine` with the note's id, where it shadows the original. Raises StudyError, and keeps the
    draft, if it is no longer that one note, and for the first problem of the file that was edited.
    """
    from studyapp.notes import excerpt

    path, draft, text = view.note.path, _draft(desk, view), ""
    if disk.is_there(draft):
        try:
            text = draft.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{draft} cannot be read: {error}.") from error
        if text == excerpt.of_note(view.note):
            text = ""
        else:
            said, today = excerpt.of_note(view.note), study_day(desk.now())
            note, problems = reading(view, said, text.strip(), today, around(desk, view, text))
            above = text[: len(text) - len(text.lstrip())].count("\n")
            told = [f"line {one.line + above}: {one.message}" for one in problems]
            if note is None:
                why = f" ({told[0]})" if told else ""
                raise StudyError(
                    f"This is no longer the one note {view.note.id}{why}; "
                    f"edit it again. It is kept in {draft}."
                )
            if told:
                raise StudyError(f"{words.capital(told[0])}. Edit it again; it is kept in {draft}.")
            if not _is_own(desk, view):
                path = home_of(view).path(packs_of(desk), view.note.kind)
    with disk.put_back(path) if text else nullcontext():
        if text:
            _put(desk, view, text)
        report = refresh(desk)
    with suppress(StudyError):  # the note is kept; the next edit begins with the same text
        disk.remove(draft)
    for problem in report.problems if report else ():
        if problem.path == path:
            raise StudyError(str(problem))


def reading(
    view: CardView, said: str, text: str, today: date, around: Around | None = None
) -> tuple[Note | None, tuple[Problem, ...]]:
    """The note that an edit of a card's note says, None if it is no longer that one, and what is
    wrong with it: what `check` would say, as far as what is *around* it is known, and did not when
    the note *said* what it does."""
    from studyapp.notes import check, markdown

    around = around or check.Around()
    kind, path, said = _page_kind(view.note.kind), view.note.path, said.strip()
    note, problems = _alone(view, text, said, path)
    if note is None:
        return None, problems
    page = home_of(view).page(path, view.note.kind)
    before, had = markdown.alone(said, kind, path)
    known = check.of_note(before, page, today, around, said) if before else ()
    wrong = check.of_note(note, page, today, around, text)
    return note, tuple(sorted(check.added((*had, *known), (*problems, *wrong))))


def around(desk: Desk, view: CardView, text: str | None = None) -> Around:
    """What a card's note has around it where an edit of it is kept (`surroundings.read`)."""
    file, kept = view.note.path, packs_of(desk)
    also: tuple[Shelf, ...] = ()
    if _is_own(desk, view):
        root = kept / file.relative_to(kept).parts[0]
    else:  # what it shows comes along
        root, also = kept / OWN_PACK, (_shelf(view),)
        file = root / file.name
    page = home_of(view).page(file, view.note.kind)
    found = surroundings.read(desk, page, root, text, but=[view.note.id], also=also)
    return replace(found, asking=surroundings.asking(desk, page, root, view.note.id))


def _alone(
    view: CardView, text: str, before: str, path: Path
) -> tuple[Note | None, tuple[Problem, ...]]:
    """The note that *text* is, which said something else *before*, and its problems; None if it is
    no longer that one."""
    from studyapp.notes import identity, markdown

    kind = _page_kind(view.note.kind)
    had, _ = markdown.alone(before.strip(), kind, path)
    note, problems = markdown.alone(text, kind, path)
    return identity.kept(had or view.note, before, text, note, problems)


def _put(desk: Desk, view: CardView, text: str) -> None:
    """Keep a note's new *text* in its file, or a copy of it in one of the learner's own."""
    from studyapp.notes import amendment

    if _is_own(desk, view):
        disk.write(view.note.path, amendment.replaced(view.note, text))
    else:
        home = home_of(view)
        bring_media([view], text, home.path(packs_of(desk), view.note.kind))
        add_note(desk, home, text, view.note.kind)


def bring_media(views: Iterable[CardView], text: str, copy: Path) -> None:
    """Have what *text* shows of these notes beside the *copy* that it goes to, too, so that its
    links lead there. What lies there already stays. Raises StudyError if it cannot be."""
    from studyapp.notes import media
    from studyapp.notes.media import Shelf

    for view, node in itertools.product(views, media.shown(text)):
        address = media.address_of(node)
        found = media.place(address, _shelf(view))
        wanted = media.place(address, Shelf(copy, copy.parent)) == media.NOT_THERE
        if wanted and isinstance(found, Path):
            try:
                disk.write(copy.parent / media.path_of(address), found.read_bytes())
            except OSError as error:
                raise StudyError(f"{found} cannot be read: {error.strerror}.") from error


def _shelf(view: CardView) -> Shelf:
    """Where what a card's note shows lies."""
    from studyapp.notes.media import Shelf

    file = view.note.path
    roots = (root for root in installed_roots() if file.is_relative_to(root))
    return Shelf(file, next(roots, file.parent))


def read_edit(desk: Desk, view: CardView) -> tuple[str, str]:
    """What a card's note says in its file, and how it stands to be edited: a draft that is not kept
    yet, else the same. Raises StudyError if its file alone can be edited."""
    from studyapp.notes import amendment, excerpt

    said = excerpt.of_note(view.note)
    if _is_own(desk, view):
        amendment.replaced(view.note, said)  # raises now, not once something is written
    return said, kept_edit(_draft(desk, view), said)


def write_edit(
    desk: Desk, view: CardView, said: str, text: str, before: str, patience: float
) -> str:
    """Keep an edit as a draft, for `edited`; see `study/draft.py::Draft`. If it is what the note
    *said*, or nothing, there is none."""
    from studyapp.notes import excerpt

    draft = _draft(desk, view)
    now = said if disk.is_there(draft) else excerpt.of_note(view.note)  # its file may have changed
    return keep_edit(draft, said, now, text, before)


def keep_edit(draft: Path, said: str, now: str, text: str, before: str) -> str:
    """Keep the edit *text* of what *said* something and says *now* something else, perhaps, in the
    file *draft*, unless it changes nothing."""
    text = merged(kept_edit(draft, now), before if before.strip() else now, storable(text))
    if text != said and text.strip():
        disk.write(draft, text)
    else:
        disk.remove(draft)
    return text


def kept_edit(draft: Path, said: str) -> str:
    """The edit in the file *draft*, or what is *said* if there is none."""
    try:
        kept = draft.read_text("utf-8") if disk.is_there(draft) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{draft} cannot be read: {error}.") from error
    return kept if kept.strip() else said


def _is_own(desk: Desk, view: CardView) -> bool:
    """Whether a card's note is in a file of the learner's own."""
    return packs_of(desk) in view.note.path.parents


def unfinished(connection: Connection, *, learner: int) -> set[int]:
    """Ids of the notes whose edit could not be kept, and waits as a draft."""
    waiting = _waiting(learner=learner)
    known = _draft_names(connection, learner=learner) if waiting else ()
    return {note_id for note_id, name in known if name in waiting}


def lost_drafts(connection: Connection, *, learner: int) -> int:
    """How many edits wait as drafts of notes that are not there any more."""
    waiting = _waiting(learner=learner)
    known = _draft_names(connection, learner=learner) if waiting else ()
    return len(waiting - {name for _, name in known})


def _waiting(*, learner: int) -> set[str]:
    return {path.name for path in drafts().glob(f"{learner}-*.md")}


def _draft_names(connection: Connection, *, learner: int) -> Iterator[tuple[int, str]]:
    """The notes that are there, with the names that their drafts have."""
    note, chapter = tables.note.c, tables.chapter.c
    rows = connection.execute(
        select(note.id, chapter.pack, note.name)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(note.missing_since.is_(None), owner.visible(note, learner=learner))
    )
    for row in rows:
        yield row.id, _draft_name(row.pack, row.name, learner=learner)


def _draft(desk: Desk, view: CardView) -> Path:
    """Where a note of an installed pack is edited; nothing reads content there."""
    return drafts() / _draft_name(view.pack, view.note.id, learner=desk.learner)


def _draft_name(pack: str, note: str, *, learner: int) -> str:
    return re.sub(r"[^\w.-]", "_", f"{learner}-{pack}-{note}.md")


def drafts() -> Path:
    """The folder of what is being written, and of what waits to be accepted."""
    return data_folder() / "drafts"


def home_of(view: CardView) -> Home:
    """Where a card belongs, and so what is written about it."""
    return Home(view.pack, view.part, view.chapter, view.chapter_title, view.note.section)


def home_of_chapter(connection: Connection, chapter_id: int, section: str | None = None) -> Home:
    """A chapter or a deck as the place of a card, or one *section* of it."""
    chapter = tables.chapter.c
    row = connection.execute(
        select(chapter.pack, chapter.part, chapter.number, chapter.title).where(
            chapter.id == chapter_id
        )
    ).one()
    return Home(*row, section)


def home_of_section(connection: Connection, section_id: int) -> Home:
    """A section of the course as the place of a card."""
    section = tables.section.c
    found = select(section.chapter_id, section.number).where(section.id == section_id)
    return home_of_chapter(connection, *connection.execute(found).one())


@dataclass(frozen=True, slots=True)
class Home:
    """The chapter or the deck that a note of a learner's own belongs to."""

    pack: str
    part: str
    number: int | None  # None of a deck
    title: str
    section: str | None = None  # its number, where the note belongs to one

    @property
    def name(self) -> str:
        """Section 3.2 of fastai, chapter 3 of fastai, deck Spanish of languages."""
        if self.section:
            return f"section {self.section} of {self.pack}"
        return chapter_name(self.number, self.title, self.pack)

    def path(self, packs: Path, kind: NoteKind) -> Path:
        """The file in `mine` of a learner's *packs* for notes of this *kind*; one of that name that
        cannot hold them, or cannot be read, is passed over."""
        from studyapp.notes import markdown
        from studyapp.notes.slug import slug

        wanted = (self.pack, chapter_key(self.number, self.title))
        name = slug(chapter_name(self.number, self.title), set())
        for count in itertools.count(1):
            end = f"-{count}" if count > 1 else ""
            path = packs / OWN_PACK / f"{name}-{kind.value}s{end}.md"
            if not disk.is_there(path):
                break
            page, _ = markdown.read(path)
            if page and (page.pack, page.key, page.kind) == (*wanted, _page_kind(kind)):
                break
        return path

    def page(self, path: Path, kind: NoteKind) -> ContentFile:
        """The file at *path* as one for notes of this *kind*, without any."""
        return ContentFile(path, self.pack, self.part, self.number, self.title, _page_kind(kind))

    @property
    def head(self) -> str:
        """The lines of the front matter that name it."""
        from studyapp.notes.page.frontmatter import quoted

        if self.number is None:
            return f"pack: {quoted(self.pack)}\ndeck: {quoted(self.title)}\n"
        return (
            f"pack: {self.pack}\npart: {quoted(self.part)}\nchapter: {self.number}\n"
            f"title: {quoted(self.title)}\n"
        )


def add_note(desk: Desk, home: Home, text: str, kind: NoteKind) -> None:
    """Append a note's *text* to a content file of the learner's own."""
    path = home.path(packs_of(desk), kind)
    try:
        old = path.read_text("utf-8") if disk.is_there(path) else ""
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    before = (old or head_of(home, kind)).rstrip("\n") + "\n\n"
    disk.write(path, before + text.strip() + "\n")


def head_of(home: Home, kind: NoteKind) -> str:
    """The front matter of a file for notes of this *kind*."""
    return f"---\n{home.head}kind: {_page_kind(kind).value}\n---\n"


def _page_kind(kind: NoteKind) -> FileKind:
    return FileKind.JARGON if kind is NoteKind.TERM else FileKind.QUESTIONNAIRE


def read_draft(*, learner: int) -> str:
    """What was written of a card of the learner's own and not saved as one; empty if nothing."""
    return read_file(_new_draft(learner=learner))


def write_draft(text: str, before: str, patience: float, *, learner: int) -> str:
    """Keep what is written of a card; see `study/draft.py::Draft`."""
    return write_file(_new_draft(learner=learner), text, before)


def _new_draft(*, learner: int) -> Path:
    """Beside the drafts of notes that are there (`_draft`), whose names begin with a number."""
    return drafts() / f"new-{learner}.md"


class Written(NamedTuple):
    """A question of the learner's own: where it went, its card's id, and its text in the file."""

    home: Home
    card: int
    text: str


def new_question(
    desk: Desk,
    question: str,
    answer: str,
    home: Home | None = None,
    of: Sequence[CardView] = (),
) -> Written:
    """Keep a question of the learner's own in *home* or else the chapter they started last. What it
    shows of the notes *of* which it is comes along.

    Raises StudyError if a field is empty, nothing is started, the text is not one note, or `check`
    would find something wrong with it.
    """
    from studyapp.notes import markdown
    from studyapp.notes.repair import with_parts_named
    from studyapp.notes.slug import own_id

    question, answer = " ".join(question.split()), answer.strip()
    if not question or not answer:
        raise StudyError("A card needs a question and an answer.")
    with desk.reading() as connection:
        home = home or last_started(connection, learner=desk.learner)
        taken = set(connection.scalars(select(tables.note.c.name)))
    name = own_id(f"my {question}", taken)
    head = f"## {question} {{#{name}}}\n\n"
    said = with_parts_named(head + answer)
    text = said + (f"\n\n<!-- section: {home.section} -->" if home.section else "")
    path = packs_of(desk) / OWN_PACK / _NEW
    note, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, path)
    if problems and home.section:  # the answer may have a comment of its own, which then counts
        text, home = said, replace(home, section=None)
        note, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, path)
    if note is not None and not problems:
        problems = tuple(one for _, one in wrong(desk, home, [(note, text)], of))
    for problem in problems:
        line = problem.line - head.count("\n")
        place = f"Line {line} of the answer" if line > 0 else "The card"
        raise StudyError(f"{place}: {problem.message}. Nothing was saved.")
    if note is None or (note.prompt, note.id) != (question, name):
        raise StudyError("The question has signs that a heading cannot have. Nothing was saved.")
    bring_media(of, text, path)
    return Written(home, keep_note(desk, home, name, text), text)


def wrong(
    desk: Desk,
    home: Home,
    notes: Sequence[tuple[Note, str]],
    of: Sequence[CardView] = (),
    where: Callable[[Note], str] = lambda note: f"line {note.line}",
) -> Iterator[tuple[Note, Problem]]:
    """What `check` would say of new *notes* of one kind in a *home*, each with the text that it is
    read from and that says *where* it is, and that one makes no card; *of* are notes from which
    what they show comes along."""
    from studyapp.notes import check

    kind, kept = notes[0][0].kind, packs_of(desk)
    page = home.page(kept / OWN_PACK / _NEW, kind)
    texts, ids = "\n".join(text for _, text in notes), {note.id for note, _ in notes}
    shelves = [_shelf(view) for view in of]
    page = replace(page, notes=tuple(note for note, _ in notes))
    around = surroundings.read(desk, page, kept / OWN_PACK, texts, but=ids, also=shelves)
    for note, text in notes:
        found = check.of_note(note, page, study_day(desk.now()), around, text)
        for problem in (*never_asked(note), *found):
            yield note, problem
        around.asked.add(page, note, where(note))


def never_asked(note: Note) -> tuple[Problem, ...]:
    """That a new *note*, which is to be a card, makes none."""
    told = "a note with card: do is only to be done and never asked; leave that out of a card"
    return (Problem(note.path, note.line, told),) if note.card is CardStyle.DO else ()


def keep_note(desk: Desk, home: Home, name: str, text: str) -> int:
    """Keep a question of the learner's own, with the id *name*; returns its first card's id.

    Raises StudyError, with the file as it was, if that does not give it back.
    """
    path = home.path(packs_of(desk), NoteKind.QUESTION)
    with disk.put_back(path):
        add_note(desk, home, text, NoteKind.QUESTION)
        refresh(desk)
        card_id = _first_card(desk, note_uid(home.pack, name))
        if card_id is None:
            raise StudyError(f"The card could not be read back from {path}. Nothing was saved.")
    return card_id


def _first_card(desk: Desk, uid: UUID) -> int | None:
    note, card = tables.note.c, tables.card.c
    with desk.reading() as connection:
        found: int | None = connection.scalar(
            select(card.id)
            .join(tables.note, note.id == card.note_id)
            .where(note.uid == uid.bytes, note.learner_id == desk.learner)
            .order_by(card.position, card.uid)
            .limit(1)
        )
    return found


def unwrite(desk: Desk, made: Written, draft: str, keep: Write) -> str:
    """Take a card back that was just written, and *keep* its text as a draft again; says so."""
    if left := take_back(desk, made.card, lambda _: made.text):
        return f"The new card has another text by now; it stays in {left}."
    refresh(desk)
    keep(draft, "", desk.patience)
    return "Undone: the new card. Its text is a draft again."


def take_back(desk: Desk, card_id: int, text: Callable[[str], str]) -> Path | None:
    """Take a question of the learner's own out of its file again, if all of it is as *text* says of
    its id; returns the file in which it stays, as the learner has changed it since."""
    from studyapp.notes import excerpt

    note, card = tables.note.c, tables.card.c
    with desk.reading() as connection:
        row = connection.execute(
            select(note.path, note.name)
            .join(tables.card, card.note_id == note.id)
            .where(card.id == card_id, note.learner_id == desk.learner)
        ).one_or_none()
    if row is None:
        return None
    path = Path(row.path)
    said = excerpt.sources(path).get(row.name)
    if said is None:
        return None
    if said != text(row.name).strip():
        return path
    take_out(path, [row.name])
    return None


def take_out(path: Path, names: Collection[str]) -> None:
    """Take notes out of a file, and the file away if nothing is left below its front matter."""
    from studyapp.notes import amendment

    text = amendment.left(path, names)
    if text is None:
        disk.remove(path)
    else:
        disk.write(path, text)


def last_started(connection: Connection, *, learner: int) -> Home:
    """The chapter that the learner started last, as a whole or in part, where a card of their own
    belongs; a deck only if there is no chapter. Raises StudyError if nothing is started."""
    chapter, section = tables.chapter.c, tables.section.c
    whole, part = tables.chapter_progress.c, tables.section_progress.c
    started = union_all(
        select(whole.chapter_id, whole.started_at).where(whole.learner_id == learner),
        select(section.chapter_id, part.started_at)
        .join(tables.section_progress, part.section_id == section.id)
        .where(part.learner_id == learner),
    ).subquery()
    row = connection.execute(
        select(chapter.pack, chapter.part, chapter.number, chapter.title)
        .join(started, started.c.chapter_id == chapter.id)
        .where(started.c.started_at.is_not(None))
        .order_by(chapter.number.is_(None), started.c.started_at.desc(), chapter.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise StudyError("Start a chapter first; a card of your own belongs to one.")
    return Home(*row)


def check_chapter(desk: Desk, name: str) -> int:
    """The id of the chapter *name*. Raises StudyError if there is none (`study/chapter.py::find`),
    or nothing of it to review: it is paused, or not started and no card of it was met or asked
    for."""
    card, memory = tables.card.c, tables.memory.c
    with desk.reading() as connection:
        found = chapters.find(connection, name, learner=desk.learner)
        since = paused(connection, learner=desk.learner).get(found)
        if since is not None:
            told = words.capital(chapters.called(connection, found, learner=desk.learner))
            raise StudyError(
                f"{told} is paused since {since}; studyapp resume {name} lets it go on."
            )
        if is_started(connection, found, learner=desk.learner):
            return found
        met = (
            select(memory.card_id)
            .join(tables.card, card.id == memory.card_id)
            .where(
                memory.learner_id == desk.learner,
                card.chapter_id == found,
                or_(memory.state != State.NEW, memory.asked.is_(True)),
            )
        )
        if connection.scalar(met.limit(1)) is not None:
            return found
        told = chapters.called(connection, found, learner=desk.learner)
    raise StudyError(
        f"{words.capital(told)} is not started, so no card of it comes. "
        "Start it on Today or in the course."
    )


def start_chapter(connection: Connection, chapter_id: int, now: datetime, *, learner: int) -> None:
    """Let a chapter's cards in."""
    let_in(connection, [chapter_id], now, learner=learner)


def let_in(connection: Connection, ids: Iterable[int], now: datetime, *, learner: int) -> None:
    """Start the chapters *ids*; those that are started stay as they are."""
    chapter_progress, at = tables.chapter_progress.c, log.utc(now)
    known = dict(
        connection.execute(
            select(chapter_progress.chapter_id, chapter_progress.started_at).where(
                chapter_progress.learner_id == learner
            )
        ).all()
    )
    for chapter_id in ids:
        if chapter_id not in known:
            connection.execute(
                insert(tables.chapter_progress).values(
                    learner_id=learner, chapter_id=chapter_id, started_at=at, changed_at=at
                )
            )
        elif known[chapter_id] is None:
            connection.execute(
                update(tables.chapter_progress)
                .where(
                    chapter_progress.learner_id == learner,
                    chapter_progress.chapter_id == chapter_id,
                )
                .values(started_at=at, changed_at=at)
            )


def _start_first_chapter(connection: Connection, now: datetime, *, learner: int) -> None:
    chapter = tables.chapter.c
    first = connection.scalar(
        select(chapter.id)
        .where(owner.theirs(chapter, learner=learner))
        .order_by(*tables.IN_ORDER)
        .limit(1)
    )
    if first is not None:
        start_chapter(connection, first, now, learner=learner)
