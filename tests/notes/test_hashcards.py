"""Markdown of hashcards comes in whole, and what is in no card is told with its line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.errors import StudyError
from studyapp.notes import blake3, formats, hashcards, hashlog
from studyapp.notes.card import find_clozes
from studyapp.notes.foreign import Moment, Schedule, Stage
from studyapp.notes.note import CardStyle

PATH = Path("deck.md")
TEXT = """---
name = "Chemistry"
---
# Water

Q: What is
water?
A: H2O

and more
---
C: The [cat] is \\[not\\] [black]: ![a](a.png), a==b, [by] night
Q: What runs?
A: ```
Q: no card
---
```

Q: Nothing yet
---
perro::dog
"""


def test_each_kind_of_card_is_read_with_its_line() -> None:
    found = hashcards.parse(TEXT, PATH)
    assert [(note.line, note.card, note.question, note.answer) for note in found.notes] == [
        (6, CardStyle.ANSWER, "What is\nwater?", "H2O\n\nand more"),
        (
            12,
            CardStyle.CLOZE,
            "",
            "The ==cat=={#1} is \\[not\\] ==black=={#2}: ![a](a.png), a=\\=b, ==by=={#3} night",
        ),
        (13, CardStyle.ANSWER, "What runs?", "```\nQ: no card\n---\n```"),
        (19, CardStyle.ANSWER, "Nothing yet", ""),
        (21, CardStyle.ANSWER, "perro", "dog"),
    ]
    assert {note.deck for note in found.notes} == {("Chemistry",)}
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "this is in no card, and is not read"),
        (19, "this question has no answer yet"),
    ]


def test_without_a_name_the_deck_is_called_as_the_file() -> None:
    for begins in ("", "---\nnothing = 1\n---\n"):
        (note,) = hashcards.parse(f"{begins}Q: a\r\nA: b\r\n", PATH).notes
        assert (note.question, note.answer, note.deck) == ("a", "b", ("deck",))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("A: alone\n", 1, "an answer without a question"),
        ("Q:\nA: x\n", 1, "a card without a text"),
        ("C: nothing\n", 1, "a text that hides nothing: it has no [brackets]"),
        (
            "C: [a\nb] c\n",
            1,
            "a hidden text that stands in code, or on several lines, cannot be kept",
        ),
        ("Q: a\nA: b\n---\nQ: a\nA: b\n", 4, "this card is on line 1 already, word for word"),
        ("---\nname = \n---\nQ: a\nA: b\n", 1, "these lines name no deck: they are no TOML"),
        ("prose\nmore\n", 1, "up to line 2: this is in no card, and is not read"),
    ],
)
def test_what_is_not_read_is_told(text: str, line: int, why: str) -> None:
    assert any(
        one.line == line and one.message.startswith(why)
        for one in hashcards.parse(text, PATH).problems
    )


def test_the_format_is_seen_by_the_first_card(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in (TEXT, "# Title\n\nC: a [b]\n"):
        path.write_text(text)
        assert formats.recognise(path) == "hashcards"
    path.write_text("## What?\n\nQ: is a letter.\n")
    assert formats.recognise(path) == "notes"


FIELDS = st.text("ab é?*_`-[]\\!(", min_size=1, max_size=12).map(lambda text: f"x{text.strip()}y")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(FIELDS, FIELDS), max_size=5, unique=True))
def test_written_cards_are_read_back(cards: list[tuple[str, str]]) -> None:
    cards = [card for card in cards if "`" not in "".join(card)]
    text = "\n".join(f"Q: {front}\nA: {back}\n---" for front, back in cards)
    assert [(one.question, one.answer) for one in hashcards.parse(text, PATH).notes] == cards


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.text("ab é=*", min_size=1, max_size=6), max_size=4))
def test_each_bracket_hides_one_text(words: list[str]) -> None:
    hidden = [f"x{word}y".replace("==", "") for word in words]
    found = hashcards.parse("C: so " + " then ".join(f"[{word}]" for word in hidden), PATH)
    texts = [cloze.text for note in found.notes for cloze in find_clozes(note.answer)]
    assert texts == hidden


# The database


def database(path: Path, *, grade: str = "good", due: str = "2026-03-09") -> None:
    """As hashcards writes it, of the cards "Q: a?", "A: b" and "C: é [x] [y]"."""
    question, first = hashlog.of_question("a?", "b"), hashlog.of_hidden("é [x] [y]")[0]
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(
            "CREATE TABLE cards (card_hash text primary key, added_at text not null, "
            "last_reviewed_at text, stability real, difficulty real, interval_raw real, "
            "interval_days integer, due_date text, review_count integer not null) strict;"
            "CREATE TABLE reviews (review_id integer primary key, session_id integer not null, "
            "card_hash text not null, reviewed_at text not null, grade text not null) strict;"
        )
        base.executemany(
            "INSERT INTO cards VALUES (?, '', NULL, ?, ?, NULL, NULL, ?, ?)",
            [(question, 4.5, 5.5, due, 2), (first, None, None, None, 0), ("gone", 1, 1, due, 1)],
        )
        base.executemany(
            "INSERT INTO reviews VALUES (?, 1, ?, ?, ?)",
            [
                (1, question, "2026-03-01T23:59:59.123", "forgot"),
                (2, question, "2026-03-04T08:00:00.000", grade),
                (3, first, "2026-03-04T08:00:01.000", "easy"),
                (4, "gone", "2026-03-04T08:00:02.000", "easy"),
            ],
        )


def test_the_database_of_the_folder_has_schedules_and_reviews(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "a.md"
    path.parent.mkdir()
    path.write_text("Q: a?\nA: b\n---\nC: é [x] [y]\n")
    database(tmp_path / "hashcards.db")
    found = hashcards.read(path)
    guid = found.notes[0].guid
    assert found.schedules == (
        Schedule(
            guid,
            "answer",
            Stage.REVIEW,
            due=date(2026, 3, 9),
            last=date(2026, 3, 4),
            interval=5,
            stability=4.5,
            difficulty=5.5,
            reps=2,
            lapses=None,
            suspended=None,
            buried=None,
        ),
    )
    assert [(one.guid, one.side, one.day.day, one.rating, one.kind) for one in found.reviews] == [
        (guid, "answer", 1, 1, Moment.LEARNING),
        (guid, "answer", 4, 3, Moment.REVIEW),
        (found.notes[1].guid, "cloze:1", 4, 4, Moment.LEARNING),
    ]
    assert found.reviews[0].at == datetime(2026, 3, 1, 23, 59, 59, 123000).astimezone()


@pytest.mark.parametrize(
    ("said", "why"),
    [({"grade": "fine"}, "the grade 'fine'"), ({"due": "soon"}, "that is due on 'soon'"), ({}, "")],
)
def test_a_database_that_says_nonsense_is_refused(
    tmp_path: Path, said: dict[str, str], why: str
) -> None:
    path, base = tmp_path / "a.md", tmp_path / "hashcards.db"
    path.write_text("Q: a?\nA: b\n")
    if said:
        database(base, **said)
    else:
        base.write_text("nothing")
    with pytest.raises(StudyError, match=rf"hashcards\.db is no database of hashcards: .*{why}"):
        hashcards.read(path)


def test_a_card_is_called_as_hashcards_calls_it() -> None:
    """The hashes are those of the reference program of BLAKE3, made of the same bytes."""
    assert blake3.hexdigest(b"abc") == (
        "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    )
    three_chunks = bytes(at % 251 for at in range(3073))
    assert blake3.hexdigest(three_chunks) == (
        "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"
    )
    assert hashlog.of_question("a", "b") == blake3.hexdigest(b"Basicab")
    text, first, second = "é x [ ![p](q) y".encode(), (3, 3), (15, 15)
    assert hashlog.of_hidden("é [x] \\[ ![p](q) [y]") == [
        blake3.hexdigest(b"Cloze" + text + pack("<QQ", *place)) for place in (first, second)
    ]


OTHERS = """Q: one?
A: a1

### Below

- x

- Q: two?
- A: a2

## What is three?

a3

C: [hidden] text

| Question | Answer |
|---|---|
| What four? | a4 |

Q: five?
A: a5

1. What six?
   a6
"""


def test_an_answer_ends_where_something_of_another_shape_asks(tmp_path: Path) -> None:
    """But what hashcards itself has shown, or what went there from here, is read as it reads it."""
    found = hashcards.parse(OTHERS, Path("a.md"))
    assert [(note.line, note.question, note.answer) for note in found.notes] == [
        (1, "one?", "a1\n\n### Below\n\n- x"),
        (8, "two?", "a2"),
        (11, "What is three?", "a3"),
        (15, "", "==hidden=={#1} text"),
        (19, "What four?", "a4"),
        (21, "five?", "a5"),
        (24, "What six?", "a6"),
    ]
    assert {note.deck for note in found.notes} == {("a",)}
    assert len(hashcards.parse(f"<!-- studyapp: x -->\n{OTHERS}", Path("a.md")).notes) == 3
    database(tmp_path / "hashcards.db")
    (tmp_path / "a.md").write_text(OTHERS)
    assert len(hashcards.read(tmp_path / "a.md").notes) == 3


def test_options_and_questions_in_an_answer_are_told() -> None:
    text = "Q: which?\nA: this\nB: that\n\nQ: two?\nA: a2\n\n1. What is one?\n2. What is it?\n"
    found = hashcards.parse(text, Path("a.md"))
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "the options below this question may be a choice: they are read as its answer"),
        (8, "up to line 9: this may be a note, and is read as part of an answer"),
    ]


@pytest.mark.parametrize(
    "below", ["What is two?\n\nIt is 2.", "two? :: 2", "two :: 2", "**Two**: 2"]
)
def test_what_would_be_a_note_apart_from_an_answer_is_told(below: str) -> None:
    found = hashcards.parse(f"Q: one?\nA: 1\n\n{below}\n", Path("a.md"))
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "this may be a note, and is read as part of an answer")
    ]


@pytest.mark.parametrize("head", ["", "## Glossary\n", "### Key Terms\n", "Terms to know:\n\n"])
def test_terms_below_an_answer_are_notes_of_their_own(head: str) -> None:
    terms = "- **Heap**: tree\n- **Trie**: letters\n"
    text = f"Q: one?\nA: 1\n\n{head}{terms}\n### More\nQ: two?\nA: 2\n"
    notes = hashcards.parse(text, Path("a.md")).notes
    assert [(note.question, note.answer) for note in notes] == [
        ("one?", "1"),
        ("Heap", "tree"),
        ("Trie", "letters"),
        ("two?", "2"),
    ]
    found = hashcards.parse(f"Q: one?\nA: These:\n\n{terms}", Path("a.md"))
    assert [note.answer for note in found.notes] == [f"These:\n\n{terms}".rstrip()]
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "up to line 5: this may be a note, and is read as part of an answer")
    ]


def test_what_a_chat_says_around_its_cards_is_told() -> None:
    text = "Q: one?\nA: 1\n\n**Card 2**\nQ: two?\nA: 2\n\nLet me know if you want more!\n"
    found = hashcards.parse(text, Path("a.md"))
    assert [note.answer for note in found.notes] == ["1", "2\n\nLet me know if you want more!"]
    assert [one.line for one in found.problems] == [4, 8]


def test_a_heading_beside_that_of_a_card_ends_its_answer() -> None:
    text = "# A\n\nQ: one?\nA: a1\n\n## Its own\n\n## Too\n\n# B\n\nQ: two?\nA: a2\n"
    found = hashcards.parse(text, Path("a.md"))
    assert [note.answer for note in found.notes] == ["a1\n\n## Its own\n\n## Too", "a2"]
