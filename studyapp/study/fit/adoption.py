"""When a learner's log is fitted, and what then happens to their memories (RULES: Fitting)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED
from studyapp.memory.mastery import RECENT, Calibration, calibrations
from studyapp.memory.model import DEFAULT_WEIGHTS, Weights, checked
from studyapp.store import log, record, tables
from studyapp.store.engine import go_through
from studyapp.store.memory import NONE, States
from studyapp.store.parameters import in_force, read_fits
from studyapp.study import words
from studyapp.study.desk import Desk
from studyapp.study.recall import models, recalls

if TYPE_CHECKING:
    from studyapp.memory.judgement import Former, InForce, Judgement

_GROWN = 0.1  # share by which a log has grown since it was fitted last …
_GROWN_BY = 200  # … and reviews
_FITTED, _WRITTEN = 0.9, 0.95  # shares of the whole that are done then
Told = Callable[[float], None]

review = tables.review.c
event = tables.event.c


def is_time(connection: Connection, *, learner: int) -> bool:
    """Whether the log has grown enough since the last fit, whatever came of that."""
    fits = _fits(connection, learner=learner)
    before = fits[-1].reviews if fits else 0
    least = before + max(_GROWN_BY, _GROWN * before)
    # What was taken back counts as well here: it is not much, and telling it takes longer.
    rated = select(func.count()).where(review.learner_id == learner)
    if (connection.scalar(rated) or 0) < least:
        return False
    return _counted(connection, learner=learner) >= least


def _counted(connection: Connection, *conditions: ColumnElement[bool], learner: int) -> int:
    """The reviews that a fit reads; *conditions* are on `review`."""
    kept = select(func.count()).where(
        review.learner_id == learner,
        *conditions,
        review.kind.not_in([kind.value for kind in CRAMMED]),
        review.uid.not_in(record.retracted(learner=learner)),
    )
    return connection.scalar(kept) or 0


def _last(connection: Connection, *, learner: int) -> tuple[int | None, ...]:
    """The last row of each log, which only ever grows. It is found from the end, if no index of the
    learner's rows is used: by that, all of them would be gone through."""
    rows = (
        select(func.max(column.id)).where(column.learner_id + 0 == learner).scalar_subquery()
        for column in (review, event, tables.parameters.c)
    )
    return tuple(connection.execute(select(*rows)).one())


def fit(desk: Desk, told: Told = lambda share: None) -> Judgement:
    """Fit the desk's log and adopt what comes of it, unless it is worse; how it was is then in a
    backup. To be called in a process of its own: it loads NumPy."""
    from studyapp.memory.judgement import FEWEST, judge
    from studyapp.study.fit import own

    with desk.reading() as connection:
        go_through(connection)
        last = _last(connection, learner=desk.learner)
        log_of = own.read(connection, learner=desk.learner)
        former = _former(connection, learner=desk.learner)
        kept = _in_force(connection, desk.now(), learner=desk.learner)
        newest = recalls(connection, limit=RECENT, learner=desk.learner)
    judged = judge(log_of.reviews, former, kept, lambda share: told(_FITTED * share))
    if judged.reviews < FEWEST:
        return judged
    weights = judged.parameters if judged.adopted else None
    states = own.states(log_of, weights, judged.points) if weights else NONE
    trust = calibrations(own.replayed(log_of, judged.points, newest)) if weights else []
    told(_WRITTEN)
    if weights:
        desk.back_up("change")  # before the lock: ratings do not wait for it
    with desk.writing() as connection:
        if weights and last != _last(connection, learner=desk.learner):
            states = own.states(own.read(connection, learner=desk.learner), weights)
        _keep(connection, judged, states, trust, desk.now(), learner=desk.learner)
    return judged


def verdict(result: Mapping[str, Any], today: date) -> str:
    """What came of a fit for the schedule, in a few lines with its interval; *result* as
    `Judgement.as_json` gives it."""
    gap, reason = result["difference"], result["reason"]
    if result["adopted"]:
        word = "better" if gap["low"] is not None and gap["high"] < 0 else "no worse"
        now = "The schedule is fitted to you now"
        return f"{now}, as that predicts your later reviews {word}: {reason}."
    in_use, a_fit = result["in_use"], "a fit"
    stays = "The schedule stays as it is"
    if in_use is not None:
        on = words.day(date.fromisoformat(in_use["since"]), today)
        stays, a_fit = f"The schedule stays as fitted on {on}", "a new fit"
    if gap is None:
        return f"{stays}: {words.count(result['reviews'], 'review')} are {reason}."
    if result["unchanged"]:
        told = f"{stays}: {reason}."
    elif gap["value"] <= 0:
        told = f"{stays}: the later reviews are all of one card, which tells too little."
    else:
        word = "worse" if gap["low"] is not None and gap["low"] > 0 else "no better"
        told = f"{stays}, as {a_fit} predicts your later reviews {word}: {reason}."
    better = defaults_are_better(result)
    return f"{told} {better}" if better else told


def defaults_are_better(result: Mapping[str, Any]) -> str:
    """A sentence where the defaults predict better than what stays in use."""
    if result["adopted"] or result["in_use"] is None:
        return ""
    was, instead = (f"{result[name]['log_loss']:.4f}" for name in ("in_use", "default"))
    if was <= instead:
        return ""
    was, instead = (one.removeprefix("0") for one in (was, instead))
    return f"The defaults predict them better than what is in use: {instead} against {was}."


def _keep(
    connection: Connection,
    judged: Judgement,
    states: States,
    trust: Sequence[Calibration],
    now: datetime,
    *,
    learner: int,
) -> None:
    before = in_force(connection, learner=learner)
    weights = judged.parameters if judged.adopted else None
    log.adopt(
        connection,
        replace(before, weights=weights or before.weights),
        now,
        fit=_as_kept(judged, trust),
        states=states,
        learner=learner,
    )


def _as_kept(judged: Judgement, trust: Sequence[Calibration]) -> dict[str, Any]:
    """What the next comparison needs, what was told of this one, and how far off the new weights
    would have been until now."""
    return {
        "reviews": judged.reviews,
        "adopted": judged.adopted,
        "until": judged.until and date.fromordinal(judged.until).isoformat(),
        "earlier": judged.earlier,
        "difference": judged.difference,
        "calibrations": [one.as_json() for one in trust],
    }


class _Kept(NamedTuple):
    """A fit of before: to so many reviews; if it was adopted, as trained on the days `until`."""

    reviews: int
    until: date | None = None
    earlier: Weights | None = None


def _fits(connection: Connection, *, learner: int) -> list[_Kept]:
    """The fits of before, the oldest first. What another device, or another program, has written
    in another way is none."""
    found = list[_Kept]()
    for fit in read_fits(connection, learner=learner):
        with suppress(KeyError, TypeError, ValueError):
            kept = _Kept(int(fit["reviews"]))
            if fit["adopted"]:
                earlier = checked(fit["earlier"])
                kept = kept._replace(until=date.fromisoformat(fit["until"]), earlier=earlier)
            found.append(kept)
    return found


def _in_force(connection: Connection, now: datetime, *, learner: int) -> InForce | None:
    """The weights in force, which have seen what there was before; None: these are the defaults."""
    from studyapp.memory.judgement import InForce

    parameters, since, by = models(connection, learner=learner)[-1]
    if by is None or parameters.weights == DEFAULT_WEIGHTS:
        return None
    seen = _counted(connection, review.stamp < since, learner=learner)
    return InForce(parameters.weights, study_day(since.astimezone(now.tzinfo)), seen)


def _former(connection: Connection, *, learner: int) -> Former | None:
    """The fit that was adopted last."""
    from studyapp.memory.judgement import Former

    for fit in reversed(_fits(connection, learner=learner)):
        if fit.until is not None and fit.earlier is not None:
            return Former(fit.earlier, fit.until.toordinal())
    return None
