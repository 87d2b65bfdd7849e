"""Browse: find notes by their words and by how their cards stand, and act on many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from sqlalchemy import Connection
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.notes.plain import plain
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import (
    asking,
    card,
    find,
    query,
    removal,
    rewriting,
    rewritten,
    selection,
    tagging,
    words,
)
from studyapp.study.asking import Deeper
from studyapp.study.desk import Desk
from studyapp.study.find import LIMIT, Found
from studyapp.study.order import Order
from studyapp.study.rewriting import Rewriting
from studyapp.study.selection import Deed, Done
from studyapp.study.undo import undo
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.row import Columned, Heading, Row
from studyapp.tui.screens.editing import EditingPage
from studyapp.tui.screens.page import SOON, Page
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.listing import Listing
from studyapp.tui.widgets.prose import Prose

_HINT = (
    "Words of a question, a term, an answer; -word leaves out, or is for either, and for both.\n"
    "is:due is:new is:leech is:suspended is:buried is:mend is:mine\n"
    "chapter:1 pack:… tag:… rated:7:1 due:1 prop:ivl>21 prop:r<.9 prop:lapses>3"
)
_NEAR = 10  # lines before the last one at which more of them are read
_TO_END = 64 * LIMIT  # notes that are read at once to go to the last one
_GIVING = {"give_day": "day", "give_tags": "tags"}  # what is typed to act, by what enter does then
_DUE, _FIGURE = 8, 11  # cells of the columns
_TOLD = {
    EventKind.SUSPEND: "Suspended",
    EventKind.BURY: "Buried until tomorrow",
    EventKind.UNSUSPEND: "Brought back",
    EventKind.MARK: "To be mended later",
    EventKind.UNMARK: "Marked no longer",
    EventKind.FORGET: "New again",
    EventKind.SET_DUE: "Another date",
}
_NOTHING = {
    EventKind.SUSPEND: "They are suspended already.",
    EventKind.BURY: "None of them would come today.",
    EventKind.UNSUSPEND: "None of them is suspended or buried.",
    EventKind.FORGET: "They are new already.",
    EventKind.SET_DUE: "A new card has no date; it comes with the day's new ones.",
}
_LEFT = {  # of one card that it was not done to, and of several
    EventKind.SUSPEND: ("is suspended already", "are suspended already"),
    EventKind.BURY: ("would not come today", "would not come today"),
    EventKind.UNSUSPEND: ("is neither suspended nor buried", "are neither suspended nor buried"),
    EventKind.MARK: ("is marked already", "are marked already"),
    EventKind.FORGET: ("is new already", "are new already"),
    EventKind.SET_DUE: (
        "is new and has no date; it comes with the day's new ones",
        "are new and have no date; they come with the day's new ones",
    ),
}


class _Text(NamedTuple):
    """What is done to the text of notes, how that is told, and what is undone by its `name`."""

    deed: Callable[[Desk], Rewriting]
    told: Callable[[Rewriting, str], str]
    name: str
    gone: bool = False  # the notes are, then


def _with_kept(told: Callable[[Rewriting, str], str], kept: str) -> Callable[[Rewriting, str], str]:
    """What was done, and what was *kept* as it is of what was chosen."""
    return lambda done, undo: f"{told(done, undo)} {kept}".rstrip()


def _kept_tags(left: int) -> str:
    """That so many notes of a pack keep their tags; empty if there are none."""
    keep = "keeps its" if left == 1 else "keep their"
    told = f"{words.count(left, 'note')} of a pack {keep} tags; you can tag your own."
    return told if left else ""


class Results(Listing):
    """Notes, one chosen."""

    class Ended(Message):
        """The last one is wanted, be it shown yet or not."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "cursor_down", tooltip="Go through the results", show=False),
        bind("up", "cursor_up", show=False),
        bind("page_down", "page_down", show=False),
        bind("page_up", "page_up", show=False),
    ]

    def action_last(self) -> None:
        self.post_message(self.Ended())


class FindScreen(EditingPage):
    """Results as one types, the chosen note below them or beside. In the list a letter is a key."""

    HORIZONTAL_BREAKPOINTS = [*Page.HORIZONTAL_BREAKPOINTS, (120, "-broad")]  # noqa: RUF012
    BINDINGS = [  # noqa: RUF012
        bind("down", "step(1)", "choose", "Go through the results", only="down", first=True),
        bind("up", "step(-1)", only="up", show=False, first=True),
        bind("go_on", "give_day", "set it", "Give them this date", only="enter", first=True),
        bind(
            "go_on",
            "give_tags",
            "tag",
            "Put these on, take off those with a minus",
            only="enter",
            first=True,
        ),
        bind("go_on", "open", "open", "Show the note with its cards", only="enter", first=True),
        bind("go_on", "choose", "tell apart", "Tell it apart from this", only="enter", first=True),
        bind("next_field", "to_list", "act", "Go to the list, to act on notes", first=True),
        bind("tick", "mark_one", "mark", "Mark it, to act on all that are marked"),
        bind("all", "mark_all"),
        bind("suspend"),
        bind("bury"),
        bind("restore", "bring_back"),
        bind("sort"),
        bind("set_due"),
        bind("forget"),
        bind("tag"),
        bind("delete"),
        bind("mark", "mend"),
        bind("rewrite"),
        bind("edit"),
        bind("history", "past", "past", "How it has gone, and what can be done", show=False),
        bind("next_field", "to_words", "words", "Search for something else", first=True),
        bind("find", "to_words", show=False, tooltip="Search for something else"),
        bind("undo", tooltip="Take back what was done last, in whichever window"),
        bind("undo", "undo_nothing", tooltip="", show=False),
        bind("ask_found", "ask", first=True),
        bind("ask_found", "unask", "asked for: take it back", "No longer", first=True),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    FindScreen {
        & > * { max-width: 160; }
        & #words { margin-top: 1; }
        & #day, & #tags { display: none; margin-top: 1; }
        & #columns { height: 1; dock: top; color: $text-muted; padding: 0 1 0 0; }
        & #panes { height: 1fr; layout: vertical; }
        & #results { height: auto; max-height: 45%; }
        & #found { height: 1fr; margin-top: 1; border-top: solid $foreground 20%; }
        & Results { max-height: 1fr; scrollbar-gutter: stable; }
        & #said { height: auto; color: $text-muted; }
        &.-broad { & #panes { layout: horizontal; }
            & #results { width: 1fr; height: 100%; max-height: 100%; }
            & #found { width: 1fr; height: 100%; margin: 1 0 0 3; border-top: none; } }
    }
    """

    def __init__(self, apart: card.CardView | None = None) -> None:
        """With a card that is to be told *apart* from another, that one is chosen here."""
        super().__init__()
        self._apart = apart
        self._found: list[Found] = []
        self._more = False  # there are more than these
        self._wanted = ("", Order.MATCH, LIMIT)  # what is to be shown
        self._searching = False  # a worker is at it; it sees itself whether it has to do so again
        self._stale = True  # what is shown is not yet what is wanted
        self._nonsense = False  # what was typed means nothing
        self._to_open = False  # the chosen result, as soon as it is there
        self._to_list = False  # the keys, as soon as it is what is wanted
        self._to_end = False  # the last result, as soon as it is there
        self._shown: Found | None = None
        self._deeper = Deeper()  # cards of the note shown that come only if asked for
        self._marked: Mapping[int, Sequence[int]] = {}  # cards by note
        self._done = False  # something was done since, and may be taken back
        self._busy = ""  # what is being done, which keys wait for

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield LineField(
                placeholder="words, or how a card stands: is:due", id="words", select_on_focus=False
            )
            yield LineField(placeholder="days from today, or the day, as 2027-01-31", id="day")
            yield LineField(placeholder="tags; -tag takes one off", id="tags")
            with Container(id="panes"):
                with Vertical(id="results"):
                    yield Static("", id="columns", markup=False)
                    yield Results()
                with VerticalScroll(id="found", can_focus=False):
                    yield Static(_HINT, id="said", markup=False)
                    yield Prose()

    def on_mount(self) -> None:
        self._head()
        self.look_before()
        self._words.focus()

    def on_screen_resume(self) -> None:
        self._look_back()
        self._search()

    def _look_back(self) -> None:
        """Whether there is something to take back: also of another page that was opened here."""
        try:
            self._done = self.study.has_done(self._before)
        except StudyError as error:
            self.notify(str(error), severity="error")
        self.refresh_bindings()

    @property
    def _words(self) -> Input:
        return self.query_one("#words", Input)

    @property
    def _list(self) -> Results:
        return self.query_one(Results)

    @property
    def _in_list(self) -> bool:
        return isinstance(self.focused, Results)

    @property
    def _has_list(self) -> bool:
        """Whether there is a list to be in: an empty one as long as what is marked can be acted on,
        or what emptied it taken back, as these keys are letters elsewhere."""
        return bool(self._found) or (self._in_list and (self._done or bool(self._marked)))

    @property
    def _is_coming(self) -> bool:
        """Whether a list is, that is not yet what is shown."""
        return self._stale or self._searching

    @property
    def _box(self) -> Input | None:
        """The field that is being typed in to act on notes."""
        boxes = (self.query_one(f"#{name}", Input) for name in _GIVING.values())
        return next((one for one in boxes if one is self.focused), None)

    # searching

    @on(Input.Changed, "#words")
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self._wanted[0]:
            if self._marked:
                self._take_marks({})
            self._shown = None  # the best of what comes is chosen
            self._wanted = (event.value, self._wanted[1], LIMIT)
            self._search()

    def _search(self) -> None:
        """Have the list be what is wanted. One search at a time: the newest of those that came
        meanwhile is next."""
        self._stale = True
        if not self._searching:
            self._searching = True
            self._read()

    @work(thread=True, group="search")
    def _read(self) -> None:
        now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
        wanted = None
        while wanted != self._wanted:
            wanted, self._stale = self._wanted, False
            typed, order, limit = wanted
            found, told, beside = list[Found](), "", ""
            marked, gone = set(self._marked), set[int]()
            try:
                with self.desk.reading() as connection:
                    gone = marked - find.there(connection, marked, learner=learner)
                    found = find.find(
                        connection,
                        typed,
                        now,
                        settings,
                        order=order,
                        limit=limit + 1,  # which tells whether there are more
                        learner=learner,
                    )
                    beside = find.left_out(connection, typed, now, settings, learner=learner)
                for one in found:  # now, and not on the app's own thread
                    _title(one.prompt)
            except StudyError as error:
                told = str(error)
        self.app.call_from_thread(self._take, wanted, found, told, beside, gone)

    def _take(
        self,
        wanted: tuple[str, Order, int],
        found: list[Found],
        told: str,
        beside: str,
        gone: Collection[int],
    ) -> None:
        """Show what was *found*; of what was marked, some notes are *gone*."""
        self._searching = False
        self._marked = {one: cards for one, cards in self._marked.items() if one not in gone}
        if not self.is_attached:  # left in the meantime
            return
        if self._stale or wanted != self._wanted:
            self._search()
            return
        self._nonsense, limit = bool(told), wanted[2]
        self._more = len(found) > limit
        self._show(found[:limit], told or beside or self._said(found))
        if self._to_open:
            self._open()
        if self._to_end:
            self._go_to_end()
        if self._to_list:
            self.action_to_list()

    def _said(self, found: Sequence[Found]) -> str:
        if found:
            return ""
        typed = self._wanted[0]
        return query.nothing(typed) if typed.strip() else _HINT

    def _show(self, found: list[Found], told: str) -> None:
        before, self._found, place = self._found, found, self._place(found)
        if found[: len(before)] == before and before:
            self._list.add_options(map(self._row, found[len(before) :]))
        else:
            self._list.clear_options().add_options(map(self._row, found))
            self._shown, self._deeper = None, Deeper()
        self._list.display = self._has_list
        self.query_one("#said", Static).update(told)
        self.query_one("#said").display = bool(told)
        self._head()
        if found:
            self._list.highlighted = place
            self._choose(place)  # though the line may be the one that it was
        else:
            self.query_one(Prose).show("")
        if not self._has_list and self._in_list:
            self._words.focus()
        self.refresh_bindings()

    def _place(self, found: Sequence[Found]) -> int:
        """Where the chosen note is now; if it has gone, what stands in its place."""
        chosen, notes = self._shown, [one.note for one in found]
        if chosen is None:
            return 0
        if chosen.note in notes:
            return notes.index(chosen.note)
        return max(0, min(self._list.highlighted or 0, len(found) - 1))

    def _row(self, one: Found) -> Option:
        ticked = "✓" if one.note in self._marked else " "
        head = Content.assemble((f"{one.chapter or '':>2}", "dim"), f"{ticked} ")
        text = Content(_title(one.prompt))
        of = "lapses" if self._wanted[1] is Order.LAPSES else "stability"
        figures = ((self._due(one), "due", _DUE), (_figure(one, of), of, _FIGURE))
        return Option(Columned(Row(head, text), figures))

    def _due(self, one: Found) -> str:
        if not one.cards:
            return ""
        first = one.first(self.desk.now())
        if first is None:
            return "aside"
        return "now" if words.is_due(first, self.desk.now()) else words.wait(first, self.desk.now())

    def _head(self) -> None:
        self._count()
        of = "lapses" if self._wanted[1] is Order.LAPSES else "stability"
        names = [("due", _DUE), (of, _FIGURE)] if self._found else []
        self.query_one("#results").display = self._has_list
        self.query_one("#columns", Static).update(Heading(names))

    def _count(self) -> None:
        """Say how many there are, or what is being done to them."""
        typed, order, _ = self._wanted
        told = [f"{'more than ' * self._more}{len(self._found):,} found"]
        told = told * (bool(typed.strip()) and not self._nonsense) + [order.value] * (
            order is not Order.MATCH
        )
        told += [f"{len(self._marked):,} marked"] * bool(self._marked)
        told = [self._busy] if self._busy else told
        name = "Find" if self._apart is None else "Which one is it taken for?"
        self.head(name, " · ".join(told))

    # choosing

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._found):  # else of a list that a letter has replaced
            self._choose(event.option_index)

    def _choose(self, place: int) -> None:
        one = self._found[place]
        if self._more and place > len(self._found) - _NEAR:
            self._read_on()
        if one == self._shown:
            return
        self.query_one(Prose).show(one.text, self.gallery(one.text, one.path))
        self.query_one("#found").scroll_home(animate=False)
        self.study.saw(one.answer)
        self._shown = one
        self._read_deeper(one)

    def _read_on(self, least: int = 0) -> None:
        typed, order, limit = self._wanted
        self._wanted = (typed, order, max(least, min(4 * limit, limit + _TO_END)))
        self._search()

    @on(Results.Ended)
    def _read_to_end(self) -> None:
        """Choose the last one once it is read; the keys behind this one are about that."""
        if self._more:
            self._read_on(_TO_END)
        self._to_end = self._is_coming
        self.hold_keys(self._to_end)
        if not self._to_end:
            self._go_to_end()

    def _go_to_end(self) -> None:
        self._to_end = False
        self.hold_keys(False)
        if self._found:
            self._list.highlighted = len(self._found) - 1
        if self._more:  # to list them all at once would keep the keys waiting
            self.notify(f"{len(self._found):,} are listed; the key again goes on from there.")

    def _read_deeper(self, one: Found) -> None:
        depth, learner = self.desk.settings.depth, self.desk.learner
        try:
            with self.desk.reading() as connection:
                where = asking.of_note(one.note)
                self._deeper = asking.find(connection, where, depth=depth, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
        self.refresh_bindings()

    def action_open(self) -> None:
        # After the letters that are still on their way through the field.
        self._words.call_later(self.call_later, self._open)

    @on(Input.Submitted, "#words")
    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        chosen = self._list.highlighted
        self._to_open = self._is_coming
        if self._to_open or chosen is None or chosen >= len(self._found):
            return
        if self._apart is None:
            self.study.open(places.Note(self._found[chosen].note))
        elif (other := self._load()) is not None:
            self._tell_apart(self._apart, other)

    action_choose = action_open  # the same step, under the name of what it leads to then

    def _tell_apart(self, one: card.CardView, other: card.CardView) -> None:
        if one.note.id == other.note.id and one.pack == other.pack:
            self.notify("This is the card itself; find what it is taken for.")
        else:
            self.study.open(places.NewCard(one, other), instead=True)

    def action_step(self, step: int) -> None:
        (self._list.action_cursor_down if step > 0 else self._list.action_cursor_up)()

    def action_to_list(self) -> None:
        """Go there once it is what was typed; the keys behind this one are about that list."""
        self._to_list = self._is_coming
        self.hold_keys(self._to_list)
        if not self._to_list and self._found:
            self._list.focus()
        self.refresh_bindings()

    def action_to_words(self) -> None:
        self._close_box()
        self._words.focus()
        self.refresh_bindings()

    def action_sort(self) -> None:
        typed, order, _ = self._wanted
        orders = list(Order)
        following = orders[(orders.index(order) + 1) % len(orders)]
        self._wanted = (typed, following, LIMIT)
        self._found, self._shown = [], None  # the figures may be others, and the first is chosen
        self._search()

    def action_mark_one(self) -> None:
        chosen = self._list.highlighted
        if chosen is None or self._shown is None:
            self._tell_nothing_found()
            return
        marked, one = dict(self._marked), self._shown
        if marked.pop(one.note, None) is None:
            marked[one.note] = list(one.cards)
        self._marked = marked
        self._list.replace_option_prompt_at_index(chosen, self._row(one).prompt)
        self._list.action_cursor_down()
        self._sure = ()
        self._head()

    def action_mark_all(self) -> None:
        if self._marked:
            self._take_marks({})
        elif not self._found:
            self._tell_nothing_found()
        else:
            self.set_busy("Marking …")
            self._read_all(self._wanted[0])

    @work(thread=True, exclusive=True, group="all")
    def _read_all(self, typed: str) -> None:
        now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
        try:
            with self.desk.reading() as connection:
                marked = find.cards(connection, typed, now, settings, learner=learner)
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._all_marked, marked)

    def _all_marked(self, marked: Mapping[int, Sequence[int]]) -> None:
        self.set_busy("")
        self._take_marks(marked)

    def _take_marks(self, marked: Mapping[int, Sequence[int]]) -> None:
        self._marked, self._sure = marked, ()
        for index, one in enumerate(self._found):
            self._list.replace_option_prompt_at_index(index, self._row(one).prompt)
        self._head()

    # acting

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        box = self._box
        if action in _GIVING:
            return box is not None and box.id == _GIVING[action]
        if action in ("open", "choose") and (action == "open") is (self._apart is not None):
            return False
        if action in ("open", "choose", "step"):  # of open the field submits, which does the same
            return bool(self._found) and box is None
        if action in ("ask", "unask"):
            waits = bool(self._deeper.waiting)
            return bool(self._deeper) and waits is (action == "ask")
        in_list = self._in_list
        if action == "to_list":
            return (bool(self._found) or self._is_coming) and not in_list and box is None
        if action == "to_words":
            return in_list
        if action in ("undo", "undo_nothing"):
            return in_list and self._done is (action == "undo") and not self._busy
        if action in _ACTING:
            return in_list and not self._busy  # also where nothing is, which is said
        return True

    @property
    def _chosen(self) -> Mapping[int, Sequence[int]]:
        """What is acted on: the cards of what is marked, or else of the chosen note."""
        if self._marked or self._shown is None:
            return self._marked
        return {self._shown.note: list(self._shown.cards)}

    def _can_act(self) -> bool:
        """Whether there is something to act on; said if not."""
        if not self._chosen:
            self._tell_nothing_found()
        return bool(self._chosen)

    def _tell_nothing_found(self) -> None:
        self.notify("Nothing that is found here can be chosen.")

    def action_suspend(self) -> None:
        self._act(self._deed(selection.suspend))

    def action_bury(self) -> None:
        self._act(self._deed(selection.bury))

    def action_bring_back(self) -> None:
        self._act(self._deed(selection.bring_back))

    def action_mend(self) -> None:
        self._act(self._deed(selection.mark))

    def action_forget(self) -> None:
        self._act(self._deed(selection.forget))

    def action_set_due(self) -> None:
        if self._can_act():
            self._open_box("day")

    def action_tag(self) -> None:
        if (found := self._mine()) is None:
            return
        mine, left = found
        if mine:
            self._open_box("tags")
        else:
            self.notify(_kept_tags(left))

    def _open_box(self, name: str) -> None:
        box = self.query_one(f"#{name}", Input)
        box.value, box.display = "", True
        box.focus()
        self.refresh_bindings()

    def action_give_day(self) -> None:
        try:
            typed = self.query_one("#day", Input).value
            most = self.desk.settings.maximum_interval
            day = selection.day_of(typed, self.desk.now(), most)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._close_box()
        self._act(partial(self._give, day))

    def action_give_tags(self) -> None:
        try:
            change = tagging.parse(self.query_one("#tags", Input).value)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._close_box()
        self._tag(change)

    def _give(self, day: date, connection: Connection, cards: Sequence[int]) -> Done:
        now, learner = self.desk.now(), self.desk.learner
        return selection.set_due(connection, cards, day, now, learner=learner)

    def _deed(self, deed: Callable[..., Done]) -> Deed:
        now, learner = self.desk.now(), self.desk.learner
        return lambda connection, cards: deed(connection, cards, now, learner=learner)

    def _act(self, deed: Deed) -> None:
        if not self._can_act():
            return
        cards = [one for cards in self._chosen.values() for one in cards]
        if not cards:
            self.notify("Nothing here has a card.")
            return
        self.set_busy("Writing …")
        self._write(deed, cards, sum(not one for one in self._chosen.values()))

    @work(thread=True, group="act")
    def _write(self, deed: Deed, cards: Sequence[int], without: int) -> None:
        """In a worker, as another program may hold the lock, and many cards take a while."""
        try:
            done = selection.do(self.desk.at(LONG_PATIENCE), deed, cards)
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._written, done, without)

    def _failed(self, told: str) -> None:
        self._look_back()
        self.set_busy("")
        self.notify(told, severity="error")

    def _written(self, done: Done, without: int) -> None:
        """Tell what was done, and what was left as it is: cards, and notes *without* any; and what
        is gone, as another window or an editor has deleted it."""
        if done.cards:
            taken = f"{self.key_of('undo')} takes it back."
            told = [f"{_TOLD[done.kind]}: {words.count(done.cards, 'card')}; {taken}"]
            if done.left:
                why = _LEFT[done.kind][done.left > 1]
                told.append(f"{words.count(done.left, 'card')} {why}.")
        else:
            told = [_NOTHING[done.kind]] * (done.left > 0)
        if done.gone:
            gone = "is gone" if done.gone == 1 else "are gone"
            told.append(f"{words.count(done.gone, 'card')} {gone}, as the text was deleted.")
        if without:
            has = "has" if without == 1 else "have"
            told.append(f"{words.count(without, 'note')} {has} no card.")
        self._acted(" ".join(told))

    def _acted(self, told: str) -> None:
        self._look_back()
        self.set_busy("")
        if told:
            self.notify(told)
        if self.is_attached:
            self._search()

    def _mine(self) -> tuple[list[int], int] | None:
        """Of the chosen notes those of the learner's own, and how many are of a pack; None, after
        one sentence, if there are none, all are gone by now, or that cannot be read."""
        if not self._can_act():
            return None
        learner = self.desk.learner
        try:
            with self.desk.reading() as connection:
                there = find.there(connection, self._chosen, learner=learner)
                rows = rewriting.own(connection, there, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return None
        if not there:
            self._acted("What was chosen is gone, as its text was deleted.")
            return None
        return sorted(row.id for row in rows), len(there) - len(rows)

    def _tag(self, change: tagging.Change) -> None:
        if (found := self._mine()) is None:
            return
        mine, left = found
        if mine:
            self.set_busy("Writing …")
            deed = partial(tagging.tag, notes=mine, change=change)
            told = _with_kept(tagging.told, _kept_tags(left))
            self._rewrite(_Text(deed, told, rewritten.TAGS))
        else:  # they are deleted by now
            self.notify(_kept_tags(left))

    def action_delete(self) -> None:
        if self.study.held or (found := self._mine()) is None:
            return
        mine, left = found
        key = self.key_of("suspend")
        kept = f"{words.count(left, 'note')} of a pack cannot be deleted; {key} sets aside."
        kept = kept if left else ""
        if mine:
            self.set_busy("Deleting …")
            deed = partial(removal.remove, notes=mine)
            told = _with_kept(removal.told, kept)
            self._rewrite(_Text(deed, told, rewritten.DELETION, gone=True))
        else:
            self.notify(kept)

    @work(thread=True, group="act")
    def _rewrite(self, text: _Text) -> None:
        try:
            done = text.deed(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._rewritten, done, text)

    def _rewritten(self, done: Rewriting, text: _Text) -> None:
        if done.notes:
            self.study.wrote(partial(rewriting.put_back, done=done, what=text.name), done)
        if text.gone:
            self._marked = {}
        self._acted(text.told(done, self.key_of("undo")))

    def action_undo(self) -> None:
        self.set_busy("Taking it back …")
        self._undo()

    def action_undo_nothing(self) -> None:
        self.tell_nothing_undone()

    @work(thread=True, group="act")
    def _undo(self) -> None:
        desk = self.desk.at(LONG_PATIENCE)
        try:
            if not self.study.has_done(self._before):  # which another window has taken back
                self.app.call_from_thread(self._acted, "")
                self.app.call_from_thread(self.tell_nothing_undone)
                return
            told = self.study.unwrite()
            if not told:
                with desk.writing() as connection:
                    undone = undo(connection, desk.now(), learner=desk.learner)
                told = f"Undone: {undone.what}." if undone else "There is nothing to undo."
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._acted, told)

    def action_ask(self) -> None:
        if self._shown is None:
            return
        try:
            self._deeper = asking.ask(self.desk, asking.of_note(self._shown.note))
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._look_back()
        self.notify(asking.told(self._deeper))

    action_unask = action_ask  # the same step, under the name of what it does then

    def action_past(self) -> None:
        """Of the card of the chosen note that slips most."""
        if self._shown is None:
            self._tell_nothing_found()
            return
        cards = self._shown.cards
        if not any(one.reviews for one in cards.values()):
            self.notify("No card of it was rated yet.")
            return
        worst = max(cards, key=lambda one: (cards[one].lapses, cards[one].reviews))
        self.study.open(places.Leech(worst))

    def action_edit(self) -> None:
        if (view := self._load()) is not None:
            self.edit_note(view)

    def action_rewrite(self) -> None:
        if (view := self._load()) is not None:
            self.study.open(places.Rewrite(view))

    def _load(self) -> card.CardView | None:
        """A card of the chosen note; None, after one sentence, if it has none to be read."""
        if self._shown is None:
            self._tell_nothing_found()
            return None
        cards = list(self._shown.cards)
        if not cards:
            self.notify("This has no card; it is changed in its file.")
            return None
        try:
            with self.desk.reading() as connection:
                return card.load(connection, cards[0], learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return None

    def set_busy(self, sentence: str) -> None:
        self._busy = sentence
        self.hold_keys(bool(sentence))
        self.refresh_bindings()
        if sentence:
            self.set_timer(SOON, self._count)  # what is done by then need not be said
        elif self.is_attached:
            self._count()

    def show_edited(self) -> None:
        self._search()

    # leaving

    def _close_box(self) -> None:
        for name in _GIVING.values():
            box = self.query_one(f"#{name}")
            if box.display:
                box.display = False
                self._list.focus()
                self.refresh_bindings()

    def action_back(self) -> None:
        if self._box is not None:
            self._close_box()
        else:
            self.app.pop_screen()


@lru_cache(maxsize=2000)
def _title(prompt: str) -> str:
    """A question as a list shows it. Markdown takes a while, and most keys leave most of a list."""
    return " ".join(plain(prompt).split())


def _figure(one: Found, of: str) -> str:
    """The least stability of its cards, or the most lapses."""
    if of == "lapses":
        return str(max((value.lapses for value in one.cards.values()), default=""))
    stable = [value.stability for value in one.cards.values() if value.stability is not None]
    return words.days(min(stable)) if stable else ""


_ACTING = frozenset(
    (
        *("mark_one", "mark_all", "suspend", "bury", "bring_back", "sort", "set_due", "forget"),
        *("tag", "delete", "mend", "rewrite", "edit", "past"),
    )
)
