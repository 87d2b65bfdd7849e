"""What the ticked points propose. The learner decides; nothing is graded without them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from studyapp.memory.state import Rating
from studyapp.notes.note import Point


def complete(points: Sequence[Point], ticked: Collection[int], need: int | None = None) -> bool:
    """Whether the ticks (indices into *points*) cover what a full answer says: every core point,
    or any *need* of them."""
    core = [index for index, point in enumerate(points) if not point.extra]
    covered = sum(index in ticked for index in core)
    return covered >= (len(core) if need is None else min(need, len(core)))


def propose(
    points: Sequence[Point], ticked: Collection[int], need: int | None = None
) -> Rating | None:
    """Again if a core point is missing, Good if none is, nothing without ticks.

    Hard and Easy are never proposed: only the learner knows how it felt (RULES: grading oneself).
    """
    if not ticked:
        return None
    return Rating.GOOD if complete(points, ticked, need) else Rating.AGAIN
