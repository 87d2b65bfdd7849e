"""What is shown once an answer is revealed: points first, and no more than one judges by."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, lines, shows, until
from studyapp.config import Settings
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.chapter import ChapterScreen
from studyapp.tui.screens.summary import SummaryScreen
from tests_support import questionnaire

LONG = "\n\n".join(f"Line {number} of the answer." for number in range(12))
POINTS = "- [ ] one\n- [ ] other\n- [ ] extra: more"
COMPUTED = """## What is the mean of 2 and 4? {#mean}

```python
print((2 + 4) / 2)
```

```text
3.0
```

A division of whole numbers gives a float.

- [ ] 3.0

<!-- tags: compute -->"""


def only(pack: Path, text: str) -> None:
    """Leave one note in the chapter."""
    for path in (pack / "1").glob("*.md"):
        path.unlink()
    (pack / "1" / "a.md").write_text(questionnaire(text))


def note(answer: str, points: str = POINTS) -> str:
    return f"## Why? {{#why}}\n\n{answer}\n\n{points}"


def below(pilot: Pilot[None], first: str, then: str) -> bool:
    """Whether *then* stands below *first*."""
    shown = lines(pilot)
    return -1 < shown.find(first) < shown.find(then)


async def meet_again(pilot: Pilot[None], open_today) -> None:
    """Rate the only card, which comes back at once, and reveal it: it is new no longer."""
    await open_today(pilot)
    await pilot.press("enter", "space", "1", "space")
    await shows(pilot, "── answer")


async def test_a_card_that_was_met_shows_its_points_and_the_rest_on_a_key(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note("Because it is so."))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await meet_again(pilot, open_today)
        await shows(pilot, "b [ ] other", "i in full")
        await hides(pilot, "Because it is so.")
        await pilot.press("a", "b", "i")
        await shows(pilot, "b [x] other", "Because it is so.")
        assert below(pilot, "extra: more", "Because it is so.")
        await hides(pilot, "i in full")
        await pilot.press("space")  # nothing is below the fold, so this rates
        await arrives(pilot, SummaryScreen)


async def test_going_on_scrolls_through_what_was_asked_for_before_it_rates(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note(LONG))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await meet_again(pilot, open_today)
        await pilot.press("a", "b", "i")
        await shows(pilot, "── answer", "extra: more", "Line 0 of the answer.")
        await hides(pilot, "Why?", "Line 11 of the answer.")
        await pilot.press("space")
        await shows(pilot, "Line 11 of the answer.")
        await pilot.press("space")
        await arrives(pilot, SummaryScreen)


async def test_question_and_own_words_stay_above_the_points(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note(LONG, points="\n".join(f"- [ ] point {number}" for number in range(8))))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"mine", "ctrl+s")
        await shows(pilot, "Why?", "│ mine", "── answer", "h [ ] point 7")
        await pilot.press(
            "tab", "1", "t"
        )  # a box that was revealed keeps no key; the box of the next card is as high as ever
        await until(pilot, lambda: app.screen.query_one("#typed").outer_size.height == 8)


async def test_a_new_card_is_explained_at_once_where_there_is_room(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note(LONG))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "space")
        await shows(pilot, "Why?", "extra: more", "i in full")
        await hides(pilot, "Line 0 of the answer.")
        await pilot.resize_terminal(*WIDE)
        await shows(pilot, "Why?", "extra: more", "Line 11 of the answer.")
        await pilot.resize_terminal(*NARROW)
        await hides(pilot, "Line 0 of the answer.")


async def test_an_answer_without_points_is_shown_at_once(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note("Because it is so.", points=""))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await meet_again(pilot, open_today)
        await shows(pilot, "Because it is so.")
        await hides(pilot, "i in full")


async def test_a_result_is_shown_with_the_points_and_its_code_below_on_a_key(
    make_app, open_today, only_pack: Path, pictures: Pictures
) -> None:
    only(only_pack, COMPUTED)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await meet_again(pilot, open_today)
        await shows(pilot, "a [ ] 3.0", "i in full")
        await hides(pilot, "print(")
        assert lines(pilot).count("3.0") == 2  # the point and what is printed
        await pictures(pilot)
        await pilot.press("i")
        await shows(pilot, "print((2 + 4) / 2)", "gives a float.")
        assert below(pilot, "3.0", "print(")


async def test_an_acronym_with_points_says_what_it_is_short_for(
    make_app, open_today, only_pack: Path
) -> None:
    term = "## SGD {#sgd}\n\nA way to learn.\n\n- [ ] one\n\n"
    only(only_pack, term + "<!-- synonyms: stochastic gradient descent -->")
    page = only_pack / "1" / "a.md"
    page.write_text(page.read_text().replace("kind: questionnaire", "kind: jargon"))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await meet_again(pilot, open_today)
        await shows(pilot, "What does SGD mean?", "a [ ] one", "stochastic gradient descent")
        await hides(pilot, "A way to learn.")


@pytest.mark.parametrize(("wanted", "points"), [(True, 2), (True, 1), (False, 2)])
async def test_the_box_opens_by_itself_if_that_is_wanted_where_there_is_much_to_say(
    make_app, open_today, only_pack: Path, wanted: bool, points: int
) -> None:
    listed = "\n".join(f"- [ ] point {number}" for number in range(points))
    only(only_pack, note("Because.", points=listed))
    app = make_app(settings=Settings(typing_box=wanted))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "space", "1")  # a new card is not typed
        await hides(pilot, "── answer")
        await pilot.press("3")  # a letter in the box, or a rating of what is not shown yet
        await (shows if wanted and points > 1 else hides)(pilot, "│ 3")
        await pilot.press("ctrl+s" if wanted and points > 1 else "space")
        await shows(pilot, "── answer", "a [ ] point 0")


async def test_a_reference_is_shown_in_full_where_there_is_room(
    make_app, open_today, only_pack: Path
) -> None:
    only(only_pack, note(LONG))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("c")
        await arrives(pilot, ChapterScreen)
        await pilot.press("enter")
        await arrives(pilot, AttemptScreen)
        await pilot.press("space")
        await shows(pilot, "── reference", "extra: more", "i in full")
        await hides(pilot, "Line 0 of the answer.")
        await pilot.press("i")
        await shows(pilot, "── reference", "extra: more", "Line 0 of the answer.")
        assert below(pilot, "extra: more", "Line 0 of the answer.")
        await pilot.resize_terminal(*WIDE)
        await shows(pilot, "extra: more", "Line 11 of the answer.")
