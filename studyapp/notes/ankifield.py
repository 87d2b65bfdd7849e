"""A field of an Anki note as Markdown: its HTML, formulas, sounds and hidden texts.

Formulas `\\(…\\)`, `\\[…\\]`, `[$]…[/$]` and MathJax's tags become `$…$` and `$$…$$`; a hidden text
`{{c1::text::hint}}` becomes `==text=={#c1}` with the hint behind it. What cannot be hidden so, as
its number is there twice, or with another one, or it stands in code, is told: it gets a question of
its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from studyapp.notes import ankigap, hypertext, plaintext
from studyapp.notes.card import find_clozes

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
    r"|<anki-mathjax(?P<said>[^<>]*+)>(?P<tag>(?:(?!</?anki-mathjax).)*+)</anki-mathjax>"
    r"|<script\b(?P<type>(?:(?!math/tex)[^<>])*+math/tex[^<>]*+)>"
    r"(?P<script>(?:(?!</?script\b).)*+)</script>",
    re.DOTALL | re.IGNORECASE,
)
_SIGNS = re.compile(r"[<&\\\[\xa0\n]")  # a text without them is as it stands
_FORMULAS = ("\\(", "\\[", "[$", "[latex]", "anki-mathjax", "math/tex")
_PLACE = re.compile(f"{_FORMULA}(\\d+){_END}")
_PART = "which part of a formula is hidden, as all of it is"
_MARK = re.compile(f"{_OPENS}(?P<opens>\\d+){_END}|{_CLOSES}|\n[ \t]*\n|\\\\?\n[ \t]*(?:> ?)*")
_HEADING = re.compile(r"(?:[ \t>*+-]|\d{1,9}[.)])*#")
_RAISED = re.compile(r"<(su[bp])\b[^<>]*+>((?:(?!</?su[bp]\b).)*+)</\1>", re.DOTALL | re.IGNORECASE)
_RAISES = {"sub": "_", "sup": "^"}
_TAGS = re.compile(r"<[^<>]*+>")


@dataclass
class Field:
    """A field's Markdown; `hidden` are the numbers of which it hides one text each, `lost` what it
    has lost."""

    text: str
    hidden: tuple[int, ...] = ()
    lost: set[str] = field(default_factory=set)
    media: set[str] = field(default_factory=set)


def read(said: str, *, cloze: bool = False) -> Field:
    """A field as Markdown; a note that hides nothing shows its braces as they are."""
    if not said.isascii():
        said = _PRIVATE.sub("", said)
    if not cloze and not _SIGNS.search(said):
        return Field(plaintext.escaped(" ".join(said.split())))
    formulas, lost = list[str](), set[str]()
    if ("\\" in said or "[" in said or "<" in said) and any(opens in said for opens in _FORMULAS):
        said = _without_formulas(said, formulas, lost, cloze=cloze)
    if cloze:
        said = _marked(said)
    found = hypertext.to_markdown(said)
    text = _PLACE.sub(lambda place: formulas[int(place[1])], found.text)
    made = Field(text, (), found.lost | lost, found.media)
    if cloze:
        _hide(made)
    return made


def parted(said: str) -> tuple[Field, tuple[int, ...]]:
    """A field that hides what can be hidden here and shows all else, and the numbers of that."""
    made = read(said, cloze=True)
    rest = tuple(number for number in ankigap.numbers(said) if number not in made.hidden)
    return (read(ankigap.only(said, made.hidden), cloze=True) if rest else made), rest


def as_html(said: str) -> str:
    """Plain text as HTML that shows it."""
    return re.sub(r"\n", "<br>", said.replace("&", "&amp;").replace("<", "&lt;"))


def _without_formulas(said: str, formulas: list[str], lost: set[str], *, cloze: bool) -> str:
    """Formulas as single signs. What hides a part of one hides all of it, which is told: it has no
    parts here."""

    def keep(formula: re.Match[str]) -> str:
        block = formula["block"] or formula["old_block"]
        if formula["said"] is not None and "block" in formula["said"]:
            block = formula["tag"]
        inner = block or formula["inline"] or formula["old"] or formula["tag"] or ""
        for _ in range(inner.lower().count("<su")):  # from within
            inner = _RAISED.sub(lambda part: f"{_RAISES[part[1].lower()]}{{{part[2]}}}", inner)
        tex = hypertext.unescaped(_TAGS.sub(" ", inner)).strip()
        if formula["script"]:
            tex, block = hypertext.tex_of(formula["script"]), "display" in formula["type"]
        if formula["latex"]:
            tex = hypertext.unescaped(_TAGS.sub(" ", formula["latex"])).strip()
            block = "displaymath" in tex or tex.startswith("$$")
            tex = re.sub(r"\\(?:begin|end)\{(?:displaymath|math)\}", "", tex).strip(" $\n")
        if not tex:
            return ""
        gaps = list[ankigap.Gap]()

        def reveal(gap: ankigap.Gap) -> str:
            gaps.append(gap)
            return gap.text

        tex = ankigap.rewritten(tex, reveal) if cloze else tex
        formulas.append(f"$${tex}$$" if block else f"${' '.join(tex.split())}$")
        place = f"{_FORMULA}{len(formulas) - 1}{_END}"
        if not gaps:
            return place
        if gaps[0].text != tex:
            lost.add(_PART)
        return f"{{{{c{gaps[0].number}::{place}}}}}"

    return _MATHS.sub(keep, said)


def _marked(said: str) -> str:
    """The ends of hidden texts as single signs, and hints behind them."""

    def mark(gap: ankigap.Gap) -> str:
        if gap.number not in ankigap.CARDS:
            return gap.text
        hint = f" ({gap.hint})" if gap.hint and gap.outer else ""
        return f"{_OPENS}{gap.number}{_END}{gap.text}{_CLOSES}{hint}"

    return ankigap.rewritten(said, mark)


def _hide(made: Field) -> None:
    """Hide the texts between the signs: each line of them and each part between others alone."""
    text = made.text
    pieces, end, opened = list[str](), 0, list[int]()
    gaps, parts = Counter[int](), Counter[int]()

    def put(part: str) -> None:
        pieces.append(_hidden(part, opened))
        parts.update(opened[-1:] if part.strip() else ())

    for mark in _MARK.finditer(text):
        put(text[end : mark.start()])
        end = mark.end()
        if mark["opens"]:
            opened.append(int(mark["opens"]))
            gaps[opened[-1]] += 1
        elif mark[0] == _CLOSES:
            if opened:
                opened.pop()
        else:
            pieces.append(mark[0])
    put(text[end:])
    made.text = "".join(pieces)
    found = Counter(
        cloze.id for cloze in find_clozes(made.text) if not _ends_heading(made.text, cloze.end)
    )
    made.hidden = tuple(
        number for number in gaps if gaps[number] == parts[number] == found[f"c{number}"] == 1
    )


def _ends_heading(text: str, at: int) -> bool:
    """Whether a heading ends there: its hidden text's id would be taken for one of the heading."""
    before, after = text[text.rfind("\n", 0, at) + 1 : at], text[at:].partition("\n")[0]
    return bool(_HEADING.match(before)) and not after.strip()


def _hidden(text: str, opened: list[int]) -> str:
    if not opened or not text.strip():
        return text
    inner = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    lead = re.match(r"(?:#{1,6} |[-*+] |\d+\. |> )+", inner)
    if lead and lead.end() < len(inner):
        before, inner = before + lead[0], inner[lead.end() :]
    return f"{before}=={inner.replace('==', '=' + chr(92) + '=')}=={{#c{opened[-1]}}}{after}"
