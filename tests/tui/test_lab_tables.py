"""Tables of the lab: a cell stays in its column, whatever the lesson and the window."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll

from screen import lines, until
from studyapp.lab import catalog, reference
from studyapp.lab.catalog import Declaration
from studyapp.study.lab.facts import measured
from studyapp.tui.row import aligned
from studyapp.tui.widgets.figures import Figures
from studyapp.tui.widgets.knobs import Knobs

LESSONS = [one for one in catalog.read().lessons if one.module.startswith("lessons.")]
HIGH = 120  # lines, so that all of a table is on the screen


class Tables(App[None]):
    """What is set and what was measured of one lesson, the reference beside itself."""

    def __init__(self, lesson: Declaration) -> None:
        super().__init__()
        self.facts = reference.read(reference.path(lesson))[lesson.name].facts
        self._lesson = lesson

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Knobs(self._lesson.knobs, {})
            yield Figures()

    def on_mount(self) -> None:
        other = {one.name: one for one in self.facts}
        self.query_one(Figures).show(self.facts, self.facts[0].name, other, "reference")


def row_of(seen: list[str], name: str, edge: int = 0) -> str:
    """The row of a knob or of a figure, whose names stand at the *edge* of their table."""
    return next(row for row in seen if row[edge:].startswith(name.replace("_", " ") + " "))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.name)
async def test_no_cell_of_a_table_reaches_into_the_next(lesson: Declaration) -> None:
    app = Tables(lesson)
    async with app.run_test(size=(140, HIGH)) as pilot:
        await until(pilot, lambda: "this run" in lines(app))
        seen = lines(app).splitlines()
        reasons = {row_of(seen, knob.name).index(knob.help[:12]) for knob in lesson.knobs}
        assert len(reasons) == 1
        table = seen[next(at for at, row in enumerate(seen) if "this run" in row) :]
        at, then = table[0].index("this run"), table[0].index("reference")
        for fact in app.facts:
            row = row_of(table, fact.name, 2)
            assert row[at:then].rstrip() == measured(fact)
            assert row[then - 3 : then].isspace()
            assert row[then:].split()[0] == measured(fact).split()[0]

        app.query_one(Knobs).edit()
        await until(pilot, lambda: "✓ default" in lines(app))
        seen = lines(app).splitlines()
        marks = [row_of(seen, knob.name).index("✓") for knob in lesson.knobs]
        numbers = [at for at, knob in zip(marks, lesson.knobs, strict=True) if not knob.choices]
        assert len(set(numbers)) == 1


@pytest.mark.parametrize("width", [60, 40])
async def test_where_two_columns_have_no_room_the_other_run_stands_below(width: int) -> None:
    """Each figure whole, with nothing of it at the edge of the table."""
    app = Tables(next(lesson for lesson in LESSONS if lesson.name == "null"))
    async with app.run_test(size=(width, HIGH)) as pilot:
        await until(pilot, lambda: "reference" in lines(app))
        seen = lines(app).splitlines()
        told = " ".join(" ".join(seen).split())
        for fact in app.facts:
            assert f" {measured(fact)} " in told
        below = seen[next(at for at, row in enumerate(seen) if "it: reference" in row) :]
        assert all(row.startswith(("  ", "▸")) for row in below if row.strip())


def test_the_widest_cell_sets_its_column() -> None:
    rows = aligned([("a", "first"), ("a longer one", "second"), ("b", "third")])
    told = [line.plain for row in rows for line in row.lines(80)]
    assert told == ["a             first", "a longer one  second", "b             third"]
