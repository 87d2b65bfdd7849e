"""Drafts of cards, with their texts: each is accepted, changed or deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Mount
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.config import at_home
from studyapp.errors import StudyError
from studyapp.notes.card import written_out
from studyapp.notes.plain import plain
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import capture, inbox, library, words
from studyapp.study.capture import Drafts, Kept, Moved
from studyapp.study.desk import Desk
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page, soon
from studyapp.tui.widgets.listing import Listing, said
from studyapp.tui.widgets.prose import Prose

_NONE = (
    "No draft waits. `studyapp add` keeps a question as one, and a file that you put into {} "
    "becomes drafts by itself."
)


class DraftList(Listing):
    """Drafts, one chosen, and below them what of the inbox was not understood."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "cursor_down", "choose", "Go through the drafts"),
        bind("up", "cursor_up", show=False),
    ]


class DraftsScreen(Page):
    """One row a draft, the text of the chosen one below, or beside where there is room."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "accept", "accept", "Make a card of it"),
        bind("save", "accept_all", "accept all", "Make cards of all that have an answer"),
        bind("rewrite"),
        bind("delete", tooltip="Delete the draft; {undo} brings it back"),
        bind("undo", tooltip="Take back what was done last"),
        bind("back"),
    ]
    HORIZONTAL_BREAKPOINTS = [*Page.HORIZONTAL_BREAKPOINTS, (120, "-broad")]  # noqa: RUF012
    DEFAULT_CSS = """
    DraftsScreen {
        & #told { height: auto; color: $text-muted; margin: 1 0; }
        & #panes { height: 1fr; }
        & DraftList { height: 1fr; min-height: 2; text-wrap: wrap; }
        & #text { height: 1fr; border-top: solid $foreground 20%; }
        &.-broad { & > * { max-width: 160; } & #panes { layout: horizontal; }
            & DraftList { width: 1fr; height: 100%; }
            & #text { width: 1fr; height: 100%; border-top: none; margin-left: 2; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: Sequence[Kept] = ()
        self._listed = asyncio.Event()
        self._left = False  # for another page, which may have changed what there is

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield Static("", id="told", markup=False)
            with Container(id="panes"):
                yield DraftList(markup=False)
                with VerticalScroll(id="text", can_focus=False):
                    yield Prose(raw=self.desk.settings.raw_maths)

    @on(Mount)
    async def _come_with_the_list(self) -> None:
        """It is there at once; if it takes long, that it is being read is said instead."""
        self.head("Drafts")
        self.query_one("#panes").display = False
        self._list_anew()
        if not await soon(self._listed):
            self.head("Drafts", "reading …")

    def on_screen_suspend(self) -> None:
        self._left = True

    def on_screen_resume(self) -> None:
        if self._left:
            self._left = False
            self._list_anew()

    def _list_anew(self) -> None:
        self.hold_keys(True)
        self._list()

    @work(thread=True, exclusive=True, group="drafts")
    def _list(self) -> None:
        found, home, told = Drafts(), "", ""
        try:
            place = at_home(inbox.folder(self.desk))
            found = capture.read(self.desk)
            with suppress(StudyError), self.desk.reading() as connection:
                home = library.last_started(connection, learner=self.desk.learner).name
            told = "" if found.kept else _NONE.format(place)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._show, found, home, told)

    def _show(self, found: Drafts, home: str, told: str) -> None:
        self.hold_keys(False)
        self._listed.set()
        self._kept = found.kept
        goes = f"What you accept goes to {home}." if home else "Start a chapter, and accept them."
        unread = [*map(str, found.problems), *self.study.unread]
        below = [f"{words.count(len(unread), 'remark')} below"] if unread else []
        self.query_one("#told", Static).update(" · ".join([told or goes, *below]))
        self.head("Drafts", words.count(len(found.kept), "draft") if found.kept else "")
        rows = self.query_one(DraftList)
        chosen = rows.highlighted or 0
        rows.clear_options().add_options([*map(_row, found.kept), *map(said, unread)])
        self.query_one("#panes").display = bool(rows.option_count)
        rows.highlighted = min(chosen, rows.option_count - 1) if rows.option_count else None
        self.set_focus(rows if rows.option_count else None)
        self._show_chosen()

    @property
    def _chosen(self) -> Kept | None:
        index = self.query_one(DraftList).highlighted
        return self._kept[index] if index is not None and index < len(self._kept) else None

    @on(OptionList.OptionHighlighted)
    def _show_chosen(self) -> None:
        kept = self._chosen
        self.query_one("#text").display = kept is not None
        if kept is not None:
            note = kept.note
            points = [point.text for point in note.points]
            text = written_out(note.prompt, note.front, note.answer, points, note.synonyms)
            file = library.packs_of(self.desk) / library.OWN_PACK / note.path.name
            self.query_one(Prose).show(text, self.gallery(text, file))  # as once it is accepted
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "accept_all":
            return bool(self._kept)
        if action in ("accept", "rewrite", "delete"):
            return self._chosen is not None
        return True

    def action_accept(self) -> None:
        if (kept := self._chosen) is not None:
            self._begin(partial(capture.accept, kept=[kept]), self._accepted)

    def action_accept_all(self) -> None:
        self._begin(partial(capture.accept, kept=self._kept), self._accepted)

    def action_delete(self) -> None:
        if (kept := self._chosen) is not None and not self.study.held:
            self._begin(partial(capture.delete, kept=[kept]), self._deleted)

    def _begin(self, deed: Callable[[Desk], Moved], then: Callable[[Moved], None]) -> None:
        self.hold_keys(True)
        self._do(deed, then)

    @work(thread=True, exclusive=True, group="drafts")
    def _do(self, deed: Callable[[Desk], Moved], then: Callable[[Moved], None]) -> None:
        """Another program may hold the lock meanwhile."""
        try:
            done = deed(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(then, done)

    def _failed(self, told: str) -> None:
        self.notify(told, severity="error")
        self._list_anew()

    def _accepted(self, done: Moved) -> None:
        self.study.wrote(partial(capture.take_back, done=done))
        home = f" of {done.home.name}" if done.home else ""
        cards = "A card" if len(done.kept) == 1 else f"{len(done.kept)} cards"
        twins = [one.twin for one in done.kept if one.twin]
        like = f" Nearly this is there already: {plain(twins[0])}." if len(twins) == 1 else ""
        like = f" Of {len(twins)} nearly the same is there already." if len(twins) > 1 else like
        self.notify(f"{cards}{home}; {self.undo_now()}.{like}")
        self._list_anew()

    def _deleted(self, done: Moved) -> None:
        self.study.wrote(partial(capture.put_back, done=done))
        self.notify(f"Deleted; {self.undo_now('brings it back')}.")
        self._list_anew()

    def action_undo(self) -> None:
        try:
            told = self.study.unwrite()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        if told:
            self.notify(told)
        else:
            self.tell_nothing_undone()
        self._list_anew()

    def action_rewrite(self) -> None:
        if (kept := self._chosen) is not None:
            self.study.open(places.Rewrite(kept))

    def action_back(self) -> None:
        self.app.pop_screen()


def _row(kept: Kept) -> Option:
    """What a draft asks, and below it what is to be known before it is accepted."""
    told = [
        "" if kept.is_answered else "no answer yet",
        "an edit waits, and is accepted with it" if kept.edited else "",
        f"nearly: {plain(kept.twin)}" if kept.twin else "",
    ]
    below = " · ".join(filter(None, told))
    parts = [Content(plain(kept.note.prompt).strip())]
    return Option(
        Content("\n").join([*parts, *([Content.styled(f"  {below}", "dim")] if below else [])])
    )
