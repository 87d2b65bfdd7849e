"""Pictures of a running app: one start for all sizes and themes of what is on its screen."""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from time import monotonic

import pytest
from pytest_textual_snapshot import (
    PseudoApp,
    PseudoConsole,
    SVGImageExtension,
    node_to_report_path,
    normalize_svg,
)
from rich.color import Color as RichColor
from rich.console import Console
from rich.segment import Segment
from syrupy.assertion import SnapshotAssertion
from syrupy.exceptions import SnapshotDoesNotExist
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from screen import SIZES, lines, settled, strips

DARK, LIGHT = "textual-dark", "textual-light"
LEGIBLE = 2.5  # contrast of any word with its ground, where black on white has 21
WORD = re.compile(r"\w\w")
STILL = 20.0  # seconds without a change after which a picture is what it will be, some looks long
FRESH = 0.5  # the same where no picture is kept yet, or a new one is wanted


class Pictures:
    """Holds what an app shows against the pictures that are kept beside the test.

    A picture is named by its size and theme. As everywhere, what is to be seen is waited for;
    `--snapshot-update` and the report of differences work as with `snap_compare`.
    """

    def __init__(self, snapshot: SnapshotAssertion, request: pytest.FixtureRequest) -> None:
        self._snapshot = snapshot.use_extension(SVGImageExtension)
        self._node = request.node

    async def __call__(
        self,
        pilot: Pilot[None],
        *,
        sizes: Sequence[tuple[int, int]] = SIZES,
        light: bool = False,
        name: str = "",
    ) -> None:
        """Compare each of *sizes*, and with *light* the first in the light theme as well; *name* is
        what tells a later look of the same test apart.

        Without *light* the light theme must show the same words, all of them legible: that holds
        for colours that come from the theme, and is what most pictures of it would prove. Raises
        AssertionError with the names of the pictures that differ, or with the words.
        """
        app = pilot.app
        dark = app.theme
        await settled(pilot)
        differ = dict[str, str]()  # what is on the screen then
        for width, height in sizes:
            if app.size != (width, height):
                await pilot.resize_terminal(width, height)
            for theme in (dark, LIGHT) if light else (dark,):
                app.theme = theme
                each = f"{name}{width}x{height}-{theme.partition('-')[2]}"
                if not await self._same(pilot, each):
                    differ[each] = lines(pilot)
            if not light and dark == DARK and (width, height) == sizes[0]:
                await _check_light(pilot)
            app.theme, light = dark, False
        assert not differ, "\n".join(f"not as kept: {each}\n{differ[each]}" for each in differ)

    async def _same(self, pilot: Pilot[None], name: str) -> bool:
        kept = self._kept(name)
        taken = await _taken(pilot, kept)
        same = bool(self._snapshot(name=name) == taken)
        self._report(name, same, kept, taken)
        return same

    def _kept(self, name: str) -> str | None:
        try:
            found = self._snapshot.extension.read_snapshot(
                test_location=self._snapshot.test_location, index=name, session_id=""
            )
        except SnapshotDoesNotExist:
            return None
        return str(found)

    def _report(self, name: str, same: bool, kept: str | None, taken: str) -> None:
        """Leave what the plugin's report is made of: its own fixture leaves the same."""
        console = Console(legacy_windows=False, force_terminal=True)
        path, line, test = self._node.reportinfo()
        data = (
            same,
            kept or "",
            taken,
            PseudoApp(PseudoConsole(console.legacy_windows, console.size)),
            path,
            line,
            f"{test} {name}",
            self._node.function.__doc__ or "",
            "",
            kept is not None,
        )
        place = node_to_report_path(self._node)
        place.with_name(f"{place.name}_{name}").write_bytes(pickle.dumps(data))


async def _taken(pilot: Pilot[None], wanted: str | None) -> str:
    """The picture as soon as it is the one *wanted*, else once it no longer changes."""
    await settled(pilot)
    seen, since = "", monotonic()
    while True:
        _hold_cursors(pilot)
        await pilot.pause()
        now = normalize_svg(pilot.app.export_screenshot(title=pilot.app.title, simplify=True))
        if now == wanted:
            return now
        if now != seen:
            seen, since = now, monotonic()
        elif monotonic() - since > (FRESH if wanted is None else STILL):
            return now


def _hold_cursors(pilot: Pilot[None]) -> None:
    """A cursor that blinks is there in one picture and gone in the next."""
    for box in pilot.app.screen.query("Input, TextArea"):
        assert isinstance(box, Input | TextArea)
        if box.cursor_blink:
            box.cursor_blink = False
            box.notify_style_update()  # else a line drawn without it is kept for one with it


async def _check_light(pilot: Pilot[None]) -> None:
    """The light theme shows the same words as the dark one, and all are legible."""
    dark = lines(pilot)
    pilot.app.theme = LIGHT
    await pilot.pause()
    assert lines(pilot) == dark
    screen = pilot.app.screen
    area = screen.children[0].region if screen.is_modal else screen.region
    for strip in strips(pilot)[area.y : area.bottom]:
        for segment in strip.crop(area.x, area.right):
            assert _contrast(segment) > LEGIBLE, f"{segment!r} is hard to read in the light"


def _contrast(segment: Segment) -> float:
    """The ratio of WCAG 2.1, from 1 to 21, of a segment's words to their ground; 21 for none.

    A lone letter is no word: in a legend it has the colour of its curve.
    """
    style = segment.style
    if not WORD.search(segment.text) or not (style and style.color and style.bgcolor):
        return 21
    lighter, darker = sorted(map(_luminance, (style.color, style.bgcolor)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: RichColor) -> float:
    parts = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in Color.from_rich_color(colour).normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
