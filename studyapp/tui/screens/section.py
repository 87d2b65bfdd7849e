"""A section as its own page, and the keys that work wherever a section is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from sqlalchemy import Connection
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.memory.state import Rating
from studyapp.notes.note import chapter_title
from studyapp.notes.prompt import Prompt, find
from studyapp.study import asking, library, pause, prompt, tracker, words
from studyapp.study.grading import because
from studyapp.study.library import Home, home_of_section
from studyapp.study.prompt import Asked, Standing
from studyapp.study.questionnaire.response import LONGEST
from studyapp.study.tracker import FAMILIAR, CardCounts, Chapter, Course, CourseSection
from studyapp.study.undo import Undone, undo
from studyapp.tui import places
from studyapp.tui.evidence import evidence
from studyapp.tui.keys import bind, leads, letters
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.contents import Entry, one_line
from studyapp.tui.widgets.points import Points
from studyapp.tui.widgets.prose import Prose
from studyapp.tui.widgets.ratings import Ratings
from studyapp.tui.widgets.section import SectionView

_ASK = "how to rate"  # where nothing is proposed


@dataclass(frozen=True, slots=True)
class _Deed:
    """What was done on a page of the course and `u` takes back: with `reverse` or, where that is
    None, as the newest entry of the log."""

    what: str = ""
    reverse: Callable[[Connection], object] | None = None


class CoursePage(WritingPage):
    """A page about one entry of the course at a time, `entry`.

    It reads the course anew after each change.
    """

    BINDINGS = [  # noqa: RUF012
        bind("tick", "done", "done", "Tick the section: done, or not yet"),
        bind(
            "familiar",
            "familiar(1)",
            tooltip=f"How familiar it is to you, 0 to {FAMILIAR}: more, or less",
        ),
        bind("unfamiliar", "familiar(-1)", show=False),
        bind("write", "note", "note", "Write a note of your own, in Markdown; {back} leaves"),
        bind("write", "no_note", tooltip="", show=False),
        bind("start"),
        bind("start", "stop", "stop", "Let no more of its new cards in"),
        bind("start", "stop_alone", tooltip="", show=False),
        bind("pause", tooltip="Pause the chapter's cards; again: they go on", show=False),
        bind("undo", tooltip="Take back what was done here last", show=False),
        bind("ask", tooltip="Ask for its cards that come only then"),
        bind("ask", "unask", "ask no longer", "Ask for its cards no longer"),
        bind("watch", tooltip="Open the lecture's video at the selected moment"),
        bind("right", "moment(1)", "next moment", "Select a moment", show=False),
        bind("left", "moment(-1)", "moment before", show=False),
        bind("quiz", tooltip="The chapter's questionnaire"),
        bind("find", show=False),
        bind("page_down", "scroll(1)", show=False),
        bind("page_up", "scroll(-1)", show=False),
        bind(
            "save", "leave_box", "leave", "Stop writing; the note is kept", show=False, first=True
        ),
        bind("back", "leave_box", "leave the note", "Stop writing; the note is kept", first=True),
        bind("back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.course = Course(())
        self.view = SectionView(self.gallery)  # kept, as leaving the page saves what its box says
        self._counts: CardCounts | None = None
        self._writing: CourseSection | None = None  # whose note is in the box
        self._done: list[_Deed] = []  # on this page

    def on_mount(self) -> None:
        self.look_before()

    @property
    def entry(self) -> Entry | None:
        """What the keys are about."""
        raise NotImplementedError

    def show_course(self) -> None:
        """Show `course` and `entry` as they are now."""
        raise NotImplementedError

    def show_entry(self) -> None:
        """Show `entry`; what its text asks is marked as asked or answered."""
        self.view.show(self.entry, self.desk.now(), _marks(self.standings()))

    def standings(self) -> Mapping[str, Standing]:
        """How far the learner is with what the section's text asks."""
        section = self.section
        names = {one.note for one in find(section.text)} if section else set()
        if section is None or not names:
            return {}
        now, learner = self.desk.now(), self.desk.learner
        try:
            with self.desk.reading() as connection:
                return prompt.standings(connection, section.id, names, now, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return {}

    @property
    def undoes(self) -> bool:
        """Whether something was done here that can be taken back."""
        return bool(self._done)

    @property
    def section(self) -> CourseSection | None:
        return self.entry if isinstance(self.entry, CourseSection) else None

    @property
    def chapter(self) -> Chapter | None:
        """The chapter of `entry`."""
        entry = self.entry
        if isinstance(entry, Chapter):
            return entry
        return next((one for one in self.course.chapters if entry in one.sections), None)

    def on_screen_resume(self) -> None:
        self._counts = None  # cards may have been learned in between
        self.reload()

    def reload(self) -> None:
        """Read the course and show it."""
        learner = self.desk.learner
        try:
            with self.desk.reading() as connection:
                if self._counts is None:
                    depth = self.desk.settings.depth
                    self._counts = tracker.count_cards(connection, depth=depth, learner=learner)
                self.course = tracker.read_course(connection, self._counts, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.show_course()
        self.refresh_bindings()

    def _change(self, change: Callable[[Connection], object], told: str = "") -> bool:
        """One write transaction; if it cannot be, one sentence. Returns whether it was."""
        try:
            with self.desk.writing() as connection:
                change(connection)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return False
        self.reload()
        if told:
            self.notify(told)
        return True

    def _mark(
        self,
        section: CourseSection,
        change: Callable[[Connection], object],
        what: str,
        told: str = "",
    ) -> None:
        """Change what is set on a section; *what* that was is told when `u` puts it back."""
        marks, now, learner = tracker.Marks(), self.desk.now(), self.desk.learner

        def act(connection: Connection) -> None:
            nonlocal marks
            marks = tracker.read_marks(connection, section.id, learner=learner)
            change(connection)

        if self._change(act, told):
            self._done.append(
                _Deed(
                    what,
                    lambda connection: tracker.put_back(
                        connection, section.id, marks, now=now, learner=learner
                    ),
                )
            )

    # the own note

    @property
    def box(self) -> AnswerBox:
        return self.view.box

    def _write_note(self, section: int, text: str, before: str, patience: float) -> str:
        with self.desk.at(patience).writing() as connection:
            return tracker.write_note(
                connection, section, text, before, now=self.desk.now(), learner=self.desk.learner
            )

    def close_note(self) -> bool:
        """Save and close the box; False if it cannot be saved, and so stays open."""
        if not self.keep():
            return False
        if self.draft is not None:
            self._writing = self.draft = None
            self.view.close()
            self.reload()
        return True

    @on(AnswerBox.Full)
    def _full(self, event: AnswerBox.Full) -> None:
        self.notify(
            f"Not put in: a note has {LONGEST:,} characters at most ({event.length:,}).",
            severity="warning",
        )

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.view.editing and self.focused is self.box:  # `has_focus` comes a message later
            return action not in _OWN or action == "leave_box"
        match action:
            case "leave_box":
                return False
            case "done" | "familiar" | "note":
                return self.section is not None
            case "no_note":
                return self.section is None
            case "start" | "stop" | "stop_alone":
                return action == self._starts
            case "ask" | "unask":
                entry = self.entry
                if not isinstance(entry, CourseSection | Chapter):
                    return False
                waits = bool(entry.cards.deeper)
                return bool(waits or entry.cards.asked) and waits is (action == "ask")
            case "quiz":
                return self.chapter is not None
            case "pause":
                return self.chapter is not None and self.chapter.begun
            case "watch":
                return self.view.moment is not None and self.section is not None
            case "moment":
                return self.section is not None and len(self.section.moments) > 1
        return True

    def action_done(self) -> None:
        section, now, learner = self.section, self.desk.now(), self.desk.learner
        if section is None:
            return
        done, enter = not section.done, section.new and not section.started
        cards = words.count(section.new, "card")
        self._mark(
            section,
            lambda connection: tracker.set_done(connection, section.id, done, now, learner=learner),
            f"{'ticking' if done else 'taking the tick off'} section {section.number}",
            f"{section.number} is done, and so lets its {cards} in." if done and enter else "",
        )

    def action_familiar(self, step: int) -> None:
        """One up or down, from 1 or 0 if nothing was said; below 0 is not said."""
        section = self.section
        if section is None:
            return
        before, now, learner = section.familiarity, self.desk.now(), self.desk.learner
        value = max(0, step) if before is None else min(FAMILIAR, before + step)
        said = None if value < 0 else value
        told = "Familiar: not said" if said is None else f"Familiar: {said} of {FAMILIAR}"
        if said == before:
            self.notify(f"{told}.")
            return
        self._mark(
            section,
            lambda connection: tracker.set_familiarity(
                connection, section.id, said, now=now, learner=learner
            ),
            f"how familiar section {section.number} is",
            f"{told}.",
        )

    @property
    def _starts(self) -> str:
        """What the key does that starts: a section that came with its chapter is not stopped alone,
        of which it is told only if it is asked for."""
        entry = self.section or self.chapter
        if entry is None:
            return ""
        if not entry.started:
            return "start"
        whole = self.section is not None and self.chapter is not None and self.chapter.started
        return "stop_alone" if whole else "stop"

    def action_start(self) -> None:
        section, chapter = self.section, self.chapter
        now, learner = self.desk.now(), self.desk.learner
        if section is not None:
            self._mark(
                section,
                lambda connection: tracker.start_section(
                    connection, section.id, now, learner=learner
                ),
                f"starting section {section.number}",
                f"Section {section.number} is started: {_enter(section.new, chapter)}",
            )
        elif chapter is not None:
            told = f"{words.capital(chapter.name)} is started: {_enter(chapter.new, chapter)}"
            if self._change(self._starting(chapter), told):
                self._done.append(_Deed(f"starting {chapter.name}", self._stopping(chapter)))

    def action_stop(self) -> None:
        section, chapter = self.section, self.chapter
        now, learner = self.desk.now(), self.desk.learner
        if section is not None:
            self._mark(
                section,
                lambda connection: tracker.stop_section(
                    connection, section.id, now=now, learner=learner
                ),
                f"stopping section {section.number}",
                f"Section {section.number} lets no more new cards in.",
            )
        elif chapter is not None:
            told = f"{words.capital(chapter.name)} lets no more new cards in as a whole."
            if self._change(self._stopping(chapter), told):
                self._done.append(_Deed(f"stopping {chapter.name}", self._starting(chapter)))

    action_stop_alone = action_stop  # refused, and told why

    def _starting(self, chapter: Chapter) -> Callable[[Connection], object]:
        now, learner = self.desk.now(), self.desk.learner
        return lambda connection: library.start_chapter(
            connection, chapter.id, now, learner=learner
        )

    def _stopping(self, chapter: Chapter) -> Callable[[Connection], object]:
        now, learner = self.desk.now(), self.desk.learner
        return lambda connection: tracker.stop_chapter(
            connection, chapter.id, now=now, learner=learner
        )

    def action_pause(self) -> None:
        chapter, now, learner, going_on = self.chapter, self.desk.now(), self.desk.learner, False
        if chapter is None:
            return

        def turn(connection: Connection) -> None:
            nonlocal going_on
            going_on = pause.turn(connection, chapter.id, now, learner=learner)

        if self._change(turn):
            self._done.append(_Deed())
            self.notify(words.capital(pause.done(chapter.name, going_on=going_on)))

    def action_undo(self) -> None:
        self.take_back()
        self.reload()

    def take_back(self) -> Undone | None:
        """Take back what was done last, and say what it was. Returns what is gone from the log."""
        if not self.undoes:
            self.tell_nothing_undone()
            return None
        deed = self._done[-1] if self._done else _Deed()
        if deed.reverse is not None:
            if self._change(deed.reverse, f"Undone: {deed.what}."):
                self._done.pop()
            return None
        try:
            if self._done and not self.study.has_done(self._before):  # another window has done so
                self._counts, self._done = None, [one for one in self._done if one.reverse]
                if self._done:
                    return self.take_back()
                self.tell_nothing_undone()
                return None
            if self.asks(self.study.newest()):
                return None
            with self.desk.writing() as connection:
                undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return None
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")
        self._counts, self._done = None, self._done[:-1]
        return undone

    def action_ask(self) -> None:
        entry = self.entry
        if isinstance(entry, CourseSection):
            where = asking.of_section(entry.id)
        elif isinstance(entry, Chapter):
            where = asking.of_chapter(entry.id)
        else:
            return
        try:
            done = asking.ask(self.desk, where)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._counts = None
        self._done.append(_Deed())
        self.reload()
        self.notify(asking.told(done))

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_note(self) -> None:
        if self.section is not None and not self.view.editing:
            self._writing = self.section
            self.begin(self.section.own, partial(self._write_note, self.section.id))
            self.view.edit()
        elif self.view.editing:
            self.view.box.focus()
        self.refresh_bindings()

    def action_no_note(self) -> None:
        self.refuse_box("A note is written on a section: choose one.")

    def action_leave_box(self) -> None:
        if self.close_note():
            self.focus_home()

    def focus_home(self) -> None:
        """Give the keys back to what had them."""
        self.set_focus(None)

    def action_watch(self) -> None:
        moment = self.view.moment
        if moment is None:
            return
        if moment.address is None:
            self.notify(f"Lecture {moment.lecture} has no address here.", severity="warning")
            return
        told = f"Lecture {moment.lecture} at {moment.time}: {moment.address}"
        if moment.video not in self.study.led_to:  # nothing is opened that has not been shown
            self.study.led_to.add(moment.video)
            self.notify(f"{told}; {self.key_of('watch')} again opens it.")
            return
        self.app.open_url(moment.address)
        self.notify(told)

    def action_moment(self, step: int) -> None:
        self.view.step(step)

    def action_quiz(self) -> None:
        chapter = self.chapter
        if chapter is not None and self.close_note():
            self.study.open(places.Chapter(chapter.id, chapter.name))

    def action_find(self) -> None:
        if self.close_note():
            self.study.open(places.Find())

    @on(Prose.LinkClicked)
    def _follow(self, event: Prose.LinkClicked) -> None:
        if self.close_note():
            self.study.open_link(event.href)

    def action_scroll(self, pages: int) -> None:
        (self.view.scroll_page_down if pages > 0 else self.view.scroll_page_up)(animate=False)

    def action_back(self) -> None:
        if self.close_note():
            self.app.pop_screen()


class SectionScreen(CoursePage, inherit_bindings=False):
    """One section; going on leads through its text and then to the next section.

    Where the text asks, it stops: the question is answered and rated, or passed, and it goes on.
    """

    BINDINGS = [  # noqa: RUF012 - its own come first, in the footer as well
        bind("go_on", "reveal", "show answer", "Show the answer"),
        *leads("good", "again", _ASK, action="accept", tooltip="Rate as is proposed"),
        *letters(),
        bind("tick", "tick_here", show=False),
        bind("again", f"rate({Rating.AGAIN.value})"),
        bind("hard", f"rate({Rating.HARD.value})", show=False),
        bind("good", f"rate({Rating.GOOD.value})", show=False),
        bind("easy", f"rate({Rating.EASY.value})", show=False),
        bind("down", "point(1)", "next point", show=False),
        bind("up", "point(-1)", "previous point", show=False),
        bind("right", "later", "later", "Read on; its card comes on its day", alone=True),
        bind("right", "turn(1)", tooltip="Read on, or go to the section before", show=False),
        bind("left", "turn(-1)", show=False),
        bind("go_on", tooltip="A page down, then the next section"),
        bind("down", "line(1)", "scroll", "Scroll", show=False),
        bind("up", "line(-1)", "scroll up", show=False),
        bind("top", "end(-1)", show=False),
        bind("bottom", "end(1)", show=False),
        *CoursePage.BINDINGS,
        *Screen.BINDINGS,
    ]
    DEFAULT_CSS = """
    SectionScreen {
        & .body { padding: 1 1 0 1; }
        & Ratings { display: none; }
        &.-asking Ratings { display: block; }
    }
    """

    def __init__(self, section: CourseSection, *, edit: bool = False) -> None:
        super().__init__()
        self._section = section
        self._edit = edit
        self._asked: Asked | None = None
        self._met_at: datetime | None = None  # when the question came into view
        self._came_in = 0  # the piece of keys that brought the question, which nobody has seen
        self._passed: set[int] = set()  # cards

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield self.view.add_class("body")
            with Vertical(classes="foot"):
                yield Ratings()

    def on_mount(self) -> None:
        self.watch(self.view, "scroll_y", self._look, init=False)

    @property
    def entry(self) -> CourseSection:
        return self._section

    @property
    def home(self) -> Home:
        with self.desk.reading() as connection:
            return home_of_section(connection, self._section.id)

    @property
    def undoes(self) -> bool:
        return super().undoes or bool(find(self._section.text))

    def show_course(self) -> None:
        place = self._section.id
        self._section = next(
            (one for one in self.course.sections if one.id == place), self._section
        )
        self.show_entry()
        chapter = self.chapter
        if chapter is not None:
            self.head(
                words.capital(
                    chapter_title(chapter.number, one_line(chapter.title), pack=chapter.of)
                ),
                f"{chapter.progress} done",
            )
        if self._edit:
            self._edit = False
            self.action_note()

    def action_go_on(self) -> None:
        if not self.view.at_end:
            self.action_scroll(1)
            return
        self._go_by(1)

    def action_turn(self, step: int) -> None:
        """Through the moments of its lectures, if it has several; then through the course."""
        if self._asked is None and self.view.can_step(step):
            self.view.step(step)
        elif step > 0:
            self.action_go_on()
        else:
            self._go_by(-1)

    def _go_by(self, step: int) -> None:
        """Show the next section of the course, or the one before."""
        sections = self.course.sections
        place = next((at for at, one in enumerate(sections) if one.id == self._section.id), None)
        if place is None or not 0 <= place + step < len(sections):
            self.notify(f"This is the {'last' if step > 0 else 'first'} section.")
        elif self.close_note():
            self._section = sections[place + step]
            self.show_course()
            self.refresh_bindings()

    def action_line(self, lines: int) -> None:
        self.view.scroll_relative(y=lines, animate=False)

    def action_end(self, side: int) -> None:
        (self.view.scroll_end if side > 0 else self.view.scroll_home)(animate=False)

    # what the text asks

    def show_entry(self) -> None:
        standings = self.standings()
        until = next(
            (
                one
                for one in find(self._section.text)
                if (found := standings.get(one.note))
                and found.new
                and found.card not in self._passed
            ),
            None,
        )
        self._ask(standings[until.note].card if until else None)
        self._show_text(standings, until if self._asked else None)

    def _ask(self, card: int | None) -> None:
        """Ask this card; one that is asked already stays as it is."""
        before, self._asked = self._asked, None
        try:
            if card is not None:
                with self.desk.reading() as connection:
                    now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
                    self._asked = prompt.ask(connection, card, now, settings, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
        if self._asked is None or before is None or self._asked.view != before.view:
            self._met_at, self._came_in = None, self.study.piece
            self.view.prompt.ask(self._asked.view if self._asked else None)
            self.query_one(Ratings).clear()
        elif self.view.prompt.revealed:  # the learner may come from the lab, with a new figure
            self.view.prompt.show_answer(self._answer(self._asked))
            self._show_ratings()

    def _show_text(self, standings: Mapping[str, Standing], until: Prompt | None) -> None:
        self.set_class(until is not None, "-asking")
        self.view.show(self._section, self.desk.now(), _marks(standings), until)
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        """The time for an answer counts from when its question can be read."""
        if self._asked is not None and self._met_at is None and self.view.at_end:
            self._met_at, self._came_in = self.desk.now(), self.study.piece
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not super().check_action(action, parameters):
            return False
        card = self.view.prompt
        match action:
            case "reveal":
                return self._asked is not None and not card.revealed and self.view.at_end
            case "accept":
                proposed = card.proposed.name.lower() if card.proposed else _ASK
                return card.revealed and self.view.at_end and parameters == (proposed,)
            case "rate":
                return card.revealed
            case "tick":
                return card.has_point(cast("int", parameters[0]))
            case "tick_here" | "point":
                return card.points is not None
            case "later":
                return self._asked is not None
            case "done" | "familiar" | "quiz":
                return self._asked is None  # the hand is at the card, not at what is behind it
        return True

    def action_reveal(self) -> None:
        if self._asked is not None and not self.typed_ahead(self._came_in):
            self.view.prompt.reveal(self._answer(self._asked))
            self._show_ratings()
            self.call_after_refresh(self._scroll_to_answer)

    def _answer(self, asked: Asked) -> str:
        """The answer with what the learner's own runs measured; what it cites counts as seen."""
        self.study.saw(asked.view.face.back)
        return evidence(self, asked.view.face.back).text

    def _scroll_to_answer(self) -> None:
        """Scroll as far as it takes to see the answer, and no further than to its question."""
        place = min(self.view.prompt.virtual_region.y - 1, self.view.max_scroll_y)
        self.view.scroll_to(y=max(self.view.scroll_y, place), animate=False)
        self.refresh_bindings()

    @on(Points.Changed)
    def _show_ratings(self) -> None:
        if self._asked is None:
            return
        now, proposed = self.desk.now(), self.view.prompt.proposed
        waits = {
            rating: words.wait(after, now) for rating, after in self._asked.options(now).items()
        }
        why = because(self._asked.view.face.points, whole=proposed is Rating.GOOD)
        self.query_one(Ratings).show(waits, proposed, why, explained=self._asked.beginner)
        self.refresh_bindings()

    def action_tick(self, index: int) -> None:
        if (points := self.view.prompt.points) is not None:
            points.tick(index)

    def action_tick_here(self) -> None:
        if (points := self.view.prompt.points) is not None:
            points.toggle()

    def action_point(self, step: int) -> None:
        if (points := self.view.prompt.points) is not None:
            points.move(step)

    def action_accept(self, _end: str) -> None:
        if (proposed := self.view.prompt.proposed) is not None:
            self.action_rate(proposed.value)
        else:
            again, easy, on = map(self.key_of, ("again", "easy", "right"))
            self.notify(f"{again}-{easy} say how well you knew it; {on} reads on without.")

    def action_rate(self, rating: int) -> None:
        if not self.study.held and not self.typed_ahead(self._came_in):
            self._rate(Rating(rating))

    @on(Ratings.Chosen)
    def _chosen(self, event: Ratings.Chosen) -> None:
        if self.check_action("rate", ()):
            self._rate(event.rating)

    def _rate(self, rating: Rating) -> None:
        asked, now = self._asked, self.desk.now()
        if asked is None:
            return
        spent = now - self._met_at if self._met_at else timedelta()
        try:
            prompt.rate(self.desk, asked, rating, spent)
        except (AlreadyRatedError, ChangedError) as error:
            self.notify(str(error), severity="warning")
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        else:
            self._done.append(_Deed())
        self._read_on()
        if self.view.prompt.revealed:  # it has changed in another window, and is asked still
            self._show_ratings()

    def action_later(self) -> None:
        if self._asked is not None:
            self._passed.add(self._asked.view.id)
            self._read_on()

    def _read_on(self) -> None:
        """Show the text as far as it goes now, with the place of the question where it was."""
        place = self.view.prompt.virtual_region.y - 1
        self._counts = None
        self.reload()
        if self.view.scroll_y > place:
            self.view.scroll_to(y=place, animate=False)

    def action_undo(self) -> None:
        undone = self.take_back()
        if undone and undone.card is not None:
            self._passed.discard(undone.card)
        self.reload()
        if undone and self._asked and self._asked.view.id == undone.card:
            self.call_after_refresh(self.view.scroll_end, animate=False)


def _marks(standings: Mapping[str, Standing]) -> dict[str, str]:
    """What stands before each prompt in a section's text, by note."""
    return {name: "✓" if one.met else "–" if one.aside else "?" for name, one in standings.items()}


def _enter(cards: int, chapter: Chapter | None) -> str:
    """What starting does with so many cards of a chapter."""
    if chapter is not None and chapter.paused:
        return f"no card comes while {chapter.name} is paused."
    return (
        f"{words.count(cards, 'new card')}, a few a day." if cards else "no new cards of its own."
    )


# What works only outside the box: there, these keys are text.
_OWN = frozenset(
    {
        "done",
        "familiar",
        "note",
        "no_note",
        "start",
        "stop",
        "stop_alone",
        "ask",
        "unask",
        "watch",
        "moment",
        "quiz",
        "pause",
        "find",
        "scroll",
        "back",
        "reveal",
        "accept",
        "rate",
        "tick",
        "tick_here",
        "point",
        "later",
        "turn",
        "undo",
        "go_on",
        "line",
        "end",
        "leave_box",
    }
)
