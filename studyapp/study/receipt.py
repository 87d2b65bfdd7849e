"""What an import has done to the learner's packs and log, so that it can be taken back whole.

The app has it at hand. For the command, which comes later, the last imports of each file lie beside
the packs: what its pages said before, of what they said then only a digest, and what it has logged.
Whether one counts is seen by the pages and the log, so nothing has to be tidied up where an import
was killed or put back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studyapp import disk
from studyapp.notes import excerpt
from studyapp.study import sent

_UID = 16  # bytes of one
_FRONT = re.compile(r"\A---\n.*?\n---$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## .*\{#([^{}\s]+)\}[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """A file that an import has written: what it said before, None if there was none, and the
    digest of what it says since; of a page those of its `notes`, too, by their ids."""

    path: Path
    before: bytes | None
    now: str
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_as_left(self) -> bool:
        """Whether nobody has changed it since."""
        return disk.digest(disk.said(self.path)) == self.now

    @property
    def is_put_back(self) -> bool:
        """Whether it says what it did before."""
        return disk.said(self.path) == self.before

    @property
    def edited(self) -> dict[str, str]:
        """The notes of a page, by their ids, that the import has written and that say something
        else since."""
        if self.is_as_left:
            return {}
        _, here = parts(disk.said(self.path))
        written = self._written
        return {
            name: text
            for name, text in here.items()
            if name in written and sent.digest(text) != self.notes.get(name)
        }

    @property
    def _written(self) -> set[str]:
        """The notes that the import has added, changed, or taken elsewhere."""
        _, before = parts(self.before)
        return {
            name
            for name in before.keys() | self.notes.keys()
            if name not in before or sent.digest(before[name]) != self.notes.get(name)
        }

    @property
    def is_read(self) -> bool:
        """Whether it can be told which notes of a page that was changed since are as they were
        left, and the page be taken apart there."""
        if not self.notes or self.path.suffix != ".md":
            return False
        return set(parts(disk.said(self.path))[1]) == set(excerpt.sources(self.path))

    def without(self, stays: Collection[str]) -> bytes | None:
        """What a page that was changed since is to say: the notes that *stay* (ids) and all that
        the import has not written as now, the others as before."""
        said = disk.said(self.path)
        head, here = parts(said)
        _, before = parts(self.before)
        for name in self._written - set(stays):
            if name in before and (name in here or name not in self.notes):
                here[name] = before[name]
            else:
                here.pop(name, None)
        if not here and self.before is None and not _FRONT.sub("", head).strip():
            return None
        return ("\n\n".join([head, *here.values()]) + "\n").encode()


def parts(page: bytes | None) -> tuple[str, dict[str, str]]:
    """What a page says above its notes, and each note by its id."""
    text = re.sub(r"\r\n?", "\n", (page or b"").decode("utf-8-sig", "replace"))
    found = list(_HEADING.finditer(text))
    starts = [one.start() for one in found]
    ends = [*starts[1:], len(text)]
    notes = {
        one[1]: text[one.start() : end].strip("\n") for one, end in zip(found, ends, strict=False)
    }
    return text[: starts[0] if starts else None].strip("\n"), notes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one import has done: files that say something else, entries of the log (uids) that are
    new. `said` has digests of what notes said when they were last taken over from this source, by
    their uids."""

    changes: tuple[Change, ...] = ()
    log: tuple[bytes, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changes or self.log)


Logged = Callable[[Collection[bytes]], Set[bytes]]  # which entries are in the log, and count


def said(paths: Collection[Path]) -> dict[Path, bytes | None]:
    """What *paths* say; None where there is nothing. Raises StudyError."""
    return {path: disk.said(path) for path in paths}


def changes(before: Mapping[Path, bytes | None]) -> tuple[Change, ...]:
    """What has become of files that said *before*. Raises StudyError."""
    return tuple(_change_of(path, text) for path, text in before.items())


def _change_of(path: Path, before: bytes | None) -> Change:
    now = disk.said(path)
    notes = parts(now)[1] if path.suffix == ".md" else {}
    said = {name: sent.digest(text) for name, text in notes.items()}
    return Change(path, before, disk.digest(now), said)


def keep(packs: Path, source: Path, made: Receipt, logged: Logged) -> None:
    """Keep what an import of *source* has done, which may still be put back: the one before it is
    kept, too. Raises StudyError."""
    before = {one.path: one.before for one in made.changes}

    def logged_before(entries: Collection[bytes]) -> Set[bytes]:
        return logged({*entries}.difference(made.log))

    _write(packs, source, [*_standing(packs, source, before, logged_before)[-1:], made])


def read(packs: Path, source: Path, logged: Logged) -> Receipt:
    """What the last import of *source* has done that was not taken back; nothing if that is not
    known."""
    known = _standing(packs, source, {}, logged)
    return known[-1] if known else Receipt()


def forget(packs: Path, source: Path, back: Receipt, logged: Logged) -> None:
    """An import is taken *back*, and others that are not there any more. Raises StudyError."""
    known = _standing(packs, source, {}, logged)
    if known := [one for one in known if (one.changes, one.log) != (back.changes, back.log)]:
        _write(packs, source, known)
    else:
        disk.remove(_file(packs, source))


def _standing(
    packs: Path, source: Path, before: Mapping[Path, bytes | None], logged: Logged
) -> list[Receipt]:
    """The imports that were not put back, the last one last. Pages that are being written are taken
    as they were *before*."""

    def is_put_back(one: Change) -> bool:
        return one.before == before[one.path] if one.path in before else one.is_put_back

    return [
        made
        for made in _read(packs, source)
        if not all(map(is_put_back, made.changes)) or logged(made.log)
    ]


def _read(packs: Path, source: Path) -> list[Receipt]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(_file(packs, source).read_bytes())
        return [
            Receipt(
                tuple(_change(packs, one) for one in made["files"]),
                _uids(made["log"]),
                dict(made.get("said", {})),
            )
            for made in kept
        ]
    return []


def _change(packs: Path, kept: Mapping[str, Any]) -> Change:
    before = kept["before"]
    said = None if before is None else base64.b64decode(before)
    return Change(packs / str(kept["path"]), said, str(kept["now"]), dict(kept.get("notes", {})))


def _uids(kept: str) -> tuple[bytes, ...]:
    told = base64.b64decode(kept)
    return tuple(told[at : at + _UID] for at in range(0, len(told), _UID))


def _write(packs: Path, source: Path, known: Sequence[Receipt]) -> None:
    kept = [
        {
            "files": [
                {
                    "path": str(one.path.relative_to(packs)),
                    "before": None if one.before is None else base64.b64encode(one.before).decode(),
                    "now": one.now,
                    "notes": dict(one.notes),
                }
                for one in made.changes
            ],
            "log": base64.b64encode(b"".join(made.log)).decode(),
            "said": dict(made.said),
        }
        for made in known
    ]
    disk.write(_file(packs, source), json.dumps(kept))


def _file(packs: Path, source: Path) -> Path:
    """A file is known by where it lies."""
    name = hashlib.blake2b(str(source.resolve()).encode("utf-8", "replace"), digest_size=8)
    return packs.with_name(f".{packs.name}.imports") / f"{name.hexdigest()}.json"
