"""The facts of a run as a table: what was measured, what it varies over, and another run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from studyapp.lab.protocol import Fact
from studyapp.study.lab.facts import measured, named

_GAP = 3  # cells between columns
_READ = "[a, b]: of 100 such runs, about 95 have the long-run value between a and b."


class Figures(Widget):
    """Shows facts as high as they need to be; `deciding` names the one that grades."""

    DEFAULT_CSS = """
    Figures { height: auto; width: 1fr; margin-top: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: Sequence[Fact] = ()
        self._deciding = ""
        self._beside: Mapping[str, Fact] = {}
        self._whose = ""

    def show(
        self,
        facts: Sequence[Fact],
        deciding: str,
        beside: Mapping[str, Fact],
        whose: str,
    ) -> None:
        """*beside* are facts of another run by name, *whose* says which."""
        facts = sorted(facts, key=lambda fact: fact.name != deciding)
        self._facts, self._deciding, self._beside, self._whose = facts, deciding, beside, whose
        self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if not self._facts or width < 8:
            return []
        names = max(len(_name(fact)) for fact in self._facts) + 2
        values = max(len(measured(fact)) for fact in self._facts)
        others = self._others(width - names - values - 2 * _GAP)
        lines = []
        if others:
            head = "".ljust(names + _GAP) + "this run".ljust(values + _GAP)
            lines = _hung(f"Beside it: {self._whose}", width)
            if len(head + self._whose) <= width:
                lines = [Content(head + self._whose)]
            lines = [line.stylize("dim") for line in lines]
        for varies, group in _by_scatter(self._facts):
            for fact in group:
                row = self._row(fact, names, values, others.get(fact.name, ""))
                lines += row.wrap(width) if len(row) > width else [row]
            lines += [line.stylize("dim") for line in _hung(_over(varies, group), width)]
        if any(fact.low is not None for fact in self._facts):
            lines += [line.stylize("dim") for line in _hung(_READ, width)]
        return lines

    def _others(self, room: int) -> dict[str, str]:
        """The other run's figures, whose units stand beside them: as much of each as there is
        room for in one column."""
        texts = {
            fact.name: measured(fact).replace(f" {fact.unit}".rstrip(), "", 1)
            for fact in self._beside.values()
            if any(own.name == fact.name for own in self._facts)
        }
        if room < max(map(len, texts.values()), default=0):
            texts = {name: text.partition(" [")[0] for name, text in texts.items()}
        return texts

    def _row(self, fact: Fact, names: int, values: int, other: str) -> Content:
        decides = fact.name == self._deciding
        row = Content.assemble(
            ("▸ " if decides else "  ", "$text-accent"),
            _name(fact).ljust(names - 2 + _GAP),
            (measured(fact).ljust(values), "bold" if decides else ""),
            (" " * _GAP + other, "dim"),
        )
        return row.rstrip()


def _by_scatter(facts: Sequence[Fact]) -> list[tuple[str, list[Fact]]]:
    """Facts whose intervals are over the same thing, in the order they came."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.varies, []).append(fact)
    return list(groups.items())


def _over(varies: str, group: Sequence[Fact]) -> str:
    between = any(fact.low is not None for fact in group)
    return f"95% intervals over {varies}" if between else f"no interval: {varies}"


def _hung(text: str, width: int) -> list[Content]:
    return [line.pad_left(2) for line in Content(text).wrap(max(width - 2, 8))]


def _name(fact: Fact) -> str:
    return named(fact.name)
