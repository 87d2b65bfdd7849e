"""What a year of study comes to, a sentence each: the page says them, and `studyapp stats`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from studyapp.study import words
from studyapp.study.statistics.sample import Pace
from studyapp.study.statistics.year import Year
from studyapp.study.stats import share

_FIRM = 21  # days of an interval from which on a card is told as firm
_A_DAY = 2  # cards, below which a mean of days is mostly rounding


def all_of(year: Year) -> list[str]:
    """One line of each; where times and predictions are not of all reviews, of which they are."""
    is_all = year.newest.reviews == year.reviews
    of_newest = [] if is_all else [f"{newest(year).removesuffix('.')}:"]
    return [
        *(line(year) for line in (studied, remembered, ahead, firm)),
        *of_newest,
        *(line(year) for line in (times, predicted, ticked)),
    ]


def studied(year: Year) -> str:
    if not year.days:
        return "Nothing was reviewed in the last year."
    days = words.count(len(year.days), "day")
    long = (year.today - year.first).days + 1
    imported = ""
    if year.newest.imported:
        is_all = year.newest.reviews == year.reviews
        imported = (
            f", {year.newest.imported:,} of them imported" if is_all else ", imported ones too"
        )
    return f"Studied on {days} of the last {long}: {words.count(year.reviews, 'review')}{imported}."


def remembered(year: Year) -> str:
    """All days of the year together."""
    n, hits = sum(one.told for one in year.days), sum(one.hits for one in year.days)
    if not n:
        return "No card has come back yet on a later day."
    several = len({f"{one.goal:.0%}" for one in year.days if one.told}) > 1
    return (
        f"Remembered in the last year: {words.telling(share(hits, n))} of "
        f"{words.count(n, 'review')}; {words.goal(year.goal, several=several)}."
    )


def ahead(year: Year) -> str:
    """What the next days take, if each is done; the busiest of them. Of few it is told how many
    they are in all."""
    cards, days = sum(year.forecast), len(year.forecast)
    span, minutes = words.count(days, "day"), sum(year.minutes)
    if not cards:
        return f"No card that was met comes in the next {span}."
    met = "was met" if cards == 1 else "were met"
    when, noun, which = f"The next {span}", "card", f" that {met} before"
    if year.exam is not None:  # it meets others on the way, which come as well, and more than once
        when, noun, which = f"{when}, with the plan to your exam", "review", ""
    if cards < _A_DAY * days:
        told = f"{words.count(cards, noun)} in all{which}, {_minutes(minutes)}"
    else:
        told = f"{cards / days:.0f} {noun}s a day{which}, {_minutes(minutes / days)}"
    return f"{when}: {told}; {_busiest(year)}."


def _busiest(year: Year) -> str:
    """The day with the most of what comes; where no day has more than one card, the first."""
    most = max(year.forecast)
    on = words.day(year.today + timedelta(days=year.forecast.index(most)), year.today)
    if most > 1:
        return f"most on {on}, {most:,}"
    return f"the first on {on}" if sum(year.forecast) > 1 else f"on {on}"


def firm(year: Year) -> str:
    waits = year.cards.intervals
    if not waits.n:
        return "No card was met yet."
    long = sum(
        count for edge, count in zip(waits.edges, waits.counts[1:], strict=True) if edge >= _FIRM
    )
    return (
        f"{words.capital(words.count(waits.n, 'card'))} met; {long:,} of them with an interval of "
        f"{_FIRM} days and more."
    )


def times(year: Year) -> str:
    known, new = year.known_card, year.new_card
    if not (known.n or new.n):
        return "No time was measured yet."
    return (
        f"A card that comes back, later that day too, takes {seconds(known)}, a new one "
        f"{seconds(new)}: medians of {known.n:,} and {words.count(new.n, 'review')} in the queue."
    )


def seconds(pace: Pace) -> str:
    """9.1 s [8.7, 9.6]; or that it rests on too little."""
    if pace.seconds is None or pace.low is None or pace.high is None:
        return f"({words.TOO_FEW})"
    return f"{pace.seconds:.1f} s [{pace.low:.1f}, {pace.high:.1f}]"


def predicted(year: Year) -> str:
    """What was to be expected of the reviews that the calibration is of, beside what came."""
    whole, by_these = year.calibration.whole, year.calibration.by_these
    if whole is None:
        return "No card has come back yet for which there was a prediction."
    n = whole.remembered.n
    came = f"remembered {words.telling(whole.remembered)} of {words.count(n, 'review')}"
    told = f"Predicted {whole.predicted:.0%}, {came}"
    if by_these == n:
        return f"{told}."
    return f"{told}; {f'{by_these:,}' if by_these else 'none'} of them by today's weights."


def predicting(year: Year) -> str:
    """What the predictions were made by: what another program had predicted is not known."""
    foreign = "; another program scheduled what was imported" if year.newest.imported else ""
    return (
        "At each there was a chance that you would know the card, by the weights in force here "
        f"then, at first the default ones{foreign}."
    )


def ticked(year: Year) -> str:
    answers = year.answers
    if not answers.unsaid.n:
        return "No answer was written and ticked yet."
    return (
        f"Ticked, but not in your words: {words.telling(answers.unsaid)} of "
        f"{words.count(answers.unsaid.n, 'point')} in {words.count(answers.ticked, 'answer')}."
    )


def newest(year: Year) -> str:
    """How far back the reviews go that were looked at one by one."""
    if year.newest.since is None:
        return "No review to look at yet."
    since = words.short_day(year.newest.since)
    if year.newest.reviews == 1:
        return f"Of one review, on {since}."
    of = f"Of your newest {words.count(year.newest.reviews, 'review')}"
    imported = f", {year.newest.imported:,} of them imported" if year.newest.imported else ""
    return f"{of}{imported}, since {since}."


def ranges(edges: Sequence[float], unit: str = "") -> list[str]:
    """What lies between the edges: under 3 d, 3–7 d, 7 d and more."""
    between = [f"{low:g}–{high:g}{unit}" for low, high in pairwise(edges)]
    return [f"under {edges[0]:g}{unit}", *between, f"{edges[-1]:g}{unit} and more"]


def _minutes(minutes: float) -> str:
    return f"about {words.count(round(minutes), 'minute')}" if minutes >= 1 else "under a minute"
