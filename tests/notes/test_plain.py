"""Markdown → plain text lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.errors import printable
from studyapp.notes.plain import plain


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("", ""),
        ("## A *heading* here", "A heading here"),
        ("one\ntwo  \nthree", "one two\nthree"),
        ("**bold**, *em*, `x = 1` and ~~struck~~", "bold, em, x = 1 and ~~struck~~"),
        ("[4.7 points](fact:overfit.gap?n=64), [run it](lesson:overfit)", "4.7 points, run it"),
        ("[page](https://example.org) <https://example.org>", "page (https://example.org) https://example.org"),
        ("![a cat](cat.png)", "[image: a cat]"),
        ("a <b>bold</b> b<!-- gone -->", "a bold b"),
        ("<div>\nshown <!-- gone\nhere too -->\n</div>", "shown"),
        ("a\n\n<!-- a comment alone -->\n\nb", "a\n\nb"),
        ("- a\n- b\n  - c\n    d\n- e", "- a\n- b\n  - c d\n- e"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("3. a\n\n   more\n4. b", "3. a\n\n   more\n\n4. b"),
        ("> a\n>\n> - b", "> a\n>\n> - b"),
        ("```python\nif a:\n    f('$x$')\n\n*a*\n```", "    if a:\n        f('$x$')\n\n    *a*"),
        ("a\n\n---\n\nb", "a\n\n---\n\nb"),
        (
            "| Term | Meaning |\n|---|---|\n| loss | a number, $L$ |\n| `lr` | |",
            "- Term: loss\n  Meaning: a number, L\n- Term: lr",
        ),
        ("| Term |\n|---|", "- Term"),
    ],
)  # fmt: skip
def test_marks_go_and_text_stays(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("$x_i$ is 5", "xᵢ is 5"),  # the first dollar has nothing before it, though "5" is last
        ("a $e^{-x}$, and $$\\frac{a}{b}$$ inside", "a e⁻ˣ, and a/b inside"),
        ("$$\nf(x) = \\begin{cases} 1 & a \\\\\n0 & b \\end{cases}\n$$", "f(x) = {1, a; 0, b}"),
        ("it costs $5 and $6", "it costs $5 and $6"),
        ("$5 and $x$ more", "$5 and x more"),
        ("5$ a $ b", "5$ a $ b"),
        ("\\$x\\$ and `$y$`, $5 and `$HOME`", "$x$ and $y$, $5 and $HOME"),
        ("$a *b* c$ and *$d$*", "a * b * c and d"),
        ("$\\nosuch{x}$", "\\nosuch{x}"),
        ("$unclosed", "$unclosed"),
        ("$$", "$$"),
    ],
)
def test_formulas_are_told_from_money_and_code(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_formulas_can_stay_as_they_were_written() -> None:
    assert (
        plain("$x_i$ and\n\n$$\n\\frac{a}{b}\n$$", maths=False) == "$x_i$ and\n\n$$\\frac{a}{b}$$"
    )


def test_no_character_steers_the_terminal() -> None:
    assert plain("a\x1b[2Jb\x9bc\u202ed &#x1b; &#x202e;e") == "a[2Jbcd \ufffd e"


@given(st.text(st.sampled_from("ab1 \n\t$\\{}*_`~<>!-#|[]()&;:=^.\x00\x1b\u202e"), max_size=80))
def test_any_text_can_be_shown(markdown: str) -> None:
    text = plain(markdown)
    assert text == printable(text)


@given(st.lists(st.text(st.sampled_from("abcdé字"), min_size=1), min_size=1))
def test_no_word_is_lost(words: list[str]) -> None:
    lines = [" ".join(words), *(f"- **{word}**" for word in words), f"| {words[0]} |", "|---|"]
    assert plain("\n\n".join(lines[:-2]) + "\n\n" + "\n".join(lines[-2:])).split() == [
        *words,
        *(part for word in words for part in ("-", word)),
        "-",
        words[0],
    ]


def test_a_quoted_comment_that_never_ends_is_text() -> None:
    """markdown-it looks past the end of such a text unless a newline follows."""
    assert plain("> - <!--\n>") == "> - <!--"


@pytest.mark.parametrize("mark", ["[", "![", "[x][", "<!--", "**[a]("])
def test_what_would_take_minutes_is_shown_as_it_is_written(mark: str) -> None:
    tangled = "a" + mark * 2000
    assert plain(f"*Before.*\n\n{tangled}\n*line*\n\n*After.*") == (
        f"Before.\n\n{tangled}\n*line*\n\nAfter."
    )


def test_a_very_long_text_is_shown_as_it_is_written() -> None:
    long = "- *a*\n" * 10_000
    assert plain(long).split("\n") == ["    - *a*"] * 10_000


@pytest.mark.parametrize("mark", ["- ", "1. ", "> ", "- > "])
def test_what_is_nested_deep_is_shown(mark: str) -> None:
    for depth in (1, 10, 15, 24):
        assert "here" in plain(mark * depth + "here")
    lines = [f"{'  ' * depth}- level {depth}" for depth in range(24)]
    assert re.findall(r"level \d+", plain("\n".join(lines))) == [line.strip("- ") for line in lines]


def test_an_address_below_is_a_definition_but_a_footnote_is_text() -> None:
    assert plain("[a][b] and [c]\n\n[b]: http://b.c\n[c]: <d>") == "a (http://b.c) and c (d)"
    assert plain("x[^1]\n\n[^1]: https://a.b/c") == "x[^1]\n\n[^1]: https://a.b/c"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("x<sup>2</sup>, H<sub>2</sub>O, 1<sup>st</sup>, 2<sup>-3</sup>", "x², H₂O, 1ˢᵗ, 2⁻³"),
        ("x<sup>q?</sup>, x<sub>*a*</sub>", "x^(q?), x_(a)"),
        ("Press <kbd>ctrl</kbd>+<KBD class='k'>c</KBD>", "Press ctrl+c"),
        ("<span style='color:red'>red *and*</span> <mark>so</mark>", "red and so"),
        ("<a href='http://x.y'>there</a>, <a name='z'>here</a>", "there (http://x.y), here"),
        ("<img src='a.png'>, <img alt='a cat' src='a.png'>", "[image: a.png], [image: a cat]"),
        ("![](a.png)", "[image: a.png]"),
        ("![](media/my%20cat.png)", "[image: media/my cat.png]"),
        ("[http://x.y](http://x.y), [me](mailto:a@b.c)", "http://x.y, me (mailto:a@b.c)"),
        # a letter between angles is not HTML's where nothing ends it
        (
            "List<int>, Map<K, V>, Vec<u>, a<b>c, <learner>",
            "List<int>, Map<K, V>, Vec<u>, a<b>c, <learner>",
        ),
        ("</b> alone", "</b> alone"),
        (
            "<details><summary>Answer</summary>\n\nHidden &amp; *found*\n\n</details>",
            "Answer\n\nHidden & found",
        ),
        ("<p>one &lt;</p><p>two<br>three</p>", "one <\ntwo\nthree"),
        ("<table><tr><td>x<sup>2</sup></td></tr></table>", "x^2"),
        ("| a |\n|---|\n| one<br>two |", "- a: one two"),
        ("put $HOME/bin:$PATH or ${A}/${B} there", "put $HOME/bin:$PATH or ${A}/${B} there"),
        ("$H$ and $PQ$, the $n$th, $A$B", "H and PQ, the nth, AB"),
    ],
)
def test_html_and_dollars_read_as_a_reader_of_markdown_expects(markdown: str, text: str) -> None:
    assert plain(markdown) == text
