"""Change the text of a note here, as Markdown; it is kept as a draft until it is saved.

The box shows each paragraph on one line of its own and wraps it; a paragraph that is not changed
goes back into its file as it was.
"""

from __future__ import annotations

from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.widgets import TextArea

from studyapp.errors import StudyError
from studyapp.notes.paragraph import joined, parted
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import library
from studyapp.study.card import CardView
from studyapp.tui.keys import bind
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.field import TextField


class RewriteScreen(WritingPage):
    """One note in a box. The page below it reads what was saved when it comes into sight again."""

    BINDINGS = [  # noqa: RUF012
        bind("save", tooltip="Keep what the note says now", first=True),
        bind("back", only="escape", tooltip="Leave; what is written is kept as a draft"),
    ]
    # Where there is room, the comments of a note, which stay as they are, stand on one line, too.
    DEFAULT_CSS = "RewriteScreen { & > * { max-width: 112; } & TextArea { height: 1fr; } }"

    def __init__(self, card: CardView) -> None:
        super().__init__()
        self._card = card
        self._box = TextField(soft_wrap=True, classes="body")
        self._said = ""  # the note, in its file
        self._former: dict[str, str] = {}  # what paragraphs in the box are there

    def compose_body(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        try:
            self._said, text = library.read_edit(self.desk, self._card)
        except StudyError as error:
            self.notify(str(error), severity="error")
            self.app.pop_screen()
            return
        self.study.saw(self._said)
        self.begin(text, partial(library.write_edit, self.desk, self._card, self._said))
        self._box.focus()
        self.show_saved()

    @property
    def box(self) -> TextArea:
        return self._box

    @property
    def written(self) -> str:
        return parted(self._box.text, self._former)

    def put(self, text: str) -> None:
        self._box.text, former = joined(text)
        self._former |= former

    def show_saved(self) -> None:
        saved = self.draft is not None and not self.draft.waiting
        kept = " · kept as a draft" if self.written.strip() else " · no draft"
        self.head("Edit", self._card.place + kept * (saved and self.written != self._said))

    def action_save(self) -> None:
        if not self.written.strip():
            self.action_back()
        elif self.keep() and not self._box.read_only:
            self._box.read_only = True
            self._take_over()

    @work(thread=True, exclusive=True, group="edit")
    def _take_over(self) -> None:
        """Have the note say what the box does; another program may hold the lock meanwhile."""
        told = ""
        try:
            library.edited(self.desk.at(LONG_PATIENCE), self._card)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._taken, told)

    def _taken(self, told: str) -> None:
        self._box.read_only = False
        if told:
            self.notify(told, severity="error")
        else:
            self.app.pop_screen()

    def action_back(self) -> None:
        if self.keep():
            if not self.written.strip():
                self.notify("No draft is kept; the note stays as it was.")
            elif self.written != self._said:
                on = f"{self.key_of('rewrite')} goes on with it"
                self.notify(f"Kept as a draft; {on}, and emptying the box drops it.")
            self.app.pop_screen()
