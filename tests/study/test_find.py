"""Notes are found by what they say, however one types it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select, text

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.notes.letters import folded
from studyapp.store import log, passage, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import review
from tests_support import Clock, questionnaire, search

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

    def names(words: str) -> list[str]:
        with reading(engine) as connection:
            return [one.prompt.split()[-1] for one in search(connection, words)]

    return names


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


STOCK = (
    "## What is overfitting? {#over}\n\nIt stores $x_{i}$ and $\\hat y$.\n\n- [ ] training falls"
    "\n\n<!-- tags: apply training -->",
    "## What does `softmax(x)` give? {#soft}\n\nShares: they add up to 1.\n\n- [ ] shares\n\n"
    "<!-- tags: Compute -->",
    "## Why a validation set? {#valid}\n\nOverfitting is seen there, or nowhere.\n\n- [ ] seen\n\n"
    "<!-- tags: topic:overfit -->",
    "## What is a batch? {#batch}\n\nSome rows at a time; a loss of all.\n\n- [ ] rows",
    "## Which layers are there? {#layers}\n\n<!-- card: items -->\n\n- [ ] dense {#a}\n- [ ] pool "
    "{#b}",
)
DECK = "## el perro {#dog}\n\nthe dog, is:due in text\n\n<!-- card: both -->"


def stand(connection: Connection, now: datetime) -> None:
    """Over is due for two days, soft a leech due next week, valid suspended, batch buried, the
    first layer marked and on its way; the rest is new."""
    ids = {
        (row.name, row.side): row.id
        for row in connection.execute(
            select(tables.note.c.name, tables.card.c.side, tables.card.c.id).join(
                tables.card, tables.card.c.note_id == tables.note.c.id
            )
        )
    }
    over, soft, valid, batch = (ids[name, "answer"] for name in ("over", "soft", "valid", "batch"))
    layer, day = ids["layers", "item:a"], study_day(now)

    def rate(card: int, rating: Rating, at: datetime) -> None:
        seen = log.read_memory(connection, card, learner=1).last_review
        review.answer(connection, card, seen, rating, at, learner=1)

    rate(over, Rating.GOOD, now - timedelta(days=20))
    rate(over, Rating.GOOD, now - timedelta(days=10))
    review.set_due(connection, over, day - timedelta(days=2), now, learner=1)
    for number in range(6):
        rate(soft, Rating.AGAIN, now - timedelta(days=6, minutes=-number))
    review.set_due(connection, soft, day + timedelta(days=7), now, learner=1)
    review.know(connection, valid, now, learner=1)
    review.suspend(connection, valid, now, learner=1)
    review.bury(connection, batch, now, learner=1)
    rate(layer, Rating.AGAIN, now)
    review.mark(connection, layer, now, learner=1)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A small study in which cards stand in all ways."""
    folder, clock = tmp_path_factory.mktemp("stock"), Clock()
    (folder / "fastai").mkdir()
    (folder / "fastai" / "a.md").write_text(questionnaire(*STOCK, pack="fastai"))
    deck = "---\npack: words\ndeck: Spanish::Animals\nkind: questionnaire\n---\n\n"
    (folder / "fastai" / "b.md").write_text(f"{deck}{DECK}\n")
    engine = open_database(str(folder / "study.db"))
    with writing(engine) as connection:
        assert not sync.sync(connection, [folder / "fastai"], clock()).problems
        stand(connection, clock())
    yield engine
    engine.dispose()


def hits(engine: Engine, typed: str) -> str:
    """The first words of what is found: over, soft, valid, batch, layers, dog."""
    of = {"overfitting?": "over", "give?": "soft", "set?": "valid", "batch?": "batch"}
    of |= {"there?": "layers", "perro": "dog"}
    with reading(engine) as connection:
        return " ".join(sorted(of[one.prompt.split()[-1]] for one in search(connection, typed)))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # words
        ("overfitting", "over valid"),
        ("verfit", "over valid"),  # a part of it
        ("OVERFITTING seen", "valid"),
        ("overfitting batch", ""),
        ('"is overfitting"', "over"),  # as one
        ('"overfitting is', "valid"),  # still being typed
        ("x_{i}", "over"),  # as it is written
        ("xᵢ", "over"),  # as it is shown
        ("\\hat", "over"),
        ("softmax(x)", "soft"),
        ("max(", "soft"),
        ("of", "batch soft"),  # too short for the index
        ("1", "soft"),
        ("of all", "batch"),
        ("-overfitting", "batch dog layers soft"),
        ("what -overfitting", "batch soft"),
        ("dog or batch", "batch dog"),
        ("what softmax or batch", "batch soft"),  # or binds less than and
        ("what (softmax or batch)", "batch soft"),
        ("-(overfitting or what)", "dog layers"),
        ("nowhere or", "valid"),  # still being typed, a word
        ('"is:due"', "dog"),
        ("add::up", ""),
        # how a card stands
        ("is:due", "over"),
        ("is:new", "batch dog layers"),
        ("is:learn", "layers soft"),
        ("is:review", "over valid"),
        ("is:leech", "soft"),
        ("is:suspended", "valid"),
        ("is:buried", "batch"),
        ("is:mend", "layers"),
        ("is:mine", ""),
        ("-is:new", "layers over soft valid"),  # layers has another card
        ("is:new is:mend", ""),  # of one card, not of two of a note
        ("is:due overfitting", "over"),
        ("IS:Due or is:leech", "over soft"),
        # where it belongs
        ("chapter:1", "batch layers over soft valid"),
        ("chapter:fastai:1 batch", "batch"),
        ("chapter:spanish", "dog"),
        ("chapter:Spanish::Animals", "dog"),
        ('chapter:"spanish::an*"', "dog"),
        ("pack:words", "dog"),
        ("pack:F*", "batch layers over soft valid"),
        ("pack:fast", ""),
        ("tag:apply", "over"),
        ("tag:COMPUTE", "soft"),
        ("tag:topic:overfit", "valid"),
        ("tag:to*", "valid"),
        ("tag:t", ""),
        # what was done, and what came of it
        ("rated:1", "layers"),
        ("rated:7", "layers soft"),
        ("rated:7:1", "layers soft"),
        ("rated:10:3", ""),
        ("rated:11:3", "over"),
        ("-rated:30", "batch dog layers valid"),
        ("prop:s>29.5", "valid"),
        ("prop:s<29.5 prop:s>0", "layers over soft"),
        ("prop:d>5", "layers soft"),
        ("prop:r<1", "over soft"),
        ("prop:r>=1", "layers valid"),
        ("prop:r>2", ""),
        ("prop:reps=2", "over"),
        ("prop:lapses>0", ""),
        ("prop:reps<1", "batch dog layers valid"),
        ("due:7", "soft"),
        ("due:-2", "over"),
        ("due:<=7", "layers over soft"),
        ("prop:due>7", "valid"),
    ],
)
def test_search_words_find_what_stands_so(stock: Engine, typed: str, expected: str) -> None:
    assert hits(stock, typed) == expected


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("batch is:foo", "is:foo: a card is due, new, learn, review, leech, suspended, buried"),
        ("is:", "is:: a card is due"),
        ("prop:q>3", "prop:q>3: what can be compared is s, d, r, lapses, reps and due."),
        ("prop:s", "prop:s: compare it with a number, as in prop:s>3."),
        ("prop:s>x", "prop:s>x: compare it with a number"),
        ("prop:due>9999999", "prop:due>9999999: no card gets that far"),
        ("rated:soon", "rated:soon needs how many days back"),
        ("rated:7:9", "rated:7:9 needs how many days back"),
        ("rated:0", "rated:0 needs how many days back"),
        ("due:monday", "due:monday needs days from today, as in due:1 for tomorrow"),
        ("tag:", "tag: needs a name behind it, as in tag:apply."),
        ("chaptr:1", "chaptr:1: did you mean chapter:, as in chapter:1?"),
        ("deck:Spanish", "deck:Spanish: a deck is found by chapter:"),
        ("chapter:9", "There is no chapter 9; the nearest is 1, Chapter 1."),
        ("(" * 60 + "a", "( is there too often"),
    ],
)
def test_what_means_nothing_is_told_by_its_word(stock: Engine, typed: str, told: str) -> None:
    with pytest.raises(StudyError) as error:
        hits(stock, typed)
    assert str(error.value).startswith(told)


@given(st.text(alphabet='ab-:()"<>=.* isdueorprtagck917', max_size=30))
def test_whatever_is_typed_finds_something_or_says_why_not(stock: Engine, typed: str) -> None:
    with suppress(StudyError):
        hits(stock, typed)


def test_what_is_searched_goes_with_the_content(engine: Engine, tmp_path: Path) -> None:
    """Reworded, gone and back again: found by what a note says now, and by nothing else."""
    root, clock = tmp_path / "new", Clock()
    root.mkdir()
    path = root / "a.md"

    def found(text: str, words: str) -> int:
        path.write_text(questionnaire(*text.split("|"), pack="new", chapter=7))
        with writing(engine) as connection:
            roots = [Path(one) for one in connection.scalars(select(tables.root.c.path)).all()]
            sync.sync(connection, sorted({*roots, root}), clock(), changed_only=True)
            assert passage.untrue(connection) == []
            assert passage.unindexed(connection) == 0
            return len(search(connection, words))

    other = "## What is kept? {#kept}\n\nIt stays."
    note = "## What is quixotic? {#quix}\n\nA windmill."
    assert found(f"{note}|{other}", "quixotic windmill") == 1
    assert found(f"{note.replace('windmill', 'giant')}|{other}", "windmill") == 0
    assert found(f"{note}|{other}", "windmill") == 1
    assert found(other, "windmill") == 0
    assert found(f"{other}|{note}", "windmill") == 1  # elsewhere in the file, as it was
    assert found(other, "stays") == 1


def test_an_index_is_no_more_than_a_quicker_way(stock: Engine) -> None:
    """Without it, as on a server, everything is found all the same."""
    typed = ("overfitting", "verfit", "x_{i}", "softmax(x)", "-overfitting", "of all")
    before = [hits(stock, one) for one in typed]
    with writing(stock) as connection:
        connection.execute(text("DROP TABLE passage_index"))
    assert [hits(stock, one) for one in typed] == before
    with writing(stock) as connection:
        passage.index_anew(connection)
    assert [hits(stock, one) for one in typed] == before
