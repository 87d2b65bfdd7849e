"""Figures below the paragraphs that cite them, and a prediction beside its result in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from labpack import install, write_reference
from studyapp.lab import catalog, reference
from studyapp.lab.catalog import Catalog
from studyapp.lab.grade import Answer, Verdict, score
from studyapp.lab.lines import Finished
from studyapp.lab.protocol import Fact
from studyapp.store.engine import reading, writing
from studyapp.study.lab import facts, predictions, runs
from studyapp.study.lab.evidence import with_evidence
from studyapp.study.lab.predictions import Graded, Prediction
from studyapp.study.lab.verdict import cost, deciding, latest, not_scored, truth, verdict
from tests_support import Clock


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    write_reference(install(tmp_path, monkeypatch, "probe", "amount"), "probe")
    return catalog.read()


def gap(value: float, low: float | None = None, high: float | None = None) -> Fact:
    method = "student t" if low is not None else "exact"
    return Fact("gap", value, "points", low, high, 32, method, "32 draws")


def run(
    engine: Engine, known: Catalog, clock: Clock, fact: Fact, answer: Answer | None = None, n=30
) -> runs.Run:
    lesson = known.lesson("probe")
    values = {"n": n, "decay": 0.0, "data": "digits", "seeds": 32}
    outcome = Finished("probe", 1, (fact,), values, 0, "cpu", 1, 6.0, "3.11", None)
    with writing(engine) as connection:
        made = None
        if answer is not None:
            made = predictions.predict(connection, lesson, {"n": n}, answer, 0.8, learner=1)
        return runs.keep(connection, lesson, {"n": n}, outcome, clock(), clock(), made, learner=1)


def shown(engine: Engine, known: Catalog, clock: Clock, text: str, **options: bool) -> str:
    with reading(engine) as connection:
        return with_evidence(connection, text, known, clock(), learner=1, **options).text


CITED = "First, [the gap rose](fact:probe.gap) a lot.\n\nMore text."


def test_before_the_first_run_there_is_only_a_reference_on_demand(engine, known, clock) -> None:
    with reading(engine) as connection:
        evidence = with_evidence(connection, CITED, known, clock(), learner=1)
        asked = with_evidence(connection, CITED, known, clock(), reference=True, learner=1)
    assert evidence.withheld
    assert evidence.text == (
        "First, [the gap rose](fact:probe.gap) a lot.\n\nthe gap rose ▪ predict first\n\nMore text."
    )
    assert not asked.withheld
    assert r"**+5.0 points \[4.2, 5.8\]** ▪ reference, 32 seeds, CPU" in asked.text


def test_afterwards_it_is_the_learners_own_figure(engine, known, clock) -> None:
    run(engine, known, clock, gap(4.7, 3.9, 5.5))
    run(engine, known, clock, gap(-3.1, -3.9, -2.3), n=9)
    assert shown(engine, known, clock, CITED).split("\n\n")[1] == (
        r"the gap rose: **+4.7 points \[3.9, 5.5\]** ▪ your run, 32 seeds, 20 Nov; "
        r"also with n = 9 −3.1 points \[−3.9, −2.3\]"
    )


def test_two_links_of_a_paragraph_are_two_lines_below_it(engine, known, clock) -> None:
    run(engine, known, clock, gap(4.7, 3.9, 5.5))
    text = "- [one](fact:probe.gap)\n- [two\n  words](fact:probe.gap?n=9)"
    assert shown(engine, known, clock, text) == text + (
        "\n\none: **+4.7 points \\[3.9, 5.5\\]** ▪ your run, 32 seeds, 20 Nov\\\n"
        "two words ▪ not measured yet with n = 9; "
        r"also with the defaults +4.7 points \[3.9, 5.5\]"
    )


def test_what_is_no_link_to_a_known_fact_stays_as_it_is(engine, known, clock) -> None:
    text = "[a](fact:gone.gap) `[b](fact:probe.gap)` [c](lesson:probe)"
    text += "\n\n```\n[d](fact:probe.gap)\n```"
    assert shown(engine, known, clock, text) == text


@given(st.text(alphabet="a \n`[](){}\\"))
def test_text_without_links_is_never_changed(text: str) -> None:
    empty = Catalog((), ())
    assert with_evidence(None, text, empty, Clock()(), learner=1).text == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (gap(4.7, 3.9, 5.5), "Right."),
        (gap(-4.7, -5.5, -3.9), "Wrong. It was: lower."),
        (gap(0.2, -0.5, 0.9), "Wrong. It was: the same, ±1 point."),
        (gap(-0.9, -1.5, 0.3), "Wrong. Not higher."),
        (
            gap(1.2, 0.4, 2.0),
            "Unresolved: gap is +1.2 points [0.4, 2.0]. The interval lies partly in",
        ),
        (
            replace(gap(4.7, 3.9, 5.5), low=None, high=None),
            "Unresolved: a single figure has no interval; take more seeds.",
        ),
        (
            replace(gap(4.7, 3.9, 5.5), name="other"),
            "Unresolved: this run did not measure the gap.",
        ),
    ],
)
def test_the_verdict_on_a_choice(engine, known, clock, fact: Fact, words: str) -> None:
    kept = run(engine, known, clock, fact, "higher")
    assert kept.prediction is not None
    assert verdict(known.lesson("probe"), kept.prediction, kept.facts).startswith(words)


def test_the_verdict_on_a_range_tells_the_figure(known) -> None:
    made = Prediction("How much?", "number", (1.0, 2.0), 0, None, naive=True)
    fact = gap(4.7, 3.9, 5.5)
    lesson = known.lesson("amount")
    assert verdict(lesson, Graded(made, Verdict.WRONG, None), [fact]) == (
        "Wrong. It was: +4.7 points [3.9, 5.5]."
    )
    assert truth(lesson, []) == ""
    assert verdict(lesson, Graded(made, None, None), []).startswith("No result")


@pytest.mark.parametrize(
    ("confidence", "grade", "words"),
    [
        (0.35, Verdict.WRONG, "Wrong at 35% sure costs 0.12 (0 at best, 1 if sure and wrong)"),
        (1.0, Verdict.WRONG, "Wrong at 100% sure costs 1.00 (0 at best, 1 if sure and wrong)"),
        (0.8, Verdict.RIGHT, "Right at 80% sure costs 0.04 (0 at best, 1 if sure and wrong)"),
        (0.8, Verdict.UNRESOLVED, ""),
    ],
)
def test_what_an_answer_costs(confidence: float, grade: Verdict, words: str) -> None:
    made = Prediction("How?", "choice", "higher", 3, confidence, naive=True)
    assert cost(Graded(made, grade, score(confidence, grade))) == words


def test_why_a_prediction_is_not_scored(engine, known, clock) -> None:
    first = run(engine, known, clock, gap(1.2, 0.4, 2.0), "higher").prediction
    second = run(engine, known, clock, gap(4.7, 3.9, 5.5), "higher").prediction
    assert first is not None
    assert second is not None
    assert not_scored(first) == "Kept, not scored."
    assert not_scored(second) == "Kept, not scored: you had seen this experiment before."


def test_the_latest_result_on_one_line(engine, known, clock) -> None:
    today = date(2026, 11, 20)
    with reading(engine) as connection:
        assert latest(connection, today, learner=1) == ""
    run(engine, known, clock, gap(4.7, 3.9, 5.5), "lower")
    with reading(engine) as connection:
        assert latest(connection, today, learner=1) == "probe on 20 Nov: you were wrong"
    clock.forward(days=1)
    run(engine, known, clock, gap(4.7, 3.9, 5.5))
    with reading(engine) as connection:
        assert latest(connection, today, learner=1) == "probe on 21 Nov"
        assert latest(connection, today + timedelta(days=7), learner=1) == "probe on 21 Nov"
        assert latest(connection, today + timedelta(days=8), learner=1) == ""


def test_an_arm_is_judged_by_its_own_fact() -> None:
    lesson = next(one for one in catalog.read().lessons if one.question.kind == "arms")
    arm = lesson.question.choices[1]
    made = Prediction(lesson.question.text, "arms", arm.text, 4, None, naive=True)
    assert deciding(lesson, Graded(made, None, None)) == arm.fact
    assert deciding(lesson, None) == lesson.question.fact


def test_what_decides_a_question_reads_as_a_sentence() -> None:
    """Of the installed lessons, with the figure and unit of each."""
    told = {}
    for lesson in catalog.read().lessons:
        kept = reference.read(reference.path(lesson))[lesson.name]
        figure = kept.fact(lesson.question.fact)
        assert figure is not None
        told[lesson.name] = facts.told(lesson, replace(figure, value=0.25, low=None, high=None))
    assert told == {
        "approximate": "half of the starts took at most 0.250 units",
        "collaborative": "the lead over the best other model is 0.250 stars",
        "confounder": "temperature, which does nothing, looked like a cause in 0.250 of studies",
        "feedback": "the share of the first area is off its true share by +0.250 points",
        "gpu": "torch is 0.250 times as fast as loops in Python",
        "memory": "the lead over the best other way is 0.250 nats",
        "metric": "the error rate moves in 0.250 of 610 nudges",
        "null": "in simulation, chance alone tilts a line this much in 0.250 of chance worlds",
        "overfit": "from the stop to the end the test error changed by +0.250 points",
        "pixel": "the lead over the best other way is +0.250 points",
        "rate": "the lead over the best other of these rates is +0.250 points",
        "shift": "its confidence is off the share that it reads right by +0.250 points",
        "time": "the miss in the future is 0.250 times that on random days",
        "transfer": "the lead over the best other way is +0.250 points",
        "tuning": "the kept validation score is too high by +0.250 points",
        "xor": "all four cases were right in the end in 0.250 of starts",
    }
