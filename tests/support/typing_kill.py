"""Type into a real questionnaire on a pseudo-terminal, kill -9 it, and look at what is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from studyapp.config import Current, Settings
from studyapp.study.library import open_study
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.tui.app import now

SIZE = (80, 24)
PROMISED = 1.0  # seconds after which what was typed survives anything
_LETTERS = "abcdefghijklmnopqrstuvwxyzäßéжδ漢"
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])", re.DOTALL
)


class Terminal:
    """A studyapp process on a pseudo-terminal; killed, if need be, on leaving."""

    def __init__(
        self,
        db: Path,
        *arguments: str,
        size: tuple[int, int] = SIZE,
        program: Sequence[str] = ("-m", "studyapp"),
    ) -> None:
        self._read, slave = pty.openpty()
        width, height = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-P", *program, "--db", str(db), *arguments],
            cwd=db.parent,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._painted = b""
        self._news = threading.Condition()
        self._frozen = False
        self._reader = threading.Thread(target=self._follow)
        self._reader.start()

    def _follow(self) -> None:
        while True:
            try:
                chunk = os.read(self._read, 65536)
            except OSError:  # the other side is closed
                chunk = b""
            with self._news:
                self._painted += chunk
                self._news.notify_all()
            if not chunk or self._frozen:
                return

    def send(self, text: str) -> int:
        """Press keys; returns how much had been painted before."""
        painted = len(self._painted)
        os.write(self._read, text.encode())
        return painted

    def wait_for(self, text: str, since: int = 0, *, patience: float = 60) -> float:
        """Wait until *text* is painted after *since*; returns when it was (monotonic seconds)."""
        wanted = text.encode()
        with self._news:
            found = self._news.wait_for(
                lambda: wanted in _ESCAPES.sub(b"", self._painted[since:]), patience
            )
            at = time.monotonic()
        assert found, f"{text!r} never came:\n{self.shown[-3000:]}"
        return at

    def since(self, painted: int) -> str:
        """What has been painted after that, without colours and moves."""
        return _ESCAPES.sub(b"", self._painted[painted:]).decode(errors="replace")

    @property
    def shown(self) -> str:
        return _ESCAPES.sub(b"", self._painted).decode(errors="replace")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> float:
        """Kill -9, or end it otherwise; returns when (monotonic seconds)."""
        at = time.monotonic()
        os.kill(self._process.pid, how)
        self._process.wait(60)
        return at

    def freeze(self, keys: str) -> None:
        """Take nothing any more of what is painted, which is much for these *keys*, and close."""
        self._frozen = True
        self.send(keys)
        self._reader.join()
        before, worked = -1, 0
        while before < worked:  # until the program waits to paint
            time.sleep(0.5)
            before, worked = worked, _worked(self._process.pid)
        self.kill(signal.SIGHUP)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        self._reader.join()
        os.close(self._read)


def _write_through(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"1")
        file.flush()
        os.fsync(file.fileno())


def _worked(pid: int) -> int:
    """How long a process has had a processor, in clock ticks."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(told[11]) + int(told[12])


def kill_once(
    db: Path, chance: random.Random, seconds: float | None = None
) -> tuple[int, int, int]:
    """Write to the next question of chapter 1 at a random pace and kill -9 at some moment, or
    after that many *seconds*, or more until something has been there for a second.

    Returns the numbers of characters that were sent, that had been on the screen for more than a
    second, and that are kept. Raises AssertionError if what is kept does not begin with all of
    the second, or was never typed. A machine that is late to show a letter may be as late, some
    times over, to save it; and nothing is promised once the screen has said that it is not saved
    yet, as where another program has the lock.
    """
    index = resumed(db).index + 1
    with Terminal(db, "quiz", "1") as terminal:
        terminal.wait_for("── your ")
        terminal.wait_for("── your ", terminal.send("\x1b[C"))  # → the next question
        opened = terminal.send("t")
        sent, painted, late = "", list[tuple[float, int]](), 0.0
        until = time.monotonic() + (seconds or chance.uniform(0.2, 4.5))

        def old() -> int:
            safe = time.monotonic() - PROMISED - 5 * late
            return max((count for at, count in painted if at < safe), default=0)

        while time.monotonic() < until or (seconds and not old()):
            burst = "".join(chance.choices(_LETTERS + "  \r", k=chance.choice((1, 1, 1, 2, 9))))
            burst += chance.choice(_LETTERS)
            pressed = time.monotonic()
            before = terminal.send(burst)
            sent += burst.replace("\r", "\n")
            painted.append((terminal.wait_for(burst[-1], before), len(sent)))
            late = max(late, painted[-1][0] - pressed)
            time.sleep(chance.choice((0, 0, 0.02, 0.1, 0.5)) * chance.random())
        promised = old()
        _write_through(db.parent)  # a disk that is late has been so for the program, too
        terminal.kill()
        if "Not saved yet" in terminal.since(opened):
            promised = 0
    text = resumed(db).questions[index].text
    assert sent.startswith(text), f"never typed: {text!r} in {sent!r}"
    assert text.startswith(sent[:promised]), f"lost: {sent[len(text) : promised]!r} of {sent!r}"
    return len(sent), promised, len(text)


def resumed(db: Path) -> Attempt:
    """Chapter 1's attempt as it is resumed."""
    desk, _ = open_study(str(db), Current(Settings()), now, None)
    try:
        return Attempt(desk, 1)
    finally:
        desk.close()
