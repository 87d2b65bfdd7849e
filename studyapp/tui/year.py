"""A year of study on sheets: what each of them shows, and in one line what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from studyapp.config import WEEKDAYS, Settings
from studyapp.study import words
from studyapp.study.statistics import sentences
from studyapp.study.statistics.cards import Distribution
from studyapp.study.statistics.days import Period, periods, same
from studyapp.study.statistics.sample import Pace
from studyapp.study.statistics.year import Year
from studyapp.study.stats import FEW
from studyapp.tui.diagram import Bar, Bars, Beside, Calendar, Range, Ranges, Told
from studyapp.tui.row import Laid

_GOAL = "┊ is your goal."
_TICKED = (
    "A ticked point counts as not in your words if none of its words is in your answer: you may "
    "have meant it, or given yourself too much."
)
_SURE = "┊ is how sure you were, ● the share that you got."
_GUESSED = "A guess before reading stands beside what you said of the same questions since."
_TOGETHER = "Points of one answer go together: many in a few answers tell little."
_NEWEST = 14  # days, weeks or months that are drawn
_TAGS = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet is called, what it comes to, what that and its diagrams mean (empty where there
    is nothing yet), and these."""

    title: str
    told: str
    means: str
    diagrams: tuple[Laid, ...]


def sheets(year: Year, settings: Settings) -> list[Sheet]:
    return [
        _remembered(year),
        _ahead(year),
        _calendar(year, settings),
        _cards(year),
        _times(year),
        _predictions(year),
        _answers(year),
        _topics(year),
    ]


def _remembered(year: Year) -> Sheet:
    def name(day: date) -> str:
        return words.short_day(day, year.today)

    spans: tuple[tuple[str, Sequence[Period], Callable[[date], str]], ...] = (
        ("By month", year.months, lambda day: f"{day:%b %Y}"),
        ("By week, from", year.weeks, name),
        ("By day", periods(year.days, same), name),
    )
    diagrams = [
        _by(heading, [one for one in reversed(found) if one.remembered.n], name)
        for heading, found, name in spans
        if any(one.remembered.n for one in found)
    ]
    means = (
        "True retention: of the cards that came back on a later day, the share that you knew at "
        f"the first try. ● with its 95% interval, for this mix of cards; {_GOAL}"
    )
    return Sheet(
        "Remembered", sentences.remembered(year), means if diagrams else "", tuple(diagrams)
    )


def _by(heading: str, newest_first: Sequence[Period], name: Callable[[date], str]) -> Laid:
    """The newest of them; of nothing but small ones that they are small."""
    drawn = newest_first[:_NEWEST]
    if not any(one.remembered.tells for one in drawn):
        return Told(f"{heading.partition(',')[0]}: {words.TOO_FEW}.", "dim")
    return Ranges(
        heading,
        [Range(name(one.first), one.remembered, one.goal) for one in drawn],
        "reviews",
        _left_out(newest_first, drawn, "earlier"),
    )


def _left_out(every: Sequence[object], drawn: Sequence[object], which: str) -> str:
    """That there are others than those that are drawn, and what has them."""
    others = len(every) - len(drawn)
    return f"and {others:,} {which}, in studyapp stats --json" if others else ""


def _ahead(year: Year) -> Sheet:
    bars = [
        Bar(
            words.day(day := year.today + timedelta(days=at), day),
            cards,
            f"{cards:,} in {_short(minutes)}" if cards else "0",
        )
        for at, (cards, minutes) in enumerate(zip(year.forecast, year.minutes, strict=True))
    ]
    means = (
        "Cards that were met and come on each day, as Today has them, if all of each day is done. "
        "Each is there once, though young ones come again within these days. New cards are not "
        "among them, nor what they bring."
        if year.exam is None
        else "With the plan to your exam, as Today has it: what is due, and cards that come for "
        "the spare minutes, those that it will have met by then with them. No card is among them "
        "on the day that it is new."
    )
    drawn = (Bars("Cards a day", bars),) if any(year.forecast) else ()
    return Sheet("Ahead", sentences.ahead(year), means if drawn else "", drawn)


def _short(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= 1 else "under 1 min"


def _calendar(year: Year, settings: Settings) -> Sheet:
    reviews = {one.day: one.reviews for one in year.days if one.reviews}
    rest = [WEEKDAYS.index(day) for day in settings.rest_days]
    means = "Reviews of each study day, a column for a week. A dot is a day without any"
    means += "; days of rest have none." if rest else "."
    drawn = (Calendar(year.first, year.today, reviews, rest),) if reviews else ()
    return Sheet("The year", sentences.studied(year), means if drawn else "", drawn)


def _cards(year: Year) -> Sheet:
    cards = year.cards
    means = (
        "Stability: the days after which you would know 90 of 100 such cards. Difficulty: from 1 "
        "to 10. Recall: how likely you are to know the card today."
    )
    waits = _counted("Interval", cards.intervals, " d")
    stable = _counted("Stability", cards.stability, " d")
    hard = _counted("Difficulty", cards.difficulty)
    recall = Bars(
        "Recall today",
        _bars(
            sentences.ranges([100 * one for one in cards.retrievability.edges], "%"),
            cards.retrievability,
        ),
    )
    drawn = (Beside(waits, stable), Beside(hard, recall)) if cards.intervals.n else ()
    return Sheet("Cards", sentences.firm(year), means if drawn else "", drawn)


def _counted(heading: str, found: Distribution, unit: str = "") -> Bars:
    return Bars(heading, _bars(sentences.ranges(found.edges, unit), found))


def _bars(names: Sequence[str], found: Distribution) -> list[Bar]:
    return [Bar(name, count, f"{count:,}") for name, count in zip(names, found.counts, strict=True)]


def _times(year: Year) -> Sheet:
    means = f"{sentences.newest(year)} The hours are those of your own clock. {_GOAL}"
    if year.newest.imported:
        means += " The plan of a day goes by what was timed here, once that is 20 reviews."
    hours = [
        Bar(f"{one.hour:02}:00", one.reviews, f"{one.reviews:,}, {_median(one.pace)}")
        for one in year.hours
    ]
    shares = [
        Range(f"{one.hour:02}:00", one.remembered, year.goal)
        for one in year.hours
        if one.remembered.n
    ]
    told = "All reviews by hour, and the median seconds of timed cards that came back, that day too"
    drawn: tuple[Laid, ...] = (Bars(told, hours),) if hours else ()
    drawn += (Ranges("Remembered by hour", shares, "reviews"),) if shares else ()
    return Sheet("Time", sentences.times(year), means if drawn else "", drawn)


def _median(pace: Pace) -> str:
    """Of the seconds of an hour; a dash where no card came back in it."""
    if pace.seconds is None:
        return "–"
    return f"{pace.seconds:4.1f} s" if pace.n >= FEW else "few"


def _predictions(year: Year) -> Sheet:
    bins = [
        Range(f"{one.low:.0%} to {one.high:.0%}", one.remembered, one.predicted)
        for one in reversed(year.calibration.bins)
    ]
    means = (
        f"{sentences.newest(year)} {sentences.predicting(year)} ┊ is what was predicted, ● what "
        "came."
    )
    drawn = (Ranges("Predicted", bins, "reviews"),) if bins else ()
    return Sheet("Predictions", sentences.predicted(year), means if drawn else "", drawn)


def _answers(year: Year) -> Sheet:
    answers = year.answers
    means = [_TICKED] if answers.unsaid.n else []
    means += [_SURE] if answers.sureness else []
    means += [_GUESSED] if answers.guesses else []
    means += [_TOGETHER] if answers.unsaid.n or answers.guesses else []
    return Sheet("Answers", sentences.ticked(year), " ".join(means), tuple(_judged(year)))


def _judged(year: Year) -> Iterator[Laid]:
    answers = year.answers
    if answers.sureness:
        sure = [Range(f"{one.sure:.0%} sure", one.got, one.sure) for one in answers.sureness]
        yield Ranges("How sure you were", sure, "answers")
    if answers.guesses:
        guesses = [
            one
            for guess in answers.guesses
            for one in (
                Range(guess.name, guess.before),
                Range("  asked again", guess.since),
            )
        ]
        yield Ranges("Points said in a guess", guesses, "points")


def _topics(year: Year) -> Sheet:
    chapters = [Range(one.name, one.remembered, one.goal) for one in year.chapters]
    tags = [Range(one.name, one.remembered, one.goal) for one in year.tags[:_TAGS]]
    others = _left_out(year.tags, tags, "more")
    drawn: tuple[Laid, ...] = (Ranges("Chapters", chapters, "reviews"),) if chapters else ()
    drawn += (Ranges("Tags", tags, "reviews", others),) if tags else ()
    told = "What was remembered of each chapter" + (" and of each tag." if tags else ".")
    if not drawn:
        return Sheet("Topics", sentences.remembered(year), "", ())
    return Sheet("Topics", told, f"{sentences.newest(year)} {_GOAL}", drawn)
