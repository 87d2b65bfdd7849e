"""The house: imports run downward only, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import studyapp
from studyapp.store.tables import METADATA

ROOT = Path(studyapp.__file__).parent
LAYERS = {
    "errors": 0,
    "disk": 1,
    "garbage": 1,
    "interval": 1,
    "stream": 1,
    "config": 2,
    "packs": 2,
    "journal": 3,
    "notes": 3,
    "memory": 3,
    "lab": 4,
    "store": 4,
    "study": 5,
    "tui": 6,
    "commands": 7,
    "__main__": 8,
    "__init__": 8,
}


def name_of(path: Path) -> str:
    """The dotted name of a module; a package's `__init__` is the package."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def layer(module: str) -> int:
    parts = module.split(".")
    return LAYERS[parts[1]] if len(parts) > 1 else LAYERS["__init__"]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of studyapp that a file imports, anywhere in it: at the top, inside a function,
    for types, or by a name in quotes."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports have whole names"
            found |= {f"{node.module}.{name.name}" for name in node.names} & MODULES.keys() or {
                str(node.module)
            }
        elif isinstance(node, ast.Constant) and node.value in MODULES.keys() - {"studyapp"}:
            found.add(node.value)
    return frozenset(name for name in found if name.split(".")[0] == "studyapp")


def with_packages(names: frozenset[str]) -> set[str]:
    """Importing a module runs the `__init__` of each package around it first."""
    return {
        ".".join(parts[:end])
        for parts in (name.split(".") for name in names)
        for end in range(1, len(parts) + 1)
    }


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Modules that import each other, directly or round about."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            new = graph[ahead.pop()] - seen
            seen |= new
            ahead += new
        return seen

    ahead = {name: reached(name) for name in graph}
    found = [
        {other for other in ahead[name] if name in ahead[other]}
        for name in graph
        if name in ahead[name]
    ]
    return [one for number, one in enumerate(found) if one not in found[:number]]


def test_imports_run_downward() -> None:
    upward = [
        f"{module} imports {name}"
        for module, path in MODULES.items()
        for name in imports(path)
        if name.split(".")[1:2] != module.split(".")[1:2] and layer(name) >= layer(module)
    ]
    assert upward == []


def test_no_two_modules_import_each_other() -> None:
    graph = {
        name: (with_packages(imports(path)) & MODULES.keys()) - {name}
        for name, path in MODULES.items()
    }
    assert circles(graph) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [{"b", "c"}]


def test_screens_know_neither_the_app_nor_each_other() -> None:
    """A page names a place; shared is what pages are made of, and a part of the course is shown
    beside the whole."""
    screens = "studyapp.tui.screens."
    shared = {f"{screens}{name}" for name in ("page", "cards", "editing", "writing")}
    for name, path in MODULES.items():
        if name.startswith(("studyapp.tui.screens", "studyapp.tui.widgets")):
            known = imports(path)
            assert "studyapp.tui.app" not in known, name
            others = {other for other in known if other.startswith(screens)} - shared - {name}
            allowed = {f"{screens}section"} if name == f"{screens}tracker" else set()
            assert others <= allowed, name


def test_what_a_module_makes_of_a_table_has_its_columns() -> None:
    """An alias finds them when it is first asked, and of two threads that ask at once one may find
    half of them: a query then fails. What is made in a function is one thread's alone."""

    def bare(path: Path) -> list[int]:
        made = [one for one in ast.parse(path.read_text()).body if isinstance(one, ast.Assign)]
        nodes = [node for one in made for node in ast.walk(one.value)]
        complete = {
            id(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr == "c"
        }
        return [
            node.lineno
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("alias", "subquery", "cte")
            and id(node) not in complete
        ]

    assert {name: lines for name, path in MODULES.items() if (lines := bare(path))} == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_whose_progress_it_is_has_to_be_said() -> None:
    """`learner` stands behind the star and has no default, so nobody's rows are taken by chance."""
    found = 0
    for module, path in MODULES.items():
        for function in functions(path):
            arguments = function.args
            where = f"{module}.{function.name}"
            assert "learner" not in [one.arg for one in arguments.args], where
            for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
                if one.arg == "learner":
                    found += 1
                    assert default is None, where
    assert found > 50


PERSONAL = {  # content may have a learner, too, and have none
    table.name
    for table in METADATA.tables.values()
    if "learner_id" in table.c and not table.c.learner_id.nullable
}


def personal_names(node: ast.AST, known: set[str]) -> set[str]:
    """Names in a piece of code that stand for personal tables or their columns."""
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and one.id in known and isinstance(one.ctx, ast.Load)
    } | {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "tables"
        and one.attr in PERSONAL
    }


def test_who_looks_at_personal_rows_says_whose() -> None:
    """A function with a connection and a personal table names the learner in what it asks."""
    assert {"memory", "review", "event", "attempt", "response", "fact"} <= PERSONAL
    for module, path in MODULES.items():
        if not module.startswith(("studyapp.store.", "studyapp.study.")):
            continue
        tree = parsed(path)
        known = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and personal_names(node.value, set())
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for function in functions(path):
            asks = "connection" in ast.unparse(function)
            if asks and personal_names(function, known):
                assert "learner" in ast.unparse(function), f"{module}.{function.name}"


def by_number(tree: ast.AST) -> list[str]:
    """Orders and comparisons by the number of a row."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".order_by"):
            keys: list[ast.expr] = node.args
        elif isinstance(node, ast.Compare) and not isinstance(
            node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot
        ):
            keys = [node.left, *node.comparators]
        else:
            continue
        names = [one for key in keys for one in ast.walk(key) if isinstance(one, ast.Attribute)]
        found += [ast.unparse(node) for one in names if one.attr == "id"]
    return found


def test_nothing_goes_by_the_number_of_a_row() -> None:
    """Two databases number their rows differently, and a merged one a third way. But up to which
    row one database has told the others, or has summed, is its own business."""
    its_own = ("studyapp.store.entry", "studyapp.store.tally")
    assert by_number(ast.parse("q.order_by(a.b, review.id.desc())\nreview.id < other.id"))
    assert not by_number(ast.parse("q.order_by(note.path)\nreview.id == 1"))
    for module, path in MODULES.items():
        rooms = ("studyapp.store.", "studyapp.study.", "studyapp.commands.")
        if module.startswith(rooms) and module not in its_own:
            assert by_number(parsed(path)) == [], module


_RUNS = {  # what it is given as a command, or as values that it makes by running code
    *("eval", "exec", "os.system", "os.popen", "subprocess.getoutput", "shelve.open"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load"),
}


def runs_of_texts(tree: ast.AST) -> set[str]:
    """Calls by which a text, or a file, could be run."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            is_of_weights = name in ("torch.load", "torch.hub.load_state_dict_from_url")
            if (
                name in _RUNS
                or {"shell", "allow_pickle"} & given.keys()
                or (is_of_weights and given.get("weights_only") != "True")
            ):
                found.add(name)
    return found


def test_no_shell_sees_a_text_and_no_file_is_run() -> None:
    """Checkpoints are read as weights alone; `studyapp check --run` is the one exception."""
    for code in (
        "subprocess.run(command, shell=True)",
        "os.system(command)",
        "torch.load(path)",
        "torch.hub.load_state_dict_from_url(url, weights_only=False)",
        "np.load(path, allow_pickle=True)",
    ):
        assert runs_of_texts(ast.parse(code)), code
    assert not runs_of_texts(ast.parse("torch.load(path, weights_only=True)"))
    lessons = {path.stem: path for path in (ROOT.parent / "lessons").glob("*.py")}
    found = {name: runs_of_texts(parsed(path)) for name, path in {**MODULES, **lessons}.items()}
    assert {name: calls for name, calls in found.items() if calls} == {
        "studyapp.commands.drawer": {"eval", "exec"}
    }


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
        (
            "import studyapp.tui.app, studyapp.tui.start",
            {"sqlalchemy", "fsrs", "markdown_it", "yaml", "pylatexenc", "studyapp.journal"},
        ),
        (  # the counts of Today
            "import studyapp.study.library, studyapp.study.today",
            {"sqlalchemy.dialects.postgresql", "studyapp.notes.markdown", "studyapp.store.sync"},
        ),
        ("import studyapp.tui.start", {"textual", "sqlalchemy", "click"}),
        ("import studyapp.tui.places, studyapp.tui.host", {"textual", "sqlalchemy"}),
        ("import studyapp.study.sitting", {"textual", "yaml", "studyapp.notes.plain"}),
        ("import studyapp.memory.fold", {"sqlalchemy", "textual", "markdown_it"}),
        ("import studyapp.notes.markdown", {"markdown_it", "yaml", "sqlalchemy"}),
        ("import studyapp.lab.catalog", {"sqlalchemy", "textual"}),
        (  # a fit is started by the app and made elsewhere
            "import studyapp.study.fit.adoption, studyapp.study.fit.child, studyapp.commands.fit",
            {"textual", "zstandard"},
        ),
    ],
)
def test_an_import_is_no_heavier_than_its_job(program: str, absent: set[str]) -> None:
    assert not loaded(program) & (absent | {"torch", "numpy", "lessons"})


def test_what_a_weight_of_the_memory_model_stands_for_is_known_in_two_files() -> None:
    """Another model comes in their place; no rule beyond takes a weight by its number."""
    numbered = re.compile(r"\b(?:w|weights)\[\d")
    found = {name for name, path in MODULES.items() if numbered.search(path.read_text())}
    assert found == {"studyapp.memory.model", "studyapp.memory.slopes"}


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
    names = ("protocol", "interval", "memory", "seeds")
    allowed = {f"studyapp.lab.{name}" for name in names}
    for path in (ROOT.parent / "lessons").glob("*.py"):
        assert imports(path) <= allowed, path


def test_what_lessons_share_imports_nothing_else_of_the_app() -> None:
    allowed = {"studyapp.lab.protocol", "studyapp.lab.interval"}
    assert imports(ROOT / "lab" / "seeds.py") <= allowed
