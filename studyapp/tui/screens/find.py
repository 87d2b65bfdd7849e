"""Find a note by its words, read it and open it."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.notes.plain import plain
from studyapp.study import asking, find
from studyapp.study.asking import Deeper
from studyapp.study.find import LIMIT, Found, Index
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.row import Row
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.listing import Listing
from studyapp.tui.widgets.prose import Prose


class FindScreen(Page):
    """Results as one types; the chosen note is shown below."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "step(1)", "choose", "Go through the results", first=True),
        bind("up", "step(-1)", show=False, first=True),
        bind("go_on", "open", "open", "Show the note with its cards", only="enter", first=True),
        bind("ask_found", "ask", first=True),
        bind("ask_found", "unask", "asked for: take it back", "No longer", first=True),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    FindScreen {
        & LineField { margin: 1 0; }
        & Listing { max-height: 40%; }
        & #found { height: 1fr; margin-top: 1; border-top: solid $foreground 20%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._index: Index | None = None  # until it has been read
        self._to_open = False  # the first result, as soon as there is one
        self._found: list[Found] = []
        self._shown: Found | None = None
        self._deeper = Deeper()  # cards of the note shown that come only if asked for

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield LineField(placeholder="words of a question, a term or an answer")
            yield Listing()
            with VerticalScroll(id="found", can_focus=False):
                yield Prose()

    def on_mount(self) -> None:
        self.head("Find", "")
        self.query_one(Input).focus()

    def on_screen_resume(self) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="index")
    def _read(self) -> None:
        """Read all words at once: then each letter costs a few milliseconds."""
        try:
            with self.desk.reading() as connection:
                index = find.read(connection, learner=self.desk.learner)
        except StudyError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        self.app.call_from_thread(self._take, index)

    def _take(self, index: Index) -> None:
        if not self.is_attached:  # left in the meantime
            return
        chosen = self._shown
        self._index = index
        self._search()
        notes = [one.note for one in self._found]
        if chosen is not None and chosen.note in notes:
            self.query_one(Listing).highlighted = notes.index(chosen.note)
        if self._to_open:
            self._open()

    @on(Input.Changed)
    def _search(self) -> None:
        if self._index is None:
            return
        words = self.query_one(Input).value
        self._found = self._index.find(words)
        results = self.query_one(Listing)
        results.clear_options().add_options(Option(_row(one)) for one in self._found)
        self._shown, self._deeper = None, Deeper()
        number = len(self._found)
        told = f"{number} found" if number < LIMIT else f"the first {number}"
        self.head("Find", told if words.strip() else "")
        self.refresh_bindings()
        if number:
            results.highlighted = 0
        else:
            self.query_one(Prose).show("Nothing has all these words." if words.strip() else "")

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index >= len(self._found):
            return  # of a list that another letter has replaced
        one = self._found[event.option_index]
        self.query_one(Prose).show(one.text)
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
        if action == "open":
            return bool(self._found)  # else the field submits, which does the same
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

    def action_open(self) -> None:
        # After the letters that are still on their way through the field.
        self.query_one(Input).call_later(self.call_later, self._open)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        chosen = self.query_one(Listing).highlighted
        self._to_open = self._index is None
        if chosen is not None and chosen < len(self._found):
            self.study.open(places.Note(self._found[chosen].note))

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_step(self, step: int) -> None:
        results = self.query_one(Listing)
        (results.action_cursor_down if step > 0 else results.action_cursor_up)()

    def action_back(self) -> None:
        self.app.pop_screen()


def _row(one: Found) -> Row:
    chapter = Content.styled(f"{one.chapter or '':>2}  ", "dim")
    return Row(chapter, Content(" ".join(plain(one.prompt).split())))
