"""Checks of the database as a database: its tables, indexes, links and own device."""

from __future__ import annotations

import platform
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from studyapp.store import log, migrations, soundness, tables
from studyapp.store.engine import is_garbled, reading
from studyapp.store.soundness import Link
from studyapp.study import library, words
from studyapp.study.doctor.finding import RESTORE, Chart, Finding, are, have
from studyapp.study.lab.facts import Ending
from studyapp.study.questionnaire.attempt import make

_AT_ONCE = 1000  # rows in memory
_DERIVED = {"moment", "variant", "passage", "rewording", "memory", "stale", "device_settings"}
_CUT = {  # links that may be missing
    Link("prediction", "card_id"),
    Link("attempt", "note_id"),
    Link("note", "root_id"),
    Link("card", "section_id"),
}
_OF_CONTENT = {  # links to what the content files say
    Link("moment", "section_id"),
    Link("card", "section_id"),
    Link("note", "root_id"),
}


def pages(at: Chart) -> Iterator[Finding]:
    """What SQLite says of its own pages, and of indexes beside their tables. It goes first: nothing
    else is to be trusted before."""
    if at.connection.dialect.name != "sqlite":
        return
    at.progress("pages", 0, 1)
    found = soundness.complaints(at.connection)
    told = words.count(len(found), "fault")
    if found and not soundness.is_of_indexes(found):
        yield Finding("integrity", f"The database is damaged: SQLite finds {told}.", RESTORE)
    elif found:
        yield Finding(
            "integrity",
            f"The indexes of the database are damaged: SQLite finds {told}.",
            done="All indexes were made anew from their tables.",
            mend=partial(soundness.rebuild_indexes, at.connection),
        )


def versions(at: Chart) -> Iterator[Finding]:
    version = tables.schema_version.c.version
    applied = set(at.connection.scalars(select(version)))
    lost = [number for number in migrations.steps() if number not in applied]
    if lost:
        yield Finding(
            "schema", f"The database has skipped {words.count(len(lost), 'migration')}.", RESTORE
        )


def structure(at: Chart) -> Iterator[Finding]:
    """Tables and columns that are not there cannot be made up."""
    for gap in soundness.gaps(at.connection):
        yield Finding("schema", gap, RESTORE)


def values(at: Chart) -> Iterator[Finding]:
    """Values that are none of their column's kind, such as text that is none. SQLite takes any, and
    its own checks look at none; a server lets none in. Memories are held against the log."""
    if at.connection.dialect.name != "sqlite":
        return
    for name, table in sorted(tables.METADATA.tables.items()):
        if name != "memory" and not _is_readable(at.connection, table):
            yield Finding("integrity", f"Table {name} holds a value that cannot be read.", RESTORE)


@contextmanager
def values_ahead(engine: Engine, at: Chart) -> Iterator[Callable[[Chart], Iterator[Finding]]]:
    """The check of `values`, begun on a connection of its own: what takes the longest beside it,
    SQLite's look at the `pages`, leaves a processor free. What it finds, or fails by, is only told
    when it is asked for."""

    def found() -> list[Finding]:
        with reading(engine) as connection:
            return list(values(replace(at, connection=connection)))

    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(found)
        yield lambda at: iter(ahead.result())


def _is_readable(connection: Connection, table: Table[Any]) -> bool:
    """Where a value is not plainly as it is written, it counts whether it can be read as it will
    be."""
    rows = select(table).execution_options(yield_per=_AT_ONCE)
    try:
        if not soundness.is_plain(connection, table):
            deque(connection.execute(rows), maxlen=0)
    except (DBAPIError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, DBAPIError) and not is_garbled(error.orig):
            raise
        return False
    return True


def indexes(at: Chart) -> Iterator[Finding]:
    """An index is made of its table, so that one which is missing can be made anew."""
    seen = inspect(at.connection)
    for name, table in tables.METADATA.tables.items():
        there = {index["name"] for index in seen.get_indexes(name)}
        wanted: dict[str, Executable] = {
            str(index.name): CreateIndex(index) for index in table.indexes
        }
        partly = tables.PARTIAL if table is tables.chapter else {}
        made = {one: text(f"CREATE UNIQUE INDEX {one} ON {on}") for one, on in partly.items()}
        if at.connection.dialect.name == "sqlite":
            more = tables.BROWSED.get(table, {})
            made |= {one: text(f"CREATE INDEX {one} ON {on}") for one, on in more.items()}
        for lost, create in {**wanted, **made}.items():
            if lost not in there:
                yield Finding(
                    "schema",
                    f"Index {lost} is missing.",
                    done=f"Index {lost} was made anew.",
                    mend=partial(at.connection.execute, create),
                )


def device(at: Chart) -> Iterator[Finding]:
    """Exactly one device is this database's own; else its log would lose its order."""
    own = at.connection.scalar(
        select(func.count()).select_from(tables.device).where(tables.device.c.own.is_(True))
    )
    if own != 1:
        yield Finding(
            "device",
            "The log does not say which device this is."
            if not own
            else f"{own} devices are said to be this one.",
            done="This is a new device from now on; what the others wrote stays theirs.",
            mend=partial(_new_device, at),
        )


def _new_device(at: Chart) -> None:
    at.connection.execute(update(tables.device).values(own=False))
    at.connection.execute(
        insert(tables.device).values(
            uid=log.new_uid(),
            name=platform.node() or "this device",
            made_at=log.utc(at.now),
            own=True,
        )
    )


def links(at: Chart) -> Iterator[Finding]:
    """Rows that hang on what is not there. A server lets none arise."""
    if at.connection.dialect.name != "sqlite":
        return
    for link, rows in soundness.broken_links(at.connection).items():
        yield _of_link(at, link, rows)
    card, opener = tables.card.c, tables.card.alias().c
    lost = at.connection.scalars(
        select(card.id).where(card.opener.is_not(None), card.opener.not_in(select(opener.id)))
    ).all()
    if lost:
        yield Finding(
            "orphans",
            f"{words.count(len(lost), 'card')} {are(len(lost))} to wait for one that is not there.",
            done="The content was read anew.",
            mend=partial(_reread, at),
        )


def _of_link(at: Chart, link: Link, rows: list[int]) -> Finding:
    name, parent = (one.replace("_", " ") for one in (link.table, link.column.removesuffix("_id")))
    names = "names" if len(rows) == 1 else "name"
    wrong = f"{words.count(len(rows), 'row')} of {name} {names} no {parent} that is there."
    if link == Link("response", "attempt_id"):
        done = "They are answers of an attempt again, one that has ended."
        return Finding("orphans", wrong, done=done, mend=partial(_make_attempts, at))
    if link.table in _DERIVED:
        done, change = "They were derived, and have been dropped.", soundness.drop_rows
    elif link in _CUT:
        done, change = "They are kept, and name none.", soundness.cut_links
    else:
        return Finding("orphans", wrong, f"They are kept. {RESTORE}")
    mend = partial(change, at.connection, link, rows)
    if link in _OF_CONTENT:
        done, mend = "The content was read anew.", partial(_reread, at, mend)
    return Finding("orphans", wrong, done=done, mend=mend)


def _make_attempts(at: Chart) -> None:
    """Give answers whose attempt is not there another one, that has ended."""
    answer, note, attempt = tables.response.c, tables.note.c, tables.attempt.c
    lost = (
        select(
            answer.attempt_id,
            func.min(answer.learner_id).label("learner_id"),
            func.min(note.chapter_id).label("chapter_id"),
        )
        .join(tables.note, note.id == answer.note_id)
        .where(answer.attempt_id.not_in(select(attempt.id)))
        .group_by(answer.attempt_id)
    )
    for row in at.connection.execute(lost).all():
        made = make(
            at.connection,
            log.new_uid(),
            row.chapter_id,
            at.now,
            ended=True,
            learner=row.learner_id,
        )
        at.connection.execute(
            update(tables.response)
            .where(answer.attempt_id == row.attempt_id)
            .values(attempt_id=made)
        )


def _reread(at: Chart, before: Callable[[], object] = lambda: None) -> None:
    """Read the content anew, whose rows it derives, once what is *before* it is done."""
    before()
    for learner in at.learners:
        own = library.packs_at(at.connection, learner=learner)
        library.read_in(at.connection, own, at.now, learner=learner)


def copies(at: Chart) -> Iterator[Finding]:
    """Entries that are in a learner's log twice, which its index keeps out where it is there."""
    seen = inspect(at.connection)
    for table in (tables.review, tables.event, tables.parameters):
        alone = [one["column_names"] for one in seen.get_unique_constraints(table.name)]
        if ["uid"] not in alone:
            yield from _copies_in(at.connection, table)


def _copies_in(connection: Connection, table: Table[Any]) -> Iterator[Finding]:
    twice = select(table.c.uid).group_by(table.c.uid, table.c.learner_id).having(func.count() > 1)
    rows = connection.execute(select(table).where(table.c.uid.in_(twice))).all()
    kept, same, other = dict[bytes, Any](), list[int](), 0
    for row in rows:
        first = kept.setdefault(row.uid, row)
        if first is row:
            continue
        if _without_number(first) == _without_number(row):
            same.append(row.id)
        else:
            other += 1
    if same:
        told = words.count(len(same), f"{table.name} entry" if table.name != "review" else "review")
        yield Finding(
            "log",
            f"{told} {are(len(same))} there twice, alike in all.",
            done="One of each was kept.",
            mend=partial(connection.execute, table.delete().where(table.c.id.in_(same))),
        )
    if other:
        yield Finding("log", f"{other} entries {have(other)} the name of another one.", RESTORE)


def _without_number(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "id"}


def runs(at: Chart) -> Iterator[Finding]:
    """Run and facts are written at once: one alone is half of it."""
    run, fact = tables.run.c, tables.fact.c
    for learner in at.learners:
        mine = (run.learner_id == learner, run.outcome == Ending.RESULT)
        half = at.connection.scalars(
            select(run.id).where(*mine, run.id.not_in(select(fact.run_id)))
        ).all()
        if half:
            yield Finding(
                "runs",
                f"{words.count(len(half), 'run')} with a result {have(len(half))} no figures.",
                done="They are kept as runs that failed; run the experiment once more.",
                mend=partial(
                    at.connection.execute,
                    update(tables.run).where(run.id.in_(half)).values(outcome=Ending.FAILED),
                ),
            )
