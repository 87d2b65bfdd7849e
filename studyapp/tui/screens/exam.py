"""The plan to an exam: its day, its chapters and its minutes, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from studyapp.errors import CancelledError, StudyError
from studyapp.memory.clock import study_day
from studyapp.study import chapter, exam, words
from studyapp.study.exam import Exam
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import A_WHILE, Page
from studyapp.tui.widgets.field import LineField

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from studyapp.study.fit.child import Child

_FIELDS = (
    ("day", "Day", "such as 2027-01-31"),
    ("chapters", "Chapters", "such as 1,2; none: all that is started"),
    ("minutes", "Minutes a day", "such as 20"),
)


class ExamScreen(Page):
    """What is typed is only asked about until it is kept; a process of its own finds the answer."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "foresee", "foresee", "What this comes to; nothing is kept", only="enter"),
        bind("save", label="study for it", tooltip="Study for this exam from now on", first=True),
        bind("call_off", first=True),
        bind("next_field", "app.focus_next"),
        bind("previous_field", "app.focus_previous", show=False),
        bind("back", tooltip="Back; a plan that was not kept is forgotten"),
    ]
    DEFAULT_CSS = """
    ExamScreen {
        & .line { height: 1; }
        & Label { width: 15; color: $text-muted; }
        & LineField { width: 1fr; max-width: 44; }
        & #changed { margin-top: 1; height: auto; display: none; }
        & #found { margin-top: 1; height: auto; }
        & #found.-old { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: Exam | None = None
        self._child: Child | None = None  # that looks ahead
        self._foreseen: Sequence[str] = ()  # what the fields said, and the day, of the figures

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            for name, label, example in _FIELDS:
                with Horizontal(classes="line"):
                    yield Label(label, markup=False)
                    yield LineField(id=f"exam-{name}", placeholder=example, select_on_focus=False)
            yield Static("", id="changed", markup=False)
            yield Static("", id="found", markup=False)

    def on_mount(self) -> None:
        self.set_interval(A_WHILE, self._compare)
        try:
            with self.desk.reading() as connection:
                self._read(connection)
        except StudyError as error:
            self.notify(str(error), severity="error")
        self._field("day").focus()
        if self._kept is not None:
            self._foresee(self._kept)
        else:
            self._say(
                "Until its day a plan sets how many new cards a day has, and uses all of its time. "
                f"{self.key_of('go_on')}: what it comes to. {self.key_of('save')}: study for it."
            )

    def _read(self, connection: Connection) -> None:
        """Put the plan that there is in the fields, or what a new one begins with."""
        desk, kept = self.desk, self._read_kept(connection)
        minutes = kept.minutes if kept is not None else desk.settings.minutes_a_day
        self._field("minutes").value = str(minutes)
        if kept is not None:
            self._field("day").value = kept.day.isoformat()
            named = chapter.all_typed(connection, kept.chapters or (), learner=desk.learner)
            self._field("chapters").value = ",".join(named)

    def _read_kept(self, connection: Connection) -> Exam | None:
        """The plan that there is by now: its day may be over, or another window have changed it."""
        today = study_day(self.desk.now())
        self._show_kept(exam.in_force(connection, today, learner=self.desk.learner))
        return self._kept

    def _show_kept(self, kept: Exam | None) -> None:
        self._kept, today = kept, study_day(self.desk.now())
        told = f"planned for {words.day(kept.day, today)}" if kept is not None else "none planned"
        self.head("Exam", told)
        self.refresh_bindings()

    def _field(self, name: str) -> LineField:
        return self.query_one(f"#exam-{name}", LineField)

    def _asked(self) -> Sequence[str]:
        """What the fields say, and on which day."""
        typed = [self._field(name).value.strip() for name, *_ in _FIELDS]
        return [*typed, str(study_day(self.desk.now()))]

    def _say(self, told: str | Content) -> None:
        self.query_one("#found", Static).update(told)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "call_off" or self._kept is not None

    @on(Input.Changed)
    def _compare(self) -> None:
        """Say whether the figures are about what the fields say now, and today, and why not."""
        told = self._changed()
        changed = self.query_one("#changed", Static)
        changed.update(told)
        changed.display = bool(told)
        self.query_one("#found").set_class(bool(told), "-old")

    def _changed(self) -> str:
        if not self._foreseen or self._asked() == self._foreseen:
            return ""
        try:
            with self.desk.reading() as connection:
                self._wanted(connection)
        except StudyError as error:
            return f"{error} Below is what was foreseen before."
        return f"Below is what was foreseen before; {self.key_of('go_on')} foresees this."

    @on(Input.Submitted)
    def action_foresee(self) -> None:
        try:
            with self.desk.reading() as connection:
                wanted = self._wanted(connection)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._foresee(wanted)

    def _wanted(self, connection: Connection) -> Exam:
        """What the fields say. Raises StudyError."""
        desk = self.desk
        self._read_kept(connection)
        day = exam.read_day(self._field("day").value)
        minutes = exam.read_minutes(self._field("minutes").value)
        named = exam.read_chapters(connection, self._field("chapters").value, learner=desk.learner)
        today = study_day(desk.now())
        return exam.proposed(connection, day, minutes, named, today, learner=desk.learner)

    def action_save(self) -> None:
        desk = self.desk
        try:
            with desk.writing() as connection:
                wanted = self._wanted(connection)
                exam.plan(
                    connection,
                    wanted.day,
                    wanted.minutes,
                    wanted.chapters or (),
                    desk.now(),
                    learner=desk.learner,
                )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._show_kept(wanted)
        self.notify("Kept: each day follows it until then.")
        self._foresee(wanted)

    def action_call_off(self) -> None:
        try:
            with self.desk.writing() as connection:
                self._read_kept(connection)
                exam.call_off(connection, self.desk.now(), learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._show_kept(None)
        self.notify("Called off: each day is as before.")

    def action_back(self) -> None:
        self.app.pop_screen()

    def _foresee(self, wanted: Exam) -> None:
        """Simulate the days until then, beside the app; another question ends the one before."""
        self._end()
        self._foreseen = self._asked()
        self._compare()
        self._say("simulating …")
        self._simulate(wanted)

    @work(thread=True, exclusive=True, group="run")
    def _simulate(self, wanted: Exam) -> None:
        from studyapp.study.fit import child

        worker = get_current_worker()

        def show(told: str | Content) -> None:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._say, told)

        try:
            self._child = one = child.of_exam(self.desk, wanted)
            if worker.is_cancelled:
                one.cancel()
            found = one.result(lambda done: show(f"simulating … {done:.0%}"))
        except CancelledError:
            return
        except StudyError as error:
            show(str(error))
            return
        show(_told(found, study_day(self.desk.now())))

    def _end(self) -> None:
        if self._child is not None:
            self._child.cancel()

    def on_unmount(self) -> None:
        self._end()


def _told(found: dict[str, Any], today: Any) -> Content:
    """The plan in sentences, and the curve of minutes against what is known."""
    first, *others = exam.forecast_lines(found, today)
    content = Content.styled(first, "bold")
    for line in others:
        content += Content(f"\n{line}")
    curve = Content("\n").join([Content(line) for line in exam.curve_lines(found)])
    return content + Content("\n\n") + curve if found["curve"] else content
