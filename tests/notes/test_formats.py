"""Which format a file is of is seen by its content, and asked of one reader after another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studyapp.errors import StudyError
from studyapp.notes import formats, markdown
from studyapp.notes.foreign import GivenAnswer
from studyapp.store import archive
from studyapp.study.fit import files
from tests_support import START

POST = "<!-- studyapp post: pack p, chapter 3 -->\n\n<!-- answer: q -->\n\n> Mine.\n"


def test_a_post_is_recognised_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"---\nlayout: post\n---\n\n{POST}")
    name, found = formats.read(path)
    assert name == "post"
    assert found.answers is not None
    assert (found.answers.pack, found.answers.chapter) == ("p", 3)
    assert found.answers.answers == (GivenAnswer("q", "Mine.", 7),)
    assert (found.notes, found.schedules, found.reviews, found.media) == ((), (), (), ())


@pytest.mark.parametrize(("name", "data"), [("a", b"# Notes\n"), ("a.md", b"GIF89a\0")])
def test_a_file_that_nobody_knows_is_one_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    known = ", ".join(formats.FORMATS)
    said = "is not text" if b"\0" in data else rf"is of no format .* here \({known}\)"
    with pytest.raises(StudyError, match=rf"{name} {said}"):
        formats.read(path)
    with pytest.raises(StudyError, match="is not"):
        formats.read(path, "post")


@pytest.mark.parametrize(
    "text", ["# Notes\n", "The ==heart== pumps.\n", "### Explain it\n\nSo.\n", "perro: dog\n"]
)
def test_text_without_a_note_is_told_what_would_be_one(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "a.md").write_text(text)
    with pytest.raises(StudyError, match=r"text in which nothing asks, .* `Q:` and `A:`"):
        formats.read(path)


@pytest.mark.parametrize("name", ["a.md", "a.csv", "a.apkg"])
def test_an_empty_file_is_said_to_be_that(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for data in (b"", b" \n"):
        path.write_bytes(data)
        with pytest.raises(StudyError, match=rf"{name} is empty\."):
            formats.read(path)


def test_a_pipe_is_never_read(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "a.md")
    for form in (None, *formats.FORMATS):
        with pytest.raises(StudyError, match=r"a\.md cannot be read: it is a pipe, a socket or a"):
            formats.read(pipe, form)
    for read in (archive.read, lambda path: files.read(path, START)):
        with pytest.raises(StudyError, match="it is a pipe"):
            read(pipe)
    (tmp_path / "b.md").write_text("## What?\n\nThat.\n")
    found = formats.read(tmp_path)[1]
    assert [note.question for note in found.notes] == ["What?"]
    assert [(one.path, "is a pipe" in one.message) for one in found.problems] == [(pipe, True)]
    with pytest.raises(StudyError, match="it is a pipe"):
        markdown.read_folder(pipe)
    (tmp_path / "b.md").write_text("---\npack: p\ndeck: d\nkind: questionnaire\n---\n")
    form, found = formats.read(tmp_path)  # of our own format
    assert form == "native"
    assert (pipe, True) in [(one.path, "is a pipe" in one.message) for one in found.problems]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"## \xe9?", "not UTF-8 text"),
        ("## é?".encode("utf-16")[:-1], "not UTF-16 text"),
        ("a\tb".encode("utf-16-le"), "has a NUL"),
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.csv"])
def test_a_text_in_another_encoding_is_said_to_be_that(
    tmp_path: Path, name: str, text: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text)
    with pytest.raises(StudyError, match=why):
        formats.read(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("## Quoi, ça?\r\n\r\nUn été.\r\n", "notes"),
        ("front\tback\r\nQuoi, ça?\tUn été.\r\n", "anki-text"),
        ("Quoi, ça?\r\n?\r\nUn été.\r\n", "obsidian"),
        ("Q: Quoi, ça?\r\nA: Un été.\r\n", "hashcards"),
    ],
)
def test_a_text_that_says_its_encoding_is_read_in_it(
    tmp_path: Path, encoding: str, text: str, name: str
) -> None:
    path = tmp_path / "a.txt"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + text).encode(encoding))
    form, found = formats.read(path)
    assert form == name
    assert [(one.question, one.answer) for one in found.notes] == [("Quoi, ça?", "Un été.")]


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read: No such file"):
        formats.read(tmp_path / "no.md")


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_has_a_reader(name: str) -> None:
    module = formats.reader(name)
    assert not module.recognises(b"", Path("a"))
    assert callable(module.read)


@pytest.mark.parametrize("front", ["tags: [a, '#b/c', d e]", "tags:\n- a\n- b/c\n- d e"])
@pytest.mark.parametrize(("form", "text"), [("notes", "## W?\n\nx"), ("obsidian", "w::x")])
def test_tags_in_front_are_those_of_the_notes(
    tmp_path: Path, front: str, form: str, text: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: t\n{front}\n---\n{text}\n")
    (note,) = formats.read(path, form)[1].notes
    assert note.tags == ("a", "b/c", "d-e")


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.md", "## Why {}?\n\n{}\n", "notes"),
        ("a.md", "Q: Why {}?\nA: {}\n", "hashcards"),
        ("a.md", "#flashcards\n\nWhy {}? :: {}\n", "obsidian"),
    ],
)
@pytest.mark.parametrize(
    ("question", "answer", "read"),
    [
        (r"\(x^2\)", r"so \[y = x^2\]", ("$x^2$", "so $$y = x^2$$")),
        (r"\( \frac12 \)", r"from \(0\) to `\(1\)`", (r"$\frac12$", r"from $0$ to `\(1\)`")),
        (r"\(a = b\)", r"\(like this\) \[1\]", ("$a = b$", r"\(like this\) \[1\]")),
        (r"\(x_1", r"2\(x^2\) \\(x^2\\)", (r"\(x_1", r"2\(x^2\) \\(x^2\\)")),
        (r"\[a link\](b)", r"\[sic\], \[ \]", (r"\[a link\](b)", r"\[sic\], \[ \]")),
    ],
)
def test_formulas_as_chat_assistants_mark_them_are_formulas(
    tmp_path: Path,
    name: str,
    text: str,
    form: str,
    question: str,
    answer: str,
    read: tuple[str, str],
) -> None:
    (path := tmp_path / name).write_text(text.format(question, answer))
    said, found = formats.read(path)
    assert (said, [(one.question, one.answer) for one in found.notes]) == (
        form,
        [(f"Why {read[0]}?", read[1])],
    )


def test_a_formula_on_lines_of_its_own_keeps_them_and_code_stays(tmp_path: Path) -> None:
    code = "```\n\\(x^2\\)\n```"
    text = "## Why?\n\nSo\n\n\\[\nx^2\n\\]\n\n{}\n\n## Who?\n\nI.\n"
    (path := tmp_path / "a.md").write_text(text.format(code))
    why, who = formats.read(path)[1].notes
    assert (why.answer, who.line) == (f"So\n\n$$\nx^2\n$$\n\n{code}", 13)
