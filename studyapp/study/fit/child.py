"""Fits in a process of its own, which the app's is none of: NumPy is not loaded in it, a key never
waits for it, and it can be ended at any moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studyapp import disk
from studyapp.errors import CancelledError, StudyError, printable
from studyapp.journal import ending, journal

if TYPE_CHECKING:
    from studyapp.study.desk import Desk
    from studyapp.study.exam import Exam

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_LONGEST = 1 << 20  # bytes of one line
_KEPT = 1 << 14  # bytes of what it said when it failed


class Child:
    """One fit, or one forecast of an exam. `result` is asked for in a thread that may wait;
    `cancel` in any."""

    def __init__(self, request: Mapping[str, Any], name: str = "The fit") -> None:
        """Start it: *request* has a database, or a file (see `worker`)."""
        self._name = name
        try:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - read once the process has ended
        except OSError as error:
            raise StudyError(f"{name} cannot be started: {error.strerror}.") from error
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "studyapp.study.fit.worker"],
                stdin=subprocess.PIPE,  # kept open: its end tells that the app is gone
                stdout=subprocess.PIPE,
                stderr=self._errors,
                # More threads than there are idle cores wait for each other: many times slower.
                env=os.environ | dict.fromkeys(_THREADS, "1"),
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise StudyError(f"{name} cannot be started: {error.strerror}.") from error
        self._request = json.dumps(request).encode() + b"\n"

    @property
    def pid(self) -> int:
        return self._process.pid

    def result(self, told: Callable[[float], None] = lambda share: None) -> dict[str, Any]:
        """What `Judgement.as_json` says in the end. *told* hears which share is done. Raises
        CancelledError, or StudyError with what was wrong."""
        said: dict[str, Any] = {}
        process = self._process
        assert process.stdin is not None and process.stdout is not None, "they are pipes"  # noqa: PT018
        try:
            with contextlib.suppress(BrokenPipeError):  # it says itself why it has ended
                process.stdin.write(self._request)
                process.stdin.flush()
            while line := process.stdout.readline(_LONGEST):
                said = _decoded(line)
                if "done" in said:
                    told(said["done"])
            process.wait()
        finally:
            self.cancel()
            process.wait()
            process.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            words = self._last_words()
        return self._outcome(said, words)

    def cancel(self) -> None:
        """End it; what it was writing is not there."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _outcome(self, said: Mapping[str, Any], words: str) -> dict[str, Any]:
        if "result" in said:
            result: dict[str, Any] = said["result"]
            return result
        if "error" in said:
            raise StudyError(printable(str(said["error"])))
        if self._process.returncode == -signal.SIGKILL:
            raise CancelledError(f"{self._name} was ended before it was done; nothing was changed.")
        journal.warning("fit: failed with %s: %s", self._process.returncode, ending(words))
        raise StudyError(f"{self._name} failed ({words}); nothing was changed.")

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _KEPT))
        text = printable(self._errors.read().decode("utf-8", "replace"))
        self._errors.close()
        return (text.strip().splitlines() or ["it said nothing"])[-1]


def of_file(path: Path, now: datetime) -> Child:
    """A fit to the log in a file up to *now*; nothing is adopted. Raises StudyError for a pipe,
    which by a name such as /dev/fd/63 is there for this process alone."""
    disk.check_ends(path)
    return Child({"log": str(path), "now": now.isoformat()})


def of_desk(desk: Desk) -> Child:
    """A fit to the log of the desk's learner; what comes of it is adopted, unless it is worse."""
    return Child(_whose(desk))


def of_exam(desk: Desk, planned: Exam, *, tradeoff: bool = False) -> Child:
    """What a plan comes to for the desk's learner, be it kept or not; nothing is written. As a
    *tradeoff*: what each desired retention comes to until that day without it."""
    names = ("minutes_a_day", "new_a_day", "depth")
    settings = {name: getattr(desk.settings, name) for name in names}
    about = {"exam": planned.as_json(), "settings": settings, "tradeoff": tradeoff}
    return Child({**_whose(desk), **about}, "The forecast")


def _whose(desk: Desk) -> dict[str, Any]:
    url = desk.engine.url
    where = url.database if desk.engine.dialect.name == "sqlite" else None
    return {
        "url": where or url.render_as_string(hide_password=False),
        "learner": desk.learner,
        "now": desk.now().isoformat(),
    }


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
