"""How a card has gone, and its family: what was expected, what happened, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.lab.catalog import Declaration
from studyapp.memory.clock import study_day
from studyapp.memory.state import Memory
from studyapp.notes.plain import plain
from studyapp.study import leech, split, words
from studyapp.study.card import CardView
from studyapp.study.lab.facts import lessons_for
from studyapp.study.leech import Past, Relative
from studyapp.tui import places, sight
from studyapp.tui.keys import bind
from studyapp.tui.row import Laid, Row, Rows, aligned
from studyapp.tui.screens.cards import CardList, CardsPage
from studyapp.tui.widgets.prose import Prose

_EXPLAINED = "expected: the recall that was to be expected then; ✗: it was not there\n"
_NAMED = 12  # cells before what is drawn


class LeechScreen(CardsPage, inherit_bindings=False):
    """The cards of a family below, and above them the past of the one that is chosen, on which
    the keys act."""

    BINDINGS = [  # noqa: RUF012 - what helps comes first, in the footer as well
        bind("rewrite"),
        bind("split"),
        bind("split", "split_nothing", tooltip="", show=False),
        bind("contrast"),
        bind("suspend"),
        bind("lesson", tooltip="The experiment behind this answer", show=False),
        bind("read", show=False),
        bind("go_on", "open", "open", "Show the note with its cards", show=False),
        bind("page_down", "scroll(1)", show=False),
        bind("page_up", "scroll(-1)", show=False),
        bind(
            "top",
            "end(-1)",
            tooltip="To the beginning of the text, or its end",
            show=False,
            first=True,
        ),
        bind("bottom", "end(1)", show=False, first=True),
        bind("restore", "bring_back"),
        bind("mark", show=False),
        bind("bury", show=False),
        bind("edit", show=False),
        bind("undo", tooltip="Take back what was done last, in whichever window"),
        bind("undo", "undo_nothing", tooltip="", show=False),
        bind("back"),
        *Screen.BINDINGS,
    ]
    DEFAULT_CSS = """
    LeechScreen {
        & VerticalScroll { height: 1fr; }
        & #past { margin-top: 1; height: auto; }
        & CardList { max-height: 30%; margin-top: 1; border-top: solid $foreground 20%; }
        & CardList:focus { border-top: solid $foreground 20%; }
    }
    """

    def __init__(self, card_id: int) -> None:
        super().__init__()
        self._card = card_id
        self._family: Sequence[Relative] = ()
        self._view: CardView | None = None  # of the one that is chosen
        self._lessons: Sequence[Declaration] = ()

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            with VerticalScroll(can_focus=False):
                yield Prose(raw=self.desk.settings.raw_maths)
                yield Static("", id="past", markup=False)
            yield CardList(markup=False)

    @property
    def _chosen(self) -> Relative | None:
        index = self.query_one(CardList).highlighted
        return self._family[index] if index is not None and index < len(self._family) else None

    @property
    def chosen(self) -> tuple[int, Memory] | None:
        return (self._chosen.card, self._chosen.memory) if self._chosen else None

    @property
    def listed(self) -> list[int]:
        return [one.card for one in self._family]

    def show_cards(self) -> None:
        now, settings, learner = self.desk.now(), self.desk.settings, self.desk.learner
        try:
            with self.desk.reading() as connection:
                self._family = leech.family(connection, self._card, now, settings, learner=learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if not self._family:
            self.notify("This card is there no more.", severity="warning")
            self.app.pop_screen()
            return
        self.query_one(CardList).show([_option(one) for one in self._family])
        self._show_past()

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        if self._chosen is not None and (self._view is None or self._view.id != self._chosen.card):
            self._show_past()
            self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _show_past(self) -> None:
        """Show how the chosen card has gone."""
        if self._chosen is None:
            return
        try:
            with self.desk.reading() as connection:
                self._view, past = leech.of_card(
                    connection, self._chosen.card, learner=self.desk.learner
                )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        view = self._view
        self._lessons = lessons_for(view.note, self.study.catalog)
        self.head(view.place, "its family" if self._chosen.card != self._card else "")
        front = view.face.front
        self.query_one(Prose).show(front, self.gallery(front, view.note.path))
        heading, today = leech.heading(view.memory, self.desk.settings), study_day(self.desk.now())
        self.query_one("#past", Static).update(
            Rows(
                [
                    Row("", Content.styled(heading, "bold")),
                    *self._around(view),
                    *_drawn(past, today),
                ]
            )
        )

    def _around(self, view: CardView) -> list[Laid]:
        """What stands behind the card, each with its key."""
        found: list[Laid] = []
        if view.variant is not None and self._chosen is not None:
            listed = " ".join(plain(self._chosen.prompt).split())
            found.append(
                Row("", f"A case of “{listed}”, whose turn it is; a split takes it alone.")
            )
        if self._lessons:
            names = ", ".join(lesson.name for lesson in self._lessons)
            found.append(Row(f"{self.key_of('lesson')}  ", f"experiment {names}"))
        if view.section_title is not None:
            told = f"section {view.note.section} {view.section_title}"
            found.append(Row(f"{self.key_of('read')}  ", told))
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view = self._view
        if action not in _OWN:
            return super().check_action(action, parameters)
        if view is None or self._busy:
            return False
        match action:
            case "split" | "split_nothing":
                return split.can_be(view) is (action == "split")
            case "lesson":
                return bool(self._lessons)
            case "read":
                return view.section_title is not None
        return True

    def action_split(self) -> None:
        assert self._view is not None
        self.study.open(places.Split(self._view))

    def action_split_nothing(self) -> None:
        told = "It says one thing, in one point or sentence: there is nothing to split"
        self.notify(f"{told}. {self.key_of('rewrite')} words it anew.")

    def action_contrast(self) -> None:
        self.study.open(places.Find(self._view))

    def action_lesson(self) -> None:
        self.study.open(places.Lab(self._lessons))

    def action_read(self) -> None:
        view = self._view
        assert view is not None
        if (section := self.section_of(view)) is not None:
            self.study.open(places.Section(section))

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        if self._chosen is not None:
            self.study.open(places.Note(self._chosen.note))

    def action_scroll(self, pages: int) -> None:
        sight.page(self.query_one(VerticalScroll), pages)

    def action_end(self, side: int) -> None:
        sight.end(self.query_one(VerticalScroll), side)

    def action_undo(self) -> None:
        if not self._unwrites():
            super().action_undo()

    def action_undo_nothing(self) -> None:
        if not self._unwrites():
            super().action_undo_nothing()

    def _unwrites(self) -> bool:
        """Whether cards have gone again that were made here last."""
        try:
            told = self.study.unwrite()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return True
        if told:
            self._show_done(told)
        return bool(told)


_OWN = frozenset(("split", "split_nothing", "contrast", "lesson", "read", "open"))


def _option(one: Relative) -> Option:
    side = words.side(one.side)
    return Option(
        Content.assemble(
            " ".join(plain(one.prompt).split()),
            (f"  {side}" if side else "", "dim"),
            (f"  {one.told}", "dim"),
        )
    )


def _drawn(past: Sequence[Past], today: date) -> list[Laid]:
    """The reviews as a drawing, then each on a line, the newest first."""
    if not past:
        return []
    table = [
        ("rated on", "waited", "expected", "said", "then"),
        *(one.row(today) for one in reversed(past)),
    ]
    return [Row("", ""), _Drawing(past), *aligned(table)]


class _Drawing(Laid):
    """The newest reviews as signs, as many as there is room for, and how many there are in all."""

    def __init__(self, past: Sequence[Past]) -> None:
        self._past = past

    def lines(self, width: int) -> list[Content]:
        room = max(1, width - _NAMED)
        rows = [
            Row(Content.styled(name.ljust(_NAMED), "dim"), Content.styled(line, "$accent"))
            for name, line in leech.curve_lines(self._past, room)
        ]
        older = len(self._past) > room
        told = f"the newest {room:,} of {len(self._past):,} reviews; " if older else ""
        return Rows([*rows, Row("", Content.styled(told + _EXPLAINED, "dim"))]).lines(width)
