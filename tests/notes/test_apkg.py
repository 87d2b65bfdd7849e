"""Anki's packages of all three generations come in whole and alike, and hostile ones not at all."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ankipack import LEGACY, MIDDLE, NEWEST, collection, field, package
from studyapp.errors import StudyError
from studyapp.notes import apkg, formats
from studyapp.notes import collection as collections
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Moment, Schedule, Stage
from studyapp.notes.note import CardStyle

SPANISH = ("Lang", "Spanish")


def made(folder: Path, name: str) -> Path:
    path = folder / "words.bin"
    package(path, name, collection(folder / "real", newer=name == NEWEST))
    return path


def said(found: Foreign) -> tuple[object, ...]:
    media = [(one.name, one.read()) for one in found.media]
    return found.notes, found.schedules, found.reviews, media, [p.message for p in found.problems]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    return apkg.read(made(tmp_path_factory.mktemp("anki"), NEWEST))


def test_each_generation_says_the_same(tmp_path: Path, found: Foreign) -> None:
    for name in (LEGACY, MIDDLE):
        path = made(tmp_path, name)
        assert formats.recognise(path) == "anki"
        assert said(apkg.read(path)) == said(found)
    path.write_bytes(collection(tmp_path / "real", newer=True))
    assert said(apkg.read(path))[:3] == said(found)[:3]


def test_notes_are_what_their_cards_show(found: Foreign) -> None:
    assert found.notes == (
        ForeignNote(
            "g10",
            "el **perro** ![](media/a%20b.png)",
            "the dog\n\n**Source**\n\nmy uncle",
            deck=SPANISH,
            tags=("animal", "big"),
        ),
        ForeignNote("g11", "gato", "cat", card=CardStyle.BOTH, deck=SPANISH),
        ForeignNote(
            "g12",
            "",
            "The ==sum=={#c1} of ==$a+b$=={#c2}",
            card=CardStyle.CLOZE,
            deck=SPANISH,  # its own, not the filtered one
        ),
        ForeignNote("g13", "ox", "[ox.mp3](media/ox.mp3)", deck=("Default",)),
        ForeignNote("g13/1", "Plural of ox?", "oxen", deck=("Default",)),
        ForeignNote("g13/2", "oxen", "ox", deck=("Default",)),
    )


def test_schedules_have_the_days_of_the_collection(found: Foreign) -> None:
    first = date(2026, 1, 1)
    known = {(one.guid, one.side): one for one in found.schedules}
    assert known["g10", "answer"] == Schedule(
        "g10",
        "answer",
        Stage.REVIEW,
        due=first + timedelta(40),
        last=first + timedelta(33),
        interval=7,
        stability=7.5,
        difficulty=5.25,
        reps=2,
        lapses=1,
    )
    learning = known["g11", "answer"]
    assert (learning.stage, learning.due) == (Stage.LEARNING, date(2026, 1, 2))
    assert known["g11", "reversed"].suspended
    buried = known["g12", "cloze:c1"]
    assert (buried.buried, buried.due, buried.last) == (True, date(2026, 2, 20), date(2026, 2, 10))
    assert known["g12", "cloze:c2"].stage is Stage.NEW
    assert known["g13", "answer"].stage is Stage.RELEARNING
    assert len(known) == 8


def test_reviews_have_the_study_day_of_the_collection(found: Foreign) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    first, *others = found.reviews
    kind, took = Moment.LEARNING, timedelta(seconds=8)
    assert first == ForeignReview("g10", "answer", noon, date(2026, 1, 1), 3, kind, took)
    assert [(one.guid, one.side, one.day.day, one.rating, one.kind) for one in others] == [
        ("g11", "answer", 1, 2, Moment.LEARNING),
        ("g12", "cloze:c1", 3, 4, Moment.CRAM),
        ("g10", "answer", 3, 1, Moment.REVIEW),
    ]
    assert [one.message for one in found.problems] == [
        "1 of its reviews are of cards that are not in it"
    ]


def test_media_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path = made(tmp_path, NEWEST)
    picture, sound = apkg.read(path).media
    assert (picture.name, picture.read(), sound.read()) == ("a b.png", b"\x89PNG", b"ID3")
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(StudyError, match="has a picture or a sound that cannot be read"):
        picture.read()


def test_a_picture_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.apkg"
    package(path, LEGACY, collection(tmp_path / "real"), {})
    assert "not in it, though a note shows it: a b.png and 1 more" in [
        one.message for one in apkg.read(path).problems
    ]


def change(sql: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        collection(path)
        with closing(sqlite3.connect(path)) as base, base:
            base.executescript(sql)

    return make


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE notes SET mid = 9", "the note g10 is of a type that the package does not have"),
        ("UPDATE notes SET flds = x'00ff'", "the note g10 is longer than is read here, or no text"),
        ("UPDATE notes SET flds = zeroblob(30000000)", "the note g10 is longer than is read here"),
        (
            "UPDATE notes SET flds = printf('%.*c', 150000, 'x')",
            "the note g10 has a field longer than 100,000 characters",
        ),
        ("UPDATE notes SET flds = ''", "the front of a note is empty: g10"),
        ("UPDATE notes SET flds = 'x<script>y</script>'", "places: a script"),
        ("UPDATE revlog SET id = id + 9000000000000000", "of its reviews are of a time that"),
    ],
)
def test_what_is_wrong_with_a_note_is_told(tmp_path: Path, sql: str, why: str) -> None:
    path = tmp_path / "a.anki2"
    change(sql)(path)
    assert any(why in problem.message for problem in apkg.read(path).problems)


def hostile(name: str, path: Path) -> None:
    real = collection(path.with_name("real"), newer=True)
    packed = zstandard.compress(real)
    match name:
        case "truncated zip":
            package(path, NEWEST, real)
            path.write_bytes(path.read_bytes()[:-30])
        case "truncated zstd" | "no zstd" | "only the decoy":
            with zipfile.ZipFile(path, "w") as out:
                out.writestr("meta", b"\x08\x03")
                out.writestr(LEGACY, collection(path.with_name("decoy")))
                if name != "only the decoy":
                    content = packed[: len(packed) // 2] if name == "truncated zstd" else real
                    out.writestr(NEWEST, content)
        case "an unknown version":
            package(path, NEWEST, real, meta=b"\x08\x04")
        case "another zip":
            with zipfile.ZipFile(path, "w") as out:
                out.writestr("a.txt", "hello")
        case "no database":
            package(path, LEGACY, b"hello" * 999)
        case "another database":
            with closing(sqlite3.connect(path)) as base:
                base.execute("CREATE TABLE a (b)")
        case "a way out":
            package(path, NEWEST, real, {"../a.png": b""})
        case "a way out of the zip":
            package(path, NEWEST, real)
            with zipfile.ZipFile(path, "a") as out:
                out.writestr("../../a.png", b"")
        case "a damaged picture":
            package(path, NEWEST, real)
            with zipfile.ZipFile(path) as read:
                members = {one: read.read(one) for one in read.namelist()}
            with zipfile.ZipFile(path, "w") as out:
                for one, content in members.items():
                    out.writestr(one, content[:-2] if one == "1" else content)
        case "damaged names":
            with zipfile.ZipFile(path, "w") as out:
                out.writestr("meta", b"\x08\x03")
                out.writestr(NEWEST, packed)
                out.writestr("media", zstandard.compress(field(1, b"x")[:2]))
        case "no names":
            with zipfile.ZipFile(path, "w") as out:
                out.writestr(LEGACY, collection(path.with_name("real")))
                out.writestr("media", b"[" * 100_000)
        case "a view":
            change("DROP TABLE revlog; CREATE VIEW revlog AS SELECT 1 AS id")(path)
        case "computed":
            change("ALTER TABLE notes ADD COLUMN z AS (hex(id))")(path)
        case "text for numbers":
            change("UPDATE cards SET due = 'x'")(path)
        case "text in the log":
            change("UPDATE revlog SET ease = 'x'")(path)
        case "no head":
            change("DELETE FROM col")(path)
        case "created in 9999":
            change("UPDATE col SET crt = 9e15")(path)
        case "open elsewhere":
            change("")(path)
            path.with_name(f"{path.name}-wal").write_bytes(b"x")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("truncated zip", "it is a damaged zip"),
        ("truncated zstd", "a part of it ends too soon"),
        ("no zstd", "a part of it cannot be decompressed"),
        ("only the decoy", "it is a zip without a collection of Anki's"),
        ("an unknown version", "a version that is not known here"),
        ("another zip", "it is a zip without a collection of Anki's"),
        ("no database", "its database cannot be read"),
        ("another database", "a database without the table col"),
        ("a way out", "a picture that would lie outside of its folder: '../a.png'"),
        ("a way out of the zip", "a file that would lie outside of it: '../../a.png'"),
        ("a damaged picture", "a part of it ends too soon"),
        ("damaged names", "a part of it is no message of Anki's"),
        ("no names", "its list of media is damaged"),
        ("a view", "its table revlog is no plain table"),
        ("computed", "its table notes is no plain table"),
        ("text for numbers", "a card of it has something else than numbers"),
        ("text in the log", "a review of it has something else than numbers"),
        ("no head", "it is a collection without a head"),
        ("created in 9999", "it was created at a time that there is not"),
        ("open elsewhere", "it is open in Anki"),
    ],
)
def test_a_hostile_package_is_refused_with_a_sentence(
    tmp_path: Path, name: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.apkg"
    hostile(name, path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = {one.name: one.stat().st_mtime_ns for one in tmp_path.iterdir()}
    with pytest.raises(
        StudyError, match=r"a\.apkg is not a package of Anki's that can be re"
    ) as told:
        apkg.read(path)
    assert why in str(told.value)
    assert {one.name: one.stat().st_mtime_ns for one in tmp_path.iterdir() if one != temporary} == {
        name: at for name, at in before.items() if name != "temporary"
    }
    assert list(temporary.iterdir()) == []


def test_a_package_that_unpacks_to_more_than_it_may_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MOST_BYTES", 1 << 21)
    path = tmp_path / "a.apkg"
    package(path, NEWEST, bytes(1 << 24))
    assert path.stat().st_size < 10_000
    with pytest.raises(StudyError, match=r"its file collection.anki21b is larger than 2 MiB"):
        apkg.read(path)


FIELDS = st.lists(st.tuples(st.integers(1, 15), st.binary(max_size=300)), max_size=5)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(FIELDS, st.binary(max_size=20))
def test_messages_are_read_or_refused(fields: list[tuple[int, bytes]], noise: bytes) -> None:
    said = b"".join(field(number, value) for number, value in fields)
    assert list(collections.message(said)) == fields
    with suppress(StudyError):
        list(collections.message(said[: len(noise)] + noise + said))


def test_media_that_unpack_to_more_than_they_may_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MOST_MEDIA", 1 << 21)
    path = tmp_path / "a.apkg"
    real = collection(tmp_path / "real", newer=True)
    package(path, NEWEST, real, {f"{number}.png": bytes(1 << 20) for number in range(3)})
    with pytest.raises(StudyError, match="its media are larger than"):
        apkg.read(path)


def test_anki_itself_says_the_same(tmp_path: Path) -> None:
    """Where Anki's own package is there: what it writes comes in as it has it."""
    pytest.importorskip("anki", reason="Anki's Python package is not here")
    from anki.collection import (  # type: ignore[import-not-found]
        Collection,
        ExportAnkiPackageOptions,
    )

    col = Collection(str(tmp_path / "own.anki2"))
    deck = col.decks.id("Lang::Spanish")
    for kind, fields in (
        ("Basic (and reversed card)", ["gato", "cat"]),
        ("Cloze", ["The {{c1::sum}} of {{c2::two}}", ""]),
        ("Basic", ["<b>ox</b>", "an ox"]),
    ):
        note = col.new_note(col.models.by_name(kind))
        note.fields = fields
        col.add_note(note, deck)
    sides = {0: "answer", 1: "reversed"}
    cards = {
        (card.note().guid, f"cloze:c{card.ord + 1}" if at in (2, 3) else sides[card.ord]): card.id
        for at, card in enumerate(map(col.get_card, sorted(col.find_cards(""))))
    }
    col.sched.set_due_date(list(cards.values())[:2], "9")
    col.sched.suspend_cards(list(cards.values())[2:3])
    today = date.today() if datetime.now().hour >= 4 else date.today() - timedelta(1)
    for legacy in (True, False):
        path = tmp_path / f"{legacy}.apkg"
        options = ExportAnkiPackageOptions(with_scheduling=True, with_media=True, legacy=legacy)
        col.export_anki_package(out_path=str(path), options=options, limit=None)
        found = apkg.read(path)
        assert [(one.question, one.answer, one.deck) for one in found.notes] == [
            ("gato", "cat", SPANISH),
            ("", "The ==sum=={#c1} of ==two=={#c2}", SPANISH),
            ("**ox**", "an ox", SPANISH),
        ]
        known = {(one.guid, one.side): one for one in found.schedules}
        assert [known[card].suspended for card in cards] == [False, False, True, False, False]
        assert [known[card].due for card in list(cards)[:2]] == [today + timedelta(9)] * 2
    col.close()
