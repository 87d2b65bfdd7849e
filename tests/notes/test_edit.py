"""Which edits let a card ask for something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.notes.card import sides
from studyapp.notes.edit import changed_sides, is_same
from studyapp.notes.note import CardStyle, Note, NoteKind, Point


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("the loss falls", "The *loss* falls.", True),
        ("the loss falls", "loss falls", True),
        ("we recieve it", "we receive it", True),
        ("we receve it", "we receive it", True),
        ("the moddel", "the model", True),
        ("a colour", "a color", True),
        ("of data sets", "of datasets", True),
        ("cafe\u0301", "caf\u00e9", True),
        ("a well-known one", "a well known one", True),
        ("it increases", "it decreases", False),
        ("it has an effect", "it has an affect", False),
        ("it is now so", "it is not so", False),
        ("with dropout", "without dropout", False),
        ("0.1", "0.01", False),
        ("-1", "1", False),
        ("3.5 points", "35 points", False),
        ("$a < b$", "$a > b$", False),
        ("one", "one and another", False),
        ("L1", "L2", False),
        ("", "x", False),
    ],
)
def test_a_slip_of_the_pen_is_no_other_text(old: str, new: str, same: bool) -> None:
    assert is_same(old, new) is same
    assert is_same(new, old) is same


@given(st.text(alphabet="abé 1.-<*", max_size=20))
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert is_same(text, f" {text.upper()}  ")


def note(card: CardStyle, answer: str = "", *points: Point, **more: Any) -> Note:
    given_fields = {"id": "n", "kind": NoteKind.QUESTION, "prompt": "Q?", "path": Path("a.md")}
    return Note(**{**given_fields, **more}, answer=answer, line=1, last=2, points=points, card=card)  # type: ignore[arg-type]


A, B, C = (Point(f"{word} it is", id=word[0]) for word in ("apples", "bananas", "cherries"))
EXTRA = Point(B.text, extra=True, id="b")
TYPO = Point("aples it is", id="a")
OTHER = Point("pears it is", id="a")
SOLE, ITEMS, ORDER, CLOZE = CardStyle.ANSWER, CardStyle.ITEMS, CardStyle.ORDER, CardStyle.CLOZE
LIST = "1. apples\n2. bananas\n3. cherries"
HIDDEN = "==apples=={#a} and ==bananas=={#b}"


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (note(SOLE, "x", A, B), note(SOLE, "y", B, A), []),  # a reworded answer, another order
        (note(SOLE, "", A, B), note(SOLE, "", A), []),  # removed
        (note(SOLE, "", A, B), note(SOLE, "", A, EXTRA), []),  # no longer needed
        (note(SOLE, "", A), note(SOLE, "", A, EXTRA), []),
        (note(SOLE, "", A), note(SOLE, "", TYPO), []),
        (note(SOLE, "", A), note(SOLE, "", A, B), ["answer"]),  # added
        (note(SOLE, "", A), note(SOLE, "", OTHER), ["answer"]),  # replaced
        (note(SOLE, "", A, EXTRA), note(SOLE, "", A, B), ["answer"]),  # needed from now on
        (note(CardStyle.BOTH, "x", A), note(CardStyle.BOTH, "x", B), ["answer"]),
        (note(ITEMS, "", A, B), note(ITEMS, "", B, TYPO), []),
        (note(ITEMS, "", A, B), note(ITEMS, "", OTHER, B), ["item:a"]),
        (note(ITEMS, "", A, B), note(ITEMS, "", A, B, C), []),  # which has a new card
        (note(ITEMS, "", A, B), note(ITEMS, "", B), []),
        (note(CLOZE, HIDDEN), note(CLOZE, HIDDEN.replace("and", "or")), []),
        (note(CLOZE, HIDDEN), note(CLOZE, HIDDEN.replace("apples", "aples")), []),
        (note(CLOZE, HIDDEN), note(CLOZE, HIDDEN.replace("apples", "pears")), ["cloze:a"]),
        (note(CLOZE, HIDDEN), note(CLOZE, "==bananas=={#b} alone"), []),
        (note(ORDER, LIST), note(ORDER, f"First:\n\n{LIST}"), []),
        (note(ORDER, LIST), note(ORDER, LIST.replace("apples", "aples")), []),
        (note(ORDER, LIST), note(ORDER, "1. apples\n2. cherries"), []),
        (note(ORDER, LIST), note(ORDER, f"{LIST}\n4. pears"), ["order"]),
        (note(ORDER, LIST), note(ORDER, LIST.replace("bananas", "pears")), ["order"]),
        (note(ORDER, LIST), note(ORDER, "1. bananas\n2. apples\n3. cherries"), ["order"]),
        (note(SOLE, "x", kind=NoteKind.TERM), note(SOLE, "y", kind=NoteKind.TERM), []),
    ],
)
def test_what_is_added_or_replaced_is_asked_anew(old: Note, new: Note, changed: list[str]) -> None:
    assert changed_sides(new, old.points, old.answer, sides(old)) == changed
    assert changed_sides(old, old.points, old.answer, sides(old)) == []
