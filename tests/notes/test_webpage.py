"""Texts that are HTML as a whole are read as the notes that they show."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import formats, prose
from studyapp.notes.foreign import Foreign

CODE = '<pre><code class="language-py">x &lt; 1\n</code></pre>'
TABLE = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
MADE = "```py\nx < 1\n```\n\n| a |\n| --- |\n| 1 |"
TERMS = "<dl><dt>UDP<dd>Datagrams<dt>TCP</dt><dd><p>A stream</p><p>of bytes</p></dd></dl>"


def said(found: Foreign) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in found.notes]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<h2>Q?</h2>{CODE}\n{TABLE}", [("Q?", MADE)]),
        (f"<html><head><title>T</title></head><body><h2>Q?</h2>{CODE}{TABLE}", [("Q?", MADE)]),
        (
            "<div><p><strong>What is UDP?</strong></p><p>Fast.</p></div>",
            [("What is UDP?", "Fast.")],
        ),
        (
            f"<!doctype html><h1>Terms</h1>{TERMS}",
            [("UDP", "Datagrams"), ("TCP", "A stream\n\nof bytes")],
        ),
        (
            "<h2>What?</h2><p>See <script type='math/tex'>y^3</script> here.</p><h2>And?</h2>It",
            [("What?", "See $y^3$ here."), ("And?", "It")],
        ),
        ("<dl><dt>What is it?</dt><dd>That.</dd></dl>", [("What is it?", "That.")]),
        ("<body><h3>Q?</h3><dl>no term</dl>", [("Q?", "no term")]),
        ("<body><h3>What is a?</h3>An a<h3>What is b?<ul><li>x", [("What is a?", "An a")]),
        ("<p>1. What is a?<p>An <i>a</i>", [("What is a?", "An *a*")]),
        (
            "<p>Q: What is a?<br>A: It</p>\n\n<p>Q: And b?<br>A: He",
            [("What is a?", "It"), ("And b?", "He")],
        ),
        ("<details><summary>Who?</summary><p>I</p></details>", [("Who?", "I")]),
        ("<p>Who is it?</p><details><summary>Answer</summary>I</details>", [("Who is it?", "I")]),
    ],
)
def test_each_block_is_read_as_what_it_is(html: str, expected: list[tuple[str, str]]) -> None:
    for name in ("a.html", "a.md"):
        assert said(prose.parse(html, Path(name)))[: len(expected)] == expected


@pytest.mark.parametrize("loads", ["https://x.org/mathjax@3/tex.js", "katex/auto-render.min.js"])
def test_what_a_page_has_typeset_is_a_formula(loads: str) -> None:
    page = (
        "<h2>Is \\(a<b\\) &amp; $$\\frac12$$?</h2><p>So \\[x_1 &lt; 2\\],\n<code>\\(x\\)</code>,"
        " \\(<b>not</b>\\) and $5 and $6</p><h2>And?</h2><p>It</p>"
    )
    (is_it, also) = prose.parse(f"<script src='{loads}'></script>\n{page}", Path("a.html")).notes
    assert is_it.question == "Is $a<b$ & $$\\frac12$$?"
    assert is_it.answer == ("So $$x_1 < 2$$, `\\(x\\)`, \\\\(**not**\\\\) and \\$5 and \\$6")
    assert (also.answer, also.line) == ("It", 3)
    (untold, _) = prose.parse(page, Path("a.html")).notes
    assert "$a" not in untold.question


def test_blocks_among_markdown_end_where_the_last_of_them_does() -> None:
    text = f"# Notes\n\n<h2>Q?</h2>{CODE}\n{TABLE}\n\n# Terms\n\n{TERMS}\n"
    assert said(prose.parse(text, Path("a.md"))) == [
        ("Q?", MADE),
        ("UDP", "Datagrams"),
        ("TCP", "A stream\n\nof bytes"),
    ]


def test_lines_are_those_of_the_file() -> None:
    terms = "\n".join(f"<dt>Term {n}</dt>\n<dd>Its <b>meaning</b> {n}</dd>" for n in range(5))
    html = f"<html>\n<body>\n<!-- Q: a?\nA: b -->\n<h1>Terms</h1>\n<dl>\n{terms}\n</dl>\n<p>odd"
    found = prose.parse(f"{html} <font color=red>one</font></p>", Path("a.html"))
    assert [one.line for one in found.notes] == [7, 9, 11, 13, 15]
    assert {(one.line, one.message.rpartition(": ")[2]) for one in found.problems} >= {
        (18, "a colour"),
        (3, "this comment is left out, with what it asks or defines"),
    }


def test_pictures_come_along(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "img").mkdir()
    Image.new("RGB", (1, 1)).save(tmp_path / "img" / "a b.png")
    data = base64.b64encode((tmp_path / "img" / "a b.png").read_bytes()).decode()
    path = tmp_path / "a.html"
    path.write_text(
        '<h2>What is a?</h2><ul><li><img src="img/a%20b.png" alt="an a"></li></ul>'
        f'<h2>What is b?</h2><p><img src="data:image/png;base64,{data}"></p>'
    )
    name, found = formats.read(path)
    one, other = (note.answer for note in found.notes)
    assert (name, one) == ("notes", "- ![an a](media/a%20b.png)")
    assert (len(found.media), other.startswith("![](media/")) == (2, True)
    assert found.problems == ()


def test_a_text_of_markdown_with_html_is_no_page() -> None:
    text = "<p align=center>Mine</p>\n\n## What is a?\n\n- an *a*\n"
    assert said(prose.parse(text, Path("a.md"))) == [("What is a?", "- an *a*")]


def test_a_sign_of_a_stranger_stands_for_nothing() -> None:
    html = (
        "<h2>What is a?</h2><p>An &#xe0f5;7&#xe0f6; \ue0f57\ue0f6 <img src='http://b/c.png'> a</p>"
    )
    assert said(prose.parse(html, Path("a.html"))) == [
        ("What is a?", "An  7 ![](http://b/c.png) a")
    ]


PIECES = [f"<{end}{name}>" for name in ("h2", "p", "dl", "dt", "pre", "ul") for end in ("", "/")]
PIECES += [
    "<div>",
    "<details>",
    "<!--",
    "-->",
    "<img src='\n'>",
    "<script>",
    "What is x?",
    "\n",
    "&lt;",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_what_is_no_page_is_no_fault(pieces: list[str]) -> None:
    html = "".join(pieces)
    for name in ("a.html", "a.md"):
        assert all(
            0 < note.line <= 1 + html.count("\n") for note in prose.parse(html, Path(name)).notes
        )
