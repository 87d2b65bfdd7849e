"""An edit of here finds its field among those of Anki's own types, or none is touched."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.notes import ankiedit, apkg
from studyapp.notes.ankiedit import Edit
from studyapp.notes.ankitype import NoteType, Template
from studyapp.notes.note import CardStyle
from studyapp.notes.origin import Original

BACK = "{{FrontSide}}\n\n<hr id=answer>\n\n"
BASIC = NoteType("B", ("Front", "Back", "Source"), {0: Template("{{Front}}", BACK + "{{Back}}")})
WORDS = NoteType(
    "W",
    ("Word", "Meaning", "Example"),
    {
        0: Template("{{Word}}", BACK + "{{Meaning}}<br><i>{{Example}}</i>"),
        1: Template("What means {{Meaning}}?", BACK + "{{Word}}"),
    },
)
HIDING = NoteType(
    "H", ("Text", "Extra"), {0: Template("{{cloze:Text}}", "{{cloze:Text}}<br>{{Extra}}")}, True
)
OX = ("ox", "<b>un</b> buey", "Aran los bueyes.")
TWO = ("ox", "<strong>el</strong> toro", "Ara los bueyes.")
LIST = "<ul>\n<li>toro</li>\n<li>buey</li>\n</ul>"
SUM = ("The {{c1::sum::hint}} of {{c2::\\(a+b\\)}} <u>is</u>", "my <i>uncle</i>")


def edited(
    kind: NoteType, fields: tuple[str, ...], side: str, old: str, new: str, mark: str = ""
) -> tuple[str, ...] | None:
    """The fields once *old* is *new* on a side of a part."""
    places = (0, 1) if kind is not BASIC else (0,)
    parts = apkg.parts(kind, fields, places)
    text = getattr(parts[mark], side)
    assert old in text
    note = replace(parts[mark], **{side: text.replace(old, new) if old else new + text})
    original = Original(1, 0, "", fields, places, dict.fromkeys(parts, ""))
    edit = Edit(note, side == "question", side == "answer")
    return ankiedit.fields(kind, original, {mark: edit})


def test_a_heading_that_was_made_here_stays_here() -> None:
    said = ("<table><tr><th>a</th></tr><tr><td>x</td></tr></table>", "", "")
    (part,) = apkg.parts(BASIC, said, (0,)).values()
    note = replace(part, question=f"a x\n\n{part.question.replace('x', 'y')}")
    original = Original(1, 0, "", said, (0,), {"": ""})
    fields = ankiedit.fields(BASIC, original, {"": Edit(note, True, False)})
    assert fields
    assert (fields[0].count("a</th>"), fields[0].count("y</td>")) == (1, 1)
    assert "a x" not in fields[0]


@pytest.mark.parametrize(
    ("side", "old", "new", "expected"),
    [
        ("answer", "** buey", "** toro", ("ox", "<b>un</b> toro", OX[2])),
        ("answer", "los", "dos", (*OX[:2], "Aran dos bueyes.")),
        ("question", "ox", "an *ox*", ("an <em>ox</em>", *OX[1:])),
        ("answer", "**un** buey", "- toro\n- buey", ("ox", LIST, OX[2])),
        ("answer", "un** buey\\\n<i>Aran", "el** toro\\\n<i>Ara", TWO),
        ("answer", "</i>", "</i> Ya!", (*OX[:2], OX[2] + " Ya!")),  # below what a template begins
        ("answer", "<i>", "", None),  # what only the template says
    ],
)  # fmt: skip
def test_an_edit_goes_to_the_field_that_says_it(
    side: str, old: str, new: str, expected: tuple[str, ...] | None
) -> None:
    assert edited(WORDS, OX, side, old, new) == expected


def test_a_part_of_a_note_changes_what_it_shares() -> None:
    assert edited(WORDS, OX, "question", "buey", "toro", "/1") == ("ox", "<b>un</b> toro", OX[2])
    assert edited(WORDS, OX, "question", "What means", "Which is", "/1") is None


def test_what_is_new_goes_to_a_field_that_said_nothing() -> None:
    assert edited(BASIC, ("q", "", ""), "answer", "", "a\n\n- x") == (
        "q",
        "<p>a</p>\n<ul>\n<li>x</li>\n</ul>",
        "",
    )
    assert edited(BASIC, ("q", "", "uncle"), "answer", "", "a\n\n") == ("q", "a", "uncle")


def test_hidden_texts_keep_their_numbers_and_hints() -> None:
    assert edited(HIDING, SUM, "answer", "The", "One") == (SUM[0].replace("The", "One"), SUM[1])
    assert edited(HIDING, SUM, "answer", "uncle", "aunt") == (SUM[0], "my <i>aunt</i>")
    found = edited(HIDING, SUM, "answer", "==sum==", "==whole sum==")
    assert found == ("The {{c1::whole sum::hint}} of {{c2::\\(a+b\\)}} <u>is</u>", SUM[1])


def test_what_cannot_be_hidden_here_stays_a_hidden_text_of_several_cards() -> None:
    several = ("{{c2::Only two}} and {{c1,3::one::n}}", "")
    twice = ("{{c2::Only two}} and {{c1::one}} {{c1::more::n}}", "")
    for fields in (several, twice):
        found = edited(HIDING, fields, "answer", "Only", "Just")
        assert found == (fields[0].replace("Only", "Just"), "")
    assert edited(HIDING, several, "answer", "==one==", "==1==") == (
        several[0].replace("one", "1"),
        "",
    )


def test_what_only_the_answer_shows_is_of_its_field() -> None:
    (part,) = apkg.parts(HIDING, (SUM[0], ""), (0, 1)).values()
    (whole,) = apkg.parts(HIDING, SUM, (0, 1)).values()
    for fields, said in (
        ((SUM[0], ""), f"{part.answer}\n\n---\n\nmy *uncle*"),
        (SUM, whole.answer.replace("---\n\n", "").replace("uncle", "aunt")),  # of older versions
    ):
        original = Original(1, 0, "", fields, (0, 1), {"": ""})
        edit = Edit(replace(part, answer=said), asks=False, answers=True)
        found = ankiedit.fields(HIDING, original, {"": edit})
        assert found == (SUM[0], "my <em>uncle</em>" if fields != SUM else "my <i>aunt</i>")
    only = NoteType("O", ("Text",), {0: Template("{{cloze:Text}}", "{{cloze:Text}}")}, True)
    assert edited(only, (SUM[0],), "answer", "</u>", "</u>\n\n---\n\nmore") is None


def test_another_style_is_no_edit_of_a_field() -> None:
    fields = ("q", "a", "")
    (note,) = apkg.parts(BASIC, fields, (0,)).values()
    original = Original(1, 0, "", fields, (0,), {"": ""})
    both = Edit(replace(note, card=CardStyle.BOTH), asks=True, answers=False)
    assert ankiedit.fields(BASIC, original, {"": both}) is None


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.text("ab ", max_size=4)] * 3), st.text("ab ", max_size=4), st.integers(0, 9))
def test_fields_that_are_found_say_the_edit(
    fields: tuple[str, str, str], new: str, at: int
) -> None:
    """However much fields are alike, what is found says the words that the note says here."""
    parts = apkg.parts(WORDS, fields, (0, 1))
    for mark, part in parts.items():
        note = replace(part, answer=part.answer[:at] + new + part.answer[at + 1 :])
        original = Original(1, 0, "", fields, (0, 1), dict.fromkeys(parts, ""))
        found = ankiedit.fields(WORDS, original, {mark: Edit(note, asks=False, answers=True)})
        if found is not None:
            said = apkg.parts(WORDS, found, (0, 1))[mark].answer
            assert re.findall(r"\w+", said) == re.findall(r"\w+", note.answer)
