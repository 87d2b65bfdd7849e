"""Several learners on one database: told apart by name, and nothing personal in common."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from postgresql import Server
from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.lab.catalog import Catalog, Declaration
from studyapp.lab.lines import Finished
from studyapp.lab.protocol import Choice, Fact, Question
from studyapp.memory.state import Rating
from studyapp.notes import post as posts
from studyapp.notes.deck import Pack
from studyapp.notes.foreign import Foreign, ForeignReview, Moment, Schedule, Stage
from studyapp.store import sync, tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import reading, writing
from studyapp.store.parameters import read_history
from studyapp.study import asking, foreign, library, pause, queue, today, tracker
from studyapp.study import learner as learners
from studyapp.study.desk import Desk
from studyapp.study.fading import fading
from studyapp.study.grading import Grade
from studyapp.study.lab import facts, misses, predictions, runs
from studyapp.study.plan import FIVE
from studyapp.study.prospect import prospect
from studyapp.study.questionnaire import chapter, post
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from studyapp.study.stats import stats
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire

# names


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Anna", "Anna"),
        ("  Ben ", "Ben"),
        ("李小龙", "李小龙"),
        ("Zoe\u0308", "Zoë"),  # as a Mac writes it
        ("x" * 40, "x" * 40),
        ("a b", "a b"),
    ],
)
def test_a_name_is_trimmed_and_found_in_any_case(engine: Engine, name: str, kept: str) -> None:
    with writing(engine) as connection:
        made = learners.make(connection, name)
        assert learners.find(connection, f" {name.upper()} ") == made != learners.FIRST
        assert learners.name_of(connection, learner=made) == kept
        with pytest.raises(StudyError, match=r"^There is a learner .* already; leave out --new\.$"):
            learners.make(connection, name.swapcase())


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\nb", "a\x1b[31m", "a\u202eb", "a\u200bb"])
def test_a_bad_name_is_one_sentence(engine: Engine, name: str) -> None:
    with reading(engine) as connection, pytest.raises(StudyError) as told:
        learners.find(connection, name)
    sentence = str(told.value)
    assert sentence.endswith("is not a learner's name; give 1 to 40 printable characters.")
    assert sentence.isprintable()
    assert len(sentence) < 130


def test_an_unknown_name_is_told_with_the_known_ones(engine: Engine) -> None:
    with writing(engine) as connection:
        learners.make(connection, "Anna")
        with pytest.raises(StudyError, match=r"no learner 'Bob'; known so far: Anna, me\. --new"):
            learners.find(connection, "Bob")
        assert learners.find(connection, "ME") == learners.FIRST


def opened(url: Path, name: str | None, *, new: bool = False) -> Desk:
    return library.open_study(str(url), Current(Settings()), Clock(), name, new=new)[0]


def test_everybody_begins_with_the_first_chapter(tmp_path: Path, only_pack: Path) -> None:
    """Also the one in whose absence the content was read first, and the one who comes later."""
    path = tmp_path / "a.db"
    for name, new in (("Anna", True), (None, False), ("Ben", True), ("anna", False)):
        desk = opened(path, name, new=new)
        with desk.reading() as connection:
            due = today.due(connection, desk.now(), desk.settings, learner=desk.learner)
        assert due["new"] == 10, name
        desk.close()


def test_nothing_is_made_without_new(tmp_path: Path, only_pack: Path) -> None:
    path = tmp_path / "a.db"
    with pytest.raises(StudyError, match="no learner 'Anna'"):
        opened(path, "Anna")
    with pytest.raises(StudyError, match="give a name with --learner"):
        opened(path, None, new=True)
    desk = opened(path, None)
    with desk.reading() as connection:
        assert connection.execute(select(tables.learner.c.name)).all() == [("me",)]
    desk.close()


def test_a_card_of_ones_own_goes_to_ones_own_chapter(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        other = learners.make(connection, "Anna")
    with pytest.raises(StudyError, match="Start a chapter first"):
        library.new_question(desk_of(engine, clock, learner=other), "What?", "That.")


# whatever they do: each has what they would have alone

CHOICES = (Choice("lower", high=-1), Choice("higher", 1))
GAP = Declaration(
    name="gap",
    version=1,
    title="A gap",
    question=Question("The gap is …", "choice", "error_gap", CHOICES, "points"),
    knobs=(),
    topics=("gaps",),
    pack="test",
    module="lessons.gap",
    path=Path("gap.py"),
)
CATALOG = Catalog((GAP,), ())
MEASURED = Fact("error_gap", 4.7, "points", 3.9, 5.5, 32, "student t", "32 draws")
RESULT = Finished("gap", 1, (MEASURED,), {}, 0, "cpu", 1, 6.5, "3.11.7", "2.11.0")


def rate(desk: Desk, pick: int) -> object:
    sitting = Sitting(desk)
    if sitting.view is None:
        return None
    promised = [(after.due, after.stability) for after in sitting.options().values()]
    return promised, sitting.rate(Rating(pick % 4 + 1)).memory.due


def rate_with_the_clock_ahead(desk: Desk, pick: int) -> object:
    ahead = replace(desk, clock=lambda: desk.clock() + timedelta(days=1000))
    return rate(ahead, pick)


def take_back(desk: Desk, pick: int) -> object:
    undone = Sitting(desk).undo()
    return undone and undone.what


def set_aside(desk: Desk, pick: int) -> None:
    sitting = Sitting(desk)
    if sitting.view is not None:
        (sitting.suspend if pick % 2 else sitting.bury)()


def five(desk: Desk, pick: int) -> object:
    five = Sitting(desk, FIVE)
    return five.view and five.rate(Rating(pick % 4 + 1)).memory.due


def answer(desk: Desk, pick: int) -> object:
    attempt = Attempt(desk, 1, anew=pick == 1)
    earlier = [one.text for one in attempt.earlier()]
    attempt.write(f"my words, {pick}")
    attempt.reveal()
    attempt.tick(frozenset({0} if pick % 2 else ()))
    return earlier, attempt.grade((Grade.GOT, Grade.PARTLY, Grade.MISSED)[pick % 3])


def ungrade(desk: Desk, pick: int) -> object:
    return Attempt(desk, 1).undo() is None


def read(desk: Desk, pick: int) -> None:
    learner, now = desk.learner, desk.now()
    with desk.writing() as connection:
        section = tracker.read_course(connection, learner=learner).sections[pick % 2].id
        tracker.set_done(connection, section, pick < 3, now, learner=learner)
        tracker.set_familiarity(connection, section, pick, now=now, learner=learner)
        tracker.write_note(connection, section, f"note {pick}", now=now, learner=learner)


def ask(desk: Desk, pick: int) -> object:
    return asking.ask(desk, asking.of_chapter(1 + pick % 2))


def start(desk: Desk, pick: int) -> None:
    number = 1 + pick % 2
    with desk.writing() as connection:
        if pick < 3:
            library.start_chapter(connection, number, desk.now(), learner=desk.learner)
        else:
            tracker.stop_chapter(connection, number, now=desk.now(), learner=desk.learner)


def pause_or_go_on(desk: Desk, pick: int) -> None:
    chapter = 1 + pick % 2
    with desk.writing() as connection:
        held = chapter in pause.paused(connection, learner=desk.learner)
        change = pause.resume if held else pause.pause
        change(connection, chapter, desk.now(), learner=desk.learner)


def experiment(desk: Desk, pick: int) -> object:
    learner, now, said = desk.learner, desk.now(), CHOICES[pick % 2].text
    with desk.reading() as connection:
        made = predictions.predict(connection, GAP, {}, said, 0.8, learner=learner)
    with desk.writing() as connection:
        begun = runs.begin(connection, GAP, {}, now, made, learner=learner)
        if pick:
            runs.keep(connection, GAP, {}, RESULT, now, now, made, begun=begun, learner=learner)
    return made.naive


def look(desk: Desk, pick: int) -> object:
    with desk.writing() as connection:
        predictions.saw(connection, ["gap"], desk.now(), learner=desk.learner)
    return misses.bring_back(desk)


def want(desk: Desk, pick: int) -> None:
    wanted = Settings(desired_retention=0.8 + pick / 100, maximum_interval=300)
    library.apply_settings(replace(desk, current=Current(wanted)))


def import_one_post(desk: Desk, pick: int) -> object:
    """Everybody the same one."""
    text = posts.write(posts.Post("test", 1, "Chapter 1", answers=ANSWERS, notes=(), results=()))
    restored, _ = posts.parse(text, Path("post.md"))
    assert restored is not None
    with desk.writing() as connection:
        done = post.restore(connection, Path("post.md"), restored, desk.now(), learner=desk.learner)
    return done.known, len(done.questions)


def import_a_log(desk: Desk, pick: int) -> object:
    """Everybody the same one, or the beginning of it."""
    days = [datetime(2026, 9, 1 + 5 * number, 18, tzinfo=UTC) for number in range(pick + 1)]
    rated = [ForeignReview("g", "answer", at, at.date(), 3, Moment.REVIEW) for at in days]
    last = days[-1].date()
    state = Schedule("g", "answer", Stage.REVIEW, last + timedelta(days=90), last, 90)
    planned = Pack({}, {"g": "q01"}, {"g": ("answer",)}, {}, frozenset(), (), {}, 0, 0, ())
    with desk.writing() as connection:
        done = foreign.attach(
            connection,
            Foreign(schedules=(state,), reviews=tuple(rated)),
            foreign.cards_of(planned, "test"),
            "anki",
            desk.now(),
            learner=desk.learner,
        )
    return replace(done, logged=())  # their uids are each learner's own


ANSWERS = (posts.Answer("q00", "What is q00?", None, "It is q00.", "as I wrote it"),)
ACTIONS: tuple[Callable[[Desk, int], object], ...] = (
    rate,
    rate_with_the_clock_ahead,
    take_back,
    set_aside,
    five,
    answer,
    ungrade,
    read,
    ask,
    start,
    pause_or_go_on,
    experiment,
    look,
    want,
    import_one_post,
    import_a_log,
)
Script = list[tuple[int, Callable[[Desk, int], object], int, int]]
scripts = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.sampled_from(ACTIONS),
        st.integers(0, 5),
        st.sampled_from([1, 15, 1500, 20000]),  # minutes until then
    ),
    min_size=2,
    max_size=12,
)


def fill(engine: Engine) -> None:
    """Make two chapters and two learners, the first chapter started by both."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pack"
        root.mkdir()
        for number in (1, 2):
            notes = [question(f"q{number - 1}{n}", chapter=number) for n in range(4)]
            notes[-1] = notes[-1].replace("<!-- ", "<!-- depth: more, ")
            (root / f"{number}.md").write_text(questionnaire(*notes, chapter=number))
            term = questionnaire(f"## Term {number} {{#t{number}}}\n\nMeaning.", chapter=number)
            (root / f"{number}t.md").write_text(term.replace("questionnaire", "jargon"))
            reading_page = questionnaire(f"## {number}.1 Prose\n\nProse.", chapter=number)
            (root / f"{number}r.md").write_text(reading_page.replace("questionnaire", "reading"))
        clock = Clock()
        with writing(engine) as connection:
            assert learners.make(connection, "Anna") == 2
            assert not sync.sync(connection, [root], clock()).problems
            for learner in (1, 2):
                library.start_chapter(connection, 1, clock(), learner=learner)


Fresh = Callable[[], AbstractContextManager[Engine]]  # an engine on a filled database of its own


@cache
def template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        engine = open_database(str(path))
        fill(engine)
        engine.dispose()
        return path.read_bytes()


@contextmanager
def in_a_file() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        path.write_bytes(template())
        engine = connect(str(path))
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def on_the_server(server: Server) -> Iterator[Fresh]:
    name = server.make()
    engine = open_database(server.url(name))
    fill(engine)
    engine.dispose()
    # One engine for all copies: what SQLAlchemy has compiled for it is most of the time.
    with server.engine(name) as engine:

        @contextmanager
        def copied() -> Iterator[Engine]:
            yield engine
            server.renew(engine, name)

        yield copied
    server.drop(name)


PERSONAL = [table for table in tables.METADATA.tables.values() if "learner_id" in table.c]
# What counts rows or is drawn by lot is another in another database.
BY_CHANCE = {"id", "uid", "learner_id", "attempt_id", "run_id", "target", "last_review", "entries"}


def seen(desk: Desk) -> dict[str, Any]:
    """Everything that is this learner's, in every form that the app shows it in."""
    learner, now = desk.learner, desk.now()
    found: dict[str, Any] = {}
    with desk.writing() as connection:
        for table in PERSONAL:
            columns = [column for column in table.c if column.name not in BY_CHANCE]
            rows = connection.execute(select(*columns).where(table.c.learner_id == learner))
            found[table.name] = sorted(map(repr, rows))
        found["today"] = today.overview(connection, now, desk.settings, learner=learner)
        found["due"] = today.due(connection, now, desk.settings, learner=learner)
        found["queue"] = queue.load(connection, now, desk.settings, learner=learner)
        found["five"] = fading(connection, now, learner=learner)
        found["stats"] = stats(connection, now, leech_lapses=8, learner=learner)
        found["course"] = [
            replace(one, sections=tuple(replace(each, path=Path()) for each in one.sections))
            for part in tracker.read_course(connection, learner=learner).parts
            for one in part.chapters  # a copy of the content has other paths
        ]
        found["prospect"] = prospect(
            connection, now, desk.settings, frozenset({1}), learner=learner
        )
        view = chapter.view(connection, 1, now, learner=learner)
        found["chapter"] = replace(
            view, attempts=tuple(replace(one, id=0) for one in view.attempts)
        )
        found["runs"] = [
            replace(one, id=0) for one in runs.history(connection, "gap", learner=learner)
        ]
        found["last"] = list(runs.last_results(connection, learner=learner))
        found["record"] = predictions.prediction_report(connection, learner=learner)
        found["naive"] = predictions.naive(connection, "gap", learner=learner)
        found["cited"] = facts.cite(connection, "fact:gap.error_gap", CATALOG, now, learner=learner)
        found["post"] = posts.write(post.compose(connection, 1, CATALOG, learner=learner))
        history = read_history(connection, learner=learner)
        found["in force"] = [(one.at, one.parameters) for one in history]
        undone = undo(connection, now, learner=learner)
        found["to undo"] = undone and (undone.what, undone.card)
        connection.rollback()
    return found


def played(
    script: Script, who: set[int], fresh: Fresh
) -> dict[int, tuple[list[object], dict[str, Any]]]:
    """What the actions of *who* gave back, and what each has in the end."""
    clock, told = Clock(), {learner: list[object]() for learner in who}
    with fresh() as engine:
        desks = {learner: desk_of(engine, clock, learner=learner) for learner in who}
        for learner, action, pick, minutes in script:
            clock.forward(minutes=minutes)
            if learner in who:
                told[learner].append(action(desks[learner], pick))
        return {learner: (told[learner], seen(desks[learner])) for learner in who}


def check(
    script: Script, fresh: Fresh = in_a_file
) -> dict[int, tuple[list[object], dict[str, Any]]]:
    """Together each has what they would have alone, and alone it is the same for everybody."""
    together = played(script, {1, 2}, fresh)
    for learner in (1, 2):
        assert together[learner] == played(script, {learner}, fresh)[learner]
    first = [(1, *rest) for learner, *rest in script if learner == 2]
    second = [(2, *rest) for learner, *rest in script if learner == 2]
    assert played(first, {1}, fresh)[1] == played(second, {2}, fresh)[2]
    return together


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(scripts)
def test_two_learners_have_nothing_personal_in_common(script: Script) -> None:
    check(script)


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(scripts)
def test_two_learners_have_nothing_in_common_in_postgresql(
    on_the_server: Fresh, script: Script
) -> None:
    check(script, on_the_server)


EVERYTHING = [
    (learner, action, pick, 600) for pick in (3, 1) for action in ACTIONS for learner in (1, 2)
]


def test_postgresql_keeps_and_shows_the_same_as_sqlite(on_the_server: Fresh) -> None:
    """All that two learners do and see, on one long script."""
    assert played(EVERYTHING, {1, 2}, on_the_server) == played(EVERYTHING, {1, 2}, in_a_file)


def test_nothing_crosses_over_when_each_does_everything() -> None:
    """The law on one long script in which every action comes twice from each."""
    told, found = check(EVERYTHING)[2]
    assert found["stats"].reviews > 2
    assert (False, 1) in told
    assert (True, 0) in told, "the second time it was imported before"
    assert len(found["in force"]) > 2
