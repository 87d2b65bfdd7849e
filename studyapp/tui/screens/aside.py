"""The cards that are out of the way, and the way back for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.state import Memory
from studyapp.notes.plain import plain
from studyapp.study import aside, words
from studyapp.study.aside import Aside, Why
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.cards import CardList, CardsPage

_NONE = (
    "Nothing is out of the way: no card is suspended, buried or marked, none keeps slipping.\n\n"
    "{} in a review marks a card whose text you want to mend later; it is listed here then."
)


class AsideScreen(CardsPage, inherit_bindings=False):
    """One row a card: what it asks, and why it is here."""

    BINDINGS = [  # noqa: RUF012 - its own come first, in the footer as well
        bind("go_on", "open", "open", "Show the note with its cards"),
        bind("history", "past", "past", "How it has gone, and what can be done"),
        *CardsPage.BINDINGS,
        *Screen.BINDINGS,
    ]
    DEFAULT_CSS = """
    AsideScreen { & CardList { height: 1fr; margin-top: 1; } & #tally { margin-top: 1; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Aside] = []

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield Static("", id="tally", markup=False)
            yield CardList(markup=False)

    @property
    def _row(self) -> Aside | None:
        index = self.query_one(CardList).highlighted
        return self._found[index] if index is not None and index < len(self._found) else None

    @property
    def chosen(self) -> tuple[int, Memory] | None:
        return (self._row.card, self._row.memory) if self._row else None

    @property
    def listed(self) -> list[int]:
        return [one.card for one in self._found]

    def show_cards(self) -> None:
        now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
        try:
            with self.desk.reading() as connection:
                self._found = aside.read(
                    connection, now, leech_lapses=settings.leech_lapses, learner=learner
                )
                listed = [(one.card, one.memory) for one in self._found]
                held = aside.held(connection, listed, now, settings, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        none = _NONE.format(self.key_of("mark"))
        self.head("Set aside")
        self.query_one("#tally", Static).update(aside.tally(self._found) or none)
        self.query_one(CardList).show(
            [
                Option(
                    Content.assemble(
                        plain(one.prompt).strip(),
                        (f"  {words.side(one.side)}", "dim"),
                        (f"\n    {self._told(one, now, held)} · {one.place}", "dim"),
                    )
                )
                for one in self._found
            ]
        )

    def _told(self, one: Aside, now: datetime, held: Mapping[int, str]) -> str:
        told = one.told(now, held)
        going_on = f"{Why.DRAFT} ({self.key_of('rewrite')} goes on with it)"
        return told.replace(Why.DRAFT, going_on, 1)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return self._row is not None
        return super().check_action(action, parameters)

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        if self._row is not None:
            self.study.open(places.Note(self._row.note))
