"""A notebook is read as the notes in its Markdown cells, with the lines of its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studyapp.errors import StudyError
from studyapp.notes import formats, notebook

CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "source": ["## What is é?\n", "\n", "> A letter.\n"]},
    {"cell_type": "code", "source": ["# What is no card?\n"], "outputs": [{"text": ["3"]}]},
    {"cell_type": "markdown", "source": ["1. Why is it open?\n", "```\n", "x"]},
    {"cell_type": "markdown", "source": "2. How is it closed?\n\nSo."},
    {"cell_type": "raw", "source": ["What is raw?"]},
]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_cells_are_read_and_code_never_asks(tmp_path: Path, ascii_only: bool) -> None:
    path = tmp_path / "a.txt"
    book = {"cells": CELLS, "nbformat": 4, "metadata": {"language_info": {"name": "r"}}}
    text = json.dumps(book, indent=1, ensure_ascii=ascii_only)
    path.write_text(text, "utf-8")
    name, found = formats.read(path)
    assert name == "notebook"
    lines = text.split("\n")
    assert [(note.question, note.answer) for note in found.notes] == [
        ("What is é?", "> A letter.\n\n```r\n# What is no card?\n```"),
        ("Why is it open?", "```\nx\n```"),
        ("How is it closed?", "So."),
    ]
    for note, begins in zip(found.notes, ("## What", "1. Why", "2. How"), strict=True):
        assert begins in lines[note.line - 1]
    told = {lines[one.line - 1].strip(' "],'): one.message for one in found.problems}
    assert told == {
        "# What is no card?\\n": "not read here: what code has put out",
        "What is raw?": "not read here: a cell of the kind 'raw'",
    }


def test_a_notebook_of_one_line_is_told_by_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    prose = {"cell_type": "markdown", "source": "Only said."}
    asks = {"cell_type": "markdown", "source": "## What is raw?"}
    path.write_text(json.dumps({"cells": [CELLS[0], prose, prose, asks, CELLS[4]]}))
    found = notebook.read(path)
    assert [note.line for note in found.notes] == [1, 1]
    assert [(one.line, one.message) for one in found.problems if "raw" in one.message] == [
        (1, "cell 5: not read here: a cell of the kind 'raw', below “What is raw?”")
    ]
    path.write_text(json.dumps({"cells": [prose, prose, CELLS[0]]}))
    assert [(one.line, one.message) for one in notebook.read(path).problems] == [
        (1, "cell 1: prose, up to cell 2: this asks nothing and defines no term")
    ]


def test_code_that_belongs_to_no_answer_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    code = {"cell_type": "code", "source": ["x = 1\n", "```"]}
    path.write_text(json.dumps({"cells": [code, CELLS[3]]}, indent=1))
    (problem,) = notebook.read(path).problems
    assert (problem.line, problem.message[:4]) == (6, "code")


def test_pictures_that_hang_on_cells_come_along(tmp_path: Path) -> None:
    """Jupyter calls each of them image.png."""
    path = tmp_path / "a.ipynb"
    cells = [
        {
            "cell_type": "markdown",
            "source": [
                f"## What {at}?\n",
                "![a](attachment:my%20image.png)",
                " ![](attachment:b.exe)",
            ],
            "attachments": {"my image.png": {"image/png": data}, "b.exe": {"x": data}},
        }
        for at, data in enumerate(("AAAA", ["BBBB"]))
    ]
    path.write_text(json.dumps({"cells": cells}))
    found = notebook.read(path)
    named = ["![a](media/my%20image.png)", "![a](media/my%20image-2.png)"]
    assert [note.answer.strip() for note in found.notes] == named
    assert [one.read() for one in found.media] == [b"\0\0\0", b"\x04\x10A"]
    assert [one.message[:7] for one in found.problems] == ["cell 1:", "cell 2:"]


def test_an_old_notebook_has_its_cells_in_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": CELLS}]}))
    assert len(formats.read(path)[1].notes) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"cells": [', "is not a notebook: Expecting value"),
        ('{"cells": 3}', "it has no list of cells"),
        ('{"cells": ' + "[" * 100_000, "nested too deeply"),
        ("[]", "it has no list of cells"),
    ],
)
def test_what_is_no_notebook_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(StudyError, match=why):
        notebook.read(path)


def test_cells_of_nonsense_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [None, 3, {"cell_type": "markdown"}, {"cell_type": "markdown", "source": [1, {}]}]
    path.write_text(json.dumps({"cells": [*cells, CELLS[0]]}))
    assert [note.question for note in notebook.read(path).notes] == ["What is é?"]
