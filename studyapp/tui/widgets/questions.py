"""The questions of an attempt, one line each: how far it is with each, and which one is shown."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from studyapp.notes.plain import plain
from studyapp.study.questionnaire.attempt import Asked, Mark
from studyapp.tui.keys import bind
from studyapp.tui.row import Row
from studyapp.tui.widgets.listing import Listing

MARKS = {
    Mark.OPEN: "·",
    Mark.WRITTEN: "✎",
    Mark.MISSED: "✗",
    Mark.PARTLY: "◐",
    Mark.GOT: "✓",
    Mark.DONE: "■",
}
FLAG = "⚑"


class Questions(Listing):
    """Lists questions. A click chooses one; keys do while it may have the focus."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "select", "go there", "Go to the question"),
        bind("down", "cursor_down", "choose", "Go through the list"),
        bind("up", "cursor_up", "choose", show=False),
        bind("page_down", show=False),
        bind("page_up", show=False),
    ]
    DEFAULT_CSS = """
    Questions { height: 1fr; max-height: 100%; padding: 1 0 0 0;
        scrollbar-color: $foreground 20%; scrollbar-background: $foreground 5%;
        & > .option-list--option-highlighted { background: $foreground 10%; text-style: none; } }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self._shown: list[Row] = []

    def show(self, questions: Sequence[Asked]) -> None:
        """Show how far it is with each question; only what has changed is drawn again."""
        prompts = [_line(number, asked) for number, asked in enumerate(questions, 1)]
        if len(prompts) != len(self._shown):
            self.clear_options().add_options(Option(prompt) for prompt in prompts)
        else:
            for index, prompt in enumerate(prompts):
                if not prompt.is_same(self._shown[index]):
                    self.replace_option_prompt_at_index(index, prompt)
        self._shown = prompts


def _line(number: int, asked: Asked) -> Row:
    words = " ".join(plain(asked.note.prompt).split())
    quiet = "dim" if asked.mark is Mark.OPEN else ""
    head = Content.assemble(
        f" {MARKS[asked.mark]}",
        (FLAG if asked.flagged else " ", "$text-accent"),
        (f"{number:>3}  ", "dim"),
    )
    return Row(head, Content.styled(words, quiet))
