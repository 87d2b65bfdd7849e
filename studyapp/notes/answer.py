"""An answer as a learner wrote it, as the Markdown that it says.

Quotes, colours, folds and strings that a piece of code assigns are ways to set an answer apart from
its question; what they hold is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from studyapp.notes import wording
from studyapp.notes.card import FENCE, outside_code
from studyapp.notes.opener import SUMMARY

_FOLD = re.compile(r"<details\b[^<>]*>|</details>", re.IGNORECASE)
_COLOUR = re.compile(r"</?(?:span|font|p|div|center)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BREAK = re.compile(r"(?<![ \t])[ \t]*<br[ \t]*/?>[ \t]*\n?", re.IGNORECASE)
_BREAKS = re.compile(r"(?:<br[ \t]*/?>|\s)+", re.IGNORECASE)
_BREAK_BEFORE_BLANK = re.compile(r"<br[ \t]*/?>[ \t]*\n(?=[ \t]*\n)", re.IGNORECASE)
_ALL_BOLD = re.compile(
    r"\s*<(?P<mark>b|strong)>[ \t]*(?P<text>(?:(?!</?(?P=mark)>)[\s\S])*+)</(?P=mark)>\s*",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"<img\b([^<>]*)/?>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(src|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_STRING = re.compile(
    r"\s*(?P<fence>`{3,}+|~{3,}+)[^\n]*\n\s*\w+\s*=\s*[rRfFuUbB]{0,2}(?P<mark>'''|\"\"\")"
    r"(?P<text>(?s:.*?))(?P=mark)\s*\n\s*(?P=fence)[`~]*\s*"
)
_RULE = re.compile(r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})|[ \t]*")
_ITEM = re.compile(r"^[ \t>]*(?:[-*+•][ \t]+)?(?:#{1,6}[ \t]+)?")
_FIGURE = re.compile(r"(\d{1,4})([.)])")
_BARE = re.compile(r"[ \t]*+(?:>[ \t]*+)*+(?:[-*+•]|\d{1,4}[.)])?[ \t]*")


def parted(lines: Sequence[str]) -> tuple[str, str]:
    """What below a question still belongs to it, and its answer.

    Without a label or a fold all of it is the answer; with one, what stands above that is asked. A
    choice of options is not labelled, whatever it begins with.
    """
    lines = list(lines)
    passed = _code(lines) | wording.options(lines)
    for at, line in enumerate(lines):
        if at in passed:
            continue
        if line.lstrip().lower().startswith("<details"):
            text = "\n".join(lines[at:])
            found = SUMMARY.search(text)
            if found is None or wording.is_label(wording.tidy(found[1])):
                return cleaned("\n".join(lines[:at])), _unlabelled(cleaned(text))
            break
        said = wording.without_label(_ITEM.sub("", line).strip())
        if said is not None and not any(map(_says, lines[at + 1 :])) and not said:
            lines[at] = "" if line.rstrip(" \t*_").endswith((":", "：")) else line
            continue
        if said is not None:
            said = figure(said) or said
            return cleaned("\n".join(lines[:at])), cleaned("\n".join([said, *lines[at + 1 :]]))
    return "", cleaned("\n".join(lines))


def _unlabelled(text: str) -> str:
    """What a fold holds, without a label that says once more that it is an answer."""
    first, _, rest = text.partition("\n")
    said = wording.without_label(_ITEM.sub("", first))
    is_letter = re.match(r"\W*[Aa]\b", first) is not None
    return text if is_letter or not said else cleaned(f"{said}\n{rest}")


def is_string(code: str) -> bool:
    """Whether a piece of code says an answer in a string."""
    return _STRING.fullmatch(code) is not None


def cleaned(text: str) -> str:
    """A text of an answer as Markdown; empty if it has marks alone."""
    text = outside_code(_bared(_unfolded(text)), _without_tags)
    string = _STRING.fullmatch(text)
    if string is not None:
        text = string["text"]
    lines = text.strip("\n").rstrip().split("\n")
    said = [line for line in lines if line.strip()]
    if said and all(line.lstrip().startswith(">") for line in said):
        lines = [re.sub(r"^[ \t]*>[ ]?", "", line) for line in lines]
    while lines and _RULE.fullmatch(lines[-1]):
        lines.pop()
    while lines and _RULE.fullmatch(lines[0]):
        lines.pop(0)
    if not any(map(_says, lines)):
        return ""
    return "\n".join(lines).strip("\n").rstrip()


def worded(text: str) -> str:
    """What is told to be an answer or a meaning, as Markdown: a number alone is one, too."""
    return figure(text) or cleaned(text)


def figure(text: str) -> str:
    """A number that is a whole sentence, as Markdown, for which it would be an empty item of a
    list; empty if the text is another one."""
    found = _FIGURE.fullmatch(text.strip())
    return rf"{found[1]}\{found[2]}" if found else ""


def _bared(text: str) -> str:
    """A text without the breaks at its ends, and without the mark that makes all of it bold."""
    if "<b" in text.lower():
        breaks = [found for found in _BREAKS.finditer(text) if "<" in found[0]]
        begins = breaks[0].end() if breaks and breaks[0].start() == 0 else 0
        ends = breaks[-1].start() if breaks and breaks[-1].end() == len(text) else len(text)
        text = text[begins:ends]
    bold = _ALL_BOLD.fullmatch(text)
    return bold["text"].strip("\n") if bold else text


def _says(line: str) -> bool:
    return _BARE.fullmatch(line) is None


def _unfolded(text: str) -> str:
    if "<details" not in text.lower():
        return text
    text = SUMMARY.sub(
        lambda found: "" if wording.is_label(said := wording.tidy(found[1])) else f"**{said}**\n\n",
        text,
    )
    return re.sub(r"\n{3,}", "\n\n", _FOLD.sub("\n", text)).strip("\n")


def _without_tags(text: str) -> str:
    if "<" not in text and "&" not in text:
        return text
    text = _IMAGE.sub(_image, text)
    if _COLOUR.search(text):
        text = _COLOUR.sub("", text)
        text = "\n".join(
            line.removeprefix("  ") if line.strip() else "" for line in text.split("\n")
        )
    text = _BREAK_BEFORE_BLANK.sub("\n", text)
    return wording.written_out(_BREAK.sub("\\\n", text))


def _image(tag: re.Match[str]) -> str:
    said = {name.lower(): "".join(values) for name, *values in _ATTRIBUTE.findall(tag[1])}
    source = said.get("src", "")
    return f"![{said.get('alt', '')}]({source})" if source else tag[0]


def _code(lines: Sequence[str]) -> set[int]:
    """The lines that are code."""
    text, inside = "\n".join(lines), set[int]()
    for match in FENCE.finditer(text):
        first = text.count("\n", 0, match.start())
        inside.update(range(first, first + match[0].count("\n") + 1))
    return inside
