"""What every page has that lists cards: bring one back, set it aside, mark it, edit it, undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.memory.state import Memory
from studyapp.study import aside, card, review
from studyapp.study.card import CardView
from studyapp.study.library import Home, home_of
from studyapp.study.undo import undo
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.editing import EditingPage
from studyapp.tui.widgets.listing import Listing


class CardList(Listing):
    """Cards, one chosen."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "cursor_down", "choose", "Go through the cards"),
        bind("up", "cursor_up", show=False),
    ]

    def show(self, options: Sequence[Option]) -> None:
        """List these, with the place that was chosen; an empty list takes no key."""
        chosen = self.highlighted or 0
        self.clear_options().add_options(options)
        self.display = self.can_focus = bool(options)
        if options:
            self.highlighted = min(chosen, len(options) - 1)
            self.focus(scroll_visible=False)  # its chosen line comes in sight by itself


class CardsPage(EditingPage):
    """Acts on the chosen card. Subclasses list the cards and say which one is chosen."""

    BINDINGS = [  # noqa: RUF012
        bind("restore", "bring_back"),
        bind("edit"),
        bind("rewrite", show=False),
        bind("mark"),
        bind("suspend"),
        bind("bury"),
        bind("undo", tooltip="Take back what was done to a card last, in whichever window"),
        bind("undo", "undo_nothing", tooltip="", show=False),
        bind("back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._done: list[int | None] = []  # the card of each thing done here, to be taken back
        self._busy = False  # an editor's text is being read

    def on_mount(self) -> None:
        self.look_before()

    @property
    def chosen(self) -> tuple[int, Memory] | None:
        """The id of the chosen card and the memory of it, if there is one."""
        raise NotImplementedError

    @property
    def listed(self) -> Sequence[int]:
        """The ids of the cards, in the order of the list."""
        raise NotImplementedError

    def show_cards(self) -> None:
        """Read the cards anew and show them."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        self.show_cards()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in _OWN:
            return True
        if action == "undo_nothing":
            return not self._busy and not self._done
        if self._busy or self.chosen is None:
            return action == "undo" and not self._busy and bool(self._done)
        memory = self.chosen[1]
        buried = aside.is_buried(memory, self.desk.now())
        match action:
            case "bring_back":
                return memory.suspended or buried
            case "suspend":
                return not memory.suspended
            case "bury":
                return not (memory.suspended or buried)
            case "past":
                return memory.reviews > 0
            case "undo":
                return bool(self._done)
        return True

    def action_past(self) -> None:
        """On the pages that have the key."""
        if self.chosen is not None:
            self.study.open(places.Leech(self.chosen[0]))

    def action_bring_back(self) -> None:
        self._act(review.bring_back, "Brought back")

    def action_suspend(self) -> None:
        self._act(review.suspend, "Suspended")

    def action_bury(self) -> None:
        self._act(review.bury, "Buried until tomorrow")

    def action_mark(self) -> None:
        self._act(review.mark)

    def _act(self, deed: Callable[..., int | None], told: str = "") -> None:
        """Do *deed* with the chosen card. It says how many entries of the log that took, if they
        were not one."""
        if self.chosen is None:
            return
        done: int | None = None

        def act(connection: Connection) -> None:
            nonlocal done
            assert self.chosen is not None
            now, learner = self.desk.now(), self.desk.learner
            done = deed(connection, self.chosen[0], now, learner=learner)

        if self._write(act):
            entries = 1 if done is None or isinstance(done, bool) else done
            self._done += [self.chosen[0]] * entries
            self._show_done(told and f"{told}; {self.key_of('undo')} takes it back.")

    def action_undo(self) -> None:
        try:
            if self.is_nothing_left():
                self._done.clear()
                self.show_cards()
                self.refresh_bindings()
                return
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        what = ""

        def act(connection: Connection) -> None:
            nonlocal what
            undone = undo(connection, self.desk.now(), learner=self.desk.learner)
            what = undone.what if undone else ""

        if self._write(act):
            card = self._done.pop()
            self._show_done(f"Undone: {what}." if what else "There is nothing to undo.")
            if (
                card is not None and card in self.listed
            ):  # it may be there again, before the one that was chosen
                self.query_one(CardList).highlighted = list(self.listed).index(card)

    def action_undo_nothing(self) -> None:
        self.tell_nothing_undone()

    def _write(self, act: Callable[[Connection], None]) -> bool:
        try:
            with self.desk.writing() as connection:
                act(connection)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return False
        return True

    def _show_done(self, told: str) -> None:
        if told:
            self.notify(told)
        self.show_cards()
        self.refresh_bindings()

    def action_edit(self) -> None:
        if (view := self._load_chosen()) is not None:
            self.edit_note(view)

    def action_rewrite(self) -> None:
        if (view := self._load_chosen()) is not None:
            self.study.open(places.Rewrite(view))

    def _load_chosen(self) -> CardView | None:
        """The chosen card with its note; None, after one sentence, if it cannot be read."""
        if self.chosen is None:
            return None
        try:
            with self.desk.reading() as connection:
                return card.load(connection, self.chosen[0], learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return None

    @property
    def home(self) -> Home | None:
        view = self._load_chosen()
        return home_of(view) if view is not None else None

    def set_busy(self, sentence: str) -> None:
        self._busy = bool(sentence)
        self.hold_keys(self._busy)
        self.refresh_bindings()

    def show_edited(self) -> None:
        self.show_cards()
        self.refresh_bindings()

    def action_back(self) -> None:
        self.app.pop_screen()


_OWN = frozenset(
    ("past", "bring_back", "edit", "rewrite", "mark", "suspend", "bury", "undo", "undo_nothing")
)
