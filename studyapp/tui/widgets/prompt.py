"""A question inside a section's text: its card, first the question, then points and answer too."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from studyapp.memory.state import Rating
from studyapp.notes.plain import plain
from studyapp.study.card import CardView
from studyapp.study.grading import propose
from studyapp.tui.widgets.picture import Galleries
from studyapp.tui.widgets.points import Points
from studyapp.tui.widgets.prose import Prose


class PromptCard(Vertical):
    """Shows a card where it is asked; hidden while there is none."""

    DEFAULT_CSS = """
    PromptCard {
        display: none; height: auto; max-width: 100; margin-top: 1; padding-left: 2;
        border-left: wide $accent;
        & > .answer, & > #prompt-source { display: none; }
        & > #prompt-rule { height: 1; margin-top: 1; color: $text-muted; text-wrap: nowrap; }
        & > #prompt-answer { margin-top: 1; }
        & > #prompt-source { height: auto; margin-top: 1; color: $text-muted; }
        &.-revealed > .answer, &.-revealed > #prompt-source.-told { display: block; }
    }
    """

    def __init__(self, gallery: Galleries) -> None:
        super().__init__()
        self._gallery = gallery
        self.card: CardView | None = None
        self._points = Points()
        self._points.add_class("answer")

    def compose(self) -> ComposeResult:
        yield Prose(id="prompt-question")
        yield Static("── answer ".ljust(100, "─"), id="prompt-rule", classes="answer", markup=False)
        yield self._points
        yield Prose(id="prompt-answer", classes="answer")
        yield Static("", id="prompt-source", markup=False)

    @property
    def revealed(self) -> bool:
        return self.has_class("-revealed")

    @property
    def points(self) -> Points | None:
        """What can be ticked, if there is anything."""
        return self._points if self.revealed and self.card and self.card.face.points else None

    def has_point(self, index: int) -> bool:
        """Whether there is a point at *index* to tick."""
        return self.points is not None and index < len(self.card.face.points if self.card else ())

    @property
    def proposed(self) -> Rating | None:
        """What the ticks propose, or that there is nothing to tick."""
        if self.card is None or not self.revealed:
            return None
        return propose(self.card.face.points, self._points.ticked, self.card.note.need)

    def ask(self, card: CardView | None) -> None:
        """Show the question of *card*; with None nothing any more."""
        self.card = card
        self.display = card is not None
        self.remove_class("-revealed")
        if card is not None:
            front = card.face.front
            gallery = self._gallery(front, card.note.path)
            self.query_one("#prompt-question", Prose).show(front, gallery)

    def reveal(self, answer: str) -> None:
        """Show its points, the *answer* and what that rests on below the question."""
        assert self.card is not None
        note, points = self.card.note, self.card.face.points
        self.show_answer(answer)
        self._points.show(points, [plain(point.text).strip() for point in points])
        source = [f"as of {note.as_of}"] if note.as_of else []
        line = self.query_one("#prompt-source", Static)
        line.update("  ".join([*source, *note.sources]))
        line.set_class(bool(source or note.sources), "-told")
        self.add_class("-revealed")

    def show_answer(self, answer: str) -> None:
        """Show another text of the answer; what is ticked stays."""
        assert self.card is not None
        gallery = self._gallery(answer, self.card.note.path)
        self.query_one("#prompt-answer", Prose).show(answer, gallery)
