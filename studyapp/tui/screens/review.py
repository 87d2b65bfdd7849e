"""Review: question, answer, points, rating; the next card is there at once."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static, TextArea

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.lab.catalog import Declaration
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.plain import plain
from studyapp.store.engine import LONG_PATIENCE, WAL_LIMIT, LockedError, tidy, wal_size
from studyapp.study import library, tracker, words
from studyapp.study.card import CardView
from studyapp.study.grading import complete, propose
from studyapp.study.lab.facts import lessons_for
from studyapp.study.sitting import Sitting
from studyapp.tui import places
from studyapp.tui.editor import edit
from studyapp.tui.evidence import evidence
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.field import TextField
from studyapp.tui.widgets.points import Points
from studyapp.tui.widgets.prose import Prose
from studyapp.tui.widgets.ratings import Ratings

_PATIENCE = 30.0  # seconds to wait in a worker for another program to finish writing
_LITTLE = WAL_LIMIT // 16  # bytes of write-ahead log that are worth emptying while idle
_IDLE = 5.0  # seconds without a rating after which the write-ahead log is emptied


class ReviewScreen(Page):
    """Works through a sitting. Rules live in `study`; this screen only shows and forwards."""

    BINDINGS = [  # noqa: RUF012
        Binding("enter,space", "reveal", "show answer", tooltip="Show the answer"),
        Binding("enter,space", "accept", "accept", tooltip="Accept what your ticks propose"),
        Binding(
            "1",
            "rate(1)",
            "rate",
            key_display="1-4",
            tooltip="Rate: 1 again, 2 hard (remembered, slowly), 3 good, 4 easy",
        ),
        Binding("2", "rate(2)", "hard", show=False),
        Binding("3", "rate(3)", "good", show=False),
        Binding("4", "rate(4)", "easy", show=False),
        Binding("x", "tick", "tick", key_display="↑↓ x", tooltip="Tick a point: you said it"),
        Binding("down", "point(1)", "next point", show=False),
        Binding("up", "point(-1)", "previous point", show=False),
        Binding("t", "type", "type", tooltip="Type an answer; esc leaves, ctrl+s reveals"),
        Binding("ctrl+s", "reveal", "reveal", show=False, priority=True),
        Binding("u", "undo", "undo", tooltip="Take back the newest rating, again and again"),
        Binding("a", "amend", "make it again", tooltip="Turn the Hard just given into Again"),
        Binding("k", "know", "know it", tooltip="Known already: confirmed in 30 days"),
        Binding("l", "lesson", "experiment", tooltip="The experiment behind this answer"),
        Binding("f", "reference", "reference", tooltip="Show the reference figure at once"),
        Binding("R", "read", "read", show=False, tooltip="Read the section that it belongs to"),
        Binding("e", "edit", "edit", tooltip="Open the source at its line in $EDITOR"),
        Binding("b", "bury", "bury", tooltip="Not today: back tomorrow"),
        Binding("s", "suspend", "suspend", show=False, tooltip="Set this card aside"),
        Binding("m", "mark", "mend later", show=False, tooltip="Mark it to be mended later"),
        Binding("r", "raw", "raw maths", show=False, tooltip="Maths as written, or rendered"),
        Binding("n", "new_note", "new card", show=False, tooltip="Write a card of your own"),
        Binding("slash", "find", "find", key_display="/", show=False, tooltip="Find a note"),
        Binding("pagedown", "scroll(1)", "scroll down", show=False),
        Binding("pageup", "scroll(-1)", "scroll up", show=False),
        Binding("escape,q", "back", "back", key_display="esc", tooltip="Back to Today"),
    ]
    DEFAULT_CSS = """
    ReviewScreen {
        & #question { margin: 1 0; }
        & #typed { height: 8; margin: 0 0 1 0; display: none; border: round $foreground 30%; }
        & #rule { height: 1; color: $text-muted; }
        & #answer { margin-top: 1; }
        & #source { margin: 1 0; color: $text-muted; }
        & #hint { height: auto; max-width: 112; padding: 0 1; color: $text-accent; display: none; }
    }
    """

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self.sitting = sitting
        self._revealed = False
        self._card = b""  # uid of the card that is shown
        self._waits: dict[Rating, str] = {}
        self._busy = False
        self._to_amend = False
        self._lessons: Sequence[Declaration] = ()
        self._withheld = False
        self._reading = False  # the section of the card, on top of it

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Prose(id="question", raw=self.desk.settings.raw_maths)
            yield TextField(id="typed", soft_wrap=True)
            yield Static("", id="rule", markup=False)
            yield Prose(id="answer", raw=self.desk.settings.raw_maths)
            yield Points(id="points")
            yield Static("", id="source", markup=False)
        yield Static("", id="hint", markup=False)
        yield Ratings()

    def on_mount(self) -> None:
        self._idle = self.set_interval(_IDLE, self._tidy_if_large, pause=True)
        if self.sitting.ends is not None:
            self.set_interval(1, self._count_down)
        self._show_card()

    def on_resize(self) -> None:
        if self._revealed:
            self._show_ratings()

    # what is on the screen

    def _show_card(self) -> None:
        view = self.sitting.view
        if view is None:
            self.study.open(places.Summary(self.sitting), instead=True)
            return
        self._revealed = False
        self._card = view.uid
        self._lessons = lessons_for(view.note, self.study.catalog)
        self.query_one("#question", Prose).show(view.face.front)
        typed = self.query_one("#typed", TextArea)
        if typed.display:
            typed.display = False
            typed.text = ""
            typed.read_only = False
        self._show_head()
        self._set_answer_visible(False)
        self.set_focus(None)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _show_head(self) -> None:
        view, done = self.sitting.view, self.sitting.done
        assert view is not None
        again = sum(one.rating is Rating.AGAIN for one in done)
        number = len(done) + 1
        right = f"{number} of {len(done) + self.sitting.counts.total}"
        if self.sitting.ends is not None:
            left = max(0, round((self.sitting.ends - self.desk.now()).total_seconds()))
            right += f" · {left // 60}:{left % 60:02} left"
        elif again:
            right += f" · {again} again"
        self.head(view.place, right)

    def _count_down(self) -> None:
        """Keep the time on the screen; what is not graded when it is up stays as it was."""
        if self.sitting.view is None or self.app.screen is not self:
            return
        if self.sitting.over:
            self.notify("Time is up; this card was not graded.")
            self.study.open(places.Summary(self.sitting), instead=True)
        else:
            self._show_head()

    def _reveal(self) -> None:
        view = self.sitting.view
        assert view is not None
        self._revealed = True
        self._touched()  # a priority key is no event here
        self._read_options()
        self._show_answer()
        raw = self.query_one("#answer", Prose).raw
        texts = [plain(point.text, maths=not raw).strip() for point in view.face.points]
        self.query_one(Points).show(view.face.points, texts)
        self.query_one("#source", Static).update(_source(view))
        self._set_answer_visible(True)
        self._show_ratings()
        typed = self.query_one("#typed", TextArea)
        if typed.display:
            typed.read_only = True
        self.set_focus(None)
        self.refresh_bindings()

    def _read_options(self) -> None:
        now = self.desk.now()
        self._waits = {
            rating: words.wait(after, now) for rating, after in self.sitting.options().items()
        }

    def _show_answer(self, *, reference: bool = False) -> None:
        """Show the answer with what the learner's own runs measured."""
        view = self.sitting.view
        assert view is not None
        shown = evidence(self, view.face.back, reference=reference)
        self._withheld = shown.withheld
        self.query_one("#answer", Prose).show(shown.text)

    def _set_answer_visible(self, visible: bool) -> None:
        rule = self.query_one("#rule", Static)
        rule.update("── answer " + "─" * 90 if visible else "")
        for name in ("#answer", "#points", "#source"):
            self.query_one(name).display = visible
        if not visible:
            self.query_one(Ratings).clear()

    def _show_ratings(self) -> None:
        proposed = self._proposed()
        why = "all core points" if proposed is Rating.GOOD else "point missing"
        self.query_one(Ratings).show(self._waits, proposed, why)

    def _proposed(self) -> Rating | None:
        view = self.sitting.view
        if view is None or not self._revealed:
            return None
        return propose(view.face.points, self.query_one(Points).ticked, view.note.need)

    def _show_hint(self, text: str = "") -> None:
        hint = self.query_one("#hint", Static)
        hint.update(text)
        hint.display = bool(text)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view, typing = self.sitting.view, isinstance(self.focused, TextArea)
        if view is None or self._busy:
            return action in ("back", "help", "command_palette", "quit")
        match action:
            case "rate":
                return self._revealed and not typing
            case "point" | "tick":
                return self._revealed and bool(view.face.points)
            case "accept":
                return self._proposed() is not None
            case "type" | "reveal":
                return not self._revealed
            case "know":
                return view.memory.state is State.NEW
            case "amend":
                return self._to_amend
            case "lesson":
                return bool(self._lessons)
            case "read":
                return view.section_title is not None
            case "reference":
                return self._revealed and self._withheld
        return True

    @on(TextArea.Changed)
    @on(events.Key)
    def _touched(self) -> None:
        self.sitting.touched()

    def action_reveal(self) -> None:
        self._reveal()

    def action_accept(self) -> None:
        proposed = self._proposed()
        if proposed is not None:
            self._rate(proposed)

    def action_rate(self, rating: int) -> None:
        self._rate(Rating(rating))

    @on(Ratings.Chosen)
    def _chosen(self, event: Ratings.Chosen) -> None:
        if self.check_action("rate", ()):
            self._rate(event.rating)

    def _rate(self, rating: Rating) -> None:
        view = self.sitting.view
        assert view is not None
        ticked = self.query_one(Points).ticked
        missing = bool(ticked) and not complete(view.face.points, ticked, view.note.need)
        try:
            answered = self.sitting.rate(rating)
        except AlreadyRatedError as error:
            self.notify(str(error), severity="warning")
        except ChangedError as error:
            self._changed(str(error), view)
            return
        except LockedError:
            self._rate_later(rating)
            return
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        else:
            if answered.leech:
                self._tell_leech(answered.memory)
        self._rated(offer_again=rating is Rating.HARD and missing)

    def _changed(self, sentence: str, view: CardView) -> None:
        """Another window has changed this card: what was ticked and typed stays."""
        self.notify(sentence, severity="warning")
        now = self.sitting.view
        if now is None or now.id != view.id:
            self._show_card()
        else:
            self._read_options()
            self._show_ratings()

    def _rated(self, *, offer_again: bool = False) -> None:
        self._to_amend = offer_again
        self._show_hint(
            "A core point was missing: a makes that Hard an Again." if offer_again else ""
        )
        self._show_card()
        if wal_size(self.desk.engine) > WAL_LIMIT:
            self._tidy()
        self._idle.reset()
        self._idle.resume()

    @work(thread=True, exclusive=True, group="rate")
    def _rate_later(self, rating: Rating) -> None:
        """Another program holds the lock: keep trying here, with the screen still alive."""
        from time import monotonic

        view = self.sitting.view
        assert view is not None
        self.app.call_from_thread(self._set_busy, "Another program is writing; waiting …")
        until = monotonic() + _PATIENCE
        error: StudyError | None = None
        while monotonic() < until:
            try:
                self.sitting.rate(rating)
                error = None
                break
            except LockedError as locked:
                error = locked
            except ChangedError as changed:
                self.app.call_from_thread(self._set_busy, "")
                self.app.call_from_thread(self._changed, str(changed), view)
                return
            except StudyError as other:
                error = other
                break
        self.app.call_from_thread(self._set_busy, "")
        if error is not None:
            self.app.call_from_thread(self.notify, str(error), severity="error")
        if not isinstance(error, LockedError):
            self.app.call_from_thread(self._rated)

    def _set_busy(self, sentence: str) -> None:
        self._busy = bool(sentence)
        self._show_hint(sentence)
        self.refresh_bindings()

    def action_undo(self) -> None:
        self._to_amend = False
        self._show_hint()
        self._change(self._undo)

    def _undo(self) -> None:
        undone = self.sitting.undo()
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")

    def action_amend(self) -> None:
        def amend() -> None:
            self.sitting.undo()
            self.sitting.rate(Rating.AGAIN)
            self.notify("Made it Again.")

        self._to_amend = False
        self._show_hint()
        self._change(amend)

    def action_bury(self) -> None:
        self._change(self.sitting.bury, "Buried until tomorrow; u takes it back.")

    def action_suspend(self) -> None:
        self._change(self.sitting.suspend, "Suspended; u takes it back.")

    def action_mark(self) -> None:
        try:
            marked = self.sitting.mark()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        told = "Marked to be mended later; m takes it off." if marked else "Marked no longer."
        self.notify(told)

    def action_know(self) -> None:
        self._change(self.sitting.know, "Known: confirmed in 30 days; u takes it back.")

    def _change(self, action: object, sentence: str = "") -> None:
        assert callable(action)
        try:
            action()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if sentence:
            self.notify(sentence)
        self._show_card()

    def action_point(self, step: int) -> None:
        self.query_one(Points).move(step)

    def action_tick(self) -> None:
        self.query_one(Points).toggle()

    @on(Points.Changed)
    def _ticked(self) -> None:
        self._show_ratings()
        self.refresh_bindings()

    def action_type(self) -> None:
        box = self.query_one("#typed", TextArea)
        box.display = True
        self.set_focus(box)

    def action_raw(self) -> None:
        proses = [self.query_one("#question", Prose), self.query_one("#answer", Prose)]
        raw = not proses[0].raw
        for prose in proses:
            prose.raw = raw
        self.notify("Maths as written." if raw else "Maths rendered.")
        self.set_up("raw_maths", raw)

    def action_scroll(self, pages: int) -> None:
        body = self.query_one(VerticalScroll)
        (body.scroll_page_down if pages > 0 else body.scroll_page_up)(animate=False)

    def action_edit(self) -> None:
        view = self.sitting.view
        assert view is not None
        try:
            path, line = library.editable(self.desk, view)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        try:
            edit(self.app, path, line)
        except StudyError as error:  # it may have saved something before
            self.notify(str(error), severity="error")
        self._set_busy("Reading the note …")
        self._read_edited(view)

    @work(thread=True, exclusive=True, group="edit")
    def _read_edited(self, view: CardView) -> None:
        """Take what the editor has left; another program may hold the lock meanwhile."""
        told = ""
        try:
            library.edited(self.desk.at(LONG_PATIENCE), view)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._edited, told)

    def _edited(self, told: str) -> None:
        self._set_busy("")
        if told:
            self.notify(told, severity="error")
        try:
            self.sitting.reload_card()
        except StudyError as error:
            self.notify(str(error), severity="error")
        self._show_again()

    def _show_again(self) -> None:
        """Show a card that has changed as far as it was shown; another one from its front."""
        before, revealed = self._card, self._revealed
        typed = self.query_one("#typed", TextArea)
        said = typed.text if typed.display else None
        self._show_card()
        if self.sitting.view is None or self.sitting.view.uid != before:
            return
        if said is not None:
            typed.display, typed.text = True, said
        if revealed:
            self._reveal()

    def action_lesson(self) -> None:
        self.study.open(places.Lab(self._lessons))

    def action_reference(self) -> None:
        self._show_answer(reference=True)
        self.refresh_bindings()

    @on(Prose.LinkClicked)
    def _follow(self, event: Prose.LinkClicked) -> None:
        self.study.open_link(event.href)

    def action_read(self) -> None:
        view = self.sitting.view
        assert view is not None
        try:
            with self.desk.reading() as connection:
                section = tracker.find_section(
                    connection, view.chapter_id, view.note.section, learner=self.desk.learner
                )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if section is not None:
            self._reading = True
            self.study.open(places.Section(section))

    def _come_back(self) -> None:
        """The section may have asked cards of this sitting, this one too."""
        self._reading, before = False, self.sitting.view
        try:
            self.sitting.come_back()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        after = self.sitting.view
        if before is None or after is None or after.id != before.id:
            self._show_card()
        else:
            self._show_head()

    def on_screen_resume(self) -> None:
        if self._reading:
            self._come_back()
        try:
            changed = self.sitting.look_again()  # the learner may come from its note
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if changed:
            self._show_again()
        elif (
            self._revealed and self.sitting.view is not None
        ):  # the learner may come from the lab, with a figure of their own
            self._show_answer()
            self.refresh_bindings()

    def action_find(self) -> None:
        self.study.open(places.Find())

    def action_new_note(self) -> None:
        self.study.open(places.NewCard())

    def action_back(self) -> None:
        if isinstance(self.focused, TextArea):
            self.set_focus(None)
            self.refresh_bindings()
        elif self.sitting.done:
            self.study.open(places.Summary(self.sitting), instead=True)
        else:
            self.app.pop_screen()

    def _tell_leech(self, memory: Memory) -> None:
        from studyapp.study.summary import leech_line

        self.notify(leech_line(memory), severity="warning", timeout=10)

    def _tidy_if_large(self) -> None:
        self._idle.pause()
        if wal_size(self.desk.engine) > _LITTLE:
            self._tidy()

    @work(thread=True, exclusive=True, group="tidy")
    def _tidy(self) -> None:
        """Empty the write-ahead log while the learner thinks, never on the path of a rating."""
        tidy(self.desk.engine, above=_LITTLE)


def _source(view: CardView) -> Content:
    parts = [view.source]
    if view.note.as_of:
        parts.append(f"as of {view.note.as_of}")
    parts.extend(view.note.sources)
    return Content("  ".join(parts))
