"""HTML becomes Markdown that says the same; fields of Anki with their formulas and hidden texts."""

from __future__ import annotations

import re
from html import escape, unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from studyapp.notes import ankifield, ankigap, plaintext
from studyapp.notes.hypertext import to_markdown

TEX = '<mi>x</mi><annotation encoding="application/x-tex">x^2</annotation>'
DRAWN = '<span class="katex-html" aria-hidden=true><span>x<svg></svg></span><span>2</span></span>'
HEAD = f"|{'  |' * 4}\n|{' --- |' * 4}"
CASES = {
    "a<br>b<br><br>c": "a\\\nb\n\nc",
    "<div>x</div><div>y &lt;T&gt; 2*3</div>": "x\n\ny \\<T> 2\\*3",
    '<b>bo ld</b>er <b>"q"</b>': '**bo ld**er <b>"q"</b>',
    "<i>a</i> <s>b</s> <u>c</u>": "*a* ~~b~~ <u>c</u>",
    "<ul><li>a<ul><li>b</ul><li>c</ul>": "- a\n  - b\n- c",
    "<ol><li><p>x</p><p>y</p></li><li>z</li></ol>": "1. x\n\n   y\n\n2. z",
    "H<sub>2</sub>O x<sup>n</sup>": "H<sub>2</sub>O x<sup>n</sup>",
    "<table><tr><th>A<th>B</tr><tr><td>1|2<td>x<br>y</tr></table>": (
        "| A | B |\n| --- | --- |\n| 1\\|2 | x<br>y |"
    ),
    "<pre><code class='language-py'>a\n  b &amp;</code></pre>": "```py\na\n  b &\n```",
    "<code>a`b</code>": "``a`b``",
    "<img src='my pic.png' alt=x>": "![x](media/my%20pic.png)",
    "[sound:a b.mp3]": "[a b.mp3](media/a%20b.mp3)",
    "<a href='https://a.b/c'>d</a>": "[d](https://a.b/c)",
    "<h2>T</h2>text": "### T\n\ntext",
    "<blockquote>q<p>r</blockquote>": "> q\n>\n> r",
    "a&nbsp;b<!-- c --><hr>": "a b\n\n***",
    "if a:<br>&nbsp;&nbsp; b&nbsp; c<br>&nbsp;d": "if a:\\\n\xa0\xa0\xa0b c\\\nd",
    "<ol start=3><li>c<li>d</ol><ol start=-1><li>a</ol>": "3. c\n4. d\n\n1. a",
    "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rp>(<rt>ji<rp>)</ruby>": "漢(kan)字(ji)",
    "<span style='font-weight: 700; font-style:italic'>a</span>": "<i>**a**</i>",
    "x<span style='vertical-align:super'>2</span> <q>y</q>": "x<sup>2</sup> “y”",
    "<audio src='a b.ogg'>no</audio> <video><source src=c.mp4>no</video>": (
        "[a b.ogg](media/a%20b.ogg) [c.mp4](media/c.mp4)"
    ),
    "<math display=block><mn>½</mn><annotation encoding='application/x-tex'>\\frac{1}{2}"
    "</annotation></math>": "$$\\frac{1}{2}$$",
    '<p>a <script type="math/tex">y^3 < x & b<a>c</script> d</p>': "a $y^3 < x & b<a>c$ d",
    "<script type='math/tex; mode=display'>% <![CDATA[\ny %]]></script>": "$$y$$",
    '<p>is <span class="math inline">\\(x_1 &lt; \\pi\\)</span>.</p>': "is $x_1 < \\pi$.",
    '<span class="math display">\\[x\ny\\]</span> \\(z\\)': "$$x y$$ \\\\(z\\\\)",
    "<script type=math/mml><math><mi>y</mi></math></script><script type=math/x>z</script>": "y`z`",
    f"<span class=katex><span><math>{TEX}</math></span>{DRAWN}</span></span> z": "$x^2$ z",
    "<span class='katex-html'><span>x</span><span>2</span></span> z": "x2 z",
    "<span class='MathJax_Preview'>y</span><span class=MathJax><span>y3</span></span>"
    '<script type="math/tex">y^3</script>': "$y^3$",
    f'<span><span><math>{TEX}</math></span><img class="mwe-math-fallback-image" src=x></span>': (
        "$x^2$"
    ),
    "<table><tr><td rowspan=2>a<td colspan=2>b<td>c<tr><td>d<td>e</table>": (
        f"{HEAD}\n| a | b |  | c |\n| a | d | e |  |"
    ),
    "<table><td>a<td>b<td>c<td rowspan=0>d<tr><tr><td rowspan=9>e<tr><td colspan=99>f</table>": (
        f"{HEAD}\n| a | b | c | d |\n| e |  |  | d |\n| e | f |  | d |"
    ),
}
LOST = {
    "<script>alert(1)</script>z": ("z", {"a script"}),
    "<a href='javascript:x'>k</a>": ("k", {"a link that is no address of the web"}),
    "<iframe src=x></iframe><img src='data:x' alt=y>z": (
        "yz",
        {"a frame", "a picture within the text"},
    ),
    "<img src='file:///etc/passwd' alt=y>z": ("yz", set()),
    f"<span><math>{TEX}</math>{DRAWN[:-7]} z": ("$x^2$", {"all below a formula that has no end"}),
    "<audio>a</audio>b<video>c": ("b", {"a sound in HTML", "a film"}),
    "<math><msup><mi>x</mi><mn>2</mn></msup></math>": (
        "x2",
        {"what is above and below in a formula of MathML"},
    ),
    "<style>b{}</style><table><tr><td colspan=2>z</table>": (
        "|  |\n| --- |\n| z |",
        {"a style sheet", "cells of a table that are one"},
    ),
}
FIELDS = {
    'a <script type="math/tex; mode=display">x<y & {{c2::z}}</script>': (
        "a ==$$x<y & z$$=={#c2}",
        (2,),
    ),
    "The {{c1::cat::animal}} is {{c2::<b>black</b>}}.": (
        "The ==cat=={#c1} (animal) is ==**black**=={#c2}.",
        (1, 2),
    ),
    "{{c1::a<br>b}} {{c2::x}}": ("==a=={#c1}\\\n==b=={#c1} ==x=={#c2}", (2,)),
    "\\({{c1::x^2}}\\) and \\[y &lt; 1\\]": ("==$x^2$=={#c1} and $$y < 1$$", (1,)),
    "<ul><li>{{c1::x}}</li><li>{{c2::y}}</li></ul>": ("- ==x=={#c1}\n- ==y=={#c2}", (1, 2)),
    "{{c1::a::b::c}} }}": ("==a=={#c1} (b::c) }}", (1,)),
    "<pre>{{c1::x}}</pre>": ("```\n==x=={#c1}\n```", ()),
    "[latex]\\begin{math}x<1\\end{math}[/latex], [latex]$$y$$[/latex]": ("$x<1$, $$y$$", ()),
    "\\(x<sub>i<sup>2</sup></sub>\\)": ("$x_{i^{2}}$", ()),
    "[$]a[/$] <anki-mathjax block='true'>b</anki-mathjax>": ("$a$ $$b$$", ()),
}


@pytest.mark.parametrize("html", CASES)
def test_html_becomes_markdown(html: str) -> None:
    assert to_markdown(html).text == CASES[html]


@pytest.mark.parametrize("html", LOST)
def test_what_cannot_be_kept_is_named(html: str) -> None:
    found = to_markdown(html)
    assert (found.text, found.lost) == LOST[html]


@pytest.mark.parametrize("said", FIELDS)
def test_formulas_and_hidden_texts_of_anki_are_ours(said: str) -> None:
    found = ankifield.read(said, cloze=True)
    assert (found.text, found.hidden) == FIELDS[said]


@pytest.mark.parametrize("sign", ["&#xe0f0;", "&#xE0F1", "&#057586;", "&#xe0&#xe0f0;f0;"])
def test_a_reference_stands_for_no_sign_of_a_formula_or_a_hidden_text(sign: str) -> None:
    for said in (f"{sign}{'9' * 5000}&#xe0f3;<b>x</b>", f"\\({sign}0&#57587;\\)"):
        text = ankifield.read(said, cloze=True).text
        assert not {*"\ue0f0\ue0f1\ue0f2\ue0f3"} & {*text}


@pytest.mark.parametrize(("said", "told"), [("\\({{c1::x}}+1\\)", 1), ("\\({{c1::x+1}}\\)", 0)])
def test_a_part_of_a_formula_that_is_hidden_whole_is_told(said: str, told: int) -> None:
    found = ankifield.read(said, cloze=True)
    assert (found.text, len(found.lost)) == ("==$x+1$=={#c1}", told)


# By number, what the card of a gap asks and answers that a text of ours cannot hide.
GAPS = {
    "The {{c1::cat}} {{c2::sat}} and {{c1::slept::did}}": (
        "The cat ==sat=={#c2} and slept",
        {
            1: ("The […] sat and […] (did)", "The **cat** sat and **slept**"),
        },
    ),
    "A {{c1::b {{c2::c}} d}} e": (
        "A b ==c=={#c2} d e",
        {1: ("A […] e", "A **b c d** e")},
    ),
    "{{c1::a {{c1::b}}}} c": ("a b c", {1: ("[…] c", "**a b** c")}),
    "<code>f({{c1::x}}</code>, {{c2::y}})": (
        "`f(x`, ==y=={#c2})",
        {1: ("`f([…]`, y)", "`f(x`, y)")},
    ),
    "{{c1::a<br>b}} \\({{c2::x}}+{{c3::y}}\\)": (
        "a\\\nb ==$x+y$=={#c2}",
        {
            1: ("[…] $x+y$", "<b>a\\\nb</b> $x+y$"),
            3: ("a\\\nb $x+[…]$", "a\\\nb $x+ y$"),
        },
    ),
    "<h1>{{c1::x}} {{c2::y}}</h1>{{c3::z}}": (
        "### ==x=={#c1} y\n\n==z=={#c3}",
        {2: ("### x […]\n\nz", "### x **y**\n\nz")},
    ),
    "{{c1::a<h1>b}}</h1>": (
        "a\n\n### b",
        {1: ("[…]", "a\n\n### b")},
    ),
    "{{c1::}} of {{c2::an": ("of {{c2::an", {1: ("[…] of {{c2::an", "of {{c2::an")}),
}


@pytest.mark.parametrize("said", GAPS)
def test_what_cannot_be_hidden_is_asked(said: str) -> None:
    text, asked = GAPS[said]
    found, rest = ankifield.parted(said)
    assert found.text == text
    assert {
        number: tuple(
            ankifield.read(show(said, number)).text for show in (ankigap.covered, ankigap.shown)
        )
        for number in rest
    } == asked


PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PARSER.use(dollarmath_plugin, allow_digits=False)


def shown(markdown: str) -> str:
    """The text of a paragraph, as another program shows it."""
    html = PARSER.render(markdown)
    one = re.fullmatch(r"<p>(.*)</p>\n", html, re.DOTALL)
    return unescape(one[1].replace("<br />\n", "\n")) if one else html


TEXTS = st.text("ab1 .)(-+*_#>`~$[]\\<&=;|!:/x\"'é\n", min_size=1, max_size=14).map(
    lambda text: re.sub(r"\n+", "\n", re.sub(r" *\n *", "\n", re.sub(" +", " ", text))).strip()
)


@settings(max_examples=150, derandomize=True, deadline=None)
@example("__init__ or ___a b__, self.__x_ and x__y")
@given(TEXTS.filter(bool))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    assert shown(plaintext.escaped(text)) == text
    assert plaintext.unescaped(plaintext.inline(text)) == text
    assert shown(to_markdown(escape(text).replace("\n", "<br>")).text) == text


PIECES = ["<b>", "</b>", "<li>", "</ul>", "<table>", "<td>", "<tr>", "</table>", "<pre>", "</pre>"]
PIECES += ["<!--", "-->", "<p>", "x", "{{c1::", "}}", "::", "\\(", "\\)", "<a href='", "&lt;", "\n"]


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_no_html_is_too_broken(pieces: list[str]) -> None:
    said = "".join(pieces)
    found, rest = ankifield.parted(said)
    assert sorted([*found.hidden, *rest]) == list(ankigap.numbers(said))


@pytest.mark.parametrize(
    "piece", [*PIECES, "<a ", '<a "', "<!", "[sound:", "<b><i>", "\\)\\(", "[latex]"]
)
def test_long_html_takes_no_longer_than_its_length(piece: str) -> None:
    """What took hours if it were quadratic is read; nothing here is timed."""
    ankifield.parted(piece * (30_000 // len(piece)))


@pytest.mark.parametrize(
    ("tag", "has_colour"),
    [
        ('span style="color: rgb(170, 0, 0);"', True),
        ("span style='font-size: 9px; COLOR:#a00'", True),
        ("font color=red", True),
        ("div style='background: yellow'", True),
        ("div style='background-color:#ff8'", True),
        ("span style='color: rgb(0, 0, 0); background-color: rgb(255, 255, 255)'", False),
        ("span style='color: inherit; background: transparent'", False),
        ("span style='color:#000'", False),
        ("font color='#000000'", False),
        ("font face=Arial", False),
        ("p style='border-color: red; text-align: center'", False),
        ("div style='background: url(a.png)'", False),
    ],
)
def test_a_colour_that_is_dropped_is_told_where_it_is_none_of_plain_text(
    tag: str, has_colour: bool
) -> None:
    found = to_markdown(f"<{tag}>x</{tag.split()[0]}>")
    assert (found.text, found.lost) == ("x", {"a colour"} if has_colour else set())


def test_words_that_show_only_when_one_points_at_them_stay() -> None:
    found = to_markdown("<abbr title='World Health'>WHO</abbr>, <span title='t'>s</span>")
    assert (found.text, found.lost) == ("WHO (World Health), s (t)", set())
    hidden = to_markdown("<div style='display: none'>x</div>")
    assert hidden.text == "x"
    assert hidden.lost == {"that a text is hidden at first, which is shown"}
