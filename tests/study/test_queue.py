"""The queue: what enters, when, and in which order."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from studyapp.config import Settings
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, write_memory
from studyapp.store.parameters import read_history
from studyapp.study import queue, review, today
from studyapp.study.chapter import find
from studyapp.study.counts import Counts
from studyapp.study.forecast import forecast
from studyapp.study.library import start_chapter
from studyapp.study.queue import Queue
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of, question, questionnaire

ROOMY = Settings(minutes_a_day=600, new_a_day=999)


def load(engine: Engine, clock: Clock, settings: Settings = ROOMY, **options: int) -> Queue:
    with reading(engine) as connection:
        return queue.load(connection, clock(), settings, learner=1, **options)


def rate(engine: Engine, card: int, clock: Clock, rating: Rating, seconds: float = 5) -> None:
    with writing(engine) as connection:
        seen = read_memory(connection, card, learner=1).last_review
        review.answer(
            connection, card, seen, rating, clock(), duration=timedelta(seconds=seconds), learner=1
        )


def walk(line: Queue, clock: Clock) -> list[int]:
    """Cards in the order in which they come, each dropped unrated."""
    cards = []
    while (item := line.next(clock())) is not None:
        cards.append(item.card)
        line.drop(item.card)
    return cards


def names(engine: Engine, cards: list[int]) -> list[str]:
    with reading(engine) as connection:
        query = select(tables.card.c.id, tables.note.c.name).join(
            tables.note, tables.note.c.id == tables.card.c.note_id
        )
        known = {row[0]: row[1] for row in connection.execute(query)}
    return [known[card] for card in cards]


def test_new_cards_come_in_book_order_from_started_chapters_only(
    engine: Engine, clock: Clock
) -> None:
    line = load(engine, clock)
    assert line.counts() == Counts(new=15)
    order = names(engine, walk(line, clock))
    assert order == ["t0", "t1", "t2", *(f"q{n:02}" for n in range(12))]
    with writing(engine) as connection:
        start_chapter(connection, 2, clock(), learner=1)
    assert load(engine, clock).counts(2) == Counts(new=4)
    assert load(engine, clock, chapter_id=2).counts() == Counts(new=4)


def test_of_two_packs_the_one_that_was_begun_first_goes_on_first(
    engine: Engine, content: Path, clock: Clock
) -> None:
    for number in (1, 2):
        name = f"o{number}"
        (content / f"other{number}.md").write_text(
            questionnaire(question(name, chapter=number), chapter=number, pack="other")
        )
    with writing(engine) as connection:
        sync.sync(connection, [content], clock.forward(days=1))
    for name in ("test:2", "other:2", "other:1"):
        with writing(engine) as connection:
            chapter = find(connection, name, learner=1)
            start_chapter(connection, chapter, clock.forward(hours=1), learner=1)
    # pack test was begun a day earlier, with its chapter 1; each pack goes by the book
    line = load(engine, clock, replace(ROOMY, new_a_day=20))
    assert sorted(names(engine, walk(line, clock)))[:1] == ["o1"]
    line = load(engine, clock, replace(ROOMY, new_a_day=19))
    assert not {"o1", "o2"} & set(names(engine, walk(line, clock)))


def test_new_cards_begin_with_the_first_section_and_go_on_from_easy_to_hard(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """Those that the day has are the next of the book; in turn are terms and questions."""
    sections = "\n\n".join(f"## 1.{n} Section {n}\n\nProse." for n in (1, 2, 3))
    reading_page = questionnaire(sections).replace("questionnaire", "reading")
    (content / "1" / "reading.md").write_text(reading_page)

    def note(name: str, points: int, said: str) -> str:
        listed = "\n".join(f"- [ ] point {n}" for n in range(points))
        return f"## What is {name}? {{#{name}}}\n\nIt.\n\n{listed}\n\n<!-- {said} -->"

    asked = [note("hard", 5, "section: 1.1"), note("easy", 1, "section: 1.1")]
    asked += [note("six", 6, "section: 1.2"), note("two", 2, "section: 1.2")]
    asked += [note("any", 9, "section: 1.3, need: 1"), note("three", 3, "section: 1.3")]
    asked += [note("tomorrow", 1, "section: 1.3")]
    (content / "1" / "questionnaire.md").write_text(questionnaire(*asked))
    terms = [f"## Term {n} {{#t{n}}}\n\nMeaning {n}.\n\n<!-- section: 1.2 -->" for n in range(3)]
    jargon = questionnaire(*terms).replace("kind: questionnaire", "kind: jargon")
    (content / "1" / "jargon.md").write_text(jargon)
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    today = names(engine, walk(load(engine, clock, Settings(new_a_day=9)), clock))
    assert today[:2] == ["hard", "easy"]
    assert today[2:] == ["t0", "any", "t1", "two", "t2", "three", "six"]


def test_at_most_ten_new_cards_a_day(engine: Engine, clock: Clock) -> None:
    settings = Settings()
    assert load(engine, clock, settings).counts().new == 10
    for card in walk(load(engine, clock, settings), clock)[:4]:
        rate(engine, card, clock, Rating.GOOD)
    assert load(engine, clock, settings).counts().new == 6
    clock.forward(days=1)
    assert load(engine, clock, settings).counts().new == 10


def test_new_cards_fill_the_daily_time(engine: Engine, clock: Clock) -> None:
    """45 s for a new card: three minutes are four of them."""
    assert load(engine, clock, Settings(minutes_a_day=3)).counts().new == 4
    assert load(engine, clock, Settings(minutes_a_day=3), more=1).counts().new == 8


def test_one_of_a_family_a_day(engine: Engine, content: Path, clock: Clock) -> None:
    path = content / "1" / "family.md"
    path.write_text(questionnaire(*(question(f"f{n}", family="twins") for n in range(3))))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    line = load(engine, clock)
    met = [name for name in names(engine, walk(line, clock)) if name.startswith("f")]
    assert met == ["f0"]
    line = load(engine, clock)
    while (item := line.next(clock())) and names(engine, [item.card]) != ["f0"]:
        line.drop(item.card)
    assert item is not None
    rate(engine, item.card, clock, Rating.GOOD)
    assert not [name for name in names(engine, walk(load(engine, clock), clock)) if name[0] == "f"]
    clock.forward(days=1)
    assert "f1" in names(engine, walk(load(engine, clock), clock))


def test_rating_one_buries_the_rest_of_its_family_until_tomorrow(
    engine: Engine, content: Path, clock: Clock
) -> None:
    path = content / "1" / "family.md"
    path.write_text(questionnaire(*(question(f"f{n}", family="twins") for n in range(2))))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    with reading(engine) as connection:
        twins = connection.scalars(
            select(tables.card.c.id).where(tables.card.c.family == "test:twins")
        ).all()
    for card in twins:  # introduced on two days, both due later
        rate(engine, card, clock, Rating.GOOD)
        clock.forward(days=1)
    clock.forward(days=3)
    line = load(engine, clock, Settings(new_a_day=0))
    assert line.counts() == Counts(review=1)
    item = line.next(clock())
    assert item is not None
    rate(engine, item.card, clock, Rating.GOOD)
    assert load(engine, clock, Settings(new_a_day=0)).counts().total == 0
    clock.forward(days=1)
    assert load(engine, clock, Settings(new_a_day=0)).counts() == Counts(review=1)


def test_terms_that_are_told_apart_come_beside_each_other(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """Reviews of one sitting, each once; new ones, their questions and other sides still wait."""
    (content / "1" / "apart.md").write_text(
        questionnaire(
            *(f"## {name} {{#{name}}}\n\n{name}.\n\n<!-- family: twins -->" for name in TWINS)
        ).replace("kind: questionnaire", "kind: jargon")
    )
    text = question("a-or-b", family="twins").replace("family:", "tags: contrast, family:")
    (content / "1" / "family.md").write_text(questionnaire(text))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        cards = dict(
            connection.execute(
                select(tables.note.c.name, tables.card.c.id)
                .join(tables.note, tables.note.c.id == tables.card.c.note_id)
                .where(tables.card.c.side != "term")
            ).all()
        )

    def shown() -> list[str]:
        line = load(engine, clock, replace(ROOMY, new_a_day=0))
        return names(engine, walk(line, clock))

    met = [name for name in names(engine, walk(load(engine, clock), clock)) if name in TWINS]
    assert met == ["a"]  # new: one a day
    for name in ("q00", "a", "q01", "b"):
        rate(engine, cards[name], clock, Rating.EASY)
        clock.forward(days=1)
    clock.forward(days=30)
    assert shown() == ["q00", "a", "b", "q01"]  # the most overdue first, then what it is taken for
    line = load(engine, clock, replace(ROOMY, new_a_day=0))
    line.drop(cards["q00"])
    item = line.next(clock())
    assert item is not None
    rate(engine, item.card, clock, Rating.GOOD)
    with reading(engine) as connection:
        line.rated(item, read_memory(connection, item.card, learner=1))
    assert names(engine, walk(line, clock)) == ["b", "q01"]
    assert sorted(shown()) == ["b", "q00", "q01"]  # nor do they wait when it is read again
    rate(engine, cards["a-or-b"], clock, Rating.EASY)
    assert shown() == ["q00", "q01"]
    clock.forward(days=1000)
    assert set(shown()) - {"q00", "q01"} in ({"a", "b"}, {"a-or-b"})


TWINS = ("a", "b", "c")


def test_the_reverse_of_a_term_waits_for_a_stability_of_7_days(
    engine: Engine, clock: Clock
) -> None:
    with reading(engine) as connection:
        forth, back = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == "t0")
            .order_by(tables.card.c.position)
        ).all()
    rate(engine, forth, clock, Rating.GOOD)
    clock.forward(days=2)
    assert back not in walk(load(engine, clock), clock)
    rate(engine, forth, clock, Rating.GOOD)
    with reading(engine) as connection:
        stability = read_memory(connection, forth, learner=1).stability
    assert stability is not None
    assert stability >= 7
    clock.forward(days=1)
    assert back in walk(load(engine, clock), clock)


def test_due_steps_come_first_and_early_ones_last(engine: Engine, clock: Clock) -> None:
    first, second, third = walk(load(engine, clock), clock)[:3]
    rate(engine, first, clock, Rating.AGAIN)
    line = load(engine, clock)
    assert line.counts() == Counts(new=14, learning=1)
    assert walk(line, clock)[-1] == first  # not due for ten minutes: only when all else is done
    clock.forward(minutes=11)
    assert walk(load(engine, clock), clock)[:3] == [first, second, third]


def test_learning_ahead_never_shows_the_same_card_twice_running(
    engine: Engine, clock: Clock
) -> None:
    settings = Settings(new_a_day=2)
    line = load(engine, clock, settings)
    shown = []
    for _ in range(6):
        item = line.next(clock())
        assert item is not None
        shown.append(item.card)
        rate(engine, item.card, clock, Rating.AGAIN)
        with reading(engine) as connection:
            line.rated(item, read_memory(connection, item.card, learner=1))
        clock.forward(seconds=20)
    assert all(left != right for left, right in itertools.pairwise(shown))


def test_a_single_step_far_ahead_is_waited_for(engine: Engine, clock: Clock) -> None:
    settings = Settings(new_a_day=1, learning_steps=(timedelta(hours=2),))
    with writing(engine) as connection:
        parameters = replace(
            read_history(connection, learner=1)[-1].parameters,
            learning_steps=(timedelta(hours=2),),
        )
        log.adopt(connection, parameters, clock(), learner=1)
    line = load(engine, clock, settings)
    item = line.next(clock())
    assert item is not None
    rate(engine, item.card, clock, Rating.AGAIN)
    with reading(engine) as connection:
        line.rated(item, read_memory(connection, item.card, learner=1))
    assert line.next(clock()) is None
    step = line.next_at()
    assert step is not None
    assert abs(step - clock() - timedelta(hours=2)) < timedelta(seconds=1)


def test_reviews_come_by_relative_overdueness(engine: Engine, clock: Clock) -> None:
    short, long = walk(load(engine, clock), clock)[3:5]
    rate(engine, short, clock, Rating.GOOD)  # 2 days
    rate(engine, long, clock, Rating.EASY)  # 8 days
    clock.forward(days=12)
    line = load(engine, clock, Settings(new_a_day=0))
    assert walk(line, clock) == [short, long]


def test_a_backlog_keeps_to_the_budget_and_shows_the_most_valuable_first(
    engine: Engine, clock: Clock
) -> None:
    cards = walk(load(engine, clock), clock)
    for card in cards:
        rate(engine, card, clock, Rating.EASY if card == cards[-1] else Rating.GOOD)
    clock.forward(days=60)
    settings = Settings(minutes_a_day=1)  # four reviews of 15 s
    line = load(engine, clock, settings)
    assert line.counts() == Counts(review=4)
    assert line.waiting == len(cards) - 4
    assert walk(line, clock)[0] == cards[-1]  # still remembered best: the most to save
    more = load(engine, clock, settings, more=1)
    assert more.counts() == Counts(review=8)


@pytest.mark.parametrize("room", [0, 1, 2, 30])
def test_the_forecast_is_what_each_day_takes_of_what_is_left(
    room: int, engine: Engine, clock: Clock
) -> None:
    """One of a family, and no more than there is time for: counted once more, card by card."""
    draw, today = random.Random(room), clock().date()
    cards = dict[int, tuple[str, date, date | None]]()
    with writing(engine) as connection:
        for one, family in connection.execute(select(tables.card.c.id, tables.card.c.family)).all():
            due = today + timedelta(days=draw.randrange(-3, 16))
            buried = draw.choice((None, None, today + timedelta(days=draw.randrange(1, 16))))
            cards[one] = family, due, buried
            rated = today - timedelta(days=9)
            write_memory(
                connection,
                one,
                Memory(
                    State.REVIEW,
                    stability=9.0,
                    difficulty=5.0,
                    due=due,
                    first_day=rated,
                    last_day=rated,
                    buried_until=buried,
                ),
                learner=1,
            )
        line = queue.load(connection, clock(), Settings(new_a_day=0), learner=1)
        line.room = room
        found = forecast(connection, line, Settings(new_a_day=0), learner=1)
    left, days = Counter[str](), [len(line.due())]
    for ahead in range(1, queue.FORECAST_DAYS):
        day = today + timedelta(days=ahead)
        left.update(
            family
            for one, (family, due, buried) in sorted(
                cards.items(), key=lambda it: (it[1][1], it[0])
            )
            if one not in line.due() and max(due, buried or due, today + timedelta(days=1)) == day
        )
        met = list(left)[:room]
        days.append(len(met))
        left.subtract(met)
        left = +left
    assert found == days


def test_time_spent_today_counts_against_the_budget(engine: Engine, clock: Clock) -> None:
    settings = Settings(minutes_a_day=3, new_a_day=99)
    assert load(engine, clock, settings).counts().new == 4
    rate(engine, walk(load(engine, clock), clock)[0], clock, Rating.GOOD, seconds=50)
    assert load(engine, clock, settings).counts().new == 2


def test_suspended_buried_and_missing_cards_stay_out(engine: Engine, clock: Clock) -> None:
    first, second, third = walk(load(engine, clock), clock)[:3]
    with writing(engine) as connection:
        review.suspend(connection, first, clock(), learner=1)
        review.bury(connection, second, clock(), learner=1)
        connection.execute(
            update(tables.card).where(tables.card.c.id == third).values(missing_since=clock())
        )
    assert {first, second, third}.isdisjoint(walk(load(engine, clock), clock))
    clock.forward(days=1)
    assert second in walk(load(engine, clock), clock)


def test_new_cards_are_spread_among_reviews(engine: Engine, clock: Clock) -> None:
    for card in walk(load(engine, clock), clock)[3:9]:
        rate(engine, card, clock, Rating.GOOD)
    clock.forward(days=3)
    line = load(engine, clock, Settings(new_a_day=3))
    states = []
    while (item := line.next(clock())) is not None:
        states.append(item.state)
        line.drop(item.card)
    assert states.count(State.NEW) == 3
    assert states[0] is State.REVIEW
    assert states[1:4].count(State.NEW) == 1


@pytest.mark.parametrize(
    ("rated", "minutes", "wanted", "told"),
    [
        (0, 20, 4, []),
        (2, 20, 4, ["of 4 new cards a day: 2 met already"]),
        (4, 20, 4, []),
        (0, 1, 4, ["of 4 new cards a day: 3 beyond today's time"]),
        (
            *(1, 600, 99),
            [
                "of 99 new cards a day: "
                "1 met already, 1 too like another one of today, 83 not let in yet"
            ],
        ),
    ],
)
def test_why_fewer_new_cards_come(
    rated: int, minutes: int, wanted: int, told: list[str], engine: Engine, clock: Clock
) -> None:
    """In one line, and only where it is so."""
    settings = Settings(new_a_day=wanted, minutes_a_day=minutes)
    sitting = Sitting(desk_of(engine, clock, settings))
    for _ in range(rated):
        sitting.rate(Rating.EASY)
    assert today.fewer_words(wanted, load(engine, clock, settings).fewer) == told
