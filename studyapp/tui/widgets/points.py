"""The points of an answer, to be ticked by the learner: lettered, never numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Static

from studyapp.notes.note import Point
from studyapp.study import words
from studyapp.tui.keys import TICKS

SOON = 0.02  # seconds until new lines may have their place; a page that only asked again and again
# after its refresh would leave them no time to take it


class PointLine(Static):
    """One point; a click ticks it."""

    DEFAULT_CSS = """
    PointLine { height: auto;
        &.-here { background: $boost; } }
    """

    @dataclass
    class Pressed(Message):
        index: int

    def __init__(self, index: int) -> None:
        super().__init__("", markup=False)
        self._index = index
        self._mark = self._text = Content()

    def show(self, mark: Content, text: Content) -> None:
        """Show *text* behind *mark*; further lines stand below the first."""
        self._mark, self._text = mark, text
        self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.height_at(width)

    def height_at(self, width: int) -> int:
        """How many lines it takes in *width* cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        indent = self._mark.cell_length
        first, *rest = self._text.wrap(max(width - indent, 8)) or [Content()]
        return [self._mark + first, *(line.pad_left(indent) for line in rest)]

    def on_click(self) -> None:
        self.post_message(self.Pressed(self._index))


class Points(Vertical):
    """Points with ticks and a cursor. Posts `Changed` with the ticked indices."""

    DEFAULT_CSS = """
    Points { height: auto; margin-top: 1;
        &.-none { margin: 0; } }
    """

    @dataclass
    class Changed(Message):
        """The learner ticked or unticked a point."""

        ticked: frozenset[int]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._points: Sequence[Point] = ()
        self._texts: Sequence[str] = ()
        self._to_tick = True
        self._cursor: int | None = None
        self._doubtful: frozenset[int] = frozenset()
        self.ticked: frozenset[int] = frozenset()

    def show(
        self,
        points: Sequence[Point],
        texts: Sequence[str],
        *,
        ticked: frozenset[int] = frozenset(),
    ) -> None:
        """Show *points*, worded as *texts* (their Markdown made plain)."""
        self._points = points
        self._texts = texts
        self._cursor = None
        self._doubtful = frozenset()
        self.ticked = ticked
        self.set_class(not points, "-none")
        lines = list(self.query(PointLine))
        for line in lines[len(points) :]:
            line.display = False
        self.mount_all(PointLine(index) for index in range(len(lines), len(points)))
        for index in range(len(points)):
            self._draw(index)

    @property
    def is_laid_out(self) -> bool:
        """Whether each point has its place; lines that are new have none for a moment."""
        return all(line.region.height for line in self.query(PointLine) if line.display)

    def height_at(self, width: int) -> int:
        """How many lines the points take in *width* cells."""
        return sum(line.height_at(width) for line in self.query(PointLine)[: len(self._points)])

    def move(self, step: int) -> None:
        """Move the cursor, which appears on the first call."""
        if self._points:
            start = -1 if step > 0 else len(self._points)
            now = start if self._cursor is None else self._cursor
            self._put_cursor(max(0, min(len(self._points) - 1, now + step)))

    def toggle(self) -> None:
        """Tick or untick the point under the cursor, the first one if there is no cursor yet."""
        if self._points:
            self._flip(self._cursor or 0)

    def tick(self, index: int) -> None:
        """Tick or untick the point at *index*, if there is one."""
        if index < len(self._points):
            self._flip(index)

    def let_tick(self, *, to_tick: bool) -> None:
        """Have them ticked, or only read."""
        if to_tick is not self._to_tick:
            self._to_tick = to_tick
            for index in range(len(self._points)):
                self._draw(index)

    def doubt(self, doubtful: frozenset[int]) -> None:
        """Mark the points whose ticks the learner's words do not bear out."""
        changed, self._doubtful = self._doubtful ^ doubtful, doubtful
        for index in changed:
            self._draw(index)

    @on(PointLine.Pressed)
    def _pressed(self, event: PointLine.Pressed) -> None:
        event.stop()
        if self._to_tick:
            self._flip(event.index)

    def _flip(self, index: int) -> None:
        """Tick or untick, and go on to the next point, so that one key ticks one after another."""
        self.ticked = self.ticked ^ {index}
        self._draw(index)
        self._put_cursor(min(index + 1, len(self._points) - 1))
        self.post_message(self.Changed(self.ticked))

    def _put_cursor(self, index: int) -> None:
        old, self._cursor = self._cursor, index
        for changed in {old, index} - {None}:
            assert changed is not None
            self._draw(changed)
        self.query(PointLine)[index].scroll_visible(animate=False)

    def _draw(self, index: int) -> None:
        point, line = self._points[index], self.query(PointLine)[index]
        here, ticked = index == self._cursor, index in self.ticked
        letter = words.LETTERS[index] if index < TICKS else " "  # there the cursor ticks
        mark = f"{letter} {'[x]' if ticked else '[ ]'} " if self._to_tick else "• "
        line.set_class(here, "-here")
        line.display = True
        line.show(
            Content.assemble(
                ("▸ " if here else "  ", "$text-accent"),
                (mark, "bold"),
            ),
            Content.assemble(
                ("extra: " if point.extra else "", "dim"),
                self._texts[index],
                (" ?" if index in self._doubtful else "", "dim"),
            ),
        )
