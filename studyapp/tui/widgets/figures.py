"""The facts of a run as a table: what was measured, what it varies over, and another run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from studyapp.lab.protocol import Fact
from studyapp.study.lab.facts import measured, named
from studyapp.tui.row import Row

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
        others, is_beside = self._others(width - names - values - 2 * _GAP)
        lines = []
        if others:
            head = "".ljust(names + _GAP) + "this run".ljust(values + _GAP)
            lines = _hung(f"{'Beside' if is_beside else 'Below'} it: {self._whose}", width)
            if is_beside and len(head + self._whose) <= width:
                lines = [Content(head + self._whose)]
            lines = [line.stylize("dim") for line in lines]
        for varies, group in _by_scatter(self._facts):
            for fact in group:
                name, value = self._head(fact, names), self._value(fact)
                other = Content.styled(others.get(fact.name, ""), "dim")
                if other and is_beside:
                    value = value.pad_right(values - value.cell_length + _GAP) + other
                elif other:
                    value = Content("\n").join([value, other])
                lines += Row(name, value).lines(width)
            lines += [line.stylize("dim") for line in _hung(_over(varies, group), width)]
        if any(fact.low is not None for fact in self._facts):
            lines += [line.stylize("dim") for line in _hung(_READ, width)]
        return lines

    def _others(self, room: int) -> tuple[dict[str, str], bool]:
        """The other run's figures, whose units stand beside them, and whether there is *room* for
        them in one column: for as much of each as fits, else each stands below its own."""
        texts = {
            fact.name: measured(fact).replace(f" {fact.unit}".rstrip(), "", 1)
            for fact in self._beside.values()
            if any(own.name == fact.name for own in self._facts)
        }
        short = {name: text.partition(" [")[0] for name, text in texts.items()}
        for fitting in (texts, short):
            if room >= max(map(len, fitting.values()), default=0):
                return fitting, True
        return texts, False

    def _head(self, fact: Fact, names: int) -> Content:
        mark = "▸ " if fact.name == self._deciding else "  "
        return Content.assemble((mark, "$text-accent"), _name(fact).ljust(names - 2 + _GAP))

    def _value(self, fact: Fact) -> Content:
        return Content.styled(measured(fact), "bold" if fact.name == self._deciding else "")


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
