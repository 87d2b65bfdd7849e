"""Logs from files: each format gives the same reviews, and nothing of a file is believed."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zstandard
from click.testing import CliRunner

from forgetting import log_of, rate
from studyapp.commands.main import main
from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.notes import collection as collections
from studyapp.store.database import open_database
from studyapp.store.engine import writing
from studyapp.study import library, words
from studyapp.study.fit import files
from studyapp.study.fit.rows import Log
from studyapp.study.undo import undo
from tests_support import Clock

DAY = 86_400_000
START = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()) * 1000  # noon, whatever the zone
RATED = [(7, 0, 3), (8, 0, 1), (7, 2, 3), (8, 2, 4)]  # card, day, rating
REVLOG = (
    "CREATE TABLE revlog (id integer primary key, cid integer, usn integer, ease integer, "
    "ivl integer, lastIvl integer, factor integer, time integer, type integer)"
)


NOW = datetime(2033, 6, 1, tzinfo=UTC)


def read(path: Path) -> Log:
    return files.read(path, NOW)


def csv_of(rows: Iterable[tuple[int, int, int]]) -> str:
    """As py-fsrs's optimizer reads it."""
    lines = ["card_id,review_rating,review_time,review_duration"]
    lines += [
        f"{card},{rating},{START + day * DAY + number},900"
        for number, (card, day, rating) in enumerate(rows)
    ]
    return "\n".join(lines) + "\n"


def collection(path: Path, rows: Iterable[tuple[int, ...]], table: str = REVLOG) -> bytes:
    """An Anki collection with reviews of (id, card, ease, lastIvl, factor, type)."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(table)
        base.executemany(
            "INSERT INTO revlog (id, cid, ease, lastIvl, factor, type) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    return path.read_bytes()


PLAIN = [(START + day * DAY + card, card, rating, 0, 2500, 0) for card, day, rating in RATED]


def package(path: Path, meta: bytes | None, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as out:
        if meta is not None:
            out.writestr("meta", meta)
        for name, content in members.items():
            out.writestr(f"collection.{name}", content)


def told(path: Path) -> list[tuple[int, date, int]]:
    found = read(path).reviews
    days = [date.fromordinal(day) for day in found.day.tolist()]
    return list(zip(found.card.tolist(), days, found.rating.tolist(), strict=True))


EXPECTED = [
    (0, date(2026, 1, 1), 3),
    (1, date(2026, 1, 1), 1),
    (0, date(2026, 1, 3), 3),
    (1, date(2026, 1, 3), 4),
]


def test_a_table_is_read_whatever_its_order_and_spelling(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_of(RATED))
    assert told(path) == EXPECTED
    path.write_bytes(b"\xef\xbb\xbf" + csv_of(RATED).replace("\n", "\r\n").encode())
    assert told(path) == EXPECTED
    lines = [
        {"card_id": f"card {card}", "review_rating": rating, "review_time": at}
        for (card, _, rating), at in zip(
            RATED,
            ["2026-01-01T12:00:00+00:00", "2026-01-01 12:00:01Z", "2026-01-03T12:00Z", 1767441601],
            strict=True,
        )
    ]
    path.write_text("\n".join(map(json.dumps, lines[:2] + lines[:1:-1])))
    assert told(path) == EXPECTED


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_columns_may_stand_between_other_marks(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n" + csv_of(RATED).replace(",", mark).replace("900", '"9,5"'))
    assert told(path) == EXPECTED


def test_a_table_of_our_own_has_study_days_and_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "card_id,review_rating,review_time,study_day,kind\n"
        "a,3,2026-01-02T01:00:00+02:00,2026-01-01,study\n"
        "a,1,2026-01-02T09:00:00+02:00,2026-01-02,cram\n"
        "a,1,2026-01-02T10:00:00+02:00,,\n"
    )
    assert told(path) == [(0, date(2026, 1, 1), 3), (0, date(2026, 1, 2), 1)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("\n", "it is to name the columns, and names no card_id"),
        (csv_of([]), "there is no review in it that counts\\.$"),
        (
            csv_of([(1, 5000, 3), (2, 9000, 3)]),
            r"there is no review in it that counts \(left out: 2 rows of a time to come\)\.$",
        ),
        (
            csv_of([(1, 0, 3)]).replace(",", ":"),
            r"names no card_id between commas, semicolons, tabs or \|\.$",
        ),
        ('[{"card_id": 1}]', "it is a JSON array; give one object a line, without brackets"),
        ("card_id,review_time\n1,2\n", "line 1: it is to name the columns, and names no review_r"),
        ("\n1,3,1700000000\n", "line 2: it is to name the columns, and names no card_id"),
        (csv_of([(1, 0, 5)]), "line 2: review_rating is 5; it must be 1, 2, 3 or 4"),
        (csv_of([(1, 0, 3)]).replace(",3,", ",nan,"), "line 2: review_rating is nan"),
        (csv_of([(1, 0, 3), (1, 10**9, 3)]), "line 3: review_time is .*, which is not of our time"),
        (csv_of([(1, 0, 3)]).replace(str(START), "inf"), "review_time is inf, which is no time"),
        (csv_of([(1, 0, 3)]).replace(str(START), "soon"), "review_time is soon, which is no time"),
        (csv_of([(1, 0, 3)]) + "x" * 70_000, "line 3: it is too long for a review"),
        (csv_of([(1, 0, 3)]) + '"' + "x\n" * 70_000, "it is not CSV"),
        ('{"card_id": 1}\n[]', "line 1: it has no review_rating"),
        ('{"card_id": 1', "line 1: it is not a JSON object"),
        ('{"a":' * 9000, "line 1: it is not a JSON object"),
        (
            '{"card_id": 1, "review_rating": 3, "review_time": 9e9, "kind": "\x1b[31m"}',
            "line 1: it is not a JSON object",
        ),
        (
            '{"card_id": 1, "review_rating": 3, "review_time": 2e9, "kind": "\\u001b[31m"}',
            r"line 1: kind is \[31m; it must be one of study",
        ),
        (
            '{"card_id": 1, "review_rating": true, "review_time": 2e9}',
            "line 1: review_rating is True",
        ),
        (
            '{"card_id": 1, "review_rating": 3, "review_time": 2e9, "study_day": "the 5th"}',
            "line 1: study_day is the 5th; it must be a date",
        ),
        (
            'card_id,review_rating,review_time,review_rating\n"1",3,2e9,4\n',
            "line 1: it names review_rating twice",
        ),
        (
            '{"card_id": 1, "review_rating": 3, "review_time": 2e9, "review_rating": 4}',
            "line 1: it names review_rating twice",
        ),
        (csv_of(RATED) + '1,"3\r\n",2e9\r3,2e9\n', "line 7: it is not CSV\\.$"),
        *(
            (
                f"card_id,review_rating,review_time,study_day\n1,3,2024-03-01T12:00Z,{day}\n",
                f"line 2: study_day is {day}; it must be that of its review_time, 2024-03-01T12",
            )
            for day in ("1999-03-01", "2024-02-27", "2024-03-04", "2050-03-01")
        ),
    ],
)
def test_what_is_no_review_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.log"
    path.write_text(text)
    with pytest.raises(StudyError, match=rf"a\.log: .*{why}"):
        read(path)


@pytest.mark.parametrize("day", ["2024-02-28", "2024-03-01", "2024-03-02"])
def test_a_study_day_may_be_that_of_another_zone(tmp_path: Path, day: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"card_id,review_rating,review_time,study_day\n1,3,2024-03-01T00:30Z,{day}\n")
    assert told(path) == [(0, date.fromisoformat(day), 3)]


def test_lines_that_end_with_cr_alone_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(RATED).replace("\n", "\r").encode())
    with pytest.raises(StudyError, match=r"a\.csv: its lines end with CR alone; save it with"):
        read(path)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(RATED).encode() + b"\xff,3,4\n")
    with pytest.raises(StudyError, match=r"a\.csv: line 6: it is not UTF-8 text"):
        read(path)
    with pytest.raises(StudyError, match=r"cannot be read: Is a directory"):
        read(tmp_path)


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    rows = csv_of(RATED)
    path = tmp_path / "a.csv"
    path.write_text(rows + rows.partition("\n")[2] + csv_of([(7, 0, 1)]).partition("\n")[2])
    log = read(path)
    assert log.left_out == {"repeated": len(RATED)}
    found = zip(log.reviews.card.tolist(), log.reviews.rating.tolist(), strict=True)
    # Another rating at the same time is another review.
    assert sorted(found) == [(0, 1), (0, 3), (0, 3), (1, 1), (1, 4)]


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=4000)])
def test_what_is_of_a_time_to_come_is_left_out(tmp_path: Path, ahead: timedelta) -> None:
    """A clock was wrong there; one in another zone may be a day ahead."""
    path, at = tmp_path / "a.csv", NOW + timedelta(hours=23)
    rows = [f"1,3,{one.isoformat()}" for one in (at, NOW + ahead)]
    path.write_text("\n".join(["card_id,review_rating,review_time", *rows]))
    log = read(path)
    assert (len(log.reviews), log.left_out) == (1, {"to_come": 1})


# Anki


@pytest.mark.parametrize(
    ("meta", "name"),
    [
        (None, "anki2"),
        (b"\x08\x01", "anki2"),
        (None, "anki21"),
        (b"\x08\x02", "anki21"),
        (b"\x08\x03", "anki21b"),
    ],
)
def test_a_package_of_each_version_has_its_own_collection(
    tmp_path: Path, meta: bytes | None, name: str
) -> None:
    """Later ones hold another for older programs, which is not the learner's."""
    real, decoy = collection(tmp_path / "real", PLAIN), collection(tmp_path / "decoy", [])
    members = {"anki2": decoy, name: zstandard.compress(real) if name == "anki21b" else real}
    package(tmp_path / "a.apkg", meta, **members)
    assert told(tmp_path / "a.apkg") == EXPECTED
    assert told(tmp_path / "real") == EXPECTED


def test_of_anki_only_what_was_rated_counts(tmp_path: Path) -> None:
    rows = [
        *PLAIN[:2],
        (START + DAY, 7, 0, 0, 0, 5),  # rescheduled
        (START + DAY + 1, 7, 3, 0, 0, 3),  # crammed
        (START + DAY + 2, 7, 3, 0, 2500, 3),  # in a filtered deck that reschedules
        (START + 2 * DAY, 7, 0, 0, 0, 4),  # forgotten
        (START + 3 * DAY, 7, 3, 0, 2500, 0),
        (START + 4 * DAY, 9, 3, 30, 2500, 1),  # its beginning is not there
        (START + 4 * DAY + 1, 7, 0, 9, 2500, 4),  # a date set by hand
        (START + 4 * DAY + 2, 7, 5, 9, 2500, 1),
        (START + 4 * DAY + 3, 7, 0, 9, 2500, 1),
        (START + 4000 * DAY, 7, 3, 9, 2500, 1),
    ]
    collection(tmp_path / "a", rows)
    found, left_out = read(tmp_path / "a")
    assert left_out == {"by_hand": 2, "crammed": 1, "no_beginning": 1, "unrated": 2, "to_come": 1}
    assert len(found) + sum(left_out.values()) == len(rows) - 1  # the reset begins anew
    begins = found.tree.node < len(found.tree.roots.rating)
    assert begins.tolist() == [True, True, False, True]
    assert found.rating.tolist() == [3, 1, 3, 3]


def broken(name: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        real = collection(path.with_name("real"), PLAIN)
        packed = zstandard.compress(real)
        match name:
            case "empty":
                package(path, None, anki2=collection(path.with_name("none"), []))
            case "truncated zip":
                package(path, None, anki2=real)
                path.write_bytes(path.read_bytes()[:-40])
            case "truncated zstd":
                package(path, b"\x08\x03", anki21b=packed[: len(packed) // 2], anki2=real)
            case "no zstd":
                package(path, b"\x08\x03", anki21b=real, anki2=real)
            case "unknown version":
                package(path, b"\x08\x04", anki21b=packed, anki2=real)
            case "only the decoy":
                package(path, b"\x08\x03", anki2=real)
            case "another zip":
                package(path, None, txt=b"hello")
            case "no database":
                package(path, None, anki2=b"hello" * 1000)
            case "half a database":
                path.write_bytes(real[: len(real) // 2])
            case "another database":
                with closing(sqlite3.connect(path)) as base:
                    base.execute("CREATE TABLE a (b)")
            case "a view":
                with closing(sqlite3.connect(path)) as base:
                    base.execute("CREATE VIEW revlog AS SELECT 1 AS id, 2 AS cid")
            case "computed":
                with closing(sqlite3.connect(path)) as base:
                    base.execute("CREATE TABLE revlog (id integer, cid AS (id + 1))")
            case "text":
                collection(path, [(START, "x\x1b[31m", 3, 0, 2500, 0)])
            case "the year 9999":
                collection(path, [(10**18, 1, 3, 0, 2500, 0)])

    return make


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("truncated zip", "it is a damaged zip"),
        ("truncated zstd", "it is damaged: a part of it ends too soon"),
        ("no zstd", "it is damaged: a part of it cannot be decompressed"),
        ("unknown version", "it is a package of a version that is not known here"),
        ("only the decoy", "it is a zip without a collection of Anki's"),
        ("another zip", "it is a zip without a collection of Anki's"),
        ("no database", "its database cannot be read"),
        ("half a database", "its database cannot be read"),
        ("empty", "there is no review in it that counts"),
        ("another database", "it is a database without the table revlog"),
        ("a view", "its table revlog is no plain table"),
        ("computed", "its table revlog is no plain table"),
        ("text", "a review of it has something else than numbers"),
        ("the year 9999", "a review is of the time 1000000000000000000, which there is not"),
    ],
)
def test_a_hostile_package_is_refused_with_a_sentence(tmp_path: Path, name: str, why: str) -> None:
    path = tmp_path / "a.apkg"
    broken(name)(path)
    with pytest.raises(StudyError, match=rf"a\.apkg: {why}"):
        read(path)


def test_a_package_that_unpacks_to_more_than_it_may_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MOST_BYTES", 1 << 21)
    bomb = zstandard.compress(bytes(1 << 24))
    assert len(bomb) < 10_000
    package(tmp_path / "a.apkg", b"\x08\x03", anki21b=bomb)
    with pytest.raises(StudyError, match=r"its file collection\.anki21b is larger than"):
        read(tmp_path / "a.apkg")


# The command


def test_the_command_fits_any_log_and_adopts_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_of(log_of(1500, 3)))
    done = CliRunner().invoke(main, ["fit", "--log", str(path), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert list(found) == [
        *("reviews", "parameters", "earlier", "default", "average", "moving_average", "fitted"),
        *("difference", "in_use", "later", "unchanged", "adopted", "reason", "left_out"),
    ]
    assert found["reviews"] == 1500
    assert len(found["parameters"]) == len(DEFAULT_WEIGHTS)
    assert set(found["fitted"]) == {"log_loss", "rmse_bins", "auc"}
    gap = found["difference"]
    assert gap["low"] < gap["value"] < gap["high"]
    assert np.isclose(gap["value"], found["fitted"]["log_loss"] - found["default"]["log_loss"])
    assert gap["value"] < 0
    assert found["in_use"] is None  # whatever is, it is the learner's own
    assert found["adopted"] is False
    assert found["reason"].endswith("; it would be adopted, as it is no worse")
    done = CliRunner().invoke(main, ["fit", "--log", str(path)])
    assert done.stdout.startswith("1,500 reviews: log loss on the later ")
    assert "it would be adopted, as it is no worse" in done.stdout
    assert "the average so far" in done.stdout
    assert "in use" not in done.stdout
    assert list((tmp_path / "data").glob("**/*")) == []  # no study was opened


def test_the_command_says_of_a_pipe_that_it_is_one() -> None:
    """Also of what a shell makes of `<(…)`, which no other process has by that name."""
    reading, writing = os.pipe()
    try:
        done = CliRunner().invoke(main, ["fit", "--log", f"/dev/fd/{reading}"])
    finally:
        os.close(reading)
        os.close(writing)
    assert done.exit_code == 1
    assert f"/dev/fd/{reading} cannot be read: it is a pipe, a socket or a device" in done.output


def test_the_command_says_which_rows_it_leaves_out(tmp_path: Path) -> None:
    path, rows = tmp_path / "a.csv", csv_of([(card, 0, 3) for card in range(3)])
    path.write_text(f"{rows}{rows.splitlines()[1]}\n" + "1,3,2100-01-01,\n" * 2)
    done = CliRunner().invoke(main, ["fit", "--log", str(path)])
    assert done.stdout == (
        "3 reviews: too few, as a fit begins with 200.\n"
        "Left out: 1 row that says what another one says, 2 rows of a time to come.\n"
    )
    done = CliRunner().invoke(main, ["fit", "--log", str(path), "--json"])
    assert json.loads(done.stdout)["left_out"] == {"repeated": 1, "to_come": 2}
    assert json.loads(done.stdout)["parameters"] is None  # nothing was fitted


def test_the_command_refuses_a_file_with_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("card_id,review_rating,review_time\n1,7,2000000000\n")
    done = CliRunner().invoke(main, ["fit", "--log", str(path)])
    assert done.exit_code == 1
    assert done.output == f"Error: {path}: line 2: review_rating is 7; it must be 1, 2, 3 or 4.\n"


def test_the_command_says_that_there_are_too_few_reviews(only_pack: None) -> None:
    done = CliRunner().invoke(main, ["fit"])
    assert done.stdout == ("0 reviews: too few, as a fit begins with 200; not adopted.\n")
    done = CliRunner().invoke(main, ["reschedule", "--dry-run", "--json"])
    assert json.loads(done.stdout)["sooner"] == 0


def offers_at_a_terminal(database: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what moving the dates comes to and asks; what is moved is taken back again."""
    with monkeypatch.context() as patch:
        patch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
        for given, says, changed in (("n", [], 0), ("y", [], 1), ("", ["--yes"], 1)):
            done = CliRunner().invoke(main, ["--db", database, "reschedule", *says], input=given)
            assert done.exit_code == 0
            assert ("Move them? [y/N]" in done.stdout) is not bool(says)
            assert (" would come sooner and " in done.stdout) is not bool(says)
            assert (" moved to an earlier day and " in done.stdout) is bool(changed)
            assert done.stdout.endswith("Nothing was changed.\n") is not bool(changed)
            engine = open_database(database)
            with writing(engine) as connection:
                undone = undo(connection, clock.forward(minutes=1), learner=1) if changed else None
            assert bool(undone) is bool(changed)
            engine.dispose()


def test_the_command_adopts_and_offers_new_dates(
    tmp_path: Path, only_pack: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.commands.opening.now", clock)
    database = str(tmp_path / "a.db")
    desk, _ = library.open_study(database, Current(Settings()), clock, None)
    rate(desk.engine, clock, log_of(260, 7, new_a_day=2, most=22))
    desk.close()
    done = CliRunner().invoke(main, ["--db", database, "fit"])
    first, second, *_, but_last, last = lines = done.stdout.splitlines()
    assert first.startswith("260 reviews: log loss on the later ")
    assert f"{first} {second}".endswith("than with the defaults; adopted, as it is no worse.")
    assert first.count("[") == first.count("]") == 1  # an interval is not torn
    assert lines.count("In brackets: 95%, with the reviews of a card taken together.") == 1
    assert max(map(len, lines)) <= 80
    assert but_last.startswith("Rescheduled, ")
    assert last.endswith("; studyapp reschedule moves them.")
    offers_at_a_terminal(database, clock, monkeypatch)
    done = CliRunner().invoke(main, ["--db", database, "reschedule"])
    assert " moved to an earlier day and " in done.stdout
    assert done.stdout.endswith("\nu in the app takes it back.\n")
    assert len(list((tmp_path / "backups").glob("*-change.zip"))) == 3  # each that moved
    done = CliRunner().invoke(main, ["--db", database, "reschedule", "--dry-run"])
    assert done.stdout == "No date would move.\n"
    done = CliRunner().invoke(main, ["--db", database, "reschedule"])
    assert done.stdout == "No date had to move.\n"
    done = CliRunner().invoke(main, ["--db", database, "fit"])
    assert re.search(r"^in use +\.\d{4} +\.\d{4} +\.\d{4}$", done.stdout, re.MULTILINE)
    today = words.day(study_day(clock()), study_day(clock()))
    assert f"\nIn use is what was fitted on {today}; it has seen " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
