"""Keyboard walks: what a learner does, key by key."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from sqlalchemy import func, select
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from screen import NARROW, arrives, hides, settled, shows, tells, until
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.database import connect
from studyapp.store.engine import reading, writing
from studyapp.study import library
from studyapp.study.sitting import Sitting
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.editor import arguments
from studyapp.tui.keys import BURST, HELD
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.help import HelpScreen
from studyapp.tui.screens.new import NewScreen
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.rewrite import RewriteScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.widgets.menu import Menu
from studyapp.tui.widgets.points import PointLine, Points
from studyapp.tui.widgets.ratings import RatingButton
from tests_support import Clock, questionnaire

SIZE = NARROW


def prompt(app: StudyApp) -> str:
    """The name of the card that is asked; nothing where none is."""
    view = app.screen.sitting.view if isinstance(app.screen, ReviewScreen) else None
    return view.note.id if view is not None else ""


def ratings(app: StudyApp) -> list[Rating]:
    """What the sitting that is on the screen has taken, the newest last."""
    assert isinstance(app.screen, ReviewScreen)
    return [done.rating for done in app.screen.sitting.done]


async def asks(pilot: Pilot[None], name: str, rated: int | None = None) -> None:
    """Wait until all is done, then for a card to be asked, with so many ratings kept."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    await settled(pilot)
    await until(
        pilot,
        lambda: prompt(app) == name and rated in (None, reviews(app)),
        what=lambda: f"the card {name}, {rated} rated; here is {prompt(app)!r}, {reviews(app)}",
    )


async def reaches(pilot: Pilot[None], name: str) -> None:
    """Bury what comes before a card."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    await settled(pilot)
    while prompt(app) != name:
        await pilot.press("minus")
        await settled(pilot)


def reviews(app: StudyApp) -> int:
    assert app.desk is not None
    with reading(app.desk.engine) as connection:
        return connection.scalar(select(func.count()).select_from(tables.review)) or 0


async def test_the_first_run_ends_in_today_with_chapter_1_waiting(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await arrives(pilot, TodayScreen)
        await shows(pilot, "Chapter 1 is ready:")
        await shows(pilot, "10 cards today, about 8 minutes.")
        await pilot.press("enter")
        await asks(pilot, "t0")


async def test_a_whole_review_by_keys(make_app, open_today, clock: Clock) -> None:
    app = make_app(settings=Settings(new_a_day=5))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        for name, key in (("t0", "3"), ("t1", "4"), ("t2", "3"), ("q00", "1"), ("q01", "2")):
            await asks(pilot, name)
            await hides(pilot, "── answer")
            clock.forward(seconds=10)
            await pilot.press("space", key)
        await asks(pilot, "q00")  # its step is taken early, nothing else being due
        await pilot.press("enter", "3", "enter", "3")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "5 cards, 7 ratings, in about 1 minute.")
        assert reviews(app) == 7  # the summary comes after the last of them is kept
        await pilot.press("enter")
        await open_today(pilot)
        await arrives(pilot, TodayScreen)
        await shows(pilot, "Nothing: you are done for today.")


async def test_a_rating_needs_the_answer_first(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "3", "1", "4")
        await asks(pilot, "t0", 0)


async def test_the_buttons_show_the_intervals_they_give(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "1 again")
        shown = [str(button.content) for button in app.screen.query(RatingButton)]
        assert [text.split("\n")[0] for text in shown] == [
            "1 again",
            "2 hard",
            "3 good ◂",
            "4 easy",
        ]
        assert ["10 m" in shown[0], "15 m" in shown[1]] == [True, True]


async def test_ticks_propose_and_one_key_accepts(make_app, open_today) -> None:
    app = make_app(settings=Settings(new_a_day=9))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", *["enter", "3"] * 3, "enter")
        await asks(pilot, "q00")
        await pilot.press("enter")
        await asks(pilot, "q00", 3)  # no ticks: nothing is proposed, so nothing to accept
        await pilot.press("down", "down", "x")  # only the extra point
        await until(pilot, lambda: app.screen.query_one("#rating-1").has_class("-proposed"))
        await pilot.press("up", "x")
        await until(pilot, lambda: app.screen.query_one(Points).ticked == {0, 1})
        await until(pilot, lambda: app.screen.query_one("#rating-3").has_class("-proposed"))
        await pilot.press("enter")
        await asks(pilot, "q01", 4)
        await until(pilot, lambda: ratings(app)[-1] is Rating.GOOD)


async def to_q00(pilot: Pilot[None], open_today) -> None:
    """Rate what comes first, and reveal the first question, which has a core and an extra point."""
    await open_today(pilot)
    await pilot.press("enter", *["enter", "3"] * 3, "enter")
    await asks(pilot, "q00")


async def test_the_letter_of_a_point_ticks_it(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await to_q00(pilot, open_today)
        points = app.screen.query_one(Points)
        await pilot.press("b", "a")
        await until(pilot, lambda: points.ticked == {0, 1})
        await pilot.press("a", "e", "h")  # there is no e, and no h
        await until(pilot, lambda: points.ticked == {1})
        await pilot.press("up", "up", "x", "x")  # a tick moves on to the next point
        await until(pilot, lambda: points.ticked == {0})
        await asks(pilot, "q00", 3)


async def test_a_ninth_point_has_no_letter_and_the_cursor_ticks_it(
    make_app, open_today, only_pack: Path
) -> None:
    """`i` and what follows are other keys; maths is told of by a card that has none, too."""
    (only_pack / "1" / "jargon.md").unlink()
    points = "\n".join(f"- [ ] part {number}" for number in range(1, 10))
    (only_pack / "1" / "a.md").write_text(questionnaire(f"## Nine? {{#nine}}\n\nAll.\n\n{points}"))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await reaches(pilot, "nine")
        await pilot.press("enter")
        await shows(pilot, "h [ ] part 8", "[ ] part 9")
        await hides(pilot, "i [ ] part 9")
        await pilot.press("up", "x")
        await shows(pilot, "▸   [x] part 9")
        await pilot.press("M")
        await tells(pilot, "Maths as written, from now on; this card has none.")


async def test_letters_and_vims_hand_change_no_card(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await to_q00(pilot, open_today)
        shown = app.screen
        await pilot.press(*"abcdefghijkoprsvwxyzgG", "j", "k", "down", "up")
        await asks(pilot, "q00", 3)
        assert app.screen is shown
        await pilot.press("3")
        await asks(pilot, "q01", 4)
        await pilot.press(*"abcdefghijkoprsvwxyz")  # nor before the answer is shown
        await asks(pilot, "q01", 4)


async def test_without_a_tick_going_on_asks_for_one(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await to_q00(pilot, open_today)
        await pilot.press("space")
        # what is told covers nothing, and goes with the next key
        await shows(pilot, "What is q00?", "second of q00", "1-4, or tick what you said.", "3 good")
        await asks(pilot, "q00", 3)
        await pilot.press("down")
        await hides(pilot, "1-4, or tick")


async def test_a_card_without_points_is_good_when_one_goes_on(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "3 good ◂")
        await pilot.press("space")
        await asks(pilot, "t1", 1)
        assert ratings(app) == [Rating.GOOD]


async def test_a_key_that_is_held_down_rates_nothing(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.app.HELD", HELD)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await asks(pilot, "t0")
        for seconds, rated in ((0.0, 0), (0.03, 0), (0.06, 0), (0.3, 1)):
            key = events.Key("space", " ")
            key.time = 1000.0 + seconds
            app.post_message(key)
            await shows(pilot, "Term 1" if rated else "Meaning number 0.")
            await asks(pilot, f"t{rated}", rated)


@pytest.mark.parametrize("opens", ["enter", "c enter"])
async def test_words_that_are_typed_where_no_box_opens_are_no_commands(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch, opens: str
) -> None:
    monkeypatch.setattr("studyapp.tui.app.BURST", BURST)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        for key in opens.split():
            await pilot.press(key)
            await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        for seconds, letter in enumerate("t3a1 ", start=1):
            key = events.Key("space" if letter == " " else letter, letter)
            key.time = 1000.0 + seconds * BURST / 2
            app.post_message(key)
        await tells(pilot, "once the answer is shown.")
        await settled(pilot)
        assert reviews(app) == 0
        key = events.Key("3", "3")
        key.time = 2000.0
        app.post_message(key)
        await until(pilot, lambda: reviews(app) == 1)


async def test_keys_of_one_piece_rate_what_was_on_the_screen_and_nothing_else(
    make_app, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await asks(pilot, "t0")
        await settled(pilot)
        for key, letter in (("space", " "), ("3", "3"), *(("space", " "), ("3", "3")) * 2):
            app.post_message(events.Key(key, letter))
        app.post_message(events.Key("minus", "-"))
        await settled(pilot)
        await shows(pilot, "This was not on the screen yet when you typed that")
        await asks(pilot, "t1", 1)
        await hides(pilot, "1 again")
        assert ratings(app) == [Rating.GOOD]
        await pilot.press("space", "1")
        await asks(pilot, "t2", 2)


async def test_a_key_that_is_held_down_sets_one_card_aside(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.app.HELD", HELD)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await asks(pilot, "t0")
        for seconds in (0.0, 0.03, 0.06, 0.09):
            key = events.Key("minus", "-")
            key.time = 1000.0 + seconds
            app.post_message(key)
            await asks(pilot, "t1")
        await settled(pilot)
        await asks(pilot, "t1")


async def test_partly_said_comes_back_tomorrow_and_one_key_takes_it_back(
    make_app, open_today, only_pack: Path, clock: Clock
) -> None:
    (only_pack / "1" / "jargon.md").unlink()
    (only_pack / "1" / "a.md").write_text(
        questionnaire("## Which two? {#two}\n\nBoth.\n\n- [ ] one\n- [ ] other")
    )
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await reaches(pilot, "two")
        await pilot.press("enter", "a")
        await shows(pilot, "1 again ◂", "10 m", "2 hard", "15 m")  # it is new, and has its step
        await pilot.press("4")
        await until(pilot, lambda: reviews(app) == 1)
    clock.forward(days=60)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await reaches(pilot, "two")
        await pilot.press("t", *"Of mine", "ctrl+s")
        await shows(pilot, "1 again", "10 m")
        await pilot.press("a")
        await shows(pilot, "1 partly", "1 d  in part")
        await pilot.press("b")
        await shows(pilot, "1 again", "10 m")
        await pilot.press("b", "1")
        await until(pilot, lambda: reviews(app) == 2)
        await hides(pilot, "Which two?")
        await shows(pilot, "· 1 partly")
        assert isinstance(app.screen, ReviewScreen)
        before = app.screen.sitting.counts
        await pilot.press("u")
        await asks(pilot, "two")
        await tells(pilot, "Undone: Again.")
        assert app.screen.sitting.view is not None
        assert app.screen.sitting.view.memory.reviews == 1
        assert app.screen.sitting.counts.total == before.total + 1
        assert ratings(app) == []
        sitting = app.screen.sitting
        await pilot.press("enter")
        await shows(pilot, "Of mine", "1 partly", "a [x] ")  # as it was when it was rated
        await pilot.press("1")
        await until(pilot, lambda: len(sitting.done) == 1)
        app.open(places.Summary(sitting))
        await shows(pilot, "again    0", "partly   1")


async def test_revealing_brings_the_answer_in_sight_and_going_on_scrolls(
    make_app, open_today, only_pack: Path
) -> None:
    lines = "\n\n".join(f"Line {number} of the answer." for number in range(12))
    text = f"## Long? {{#long}}\n\n{lines}\n\n- [ ] one\n- [ ] other"
    for path in (only_pack / "1").glob("*.md"):
        path.unlink()
    (only_pack / "1" / "a.md").write_text(questionnaire(text))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"mine", "ctrl+s", "i")
        await shows(pilot, "── answer", "[ ] other", "Line 0 of the answer.")
        await hides(pilot, "Line 11 of the answer.")
        await pilot.press("space")
        await shows(pilot, "Line 11 of the answer.")
        assert reviews(app) == 0


async def test_undo_as_often_as_wanted(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "3", "enter", "1", "at", "minus")
        for name in ("q00", "t2", "t1", "t0"):
            await pilot.press("u")
            await asks(pilot, name)
        await pilot.press("u")
        await asks(pilot, "t0")
        assert ratings(app) == []


async def test_undo_after_a_restart_from_today(make_app, open_today) -> None:
    first = make_app()
    async with first.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4")
        await asks(pilot, "t1", 1)
    second = make_app()
    async with second.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("u")
        await asks(pilot, "t0")


async def test_a_typed_answer_takes_all_letters(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"ubs1", "enter", "q")
        await arrives(pilot, ReviewScreen)
        box = app.screen.query_one("#typed", TextArea)
        await until(pilot, lambda: box.text == "ubs1\nq")
        await pilot.press("escape", "t", "2", "ctrl+s")
        await shows(pilot, "Meaning number 0.")
        await shows(pilot, "ubs1")
        await pilot.press("3")
        await asks(pilot, "t1", 1)
        await until(pilot, lambda: not app.screen.query_one("#typed").display)


async def test_a_typed_answer_waits_for_its_card_until_that_is_rated(
    make_app, open_today, tmp_path: Path
) -> None:
    def kept() -> list[str]:
        return [path.read_text() for path in (tmp_path / "data").rglob("answer-*")]

    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"my words", "escape", "escape")
        await tells(pilot, "What you typed is kept until this card is rated.")
        await arrives(pilot, TodayScreen)
        await pilot.press("enter")
        await shows(pilot, "my words")
        await pilot.press("t", *" go on")
        await shows(pilot, "my words go on")
        await app.action_quit()
    assert kept() == ["my words go on"]
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "my words go on")
        await pilot.press("minus")  # buried: it is there when the card is
        await hides(pilot, "my words")
        await pilot.press("u")
        await shows(pilot, "my words go on")
        await pilot.press("enter", "3")
        await hides(pilot, "my words")
        assert kept() == []
        await pilot.press("u")  # with the card that comes back, as it was when it was rated
        await shows(pilot, "my words go on")


async def test_the_mouse_works_too(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.click("Menu", offset=(3, 0))
        await arrives(pilot, ReviewScreen)
        await pilot.press(*["enter", "3"] * 3, "enter")
        await asks(pilot, "q00", 3)
        await pilot.click(PointLine)
        await until(pilot, lambda: app.screen.query_one(Points).ticked == {0})
        await pilot.click("#rating-4")
        await asks(pilot, "q01", 4)
        await pilot.click("KeyBar", offset=(3, 0))  # the first key shown is enter
        await shows(pilot, "It is q01.")
        assert ratings(app)[-1] is Rating.EASY


async def test_suspend_bury_and_know(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        for key, following in (("minus", "t1"), ("at", "t2"), ("Y", "q00")):
            await pilot.press(key)
            await asks(pilot, following)
        await shows(pilot, "1 of 10")  # what is not learnt costs nothing of the day's ten


async def test_undo_of_known_brings_back_what_was_typed(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"my words", "escape", "Y")
        await asks(pilot, "t1")
        await hides(pilot, "my words")
        await pilot.press("u")
        await asks(pilot, "t0")
        await shows(pilot, "my words")


async def test_raw_maths_is_a_switch_and_is_kept(
    make_app, open_today, only_pack: Path, tmp_path: Path
) -> None:
    (only_pack / "1" / "a.md").write_text(
        questionnaire("## What is $\\alpha^2$? {#alpha}\n\nIt is $x_{1}$.\n\n- [ ] $x$")
    )
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        while prompt(app) != "alpha":
            await pilot.press("minus")
            await settled(pilot)
        await shows(pilot, "α²")
        await pilot.press("M")
        await shows(pilot, "$\\alpha^2$")
    kept = tmp_path / "config" / "studyapp" / "settings.toml"
    assert kept.read_text() == "raw_maths = true\n"


async def test_edit_opens_a_copy_at_its_line_and_shows_the_new_text(
    make_app, open_today, only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The editor is a real program that changes the line it is told to."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "line, path = int(sys.argv[1][1:]), pathlib.Path(sys.argv[2])\n"
        "lines = path.read_text().split('\\n')\n"
        "assert lines[line - 1].startswith('## Term 0'), lines[line - 1]\n"
        "lines[line + 1] = 'Better words.'\n"
        "path.write_text('\\n'.join(lines))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    monkeypatch.setattr(StudyApp, "suspend", lambda self: nullcontext())
    app = make_app()
    before = (only_pack / "1" / "jargon.md").read_text()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "E")
        await asks(pilot, "t0")
        await shows(pilot, "Better words.")
        await pilot.press("E")  # again: now the copy itself is edited
        await shows(pilot, "Better words.")
    assert (only_pack / "1" / "jargon.md").read_text() == before
    copies = list((tmp_path / "data" / "studyapp" / "packs" / "mine").glob("*.md"))
    assert len(copies) == 1
    assert copies[0].read_text().count("{#t0}") == 1


CHANGES = "path.write_text(text.replace('Meaning', 'My meaning'))"


@pytest.mark.parametrize(
    ("body", "told", "kept"),
    [
        (None, "'no-such-editor-at-all' could not be started", False),
        ("pass", "", False),
        ("sys.exit(1)", "ended with 1", False),
        (
            "path.write_text(text.replace('Meaning', 'My meaning')); sys.exit(3)",
            "ended with 3",
            True,
        ),
        ("path.write_text(text.replace('Meaning', 'My meaning'))", "", True),
    ],
)
async def test_a_note_is_copied_once_and_only_if_it_was_changed(
    body: str | None,
    told: str,
    kept: bool,
    make_app,
    open_today,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However the editor ends, the app comes back, and reads what was saved."""
    script = tmp_path / "editor.py"
    script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[2])\n"
                      f"text = path.read_text()\n{body}\n")  # fmt: skip
    program = f"{sys.executable} {script}" if body else "no-such-editor-at-all"
    monkeypatch.setenv("EDITOR", program)
    away: list[bool] = []

    @contextmanager
    def suspend(_: StudyApp) -> Iterator[None]:  # as Textual does it
        away.append(True)
        yield
        away.append(False)

    monkeypatch.setattr(StudyApp, "suspend", suspend)
    app, mine = make_app(), tmp_path / "data" / "studyapp" / "packs" / "mine"
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        for _ in range(2):
            await pilot.press("E")
            await settled(pilot)
            await asks(pilot, "t0")
        assert away == [True, False] * 2
        if told:
            await tells(pilot, told)
        else:
            await hides(pilot, "editor")
        await shows(pilot, "My meaning number 0." if kept else "Meaning number 0.")
    copies = [path.read_text() for path in mine.rglob("*.md")]
    assert [text.count("{#t0}") for text in copies] == ([1] if kept else [])
    assert not list((tmp_path / "data" / "studyapp" / "drafts").iterdir())


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (b"", ":1: front matter is missing"),
        (b"\xff", ":1: the byte 0xff"),
        (None, "no longer here|there is no question in this file"),
    ],
)
async def test_a_source_that_is_gone_or_cannot_be_read_is_told(
    own: bool,
    spoiled: bytes | None,
    told: str,
    make_app,
    open_today,
    only_pack: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of one's own is opened all the same, to be mended."""
    opened: list[Path] = []
    monkeypatch.setattr(
        "studyapp.tui.screens.editing.edit", lambda _, path, line: opened.append(path)
    )
    app, path = make_app(), only_pack / "1" / "jargon.md"
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        if own:
            await pilot.press("n", *"Mine?", "tab", *"So.", "ctrl+s")
            await tells(pilot, "it comes first of its new cards.")
            path = library.own_packs() / "mine" / "chapter-1-questions.md"
        await pilot.press("slash", *("mine" if own else "term 0"), "enter")
        await arrives(pilot, NoteScreen)
        if spoiled is None:
            path.write_text(path.read_text().replace("## ", "### "))
        else:
            path.write_bytes(spoiled)
        await pilot.press("E")
        await tells(pilot, f"{path}:")
        await tells(pilot, told.split("|")[-own])
    assert opened == [path] * own


async def test_a_draft_that_is_no_note_any_more_is_kept(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.py"
    script.write_text("import sys, pathlib\npath = pathlib.Path(sys.argv[2])\n"
                      "path.write_text(path.read_text() + '\\nMore.\\n\\n```\\n')\n")  # fmt: skip
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    monkeypatch.setattr(StudyApp, "suspend", lambda self: nullcontext())
    app, data = make_app(), tmp_path / "data" / "studyapp"
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "E")
        await tells(pilot, "the code fence that begins here is never closed")
        assert not (data / "packs" / "mine").exists()
        await pilot.press("E")  # it opens what was kept, and this time closes the fence
        await shows(pilot, "More.")
    assert not list((data / "drafts").iterdir())


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vi", ["vi", "+7", "a.md"]),
        ("/usr/bin/nvim -u NONE", ["/usr/bin/nvim", "-u", "NONE", "+7", "a.md"]),
        ("code", ["code", "--wait", "--goto", "a.md:7"]),
        ("hx", ["hx", "a.md:7"]),
    ],
)
def test_editors_are_told_the_line_in_their_own_way(editor: str, expected: list[str]) -> None:
    assert arguments(editor, Path("a.md"), 7) == expected


async def test_find_shows_notes_as_one_types(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"q07")
        await arrives(pilot, FindScreen)
        await shows(pilot, "1 found")
        await shows(pilot, "It is q07.")
        await pilot.press(*"zzz")
        await shows(pilot, "Nothing has all these words.")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)


async def test_find_takes_letters_that_come_in_one_piece(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("slash")
        await arrives(pilot, FindScreen)
        for letter in "what is q07":
            app.screen.query_one(Input).post_message(events.Key(letter, letter))
        await shows(pilot, "1 found")
        await shows(pilot, "It is q07.")


async def test_a_card_of_ones_own(make_app, open_today, tmp_path: Path) -> None:
    app = make_app(settings=Settings(new_a_day=99, minutes_a_day=99))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("n", "ctrl+s")
        await arrives(pilot, NewScreen)  # empty: one sentence, nothing lost
        await pilot.press(*"Why?", "tab", *"Because.", "ctrl+s")
        await open_today(pilot)
        await arrives(pilot, TodayScreen)
        await shows(pilot, "16 new")
    text = (tmp_path / "data/studyapp/packs/mine/chapter-1-questions.md").read_text()
    assert re.search(r"^## Why\? \{#my-why-[0-9a-z]{5}\}\n\nBecause\.\n", text, re.MULTILINE)


async def test_help_and_palette_know_every_key(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "question_mark")
        await arrives(pilot, HelpScreen)
        await shows(pilot, "Open the source at its line in $EDITOR")
        await pilot.press("escape", "ctrl+p")
        await pilot.press(*"bury")
        await shows(pilot, "Not today: back tomorrow")
        await pilot.press("enter")
        await asks(pilot, "t1")


async def test_open_the_next_chapter_with_one_key(make_app, open_today) -> None:
    app = make_app(settings=Settings(new_a_day=99, minutes_a_day=99))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await shows(pilot, "15 cards today")
        await pilot.press("o")
        await shows(pilot, "19 cards today")


async def test_two_windows_on_one_database(make_app, open_today) -> None:
    left, right = make_app(), make_app()
    async with left.run_test(size=SIZE) as first, right.run_test(size=SIZE) as second:
        await open_today(first)
        await open_today(second)
        await first.press("enter", "enter", "3")
        await asks(first, "t1")
        await second.press("enter")
        await asks(second, "t1")
        await second.press("enter", "3")
        await asks(second, "t2")
        await first.press("enter", "4")
        await asks(first, "t2", 2)
        await tells(first, "already rated in another window")


async def test_what_another_window_has_changed_is_told_and_one_key_repeats(
    make_app, open_today
) -> None:
    left, right = make_app(), make_app()
    async with left.run_test(size=SIZE) as first, right.run_test(size=SIZE) as second:
        await open_today(first)
        await open_today(second)
        await first.press("enter", "t", *"mine", "ctrl+s")
        await asks(first, "t0")
        await second.press("enter", "Y")
        await asks(second, "t1")
        await first.press("4")
        await tells(first, "has changed in another window")
        await asks(first, "t0", 0)
        await shows(first, "mine")
        await first.press("4")
        await asks(first, "t1", 1)


async def two_cards_a_day(pilot: Pilot[None], open_today) -> None:
    """Do the two of today, and leave Today open."""
    await open_today(pilot)
    await pilot.press("enter", "enter", "4", "enter", "4")
    await arrives(pilot, SummaryScreen)
    await pilot.press("escape")
    await shows(pilot, "you are done for today")


async def test_today_goes_on_to_the_next_day_by_itself(
    make_app, open_today, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.screens.today.A_WHILE", 0.05)
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=SIZE) as pilot:
        await two_cards_a_day(pilot, open_today)
        clock.forward(days=1)
        await shows(pilot, "Sat 21 Nov", "2 new")
        await hides(pilot, "you are done for today")


async def test_more_of_yesterday_is_no_more_of_today(make_app, open_today, clock: Clock) -> None:
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=SIZE) as pilot:
        await two_cards_a_day(pilot, open_today)
        clock.forward(days=1)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        assert app.screen.sitting.counts.new == 2


async def test_a_rating_waits_for_a_lock_without_freezing(
    make_app, open_today, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "1 again")
        other = connect(str(tmp_path / "app.db"))
        with writing(other):
            await pilot.press("3")
            await shows(pilot, "Another program is writing; waiting")
            assert prompt(app) == "t0"
            await pilot.press("question_mark")  # the app is alive
            await until(pilot, lambda: isinstance(app.screen, HelpScreen))
            await pilot.press("escape")
        other.dispose()
        await asks(pilot, "t1", 1)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.mkdir(), "is a folder; name a database file"),
        (lambda path: path.write_bytes(b"nonsense " * 999), "not a studyapp database"),
    ],
)
async def test_a_database_that_will_not_open_says_so(
    make_app, open_today, tmp_path: Path, spoil, sentence: str
) -> None:
    path = tmp_path / "bad"
    spoil(path)
    app = make_app(db=path)
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await shows(pilot, sentence)
        await until(pilot, lambda: app.failure is not None)
        await pilot.press("enter", "u", "n", "slash")  # nothing breaks
        await settled(pilot)
        await arrives(pilot, TodayScreen)


async def test_too_small_a_terminal_is_one_sentence(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(20, 5)) as pilot:
        await open_today(pilot)
        await shows(pilot, "Too small: studyapp")
        await pilot.press("enter", "enter", "3")
        await settled(pilot)
        assert isinstance(app.screen, TodayScreen)  # what is not seen takes no command
        await pilot.resize_terminal(80, 24)
        await pilot.press("enter")
        await asks(pilot, "t0", 0)


async def test_what_had_the_keys_has_them_again_after_too_small_a_window(
    make_app, open_today
) -> None:
    app = make_app()

    async def shrink_and_grow(*typed: str) -> None:
        page, focused = app.screen, app.focused
        for size in ((39, 24), (80, 11)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
        await shows(pilot, "Too small: studyapp")
        await pilot.press(*typed)
        await pilot.resize_terminal(*SIZE)
        await settled(pilot)
        assert app.focused is not None
        assert (app.screen, app.focused) == (page, focused)

    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("slash")
        await shrink_and_grow("t", "e")
        await pilot.press("r", "tab")  # behind what was typed
        await shows(pilot, "ter", "Term 0")
        await shrink_and_grow("n", "minus", "escape", "ctrl+s")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("down", "down", "shift+right")
        await shrink_and_grow()
        assert isinstance(box := app.focused, TextArea)
        assert box.selected_text == box.document.get_line(2)[:1]


async def test_content_problems_are_told_and_hide_nothing(
    make_app, open_today, only_pack: Path
) -> None:
    (only_pack / "1" / "broken.md").write_text("---\nkind: [\n---\n")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await shows(pilot, "10 cards today")
        await tells(pilot, "`studyapp check` lists each")


async def test_straight_into_a_chapter(make_app, open_today) -> None:
    app = make_app(review=True, chapter="1")
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await asks(pilot, "t0")
    unknown = make_app(review=True, chapter="9")
    async with unknown.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        assert unknown.failure == "There is no chapter 9; the nearest is 2, Chapter 2."


async def test_a_leech_is_told_against_what_was_expected(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", *["enter", "1"] * 6)
        await tells(pilot, "“What does Term 0 mean?” keeps slipping: 6 times Again")  # by its name


async def test_escape_leaves_a_sitting_with_its_summary(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "escape")
        await arrives(pilot, TodayScreen)
        await open_today(pilot)
        await pilot.press("enter", "enter", "3", "escape")
        await arrives(pilot, SummaryScreen)
        await pilot.press("y")
        await asks(pilot, "t1")


async def test_nothing_shifts_when_the_answer_appears(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await asks(pilot, "t0")
        places = [app.screen.query_one(kind).region for kind in ("#question", ".body")]
        await pilot.press("enter")
        await shows(pilot, "Meaning number 0.")
        await settled(pilot)
        assert [app.screen.query_one(kind).region for kind in ("#question", ".body")] == places


async def test_an_empty_pack_says_what_to_do(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await shows(pilot, "No content yet", "Press Q.")
        await pilot.press("n", "C", "y")  # there is nothing that they could do
        await arrives(pilot, TodayScreen)
        await hides(pilot, "Write a card", "course", "more today")


async def test_dates_that_a_wrong_clock_left_are_named_and_put_right(
    make_app, open_today, clock: Clock, tmp_path: Path
) -> None:
    """A rating in a year's time, then one with the clock right: the button says what is stored."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await hides(pilot, "redate")
        clock.forward(days=365)
        await pilot.press("enter", "enter", "3")
        await until(pilot, lambda: reviews(app) == 1)
        clock.forward(days=-365)
        await pilot.press("escape")
        await arrives(pilot, SummaryScreen)
        await pilot.press("enter")
        await shows(pilot, "1 in the future, to 20 Nov 2027")
        menu = app.screen.query_one(Menu)
        menu.highlighted = menu.get_option_index("redate")
        await pilot.press("enter")
        await hides(pilot, "in the future")
        await tells(pilot, "1 date put right; u takes it back.")
        assert list(tmp_path.glob("backups/app-*-change.zip"))
        await pilot.press("u")
        await shows(pilot, "1 in the future")
        await arrives(pilot, TodayScreen)
        await tells(pilot, "Undone: the new dates.")


@pytest.mark.parametrize(
    ("size", "meanings"),
    [
        ((60, 20), ("10 m not yet", "15 m slowly", " d knew it", " d at once")),
        (NARROW, ("10 m  not yet", "slowly", "knew it", "at once")),
        ((140, 40), ("10 m  not yet", "slowly", "knew it", "at once")),
    ],
)
async def test_what_1_to_4_mean_is_there_at_the_first_answer(
    make_app, open_today, size: tuple[int, int], meanings: tuple[str, ...]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_today(pilot)
        await shows(
            pilot,
            "Each day studyapp asks what you are about to forget.",
            "10 cards today, about 8 minutes.",
            "Think of an answer, look, and say how well you knew it.",
            "to begin.",
        )
        await hides(pilot, "Next 14 days")
        await pilot.press("enter")
        await asks(pilot, "t0")
        await hides(pilot, *meanings)
        await pilot.press("enter")
        await shows(pilot, "1 again", *meanings)


async def test_what_1_to_4_mean_is_gone_after_a_week_of_use(
    make_app, open_today, clock: Clock, tmp_path: Path
) -> None:
    for days, expect in ((6, shows), (1, hides)):
        desk, _ = library.open_study(str(tmp_path / "app.db"), Current(Settings()), clock, None)
        for _ in range(days):
            Sitting(desk).rate(Rating.EASY)
            clock.forward(days=1)
        desk.close()
        app = make_app()
        async with app.run_test(size=NARROW) as pilot:
            await open_today(pilot)
            await pilot.press("enter", "enter")
            await shows(pilot, "1 again", "slowly")
            await expect(pilot, "not yet", "knew it", "at once")
