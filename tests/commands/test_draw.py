"""`check --run`: what it draws, what it refuses, and that nothing else runs a line of a pack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from studyapp.commands import draw, drawer
from studyapp.commands.main import main
from studyapp.notes import markdown
from studyapp.notes.variant import path_beside
from tests_support import question, questionnaire

RAN = "import pathlib\npathlib.Path({path!r}).touch()\n"


def computed(
    name: str = "a",
    *,
    draws: str = "a = rng.randint(1, 99)",
    snippet: str = "print({{a}} + 1)",
    says: str = "It is {{a + 1}}.",
    conditions: str = "",
) -> str:
    after = f"```python\n{conditions}\n```\n" if conditions else ""
    return (
        f"## What is 1 + 1? {{#{name}}}\n\n```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n\n"
        "It is 2.\n\n- [ ] it is 2\n\n<!-- section: 1.1, tags: compute -->\n"
        f"<!-- template\n```python\n{draws}\n```\n\n### What is {{{{a}}}} + 1?\n\n"
        f"```python\n{snippet}\n```\n\n{says}\n\n- [ ] {says.lower().rstrip('.')}\n\n{after}-->"
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pack" / "questionnaire.md"
    path.parent.mkdir()
    path.write_text(questionnaire(computed(), question("plain", text="It is the first.")))
    return path


def check(*words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words])


def kept(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path_beside(file).read_text().splitlines()]


def problems(file: Path) -> list[str]:
    return [f"{it.path.name}:{it.line}: {it.message}" for it in draw.run(file.parent).problems]


def test_twenty_variants_are_kept_and_the_app_reads_them(file: Path) -> None:
    result = check("--run", str(file.parent))
    assert result.exit_code == 0, result.output
    assert "20 variants written" in result.stderr
    lines = kept(file)
    assert len({line["question"] for line in lines}) == 20
    page, told = markdown.read(file)
    assert page is not None
    assert told == ()
    for line, case in zip(lines, page.notes[0].variants, strict=True):
        (number,) = [
            int(word) for word in case.prompt.split() if word.isdigit() and word != "1"
        ] or [1]
        assert case.key == str(line["seed"])
        code = f"```python\nprint({number} + 1)\n```\n\n```text\n{number + 1}\n```"
        assert case.answer == f"{code}\n\nIt is {number + 1}."
        assert [point.text for point in case.points] == [f"it is {number + 1}"]
    before = path_beside(file).read_bytes()
    again = check("--run", str(file.parent))
    assert "0 variants written" in again.stderr
    assert path_beside(file).read_bytes() == before


def test_a_kept_line_that_is_not_what_is_drawn_is_told_and_drawn_again_once_deleted(
    file: Path,
) -> None:
    draw.run(file.parent)
    beside = path_beside(file)
    drawn = beside.read_text()
    lines = drawn.splitlines(keepends=True)
    value = json.loads(lines[4])
    result = value["answer"].split("```text\n")[1].split("\n")[0]
    lines[4] = lines[4].replace(f"```text\\n{result}\\n", "```text\\n7777\\n")
    lines[6] = lines[6].replace("It is", "Clearly, it is")
    beside.write_text("".join(lines))
    assert problems(file) == [
        f"{beside.name}:5: the kept result is '7777', and the snippet prints '{result}'; "
        "delete the line to draw it again",
        f"{beside.name}:7: what is kept as answer is not what the template draws; "
        "delete the line to draw it again",
    ]
    assert len(draw.run(file.parent, write=False).problems) == 2
    beside.write_text("".join(line for at, line in enumerate(lines) if at not in (4, 6)))
    (missing,) = draw.run(file.parent, write=False).problems
    assert "2 variants are not kept" in missing.message
    assert problems(file) == []
    assert beside.read_text() == drawn


def test_another_template_is_drawn_anew_and_none_takes_its_lines_along(file: Path) -> None:
    draw.run(file.parent)
    before = path_beside(file).read_text()
    file.write_text(file.read_text().replace("### What is", "### How much is"))
    assert "is another now" in check(str(file.parent)).output
    draw.run(file.parent)
    assert check(str(file.parent)).exit_code == 0
    assert path_beside(file).read_text() != before
    text = file.read_text()
    file.write_text(text[: text.index("<!-- template")] + text[text.index("## What is plain") :])
    assert "has no template" in check(str(file.parent)).output
    draw.run(file.parent)
    assert not path_beside(file).exists()


def test_a_snippet_that_prints_something_else_is_told(file: Path) -> None:
    file.write_text(file.read_text().replace("```text\n2\n", "```text\n3\n"))
    assert problems(file) == [
        f"{file.name}:9: the text says '3', and the snippet prints '2'",
    ]


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"conditions": "assert a + 1 == 3"}, "AssertionError"),
    ({"snippet": "print({{a}} + b)"}, "NameError"),
    ({"snippet": "import sys\nsys.exit(0)"}, "SystemExit"),
    ({"snippet": "{{a}}"}, "prints nothing"),
    ({"snippet": "print(float('nan'))"}, "NaN or infinity"),
    ({"snippet": "print(f'{0.125:.2f}')"}, "a rounding at .5"),
    ({"snippet": "print(round(2.5))"}, "a rounding at .5"),
    ({"snippet": "print(round(0.15, 1))"}, "a rounding at .5"),  # which is .1499999 to Python
    ({"snippet": "print(round(25, -1))"}, "a rounding at .5"),
    ({"snippet": "n = 2\nprint(f'{0.125:.{n}f}')"}, "a rounding at .5"),
    ({"snippet": "print(format(0.125, '.2f'))"}, "a rounding at .5"),
    ({"draws": "a = rng.randint(1, 99)\nb = f'{0.125:.2f}'"}, "a rounding at .5"),
    ({"snippet": "print(1 / 0)"}, "ZeroDivisionError"),
    ({"snippet": "print(chr(0xD800))"}, "UnicodeEncodeError"),
    ({"says": "It is {{a / 3}}."}, "too many digits"),
    ({"says": "It is {{(a * 0 + 1) / 8:.2f}}."}, "a rounding at .5"),
    ({"says": "It is {{rounded(a * 0 + 0.125)}}."}, "a rounding at .5"),
    ({"says": "It is {{f'{0.125:.2f}'}}."}, "a rounding at .5"),
    ({"says": "It is {{1250.0:.1e}}."}, "a rounding at .5"),
    ({"says": "It is {{0.0125:.2g}}."}, "a rounding at .5"),
    ({"says": "It is {{float('inf'):g}}."}, "NaN or infinity"),
    ({"says": "It is {{str(float('nan'))}}."}, "NaN or infinity"),
    ({"draws": "a = 1\nrequire(a > 1)"}, "a condition"),
    ({"draws": "a = 1\nrequire(apart([3, 1, 3]))"}, "a condition"),
    ({"draws": "a = rng.randint(1, 5)"}, "only 5 cases"),
    ({"draws": "a, b = 1, rng.random() < 0.5", "snippet": "print({{b}})"}, "ask the same"),
    ({"says": "## {{a}}"}, "seed 1: "),
    ({"snippet": "import os\nos._exit(3)"}, "ended its process"),
]


def test_what_is_wrong_undefined_or_ambiguous_is_refused(file: Path) -> None:
    notes = [computed(f"n{at}", **changed) for at, (changed, _) in enumerate(REFUSED)]
    file.write_text(questionnaire(*notes))
    page, _ = markdown.read(file)
    assert page is not None
    lines = [note.template.line for note in page.notes if note.template]
    told = {it.line: it.message for it in draw.run(file.parent).problems}
    assert list(told) == lines
    for line, (_, problem) in zip(lines, REFUSED, strict=True):
        assert problem in told[line]
    assert not path_beside(file).exists()


def test_a_draw_that_is_refused_is_passed_over(file: Path) -> None:
    file.write_text(questionnaire(computed(draws="a = rng.randint(1, 99)\nrequire(a % 2)")))
    ran = draw.run(file.parent)
    assert ran.problems == ()
    assert ran.written == 20
    assert ran.refused["a condition"] > 5
    assert all(int(str(line["question"]).split()[2]) % 2 for line in kept(file))


def test_code_that_does_not_end_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "_PATIENCE", 1.0)
    monkeypatch.setattr(draw, "_EACH", 0.0)
    file.write_text(file.read_text().replace("print(1 + 1)", "while True: pass"))
    told = problems(file)  # of the first, so that it is the one however late the process begins
    assert any(":9: the code did not end within 1 s" in one for one in told), told
    assert any(":24: not run: one before it" in one for one in told), told


@given(st.floats(-100, 100), st.integers(0, 3))
def test_only_what_lies_between_two_numbers_is_no_rounding(value: float, digits: int) -> None:
    from fractions import Fraction

    scaled = abs(Fraction(repr(value))) * 10**digits
    between = abs(scaled % 1 - Fraction(1, 2)) < Fraction(1, 10**8)
    if between:
        with pytest.raises(drawer.Refused):
            drawer._round(value, digits)
    elif abs(scaled % 1 - Fraction(1, 2)) > Fraction(1, 10**6):
        assert drawer._round(value, digits) == round(value, digits)
        assert float(drawer._rounded(value, digits)) == round(value, digits)


def test_numbers_are_written_as_our_text_has_them() -> None:
    told = [drawer._rounded(value) for value in (0.644, 1.5, -0.301, -0.001, 20)]
    assert told == [".64", "1.5", "-.3", "0", "20"]
    names = {"a": -3, "word": "x - 1"}
    said = drawer._in_prose("{{a}}, `{{a}}`, ${{a}}$ and {{word}}", names)
    assert said == "−3, `-3`, $-3$ and x - 1"


def test_nothing_but_run_runs_a_line_of_a_pack(
    only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither check, nor --fix, nor reading, studying or exporting it; each part of a template
    would leave a file."""
    ran = tmp_path / "ran"
    code = RAN.format(path=str(ran)).rstrip()
    path = only_pack / "1" / "questionnaire.md"
    path.write_text(
        questionnaire(
            computed(draws=f"{code}\na = rng.randint(1, 99)"),
            computed("b", snippet=f"{code}\nprint({{{{a}}}} + 1)"),
            computed("c", conditions=code),
            computed("d", says="{{__import__('pathlib').Path('" + str(ran) + "').touch()}} it is"),
            "## No id?\n\nIt is that.\n\n- [ ] that",
        )
    )
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "learner.db"))
    runner = CliRunner()
    for words in (
        ["check"],
        ["check", str(only_pack)],
        ["check", "--fix", str(only_pack)],
        ["sync"],
        ["due"],
        ["export", "--chapter", "1", str(tmp_path / "post.md")],
    ):
        runner.invoke(main, words)
    runner.invoke(main, ["review", "--plain"], input="\n3\n" * 8)
    runner.invoke(main, ["quiz", "1", "--plain"], input="it\n\nb\ng\n" * 8)
    assert not ran.exists()
    for refused in (["check", "--run"], ["check", "--run", "--fix", str(only_pack)]):
        result = runner.invoke(main, refused)
        assert "--run runs the code" in result.output
    assert not ran.exists()
    runner.invoke(main, ["check", "--run", str(only_pack)])
    assert ran.exists()


def test_what_runs_code_is_out_of_the_apps_reach() -> None:
    """Only the commands are above it, and of these only check."""
    import ast

    import studyapp

    root = Path(studyapp.__file__).parent
    runs = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("exec", "eval")
    }
    assert runs == {"commands/drawer.py"}
    naming = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "commands.draw" in path.read_text() or "import draw\n" in path.read_text()
    }
    assert naming == {"commands/content.py", "commands/draw.py", "notes/template.py"}
