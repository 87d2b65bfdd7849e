"""The end of a sitting: how many, how well, how long, and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.study import words
from studyapp.study.plan import FIVE, NOTHING_TO_ASK
from studyapp.study.sitting import Sitting
from studyapp.study.summary import Summary, summary_lines, worth_line
from studyapp.study.undo import Newest, undo
from studyapp.tui import places, sight
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page

_BAR = 30


class SummaryScreen(Page):
    """Shows a sitting's summary; the learner goes on, undoes, or returns to Today."""

    HELP = words.COUNTED
    BINDINGS = [  # noqa: RUF012
        bind("go_on", "back", "Today", "Back to Today"),
        bind("more"),
        bind("aside", show=False),
        bind("history", "past", "what slips", "How the card has gone that keeps slipping"),
        bind("five"),
        bind("custom", show=False),
        bind("set_due", "ask_missed", "missed: due today", "Make what was missed due today"),
        bind("lesson", "lab", "experiment", "The experiment behind what was missed"),
        bind("quiz", label="questionnaire", tooltip="Go on with the questionnaire that waits"),
        bind("undo"),
        bind("down", "line(1)", "scroll", "Scroll", show=False),
        bind("up", "line(-1)", show=False),
        bind("back", tooltip="Back to Today", show=False),
    ]
    DEFAULT_CSS = """
    SummaryScreen { & #summary { margin: 1 0; } }
    """

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self.sitting = sitting
        self._summary: Summary | None = None
        self._has_more = False
        self._worth = set[tuple[date, str]]()  # what it was the first end of a day to tell
        self._asked: Newest | None = None  # of the log, since what a cram has missed is due today

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="summary", markup=False)

    def on_screen_resume(self) -> None:
        """Say how it stands now: the learner may come from the lab or from what was set aside."""
        try:
            self._show(self.sitting.summary(), self.sitting.has_more)
        except StudyError as error:
            self.notify(str(error), severity="error")

    def _show(self, summary: Summary, has_more: bool) -> None:
        self._summary, self._has_more = summary, has_more
        self.head("Done for now" if summary.cards else "Nothing to review", "")
        now = self.sitting.desk.now()
        known, asked = self._known(worth_line(summary), now), self._asked is not None
        lines = summary_lines(summary, now, known, asked=asked)
        content = Content.assemble((lines[0] + "\n", "bold"))
        top = max(summary.ratings.values(), default=0)
        for name, number in _said(summary) if top else ():
            content += Content.assemble(
                f"\n  {name:<6}{number:>4}  ",
                ("█" * round(_BAR * number / top), "$accent"),
            )
        # Tomorrow comes before all that a low terminal has below its edge.
        content += Content("\n\n" if top else "\n") + Content("\n".join([lines[-1], *lines[1:-1]]))
        if missed := len(self.sitting.missed):
            content += Content(f"\n{self._missed(missed)}")
        if summary.marked:
            told = f"{words.count(summary.marked, 'card')} to mend: {self.key_of('aside')}"
            content += Content(f"\n{told} shows {'it' if summary.marked == 1 else 'them'}.")
        self.query_one("#summary", Static).update(content)
        self.refresh_bindings()

    def _known(self, worth: str, now: datetime) -> Collection[str]:
        """What an earlier end of this day has told: it is no longer read if each one tells it."""
        told = study_day(now), worth
        if told not in self.study.worth:
            self.study.worth.add(told)
            self._worth.add(told)
        return () if told in self._worth else (worth,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        summary = self._summary
        match action:
            case "more":
                return self._has_more
            case "past":
                return self.sitting.slipping is not None
            case "ask_missed":
                return bool(self.sitting.missed) and self._asked is None
            case "five":
                return summary is not None and summary.fading
            case "lab":
                return summary is not None and summary.experiment is not None
            case "quiz":
                return summary is not None and summary.attempt is not None
        return True

    def action_lab(self) -> None:
        assert self._summary is not None
        assert self._summary.experiment is not None
        self.study.open_link(f"lesson:{self._summary.experiment}")

    def action_quiz(self) -> None:
        assert self._summary is not None
        assert self._summary.attempt is not None
        self.study.open(
            places.Chapter(self._summary.attempt.chapter, self._summary.attempt.name, resume=True)
        )

    def action_past(self) -> None:
        if self.sitting.slipping is not None:
            self.study.open(places.Leech(self.sitting.slipping))

    def action_aside(self) -> None:
        self.study.open(places.Aside())

    def action_custom(self) -> None:
        self.study.open(places.Custom(), instead=True)

    def _missed(self, missed: int) -> str:
        """What becomes of the cards that a cram has missed."""
        if self._asked is not None:
            return f"{missed} missed: due today; {self.key_of('undo')} takes that back."
        return f"{missed} missed: {self.key_of('set_due')} makes them due today."

    def action_ask_missed(self) -> None:
        try:
            self.sitting.ask_missed()
            self._asked = self.study.newest()
            self._show(self.sitting.summary(), self.sitting.has_more)
        except StudyError as error:
            self.notify(str(error), severity="error")

    def _take_dates_back(self) -> None:
        """What was missed is as it was; the learner stays here."""
        with self.desk.writing() as connection:
            undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        self._asked = None
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")
        self._show(self.sitting.summary(), self.sitting.has_more)

    def action_line(self, step: int) -> None:
        sight.line(self.query_one(VerticalScroll), step)

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_five(self) -> None:
        try:
            self.sitting = Sitting(self.desk, FIVE)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._show_review(NOTHING_TO_ASK)

    def action_more(self) -> None:
        try:
            if self.sitting.counts.total:
                self.sitting.refresh()
            else:
                self.sitting.go_on()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._show_review("There is nothing more to study now.")

    def action_undo(self) -> None:
        try:
            if told := self.study.unwrite():
                self.notify(told)
                self._show(self.sitting.summary(), self.sitting.has_more)
                return
            found = self.study.newest()
            if self._asked is not None and self._asked == found:
                self._take_dates_back()
                return
            if self.asks(self.sitting.newest()):
                return
            undone = self.sitting.undo()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        told = f"Undone: {undone.what}." if undone else "There is nothing to undo."
        self._show_review(told)

    def _show_review(self, otherwise: str) -> None:
        if self.sitting.view is None:
            self.notify(otherwise)
        else:
            self.study.open(places.Review(self.sitting), instead=True)


def _said(summary: Summary) -> Iterator[tuple[str, int]]:
    """How often each rating was given; an Again of which a part was said stands apart."""
    for rating in Rating:
        partly = summary.partly if rating is Rating.AGAIN else 0
        yield rating.name.lower(), summary.ratings.get(rating, 0) - partly
        if partly:
            yield "partly", partly
