"""Text that is no Markdown, written so that Markdown shows it as it is.

Only what would be read as a mark gets a backslash: people will read and edit these files.
"""

from __future__ import annotations

import re

_INLINE = re.compile(  # each way begins with a sign, so that only such are looked at
    r"\\(?=[!-/:-@\[-`{-~\n])"  # a backslash that would take a mark's meaning
    r"|`|\$"
    r"|\*(?:(?<=\S\*)|(?=\S))|_(?:(?<!\w_)|(?!\w))|~(?:(?=~)|(?<=~~))"
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


def inline(text: str) -> str:
    """*text* within a line."""
    return _INLINE.sub(lambda mark: f"\\{mark[0]}", text)


def lines(text: str) -> str:
    """Lines that are `inline` already, none of which may begin a block."""
    return _LINE.sub(_line, text)


def escaped(text: str) -> str:
    """Lines as Markdown; each of them stays one."""
    text = "\n".join(line.strip() for line in inline(text).split("\n"))
    return re.sub(r"(?<=\S)\n(?=\S)", "\\\\\n", lines(text))


def _line(begins: re.Match[str]) -> str:
    if begins["number"]:
        return f"{begins['space']}{begins['number']}\\"
    before = begins.string[begins.end() : begins.end() + 1]
    return f"{begins['space']}\\" if before not in ("", ".", ")") else begins[0]
