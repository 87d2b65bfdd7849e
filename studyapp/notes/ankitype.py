"""Anki's types of notes: which cards a note has by its templates, and what each side shows.

A template is HTML with fields in braces. What only decorates it (scripts, styles) is dropped; a
field that no template shows is put below the answer, so that nothing of a note is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

_BRACES = re.compile(r"\{\{(?P<said>[^{}]{1,300})\}\}")
_SECTION = re.compile(
    r"\{\{(?P<kind>[#^])\s*(?P<name>[^{}]{1,200}?)\s*\}\}(?P<inner>(?:(?!\{\{[#^]).)*?)"
    r"\{\{/\s*(?P=name)\s*\}\}",
    re.DOTALL,
)
_ASKED = re.compile(r"\{\{[#^](?P<name>[^{}]{1,200})\}\}")
_FRONT = re.compile(r"\{\{\s*FrontSide\s*\}\}", re.IGNORECASE)
EXTRA = "\ue0f4"  # in a template, where what only the answer shows begins
_TYPED = re.compile(r"\{\{type:cloze:[^{}]{1,200}\}\}")
_READING = re.compile(r" ?([^ >\[\]]+?)\[([^\[\]:]+)\]")
_RULE = re.compile(r"<hr\b[^<>]*>", re.IGNORECASE)
_DECORATION = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LONGEST = 100_000  # characters of a template
_DEEPEST = 10  # sections within each other


@dataclass(frozen=True)
class Template:
    """One card of a type: what it asks and what it answers, as Anki writes it."""

    front: str
    back: str


@dataclass(frozen=True)
class NoteType:
    """A type of note: the names of its fields in order, and its templates by their places."""

    name: str
    fields: tuple[str, ...]
    templates: Mapping[int, Template]
    is_cloze: bool = False


def filled(template: str, fields: Mapping[str, str], *without: str) -> str:
    """A template with the texts of the fields, but for those with one of the filters *without*."""
    for _ in range(_DEEPEST):
        if "{{#" not in template and "{{^" not in template:
            break
        template = _SECTION.sub(
            lambda found: (
                found["inner"]
                if bool(_said(fields, found["name"]).strip()) is (found["kind"] == "#")
                else ""
            ),
            template,
        )

    def fill(brace: re.Match[str]) -> str:
        *filters, name = (part.strip() for part in brace["said"].split(":"))
        if {*without} & {*filters} or any(one.startswith("tts ") for one in filters):
            return ""  # a voice says what stands there anyway
        said = _said(fields, name)
        if "furigana" in filters:
            return _READING.sub(r"<ruby>\1<rt>\2</rt></ruby>", said)
        if "kanji" in filters or "kana" in filters:
            return _READING.sub(r"\1" if "kanji" in filters else r"\2", said)
        return said

    return _BRACES.sub(fill, template).strip()


@cache
def back_of(template: Template) -> str:
    """What an answer shows that its question has not shown."""
    back = template.back
    if front := _FRONT.search(back):
        back = back[front.end() :] if not back[: front.start()].strip() else _FRONT.sub("", back)
    elif template.front and back.startswith(template.front):
        back = back[len(template.front) :]
    rule = _RULE.search(back)
    if rule and shown(back[: rule.start()]) <= shown(template.front):
        back = back[rule.end() :]
    return back


@cache
def shown(template: str) -> frozenset[str]:
    """The names of the fields that a template shows."""
    names = (brace["said"] for brace in _BRACES.finditer(template))
    return frozenset(name.split(":")[-1].strip() for name in names if name[:1] not in "#^/!")


def untyped(template: str) -> str:
    """A template without the fields in which a hidden text is typed that it shows anyway."""
    return _TYPED.sub("", template) if "{{cloze:" in template else template


@cache
def revealed(template: Template) -> tuple[str, tuple[str, ...]]:
    """The back of a type that hides texts, with EXTRA behind what its front shows, too; and the
    fields that stand above that, but not on the front, which are left out of it."""
    back, asked = back_of(template), shown(template.front)
    if not (there := _hiding(back)) or not _hiding(template.front) <= there:
        if shown(back) and shown(back) <= asked:  # all over again
            return template.front, ()
        return template.front + (EXTRA if shown(back) else "") + back, ()
    marks = [brace for brace in _BRACES.finditer(back) if _hides(brace) and _name(brace) in asked]
    if not marks or not shown(back) - asked:
        return back, ()
    above, below = back[: marks[-1].end()], back[marks[-1].end() :]
    alone = shown(above) - asked

    def reveal(brace: re.Match[str]) -> str:
        if _name(brace) in alone:
            return ""
        return brace[0] + (EXTRA if _hides(brace) and shown(below) - asked else "")

    return _BRACES.sub(reveal, above) + below, tuple(sorted(alone - shown(below)))


def _hiding(template: str) -> frozenset[str]:
    """The names of the fields of which a template hides texts."""
    return frozenset(_name(brace) for brace in _BRACES.finditer(template) if _hides(brace))


def _hides(brace: re.Match[str]) -> bool:
    filters = [*map(str.strip, brace["said"].split(":")[:-1])]
    return "cloze" in filters and "type" not in filters


def _name(brace: re.Match[str]) -> str:
    return brace["said"].split(":")[-1].strip()


@cache
def hinted(template: Template) -> tuple[str, ...]:
    """The fields that a question shows only if one asks for them, and its answer does not."""
    found = [brace["said"].split(":") for brace in _BRACES.finditer(template.front)]
    names = [one[-1].strip() for one in found if "hint" in map(str.strip, one[:-1])]
    return tuple(name for name in dict.fromkeys(names) if name not in shown(back_of(template)))


@cache
def is_typed(template: Template) -> bool:
    """Whether a card has a field in which its answer is to be typed."""
    said = (brace["said"] for brace in _BRACES.finditer(template.front))
    return any("type" in map(str.strip, one.split(":")[:-1]) for one in said)


def is_reversed(kind: NoteType) -> bool:
    """Whether the second card of a type asks for what the first one shows, and back."""
    one, other = kind.templates.get(0), kind.templates.get(1)
    if one is None or other is None or len(kind.templates) != 2:
        return False
    asks, asked = shown(one.front), shown(other.front)
    return (
        not asks & asked
        and asked <= shown(back_of(one))
        and asks <= shown(back_of(other))
        and asks | shown(back_of(one)) == asked | shown(back_of(other))
    )


def undecorated(template: str) -> str:
    """A template without scripts and styles, which say nothing."""
    return _DECORATION.sub("", template[:_LONGEST])


@cache
def _named(template: str) -> frozenset[str]:
    """The names of the fields that a template shows, or asks whether they say something."""
    return shown(template) | {found["name"].strip() for found in _ASKED.finditer(template)}


def _said(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "")


def unshown(kind: NoteType, places: Sequence[int]) -> tuple[str, ...]:
    """The fields of a type that none of these of its cards shows, in their order."""
    names = frozenset[str]()
    for place in places:
        if template := kind.templates.get(place):
            names |= _named(template.front) | _named(template.back)
    return tuple(name for name in kind.fields if name not in names)
