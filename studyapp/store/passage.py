"""What notes say, folded, so that they are found by parts of their words.

A passage is a note's own text, or that of one of its other cases. Beside the table SQLite has an
index of all runs of three characters (FTS5's trigrams), which knows in which passages each is; the
passage itself then says whether the whole word is there. Elsewhere the passages alone are looked
through, and so they are for shorter words. What is only SQLite's is all in this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    String,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
)

from studyapp.notes.card import uncovered
from studyapp.notes.letters import folded
from studyapp.notes.maths import to_unicode
from studyapp.store import tables

note = tables.note.c
passage = tables.passage.c
variant = tables.variant.c

SHORTEST = 3  # characters of a word that the index knows
# Each run alone, without its place: a fifth of the size, and words of many runs are found sooner.
INDEX = (
    "CREATE VIRTUAL TABLE passage_index USING fts5(question, rest, content='passage', "
    "content_rowid='id', tokenize='trigram case_sensitive 1', detail=none)"
)
_INDEX = table("passage_index", column("rowid"))
_FORMULA = re.compile(r"\${1,2}([^$]+)\${1,2}")
_BATCH = 500  # notes that are read at once


def write(connection: Connection, notes: Iterable[int] = ()) -> int:
    """Have the passages of these *notes* say what they say now, and of all that have none; returns
    of how many they said something else."""
    without = select(note.id).where(note.id.not_in(select(passage.note_id)))
    return _write(connection, _untrue(connection, {*notes, *connection.scalars(without)}))


def mend(connection: Connection, notes: Iterable[int]) -> None:
    """Write the passages of *notes* anew, and the index with them: it cannot be told to forget what
    it never heard."""
    write(connection, notes)
    index_anew(connection)


def untrue(connection: Connection) -> list[int]:
    """The notes whose passages do not say what they say."""
    ids = connection.scalars(select(note.id)).all()
    return [one for found in _untrue(connection, ids) for one in found]


def _untrue(
    connection: Connection, notes: Iterable[int]
) -> Iterator[dict[int, list[dict[str, Any]]]]:
    """The passages as they are to be, by note, of those *notes* that have others; in batches, so
    that the whole of a large study is never in memory."""
    wanted = sorted(notes)
    for start in range(0, len(wanted), _BATCH):
        some = wanted[start : start + _BATCH]
        kept = dict[int, list[dict[str, Any]]]()
        for row in connection.execute(
            select(passage.note_id, passage.key, passage.question, passage.rest)
            .where(passage.note_id.in_(some))
            .order_by(passage.note_id, passage.key)
        ):
            kept.setdefault(row.note_id, []).append(dict(row._mapping))
        yield {one: rows for one, rows in _made(connection, some) if rows != kept.get(one)}


def _write(connection: Connection, batches: Iterable[dict[int, list[dict[str, Any]]]]) -> int:
    written = 0
    for made in batches:
        if made:
            _drop(connection, list(made))
            rows = [row for passages in made.values() for row in passages]
            ids = connection.scalars(insert(tables.passage).returning(passage.id), rows).all()
            _tell_index(connection, "INSERT INTO passage_index (rowid, question, rest)", ids)
            written += len(made)
    return written


def _drop(connection: Connection, notes: Sequence[int]) -> None:
    ids = connection.scalars(select(passage.id).where(passage.note_id.in_(notes))).all()
    if ids:  # the index forgets by being told what the passage said
        forget = "INSERT INTO passage_index (passage_index, rowid, question, rest)"
        _tell_index(connection, forget, ids, "'delete', ")
        connection.execute(delete(tables.passage).where(passage.id.in_(ids)))


def _tell_index(connection: Connection, told: str, ids: Sequence[int], how: str = "") -> None:
    if is_indexed(connection):
        query = f"{told} SELECT {how}id, question, rest FROM passage WHERE id = :id"
        connection.execute(text(query), [{"id": one} for one in ids])


def can_index(connection: Connection) -> bool:
    """Whether this is a SQLite that knows such an index: some are built without FTS5."""
    if connection.dialect.name != "sqlite":
        return False
    return bool(connection.scalar(text("SELECT sqlite_compileoption_used('ENABLE_FTS5')")))


def is_indexed(connection: Connection) -> bool:
    """Whether this database has an index that can be used; if it has lost it, the doctor makes
    another."""
    if not can_index(connection):
        return False
    there = "SELECT 1 FROM sqlite_master WHERE name = 'passage_index'"
    return connection.scalar(text(there)) is not None


def index_anew(connection: Connection) -> None:
    """Make SQLite's index of all passages."""
    if can_index(connection):
        connection.execute(text("DROP TABLE IF EXISTS passage_index"))
        connection.execute(text(INDEX))
        connection.execute(text("INSERT INTO passage_index (passage_index) VALUES ('rebuild')"))


def unindexed(connection: Connection) -> int:
    """How many passages the index has not, or has too many; all, if there is none where there
    should be one."""
    if not can_index(connection):
        return 0
    if not is_indexed(connection):
        return connection.scalar(select(func.count()).select_from(tables.passage)) or 0
    known = "SELECT id FROM passage_index_docsize"
    lost = (
        f"SELECT (SELECT count(*) FROM passage WHERE id NOT IN ({known})) "
        f"+ (SELECT count(*) FROM ({known}) WHERE id NOT IN (SELECT id FROM passage))"
    )
    return connection.scalar(text(lost)) or 0


def runs(connection: Connection, words: Sequence[str]) -> str | None:
    """What the index is asked for: all runs of *words*, which are folded. None if no word is long
    enough, or there is no index."""
    known = [word for word in words if len(word) >= SHORTEST]
    if not known or not is_indexed(connection):
        return None
    return " AND ".join(f'"{run}"' for word in known for run in _runs(word))


def having(
    dialect: str, words: Sequence[Any], runs: Any = None
) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The passages that have all *words*: what to select from, and where. The words, and the *runs*
    of them that the index is asked for, if it is, may be parameters that get their values later."""
    where = [has(dialect, word) for word in words]
    if runs is None:
        return tables.passage, where
    matches = literal_column("passage_index").op("MATCH")(runs)
    return _INDEX.join(tables.passage, passage.id == _INDEX.c.rowid), [matches, *where]


def has(dialect: str, word: Any) -> ColumnElement[bool]:
    """Condition on a passage: it has the folded *word* in its question or in its rest."""
    return or_(within(dialect, passage.question, word), within(dialect, passage.rest, word))


def within(dialect: str, said: ColumnElement[str], word: Any) -> ColumnElement[bool]:
    """Condition: *word* stands somewhere in the text *said*."""
    find = func.instr if dialect == "sqlite" else func.strpos
    return and_(find(said, word) > 0)


def _runs(word: str) -> Iterator[str]:
    """Runs of three that together have all of *word*, quoted: of those that overlap one is enough,
    as the passage is looked at anyway."""
    last = len(word) - SHORTEST
    for at in sorted({*range(0, last, SHORTEST), last}):
        yield word[at : at + SHORTEST].replace('"', '""')


def _made(
    connection: Connection, notes: Sequence[int]
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The passages of each of *notes* as they are to be: its own, then those of its variants."""
    said = (note.prompt, note.front, note.answer, _raw(note.points))
    cases = dict[int, list[Any]]()
    for row in connection.execute(
        select(
            *(variant.note_id, variant.key, variant.prompt, variant.front, variant.answer),
            _raw(variant.points),
        )
        .where(variant.note_id.in_(notes))
        .order_by(variant.note_id, variant.key)
    ):
        cases.setdefault(row.note_id, []).append(row)
    rows = connection.execute(
        select(note.id, note.name, *said, _raw(note.synonyms), _raw(note.tags)).where(
            note.id.in_(notes)
        )
    )
    for row in rows.all():
        own = _passage(row.id, "", row, _list(row.synonyms), [row.name, *_list(row.tags)])
        yield row.id, [own, *(_passage(row.id, one.key, one) for one in cases.get(row.id, ()))]


def _passage(
    note_id: int, key: str, row: Any, also: Iterable[str] = (), more: Iterable[str] = ()
) -> dict[str, Any]:
    """One row. A formula is found by how it is written, and by how it is shown."""
    points = [str(point["text"]) for point in _list(row.points)]
    question, rest = [row.prompt, row.front or ""], [uncovered(row.answer), *points]
    for texts in (question, rest):
        texts += [_shown(one) for one in texts if "$" in one]
    return {
        "note_id": note_id,
        "key": key,
        "question": folded("\n".join([*question, *also])),
        "rest": folded("\n".join([*rest, *more])),
    }


def _shown(markdown: str) -> str:
    """The formulas of a text as they are shown."""
    return "\n".join(to_unicode(found[1]) for found in _FORMULA.finditer(markdown))


def _raw(value: Any) -> Any:
    """A column of JSON as text: most of these lists are empty, and to decode them all was half of
    the time that it takes to read the words."""
    return cast(value, String).label(value.name)


def _list(raw: str) -> list[Any]:
    return [] if raw == "[]" else list(json.loads(raw))
