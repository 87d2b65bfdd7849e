"""The error tree: a learner's mistake is one sentence, never a traceback."""

from __future__ import annotations

import re
from pathlib import Path
from unicodedata import category

INTERRUPTED = 130  # exit code of a program that Ctrl+C ended, as shells have it


class StudyError(Exception):
    """A sentence for the learner; the command or worker that catches it prints it and stops."""


class CancelledError(StudyError):
    """Whoever asked for it has stopped it; the sentence says what became of it."""


class SettingError(StudyError):
    """A value in settings.toml (or on the command line) is not allowed.

    `public` says it without what was written there, for a report that anybody may read.
    """

    def __init__(self, told: str, public: str = "A setting is not allowed.") -> None:
        super().__init__(told)
        self.public = public


class ContentError(StudyError):
    """A content file cannot be read as it stands."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class StoreError(StudyError):
    """The database cannot be used: locked, corrupt, read-only, newer than this program."""


class ChangedError(StudyError):
    """What a card's buttons promised holds no longer; nothing was rated."""


class RefusedError(StudyError):
    """What was done cannot be taken back any more; what is older can."""


class AlreadyRatedError(StudyError):
    """Another window rated the card after this one showed it; nothing was written."""


def printable(text: str) -> str:
    """Return *text* without what steers a terminal or hides, so that content can only be read.

    Gone are control characters but newline and tab (C0, DEL, C1), what overrides or isolates the
    direction of text, byte-order marks, annotations, tags outside a flag, and of the marks that are
    piled on one letter all but eight. A separator of lines or paragraphs is a space, half a
    surrogate pair U+FFFD. What scripts need stays: marks of direction, joiners, soft hyphens.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text  # most of what is shown
    if _STEERING.search(text):
        text = _STEERING.sub(_replacement, _TAGS.sub(r"\1", text))
    return _PILES.sub(_lowered, text)


def marked(text: str) -> str:
    """Return *text* with U+FFFD for each character that `printable` drops or replaces, but for
    marks: every character keeps its place."""
    return _STEERING.sub("\ufffd", text)


def _replacement(found: re.Match[str]) -> str:
    if found[0] in "\u2028\u2029":
        return " "
    if "\ud800" <= found[0] <= "\udfff":
        return "\ufffd"
    return found[0] if found[0] > "\U000e0000" else ""  # of tags only a flag's are left


def _lowered(found: re.Match[str]) -> str:
    """The signs with no more than `_PILE` invisible or combining ones after each other."""
    kept, height = [], 0
    for character in found[0]:
        height = height + 1 if category(character) in ("Mn", "Me", "Cf") else 0
        if height <= _PILE:
            kept.append(character)
    return "".join(kept)


_PILE = 8  # marks on one letter: as high as the highest stack that is written, in Tibetan
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
# The flags of England, Scotland and Wales are a black flag, a few tags and an end.
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{1,6}\U000e007f)|[\U000e0000-\U000e007f]")
# Only where so many signs that are neither letters nor ASCII stand together can there be a pile.
_PILES = re.compile(rf"[^\w\s\x00-\x7f]{{{_PILE + 1},}}")
