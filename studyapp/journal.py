"""The log file and the report of a fault: what the program did and met, for whoever has to mend it.

Nothing of what a learner wrote or is called gets in: lines are written with counts, kinds and names
of the program's own, an error is told by its type and place, and the home folder is `~`. So what is
here can be pasted into a bug report.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import gmtime

from studyapp import config, disk
from studyapp.errors import SettingError, printable

journal = logging.getLogger("studyapp")
journal.addHandler(logging.NullHandler())  # where nobody has begun, nothing is printed either

LEVELS = ("debug", "info", "warning", "error", "off")
_LARGEST, _FORMER = 2**20, 2  # bytes of a file; how many full ones are kept beside it
_REPORTS = 5  # that are kept
_LONGEST = 500  # characters of a line
# Whose words Python makes, of names of the program; those of other errors may quote anything.
_SPEAKING = (
    ArithmeticError,
    AttributeError,
    ImportError,
    MemoryError,
    NameError,
    RecursionError,
    TypeError,
)
_HOUSE = Path(__file__).parent
_KIND = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)")


def begin(what: str) -> None:
    """Write what is logged from now on to the log file, beginning with *what* was started.

    Raises SettingError if STUDYAPP_LOG is no level. That nothing can be written in its folder is no
    reason not to study: then nothing is.
    """
    level = os.environ.get("STUDYAPP_LOG") or "info"
    if level not in LEVELS:
        raise SettingError(
            f"STUDYAPP_LOG = {printable(level)!r} is not allowed: give {', '.join(LEVELS[:-1])} "
            f"or {LEVELS[-1]}."
        )
    end()
    if level != "off":
        handler = _File()
        handler.setFormatter(_Line("%(asctime)s %(levelname)s %(process)d %(message)s"))
        journal.addHandler(handler)
        journal.setLevel(level.upper())
        journal.info("%s: studyapp %s, Python %s", what, _version(), platform.python_version())


def end() -> None:
    """Write to the log file no longer."""
    for handler in [one for one in journal.handlers if isinstance(one, _File)]:
        journal.removeHandler(handler)
        handler.close()


def kind(error: BaseException) -> str:
    """An error without its words: its type, what the system or the database calls it, its place."""
    names = [getattr(error, "sqlite_errorname", None), getattr(error, "strerror", None)]
    told = [type(error).__name__, *(str(name) for name in names if name)]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(_HOUSE):
            told.append(f"{_place(frame.filename)}:{frame.lineno}")
            break
    return ", ".join(told)


def ending(told: str) -> str:
    """The kind of the error with which another process of ours ended, by what it *told*: its last
    line may quote anything, as the path of a learner's pictures."""
    lines = told.strip().splitlines() or [""]
    name = lines[-1].partition(":")[0]
    return name if _KIND.fullmatch(name) else "no error that it named"


def report(error: BaseException) -> Path:
    """Write what is known of a fault to a file of its own; returns it. Raises StudyError."""
    made = datetime.now(UTC)
    path = config.log_folder() / f"fault-{made:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    machine = "\n".join(f"{name}: {told}" for name, told in machine_of().items())
    _make_folder()
    trace = "\n".join(_trace(error))
    disk.write(path, f"{made:%Y-%m-%d %H:%M:%S} UTC\n{machine}\n\n{trace}\n")
    for former in sorted(path.parent.glob("fault-*.txt"))[:-_REPORTS]:
        with suppress(OSError):
            former.unlink()
    journal.error("fault: %s; %s", kind(error), path.name)
    return path


def machine_of() -> dict[str, str]:
    """The versions that a fault may hang on, and the terminal."""
    import sqlite3

    columns, rows = shutil.get_terminal_size()
    return {
        "studyapp": _version(),
        "Python": platform.python_version(),
        "on": f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
        "terminal": f"{os.environ.get('TERM', 'none')} {columns}×{rows}",
        "SQLite": sqlite3.sqlite_version,
        "SQLAlchemy": version("sqlalchemy"),
        "Textual": version("textual"),
        "fsrs": version("fsrs"),
    }


def _version() -> str:
    return version("studyapp")


def _trace(error: BaseException) -> Iterator[str]:
    """Where it came from, innermost last, as Python tells it, but without values."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _trace(before)
        yield "\nwhich led to:\n"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}"
        yield f"    {frame.line}"
    told = f": {_plain(_said(error))}" if isinstance(error, _SPEAKING) else ""
    told = f": {error.strerror}" if isinstance(error, OSError) else told
    yield f"{type(error).__module__}.{type(error).__qualname__}{told}"
    for inner in getattr(error, "exceptions", ()):  # of a group
        yield from _trace(inner)


def _said(error: BaseException) -> str:
    """What Python says of an error; of an import not where on this machine it looked."""
    path = error.path if isinstance(error, ImportError) else None
    return str(error).replace(path, _place(path)) if path else str(error)


def _place(file: str) -> str:
    """A file of code by its place among the packages, wherever those are installed."""
    roots = [_HOUSE.parent, *map(Path, sorted(filter(None, sys.path), key=len, reverse=True))]
    inside = (root for root in roots if Path(file).is_relative_to(root))
    root = next(inside, Path(file).parent)
    return Path(file).relative_to(root).as_posix()


def _plain(text: str) -> str:
    """One short line that a terminal can show, without the name of the home folder."""
    text = printable(" ".join(text.split()))
    with suppress(RuntimeError):  # there is no home
        text = text.replace(str(Path.home()), "~")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _make_folder() -> None:
    with suppress(OSError):  # of which who writes in it says more
        disk.make_folder(config.log_folder())


class _Line(logging.Formatter):
    converter = staticmethod(gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return _plain(super().format(record))


class _File(RotatingFileHandler):
    """For its owner alone, opened with its first line; several processes may write and rotate."""

    def __init__(self) -> None:
        super().__init__(
            config.log_folder() / "studyapp.log",
            maxBytes=_LARGEST,
            backupCount=_FORMER,
            encoding="utf-8",
            errors="replace",
            delay=True,
        )

    def _open(self) -> TextIOWrapper:
        _make_folder()
        return open(
            self.baseFilename,
            "a",
            encoding="utf-8",
            errors="replace",
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        self._follow()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802
        """One process rotates, and who waited for it goes on in the new file."""
        with _alone(Path(self.baseFilename).parent):
            self._follow()
            if self.stream is not None:
                super().doRollover()

    def _follow(self) -> None:
        """Let go of a file that another process has rotated away."""
        with suppress(OSError):
            if self.stream is None or os.path.samestat(
                os.fstat(self.stream.fileno()), os.stat(self.baseFilename)
            ):
                return
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def close(self) -> None:
        """What could not be written is in its buffer still; that is no error at the end either."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A line that cannot be written is not worth a word: studying goes on."""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on *folder*, where the system has such locks; it ends with the process."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
