"""What of a page is in sight: the part that has to be seen before one goes on."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.widget import Widget

TALL = 30  # lines of a window with room to spare


def bring(body: VerticalScroll, first: Widget, last: Widget) -> None:
    """Scroll *body* until *last* is in sight, but never past *first*; no more than is needed."""
    # Not by `scroll_y`, which is ahead of where things stand until they are painted anew.
    top = body.children[0].region.y - body.children[0].virtual_region.y
    needed = last.region.bottom - top - body.size.height
    body.scroll_to(y=max(0, min(first.region.y - top, needed)), animate=False)


def is_below(body: VerticalScroll, last: Widget) -> bool:
    """Whether something of what ends with *last* is still below the fold."""
    return last.region.bottom > body.region.bottom


def line(body: VerticalScroll, step: int) -> None:
    (body.scroll_down if step > 0 else body.scroll_up)(animate=False)


def end(body: VerticalScroll, side: int) -> None:
    (body.scroll_end if side > 0 else body.scroll_home)(animate=False)


def page(body: VerticalScroll, step: int) -> None:
    (body.scroll_page_down if step > 0 else body.scroll_page_up)(animate=False)
