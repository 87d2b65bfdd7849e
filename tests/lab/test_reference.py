"""Reference figures come from runs, and the file is whole at every moment."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from studyapp.errors import StudyError
from studyapp.lab import reference
from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Finished
from studyapp.lab.protocol import Fact, Remark

FACT = Fact("count", 5, "points", 4, 6.5, 4, "student t", "4 draws")
MADE = reference.Reference(
    3, {"n": 5, "seeds": 4}, 0, "cpu", "3.11.7", None, 1, "2026-07-04", 1.5, (FACT,)
)
TODAY = date(2026, 7, 5)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "reference.json"
    assert reference.read(file) == {}
    reference.write(file, {"b": MADE, "a": MADE})
    assert reference.read(file) == {"a": MADE, "b": MADE}
    assert list(json.loads(file.read_text())) == ["a", "b"]
    before = file.read_bytes()
    reference.write(file, reference.read(file))
    assert file.read_bytes() == before
    assert MADE.fact("count") == FACT
    assert MADE.fact("gap") is None


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "reference.json"
    reference.write(file, {"a": MADE})

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StudyError, match="No space left"):
        reference.write(file, {})
    assert reference.read(file) == {"a": MADE}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 1}', '{"a": {"version": 1}}', '{"a": {"colour": 1}}', "\xff"]
)
def test_a_broken_file_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "reference.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyError, match=r"reference\.json cannot be read"):
        reference.read(file)


def test_measuring_keeps_what_a_run_at_the_defaults_said(
    probe: Callable[[str], Declaration],
) -> None:
    lesson = probe("yield Result(({FACT},))")
    file = reference.path(lesson)
    reference.write(file, {"other": MADE, "probe": MADE})
    messages = list(reference.measure([lesson], TODAY, "cpu"))
    assert [type(message) for _, message in messages] == [Remark, Finished]
    kept = reference.read(file)
    assert kept["other"] == MADE
    assert kept["probe"].date == "2026-07-05"
    assert kept["probe"].facts == (FACT,)
    assert (kept["probe"].version, kept["probe"].knobs) == (3, {"n": 5, "seeds": 4})


def test_a_lesson_that_fails_stops_the_measuring(probe: Callable[[str], Declaration]) -> None:
    lesson = probe("raise ValueError('No pictures.')\nyield")
    with pytest.raises(StudyError, match=r"^No pictures\.$"):
        list(reference.measure([lesson], TODAY, "cpu"))
    assert not reference.path(lesson).exists()
