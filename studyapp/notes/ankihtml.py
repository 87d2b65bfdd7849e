"""Markdown as a field of an Anki note: HTML with formulas, sounds and hidden texts in its signs.

What `notes/ankifield.py` reads, written: `$…$` becomes `\\(…\\)`, `media/a.png` the name alone, and
`==text=={#c1}` the hidden text 1. Hidden texts go through the parser between single signs of a
private area, so that what is marked inside them stays marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from studyapp.notes import plain
from studyapp.notes.card import clozes, find_clozes
from studyapp.notes.media import FOLDER, SOUNDS

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_MEDIA = f"{FOLDER}/"
_OPENS, _CLOSES, _END = "\ue0f1", "\ue0f2", "\ue0f3"
_PRIVATE = re.compile("[\ue0f0-\ue0f3]")
_HIDDEN = re.compile(f"{_OPENS}(\\d+){_END}|{_CLOSES}")
# What may be more than a line of letters; most fields are no more, and parsing takes its time.
_MARKED = re.compile(r"[\\`*_\[\]<>&$~|=\n\t]|^ *(?:[-+#]|\d{1,9}[.)])|^ {4}|^\s|\s$")
_PARAGRAPH = re.compile(r"<p>((?:(?!</?p>).)*)</p>\s*", re.DOTALL)


def field(markdown: str) -> str:
    """A text that hides nothing as HTML."""
    if not _MARKED.search(markdown):
        return markdown
    return _html(_PRIVATE.sub("", markdown))


def hiding(markdown: str) -> str:
    """A text with its hidden ones as Anki writes them."""
    markdown = _PRIVATE.sub("", markdown)
    numbers = hidden_numbers(markdown)
    pieces, end = [], 0
    for (key, text), mark in zip(clozes(markdown), find_clozes(markdown), strict=True):
        pieces += [markdown[end : mark.start], f"{_OPENS}{numbers[key]}{_END}{text}{_CLOSES}"]
        end = mark.end
    html = _html("".join([*pieces, markdown[end:]]))
    # What Anki would take for its own signs; a browser shows these as what they stand for.
    for signs, meant in (("{{", "{&#123;"), ("}}", "}&#125;"), ("::", ":&#58;")):
        html = html.replace(signs, meant)
    return _HIDDEN.sub(lambda sign: f"{{{{c{sign[1]}::" if sign[1] else "}}", html)


def hidden_numbers(markdown: str) -> Mapping[str, int]:
    """The number of each hidden text by its id: its own if it has one (c2), else the next."""
    keys = list(dict.fromkeys(key for key, _ in clozes(markdown)))
    own = {
        key: int(found[1])
        for key in keys
        if (found := re.fullmatch(r"c([1-9]\d?|[1-4]\d\d|500)", key))
    }
    free = (number for number in range(1, len(keys) + len(own) + 1) if number not in own.values())
    return {key: own[key] if key in own else next(free) for key in keys}


def _html(markdown: str) -> str:
    tokens = plain.parser().parse(markdown + "\n")
    made = _renderer().render(tokens, plain.parser().options, {}).strip()
    alone = _PARAGRAPH.fullmatch(made)
    return alone[1] if alone else made


@cache
def _renderer() -> RendererHTML:
    from markdown_it.renderer import RendererHTML

    class Renderer(RendererHTML):
        """Each rule is called by the type of its token."""

        def math_inline(self, tokens: Sequence[Token], at: int, *_: Any) -> str:
            tex = escape(tokens[at].content, quote=False)
            return f"\\[{tex}\\]" if tokens[at].markup == "$$" else f"\\({tex}\\)"

        def math_block(self, tokens: Sequence[Token], at: int, *_: Any) -> str:
            return f"<p>\\[{escape(tokens[at].content.strip(), quote=False)}\\]</p>\n"

        def image(self, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
            source = str(tokens[at].attrs.get("src", ""))
            if (name := _name(source)) and name.lower().endswith(SOUNDS):  # as Obsidian embeds one
                return f"[sound:{name}]"
            shown = self.renderInlineAsText(tokens[at].children, options, env)
            alt = f' alt="{escape(shown)}"' if shown else ""
            return f'<img src="{escape(_source(source))}"{alt}>'

        def link_open(self, tokens: Sequence[Token], at: int, *_: Any) -> str:
            """A sound is played by its name; what it is called is left out."""
            name = _name(str(tokens[at].attrs.get("href", "")))
            if name is None or not name.lower().endswith(SOUNDS):
                return f'<a href="{escape(name or str(tokens[at].attrs.get("href", "")))}">'
            end = next(n for n in range(at, len(tokens)) if tokens[n].type == "link_close")
            for token in tokens[at + 1 : end]:
                token.type, token.content, token.hidden = "text", "", True
            tokens[end].type, tokens[end].content = "text", ""
            return f"[sound:{name}]"

    return Renderer(plain.parser())


def _source(address: str) -> str:
    """An address as HTML has it: a name in it is read there as an address is, that of a sound as
    it stands."""
    name = _name(address)
    return address if name is None else re.sub("[%#?]", lambda sign: quote(sign[0]), name)


def _name(address: str) -> str | None:
    """The name of a picture or a sound that lies beside the note; None of any other address."""
    return unquote(address.removeprefix(_MEDIA)) if address.startswith(_MEDIA) else None
