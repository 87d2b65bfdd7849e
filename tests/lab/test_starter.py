"""A stranger begins with a pack that works: it is tested, installed, asked about and graded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import studyapp
from studyapp import config
from studyapp.commands.main import main
from studyapp.lab import catalog, wording
from studyapp.lab.protocol import Fact

ROOT = Path(studyapp.__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def lab(*words: str) -> Result:
    return CliRunner().invoke(main, ["lab", *words])


def test_a_new_pack_passes_its_tests_at_once_and_lacks_only_a_run(here: Path) -> None:
    made = lab("new", "two_words")
    assert made.exit_code == 0, made.output
    assert f"{here}/two_words has a pack with one experiment." in made.stdout
    assert "pip install -e ./two_words " in made.stdout
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "two_words"]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tested = subprocess.run(command, capture_output=True, text=True, env=alone)
    assert "5 passed" in tested.stdout, tested.stdout
    read = catalog.read_folder(here / "two_words")
    assert [(one.name, one.module) for one in read.lessons] == [
        ("two_words", "studyapp_two_words.two_words")
    ]
    assert read.problems == ()
    unsettled = Fact("longest", 4.0, "throws", 3.9, 4.1, 200, "student t", "200 games")
    said = wording.true_of(read.lessons[0].meaning, [unsettled], {"n": 12, "seeds": 200})
    assert said == ("The interval is about other games; one that holds 4 or 6 settles nothing.",)
    checked = lab("check", "two_words", "--json")
    assert checked.exit_code == 1
    found = json.loads(checked.stdout)
    assert (found["problems"], [one["part"] for one in found["lacks"]]) == ([], ["default"])
    assert "studyapp lab reference two_words makes one" in lab("check", "./two_words").stdout


REFUSED = {
    "Luck": "'Luck' is not a name for a pack; write lower-case letters and digits",
    "luck_": "'luck_' is not a name for a pack",
    "../luck": "'../luck' is not a name for a pack",
    "9": "'9' is not a name for a pack",
    "": "'' is not a name for a pack",
    "class": "'class' is a word of Python's own; choose another name.",
    "null": "The name 'null' is taken by",
    "there": "there is there already; nothing was written.",
    "x" * 300: "cannot be made: File name too long.",
}


def test_a_name_that_cannot_be_is_one_sentence_and_nothing_is_written(here: Path) -> None:
    (here / "there").write_text("mine")
    for name, sentence in REFUSED.items():
        refused = lab("new", "--", name)
        assert (refused.exit_code, refused.stdout) == (1, ""), name
        assert sentence in refused.stderr, name
        assert refused.stderr.count("\n") == 1, name
    assert [(path.name, path.read_text()) for path in here.iterdir()] == [("there", "mine")]


def test_a_full_disk_leaves_no_half_a_pack(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_text

    def full(path: Path, text: str, *options: str) -> int:
        if path.name == "test_luck.py":
            raise OSError(28, "No space left on device")
        return real(path, text, *options)

    monkeypatch.setattr(Path, "write_text", full)
    refused = lab("new", "luck")
    assert refused.stderr == f"Error: {here}/luck cannot be written: No space left on device.\n"
    assert list(here.iterdir()) == []


BROKEN = {
    "a lesson": ("studyapp_luck/luck.py", "def run(:\n", "luck.py:1: invalid syntax"),
    "no lesson": ("studyapp_luck/luck.py", "x = 1\n", "There is no experiment in the folder luck."),
    "no package": (
        "pyproject.toml",
        '[project.entry-points."studyapp.lessons"]\nluck = "gone"\n',
        "studyapp.lessons: there is no package 'gone'",
    ),
    "no entry point": ("pyproject.toml", "[project]\nname = 'x'\n", "pyproject.toml names no pack"),
    "a value for a table": ("pyproject.toml", "project = 1\n", "pyproject.toml cannot be read"),
    "no TOML": ("pyproject.toml", "[", "pyproject.toml cannot be read"),
}


def test_what_is_wrong_with_a_folder_is_one_sentence(here: Path) -> None:
    for case, (file, text, sentence) in BROKEN.items():
        lab("new", "luck")
        (here / "luck" / file).write_text(text)
        checked = lab("check", "luck")
        assert checked.exit_code == 1, case
        assert sentence in checked.output, case
        assert checked.output.count("\n") == 1, case
        (here / "luck").rename(here / f"broken {case}")
    assert "There is no experiment 'gone'; there is" in lab("check", "gone").stderr


def test_a_package_alone_and_one_below_src_are_found(here: Path) -> None:
    lab("new", "luck")
    package = here / "luck" / "studyapp_luck"
    assert [one.name for one in catalog.read_folder(package).lessons] == ["luck"]
    (here / "luck" / "src").mkdir()
    package.rename(here / "luck" / "src" / "studyapp_luck")
    (lesson,) = catalog.read_folder(here / "luck").lessons
    assert lesson.path.is_relative_to(here / "luck" / "src")
    assert lesson.origin  # what merely lies there is never taken for a built-in one


def test_checking_an_installed_experiment_by_its_name() -> None:
    checked = lab("check", "null")
    assert (checked.exit_code, checked.stdout) == (0, "null: nothing is missing.\n")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The Python of a fresh environment, in which there is studyapp and what it needs."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "above.pth").write_text("\n".join([str(ROOT), *filter(os.path.isdir, sys.path)]))
    return folder / "bin" / "python"


def call(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-P", "-m", *words], capture_output=True, text=True)


def install(python: Path, *what: str) -> None:
    """As `pip install` does where there is no network, and nothing but the pack is missing."""
    apart = ("--no-index", "--no-deps", "--no-build-isolation", "--no-compile")
    done = call(python, "pip", "install", *apart, *what)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_strangers_pack_asks_once_then_runs_and_is_graded(here: Path, other: Path) -> None:
    pytest.importorskip("setuptools")
    lab("new", "luck")
    install(other, "-e", "./luck")
    refused = call(other, "studyapp", "lab", "run", "luck")
    assert refused.returncode == 1
    assert "luck (distribution studyapp-luck, version 0.1) runs its own code" in refused.stderr
    install(other, "./luck")  # now as a wheel, which is all that is there from here on
    (here / "luck").rename(here / "elsewhere")
    words = ("studyapp", "lab", "run", "luck", "--predict", "more", "--trust", "--json")
    *_, last = map(json.loads, call(other, *words).stdout.splitlines())
    assert (last["event"], last["grade"]) == ("result", "right")
    assert [fact["name"] for fact in last["facts"]] == ["longest"]
    assert config.load().trusted == ("studyapp-luck 0.1",)
