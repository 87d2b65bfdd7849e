"""Fields of a note: the keys that a comment or a row of a table may have, and what each may say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from studyapp.notes.note import CardStyle, Depth
from studyapp.notes.page.file import File

_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")
_NUMBER = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}")
# A comma ends a value only where another key follows it.
PAIR = re.compile(
    r"(?<!\s)\s*(?<![\w-])([\w-]++)\s*+:\s*+(|\S.*?(?<!\s))\s*(?:,(?=\s*[\w-]+\s*:)|$)", re.DOTALL
)
_LIST = re.compile(r"[\w-]+\s*:")
_VARIANT_OF_COMMENT = re.compile(r"variant\b", re.IGNORECASE)


def said(file: File, comments: Sequence[tuple[int, str]], points: int) -> dict[str, Any]:
    """Fields of a note with so many *points* from the comments below it; the last one that has a
    key of ours counts."""
    sources, lists = [], []
    for line, text in comments:
        if text.lower().startswith("source:"):
            sources.append(text[len("source:") :].strip())
            if not sources[-1]:
                file.report(line, "source: names nothing")
        elif _VARIANT_OF_COMMENT.match(text):
            file.report(line, "a variant begins with <!-- variant --> on a line of its own")
        elif _LIST.match(text):
            lists.append((line, PAIR.findall(text)))
    known = [(line, pairs) for line, pairs in lists if any(key in KEYS for key, _ in pairs)]
    for line, _ in known[:-1]:
        file.report(line, "this comment is not read: only the last one of a note is")
    fields: dict[str, Any] = {"sources": tuple(filter(None, sources))}
    if not lists:
        return fields
    line, pairs = (known or lists)[-1]
    fields |= fields_of(file, line, pairs)
    need = fields.get("need")
    if need and need > points:
        file.report(line, f"need: {need} is more than the note has points, {points}")
        del fields["need"]
    return fields


def fields_of(file: File, line: int, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields of a note from the keys and values of its comment or its row."""
    fields: dict[str, Any] = {}
    seen: set[str] = set()
    for key, value in pairs:
        if key not in KEYS:
            file.report(line, f"unknown key {key}; the keys are {', '.join(KEYS)}")
            continue
        if key in seen:
            file.report(line, f"{key} is given twice")
        seen.add(key)
        parse, expected = KEYS[key]
        parsed = parse(value)
        if not value:
            file.report(line, f"{key} has no value")
        elif parsed is None:
            file.report(line, f"{key}: {value} is not {expected}")
        else:
            fields[key.replace("-", "_")] = parsed
    return fields


def count(text: str) -> int | None:
    """A whole number above 0; None if it is none."""
    return int(text) or None if re.fullmatch(r"[0-9]{1,6}", text) else None


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[12][0-9]{3}", text) else None


def _style(text: str) -> CardStyle | None:
    return CardStyle(text) if text in set(CardStyle) else None


def _depth(text: str) -> Depth | None:
    return Depth(text) if text in set(Depth) else None


def _words(separator: str | None) -> Callable[[str], tuple[str, ...] | None]:
    def parse(text: str) -> tuple[str, ...] | None:
        return tuple(word.strip() for word in text.split(separator) if word.strip()) or None

    return parse


KEYS: dict[str, tuple[Callable[[str], object], str]] = {
    "number": (count, "a whole number above 0"),
    "section": (lambda text: text if _NUMBER.fullmatch(text) else None, "a number like 1.19"),
    "family": (str, "a name"),
    "tags": (_words(None), "words"),
    "card": (_style, f"one of {', '.join(CardStyle)}"),
    "need": (count, "a whole number above 0"),
    "as-of": (_year, "a year like 2026"),
    "synonyms": (_words(";"), "terms separated by semicolons"),
    "long": (str, "a reason"),
    "depth": (_depth, f"one of {', '.join(Depth)}"),
    "book": (count, "a whole number above 0"),
    "reverse": ({"yes": True, "no": False}.get, "yes or no"),
    "changed": (lambda text: text if _MONTH.fullmatch(text) else None, "a month like 2026-12"),
    "guid": (unquote, "what an import writes"),
    "origin": (str, "what an import writes"),
}
