"""The parameters in force: what was adopted when, what each fit came to, what settings applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from studyapp.memory import fold
from studyapp.memory.fold import Adopted
from studyapp.memory.scheduler import Parameters
from studyapp.store import tables, timeline

adopted = tables.parameters.c
device = tables.device.c

# Put together once: each time, at a rating, would take longer than the answer.
_ADOPTED = select(tables.parameters).where(adopted.learner_id == bindparam("whose"))


def read_history(connection: Connection, *, learner: int) -> tuple[Adopted, ...]:
    """The parameters that were in force, oldest first, beginning with the defaults."""
    return read_history_by(connection, None, learner=learner)


def read_history_by(
    connection: Connection, times: timeline.Timelines | None, *, learner: int
) -> tuple[Adopted, ...]:
    rows = connection.execute(select(tables.parameters).where(adopted.learner_id == learner)).all()
    if not rows:
        return fold.DEFAULTS
    times = times or timeline.read_timelines(connection, learner=learner)
    placed = sorted(((times.place(row), row) for row in rows), key=lambda it: (it[0], it[1].uid))
    return fold.DEFAULTS + tuple(
        Adopted(row.at, row.uid, _as_parameters(row), place) for place, row in placed
    )


def in_force(connection: Connection, *, learner: int) -> Parameters:
    """The newest parameters."""
    rows = connection.execute(_ADOPTED, {"whose": learner}).all()
    if len({row.device_id for row in rows}) > 1:
        return read_history(connection, learner=learner)[-1].parameters
    newest = max(rows, key=lambda row: (row.epoch, row.stamp), default=None)
    return Parameters() if newest is None else _as_parameters(newest)


def _as_parameters(row: Any) -> Parameters:
    return Parameters(
        tuple(row.weights),
        row.desired_retention,
        tuple(timedelta(seconds=step) for step in row.learning_steps),
        tuple(timedelta(seconds=step) for step in row.relearning_steps),
        row.maximum_interval,
    )


def read_fits(connection: Connection, *, learner: int) -> list[dict[str, Any]]:
    """What each fit of the weights came to (`adopt`), the oldest first."""
    rows = connection.execute(
        select(tables.parameters).where(adopted.learner_id == learner, adopted.fit.is_not(None))
    )
    return [row.fit for row in timeline.in_order(connection, rows.all(), learner=learner)]


def applied_settings(connection: Connection, file: str, *, learner: int) -> dict[str, Any] | None:
    """What a settings *file* of this device last put in force; None if it never did."""
    return _applied(connection, learner=learner).get(file)


def keep_settings(
    connection: Connection, file: str, applied: dict[str, Any], *, learner: int
) -> None:
    """Keep that the settings of a *file* of this device were put in force."""
    own = connection.scalars(select(device.id).where(device.own.is_(True))).one()
    every = {**_applied(connection, learner=learner), file: applied}
    kept = tables.device_settings.c
    changed = connection.execute(
        update(tables.device_settings)
        .where(kept.device_id == own, kept.learner_id == learner)
        .values(applied=every)
    )
    if not changed.rowcount:
        connection.execute(
            insert(tables.device_settings).values(device_id=own, learner_id=learner, applied=every)
        )


def _applied(connection: Connection, *, learner: int) -> dict[str, dict[str, Any]]:
    """By file what its settings put in force: of a database that lies on a server, or that two
    machines open in turn, there are several."""
    kept = tables.device_settings.c
    found = connection.scalar(
        select(kept.applied)
        .join(tables.device, device.id == kept.device_id)
        .where(device.own.is_(True), kept.learner_id == learner)
    )
    # Before there were names of files, the settings themselves stood here.
    return {file: told for file, told in (found or {}).items() if isinstance(told, dict)}
