"""The reference figures: what our own runs measured, kept as JSON beside the lessons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.lab import catalog, runner
from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Cancelled, Failed, Finished, Message
from studyapp.lab.protocol import Fact, Value
from studyapp.lab.typed import fit

FILE = "reference.json"


@dataclass(frozen=True, slots=True)
class Reference:
    """One lesson's figures at its defaults, and what they were measured with.

    `date` is ISO 8601. Where `version` is not the lesson's, the figures are out of date.
    """

    version: int
    knobs: dict[str, Value]
    seed: int
    device: str
    python: str
    torch: str | None
    threads: int
    date: str
    seconds: float
    facts: tuple[Fact, ...]

    def fact(self, name: str) -> Fact | None:
        return next((fact for fact in self.facts if fact.name == name), None)


def path(lesson: Declaration) -> Path:
    """Return the file that holds the lesson's reference figures."""
    return lesson.path.parent / FILE


def read(file: Path) -> dict[str, Reference]:
    """Return the references by lesson; none if there is no file. Raises StudyError."""
    try:
        references: dict[str, Reference] = fit(
            json.loads(file.read_text("utf-8")), dict[str, Reference]
        )
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StudyError(f"{file} cannot be read: {error}") from None
    return references


def facts() -> dict[str, set[str]]:
    """The lessons that exist, with the facts that their reference figures name."""
    names: dict[str, set[str]] = {}
    for lesson in catalog.read().lessons:
        known = read(path(lesson)).get(lesson.name)
        names[lesson.name] = {fact.name for fact in known.facts} if known else set()
    return names


def write(file: Path, references: Mapping[str, Reference]) -> None:
    """Replace the file as a whole, so that a crash leaves the old one or the new one.

    Raises StudyError if it cannot be written.
    """
    values = {name: asdict(references[name]) for name in sorted(references)}
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    disk.write(file, text, shared=True)


def measure(
    lessons: Sequence[Declaration], today: date, device: str = "auto"
) -> Iterator[tuple[Declaration, Message]]:
    """Run each lesson at its defaults and put its figures into its file as it ends.

    Yields what the runs say. Raises StudyError, with what was measured before kept, if one fails
    or cannot be written.
    """
    for lesson in lessons:
        for message in runner.run(lesson, {}, device):
            yield lesson, message
            if isinstance(message, Finished):
                made = _reference(message, today)
                write(path(lesson), read(path(lesson)) | {lesson.name: made})
            elif isinstance(message, Failed | Cancelled):
                reason = message.message if isinstance(message, Failed) else "It was stopped."
                raise StudyError(reason)


def _reference(finished: Finished, today: date) -> Reference:
    return Reference(
        version=finished.version,
        knobs=finished.knobs,
        seed=finished.seed,
        device=finished.device,
        python=finished.python,
        torch=finished.torch,
        threads=finished.threads,
        date=today.isoformat(),
        seconds=finished.seconds,
        facts=finished.facts,
    )
