"""Where a plot puts the letters of its curves."""

from __future__ import annotations

import numpy as np

from studyapp.tui.widgets.plot import Line, letter_places


def line(*points: tuple[float, float]) -> Line:
    x, y = np.array(points, dtype=np.float64).reshape(-1, 2).T
    none = np.full(len(x), np.nan)
    return x, y, none, none


def test_a_letter_stands_at_the_end_of_its_curve() -> None:
    apart = [line((0, 1), (10, 1)), line((0, 5), (10, 5)), line()]
    assert letter_places(apart, 3, 0.5) == [1, 1, None]


def test_no_letter_hides_another() -> None:
    steps = range(0, 101, 10)
    close = [line(*((x, 1.0) for x in steps)), line(*((x, 1.01) for x in steps))]
    mark = line((90, 1.0))  # a single point, which cannot give way
    places = letter_places([*close, mark], 15, 0.5)
    ends = [
        float(one[0][at]) for one, at in zip([*close, mark], places, strict=True) if at is not None
    ]
    assert ends == [70, 50, 90]


def test_a_curve_without_a_free_point_keeps_its_end() -> None:
    assert letter_places([line((0, 1), (1, 1)), line((0, 1), (1, 1))], 5, 1) == [1, 1]
