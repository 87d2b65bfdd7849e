"""What is to come once, a little later, which Textual forgets on a machine that is too busy."""

from __future__ import annotations

from typing import Any

from textual.timer import Timer

_begin = Timer.__init__


def keep_true() -> None:
    """Have each `set_timer` come.

    Textual leaves out a tick whose time is over when the timer begins, so that a clock need not
    catch up. Of a single tick nothing is left then: where another thread had the processor for as
    long as the delay, 8 ms after a change of the window's size, the page kept its old size.
    """
    setattr(Timer, "__init__", _begin_kept)  # noqa: B010 - mypy knows it as a method


def _begin_kept(timer: Timer, *given: Any, **more: Any) -> None:
    _begin(timer, *given, **more)
    if timer._repeat == 0:
        timer._skip = False
