"""What every screen has: a title line, a footer, and a sentence when the terminal is too small."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import work
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.errors import NoWidget
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.study import words
from studyapp.tui.keys import key_of
from studyapp.tui.sight import TALL
from studyapp.tui.widgets.keybar import KeyBar
from studyapp.tui.widgets.told import Told

if TYPE_CHECKING:
    from studyapp.notes.media import Medium
    from studyapp.study.desk import Desk
    from studyapp.study.library import Home
    from studyapp.study.undo import Newest
    from studyapp.study.undostack import Sight
    from studyapp.tui.host import Host
    from studyapp.tui.widgets.picture import Gallery
    from studyapp.tui.widgets.prose import Placed, Prose

SMALLEST = (40, 12)
A_WHILE = 20.0  # seconds between two looks at the calendar
SOON = 0.3  # seconds that a page may come later for, to come with what it shows
_BODY = "page"  # all that is hidden while the window is too small
_GAP = 2  # cells, at least, between the two sides of a title


async def soon(there: asyncio.Event) -> bool:
    """Wait for what a page is to show from its first frame on, as long as it may come later for
    that: whether it is there."""
    with suppress(TimeoutError):
        await asyncio.wait_for(there.wait(), SOON)
    return there.is_set()


class TitleBar(Widget, can_focus=False):
    """Where one is on the left, how far on the right; a line, or as many as the words take."""

    DEFAULT_CSS = """
    TitleBar { height: auto; padding: 0 1; border-bottom: solid $foreground 20%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._left, self._right = Content.styled("studyapp", "bold"), Content()

    def show(self, left: str, right: str) -> None:
        self._left = Content.styled(left, "bold")
        self._right = Content.styled(right, "$text-muted")
        self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        left, right = self._left, self._right
        room = width - right.cell_length - _GAP * bool(right)
        if left.cell_length > room and room < width // 2:  # each on lines of its own
            below = [line.pad_left(width - line.cell_length) for line in right.wrap(width)]
            return [*left.wrap(width), *below]
        first, *others = left.wrap(max(1, room))
        return [first.pad_right(width - first.cell_length - right.cell_length) + right, *others]


class Page(Screen[None]):
    """A screen of the app; subclasses fill `compose_body`.

    All of it stands on one centred column, which is what a line of text may measure, with its
    margins; a page of two panes has room for both. Where what is read, `.body`, is answered by a
    key, both are in a `.card`. In a tall window that is no taller than its text, but not too low
    either: for most cards `.foot` stays in one place, as it does where there is no room to spare.
    """

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own declaration
        (0, "-tiny"),
        (SMALLEST[0], "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (SMALLEST[1], "-short"),
        (TALL, "-tall"),
    ]
    FOLLOWS = True  # it is left if another program goes back to a backup
    NEW_CARD = True  # the key for a card of one's own is the app's; some pages have it otherwise
    AUTO_FOCUS = ""  # each screen says what its keys go to
    DEFAULT_CSS = """
    Page {
        align-horizontal: center;
        & > * { width: 100%; max-width: 103; }
        & > #page { height: 1fr; }
        & .body { height: 1fr; padding: 0 1; scrollbar-gutter: stable; }
        & .card { height: 1fr; }
        & .foot { dock: bottom; height: auto; }
        &.-tall .card { height: auto; min-height: 26; max-height: 100%;
            & > .body { height: auto; max-height: 100%; } }
        & > #too-small { display: none; height: 100%; content-align: center middle;
            text-align: center; }
        &.-tiny, &.-flat {
            & > #page, & > TitleBar, & > Told, & > KeyBar { display: none; }
            & > #too-small { display: block; }
        }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()  # not while it counts or writes: keys wait for what that does
        self.ready.set()
        self._illustrated = False  # a text of it has shown a picture or a sound
        self._viewed: Medium | None = None  # the one that was opened last
        self._before: Sight | None = None  # what could be taken back before this page was there

    def compose(self) -> ComposeResult:
        self._fit()
        yield TitleBar()
        with Vertical(id=_BODY):
            yield from self.compose_body()
        yield Static(
            f"Too small: studyapp needs {SMALLEST[0]}×{SMALLEST[1]}.", id="too-small", markup=False
        )
        yield Told()
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_told()

    def on_unmount(self) -> None:
        """What its widgets have painted is kept by a cache of Textual's, of a thousand widgets that
        may be gone."""
        StylesCache.get_inner_outer.cache_clear()

    def on_screen_resume(self) -> None:
        self._fit()
        self._show_told()

    def _fit(self) -> None:
        """Take the classes of the window's size, which Textual gives only after the first frame,
        and only to the page that is on top."""
        sides = (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS)
        for cells, breakpoints in zip(self.app.size, sides, strict=True):
            here = [name for least, name in breakpoints or () if cells >= least][-1]
            for _, name in breakpoints or ():
                self.set_class(name == here, name)

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        return super().call_after_refresh(self.while_open, callback, *args, **kwargs)

    def set_timer(
        self, delay: float, callback: Callable[..., Any] | None = None, **options: Any
    ) -> Timer:
        later = callback and partial(self.while_open, callback)
        return super().set_timer(delay, later, **options)

    def while_open(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do what was to come later, unless the page was left meanwhile and has lost its parts."""
        app = self.parent
        if isinstance(app, App) and self in app.screen_stack:
            return callback(*args, **kwargs)
        return None

    @property
    def too_small(self) -> bool:
        """Whether the window has no room for any of it: what is not seen takes no command."""
        return any(here < least for here, least in zip(self.app.size, SMALLEST, strict=True))

    def _reset_focus(self, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Textual takes the keys from what is hidden. While the window is too small all is, and has
        them again afterwards; what has gone, or is hidden by its page, loses them as ever."""
        hidden = any(not one.display for one in widget.ancestors_with_self if one.id != _BODY)
        if avoiding or hidden or not widget.focusable:
            super()._reset_focus(widget, avoiding)

    def _show_told(self) -> None:
        """Show what was told on the page before; not yet composed, it comes with the mount."""
        for line in self.query(Told):
            line.show(*self.study.told)

    def compose_body(self) -> ComposeResult:
        raise NotImplementedError

    @property
    def study(self) -> Host:
        """The app, typed."""
        return cast("Host", self.app)

    @property
    def desk(self) -> Desk:
        """Where the learner sits; it is there from when the database is open."""
        desk = self.study.desk
        assert desk is not None
        return desk

    def key_of(self, action: str) -> str:
        """The key of an action, for a sentence."""
        return key_of(self, action)

    def set_up(self, name: str, value: str | bool | date | None) -> None:
        """Change one setting; if settings.toml cannot be written, it holds until the app closes."""
        try:
            self.desk.change(name, value)
        except StudyError as error:
            self.notify(f"Not kept for the next time: {error}", severity="error")

    def gallery(self, text: str, file: Path) -> Gallery | None:
        """How the pictures and sounds of *text*, of a note in *file*, are shown; None if it has
        none, as most texts."""
        if "](" not in text:
            return None
        from studyapp.notes.media import shows
        from studyapp.study.shelf import shelf
        from studyapp.tui.widgets.picture import Gallery, way_of

        if not shows(text):
            return None
        self._illustrated = True
        return Gallery(shelf(self.desk, file), way_of(self.app, self.desk.settings.pictures))

    @property
    def media(self) -> list[Medium]:
        """The pictures and sounds of this page that can be opened: what is in sight or, if nothing
        is, all of them. An answer that is not shown has none."""
        if not self._illustrated:  # which is asked at every change of the keys
            return []
        there = [(prose, one) for prose in _proses(self) for one in prose.placed]
        there = [(prose, one) for prose, one in there if one.medium.file is not None]
        seen = [(prose, one) for prose, one in there if self._sees(prose, one)]
        return list(dict.fromkeys(one.medium for _, one in seen or there))

    def _sees(self, prose: Prose, one: Placed) -> bool:
        """Whether something of what stands in a text is on the screen."""
        try:
            found = self.find_widget(prose)
        except NoWidget:
            return False
        first = found.region.y + one.y
        return first < found.clip.bottom and first + max(1, one.height) > found.clip.y

    def open_medium(self) -> None:
        """Open what is in sight, and the next time what stands below that."""
        there = self.media
        if not there or self.study.held:
            return
        at = there.index(self._viewed) + 1 if self._viewed in there else 0
        self._viewed = there[at % len(there)]
        more = f" ({at % len(there) + 1} of {len(there)})" if len(there) > 1 else ""
        self.notify(f"Opened: {self._viewed.name}{more}.")
        self._have_viewed(self._viewed)

    @work(thread=True, group="view")
    def _have_viewed(self, medium: Medium) -> None:
        from studyapp.tui.viewer import view

        assert medium.file is not None
        try:
            view(medium.file)
        except StudyError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")

    def hold_keys(self, hold: bool) -> None:
        """Have keys wait while something is counted or written that they are about, or no more."""
        (self.ready.clear if hold else self.ready.set)()

    def refuse_box(self, why: str) -> None:
        """Say why nothing can be typed; who types on all the same gives no commands."""
        self.notify(why)
        self.study.drop_words()

    def typed_ahead(self, piece: int) -> bool:
        """Whether this key came in one piece with the one that brought up, in *piece*, what it
        would act on: nobody has seen that yet, which is said."""
        ahead = piece == self.study.piece
        if ahead:
            self.notify("This was not on the screen yet when you typed that, so it did nothing.")
        return ahead

    def undo_now(self, does: str = "takes it back") -> str:
        """For a sentence: which key undoes what no later session can take back."""
        return f"{self.key_of('undo')} {does} while the app is open"

    def tell_nothing_undone(self) -> None:
        """Say that nothing is left of what `u` takes back on this page, and where it takes back
        what was done before, if anything was."""
        try:
            before = self.study.has_done()
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        today = f"; {self.key_of('undo')} on Today goes further back" * before
        self.notify(f"Nothing done here is left to take back{today}.")

    def look_before(self) -> None:
        """As the page opens: what is done from now on may be taken back here."""
        with suppress(StudyError):  # else all is as if it had been done here
            self._before = self.study.done_by_now()

    def is_nothing_left(self) -> bool:
        """Whether nothing that was done since this page opened is left to take back, as another
        window has; then that is said. Raises StudyError."""
        if self.study.has_done(self._before):
            return False
        self.tell_nothing_undone()
        return True

    def asks(self, found: Newest | None) -> bool:
        """Whether `u` would take back what is older than today, and the key before has not asked
        about it. Then it is named, and the same key once more takes it back."""
        today = study_day(self.desk.now())
        if found is None or found.day >= today or self.study.is_sure(found):
            return False
        told = f"{found.told}, {words.ago(found.day, today)}"
        self.notify(f"{self.key_of('undo')} once more takes back {told}.")
        return True

    @property
    def home(self) -> Home | None:
        """Where a card belongs that is written from here; None: with the chapter started last.
        Raises StudyError if that cannot be read."""
        return None

    def touched(self) -> None:
        """A key has come; a page that counts time takes note."""

    def keep(self) -> bool:
        """Save what is being written, before the app closes; False, after one sentence, if that
        cannot be."""
        return True

    def rescue(self) -> None:
        """Put what cannot be saved where the learner finds it, as the app closes all the same."""

    def head(self, left: str, right: str = "") -> None:
        self.query_one(TitleBar).show(left, right)


def _proses(page: Page) -> list[Prose]:
    """The texts on a page that show something, but for those that are hidden."""
    from studyapp.tui.widgets.prose import Prose

    return [
        one
        for one in page.query(Prose)
        if one.placed and all(node.display for node in one.ancestors_with_self)
    ]
