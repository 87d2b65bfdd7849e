"""Messages of protobuf, in which Anki's newer collections and packages keep much."""

from __future__ import annotations

from collections.abc import Iterator

from studyapp.errors import StudyError


def message(said: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message of protobuf with their numbers. Raises StudyError if it is none."""
    at = 0
    while at < len(said):
        key, at = _varint(said, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(said, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(said, at)
        else:
            size = {1: 8, 5: 4}.get(kind, len(said) + 1)
        if at + size > len(said):
            raise StudyError("it is damaged: a part of it is no message of Anki's")
        yield key >> 3, said[at : at + size]
        at += size


def _varint(said: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(said) and shift < 64:
        byte = said[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise StudyError("it is damaged: a part of it is no message of Anki's")
