"""The front matter of a content file: which page it is, of which pack, chapter and kind."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from studyapp.errors import printable
from studyapp.notes.note import ContentFile, FileKind
from studyapp.notes.page.field import count
from studyapp.notes.page.file import File

_OF_CHAPTERS = ("part", "chapter", "title", "lecture", "video")
_HEAD_KEYS = ("pack", *_OF_CHAPTERS, "deck", "kind")
_NAMES = ("pack", "part", "title", "deck")  # in which a # may be meant


@dataclass(frozen=True, slots=True)
class Head:
    """What the front matter says; `lines` is how many lines it takes.

    Without a page, `kind` and `timed` (the headings of a lecture begin with times) still tell how
    the rest is to be looked through for problems.
    """

    lines: int
    page: ContentFile | None = None
    kind: FileKind | None = None
    timed: bool = False


def front_matter(file: File) -> Head:
    """The front matter of a file, with a problem for each line of it that is wrong."""
    if file.lines[0].rstrip() != "---":
        file.report(1, "front matter is missing: the first line must be ---")
        return Head(0)
    ends = (number for number, line in enumerate(file.lines[1:], 1) if line.rstrip() == "---")
    end = next(ends, None)
    if end is None:
        file.report(1, "front matter never ends: a line --- must follow it")
        end = next((n for n, line in enumerate(file.lines) if not line.strip()), 0)
        return _guessed_head(file.lines[1:end], end)
    values = _yaml(file, file.lines[1:end])
    if values is None:
        return _guessed_head(file.lines[1:end], end + 1)
    return _head(file, values, end + 1)


def _yaml(file: File, lines: Sequence[str]) -> dict[str, str] | None:
    import yaml

    text = "\n".join(lines)
    try:
        # The base loader leaves every value the text that it is: `title: No` is no boolean.
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        file.report(line + 2, f"front matter has a character that YAML forbids: {error.reason}")
        return None
    except yaml.MarkedYAMLError as error:
        line = min(error.problem_mark.line, len(lines) - 1) if error.problem_mark else 0
        file.report(line + 2, f"front matter is not YAML: {error.problem}")
        return None
    except (yaml.YAMLError, RecursionError):
        file.report(2, "front matter is not YAML")
        return None
    if not isinstance(node, yaml.MappingNode):
        file.report(1, "front matter must be lines of key: value")
        return None
    values: dict[str, str] = {}
    for key, value in node.value:
        line = key.start_mark.line
        if not isinstance(key, yaml.ScalarNode):
            file.report(line + 2, "front matter must be lines of key: value")
        elif key.value not in _HEAD_KEYS:
            told = f"unknown key {key.value} in the front matter; the keys are "
            file.report(line + 2, told + ", ".join(_HEAD_KEYS))
        elif not isinstance(value, yaml.ScalarNode):
            file.report(line + 2, f"{key.value} is not one text")
        else:
            if key.value in values:
                file.report(line + 2, f"{key.value} is given twice")
            end = value.end_mark
            if key.value in _NAMES and lines[end.line : end.line + 1]:
                rest = lines[end.line][end.column :].lstrip()
                if rest.startswith("#") and value.style is None:
                    told = f"{key.value} ends before {rest}: a value with # stands in quotes"
                    file.report(end.line + 2, told)
            # YAML's "\x1b" and "\ud800" make characters that the file did not have.
            said = value.value.encode("utf-8", "replace").decode()
            values[key.value] = unicodedata.normalize("NFC", printable(" ".join(said.split())))
    return values


def _guessed_head(lines: Sequence[str], end: int) -> Head:
    text = "\n".join(lines)
    words = re.findall(r"^kind\s*:\s*[\"']?(\w+)", text, re.MULTILINE)
    kind = FileKind(words[0]) if words and words[0] in set(FileKind) else None
    timed = re.search(r"^lecture\s*:", text, re.MULTILINE) is not None
    return Head(end, kind=kind, timed=timed)


def _head(file: File, values: dict[str, str], lines: int) -> Head:
    def line_of(key: str) -> int:
        found = (n for n, line in enumerate(file.lines, 1) if re.match(rf"\W*{key}\b", line))
        return next(found, 1)

    deck = values.get("deck")
    for key in ("pack", "kind") if deck else ("pack", "part", "chapter", "title", "kind"):
        if not values.get(key):
            file.report(1, f"front matter lacks {key}")
    for key in _OF_CHAPTERS if deck else ():
        if values.get(key):
            file.report(line_of(key), f"a deck has no {key}: it is no chapter")
    kind, timed = values.get("kind"), bool(values.get("lecture"))
    chapter, lecture = (count(values.get(key, "")) for key in ("chapter", "lecture"))
    for key, number in (("chapter", chapter), ("lecture", lecture)):
        if number is None and values.get(key):
            message = f"{key}: {values[key]} is not a whole number above 0"
            file.report(line_of(key), message)
    video = values.get("video") or None
    if video is not None and not re.fullmatch(r"https?://[^\s<>\"]+", video):
        file.report(line_of("video"), f"video: {video} is not an address like https://…")
    if kind and kind not in set(FileKind):
        message = f"kind: {kind} is none of {', '.join(FileKind)}"
        file.report(line_of("kind"), message)
    if not kind or kind not in set(FileKind):
        return Head(lines)
    if deck and kind == FileKind.READING:
        file.report(line_of("kind"), "a deck has no reading: its kind is questionnaire or jargon")
        return Head(lines, kind=FileKind(kind), timed=timed)
    if not values.get("pack") or (chapter is None and not deck):
        return Head(lines, kind=FileKind(kind), timed=timed)
    if deck:
        page = ContentFile(file.path, values["pack"], values["pack"], None, deck, FileKind(kind))
        return Head(lines, page, page.kind)
    page = ContentFile(
        path=file.path,
        pack=values["pack"],
        part=values.get("part", ""),
        chapter=chapter,
        title=values.get("title", ""),
        kind=FileKind(kind),
        lecture=lecture,
        video=video,
    )
    return Head(lines, page, page.kind, timed)


def quoted(text: str) -> str:
    """A string as the front matter reads it back: JSON's quoting is a part of YAML's."""
    return json.dumps(text, ensure_ascii=False)
