"""What a card shows: its faces, where it comes from, and the learner's memory of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, and_, bindparam, exists, select

from studyapp.memory.state import Cause, Memory
from studyapp.notes.card import Face, face
from studyapp.notes.note import CardStyle, Depth, Note, NoteKind, Point, Variant, chapter_title
from studyapp.notes.variant import pick
from studyapp.store import owner, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory

note = tables.note.c
card = tables.card.c
chapter = tables.chapter.c
section = tables.section.c
other = tables.card.alias("other").c
case = tables.variant.c

_its_memory = and_(
    tables.memory.c.card_id == card.id, tables.memory.c.learner_id == bindparam("whose")
)
# Put together once: each time, at a rating, would take longer than the answer.
_ONE = (
    select(
        *MEMORY_COLUMNS,
        tables.note,
        card.uid.label("card_uid"),
        card.side,
        card.family.label("card_family"),
        chapter.pack,
        chapter.part,
        card.chapter_id.label("card_chapter"),
        chapter.number.label("chapter_number"),
        chapter.title.label("chapter_title"),
        section.title.label("section_title"),
        exists().where(case.note_id == note.id).label("varied"),
        exists()
        .where(other.family == card.family, other.id != card.id, other.missing_since.is_(None))
        .label("has_siblings"),
    )
    .join(tables.card, card.note_id == note.id)
    .join(tables.chapter, chapter.id == card.chapter_id)
    .outerjoin(
        tables.section,
        and_(section.chapter_id == card.chapter_id, section.number == note.section),
    )
    .outerjoin(tables.memory, _its_memory)
    .where(card.id == bindparam("card"))
)


@dataclass(frozen=True, slots=True)
class CardView:
    """One card as a screen needs it. `note` has the text that is shown, which is of the `variant`
    if it has one."""

    id: int
    uid: bytes
    side: str
    family: str
    face: Face
    note: Note
    memory: Memory
    pack: str
    part: str
    chapter_id: int
    chapter: int | None  # its number; None of a deck
    chapter_title: str
    section_title: str | None
    variant: str | None = None
    has_siblings: bool = field(default=True, compare=False)  # other cards of its family

    @property
    def place(self) -> str:
        """Where in the course the card belongs, in words, and if its answer is another now."""
        where = None
        if self.note.section and self.section_title:
            where = f"{self.note.section} {self.section_title}"
        changed = " · answer changed" if self.memory.cause is Cause.CHANGED else ""
        return chapter_title(self.chapter, self.chapter_title, where) + changed

    @property
    def source(self) -> str:
        """The file and line that the card was read from, as far as they fit on a line."""
        return f"{self.note.path.parent.name}/{self.note.path.name}:{self.note.line}"


def load(connection: Connection, card_id: int, *, learner: int) -> CardView:
    """Everything about one card, in one query; one more for variants, which few questions have."""
    row = connection.execute(_ONE, {"whose": learner, "card": card_id}).one()
    memory = Memory() if row.state is None else as_memory(row)
    variants = read_variants(connection, [row.id])[row.id] if row.varied else ()
    text = as_note(row, variants)
    variant = pick([one.key for one in text.variants], row.card_uid, memory.reviews)
    text = text.shown(variant)
    return CardView(
        card_id,
        row.card_uid,
        row.side,
        row.card_family,
        face(text, row.side, memory.reviews),
        text,
        memory,
        row.pack,
        row.part,
        row.card_chapter,
        row.chapter_number,
        row.chapter_title,
        row.section_title,
        variant,
        row.has_siblings,
    )


def read_variants(connection: Connection, notes: Iterable[int]) -> dict[int, list[Variant]]:
    """The variants of *notes* (ids) in their order; a note without any is not in it."""
    found: dict[int, list[Variant]] = {}
    for row in connection.execute(
        select(tables.variant)
        .where(case.note_id.in_(list(notes)))
        .order_by(case.note_id, case.position)
    ):
        points = tuple(Point(**point) for point in row.points)
        one = Variant(row.key, row.prompt, row.answer, points, row.need, front=row.front or "")
        found.setdefault(row.note_id, []).append(one)
    return found


def seen(connection: Connection, uid: bytes, *, learner: int) -> int | None:
    """The id of the card *uid* that the learner sees, which may be of a copy of their own."""
    return connection.scalar(
        select(card.id).where(card.uid == uid, owner.visible(card, learner=learner))
    )


def as_note(row: object, variants: Sequence[Variant] = ()) -> Note:
    """A row of the note table as the reader's own value."""
    value = row._mapping  # type: ignore[attr-defined]
    return Note(
        id=value["name"],
        kind=NoteKind(value["kind"]),
        prompt=value["prompt"],
        answer=value["answer"],
        path=Path(value["path"]),
        line=value["line"],
        last=value["last"],
        points=tuple(Point(**point) for point in value["points"]),
        card=CardStyle(value["style"]),
        number=value["number"],
        family=value["family"],
        tags=tuple(value["tags"]),
        section=value["section"],
        as_of=value["as_of"],
        need=value["need"],
        synonyms=tuple(value["synonyms"]),
        sources=tuple(value["sources"]),
        variants=tuple(variants),
        depth=Depth(value["depth"]),
        book=value["book"],
        reverse=value["reverse"],
        front=value["front"] or "",
        guid=value["guid"],
    )
