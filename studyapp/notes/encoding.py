"""The text of a file that a learner brings: UTF-8, or UTF-16 where it says so."""

from __future__ import annotations

from pathlib import Path

from studyapp.errors import StudyError


def is_utf16(data: bytes) -> bool:
    """Whether a text says that each of its signs has two bytes, as some programs save them."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\0\0")


def text_of(path: Path) -> str:
    """A file's text. Raises StudyError if it cannot be read, or is none."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if is_utf16(data) else "utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        name = "UTF-16" if is_utf16(data) else "UTF-8"
        raise StudyError(f"{path} is not {name} text (byte {error.start}).") from error
    if "\0" in text:
        raise StudyError(f"{path} is not text: it has a NUL (character {text.index(chr(0))}).")
    return text
