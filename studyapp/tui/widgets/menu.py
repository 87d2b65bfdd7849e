"""What one can do next, the most useful first, each with its key."""

from __future__ import annotations

from textual.content import Content
from textual.widgets.option_list import Option

from studyapp.tui.keys import bind
from studyapp.tui.row import Row
from studyapp.tui.widgets.listing import Listing


class Menu(Listing):
    """What one can do next, the most useful first."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "select", "choose", "Do what is chosen"),
        bind("down", "cursor_down", "choose", show=False),
        bind("up", "cursor_up", "choose", show=False),
    ]


def option(name: str, words: str, key: str, detail: str = "") -> Option:
    """A line of the menu; *name* is its id."""
    head = Content.assemble(words.ljust(28) + "  ", (key.ljust(5) + "  ", "$text-accent"))
    return Option(Row(head, Content.styled(detail, "dim")), id=name)
