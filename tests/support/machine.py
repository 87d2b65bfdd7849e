"""One device on which anything is done in any order, beside the simple model of it.

A machine of our own and not hypothesis's: that one begins anew every fifty steps, a beginning costs
as much as they do, and a log of years never comes about. What it would give, a short run that
fails, the `trail` gives mostly: the last things that were done.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields
from datetime import date, datetime, timedelta, timezone
from math import isclose
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

import deeds
import ledger as model
from ledger import DAY, NEW, Answer, Card, Entry, Ledger, day_of
from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Memory, Rating
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Moment, Schedule, Stage
from studyapp.store import owner, tables
from studyapp.store.backup import Backup
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.study import imports, library, pause, plan, queue, review
from studyapp.study.backup import restored
from studyapp.study.chapter import find
from studyapp.study.grading import Grade
from studyapp.study.imports import Source
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.receipt import Receipt
from studyapp.study.sitting import Sitting
from tests_support import START, question, questionnaire

QUESTIONS, TERMS, BROUGHT = 10, 3, 4
ENDLESS = Settings(new_a_day=10**6, minutes_a_day=10**6)
COUNT, LOOK = 3, 30  # things done between two looks at the counts, and at all that is kept
_JUMPS = tuple(sign * by for by in (timedelta(hours=1), 3 * DAY, 365 * DAY) for sign in (1, -1))
_ZONES = tuple(timezone(timedelta(hours=hours)) for hours in (-11, -5, 0, 2, 5.5, 13))
_ELSEWHERE = START - 3650 * DAY


class Machine:
    """A learner who does what *chance* says, on a real study in *folder* and in a ledger."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.place = chance, deeds.Place(folder)
        self.clock = self.place.clock
        self.ledger, self.backups = Ledger(), list[tuple[Path, Ledger]]()
        self.trail = deque[str](maxlen=30)
        self.in_front = False  # a card that was taken back, due or not
        self.done = 0
        self.logged = list[bytes]()  # by imports
        _furnish(self.place.content)
        self.start()
        self.ledger.started.add("1")
        self.register()

    def start(self) -> None:
        """As a program does; what is not about the disk does not wait for it."""
        self.place.enter()
        current = Current(ENDLESS)
        self.desk, _ = library.open_study(str(self.place.database), current, self.clock, None)
        event.listen(
            self.desk.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF")
        )
        self.desk.engine.dispose()
        self.sitting, self.looked = Sitting(self.desk), self.today
        self.resume()

    def resume(self) -> None:
        self.attempt = Attempt(self.desk, self.chapter("1"))
        names = [one.note.prompt for one in self.attempt.questions]
        self.ledger.attempts.setdefault(self.attempt.id, {name: Answer() for name in names})

    def close(self) -> None:
        self.desk.close()

    def chapter(self, name: str) -> int:
        with self.desk.reading() as connection:
            return find(connection, name, learner=1)

    def register(self) -> None:
        """Which cards there are is the content's to say."""
        card, note, chapter = tables.card.c, tables.note.c, tables.chapter.c
        with self.desk.reading() as connection:
            rows = connection.execute(
                select(card.id, card.uid, card.opener, note.prompt, note.answer, chapter.number)
                .join(tables.note, note.id == card.note_id)
                .join(tables.chapter, chapter.id == card.chapter_id)
                .where(card.missing_since.is_(None), owner.visible(card, learner=1))
            ).all()
        uids = {row.id: row.uid for row in rows}
        for row in rows:
            chapter_name = str(row.number or "deck")
            opener = uids.get(row.opener)
            made = Card(row.uid, row.prompt, chapter_name, opener)
            self.ledger.cards.setdefault(row.uid, made)
            self.ledger.notes.setdefault(row.prompt, deeds.said(row.answer))

    # how it is driven

    def step(self) -> None:
        """Do one thing on both sides, and hold them against each other."""
        self.clock.forward(seconds=self.chance.choice((1, 7, 40, 400)))
        if self.today != self.looked:  # the night has gone by meanwhile
            self.refresh()
        what = self.chance.choices(_NAMES, _WEIGHTS)[0]
        self.trail.append(f"{self.clock.now:%Y-%m-%d %H:%M:%S%z} {what}")
        _ACTIONS[what][0](self)
        self.done += 1
        if self.done % COUNT == 0:
            self.compare_counts()
        if self.done % LOOK == 0:
            self.compare_all()

    def note(self, what: object) -> None:
        self.trail[-1] += f" {what}"

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def today(self) -> date:
        return day_of(self.clock.now)

    def entry(self, what: str, **more: Any) -> Entry:
        return {"what": what, "day": self.today, "now": self.now, **more}

    def any_card(self) -> Card:
        return self.chance.choice(sorted(self.ledger.cards.values(), key=lambda one: one.uid))

    def id_of(self, card: Card) -> int:
        column = tables.card.c
        with self.desk.reading() as connection:
            visible = owner.visible(column, learner=1)
            return connection.scalars(
                select(column.id).where(column.uid == card.uid, visible)
            ).one()

    def refresh(self) -> None:
        """As the review does when one comes back to it."""
        self.in_front, self.looked = False, self.today
        self.sitting.refresh()

    def rated(self, uid: bytes | None, **told: Any) -> Entry:
        """A rating with the interval that was chosen for it: of the newest, if none is named."""
        column = tables.review.c
        with self.desk.reading() as connection:
            interval = connection.scalars(
                select(column.interval)
                .where(column.uid == uid if uid else column.id > 0)
                .order_by(column.id.desc())
                .limit(1)
            ).one()
        return self.entry("rate", interval=interval, **told)

    # what is done

    def rate(self) -> None:
        view = self.sitting.view
        if view is None:
            return
        rating, card = Rating(self.chance.choice((1, 1, 2, 3, 3, 4))), self.ledger.cards[view.uid]
        partly = rating is Rating.AGAIN and self.chance.random() < 0.5
        promised = self.sitting.options()[rating]
        self.note(f"{rating.name} {'partly ' * partly}{card.note}")
        self.in_front = False
        answered = self.sitting.rate(rating, due_on=self.today + DAY if partly else None)
        entries = [(card, self.rated(answered.logged[0], rating=int(rating)))]
        if partly:
            entries.append((card, self.entry("set due", until=self.today + DAY)))
        self.ledger.do(*entries)
        if not partly:
            assert (promised.due, promised.due_at) == (answered.memory.due, answered.memory.due_at)
        same(answered.memory, card)

    def choose(self) -> None:
        """A cram of all, or a review of what comes within a week: some of it."""
        crammed = self.chance.random() < 0.5
        sitting = Sitting(self.desk, plan.cram() if crammed else plan.ahead(7))
        asked, more = set[bytes](), self.ledger.choice(self.today, crammed=crammed)
        for _ in range(self.chance.choice((1, 3, 30))):
            if (view := sitting.view) is None:
                break
            assert view.uid in more - asked
            asked.add(view.uid)
            rating, card = Rating(self.chance.choice((1, 2, 3, 3, 4))), self.ledger.cards[view.uid]
            self.note(f"{'cram' if crammed else 'ahead'} {rating.name} {card.note}")
            answered = sitting.rate(rating)
            entry = self.rated(answered.logged[0], rating=int(rating), cram=crammed)
            self.ledger.do((card, entry))
            same(answered.memory, card)
        assert not crammed or sitting.view or asked == more
        self.refresh()

    def undo(self) -> None:
        undone = self.sitting.undo()
        assert (undone is None) == (not self.ledger.done)
        if undone is not None:
            self.note(undone.what)
            self.ledger.take_back(self.ledger.done[-1])
            self.in_front = True
        if undone is not None and undone.grade:
            self.attempt.reload()

    def set_aside(self) -> None:
        view = self.sitting.view
        if view is None:
            return
        what = self.chance.choice(("suspend", "bury", "mark", "know"))
        self.note(f"{what} {view.note.prompt}")
        card = self.ledger.cards[view.uid]
        try:
            getattr(self.sitting, what)()
        except StudyError:
            assert (what, card.memory["state"] != NEW) == ("know", True)
        else:  # a card that undo has shown may be suspended, and comes again then
            again = what == "suspend" and card.memory["suspended"]
            self.ledger.do((card, self.entry("unsuspend" if again else what)))

    def change(self) -> None:
        """Something of any card, in the queue or not."""
        card, what = self.any_card(), self.chance.choice(("forget", "set due", "bring back"))
        self.note(f"{what} {card.note}")
        card_id = self.id_of(card)
        with self.desk.writing() as connection:
            if what == "forget":
                review.forget(connection, card_id, self.now, learner=1)
                self.ledger.do((card, self.entry("forget")))
            elif what == "set due":
                until = self.today + self.chance.randint(-3, 30) * DAY
                review.set_due(connection, card_id, until, self.now, learner=1)
                self.ledger.do((card, self.entry("set due", until=until)))
            else:
                buried, suspended = card.memory["buried_until"], card.memory["suspended"]
                review.bring_back(connection, card_id, self.now, learner=1)
                if suspended:
                    self.ledger.do((card, self.entry("unsuspend")))
                if buried and buried > self.today:
                    self.ledger.do((card, self.entry("unbury")))
        self.refresh()

    def answer(self) -> None:
        """Something of an answer in the questionnaire."""
        if self.attempt.finished:
            self.resume()
        index = self.chance.choice(
            [at for at, one in enumerate(self.attempt.questions) if one.grade is None]
        )
        self.attempt.go_to(index)
        asked = self.attempt.current.note.prompt
        kept = self.ledger.attempts[self.attempt.id][asked]
        what = self.chance.choice(("write", "write", "tick", "grade", "grade", "be sure", "leave"))
        self.note(f"{what} {asked}")
        match what:
            case "write":
                kept.text = f"{kept.text} {self.chance.choice(deeds.WORDS)}".strip()
                self.attempt.write(kept.text)
            case "tick":
                kept.ticks = self.chance.randint(0, 2)
                self.attempt.tick(frozenset(range(kept.ticks)))
            case "be sure":
                self.attempt.be_sure(self.chance.random())
            case "leave":
                self.attempt.leave()
            case _:
                self.judge(asked, kept)

    def judge(self, asked: str, kept: Answer) -> None:
        given = self.chance.choice((Grade.MISSED, Grade.PARTLY, Grade.GOT))
        (card,) = (one for one in self.ledger.cards.values() if one.note == asked)
        self.note(given.value)
        rating, entries = 3 if given is Grade.GOT else 1, list[tuple[Card, Entry]]()
        attempt, scheduled = self.attempt.id, self.attempt.grade(given)
        assert scheduled != self.ledger.was_attempted(card, self.today)
        if scheduled:
            entries.append((card, self.rated(None, rating=rating, attempt=True)))
            if given is Grade.PARTLY:
                entries.append((card, self.entry("set due", until=self.today + DAY)))
        kept.grade = given.value
        self.ledger.do(*entries, graded=kept, attempt=attempt)
        self.refresh()

    def take_back_grade(self) -> None:
        graded = [one for one in self.ledger.done if one.attempt == self.attempt.id]
        undone = self.attempt.undo()
        assert (undone is None) == (not graded)
        if graded:
            self.ledger.take_back(graded[-1])
        self.refresh()

    def write(self) -> None:
        """Text: of a note, of one's own on a section, of a card that is being written."""
        name, said = f"q{self.chance.randrange(QUESTIONS):02}", f"It is {self.done}."
        match self.chance.choice(("note", "own note", "draft")):
            case "note":
                deeds.write_edit(self.desk, name, said)
                deeds.read_edit(self.desk, name)
                self.ledger.notes[f"What is {name}?"] = said
                self.refresh()
                self.attempt.reload()
            case "own note":
                deeds.write_note(self.desk, said)
                self.ledger.own_note = said
            case _:
                deeds.write_draft(self.desk, said)
                self.ledger.draft = said

    def hold(self) -> None:
        """Pause a chapter or all, or let it go on."""
        what, name = self.chance.choice(("pause", "resume")), self.chance.choice(("1", None))
        self.note(f"{what} {name}")
        chapters = {card.chapter for card in self.ledger.cards.values()}
        held = [one for one in chapters if self.ledger.is_paused(one)]
        concerned = chapters if name is None else {name}
        refused = concerned <= {*held} if what == "pause" else not concerned & {*held}
        chapter = None if name is None else self.chapter(name)
        try:
            with self.desk.writing() as connection:
                getattr(pause, what)(connection, chapter, self.now, learner=1)
        except StudyError:
            assert refused
        else:
            assert not refused
            self.ledger.pause(self.entry(what, chapter=name))
        self.refresh()

    def pass_time(self) -> None:
        self.clock.forward(days=self.chance.choice((0, 1, 1, 1, 2, 5, 30)), hours=9)
        self.refresh()

    def disturb_clock(self) -> None:
        """It is set wrong, or right again, or the learner travels."""
        if self.chance.random() < 0.5:
            self.clock.now += self.chance.choice(_JUMPS)
        else:
            self.clock.now = self.clock.now.astimezone(self.chance.choice(_ZONES))
        self.refresh()

    def bring(self) -> None:
        """An import, once more an import, or what it brought taken back."""
        if self.chance.random() < 0.4:
            self.note("take back")
            log = Receipt(log=tuple(self.logged))  # pages, which may have changed since, stay
            took = imports.take_back(self.desk, _source(0).path, log).log
            assert took.reviews + took.schedules == len(self.ledger.brought)
            self.ledger.take_back_what_was_brought()
        else:
            (done,) = imports.bring(self.desk, [_source(self.done)])
            self.logged += done.receipt.log
            self.register()
            self.ledger.started.add("deck")
            for card in self.ledger.cards.values():
                if card.chapter == "deck":
                    self.ledger.notes[card.note] = f"It is {self.done}."
                    if not any(card is one for one, _ in self.ledger.brought):
                        self.ledger.bring(card, _elsewhere())
        self.refresh()

    def back_up(self) -> None:
        made = self.desk.back_up("asked")
        assert isinstance(made, Backup)
        self.backups = [*self.backups[-3:], (made.path, deepcopy(self.ledger))]

    def go_back(self) -> None:
        if not self.backups:
            return
        path, kept = self.chance.choice(self.backups)
        self.close()
        restored(self.place.database, path, self.now)
        self.ledger = deepcopy(kept)
        self.start()

    def restart(self) -> None:
        self.close()
        self.start()

    # how the two are compared

    def compare_counts(self) -> None:
        with self.desk.reading() as connection:
            line = queue.load(connection, self.now, ENDLESS, learner=1)
        found, wanted = line.counts(), self.ledger.counts(self.today)
        counted = {"new": found.new, "learning": found.learning, "review": found.review}
        assert counted | {"siblings": line.siblings} == wanted, (counted, line.siblings, wanted)
        assert line.waiting == 0
        assert self.in_front or self.sitting.counts == found, (self.sitting.counts, found)

    def compare_all(self) -> None:
        memory, card = tables.memory.c, tables.card.c
        with self.desk.reading() as connection:
            rows = connection.execute(
                select(*MEMORY_COLUMNS, card.uid)
                .join(tables.card, card.id == memory.card_id)
                .where(memory.learner_id == 1, owner.visible(card, learner=1))
            ).all()
            stored = {row.uid: as_memory(row) for row in rows}
        assert len(stored) == len(rows)
        for uid, one in self.ledger.cards.items():
            same(stored.get(uid, Memory()), one)
        self.compare_texts()

    def compare_texts(self) -> None:
        found, kept = deeds.look(self.desk), self.ledger
        wanted = {f"note {asked}": text for asked, text in kept.notes.items()}
        wanted |= {"own note": kept.own_note, "draft new-1.md": kept.draft}
        for name, text in wanted.items():
            assert found.get(name, "") == text, name
        response, note = tables.response.c, tables.note.c
        with self.desk.reading() as connection:
            rows = connection.execute(
                select(
                    response.attempt_id, note.prompt, response.text, response.ticked, response.grade
                ).join(tables.note, note.id == response.note_id)
            ).all()
        answers = {
            (attempt, asked): Answer(text, len(ticked), grade)
            for attempt, asked, text, ticked, grade in rows
        }
        for attempt, those in kept.attempts.items():
            for asked, one in those.items():
                assert answers.get((attempt, asked), Answer()) == one, (attempt, asked)


def same(stored: Memory, card: Card) -> None:
    """What is stored is what the model has."""
    for name in (one.name for one in fields(Memory)):
        if name in card.memory:
            found, wanted = getattr(stored, name), card.memory[name]
            equal = (
                isclose(found, wanted) if isinstance(wanted, float) and found else found == wanted
            )
            assert equal, f"{card.note}: {name} is {found!r}, not {wanted!r}"


def _furnish(content: Path) -> None:
    content.mkdir(parents=True)
    for chapter, first in ((1, 0), (2, QUESTIONS)):
        notes = (question(f"q{first + n:02}", chapter=chapter) for n in range(QUESTIONS))
        (content / f"{chapter}.md").write_text(questionnaire(*notes, chapter=chapter))
    terms = (f"## Term {n} {{#t{n}}}\n\nMeaning number {n}." for n in range(TERMS))
    jargon = questionnaire(*terms).replace("kind: questionnaire", "kind: jargon")
    (content / "jargon.md").write_text(jargon)
    prose = questionnaire("## 1.1 The only section\n\nProse.")
    (content / "reading.md").write_text(prose.replace("questionnaire", "reading"))


def _source(number: int) -> Source:
    guids = [f"brought {n}" for n in range(BROUGHT)]
    notes = tuple(ForeignNote(guid, f"What is {guid}?", f"It is {number}.") for guid in guids)
    reviews = tuple(
        ForeignReview(guid, "answer", entry["now"], entry["day"], entry["rating"], Moment.REVIEW)
        for guid in guids
        for entry in _elsewhere()[:-1]
    )
    last = _elsewhere()[-1]
    schedules = tuple(
        Schedule(
            guid,
            "answer",
            Stage.REVIEW,
            last["values"]["due"],
            last["day"],
            9,
            last["values"]["stability"],
            last["values"]["difficulty"],
            last["values"]["reviews"],
            last["values"]["lapses"],
        )
        for guid in guids
    )
    return Source(Path("words.txt"), "words", Foreign(notes, schedules, reviews))


def _elsewhere() -> list[Entry]:
    """What an import logs of each card: two reviews, and what the other program kept."""
    rated = [
        {"what": "rate", "rating": 3, "now": at, "day": day_of(at)}
        for at in (_ELSEWHERE, _ELSEWHERE + 9 * DAY)
    ]
    kept = {
        "state": model.REVIEW,
        "stability": 12.5,
        "difficulty": 4.5,
        "due": day_of(START),
        "reviews": 7,
        "lapses": 1,
        "suspended": False,
    }
    return [*rated, {"what": "import", "day": rated[-1]["day"], "values": kept}]


_ACTIONS: dict[str, tuple[Callable[[Machine], None], float]] = {
    "rate": (Machine.rate, 40),
    "choose": (Machine.choose, 2),
    "undo": (Machine.undo, 10),
    "set aside": (Machine.set_aside, 6),
    "change": (Machine.change, 6),
    "answer": (Machine.answer, 14),
    "take back a grade": (Machine.take_back_grade, 1),
    "write": (Machine.write, 2),
    "hold": (Machine.hold, 1.5),
    "pass time": (Machine.pass_time, 12),
    "disturb the clock": (Machine.disturb_clock, 0.7),
    "import": (Machine.bring, 0.4),
    "back up": (Machine.back_up, 0.3),
    "go back": (Machine.go_back, 0.15),
    "restart": (Machine.restart, 0.7),
}
_NAMES = list(_ACTIONS)
_WEIGHTS = [weight for _, weight in _ACTIONS.values()]
