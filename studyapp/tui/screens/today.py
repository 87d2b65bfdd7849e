"""Today: what is due, how long it takes, and the one thing to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static
from textual.worker import get_current_worker

from studyapp.errors import CancelledError, StudyError
from studyapp.memory.clock import study_day
from studyapp.notes.note import chapter_name
from studyapp.study import words
from studyapp.tui import places
from studyapp.tui.chapters import Chapters, Line
from studyapp.tui.keys import bind
from studyapp.tui.row import Laid, Row, Rows
from studyapp.tui.screens.page import A_WHILE, Page, soon
from studyapp.tui.widgets.menu import Menu, option

if TYPE_CHECKING:
    from datetime import date

    from studyapp.study.dates import Ahead
    from studyapp.study.desk import Desk
    from studyapp.study.fit.child import Child
    from studyapp.study.mastery import Glance
    from studyapp.study.prospect import Prospect
    from studyapp.study.reschedule import Preview
    from studyapp.study.rewording import Reworded
    from studyapp.study.sitting import Sitting
    from studyapp.study.today import ChapterRow, Overview

Choice = tuple[str, str, str, str]  # a line of the menu: its name, what it says, its key, details

_BESIDE = "questionnaires, five questions or crams, beside the day's time"


class TodayScreen(Page):
    """The first screen. It paints at once and fills in when the database is open."""

    HELP = words.COUNTED
    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind(
            "start",
            "open_chapter",
            "open chapter",
            "Start the next chapter, which lets its cards in",
            show=False,
        ),
        bind("five"),
        bind("custom", show=False),
        bind("quiz"),
        bind("course"),
        bind("lesson", "lab", "lab"),
        bind("more", label="more today"),
        bind("find"),
        bind("aside", show=False),
        bind("backups", show=False),
        bind("exam", show=False),
        bind("statistics", show=False),
        bind("reschedule", show=False),
        bind("reworded", show=False),
        bind("new", "new_note", show=False),
        bind("drafts", show=False),
        bind("import", show=False),
        bind("undo", show=False),
        bind("pause", tooltip="Pause the whole course; again: it goes on", show=False),
        bind("back", "app.quit", "quit", "Leave studyapp", only="q"),
    ]
    # From 72 columns on the two halves of the figures stand side by side.
    HORIZONTAL_BREAKPOINTS = [*Page.HORIZONTAL_BREAKPOINTS[:2], (72, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    TodayScreen {
        & #figures { height: auto; margin: 1 0; }
        & #back { height: auto; margin-top: 1; display: none; }
        & #now, & #outlook { width: 1fr; height: auto; }
        & #now { padding-right: 2; }
        & #course { height: auto; margin-top: 1; }
        &.-narrow { & #figures { layout: vertical; } & #outlook { margin-top: 1; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._overview: Overview | None = None
        self._prospect: Prospect | None = None
        self._reworded: Sequence[Reworded] = ()  # told while the app is open, or until looked at
        self._fitting: Child | None = None  # that is under way
        self._may_fit = Lock()  # held while one is, and after one that failed
        self._dates: Preview | None = None  # that weights and goal in force would move
        self._count: object = None  # the newest; what an older one finds is of before
        self._whole = asyncio.Event()  # all is known that is shown
        self._rated: bytes | None = None  # the newest rating that was kept when one was last here

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="back", markup=False)
            with Horizontal(id="figures"):
                yield Static("", id="now", markup=False)
                yield Static("", id="outlook", markup=False)
            yield Menu(id="menu")
            yield Static("", id="course", markup=False)

    def on_mount(self) -> None:
        self._show_waiting("opening …")
        self.query_one(Menu).display = False
        self.set_interval(A_WHILE, self._look_at_the_day)
        self.watch(self.query_one(VerticalScroll), "scroll_y", self._look_further, init=False)

    def _look_at_the_day(self) -> None:
        """A Today that is left open goes on to the next study day by itself."""
        if self._is_over() and self.app.screen is self and self.ready.is_set():  # else it is at it
            self.refresh_overview()

    def _is_over(self) -> bool:
        view = self._overview
        return view is not None and view.day != study_day(self.desk.now())

    def _show_waiting(self, told: str) -> None:
        """Show no figures while they are counted."""
        self.head("studyapp", told)
        self.query_one("#now", Static).update(Content.styled("Now due\n  …", "dim"))
        for name in ("#back", "#outlook", "#course"):
            self.query_one(name, Static).update("")
        if self._overview is not None:
            self._show_options(self._overview, bare=True)

    @on(ScreenResume)
    async def _come_back(self) -> None:
        """Come back with what is true now: what was shown is of before. The page below stays until
        it is counted, or, if that takes long, this one comes without figures."""
        if self.study.desk is None:
            return
        self._prospect = None
        self._whole.clear()
        newest = self.desk.rated[-1] if self.desk.rated else None
        if newest != self._rated:  # who has studied has the most useful line chosen again
            self._rated, self.query_one(Menu).highlighted = newest, 0
        self.refresh_overview()
        await soon(self._whole)
        if not self.ready.is_set():
            self._show_waiting("counting …")
        self._fit_by_itself()  # an import, or another device, may have brought many reviews

    def refresh_overview(self) -> None:
        """Count anew; until that is shown, keys wait."""
        if self.study.desk is not None:
            self.ready.clear()
            self._count = count = object()
            self._load(count)

    @work(thread=True, exclusive=True, group="overview")
    def _load(self, count: object) -> None:
        from studyapp.study.today import overview

        desk = self.desk
        is_over = self._is_over()
        if is_over:
            _bring_back(desk)
        try:
            with desk.reading() as connection:
                found = overview(connection, desk.now(), desk.settings, learner=desk.learner)
        except StudyError as error:
            self.app.call_from_thread(self.show_failure, str(error))
        else:
            self.app.call_from_thread(self._counted, count, found)
            self.load_prospect()
        self.app.call_from_thread(self._whole.set)
        if count is self._count:  # else a newer one tells of them
            self.read_dates()
        if is_over:
            self.app.call_from_thread(self._back_up)

    @work(thread=True, exclusive=True, group="backup")
    def _back_up(self) -> None:
        self.back_up()
        self.fit()

    @work(thread=True, group="fit")
    def _fit_by_itself(self) -> None:
        self.fit()

    def back_up(self) -> None:
        """Make the backup of the day, if there is none yet; to be called in a worker's thread. It
        is given up when the app closes, and the next start makes it."""
        from studyapp.study.backup import daily

        worker = get_current_worker()

        def look(_done: int, _whole: int) -> None:
            if worker.is_cancelled:
                raise CancelledError("The app is being closed.")

        try:
            daily(self.desk, progress=look)
        except CancelledError:
            return
        except StudyError as error:
            self.app.call_from_thread(self.notify, str(error), severity="warning")

    def fit(self) -> None:
        """Fit the schedule to the log, if that has grown enough; to be called in a worker's thread.
        It is given up when the app closes, and a later start does it, as one that has failed."""
        from studyapp.study.fit import adoption

        if not self._may_fit.acquire(blocking=False):
            return
        try:
            found = self._fitted()
        except CancelledError:
            return
        except StudyError as error:
            self.app.call_from_thread(self.notify, str(error), severity="warning")
            return
        self._may_fit.release()
        if found is not None:
            told = adoption.verdict(found, study_day(self.desk.now()))
            self.app.call_from_thread(self._tell_fit, told)

    def _fitted(self) -> dict[str, Any] | None:
        """What a fit comes to; None where it is not time for one."""
        from studyapp.study.fit import adoption, child

        desk = self.desk
        with desk.reading() as connection:
            if not adoption.is_time(connection, learner=desk.learner):
                return None
        self._fitting = child.of_desk(desk)
        if get_current_worker().is_cancelled:
            self._fitting.cancel()
        return self._fitting.result()

    def _tell_fit(self, told: str) -> None:
        self.notify(told)
        self.refresh_overview()

    def read_dates(self) -> None:
        """Offer what rescheduling would do by now, whatever was rated or taken back since weights
        or goal have changed; to be called in a worker's thread, once the counts are shown."""
        from studyapp.study.reschedule import offered

        desk, count = self.desk, self._count
        try:
            with desk.reading() as connection:
                dates = offered(connection, desk.now(), desk.settings, learner=desk.learner)
        except StudyError:  # the counts stand; moving them will say what is wrong
            return
        self.app.call_from_thread(self._offer_dates, count, dates)

    def _offer_dates(self, count: object, dates: Preview | None) -> None:
        if count is self._count and self._overview is not None and dates != self._dates:
            self._dates = dates
            self._show_options(self._overview)

    @work(thread=True, exclusive=True, group="dates")
    def _ask_dates(self) -> None:
        """Show what rescheduling would do, also where it is not offered."""
        from studyapp.study.reschedule import preview

        desk = self.desk
        try:
            with desk.reading() as connection:
                dates = preview(connection, desk.now(), desk.settings, learner=desk.learner)
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._show_dates, dates)

    def _show_dates(self, dates: Preview) -> None:
        self._dates = dates if dates.days else None
        if self._overview is not None:
            self._show_options(self._overview)
        if self._dates is None:
            self.notify("No date would move.")
            return
        menu = self.query_one(Menu)
        menu.highlighted = [one.id for one in menu.options].index("reschedule")

    def on_unmount(self) -> None:
        if self._fitting is not None:
            self._fitting.cancel()

    def load_prospect(self) -> None:
        """Say the mastery, and how far course and lab are; to be called in a worker's thread."""
        from studyapp.study.prospect import prospect

        desk, chapters = self.desk, self.app.call_from_thread(self._in_sight)
        if chapters is None:  # the app is closing
            return
        try:
            with desk.reading() as connection:
                found = prospect(
                    connection, desk.now(), desk.settings, chapters, learner=desk.learner
                )
        except StudyError:  # the counts stand; the screens themselves will say what is wrong
            return
        self.app.call_from_thread(self._show_prospect, found)

    def _in_sight(self) -> frozenset[int]:
        """The chapters at the top of the course that have room on the page as it is laid out; all
        of them for who scrolls."""
        body, course = self.query_one(VerticalScroll), self.query_one("#course")
        rows = self._overview.chapters if self._overview is not None else ()
        room = len(rows) if body.scroll_y else body.size.height - course.virtual_region.y
        return frozenset(row.id for row in rows[: max(0, room)])

    def _look_further(self) -> None:
        """Tell the mastery of chapters that have come into sight."""
        if self._prospect is not None and self._in_sight() - self._prospect.chapters:
            self._tell_more()

    @work(thread=True, exclusive=True, group="prospect")
    def _tell_more(self) -> None:
        self.load_prospect()

    def on_resize(self) -> None:
        self.call_after_refresh(self._look_further)

    def _show_prospect(self, found: Prospect) -> None:
        self._prospect = found
        self.call_after_refresh(self._look_further)  # when what is above has its place
        if self._overview is not None:
            if self._overview.reworded and self.app.screen is self:  # not before it is seen
                self._keep_told(self._overview.reworded)
            self._show_options(self._overview)
            self._draw_course()

    @work(thread=True, group="told")
    def _keep_told(self, notes: Sequence[Reworded]) -> None:
        from studyapp.store.engine import LONG_PATIENCE
        from studyapp.study.rewording import tell

        desk = self.desk.at(LONG_PATIENCE)
        with suppress(StudyError), desk.writing() as connection:  # else they are told once more
            tell(connection, notes, learner=desk.learner)

    def _counted(self, count: object, overview: Overview) -> None:
        if count is self._count:  # else something was done meanwhile
            self.show(overview)

    def show(self, overview: Overview) -> None:
        """Fill the screen."""
        self._overview = overview
        self.ready.set()
        day = words.day(overview.day, overview.day)
        settings = self.desk.settings
        row = words.in_a_row(overview.streak, settings.rest_days)
        self.head("studyapp", f"{day} · {row}" if overview.streak > 1 else day)
        now = _now_due(overview, settings.new_a_day, self.key_of)
        self.query_one("#now", Static).update(now)
        back = self.query_one("#back", Static)
        back.display = overview.absence is not None
        if overview.absence is not None:
            back.update(overview.absence.told(overview.budget))
        outlook = self.query_one("#outlook", Static)
        outlook.update(_outlook(overview))
        outlook.display = overview.begun  # there is nothing to look at before
        self._reworded = overview.reworded or self._reworded
        self._show_options(overview)
        if self.app.screen is self or self.app.screen.is_modal:
            self.set_focus(self.query_one(Menu))
        self._draw_course()
        self.refresh_bindings()

    def _show_options(self, overview: Overview, *, bare: bool = False) -> None:
        """What can be done next; *bare*: without what is told beside it."""
        menu = self.query_one(Menu)
        chosen = menu.highlighted_option if menu.highlighted else None
        choices = list(_choices(overview, self._prospect, self._reworded, self._dates, self.key_of))
        names = [name for name, *_ in choices]
        menu.refill(
            (option(name, text, key, "" if bare else told) for name, text, key, told in choices),
            # At the top it is the top that is chosen, and where that which was chosen has gone.
            names.index(chosen.id) if chosen and chosen.id in names else 0,
        )
        menu.display = True

    def _draw_course(self) -> None:
        if self._overview is not None:
            glances = self._prospect.glances if self._prospect else {}
            known = self._prospect.chapters if self._prospect else frozenset[int]()
            is_asked = any(
                row.id in glances if row.id in known else _is_asked(row)
                for row in self._overview.chapters
            )
            exam = self._overview.exam
            on = exam.exam.day if exam is not None else self.desk.settings.exam_on
            told = _what_is_told(self._overview, on) if is_asked else ""
            lines = [
                _chapter_line(row, glances.get(row.id), is_known=row.id in known)
                for row in self._overview.chapters
            ]
            self.query_one("#course", Static).update(Chapters(told, lines))

    def show_failure(self, sentence: str) -> None:
        """Say why there is nothing to study."""
        self.ready.set()
        self.head("studyapp", "")
        self.query_one("#now", Static).update(
            Content.assemble(("This cannot be opened\n\n", "bold"), sentence)
        )
        self.query_one("#outlook", Static).display = False
        self.query_one(Menu).display = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view = self._overview
        if action in ("quit", "app.quit"):
            return True
        if view is None:
            return False
        if action in ("course", "more", "new_note") and not view.chapters:
            return False
        if action == "open_chapter":
            return view.next_chapter is not None
        if action == "five":
            return view.fading
        if action == "quiz":
            return _quizzed(view) is not None
        if action == "reworded":
            return bool(self._reworded)
        if action == "import":
            return self.study.desk is not None
        if action == "more":
            return view.more
        return True

    @on(Menu.OptionSelected)
    def _selected(self, event: Menu.OptionSelected) -> None:
        self._do(event.option_id or "")

    def action_more(self) -> None:
        self._do("more")

    def action_open_chapter(self) -> None:
        self._do("open")

    def action_find(self) -> None:
        self.study.open(places.Find())

    def action_aside(self) -> None:
        self.study.open(places.Aside())

    def action_backups(self) -> None:
        self.study.open(places.Backups())

    def action_exam(self) -> None:
        if self.study.desk is not None:
            self.study.open(places.Exam())

    def action_statistics(self) -> None:
        if self.study.desk is not None:
            self.study.open(places.Statistics())

    def action_reschedule(self) -> None:
        """Moving them is for enter, on the line that tells what it comes to."""
        self._ask_dates()

    def action_reworded(self) -> None:
        notes, self._reworded = self._reworded, ()
        self.study.open(places.Reworded(notes))

    def action_new_note(self) -> None:
        self.study.open(places.NewCard())

    def action_drafts(self) -> None:
        if self.study.desk is not None:
            self.study.open(places.Drafts())

    def action_import(self) -> None:
        self.study.open(places.Import())

    def action_five(self) -> None:
        self._do("five")

    def action_custom(self) -> None:
        self.study.open(places.Custom())

    def action_quiz(self) -> None:
        self._do("quiz")

    def action_course(self) -> None:
        self._do("course")

    def action_lab(self) -> None:
        self._do("lab")

    def action_undo(self) -> None:
        self._do("undo")

    def action_pause(self) -> None:
        self._do("pause")

    def _do(self, what: str) -> None:
        from studyapp.study.plan import FIVE, NOTHING_TO_ASK
        from studyapp.study.sitting import Sitting

        study = self.study
        if study.desk is None or self._overview is None:
            return
        try:
            if what == "undo" and (self._unwrites() or self.asks(study.newest())):
                return
            if what == "open":
                self._open_next_chapter()
            elif what == "find":
                self.action_find()
            elif what == "aside":
                self.action_aside()
            elif what == "reworded":
                self.action_reworded()
            elif what == "drafts":
                self.action_drafts()
            elif what == "new":
                self.action_new_note()
            elif what == "lab":
                study.open(places.Lab())
            elif what == "custom":
                self.action_custom()
            elif what == "quiz":
                self._open_quiz()
            elif what == "course":
                study.open(places.Course())
            elif what == "redate":
                self.hold_keys(True)
                self._redate()
            elif what == "reschedule":
                self.hold_keys(True)
                self._reschedule()
            elif what == "pause":
                self._pause(self._overview)
            elif what == "five":
                five = Sitting(study.desk, FIVE)
                if five.view is None:
                    self.notify(NOTHING_TO_ASK)
                else:
                    self._sit_down(five)
            else:
                sitting = Sitting(study.desk)
                if what == "more" and not self._is_over():
                    sitting.go_on()
                elif what == "undo" and not self._undo(sitting):
                    return
                self._sit_down(sitting)
        except StudyError as error:
            self.notify(str(error), severity="error")

    def _sit_down(self, sitting: Sitting) -> None:
        """Who comes back from a sitting has the most useful line chosen again."""
        self.query_one(Menu).highlighted = 0
        self.study.open(places.Review(sitting))

    def _unwrites(self) -> bool:
        """Whether `u` has taken back what was done last and is in no log: a card of one's own that
        was written, a chapter that was opened."""
        if told := self.study.unwrite():
            self.notify(told)
            self.refresh_overview()
        return bool(told)

    def _undo(self, sitting: Sitting) -> bool:
        """Take back what was done last; whether there is a card to show for it."""
        undone = sitting.undo()
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")
        view = sitting.view
        shown = undone is not None and view is not None and view.id == undone.card
        if undone is not None and not shown:
            self.refresh_overview()
        return shown

    def _failed(self, sentence: str) -> None:
        self.hold_keys(False)
        self.notify(sentence, severity="error")

    @work(thread=True, exclusive=True, group="redate")
    def _redate(self) -> None:
        """Put the dates right that a wrong clock has left behind, after a backup."""
        from studyapp.store.engine import LONG_PATIENCE
        from studyapp.study.dates import redate

        try:
            done = redate(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._tell_redated, done)

    def _tell_redated(self, done: Ahead) -> None:
        undo = f"{self.key_of('undo')} takes it back"
        self.notify(f"{words.count(done.entries, 'date')} put right; {undo}.")
        self.refresh_overview()

    @work(thread=True, exclusive=True, group="redate")
    def _reschedule(self) -> None:
        """Move dates to where weights and goal have them, after a backup."""
        from studyapp.store.engine import LONG_PATIENCE
        from studyapp.study.reschedule import move

        try:
            found = move(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._tell_rescheduled, found)

    def _tell_rescheduled(self, done: Preview) -> None:
        self._dates = None
        undo = f"{self.key_of('undo')} takes it back"
        self.notify(f"{words.count(len(done.days), 'card')} moved; {undo}.")
        self.refresh_overview()

    def _pause(self, overview: Overview) -> None:
        """Let no card come, or let all go on."""
        from studyapp.study import pause

        desk = self.desk
        with desk.writing() as connection:  # what is shown may be of before another P
            held = pause.paused(connection, learner=desk.learner)
            going_on = all(row.id in held for row in overview.chapters if row.cards)
            change = pause.resume if going_on else pause.pause
            change(connection, None, desk.now(), learner=desk.learner)
        self.notify(pause.done("The course", going_on=going_on))
        self.refresh_overview()

    def _open_quiz(self) -> None:
        """The chapter of the attempt that was left last, with it on top; else the one started
        last."""
        assert self._overview is not None
        waiting = self._overview.attempt
        if waiting is not None:
            self.study.open(places.Chapter(waiting.chapter, waiting.name, resume=True))
        elif (row := _quizzed(self._overview)) is not None:
            self.study.open(places.Chapter(row.id, row.name))

    def _open_next_chapter(self) -> None:
        from studyapp.study.library import start_chapter

        desk = self.desk
        assert self._overview is not None
        chapter = self._overview.next_chapter
        if chapter is None:
            return
        with desk.writing() as connection:
            start_chapter(connection, chapter.id, desk.now(), learner=desk.learner)
        self.study.wrote(partial(_close, chapter))
        self.notify(f"{_opened(chapter)}; {self.undo_now('closes it again')}.")
        self.refresh_overview()


def _close(chapter: ChapterRow, desk: Desk) -> str:
    """Start the chapter no more that was opened last."""
    from studyapp.study.tracker import stop_chapter

    with desk.writing() as connection:
        stop_chapter(connection, chapter.id, now=desk.now(), learner=desk.learner)
    return f"{words.capital(chapter.name)} is closed again."


def _bring_back(desk: Desk) -> None:
    """What a new day brings as well; where another program writes, the next start does."""
    from studyapp.store.engine import LONG_PATIENCE
    from studyapp.study.lab.misses import bring_back

    with suppress(StudyError):
        bring_back(desk.at(LONG_PATIENCE))


def _choices(
    overview: Overview,
    prospect: Prospect | None,
    reworded: Sequence[Reworded],
    dates: Preview | None,
    key: Callable[[str], str],
) -> Iterator[Choice]:
    """The lines of the menu."""
    if overview.counts.total:
        told = "Start reviewing" if overview.begun else "Start with your first cards"
        yield "review", told, "", ""
    elif overview.paused:
        told = f"paused since {words.day(overview.paused, overview.day)}"
        yield "pause", "Let the course go on", key("pause"), told
    elif overview.more and overview.waiting:
        told = f"{overview.waiting} wait, what you remember best first"
        yield "more", "As much time again today", key("more"), told
    elif overview.more:
        told = "Study more for the exam" if overview.exam else "Study more new cards today"
        yield "more", told, key("more"), ""
    if overview.fading:
        told = "what is fading most"
        yield "five", "Five questions, five minutes", key("five"), told
    if overview.begun and not overview.counts.total and overview.paused is None:
        told = "what comes soon, what slips, a cram"
        yield "custom", "Choose what to study", key("custom"), told
    if overview.ahead is not None:
        latest = overview.ahead.latest
        told = f"{overview.ahead.entries} in the future, to {latest.day} {latest:%b} {latest.year}"
        yield "redate", "If the clock is right: redate", "", told
    if dates is not None:
        yield "reschedule", "Move dates to weights and goal", "", dates.short()
    yield from _quiz_choices(overview, key("quiz"))
    if overview.next_chapter is not None:
        row = overview.next_chapter
        name = chapter_name(row.number, row.title)
        told = row.label if row.number else row.of or ""
        yield "open", f"Start {name}", key("start"), told
    if overview.chapters:
        yield "course", "Course", key("course"), overview.course
    told = prospect.lab if prospect and prospect.lab else "predict, then run"
    yield "lab", "Experiments", key("lesson"), told
    yield "find", "Find a note", key("find"), ""
    if reworded:
        told = f"{words.count(len(reworded), 'note')} changed by an upgrade"
        yield "reworded", told, key("reworded"), _first_of([one.prompt for one in reworded])
    if overview.aside:
        yield "aside", "Set aside", key("aside"), overview.aside
    if overview.caught:
        wait = (
            "1 draft waits" if len(overview.caught) == 1 else f"{len(overview.caught)} drafts wait"
        )
        yield "drafts", wait, key("drafts"), _first_of(overview.caught)
    if overview.chapters:
        begun = "one is begun" if overview.draft else ""
        yield "new", "Write a card of your own", key("new"), begun


def _first_of(prompts: Sequence[str]) -> str:
    """Which notes, as far as one line tells."""
    from textwrap import shorten

    from studyapp.notes.plain import plain

    first, others = shorten(plain(prompts[0]), 28, placeholder=" …"), len(prompts) - 1
    return f"{first} and {others} more" if others else first


def _quiz_choices(overview: Overview, key: str) -> Iterator[Choice]:
    attempt = overview.attempt
    if attempt is not None:
        left = f"left {words.ago(attempt.newest, overview.day)}"
        told = f"{attempt.answered} of {attempt.asks} answered, {left}"
        told += f"; also open: {', '.join(attempt.others)}" if attempt.others else ""
        yield "quiz", f"Continue {attempt.kind} {attempt.label}", key, told
    elif (row := _quizzed(overview)) is not None:
        told = row.label if row.of else "answer in writing"
        yield "quiz", f"Questionnaire, {chapter_name(row.number, row.title)}", key, told


def _quizzed(overview: Overview) -> ChapterRow | None:
    """The chapter whose questionnaire to offer: the last one that has let cards in, or else the
    first. Decks have too many questions for one."""
    chapters = [row for row in overview.chapters if row.cards and row.number]
    begun = [row for row in chapters if row.started or row.introduced or row.counts.total]
    return begun[-1] if begun else next(iter(chapters), None)


def _opened(row: ChapterRow) -> str:
    from studyapp.study import words

    return f"{words.capital(row.name)} is open" + (f": {row.title}" if row.number else "")


def _now_due(overview: Overview, new: int, key: Callable[[str], str]) -> Content | Laid:
    """What is due today, and why fewer than *new* cards are, if they are."""
    from studyapp.study.today import fewer_words

    counts = overview.counts
    if not overview.chapters:
        return Content.assemble(
            ("No content yet\n", "bold"),
            "Install a pack, or bring notes of your own along:\n",
            (f"Press {key('import')}.", "$text-accent"),
        )
    ready = next((row for row in overview.chapters if row.counts.total), None)
    if ready is not None and not overview.begun:
        planned = f"{overview.exam.told()}.\n" if overview.exam is not None else ""
        return Content.assemble(
            ("Welcome\n", "bold"),
            "Each day studyapp asks what you are about to forget.\n",
            f"{words.capital(ready.name)} is ready: {words.count(counts.new, 'card')} today, "
            f"about {_minutes(overview.minutes)}.\n",
            *(f"{words.capital(told)}.\n" for told in fewer_words(new, overview.fewer)),
            planned,
            "Think of an answer, look, and say how well you knew it.\n",
            (f"Press {key('go_on')} to begin.", "$text-accent"),
        )
    if not counts.total:
        told = "today's time is used up" if overview.waiting else "you are done for today"
        told = "the course is paused" if overview.paused else told
        lines = [Content(f"Nothing: {told}.")]
    else:
        lines = [
            Content(f"{counts.review} review   {counts.learning} learning   {counts.new} new"),
            Content.styled(f"about {_minutes(overview.minutes)}", "dim"),
        ]
        lines += [Content.styled(told, "dim") for told in fewer_words(new, overview.fewer)]
    lines += [Content.styled(told, "dim") for told in _aside(overview)]
    return Rows((Row("", Content.styled("Now due", "bold")), *(Row("  ", one) for one in lines)))


def _aside(overview: Overview) -> Iterator[str]:
    """What an exam asks; what is due and does not come now; the day's time, and what is apart from
    it; tomorrow."""
    counts, budget = overview.counts, overview.budget
    if overview.exam is not None:
        yield overview.exam.told()
        if spare := overview.exam.spare:
            yield f"{spare} of the reviews are not due: they have the time that is left"
    if overview.absence is None:  # which says what comes when
        if overview.waiting:
            verb = "waits" if overview.waiting == 1 else "wait"
            yield f"{overview.waiting} {verb} for another day: beyond today's {_minutes(budget)}"
            if overview.backlog is not None and (until := overview.backlog.told()):
                yield until
        yield from words.given_away(overview.siblings, counts.total)
    if overview.paused is None:
        for row in overview.chapters:
            if row.paused:
                name = chapter_name(row.number, row.title)
                since = words.day(row.paused, overview.day)
                yield f"{name} is paused since {since}; in the course it can go on"
    used = [f"{overview.spent / 60:.0f} of {_minutes(budget)} used"] if overview.spent >= 30 else []
    if overview.apart >= 30:
        used.append(f"{_minutes(overview.apart / 60)} in {_BESIDE}")
    if used:
        yield "; ".join(used)
    if overview.tomorrow is not None:
        asked = overview.tomorrow.counts
        yield f"tomorrow: {asked.review + asked.learning} review, {asked.new} new"


def _outlook(overview: Overview) -> Laid:
    days = overview.forecast
    peak = max(range(len(days)), key=lambda index: days[index])
    bars = Content(words.bars(days))
    if days[peak]:
        when = "today" if not peak else "tomorrow" if peak == 1 else f"in {peak} days"
        bars += Content.styled(f"  peak {days[peak]} {when}", "dim")
    kept = overview.retention
    rows = [Row("", Content.styled("Next 14 days", "bold")), Row("  ", bars)]
    if kept.n:
        rows.append(Row("", f"Remembered last 7 days  {words.telling(kept)}"))
        told = f"of {words.count(kept.n, 'review')}; {overview.goal.told}"
    else:
        told = "no card came back in the last 7 days"
    return Rows([*rows, Row("  ", Content.styled(told, "dim"))])


def _what_is_told(overview: Overview, exam_on: date | None) -> str:
    """What the figures beside the chapters are."""
    from studyapp.study.mastery import later_day

    day = words.day(later_day(exam_on, overview.day), overview.day)
    return f"mastery tomorrow → {day} without review; questions introduced"


def _is_asked(row: ChapterRow) -> bool:
    """Whether a chapter has questions, of which mastery is told."""
    return row.cards > 0


def _chapter_line(row: ChapterRow, glance: Glance | None, *, is_known: bool) -> Line:
    """As long as the mastery is not known its figures have their room, so that no bar moves."""
    counts = row.counts
    if not row.cards:
        due = "to read"
    elif not row.begun:
        due = "for the exam" if row.for_exam else "not started"
    elif row.paused:
        due = words.paused(row.paused)
    else:
        held = f"{row.waiting} wait" if row.waiting else f"{counts.new} new"
        due = f"{counts.review + counts.learning} due, {held}"
    share, mastery, met = 0.0, "", ""
    if glance is not None:
        asked = glance.questions
        if asked.tells:
            share = glance.now
            mastery = f"{100 * share:.0f} → {100 * glance.later:.0f}"
        elif asked.introduced:
            mastery = "few yet"
        met = f"{asked.introduced} of {asked.questions}"
    elif not is_known and _is_asked(row):
        mastery = "…".rjust(len("82 → 71")) if row.introduced else ""
        met = "…".rjust(len(f"{row.introduced} of {row.cards}"))
    number = str(row.number or "")
    return Line(number, row.label, share, mastery, met, due, now=counts.total > 0)


def _minutes(minutes: float) -> str:
    return words.count(max(1, round(minutes)), "minute")
