"""Finds the installed lessons and reads their declarations without importing them."""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

from studyapp import packs
from studyapp.errors import ContentError, SettingError, StudyError, printable
from studyapp.garbage import uncollected
from studyapp.lab import knobs, wording
from studyapp.lab.protocol import Axes, Choice, Knob, Question, When
from studyapp.lab.typed import build
from studyapp.notes.note import Problem
from studyapp.packs import Pack

GROUP = "studyapp.lessons"
_PARSER = Lock()


@dataclass(frozen=True, slots=True)
class Declaration:
    """A lesson as its file declares it: `protocol.Lesson` without `run`, and where it is from."""

    name: str
    version: int
    title: str
    question: Question
    knobs: tuple[Knob, ...]
    topics: tuple[str, ...]
    pack: str
    module: str  # "lessons.overfit"
    path: Path  # its source
    meaning: str | tuple[When, ...] = ""
    next: str | tuple[When, ...] = ""
    axes: tuple[Axes, ...] = ()
    mechanism: tuple[When, ...] = ()
    reviews: bool = False
    origin: str = ""  # name and version of the distribution it is of; empty of the built-in one

    @property
    def is_given_reviews(self) -> bool:
        """Whether it gets the learner's reviews: what a stranger's asks for is not even read."""
        return self.reviews and not self.origin


# By file, module and pack: the file's stamp, and what it declares.
_KEPT: dict[tuple[Path, str, str], tuple[tuple[int, int] | None, Declaration | None]] = {}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every lesson that can be run, by name, and what is wrong with the others."""

    lessons: tuple[Declaration, ...]
    problems: tuple[Problem, ...]

    def lesson(self, name: str) -> Declaration:
        """Return the lesson of that name, or raise StudyError with the names that exist."""
        for lesson in self.lessons:
            if lesson.name == name:
                return lesson
        names = ", ".join(lesson.name for lesson in self.lessons)
        known = f"there is {names}" if names else "none is installed"
        raise StudyError(f"There is no experiment {printable(repr(name))}; {known}.")


def read() -> Catalog:
    """Read all lessons of the packages that are installed under `studyapp.lessons`."""
    return _read_packs(packs.installed(GROUP))


def read_folder(folder: Path) -> Catalog:
    """Read the lessons of a pack that lies in *folder*, installed or not. Raises StudyError."""
    return _read_packs(packs.lying_in(folder, GROUP))


def _read_packs(found: Sequence[Pack]) -> Catalog:
    lessons: dict[str, Declaration] = {}
    problems: list[Problem] = []
    for pack in found:
        if pack.folder is None:
            problems.append(Problem(pack.home, 1, f"{GROUP}: there is no package {pack.package!r}"))
            continue
        for path in sorted(pack.folder.glob("[!_]*.py")):
            try:
                lesson = declaration(path, f"{pack.package}.{path.stem}", pack.name)
            except ContentError as error:
                problems.append(Problem(error.path, error.line, error.message))
                continue
            if lesson is None:
                continue
            if lesson.name in lessons:
                taken = f"the name {lesson.name} is taken by {lessons[lesson.name].path}"
                problems.append(Problem(path, 1, taken))
            else:
                lessons[lesson.name] = replace(lesson, origin=pack.origin)
    return Catalog(tuple(lessons[name] for name in sorted(lessons)), tuple(problems))


def declaration(path: Path, module: str, pack: str) -> Declaration | None:
    """Read `LESSON = Lesson(…)` from a file; None if it has none. Raises ContentError.

    What was read is kept until the file's time or size is another.
    """
    stamp, asked = _stamp(path), (path, module, pack)
    kept = _KEPT.get(asked)
    if kept is None or stamp is None or kept[0] != stamp:
        kept = stamp, _read(path, module, pack)
        _KEPT[asked] = kept
    return kept[1]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read(path: Path, module: str, pack: str) -> Declaration | None:
    tree = _parse(path)
    found = [node for node in tree.body if _assigns_lesson(node)]
    if not found:
        return None
    if len(found) > 1:
        raise ContentError(path, found[1].lineno, "LESSON is assigned twice")
    return _Reader(path, tree).lesson(found[0], module, pack)


def _parse(path: Path) -> ast.Module:
    try:
        with tokenize.open(path) as file:
            text = file.read()
        # No garbage collection, and so no other thread, in the middle of a parse: before Python
        # 3.11.8 the depth of a tree was counted for all threads together, and Textual parses the
        # name of an action on every key (gh-106905).
        with _PARSER, uncollected:
            return ast.parse(text)
    except SyntaxError as error:
        raise ContentError(path, error.lineno or 1, error.msg) from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise ContentError(path, 1, f"cannot be read: {error}") from None


def _assigns_lesson(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "LESSON" for target in targets)


class _Reader:
    """Evaluates the literals of one file; every complaint carries path and line."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        self._path = path
        self._functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}

    def lesson(self, node: ast.stmt, module: str, pack: str) -> Declaration:
        call = getattr(node, "value", None)
        if not isinstance(call, ast.Call) or _called(call) != "Lesson":
            raise self._error(node, "LESSON must be Lesson(…)")
        run = [keyword for keyword in call.keywords if keyword.arg == "run"]
        if not run or ast.unparse(run[0].value) != "run" or "run" not in self._functions:
            raise self._error(call, "Lesson(…) needs run=run, a function of this module")
        if call.args:
            raise self._error(call.args[0], "Lesson(…) takes its arguments by name")
        call.keywords.remove(run[0])
        where = {"module": module, "path": self._path, "pack": pack}
        lesson: Declaration = self._build(Declaration, call, where)
        return lesson

    def _build(self, cls: Any, call: ast.Call, extra: dict[str, object] | None = None) -> Any:
        names = [field.name for field in fields(cls)]
        values: dict[str, object] = dict(extra or {})
        for name, argument in zip(names, call.args, strict=False):
            values[name] = self._value(argument)
        for keyword in call.keywords:
            if keyword.arg is None or keyword.arg in values:
                raise self._error(keyword.value, "every argument is given once, and by name")
            values[keyword.arg] = self._value(keyword.value)
        if len(call.args) > len(names):
            raise self._error(call, f"{cls.__name__} takes {len(names)} arguments")
        try:
            made = build(cls, values)
            _COMPLAINTS[cls](made)
        except (ValueError, SettingError) as error:
            message = str(error).replace("Declaration", "Lesson")
            raise self._error(call, message.removesuffix(".")) from None
        return made

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=str() as text):
                return printable(text)
            case ast.Constant(value=int() | float() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return tuple(self._value(item) for item in items)
            case ast.Dict(keys=keys, values=values) if None not in keys:
                names = [self._value(key) for key in keys if key is not None]
                return dict(zip(names, map(self._value, values), strict=True))
            case ast.Call() if (cls := _CALLED.get(_called(node))) is not None:
                return self._build(cls, node)
        raise self._error(node, f"{ast.unparse(node)[:60]} is not a literal")

    def _error(self, node: ast.AST, message: str) -> ContentError:
        return ContentError(self._path, getattr(node, "lineno", 1), message)


_CALLED: dict[str, Any] = {cls.__name__: cls for cls in (Axes, Knob, Choice, Question, When)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _complain(condition: bool, message: str) -> None:
    if condition:
        raise ValueError(message)


def _check_knob(knob: Knob) -> None:
    _complain(_NAME.fullmatch(knob.name) is None, f"{knob.name!r} is not a name for a knob")
    is_choice = knob.kind == "choice"
    bounds = (knob.low, knob.high)
    _complain(is_choice and not knob.choices, f"{knob.name} needs choices")
    _complain(is_choice and bounds != (None, None), f"{knob.name}: a choice has no range")
    _complain(not is_choice and bool(knob.choices), f"{knob.name}: a number has no choices")
    _complain("" in knob.choices or ":" in knob.choices, f"{knob.name} has an empty choice")
    _complain(not _ordered(*bounds), f"{knob.name}: low is above high")
    for default in (knob.default, knob.gpu):
        if default is not None:
            knobs.allowed(knob, default)


def _check_choice(choice: Choice) -> None:
    _complain(not _ordered(choice.low, choice.high), f"{choice.text!r}: low is above high")


def _check_question(question: Question) -> None:
    choices = question.choices
    told = f"{question.told!r} needs one {{}}, for the figure"
    _complain(bool(question.told) and question.told.count("{}") != 1, told)
    if question.kind == "number":
        _complain(bool(choices), "a question for a number has no choices")
        return
    _complain(len(choices) < 2, "a question needs at least two choices")
    texts = Counter(choice.text for choice in choices)
    _complain(len(texts) < len(choices), "two choices have the same text")
    if question.kind == "arms":
        facts = {choice.fact for choice in choices}
        _complain(None in facts or len(facts) < len(choices), "each arm needs a fact of its own")
        return
    # If two ranges shared more than an end, one result would make both answers right.
    ranges = sorted((_bound(c.low, -1), _bound(c.high, 1)) for c in choices if c.fact is None)
    for (_, high), (low, _) in pairwise(ranges):
        _complain(low < high, "the ranges of two choices overlap")


def _check_when(when: When) -> None:
    _complain(not _ordered(when.low, when.high), f"{when.text!r}: low is above high")
    bounded = (when.low, when.high) != (None, None)
    _complain(bounded and when.fact is None, f"{when.text!r}: low and high are of which fact?")


def _check_condition(when: When, name: str, knob: Knob | None) -> None:
    if knob is None:
        raise ValueError(f"{when.text!r}: there is no knob {name!r}")
    allowed = when.knobs[name]
    if knob.kind == "choice":
        missing = [word for word in allowed if word not in knob.choices]
        _complain(bool(missing), f"{when.text!r}: {missing[:1]} is no choice of {name}")
        return
    numbers = [value for value in allowed if not isinstance(value, str)]
    _complain(len(numbers) != 2 or len(allowed) != 2, f"{when.text!r}: {name} needs (low, high)")
    _complain(numbers[0] > numbers[1], f"{when.text!r}: low is above high")


def _check_texts(lesson: Declaration) -> None:
    """Complain of a text that names a knob that is not there, or a word in percent."""
    known = {knob.name: knob for knob in lesson.knobs}
    whens = [
        when
        for told in (lesson.meaning, lesson.next, lesson.mechanism)
        if not isinstance(told, str)
        for when in told
    ]
    for text in (lesson.question.text, *(when.text for when in whens)):
        for name, percent in wording.fields(text):
            _complain(name not in known, f"{text[:40]!r}…: there is no knob {name!r}")
            words = percent and known[name].kind == "choice"
            _complain(words, f"{text[:40]!r}…: {name} has no percentage")
    for when in whens:
        for name in when.knobs:
            _check_condition(when, name, known.get(name))


def _check_axes(axes: Axes) -> None:
    _complain(not (axes.x and axes.y), "an axis has no name")


def _check_lesson(lesson: Declaration) -> None:
    _complain(_NAME.fullmatch(lesson.name) is None, f"{lesson.name!r} is not a name for a lesson")
    _complain(lesson.version < 1, "version counts from 1")
    names = Counter(knob.name for knob in lesson.knobs)
    _complain(len(names) < len(lesson.knobs), "two knobs have the same name")
    plots = Counter(axes.plot for axes in lesson.axes)
    _complain(len(plots) < len(lesson.axes), "two axes are of the same plot")
    _check_texts(lesson)


_NAME = re.compile(r"[a-z][a-z0-9_]*")  # it stands in fact:NAME.FACT and ?KNOB=VALUE
_COMPLAINTS: dict[Any, Callable[[Any], None]] = {
    Axes: _check_axes,
    Knob: _check_knob,
    Choice: _check_choice,
    Question: _check_question,
    When: _check_when,
    Declaration: _check_lesson,
}


def _ordered(low: float | None, high: float | None) -> bool:
    return low is None or high is None or low <= high


def _bound(bound: float | None, side: int) -> float:
    return side * float("inf") if bound is None else bound
