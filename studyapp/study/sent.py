"""What went out from here: digests of files, and of what notes said in our own format.

It lies beside the packs. A file that comes back as it went out, and a note that says what it said
then, have nothing to say here: whatever is another now was edited since. Without it nothing is
known, and what comes is taken over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from studyapp import disk
from studyapp.errors import StudyError

_FILES = 1000  # of which it is known that they went out
_TEXTS = 8  # of one note


@dataclass(frozen=True, slots=True)
class Sent:
    """Digests of files, and of texts of notes by their uids, the newest first."""

    files: tuple[str, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read(packs: Path) -> Sent:
    """What went out of the packs of a learner; nothing if that is not known."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        kept = json.loads(_file(packs).read_bytes())
        notes = {str(uid): tuple(map(str, said)) for uid, said in kept["notes"].items()}
        return Sent(tuple(map(str, kept["files"])), notes)
    return Sent()


def keep(packs: Path, paths: Iterable[Path] = (), notes: Mapping[str, str] | None = None) -> None:
    """Keep that the files at these *paths* and the texts of these *notes* went out. What is written
    by then is not worth an error."""
    with suppress(OSError, StudyError):
        known = read(packs)
        files = _newest_first((digest_of(path) for path in paths), known.files)[:_FILES]
        texts = {uid: list(said) for uid, said in known.notes.items()}
        for uid, text in (notes or {}).items():
            texts[uid] = _newest_first([digest(text)], texts.get(uid, ()))[:_TEXTS]
        disk.write(_file(packs), json.dumps({"files": files, "notes": texts}))


def digest(text: str) -> str:
    """Of what a note says."""
    return disk.digest(text)[:16]


def digest_of(path: Path) -> str:
    """Of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def _newest_first(new: Iterable[str], known: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*new, *known]))


def _file(packs: Path) -> Path:
    return packs.with_name(f".{packs.name}.sent.json")
