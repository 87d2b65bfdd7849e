"""The grades that a learner can give an answer, each with what it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from studyapp.study.grading import Grade
from studyapp.tui.keys import key_of

KEYS = {Grade.MISSED: "again", Grade.PARTLY: "hard", Grade.GOT: "good"}  # in the table of keys


class GradeButton(Static):
    """One grade; a click gives it."""

    DEFAULT_CSS = """
    GradeButton { width: 1fr; height: 2; margin-right: 1; text-wrap: nowrap;
        text-overflow: ellipsis;
        &:hover { background: $boost; }
        &.-proposed { background: $accent 25%; text-style: bold; } }
    """

    @dataclass
    class Pressed(Message):
        grade: Grade

    def __init__(self, grade: Grade) -> None:
        super().__init__("", markup=False, id=f"grade-{grade.name.lower()}")
        self._grade = grade

    def on_click(self) -> None:
        self.post_message(self.Pressed(self._grade))


class Grades(Horizontal):
    """The grades side by side, or a sentence in their place. Posts `Chosen`.

    `hint` is one line on the border above them, so that nothing moves when it comes and goes.
    """

    DEFAULT_CSS = """
    Grades { height: 3; border-top: solid $foreground 20%; padding: 0 1;
        border-title-color: $text-muted; border-title-style: none;
        & > #judged { width: 1fr; height: 2; display: none; color: $text-muted; }
        & > #grade-got { margin-right: 0; }
        &.-judged { & > GradeButton { display: none; } & > #judged { display: block; } } }
    """

    @dataclass
    class Chosen(Message):
        grade: Grade

    def compose(self) -> ComposeResult:
        for grade in KEYS:
            yield GradeButton(grade)
        yield Static("", id="judged", markup=False)

    def hint(self, sentence: str) -> None:
        self.border_title = Content(f" {sentence} ") if sentence else None

    def tell(self, sentence: str) -> None:
        """Show a sentence instead of the grades; an empty one leaves the place empty."""
        self.add_class("-judged")
        self.query_one("#judged", Static).update(sentence)

    def show(
        self, leads_to: Mapping[Grade, str], proposed: Grade | None = None, why: str = ""
    ) -> None:
        """Label each grade with when the card comes back."""
        self.remove_class("-judged")
        room = self.size.width // 3  # of a button, which may not be laid out yet
        for button, (grade, key) in zip(self.query(GradeButton), KEYS.items(), strict=True):
            button.set_class(grade is proposed, "-proposed")
            name = f"{key_of(self, key)} {grade}"
            mark = f" ◂ {why}".rstrip() if grade is proposed else ""
            when = leads_to.get(grade, "")
            if len(name + mark) > room:
                mark = mark[:2]
            if len(when) + 2 > room:
                when = when.removeprefix("again in ")
            button.update(
                Content.assemble(
                    (name, "bold"),
                    (mark, "$text-accent"),
                    f"\n  {when}",
                )
            )

    @on(GradeButton.Pressed)
    def _pressed(self, event: GradeButton.Pressed) -> None:
        event.stop()
        self.post_message(self.Chosen(event.grade))
