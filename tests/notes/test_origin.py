"""What came of Anki's notes is kept as it was, and what of it is damaged counts as not there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ankipack import LEGACY, MIDDLE, NEWEST, collection, package
from studyapp.notes import ankimodel, apkg, origin
from studyapp.notes.origin import Origins

SAID = "0123456789abcdef-0123456789abcdef"


def came(folder: Path, name: str = MIDDLE) -> Origins:
    path = folder / "words.apkg"
    package(path, name, collection(folder / "real", newer=name == NEWEST))
    return apkg.read(path).origins


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file as it is written, read as JSON."""
    found = came(tmp_path_factory.mktemp("anki"))
    notes = {
        guid: replace(one, says=dict.fromkeys(one.says, SAID)) for guid, one in found.notes.items()
    }
    made = Origins(found.types, notes)
    text = origin.written(made)
    assert origin.read(text.encode()) == made
    assert len(text.split("\n")) == len(notes) + 4
    return dict(json.loads(text))


def test_each_generation_gives_the_same(tmp_path: Path) -> None:
    older, newer = came(tmp_path, LEGACY), came(tmp_path, NEWEST)
    assert older.notes == newer.notes
    assert older.types.keys() == newer.types.keys() == {1, 2, 3, 4}
    words = {**older.types[4], "tmpls": [], "req": []}
    assert words == {**newer.types[4], "tmpls": [], "req": []}
    assert [one["name"] for one in words["flds"]] == ["Word", "Sound", "Plural"]
    assert [one["qfmt"] for one in older.types[4]["tmpls"]] == [
        one["qfmt"] for one in newer.types[4]["tmpls"]
    ]
    assert newer.notes["g13"].fields == ("ox", "[sound:ox.mp3]", "oxen")
    assert newer.notes["g13"].says == {"": "", "/1": "", "/2": ""}
    assert newer.notes["g13"].places == (0, 1, 2)


def test_a_type_of_anki_has_all_that_it_said() -> None:
    """A message numbers what JSON names; a negative number is a large one there."""
    config = b"\x08\x01\x1a\x06.card{\x38\x01\x50" + b"\xff" * 9 + b"\x01"
    field = b"\x08\x01\x1a\x05Times\x20\x0c\x48" + b"\xfe" + b"\xff" * 8 + b"\x01"
    said = ankimodel.newer(["Lücke", 7, config], [(0, "Text", field)], [(0, "Card", b"\x0a\x01q")])
    made = ankimodel.model(5, said)
    assert (made["id"], made["name"], made["mod"], made["type"]) == (5, "Lücke", 7, 1)
    assert (made["css"], made["latexsvg"], made["originalId"]) == (".card{", True, -1)
    (one,) = made["flds"]
    assert (one["sticky"], one["font"], one["size"], one["id"]) == (True, "Times", 12, -2)
    assert made["tmpls"][0]["qfmt"] == "q"
    assert ankimodel.is_sound(made)


@pytest.mark.parametrize(
    ("where", "what", "left"),
    [
        (("types", "1", "name"), " ", 3),
        (("types", "1", "flds"), [], 3),
        (("types", "1", "tmpls", 0, "ord"), 3, 3),
        (("types", "1", "mod"), 1 << 70, 4),  # it is none
        (("types", "1"), None, 0),
        (("types",), {}, 0),
        (("notes", "g10", "fields"), ["one"], 3),
        (("notes", "g10", "fields", 0), "\ud800", 0),
        (("notes", "g10", "changed"), 1 << 70, 3),
        (("notes", "g10", "changed"), float("inf"), 0),
        (("notes", "g10", "says"), {"/../x": SAID}, 3),
        (("notes", "g10", "says"), {"": "x-y"}, 4),  # of no note here
        (("notes", "g10", "places"), ["x"], 0),
        (("notes", "g10"), 7, 0),
        (("notes",), None, 0),
    ],
)
def test_what_is_damaged_is_not_there(
    kept: dict[str, Any], where: tuple[str | int, ...], what: object, left: int
) -> None:
    damaged = json.loads(json.dumps(kept))
    inner = damaged
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = what
    assert len(origin.read(json.dumps(damaged).encode()).notes) == left


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_no_file_is_no_note(text: bytes | None) -> None:
    assert origin.read(text) == Origins()
