"""The formats that can be read, by name, and which of them a file is of."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from studyapp import disk
from studyapp.errors import ContentError, StudyError
from studyapp.garbage import uncollected

if TYPE_CHECKING:
    from studyapp.notes.foreign import Foreign

# In the order in which they are asked whether a file is theirs.
FORMATS = {
    "post": "studyapp.notes.post",
    "native": "studyapp.notes.native",
    "anki": "studyapp.notes.apkg",
    "notebook": "studyapp.notes.notebook",
    "json": "studyapp.notes.records",
    "anki-text": "studyapp.notes.ankitext",
    "hashcards": "studyapp.notes.hashcards",
    "obsidian": "studyapp.notes.obsidian",
    "notes": "studyapp.notes.prose",  # whatever asks or defines something
}
HEAD = 65_536  # bytes of a file that a reader is shown
_TEXTS = (".md", ".markdown", ".txt", ".text", ".org", ".adoc", ".asciidoc")
_SHAPES = (
    "a question with its answer below it, `Q:` and `A:`, terms below a heading that says Glossary, "
    "`{{c1::hidden}}` text, a table with the columns Question and Answer"
)


class Reader(Protocol):
    """A module that reads one format."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether a file that begins with *head* is of this format. Never raises."""

    def read(self, path: Path) -> Foreign:
        """Everything in the file. Raises StudyError if it cannot be read, or is of no such format;
        nothing within it makes this raise."""


def reader(name: str) -> Reader:
    """The reader of a format, imported when it is needed."""
    return cast(Reader, import_module(FORMATS[name]))


def recognise(path: Path) -> str:
    """The name of a file's format. Raises StudyError if it cannot be read, or nobody knows it."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            if head.startswith((b"\xff\xfe", b"\xfe\xff")):
                head = _in_utf8(head + file.read(3 * HEAD))
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    if not head.strip():
        raise StudyError(f"{path} is empty.")
    found = next((name for name in FORMATS if reader(name).recognises(head, path)), None)
    if found is None:
        _check_text(path)
        _check_tables(head, path)
        if path.suffix.lower() in _TEXTS and b"\0" not in head:
            raise StudyError(
                f"{path} is text in which nothing asks, hides or surely defines anything. "
                f"Read are, for example, {_SHAPES}; or say its format with --format."
                f"{_of_answers(head, path)}"
            )
        raise StudyError(
            f"{path} is of no format that can be read here ({', '.join(FORMATS)}); "
            "if you know that it is of one, say so with --format."
        )
    return found


def _in_utf8(head: bytes) -> bytes:
    from studyapp.notes.encoding import is_utf16

    return head.decode("utf-16", "ignore").encode()[:HEAD] if is_utf16(head) else head


def _check_tables(head: bytes, path: Path) -> None:
    """Raise StudyError for a file that may be, or have, a table of notes."""
    from studyapp.notes import prose, sheet, unread

    if why := sheet.why_not(head, path):
        raise StudyError(why)
    for one in prose.parse(head.decode("utf-8-sig", "ignore"), path).problems:
        if one.message.endswith(unread.MAY_PAIR):
            raise ContentError(path, one.line, one.message)


def _of_answers(head: bytes, path: Path) -> str:
    """What else a text may be that has a numbered list; empty if it has none."""
    from studyapp.notes import answersheet

    if not answersheet.parse(head.decode("utf-8-sig", "ignore"), path).notes:
        return ""
    return " Numbered answers to a questionnaire come with --as-attempt --chapter N."


def _check_text(path: Path) -> None:
    """Raise StudyError for a file that is called as notes are, and is no text that can be read."""
    from studyapp.notes import vault
    from studyapp.notes.encoding import text_of

    if path.suffix.lower() in vault.ENDINGS:
        text_of(path)


@uncollected
def read(path: Path, name: str | None = None) -> tuple[str, Foreign]:
    """Read a file of the format *name*, or of the one that its content tells; with its name. Of a
    folder all files are read that are called as notes are (`notes/vault.py::ENDINGS`). Raises
    StudyError if it cannot be read, or is of no such format."""
    disk.check_ends(path)
    if path.is_dir():
        from studyapp.notes import native, vault

        if name == "native" or (name is None and native.is_pack(path)):
            return "native", native.read(path)
        return vault.read(path, lambda file: read(file, name))
    name = name or recognise(path)
    return name, reader(name).read(path)
