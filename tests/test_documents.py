"""The pages that people read name what is there: files, functions, settings, commands, rules."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import click
import pytest
from textual.keys import format_key

import studyapp
from studyapp import config
from studyapp.commands.main import main
from studyapp.tui.keys import TABLE, Key, filled, keymap, together

HOUSE = Path(studyapp.__file__).parent
ROOT = Path(__file__).parents[1]
PAGES = ("ARCHITECTURE.md", "RULES.md")
OF_THE_LEARNER = {"packs/mine", "packs-of/NAME"}  # in the platform's data folder
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"\b(?:NAME|NNN)(?=[_.])|noun(?=\.py)")  # as in NNN_noun.py
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def code(page: str) -> list[str]:
    """What stands between backticks, fenced blocks left out."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", (ROOT / page).read_text("utf-8")))


def is_path(text: str) -> bool:
    path = text.partition("::")[0]
    return re.fullmatch(r"[\w./-]+", path) is not None and (
        "/" in path or path.endswith((".py", ".md"))
    )


def found(path: str) -> list[Path]:
    """The files or folders that *path* may mean, from studyapp/ or the root."""
    pattern = PLACEHOLDER.sub("*", path).rstrip("/")
    return [one for folder in (HOUSE, ROOT) for one in folder.glob(pattern)]


def names(nodes: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What a module or a class defines or assigns, by its name."""
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((one.id, node) for one in targets if isinstance(one, ast.Name))


@cache
def body_of(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text("utf-8")).body


def defines(body: list[ast.stmt], dotted: str) -> bool:
    """Whether a body has the name *dotted*, through classes: `Queue.next`."""
    first, _, rest = dotted.partition(".")
    return any(
        not rest or (isinstance(node, ast.ClassDef) and defines(node.body, rest))
        for name, node in names(body)
        if name == first
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_path_is_there(page: str) -> None:
    paths = {one.partition("::")[0] for one in code(page) if is_path(one)}
    assert len(paths) > 20
    assert sorted(one for one in paths - OF_THE_LEARNER if not found(one)) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_function_is_in_its_file(page: str) -> None:
    places = {one for one in code(page) if "::" in one}
    assert len(places) > 20
    lost = []
    for place in places:
        path, _, name = place.partition("::")
        files = [one for one in found(path) if one.is_file()]
        if not any(defines(body_of(one), name) for one in files):
            lost.append(place)
    assert sorted(lost) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_function_is_named_with_its_file(page: str) -> None:
    """`review.answer` alone would be a name that nothing checks."""
    bare = {one for one in code(page) if DOTTED.fullmatch(one.removesuffix("()"))}
    assert sorted(one for one in bare if not is_path(one)) == []


def test_docstrings_cite_rules_that_have_a_heading() -> None:
    headings = {
        line.removeprefix("## ").casefold()
        for line in (ROOT / "RULES.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    }
    cited = {
        (str(path.relative_to(HOUSE)), " ".join(rule.split()).casefold())
        for path in HOUSE.rglob("*.py")
        for rule in re.findall(r"\(RULES: ([^)]+)\)", path.read_text("utf-8"))
    }
    assert cited
    assert sorted(one for one in cited if one[1] not in headings) == []


def test_every_rule_ends_with_the_place_that_decides_it() -> None:
    text = (ROOT / "RULES.md").read_text("utf-8")
    rules = re.findall(r"^- (.*(?:\n  .*)*)", text, re.MULTILINE)
    place = re.compile(r"\(`[^`]+::[^`]+`(?:,\s+`[^`]+::[^`]+`)*\)$")
    assert len(rules) > 50
    assert [rule for rule in rules if place.search(rule) is None] == []


# README


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by what is typed: "lab run"."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def options(command: click.Command) -> set[str]:
    return {opt for one in command.params if isinstance(one, click.Option) for opt in one.opts}


def test_readme_has_every_setting_with_a_value_that_is_allowed() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", readme(), re.MULTILINE | re.DOTALL)
    values = tomllib.loads("\n".join(blocks))
    keymap(dict(config.parse(values, "README").keys))
    assert sorted(values) == sorted(one.name for one in fields(config.Settings))


def key_row(name: str, key: Key) -> str:
    row = [key, *(one for one in TABLE.values() if one.beside == name)]
    firsts = [format_key(one.keys.split(",")[0]) for one in row]
    alone = " ".join(map(format_key, key.keys.split(",")))
    shown = key.shown or (together(firsts) if len(row) > 1 else alone)
    return f"| `{shown}` | {filled(key.tooltip, {})} | `{name}` | {key.on} |".replace("  |", " |")


def test_readme_has_every_key_as_the_table_of_keys_has_it() -> None:
    """What stands beside another action is told of with it."""
    said = re.findall(r"^\| `[^`]+` \| .+ \| `[a-z_]+` \|.*$", readme(), re.MULTILINE)
    rows = [key_row(name, key) for name, key in TABLE.items() if key.tooltip and not key.beside]
    assert "\n".join(said) == "\n".join(rows)


def test_readme_has_every_command_and_no_other() -> None:
    known = dict(commands())
    said: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`studyapp.*?) \| .* \|$", readme(), re.MULTILINE):
        for typed in re.findall(r"`([^`]+)`", row):
            words = re.match(r"(?:studyapp)?((?: ?[a-z]+)*)", typed)
            assert words is not None, typed
            options_of = said.setdefault(words[1].strip(), set())
            options_of.update(re.findall(r"--[a-z-]+", typed))
    known[""] = main
    assert set(said) == set(known)
    wrong = {name: given - options(known[name]) for name, given in said.items()}
    assert {name: extra for name, extra in wrong.items() if extra} == {}


def test_readme_names_only_options_and_variables_that_there_are() -> None:
    every = options(main) | {opt for _, one in commands() for opt in options(one)}
    prose = FENCE.sub("", readme())
    assert sorted(set(re.findall(r"`(--[a-z-]+)", prose)) - every) == []
    sources = "".join(path.read_text("utf-8") for path in HOUSE.rglob("*.py"))
    variables = set(re.findall(r"\bSTUDYAPP_[A-Z]+\b", prose))
    assert variables
    assert sorted(one for one in variables if f'"{one}"' not in sources) == []
