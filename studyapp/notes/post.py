"""A post: a chapter's questions with the learner's own answers, to be published and read back.

A post is Markdown for any viewer. A line `<!-- studyapp post: pack fastai, chapter 1 -->` says what
it is of. Each answer stands below `<!-- answer: NOTE -->` and each own note below
`<!-- note: 1.19 -->`, as a block quote with ">" before every line: whatever is in it, such as code
that never ends, ends with the quote. Only HTML knows nothing of quotes. A text whose comments and
tags do not close and nest is written with `&lt;` for the "<" of each, and its marker says
`html: escaped`.

Reading back takes the quotes and nothing else. A marker begins its line and stands outside code,
and `write` indents what could be taken for one in a reference answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING

from studyapp.errors import StudyError
from studyapp.notes.foreign import Answers, Foreign, GivenAnswer, SectionNote
from studyapp.notes.note import Problem

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_NO_ANSWER = "*No answer yet.*"
_FOLD = "<details><summary>Reference answer</summary>"
_FOLD_END = "</details>"
_INTRO = (
    "The quoted answers are my own; under each one a reference answer is folded, so try the "
    "question yourself before you open it."
)

_HEAD = re.compile(r"<!-- studyapp post: pack (\S|\S.*\S), chapter ([1-9][0-9]{0,5}) -->")
_MARK = re.compile(
    r"<!-- (?:answer: (?P<answer>[a-z0-9-]+)(?:, variant: (?P<variant>[a-z0-9]{1,6}))?"
    r"|note: (?P<note>[0-9]{1,6}\.[0-9]{1,6}))(?P<escaped>, html: escaped)? -->"
)
_LIKE_MARK = re.compile(
    r"[ \t]*<!--[ \t]*(?:studyapp post|answer|note)[ \t]*:", re.MULTILINE | re.IGNORECASE
)
_TO_INDENT = re.compile(rf"^(?={_LIKE_MARK.pattern}|{_FOLD_END})", re.MULTILINE | re.IGNORECASE)
# Of any indentation, as in a list.
_FENCE = re.compile(r"[ \t]*+(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]++)*+(`{3,}(?=[^`]*$)|~{3,})")


@dataclass(frozen=True, slots=True)
class Answer:
    """The learner's answer to one question; empty if there is none yet.

    `note` is the note's id, `variant` the one of its variants that was asked, None for its own
    text. `reference` is Markdown, with the points as a list.
    """

    note: str
    question: str
    number: int | None  # the question's number in the book
    reference: str
    text: str
    front: str = ""  # what the question says below its heading
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class OwnNote:
    """What the learner wrote on a section."""

    section: str  # "1.19"
    title: str  # the section's
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """One experiment's figures in words, a line each."""

    lesson: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """What is published of a chapter, in the order in which it is written."""

    pack: str
    chapter: int
    title: str  # the chapter's
    answers: tuple[Answer, ...] = ()
    notes: tuple[OwnNote, ...] = ()
    results: tuple[Result, ...] = ()


# --- writing ----------------------------------------------------------------------------------


def write(post: Post) -> str:
    """Return the post's Markdown; `parse` gives the answers and own notes back as they were.

    Raises ValueError for what could not be read back: an answer or own note with a carriage
    return, an id that is none, an id that is there twice.
    """
    head = f"<!-- studyapp post: pack {escape(post.pack, quote=False)}, chapter {post.chapter} -->"
    if not _HEAD.fullmatch(head):
        raise ValueError(f"no post can be of pack {post.pack!r}, chapter {post.chapter}")
    notes = [note for note in post.notes if note.text]
    for keys in ([it.note for it in post.answers], [it.section for it in notes]):
        if len(set(keys)) < len(keys):
            raise ValueError("an id is there twice")
    blocks = [head, _heading(1, f"Chapter {post.chapter}: {post.title}")]
    if post.answers:
        blocks += [_INTRO, "## Questions"]
        for answer in post.answers:
            blocks += _answer(answer)
    if notes:
        blocks.append("## Own notes")
        for note in notes:
            blocks.append(_heading(3, f"{note.section} {note.title}"))
            blocks.append(_marked("note", note.section, note.text))
    if post.results:
        blocks.append("## Experiments")
        for result in post.results:
            blocks += _result(result)
    return "\n\n".join(blocks) + "\n"


def _answer(answer: Answer) -> Iterator[str]:
    number = "" if answer.number is None else f"{answer.number}. "
    yield _heading(3, number + answer.question)
    if front := _front(answer.front):
        yield front
    yield _marked("answer", answer.note, answer.text, variant=answer.variant)
    if reference := _reference(answer.reference):
        yield _FOLD
        yield reference
        yield _FOLD_END


def _front(markdown: str) -> str:
    """What a question says below its heading, as a quote: whatever it is, it ends before what
    follows it."""
    text = re.sub(r"\r\n?", "\n", markdown).strip("\n")
    if not text.strip():
        return ""
    quote = _quote(text)
    return quote if _html_closes(quote) else _quote(_escaped(text))


def _result(result: Result) -> Iterator[str]:
    yield _heading(3, result.title)
    if result.lines:
        yield "\n".join(_item(line) for line in result.lines)
    yield f"Run it yourself: `studyapp lab run {result.lesson}`"


def _marked(kind: str, key: str, text: str, *, variant: str | None = None) -> str:
    """A marker with the quote that belongs to it."""
    if "\r" in text:
        raise ValueError(f"the text of {kind} {key} has a carriage return")
    quote, escaped = _quote(text), ""
    if not _html_closes(quote):
        quote, escaped = _quote(_escaped(text)), ", html: escaped"
    which = "" if variant is None else f", variant: {variant}"
    mark = f"<!-- {kind}: {key}{which}{escaped} -->"
    if not _MARK.fullmatch(mark):
        raise ValueError(f"{key!r} is no id of {kind}s")
    return f"{mark}\n\n{quote if text else _NO_ANSWER}"


def _quote(text: str) -> str:
    # An empty line gets no blank: editors would take it away.
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _reference(markdown: str) -> str:
    """A reference answer that ends before what follows it and has no marker of ours."""
    text = re.sub(r"\r\n?", "\n", markdown).strip("\n")
    if not text.strip():
        return ""
    if not _html_closes(text):
        text = _escaped(text)
    # Code that never ends would go on below; a quote ends it.
    lasts = [parser.parse(f"{text}\n\n{_FOLD_END}\n")[-1] for parser in _parsers()]
    if any((last.type, last.content) != ("html_block", f"{_FOLD_END}\n") for last in lasts):
        return _quote(text)
    return _TO_INDENT.sub(" ", text)


def _heading(level: int, text: str) -> str:
    # Number signs at the end would be taken for the heading's own.
    line = re.sub(r"(?<![^ ])(#+)$", r"\\\1", " ".join(text.split()))
    return _closed("#" * level, line)


# What would begin a block that is no paragraph, up to where a backslash takes that from it.
_BLOCK = re.compile(
    r"[0-9]{1,9}(?=[.)](?: |$))|(?=>|[-+*](?: |$)|#{1,6}(?: |$)|`{3}|~{3}"
    r"|\[[^\]]*\]:|(?:-[ -]*|_[ _]*|\*[ *]*)$)"
)


def _item(text: str) -> str:
    """An item of a list that is one line of words, whatever they begin with."""
    line = " ".join(text.split())
    if start := _BLOCK.match(line):
        line = f"{line[: start.end()]}\\{line[start.end() :]}"
    return _closed("-", line)


def _closed(before: str, line: str) -> str:
    line = f"{before} {line}"
    return line if _html_closes(line) else _escaped(line)


# --- HTML in a text ---------------------------------------------------------------------------

_NESTING = 50  # where the parser stops looking; what is nested deeper counts as not closed
_OPENS = re.compile(r"<(?=[A-Za-z/!?])")
_VOID = {"br", "col", "hr", "img", "wbr"}
# What these have in them and where else it cannot stand. A browser would close other tags for it.
_PARTS = {
    "colgroup": {"col"},
    "dl": {"dd", "dt"},
    "ol": {"li"},
    "table": {"caption", "colgroup", "tbody", "tfoot", "thead", "tr"},
    "tbody": {"tr"},
    "tfoot": {"tr"},
    "thead": {"tr"},
    "tr": {"td", "th"},
    "ul": {"li"},
}
_PART = set().union(*_PARTS.values())
# Left out are tags that turn what follows them into text (textarea, title), that drop it (script)
# or that end a heading (h2).
_TAGS = _VOID | _PART | {
    "a", "abbr", "b", "blockquote", "center", "cite", "code", "del", "details", "div", "dl", "em",
    "figcaption", "figure", "font", "i", "ins", "kbd", "mark", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tt", "u", "ul", "var",
}  # fmt: skip
_PIECE = re.compile(
    r"(?:[^<]|<(?![A-Za-z/!?]))+"
    r"|<!--(?!-?>)(?:[^-]|-(?!-))*-->"
    r"|</(?P<end>[A-Za-z][A-Za-z0-9]*)>"
    r"|<(?P<start>[A-Za-z][A-Za-z0-9]*)"
    r"(?:\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*\s*/?>"
)


@cache
def _parsers() -> tuple[MarkdownIt, ...]:
    """What viewers may take Markdown for: code to the one can be HTML to the other."""
    # 50 ms, so on first use
    from markdown_it import MarkdownIt

    plain, tables, bare = (MarkdownIt("commonmark", {"maxNesting": _NESTING}) for _ in range(3))
    return plain, tables.enable("table"), bare.disable(["code", "reference"])


def _html_closes(markdown: str) -> bool:
    """Does each comment close, and each tag, within the block that it opened in?"""
    if not _OPENS.search(markdown):
        return True
    for parser in _parsers():
        opened: list[str] = []
        # Without the newline markdown-it 4.3 raises IndexError on "> - <!--" with ">" below it.
        if not _nested(parser.parse(markdown + "\n"), opened) or opened:
            return False
    return True


def _nested(tokens: Iterable[Token], opened: list[str]) -> bool:
    """Go through *tokens* with the stack of what is open: Markdown's own tags in capitals."""
    for token in tokens:
        if token.level >= _NESTING - 2:
            return False
        if token.nesting > 0:
            if not _allowed(token.tag.upper(), opened):
                return False
            opened.append(token.tag.upper())
        elif token.nesting < 0:
            if opened.pop() != token.tag.upper():
                return False
        elif token.type in ("html_block", "html_inline"):
            if not _tags_nest(token.content, opened):
                return False
        elif token.type == "inline" and (
            token.content.count("[") >= _NESTING - 2 or not _nested(token.children or (), opened)
        ):
            return False
    return True


def _tags_nest(html: str, opened: list[str]) -> bool:
    at = 0
    while at < len(html):
        piece = _PIECE.match(html, at)
        if piece is None:
            return False
        at = piece.end()
        if end := (piece["end"] or "").lower():
            if not opened or opened.pop() != end:
                return False
        elif start := (piece["start"] or "").lower():
            if start not in _TAGS or not _allowed(start, opened):
                return False
            if start not in _VOID:
                opened.append(start)
    return True


def _allowed(tag: str, opened: Sequence[str]) -> bool:
    """Can *tag* stand where the last of *opened* is its parent?"""
    parent = opened[-1] if opened else ""
    return tag in _PARTS.get(parent, ()) if tag in _PART or parent in _PARTS else True


def _escaped(text: str) -> str:
    return _OPENS.sub("&lt;", re.sub(r"&(?=(?:amp|lt);)", "&amp;", text))


def _unescaped(text: str) -> str:
    return re.sub(
        r"&lt;(?=[A-Za-z/!?])|&amp;(?=(?:amp|lt);)",
        lambda match: "<" if match[0] == "&lt;" else "&",
        text,
    )


# --- reading ----------------------------------------------------------------------------------


def is_post(text: str) -> bool:
    """Does *text* say that it is a post, be it a broken one?"""
    return any(_is_head(line) for _, line, code in _outside(_lines(text)) if not code)


def recognises(head: bytes, path: Path) -> bool:
    """Does a file that begins with *head* say that it is a post?"""
    return is_post(head.decode("utf-8-sig", "replace"))


def read(path: Path) -> Foreign:
    """Read a post from a file. Raises StudyError if it cannot be read or is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StudyError(f"{path} is not UTF-8 text (byte {error.start}).") from error
    answers, problems = parse(text, path)
    if answers is None:
        told = f": {problems[0].message}" if problems else "."
        raise StudyError(f"{path} is not a post of studyapp{told}")
    return Foreign(answers=answers, problems=tuple(problems))


def parse(text: str, path: Path) -> tuple[Answers | None, list[Problem]]:
    """Read a post back; None if the line that says it is one is missing or broken.

    Everything that is not ours is passed over. What looks like ours and is not read is a problem
    with its line in *path*. Nothing in *text* makes this raise.
    """
    lines = _lines(text)
    post = _Reading(lines, path)
    for number, line, code in _outside(lines):
        if not _LIKE_MARK.match(line):
            continue
        if code:
            post.report(number, "a marker in a code block is not read")
        elif post.pack is not None and _is_head(line):
            post.report(number, "another post begins here and is not read; give it its own file")
            break
        else:
            post.mark(number, line.rstrip(" \t"))
    problems = sorted(post.problems)
    if post.pack is None:
        missing = "this is no post: it has no line <!-- studyapp post: pack …, chapter … -->"
        return None, problems if post.broken else [Problem(path, 1, missing)]
    return Answers(post.pack, post.chapter, tuple(post.answers), tuple(post.notes)), problems


class _Reading:
    """What has been found so far in the lines of a post."""

    def __init__(self, lines: Sequence[str], path: Path) -> None:
        self.lines = lines
        self.path = path
        self.pack: str | None = None
        self.chapter = 0
        self.broken = False
        self.answers: list[GivenAnswer] = []
        self.notes: list[SectionNote] = []
        self.problems: list[Problem] = []
        self.seen: dict[str, int] = {}

    def report(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, message))

    def mark(self, number: int, line: str) -> None:
        """Read the line *number*, counted from 1, that looks like a marker of ours."""
        if head := _HEAD.fullmatch(line):
            self.pack, self.chapter = unescape(head[1]), int(head[2])
        elif _is_head(line):
            self.broken = True
            self.report(number, "this line must read <!-- studyapp post: pack …, chapter … -->")
        elif mark := _MARK.fullmatch(line):
            self._marked(number, mark)
        elif line[0] in " \t":
            self.report(number, "this marker is not read because it is indented")
        else:
            expected = "a marker reads <!-- answer: a-note's-id --> or <!-- note: 1.19 -->"
            self.report(number, f"{line} is not read; {expected}")

    def _marked(self, number: int, mark: re.Match[str]) -> None:
        name = f"answer {mark['answer']}" if mark["answer"] else f"note {mark['note']}"
        first = self.seen.setdefault(name, number)
        if first != number:
            self.report(number, f"{name} is on line {first} already; this one is not read")
            return
        text = self._quoted(number, name)
        if text is None:
            return
        if mark["escaped"]:
            text = _unescaped(text)
        if not text:
            return
        if mark["answer"]:
            self.answers.append(GivenAnswer(mark["answer"], text, number, mark["variant"]))
        else:
            self.notes.append(SectionNote(mark["note"], text, number))

    def _quoted(self, number: int, name: str) -> str | None:
        """The quote below line *number*; None if there is none."""
        start = self._next(number)
        end = start
        while end < len(self.lines) and self.lines[end].startswith(">"):
            end += 1
        if end == start:
            if not self._at(start).startswith(_NO_ANSWER):
                self.report(number, f"{name} has no quote below it: lines that begin with >")
            elif self._at(self._next(start + 1)).startswith(">"):
                self.report(start + 1, f"{name} is not read while this line stands above it")
            return None
        after = self._at(end)
        if after.strip(" \t") and not after.lstrip(" \t").startswith(("<", "#")):
            self.report(end + 1, f"this line is not read with {name}: it does not begin with >")
        elif not after.strip(" \t") and self._at(self._next(end)).startswith(">"):
            message = f"this quote is not read with {name}: an empty line of a quote has a >, too"
            self.report(self._next(end) + 1, message)
        return "\n".join(line[1:].removeprefix(" ") for line in self.lines[start:end])

    def _next(self, at: int) -> int:
        """Where, from *at* on, the first line stands that is not blank."""
        while at < len(self.lines) and not self.lines[at].strip(" \t"):
            at += 1
        return at

    def _at(self, at: int) -> str:
        return self.lines[at] if at < len(self.lines) else ""


def _lines(text: str) -> list[str]:
    """Lines as Markdown counts them: other separators of Unicode are characters of an answer."""
    return re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff")).split("\n")


def _is_head(line: str) -> bool:
    return re.match(r"<!--[ \t]*studyapp post[ \t]*:", line, re.IGNORECASE) is not None


def _outside(lines: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number, counted from 1, and whether it is in a code block.

    A folded reference is not looked through for code blocks, for they may be anyone's; its
    indented lines are left out.
    """
    fence, folded = "", False
    for number, line in enumerate(lines, 1):
        if not (folded and line[:1] in (" ", "\t")):
            yield number, line, bool(fence)
        if fence:
            if re.fullmatch(rf"[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*", line):
                fence = ""
        elif line.rstrip(" \t") in (_FOLD, _FOLD_END):
            folded = line.rstrip(" \t") == _FOLD
        elif not folded and (opened := _FENCE.match(line)):
            fence = opened[1]
