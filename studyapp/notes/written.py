"""Pictures that are written into a text, as `data:` addresses: which file each of them is; and
whether a file is the picture or the sound that it is called.

A stranger's text says what it is; its first bytes are believed instead. A drawing that runs
something, or asks for something from elsewhere, is no picture here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import PurePath
from urllib.parse import unquote_to_bytes

from studyapp.notes.media import DRAWN, SOUNDS

_ADDRESS = re.compile(
    r"data:image/[\w.+-]{1,40}(?:;[\w.+=-]{1,40})*+,"
    r"(?:[^\s\"'<>()]++|[\r\n]+[ \t]*+(?=[A-Za-z0-9+/=]))*+",
    re.IGNORECASE,
)
_MOST = 50 << 20  # bytes
_HEAD_OF_WAV = 44  # bytes before any sound
_TAIL = 4096  # bytes in which a picture says that it ends
_PLAYED = (b"ID3", b"RIFF", b"OggS", b"fLaC")
_RUNS = re.compile(
    rb"<(?:script|foreignObject|iframe|object|embed|image|audio|video|set|animate|handler|!ENTITY)\b"
    rb"|<!DOCTYPE|[\s\"'/]on\w+\s*=|javascript:|@import|url\(\s*[\"']?(?!#)"
    rb"|href\s*=\s*[\"']?\s*(?![\s\"'#])",
    re.IGNORECASE,
)


def read(address: str) -> tuple[str, bytes] | None:
    """The picture of an address, by a name that its content gives; None of one that is damaged, too
    large, or no picture that is shown here."""
    if not _ADDRESS.fullmatch(address):
        return None
    head, _, said = address.partition(",")
    data = _bytes(said, in_base64=head.lower().endswith(";base64"))
    kind = _kind(data) if 0 < len(data) <= _MOST else ""
    if not kind:
        return None
    digest = hashlib.blake2b(data, digest_size=8).hexdigest()
    return f"picture-{digest}.{kind}", data


def lifted(text: str) -> tuple[str, dict[str, bytes]]:
    """A text with the names of its pictures in the place of their addresses, and what these are. Of
    one that cannot be read so much is left that it is told."""
    found = dict[str, bytes]()
    if ":" not in text or "data:image/" not in text.lower():
        return text, found

    def name(address: re.Match[str]) -> str:
        picture = read(address[0])
        if picture is None:
            return "data:,"
        found[picture[0]] = picture[1]
        return picture[0]

    return _ADDRESS.sub(name, text), found


def trouble(name: str, data: bytes, size: int | None = None) -> str:
    """Why the *data* of a file that is called as a picture or a sound is none that is shown or
    played here; empty of what may be one. Of a file of *size* bytes its ends may do."""
    ending, kind = PurePath(name).suffix.lower(), _kind(data)
    if not data:
        return "it is empty"
    if ending in SOUNDS:
        is_cut = data.startswith(b"RIFF") and len(data) <= _HEAD_OF_WAV
        return "it is damaged" if is_cut else "it is no sound" if _is_text(data) else ""
    if ending == ".svg" and len(data) < (size or 0):
        return "it is too large a drawing to be looked through"
    if ending == ".svg":
        return "" if kind else "it is no drawing, or one that runs or fetches something"
    if ending in DRAWN and kind in ("", "svg"):
        return "it is no picture"
    is_cut = data.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" not in data[-_TAIL:]
    return "it is damaged" if is_cut else ""


def _is_text(data: bytes) -> bool:
    head = data[:512]
    return not head.startswith(_PLAYED) and not re.search(rb"[^\t-\r -~]", head)


def _bytes(said: str, *, in_base64: bool) -> bytes:
    if not in_base64:
        return unquote_to_bytes(said)
    data = b"".join(unquote_to_bytes(said).split())
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _kind(data: bytes) -> str:
    """The ending of a picture's name; empty of what is none."""
    if data.startswith(b"\x89PNG"):
        return "png"
    if data.startswith(b"\xff\xd8"):
        return "jpg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"BM"):
        return "bmp"
    begins = re.match(
        rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<svg\b", data
    )
    return "svg" if begins and not _RUNS.search(data) else ""
