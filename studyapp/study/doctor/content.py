"""Checks of the content files against what the database has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, or_, select

from studyapp.notes.note import note_uid
from studyapp.store import passage, tables
from studyapp.store.change import said
from studyapp.store.fingerprint import fingerprint
from studyapp.study import former, library, words
from studyapp.study.doctor import known
from studyapp.study.doctor.finding import Chart, Finding, are, have

_CODE = (  # that makes notes of a file
    *("notes.card", "notes.folder", "notes.markdown", "notes.note", "notes.plain"),
    *("notes.page.comment", "notes.page.entry", "notes.page.field", "notes.page.file"),
    *("notes.page.frontmatter", "notes.page.identifier", "notes.page.oversight"),
    *("notes.page.point", "notes.page.reading", "notes.page.structure", "notes.page.table"),
    *("notes.variant", "errors"),
)
_SEARCHED = ("notes.letters", "notes.maths", "notes.plaintext", "store.passage")  # and passages


_Texts = dict[bytes, set[int]]  # hashes of what the notes of a uid say, a learner's own too


def content(at: Chart) -> Iterator[Finding]:
    """For each learner what their start would read: the installed packs and their own."""
    problems = set[tuple[Path, int, str]]()
    for learner in at.learners:
        own = library.packs_at(at.connection, learner=learner)
        anew = partial(library.read_in, at.connection, own, at.now, learner=learner)
        if former.is_left(own):
            yield Finding(
                "content",
                "An import was begun and not finished.",
                done="What it had not finished is as it was before.",
                mend=partial(_finish, at.connection, own, anew),
            )
        elif not library.is_read(at.connection, own, learner=learner):
            yield Finding(
                "content",
                "Files have changed since they were read.",
                done="Read anew.",
                mend=anew,
            )
        roots = [*library.installed_roots(), *library.own_roots(own)]
        told = _told(at, roots, learner=learner)
        texts, wrong = ({}, set()) if told and at.known.is_well(told) else _read(at, roots)
        problems |= wrong
        lost, other = _differing(at, texts, learner=learner)
        if told and not (wrong or lost or other):
            at.known.keep(told)
        if not library.is_read(at.connection, own, learner=learner):
            lost = other = 0  # that is told above
        for number, differs in ((lost, "not"), (other, "another" if other == 1 else "others")):
            if number:
                yield Finding(
                    "content",
                    f"{words.count(number, 'note')} of the files {are(number)} {differs} in the "
                    "database.",
                    done="Read anew.",
                    mend=partial(anew, heard=True),  # no card is to come again for it
                )
        drafts = library.lost_drafts(at.connection, learner=learner)
        if drafts:
            yield Finding(
                "content",
                f"{words.count(drafts, 'edit')} {are(drafts)} kept of notes that are gone.",
                "They are in the folder drafts, beside the database's backups; remove what you "
                "do not want.",
            )
    if problems:
        files = {path for path, _, _ in problems}
        yield Finding(
            "content",
            f"{words.count(len(problems), 'problem')} in {words.count(len(files), 'file')}.",
            "`studyapp check` names each with its line.",
        )


def passages(at: Chart) -> Iterator[Finding]:
    """What is searched must be what the notes say, or some are never found."""
    sound = _said(at)
    untrue = [] if sound and at.known.is_well(sound) else passage.untrue(at.connection)
    if sound and not untrue:
        at.known.keep(sound)
    if untrue:
        number = len(untrue)
        yield Finding(
            "search",
            f"{words.count(number, 'note')} {are(number)} not found by what {_they(number)}.",
            done="They are found again.",
            mend=partial(passage.mend, at.connection, untrue),
        )
    lost = passage.unindexed(at.connection)
    if lost:
        yield Finding(
            "search",
            f"The index of what is searched is wrong in {words.count(lost, 'place')}.",
            done="It was made anew.",
            mend=partial(passage.index_anew, at.connection),
        )


def _said(at: Chart) -> bytes:
    """The sum of what the content was read from and of how much it says; empty where that is
    little, or on a server."""
    said = tables.passage.c
    length = func.sum(func.length(said.question) + func.length(said.rest))
    number, letters = at.connection.execute(select(func.count(), length)).one()
    if at.file is None or at.url is None or number < known.MANY:
        return b""
    root = tables.root.c
    roots = at.connection.execute(select(root.path, root.stamp).order_by(root.path)).all()
    return known.summed(map(tuple, roots), [(number, letters)], by=(*_CODE, *_SEARCHED))


def _they(number: int) -> str:
    return "it says" if number == 1 else "they say"


def _finish(connection: Connection, own: Path, anew: Callable[[], object]) -> None:
    """What a start does about an import that was killed; the content is read as it is then."""
    former.recover(connection, own)
    anew()


def _told(at: Chart, roots: list[Path], *, learner: int) -> bytes:
    """The sum of the files below *roots*, by their sizes and dates, and of the notes that the
    database has of them; empty where there are few, or on a server."""
    if at.file is None or at.url is None:
        return b""
    note = tables.note.c
    rows = at.connection.execute(
        select(note.uid)
        .where(_of(learner=learner), note.missing_since.is_(None))
        .order_by(note.uid)
    ).all()
    files = [(str(root), fingerprint(root)) for root in roots]
    return known.summed(files, map(tuple, rows), by=_CODE) if len(rows) >= known.MANY else b""


def _read(at: Chart, roots: list[Path]) -> tuple[_Texts, set[tuple[Path, int, str]]]:
    """What the notes in the folders say, and what is wrong with the files."""
    from studyapp.notes import markdown

    texts, wrong = _Texts(), set[tuple[Path, int, str]]()
    for number, root in enumerate(roots):
        at.progress("content", number, len(roots))
        pages, problems = markdown.read_folder(root)
        for page in pages:
            for note in page.notes:
                texts.setdefault(note_uid(page.pack, note.id).bytes, set()).add(hash(said(note)))
        wrong |= {(one.path, one.line, one.message) for one in problems}
    return texts, wrong


def _differing(at: Chart, texts: _Texts, *, learner: int) -> tuple[int, int]:
    """How many notes of the files the database has not, and of how many it has another text."""
    if not texts:
        return 0, 0
    note = tables.note.c
    rows = at.connection.execute(
        select(note.uid, note.prompt, note.front, note.answer, note.points).where(
            _of(learner=learner), note.missing_since.is_(None)
        )
    ).all()
    there = {row.uid for row in rows}
    other = {row.uid for row in rows if row.uid in texts and hash(said(row)) not in texts[row.uid]}
    return len(texts.keys() - there), len(other)


def _of(*, learner: int) -> ColumnElement[bool]:
    note = tables.note.c
    return or_(note.learner_id.is_(None), note.learner_id == learner)


def twins(at: Chart) -> Iterator[Finding]:
    """Notes that are there twice for the same people."""
    note = tables.note.c
    twice = select(note.uid).group_by(note.uid, note.learner_id).having(func.count() > 1).subquery()
    number = at.connection.scalar(select(func.count()).select_from(twice)) or 0
    if number:
        yield Finding(
            "content",
            f"{words.count(number, 'note')} {are(number)} in the database twice; reviews may "
            f"{have(2)} gone to either.",
            "Nothing is lost; report it with what this says.",
        )
