"""A list of objects is read as a table whose columns are their keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studyapp.errors import StudyError
from studyapp.notes import formats

CARDS = [
    {"id": None, "Question": "What is X?", "answer": "one\ntwo", "tags": ["a", "b"]},
    {"Question": "What is Y?", "answer": "B", "choices": ["c", "d"], "deck": "E::F"},
    {"Question": "What is X?", "answer": "one\ntwo"},
]


@pytest.mark.parametrize("said", [CARDS, {"name": "n", "cards": CARDS}])
@pytest.mark.parametrize("indent", [None, 1])
def test_objects_with_a_question_and_an_answer_are_notes(
    tmp_path: Path, said: object, indent: int | None
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text := json.dumps(said, indent=indent))
    form, found = formats.read(path)
    assert form == "json"
    assert [(one.question, one.answer, one.tags, one.deck) for one in found.notes] == [
        ("What is X?", "one\\\ntwo", ("a", "b"), ()),
        ("What is Y?\n\nA) c\\\nB) d", "d", (), ("E", "F")),
    ]
    lines, (twice,) = text.split("\n"), found.problems
    assert "this note is on line" in twice.message
    first, second = (one.line for one in found.notes)
    assert 1 <= first <= second <= twice.line <= len(lines)
    if indent:
        assert first < second < twice.line
        assert f"on line {first} already" in twice.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"question": "a", "answer"', "is not JSON"),
        ('{"a": 1}', "has no notes that can be read"),
        ('{"a":\n1}\n2', "is not JSON: Extra data"),
        ('{"a": "1", "b": "2"}', "call the file glossary, or write a list of objects"),
        ('{"name": "a", "description": "b"}', "has no notes that can be read"),
        ('[{"question": "a"}, {"question": "b"}]', "has no notes that can be read"),
        ('{"card_id": 1, "review_rating": 3, "review_time": "2026-01-01"}', "is a log of reviews"),
        ('[{"name": "a", "size": 1}]', "has no notes that can be read"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_other_json_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(StudyError, match=why):
        formats.read(path, "json")


def sides(path: Path, said: object) -> list[tuple[str, str]]:
    """What is read of a value, nothing of which is lost untold."""
    path.write_text(said if isinstance(said, str) else json.dumps(said))
    form, found = formats.read(path)
    assert form == "json"
    assert not found.problems
    return [(one.question, one.answer) for one in found.notes]


@pytest.mark.parametrize(
    "one",
    [
        *({"question": "a?", "answer": "b"}, {"front": "a?", "back": "b"}, {"q": "a?", "a": "b"}),
        *({"term": "a?", "definition": "b"}, {"prompt": "a?", "response": "b"}),
        *({"Frage": "a?", "Antwort": "b"}, {"word": "a?", "answer": "b"}),
        *({"question": "a?", "explanation": "b"}, {"text": "a?", "solution": "b"}),
        {"question": {"text": "a?"}, "answer": ["b"]},
    ],
)
def test_each_object_is_read_by_its_own_names(tmp_path: Path, one: object) -> None:
    others = [{"question": "c?", "answer": "d"}, {"hanzi": "e", "translation": "f"}]
    assert sides(tmp_path / "a.json", [*others, one]) == [("c?", "d"), ("e", "f"), ("a?", "b")]
    assert sides(tmp_path / "b.json", one) == [("a?", "b")]


def test_a_text_about_cells_is_no_notebook(tmp_path: Path) -> None:
    said = {"cards": [{"front": "cells", "back": "nbformat"}]}
    assert sides(tmp_path / "a.json", said) == [("cells", "nbformat")]


TWO = "a?\n\nA) x\\\nB) y"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"options": {"A": "x", "B": "y"}, "answer": "B"}, "y"),
        ({"options": {"a": "x", "b": "y"}, "answer": ["a", "b"]}, "x\\\ny"),
        ({"options": {"1": "x", "2": "y"}, "correct": 2}, "y"),
        ({"options": {"x": False, "y": True}}, "y"),
        ({"options": ["x", "y"], "answer": "B) y"}, "y"),
        ({"options": ["A) x", "B. y"], "correct_answer": "b"}, "y"),
        ({"options": [{"A": "x"}, {"B": "y"}], "answer": "B"}, "y"),
        ({"choices": [{"id": "p", "text": "x"}, {"id": "q", "text": "y"}], "answer": "q"}, "y"),
        ({"choices": [{"text": "x", "isCorrect": False}, {"text": "y", "isCorrect": True}]}, "y"),
        ({"answers": [{"text": "x", "correct": True}, {"text": "y", "correct": True}]}, "x\\\ny"),
        ({"answers": ["x", "y"], "correctAnswer": "y"}, "y"),
        ({"answers": ["x", "y"], "correct_index": 1}, "y"),
        ({"options": ["x", "y"], "correctIndex": 0}, "x"),
        ({"answer": "y", "wrong_answers": ["x"]}, "y"),
        ({"options": ["x", "y"], "answer": "(b)"}, "y"),
        ({"options": ["x", "y"], "answer": "A and B"}, "x\\\ny"),
        ({"options": ["x", "y"], "answer": "a, b"}, "x\\\ny"),
        ({"options": ["x", "y"], "answer": "Y"}, "y"),
        ({"options": ["x", "y"], "correct": [False, True]}, "y"),
        ({"options": {"x": False, "y": True}, "answer": "As is known"}, "y\\\nAs is known"),
    ],
)
def test_options_are_asked_with_their_question_whichever_way_they_are_given(
    tmp_path: Path, said: dict[str, object], answer: str
) -> None:
    assert sides(tmp_path / "a.json", [{"question": "a?", **said}]) == [(TWO, answer)]


def read(path: Path, said: object) -> tuple[list[str], list[tuple[int, str]]]:
    """The answers, and what is told."""
    path.write_text(json.dumps(said))
    _, found = formats.read(path)
    return [one.answer for one in found.notes], [(one.line, one.message) for one in found.problems]


@pytest.mark.parametrize(
    "said",
    [
        {"options": ["x", "y"], "answer": "neither"},
        {"options": ["x", "y"], "answer": "C"},
        {"options": ["x", "y"], "correctIndex": 7},
        {"options": {"a": "x", "b": "y"}, "answer": "z"},
        {"options": ["x", "y"], "correct": [True]},
    ],
)
def test_an_answer_that_names_no_option_is_told(tmp_path: Path, said: dict[str, object]) -> None:
    answer = str(next(one[0] if isinstance(one, list) else one for one in [*said.values()][1:]))
    told = [(1, f"the answer names none of the options: {answer}")]
    assert read(tmp_path / "a.json", [{"question": "a?", **said}]) == ([answer], told)


def test_a_number_past_the_options_leaves_the_others_as_they_are_counted(tmp_path: Path) -> None:
    said = [{"question": f"{at}?", "options": ["x", "y"], "correctIndex": at} for at in (1, 7)]
    assert read(tmp_path / "a.json", said)[0] == ["y", "7"]


@pytest.mark.parametrize(
    ("numbers", "answers", "told"),
    [
        ((1, 2), ["x", "y"], [(1, "not kept, how its program asks and calls them: no")]),
        ((8, 8), ["x\n\n**no**\n\n8", "y\n\n**no**\n\n8"], []),
    ],
)
def test_a_key_that_numbers_objects_is_no_part_of_an_answer(
    tmp_path: Path, numbers: tuple[int, ...], answers: list[str], told: list[tuple[int, str]]
) -> None:
    said = [
        {"no": number, "question": f"{answer}?", "answer": answer}
        for number, answer in zip(numbers, "xy", strict=True)
    ]
    assert read(tmp_path / "a.json", said) == (answers, told)


def test_lists_of_different_length_are_told(tmp_path: Path) -> None:
    said = {"questions": ["a?", "b?", "c?"], "answers": ["x", "y"]}
    _, told = read(tmp_path / "a.json", said)
    counts = "3 in 'questions' and 2 in 'answers'"
    assert told == [(1, f"read as one note, as these lists do not match: {counts}")]


def test_numbers_of_options_begin_with_0_where_one_is_0(tmp_path: Path) -> None:
    said = [{"question": "a?", "options": ["x", "y"], "answer": at} for at in (1, 0)]
    assert [answer for _, answer in sides(tmp_path / "a.json", said)] == ["y", "x"]
    said = [{"question": "a?", "options": ["x", "y"], "answer": at} for at in (1, 2)]
    assert [answer for _, answer in sides(tmp_path / "a.json", said)] == ["x", "y"]
    said = [{"question": "a?", "options": ["3", "2", "1"], "answer": at} for at in (3, 1)]
    assert [answer for _, answer in sides(tmp_path / "a.json", said)] == ["3", "1"]


def test_more_options_than_a_page_of_letters_has_are_all_asked(tmp_path: Path) -> None:
    said = {"question": "a?", "options": [f"o{at}; p" for at in range(10)], "answer": "J"}
    ((question, answer),) = sides(tmp_path / "a.json", [said])
    assert (question.count(") o"), answer) == (10, "o9; p")


@pytest.mark.parametrize(
    ("said", "pairs"),
    [
        ({"What is A?": "1", "Define B": "2"}, [("What is A?", "1"), ("Define B", "2")]),
        ({"What is A?": ["1", 2.50]}, [("What is A?", "1\\\n2.5")]),
        ({"glossary": {"a": "1", "b": "2"}}, [("a", "1"), ("b", "2")]),
        ({"a": {"definition": "1"}, "b": {"definition": "2"}}, [("a", "1"), ("b", "2")]),
        ({"Why A?": {"answer": "1"}}, [("Why A?", "1")]),
        ({"questions": ["a", "b"], "answers": ["1", "2"]}, [("a", "1"), ("b", "2")]),
        ([["Question", "Answer"], ["a", "1"], ["b", "2"]], [("a", "1"), ("b", "2")]),
        ([["What is a?", 1], ["What is b?", "2"]], [("What is a?", "1"), ("What is b?", "2")]),
        ([{"question": "a?", "answer": True}], [("a?", "True")]),
        ('[{"question": "a?", "answer": 1.10}]', [("a?", "1.10")]),
        ([{"question": "a?", "answer": {"x": 1, "y": [2, 3]}}], [("a?", "x: 1\\\ny: 2\\\n3")]),
        ([{"question": "a?", "answer": None}], [("a?", "")]),
    ],
)  # fmt: skip
def test_what_pairs_surely_is_read(
    tmp_path: Path, said: object, pairs: list[tuple[str, str]]
) -> None:
    assert sides(tmp_path / "a.json", said) == pairs


def test_a_file_that_is_called_vocabulary_is_of_pairs(tmp_path: Path) -> None:
    assert sides(tmp_path / "vocab_es.json", {"dog": "perro"} | {"cat": "gato"}) == [
        ("dog", "perro"),
        ("cat", "gato"),
    ]


@pytest.mark.parametrize(
    ("said", "decks"),
    [
        ({"one": [CARDS[0]], "two": [CARDS[1]]}, ["one", "two::E::F"]),
        ({"one": {"cards": [CARDS[0]]}, "two": {"cards": [CARDS[1]]}}, ["one", "two::E::F"]),
        ({"units": [{"name": "S", "cards": [CARDS[0]]}, {"title": "T", "cards": [CARDS[1]]}]},
         ["S", "T::E::F"]),
        ({"deck": "D", "cards": [CARDS[0]], "subdecks": [{"deck": "S", "cards": [CARDS[1]]}]},
         ["D", "D::S::E::F"]),
        ({"1": CARDS[0], "2": CARDS[1]}, ["", "E::F"]),
        ([CARDS[0], {"more": [CARDS[1]]}], ["", "E::F"]),
    ],
)  # fmt: skip
def test_objects_are_read_wherever_they_lie_and_several_lists_are_decks(
    tmp_path: Path, said: object, decks: list[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(said))
    _, found = formats.read(path)
    assert ["::".join(one.deck) for one in found.notes] == decks
    assert not found.problems


def test_what_is_no_note_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    one = '{"question": "a?", "answer": "b"}'
    path.write_text(
        f'{{"version": 2, "tips": ["x"],\n"cards": [{one},\n"text",\n{{"foo": "bar"}},\n'
        '{"question": "c?", "question": "d?", "answer": "e", "id": 7},\n'
        '{"question": null, "answer": "f"}]}'
    )
    _, found = formats.read(path)
    assert [(one.question, one.line) for one in found.notes] == [("a?", 2), ("d?", 5)]
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "not read here: version | tips"),
        (1, "this is no object; not read: text"),
        (4, "this object has no question; not read: foo: bar"),
        (5, "'question' is there twice in this object; only the last one is read"),
        (5, "not kept, how its program asks and calls them: id"),
        (6, "the first field, which asks, is empty; not read: f"),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_json_lines_are_read_line_by_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = [
        '{"question": "a?", "answer": "b"}',
        "",
        "broken",
        '{"front": "c", "back": ["d", "e"]}',
        "null",
        '"text"',
        "[1, 2]",
    ]
    path.write_text("\n".join(lines))
    form, found = formats.read(path)
    assert form == "json"
    assert [(one.question, one.answer, one.line) for one in found.notes] == [
        ("a?", "b", 1),
        ("c", "d\\\ne", 4),
    ]
    assert [(one.line, one.message) for one in found.problems] == [
        (3, "this line is not JSON; not read: broken"),
        (6, "this is no object; not read: text"),
        (7, "this is no object; not read: 1 2"),
    ]
