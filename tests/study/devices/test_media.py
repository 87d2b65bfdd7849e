"""What own notes show is the same on all devices, and no bytes of the learner's are lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from meeting import Device, World, meet, sharing
from studyapp import disk
from studyapp.study import library
from studyapp.study.devices import media

HOME = library.Home("test", "1. Part", 1, "Chapter 1")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with sharing(tmp_path / "world", devices=3) as made:
        yield made


def note(one: Device, shows: str = "![](media/a.png)") -> None:
    with one.at_home() as desk:
        library.keep_note(desk, HOME, "own-a", f"## Own? {{#own-a}}\n\n{shows}\n\n- [ ] a point")


def draw(one: Device, picture: str, at: int = 0) -> None:
    """Save a picture, in this second of some day."""
    path = one.mine / "media" / "a.png"
    disk.write(path, picture)
    os.utime(path, (1_700_000_000 + at, 1_700_000_000 + at))


def pictures(one: Device) -> dict[str, str]:
    return {path.name: path.read_text() for path in (one.mine / "media").iterdir()}


def have(world: World, picture: str) -> None:
    """Each device shows this picture, and has nothing else."""
    assert [pictures(one) for one in world.devices] == [{"a.png": picture}] * len(world.devices)


def settle(*devices: Device) -> None:
    for _ in range(2):
        for one in devices:
            meet(one)


@pytest.fixture
def drawn(world: World) -> World:
    note(world.devices[0])
    draw(world.devices[0], "first")
    for one in world.devices:
        meet(one)
    have(world, "first")
    return world


def test_what_own_notes_show_travels_with_them(world: World, tmp_path: Path) -> None:
    """Other bytes than the name says, and a link change nothing."""
    one, other, _ = world.devices
    names = ("a.png", "b.mp3", "c.png", "d.png")
    shows = " ".join(f"![](media/{name})" for name in (*names, "../../outside.png", "no.md"))
    note(one, shows)
    for name in (*names, "aside.png"):
        disk.write(one.mine / "media" / name, name)
    disk.write(one.mine.parent / "outside.png", "outside")
    disk.write(other.mine / "media" / "c.png", "mine")
    meet(one)
    there = {path.read_text(): path for path in (one.folder / "media").iterdir()}
    assert set(there) == set(names)
    there["a.png"].write_text("other")
    (tmp_path / "b").write_text("b.mp3")
    there["b.mp3"].unlink()
    there["b.mp3"].symlink_to(tmp_path / "b")
    meet(other)
    came = {path.name: path.read_text() for path in (other.mine / "media").iterdir()}
    assert came == {"c.png": "mine", "d.png": "d.png"}
    assert there["b.mp3"].is_symlink()
    for name in ("a.png", "b.mp3"):
        there[name].unlink()
    meet(one)
    meet(other)
    assert pictures(other) == {name: name for name in names} | {"c.png": "mine"}
    ours = {"aside.png": "aside.png", "c.png": "mine", "c.png~": "c.png"}
    assert pictures(one) == {name: name for name in names} | ours


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_picture_that_was_changed_is_taken_by_all(drawn: World, order: tuple[int, ...]) -> None:
    """However old it says it is. Of two changes the newer is shown, and the older lies beside."""
    first, second, third = (drawn.devices[at] for at in order)
    draw(first, "other", at=-5000)
    settle(first, second, third)
    have(drawn, "other")
    draw(third, "first", at=-9000)  # somebody goes back to it
    settle(second, first, third)
    have(drawn, "first")
    draw(first, "older", at=5)
    draw(second, "newer", at=6)
    settle(first, second, third)
    assert pictures(first) == {"a.png": "newer", "a.png~": "older"}
    assert pictures(second) == pictures(third) == {"a.png": "newer"}
    assert not any(meet(one).told for one in drawn.devices)
    draw(first, "older", at=7)
    settle(first, second, third)
    assert pictures(first) == {"a.png": "older", "a.png~": "older"}
    assert pictures(second) == pictures(third) == {"a.png": "older"}


def test_who_never_met_the_others_and_has_what_was_before_takes_what_is(world: World) -> None:
    """By its bytes: its file is the newest of all."""
    one, other, late = world.devices
    note(one)
    draw(one, "first")
    settle(one, other)
    draw(other, "second", at=1)
    settle(other, one)
    note(late)
    draw(late, "first", at=9)
    settle(late, one, other)
    have(world, "second")


def test_bytes_that_are_late_are_taken_and_what_was_saved_meanwhile_stays_beside(
    drawn: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = drawn.devices
    draw(one, "newer", at=1)
    meet(one)
    (late,) = (path for path in (one.folder / "media").iterdir() if path.read_text() == "newer")
    late.rename(one.folder / "later")
    meet(other)
    assert pictures(other) == {"a.png": "first"}
    (one.folder / "later").rename(late)
    put = media._put

    def saved(shown: media._Shown, digest: str, folder: Path) -> None:
        put(shown, digest, folder)
        draw(other, "just now", at=2)

    monkeypatch.setattr(media, "_put", saved)
    meet(other)
    assert pictures(other) == {"a.png": "newer", "a.png~": "just now"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("media", "mine"), ["0" * 32]),
        (("media", "mine", "..", "a.png"), ["0" * 32]),
        (("media", "mine", "media", "a.md"), ["0" * 32]),
        (("media", "mine", "media", 1), ["0" * 32]),
        (("media", "mine", "media", "a.png"), []),
        (("media", "mine", "media", "a.png"), ["0" * 32] * 2),
        (("media", "mine", "media", "a.png"), ["0"]),
        (("media", "mine", "media", "a.png"), [f"{at:032}" for at in range(21)]),
    ],
)
def test_no_other_value_is_taken(key: tuple[object, ...], value: list[str]) -> None:
    with pytest.raises(ValueError, match=r"no |key|list"):
        media.canonical(key, value)
