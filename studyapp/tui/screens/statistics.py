"""A year of study in diagrams, a sheet for each question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Mount
from textual.widgets import Static

from studyapp.errors import StudyError
from studyapp.tui import sight, year
from studyapp.tui.diagram import Told
from studyapp.tui.keys import bind
from studyapp.tui.row import Laid, Rows
from studyapp.tui.screens.page import Page, soon

if TYPE_CHECKING:
    from studyapp.study.statistics.year import Year


class StatisticsScreen(Page):
    """Goes through the sheets; a worker counts, and the screen comes with what it has found."""

    BINDINGS = [  # noqa: RUF012
        bind("right", "step(1)"),
        bind("left", "step(-1)"),
        bind("down", "line(1)", "scroll", "Scroll"),
        bind("up", "line(-1)", show=False),
        bind("go_on", "page(1)", "page down", "A page down", show=False),
        bind("page_down", "page(1)", show=False),
        bind("page_up", "page(-1)", show=False),
        bind("top", "end(-1)", show=False),
        bind("bottom", "end(1)", show=False),
        bind("statistics", "back", "back", "Back", show=False),
        bind("back", tooltip="Back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sheets: Sequence[year.Sheet] = ()
        self._index = 0
        self._counted = asyncio.Event()

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="year", markup=False)

    @on(Mount)
    async def _come_with_the_figures(self) -> None:
        """They are there at once; if it takes long, that they are being counted is said instead."""
        self.head("Statistics")
        self._count()
        if not await soon(self._counted):
            self._say("Counting …")

    @work(thread=True, group="statistics")
    def _count(self) -> None:
        from studyapp.study.statistics.year import of_desk

        try:
            found = of_desk(self.desk)
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._show_year, found)

    def _failed(self, sentence: str) -> None:
        self._counted.set()
        self._say(sentence)

    def _show_year(self, found: Year) -> None:
        self._counted.set()
        self._sheets = year.sheets(found, self.desk.settings)
        self._show()

    def _say(self, sentence: str) -> None:
        self.query_one("#year", Static).update(sentence)

    def _show(self) -> None:
        sheet = self._sheets[self._index]
        self.head("Statistics", f"{sheet.title} · {self._index + 1} of {len(self._sheets)}")
        self.query_one("#year", Static).update(Rows([*_paragraphs(sheet)]))
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action, parameters:
            case "step", (1,):
                return self._index + 1 < len(self._sheets)
            case "step", _:
                return self._index > 0
        return True

    def action_step(self, step: int) -> None:
        self._index += step
        self._show()

    def action_line(self, step: int) -> None:
        sight.line(self.query_one(VerticalScroll), step)

    def action_page(self, step: int) -> None:
        sight.page(self.query_one(VerticalScroll), step)

    def action_end(self, side: int) -> None:
        sight.end(self.query_one(VerticalScroll), side)

    def action_back(self) -> None:
        self.app.pop_screen()


def _paragraphs(sheet: year.Sheet) -> list[Laid]:
    """What it comes to, what it means, and each diagram behind an empty line."""
    shown: list[Laid] = [Told(sheet.told, "bold")]
    shown += [Told(sheet.means, "dim")] if sheet.means else []
    for diagram in sheet.diagrams:
        shown += [Told(""), diagram]
    return shown
