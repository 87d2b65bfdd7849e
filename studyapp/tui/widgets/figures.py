"""The facts of a run as a table: what was measured, what it varies over, and another run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from studyapp.lab.protocol import Fact
from studyapp.study.lab.facts import measured

_GAP = 3  # cells between columns


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
        others = [measured(fact) for fact in self._beside.values()]
        room = width - names - values - 2 * _GAP
        wide = room >= max(map(len, others), default=0) and bool(others)
        lines = []
        if others:
            head = "".ljust(names + _GAP) + "this run".ljust(values + _GAP) + self._whose
            lines = [Content.styled(head if wide else f"↳ {self._whose}", "dim")]
        for varies, group in _by_scatter(self._facts):
            for fact in group:
                lines += self._row(fact, names, values, wide)
            lines += [line.stylize("dim") for line in _hung(_over(varies, group), width)]
        return lines

    def _row(self, fact: Fact, names: int, values: int, wide: bool) -> list[Content]:
        decides = fact.name == self._deciding
        other = self._beside.get(fact.name)
        row = Content.assemble(
            ("▸ " if decides else "  ", "$text-accent"),
            _name(fact).ljust(names - 2 + _GAP),
            (measured(fact).ljust(values), "bold" if decides else ""),
        )
        if other is None:
            return [row.rstrip()]
        if wide:
            return [row + Content.styled(" " * _GAP + measured(other), "dim")]
        below = f"↳ {measured(other)}".rjust(names + _GAP + len(measured(other)))
        return [row.rstrip(), Content.styled(below, "dim")]


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
    return fact.name.replace("_", " ")
