"""Key-word hints: only after ticking, and only where words and ticks disagree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.notes.note import Point
from studyapp.study.questionnaire.hints import disagreements, key_words

POINTS = (
    Point("training loss falls on"),
    Point("results on **unseen** data stop improving"),
    Point("the weights $w_i$"),
    Point("3 × 4", extra=True),  # no words at all
)


@pytest.mark.parametrize(
    ("text", "ticked", "doubtful"),
    [
        # nothing ticked: nothing is said, whatever the words are
        ("The training loss falls", (), ()),
        # ticked and not one of its words is there
        ("I am not quite sure", (0,), {0}),
        ("I am not quite sure", (0, 1), {0, 1}),
        # ticked, and at least one word is there: no hint
        ("the loss gets small", (0,), ()),
        # unticked though most of its words are there
        ("training loss, unseen data, weights", (2,), {0}),
        ("results on unseen data stop improving; weights", (2,), {1}),
        # unticked and only some of its words: no hint
        ("data and weights and more", (2,), ()),
        # case, plurals and Markdown do not matter
        ("TRAINING LOSSES? No: UNSEEN Result, weight", (0, 1), {2}),
        ("**Weights** of the model", (2,), ()),
        # fewer than three words
        ("weights", (0,), ()),
        ("", (0,), ()),
        # a point without words is never doubted
        ("something else entirely here", (3,), ()),
        # in other languages, too
        ("Ich weiß es wirklich nicht", (2,), {2}),
    ],
)
def test_table(text: str, ticked: tuple[int, ...], doubtful: set[int]) -> None:
    assert disagreements(text, POINTS, ticked) == frozenset(doubtful)


def test_short_and_common_words_do_not_count() -> None:
    assert key_words("It is what they were with: the net, the Weights") == {"net", "weight"}
    assert key_words("One GPU, two CPUs of 8 GB: L2 and .1 are no IT") == {
        *("gpu", "cpu", "8", "gb", "l2", "1", "it"),
    }


@pytest.mark.parametrize(
    ("point", "text", "said"),
    [
        ("computers: one GPU will do, free or rented", "one gpu is enough for it", True),
        ("SGD", "it is sgd that does", True),
        ("SGD", "it is adam that does", False),
        ("XOR is beyond it", "not able to do XOR", True),
        ("L2 norm", "the norm called L1", True),
        ("it learns from losses", "so it was learning", True),
        ("le café", "dans un cafe\u0301 noir", True),
        ("about 0.1", "it is one tenth", True),  # numbers can be said in other ways
    ],
)
def test_a_ticked_point_of_which_any_word_was_said_is_not_doubted(
    point: str, text: str, said: bool
) -> None:
    assert disagreements(text, [Point(point)], {0}) == (frozenset() if said else {0})


@given(st.text(), st.sets(st.integers(0, 3)))
def test_a_hint_names_a_point_and_needs_a_tick(text: str, ticked: set[int]) -> None:
    found = disagreements(text, POINTS, ticked)
    assert found <= {0, 1, 2}
    assert ticked or not found


@given(st.text(), st.integers(0, 2))
def test_saying_a_point_whole_settles_its_tick(text: str, index: int) -> None:
    whole = f"{text} {POINTS[index].text} "
    assert index not in disagreements(whole, POINTS, {index})
