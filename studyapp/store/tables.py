"""The tables. Everything personal carries the learner; times are UTC, days are study days.

Typed for the checker, without the ORM: nothing here needs it, and importing it delays every start.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.event import listen

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. SQLite gives datetimes back without a zone; this one restores UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class _SchemaVersion(TypedColumns):
    version: Named[int] = Column(primary_key=True)
    applied_at: Named[datetime] = Column(UTCDateTime)


schema_version = Table("schema_version", METADATA, _SchemaVersion)


class _Learner(TypedColumns):
    id: Named[int] = Column(primary_key=True)
    name: Named[str]


learner = Table("learner", METADATA, _Learner)


class _Device(TypedColumns):
    """A device that wrote to the log. One of them is this database's own."""

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    name: Named[str]
    made_at: Named[datetime] = Column(UTCDateTime)
    own: Named[bool]


device = Table("device", METADATA, _Device)


class _DeviceSettings(TypedColumns):
    """What the settings files of a device, by file, last put in force for a learner."""

    device_id: Named[int] = Column(ForeignKey("device.id"), primary_key=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    applied: Named[dict[str, Any]] = Column(JSON)


device_settings = Table("device_settings", METADATA, _DeviceSettings)


class _Root(TypedColumns):
    """A folder that content was read from, with the stamp of its files when it was. An installed
    one belongs to all, and has no learner."""

    id: Named[int] = Column(primary_key=True)
    path: Named[str] = Column(unique=True)
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))
    stamp: Named[str]
    read_at: Named[datetime] = Column(UTCDateTime)


root = Table("root", METADATA, _Root)


class _Chapter(TypedColumns):
    """One chapter of a pack. One that no installed file names has the learner whose files do."""

    id: Named[int] = Column(primary_key=True)
    pack: Named[str]
    number: Named[int | None]  # None of a deck, which its title names
    part: Named[str]
    title: Named[str]
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))


chapter = Table("chapter", METADATA, _Chapter, UniqueConstraint("pack", "number", "learner_id"))
_DECK = chapter.c.number.is_(None)
# No constraint takes a null for the same as another. They are text, as an Index with a condition
# imports the dialect of each database that it is told for.
PARTIAL = {  # by name, what each index is on
    "uq_chapter_deck": "chapter (pack, title, learner_id) WHERE number IS NULL",
    "uq_chapter_installed": "chapter (pack, number) WHERE learner_id IS NULL",
    "uq_chapter_installed_deck": "chapter (pack, title) "
    "WHERE number IS NULL AND learner_id IS NULL",
}
for _name, _on in PARTIAL.items():
    _made = DDL(f"CREATE UNIQUE INDEX {_name} ON {_on}")  # type: ignore[no-untyped-call]
    listen(chapter, "after_create", _made)
IN_ORDER = (_DECK, chapter.c.pack, chapter.c.number, chapter.c.title)


class _Section(TypedColumns):
    """One entry of a chapter's table of contents; a learner's own, if no installed file has it."""

    id: Named[int] = Column(primary_key=True)
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"))
    number: Named[str]
    title: Named[str]
    text: Named[str]
    path: Named[str]
    line: Named[int]
    position: Named[int]
    missing_since: Named[datetime | None] = Column(UTCDateTime)
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))


section = Table("section", METADATA, _Section, UniqueConstraint("chapter_id", "number"))


class _Moment(TypedColumns):
    """What a lecture comes to at one time; written anew whenever the content is read."""

    id: Named[int] = Column(primary_key=True)
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"))  # in which the lecture begins
    section_id: Named[int | None] = Column(ForeignKey("section.id"))
    lecture: Named[int]
    seconds: Named[int]  # from the lecture's beginning
    title: Named[str]
    text: Named[str]
    video: Named[str | None]  # address of the lecture
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))


moment = Table("moment", METADATA, _Moment, Index(None, "section_id"))


class _Note(TypedColumns):
    """One note of the content. `missing_since` marks one whose text has gone.

    A note of a learner's own root has that learner; it may have the uid of an installed one, which
    it stands for (see studyapp.store.owner).
    """

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16))
    root_id: Named[int | None] = Column(ForeignKey("root.id"))
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"))
    name: Named[str]  # the id in the file
    kind: Named[str]
    style: Named[str]
    prompt: Named[str]
    answer: Named[str]
    points: Named[list[Any]] = Column(JSON)
    family: Named[str | None]
    tags: Named[list[Any]] = Column(JSON)
    section: Named[str | None]
    number: Named[int | None]
    as_of: Named[int | None]
    need: Named[int | None]
    depth: Named[str] = Column(server_default=text("'core'"))
    book: Named[int | None]  # the question of the book's own questionnaire
    reverse: Named[bool] = Column(server_default=true())
    synonyms: Named[list[Any]] = Column(JSON)
    sources: Named[list[Any]] = Column(JSON)
    path: Named[str]
    line: Named[int]
    last: Named[int]
    missing_since: Named[datetime | None] = Column(UTCDateTime)
    front: Named[str | None]  # what the question says below its heading
    guid: Named[str | None]  # what the program that it came from calls it


note = Table(
    "note",
    METADATA,
    _Note,
    UniqueConstraint("uid", "learner_id"),
    Index(None, "chapter_id", "path", "line"),  # as in the book
    Index(None, "learner_id"),
)


class _Variant(TypedColumns):
    """Another case of a question (see studyapp.notes.variant). What was shown names it by its key
    alone, so it is written anew with its note."""

    note_id: Named[int] = Column(ForeignKey("note.id"), primary_key=True)
    key: Named[str] = Column(primary_key=True)
    position: Named[int]
    prompt: Named[str]
    front: Named[str | None]
    answer: Named[str]
    points: Named[list[Any]] = Column(JSON)
    need: Named[int | None]


variant = Table("variant", METADATA, _Variant)


class _Passage(TypedColumns):
    """What a note, or the variant `key` of it, says, folded to be searched
    (see studyapp.store.passage); the note's own has the key ''."""

    id: Named[int] = Column(primary_key=True)
    note_id: Named[int] = Column(ForeignKey("note.id"))
    key: Named[str]
    question: Named[str]
    rest: Named[str]


passage = Table("passage", METADATA, _Passage, UniqueConstraint("note_id", "key"))


class _Rewording(TypedColumns):
    """That an installed note says something else than when the learner met it, and that they have
    not been told yet."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    note_id: Named[int] = Column(ForeignKey("note.id"), primary_key=True)


rewording = Table("rewording", METADATA, _Rewording)


class _Card(TypedColumns):
    """One side of a note. `family` names the cards that give each other away;
    `position` is the place in the book; `opener` is the side that must be stable first;
    `section_id` is the section that lets it in, the chapter's first if its note names none; the
    learner is its note's. Without a `depth` it is for those alone who have begun it. `contrast`:
    it asks for one of the terms that a note of its family tells apart. `in_questionnaire`: it asks
    what one of its chapter's questions asks, and asks it forwards."""

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16))
    note_id: Named[int] = Column(ForeignKey("note.id"))
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"))
    section_id: Named[int | None] = Column(ForeignKey("section.id"))
    side: Named[str]
    family: Named[str]
    position: Named[int]
    depth: Named[str | None] = Column(server_default=text("'core'"))  # its note's
    opener: Named[int | None]  # id of the card
    contrast: Named[bool] = Column(server_default=false())
    in_questionnaire: Named[bool] = Column(server_default=false())
    missing_since: Named[datetime | None] = Column(UTCDateTime)
    learner_id: Named[int | None] = Column(ForeignKey("learner.id"))


card = Table(
    "card",
    METADATA,
    _Card,
    UniqueConstraint("note_id", "side"),
    Index(None, "chapter_id", "position"),
    Index(None, "uid"),
    Index(None, "family"),
)


class _Memory(TypedColumns):
    """The stored fold of a card's log (see studyapp.memory.fold)."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    card_id: Named[int] = Column(ForeignKey("card.id"), primary_key=True)
    state: Named[int]
    step: Named[int | None]
    stability: Named[float | None]
    difficulty: Named[float | None]
    due: Named[date | None]
    due_at: Named[datetime | None] = Column(UTCDateTime)
    cause: Named[str | None]
    first_day: Named[date | None]
    last_day: Named[date | None]
    last_review: Named[bytes | None] = Column(LargeBinary(16))
    reviews: Named[int]
    lapses: Named[int]
    agains: Named[int]
    expected_lapses: Named[float]
    suspended: Named[bool]
    buried_until: Named[date | None]
    asked: Named[bool] = Column(server_default=false())  # for, though it would not come by itself
    missed: Named[bool] = Column(server_default=false())  # when it was last rated


memory = Table(
    "memory",
    METADATA,
    _Memory,
    # With what the statistics count of a day's cards, so that they need not look at each.
    Index(None, "learner_id", "due", "last_day"),
    Index(None, "learner_id", "last_day", "stability"),
    # What is browsed by. Not the learner first: SQLite would take these for other questions, too.
    Index(None, "stability", "difficulty", "reviews", "learner_id", "card_id"),
    Index(None, "lapses", "learner_id", "card_id"),
)

# What holds of each card that is there; said so, SQLite looks for them in an index of their ids,
# which for other questions would be the wrong one.
THERE: Any = text("(card.missing_since IS NULL AND card.position > -1)")
SLIPS = 4  # lapses from which on a card is in an index of those that slip
UNSETTLED: Any = text("(memory.state <> 2)")  # of a card that is new or on its way to a review
SLIPPED: Any = text(f"(memory.lapses >= {SLIPS} OR memory.agains >= {SLIPS})")
# SQLite's alone, by table and name, what each index is on. It knows of no column how many rows have
# a value, and of these it is few that are looked for.
BROWSED: dict[Any, dict[str, str]] = {
    note: {"ix_note_tags": "note (tags)"},
    card: {
        "ix_card_missing_since": "card (missing_since) WHERE missing_since IS NOT NULL",
        "ix_card_there": "card (id) WHERE missing_since IS NULL AND position > -1",
    },
    memory: {
        "ix_memory_lapses": "memory (learner_id, card_id) "
        f"WHERE lapses >= {SLIPS} OR agains >= {SLIPS}",
        "ix_memory_state": "memory (learner_id, card_id) WHERE state <> 2",
        "ix_memory_suspended": "memory (learner_id, card_id) WHERE suspended IS 1",
        "ix_memory_buried_until": "memory (learner_id, buried_until) "
        "WHERE buried_until IS NOT NULL",
    },
}
for _table, _indexes in BROWSED.items():
    for _name, _on in _indexes.items():
        _made = DDL(f"CREATE INDEX {_name} ON {_on}")  # type: ignore[no-untyped-call]
        listen(_table, "after_create", _made.execute_if(dialect="sqlite"))


# What each entry of the log has: the device that wrote it, the wall clock, the learner's seconds
# east of UTC, the study day, and what orders it on its device (see studyapp.memory.stamp). None of
# it is ever computed again.


class _Review(TypedColumns):
    """One rating, never changed. The columns from `effective_day` on are a cache of the fold."""

    id: Named[int] = Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    card_id: Named[int] = Column(ForeignKey("card.id"))
    kind: Named[str]
    rating: Named[int]
    device_id: Named[int] = Column(ForeignKey("device.id"))
    at: Named[datetime] = Column(UTCDateTime)
    offset: Named[int]
    day: Named[date]
    epoch: Named[int]
    stamp: Named[datetime] = Column(UTCDateTime)
    duration: Named[int]  # milliseconds from shown to rated
    variant: Named[str | None]  # which was shown; null: the note's own text
    arm: Named[str | None]  # of a trial, in which it was answered; not always the card's own
    interval: Named[int | None]  # days that were chosen for it (see studyapp.memory.fold.Chosen)
    retention: Named[float | None]
    effective_day: Named[date]  # the study day, after redating
    last_day_before: Named[date | None]  # the study day of the rating, or know, before it
    state_before: Named[int]
    stability_before: Named[float | None]
    difficulty_before: Named[float | None]
    state_after: Named[int]
    stability_after: Named[float | None]
    difficulty_after: Named[float | None]


review = Table(
    "review",
    METADATA,
    _Review,
    Index(None, "card_id", "learner_id"),
    Index(None, "learner_id", "effective_day", "stamp"),
    Index(None, "learner_id", "device_id", "epoch", "stamp"),
)


class _Event(TypedColumns):
    """Anything else that changes memory, never changed; a retract names its target. A redate and
    its retraction concern several cards, and have none."""

    id: Named[int] = Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    card_id: Named[int | None] = Column(ForeignKey("card.id"))
    kind: Named[str]
    device_id: Named[int] = Column(ForeignKey("device.id"))
    at: Named[datetime] = Column(UTCDateTime)
    offset: Named[int]
    day: Named[date]
    epoch: Named[int]
    stamp: Named[datetime] = Column(UTCDateTime)
    target: Named[bytes | None] = Column(LargeBinary(16))
    until: Named[date | None]
    payload: Named[dict[str, Any] | None] = Column(JSON(none_as_null=True))


event = Table(
    "event",
    METADATA,
    _Event,
    Index(None, "card_id", "learner_id"),
    Index(None, "target"),
    Index(None, "learner_id", "day"),
    Index(None, "learner_id", "device_id", "epoch", "stamp"),
)


class _Parameters(TypedColumns):
    """Parameters in force from their place in the log on; the history is kept. One that a fit has
    left has what it came to, be the weights others or not (`fit`, see studyapp.study.fit.own)."""

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    device_id: Named[int] = Column(ForeignKey("device.id"))
    at: Named[datetime] = Column(UTCDateTime)
    day: Named[date]
    epoch: Named[int]
    stamp: Named[datetime] = Column(UTCDateTime)
    weights: Named[list[Any]] = Column(JSON)
    desired_retention: Named[float]
    learning_steps: Named[list[Any]] = Column(JSON)  # seconds
    relearning_steps: Named[list[Any]] = Column(JSON)
    maximum_interval: Named[int]
    fit: Named[dict[str, Any] | None] = Column(JSON(none_as_null=True))


parameters = Table(
    "parameters", METADATA, _Parameters, Index(None, "learner_id", "device_id", "epoch", "stamp")
)


class _ChapterProgress(TypedColumns):
    """That a learner has started a chapter, which lets its cards in; null: they stopped it."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"), primary_key=True)
    started_at: Named[datetime | None] = Column(UTCDateTime)
    changed_at: Named[datetime] = Column(UTCDateTime)


chapter_progress = Table("chapter_progress", METADATA, _ChapterProgress)


class _SectionProgress(TypedColumns):
    """What a learner has done with a section. Starting it lets its cards in."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    section_id: Named[int] = Column(ForeignKey("section.id"), primary_key=True)
    started_at: Named[datetime | None] = Column(UTCDateTime)
    done_at: Named[datetime | None] = Column(UTCDateTime)
    familiarity: Named[int | None]  # 0 to 10, as the learner judges it
    text: Named[str]  # the learner's own note, Markdown
    changed_at: Named[datetime | None] = Column(UTCDateTime)  # null: before this was kept


section_progress = Table("section_progress", METADATA, _SectionProgress)


class _Attempt(TypedColumns):
    """One sitting of a chapter's questionnaire, which may last for weeks.

    A pretest was begun before anything of the chapter was started. `note_id` is the question that
    was on the screen last. No new row is without device, day, epoch, stamp and `changed_at`.
    """

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    chapter_id: Named[int] = Column(ForeignKey("chapter.id"))
    pretest: Named[bool]
    book: Named[bool] = Column(server_default=false())  # the book's own questionnaire alone
    started_at: Named[datetime] = Column(UTCDateTime)
    offset: Named[int]  # seconds east of UTC
    finished_at: Named[datetime | None] = Column(UTCDateTime)
    note_id: Named[int | None] = Column(ForeignKey("note.id"))
    device_id: Named[int | None] = Column(ForeignKey("device.id"))
    day: Named[date | None]
    epoch: Named[int | None]
    stamp: Named[datetime | None] = Column(UTCDateTime)
    changed_at: Named[datetime | None] = Column(UTCDateTime)


attempt = Table(
    "attempt",
    METADATA,
    _Attempt,
    Index(None, "learner_id", "chapter_id"),
    Index(None, "learner_id", "device_id", "epoch", "stamp"),
)


class _Response(TypedColumns):
    """One answer in an attempt, from its first letter on.

    `entries` are the uids (hex) of what its grade wrote to the logs, so that both are taken back
    together. Device, epoch and stamp say when it was graded, in the order of the log.
    """

    id: Named[int] = Column(primary_key=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    attempt_id: Named[int] = Column(ForeignKey("attempt.id"))
    note_id: Named[int] = Column(ForeignKey("note.id"))
    text: Named[str]
    ticked: Named[list[Any]] = Column(JSON)  # the points themselves (see study.questionnaire)
    points: Named[int]  # core points to be said, when it was graded; 0 if ticks tell nothing
    hits: Named[int]  # of these, how many were ticked
    confidence: Named[float | None]
    flagged: Named[bool]
    revealed_at: Named[datetime | None] = Column(UTCDateTime)
    grade: Named[str | None]
    graded_at: Named[datetime | None] = Column(UTCDateTime)
    entries: Named[list[Any]] = Column(JSON)
    changed_at: Named[datetime] = Column(UTCDateTime)
    variant: Named[str | None]  # which was shown; null: the note's own text
    device_id: Named[int | None] = Column(ForeignKey("device.id"))
    epoch: Named[int | None]
    stamp: Named[datetime | None] = Column(UTCDateTime)


response = Table(
    "response",
    METADATA,
    _Response,
    UniqueConstraint("attempt_id", "note_id"),
    Index(None, "learner_id", "note_id"),
    Index(None, "learner_id", "device_id", "epoch", "stamp"),
)


class _Sight(TypedColumns):
    """That a learner has seen an answer which cites a lesson: a prediction is no longer naive."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    lesson: Named[str] = Column(primary_key=True)
    at: Named[datetime] = Column(UTCDateTime)


sight = Table("sight", METADATA, _Sight)


class _Exam(TypedColumns):
    """The exam that a learner studies for; without a `day` it was called off. `chapters` are pairs
    of a pack and a number, or a deck's name; without any it is about all that is started."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    day: Named[date | None]
    planned_on: Named[date | None]
    minutes: Named[int | None]  # of each day until then
    chapters: Named[list[Any] | None] = Column(JSON)
    changed_at: Named[datetime] = Column(UTCDateTime)


exam = Table("exam", METADATA, _Exam)


class _Stale(TypedColumns):
    """That a learner's memories are to be folded anew, and which rule of the fold is another."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    reason: Named[str]


stale = Table("stale", METADATA, _Stale)


class _Tally(TypedColumns):
    """What a study day came to that is over (see studyapp.store.tally): a sum of the log, which can
    be counted anew. `waits` are, as JSON, pairs of days that cards had waited and how many had."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    day: Named[date] = Column(primary_key=True)
    ratings: Named[int]
    reviews: Named[int]
    told: Named[int]
    hits: Named[int]
    waits: Named[str]


tally = Table("tally", METADATA, _Tally)


class _Tallied(TypedColumns):
    """Up to which rows of this database's logs a learner's tallies were held against them last."""

    learner_id: Named[int] = Column(ForeignKey("learner.id"), primary_key=True)
    review_id: Named[int] = Column(BigInteger)
    event_id: Named[int] = Column(BigInteger)


tallied = Table("tallied", METADATA, _Tallied)


class _Run(TypedColumns):
    """One execution of a lesson, whatever came of it.

    `knobs` are all values that were used. `canonical` leaves out those that only count repetitions
    (see studyapp.lab.knobs): it is equal for runs of the same experiment. What only a run that
    ended with a result can tell is null for the others. `device` is what it computed on; no new
    row is without the device that kept it, day, epoch and stamp.
    """

    id: Named[int] = Column(primary_key=True)
    uid: Named[bytes] = Column(LargeBinary(16), unique=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    lesson: Named[str]
    pack: Named[str]
    version: Named[int]
    knobs: Named[dict[str, Any]] = Column(JSON)
    canonical: Named[str]
    seeds: Named[int | None]  # how many, where the lesson has such a knob
    seed: Named[int | None]
    device: Named[str | None]
    python: Named[str | None]
    torch: Named[str | None]
    threads: Named[int | None]
    seconds: Named[float]
    outcome: Named[str]
    started_at: Named[datetime] = Column(UTCDateTime)
    finished_at: Named[datetime] = Column(UTCDateTime)
    offset: Named[int]  # seconds east of UTC, at the end
    device_id: Named[int | None] = Column(ForeignKey("device.id"))
    day: Named[date | None]
    epoch: Named[int | None]
    stamp: Named[datetime | None] = Column(UTCDateTime)
    explanation: Named[str | None]  # what the learner said had happened, and why
    explanation_ticked: Named[dict[str, bool] | None] = Column(JSON)  # of the points shown


run = Table(
    "run",
    METADATA,
    _Run,
    Index(None, "learner_id", "lesson"),
    Index(None, "learner_id", "device_id", "epoch", "stamp"),
)


class _Prediction(TypedColumns):
    """What the learner said before a run, and how it was graded. Only `card_id` comes later.

    `answer` is the text of one of `choices` choices; for a number it is null and the 80% range
    is low..high. `card_id` is the card that a miss led to.
    """

    id: Named[int] = Column(primary_key=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    run_id: Named[int] = Column(ForeignKey("run.id"), unique=True)
    question: Named[str]
    kind: Named[str]
    answer: Named[str | None]
    low: Named[float | None]
    high: Named[float | None]
    choices: Named[int]
    confidence: Named[float | None]
    naive: Named[bool]
    grade: Named[str | None]  # null: the run ended without facts
    score: Named[float | None]
    card_id: Named[int | None] = Column(ForeignKey("card.id"))


prediction = Table("prediction", METADATA, _Prediction)


class _Fact(TypedColumns):
    """One figure that a run measured: the fields of studyapp.lab.protocol.Fact."""

    id: Named[int] = Column(primary_key=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    run_id: Named[int] = Column(ForeignKey("run.id"))
    name: Named[str]
    value: Named[float]
    unit: Named[str]
    low: Named[float | None]
    high: Named[float | None]
    n: Named[int]
    method: Named[str]
    varies: Named[str]
    position: Named[int] = Column(server_default=text("0"))  # its place among the facts of the run


fact = Table("fact", METADATA, _Fact, UniqueConstraint("run_id", "name"))


# What devices exchange (see studyapp.study.devices): files in a folder, one a device.


class _Peer(TypedColumns):
    """The file of a device in the folder where devices meet, as far as it was read; of this one's
    own, written. `torn` lines could not be read, and may be whole when the file is another than
    when it was `seen`; what was `refused` no studyapp has written."""

    uid: Named[bytes] = Column(LargeBinary(16), primary_key=True)
    name: Named[str]
    done: Named[int] = Column(BigInteger)  # bytes
    tail: Named[str]  # the checksum of the line that ends there
    seen: Named[str]  # size and time
    entries: Named[int]
    torn: Named[int]
    refused: Named[int]
    newest: Named[datetime | None] = Column(UTCDateTime)  # of its entries


peer = Table("peer", METADATA, _Peer)


class _Told(TypedColumns):
    """Up to which row a log is in the folder, in this device's file or in the one it came from."""

    log: Named[str] = Column(primary_key=True)
    upto: Named[int] = Column(BigInteger)


told = Table("told", METADATA, _Told)


class _Waiting(TypedColumns):
    """A line of another device that nothing can be made of yet: its card is not here, or a newer
    studyapp wrote it."""

    uid: Named[bytes] = Column(LargeBinary(16), primary_key=True)
    peer_uid: Named[bytes] = Column(LargeBinary(16))
    why: Named[str]
    line: Named[str]


waiting = Table("waiting", METADATA, _Waiting)


class _Version(TypedColumns):
    """What one device has made of a thing that is no log: a text, a tick, a run (`key` says which).

    Those that no other has replaced are its heads, and what they come to is what every device
    shows. `shown` are the ones that it comes to here now, `told` that it is in the folder. One that
    was replaced has no value any more, nor one that is only known to be.
    """

    uid: Named[bytes] = Column(LargeBinary(16), primary_key=True)
    learner_id: Named[int] = Column(ForeignKey("learner.id"))
    key: Named[str]
    value: Named[Any] = Column(JSON)
    stamp: Named[datetime | None] = Column(UTCDateTime)
    replaces: Named[list[Any]] = Column(JSON)
    replaced: Named[bool]
    shown: Named[bool]
    told: Named[bool]


version = Table(
    "version", METADATA, _Version, Index(None, "learner_id", "key"), Index(None, "told")
)
