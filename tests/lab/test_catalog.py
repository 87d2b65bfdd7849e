"""The catalog reads declarations, imports nothing, and reports what is broken."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tokenize
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TextIO

import pytest

import studyapp
from studyapp import packs
from studyapp.errors import ContentError, StudyError
from studyapp.lab import catalog, protocol

Install = Callable[..., Path]

FULL = """
from studyapp.lab import protocol
from studyapp.lab.protocol import *

def run(knobs, device, seed):
    yield Result(())

LESSON: Lesson = Lesson(
    name="full",
    version=2,
    title="One of "
    "everything",
    question=Question(
        text="Of {n} at {rate:%}: lower, the same or higher?",
        kind="choice",
        fact="gap",
        choices=(
            Choice("lower", high=-1),
            Choice("the same", -1, 1.0),
            protocol.Choice(text="higher", low=1),
        ),
        unit="points",
    ),
    knobs=[
        Knob("n", "int", 64, 32, 1_024, help="examples"),
        Knob(name="rate", kind="float", default=1e-3, low=-1, high=1),
        Knob("data", "choice", "digits", choices=("digits", "folder:")),
        Knob("seeds", "int", 8, 1, 64, gpu=64),
    ],
    topics=("overfitting",),
    run=run,
    meaning=(
        When("It rose at n = {n}.", "gap", low=0),
        When("Nothing.", fact="gap", low=-1, high=1, knobs={"n": (32, 64), "data": ("digits",)}),
        When("Always."),
    ),
    next="Try n = {n}.",
    axes=(Axes("epoch", "loss (nats)", "loss"), Axes("epoch", "share that is right")),
    mechanism=(When("Noise was stored."), When("Few.", knobs={"n": (32, 64)})),
)
"""


def lesson(name: str = "plain", changes: dict[str, str] | None = None) -> str:
    arguments = {
        "name": repr(name),
        "version": "1",
        "title": "'A title'",
        "question": "Question('How many?', 'number', 'count')",
        "knobs": "()",
        "topics": "()",
        "run": "run",
    } | (changes or {})
    lines = [f"    {key}={value}," for key, value in arguments.items() if value]
    return "\n".join(["def run(knobs, device, seed): ...", "LESSON = Lesson(", *lines, ")"])


def read(path: Path) -> catalog.Declaration | None:
    return catalog.declaration(path, f"pack.{path.stem}", "pack")


def test_a_declaration_says_what_importing_the_module_would(tmp_path: Path) -> None:
    file = tmp_path / "full.py"
    file.write_text(FULL)
    declared = read(file)
    assert declared is not None
    spec = importlib.util.spec_from_file_location("full", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for field in fields(protocol.Lesson):
        if field.name != "run":
            imported = getattr(module.LESSON, field.name)
            expected = tuple(imported) if isinstance(imported, list) else imported
            assert getattr(declared, field.name) == expected
    assert (declared.pack, declared.module, declared.path) == ("pack", "pack.full", file)
    assert hash(declared) == hash(read(file))


@pytest.mark.parametrize("file", (Path(studyapp.__file__).parents[1] / "lessons").glob("*.py"))
def test_our_own_lessons_declare_themselves_well(file: Path) -> None:
    declared = read(file)
    assert declared is None or declared.name == file.stem


def test_a_module_without_a_lesson_is_none(tmp_path: Path) -> None:
    file = tmp_path / "helper.py"
    file.write_text("import torch\nLESSONS = 3\n")
    assert read(file) is None


TWO = "choices=(Choice('a', high=2), Choice('b', low={low}))"
KNOB = "(Knob('n', {}),)"
BROKEN = {
    "a syntax error": ("x = (\n", 1, "never closed"),
    "not utf-8": ("# coding: latin-9000\n", 1, "unknown encoding"),
    "a computed value": (lesson(changes={"version": "1 + 1"}), 4, "1 + 1 is not a literal"),
    "a call": (lesson(changes={"topics": "tuple(TOPICS)"}), 8, "tuple(TOPICS) is not a literal"),
    "no run": (lesson(changes={"run": ""}), 2, "needs run=run"),
    "another run": (lesson(changes={"run": "print"}), 2, "needs run=run"),
    "run from nowhere": (lesson().replace("def run", "def walk"), 2, "needs run=run"),
    "by position": (lesson().replace("name=", ""), 3, "by name"),
    "an unknown argument": (lesson(changes={"titel": "''"}), 2, "Lesson has no titel"),
    "its place": (lesson(changes={"path": "'/etc'"}), 10, "given once"),
    "a missing argument": (lesson(changes={"title": ""}), 2, "Lesson needs title"),
    "a wrong type": (
        lesson(changes={"version": "'1'"}),
        2,
        "version of Lesson: '1' is not a whole",
    ),
    "a truth as a number": (lesson(changes={"version": "True"}), 2, "True is not a whole number"),
    "version 0": (lesson(changes={"version": "0"}), 2, "version counts from 1"),
    "a bad name": (lesson("over.fit"), 2, "'over.fit' is not a name"),
    "not a Lesson": ("LESSON = 3", 1, "LESSON must be Lesson"),
    "two lessons": (lesson() + "\n" + lesson(), 12, "assigned twice"),
    "a kind of knob": (lesson(changes={"knobs": KNOB.format("'real', 1")}), 7, "is not one of int"),
    "a default out of range": (
        lesson(changes={"knobs": KNOB.format("'int', 0, 1, 9")}),
        7,
        "n = 0 is not allowed; it must be a whole number from 1 to 9",
    ),
    "a gpu default out of range": (
        lesson(changes={"knobs": KNOB.format("'int', 1, 1, 9, gpu=10")}),
        7,
        "n = 10 is not allowed",
    ),
    "an endless range": (
        lesson(changes={"knobs": KNOB.format("'float', 1, 0, 1e999")}),
        7,
        "finite",
    ),
    "low above high": (lesson(changes={"knobs": KNOB.format("'int', 3, 4, 2")}), 7, "above high"),
    "a choice of nothing": (lesson(changes={"knobs": KNOB.format("'choice', 'a'")}), 7, "choices"),
    "the same knob twice": (
        lesson(changes={"knobs": "(Knob('n', 'int', 1), Knob('n', 'int', 1))"}),
        2,
        "two knobs",
    ),
    "one choice": (
        lesson(changes={"question": "Question('?', 'choice', 'f', (Choice('a'),))"}),
        6,
        "at least two choices",
    ),
    "a sentence without its figure": (
        lesson(changes={"question": "Question('?', 'number', 'f', told='the share is high')"}),
        6,
        "needs one {}, for the figure",
    ),
    "ranges that overlap": (
        lesson(changes={"question": f"Question('?', 'choice', 'f', {TWO.format(low=1)})"}),
        6,
        "overlap",
    ),
    "a question about no knob": (
        lesson(changes={"question": "Question('Of {m}?', 'number', 'f')"}),
        2,
        "there is no knob 'm'",
    ),
    "a percentage of words": (
        lesson(
            changes={
                "knobs": KNOB.format("'choice', 'a', choices=('a',)"),
                "question": "Question('Of {n:%}?', 'number', 'f')",
            }
        ),
        2,
        "n has no percentage",
    ),
    "a condition on no knob": (
        lesson(changes={"meaning": "(When('x', knobs={'m': (0, 1)}),)"}),
        2,
        "there is no knob 'm'",
    ),
    "a condition without its end": (
        lesson(
            changes={
                "knobs": KNOB.format("'int', 1"),
                "meaning": "(When('x', knobs={'n': (0,)}),)",
            }
        ),
        2,
        "n needs (low, high)",
    ),
    "a condition upside down": (
        lesson(
            changes={
                "knobs": KNOB.format("'int', 1"),
                "next": "(When('x', knobs={'n': (1, 0)}),)",
            }
        ),
        2,
        "low is above high",
    ),
    "a condition on no choice": (
        lesson(
            changes={
                "knobs": KNOB.format("'choice', 'a', choices=('a',)"),
                "next": "(When('x', knobs={'n': ('b',)}),)",
            }
        ),
        2,
        "'b'] is no choice of n",
    ),
    "a range of no fact": (
        lesson(changes={"meaning": "(When('x', low=1),)"}),
        10,
        "of which fact",
    ),
    "a range upside down": (
        lesson(changes={"meaning": "(When('x', 'f', 1, 0),)"}),
        10,
        "low is above high",
    ),
    "a text about no knob": (
        lesson(changes={"meaning": "(When('With {m}.'),)"}),
        2,
        "there is no knob 'm'",
    ),
    "a spread of conditions": (
        lesson(changes={"meaning": "(When('x', knobs={**KNOBS}),)"}),
        10,
        "is not a literal",
    ),
    "a mechanism about no knob": (
        lesson(changes={"mechanism": "(When('With {m}.'),)"}),
        2,
        "there is no knob 'm'",
    ),
    "an axis without a name": (
        lesson(changes={"axes": "(Axes('', 'loss'),)"}),
        10,
        "an axis has no name",
    ),
    "two axes of one plot": (
        lesson(changes={"axes": "(Axes('epoch', 'loss'), Axes('step', 'loss'))"}),
        2,
        "of the same plot",
    ),
    "an arm without its fact": (
        lesson(changes={"question": f"Question('?', 'arms', 'f', {TWO.format(low=2)})"}),
        6,
        "a fact of its own",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_lesson_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    text, line, message = BROKEN[case]
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(ContentError) as caught:
        read(file)
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == (file, line)


def test_ranges_may_share_an_end(tmp_path: Path) -> None:
    question = f"Question('?', 'choice', 'f', {TWO.format(low=2)})"
    file = tmp_path / "fine.py"
    file.write_text(lesson(changes={"question": question}))
    assert read(file) is not None


def test_a_broken_lesson_hides_no_other(install: Install) -> None:
    folder = install(
        "probes",
        {"good.py": lesson("good"), "bad.py": "LESSON = oops(", "_private.py": "LESSON = 1"},
    )
    found = catalog.read()
    assert "good" in [each.name for each in found.lessons]
    mine = [problem for problem in found.problems if problem.path.is_relative_to(folder)]
    assert [(problem.path.name, problem.line) for problem in mine] == [("bad.py", 1)]
    assert found.lesson("good").module == "probes.good"
    with pytest.raises(StudyError, match=r"There is no experiment 'god'; there is .*good"):
        found.lesson("god")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that the catalog opens."""
    names: list[str] = []
    real = tokenize.open

    def open_and_note(path: Path) -> TextIO:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(tokenize, "open", open_and_note)
    return names


def test_no_file_is_read_twice_until_it_changes(install: Install, opened: list[str]) -> None:
    folder = install("probes", {"one.py": lesson("one"), "two.py": lesson("two"), "no.py": "x = 1"})
    first = catalog.read()
    assert {"one.py", "two.py", "no.py"} <= set(opened)
    opened.clear()
    assert catalog.read() == first
    assert opened == []
    (folder / "one.py").write_text(lesson("one", {"version": "22"}))
    assert catalog.read().lesson("one").version == 22
    assert opened == ["one.py"]
    opened.clear()
    status = (folder / "two.py").stat()
    (folder / "two.py").write_text(lesson("two", {"version": "3"}))  # as long as before
    os.utime(folder / "two.py", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert catalog.read().lesson("two").version == 3
    assert opened == ["two.py"]


def test_what_could_not_be_read_is_read_again(install: Install) -> None:
    folder = install("probes", {"bad.py": "LESSON = oops("})
    for _ in range(2):
        assert "bad.py" in {problem.path.name for problem in catalog.read().problems}
    (folder / "bad.py").write_text(lesson("mended"))
    assert catalog.read().lesson("mended").module == "probes.bad"
    (folder / "bad.py").unlink()
    assert "mended" not in {one.name for one in catalog.read().lessons}
    with pytest.raises(ContentError, match="cannot be read"):
        catalog.declaration(folder / "bad.py", "probes.bad", "probes")


def test_a_package_inside_another_is_found(install: Install) -> None:
    install("outer.inner", {"good.py": lesson("good")}, distribution="nested")
    assert catalog.read().lesson("good").module == "outer.inner.good"


def test_a_name_belongs_to_one_pack_and_first_to_the_built_in(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("first", {"same.py": lesson("same")})
    folder = install("second", {"same.py": lesson("same")})
    found = catalog.read()
    assert found.lesson("same").pack == "first"
    assert [p.message for p in found.problems if p.path == folder / "same.py"] == [
        f"the name same is taken by {found.lesson('same').path}"
    ]
    monkeypatch.setattr(packs, "BUILT_IN", "second")
    assert catalog.read().lesson("same").pack == "second"


def test_an_entry_point_without_a_package_is_a_problem(install: Install) -> None:
    folder = install("gone", {})
    (folder / "__init__.py").unlink()
    folder.rmdir()
    assert "there is no package 'gone'" in " ".join(map(str, catalog.read().problems))


SCRIPT = """
import json, sys
from studyapp import packs
from studyapp.lab import catalog
found = catalog.read()
print(json.dumps([
    [[each.name, str(each.path)] for each in found.lessons if each.pack == "probes"],
    sorted({name.partition(".")[0] for name in sys.modules}),
]))
"""


def fresh(folder: Path) -> tuple[list[list[str]], list[str]]:
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=True
    )
    found, modules = json.loads(made.stdout)
    return found, modules


def test_reading_imports_no_lesson_and_nothing_heavy(install: Install, tmp_path: Path) -> None:
    text = "import torch\nraise SystemExit(1)\n" + lesson("loud")
    folder = install("probes", {"__init__.py": "raise SystemExit(1)", "loud.py": text})
    found, modules = fresh(tmp_path)
    assert found == [["loud", str(folder / "loud.py")]]
    heavy = {"probes", "lessons", "torch", "torchvision", "numpy", "sqlalchemy", "textual"}
    assert not heavy & set(modules)


def test_a_folder_in_the_working_directory_is_not_the_installed_pack(
    install: Install, tmp_path: Path
) -> None:
    folder = install("probes", {"good.py": lesson("good")})
    decoy = tmp_path / "here"
    (decoy / "probes").mkdir(parents=True)
    (decoy / "probes" / "__init__.py").touch()
    (decoy / "probes" / "evil.py").write_text(lesson("evil"))
    found, _ = fresh(decoy)
    assert found == [["good", str(folder / "good.py")]]
