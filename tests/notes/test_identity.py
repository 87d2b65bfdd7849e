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
    had, _ = markdown.alone(before, FileKind.QUESTIONNAIRE, Path("a.md"))
    assert had is not None
    read, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, Path("a.md"))
    note, wrong = identity.kept(had, before, text, read, problems)
    assert [one.line for one in wrong[:1]] == ([line] if line else [])
    assert all(told in one.message for one in wrong[:1])
    assert (note is None) is ("{#parts}" not in text and before is ITEMS)
    assert "check --fix" not in " ".join(one.message for one in wrong)


FROM = """## What is a heap? {#heap}

A tree.

<!-- tags: trees data, section: 1.19, guid: a%2Cb, origin: 0123456789abcdef -->"""
MUST = "<!-- guid: a%2Cb, origin: 0123456789abcdef --> must stay"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("<!-- tags: trees data, section: 1.19, guid: a%2Cb, origin: 0123456789abcdef -->", "", 3),
        ("guid: a%2Cb, ", "", 5),
        ("a%2Cb", "other", 5),
        (", origin: 0123456789abcdef", "", 5),
        ("A tree.", "A tree.\n\n<!-- tags: other -->", 0),  # a comment more, which is not read
        ("tags: trees data, section: 1.19, ", "", 0),
        ("A tree.", "A sorted tree.", 0),
    ],
)
def test_what_an_import_wrote_is_put_back(old: str, new: str, line: int) -> None:
    assert old in FROM
    had, _ = markdown.alone(FROM, FileKind.QUESTIONNAIRE, Path("a.md"))
    assert had is not None
    text = FROM.replace(old, new)
    read, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, Path("a.md"))
    note, wrong = identity.kept(had, FROM, text, read, problems)
    assert (note is None) is bool(line)
    assert [one.line for one in wrong if MUST in one.message] == [line] * bool(line)


@pytest.mark.parametrize(
    ("comment", "now", "told"),
    [
        ("tags: a b, section: 1.19", "", "section: 1.19, tags: a b"),
        ("tags: a b, section: 1.19", "<!-- section: 1.19 -->", ""),  # seen, and taken away
        ("need: 1, reverse: no", "<!-- source: a book -->", "need: 1, reverse: no"),
        ("card: cloze, synonyms: a; b c", "a <!-- b", "card: cloze, synonyms: a; b c"),
        ("number: 3, as-of: 2026, depth: more, family: f", "", None),
        ("long: why, book: 4, changed: 2026-12", "", None),
        ("card: answer", "", ""),
    ],
)
def test_a_comment_that_an_edit_has_lost_is_told(comment: str, now: str, told: str | None) -> None:
    texts = (f"## Q? {{#q}}\n\n- [ ] ==p=={{#p}}\n\n{it}" for it in (f"<!-- {comment} -->", now))
    had, left = (markdown.alone(it, FileKind.QUESTIONNAIRE, Path("a.md"))[0] for it in texts)
    assert had is not None
    assert left is not None
    said = identity.lost(had, left)
    assert sorted(said.split(", ")) == sorted((comment if told is None else told).split(", "))
