"""Keyboard walks through the lab: predict, run, see, come back; four of the runs are real."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from labpack import ENOUGH, install, write_reference
from processes import gone
from recording import LAST_WORDS, Recording
from screen import arrives, hides, lines, settled, shows, tells, until, words
from studyapp import config
from studyapp.lab import runner
from studyapp.lab.catalog import Declaration
from studyapp.lab.protocol import Value
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study.lab import runs
from studyapp.study.lab.facts import Ending
from studyapp.study.trial.form import TYPING
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.help import HelpScreen
from studyapp.tui.screens.history import HistoryScreen
from studyapp.tui.screens.lab import LabScreen
from studyapp.tui.screens.lesson import LessonScreen, Phase
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.source import SourceScreen
from studyapp.tui.widgets.knobs import KnobInput
from studyapp.tui.widgets.prose import Prose
from tests_support import question, questionnaire

SIZE = (80, 40)
LEGEND = re.compile(r"(loss|error|chance) [\d.]+|(loss|chance)\W")
CITING = (
    "It stores noise: [the gap rose](fact:probe.gap) in a run of ours.\n\n"
    "Try it with few examples: [run it](lesson:probe)."
)


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    return lambda *names: install(tmp_path, monkeypatch, *names)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """How often each file is opened."""
    counts: Counter[Path] = Counter()

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def open_and_count(file: Any, *given: Any, **options: Any) -> Any:
            counts[Path(str(file))] += 1
            return real(file, *given, **options)

        return open_and_count

    for module in (io, tokenize):
        monkeypatch.setattr(module, "open", counting(module.open))
    return counts


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Play runs instead of making them: these, the newest last. `slow` waits in the middle."""
    started: list[Recording] = []

    async def start(
        lesson: Declaration, given: dict[str, Value], *, reviews: bytes | None
    ) -> Recording:
        started.append(Recording(lesson, given, waiting=lesson.name == "slow"))
        return started[-1]

    monkeypatch.setattr(runner, "start", start)
    return started


@pytest.fixture
def citing_pack(only_pack: Path) -> Path:
    """A pack whose first card cites the lesson `probe`."""
    for path in only_pack.rglob("*.md"):
        if path.name != "reading.md":
            path.unlink()
    notes = [question("overfitting", text=CITING), question("q01"), question("q02")]
    (only_pack / "1" / "questionnaire.md").write_text(questionnaire(*notes))
    return only_pack


def lesson_screen(app: StudyApp) -> LessonScreen:
    screen = next(one for one in reversed(app.screen_stack) if isinstance(one, LessonScreen))
    assert isinstance(screen, LessonScreen)
    return screen


async def explains(pilot: Pilot[None], app: StudyApp) -> None:
    """Wait until a run with a result asks what happened."""
    await until(pilot, lambda: lesson_screen(app).has_class(Phase.EXPLAINING.value))
    await settled(pilot)


async def ended(pilot: Pilot[None], app: StudyApp) -> None:
    """Wait for the end of a run, explain nothing, and wait for what is said of it."""
    done = (Phase.EXPLAINING.value, Phase.AFTER.value)
    await until(pilot, lambda: any(map(lesson_screen(app).has_class, done)))
    await settled(pilot)
    if lesson_screen(app).has_class(Phase.EXPLAINING.value):
        await pilot.press("escape")
    await until(pilot, lambda: lesson_screen(app).has_class(Phase.AFTER.value))
    await settled(pilot)


async def at_the_first(pilot: Pilot[None], *keys: str) -> None:
    """Open the first experiment from Today and, once it is there, press these keys."""
    await pilot.press("l")
    await arrives(pilot, LabScreen)
    await pilot.press("enter")
    await arrives(pilot, LessonScreen)
    await pilot.press(*keys)


async def drawing(pilot: Pilot[None]) -> None:
    """Wait for the legend of a plot: some of the run is on the screen."""
    await until(pilot, lambda: LEGEND.search(lines(pilot)))


async def offers(pilot: Pilot[None], action: str, told: bool) -> None:
    """Wait until a key of the experiment does this, or no longer does it."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    await settled(pilot)
    await until(
        pilot,
        lambda: bool(lesson_screen(app).check_action(action, ())) is told,
        what=f"{action}: {told}",
    )


def history(app: StudyApp, lesson: str) -> tuple[runs.Run, ...]:
    assert app.desk is not None
    with reading(app.desk.engine) as connection:
        return runs.history(connection, lesson, learner=1)


async def test_predict_run_and_read_the_result(
    make_app, open_today, lessons, opened: Counter[Path]
) -> None:
    package = lessons("probe", "slow")
    write_reference(package, "probe")
    opened.clear()
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("l")
        await arrives(pilot, LabScreen)
        await pilot.press("escape", "l")
        await arrives(pilot, LabScreen)
        read = {path.name: opened[path] for path in package.iterdir() if opened[path]}
        assert read == {"probe.py": 1, "slow.py": 1}  # the lab twice, and no file twice
        await shows(pilot, "not run yet: what do you predict?")
        await shows(pilot, "goes with cards on overfitting, early stopping")
        await pilot.press("enter")
        await shows(pilot, "reference run: 6 s on a CPU")
        await shows(pilot, "How sure?")
        await pilot.press("enter")
        await tells(pilot, "Predict first")
        await settled(pilot)
        assert history(app, "probe") == ()
        await pilot.press("up", *["right"] * 9, "enter")
        await ended(pilot, app)
        await shows(pilot, "You said higher (75% sure). Right.")
        await shows(pilot, "Right at 75% sure costs 0.06 (0 at best, 1 if sure and wrong)")
        await hides(pilot, "All so far")  # of one alone that would be the same once more
        await shows(pilot, "▸ gap")
        await shows(pilot, "+4.7 points [3.9, 5.5]")
        await shows(pilot, "+5.0 [4.2, 5.8]")  # the reference, beside it
        await shows(pilot, "95% intervals over 32 draws of data and start")
        await shows(pilot, "each of them costs it on new data. Next. Set n to 9")
        await offers(pilot, "card", True)
        await pilot.press("n")
        await tells(pilot, "A card of it is made; it comes up on 18 Dec.")
        await offers(pilot, "card", False)
        await shows(pilot, "A card of it is made; it comes up on 18 Dec; n shows it.")
        await pilot.press("n")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "due in 28 d, on Fri 18 Dec")
        await pilot.press("escape")
        await shows(pilot, "n shows it.")
        await pilot.press("H")
        await arrives(pilot, HistoryScreen)
        await shows(pilot, "20 Nov 09:00")
        await shows(pilot, "Your predictions, all experiments: right in 1 of 1")
        await pilot.press("escape", "v")
        await arrives(pilot, SourceScreen)
        await shows(pilot, "from studyapp.lab.protocol import")
        await pilot.press("escape", "escape")
        await arrives(pilot, LabScreen)
        await shows(pilot, "20 Nov: you said higher (75% sure); right. Gap is +4.7 points")
        await shows(pilot, "Right in 1 of 1, where your confidence")
        await pilot.press("escape")
        await open_today(pilot)
        await shows(pilot, "probe on 20 Nov: you were right")
        (kept,) = history(app, "probe")
    assert kept.outcome is Ending.RESULT
    assert kept.prediction is not None
    assert kept.prediction.prediction.naive
    assert kept.prediction.score == pytest.approx(0.0625)


async def test_code_of_another_distribution_runs_once_the_learner_lets_it(
    make_app, open_today, lessons, recorded: list[Recording]
) -> None:
    lessons("probe")
    config.save(config.settings_path(), "trusted", None)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        app.open(places.Lesson(app.catalog.lesson("probe")))
        await settled(pilot)
        await pilot.press("up", "enter")
        await shows(pilot, "probe (distribution probes, version 1) runs its own code here")
        assert recorded == []
        await pilot.press("enter")
        await until(pilot, lambda: recorded)
        await ended(pilot, app)
    assert config.load().trusted == ("probes 1",)


@pytest.mark.usefixtures("recorded")
async def test_the_source_tells_what_results_mean_only_after_one(
    make_app, open_today, lessons
) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=(112, 60)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "v")
        await arrives(pilot, SourceScreen)
        await shows(pilot, "def run(knobs, device, seed)")
        await shows(pilot, "follows once you have a result")
        await hides(pilot, "The network stored the wrong labels")
        await pilot.press("escape", "up", "enter")
        await ended(pilot, app)
        await pilot.press("v")
        await arrives(pilot, SourceScreen)
        await pilot.press("end")
        await shows(pilot, "The network stored the wrong labels")


@pytest.mark.usefixtures("recorded")
async def test_a_result_is_read_from_the_top(make_app, open_today, lessons) -> None:
    """Verdict and plot on the first screenful, and each figure once; `space` shows the rest."""
    lessons("probe")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await shows(pilot, "↑ loss", "train loss 0.00674", "step →")
        order = ["Right.", "↑ loss", "step →"]
        assert [words(pilot).index(one) for one in order] == sorted(map(words(pilot).index, order))
        await shows(pilot, "The network stored the wrong labels too")
        body = lesson_screen(app).query_one(VerticalScroll)
        told = [words(pilot)]
        while body.scroll_y < body.max_scroll_y:
            await pilot.press("space")
            await settled(pilot)
            told.append(words(pilot))
        last = told[-1]
        assert last.index("Next. Set n to 9") < last.index("▸ gap") < last.index("The question.")
        assert last.count("stopped error") == 1
        assert "Compared with stopping early" in last


@pytest.mark.usefixtures("recorded")
async def test_the_learner_explains_before_the_verdict(make_app, open_today, lessons) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await explains(pilot, app)
        await shows(pilot, "What happened, and why?", "train loss 0.00674")
        await hides(pilot, "Right.", "each of them costs it", "▸ gap")
        await pilot.press(*"It [b]q", "enter")
        await shows(
            pilot, "Which of these had you thought of?", "a [ ] Labels were stored.", "It [b]q"
        )
        await hides(pilot, "With few examples", "Right.")
        await pilot.press("b", "d", "a", "a", "enter")
        await shows(pilot, "Right.", "You wrote: It [b]q", "How it comes about.")
        await until(pilot, lambda: history(app, "probe")[0].explanation == "It [b]q")
        await tells(pilot, "A card of it is made; it comes up on 18 Dec; u takes it back.")
        await shows(pilot, "it comes up on 18 Dec; n shows it.")
        await offers(pilot, "card", False)
        await pilot.press("u")
        await tells(pilot, "The card is taken back.")
        await shows(pilot, "n makes a card of it")
        await offers(pilot, "no_card", False)
        ticked = history(app, "probe")[0].explanation_ticked
        await pilot.press("H")
        await shows(pilot, "You wrote: It [b]q")
        await pilot.press("escape", "s", "9", "escape", "enter")
        await explains(pilot, app)
        await pilot.press("enter")
        await shows(pilot, "With few examples 9 of them say little.")
        await pilot.press("escape")
        await shows(pilot, "The result.")
        await hides(pilot, "You wrote")
        newest = history(app, "probe")[0]
    assert ticked == {"Labels were stored.": False, "It trained for 20 epochs.": True}
    assert (newest.explanation, len(newest.explanation_ticked or {})) == (None, 3)


@pytest.mark.usefixtures("recorded")
async def test_an_explanation_is_kept_when_the_app_is_left(make_app, open_today, lessons) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await explains(pilot, app)
        await pilot.press("q", "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    again = make_app()
    async with again.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        assert history(again, "probe")[0].explanation == "q"


@pytest.mark.usefixtures("recorded")
async def test_the_last_run_stays_beside_the_next(make_app, open_today, lessons) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await pilot.press("s")
        told = "Last run, defaults: gap is +4.7 points [3.9, 5.5]"
        await shows(pilot, told, "↑ loss", "train loss 0.00674", "stopped error")
        await pilot.press("9")
        await shows(pilot, "With n = 9 instead:", told)
        await pilot.press("escape", "up", "enter")
        await ended(pilot, app)
        await pilot.press("pagedown")
        await shows(pilot, told)
        screen = lesson_screen(app)
        plots, under, beside = (screen.query_one(f"#{one}") for one in ("plots", "under", "beside"))
        assert under.region.y > screen.query_one("#recalled").region.y  # after what is new
        await pilot.resize_terminal(120, 40)
        await shows(pilot, told)
        await until(pilot, lambda: beside.region.x >= plots.region.right)
        assert beside.region.y == plots.region.y
        assert not under.display
        await pilot.press("s")
        await shows(pilot, "Last run, n = 9: gap is −3.1 points [−3.9, −2.3]")
        await hides(pilot, told)


@pytest.mark.usefixtures("recorded")
async def test_a_rerun_asks_about_the_changed_knob_and_stands_beside_the_last_run(
    make_app, open_today, lessons
) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await pilot.press("s", "9", "escape")
        await shows(pilot, "With n = 9 instead: A small network trains")
        await pilot.press("up", "enter")
        await ended(pilot, app)
        await shows(pilot, "You said higher (33% sure). Wrong. It was: lower.")
        await shows(pilot, "Kept, not scored: you had seen this experiment before.")
        await shows(pilot, "−3.1 points [−3.9, −2.3]")
        await shows(pilot, "+4.7 [3.9, 5.5]")  # beside it, and its unit beside that
        await shows(pilot, "run of 20 Nov, defaults")
        await pilot.press("O", "enter")  # exploring: no prediction is asked for
        await ended(pilot, app)
        await shows(pilot, "run of 20 Nov, n = 9")
        found = history(app, "probe")
        await pilot.press("escape")
        await arrives(pilot, LabScreen)
        await shows(pilot, "−3.1 points [−3.9, −2.3], with n = 9")
    assert [run.prediction is None for run in found] == [True, False, False]
    assert [run.knobs["n"] for run in found] == [9, 9, 30]
    assert found[1].prediction is not None
    assert found[1].prediction.score is None


@pytest.mark.usefixtures("recorded")
async def test_a_miss_becomes_a_card(make_app, open_today, lessons, tmp_path) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "down", *["right"] * 12, "enter")
        await ended(pilot, app)
        await shows(pilot, "Wrong. It was: higher.")
        await shows(pilot, "n makes a card of it")
        await pilot.press("n")
        await tells(pilot, "A card of it is made; it comes up on 21 Nov and again on 27 Nov.")
        await offers(pilot, "card", False)
    text = (tmp_path / "data/studyapp/packs/mine/chapter-1-questions.md").read_text()
    assert text.count("You said lower (90% sure).") == 1


@pytest.mark.usefixtures("recorded")
async def test_from_a_card_to_its_experiment_and_back(
    make_app, open_today, lessons, citing_pack: Path
) -> None:
    """Before the first run an answer shows no figure; afterwards it shows the learner's own."""
    write_reference(lessons("probe"), "probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "l experiment")
        await hides(pilot, "f reference")
        await pilot.press("l")
        await arrives(pilot, LessonScreen)
        await settled(pilot)
        await shows(pilot, "How sure?")  # the answer was not shown: this would be scored
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await pilot.press("enter")
        await shows(pilot, "the gap rose ▪ predict first (l)")
        await pilot.press("r")
        await shows(pilot, "the gap rose: +5.0 points [4.2, 5.8] ▪ reference, 32 seeds, CPU")
        await pilot.press("l")
        await arrives(pilot, LessonScreen)
        await settled(pilot)
        await pilot.press("up", "enter")
        await ended(pilot, app)
        await shows(pilot, "Kept, not scored: you had seen this experiment before.")
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "the gap rose: +4.7 points [3.9, 5.5] ▪ your run, 32 seeds, 20 Nov")
        await pilot.press("3", "enter")
        await hides(pilot, "l experiment")  # this card has none


@pytest.mark.usefixtures("recorded")
async def test_an_answer_seen_and_not_rated_is_remembered_by_another_start(
    make_app, open_today, lessons, citing_pack: Path
) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await app.workers.wait_for_complete()
    again = make_app()
    async with again.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "l")
        await arrives(pilot, LessonScreen)
        await settled(pilot)
        await pilot.press("up", "enter")
        await ended(pilot, again)
        await shows(pilot, "Kept, not scored: you had seen this experiment before.")


async def test_a_link_opens_its_experiment_at_its_knobs(
    make_app, open_today, lessons, citing_pack: Path
) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "1 again")
        app.screen.query_one("#answer", Prose).action_link("fact:probe.gap?n=9")
        await shows(pilot, "With n = 9 instead:")
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        app.screen.query_one("#answer", Prose).action_link("lesson:gone")
        await tells(pilot, "There is no experiment 'gone'; there is probe.")


async def test_cancel_stops_the_process_and_keeps_no_facts(make_app, open_today, lessons) -> None:
    lessons("slow")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "down", "enter")
        await drawing(pilot)
        await shows(pilot, "40%")
        await shows(pilot, "Locked until the result.")
        assert app.running is not None
        pid = app.running.pid
        await pilot.press("escape")
        await ended(pilot, app)
        await shows(pilot, "Cancelled: there is no result.")
        assert gone(pid)
        (kept,) = history(app, "slow")
        assert (kept.outcome, kept.facts) == (Ending.CANCELLED, ())
        await pilot.press("escape")
        await arrives(pilot, LabScreen)


def outcome(tmp_path: Path) -> Ending:
    """How the only run ended, as another program finds it."""
    engine = open_database(str(tmp_path / "app.db"))
    with reading(engine) as connection:
        (kept,) = runs.history(connection, "slow", learner=1)
    engine.dispose()
    return kept.outcome


async def test_leaving_the_app_leaves_no_process(
    make_app, open_today, lessons, tmp_path: Path
) -> None:
    lessons("slow")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "down", "enter")
        await drawing(pilot)
        assert app.running is not None
        pid = app.running.pid
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert gone(pid)
    assert outcome(tmp_path) is Ending.CANCELLED


async def test_a_crash_of_the_app_closes_the_run(
    make_app, open_today, lessons, recorded: list[Recording], tmp_path: Path
) -> None:
    lessons("slow")
    app = make_app()

    async def crash() -> None:
        async with app.run_test(size=SIZE) as pilot:
            await open_today(pilot)
            await at_the_first(pilot, "down", "enter")
            await drawing(pilot)
            app.call_later(lambda: 1 / 0)
            while app.is_running:
                await asyncio.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        await crash()
    assert recorded[-1].closed
    assert outcome(tmp_path) is Ending.CANCELLED


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("name", LAST_WORDS)
async def test_whatever_happens_is_one_sentence_and_the_prediction_stands(
    make_app, open_today, lessons, name: str
) -> None:
    lessons(name)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await shows(pilot, LAST_WORDS[name])
        await shows(pilot, "Your prediction stands; O runs it again.")
        (kept,) = history(app, name)
        assert (kept.outcome, kept.facts) == (Ending.FAILED, ())
        if name == "broken":
            await pilot.press("O")
            await ended(pilot, app)
            await until(pilot, lambda: len(history(app, name)) == 2)
            await until(pilot, lambda: history(app, name)[0].prediction.prediction.naive)
            await pilot.press("s")  # to set right what made it fail: nothing is started
            await shows(pilot, "How sure?")
            await until(pilot, lambda: isinstance(app.focused, KnobInput))
            await until(pilot, lambda: len(history(app, name)) == 2)


@pytest.mark.usefixtures("recorded")
async def test_a_prediction_is_kept_when_it_is_committed(make_app, open_today, lessons) -> None:
    lessons("slow")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await drawing(pilot)
        (kept,) = history(app, "slow")  # whatever becomes of the app from here on
        assert kept.outcome is Ending.CANCELLED
        assert kept.prediction.prediction.naive
        assert kept.prediction.grade is None
        await pilot.press("escape")
        await ended(pilot, app)
        (kept,) = history(app, "slow")
        assert kept.outcome is Ending.CANCELLED
        assert kept.prediction.prediction.naive


@pytest.mark.parametrize("told", ["starting", "loading torch"])
async def test_a_run_cancelled_before_a_curve_leaves_the_prediction_as_it_was(
    make_app, open_today, lessons, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """A try is spent when a curve was seen: `r` runs it with the same prediction, scored."""
    started: list[Recording] = []
    spawned = asyncio.Event()

    async def start(
        lesson: Declaration, given: dict[str, Value], *, reviews: bytes | None
    ) -> Recording:
        started.append(Recording(lesson, given, loading=not started))
        await spawned.wait()
        return started[-1]

    if told != "starting":
        spawned.set()

    monkeypatch.setattr(runner, "start", start)
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await shows(pilot, told)
        await until(pilot, lambda: history(app, "probe"))
        assert history(app, "probe")[0].outcome is Ending.UNSEEN
        await pilot.press("escape")
        if told == "starting":
            await shows(pilot, "Stopping …")
            spawned.set()
        await ended(pilot, app)
        await shows(pilot, "Cancelled before anything was seen; your prediction stands.")
        await pilot.press("H")
        await shows(pilot, "no try is spent")
        await pilot.press("escape", "O")
        await ended(pilot, app)
        await shows(pilot, "Right.", "sure costs 0.")
        newest, unseen = history(app, "probe")
    assert (newest.outcome, unseen.outcome) == (Ending.RESULT, Ending.UNSEEN)
    assert newest.prediction.score is not None
    assert unseen.prediction.score is None


@pytest.mark.usefixtures("recorded")
async def test_points_that_are_no_numbers_are_told(make_app, open_today, lessons) -> None:
    lessons("sick")
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await shows(pilot, "Right.")
        await shows(pilot, "train loss diverged at step 7")


async def test_keys_are_answered_during_a_flood(make_app, open_today, lessons) -> None:
    package = lessons("flood")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await drawing(pilot)
        await pilot.press("question_mark")
        await arrives(pilot, HelpScreen)
        assert lesson_screen(app).has_class(Phase.RUNNING.value)
        await shows(pilot, "Stop the run")
        (package / ENOUGH).touch()
        await pilot.press("escape")
        await ended(pilot, app)
        await shows(pilot, "Right.")


@pytest.mark.usefixtures("recorded")
async def test_a_histogram_is_drawn_as_bars_with_its_mark(make_app, open_today, lessons) -> None:
    lessons("bars")
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await ended(pilot, app)
        await shows(pilot, "chance │ observed at −2.6")
        await shows(pilot, "████")
        await offers(pilot, "scale", False)


@pytest.mark.usefixtures("recorded")
async def test_a_plot_takes_the_room_that_it_has(make_app, open_today, lessons) -> None:
    lessons("bars")
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await open_today(pilot)
        await pilot.press("l", "enter", "up", "enter")
        await ended(pilot, app)
        for height, lines_of_it in ((60, 20), (40, 12), (50, 18)):
            await pilot.resize_terminal(100, height)
            await until(
                pilot,
                lambda lines_of_it=lines_of_it: (
                    {one.outer_size.height for one in app.screen.query("PlotPanel")}
                    == {lines_of_it}
                ),
            )


async def test_an_experiment_takes_keys_at_once_and_keeps_what_one_says_in_sight(
    make_app, open_today, lessons
) -> None:
    lessons("probe")
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        await open_today(pilot)
        app.open(places.Lesson(app.catalog.lesson("probe")))
        for key in ("up", "right"):
            app.post_message(events.Key(key, None))
        await shows(pilot, "(•)", "How sure?")


@pytest.mark.usefixtures("recorded")
async def test_plots_take_turns_and_scales(make_app, open_today, lessons) -> None:
    lessons("slow")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "enter")
        await drawing(pilot)
        await shows(pilot, "validation loss")
        await hides(pilot, "accuracy")
        await hides(pilot, "log scale")
        await pilot.press("g")
        await shows(pilot, "log scale")
        await pilot.press("p")
        await shows(pilot, "accuracy 0.66")
        await pilot.press("escape")
        await ended(pilot, app)


async def test_a_bad_knob_is_refused_at_its_field_before_anything_starts(
    make_app, open_today, lessons, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(runner, "start", never)
    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up", "s")
        await shows(pilot, "✓ default")
        await shows(pilot, "n: examples; with 30 the effect is clear")
        await pilot.press("1")
        await shows(pilot, "n = 1 is not allowed; it must be a whole number from 2 to 1000.")
        await pilot.press("escape", "enter")
        await shows(pilot, "n = 1 is not allowed; it must be a whole number from 2 to 1000.")
        await shows(pilot, "How sure?")
        await pilot.press("backspace", "down", *"2.5", "enter")
        await hides(pilot, "n = '' is not allowed")
        await until(pilot, lambda: history(app, "probe") == ())


@pytest.mark.usefixtures("recorded")
async def test_an_amount_is_predicted_as_a_range(make_app, open_today, lessons) -> None:
    lessons("amount")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot)
        await settled(pilot)
        await pilot.press("3", "enter", "enter")
        await tells(pilot, "Give both ends of the range")
        await pilot.press("2", "enter")
        await tells(pilot, "the lower one first")
        await pilot.press("backspace", *"5.75", "enter")
        await ended(pilot, app)
        await shows(pilot, "You said 3 to 5.75 (80% sure). Right.")
        await shows(pilot, "All so far: your 80% ranges held 1 of 1")


@pytest.mark.usefixtures("recorded")
async def test_a_result_that_cannot_be_kept_is_still_shown(
    make_app, open_today, lessons, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studyapp.errors import StoreError
    from studyapp.study.lab import runs as kept_runs

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("app.db is locked by another program; close it or try again.")

    lessons("probe")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await at_the_first(pilot, "up")
        monkeypatch.setattr(kept_runs, "keep", refuse)
        await pilot.press("enter")
        await ended(pilot, app)
        await shows(pilot, "This run could not be kept: app.db is locked")
        await shows(pilot, "+4.7 points [3.9, 5.5]")
        await shows(pilot, "Right.")


async def test_no_experiments_is_a_sentence(make_app, open_today, lessons) -> None:
    (lessons("probe") / "probe.py").write_text("LESSON = Lesson(name=name())")
    app = make_app()
    async with app.run_test(size=(300, 24)) as pilot:
        await open_today(pilot)
        await pilot.press("l", "v", "H")
        # A longer temporary folder's name may leave no room for the line's number beside it.
        await shows(pilot, "No experiment is installed. Left out: ", ":1: Lesson(…) needs")


async def test_a_long_name_stands_apart_from_its_title(make_app, open_today, lessons) -> None:
    path = lessons("probe") / "probe.py"
    path.write_text(path.read_text().replace('name="probe"', 'name="probe_by_probe"'))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("l")
        await shows(pilot, "probe_by_probe Does longer training help?")
        await shows(pilot, f"trial          {TYPING.title}")  # in the same column


def test_the_app_never_imports_torch_and_numpy_only_with_a_plot() -> None:
    program = (
        "import studyapp.tui.screens.lab, studyapp.tui.screens.lesson, studyapp.tui.screens.review"
        "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not {"torch", "numpy", "textual_plot", "lessons"} & set(done.stdout.split())


async def test_a_taller_window_tells_what_each_knob_is(make_app, open_today, lessons) -> None:
    """The width stays, so that no widget but the page itself is told of another size."""
    lessons("probe")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        app.open(places.Lesson(app.catalog.lesson("probe"), None))
        await shows(pilot, "✓ defaults")
        await pilot.resize_terminal(80, 40)
        await shows(pilot, "weight decay; 0 shows")
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "✓ defaults")
