"""What is written for other programs comes back as it was, but for what is told to be lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import ankihtml, formats, writers
from studyapp.notes.foreign import (
    Foreign,
    ForeignNote,
    ForeignReview,
    Media,
    Moment,
    Schedule,
    Stage,
)
from studyapp.notes.note import CardStyle
from studyapp.notes.outgoing import Lost

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
TODAY = NOW.date()
DECK = ("Lang", "Spanish")
OX = ForeignNote("g1", "**ox**", "an ox", deck=DECK, tags=("animal", "big"))
CAT = ForeignNote("g2", "gato", "cat", card=CardStyle.BOTH, deck=DECK)
SUM = ForeignNote("g3", "", "The ==sum=={#c1} of ==$a+b$=={#c2}", card=CardStyle.CLOZE, deck=DECK)
HEADED = ForeignNote("g4", "Sums", "a ==sum=={#c2}", card=CardStyle.CLOZE, deck=("Maths",))
NOTES = (OX, CAT, SUM, HEADED)
KNOWN = (
    Schedule(
        "g1",
        "answer",
        Stage.REVIEW,
        due=TODAY + timedelta(5),
        last=TODAY - timedelta(2),
        interval=7,
        stability=7.5,
        difficulty=5.25,
        reps=2,
        lapses=1,
    ),
    Schedule("g2", "answer", Stage.NEW, buried=True),
    Schedule(
        "g2",
        "reversed",
        Stage.RELEARNING,
        due=TODAY,
        last=TODAY,
        stability=0.5,
        difficulty=9.0,
        reps=3,
        lapses=1,
        suspended=True,
    ),
)
LOG = (
    ForeignReview(
        "g1",
        "answer",
        NOW - timedelta(9),
        TODAY - timedelta(9),
        3,
        Moment.LEARNING,
        timedelta(0, 4),
    ),
    ForeignReview("g1", "answer", NOW - timedelta(2), TODAY - timedelta(2), 1, Moment.REVIEW),
    ForeignReview("g1", "answer", NOW - timedelta(1), TODAY - timedelta(1), 4, Moment.CRAM),
    ForeignReview("g2", "reversed", NOW, TODAY, 1, Moment.RELEARNING),
    ForeignReview("g2", "answer", NOW, TODAY, 2, Moment.LEARNING),  # at the same moment
)
PICTURE = Media("a b.png", lambda: b"\x89PNG")
ALL = Foreign(NOTES, KNOWN, LOG, (PICTURE,))


def written(path: Path, form: str, foreign: Foreign) -> Lost:
    lost = writers.writer(form).write(path, foreign, NOW, lambda done, of: None)
    return Lost({told: count for told, count in lost.items() if count})


def back(path: Path, form: str, foreign: Foreign) -> Foreign:
    """What the reader of the format finds in what its writer has made of it."""
    written(path, form, foreign)
    name, found = formats.read(path)
    assert name == form
    return found


def bare(notes: Iterable[ForeignNote], **other: Any) -> list[ForeignNote]:
    """Notes without what tells of the file alone."""
    return [replace(note, line=0, shape="", **other) for note in notes]


def test_a_package_of_anki_has_all(tmp_path: Path) -> None:
    found = back(tmp_path / "x.apkg", "anki", ALL)
    assert found.notes == NOTES
    assert {one for one in found.schedules if one.stage is not Stage.NEW or one.buried} == {*KNOWN}
    same = [replace(one, at=one.at + timedelta(milliseconds=one is LOG[4])) for one in LOG]
    assert list(found.reviews) == same
    assert [(one.name, one.read()) for one in found.media] == [("a b.png", b"\x89PNG")]
    assert found.problems == ()
    assert written(tmp_path / "x.apkg", "anki", ALL) == Lost()


def test_a_text_of_anki_has_the_notes(tmp_path: Path) -> None:
    found = back(tmp_path / "x.txt", "anki-text", ALL)
    headed = replace(HEADED, question="", answer="Sums\n\na ==sum=={#c2}")
    assert bare(found.notes) == [OX, CAT, SUM, headed]
    assert found.problems == ()
    assert written(tmp_path / "x.txt", "anki-text", ALL) == {
        ("review", "left out"): 5,
        ("schedule", "left out"): 3,
        ("file", "beside a note, left out"): 1,
        ("heading", "of a hidden text, put in the text"): 1,
    }


EXTRA = replace(SUM, guid="g5", answer=f"{SUM.answer}\n\n---\n\nAs **ever**\n\n---\n\nand ever")


@pytest.mark.parametrize("form", ["anki", "anki-text", "hashcards", "obsidian"])
def test_what_only_the_answer_shows_stays_so_or_is_told(tmp_path: Path, form: str) -> None:
    path = tmp_path / ("x.apkg" if form == "anki" else "x.txt" if form == "anki-text" else "x.md")
    lost = written(path, form, Foreign((EXTRA,)))
    told = lost["hidden text", "with more for its answer alone, shown while asking there"]
    (note,) = formats.reader(form).read(path).notes
    if form.startswith("anki"):
        assert (note.answer.replace("***", "---"), told) == (EXTRA.answer, 0)
    else:
        assert ("and ever" in note.answer, told) == (True, 1)


def test_hashcards_has_what_is_asked(tmp_path: Path) -> None:
    waiting = ForeignNote("g5", "why?", deck=DECK)
    found = back(tmp_path / "x.md", "hashcards", Foreign((*NOTES, waiting), KNOWN, LOG))
    assert [(one.question, one.answer) for one in found.notes] == [
        ("**ox**", "an ox"),
        ("gato", "cat"),
        ("", "The ==sum=={#1} of ==$a+b$=={#2}"),
        ("", "Sums\n\na ==sum=={#1}"),
    ]
    assert [(one.guid, one.card) for one in found.notes[:2]] == [
        (OX.guid, CardStyle.ANSWER),
        (CAT.guid, CardStyle.BOTH),  # from two cards there
    ]
    assert found.problems == ()
    lost = written(tmp_path / "x.md", "hashcards", Foreign((*NOTES, waiting), KNOWN, LOG))
    assert lost == {
        ("review", "left out"): 5,
        ("schedule", "left out"): 3,
        ("deck", "put into one"): 2,
        ("note", "with tags, which stay here"): 1,
        ("note", "asked both ways, which is two cards there"): 1,
        ("heading", "of a hidden text, put in the text"): 1,
        ("question", "without an answer, left out"): 1,
    }
    alone = back(tmp_path / "x.md", "hashcards", Foreign((OX,)))
    assert [note.deck for note in alone.notes] == [("Lang::Spanish",)]


def test_obsidian_has_the_schedules(tmp_path: Path) -> None:
    found = back(tmp_path / "x.md", "obsidian", ALL)
    headed = replace(HEADED, question="", answer="Sums\n<br>\na ==sum=={#c2}")
    assert bare([OX, CAT, SUM, headed], tags=()) == bare(found.notes)
    assert list(found.schedules) == [replace(one, suspended=None, buried=None) for one in KNOWN]
    assert found.problems == ()
    assert written(tmp_path / "x.md", "obsidian", ALL) == {
        ("review", "left out"): 5,
        ("card", "suspended or buried, not marked as such"): 2,
        ("note", "with tags, which stay here"): 1,
        ("heading", "of a hidden text, put in the text"): 1,
    }


@pytest.mark.parametrize("form", ["anki", "anki-text", "hashcards", "obsidian"])
def test_a_text_that_looks_like_a_mark_stays_in_its_note(tmp_path: Path, form: str) -> None:
    texts = ["a\n\nQ: b", "a\n\n---\n\nC: b", "a::b", "#html:false", "?", "# a", '"', "<!-- -->b"]
    hides = ForeignNote("h", "", "a ==x=={#c1} {{c2::y}} b::c [d]", card=CardStyle.CLOZE)
    notes = [ForeignNote(text, text, text) for text in texts]
    found = back(tmp_path / "x", form, Foreign((*notes, hides)))
    assert len(found.notes) == len(texts) + 1
    assert [note.card for note in found.notes].count(CardStyle.CLOZE) == 1
    assert found.problems == ()


def test_a_sound_is_played_however_it_is_embedded() -> None:
    text = "![](media/a%20b.mp3) ![c](media/c.png)"
    assert ankihtml.field(text) == '[sound:a b.mp3] <img src="c.png" alt="c">'


def test_a_picture_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    def gone() -> bytes:
        raise OSError("gone")

    foreign = Foreign((OX,), media=(Media("x.png", gone), PICTURE))
    lost = written(tmp_path / "x.apkg", "anki", foreign)
    assert lost == {("file", "beside a note, left out, as it cannot be read"): 1}
    assert [one.name for one in formats.read(tmp_path / "x.apkg")[1].media] == ["a b.png"]


# --- laws ---------------------------------------------------------------------------------------

WORDS = [
    "dog",
    "el perro",
    "**b**",
    "*i*",
    "`a < b`",
    "$x_1$",
    "R&D",
    "1 < 2",
    "a\\*b",
    "x<sub>2</sub>",
    "née",
    "::",
    "Q:",
    "?",
]
lines = st.lists(st.sampled_from(WORDS), max_size=4).map(lambda found: " ".join(["The", *found]))
blocks = st.one_of(
    lines,
    st.lists(lines, min_size=1, max_size=3).map(lambda found: "\n".join(f"- {x}" for x in found)),
    lines.map(lambda line: f"> {line}"),
    lines.map(lambda line: f"```python\n{line}\n```"),
    st.just("| a | b |\n| --- | --- |\n| 1 | **2** |"),
    st.just("$$x^2 < y$$"),
    st.just("![a dog](media/el%20perro.png)"),
    st.just("a line\\\nand another"),
)
texts = st.lists(blocks, min_size=1, max_size=3).map("\n\nThen\n\n".join)
hidden = st.lists(lines, min_size=1, max_size=3).map(
    lambda found: "\n\n".join(
        f"{line} ==h {at}=={{#c{at}}} end" for at, line in enumerate(found, 1)
    )
)
asked = st.builds(
    ForeignNote,
    st.just(""),
    texts,
    texts,
    card=st.sampled_from([CardStyle.ANSWER, CardStyle.BOTH]),
    tags=st.sampled_from([(), ("one", "two")]),
)
hiding = st.builds(ForeignNote, st.just(""), st.just(""), hidden, card=st.just(CardStyle.CLOZE))
several = st.lists(st.one_of(asked, hiding), min_size=1, max_size=3).map(
    lambda found: [replace(note, guid=f"g{at}", deck=DECK) for at, note in enumerate(found)]
)


def carried(form: str, notes: list[ForeignNote]) -> Iterable[tuple[Any, ...]]:
    """What of the notes a format can carry, each once."""
    for note in notes:
        question, answer = note.question, note.answer
        if form == "hashcards":
            answer = re.sub(r"\{#c(\d)\}", r"{#\1}", answer)
            yield note.guid, note.card, question, answer
        elif form == "obsidian":
            question, answer = map(without_blanks, (question, answer))
            yield note.guid, note.card, question, answer, note.deck
        else:
            yield note.guid, note.card, question, answer, note.deck, note.tags


def without_blanks(text: str) -> str:
    """Code parts itself from what is around it; a table needs a rule."""
    for before, after in (("```\n\n", "```\n"), ("\n\n```", "\n```"), ("|\n\n", "|\n***\n")):
        text = text.replace(before, after)
    return text.replace("\n\n", "\n<br>\n")


@pytest.mark.parametrize("form", ["anki", "anki-text", "hashcards", "obsidian"])
@settings(max_examples=20, deadline=None)
@given(notes=several)
def test_what_a_format_can_carry_comes_back(
    form: str, notes: list[ForeignNote], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"law.{form}"
    found = back(path, form, Foreign(tuple(notes)))
    expected = list(carried(form, notes))
    got = list[tuple[Any, ...]]()
    for note in found.notes:
        if form == "hashcards":
            got.append((note.guid, note.card, note.question, note.answer))
        elif form == "obsidian":
            got.append((note.guid, note.card, note.question, note.answer, note.deck))
        else:
            got.append((note.guid, note.card, note.question, note.answer, note.deck, note.tags))
    assert got == expected


SIGNS = ["a::b", "c:::d", "::", "x == y", "{{e}}", "`f::g`", "$h::i$", "j;;k", "??", "=="]
signs = st.lists(st.sampled_from(["The", *SIGNS]), min_size=1, max_size=5).map(" ".join)
marked = st.builds(
    ForeignNote,
    st.just(""),
    signs.map(lambda said: f"Is {said} it?"),
    signs.map(lambda said: f"It {said}"),
    card=st.sampled_from([CardStyle.ANSWER, CardStyle.BOTH]),
)
hides_signs = signs.map(
    lambda said: ForeignNote(
        "",
        "",
        f"Of {said}: ==h; {said.replace('==', '')}!=={{#c1}} and {said}.",
        card=CardStyle.CLOZE,
    )
)


def as_the_plugin_has_it(text: str) -> list[str]:
    """Which cards Obsidian's plugin takes a text for, by its parser of 2024."""
    found, kind = list[str](), ""
    for line in [*text.split("\n"), ""]:
        at = max(line.find("::"), 0)
        in_code = line.count("`", 0, at) % 2 and line.count("`", at) % 2
        if not line:
            found += [kind] if kind else []
            kind = ""
        elif "::" in line and not in_code:
            found.append("::")
            kind = ""
        elif line in ("?", "??"):
            kind = line
        elif not kind and re.search("==.+==", line):
            kind = "=="
    return found


@settings(max_examples=40, deadline=None)
@given(notes=st.lists(st.one_of(marked, hides_signs), min_size=1, max_size=3))
def test_no_sign_of_obsidian_in_a_note_is_read_as_one(
    notes: list[ForeignNote], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "signs.md"
    notes = [replace(one, guid=f"g{at}", deck=DECK) for at, one in enumerate(notes)]
    found = back(path, "obsidian", Foreign(tuple(notes)))
    assert [(one.card, one.question, one.answer) for one in found.notes] == [
        (one.card, one.question, one.answer) for one in notes
    ]
    lost = written(path, "obsidian", Foreign(tuple(notes)))
    if not any("::" in noun for _, noun in lost):  # code, of which it counts the marks
        signs = {CardStyle.ANSWER: "?", CardStyle.BOTH: "??", CardStyle.CLOZE: "=="}
        assert as_the_plugin_has_it(path.read_text()) == [signs[one.card] for one in notes]


def test_what_obsidian_takes_for_a_card_in_code_is_told(tmp_path: Path) -> None:
    text = "a ``b::c`` d\n\n```\ne::f\n```"
    notes = (ForeignNote("g", "Is `b::c` it?", "yes"), ForeignNote("h", "What is it?", text))
    told = ("note", "with :: in code, which may be another card there")
    assert written(tmp_path / "x.md", "obsidian", Foreign(notes))[told] == 1
    assert [one.question for one in back(tmp_path / "x.md", "obsidian", Foreign(notes)).notes] == [
        "Is `b::c` it?",
        "What is it?",
    ]


# --- Anki itself --------------------------------------------------------------------------------


def test_anki_itself_has_the_same(tmp_path: Path) -> None:
    """Where Anki's own package is there: it takes all, and of what comes again only what is new."""
    pytest.importorskip("anki", reason="Anki's Python package is not here")
    from anki.collection import (  # type: ignore[import-not-found]
        Collection,
        ImportAnkiPackageRequest,
    )

    now = datetime.now().astimezone()
    moved = now.date() - timedelta(now.hour < 4) - TODAY
    ahead = [
        replace(one, due=one.due and one.due + moved, last=one.last and one.last + moved)
        for one in KNOWN
    ]
    log = [replace(one, at=one.at + moved, day=one.day + moved) for one in LOG]
    path, col = tmp_path / "x.apkg", Collection(str(tmp_path / "own.anki2"))

    def bring(at: datetime, *notes: ForeignNote) -> Any:
        foreign = Foreign(notes, tuple(ahead), tuple(log), (PICTURE,))
        writers.writer("anki").write(path, foreign, at, lambda done, of: None)
        options = col._backend.get_import_anki_package_presets()
        options.with_scheduling = True
        return col.import_anki_package(
            ImportAnkiPackageRequest(package_path=str(path), options=options)
        ).log

    def cards() -> dict[tuple[str, int], Any]:
        return {(one.note().guid, one.ord): one for one in map(col.get_card, col.find_cards(""))}

    bring(now, *NOTES)
    known = cards()
    assert set(known) == {("g1", 0), ("g2", 0), ("g2", 1), ("g3", 0), ("g3", 1), ("g4", 1)}
    ox = known["g1", 0]
    assert (ox.due - col.sched.today, ox.ivl, ox.reps, ox.lapses, ox.queue) == (5, 7, 2, 1, 2)
    assert (ox.memory_state.stability, ox.memory_state.difficulty) == (7.5, 5.25)
    assert (known["g2", 0].queue, known["g2", 1].queue) == (-3, -1)
    assert col.decks.name(ox.did) == "Lang::Spanish"
    assert ox.note().tags == ["animal", "big"]
    assert "[...]" in known["g4", 1].question()
    assert "Sums" in known["g4", 1].question()
    kept = col.db.all("SELECT id, ease, type FROM revlog ORDER BY id")
    assert kept == [
        [int(one.at.timestamp() * 1000) + (one is log[4]), one.rating, kind]
        for one, kind in zip(log, (0, 1, 3, 2, 0), strict=True)
    ]
    assert col.fix_integrity()[1]

    again = bring(now + timedelta(minutes=1), replace(OX, answer="a big ox"), *NOTES[1:])
    assert (len(again.new), len(again.updated)) == (0, 4)
    assert cards()["g1", 0].note().fields == ["<strong>ox</strong>", "a big ox"]
    assert cards().keys() == known.keys()
    assert cards()["g1", 0].due == ox.due
    assert col.db.all("SELECT id, ease, type FROM revlog ORDER BY id") == kept
    col.close()
