"""What every screen has: a title line, a footer, and a sentence when the terminal is too small."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from studyapp.errors import StudyError
from studyapp.tui import keys
from studyapp.tui.widgets.keybar import KeyBar
from studyapp.tui.widgets.told import Told

if TYPE_CHECKING:
    from studyapp.study.desk import Desk
    from studyapp.tui.host import Host

SMALLEST = (40, 12)


class TitleBar(Horizontal):
    """One line: where one is on the left, how far on the right."""

    DEFAULT_CSS = """
    TitleBar {
        dock: top; height: 2; padding: 0 1; border-bottom: solid $foreground 20%;
        & #title-left { width: 1fr; height: 1; text-style: bold; text-overflow: ellipsis;
            text-wrap: nowrap; }
        & #title-right { width: auto; height: 1; color: $text-muted; margin-left: 2; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static("studyapp", id="title-left", markup=False)
        yield Static("", id="title-right", markup=False)

    def show(self, left: str, right: str) -> None:
        self.query_one("#title-left", Static).update(left)
        self.query_one("#title-right", Static).update(right)


class Page(Screen[None]):
    """A screen of the app; subclasses fill `compose_body`."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own declaration
        (0, "-tiny"),
        (SMALLEST[0], "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (SMALLEST[1], "-short"),
        (30, "-tall"),
    ]
    AUTO_FOCUS = ""  # each screen says what its keys go to
    DEFAULT_CSS = """
    Page {
        & > .body { width: 100%; max-width: 112; height: 1fr; padding: 0 1;
            scrollbar-gutter: stable; }
        & > #too-small { display: none; width: 100%; height: 100%; content-align: center middle;
            text-align: center; }
        align-horizontal: center;
        &.-tiny, &.-flat {
            & > .body, & > TitleBar, & > Told, & > KeyBar { display: none; }
            & > #too-small { display: block; }
        }
    }
    """

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield from self.compose_body()
        yield Static(
            f"Too small: studyapp needs {SMALLEST[0]}×{SMALLEST[1]}.", id="too-small", markup=False
        )
        yield Told()
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_told()

    def on_screen_resume(self) -> None:
        self._show_told()

    def _show_told(self) -> None:
        """Show what was told on the page before; not yet composed, it comes with the mount."""
        for line in self.query(Told):
            line.show(*self.study.told)

    def compose_body(self) -> ComposeResult:
        raise NotImplementedError

    @property
    def study(self) -> Host:
        """The app, typed."""
        return cast("Host", self.app)

    @property
    def desk(self) -> Desk:
        """Where the learner sits; it is there from when the database is open."""
        desk = self.study.desk
        assert desk is not None
        return desk

    def key_of(self, action: str) -> str:
        """The key of an action, for a sentence."""
        return keys.of(action, self.study.keymap)

    def set_up(self, name: str, value: str | bool | date | None) -> None:
        """Change one setting; if settings.toml cannot be written, it holds until the app closes."""
        try:
            self.desk.change(name, value)
        except StudyError as error:
            self.notify(f"Not kept for the next time: {error}", severity="error")

    def touched(self) -> None:
        """A key has come; a page that counts time takes note."""

    def keep(self) -> bool:
        """Save what is being written, before the app closes; False, after one sentence, if that
        cannot be."""
        return True

    def head(self, left: str, right: str = "") -> None:
        self.query_one(TitleBar).show(left, right)
