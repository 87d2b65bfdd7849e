"""Notes are found by what they say, however one types it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select, text

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters, is_leech
from studyapp.memory.state import Memory, Rating
from studyapp.memory.state import State as Kind
from studyapp.notes.letters import folded
from studyapp.store import passage, record, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import MEMORY_COLUMNS, as_memory, read_memory
from studyapp.study import aside, find, query, review
from studyapp.study.condition import SIGNS, apart
from studyapp.study.order import Order
from studyapp.study.query import Property, State
from tests_support import Clock, questionnaire, search

NOTES = (
    "## Where is Łódź's café? {#cafe}\n\nIn the STRASSE, x̂ = 1.\n\n- [ ] beside the naïve baker",
    "## What hides here? {#hides}\n\n<!-- card: cloze -->\n\nThe ==drop-out=={#d} rate.",
    "## Which layers are there? {#layers}\n\n<!-- card: items -->\n\n- [ ] convolution {#a}\n",
    "## Do people underrate sums? {#sums}\n\nYes.\n\n- [ ] they do",
    "## What is a rate of steps? {#rate}\n\nTheir size.\n\n- [ ] size",
    "## What is ΣΊΣΥΦΟΣ? {#greek}\n\nA café after\na convolution.\n\n- [ ] rolls a stone",
    '## What does `list(zip("abc", (1, 2)))` pair? {#zip}\n\n`np.einsum("ij,jk", a)`, '
    '`"[\\"a b\\"]"`.\n\n- [ ] `print(\')\', it\'s)`',
    "## Which \\_\\_init\\_\\_ is meant? {#init}\n\nIn 2\\*3\\*4 &amp; =\\= &Omega;, a\\~~b, "
    "\\`tick\\` of `c\\*d &lt;`, $e\\;f$ for \\$5.\n\n```\ng\\*h\n```\n\n- [ ] 1\\. &num;tag",
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
        ('"café after a convolution"', ["ΣΊΣΥΦΟΣ?"]),  # on two lines
        ('"r a c', ["ΣΊΣΥΦΟΣ?"]),
        ('"r a', ["ΣΊΣΥΦΟΣ?"]),
        ('there -"after a con"', ["there?"]),
        ('convolution -"after a con"', ["there?"]),
        # code as it is written: a quote or a parenthesis in a word is a letter of it
        ('zip("', ["pair?"]),
        ('zip("a', ["pair?"]),
        ('zip("abc"', ["pair?"]),
        ('"abc', ["pair?"]),
        ('"abc", (1,', ["pair?"]),
        ('list(zip("abc", (1, 2)))', ["pair?"]),
        ('(list(zip("abc", (1, 2))) or einsum) -rate', ["pair?"]),
        ('zip("abd"', []),
        ('zip("abc" baker', []),
        ('einsum("ij', ["pair?"]),
        ('einsum("ij,jk"', ["pair?"]),
        ('café -einsum("ij', ["café?", "ΣΊΣΥΦΟΣ?"]),
        ('layers -list(zip("abc",', ["there?"]),
        ('pair -list(zip("abc",', []),
        ("print(')',", ["pair?"]),
        ('"[\\"a b\\"]"', ["pair?"]),  # with the backslashes of the code
        ('\\"ij,jk\\"', ["pair?"]),  # with those by which a quote is a letter
        ('"\\"ij,jk\\", a"', ["pair?"]),
        ('"""ij', []),
        # what Markdown has escaped as it is shown, and as it is written
        ("__init__", ["meant?"]),
        ("\\_\\_init\\_\\_", ["meant?"]),
        ("2*3*4", ["meant?"]),
        ("2\\*3\\*4", ["meant?"]),
        ('"4 & == Ω, a~~b, `tick` of"', ["meant?"]),
        ("4 &amp; ==", ["meant?"]),
        ("$5", ["meant?"]),
        ("1. #tag", ["meant?"]),  # of a point
        ("c\\*d &lt;", ["meant?"]),
        ("c*d", []),  # in code a backslash is one
        ("d <`", []),
        ("g*h", []),
        ("e;f", []),  # and in a formula another mark
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


def test_what_is_out_of_the_way_is_due_on_no_day(engine: Engine, clock: Clock) -> None:
    """Suspended, or buried until a later day; what else is asked of it finds it as ever."""
    now, day = clock(), study_day(clock())
    with writing(engine) as connection:
        cards = connection.scalars(select(tables.card.c.id).limit(3)).all()
        for one in cards:
            review.know(connection, one, now, learner=1)
            review.set_due(connection, one, day + timedelta(days=1), now, learner=1)
        review.suspend(connection, cards[1], now, learner=1)
        review.bury(connection, cards[2], now, learner=1)

        def found(typed: str, at: datetime) -> set[int]:
            return {card for note in search(connection, typed, at) for card in note.cards}

        for typed in ("due:1", "due:<=7", "prop:due=1"):
            assert found(typed, now) == {cards[0]}
            assert not {*cards[1:]} - found(f"-{typed}", now)
        assert found("due:0", now + timedelta(days=1)) == {cards[0], cards[2]}
        assert found("is:review prop:s>29 prop:ivl>0", now) == {*cards}


def test_what_tells_letters_apart_is_kept() -> None:
    assert folded("が") != folded("か")
    assert folded("≠") != folded("=")


STOCK = (
    "## What is overfitting? {#over}\n\nIt stores $x_{i}$ and $\\hat y$.\n\n- [ ] training falls"
    "\n\n<!-- tags: apply training -->",
    "## What does `softmax(x)` give? {#soft}\n\nShares: they add up to 1.\n\n- [ ] shares\n\n"
    "<!-- tags: Compute -->",
    "## Why a validation set? {#valid}\n\nOverfitting is seen there, or nowhere.\n\n- [ ] seen\n\n"
    "<!-- tags: topic:overfit visions -->",
    "## What is a batch? {#batch}\n\nSome rows at\na time; a loss of all.\n\n- [ ] rows\n\n"
    "<!-- tags: vision -->",
    "## Which layers are there? {#layers}\n\n<!-- card: items, tags: vision::cnn -->\n\n"
    "- [ ] dense {#a}\n- [ ] pool {#b}",
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
        seen = read_memory(connection, card, learner=1).last_review
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


@pytest.fixture(scope="module")
def plain(stock: Engine) -> Plain:
    return Plain(stock, Clock()())


def names(engine: Engine, typed: str, order: Order = Order.MATCH, limit: int = 50) -> list[str]:
    """The first words of what is found, in this order: over, soft, valid, batch, layers, dog."""
    of = {"overfitting?": "over", "give?": "soft", "set?": "valid", "batch?": "batch"}
    of |= {"there?": "layers", "perro": "dog"}
    with reading(engine) as connection:
        found = search(connection, typed, order=order, limit=limit)
    return [of[one.prompt.split()[-1]] for one in found]


def hits(engine: Engine, typed: str) -> str:
    return " ".join(sorted(names(engine, typed)))


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
        ("dog and batch or what and softmax", "soft"),
        ("is:due AND overfitting", "over"),
        ('what "and"', "over"),  # in quotes a word
        ("Why not", ""),
        ("nowhere or", "valid"),  # still being typed
        ("nowhere and (", "valid"),
        ('nowhere or -"', "valid"),
        ("or", ""),
        ('"is:due"', "dog"),
        ('x:"is:due"', ""),  # no name that means something: text, with its quotes
        ("add::up", ""),
        ("\udce9", "batch layers over soft valid"),  # as ?, which each question has
        ("over\ud800fitting", ""),
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
        ("is:suspended or is:due rated:7", "valid"),
        # where it belongs
        ("chapter:1", "batch layers over soft valid"),
        ("chapter:fastai:1 batch", "batch"),
        ("chapter:spanish", "dog"),
        ("chapter:Spanish::Animals", "dog"),
        ('chapter:"spanish::an*"', "dog"),
        ("pack:words", "dog"),
        ("pack:F*", "batch layers over soft valid"),
        ("tag:apply", "over"),
        ("tag:COMPUTE", "soft"),
        ("tag:topic:overfit", "valid"),
        ("tag:to*", "valid"),
        ("tag:t* -tag:train*", "valid"),
        ("tag:vision", "batch layers"),  # and what is below it, but not visions
        ("tag:Vision::CNN", "layers"),
        ("tag:*ision", "batch layers"),
        ("-tag:vision chapter:1", "over soft valid"),
        ('tag:"vision::c*"', "layers"),
        ("chapter:*nish", "dog"),
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
        ("prop:r>=0", "layers over soft valid"),
        ("prop:reps=2", "over"),
        ("prop:lapses>0", ""),
        ("prop:reps<1", "batch dog layers valid"),
        ("due:7", "soft"),
        ("due:-2", "over"),
        ("due:<=7", "layers over soft"),
        ("prop:due>7", ""),  # but for what is suspended
        ("-prop:due<=7", "batch dog layers valid"),
        ("prop:ivl=8", "over"),  # rated ten days ago, due for two
        ("prop:ivl>=8", "over valid"),
        ("prop:ivl<8", ""),  # what is in its steps has no interval
        ("-prop:ivl>0", "batch dog layers soft"),
        ("introduced:1", "layers valid"),
        ("introduced:7", "layers soft valid"),
        ("introduced:99999", "layers over soft valid"),
        ("-introduced:7", "batch dog layers over"),
    ],
)
def test_search_words_find_what_stands_so(stock: Engine, typed: str, expected: str) -> None:
    assert hits(stock, typed) == expected


@pytest.mark.parametrize("printed", ["“{}”", "„{}“", "«{}»"])
def test_quotes_of_print_hold_a_phrase_together_as_those_that_are_typed(printed: str) -> None:
    for form in ("{}", "-{}", "tag:{}", "(x or {})"):
        one, other = (form.format(quotes.format("a b c")) for quotes in (printed, '"{}"'))
        assert query.parse(one) == query.parse(other)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("batch is:foo", "is:foo: a card is due, new, learn, review, leech, suspended, buried"),
        ("is:", "is: a card is due"),
        ("prop:", "prop: what can be compared is s"),
        ("deck:", "deck: a deck is found by chapter:"),
        ("tags:", "tags: did you mean tag:, as in tag:apply?"),
        ("dog " * 200 + "batch " * 5000, "batch: no more than 200 words are searched for at once."),
        ("prop:q>3", "prop:q>3: what can be compared is s, d, r, lapses, reps, due and ivl."),
        ("prop:ivl", "prop:ivl: compare it with a number, as in prop:ivl>3."),
        ("prop:ease<2", "prop:ease<2: there is no ease here; prop:d compares the difficulty"),
        ("prop:pos=1", "prop:pos=1: new cards have no positions here"),
        ("introduced:soon", "introduced:soon needs how many days back, as in introduced:7."),
        ("introduced:0", "introduced:0: today is the first day, as in introduced:1."),
        ("introduced:100000", "introduced:100000: nothing is that far back; 99,999 is the end."),
        ("introduced:7:1", "introduced:7:1: it takes days alone, as in introduced:7."),
        ("introduced:.5", "introduced:.5: days are whole numbers, as in introduced:7."),
        ("introduced:<7", "introduced:<7: days back are counted without <, as in introduced:7."),
        ("introduced:²", "introduced:² needs how many days back"),
        ("w:dog", "w:dog: words of their own come first without it; in quotes it is text."),
        ("prop:s", "prop:s: compare it with a number, as in prop:s>3."),
        ("prop:s>x", "prop:s>x: compare it with a number"),
        ("prop:due>9999999", "prop:due>9999999: no card gets that far"),
        ("rated:soon", "rated:soon needs how many days back"),
        ("rated:7:9", "rated:7:9: a rating is from 1 to 4, as in rated:7:1."),
        ("rated:7:", "rated:7: a rating is from 1 to 4, as in rated:7:1."),
        ("rated:0:1", "rated:0:1: today is the first day, as in rated:1."),
        ("rated:" + "9" * 20, f"rated:{'9' * 20}: nothing is that far back; 99,999 is the end."),
        ("rated:1.5", "rated:1.5: days are whole numbers, as in rated:7."),
        ("rated:-7", "rated:-7: days back are counted without -, as in rated:7."),
        ("due:1.5", "due:1.5: days are whole numbers, as in due:1 for tomorrow."),
        ("due:=>7", "due:=>7: => compares nothing; compare by <, <=, >, >=, = or !=."),
        ("due:" + "9" * 20, f"due:{'9' * 20}: no card gets that far; 100,000 is the end."),
        ("prop:ivl≥7", "prop:ivl≥7: ≥ compares nothing; compare by <, <=, >, >=, = or !=."),
        ("prop:r=>.9", "prop:r=>.9: => compares nothing; compare by <, <=, >, >=, = or !=."),
        ("due:monday", "due:monday needs days from today, as in due:1 for tomorrow"),
        ("tag:", "tag: needs a name behind it, as in tag:apply."),
        ("chaptr:1", "chaptr:1: did you mean chapter:, as in chapter:1?"),
        ("deck:Spanish", "deck:Spanish: a deck is found by chapter:"),
        ("chapter:9", "There is no chapter 9; the nearest is 1, Chapter 1."),
        ("pack:fast", "pack:fast: there is no such pack; the nearest is fastai."),
        ("pack:wrods", "pack:wrods: there is no such pack; the nearest is words."),
        ("batch tag:app", "tag:app: no note has this tag; the nearest is apply."),
        ("tag:compote", "tag:compote: no note has this tag; the nearest is Compute."),
        ("tag:zz*", "tag:zz*: no note has this tag."),
        ("tag:visio", "tag:visio: no note has this tag; the nearest is vision."),
        ("tag:vision::", "tag:vision::: no note has this tag; the nearest is vision::cnn."),
        ("prop:r<90%", "prop:r<90%: give it as a share of 1, as in prop:r<.9."),
        ("prop:r<0%", "prop:r<0%: give it as a share of 1, as in prop:r<0."),
        ("prop:r>=100%", "prop:r>=100%: give it as a share of 1, as in prop:r>=1."),
        ("prop:r<90", "prop:r<90: give it as a share of 1, as in prop:r<.9."),
        ("-prop:r>900", "prop:r>900: give it as a share of 1, as in prop:r<.9."),
        ("(" * 60 + "a", "( is there too often"),
        ("prop:r>nan", "prop:r>nan: compare it with a share of 1, as in prop:r<.9."),
        ("chapter:\udce9", "There is no deck '?'"),
        ("\udce9:1 is:caf\udce9", "is:caf?: a card is due"),
        ("is:due )", "): no parenthesis is open before it; in quotes it is text."),
        ("(is:due or dog))", "dog)): no parenthesis is open before it"),
        ("is:due ( )", "(): nothing stands in it; in quotes it is text."),
        ("or or is:due", "or: nothing stands before it; in quotes it is text."),
        ("is:due or AND dog", "AND: nothing stands before it"),
        ("(dog or) is:due", "or: nothing stands behind it"),
        ("- is:due", "-: it stands right before what is left out, as in -is:due;"),
        ('"" dog', '"": nothing stands in it.'),
        ("--is:due", "--is:due: one minus leaves out; in quotes it is text."),
        ("not is:due", "not: a minus leaves out, as in -is:due; in quotes it is text."),
        ("not (dog or batch)", "not: a minus leaves out"),
    ],
)
def test_what_means_nothing_is_told_by_its_word(stock: Engine, typed: str, told: str) -> None:
    with pytest.raises(StudyError) as error:
        hits(stock, typed)
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("left_out", ["tag:nope", "pack:nope", "chapter:9", "(tag:nope or tag:no)"])
def test_what_is_not_there_is_left_out_of_nothing(stock: Engine, left_out: str) -> None:
    """The rest is found, and it is told; only the name that is wanted finds nothing."""
    assert hits(stock, f"is:review -{left_out}") == hits(stock, "is:review") != ""
    with reading(stock) as connection:
        for typed, tells in ((f"-{left_out}", True), ("-tag:apply tag:apply", False)):
            told = find.left_out(connection, typed, Clock()(), Settings(), learner=1)
            assert bool(told) is tells
    with pytest.raises(StudyError):
        hits(stock, left_out)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("is:due or", "or waits for more; in quotes it is text."),
        ("is:due AND", "AND waits for more; in quotes it is text."),
        ("is:due -(", "-( waits for more; in quotes it is text."),
        ('is:due "', '" waits for more.'),
        ("-", "- waits for more; in quotes it is text."),
        ("is:due or dog", ""),
        ("is:due (dog", ""),
        ('is:due "is over', ""),
    ],
)
def test_what_waits_for_more_is_no_fault(stock: Engine, typed: str, told: str) -> None:
    with reading(stock) as connection:
        assert find.left_out(connection, typed, Clock()(), Settings(), learner=1) == told


@pytest.mark.parametrize(
    "typed",
    [
        *("is:due or is:leech", "(dog and batch) -is:new", 'dog or -"el"'),
        *(
            '(list(zip("abc", f(1, (2))))) or x',
            "print(')', \"(\")",
            '"a \\"b\\"" \'c\' """d""" e"',
        ),
    ],
)
def test_no_key_on_the_way_to_a_query_is_refused_for_its_grammar(typed: str) -> None:
    told = list[str]()
    for end in range(len(typed) + 1):
        try:
            query.parse(typed[:end])
        except query.QueryError as error:
            told.append(str(error))
    assert [one for one in told if not one.startswith(("is", "-is"))] == []  # of states half typed


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("overfitting batch", "Nothing has all these words."),
        ("is:due is:new", "No card is so."),
        ("zebra or -dog", "No card is so."),
    ],
)
def test_that_nothing_is_found_is_told_by_what_was_asked(typed: str, told: str) -> None:
    assert query.nothing(typed) == told


@given(st.text(alphabet='ab-:()"\\<>=.* isdueornprtagck917', max_size=30))
def test_whatever_is_typed_finds_something_or_says_why_not(stock: Engine, typed: str) -> None:
    with suppress(StudyError):
        hits(stock, typed)


@pytest.mark.parametrize("typed", ["what", "a", "o", "the -dog"])
def test_how_many_hits_come_first_loses_no_note(
    stock: Engine, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    found = names(stock, typed)
    monkeypatch.setattr("studyapp.study.match._MOST", 1)
    monkeypatch.setattr("studyapp.study.match._SHORT", 1)
    assert [names(stock, typed, limit=some) for some in (1, 2, 50)][2] == found
    assert len(found) > 1


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
    typed += ("tag:apply", "tag:t*")
    before = [hits(stock, one) for one in typed]
    with writing(stock) as connection:
        connection.execute(text("DROP TABLE passage_index"))
        connection.execute(text("DROP INDEX ix_note_tags"))
    assert [hits(stock, one) for one in typed] == before
    with writing(stock) as connection:
        passage.index_anew(connection)
        connection.execute(text("CREATE INDEX ix_note_tags ON note (tags)"))
    assert [hits(stock, one) for one in typed] == before


@pytest.mark.parametrize(
    ("limits", "few"),
    [
        (("search._FEW", "search._FEW_SAY", "search._RARE", "search._LATE"), 0),
        (("search._FEW", "search._RARE", "search._LATE"), 1),
        (("search._RARE",), 0),
        (("search._FEW_SAY", "order._MANY_SAY"), 0),
    ],
)
def test_where_a_search_begins_is_no_more_than_a_quicker_way(
    stock: Engine, monkeypatch: pytest.MonkeyPatch, limits: Sequence[str], few: int
) -> None:
    """With the notes of a condition where they are few, with the index of words where they are
    not; in each order with the index of that order."""
    typed = ("is:due overfitting", "rated:7 (which or give)", "tag:t* -seen", "is:learn -which")
    typed += ("is:suspended overfitting seen", "is:mend dense", "-is:mine pool")
    typed += ("is:due overfitting -softmax", "is:new batch (-pool or -tag:nope)")
    typed += ("is:new batch", "is:new", "prop:r<.99 overfitting", "prop:r<=.99", "is:learn")
    typed += ("is:due or is:leech", "dense or (overfitting is:due)", "due:<=7", "prop:s>0")
    typed += ("overfitting (is:suspended or is:due rated:7)", "prop:lapses>=0")
    typed += ("prop:ivl>=8", "introduced:7 (which or give)", "introduced:30", "prop:ivl<9 -seen")
    typed += ("prop:d>5", "prop:reps<2", "prop:lapses<1 -is:new", "rated:30 -seen", "-nowhere")

    def all_found() -> list[list[str]]:
        others = [(order, one) for order in list(Order)[1:] for one in typed[few::4]]
        return [hits(stock, one).split() for one in typed] + [
            names(stock, one, order) for order, one in others
        ]

    before = all_found()
    assert all(before)
    for limit in limits:
        monkeypatch.setattr(f"studyapp.study.{limit}", few)
    stock.dispose()  # and with it what its connections have kept
    assert all_found() == before


# Every kind of condition, and words that are in some passages.
TERMS_OF_ALL = (
    *(f"is:{one}" for one in State),
    *("chapter:1", "chapter:spanish", "pack:words", "tag:apply", "tag:t*", "tag:vision"),
    *("rated:1", "rated:7", "rated:7:1", "rated:30:3", "prop:s>29.5", "prop:s<5", "prop:d>5"),
    *("prop:ivl>7", "prop:ivl!=8", "introduced:7", "introduced:30"),
    *("prop:r<1", "prop:r>=1", "prop:lapses<1", "prop:lapses>=0", "prop:reps=2", "prop:reps<1"),
    *("prop:reps!=0", "due:7", "due:<=7", "prop:due>0", "overfitting", "what", "of", "e", "seen"),
    *('"a loss', '"at a"', '"s a'),
)


class Plain:
    """All that is in a study, of which each card is looked at for each query."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        card, note, memory = tables.card.c, tables.note.c, tables.memory.c
        self.now, self.today = now, study_day(now)
        with reading(engine) as connection:
            self.cards = connection.execute(
                select(card.id, note.id.label("note"), note.tags, tables.chapter.c.number)
                .add_columns(tables.chapter.c.pack, tables.passage.c.question)
                .add_columns(tables.passage.c.rest)
                .join(tables.note, note.id == card.note_id)
                .join(tables.chapter, tables.chapter.c.id == note.chapter_id)
                .join(tables.passage, tables.passage.c.note_id == note.id)
                .order_by(*tables.IN_ORDER, note.path, note.line, card.position)
            ).all()
            held = select(memory.card_id, *MEMORY_COLUMNS)
            self.memories = {one[0]: as_memory(one[1:]) for one in connection.execute(held)}
            review = tables.review.c
            rated = select(review.card_id, review.effective_day, review.rating)
            self.rated = connection.execute(rated.where(record.not_retracted())).all()
            self.marked = aside.marked(connection, learner=1)

    def found(self, wanted: query.Query, order: Order) -> list[tuple[int, list[int]]]:
        """Notes and cards; without words in the order that they are to have."""
        notes = dict[int, list[int]]()
        for one in self.cards:
            if self.holds(wanted, one):
                notes.setdefault(one.note, []).append(one.id)
        by: dict[Order, Callable[[Memory], float | None]] = {
            Order.MATCH: lambda value: 0,
            Order.DUE: lambda value: None if value.due is None else value.due.toordinal(),
            Order.STABILITY: lambda value: value.stability,
            Order.LAPSES: lambda value: -value.lapses,
        }

        def place(item: tuple[int, list[int]]) -> float:
            known = [by[order](self.memories[one]) for one in item[1] if one in self.memories]
            return min((one for one in known if one is not None), default=inf)

        return sorted(notes.items(), key=place if order is not Order.MATCH else lambda _: 0)

    def holds(self, wanted: query.Query, one: Any) -> bool:
        of = self.memories.get(one.id, Memory())
        match wanted:
            case query.All(parts):
                return all(self.holds(part, one) for part in parts)
            case query.Any(parts):
                return any(self.holds(part, one) for part in parts)
            case query.Not(part):
                return not self.holds(part, one)
            case query.Word(said):
                lines = (one.question, one.rest)
                return any(said in text.replace("\n", " ") for text in lines)
            case query.Is(how):
                return self.stands(how, one.id, of)
            case query.Chapter(name):
                return (one.number is None) is (name == "spanish")
            case query.Pack(name):
                return bool(one.pack == name)
            case query.Tag(name):
                tags = [folded(tag) for tag in one.tags]
                return any(fnmatchcase(tag, of) for tag in tags for of in (name, f"{name}::*"))
            case query.Rated(days, rating):
                since = self.today - timedelta(days=days - 1)
                return any(
                    card == one.id and day >= since and rating in (None, given)
                    for card, day, given in self.rated
                )
            case query.Introduced(days):
                since = self.today - timedelta(days=days - 1)
                return of.first_day is not None and of.first_day >= since
            case query.Compared(what, sign, number):
                value = self.value(what, of)
                return value is not None and bool(SIGNS[sign](value, number))

    def stands(self, how: State, card: int, of: Memory) -> bool:
        buried = aside.is_buried(of, self.now)
        ready = of.due is not None and of.due <= self.today
        return {
            State.DUE: ready
            and (of.due_at is None or of.due_at <= self.now)
            and not (of.suspended or buried),
            State.NEW: of.state is Kind.NEW,
            State.LEARN: of.state in (Kind.LEARNING, Kind.RELEARNING),
            State.REVIEW: of.state is Kind.REVIEW,
            State.LEECH: bool(is_leech(of.lapses, of.agains, Settings().leech_lapses)),
            State.SUSPENDED: of.suspended,
            State.BURIED: buried,
            State.MEND: card in self.marked,
            State.MINE: False,
        }[how]

    def value(self, what: Property, of: Memory) -> float | None:
        match what:
            case Property.STABILITY:
                return of.stability
            case Property.DIFFICULTY:
                return of.difficulty
            case Property.LAPSES:
                return of.lapses
            case Property.REVIEWS:
                return of.reviews
            case Property.DUE:
                aside_for_now = of.suspended or aside.is_buried(of, self.now)
                return None if aside_for_now or of.due is None else (of.due - self.today).days
            case Property.RETRIEVABILITY:
                return Parameters().retrievability(of, self.today)
            case Property.INTERVAL:
                if of.state is not Kind.REVIEW or of.due is None or of.last_day is None:
                    return None
                return (of.due - of.last_day).days


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(parts, min_size=2, max_size=3)
    return some.map(" ".join) | some.map(" or ".join) | some.map(lambda all: f"-({' '.join(all)})")


TYPED = st.recursive(
    st.sampled_from(TERMS_OF_ALL) | st.sampled_from(TERMS_OF_ALL).map("-{}".format),
    lambda parts: joined(parts.map("({})".format)),
    max_leaves=6,
)


@settings(max_examples=50)
@example(["is:learn", "is:new"], Order.MATCH, 50)  # two cards of one note
@example(["is:mend", "dense"], Order.MATCH, 50)
@example(["prop:reps>=0", "-seen"], Order.DUE, 1)  # new cards have no date
@given(st.lists(TYPED, min_size=1, max_size=3), st.sampled_from(Order), st.sampled_from((1, 50)))
def test_a_search_finds_what_a_plain_scan_does(
    stock: Engine, plain: Plain, typed: list[str], order: Order, limit: int
) -> None:
    """Key after key, with what earlier keys have found out, and in each order."""
    for one in (" ".join(typed[:end]) for end in range(1, len(typed) + 1)):
        wanted = query.parse(one)
        assert wanted is not None
        by_rank = order is Order.MATCH and apart(wanted)[0]
        with reading(stock) as connection:
            rows = search(connection, one, order=order, limit=50 if by_rank else limit)
        found, expected = [(row.note, list(row.cards)) for row in rows], plain.found(wanted, order)
        if by_rank:
            assert sorted(found) == sorted(expected), one
        else:
            assert found == expected[:limit], one


def test_what_keys_have_found_out_holds_no_longer_than_it_is_true(
    engine: Engine, tmp_path: Path, clock: Clock
) -> None:
    """It ends with the next step that comes due, with the day, with what anybody writes, and with
    what is taken back of that; and it is of one learner and their settings."""
    with writing(engine) as connection:
        first, second = connection.scalars(select(tables.card.c.id).limit(2)).all()
    other = open_database(str(engine.url.database))

    def found(typed: str, connection: Connection | None = None) -> set[int]:
        with reading(engine) if connection is None else nullcontext(connection) as one:
            return {card for note in search(one, typed, clock()) for card in note.cards}

    def rate(by: Engine, card: int, rating: Rating) -> None:
        with writing(by) as connection:
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, rating, clock(), learner=1)

    assert found("is:due") == set()
    rate(engine, first, Rating.AGAIN)
    assert (found("is:due"), found("is:learn")) == (set(), {first})
    clock.forward(minutes=20)
    assert found("is:due") == {first}
    clock.forward(minutes=-20)
    assert found("is:due") == set()
    rate(other, second, Rating.AGAIN)
    assert found("is:learn") == {first, second}
    with suppress(KeyError), writing(engine) as connection:
        review.suspend(connection, first, clock(), learner=1)
        assert found("is:suspended", connection) == {first}
        raise KeyError
    assert found("is:suspended") == set()
    clock.forward(minutes=20)  # no step is to come
    with writing(engine) as connection:
        review.know(connection, first, clock(), learner=1)
        review.bury(connection, second, clock(), learner=1)
    assert found("is:buried") == {second}
    clock.forward(days=1)
    assert found("is:buried") == set()
    rate(engine, first, Rating.AGAIN)
    with reading(engine) as connection:
        for typed, learner, lapses, expected in (
            ("is:learn", 1, 8, {first, second}),
            ("is:learn", 2, 8, set()),
            ("is:leech", 1, 1, {first}),
            ("is:leech", 1, 2, set()),
        ):
            set_so = Settings(leech_lapses=lapses)
            notes = find.find(connection, typed, clock(), set_so, learner=learner)
            assert {card for note in notes for card in note.cards} == expected
    other.dispose()


@pytest.mark.parametrize("typed", ["-is:mine", "what or why or which or perro", "prop:reps>=0"])
def test_what_an_order_knows_nothing_of_comes_last_as_in_the_book(
    stock: Engine, typed: str
) -> None:
    """A note comes once, by the one of its cards that comes first: of layers one is on its way,
    and the other new."""
    by_date = ["over", "layers", "soft", "valid", "batch", "dog"]
    assert names(stock, typed, Order.DUE) == by_date
    assert names(stock, typed, Order.DUE, limit=2) == by_date[:2]


def test_by_lapses_a_card_that_never_lapsed_comes_before_one_of_which_nothing_is_known(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        unmet, never, once, *others = search(connection, "-is:mine")
        for one in (never, once):
            review.know(connection, next(iter(one.cards)), clock(), learner=1)
        lapsed = next(iter(once.cards))
        seen = read_memory(connection, lapsed, learner=1).last_review
        review.answer(connection, lapsed, seen, Rating.AGAIN, clock(), learner=1)
        found = search(connection, "-is:mine", order=Order.LAPSES)
    expected = [once, never, unmet, *others]
    assert [one.note for one in found] == [one.note for one in expected]
