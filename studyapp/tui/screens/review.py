"""Review: question, answer, points, rating; the next card is there at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.lab.catalog import Declaration
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.note import Point
from studyapp.notes.plain import plain
from studyapp.store.engine import WAL_LIMIT, LockedError, tidy, wal_size
from studyapp.study import answer, words
from studyapp.study.answer import Given
from studyapp.study.card import CardView
from studyapp.study.grading import because, lapses_partly, propose, worth_typing
from studyapp.study.lab.facts import lessons_for
from studyapp.study.sitting import Sitting
from studyapp.tui import places, sight
from studyapp.tui.evidence import Shown, has_room, show
from studyapp.tui.keys import actions, bind, leads, letters
from studyapp.tui.screens.editing import EditingPage
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.field import TextField
from studyapp.tui.widgets.points import SOON, Points
from studyapp.tui.widgets.prose import Prose
from studyapp.tui.widgets.ratings import Ratings

_ASK = "how to rate"  # where nothing is proposed
_NEXT = "go on"  # where a trial says what it counts as
_PATIENCE = 30.0  # seconds to wait in a worker for another program to finish writing
_LITTLE = WAL_LIMIT // 16  # bytes of write-ahead log that are worth emptying while idle
_IDLE = 5.0  # seconds without a rating after which the write-ahead log is emptied


class ReviewScreen(EditingPage, WritingPage):
    """Works through a sitting. Rules live in `study`; this screen only shows and forwards."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("save", "reveal('typed')", "show answer", "Show the answer", first=True),
        bind("go_on", "reveal", "show answer", "Show the answer", first=True),
        *leads(
            *("more", "good", "partly", "again", _ASK, _NEXT),
            tooltip="More of the answer; at its end, rate as is proposed",
            first=True,
        ),
        *letters(first=True),
        bind("tick", "tick_here", show=False, first=True),
        bind("whole", first=True),
        bind("again", f"rate({Rating.AGAIN.value})", first=True),
        bind("hard", f"rate({Rating.HARD.value})", show=False, first=True),
        bind("good", f"rate({Rating.GOOD.value})", show=False, first=True),
        bind("easy", f"rate({Rating.EASY.value})", show=False, first=True),
        bind("write", tooltip="Type an answer; {back} leaves, {save} reveals", first=True),
        bind("write", "write_no_more", tooltip="", show=False, first=True),
        bind("undo", first=True),
        bind("lesson", tooltip="The experiment behind this answer", first=True),
        bind("reference", first=True),
        bind("know", first=True),
        bind("bury", first=True),
        bind("suspend", show=False, first=True),
        bind("edit", show=False, first=True),
        bind("rewrite", show=False, first=True),
        bind("mark", show=False, first=True),
        bind("read", show=False, first=True),
        bind(
            "history",
            "past",
            "past",
            "How it has gone, or the card before if that slips",
            show=False,
            first=True,
        ),
        bind("maths", show=False, first=True),
        bind("new", "new_note", show=False, first=True),
        bind("find", show=False, first=True),
        bind("down", "move(1)", tooltip="Go to the next point, or scroll", show=False, first=True),
        bind("up", "move(-1)", show=False, first=True),
        bind("page_down", "scroll(1)", show=False, first=True),
        bind("page_up", "scroll(-1)", show=False, first=True),
        bind("back", "leave_box", "leave the box", "Stop typing", first=True),
        bind("back", tooltip="Stop for now: how it went, then back", first=True),
    ]
    DEFAULT_CSS = """
    ReviewScreen {
        & #question { margin: 1 0; }
        & #typed { height: 8; margin: 0 0 1 0; display: none; border: round $foreground 30%;
            border-title-color: $text-accent; border-title-background: $background;
            &.-said { height: auto; max-height: 8; } }
        & #rule { height: 1; color: $text-muted; text-wrap: nowrap; }
        & #answer { margin-top: 1; }
        & #source { margin: 1 0; color: $text-muted; }
        & #hint { height: auto; padding: 0 1; color: $text-accent; display: none; }
    }
    """

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self.sitting = sitting
        self._box = TextField(id="typed", soft_wrap=True)
        self._revealed = False
        self._card = b""  # uid of the card that is shown
        self._waits: dict[Rating, str] = {}
        self._busy = False
        self._laid_out = False  # the answer has been on the screen
        self._came_in = 0  # the piece of keys that brought the card, in which nobody has seen it
        self._wanted = False  # the answer in full was asked for
        self._shown = Shown()
        self._lessons: Sequence[Declaration] = ()
        self._reading = False  # the section of the card, on top of it
        self._slipping: int | None = None  # the card before, of which was just told that it does

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="card"):
            with VerticalScroll(classes="body", can_focus=False):
                yield Prose(id="question", raw=self.desk.settings.raw_maths)
                yield self._box
                yield Static("", id="rule", markup=False)
                yield Points(id="points")
                yield Prose(id="answer", raw=self.desk.settings.raw_maths)
                yield Static("", id="source", markup=False)
            with Vertical(classes="foot"):
                yield Static("", id="hint", markup=False)
                yield Ratings()

    def on_mount(self) -> None:
        self._idle = self.set_interval(_IDLE, self._tidy_if_large, pause=True)
        if self.sitting.ends is not None:
            self.set_interval(1, self._count_down)
        self.watch(self.query_one(VerticalScroll), "scroll_y", self._scrolled, init=False)
        self._show_card()

    def _scrolled(self) -> None:
        """Going on leads elsewhere once the end is in sight."""
        if self._revealed:
            self.call_after_refresh(self.refresh_bindings)

    def on_resize(self) -> None:
        if self._revealed:
            self._show_ratings()
            self.call_after_refresh(self._fit_answer)

    # what is on the screen

    def _show_card(self) -> None:
        view = self.sitting.view
        self.keep()  # what was typed for the card before
        self.draft = None
        if view is None:
            self.study.open(places.Summary(self.sitting), instead=True)
            return
        self._revealed = self._laid_out = self._wanted = False
        self._shown = Shown()
        self._card, self._came_in = view.uid, self.study.piece
        self._lessons = lessons_for(view.note, self.study.catalog)
        front = view.face.front
        self.query_one("#question", Prose).show(front, self.gallery(front, view.note.path))
        self._show_typed(view)
        self._show_head()
        self._set_answer_visible(False)
        self.set_focus(None)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        arm = self.sitting.asked
        typed = None if arm is None else arm.typed
        self.box.border_title = arm.told if arm is not None and typed else None
        self._show_hint(arm.told if arm is not None and not typed else "")
        if self._is_worth_typing(view) if typed is None else typed:
            self.action_write()
        if self._is_shown:
            self._reveal()
        self.refresh_bindings()

    def _is_worth_typing(self, view: CardView) -> bool:
        """Whether the box opens by itself; a trial says that of its cards."""
        worth = worth_typing(self._points, view.memory.stability)
        return self.desk.settings.typing_box and worth

    def _show_typed(self, view: CardView) -> None:
        """Show an empty box no more, and again what was typed for this card and not rated."""
        if self.box.display:
            self.box.display = False
            self.box.text = ""
            self.box.read_only = False
            self.box.remove_class("-said")
        try:
            text = answer.read(view, learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if text:
            self._open_box(view, text)
        elif self.sitting.given.text:
            self._open_box(view, "")
            self.put(self.sitting.given.text)  # which keeps it as if it was typed again

    def _open_box(self, view: CardView, text: str) -> None:
        self.box.display = True
        self.begin(text, partial(answer.write, view, learner=self.desk.learner))
        self.box.move_cursor(self.box.document.end)

    def _forget_typed(self) -> None:
        """The card is rated: what was typed for it has served."""
        if self.draft is not None:
            self.put("")
            self.keep()

    @property
    def box(self) -> TextArea:
        return self._box

    def _show_head(self) -> None:
        view, done = self.sitting.view, self.sitting.done
        assert view is not None
        said = Counter(one.said for one in done if one.judged)
        told = [f"{said[name]} {name}" for name in ("again", "partly") if said[name]]
        number = len(done) + 1
        right = f"{number} of {len(done) + self.sitting.counts.total}"
        if self.sitting.plan.name:
            right = f"{self.sitting.plan.name} · {right}"
        if self.sitting.ends is not None:
            left = max(0, round((self.sitting.ends - self.desk.now()).total_seconds()))
            right += f" · {left // 60}:{left % 60:02} left"
        elif told:
            right += f" · {', '.join(told)}"
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
        self._read_options()
        raw = self.query_one("#answer", Prose).raw
        texts = [plain(point.text, maths=not raw).strip() for point in view.face.points]
        ticked = self.sitting.given.ticked.intersection(range(len(texts)))
        self.query_one(Points).show(view.face.points, texts, ticked=ticked)
        self.query_one("#source", Static).update(_source(view))
        self._set_answer_visible(True)
        self._show_answer()
        self._show_ratings()
        if self.box.display:
            self.box.read_only = True
            self.box.add_class("-said")  # no higher than its words, so that the question stays
        self.set_focus(None)
        self.refresh_bindings()
        self.call_after_refresh(self._scroll_to_answer)

    def _fit_answer(self) -> None:
        """Show as much of the answer as there is room for now."""
        if self._revealed:
            self._show_answer()
            self.refresh_bindings()
            self.call_after_refresh(self._scroll_to_answer)

    def _scroll_to_answer(self) -> None:
        """Bring the rule and the answer in sight, with as much of what is above as there is room
        for."""
        body = self.query_one(VerticalScroll)
        if not self._revealed or not self.is_current:  # below another page nothing is laid out
            return
        if body.size.height and not self.query_one(Points).is_laid_out:
            self.set_timer(SOON, self._scroll_to_answer)
            return
        self._laid_out = True
        if not self._is_shown:  # which is read from the question on
            sight.bring(body, self.query_one("#rule"), self._last_part())
        self.refresh_bindings()

    def _last_part(self) -> Widget:
        """The last thing that has to be seen before the card is rated."""
        answer = self.query_one("#answer")
        return answer if answer.display else self.query_one(Points)

    @property
    def _points(self) -> Sequence[Point]:
        return self.sitting.view.face.points if self.sitting.view else ()

    @property
    def _partly(self) -> bool:
        """Whether an Again comes back tomorrow."""
        view, ticked = self.sitting.view, self.query_one(Points).ticked
        if view is None or not self.sitting.plan.changes:
            return False
        return lapses_partly(view.memory.state, self._points, ticked, view.note.need)

    def _read_options(self) -> None:
        now, options = self.desk.now(), self.sitting.options()
        self._waits = dict.fromkeys(Rating, "as is")
        if self.sitting.plan.changes:
            self._waits = {rating: words.wait(after, now) for rating, after in options.items()}

    def _show_answer(self, *, reference: bool = False) -> None:
        """Show the answer as far as it is to be seen, with what the learner's own runs measured."""
        view = self.sitting.view
        assert view is not None
        prose = self.query_one("#answer", Prose)
        file, wanted = view.note.path, self._is_wanted
        self._shown = show(self, prose, view.face, file, wanted, reference=reference)
        self.query_one("#source").display = self._shown.whole

    def _is_wanted(self, answer: str) -> bool:
        """Who knows the card judges by its points; who meets it wants to read why."""
        view = self.sitting.view
        assert view is not None
        if self._wanted or not self._points:
            return True
        question, points = self.query_one("#question", Prose), self.query_one(Points)
        width, raw = question.size.width, question.raw
        is_new = view.memory.state is State.NEW
        return is_new and has_room(self, points, answer, view.note.path, width, raw=raw)

    def _set_answer_visible(self, visible: bool) -> None:
        rule = self.query_one("#rule", Static)
        rule.update("── answer " + "─" * 90 if visible else "")
        for name in ("#points", "#answer", "#source"):
            self.query_one(name).display = visible
        if not visible:
            self.query_one(Ratings).clear()

    @property
    def _counts(self) -> Rating | None:
        """What a trial has the card count as, whatever the learner knew; None if it is theirs."""
        arm = self.sitting.asked
        return None if arm is None else arm.counts

    def _show_ratings(self) -> None:
        self.query_one(Points).let_tick(to_tick=self._counts is None)
        if self._counts is not None:
            self._show_counts(self._counts)
            return
        proposed = self._proposed()
        why = because(self._points, whole=proposed is Rating.GOOD)
        self.query_one(Ratings).show(
            self._waits, proposed, why, partly=self._partly, explained=self.sitting.beginner
        )

    @property
    def _is_shown(self) -> bool:
        """Whether a trial shows the card with its answer."""
        arm = self.sitting.asked
        return arm is not None and bool(arm.shown)

    def _show_counts(self, counts: Rating) -> None:
        """Show, in place of the ratings, what a trial has the card count as."""
        arm = self.sitting.asked
        told = f"{arm.told} " if arm is not None and self._is_shown else ""
        wait = words.spelled(self._waits[counts])
        self.query_one(Ratings).clear()
        self._show_hint(f"{told}It counts as {counts.name.capitalize()}, and is asked in {wait}.")

    def _proposed(self) -> Rating | None:
        view = self.sitting.view
        if view is None or not self._revealed:
            return None
        if self._counts is not None:
            return self._counts
        return propose(view.face.points, self.query_one(Points).ticked, view.note.need)

    def _show_hint(self, text: str = "") -> None:
        hint = self.query_one("#hint", Static)
        hint.update(text)
        hint.display = bool(text)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view, inside = self.sitting.view, isinstance(self.focused, TextArea)
        if action not in _OWN:
            return True
        if view is None or self._busy:
            return action == "back"
        if inside and not self.box.read_only:  # the box takes every key but these
            return action == "leave_box" or (action == "reveal" and parameters == ("typed",))
        match action:
            case "leave_box":
                return inside
            case "move" | "scroll" if inside:
                return False
            case "go_on":
                return self._revealed and parameters == (self._end,)
            case "rate":
                return self._revealed and self._counts is None
            case "tick":
                return self._may_tick and cast("int", parameters[0]) < len(self._points)
            case "tick_here":
                return self._may_tick
            case "write":
                return not self._revealed and self._counts is None
            case "write_no_more":
                return self._revealed
            case "reveal":
                return not self._revealed and not parameters  # the box is left by another key
            case "know":
                return view.memory.state is State.NEW and self._counts is None
            case "lesson":
                return bool(self._lessons)
            case "past":
                return self._past is not None
            case "read":
                return view.section_title is not None
            case "whole":
                return self._revealed and not self._shown.whole
            case "reference":
                return self._revealed and self._shown.withheld
        return True

    @property
    def _may_tick(self) -> bool:
        """Whether points were to be said: not by who is shown them for the first time."""
        return self._revealed and bool(self._points) and self._counts is None

    def touched(self) -> None:
        self.sitting.touched()

    def action_reveal(self, where: str = "") -> None:
        if self.typed_ahead(self._came_in):
            return
        if where:
            self.box.call_later(self._reveal)  # behind the letters yet to come
        else:
            self._reveal()

    @property
    def _end(self) -> str:
        """What going on does: scroll while there is more, then rate as is proposed, or ask."""
        proposed = self._proposed()
        if self._laid_out and sight.is_below(self.query_one(VerticalScroll), self._last_part()):
            return "more"
        if self._counts is not None:
            return _NEXT
        if proposed is None:
            return _ASK
        return "partly" if self._partly and proposed is Rating.AGAIN else proposed.name.lower()

    def action_go_on(self, end: str) -> None:
        proposed = self._proposed()
        if not self._laid_out:
            return
        if end == "more":
            sight.page(self.query_one(VerticalScroll), 1)
        elif proposed is not None:
            self.action_rate(proposed.value)
        else:
            rates = f"{self.key_of('again')}-{self.key_of('easy')}"
            self.notify(f"{rates}, or tick what you said.")

    def action_rate(self, rating: int) -> None:
        if not self.study.held and not self.typed_ahead(self._came_in):
            self._rate(Rating(rating))

    @on(Ratings.Chosen)
    def _chosen(self, event: Ratings.Chosen) -> None:
        if self.check_action("rate", ()):
            self._rate(event.rating)

    def _rate(self, rating: Rating) -> None:
        view = self.sitting.view
        assert view is not None
        due_on = self.sitting.tomorrow() if self._partly and rating is Rating.AGAIN else None
        given = self._given()
        try:
            answered = self.sitting.rate(rating, due_on=due_on, given=given)
        except AlreadyRatedError as error:
            self.notify(str(error), severity="warning")
        except ChangedError as error:
            self._changed(str(error), view)
            return
        except LockedError:
            self._rate_later(rating, due_on, given)
            return
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        else:
            self._slipping = None
            if answered.leech:
                self._slipping = view.id
                self._tell_leech(answered.memory, view)
        self._rated()

    def _given(self) -> Given:
        """What is typed and ticked, which comes back with the card if that is undone."""
        return Given(self.written if self.box.display else "", self.query_one(Points).ticked)

    def _changed(self, sentence: str, view: CardView) -> None:
        """Another window has changed this card: what was ticked and typed stays."""
        self.notify(sentence, severity="warning")
        now = self.sitting.view
        if now is None or now.id != view.id:
            self._show_card()
        else:
            self._read_options()
            self._show_hint()
            self._show_ratings()
            self.refresh_bindings()

    def _rated(self) -> None:
        self._forget_typed()
        self._show_card()
        if wal_size(self.desk.engine) > WAL_LIMIT:
            self._tidy()
        self._idle.reset()
        self._idle.resume()

    @work(thread=True, exclusive=True, group="rate")
    def _rate_later(self, rating: Rating, due_on: date | None, given: Given) -> None:
        """Another program holds the lock: keep trying here, with the screen still alive."""
        from time import monotonic

        view = self.sitting.view
        assert view is not None
        self.app.call_from_thread(self.set_busy, "Another program is writing; waiting …")
        until = monotonic() + _PATIENCE
        error: StudyError | None = None
        while monotonic() < until:
            try:
                self.sitting.rate(rating, due_on=due_on, given=given)
                error = None
                break
            except LockedError as locked:
                error = locked
            except ChangedError as changed:
                self.app.call_from_thread(self.set_busy, "")
                self.app.call_from_thread(self._changed, str(changed), view)
                return
            except StudyError as other:
                error = other
                break
        self.app.call_from_thread(self.set_busy, "")
        if error is not None:
            self.app.call_from_thread(self.notify, str(error), severity="error")
        if not isinstance(error, LockedError):
            self.app.call_from_thread(self._rated)

    def set_busy(self, sentence: str) -> None:
        self._busy = bool(sentence)
        self._show_hint(sentence)
        self.refresh_bindings()

    def action_undo(self) -> None:
        try:
            told = self.study.unwrite()
            asks = not told and self.asks(self.sitting.newest())
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if told:
            self._unwritten(told)
        elif not asks:
            self._change(self._undo)

    def _unwritten(self, told: str) -> None:
        """A card of one's own is gone again, which may be the one on the screen."""
        self.notify(told)
        try:
            if self.sitting.look_again():
                self._show_again()
            else:
                self.sitting.come_back()
                self._show_head()
        except StudyError as error:
            self.notify(str(error), severity="error")

    def _undo(self) -> None:
        undone = self.sitting.undo()
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")

    def action_bury(self) -> None:
        self._set_aside(self.sitting.bury, "Buried until tomorrow")

    def action_suspend(self) -> None:
        self._set_aside(self.sitting.suspend, "Suspended")

    def action_mark(self) -> None:
        try:
            marked = self.sitting.mark()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        told = (
            f"Marked to be mended later; {self.key_of('mark')} takes it off."
            if marked
            else "Marked no longer."
        )
        self.notify(told)

    def action_know(self) -> None:
        self._set_aside(self._know, "Known: confirmed in 30 days")

    def _know(self) -> None:
        self.sitting.know(self._given())
        self._forget_typed()

    def _set_aside(self, action: Callable[[], object], done: str) -> None:
        if not self.study.held and not self.typed_ahead(self._came_in):
            self._change(action, f"{done}; {self.key_of('undo')} takes it back.")

    def _change(self, action: Callable[[], object], sentence: str = "") -> None:
        try:
            action()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if sentence:
            self.notify(sentence)
        self._show_card()

    def action_move(self, step: int) -> None:
        if self._revealed and self._points:
            self.query_one(Points).move(step)
        else:
            sight.line(self.query_one(VerticalScroll), step)

    def action_tick(self, index: int) -> None:
        self.query_one(Points).tick(index)

    def action_tick_here(self) -> None:
        self.query_one(Points).toggle()

    @on(Points.Changed)
    def _ticked(self) -> None:
        if self._revealed:  # else a rating was quicker, and this is of the card before
            self._show_ratings()
        self.refresh_bindings()

    def action_write(self) -> None:
        view = self.sitting.view
        assert view is not None
        if self.draft is None:
            self._open_box(view, "")
        self.set_focus(self.box)

    def action_write_no_more(self) -> None:
        self.refuse_box("Nothing is typed once the answer is shown.")

    def action_maths(self) -> None:
        proses = [self.query_one("#question", Prose), self.query_one("#answer", Prose)]
        raw = not proses[0].raw
        for prose in proses:
            prose.raw = raw
        told = "Maths as written" if raw else "Maths rendered"
        view = self.sitting.view
        has_none = view is not None and "$" not in view.face.front + view.face.back
        self.notify(f"{told}, from now on{'; this card has none' * has_none}.")
        self.set_up("raw_maths", raw)

    def action_whole(self) -> None:
        self._wanted = True
        self._laid_out = False
        self._fit_answer()

    def action_scroll(self, pages: int) -> None:
        sight.page(self.query_one(VerticalScroll), pages)

    def action_edit(self) -> None:
        if self._may_be_read():
            assert self.sitting.view is not None
            self.edit_note(self.sitting.view)

    def _may_be_read(self) -> bool:
        """Whether the note, which has the answer in it, gives nothing away; else that is said."""
        if not self._revealed:
            reveal = self.key_of("go_on")
            self.notify(f"The note has the answer in it: {reveal} shows that first.")
        return self._revealed

    def show_edited(self) -> None:
        try:
            self.sitting.reload_card()
        except StudyError as error:
            self.notify(str(error), severity="error")
        self._show_again()

    def _show_again(self) -> None:
        """Show a card that has changed as far as it was shown; another one from its front."""
        before, revealed = self._card, self._revealed
        self._show_card()
        if revealed and self.sitting.view is not None and self.sitting.view.uid == before:
            self._reveal()

    def action_rewrite(self) -> None:
        if self._may_be_read():
            assert self.sitting.view is not None
            self.study.open(places.Rewrite(self.sitting.view))

    def action_lesson(self) -> None:
        self.study.open(places.Lab(self._lessons))

    def action_reference(self) -> None:
        self._wanted = True  # the figure may take the last line that there is room for
        self._show_answer(reference=True)
        self.refresh_bindings()

    @on(Prose.LinkClicked)
    def _follow(self, event: Prose.LinkClicked) -> None:
        self.study.open_link(event.href)

    def action_past(self) -> None:
        if self._past is not None:
            self.study.open(places.Leech(self._past))

    @property
    def _past(self) -> int | None:
        """The card whose past can be shown: this one, once nothing is given away by it, else the
        one before, if that was just said to slip."""
        view = self.sitting.view
        if view is not None and self._revealed and view.memory.reviews:
            return view.id
        return self._slipping

    def action_read(self) -> None:
        view = self.sitting.view
        assert view is not None
        if (section := self.section_of(view)) is not None:
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
        if self._revealed and not self._laid_out:
            self.call_after_refresh(self._scroll_to_answer)

    def action_find(self) -> None:
        self.study.open(places.Find())

    def action_new_note(self) -> None:
        self.study.open(places.NewCard(self.sitting.view))

    def action_leave_box(self) -> None:
        self.box.call_later(self._leave_box)  # behind the letters yet to come

    def _leave_box(self) -> None:
        self.set_focus(None)
        self.refresh_bindings()

    def action_back(self) -> None:
        if not self.keep():
            return
        if self.draft is not None and self.written.strip():
            self.notify("What you typed is kept until this card is rated.")
        if self.sitting.done:
            self.study.open(places.Summary(self.sitting), instead=True)
        else:
            self.app.pop_screen()

    def _tell_leech(self, memory: Memory, view: CardView) -> None:
        """Tell of a card that is no longer on the screen, and so by its name."""
        from studyapp.study.summary import leech_line

        told = (
            f"{leech_line(memory, f'“{_name(view)}”')} {self.key_of('history')} shows how it went."
        )
        self.notify(told, severity="warning")

    def _tidy_if_large(self) -> None:
        self._idle.pause()
        if wal_size(self.desk.engine) > _LITTLE:
            self._tidy()

    @work(thread=True, exclusive=True, group="tidy")
    def _tidy(self) -> None:
        """Empty the write-ahead log while the learner thinks, never on the path of a rating."""
        tidy(self.desk.engine, above=_LITTLE)


_OWN = actions(ReviewScreen.BINDINGS)


def _name(view: CardView) -> str:
    """A card in a few words."""
    front = " ".join(plain(view.face.front).split())
    return front if len(front) <= 60 else front[:59] + "…"


def _source(view: CardView) -> Content:
    parts = [view.source]
    if view.note.as_of:
        parts.append(f"as of {view.note.as_of}")
    parts.extend(view.note.sources)
    return Content("  ".join(parts))
