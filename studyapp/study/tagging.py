"""Tags of many notes at once: put on, and taken off.

They stand in the notes' own files. A pack's notes have those of their pack: a copy of each, only to
have another tag, would be left behind by whatever the pack corrects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

from studyapp import disk
from studyapp.errors import StudyError, printable
from studyapp.notes.letters import folded
from studyapp.study import rewriting, words
from studyapp.study.desk import Desk
from studyapp.study.draft import storable
from studyapp.study.rewriting import Rewriting

_TAG = re.compile(r"[^\s,<>]+")
_LONGEST = 100  # characters
WHAT = "tags"  # in a record


class Change(NamedTuple):
    """Tags to put on, and others to take off, by whatever letters they are written in."""

    on: tuple[str, ...]
    off: tuple[str, ...]

    def made_of(self, tags: Sequence[str]) -> tuple[str, ...]:
        """What *tags* are then."""
        off = set(map(folded, self.off))
        left = [one for one in tags if folded(one) not in off]
        have = set(map(folded, left))
        return (*left, *(one for one in self.on if folded(one) not in have))

    def taken_back(self, before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
        """What tags that are so *now* are without it, if they were so *before*; what was tagged
        since stays."""
        made = self.made_of(before)
        if tuple(now) == made:
            return tuple(before)
        left = [one for one in now if one in before or one not in made]
        return (*left, *(one for one in before if one not in (*made, *left)))


def parse(typed: str) -> Change:
    """The change that is *typed*: tags with spaces between them, one to take off with a minus.

    Raises StudyError for what can be no tag.
    """
    given = list(dict.fromkeys(normalize("NFC", printable(storable(typed))).split()))
    for one in given:
        if why := wrong(one.removeprefix("-")):
            raise StudyError(f"{one} can be no tag: {why}.")
    if not given:
        raise StudyError("Give tags, as in apply exam; with a minus, -exam, one is taken off.")
    on = tuple(one for one in given if not one.startswith("-"))
    return Change(on, tuple(one[1:] for one in given if one.startswith("-")))


def wrong(text: str) -> str:
    """Why a comment cannot have this as one tag; empty if it can."""
    if not text:
        return "a minus takes the tag off that stands right behind it"
    if len(text) > _LONGEST:
        return f"it has {len(text)} characters, and {_LONGEST} are the most"
    if text.startswith("-") or "--" in text:
        return "a tag begins with no minus, and has no two dashes"
    if not _TAG.fullmatch(text):
        return "a tag has no comma, no space, no < and no >"
    return ""


def tag(desk: Desk, notes: Collection[int], change: Change) -> Rewriting:
    """Make this change to those of *notes* that are the learner's own, all or none
    (`rewriting.rewrite`)."""
    from studyapp.notes import amendment, excerpt

    def text_of(path: Path, rows: Sequence[Any]) -> str:
        there = excerpt.tags(path)  # an editor may have saved others since they were read
        return amendment.tagged(
            path, {row.name: change.made_of(there.get(row.name, row.tags)) for row in rows}
        )

    with desk.reading() as connection:
        mine = rewriting.own(connection, notes, learner=desk.learner)
    other = [row for row in mine if change.made_of(row.tags) != tuple(row.tags)]
    what = {"kind": WHAT, "on": change.on, "off": change.off}
    return rewriting.rewrite(desk, other, text_of, partial(back_of, change), what)


def back_of(change: Change, path: Path, rows: Sequence[Any], _: bytes) -> str | None:
    """What a file is to say without a *change* of its tags; None if that is for it as it is."""
    from studyapp.notes import amendment, excerpt

    there = excerpt.tags(path) if disk.is_there(path) else {}
    back = {
        row.name: change.taken_back(row.tags, there[row.name]) for row in rows if row.name in there
    }
    return amendment.tagged(path, back) if back else None


def told(done: Rewriting, undo: str) -> str:
    """What was done, as the learner reads it; *undo* is the key that takes it back."""
    if not done.notes:
        return "Their tags are so already."
    return f"Tagged: {words.count(done.notes, 'note')}; {undo} takes it back."
