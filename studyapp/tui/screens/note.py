"""A note: what it says, its cards and when they come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.state import Memory
from studyapp.study import aside, asking, note, words
from studyapp.study.asking import Deeper
from studyapp.study.note import NoteView
from studyapp.tui import sight
from studyapp.tui.keys import bind
from studyapp.tui.screens.cards import CardList, CardsPage
from studyapp.tui.widgets.prose import Prose


class NoteScreen(CardsPage, inherit_bindings=False):
    """The text above, the cards below."""

    BINDINGS = [  # noqa: RUF012 - its own come first, in the footer as well
        bind("ask", label="ask for it", tooltip="Let its cards in"),
        bind("ask", "unask", "ask no longer", "Ask for its cards no longer"),
        bind("go_on", "scroll(1)", "scroll", "Scroll the text"),
        bind("page_down", "scroll(1)", show=False),
        bind("page_up", "scroll(-1)", show=False),
        bind(
            "top",
            "end(-1)",
            tooltip="To the beginning of the text, or its end",
            show=False,
            first=True,
        ),
        bind("bottom", "end(1)", show=False, first=True),
        bind("history", "past", "past", "How it has gone, and what can be done", show=False),
        *CardsPage.BINDINGS,
        *Screen.BINDINGS,
    ]
    DEFAULT_CSS = """
    NoteScreen {
        & VerticalScroll { height: 1fr; }
        & #source { margin-top: 1; color: $text-muted; }
        & CardList { max-height: 50%; margin-top: 1; border-top: solid $foreground 20%; }
        & CardList:focus { border-top: solid $foreground 20%; }
    }
    """

    def __init__(self, note_id: int) -> None:
        super().__init__()
        self._note = note_id
        self._view: NoteView | None = None
        self._deeper = Deeper()  # its cards that come only if asked for

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            with VerticalScroll(can_focus=False):
                yield Prose(raw=self.desk.settings.raw_maths)
                yield Static("", id="source", markup=False)
            yield CardList(markup=False)

    @property
    def chosen(self) -> tuple[int, Memory] | None:
        index = self.query_one(CardList).highlighted
        if self._view is None or index is None or index >= len(self._view.cards):
            return None
        view = self._view.cards[index]
        return view.id, view.memory

    @property
    def listed(self) -> list[int]:
        return [one.id for one in self._view.cards] if self._view else []

    def show_cards(self) -> None:
        now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
        held: Mapping[int, str] = {}
        try:
            with self.desk.reading() as connection:
                self._view = note.read(connection, self._note, learner=learner)
                if self._view is not None:
                    where = asking.of_note(self._view.note)
                    self._deeper = asking.find(
                        connection, where, depth=settings.depth, learner=learner
                    )
                    cards = [(one.id, one.memory) for one in self._view.cards]
                    held = aside.held(connection, cards, now, settings, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if self._view is None:
            self.notify("This note is there no more.", severity="warning")
            self.app.pop_screen()
            return
        self._show(self._view, now, held)

    def _show(self, view: NoteView, now: datetime, held: Mapping[int, str]) -> None:
        self.head(view.place, words.count(len(view.cards), "card"))
        self.query_one(Prose).show(view.text, self.gallery(view.text, view.path))
        self.query_one("#source", Static).update(view.source)
        self.study.saw(view.text)
        leech_lapses = self.desk.settings.leech_lapses
        self.query_one(CardList).show(
            [
                Option(
                    Content.assemble(
                        f"{words.side(one.side) or 'card'}  ",
                        (view.told(one, now, held, leech_lapses=leech_lapses), "dim"),
                    )
                )
                for one in view.cards
            ]
        )

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("ask", "unask"):
            waits = bool(self._deeper.waiting)
            return bool(self._deeper) and not self._busy and waits is (action == "ask")
        return super().check_action(action, parameters)

    def action_ask(self) -> None:
        if self._view is None:
            return
        try:
            self._deeper = asking.ask(self.desk, asking.of_note(self._view.note))
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._done.append(None)
        self._show_done(asking.told(self._deeper))

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_scroll(self, pages: int) -> None:
        sight.page(self.query_one(VerticalScroll), pages)

    def action_end(self, side: int) -> None:
        sight.end(self.query_one(VerticalScroll), side)

    @on(Prose.LinkClicked)
    def _follow(self, event: Prose.LinkClicked) -> None:
        self.study.open_link(event.href)
