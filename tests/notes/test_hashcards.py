"""Markdown of hashcards comes in whole, and what is in no card is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import formats, hashcards
from studyapp.notes.card import find_clozes
from studyapp.notes.note import CardStyle

PATH = Path("deck.md")
TEXT = """---
name = "Chemistry"
---
# Water

Q: What is
water?
A: H2O

and more
---
C: The [cat] is \\[not\\] [black]: ![a](a.png), a==b, [by] night
Q: What runs?
A: ```
Q: no card
---
```

Q: Nothing yet
---
perro::dog
"""


def test_each_kind_of_card_is_read_with_its_line() -> None:
    found = hashcards.parse(TEXT, PATH)
    assert [(note.line, note.card, note.question, note.answer) for note in found.notes] == [
        (6, CardStyle.ANSWER, "What is\nwater?", "H2O\n\nand more"),
        (
            12,
            CardStyle.CLOZE,
            "",
            "The ==cat=={#1} is \\[not\\] ==black=={#2}: ![a](a.png), a=\\=b, ==by=={#3} night",
        ),
        (13, CardStyle.ANSWER, "What runs?", "```\nQ: no card\n---\n```"),
        (19, CardStyle.ANSWER, "Nothing yet", ""),
        (21, CardStyle.ANSWER, "perro", "dog"),
    ]
    assert {note.deck for note in found.notes} == {("Chemistry",)}
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "this is in no card, and is not read"),
        (19, "this question has no answer yet"),
    ]


def test_without_a_name_the_deck_is_called_as_the_file() -> None:
    for begins in ("", "---\nnothing = 1\n---\n"):
        (note,) = hashcards.parse(f"{begins}Q: a\r\nA: b\r\n", PATH).notes
        assert (note.question, note.answer, note.deck) == ("a", "b", ("deck",))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("A: alone\n", 1, "an answer without a question"),
        ("Q:\nA: x\n", 1, "a card without a text"),
        ("C: nothing\n", 1, "a text that hides nothing: it has no [brackets]"),
        (
            "C: [a\nb] c\n",
            1,
            "a hidden text that stands in code, or on several lines, cannot be kept",
        ),
        ("Q: a\nA: b\n---\nQ: a\nA: b\n", 4, "this card is on line 1 already, word for word"),
        ("---\nname = \n---\nQ: a\nA: b\n", 1, "these lines name no deck: they are no TOML"),
        ("prose\nmore\n", 1, "up to line 2: this is in no card, and is not read"),
    ],
)
def test_what_is_not_read_is_told(text: str, line: int, why: str) -> None:
    assert any(
        one.line == line and one.message.startswith(why)
        for one in hashcards.parse(text, PATH).problems
    )


def test_the_format_is_seen_by_the_first_card(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in (TEXT, "# Title\n\nC: a [b]\n"):
        path.write_text(text)
        assert formats.recognise(path) == "hashcards"
    path.write_text("## What?\n\nQ: is a letter.\n")
    assert formats.recognise(path) == "notes"


FIELDS = st.text("ab é?*_`-[]\\!(", min_size=1, max_size=12).map(lambda text: f"x{text.strip()}y")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(FIELDS, FIELDS), max_size=5, unique=True))
def test_written_cards_are_read_back(cards: list[tuple[str, str]]) -> None:
    cards = [card for card in cards if "`" not in "".join(card)]
    text = "\n".join(f"Q: {front}\nA: {back}\n---" for front, back in cards)
    assert [(one.question, one.answer) for one in hashcards.parse(text, PATH).notes] == cards


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.text("ab é=*", min_size=1, max_size=6), max_size=4))
def test_each_bracket_hides_one_text(words: list[str]) -> None:
    hidden = [f"x{word}y".replace("==", "") for word in words]
    found = hashcards.parse("C: so " + " then ".join(f"[{word}]" for word in hidden), PATH)
    texts = [cloze.text for note in found.notes for cloze in find_clozes(note.answer)]
    assert texts == hidden
