"""Questions inside a section's text: a link to a note that stands alone, between empty lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from studyapp.notes.card import CODE_SPAN, FENCE

_PROMPT = re.compile(
    r"(?:\A|\n[ \t]*\n)(?P<link>\[(?P<words>(?:[^\[\]\n]|\n(?![ \t]*\n))+)\]"
    r"\(note:(?P<note>[a-z0-9-]+)\))[ \t]*(?=\n[ \t]*\n|\s*\Z)"
)
_LINK = re.compile(r"\]\(note:([^()\s]*)")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question of the note with the id `note`, asked from *start* to *end* of its text.

    `words` is the link's own text, Markdown: what other readers of Markdown show.
    """

    note: str
    words: str
    start: int
    end: int


def find(text: str) -> tuple[Prompt, ...]:
    """The prompts of a section's *text*, in their order; code has none."""
    code = [match.span() for match in FENCE.finditer(text)]
    return tuple(
        Prompt(match["note"], " ".join(match["words"].split()), *match.span("link"))
        for match in _PROMPT.finditer(text)
        if not any(start <= match.start("link") < end for start, end in code)
    )


def links(text: str) -> tuple[str, ...]:
    """The notes that links in *text* name, in their order; code has none."""
    return tuple(_LINK.findall(CODE_SPAN.sub("", FENCE.sub("", text))))


def stray(text: str) -> int:
    """How many links to notes in *text* are no prompts, as they do not stand alone."""
    return len(links(text)) - len(find(text))


def marked(text: str, marks: Mapping[str, str], until: Prompt | None = None) -> str:
    """*text*, up to the prompt *until*, with each prompt as a quiet line: its mark, by note, or
    "?", and its words."""
    parts, place = [], 0
    for prompt in find(text):
        parts.append(text[place : prompt.start])
        if prompt == until:
            return "".join(parts)
        parts.append(f"> {marks.get(prompt.note, '?')} {prompt.words}")
        place = prompt.end
    return "".join([*parts, text[place:]])
