"""Find a note by its words and read it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.notes.plain import plain
from studyapp.study import asking
from studyapp.study.asking import Deeper
from studyapp.study.find import Found, find
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.prose import Prose


class FindScreen(Page):
    """Results as one types; the chosen note is shown below."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "back", "back", tooltip="Back"),
        Binding(
            "down",
            "step(1)",
            "choose",
            key_display="↑↓",
            priority=True,
            tooltip="Go through the results",
        ),
        Binding("up", "step(-1)", "choose", show=False, priority=True),
        Binding(
            "ctrl+o",
            "ask",
            "ask for its card",
            priority=True,
            tooltip="Ask for its card, which comes only then; again: no longer",
        ),
        Binding("ctrl+o", "unask", "asked for: take it back", priority=True, tooltip="No longer"),
    ]
    DEFAULT_CSS = """
    FindScreen {
        & LineField { margin: 1 0; }
        & OptionList { height: auto; max-height: 40%; border: none; background: transparent;
            padding: 0; }
        & #found { height: 1fr; margin-top: 1; border-top: solid $foreground 20%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Found] = []
        self._shown: Found | None = None
        self._deeper = Deeper()  # cards of the note shown that come only if asked for

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield LineField(placeholder="words to find in questions and answers")
            yield OptionList()
            with VerticalScroll(id="found", can_focus=False):
                yield Prose()

    def on_mount(self) -> None:
        self.head("Find", "")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        try:
            with self.desk.reading() as connection:
                self._found = find(connection, event.value, learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        results = self.query_one(OptionList)
        results.clear_options().add_options(
            Option(
                Content.assemble((f"{one.chapter or '':>2}  ", "dim"), plain(one.prompt).strip())
            )
            for one in self._found
        )
        self._shown, self._deeper = None, Deeper()
        number = len(self._found)
        self.head("Find", f"{number} found" if event.value.strip() else "")
        if number:
            results.highlighted = 0
        else:
            self.query_one(Prose).show(
                "Nothing has all these words." if event.value.strip() else ""
            )

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index >= len(self._found):
            return  # of a list that another letter has replaced
        one = self._found[event.option_index]
        self.query_one(Prose).show(
            "\n\n".join(
                [f"**{one.prompt}**", *([one.front, "---"] if one.front else []), one.answer]
            )
        )
        self.study.saw(one.answer)
        self._shown = one
        self._read_deeper(one)

    def _read_deeper(self, one: Found) -> None:
        depth, learner = self.desk.settings.depth, self.desk.learner
        try:
            with self.desk.reading() as connection:
                where = asking.of_note(one.note)
                self._deeper = asking.find(connection, where, depth=depth, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        waits = bool(self._deeper.waiting)
        return {"ask": waits, "unask": bool(self._deeper) and not waits}.get(action, True)

    def action_ask(self) -> None:
        if self._shown is None:
            return
        try:
            self._deeper = asking.ask(self.desk, asking.of_note(self._shown.note))
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.refresh_bindings()
        self.notify(asking.told(self._deeper))

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_step(self, step: int) -> None:
        results = self.query_one(OptionList)
        (results.action_cursor_down if step > 0 else results.action_cursor_up)()

    def action_back(self) -> None:
        self.app.pop_screen()
