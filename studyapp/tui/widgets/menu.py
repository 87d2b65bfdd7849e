"""What one can do next, the most useful first, each with its key."""

from __future__ import annotations

from textual.content import Content
from textual.widgets.option_list import Option

from studyapp.tui.keys import bind, key_of
from studyapp.tui.row import Row
from studyapp.tui.widgets.listing import Listing


class Menu(Listing):
    """What one can do next, the most useful first."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "select", "choose", "Do what is chosen"),
        bind("down", "cursor_down", "choose", show=False),
        bind("up", "cursor_up", "choose", show=False),
    ]

    def watch_highlighted(self, highlighted: int | None) -> None:
        """The key that does what is chosen stands beside it."""
        for index, one in enumerate(self.options):
            if isinstance(one, Choice) and one.is_chosen is not (index == highlighted):
                one.is_chosen = not one.is_chosen
                go_on = key_of(self, "go_on") if one.is_chosen else ""
                self.replace_option_prompt_at_index(index, one.row(go_on))
        super().watch_highlighted(highlighted)


class Choice(Option):
    """A line of the menu: its words, the key that does the same from anywhere, and details."""

    def __init__(self, name: str, words: str, key: str, detail: str) -> None:
        self._words, self._key, self._detail = words, key, detail
        self.is_chosen = False
        super().__init__(self.row(), id=name)

    def row(self, go_on: str = "") -> Row:
        key = f"{go_on} {self._key}".strip()
        head = Content.assemble(self._words.ljust(28) + "  ", (key.ljust(5) + "  ", "$text-accent"))
        return Row(head, Content.styled(self._detail, "dim"))


def option(name: str, words: str, key: str, detail: str = "") -> Option:
    """A line of the menu; *name* is its id."""
    return Choice(name, words, key, detail)
