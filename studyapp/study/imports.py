"""What comes from foreign files: answers into an attempt, notes into a pack of the learner's own.

A reader (`notes/formats.py`) has said what there is; here it becomes ours. A pack is text: its
files are written, and then read like any other content.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import CancelledError, RefusedError, StudyError, printable
from studyapp.garbage import uncollected
from studyapp.notes import deck, markdown, origin, reworded, unread
from studyapp.notes.caption import named
from studyapp.notes.card import sides
from studyapp.notes.foreign import Answers, Foreign, ForeignNote, Media
from studyapp.notes.media import FOLDER, is_name
from studyapp.notes.note import FileKind, Note, NoteKind, Problem
from studyapp.notes.reworded import Wording
from studyapp.notes.slug import slug
from studyapp.store import owner, tables
from studyapp.study import (
    foreign,
    former,
    library,
    native,
    original,
    provenance,
    receipt,
    recognition,
    sent,
    words,
)
from studyapp.study.card import as_note
from studyapp.study.desk import Desk
from studyapp.study.devices.notes import take_out
from studyapp.study.edits import Edits
from studyapp.study.foreign import Attached
from studyapp.study.former import Former
from studyapp.study.original import Place
from studyapp.study.questionnaire import post
from studyapp.study.receipt import Change, Receipt
from studyapp.study.twin import asks_here, twins

if TYPE_CHECKING:
    from studyapp.store.backup import Progress

_STEPS = 4  # of a file of notes: they are laid out, read in, given their log, committed
_NAMED = 5  # of what stays when an import is taken back
_BATCH = 100  # notes between two looks at whether to go on

_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has been read, by the reader of its format."""

    path: Path
    format: str
    foreign: Foreign


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file gave: questions with their answers and places, own notes on sections, cards.

    `known`: it was imported before, and nothing was changed. `failed`: nothing of it was taken
    over, and why is the last of the problems. `reworded` notes (their questions)
    were there already and have another text now. `reviews` and `schedules` are those that the log
    has now and had not. `problems` are the reader's, too. `twins` are the new notes that ask what a
    note of another file does, in a dry run also nearly that, with what that one asks and its
    place. `home` is the pack to which the notes went, if it is not called as the file; `gone` are
    those in it that the file has no more, and that stay. `wordings` are reworded notes of which the
    question is another one now, and new ones that may be such of what the file has no more.
    `receipt` has what was done, to be taken back.
    """

    source: Source
    questions: tuple[ForeignNote, ...] = ()
    own_notes: int = 0
    cards: int = 0
    reworded: tuple[str, ...] = ()
    reviews: int = 0
    schedules: int = 0
    known: bool = False
    failed: bool = False
    problems: tuple[Problem, ...] = ()
    twins: tuple[tuple[ForeignNote, str], ...] = ()
    home: str = ""
    gone: int = 0
    wordings: tuple[Wording, ...] = ()
    receipt: Receipt = field(default_factory=Receipt)

    @property
    def changed(self) -> int:
        return len(self.reworded)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What is gone again: of how many files, and what the log had from elsewhere. What was changed
    since `stays`: notes by how they begin, other files by their names."""

    pages: int
    log: Attached
    stays: tuple[str, ...] = ()

    @property
    def but(self) -> str:
        """What stays, as the learner reads it behind what is gone; empty if nothing does."""
        if not self.stays:
            return ""
        more = f" and {len(self.stays) - _NAMED:,} more" if len(self.stays) > _NAMED else ""
        return f", but for what was changed since: {', '.join(self.stays[:_NAMED])}{more}"


@uncollected
def bring(
    desk: Desk,
    sources: Sequence[Source],
    *,
    dry_run: bool = False,
    apart: bool = False,
    progress: Progress | None = None,
) -> list[Imported]:
    """Take over what the files hold; with *dry_run* only say what that would be.

    Each file in one transaction: answers go to one attempt, notes to the pack of their file, or to
    the one that has most of its notes already, whose new decks are started, and their reviews and
    schedules to the log. A file that is imported again brings what has changed in it; what the
    learner has edited stays. Before anything changes there is a backup. *progress* may stop it
    between two notes, and from when the database is locked between the steps of a file; nothing of
    that file has changed then. Nor has it where the chapter of its answers is not here, or a file
    cannot be written: with *apart* it has `failed`, and the others come. Raises StudyError if a
    backup cannot be made, or without *apart* a file fails.
    """
    if not dry_run:
        begun = _part(progress, 0, len(sources))
        desk.back_up("import", progress=lambda *_: begun(0, _STEPS))
    done = list[Imported]()
    for index, source in enumerate(sources):
        heard, failed = _part(progress, index, len(sources)), list[Problem]()
        try:
            with told_apart(source.path, failed, several=apart):
                done.append(_bring(desk, source, dry_run=dry_run, heard=heard))
        except CancelledError as error:
            if not any(one.questions or one.own_notes or one.receipt for one in done):
                raise
            told = (
                f"Stopped; nothing of {source.path} was taken over, and the others before it were."
            )
            raise CancelledError(told) from error
        if failed:
            done.append(Imported(source, failed=True, problems=(*_told(source), *failed)))
    return done


@contextmanager
def told_apart(
    path: Path, failed: list[Problem], *, several: bool, so: str = "not imported"
) -> Iterator[None]:
    """What is done with each of *several* files on its own: one that cannot be is told in *failed*,
    and the others come. Raises StudyError for a single one, or if it is stopped."""
    try:
        yield
    except StudyError as error:
        if not several or isinstance(error, CancelledError):
            raise
        failed.append(unread.whole(path, error, so))


def _bring(desk: Desk, source: Source, *, dry_run: bool, heard: Progress) -> Imported:
    if source.foreign.answers is not None:
        return _bring_answers(desk, source, source.foreign.answers, dry_run=dry_run)
    if source.foreign.native:
        return _bring_native(desk, source, dry_run=dry_run, heard=heard)
    if source.foreign.notes:
        return _bring_notes(desk, source, dry_run=dry_run, heard=heard)
    return Imported(source, problems=_told(source))


def take_back(desk: Desk, path: Path, done: Receipt | None = None) -> TakenBack:
    """Take an import back, by what it has *done* or else the last one of the file at *path*: its
    pages say what they did before, and the reviews and schedules that it has logged are gone; what
    another import has logged and the ratings of here stay. So do notes that were edited since, with
    what they show and what came with them, and what else was changed. Imported again, all of it
    comes again.

    Killed at any moment, it leaves all as before or as after. Raises StudyError, with nothing
    changed, if there can be no backup first, or if it cannot be told what of a page was changed.
    """
    desk.back_up("import")
    packs, now, learner = library.packs_of(desk), desk.now(), desk.learner
    with Former(packs) as kept, desk.writing(for_all=True) as connection:
        former.recover(connection, packs)
        logged = partial(foreign.logged, connection, learner=learner)
        back = receipt.read(packs, path, logged) if done is None else done
        left = [one for one in back.changes if not one.is_put_back]
        becoming, stays = _without_edited(left)
        kept.keep(connection, {path: disk.digest(text) for path, text in becoming.items()})
        for page, text in becoming.items():
            if text is None:
                former.remove(packs, page)
            else:
                disk.write(page, text)
        library.read_in(connection, packs, now, learner=learner, changed_only=True)
        removed = (page for page, text in becoming.items() if text is None)
        take_out(connection, packs, removed, learner=learner)
        cards = foreign.cards_in(connection, {page: notes.keys() for page, notes in stays.items()})
        gone = foreign.take_back(connection, back.log, now, but=cards, learner=learner)
    with desk.reading() as connection:
        receipt.forget(packs, path, back, partial(foreign.logged, connection, learner=learner))
    kept_texts = (text for notes in stays.values() for text in notes.values())
    told = [named(text.partition("{#")[0].removeprefix("## ")) for text in kept_texts]
    told += [one.path.name for one in left if one.path not in becoming and not one.is_as_left]
    return TakenBack(len(becoming), gone, tuple(told))


def _without_edited(
    left: Sequence[Change],
) -> tuple[dict[Path, bytes | None], dict[Path, dict[str, str]]]:
    """What the files of an import are to say, None if one is to go; and by page the notes (ids and
    texts) that stay as they were edited since. What these show stays, and so does what is no page
    and was changed. Raises RefusedError if it cannot be told which notes of a page were edited."""
    stays = {one.path: notes for one in left if (notes := _edited_in(one))}
    names = {name for notes in stays.values() for name in notes}
    texts = "\n".join(text for notes in stays.values() for text in notes.values())
    becoming = dict[Path, bytes | None]()
    for one in left:
        is_beside = one.path.name == origin.FILE and any(
            one.path.parent == it.parent for it in stays
        )
        if one.path.suffix == ".md" and one.path.exists():
            is_whole = one.is_as_left and names.isdisjoint(receipt.parts(one.before)[1])
            becoming[one.path] = one.before if is_whole else one.without(names)
        elif one.is_as_left and not is_beside and f"{FOLDER}/{one.path.name}" not in texts:
            becoming[one.path] = one.before
    return becoming, stays


def _edited_in(one: Change) -> dict[str, str]:
    if one.is_as_left or one.path.suffix != ".md" or not one.path.exists():
        return {}
    if not one.is_read:
        raise RefusedError(
            f"{one.path} has changed since, so the import is not taken back; a backup has what "
            "was before it."
        )
    return one.edited


def _noted(
    connection: Connection,
    packs: Path,
    source: Source,
    before: Mapping[Path, bytes | None],
    attached: Attached,
    said: Mapping[str, str] | None = None,
    *,
    learner: int,
) -> Receipt:
    """What an import has changed of pages that said *before*, and logged, and what notes *said*;
    kept for who takes it back later."""
    made = Receipt(receipt.changes(before), attached.logged, (before and said) or {})
    if made:
        logged = partial(foreign.logged, connection, learner=learner)
        receipt.keep(packs, source.path, made, logged)
    return made


def _bring_answers(desk: Desk, source: Source, answers: Answers, *, dry_run: bool) -> Imported:
    with desk.writing() as connection:
        kept = post.restore(connection, source.path, answers, desk.now(), learner=desk.learner)
        if dry_run:
            connection.rollback()
    return Imported(
        source,
        tuple(ForeignNote("", asked, said, line=line) for asked, said, line in kept.questions),
        kept.notes,
        known=kept.known,
        problems=(*_told(source), *kept.problems),
    )


def _part(progress: Progress | None, index: int, files: int) -> Progress:
    """How far one of several *files* is, as a part of all; *progress* is None if nobody waits."""

    def heard(done: int, of: int) -> None:
        if progress is not None:
            progress(index * of + done, files * of)

    return heard


def _watched(some: Collection[_Any], heard: Progress, step: int) -> Iterator[_Any]:
    """One after the other, behind that *step* of a file, which may be stopped on the way."""
    for at, one in enumerate(some):
        if at % _BATCH == 0:
            heard(step * len(some) + at, _STEPS * len(some))
        yield one


def _bring_notes(desk: Desk, source: Source, *, dry_run: bool, heard: Progress) -> Imported:
    packs, now, learner = library.packs_of(desk), desk.now(), desk.learner
    source = _without_less(packs, source)
    own = provenance.folder(packs, source.path, source.foreign.notes)
    plain = provenance.called(source.path)
    if source.path.is_dir():
        source = replace(source, foreign=recognition.by_path(source.foreign, own))
    again = reworded.found(source.foreign.notes, own)
    source = replace(source, foreign=recognition.called(source.foreign, again.calls))

    def look(*_: int) -> None:
        heard(0, _STEPS)

    decks_of = {
        deck.note_id(one.guid): deck.deck_name(one.deck, own.name) for one in source.foreign.notes
    }
    with desk.reading() as connection:
        root, called = _home(connection, packs, own, decks_of, learner=learner)
        theirs, ours = recognition.parted(
            connection, source.foreign, source.format, root.name, now, look, learner=learner
        )
    is_ours = recognition.of_pack(desk, theirs.notes, source.format, root.name, look)
    agreed = original.agreed(root)
    coming_notes = _watched(theirs.notes, heard, 0)
    planned = deck.plan(root, coming_notes, source.path, is_ours, agreed, called)
    heard(1, _STEPS)
    ours, left = _without_sent(packs, ours, source)
    homes = list(_homes(packs, ours, source))
    stays = _edited_here(homes)
    brought = {guid: text for home in homes for guid, text in home.replaced.items()}
    edits = Edits(packs, source.path)
    taken = {
        there.guid: edits.take(row, here, there, brought.get(there.guid, ""))
        for row, here, there in _watched(ours.changed, heard, 1)
        if there.guid not in stays
    }
    problems = [*_told(source), *planned.problems, *left, *edits.problems]
    problems += (told for home in homes for told in home.problems)
    coming = _media(root, replace(source, foreign=theirs), problems)
    media = dict(_watched(list(coming), heard, 1))
    said = {**planned.files, **edits.files()}
    here = {guid: Place(root, says) for guid, says in planned.says.items()}
    away = dict(_away(packs, ours, taken, stays))
    came, places = source.foreign.origins, {**here, **away}
    problems += (Problem(source.path, 0, one) for one in original.without_card(came, places))
    texts = {**said, **original.files(came, here, away)}
    cards = {**ours.cards, **foreign.cards_of(planned, root.name)}
    called_here = {*decks_of}
    called_here.update(row.name for row in ours.rows.values())
    becoming = {path: disk.digest(text) for path, text in texts.items()}
    becoming |= {path: disk.digest(one.read()) for path, one in _watched(media.items(), heard, 1)}
    made = Receipt()
    with ExitStack() as opened:
        kept = opened.enter_context(Former(packs))
        connection = opened.enter_context(desk.reading() if dry_run else desk.writing(for_all=True))
        if not dry_run:
            problems += _cut_off(connection, packs, source)
            before = receipt.said(becoming)
            kept.keep(connection, becoming)
            _write(media, texts)
            decks = {(root.name, deck) for deck in planned.decks}
            with markdown.knowing(planned.read):
                _read_in(connection, packs, decks, now, learner=learner)
        heard(2, _STEPS)
        attached = foreign.attach(
            connection,
            source.foreign,
            cards,
            source.format,
            now,
            ours=ours.guids,
            learner=learner,
            dry_run=dry_run,
        )
        asking = _twins(connection, planned, learner=learner) if dry_run else _same(planned, ours)
        twins = tuple(asking)
        heard(3, _STEPS)
        if not dry_run:
            made = _noted(connection, packs, source, before, attached, learner=learner)
            if root == own and own.is_dir():
                provenance.keep(packs, own.name, source.path)
    problems += (Problem(source.path, 0, told) for told in _left_out(attached))
    new = (said, media, planned.problems, attached.reviews, attached.schedules)
    return Imported(
        source,
        planned.added,
        cards=planned.cards,
        reworded=(
            *(one.question or one.answer for one in theirs.notes if one.guid in planned.replaced),
            *edits.reworded,
        ),
        reviews=attached.reviews,
        schedules=attached.schedules,
        known=not any(new),
        problems=tuple(problems),
        twins=twins,
        home=root.name if root.name != plain and (planned.files or media) else "",
        gone=len(planned.there - called_here),
        wordings=tuple(_wordings(again, planned)),
        receipt=made,
    )


def _wordings(again: reworded.Found, planned: deck.Pack) -> Iterator[Wording]:
    """The notes that are asked in other words now, and new ones that may be such."""
    added = {one.guid for one in planned.added}
    for guid, one in again.wordings.items():
        if again.calls.get(guid) in planned.replaced or guid in added:
            yield one


def _home(
    connection: Connection,
    packs: Path,
    own: Path,
    decks: Mapping[str, str],
    *,
    learner: int,
) -> tuple[Path, dict[str, str]]:
    """The folder of the pack to which new notes of a file go, and its decks by what the file calls
    them: its *own*, unless most of the notes are known by the ids of the program that they are
    from, and none of these is in it. *decks* is what the file calls them, by the notes' ids."""
    of_note, of_chapter = tables.note.c, tables.chapter.c
    rows = connection.execute(
        select(of_note.name, of_chapter.title, tables.root.c.path)
        .join(tables.chapter, of_chapter.id == of_note.chapter_id)
        .join(tables.root, tables.root.c.id == of_note.root_id)
        .where(of_note.missing_since.is_(None), of_note.guid.is_not(None))
        .where(owner.visible_of_all(learner=learner))
    )
    known = [row for row in rows if row.name in decks]
    held = Counter(row.path for row in known)
    held = Counter({path: count for path, count in held.items() if packs in Path(path).parents})
    root = own
    if not held[str(own)] and 2 * held.total() > len(decks):
        root = Path(min(held, key=lambda path: (-held[path], path)))
    titles = defaultdict[str, Counter[str]](Counter)
    for row in known:
        if row.path == str(root):
            titles[decks[row.name]][row.title] += 1
    return root, {name: some.most_common(1)[0][0] for name, some in titles.items()}


def _without_less(packs: Path, source: Source) -> Source:
    """A text of Anki's without the notes of which its package has said more here."""
    if source.format != "anki-text":
        return source
    known = [origin.read(disk.said(path)) for path in sorted(packs.glob(f"*/{origin.FILE}"))]
    notes, problems = source.foreign.notes, source.foreign.problems
    kept = tuple(
        one for one in notes if not any(original.says_less(came, one.guid) for came in known)
    )
    if less := len(notes) - len(kept):
        told = f"{words.count(less, 'note')} came as a package, which says more: import that"
        problems = (*problems, Problem(source.path, 0, told))
    return replace(source, foreign=replace(source.foreign, notes=kept, problems=problems))


def _without_sent(
    packs: Path, ours: recognition.Recognised, source: Source
) -> tuple[recognition.Recognised, list[Problem]]:
    """What of a file is ours, and what is told of it. One that is as it went out from here changes
    no note: what says something else here was edited since. Of notes that came from elsewhere the
    pack knows itself what they said."""
    theirs = tuple(one for one in ours.changed if _is_brought(packs, one[0]))
    edited = len(ours.changed) - len(theirs)
    if not edited or not source.path.is_file():
        return ours, []
    if sent.digest_of(source.path) not in sent.read(packs).files:
        return ours, []
    return replace(ours, changed=theirs), [Problem(source.path, 0, _edited(edited))]


def _edited(notes: int) -> str:
    some = words.count(notes, "note")
    return f"edited here since this was written or brought, and as here: {some}"


def _homes(packs: Path, ours: recognition.Recognised, source: Source) -> Iterator[deck.Pack]:
    """The packs into which another file has brought notes that are changed now, as they would be
    if this were that file: who changed a note, the source or the learner, shows there."""
    homes = defaultdict[Path, list[ForeignNote]](list)
    for row, _, there in ours.changed:
        if _is_brought(packs, row) and row.name == deck.note_id(there.guid):
            homes[Path(row.folder)].append(replace(there, deck=tuple(row.title.split("::"))))
    for folder, notes in homes.items():
        yield deck.plan(folder, notes, source.path, agreed=original.agreed(folder))


def _edited_here(homes: Sequence[deck.Pack]) -> dict[str, str]:
    """The notes that the learner has edited, which stay, and what the source says in them."""
    return {
        guid: says
        for home in homes
        for guid, says in home.says.items()
        if guid not in home.replaced
    }


def _is_brought(packs: Path, row: Any) -> bool:
    """Whether a note that came from elsewhere is in a pack of the learner's own."""
    return bool(row.guid and row.folder and packs in Path(row.folder).parents)


def _away(
    packs: Path,
    ours: recognition.Recognised,
    taken: Mapping[str, str],
    stays: Mapping[str, str],
) -> Iterator[tuple[str, Place]]:
    """The notes in packs of the learner's own that are known again, and what they say: as before,
    or the text that was *taken* over from there. What could not be, is not what they say there; of
    an edited one that *stays*, it is what the source says."""
    for guid, row in ours.rows.items():
        if not _is_brought(packs, row):
            continue
        if guid in stays:
            yield guid, Place(Path(row.folder), stays[guid])
            continue
        note: Note | None = as_note(row)
        if guid in taken:
            kind = FileKind.JARGON if row.kind == NoteKind.TERM else FileKind.QUESTIONNAIRE
            note = markdown.alone(taken[guid], kind, Path(row.path))[0]
        if note is not None:
            yield guid, Place(Path(row.folder), origin.said(note))


def _bring_native(desk: Desk, source: Source, *, dry_run: bool, heard: Progress) -> Imported:
    """Take over a pack of our own format, file by file or note by note."""
    packs, now, learner = library.packs_of(desk), desk.now(), desk.learner
    taken = {library.OWN_PACK, *(folder.name for folder in library.own_roots(packs))}
    with desk.reading() as connection:
        logged = partial(foreign.logged, connection, learner=learner)
        before, out = receipt.read(packs, source.path, logged).said, sent.read(packs).notes
        found = native.coming(
            connection,
            source.foreign.native,
            lambda pack: packs / slug(pack, taken, "notes"),
            lambda uid: {*out.get(uid, ()), *filter(None, [before.get(uid)])},
            learner=learner,
        )
    edits = Edits(packs, source.path)
    for row, text in _watched(found.changed, heard, 0):
        edits.keep(row, text)
    for page, note, text in _watched(found.new, heard, 0):
        if page.pack not in found.whole:
            edits.add(native.home_of(page, note), note.kind, text)
    told = "the pack is here, and what this page says to read stays as it is here"
    problems = [*_told(source), *edits.problems]
    problems += (Problem(source.path, 0, f"{name}: {told}") for name in found.left)
    problems += (Problem(source.path, 0, one) for one in _stays(found))
    texts: dict[Path, str | bytes] = {**found.files, **edits.files()}
    made = Receipt()
    heard(1, _STEPS)
    with ExitStack() as opened:
        kept = opened.enter_context(Former(packs))
        connection = opened.enter_context(desk.reading() if dry_run else desk.writing(for_all=True))
        if not dry_run:
            problems += _cut_off(connection, packs, source)
            former_texts = receipt.said(texts)
            kept.keep(connection, {path: disk.digest(text) for path, text in texts.items()})
            _write({}, texts)
            heard(2, _STEPS)
            _read_in(connection, packs, found.decks, now, learner=learner)
            heard(3, _STEPS)
            said = {**before, **found.said}
            made = _noted(
                connection, packs, source, former_texts, Attached(), said, learner=learner
            )
    return Imported(
        source,
        tuple(_new_of(source, found)),
        cards=sum(len(sides(note)) for _, note, _ in found.new),
        reworded=tuple(edits.reworded),
        known=found.known and not (found.new or found.changed or found.files),
        problems=tuple(problems),
        receipt=made,
    )


def _new_of(source: Source, found: native.Coming) -> Iterator[ForeignNote]:
    """The new notes, each with its file where there are several."""
    names = {file.page.path: file.name for file in source.foreign.native if file.page}
    for page, note, _ in found.new:
        path = source.path / names[page.path] if len(names) > 1 else None
        yield ForeignNote("", note.prompt, note.answer, line=note.line, path=path)


def _stays(found: native.Coming) -> Iterator[str]:
    """What is told of notes that were edited here, and stay."""
    for row in found.twice:
        where = f"{Path(row.path).name}, line {row.line}"
        told = f"the note has changed, and so has yours ({where}), which stays"
        yield f"{named(row.prompt)}: {told}"
    if found.edited:
        yield _edited(found.edited)


def _cut_off(connection: Connection, packs: Path, source: Source) -> Iterator[Problem]:
    """Finish what was killed in another window, and tell what of it somebody has saved since."""
    for told in former.recover(connection, packs):
        yield Problem(source.path, 0, told)


def _twins(
    connection: Connection, planned: deck.Pack, *, learner: int
) -> Iterator[tuple[ForeignNote, str]]:
    """The new notes that ask nearly what a note asks that is here already."""
    asked = [one.question or one.answer for one in planned.added]
    for one, twin in zip(planned.added, twins(connection, asked, learner=learner), strict=True):
        if twin:
            yield one, twin


def _same(planned: deck.Pack, ours: recognition.Recognised) -> Iterator[tuple[ForeignNote, str]]:
    """The new notes that ask what a note of another file asks, which answers otherwise."""
    for one in planned.added:
        if row := ours.alike.get(one.guid):
            yield one, asks_here(row)


def _told(source: Source) -> tuple[Problem, ...]:
    """What the reader could not read, and what it has read for which there is no place yet."""
    read, untaken = source.foreign, list[Problem]()
    for time in read.lecture:
        told = f"a time of a lecture, not kept: {words.moment(time.seconds)} {time.title}"
        untaken.append(Problem(time.path or source.path, time.line, told.rstrip()))
    for row in read.tracker:
        place = " · ".join(filter(None, (row.part, row.chapter, row.section)))
        told = f"a row of a course's plan, not kept: {place}"
        untaken.append(Problem(row.path or source.path, row.line, told))
    return (*read.problems, *untaken)


def _write(media: Mapping[Path, Media], texts: Mapping[Path, str | bytes]) -> None:
    for path, one in media.items():
        disk.write(path, one.read())
    for path, text in texts.items():
        disk.write(path, text)


def _read_in(
    connection: Connection,
    packs: Path,
    decks: Collection[tuple[str, str]],
    now: datetime,
    *,
    learner: int,
) -> None:
    """Read what was written, and start those of these *decks* (pack and name) that are new."""
    if library.is_read(connection, packs, learner=learner):
        return
    chapter = tables.chapter.c
    known = select(chapter.id, chapter.pack, chapter.title).where(chapter.number.is_(None))
    before = {row.id for row in connection.execute(known)}
    library.read_in(connection, packs, now, learner=learner, changed_only=True)
    rows = connection.execute(known).all()
    new = [row.id for row in rows if row.id not in before and (row.pack, row.title) in decks]
    library.let_in(connection, new, now, learner=learner)


def _left_out(attached: Attached) -> Iterator[str]:
    some = "of the reviews and schedules"
    if attached.unknown:
        are = "is" if attached.unknown == 1 else "are"
        yield f"{attached.unknown:,} {some} {are} of cards that are not here"
    if attached.impossible:
        have = "has" if attached.impossible == 1 else "have"
        yield f"{attached.impossible:,} {some} {have} a date or a rating that cannot be"
    if attached.aside:
        cards = words.count(attached.aside, "card")
        yield f"suspended or buried there alone, and as before here: {cards} of yours"


def _media(root: Path, source: Source, problems: list[Problem]) -> Iterator[tuple[Path, Media]]:
    """The pictures and sounds that are not there yet, each with the file that it goes to."""
    for one in source.foreign.media:
        if not is_name(one.name):
            told = f"{one.name!r} is no name that a picture or a sound can have here"
            problems.append(Problem(source.path, 0, printable(told)))
            continue
        path = root / FOLDER / one.name
        with suppress(OSError):
            if path.read_bytes() == one.read():
                continue
        yield path, one
