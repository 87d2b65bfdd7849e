"""A questionnaire, question by question: write, look at the reference, judge oneself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.lab.catalog import Declaration
from studyapp.notes.note import CardStyle, Note
from studyapp.notes.plain import plain
from studyapp.study import asking
from studyapp.study.asking import Deeper
from studyapp.study.grading import JUDGED, Grade, because
from studyapp.study.lab.facts import lessons_for
from studyapp.study.library import Home, home_of_chapter
from studyapp.study.questionnaire.attempt import Attempt, Earlier
from studyapp.study.questionnaire.hints import disagreements
from studyapp.study.questionnaire.promise import DEEPER, STAYS, WAITS
from studyapp.study.questionnaire.response import LONGEST
from studyapp.tui import places, sight
from studyapp.tui.evidence import Shown, has_room, show
from studyapp.tui.keys import actions, bind, keys_of, leads, letters
from studyapp.tui.screens.page import SMALLEST
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.grades import KEYS, Grades
from studyapp.tui.widgets.points import SOON, Points
from studyapp.tui.widgets.prose import Prose
from studyapp.tui.widgets.questions import FLAG, Questions

SURE = (None, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

_ASK = "how to judge"  # where nothing is proposed
_DISAGREE = "? your words and this tick disagree"
_PRETEST = "pretest: a new card that you miss stays new"
_DEEPER = "its card comes only if you ask for it"
_LATER = "and later `studyapp import FILE --as-attempt --undo` does"
_NOT_STARTED = "what you miss waits until you start its section"


class AttemptScreen(WritingPage):
    """Works through an attempt. Rules live in `study`; this screen only shows and forwards."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-tiny"),
        (SMALLEST[0], "-narrow"),
        (100, "-wide"),  # room for the list of questions
        (128, "-broad"),  # and for the reference beside the answer
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (SMALLEST[1], "-low"),
        (20, "-short"),
        (30, "-tall"),
    ]
    BINDINGS = [  # noqa: RUF012
        bind("save", "reveal_typed", "reveal", "Show the answer", first=True),
        bind("write", label="write", tooltip="Write; {back} leaves, {save} reveals", first=True),
        bind("write", "read", tooltip="Go into the box, to scroll it", show=False, first=True),
        bind("write", "write_no_more", tooltip="", show=False, first=True),
        bind("go_on", "reveal", "reveal", "Show the answer", first=True),
        bind("go_on", "next_open", "next open", "Go to the next question to judge", first=True),
        *leads(
            *("more", *JUDGED, _ASK),
            tooltip="More of the answer; at its end, judge as is proposed",
            first=True,
        ),
        bind("go_on", "scroll_on", tooltip="More of what to do", show=False, first=True),
        *letters(first=True),
        bind("tick", "tick_here", show=False, first=True),
        bind("whole", first=True),
        bind("done", "grade('done')", first=True),
        bind(
            "again",
            "grade('missed')",
            "judge",
            "Judge: missed, partly, got it",
            first=True,
        ),
        bind("hard", "grade('partly')", "partly", show=False, first=True),
        bind("good", "grade('got it')", "got it", show=False, first=True),
        bind("ask", tooltip="Ask for its cards, which come only then", first=True),
        bind("ask", "unask", "ask no longer", "Ask for its cards no longer", first=True),
        bind("right", "step(1)", tooltip="Next question, or previous", first=True),
        bind("left", "step(-1)", tooltip="The question before", first=True),
        bind("sure", first=True),
        bind("list", "overview", tooltip="All questions: choose one", first=True),
        bind("undo", tooltip="Take back the newest grade with its review", first=True),
        bind("history", "earlier", tooltip="Your earlier answers beside this one", first=True),
        bind("lesson", tooltip="The experiment behind this answer", first=True),
        bind("reference", first=True),
        bind("flag", tooltip="Flag to come back to", first=True),
        bind("flag", "unflag", "unflag", "Take the flag away", first=True),
        bind("find", show=False, first=True),
        bind("down", "move(1)", tooltip="Go to the next point, or scroll", show=False, first=True),
        bind("up", "move(-1)", show=False, first=True),
        bind("page_down", "scroll(1)", show=False, first=True),
        bind("page_up", "scroll(-1)", show=False, first=True),
        bind("back", "leave_box", "leave the box", "Stop writing", first=True),
        bind("back", first=True),
    ]
    DEFAULT_CSS = """
    AttemptScreen {
        & > * { max-width: 160; }
        & #questions { display: none; width: 36; border-right: solid $foreground 20%; }
        & #asking { width: 1fr; }
        & #question { margin: 1 0; }
        & #answers { height: auto; }
        & #yours, & #theirs { width: 1fr; height: auto; }
        & #theirs { margin-top: 1; visibility: hidden; }
        & .rule { height: 1; color: $text-muted; text-wrap: nowrap; }
        & AnswerBox { max-height: 4; }
        &.-short AnswerBox { max-height: 9; }
        &.-tall { & AnswerBox { max-height: 16; } & #sheet { height: 1fr; }
            & #asking { height: 1fr; max-height: 40; } }
        & #answer { margin-top: 1; }
        & #source { margin: 1 0; color: $text-muted; }
        &.-shown #theirs { visibility: visible; }
        &.-wide #questions, &.-broad #questions { display: block; }
        &.-narrow #answers, &.-wide #answers { layout: vertical; }
        &.-broad { & #questions { width: 40; } & #theirs { margin: 0 0 0 2; }
            &.-tall AnswerBox { max-height: 24; } }
        &.-narrow.-choosing { & #questions { display: block; width: 1fr; border-right: none; }
            & #asking { display: none; } }
    }
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt = attempt
        self._box = AnswerBox(id="text")
        self._fresh = True  # nobody has been in the box; it shows the answer from its beginning
        self._refused = ""  # why the newest key or paste is not in the box
        self._laid_out = False  # the answer has been on the screen
        self._came_in = 0  # the piece of keys that brought the question, which nobody has seen
        self._shown_in = 0  # and the one that showed the answer
        self._wanted = False  # the reference in full was asked for
        self._shown = Shown()
        self._choosing = False
        self._leads_to: dict[Grade, str] = {}
        self._deeper = Deeper()  # cards of the question that come only if asked for
        self._earlier: Sequence[Earlier] = ()
        self._lessons: Sequence[Declaration] = ()

    @property
    def home(self) -> Home:
        with self.desk.reading() as connection:
            return home_of_chapter(connection, self.attempt.chapter_id)

    def compose_body(self) -> ComposeResult:
        raw = self.desk.settings.raw_maths
        with Horizontal(id="desk"):
            yield Questions(id="questions")
            with Vertical(id="asking", classes="card"):
                with VerticalScroll(id="sheet", classes="body", can_focus=False):
                    yield Prose(id="question", raw=raw)
                    with Horizontal(id="answers"):
                        with Vertical(id="yours"):
                            yield Static("", id="your-rule", classes="rule", markup=False)
                            yield self._box
                        with Vertical(id="theirs"):
                            yield Static("", id="their-rule", classes="rule", markup=False)
                            yield Points(id="points")
                            yield Prose(id="answer", raw=raw)
                            yield Static("", id="source", markup=False)
                with Vertical(classes="foot"):
                    yield Grades()

    def on_mount(self) -> None:
        self.watch(self._sheet, "scroll_y", self._scrolled, init=False)
        self._show_question()

    def _scrolled(self) -> None:
        """Going on leads elsewhere once the end is in sight."""
        if self.attempt.current.revealed:
            self.call_after_refresh(self.refresh_bindings)

    def on_resize(self) -> None:
        self._draw_grades()
        self.call_after_refresh(self._fit_answer)

    def on_screen_resume(self) -> None:
        if self._answered:  # the learner may come from the lab, with a figure of their own
            self._show_evidence()
            self.refresh_bindings()
            if not self._laid_out:
                self.call_after_refresh(self._scroll_to_answer)

    # what is on the screen

    @property
    def _answered(self) -> bool:
        """Whether the reference is on the screen; what is to be done has its guidance there."""
        return self.attempt.current.revealed or self.attempt.current.to_do

    def _show_question(self) -> None:
        asked, self._came_in = self.attempt.current, self.study.piece
        self._lessons = lessons_for(asked.note, self.study.catalog)
        front = asked.face.front
        self.query_one("#question", Prose).show(front, self.gallery(front, asked.note.path))
        self.begin(asked.text, partial(self.attempt.write, index=self.attempt.index))
        self._refused = ""
        self._fresh = True
        self._wanted = False
        self.set_focus(None)
        self.query_one("#sheet").scroll_home(animate=False)
        self._read_earlier()
        self._show_answer()
        self._show_state()
        self._laid_out = False
        self.call_after_refresh(self._scroll_to_answer)

    def _show_state(self) -> None:
        """Show what one has made of the question: flag, confidence, grade, its line in the list."""
        attempt, asked = self.attempt, self.attempt.current
        judged = sum(one.grade is not None for one in attempt.questions)
        parts = [f"{attempt.index + 1} of {attempt.asks}", f"{judged} judged"]
        if attempt.pretest:
            parts.append("pretest")
        if asked.flagged:
            parts.append(f"{FLAG} flagged")
        self.head(attempt.place, " · ".join(parts))
        yours = "your note" if asked.to_do else "your answer"
        if asked.confidence is not None:
            yours += f" · {asked.confidence:.0%} sure"
        self.query_one("#your-rule", Static).update(_rule(yours))
        questions = self.query_one(Questions)
        questions.show(attempt.questions)
        questions.highlighted = attempt.index
        self._draw_grades()
        self.refresh_bindings()

    def _show_answer(self) -> None:
        """Show the reference with its points, or keep its place empty."""
        asked, points = self.attempt.current, self.query_one(Points)
        self._shown_in = self.study.piece
        self.set_class(self._answered, "-shown")
        self._box.read_only = asked.revealed or asked.grade is not None
        self._box.placeholder = self._invitation()
        self._shown = Shown()
        self._read_promises()
        if not self._answered:
            self.query_one("#answer", Prose).show("")
            points.show((), ())
            self.query_one("#source", Static).update("")
            return
        title = "what to do" if asked.to_do else "reference"
        self.query_one("#their-rule", Static).update(_rule(title))
        given = () if asked.to_do else asked.face.points
        maths = not self.query_one("#answer", Prose).raw
        texts = [plain(point.text, maths=maths).strip() for point in given]
        points.show(given, texts, ticked=asked.ticked)
        self._show_evidence()
        self.query_one("#source", Static).update(_source(asked.note))

    def _show_evidence(self, *, reference: bool = False) -> None:
        prose, asked = self.query_one("#answer", Prose), self.attempt.current
        file, wanted = asked.note.path, self._is_wanted
        self._shown = show(self, prose, asked.face, file, wanted, reference=reference)
        self.query_one("#source").display = self._shown.whole

    def _is_wanted(self, answer: str) -> bool:
        """Here there is time to compare: the reference is shown in full where there is room."""
        asked, points = self.attempt.current, self.query_one(Points)
        if self._wanted or asked.to_do or not asked.face.points:
            return True
        width, raw = self.query_one("#yours").size.width, self.query_one("#answer", Prose).raw
        return has_room(self, points, answer, asked.note.path, width, raw=raw)

    def _fit_answer(self) -> None:
        """Show as much of the reference as there is room for now."""
        if self._answered:
            self._show_evidence()
            self.refresh_bindings()
            self.call_after_refresh(self._scroll_to_answer)

    def _invitation(self) -> str:
        """What an empty box says."""
        asked, writes = self.attempt.current, self.key_of("write")
        if asked.to_do:
            done = self.key_of("done")
            return "No note." if asked.grade else f"{writes} writes a note; {done} marks it done"
        if asked.revealed or asked.grade:
            return "Nothing written: answered in your head."
        return f"{writes} writes your answer; {self.key_of('go_on')} shows the reference"

    def _draw_grades(self) -> None:
        asked, grades = self.attempt.current, self.query_one(Grades)
        doubtful = frozenset[int]()
        if asked.grade is not None:
            grades.tell("Done." if asked.to_do else f"You judged it: {asked.grade}.")
        elif asked.to_do or not asked.revealed:
            grades.tell("")
        else:
            why = because(asked.face.points, whole=asked.proposed is Grade.GOT)
            grades.show(self._leads_to, asked.proposed, why)
            doubtful = disagreements(asked.text, asked.face.points, asked.ticked)
            self.query_one(Points).doubt(doubtful)
        led_to = set() if asked.grade else set(self._leads_to.values())
        waits = {STAYS, WAITS, DEEPER} & led_to
        later = _PRETEST if self.attempt.pretest else _NOT_STARTED
        later = f"{_DEEPER}: {self.key_of('ask')}" if DEEPER in led_to else later
        told = _DISAGREE if doubtful else later if waits else ""
        grades.hint(self.trouble or self._refused or told)

    def _read_promises(self) -> None:
        asked = self.attempt.current
        self._leads_to, self._deeper = {}, Deeper()
        if not asked.revealed:
            return
        try:
            with self.desk.reading() as connection:
                self._deeper = asking.find(
                    connection,
                    asking.of_note(asked.note_id),
                    depth=self.desk.settings.depth,
                    learner=self.desk.learner,
                )
            if asked.grade is None:
                self._leads_to = self.attempt.promises()
        except StudyError as error:
            self.notify(str(error), severity="error")

    def _read_earlier(self) -> None:
        self._earlier = ()
        try:
            self._earlier = self.attempt.earlier()
        except StudyError as error:
            self.notify(str(error), severity="error")

    # keeping what is written

    @property
    def box(self) -> AnswerBox:
        return self._box

    def show_trouble(self) -> None:
        self._draw_grades()

    def show_saved(self) -> None:
        for questions in self.query(Questions):  # none while the page is being closed
            questions.show(self.attempt.questions)

    def overtaken(self, error: AlreadyRatedError) -> None:
        """Another window has judged this answer: show it as it is now."""
        writing = self.focused is self._box
        super().overtaken(error)
        self.attempt.reload()
        self._show_question()
        if writing:  # the keys that follow are letters still, and no commands
            self.set_focus(self._box)

    @on(TextArea.Changed)
    def _accepted(self) -> None:
        self._refuse("")

    @on(AnswerBox.Full)
    def _full(self, event: AnswerBox.Full) -> None:
        most = f"an answer has {LONGEST:,} characters at most"
        self._refuse(f"Not put in: {most} ({event.length:,}).")

    def _refuse(self, sentence: str) -> None:
        if sentence != self._refused:
            self._refused = sentence
            self._draw_grades()

    def _change(self, action: Callable[[], object]) -> bool:
        """Do something to the attempt, its text being kept; one sentence if it cannot be done."""
        if not self.keep():
            return False
        try:
            action()
        except AlreadyRatedError as error:
            self.overtaken(error)
            return False
        except ChangedError as error:
            self.notify(str(error), severity="warning")
            self._read_promises()
            self._draw_grades()
            return False
        except StudyError as error:
            self.notify(str(error), severity="error")
            return False
        return True

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        asked, box = self.attempt.current, self._box
        if self._choosing:
            return action not in _OWN or action in ("back", "overview", "find")
        inside = self.focused is box  # at once; `has_focus` comes a message later
        if inside and not box.read_only:
            revealing = action == "reveal_typed" and not asked.to_do
            return action not in _OWN or action == "leave_box" or revealing
        if inside and action in ("move", "step", "scroll", "go_on", "scroll_on", "next_open"):
            return False
        judging = asked.revealed and asked.grade is None and not asked.to_do
        match action:
            case "leave_box":
                return inside
            case "reveal_typed":
                return False
            case "write":
                return not box.read_only
            case "read":
                return box.read_only and bool(box.text)
            case "write_no_more":
                return box.read_only
            case "reveal":
                return not asked.revealed and not asked.to_do and asked.grade is None
            case "go_on":
                return judging and parameters == (self._end,)
            case "scroll_on":
                return asked.to_do and asked.grade is None
            case "next_open":
                return asked.grade is not None and not self.attempt.finished
            case "grade":
                if asked.to_do:
                    return asked.grade is None and parameters == ("done",)
                return judging and parameters != ("done",)
            case "step" if parameters == (-1,):
                return self.attempt.index > 0
            case "tick":
                return judging and cast("int", parameters[0]) < len(asked.face.points)
            case "tick_here":
                return judging and bool(asked.face.points)
            case "flag" | "unflag":
                return asked.flagged is (action == "unflag")
            case "sure":
                return not asked.revealed and not asked.to_do and asked.grade is None
            case "earlier":
                return bool(self._earlier) and self._answered
            case "ask" | "unask":
                waits = bool(self._deeper.waiting)
                return asked.revealed and bool(self._deeper) and waits is (action == "ask")
            case "lesson":
                return bool(self._lessons)
            case "whole":
                return self._answered and not self._shown.whole
            case "reference":
                return self._answered and self._shown.withheld
            case "undo":
                graded = any(one.grade is not None for one in self.attempt.questions)
                return graded or self.attempt.from_file
        return True

    def action_write(self) -> None:
        self.set_focus(self._box)
        if self._fresh and not self._box.read_only:
            self._box.move_cursor(self._box.document.end)
        self._fresh = False

    def action_read(self) -> None:
        self.action_write()
        self.action_write_no_more()

    def action_write_no_more(self) -> None:
        self.refuse_box("Nothing is written once the answer is shown.")

    def action_leave_box(self) -> None:
        self._box.call_later(self._leave_box)  # behind the letters that it has yet to take

    def _leave_box(self) -> None:
        self.set_focus(None)
        self.keep()
        self._show_state()

    def action_reveal_typed(self) -> None:
        self._box.call_later(self.action_reveal)  # likewise

    def action_reveal(self) -> None:
        if not self.typed_ahead(self._came_in) and self._change(self.attempt.reveal):
            self.set_focus(None)
            self._show_answer()
            self._show_state()
            self._laid_out = False
            self.call_after_refresh(self._scroll_to_answer)

    def _scroll_to_answer(self) -> None:
        """Bring the answer in sight that is to be judged."""
        asked, sheet = self.attempt.current, self._sheet
        if not self.is_current:  # below another page nothing is laid out: when it is back
            return
        if sheet.size.height and not self.query_one(Points).is_laid_out:
            self.set_timer(SOON, self._scroll_to_answer)
            return
        self._laid_out = True
        if asked.revealed and asked.grade is None and not asked.to_do:
            sight.bring(sheet, self.query_one("#their-rule"), self._last_part())
            self.refresh_bindings()

    @property
    def _sheet(self) -> VerticalScroll:
        return self.query_one("#sheet", VerticalScroll)

    def _last_part(self) -> Widget:
        """The last thing that has to be seen before one judges."""
        answer = self.query_one("#answer")
        return answer if answer.display else self.query_one(Points)

    @property
    def _end(self) -> str:
        """What going on does: scroll while there is more, then judge as is proposed, or ask."""
        if self._laid_out and sight.is_below(self._sheet, self._last_part()):
            return "more"
        return self.attempt.current.proposed or _ASK

    def action_go_on(self, end: str) -> None:
        asked = self.attempt.current
        if not self._laid_out:
            return
        if end == "more":
            sight.page(self._sheet, 1)
        elif asked.proposed is not None:
            self.action_grade(asked.proposed)
        else:
            self.notify(f"{keys_of(self, *KEYS.values())}, or tick what you said.")

    def action_scroll_on(self) -> None:
        """Scroll on in what is to be done; its end says which key marks it as done."""
        if sight.is_below(self._sheet, self._last_part()):
            sight.page(self._sheet, 1)
        else:
            self.notify(f"{self.key_of('done')} marks it as done.")

    def action_grade(self, grade: str) -> None:
        if not self.study.held and not self.typed_ahead(self._shown_in):
            self._grade(Grade(grade))

    @on(Grades.Chosen)
    def _chosen(self, event: Grades.Chosen) -> None:
        if self.check_action("grade", (event.grade.value,)):
            self._grade(event.grade)

    def _grade(self, given: Grade) -> None:
        scheduled = True

        def grade() -> None:
            nonlocal scheduled
            scheduled = self.attempt.grade(given)

        promised = self._leads_to.get(given, "")
        if not self._change(grade):
            return
        if not scheduled and given is not Grade.DONE:
            self.notify(
                "Kept; it comes once you have started its section."
                if promised == WAITS
                else "Kept; it comes as a new card."
                if promised == STAYS
                else "Kept; its card comes only if you ask for it."
                if promised == DEEPER
                else "Kept, not scheduled again today."
            )
        if self.attempt.finished:
            self._sum_up()
        else:
            self._show_question()

    def _sum_up(self) -> None:
        self.study.open(places.Tally(self.attempt), instead=True)

    def action_move(self, step: int) -> None:
        if self.check_action("tick_here", ()):
            self.query_one(Points).move(step)
        else:
            sight.line(self._sheet, step)

    def action_tick(self, index: int) -> None:
        self.query_one(Points).tick(index)
        self._ticked()

    def action_tick_here(self) -> None:
        self.query_one(Points).toggle()
        self._ticked()

    @on(Points.Changed)
    def _ticked(self) -> None:
        """Keep the ticks. A key keeps them at once: the next one may turn to another question,
        whose points are others, before the message of a click or of this one comes."""
        ticked = self.query_one(Points).ticked
        if ticked == self.attempt.current.ticked:
            return
        if not self.check_action("tick_here", ()) or not self._change(
            lambda: self.attempt.tick(ticked)
        ):
            self._show_answer()
        elif self.attempt.current.note.card in (CardStyle.ITEMS, CardStyle.CLOZE):
            self._read_promises()  # a ticked item is one remembered
        self._draw_grades()
        self.refresh_bindings()

    def action_step(self, step: int) -> None:
        if self.attempt.index + step == len(self.attempt.questions):
            if self.keep():
                self._sum_up()
        else:
            self._go_to(self.attempt.index + step)

    def action_next_open(self) -> None:
        following = self.attempt.next_open()
        if following is not None:
            self._go_to(following)

    def _go_to(self, index: int) -> None:
        if self._change(lambda: self.attempt.go_to(index)):
            self._show_question()

    def action_sure(self) -> None:
        before = self.attempt.current.confidence
        following = SURE[(SURE.index(before) + 1) % len(SURE)] if before in SURE else None
        if self._change(lambda: self.attempt.be_sure(following)):
            self._show_state()

    def action_ask(self) -> None:
        def ask() -> None:
            self.notify(asking.told(asking.ask(self.desk, asking.of_note(asked.note_id))))

        asked = self.attempt.current
        if self._change(ask):
            self._read_promises()
            self._draw_grades()
            self.refresh_bindings()

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_flag(self) -> None:
        if self._change(self.attempt.flag):
            self._show_state()

    action_unflag = action_flag

    def action_undo(self) -> None:
        before, asks = list(self.attempt.questions), False

        def undo() -> None:
            nonlocal asks
            asks = self.asks(self.attempt.newest())
            if not asks:
                self.attempt.undo()

        if not self._change(undo) or asks:
            return
        index = self.attempt.index
        if before[index].grade is not None and self.attempt.current.grade is None:
            self.notify(f"Undone: {before[index].grade}, question {index + 1}.")
            self._show_question()
        elif self.attempt.from_file:
            now = f"{self.key_of('undo')} on Today takes them back"
            self.notify(f"Its answers came from a file: {now}, {_LATER}.")
        else:
            self.notify("There is nothing to undo.")

    def action_overview(self) -> None:
        if self._choosing:
            self._close_overview()
        elif self.keep():
            self._choosing = True
            self.add_class("-choosing")
            questions = self.query_one(Questions)
            questions.can_focus = True
            self.set_focus(questions)
            self.refresh_bindings()

    def _close_overview(self) -> None:
        self._choosing = False
        self.remove_class("-choosing")
        questions = self.query_one(Questions)
        questions.can_focus = False
        questions.highlighted = self.attempt.index
        self.set_focus(None)
        self.refresh_bindings()

    @on(Questions.OptionSelected)
    def _jump(self, event: Questions.OptionSelected) -> None:
        index = event.option_index
        self._close_overview()
        self._go_to(index)

    def action_earlier(self) -> None:
        if self.keep():
            self.study.open(places.Compare(self.attempt.current, self._earlier))

    def action_lesson(self) -> None:
        if self.keep():
            self.study.open(places.Lab(self._lessons))

    def action_reference(self) -> None:
        self._wanted = True  # the figure may take the last line that there is room for
        self._show_evidence(reference=True)
        self.refresh_bindings()

    @on(Prose.LinkClicked)
    def _follow(self, event: Prose.LinkClicked) -> None:
        if self.keep():
            self.study.open_link(event.href)

    def action_find(self) -> None:
        self.study.open(places.Find())

    def action_whole(self) -> None:
        self._wanted = True
        self._laid_out = False
        self._fit_answer()

    def action_scroll(self, pages: int) -> None:
        sight.page(self._sheet, pages)

    def action_back(self) -> None:
        if self._choosing:
            self._close_overview()
        elif self._change(self.attempt.leave):
            self.app.pop_screen()


_OWN = actions(AttemptScreen.BINDINGS)


def _rule(title: str) -> str:
    return f"── {title} " + "─" * 160


def _source(note: Note) -> Content:
    parts = [f"as of {note.as_of}"] if note.as_of else []
    return Content("  ".join([*parts, *note.sources]))
