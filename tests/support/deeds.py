"""What a learner does that is written, step by step, and what is to be found once it is done.

A plan is made before its first step, so that whoever kills the one who carries it out knows what
there was before a step and what after it. `look` reads from what is left which of the two it is.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update

import formers
from studyapp.config import Current, Settings, data_folder
from studyapp.memory.fold import FROM_ELSEWHERE
from studyapp.memory.state import Rating
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Moment, Schedule, Stage
from studyapp.store import backup, line, marker, owner, peer, record, tables
from studyapp.store.database import open_database
from studyapp.store.drift import drift
from studyapp.store.engine import reading
from studyapp.store.memory import begun
from studyapp.study import card, imports, library, tagging, tracker
from studyapp.study.backup import restored
from studyapp.study.desk import Desk
from studyapp.study.devices import exchange
from studyapp.study.doctor.examination import examine, mend
from studyapp.study.grading import Grade
from studyapp.study.imports import Source
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import START, Clock, chapter_of, question, questionnaire

QUESTIONS = 40
BROUGHT = 12  # notes of an import, each with two reviews and a schedule
_SETTINGS = Settings(new_a_day=999, minutes_a_day=600)
WORDS = ("weights", "één", "漢字", "a\nb", "- [ ] none", "==x==", "\u202e", "loss " * 40)
_SAID = re.compile("^It is .*", re.MULTILINE)

Found = dict[str, Any]  # by name, what is there of it


@dataclass(frozen=True)
class Step:
    """One thing that is done, and what differs then. Where it is `many` files beside the database,
    who is killed in its midst may leave some of it, and the same again does the rest."""

    do: Callable[[Desk], object]
    changes: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False


Plan = list[Step]
Work = Callable[["Place", random.Random, Found], Plan]


class Place:
    """A learner's folders and database, and a pack that is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "data" / "studyapp" / "studyapp.db"
        self.content = folder / "content"
        self.meeting = folder / "meeting"  # where devices meet
        self.clock = Clock()

    def enter(self) -> None:
        """Make this the place of the whole process."""
        for name in ("DATA", "CONFIG", "CACHE", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(self.folder / name.lower())
        library.installed_roots = lambda: [self.content]

    def open(self) -> Desk:
        """As a program does that starts."""
        self.enter()
        current = Current(replace(_SETTINGS, devices=str(self.meeting)))
        desk, report = library.open_study(str(self.database), current, self.clock, None)
        assert report is None or not report.problems, report.problems
        return desk

    def look(self) -> Found:
        """Start once more, and see what is there, and what of it is told to other devices."""
        desk = self.open()
        try:
            with desk.reading() as connection:
                own, _ = peer.own(connection)
                drifted = drift(connection, begun(connection, learner=1), learner=1)
            found = look(desk) | {
                "reviews told": self._reviews_in(line.name_of(own)),
                "drifted memories": sum(map(len, drifted)),
            }
            return {name: value for name, value in found.items() if value}
        finally:
            desk.close()

    def _reviews_in(self, name: str) -> int:
        path = self.meeting / name
        lines = line.read(path) if path.exists() else ()
        return len({one.line.uid for one in lines if one.line and one.line.kind == "review"})


def furnish(folder: Path) -> None:
    """Make a place in *folder*, with a few things to lose."""
    place = Place(folder)
    place.content.mkdir(parents=True)
    notes = (question(f"q{number:02}") for number in range(QUESTIONS))
    (place.content / "questionnaire.md").write_text(questionnaire(*notes))
    prose = questionnaire("## 1.1 The only section\n\nProse.")
    (place.content / "reading.md").write_text(prose.replace("questionnaire", "reading"))
    desk = place.open()
    sitting = Sitting(desk)
    for rating in (Rating.GOOD, Rating.AGAIN, Rating.EASY):
        sitting.rate(rating)
    Attempt(desk, chapter_of(desk.engine, "1")).write("An answer of before")
    library.new_question(desk, "What is of before?", "It is of before.")
    desk.close()


def make_former(folder: Path, version: int) -> None:
    """Put a database of an earlier schema in the place of what is there."""
    database = Place(folder).database
    database.unlink()
    formers.make(database, version)


# what is there


def look(desk: Desk) -> Found:
    """What the learner finds, by name; what is empty or 0 has none."""
    with desk.reading() as connection:
        found = _counts(connection) | _texts(connection) | _drafts() | _backups(desk)
    return {name: value for name, value in found.items() if value}


def _counts(connection: Connection) -> Found:
    review, memory, cards = tables.review.c, tables.memory.c, tables.card.c
    elsewhere = review.kind.in_([kind.value for kind in FROM_ELSEWHERE])

    def number(*conditions: Any) -> int:
        return connection.scalar(select(func.count()).where(*conditions)) or 0

    return {
        "reviews": number(~elsewhere, record.not_retracted()),
        "reviews from elsewhere": number(elsewhere, record.not_retracted()),
        "suspended": number(memory.suspended.is_(True)),
        "buried": number(memory.buried_until.is_not(None)),
        "cards": number(cards.missing_since.is_(None), owner.visible(cards, learner=1)),
    }


def _texts(connection: Connection) -> Found:
    note, response, progress = tables.note.c, tables.response.c, tables.section_progress.c
    here = (note.missing_since.is_(None), owner.visible(note, learner=1))
    found: Found = {}
    for row in connection.execute(select(note.prompt, note.answer, note.tags).where(*here)):
        found |= {f"note {row.prompt}": said(row.answer), f"tags {row.prompt}": " ".join(row.tags)}
    rows = connection.execute(
        select(note.prompt, response.text, response.grade, response.ticked).join(
            tables.note, note.id == response.note_id
        )
    )
    for prompt, text, grade, ticked in rows:
        found |= {
            f"answer {prompt}": text,
            f"grade {prompt}": grade,
            f"ticks {prompt}": len(ticked),
        }
    texts = connection.scalars(select(progress.text).where(progress.text != "")).all()
    return found | {"own note": next(iter(texts), "")}


def said(text: str) -> str:
    """What a note of ours says: the line that edits change."""
    found = _SAID.search(text)
    return found[0] if found else text


def _drafts() -> Found:
    return {
        f"draft {path.name}": said(path.read_text()) if path.name[0].isdigit() else path.read_text()
        for path in (data_folder() / "drafts").glob("[!.]*.md")
    }


def _backups(desk: Desk) -> Found:
    """How many backups were asked for; whatever has the name of one is one."""
    database = Path(str(desk.engine.url.database))
    kept, problems = backup.listed(database)
    assert not problems, problems
    return {"backups": sum(one.manifest.reason == "asked" for one in kept)}


def check(database: Path) -> None:
    """The file is sound, what it names is there, and every stored memory is the fold of its log."""
    check_file(database)
    engine = open_database(str(database))
    with reading(engine) as connection:
        cards = begun(connection, learner=1)
        assert drift(connection, cards, learner=1) == ([], [], [])
    engine.dispose()


def check_file(database: Path) -> None:
    """The file is sound, and what it names is there."""
    with closing(sqlite3.connect(database)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []


# what is done: each kind of work makes a plan for a place that was just furnished


def reviewing(place: Place, chance: random.Random, before: Found) -> Plan:
    """Cards are rated and set aside, and some of that is taken back."""
    held = list[Sitting]()

    def do(desk: Desk, what: str, *given: Rating) -> None:
        place.clock.forward(seconds=20)
        getattr(held[0], what)(*given)

    plan, done = [Step(lambda desk: held.append(Sitting(desk)))], list[str]()
    counts = {name: before.get(name, 0) for name in ("reviews", "suspended", "buried")}
    named = {"rate": "reviews", "suspend": "suspended", "bury": "buried"}
    for _ in range(chance.randint(8, 25)):
        what = chance.choice(("rate",) * 5 + ("suspend", "bury") + ("undo",) * bool(done))
        given = (Rating(chance.randint(1, 3)),) if what == "rate" else ()
        if what == "undo":
            counts[name := done.pop()] -= 1
        else:
            counts[name := named[what]] += 1
            done.append(name)
        plan.append(Step(_with(do, what, *given), {name: counts[name]}))
    return plan


def _with(do: Callable[..., object], *given: Any) -> Callable[[Desk], object]:
    return lambda desk: do(desk, *given)


def attempting(place: Place, chance: random.Random, before: Found) -> Plan:
    """Answers are typed, points ticked, grades given and taken back."""
    held = list[Attempt]()

    def do(desk: Desk, index: int, what: str, *given: Any) -> None:
        place.clock.forward(seconds=20)
        held[0].go_to(index)
        getattr(held[0], what)(*given)

    def begin(desk: Desk) -> None:
        held.append(Attempt(desk, chapter_of(desk.engine, "1")))

    plan, reviews = [Step(begin)], before["reviews"]
    for index in chance.sample(range(4, QUESTIONS), chance.randint(2, 6)):
        asked, text = f"What is q{index:02}?", ""
        for word in chance.choices(WORDS, k=chance.randint(1, 3)):
            text += f"{word} "
            plan.append(Step(_with(do, index, "write", text), {f"answer {asked}": text}))
        ticked = _with(do, index, "tick", frozenset({0}))
        plan.append(Step(ticked, {f"ticks {asked}": 1}))
        given = chance.choice((Grade.GOT, Grade.PARTLY, Grade.MISSED))
        judged = Step(
            _with(do, index, "grade", given),
            {f"grade {asked}": given.value, "reviews": reviews + 1},
        )
        plan.append(judged)
        if chance.random() < 0.4:
            back = {f"grade {asked}": None, "reviews": reviews}
            plan += [Step(_with(do, index, "undo"), back), judged]
        reviews += 1
    return plan


def editing(place: Place, chance: random.Random, before: Found) -> Plan:
    """Notes of the pack are edited, cards of one's own written, all of one's own tagged, and
    sections noted on."""
    plan, cards = Plan(), before["cards"]
    mine = {"What is of before?": ""}  # the tags of one's own notes
    for number in range(chance.randint(2, 6)):
        name = f"q{chance.randrange(5):02}"
        said = f"It is {name}, the {number}th time."
        draft = f"draft 1-test-{name}.md"
        match chance.choice(("edit", "edit", "new", "tag", "own note", "draft")):
            case "edit":
                plan.append(Step(_with(write_edit, name, said), {draft: said}))
                read = {draft: None, f"note What is {name}?": said}
                plan.append(Step(_with(read_edit, name), read, many=True))
                mine.setdefault(f"What is {name}?", "")
            case "tag":
                mine = {asked: f"{tags} t{number}".strip() for asked, tags in mine.items()}
                tagged = {f"tags {asked}": tags for asked, tags in mine.items()}
                plan.append(Step(_with(tag_own, f"t{number}"), tagged, many=True))
            case "new":
                asked, cards = f"What is new {number}?", cards + 1
                mine[asked] = ""
                plan.append(
                    Step(
                        _with(library.new_question, asked, f"It is {number}."),
                        {"cards": cards, f"note {asked}": f"It is {number}."},
                    )
                )
            case "own note":
                plan.append(Step(_with(write_note, said), {"own note": said}))
            case _:
                plan.append(Step(_with(write_draft, said), {"draft new-1.md": said}))
    return plan


def _view(desk: Desk, name: str) -> card.CardView:
    note, cards = tables.note.c, tables.card.c
    with desk.reading() as connection:
        found = connection.scalars(
            select(cards.id)
            .join(tables.note, note.id == cards.note_id)
            .where(note.name == name, owner.visible(note, learner=1))
        ).one()
        return card.load(connection, found, learner=1)


def write_edit(desk: Desk, name: str, said: str) -> None:
    view = _view(desk, name)
    text, kept = library.read_edit(desk, view)
    library.write_edit(desk, view, text, _SAID.sub(said, text), kept, 0.0)


def read_edit(desk: Desk, name: str) -> None:
    library.edited(desk, _view(desk, name))


def tag_own(desk: Desk, tag: str) -> None:
    note = tables.note.c
    with desk.reading() as connection:
        mine = connection.scalars(select(note.id).where(note.learner_id == 1)).all()
    tagging.tag(desk, mine, tagging.parse(tag))


def write_note(desk: Desk, text: str) -> None:
    with desk.writing() as connection:
        section = tracker.read_course(connection, {}, learner=1).sections[0].id
        tracker.write_note(connection, section, text, now=desk.now(), learner=1)


def write_draft(_: Desk, text: str) -> None:
    library.write_draft(text, library.read_draft(learner=1), 0.0, learner=1)


def importing(place: Place, chance: random.Random, before: Found, brought: int = BROUGHT) -> Plan:
    """A file of notes with reviews is brought, brought again with changes, and both taken back."""
    more = {"reviews from elsewhere": 2 * brought, "cards": before["cards"] + brought}
    first, second = (
        {f"note What is brought {n}?": f"It is {n} {how}." for n in range(brought)}
        for how in ("as it was", "as it is now")
    )
    source = _brought("as it was", brought)
    return [
        Step(_with(imports.bring, [source]), more | first),
        Step(_with(imports.bring, [_brought("as it is now", brought)]), second),
        Step(_with(imports.take_back, source.path), first),
        Step(
            _with(imports.take_back, source.path),
            {"reviews from elsewhere": 0, "cards": before["cards"]} | dict.fromkeys(first),
        ),
    ]


def _brought(how: str, count: int) -> Source:
    guids = [f"brought {number}" for number in range(count)]
    notes = tuple(
        ForeignNote(guid, f"What is {guid}?", f"It is {n} {how}.", deck=(f"Deck {n % 3}",))
        for n, guid in enumerate(guids)
    )
    day = START.date()
    reviews = tuple(
        ForeignReview(
            guid, "answer", START - timedelta(days=ago), day - timedelta(days=ago), 3, Moment.REVIEW
        )
        for guid in guids
        for ago in (20, 9)
    )
    schedules = tuple(
        Schedule(guid, "answer", Stage.REVIEW, day, day - timedelta(days=9), 9, reps=2)
        for guid in guids
    )
    return Source(Path("words.txt"), "words", Foreign(notes, schedules, reviews))


def keeping(place: Place, chance: random.Random, before: Found) -> Plan:
    """Backups are made, with a rating between two of them."""
    plan, reviews = Plan(), before["reviews"]
    for number in range(1, chance.randint(2, 5)):
        reviews += 1
        plan.append(Step(_with(_back_up, place), {"backups": number}))
        plan.append(Step(lambda desk: Sitting(desk).rate(Rating.AGAIN), {"reviews": reviews}))
    return plan


def _back_up(desk: Desk, place: Place) -> None:
    place.clock.forward(seconds=1)
    desk.back_up("asked")


def going_back(place: Place, chance: random.Random, before: Found) -> Plan:
    """A backup, some work, back to the backup, and forth again to how it was."""
    asked, then = "note What is q00?", "It is q00 as it was not."
    plan = [Step(_with(_back_up, place), {"backups": 1})]
    for number in range(1, chance.randint(2, 5)):
        plan.append(
            Step(
                lambda desk: Sitting(desk).rate(Rating.AGAIN),
                {"reviews": before["reviews"] + number},
            )
        )
    reviews = before["reviews"] + len(plan) - 1
    plan += [
        Step(_with(write_edit, "q00", then), {"draft 1-test-q00.md": then}),
        Step(_with(read_edit, "q00"), {"draft 1-test-q00.md": None, asked: then}, True),
        Step(
            _with(_go_back, place, "asked"),
            {"reviews": before["reviews"], asked: before[asked]},
            many=True,
        ),
        Step(_with(_go_back, place, "restore"), {"reviews": reviews, asked: then}, True),
    ]
    return plan


def _go_back(desk: Desk, place: Place, reason: str) -> None:
    """To what was begun to be gone back to, else to the newest backup of that reason."""
    place.clock.forward(seconds=1)
    kept, _ = backup.listed(place.database)
    newest = next(one.path for one in kept if one.manifest.reason == reason)
    path = marker.left(place.database) or newest
    restored(place.database, path, place.clock())


def meeting(place: Place, chance: random.Random, before: Found) -> Plan:
    """Two devices of one learner meet; what the other has written comes with their first meeting,
    and what is rated here goes there with each."""
    ours, come, cards = before["reviews"], 0, before["cards"]
    theirs = _other_device(place, chance)
    asked = "What is of the other device?"
    comes = {"cards": cards + 1, f"note {asked}": "It is of there.", "own note": "Of there."}
    plan = Plan()
    for _ in range(chance.randint(2, 4)):
        for _ in range(chance.randint(1, 4)):
            ours += 1
            plan.append(
                Step(lambda desk: Sitting(desk).rate(Rating.AGAIN), {"reviews": ours + come})
            )
        come = theirs
        met = {"reviews": ours + come, "reviews told": ours} | comes
        plan.append(Step(exchange.meet, met, many=True))
    return plan


def _other_device(place: Place, chance: random.Random) -> int:
    """Let another device, which has all that is in *place*, do something and meet there; returns
    how much it has rated."""
    folder = place.folder.with_name("other")
    shutil.copytree(place.folder, folder)
    place.meeting.mkdir()
    other, rated = Place(folder), chance.randint(1, 30)
    other.meeting = place.meeting
    desk = other.open()
    with desk.writing(for_all=True) as connection:
        peer.renew(connection, desk.now())
    for _ in range(rated):
        Sitting(desk).rate(Rating.GOOD)
    library.new_question(desk, "What is of the other device?", "It is of there.")
    write_note(desk, "Of there.")
    exchange.meet(desk)
    desk.close()
    return rated


def mending(place: Place, chance: random.Random, before: Found) -> Plan:
    """Memories are damaged, and the doctor mends them by the log."""
    plan = Plan()
    for _ in range(chance.randint(1, 3)):
        damaged = chance.randint(1, before["reviews"])
        plan.append(Step(_with(_damage, damaged), {"drifted memories": damaged}))
        plan.append(Step(_with(_mend, place), {"drifted memories": 0}))
    return plan


def _damage(desk: Desk, damaged: int) -> None:
    memory = tables.memory.c
    with desk.writing() as connection:
        some = connection.scalars(select(memory.card_id).where(memory.stability > 0)).all()
        of = memory.card_id.in_(some[:damaged])
        connection.execute(update(tables.memory).where(of).values(stability=99.0))


def _mend(desk: Desk, place: Place) -> None:
    place.clock.forward(seconds=1)
    url = str(place.database)
    mend(url, examine(url, place.clock()), place.clock())


def migrating(place: Place, chance: random.Random, before: Found) -> Plan:
    """Opening a database of an earlier schema is all."""
    return []


WORKS: dict[str, Work] = {
    "reviewing": reviewing,
    "attempting": attempting,
    "editing": editing,
    "importing": importing,
    "keeping backups": keeping,
    "going back": going_back,
    "meeting devices": meeting,
    "mending": mending,
}
