"""A pack written from foreign notes: every note reads back, edits stay, ids are always the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from studyapp.errors import printable
from studyapp.notes import deck, markdown
from studyapp.notes.card import sides
from studyapp.notes.deck import Pack, note_id
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.note import CardStyle, Note, NoteKind, Point

SOURCE = Path("source.txt")
DOG = ForeignNote("g1", "el perro", "the dog", card=CardStyle.BOTH, deck=("Spanish", "Animals"))
CAT = ForeignNote("g2", "el gato", "the cat", deck=("Spanish", "Animals"), tags=("a,b", "c"))


def bring(root: Path, *notes: ForeignNote) -> Pack:
    planned = deck.plan(root, notes, SOURCE)
    for path, text in planned.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return planned


def read(root: Path) -> dict[str, Note]:
    pages, problems = markdown.read_folder(root)
    assert problems == ()
    return {note.id: note for page in pages for note in page.notes}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spanish"


def test_an_id_is_made_of_the_guid_alone() -> None:
    assert note_id("g1") == "8kjahbe4hd89k3nb"
    assert note_id("g1") != note_id("g2")


def test_a_deck_is_a_file_that_reads_well(root: Path) -> None:
    planned = bring(root, DOG, CAT)
    (path,) = planned.files
    assert path == root / "spanish-animals.md"
    dog, cat = note_id("g1"), note_id("g2")
    origins = {name: note.origin for name, note in read(root).items()}
    assert path.read_text() == (
        '---\npack: "spanish"\ndeck: "Spanish::Animals"\nkind: questionnaire\n---\n\n'
        f"## el perro {{#{dog}}}\n\nthe dog\n\n"
        f"<!-- card: both, guid: g1, origin: {origins[dog]} -->\n\n"
        f"## el gato {{#{cat}}}\n\nthe cat\n\n"
        f"<!-- tags: a_b c, guid: g2, origin: {origins[cat]} -->\n"
    )
    assert (planned.decks, planned.cards, planned.problems) == ({"Spanish::Animals"}, 3, ())
    assert planned.ids == {"g1": dog, "g2": cat}


@pytest.mark.parametrize(
    "asked", ["What? {#notanid}", "Type {#x}  {#Y z}", "{#x}", "`{#x}` {\\#y}"]
)
def test_braces_that_look_like_an_id_stay_text(root: Path, asked: str) -> None:
    """Of a front, and of a heading in an answer that has to be made quiet."""
    note = replace(CAT, question=asked, answer="## One {#two}\n\n==x=={#c1} {#y}")
    planned = bring(root, note, replace(note, guid="g3", card=CardStyle.CLOZE))
    assert planned.problems == ()
    one, other = read(root).values()
    assert one.prompt.replace("\\", "") == " ".join(asked.replace("\\", "").split())
    assert one.answer == other.answer == "### One {\\#two}\n\n==x=={#c1} {#y}"
    assert sides(other) == ("cloze:c1",)
    assert bring(root, note).files == {}


def test_what_a_program_calls_its_note_is_kept(root: Path) -> None:
    odd = replace(CAT, guid="a-->,b: c%"[:10].replace(" ", "_"))
    bring(root, odd, replace(DOG, guid="question: el perro"))
    notes = read(root)
    assert notes[note_id(odd.guid)].guid == odd.guid
    assert notes[note_id("question: el perro")].guid is None  # a text, which may be long


def test_a_note_of_before_is_given_its_guid(root: Path) -> None:
    bring(root, CAT)
    (path,) = root.glob("*.md")
    path.write_text(path.read_text().replace("guid: g2, ", ""))
    planned = bring(root, CAT)
    assert (planned.changed, planned.unchanged, len(planned.files)) == (0, 1, 1)
    assert read(root)[note_id("g2")].guid == "g2"


def test_the_same_again_changes_nothing(root: Path) -> None:
    bring(root, DOG, CAT)
    again = bring(root, CAT, DOG)
    assert (again.files, again.added, again.changed, again.unchanged) == ({}, (), 0, 2)
    assert again.decks == {"Spanish::Animals"}


def test_what_the_source_changed_is_replaced_in_its_place(root: Path) -> None:
    bring(root, DOG, CAT)
    planned = bring(root, replace(DOG, answer="a dog\n\nor a hound"), CAT)
    assert (planned.changed, planned.unchanged, planned.added) == (1, 1, ())
    assert [note.answer for note in read(root).values()] == ["a dog\n\nor a hound", "the cat"]


def test_what_the_learner_changed_stays(root: Path) -> None:
    bring(root, DOG, CAT)
    path = root / "spanish-animals.md"
    path.write_text(path.read_text().replace("the dog", "*my* dog") + "\n## Mine {#mine}\n\nYes.\n")
    assert bring(root, DOG, CAT).files == {}
    dog = replace(DOG, answer="a dog", line=7, path=Path("folder", "file.md"))
    both = bring(root, dog, replace(CAT, answer="a cat"))
    assert [(one.path, one.line, one.message) for one in both.problems] == [
        (
            dog.path,
            7,
            "the note has changed, and so has yours (spanish-animals.md, line 7), which stays",
        )
    ]
    assert [note.answer for note in read(root).values()] == ["*my* dog", "a cat", "Yes."]


def test_a_note_that_is_gone_from_the_source_stays(root: Path) -> None:
    bring(root, DOG, CAT)
    assert bring(root, CAT).files == {}
    assert set(read(root)) == {note_id("g1"), note_id("g2")}


def test_a_note_moves_with_its_deck(root: Path) -> None:
    bring(root, DOG, CAT)
    planned = bring(root, replace(DOG, deck=("Dogs",)), CAT)
    assert (planned.changed, planned.decks) == (1, {"Dogs", "Spanish::Animals"})
    pages, _ = markdown.read_folder(root)
    assert {page.title: [note.prompt for note in page.notes] for page in pages} == {
        "Dogs": ["el perro"],
        "Spanish::Animals": ["el gato"],
    }


def test_decks_of_like_names_have_files_of_their_own(root: Path) -> None:
    root.mkdir()
    (root / "a-b-2.md").write_text("not content")
    bring(root, *(replace(DOG, guid=name, deck=(name,)) for name in ("a b", "A  B", "a-b", "…")))
    pages, _ = markdown.read_folder(root)
    assert {page.path.name: page.title for page in pages} == {
        "a-b.md": "a b",
        "a-b-3.md": "A B",
        "a-b-4.md": "a-b",
        "deck.md": "…",
    }
    assert (root / "a-b-2.md").read_text() == "not content"


def test_every_kind_of_note(root: Path) -> None:
    text = "The ==loss=={#c1} is what ==SGD=={#c2} lowers, step by step, until it does no more."
    notes = (
        ForeignNote("t", "Epoch", "One pass.", kind=NoteKind.TERM),
        ForeignNote("c", "", text, card=CardStyle.CLOZE),
        ForeignNote("q", "Still to be answered?"),
        ForeignNote("p", "Which?", "Both.", points=(Point("one"), Point("two", extra=True))),
        ForeignNote("b", "only one side", card=CardStyle.BOTH, line=3),
        ForeignNote("e", "  ", "no question", line=4),
        ForeignNote("q", "Twice?", line=5),
        ForeignNote("m", "One\n\ntwo", "y", kind=NoteKind.TERM, line=6),
    )
    planned = bring(root, *notes)
    assert [(one.line, one.message) for one in planned.problems] == [
        (3, "a note that is asked both ways has only one side"),
        (4, "the note has no question"),
        (5, "the id 'q' is there twice; only the first note is taken"),
        (6, "its question has several parts and is kept as one line"),
    ]
    found = {guid: read(root)[name] for guid, name in planned.ids.items()}
    assert {guid: sides(note) for guid, note in found.items()} == {
        "t": ("meaning", "term"),
        "c": ("cloze:c1", "cloze:c2"),
        "q": ("answer",),
        "p": ("answer",),
        "m": ("meaning", "term"),
    }
    assert found["c"].prompt == "The … is what … lowers, step by step, until it does no more."
    assert found["c"].answer == text
    assert found["m"].prompt == "One two"
    assert found["p"].points == notes[3].points
    assert {page.path.name for page in markdown.read_folder(root)[0]} == {
        "spanish.md",
        "spanish-2.md",
    }


@pytest.mark.parametrize(
    ("question", "heading", "front"),
    [
        ("What does\nthis print?\n\n```\nx\n```", "What does this print?", "```\nx\n```"),
        ("Which?\n- a\n- b", "Which?", "- a\n- b"),
        ("Roses are red  \nviolets are\nblue", "Roses are red", "violets are\nblue"),
        ("# A title\n\nA text.\n\n## More", "A title", "A text.\n\n### More"),
        ("```python\nx = 1\n```\n\nWhat is x?", "x = 1 What is x?", None),
        ("> quoted\n\nby whom?", "quoted by whom?", None),
        ("![a](dog.png)\n\nWhich animal?", "Which animal?", None),
        ("![](a.png)\n\n![](b.png)", "![](a.png)", "![](b.png)"),
        ("![](a.png)", "![](a.png)", ""),
        ("---", "---", ""),
        ("One\n\n<!-- answer -->\n\nTwo", "One", "\\<!-- answer -->\n\nTwo"),
        ("One\n\n- [ ] a box", "One", "- \\[ ] a box"),
        ("One\n\n<script>\n\n## two", "One", "```\n<script>\n\n## two\n```"),
        ("Only one.", "Only one.", ""),
    ],
)
def test_a_question_of_several_parts_stays_as_it_is(
    root: Path, question: str, heading: str, front: str | None
) -> None:
    planned = bring(root, replace(CAT, question=question), DOG)
    found = read(root)
    note = found[note_id("g2")]
    assert (note.prompt, note.answer) == (heading, CAT.answer)
    assert note.front == (question if front is None else front)
    assert found[note_id("g1")].front == ""
    assert bool(planned.problems) is note.front.startswith("```\n<script>")
    again = bring(root, replace(CAT, question=question), DOG)
    assert (again.files, again.unchanged) == ({}, 2)


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ("# One\n\n## Two\n\n### Three", "### One\n\n### Two\n\n### Three"),
        ("- [ ] no point\n- [x] nor this", "- \\[ ] no point\n- \\[x] nor this"),
        ("Text\n---\nmore", "Text\n\n---\nmore"),
        ("a <!-- b --> c", "a \\<!-- b --> c"),
        ("<!-- never closed", "\\<!-- never closed"),
        ("```python\nx = 1  # <!-- ", "```python\nx = 1  # <!--\n```"),
        ("`<!-- x -->` stays", "`<!-- x -->` stays"),
        ("  \n\nleading and trailing \n\n\n", "leading and trailing"),
        ("bell\x07 and half \ud800", "bell and half \ufffd"),
        ("<script>\n\n## not a note", "```\n<script>\n\n## not a note\n```"),
    ],
)
def test_what_would_end_a_note_is_written_otherwise(root: Path, answer: str, written: str) -> None:
    planned = bring(root, replace(CAT, answer=answer), DOG)
    found = read(root)
    assert found[note_id("g2")].answer == written
    assert found[note_id("g1")].answer == "the dog"
    assert bool(planned.problems) is written.startswith("```\n")


def test_why_a_text_is_not_written_as_it_is_is_told(root: Path) -> None:
    deep = "\n".join(f"{'  ' * n}- x" for n in range(60))
    for answer, told in (
        ("x" * 20_000, "its text is kept as code: this paragraph is too long"),
        (deep, "its text is kept as code: lists and quotes are nested too deep"),
        (f"x\n{' ' * 501}- x", "a line of it begins with more than 500 blanks; it is not taken"),
    ):
        planned = deck.plan(root, [replace(CAT, answer=answer)], SOURCE)
        assert [told in one.message for one in planned.problems] == [True]
        assert len(planned.added) == ("kept as code" in told)


def test_a_text_that_is_too_long_for_a_note_is_told_so(root: Path) -> None:
    pack = bring(root, ForeignNote("a", "What?", "<!--" + "x\n" * 30_000))
    assert [problem.message for problem in pack.problems] == [
        "“What?”: a text of 60,003 characters is too long for one note; 50,000 are read"
    ]
    (told,) = bring(root, ForeignNote("b", "What?", "x\n" * 24_999)).problems  # with its heading
    assert told.message == (
        "“What?”: the note has a text that cannot be written as one note here: "
        "50,073 characters are too many: over 50,000 are shown as written"
    )


def words(text: str) -> set[str]:
    text = text.replace("\r", "\n")  # a line's end, not a sign that is left out
    return set(re.findall(r"\w+", printable(text.encode("utf-8", "replace").decode())))


PIECES = st.sampled_from(
    [
        *("# a", "## b {#c}", "text", "- [ ] p", "---", "===", "```", "~~~", "`", "<!--", "-->"),
        *("<div>", "<pre>", "</pre>", "<script>", "| Term | Meaning |", "|---|---|", "| a | b |"),
        *("> q", "    code", "$x$", "<!-- card: do -->", "1. one", "==x=={#y}", "[a]: b", "\\"),
        *("", " ", "\n", "\r", "\u2028"),
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("\n".join))
NOTES = st.lists(
    st.builds(
        ForeignNote,
        guid=st.text(max_size=3),
        question=TEXTS,
        answer=TEXTS,
        kind=st.sampled_from(NoteKind),
        card=st.sampled_from([CardStyle.ANSWER, CardStyle.BOTH, CardStyle.CLOZE]),
        deck=st.lists(st.text(max_size=4), max_size=2).map(tuple),
        tags=st.lists(st.text(max_size=6), max_size=3).map(tuple),
    ),
    max_size=5,
)


def test_what_is_written_is_parsed_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file with anything else in it, all is parsed again."""
    planned = bring(root, DOG, CAT, replace(CAT, guid="g3", kind=NoteKind.TERM))
    pages, _ = markdown.read_folder(root)
    assert sorted(len(page.notes) for page in pages) == [1, 2]
    parsed, parse = list[str](), MarkdownIt.parse

    def counted(parser: MarkdownIt, text: str, env: dict[str, Any] | None = None) -> list[Token]:
        parsed.append(text)
        return parse(parser, text, env)

    monkeypatch.setattr(MarkdownIt, "parse", counted)
    with markdown.knowing(planned.read):
        assert markdown.read_folder(root) == (pages, ())
        assert parsed == []
        (path, text), *_ = planned.files.items()
        path.write_text(text.replace("the dog", "the hound"))
        assert read(root)[note_id("g1")].answer == "the hound"
        assert len(parsed) == 1
        path.write_text(text + text[text.index("## ") :])
        repeated = [one.message for one in markdown.read_folder(root)[1]]
        assert repeated[0].startswith(f"the id {note_id('g1')} is used already on line 7")
        assert len(repeated) == 2


@settings(deadline=None, max_examples=150)
@given(NOTES)
def test_any_notes_read_back_or_are_told(notes: list[ForeignNote]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "pack"
        root.mkdir()
        planned = bring(root, *notes)
        found = read(root)
        with markdown.knowing(planned.read):
            assert read(root) == found
        assert set(found) == set(planned.ids.values())
        assert len(planned.ids) == len(planned.added)
        for note in notes if len(planned.ids) == len(notes) else ():
            assert words(note.question) <= words(found[planned.ids[note.guid]].question)
        left_out = [one for one in planned.problems if "is kept as" not in one.message]
        assert len(planned.added) + len(left_out) == len(notes)
        again = bring(root, *notes)
        assert (again.files, again.unchanged) == ({}, len(planned.added))


def test_a_break_in_a_hidden_text_is_none_in_its_heading(root: Path) -> None:
    hides = ForeignNote("g7", "", "A ==cat=={#c1}\\\nsleeps", card=CardStyle.CLOZE)
    bring(root, hides)
    (note,) = read(root).values()
    assert (note.prompt, note.answer) == ("A … sleeps", "A ==cat=={#c1}\\\nsleeps")
