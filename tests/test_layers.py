"""The house: imports run downward only, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import studyapp

ROOT = Path(studyapp.__file__).parent
LAYERS = {
    "errors": 0,
    "config": 1,
    "packs": 1,
    "notes": 2,
    "memory": 2,
    "lab": 3,
    "store": 3,
    "study": 4,
    "plain": 5,
    "tui": 6,
    "labcli": 6,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}


def layer(module: str) -> int:
    parts = module.split(".")
    return LAYERS[parts[1]] if len(parts) > 1 else 0


def imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module] + (
                [f"{node.module}.{name.name}" for name in node.names]
                if node.module == "studyapp"
                else []
            )
    return [name for name in found if name.startswith("studyapp.")]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.name))
def test_imports_run_downward(path: Path) -> None:
    module = ".".join(("studyapp", *path.relative_to(ROOT).with_suffix("").parts))
    for name in imports(path):
        same = name.split(".")[1] == module.split(".")[1]
        assert same or layer(name) < layer(module), f"{module} imports {name}"


def loaded(program: str) -> set[str]:
    """Modules in sys.modules after *program* in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import studyapp.commands.main", {"textual", "sqlalchemy", "fsrs", "markdown_it", "yaml"}),
        ("import studyapp.tui.app", {"sqlalchemy", "fsrs", "markdown_it", "yaml", "pylatexenc"}),
        ("import studyapp.study.sitting", {"textual", "yaml", "pylatexenc"}),
        ("import studyapp.memory.fold", {"sqlalchemy", "textual", "markdown_it"}),
        ("import studyapp.notes.markdown", {"markdown_it", "yaml", "sqlalchemy"}),
        ("import studyapp.lab.catalog", {"sqlalchemy", "textual"}),
    ],
)
def test_an_import_is_no_heavier_than_its_job(program: str, absent: set[str]) -> None:
    assert not loaded(program) & (absent | {"torch", "numpy", "lessons"})


def test_the_whole_app_never_imports_torch_or_a_lesson() -> None:
    program = (
        "import pkgutil, importlib, studyapp\n"
        "for module in pkgutil.walk_packages(studyapp.__path__, 'studyapp.'):\n"
        "    if module.name.rpartition('.')[2] not in ('__main__', 'worker', 'seeds'):\n"
        "        importlib.import_module(module.name)\n"
        "from studyapp.lab import catalog; catalog.read()\n"
    )
    modules = loaded(program)
    assert not {name for name in modules if name.split(".")[0] in ("torch", "lessons")}


def test_a_lesson_imports_only_what_is_for_lessons() -> None:
    allowed = {"studyapp.lab.protocol", "studyapp.lab.interval", "studyapp.lab.seeds"}
    for path in (ROOT.parent / "lessons").glob("*.py"):
        assert set(imports(path)) <= allowed, path


def test_what_lessons_share_imports_nothing_else_of_the_app() -> None:
    allowed = {"studyapp.lab.protocol", "studyapp.lab.interval"}
    assert set(imports(ROOT / "lab" / "seeds.py")) <= allowed
