"""Half a surrogate pair is U+FFFD in whatever JSON is read, and is told."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from ankipack import LEGACY, collection, package
from studyapp.notes import deck, formats, jsontext

CELL = {"cell_type": "markdown", "source": ["Q: HERE?\n", "A: b\n"]}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (r"\ud800", "\ufffd"),
        (r"\uDFFF x \udbff", "\ufffd x \ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\\ud800", r"\ud800"),
        (r"\\\ud800", "\\\ufffd"),
        (r"\\\\ud800\n", "\\\\ud800\n"),
    ],
)
def test_halves_of_characters_are_replaced_and_nothing_else_is(said: str, read: str) -> None:
    assert jsontext.loads(f'"{said}"') == jsontext.loads(f'"{said}"'.encode()) == read


def test_a_half_that_is_no_escape_is_replaced() -> None:
    assert "\ud800" not in jsontext.loads('"a\ud800b"'.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.json", [{"question": "HERE?", "answer": "b", "tags": ["HERE"], "deck": "HERE"}]),
        ("a.ipynb", {"cells": [CELL], "nbformat": 4}),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_file_with_half_a_character_is_read_and_tells_of_it(
    tmp_path: Path, name: str, said: object, indent: int | None
) -> None:
    path = tmp_path / name
    text = json.dumps(said, indent=indent).replace("HERE", r"\ud83d")
    path.write_text(text)
    _, found = formats.read(path)
    assert [(one.question, one.answer) for one in found.notes] == [("\ufffd?", "b")]
    (told,) = [one for one in found.problems if "half a character" in one.message]
    assert told.line == text[: text.index(r"\ud83d")].count("\n") + 1
    assert len(deck.plan(tmp_path / "pack", found.notes, path).added) == 1


def test_a_package_that_names_a_picture_by_half_a_character_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.apkg"
    package(path, LEGACY, collection(tmp_path / "base"))
    with zipfile.ZipFile(path) as made:
        members = {one: made.read(one) for one in made.namelist()}
    members["media"] = members["media"].replace(b'": "', rb'": "\ud800', 1)
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(name, data)
    _, found = formats.read(path)
    assert all(one.name.encode() for one in found.media)
    assert len(deck.plan(tmp_path / "pack", found.notes, path).added) == len(found.notes)


def test_a_folder_whose_files_are_named_by_no_text_is_read(tmp_path: Path) -> None:
    for name, answer in ((b"a\xff.md", "Y"), (b"b\xff.md", "Z")):
        (tmp_path / os.fsdecode(name)).write_text(f"What is X?\n\n{answer}\n")
    _, found = formats.read(tmp_path)
    assert len(deck.plan(tmp_path / "pack", found.notes, tmp_path).added) == 2
