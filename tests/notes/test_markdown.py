"""Reading the native format: every feature and every problem, with its line."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from studyapp.errors import ContentError, StudyError, printable
from studyapp.notes import amendment, excerpt, markdown, repair
from studyapp.notes.card import sides
from studyapp.notes.note import (
    CardStyle,
    ContentFile,
    Depth,
    FileKind,
    Moment,
    Note,
    NoteKind,
    Point,
    Section,
)
from studyapp.notes.page.structure import plain_first
from studyapp.notes.plain import plain
from studyapp.notes.slug import own_id, slug

LINES = (
    *("word", "α b | c", "two  ", "- one", "2. two", "> quote", "## Three", "# a | b", "    code"),
    *("--- | ---", "|---|", "---", "===", "```", "~~~", "<!-- c -->", "<!--", "-->", "<div>"),
    *("</pre>", "<b>", "[a]: b", "(c", "  word", "   - word", "\tword", ">word", "* * *", "", ""),
)


def test_what_is_read_first_is_what_it_would_be() -> None:
    """In any place, below and above any line."""
    slow, fast = (MarkdownIt("commonmark").enable("table").disable("inline") for _ in range(2))
    plain_first(fast)
    draw = random.Random(1)
    for _ in range(1500):
        text = "\n".join(draw.choice(LINES) for _ in range(draw.randrange(1, 8)))
        assert fast.parse(text) == slow.parse(text), text


in_one_folder = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def front_matter(kind: str, chapter: int = 1) -> str:
    """Six lines; the seventh is the first of the body."""
    return (
        f"---\npack: p\npart: 1. Part\nchapter: {chapter}\ntitle: A title\nkind: {kind}\n---\n"
        if kind
        else ""
    )


FIRST = 8  # the line on which a body begins
LECTURE = "reading\nlecture: 2"  # a kind whose front matter has one line more


class Folder:
    """Writes content files and reads them back."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, body: str, kind: str = "questionnaire", name: str = "a.md") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((front_matter(kind) + textwrap.dedent(body)).encode())
        return path

    def page(self, body: str, kind: str = "questionnaire") -> ContentFile:
        """The page of a file that has no problems."""
        page, problems = markdown.read(self.write(body, kind))
        assert problems == ()
        assert page is not None
        return page

    def note(self, body: str, kind: str = "questionnaire") -> Note:
        (note,) = self.page(body, kind).notes
        return note

    def problems(self, body: str, kind: str = "questionnaire") -> list[tuple[int, str]]:
        _, problems = markdown.read(self.write(body, kind))
        return [(problem.line, problem.message) for problem in problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def ids(page: ContentFile | None) -> list[str]:
    assert page is not None
    return [note.id for note in page.notes]


# --- pages ------------------------------------------------------------------------------------


def test_a_page(folder: Folder) -> None:
    page = folder.page("## Q? {#q}")
    assert replace(page, notes=()) == ContentFile(
        folder.root / "a.md", "p", "1. Part", 1, "A title", FileKind.QUESTIONNAIRE
    )


def test_yaml_values_stay_text(folder: Folder) -> None:
    path = folder.root / "a.md"
    path.write_text(
        '---\npack: "p"\npart: No\nchapter: 02\ntitle: 2001\nkind: reading\n---\n## 2.1 A'
    )
    page, problems = markdown.read(path)
    assert problems == ()
    assert page is not None
    assert (page.part, page.chapter, page.title) == ("No", 2, "2001")


def test_importing_the_reader_imports_no_parser() -> None:
    code = (
        "import sys, studyapp.notes.markdown, studyapp.notes.check;"
        "print([name for name in ('markdown_it', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_any_line_end_and_a_bom(folder: Folder, newline: str, bom: bytes) -> None:
    body = "## Q? {#q}\n\none\ntwo\n\n- [ ] p\n\n<!-- number: 3 -->\n"
    expected = folder.note(body)
    path = folder.root / "a.md"
    text = front_matter("questionnaire") + body
    path.write_bytes(bom + text.replace("\n", newline).encode())
    page, problems = markdown.read(path)
    assert problems == ()
    assert page is not None
    assert page.notes == (expected,)


# --- questions --------------------------------------------------------------------------------


def test_a_question_with_everything(folder: Folder) -> None:
    note = folder.note(
        """\
        # Questions

        <!-- for who writes: what is here is nobody's -->

        ## What is `overfitting`? {#overfit}

        First *sentence*,
        second line.

        - [ ] a point
        - [x] another
          on two lines
        - [ ] extra: a third

        <!-- an aside -->
        <!-- number: 23, section: 1.19, family: over fitting, tags: a topic:xor,
             need: 2, as-of: 2024, long: it is long, really, depth: history, book: 20,
             reverse: no -->
        <!-- source: Zhang et al. 2017,
             section 2 -->
        <!-- source: Another -->

        """
    )
    assert note == Note(
        id="overfit",
        kind=NoteKind.QUESTION,
        prompt="What is `overfitting`?",
        answer="First *sentence*,\nsecond line.",
        path=folder.root / "a.md",
        line=FIRST + 4,
        last=FIRST + 20,
        points=(Point("a point"), Point("another on two lines"), Point("a third", extra=True)),
        number=23,
        family="over fitting",
        tags=("a", "topic:xor"),
        section="1.19",
        as_of=2024,
        need=2,
        sources=("Zhang et al. 2017, section 2", "Another"),
        long="it is long, really",
        depth=Depth.HISTORY,
        book=20,
        reverse=False,
    )


def test_a_note_ends_where_the_next_begins(folder: Folder) -> None:
    page = folder.page("## A? {#a}\n\na\n\n\n## B? {#b}\n## C? {#c}\nc\n\n")
    assert [(note.id, note.line, note.last) for note in page.notes] == [
        ("a", FIRST, FIRST + 2),
        ("b", FIRST + 5, FIRST + 5),
        ("c", FIRST + 6, FIRST + 7),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "Maths $x_1 \\le x_2$ and\n\n$$\n\\sum_i x_i\n$$",
        "```python\n# a comment\n## no heading {#no}\n\n\n- [ ] no point\n<!-- number: 7 -->\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "> a quote\n> - [ ] not a point",
        "### Deeper\n\n#### Deepest",
        "- a plain list\n  - [ ] nested, so not a point",
        "1. [ ] numbered, so not a point",
        "    indented code <!-- kept -->\n    - [ ] no point",
        "A hard  \nbreak, `<!-- code -->` and [test error rose](fact:overfit.error_gap?n=64).",
        "An escaped \\<!-- is no comment -->, nor is an open \\<!-- one.",
        "==marked== without a cloze",
    ],
)
def test_an_answer_is_the_source_itself(folder: Folder, answer: str) -> None:
    note = folder.note(f"## Q? {{#q}}\n\n{answer}\n\n- [ ] p\n<!-- number: 2 -->\n")
    assert (note.answer, note.points, note.number) == (answer, (Point("p"),), 2)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("a\n\n- [ ] p\n\nb", "a\n\nb"),
        ("a\n<!-- number: 1 -->\nb", "a\n\nb"),
        ("a\n\n<!-- x -->\n\n- [ ] p\n\n\nb\n", "a\n\nb"),
        ("a <!-- x -->b", "a b"),
        ("a <!-- x\ny -->\nb", "a\n\nb"),
        ("- a\n- [ ] p\n- b", "- a\n\n- b"),
        ("<!-- x\n\n## Not a heading {#no}\n\ny -->\na", "a"),
    ],
)
def test_points_and_comments_leave_no_hole(folder: Folder, body: str, answer: str) -> None:
    assert folder.note(f"## Q? {{#q}}\n\n{body}").answer == answer


@pytest.mark.parametrize(
    ("heading", "prompt"),
    [
        ("## A? {#q}", "A?"),
        ("  ##   A? {#q} ##  ", "A?"),
        ("## A?{#q}", "A?"),
        ("## What does `{#x}` do? {#q}", "What does `{#x}` do?"),
        ("## A? <!-- new --> {#q}", "A?"),
        ("## {a} {#q}", "{a}"),
    ],
)
def test_the_id_of_a_heading(folder: Folder, heading: str, prompt: str) -> None:
    note = folder.note(heading)
    assert (note.prompt, note.id) == (prompt, "q")


def test_the_last_comment_with_a_key_of_ours_counts(folder: Folder) -> None:
    note = folder.note("## Q? {#q}\n<!-- number: 5 -->\n<!-- remark: ours -->\n<!-- plain -->")
    assert note.number == 5


def test_a_need_that_cannot_be_met_is_not_kept(folder: Folder) -> None:
    page, _ = markdown.read(folder.write("## Q? {#q}\n- [ ] a\n<!-- need: 2, number: 3 -->"))
    assert page is not None
    assert (page.notes[0].need, page.notes[0].number) == (None, 3)


FRONT = """\
    ## What does this print? {#q}

    ```python
    print(1)  # <!-- answer -->
    ```

    <!-- answer -->

    One.

    - [ ] 1

    <!-- number: 3 -->
    """


def test_a_question_may_go_on_below_its_heading(folder: Folder) -> None:
    note = folder.note(FRONT)
    assert note.prompt == "What does this print?"
    assert note.front == "```python\nprint(1)  # <!-- answer -->\n```"
    assert note.question == f"{note.prompt}\n\n{note.front}"
    assert (note.answer, note.points, note.number) == ("One.", (Point("1"),), 3)
    assert excerpt.of_note(note) == textwrap.dedent(FRONT)
    open_end = folder.note("## Why? {#q}\n\nSo it says.\n\n<!-- answer -->\n")
    assert (open_end.front, open_end.answer) == ("So it says.", "")
    plain = folder.note("## Why? {#q}\n\nSo.\n")
    assert (plain.front, plain.question) == ("", "Why?")


@pytest.mark.parametrize(
    ("body", "kind", "line", "message"),
    [
        (
            "## Q {#q}\n\n<!-- answer -->\n\nA.",
            "questionnaire",
            2,
            "<!-- answer --> needs a part of the question above it",
        ),
        (
            "## Q {#q}\n\nF <!-- answer -->\n\nA.",
            "questionnaire",
            2,
            "<!-- answer --> must stand alone on its line, from its beginning",
        ),
        (
            "## Q {#q}\n\nF.\n\n<!-- answer -->\n\nA.\n\n<!-- answer -->",
            "questionnaire",
            8,
            f"the answer begins already on line {FIRST + 4}",
        ),
        (
            "## Q {#q}\n\nF.\n\n- [ ] p\n\n<!-- answer -->\n\nA.",
            "questionnaire",
            4,
            "a point belongs to the answer, below <!-- answer -->",
        ),
        (
            "## T {#t}\n\nF.\n\n<!-- answer -->\n\nA.",
            "jargon",
            4,
            "a term has no <!-- answer -->: all of its text is the meaning",
        ),
    ],
)
def test_where_an_answer_may_begin(
    folder: Folder, body: str, kind: str, line: int, message: str
) -> None:
    assert folder.problems(body, kind) == [(FIRST + line, message)]


def test_items(folder: Folder) -> None:
    note = folder.note(
        "## Q? {#q}\n- [ ] extra: first {#p-1}\n- [ ] second {#p-2}\n\n<!-- card: items -->"
    )
    assert note.card is CardStyle.ITEMS
    assert note.points == (Point("first", True, "p-1"), Point("second", False, "p-2"))


def test_cloze_order_and_do(folder: Folder) -> None:
    page = folder.page(
        """\
        ## A? {#a}
        The ==loss=={#loss} falls, `a == b`.
        <!-- card: cloze -->

        ## B? {#b}
        1. one
        2. two

        <!-- card: order -->

        ## C {#c}
        <!-- card: do -->
        """
    )
    assert [sides(note) for note in page.notes] == [("cloze:loss",), ("order",), ()]


# --- terms and sections -----------------------------------------------------------------------


def test_a_term_below_a_heading(folder: Folder) -> None:
    note = folder.note(
        "## Epoch {#epoch}\n\nOne pass.\n\n<!-- synonyms: pass; full sweep, section: 1.3 -->",
        "jargon",
    )
    assert (note.kind, note.prompt, note.answer) == (NoteKind.TERM, "Epoch", "One pass.")
    assert (note.synonyms, note.section) == (("pass", "full sweep"), "1.3")


def test_a_table_of_terms(folder: Folder) -> None:
    page = folder.page(
        """\
        Terms of the chapter
        ====================
        | MEANING | Term | Synonyms | Id | Section | Family |
        |---|:--|---|---|---|---|
        | One pass | Epoch | pass; sweep | epoch | 1.3 | training |
        | $p(a \\| b)$ <!-- new --> | `a \\| b` || given

        ## Loss {#loss}

        What is minimised.

        | Term | Other |
        |---|---|
        | x | part of the meaning |

        Term | Meaning | Id
        --- | --- | ---
        Batch | Some rows | batch
        """,
        "jargon",
    )
    path = folder.root / "a.md"
    epoch, given_, loss, batch = page.notes
    assert epoch == Note(
        "epoch", NoteKind.TERM, "Epoch", "One pass", path, FIRST + 4, FIRST + 4,
        family="training", section="1.3", synonyms=("pass", "sweep"),
    )  # fmt: skip
    assert (given_.prompt, given_.answer) == ("`a | b`", "$p(a | b)$")
    assert loss.answer.endswith("| x | part of the meaning |")
    assert (loss.line, loss.last) == (FIRST + 7, FIRST + 13)
    assert (batch.id, batch.line) == ("batch", FIRST + 17)


def test_sections(folder: Folder) -> None:
    body = "# Intro\n\n## 1.1 One\n\nText.\n\n### 1.2 Not one\n<!-- x -->\n- [ ] kept\n"
    page = folder.page(f"{body}\n## 1.10 Ten {{#t}}\n", "reading")
    path = folder.root / "a.md"
    assert page.sections == (
        Section("1.1", "One", "Text.\n\n### 1.2 Not one\n\n- [ ] kept", path, FIRST + 2),
        Section("1.10", "Ten", "", path, FIRST + 10),
    )
    assert page.notes == ()


def test_moments_of_a_lecture(folder: Folder) -> None:
    body = (
        "# Intro\n\n## 0:00 Start\n\n## 31:20 Terms {#t}\n\nOne.\n\n<!-- section: 1.17 -->\n"
        "<!-- source: Someone -->\n<!-- aside -->\n## 1:02:48 Drive\n<!-- section: 2.4 -->\nTwo\n"
    )
    page = folder.page(body, LECTURE)
    path = folder.root / "a.md"
    assert (page.kind, page.chapter, page.lecture) == (FileKind.READING, 1, 2)
    assert page.moments == (
        Moment(0, "Start", None, "", path, FIRST + 3),
        Moment(1880, "Terms", "1.17", "One.", path, FIRST + 5),
        Moment(3768, "Drive", "2.4", "Two", path, FIRST + 12),
    )
    assert (page.notes, page.sections) == ((), ())


# --- problems ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "front matter is missing: the first line must be ---"),
        ("# Hello\n", 1, "front matter is missing: the first line must be ---"),
        ("---\nkind: reading\n", 1, "front matter never ends: a line --- must follow it"),
        ("---\n[]\n---\n", 1, "front matter must be lines of key: value"),
        ("---\na: 1\nb: x: y\n---", 3, "front matter is not YAML: mapping values are not"),
        ("---\na: b\n\tc: d\n---", 3, "front matter is not YAML: found character '\\t'"),
        ("---\na: [\n---", 2, "front matter is not YAML: expected the node content"),
        ("---\na: 1\nb: \ufffe\n---", 3, "front matter has a character that YAML forbids"),
        pytest.param("---\n" + "[" * 1000 + "\n---", 2, "front matter is not YAML", id="deep"),
    ],
)
def test_unreadable_front_matter(folder: Folder, text: str, line: int, message: str) -> None:
    path = folder.root / "a.md"
    path.write_text(text)
    page, (problem, *others) = markdown.read(path)
    assert page is None
    assert others == []
    assert (problem.path, problem.line) == (path, line)
    assert problem.message.startswith(message)


UNKNOWN = "unknown key x in the front matter; the keys are pack, part, chapter, title, lecture"


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "has_page"),
    [
        ("pack: p", "", 1, "front matter lacks pack", False),
        ("pack: p", "pack:", 1, "front matter lacks pack", False),
        ("part: 1. Part", "", 1, "front matter lacks part", True),
        ("title: A title", "", 1, "front matter lacks title", True),
        ("title: A", "x: y\ntitle: A", 5, UNKNOWN, True),
        ("title: A", "video: [a]\ntitle: A", 5, "video is not one text", True),
        ("title: A", "title: B\ntitle: A", 6, "title is given twice", True),
        ("title: A", "title: C # A", 5, "title ends before # A title: a", True),
        ("kind: jargon", "", 1, "front matter lacks kind", False),
        ("chapter: 1", "", 1, "front matter lacks chapter", False),
        (
            "chapter: 1", "chapter: one", 4,
            "chapter: one is not a whole number above 0", False,
        ),
        ("chapter: 1", "chapter: 0", 4, "chapter: 0 is not a whole number above 0", False),
        ("chapter: 1", "chapter: ٣", 4, "chapter: ٣ is not a whole number above 0", False),
        (
            "kind: jargon", "kind: glossary", 6,
            "kind: glossary is none of questionnaire, jargon, reading", False,
        ),
    ],
)  # fmt: skip
def test_wrong_front_matter(
    folder: Folder, old: str, new: str, line: int, message: str, has_page: bool
) -> None:
    path = folder.root / "a.md"
    path.write_text(front_matter("jargon").replace(old, new) + "\n## A {#a}\n")
    page, problems = markdown.read(path)
    assert [problem.line for problem in problems] == [line]
    assert problems[0].message.startswith(message)
    assert (page is not None) is has_page


def test_broken_front_matter_does_not_hide_the_rest(folder: Folder) -> None:
    path = folder.root / "a.md"
    path.write_text("---\ntitle: a: b\nkind: jargon\n---\n## Epoch\n```\n")
    page, problems = markdown.read(path)
    assert page is None
    assert [problem.line for problem in problems] == [2, 5, 6]


NO_ID = "has no {#id}; `studyapp check --fix` writes one"
MALFORMED = "may have only lower-case letters, digits and hyphens"
ITEM = "## Q? {#q}\n- [ ] a {#a}\n"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("## Q?", 0, f"the question {NO_ID}"),
        ("## Q? {#Q}", 0, f"the id 'Q' {MALFORMED}"),
        ("## Q? {#}", 0, f"the id '' {MALFORMED}"),
        ("## Q? {#ok} {#ok}", 0, "two ids, {#ok} and {#ok}; keep the one that it had first"),
        ("##", 0, "the heading is empty"),
        ("## {#q}", 0, "the heading is empty"),
        ("## Q? {#ok}\n\n## R? {#ok}", 2, f"the id ok is used already on line {FIRST}"),
        ("## Q? {#ok}\n\n```py\nx\n\n## R?", 2, "the code fence that begins here is never closed"),
        ("## Q? {#ok}\n- a\n  ~~~\n  x\n\nb", 2, "the code fence that begins here is never closed"),
        ("## Q? {#ok}\n```\nx\n    ```", 1, "the code fence that begins here is never closed"),
        ("## Q? {#ok}\n````\n```", 1, "the code fence that begins here is never closed"),
        ("## Q? {#ok}\na\n\n<!-- number: 3\n\n## R?", 3, "the comment that begins here is never"),
        ("## Q? {#ok}\n\na\nb <!-- oops", 3, "the comment that begins here is never closed;"),
        ("## Q? {#ok}\n- `<!-- x` <!-- a --> <!-- b", 1, "the comment that begins here is never"),
        ("## Q? <!-- c {#ok}\na", 0, "the comment that begins here is never closed"),
        ("## Q? {#ok}\n# Part", 1, "a # heading within a note"),
        ("## Q? {#ok}\na\n---\n", 1, "a line of - right below text"),
        ("## Q? {#ok}\na\n===\n", 1, "a line of = right below text"),
        ("## Q? {#ok}\na\0b", 1, "there is a NUL character here"),
        ("## Q? {#ok}\n\n- [ ]", 2, "the point is empty"),
        ("## Q? {#ok}\n- [ ] extra:", 1, "the point is empty"),
        ("## Q? {#ok}\n- [ ] a\n\n  b", 3, "a point is one paragraph"),
        ("## Q? {#ok}\n- [ ] a\n  - b", 2, "a point is one paragraph"),
        ("## Q? {#ok}\n- [ ] a {#A b}", 1, f"the id 'A b' {MALFORMED}"),
        ("## Q? {#ok}\n- [ ] a {#a}\n- [ ] b {#a}", 2, "the id a is used already in this note"),
        ("## Q? {#ok}\n\n<!-- numbr: 3 -->", 2, "unknown key numbr; the keys are number, section,"),
        ("## Q? {#ok}\n<!-- number: 3, a: b -->", 1, "unknown key a; the keys are"),
        ("## Q? {#ok}\n<!-- number: 3, number: 4 -->", 1, "number is given twice"),
        ("## Q? {#ok}\n<!-- number: -->", 1, "number has no value"),
        ("## Q? {#ok}\n<!-- number: x -->", 1, "number: x is not a whole number above 0"),
        ("## Q? {#ok}\n<!-- number: 0 -->", 1, "number: 0 is not a whole number above 0"),
        pytest.param(f"## Q? {{#ok}}\n<!-- number: {'9' * 5000} -->", 1, "number: 99", id="huge"),
        ("## Q? {#ok}\n<!-- section: 1 -->", 1, "section: 1 is not a number like 1.19"),
        ("## Q? {#ok}\n<!-- depth: deep -->", 1, "depth: deep is not one of core, more, history"),
        ("## Q? {#ok}\n<!-- reverse: 1 -->", 1, "reverse: 1 is not yes or no"),
        ("## Q? {#ok}\n<!-- book: 0 -->", 1, "book: 0 is not a whole number above 0"),
        ("## Q? {#ok}\n<!-- as-of: 24 -->", 1, "as-of: 24 is not a year like 2026"),
        ("## Q? {#ok}\n<!-- need: many -->", 1, "need: many is not a whole number above 0"),
        ("## Q? {#ok}\n- [ ] a\n<!-- need: 2 -->", 2, "need: 2 is more than the note has points"),
        (
            "## Q? {#ok}\n<!-- card: list -->", 1,
            "card: list is not one of answer, items, cloze, both, order, do",
        ),
        ("## Q? {#ok}\n<!-- synonyms: ; -->", 1, "synonyms: ; is not terms separated by"),
        ("## Q? {#ok}\n<!-- source: -->", 1, "source: names nothing"),
        ("## Q? {#ok}\n<!-- need: 1 -->\n- [ ] a\n<!-- number: 1 -->", 1, "this comment is not"),
        ("## Q? {#ok}\n<!-- card: items -->", 0, "card: items needs points"),
        ("## Q? {#ok}\n- [ ] a\n<!-- card: items -->", 1, f"a point of an items note {NO_ID}"),
        ("## Q? {#ok}\n==a==\n<!-- card: cloze -->", 1, f"==a== {NO_ID}"),
        ("## Q? {#ok}\n`==a==`\n<!-- card: cloze -->", 0, "card: cloze needs a ==hidden=={#id}"),
        ("## Q? {#ok}\n==a=={#A}\n<!-- card: cloze -->", 1, f"the id 'A' {MALFORMED}"),
        (
            "## Q? {#ok}\n==a=={#a}\n==b=={#a}\n<!-- card: cloze -->", 2,
            "the id a is used already in this note",
        ),
        ("## Q? {#ok}\n<!-- card: both -->", 0, "card: both needs a text below the heading"),
        ("## Q? {#ok}\n1. a\n<!-- card: order -->", 0, "card: order needs a numbered list of at"),
    ],
)  # fmt: skip
def test_problems_of_a_question(folder: Folder, body: str, line: int, message: str) -> None:
    path = folder.write(body)
    page, (problem, *others) = markdown.read(path)
    assert others == []
    assert problem.line == FIRST + line
    assert problem.message.startswith(message)
    assert ids(page) == (["ok"] if "{#ok}" in body else [])


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("## Epoch", 0, f"the term {NO_ID}"),
        ("| Keyword | Meaning |\n|--|--|\n| a | b |", 0, "a table of terms needs the columns"),
        ("| Term | Meaning | Foo |\n|--|--|--|", 0, "unknown column foo; the columns are term,"),
        ("| Term | Meaning | Id | Term |\n|--|--|--|--|", 0, "the column term is there twice"),
        ("| Term | Meaning |\n|--|--|\n| a | b |", 2, "the term has no id; `studyapp check --fix`"),
        ("| Term | Meaning | Id |\n|--|--|--|\n| | b | x |", 2, "the row has no term"),
        ("| Term | Meaning | Id |\n|--|--|--|\n| a | b | X |", 2, f"the id 'X' {MALFORMED}"),
        (
            "| Term | Meaning | Id |\n|--|--|--|\n| a | p(x|y) | x |", 2,
            "the row has 4 cells, its table 3 columns; a pipe within a cell is written \\|",
        ),
        (
            "| Term | Meaning | Id | Section |\n|--|--|--|--|\n| a | b | ok | 3 |", 2,
            "section: 3 is not a number like 1.19",
        ),
        (
            "| Term | Meaning | Id |\n|--|--|--|\n| a | b | ok |\n| c | d | ok |", 3,
            f"the id ok is used already on line {FIRST + 2}",
        ),
    ],
)  # fmt: skip
def test_problems_of_terms(folder: Folder, body: str, line: int, message: str) -> None:
    page, (problem, *others) = markdown.read(folder.write(body, "jargon"))
    assert others == []
    assert problem.line == FIRST + line
    assert problem.message.startswith(message)
    assert ids(page) == (["ok"] if "ok" in body else [])


NOTHING = "there is no question in this file: one begins with ## and a space"
UNREAD = "as it belongs to no question: one begins with ## and a space"


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ("", [(1, NOTHING)]),
        ("<!-- number: 3 -->", [(1, NOTHING)]),
        ("# One?\n\nAn answer.\n\n# Two?", [(8, NOTHING)]),
        ("\n### One?\n\n- [ ] p", [(9, NOTHING)]),
        ("One?\n----\nAn answer.", [(8, NOTHING)]),
        ("Q: One?\nA: An answer.", [(8, NOTHING)]),
        ("##One?", [(8, "no heading: a space is missing after ##"), (8, NOTHING)]),
        ("# A title\n\n---\n\n## Q? {#q}", []),
        ("A title\n=======\n<!-- aside -->\n## Q? {#q}", []),
        ("# A title\nOne.\n\n- [ ] p\n\n## Q? {#q}", [(9, f"not read to line 11, {UNREAD}")]),
        ("One.\n## Q? {#q}", [(8, f"not read, {UNREAD}")]),
        ("```\n## No? {#no}\n```\n## Q? {#q}", [(8, f"not read to line 10, {UNREAD}")]),
        ("## Q? {#q}\n### R? {#r}", [(9, "this heading has an id but begins no note")]),
        ("## Q? {#q}\n> ## R? {#r}", [(9, "this heading has an id but begins no note")]),
        ("## Q? {#q}\nA.\n##R?", [(10, "no heading: a space is missing after ##")]),
        ("## Q? {#q}\n#1 of all, `##x` and\n    ##y\n\n    ##z\n", [])
    ],
)  # fmt: skip
def test_what_belongs_to_no_question(
    folder: Folder, body: str, problems: list[tuple[int, str]]
) -> None:
    found = folder.problems(body)
    assert [line for line, _ in found] == [line for line, _ in problems]
    for (_, said), (_, expected) in zip(found, problems, strict=True):
        assert expected in said


def test_what_belongs_to_no_term_or_section(folder: Folder) -> None:
    table = "| Term | Meaning | Id |\n|-|-|-|\n| a | b | c |\n"
    assert folder.problems(table + "\nAnd\n\n- more\n\n" + table.replace("c", "d"), "jargon") == [
        (FIRST + 4, "not read to line 14, as it belongs to no term: one begins with ## and a space,"
         " or is a row below Term and Meaning"),
    ]  # fmt: skip
    (problem,) = folder.problems("- **Term**: meaning", "jargon")
    assert problem[0] == FIRST
    (problem,) = folder.problems("Lost.\n\n## 1.1 One", "reading")
    assert problem == (
        FIRST,
        "not read, as it belongs to no section: one begins like ## 1.19 Title",
    )
    ((line, told),) = folder.problems("", LECTURE)
    assert (line, told) == (1, "there is no moment in this file: one begins like ## 31:20 Title")


@pytest.mark.parametrize(
    ("opening", "what"),
    [
        *((f"<{tag}>", "tag") for tag in ("pre", "script", "style", "TEXTAREA")),
        ("<pre class='x'>", "tag"),
        ("<?php", "<? instruction"),
        ("<![CDATA[", "<![CDATA[ section"),
        ("<!DOCTYPE", "<! declaration"),
        ("<!-- x", "comment"),
        ("```", "code fence"),
        ("~~~ python", "code fence"),
    ],
)
def test_what_swallows_the_next_notes_is_told(folder: Folder, opening: str, what: str) -> None:
    body = f"## Q? {{#q}}\n\nA.\n\n{opening}\n\n## R? {{#r}}\n\nB.\n"
    assert folder.problems(body) == [
        (FIRST + 4, f"the {what} that begins here is never closed"),
    ]


def test_what_html_ends_by_itself_or_is_closed_is_no_problem(folder: Folder) -> None:
    for text in (
        "<pre>\n\nx\n</pre>",
        "<div>",
        "<details>\nx",
        "<?x ?>",
        "<!DOCTYPE html>",
        "a <pre>",
        "a <!-- b\nc --> `<!-- code` \\<!-- text",
    ):
        page = folder.page(f"## Q? {{#q}}\n\n{text}\n\n## R? {{#r}}\n")
        assert ids(page) == ["q", "r"]


@pytest.mark.parametrize("heading", ["## Validation", "## 1.1", "## 1.1.2 A", "## 31:20 Terms"])
def test_a_section_needs_a_number(folder: Folder, heading: str) -> None:
    body = f"## 1.1 One\n\n{heading}\n\n## 1.2 Two\n"
    page, (problem,) = markdown.read(folder.write(body, "reading"))
    assert page is not None
    assert [section.number for section in page.sections] == ["1.1", "1.2"]
    assert problem.line == FIRST + 2
    assert problem.message.startswith("a heading here needs a section number, ## 1.19 Title: ")


def test_a_section_needs_a_title(folder: Folder) -> None:
    assert folder.problems("##", "reading") == [(FIRST, "the heading is empty")]


NO_TIME = "a heading here needs a time, ## 31:20 Title: "
NOT_AFTER = "is not after the one before it"


@pytest.mark.parametrize(
    ("text", "line", "message", "kept"),
    [
        ("## Terms", 0, f"{NO_TIME}Terms", [60, 7200]),
        ("## 1.17 Terms", 0, f"{NO_TIME}1.17 Terms", [60, 7200]),
        ("## 31:20", 0, f"{NO_TIME}31:20", [60, 7200]),
        ("##", 0, "the heading is empty", [60, 7200]),
        *(
            (f"## {time} T", 0, f"the time {time} is not one like 31:20 or 1:02:48", [60, 7200])
            for time in ("31:61", "61:20", "1:60:00", "1:2:48", "3:1", "1:2:03:04", "100:00:00")
        ),
        ("## 01:00 T", 0, f"the time 01:00 {NOT_AFTER}", [60, 60, 7200]),
        ("## 0:59 T", 0, f"the time 0:59 {NOT_AFTER}", [60, 59, 7200]),
        ("## 2:00 T\n<!-- section: 1 -->", 1, "section: 1 is not a number", [60, 120, 7200]),
        ("## 2:00 T\n<!-- sectoin: 1.1 -->", 1, "unknown key sectoin; the", [60, 120, 7200]),
    ],
)
def test_problems_of_a_lecture(
    folder: Folder, text: str, line: int, message: str, kept: list[int]
) -> None:
    path = folder.write(f"## 1:00 A\n{text}\n## 2:00:00 Z\n", LECTURE)
    page, (problem, *others) = markdown.read(path)
    assert page is not None
    assert [moment.seconds for moment in page.moments] == kept
    assert (problem.line, others) == (FIRST + 2 + line, [])
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lecture: 2", "lecture: two", "lecture: two is not a whole number above 0"),
        ("lecture: 2", "lecture: 0", "lecture: 0 is not a whole number above 0"),
        ("chapter: 1\n", "", "front matter lacks chapter"),
        ("title: A title", "title: a: b", "front matter is not YAML: mapping values are not"),
    ],
)
def test_times_are_no_problem_where_the_front_matter_is(
    folder: Folder, old: str, new: str, message: str
) -> None:
    path = folder.root / "a.md"
    path.write_text(front_matter(LECTURE).replace(old, new) + "## 1:00 A\n")
    _, (problem, *others) = markdown.read(path)
    assert others == []
    assert problem.message.startswith(message)


def test_problems_leave_the_other_notes(folder: Folder) -> None:
    path = folder.write("## A? {#a}\n\n## B?\n<!-- need: x -->\n\n## C? {#c}\n")
    page, problems = markdown.read(path)
    assert ids(page) == ["a", "c"]
    assert [problem.line for problem in problems] == [FIRST + 2, FIRST + 3]


def test_bytes_that_are_not_utf_8(folder: Folder) -> None:
    path = folder.root / "a.md"
    path.write_bytes(b"\xef\xbb\xbf---\r\na\rb \xe9\n")
    page, (problem,) = markdown.read(path)
    assert page is None
    assert (problem.line, problem.message) == (
        3,
        "the byte 0xe9 is not UTF-8; save the file as UTF-8",
    )


def test_a_file_that_cannot_be_read(folder: Folder) -> None:
    page, (problem,) = markdown.read(folder.root)
    assert page is None
    assert (problem.line, problem.message) == (1, "the file cannot be read: Is a directory")


def test_control_characters_go(folder: Folder) -> None:
    note = folder.note("## Q\x1b[2J? {#q}\n\nan\x9b\u202eswer\n")
    assert (note.prompt, note.answer) == ("Q[2J?", "answer")
    path = folder.root / "b.md"
    path.write_text(front_matter("reading").replace("A title", r'"a\x1b[2J\ud800"'))
    page, _ = markdown.read(path)
    assert page is not None
    assert page.title == "a[2J?"


# --- folders ----------------------------------------------------------------------------------


def test_a_folder_in_the_order_of_chapters(folder: Folder) -> None:
    for name, chapter in [("10/a.md", 10), ("2/b10.md", 2), ("2/b9.MD", 2), ("1/z.md", 3)]:
        folder.write("", name=name)
        body = f"## T {{#t{chapter}-{len(name)}}}"
        (folder.root / name).write_text(front_matter("jargon", chapter) + body)
    for name in ("README.md", "2/CONTRIBUTING.md", ".git/x.md", "2/.draft.md", "note.txt"):
        folder.write("## no id", name=name)
    pages, problems = markdown.read_folder(folder.root)
    assert problems == ()
    names = [page.path.relative_to(folder.root).as_posix() for page in pages]
    assert names == ["2/b9.MD", "2/b10.md", "1/z.md", "10/a.md"]


def test_one_file_as_a_folder(folder: Folder) -> None:
    path = folder.write("## Q? {#q}\n")
    assert [page.path for page in markdown.read_folder(path)[0]] == [path]


def test_an_id_used_in_two_files_of_a_pack(folder: Folder) -> None:
    first = folder.write("## A? {#same}\n## B? {#b}\n", name="1.md")
    second = folder.write("## C? {#c}\n## D? {#same}\n", name="2.md")
    other = folder.write("", name="3.md")
    other.write_text(front_matter("jargon").replace("pack: p", "pack: q") + "## D {#same}\n")
    pages, (problem,) = markdown.read_folder(folder.root)
    assert [ids(page) for page in pages] == [["same", "b"], ["c"], ["same"]]
    assert (problem.path, problem.line) == (second, FIRST + 1)
    assert problem.message == f"the id same is used already at {first}:{FIRST}"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"There is no folder .*nowhere"):
        markdown.read_folder(tmp_path / "nowhere")


def test_a_folder_without_content_is_empty(tmp_path: Path) -> None:
    assert markdown.read_folder(tmp_path) == ((), ())


# --- fix --------------------------------------------------------------------------------------

UNFIXED = """\
## What is *over-fitting* (in short)?
Text.
- [ ] a point
<!-- number: 1 -->

  ## What is over-fitting, in short? ##
- [ ] one
  and a half
- [ ] two {#two}
- [ ] extra: two
<!-- card: items -->

## 過学習とは {#kept}
==Loss== falls, <!-- x --> ==error== rises; ==loss=={#loss}.
<!-- card: cloze -->

## 過学習とは?
"""

FIXED = """\
## What is *over-fitting* (in short)? {#what-is-over-fitting-in-short}
Text.
- [ ] a point
<!-- number: 1 -->

  ## What is over-fitting, in short? {#what-is-over-fitting-in-short-2} ##
- [ ] one
  and a half {#one-and-a-half}
- [ ] two {#two}
- [ ] extra: two {#two-2}
<!-- card: items -->

## 過学習とは {#kept}
==Loss=={#loss-2} falls, <!-- x --> ==error=={#error} rises; ==loss=={#loss}.
<!-- card: cloze -->

## 過学習とは? {#question}
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_fix_writes_the_ids_and_nothing_else(folder: Folder, newline: str, bom: bytes) -> None:
    path = folder.root / "a.md"

    def encoded(body: str) -> bytes:
        return bom + (front_matter("questionnaire") + body).replace("\n", newline).encode()

    path.write_bytes(encoded(UNFIXED))
    path.chmod(0o640)
    assert repair.fix(path) == 7
    assert path.read_bytes() == encoded(FIXED)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in folder.root.iterdir()] == ["a.md"]
    assert markdown.read(path)[1] == ()
    assert repair.fix(path) == 0


@pytest.mark.parametrize(
    ("table", "fixed"),
    [
        (
            "| Term | Meaning |\n|---|---|\n| Loss | a |\n| Epoch |\n",
            "| Term | Meaning | Id |\n|---|---|---|\n| Loss | a | loss |\n| Epoch | | epoch |\n",
        ),
        (
            "Term | Meaning  \n--- | ---\nLoss | a \\|\nEpoch\n",
            "Term | Meaning | Id  \n--- | --- |---\nLoss | a \\| | loss\nEpoch | | epoch\n",
        ),
        (
            "|Id|Term|Meaning|\n|-|-|-|\n||Loss|a|\n|   |Epoch|b|\n|x|Batch|c|\n",
            "|Id|Term|Meaning|\n|-|-|-|\n| loss |Loss|a|\n| epoch   |Epoch|b|\n|x|Batch|c|\n",
        ),
        (
            "| Term | Meaning | Section | Id |\n|-|-|-|-|\n| Loss | a |\nEpoch | b\n",
            "| Term | Meaning | Section | Id |\n|-|-|-|-|\n| Loss | a | | loss |\n"
            "Epoch | b | | epoch\n",
        ),
        (
            "|Term|Meaning|Id|\n|-|-|-|\n|Loss|a|loss|\n|Loss|b||\n",
            "|Term|Meaning|Id|\n|-|-|-|\n|Loss|a|loss|\n|Loss|b| loss-2 |\n",
        ),
        # A column added here would make an id of the cell too many.
        ("| Term | Meaning |\n|-|-|\n| a | b | c |\n| d | e |\n", None),
        ("| Term | Meaning |\n|-|-|\n| | b |\n", None),
    ],
)
def test_fix_a_table(folder: Folder, table: str, fixed: str | None) -> None:
    path = folder.write(table, "jargon")
    repair.fix(path)
    assert path.read_text() == front_matter("jargon") + (fixed or table)
    assert fixed is None or markdown.read(path)[1] == ()
    assert repair.fix(path) == 0


def test_fix_finds_its_place_among_control_characters(folder: Folder) -> None:
    path = folder.write("## Lo\x1bss?\x07\n\x00==a== \x1b==b==\n<!-- card: cloze -->\n")
    assert repair.fix(path) == 3
    assert path.read_text().endswith(
        "## Lo\x1bss? {#loss}\x07\n\0==a=={#a} \x1b==b=={#b}\n<!-- card: cloze -->\n"
    )


@pytest.mark.parametrize("control", ["", "\x1b"])
def test_a_file_in_decomposed_characters_is_the_same(folder: Folder, control: str) -> None:
    body = (
        f"## Café{control} é{control}e?\n\nÅ ==né== and ==é=={{#a}}.{control}é\n\n"
        "<!-- card: cloze -->\n\n## Q?\n\n- [ ] d'été\n- [ ] Ω{#b}\n\n<!-- card: items -->\n"
    )
    path, other = folder.write(body), folder.write(normalize("NFD", body), name="b.md")
    assert path.read_bytes() != other.read_bytes()
    assert repair.fix(path) == repair.fix(other) == 4
    assert normalize("NFC", other.read_text()) == path.read_text()
    assert not unicodedata.is_normalized("NFC", other.read_text())  # the rest stays as it was
    (page, problems), (same, others) = markdown.read(path), markdown.read(other)
    assert problems == others == ()
    assert page is not None
    assert same is not None
    assert without_place(same.notes) == without_place(page.notes)


def test_fix_keeps_clear_of_the_ids_of_other_files(folder: Folder) -> None:
    taken = {"loss"}
    one, two = folder.write("## Loss?\n"), folder.write("## Loss?\n", name="b.md")
    assert (repair.fix(one, taken), repair.fix(two, taken)) == (1, 1)
    assert taken == {"loss", "loss-2", "loss-3"}
    assert "{#loss-2}" in one.read_text()
    assert "{#loss-3}" in two.read_text()


def test_fix_leaves_alone_what_it_cannot_be_sure_of(folder: Folder) -> None:
    path = folder.root / "a.md"
    for text in (b"\xff## Q?\n", b"## Q?\n", b"---\nkind: jargon\n---\n## Q?\n"):
        path.write_bytes(text)
        assert repair.fix(path) == 0
        assert path.read_bytes() == text
    malformed = folder.write("## Q? {#Q}\n==a=={#B}\n- [ ] a {#C}\n<!-- card: items -->\n")
    assert repair.fix(malformed) == 0


def test_fix_of_a_link_writes_where_it_leads(folder: Folder) -> None:
    path = folder.write("## Loss?\n")
    link = folder.root / "link.md"
    link.symlink_to(path)
    assert repair.fix(link) == 1
    assert link.is_symlink()
    assert "{#loss}" in path.read_text()


def test_fix_that_cannot_write_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder.write("## Loss?\n")

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(StudyError, match="No space left on device"):
        repair.fix(path)
    assert path.read_text() == front_matter("questionnaire") + "## Loss?\n"
    assert [file.name for file in folder.root.iterdir()] == ["a.md"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's [this](https://example.org/a)?", "whats-this"),
        ("Café `x_1`", "cafe-x-1"),
        ("a" * 60, "a" * 48),
        ("word " * 20, "word-word-word-word-word-word-word-word-word"),
        ("…", "note"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    taken: set[str] = set()
    assert slug(text, taken) == expected
    assert slug(text, taken) == f"{expected}-2"
    assert taken == {expected, f"{expected}-2"}


def test_an_id_of_ones_own_is_like_no_other() -> None:
    """Two devices never make the same one, nor do two questions that begin alike."""
    first, second = random.Random(1), random.Random(2)
    text = "Why does SGD shuffle its data?"
    one = own_id(f"my {text}", set(), first.choice)
    assert re.fullmatch(r"my-why-does-sgd-shuffle-its-data-[0-9a-hjkmnp-tv-z]{5}", one)
    assert own_id(f"my {text}", set(), second.choice) != one
    again = own_id(f"my {text}", {one}, random.Random(1).choice)
    assert again not in {one, ""}
    long = "word " * 20
    made = {own_id(long + end, set()) for end in ("one", "two") for _ in range(50)}
    assert len(made) == 100
    assert own_id(text, set()) != own_id(text, set())


def test_a_deck_has_a_name_and_no_number(folder: Folder) -> None:
    path = folder.root / "a.md"
    head = '---\npack: p\ndeck: "ES::Animals"\nkind: jargon\n---\n\n'
    path.write_text(head + "## Dog {#dog}\n\nIt barks.\n")
    page, problems = markdown.read(path)
    assert problems == ()
    assert page is not None
    assert (page.chapter, page.title, page.key, page.part) == (
        None,
        "ES::Animals",
        "ES::Animals",
        "p",
    )
    assert [note.kind for note in page.notes] == [NoteKind.TERM]


@pytest.mark.parametrize(
    ("head", "line", "message"),
    [
        ("deck: D\nkind: jargon", 1, "front matter lacks pack"),
        ("pack: p\ndeck: D", 1, "front matter lacks kind"),
        ("pack: p\ndeck: D\nchapter: 3\nkind: jargon", 4, "a deck has no chapter: it is no"),
        ("pack: p\ndeck: D\nkind: jargon\ntitle: T", 5, "a deck has no title: it is no"),
        ("pack: p\ndeck: D\nkind: reading", 4, "a deck has no reading: its kind is"),
        ("pack: p\ndeck:\nkind: jargon", 1, "front matter lacks chapter"),
    ],
)
def test_problems_of_a_deck(folder: Folder, head: str, line: int, message: str) -> None:
    path = folder.root / "a.md"
    path.write_text(f"---\n{head}\n---\n## T {{#t}}\n")
    _, problems = markdown.read(path)
    assert (problems[0].line, problems[0].message.startswith(message)) == (line, True), problems


def test_decks_come_after_the_chapters(folder: Folder) -> None:
    for name, head in (
        ("a", "deck: B"),
        ("b", "deck: A"),
        ("c", "part: P\nchapter: 10\ntitle: T"),
        ("d", "part: P\nchapter: 9\ntitle: T"),
    ):
        path = folder.root / f"{name}.md"
        path.write_text(f"---\npack: p\n{head}\nkind: jargon\n---\n")
    pages, _ = markdown.read_folder(folder.root)
    assert [page.key for page in pages] == [9, 10, "A", "B"]


# --- excerpt ----------------------------------------------------------------------------------


def test_excerpt_of_a_heading_is_its_own_text(folder: Folder) -> None:
    first = "##  Q? {#q} ##\n\nText\n\n- [ ] p\n\n<!-- number: 1 -->\n"
    path = folder.write(f"{first}\n\n## R? {{#r}}\n")
    page, _ = markdown.read(path)
    assert page is not None
    assert excerpt.of_note(page.notes[0]) == first
    # The note is found by its id, even where lines have been put before it.
    path.write_text(path.read_text().replace("##  Q?", "A line.\n\n##  Q?"))
    assert excerpt.of_note(page.notes[0]) == first
    path.write_text(front_matter("questionnaire"))
    with pytest.raises(ContentError, match=f"a.md:{FIRST}: the note q is no longer here"):
        excerpt.of_note(page.notes[0])


def test_excerpt_of_a_row_is_a_heading(folder: Folder) -> None:
    note = folder.note(
        "| Term | Meaning | Id | Section | Family | Synonyms |\n|-|-|-|-|-|-|\n"
        "| Loss | $a \\| b$ | loss | 1.2 | fit | cost; error |\n",
        "jargon",
    )
    assert excerpt.of_note(note) == (
        "## Loss {#loss}\n\n$a | b$\n\n<!-- section: 1.2, family: fit, synonyms: cost; error -->\n"
    )


@pytest.mark.parametrize("meaning", ["## x", "- [ ] x", "<!-- x", "```"])
def test_excerpt_of_a_row_that_looks_like_a_block(folder: Folder, meaning: str) -> None:
    note = folder.note(
        f"| Term | Meaning | Id | Family |\n|-|-|-|-|\n| a | {meaning} | a | f |\n", "jargon"
    )
    copy = folder.note(excerpt.of_note(note), "jargon")
    assert (copy.answer, copy.family) == (f"\\{meaning}", "f")


# --- laws -------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("## ", "# ", "### ", "{#a}", "{#B}", "{#", "}", "- [ ] ", "- [x] ", "extra: ", "1. "),
        *("<!-- ", " -->", "card: items", "card: cloze", "need: 1", ", ", "source: x", "```"),
        *("~~~", "`", "==", "x", "word ", "$", "|", "---|---|---", "\\", ">", "  ", "    "),
        *("\n", "\n", "\n", "\n\n", "\r\n", "\r", "\0", "\x1b", "\t", "\u00a0", "\u2028", "é"),
        *("1.2 Title", "---", "===", "<pre>", "[a]: /b", "\ufeff"),
        *("\n## Q {#a}\n", "\n## R {#b}\n", "\n## S\n", "\n- [ ] p {#c}\n", "\n- [ ] p\n"),
        *("\n<!-- card: items -->\n", "\n<!-- card: cloze -->\n", "==x==", "==y=={#d}"),
        *("\n<!-- variant -->\n", "\n### V?\n", "\n<!-- template\n", "\n-->\n"),
        *("\n| Term | Meaning |\n|-|-|\n", "\n| Term | Meaning | Id |\n|-|-|-|\n", "| x | y |\n"),
    ]
)
BODIES = st.lists(PIECES, max_size=30).map("".join)
KINDS = st.sampled_from(["questionnaire", "jargon", "reading", LECTURE, ""])
_numbers = count()


def fresh(root: Path) -> Path:
    return root / f"{next(_numbers)}.md"


@in_one_folder
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), kind=KINDS)
def test_reading_never_raises(tmp_path: Path, data: bytes, kind: str) -> None:
    path = fresh(tmp_path)
    path.write_bytes(front_matter(kind).encode() + data)
    page, problems = markdown.read(path)
    assert page is not None or problems
    repair.fix(path)


@in_one_folder
@given(body=BODIES, kind=KINDS)
def test_what_is_read_is_within_the_file(tmp_path: Path, body: str, kind: str) -> None:
    path = fresh(tmp_path)
    path.write_bytes((front_matter(kind) + body).encode())
    page, problems = markdown.read(path)
    lines = (front_matter(kind) + body).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems:
        assert 1 <= problem.line <= len(lines)
        assert printable(problem.message) == problem.message
    notes = page.notes if page else ()
    assert len({note.id for note in notes}) == len(notes)
    for note in notes:
        assert note.prompt
        assert FIRST <= note.line <= note.last <= len(lines)
        assert printable(note.answer) == note.answer
        for case in note.variants:
            assert case.prompt
            assert note.line < case.line <= note.last
        assert [cloze for cloze in sides(note) if sides(note).count(cloze) > 1] == []


@in_one_folder
@given(body=BODIES, kind=KINDS)
def test_fix_is_idempotent_and_only_inserts(tmp_path: Path, body: str, kind: str) -> None:
    path = fresh(tmp_path)
    before = (front_matter(kind) + body).encode()
    path.write_bytes(before)
    written = repair.fix(path)
    after = path.read_bytes()
    assert (written == 0) == (after == before)
    rest: Iterator[int] = iter(after)
    assert all(byte in rest for byte in before)  # a subsequence
    page, problems = markdown.read(path)
    if page and page.kind is FileKind.QUESTIONNAIRE:
        assert not [problem for problem in problems if "--fix" in problem.message]
    assert repair.fix(path) == 0
    assert path.read_bytes() == after


SHAPES = st.sampled_from(
    [
        *(
            "{}",
            "{}",
            "{}\n",
            "- {}",
            "- [ ] {}",
            "  - {}",
            "  - [ ] {}",
            "1. {}",
            "> {}",
            "> - {}",
        ),
        *("    {}", "## {0} {{#{0}}}", "##{}", "# {}", "### {}", "### {0} {{#{0}}}", "> ## {}"),
        *("| {0} | {0} |\n|---|---|\n| x | {0} |", "| {} |", "|---|", "{}\n---", "{}\n===", "---"),
        *(
            "```\n{}",
            "```",
            "~~~",
            "<pre>{}",
            "</pre>",
            "<div>",
            "</details>",
            "<?{}",
            "<![CDATA[{}",
        ),
        *(
            "",
            "",
            "\n[{}]: /x",
            "[^{}]: https://x.y",
            "a [{}]",
            "> [{}]: /x",
            "$5",
            "${}",
            "`{}",
            "=={}",
        ),
        *(
            "Q: {}",
            "A: {}",
            "**{}**",
            "- - - {}",
            "> > > {}",
            "\\{}",
            "<br>{}",
            "<b>{}</b>",
            "~{}~~",
        ),
        *("- [ ] {0}\n\n  {0}", "- [ ]\n  {}", "x [{}](http://x.y)", "![{}](x.png)", "-", "[ ] {}"),
        *("- > {}", "1. - {}", "\t{}", "\t- {}", "        {}", "{}<!-- x -->", "<!-- x -->{}"),
    ]
)


@settings(in_one_folder, max_examples=200)
@given(
    shapes=st.lists(SHAPES, max_size=12),
    at=st.integers(0, 3),
    kind=st.sampled_from(["questionnaire", "jargon"]),
)
def test_whatever_a_file_holds_is_shown_or_told(
    tmp_path: Path, shapes: list[str], at: int, kind: str
) -> None:
    """Each line's own word is in a note as it is shown, or its line among a problem's."""
    path = fresh(tmp_path)
    lines = "\n".join(shape.format(f"w{n}w") for n, shape in enumerate(shapes)).split("\n")
    lines[at:at] = ["## Q? {#q}"]
    path.write_text(front_matter(kind) + "\n".join(["# Title", *lines]))
    page, problems = markdown.read(path)
    assert page is not None
    told: set[int] = set()
    if any("there is no" in problem.message for problem in problems):  # within a fence, say
        told.update(range(FIRST + len(lines) + 1))
    for problem in problems:
        upto = re.search(r" to line (\d+)", problem.message)
        told.update(range(problem.line, int(upto[1]) + 1 if upto else problem.line + 1))
    notes = page.notes
    texts = [text for note in notes for text in (note.prompt, note.answer)]
    texts += [point.text for note in notes for point in note.points]
    shown = " ".join(map(plain, texts))
    for number, line in enumerate(lines, FIRST + 1):
        for word in re.findall(r"w\d+w", line):
            assert word in shown or number in told, (line, problems, notes)


TEXTS = st.builds(
    lambda first, rest: (first + rest).strip(),
    st.sampled_from("abcé?$"),
    st.text(alphabet="abc é?$-_*|\\.", max_size=11),
)


@st.composite
def questionnaires(draw: st.DrawFn) -> str:
    parts = []
    for number in range(draw(st.integers(1, 4))):
        mark = draw(st.sampled_from(["", f" {{#q{number}}}"]))
        parts.append(f"## {draw(TEXTS)}{mark}\n\n")
        style = draw(st.sampled_from(["answer", "items", "cloze"]))
        if style == "cloze":
            parts.append(f"So =={draw(st.sampled_from('abc'))}== and ==b=={{#b}}.\n\n")
        for place in range(draw(st.integers(1, 3))):
            mark = draw(st.sampled_from(["", f" {{#p{place}}}"]))
            parts.append(f"- [ ] {draw(TEXTS)}{mark}\n")
        parts.append(f"\n<!-- card: {style}, number: {number + 1} -->\n\n")
    return "".join(parts)


@st.composite
def tables(draw: st.DrawFn) -> str:
    names = draw(st.permutations(["Term", "Meaning", *draw(st.sampled_from([[], ["Id"]]))]))
    ids_ = iter("xyz")
    closing = draw(st.sampled_from(["|", ""]))

    def cell(name: str) -> str:
        if name == "Id":
            return draw(st.sampled_from(["", next(ids_)]))
        return draw(TEXTS).replace("\\", "").replace("|", "\\|").strip() or "a"

    count_ = draw(st.integers(1, 3))
    rows = [names, ["---"] * len(names), *([cell(name) for name in names] for _ in range(count_))]
    return "".join("|" + "|".join(f" {cell} " for cell in row) + closing + "\n" for row in rows)


def without_place(notes: tuple[Note, ...]) -> list[Note]:
    return [replace(note, path=Path("x"), line=0, last=0) for note in notes]


@settings(in_one_folder, max_examples=50)
@given(body=questionnaires() | tables())
def test_after_fix_no_id_is_missing_and_every_note_can_be_copied(tmp_path: Path, body: str) -> None:
    kind = "jargon" if "Term" in body else "questionnaire"
    path, copy = fresh(tmp_path), fresh(tmp_path)
    path.write_text(front_matter(kind) + body)
    missing = [p for p in markdown.read(path)[1] if "no id" in p.message or "no {#" in p.message]
    assert repair.fix(path) == len(missing)
    page, problems = markdown.read(path)
    assert problems == ()
    assert page is not None
    for note in page.notes:
        copy.write_text(front_matter(kind) + excerpt.of_note(note))
        copied, problems = markdown.read(copy)
        assert problems == ()
        assert copied is not None
        assert without_place(copied.notes) == without_place((note,))


@in_one_folder
@given(body=BODIES)
def test_a_question_in_any_file_can_be_copied(tmp_path: Path, body: str) -> None:
    path, copy = fresh(tmp_path), fresh(tmp_path)
    path.write_bytes((front_matter("questionnaire") + body).encode())
    page, _ = markdown.read(path)
    for note in page.notes if page else ():
        copy.write_text(front_matter("questionnaire") + excerpt.of_note(note))
        copied, _ = markdown.read(copy)
        assert copied is not None
        assert without_place(copied.notes) == without_place((note,))


@pytest.mark.parametrize("mark", ["[", "![", "[x][", "<!-- "])
def test_a_paragraph_that_nobody_can_read_is_told(folder: Folder, mark: str) -> None:
    told = "this paragraph is too long, or has too many [ or <!: it is shown as it is written"
    text = "## Q? {{#q}}\n\nFine.\n\n{}\n"
    assert folder.problems(text.format("a " + mark * 1000)) == [(FIRST + 4, told)]
    assert folder.problems(text.format("a " + "[x] " * 30)) == []


def test_a_note_that_nobody_can_read_is_told(folder: Folder) -> None:
    lines = "- a\n" * 13_000
    assert folder.problems(f"## Q? {{#q}}\n\n{lines}\n## R? {{#r}}\n\nShort.") == [
        (FIRST, "52,013 characters are too many: over 50,000 are shown as written")
    ]


def test_what_is_nested_too_deep_to_be_shown_is_told(folder: Folder) -> None:
    told = "lists and quotes are nested too deep here: what is within is not shown"
    for mark, depth in [("- ", 60), ("> ", 120), ("1. ", 60)]:
        body = f"## Q? {{#q}}\n\n{mark * depth}w\n"
        assert folder.problems(body) == [(FIRST + 2, told)]
        assert "w" in plain(folder.note(body.replace(mark * depth, mark * 40)).answer)


TAGGED = """\
## One? {#one}

Yes.

- [ ] yes

<!-- section: 1.1, tags: a b,
family: x -->
<!-- source: Ours 2020, A book -->

## Two? {#two}

```html
<!-- tags: shown -->
```

- [ ] no

<!-- variant -->

### And this?

Nor this.

- [ ] nor

## Three? {#three}

It is `<!-- tags: shown -->`. <!-- tags: c -->
"""
TAGS = st.lists(st.sampled_from(["a", "b", "topic:x", "été", "`q`", "x::y"]), unique=True)


@settings(in_one_folder, max_examples=20)
@given(tags=st.fixed_dictionaries({}, optional=dict.fromkeys(("one", "two", "three"), TAGS)))
def test_tags_change_and_nothing_else_that_a_file_says(
    tmp_path: Path, tags: dict[str, list[str]]
) -> None:
    path = fresh(tmp_path)

    def read() -> list[Note]:
        page, problems = markdown.read(path)
        assert page is not None
        assert not problems
        moved = [tuple(replace(one, line=0) for one in note.variants) for note in page.notes]
        bare = without_place(page.notes)
        return [replace(note, variants=some) for note, some in zip(bare, moved, strict=True)]

    path.write_text(front_matter("questionnaire") + TAGGED)
    before = read()
    path.write_text(amendment.tagged(path, tags))
    assert read() == [replace(one, tags=tuple(tags.get(one.id, one.tags))) for one in before]
    path.write_text(amendment.tagged(path, {one.id: one.tags for one in before}))
    assert read() == before
