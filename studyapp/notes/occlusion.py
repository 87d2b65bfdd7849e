"""Anki's pictures of which parts are hidden: where these are, and a picture with one covered.

A part is `{{c1::image-occlusion:rect:left=.2:top=.3:width=.1:height=.05:oi=1}}`, in shares of the
picture; `oi` says that the other parts are covered, too, while one is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from studyapp.notes import ankigap
from studyapp.notes.raster import unpacked

ASKED, COVERED, _EDGE = "#ff8e8e", "#ffeba2", "#212121"  # as Anki colours them
_PART = re.compile(r"\{\{c(?P<numbers>[0-9,]++)::image-occlusion:(?P<kind>\w+)(?P<said>[^{}]*)\}\}")
_MOST = (1600, 1600)  # pixels of a picture that is drawn anew, one a part


@dataclass(frozen=True, slots=True)
class Part:
    """A hidden part: the numbers of its cards; its corners, or of an ellipse those of the box
    around it, in shares of the picture. The others are covered with it if `all_at_once`."""

    numbers: tuple[int, ...]
    is_round: bool
    corners: tuple[tuple[float, float], ...]
    all_at_once: bool


def parts(field: str) -> list[Part]:
    """The parts that a field of Anki hides; what only stands on the picture is none of them."""
    return list(_parts(field))


def _parts(field: str) -> Iterator[Part]:
    for found in _PART.finditer(field):
        said = dict(one.partition("=")[::2] for one in found["said"].split(":"))
        numbers, kind = ankigap.numbered(found["numbers"]), found["kind"]
        try:
            corners = _corners(kind, said)
        except (ValueError, KeyError):
            continue
        if numbers and corners:
            yield Part(numbers, kind == "ellipse", corners, said.get("oi") == "1")


def _corners(kind: str, said: dict[str, str]) -> tuple[tuple[float, float], ...]:
    if kind == "polygon":
        points = [point.split(",") for point in said["points"].split()]
        return tuple((_share(x), _share(y)) for x, y in points)
    if kind not in ("rect", "ellipse"):
        return ()
    left, top = _share(said["left"]), _share(said["top"])
    if kind == "ellipse":
        right, bottom = left + 2 * _share(said["rx"]), top + 2 * _share(said["ry"])
        return (left, top), (right, bottom)
    right, bottom = left + _share(said["width"]), top + _share(said["height"])
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _share(said: str) -> float:
    value = float(said)
    if not -1 <= value <= 2:
        raise ValueError(f"{said} is no share of a picture")
    return value


def check(data: bytes) -> None:
    """Raises StudyError, with a few words, for what is no picture that can be drawn."""
    unpacked(BytesIO(data), _MOST)


def covered(data: bytes, hidden: Sequence[Part], number: int) -> bytes:
    """The picture *data* with the part *number* covered, and the others if they are, too."""
    from PIL import ImageDraw

    image = unpacked(BytesIO(data), _MOST)
    draw = ImageDraw.Draw(image)
    for part in hidden:
        is_asked = number in part.numbers
        if not (is_asked or part.all_at_once):
            continue
        fill = ASKED if is_asked else COVERED
        corners = [(x * image.width, y * image.height) for x, y in part.corners]
        if part.is_round:
            draw.ellipse(corners, fill, _EDGE)
        else:
            draw.polygon(corners, fill, _EDGE)
    made = BytesIO()
    image.save(made, "PNG")
    return made.getvalue()
