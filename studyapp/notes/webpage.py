"""Texts that are HTML as a whole, as Markdown: block by block, so that a line knows where it was.

Folds stay what they are; a list that describes says each term with its meaning, or asks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from studyapp.notes import hypertext
from studyapp.notes.card import outside_code
from studyapp.notes.note import Problem

_ENDINGS = (".html", ".htm", ".xhtml")
_SAYS_SO = re.compile(r"\s*(?:<\?xml\b[^<>]*>\s*)?<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_BLOCK = re.compile(
    r"\s*<(?:p|div|h[1-6]|[duo]l|table|section|article|main)\b[^<>]*>", re.IGNORECASE
)
_CHUNKS = re.compile(r"\n[ \t]*\n\s*")
_PRE = re.compile(r"<pre\b(?:(?!</?pre\b).)*+</pre>", re.IGNORECASE | re.DOTALL)
_MARKDOWN = re.compile(r"^ {0,3}(?:#{1,6} |[-*+] |\d{1,3}[.)] |```|~~~)", re.MULTILINE)
_COMMENT, _DECLARED = r"(?P<comment><!--(?s:(?!<!--|-->).)*+-->)", r"<[!?][A-Za-z][^<>]*>"
_PIECE = re.compile(f"{_COMMENT}|{_DECLARED}|{hypertext.TAG.pattern}")
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LEFT_OUT = {"head", "script", "style", "title", "template", "svg", "iframe", "object", "noscript"}
_WHOLE = {"p", "pre", "ul", "ol", "dl", "table", "blockquote", "summary"} | _HEADINGS | _LEFT_OUT
_AROUND = {"html", "body", "div", "main", "section", "article", "header", "footer", "nav", "aside"}
_AROUND |= {"center", "form", "figure", "address", "hr"}
_UNTOLD = {"a head of HTML", "a style sheet", "a title", "a script"}  # which say nothing of a note
_PICTURE = re.compile(r"<img\b(?:[^<>\"']|\"[^\"<>]*\"|'[^'<>]*')*>", re.IGNORECASE)
_PLACE = re.compile("\ue0f5(\\d{1,6})\ue0f6")
_PRIVATE = re.compile("[\ue0f5\ue0f6]")
_DESCRIBED = re.compile(r"<(?P<name>d[td])\b[^<>]*>", re.IGNORECASE)
_WORD, _TAGS = re.compile(r"\w+"), re.compile(r"<[^<>]*>")
_FEW, _NEAR = 3, 50  # words by which a line is known again, and lines in which it is looked for
_STRONG = re.compile(r"^((?:- |\d+\. )?)<b>([^<>\n*]+)</b>(?=\s|\\?$)", re.MULTILINE)
_NUMBERED = re.compile(r"^(\d{1,3})\\(?=[.)] )", re.MULTILINE)


def is_one(lines: Sequence[str], path: Path) -> bool:
    """Whether a text is HTML as a whole: by its name, by what it begins with, or as each part of it
    is, and none of it is marked as in Markdown."""
    first = next((line for line in lines if line.strip()), "")
    if "<" not in first and path.suffix.lower() not in _ENDINGS:
        return False
    text = "\n".join(lines)
    if _SAYS_SO.match(text):
        return True
    if path.suffix.lower() in _ENDINGS:
        return any(tag["name"].lower() in _WHOLE for tag in hypertext.TAG.finditer(text))
    if not _BLOCK.match(text):
        return False
    chunks = _CHUNKS.split(_PRE.sub("<pre>", text).strip())
    return not _MARKDOWN.search(text) and all(one.startswith("<") for one in chunks)


def as_markdown(
    lines: Sequence[str], numbers: Sequence[int], path: Path
) -> tuple[list[str], list[int], list[Problem]]:
    """The lines with their *numbers* in the file, and what was left out."""
    html = hypertext.typeset(_PRIVATE.sub("", "\n".join(lines)))
    begins = [0, *accumulate(len(line) + 1 for line in html.split("\n"))]
    made, at, lost = list[str](), list[int](), dict[str, int]()
    for start, end, name in _blocks(html):
        said = html[start:end]
        start += len(said) - len(said.lstrip())
        first = min(bisect_right(begins, start), len(lines)) - 1
        if text := _written(said.strip(), name, lost, numbers[first]):
            found = [*text.split("\n"), ""]
            made += found
            at += [numbers[first + below] for below in _places(found, said.strip().split("\n"))]
    told = [Problem(path, number, f"left out here: {what}") for what, number in lost.items()]
    return made, at, told


def _places(made: Sequence[str], of: Sequence[str]) -> Iterator[int]:
    """Which of the lines of a block each line is *of* that was made of it: the next one that says
    the words with which it begins, else that of the line before."""
    said = [_words(line) for line in of]
    at = 0
    for line in made:
        begins = " ".join(_words(line).split()[:_FEW])
        near = range(at, min(len(said), at + _NEAR)) if begins else ()
        at = next((one for one in near if f" {begins} " in f" {said[one]} "), at)
        yield at


def _words(line: str) -> str:
    return " ".join(_WORD.findall(hypertext.unescaped(_TAGS.sub(" ", line))))


def _blocks(html: str) -> Iterator[tuple[int, int, str]]:
    """Where each block begins and ends, and the name of its element: empty of a line of text, a tag
    for what stays as it is."""
    start = depth = 0
    whole = ""  # the element that is a block with all in it
    for piece in _PIECE.finditer(html):
        name, ends = (piece["name"] or "").lower(), bool(piece["end"])
        if whole and _is_ended(whole, name, ends=ends):
            yield start, piece.start(), whole
            start, whole = piece.start(), ""
        if whole:
            depth += (name == whole) * (-1 if ends else 1)
            if not depth:
                yield start, piece.end(), whole
                start, whole = piece.end(), ""
        elif not name or name in _AROUND or name == "details":
            yield start, piece.start(), ""
            stays = piece["comment"] is not None or name in ("details", "hr")
            if stays:
                yield piece.start(), piece.end(), "hr" if name == "hr" else "<"
            start = piece.end()
        elif name in _WHOLE and not ends:
            yield start, piece.start(), ""
            start, whole, depth = piece.start(), name, 1
    yield start, len(html), whole


def _is_ended(whole: str, name: str, *, ends: bool) -> bool:
    """Whether a paragraph or a heading without an end is over where a tag stands."""
    if whole == "p":
        return name in _AROUND or (name != "p" and name in _WHOLE) or (name == "p" and not ends)
    return whole in _HEADINGS and name in _HEADINGS and name != whole


def _written(html: str, name: str, lost: dict[str, int], number: int) -> str:
    """A block as Markdown; what of it is *lost* gets its *number*."""
    if name == "<":
        return html
    if name == "dl":
        return "\n\n".join(_described(html, lost, number))
    tags = list[str]()

    def place(tag: re.Match[str]) -> str:  # for the reader of pictures, which finds their files
        tags.append(tag[0])
        return f"\ue0f5{len(tags) - 1}\ue0f6"

    found = hypertext.to_markdown(_PICTURE.sub(place, html))
    for one in found.lost - _UNTOLD:
        lost.setdefault(one, number)
    text = outside_code(found.text, _as_typed)
    text = _PLACE.sub(lambda sign: "".join(tags[int(sign[1]) :][:1]), text)
    if name in _HEADINGS:
        return re.sub(r"^#+", "#" * int(name[1]), text)
    return f"<summary>{' '.join(text.split())}</summary>" if name == "summary" else text


def _as_typed(text: str) -> str:
    """Markdown as one types it: strong lines and numbers as such, files by their own names."""
    text = _STRONG.sub(r"\1**\2**", text)
    return _NUMBERED.sub(r"\1", text).replace("\\\n", "  \n").replace("](media/", "](")


def _described(html: str, lost: dict[str, int], number: int) -> Iterator[str]:
    """Each term of a list that describes, with its meanings behind colons below it."""
    marks, entries = [*_DESCRIBED.finditer(html)], list[tuple[list[str], list[str]]]()
    begins, *ends = *(mark.start() for mark in marks), len(html)
    if lead := _written(html[:begins], "", lost, number):
        yield lead
    for mark, end in zip(marks, ends, strict=True):
        text = _written(html[mark.end() : end], "", lost, number)
        is_term = mark["name"].lower() == "dt"
        if not entries or (is_term and entries[-1][1]):
            entries.append(([], []))
        entries[-1][not is_term].append(" ".join(text.split()) if is_term else text)
    for terms, meanings in entries:
        if len(terms) == 1 and terms[0].endswith("?"):
            yield f"**{terms[0]}**\n\n" + "\n\n".join(meanings)
            continue
        said = (f": {text}".replace("\n", "\n  ") for text in meanings)
        yield "\n".join([", ".join(terms), *said])
