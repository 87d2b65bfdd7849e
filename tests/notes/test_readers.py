"""No file, however broken, makes a reader fail otherwise than with a sentence, or write."""

from __future__ import annotations

from pathlib import Path

import pytest

from mangling import TEXTS, Files, faults
from studyapp.notes import formats
from studyapp.notes.formats import FORMATS

BLANKS = " " * 30_000
FEW, MANY = 43, 2_000  # of each format; benchmarks/readers.py has more


@pytest.mark.parametrize("each", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_file_is_read_or_refused(tmp_path: Path, name: str, each: int) -> None:
    files = Files(tmp_path, each)
    assert [fault for _ in range(each) for fault in faults(files, name)] == []


@pytest.mark.parametrize(
    ("name", "at"), [(one, at) for one in TEXTS for at in range(len(TEXTS[one]))]
)
def test_blanks_are_passed_over_once(tmp_path: Path, name: str, at: int) -> None:
    """Looked at from each of them anew, so many would take minutes."""
    path, text = tmp_path / f"a.{name}", TEXTS[name][at]
    wide = (
        f"\n\n## a{BLANKS}b?\n\nc{BLANKS}d & <b>::{BLANKS}e - {BLANKS}f <!-- tags: g{BLANKS}h -->\n"
    )
    if within := {"notebook": "Week 1", "json": "a?"}.get(name):
        wide = wide.replace("\n", "\\n")
        path.write_text(text.replace(within, f"{within}{wide}"))
    else:
        path.write_text(text + wide)
    assert formats.read(path, name)[0] == name
