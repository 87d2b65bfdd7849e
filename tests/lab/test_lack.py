"""What an experiment lacks is told part by part, and nothing of it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studyapp.lab import catalog, lack, reference
from studyapp.lab.catalog import Declaration
from studyapp.lab.protocol import Fact
from studyapp.lab.reference import Reference

WHOLE = """
from studyapp.lab.protocol import *
raise SystemExit("it ran")

def run(knobs, device, seed): ...

LESSON = Lesson(
    name="whole",
    version=2,
    title="A probe",
    question=Question("How?", "choice", "gap", (Choice("less", high=0), Choice("more", 0))),
    knobs=(Knob("n", "int", 5, 1, 100, help="draws; 5 tell"), Knob("seeds", "int", 4, help="x")),
    topics=(),
    run=run,
    meaning=(When("It fell.", "gap", high=0), When("It rose.", "gap", low=0), When("Always.")),
)
"""
ARMS = '"arms", "lead_a", (Choice("less", low=0, fact="lead_a"), Choice("more", 0, fact="lead_b")))'
OF_ARMS = 'meaning=(When("a", "lead_a", low=0), When("b", "lead_b", low=0)),'
GAP = Fact("gap", 2.0, "points", 1.0, 3.0, 4, "student t", "4 draws")
KEPT = Reference(2, {"n": 5, "seeds": 4}, 0, "cpu", "3.11", None, 1, "2026-11-01", 1.0, (GAP,))


def declared(folder: Path, *changes: tuple[str, str], kept: Reference | None = KEPT) -> Declaration:
    """The lesson above with these texts replaced, and with the figures of a run beside it."""
    text = WHOLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "whole.py"
    file.write_text(text)
    (folder / reference.FILE).unlink(missing_ok=True)
    if kept is not None:
        reference.write(folder / reference.FILE, {"whole": kept})
    found = catalog.declaration(file, "pack.whole", "pack")
    assert found is not None
    return found


def told(lesson: Declaration) -> list[str]:
    return [f"{one.part}: {one.message}" for one in lack.of(lesson)]


def meaning(new: str) -> tuple[str, str]:
    start = WHOLE.index("meaning=")
    return WHOLE[start : WHOLE.index("\n", start)], new


DECLARED: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "nothing": ([], []),
    "no words": ([('"How?"', '" "')], ["question: the question has no words"]),
    "an answer without words": ([('"less"', '""')], ["question: an answer has no words"]),
    "a knob without its reason": (
        [(', help="draws; 5 tell"', "")],
        ["default: nothing says why n = 5 is a good default"],
    ),
    "no meaning": ([meaning("")], ["meaning: nothing says what a result means"]),
    "one meaning for all": (
        [meaning('meaning="So it is.",')],
        ["meaning: nothing says what it means if “less”", "meaning: nothing says what it means if"],
    ),
    "a meaning of one answer": (
        [meaning('meaning=(When("It rose.", "gap", low=0), When("Power.", "power")),')],
        ["meaning: nothing says what it means if “less” is right"],
    ),
    "a meaning of the end of an answer": (
        [meaning('meaning=(When("No.", "gap", high=-5), When("Far.", "gap", low=9)),')],
        [],
    ),
    "a meaning of what is none": ([meaning('meaning=(When("None.", "gap", 0, 0),),')], []),
    "meanings of another figure": ([meaning('meaning=(When("Power.", "power", low=0),),')], []),
    "a number needs no more than a text": (
        [
            ('"choice", "gap", (Choice("less", high=0), Choice("more", 0))', '"number", "gap"'),
            meaning('meaning="So it is.",'),
        ],
        [],
    ),
}


@pytest.mark.parametrize("case", DECLARED)
def test_what_the_declaration_lacks(case: str, tmp_path: Path) -> None:
    changes, messages = DECLARED[case]
    found = told(declared(tmp_path, *changes))
    assert len(found) == len(messages), found
    assert all(one.startswith(begun) for one, begun in zip(found, messages, strict=True)), found


ONLY_A_RUN = "default: only a run can tell whether the defaults settle the question"
RUNS: dict[str, tuple[Reference | None, list[str]]] = {
    "none": (None, [ONLY_A_RUN]),
    "of another version": (replace(KEPT, version=1), [ONLY_A_RUN]),
    "at other knobs": (replace(KEPT, knobs={"n": 6, "seeds": 4}), [ONLY_A_RUN]),
    "at a knob that is gone": (replace(KEPT, knobs={"m": 6}), [ONLY_A_RUN]),
    "with more seeds": (replace(KEPT, knobs={"n": 5, "seeds": 9}), []),
    "without the figure": (
        replace(KEPT, facts=(replace(GAP, name="rise"),)),
        ["fact: the run at the defaults measured no gap"],
    ),
    "without an interval": (
        replace(KEPT, facts=(replace(GAP, low=None, high=None),)),
        ["interval: gap has no interval"],
    ),
    "exact": (replace(KEPT, facts=(replace(GAP, low=None, high=None, method="exact"),)), []),
    "open": (
        replace(KEPT, facts=(replace(GAP, low=-1.0),)),
        ["default: the run at the defaults leaves the question open"],
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_what_only_a_run_tells_is_read_from_the_one_that_is_kept(case: str, tmp_path: Path) -> None:
    kept, messages = RUNS[case]
    found = told(declared(tmp_path, kept=kept))
    assert len(found) == len(messages), found
    assert all(one.startswith(begun) for one, begun in zip(found, messages, strict=True)), found


def test_of_several_arms_each_has_its_figure_and_its_meaning(tmp_path: Path) -> None:
    start = WHOLE.index('"choice"')
    arms = (WHOLE[start : WHOLE.index("\n", start)], f"{ARMS},")
    leads = (replace(GAP, name="lead_a"), replace(GAP, name="lead_b", value=-2, low=-3, high=-1))
    kept = replace(KEPT, facts=leads)
    assert told(declared(tmp_path, arms, meaning(OF_ARMS), kept=kept)) == []
    (one,) = told(declared(tmp_path, arms, meaning(OF_ARMS), kept=replace(kept, facts=leads[:1])))
    assert one == "fact: the run at the defaults measured no lead_b, which decides the question."
    assert len(told(declared(tmp_path, arms, kept=kept))) == 2  # they are of no arm


def test_figures_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    lesson = declared(tmp_path)
    (tmp_path / reference.FILE).write_text("[")
    (one,) = told(lesson)
    assert one.startswith(f"default: {tmp_path / reference.FILE} cannot be read")


def test_the_built_in_experiments_lack_nothing() -> None:
    assert [str(one) for lesson in catalog.read().lessons for one in lack.of(lesson)] == []
