"""The course content: complete by chapter, and every computed answer is what the code prints."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from studyapp.commands import draw
from studyapp.notes.card import sides
from studyapp.notes.check import TALLEST
from studyapp.notes.markdown import read_folder
from studyapp.notes.note import CardStyle, Note, NoteKind
from studyapp.notes.prompt import find

ROOT = Path(__file__).parents[2] / "content"
PAGES, _ = read_folder(ROOT)
CHAPTERS = sorted({page.chapter for page in PAGES if page.notes})
BEGUN = {8: (10, 0)}  # a chapter not yet there in full: how many questions and terms it has


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


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_asks_inside_its_text_and_never_twice_in_a_row(chapter: int) -> None:
    """Who is asked again before having read on is examined, not taught."""
    texts = [s.text for page in PAGES if page.chapter == chapter for s in page.sections]
    asked = [(text, find(text)) for text in texts]
    assert sum(len(prompts) for _, prompts in asked) >= (5 if chapter in BEGUN else 10)
    for text, prompts in asked:
        for one, following in pairwise(prompts):
            assert text[one.end : following.start].strip(), f"{one.note}, {following.note}"


def test_what_snippets_print_and_templates_draw_is_what_the_files_say() -> None:
    """As `studyapp check --run` would find it; nothing is written."""
    computed = [note for page in PAGES for note in page.notes if "compute" in note.tags]
    assert len(computed) >= 40
    assert [str(problem) for problem in draw.run(ROOT, write=False).problems] == []


@pytest.mark.slow
def test_a_thousand_draws_of_each_template_are_cases() -> None:
    assert draw.valid(ROOT, 1000) == {}


def test_variants_are_other_cases() -> None:
    """No two ask the same, and none has the note's own answer."""
    for page in PAGES:
        for note in page.notes:
            cases = [note, *note.variants]
            assert len({case.prompt for case in cases}) == len(cases), note.id
            assert all(case.answer != note.answer for case in note.variants), note.id


def test_nothing_needs_sideways_scrolling_at_80_columns() -> None:
    from studyapp.tui.widgets.prose import laid_out

    for page in PAGES:
        for note in page.notes:
            for case in (note, *note.variants):
                shown = [laid_out(text, 76) for text in (case.prompt, case.answer)]
                assert all(line.cell_length <= 76 for lines in shown for line in lines), note.id
                if case.path != note.path:  # what is drawn is read by nobody before it is shown
                    question, answer = map(len, shown)
                    lines = max(question, answer + 1 + len(case.points))
                    assert lines <= TALLEST, f"{note.id} {case.key}"


@pytest.mark.parametrize(("chapter", "asked"), [(6, 17)])
def test_the_books_own_questionnaire_is_there_in_full(chapter: int, asked: int) -> None:
    marked = {note.book for note in notes(chapter, NoteKind.QUESTION) if note.book}
    assert marked == set(range(1, asked + 1))
