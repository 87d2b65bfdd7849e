"""Devices of one learner in one process, and all that may befall what they exchange.

Each has a home, a clock, a database and a folder of its own in which the files of all meet, as a
synced folder has: what one writes reaches the others late, twice, torn, as an older copy or not at
all. A model keeps what the learner saw saved and has not taken back.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event, select

from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.scheduler import DEFAULT_WEIGHTS, Parameters
from studyapp.memory.state import Rating
from studyapp.notes.note import NoteKind
from studyapp.store import log, tables, tally
from studyapp.store.database import open_database
from studyapp.store.drift import drift
from studyapp.store.engine import reading
from studyapp.store.memory import MEMORY_COLUMNS, as_memory, read_memory
from studyapp.store.parameters import in_force
from studyapp.study import exam, library, pause, retention, review, tracker
from studyapp.study.desk import Desk
from studyapp.study.devices import exchange, state
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.spread import Spread
from studyapp.study.statistics import days
from studyapp.study.undo import undo
from tests_support import Clock, question, questionnaire

FATES = ("whole", "whole", "whole", "torn", "older", "missing")
KINDS = (*[ReviewKind.STUDY] * 4, ReviewKind.AHEAD, ReviewKind.CRAM)
ACTIONS = (
    *["rate"] * 8,
    *["undo", "suspend", "bury", "know", "set due", "forget", "adopt", "pause", "clock"],
    *["count", "count", "retention"],
    *["section", "section", "tick", "familiar", "chapter", "exam"],
    *["answer", "answer", "grade"],
    *["new note", "note", "note", "take out"],
    *["meet"] * 4,
    *["carry"] * 6,
)


@dataclass
class Device:
    """One machine."""

    home: Path
    clock: Clock
    engine: Engine
    desk: Desk
    folder: Path
    copies: dict[str, list[bytes]] = field(default_factory=dict)  # of files, as they were

    @contextmanager
    def at_home(self) -> Iterator[Desk]:
        """Its own folders are those of the machine."""
        with patch.dict(os.environ, {"XDG_DATA_HOME": str(self.home)}):
            yield self.desk

    @property
    def mine(self) -> Path:
        return self.home / "studyapp" / "packs" / "mine"


def pack(folder: Path) -> Path:
    """The installed content of all devices: six questions in two chapters, and two sections."""
    folder.mkdir(parents=True)
    (folder / "1.md").write_text(questionnaire(*(question(f"q{n}") for n in range(4))))
    (folder / "2.md").write_text(questionnaire(question("r0", chapter=2), chapter=2))
    sections = questionnaire("## 1.1 First\n\nProse.", "## 1.2 Second\n\nProse.")
    (folder / "reading.md").write_text(sections.replace("kind: questionnaire", "kind: reading"))
    return folder


def device(home: Path, clock: Clock, *, sync: bool = False) -> Device:
    folder = home / "meeting"
    folder.mkdir(parents=True)
    with patch.dict(os.environ, {"XDG_DATA_HOME": str(home)}):
        engine = open_database(str(home / "study.db"))
        if not sync:
            event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
            engine.dispose()
        desk = Desk(engine, Current(Settings(devices=str(folder))), clock, learner=1)
        library.refresh(desk)
    return Device(home, clock, engine, desk, folder)


@contextmanager
def sharing(root: Path, devices: int) -> Iterator[World]:
    """Devices that share one folder, as a stick does."""
    made = World(root, random.Random(1), devices)
    for one in made.devices:
        one.folder = made.devices[0].folder
        one.desk = replace(one.desk, current=Current(Settings(devices=str(one.folder))))
    with made.installed():
        yield made
    for one in made.devices:
        one.engine.dispose()


def meet(one: Device) -> exchange.Met:
    with one.at_home() as desk:
        return exchange.meet(desk, opening=True)


class World:
    """Three devices and what the learner does with them."""

    def __init__(self, root: Path, chance: random.Random, devices: int = 3) -> None:
        self.chance = chance
        self.content = pack(root / "content")
        self.written = 0
        self.alive = dict[Any, set[str]]()  # by key: the words that nobody has taken out
        self.logged = set[bytes]()
        self.done = Counter[str]()
        self.devices = list[Device]()
        with self.installed():
            for number in range(devices):
                clock = Clock()
                clock.forward(minutes=number)
                self.devices.append(device(root / f"device-{number}", clock))

    @contextmanager
    def installed(self) -> Iterator[None]:
        with patch.object(library, "installed_roots", lambda: [self.content]):
            yield

    def step(self, what: str, number: int) -> None:
        """Do something at a device; where it is refused with a sentence nothing has happened."""
        one = self.devices[number]
        one.clock.forward(minutes=self.chance.choice([0, 1, 1, 20, 900, 2000]))
        with self.installed(), one.at_home() as desk, suppress(StudyError):
            getattr(self, f"_{what.replace(' ', '_')}")(one, desk)
            self.done[what] += 1

    # What is logged

    def _rate(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            card = self._card(connection)
            column = tables.card.c
            of = connection.execute(
                select(column.uid, column.chapter_id).where(column.id == card)
            ).one()
            memory = read_memory(connection, card, learner=1)
            seen = memory.last_review
            rating = Rating(self.chance.randint(1, 4))
            kind, now = self.chance.choice(KINDS), one.clock()
            spread = Spread.read(connection, now, desk.settings, learner=1)
            options = spread.options(memory, now, *of, kind=kind)
            chosen = options[rating].chosen
            done = review.answer(
                connection, card, seen, rating, now, kind=kind, chosen=chosen, learner=1
            )
        self.logged.update(done.logged)

    def _card(self, connection: Any) -> int:
        uids = connection.scalars(select(tables.card.c.uid).order_by(tables.card.c.uid)).all()
        return int(
            connection.scalar(
                select(tables.card.c.id).where(tables.card.c.uid == self.chance.choice(uids))
            )
        )

    def _undo(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            undo(connection, one.clock(), learner=1)

    def _suspend(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            review.suspend(connection, self._card(connection), one.clock(), learner=1)

    def _bury(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            review.bury(connection, self._card(connection), one.clock(), learner=1)

    def _know(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            review.know(connection, self._card(connection), one.clock(), learner=1)

    def _forget(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            review.forget(connection, self._card(connection), one.clock(), learner=1)

    def _set_due(self, one: Device, desk: Desk) -> None:
        day = one.clock().date() + timedelta(days=self.chance.randint(0, 9))
        with desk.writing() as connection:
            review.set_due(connection, self._card(connection), day, one.clock(), learner=1)

    def _adopt(self, one: Device, desk: Desk) -> None:
        if self.chance.random() < 0.9:  # all memories are folded anew each time
            return
        weights = (DEFAULT_WEIGHTS[0] + self.chance.random() / 10, *DEFAULT_WEIGHTS[1:])
        with desk.writing() as connection:
            log.adopt(connection, Parameters(weights, 0.85), one.clock(), learner=1)

    def _retention(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            wanted = self.chance.choice([None, 0.8, 0.97])
            retention.aim(connection, 1, wanted, one.clock(), learner=1)

    def _pause(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            held = pause.paused(connection, learner=1)
            turn = pause.resume if held else pause.pause
            turn(connection, self.chance.choice([None, *held]), one.clock(), learner=1)

    def _count(self, one: Device, desk: Desk) -> None:
        """Look at the statistics, which keep what days came to that are over."""
        today = study_day(one.clock())
        days.keep(desk, today - timedelta(days=40), today - timedelta(days=1))
        assert_kept(one)

    def _clock(self, one: Device, desk: Desk) -> None:
        """Set the clock wrong, or right again."""
        one.clock.forward(minutes=self.chance.choice([-5, -300, 300, -50000, 50000]))

    # What is no log

    def _word(self) -> str:
        self.written += 1
        return f"word{self.written}"

    def _edited(self, key: Any, text: str) -> str:
        """A text with a new word, either more of it or instead of it."""
        word, alive = self._word(), self.alive.setdefault(key, set())
        if self.chance.random() < 0.4:
            alive.difference_update(text.split())
            text = ""
        alive.add(word)
        return f"{text}\n\n{word}".strip()

    def _section(self, one: Device, desk: Desk) -> None:
        number = self.chance.choice(["1.1", "1.2"])
        with desk.writing() as connection:
            section = tracker.find_section(connection, 1, number, learner=1)
            assert section is not None
            text = self._edited(("section", number), section.own)
            tracker.write_note(
                connection, section.id, text, section.own, now=one.clock(), learner=1
            )

    def _tick(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            section = tracker.find_section(connection, 1, "1.1", learner=1)
            assert section is not None
            tracker.set_done(connection, section.id, not section.done, one.clock(), learner=1)

    def _familiar(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            section = tracker.find_section(connection, 1, "1.2", learner=1)
            assert section is not None
            level = self.chance.choice([None, 0, 5, 10])
            tracker.set_familiarity(connection, section.id, level, now=one.clock(), learner=1)

    def _chapter(self, one: Device, desk: Desk) -> None:
        with desk.writing() as connection:
            if self.chance.random() < 0.5:
                library.start_chapter(connection, 2, one.clock(), learner=1)
            else:
                tracker.stop_chapter(connection, 2, now=one.clock(), learner=1)

    def _exam(self, one: Device, desk: Desk) -> None:
        now = one.clock()
        with desk.writing() as connection:
            if self.chance.random() < 0.3:
                exam.call_off(connection, now, learner=1)
                return
            day = now.date() + timedelta(days=self.chance.randint(2, 400))
            minutes, chapters = self.chance.randint(1, 600), self.chance.choice([(), (1,), (1, 2)])
            exam.plan(connection, day, minutes, chapters, now, learner=1)

    def _answer(self, one: Device, desk: Desk) -> None:
        attempt = Attempt(desk, 1)
        attempt.go_to(self.chance.randrange(4))
        asked = attempt.current
        if asked.grade is None:
            key = ("answer", self._uid_of(desk, attempt.id), asked.note.id)
            before = {name: set(words) for name, words in self.alive.items()}
            try:
                attempt.write(self._edited(key, asked.text))
            except StudyError:
                self.alive = before
                raise
            attempt.tick(frozenset({0} if self.chance.random() < 0.5 else ()))

    def _uid_of(self, desk: Desk, attempt: int) -> str:
        with desk.reading() as connection:
            uid = connection.scalar(
                select(tables.attempt.c.uid).where(tables.attempt.c.id == attempt)
            )
        assert uid is not None
        return uid.hex()

    def _grade(self, one: Device, desk: Desk) -> None:
        attempt = Attempt(desk, 1)
        if attempt.current.grade is None:
            attempt.reveal()
            attempt.grade(self.chance.choice([Grade.MISSED, Grade.PARTLY, Grade.GOT]))

    # Own notes

    def _new_note(self, one: Device, desk: Desk) -> None:
        if self.written % 5:  # they stay few
            return
        word = self._word()
        name = f"own-{word}"
        library.keep_note(desk, _HOME, name, f"## Own {word} {{#{name}}}\n\n{word}")
        self.alive["note", name] = {word}

    def _note(self, one: Device, desk: Desk) -> None:
        found = self._own(one)
        if found:
            name, old = self.chance.choice(found)
            heading, _, body = old.partition("\n\n")
            new = f"{heading}\n\n{self._edited(('note', name), body)}"
            self._rewrite(one, old, new)
            library.refresh(desk)

    def _take_out(self, one: Device, desk: Desk) -> None:
        found = self._own(one)
        if found and self.chance.random() < 0.3:
            name, old = self.chance.choice(found)
            self.alive["note", name].difference_update(old.split())
            self._rewrite(one, old, "")
            library.refresh(desk)

    def _own(self, one: Device) -> list[tuple[str, str]]:
        """The notes in the learner's file, by their ids."""
        text = _text_of(one)
        notes = ["## " + part.strip() for part in text.split("\n## ")[1:]]
        return [(note.partition("{#")[2].partition("}")[0], note) for note in notes]

    def _rewrite(self, one: Device, old: str, new: str) -> None:
        path = one.mine / _FILE
        text = path.read_text().replace(old, new)
        path.write_text(text)
        self.written += 1
        stamp = 1_700_000_000 + self.written  # a file that changes twice in a tick has two times
        os.utime(path, (stamp, stamp))

    # Meeting

    def _meet(self, one: Device, desk: Desk) -> None:
        exchange.meet(desk, opening=self.chance.random() < 0.3)
        self._remember(one)

    def _remember(self, one: Device) -> None:
        own = self._own_file(one)
        if own.exists():
            one.copies.setdefault(own.name, []).append(own.read_bytes())
            del one.copies[own.name][:-3]

    def _own_file(self, one: Device) -> Path:
        with reading(one.engine) as connection:
            uid = connection.scalar(select(tables.device.c.uid).where(tables.device.c.own))
        assert uid is not None
        return one.folder / f"{uid.hex()}.jsonl"

    def _carry(self, one: Device, desk: Desk) -> None:
        """Bring this device's file to another one, as it may arrive there."""
        other = self.chance.choice([it for it in self.devices if it is not one])
        self.carry(one, other, self.chance.choice(FATES))

    def carry(self, one: Device, other: Device, fate: str) -> None:
        own = self._own_file(one)
        if not own.exists():
            return
        target, text = other.folder / own.name, own.read_bytes()
        if fate == "missing":
            target.unlink(missing_ok=True)
            if self.chance.random() < 0.1:
                own.unlink()
            return
        if fate == "torn":
            text = text[: self.chance.randrange(len(text) + 1)]
            if self.chance.random() < 0.3 and len(text) > 10:
                at = self.chance.randrange(len(text) - 5)
                text = text[:at] + b"#####" + text[at + 5 :]
        elif fate == "older":
            text = self.chance.choice(one.copies.get(own.name, [text]))
        target.write_bytes(text)

    def settle(self) -> None:
        """Carry everything everywhere until nothing is new."""
        for one in self.devices:  # all clocks are right again, and nobody is far behind
            one.clock.now = max(it.clock.now for it in self.devices)
        for _ in range(4):
            for one in self.devices:
                with self.installed(), one.at_home() as desk:
                    exchange.meet(desk, opening=True)
            for one in self.devices:
                for other in self.devices:
                    if one is not other:
                        self.carry(one, other, "whole")

    def check(self) -> None:
        """All devices are equal, and nothing that was saved is missing."""
        with self.installed():
            found = []
            for one in self.devices:
                assert_kept(one)
                with one.at_home():
                    found.append(shown(one))
        for other in found[1:]:
            assert_alike(found[0], other)
        assert self.logged <= found[0]["logged"]
        for key, words in self.alive.items():
            text = found[0]["texts"].get(key, "")
            assert words <= set(text.replace("> ", " ").split()), (key, words, text)

    def close(self) -> None:
        for one in self.devices:
            one.engine.dispose()
            shutil.rmtree(one.home)
        shutil.rmtree(self.content)


def assert_kept(one: Device) -> None:
    """What is kept of days is what the log says of them."""
    with reading(one.engine) as connection:
        kept = tally.read(connection, date.min, date.max, learner=1)
        assert kept == days.count(connection, sorted(kept), learner=1)


def assert_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two devices show the same, and nothing waits on either."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value == other[name], name
    assert not one["waiting"]


_FILE = "chapter-1-questions.md"
_HOME = library.Home("test", "1. Part", 1, "Chapter 1")
assert NoteKind.QUESTION.value == "question"


def _text_of(one: Device) -> str:
    path = one.mine / _FILE
    return path.read_text() if path.exists() else ""


def shown(one: Device) -> dict[str, Any]:
    """What a device has, by names that every device knows."""
    found = dict[str, Any]()
    with reading(one.engine) as connection:
        cards = dict(connection.execute(select(tables.card.c.id, tables.card.c.uid)).all())
        rows: Any = connection.execute(select(*MEMORY_COLUMNS, tables.memory.c.card_id))
        found["memories"] = {cards[row.card_id]: asdict(as_memory(row)) for row in rows}
        found["cards"] = set(cards.values())
        found["waiting"] = set(connection.scalars(select(tables.waiting.c.uid)))
        found["drift"] = drift(connection, list(cards), learner=1)
        logs = (tables.review, tables.event, tables.parameters)
        found["logged"] = {uid for it in logs for uid in connection.scalars(select(it.c.uid))}
        found["in force"] = asdict(in_force(connection, learner=1))
        found["paused"] = pause.paused(connection, learner=1)
        found["retention"] = retention.own(connection, learner=1)
        found["state"] = {
            item.key: item.value
            for item in state.read(connection, learner=1)
            if item.value not in (None, "", False, [])
        }
        found["texts"] = {
            ("section", key[3]): value
            for key, value in found["state"].items()
            if key[0] == "section" and key[-1] == "text"
        }
        names = dict(connection.execute(select(tables.note.c.uid, tables.note.c.name)).all())
        found["texts"] |= {
            ("answer", key[1], names[bytes.fromhex(key[2])]): value
            for key, value in found["state"].items()
            if key[0] == "response" and key[-1] == "text"
        }
    own = _text_of(one)
    for part in own.split("\n## ")[1:]:
        name = part.partition("{#")[2].partition("}")[0]
        found["texts"]["note", name] = part.strip()
    return found
