"""A learner's study as plain dicts and lists: the simple model that the real one is held against.

It is written from RULES.md alone. Of each card it has the list of what was done, and counts it
through from the beginning whenever something is taken out of it; of what py-fsrs decides it asks
py-fsrs. It knows no database, no stamp and no cache.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import fsrs

DAY = timedelta(days=1)
STEPS = (timedelta(minutes=10),)
NEW, LEARNING, REVIEW, RELEARNING = range(4)
UNLOCKED = 7.0  # days of stability of one card of a term that let the other one in

_WITH_STEPS = fsrs.Scheduler(learning_steps=STEPS, relearning_steps=STEPS, enable_fuzzing=False)
_AT_ONCE = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
_NOTHING: dict[str, Any] = {
    "state": NEW,
    "step": None,
    "stability": None,
    "difficulty": None,
    "due": None,
    "due_at": None,
    "first_day": None,
    "last_day": None,
    "reviews": 0,
    "lapses": 0,
    "agains": 0,
    "expected_lapses": 0.0,
    "suspended": False,
    "buried_until": None,
    "cause": None,
}

Memory = dict[str, Any]
Entry = dict[str, Any]  # what, day, and what else there is of it, the interval that was chosen too


def day_of(now: datetime) -> date:
    """The study day begins at four."""
    return (now.replace(tzinfo=None) - timedelta(hours=4)).date()


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass
class Card:
    """One card; its family is its note."""

    uid: bytes
    note: str
    chapter: str
    opener: bytes | None = None  # the card of the term that lets this one in
    log: list[Entry] = field(default_factory=list)
    memory: Memory = field(default_factory=lambda: dict(_NOTHING))

    def add(self, entry: Entry) -> None:
        self.log.append(entry)
        self.memory = _after(self.memory, entry, self.uid)

    def add_before(self, entries: list[Entry]) -> None:
        """What was done elsewhere, long ago."""
        self.log[:0] = entries
        self.count_anew()

    def remove(self, entry: Entry) -> None:
        self.log = [one for one in self.log if one is not entry]
        self.count_anew()

    def count_anew(self) -> None:
        self.memory = dict(_NOTHING)
        for entry in self.log:
            self.memory = _after(self.memory, entry, self.uid)


def _after(memory: Memory, entry: Entry, uid: bytes) -> Memory:
    day: date = entry["day"]
    match entry["what"]:
        case "rate":
            return _rated(memory, entry, uid)
        case "suspend" | "unsuspend" as what:
            return memory | {"suspended": what == "suspend"}
        case "bury":
            return memory | {"buried_until": day + DAY}
        case "unbury":
            return memory | {"buried_until": None}
        case "forget":
            return _NOTHING | {"suspended": memory["suspended"], "cause": "forgotten"}
        case "know":
            easy, _ = _WITH_STEPS.review_card(fsrs.Card(), fsrs.Rating.Easy, noon(day))
            return memory | {
                "state": REVIEW,
                "step": None,
                "stability": 30.0,
                "difficulty": easy.difficulty,
                "due": day + 30 * DAY,
                "due_at": None,
                "first_day": min(memory["first_day"] or day, day),
                "last_day": day,
                "cause": "known",
            }
        case "set due":
            if memory["state"] == NEW:
                return memory
            return memory | {"due": entry["until"], "due_at": None, "cause": "set"}
        case "import":
            return (
                memory
                | entry["values"]
                | {
                    "first_day": min(memory["first_day"] or day, day),
                    "last_day": day,
                    "due_at": None,
                    "step": None,
                    "agains": 0,
                    "buried_until": None,
                    "cause": "imported",
                }
            )
    return memory  # a mark


def _rated(memory: Memory, entry: Entry, uid: bytes) -> Memory:
    if entry.get("cram"):
        return memory
    day, rating, now = entry["day"], entry["rating"], entry["now"]
    good = rating >= fsrs.Rating.Good
    scheduler = _AT_ONCE if entry.get("attempt") and good else _WITH_STEPS
    last = memory["last_day"]
    met = fsrs.Card(
        state=fsrs.State(memory["state"] or LEARNING),
        step=memory["step"] if memory["state"] != NEW else 0,
        stability=memory["stability"],
        difficulty=memory["difficulty"],
        last_review=noon(min(last, day)) if last else None,
    )
    after, _ = scheduler.review_card(met, fsrs.Rating(rating), noon(day))
    state, wait = int(after.state), after.due - noon(day)
    due, due_at = day + wait, None
    if state == REVIEW:
        may, drawn = _spread(wait.days, f"{uid.hex()}:{memory['reviews']}", _waited(memory))
        if (chosen := entry.get("interval")) is not None and chosen > may[-1]:
            may = range(may[0], _longest(scheduler, met, rating, day, _waited(memory)) + 1)
        due = day + (chosen if chosen in may else drawn) * DAY
    elif wait < DAY:
        due_at = now + wait
        due = day + (day_of(due_at) - day_of(now))
    was_review = memory["state"] == REVIEW
    agains = memory["agains"] + (rating == 1)
    return memory | {
        "state": state,
        "step": after.step,
        "stability": after.stability,
        "difficulty": after.difficulty,
        "due": due,
        "due_at": due_at,
        "first_day": min(memory["first_day"] or day, day),
        "last_day": day,
        "reviews": memory["reviews"] + 1,
        "lapses": memory["lapses"] + (was_review and rating == 1),
        "agains": 0 if state == REVIEW else agains,
        "expected_lapses": memory["expected_lapses"] + was_review * (1 - recall(memory, day)),
        "buried_until": None,
        "cause": "rated",
    }


def _longest(scheduler: fsrs.Scheduler, met: fsrs.Card, rating: int, day: date, former: int) -> int:
    """Good and Easy are a day longer than the longest that a worse rating may give."""
    longest = 0
    for worse in range(1, rating + 1):
        after, _ = scheduler.review_card(met, fsrs.Rating(worse), noon(day))
        own = (after.due - noon(day)).days
        if int(after.state) == REVIEW:
            own = _spread(own, "", former)[0][-1]
        longest = max(own, longest + (worse > fsrs.Rating.Hard))
    return min(longest, 36500)


def _waited(memory: Memory) -> int:
    """Days that the last rating of a card in review gave it."""
    if memory["state"] != REVIEW or memory["cause"] == "set":
        return 0
    return max(0, (memory["due"] - memory["last_day"]).days)


def _spread(days: int, seed: str, former: int) -> tuple[range, int]:
    """The intervals within a few percent, and the one that is drawn of them by the card and its
    count of reviews alone."""
    if days < 2.5:
        return range(days, days + 1), days
    wide = 1 + 0.15 * (min(days, 7) - 2.5)
    wide += 0.1 * max(0, min(days, 20) - 7) + 0.05 * max(0, days - 20)
    low, high = max(2, round(days - wide)), min(round(days + wide), 36500)
    drawn = low + int(random.Random(seed).random() * (high - low + 1))
    if former < days:
        low = max(low, former + 1)
    elif former <= high:
        low = max(low, former)
    return range(low, high + 1), max(drawn, low)


def recall(memory: Memory, day: date) -> float:
    """The chance of recall on a day, by the curve of FSRS-6."""
    if memory["stability"] is None:
        return 0.0
    decay = -_WITH_STEPS.parameters[20]
    factor = 0.9 ** (1 / decay) - 1
    elapsed = max(0, (day - memory["last_day"]).days)
    return float((1 + factor * elapsed / memory["stability"]) ** decay)


@dataclass
class Answer:
    """One answer of an attempt."""

    text: str = ""
    ticks: int = 0
    grade: str | None = None


@dataclass
class Done:
    """One thing that `u` takes back: entries of cards, the answer that was graded, a pause."""

    entries: list[tuple[Card, Entry]] = field(default_factory=list)
    graded: Answer | None = None
    attempt: int | None = None
    pause: Entry | None = None


@dataclass
class Ledger:
    """All that a learner has done and written."""

    cards: dict[bytes, Card] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    pauses: list[Entry] = field(default_factory=list)
    started: set[str] = field(default_factory=set)  # chapters
    attempts: dict[int, dict[str, Answer]] = field(default_factory=dict)  # answers by question
    notes: dict[str, str] = field(default_factory=dict)  # by question
    own_note: str = ""
    draft: str = ""
    brought: list[tuple[Card, Entry]] = field(default_factory=list)  # what an import has logged

    # what is done

    def do(
        self, *entries: tuple[Card, Entry], graded: Answer | None = None, attempt: int | None = None
    ) -> None:
        for card, entry in entries:
            card.add(entry)
        self.done.append(Done([*entries], graded, attempt))

    def take_back(self, one: Done) -> None:
        self.done = [other for other in self.done if other is not one]
        for card, entry in one.entries:
            card.remove(entry)
        if one.graded is not None:
            one.graded.grade = None
        self.pauses = [pause for pause in self.pauses if pause is not one.pause]

    def pause(self, entry: Entry) -> None:
        self.pauses.append(entry)
        self.done.append(Done(pause=entry))

    def bring(self, card: Card, entries: list[Entry]) -> None:
        card.add_before(entries)
        self.brought += [(card, entry) for entry in entries]

    def take_back_what_was_brought(self) -> None:
        for card, entry in self.brought:
            card.remove(entry)
        self.brought = []

    # what follows

    def is_paused(self, chapter: str) -> bool:
        covering = [one["what"] for one in self.pauses if one["chapter"] in (None, chapter)]
        return bool(covering) and covering[-1] == "pause"

    def was_attempted(self, card: Card, day: date) -> bool:
        return any(one.get("attempt") and one["day"] == day for one in card.log)

    def counts(self, today: date) -> dict[str, int]:
        """What a fresh look at *today* counts, with no limit of time or number."""
        found = {"new": 0, "learning": 0, "review": 0, "siblings": 0}
        for family in self._families():
            due = [one for one in family if self._is_due(one, today)]
            met = [one for one in family if one.memory["last_day"] == today]
            again = [one for one in due if one in met]
            others = [one for one in due if one not in met]
            steps = [one for one in others if one.memory["due_at"]]
            kept = again if met or again else (steps or others)[:1]
            for one in kept:
                found["learning" if one in again else "review"] += 1
            found["siblings"] += len(due) - len(kept)
            if not met and not kept and any(self._is_let_in(one, today) for one in family):
                found["new"] += 1
        return found

    def choice(self, today: date, *, crammed: bool) -> set[bytes]:
        """The cards that can be asked by choice: with *crammed* all that were met, else those that
        are due within a week and not yet."""
        open_ = [one for one in self.cards.values() if self._is_open(one, today)]
        known = [one for one in open_ if one.memory["state"] != NEW]
        if crammed:
            return {one.uid for one in known}
        week = today + 7 * DAY
        return {one.uid for one in known if today < one.memory["due"] <= week}

    def _families(self) -> Iterator[list[Card]]:
        families: dict[tuple[str, str], list[Card]] = {}
        for card in self.cards.values():
            families.setdefault((card.chapter, card.note), []).append(card)
        yield from families.values()

    def _is_open(self, card: Card, today: date) -> bool:
        memory = card.memory
        buried = memory["buried_until"] is not None and memory["buried_until"] > today
        return not (memory["suspended"] or buried or self.is_paused(card.chapter))

    def _is_due(self, card: Card, today: date) -> bool:
        memory = card.memory
        return memory["state"] != NEW and memory["due"] <= today and self._is_open(card, today)

    def _is_let_in(self, card: Card, today: date) -> bool:
        if card.memory["state"] != NEW or card.chapter not in self.started:
            return False
        opener = self.cards[card.opener].memory["stability"] if card.opener else UNLOCKED
        return self._is_open(card, today) and (opener or 0.0) >= UNLOCKED
