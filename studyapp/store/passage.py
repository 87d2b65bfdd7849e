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
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    String,
    and_,
    bindparam,
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
from studyapp.notes.plaintext import shown_otherwise
from studyapp.store import tables
from studyapp.store.engine import written

note = tables.note.c
passage = tables.passage.c
variant = tables.variant.c

SHORTEST = 3  # characters of a word that the index knows
# Each run alone, without its place: a fifth of the size, and words of many runs are found sooner.
INDEX = (
    "CREATE VIRTUAL TABLE passage_index USING fts5(question, rest, content='passage', "
    "content_rowid='id', tokenize='trigram case_sensitive 1', detail=none)"
)
_STEPS = (
    "WITH RECURSIVE step (tags) AS (SELECT min(tags) FROM note UNION ALL "
    "SELECT (SELECT min(tags) FROM note WHERE tags > step.tags) FROM step "
    "WHERE step.tags IS NOT NULL) SELECT tags FROM step WHERE tags IS NOT NULL"
)
_INDEX = table("passage_index", column("rowid"))
_FORMULA = re.compile(r"\${1,2}([^$]+)\${1,2}")
_PHRASE = "phrase"  # how the name of a parameter for one begins
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
    """In one statement, as SQLite writes down at the end of each what its index has heard."""
    if is_indexed(connection):
        among = "id IN (SELECT value FROM json_each(:ids))"
        query = f"{told} SELECT {how}id, question, rest FROM passage WHERE {among}"
        connection.execute(text(query), {"ids": json.dumps(ids)})


def can_index(connection: Connection) -> bool:
    """Whether this is a SQLite that knows such an index: some are built without FTS5."""
    if connection.dialect.name != "sqlite":
        return False
    return bool(connection.scalar(text("SELECT sqlite_compileoption_used('ENABLE_FTS5')")))


def is_indexed(connection: Connection) -> bool:
    """Whether this database has an index that can be used; if it has lost it, the doctor makes
    another."""
    return can_index(connection) and _is_there(connection, "passage_index")


def _is_there(connection: Connection, index: str) -> bool:
    there = text("SELECT 1 FROM sqlite_master WHERE name = :name")
    return connection.scalar(there, {"name": index}) is not None


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
    return " AND ".join(_either(run) for word in known for run in _runs(word))


def are_rare(connection: Connection, runs: str | None, most: int) -> bool:
    """Whether *runs*, if the index can be asked for them, are in no more than so many passages."""
    if runs is None:
        return False
    found = select(_INDEX.c.rowid).where(_matches(runs)).offset(most).limit(1)
    return connection.scalar(found) is None


def having(
    dialect: str, words: Sequence[Any], runs: Any = None, ids: str | None = None
) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The passages that have all *words*: what to select from, and where. The words, and the *runs*
    of them that the index is asked for, if it is, may be parameters that get their values later.
    Only those of some *ids*, if a parameter of that name gets these (`given`)."""
    where = [has(dialect, word) for word in words]
    # The sum has the index come first: of what it leads to, only these are looked at.
    of = passage.id if runs is None else _INDEX.c.rowid + 0
    some = [] if ids is None else [_among_given(dialect, of, ids)]
    if runs is None:
        return tables.passage, [*some, *where]
    source = _INDEX.join(tables.passage, passage.id == _INDEX.c.rowid)
    return source, [_matches(runs), *some, *where]


def _matches(runs: Any) -> ColumnElement[bool]:
    return literal_column("passage_index").op("MATCH")(runs)


def has(dialect: str, word: Any, of: Any = passage) -> ColumnElement[bool]:
    """Condition on a passage: it has the folded *word* in its question or in its rest."""
    return or_(within(dialect, of.question, word), within(dialect, of.rest, word))


def within(dialect: str, said: ColumnElement[str], word: Any) -> ColumnElement[bool]:
    """Condition: *word* stands somewhere in the text *said*. A phrase, or what a parameter that is
    named for one (`names`) is given, may run on over lines."""
    find = func.instr if dialect == "sqlite" else func.strpos
    runs_on = " " in word if isinstance(word, str) else word.key.startswith(_PHRASE)
    return and_(find(func.replace(said, "\n", " ") if runs_on else said, word) > 0)


def names(words: Sequence[str]) -> tuple[str, ...]:
    """What the parameters that get these *words* are called."""
    return tuple(f"{_PHRASE if ' ' in word else 'word'}{at}" for at, word in enumerate(words))


def among(dialect: str, of: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Condition: *of* is one of these numbers. There may be thousands; SQLite reads them out of one
    text, as to hand over each takes longer than to look for it."""
    return of.in_(ids) if dialect != "sqlite" else _listed(of, given(dialect, ids))


def _among_given(dialect: str, of: ColumnElement[int], name: str) -> ColumnElement[bool]:
    if dialect != "sqlite":
        return of.in_(bindparam(name, expanding=True))
    return _listed(of, bindparam(name, type_=String()))


def given(dialect: str, ids: Sequence[int]) -> str | Sequence[int]:
    """These numbers as the value of a parameter that `having` has."""
    return ids if dialect != "sqlite" else json.dumps(ids)


def _listed(of: ColumnElement[int], ids: Any) -> ColumnElement[bool]:
    return of.in_(select(func.json_each(ids).table_valued("value").c.value))


def lists_of_tags(connection: Connection) -> Sequence[str]:
    """The lists of tags that there are, as they are kept; few of them differ. SQLite steps through
    its index from each to the next, which it does by itself for the first alone."""
    if connection.dialect.name == "sqlite" and _is_there(connection, "ix_note_tags"):
        return connection.scalars(text(_STEPS)).all()
    return connection.scalars(select(written(connection, note.tags)).distinct()).all()


def _runs(word: str) -> Iterator[str]:
    """Runs of three that together have all of *word*: of those that overlap one is enough, as the
    passage is looked at anyway."""
    last = len(word) - SHORTEST
    for at in sorted({*range(0, last, SHORTEST), last}):
        yield word[at : at + SHORTEST]


def _either(run: str) -> str:
    """A *run* as the index is asked for it: for a space in it there may be the end of a line."""
    forms = product(*(" \n" if sign == " " else sign for sign in run.replace('"', '""')))
    asked = " OR ".join(f'"{"".join(one)}"' for one in forms)
    return f"({asked})" if " " in run else asked


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
    """One row. A formula, and a sign that Markdown has escaped, is found by how it is written, and
    by how it is shown."""
    points = [str(point["text"]) for point in _list(row.points)]
    question, rest = [row.prompt, row.front or ""], [uncovered(row.answer), *points]
    for texts in (question, rest):
        texts += [_shown(one) for one in texts if "$" in one]
    return {
        "note_id": note_id,
        "key": key,
        "question": _found_by([*question, *also]),
        "rest": _found_by([*rest, *more]),
    }


def _found_by(texts: Iterable[str]) -> str:
    """What is read are the folded *texts*, of which migration 029 made the same."""
    said = folded("\n".join(texts))
    return "\n".join([said, *map(folded, shown_otherwise(said))])


def _shown(markdown: str) -> str:
    """The formulas of a text as they are shown."""
    return "\n".join(to_unicode(found[1]) for found in _FORMULA.finditer(markdown))


def _raw(value: Any) -> Any:
    """A column of JSON as text: most of these lists are empty, and to decode them all was half of
    the time that it takes to read the words."""
    return cast(value, String).label(value.name)


def _list(raw: str) -> list[Any]:
    return [] if raw == "[]" else list(json.loads(raw))
