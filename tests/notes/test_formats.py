"""Which format a file is of is seen by its content, and asked of one reader after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.errors import StudyError
from studyapp.notes import formats
from studyapp.notes.foreign import GivenAnswer

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


@pytest.mark.parametrize("data", [b"", b"# Notes\n", b"\xff\xfe\x00", b"GIF89a"])
def test_a_file_that_nobody_knows_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(data)
    known = ", ".join(formats.FORMATS)
    with pytest.raises(StudyError, match=rf"a\.md is of no format .* here \({known}\)"):
        formats.read(path)
    with pytest.raises(StudyError, match="is not"):
        formats.read(path, "post")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read: No such file"):
        formats.read(tmp_path / "no.md")


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_has_a_reader(name: str) -> None:
    module = formats.reader(name)
    assert not module.recognises(b"", Path("a"))
    assert callable(module.read)
