"""A program that fails: one plain screen, the reviews looked for, a report, and a code."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from studyapp import config

SECRET = "what I wrote"
BREAK = f"""
import sys
from studyapp.commands.opening import Opening
from studyapp.study import library
from studyapp.tui.screens.review import ReviewScreen

def broken(*given, **options):
    raise RuntimeError("{SECRET}")

{{what}} = broken
sys.argv = {{argv!r}}
from studyapp.__main__ import main
main()
"""


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "STUDYAPP_DB": str(tmp_path / "a.db"), "TERM": "xterm-256color"}


def in_terminal(program: str, tmp_path: Path, *typed: tuple[bytes, bytes]) -> tuple[int, str]:
    """Run *program* in a terminal, type each key once what stands before it is seen; returns its
    code and what it left on the terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**environment(tmp_path), "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
    )
    os.close(follower)
    seen, waiting = b"", list(typed)
    while True:
        try:
            seen += os.read(leader, 65536)
        except OSError:  # it has ended
            break
        while waiting and waiting[0][0] in seen:
            seen = b""
            os.write(leader, waiting.pop(0)[1])
    os.close(leader)
    left = seen.decode("utf-8", "replace").rpartition("\x1b[?1049l")[2]
    return process.wait(), re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\r", "", left)


def test_a_fault_in_a_review_ends_in_plain_lines_with_the_reviews_counted(tmp_path: Path) -> None:
    program = BREAK.format(what="ReviewScreen.action_undo", argv=["studyapp", "review"])
    code, told = in_terminal(
        program, tmp_path, (b"answer", b" "), (b"good", b"3"), (b"answer", b"u")
    )
    assert code == 1, told
    first, second, third = told.strip().splitlines()
    assert first.startswith("Error: studyapp has stopped, by a fault of its own: RuntimeError")
    assert second == (
        "Your reviews are safe: the database is sound and has the last 1 review of this session."
    )
    (report,) = config.log_folder().glob("fault-*.txt")
    assert third == (
        f"The report is in ~/state/studyapp/log/{report.name}; nothing that you wrote is in it."
    )
    kept = report.read_text() + (report.parent / "studyapp.log").read_text()
    assert SECRET not in told + kept
    assert str(tmp_path) not in kept


def test_a_fault_in_a_command_is_told_likewise(tmp_path: Path) -> None:
    program = BREAK.format(what="library.open_study", argv=["studyapp", "due"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
    )
    assert done.returncode == 1
    assert done.stdout == ""
    first, second, _ = done.stderr.strip().splitlines()
    assert "a fault of its own: RuntimeError, studyapp/commands/opening.py:" in first
    assert second == "There is no database yet, so nothing is lost."
    assert SECRET not in done.stderr
