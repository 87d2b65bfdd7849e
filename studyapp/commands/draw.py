"""What `studyapp check --run` does: the code of a folder of content is run, on the machine of who
writes it. Nothing else runs code of content; what comes of it is kept as text.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.notes import markdown
from studyapp.notes.card import COMPUTED, SNIPPET
from studyapp.notes.check import wrong_case
from studyapp.notes.note import ContentFile, FileKind, Note, Problem, Variant
from studyapp.notes.template import TemplateError, parts
from studyapp.notes.variant import Drawn, as_line, digest, drawn, path_beside

COUNT = 20  # variants of a template
_PATIENCE = 60.0  # seconds, and more for each job
_EACH = 5.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of running a folder's code. `refused` counts draws that make no case, by why."""

    problems: tuple[Problem, ...]
    written: int
    refused: Counter[str]


@dataclass(frozen=True, slots=True)
class _Job:
    """One thing to run, and where its problems belong."""

    note: Note
    path: Path
    line: int
    request: dict[str, Any]
    printed: str | None = None  # what the text says is printed; None of a template


def run(root: Path, *, count: int = COUNT, write: bool = True) -> Ran:
    """Run every snippet below *root* and hold it against its text; draw the variants of every
    template. They are kept beside their content file unless they are there already, or not
    *write*; what is there and is not what is drawn is a problem at its line.

    Raises StudyError if there is no such folder, or a file cannot be written.
    """
    pages, _ = markdown.read_folder(root)
    problems: list[Problem] = []
    jobs = [job for page in pages for job in _jobs(page, count, problems)]
    made: dict[tuple[Path, str], list[Drawn]] = {}
    refused: Counter[str] = Counter()
    for job, answer in zip(jobs, execute([job.request for job in jobs]), strict=True):
        told = answer.get("error")
        if told is None and job.printed is not None:
            told = _difference(job.printed, answer["printed"])
        elif told is None:
            refused.update(answer["refused"])
            found = [_as_drawn(job.note, seed, text) for seed, text in answer["cases"]]
            told = next((one for one in found if isinstance(one, str)), None)
            made[job.path, job.note.id] = [one for one in found if isinstance(one, Drawn)]
        if told is not None:
            problems.append(Problem(job.path, job.line, told))
            made.pop((job.path, job.note.id), None)
    written = 0
    for page in pages:
        if page.kind is FileKind.QUESTIONNAIRE:
            mine = {name: cases for (path, name), cases in made.items() if path == page.path}
            written += _keep(page, mine, problems, write=write)
    return Ran(tuple(problems), written, refused)


def valid(root: Path, count: int) -> dict[str, str]:
    """Draw *count* cases of every template below *root*, be some of them the same; returns what is
    wrong, by id of the note."""
    pages, problems = markdown.read_folder(root)[0], list[Problem]()
    jobs = [job for page in pages for job in _jobs(page, count, problems) if job.printed is None]
    wrong = {str(problem.path): problem.message for problem in problems}
    requests = [job.request | {"distinct": False} for job in jobs]
    for job, answer in zip(jobs, execute(requests), strict=True):
        different = {text: seed for seed, text in answer.get("cases", ())}
        told = answer.get("error") or next(
            (said for text, seed in different.items() for said in _broken(job.note, seed, text)),
            None,
        )
        if told is not None:
            wrong[job.note.id] = told
    return wrong


def _broken(note: Note, seed: int, text: str) -> Iterator[str]:
    """What the reader and `check` find wrong in one drawn text."""
    made = _as_drawn(note, seed, text)
    if isinstance(made, str):
        yield made
    else:
        yield from (f"seed {seed}: {said}" for said in wrong_case(note, made.variant))


def execute(requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the requests in a process of their own (see `drawer`); an answer for each. Raises
    StudyError if there is no room for it."""
    try:
        return _executed(requests) if requests else []
    except OSError as error:
        raise StudyError(f"The code cannot be run: {error.strerror or error}.") from error


def _executed(requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    patience = _PATIENCE + _EACH * len(requests)
    with TemporaryDirectory(prefix="studyapp-run-") as folder:
        lines, died = Path(folder) / "answers.jsonl", "the code ended its process"
        environment = os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        try:
            subprocess.run(
                [sys.executable, "-m", "studyapp.commands.drawer", str(lines)],
                input=json.dumps(requests),
                text=True,
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            died = f"the code did not end within {patience:.0f} s"
        told = lines.read_text("utf-8") if lines.is_file() else ""
        answers = [json.loads(line) for line in told.split("\n") if line]
    if len(answers) < len(requests):
        left = len(requests) - len(answers) - 1
        answers += [{"error": died}, *[{"error": "not run: one before it did not end"}] * left]
    return answers


def _jobs(page: ContentFile, count: int, problems: list[Problem]) -> Iterator[_Job]:
    for note in page.notes:
        texts = [(note.line, note.answer)]
        texts += [(one.line, one.answer) for one in note.variants if one.path == note.path]
        for line, answer in texts if COMPUTED in note.tags else ():
            snippets = SNIPPET.findall(answer)
            if not snippets:
                message = f"{COMPUTED}: the answer has no python block with a text block below it"
                problems.append(Problem(note.path, line, message))
            for code, printed in snippets:
                yield _Job(note, note.path, line, {"code": code}, printed)
        if note.template is not None:
            try:
                whole = asdict(parts(note.template))
            except TemplateError:
                continue  # which `check` tells
            request = {"note": note.id, "count": count, "distinct": True, **whole}
            yield _Job(note, note.path, note.template.line, request)


def _difference(said: str, printed: str) -> str | None:
    if said.rstrip() == printed.rstrip():
        return None
    return f"the text says {said.rstrip()!r}, and the snippet prints {printed.rstrip()!r}"


def _as_drawn(note: Note, seed: int, text: str) -> Drawn | str:
    """A drawn text as the app's own reader takes it, or why it is no case."""
    assert note.template is not None
    name = "drawn"
    heading, _, rest = text.removeprefix("###").partition("\n")
    found, problems = markdown.notes_in(
        f"## {heading.strip()} {{#{name}}}\n{rest}", FileKind.QUESTIONNAIRE, note.path
    )
    if problems or len(found) != 1:
        told = problems[0].message if problems else "it is not one note"
        return f"seed {seed}: {told}"
    one = found[0]
    case = Variant(str(seed), one.prompt, one.answer, one.points, None)
    return Drawn(note.id, seed, digest(note.template), case)


def _keep(
    page: ContentFile, made: dict[str, list[Drawn]], problems: list[Problem], *, write: bool
) -> int:
    """Bring the file beside a content file up to date; returns how many lines are new."""
    place = path_beside(page.path)
    kept: dict[str, list[Drawn]] = {}
    for one in drawn(page.path)[0]:
        kept.setdefault(one.note, []).append(one)
    lines, new = list[Drawn](), 0
    for note in page.notes:
        if note.template is None:
            continue
        old, wanted = kept.get(note.id, []), made.get(note.id)
        if wanted is None:
            lines += old
            continue
        wrote = {one.seed: one for one in old if one.template == digest(note.template)}
        problems += _told_apart(wrote, wanted)
        now = {one.seed: one for one in wanted}
        lines += [one for _, one in sorted({**now, **wrote}.items())]
        missing = len(now.keys() - wrote.keys())
        new += missing
        if missing and not write:
            message = f"{missing} variants are not kept; run `studyapp check --run`"
            problems.append(Problem(note.path, note.template.line, message))
    text = "".join(map(as_line, lines))
    if write and not text:
        place.unlink(missing_ok=True)
    elif write and not (place.is_file() and place.read_bytes() == text.encode()):
        disk.write(place, text, shared=True)
    return new if write else 0


def _told_apart(kept: dict[int, Drawn], made: Sequence[Drawn]) -> Iterator[Problem]:
    """A problem for each kept line that is not what is drawn."""
    now = {one.seed: one.variant for one in made}
    for seed, one in kept.items():
        case = one.variant
        if seed not in now:
            message = f"seed {seed} of {one.note} is not drawn; delete the line"
        elif replace(case, path=Path(), line=0) == now[seed]:
            continue
        else:
            message = _what_differs(case, now[seed]) + "; delete the line to draw it again"
        yield Problem(case.path, case.line, message)


def _what_differs(kept: Variant, now: Variant) -> str:
    said, printed = (SNIPPET.findall(one.answer)[:1] for one in (kept, now))
    if said and printed and said[0][1] != printed[0][1]:
        return (
            f"the kept result is {said[0][1].rstrip()!r}, "
            f"and the snippet prints {printed[0][1].rstrip()!r}"
        )
    names = [
        name for name in ("prompt", "answer", "points") if getattr(kept, name) != getattr(now, name)
    ]
    return f"what is kept as {' and '.join(names)} is not what the template draws"
