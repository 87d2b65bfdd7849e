"""The log file: what gets in, what does not, and that several may write it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from refusing import no_larger
from studyapp import config, journal
from studyapp.errors import SettingError

SECRET = "what I wrote"
MANY = """
import sys
from studyapp import journal
journal._LARGEST = 20_000
journal.begin("test")
for number in range(400):
    journal.journal.info("%s says %d, %s", sys.argv[1], number, "." * 60)
"""


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    journal.end()


def kept() -> str:
    return (config.log_folder() / "studyapp.log").read_text("utf-8")


def test_lines_are_for_the_owner_alone_and_without_the_home(tmp_path: Path) -> None:
    journal.begin("test")
    journal.journal.info("a file %s\nwith \x1b[31mmore\u202e", tmp_path / "x.db")
    first, second = kept().splitlines()
    assert first.split(" ", 4)[4].startswith("test: studyapp ")
    assert second.endswith("a file ~/x.db with [31mmore")
    log = config.log_folder() / "studyapp.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


def test_a_level_is_chosen_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDYAPP_LOG", "warning")
    journal.begin("test")
    journal.journal.info("too much")
    journal.journal.warning("wanted")
    assert [line.rpartition(" ")[2] for line in kept().splitlines()] == ["wanted"]
    monkeypatch.setenv("STUDYAPP_LOG", "off")
    journal.begin("test")
    journal.journal.error("unwanted")
    assert "unwanted" not in kept()
    monkeypatch.setenv("STUDYAPP_LOG", "loud")
    with pytest.raises(SettingError, match="'loud' is not allowed: give debug, info, warning"):
        journal.begin("test")


def test_a_folder_that_cannot_be_written_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    journal.begin("test")
    journal.journal.error("nobody hears")
    assert capfd.readouterr() == ("", "")


def test_a_disk_that_is_full_ends_no_program_with_an_error() -> None:
    journal.begin("test")
    with no_larger(0):
        journal.journal.info("a line that stays in the buffer")
        journal.end()


def test_several_processes_write_and_rotate_one_file() -> None:
    """Every line that is still there is whole and there once, the newest of all among them."""
    names = ("anna", "bert", "carl")
    running = [subprocess.Popen([sys.executable, "-c", MANY, name]) for name in names]
    assert [one.wait() for one in running] == [0, 0, 0]
    files = sorted(config.log_folder().glob("studyapp.log*"))
    assert [one.name for one in files] == ["studyapp.log", "studyapp.log.1", "studyapp.log.2"]
    assert all(one.stat().st_size <= 20_000 + 3 * 200 for one in files)
    texts = [one.read_text("utf-8") for one in files]
    lines = [line for line in "".join(texts).splitlines() if " says " in line]
    assert all(line.endswith(60 * ".") for line in lines)
    assert len({line.split(" ", 4)[4] for line in lines}) == len(lines) > 200
    assert " says 399," in (texts[0] or texts[1]).splitlines()[-1]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("Traceback …\nFileNotFoundError: [Errno 2] /home/anna/cats", "FileNotFoundError"),
        ("numpy.linalg.LinAlgError: of Anna\n", "numpy.linalg.LinAlgError"),
        ("Anna: her cats", "no error that it named"),
        ("Anna", "no error that it named"),
        ("", "no error that it named"),
    ],
)
def test_of_another_process_only_the_kind_of_its_error_is_kept(told: str, kind: str) -> None:
    assert journal.ending(told) == kind


def test_an_error_is_told_without_its_words() -> None:
    with pytest.raises(OSError, match=SECRET) as caught:
        Path("/nowhere", SECRET).read_text()
    assert journal.kind(caught.value) == "FileNotFoundError, No such file or directory"


def test_a_report_has_the_places_and_no_values() -> None:
    def inner(text: str) -> None:
        try:
            {}[text]
        except KeyError as error:
            raise ValueError(text) from error

    for number in range(7):
        try:
            inner(f"{SECRET} {number}")
        except ValueError as error:
            path = journal.report(error)
    told = path.read_text("utf-8")
    assert SECRET not in told
    assert "builtins.KeyError\n\nwhich led to:\n" in told
    assert "raise ValueError(text) from error\nbuiltins.ValueError\n" in told
    assert "studyapp: " in told
    assert len(list(config.log_folder().glob("fault-*.txt"))) <= 5


def test_where_python_looked_is_not_in_a_report() -> None:
    try:
        raise ImportError(f"no x in y (/srv/{SECRET}/y.py)", name="y", path=f"/srv/{SECRET}/y.py")
    except ImportError as error:
        told = journal.report(error).read_text("utf-8")
    assert "ImportError: no x in y (y.py)" in told


def test_what_python_itself_says_is_in_a_report() -> None:
    try:
        None.nothing  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        told = journal.report(error).read_text("utf-8")
    assert "AttributeError: 'NoneType' object has no attribute 'nothing'" in told
