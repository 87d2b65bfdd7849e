"""The chapters with how far the learner is: a table, or where there is little room a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from studyapp.tui.row import Laid, Row

_TITLE = 26  # cells of a title that make a table; a longer one takes several lines
_LEAST, _MOST = 10, 20  # cells of a bar
_NUMBER = 4
_GAP = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A chapter: mastery as a share and in words, questions introduced, what is due."""

    number: str
    title: str
    share: float
    mastery: str
    introduced: str
    due: str
    now: bool  # whether something of it is due

    @property
    def figures(self) -> tuple[str, str, str]:
        return self.mastery, self.introduced, self.due


class Chapters(Laid):
    """Each of *lines* under a line that says what the figures are."""

    def __init__(self, told: str, lines: Sequence[Line]) -> None:
        self._told = told
        self._lines = lines

    def lines(self, width: int) -> list[Content]:
        if not self._lines:
            return []
        head = Row(Content.styled("Course   ", "bold"), Content.styled(self._told, "dim"))
        columns = [max(len(one.figures[at]) for one in self._lines) for at in range(3)]
        room = width - _NUMBER - sum(_GAP + column for column in columns if column)
        longest = max(len(one.title) for one in self._lines)
        title = min(longest, max(_TITLE, room - _GAP - _LEAST))
        bar = min(room - title - _GAP, _MOST)
        rows = [
            _table(one, title, max(0, bar), columns) if room >= title else _list(one, width)
            for one in self._lines
        ]
        return [*head.lines(width), *(line for row in rows for line in row)]


def _table(one: Line, title: int, bar: int, columns: Sequence[int]) -> list[Content]:
    """One line, and more of them for a long title."""
    first, *others = Content(one.title).wrap(title)
    done = round(bar * one.share)
    figures = [one.mastery.rjust(columns[0]), one.introduced.rjust(columns[1])]
    line = Content.assemble(
        f"{one.number:>{_NUMBER - 1}} ",
        first.pad_right(title - first.cell_length),
        " " * _GAP if bar else "",
        ("█" * done, "$accent"),
        ("░" * (bar - done), "dim"),
        *(" " * _GAP + text for text in figures if text),
        " " * _GAP,
        (one.due, "" if one.now else "dim"),
    )
    return [line, *(other.pad_left(_NUMBER) for other in others)]


def _list(one: Line, width: int) -> list[Content]:
    """The title, and the figures below it."""
    told = Content.styled(" · ".join(filter(None, one.figures)), "" if one.now else "dim")
    title = Row(f"{one.number:>{_NUMBER - 1}} ", one.title)
    return [*title.lines(width), *Row(" " * _NUMBER, told).lines(width)]
