"""Numbers, dates and times as a learner reads them: short, with a unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from studyapp.memory.clock import study_day
from studyapp.memory.state import Memory, Rating

if TYPE_CHECKING:
    from studyapp.memory.mastery import Mastery
    from studyapp.study.stats import Share

# What a rating says, of a card that was never seen, too.
MEANINGS = {
    Rating.AGAIN: "not yet",
    Rating.HARD: "slowly",
    Rating.GOOD: "knew it",
    Rating.EASY: "at once",
}
# What is counted wherever cards are: the state of a card is something else, and in Find.
COUNTED = (
    "Counted as review is what was met before today, as learning what was rated today and comes "
    "again today, as new what was not met yet. In Find is:learn is what is in its steps, on "
    "whichever day it was rated."
)
ALL_DEPTHS = " of all depths"  # behind cards that are counted whatever of them is to know
TOO_FEW = "too few to say"
_UNITS = {"m": "minute", "h": "hour", "d": "day", "mo": "month", "y": "year"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"  # of points, which are never numbered: 1-4 are ratings


def span(time: timedelta) -> str:
    """10 m, 3 h, 6 d, 2.1 mo, 1.5 y; at least a minute."""
    minutes = time.total_seconds() / 60
    if minutes < 59.5:
        return f"{max(1, round(minutes))} m"
    if minutes < 23.5 * 60:
        return f"{minutes / 60:.0f} h"
    days = minutes / 1440
    if days < 30.5:
        return f"{days:.0f} d"
    if days < 365.25:
        return f"{days / 30.44:.1f} mo"
    return f"{days / 365.25:.1f} y"


def spelled(wait: str) -> str:
    """1.2 months, of 1.2 mo: what `span` or `wait` gives, in words."""
    number, _, unit = wait.partition(" ")
    noun = _UNITS.get(unit)
    return f"{number} {noun}{'' if number == '1' else 's'}" if noun else wait


def days(number: float) -> str:
    """6 d, 2.1 mo: so many days, as far as whole ones tell."""
    return span(timedelta(days=number)) if number >= 1 else "under 1 d"


def wait(after: Memory, now: datetime) -> str:
    """How long until a card comes back; "new" for one that has no date."""
    if after.due_at is not None:
        return span(after.due_at - now)
    return "new" if after.due is None else span(after.due - study_day(now))


def due(memory: Memory, now: datetime) -> str:
    """When a card comes: new; due now; due in 10 m; due in 6 d, on Thu 26 Nov."""
    today = study_day(now)
    if memory.due is None:
        return "new, asked for" if memory.asked else "new"
    if is_due(memory, now):
        return "due now"
    on = f", on {day(memory.due, today)}" if memory.due > today else ""
    return f"due in {wait(memory, now)}{on}"


def is_due(memory: Memory, now: datetime) -> bool:
    """Whether the time of a card has come."""
    if memory.due is None or memory.due > study_day(now):
        return False
    return memory.due_at is None or memory.due_at <= now


def side(name: str) -> str:
    """Which card of its note it is; empty where it says nothing."""
    kind, _, key = name.partition(":")
    told = {
        "meaning": "term → meaning",
        "term": "meaning → term",
        "reversed": "reversed",
        "order": "in order",
        "item": f"item {key}",
        "cloze": f"hidden text {key}",
    }
    return told.get(kind, "")


def stretch(days: int) -> str:
    """9 days, 3 weeks, 4 months: how long something was, of which no day counts."""
    if days < 14:
        return count(days, "day")
    return count(round(days / 7), "week") if days < 61 else count(round(days / 30.44), "month")


def moment(seconds: int) -> str:
    """Of a lecture: 31:20 or 1:02:48."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def short_day(at: date, today: date | None = None) -> str:
    """18 Nov, with the year if it is not that of *today*."""
    year = "" if today is not None and at.year == today.year else f" {at.year}"
    return f"{at.day} {at:%b}{year}"


def paused(since: date) -> str:
    """paused 18 Nov: in a list there is no room for a year."""
    return f"paused {since.day} {since:%b}"


def day(at: date, today: date) -> str:
    """Wed 18 Nov, with the year if it is not this one."""
    return f"{at:%a} {short_day(at, today)}"


def ago(when: date, today: date) -> str:
    """today, yesterday, on Tuesday, on Wed 18 Nov; so, too, of a day that is still to come, as a
    clock that was ahead has left it."""
    match (today - when).days:
        case 0:
            return "today"
        case 1:
            return "yesterday"
        case days if 1 < days < 7:
            return f"on {when:%A}"
        case _:
            return f"on {day(when, today)}"


def telling(share: Share) -> str:
    """91% [86, 94]; or that it rests on too little."""
    return percent(share) if share.tells else TOO_FEW


def percent(share: Share | Mastery) -> str:
    """91% [86, 94], or a dash when there is nothing yet."""
    if share.value is None or share.low is None or share.high is None:
        return "–"
    return f"{share.value:.0%} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def goal(share: float, *, several: bool) -> str:
    """goal 90%; or goal 88% on average, where that is a mean of several."""
    return f"goal {share:.0%}{' on average' if several else ''}"


def capital(text: str) -> str:
    """Chapter 3, of chapter 3: with a capital at its beginning and the rest as it is."""
    return text[:1].upper() + text[1:]


def count(number: int, noun: str) -> str:
    """1 card, 2 cards, 1,200 cards."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def place(path: Path | None, line: int, below: Path) -> str:
    """Where something of the file or folder *below* stands: its file as it is called there, and its
    line; empty if it is of the whole."""
    name = "" if path is None or path == below else path.name
    if path is not None and below in path.parents:
        name = path.relative_to(below).as_posix()
    return ", ".join(filter(None, (name, f"line {line}" if line else "")))


def listed(named: Sequence[str]) -> str:
    """one; one and two; one, two and three."""
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def given_away(cards: int, left: int) -> list[str]:
    """Why *cards* wait whose answers others give away; it changes nothing for who has none *left*
    today, and is not told then."""
    if not cards or not left:
        return []
    if cards == 1:
        return ["1 card waits for another day: one of today's gives its answer away"]
    return [f"{cards:,} cards wait for another day: some of today's give their answers away"]


def size(number: float) -> str:
    """How much room some bytes take: 640 kB, 12.3 MB, 4.1 GB."""
    if number < 1e6:
        return f"{number / 1e3:.0f} kB"
    return f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"


def in_a_row(days: int, rest_days: Sequence[str]) -> str:
    """A streak, in the same words wherever it is told: 6 study days in a row, Sat and Sun off."""
    off = " and ".join(day.capitalize() for day in rest_days)
    return f"{count(days, 'study day')} in a row{f', {off} off' if off else ''}"


def minus(number: str) -> str:
    """A number with the sign that is as wide as a plus."""
    return number.replace("-", "−")


def bars(values: Sequence[float]) -> str:
    """One block a value, as high as its share of the largest; a low line for none."""
    top = max(values, default=0)
    if not top:
        return "▁" * len(values)
    return "".join("▁▂▃▄▅▆▇█"[min(7, round(7 * value / top))] for value in values)
