"""What was done to notes in an earlier session or another window, to be taken back in this one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from studyapp import disk
from studyapp.errors import RefusedError
from studyapp.study import removal, rewriting, tagging, words
from studyapp.study.desk import Desk
from studyapp.study.rewriting import BackOf, Record, Rewriting
from studyapp.study.tagging import Change
from studyapp.study.unlogged import Unlogged

DELETION, TAGS = "the deletion", "the tags"


def read(desk: Desk, known: Collection[str] = ()) -> list[Unlogged]:
    """What can be taken back, the newest last, but for the records that are *known* by name. Raises
    StudyError."""
    return [_read(one) for one in rewriting.records(desk, known) if _name(one)]


def here(done: Rewriting, take_back: Callable[[Desk], str]) -> Unlogged:
    """What was done in this session."""
    record = done.record.name if done.record is not None else ""
    return Unlogged(done.moment, take_back, record=record, is_gone=lambda: done.is_taken_back)


def _name(record: Record) -> str:
    """What `u` calls it; empty for what this version does not know."""
    return {removal.WHAT: DELETION, tagging.WHAT: TAGS}.get(str(record.what.get("kind")), "")


def _read(record: Record) -> Unlogged:
    name, done = _name(record), record.done(_back_of(record))
    told = f"{name} of {words.count(done.notes, 'note')}"
    take_back = partial(_take_back, done=done, what=name)
    return replace(here(done, take_back), told=told, day=record.day)


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
