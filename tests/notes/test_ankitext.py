"""Anki's text comes in whole: all keys of its head, quotes, comments, and each type of note."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import ankitext, formats
from studyapp.notes.foreign import Foreign
from studyapp.notes.note import CardStyle

PATH = Path("deck.txt")
TEXT = '''#separator:tab
#html:true
#guid column:1
#notetype column:2
#deck column:3
#tags column:6
abc\tBasic\tA::B\t<b>front</b>\t"line 1<br>
line ""2"""\tt1 t2
#comment\tBasic\tA\tx\ty
def\tCloze\tA\tThe {{c1::cat::animal}} and {{c2::\\(x^2\\)}}\textra\t
"#x"\tBasic (and reversed card)\tC\tel perro\tthe dog<script>x</script>\t
ghi\tBasic\tC\t\tno front\t
'''


def parse(text: str) -> Foreign:
    return ankitext.parse(text, PATH)


def test_every_column_has_its_place() -> None:
    found = parse(TEXT)
    assert [
        (one.line, one.guid, one.card, one.question, one.answer, one.deck, one.tags)
        for one in found.notes
    ] == [
        (7, "abc", CardStyle.ANSWER, "**front**", 'line 1\\\nline "2"', ("A", "B"), ("t1", "t2")),
        (
            10,
            "def",
            CardStyle.CLOZE,
            "",
            "The ==cat=={#c1} (animal) and ==$x^2$=={#c2}\n\n---\n\nextra",
            ("A",),
            (),
        ),
        (11, "#x", CardStyle.BOTH, "el perro", "the dog", ("C",), ()),
    ]
    assert [(one.line, one.message) for one in found.problems] == [
        (11, "left out here: a script"),
        (12, "the first field, which asks, is empty; not read: no front"),
    ]


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        *[("tab", "\t"), ("pipe", "|"), ("semicolon", ";"), ("colon", ":"), ("comma", ",")],
        *[("space", " "), ("Semicolon", ";"), ("|", "|"), ("\t", "\t"), ("!", "!")],
    ],
)
def test_each_separator_is_known_by_name_or_as_it_is(name: str, sign: str) -> None:
    found = parse(f"#separator:{name}\r\n#columns:Front{sign}Back{sign}Tags\r\nq{sign}a{sign}t\r\n")
    assert [(one.question, one.answer, one.tags) for one in found.notes] == [("q", "a", ("t",))]


def test_what_holds_for_all_notes_stands_in_the_head() -> None:
    found = parse(
        "#separator:;\n#html:false\n#tags:a b\n#notetype:Basic (and reversed card)\n#deck:X::Y\n"
        "#columns:Front;Back;Extra\n<i>;# 1;more\n"
    )
    (note,) = found.notes
    assert (note.question, note.answer) == ("\\<i>", "\\# 1\n\n**Extra**\n\nmore")
    assert (note.card, note.deck, note.tags) == (CardStyle.BOTH, ("X", "Y"), ("a", "b"))


@pytest.mark.parametrize("columns", ["", "#columns:Front\tBack\tAdd Reverse\n"])
def test_a_note_that_may_be_reversed_says_so_in_a_field_of_its_own(columns: str) -> None:
    head = f"#separator:tab\n#notetype:Basic (optional reversed card)\n{columns}"
    found = parse(f"{head}cat\tKatze\ty\ndog\tHund\t\ncow\tKuh\n")
    assert [(one.question, one.answer, one.card) for one in found.notes] == [
        ("cat", "Katze", CardStyle.BOTH),
        ("dog", "Hund", CardStyle.ANSWER),
        ("cow", "Kuh", CardStyle.ANSWER),
    ]


def test_without_an_id_a_note_is_known_by_what_it_asks() -> None:
    one, other = parse("q\ta\n").notes, parse("q\tb\nq\tc\n").notes
    assert [note.guid for note in one] == [": q"]
    assert [note.guid for note in other] == [": q", ": q (2)"]


@pytest.mark.parametrize("said", ["0", "-1", "1000", "9" * 5000, "x"])
def test_a_column_that_cannot_be_is_none(said: str) -> None:
    found = parse(f"#guid column:{said}\nq\ta\n")
    assert [(one.question, one.answer) for one in found.notes] == [("q", "a")]


def test_a_number_that_cannot_be_hidden_here_is_a_question() -> None:
    two = "The {{c1::x<y}} {{c2::sat}} and {{c1::slept}}"
    found = parse(f"#guid column:1\n#columns:guid\tText\tBack\tMore\ng\t{two}\tb\tm\n")
    assert [(one.guid, one.question, one.answer, one.card) for one in found.notes] == [
        ("g", "", "The x\\<y ==sat=={#c2} and slept\n\n---\n\nb\n\n**More**\n\nm", CardStyle.CLOZE),
        (
            "g/c1",
            "The […] sat and […]",
            "The **x\\<y** sat and **slept**\n\nb\n\n**More**\n\nm",
            CardStyle.ANSWER,
        ),
    ]
    (alone,) = parse("{{c1::a}} or {{c1::b}}\tx\n").notes
    assert (alone.guid, alone.answer) == (": […] or […]", "**a** or **b**\n\nx")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("q\ta\nq\ta\n", 2, "this note is on line 1 already, word for word"),
        ("#separator:ab\nq\ta\n", 1, "'ab' separates nothing"),
        ("#html:true\n#colour:red\nq\ta\n", 2, "#colour: is no key of such a file"),
        ('q\t"a\nb\n', 1, "a quote in this record has no end"),
        (f"q\t{'a' * 120_000}\n", 1, "a field is longer than 100,000 characters"),
        (f"q\t{'a' * 140_000}\nr\ts\n", 1, "a field is longer than 100,000 characters"),
        ("#guid column:1\nx\t\t\n", 2, "a record without a text"),
        ("#html:true\nq\t{{c1::a {{c2::b}}}}\n", 2, ""),
    ],
)
def test_what_is_not_read_is_told(text: str, line: int, why: str) -> None:
    problems = [(one.line, one.message) for one in parse(text).problems]
    assert not why or any(one[0] == line and one[1].startswith(why) for one in problems)


def test_the_format_is_seen_by_its_head_or_its_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text in (TEXT, "#separator:comma\nq,a\n", "q\ta\nr\tb\n"):
        path.write_text(text)
        assert formats.recognise(path) == "anki-text"
    path.write_text("# What?\n\n\tThis.\n")
    assert formats.recognise(path) == "notes"


CELLS = st.text('ab é"\n#<&*_;', min_size=1, max_size=10).map(lambda text: f"x{text}y")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5, unique_by=lambda cells: cells[0]))
def test_written_records_are_read_back_as_so_many_notes(records: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows(records)
    found = parse(f"#separator:;\n#html:false\n#columns:Front;Back\n{out.getvalue()}")
    assert len(found.notes) == len(records)
    assert found.problems == ()


def test_a_text_of_anki_without_a_head_has_html() -> None:
    found = parse("f\tb\n<b>g</b>\tc<br>d\n")
    assert [(note.question, note.answer) for note in found.notes] == [
        ("f", "b"),
        ("**g**", "c\\\nd"),
    ]
    (plain,) = parse("<b>\tbold\n").notes
    assert plain.question == "\\<b>"


def test_the_names_of_columns_are_no_note() -> None:
    found = parse("Name,Answer,Last Reviewed\nWhat is it?,It.,Monday\n")
    assert [note.question for note in found.notes] == ["What is it?"]
    assert found.notes[0].answer == "It.\n\n**Last Reviewed**\n\nMonday"
    shown = parse('a\t<img src="gone.png">[sound:x.mp3]\n')
    assert [one.message for one in shown.problems] == [
        "left out here: a picture or a sound, which only a package has with it"
    ]
