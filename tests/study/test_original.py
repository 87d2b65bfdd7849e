"""Notes of Anki's own types go back as what they are there, edited or not."""

from __future__ import annotations

import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, select

from ankipack import CARDS, MIDDLE, NEWEST, NOTES, collection, package
from studyapp.notes import ankigap, ankitext, apkg, formats, origin, writers
from studyapp.notes.foreign import Foreign, ForeignNote, Schedule, Stage
from studyapp.notes.note import CardStyle
from studyapp.store import backup, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study import exports, imports, library
from studyapp.study.imports import Imported, Source
from tests_support import Clock, desk_of

FIELDS = {guid: (mid, flds) for _, guid, mid, _, flds in NOTES}
THEIRS = {
    "My Basic": ["el perro <img src='dog.png'>", "the <b>red</b> dog"],
    "My Basic (and reversed card)": ["gato", "cat"],
    "My Cloze": ["The {{c1::sum::hint}} of {{c2,4::two::what?}} {{c4::or {{c3,5::three}}}}", ""],
    "Words": ["ox", "un buey", "Aran los <u>bueyes</u>."],
}
ORDERS = sorted((NOTES[nid - 10][1], place) for _, nid, _, place, *_ in CARDS)


class Sent(NamedTuple):
    """A package as it was written: type and fields of each note, which of them Anki would take for
    changed, the places of the cards, the pictures, and what was told."""

    fields: dict[str, tuple[int, str]]
    changed: set[str]
    orders: list[tuple[str, int]]
    media: set[str]
    told: str


@pytest.fixture(autouse=True)
def no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each import makes one, which takes longer than the import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)


@pytest.fixture
def engine(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Engine]:
    made = open_database(str(tmp_path / "own.db"))
    library.refresh(desk_of(made, clock))
    yield made
    made.dispose()


@pytest.fixture
def page(tmp_path: Path, engine: Engine, clock: Clock) -> Callable[..., None]:
    """Changes what the pack says that came as words.apkg."""
    package(tmp_path / "words.apkg", NEWEST, collection(tmp_path / "real", newer=True))
    bring(engine, clock, tmp_path / "words.apkg")

    def change(*pairs: tuple[str, str]) -> None:
        for path in (library.own_packs() / "words").glob("*.md"):
            text = path.read_text()
            for old, new in pairs:
                text = text.replace(old, new)
            path.write_text(text)
        library.refresh(desk_of(engine, clock))

    return change


def bring(engine: Engine, clock: Clock, path: Path) -> Imported:
    (done,) = imports.bring(desk_of(engine, clock), [Source(path, *formats.read(path))])
    return done


def is_as_here(done: Imported) -> bool:
    """Whether a file said of notes what is here already."""
    return (done.questions, done.changed, done.reviews) == ((), 0, 0)


def send(
    engine: Engine, clock: Clock, path: Path, pack: str | None = None, *, at: datetime | None = None
) -> Sent:
    """Write a package *at* a time that may be later, as what is newer is in force in Anki."""
    with reading(engine) as connection:
        ids = exports.chapters_of(connection, pack, learner=1)
        made = exports.collect(connection, ids, clock(), learner=1)
    lost, _ = exports.save(path, "anki", made, at or clock(), lambda *_: None)
    with zipfile.ZipFile(path) as packed:
        packed.extract("collection.anki21", path.parent)
        media = set(formats.read(path)[1].media)
    with closing(sqlite3.connect(path.parent / "collection.anki21")) as base:
        notes = base.execute("SELECT guid, mid, flds, mod FROM notes").fetchall()
        orders = base.execute("SELECT guid, ord FROM cards JOIN notes ON notes.id = nid").fetchall()
    theirs = [row for row in notes if not origin.is_ours(row[1])]
    return Sent(
        {guid: (mid, flds) for guid, mid, flds, _ in theirs},
        {guid for guid, *_, mod in theirs if mod},
        sorted(row for row in orders if row[0] in FIELDS or "/" in row[0]),
        {one.name for one in media},
        exports.sentence("anki", lost),
    )


def test_what_was_left_alone_is_what_it_was(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert (sent.fields, sent.changed, sent.orders) == (FIELDS, set(), ORDERS)
    assert sent.media >= {"a b.png", "ox.mp3"}
    assert "elsewhere" not in sent.told
    assert is_as_here(bring(engine, clock, tmp_path / "back.apkg"))
    kept = library.own_packs() / "words" / origin.FILE
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("{")
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert (sent.fields, sent.changed) == ({}, set())
    assert "6 notes from elsewhere" in sent.told


def test_an_edit_changes_its_field_alone(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "back.apkg"
    (library.own_packs() / "words" / "media" / "new.png").write_bytes(b"\x89PNG")
    page(("the dog", "the hound"), ("The ==sum==", "One ==sum=="), ("animal big", "animal"))
    page(("cat\n", "cat ![](media/new.png)\n"))
    sent = send(engine, clock, path)
    assert sent.changed == {"g10", "g11", "g12"}
    assert sent.fields == {
        **FIELDS,
        "g11": (2, 'gato\x1fcat <img src="new.png">'),
        "g10": (1, "el <b>perro</b> <img src='a b.png'>\x1fthe hound\x1fmy uncle"),
        "g12": (3, "One {{c1::sum}} of {{c2::\\(a+b\\)}}"),
    }
    assert sent.orders == ORDERS
    assert is_as_here(bring(engine, clock, path))
    assert "new.png" in sent.media
    assert send(engine, clock, path).changed == sent.changed  # Anki may have none of it yet


def test_an_edit_that_no_field_says_is_told(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "back.apkg"
    page(("Plural of ox?", "Which plural?"), ("cat\n", "- [ ] cat\n"))
    sent = send(engine, clock, path)
    told = "1 note edited here in a way that its fields in Anki cannot say, which stay: “Which"
    assert told in sent.told
    assert sent.fields == {**FIELDS, "g11": (2, "gato\x1f<ul>\n<li>cat</li>\n</ul>")}
    assert sent.orders == ORDERS
    assert is_as_here(bring(engine, clock, path))
    page(("card: both, ", ""))
    sent = send(engine, clock, path)  # one that is one note here takes its edit along
    assert sent.fields.keys() == FIELDS.keys() - {"g11"}
    assert "2 notes edited here" in sent.told


def there(tmp_path: Path, name: str, fields: str, changed: int = 9) -> Path:
    """A package in which the first note has other fields."""
    collection(tmp_path / "real")
    with closing(sqlite3.connect(tmp_path / "real")) as base, base:
        base.execute("UPDATE notes SET flds = ?, mod = ? WHERE guid = 'g10'", (fields, changed))
    package(tmp_path / name, MIDDLE, (tmp_path / "real").read_bytes())
    return tmp_path / name


def test_edits_here_and_there_take_turns(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    page(("the dog", "the hound"))
    fields = "el <b>perro</b> <img src='a b.png'>\x1fthe <span>hound</span>\x1fmy uncle"
    for text, changed in ((fields, 0), (fields.replace("uncle", "aunt"), 1)):
        done = bring(engine, clock, there(tmp_path, "words.apkg", text))
        assert (done.changed, done.problems) == (changed, done.source.foreign.problems)
        assert send(engine, clock, tmp_path / "back.apkg").fields["g10"] == (1, text)
    page(("the hound", "a hound"))
    done = bring(engine, clock, there(tmp_path, "words.apkg", fields.replace("my", "no")))
    assert any("and so has yours" in one.message for one in done.problems)


def test_another_file_brings_its_changes_home(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    text = "el <b>perro</b>\x1fthe <span>big</span> dog\x1fmy uncle"
    other = there(tmp_path, "other.apkg", text)
    assert bring(engine, clock, other).changed == 1
    assert not (library.own_packs() / "other").exists()
    assert send(engine, clock, tmp_path / "back.apkg").fields["g10"] == (1, text)
    imports.take_back(desk_of(engine, clock), other)
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert (sent.fields, sent.changed) == (FIELDS, set())


def test_a_card_that_anki_has_no_more_does_not_come_back_as_a_note(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    collection(tmp_path / "real")
    with closing(sqlite3.connect(tmp_path / "real")) as base, base:
        base.execute("DELETE FROM cards WHERE id = 106")
    package(tmp_path / "fewer.apkg", MIDDLE, (tmp_path / "real").read_bytes())
    told = {one.message for one in bring(engine, clock, tmp_path / "fewer.apkg").problems}
    assert "“ox”: the note has lost 1 card there, kept here and not sent back" in told
    page(("## ox {", "## an ox {"))
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert sent.fields["g13"] == (4, "an ox\x1f[sound:ox.mp3]\x1foxen")
    assert sent.orders == [one for one in ORDERS if one != ("g13", 1)]
    assert "1 note of a card that Anki has no more, left out: “Plural of ox?”" in sent.told


def test_another_file_leaves_what_was_edited_here(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    text = "el <b>perro</b> <img src='a b.png'>\x1fthe dog\x1fmy uncle"
    page(("the dog", "a dog"), ("cat\n", "a cat\n"))
    done = bring(engine, clock, there(tmp_path, "other.apkg", text))
    assert (done.changed, done.problems) == (0, done.source.foreign.problems)
    done = bring(engine, clock, there(tmp_path, "other.apkg", text.replace("my", "no")))
    assert [one.message for one in done.problems if "so has yours" in one.message]
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert sent.fields["g10"] == (1, text.replace("the", "a"))
    assert sent.fields["g11"] == (2, "gato\x1fa cat")
    page(("a dog", "the dog"))
    for changed in (1, 0):
        done = bring(engine, clock, there(tmp_path, "other.apkg", text.replace("my", "no")))
        assert done.changed == changed


@pytest.mark.parametrize("name", ["other.txt", "words.txt"])
def test_a_text_changes_no_note_of_which_it_says_less(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path, name: str
) -> None:
    head = "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n"
    rows = "g11\tReversed\tgato\ta cat\ng13\tVocabulary\tan ox\t\toxen\n"
    occluded = "g14\tImage Occlusion\t{{c1::image-occlusion:rect:left=.1}}\t\n"
    (tmp_path / name).write_text(head + rows + occluded)
    done = bring(engine, clock, tmp_path / name)
    assert (done.reworded, done.questions) == (("gato",), ())
    told = [one.message for one in done.problems]
    assert "1 note came as a package, which says more: import that" in told
    assert "a picture of which parts are hidden takes its package" in told


def test_what_an_older_version_asked_too_is_of_the_answer_alone_once_it_comes_again(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, due = tmp_path / "paris.apkg", clock().date() + timedelta(9)
    text = "==Paris=={#c1} is\n\n---\n\na city"
    note = ForeignNote("g", "", text, card=CardStyle.CLOZE, deck=("Cities",))
    known = Schedule("g", "cloze:c1", Stage.REVIEW, due=due, stability=9.0, difficulty=5.0)
    foreign = Foreign((note,), (known,))
    writers.writer("anki").write(path, foreign, clock(), lambda *_: None)

    def memories() -> list[Any]:
        with reading(engine) as connection:
            return [tuple(row) for row in connection.execute(select(tables.memory))]

    with monkeypatch.context() as older:
        older.setattr(apkg, "with_extra", lambda text, extra: f"{text}\n\n{extra}")
        assert bring(engine, clock, path).cards == 1
    before = memories()
    done = bring(engine, clock, path)
    assert (done.cards, done.changed, memories()) == (0, 1, before)
    assert before
    (page,) = (library.own_packs() / "paris").glob("*.md")
    assert text in page.read_text()
    assert is_as_here(bring(engine, clock, path))


def test_a_gap_of_several_cards_that_an_older_version_showed_is_hidden_once_it_comes_again(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, said = tmp_path / "words.anki2", "{{c2::two}} and {{c1,3::one}}"
    collection(path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE notes SET flds = ? WHERE guid = 'g12'", (said,))
    with monkeypatch.context() as older:
        older.setattr(ankigap, "_ENDS", re.compile(r"\{\{c(\d{1,3})::|\}\}"))
        bring(engine, clock, path)
    done = bring(engine, clock, path)
    assert (len(done.questions), done.changed) == (1, 1)
    texts = "".join(one.read_text() for one in (library.own_packs() / "words").glob("*.md"))
    assert "==two=={#c2} and ==one=={#c1}\n" in texts
    assert "{{c" not in texts
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert (sent.fields["g12"][1], sent.changed) == (said, set())
    assert [place for guid, place in sent.orders if guid == "g12"] == [0, 1, 2]


@pytest.mark.parametrize("has_guid", [True, False])
def test_what_was_edited_since_an_older_version_asked_it_is_no_conflict(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_guid: bool
) -> None:
    path = tmp_path / "paris.txt"
    head = "#notetype:Cloze\n#guid column:1\ng" if has_guid else "#notetype:Cloze\n"
    text = "{{c1::Paris}} is\ta city\n"
    path.write_text(f"{head}\t{text}" if has_guid else f"{head}{text}")
    with monkeypatch.context() as older:
        older.setattr(ankitext, "with_extra", lambda text, extra: f"{text}\n\n{extra}")
        bring(engine, clock, path)
    (page,) = (library.own_packs() / "paris").glob("*.md")
    page.write_text(page.read_text().replace("\na city", "\na town"))
    library.refresh(desk_of(engine, clock))
    done = bring(engine, clock, path)
    assert is_as_here(done)
    assert done.problems == ()
    assert "\na town" in page.read_text()
    if has_guid:
        path.write_text(path.read_text().replace("a city", "a large city"))
        (problem,) = bring(engine, clock, path).problems
        assert "and so has yours" in problem.message


def test_the_ease_of_a_card_goes_back_with_it(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    path, sent = tmp_path / "words.anki2", tmp_path / "back.apkg"
    collection(path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE cards SET factor = id + 2000 WHERE id IN (100, 103)")
        base.execute("UPDATE cards SET factor = 7 WHERE id = 105")
    bring(engine, clock, path)
    for _ in range(2):
        send(engine, clock, sent)
        with closing(sqlite3.connect(tmp_path / "collection.anki21")) as base:
            eases = base.execute(
                "SELECT guid, ord, factor FROM cards JOIN notes ON notes.id = nid "
                "WHERE factor AND guid LIKE 'g1_' ORDER BY guid, ord"
            ).fetchall()
        assert eases == [("g10", 0, 2100), ("g11", 0, 2500), ("g12", 0, 2103), ("g13", 0, 2500)]
        assert is_as_here(bring(engine, clock, sent))


def test_of_two_pictures_with_one_name_one_keeps_it(
    engine: Engine, clock: Clock, page: Callable[..., None], tmp_path: Path
) -> None:
    words, more = library.own_packs() / "words", library.own_packs() / "more"
    shutil.copytree(words, more)
    for path in (*more.glob("*.md"), more / origin.FILE):
        text = re.sub(r"\bg1(\d)", r"h1\1", path.read_text())
        path.write_text(text.replace('pack: "words"', 'pack: "more"'))
    (more / "media" / "a b.png").write_bytes(b"\x89PNG another")
    library.refresh(desk_of(engine, clock))
    sent = send(engine, clock, tmp_path / "back.apkg")
    assert len(sent.fields) == 2 * len(FIELDS) - 1
    assert {"a b.png", "a b-2.png"} <= sent.media


def theirs(path: Path, at: int) -> Any:
    """A collection of Anki's own, with types of the learner's, and a card of each reviewed at *at*,
    a time in milliseconds."""
    from anki.collection import Collection  # type: ignore[import-not-found]

    col = Collection(str(path))
    for name in THEIRS:
        if kind := col.models.by_name(name.removeprefix("My ")):
            kind["name"], kind["css"] = name, ".card { color: teal }"
            col.models.update_dict(kind)
    words = col.models.new("Words")
    for name in ("Word", "Meaning", "Example"):
        col.models.add_field(words, col.models.new_field(name))
    for name, front, back in (
        ("Recognise", "{{Word}}", "{{FrontSide}}<hr id=answer>{{Meaning}}<br>{{Example}}"),
        ("Say", "{{Meaning}}", "{{FrontSide}}<hr id=answer>{{Word}}"),
    ):
        template = col.models.new_template(name)
        template["qfmt"], template["afmt"] = front, back
        col.models.add_template(words, template)
    col.models.add(words)
    Path(col.media.dir(), "dog.png").write_bytes(b"\x89PNG")
    for name, said in THEIRS.items():
        note = col.new_note(col.models.by_name(name))
        note.fields, note.tags = said, ["animal"]
        col.add_note(note, col.decks.id("Lang::Spanish"))
    for nth, card in enumerate(map(col.get_card, col.find_cards(""))):
        card.type = card.queue = 2
        card.due, card.ivl, card.reps = col.sched.today + 5, 7, 1
        col.update_card(card)
        review = (at + nth, card.id, -1, 3, 7, 0, 2500, 4000, 0)
        col.db.execute("INSERT INTO revlog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *review)
    return col


def test_anki_itself_takes_its_notes_back(tmp_path: Path, engine: Engine, clock: Clock) -> None:
    """Where Anki's own package is there: it takes what was edited here, and all else stays."""
    pytest.importorskip("anki", reason="Anki's Python package is not here")
    from anki.collection import ExportAnkiPackageOptions, ImportAnkiPackageRequest

    col = theirs(tmp_path / "theirs.anki2", int(clock().timestamp() * 1000) - 86_400_000)
    given, back = tmp_path / "theirs.apkg", tmp_path / "back.apkg"

    def stands() -> tuple[Any, ...]:
        cards = map(col.get_card, col.find_cards(""))
        kept = [(one.id, one.nid, one.ord, one.did, one.due, one.ivl, one.queue) for one in cards]
        types = [col.models.get(one.id) for one in col.models.all_names_and_ids()]
        return kept, types, col.db.all("SELECT * FROM revlog")

    def take() -> tuple[int, ...]:
        send(engine, clock, back, "theirs", at=datetime.now().astimezone() + timedelta(hours=1))
        options = col._backend.get_import_anki_package_presets()
        options.with_scheduling = True
        request = ImportAnkiPackageRequest(package_path=str(back), options=options)
        log = col.import_anki_package(request).log
        return len(log.new), len(log.updated), len(log.duplicate), len(log.conflicting)

    for legacy, old, new in ((False, "dog\n", "hound\n"), (True, "los <u>", "tres <u>")):
        before = stands()
        options = ExportAnkiPackageOptions(with_scheduling=True, with_media=True, legacy=legacy)
        given.unlink(missing_ok=True)
        col.export_anki_package(out_path=str(given), options=options, limit=None)
        bring(engine, clock, given)
        assert take() == (0, 0, 4, 0)
        (file,) = (library.own_packs() / "theirs").glob("*.md")
        file.write_text(file.read_text().replace(old, new))
        library.refresh(desk_of(engine, clock))
        assert take() == (0, 1, 3, 0)
        assert stands() == before
    basic, both, cloze, words = (col.get_note(one).fields for one in sorted(col.find_notes("")))
    assert basic == ["el perro <img src='dog.png'>", "the <b>red</b> hound"]
    assert words == ["ox", "un buey", "Aran tres <u>bueyes</u>."]
    assert [both, cloze] == list(THEIRS.values())[1:3]
    assert col.fix_integrity()
    col.close()
