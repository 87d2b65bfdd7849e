"""Sides and faces of notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes.card import (
    BLANK,
    Face,
    bracketed,
    clozes,
    face,
    find_clozes,
    numbered_items,
    question_face,
    sides,
    with_extra,
    without_code,
)
from studyapp.notes.note import CardStyle, Note, NoteKind, Point
from studyapp.notes.plain import plain
from studyapp.tui.widgets.prose import laid_out


def make_note(**fields: Any) -> Note:
    given_fields: dict[str, Any] = {
        "id": "n",
        "kind": NoteKind.QUESTION,
        "prompt": "Why?",
        "answer": "",
        "path": Path("a.md"),
        "line": 1,
        "last": 2,
    }
    return Note(**(given_fields | fields))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"answer": "a"}, ("answer",)),
        ({"kind": NoteKind.TERM}, ("meaning", "term")),
        ({"kind": NoteKind.TERM, "reverse": False}, ("meaning",)),
        ({"card": CardStyle.DO}, ()),
        ({"card": CardStyle.ORDER}, ("order",)),
        ({"card": CardStyle.BOTH}, ("answer", "reversed")),
        (
            {
                "card": CardStyle.ITEMS,
                "points": (Point("a", id="x"), Point("b"), Point("c", id="x"), Point("d", id="y")),
            },
            ("item:x", "item:y"),
        ),
        (
            {"card": CardStyle.CLOZE, "answer": "==a=={#x} ==b== ==c=={#x}"},
            ("cloze:x", "cloze:2"),
        ),
    ],
)
def test_sides_by_style_each_once(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert sides(make_note(**fields)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("==a== and ==b c=={#x}", [("1", "a"), ("x", "b c")]),
        ("==$y = ax + b$=={#line}", [("line", "$y = ax + b$")]),
        ("==`a == b`=={#test}", [("test", "`a == b`")]),
        ("if a == b and c == d", []),
        ("`x==1 or y==2`", []),
        ("```\na ==b== c\n```\n==d==", [("1", "d")]),
        ("~~~\n==b==", []),
        ("- ```\n  ==b==\n  ```\n\n==d==", [("1", "d")]),
        ("> ```\n> ==b==\n> ```\n\n==d==", [("1", "d")]),
        ("``` ==in a span== ```", []),
        ("==a\nb==", []),
        ("a ==b or c == d", []),
        ("a == b or c== d", []),
    ],
)
def test_clozes_are_found_outside_code(text: str, expected: list[tuple[str, str]]) -> None:
    assert clozes(text) == expected


def test_a_cloze_tells_its_place() -> None:
    (cloze,) = find_clozes("so ==this=={#x}.")
    assert (cloze.text, cloze.id, cloze.start, cloze.end) == ("this", "x", 3, 15)


@settings(deadline=None)
@given(st.text(alphabet="`~=ab {}#\n\\>-1."))
def test_code_is_hidden_without_moving_anything(text: str) -> None:
    hidden = without_code(text)
    assert len(hidden) == len(text)
    assert all(b in (a, "\ufffc") for a, b in zip(text, hidden, strict=True))


@settings(deadline=None)
@given(st.text(alphabet="=ab{#}`\n", max_size=60))
def test_a_cloze_face_hides_one_and_shows_the_others(text: str) -> None:
    note = make_note(card=CardStyle.CLOZE, answer=text)
    for key, hidden in clozes(text):
        shown = face(note, f"cloze:{key}")
        assert BLANK in shown.front
        assert shown.back.startswith((f"**{hidden}**", hidden))


def test_cloze_faces() -> None:
    note = make_note(card=CardStyle.CLOZE, answer="==Loss=={#a} falls; ==error=={#b} rises.")
    assert face(note, "cloze:b").front == f"Why?\n\nLoss falls; {BLANK} rises."
    assert face(note, "cloze:b").back == "**error**\n\nLoss falls; error rises."


def test_both_sides_are_shown_as_they_stand() -> None:
    note = make_note(
        prompt="*el perro*", answer="the dog\n\n- a pet", card=CardStyle.BOTH, points=(Point("x"),)
    )
    there, back = (face(note, side) for side in sides(note))
    assert (there.front, there.back, there.points) == ("*el perro*", note.answer, note.points)
    assert (back.front, back.back, back.points) == (note.answer, "*el perro*", ())


def test_item_face_shows_the_other_items() -> None:
    points = (Point("one", id="a"), Point("two", id="b"))
    shown = face(make_note(card=CardStyle.ITEMS, points=points, answer="Because."), "item:b")
    assert shown.front == f"Why?\n\n- one\n- {BLANK}"
    assert shown.back == "**two**\n\nBecause."


def test_faces_of_a_term() -> None:
    note = make_note(
        kind=NoteKind.TERM, prompt="Epoch", answer="One pass.", synonyms=("pass", "sweep")
    )
    assert face(note, "meaning").front == "What does **Epoch** mean?"
    assert face(note, "meaning").back == "One pass."
    assert face(note, "term").front == "Which term?\n\nOne pass."
    assert face(note, "term").back == "**Epoch**\n\nAlso: pass, sweep"


def test_answer_face_has_the_points() -> None:
    note = make_note(answer="So.", points=(Point("p"),))
    shown = face(note, "answer")
    assert (shown.front, shown.back, shown.points) == ("Why?", "So.", (Point("p"),))


def test_what_a_snippet_prints_comes_before_it() -> None:
    snippet, printed = "```python\nprint(1)\n```", "```text\n1\n```"
    answer = f"First:\n\n{snippet}\n\n{printed}\n\nThen:\n\n{snippet}\n\n{printed}\n\nSo."
    told = f"First:\n\n{printed}\n\n{snippet}\n\nThen:\n\n{printed}\n\n{snippet}\n\nSo."
    computed = make_note(answer=answer, points=(Point("1"),), tags=("compute",))
    for shown in (face(computed, "answer"), question_face(computed)):
        assert shown == Face("Why?", told, (Point("1"),), f"{printed}\n\n{printed}")
    other = face(make_note(answer=answer), "answer")
    assert (other.back, other.gist) == (answer, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("First:\n\n1. a\n2. b\n\nDone.", ["a", "b"]),
        ("1) a\n   more\n2) b\nlazily\n\nDone", ["a\n   more", "b\nlazily"]),
        ("1. a\n  \nDone\n2. b", ["a", "b"]),
        ("```\n1. no\n```\n1. a", ["a"]),
        ("1. a\n\n   ```\n   2. no\n   ```\n\n2. b", ["a\n\n   ```\n   2. no\n   ```", "b"]),
        ("1. `x`\n- not an item", ["`x`"]),
        ("1986 was the year", []),
    ],
)
def test_numbered_items(text: str, expected: list[str]) -> None:
    assert numbered_items(text) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=6), st.integers(0, 50))
def test_an_order_face_is_a_rearrangement(items: list[str], turn: int) -> None:
    listed = "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
    note = make_note(card=CardStyle.ORDER, answer=listed)
    shown = [line[2:] for line in face(note, "order", turn).front.split("\n")[2:]]
    assert sorted(shown) == sorted(items)
    assert (shown == items) == (len(set(items)) == 1)
    assert face(note, "order", turn) == face(note, "order", turn)


@pytest.mark.parametrize(
    ("answer", "front", "back"),
    [
        ("==word=={#a}s", "[ … ]s", "words"),
        ("un==do=={#a}", "un[ … ]", "undo"),
        ("**==bold=={#a}**s", "[ … ]s", "bolds"),
        ("==one=={#a}==two=={#b}", "[ … ]two", "onetwo"),
        ("!==not=={#a}(x)", "![ … ](x)", "!not(x)"),
        ("==f=={#a}(x)", "[ … ](x)", "f(x)"),
        ("[==text=={#a}](http://x.y)", "[ … ] (http://x.y)", "text (http://x.y)"),
        ("*==e=={#a}*", "[ … ]", "e"),
        ("$$ ==a=={#a} + b $$", "[…] + b", "a + b"),
        ("$\\frac{==a=={#a}}{b}$", "[…]/b", "a/b"),
        ("==`a*`=={#a} or *b*", "[ … ] or b", "a* or b"),
        ("==$a_b$=={#a}s", "[ … ]s", "a_bs"),
    ],
)
def test_nothing_of_a_hidden_text_is_shown_as_a_mark(answer: str, front: str, back: str) -> None:
    note = make_note(card=CardStyle.CLOZE, answer=answer)
    shown = face(note, "cloze:a")
    assert plain(shown.front).split("\n\n", 1)[1] == front
    assert plain(shown.back).split("\n\n", 1)[1] == back
    laid = laid_out(shown.front, 60)[-1].plain.strip()
    assert laid == front


@pytest.mark.parametrize(
    ("prompt", "synonyms", "back"),
    [
        ("NLP", ("natural language processing",), "**natural language processing**\n\nm"),
        ("XOR", ("exclusive or", "exclusive-or"), "**exclusive or**\n\nm"),
        ("AGI", ("general AI", "artificial general intelligence"), None),
        ("RMSE", ("L2", "root mean squared error"), "**root mean squared error**\n\nm"),
        ("FLOPS", ("FLOP/s", "floating-point operations per second"), None),
        ("MNIST", ("the digits",), "m"),
        ("ReLU", ("rectifier", "rectified linear unit"), None),
        ("AI Act", ("the act", "Artificial Intelligence Act"), None),
        ("DataLoader", ("data loader",), "m"),
        ("CNN", ("convnet",), "m"),
        ("loss", ("lots of some sorrow",), "m"),
        ("A", ("an apple",), "m"),
    ],
)
def test_an_acronym_says_what_it_is_short_for(
    prompt: str, synonyms: tuple[str, ...], back: str | None
) -> None:
    note = make_note(prompt=prompt, kind=NoteKind.TERM, answer="m", synonyms=synonyms)
    shown = face(note, "meaning")
    assert shown.front == f"What does **{prompt}** mean?"
    assert shown.back == (f"**{synonyms[1]}**\n\nm" if back is None else back)
    assert shown.gist == shown.back.removesuffix("m").strip()  # no point says it


@pytest.mark.parametrize("prompt", ["C++", "*args", "**kwargs", "__init__", "a_b*", "`*`", "$a*b$"])
def test_a_term_is_asked_for_as_it_reads(prompt: str) -> None:
    note = make_note(prompt=prompt, kind=NoteKind.TERM, answer="m")
    assert plain(face(note, "meaning").front) == f"What does {plain(prompt)} mean?"
    assert plain(face(note, "term").back) == plain(prompt)


@pytest.mark.parametrize(
    ("fields", "side", "front"),
    [
        ({"answer": "a"}, "answer", "Why?\n\nMore."),
        ({"card": CardStyle.BOTH, "answer": "a"}, "answer", "Why?\n\nMore."),
        ({"card": CardStyle.BOTH, "answer": "a"}, "reversed", "a"),
        ({"card": CardStyle.CLOZE, "answer": "==a=={#x}"}, "cloze:x", f"Why?\n\nMore.\n\n{BLANK}"),
        (
            {"card": CardStyle.ITEMS, "points": (Point("a", id="x"),)},
            "item:x",
            f"Why?\n\nMore.\n\n- {BLANK}",
        ),
        (
            {"card": CardStyle.ORDER, "answer": "1. a\n2. a"},
            "order",
            "Why?\n\nMore.\n\n- a\n- a",
        ),
    ],
)
def test_all_of_a_question_is_asked(fields: dict[str, Any], side: str, front: str) -> None:
    note = make_note(front="More.", **fields)
    assert face(note, side).front == front
    assert question_face(note).front.startswith("Why?\n\nMore.")
    assert note.card is not CardStyle.BOTH or face(note, "reversed").back == "Why?\n\nMore."


def test_what_stands_below_a_rule_is_of_the_answer_alone() -> None:
    asked = "==Paris=={#a} is\n\n---\n\nin ==France=={#b}\n\n***\n\nof course"
    note = make_note(card=CardStyle.CLOZE, answer=f"{asked}\n\n---\n\nA city\n\n---\n\nof light")
    for made in (face(note, "cloze:a"), face(note, "cloze:b"), question_face(note)):
        assert "in" in made.front
        assert made.front.endswith("of course")
        assert made.back.endswith("of course\n\n---\n\nA city\n\n---\n\nof light")
    assert sides(note) == ("cloze:a", "cloze:b")
    code = make_note(card=CardStyle.CLOZE, answer="==x=={#a}\n\n```\n\n---\n\ny\n```")
    assert "y" in face(code, "cloze:a").front
    assert with_extra(asked, "") == asked
    assert with_extra(note.answer, "As of 2026.") == f"{note.answer}\n\nAs of 2026."


def test_a_hidden_text_stands_in_brackets_in_a_list() -> None:
    assert (
        bracketed("==France=={#c2} and ==it== are, `==x==`.") == "[France] and [it] are, `==x==`."
    )
    assert bracketed("none = none") == "none = none"
