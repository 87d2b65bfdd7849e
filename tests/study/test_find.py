"""Notes are found by what they say, however one types it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studyapp.store import sync
from studyapp.store.engine import reading, writing
from studyapp.study.find import find, folded
from tests_support import Clock, questionnaire

NOTES = (
    "## Where is Łódź's café? {#cafe}\n\nIn the STRASSE, x̂ = 1.\n\n- [ ] beside the naïve baker",
    "## What hides here? {#hides}\n\n<!-- card: cloze -->\n\nThe ==drop-out=={#d} rate.",
    "## Which layers are there? {#layers}\n\n<!-- card: items -->\n\n- [ ] convolution {#a}\n",
    "## Do people underrate sums? {#sums}\n\nYes.\n\n- [ ] they do",
    "## What is a rate of steps? {#rate}\n\nTheir size.\n\n- [ ] size",
    "## What is ΣΊΣΥΦΟΣ? {#greek}\n\nA café after the convolution.\n\n- [ ] rolls a stone",
)
TERMS = "## AGI {#agi}\n\nA machine that learns all.\n\n<!-- synonyms: general intelligence -->\n"


@pytest.fixture
def found(engine: Engine, tmp_path: Path, clock: Clock):
    """Names of what is found, in their order."""
    root = tmp_path / "more"
    root.mkdir()
    (root / "questions.md").write_text(questionnaire(*NOTES, chapter=3, pack="more"))
    terms = questionnaire(TERMS, chapter=3, pack="more")
    (root / "terms.md").write_text(terms.replace("kind: questionnaire", "kind: jargon"))
    with writing(engine) as connection:
        assert not sync.sync(connection, [root], clock()).problems

    def search(words: str) -> list[str]:
        with reading(engine) as connection:
            return [one.prompt.split()[-1] for one in find(connection, words, learner=1)]

    return search


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CAFE lodz", []),  # ł is a letter of its own, not an l with an accent
        ("CAFE łódz", ["café?"]),
        (unicodedata.normalize("NFD", "CAFÉ straße"), ["café?"]),
        ("naive BAKER", ["café?"]),  # of a point
        ("σισυφος", ["ΣΊΣΥΦΟΣ?"]),
        ("convolution", ["there?", "ΣΊΣΥΦΟΣ?"]),  # an item; then an answer
        ("the drop-out rate", ["here?"]),  # through the marks of what is hidden
        ("General INTELLIGENCE", ["AGI"]),  # a synonym
        ("cafe", ["café?", "ΣΊΣΥΦΟΣ?"]),  # the question before the answer
        ("rate", ["steps?", "sums?", "here?"]),  # words of their own before parts of others
        ("underr", ["sums?"]),
        ("", []),
        ("   ", []),
        ("100%", []),
    ],
)
def test_words_find_a_note(found, words: str, expected: list[str]) -> None:
    assert found(words) == expected


@pytest.mark.parametrize(
    "text", ["Straße", "İstanbul", "ﬁne café", "ΣΊΣΥΦΟΣ", "가각", "नमस्ते", "x̂ ≠ y"]
)
def test_the_forms_of_a_text_are_one(text: str) -> None:
    forms = {
        folded(unicodedata.normalize(form, case))
        for form in ("NFC", "NFD", "NFKC", "NFKD")
        for case in (text, text.upper(), text.casefold())
    }
    assert len(forms) == 1
    assert folded(*forms) in forms


def test_what_tells_letters_apart_is_kept() -> None:
    assert folded("が") != folded("か")
    assert folded("≠") != folded("=")
