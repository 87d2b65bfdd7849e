"""A chapter's questionnaire over time: mastery and its forecast, attempts, what changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.notes.note import chapter_name, chapter_title
from studyapp.study import exam, retention, words
from studyapp.study.grading import Grade
from studyapp.study.library import Home, home_of_chapter
from studyapp.study.questionnaire import chapter, post
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.chapter import ChapterView
from studyapp.study.questionnaire.history import Changed, Past, asked_of
from studyapp.study.retention import Goals
from studyapp.study.undo import undo
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.row import Laid, Row, Rows
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.menu import Menu, option

_ELSEWHERE = "elsewhere "  # how the name of an option begins, before the place in the view
_SHOWN = 5  # questions named that went up or down
_GAP = 3  # cells between two columns
_COLUMNS = ("Attempts", "answered", "got it", "partly", "missed", "done", "points")
_DONE = _COLUMNS.index("done")  # a column of chapters that ask for something to do
_STOP = "stop when you like: what is answered is kept"  # of a pretest, that asks so much
_DEPTHS = {  # which questions are to know at each depth of new cards
    "core": "core",
    "more": "core and more",
    "history": "all",
}


class GoalField(LineField):
    """How much of the chapter is to be remembered."""

    BINDINGS = [bind("go_on", "submit", "set", "Set how much", only="enter")]  # noqa: RUF012


class DayField(LineField):
    """The day of the exam."""

    BINDINGS = [bind("go_on", "submit", "set", "Set the day", only="enter")]  # noqa: RUF012


class ChapterScreen(Page):
    """Where a chapter's questionnaire is begun, resumed and looked back on."""

    BINDINGS = [  # noqa: RUF012
        bind("repeat", "anew", "begin anew", "Begin a new attempt; an open one ends as it is"),
        bind("book"),
        bind("pretest"),
        bind("date"),
        bind("retention"),
        bind("undo", tooltip="Take back what was done last, in whichever window", show=False),
        bind("export", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    ChapterScreen {
        & #mastery { margin: 1 0; height: auto; }
        & #past, & #meant { margin-top: 1; height: auto; }
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
        self._set = 0  # how often a retention was set here that is not taken back

    @property
    def home(self) -> Home:
        with self.desk.reading() as connection:
            return home_of_chapter(connection, self.chapter_id)

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="mastery", markup=False)
            yield Menu()
            sets = f"{self.key_of('go_on')} sets it"
            yield DayField(placeholder=f"the day, like 2027-01-31, or none; {sets}")
            yield GoalField(placeholder=f"70 to 99%, or none to be as all else; {sets}")
            yield Static("", id="past", markup=False)
            yield Static("", id="meant", markup=False)

    def on_mount(self) -> None:
        self.head(words.capital(self._called), "")
        self.look_before()
        self.query_one(Menu).display = False
        if self._resume:
            self.open_attempt()  # before a frame of this page: keys that follow are the attempt's

    def on_screen_resume(self) -> None:
        self._load()

    def _load(self) -> None:
        """Read it before the first frame is painted: that takes no longer than a frame or two."""
        desk = self.desk
        now, settings, learner = desk.now(), desk.settings, desk.learner
        try:
            with desk.reading() as connection:
                self._exam = exam.in_force(connection, study_day(now), learner=learner)
                found = chapter.view(
                    connection,
                    self.chapter_id,
                    now,
                    on=self._exam.day if self._exam is not None else settings.exam_on,
                    depth=settings.depth,
                    learner=learner,
                )
                self._goals = retention.goals(connection, settings, learner=learner)
        except StudyError as error:
            self.query_one("#mastery", Static).update(str(error))
            return
        self._show(found)

    def _show(self, view: ChapterView) -> None:
        self._view, today = view, study_day(self.desk.now())
        told = f"{words.count(view.questions, 'question')}, {view.to_know} to know"
        self.head(words.capital(chapter_title(view.number, view.title, pack=view.of)), told)
        self.query_one("#mastery", Static).update(_mastery(view, today))
        self.query_one("#meant", Static).update(_meant(view, self.desk.settings.depth))
        menu = self.query_one(Menu)
        menu.clear_options().add_options(
            [
                *_options(view, self._exam, self.desk.settings.exam_on, today, self.key_of),
                option(
                    "retention",
                    "Set how much to remember",
                    self.key_of("retention"),
                    _aimed(self._goals, self.chapter_id),
                ),
            ]
        )
        menu.display = True
        menu.highlighted = 0
        if self.focused is None and self.app.screen is self:
            menu.focus()
        self.query_one("#past", Static).update(_past(view, today))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("anew", "book", "date", "export", "pretest", "retention", "undo"):
            ready = self._view is not None and not isinstance(self.focused, Input)
            can = {
                "anew": _has_begun,
                "pretest": _can_pretest,
                "book": _has_books_own,
                "export": _is_in_book,
            }.get(action)
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
            case "date":
                self.action_date()
            case "retention":
                self.action_retention()
            case str(name):
                self._go_elsewhere(int(name.removeprefix(_ELSEWHERE)))

    def _go_elsewhere(self, number: int) -> None:
        """Go on with an attempt of another chapter, whose page takes the place of this one."""
        assert self._view is not None
        one = self._view.elsewhere[number]
        self.study.open(places.Chapter(one.chapter, one.name, resume=True), instead=True)

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
        day = self.desk.settings.exam_on
        self._open_box(DayField, day.isoformat() if day else "")

    def action_retention(self) -> None:
        own = self._goals.own.get(self.chapter_id)
        self._open_box(GoalField, f"{own:.0%}" if own else "")

    def _open_box(self, kind: type[LineField], value: str) -> None:
        box = self.query_one(kind)
        box.value = value
        box.display = True
        box.focus()

    def action_export(self) -> None:
        """Write the chapter where studyapp was started; what stands there already is kept."""
        assert self._view is not None
        name = chapter_name(self._view.number, self._view.title)
        path = Path(re.sub(r"\W+", "-", name)).with_suffix(".md").absolute()
        try:
            with self.desk.reading() as connection:
                made = post.compose(
                    connection, self.chapter_id, self.study.catalog, learner=self.desk.learner
                )
            former = post.save(path, made)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        kept = f"; what was there is now {former.name}" if former else ""
        self.notify(f"Written to {path}{kept}.")

    @on(Input.Submitted, "GoalField")
    def _aim(self, event: Input.Submitted) -> None:
        now, learner = self.desk.now(), self.desk.learner
        try:
            wanted = retention.read(event.value)
            with self.desk.writing() as connection:
                told = retention.aim(connection, self.chapter_id, wanted, now, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._set += wanted != self._goals.own.get(self.chapter_id)
        self.notify(told)
        self._close_box()
        self._load()

    def action_undo(self) -> None:
        """Take back what was done last, if a retention was set here."""
        if not self._set:
            self.tell_nothing_undone()
            return
        try:
            if self.is_nothing_left():
                self._set = 0
                self._load()
                return
            if self.asks(self.study.newest()):
                return
            with self.desk.writing() as connection:
                undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._set -= 1
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")
        self._load()

    @on(Input.Submitted, "DayField")
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
        for box in self.query(LineField):
            box.display = False
        self.query_one(Menu).focus()
        self.refresh_bindings()

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self._close_box()
        else:
            self.app.pop_screen()


def _options(
    view: ChapterView,
    planned: exam.Exam | None,
    exam_on: date | None,
    today: date,
    key: Callable[[str], str],
) -> list[Option]:
    made = []
    asked = asked_of(view.questions, book=False, named=True)
    ends = "the open one ends with its first answer" if view.open else ""
    if view.open is not None:
        going = f"Go on with {words.day(view.open.day, today)}"
        made.append(option("go on", going, "", _progress(view.open)))
    if view.attempts:
        told = "; ".join(filter(None, (asked, ends)))
        made.append(option("anew", "Begin a new attempt", key("repeat"), told))
    else:
        told = asked if view.started else f"{asked}; a pretest: the chapter is not started; {_STOP}"
        made.append(option("go on", "Begin the questionnaire", "", told))
    if _has_books_own(view):
        told = f"{words.count(view.book, 'question')} of the book"
        told += f", in {view.parts} parts" if view.parts > view.book else ""
        told = "; ".join(filter(None, (told, ends)))
        made.append(option("book", "Begin the book's own", key("book"), told))
    if _can_pretest(view):
        told = f"{asked}, before you read the chapter; {_STOP}"
        made.append(option("pretest", "Begin it as a pretest", key("pretest"), told))
    set_to = words.day(exam_on, today) if exam_on else "none"
    if planned is not None:
        set_to = f"{set_to}; one is planned for {words.day(planned.day, today)}"
    elif exam_on is None or exam_on <= today:
        passed = " has passed" if exam_on else ""
        set_to = f"{set_to}{passed}; the forecast is for 30 days ahead"
    for number, one in enumerate(view.elsewhere):
        told = f"{one.answered} of {one.asks} answered, left {words.ago(one.newest, today)}"
        made.append(option(f"{_ELSEWHERE}{number}", f"Go on with {one.name}", "", told))
    made.append(option("date", "Set the day of the exam", key("date"), set_to))
    return made


def _aimed(goals: Goals, chapter_id: int) -> str:
    if chapter_id in goals.own:
        return f"{goals.of(chapter_id):.0%}, all else {goals.desired:.0%}"
    return f"{goals.desired:.0%}, as all else"


def _progress(past: Past) -> str:
    """How far an attempt is, and what it asks."""
    return f"{past.answered} of {past.asks} answered" + ", a pretest" * past.pretest


def _has_begun(view: ChapterView | None) -> bool:
    """To begin anew, where nothing was begun, would be another key for to begin."""
    return view is not None and bool(view.attempts)


def _can_pretest(view: ChapterView | None) -> bool:
    """A first attempt at a chapter that is not started is one anyway."""
    return view is not None and view.started and not view.attempts


def _has_books_own(view: ChapterView | None) -> bool:
    return view is not None and view.book > 0


def _is_in_book(view: ChapterView | None) -> bool:
    """A post is of a chapter, not of a deck."""
    return view is not None and view.number is not None


def _mastery(view: ChapterView, today: date) -> Content | Laid:
    if view.outlook is None:
        return Content("Mastery   nothing here to be asked: every question is set aside or to do")
    now, later = view.outlook.now, view.outlook.later
    head = Content.styled("Mastery   ", "bold")
    met = f"introduced {now.introduced} of the {now.questions} to know"
    if not now.introduced:
        return Row(head, f"– {met}")
    if not now.tells:
        return Row(head, f"too few yet to say: {met}")
    then = f"{words.day(later.day, today)}, without review until then"
    return Rows(
        (
            Row(head + f"{words.percent(now):13}  ", f"tomorrow; {met}"),
            Row(f"{'':10}{words.percent(later):13}  ", then),
        )
    )


def _meant(view: ChapterView, depth: str) -> Laid:
    """What the figures above are."""
    told = []
    if view.outlook is not None and view.outlook.now.tells:
        told.append(
            "Mastery: the share of points you would say if asked everything once, with its 95% "
            "interval; your own reviews correct the memory model. A card counts nothing after an "
            "Again, until you remember it."
        )
    if view.to_know < view.questions:
        told.append(
            f"To know: {_DEPTHS[depth]} questions (setting depth), those begun, asked for or your "
            "own."
        )
    return Rows([Row("", Content.styled(one, "dim")) for one in told])


def _past(view: ChapterView, today: date) -> Content | Laid:
    if not view.attempts:
        return Content.styled(
            "No attempt yet. Before you have read the chapter, try a pretest: guessing first helps "
            "what you read to stick, and a new card that you miss stays new.",
            "dim",
        )
    changed = _changed(view.changed) if view.changed else ()
    return Rows((_Attempts(view.attempts, today), *changed))


class _Attempts(Laid):
    """Attempts, the newest first: a table, or where there is little room a list."""

    def __init__(self, attempts: Sequence[Past], today: date) -> None:
        self._attempts = attempts
        self._today = today

    def lines(self, width: int) -> list[Content]:
        table = [_COLUMNS, *(self._cells(past) for past in self._attempts)]
        if not any(Grade.DONE in past.grades for past in self._attempts):
            table = [(*cells[:_DONE], *cells[_DONE + 1 :]) for cells in table]
        columns = [max(map(len, column)) for column in zip(*table, strict=True)]
        if sum(columns) + _GAP * len(columns) > width:
            entries = [line for past in self._attempts for line in self._entry(past, width)]
            return [Content.styled("Attempts", "bold"), *entries]
        first, *others = (_line(cells, columns) for cells in table)
        return [Content.styled(first, "bold"), *map(Content, others)]

    def _cells(self, past: Past) -> tuple[str, ...]:
        answered = f"{past.answered} of {past.questions}"
        return f"  {self._name(past)}", answered, *map(str, _judged(past)), _share(past)

    def _name(self, past: Past) -> str:
        return words.day(past.day, self._today) + "  pretest" * past.pretest + "  book" * past.book

    def _entry(self, past: Past, width: int) -> list[Content]:
        got, partly, missed, done = _judged(past)
        told = f"{past.answered} of {past.questions} answered; "
        told += f"{got} got it, {partly} partly, {missed} missed"
        told += f", {done} done" * bool(done) + f"; points {_share(past)}"
        return [Content(f"  {self._name(past)}"), *Row(" " * 4, told).lines(width)]


def _line(cells: Sequence[str], columns: Sequence[int]) -> str:
    """A line of the table: the first cell to the left, figures to the right."""
    first, *figures = (" " * _GAP + cell for cell in cells)
    wide = [column + _GAP for column in columns]
    told = [one.rjust(column) for one, column in zip(figures, wide[1:], strict=True)]
    return first.ljust(wide[0])[_GAP:] + "".join(told)


def _judged(past: Past) -> tuple[int, ...]:
    return tuple(
        past.grades.get(grade, 0) for grade in (Grade.GOT, Grade.PARTLY, Grade.MISSED, Grade.DONE)
    )


def _share(past: Past) -> str:
    return "–" if past.share is None else f"{past.share:.0%}"


def _changed(changed: Changed) -> Iterator[Row]:
    yield Row("", "")
    counts = f"{len(changed.better)} better, {len(changed.worse)} worse, {changed.same} the same"
    yield Row(Content.styled("Since the attempt before  ", "bold"), counts)
    for sign, prompts in (("+", changed.better), ("−", changed.worse)):
        yield from (Row(f"  {sign} ", prompt) for prompt in prompts[:_SHOWN])
        if len(prompts) > _SHOWN:
            yield Row("    ", Content.styled(f"and {len(prompts) - _SHOWN} more", "dim"))
