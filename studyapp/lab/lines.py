"""What the worker says: events and outcomes as JSON lines, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeAlias

from studyapp.errors import printable
from studyapp.lab.protocol import Fact, Metric, Progress, Remark, Value
from studyapp.lab.typed import build

LONGEST = 1 << 20  # bytes of one line


@dataclass(frozen=True, slots=True)
class Finished:
    """The run ended with facts; the rest is what is recorded beside them.

    `knobs` are the values that were used, `seconds` runs from the request to the result with
    loading included, `torch` is None if the lesson does not use it.
    """

    lesson: str
    version: int
    facts: tuple[Fact, ...]
    knobs: dict[str, Value]
    seed: int
    device: str
    threads: int
    seconds: float
    python: str
    torch: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended without facts: one sentence, and the end of what the process wrote."""

    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The learner stopped the run; there are no facts."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The run begins again: what it has drawn so far is void."""


Outcome: TypeAlias = Finished | Failed | Cancelled
Message: TypeAlias = Metric | Progress | Remark | Restarted | Outcome

_NAMES: dict[type[Message], str] = {
    Metric: "metric",
    Progress: "progress",
    Remark: "note",
    Restarted: "restarted",
    Finished: "result",
    Failed: "error",
    Cancelled: "cancelled",
}
_TYPES: dict[str, Any] = {name: cls for cls, name in _NAMES.items()}


def encode(message: Message) -> str:
    """Return *message* as one line of JSON, without the newline. Raises ValueError for a NaN."""
    values = {name: getattr(message, name) for name in message.__slots__}
    return json.dumps({"event": _NAMES[type(message)], **values}, allow_nan=False, default=asdict)


def decode(line: str | bytes) -> Message:
    """Return the message of one line; control characters are removed. Raises ValueError."""
    try:
        values = json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("not an object")
    name = values.pop("event", None)
    if not isinstance(name, str) or name not in _TYPES:
        raise ValueError("not an event")
    message: Message = build(_TYPES[name], _clean(values))
    return message


class Splitter:
    """Cuts a stream of bytes into lines, keeping at most LONGEST bytes in memory."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False  # inside a line that is too long

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield each line that *chunk* completes; None stands for one that is too long."""
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = self._rest + end
            self._rest = b""
            yield None if self._skipping or len(line) > LONGEST else line
            self._skipping = False
        self._rest += rest
        if self._skipping or len(self._rest) > LONGEST:
            self._rest, self._skipping = b"", True

    def close(self) -> bool:
        """Return whether the stream ended inside a line."""
        return bool(self._rest) or self._skipping


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _clean(value: Any) -> Any:
    """Return *value* with texts safe for a terminal and a database: no controls, no surrogates."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
