"""Text that is no Markdown, written so that Markdown shows it as it is.

Only what would be read as a mark gets a backslash: people will read and edit these files.
"""

from __future__ import annotations

import re

from studyapp.notes.card import outside_code

_INLINE = re.compile(  # each way begins with a sign, so that only such are looked at
    r"\\(?=[!-/:-@\[-`{-~\n])"  # a backslash that would take a mark's meaning
    r"|`|\$"
    r"|\*(?:(?<=\S\*)|(?=\S))|~(?:(?=~)|(?<=~~))"
    r"|(?<!\w)_++|(?<!_)_++(?![^\W_])"  # but within a word, where they are no mark
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?[A-Za-z0-9]+;)"
    r"|\[(?=[^\[\]\n]{0,300}\][(\[:])"
    r"|=(?<===)"  # two of them would hide what follows
)
_LINE = re.compile(
    r"^(?P<space>[ \t]*)(?P<number>\d{1,9}(?=[.)](?:[ \t]|$)))?"
    r"(?P<mark>(?=#{1,6}(?:[ \t]|$)|>|[-+*](?:[ \t]|$)|[-+_=|:](?:[-_=|: \t])*$|~{3}|\|)|(?=[.)]))",
    re.MULTILINE,
)
# In turn: a formula, which has its own meaning of both, an escape, a reference.
_ESCAPED = re.compile(
    r"(?P<formula>\$\$(?:\\.|[^\\$`])+\$\$|(?<!\d)\$(?!\s)(?:\\.|[^\\$`\n])+(?<!\s)\$(?!\d))"
    r"|\\[!-/:-@\[-`{-~]"
    r"|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});"
)


def inline(text: str) -> str:
    """*text* within a line."""
    return _INLINE.sub(lambda marks: "".join(f"\\{mark}" for mark in marks[0]), text)


def lines(text: str) -> str:
    """Lines that are `inline` already, none of which may begin a block."""
    return _LINE.sub(_line, text)


def escaped(text: str) -> str:
    """Lines as Markdown; each of them stays one."""
    text = "\n".join(line.strip() for line in inline(text).split("\n"))
    return re.sub(r"(?<=\S)\n(?=\S)", "\\\\\n", lines(text))


def unescaped(markdown: str) -> str:
    """*markdown* with the signs that its escapes and character references are shown as. Code and
    formulas stay as they are."""
    if "\\" not in markdown and "&" not in markdown:
        return markdown
    from markdown_it.common.utils import unescapeAll  # 50 ms, so on first use

    def shown(found: re.Match[str]) -> str:
        return found[0] if found["formula"] else unescapeAll(found[0])

    return outside_code(markdown, lambda piece: _ESCAPED.sub(shown, piece))


def shown_otherwise(markdown: str) -> list[str]:
    """The lines that are shown otherwise than they are written, for what is `unescaped` in them."""
    written = set(markdown.split("\n"))
    return [one for one in unescaped(markdown).split("\n") if one not in written]


def _line(begins: re.Match[str]) -> str:
    if begins["number"]:
        return f"{begins['space']}{begins['number']}\\"
    before = begins.string[begins.end() : begins.end() + 1]
    return f"{begins['space']}\\" if before not in ("", ".", ")") else begins[0]
