"""Notes of a foreign file that went there from here, and what has become of them.

Such a note is known by what it is called there: its identity here, or the guid that it had come
with. Whether it was changed there is seen by writing it anew: what its format would say of it now
is what an unchanged note says. So nothing is changed here because a format carries less.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from sqlalchemy import Connection, select

from studyapp.notes import ankihtml, formats, markdown, writers
from studyapp.notes.card import RULE, halves, without_code
from studyapp.notes.deck import (
    asked,
    deck_name,
    has_own_id,
    headed,
    heading,
    heading_of,
    is_as_there,
    is_made,
    note_id,
    renamed,
)
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import CardStyle, ContentFile, FileKind, Note, NoteKind, Point
from studyapp.notes.outgoing import Told, shown
from studyapp.notes.slug import slug
from studyapp.store import owner, tables
from studyapp.study import exports
from studyapp.study.card import as_note
from studyapp.study.desk import Desk
from studyapp.study.foreign import Cards

card = tables.card.c
chapter = tables.chapter.c
note = tables.note.c

_AT_ONCE = 500  # notes in one query
_EDITED = (CardStyle.ANSWER, CardStyle.BOTH, CardStyle.CLOZE, CardStyle.ORDER)
_NUMBER = re.compile(r"\{#c?(\d{1,3})\}")
_ITEM = re.compile(r"[-*+] +(?P<text>\S.*)")
_MEDIUM = re.compile(r"\]\(media/([^()\s]*)")
_COMMENT = re.compile(r"^<!--(?! answer -->)", re.MULTILINE)
_KEPT = ("id", "kind", "card", "number", "section", "family", "tags", "synonyms", "sources", "book")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What of a file is ours: its notes with their schedules and reviews, the cards that these are
    of, and the notes that say something else there: as here, and as there. `rows` are those of the
    notes of here, by what they are called there. `alike` are notes of other files that ask the same
    as one there which is not ours, and answer it otherwise."""

    foreign: Foreign
    cards: Cards
    changed: tuple[tuple[Any, ForeignNote, ForeignNote], ...]
    rows: Mapping[str, Any] = field(default_factory=dict)
    alike: Mapping[str, Any] = field(default_factory=dict)

    @property
    def guids(self) -> frozenset[str]:
        return frozenset(one.guid for one in self.foreign.notes)


def parted(
    connection: Connection,
    foreign: Foreign,
    form: str,
    pack: str,
    now: datetime,
    told: Told,
    *,
    learner: int,
) -> tuple[Foreign, Recognised]:
    """What of a file in the format *form* is not ours, and what is. Notes that an import has put
    into the *pack* are told by it (`notes/deck.py::plan`), and count as not ours. One that is only
    called after its question is ours if it has the same answer here. *told* may stop it while what
    is ours is written anew."""
    found = list(_rows(connection, foreign.notes, pack, learner=learner))
    rows, alike = _told_apart(foreign.notes, found, form)
    theirs, ours = _only(foreign, rows.keys(), ours=False), _only(foreign, rows.keys(), ours=True)
    if not rows:
        return theirs, Recognised(ours, {}, (), alike=alike)
    made = exports.collect(
        connection, sorted({row.chapter_id for row in rows.values()}), now, learner=learner
    )
    called = {row.guid or UUID(bytes=row.uid).hex: guid for guid, row in rows.items()}
    cards = dict(_cards(connection, made, called))
    written = _written(made.foreign, called, form, now, told)
    changed = [
        (rows[one.guid], written[one.guid], one)
        for one in ours.notes
        if one.guid in written and not _is_same(one, written[one.guid])
    ]
    return theirs, Recognised(ours, cards, tuple(changed), rows, alike)


def by_path(foreign: Foreign, root: Path) -> Foreign:
    """The notes of a folder as its pack at *root* calls them: one that only its question names is
    that of its own file there, whichever files ask the same by now."""
    pages = markdown.read_folder(root)[0] if root.is_dir() else ()
    there = {one.id: (one, page) for page in pages for one in page.notes}
    calls, used = dict[str, str](), set[str]()

    def call(one: ForeignNote, guid: str) -> None:
        calls[one.guid] = guid
        used.add(guid)

    mine = [one for one in foreign.notes if one.deck and not has_own_id(one.guid)]
    plain = {one.guid: one.guid.removesuffix(f" ({'/'.join(one.deck)})") for one in mine}
    own = {one.guid: f"{plain[one.guid]} ({'/'.join(one.deck)})" for one in mine}
    known = {one.guid: there.get(note_id(plain[one.guid])) for one in mine}
    decks = defaultdict[str, list[ForeignNote]](list)
    for one in mine:
        decks[deck_name(one.deck, root.name)].append(one)
    moved = renamed(decks, {page.title: page.notes for page in pages})
    for one in mine:
        if note_id(own[one.guid]) in there:
            call(one, own[one.guid])
        elif kept := known[one.guid]:
            deck = deck_name(one.deck, root.name)
            if _is_of_deck(kept[1], moved.get(deck, deck)):
                call(one, plain[one.guid])
    for one in mine:
        if one.guid not in calls:
            kept = known[one.guid]
            is_free = kept is None or is_as_there(one, kept[0], kept[1].title)
            is_plain = is_free and plain[one.guid] not in used
            call(one, plain[one.guid] if is_plain else own[one.guid])
    return called(foreign, calls)


def called(foreign: Foreign, calls: Mapping[str, str]) -> Foreign:
    """What a file holds with other names (*calls*) for some of its notes, by their guids."""
    return replace(
        foreign,
        notes=tuple(replace(one, guid=calls.get(one.guid, one.guid)) for one in foreign.notes),
        schedules=tuple(
            replace(one, guid=calls.get(one.guid, one.guid)) for one in foreign.schedules
        ),
        reviews=tuple(replace(one, guid=calls.get(one.guid, one.guid)) for one in foreign.reviews),
    )


def _is_of_deck(page: ContentFile, deck: str) -> bool:
    """Whether a page was made for a deck, be that called otherwise since."""
    return deck == page.title or page.path.stem == slug(deck, set(), "deck")


def of_pack(
    desk: Desk, notes: Sequence[ForeignNote], form: str, pack: str, told: Told
) -> Callable[[ForeignNote], bool]:
    """Whether a note that an import has put into the *pack* says what it says here, and so went
    there from here. What is here is written once it is asked for, as it seldom is; *told* may stop
    that."""

    @cache
    def here() -> dict[str, ForeignNote]:
        names = {note_id(one.guid): one.guid for one in notes}
        with desk.reading() as connection:
            known = connection.execute(
                select(note.uid, note.name, note.guid, note.chapter_id)
                .join(tables.chapter, chapter.id == note.chapter_id)
                .where(
                    chapter.pack == pack,
                    note.missing_since.is_(None),
                    owner.visible_of_all(learner=desk.learner),
                )
            ).all()
            called = {
                row.guid or UUID(bytes=row.uid).hex: names[row.name]
                for row in known
                if row.name in names
            }
            ids = sorted({row.chapter_id for row in known if row.name in names})
            if not ids:
                return {}
            made = exports.collect(connection, ids, desk.now(), learner=desk.learner)
        return _written(made.foreign, called, form, desk.now(), told)

    return lambda one: one.guid in here() and _is_same(one, here()[one.guid])


# --- which notes they are ---------------------------------------------------------------------


def _rows(
    connection: Connection, notes: Sequence[ForeignNote], pack: str, *, learner: int
) -> Iterator[tuple[str, Any]]:
    """The notes of here by what they are called there; those that were brought in other words, and
    ask by now what a new one of the file asks, by what that is called."""
    by_guid = {one.guid: one.guid for one in notes}
    by_name = {note_id(one.guid): one.guid for one in notes}
    known = connection.execute(
        select(note.id, note.uid, note.name, note.guid, note.prompt, note.front, chapter.pack)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(note.missing_since.is_(None), owner.visible_of_all(learner=learner))
    ).all()
    found, told = dict[int, str](), {row.name for row in known if row.pack == pack}
    by_heading = {
        heading(one): one.guid
        for one in notes
        if not has_own_id(one.guid) and note_id(one.guid) not in told
    }
    for row in known:
        guid = by_guid.get(UUID(bytes=row.uid).hex)
        if guid is None and row.pack != pack:
            guid = by_guid.get(row.guid) or by_name.get(row.name)
            if guid and row.name in told and not has_own_id(guid):
                continue  # the file has one of its own there
            if guid is None and row.guid is None:
                guid = by_heading.get((row.prompt, row.front or ""))
        if guid is not None:
            found[row.id] = guid
    ids = list(found)
    for start in range(0, len(ids), _AT_ONCE):
        some = note.id.in_(ids[start : start + _AT_ONCE])
        for row in connection.execute(
            select(tables.note, chapter.pack, chapter.part, chapter.title)
            .add_columns(chapter.number.label("chapter_number"), tables.root.c.path.label("folder"))
            .join(tables.chapter, chapter.id == note.chapter_id)
            .outerjoin(tables.root, tables.root.c.id == note.root_id)
            .where(some)
        ):
            yield found[row.id], row


def _told_apart(
    notes: Sequence[ForeignNote], found: Sequence[tuple[str, Any]], form: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the notes that are *found* those that are ours, and those that only ask the same: two
    texts may ask one question, and each has its answer. One that was brought by no file is not a
    file's, whatever it says."""
    said, rows, alike = {one.guid: one for one in notes}, dict[str, Any](), dict[str, Any]()

    @cache
    def kept(path: Path) -> dict[str, tuple[Note, str]]:
        page = markdown.read(path)[0]
        return {one.id: (one, page.title) for one in page.notes} if page else {}

    for guid, row in found:
        is_known = form == "anki" or has_own_id(guid)
        there = None if is_known else kept(Path(row.path)).get(row.name)
        if there and not there[0].origin and row.name != note_id(guid):
            continue
        if is_known or (there is not None and is_as_there(said[guid], *there)):
            rows[guid] = row
        else:
            alike[guid] = row
    return rows, {guid: row for guid, row in alike.items() if guid not in rows}


def _only(foreign: Foreign, guids: Collection[str], *, ours: bool) -> Foreign:
    """What of a file is of the notes that are called so, or of all others. Pictures and sounds come
    with the others alone: ours are here."""
    if not guids and not ours:
        return foreign
    notes = tuple(one for one in foreign.notes if (one.guid in guids) is ours)
    return replace(
        foreign,
        notes=notes,
        schedules=tuple(one for one in foreign.schedules if (one.guid in guids) is ours),
        reviews=tuple(one for one in foreign.reviews if (one.guid in guids) is ours),
        media=() if ours else tuple(shown(foreign, notes)),
    )


def _cards(
    connection: Connection, made: exports.Outgoing, called: Mapping[str, str]
) -> Iterator[tuple[tuple[str, str], bytes]]:
    """The cards by what their notes are *called* there and by side; where a program numbers hidden
    texts, by their numbers, too."""
    hidden = {
        one.guid: ankihtml.hidden_numbers(one.answer)
        for one in made.foreign.notes
        if one.card is CardStyle.CLOZE and one.guid in called
    }
    wanted = {card_id: side for card_id, side in made.cards.items() if side[0] in called}
    for card_id, uid in connection.execute(select(card.id, card.uid)):
        if card_id not in wanted:
            continue
        guid, side = wanted[card_id]
        yield (called[guid], side), uid
        number = hidden.get(guid, {}).get(side.removeprefix("cloze:"))
        for name in () if number is None else (f"cloze:c{number}", f"cloze:{number}"):
            yield (called[guid], name), uid


def _written(
    foreign: Foreign, called: Mapping[str, str], form: str, now: datetime, told: Told
) -> dict[str, ForeignNote]:
    """The notes as a file in the format would have them, were it written now."""
    if form not in writers.WRITERS:
        return {}
    mine = tuple(replace(one, guid=called[one.guid]) for one in foreign.notes if one.guid in called)
    with tempfile.TemporaryDirectory(prefix="studyapp-") as folder:
        path = Path(folder) / "notes"
        writers.writer(form).write(path, Foreign(mine, origins=foreign.origins), now, told)
        return {one.guid: one for one in formats.reader(form).read(path).notes}


def _is_same(there: ForeignNote, here: ForeignNote) -> bool:
    return _says(there) == _says(here)


def _says(one: ForeignNote) -> tuple[object, ...]:
    """What a note says, whichever signs of a file's name its links spell out, and wherever an older
    version put what only the answer shows."""
    answer = halves(one.answer) if one.card is CardStyle.CLOZE else (one.answer,)
    said = (one.question, "\n\n".join(filter(None, answer)))
    texts = (_MEDIUM.sub(lambda link: unquote(link[0]), text) for text in said)
    return (*texts, one.card, set(one.tags))


# --- what was changed there -------------------------------------------------------------------


def text_of(row: Any, source: str, here: ForeignNote, there: ForeignNote) -> str | None:
    """A note's text, now *source*, with what was changed there; None if that cannot be said here.

    Points went out as a list at the end of the answer, and come back from it; the note's comments,
    with all that they say, stay.
    """
    said = as_note(row)
    if said.card not in _EDITED or there.card is not here.card:
        return None
    parts = _answer(said, _own_ids(said, here.answer), _own_ids(said, there.answer))
    question = _question(said, here.question, there.question)
    if parts is None or question is None:
        return None
    answer, points = parts
    line, front = _head(said, question, answer)
    blocks = [f"## {line} {{#{said.id}}}"]
    blocks += [front, "<!-- answer -->"] if front else []
    blocks += [block for block in (answer, "\n".join(points), _comments(source)) if block]
    text = "\n\n".join(blocks)
    kind = FileKind.JARGON if said.kind is NoteKind.TERM else FileKind.QUESTIONNAIRE
    made, problems = markdown.alone(text, kind, said.path)
    if problems or made is None or (made.prompt, made.front) != (line, front):
        return None
    if made.answer != answer or question not in (asked(made), said.question):
        return None
    kept = {name: getattr(said, name) for name in _KEPT}
    return text if {name: getattr(made, name) for name in _KEPT} == kept else None


def _head(said: Note, question: str, answer: str) -> tuple[str, str]:
    """The heading of a note that is to ask this, and what is below it. One that is only made of its
    hidden text follows that."""
    if question != said.question:
        return headed(question)
    made = said.card is CardStyle.CLOZE and is_made(said.prompt, said.answer)
    return heading_of(answer) if made else said.prompt, said.front


def _question(said: Note, here: str, there: str) -> str | None:
    if there == here:
        return said.question
    if said.synonyms:  # which went out below the term
        asked, also, _ = there.rpartition("\n\nAlso: ")
        return asked if also and here.endswith(there[len(asked) :]) else None
    return there


def _answer(said: Note, here: str, there: str) -> tuple[str, list[str]] | None:
    """The answer and the lines of its points as they are to be."""
    before, after = _cut(said, here), _cut(said, there)
    if before is None or after is None or len(before[1]) != len(said.points):
        return None
    written = dict(zip(before[1], map(_point, said.points), strict=True))
    answer = _with_own(said, before[0], after[0])
    if answer is None:
        return None
    return answer, [written.get(line) or f"- [ ] {line}" for line in after[1]]


def _own_ids(said: Note, answer: str) -> str:
    """An answer in which each hidden text has its id of here: other programs count them."""
    if said.card is not CardStyle.CLOZE:
        return answer
    ids = {str(number): key for key, number in ankihtml.hidden_numbers(said.answer).items()}
    return _NUMBER.sub(lambda found: f"{{#{ids.get(found[1], found[0][2:-1])}}}", answer)


def _with_own(said: Note, before: str, after: str) -> str | None:
    """What an answer is to say that went out as *before* and comes back as *after*: what was left
    alone there is as it is here, with its links and lines. None if a picture is in what was not,
    or a text that hides something has its heading in it there."""
    mine, went = said.answer.split("\n\n"), before.split("\n\n")
    if before == after:
        return said.answer
    if len(mine) != len(went) and said.card is CardStyle.CLOZE:
        return None
    known = dict(zip(went, mine, strict=True)) if len(mine) == len(went) else {}
    blocks = [known.get(block, block) for block in after.split("\n\n")]
    new = [block for block in blocks if block not in mine]
    same = set(_MEDIUM.findall(said.answer)) & set(_MEDIUM.findall(before))
    is_shown = same.issuperset(name for block in new for name in _MEDIUM.findall(block))
    return "\n\n".join(blocks) if is_shown else None


def _cut(said: Note, answer: str) -> tuple[str, list[str]] | None:
    """An answer as it went out, without the year and the points that were put below it; None if
    they are not there."""
    lines = answer.rstrip().split("\n")
    if said.as_of:
        if lines.pop() != f"As of {said.as_of}.":
            return None
        lines = "\n".join(lines).rstrip().split("\n")
    points = list[str]()
    while said.points and lines and (item := _ITEM.fullmatch(lines[-1])):
        points.insert(0, item["text"])
        lines.pop()
    text = "\n".join(lines).strip("\n")
    if said.card is CardStyle.CLOZE and not halves(said.answer)[1]:
        text = text.removesuffix(f"\n\n{RULE}")  # which only what is cut here was below
    return None if said.points and not points else (text, points)


def _point(one: Point) -> str:
    mark = f" {{#{one.id}}}" if one.id else ""
    return f"- [ ] {'extra: ' if one.extra else ''}{one.text}{mark}"


def _comments(text: str) -> str:
    """What stands below a note's answer and points: its comments, its variants."""
    found = _COMMENT.search(without_code(text))
    return text[found.start() :].strip("\n") if found else ""
