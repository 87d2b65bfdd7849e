"""Wrong clocks: an hour, three days or a year ahead or behind, for an hour or a week, on one device
and on two that merge."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, insert, select, update

from studyapp.memory.clock import study_day
from studyapp.memory.fold import EPOCH, Adopted, Entry, EventKind, fold
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.stamp import Place
from studyapp.memory.state import Memory, Rating
from studyapp.store import log, record, sync, tables
from studyapp.store.database import open_database
from studyapp.store.drift import drift
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, refold_all
from studyapp.store.parameters import in_force, read_history
from studyapp.study import dates, review
from studyapp.study.undo import undo
from tests_support import START, Clock, desk_of, question, questionnaire

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = 60  # days of an interval
GAPS = (timedelta(minutes=1), timedelta(minutes=12), 3 * HOUR, 20 * HOUR, 3 * DAY)
CARDS = 3

action = st.tuples(
    st.sampled_from(("rate", "rate", "rate", "rate", "undo", "bury", "know", "adopt")),
    st.integers(1, CARDS),
    st.sampled_from(list(Rating)),
    st.sampled_from(GAPS),
)
actions = st.lists(action, min_size=2, max_size=7)
errors = st.sampled_from([sign * by for by in (HOUR, 3 * DAY, 365 * DAY) for sign in (1, -1)])
lengths = st.sampled_from([HOUR, 7 * DAY])


@dataclass
class World:
    """The true time, and in which order everything was really written."""

    now: datetime = START - 420 * DAY
    order: dict[bytes, int] = field(default_factory=dict)


@dataclass
class Device:
    engine: Engine
    world: World
    error: timedelta = timedelta(0)

    @property
    def clock(self) -> datetime:
        return self.world.now + self.error

    def do(self, what: str, card: int, rating: Rating) -> None:
        with writing(self.engine) as connection:
            if what == "rate":
                self._rate(connection, card, rating)
            elif what == "undo":
                undo(connection, self.clock, learner=1)
            elif what == "bury":
                review.bury(connection, card, self.clock, learner=1)
            elif what == "know":
                review.know(connection, card, self.clock, learner=1)
            else:
                weights = (DEFAULT_WEIGHTS[0] + 0.1 * card, *DEFAULT_WEIGHTS[1:])
                wanted = Parameters(weights, 0.8 + 0.03 * rating, maximum_interval=LONGEST)
                log.adopt(connection, wanted, self.clock, learner=1)
            for table in (tables.review, tables.event, tables.parameters):
                for uid in connection.scalars(select(table.c.uid).order_by(table.c.stamp)):
                    self.world.order.setdefault(uid, len(self.world.order))

    def _rate(self, connection: Connection, card: int, rating: Rating) -> None:
        """Rate, and hold what is stored against what the button promised and the clock says."""
        before = read_memory(connection, card, learner=1)
        uid = connection.scalars(select(tables.card.c.uid).where(tables.card.c.id == card)).one()
        parameters = in_force(connection, learner=1)
        promised = review.preview(before, rating, self.clock, uid, parameters)
        after = review.answer(
            connection, card, before.last_review, rating, self.clock, learner=1
        ).memory
        assert replace(after, last_review=b"") == promised
        assert after.last_day == study_day(self.clock)
        assert after.due is not None
        assert timedelta(0) <= after.due - study_day(self.clock) <= LONGEST * DAY


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pack"
        root.mkdir()
        (root / "a.md").write_text(questionnaire(*(question(f"q{n}") for n in range(CARDS))))
        path = Path(folder) / "template.db"
        engine = open_database(str(path))
        with writing(engine) as connection:
            sync.sync(connection, [root], START - 421 * DAY)
            log.adopt(
                connection, Parameters(maximum_interval=LONGEST), START - 421 * DAY, learner=1
            )
        engine.dispose()
        yield path


def copy(template: Path, path: Path) -> Engine:
    """Another device's database of the same content."""
    shutil.copy(template, path)
    engine = open_database(str(path))
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    engine.dispose()  # the laws are not about the disk
    with writing(engine) as connection:
        connection.execute(update(tables.device).values(uid=uuid4().bytes))
    return engine


def merge(source: Engine, target: Engine) -> None:
    """The union of the logs by uid."""
    with reading(source) as connection:
        devices = connection.execute(select(tables.device)).all()
        rows = {
            table: connection.execute(select(table)).all()
            for table in (tables.review, tables.event, tables.parameters)
        }
    with writing(target) as connection:
        known = dict(connection.execute(select(tables.device.c.uid, tables.device.c.id)).all())
        ids = {}
        for row in devices:
            if row.uid not in known:
                values = {**row._mapping, "own": False}
                del values["id"]
                known[row.uid] = connection.execute(
                    insert(tables.device).values(**values).returning(tables.device.c.id)
                ).scalar_one()
            ids[row.id] = known[row.uid]
        for table, found in rows.items():
            there = set(connection.scalars(select(table.c.uid)))
            for row in found:
                if row.uid not in there:
                    values = {**row._mapping, "device_id": ids[row.device_id]}
                    del values["id"]
                    connection.execute(insert(table).values(**values))
        refold_all(connection, range(1, CARDS + 1), learner=1)


def memories(engine: Engine) -> list[Memory]:
    with reading(engine) as connection:
        return [read_memory(connection, card, learner=1) for card in range(1, CARDS + 1)]


def in_true_order(engine: Engine, world: World) -> list[Memory]:
    """The fold of what is there, in the order in which it was really written."""

    def placed(entry: Entry | Adopted) -> Place:
        at = EPOCH + timedelta(seconds=1 + world.order.get(entry.uid, -1))
        return Place(at, at, 0, at)

    with reading(engine) as connection:
        history = [
            replace(one, place=placed(one) if one.uid else one.place)
            for one in read_history(connection, learner=1)
        ]
        return [
            fold(
                [
                    replace(entry, place=placed(entry))
                    for entry in record.read_log(connection, card, learner=1)
                ],
                connection.scalars(select(tables.card.c.uid).where(tables.card.c.id == card)).one(),
                history,
            )
            for card in range(1, CARDS + 1)
        ]


Script = list[tuple[str, int, Rating, timedelta]]


def play(devices: list[Device], script: Script, until: timedelta | None = None) -> None:
    """Do what the script says, by turns, within the time *until* if that is given."""
    world, start = devices[0].world, devices[0].world.now
    for index, (what, card, rating, gap) in enumerate(script):
        wait = gap if until is None else min(gap, until / (len(script) + 1))
        world.now += wait
        devices[index % len(devices)].do(what, card, rating)
    if until is not None:
        world.now = start + until


@settings(max_examples=12, deadline=None, derandomize=True)
@given(errors, lengths, actions, actions, actions, st.booleans())
def test_wrong_clocks(
    template: Path,
    error: timedelta,
    length: timedelta,
    before: Script,
    during: Script,
    after: Script,
    two: bool,
) -> None:
    """On a device that has been used for a year; the other one rests while this one's clock is
    wrong, and as long before and after as the error is, if that is some days: which of two clocks
    is right, nobody can tell from within."""
    with tempfile.TemporaryDirectory() as folder:
        world = World()
        names = "ab" if two else "a"
        devices = [Device(copy(template, Path(folder) / f"{name}.db"), world) for name in names]
        for number in range(40):  # a year of use
            world.now += 10 * DAY
            devices[number % len(devices)].do("rate", number % CARDS + 1, Rating.GOOD)
        play(devices, before)
        rest = 4 * DAY if abs(error) < 30 * DAY else timedelta(0)
        world.now += rest + HOUR
        devices[0].error = error
        play(devices[:1], during, length)
        devices[0].error = timedelta(0)
        play(devices[:1], after)
        world.now += rest
        play(devices, after[::-1])

        for one in devices:  # what is stored, and each device by itself
            assert memories(one.engine) == in_true_order(one.engine, world)
        merged = [copy(template, Path(folder) / f"m{number}.db") for number in range(2)]
        for target, sources in zip(merged, (devices, devices[::-1]), strict=True):
            for one in sources:
                merge(one.engine, target)
            for one in sources:  # again: nothing is there twice
                merge(one.engine, target)
        assert memories(merged[0]) == memories(merged[1]) == in_true_order(merged[0], world)

        rated_on = Device(merged[0], world)  # and life goes on there
        world.now += DAY
        for card in range(1, CARDS + 1):
            rated_on.do("rate", card, Rating.GOOD)
        stored = memories(merged[0])
        nothing_absurd(merged[0], world, stored)
        for engine in (*(one.engine for one in devices), *merged):
            engine.dispose()


def berlin(at: datetime) -> timezone:
    """The zone of a wall clock that goes to summer time and back."""
    summer = datetime(2026, 3, 29, 1, tzinfo=UTC) <= at < datetime(2026, 10, 25, 1, tzinfo=UTC)
    return timezone(HOUR * (2 if summer else 1))


def sofia(at: datetime) -> timezone:
    return timezone(berlin(at).utcoffset(at) + HOUR)


def auckland(at: datetime) -> timezone:
    summer = not datetime(2026, 4, 4, 14, tzinfo=UTC) <= at < datetime(2026, 9, 26, 14, tzinfo=UTC)
    return timezone(HOUR * (13 if summer else 12))


def pago_pago(at: datetime) -> timezone:
    return timezone(-11 * HOUR)


journeys = st.lists(
    st.tuples(
        st.integers(1, CARDS),
        st.sampled_from(list(Rating)),
        st.sampled_from([*GAPS, timedelta(minutes=50), 9 * HOUR]),
        st.sampled_from([berlin, berlin, sofia, auckland, pago_pago]),
    ),
    min_size=4,
    max_size=10,
)


@pytest.mark.parametrize("month", [3, 10], ids=["to summer time", "and back"])
@settings(max_examples=8, deadline=None, derandomize=True)
@given(journeys)
def test_travel_and_summer_time_lose_nothing_and_date_nothing_absurdly(
    month: int, template: Path, journey: list[Any]
) -> None:
    """From the evening before the clocks change, through an hour that is missing or double."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(datetime(2026, month, 28 if month == 3 else 24, 20, tzinfo=UTC))
        here, written = Device(copy(template, Path(folder) / "a.db"), world), list[datetime]()
        for card, rating, gap, zone in journey:
            world.now = (world.now + gap).astimezone(UTC)
            world.now = world.now.astimezone(zone(world.now))
            here.do("rate", card, rating)  # which holds the day and the date against the clock
            written.append(world.now.astimezone(UTC))
            with reading(here.engine) as connection:
                step = read_memory(connection, card, learner=1).due_at
            assert step is None or timedelta(0) < step - world.now <= timedelta(minutes=15)
        with reading(here.engine) as connection:
            row = tables.review.c
            kept = connection.execute(select(row.at, row.offset, row.day).order_by(row.stamp)).all()
        assert [one.at for one in kept] == written
        for one in kept:
            assert one.day == study_day(one.at.astimezone(timezone(timedelta(seconds=one.offset))))
        stored = memories(here.engine)
        assert stored == in_true_order(here.engine, world)
        last = study_day(world.now) + (LONGEST + 1) * DAY  # in the farthest west it is yesterday
        assert all(one.due <= last for one in stored if one.due is not None)
        here.engine.dispose()


def nothing_absurd(engine: Engine, world: World, stored: list[Memory]) -> None:
    """With dates put right nothing is due or buried beyond what a right clock can bring about; and
    one undo gives the dates back."""
    desk = desk_of(engine, Clock(world.now))
    today = study_day(world.now)
    with reading(engine) as connection:
        found = dates.ahead(connection, world.now, learner=1)
    if found is None:
        with pytest.raises(Exception, match=r"^Nothing is dated in the future\.$"):
            dates.redate(desk)
    else:
        assert found.latest > today - DAY
        assert dates.redate(desk) == found
    for memory in memories(engine):
        assert memory.last_day is not None
        assert memory.due is not None
        assert memory.last_day <= today
        assert memory.due <= today + LONGEST * DAY
        assert memory.buried_until is None or memory.buried_until <= today + DAY
    with reading(engine) as connection:
        assert dates.ahead(connection, world.now, learner=1) is None
    if found is not None:
        with writing(engine) as connection:
            undone = undo(connection, world.now, learner=1)
            assert dates.ahead(connection, world.now, learner=1) == found
        assert undone is not None
        assert (undone.what, undone.card) == ("the new dates", None)
        assert memories(engine) == stored


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), HOUR, 3 * DAY, 365 * DAY])
def test_an_entry_from_elsewhere_that_is_ahead_moves_no_rating_of_today(
    template: Path, tmp_path: Path, ahead: timedelta
) -> None:
    """It was there, so it was before; and so do all copies say. A changed setting is in force."""
    world = World(START)
    here = Device(copy(template, tmp_path / "a.db"), world)
    there = Device(copy(template, tmp_path / "b.db"), world, ahead)
    for card in (1, 2):
        here.do("rate", card, Rating.GOOD)
    world.now += DAY
    there.do("adopt", 3, Rating.EASY)
    there.do("rate", 1, Rating.GOOD)
    there.do("bury", 2, Rating.GOOD)
    merge(there.engine, here.engine)
    for _ in range(3):
        here.do("rate", 1, Rating.AGAIN)  # which holds date and button against what is stored
        here.do("rate", 2, Rating.GOOD)
    here.do("adopt", 1, Rating.HARD)
    with reading(here.engine) as connection:
        assert in_force(connection, learner=1).desired_retention == 0.8 + 0.03 * Rating.HARD
        caught = select(tables.event.c.kind).where(tables.event.c.card_id.is_(None))
        assert connection.scalars(caught).all() == [EventKind.CAUGHT_UP.value]
    there.do("rate", 1, Rating.GOOD)  # and goes on there, ahead again
    merge(here.engine, there.engine)
    merge(there.engine, here.engine)
    assert memories(here.engine) == memories(there.engine)
    here.do("rate", 1, Rating.GOOD)
    merged = [copy(template, tmp_path / f"m{number}.db") for number in range(2)]
    for target, sources in zip(merged, ((here, there), (there, here)), strict=True):
        for one in sources:
            merge(one.engine, target)
        assert memories(target) == memories(here.engine)
    with writing(here.engine) as connection:
        undone = undo(connection, here.clock, learner=1)
    assert undone is not None
    assert undone.card == 1
    for engine in (here.engine, there.engine, *merged):
        engine.dispose()


@pytest.mark.parametrize("devices", [2, 3])
def test_catching_up_folds_anew_whatever_it_moves(
    template: Path, tmp_path: Path, devices: int
) -> None:
    """Here the clock was ahead, too, and is right again. So of two ratings of card 2 that are both
    ahead the later one stands before the earlier one from now on: be it that one is of here, and
    the card is the one that is rated now, or that both are of others, whom it passes."""
    world = World(START)
    here, early, late = (
        Device(copy(template, tmp_path / f"{name}.db"), world, 3 * DAY) for name in "abc"
    )
    if devices == 2:
        here.do("rate", 2, Rating.GOOD)
    else:
        early.error = 5 * DAY
        early.do("rate", 2, Rating.GOOD)
        merge(early.engine, here.engine)
        here.do("rate", 1, Rating.GOOD)  # and catches up with it
    world.now += DAY
    late.do("rate", 2, Rating.GOOD)
    merge(late.engine, here.engine)
    here.error = timedelta(0)
    here.do("rate", 2 if devices == 2 else 1, Rating.GOOD)
    cards = range(1, CARDS + 1)
    with reading(here.engine) as connection:
        found = drift(connection, cards, learner=1)
    assert (found.memories, found.caches) == ([], [])
    for one in (here, early, late):
        one.engine.dispose()
