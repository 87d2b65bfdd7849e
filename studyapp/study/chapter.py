"""Which chapter is meant: by its id, and by what a learner calls it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, exists, or_, select

from studyapp.errors import StudyError
from studyapp.notes.note import chapter_key, chapter_name
from studyapp.store import owner, tables

chapter = tables.chapter.c
note = tables.note.c
section = tables.section.c

_NUMBER = re.compile(r"[0-9]{1,6}")  # of a chapter
_FIGURES = re.compile(r"[\d\s.,;:–-]*\d[\d\s.,;:–-]*")  # what no deck is called


def find(connection: Connection, name: str, *, learner: int) -> int:
    """The id of the chapter that a learner calls *name*: by its number or a deck's own name, with
    the pack before it, as in `fastai:3`, where several have one of that name.

    Raises StudyError if there is no such chapter, or if *name* is that of several.
    """
    name = normalize("NFC", name).strip()
    if _NUMBER.fullmatch(name):
        name = str(int(name))
    every = known(connection, learner=learner)
    found = [one for one in every if _key(one) == name]
    found = found or [one for one in every if typed(one.number, one.title, one.pack) == name]
    if not found:
        raise StudyError(_nothing([one for one in every if one.there], name))
    packs: dict[str, Any] = {}  # of each one's own before the pack's, a chapter before a deck
    for one in [one for one in found if one.there] or found:
        packs.setdefault(one.pack, one)
    first, *others = packs.values()
    if others:
        told = " or ".join(typed(one.number, one.title, one.pack) for one in packs.values())
        raise StudyError(
            f"Several packs have a {chapter_name(first.number, first.title)}: say {told}."
        )
    return int(first.id)


def namesakes(connection: Connection, *, learner: int) -> dict[int, str]:
    """The packs, by id, of the chapters that are called as one of another pack is: only these have
    their pack named where they are told."""
    there = [one for one in known(connection, learner=learner) if one.there]
    packs = Counter(key for key, _ in {(_key(one), one.pack) for one in there})
    return {one.id: one.pack for one in there if packs[_key(one)] > 1}


def typed(number: int | None, title: str, pack: str | None) -> str:
    """What `find` takes for it: 3, Spanish, fastai:3."""
    key = str(chapter_key(number, title))
    return key if pack is None else f"{pack}:{key}"


def all_typed(connection: Connection, chapters: Collection[int], *, learner: int) -> list[str]:
    """What `find` takes for each of these, in the order of the book."""
    packs = namesakes(connection, learner=learner)
    return [
        typed(one.number, one.title, packs.get(one.id))
        for one in known(connection, learner=learner)
        if one.id in chapters
    ]


def names(connection: Connection, chapters: Collection[int], *, learner: int) -> dict[int, str]:
    """What each of these is called, in the order of the book."""
    packs = namesakes(connection, learner=learner)
    return {
        one.id: chapter_name(one.number, one.title, packs.get(one.id))
        for one in known(connection, learner=learner)
        if one.id in chapters
    }


def called(connection: Connection, chapter_id: int, *, learner: int) -> str:
    """chapter 3, deck Spanish, chapter 3 of fastai."""
    number, title = connection.execute(
        select(chapter.number, chapter.title).where(chapter.id == chapter_id)
    ).one()
    return chapter_name(number, title, namesakes(connection, learner=learner).get(chapter_id))


def named(row: Any) -> dict[str, Any]:
    """How the log names a chapter, as two devices number theirs differently."""
    return {"pack": row.pack, "chapter": chapter_key(row.number, row.title)}


def known(connection: Connection, *, learner: int) -> list[Any]:
    """The learner's chapters in order; `there` if any text of them is."""
    texts = (
        exists().where(table.c.chapter_id == chapter.id, table.c.missing_since.is_(None))
        for table in (tables.note, tables.section)
    )
    return list(
        connection.execute(
            select(
                chapter.id, chapter.pack, chapter.number, chapter.title, or_(*texts).label("there")
            )
            .where(owner.theirs(chapter, learner=learner))
            .order_by(*tables.IN_ORDER, chapter.learner_id.is_(None))
        )
    )


def _key(row: Any) -> str:
    return str(chapter_key(row.number, row.title))


def _nothing(known: list[Any], name: str) -> str:
    """That there is no chapter *name*, and what there is instead."""
    pack = next((one.pack for one in known if name.startswith(f"{one.pack}:")), None)
    if pack is not None:
        known = [one for one in known if one.pack == pack]
        name = name.removeprefix(f"{pack}:")
    where = f" in the pack {pack}" if pack is not None else ""
    if not _NUMBER.fullmatch(name):
        if _FIGURES.fullmatch(name):
            return f"There is no chapter {name!r}{where}; give each by its own number, such as 3."
        decks = sorted(one.title for one in known if one.number is None)
        told = ", nor any other; chapters have numbers"
        if decks:
            told = f"the decks are {', '.join(decks)}" if decks[1:] else f"there is only {decks[0]}"
            told = f"; {told}"
        return f"There is no deck {name!r}{where}{told}."
    numbered = [one for one in known if one.number is not None]
    if not numbered:
        return f"There is no chapter {name}{where}, nor any other yet."
    nearest = min(numbered, key=lambda one: (abs(one.number - int(name)), one.number))
    return f"There is no chapter {name}{where}; the nearest is {nearest.number}, {nearest.title}."
