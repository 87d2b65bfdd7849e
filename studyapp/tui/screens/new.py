"""Write a card of one's own; it is kept as Markdown in packs/mine, and as a draft until then."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import DescendantFocus
from textual.widgets import Input, Label, TextArea

from studyapp.errors import StudyError
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import contrast, library
from studyapp.study.admission import is_let_in
from studyapp.study.card import CardView
from studyapp.study.draft import Write
from studyapp.study.library import Home
from studyapp.study.questionnaire import history
from studyapp.tui.keys import bind
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.field import LineField, TextField

_ASKS = "Question"
_SAYS = "Answer, in Markdown; a line `- [ ] …` is a point"


class NewScreen(WritingPage):
    """A question and its answer. The draft has the question on its first line."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("save", tooltip="Keep the card", first=True),
        bind("next_field", "app.focus_next"),
        bind("previous_field", "app.focus_previous", show=False),
        bind("back", tooltip="Leave; what is written is kept as a draft"),
    ]
    DEFAULT_CSS = """
    NewScreen { & Input { margin-bottom: 1; } & TextArea { height: 1fr; min-height: 5; }
        & Label { margin-top: 1; color: $text-muted; } }
    """

    def __init__(
        self,
        beside: CardView | None = None,
        apart: CardView | None = None,
        home: Home | None = None,
    ) -> None:
        """Write a card that belongs where *beside* does, or else to its *home*, or else to the
        chapter started last; one that is to tell *beside* apart from another begins with what the
        two say."""
        super().__init__()
        self._begun, self._pair = "", None
        if beside is not None and apart is not None:
            self._begun, self._pair = contrast.proposed(beside, apart), (beside, apart)
        self._goes_to = library.home_of(beside) if beside is not None else home
        self._question = LineField(id="new-question", select_on_focus=False)
        self._answer = TextField(id="new-answer", soft_wrap=True)
        self._home = ""  # where the card goes, in words

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Label(id="asks", markup=False)
            yield self._question
            yield Label(id="says", markup=False)
            yield self._answer

    def on_mount(self) -> None:
        learner = self.desk.learner
        try:
            text = self._read_draft() or self._begun
        except StudyError as error:
            self.notify(str(error), severity="error")
            text = ""
        with suppress(StudyError), self.desk.reading() as connection:  # saving says what is wrong
            home = self._goes_to or library.last_started(connection, learner=learner)
            self._home = f"goes to {home.name}"
        self.begin(text, self._write_draft)
        self._show_head()
        self.set_focus(self._answer if self._question.value.strip() else self._question)
        self._show_focus()

    @on(DescendantFocus)
    def _show_focus(self) -> None:
        """Which field has the keys is seen without colours, too."""
        for name, field, told in (("asks", self._question, _ASKS), ("says", self._answer, _SAYS)):
            here = "▸" if self.focused is field else " "
            self.query_one(f"#{name}", Label).update(f"{here} {told}")

    @on(Input.Submitted)
    def _go_to_answer(self) -> None:
        self.set_focus(self._answer)

    def _read_draft(self) -> str:
        learner = self.desk.learner
        if self._pair is None:
            return library.read_draft(learner=learner)
        return contrast.read_draft(*self._pair, learner=learner)

    @property
    def _write_draft(self) -> Write:
        learner = self.desk.learner
        if self._pair is None:
            return partial(library.write_draft, learner=learner)
        return partial(contrast.write_draft, *self._pair, learner=learner)

    @property
    def box(self) -> TextArea:
        return self._answer

    @property
    def written(self) -> str:
        question, answer = self._question.value, self._answer.text
        return f"{question}\n{answer}" if answer else question

    def put(self, text: str) -> None:
        question, _, answer = text.partition("\n")
        same = question == self._question.value
        self._question.value, self._answer.text = question, answer
        self._question.cursor_position = len(question)
        self._answer.move_cursor(self._answer.document.end)
        if (
            question.strip() and answer and self._question.has_focus and not same
        ):  # who writes goes on at the end
            self.set_focus(self._answer)

    @on(Input.Changed)
    def _typed_question(self) -> None:
        self._typed()

    def show_saved(self) -> None:
        self._show_head()

    def _show_head(self) -> None:
        saved = self.draft is not None and not self.draft.waiting
        draft = saved and self.written.strip() not in ("", self._begun.strip())
        self.head("New card", " · ".join(filter(None, (self._home, "kept as a draft" * draft))))

    def action_save(self) -> None:
        question, answer = self._question.value, self._answer.text
        try:
            desk = self.desk.at(LONG_PATIENCE)
            of = self._pair or ()
            made = library.new_question(desk, question, answer, self._goes_to, of)
            with self.desk.reading() as connection:
                comes = is_let_in(
                    connection, made.card, depth=desk.settings.depth, learner=desk.learner
                )
                also = history.joined(connection, made.card, learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        draft = self.written
        self.put("")
        self.keep()  # which removes the draft
        self.study.wrote(partial(library.unwrite, made=made, draft=draft, keep=self._write_draft))
        told = f"Saved in {made.home.name}; it comes first of its new cards. {also}".rstrip()
        if not comes:  # it was written beside a card that was met or asked for there
            told = f"Saved in {made.home.name}; it comes once that is started. {also}".rstrip()
        self.notify(f"{told} {self.undo_now()}.")
        self.app.pop_screen()

    def action_back(self) -> None:
        if self.keep():
            if self.written.strip() not in ("", self._begun.strip()):
                self.notify("Kept as a draft; a new card goes on with it.")
            self.app.pop_screen()
