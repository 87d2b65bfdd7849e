"""What one can do next, the most useful first, each with its key."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from studyapp.tui.keys import bind


class Menu(OptionList, inherit_bindings=False):
    """What one can do next, the most useful first."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "select", "choose", "Do what is chosen"),
        bind("down", "cursor_down", "choose", show=False),
        bind("up", "cursor_up", "choose", show=False),
    ]
    DEFAULT_CSS = """
    Menu { height: auto; border: none; background: transparent; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
            background: $accent 20%; color: $foreground; text-style: bold; } }
    """


def option(name: str, words: str, key: str, detail: str = "") -> Option:
    """A line of the menu; *name* is its id."""
    return Option(label(words, key, detail), id=name)


def label(words: str, key: str, detail: str) -> Content:
    return Content.assemble(words.ljust(30), (key.ljust(7), "$text-accent"), (detail, "dim"))
