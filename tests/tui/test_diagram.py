"""Diagrams of signs: what is drawn stands where its value does, in any width."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.study.stats import share
from studyapp.tui.diagram import Bar, Bars, Beside, Calendar, Range, Ranges

MONDAY = date(2026, 11, 16)


def drawn(what, width: int) -> list[str]:
    return [line.plain.rstrip() for line in what.lines(width)]


def test_a_share_stands_between_the_ends_of_its_interval() -> None:
    found = Ranges("By day", [Range("18 Nov", share(80, 100), 0.9)], "reviews")
    head, line = drawn(found, 76)
    assert line.startswith("18 Nov  80% [71, 87]")
    assert line.endswith("100")
    low, value, high, goal = (
        line.index("─"),
        line.index("●"),
        line.rindex("─"),
        line.index("┊"),
    )
    assert low < value < high < goal
    assert head.index("100%") > goal


def test_an_interval_that_has_what_was_expected_crosses_it() -> None:
    (_, line) = drawn(Ranges("", [Range("a", share(80, 100), 0.75)], "reviews"), 76)
    assert "┼" in line
    assert "┊" not in line


def test_what_is_not_drawn_is_told() -> None:
    *_, line = drawn(Ranges("Tags", [Range("a", share(80, 100))], "reviews", "and 16 more"), 76)
    assert line == "and 16 more"


def test_of_few_nothing_is_drawn_but_that_they_are_few() -> None:
    _, line = drawn(Ranges("", [Range("a", share(19, 19), 0.9)], "reviews"), 76)
    assert "too few to say" in line
    assert "●" not in line
    assert "─" not in line
    assert line.endswith("19")


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.text("abc 学é", max_size=60),
            st.integers(0, 300),
            st.integers(0, 300),
            st.floats(0, 1),
        ),
        max_size=5,
    ),
    st.integers(58, 110),
)
def test_no_line_is_wider_than_there_is_room(rows, width: int) -> None:
    ranges = [Range(name, share(min(a, b), max(a, b)), at) for name, a, b, at in rows]
    bars = [Bar(name, a, f"{a}") for name, a, *_ in rows]
    for what in (Ranges("Heading", ranges, "reviews"), Bars("Heading", bars)):
        assert all(line.cell_length <= width for line in what.lines(width))
        assert all(line.cell_length <= width for line in Beside(what, what).lines(width))


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    bars = [Bar("a", 100, "100"), Bar("b", 50, "50"), Bar("c", 0.1, "0"), Bar("d", 0, "0")]
    _, *lines = drawn(Bars("", bars), 80)
    lengths = [line.count("█") for line in lines]
    assert lengths[0] == 2 * lengths[1] > 20
    assert lines[2].endswith("▏")  # what there is any of is seen
    assert lines[3].endswith("0")


@pytest.mark.parametrize("width", [57, 101, 120])
def test_a_day_stands_in_the_column_of_its_week(width: int) -> None:
    first = MONDAY - timedelta(days=364)
    reviews = {MONDAY: 9, MONDAY - timedelta(days=7): 1, MONDAY - timedelta(days=10): 5}
    rest = 6  # sundays
    head, *rows = drawn(Calendar(first, MONDAY, reviews, [rest]), width)
    assert rows[0].startswith("Mon ")
    assert rows[0].endswith("░░▓▓" if width == 120 else "░▓")
    assert rows[4].count("▒") == (2 if width == 120 else 1)  # the Friday before
    assert rows[1].count("·") == (104 if width == 120 else 52)
    assert "·" not in rows[rest]
    assert head.split()[-1] == "Nov"
