"""Write a file whole or not at all, and say in a sentence what cannot be done with one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from itertools import chain, count
from pathlib import Path
from tempfile import mkstemp

from studyapp.errors import StudyError

PRIVATE = 0o600  # what a learner wrote and how they did is theirs alone


def is_there(path: Path) -> bool:
    """Whether there is something at *path*. Raises StudyError if that cannot be told."""
    try:
        return path.exists()
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error


def ends(path: Path) -> bool:
    """Whether a file or a folder is there, or nothing: a pipe or a device may never end."""
    return not is_there(path) or path.is_file() or path.is_dir()


def check_ends(path: Path) -> None:
    """Raise StudyError for what is no file and no folder (`ends`)."""
    if not ends(path):
        raise StudyError(f"{path} cannot be read: it is a pipe, a socket or a device, and no file.")


def said(path: Path) -> bytes | None:
    """What the file at *path* says; None if there is none. Raises StudyError if it cannot be
    read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error


def digest(data: str | bytes | None) -> str:
    """By which it is known again what a file says (text as UTF-8); empty if there is none."""
    if data is None:
        return ""
    said = data.encode() if isinstance(data, str) else data
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def remove(path: Path) -> None:
    """Remove the file at *path*, if there is one. Raises StudyError if it cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StudyError(f"{path} cannot be removed: {error.strerror or error}.") from error


def make_folder(path: Path, *, shared: bool = False) -> None:
    """Make the folder at *path* and those above it that are missing, for their owner alone or if
    *shared* for whom the umask lets in. Raises OSError."""
    mode = 0o777 if shared else 0o700
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode, exist_ok=True)
    path.mkdir(mode, exist_ok=True)


def write(path: Path, data: str | bytes, *, shared: bool = False) -> None:
    """Replace *path* by *data* (text as UTF-8), making its folder if need be.

    A crash leaves the old file or the new one, and what this returns from is on the disk. A
    symbolic link stays a link: what it points to is written. The file keeps its mode; a new one,
    and a new folder, is for its owner alone, or if *shared* for whom the umask lets in. Raises
    StudyError, with the old file as it was, if it cannot be written.
    """
    with replacing(path, shared=shared) as draft:
        draft.write_bytes(data.encode() if isinstance(data, str) else data)


def beside(path: Path) -> Path:
    """A name that no file has yet: NAME~, NAME~2, …. What was kept before stays."""
    names = chain([f"{path.name}~"], (f"{path.name}~{number}" for number in count(2)))
    return next(there for name in names if not os.path.lexists(there := path.with_name(name)))


@contextmanager
def put_back(path: Path) -> Iterator[None]:
    """If what is done meanwhile raises StudyError, let *path* say what it did before, as far as the
    disk lets it: what is told as not saved is not there, and does not come twice if done again.

    Raises StudyError if it cannot be read.
    """
    try:
        former = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        yield
    except StudyError:
        with suppress(StudyError):
            if former is None:
                remove(path)
            else:
                write(path, former)
        raise


@contextmanager
def replacing(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """An empty file beside *path*, hidden from readers of folders, that takes its place at the end.

    Raises StudyError, and removes the draft, if anything in between raises OSError.
    """
    try:
        target = path.resolve()
        make_folder(target.parent, shared=shared)
        handle, name = mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        os.close(handle)
        draft = Path(name)
        try:
            draft.chmod(target.stat().st_mode & 0o7777 if target.exists() else _mode(shared))
            yield draft
            flush(draft)
            draft.replace(target)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        with suppress(OSError):  # not every system lets a folder be flushed
            flush(target.parent)
    except OSError as error:
        raise StudyError(f"{path} cannot be written: {error.strerror or error}.") from error


def drafts(path: Path) -> list[Path]:
    """What `replacing` has left beside *path* if its program was killed, or writes right now."""
    return list(path.parent.glob(f".{escape(path.name)}.????????.tmp"))


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mode(shared: bool) -> int:
    """The mode of a new file; of a *shared* one that which open() gives it."""
    if not shared:
        return PRIVATE
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
