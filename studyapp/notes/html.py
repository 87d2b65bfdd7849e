"""The HTML that Markdown may hold, as text to show: what formats is dropped, what says stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING

from studyapp.notes.maths import to_unicode

if TYPE_CHECKING:
    from markdown_it.token import Token

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_ATTRIBUTE = re.compile(r"""\s(alt|src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.I)
_VOID = {"br": "\n", "hr": "\n", "wbr": ""}
_LINES = frozenset(
    [
        "blockquote",
        "dd",
        "div",
        "dt",
        "figcaption",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "p",
        "summary",
        "tr",
    ]
)
_KNOWN = _LINES | frozenset(
    [
        "a",
        "abbr",
        "b",
        "big",
        "caption",
        "center",
        "code",
        "col",
        "colgroup",
        "del",
        "details",
        "dfn",
        "dl",
        "em",
        "figure",
        "font",
        "footer",
        "header",
        "i",
        "img",
        "ins",
        "kbd",
        "main",
        "mark",
        "nav",
        "ol",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_SCRIPTS = {"sub": "_", "sup": "^"}


def visible_html(html: str) -> str:
    """Return a block of HTML as lines of text, without comments and the tags of formatting."""
    return unescape(_TAG.sub(_in_block, _COMMENT.sub("", html))).strip("\n")


def read_tags(tokens: Sequence[Token]) -> None:
    """Make text of the HTML in a paragraph, in place.

    A tag that is none of HTML's, or has no end, stays as it is: List<int>. <sub> and <sup> become
    signs, so that x<sup>2</sup> is no x2.
    """
    opened: dict[str, list[int]] = {}
    for at, token in enumerate(tokens):
        if token.type != "html_inline":
            continue
        token.type, token.content = "text", _COMMENT.sub("", token.content)
        tag = _TAG.fullmatch(token.content)
        name = tag["name"].lower() if tag else ""
        if name in _VOID or name == "img":
            token.content = _TAG.sub(_in_block, token.content)
        elif name in _KNOWN and not token.content.startswith("</"):
            opened.setdefault(name, []).append(at)
        elif opened.get(name):
            _close(tokens[opened[name].pop() : at + 1], name)


def _close(tokens: Sequence[Token], name: str) -> None:
    """Drop the tags that *tokens* begin and end with."""
    start, *inner, end = tokens
    href = _attributes(start.content).get("href", "")
    start.content = ""
    end.content = f" ({href})" if href and not href.startswith("#") else ""
    mark = _SCRIPTS.get(name)
    if mark is None or not inner:
        return
    text = "".join(token.content for token in inner)
    if all(token.type == "text" for token in inner) and re.fullmatch(r"[A-Za-z0-9+-]+", text):
        inner[0].content = to_unicode(f"{mark}{{{text}}}")
        for token in inner[1:]:
            token.content = ""
    else:
        start.content, end.content = f"{mark}(", ")"


def _in_block(tag: re.Match[str]) -> str:
    name = tag["name"].lower()
    if name == "img":
        said = _attributes(tag[0])
        return f"[image: {said.get('alt') or said.get('src', '')}]"
    if name in _SCRIPTS:
        return "" if tag[0].startswith("</") else _SCRIPTS[name]
    if name in _LINES and tag[0].startswith("</"):
        return "\n"
    return _VOID.get(name, "" if name in _KNOWN else tag[0])


def _attributes(tag: str) -> dict[str, str]:
    return {name.lower(): "".join(values) for name, *values in _ATTRIBUTE.findall(tag)}
