"""Anki's packages of all three generations come in whole and alike, and hostile ones not at all."""

from __future__ import annotations

import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ankipack import LEGACY, MIDDLE, NEWEST, collection, field, package
from studyapp.errors import StudyError
from studyapp.notes import ankigap, ankitype, apkg, deck, formats
from studyapp.notes import collection as collections
from studyapp.notes.ankitype import NoteType, Template
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Moment, Schedule, Stage
from studyapp.notes.note import CardStyle, Problem

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
        "1 of its reviews is of cards that are not in it, or not read",
        "1 of its cards has a field to type the answer in, which is left out",
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
    called = "“el perro [image: media/a b.png]”"
    assert f"not in it, though {called} shows it: a b.png and 1 more" in [
        one.message for one in apkg.read(path).problems
    ]
    with closing(sqlite3.connect(tmp_path / "real")) as base, base:
        base.execute(
            "UPDATE notes SET flds = '<img src=\"file:///a.png\"> q' || flds WHERE id = 10"
        )
    package(path, LEGACY, (tmp_path / "real").read_bytes())
    assert "not in it, though “q" in " ".join(one.message for one in apkg.read(path).problems)


def test_a_file_that_is_not_what_it_is_called_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.apkg"
    package(path, LEGACY, collection(tmp_path / "real"), {"a b.png": b"text"})
    found = apkg.read(path)
    assert found.media == ()
    assert "a b.png is left out: it is no picture" in [one.message for one in found.problems]


def change(sql: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        collection(path)
        with closing(sqlite3.connect(path)) as base, base:
            base.executescript(sql)

    return make


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (
            "UPDATE notes SET mid = 9",
            "“el perro [image: media/a b.png]”: it is of a type that the package does not have",
        ),
        (
            "UPDATE notes SET flds = x'00ff'",
            "a note without words: it is longer than is read here, or no text",
        ),
        (
            "UPDATE notes SET flds = zeroblob(30000000)",
            "it is longer than is read here, or no text",
        ),
        (
            "UPDATE notes SET flds = printf('%.*c', 150000, 'x')",
            " …”: it has a field longer than 100,000 characters",
        ),
        ("UPDATE notes SET flds = ''", "a note without words: the front of a card is empty"),
        ("UPDATE notes SET flds = 'x<script>y</script>'", "places: a script, first of “x”"),
        (
            "UPDATE cards SET flags = 8 + (id < 103)",
            "3 of its cards have a flag, which is left out",
        ),
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


GAP, BELOW = "==Paris=={#c1} is ==it=={#c2}", "\n\n---\n\n"
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
    several = col.new_note(col.models.by_name("Cloze"))
    several.fields = ["{{c2::one}} {{c1,4::two {{c3,4::three::h}}}} {{c5,501::four::a::b}}", ""]
    said = several.fields[0]
    col.add_note(several, deck)
    for card in (one for one in several.cards() if one.ord < 5):  # not that of 501, which is empty
        asked = re.sub(r"<style>.*?</style>|<[^<>]*>", "", card.question(), flags=re.DOTALL)
        asked = re.sub(r"\[(?!\.\.\.)(.*?)\]", r"[…] (\1)", asked).replace("[...]", ankigap.BLANK)
        assert ankigap.covered(said, card.ord + 1) == asked.strip()
    assert ankigap.numbers(said) == tuple(one.ord + 1 for one in several.cards())[:-1]
    col.remove_notes([several.id])
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


def hiding(folder: Path, *texts: str) -> Foreign:
    """What is read of notes of the type that hides, the first of which has the cards of g12."""
    path = folder / "words.anki2"
    collection(path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("DELETE FROM notes WHERE id <> 12")
        base.execute("UPDATE notes SET flds = ?", texts[:1])
        base.executemany(
            "INSERT INTO notes VALUES (?, ?, 3, 0, 0, '', ?, '', 0, 0, '')",
            [(50 + at, f"h{at}", text) for at, text in enumerate(texts[1:])],
        )
    return apkg.read(path)


def test_each_number_that_cannot_be_hidden_here_is_a_question(tmp_path: Path) -> None:
    """Two gaps of one number, one in another, one in code: each comes in with schedule and log."""
    found = hiding(
        tmp_path,
        "The {{c1::cat}} {{c2::sat}} and {{c1::slept}}",
        "A {{c1::b {{c2::c}} d}} e",
        "<pre>for {{c1::i}} in x:\n  {{c1::pass}}</pre>",
        "nothing",
    )
    both = found.notes[:2]
    assert [(one.guid, one.card, one.question, one.answer, one.deck) for one in both] == [
        ("g12", CardStyle.CLOZE, "", "The cat ==sat=={#c2} and slept", SPANISH),
        (
            "g12/c1",
            CardStyle.ANSWER,
            "The […] sat and […]",
            "The **cat** sat and **slept**",
            SPANISH,
        ),
    ]
    asked = {one.guid: one.question for one in found.notes[2:] if one.question}
    assert asked == {
        "h0/c1": "A […] e",
        "h1/c1": "```\nfor […] in x:\n  […]\n```",
        "h2/c1": "nothing",
    }
    assert [(one.guid, one.side, one.reps) for one in found.schedules] == [
        ("g12/c1", "answer", 3),
        ("g12", "cloze:c2", 0),
    ]
    assert [(one.guid, one.side) for one in found.reviews] == [("g12/c1", "answer")]
    planned = deck.plan(tmp_path / "pack", found.notes, tmp_path / "words.anki2")
    assert (len(planned.added), planned.cards, planned.problems) == (6, 6, ())
    for path, text in planned.files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    newer = hiding(tmp_path, "The {{c1::dog}} {{c2::sat}} and {{c1::slept}}").notes
    again = deck.plan(tmp_path / "pack", newer, tmp_path / "words.anki2")
    assert (again.added, again.changed, again.unchanged, again.problems) == ((), 2, 0, ())


def test_a_gap_of_several_cards_is_hidden_on_each_and_shown_on_the_others(tmp_path: Path) -> None:
    found = hiding(
        tmp_path,
        "{{c3::a}} and {{c1,2::b::two}}",
        "{{c1,2::x {{c2,3::y}} z}}",
        "{{c01,501::one}} {{c500::all}}",
    )
    assert [(one.guid, one.question, one.answer) for one in found.notes] == [
        ("g12", "", "==a=={#c3} and ==b=={#c1} (two)"),
        ("g12/c2", "a and […] (two)", "a and **b**"),
        ("h0/c1", "[…]", "**x y z**"),
        ("h0/c2", "[…]", "**x y z**"),
        ("h0/c3", "x […] z", "x **y** z"),
        ("h1", "", "==one=={#c1} ==all=={#c500}"),
    ]
    sides = ("g12", "cloze:c1"), ("g12/c2", "answer")
    assert [(one.guid, one.side, one.reps) for one in found.schedules] == [
        (*sides[0], 3),
        (*sides[1], 0),
    ]
    assert [(one.guid, one.side) for one in found.reviews] == [sides[0]]
    assert [one.message for one in found.problems if "gap" in one.message] == []


def test_what_of_hidden_texts_is_not_read_is_told_with_its_text(tmp_path: Path) -> None:
    found = hiding(tmp_path, "{{c1::a}} {{c1, 3::b <i>c</i>}} {{c501::d}}", "{{c1::a}} {{c2::b")
    assert [one.message for one in found.problems][:2] == [
        "“… {{c1, 3::b c}} …”: {{c501::d}}, {{c1, 3::b c}}: these hide nothing, in Anki neither",
        "“… {{c2::b”: {{c2::b: this hides nothing, in Anki neither",
    ]
    told = "left out in 1 place: a card whose hidden text is gone, which Anki calls empty, of"
    assert [one.message for one in found.problems if one.message.startswith(told)]


PARTS = (
    "{{c1::image-occlusion:rect:left=.5:top=0:width=.5:height=.5:oi=1}}<br>"
    "{{c2::image-occlusion:ellipse:left=0:top=.5:rx=.25:ry=.25:oi=1}}"
    "{{c3::image-occlusion:polygon:points=.5,.5 1,.5 1,1 .5,1}}"
    "{{c0::image-occlusion:text:left=0:top=0:text=note}}{{c4::image-occlusion:rect:left=x}}"
)
RED, YELLOW, WHITE = (255, 142, 142), (255, 235, 162), (255, 255, 255)


def with_parts(folder: Path, picture: bytes, parts: str = PARTS) -> Foreign:
    real, path = folder / "real", folder / "words.apkg"
    collection(real)
    with closing(sqlite3.connect(real)) as base, base:
        fields = f"{parts}\x1f<img src='a b.png'>\x1fa word"
        base.execute("UPDATE notes SET flds = ? WHERE id = 10", (fields,))
    package(path, LEGACY, real.read_bytes(), {"a b.png": picture})
    return apkg.read(path)


def test_each_hidden_part_of_a_picture_is_a_note_with_its_own_picture(tmp_path: Path) -> None:
    plain = BytesIO()
    Image.new("RGB", (40, 40), "white").save(plain, "PNG")
    found = with_parts(tmp_path, plain.getvalue())
    notes = [note for note in found.notes if note.guid.startswith("g10")]
    assert [note.guid for note in notes] == ["g10/c1", "g10/c2", "g10/c3"]
    assert {note.answer for note in notes} == {"![](media/a%20b.png)\n\na word"}
    media = {f"media/{one.name}": one.read() for one in found.media}
    corners = (30, 5), (10, 30), (30, 30)
    for note, colours in zip(
        notes, ((RED, YELLOW, WHITE), (YELLOW, RED, WHITE), (YELLOW, YELLOW, RED)), strict=True
    ):
        asked, shown = note.question.split("\n\n")
        assert asked == f"What is hidden in red? (a b, {note.guid[-1]})"
        with Image.open(BytesIO(media[shown.removeprefix("![](").removesuffix(")")])) as drawn:
            assert tuple(map(drawn.getpixel, corners)) == colours
    assert found.reviews[0].guid == found.schedules[0].guid == "g10/c1"
    assert not any("hidden" in one.message for one in found.problems)


def test_a_part_of_a_picture_with_two_numbers_is_hidden_on_two_cards(tmp_path: Path) -> None:
    plain = BytesIO()
    Image.new("RGB", (40, 40), "white").save(plain, "PNG")
    part = "{{c1,3::image-occlusion:rect:left=.5:top=0:width=.5:height=.5:oi=1}}"
    one, three = (
        one.read() for one in with_parts(tmp_path, plain.getvalue(), part).media if "-" in one.name
    )
    with Image.open(BytesIO(three)) as drawn:
        assert drawn.getpixel((30, 5)) == RED
    assert one == three


@pytest.mark.parametrize(
    ("picture", "parts", "why"),
    [
        (b"<svg/>", PARTS, "damaged"),
        (b"", "{{c1::image-occlusion:rect:left=99}}", "of no shape that is known here"),
    ],
)
def test_a_picture_that_cannot_be_covered_is_told(
    tmp_path: Path, picture: bytes, parts: str, why: str
) -> None:
    found = with_parts(tmp_path, picture, parts)
    assert not any(note.guid.startswith("g10") for note in found.notes)
    told = next(one.message for one in found.problems if "hidden" in one.message)
    assert told.startswith(f"a picture of which parts are hidden is not read ({why})")
    assert told.endswith(": a b.png")


def test_a_hint_is_not_asked_and_a_reading_stands_behind_its_word() -> None:
    fields = ("Word", "Hint", "Back")
    template = ankitype.Template("{{furigana:Word}} {{hint:Hint}}", "{{kana:Word}} {{Back}}")
    kind = ankitype.NoteType("x", fields, {0: template})
    (note,) = apkg.parts(kind, ["日本[にほん] だ", "clue", "Japan"], [0]).values()
    assert note.question == "日本(にほん) だ"
    assert note.answer == "にほん だ Japan\n\n**Hint**\n\nclue"


@pytest.mark.parametrize(
    ("front", "back", "question", "answer"),
    [
        ("{{cloze:T}}", "{{cloze:T}}<br>\n{{E}}", "", f"{GAP}{BELOW}extra"),
        ("{{cloze:T}}", "{{FrontSide}}<hr>{{E}}", "", f"{GAP}{BELOW}extra"),
        ("<p>{{cloze:T}}</p>", "<div>{{cloze:T}}</div><hr>{{E}}", "", f"{GAP}{BELOW}extra"),
        ("{{cloze:T}}", "<div>{{E}}<br>{{cloze:T}}</div>", "", f"{GAP}{BELOW}**E**\n\nextra"),
        (
            "{{#T}}{{cloze:T}}{{/T}}",
            "{{#T}}<b></b>{{cloze:T}} {{E}}{{/T}}",
            "",
            f"{GAP}{BELOW}extra",
        ),
        ("{{cloze:T}}<br>{{E}}", "{{cloze:T}}<br>{{E}}", "extra", f"{GAP}\\\nextra"),
        ("{{cloze:T}}<hr>{{E}}", "<b></b>{{cloze:T}}<hr>{{E}}", "", f"{GAP}\n\n***\n\nextra"),
        ("{{cloze:T}}", "{{cloze:T}}", "", f"{GAP}{BELOW}**E**\n\nextra"),
        ("{{cloze:T}}", "{{cloze:T}}<br>{{cloze:E}}", "", f"{GAP}{BELOW}extra"),
    ],
)
def test_what_only_the_back_shows_is_not_asked(
    front: str, back: str, question: str, answer: str
) -> None:
    kind = NoteType("C", ("T", "E"), {0: Template(front, back)}, True)
    for extra in ("extra", "{{c1::extra}}")[: 1 + answer.endswith(f"{BELOW}extra")]:
        (note,) = apkg.parts(kind, ("{{c1::Paris}} is {{c2::it}}", extra), (0, 1)).values()
        assert question in note.question
        assert (note.answer, note.card) == (answer, CardStyle.CLOZE)
    (note,) = apkg.parts(kind, ("{{c1::Paris}} is {{c2::it}}", ""), (0, 1)).values()
    assert "---" not in note.answer


def test_where_there_are_no_lines_none_is_told() -> None:
    problem = Problem(Path("a.apkg"), 0, "why")
    assert (str(problem), str(Problem(Path("a.md"), 2, "why"))) == ("a.apkg: why", "a.md:2: why")
