"""What a page knows of the app that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from studyapp.lab.catalog import Catalog
    from studyapp.lab.runner import LiveRun
    from studyapp.study.desk import Desk
    from studyapp.study.rewriting import Rewriting
    from studyapp.study.undo import Newest
    from studyapp.study.undostack import Sight
    from studyapp.tui.places import Place


class Host(Protocol):
    """The app, as far as its pages need it."""

    desk: Desk | None  # from when the database is open
    running: LiveRun | None  # the experiment that is going on
    hurried: bool  # the learner has been told of what is not saved, and leaves
    led_to: set[str | None]  # addresses that were shown, and may be opened
    worth: set[tuple[date, str]]  # what an end of each day has told as worth doing

    keymap: dict[str, str]  # keys that the learner has chosen, by action
    told: tuple[str, str]  # what is told in passing, and how severe it is
    unread: tuple[str, ...]  # what the inbox had that could not be read
    held: bool  # the newest key is one that is held down
    piece: (
        int  # keys that came in one piece, so that nothing was seen between them, have one number
    )

    @property
    def catalog(self) -> Catalog:
        """The installed experiments."""

    def open(self, place: Place, *, instead: bool = False) -> None:
        """Show a place on top of this page, or *instead* of it."""

    def look(self) -> None:
        """Take note of which database it is, after it was put back as a whole."""

    def open_link(self, href: str) -> None:
        """Follow a link of an answer to the experiment that it names."""

    def wrote(self, take_back: Callable[[Desk], str], files: Rewriting | None = None) -> None:
        """Something was done that is not in the log, to *files* or just now; what takes it back
        says so."""

    def unwrite(self) -> str:
        """Take back what is not in the log, of this window or another one, if it was done last, and
        say so; empty if there is none. Raises StudyError if it cannot be."""

    def done_by_now(self) -> Sight:
        """What there is to take back. Raises StudyError."""

    def has_done(self, since: Sight | None = None) -> bool:
        """Whether there is something to take back, of the log or beside it, that was done *since*,
        or ever. Raises StudyError."""

    def later(self, deed: Callable[[Desk], str]) -> None:
        """Do what takes long behind the page, and tell what *deed* says when it is done."""

    def newest(self) -> Newest | None:
        """What `u` takes back of the log."""

    def drop_words(self) -> None:
        """What is typed right behind this key was meant for a box that did not open: until the
        hand pauses, it does nothing."""

    def is_sure(self, of: object) -> bool:
        """Whether the key before has asked about this; it counts as asked from now on."""

    def saw(self, answer: str) -> None:
        """An answer is on the screen: predictions of what it cites are naive no longer."""
