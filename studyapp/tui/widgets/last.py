"""The run before this one: what it said, its first plot and its figures, to compare with."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from studyapp.lab.protocol import Axes, Fact
from studyapp.tui.series import Panel
from studyapp.tui.widgets.figures import Figures


class LastRun(Vertical):
    """Is not there before `show`."""

    DEFAULT_CSS = """
    LastRun { height: auto; display: none;
        & > .said { height: auto; text-style: bold; }
        & > PlotPanel { height: 12; } }
    """

    def compose(self) -> ComposeResult:
        yield Static("", classes="said", markup=False)
        yield Figures()

    def show(
        self,
        told: str,
        axes: Sequence[Axes],
        panel: Panel | None,
        log: bool | None,
        facts: Sequence[Fact],
        deciding: str,
    ) -> None:
        """*told* names the run, *panel* is its plot, *log* the scale that the learner chose."""
        from studyapp.tui.widgets.plot import PlotPanel

        said = self.query_one(".said", Static)
        said.update(Content(told))
        self.query(PlotPanel).remove()
        if panel is not None:
            self.mount(PlotPanel(axes, (panel, log)), after=said)
        self.query_one(Figures).show(facts, deciding, {}, "")
        self.add_class("-there")
