"""The source of an experiment: everything it does, on one page."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from studyapp.errors import StudyError
from studyapp.lab.catalog import Declaration
from studyapp.study.lab import runs
from studyapp.tui import sight
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.prose import Prose

_DECLARED = re.compile(r"^LESSON\b.*", re.MULTILINE | re.DOTALL)  # a module ends in it
_LATER = (
    "# LESSON = … follows once you have a result: it says what results mean, and so what to expect."
)


class SourceScreen(Page):
    """Shows a lesson's module, highlighted; what its results mean only once there is one."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "scroll(1)", "scroll", "Scroll"),
        bind("up", "scroll(-1)", "scroll up", show=False),
        bind("go_on", "page(1)", "page down", "A page down", show=False),
        bind("page_down", "page(1)", show=False),
        bind("page_up", "page(-1)", show=False),
        bind("top", "end(-1)", show=False),
        bind("bottom", "end(1)", show=False),
        bind("source", "back", "back", "Back to the experiment", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    SourceScreen { & .body { overflow-y: scroll; } & Prose { max-width: 103; } }
    """

    def __init__(self, lesson: Declaration) -> None:
        super().__init__()
        self._lesson = lesson

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Prose()

    def on_mount(self) -> None:
        path = self._lesson.path
        self.head(f"{self._lesson.name} · source", f"{path.parent.name}/{path.name}")
        try:
            source = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            self.query_one(Prose).show(f"{path} cannot be read: {error}")
            return
        if not self._has_result():
            source = _DECLARED.sub(_LATER, source)
        fence = "`" * 12  # longer than any in a docstring
        self.query_one(Prose).show(f"{fence}python\n{source}\n{fence}")

    def _has_result(self) -> bool:
        try:
            with self.desk.reading() as connection:
                return self._lesson.name in runs.last_results(connection, learner=self.desk.learner)
        except StudyError:  # it can be read again; a spoilt prediction cannot be made again
            return False

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=3 * lines, animate=False)

    def action_page(self, pages: int) -> None:
        body = self.query_one(VerticalScroll)
        (body.scroll_page_down if pages > 0 else body.scroll_page_up)(animate=False)

    def action_end(self, side: int) -> None:
        sight.end(self.query_one(VerticalScroll), side)

    def action_back(self) -> None:
        self.app.pop_screen()
