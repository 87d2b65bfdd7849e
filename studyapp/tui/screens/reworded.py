"""The notes that an upgrade has changed since the learner met them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from studyapp.notes.plain import plain
from studyapp.study import words
from studyapp.study.rewording import Reworded
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.menu import Menu

_TOLD = (
    "An upgrade has changed what these notes say, all of which you have met. "
    "Where an answer needs more than it did, its card comes once more by itself."
)


class RewordedScreen(Page):
    """One row a note; enter shows what it says now."""

    BINDINGS = [bind("back")]  # noqa: RUF012
    DEFAULT_CSS = "RewordedScreen { & #told { margin: 1 0; } & Menu { text-wrap: wrap; } }"

    def __init__(self, notes: Sequence[Reworded]) -> None:
        super().__init__()
        self._notes = notes

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static(_TOLD, id="told", markup=False)
            yield Menu(
                *(
                    Option(
                        Content.assemble(plain(one.prompt).strip(), (f"\n    {one.place}", "dim"))
                    )
                    for one in self._notes
                )
            )

    def on_mount(self) -> None:
        self.head("Changed since you met them", words.count(len(self._notes), "note"))
        self.query_one(Menu).focus()

    @on(Menu.OptionSelected)
    def _open(self, event: Menu.OptionSelected) -> None:
        self.study.open(places.Note(self._notes[event.option_index].note))

    def action_back(self) -> None:
        self.app.pop_screen()
