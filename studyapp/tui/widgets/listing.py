"""The look of all lists: one line chosen, which stays in sight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Offset, Region, Spacing
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from studyapp.tui import sight
from studyapp.tui.keys import bind


def said(text: str) -> Option:
    """What is no note of a list: one goes through it all the same, as a screen may not hold it."""
    return Option(Content.styled(text, "$foreground 60%"))


class Listing(OptionList, inherit_bindings=False):
    """A list without a frame. One that is as tall as its lines has the page scroll with it, and so
    leaves the keys for a page up and down to the page; its first line is the page's beginning, its
    last one the page's end."""

    BINDINGS = [  # noqa: RUF012
        bind("top", "first", show=False),
        bind("bottom", "last", show=False),
    ]
    DEFAULT_CSS = """
    Listing { height: auto; border: none; background: transparent; padding: 0;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
            background: $accent 20%; color: $foreground; text-style: bold; } }
    """

    _holds_page = False  # whether the page stays where it is, whatever is chosen

    def refill(self, options: Iterable[Option], chosen: int) -> None:
        """Show other lines and have one chosen, unasked: who looks at another part of the page
        goes on looking at that."""
        self._holds_page = True
        try:
            self.clear_options().add_options(options)
            self.highlighted = chosen
        finally:
            self._holds_page = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One line leaves nothing to choose."""
        return action not in ("cursor_down", "cursor_up") or self.option_count > 1

    def action_first(self) -> None:
        super().action_first()
        self._scroll_page(-1)

    def action_last(self) -> None:
        super().action_last()
        self._scroll_page(1)

    def _scroll_page(self, side: int) -> None:
        if isinstance(self.parent, VerticalScroll):
            self.call_after_refresh(sight.end, self.parent, side)

    def scroll_to_region(
        self, region: Region, *, spacing: Spacing | None = None, **options: Any
    ) -> Offset:
        """Bring a line in sight; with the first one, what stands above the list, if both fit."""
        if isinstance(self.parent, Widget) and not self._holds_page:
            place = region.translate(self.virtual_region.offset)
            if self.highlighted == 0 and place.bottom <= self.parent.size.height:
                place = place.union(Region(0, 0, 1, 1))
            self.call_after_refresh(self.parent.scroll_to_region, place, animate=False)
        return super().scroll_to_region(region, spacing=spacing, **options)
