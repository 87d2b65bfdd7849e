"""A server instead of a file: opened, migrated, locked, and everything that a learner does on it.

That it keeps and shows the same as SQLite is in tests/study/test_learners.py; what migrations do to
it, in tests/store/test_migrations.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, inspect, select, text

from postgresql import Server
from studyapp.commands.main import main
from studyapp.errors import AlreadyRatedError, StoreError
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict
from studyapp.lab.lines import Finished
from studyapp.lab.protocol import Choice, Fact, Question
from studyapp.memory.clock import study_day
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.rehearsal import Habits
from studyapp.memory.state import Rating
from studyapp.store import log, migrations, sync, tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import LockedError, tidy, wal_size, writing
from studyapp.store.parameters import in_force
from studyapp.study import (
    chapter,
    exam,
    find,
    library,
    pause,
    rehearsal,
    review,
    rewording,
    selection,
    today,
    tracker,
)
from studyapp.study import learner as learners
from studyapp.study.desk import Desk
from studyapp.study.doctor.examination import examine, mend
from studyapp.study.grading import Grade
from studyapp.study.lab import runs
from studyapp.study.lab.predictions import predict
from studyapp.study.order import Order
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.history import waiting
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire, search

ANNA = 2


@pytest.fixture(scope="module")
def migrated(server: Server) -> Iterator[str]:
    """The name of an empty database with all tables."""
    name = server.make()
    open_database(server.url(name)).dispose()
    yield name
    server.drop(name)


@pytest.fixture(scope="module")
def filled(
    server: Server, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a database of two learners with one chapter, which both have started."""
    folder = tmp_path_factory.mktemp("pack")
    notes = questionnaire(*(question(f"q{number}") for number in range(6)))
    (folder / "questions.md").write_text(notes.replace("section: 1.1", "section: 1.1, tags: apply"))
    prose = questionnaire("## 1.1 Prose\n\nProse.").replace("questionnaire", "reading")
    (folder / "reading.md").write_text(prose)
    name, clock = server.make(migrated), Clock()
    engine = connect(server.url(name))
    with writing(engine) as connection:
        assert learners.make(connection, "Anna") == ANNA
        assert not sync.sync(connection, [folder], clock()).problems
        for learner in (learners.FIRST, ANNA):
            library.start_chapter(connection, 1, clock(), learner=learner)
    engine.dispose()
    yield name
    server.drop(name)


@pytest.fixture
def engine(server: Server, filled: str) -> Iterator[Engine]:
    with server.engine(filled) as engine:
        yield engine


@pytest.fixture
def desk(engine: Engine, clock: Clock) -> Desk:
    return desk_of(engine, clock)


def test_a_new_database_has_every_table_of_the_models(server: Server, migrated: str) -> None:
    with server.engine(migrated) as made, server.engine("template1") as pure:
        with writing(pure) as connection:
            tables.METADATA.create_all(connection)
        ours, wanted = inspect(made), inspect(pure)
        assert set(ours.get_table_names()) == set(wanted.get_table_names())
        for table in wanted.get_table_names():
            for part in ("columns", "indexes", "foreign_keys", "unique_constraints"):
                left, right = (getattr(one, f"get_{part}")(table) for one in (ours, wanted))
                assert _plain(left) == _plain(right), (table, part)


def _plain(rows: list[dict[str, object]]) -> list[str]:
    """Comparable. An added column comes last."""
    return sorted(str(sorted((key, str(value)) for key, value in row.items())) for row in rows)


# what a learner does


def test_a_log_is_read_for_a_fit_and_what_that_makes_of_the_cards_is_written(desk: Desk) -> None:
    from studyapp.study.fit import own

    column, memory = tables.review.c, tables.memory.c
    others = (*(weight * 1.1 for weight in DEFAULT_WEIGHTS[:16]), *DEFAULT_WEIGHTS[16:])
    with desk.writing() as connection:
        for card, rating in ((3, Rating.GOOD), (1, Rating.EASY), (6, Rating.HARD)):
            review.answer(connection, card, None, rating, desk.now(), learner=1)
        (day,) = set(connection.scalars(select(column.effective_day)))
        found = own.read(connection, learner=1)
        assert found.reviews.card.tolist() == [3, 1, 6]
        assert found.reviews.rating.tolist() == [3, 4, 2]
        assert found.reviews.day.tolist() == [day.toordinal()] * 3
        states = own.states(found, others)
        before = in_force(connection, learner=1)
        log.adopt(connection, replace(before, weights=others), desk.now(), states=states, learner=1)
        for column, told in zip((memory.stability, memory.difficulty), states, strict=True):
            assert dict(connection.execute(select(memory.card_id, column)).all()) == told


def test_a_rating_is_kept_and_taken_back(desk: Desk) -> None:
    sitting = Sitting(desk)
    assert sitting.view is not None
    first = sitting.view.id
    promised = sitting.options()[Rating.GOOD]
    answered = sitting.rate(Rating.GOOD)
    assert (answered.memory.due_at, answered.memory.stability) == (
        promised.due_at,
        promised.stability,
    )
    undone = Sitting(desk).undo()
    assert undone is not None
    assert (undone.card, undone.what) == (first, "Good")
    assert Sitting(desk).undo() is None


def test_a_card_that_was_shown_for_a_month_can_be_rated(desk: Desk, clock: Clock) -> None:
    sitting = Sitting(desk)
    clock.forward(days=30)
    sitting.rate(Rating.GOOD)
    assert len(sitting.done) == 1


def test_an_attempt_is_left_resumed_and_told_on_today(desk: Desk, clock: Clock) -> None:
    attempt = Attempt(desk, 1)
    assert attempt.write("mine\r\nwith a \0 in it", "") == "mine\nwith a ? in it"
    attempt.tick(frozenset({0}))
    assert attempt.grade(Grade.GOT)
    attempt.leave()
    clock.forward(hours=1)
    with desk.reading() as connection:
        left = waiting(connection, learner=desk.learner)
        found = today.overview(connection, desk.now(), desk.settings, learner=desk.learner)
    assert left is not None
    assert (left.number, left.answered, left.questions) == (1, 1, 6)
    assert found.chapters[0].introduced == 1
    assert Attempt(desk, 1).undo() is not None


def test_a_chapter_is_paused_and_undo_lets_it_go_on(desk: Desk) -> None:
    with desk.writing() as connection:
        chapter_id = chapter.find(connection, "test:1", learner=desk.learner)
        pause.pause(connection, chapter_id, desk.now(), learner=desk.learner)
    paused = Sitting(desk)
    assert paused.view is None
    undone = paused.undo()
    assert undone is not None
    assert undone.what == "pausing chapter 1"
    assert paused.counts.new


def test_an_exam_is_planned_and_foreseen(desk: Desk) -> None:
    Sitting(desk).rate(Rating.GOOD)
    now = study_day(desk.now())
    with desk.writing() as connection:
        day = now + timedelta(days=9)
        planned = exam.plan(connection, day, 5, (1,), desk.now(), learner=desk.learner)
        assert exam.in_force(connection, now, learner=desk.learner) == planned
    with desk.reading() as connection:
        told = today.overview(connection, desk.now(), desk.settings, learner=desk.learner).exam
        assert told is not None
        studying = rehearsal.read(
            connection, planned, desk.now(), desk.settings, learner=desk.learner
        )
    assert told.unmet - 1 == len(studying.places) > 0
    assert studying.habits.first[2] > Habits.of().first[2]


def test_a_section_is_done_and_has_a_note(desk: Desk) -> None:
    learner = desk.learner
    with desk.writing() as connection:
        section = tracker.read_course(connection, learner=learner).sections[0].id
        tracker.set_done(connection, section, True, desk.now(), learner=learner)
        tracker.write_note(connection, section, "a\0b", now=desk.now(), learner=learner)
    with desk.reading() as connection:
        kept = tracker.read_course(connection, learner=learner).sections[0]
    assert (kept.done, kept.own) == (True, "a?b")


def test_a_run_is_kept_with_its_prediction_and_why(desk: Desk, clock: Clock) -> None:
    lesson = Declaration(
        name="gap",
        version=1,
        title="A gap",
        question=Question(
            "The gap is …", "choice", "gap", (Choice("lower", high=-1), Choice("higher", 1)), ""
        ),
        knobs=(),
        topics=("gaps",),
        pack="test",
        module="lessons.gap",
        path=Path("gap.py"),
    )
    measured = Fact("gap", 4.7, "", 3.9, 5.5, 32, "student t", "32 draws")
    outcome = Finished("gap", 1, (measured,), {}, 0, "cpu", 1, 6.5, "3.11.7", "2.11.0")
    learner, now = desk.learner, desk.now()
    with desk.writing() as connection:
        made = predict(connection, lesson, {}, "higher", 0.8, learner=learner)
        begun = runs.begin(connection, lesson, {}, now, made, learner=learner)
    clock.forward(minutes=1)
    with desk.writing() as connection:
        kept = runs.keep(
            connection, lesson, {}, outcome, now, clock(), made, begun=begun, learner=learner
        )
        runs.explain(connection, kept.id, "because", {"a point": True}, learner=learner)
    with desk.reading() as connection:
        (found,) = runs.history(connection, "gap", learner=learner)
    assert found.facts == (measured,)
    assert found.prediction is not None
    assert (found.prediction.grade, found.prediction.prediction.naive) == (Verdict.RIGHT, True)
    assert (found.explanation, found.explanation_ticked) == ("because", {"a point": True})


def test_words_are_found_in_any_case(desk: Desk) -> None:
    with desk.reading() as connection:
        found = search(connection, "WHAT Q3", learner=desk.learner)
    assert [one.prompt for one in found] == ["What is q3?"]


def test_cards_are_found_by_how_they_stand_and_taken_back_in_one(desk: Desk) -> None:
    """All conditions are ones that this database takes; some of them hold."""
    held = ("is:suspended", "-is:due", "prop:due>=2", "prop:r>.5", "prop:s>20", "is:suspended q")
    held += ("tag:app*", "pack:test is:review")
    none = ("is:new", "is:learn", "is:leech", "is:buried", "is:mend", "is:due or rated:3:1")
    none += ("-tag:apply", "-pack:t*", "prop:d<0", "prop:lapses>1", "prop:reps>1")
    with desk.writing() as connection:
        now, settings, learner = desk.now(), desk.settings, desk.learner
        whole = find.cards(connection, "chapter:1", now, settings, learner=learner)
        cards = [one for cards in whole.values() for one in cards]
        for one in cards:
            review.know(connection, one, now, learner=learner)
        selection.suspend(connection, cards, now, learner=learner)

        def count(typed: str, order: Order = Order.MATCH) -> int:
            return len(find.find(connection, typed, now, settings, order=order, learner=learner))

        assert {typed: count(typed) for typed in held} == dict.fromkeys(held, len(whole))
        assert {typed: count(typed) for typed in none} == dict.fromkeys(none, 0)
        assert {count("what", order) for order in Order} == {len(whole)}
        assert undo(connection, now, learner=learner)
        assert count("is:suspended") == 0


def test_content_that_changes_comes_again_to_each_who_rated_it(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    page = tmp_path / "pack" / "1.md"
    page.parent.mkdir()
    page.write_text(questionnaire(question("q0")))
    with writing(engine) as connection:
        sync.sync(connection, [page.parent], clock())
    for learner in (learners.FIRST, ANNA):
        assert Sitting(desk_of(engine, clock, learner=learner)).rate(Rating.EASY)
    page.write_text(questionnaire(question("q0").replace("first of", "another of")))
    with writing(engine) as connection:
        report = sync.sync(connection, [page.parent], clock())
    assert (report.changed, report.due_again) == (1, 2)
    for learner in (learners.FIRST, ANNA):
        with writing(engine) as connection:
            (told,) = rewording.untold(connection, learner=learner)
            rewording.tell(connection, [told], learner=learner)
        assert told.prompt == "What is q0?"
    with writing(engine) as connection:
        again = sync.sync(connection, [page.parent], clock())
    assert (again.changed, again.unchanged) == (0, 1)


def test_the_commands_take_an_address(
    server: Server, migrated: str, only_pack: Path, tmp_path: Path
) -> None:
    name = server.make(migrated)

    def run(*words: str, lines: str | None = None) -> str:
        options = ["--db", server.url(name), *words]
        result = CliRunner().invoke(main, options, input=lines)
        assert result.exit_code == 0, result.output
        return result.output

    assert run("due", "--short") == "0\n"  # its tables are empty
    assert json.loads(run("due", "--json"))["new"] == 10
    assert run("due", "--short") == "10\n"
    assert "undone: easy" in run("review", "--plain", lines="\n3\n\n1\n\n4\nu\n")
    stats = json.loads(run("stats", "--json"))
    assert stats["reviews"] == sum(one["reviews"] for one in stats["year"]["days"]) == 2
    assert sum(stats["year"]["cards"]["retrievability"]["counts"]) == 2
    assert json.loads(run("--learner", "Ben", "--new", "stats", "--json"))["reviews"] == 0
    post = tmp_path / "post.md"
    run("export", "--chapter", "1", str(post))
    assert "What is q00?" in post.read_text()
    run("sync", "--json")
    server.drop(name)


# locks


def test_two_windows_rate_one_card_and_one_is_refused(engine: Engine, clock: Clock) -> None:
    """In both orders: who began first has it, and the other, who waited for the lock, is told."""
    another = connect(engine.url.render_as_string(hide_password=False))
    for first, second in ((0, 1), (1, 0)):
        windows = [Sitting(desk_of(one, clock)) for one in (engine, another)]
        views = [window.view for window in windows]
        assert views[0] is not None
        assert views[1] is not None
        assert views[0].id == views[1].id
        told: list[Exception] = []

        def rate(window: Sitting = windows[second], told: list[Exception] = told) -> None:
            try:
                window.rate(Rating.AGAIN)
            except AlreadyRatedError as error:
                told.append(error)

        other = Thread(target=rate)
        desk = windows[first].desk
        with desk.writing() as connection:
            review.answer(
                connection,
                views[first].id,
                views[first].memory.last_review,
                Rating.EASY,
                desk.now(),
                learner=desk.learner,
            )
            other.start()
            until_somebody_waits(engine)
        other.join()
        assert len(told) == 1
        with desk.reading() as connection:
            ratings = connection.scalars(
                select(tables.review.c.rating).where(tables.review.c.card_id == views[0].id)
            ).all()
        assert ratings == [Rating.EASY]
    another.dispose()


def until_somebody_waits(engine: Engine) -> None:
    """Wait until another transaction of this database waits for a lock."""
    waits = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
        "WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
    )
    pause = Event()
    for _ in range(1000):
        with engine.connect() as connection:
            if connection.scalar(waits):
                return
        pause.wait(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("patience", [0, 0.02])
def test_who_waits_too_long_is_told_so(engine: Engine, patience: float) -> None:
    with (
        writing(engine, whose=1),
        pytest.raises(LockedError, match=r"^postgresql.* is locked by another program; close it "),
        writing(engine, whose=1, patience=patience),
    ):
        pass
    with writing(engine, whose=1, patience=patience) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("holds", "waits", "free"),
    [(1, ANNA, True), (1, 1, False), (1, None, False), (None, 1, False), (None, None, False)],
)
def test_learners_wait_for_themselves_and_for_content(
    engine: Engine, holds: int | None, waits: int | None, free: bool
) -> None:
    with writing(engine, whose=holds):
        try:
            with writing(engine, whose=waits, patience=0.02):
                got = True
        except LockedError:
            got = False
    assert got is free


def test_content_is_read_for_all_and_waits_for_each(
    desk: Desk, only_pack: Path, clock: Clock
) -> None:
    other = replace(desk, learner=ANNA)
    with other.writing(), pytest.raises(LockedError):
        library.refresh(desk.at(0.02))
    assert library.refresh(desk.at(0.02)) is not None


def test_a_reader_sees_one_state(desk: Desk) -> None:
    count = select(tables.review.c.uid)
    with desk.reading() as connection:
        assert connection.scalars(count).all() == []
        Sitting(desk).rate(Rating.GOOD)
        assert connection.scalars(count).all() == []
    with desk.reading() as connection:
        assert len(connection.scalars(count).all()) == 1


def test_a_queue_leaves_the_connection_as_it_was(desk: Desk) -> None:
    with desk.reading() as connection:
        before = dict(connection.get_execution_options())
        today.due(connection, desk.now(), desk.settings, learner=desk.learner)
        assert dict(connection.get_execution_options()) == before


# opening


def test_a_server_that_was_restarted_is_no_error(server: Server, desk: Desk) -> None:
    sitting = Sitting(desk)
    server.run(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        f"WHERE datname = '{desk.engine.url.database}'"
    )
    sitting.rate(Rating.GOOD)
    assert len(sitting.done) == 1


def test_somebody_elses_database_is_refused(server: Server) -> None:
    with server.engine("template1") as other:
        with writing(other) as connection:
            connection.execute(text("CREATE TABLE bookmarks (url TEXT)"))
        with pytest.raises(StoreError, match=r"another program.*'bookmarks'"):
            migrations.upgrade(other)


def test_a_server_that_is_not_there_is_told_in_one_line_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as told:
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/study")
    assert str(told.value).startswith("postgresql+psycopg://me:***@127.0.0.1:1/study: ")
    assert "\n" not in str(told.value)
    assert "secret" not in str(told.value)


def test_a_missing_driver_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"no driver for .*:\*\*\*@.* 'studyapp\[postgresql\]'"):
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/study")


def test_there_is_no_write_ahead_log_of_ours(engine: Engine, tmp_path: Path) -> None:
    assert wal_size(engine) == 0
    tidy(engine, above=-1)


def test_the_doctor_mends_a_memory(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = desk.engine.url.render_as_string(hide_password=False)
    with desk.reading() as connection:
        pack = Path(connection.scalars(select(tables.root.c.path)).one())
    monkeypatch.setattr(library, "installed_roots", lambda: [pack])
    Sitting(desk).rate(Rating.GOOD)
    assert examine(url, clock()).findings == ()
    with desk.writing() as connection:
        connection.execute(text("UPDATE memory SET stability = 99"))
        connection.execute(text("DROP INDEX ix_review_card_id_learner_id"))
    found = examine(url, clock())
    assert [one.check for one in found.findings] == ["schema", "memories"]
    treated = mend(url, found, clock())
    assert ([one.check for one in treated.mended], treated.kept) == (["schema", "memories"], None)
    assert examine(url, clock()).findings == ()
