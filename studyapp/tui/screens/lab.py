"""The lab: every experiment, what it grounds, and what came out last; and the trial."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.lab.catalog import Declaration
from studyapp.notes.note import Problem
from studyapp.study import words
from studyapp.study.lab import facts, predictions, runs
from studyapp.study.lab.runs import Run
from studyapp.study.lab.verdict import deciding
from studyapp.study.trial import course
from studyapp.study.trial.course import Trial
from studyapp.study.trial.form import FORMS
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.row import Row
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.menu import Menu

_INDENT = 12  # cells for a name, at least


class LabScreen(Page):
    """Lists experiments, all of them or those that ground a card."""

    BINDINGS = [  # noqa: RUF012
        bind("source"),
        bind("history", label="runs", tooltip="Earlier runs, and how the predictions did"),
        bind("lesson", "back", "back", "Back", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    LabScreen {
        & Menu { margin-top: 1;
            & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
                text-style: none; } }
        & #scores, & #problems { height: auto; margin-top: 1; color: $text-muted; }
    }
    """

    def __init__(
        self,
        lessons: Sequence[Declaration],
        problems: Sequence[Problem] = (),
        *,
        of_card: bool = False,
    ) -> None:
        super().__init__()
        self._lessons = lessons
        self._problems = problems
        self._of_card = of_card
        self._indent = max((_INDENT, *(len(lesson.name) + 1 for lesson in lessons)))

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Menu()
            yield Static("", id="scores", markup=False)
            yield Static("", id="problems", markup=False)

    def on_mount(self) -> None:
        self.head(
            "Experiments behind this card" if self._of_card else "Experiments",
            "predict, run, and see it in your answers",
        )
        told = [f"Left out: {problem}" for problem in self._problems]
        if not self._lessons:
            told.insert(0, "No experiment is installed.")
        self.query_one("#problems", Static).update("\n".join(told))

    def on_screen_resume(self) -> None:
        self._list()

    def _list(self) -> None:
        desk = self.desk
        try:
            with desk.reading() as connection:
                last = runs.last_results(connection, learner=desk.learner)
                report = predictions.prediction_report(connection, learner=desk.learner)
                trial = course.read(connection, learner=desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        menu = self.query_one(Menu)
        chosen = menu.highlighted or 0
        menu.clear_options().add_options(
            Option(self._entry(lesson, last.get(lesson.name))) for lesson in self._lessons
        )
        if not self._of_card:
            menu.add_option(Option(_trial(trial, self._indent)))
        menu.highlighted = min(chosen, menu.option_count - 1) if menu.option_count else None
        menu.focus()
        self.query_one("#scores", Static).update(words.capital("; ".join(report.words)))

    def _entry(self, lesson: Declaration, last: Run | None) -> Row:
        topics = ", ".join(topic.replace("-", " ") for topic in lesson.topics)
        texts = [
            Content.styled(lesson.title, "bold"),
            Content.assemble(*self._result(lesson, last)),
            Content.styled(f"goes with cards on {topics}", "$foreground 60%"),
        ]
        name = Content.styled(lesson.name.ljust(self._indent), "bold $text-accent")
        return Row(name, Content("\n").join([*texts, Content()]))

    def _result(self, lesson: Declaration, last: Run | None) -> list[tuple[str, str]]:
        if last is None:
            return [("not run yet: what do you predict?", "$text-accent")]
        when = words.short_day(last.finished, self.desk.now().date())
        made = last.prediction
        told = f"{when}: " if made is None else f"{when}: you said {made.prediction.said}"
        grade = f"; {made.grade.value}. " if made and made.grade else ". " if made else ""
        found = last.fact(deciding(lesson, made))
        at = facts.setting(lesson, last.canonical)
        figure = [(words.capital(facts.told(lesson, found)), "bold")] if found else []
        return [(told + grade, ""), *figure, (f", with {at}" if at else "", "")]

    @on(Menu.OptionSelected)
    def _chosen(self, event: Menu.OptionSelected) -> None:
        lesson = self._lesson(event.option_index)
        self.study.open(places.Trial() if lesson is None else places.Lesson(lesson))

    @on(Menu.OptionHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The trial, below all experiments, has neither code nor runs."""
        return action not in ("source", "history") or self._highlighted() is not None

    def _highlighted(self) -> Declaration | None:
        index = self.query_one(Menu).highlighted
        return None if index is None else self._lesson(index)

    def _lesson(self, index: int) -> Declaration | None:
        """What a line is about; None of the last, the trial."""
        return self._lessons[index] if index < len(self._lessons) else None

    def action_source(self) -> None:
        if (lesson := self._highlighted()) is not None:
            self.study.open(places.Source(lesson))

    def action_history(self) -> None:
        if (lesson := self._highlighted()) is not None:
            self.study.open(places.History(lesson))

    def action_back(self) -> None:
        self.app.pop_screen()


def _trial(found: Trial | None, indent: int) -> Row:
    """The line of the trial, which takes weeks where an experiment takes a minute: of the newest,
    or of all that could begin."""
    forms = FORMS.values() if found is None else [found.form]
    texts = [
        *(Content.styled(form.title, "bold") for form in forms),
        Content.styled("not begun: what do you predict?", "$text-accent")
        if found is None
        else Content(words.capital(found.summary)),
        Content.styled("a trial on your own cards, over some weeks", "$foreground 60%"),
    ]
    name = Content.styled("trial".ljust(indent), "bold $text-accent")
    return Row(name, Content("\n").join([*texts, Content()]))
