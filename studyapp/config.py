"""Settings of one learner: read from settings.toml, checked, frozen."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from studyapp.errors import SettingError, printable

DEPTHS = ("core", "more", "history")
PICTURES = ("auto", "kitty", "sixel", "blocks", "none")  # auto: as the terminal can
LOADS = {"reduced": 0.5, "minimum": 0.0}  # of what another day has
RETENTION = (0.7, 0.99)  # that can be desired
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Value = str | bool | date | tuple[str, ...] | None  # that the app changes a setting to
_UNITS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a learner can set. The defaults are the recommendation."""

    desired_retention: float = 0.9
    minutes_a_day: int = 20
    new_a_day: int = 10
    depth: str = "core"  # how deep new cards go
    learning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    relearning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    maximum_interval: int = 36500
    leech_lapses: int = 8
    rest_days: tuple[str, ...] = ()
    light_days: tuple[tuple[str, str], ...] = ()  # weekdays that get fewer cards, and how few
    theme: str = "textual-dark"
    raw_maths: bool = False
    typing_box: bool = False  # opens by itself where typing is worth most
    pictures: str = "auto"  # how they are drawn
    exam_on: date | None = None  # the day that mastery is forecast for
    inbox: str = ""  # the folder whose files become drafts; empty: that of the data folder
    devices: str = ""  # the folder where several devices of the learner meet
    trusted: tuple[str, ...] = ()  # distributions with their version whose lessons may run
    keys: tuple[tuple[str, str], ...] = ()  # actions and the keys that they have instead


class Current:
    """The settings as they are now, for all who hold this: they see a change at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def change(self, name: str, value: Value) -> None:
        """Change one setting from now on, and in settings.toml; None is the default.

        It holds until the program ends even where the file cannot be written.
        """
        changed: Any = getattr(Settings(), name) if value is None else value
        self.settings = replace(self.settings, **{name: changed})
        save(settings_path(), name, value)


def data_folder() -> Path:
    """The platform's folder for the database, the learner's own packs and the backups."""
    from platformdirs import user_data_path

    return user_data_path("studyapp", appauthor=False)


def found_folder() -> Path:
    """Where a learner finds what could not be put in its place."""
    return data_folder() / "found"


def cache_folder() -> Path:
    """The platform's folder for what can be found out again."""
    from platformdirs import user_cache_path

    return user_cache_path("studyapp", appauthor=False)


def log_folder() -> Path:
    """The platform's folder for the log file and the reports of faults."""
    from platformdirs import user_log_path

    return user_log_path("studyapp", appauthor=False)


def settings_path() -> Path:
    from platformdirs import user_config_path

    return user_config_path("studyapp", appauthor=False) / "settings.toml"


def at_home(path: Path) -> str:
    """A path as its learner reads it: whole, with `~` for their home."""
    with suppress(ValueError, RuntimeError):
        return f"~/{path.absolute().relative_to(Path.home()).as_posix()}".removesuffix("/.")
    return str(path)


def shown(path: Path) -> str:
    """A path that anybody may read. What lies in the folders of the program is told whole, with `~`
    for the learner's home, but for what a learner has named there. What lies elsewhere is told by
    its last name alone, since a folder on the way may be private."""
    path = path.absolute()
    for folder in (data_folder(), settings_path().parent, cache_folder(), log_folder()):
        if path.is_relative_to(folder):
            first, *rest = path.relative_to(folder).parts or ("",)
            parts = [first, "…"] if rest and first in _NAMED_BY_LEARNERS else [first, *rest]
            return "/".join([_below_home(folder), *filter(None, parts)])
    return f"…/{path.name}"


_NAMED_BY_LEARNERS = ("packs", "packs-of", "drafts", "inbox", "inbox-of")


def _below_home(folder: Path) -> str:
    try:
        return f"~/{folder.absolute().relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # elsewhere, or there is no home
        return f"…/{folder.name}"


def default_database() -> str:
    """The database to open: STUDYAPP_DB (a path or an SQLAlchemy URL), else the data folder's."""
    return os.environ.get("STUDYAPP_DB") or str(data_folder() / "studyapp.db")


def default_learner() -> str | None:
    """The name of the learner who studies: STUDYAPP_LEARNER; None for the first one."""
    return os.environ.get("STUDYAPP_LEARNER") or None


def load(path: Path | None = None) -> Settings:
    """Read settings.toml; a missing file means the defaults.

    Raises SettingError with one sentence naming the file, the key, the value and what is allowed.
    """
    path = path or settings_path()
    text = _read(path)
    if not text:
        return Settings()
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, error) from error
    return parse(values, str(path))


def _read(path: Path) -> str:
    """What the file says; nothing if there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        why = f"cannot be read: {error.strerror}."
        raise SettingError(f"{path} {why}", f"It {why}") from error
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 text (byte {error.start})."
        raise SettingError(f"{path} {why}", f"It {why}") from error


def _no_toml(path: Path, error: Exception) -> SettingError:
    """Of what is wrong with a file only the place is public: the rest may quote it."""
    place = re.search(r"at line \d+,? col(?:umn)? \d+", str(error))
    public = f"It is not valid TOML{f' ({place[0]})' if place else ''}."
    return SettingError(f"{path} is not valid TOML: {error}.", public)


def parse(values: Mapping[str, Any], where: str) -> Settings:
    """Check *values* against the rules of each setting; raises SettingError."""
    known = {one.name for one in fields(Settings)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = (
                f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}."
            )
            raise SettingError(
                f"{where}: there is no setting {printable(name)!r}{hint}",
                f"A name in it is of no setting{hint}",
            )
        try:
            checked[name] = _RULES[name](value)
        except ValueError as error:
            raise SettingError(
                f"{where}: {name} = {_shown(value)} is not allowed: {error}.",
                f"What {name} is set to is not allowed: {error}.",
            ) from None
    return Settings(**checked)


def save(path: Path, name: str, value: Value) -> None:
    """Change one setting in place, or take it out; comments and order of the file stay.

    Raises StudyError, with the file as it was, if it cannot be read, understood or written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from studyapp import disk

    try:
        document = tomlkit.parse(_read(path))
    except TOMLKitError as error:
        raise _no_toml(path, error) from error
    if value is None:
        document.pop(name, None)
    else:
        document[name] = list(value) if isinstance(value, tuple) else value
    disk.write(path, tomlkit.dumps(document))


def _shown(value: object) -> str:
    text = printable(repr(value))
    return text if len(text) <= 60 else text[:57] + "…"


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise ValueError(f"give a number from {low:g} to {high:g}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"give a whole number from {low} to {high}")
        return value

    return check


def _steps(value: object) -> tuple[timedelta, ...]:
    message = 'give a list of times such as ["10m", "1h", "1d"]'
    if not isinstance(value, list):
        raise ValueError(message)
    steps = []
    for item in value:
        text = item.strip() if isinstance(item, str) else ""
        number, unit = text[:-1], text[-1:]
        if not number.isascii() or not number.isdigit() or unit not in _UNITS:
            raise ValueError(message)
        seconds = int(number) * _UNITS[unit]
        if not 60 <= seconds <= 7 * 86400:
            raise ValueError("each step lasts from 1m to 7d")
        steps.append(timedelta(seconds=seconds))
    if steps != sorted(steps):
        raise ValueError("steps must not get shorter")
    return tuple(steps)


def _word(*words: str) -> Callable[[object], object]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"give {', '.join(words[:-1])} or {words[-1]}, in quotes")
        return value

    return check


def _days(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or any(day not in WEEKDAYS for day in value):
        raise ValueError(f"give a list of {', '.join(WEEKDAYS)}")
    if len(set(value)) > 6:
        raise ValueError("leave at least one day for study")
    return tuple(value)


def _loads(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not value.keys() <= set(WEEKDAYS):
        raise ValueError(f'give {", ".join(WEEKDAYS)} in braces, such as {{ sun = "reduced" }}')
    if any(not isinstance(load, str) or load not in LOADS for load in value.values()):
        raise ValueError(f"give {' or '.join(LOADS)}, in quotes, for each day")
    return tuple(value.items())


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("give a name in quotes")
    return value


def _folder(value: object) -> str:
    """Whether it is there is looked at when it is used: a stick may be elsewhere."""
    if not isinstance(value, str) or not Path(value).expanduser().is_absolute() or "\0" in value:
        raise ValueError("give a folder's whole path in quotes; ~ is your home")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("give a list of names in quotes")
    return tuple(value)


def _date(value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("give a date such as 2027-01-31, without quotes")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("give true or false")
    return value


def _keys(value: object) -> tuple[tuple[str, str], ...]:
    """Which action and which key there are is checked where the table of keys is."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value.values()):
        raise ValueError('give a key in quotes for each action, such as bury = "B"')
    return tuple(value.items())


_RULES: dict[str, Callable[[object], object]] = {
    "desired_retention": _number(*RETENTION),
    "minutes_a_day": _whole(1, 600),
    "new_a_day": _whole(0, 999),
    "depth": _word(*DEPTHS),
    "learning_steps": _steps,
    "relearning_steps": _steps,
    "maximum_interval": _whole(1, 36500),
    "leech_lapses": _whole(1, 99),
    "rest_days": _days,
    "light_days": _loads,
    "theme": _text,
    "raw_maths": _switch,
    "typing_box": _switch,
    "pictures": _word(*PICTURES),
    "exam_on": _date,
    "inbox": _folder,
    "devices": _folder,
    "trusted": _texts,
    "keys": _keys,
}
