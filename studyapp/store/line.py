"""The lines of a device's file in the folder where devices meet: written, and read with suspicion.

A line is JSON and ends with a checksum of itself, so that one which was torn, or put together from
two copies, is known. What stands in a file is another machine's: whatever it says, reading it needs
little memory and raises nothing but OSError.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from studyapp import disk
from studyapp.errors import StoreError

VERSION = 2  # of the format; a newer one waits for a newer studyapp
FIRST = 1  # which all know: a line is of a later version only if it says what the first cannot
LONGEST = 4 * 2**20  # bytes of a line
_SUM = re.compile(rb'(?P<body>\{.*),"sum":"(?P<sum>[0-9a-f]{16})"\}', re.DOTALL)
_APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND
_APPENDING |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)  # where there are such
_UID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"([0-9a-f]{32})(?P<copy>[^0-9a-f].*)?\.jsonl")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a file: what kind of thing, of which learner, known by its uid. `learner` is
    empty where it is nobody's. The data are of no shape yet."""

    kind: str
    uid: bytes
    learner: str
    data: Any
    version: int = FIRST


class Read(NamedTuple):
    """What stands from `start` to `end` of a file: a line, or none that could be read, with the
    bytes as they are and their checksum; `whole` if they end as a line does."""

    line: Line | None
    start: int
    end: int
    text: bytes
    sum: str
    whole: bool


def name_of(uid: bytes) -> str:
    """What the file of a device is called."""
    return f"{uid.hex()}.jsonl"


def is_copy(name: str) -> bool:
    """Whether a file is one that a tool has put beside a device's own, as two were in conflict."""
    found = _NAME.fullmatch(name)
    return found is not None and found["copy"] is not None


def files(folder: Path) -> dict[bytes, Path]:
    """The files in the folder, by device; a copy, which is only read, by a uid made of its name.
    Raises StoreError if the folder is not there."""
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        raise StoreError(
            f"{folder}, where your devices meet: {error.strerror or error}."
        ) from error
    names = ((_NAME.fullmatch(path.name), path) for path in there)
    return {
        _uid_of_copy(path.name) if name["copy"] else bytes.fromhex(name[1]): path
        for name, path in names
        if name and is_plain(path)
    }


def is_plain(path: Path) -> bool:
    """Whether this is a file itself, and no link, which may lead anywhere."""
    return path.is_file() and not path.is_symlink()


def _uid_of_copy(name: str) -> bytes:
    return hashlib.blake2b(os.fsencode(name), digest_size=16).digest()


def written(line: Line) -> bytes:
    """A line as it stands in a file, with its end. Raises StoreError for what cannot stand in one:
    what is too long, and numbers that JSON has not."""
    told = {"v": line.version, "kind": line.kind, "uid": line.uid.hex(), "learner": line.learner}
    try:
        text = json.dumps({**told, "data": line.data}, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise StoreError(f"A figure cannot be told to your other devices: {error}.") from error
    body = text[:-1].encode()
    whole = body + f',"sum":"{_sum(body)}"}}\n'.encode()
    if len(whole) > LONGEST:
        raise StoreError(f"A text of {len(whole):,} bytes is too long for your other devices.")
    return whole


def sum_of(text: bytes) -> str:
    """The checksum with which a written line ends; empty if it has none."""
    found = _SUM.fullmatch(text.rstrip(b"\n"))
    return found["sum"].decode() if found else ""


def parsed(text: bytes) -> Line | None:
    """The line that *text* is, None if it is none or was changed on the way."""
    found = _SUM.fullmatch(text)
    if found is None or _sum(found["body"]) != found["sum"].decode():
        return None
    try:
        told = json.loads(found["body"].decode() + "}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    kind, uid, learner = (told.get(name) for name in ("kind", "uid", "learner"))
    version = told.get("v")
    if not all(isinstance(one, str) for one in (kind, uid, learner)) or type(version) is not int:
        return None
    if _UID.fullmatch(uid) is None or version < FIRST:
        return None
    return Line(kind, bytes.fromhex(uid), learner, told.get("data"), version)


def read(path: Path, start: int = 0) -> Iterator[Read]:
    """What stands in a file from *start* on, line by line. One that is longer than any we write
    comes in parts, none of which is a line."""
    with path.open("rb") as file:
        file.seek(start)
        while text := file.readline(LONGEST + 1):
            end, whole = start + len(text), text.endswith(b"\n")
            text = text.removesuffix(b"\n").removesuffix(b"\r")  # which some tools put in
            yield Read(parsed(text), start, end, text, sum_of(text), whole)
            start = end


def ends_with(path: Path, end: int, tail: str) -> bool:
    """Whether a line with the checksum *tail* ends at *end* of a file, as when it was read."""
    expected = f'"sum":"{tail}"}}\n'.encode() if tail else b""
    with path.open("rb") as file:
        file.seek(max(0, end - len(expected) - 1))
        last = file.read(min(end, len(expected) + 1)).replace(b"\r\n", b"\n")
    return path.stat().st_size >= end and last.endswith(expected)


def append(path: Path, lines: Iterable[bytes]) -> int:
    """Append whole lines at once, and have them on the disk; returns where the file ends now.

    A torn end, which a crash has left, is closed first. Raises StoreError.
    """
    text = b"".join(lines)
    try:
        handle = os.open(path, _APPENDING, disk.PRIVATE)
        try:
            size = os.lseek(handle, 0, os.SEEK_END)
            if size:
                os.lseek(handle, size - 1, os.SEEK_SET)
                text = text if os.read(handle, 1) == b"\n" else b"\n" + text
            left = memoryview(text)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
            size = os.fstat(handle).st_size
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    with suppress(OSError):
        disk.flush(path.parent)
    return size


def _sum(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
