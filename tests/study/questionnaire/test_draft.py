"""A draft: the newest text is what is kept, from whichever thread it is saved."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from studyapp.errors import StudyError
from studyapp.store import tables
from studyapp.store.database import connect
from studyapp.store.engine import LockedError, reading, writing
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.draft import Draft
from studyapp.study.questionnaire.response import LONGEST
from tests_support import Clock, desk_of


@pytest.fixture
def attempt(engine: Engine, clock: Clock) -> Attempt:
    return Attempt(desk_of(engine, clock, patience=0.05), 1)


def kept(engine: Engine, attempt: Attempt) -> str:
    with reading(engine) as connection:
        return (
            connection.scalar(
                select(tables.response.c.text).where(
                    tables.response.c.attempt_id == attempt.id,
                    tables.response.c.note_id == attempt.current.note_id,
                )
            )
            or ""
        )


def test_nothing_typed_writes_nothing(engine: Engine, attempt: Attempt) -> None:
    draft = Draft(attempt)
    draft.type("")
    assert (draft.waiting, draft.save()) == (False, False)


def test_saving_twice_writes_once(engine: Engine, attempt: Attempt) -> None:
    draft = Draft(attempt)
    draft.type("one")
    assert draft.waiting
    assert (draft.save(), draft.save(), draft.waiting) == (True, False, False)
    draft.type("one")
    assert not draft.waiting
    assert kept(engine, attempt) == "one"


def test_going_back_to_the_saved_text_while_newer_text_waits(
    engine: Engine, attempt: Attempt
) -> None:
    draft = Draft(attempt)
    draft.type("one")
    draft.save()
    draft.type("one two")
    draft.type("one")
    draft.save()
    assert kept(engine, attempt) == "one"


def test_each_question_has_its_own_text(engine: Engine, attempt: Attempt) -> None:
    draft = Draft(attempt)
    for index in (0, 1, 0):
        attempt.go_to(index)
        draft.type(f"{attempt.current.text}{index}")
        draft.save()
    assert [one.text for one in attempt.questions[:2]] == ["00", "1"]


def test_a_lock_keeps_the_text_waiting(engine: Engine, attempt: Attempt) -> None:
    draft = Draft(attempt)
    draft.type("not lost")
    other = connect(str(engine.url.database))
    with writing(other), pytest.raises(LockedError):
        draft.save()
    other.dispose()
    assert draft.waiting
    assert draft.save()
    assert kept(engine, attempt) == "not lost"


def test_too_long_a_text_keeps_waiting_and_a_shorter_one_is_kept(
    engine: Engine, attempt: Attempt
) -> None:
    draft = Draft(attempt)
    draft.type("x" * (LONGEST + 1))
    with pytest.raises(StudyError, match="can have 100,000 characters and this one has 100,001"):
        draft.save()
    draft.type("x" * LONGEST)
    draft.save()
    assert len(kept(engine, attempt)) == LONGEST


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_an_older_text_never_follows_a_newer_one(
    engine: Engine, attempt: Attempt, pauses: list[bool]
) -> None:
    """Letters are typed here while two other threads save as fast as they can."""
    draft, done, written = Draft(attempt), threading.Event(), list[str]()
    write = attempt.write

    def note(text: str, index: int | None = None) -> None:
        write(text, index)
        written.append(text)

    attempt.write = note  # type: ignore[method-assign]

    def saver() -> None:
        while not done.is_set():
            draft.save()

    threads = [threading.Thread(target=saver) for _ in range(2)]
    for thread in threads:
        thread.start()
    start = attempt.current.text
    for number, pause in enumerate(pauses):
        draft.type(start + "x" * (number + 1))
        if pause:
            draft.save()
    done.set()
    for thread in threads:
        thread.join()
    draft.save()
    assert written == sorted(set(written), key=len)
    assert kept(engine, attempt) == start + "x" * len(pauses)
    attempt.write = write  # type: ignore[method-assign]
