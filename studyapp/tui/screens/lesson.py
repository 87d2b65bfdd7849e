"""One experiment: predict, watch it run, and hold the prediction against the result."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from contextlib import aclosing, suppress
from datetime import datetime
from enum import Enum
from time import monotonic

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from studyapp.errors import SettingError, StudyError
from studyapp.lab import knobs as lab_knobs
from studyapp.lab import reference, runner, trust
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict
from studyapp.lab.lines import Cancelled, Failed, Finished, Outcome
from studyapp.lab.protocol import Fact, Metric, Value
from studyapp.lab.reference import Reference
from studyapp.store.engine import LOCK_PATIENCE, LONG_PATIENCE
from studyapp.study import words
from studyapp.study.lab import facts, misses, predictions, reviews, runs
from studyapp.study.lab.facts import Ending
from studyapp.study.lab.misses import MissCard
from studyapp.study.lab.predictions import Graded, Prediction
from studyapp.study.lab.runs import Run
from studyapp.study.lab.verdict import cost, deciding, not_scored, verdict
from studyapp.study.note import of_card
from studyapp.study.questionnaire import history
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.series import Live, Panel
from studyapp.tui.widgets.explanation import Explanation
from studyapp.tui.widgets.figures import Figures
from studyapp.tui.widgets.knobs import KnobInput, Knobs
from studyapp.tui.widgets.last import LastRun
from studyapp.tui.widgets.prediction import ChoicePrediction, RangePrediction, prediction
from studyapp.tui.widgets.prose import Prose

TURN = 0.004  # seconds of reading after which others get theirs
PACE = 0.1  # seconds between two drawings
ROOM = 11  # lines that a plot needs
LEAST, MOST = 12, 20  # lines that it has beside a result
BELOW = 24  # lines around the plots that verdict, meaning and some figures take
WHOLE = 32  # lines with how it comes about and the question, too
BAR = 24


class Phase(Enum):
    BEFORE = "-before"
    RUNNING = "-running"
    EXPLAINING = "-explaining"
    AFTER = "-after"


class LessonScreen(Page):
    """Asks, runs and reports. Rules live in `study` and `lab`; the child process in `runner`."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("go_on", "commit", "commit", "Lock your prediction and run", only="enter"),
        bind("go_on", "page(1)", "more", "Scroll down by a screenful"),
        bind("repeat", "again", "rerun", "Ask and run once more, beside this result"),
        bind("knobs"),
        bind("new", "card", "card", "Have it asked again: a miss tomorrow, else in four weeks"),
        bind("new", "open_card", "its card", "Show the card that was made of it"),
        bind("undo", "no_card", tooltip="Take the card of this prediction back"),
        bind("plot", "next_plot"),
        bind("scale"),
        bind("source"),
        bind("history", label="runs", tooltip="Earlier runs, and how the predictions did"),
        bind("down", "scroll(1)", "scroll down", "Scroll", show=False),
        bind("up", "scroll(-1)", "scroll up", show=False),
        bind("page_down", "page(1)", show=False),
        bind("page_up", "page(-1)", show=False),
        bind("back", tooltip="Back to where you were"),
        bind("back", "cancel", "cancel", "Stop the run; nothing of it becomes a fact"),
    ]
    # From 120 columns on two plots stand side by side.
    HORIZONTAL_BREAKPOINTS = [*Page.HORIZONTAL_BREAKPOINTS, (120, "-broad")]  # noqa: RUF012
    DEFAULT_CSS = """
    LessonScreen {
        & #asked, & #recalled { margin-top: 1; }
        & #said, & #progress, & #notes, & #explained { height: auto; margin-top: 1; }
        & #notes, & #recalled { color: $text-muted; }
        & #meaning { margin-top: 1; }
        & #curves, & #plots { height: auto; }
        & #plots { width: 1fr; }
        & #under { margin-top: 1; border-top: solid $foreground 20%; }
        & PlotPanel { height: 12; }
        & #said, & #progress, & #notes, & #meaning, & #plots, & #figures, & #recalled {
            display: none;
        }
        & LastRun.-there { display: block; }
        &.-broad #under, &.-explaining #under, #beside { display: none; }
        &.-broad {
            & #curves { layout: horizontal; }
            & #beside.-there { display: block; width: 1fr; }
        }
        & #explained { display: none; }
        &.-running, &.-explaining, &.-after {
            & ChoicePrediction, & RangePrediction, & Knobs, & LastRun Figures { display: none; }
            & #said, & #notes.-told, & #plots { display: block; }
            & #beside { margin-left: 2; }
        }
        &.-explaining {
            & Explanation { display: block; }
            & #notes.-told { display: none; }
            &.-short #asked { display: none; }
        }
        &.-running {
            & #progress { display: block; }
            & #curves { height: 1fr; min-height: 11; }
            & #plots { height: 1fr; & PlotPanel { height: 1fr; } }
            &.-short #asked { display: none; }
        }
        &.-after {
            & #asked { display: none; }
            & #meaning, & #figures, & #recalled, & #explained.-told { display: block; }
        }
    }
    """

    def __init__(
        self, lesson: Declaration, knobs: Mapping[str, str] | None = None, *, seen: bool = False
    ) -> None:
        """*knobs* are texts to begin with; *seen*: an answer that cites the lesson was shown."""
        super().__init__()
        self.lesson = lesson
        self._texts = {name: text for name, text in (knobs or {}).items() if self._has(name)}
        self._seen = seen
        self._asked = False  # whether its code may run
        self._phase = Phase.BEFORE
        self._history: tuple[Run, ...] = ()
        self._reference: Reference | None = None
        self._prediction: Prediction | None = None
        self._given: dict[str, Value] = {}
        self._live = Live(0.0)
        self._run: runner.LiveRun | None = None
        self._kept: Run | None = None
        self._outcome: Outcome | None = None
        self._unkept = ""
        self._carded = False  # a card is there, or being made
        self._card: MissCard | None = None
        self._log: bool | None = None
        self._first_plot = 0
        self._drawn: tuple[object, ...] = ()
        self._watched = False  # whether a curve of the run was seen
        self._stopping = False  # whether the learner has asked for its end
        self._begun: int | None = None  # the run that is going on, as it is kept

    def _has(self, name: str) -> bool:
        return any(knob.name == name for knob in self.lesson.knobs)

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Prose(id="asked")
            yield prediction(self.lesson.question)
            yield Knobs(self.lesson.knobs, self._texts)
            yield Static("", id="said", markup=False)
            yield Explanation()
            yield Static("", id="progress", markup=False)
            with Container(id="curves"):
                yield Vertical(id="plots")
                yield LastRun(id="beside")
            yield Static("", id="explained", markup=False)
            yield Prose(id="meaning")
            yield Figures(id="figures")
            yield Static("", id="notes", markup=False)
            yield Prose(id="recalled")
            yield LastRun(id="under")

    def on_mount(self) -> None:
        self._timer = self.set_interval(PACE, self._tick, pause=True)
        try:
            with self.desk.reading() as connection:
                self._history = runs.history(
                    connection, self.lesson.name, learner=self.desk.learner
                )
            self._reference = reference.read(reference.path(self.lesson)).get(self.lesson.name)
        except StudyError as error:
            self.notify(str(error), severity="error")
        self._ask()

    def on_resize(self) -> None:
        for knobs in self.query(Knobs):
            knobs.summarise()
        if self._phase in (Phase.EXPLAINING, Phase.AFTER):
            self._timer.resume()  # there may be room for other plots

    @property
    def _form(self) -> ChoicePrediction | RangePrediction:
        if self.lesson.question.kind == "number":
            return self.query_one(RangePrediction)
        return self.query_one(ChoicePrediction)

    # before

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self.update_classes({one.value: one is phase for one in Phase})  # the page restyled once
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _ask(self) -> None:
        """Put the question, at the knobs as they are set."""
        self._enter(Phase.BEFORE)
        self._show_head()
        self._show_question()
        self._form.focus(scroll_visible=False)

    def _show_head(self) -> None:
        self.head(f"{self.lesson.name} · {self.lesson.title}", self._pace_words())

    def _show_question(self) -> None:
        try:
            text = predictions.asked(self.lesson, self.query_one(Knobs).given())
        except SettingError:  # the field says what is wrong; the question follows when it is right
            return
        self.query_one("#asked", Prose).show(text)

    def _pace_words(self) -> str:
        last = next((one for one in self._history if one.outcome is Ending.RESULT), None)
        if last is not None:
            return f"last run: {_seconds(last.seconds)}"
        if self._reference is not None:
            return f"reference run: {_seconds(self._reference.seconds)} on a CPU"
        return ""

    def action_knobs(self) -> None:
        if self._phase is Phase.AFTER:
            self._ask_again()
        self.query_one(Knobs).edit()
        self.refresh_bindings()

    def _leave_knobs(self) -> None:
        self.query_one(Knobs).close()
        self._show_question()
        self._form.focus(scroll_visible=False)
        self.refresh_bindings()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if isinstance(event.input, KnobInput) and self._editing:
            self._show_question()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, KnobInput):
            self._leave_knobs()
        elif event.input.id == "low":
            self.query_one("#high").focus()
        else:
            self.action_commit()

    def action_commit(self) -> None:
        """Lock the prediction and start, or say what is missing. Nothing is started before."""
        knobs = self.query_one(Knobs)
        try:
            given = knobs.given()
        except SettingError:
            knobs.edit()
            self.refresh_bindings()
            return
        try:
            answer = self._form.answer()
            if answer is None and self._must_predict:
                self.notify("Predict first: choose an answer, and say how sure you are.")
                return
            if not self._may_run():
                return
            self._prediction = None
            if answer is not None:
                with self.desk.reading() as connection:
                    self._prediction = predictions.predict(
                        connection,
                        self.lesson,
                        given,
                        answer,
                        self._form.confidence,
                        revealed=self._seen,
                        learner=self.desk.learner,
                    )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._given = given
        self._start()

    def _may_run(self) -> bool:
        """Whether the lesson's code may run here. If not, the learner is told whose it is, and a
        second key lets it from now on."""
        if not trust.is_trusted(self.lesson):
            if not self._asked:
                self._asked = True
                told = f"{trust.told(self.lesson)}; {self.key_of('go_on')} again lets it."
                self.notify(told, severity="warning")
                return False
            trust.trust(self.lesson, self.desk.current)
        return True

    @property
    def _must_predict(self) -> bool:
        """A first run has a prediction; what comes after may explore."""
        return all(one.outcome in predictions.UNSPENT for one in self._history)

    # running

    def _start(self) -> None:
        self._live, self._watched, self._stopping = Live(monotonic()), False, False
        self._log, self._first_plot, self._drawn = None, 0, ()
        self._kept, self._outcome, self._unkept = None, None, ""
        self._carded, self._card = False, None
        self.set_focus(None)
        self._show_said()
        self._show_notes([])
        self.query_one("#explained").remove_class("-told")
        self.query_one("#plots").remove_children()
        self._enter(Phase.RUNNING)
        self._show_progress()
        self._timer.resume()
        self._play()

    @work(exclusive=True, group="run")
    async def _play(self) -> None:
        """Follow the child process to its end. Leaving the screen or the app ends it here."""
        started = self.desk.now()
        outcome: Outcome = Cancelled()
        try:
            await asyncio.to_thread(self._begin, started)
            own = await asyncio.to_thread(reviews.packed, self.desk, self.lesson)
            self._run = self.study.running = await runner.start(
                self.lesson, self._given, reviews=own
            )
            if self._stopping:  # asked for while there was nothing yet to stop
                await self._run.cancel()
            # numpy takes a quarter of a second to import: on the side, while the child loads
            await asyncio.to_thread(importlib.import_module, "studyapp.tui.widgets.plot")
            turn = monotonic()
            async with aclosing(self._run.events()) as events:
                async for message in events:
                    now = monotonic()
                    if isinstance(message, Outcome):
                        outcome = message
                    else:
                        if isinstance(message, Metric) and not self._watched:
                            self._watched = True
                            await asyncio.to_thread(self._spend)
                        self._live.add(message, now)
                    if now - turn > TURN:  # a key takes several turns of the loop to be painted
                        await asyncio.sleep(TURN / 2)
                        turn = monotonic()
        except StudyError as error:
            outcome = Failed(str(error))
        except asyncio.CancelledError:
            self._keep(Cancelled(), started, LOCK_PATIENCE)
            raise
        finally:
            if self._run is not None:
                self._run.close()
            self._run = self.study.running = None
        await asyncio.to_thread(self._keep, outcome, started)
        self._outcome = outcome
        if isinstance(outcome, Finished) and self._kept is not None:
            self._ask_why(outcome)
        else:
            self._report()

    def _begin(self, started: datetime) -> None:
        """Lock the prediction: from now on it is kept, whatever becomes of the app. A database that
        is locked holds up nothing; the end of the run is kept with it."""
        self._begun = None
        with (
            suppress(StudyError),
            self.desk.at(LOCK_PATIENCE).writing() as connection,
        ):
            self._begun = runs.begin(
                connection,
                self.lesson,
                self._given,
                started,
                self._prediction,
                learner=self.desk.learner,
            )

    def _spend(self) -> None:
        """Keep that a curve is about to be seen, should the app die while it is."""
        if self._begun is not None:
            with suppress(StudyError), self.desk.at(LOCK_PATIENCE).writing() as connection:
                runs.watched(connection, self._begun, learner=self.desk.learner)

    def _keep(self, outcome: Outcome, started: datetime, patience: float = LONG_PATIENCE) -> None:
        """Write down how it ended. A database that is locked does not cost the result."""
        now = self.desk.now()
        try:
            with self.desk.at(patience).writing() as connection:
                self._kept = runs.keep(
                    connection,
                    self.lesson,
                    self._given,
                    outcome,
                    started,
                    now,
                    self._prediction,
                    begun=self._begun,
                    seen=self._watched,
                    learner=self.desk.learner,
                )
                self._begun = None
        except StudyError as error:
            self._unkept = f"This run could not be kept: {error}"

    def action_cancel(self) -> None:
        self._stopping = True
        self._show_progress()
        if self._run is not None:
            self._stop(self._run)

    @work(group="stop")
    async def _stop(self, run: runner.LiveRun) -> None:
        await run.cancel()

    def _tick(self) -> None:
        """Draw what has come since the last time."""
        if self._phase is Phase.RUNNING:
            self._show_progress()
        drawn = self._draw_plots()
        if drawn and self._phase in (Phase.EXPLAINING, Phase.AFTER):
            self._timer.pause()

    def _show_said(self) -> None:
        made = self._prediction
        said = f"You said {made.said}." if made else "No prediction this time: exploring."
        self.query_one("#said", Static).update(
            Content.assemble((said, "bold"), ("  Locked until the result." if made else "", "dim"))
        )

    def _show_progress(self) -> None:
        now = monotonic()
        share, left = self._live.share(), self._live.left(now)
        elapsed = _seconds(now - self._live.started)
        if self._stopping:
            line = Content("Stopping …")
        elif share is None:
            note = self._live.notes[-1] if self._live.notes else "starting"
            line = Content.assemble(("▸ ", "$text-accent"), f"{note} · {elapsed}")
        else:
            done = round(BAR * share)
            line = Content.assemble(
                ("▸ ", "$text-accent"),
                ("━" * done, "$text-accent"),
                ("━" * (BAR - done), "$foreground 20%"),
                (f" {share:4.0%}", "bold"),
                f" · {elapsed}",
                f" · about {_seconds(left)} left" if left else "",
            )
        self.query_one("#progress", Static).update(line)
        self._show_notes(_said_notes(self._live)[-3:])

    def _show_notes(self, told: list[str]) -> None:
        notes = self.query_one("#notes", Static)
        notes.update("\n".join(told))
        notes.set_class(bool(told), "-told")

    # plots

    def _panels(self) -> list[Panel]:
        """The plots there is room for, from the one that `p` has brought to the top."""
        panels = self._live.panels()
        if not panels:
            return []
        first = self._first_plot % len(panels)
        room = len(panels)
        if self._phase is Phase.RUNNING:
            asked = self.query_one("#asked")
            taken = 8 + (asked.size.height if asked.display else 0)
            room = max(1, (self.size.height - taken) // ROOM)
        elif self._phase is not Phase.BEFORE:  # what it means follows without much scrolling
            room = max(1, (self.size.height - BELOW) // ROOM)
        return (panels[first:] + panels[:first])[:room]

    def _plot_height(self, number: int) -> int | None:
        """Lines of each of so many plots beside what it means; as long as it runs they have all."""
        if self._phase is Phase.RUNNING:
            return None
        return max(LEAST, min(MOST, (self.size.height - WHOLE) // number))

    def _draw_plots(self) -> bool:
        """Bring the plots up to date; False if one is not there yet to be drawn on."""
        panels = self._panels()
        if not panels:
            return True
        state = (
            self._live.version,
            self._log,
            self._first_plot,
            len(panels),
            self.size,
            self._phase,
        )
        if state == self._drawn:
            return True
        from studyapp.tui.widgets.plot import PlotPanel

        box = self.query_one("#plots")
        there = list(box.query(PlotPanel))
        for extra in there[len(panels) :]:
            extra.remove()
        if len(there) < len(panels):
            box.mount_all(PlotPanel(self.lesson.axes) for _ in range(len(panels) - len(there)))
            return False
        if not all(one.is_ready for one in there[: len(panels)]):
            return False
        for one, panel in zip(there, panels, strict=False):
            one.styles.height = self._plot_height(len(panels))
            one.show(panel, self._log)
        if not self._drawn:
            self.refresh_bindings()
        self._drawn = state
        return True

    def action_next_plot(self) -> None:
        self._first_plot += 1
        self._timer.resume()

    def action_scale(self) -> None:
        shown = next((panel for panel in self._panels() if not panel.bars), None)
        if shown is not None:
            self._log = not (shown.wants_log if self._log is None else self._log)
            self._timer.resume()

    # explaining

    def _ask_why(self, result: Finished) -> None:
        """Before anything is said of the result, let the learner say what happened, and why."""
        self._enter(Phase.EXPLAINING)
        self.query_one(Explanation).ask(facts.mechanism(self.lesson, result.knobs, result.facts))

    @on(Explanation.Done)
    def _explained(self, event: Explanation.Done) -> None:
        if self._phase is not Phase.EXPLAINING:
            return
        if event.text or event.ticked is not None:
            said_why = bool(event.text) or any((event.ticked or {}).values())
            self._carded = said_why and self._graded_as(Verdict.RIGHT)
            self._keep_explanation(event.text, event.ticked, self._kept if self._carded else None)
        self.set_focus(None)
        explained = self.query_one("#explained", Static)
        explained.update(f"You wrote: {event.text}")
        explained.set_class(bool(event.text), "-told")
        self._report()

    @work(thread=True, group="explain")
    def _keep_explanation(
        self, text: str, ticked: dict[str, bool] | None, right: Run | None
    ) -> None:
        """Keep it, and make the card of a prediction that was *right* and explained."""
        try:
            self._explain(text, ticked, LONG_PATIENCE)
        except StudyError as error:
            told = f"Your explanation could not be kept: {error}"
            self.app.call_from_thread(self.notify, told, severity="error")
        if right is not None:
            self._write_card(right, asked=False)

    def _explain(self, text: str, ticked: dict[str, bool] | None, patience: float) -> None:
        if self._kept is None:
            return
        with self.desk.at(patience).writing() as connection:
            runs.explain(connection, self._kept.id, text, ticked, learner=self.desk.learner)

    def keep(self) -> bool:
        text = self.query_one(Explanation).text if self._phase is Phase.EXPLAINING else ""
        if not text:
            return True
        try:
            self._explain(text, None, LOCK_PATIENCE)
        except StudyError as error:
            self.notify(f"Not saved yet: {error}", severity="error")
            return False
        return True

    # after

    def _report(self) -> None:
        """Show how it ended."""
        before, kept = self._history, self._kept
        if kept is not None:
            self._history = (kept, *before)
        result = self._outcome if isinstance(self._outcome, Finished) else None
        self._show_verdict()
        beside, whose = self._beside(before, result)
        measured = result.facts if result else ()
        decides = deciding(self.lesson, self._graded)
        self.query_one("#figures", Figures).show(measured, decides, beside, whose)
        self.query_one("#meaning", Prose).show(self._meaning(result) if result else "")
        self.query_one("#recalled", Prose).show(self._recalled(result))
        self._show_notes(_said_notes(self._live))
        self.head(f"{self.lesson.name} · {self.lesson.title}", self._pace_words())
        self._enter(Phase.AFTER)

    def _meaning(self, result: Finished) -> str:
        """What it means at these knobs, and what to try next."""
        means = facts.meaning(self.lesson, result.knobs, result.facts)
        following = facts.following(self.lesson, result.knobs, result.facts)
        told = "\n".join(f"- {text}" for text in means) if len(means) > 1 else "".join(means)
        return "\n\n".join(filter(None, [told, following and f"**Next.** {following}"]))

    def _recalled(self, result: Finished | None) -> str:
        """How it comes about, and what was asked."""
        points = facts.mechanism(self.lesson, result.knobs, result.facts) if result else ()
        how = "\n".join(["**How it comes about.**\n", *(f"- {point}" for point in points)])
        asked = f"**The question.** {predictions.asked(self.lesson, self._given)}"
        return f"{how}\n\n{asked}" if points else asked

    @property
    def _graded(self) -> Graded | None:
        """The prediction beside its result, as it was kept; or as it would have been."""
        if self._kept is not None:
            return self._kept.prediction
        if self._prediction is None or self._outcome is None:
            return None
        return predictions.graded(self.lesson, self._prediction, self._outcome)

    def _show_verdict(self) -> None:
        result = self._outcome if isinstance(self._outcome, Finished) else None
        self.query_one("#said", Static).update(self._verdict(result))

    def _verdict(self, result: Finished | None) -> Content:
        """What the learner said, whether it was so, and how their predictions do."""
        graded = self._graded
        said = f"You said {graded.prediction.said}.  " if graded else ""
        unkept = (f"\n{self._unkept}" if self._unkept else "", "$text-error")
        if result is None:
            return Content.assemble(said, (self._ending_words(), "bold"), unkept)
        if graded is None:
            return Content.assemble(("The result.", "bold"), unkept)
        colour = {Verdict.RIGHT: "$text-success", Verdict.WRONG: "$text-warning"}
        style = "bold " + colour.get(graded.grade, "") if graded.grade else "bold"
        scored = "; ".join(filter(None, [cost(graded), self._record()]))
        told = [not_scored(graded) or words.capital(scored)]
        key = self.key_of("new")
        if self._is_settled and not self._carded:
            told.append(f"{key} makes a card of it")
        card = f"\n{_made(self._card)}; {key} shows it." if self._card else ""
        return Content.assemble(
            said,
            (verdict(self.lesson, graded, result.facts), style),
            ("\n" + " · ".join(filter(None, told)), "dim"),
            (card, "$text-accent"),
            unkept,
        )

    def _record(self) -> str:
        """How all predictions did, once there are several."""
        try:
            with self.desk.reading() as connection:
                found = predictions.prediction_report(connection, learner=self.desk.learner)
        except StudyError:  # the result is shown all the same
            return ""
        return f"all so far: {'; '.join(found.words)}" if found.several else ""

    def _ending_words(self) -> str:
        runs_it = f"{self.key_of('repeat')} runs it"
        if isinstance(self._outcome, Failed):
            stands = f" Your prediction stands; {runs_it} again." if self._prediction else ""
            return self._outcome.message + stands
        if self._stands:
            stands = "; your prediction stands" if self._prediction else ""
            return f"Cancelled before anything was seen{stands}. {runs_it}."
        naive = self._prediction is not None and self._prediction.naive
        spent = " You had seen a curve: the next prediction is kept, not scored." if naive else ""
        return f"Cancelled: there is no result.{spent}"

    def _beside(
        self, before: tuple[Run, ...], result: Finished | None
    ) -> tuple[dict[str, Fact], str]:
        """Figures to stand beside the result: the last run's, else the reference's."""
        if result is None:
            return {}, ""
        version = self.lesson.version
        last = next((one for one in before if one.facts and one.version == version), None)
        if last is not None:
            setting = facts.setting(self.lesson, last.canonical) or "defaults"
            when = words.short_day(last.finished, self.desk.now().date())
            return {fact.name: fact for fact in last.facts}, f"run of {when}, {setting}"
        kept = self._reference
        defaults = lab_knobs.canonical(self.lesson.knobs, {})
        used = lab_knobs.canonical(self.lesson.knobs, result.knobs)
        if kept is None or kept.version != version or used != defaults:
            return {}, ""
        return {fact.name: fact for fact in kept.facts}, "reference"

    def action_again(self) -> None:
        if self._stands:
            self._start()
        else:
            self._ask_again()

    @property
    def _stands(self) -> bool:
        """Whether the prediction still holds, as nothing was measured or nothing was seen."""
        unseen = isinstance(self._outcome, Cancelled) and not self._watched
        return isinstance(self._outcome, Failed) or unseen

    def _ask_again(self) -> None:
        """Put the question anew; a prediction that still stands is still chosen. The last
        result stays in sight."""
        if isinstance(self._outcome, Finished):
            self._show_last(self._outcome)
        if not self._stands:
            self._form.reset()
        self._ask()

    def _show_last(self, result: Finished) -> None:
        """Keep the first plot and the figures of the last result in sight of what comes now."""
        name = deciding(self.lesson, self._graded)
        told = next(
            (f": {facts.told(self.lesson, one)}" for one in result.facts if one.name == name),
            "",
        )
        canonical = lab_knobs.canonical(self.lesson.knobs, result.knobs)
        at = facts.setting(self.lesson, canonical) or "defaults"
        panel = next(iter(self._panels()), None)
        for last in self.query(LastRun):
            last.show(
                f"Last run, {at}{told}", self.lesson.axes, panel, self._log, result.facts, name
            )

    def action_card(self) -> None:
        if self._kept is not None and not self._carded:
            self._carded = True
            self.refresh_bindings()
            self._make_card(self._kept)

    @work(thread=True, group="card")
    def _make_card(self, kept: Run) -> None:
        self._write_card(kept, asked=True)

    def _write_card(self, kept: Run, *, asked: bool) -> None:
        """Make the card, in a worker. One that nobody *asked* for fails in silence: `n` offers it
        still, and says why it cannot be."""
        try:
            made = misses.outcome_card(self.desk.at(LONG_PATIENCE), self.lesson, kept)
            also = self._also_asked(made)
        except StudyError as error:
            if asked:
                self.app.call_from_thread(self.notify, str(error), severity="error")
            self.app.call_from_thread(self._show_card, kept, None)
            return
        self.app.call_from_thread(self._show_card, kept, made)
        undo = f"; {self.key_of('undo')} takes it back"
        back = undo if made.new and not asked else ""
        told = f"{_made(made)}{back}. {also}".rstrip()
        self.app.call_from_thread(self.notify, told)

    def _also_asked(self, made: MissCard) -> str:
        """That a new question has come to an attempt that is open, too."""
        if not made.new:
            return ""
        with self.desk.reading() as connection:
            return history.joined(connection, made.card, learner=self.desk.learner)

    def _show_card(self, kept: Run, made: MissCard | None) -> None:
        if kept is self._kept:
            self._carded, self._card = made is not None, made
            if self._phase is Phase.AFTER and self.is_attached:
                self._show_verdict()
            self.refresh_bindings()

    def action_open_card(self) -> None:
        assert self._card is not None
        try:
            with self.desk.reading() as connection:
                found = of_card(connection, self._card.card)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self.study.open(places.Note(found))

    def action_no_card(self) -> None:
        if self._kept is not None and self._card is not None:
            made, self._card = self._card, None
            self.refresh_bindings()
            self._take_back(self._kept, made)

    @work(thread=True, group="card")
    def _take_back(self, kept: Run, made: MissCard) -> None:
        try:
            left = misses.take_back(self.desk.at(LONG_PATIENCE), self.lesson, kept, made)
        except StudyError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            self.app.call_from_thread(self._show_card, kept, made)
            return
        self.app.call_from_thread(self._show_card, kept, None)
        told = f"; its text, which you have changed, stays in {left}" if left else ""
        self.app.call_from_thread(self.notify, f"The card is taken back{told}.")

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        phase = self._phase
        match action:
            case "commit":
                return phase is Phase.BEFORE and not self._editing
            case "back":
                return phase in (Phase.BEFORE, Phase.AFTER)
            case "cancel":
                return phase is Phase.RUNNING
            case "again":
                return phase is Phase.AFTER
            case "knobs":
                return self._is_quiet and bool(self.lesson.knobs)
            case "source" | "history":
                return self._is_quiet
            case "page" if phase is Phase.BEFORE:
                return not self._editing
            case "scroll":
                return phase is not Phase.BEFORE
            case "card":
                return phase is Phase.AFTER and self._is_settled and not self._carded
            case "open_card":
                return phase is Phase.AFTER and self._card is not None
            case "no_card":
                return phase is Phase.AFTER and self._card is not None and self._card.new
            case "scale":
                return phase is not Phase.BEFORE and any(not p.bars for p in self._panels())
            case "next_plot":
                return phase is not Phase.BEFORE and len(self._live.panels()) > 1
        return True

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing goes on and nothing is being written."""
        return self._phase in (Phase.BEFORE, Phase.AFTER) and not self._editing

    @property
    def _editing(self) -> bool:
        return self.is_mounted and self.query_one(Knobs).editing

    @property
    def _is_settled(self) -> bool:
        """Whether the prediction was right or wrong, so that a card can be made of it."""
        return self._graded_as(Verdict.RIGHT, Verdict.WRONG)

    def _graded_as(self, *verdicts: Verdict) -> bool:
        graded = self._kept.prediction if self._kept else None
        return graded is not None and graded.grade in verdicts

    def action_source(self) -> None:
        self.study.open(places.Source(self.lesson))

    def action_history(self) -> None:
        self.study.open(places.History(self.lesson))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=2 * lines, animate=False)

    def action_page(self, pages: int) -> None:
        body = self.query_one(VerticalScroll)
        (body.scroll_page_down if pages > 0 else body.scroll_page_up)(animate=False)

    def action_back(self) -> None:
        if self._editing:
            self._leave_knobs()
        else:
            self.app.pop_screen()


def _made(made: MissCard) -> str:
    """What has become of a prediction, and when it is asked again."""
    what = "A card of it is made" if made.new else "A card of yours covers it"
    when = words.short_day(made.due, made.due)
    again = f" and again on {words.short_day(made.again, made.due)}" if made.again else ""
    return f"{what}; it comes up on {when}{again}"


def _said_notes(live: Live) -> list[str]:
    """The notes that say something about the experiment; "loading torch" is only for the wait."""
    told = [note for note in live.notes if not note.startswith("loading ")]
    if live.left_out:
        more = "1,000 or more" if live.left_out >= 1000 else live.left_out
        told.append(f"{more} more series are not drawn.")
    return told


def _seconds(seconds: float) -> str:
    """6 s, 1 m 20 s."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} m {whole % 60} s"
