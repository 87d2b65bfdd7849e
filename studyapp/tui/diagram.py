"""Diagrams of signs: bars, shares with their intervals, a calendar of the year.

Each value stands beside its bar in words, so nothing hangs on a colour or on how fine a sign is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from studyapp.study.stats import Share
from studyapp.study.words import TOO_FEW, percent, telling
from studyapp.tui.row import Laid

_GAP = 2  # cells between columns
_LEAST, _MOST = 8, 50  # cells of a bar, or of the line that an interval is drawn on …
_WISHED = 24  # … which names leave it, if they can be read then
_NAME = 16  # cells
_APART = 4  # cells between two diagrams side by side
_EIGHTHS = "▏▎▍▌▋▊▉█"
_SHADES = "░▒▓█"
_DAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")


class Told(Laid):
    """A paragraph."""

    def __init__(self, text: str, style: str = "") -> None:
        self._text = Content.styled(text, style)

    def lines(self, width: int) -> list[Content]:
        return self._text.wrap(max(1, width))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar as long as its `value` beside the others, and what is `told` of it."""

    name: str
    value: float
    told: str


class Bars(Laid):
    """A line for each, under a heading."""

    def __init__(self, heading: str, bars: Sequence[Bar]) -> None:
        self._heading = heading
        self._bars = bars

    def lines(self, width: int) -> list[Content]:
        figures = max((len(one.told) for one in self._bars), default=0)
        names = _widest([one.name for one in self._bars], width - figures - 2 * _GAP)
        room = min(_MOST, max(_LEAST, width - names - figures - 2 * _GAP))
        longest = max((one.value for one in self._bars), default=0) or 1
        rows = [
            Content.assemble(
                _fitted(one.name, names) + " " * _GAP,
                one.told.rjust(figures + _GAP - 1),
                " ",
                (_bar(one.value / longest, room), "$accent"),
            )
            for one in self._bars
        ]
        return [*Content.styled(self._heading, "bold").wrap(max(1, width)), *rows]


def _widest(names: Sequence[str], left: int) -> int:
    """The cells of the longest name, or as many as are *left* beside what is drawn."""
    most = min(max(_NAME, left - _WISHED), left - _LEAST)
    return max(1, min(most, max(map(cell_len, names), default=0)))


def _fitted(name: str, cells: int) -> str:
    """A name in so many cells; of one that is longer, its beginning."""
    if cell_len(name) > cells:
        return set_cell_size(name, cells - 1) + "…"
    return set_cell_size(name, cells)


def _bar(share: float, room: int) -> str:
    """So much of *room*, to an eighth of a cell; what there is any of is seen."""
    eighths = round(8 * room * share)
    if not eighths:
        return _EIGHTHS[0] if share else ""
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest - 1] if rest else "")


@dataclass(frozen=True, slots=True)
class Range:
    """A share with its interval, and where it was expected to be."""

    name: str
    share: Share
    expected: float | None = None


class Ranges(Laid):
    """A line for each: the share in words, its interval drawn, and of how many it is. The line
    begins where the lowest interval does."""

    def __init__(self, heading: str, ranges: Sequence[Range], of: str, left_out: str = "") -> None:
        """*of* names what is counted; *left_out* tells of those that are not drawn."""
        self._heading = heading
        self._ranges = ranges
        self._of = of
        self._left_out = left_out

    def lines(self, width: int) -> list[Content]:
        values = max(len(TOO_FEW), *(len(percent(one.share)) for one in self._ranges), 0)
        counts = max(len(self._of), *(len(f"{one.share.n:,}") for one in self._ranges), 0)
        left = width - values - counts - 3 * _GAP
        names = _widest([one.name for one in self._ranges], left)
        room = min(_MOST, left - names)
        scale = _Scale(_lowest(self._ranges), room)
        rows = [
            Content.assemble(
                _fitted(one.name, names) + " " * _GAP,
                (telling(one.share).ljust(values + _GAP), "" if one.share.tells else "dim"),
                (scale.drawn(one).ljust(max(0, room)), "$accent"),
                (f"{one.share.n:,}".rjust(counts + _GAP), "dim"),
            )
            for one in self._ranges
        ]
        head = self._heading.ljust(names + values + 2 * _GAP)
        axis = scale.axis() if len(head) == names + values + 2 * _GAP else ""
        first = Content.assemble(
            (head, "bold"),
            (axis.ljust(max(0, room)), "dim"),
            (self._of.rjust(counts + _GAP), "dim"),
        )
        last = [Content.styled(self._left_out, "dim")] if self._left_out else []
        return [
            first if first.cell_length <= width else Content.styled(head, "bold"),
            *rows,
            *last,
        ]


@dataclass(frozen=True, slots=True)
class _Scale:
    """The shares from `low` to 1 on so many cells; too few cells draw nothing."""

    low: float
    room: int

    def axis(self) -> str:
        left, right = f"{self.low:.0%}", "100%"
        gap = self.room - len(left) - len(right)
        return left + " " * gap + right if gap > 0 else ""

    def drawn(self, one: Range) -> str:
        share = one.share
        if self.room < _LEAST or not share.tells or share.value is None or share.low is None:
            return ""
        low, high = self._at(share.low), self._at(share.high or share.value)
        cells = [" "] * self.room
        cells[low : high + 1] = "─" * (high - low + 1)
        if one.expected is not None:
            at = self._at(one.expected)
            cells[at] = "┊" if cells[at] == " " else "┼"
        cells[self._at(share.value)] = "●"
        return "".join(cells)

    def _at(self, share: float) -> int:
        within = (share - self.low) / (1 - self.low)
        return round(min(1.0, max(0.0, within)) * (self.room - 1))


def _lowest(ranges: Sequence[Range]) -> float:
    """Where the scale begins: a tenth below all that is drawn."""
    told = [one.share.low for one in ranges if one.share.tells and one.share.low is not None]
    expected = [one.expected for one in ranges if one.expected is not None]
    tenths = int(10 * min([*told, *expected, 0.8]) + 1e-9)
    return max(0, min(tenths, 8)) / 10


class Calendar(Laid):
    """The days of a year, a column for a week: the more reviews, the darker. Of a day without any
    there is a dot, of a day of rest none."""

    def __init__(
        self, first: date, last: date, reviews: Mapping[date, int], rest: Collection[int]
    ) -> None:
        """*rest* are weekdays, 0 for Monday."""
        self._monday = first - timedelta(days=first.weekday())
        self._first, self._last = first, last
        self._reviews = reviews
        self._rest = rest
        self._steps = _quartiles(reviews.values())

    def lines(self, width: int) -> list[Content]:
        weeks = (self._last - self._monday).days // 7 + 1
        wide = 2 if width >= _APART + 2 * weeks else 1
        shown = min(weeks, max(1, (width - _APART) // wide))  # the newest, where not all fit
        mondays = [self._monday + timedelta(weeks=at) for at in range(weeks - shown, weeks)]
        rows = [Content.styled(" " * _APART + _months(mondays, wide), "dim")]
        for weekday, name in enumerate(_DAYS):
            signs = "".join(self._sign(one + timedelta(days=weekday)) * wide for one in mondays)
            rows.append(Content.assemble((name.ljust(_APART), "dim"), (signs, "$accent")))
        return [*rows, Content(), Told(self._legend(), "dim").lines(width)[0]]

    def _sign(self, day: date) -> str:
        if not self._first <= day <= self._last:
            return " "
        count = self._reviews.get(day, 0)
        if count:
            return _SHADES[sum(count > step for step in self._steps)]
        return " " if day.weekday() in self._rest else "·"

    def _legend(self) -> str:
        edges = [0, *self._steps]
        told = [
            f"{sign} {high:,}" if high == low + 1 else f"{sign} {low + 1:,}–{high:,}"
            for sign, low, high in zip(_SHADES, edges, self._steps, strict=False)
            if high > low
        ]
        return "   ".join([*told, f"{_SHADES[-1]} more"]) if self._reviews else ""


def _quartiles(counts: Collection[int]) -> tuple[int, ...]:
    """Three numbers of reviews that part the days of study in four."""
    ordered = sorted(counts) or [0]
    return tuple(ordered[len(ordered) * part // 4] for part in (1, 2, 3))


def _months(mondays: Sequence[date], wide: int) -> str:
    """The name of each month above its first week, if the next one leaves room for it."""
    begins = [
        at for at, monday in enumerate(mondays) if at == 0 or monday.month != mondays[at - 1].month
    ]
    line = ""
    for at, following in pairwise([*begins, len(mondays) + 1]):
        if (following - at) * wide > len("Nov"):
            line = line.ljust(at * wide) + f"{mondays[at]:%b}"
    return line


class Beside(Laid):
    """Two diagrams side by side where each has `least` cells, else one below the other."""

    def __init__(self, left: Laid, right: Laid, least: int = 44) -> None:
        self._left, self._right = left, right
        self._least = least

    def lines(self, width: int) -> list[Content]:
        half = (width - _APART) // 2
        if half < self._least:
            return [*self._left.lines(width), Content(), *self._right.lines(width)]
        left, right = self._left.lines(half), self._right.lines(half)
        longer = max(len(left), len(right))
        left += [Content()] * (longer - len(left))
        right += [Content()] * (longer - len(right))
        return [
            one.pad_right(half - one.cell_length + _APART) + other
            for one, other in zip(left, right, strict=True)
        ]
