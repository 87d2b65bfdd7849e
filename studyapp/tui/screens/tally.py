"""Where an attempt stands: what was judged how, what is left, and when it comes back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studyapp.errors import StudyError
from studyapp.study import words
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.history import asked_of
from studyapp.study.questionnaire.tally import Tally, tally
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page

_BAR = 30
_ORDER = (Grade.GOT, Grade.PARTLY, Grade.MISSED, Grade.DONE)


class TallyScreen(Page):
    """Shown after the last question, and after the last grade."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", tooltip="Go to the next question to judge"),
        bind("go_on", "back", "back"),
        bind("left", "return", "questions", "Back to the questions"),
        bind("undo", tooltip="Take back the newest grade with its review"),
        bind("back"),
    ]
    DEFAULT_CSS = """
    TallyScreen { & #outcome { margin: 1 0; } }
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt = attempt

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="outcome", markup=False)

    def on_mount(self) -> None:
        attempt = self.attempt
        found = tally(attempt.questions)
        judged = sum(found.grades.values())
        asks = asked_of(len(attempt.questions), book=attempt.book, named=True)
        self.head(attempt.name, "pretest" if attempt.pretest else "")
        told = (
            f"{words.capital(asks)} judged." if attempt.finished else f"{judged} of {asks} judged."
        )
        content = Content.assemble((told + "\n", "bold"))
        top = max(found.grades.values(), default=0)
        for grade in _ORDER if top else ():
            number = found.grades.get(grade, 0)
            if number or grade is not Grade.DONE:
                content += Content.assemble(
                    f"\n  {grade.value:<7}{number:>4}  ",
                    ("█" * round(_BAR * number / top), "$accent"),
                )
        content += Content("\n\n" if top else "\n") + Content("\n".join(_lines(found, attempt)))
        self.query_one("#outcome", Static).update(content)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "go_on":
                return not self.attempt.finished
            case "undo":
                return any(one.grade is not None for one in self.attempt.questions)
        return True

    def action_go_on(self) -> None:
        following = self.attempt.next_open()
        if following is not None:
            self.attempt.go_to(following)
        self.action_return()

    def action_return(self) -> None:
        self.study.open(places.Questionnaire(self.attempt), instead=True)

    def action_undo(self) -> None:
        try:
            if self.asks(self.attempt.newest()):
                return
            undone = self.attempt.undo()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if undone is None:
            self.notify("There is nothing to undo.")
        else:
            self.notify(f"Undone: question {self.attempt.index + 1} is open again.")
            self.action_return()

    def action_back(self) -> None:
        self.app.pop_screen()


def _lines(found: Tally, attempt: Attempt) -> list[str]:
    lines = []
    if found.wanted:
        share = f"{found.said / found.wanted:.0%}"
        answers = words.count(found.ticked, "answer")
        lines.append(f"Core points: {found.said} of {found.wanted} ({share}) in {answers}.")
    again = [one for one in attempt.questions if one.grade in (Grade.MISSED, Grade.PARTLY)]
    back = sum(one.scheduled for one in again)
    if back:
        lines.append(f"Missed or partly: {_coming(back)} back in your reviews.")
    if len(again) > back and attempt.pretest:
        lines.append(f"Missed or partly: {_coming(len(again) - back)} as new cards, later.")
    elif len(again) > back:
        lines.append(
            f"Missed or partly: {len(again) - back} kept without a review, as scheduled that day "
            "already or not started."
        )
    if found.skipped:
        lines.append(
            f"Not judged yet: {_numbers(found.skipped)}. They wait for as long as you like."
        )
    if found.flagged:
        lines.append(f"Flagged: {_numbers(found.flagged)}.")
    return lines


def _coming(number: int) -> str:
    return f"{number} comes" if number == 1 else f"{number} come"


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
