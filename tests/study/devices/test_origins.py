"""Notes that came from Anki go back to it from any device as from the one that they came to."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from ankipack import NEWEST, collection, package
from meeting import Device, World, meet, sharing
from studyapp.notes import formats, origin
from studyapp.notes.origin import Origins
from studyapp.store import backup
from studyapp.study import exports, imports, library
from studyapp.study.devices import origins
from studyapp.study.devices.overview import overview
from studyapp.study.imports import Source


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two devices; to the first one came a package of Anki's, and they have met."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    package(tmp_path / "words.apkg", NEWEST, collection(tmp_path / "real", newer=True))
    with sharing(tmp_path / "world", devices=2) as made:
        bring(made.devices[0], tmp_path / "words.apkg")
        settle(made)
        yield made


def bring(one: Device, path: Path) -> None:
    with one.at_home() as desk:
        imports.bring(desk, [Source(path, *formats.read(path))])


def settle(world: World) -> None:
    for one in (*world.devices, world.devices[0]):
        meet(one)


def file(one: Device) -> Path:
    return one.mine.parent / "words" / origin.FILE


def edit(one: Device, *pairs: tuple[str, str]) -> None:
    for path in file(one).parent.glob("*.md"):
        text = path.read_text()
        for old, new in pairs:
            text = text.replace(old, new)
        path.write_text(text)
    with one.at_home() as desk:
        library.refresh(desk)


def sent(one: Device, path: Path) -> tuple[dict[str, Any], dict[str, bytes], str]:
    """A package of the words as it is written: types, fields and times of notes; pictures; what was
    told."""
    with one.at_home() as desk, desk.reading() as connection:
        ids = exports.chapters_of(connection, "words", learner=1)
        made = exports.collect(connection, ids, one.clock(), learner=1)
    lost, _ = exports.save(path, "anki", made, one.clock(), lambda *_: None)
    with zipfile.ZipFile(path) as packed:
        packed.extract("collection.anki21", path.parent)
    with closing(connect(path.parent / "collection.anki21")) as base:
        rows = base.execute("SELECT guid, mid, flds, tags, mod = 0 FROM notes").fetchall()
    media = {it.name: it.read() for it in formats.read(path)[1].media}
    return {row[0]: row[1:] for row in rows}, media, exports.sentence("anki", lost)


def test_each_device_sends_the_same(world: World, tmp_path: Path) -> None:
    one, other = world.devices
    assert file(one).read_bytes() == file(other).read_bytes()
    here = sent(one, tmp_path / "back.apkg")
    assert here == sent(other, tmp_path / "back.apkg")
    assert not any(map(origin.is_ours, (of for of, *_ in here[0].values())))
    assert here[1].keys() >= {"a b.png", "ox.mp3"}
    edit(other, ("the dog", "the hound"))
    settle(world)
    here = sent(one, tmp_path / "back.apkg")
    assert here == sent(other, tmp_path / "back.apkg")
    assert here[0]["g10"][1].split("\x1f")[1] == "the hound"
    assert [guid for guid, said in here[0].items() if not said[3]] == ["g10"]
    assert not any(meet(it).told for it in world.devices)


def test_of_two_imports_the_newer_package_counts(world: World) -> None:
    one, other = world.devices
    for it, name, changed in ((one, "hound", 7), (other, "wolf", 5)):
        came = origin.read(file(it).read_bytes())
        row = {**origin.row(came.notes["g10"]), "changed": changed}
        row["fields"] = [text.replace("dog", name) for text in row["fields"]]
        notes = {**came.notes, "g10": origin.original(row)}
        file(it).write_text(origin.written(Origins(came.types, notes)))
    settle(world)
    assert file(one).read_bytes() == file(other).read_bytes()
    assert origin.read(file(other).read_bytes()).notes["g10"].changed == 7
    assert not any(meet(it).told for it in world.devices)


def test_a_broken_file_stays_as_it_is_and_is_named(world: World) -> None:
    """One that is not there comes again; what is another's counts nowhere."""
    one, other = world.devices
    before = file(one).read_bytes()
    file(other).write_text("{")
    file(one).unlink()
    settle(world)
    assert (file(one).read_bytes(), file(other).read_text()) == (before, "{")
    came = origin.read(before)
    notes = {guid: it for guid, it in came.notes.items() if guid != "g10"}
    row = {**origin.row(came.notes["g10"]), "changed": 7}
    notes["g10"] = origin.original(row)
    file(one).write_text(origin.written(Origins(came.types, notes)))
    settle(world)
    with other.at_home() as desk:
        told = list(overview(desk).lines(other.clock()))
    assert told[-1].endswith(f"written into {file(other)}: it cannot be read.")
    assert file(other).read_text() == "{"
    file(other).unlink()
    settle(world)
    assert file(one).read_bytes() == file(other).read_bytes()
    with other.at_home() as desk:
        assert not overview(desk).in_the_way
        assert not overview(desk).unshown


def test_with_the_notes_of_a_pack_it_goes_and_comes_again(world: World) -> None:
    one, other = world.devices
    pages = {path: path.read_text() for path in file(one).parent.glob("*.md")}
    before = file(one).read_bytes()
    for path, text in pages.items():
        path.write_text(text.partition("## ")[0])
    settle(world)
    assert not file(one).exists()
    assert not file(other).exists()
    for at, (path, text) in enumerate(pages.items()):
        path.write_text(text)
        os.utime(path, (1_800_000_000 + at, 1_800_000_000 + at))
    settle(world)
    assert file(one).read_bytes() == file(other).read_bytes() == before


def test_an_import_that_is_taken_back_is_so_on_each_device(world: World, tmp_path: Path) -> None:
    one, other = world.devices
    before, path = file(one).read_bytes(), tmp_path / "words.apkg"
    edit(other, ("the dog", "the hound"))
    meet(other)
    with one.at_home() as desk:
        imports.take_back(desk, path)
    settle(world)
    for it in world.devices:
        text = "".join(page.read_text() for page in file(it).parent.glob("*.md"))
        assert text.count("## ") == text.count("the hound") == 1  # which was edited elsewhere
        assert origin.read(file(it).read_bytes()).notes.keys() == {"g10"}
    bring(one, path)
    settle(world)
    assert origin.read(file(one).read_bytes()) == origin.read(before)
    assert file(one).read_bytes() == file(other).read_bytes()
    assert not any(meet(it).told for it in world.devices)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a package came to, as JSON."""
    folder = tmp_path_factory.mktemp("anki")
    package(folder / "words.apkg", NEWEST, collection(folder / "real", newer=True))
    return dict(json.loads(origin.written(formats.read(folder / "words.apkg")[1].origins)))


@pytest.mark.parametrize(
    ("kind", "name", "change"),
    [
        ("note", "g10", {"places": "0"}),
        ("note", "g10", {"fields": ["\ud800"]}),
        ("note", "g10", {"fields": ["\0"]}),
        ("note", "g10", {"changed": "soon"}),
        ("note", "g10", {"more": 1}),
        ("note", "two words", {}),
        ("type", "4", {"name": 5}),
        ("type", "4", {"css": "\0"}),
        ("type", "five", {}),
        ("card", "g10", {}),
    ],
)
def test_no_other_value_is_taken(
    kept: dict[str, Any], kind: str, name: str, change: dict[str, Any]
) -> None:
    value = kept["types"]["4"] if kind == "type" else kept["notes"]["g10"]
    whole = {**value, "says": {}} if kind == "note" else value
    key = ("origin", "words", kind, name)
    if (kind, name) in {("note", "g10"), ("type", "4")}:
        assert origins.canonical(key, whole) == whole
    with pytest.raises(ValueError, match=r"Anki|key|written|text|surrogates"):
        origins.canonical(key, {**whole, **change})
    with pytest.raises(ValueError, match=r"name of a file"):
        origins.canonical(("origin", "..", kind, name), whole)


def test_nothing_is_left_anywhere_of_an_import_that_is_taken_back(
    world: World, tmp_path: Path
) -> None:
    """No page with a head alone, no picture, no file of Anki's; and all of it comes again."""
    one, other = world.devices
    before = held(other)
    assert before == held(one) != {}
    with one.at_home() as desk:
        imports.take_back(desk, tmp_path / "words.apkg")
    settle(world)
    assert held(one) == held(other) == {}
    assert not any(meet(it).told for it in world.devices)
    bring(one, tmp_path / "words.apkg")
    settle(world)
    assert held(one) == held(other)
    assert held(one).keys() == before.keys()


def held(one: Device) -> dict[str, bytes]:
    """The files of the pack of words."""
    folder = file(one).parent
    return {it.name: it.read_bytes() for it in sorted(folder.rglob("*")) if it.is_file()}
