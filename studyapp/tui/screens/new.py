"""Write a card of one's own; it is kept as Markdown in packs/mine."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Input, Label, TextArea

from studyapp.errors import StudyError
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study.library import new_question
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import LineField, TextField


class NewScreen(Page):
    """A question and its answer."""

    BINDINGS = [  # noqa: RUF012
        Binding("ctrl+s", "save", "save", priority=True, tooltip="Keep the card"),
        Binding("escape", "back", "back without saving", tooltip="Leave without saving"),
        Binding("tab", "app.focus_next", "next field"),
    ]
    DEFAULT_CSS = """
    NewScreen { & Input { margin-bottom: 1; } & TextArea { height: 1fr; min-height: 5; }
        & Label { margin-top: 1; color: $text-muted; } }
    """

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Label("Question", markup=False)
            yield LineField(id="new-question")
            yield Label("Answer, in Markdown; a line `- [ ] …` is a point", markup=False)
            yield TextField(id="new-answer", soft_wrap=True)

    def on_mount(self) -> None:
        self.head("New card", "kept in packs/mine")
        self.query_one("#new-question").focus()

    def action_save(self) -> None:
        question = self.query_one("#new-question", Input).value
        answer = self.query_one("#new-answer", TextArea).text
        try:
            new_question(self.desk.at(LONG_PATIENCE), question, answer)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.notify("Saved; it comes up with the new cards.")
        self.app.pop_screen()

    def action_back(self) -> None:
        self.app.pop_screen()
