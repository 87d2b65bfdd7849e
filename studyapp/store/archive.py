"""A backup as one zip: the database, the learner's files, and a manifest that says what each is.

Whoever hands one over may have made it to do harm. So nothing of it is believed: its names, sizes
and sums are checked before a file is written, and none goes outside the folder that it is for.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from studyapp import disk
from studyapp.errors import StoreError, StudyError, printable

DATABASE, SETTINGS = "database.db", "settings.toml"
FOLDERS = ("packs", "packs-of", "drafts")  # of the data folder: all that a learner has written
_MANIFEST = "manifest.json"
_FORM = 1  # of the manifest
_LEVEL = 1  # of compression: the usual 6 takes twice as long and saves a twentieth
_PIECE = 2**20
_LARGE = 2**30  # from here on a zip needs wider fields
_LONGEST = 80  # characters of what a manifest tells of itself
_LARGEST_MANIFEST = 16 * 2**20
_LARGEST, _SWELL = 64 * 2**20, 200  # bytes that any may unpack to, and how many times its own

Step = Callable[[int], None]  # takes how many bytes have been dealt with since the last time


TAKEN_BACK = "taken_back"  # among the counts: reviews that count no longer


class ArchiveError(StoreError):
    """A file is no backup, or is not what its maker made."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a database holds: rows by what a learner calls them; and which device it is of."""

    schema: int
    device: str
    learners: Mapping[str, str]  # names by id
    counts: Mapping[str, int]

    @property
    def told(self) -> dict[str, int]:
        """The counts as a learner knows them: a review that was taken back is none any more. Of
        a backup that was made before these were counted it is one."""
        told = dict(self.counts)
        told["reviews"] = told.get("reviews", 0) - told.pop(TAKEN_BACK, 0)
        return told


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `files` has size and SHA-256 by name, the database's among them."""

    made: datetime  # with the offset of the learner's wall clock
    reason: str
    version: str  # of studyapp
    content: Content
    files: Mapping[str, tuple[int, str]]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(size for size, _ in self.files.values())


def learners_files(data: Path, settings: Path) -> dict[str, Path]:
    """The learner's own files by their names in a backup. A link counts as what it leads to, but
    one that leads nowhere, or round, is left out; so is a file that is just being written."""
    found = {
        f"{folder}/{name}": path
        for folder in FOLDERS
        for name, path in _below(data / folder, frozenset())
    }
    return found | ({SETTINGS: settings} if settings.is_file() else {})


def _below(folder: Path, around: frozenset[Path]) -> Iterator[tuple[str, Path]]:
    real = folder.resolve()
    if real in around or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            for name, file in _below(path, around | {real}):
                yield f"{path.name}/{name}", file
        elif path.is_file() and not (path.name.startswith(".") and path.suffix == ".tmp"):
            yield path.name, path


def pack(
    target: Path,
    files: Mapping[str, Path],
    described: Callable[[dict[str, Any]], Manifest],
    step: Step,
) -> None:
    """Write *files* and the manifest that *described* makes of their sizes and sums to *target*.

    Each file is read once, so that the sum is of what was written. Raises ArchiveError if one
    cannot be.
    """
    sums: dict[str, tuple[int, str]] = {}
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, path in files.items():
            with _source(path) as source:
                large = os.fstat(source.fileno()).st_size > _LARGE
                with archive.open(name, "w", force_zip64=large) as part:
                    sums[name] = _copy(source, part, step)
        with archive.open(_MANIFEST, "w") as part:
            part.write(_as_json(described(sums)))


def _source(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror or error}.") from error


def _copy(source: IO[bytes], target: IO[bytes], step: Step) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while piece := source.read(_PIECE):
        target.write(piece)
        digest.update(piece)
        size += len(piece)
        step(len(piece))
    return size, digest.hexdigest()


def read(path: Path) -> Manifest:
    """The manifest of the backup at *path*, which fits what else its table of contents says.

    Raises ArchiveError, in one sentence, for a file that is none; no file of it is looked at.
    """
    with _opened(path, "read") as archive:
        return _checked(path, archive)


def unpack(path: Path, into: Path, step: Step) -> Manifest:
    """Write all files of the backup at *path* below the folder *into*, and return its manifest.

    Raises ArchiveError if one is not what the manifest says; what was written is the caller's to
    throw away.
    """
    with _opened(path, "unpacked") as archive:
        manifest = _checked(path, archive)
        free = shutil.disk_usage(into).free
        if manifest.size > free:
            raise ArchiveError(
                f"{path} needs {shown(manifest.size)} to be unpacked, "
                f"and {into.parent} has {shown(free)}."
            )
        for name, told in manifest.files.items():
            target = into.joinpath(*name.split("/"))
            disk.make_folder(target.parent)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with archive.open(name) as source, os.fdopen(handle, "wb") as part:
                if _copy(source, part, step) != told:
                    raise _damaged(path, f"{name} is not what was backed up")
    return manifest


def shown(size: int) -> str:
    """Bytes as a learner reads them."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


@contextmanager
def _opened(path: Path, verb: str) -> Iterator[ZipFile]:
    try:
        disk.check_ends(path)
    except StudyError as error:
        raise ArchiveError(str(error)) from error
    try:
        with ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise ArchiveError(f"{path} cannot be {verb}: {error.strerror or error}.") from error
    except (  # what zipfile raises for files that are damaged, or made to do harm
        *(BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError),
        *(ValueError, KeyError, OverflowError, MemoryError),
    ) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> ArchiveError:
    told = printable(" ".join(why.split())).rstrip(".")
    return ArchiveError(f"{path} is no backup, or a damaged one ({told}); nothing was changed.")


def _checked(path: Path, archive: ZipFile) -> Manifest:
    """Hold the table of contents against the manifest in it."""
    members = {one.filename: one for one in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise _damaged(path, "two files have one name")
    if _MANIFEST not in members or members[_MANIFEST].file_size > _LARGEST_MANIFEST:
        raise _damaged(path, f"it has no {_MANIFEST}")
    for name, one in members.items():
        kind = stat.S_IFMT(one.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or not _is_ours(name):
            raise _damaged(path, f"{name!r} has no place in one")
    try:
        manifest = _from_json(json.loads(archive.read(_MANIFEST)))
    except (TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"its {_MANIFEST} cannot be read") from error
    del members[_MANIFEST]
    if DATABASE not in members:
        raise _damaged(path, "it has no database")
    if {name: one.file_size for name, one in members.items()} != {
        name: size for name, (size, _) in manifest.files.items()
    }:
        raise _damaged(path, f"it holds other files than its {_MANIFEST} says")
    if manifest.size > max(_LARGEST, _SWELL * path.stat().st_size):
        raise _damaged(path, "it would unpack to far more than it is")
    return manifest


def _is_ours(name: str) -> bool:
    """Whether a backup may have a file of this name: one of its own, or one that stays below its
    folder on any system."""
    if name in (DATABASE, SETTINGS, _MANIFEST):
        return True
    folder, *rest = name.split("/")
    below = bool(rest) and all(part not in ("", ".", "..") for part in rest)
    home = Path("/home")
    return (
        folder in FOLDERS
        and below
        and not set(name) & {"\\", "\0"}
        and home.joinpath(*name.split("/")).is_relative_to(home / folder)
    )


def _as_json(manifest: Manifest) -> bytes:
    values = {
        "studyapp": _FORM,
        "made": manifest.made.isoformat(),
        "reason": manifest.reason,
        "version": manifest.version,
        **asdict(manifest.content),
        "files": manifest.files,
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode()


def _from_json(values: Any) -> Manifest:
    """Raises ValueError, KeyError, TypeError or AttributeError for what is no manifest."""
    if values["studyapp"] != _FORM:
        raise ValueError("another version of studyapp has made it")
    made = datetime.fromisoformat(values["made"])
    if made.tzinfo is None:
        raise ValueError("its date has no zone")
    learners = {str(number): _said(name) for number, name in values["learners"].items()}
    counts = {str(name): int(count) for name, count in values["counts"].items()}
    return Manifest(
        made,
        _said(values["reason"]),
        _said(values["version"]),
        Content(int(values["schema"]), _said(values["device"]), learners, counts),
        {str(name): (int(size), str(digest)) for name, (size, digest) in values["files"].items()},
    )


def _said(value: object) -> str:
    return printable(str(value))[:_LONGEST]
