"""Which tags the front matter of a stranger's text gives to all of its notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from studyapp.notes.foreign import ForeignNote

_TAGS = re.compile(r"tags?[ \t]*[:=][ \t]*(?P<said>.*)", re.IGNORECASE)
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<said>.+)")
_OF_A_DECK = "flashcards"  # begins a tag that names one, for Obsidian


def tagged(notes: Sequence[ForeignNote], front: Sequence[str]) -> tuple[ForeignNote, ...]:
    """The notes with the tags of the lines *front*, in YAML or TOML."""
    found = tuple(dict.fromkeys(filter(None, map(_tag, _said(front)))))
    if not found:
        return tuple(notes)
    return tuple(replace(note, tags=tuple(dict.fromkeys((*note.tags, *found)))) for note in notes)


def _said(front: Sequence[str]) -> list[str]:
    for at, line in enumerate(front):
        if found := _TAGS.fullmatch(line.rstrip()):
            inline = found["said"].strip()
            if inline:
                is_list = inline.startswith("[") or "," in inline
                return inline.strip("[]").split(",") if is_list else inline.split()
            items = list[str]()
            for below in front[at + 1 :]:
                if (item := _ITEM.fullmatch(below.rstrip())) is None:
                    break
                items.append(item["said"])
            return items
    return []


def _tag(said: str) -> str:
    """A tag as one word; empty of one that names a deck."""
    words = said.strip().strip("\"'").lstrip("#").split()
    tag = "-".join(words)
    return "" if tag == _OF_A_DECK or tag.startswith(f"{_OF_A_DECK}/") else tag
