"""Cards of Obsidian's spaced repetition come in with their decks and schedules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import formats, obsidian
from studyapp.notes.foreign import Foreign, Schedule, Stage
from studyapp.notes.note import CardStyle

PATH = Path("vault.md")
TEXT = """---
tags: [flashcards/bio]
---
status:: open
# Cells
mitochondria::makes power <!--SR:!2026-01-10,4,250-->
- dog:::perro
<!--SR:!2026-01-10,4,250!2000-01-01,1,250-->
`std::map`::a tree
#flashcards/lang/es el gato::the cat ^abc

What is
a cell?
?
The unit,

of life

A
??
B
<!--SR:!fsrs,2026-02-01,10,11.5,5.2,2,4,1,0,2026-01-22-->

```
a::b
?
```

The ==cat== is ==1;;black;;a colour== and ==2;;big==; `==no==`
"""


def parse(text: str) -> Foreign:
    return obsidian.parse(text, PATH)


def test_several_texts_of_a_number_are_one_card_with_its_schedule() -> None:
    found = parse(
        "{{c1::B}} is: ==1;;Mito}}a== make ==1;;ATP== in ==2;;cells;;where?== `x{}`\n"
        "<!--SR:!2026-01-10,4,250!2026-01-11,5,250-->\n"
    )
    assert [(one.card, one.question, one.answer) for one in found.notes] == [
        (
            CardStyle.CLOZE,
            "",
            "{{c1::B}} is: Mito}}a make ATP in ==cells=={#c2} (where?) `x{}`",
        ),
        (
            CardStyle.ANSWER,
            "{{c1::B}} is: […] make […] in cells `x{}`",
            "{{c1::B}} is: **Mito}}a** make **ATP** in cells `x{}`",
        ),
    ]
    whole, both = (one.guid for one in found.notes)
    assert [(one.guid, one.side, one.interval) for one in found.schedules] == [
        (both, "answer", 4),
        (whole, "cloze:c2", 5),
    ]


def test_each_kind_of_card_is_read_in_its_deck() -> None:
    found = parse(TEXT)
    answer, both = CardStyle.ANSWER, CardStyle.BOTH
    assert [(one.line, one.card, one.question, one.answer, one.deck) for one in found.notes] == [
        (6, answer, "mitochondria", "makes power", ("bio",)),
        (7, both, "dog", "perro", ("bio",)),
        (9, answer, "`std::map`", "a tree", ("bio",)),
        (10, answer, "el gato", "the cat", ("lang", "es")),
        (12, answer, "What is\na cell?", "The unit,", ("lang", "es")),
        (19, both, "A", "B", ("lang", "es")),
        (
            29,
            CardStyle.CLOZE,
            "",
            "The ==cat=={#c3} is ==black=={#c1} (a colour) and ==big=={#c2}; `==no==`",
            ("lang", "es"),
        ),
    ]
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "this looks like a field of another plugin, and is no card"),
        (17, "this is no card, and is not read"),
        (24, "up to line 27: this is no card, and is not read"),
    ]


def test_the_schedules_of_both_kinds_come_along() -> None:
    day = date(2026, 1, 10)
    first, second, new, last = parse(TEXT).schedules
    assert first == Schedule(
        "answer: mitochondria",
        "answer",
        Stage.REVIEW,
        due=day,
        last=date(2026, 1, 6),
        interval=4,
        reps=1,
        lapses=None,
        suspended=None,
        buried=None,
    )
    assert (second.side, second.due) == ("answer", day)
    assert (new.side, new.stage, new.due) == ("reversed", Stage.NEW, None)
    assert (last.side, last.due, last.last) == ("answer", date(2026, 2, 1), date(2026, 1, 22))
    assert (last.stability, last.difficulty, last.reps, last.lapses) == (11.5, 5.2, 4, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a::b <!--SR:!2026-13-01,1,250-->", "the schedule '2026-13-01,1,250' is none"),
        ("a::b <!--SR:!2026-01-01,1,2!2026-01-01,1,2-->", "there are 2 schedules for 1 of its"),
        ("a b::\nb::c", "a card of which one side is empty"),
        ("?\nb", "a card of which one side is empty"),
        ("a::b\n\na::b", "this card is on line 1 already, word for word"),
        ("- [due:: 2026-01-01] task", "this looks like a field of another plugin"),
    ],
)
def test_what_is_not_read_is_told(text: str, why: str) -> None:
    assert any(one.message.startswith(why) for one in parse(text).problems)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TEXT, "obsidian"),
        ("Prose.\n\nThe ==cat==\n\n#flashcards\n", "obsidian"),
        ("a::b\nc:::d\n", "obsidian"),
        ("front\n?\nback\n", "obsidian"),
        ("It is {{c1::$\\frac{a}{b}$}}.\n- And {{c2::$x^{n}$::a hint}}.\n", "notes"),
        ("## What is std::map?\n\nA tree. A tree::map.\n\nMore.\n\nAnd more.\n", "notes"),
    ],
)
def test_the_format_is_seen_by_its_tags_and_separators(
    tmp_path: Path, text: str, name: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert formats.recognise(path) == name


SIDES = st.text("ab é?*_-[](", min_size=1, max_size=12).map(lambda text: f"x{text.strip()}y")
CARDS = st.lists(st.tuples(SIDES, SIDES, st.booleans()), max_size=5, unique_by=lambda card: card[0])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(CARDS)
def test_written_cards_are_read_back(cards: list[tuple[str, str, bool]]) -> None:
    """One line a card, or three."""
    single = "\n".join(f"{a}{':::' if both else '::'}{b}" for a, b, both in cards)
    several = "\n\n".join(f"{a}\n{'??' if both else '?'}\n{b}" for a, b, both in cards)
    for text in (single, several):
        found = [(one.question, one.answer, one.card) for one in parse(text).notes]
        styles = {True: CardStyle.BOTH, False: CardStyle.ANSWER}
        assert found == [(a, b, styles[both]) for a, b, both in cards]


@pytest.mark.parametrize(
    ("text", "sides", "told"),
    [
        ("A::B\nC:::D\nQ\n?\nR", [("A", "B"), ("C", "D"), ("Q", "R")], []),
        ("A::B\n<!--SR:!2026-01-10,4,250-->\nQ\n??\nR", [("A", "B"), ("Q", "R")], []),
        ("> A::B\n> Q\n> more\n> ?\n> R", [("A", "B"), ("Q\nmore", "R")], []),
        ("lost\nA::B\nQ\n?\nR", [("A", "B"), ("Q", "R")], [1]),
        ("status:: open\nQ\n?\nR", [("status:: open\nQ", "R")], []),
        ("Where is\nstd::map\n?\nR\nA::B", [("Where is\nstd::map", "R\nA::B")], []),
        ("<!-- studyapp: x -->\n\na::b\n<br>\nc\n?\nd", [("a::b\n<br>\nc", "d")], []),
    ],
)
def test_a_card_of_one_line_ends_with_it(
    text: str, sides: list[tuple[str, str]], told: list[int]
) -> None:
    found = parse(text)
    assert [(one.question, one.answer) for one in found.notes] == sides
    assert [one.line for one in found.problems] == told


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("> Q::A", [("Q", "A")]),
        ("> [!question] Q::A", [("Q", "A")]),
        ("> - Q::A\n> > c::d", [("Q", "A"), ("c", "d")]),
        ("> [!question]- What?\n> ?\n> Yes.\n>\n> > said\n>\n> No.",
         [("What?", "Yes.\n\n> said\n\nNo.")]),
        ("> [!faq]\n> What?\n> ?\n> Yes.", [("What?", "Yes.")]),
        ("> a\n> ?\n> b\n>\n> c\n> ?\n> d\n>\n> e::f", [("a", "b"), ("c", "d"), ("e", "f")]),
        ("> a\n> ?\n> ```\n> x\n>   > y\n> ```", [("a", "```\nx\n  > y\n```")]),
        ("What?\n?\n> said\n>\n> a::b", [("What?", "> said\n>\n> a::b")]),
        ("> a ==b== c", [("", "a ==b=={#c1} c")]),
    ],
)  # fmt: skip
def test_a_card_comes_without_the_quote_around_it(text: str, sides: list[tuple[str, str]]) -> None:
    found = parse(text)
    assert [(one.question, one.answer) for one in found.notes] == sides
    assert not found.problems


def test_a_schedule_below_a_quote_is_of_its_card() -> None:
    found = parse(
        "> a\n> ?\n> b\n<!--SR:!2026-01-10,4,250-->\n\n> c::d <!--SR:!2026-01-10,4,250-->"
    )
    assert [one.guid for one in found.schedules] == ["answer: a", "answer: c"]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.text("ab >?:=`\n", max_size=20), st.integers(1, 3))
def test_a_quote_changes_nothing_of_its_cards(text: str, depth: int) -> None:
    """But for how a bare mark parts them."""
    text = "\n\n".join(f"q\n?\n{part.strip()}" for part in text.split("\n") if part.strip(" >"))
    quoted = "\n".join("> " * depth + line if line else "" for line in text.split("\n"))
    assert [(one.question, one.answer) for one in parse(quoted).notes] == [
        (one.question, one.answer) for one in parse(text).notes
    ]


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n| x::y | z |\n| c | d::e",
        "> | a |\n> |---|\n> | x::y |",
        "| x::y | z |",
        "the maths $a::b$ of",
        "$$\na::b\n$$",
        "see [[a::b]]",
        "see [a::b](c::d)",
        "see https://docs.rs/std::fmt",
        "see <a href='x::y'>",
        "<!-- a::b -->",
        "<!--\na::b\nc\n?\nd\n-->",
        "the {{c1::$\\frac{a}{b}$}} of",
        "the {{c1::$x^{n^{m}}$::hint}} of",
        "the {{c1::outer {{c2::$x^{n}$::hint}} more}}",
        "%% a::b %%",
        "%%\na::b\n\nc::d\n%%",
        "~~~\na::b\n~~~",
        "`a::b`",
    ],
)
def test_a_separator_in_what_is_no_text_parts_nothing_and_is_told(text: str) -> None:
    found = parse(f"---\nkey: a::b\n---\n{text}")
    assert not found.notes
    assert [one.line for one in found.problems] == [4]


def test_what_only_looks_like_maths_hides_no_card() -> None:
    found = parse("it costs $5::in $6 notes\nhow much::$a::b$")
    assert [one.answer for one in found.notes] == ["in $6 notes", "$a::b$"]
