"""A chapter's questionnaire over time: mastery and its forecast, attempts, what changed."""

from __future__ import annotations

from datetime import date

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.notes.note import chapter_title
from studyapp.study import words
from studyapp.study.grading import Grade
from studyapp.study.questionnaire import chapter
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.chapter import ChapterView
from studyapp.study.questionnaire.history import Changed, Past
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.menu import Menu, option

_SHOWN = 5  # questions named that went up or down


class ChapterScreen(Page):
    """Where a chapter's questionnaire is begun, resumed and looked back on."""

    BINDINGS = [  # noqa: RUF012
        bind("repeat", "anew", "begin anew", "Begin a new attempt; an open one ends as it is"),
        bind("book"),
        bind("pretest"),
        bind("date"),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    ChapterScreen {
        & #mastery { margin: 1 0; height: auto; }
        & #past { margin-top: 1; height: auto; }
        &.-tried #past { text-wrap: nowrap; text-overflow: ellipsis; }
        & LineField { display: none; margin-top: 1; }
    }
    """

    def __init__(self, chapter_id: int, name: str, *, resume: bool = False) -> None:
        """*name* is shown until the rest is known; *resume*: the open attempt is shown on top at
        once."""
        super().__init__()
        self.chapter_id = chapter_id
        self._called = name
        self._resume = resume
        self._view: ChapterView | None = None

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="mastery", markup=False)
            yield Menu()
            yield LineField(placeholder="day of the exam, like 2027-01-31; empty for none")
            yield Static("", id="past", markup=False)

    def on_mount(self) -> None:
        self.head(words.capital(self._called), "")
        self.query_one(Menu).display = False
        if self._resume:
            self.call_after_refresh(self.open_attempt)

    def on_screen_resume(self) -> None:
        self._load()

    @work(thread=True, exclusive=True, group="chapter")
    def _load(self) -> None:
        desk = self.desk
        try:
            with desk.reading() as connection:
                found = chapter.view(
                    connection,
                    self.chapter_id,
                    desk.now(),
                    on=desk.settings.exam_on,
                    depth=desk.settings.depth,
                    learner=desk.learner,
                )
        except StudyError as error:
            self.app.call_from_thread(self._say, str(error))
            return
        self.app.call_from_thread(self._show, found)

    def _say(self, sentence: str) -> None:
        self.query_one("#mastery", Static).update(sentence)

    def _show(self, view: ChapterView) -> None:
        self._view, today = view, study_day(self.desk.now())
        questions = words.count(view.questions, "question")
        self.head(words.capital(chapter_title(view.number, view.title, pack=view.of)), questions)
        self.query_one("#mastery", Static).update(_mastery(view, today))
        menu = self.query_one(Menu)
        menu.clear_options().add_options(_options(view, self.desk.settings.exam_on, today))
        menu.display = True
        menu.highlighted = 0
        if self.focused is None and self.app.screen is self:
            menu.focus()
        self.set_class(bool(view.attempts), "-tried")
        self.query_one("#past", Static).update(_past(view, today))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("anew", "book", "date", "pretest"):
            ready = self._view is not None and not isinstance(self.focused, Input)
            can = {"pretest": _can_pretest, "book": _has_books_own}.get(action)
            return ready and (can is None or can(self._view))
        return True

    @on(Menu.OptionSelected)
    def _selected(self, event: Menu.OptionSelected) -> None:
        match event.option_id:
            case "go on":
                self.open_attempt()
            case "anew":
                self.open_attempt(anew=True)
            case "book":
                self.open_attempt(anew=True, book=True)
            case "pretest":
                self.open_attempt(pretest=True)
            case _:
                self.action_date()

    def action_anew(self) -> None:
        self.open_attempt(anew=True)

    def action_book(self) -> None:
        self.open_attempt(anew=True, book=True)

    def action_pretest(self) -> None:
        self.open_attempt(pretest=True)

    def open_attempt(
        self, *, anew: bool = False, pretest: bool = False, book: bool = False
    ) -> None:
        """Go on with the open attempt, or begin one."""
        try:
            attempt = Attempt(
                self.desk, self.chapter_id, anew=anew or pretest, pretest=pretest or None, book=book
            )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.study.open(places.Questionnaire(attempt))

    def action_date(self) -> None:
        box = self.query_one(Input)
        day = self.desk.settings.exam_on
        box.value = day.isoformat() if day else ""
        box.display = True
        box.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            day = chapter.exam_day(event.value, self.desk.now())
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.set_up("exam_on", day)
        self._close_box()
        self._load()

    def _close_box(self) -> None:
        self.query_one(Input).display = False
        self.query_one(Menu).focus()
        self.refresh_bindings()

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self._close_box()
        else:
            self.app.pop_screen()


def _options(view: ChapterView, exam: date | None, today: date) -> list[Option]:
    made = []
    if view.open is not None:
        told = f"{view.open.answered} of {view.open.questions} answered"
        told += ", the book's own" if view.open.book else ""
        made.append(option("go on", f"Go on with {words.day(view.open.day, today)}", "enter", told))
        told = "the open one ends with its first answer"
        made.append(option("anew", "Begin a new attempt", "r", told))
    elif view.attempts:
        made.append(option("anew", "Begin a new attempt", "r"))
    else:
        told = "" if view.started else "a pretest: the chapter is not started"
        made.append(option("go on", "Begin the questionnaire", "enter", told))
    if _has_books_own(view):
        told = f"{words.count(view.book, 'question')} of the book"
        told += f", in {view.parts} parts" if view.parts > view.book else ""
        made.append(option("book", "Begin the book's own", "b", told))
    if _can_pretest(view):
        told = "before you read the chapter"
        made.append(option("pretest", "Begin it as a pretest", "p", told))
    set_to = words.day(exam, today) if exam else "none"
    if exam is None or exam <= today:
        passed = " has passed" if exam else ""
        set_to = f"{set_to}{passed}; the forecast is for 30 days ahead"
    made.append(option("date", "Set the day of the exam", "d", set_to))
    return made


def _can_pretest(view: ChapterView | None) -> bool:
    """A first attempt at a chapter that is not started is one anyway."""
    return view is not None and view.started and not view.attempts


def _has_books_own(view: ChapterView | None) -> bool:
    return view is not None and view.book > 0


def _mastery(view: ChapterView, today: date) -> Content:
    if view.outlook is None:
        return Content("Mastery   nothing here to be asked: every question is set aside or to do")
    now, later = view.outlook.now, view.outlook.later
    if not now.introduced:
        return Content.assemble(("Mastery   ", "bold"), f"– introduced 0 of {now.questions}")
    return Content.assemble(
        ("Mastery   ", "bold"),
        f"{words.percent(now):13}  tomorrow; introduced {now.introduced} of {now.questions}\n",
        f"          {words.percent(later):13}  {words.day(later.day, today)}, "
        "without review until then\n",
        (
            "          the share of points you would say if asked everything once, with\n"
            "          its 95% interval; your own reviews correct the memory model",
            "dim",
        ),
    )


def _past(view: ChapterView, today: date) -> Content:
    if not view.attempts:
        return Content.styled(
            "No attempt yet. Before you have read the chapter, try a pretest: guessing first helps "
            "what you read to stick, and nothing that you miss is scheduled.",
            "dim",
        )
    head = ("Attempts".ljust(24) + "answered    got  partly  missed   points\n", "bold")
    lines = (_line(past, today) for past in view.attempts)
    content = Content.assemble(head, *lines)
    return content + _changed(view.changed) if view.changed else content


def _line(past: Past, today: date) -> str:
    kinds = "  pretest" * past.pretest + "  book" * past.book
    name = words.day(past.day, today) + kinds
    judged = [past.grades.get(grade, 0) for grade in (Grade.GOT, Grade.PARTLY, Grade.MISSED)]
    counts = f"{judged[0]:>7}{judged[1]:>8}{judged[2]:>8}"
    share = "–" if past.share is None else f"{past.share:.0%}"
    answered = f"{past.answered} of {past.questions}"
    return f"  {name:<22}{answered:>8}{counts}{share:>9}\n"


def _changed(changed: Changed) -> Content:
    content = Content.assemble(
        ("\nSince the attempt before  ", "bold"),
        f"{len(changed.better)} better, {len(changed.worse)} worse, {changed.same} the same\n",
    )
    for sign, prompts in (("+", changed.better), ("−", changed.worse)):
        for prompt in prompts[:_SHOWN]:
            content += Content(f"  {sign} {prompt}\n")
        if len(prompts) > _SHOWN:
            content += Content.styled(f"    and {len(prompts) - _SHOWN} more\n", "dim")
    return content
