"""The course content: complete by chapter, and every computed answer is what the code prints."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from studyapp.commands import draw
from studyapp.config import Settings
from studyapp.notes import prose, wording
from studyapp.notes.card import Face, face, is_acronym, question_face, sides
from studyapp.notes.check import TALLEST, WIDEST
from studyapp.notes.markdown import read_folder
from studyapp.notes.matching import Ours, match
from studyapp.notes.note import APART, CardStyle, ContentFile, Note, NoteKind
from studyapp.notes.plain import plain
from studyapp.notes.prompt import find
from studyapp.store import sync
from studyapp.store.database import open_database
from studyapp.store.engine import writing
from studyapp.study import card, queue
from studyapp.study.library import start_chapter
from tests_support import Clock

ROOT = Path(__file__).parents[2] / "content"
PAGES, _ = read_folder(ROOT)
CHAPTERS = sorted({page.chapter for page in PAGES if page.notes})
BEGUN = {8: (10, 0)}  # a chapter not yet there in full: how many questions and terms it has


def notes(chapter: int, kind: NoteKind) -> list[Note]:
    return [n for page in PAGES if page.chapter == chapter for n in page.notes if n.kind is kind]


# How somebody may have written a question with the answer to it.
WRITTEN = {
    "counted": "{count}. {asked}\n\n    * {answer}\n",
    "the book's numbers": "{book}. {asked}\n\n    {answer}\n",
    "heading": "## {asked}\n\n{answer}\n",
    "list": "- {asked}\n    - {answer}\n",
    "quote": "> {asked}\n\n{answer}\n",
}


@pytest.mark.parametrize("shape", WRITTEN)
def test_each_question_in_its_own_words_gets_its_own_answer(shape: str) -> None:
    chance = random.Random(shape)
    for chapter in CHAPTERS:
        asked = [one for one in notes(chapter, NoteKind.QUESTION) if APART not in one.tags]
        ours = [Ours(one.book, one.question, f"{one.question}\n{one.answer}") for one in asked]
        places = chance.sample(range(len(asked)), len(asked))
        text = "\n".join(
            WRITTEN[shape].format(
                count=count, book=asked[at].book or 0, asked=asked[at].prompt, answer=f"mine {at}"
            )
            for count, at in enumerate(places, 1)
        )
        with wording.knowing([one.prompt for one in asked]):
            theirs = prose.parse(f"# Mine\n\n{text}", Path("mine.md")).notes
        got = {one.ours: theirs[one.theirs].answer.lstrip("*- ") for one in match(theirs, ours)}
        assert got == {(at,): f"mine {at}" for at in places}


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
def test_hundreds_of_draws_of_each_template_are_cases() -> None:
    assert draw.valid(ROOT, 250) == {}  # 1,000 were looked at when the templates were written


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


def heights(face: Face) -> tuple[int, int]:
    """Lines of the question, and of what is shown below the rule to judge oneself by, with the
    empty ones before each, at 80 columns."""
    from textual.content import Content

    from studyapp.tui.widgets.points import PointLine
    from studyapp.tui.widgets.prose import laid_out

    question = len(laid_out(face.front, WIDEST))
    points = 0
    for point in face.points:
        line = PointLine(0)
        text = plain(point.text).strip()
        line.show(Content("  a [ ] "), Content(f"extra: {text}" if point.extra else text))
        points += line.height_at(WIDEST)
    rest = len(laid_out(face.gist if face.points else face.back, WIDEST))
    return 1 + question, sum(lines + 1 for lines in (points, rest) if lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.path.parent.name[:2]}-{page.kind}")
def test_what_one_judges_by_is_in_sight_at_80_by_24(page: ContentFile) -> None:
    """Together with its question where there are points, and in a questionnaire at least without;
    of what is drawn each fifth is looked at."""
    for note in page.notes:
        own = [one for one in note.variants if one.path == note.path]
        drawn = [one for one in note.variants if one.path != note.path]
        for case in (None, *(one.key for one in [*own, *drawn[::5]])):
            shown = note.shown(case)
            for side in sides(shown) if case is None else ("answer",):
                asked = face(shown, side)
                question, below = heights(asked)
                above = question + 1 if asked.points else 0
                assert above + 1 + below <= TALLEST, f"{note.id} {case} {side}"
            if note.card is not CardStyle.DO:
                assert 1 + heights(question_face(shown))[1] <= TALLEST, f"{note.id} {case}"


def test_an_acronym_says_what_it_is_short_for() -> None:
    terms = [one for page in PAGES for one in page.notes if one.kind is NoteKind.TERM]
    silent = [one.id for one in terms if is_acronym(one.prompt) and not face(one, "meaning").gist]
    assert silent == []


def test_the_first_ten_cards_are_a_mixture_and_get_harder(tmp_path: Path, clock: Clock) -> None:
    engine = open_database(str(tmp_path / "study.db"))
    with writing(engine) as connection:
        sync.sync(connection, [ROOT], clock())
        start_chapter(connection, 1, clock(), learner=1)
        line, met = queue.load(connection, clock(), Settings(), learner=1), []
        while (item := line.next(clock())) is not None:
            met.append(card.load(connection, item.card, learner=1))
            line.drop(item.card)
    engine.dispose()
    assert [view.note.id for view in met] == [
        "deep-learning",  # what section 1.1 says
        "what-deep-learning-does-not-need",
        "artificial-neuron",
        "apply-maths-first",
        "xor",
        "apply-first-project",
        "multilayer-perceptron",
        "apply-another-library",
        "apply-one-point-better",
        "what-is-a-gpu",  # in five points
    ]


@pytest.mark.parametrize(("chapter", "asked"), [(6, 17)])
def test_the_books_own_questionnaire_is_there_in_full(chapter: int, asked: int) -> None:
    marked = {note.book for note in notes(chapter, NoteKind.QUESTION) if note.book}
    assert marked == set(range(1, asked + 1))
