"""Whose question is whose: numbers once words have shown them to be ours, words, and order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studyapp.notes import prose
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.matching import By, Ours, match

BIRDS = (
    ("Why do geese fly in a V?", "Each saves effort in the upwash of the wing ahead."),
    ("Which bones of a bird are hollow?", "Many long bones have struts and air inside."),
    ("How does an owl hunt in the dark?", "Its ears sit at different heights to locate a mouse."),
    ("What does a gizzard do?", "It grinds seeds with swallowed grit."),
    ("Where do swallows spend the winter?", "South of the Sahara, or in southern Asia."),
)
OURS = [
    Ours(number, question, f"{question} {answer}")
    for number, (question, answer) in enumerate(BIRDS, 1)
]
# The same five, as somebody else words them.
ASKED = (
    ("What use is the V in which geese fly?", "the upwash of wings"),
    ("Name hollow bones of birds.", "long ones, with struts"),
    ("What lets owls hunt at night?", "ears at two heights"),
    ("What happens in the gizzard?", "seeds are ground with grit"),
    ("Swallows in winter: where?", "Sahara and south of it"),
)


def theirs(*numbers: int | None) -> list[ForeignNote]:
    return [
        ForeignNote(question, question, answer, number=number)
        for (question, answer), number in zip(ASKED, numbers, strict=True)
    ]


def told(notes: list[ForeignNote]) -> list[tuple[int, int, By]]:
    return [(one.theirs, *one.ours, one.by) for one in match(notes, OURS)]


def test_numbers_and_words_that_agree_are_surest() -> None:
    assert told(theirs(1, 2, 3, 4, 5)) == [(at, at, By.BOTH) for at in range(5)]


@pytest.mark.parametrize("numbers", [(1,) * 5, (None,) * 5, (11, 12, 13, 14, 15), (2, 3, 4, 5, 6)])
def test_numbers_that_are_not_ours_change_nothing(numbers: tuple[int | None, ...]) -> None:
    assert told(theirs(*numbers)) == [(at, at, By.WORDS) for at in range(5)]


@pytest.mark.parametrize("some", [(0,), (3,), (0, 1), (2, 4)])
def test_one_or_two_questions_are_known_by_their_words(some: tuple[int, ...]) -> None:
    notes = theirs(None, None, None, None, None)
    assert told([notes[at] for at in some]) == [(n, at, By.WORDS) for n, at in enumerate(some)]


def test_what_begins_as_ours_does_is_that_however_near_another_comes() -> None:
    ours = [*OURS, Ours(6, "Hollow bones: how do they compare with full ones?", "hollow bones")]
    (found,) = match([ForeignNote("", "Which bones of a bird?")], ours)
    assert (found.ours, found.by) == ((1,), By.WORDS)


@pytest.mark.parametrize(("number", "by"), [(3, By.BOTH), (2, None), (None, None)])
def test_a_number_that_stands_alone_tells_with_words(number: int | None, by: By | None) -> None:
    note = ForeignNote(
        "", "Why do owls listen at night?", "voles and shrews, by ear", number=number
    )
    assert [(one.ours, one.by) for one in match([note], OURS)] == ([((2,), by)] if by else [])


# The book asks them as one; whoever has the book's words answers both.
OWLS = [
    Ours(3, "How does an owl find mice in the dark?", "Its ears sit at different heights."),
    Ours(3, "Why is the flight of an owl silent?", "Combs break up the swirls of air."),
    Ours(None, "Does a silent owl find more mice?", "Silent flight lets it hear them."),
]


@pytest.mark.parametrize("numbers", [(3, 3, 3), (None,) * 3, (1, 2, 3), (3, 7, 3)])
def test_our_very_words_win_over_every_number(numbers: tuple[int | None, ...]) -> None:
    asked = [one.asks.upper().replace("?", " ?!") for one in (OWLS[2], OWLS[1], OWLS[0])]
    theirs = [ForeignNote("", one, "x", number=n) for one, n in zip(asked, numbers, strict=True)]
    assert [(one.ours, one.by, one.likeness) for one in match(theirs, OWLS)] == [
        ((place,), By.SAME, 1.0) for place in (2, 1, 0)
    ]


def test_what_is_asked_in_parts_is_one_unless_a_part_is_asked_in_its_own_words() -> None:
    whole = ForeignNote("", "How does an owl find a mouse, and why is it silent?", "ears", number=3)
    part = ForeignNote("", OWLS[1].asks, "combs", number=3)
    assert [one.ours for one in match([whole], OWLS[:2])] == [(0, 1)]
    assert [one.ours for one in match([whole, part], OWLS[:2])] == [(0,), (1,)]


def test_of_the_same_words_the_number_tells_and_then_the_answer() -> None:
    ours = [
        Ours(number, f"What does this print?\n\n{code}", f"What does this print? {said}")
        for number, code, said in ((1, "print(a)", "apples"), (2, "print(b)", "beets"))
    ]
    asked = [
        ForeignNote("", "What does this print?", answer, number=number)
        for answer, number in (("beets", None), ("apples", None), ("apples", 2))
    ]
    assert [one.ours for one in match(asked[:2], ours)] == [(1,), (0,)]
    assert [one.ours for one in match(asked[2:], ours)] == [(1,)]
    assert [one.ours for one in match([ForeignNote("", ours[1].asks)], ours)] == [(1,)]


def test_of_two_in_the_same_words_the_answered_one_is_taken() -> None:
    asked = [ForeignNote("", OWLS[2].asks, answer) for answer in ("", "yes", "no")]
    assert [one.theirs for one in match(asked, OWLS)] == [1]


def test_one_number_is_nothing_without_words() -> None:
    note = ForeignNote("", "How is cheese made?", "With rennet.", number=3)
    assert not match([note], OURS)


def test_a_number_tells_where_words_do_not() -> None:
    notes = theirs(1, 2, 3, 4, 5)[:4]
    notes[3] = replace(
        notes[3], question="Which organ of swallows keeps grit in winter?", answer=""
    )
    assert told(notes)[3] == (3, 3, By.NUMBER)


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4, 5), (None,) * 5])
def test_what_shares_no_word_is_told_by_neither_number_nor_order(
    numbers: tuple[int | None, ...],
) -> None:
    notes = theirs(*numbers)
    notes[3] = ForeignNote("", "Why is my cat fat?", "Food", number=numbers[3])
    assert [one.theirs for one in match(notes, OURS)] == [0, 1, 2, 4]


def test_order_tells_what_stands_between_two_that_are_told() -> None:
    notes = theirs(*[None] * 5)
    notes[3] = replace(notes[3], question="Does this organ need grit?", answer="")
    assert told(notes)[3] == (3, 3, By.ORDER)
    assert len(told([*notes[:3], notes[3], notes[3], notes[4]])) == 4  # two for one place


def test_what_is_none_of_ours_is_left_and_each_is_taken_once() -> None:
    notes = [*theirs(1, 2, 3, 4, 5), ForeignNote("x", "How is cheese made?", "With rennet.")]
    notes.append(replace(notes[2], number=1))  # the owl once more, in a list of its own
    assert [one.theirs for one in match(notes, OURS)] == [0, 1, 2, 3, 4]
    assert match([], OURS) == match(notes, []) == []


SHAPES = {
    "numbered": "{number}. {question}\n\n    * {answer}\n",
    "unindented": "{number}. {question}\n\n{answer}\n",
    "always one": "1. {question}\n\t- {answer}\n",
    "heading": "#### 7.{number} {question}\n\n{answer}\n",
    "folded": "### {question}\n\n<details><summary>Show answer</summary>\n\n```python\n"
    "answer = '''\n{answer}\n'''\n```\n\n</details>\n",
    "quoted": "{number}. {question}\n\n> {answer}\n",
    "bold": "**{number}. {question}**\n\n<span style='color:red'>{answer}</span>\n",
    "labelled": "## {question}\n\nAnswer: {answer}\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_a_filled_in_questionnaire_is_known(shape: str) -> None:
    asked = [(question.rstrip(".:") + "?", answer) for question, answer in ASKED]
    text = "\n".join(
        SHAPES[shape].format(number=number, question=question, answer=answer)
        for number, (question, answer) in enumerate(asked, 1)
    )
    found = prose.parse(f"# Questionnaire\n\n{text}", Path("mine.md")).notes
    assert [one.answer.lstrip("*- ") for one in found] == [answer for _, answer in ASKED]
    assert [(one.theirs, *one.ours) for one in match(found, OURS)] == [(at, at) for at in range(5)]
