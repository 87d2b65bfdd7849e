"""Make own cards of a card's points, as Markdown; the card is set aside once they are saved."""

from __future__ import annotations

from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.widgets import Static, TextArea

from studyapp.errors import StudyError
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import split, words
from studyapp.study.card import CardView
from studyapp.study.split import Made
from studyapp.tui.keys import bind
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.field import TextField


class SplitScreen(WritingPage):
    """All of the new cards in one box; each begins with a heading."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("save", tooltip="Keep these cards, and set the old one aside", first=True),
        bind("back", only="escape", tooltip="Leave; what is written is kept as a draft"),
    ]
    DEFAULT_CSS = """
    SplitScreen { & TextArea { height: 1fr; }
        & #how { height: auto; padding: 0 1; color: $text-muted; } }
    """

    def __init__(self, card: CardView) -> None:
        super().__init__()
        self._card = card
        self._box = TextField(soft_wrap=True, classes="body")
        self._begun = ""

    def compose_body(self) -> ComposeResult:
        yield Static(
            "Each heading (##) is a card; reword them, or take some out. The old card is set aside "
            "once they are saved.",
            id="how",
            markup=False,
        )
        yield self._box

    def on_mount(self) -> None:
        learner = self.desk.learner
        try:
            self._begun = split.read_draft(self._card, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            self.app.pop_screen()
            return
        self.begin(self._begun, partial(split.write_draft, self._card, learner=learner))
        self._box.focus()
        self.show_saved()

    @property
    def box(self) -> TextArea:
        return self._box

    def show_saved(self) -> None:
        saved = self.draft is not None and not self.draft.waiting
        kept = saved and self.written not in ("", self._begun)
        self.head("Split", self._card.place + " · kept as a draft" * kept)

    def action_save(self) -> None:
        if not self.written.strip():
            self.notify("No card is written here, so nothing was saved; the old one stays.")
            self.action_back()
            return
        try:
            text = split.named(self.desk, self.written)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if text != self.written:
            self.put(text)
        if self.keep_as_seen() and not self._box.read_only:
            self._box.read_only = True
            self.hold_keys(True)
            self._save_cards(text)

    @work(thread=True, exclusive=True, group="edit")
    def _save_cards(self, text: str) -> None:
        """Another program may hold the lock meanwhile."""
        made, told = None, ""
        try:
            made = split.save(self.desk.at(LONG_PATIENCE), self._card, text)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._saved, made, told)

    def _saved(self, made: Made | None, told: str) -> None:
        self._box.read_only = False
        self.hold_keys(False)
        if made is None:
            self.notify(told, severity="error")
            return
        self.study.wrote(partial(split.take_back, made=made))
        cards = words.count(len(made.names), "card")
        self.notify(f"{cards} in {made.home.name}, the old one is set aside; {self.undo_now()}.")
        self.app.pop_screen()

    def action_back(self) -> None:
        if self.keep():
            if self.written.strip() and self.written != self._begun:
                self.notify(f"Kept as a draft; {self.key_of('split')} goes on with it.")
            self.app.pop_screen()
