"""Card text on screen, driven through Pilot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from screen import until
from studyapp.errors import printable
from studyapp.notes.markdown import notes_in
from studyapp.notes.note import FileKind
from studyapp.tui.widgets.prose import Prose, laid_out
from tests_support import work

TABLE = """
| Term | Meaning | Seen |
|---|---|--:|
| validation set | data that the model has not seen in training | 12 |
| epoch | one pass over the data | 7 |
"""


class ProseApp(App[None]):
    def __init__(self, text: str, raw: bool = False) -> None:
        super().__init__()
        self.text, self.raw_maths = text, raw
        self.clicked: list[str] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Prose(self.text, raw=self.raw_maths)

    def on_prose_link_clicked(self, event: Prose.LinkClicked) -> None:
        self.clicked.append(event.href)


def shown(app: App[None]) -> list[str]:
    """Return the painted lines of the app's only prose."""
    prose = app.query_one(Prose)
    return [prose.render_line(y).text.rstrip() for y in range(prose.size.height)]


def texts(markdown: str, width: int = 40, raw: bool = False) -> list[str]:
    return [line.plain.rstrip() for line in laid_out(markdown, width, raw=raw)]


async def test_text_is_as_high_as_it_needs_and_can_be_replaced() -> None:
    app = ProseApp("What is a *loss*?")
    async with app.run_test(size=(80, 24)) as pilot:
        assert shown(app) == ["What is a loss?"]
        prose = app.query_one(Prose)
        prose.show("one\n\ntwo\n\n- three")
        await until(pilot, lambda: shown(app) == ["one", "", "two", "", "• three"])
        prose.show("")
        await until(pilot, lambda: prose.size.height == 0)
        prose.show("four")
        prose.show("five")
        await until(pilot, lambda: shown(app) == ["five"])


async def test_lines_follow_the_window_but_stay_readable() -> None:
    app = ProseApp("word " * 60)
    async with app.run_test(size=(60, 24)) as pilot:
        await until(pilot, lambda: shown(app))
        narrow = shown(app)
        await pilot.resize_terminal(140, 24)
        await until(pilot, lambda: shown(app) != narrow)
        wide = shown(app)
    assert max(map(len, narrow)) <= 60
    assert 90 < max(map(len, wide)) <= 100
    assert " ".join(wide).split() == ["word"] * 60


async def test_formulas_can_be_switched_to_latex() -> None:
    app = ProseApp("The step $\\eta \\nabla L$ costs $5 and $6.\n\n$$\\frac{a}{b+c}$$")
    async with app.run_test(size=(80, 24)) as pilot:
        assert shown(app) == ["The step η∇L costs $5 and $6.", "", "    a/(b + c)"]
        app.query_one(Prose).raw = True
        raw = [
            "The step $\\eta \\nabla L$ costs $5 and $6.",
            "",
            "    $$",
            "    \\frac{a}{b+c}",
            "    $$",
        ]
        await until(pilot, lambda: shown(app) == raw)


async def test_a_link_to_a_fact_posts_its_address() -> None:
    app = ProseApp(
        "[error rose](fact:overfit.error_gap?n=64), [run](lesson:a'b), [page](https://example.org)"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        assert shown(app) == ["error rose▪, run▪, page (https://example.org)"]
        for column in (2, 10, 14, 20):
            await pilot.click(Prose, offset=(column, 0))
        await until(pilot, lambda: len(app.clicked) == 3)
    assert app.clicked == [
        "fact:overfit.error_gap?n=64",
        "fact:overfit.error_gap?n=64",
        "lesson:a'b",
    ]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_every_style_exists_in_every_theme(theme: str) -> None:
    app = ProseApp(
        "# a\n\n*b* **c** ~~d~~ `e` [f](fact:x)\n\n> g\n\n```python\nif 1: 'h'  # i\n```"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        await until(pilot, lambda: shown(app))
        assert shown(app) == ["a", "", "b c d e f▪", "", "▎ g", "", "  if 1: 'h'  # i"]
        styles = {
            segment.text.strip(): segment.style
            for y in range(7)
            for segment in app.query_one(Prose).render_line(y)
            if segment.style
        }
    assert styles["a"].bold
    assert styles["b"].italic
    assert styles["c"].bold
    assert styles["d"].strike
    assert styles["if"].bold
    assert styles["# i"].italic
    assert styles["▪"].dim


async def test_selected_text_can_be_copied() -> None:
    app = ProseApp("one **two** three\n\n- four")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shown(app))
        app.screen.text_select_all()
        assert app.screen.get_selected_text() == "one two three\n\n• four"


def test_lists_hang() -> None:
    assert texts("- one two three\n  - four\n- five\n\n9. a\n10. b\n\n    c", 12) == [
        "• one two",
        "  three",
        "  – four",
        "• five",
        "",
        " 9. a",
        "",
        "10. b",
        "",
        "    c",
    ]


def test_quotes_carry_a_bar_on_every_line() -> None:
    assert texts("> one two three\n>\n> - four", 12) == ["▎ one two", "▎ three", "▎", "▎ • four"]


def test_a_table_that_fits_has_columns() -> None:
    assert texts(TABLE, 80) == [
        "Term             Meaning                                        Seen",
        "──────────────   ────────────────────────────────────────────   ────",
        "validation set   data that the model has not seen in training     12",
        "epoch            one pass over the data                            7",
    ]


def test_a_wide_column_folds_while_it_stays_readable() -> None:
    assert texts(TABLE, 52) == [
        "Term             Meaning                        Seen",
        "──────────────   ────────────────────────────   ────",
        "validation set   data that the model has not      12",
        "                 seen in training",
        "",
        "epoch            one pass over the data            7",
    ]


def test_a_table_in_a_narrow_window_becomes_a_list() -> None:
    assert texts(TABLE, 30) == [
        "• Term: validation set",
        "  Meaning: data that the",
        "    model has not seen in",
        "    training",
        "  Seen: 12",
        "• Term: epoch",
        "  Meaning: one pass over the",
        "    data",
        "  Seen: 7",
    ]


def test_long_code_goes_on_below_with_its_indent() -> None:
    code = "```python\ndef f():\n    return first_name + second_name  # sum\n```"
    assert texts(code, 32) == [
        "  def f():",
        "      return first_name +",
        "      ↪ second_name  # sum",
    ]


def test_code_of_an_unknown_language_is_shown_as_it_is() -> None:
    assert texts("```nosuch\n$x$ *y*\n\n<!-- z -->\n```") == ["  $x$ *y*", "", "  <!-- z -->"]


def test_html_is_text_and_comments_are_nothing() -> None:
    assert texts("a <b>b</b><!-- c -->\n\n<div>\nd\n</div>\n\n<!-- e -->") == [
        "a b",
        "",
        "d",
    ]


def test_rows_of_a_formula_become_one_line_where_they_do_not_fit() -> None:
    formula = "$$A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$$"
    assert texts(formula) == ["    A = ⎛1  2⎞", "        ⎝3  4⎠"]
    assert texts(formula, 12) == ["    A = (1,", "    2; 3, 4)"]


def test_a_very_long_word_is_folded_never_cut() -> None:
    word = "backpropagation" * 6
    for markdown in (word, f"- {word}", f"> {word}", f"`{word}`", f"```\n{word}\n```", f"# {word}"):
        lines = texts(markdown, 20)
        assert max(map(len, lines)) <= 20
        assert "".join(line.strip(" •▎↪") for line in lines) == word


WORDS = st.text(st.sampled_from("ab1é字,.\u0301😀\x1b\u202e"), min_size=1, max_size=30)


@settings(deadline=None)
@given(
    st.lists(WORDS, min_size=1, max_size=12), st.integers(8, 60), st.sampled_from(["", "> ", "- "])
)
def test_any_words_keep_inside_and_none_is_lost(words: list[str], width: int, mark: str) -> None:
    text = mark + " ".join(words)
    lines = laid_out(text, width)
    assert all(line.cell_length <= width for line in lines)
    painted = Content("\n").join(lines)
    assert len(painted.wrap(width)) == max(len(lines), 1)
    assert "".join(painted.plain.split()).strip("▎• ").replace("▎", "") == "".join(
        printable(text)[len(mark) :].split()
    )


@settings(deadline=None)
@given(
    st.text(st.sampled_from("ab1 \n\t$\\{}*_`~<>!-#|[]()&;:=^.\x00\x1b\u202e字"), max_size=80),
    st.integers(1, 60),
)
def test_any_text_can_be_shown(markdown: str, width: int) -> None:
    lines = laid_out(markdown, width)
    assert all(cell_len(line.plain) <= max(width, 24) for line in lines)
    assert not any("\n" in line.plain or line.plain != printable(line.plain) for line in lines)


DOCUMENT = f"""
# A heading that is a little longer than some windows are wide

A paragraph with [a fact](fact:a.b) and $x = \\frac{{a}}{{b}}$ in it.

- a list item that is long enough to wrap
  1. with a nested one, which is long, too

     > and a quotation inside it
{TABLE}
```python
def function(with_a_long_name, and_arguments):  # and a remark
        return with_a_long_name + and_arguments
```

$$\\begin{{aligned}} a &= b + c + d + e + f + g \\\\ &= h \\end{{aligned}}$$
"""


@pytest.mark.parametrize("width", [*range(20, 50), 79, 80, 100, 140])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    lines = laid_out(DOCUMENT, width)
    assert max(line.cell_length for line in lines) <= width


def test_the_widget_loads_its_parsers_when_it_needs_them() -> None:
    code = """
import sys
from pathlib import Path
import studyapp.tui.widgets.prose
for name in ("markdown_it", "pylatexenc", "pygments", "numpy", "sqlalchemy", "torch"):
    assert name not in sys.modules, name
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "line", ["- item", "1. item\n", "- [ ] point", "a <!-- open\n", "==a== b\n", "| a | b |", "$x "]
)
def test_twice_as_many_lines_are_twice_the_work(line: str, tmp_path: Path) -> None:
    def shown(many: int) -> int:
        text = "\n".join(["| a | b |\n|---|---|" if "|" in line else "", *[line] * many])
        return work(
            lambda: (
                laid_out(text, 40),
                notes_in(f"## Q? {{#q}}\n{text}", FileKind.QUESTIONNAIRE, tmp_path),
            )
        )

    shown(10)  # imports
    assert shown(200) < 2.3 * shown(100)


@pytest.mark.parametrize("width", [8, 20, 40, 80])
@pytest.mark.parametrize("mark", ["- ", "1. ", "> ", "- > "])
def test_what_is_nested_deep_stays_inside_and_is_shown(mark: str, width: int) -> None:
    for depth in (1, 5, 10, 24):
        lines = laid_out(mark * depth + "here", width)
        assert all(line.cell_length <= width for line in lines)
        assert "".join(line.plain for line in lines).endswith("here")
