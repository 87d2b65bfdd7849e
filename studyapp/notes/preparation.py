"""Lines of a learner's notes so written that blocks of Markdown can be seen in them: HTML that has
blocks of its own becomes Markdown, code of Org and AsciiDoc is fenced, what ends in the middle of a
line ends it, and headings that say "Question" and "Answer" alone become labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from studyapp.notes import admonition, asciidoc, pairs, webpage, wording
from studyapp.notes.card import outside_code
from studyapp.notes.opener import SUMMARY
from studyapp.notes.outline import Outline, fence

_HTML = re.compile(r" {0,3}<(?:table|h[1-6]|[uod]l)\b", re.IGNORECASE)
_OPENED = re.compile(r"<(?P<ends>/?)(?:table|h[1-6]|[uod]l|pre)\b", re.IGNORECASE)
_LONGEST = 500  # lines of such a block
_FOLD = re.compile(r"</?details\b[^<>]*>", re.IGNORECASE)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_FOLD_ENDS = re.compile(r"(</details>)[ \t]*(?=\S)", re.IGNORECASE)
_ALONE = (
    r"[ \t]*+(?:(?:[-*+•]|\d{{1,4}}[.)])[ \t]+)?(?:#{{1,6}}[ \t]+(?:\*\*|__)?|\*\*|__)"
    r"(?:{})[ \t]*+#?(?P<number>\d{{0,4}}+)[ \t]*+"
    r"[:.]?(?:\*\*|__)?:?[ \t]*+#*$"
)
_ASKS = re.compile(
    _ALONE.format(rf"q|{pairs.ASKING}|(?:{pairs.CARD})(?=[ \t]*#?\d)"), re.IGNORECASE
)
_ANSWERS = re.compile(_ALONE.format(f"a|(?:the )?(?:{pairs.ANSWERING})"), re.IGNORECASE)
_UNDERLINE = re.compile(r" {0,3}(?:-{2,}|={2,})[ \t]*")
_WORD = re.compile(
    r" {0,3}(?:\*\*|__)?(?:question|(?:the )?answer|solution)[ \t]*+\d{0,4}:?(?:\*\*|__)?[ \t]*",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\((?P<number>\d{1,3})\)(?=[ \t]+\S)")
_BOXES = ("!!!", "???", ":::", ".. ")  # of MkDocs, of MyST and the like, of reStructuredText
_LISTED = re.compile(r"^[ \t>]*(?:[-*+•][ \t]+)?")
_MAY_BE_ASKED = re.compile(r"[ \t]*(?:\*\*|__)?(?![#>|`~<*+-])\S")
_TEXT = re.compile(r" {0,3}(?![#>|`~<*+-])\S")
_MEANING = re.compile(r" {0,3}:[ \t]+\S")
# Of callouts of Notion, and places that links lead to.
_DROPPED = re.compile(
    r"</?aside\b[^<>]*>|<a\b[^<>]*>[ \t\u00b6\u00a7#\U0001f517]*+</a>", re.IGNORECASE
)
# Code of Org, and of AsciiDoc, where the line above may name its language and one its title.
_SOURCE = re.compile(r"[ \t]*#\+begin_(src|example)\b[ \t]*([\w+#-]*)", re.IGNORECASE)
_LISTING = re.compile(r"\[(?:source|listing|,)[^\]\n]*\]$")
_LANGUAGE = re.compile(r"(?:source)?,[ \t]*([\w+#-]+)")
_DELIMITED = re.compile(r"(-{4,})$")
_TITLED = re.compile(r"\.[^\s.]")
# Formulas as LaTeX itself and chat assistants mark them. To Markdown these marks are brackets, and
# some programs write those of prose so.
_FORMULA = re.compile(
    r"(?<!\\)(?:(?<!\d)\\\((?P<inline>(?:(?!\\[()])[^$`\n]){1,2000}+)\\\)(?!\d)"
    r"|\\\[(?P<block>(?:(?!\n[ \t>]*\n|\\[\[\]]|[$`]).){1,5000}+)\\\](?!\())",
    re.DOTALL,
)
_OF_LATEX = re.compile(r"\\[A-Za-z]{2}|[\w)}\]][\^_][\w{\\-]")
_DIV = re.compile(r"[ \t]*+:{3,}+[ \t]*+(?:\{(?![^{}]*title)[^{}]*\}|[\w-]+)?[ \t]*+:*$")


def with_formulas(lines: Sequence[str]) -> Sequence[str]:
    r"""Lines in which `\(…\)` and `\[…\]` are `$…$` and `$$…$$` outside code, where something in
    them is of LaTeX or equals something; of `\(…\)` all are, if one of the text is of LaTeX."""
    if not any("\\)" in line or "\\]" in line for line in lines):
        return lines
    text = "\n".join(lines)
    found = [one["inline"] or one["block"] for one in _FORMULA.finditer(text)]
    is_typeset = any(map(_OF_LATEX.search, found))

    def marked(one: re.Match[str]) -> str:
        said = one["inline"] or one["block"]
        is_sure = _OF_LATEX.search(said) or "=" in said or (is_typeset and one["inline"])
        if not said.strip() or not is_sure:
            return one[0]
        return f"$${said}$$" if one["block"] else f"${said.strip()}$"

    return outside_code(text, lambda piece: _FORMULA.sub(marked, piece)).split("\n")


def of_asciidoc(
    lines: Sequence[str], numbers: Sequence[int], path: Path
) -> tuple[Sequence[str], Sequence[int]]:
    """Lines in which code stands in fences as Markdown, if they are of AsciiDoc."""
    if not asciidoc.is_one(lines, path):
        return lines, numbers
    return _parted(asciidoc.as_markdown(lines), numbers)


def _parted(texts: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """Texts, of lines that have these *numbers*, line by line, each with the number of its own."""
    found = zip(texts, numbers, strict=True)
    parted = [(part, number) for text, number in found for part in text.split("\n")]
    return [line for line, _ in parted], [number for _, number in parted]


def prepared(lines: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """Lines with their *numbers* in the file; what one of them has become has its number."""
    lines, numbers = _closed_up(lines, numbers)
    lines = _counted(_headed(lines))
    behind = pairs.answered_below(lines, Outline(lines).is_code)
    lines, numbers = (lines, numbers) if behind == lines else _parted(behind, numbers)
    if any(line.startswith(_BOXES) for line in lines):
        boxed = admonition.as_callouts(lines, Outline(lines).is_code)
        lines, numbers = _parted(boxed, numbers)
    if any(map(_ASKS.match, lines)) and any(map(_is_answer, lines)):
        lines = _labelled(lines)
    if any("<details" in line.lower() for line in lines):
        lines = _unfolded(lines)
    parted = list(pairs.written(lines, numbers, Outline(lines).is_code))
    lines, numbers = [line for line, _ in parted], [number for _, number in parted]
    if not any(map(_may_change, lines)):
        return list(lines), list(numbers)
    outline, changed = Outline(lines), list[tuple[str, int]]()
    at = unclosed = 0
    while at < len(lines):
        said, end = [lines[at]], at + 1
        if not outline.is_code(at) and _may_change(lines[at]):
            begins = _HTML.match(lines[at]) if at >= unclosed else None
            if begins:
                end, is_closed = _end(outline, at)
                said = _as_markdown(lines[at:end]) if is_closed else said
                unclosed, end = (end, end) if is_closed else (end, at + 1)
            elif _DIV.match(lines[at]):
                said = [""]
            else:
                line = outside_code(lines[at], lambda piece: _DROPPED.sub("", piece))
                said = _FOLD_ENDS.sub(r"\1\n", line).split("\n")
        changed += [(line, numbers[at]) for line in said]
        at = end
    return [line for line, _ in changed], [number for _, number in changed]


def _closed_up(lines: Sequence[str], numbers: Sequence[int]) -> tuple[Sequence[str], Sequence[int]]:
    """Lines without the blank one between a term and the colon that says what it is."""
    left = [
        at
        for at, line in enumerate(lines)
        if line.strip()
        or not 0 < at < len(lines) - 1
        or not (_MEANING.match(lines[at + 1]) and _TEXT.match(lines[at - 1]))
        or lines[at - 1].lstrip().startswith(":")
    ]
    if len(left) == len(lines):
        return lines, numbers
    return [lines[at] for at in left], [numbers[at] for at in left]


def _headed(lines: Sequence[str]) -> Sequence[str]:
    """Lines in which a label underlined as a heading is one with signs before it."""
    found = [
        at
        for at, (line, below) in enumerate(pairwise(lines))
        if _UNDERLINE.fullmatch(below) and _WORD.fullmatch(line)
    ]
    if not found:
        return lines
    is_code, headed = Outline(lines).is_code, list(lines)
    for at in found:
        if not is_code(at):
            headed[at : at + 2] = [f"## {lines[at].strip()}", ""]
    return headed


def _counted(lines: Sequence[str]) -> Sequence[str]:
    """Lines in which questions that count up in brackets, `(1) What?`, are items of a list, as are
    their answers below a line that heads them; but not where they go on with a text above."""
    marks = {at: mark for at, line in enumerate(lines) if (mark := _IN_BRACKETS.match(line))}
    asked = [at for at in marks if wording.is_asked(lines[at])]
    first, *others = [int(marks[at]["number"]) for at in asked] or [0]
    if not others or others != [*range(first + 1, first + len(asked))]:
        return lines
    above = lines[asked[0] - 1] if asked[0] else ""
    is_code = Outline(lines).is_code
    if (above.strip() and not _HEADING.match(above)) or any(map(is_code, asked)):
        return lines
    below = range(asked[-1] + 1, len(lines))
    heads = (at for at in below if wording.heads_answers(lines[at].lstrip("# \t")))
    head = next(heads, len(lines))
    items = {*asked, *(at for at in marks if at > head and not is_code(at))}
    return [
        f"{marks[at]['number']}.{line[marks[at].end() :]}" if at in items else line
        for at, line in enumerate(lines)
    ]


def fenced(lines: Sequence[str]) -> Sequence[str]:
    """Lines in which code of Org and AsciiDoc stands in fences, as many as there were."""
    if not any("#+" in line or line.startswith("[") for line in lines):
        return lines
    found, closings = list(lines), dict[str, int]()
    for at in range(len(lines) - 1, -1, -1):  # from below: the nearest line that closes is known
        line = lines[at].strip()
        if line.lower() in ("#+end_src", "#+end_example") or _DELIMITED.match(line):
            opens, ends = at - 1 if line.startswith("-") else -1, closings.get(line, -1)
            if opens >= 0 and ends > at and _LISTING.match(lines[opens].strip()):
                language = _LANGUAGE.search(lines[opens])
                _fence(found, at, ends, language[1] if language else "")
                found[opens] = ""
                if opens and _TITLED.match(lines[opens - 1]):
                    found[opens - 1] = ""
                del closings[line]
            else:
                closings[line.lower()] = at
        elif source := _SOURCE.match(lines[at]):
            ends = closings.pop(f"#+end_{source[1].lower()}", -1)
            if ends > at:
                _fence(found, at, ends, source[2])
    return found


def _fence(lines: list[str], opens: int, closes: int, language: str) -> None:
    mark = fence("\n".join(lines[opens + 1 : closes]))
    lines[opens], lines[closes] = mark + language, mark


def _unfolded(lines: Sequence[str]) -> list[str]:
    """Lines without the folds that ask nothing and have others within, which may ask, or headings
    that do not belong to an answer."""
    is_code, found = Outline(lines).is_code, list(lines)
    opened = list[tuple[int, bool]]()  # where a fold begins, and whether one is within
    for at, line in enumerate(lines):
        if is_code(at):
            continue
        if opened and _HEADING.match(line):
            begins, has_inner = opened[-1]
            opened[-1] = (begins, has_inner or not _answers(lines[begins : begins + 3]))
        for tag in _FOLD.finditer(line):
            if tag[0][1] != "/":
                opened[-1:] = [(begins, True) for begins, _ in opened[-1:]]
                opened.append((at, False))
            elif opened:
                begins, has_inner = opened.pop()
                if has_inner and not _asks(lines[begins : begins + 3]):
                    found[begins] = _FOLD.sub("", found[begins])
                    found[begins : begins + 2] = map(_titled, found[begins : begins + 2])
                    found[at] = _FOLD.sub("", found[at], count=1)
    return found


def _titled(line: str) -> str:
    """A line with what a fold is called as a heading, if that is all, and no label."""
    title = SUMMARY.fullmatch(line.strip())
    if title and title[1].strip() and "</summary" not in title[1] and not _answers([line]):
        return f"# {title[1].strip()}"
    return SUMMARY.sub(r"\1", line)


def _asks(lines: Sequence[str]) -> bool:
    """Whether the fold that begins there has a question above it."""
    return wording.may_ask(wording.numbered(_summary(lines))[1])


def _answers(lines: Sequence[str]) -> bool:
    """Whether what is above the fold that begins there says that it is an answer."""
    return wording.is_label(_summary(lines))


def _summary(lines: Sequence[str]) -> str:
    found = SUMMARY.search("\n".join(lines))
    return wording.tidy(found[1]) if found else ""


def _is_answer(line: str) -> bool:
    said = _LISTED.sub("", line).strip()
    return _ANSWERS.match(line) is not None or wording.without_label(said) is not None


def _labelled(lines: Sequence[str]) -> list[str]:
    """Lines in which what stands below a heading "Question" begins with that, and "Answer" is one
    of the text."""
    is_code, found = Outline(lines).is_code, list(lines)
    label, at = "", -1
    for here, line in enumerate(lines):
        if is_code(here) or not line.strip():
            label = "" if line.strip() else label
        elif asks := _ASKS.match(line):
            label, at = f"Q{asks['number']}: ", here
        elif _ANSWERS.match(line):
            label, found[here] = "", "Answer:"
        elif label:
            if _MAY_BE_ASKED.match(line) and not pairs.is_labelled(line):
                found[at], found[here] = "", label + line.strip()
            label = ""
    return found


def _may_change(line: str) -> bool:
    if "<" not in line and ":::" not in line:
        return False
    marks = (_HTML.match, _FOLD_ENDS.search, _DROPPED.search, _DIV.match)
    return any(mark(line) for mark in marks)


def _end(outline: Outline, at: int) -> tuple[int, bool]:
    """How far a block of HTML was looked through, and whether it ends there, with each other that
    begins on its last line."""
    depth = 0
    for end in range(at, min(len(outline.lines), at + _LONGEST)):
        tags = _OPENED.finditer(outline.lines[end])
        depth += sum(-1 if tag["ends"] else 1 for tag in tags)
        if outline.is_code(end):
            return end, False
        if depth <= 0:
            return end + 1, True
    return min(len(outline.lines), at + _LONGEST), False


def _as_markdown(lines: Sequence[str]) -> list[str]:
    """A block of HTML as Markdown; as it is if that would not show all of it."""
    made, _, lost = webpage.as_markdown(lines, range(len(lines)), Path())
    return list(lines) if lost or not made else ["", *made]
