"""A field of an Anki note as Markdown: its HTML, formulas, sounds and hidden texts.

Formulas `\\(…\\)`, `\\[…\\]`, `[$]…[/$]` and MathJax's tags become `$…$` and `$$…$$`; a hidden text
`{{c1::text::hint}}` becomes `==text=={#c1}` with the hint behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from studyapp.notes import hypertext, plaintext
from studyapp.notes.card import CLOZE, without_code

LONGEST = 100_000  # characters of a field; csv itself reads some more
# Signs of a private area stand for what HTML must not touch: a formula, the ends of hidden texts.
_FORMULA, _OPENS, _CLOSES, _END = "\ue0f0", "\ue0f1", "\ue0f2", "\ue0f3"
_PRIVATE = re.compile("[\ue0f0-\ue0f3]")
# None of them goes on beyond another beginning, so that each is looked at once.
_MATHS = re.compile(
    r"\\\((?P<inline>(?:\\\\|(?!\\[()]).)*+)\\\)|\\\[(?P<block>(?:\\\\|(?!\\[\[\]]).)*+)\\\]"
    r"|\[\$\](?P<old>(?:(?!\[/?\$\]).)*+)\[/\$\]"
    r"|\[\$\$\](?P<old_block>(?:(?!\[/?\$\$\]).)*+)\[/\$\$\]"
    r"|\[latex\](?P<latex>(?:(?!\[/?latex\]).)*+)\[/latex\]"
    r"|<anki-mathjax(?P<said>[^<>]*+)>(?P<tag>(?:(?!</?anki-mathjax).)*+)</anki-mathjax>",
    re.DOTALL | re.IGNORECASE,
)
_FORMULAS = ("\\(", "\\[", "[$", "[latex]", "anki-mathjax")
_HIDES = re.compile(r"\{\{c(\d{1,3})::|\}\}")
_HIDDEN = re.compile(r"\{\{c(\d{1,3})::((?:(?!\}\}|\{\{c).)*+)\}\}", re.DOTALL)
_PLACE = re.compile(f"{_FORMULA}(\\d+){_END}")
_MARK = re.compile(f"{_OPENS}(?P<opens>\\d+){_END}|{_CLOSES}|\n[ \t]*\n|\\\\?\n[ \t]*(?:> ?)*")
_TAGS = re.compile(r"<[^<>]*+>")


@dataclass
class Field:
    """A field's Markdown; `hidden` are the numbers of its hidden texts, `lost` what it has lost."""

    text: str
    hidden: tuple[int, ...] = ()
    lost: set[str] = field(default_factory=set)
    media: set[str] = field(default_factory=set)


def read(said: str, *, html: bool = True, cloze: bool = False) -> Field:
    """A field as Markdown; a note that hides nothing shows its braces as they are."""
    if not html:
        said = re.sub(r"\n", "<br>", said.replace("&", "&amp;").replace("<", "&lt;"))
    said = _PRIVATE.sub("", said)
    if not cloze and not any(sign in said for sign in "<&\\[\xa0\n"):
        return Field(plaintext.escaped(" ".join(said.split())))
    formulas: list[str] = []
    if any(opens in said for opens in _FORMULAS):
        said = _without_formulas(said, formulas, cloze=cloze)
    if cloze:
        said = _marked(said)
    found = hypertext.to_markdown(said)
    text = _PLACE.sub(lambda place: formulas[int(place[1])], found.text)
    made = Field(text, (), found.lost, found.media)
    if cloze:
        _hide(made)
    return made


def _without_formulas(said: str, formulas: list[str], *, cloze: bool) -> str:
    """Formulas as single signs. What hides a part of one hides all of it: it has no parts here."""

    def keep(formula: re.Match[str]) -> str:
        block = formula["block"] or formula["old_block"]
        if formula["said"] is not None and "block" in formula["said"]:
            block = formula["tag"]
        inner = block or formula["inline"] or formula["old"] or formula["tag"] or ""
        tex = unescape(_TAGS.sub(" ", inner)).strip()
        if formula["latex"]:
            tex = unescape(_TAGS.sub(" ", formula["latex"])).strip()
            block = "displaymath" in tex or tex.startswith("$$")
            tex = re.sub(r"\\(?:begin|end)\{(?:displaymath|math)\}", "", tex).strip(" $\n")
        if not tex:
            return ""
        number = _HIDDEN.search(tex) if cloze else None
        if number:
            tex = _HIDDEN.sub(lambda hidden: hidden[2].partition("::")[0], tex)
        formulas.append(f"$${tex}$$" if block else f"${' '.join(tex.split())}$")
        place = f"{_FORMULA}{len(formulas) - 1}{_END}"
        return f"{{{{c{number[1]}::{place}}}}}" if number else place

    return _MATHS.sub(keep, said)


def _marked(said: str) -> str:
    """The ends of hidden texts as single signs, and hints behind them."""
    pieces, end, depth = list[str](), 0, list[int]()
    for brace in _HIDES.finditer(said):
        pieces.append(said[end : brace.start()])
        end = brace.end()
        if brace[1]:
            depth.append(len(pieces))
            pieces.append(f"{_OPENS}{brace[1]}{_END}")
        elif depth:
            at = depth.pop()
            inner, hint = _hinted("".join(pieces[at + 1 :]))
            del pieces[at + 1 :]
            pieces += [inner, _CLOSES]
            if hint:
                pieces.append(f" ({hint})")
        else:
            pieces.append("}}")
    pieces.append(said[end:])
    return "".join(pieces)


def _hinted(inner: str) -> tuple[str, str]:
    text, mark, hint = inner.rpartition("::")
    if not mark or _OPENS in hint or _CLOSES in hint:
        return inner, ""
    return text, hint.strip()


def _hide(made: Field) -> None:
    """Hide the texts between the signs: each line of them and each part between others alone."""
    text = made.text
    pieces, end, opened, numbers = list[str](), 0, list[int](), dict[int, None]()
    for mark in _MARK.finditer(text):
        pieces.append(_hidden(text[end : mark.start()], opened))
        end = mark.end()
        if mark["opens"]:
            if opened:
                made.lost.add("a hidden text inside another one, which is hidden alone")
            opened.append(int(mark["opens"]))
            numbers[int(mark["opens"])] = None
        elif mark[0] == _CLOSES:
            if opened:
                opened.pop()
        else:
            pieces.append(mark[0])
    pieces.append(_hidden(text[end:], opened))
    made.text = "".join(pieces)
    found = {cloze["id"] for cloze in CLOZE.finditer(without_code(made.text))}
    made.hidden = tuple(number for number in numbers if f"c{number}" in found)
    if len(made.hidden) < len(numbers):
        made.lost.add("a hidden text that is empty or stands in code")


def _hidden(text: str, opened: list[int]) -> str:
    if not opened or not text.strip():
        return text
    inner = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    lead = re.match(r"(?:#{1,6} |[-*+] |\d+\. |> )+", inner)
    if lead and lead.end() < len(inner):
        before, inner = before + lead[0], inner[lead.end() :]
    return f"{before}=={inner.replace('==', '=' + chr(92) + '=')}=={{#c{opened[-1]}}}{after}"
