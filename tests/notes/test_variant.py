"""Variants: which one is shown, how they are written, and files of drawn ones that are broken."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.notes import check as checks
from studyapp.notes import excerpt, markdown, template, variant
from studyapp.notes.note import FileKind, Note, Point, Template, Variant
from studyapp.notes.variant import Drawn, as_line, drawn, path_beside, pick
from tests_support import START, question, questionnaire

TWO = (
    question("q1")
    + "\n\n<!-- variant -->\n\n### Where else is q1?\n\nIt is there.\n\n- [ ] it is there\n"
    "- [ ] extra: second there\n\n<!-- need: 1 -->\n<!-- source: A book -->"
)
TEMPLATE = (
    "<!-- template\n```python\na = rng.randint(1, 9)\n```\n\n### What is {{a}} squared?\n\n"
    "```python\nprint({{a}} ** 2)\n```\n\nIt is {{a ** 2}}.\n\n- [ ] {{a ** 2}}\n-->"
)


def read(*notes: str) -> tuple[tuple[Note, ...], list[str]]:
    found, problems = markdown.notes_in(
        "\n\n".join(notes) + "\n", FileKind.QUESTIONNAIRE, Path("a.md")
    )
    return found, [f"{it.line}: {it.message}" for it in problems]


@given(st.sets(st.text(min_size=1, max_size=3), max_size=20), st.binary(min_size=16, max_size=16))
def test_every_case_comes_once_in_a_round_and_the_own_text_first(
    keys: set[str], uid: bytes
) -> None:
    count = len(keys) + 1
    shown = [pick(sorted(keys), uid, turn) for turn in range(3 * count)]
    assert shown[0] is None
    assert Counter(shown) == dict.fromkeys([None, *keys], 3)
    assert shown[count:] == shown[: 2 * count]
    assert shown == [pick(sorted(keys, reverse=True), uid, turn) for turn in range(3 * count)]
    if keys:
        assert all(one != other for one, other in pairwise(shown))


def test_two_cases_alternate() -> None:
    assert [pick(["b"], bytes(16), turn) for turn in range(4)] == [None, "b", None, "b"]


def test_cards_go_through_drawn_variants_in_orders_of_their_own() -> None:
    keys = [str(seed) for seed in range(20)]
    assert len({pick(keys, bytes([card] * 16), 1) for card in range(40)}) > 10


def test_a_variant_is_a_question_with_its_own_answer_and_points() -> None:
    (note, other), problems = read(TWO, question("q2"))
    assert problems == []
    assert (note.prompt, note.answer, note.need) == ("What is q1?", "It is q1.", None)
    assert [point.text for point in note.points] == ["first of q1", "second of q1"]
    assert (note.section, note.sources, other.id) == ("1.1", ("A book",), "q2")
    (case,) = note.variants
    assert (case.key, case.prompt, case.answer) == ("b", "Where else is q1?", "It is there.")
    assert case.points == (Point("it is there"), Point("second there", extra=True))
    shown = note.shown("b")
    assert (shown.id, shown.prompt, shown.need) == ("q1", "Where else is q1?", 1)
    assert shown.points == case.points
    assert note.shown(None) is note
    assert note.shown("gone") is note


@pytest.mark.parametrize(
    ("note", "problem"),
    [
        (
            question("a") + "\n\n<!-- variant -->\n\nNo question.",
            "10: a variant begins with its question",
        ),
        (question("a") + "\n\n<!-- variant -->\n\n### B {#b}\n\nB.", "12: a variant has no id"),
        (
            question("a") + "\n\n<!-- variant -->\n\n### B\n\nB.\n\n<!-- family: x -->",
            "16: a variant has only need: and source:",
        ),
        (
            "## A {#a}\n\n- [ ] one {#one}\n\n<!-- card: items -->\n\n<!-- variant -->\n\n### B\n",
            "9: only a question that is one card has variants",
        ),
        (
            question("a") + "\n\nText <!-- variant --> within.",
            "10: a variant begins with <!-- variant -->",
        ),
        (question("a") + "\n\n<!-- variant: b -->", "10: a variant begins with <!-- variant -->"),
        (question("a") + "\n\n<!-- template ```python -->", "10: a template begins with"),
        (question("a") + f"\n\n{TEMPLATE}\n\n{TEMPLATE}", "a note has one template"),
    ],
)
def test_what_is_no_variant_is_told_with_its_line(note: str, problem: str) -> None:
    found, problems = read(note)
    assert len(found) == 1
    assert any(problem in one for one in problems), problems


def test_a_comment_in_code_is_no_variant() -> None:
    (note,), problems = read(question("a", text="```html\n<!-- variant -->\n```"))
    assert (note.variants, problems) == ((), [])
    assert "<!-- variant -->" in note.answer


def test_a_template_is_shown_to_nobody() -> None:
    (note,), problems = read(f"{question('a')}\n\n{TEMPLATE}")
    assert problems == []
    assert note.answer == "It is a."
    assert len(note.points) == 2
    assert note.template is not None
    assert note.template.line == 10
    assert template.parts(note.template).snippet == "print({{a}} ** 2)\n"


def test_a_copy_of_a_note_leaves_its_template_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    after = "<!-- variant -->\n\n### Or?\n\nThat.\n\n- [ ] that"
    path.write_text(questionnaire(f"{question('a')}\n{TEMPLATE}\n\n{after}", question("b")))
    page, problems = markdown.read(path)
    assert page is not None
    assert problems == ()
    assert excerpt.of_note(page.notes[0]) == f"{question('a')}\n\n{after}\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("```python\na = rng.randint(1, 9)\n```\n\n", "", "begins with a python block"),
        ("### What", "What", "has its question"),
        ("```python\nprint({{a}} ** 2)\n```", "print", "has one python block"),
        ("{{a ** 2}}.", "{{a **}}.", "is not Python"),
        ("rng.randint(1, 9)", "rng.randint(1, 9", "is not Python"),
        ("- [ ] {{a", "- [ ] extra: {{a", "has a core point"),
        pytest.param(
            "print({{a}}", f"print({'-' * 100_000}{{{{a}}}}", "is nested too deep", id="deep"
        ),
        ("It is", "```text\n1\n```\n\nIt is", "write no text block"),
    ],
)
def test_a_broken_template_is_told_without_running_it(
    old: str, new: str, problem: str, tmp_path: Path
) -> None:
    broken = TEMPLATE.replace(old, new, 1)
    assert broken != TEMPLATE
    path = tmp_path / "a.md"
    path.write_text(questionnaire(f"{question('a')}\n\n{broken}"))
    told = [it for it in checks.check([tmp_path], START.date()).problems if it.line == 18]
    assert any(problem in it.message for it in told), told


def test_places_have_formats_and_expressions_have_colons() -> None:
    assert template.split("x") == ("x", "")
    assert template.split("x:.2f") == ("x", ".2f")
    assert template.split("x[1:3]") == ("x[1:3]", "")
    assert template.split("x[1:3]:>4") == ("x[1:3]", ">4")


@given(
    st.text(),
    st.integers(0, 999_999),
    st.text(min_size=1).filter(str.strip),
    st.text(),
    st.lists(st.tuples(st.text("ab c\u2028🧑", min_size=1).filter(str.strip), st.booleans())),
)
def test_a_line_is_read_as_it_was_written(
    note: str, seed: int, prompt: str, answer: str, points: list[tuple[str, bool]]
) -> None:
    case = Variant(
        str(seed), prompt, answer, tuple(Point(text.strip(), extra) for text, extra in points)
    )
    line = as_line(Drawn(note, seed, "0a1b", case))
    assert line.count("\n") == 1
    found = variant._parsed(line.rstrip("\n"), Path("p"), 1)
    from studyapp.errors import printable

    if not printable(prompt).strip():
        return
    assert isinstance(found, Drawn)
    assert (found.note, found.variant.points) == (
        note,
        tuple(Point(printable(one.text), one.extra) for one in case.points),
    )
    assert found.variant.answer == printable(answer)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_of_drawn_variants_makes_a_reader_raise(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "q.md"
        path.write_text(questionnaire(question("q")))
        path_beside(path).write_bytes(data)
        page, problems = markdown.read(path)
    assert page is not None
    assert page.notes[0].variants == ()
    assert bool(data.strip()) <= bool(problems)


@pytest.mark.parametrize(
    "line",
    [
        "[" * 20_000,
        "[" * 5_000,
        "null",
        json.dumps({"note": "q"}),
        json.dumps(
            {"note": "q", "seed": True, "template": "", "question": "?", "answer": "", "points": []}
        ),
        json.dumps(
            {"note": "q", "seed": 1, "template": "", "question": "?", "answer": "", "points": [1]}
        ),
        json.dumps(
            {"note": "q", "seed": 1, "template": "", "question": " ", "answer": "", "points": []}
        ),
    ],
)
def test_a_line_that_is_no_variant_is_told_and_the_rest_is_read(line: str, tmp_path: Path) -> None:
    path = tmp_path / "q.md"
    path.write_text(questionnaire(question("q")))
    case = Variant("3", "Now?", "\x1b[31mred \ud800".encode("utf-8", "replace").decode(), ())
    path_beside(path).write_text(f"{line}\n{as_line(Drawn('q', 3, 'aa', case))}")
    found, problems = drawn(path)
    assert [it.line for it in problems] == [1]
    assert [(it.seed, it.variant.answer) for it in found] == [(3, "[31mred ?")]
    page, _ = markdown.read(path)
    assert page is not None
    assert [it.key for it in page.notes[0].variants] == ["3"]


def test_only_a_question_that_is_one_card_takes_what_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "q.md"
    path.write_text(
        questionnaire("## Which? {#q}\n\n- [ ] one {#one}\n\n<!-- section: 1.1, card: items -->")
    )
    path_beside(path).write_text(as_line(Drawn("q", 3, "aa", Variant("3", "Now?", "Yes.", ()))))
    page, _ = markdown.read(path)
    assert page is not None
    assert page.notes[0].variants == ()
    (told,) = checks.check([tmp_path], START.date()).problems
    assert "has no template" in told.message


def test_a_seed_that_is_there_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "q.md"
    line = as_line(Drawn("q", 3, "aa", Variant("3", "Now?", "Yes.", ())))
    path_beside(path).write_text(line * 2)
    found, problems = drawn(path)
    assert len(found) == 1
    assert [str(it) for it in problems] == [
        f"{path_beside(path)}:2: seed 3 of q is on line 1 already"
    ]


def test_check_measures_variants_as_it_does_answers(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    long = " ".join(["it"] * 121)
    path.write_text(
        questionnaire(
            f"{question('a')}\n\n<!-- variant -->\n\n### What else?\n\n{long}\n\n- [ ] nonsense"
        )
    )
    told = [it for it in checks.check([tmp_path], START.date()).problems if it.line == 20]
    assert any("121 words" in it.message for it in told)
    assert any("says nothing of its core point" in it.message for it in told)


def test_check_tells_what_was_drawn_and_does_not_belong(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    note = question("a", text="It is the first.").replace("1.1 -->", "1.1, tags: compute -->")
    path.write_text(questionnaire(f"{note}\n\n{TEMPLATE}"))
    page, _ = markdown.read(path)
    assert page is not None
    made = page.notes[0].template
    assert isinstance(made, Template)
    points = (Point("4"),)
    tall = Variant("2", "What?", "It is 4.\n\n" + "\n\n".join(["4"] * 12), points)
    lines = [
        Drawn("a", 1, variant.digest(made), Variant("1", "What?", "It is 4.", points)),
        Drawn("a", 2, variant.digest(made), tall),
        Drawn("a", 3, "old", Variant("3", "What?", "It is 4.", points)),
        Drawn("gone", 1, "old", Variant("1", "What?", "It is 4.", points)),
    ]
    path_beside(path).write_text("".join(map(as_line, lines)))
    told = {it.line: it.message for it in checks.check([tmp_path], START.date()).problems}
    assert told.keys() == {2, 3, 4}
    assert "takes 27 lines" in told[2]
    assert "is another now" in told[3]
    assert "has no template" in told[4]
    path_beside(path).unlink()
    (one,) = checks.check([tmp_path], START.date()).problems
    assert (one.line, "nothing is drawn" in one.message) == (made.line, True)
