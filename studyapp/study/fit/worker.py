"""The process that fits: a request as a line of JSON on stdin, shares done and a result on stdout.

Started by `child` as `python -P -m studyapp.study.fit.worker`. A request names the time and a file
with a log, `{"log": PATH, "now"}`; or a database and the learner, `{"url", "learner", "now"}`, and
then what is adopted is written there. With an `exam` and `settings` it says what that plan comes
to, or until then the `tradeoff` of the desired retention, and writes nothing. It ends when stdin
does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError

_POLITE = 10  # steps of niceness: the app comes first
_STEP = 0.01  # share of the whole that is worth a line


def main() -> None:
    """Do what the request asks, and say what came of it."""
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_POLITE)
    try:
        _say({"result": _fitted(request, _Told())})
    except StudyError as error:
        _say({"error": str(error)})
    except MemoryError:
        _say({"error": "There is too little memory for this log; nothing was changed."})
    os._exit(0)  # the thread that waits for the parent still does


def _fitted(request: dict[str, Any], told: _Told) -> dict[str, Any]:
    if "exam" in request:
        return _forecast(request, told)
    now = datetime.fromisoformat(request["now"])
    if "log" in request:
        from studyapp.memory.judgement import judge
        from studyapp.study.fit.files import read

        log = read(Path(request["log"]), now, lambda share: told(share / 2))
        judged = judge(log.reviews, told=lambda share: told(0.5 + share / 2))
        return {**judged.as_json(), "left_out": log.left_out}
    from studyapp.config import Current, Settings
    from studyapp.store.database import open_database
    from studyapp.study.desk import Desk
    from studyapp.study.fit.adoption import fit

    engine = open_database(request["url"])
    try:
        desk = Desk(engine, Current(Settings()), lambda: now, learner=request["learner"])
        return {**fit(desk, told).as_json(), "left_out": {}}  # there are no rows of a file
    finally:
        engine.dispose()


def _forecast(request: dict[str, Any], told: _Told) -> dict[str, Any]:
    from studyapp.config import parse
    from studyapp.store.database import open_database
    from studyapp.store.engine import reading
    from studyapp.study import rehearsal
    from studyapp.study.exam import Exam

    planned = Exam.of_json(request["exam"])
    engine = open_database(request["url"])
    try:
        with reading(engine) as connection:
            studying = rehearsal.read(
                connection,
                planned,
                datetime.fromisoformat(request["now"]),
                parse(request["settings"], "the app"),
                learner=request["learner"],
            )
    finally:
        engine.dispose()
    if request["tradeoff"]:
        return rehearsal.tradeoff(studying, told)
    return rehearsal.forecast(studying, told)


class _Told:
    """Says how far it is, not more often than can be seen."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, share: float) -> None:
        if share >= self._last + _STEP:
            self._last = share
            _say({"done": round(share, 3)})


def _say(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(message), flush=True)


def _wait_for_parent() -> None:
    """End once stdin does, where nothing more ever comes: then the app is gone."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(1)


if __name__ == "__main__":
    main()
