"""The earlier runs of an experiment, the newest first, and how the predictions did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.lab.catalog import Declaration
from studyapp.study import words
from studyapp.study.lab import facts, predictions, runs
from studyapp.study.lab.facts import Ending
from studyapp.study.lab.runs import Run
from studyapp.study.lab.verdict import deciding, not_scored, verdict
from studyapp.tui.keys import bind
from studyapp.tui.row import aligned
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.figures import Figures
from studyapp.tui.widgets.listing import Listing


class HistoryScreen(Page):
    """Lists runs; the chosen one is shown whole below."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "step(1)", "choose", "Go through the runs"),
        bind("up", "step(-1)", "choose", show=False),
        bind("go_on", "page(1)", "scroll", "Scroll the facts", show=False),
        bind("page_down", "page(1)", show=False),
        bind("page_up", "page(-1)", show=False),
        bind("top", "end(-1)", show=False),
        bind("bottom", "end(1)", show=False),
        bind("history", "back", "back", "Back to the experiment", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    HistoryScreen {
        & #scores { height: auto; margin: 1 0 0 0; color: $text-muted; }
        & Listing { max-height: 40%; }
        & #columns { margin-top: 1; color: $text-muted; }
        & #run { height: 1fr; margin-top: 1; border-top: solid $foreground 20%; padding-top: 1;
            scrollbar-gutter: stable; }
        & #record { margin: 1 0; color: $text-muted; }
    }
    """

    def __init__(self, lesson: Declaration) -> None:
        super().__init__()
        self._lesson = lesson
        self._runs: Sequence[Run] = ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "step" or len(self._runs) > 1

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield Static("", id="scores", markup=False)
            yield Static("", id="columns", markup=False)
            yield Listing()
            with VerticalScroll(id="run", can_focus=False):
                yield Static("", id="said", markup=False)
                yield Figures()
                yield Static("", id="record", markup=False)

    def on_mount(self) -> None:
        desk = self.desk
        try:
            with desk.reading() as connection:
                self._runs = runs.history(connection, self._lesson.name, learner=desk.learner)
                report = predictions.prediction_report(connection, learner=desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        count = len(self._runs)
        self.head(f"{self._lesson.name} · history", words.count(count, "run"))
        scores = self.query_one("#scores", Static)
        scores.update("Your predictions, all experiments: " + "; ".join(report.words))
        scores.display = bool(report.words)
        listed = self.query_one(Listing)
        listed.can_focus = False
        if not self._runs:
            self.query_one("#said", Static).update(
                f"Not run yet: {self.key_of('back')}, then predict."
            )
            return
        question = self._lesson.question
        unit = f" ({question.unit})" if question.unit else ""
        own = question.kind == "arms"  # each prediction is judged by the arm that it names
        figure = ("your choice's lead" if own else question.fact.replace("_", " ")) + unit
        told = [(" when", "prediction", figure, "knobs"), *map(self._cells, self._runs)]
        columns, *rows = aligned(told)
        self.query_one("#columns", Static).update(columns)
        listed.add_options(map(Option, rows))
        listed.highlighted = 0
        self._tell(self._runs[0])

    def _cells(self, one: Run) -> tuple[str, ...]:
        today = self.desk.now().date()
        if one.outcome is not Ending.RESULT:
            how = one.outcome.value
        elif one.prediction is None or one.prediction.grade is None:
            how = "none"
        else:
            how = one.prediction.grade.value
        found = one.fact(deciding(self._lesson, one.prediction))
        return (
            f" {words.short_day(one.finished, today)} {one.finished:%H:%M}",
            how,
            facts.measured(replace(found, unit="")) if found else "–",
            self._setting(one),
        )

    def _setting(self, one: Run) -> str:
        """The knobs off their defaults, and the seeds where they are others than usual."""
        usual = [knob.default for knob in self._lesson.knobs if knob.name == "seeds"]
        seeds = "" if one.seeds in (None, *usual) else words.count(one.seeds or 0, "seed")
        return ", ".join(filter(None, (facts.setting(self._lesson, one.canonical), seeds))) or (
            "defaults"
        )

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        self._tell(self._runs[event.option_index])

    def _tell(self, one: Run) -> None:
        self.query_one("#said", Static).update(self._said(one))
        decides = deciding(self._lesson, one.prediction)
        self.query_one(Figures).show(one.facts, decides, {}, "")
        self.query_one("#record", Static).update(_record(one))
        self.query_one("#run").scroll_home(animate=False)

    def _said(self, one: Run) -> str:
        endings = {
            Ending.FAILED: "The run failed; there is no result.",
            Ending.CANCELLED: "You cancelled the run; there is no result.",
            Ending.UNSEEN: "The run was stopped before a curve was seen: no try is spent.",
        }
        parts = [endings.get(one.outcome, "")]
        if one.prediction is not None:
            parts = [f"You said {one.prediction.prediction.said}.", *parts]
            if one.outcome is Ending.RESULT:
                parts.append(verdict(self._lesson, one.prediction, one.facts))
                parts.append(not_scored(one.prediction))
        told = "  ".join(filter(None, parts))
        return f"{told}\nYou wrote: {one.explanation}" if one.explanation else told

    def action_step(self, step: int) -> None:
        listed = self.query_one(Listing)
        (listed.action_cursor_down if step > 0 else listed.action_cursor_up)()

    def action_end(self, side: int) -> None:
        listed = self.query_one(Listing)
        (listed.action_last if side > 0 else listed.action_first)()

    def action_page(self, pages: int) -> None:
        body = self.query_one("#run", VerticalScroll)
        (body.scroll_page_down if pages > 0 else body.scroll_page_up)(animate=False)

    def action_back(self) -> None:
        self.app.pop_screen()


def _record(one: Run) -> str:
    """What the run was made with."""
    knobs = ", ".join(f"{name} = {value}" for name, value in one.knobs.items())
    parts = [f"version {one.version}", knobs]
    if one.device:
        parts.append(f"on {one.device}, {words.count(one.threads or 1, 'thread')}")
    parts.append(f"torch {one.torch}" if one.torch else "")
    parts.append(f"seed {one.seed}" if one.seed is not None else "")
    parts.append(f"{one.seconds:.1f} s")
    return " · ".join(filter(None, parts))
