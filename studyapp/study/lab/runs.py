"""The runs of a learner: kept with their facts and prediction, and shown again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, null, select, update

from studyapp.lab import knobs
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict
from studyapp.lab.lines import Cancelled, Finished, Outcome
from studyapp.lab.protocol import Fact, Value
from studyapp.store import log, tables, timeline
from studyapp.study.draft import storable
from studyapp.study.lab import facts, predictions
from studyapp.study.lab.facts import Ending
from studyapp.study.lab.predictions import Graded, Prediction

run = tables.run.c
fact = tables.fact.c
prediction = tables.prediction.c


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a lesson as it was kept.

    Only a result has facts, and tells its device, versions, threads and seed. Times are in the
    learner's zone; `seconds` runs to the result with loading included. `explanation_ticked` has
    the points of the mechanism that were shown, and which of them the learner had meant.
    """

    id: int
    lesson: str
    version: int
    knobs: dict[str, Value]
    canonical: str
    seeds: int | None
    seed: int | None
    device: str | None
    python: str | None
    torch: str | None
    threads: int | None
    seconds: float
    outcome: Ending
    started: datetime
    finished: datetime
    facts: tuple[Fact, ...]
    prediction: Graded | None
    explanation: str | None = None
    explanation_ticked: dict[str, bool] | None = None

    def fact(self, name: str) -> Fact | None:
        return next((found for found in self.facts if found.name == name), None)


def begin(
    connection: Connection,
    lesson: Declaration,
    given: Mapping[str, object],
    started: datetime,
    prediction: Prediction | None = None,
    *,
    learner: int,
) -> int:
    """Keep a run that begins as one that was cancelled before anything was seen, which it is if
    the app dies; `watched` says that something is, `keep` writes it anew when it has ended. Returns
    its id."""
    made = keep(
        connection,
        lesson,
        given,
        Cancelled(),
        started,
        started,
        prediction,
        seen=False,
        learner=learner,
    )
    return made.id


def watched(connection: Connection, begun: int, *, learner: int) -> None:
    """Keep that a curve of a run that goes on is about to be seen: from now on the try is spent."""
    connection.execute(
        update(tables.run)
        .where(run.id == begun, run.learner_id == learner, run.outcome == Ending.UNSEEN)
        .values(outcome=Ending.CANCELLED)
    )


def keep(
    connection: Connection,
    lesson: Declaration,
    given: Mapping[str, object],
    outcome: Outcome,
    started: datetime,
    now: datetime,
    prediction: Prediction | None = None,
    *,
    begun: int | None = None,
    seen: bool = True,
    learner: int,
) -> Run:
    """Store a run that has ended, with its facts and the prediction made before it.

    All of it goes into one transaction, the caller's. *given* are the knobs that the learner set;
    *started* and *now* are aware; *begun* is what `begin` returned. *seen*: a curve was shown,
    or the result is about to be. If another run of the lesson was kept since the prediction and
    seen, it decided: this prediction is naive no longer.
    """
    if prediction is not None and prediction.naive:
        still = predictions.naive(connection, lesson.name, besides=begun, learner=learner)
        prediction = replace(prediction, naive=still)
    head = log.head(connection, now, learner=learner)
    values = {
        "started_at": started,
        "finished_at": now,
        "offset": int(head.offset.total_seconds()),
        "day": head.day,
        **head.order(),
        **_record(lesson, given, outcome, now - started, seen=seen),
    }
    if begun is None:
        run_id = connection.execute(
            insert(tables.run)
            .values(
                uid=log.new_uid(),
                learner_id=learner,
                lesson=lesson.name,
                pack=lesson.pack,
                **values,
            )
            .returning(run.id)
        ).scalar_one()
    else:
        run_id = begun
        connection.execute(
            update(tables.run).where(run.id == run_id, run.learner_id == learner).values(**values)
        )
    log.settle(connection, head, learner=learner)
    if isinstance(outcome, Finished):
        connection.execute(
            insert(tables.fact),
            [
                {"learner_id": learner, "run_id": run_id, "position": position, **asdict(it)}
                for position, it in enumerate(outcome.facts)
            ],
        )
    if prediction is not None:
        _keep_prediction(
            connection, run_id, predictions.graded(lesson, prediction, outcome), learner=learner
        )
    return _read(connection, run.id == run_id, learner=learner)[0]


def explain(
    connection: Connection,
    run_id: int,
    text: str,
    ticked: Mapping[str, bool] | None,
    *,
    learner: int,
) -> None:
    """Keep what the learner thought had happened in a run, and which points they ticked."""
    connection.execute(
        update(tables.run)
        .where(run.id == run_id, run.learner_id == learner)
        .values(
            explanation=storable(text) or None,
            explanation_ticked=null() if ticked is None else dict(ticked),
        )
    )


def history(connection: Connection, lesson: str, *, learner: int) -> tuple[Run, ...]:
    """Every run of a lesson, the newest first."""
    return tuple(_read(connection, run.lesson == lesson, learner=learner))


def last_results(connection: Connection, *, learner: int) -> dict[str, Run]:
    """The newest run with a result of each lesson that has one, by the lesson's name."""
    newest = {row.lesson: row for row in _results(connection, learner=learner)}
    wanted = [row.id for row in newest.values()]
    return {kept.lesson: kept for kept in _read(connection, run.id.in_(wanted), learner=learner)}


def _results(connection: Connection, *, learner: int) -> list[Row[Any]]:
    """The runs with a result, the oldest first."""
    columns = (run.id, run.uid, run.lesson, run.device_id, run.epoch, run.stamp)
    rows = connection.execute(
        select(*columns).where(run.learner_id == learner, run.outcome == Ending.RESULT)
    )
    return timeline.in_order(connection, rows, learner=learner)


def _record(
    lesson: Declaration,
    given: Mapping[str, object],
    outcome: Outcome,
    wall: timedelta,
    *,
    seen: bool,
) -> dict[str, Any]:
    """The columns that depend on how the run ended."""
    if isinstance(outcome, Finished):
        values, version, seconds = outcome.knobs, outcome.version, outcome.seconds
        names = ("seed", "device", "python", "torch", "threads")
        ending, told = Ending.RESULT, {name: getattr(outcome, name) for name in names}
    else:
        values, version = knobs.check(lesson.knobs, given), lesson.version
        seconds = wall.total_seconds()
        stopped = Ending.CANCELLED if seen else Ending.UNSEEN
        ending = stopped if isinstance(outcome, Cancelled) else Ending.FAILED
        told = {}
    return {
        "version": version,
        "knobs": values,
        "canonical": knobs.canonical(lesson.knobs, values),
        "seeds": values.get("seeds"),
        "seconds": seconds,
        "outcome": ending.value,
        **told,
    }


def _keep_prediction(connection: Connection, run_id: int, graded: Graded, *, learner: int) -> None:
    made = graded.prediction
    text, low, high = (
        (made.answer, None, None) if isinstance(made.answer, str) else (None, *made.answer)
    )
    values = {
        "question": made.question,
        "kind": made.kind,
        "answer": text,
        "low": low,
        "high": high,
        "choices": made.choices,
        "confidence": made.confidence,
        "naive": made.naive,
        "grade": graded.grade and graded.grade.value,
        "score": graded.score,
    }
    changed = connection.execute(
        update(tables.prediction)
        .where(prediction.run_id == run_id, prediction.learner_id == learner)
        .values(**values)
    )
    if not changed.rowcount:
        connection.execute(
            insert(tables.prediction).values(learner_id=learner, run_id=run_id, **values)
        )


def _read(connection: Connection, condition: ColumnElement[bool], *, learner: int) -> list[Run]:
    mine = (run.learner_id == learner, condition)
    rows = connection.execute(select(tables.run).where(*mine)).all()
    newest_first = reversed(timeline.in_order(connection, rows, learner=learner))
    ids = select(run.id).where(*mine)
    measured: dict[int, list[Fact]] = {}
    for row in connection.execute(
        select(tables.fact).where(fact.run_id.in_(ids)).order_by(fact.position)
    ):
        measured.setdefault(row.run_id, []).append(facts.as_fact(row))
    made = {
        row.run_id: _as_graded(row)
        for row in connection.execute(select(tables.prediction).where(prediction.run_id.in_(ids)))
    }
    return [
        Run(
            **{name: row._mapping[name] for name in _SAME},
            outcome=Ending(row.outcome),
            started=_local(row.started_at, row.offset),
            finished=_local(row.finished_at, row.offset),
            facts=tuple(measured.get(row.id, ())),
            prediction=made.get(row.id),
        )
        for row in newest_first
    ]


_SAME = [name for name in Run.__slots__ if name in tables.run.c and name != "outcome"]


def _as_graded(row: Any) -> Graded:
    return Graded(
        Prediction(
            row.question,
            row.kind,
            (row.low, row.high) if row.answer is None else row.answer,
            row.choices,
            row.confidence,
            row.naive,
        ),
        Verdict(row.grade) if row.grade else None,
        row.score,
    )


def _local(at: datetime, offset: int) -> datetime:
    return at.astimezone(timezone(timedelta(seconds=offset)))
