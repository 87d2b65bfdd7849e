"""A draft: the newest text is what is kept, from whichever thread it is saved."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from studyapp.errors import StudyError
from studyapp.store import tables
from studyapp.store.database import connect
from studyapp.store.engine import LockedError, reading, writing
from studyapp.study.draft import Draft, merged, row_now
from studyapp.study.questionnaire.attempt import Attempt
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


def drafted(attempt: Attempt) -> Draft:
    """The text of the answer on the screen, as the screen keeps it."""
    return Draft(attempt.current.text, partial(attempt.write, index=attempt.index))


def test_nothing_typed_writes_nothing(engine: Engine, attempt: Attempt) -> None:
    draft = drafted(attempt)
    draft.type("")
    assert (draft.waiting, draft.save(0.05)) == (False, False)


def test_saving_twice_writes_once(engine: Engine, attempt: Attempt) -> None:
    draft = drafted(attempt)
    draft.type("one")
    assert draft.waiting
    assert (draft.save(0.05), draft.save(0.05), draft.waiting) == (True, False, False)
    draft.type("one")
    assert not draft.waiting
    assert kept(engine, attempt) == "one"


def test_going_back_to_the_saved_text_while_newer_text_waits(
    engine: Engine, attempt: Attempt
) -> None:
    draft = drafted(attempt)
    draft.type("one")
    draft.save(0.05)
    draft.type("one two")
    draft.type("one")
    draft.save(0.05)
    assert kept(engine, attempt) == "one"


def test_each_question_has_its_own_text(engine: Engine, attempt: Attempt) -> None:
    for index in (0, 1, 0):
        attempt.go_to(index)
        draft = drafted(attempt)
        draft.type(f"{attempt.current.text}{index}")
        draft.save(0.05)
    assert [one.text for one in attempt.questions[:2]] == ["00", "1"]


def test_a_lock_keeps_the_text_waiting(engine: Engine, attempt: Attempt) -> None:
    draft = drafted(attempt)
    draft.type("not lost")
    other = connect(str(engine.url.database))
    with writing(other), pytest.raises(LockedError):
        draft.save(0.05)
    other.dispose()
    assert draft.waiting
    assert draft.save(0.05)
    assert kept(engine, attempt) == "not lost"


def test_too_long_a_text_keeps_waiting_and_a_shorter_one_is_kept(
    engine: Engine, attempt: Attempt
) -> None:
    draft = drafted(attempt)
    draft.type("x" * (LONGEST + 1))
    with pytest.raises(StudyError, match="can have 100,000 characters and this one has 100,001"):
        draft.save(0.05)
    draft.type("x" * LONGEST)
    draft.save(0.05)
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
    done, written = threading.Event(), list[str]()
    write = partial(attempt.write, index=attempt.index)

    def note(text: str, before: str, patience: float) -> str:
        kept = write(text, before, patience)
        written.append(text)
        return kept

    draft = Draft(attempt.current.text, note)

    def saver() -> None:
        while not done.is_set():
            draft.save(0.05)

    threads = [threading.Thread(target=saver) for _ in range(2)]
    for thread in threads:
        thread.start()
    start = attempt.current.text
    for number, pause in enumerate(pauses):
        draft.type(start + "x" * (number + 1))
        if pause:
            draft.save(0.05)
    done.set()
    for thread in threads:
        thread.join()
    draft.save(0.05)
    assert written == sorted(set(written), key=len)
    assert kept(engine, attempt) == start + "x" * len(pauses)


@pytest.mark.parametrize(
    ("kept", "before", "text", "expected"),
    [
        ("a", "a", "b", "b"),
        ("b", "a", "b", "b"),
        (None, "", "b", "b"),
        ("theirs", "a", "mine", "theirs\n\nmine"),
        ("", "a", "mine", "mine"),  # the other window has emptied it
        ("theirs", "a", "", "theirs"),  # this one has
        ("A\n\nb", "a\n\nb", "a\n\nB", "A\n\nB"),  # each another line
        ("a\nb\nc", "a\nc", "a\nC", "a\nb\nC"),  # one has put in a line, above
        ("a\nb\nc", "a\nc", "A\nc", "A\nb\nc"),  # and below
        ("a\nc", "a\nb\nc", "a\nB\nc", "a\nB\nc"),  # one has taken out what the other changed
        ("a", "a\nb\nc", "A\nb\nc", "A"),  # and what not
        ("a\nnew", "a", "a\nnew\nb", "a\nnew\nb"),
    ],
)
def test_both_texts_are_kept_where_two_were_written(
    kept: str | None, before: str, text: str, expected: str
) -> None:
    assert merged(kept, before, text) == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
@example([(True, True), (False, True), (True, True), (False, True)] * 2)
def test_two_windows_on_one_note_make_two_texts_at_most(steps: list[tuple[bool, bool]]) -> None:
    """Each types a letter and saves, or types on; then both pause."""
    note = "## What is it? {#it}\n\nIt is so.\n\n- [ ] so"
    place = [note]

    def write(text: str, before: str, patience: float) -> str:
        place[0] = merged(place[0], before, text)
        return place[0]

    texts, drafts, rows = [note] * 2, [Draft(note, write) for _ in range(2)], [2, 2]

    def save(who: int) -> None:
        drafts[who].save(0)
        if (both := drafts[who].take_merged()) is not None:
            now = merged(both[1], both[0], texts[who])
            rows[who] = row_now(rows[who], texts[who], now)
            texts[who] = now

    for second, saves in [*steps, (False, True), (True, True)]:
        who = int(second)
        lines = texts[who].split("\n")
        lines[rows[who]] += "ab"[who]
        texts[who] = "\n".join(lines)
        drafts[who].type(texts[who])
        if saves:
            save(who)
    letters = [sum(one is who for one, _ in steps) + 1 for who in (False, True)]
    own = [f"It is so.{letter * many}" for letter, many in zip("ab", letters, strict=True)]
    assert sorted(line for line in place[0].split("\n") if line.startswith("It")) == sorted(own)
    assert place[0].count("\n") == note.count("\n") + 2


def test_a_merged_text_is_told_once_and_is_what_the_next_one_replaces() -> None:
    place = ["theirs"]

    def write(text: str, before: str, patience: float) -> str:
        place[0] = merged(place[0], before, text)
        return place[0]

    draft = Draft("", write)
    draft.type("mine")
    draft.save(0)
    assert draft.take_merged() == ("mine", "theirs\n\nmine")
    assert draft.take_merged() is None
    draft.type("theirs\n\nmine")
    assert not draft.waiting
    draft.type("one text of both")
    draft.save(0)
    assert place == ["one text of both"]
