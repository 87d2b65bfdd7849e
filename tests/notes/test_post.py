"""Posts: whatever a learner writes stays within its quote, and comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from studyapp.notes.foreign import Answers, GivenAnswer, SectionNote
from studyapp.notes.note import Problem
from studyapp.notes.post import (
    Answer,
    OwnNote,
    Post,
    Result,
    is_post,
    parse,
    write,
)

PATH = Path("post.md")
HEAD = "<!-- studyapp post: pack p, chapter 1 -->\n"

# --- what a learner may write -----------------------------------------------------------------

MARKS = """
    <!-- --> -- <!--> <!---> <script> </script> <textarea> <style> <title> <plaintext> <details>
    </details> <summary> </summary> <blockquote> </blockquote> <div> </div> <div/> <b> </b> <B>
    <table> </table> <tr> </tr> <td> </td> <ul> <li> </li> <p> </p> <h2> </h2> <pre> </pre> <br>
    </a> <?php ?> <![CDATA[ ]]> <!DOCTYPE <https://a.b> " ' ` `` ``` ~~~ ````python \\ $ $$ $a<b$
    > - * 1. # === --- | [ ] ( ) ![ &lt; &amp; &amp;lt; & < a word é _ ** 😀 שלום
"""
PIECES = st.sampled_from([
    *MARKS.split(),
    *("\n", "\n\n", " ", "  \n", "    ", "\t", "\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\u202e"),
    *("<a href='x'>", '<div class="', "a | b\n|---|---|\n", "[x]: /u\n", "* a\n  * b\n", "\ufeff"),
    *("\n<!-- answer: q0 -->\n", "\n<!-- note: 1.1 -->\n", "\n> x\n", "\n</details>\n"),
    *("\n<!-- studyapp post: pack z, chapter 2 -->\n", "<!-- answer: q0, html: escaped -->\n"),
    *("*No answer yet.*\n", "<details><summary>Reference answer</summary>\n"),
])  # fmt: skip
CHARACTERS = st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])


def element(name: str, inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return inside.map(lambda text: f"<{name}>{text}</{name}>")


TIDY = st.recursive(
    st.sampled_from(
        ["a", " ", "\n", "\n\n", "<br>", "<!-- c -->", "`", "- ", "\t", "|", "*", "x<y"]
    ),
    lambda inside: st.one_of(
        *(element(name, inside) for name in ("b", "div", "details", "ul", "li", "pre", "tr", "td")),
        st.lists(inside, max_size=4).map("".join),
    ),
    max_leaves=8,
)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=20),
    st.lists(st.one_of(PIECES, TIDY, st.text(CHARACTERS, max_size=3)), max_size=10).map("".join),
)
PACKS = st.text(CHARACTERS, min_size=1, max_size=9).filter(
    lambda name: "\n" not in name and name == name.strip()
)
NO_TEXTS = st.just("")
ANSWERS = st.lists(
    st.tuples(TEXTS, st.none() | st.integers(1, 40), TEXTS, TEXTS, NO_TEXTS | TEXTS), max_size=3
)
POSTS = st.builds(
    Post,
    pack=PACKS,
    chapter=st.integers(1, 999),
    title=TEXTS,
    answers=ANSWERS.map(
        lambda them: tuple(Answer(f"q{index}", *one) for index, one in enumerate(them))
    ),
    notes=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(
        lambda them: tuple(OwnNote(f"1.{index}", *one) for index, one in enumerate(them, 1))
    ),
    results=st.lists(
        st.builds(Result, st.just("overfit"), TEXTS, st.lists(TEXTS, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
)


def post(text: str, note: str = "q0", reference: str = "Because.") -> Post:
    """A post with one answer."""
    return Post("p", 1, "A title", (Answer(note, "Why?", 6, reference, text),))


def restored(text: str) -> Answers:
    """What a post without problems gives back."""
    found, problems = parse(text, PATH)
    assert problems == []
    assert found is not None
    return found


def rebuilt(post: Post, found: Answers) -> Post:
    """*post* with the texts that were found, and no others."""
    answers = {it.note: it.text for it in found.answers}
    notes = {it.section: it.text for it in found.notes}
    return replace(
        post,
        pack=found.pack,
        chapter=found.chapter,
        answers=tuple(replace(it, text=answers.get(it.note, "")) for it in post.answers),
        notes=tuple(replace(it, text=notes.get(it.section, "")) for it in post.notes),
    )


# --- the shape --------------------------------------------------------------------------------


def test_a_post() -> None:
    whole = Post(
        "fastai",
        1,
        "Your deep learning journey",
        (
            Answer("what-is-a-gpu", "What is a GPU?", 6, "A chip.\n\n- many\n", "Fast.\n\n```"),
            Answer("further", "Further: C #", None, "", "</details>  "),
            Answer("open", "What is loss?", 7, "A number.", ""),
        ),
        (OwnNote("1.19", "Validation sets", "Keep it\n\naside."), OwnNote("1.20", "None", "")),
        (Result("overfit", "Does it overfit?", ("gap: 4.7 points [3.9, 5.5], 8 seeds", "1. so")),),
    )  # fmt: skip
    assert write(whole) == (
        """\
<!-- studyapp post: pack fastai, chapter 1 -->

# Chapter 1: Your deep learning journey

The quoted answers are my own; under each one a reference answer is folded, so try the question \
yourself before you open it.

## Questions

### 6. What is a GPU?

<!-- answer: what-is-a-gpu -->

> Fast.
>
> ```

<details><summary>Reference answer</summary>

A chip.

- many

</details>

### Further: C \\#

<!-- answer: further, html: escaped -->

> &lt;/details>\x20\x20

### 7. What is loss?

<!-- answer: open -->

*No answer yet.*

<details><summary>Reference answer</summary>

A number.

</details>

## Own notes

### 1.19 Validation sets

<!-- note: 1.19 -->

> Keep it
>
> aside.

## Experiments

### Does it overfit?

- gap: 4.7 points [3.9, 5.5], 8 seeds
- 1\\. so

Run it yourself: `studyapp lab run overfit`
"""
    )
    assert restored(write(whole)) == Answers(
        "fastai",
        1,
        (
            GivenAnswer("what-is-a-gpu", "Fast.\n\n```", 11),
            GivenAnswer("further", "</details>  ", 27),
        ),
        (SectionNote("1.19", "Keep it\n\naside.", 47),),
    )


def test_a_post_of_nothing_has_its_title_alone() -> None:
    empty = Post("p", 3, "Ethics")
    assert write(empty) == "<!-- studyapp post: pack p, chapter 3 -->\n\n# Chapter 3: Ethics\n"
    assert restored(write(empty)) == Answers("p", 3)


# --- laws -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(POSTS)
def test_what_was_written_comes_back(post: Post) -> None:
    """With line ends of Windows and a byte-order mark, too; and whatever an answer says, its lines
    are quoted and no marker is its own."""
    text = write(post)
    found = restored(text)
    assert is_post(text)
    assert rebuilt(post, found) == post
    assert [it.note for it in found.answers] == [it.note for it in post.answers if it.text]
    assert [it.section for it in found.notes] == [it.section for it in post.notes if it.text]
    assert write(rebuilt(post, found)) == text
    assert parse("\ufeff" + text.replace("\n", "\r\n"), PATH) == (found, [])
    lines = text.split("\n")
    for answer in found.answers:
        end = answer.line + 1 + answer.text.count("\n") + 1
        assert all(line.startswith(">") for line in lines[answer.line + 1 : end])
        assert lines[end] == ""
    markers = [line for line in lines if line.startswith(("<!-- answer:", "<!-- note:"))]
    assert len(markers) == len(post.answers) + sum(bool(note.text) for note in post.notes)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\n",
        "\n\n  \nx\n\n",
        "trailing  \nblanks \t\n",
        "> quoted\n>> twice",
        "one\u2028two\x85three\x0bfour",
        "\ufeff😀 שלום \u202ework\u202c",
        "</p> &lt;b> and &amp;lt; <b &amp; &lt;/b>",
        "x" * 100_000,
        "<b>" * 20_000 + "\n" * 40_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert restored(write(post(text))).answers == (GivenAnswer("q0", text, 11),)


# --- what others see --------------------------------------------------------------------------

VOID = {"br", "hr", "img", "col", "wbr", "input"}
SWALLOWING = {"script", "style", "textarea", "title", "xmp", "iframe", "plaintext", "select", "svg"}


class Seen(HTMLParser):
    """Reads HTML whose tags must nest, and keeps the outermost elements with their text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.outer: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        assert self.rawdata == "", "something never ends"
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag not in SWALLOWING
        if not self.opened:
            self.outer.append(tag)
            self.texts.append("")
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_comment(self, data: str) -> None:
        if not self.opened:
            self.outer.append(data.strip())
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.opened:
            self.texts[-1] += data
        else:
            assert data.strip() == "", "text stands outside every element"

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def seen(markdown: str, *tables: str) -> Seen:
    return Seen(MarkdownIt("commonmark", {"maxNesting": 200}).enable(list(tables)).render(markdown))


@settings(deadline=None)
@given(POSTS.map(lambda it: replace(it, pack="p", title="T")))
def test_nothing_leaks_out_of_its_place(post: Post) -> None:
    """The rendered post has the headings, quotes and folds of its plan, side by side, for viewers
    that know tables and for those that do not."""
    plan = [f"studyapp post: pack p, chapter {post.chapter}", "h1"]
    plan += ["p", "h2"] if post.answers else []
    for answer in post.answers:
        plan += ["h3", *(["blockquote"] if answer.front.replace("\r", "").strip() else [])]
        plan += [f"answer: {answer.note}", "blockquote" if answer.text else "p"]
        plan += ["details"] if answer.reference.replace("\r", "").strip() else []
    notes = [note for note in post.notes if note.text]
    plan += ["h2"] if notes else []
    for note in notes:
        plan += ["h3", f"note: {note.section}", "blockquote"]
    plan += ["h2"] if post.results else []
    for result in post.results:
        plan += ["h3", "ul", "p"] if result.lines else ["h3", "p"]
    there = [("Questions", post.answers), ("Own notes", notes), ("Experiments", post.results)]
    heads = [name for name, what in there if what]
    text = write(post)
    for page in (seen(text), seen(text, "table")):
        assert [it.removesuffix(", html: escaped") for it in page.outer] == plan
        parts = list(zip(page.outer, page.texts, strict=True))
        assert [words for tag, words in parts if tag == "h2"] == heads
        folds = [words for tag, words in parts if tag == "details"]
        assert all(words.startswith("Reference answer") for words in folds)


@pytest.mark.parametrize(
    "text",
    [
        "x < y, $a<b$ and <b>bold</b><br>",
        "`<script>` and `</details>`",
        "```html\n<div>\n<!--",
        "    <textarea>",
        "<details><summary>s</summary>\n\n*more*\n\n</details>",
        "<table border='1'>\n<tr><th>a</th></tr>\n<tr><td>1</td></tr>\n</table>",
        "<!-- mine -->\n<p align=center><img src='a.png' width=\"9\"/></p>",
        "\\<script> <https://example.org> <me@example.org>",
        "a <!-- b",
        "- <b>x</b>\n- <ul><li>y</li></ul>",
    ],
)
def test_html_that_closes_stays(text: str) -> None:
    written = write(post(text))
    if text != "    <textarea>":  # not code to every viewer
        assert "<!-- answer: q0 -->" in written
        assert "\n".join("> " + line if line else ">" for line in text.split("\n")) in written
    assert seen(written).outer[-2:] == ["blockquote", "details"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\n<!-- b", "a <!-- b"),
        ("</details>", "</details>"),
        ("<textarea>*x*</textarea>", "<textarea>x</textarea>"),
        ("- <b>x\n- y</b>", "<b>x y</b>"),
        ("<div class='\n\nx", "<div class=' x"),
        ("<td>x</td>", "<td>x</td>"),
        ("<li>x", "<li>x"),
        ("<?php x", "<?php x"),
    ],
)
def test_html_that_would_leak_is_shown_as_text(text: str, shown: str) -> None:
    page = seen(write(post(text)))
    assert page.outer[-3:] == ["answer: q0, html: escaped", "blockquote", "details"]
    assert page.texts[-2].split() == shown.split()


def test_a_reference_that_never_ends_is_quoted() -> None:
    written = write(post("x", reference="a\n\n```\nb"))
    assert "</summary>\n\n> a\n>\n> ```\n> b\n\n</details>\n" in written


def test_a_reference_has_no_marker_of_ours() -> None:
    reference = "```\n<!-- answer: q1 -->\n\n> not mine\n```\n\n<!-- note: 1.2 -->"
    written = write(post("x", reference=reference))
    assert "\n <!-- answer: q1 -->\n" in written
    assert [it.note for it in restored(written).answers] == ["q0"]
    assert restored(written).notes == ()


@pytest.mark.parametrize(
    "line",
    ["- a", "# a", "> a", "12. a", "``` a", "~~~", "---", "* * *", "[3, 5]: a", "+", "- ```<b>"],
)
def test_a_line_of_an_experiment_is_one_paragraph(line: str) -> None:
    written = write(Post("p", 1, "T", results=(Result("overfit", "R", (line, "end")),)))
    page = seen(written)
    assert page.outer[-2:] == ["ul", "p"]
    assert page.texts[-2].split() == [*line.split(), "end"]


def test_what_looks_like_code_in_a_reference_hides_no_answer() -> None:
    answers = post("x", reference="<div>\n```\n</div>").answers + post("y", note="q1").answers
    assert len(restored(write(Post("p", 1, "T", answers))).answers) == 2


def test_words_on_several_lines_become_one() -> None:
    whole = Post("p", 1, "a\nb", (Answer("q", "Why\r\n# this?", 1, "r\r\ns", "x"),))
    assert "\n# Chapter 1: a b\n" in write(whole)
    assert "\n### 1. Why # this?\n" in write(whole)
    assert "\nr\ns\n" in write(whole)


# --- what cannot be written -------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        post("a\rb"),
        post("x", note="No id"),
        post("x", note=""),
        replace(post("x"), pack="a\nb"),
        replace(post("x"), pack=""),
        replace(post("x"), chapter=0),
        replace(post("x"), answers=post("x").answers * 2),
        replace(post("x"), notes=(OwnNote("one", "T", "x"),)),
        replace(post("x"), notes=(OwnNote("1.1", "T", "x"), OwnNote("1.1", "T", "y"))),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_written(wrong: Post) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        write(wrong)


@pytest.mark.parametrize("pack", ["a, chapter 9 --> <b>", "&lt;", "深度 学习", "--!>", "a--"])
def test_any_pack_can_be_named(pack: str) -> None:
    written = write(replace(post("x"), pack=pack))
    assert restored(written).pack == pack
    assert seen(written).outer[1] == "h1"


# --- edited by hand ---------------------------------------------------------------------------


def test_what_is_not_ours_is_passed_over() -> None:
    text = (
        "---\ntitle: My post\n---\n\nHello.\n<!-- more -->\n\n> someone said\n\n```\nx\n```\n\n"
        "1. ```py\n   y\n   ```\n\n"
        + write(post("mine")).replace("# Chapter", "![a cat](cat.png)\n\n# Chapter")
        + "\n<!-- notes to myself -->\nBye.\n"
    )
    assert [(it.note, it.text) for it in restored(text).answers] == [("q0", "mine")]


def test_what_an_editor_leaves_of_a_quote_is_read() -> None:
    text = HEAD + "<!-- answer: q1 -->\n>a\n>  b\n>\n> \n\n<!-- note: 1.2 -->  \n\n\n> c"
    assert restored(text) == Answers(
        "p", 1, (GivenAnswer("q1", "a\n b\n\n", 2),), (SectionNote("1.2", "c", 8),)
    )


def test_what_was_changed_or_moved_or_taken_out_is_read_as_it_is() -> None:
    whole = Post("p", 1, "T", tuple(Answer(f"q{n}", "Q?", n, "R.", f"t{n}") for n in range(3)))
    first, second, third = write(whole).split("### ")[1:]
    text = HEAD + "### " + third + "### " + first.replace("> t0", "> new <b>\n> text")
    assert second not in text
    answers = [(it.note, it.text) for it in restored(text).answers]
    assert answers == [("q2", "t2"), ("q0", "new <b>\ntext")]


def test_an_answer_written_into_the_post_is_read() -> None:
    text = write(post("")).replace("*No answer yet.*", "> written here")
    assert restored(text).answers == (GivenAnswer("q0", "written here", 11),)


def test_an_escaped_answer_can_be_edited() -> None:
    text = write(post("</p> &lt;")).replace("&lt;/p>", "&lt;/p> <i> &lt; & &amp;")
    assert restored(text).answers[0].text == "</p> <i> &lt; & &amp; &lt;"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("<!-- answer: q1 -->", 2, "answer q1 has no quote"),
        ("<!-- note: 1.2 -->\n\nplain\n", 2, "note 1.2 has no quote"),
        ("<!-- answer: q1 -->\n\n*No answer yet.*\n\n> a", 4, "while this line stands above it"),
        ("<!-- answer: q1 -->\n> a\n\n<!-- answer: q1 -->\n> b", 5, "on line 2 already"),
        ("<!-- answer: Q1 -->\n> a", 2, "is not read; a marker reads"),
        ("<!-- answer: -->\n> a", 2, "is not read; a marker reads"),
        ("<!-- note: to myself -->", 2, "is not read; a marker reads"),
        ("<!-- answer: q1, html: odd -->\n> a", 2, "is not read; a marker reads"),
        ("- x\n\n  <!-- answer: q1 -->\n  > a", 4, "is indented"),
        ("```\n<!-- answer: q1 -->\n> a\n```", 3, "in a code block"),
        ("~~~\n```\n<!-- answer: q1 -->", 4, "in a code block"),
        ("<!-- answer: q1 -->\n> a\nb", 4, "this line is not read with answer q1"),
        ("<!-- answer: q1 -->\n> a\n\n\n> b", 6, "this quote is not read with answer q1"),
        ("<!-- studyapp post: pack p, chapter 2 -->\n<!-- answer: q1 -->", 2, "another post"),
        ("<!-- studyapp post: broken -->\n<!-- answer: q1 -->", 2, "another post"),
    ],
)
def test_what_looks_like_ours_and_is_not_read_is_told(body: str, line: int, message: str) -> None:
    kept = "already" in message or "not read with" in message
    found, problems = parse(HEAD + body, PATH)
    assert found is not None
    assert [problem.line for problem in problems] == [line]
    assert message in problems[0].message
    assert [answer.text for answer in found.answers] == (["a"] if kept else [])


def test_a_broken_first_line_is_told() -> None:
    text = "\n<!-- studyapp post: pack p -->\n\n<!-- answer: q -->\n> a\n"
    expected = "this line must read <!-- studyapp post: pack …, chapter … -->"
    assert is_post(text)
    assert parse(text, PATH) == (None, [Problem(PATH, 2, expected)])


@pytest.mark.parametrize(
    "text",
    ["", "# Notes\n\n<!-- answer: q -->\n> a\n", f"```\n{HEAD}```\n", f"  {HEAD}", f"> {HEAD}"],
)
def test_other_files_are_no_posts(text: str) -> None:
    assert not is_post(text)
    found, problems = parse(text, PATH)
    assert found is None
    assert [(it.line, "this is no post" in it.message) for it in problems] == [(1, True)]


# --- any text at all --------------------------------------------------------------------------


def check_read(text: str) -> tuple[Answers | None, list[Problem]]:
    found, problems = parse(text, PATH)
    last = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= problem.line <= last for problem in problems)
    assert problems == sorted(problems)
    if found:
        assert all(1 <= answer.line <= last and answer.text for answer in found.answers)
        assert all(1 <= note.line <= last and note.text for note in found.notes)
        assert len({it.note for it in found.answers}) == len(found.answers)
        assert len({it.section for it in found.notes}) == len(found.notes)
    else:
        assert problems
    return found, problems


@given(
    st.one_of(st.text(), st.lists(PIECES | st.just("\r"), max_size=20).map("".join)), st.booleans()
)
def test_any_text_can_be_read(text: str, is_one: bool) -> None:
    found, _ = check_read(HEAD + text if is_one else text)
    assert found is not None or not is_one


@settings(deadline=None)
@given(POSTS, st.data())
def test_a_spoiled_post_can_be_read(post: Post, data: st.DataObject) -> None:
    lines = write(post).split("\n")
    places = st.integers(0, len(lines) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        here, there = data.draw(places), data.draw(places)
        match data.draw(st.integers(0, 3)):
            case 0:
                lines[here], lines[there] = lines[there], lines[here]
            case 1:
                lines[here] = lines[there]
            case 2:
                lines[here] = lines[here][: data.draw(st.integers(0, 20))]
            case _:
                lines[here] = data.draw(PIECES)
    check_read("\n".join(lines))


@settings(deadline=None)
@given(POSTS, st.data())
def test_no_answer_is_lost_in_silence(post: Post, data: st.DataObject) -> None:
    """Any line may go that is no part of an answer: all texts are there still, or it is told."""
    lines = write(post).split("\n")
    plain = [n for n, line in enumerate(lines) if not line.startswith((">", "<!--"))]
    gone = data.draw(st.sampled_from(plain))
    found, problems = check_read("\n".join(lines[:gone] + lines[gone + 1 :]))
    assert found is not None
    assert problems or rebuilt(post, found) == post
