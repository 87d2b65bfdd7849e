"""The four rating buttons, each with the interval that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from studyapp.memory.state import Rating
from studyapp.study import words
from studyapp.tui.keys import key_of

_WIDE = 24  # cells of a button that has room for words
_ROOMY = 15  # cells in which a time and what the rating means can stand apart


class RatingButton(Static):
    """One rating; a click gives it."""

    DEFAULT_CSS = """
    RatingButton { width: 1fr; height: 2; padding: 0 1 0 0; text-wrap: nowrap;
        &:hover { background: $boost; }
        &.-proposed { background: $accent 25%; text-style: bold; } }
    """

    @dataclass
    class Pressed(Message):
        rating: Rating

    def __init__(self, rating: Rating) -> None:
        super().__init__("", markup=False, id=f"rating-{rating.value}")
        self._rating = rating

    def on_click(self) -> None:
        self.post_message(self.Pressed(self._rating))


class Ratings(Horizontal):
    """The buttons side by side. Posts `Chosen`."""

    DEFAULT_CSS = """
    Ratings { height: 3; border-top: solid $foreground 20%; padding: 0 1; }
    """

    @dataclass
    class Chosen(Message):
        rating: Rating

    def compose(self) -> ComposeResult:
        for rating in Rating:
            yield RatingButton(rating)

    def clear(self) -> None:
        """Show nothing, in the same place."""
        for button in self.query(RatingButton):
            button.remove_class("-proposed")
            button.update("")

    def show(
        self,
        waits: Mapping[Rating, str],
        proposed: Rating | None = None,
        why: str = "",
        *,
        partly: bool = False,
        explained: bool = False,
    ) -> None:
        """Label each button with how long until the card comes back. An Again for what was *partly*
        said is called so: it comes back tomorrow. Who is new here has all of them *explained*."""
        for button, rating in zip(self.query(RatingButton), Rating, strict=True):
            button.set_class(rating is proposed, "-proposed")
            room = button.size.width
            halfway = partly and rating is Rating.AGAIN
            name = "partly" if halfway else rating.name.lower()
            told = halfway or explained or rating is Rating.HARD
            wait = (words.span(timedelta(days=1)) if halfway else waits[rating]).rjust(6)
            meaning = "in part" if halfway else words.MEANINGS[rating]
            hint = meaning if told else ""
            wait, hint = _beside(wait, hint, room, close=explained and room < _ROOMY)
            mark = f" ◂ {why if room >= _WIDE else ''}".rstrip() if rating is proposed else ""
            button.update(
                Content.assemble(
                    (f"{key_of(self, rating.name.lower())} {name}", "bold"),
                    (mark, "$text-accent"),
                    "\n",
                    wait,
                    (hint, "dim"),
                )
            )

    @on(RatingButton.Pressed)
    def _pressed(self, event: RatingButton.Pressed) -> None:
        event.stop()
        self.post_message(self.Chosen(event.rating))


def _beside(wait: str, hint: str, width: int, *, close: bool) -> tuple[str, str]:
    """When a card comes back, and the *hint* if it stands whole beside it."""
    shown, gap = (wait.strip(), " ") if close else (wait, "  ")
    fits = hint and len(shown) + len(gap) + len(hint) <= width
    return (shown, gap + hint) if fits else (wait, "")
