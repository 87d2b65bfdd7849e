"""What the doctor finds and mends, one kind of damage after the other."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as laws
from sqlalchemy import Engine, event, select

from histories import Step, live, steps
from refusing import closed_folder
from studyapp import config, disk
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Rating
from studyapp.notes import markdown
from studyapp.store import backup, log, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import former, library, retention, review
from studyapp.study.doctor.examination import Examination, examine, mend
from studyapp.study.doctor.finding import Finding, beforehand, merged
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.history import attempts
from studyapp.study.statistics import days
from tests_support import Clock, chapter_of, desk_of, question, questionnaire

SECRET = "What I wrote of the gradient"


@pytest.fixture
def database(engine: Engine, only_pack: Path, clock: Clock, tmp_path: Path) -> Path:
    """A database with reviews, events and an answer, which nobody has open."""
    for card, rating in ((1, Rating.GOOD), (2, Rating.AGAIN), (1, Rating.GOOD), (3, Rating.EASY)):
        with writing(engine) as connection:
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, rating, clock.forward(days=1), learner=1)
    with writing(engine) as connection:
        review.suspend(connection, 2, clock.forward(minutes=1), learner=1)
    attempt = Attempt(desk_of(engine, clock), chapter_of(engine, "1"))
    attempt.write(SECRET)
    today = study_day(clock())
    days.keep(desk_of(engine, clock), today - timedelta(days=5), today - timedelta(days=1))
    engine.dispose()
    return tmp_path / "study.db"


def look(database: Path, clock: Clock) -> Examination:
    return examine(str(database), clock())


def told(found: Examination) -> str:
    return "\n".join(map(str, found.findings))


def logged(database: Path) -> list[tuple[object, ...]]:
    """The log as it was written, without what is cached with it."""
    with closing(sqlite3.connect(database)) as plain:
        columns = "uid, card_id, kind, rating, device_id, at, day, epoch, stamp, duration"
        reviews = plain.execute(f"SELECT {columns} FROM review ORDER BY uid").fetchall()
        done = "SELECT uid, kind, card_id, target FROM event WHERE kind <> 'redate' ORDER BY uid"
        return (
            reviews
            + plain.execute(done).fetchall()
            + plain.execute("SELECT text FROM response").fetchall()
        )


def sql(*statements: str) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        with closing(sqlite3.connect(database)) as plain, plain:
            for statement in statements:
                plain.execute(statement)

    return damage


def no_longer_unique(database: Path) -> None:
    """A log whose table lost its constraint, and has one review twice."""
    with closing(sqlite3.connect(database)) as plain, plain:
        (made,) = plain.execute("SELECT sql FROM sqlite_master WHERE name = 'review'").fetchone()
        of_table = "FROM sqlite_master WHERE type = 'index' AND tbl_name = 'review' AND sql > ''"
        indexes = plain.execute(f"SELECT sql {of_table}").fetchall()
        loose = made.replace("CONSTRAINT uq_review_uid UNIQUE (uid)", "CHECK (1)")
        assert loose != made
        plain.execute("PRAGMA legacy_alter_table = ON")
        plain.execute("ALTER TABLE review RENAME TO former")
        plain.execute(loose)
        plain.execute("INSERT INTO review SELECT * FROM former")
        plain.execute("DROP TABLE former")
        for (index,) in indexes:
            plain.execute(index)
        names = [row[1] for row in plain.execute("PRAGMA table_info(review)") if row[1] != "id"]
        quoted = ", ".join(f'"{name}"' for name in names)
        plain.execute(f"INSERT INTO review ({quoted}) SELECT {quoted} FROM review LIMIT 1")


RUN = (
    "INSERT INTO run (id, uid, learner_id, lesson, pack, version, knobs, canonical, seconds, "
    "outcome, started_at, finished_at, offset) VALUES (1, x'01', 1, 'null', 'fastai', 1, '{}', "
    "'{}', 1.0, 'result', '2026-11-20 09:00:00', '2026-11-20 09:00:01', 0)"
)


def killed_import(database: Path) -> None:
    """What there is while the first file of a pack is being written."""
    pack = library.own_packs() / "x"
    engine = open_database(str(database))
    with engine.connect() as connection:
        former.Former(pack.parent).keep(connection, {pack / "deck.md": disk.digest("half a deck")})
    engine.dispose()
    pack.mkdir(parents=True)
    (pack / ".deck.md.abcd1234.tmp").write_text("half")


DAMAGE = {
    "memory": (
        sql("UPDATE memory SET stability = 99 WHERE card_id = 1"),
        "memories",
        "1 card has another memory than the log gives",
    ),
    "date": (
        sql("UPDATE memory SET due = '2031-01-01' WHERE card_id IN (1, 3)"),
        "memories",
        "2 cards have another memory",
    ),
    "lost memory": (
        sql("DELETE FROM memory WHERE card_id = 3"),
        "memories",
        "1 card has another memory",
    ),
    "memory without a log": (
        sql("UPDATE memory SET card_id = 5 WHERE card_id = 3"),
        "memories",
        "2 cards have another memory",
    ),
    "memory of text": (
        sql(
            "UPDATE memory SET state = 'soon' WHERE card_id = 1",
            "UPDATE memory SET due = 'never' WHERE card_id = 3",
        ),
        "memories",
        "2 cards have another memory than the log gives",
    ),
    "cache": (
        sql("UPDATE review SET stability_after = 7 WHERE card_id = 1 AND state_before = 0"),
        "memories",
        "1 card has other values beside reviews",
    ),
    "tally": (
        sql("UPDATE tally SET hits = hits + 1 WHERE ratings > 0"),
        "statistics",
        "3 study days have other sums than the log gives",
    ),
    "a day of which nothing is said": (
        sql("UPDATE tally SET ratings = 0, reviews = 0 WHERE told > 0"),
        "statistics",
        "1 study day has other sums than the log gives",
    ),
    "memory of no card": (
        sql("UPDATE memory SET card_id = 999 WHERE card_id = 3"),
        "orphans",
        "1 row of memory names no card that is there",
    ),
    "answer of no attempt": (
        sql("DELETE FROM attempt"),
        "orphans",
        "1 row of response names no attempt that is there",
    ),
    "attempt at no note": (
        sql("UPDATE attempt SET note_id = 999"),
        "orphans",
        "1 row of attempt names no note that is there",
    ),
    "opener": (
        sql("UPDATE card SET opener = 999 WHERE opener IS NOT NULL"),
        "orphans",
        "3 cards are to wait for one that is not there",
    ),
    "half a run": (sql(RUN), "runs", "1 run with a result has no figures"),
    "twice": (no_longer_unique, "log", "1 review is there twice, alike in all"),
    "index": (sql("DROP INDEX ix_review_card_id_learner_id"), "schema", "ix_review_card_id"),
    "index of some": (sql("DROP INDEX uq_chapter_deck"), "schema", "uq_chapter_deck is missing"),
    "index of few": (sql("DROP INDEX ix_memory_suspended"), "schema", "ix_memory_suspended is mis"),
    "no device": (sql("UPDATE device SET own = 0"), "device", "does not say which device"),
    "two devices": (
        sql("INSERT INTO device (uid, name, made_at, own) VALUES (x'02', 'b', '2026-11-20', 1)"),
        "device",
        "2 devices are said to be this one",
    ),
    "a section of cards": (
        sql("DELETE FROM section"),
        "orphans",
        "18 rows of card name no section that is there",
    ),
    "another answer": (
        sql("UPDATE note SET answer = 'It is not so.' WHERE id = 4"),
        "content",
        "1 note of the files is another in the database",
    ),
    "other points": (
        sql("UPDATE note SET points = '[]' WHERE id IN (4, 5)"),
        "content",
        "2 notes of the files are others in the database",
    ),
    "a note that is away": (
        sql("UPDATE note SET missing_since = '2026-11-20' WHERE id = 4"),
        "content",
        "1 note of the files is not in the database",
    ),
    "what is searched": (
        sql("UPDATE passage SET rest = 'other' WHERE note_id = 4"),
        "search",
        "1 note is not found by what it says",
    ),
    "no passage": (
        sql("DELETE FROM passage WHERE note_id IN (4, 5)"),
        "search",
        "2 notes are not found by what they say",
    ),
    "no index of what is searched": (
        sql("DROP TABLE passage_index"),
        "search",
        "The index of what is searched is wrong in 19 places",
    ),
    "an import that was killed": (killed_import, "content", "An import was begun and not finished"),
    "a stamp of other files": (
        sql("UPDATE root SET stamp = 'other'"),
        "content",
        "Files have changed since they were read",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_mended(database: Path, clock: Clock, kind: str) -> None:
    damage, check, wrong = DAMAGE[kind]
    before = logged(database)
    damage(database)
    found = look(database, clock)
    assert wrong in told(found), kind
    assert {one.check for one in found.findings} >= {check}
    mended = mend(str(database), found, clock())
    assert {one.check for one in mended.mended} >= {check}
    assert all(one.done for one in mended.mended)
    assert look(database, clock).findings == ()
    assert logged(database) == before
    assert not list(library.own_packs().rglob(".*"))


def test_sections_that_were_lost_are_there_again(database: Path, clock: Clock) -> None:
    """They are in the files, and so is which cards are theirs."""
    sections = (
        "SELECT section.number, count(card.id) FROM section JOIN card "
        "ON card.section_id = section.id GROUP BY section.number"
    )

    def there() -> list[tuple[str, int]]:
        with closing(sqlite3.connect(database)) as plain:
            return plain.execute(sections).fetchall()

    before = there()
    assert before
    sql("DELETE FROM section")(database)
    mend(str(database), look(database, clock), clock())
    assert there() == before


def test_an_answer_of_no_attempt_is_among_the_earlier_ones_again(
    engine: Engine, database: Path, clock: Clock
) -> None:
    sql("DELETE FROM attempt")(database)
    mend(str(database), look(database, clock), clock())
    number = chapter_of(engine, "1")
    with reading(engine) as connection:
        (ended,) = attempts(connection, number, learner=1)
        (text,) = connection.execute(select(tables.response.c.text)).one()
    assert (ended.finished, text) == (True, SECRET)


def test_a_future_date_is_put_right_by_an_event(
    engine: Engine, database: Path, clock: Clock
) -> None:
    with writing(engine) as connection:
        review.know(connection, 4, clock() + timedelta(days=400), learner=1)
    engine.dispose()
    before = logged(database)
    found = look(database, clock)
    assert "1 entry of the log is dated in the future, up to 2027-12-29" in told(found)
    assert [one.check for one in mend(str(database), found, clock()).mended] == ["clock"]
    assert look(database, clock).findings == ()
    assert logged(database) == before


def test_a_clock_that_was_ahead_asks_for_one_backup(
    engine: Engine, database: Path, clock: Clock
) -> None:
    """Its reviews keep the dates that they were written with, and would be in none for a year."""
    backup.make(database, backup.folder_of(database), backup.Reason.DAILY, clock())
    with writing(engine) as connection:
        at = clock() + timedelta(days=400)
        review.answer(connection, 4, None, Rating.GOOD, at, learner=1)
    engine.dispose()
    found = look(database, clock)
    assert [one.check for one in found.findings] == ["clock"]
    mend(str(database), found, clock())
    assert look(database, clock).findings == ()
    backup.make(database, backup.folder_of(database), backup.Reason.DAILY, at)
    assert look(database, clock).database["backups"] == "2, the newest of 2026-11-24"


def test_the_backup_to_go_back_to_is_none_of_the_damage(database: Path, clock: Clock) -> None:
    """One that was made before a repair holds what was wrong, however new it is."""
    kept = backup.make(database, backup.folder_of(database), backup.Reason.DAILY, clock()).path
    sql("DELETE FROM card WHERE id = 2", "UPDATE memory SET due = '2031-01-01'")(database)
    clock.forward(minutes=5)
    treated = mend(str(database), look(database, clock), clock())
    assert treated.kept is not None
    clock.forward(minutes=5)
    backup.make(database, backup.folder_of(database), backup.Reason.ASKED, clock())
    assert f"They are kept. `studyapp --db … restore {kept.name}` goes" in told(
        look(database, clock)
    )


def test_what_cannot_be_mended_says_what_to_do(database: Path, clock: Clock) -> None:
    before = logged(database)
    sql("UPDATE review SET kind = 'nonsense' WHERE card_id = 3", "DELETE FROM card WHERE id = 2")(
        database
    )
    found = [str(one) for one in look(database, clock).findings if one.mend is None]
    assert len(found) == 3
    assert "log: The log of 1 card cannot be read. There is no backup" in str(found)
    assert (
        "orphans: 1 row of review names no card that is there. They are kept. There is no backup"
        in str(found)
    )
    assert "orphans: 1 row of event names no card that is there. They are kept." in str(found)
    mend(str(database), look(database, clock), clock())
    assert len(logged(database)) == len(before)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(b""), "…/study.db is empty."),
        (lambda path: path.write_bytes(b"# notes\n" * 99), "…/study.db is no SQLite database."),
        (
            lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
            "…/study.db is cut off: ",
        ),
        (
            lambda path: path.write_bytes(
                path.read_bytes()[:8192] + b"\x07" * (path.stat().st_size - 8192)
            ),
            "damaged",
        ),
        (sql("DROP TABLE review"), "There is no table review."),
        (sql("ALTER TABLE review DROP COLUMN arm"), "Table review has no column arm."),
        (sql("INSERT INTO schema_version VALUES (999, '2026-11-20')"), "Upgrade studyapp."),
        (
            sql("DROP TABLE schema_version"),
            "…/study.db is a damaged database of studyapp: what says which schema it is of",
        ),
        (sql("DELETE FROM schema_version"), "the table schema_version, is lost"),
        (
            sql("DROP TABLE schema_version", "DROP TABLE review"),
            "…/study.db is a database of another program",
        ),
    ],
)
def test_a_broken_file_is_one_sentence_and_is_left_alone(
    database: Path, clock: Clock, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(database)
    before = database.read_bytes()
    (found,) = look(database, clock).findings
    assert sentence in str(found)
    assert found.mend is None
    assert found.advice
    assert database.read_bytes() == before


def lying_index(database: Path) -> None:
    """An index without its rows, as after a page of it was lost; its table still has everything."""
    with closing(sqlite3.connect(database)) as plain, plain:
        plain.execute("PRAGMA writable_schema = ON")
        kept = "SELECT sql FROM sqlite_master WHERE name = 'ix_event_target'"
        (made,) = plain.execute(kept).fetchone()
        plain.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = 'ix_event_target'",
            [made + " WHERE target > ''"],
        )
    with closing(sqlite3.connect(database)) as plain, plain:
        plain.execute("REINDEX ix_event_target")
        plain.execute("PRAGMA writable_schema = ON")
        plain.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'ix_event_target'", [made])


def test_indexes_that_lie_are_made_anew(database: Path, clock: Clock) -> None:
    """Also on the same day on which they were well."""
    assert look(database, clock).findings == ()
    lying_index(database)
    found = look(database, clock)
    assert "The indexes of the database are damaged" in told(found)
    assert "integrity" in {one.check for one in mend(str(database), found, clock()).mended}
    assert look(database, clock).findings == ()


def test_an_index_whose_page_is_lost_is_found(database: Path, clock: Clock) -> None:
    assert look(database, clock).findings == ()
    with closing(sqlite3.connect(database)) as plain:
        (page,) = plain.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_target'"
        ).fetchone()
        (size,) = plain.execute("PRAGMA page_size").fetchone()
    whole = bytearray(database.read_bytes())
    whole[(page - 1) * size + 1 : page * size] = bytes(size - 1)
    database.write_bytes(whole)
    (found,) = look(database, clock).findings
    assert found.check == "integrity"


def test_an_older_database_is_brought_up_to_date(database: Path, clock: Clock) -> None:
    newest = ("memory DROP COLUMN missed", "card DROP COLUMN in_questionnaire")
    gone = [f"ALTER TABLE {one}" for one in newest]
    sql("DELETE FROM schema_version WHERE version >= 30", *gone)(database)
    found = look(database, clock)
    assert "last opened by an older studyapp" in told(found)
    assert any("up to date" in one.done for one in mend(str(database), found, clock()).mended)
    assert look(database, clock).findings == ()


def test_where_nothing_is_yet_all_is_well(tmp_path: Path, clock: Clock) -> None:
    found = look(tmp_path / "none.db", clock)
    assert found.findings == ()
    assert "none yet" in "\n".join(found.lines())
    assert not (tmp_path / "none.db").exists()


def age(path: Path, hours: float) -> None:
    at = path.stat().st_mtime - 3600 * hours
    os.utime(path, (at, at))


def test_leftovers_are_removed_and_what_may_be_the_only_one_is_kept(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    drafts = config.data_folder() / "drafts"
    drafts.mkdir(mode=0o700, parents=True)
    config.data_folder().chmod(0o700)
    written = {"older": "old words", "newer": "new words", "only": "only words", "empty": ""}
    for name, text in written.items():
        left = drafts / f".{name}.md.abcd1234.tmp"
        left.write_text(text)
        age(left, 2)
        if name in ("older", "newer"):
            (drafts / f"{name}.md").write_text("kept")
            age(drafts / f"{name}.md", 1 if name == "older" else 3)
    (drafts / ".now.md.abcd1234.tmp").write_text("being written")
    pack = config.data_folder() / "packs" / "x"
    pack.mkdir(parents=True)
    (pack / ".x.md.abcd1234.tmp").touch()
    age(pack / ".x.md.abcd1234.tmp", 2)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = f"studyapp-{gone.pid}-abcd1234"
    others = {  # of today, of an app that is open, of another program
        f"studyapp-{gone.pid}-runs4567": 1,
        f"studyapp-{os.getpid()}-runs4567": 99,
        "studyapp-abcd1234": 99,
        "studyapp-mine": 99,
    }
    for name, hours in {left: 99, **others}.items():
        folder = tmp_path / "temp" / name
        folder.mkdir(parents=True)
        age(folder, hours)
    found = look(tmp_path / "none.db", clock)
    assert [one.is_fault for one in found.findings] == [False, False]
    assert "1 folder of experiments that were killed is left in …/temp." in str(found)
    mend(str(tmp_path / "none.db"), found, clock())
    assert look(tmp_path / "none.db", clock).findings == ()
    kept = {path.read_text() for path in (config.data_folder() / "found").iterdir()}
    assert kept == {"new words", "only words"}
    assert not pack.exists()
    assert {path.name for path in drafts.iterdir()} == {
        "older.md",
        "newer.md",
        ".now.md.abcd1234.tmp",
    }
    assert {path.name for path in (tmp_path / "temp").iterdir()} == set(others)


def test_what_has_gone_since_it_was_found_is_mended(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The backup before tidies up, too; what is still there is mended all the same."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    drafts, runs = config.data_folder() / "drafts", tmp_path / "temp"
    left = [drafts / f".{name}.md.abcd1234.tmp" for name in "ab"]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left += [runs / f"studyapp-{gone.pid}-{name}" for name in ("abcd1234", "efgh5678")]
    drafts.mkdir(mode=0o700, parents=True)
    for path in left[:2]:
        path.touch()
    for path in left[2:]:
        path.mkdir(parents=True)
    for path in left:
        age(path, 99)
    kept = [backup.folder_of(database) / f"study-2026-11-0{day}-090000-daily.zip" for day in (1, 2)]
    kept[0].parent.mkdir()
    for path in kept:
        path.touch(0o644)
    found = look(database, clock)
    assert {one.check for one in found.findings} >= {"leftovers", "modes"}
    left[0].unlink()
    left[2].rmdir()
    kept[0].unlink()
    mend(str(database), found, clock())
    assert [path for path in left if path.exists()] == []
    assert kept[1].stat().st_mode & 0o777 == 0o600


def test_others_cannot_read_what_was_mended(database: Path, clock: Clock) -> None:
    assert database.stat().st_mode & 0o777 == 0o600
    config.data_folder().mkdir(parents=True)
    for path, mode in ((database, 0o644), (config.data_folder(), 0o755)):
        path.chmod(mode)
    found = look(database, clock)
    assert {one.check for one in found.findings} == {"modes"}
    assert {"~/data/studyapp", "…/study.db"} <= {
        str(one).split()[-4].rstrip(".") for one in found.findings
    }
    mend(str(database), found, clock())
    assert look(database, clock).findings == ()
    assert database.stat().st_mode & 0o777 == 0o600


def test_settings_that_cannot_be_read_are_named_without_the_home(
    database: Path, clock: Clock, tmp_path: Path
) -> None:
    path = config.settings_path()
    path.parent.mkdir(parents=True)
    path.write_text("minutes_a_day = 0\n")
    (found,) = look(database, clock).findings
    assert "~/config/studyapp/settings.toml: What minutes_a_day is set to is not allowed" in str(
        found
    )
    assert str(tmp_path) not in str(found)


def test_a_folder_that_cannot_be_one_is_named(database: Path, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    (found,) = look(database, clock).findings
    assert "Nothing can be written in the folder of the data, ~/data/studyapp." in str(found)


@pytest.mark.parametrize("of", ["database", "data", "settings"])
def test_a_folder_that_may_not_be_looked_into_is_named(
    database: Path, clock: Clock, tmp_path: Path, of: str
) -> None:
    """Each once, however many checks look there; and nothing is said to be mended by itself."""
    config.data_folder().mkdir(mode=0o700, parents=True)
    config.settings_path().parent.mkdir(parents=True)
    folder, name = {
        "database": (database.parent, "…/study.db"),
        "data": (config.data_folder().parent, "~/data/studyapp"),
        "settings": (config.settings_path().parent, "~/config/studyapp/settings.toml"),
    }[of]
    with closed_folder(folder):
        found = look(database, clock)
    told = [str(one) for one in found.findings]
    assert [line for line in told if f"{name} cannot be" in line or f"{name}: It cannot" in line]
    assert len(told) == len(set(told))
    assert not found.mendable


def test_what_cannot_be_mended_of_two_learners_is_not_said_to_be() -> None:
    lasting, mendable = Finding("a", "b", "c"), Finding("a", "d", done="e", mend=beforehand)
    once = merged([lasting, mendable, lasting, mendable])
    assert [one.mend is None for one in once] == [True, False]


def test_copies_of_an_early_version_are_told(database: Path, clock: Clock) -> None:
    folder = backup.folder_of(database)
    folder.mkdir()
    (folder / "study-before-008.db").write_bytes(bytes(2_000_000))
    (folder / "other-before-008.db").touch()
    (found,) = look(database, clock).findings
    assert "leftovers: 1 copy of the database that an early version has made, 2.0 MB" in str(found)
    assert "…/study-before-008.db" in str(found)


def test_little_room_is_told(database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    left = type("Usage", (), {"free": 1_500_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: left)
    (found,) = look(database, clock).findings
    assert "1.5 MB are left; a backup and what is written meanwhile may need 52.4 MB" in str(found)


def test_a_file_that_may_not_be_read_is_told(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("studyapp.store.soundness.broken", refused)
    assert told(look(database, clock)).startswith(
        "integrity: The database cannot be read: Permission denied. See whose file it is."
    )


def test_weeks_without_a_backup_are_told_and_one_is_made(
    engine: Engine, database: Path, clock: Clock
) -> None:
    """As where each has failed, unseen."""
    clock.forward(days=20)
    with writing(engine) as connection:
        review.answer(connection, 4, None, Rating.GOOD, clock(), learner=1)
    engine.dispose()
    found = look(database, clock)
    assert "backups: The reviews of 23 days are in no backup." in told(found)
    treated = mend(str(database), found, clock())
    assert treated.kept is not None
    assert treated.kept.exists()
    assert look(database, clock).findings == ()
    (database.parent / "backups" / "study-2026-11-20-090000-asked.zip").write_text("no zip")
    assert "backups: 1 backup cannot be read." in told(look(database, clock))


def test_content_that_cannot_be_read_and_lost_edits_are_told(
    database: Path, clock: Clock, only_pack: Path
) -> None:
    (only_pack / "broken.md").write_text("---\npack: test\n---\nno chapter\n")
    drafts = config.data_folder() / "drafts"
    config.data_folder().mkdir(mode=0o700, parents=True)
    drafts.mkdir()
    (drafts / "1-test-q01.md").write_text("of a note that is there")
    (drafts / "1-test-gone.md").write_text("of none")
    (drafts / "new-1.md").write_text("a card of my own")
    found = look(database, clock)
    mend(str(database), found, clock())
    assert [one.split(".")[0] for one in told(look(database, clock)).splitlines()] == [
        "content: 1 edit is kept of notes that are gone",
        "content: 4 problems in 1 file",
    ]


def test_memories_that_are_to_be_folded_anew_are_no_fault(database: Path, clock: Clock) -> None:
    sql("UPDATE memory SET stability = 99", "INSERT INTO stale VALUES (1, 'a new rule')")(database)
    assert look(database, clock).findings == ()


def test_many_memories_are_looked_at_by_several_processes(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.study.doctor.known.MANY", 1)
    monkeypatch.setattr("studyapp.study.doctor.memories.PART", 2)
    sql("UPDATE memory SET stability = 99 WHERE card_id IN (1, 3)")(database)
    assert told(look(database, clock)).startswith("memories: 2 cards have another memory")


def test_what_was_well_before_is_looked_at_again_once_it_is_another(
    database: Path, clock: Clock, only_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many cards and notes, what was folded and read once is not, as long as it is the same."""
    monkeypatch.setattr("studyapp.study.doctor.known.MANY", 1)
    monkeypatch.setattr("studyapp.study.doctor.memories.PART", 2)
    read, folded = list[Path](), list[int]()
    read_folder, submit = markdown.read_folder, ProcessPoolExecutor.submit

    def reading(root: Path) -> object:
        read.append(root)
        return read_folder(root)

    def submitting(
        pool: ProcessPoolExecutor, work: Callable[..., object], *given: object
    ) -> object:
        folded.append(1)
        return submit(pool, work, *given)

    monkeypatch.setattr(markdown, "read_folder", reading)
    monkeypatch.setattr(ProcessPoolExecutor, "submit", submitting)
    for _ in range(2):
        assert look(database, clock).findings == ()
    assert (len(read), len(folded)) == (1, 2)
    sql("UPDATE memory SET stability = 99 WHERE card_id = 3")(database)
    assert told(look(database, clock)).startswith("memories: 1 card has another memory")
    assert (len(read), len(folded)) == (1, 3)
    sql("UPDATE note SET missing_since = '2026-11-20' WHERE id = 4")(database)
    for _ in range(2):  # what was not well is not known to be
        assert "1 note of the files is not in the database" in told(look(database, clock))
    assert (len(read), len(folded)) == (3, 5)


def test_a_healthy_study_is_well(
    database: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert look(database, clock).findings == ()
    assert not [one for one in caplog.records if one.levelname == "ERROR"]  # of the threads


@pytest.mark.parametrize("points", ["[7]", '[{"text": 1}]', "7"])
def test_points_of_another_shape_are_told(database: Path, clock: Clock, points: str) -> None:
    with closing(sqlite3.connect(database)) as plain, plain:
        plain.execute("UPDATE note SET points = ? WHERE id = 1", [points])
    assert look(database, clock).findings != ()


def test_what_says_nothing_of_a_chapter_is_set_aside(database: Path, clock: Clock) -> None:
    engine = open_database(str(database))
    with writing(engine) as connection:
        retention.aim(connection, 1, 0.95, clock.forward(minutes=1), learner=1)
        wrong: tuple[Any, ...] = (
            (EventKind.RETENTION, {"pack": "x"}),
            (EventKind.PAUSE, []),
            (EventKind.TRIAL, {"form": "typing"}),
        )
        for kind, payload in wrong:
            now = clock.forward(minutes=1)
            log.log_of_no_card(connection, kind, now, payload=payload, learner=1)
    engine.dispose()
    found, before = look(database, clock), logged(database)
    assert told(found) == "log: 3 events about chapters or trials cannot be read. --fix mends it."
    mend(str(database), found, clock())
    assert look(database, clock).findings == ()
    assert set(logged(database)) > set(before)  # nothing is deleted
    with reading(engine) as connection:
        assert retention.own(connection, learner=1) == {1: 0.95}


@laws(max_examples=5)
@given(steps)
def test_whatever_a_learner_does_all_is_well(actions: list[Step]) -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder) / "pack"
        root.mkdir()
        (root / "a.md").write_text(questionnaire(*(question(f"q{n}") for n in range(4))))
        patch.setattr(library, "installed_roots", lambda: [root])
        database = Path(folder) / "a.db"
        engine = open_database(str(database))
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        engine.dispose()  # the law is not about the disk
        with writing(engine) as connection:
            sync.sync(connection, [root], clock())
        live(engine, clock, actions)
        desk_of(engine, clock).back_up("daily")
        engine.dispose()
        assert examine(str(database), clock()).findings == ()
