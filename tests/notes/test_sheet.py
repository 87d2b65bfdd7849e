"""A table is taken for notes only where nothing speaks against it, and is read whole then."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.errors import StudyError
from studyapp.notes import ankitext, formats


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(
    ("name", "text", "sides"),
    [
        ("a.csv", 'front,back\nParis,"is, in\nFrance"\n', [("Paris", "is, in\\\nFrance")]),
        ("a.csv", "\ufeffQuestion;Answer\r\nWhy, then?;so, so\r\n", [("Why, then?", "so, so")]),
        ("a.txt", "term\tdefinition\nA\ta, b\n", [("A", "a, b")]),
        ("a.txt", 'dog,perro\ncat,gato\n"to go, so",irse\n',
         [("dog", "perro"), ("cat", "gato"), ("to go, so", "irse")]),
        ("a.csv", "tags,Definition,Term,M\nx,thing,Ding,m\n", [("Ding", "thing\n\n**M**\n\nm")]),
        ("a.csv", "What is 2+2?,4\n#one,1\n", [("What is 2+2?", "4"), ("#one", "1")]),
        ("a.tsv", "1\tuno\n2\tdos\n", [("1", "uno"), ("2", "dos")]),
        ("a.md", 'a;b\n"c\n\nd";e\nf;"g;h"\n', [("a", "b"), ("c\n\nd", "e"), ("f", "g;h")]),
    ],
)  # fmt: skip
def test_a_table_is_known_by_its_content(
    tmp_path: Path, name: str, text: str, sides: list[tuple[str, str]]
) -> None:
    form, found = formats.read(written(tmp_path, name, text))
    assert form == "anki-text"
    assert [(one.question, one.answer) for one in found.notes] == sides
    assert not found.problems


def test_tags_that_a_row_names_are_tags(tmp_path: Path) -> None:
    _, found = formats.read(written(tmp_path, "a.csv", "front,tags,back\na,x y,b\n"))
    assert [(one.answer, one.tags) for one in found.notes] == [("b", ("x", "y"))]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "card_id,review_rating,review_time\n1,3,2026-01-01\n", "is a log of reviews"),
        ("a.csv", "date,price\n2020-01-01,3\n2020-01-02,4\n", "--format anki-text"),
        ("a.csv", "name,age\nBob,3\nEve,4\n", "--format anki-text"),
        ("a.csv", "front,back\na,b,c\n", "--format anki-text"),
        ("a.csv", "a,b,c\nd,e\n", "--format anki-text"),
        ("a.txt", "dog,perro\ncat,gato\n", "--format anki-text"),
        ("a.txt", "import os,sys\nimport a,b\nimport c,d\n", "--format anki-text"),
        ("a.txt", "a = f(1,2)\nb = f(2,3)\nc = f(4,5)\n", "--format anki-text"),
        ("a.txt", "So it was, my friend.\nOr it was not, I think.\nFar, far away.\n", "--format"),
        ("a.md", "| a, b | c |\n|---|---|\n| d, e | f |\n", "may be of questions"),
        ("a.py", "a,b\nc,d\ne,f\n", "is of no format"),
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_one_sentence(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    with pytest.raises(StudyError, match=why):
        formats.read(written(tmp_path, name, text))


def test_notes_with_commas_stay_notes(tmp_path: Path) -> None:
    text = "What is a, and b?\nIt is, well, c\n"
    assert formats.recognise(written(tmp_path, "a.md", text)) == "notes"


CELLS = st.text("ab é,;\t\"\n'", min_size=1, max_size=8).map(lambda text: f"x{text}y")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5, unique_by=lambda cells: cells[0]),
    st.sampled_from("\t,;"),
)
def test_each_row_of_a_table_that_says_so_is_a_note(rows: list[tuple[str, str]], sign: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator="\n").writerows([("Front", "Back"), *rows])
    text = out.getvalue()
    assert ankitext.recognises(text.encode(), Path("a"))
    assert len(ankitext.parse(text, Path("a")).notes) == len(rows)


@pytest.mark.parametrize(
    ("name", "text", "sides", "told"),
    [
        ("a.csv", "Front,Back\na,b\nc\nd,e,f\ng,h,,\n", ["a", "g"],
         [(3, "no answer; not read: c"), (4, "not sure; not read: d | e | f")]),
        ("a.csv", "Animals\n\nfront;tags;back\na;x;b\nc;x\n;d;e\nf;;g;;\n", ["a", "f"],
         [(1, "Animals"), (5, "no answer; not read: c | x"), (6, "is empty")]),
        ("a.csv", "front,back,tags\na,b\nc,d\ne,f\n", ["a", "c", "e"], []),
        ("a.csv", "question,x,correct\na,b,c\nd,e,f\n", ["a", "d"], []),
        ("a.txt", "a\tb\tx\nc\td\tx\ne\tf\ng\th\n", ["a", "c", "e", "g"],
         [(1, "behind the second cell here is read as part of the answer, and in 1 more")]),
        ('a.txt', 'a?\tb\tx\n"c" d\te\tx\nf\n', ["a?", '"c" d'],
         [(1, "second cell"), (3, "no answer; not read: f")]),
        ("a.tsv", "a\tb\nc\td\ne\nf\tg\n", ["a", "c", "f"], [(3, "no answer; not read: e")]),
        ("a.txt", "# mine\na\tb\n# more\nc\td\te\nf\tg\n", ["a", "f"], [(4, "3 cells")]),
        ("a.txt", "x,y\n" + "".join(f"a{at},b{chr(at)}\n" for at in range(97, 107)) + "alone\n",
         ["x", *(f"a{at}" for at in range(97, 107))], [(12, "no answer; not read: alone")]),
    ],
)  # fmt: skip
def test_a_row_with_other_cells_is_read_where_it_is_clear_or_told(
    tmp_path: Path, name: str, text: str, sides: list[str], told: list[tuple[int, str]]
) -> None:
    form, found = formats.read(written(tmp_path, name, text))
    assert form == "anki-text"
    assert [one.question for one in found.notes] == sides
    assert [one.line for one in found.problems] == [line for line, _ in told]
    for problem, (_, why) in zip(found.problems, told, strict=True):
        assert why in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "front,back\na,b,c\nd\ne,f\n",  # most rows are no pairs
        "front,back\na,b,c\nd,e,f\n",
        "a,b\nc\nd,e,f\ng,h\ni,j\n",
        "Topic\n\tone\n\ttwo\n\tthree\n\tfour\n",
        "Well, yes\nBut no\nSo, so\nNever mind\n",
    ],
)
def test_a_text_whose_rows_differ_is_no_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError):
        formats.read(written(tmp_path, "a.txt", text))
    assert not ankitext.recognises(text.encode(), tmp_path / "a.csv")


@pytest.mark.parametrize(
    "head",
    [
        *("German,English", "Español,Englisch", "DE,EN", "Italian word,in English"),
        *("Palabra,Significado", "Wort,Translation", "Vorderseite,Rückseite", "单词,意思"),
        *("Fråga,Svar", "Spørgsmål,Svar", "Kysymys,Vastaus", "Soru,Cevap", "질문,정답"),
        *("питання,відповідь", "السؤال,الجواب", "Begrepp,Förklaring", "Framsida,Baksida"),
        *("Fragen,Antworten", "Word,Answer", "Question,Explanation", "Prompt,Response"),
    ],
)
def test_columns_are_known_by_languages_and_in_several(tmp_path: Path, head: str) -> None:
    _, found = formats.read(written(tmp_path, "a.csv", f"{head}\nuno,one\ndue,two\n"))
    assert [(one.question, one.answer) for one in found.notes] == [("uno", "one"), ("due", "two")]


def test_a_right_option_that_stands_apart_is_no_place_of_another(tmp_path: Path) -> None:
    text = "question,correct_answer,wrong 1,wrong 2\n3-2?,1,2,3\nc?,b,x,y\n"
    _, found = formats.read(written(tmp_path, "a.csv", text))
    assert [(one.question, one.answer) for one in found.notes] == [
        ("3-2?\n\nA) 1\\\nB) 2\\\nC) 3", "1"),
        ("c?\n\nA) b\\\nB) x\\\nC) y", "b"),
    ]


FRANCE = "Capital of France?\n\nA) Oslo\\\nB) Paris\\\nC) Rome"
ITALY = "Capital of Italy?\n\nA) Bern\\\nB) Rome"


@pytest.mark.parametrize(
    ("head", "first", "second"),
    [
        ("question,correct_answer,wrong1,wrong2", "Paris,Rome,Oslo", "Rome,Bern,"),
        ("Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2 (Optional)",
         "Paris,Rome,Oslo", "Rome,Bern,"),
        ("Question,A,B,C,Answer", "Oslo,Paris,Rome,B", "Bern,Rome,,B"),
        ("Question - max 120 characters,Answer 1,Answer 2,Answer 3,Correct answer(s)",
         "Oslo,Paris,Rome,2", "Bern,Rome,,2"),
        ("questiontext,option_a,optionB,option c,correctAnswer",
         "Oslo,Paris,Rome,Paris", "Bern,Rome,,b"),
        ("question,answer,options", "Paris,Oslo;Paris;Rome", "Rome,A) Bern B) Rome"),
    ],
)  # fmt: skip
def test_options_of_named_columns_are_asked_with_their_question(
    tmp_path: Path, head: str, first: str, second: str
) -> None:
    text = f"{head}\nCapital of France?,{first}\nCapital of Italy?,{second}\n"
    _, found = formats.read(written(tmp_path, "a.csv", text))
    assert [(one.question, one.answer) for one in found.notes] == [
        (FRANCE, "Paris"),
        (ITALY, "Rome"),
    ]
    assert not found.problems


def test_how_a_program_plays_its_questions_is_told_and_an_option_that_is_none_stays(
    tmp_path: Path,
) -> None:
    head = "Question,Answer 1,Answer 2,Time limit (sec),Correct answer(s)"
    text = f"{head}\nWhich?,x,y,20,1\nWho?,x,y,20,7\n"
    _, found = formats.read(written(tmp_path, "a.csv", text))
    assert [(one.question, one.answer) for one in found.notes] == [
        ("Which?\n\nA) x\\\nB) y", "x"),
        ("Who?\n\nA) x\\\nB) y", "7"),
    ]
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "not kept, how its program asks and calls them: Time limit (sec)")
    ]


def test_options_that_are_numbers_are_no_places(tmp_path: Path) -> None:
    text = "question,option 1,option 2,option 3,answer\n2+1?,3,2,1,3\n1+1?,1,3,2,2\n"
    _, found = formats.read(written(tmp_path, "a.csv", text))
    assert [one.answer for one in found.notes] == ["3", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "name,deck,tags,content\nOsmosis,Bio::Cells,x y,Water moves\n",
        "Deck,Topic,Category,Front_Text,back_text\nBio::Cells,x,y,Osmosis,Water moves\n",
        "Fråga,Svar,Taggar,Kortlek\nOsmosis,Water moves,x y,Bio::Cells\n",
    ],
)
def test_tags_and_decks_are_read_where_a_row_names_them(tmp_path: Path, text: str) -> None:
    _, found = formats.read(written(tmp_path, "a.csv", text))
    (one,) = found.notes
    assert (one.question, one.answer, one.deck, one.tags) == (
        "Osmosis", "Water moves", ("Bio", "Cells"), ("x", "y"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("head", "cells", "kept"),
    [
        ("id,question,answer", ("7f-3,What?,", "7f-1,Why?,so"), ["", "so"]),
        ("#,question,answer", ("1,What?,", "2,Why?,so"), ["", "so"]),
        ("question,answer,No.", ("What?,,1", "Why?,so,3"), ["", "so"]),
        (",question,answer", ("0,What?,", "1,Why?,so"), ["", "so"]),
        ("question,answer,number", ("What?,it,8", "Why?,so,8"),
         ["it\n\n**number**\n\n8", "so\n\n**number**\n\n8"]),
        ("question,answer,id", ("What?,it,is a pun", "Why?,so,x"),
         ["it\n\n**id**\n\nis a pun", "so\n\n**id**\n\nx"]),
    ],
)  # fmt: skip
def test_a_column_that_numbers_rows_is_no_part_of_an_answer(
    tmp_path: Path, head: str, cells: tuple[str, ...], kept: list[str]
) -> None:
    _, found = formats.read(written(tmp_path, "a.csv", "\n".join([head, *cells])))
    assert [(one.question, one.answer) for one in found.notes] == [
        ("What?", kept[0]),
        ("Why?", kept[1]),
    ]


@pytest.mark.parametrize("head", ["", "Frage{0}Antwort\n"])
@pytest.mark.parametrize(("first", "sign"), [("sep=;", ";"), ('"sep=|"', "|"), ("SEP=,\r", ",")])
@pytest.mark.parametrize("form", [None, "anki-text"])
def test_a_first_line_that_says_the_sign_is_no_row(
    tmp_path: Path, head: str, first: str, sign: str, form: str | None
) -> None:
    rows = "".join(f"{word}{sign}{word}er\n" for word in ("hund", "katt", "mus"))
    path = written(tmp_path, "a.csv", f"{first}\n{head.format(sign)}{rows}")
    _, found = formats.read(path, form)
    begins = 2 + bool(head)
    assert [(one.question, one.answer, one.line) for one in found.notes] == [
        ("hund", "hunder", begins),
        ("katt", "katter", begins + 1),
        ("mus", "muser", begins + 2),
    ]
    assert not found.problems


@pytest.mark.parametrize("said", ["x y", "#x, #y", "x;y"])
def test_tags_of_a_table_in_markdown_are_tags(tmp_path: Path, said: str) -> None:
    text = f"| Term | Meaning | Tags |\n|---|---|---|\n| CPU | a chip | {said} |\n"
    _, found = formats.read(written(tmp_path, "a.md", text))
    assert [(one.question, one.answer, one.tags) for one in found.notes] == [
        ("CPU", "a chip", ("x", "y"))
    ]


@pytest.mark.parametrize("name", ["Taggar", "Schlagwörter", "étiquettes"])
def test_tags_are_known_by_their_name_in_several_languages(tmp_path: Path, name: str) -> None:
    _, found = formats.read(written(tmp_path, "a.csv", f"front;{name};back\na;x y;b\n"))
    assert [(one.answer, one.tags) for one in found.notes] == [("b", ("x", "y"))]


@pytest.mark.parametrize("head", ["question,because,notes", "deck,one,other"])
def test_a_row_that_names_one_side_alone_is_told_and_no_card(tmp_path: Path, head: str) -> None:
    path = written(tmp_path, "a.csv", f"{head}\nWhy Z?,so,it is\nWhy Y?,so,too\n")
    with pytest.raises(StudyError, match="call one of them question and another answer"):
        formats.read(path)


@pytest.mark.parametrize("head", ["question,answer\n", ""])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_that_is_too_long_is_told_and_the_others_are_read(
    tmp_path: Path, head: str, quote: str
) -> None:
    long = f"{quote}{'x' * 200_000}{quote}"
    text = f"{head}What is X?,{long}\nWhat is Y?,good\nWhat is Z?,too\n"
    form, found = formats.read(written(tmp_path, "a.csv", text))
    assert form == "anki-text"
    assert [one.answer for one in found.notes] == ["good", "too"]
    (told,) = found.problems
    assert (told.line, "longer than" in told.message) == (1 + bool(head), True)
