"""The pixels of a picture, unpacked from bytes that a stranger has written."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

from studyapp.errors import StudyError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 50_000_000  # pixels that are unpacked at once: 200 MB
_KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")  # what others can do is no picture's affair


def unpacked(source: Path | IO[bytes], most: tuple[int, int]) -> Image:
    """The picture in *source*, of a moving one the first, upright, on white and no larger than
    *most* pixels. Raises StudyError with a few words if it cannot be."""
    from PIL import Image, ImageOps

    try:
        with Image.open(source, formats=_KINDS) as opened:
            if opened.width * opened.height > MOST:
                raise StudyError("too large")
            opened.thumbnail(most)  # a photograph is not even unpacked in full
            upright = ImageOps.exif_transpose(opened)
            if not upright.has_transparency_data:
                return upright.convert("RGB")
            drawn = upright.convert("RGBA")  # most often dark on nothing, made for a white page
            page = Image.new("RGBA", drawn.size, "white")
            return Image.alpha_composite(page, drawn).convert("RGB")
    except StudyError:
        raise
    except Exception as error:  # whatever a decoder makes of it
        why = error.strerror if isinstance(error, OSError) and error.strerror else "damaged"
        raise StudyError(why) from error
