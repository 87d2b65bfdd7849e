"""The look of all lists: one line chosen, which stays in sight."""

from __future__ import annotations

from typing import Any

from textual.geometry import Offset, Region, Spacing
from textual.widget import Widget
from textual.widgets import OptionList


class Listing(OptionList, inherit_bindings=False):
    """A list without a frame. One that is as tall as its lines has the page scroll with it."""

    DEFAULT_CSS = """
    Listing { height: auto; border: none; background: transparent; padding: 0;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
            background: $accent 20%; color: $foreground; text-style: bold; } }
    """

    def scroll_to_region(
        self, region: Region, *, spacing: Spacing | None = None, **options: Any
    ) -> Offset:
        """Bring a line in sight; with the first one, what stands above the list as well."""
        if self.highlighted == 0:
            region = region.union(Region(0, -self.virtual_region.y, 1, 1))
        if isinstance(self.parent, Widget):
            place = region.translate(self.virtual_region.offset)
            self.call_after_refresh(self.parent.scroll_to_region, place, animate=False)
        return super().scroll_to_region(region, spacing=spacing, **options)
