"""Choose what to study: ahead of its day, only what slips, or a chapter before an exam."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Mount
from textual.widgets import Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.study import offer
from studyapp.study.offer import Offer
from studyapp.study.sitting import Sitting
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.row import aligned
from studyapp.tui.screens.page import Page, soon
from studyapp.tui.widgets.menu import Menu

_FAINT = "$foreground 60%"
_TOLD = (
    "A cram changes no card: neither dates nor what is remembered. All else is a review like any "
    "other, reckoned with the days that have passed since the last one."
)


class CustomScreen(Page):
    """One line a plan; what has nothing to ask cannot be chosen."""

    BINDINGS = [  # noqa: RUF012
        bind("custom", "back", "back", "Back", show=False),
        bind("back"),
    ]
    DEFAULT_CSS = """
    CustomScreen { & Menu { margin: 1 0; } & #told { height: auto; color: $text-muted; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self._offers: Sequence[Offer] = ()
        self._counted = asyncio.Event()
        self._left = False  # for another page, which may have changed what there is

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Menu()
            yield Static(_TOLD, id="told", markup=False)

    @on(Mount)
    async def _come_with_the_offers(self) -> None:
        """They are there at once; if it takes long, that they are being counted is said instead."""
        self.head("Choose what to study")
        self.query_one(Menu).display = False
        self._count_anew()
        if not await soon(self._counted):
            self.head("Choose what to study", "counting …")

    def on_screen_suspend(self) -> None:
        self._left = True

    def on_screen_resume(self) -> None:
        if self._left:
            self._count_anew()

    def _count_anew(self) -> None:
        self.hold_keys(True)
        self._count()

    @work(thread=True, exclusive=True, group="offers")
    def _count(self) -> None:
        """Many cards take a moment."""
        desk, found, told = self.desk, list[Offer](), ""
        try:
            with desk.reading() as connection:
                found = offer.read(connection, desk.now(), desk.settings, learner=desk.learner)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._show, found, told)

    def _show(self, offers: Sequence[Offer], told: str) -> None:
        self.hold_keys(False)
        self._counted.set()
        self._offers = offers
        self.head("Choose what to study", told)
        rows = aligned([_row(one) for one in offers])
        menu = self.query_one(Menu)
        menu.clear_options().add_options(
            Option(row, disabled=not one.cards) for row, one in zip(rows, offers, strict=True)
        )
        menu.display = bool(offers)
        menu.highlighted = next((at for at, one in enumerate(offers) if one.cards), None)
        menu.focus()

    @on(Menu.OptionSelected)
    def _chosen(self, event: Menu.OptionSelected) -> None:
        try:
            sitting = Sitting(self.desk, self._offers[event.option_index].plan)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if sitting.view is None:  # another window was quicker
            self.notify("Nothing of that is left to ask.")
            self._count_anew()
        else:
            self.study.open(places.Review(sitting), instead=True)

    def action_back(self) -> None:
        self.app.pop_screen()


def _row(one: Offer) -> tuple[str | Content, Content]:
    """What cannot be chosen is as faint as what a line has beside its name, and no fainter."""
    name = one.name if one.cards else Content.styled(one.name, _FAINT)
    return name, Content.styled(one.told, "dim" if one.cards else _FAINT)
