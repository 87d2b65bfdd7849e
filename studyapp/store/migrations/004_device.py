"""A log that devices share, and content with an owner.

Tables whose rows must say more than SQLite can add to them are made anew. What was there is copied
aside first, for a new table has the names of the old one's keys and indexes.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
    select,
    text,
    update,
)

_TABLES = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_BIG = BigInteger().with_variant(Integer, "sqlite")
_ORDER = ("learner_id", "device_id", "epoch", "stamp")
_DAY_START = timedelta(hours=4)
_OWN = 1  # id of this database's own device, the first that is made

# These are there already; the foreign keys below need their names.
for _name in ("learner", "chapter", "section"):
    Table(_name, _TABLES, Column("id", Integer, primary_key=True))

_DEVICE = Table(
    "device",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("own", Boolean, nullable=False),
)
_DEVICE_SETTINGS = Table(
    "device_settings",
    _TABLES,
    Column("device_id", Integer, ForeignKey("device.id"), primary_key=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("applied", JSON, nullable=False),
)
_ROOT = Table(
    "root",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("path", String, nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id")),
    Column("stamp", String, nullable=False),
    Column("read_at", DateTime, nullable=False),
)
_NOTE = Table(
    "note",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False),
    Column("root_id", Integer, ForeignKey("root.id")),
    Column("learner_id", Integer, ForeignKey("learner.id")),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("style", String, nullable=False),
    Column("prompt", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("points", JSON, nullable=False),
    Column("family", String),
    Column("tags", JSON, nullable=False),
    Column("section", String),
    Column("number", Integer),
    Column("as_of", Integer),
    Column("need", Integer),
    Column("synonyms", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("path", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("missing_since", DateTime),
    UniqueConstraint("uid", "learner_id"),
    Index(None, "chapter_id"),
    Index(None, "learner_id"),
)
_CARD = Table(
    "card",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False),
    Column("note_id", Integer, ForeignKey("note.id"), nullable=False),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
    Column("section_id", Integer, ForeignKey("section.id")),
    Column("side", String, nullable=False),
    Column("family", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("opener", Integer),
    Column("missing_since", DateTime),
    Column("learner_id", Integer, ForeignKey("learner.id")),
    UniqueConstraint("note_id", "side"),
    Index(None, "chapter_id", "position"),
    Index(None, "uid"),
)
_REVIEW = Table(
    "review",
    _TABLES,
    Column("id", _BIG, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("card_id", Integer, ForeignKey("card.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("device_id", Integer, ForeignKey("device.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("stamp", DateTime, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("variant", String),
    Column("arm", String),
    Column("effective_day", Date, nullable=False),
    Column("state_before", Integer, nullable=False),
    Column("stability_before", Double),
    Column("difficulty_before", Double),
    Column("state_after", Integer, nullable=False),
    Column("stability_after", Double),
    Column("difficulty_after", Double),
    Index(None, "card_id", "learner_id"),
    Index(None, "learner_id", "effective_day", "stamp"),
    Index(None, *_ORDER),
)
_EVENT = Table(
    "event",
    _TABLES,
    Column("id", _BIG, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("card_id", Integer, ForeignKey("card.id")),
    Column("kind", String, nullable=False),
    Column("device_id", Integer, ForeignKey("device.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("stamp", DateTime, nullable=False),
    Column("target", LargeBinary(16)),
    Column("until", Date),
    Column("payload", JSON),
    Index(None, "card_id", "learner_id"),
    Index(None, "target"),
    Index(None, "learner_id", "day"),
    Index(None, *_ORDER),
)
_PARAMETERS = Table(
    "parameters",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("device_id", Integer, ForeignKey("device.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("day", Date, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("stamp", DateTime, nullable=False),
    Column("weights", JSON, nullable=False),
    Column("desired_retention", Double, nullable=False),
    Column("learning_steps", JSON, nullable=False),
    Column("relearning_steps", JSON, nullable=False),
    Column("maximum_interval", Integer, nullable=False),
    Index(None, *_ORDER),
)
_CHAPTER_PROGRESS = Table(
    "chapter_progress",
    _TABLES,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), primary_key=True),
    Column("started_at", DateTime),
    Column("changed_at", DateTime, nullable=False),
)

_ATTEMPT, _RUN = (
    Table(
        name,
        _TABLES,
        Column("id", Integer, primary_key=True),
        Column(at, DateTime),
        Column("offset", Integer),
        Column("device_id", Integer),
        Column("day", Date),
        Column("epoch", Integer),
        Column("stamp", DateTime),
    )
    for name, at in (("attempt", "started_at"), ("run", "finished_at"))
)

_ADDED = {
    "chapter": ("learner_id",),
    "section": ("learner_id",),
    "moment": ("learner_id",),
    "attempt": ("device_id", "day", "epoch", "stamp", "changed_at"),
    "response": ("variant", "device_id", "epoch", "stamp"),
    "run": ("device_id", "day", "epoch", "stamp"),
    "section_progress": ("changed_at",),
    "fact": ("position",),
}
_TYPES = {
    "learner_id": "INTEGER CONSTRAINT fk_{table}_learner_id REFERENCES learner (id)",
    "device_id": "INTEGER CONSTRAINT fk_{table}_device_id REFERENCES device (id)",
    "day": "DATE",
    "epoch": "INTEGER",
    "stamp": "{instant}",
    "changed_at": "{instant}",
    "variant": "VARCHAR",
    "position": "INTEGER DEFAULT 0 NOT NULL",
}
# The log as it was had one time for both the clock and the order.
_STAMPED = {"device_id": str(_OWN), "epoch": "0", "stamp": '"at"'}


def upgrade(connection: Connection) -> None:
    _TABLES.create_all(connection, tables=[_DEVICE, _DEVICE_SETTINGS])
    connection.execute(
        _DEVICE.insert().values(
            uid=uuid4().bytes,
            name=platform.node() or "this device",
            made_at=datetime.now(UTC).replace(tzinfo=None),
            own=True,
        )
    )
    _renew_parameters(connection)
    _renew(connection, _EVENT, _STAMPED)
    _renew(connection, _REVIEW, _STAMPED | {"effective_day": "day"})
    _renew(connection, _CHAPTER_PROGRESS, {"changed_at": "started_at"})
    connection.execute(text("DROP TABLE root"))  # the content is read again at once
    _TABLES.create_all(connection, tables=[_ROOT])
    _let_notes_be_owned(connection)
    instant = DateTime().compile(connection.dialect)
    for table, columns in _ADDED.items():
        for column in columns:
            kind = _TYPES[column].format(table=table, instant=instant)
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {kind}"))
    _stamp_attempts(connection)
    connection.execute(text("UPDATE fact SET position = id"))


def _renew(connection: Connection, table: Table, values: Mapping[str, str]) -> None:
    """Make a table anew, with all its rows; *values* are the expressions of its new columns."""
    old = {column["name"] for column in inspect(connection).get_columns(table.name)}
    kept = [column.name for column in table.columns if column.name in old]
    if table in (_EVENT, _REVIEW):
        kept.remove("id")  # nothing names these rows by number; a sequence counts them anew
    names = ", ".join(f'"{name}"' for name in (*kept, *values))
    given = ", ".join((*(f'"{name}"' for name in kept), *values.values()))
    connection.execute(text(f"CREATE TABLE former AS SELECT * FROM {table.name}"))
    connection.execute(text(f"DROP TABLE {table.name}"))
    _TABLES.create_all(connection, tables=[table])
    connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {given} FROM former"))
    connection.execute(text("DROP TABLE former"))


def _renew_parameters(connection: Connection) -> None:
    """Few rows. Their days are those of UTC, for where the learner was is not known."""
    new = ("id", *_STAMPED, "day")
    names = [one.name for one in _PARAMETERS.columns if one.name not in new]
    rows = connection.execute(select(*(_PARAMETERS.c[name] for name in names))).all()
    connection.execute(text("DROP TABLE parameters"))
    _TABLES.create_all(connection, tables=[_PARAMETERS])
    for row in rows:
        day = (row.at - _DAY_START).date()
        connection.execute(
            _PARAMETERS.insert().values(
                **row._mapping, device_id=_OWN, epoch=0, stamp=row.at, day=day
            )
        )


def _let_notes_be_owned(connection: Connection) -> None:
    """Several learners may have a note, and so a card, of the same uid."""
    if connection.dialect.name == "sqlite":  # which cannot drop a constraint
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        _renew(connection, _NOTE, {})
        _renew(connection, _CARD, {})
        return
    for table, columns in ((_NOTE, ("root_id", "learner_id")), (_CARD, ("learner_id",))):
        name = table.name
        connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT uq_{name}_uid"))
        for column in columns:
            other = column.removesuffix("_id")
            key = f"CONSTRAINT fk_{name}_{column} REFERENCES {other} (id)"
            connection.execute(text(f"ALTER TABLE {name} ADD COLUMN {column} INTEGER {key}"))
    connection.execute(
        text("ALTER TABLE note ADD CONSTRAINT uq_note_uid_learner_id UNIQUE (uid, learner_id)")
    )
    connection.execute(text("CREATE INDEX ix_note_learner_id ON note (learner_id)"))
    connection.execute(text("CREATE INDEX ix_card_uid ON card (uid)"))


def _stamp_attempts(connection: Connection) -> None:
    """Attempts, their graded answers and runs take their place in the log."""
    for table, at in ((_ATTEMPT, "started_at"), (_RUN, "finished_at")):
        for row in connection.execute(select(table.c.id, table.c[at], table.c.offset)).all():
            local = row[1] + timedelta(seconds=row.offset)
            connection.execute(
                update(table)
                .where(table.c.id == row.id)
                .values(device_id=_OWN, day=(local - _DAY_START).date(), epoch=0, stamp=row[1])
            )
    connection.execute(text("UPDATE attempt SET changed_at = coalesce(finished_at, started_at)"))
    connection.execute(
        text(
            f"UPDATE response SET device_id = {_OWN}, epoch = 0, stamp = graded_at "
            "WHERE graded_at IS NOT NULL"
        )
    )
    connection.execute(text("DROP INDEX ix_response_learner_id_graded_at"))
    for name in ("attempt", "response", "run"):
        index, columns = f"ix_{name}_{'_'.join(_ORDER)}", ", ".join(_ORDER)
        connection.execute(text(f"CREATE INDEX {index} ON {name} ({columns})"))
