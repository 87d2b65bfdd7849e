"""Studying for an exam: what a day asks until then, and that all is as before afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory import exam as pacing
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.mastery import Calibration
from studyapp.memory.model import DEFAULT_WEIGHTS, Crowd
from studyapp.memory.rehearsal import Effort, Habits, Known, Material, Usual
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import write_memory
from studyapp.store.sync import sync
from studyapp.study import exam, pause, queue, rehearsal, today
from studyapp.study.counts import Counts
from studyapp.study.exam import Exam
from studyapp.study.forecast import forecast
from studyapp.study.rehearsal import Basis, Studying
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of, question, questionnaire

EVEN = {"value": 0.9, "low": 0.8, "high": 1.0}
SETTINGS = Settings(new_a_day=1, minutes_a_day=30)
ALL_ASSUMED = "Assumed, as usual: 15 s a review, 45 s a new card and the shares of ratings."
NOTHING_OWN = Basis(15.0, False, 45.0, False, 0, 100)


def plan(
    engine: Engine, clock: Clock, days: int, minutes: int = 20, chapters: tuple[int, ...] = ()
) -> Exam:
    with writing(engine) as connection:
        day = study_day(clock()) + timedelta(days=days)
        return exam.plan(connection, day, minutes, chapters, clock(), learner=1)


def line(engine: Engine, clock: Clock, **more: int) -> queue.Queue:
    with reading(engine) as connection:
        return queue.load(connection, clock(), SETTINGS, learner=1, **more)


def overview(engine: Engine, clock: Clock) -> today.Overview:
    with reading(engine) as connection:
        return today.overview(connection, clock(), SETTINGS, learner=1)


def study(engine: Engine, clock: Clock, rating: Rating = Rating.EASY) -> int:
    """A day's sitting; how many cards it asked."""
    sitting = Sitting(desk_of(engine, clock, SETTINGS))
    while sitting.view is not None:
        clock.forward(seconds=10)
        sitting.rate(rating)
    return len(sitting.done)


def memories(engine: Engine) -> list[object]:
    with reading(engine) as connection:
        return list(connection.execute(select(tables.memory).order_by(tables.memory.c.card_id)))


def test_the_plan_sets_the_pace_and_a_missed_day_moves_it(engine: Engine, clock: Clock) -> None:
    assert line(engine, clock).counts().new == 1
    plan(engine, clock, 6)
    whole = line(engine, clock).unmet
    first = line(engine, clock).counts().new
    assert first == -(-whole // 4)
    clock.forward(days=2)
    found = line(engine, clock)
    assert found.a_day == -(-whole // 2) > first
    assert overview(engine, clock).exam == found.stage
    clock.forward(days=4)
    assert line(engine, clock).counts() == Counts()  # none is met on the day itself
    clock.forward(days=1)
    assert line(engine, clock).exam is None
    assert line(engine, clock).counts().new == 1


def test_who_comes_back_is_not_asked_for_all_at_once(engine: Engine, clock: Clock) -> None:
    """What was met since the plan was made counts among its cards, what was met before does not."""
    study(engine, clock)
    clock.forward(days=1)
    plan(engine, clock, 12, chapters=(1, 2))
    cards = line(engine, clock).unmet
    had = study(engine, clock)
    clock.forward(days=6)
    back = line(engine, clock)
    assert (back.cards, back.unmet) == (cards, cards - had)
    paces = [back.a_day]
    for _ in range(4):
        clock.forward(days=1)
        paces.append(line(engine, clock).a_day)
    with reading(engine) as connection:
        planned = exam.in_force(connection, study_day(clock()), learner=1)
        assert planned is not None
        read = rehearsal.read(connection, planned, clock(), SETTINGS, learner=1)
    assert (read.met, len(read.places)) == (had, back.unmet)
    assert paces == [pacing.pace(back.unmet, cards, 12, left) for left in (6, 5, 4, 3, 2)]
    assert paces[1] < back.unmet  # on the day before two thirds of the way


def test_what_time_is_left_takes_what_is_not_due(engine: Engine, clock: Clock) -> None:
    plan(engine, clock, 3)
    met = study(engine, clock)
    clock.forward(days=1)
    before = line(engine, clock)
    assert before.counts().review == before.spare > 0
    dates = memories(engine)
    with writing(engine) as connection:
        exam.call_off(connection, clock(), learner=1)
    assert memories(engine) == dates
    assert line(engine, clock).counts().review == 0  # nothing of it is due
    plan(engine, clock, 2)
    again = study(engine, clock)
    assert again >= met
    assert overview(engine, clock).counts == Counts()
    assert line(engine, clock).spare == 0  # each card once a day


def test_new_cards_leave_a_quarter_to_what_is_due(engine: Engine, clock: Clock) -> None:
    plan(engine, clock, 4, chapters=(1,))
    for _ in range(2):
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)
    clock.forward(days=12)
    plan(engine, clock, 2, minutes=2, chapters=(1, 2))
    found = line(engine, clock)
    assert found.unmet > 2
    assert found.counts().new == 2  # of 45 seconds, in a minute and a half
    assert found.counts().review == 2
    assert found.waiting > 0


def test_named_chapters_need_no_start_and_others_bring_nothing_new(
    engine: Engine, clock: Clock
) -> None:
    plan(engine, clock, 2, chapters=(2,))
    found = line(engine, clock)
    assert found.counts(2).new == found.counts().total > 0
    study(engine, clock)
    clock.forward(days=3)
    assert line(engine, clock).counts(2).new == 0
    assert line(engine, clock).counts(1).new == 1


def test_a_plan_to_the_same_day_goes_on(engine: Engine, clock: Clock) -> None:
    first = plan(engine, clock, 9)
    clock.forward(days=3)
    assert plan(engine, clock, 6, minutes=40) == Exam(first.day, first.planned_on, 40)
    assert plan(engine, clock, 7).planned_on == study_day(clock())


def test_on_its_own_day_a_plan_is_changed_as_before(engine: Engine, clock: Clock) -> None:
    first = plan(engine, clock, 3)
    clock.forward(days=3)
    assert plan(engine, clock, 0, minutes=5, chapters=(1,)) == Exam(
        first.day, first.planned_on, 5, frozenset({1})
    )


@pytest.mark.parametrize("chapters", [(), (2,)])
def test_no_card_is_told_as_met_that_never_comes(
    chapters: tuple[int, ...], engine: Engine, clock: Clock
) -> None:
    plan(engine, clock, 9, minutes=600, chapters=chapters)
    with writing(engine) as connection:
        for one in (1, 2):
            pause.pause(connection, one, clock(), learner=1)
    stage = overview(engine, clock).exam
    assert stage is not None
    assert stage.told().endswith("in 9 days: no card of it comes")
    with writing(engine) as connection:
        pause.resume(connection, None, clock(), learner=1)
    for _ in range(8):
        study(engine, clock)
        clock.forward(days=1)
    stage = overview(engine, clock).exam
    assert stage is not None
    assert stage.told().endswith("in 1 day: every card is met")


@pytest.mark.parametrize("days", [0, -1, 731])
def test_a_day_that_no_exam_can_be_on(days: int, engine: Engine, clock: Clock) -> None:
    with pytest.raises(StudyError, match="an exam is planned"):
        plan(engine, clock, days)
    with reading(engine) as connection:
        assert exam.in_force(connection, date.min, learner=1) is None


def test_only_what_is_planned_is_called_off(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection, pytest.raises(StudyError, match="No exam"):
        exam.call_off(connection, clock(), learner=1)


def test_mastery_is_forecast_for_the_day(engine: Engine, clock: Clock) -> None:
    settings = Settings(exam_on=study_day(clock()) + timedelta(days=40))
    planned = plan(engine, clock, 9)
    with reading(engine) as connection:
        found = [
            exam.day_of(connection, settings, planned.day + timedelta(days=more), learner=1)
            for more in (0, 1)
        ]
    assert found == [planned.day, settings.exam_on]


def test_what_the_day_is_told_as(engine: Engine, clock: Clock) -> None:
    plan(engine, clock, 6)
    told = overview(engine, clock).exam
    assert told is not None
    assert told.told().startswith("Exam on ")
    assert "in 6 days" in told.told()
    until = "a day, at least until Mon 23 Nov"  # the fourth day
    assert told.told().endswith(f": up to {told.new} new cards {until}")
    with reading(engine) as connection:
        counts = today.due(connection, clock(), SETTINGS, learner=1)
    assert counts["exam"] == told.as_json()
    clock.forward(days=5)
    before = overview(engine, clock).exam
    assert before is not None
    coming = line(engine, clock).counts().new
    assert before.told().endswith(
        f"in 1 day: {coming} new cards today; {before.unmet - coming} wait for cards like them, "
        "and do not come before the exam"
    )
    study(engine, clock)
    assert overview(engine, clock).exam == before  # what it was to be
    clock.forward(days=1)
    last = overview(engine, clock).exam
    assert last is not None
    assert last.told().startswith("The exam is today")


def test_what_is_told_of_a_day_is_what_comes_and_what_does_not_fit(
    engine: Engine, clock: Clock
) -> None:
    """However many days were missed."""
    plan(engine, clock, 12, minutes=2, chapters=(1, 2))
    late = list[int]()
    for _ in range(12):
        stage = overview(engine, clock).exam
        assert stage is not None
        assert stage.new == line(engine, clock).counts().new == 2  # of 45 seconds, in two minutes
        late.append(stage.late)
        short = "2 new cards today; with reviews the time is too short for"
        least = "" if stage.late == stage.unmet - 2 else "at least "
        number = f"{short} {least}{stage.late} of {stage.unmet} new cards: "
        assert (number in stage.told()) is (stage.late > 0)
        assert stage.as_json()["left_out"] == stage.late
        clock.forward(days=1)
    assert late[0] == 0
    assert late == sorted(late)
    assert late[-1] == stage.unmet - 2


def add_alike(engine: Engine, content: Path, clock: Clock, families: int) -> None:
    """Add cards to chapter 2 that give others of their family away."""
    alike = (question(f"a{one}", chapter=2, family=f"f{one % families}") for one in range(36))
    (content / "2" / "more.md").write_text(questionnaire(*alike, chapter=2))
    with writing(engine) as connection:
        sync(connection, [content], clock())


@pytest.mark.parametrize(("minutes", "families"), [(3, 4), (30, 4), (30, 9)])
def test_what_is_told_on_the_way_to_an_exam_comes_true(
    minutes: int, families: int, engine: Engine, content: Path, clock: Clock
) -> None:
    """To who studies each day: in short time, and in more than the cards let in can take."""
    add_alike(engine, content, clock, families)
    plan(engine, clock, 9, minutes=minutes, chapters=(2,))
    stages = list[exam.Stage]()
    for _ in range(9):
        stage = line(engine, clock).stage
        assert stage is not None
        stages.append(stage)
        assert stage.new == line(engine, clock).counts().new
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)
    over = line(engine, clock).stage
    assert over is not None
    assert any(one.alike for one in stages)
    for ahead, one in enumerate(stages):
        assert one.alike in (0, one.unmet - one.new)
        assert one.late <= over.unmet
        last = ahead + one.days - 1
        assert one.late or not one.unmet or stages[last].unmet > 0  # new cards come until that day
    assert stages[-1].late == over.unmet


def test_where_few_are_let_in_the_time_may_be_shorter_yet(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """Then those that wait for cards like them are not why no more come."""
    add_alike(engine, content, clock, 4)
    plan(engine, clock, 2, minutes=2, chapters=(2,))
    found = line(engine, clock)
    assert found.stage is not None
    assert found.a_day > found.unmet - found.alike > found.counts().new == 2
    told = f"2 new cards today; with reviews the time is too short for at least {found.unmet - 4}"
    assert told in found.stage.told()


@pytest.mark.parametrize(
    ("new", "alike", "late", "told"),
    [
        (0, 9, 0, "no new card today; 9 wait for cards like them, and may not come"),
        (8, 1, 0, "8 new cards today; 1 waits for a card like it, and may not come"),
        (8, 1, 1, "8 new cards today; 1 waits for a card like it, and does not come"),
        (1, 8, 1, "1 new card today; 8 wait for cards like them, and at least 1 does not come"),
        (1, 8, 7, "1 new card today; 8 wait for cards like them, and at least 7 do not come"),
        (1, 8, 8, "1 new card today; 8 wait for cards like them, and do not come"),
        (0, 0, 9, "no new card comes, as with reviews the time is too short for any"),
    ],
)
def test_why_no_more_new_cards_come(new: int, alike: int, late: int, told: str) -> None:
    on = date(2026, 12, 1)
    counts = {"unmet": 9, "new": new, "spare": 0, "days": 3, "late": late, "alike": alike}
    stage = exam.Stage(exam.until(on, 9, 20), on, **counts, empty=False)
    before = " before the exam" if alike else ""
    assert stage.told() == f"Exam on Thu 10 Dec, in 9 days: {told}{before}"


def test_a_chapter_that_an_exam_lets_in_is_not_offered_as_one_to_start(
    engine: Engine, clock: Clock
) -> None:
    before = overview(engine, clock).next_chapter
    assert before is not None
    plan(engine, clock, 9, chapters=(before.id,))
    told = overview(engine, clock)
    assert [row.id for row in told.chapters if row.for_exam] == [before.id]
    assert told.next_chapter is None or told.next_chapter.id != before.id


def told(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["exam", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_plans_foresees_and_calls_off(only_pack: Path) -> None:
    day = (date.today() + timedelta(days=20)).isoformat()
    found = json.loads(told(day, "--chapters", "1,2", "--minutes", "5", "--json"))
    assert (found["day"], found["days"] in (20, 21), found["minutes"]) == (day, True, 5)
    assert found["cards"] == found["unmet"] == 22
    assert 20 <= found["met"] <= 22  # the other side of a term waits for the first
    held = sum(one["cards"] for one in found["left_out"] if one["why"] == "wait")
    assert held == 22 - found["met"]
    assert found["chapters"] == ["chapter 1", "chapter 2"]
    assert 0 < found["share"]["low"] < found["share"]["value"] < found["share"]["high"] <= 1
    own = [one for one in found["curve"] if one["minutes"] == 5]
    assert own == [{"minutes": 5, **found["share"]}]
    lines = told("--dry-run", "--minutes", "40").splitlines()
    assert ", about chapters 1 and 2: 22 cards, " in lines[0]
    assert lines[1].startswith("40 minutes a day: ")
    assert lines[-1].startswith("The minutes change little: 20 minutes a day come to as much")
    assert "5 minutes a day" in told()  # which was only asked about
    for more in ([day], ["--chapters", ""], ["--minutes", "9"], ["--dry-run"]):
        both = CliRunner().invoke(main, ["exam", "--off", *more])
        assert both.exit_code == 2
        assert "--off goes with no DATE" in both.output
    assert "as before" in told("--off")
    assert told().startswith("No exam is planned; ")
    assert json.loads(told("--json")) is None
    refused = CliRunner().invoke(main, ["exam", "--minutes", "9"])
    assert refused.exit_code == 1
    assert "No exam is planned" in refused.output


@pytest.mark.parametrize("said", ["0", "601", "-1", "1.5", "9" * 5000, "ten"])
def test_minutes_that_no_day_has(said: str) -> None:
    with pytest.raises(StudyError, match="give a whole number from 1 to 600"):
        exam.read_minutes(said)
    assert exam.read_minutes(" 020 ") == 20


def foreseen(days: int, minutes: int, opener: Sequence[int]) -> Counter[str]:
    """Of new cards that wait for their *opener* (-1: for none) how many a plan does not meet, by
    why."""
    material = Material.fresh(len(opener))._replace(opener=np.array(opener))
    found = rehearsal.forecast(studying(material, days, minutes))
    return Counter({one["why"]: one["cards"] for one in found["left_out"]})


def studying(material: Material, days: int, minutes: int = 20, goal: float = 0.9) -> Studying:
    """A learner of whom nothing is known, and whose cards are all new."""
    on = date(2026, 12, 1)
    return Studying(
        exam=exam.until(on, days, minutes),
        today=on,
        chapters=None,
        material=material,
        places=(rehearsal.Place("chapter 1", None),) * len(material.about),
        met=0,
        crowd=Crowd(DEFAULT_WEIGHTS),
        trust=Calibration(),
        habits=Habits.of(),
        effort=Effort(),
        basis=NOTHING_OWN,
        spent=0.0,
        usual=Usual(goal),
        own={},
    )


def test_only_what_more_minutes_would_meet_is_for_want_of_time() -> None:
    chain = [-1] * 20 + [19, 20, 21]  # the last ones wait for one that waits
    short, longer, whole = (foreseen(6, minutes, chain) for minutes in (1, 5, 600))
    assert short["wait"] == longer["wait"] == whole["wait"] > 0
    assert short["time"] > longer["time"] >= whole["time"] == 0
    assert foreseen(1, 600, [-1] * 900).keys() == {"days"}


@pytest.mark.parametrize(("met", "why"), [(31, "wait"), (60, "time")])
def test_what_longer_days_meet_by_chance_is_not_for_want_of_time(met: int, why: str) -> None:
    """Of sixty learners 29 meet a card in the plan's minutes, which waits for another one."""
    zeros, held = np.zeros(60), np.ones((60, 1), bool)
    paced = {
        minutes: Known(*[zeros] * 4, unmet=np.arange(60)[:, None] >= some, held=held)
        for minutes, some in ((20, 29), (600, met))
    }
    left_out = rehearsal._left_out(studying(Material.fresh(1), 9), paced)
    assert [(one["cards"], one["why"]) for one in left_out] == [(1, why)]


def in_words(**more: object) -> list[str]:
    """What is said of a plan without a simulation."""
    found = {"day": "2026-12-18", "days": 9, "cards": 0, "unmet": 0, "share": None} | more
    return exam.forecast_lines(found, date(2026, 12, 9))


@pytest.mark.parametrize(
    ("chapters", "named"),
    [
        (None, "all that is started"),
        (["chapter 3"], "chapter 3"),
        (["chapter 1", "chapter 2", "chapter 3"], "chapters 1, 2 and 3"),
        (["chapter 1", "deck Spanish"], "chapter 1 and deck Spanish"),
    ],
)
def test_what_an_exam_is_about_is_named(chapters: list[str] | None, named: str) -> None:
    assert f", about {named}: " in in_words(chapters=chapters)[0]


@pytest.mark.parametrize(
    ("cards", "unmet", "told"),
    [
        (0, 0, "no card"),
        (1, 0, "1 card, met"),
        (1, 1, "1 card, not met yet"),
        (1200, 0, "1,200 cards, all met"),
        (1200, 1100, "1,200 cards, 1,100 of them not met yet"),
        (1200, 1200, "1,200 cards, none met yet"),
    ],
)
def test_how_many_cards_an_exam_is_about(cards: int, unmet: int, told: str) -> None:
    heading = in_words(chapters=None, cards=cards, unmet=unmet)[0]
    assert heading.endswith(f", about all that is started: {told}.")


@pytest.mark.parametrize(
    ("own", "enough", "rows"),
    [(20, 40, [10, 20, 40]), (20, 20, [10, 20]), (20, 15, [10, 15, 20]), (40, 15, [10, 15, 40])],
)
def test_the_minutes_of_the_plan_are_among_those_of_the_curve(
    own: int, enough: int, rows: list[int]
) -> None:
    """Fewer may be enough."""
    curve = [{"minutes": minutes, **EVEN} for minutes in (10, 15, 20, 30, 40)]
    curve = [one for one in curve if one["minutes"] in {10, 40, own, enough}]
    lines = exam.curve_lines({"minutes": own, "enough": enough, "curve": curve})
    told = [line.split(" min → ")[0] for line in lines if "→" in line]
    assert told == [f"{'▸' if row == own else ' '} {row:3}" for row in rows]
    assert lines[len(rows) :] == [f"More than {enough} minutes a day change little."][: enough < 40]


@pytest.mark.parametrize(
    ("low", "outcomes", "why"),
    [
        (0.3, 0, "no review here tells yet"),
        (0.3, 1, "only 1 review here tells yet"),
        (0.3, 80, "only 80 reviews here tell yet"),
        (0.3, 1000, ""),  # more would not tell more
        (0.85, 80, ""),
    ],
)
def test_brackets_that_are_wide_for_want_of_reviews_say_so(
    low: float, outcomes: int, why: str
) -> None:
    share = {"value": 0.9, "low": low, "high": 1.0}
    plan = {"chapters": None, "cards": 9, "minutes": 20, "learners": 60, "left_out": []}
    basis = NOTHING_OWN._asdict()
    lines = in_words(**plan, share=share, usual=share, outcomes=outcomes, basis=basis)
    told = f"The brackets are wide: {why} how far off today's weights are."
    assert lines[4:] == [told] * bool(why)


@pytest.mark.parametrize(
    ("basis", "lines"),
    [
        (NOTHING_OWN, [ALL_ASSUMED]),
        (
            Basis(12.4, True, 45.0, False, 34, 100),
            [
                "Your own: 12 s a review and 34 ratings.",
                "Assumed, as usual: 45 s a new card and 100 ratings beside them.",
            ],
        ),
        (
            Basis(12.4, True, 30.0, True, 634, 100),
            [
                "Your own: 12 s a review, 30 s a new card and 634 ratings.",
                "Assumed, as usual: 100 ratings beside them.",
            ],
        ),
    ],
)
def test_what_is_assumed_is_told_from_what_is_ones_own(basis: Basis, lines: list[str]) -> None:
    row = {"retention": 0.9, "minutes": EVEN, "remembered": EVEN}
    found = {"days": 180, "learners": 48, "desired": 0.9, "own": {}, "outcomes": 1000}
    told = exam.tradeoff_lines({**found, "basis": basis._asdict(), "curve": [row]})
    assert told[3:-2] == lines
    assert max(map(len, told)) <= 80


def test_nothing_is_foreseen_for_one_reason() -> None:
    told = "There is nothing to foresee: "
    assert in_words(chapters=None)[1] == f"{told}no card that is started comes."
    assert in_words(chapters=["chapter 3"])[1] == f"{told}no card of it comes."
    heading, why = in_words(chapters=None, days=0, cards=5)
    assert ", today, about" in heading
    assert why == f"{told}the day is here."


def test_the_forecast_has_what_each_day_until_then_asks(engine: Engine, clock: Clock) -> None:
    plan(engine, clock, 6, minutes=6)
    asked = list[int]()
    for ahead in range(5):
        told = overview(engine, clock)
        if ahead == 1:
            foreseen = told.forecast
        assert told.forecast[0] == told.counts.review + told.counts.learning
        asked.append(told.forecast[0])
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)
    assert asked[1] > 0
    off = [abs(foreseen[ahead - 1] - asked[ahead]) for ahead in (1, 2, 3, 4)]
    assert max(off) <= 4, (foreseen, asked)  # of three terms one side makes the other wait


def test_the_forecast_knows_that_cards_wait_for_those_like_them(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """They take no time on the days on which they wait, and come on others."""
    alike = (question(f"a{number}", chapter=2, family="alike") for number in range(24))
    others = (question(f"b{number}", chapter=2) for number in range(2))
    (content / "2" / "more.md").write_text(questionnaire(*alike, *others, chapter=2))
    with writing(engine) as connection:
        sync(connection, [content], clock())
    plan(engine, clock, 6, minutes=6, chapters=(2,))
    assert line(engine, clock).alike > 0
    foreseen = overview(engine, clock).forecast
    asked = list[int]()
    for _ in range(5):
        counts = overview(engine, clock).counts
        asked.append(counts.review + counts.learning)
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)
    off = [abs(told - came) for told, came in zip(foreseen, asked, strict=False)]
    assert max(off) <= 3, (foreseen, asked)


def test_the_forecast_asks_one_card_of_a_family_a_day_however_many_are_met(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """Nor any that a new card of the day gives away; and of terms that are told apart all, or else
    the question that tells them apart."""
    alike = (question(f"a{n}", chapter=2, family=f"f{n % 6}") for n in range(24))
    apart = question("apart", chapter=2, family="terms").replace(
        "family:", "tags: contrast, family:"
    )
    (content / "2" / "more.md").write_text(questionnaire(*alike, apart, chapter=2))
    terms = (f"## t{n} {{#t{n}}}\n\n{n}.\n\n<!-- family: terms, depth: core -->" for n in range(4))
    jargon = questionnaire(*terms, chapter=2).replace("kind: questionnaire", "kind: jargon")
    (content / "2" / "terms.md").write_text(jargon)
    with writing(engine) as connection:
        sync(connection, [content], clock())
    plan(engine, clock, 12, chapters=(2,))
    study(engine, clock, Rating.GOOD)
    clock.forward(days=1)
    foreseen, asked = overview(engine, clock).forecast, list[int]()
    for _ in range(12):
        counts = overview(engine, clock).counts
        asked.append(counts.review + counts.learning)
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)
    off = [abs(told - came) for told, came in zip(foreseen, asked, strict=False)]
    assert max(off) <= 3, (foreseen, asked)


def test_the_days_until_an_exam_have_its_minutes_and_those_after_it_the_usual_ones(
    engine: Engine, clock: Clock
) -> None:
    """In what a day is foreseen to ask, and in when a backlog is gone."""
    day = study_day(clock())
    before = {"first_day": day - timedelta(days=9), "last_day": day - timedelta(days=9)}
    known = Memory(State.REVIEW, stability=9.0, difficulty=5.0, due=day, **before)
    with writing(engine) as connection:
        cards = connection.scalars(select(tables.card.c.id)).all()
        for one in cards:
            write_memory(connection, one, known, learner=1)
    plan(engine, clock, 1, minutes=1)
    found = line(engine, clock)
    assert (found.rated_before, found.unmet) == (0, 0)
    rooms = [[day.room for day in found.days(more)] for more in (0, 5)]
    assert rooms[0] == [4] * 2 + [120] * 12  # of 15 seconds each
    assert rooms[1][1:] == [24] + [140] * 12
    with reading(engine) as connection:
        told = forecast(connection, found, SETTINGS, learner=1)
    assert (told[:2], told[2] > 4) == ([4, 4], True)


def test_a_retention_is_told_with_what_it_takes(
    only_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.__stderr__", terminal := Terminal())
    done = CliRunner().invoke(main, ["retention", "--json"])
    assert done.exit_code == 0, done.output
    assert "%" in terminal.getvalue()
    found = json.loads(done.output)
    assert (found["desired"], found["days"]) == (0.9, 180)
    assert found["basis"] == NOTHING_OWN._asdict()
    lines = exam.tradeoff_lines(found)
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("▸")] == [lines[-2]]


@pytest.mark.parametrize(
    ("goal", "told"), [(0.92, "▸    92%"), (0.925, "▸  92.5%"), (0.9, "▸    90%")]
)
def test_a_goal_between_others_has_a_row_of_its_own(goal: float, told: str) -> None:
    found = rehearsal.tradeoff(studying(Material.fresh(3), 9, goal=goal))
    aims = [one["retention"] for one in found["curve"]]
    assert aims == sorted({0.7, 0.75, 0.8, 0.85, 0.9, 0.95, goal})
    (own,) = (line for line in exam.tradeoff_lines(found) if line.startswith("▸"))
    assert own.startswith(told)


def test_what_a_retention_costs_is_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a learner of whom nothing is known, whatever is drawn: who may forget nearly everything
    makes the interval wide, and the figure no other."""
    monkeypatch.setattr(rehearsal, "_RETENTIONS", (0.7, 0.8))
    curves = []
    for seed in (1, 2):
        monkeypatch.setattr(rehearsal, "_SEED", seed)
        found = rehearsal.tradeoff(studying(Material.fresh(90), 120))["curve"]
        told = [[one[name] for one in found] for name in ("minutes", "remembered")]
        assert all(one["low"] < one["value"] < one["high"] for figures in told for one in figures)
        assert all(one["high"] > 2 * one["value"] for one in told[0])
        curves.append(np.array([[one["value"] for one in figures] for figures in told]))
    for curve in curves:
        assert (np.diff(curve) > 0).all()  # who wants to keep more takes longer, and keeps more
        assert curve == pytest.approx(curves[0], rel=0.05)


def test_of_what_was_imported_seconds_and_ratings_are_ones_own_as_of_what_was_studied_here(
    engine: Engine, clock: Clock
) -> None:
    for _ in range(25):
        study(engine, clock, Rating.GOOD)
        clock.forward(days=1)

    def basis() -> Basis:
        ahead = exam.until(study_day(clock()), 9, 20)
        with reading(engine) as connection:
            return rehearsal.read(connection, ahead, clock(), SETTINGS, learner=1).basis

    own = basis()
    assert (own.review, own.own_review) == (10.0, True)
    assert own.ratings > 20
    with writing(engine) as connection:
        connection.execute(tables.review.update().values(kind=ReviewKind.IMPORT.value))
    assert basis() == own
