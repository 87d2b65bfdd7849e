"""Writes small packs of lessons that are installed as real ones are, and end at once."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import studyapp
from studyapp import config
from studyapp.lab.catalog import Declaration, declaration

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

ROOT = Path(studyapp.__file__).parents[1]
HEAD = "from studyapp.lab.protocol import *\n"
TAIL = """
LESSON = Lesson(
    name="{name}",
    version=3,
    title="A probe",
    question=Question("How many?", "number", "count"),
    knobs=(Knob("n", "int", 5, 1, 100), Knob("seeds", "int", 4, 1, 64, gpu=32)),
    topics=("probes",),
    run=run,
)
"""
FACT = 'Fact("count", 5, "points", 4, 6.5, 4, "student t", "4 draws")'


def source(body: str, name: str = "probe") -> str:
    """Return a lesson whose run has *body*; {FACT} in it is a fact."""
    body = textwrap.indent(textwrap.dedent(body).replace("{FACT}", FACT), "    ")
    return f"{HEAD}\ndef run(knobs, device, seed):\n{body}\n{TAIL.format(name=name)}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for installed packages, on the path of this process and of its children."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    return folder


@pytest.fixture
def install(site: Path) -> Callable[..., Path]:
    """Install a pack: its entry point, and a package with the given files."""

    def write(package: str, files: dict[str, str], distribution: str | None = None) -> Path:
        name = distribution or package
        info = site / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[studyapp.lessons]\n{package} = {package}\n")
        folder = site.joinpath(*package.split("."))
        folder.mkdir(parents=True)
        for file, text in ({"__init__.py": ""} | files).items():
            (folder / file).write_text(text)
        return folder

    return write


@pytest.fixture
def probe(install: Callable[..., Path]) -> Callable[[str], Declaration]:
    """Install one lesson whose run has the given body, let it run, and return its declaration."""

    def make(body: str) -> Declaration:
        config.save(config.settings_path(), "trusted", ("probes 1",))
        folder = install("probes", {"probe.py": source(body)})
        lesson = declaration(folder / "probe.py", "probes.probe", "probes")
        assert lesson is not None
        return lesson

    return make
