"""What was done to notes in an earlier session, to be taken back in this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from studyapp import disk
from studyapp.errors import RefusedError
from studyapp.study import removal, rewriting, tagging, words
from studyapp.study.desk import Desk
from studyapp.study.rewriting import BackOf, Record, Rewriting
from studyapp.study.tagging import Change

DELETION, TAGS = "the deletion", "the tags"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was done on a study `day`, as it is `told`, when `after` was the newest uid of the log,
    None where there was none; `take_back` says so when it has."""

    told: str
    day: date
    after: bytes | None
    take_back: Callable[[Desk], str]


def read(desk: Desk) -> list[Rewritten]:
    """What can be taken back, the newest last. Raises StudyError."""
    return [_read(one) for one in rewriting.records(desk) if _name(one)]


def _name(record: Record) -> str:
    """What `u` calls it; empty for what this version does not know."""
    return {removal.WHAT: DELETION, tagging.WHAT: TAGS}.get(str(record.what.get("kind")), "")


def _read(record: Record) -> Rewritten:
    name, done = _name(record), record.done(_back_of(record))
    told = f"{name} of {words.count(done.notes, 'note')}"
    return Rewritten(told, record.day, record.after, partial(_take_back, done=done, what=name))


def _take_back(desk: Desk, done: Rewriting, what: str) -> str:
    if done.record is not None and not disk.is_there(done.record):
        raise RefusedError(
            f"{words.capital(what)} cannot be taken back any more: another window has done it, or "
            "much was done since."
        )
    return rewriting.put_back(desk, done, what)


def _back_of(record: Record) -> BackOf:
    if record.what["kind"] == removal.WHAT:
        return removal.back_of
    change = Change(tuple(record.what["on"]), tuple(record.what["off"]))
    return partial(tagging.back_of, change)
