"""The tables. Everything personal carries the learner; times are UTC, days are study days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. SQLite gives datetimes back without a zone; this one restores UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UTCDateTime,
        bytes: LargeBinary(16),
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class SchemaVersion(Base):
    __tablename__ = "schema_version"

    version: Mapped[int] = mapped_column(primary_key=True)
    applied_at: Mapped[datetime]


class Learner(Base):
    __tablename__ = "learner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Root(Base):
    """A folder that content was read from, with the stamp of its files when it was."""

    __tablename__ = "root"

    path: Mapped[str] = mapped_column(primary_key=True)
    stamp: Mapped[str]
    read_at: Mapped[datetime]


class Chapter(Base):
    __tablename__ = "chapter"
    __table_args__ = (UniqueConstraint("pack", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pack: Mapped[str]
    number: Mapped[int]
    part: Mapped[str]
    title: Mapped[str]


class Section(Base):
    """One entry of a chapter's table of contents."""

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("chapter_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id"))
    number: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    path: Mapped[str]
    line: Mapped[int]
    position: Mapped[int]
    missing_since: Mapped[datetime | None]


class Note(Base):
    """One note of the content. `missing_since` marks one whose text has gone."""

    __tablename__ = "note"
    __table_args__ = (Index(None, "chapter_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id"))
    name: Mapped[str]  # the id in the file
    kind: Mapped[str]
    style: Mapped[str]
    prompt: Mapped[str]
    answer: Mapped[str]
    points: Mapped[list[Any]]
    family: Mapped[str | None]
    tags: Mapped[list[Any]]
    section: Mapped[str | None]
    number: Mapped[int | None]
    as_of: Mapped[int | None]
    need: Mapped[int | None]
    synonyms: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    path: Mapped[str]
    line: Mapped[int]
    last: Mapped[int]
    missing_since: Mapped[datetime | None]


class Card(Base):
    """One side of a note. `family` names the cards that give each other away;
    `position` is the place in the book; `opener` is the side that must be stable first."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("note_id", "side"),
        Index(None, "chapter_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id"))
    side: Mapped[str]
    family: Mapped[str]
    position: Mapped[int]
    opener: Mapped[int | None]  # id of the card
    missing_since: Mapped[datetime | None]


class Memory(Base):
    """The stored fold of a card's log (see studyapp.memory.fold)."""

    __tablename__ = "memory"
    __table_args__ = (Index(None, "learner_id", "due"), Index(None, "learner_id", "last_day"))

    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"), primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"), primary_key=True)
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[date | None]
    due_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    last_review: Mapped[bytes | None]
    reviews: Mapped[int]
    lapses: Mapped[int]
    agains: Mapped[int]
    expected_lapses: Mapped[float]
    suspended: Mapped[bool]
    buried_until: Mapped[date | None]


class Review(Base):
    """One rating, never changed. The columns from `state_before` on are a cache of the fold."""

    __tablename__ = "review"
    __table_args__ = (Index(None, "card_id", "learner_id"), Index(None, "learner_id", "day"))

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"))
    kind: Mapped[str]
    rating: Mapped[int]
    at: Mapped[datetime]
    offset: Mapped[int]  # seconds east of UTC
    day: Mapped[date]
    duration: Mapped[int]  # milliseconds from shown to rated
    state_before: Mapped[int]
    stability_before: Mapped[float | None]
    difficulty_before: Mapped[float | None]
    state_after: Mapped[int]
    stability_after: Mapped[float | None]
    difficulty_after: Mapped[float | None]


class Event(Base):
    """Anything else that changes memory, never changed; a retract names its target."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "card_id", "learner_id"), Index(None, "target"))

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    offset: Mapped[int]
    day: Mapped[date]
    target: Mapped[bytes | None]
    until: Mapped[date | None]


class Parameters(Base):
    """Parameters in force from `at` on; the history is kept."""

    __tablename__ = "parameters"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    at: Mapped[datetime]
    weights: Mapped[list[Any]]
    desired_retention: Mapped[float]
    learning_steps: Mapped[list[Any]]  # seconds
    relearning_steps: Mapped[list[Any]]
    maximum_interval: Mapped[int]


class ChapterProgress(Base):
    """That a learner has started a chapter, which lets its cards in."""

    __tablename__ = "chapter_progress"

    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"), primary_key=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id"), primary_key=True)
    started_at: Mapped[datetime]


class Run(Base):
    """One execution of a lesson, whatever came of it.

    `knobs` are all values that were used. `canonical` leaves out those that only count repetitions
    (see studyapp.lab.knobs): it is equal for runs of the same experiment. What only a run that
    ended with a result can tell is null for the others.
    """

    __tablename__ = "run"
    __table_args__ = (Index(None, "learner_id", "lesson"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[bytes] = mapped_column(unique=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    lesson: Mapped[str]
    pack: Mapped[str]
    version: Mapped[int]
    knobs: Mapped[dict[str, Any]]
    canonical: Mapped[str]
    seeds: Mapped[int | None]  # how many, where the lesson has such a knob
    seed: Mapped[int | None]
    device: Mapped[str | None]
    python: Mapped[str | None]
    torch: Mapped[str | None]
    threads: Mapped[int | None]
    seconds: Mapped[float]
    outcome: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    offset: Mapped[int]  # seconds east of UTC, at the end


class Prediction(Base):
    """What the learner said before a run, and how it was graded. Only `card_id` comes later.

    `answer` is the text of one of `choices` choices; for a number it is null and the 80% range
    is low..high. `card_id` is the card that a miss led to.
    """

    __tablename__ = "prediction"

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), unique=True)
    question: Mapped[str]
    kind: Mapped[str]
    answer: Mapped[str | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    choices: Mapped[int]
    confidence: Mapped[float | None]
    naive: Mapped[bool]
    grade: Mapped[str | None]  # null: the run ended without facts
    score: Mapped[float | None]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("card.id"))


class Fact(Base):
    """One figure that a run measured: the fields of studyapp.lab.protocol.Fact."""

    __tablename__ = "fact"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    name: Mapped[str]
    value: Mapped[float]
    unit: Mapped[str]
    low: Mapped[float | None]
    high: Mapped[float | None]
    n: Mapped[int]
    method: Mapped[str]
    varies: Mapped[str]
