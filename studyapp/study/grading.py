"""What the ticked points propose. The learner decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from studyapp.memory.state import Rating, State
from studyapp.notes.note import Point


class Grade(StrEnum):
    """How a learner judges an answer of theirs in a questionnaire."""

    MISSED = "missed"
    PARTLY = "partly"
    GOT = "got it"
    DONE = "done"  # something to do, which has no right answer


FIRM_DAYS = 7.0  # stability of what one would know again in a week
JUDGED = (Grade.MISSED, Grade.PARTLY, Grade.GOT)  # from nothing to all


def hits(points: Sequence[Point], ticked: Collection[int]) -> int:
    """How many core points are ticked; *ticked* are indices into *points*."""
    return sum(index in ticked for index, point in enumerate(points) if not point.extra)


def core(points: Sequence[Point], need: int | None = None) -> int:
    """How many core points a full answer says: all, or any *need* of them."""
    count = sum(not point.extra for point in points)
    return count if need is None else min(need, count)


def told(
    points: Sequence[Point], ticked: Collection[int], need: int | None, given: Grade
) -> tuple[int, int]:
    """How many core points a judged answer said, and of how many; (0, 0) if it tells of none:
    without ticks only a missed answer does."""
    if given not in JUDGED or not (ticked or given is Grade.MISSED):
        return 0, 0
    full = core(points, need)
    return min(hits(points, ticked), full), full


def complete(points: Sequence[Point], ticked: Collection[int], need: int | None = None) -> bool:
    """Whether the ticks cover what a full answer says."""
    return hits(points, ticked) >= core(points, need)


def partly(points: Sequence[Point], ticked: Collection[int], need: int | None = None) -> bool:
    """Whether some of what a full answer says is ticked, and not all."""
    return not complete(points, ticked, need) and hits(points, ticked) > 0


def lapses_partly(
    state: State, points: Sequence[Point], ticked: Collection[int], need: int | None = None
) -> bool:
    """Whether an Again comes back tomorrow, not in minutes: of a card in review that was partly
    said. One that is being learned has its steps, and tomorrow would be later than a Hard."""
    return state is State.REVIEW and partly(points, ticked, need)


def worth_typing(points: Sequence[Point], stability: float | None) -> bool:
    """Whether an answer is one to write down before it is looked at: it has several core points,
    and was met before, but is not firm yet. Typing beats thinking in the head there if anywhere,
    and what is firm would only take longer."""
    return stability is not None and stability < FIRM_DAYS and core(points) > 1


def propose(
    points: Sequence[Point], ticked: Collection[int], need: int | None = None
) -> Rating | None:
    """Again if a core point is missing, Good if none is; with points and no tick nothing. An answer
    without points that was read to its end was remembered.

    Hard and Easy are never proposed: only the learner knows how it felt (RULES: grading oneself).
    """
    if points and not ticked:
        return None
    return Rating.GOOD if complete(points, ticked, need) else Rating.AGAIN


def because(points: Sequence[Point], *, whole: bool) -> str:
    """Why that is proposed, in words, for an answer that was said as a *whole* or not."""
    if not points:
        return ""
    return "all core points" if whole else "point missing"


def propose_grade(
    points: Sequence[Point], ticked: Collection[int], need: int | None = None
) -> Grade | None:
    """Got it with all core points, partly with some, missed with none; with points and no tick
    nothing."""
    if points and not ticked:
        return None
    if complete(points, ticked, need):
        return Grade.GOT
    return Grade.PARTLY if partly(points, ticked, need) else Grade.MISSED
