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


def filled(template: str, fields: Mapping[str, str], without: str = "") -> str:
    """A template with the texts of the fields, but for those with the filter *without*."""
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
        if without in filters or any(one.startswith("tts ") for one in filters):
            return ""  # a voice says what stands there anyway
        return _said(fields, name)

    return _BRACES.sub(fill, template).strip()


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
