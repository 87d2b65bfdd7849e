"""The trial on one's own memory, from the keyboard: begun in the lab, kept to in the review."""

from __future__ import annotations

from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, WIDE, arrives, both, hides, shows, tells
from studyapp.interval import LEAST_FREEDOM
from studyapp.memory.state import Rating
from studyapp.store import entry, log
from studyapp.store.memory import read_memory
from studyapp.study import pause, review
from studyapp.study.trial import course, roster
from studyapp.study.trial.course import Trial
from studyapp.study.trial.form import PRETEST, TYPING, Form
from studyapp.tui import places
from studyapp.tui.screens.lab import LabScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.screens.trial import TrialScreen
from tests_support import question, questionnaire

SIZES = ((60, 20), NARROW, WIDE)
CARDS = LEAST_FREEDOM + 3  # one of which may be left out
ASKED = "the trial asks for it in writing"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A chapter of as many questions as a trial needs, and one more."""
    root = tmp_path / "content"
    root.mkdir()
    notes = [question(f"q{number:02}") for number in range(CARDS)]
    (root / "questionnaire.md").write_text(questionnaire(*notes))
    return root


def begin(app, form: Form = TYPING) -> None:
    """Begin a trial whose uid, and so what it deals, is the same in every run."""
    with app.desk.writing() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "new_uid", lambda: bytes(16))
        cards = roster.propose(connection, form, app.clock(), app.desk.settings, learner=1)
        answer = form.question.choices[0].text
        course.begin(connection, form, cards, answer, 0.8, app.clock(), learner=1)


def read(app) -> Trial:
    with app.desk.reading() as connection:
        return course.read(connection, learner=1) or pytest.fail("there is no trial")


def finish(app) -> None:
    """Meet every card, and ask all but the last after more than a week: typed 11 of 12 are
    remembered, in the head 4 of 10."""
    dealt = read(app).dealt
    arms = [[uid for uid, arm in dealt.items() if arm is one] for one in TYPING.arms]
    lost = {arms[0][0], *arms[1][4:]}
    for forgotten, asked in ((set[bytes](), dealt), (lost, {*dealt} - {arms[1][-1]})):
        with app.desk.writing() as connection:
            for uid, number in entry.cards_of(connection, asked, learner=1).items():
                seen = read_memory(connection, number, learner=1).last_review
                rating = Rating.AGAIN if uid in forgotten else Rating.GOOD
                review.answer(connection, number, seen, rating, app.clock(), learner=1)
        app.clock.forward(days=8)


async def test_a_trial_is_predicted_begun_and_left_by_keys(
    make_app, open_today, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("l")
        await arrives(pilot, LabScreen)
        await pilot.press("end")
        await shows(pilot, TYPING.title, "not begun: what do you predict?")
        await hides(pilot, "v code", "H runs")
        await pilot.press("enter")
        await arrives(pilot, TrialScreen)
        await shows(pilot, f"{CARDS} new cards: it would find a difference of", "⏎ begin")
        await hides(pilot, "stop", "leave out")
        await pictures(pilot, sizes=SIZES, name="before-")
        await pilot.resize_terminal(*SIZES[0])
        await hides(pilot, "tell the two kinds apart")
        await pilot.press("pagedown")
        await shows(pilot, "tell the two kinds apart")
        await pilot.press("tab")
        await shows(pilot, "2 of 2; tab shows: Does typing")
        await pictures(pilot, sizes=SIZES, name="other-")
        await pilot.press("down", "shift+tab", "enter")
        await tells(pilot, "Predict first")
        await pilot.press("down", "right", "enter")
        await tells(pilot, "Begun: the review asks as each card was dealt; u takes it back.")
        await shows(
            pilot, "Begun today; you said: typed, 55% sure.", f"Too few to tell: 0 of {CARDS}"
        )
        await hides(pilot, "other arm", "leave out")
        await pilot.press("enter")  # which was pressed twice
        await pictures(pilot, sizes=SIZES, name="running-")
        await pilot.press("down", "at")
        await tells(pilot, "Left out; u takes it back.")
        await shows(pilot, "1 left out.")
        await hides(pilot, "What is q00?")
        await pilot.press("enter")
        await tells(pilot, "from now on; u takes it back.")
        await shows(pilot, "1 left out and 1 given the other arm.")
        await pilot.press("u")
        await tells(pilot, "Undone: the trial's other way to answer.")
        assert not read(app).changed
        for change in (pause.pause, pause.resume):
            with app.desk.writing() as connection:
                change(connection, None, app.clock(), learner=1)
            await pilot.press("escape", "enter")
            held = change is pause.pause
            await (shows if held else hides)(pilot, "It waits for", "What is q01? (does not come)")
        await pilot.press("ctrl+n")
        await tells(pilot, "Stopped; u takes it back.")
        await shows(pilot, "never analysed", f"{CARDS} new cards: it would")
        await pilot.press("u")
        await shows(pilot, "Too few to tell", "1 left out.")
        await pilot.press("escape")
        await shows(pilot, f"Too few to tell: 0 of {CARDS}")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)


async def test_the_review_asks_for_writing_and_keeps_what_was_left(
    make_app, open_today, pictures: Pictures
) -> None:
    """Side by side, of two cards one is to be typed: of four that are, the first is left empty."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        begin(app)
        await pilot.press("enter")
        await arrives(pilot, ReviewScreen)
        typed = 0
        for number in range(1, 5):
            await shows(pilot, f"{number} of")
            if ASKED not in both(pilot):
                await pilot.press("enter")
            elif not typed:
                await pictures(pilot, sizes=SIZES[:2])
                await pilot.press("escape", "enter")
            else:
                await pilot.press(*"it is", "ctrl+s")
            typed += ASKED in both(pilot)
            await shows(pilot, "3 good")
            await pilot.press("3")
        await shows(pilot, "5 of")
        assert typed == 2
        assert len(read(app).left) == 1


async def test_a_new_card_is_guessed_first_or_read_first_and_counts_the_same(
    make_app, open_today, pictures: Pictures
) -> None:
    """Side by side, of two cards one has each; neither is rated, ticked or known."""
    app = make_app()
    guess, counts = (
        "asks for a guess, however wrong",
        "counts as Again, and is asked in 10 minutes.",
    )
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        begin(app, PRETEST)
        await pilot.press("enter")
        await arrives(pilot, ReviewScreen)
        arms = list[str]()
        for number in (1, 2):
            await shows(pilot, f"{number} of", "What is")
            await shows(pilot, *(["go on"] if counts in both(pilot) else [guess, "show answer"]))
            arms.append("read" if counts in both(pilot) else "guessed")
            if arms[-1] == "guessed":
                await pilot.press("t")  # typing would be the other trial
                await hides(pilot, "t type", "^s")
                await pictures(pilot, sizes=SIZES[:2], name="asked-")
                await pilot.press("enter")
            await shows(pilot, "first of q", counts, "⏎ go on")
            await pictures(pilot, sizes=SIZES[:2], name=f"{arms[-1]}-")
            await pilot.press("Y", "3", "a", "x")
            await pilot.click("PointLine")
            await hides(pilot, "[x]", "[ ]", "3 good")
            await pilot.press("enter")
        assert sorted(arms) == ["guessed", "read"]
        await shows(pilot, "3 of")
        await hides(pilot, "again")
        await pilot.press("u")
        await tells(pilot, "Undone: Again.")
        await shows(pilot, "2 of")
        assert len(read(app).left) == 1
        with app.desk.writing() as connection:  # as another window does
            course.stop(connection, app.clock(), learner=1)
        await pilot.press(*["enter"] * (1 if counts in both(pilot) else 2))
        await tells(pilot, "The trial does not wait for this card any more: rate it yourself.")
        await shows(pilot, "3 good", "a [ ]")
        await hides(pilot, counts)
        await pilot.press("3")
        await shows(pilot, "3 of", "⏎ show answer")
        await hides(pilot, guess)


async def test_the_result_is_told_at_the_end(make_app, open_today, pictures: Pictures) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        begin(app)
        finish(app)
        app.open(places.Trial())
        await arrives(pilot, TrialScreen)
        await pilot.press("down")
        await shows(pilot, "leave out")
        await hides(pilot, "other arm")  # it is asked as all are by now
        await pilot.press("at")
        await tells(pilot, "It is the last: the trial is over then, for good. @ again, to be sure.")
        await pilot.press("at")
        await tells(pilot, "Left out: the trial is over.")
        await hides(pilot, "u undo")
        await shows(
            pilot,
            "typed against in the head: +52 points [",
            "Typed: 11 of 12 remembered.",
            "In the head: 4 of 10 remembered, 1 not asked.",
            "You said: typed, 80% sure: right",
        )
        await pictures(pilot, sizes=SIZES)
