"""A lesson is a program: only what is installed runs, and of others only what the learner lets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studyapp import config
from studyapp.errors import SettingError, StudyError
from studyapp.lab import catalog, runner, trust
from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Finished
from studyapp.study import library


@pytest.fixture
def foreign(probe: Callable[[str], Declaration]) -> Declaration:
    """A lesson of another distribution that nobody has been asked about."""
    probe("yield Result(({FACT},))")
    config.save(config.settings_path(), "trusted", None)
    return catalog.read().lesson("probe")


def test_a_lesson_of_another_distribution_does_not_run_unasked(foreign: Declaration) -> None:
    with pytest.raises(StudyError, match=r"probes, version 1\) runs its own code here"):
        list(runner.run(foreign, {}, "cpu"))


def test_it_runs_once_it_is_let_in_that_version(foreign: Declaration) -> None:
    current = config.Current(config.Settings())
    trust.trust(foreign, current)
    trust.trust(foreign, current)
    assert config.load().trusted == ("probes 1",)
    assert isinstance(list(runner.run(foreign, {}, "cpu"))[-1], Finished)
    (info,) = Path(foreign.path).parents[1].glob("*.dist-info/METADATA")
    info.write_text(info.read_text().replace("Version: 1", "Version: 2"))
    with pytest.raises(StudyError, match="version 2"):
        trust.check(catalog.read().lesson("probe"))


def test_the_built_in_lessons_need_no_word() -> None:
    for lesson in catalog.read().lessons:
        assert not lesson.origin
        trust.check(lesson)


def test_a_folder_of_content_brings_no_lesson(foreign: Declaration) -> None:
    names = [lesson.name for lesson in catalog.read().lessons]
    for folder in (library.own_packs() / "mine", library.own_packs() / "other" / "lessons"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("raise SystemExit('run')")
        (folder / "evil.py").write_text(foreign.path.read_text().replace('"probe"', '"evil"'))
        info = folder / "evil-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[studyapp.lessons]\nevil = evil\n")
    assert library.own_roots(library.own_packs())
    assert [lesson.name for lesson in catalog.read().lessons] == names


def test_what_is_trusted_is_a_list_of_names() -> None:
    with pytest.raises(SettingError, match="list of names"):
        config.parse({"trusted": "probes 1"}, "settings.toml")
