"""Notes that have the words of a search, the best first."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, String, and_, bindparam, func, not_, select

from studyapp.store import owner, passage, tables
from studyapp.study.condition import is_of_notes
from studyapp.study.query import Query
from studyapp.study.search import Few, Search

chapter = tables.chapter.c
note = tables.note.c
said = tables.passage.c

_SHORT = 200  # hits at which a search of short words stops, if that is enough: it scans all text
_MOST = 300  # hits of which those in the question come first
_RANKED = 100  # of these, where words of their own come before parts of others
_PLACE = operator.itemgetter(slice(4, None))


def best(
    search: Search, words: Sequence[str], rest: Sequence[Query], few: Few | None, limit: int
) -> list[tuple[int, str]]:
    """Of these *few* notes, or of all, those that have the words, and the variant ('' for none)
    that does, the best first."""
    runs = passage.runs(search.connection, words)
    passages = [] if few is None else _passages(search, few)
    dialect = search.connection.dialect.name
    hits = _hits(dialect, len(words), runs is not None, few is not None)
    rest = rest if few is None else few.left(rest)
    if not all(map(is_of_notes, rest)):
        hits = hits.outerjoin(tables.card, search.of_card)
        hits = hits.outerjoin(tables.memory, search.of_memory)
    if rest:
        hits = hits.where(*map(search.holds, rest))
    short = all(len(word) < passage.SHORTEST for word in words)
    given: dict[str, Any] = {f"word{at}": word for at, word in enumerate(words)}
    given |= {"runs": runs} if runs is not None else {}
    given |= {"passages": passage.given(dialect, passages)} if few is not None else {}
    given |= {"whose": search.learner}
    rows = _enough(search, hits, given, max(limit, _SHORT if short else _MOST), limit)
    whole = [_whole(word) for word in words]
    best = sorted(rows[:_RANKED], key=lambda row: _rank(row, whole))
    found = dict[int, str]()
    for row in (*best, *rows[_RANKED:]):
        found.setdefault(row.note_id, row.key)
    return list(found.items())[:limit]


def _enough(
    search: Search, hits: Select[Any], given: Mapping[str, Any], most: int, limit: int
) -> list[Any]:
    """The first *most* hits in their order, or as many more as it takes for *limit* notes: one
    note may have many."""
    while True:
        rows = search.connection.execute(hits, {**given, "most": most}).all()
        if len(rows) < most or len({row.note_id for row in rows}) >= limit:
            return sorted(rows, key=_PLACE)
        most *= 4


def _passages(search: Search, few: Few) -> Sequence[int]:
    """The ids of what these notes say."""
    of = select(said.id).where(search.among(few.ids, said.note_id))
    return search.once((few.part, "passages"), lambda: search.connection.scalars(of).all())


@lru_cache(maxsize=64)
def _hits(dialect: str, words: int, indexed: bool, some: bool) -> Select[Any]:
    """The passages that a learner sees and that have so many words, of *some* or of all. From the
    fifth column on stands what sorts them (`_PLACE`): a note has them in its question, elsewhere,
    or a variant does; each as in the book."""
    given = [bindparam(f"word{at}", type_=String()) for at in range(words)]
    runs = bindparam("runs", type_=String()) if indexed else None
    source, where = passage.having(dialect, given, runs, "passages" if some else None)
    asked = and_(*(passage.within(dialect, said.question, word) for word in given))
    learner: Any = bindparam("whose", type_=Integer())
    return (
        select(said.note_id, said.key, said.question, said.rest)
        .add_columns((said.key != "").label("varied"), not_(asked).label("answered"))
        .add_columns(chapter.number.is_(None).label("deck"), chapter.pack)
        .add_columns(func.coalesce(chapter.number, 0).label("number"), chapter.title)
        .add_columns(note.path, note.line)
        .select_from(source)
        # The sum keeps SQLite from beginning with the notes: of most passages it needs none.
        .join(tables.note, note.id == said.note_id + 0)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*where, note.missing_since.is_(None), owner.visible_of_all(learner=learner))
        .limit(bindparam("most", type_=Integer()))
    )


def _rank(row: Any, whole: Sequence[re.Pattern[str]]) -> tuple[bool, bool, int]:
    """Where a passage stands among those that have the words; in one place they stay as they
    were."""
    asked = not (row.varied or row.answered)
    text = row.question if asked else f"{row.question}\n{row.rest}"
    return row.varied, row.answered, sum(word.search(text) is None for word in whole)


def _whole(word: str) -> re.Pattern[str]:
    """Finds it where no letters stand around it. It begins with the word itself, for which a text
    is looked through at once, and not with what may not be before it."""
    said = re.escape(word)
    return re.compile(rf"{said}(?<!\w{said})(?!\w)")
