"""The boxes that Textual keeps of widgets, which a text set anew at the wrong moment made stale."""

from __future__ import annotations

from typing import Any

from textual.widget import Widget

_refresh = Widget.refresh


def keep_true() -> None:
    """Have a widget that asks for a layout again, while it waits for one, get a new box.

    Textual keeps a box by how often its widget has asked, and does not count what is asked until
    the widget comes to its idle moment. If the screen is laid out in between, as it is while pages
    are being opened on a busy machine, the height of a text that is gone would stay.
    """
    setattr(Widget, "refresh", _refresh_counted)  # noqa: B010 - mypy knows it as a method


def _refresh_counted(widget: Widget, *regions: Any, layout: bool = False, **more: Any) -> Widget:
    if layout and widget._layout_required:
        widget._layout_updates += 1
    return _refresh(widget, *regions, layout=layout, **more)
