"""A picture in the lines that a text leaves for it, drawn in the way that the terminal can.

What draws (the extra `studyapp[pictures]`) is loaded by the first picture that is shown, and never
asks the terminal what it can do: the answer would come as keys, and wait for a terminal that gives
none. The environment says enough; who knows better says so in the settings.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rich.segment import ControlType, Segment
from rich.style import Style
from textual import work
from textual.app import App
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from studyapp.errors import StudyError
from studyapp.notes.media import Medium, Shelf
from studyapp.notes.raster import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

_LOADING = Lock()
_COLOUR = re.compile(r"#(\d+);2;\d+;\d+;\d+")
_CELL = (10, 20)  # pixels, where the terminal does not say
_LEAST = 4  # lines of a picture in a window however low
_SIXEL_TERMS = ("foot", "mlterm", "contour")
_SIXEL_PROGRAMS = ("WezTerm", "iTerm.app", "mintty")
_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")


class Way(StrEnum):
    """How pictures are drawn."""

    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    NONE = "none"  # they are named


@dataclass(frozen=True, slots=True)
class Gallery:
    """Where the pictures of a text lie, and how they are drawn."""

    shelf: Shelf
    way: Way

    def fitted(self, medium: Medium, width: int, window: int) -> tuple[int, int]:
        """How many cells and lines a picture takes that may be *width* cells wide in a *window* of
        so many lines: at most half of that, and no more than it has pixels for."""
        assert medium.size is not None
        return fitted(medium.size, unit(self.way), (width, max(_LEAST, window // 2)))


Galleries = Callable[[str, Path], Gallery | None]  # by a text and the file that it is in


def way_of(app: App[Any], wanted: str) -> Way:
    """How *app* draws pictures; *wanted* is the setting."""
    if app.no_color or find_spec("textual_image") is None:
        return Way.NONE
    if wanted != "auto":
        return Way(wanted)
    return Way.BLOCKS if app.is_headless or app.is_web else told_by(os.environ)


def told_by(environment: Mapping[str, str]) -> Way:
    """What a terminal can draw, as it says in the environment. What runs inside of another one, as
    tmux does, has the environment of that, and passes on no pictures unless it is told to."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    plain = sys.__stdout__ is None or not sys.__stdout__.isatty()
    if plain or environment.keys() & {"TMUX", "STY", "ZELLIJ"}:
        return Way.BLOCKS
    if "KITTY_WINDOW_ID" in environment or term in _KITTY_TERMS:
        return Way.KITTY
    sixel = term.startswith(_SIXEL_TERMS) or program in _SIXEL_PROGRAMS
    return Way.SIXEL if sixel or "WT_SESSION" in environment else Way.BLOCKS


def fitted(size: tuple[int, int], cell: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """Cells and lines of a picture of *size*, smaller if it has to be to fit in *most* of them, and
    never larger; a *cell* has so many of its pixels."""
    natural = [pixels / each for pixels, each in zip(size, cell, strict=True)]
    scale = min(1, *(room / needed for room, needed in zip(most, natural, strict=True)))
    cells, lines = (max(1, round(needed * scale)) for needed in natural)
    return min(cells, most[0]), min(lines, most[1])


def unit(way: Way) -> tuple[int, int]:
    """How many pixels of a picture a cell can show: of blocks one above the other."""
    return (1, 2) if way is Way.BLOCKS else _cell()


@cache
def _cell() -> tuple[int, int]:
    """Width and height of a cell in pixels, as the terminal's driver knows it without asking."""
    with suppress(ImportError, OSError, AttributeError, ValueError):
        import fcntl
        import struct
        import termios

        assert sys.__stdout__ is not None
        said = fcntl.ioctl(sys.__stdout__.fileno(), termios.TIOCGWINSZ, bytes(8))
        lines, cells, width, height = struct.unpack("HHHH", said)
        if lines and cells and width >= cells and height >= lines:
            return width // cells, height // lines
    return _CELL


class Picture(Widget, can_focus=False):
    """One picture: its name until it is drawn, or, with the reason, if it cannot be."""

    DEFAULT_CSS = """
    Picture { position: absolute; color: $text-muted; overflow: hidden; }
    """

    def __init__(
        self, medium: Medium, way: Way, place: tuple[int, int, int, int], turn: asyncio.Lock
    ) -> None:
        """At *place*: x, y, width and height within its text. Of all that wait for the same *turn*
        one is unpacked at a time, which may take much memory."""
        super().__init__()
        self.medium, self.place = medium, place
        self._way, self._told, self._turn = way, medium.told, turn
        self._drawn: Any = None  # the widget of textual-image
        x, y, self.styles.width, self.styles.height = place
        self.styles.offset = (x, y)

    def on_mount(self) -> None:
        self._read()

    def render(self) -> Content:
        return Content(self._told)

    @work(group="pictures")
    async def _read(self) -> None:
        assert self.medium.file is not None
        cell, room = unit(self._way), self.place[2:]
        most = (room[0] * cell[0], room[1] * cell[1])
        try:
            async with self._turn:
                library = await asyncio.to_thread(_library, self._way)
                image = await asyncio.to_thread(unpacked, self.medium.file, most)
        except (StudyError, ImportError) as error:
            self._tell(f"[{self.medium.kind}: {self.medium.name}, {error}]")
        else:
            self._draw(library, image, fitted(image.size, cell, room))

    def _tell(self, told: str) -> None:
        self._told = told
        self.refresh()

    def _draw(self, library: Any, image: Image, size: tuple[int, int]) -> None:
        self._drawn = drawn = library(image)
        drawn.styles.width, drawn.styles.height = size
        self.mount(drawn)
        self._tell("")

    def on_unmount(self) -> None:
        """Nothing of it stays, in the memory of the terminal either."""
        if self._drawn is not None:
            self._drawn.image = None


class Sixels(Widget, can_focus=False):
    """A picture as Sixel graphics, sent behind the cells that it covers, with the cursor put back.

    The library's own widget leaves the cursor a line below: what stands beside the picture is
    drawn there, and near the last line of the terminal all of it moves up.
    """

    def __init__(self, image: Image) -> None:
        super().__init__()
        self.image: Image | None = image
        self._sent: tuple[tuple[int, ...], str] = ((), "")

    def render_lines(self, crop: Region) -> list[Strip]:
        lines = [Strip.blank(crop.width, self.rich_style)] * crop.height
        if self.image is None or not lines or not self.screen.is_active:
            return lines
        place = self.screen.find_widget(self).visible_region
        sent = f"\x1b7\x1b[{place.y + 1};{place.x + 1}H{self._sixels(crop)}\x1b8"
        marked = Segment(sent, Style.null(), [(ControlType.CURSOR_FORWARD, 0)])
        lines[-1] = Strip([*lines[-1], marked], crop.width)
        return lines

    def _sixels(self, crop: Region) -> str:
        """The part of the picture that is in sight; made once, as it takes its time."""
        from textual_image.renderable.sixel import Image as Rendered

        assert self.image is not None
        key, (width, height) = (*crop, *self.size), _cell()
        if self._sent[0] != key:
            whole = self.image.resize((self.size.width * width, self.size.height * height))
            box = (crop.x * width, crop.y * height, crop.right * width, crop.bottom * height)
            rendered = Rendered(whole.crop(box), crop.width, crop.height)
            parts = self.app.console.render(rendered)
            sixels = next(one.text for one in parts if one.text.startswith("\x1bP"))
            self._sent = key, with_palette_first(sixels)
        return self._sent[1]


def with_palette_first(sixels: str) -> str:
    """Sixel graphics with all colours before the first of them is used: some terminals do not take
    one that was just defined as the one that is chosen."""
    head, mark, body = sixels.partition("#")
    colours = "".join(found[0] for found in _COLOUR.finditer(mark + body))
    return head + colours + _COLOUR.sub(r"#\1", mark + body)


@cache
def _library(way: Way) -> Any:
    """The widget of textual-image that draws in this *way*."""
    width, height = _cell()
    os.environ.setdefault("TEXTUAL_CELL_WIDTH", str(width))
    os.environ.setdefault("TEXTUAL_CELL_HEIGHT", str(height))
    with _asking_nothing():
        from textual_image import widget
    return {Way.KITTY: widget.TGPImage, Way.SIXEL: Sixels, Way.BLOCKS: widget.HalfcellImage}[way]


@contextmanager
def _asking_nothing() -> Iterator[None]:
    """Let there be no terminal: as it is loaded, the library would ask one what it can do, and wait
    for the answer on the input that the app reads. The app writes elsewhere."""
    with _LOADING:  # by two texts at once, one would take the other's for the terminal
        terminal = sys.__stdout__
        sys.__stdout__ = io.TextIOWrapper(io.BytesIO())  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stdout__ = terminal  # type: ignore[misc]
