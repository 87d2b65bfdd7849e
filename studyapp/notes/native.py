"""Content files of our own format, brought as a file, a folder or a zip of one, and written so.

They are kept as they are: a pack is text. What a note says is compared to the letter, and each file
stays at its place in the folder, as its pictures and its drawn variants lie beside it.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from studyapp.errors import StudyError
from studyapp.notes import excerpt, markdown, media
from studyapp.notes.folder import files
from studyapp.notes.foreign import Foreign, NativeFile
from studyapp.notes.note import ContentFile
from studyapp.notes.variant import path_beside

_ZIP = b"PK\x03\x04"
_HEAD = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<said>(?:[^\n]*\n){1,30}?)---[ \t]*\r?(?:\n|\Z)")
_KIND = re.compile(r"^kind:[ \t]*(?:questionnaire|jargon|reading)[ \t]*\r?$", re.MULTILINE)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)
_MOST_FILES = 20_000
_MOST_BYTES = 1 << 30
_CHUNK = 1 << 20


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file begins as our content files do, or is a zip of such ones."""
    if head.startswith(_ZIP):
        with suppress(OSError, *_DAMAGED), zipfile.ZipFile(path) as packed:
            names = (one for one in packed.infolist() if one.filename.endswith(".md"))
            return any(_is_ours(_beginning(packed, one)) for one in names)
        return False
    return _is_ours(head)


def is_pack(folder: Path) -> bool:
    """Whether a folder has a content file of ours."""
    for path in files(folder):
        with suppress(OSError), path.open("rb") as file:
            if _is_ours(file.read(4096)):
                return True
    return False


def read(path: Path) -> Foreign:
    """The content files of a folder, a zip or a file. Raises StudyError if it cannot be read."""
    try:
        if path.is_dir():
            return _folder(path, path)
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP)) == _ZIP
        if not is_zip:
            return _folder(path.parent, path, [path])
        with tempfile.TemporaryDirectory(prefix="studyapp-") as name:
            _unpack(path, Path(name))
            return _folder(Path(name), path)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error


def beside(path: Path, root: Path) -> Iterator[Path]:
    """The files that a content file below *root* needs: its drawn variants, and what it shows that
    lies below *root*, too."""
    drawn = path_beside(path)
    if drawn.is_file():
        yield drawn
    text = path.read_bytes().decode("utf-8", "replace")
    for address in dict.fromkeys(map(media.target, media.LINK.finditer(text))):
        if shown := media.file_of(address, media.Shelf(path, root)):
            yield shown


def _is_ours(head: bytes) -> bool:
    found = _HEAD.match(head.decode("utf-8", "ignore"))
    return found is not None and "pack:" in found["said"] and bool(_KIND.search(found["said"]))


def _beginning(packed: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    with packed.open(one) as file:
        return file.read(4096)


def _folder(root: Path, source: Path, paths: list[Path] | None = None) -> Foreign:
    """The files below *root*, or these alone, of which *source* is where the learner has them."""
    if paths is None:
        pages, problems = markdown.read_folder(root)
    else:
        page, problems = markdown.read(paths[0])
        pages = (page,) if page else ()
    found, taken = list[NativeFile](), set[Path]()
    for page in pages:
        texts = excerpt.sources(page.path)
        found.append(_file(page.path, root, page, texts))
        for other in beside(page.path, root):
            if other not in taken:
                taken.add(other)
                found.append(_file(other, root.resolve(), None, {}))
    if root != source and paths is None:  # a zip, which was unpacked elsewhere
        problems = tuple(replace(one, path=source) for one in problems)
    return Foreign(native=tuple(found), problems=problems)


def _file(path: Path, root: Path, page: ContentFile | None, texts: Mapping[str, str]) -> NativeFile:
    return NativeFile(path.relative_to(root).as_posix(), path.read_bytes(), page, texts)


def _unpack(path: Path, folder: Path) -> None:
    """Unpack what a zip has of files with names that stay in the *folder*, and no more of it than
    it may have. Raises StudyError."""
    left, too_large = _MOST_BYTES, f"{path} is larger than {_MOST_BYTES >> 30} GiB unpacked."
    try:
        with zipfile.ZipFile(path) as packed:
            members = [one for one in packed.infolist() if not one.filename.endswith("/")]
            if len(members) > _MOST_FILES:
                raise StudyError(f"{path} has more than {_MOST_FILES:,} files.")
            if sum(one.file_size for one in members) > _MOST_BYTES:
                raise StudyError(too_large)
            for one in members:
                parts = PurePosixPath(one.filename).parts
                if not parts or any(
                    set(part) & set("\\:\0") or part in ("..", "/") for part in parts
                ):
                    raise StudyError(f"{path} has a name that leads out of it; nothing was read.")
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(one) as inner, target.open("wb") as out:
                    while data := inner.read(_CHUNK):
                        left -= len(data)
                        if left < 0:  # whatever it says of its size
                            raise StudyError(too_large)
                        out.write(data)
    except _DAMAGED as error:
        raise StudyError(f"{path} is a damaged zip ({error}).") from None
