"""memory: what each way may know, whose reviews are looked at, and how sure one learner can be."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import pytest

from lessons import memory
from lessons.memory import ARMS, Figure, Log, Look
from studyapp.interval import t_quantile
from studyapp.lab.memory import DEFAULT_WEIGHTS, Bools, Reviews, Tree, pack, plain, predictions
from studyapp.lab.protocol import (
    REVIEWS,
    Fact,
    LessonEvent,
    Metric,
    Progress,
    Remark,
    Result,
    Value,
)
from studyapp.lab.wording import true_of
from studyapp.memory import evaluate
from studyapp.memory.fit import Fit
from studyapp.memory.slopes import measure

DEFAULTS = {knob.name: knob.default for knob in memory.LESSON.knobs}
ENDS = [(knob.name, end) for knob in memory.LESSON.knobs for end in (knob.low, knob.high)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run has a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of 120 reviews are enough, and a fit is left at the defaults."""
    monkeypatch.setattr(memory, "FEWEST", 60)
    monkeypatch.setattr(memory, "FEWEST_LATER", 5)
    monkeypatch.setattr(memory, "PARTS", (1,))
    monkeypatch.setattr(memory, "FOLDS", 1)
    monkeypatch.setattr(memory, "fit_in_steps", stays)


def stays(trees: Sequence[Tree]) -> Generator[int, None, list[Fit]]:
    """A fit of one pass that changes nothing."""
    yield 1
    return [Fit(np.array(DEFAULT_WEIGHTS), 0.0, np.eye(21), 1, ()) for _ in trees]


def judged(log: Log) -> tuple[Look, Bools]:
    """What comes of a log, without what is told meanwhile."""
    steps = memory.judge(log, memory.Pace(1))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: tuple[Look, Bools] = end.value
            return found


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    small = {"reviews": 400, "seeds": 2}
    return list(memory.run(DEFAULTS | small | knobs, "cpu", seed))


def facts(stream: list[LessonEvent]) -> dict[str, Fact]:
    result = stream[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(memory.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


def drawn(length: int, apart: float = 0.4, mood: float = 0.2, seed: int = 1) -> Log:
    knobs: dict[str, Value] = {"reviews": length, "apart": apart, "mood": mood}
    return memory.drawn(knobs, np.random.default_rng(seed))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), [one for one in ENDS if one[1] is not None])
def test_every_knob_works_at_both_ends(name: str, end: float) -> None:
    stream = events(**{"reviews": 120, name: end})
    found = facts(stream)
    assert {f"lead_{arm}" for arm in ARMS} <= found.keys()
    for fact in found.values():
        assert np.isfinite(fact.value)
        assert fact.low is None or fact.low <= fact.value <= fact.high
    *_, last = (event for event in stream if isinstance(event, Progress))
    assert last.done == last.total


def test_the_same_seed_gives_the_same_events_whatever_runs_beside_it() -> None:
    first = events(seed=3, reviews=900, seeds=1)
    assert events(seed=3, reviews=900, seeds=1) == first
    steps = [event.step for event in first if isinstance(event, Metric) and "gain" in event.series]
    assert steps == sorted(steps)  # one that went back would be drawn as a histogram
    assert {450, 900} <= set(steps)
    assert events(seed=4, seeds=1)[-1] != events(seed=5, seeds=1)[-1]
    logs = [np.random.default_rng([3, one]) for one in range(2)]
    looks = [judged(memory.drawn(DEFAULTS | {"reviews": 400}, rng))[0] for rng in logs]
    gap = float(np.mean([figure.value for figure in memory.gaps(looks, "fitted", "moving")]))
    assert facts(events(seed=3))["gap_moving"].value == pytest.approx(gap)


def test_a_simulated_learner_forgets_as_the_model_says() -> None:
    """With the default weights and no moods the app's own model knows every chance."""
    log = drawn(1500, apart=0, mood=0)
    look, _ = judged(log)
    assert look.floor is not None
    assert look.said["default"] == pytest.approx(look.floor, abs=1e-6)
    assert 0.8 < float(look.floor.mean()) < 0.95
    other, _ = judged(drawn(1500))
    assert np.abs(other.said["default"] - other.floor).max() > 0.05


def test_the_fit_knows_nothing_of_the_later_part() -> None:
    log = drawn(500)
    look, later = judged(log)
    rating = log.reviews.rating.copy()
    on_the_last_day = log.reviews.day == log.reviews.day[-1]
    rating[on_the_last_day] = 5 - rating[on_the_last_day]
    changed = plain(log.reviews.card, log.reviews.day, rating)
    again, _ = judged(Log(changed, None))
    # Histories of the later part stand in the sums as nothing, which changes how these are rounded.
    assert again.said["fitted"] == pytest.approx(look.said["fitted"], rel=1e-9)
    assert not np.array_equal(again.remembered, look.remembered)
    assert len(look.card) == later.sum()
    assert look.day.min() > log.reviews.day[log.reviews.tree.scored][~later].max()


def test_what_is_held_out_at_random_counts_for_nothing_and_happened_all_the_same() -> None:
    tree = drawn(500).reviews.tree
    rows = np.flatnonzero(tree.scored)
    held_out, weights = rows[::3], np.array(DEFAULT_WEIGHTS) * 1.05
    kept = ~np.isin(rows, held_out)
    remembered = (drawn(500).reviews.rating[rows] > 1).astype(float)
    loss = evaluate.losses(predictions(tree, weights), remembered)
    less = memory.without(tree, held_out)
    assert measure(less, weights).loss == pytest.approx(loss[kept].sum())
    assert np.array_equal(predictions(less, weights), predictions(tree, weights))


def test_reviews_of_a_card_and_of_a_day_go_together() -> None:
    rng = np.random.default_rng(0)
    card, day = rng.integers(0, 12, 60), rng.integers(0, 5, 60)
    values = rng.normal(size=60) + day  # days differ, cards do not
    look = Look(card, day, np.arange(60) % 2.0, {}, None)
    value, low, high = memory.clustered(memory.mean_of(values, look))

    def spread(groups: list[np.ndarray]) -> float:
        sums = [values[group].sum() - len(group) * values.mean() for group in groups]
        return sum(one**2 for one in sums) * len(sums) / (len(sums) - 1)

    cards = spread([np.flatnonzero(card == one) for one in np.unique(card)])
    days = spread([np.flatnonzero(day == one) for one in np.unique(day)])
    alone = ((values - values.mean()) ** 2).sum()
    half = t_quantile(0.975, 11) * np.sqrt(max(cards, cards + days - alone)) / 60
    assert (low, high) == (pytest.approx(value - half), pytest.approx(value + half))
    assert days > 3 * alone  # so that those who leave the days out are told apart
    one_card = Figure(0.5, np.array([0.1, -0.1]), np.zeros(2, int), np.arange(2), 1)
    assert memory.clustered(one_card) == (0.5, None, None)


def test_few_lapses_leave_wide_intervals_and_none_leaves_none() -> None:
    """As the fit itself is judged."""
    look, _ = judged(drawn(1000))
    for lapses in (0, 1, 3):
        few = look._replace(remembered=(np.arange(len(look.day)) >= lapses).astype(float))
        (gap,) = memory.gaps([few], "fitted", "default")
        of = evaluate.Outcomes(few.day, few.card, few.day, few.remembered)
        known = evaluate.difference(few.loss("default") - few.loss("fitted"), of)
        if lapses:
            assert gap.few - 1 == lapses
            assert known.low is not None and known.high is not None  # noqa: PT018
            _, low, high = memory.clustered(gap)
            assert high - low >= (known.high - known.low) * 0.999  # days go together as well
        else:
            assert memory.clustered(gap)[1:] == known[1:] == (None, None)
            there = memory.Judged([few], [], [few], [few.remembered >= 0], 1000, is_own=True)
            found = {fact.name: fact for fact in memory.facts(there)}
            assert "lacking" not in found
            assert found["gap_default"].method == "too few for an interval"
            assert found["gap_default"].n == len(np.unique(few.card))


def test_the_auc_is_the_fits_own_and_moves_as_placements_say() -> None:
    look, _ = judged(drawn(1000))
    for arm in ("fitted", "moving"):
        figure = memory.auc_of(look.said[arm], look)
        score = evaluate.score(look.said[arm], look.remembered, np.zeros(len(look.day), int))
        assert figure is not None
        assert figure.value == pytest.approx(score.auc)
        assert figure.away.sum() == pytest.approx(0, abs=1e-9)
    # One review less moves it by as much as is said, all but the finite sample.
    rest = Look(*(part[1:] for part in look[:3]), {"moving": look.said["moving"][1:]}, None)
    without_first = memory.auc_of(rest.said["moving"], rest)
    assert without_first is not None
    moved = (figure.value - without_first.value) * (len(look.day) - 1)
    assert moved == pytest.approx(figure.away[0], rel=0.15)
    assert memory.auc_of(look.said["fitted"], look._replace(remembered=look.remembered * 0)) is None


def test_one_learner_is_told_how_many_reviews_it_would_take() -> None:
    found = facts(events(seeds=1))
    undecided = [
        (found[name].high - found[name].low) / 2
        for name in ("gap_default", "gap_average", "gap_moving")
        if found[name].low <= 0 <= found[name].high
    ]
    assert found["needed"].value == pytest.approx(400 * (max(undecided) / 0.02) ** 2, rel=0.05)
    assert found["lacking"].value == found["needed"].value - 400 > 0
    said = "400 reviews: too few for one learner to tell the fitted model from all of the others, "
    assert said in told(found).replace("{fact:reviews}", "400 reviews")
    assert found["gap_default"].method == "student t, clustered by card and day"
    assert found["gap_default"].varies == memory.ONE


def test_who_foresees_all_that_others_do_not_is_told_nothing_that_cannot_be() -> None:
    look, _ = judged(drawn(1000))
    said = {arm: np.where(look.remembered > 0, 0.6, 0.5) for arm in memory.ARMS[1:]}
    said["fitted"] = np.where(look.remembered > 0, 0.99, 0.01)
    said["fitted"][np.flatnonzero(look.remembered == 0)[0]] = 0.995
    looks = [look._replace(said=said)]
    there = memory.Judged(looks, [], looks, [look.remembered >= 0], 1000, is_own=True)
    found = {fact.name: fact for fact in memory.facts(there)}
    assert found["lacking"].value == 0
    assert "needed" not in found  # 0 reviews would not do
    assert memory.interval([memory.auc_of(said["fitted"], look)])[2] > 1
    assert found["auc_fitted"].value < found["auc_fitted"].high == 1


def test_the_learners_own_reviews_are_read_once_there_are_enough(own_folder: Path) -> None:
    mine = drawn(412, seed=2).reviews
    file = own_folder / REVIEWS
    file.write_bytes(pack(mine))
    stream = events()
    assert not file.exists()
    assert stream[0] == Remark("Your own 412 reviews, as numbers without names.")
    found = facts(stream)
    assert (found["reviews"].value, found["own_reviews"].value) == (412, 412)
    assert "loss_truth" not in found
    assert found["gap_moving"].varies == memory.OWN
    look, _ = judged(Log(mine, None))
    assert found["loss_moving"].value == pytest.approx(look.loss("moving").mean())
    assert "These are your own" in told(found)
    assert "not you" not in told(found)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("count", "whose", "remark"),
    [
        (0, "mine", "You have 0 reviews; it takes 60, 5 of them on the last days. "),
        (1, "mine", "You have 1 review; it takes 60"),
        (400, "simulated", "A simulation: these are not your reviews."),
    ],
)
def test_else_simulated_learners_stand_in_and_are_called_so(
    own_folder: Path, count: int, whose: str, remark: str
) -> None:
    (own_folder / REVIEWS).write_bytes(pack(drawn(400).reviews.take(np.arange(count))))
    stream = events(reviews=120, whose=whose)
    assert isinstance(stream[0], Remark)
    assert stream[0].text.startswith(remark)
    assert list(own_folder.iterdir()) == []
    found = facts(stream)
    assert found["own_reviews"].value == 0
    assert found["gap_default"].varies == "2 draws of learners: a simulation"
    assert "They are not you." in told(found)


def test_what_is_packed_leads_back_to_no_card_and_no_date(own_folder: Path) -> None:
    mine = drawn(400).reviews
    named = Reviews(mine.card * 7 + 1000, mine.day + 740_000, *list(vars(mine).values())[2:7])
    (own_folder / REVIEWS).write_bytes(pack(named))
    found = memory.own_reviews()
    assert found is not None
    assert np.array_equal(found.card, mine.card)
    assert np.array_equal(found.day, mine.day)
    assert np.array_equal(found.rating, mine.rating)
    assert memory.own_reviews() is None


def test_far_from_the_defaults_fitting_pays_and_strong_moods_are_for_the_moving_average() -> None:
    def gap(rival: str, apart: float, mood: float) -> float:
        looks = [judged(drawn(1500, apart, mood, seed))[0] for seed in range(8)]
        return float(np.mean([figure.value for figure in memory.gaps(looks, "fitted", rival)]))

    assert gap("default", 0.7, 0.0) > 0.01
    assert gap("moving", 0.7, 0.0) > 0.02
    assert gap("moving", 0.0, 1.5) < -0.01


def test_each_pass_of_a_fit_and_each_fact_is_progress() -> None:
    """With 300,000 reviews each of them takes a tenth of a second."""
    _, *later = (event for event in events(reviews=400, seeds=1) if isinstance(event, Progress))
    done = [progress.done for progress in later]
    assert max(np.diff(done)) < memory.FINE  # no fit is told of as a whole
    assert min(np.diff(done)) >= 0
    assert done[-1] == later[-1].total
