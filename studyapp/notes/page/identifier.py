"""Ids as they are written: `{#id}` at the end of a heading or a point."""

from __future__ import annotations

import re

from studyapp.notes.page.comment import without_comments
from studyapp.notes.page.file import File

_ID = re.compile(r"[a-z0-9-]+")
MARK = re.compile(r"\{#([^{}]*)\}$")  # the {#id} that ends a heading or a point


def identify(file: File, line: int, text: str) -> tuple[str, str | None]:
    """Split "text {#id}"; no id is None, a malformed one is reported and empty."""
    text = without_comments(" ".join(part.strip() for part in text.split("\n"))).strip()
    match = MARK.search(text)
    if match is None:
        return text, None
    rest = text[: match.start()].rstrip()
    while other := MARK.search(rest):
        file.report(line, f"two ids, {other[0]} and {match[0]}; keep the one that it had first")
        rest = rest[: other.start()].rstrip()
    return rest, checked_id(file, line, match[1])


def checked_id(file: File, line: int, name: str) -> str:
    """An id as it is; empty, with a problem, if it is malformed."""
    if _ID.fullmatch(name):
        return name
    file.report(line, f"the id {name!r} may have only lower-case letters, digits and hyphens")
    return ""
