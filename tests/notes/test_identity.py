"""What is said of an id that an edit has changed or lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.notes import identity, markdown
from studyapp.notes.note import FileKind

ITEMS = """## What are the parts? {#parts}

- [ ] the head {#head}
- [ ] the tail {#tail}

<!-- card: items -->"""
CLOZE = """## What is hidden? {#hidden}

It is ==so=={#c1}
and ==thus=={#c2}.

<!-- card: cloze -->"""


@pytest.mark.parametrize(
    ("before", "old", "new", "line", "told"),
    [
        (ITEMS, " {#parts}", "", 1, "the id must stay {#parts}"),
        (ITEMS, "{#parts}", "{#partsz}", 1, "the id must stay {#parts}"),
        (ITEMS, "What are the parts? {#parts}", "Which? {#new}", 1, "the id must stay {#parts}"),
        (ITEMS, " {#tail}", "", 4, "the id must stay {#tail}"),
        (ITEMS, "the tail {#tail}", "the end of it", 4, "the id must stay {#tail}"),
        (ITEMS, "{#tail}", "{#other}", 4, "the id must stay {#tail}"),
        (CLOZE, "{#c2}", "{#c3}", 4, "the id must stay {#c2}"),
        (ITEMS, "{#tail}", "{#tail}\n- [ ] a fin", 5, "has no {#id}; write one, as {#a-name}"),
        (ITEMS, "- [ ] the tail {#tail}", "- [ ] a fin {#fin}", 0, ""),  # another point instead
        (ITEMS, "the head", "its head", 0, ""),
    ],
)
def test_an_id_that_was_there_is_put_back(
    before: str, old: str, new: str, line: int, told: str
) -> None:
    text = before.replace(old, new)
    name = before.partition("{#")[2].partition("}")[0]
    read, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, Path("a.md"))
    note, wrong = identity.kept(name, before, text, read, problems)
    assert [one.line for one in wrong[:1]] == ([line] if line else [])
    assert all(told in one.message for one in wrong[:1])
    assert (note is None) is ("{#parts}" not in text and before is ITEMS)
    assert "check --fix" not in " ".join(one.message for one in wrong)
