"""What happened, and why? In the learner's words first, then as points to tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from studyapp.notes.note import Point
from studyapp.tui.keys import FEW, bind, key_of, letters
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.points import Points


class Line(AnswerBox):
    """A box that enter leaves: an explanation is one line, however long."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "leave", "go on", "Go on; empty is fine", only="enter", first=True),
        bind("save", "leave", "go on", "Go on; empty is fine", show=False, first=True),
        bind("back", "skip", "skip", "Go on to the result at once", first=True),
    ]
    DEFAULT_CSS = """
    Line { min-height: 1; max-height: 6; }
    """

    @dataclass
    class Left(Message):
        skipped: bool

    def action_leave(self) -> None:
        self.post_message(self.Left(False))

    def action_skip(self) -> None:
        self.post_message(self.Left(True))


class Explanation(Vertical, can_focus=True):
    """Asks for a line and, if the lesson says how it comes about, which of it was meant. Posts
    `Done` in the end; whatever was written by then is in it."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "done", tooltip="Go on to the result"),
        bind("save", "done", "go on", "Go on to the result", show=False),
        bind("back", "done", "skip", "Go on to the result"),
        bind("down", "move(1)", "point", "Go to another point"),
        bind("up", "move(-1)", "point before", show=False),
        bind("tick", "tick_here", tooltip="Tick the point"),
        *letters(FEW, show=False),
    ]
    DEFAULT_CSS = """
    Explanation { height: auto; margin-top: 1; display: none;
        & > Static { height: auto; }
        & > Points { display: none; }
        &.-ticking > Points { display: block; } }
    """

    @dataclass
    class Done(Message):
        """What was written, and whether each point was ticked; None if none was shown."""

        text: str
        ticked: dict[str, bool] | None

    def __init__(self) -> None:
        super().__init__()
        self._points: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        yield Static("", id="why", markup=False)
        yield Line()
        yield Points()

    def ask(self, points: Sequence[str]) -> None:
        """Ask anew; *points* are the mechanism as it is true of the run."""
        self._points = points[:FEW]
        self.remove_class("-ticking")
        self._say(
            "What happened, and why?", f"Then comes the result; {key_of(self, 'back')} skips."
        )
        box = self.query_one(Line)
        box.display, box.read_only = True, False
        box.text = ""
        box.focus(scroll_visible=False)

    @property
    def text(self) -> str:
        return self.query_one(Line).text.strip()

    def _say(self, what: str, how: str) -> None:
        self.query_one("#why", Static).update(Content.assemble((what, "bold"), (f"  {how}", "dim")))

    @on(Line.Left)
    def _left(self, event: Line.Left) -> None:
        event.stop()
        if event.skipped or not self._points:
            self._end(None)
            return
        self.add_class("-ticking")
        box = self.query_one(Line)
        box.read_only = True
        box.display = bool(self.text)
        self.query_one(Points).show([Point(text) for text in self._points], self._points)
        self._say("Which of these had you thought of?", "All are true; a letter ticks.")
        self.focus(scroll_visible=False)

    def _end(self, ticked: dict[str, bool] | None) -> None:
        self.post_message(self.Done(self.text, ticked))

    def action_done(self) -> None:
        ticked = self.query_one(Points).ticked
        self._end({text: index in ticked for index, text in enumerate(self._points)})

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "tick" or cast("int", parameters[0]) < len(self._points)

    def action_move(self, step: int) -> None:
        self.query_one(Points).move(step)

    def action_tick_here(self) -> None:
        self.query_one(Points).toggle()

    def action_tick(self, index: int) -> None:
        self.query_one(Points).tick(index)
