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
        ('[{"name": "a", "size": 1}]', "has no notes that can be read"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_other_json_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(StudyError, match=why):
        formats.read(path, "json")
