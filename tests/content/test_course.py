"""The course content: complete by chapter, and every computed answer is what the code prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from studyapp.notes.card import sides
from studyapp.notes.markdown import read_folder
from studyapp.notes.note import CardStyle, Note, NoteKind

ROOT = Path(__file__).parents[2] / "content"
PAGES, _ = read_folder(ROOT)
CHAPTERS = sorted({page.chapter for page in PAGES if page.notes})
BEGUN = {8: (10, 0)}  # a chapter not yet there in full: how many questions and terms it has
_SNIPPET = re.compile(r"```python\n(.*?)```\s*```text\n(.*?)```", re.DOTALL)


def notes(chapter: int, kind: NoteKind) -> list[Note]:
    return [n for page in PAGES if page.chapter == chapter for n in page.notes if n.kind is kind]


def test_chapter_1_has_all_33_questions_as_the_rules_want_them() -> None:
    questions = notes(1, NoteKind.QUESTION)
    numbers = Counter(note.number for note in questions if note.number)
    assert set(numbers) == set(range(1, 34))
    assert {number for number, count in numbers.items() if count > 1} == {20, 23, 24, 27}
    by_number = {note.number: note for note in questions}
    assert {n for n in numbers if by_number[n].card is CardStyle.DO} == {7, 8, 9}
    assert "lesson:overfit" in by_number[8].answer
    assert by_number[2].need == 5
    assert (by_number[4].card, len(sides(by_number[4]))) == (CardStyle.ITEMS, 8)
    assert all(by_number[n].as_of for n in (2, 6, 21, 31))


def test_the_books_own_questionnaire_of_chapter_1_has_33_questions() -> None:
    assert {note.book for note in notes(1, NoteKind.QUESTION)} - {None} == set(range(1, 34))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_whole(chapter: int) -> None:
    """Questions on each section, terms, and a table of contents with reading notes."""
    questions, terms = notes(chapter, NoteKind.QUESTION), notes(chapter, NoteKind.TERM)
    fewest_questions, fewest_terms = BEGUN.get(chapter, (25, 25))
    assert len(questions) >= fewest_questions
    assert len(terms) >= fewest_terms
    sections = [s for page in PAGES if page.chapter == chapter for s in page.sections]
    assert [s.number for s in sections] == [f"{chapter}.{n + 1}" for n in range(len(sections))]
    assert all(section.text for section in sections)
    covered = {note.section for note in (*questions, *terms)}
    apart = ("questionnaire", "jargon recap", "conclusion", "further research", "who we are")
    assert [
        s.number
        for s in sections
        if s.number not in covered
        and s.title.casefold() not in apart
        and chapter not in (1, *BEGUN)
    ] == []


def computed() -> list[tuple[Note, str, str]]:
    found = []
    for page in PAGES:
        for note in page.notes:
            if "compute" in note.tags:
                match = _SNIPPET.search(note.answer)
                assert match, f"{note.path}:{note.line}: no code followed by what it prints"
                found.append((note, match[1], match[2]))
    return found


def test_every_computed_answer_is_what_the_code_prints() -> None:
    """All snippets in one interpreter, each in a namespace of its own."""
    cases = computed()
    assert len(cases) >= 40
    program = (
        "import contextlib, io, json, sys\n"
        "results = []\n"
        "for code in json.load(sys.stdin):\n"
        "    out = io.StringIO()\n"
        "    with contextlib.redirect_stdout(out):\n"
        "        try: exec(code, {'__name__': 'snippet'})\n"
        "        except Exception as error: print('ERROR', repr(error))\n"
        "    results.append(out.getvalue())\n"
        "print(json.dumps(results))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([code for _, code, _ in cases]),
        capture_output=True,
        text=True,
        check=True,
    )
    printed = json.loads(done.stdout.splitlines()[-1])
    wrong = [
        f"{note.path}:{note.line} {note.id}: printed {got!r}, the note says {said!r}"
        for (note, _, said), got in zip(cases, printed, strict=True)
        if got.rstrip() != said.rstrip()
    ]
    assert wrong == []


def test_nothing_needs_sideways_scrolling_at_80_columns() -> None:
    from studyapp.tui.widgets.prose import laid_out

    for page in PAGES:
        for note in page.notes:
            for text in (note.prompt, note.answer):
                assert all(line.cell_length <= 76 for line in laid_out(text, 76)), note.id


@pytest.mark.parametrize(("chapter", "asked"), [(6, 17)])
def test_the_books_own_questionnaire_is_there_in_full(chapter: int, asked: int) -> None:
    marked = {note.book for note in notes(chapter, NoteKind.QUESTION) if note.book}
    assert marked == set(range(1, asked + 1))
