"""No file, however broken, makes a reader fail otherwise than with a sentence, or write."""

from __future__ import annotations

from pathlib import Path

import pytest

from mangling import Files, faults
from studyapp.notes.formats import FORMATS

EACH = 43  # of seven formats; benchmarks/readers.py has more


@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_file_is_read_or_refused(tmp_path: Path, name: str) -> None:
    files = Files(tmp_path, 15)
    assert [fault for _ in range(EACH) for fault in faults(files, name)] == []
