"""The app: paints first, then opens the database in a worker and hands it to the screens."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import work
from textual._context import NoActiveAppError
from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.events import Event, Key, Paste
from textual.filter import LineFilter
from textual.keys import key_to_character
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.worker import get_current_worker

from studyapp import disk
from studyapp.config import Current, Settings, found_folder, load, settings_path, shown
from studyapp.errors import RefusedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.study import words
from studyapp.tui import box, delay, places
from studyapp.tui.editor import edit
from studyapp.tui.gate import Gate
from studyapp.tui.keys import BURST, BY_HAND, HELD, TABLE, bind, filled, keymap, letters, of
from studyapp.tui.screens.help import HelpScreen
from studyapp.tui.screens.page import Page
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.widgets.told import Told

if TYPE_CHECKING:
    from studyapp.lab.catalog import Catalog
    from studyapp.lab.runner import LiveRun
    from studyapp.study.desk import Desk
    from studyapp.study.inbox import Inbox, Taken
    from studyapp.study.rewriting import Rewriting
    from studyapp.study.today import Overview
    from studyapp.study.undo import Newest
    from studyapp.study.undostack import Sight, UndoStack
    from studyapp.tui.host import Host
    from studyapp.tui.places import Place


LOOK = 5.0  # seconds between two looks at whether it is still the same database
_LONGEST = 1.0  # seconds that a key may take before the next one is taken all the same
_BUSY = 5.0  # and that a page may count or write
_OF_WORDS = ("enter", "space", "backspace")  # keys of words beside their letters
_MEETING, _IDLE = 60.0, 5.0  # seconds between looks at other devices; without a key before one
_CLOSING = 60.0  # seconds to close in, which is more than a lock is waited for


def now() -> datetime:
    """The learner's wall clock with its offset from UTC."""
    return datetime.now().astimezone()


box.keep_true()
delay.keep_true()


class StudyApp(App[None]):
    """Owns the database and the settings; everything else is a screen."""

    TITLE = "studyapp"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [  # noqa: RUF012
        bind("help"),
        bind("medium"),
        bind("palette", "command_palette", show=False, first=True),
        bind("quit", show=False, first=True),
        bind("new", "new_card", show=False),
    ]
    CSS = """
    * { scrollbar-size-vertical: 1; }
    CommandPalette > Vertical { max-width: 103; }
    OptionList:nocolor > .option-list--option-highlighted {
        background: $foreground 30%; text-style: bold underline; }
    """

    def __init__(
        self,
        db: str,
        settings: Settings | None = None,
        *,
        review: bool = False,
        chapter: str | None = None,
        quiz: str | None = None,
        book: bool = False,
        clock: Callable[[], datetime] = now,
        who: str | None = None,
        new: bool = False,
    ) -> None:
        """*who* is the learner's name, None for the first one; only *new* makes one.

        Raises SettingError for keys that cannot be.
        """
        super().__init__()
        self.db = db
        self.clock = clock
        self.desk: Desk | None = None  # from when the database is open
        self.failure: str | None = None
        self.running: LiveRun | None = None  # the experiment that is going on
        self.seen: set[str] = set()  # experiments that an answer on the screen has cited
        self.worth = set[tuple[date, str]]()  # what an end of each day has told as worth doing
        self.today = TodayScreen()  # whatever is shown on top of it
        self.led_to: set[str | None] = set()  # addresses that were shown, and may be opened
        self._catalog: Catalog | None = None
        self._go_to_review = review
        self._chapter = chapter
        self._quiz = quiz  # the chapter whose questionnaire to open
        self._book = book  # of that the book's own questions alone
        self._current = Current(settings or Settings())
        self.keymap = keymap(dict(self._current.settings.keys))
        self._who = who
        self._new = new
        self.told: tuple[str, str] = ("", "information")
        self.unread: tuple[str, ...] = ()  # what the inbox had that could not be read
        self.held = False
        self.piece = 0
        self._told_in = 0  # in which piece that was told, and so was not read before its last key
        self._key = ("", 0.0)  # the newest key, and when it came
        self._handlers: dict[int, Any] = {}  # of signals, as they were before
        self._under_way: object = None  # the key that is not through yet
        self._waiting: deque[Key | Paste] = deque()  # those behind it
        self._begun = False
        self.hurried = False  # the learner has been told of what is not saved
        self._gate = Gate()
        self._device: bytes | None = None  # the database's own, when it was last looked at
        self._meets = False  # the other devices, just now
        self._inbox: Inbox | None = None  # from when the counts are on the screen
        self._unlogged: UndoStack | None = None  # from when the database is open
        self._words_at: float | None = None  # when the newest letter came that is to do nothing
        self._keys = 0  # that came
        self._asked: tuple[object, int] = (None, 0)  # about what, and behind which of them

    def wrote(self, take_back: Callable[[Desk], str], files: Rewriting | None = None) -> None:
        self.unlogged.add(take_back, files)

    def unwrite(self) -> str:
        from studyapp.store.engine import LONG_PATIENCE

        assert self.desk is not None
        last, today = self.unlogged.next(), study_day(self.desk.now())
        if last is None:
            return ""  # what came since is taken back first
        if last.day is not None and last.day < today and not self.is_sure(last):
            told = f"{last.told}, {words.ago(last.day, today)}"
            return f"{of('undo', self.keymap)} once more takes back {told}."
        try:
            told = last.take_back(self.desk.at(LONG_PATIENCE))
        except RefusedError:  # another failure may pass: it can be tried again
            self.unlogged.drop(last)
            raise
        self.unlogged.drop(last)
        return told

    @property
    def unlogged(self) -> UndoStack:
        assert self._unlogged is not None
        return self._unlogged

    def done_by_now(self) -> Sight:
        return self.unlogged.sight()

    def has_done(self, since: Sight | None = None) -> bool:
        return self.unlogged.has(since)

    def later(self, deed: Callable[[Desk], str]) -> None:
        self._do_later(deed)

    @work(thread=True, group="later")
    def _do_later(self, deed: Callable[[Desk], str]) -> None:
        from studyapp.store.engine import LONG_PATIENCE

        assert self.desk is not None
        severity: SeverityLevel = "information"
        try:
            told = deed(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            told, severity = str(error), "error"
        self.call_from_thread(self.notify, told, severity=severity)
        self.call_from_thread(self.today.refresh_overview)

    def newest(self) -> Newest | None:
        from studyapp.study.undo import newest

        assert self.desk is not None
        with self.desk.reading() as connection:
            return newest(connection, self.desk.now(), learner=self.desk.learner)

    def drop_words(self) -> None:
        self._words_at = self._key[1]

    def _drops(self, event: Key) -> bool:
        """Whether this is of words that have no box, which another key or a pause ends."""
        goes_on = self._words_at is not None and event.time - self._words_at < BURST
        dropped = goes_on and (event.is_printable or event.key in _OF_WORDS)
        self._words_at = event.time if dropped else None
        return dropped

    def _is_unseen(self, event: Key) -> bool:
        """Whether this would be a command to a page that the window is too small to show. What is
        typed in a box goes on there."""
        page = self.screen if self._screen_stacks else None
        hidden = isinstance(page, Page) and page.too_small
        leaves = self.keymap.get("quit", TABLE["quit"].keys).split(",")
        return hidden and not isinstance(self.focused, Input | TextArea) and event.key not in leaves

    def is_sure(self, of: object) -> bool:
        asked, self._asked = self._asked, (of, self._keys)
        return asked == (of, self._keys - 1) and not self.held

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and the last gate: content that came past the readers' own check, as a
        database from elsewhere, a path or an error may, steers no terminal."""
        return [*super().get_line_filters(), self._gate]

    def on_mount(self) -> None:
        self.set_keymap(self.keymap)
        self._listen()
        wanted = self._current.settings.theme
        if wanted in self.available_themes:
            self.theme = wanted
        else:
            known = ", ".join(sorted(self.available_themes))
            self.notify(f"There is no theme {wanted!r}; the themes are {known}.")
        self._theme_to_keep = self.theme
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))
        self.push_screen(self.today)
        self.set_interval(LOOK, self.look)
        self.call_after_refresh(self._begin)

    def _listen(self) -> None:
        """Close when the terminal is closed.

        Textual may wait for ever to draw on a terminal that is gone or takes nothing any more, and
        the loop with it. So a handler of the system's own sets the time after which the process
        ends all the same; one of the loop's would wait, too.
        """
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()

        def end(*_: object) -> None:
            last = threading.Timer(_CLOSING, os._exit, (1,))
            last.daemon = True
            last.start()
            loop.call_soon_threadsafe(self._end, context=context)

        for ending in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, ending):
                with suppress(ValueError):  # only the main thread can be told
                    number = getattr(signal, ending)
                    self._handlers[number] = signal.signal(number, end)

    def _end(self) -> None:
        """Keep what is under way and close."""
        for page in self.screen_stack:
            if isinstance(page, Page) and not page.keep():
                page.rescue()
        self.exit()

    def _begin(self) -> None:
        """Open the database, once: after the first frame, or with a key that comes before it, which
        may put a page in front of the one whose frame is waited for."""
        if not self._begun:
            self._begun = True
            self._open()

    @work(thread=True, exclusive=True, group="open")
    def _open(self) -> None:
        """Open the database after the first paint: SQLAlchemy alone takes longer to import."""
        try:
            from studyapp.journal import begin, journal
            from studyapp.store import trace
            from studyapp.store.engine import LOCK_PATIENCE
            from studyapp.study import library
            from studyapp.study.today import overview
            from studyapp.study.undostack import UndoStack

            begin("app")
            begun = monotonic()
            traced = trace.told(self.db)
            desk, report = library.open_study(
                self.db, self._current, self.clock, self._who, new=self._new
            )
            desk = desk.at(LOCK_PATIENCE)
            chapter = library.check_chapter(desk, self._chapter) if self._chapter else None
            place: Place | None = None
            told = ""
            if self._go_to_review:
                from studyapp.study.lab.misses import bring_back
                from studyapp.study.plan import due
                from studyapp.study.sitting import Sitting

                with suppress(StudyError):  # another program is writing; the next start does it
                    bring_back(desk)

                place = places.Review(Sitting(desk, due(chapter)))
            if self._quiz is not None:
                from studyapp.study.chapter import find
                from studyapp.study.questionnaire.attempt import Attempt

                with desk.reading() as connection:
                    quizzed = find(connection, self._quiz, learner=desk.learner)
                attempt = Attempt(desk, quizzed, book=self._book)
                place, told = places.Questionnaire(attempt), attempt.opening
            with desk.reading() as connection:
                found = overview(connection, desk.now(), desk.settings, learner=desk.learner)
            unlogged = UndoStack(desk)
        except StudyError as error:
            self.call_from_thread(self._fail, str(error))
            return
        journal.info("app: opened in %.1f s", monotonic() - begun)
        problems = len(report.problems) if report else 0
        self.call_from_thread(self._opened, desk, found, problems, unlogged)
        if place is not None:
            self.call_from_thread(self.open, place)
        if told:
            self.call_from_thread(self.notify, told)
        for one in (traced, *(report.left_alone if report else ())):
            if one:
                self.call_from_thread(self.notify, one, severity="warning")
        with suppress(NoActiveAppError):  # it is closing; the next start does what is left
            self._settle_in(desk)

    def _settle_in(self, desk: Desk) -> None:
        """What can wait until the counts are on the screen."""
        from studyapp.store.engine import LONG_PATIENCE, checkpoint
        from studyapp.study.lab.misses import bring_back

        try:
            if bring_back(desk.at(LONG_PATIENCE)):
                self.call_from_thread(self.today.refresh_overview)
            checkpoint(desk.engine)
        except StudyError as error:  # another program holds the lock; the next start does it
            self.log.warning(str(error))
        self.today.load_prospect()
        _warm_up()
        assert self.catalog  # read here, not when the first card asks for it
        self.today.read_dates()
        self._watch_inbox(desk)
        self.today.back_up()
        self.today.fit()
        if desk.settings.devices:
            self._meet(desk, opening=True)
            self.call_from_thread(self.set_interval, _MEETING, self._meet_if_idle)

    def _watch_inbox(self, desk: Desk) -> None:
        """Look at what lies in the inbox, now and then; to be called in a worker's thread."""
        from studyapp.study.inbox import Inbox

        inbox = Inbox(desk)
        self._take_in(inbox)
        self._inbox = inbox
        self.call_from_thread(self.set_interval, LOOK, self._look_at_inbox)

    def _look_at_inbox(self) -> None:
        """Unless it is still looked at: a file may be large, and a folder far away."""
        if (inbox := self._inbox) is not None:
            self._inbox = None
            self._take_in_again(inbox)

    @work(thread=True, group="inbox")
    def _take_in_again(self, inbox: Inbox) -> None:
        self._take_in(inbox)
        self._inbox = inbox

    def _take_in(self, inbox: Inbox) -> None:
        taken = inbox.look()
        if taken.files or taken.unread:
            self.call_from_thread(self._tell_taken, taken)

    def _tell_taken(self, taken: Taken) -> None:
        self.unread += taken.unread
        told, key = [], of("drafts", self.keymap)
        if taken.files:
            told.append(f"{words.count(taken.drafts, 'draft')} from {', '.join(taken.files)}")
        if taken.unread:
            told.append(f"{words.count(len(taken.unread), 'part')} of the inbox not understood")
        severity: SeverityLevel = "warning" if taken.unread else "information"
        self.notify(f"{'; '.join(told)}; {key} on Today shows them.", severity=severity)
        self.today.refresh_overview()

    def _meet_if_idle(self) -> None:
        """Look at what the other devices have written, when nobody waits for anything."""
        if self.desk is not None and not self._meets and monotonic() - self._key[1] > _IDLE:
            self._meet_again(self.desk)

    @work(thread=True, group="devices")
    def _meet_again(self, desk: Desk) -> None:
        self._meet(desk)

    def _meet(self, desk: Desk, *, opening: bool = False) -> None:
        """Tell the other devices what is new here, and fold in what is there; to be called in a
        worker's thread. Why it cannot be is said when the app opens, and not every minute."""
        from studyapp.store.engine import LONG_PATIENCE, LockedError
        from studyapp.study.devices.exchange import StoppedError, meet

        worker, self._meets = get_current_worker(), True
        try:
            met = meet(
                desk.at(LONG_PATIENCE), opening=opening, stop=lambda: bool(worker.is_cancelled)
            )
            if met.heard:
                self.call_from_thread(self.today.refresh_overview)
            if met.trouble and opening:
                self.call_from_thread(self.notify, met.trouble, severity="warning")
        except (LockedError, StoppedError):  # the next time goes on from there
            pass
        except StudyError as error:
            if opening:
                self.call_from_thread(self.notify, str(error), severity="warning")
        finally:
            self._meets = False

    def _opened(self, desk: Desk, overview: Overview, problems: int, unlogged: UndoStack) -> None:
        self.desk = desk
        self._unlogged = unlogged
        self.today.show(overview)
        if problems:
            self.notify(
                f"{words.count(problems, 'problem')} in the content; `studyapp check` lists each.",
                severity="warning",
            )

    def _fail(self, sentence: str) -> None:
        self.failure = sentence
        self.today.show_failure(sentence)

    def look(self) -> None:
        """Notice that another program has put another database in the place of this one, or gone
        back to a backup: what the pages show is no more then. A copy that has become a device of
        its own has all that it had."""
        if self.desk is None:
            return
        try:
            device, former = self.desk.device(), self._device
            is_copy = former is not None and device != former and self.desk.is_copy(former)
        except StudyError as error:
            if self.told[0] != str(error):
                self.notify(str(error), severity="error")
            return
        self._device = device
        pages = [one for one in self.screen_stack if isinstance(one, Page)]
        if is_copy:
            self.notify(
                "Another copy of this database is in use elsewhere; this one goes on as a device "
                "of its own."
            )
        elif former not in (None, device) and all(page.FOLLOWS for page in pages):
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Leave all pages but Today, unless something on one cannot be kept, which says why."""
        while self.screen is not self.today:
            if isinstance(self.screen, Page) and not self.screen.keep():
                return
            self.pop_screen()
        self.today.refresh_overview()
        self.notify("Another program went back to a backup; this is how it is now.")

    @property
    def catalog(self) -> Catalog:
        """The installed experiments, read once."""
        if self._catalog is None:
            from studyapp.lab import catalog

            self._catalog = catalog.read()
        return self._catalog

    def open(self, place: Place, *, instead: bool = False) -> None:
        """Show a place on top of what is shown, or *instead* of it."""
        (self.switch_screen if instead else self.push_screen)(self._page(place))

    def _page(self, place: Place) -> Page:
        """The page that is there. Each is imported when it is first opened."""
        match place:
            case places.Review(sitting):
                from studyapp.tui.screens.review import ReviewScreen

                return ReviewScreen(sitting)
            case places.Summary(sitting):
                from studyapp.tui.screens.summary import SummaryScreen

                return SummaryScreen(sitting)
            case places.Course():
                from studyapp.tui.screens.tracker import TrackerScreen

                return TrackerScreen()
            case places.Section(section):
                from studyapp.tui.screens.section import SectionScreen

                return SectionScreen(section)
            case places.Chapter(chapter, name, resume):
                from studyapp.tui.screens.chapter import ChapterScreen

                return ChapterScreen(chapter, name, resume=resume)
            case places.Questionnaire(attempt):
                from studyapp.tui.screens.attempt import AttemptScreen

                return AttemptScreen(attempt)
            case places.Tally(attempt):
                from studyapp.tui.screens.tally import TallyScreen

                return TallyScreen(attempt)
            case places.Compare(asked, earlier):
                from studyapp.tui.screens.compare import CompareScreen

                return CompareScreen(asked, earlier)
            case places.Lab(lessons):
                from studyapp.tui.screens.lab import LabScreen

                if lessons is None:
                    return LabScreen(self.catalog.lessons, self.catalog.problems)
                if len(lessons) == 1:
                    return self._page(places.Lesson(lessons[0]))
                return LabScreen(lessons, of_card=True)
            case places.Lesson(lesson, values):
                from studyapp.tui.screens.lesson import LessonScreen

                return LessonScreen(lesson, values, seen=lesson.name in self.seen)
            case places.Source(lesson):
                from studyapp.tui.screens.source import SourceScreen

                return SourceScreen(lesson)
            case places.History(lesson):
                from studyapp.tui.screens.history import HistoryScreen

                return HistoryScreen(lesson)
            case places.Trial():
                from studyapp.tui.screens.trial import TrialScreen

                return TrialScreen()
            case places.Find(apart):
                from studyapp.tui.screens.find import FindScreen

                return FindScreen(apart)
            case places.Note(note):
                from studyapp.tui.screens.note import NoteScreen

                return NoteScreen(note)
            case places.Aside():
                from studyapp.tui.screens.aside import AsideScreen

                return AsideScreen()
            case places.Custom():
                from studyapp.tui.screens.custom import CustomScreen

                return CustomScreen()
            case places.Exam():
                from studyapp.tui.screens.exam import ExamScreen

                return ExamScreen()
            case places.Statistics():
                from studyapp.tui.screens.statistics import StatisticsScreen

                return StatisticsScreen()
            case places.Backups():
                from studyapp.tui.screens.backups import BackupsScreen

                return BackupsScreen()
            case places.Reworded(notes):
                from studyapp.tui.screens.reworded import RewordedScreen

                return RewordedScreen(notes)
            case places.Rewrite(of):
                from studyapp.study.capture import DraftEdit, Kept
                from studyapp.study.edit import CardEdit
                from studyapp.tui.screens.rewrite import RewriteScreen

                return RewriteScreen(DraftEdit(of) if isinstance(of, Kept) else CardEdit(of))
            case places.NewCard(card, apart, home):
                from studyapp.tui.screens.new import NewScreen

                return NewScreen(card, apart, home)
            case places.Drafts():
                from studyapp.tui.screens.drafts import DraftsScreen

                return DraftsScreen()
            case places.Import():
                from studyapp.tui.screens.bring import ImportScreen

                return ImportScreen()
            case places.Leech(leech):
                from studyapp.tui.screens.leech import LeechScreen

                return LeechScreen(leech)
            case places.Split(card):
                from studyapp.tui.screens.split import SplitScreen

                return SplitScreen(card)

    def saw(self, answer: str) -> None:
        """An answer is on the screen: predictions of what it cites are naive no longer."""
        from studyapp.study.lab.facts import links

        new = {link.lesson for link in links(answer)} - self.seen
        if new:
            self.seen |= new
            self._keep_sight(new)

    @work(thread=True, group="sight")
    def _keep_sight(self, lessons: set[str]) -> None:
        from studyapp.store.engine import LONG_PATIENCE
        from studyapp.study.lab import predictions

        assert self.desk is not None
        desk = self.desk.at(LONG_PATIENCE)
        try:
            with desk.writing() as connection:
                predictions.saw(connection, lessons, desk.now(), learner=desk.learner)
        except StudyError as error:  # known until the app closes, and rating the card tells as well
            self.log.warning(str(error))

    def open_link(self, href: str) -> None:
        """Follow a link of an answer to the experiment that it names."""
        from studyapp.study.lab.facts import parse

        try:
            link = parse(href)
            self.open(places.Lesson(self.catalog.lesson(link.lesson), link.knobs))
        except StudyError as error:
            self.notify(str(error), severity="error")

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Tell something in passing, until the next key. What is told is text, whatever brackets
        are in it."""
        self.told, self._told_in = (message, severity), self.piece
        for page in self.screen_stack if self._screen_stacks else ():
            for line in page.query(Told):
                line.show(message, severity)

    async def on_event(self, event: Event) -> None:
        """Take one key at a time: what comes while it is under way waits for what it does, so that
        keys of one piece go to the box or the page that the first of them has led to."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._begin()
        self._waiting.append(event)
        if not self._under_way:
            self.piece += 1
            await self._take_next()

    async def _take_next(self) -> None:
        """Take the next key, if one waits, when the page is ready for it: what it counts or writes
        just now is what the key is about."""
        page = self.screen if self._screen_stacks else None
        if not self._waiting:
            return
        if isinstance(page, Page) and not page.ready.is_set():
            self._under_way = wait = object()
            self.run_worker(self._wait_for(page, wait), group="ready")
        else:
            await self._take(self._waiting.popleft())

    async def _wait_for(self, page: Page, wait: object) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(page.ready.wait(), _BUSY)
        self.call_later(self._waited, wait)

    async def _waited(self, wait: object) -> None:
        if wait is self._under_way and self._waiting:
            await self._take(self._waiting.popleft())

    async def _take(self, event: Key | Paste) -> None:
        if isinstance(event, Key) and (self._is_unseen(event) or self._drops(event)):
            self._under_way = None
            await self._take_next()
            return
        if isinstance(event, Key):
            self._keys += 1
            last, at = self._key
            self.held = event.key == last and event.time - at < HELD
            self._key = (event.key, event.time)
            if isinstance(page := self.screen if self._screen_stacks else None, Page):
                page.touched()
            if self.told[0] and not self.held and self._told_in != self.piece:
                self.notify("")
        self._under_way = under_way = object()
        self.set_timer(_LONGEST, partial(self._taken, under_way))
        follow = self._follow(partial(self._follow_on, under_way))
        await super().on_event(event)
        follow()

    def _follow(self, then: Callable[[], object]) -> Callable[[], None]:
        """Returns what asks all who may get a key now, one after the other, to say when they are
        done with what they have; last of all the app, which does *then*."""
        pumps = [*(self.focused or self.screen).ancestors_with_self] if self._screen_stacks else []

        def ask() -> None:
            while pumps:
                pump = pumps.pop(0)
                if pump is not self and pump.call_later(ask):  # else it is gone
                    return
            self.call_later(then)

        return ask

    def _follow_on(self, under_way: object) -> None:
        """What the key has done may have led elsewhere: follow it there, too."""
        self._follow(partial(self._taken, under_way))()

    async def _taken(self, under_way: object) -> None:
        """Take the next key, once *under_way* is through or has taken very long."""
        if under_way is self._under_way:
            self._under_way = None
            await self._take_next()

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Keep what a box takes as a letter from being a command first. Textual does so for keys
        that a page is written with, not for those of the box itself nor for a learner's own."""
        box = self.focused if priority else None
        if box is not None and box.check_consume_key(key, key_to_character(key)):
            return False
        return await super()._check_bindings(key, priority)

    async def action_quit(self) -> None:
        """Close the app; if something cannot be saved now, only when asked again."""
        unsaved = [page for page in self.screen_stack if isinstance(page, Page) and not page.keep()]
        if not unsaved or self.hurried:
            for page in unsaved:
                page.rescue()
            self.exit()
        else:
            self.hurried = True
            again = f"{of('quit', self.keymap)} again closes without it"
            found = shown(found_folder())
            told = f"It is not saved yet. {again}; what you typed is then a file in {found}."
            self.notify(told, severity="error")

    def action_medium(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.open_medium()

    def action_help_quit(self) -> None:
        """ctrl+c copies, and who wants to leave is told how."""
        self.notify(f"{of('quit', self.keymap)} leaves studyapp.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Help and palette ask for the page below them."""
        if action == "new_card":
            pages = (one for one in reversed(self.screen_stack) if isinstance(one, Page))
            page = next(pages, None)
            return self.desk is not None and page is not None and page.NEW_CARD
        if action == "medium":
            return isinstance(self.screen, Page) and bool(self.screen.media)
        return super().check_action(action, parameters)

    def action_new_card(self) -> None:
        """From wherever one is, which is there again behind it."""
        if isinstance(page := self.screen, Page):
            try:
                self.open(places.NewCard(home=page.home))
            except StudyError as error:
                self.notify(str(error), severity="error")

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen, self.keymap))

    def action_command_palette(self) -> None:
        """Without the name that Textual's own gives it: one that is closed keeps it until all of
        its parts are gone, and a second with the same name would end the app."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own but for leaving, then each action that works here, once, with its key."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Quit", "Keys", "Maximize", "Minimize"):
                yield command
        yield SystemCommand("Settings", "Open settings.toml in $EDITOR", self.edit_settings)
        seen = {*BY_HAND, "palette"} | {one.action for one in letters()}
        for active in screen.active_bindings.values():
            binding = active.binding
            names = {binding.id or "", binding.action.removeprefix("app.")} - {""}
            if active.enabled and binding.tooltip and not names & seen:
                seen |= names
                yield SystemCommand(
                    f"{binding.description.capitalize()}  {self.get_key_display(binding)}",
                    filled(binding.tooltip, self.keymap),
                    lambda node=active.node, action=binding.action: self.run_worker(
                        self.run_action(action, default_namespace=node)
                    ),
                )

    def edit_settings(self) -> None:
        """Open settings.toml; what it says holds from the next start, if it can be read."""
        path = settings_path()
        try:
            disk.make_folder(path.parent)
            edit(self, path, 1)
            load(path)
        except (StudyError, OSError) as error:
            self.notify(str(error), severity="error")
        else:
            self.notify(f"What {path} says holds from the next start.")

    def _keep_theme(self, theme: str) -> None:
        if theme != self._theme_to_keep:
            self._theme_to_keep = theme
            try:
                self._current.change("theme", theme)
            except StudyError as error:
                self.notify(f"Not kept for the next time: {error}", severity="error")

    def call_from_thread(self, callback: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What a worker brings while the app closes, or to a page that was left meanwhile and has
        lost its parts, is let go."""
        owner = getattr(callback, "__self__", None)
        shown = partial(owner.while_open, callback) if isinstance(owner, Page) else callback

        def show() -> Any:
            return shown(*args, **options) if self.is_running else None

        return super().call_from_thread(show)

    def _handle_exception(self, error: Exception) -> None:
        """End. Who started the app says so in plain words (`grief`): Textual's own picture of a
        fault shows what variables hold, and that is private."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    @property
    def grief(self) -> BaseException | None:
        """The first error that nobody has caught; of a worker its own."""
        error = self._exception
        return getattr(error, "error", None) or error

    def on_unmount(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self.running is not None:
            self.running.close()
        if self.desk is not None:
            self._tell_others(self.desk)
            self.desk.close()  # the last connection to close empties the write-ahead log

    def _tell_others(self, desk: Desk) -> None:
        """Leave word of what is new for the other devices; if it cannot be now, the next start
        does."""
        if desk.settings.devices:
            from studyapp.study.devices.exchange import tell

            with suppress(StudyError):
                tell(desk)


def _warm_up() -> None:
    """Import what the first card needs while the learner looks at Today."""
    from studyapp.tui.screens import review, summary
    from studyapp.tui.widgets.prose import laid_out

    assert review
    assert summary
    gc.enable()
    gc.freeze()  # what is loaded now stays; no collection looks at it again
    laid_out("$\\alpha$\n\n```python\n1\n```", 80)


if TYPE_CHECKING:

    def _host(app: StudyApp) -> Host:
        """For the type checker: the app is what its pages take it for."""
        return app
