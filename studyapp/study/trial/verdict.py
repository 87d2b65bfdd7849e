"""How a trial stands and what came of it, in words and for programs.

Until it is over nothing here tells the arms apart: what is counted is counted of all its cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.lab import grade as grading
from studyapp.lab.grade import Verdict
from studyapp.lab.protocol import Fact
from studyapp.memory.clock import study_day
from studyapp.store import tables
from studyapp.study import words
from studyapp.study.lab import facts
from studyapp.study.trial import course, roster
from studyapp.study.trial.course import TOO_FEW, Trial
from studyapp.study.trial.foresight import Weeks
from studyapp.study.trial.form import DIFFERENCE, FORMS, POWER, Form, Measured, measured
from studyapp.study.trial.roster import Roster

memory = tables.memory.c

_NOTHING = "So much is left out that it cannot tell anything any more: stop it."
_UNEVEN = 0.1  # of its cards, that one arm was not asked more than the other
_NAMED = 5  # notes that are told by their ids; the page has them all


@dataclass(frozen=True, slots=True)
class Progress:
    """A trial that was begun, with the `weeks` that it goes on for at the learner's pace, None if
    that has no end, and the notes of cards that it waits for and that are `held` from coming."""

    trial: Trial
    weeks: Weeks | None = None
    held: Sequence[str] = ()

    def told(self, today: date) -> list[str]:
        """Which one it is, and how it stands or what came of it."""
        return [self.trial.form.title, *self._told(today)]

    def _told(self, today: date) -> list[str]:
        trial = self.trial
        if trial.runs:
            return _running(trial, self.weeks, self.held, today)
        if trial.over is not None:
            return result(trial, today)
        assert trial.stopped is not None, "it neither runs nor is over"
        return [
            f"Stopped {words.ago(trial.stopped, today)}, and never analysed: who could look and "
            "then go on would know too early."
        ]

    def as_json(self) -> dict[str, Any]:
        return _trial_as_json(self.trial) | {"weeks": self.weeks, "held": list(self.held)}


@dataclass(frozen=True, slots=True)
class Offer:
    """A trial that could begin now, of the cards of a roster."""

    form: Form
    roster: Roster

    def told(self) -> list[str]:
        """What is asked, and what could be told."""
        title, told = f"A new trial: {self.form.title}", offered(self.roster)
        return [title, self.form.question.text, *told] if self.roster.suffices else [title, *told]

    def as_json(self) -> dict[str, Any]:
        form = self.form
        told = {"form": form.name, "title": form.title, "question": form.question.text}
        choices = [one.text for one in form.question.choices]
        return told | {"choices": choices} | self.roster.as_json()


@dataclass(frozen=True, slots=True)
class Standing:
    """The `trials` of the learner, the newest first, and what each form `offers`, if none runs."""

    today: date
    trials: Sequence[Progress]
    offers: Sequence[Offer]

    @property
    def trial(self) -> Trial | None:
        """The newest one."""
        return self.trials[0].trial if self.trials else None

    def of(self, form: Form) -> Standing:
        """The same of one form alone."""
        return replace(
            self,
            trials=[one for one in self.trials if one.trial.form is form],
            offers=[one for one in self.offers if one.form is form],
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "trials": [one.as_json() for one in self.trials],
            "offers": [one.as_json() for one in self.offers],
            "told": [line for some in (*self.told(), *self.begins()) for line in some],
        }

    def told(self) -> list[list[str]]:
        """How each trial stands, or what came of it; nothing before the first."""
        return [one.told(self.today) for one in self.trials]

    def begins(self) -> list[list[str]]:
        """What each trial would be that began now; nothing while one runs."""
        return [one.told() for one in self.offers]


def rules(form: Form) -> str:
    """How such a trial goes, in plain words."""
    return (
        f"Chance deals the cards out by family. {form.explained} What counts is the first recall a "
        "week or longer after a card was learned. By then it was mostly asked several times, the "
        "last time some days before; what was forgotten comes sooner, so that an effect shows "
        "smaller than after equal times. The result is reckoned once, at the end; until then the "
        "app does not tell the two kinds apart."
    )


def standing(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Standing:
    """How the learner's trials stand."""
    today, trials = study_day(now), course.history(connection, learner=learner)
    found = [_progress(connection, one, now, settings, learner=learner) for one in reversed(trials)]
    if any(one.runs for one in trials):
        return Standing(today, found, [])
    offers = [
        Offer(form, roster.propose(connection, form, now, settings, learner=learner))
        for form in FORMS.values()
    ]
    return Standing(today, found, offers)


def _progress(
    connection: Connection, trial: Trial, now: datetime, settings: Settings, *, learner: int
) -> Progress:
    if not trial.runs:
        return Progress(trial)
    waits = course.waited_for(connection, trial, study_day(now), learner=learner)
    held = list(dict.fromkeys(one.note for one in waits if not one.comes))
    if held:
        return Progress(trial, held=held)
    left = roster.weeks(connection, trial.form, trial.waiting, now, settings, learner=learner)
    return Progress(trial, left)


def offered(found: Roster) -> list[str]:
    """What it could tell, and how long it would take."""
    cards = words.count(found.cards, "new card")
    least = found.detectable
    if least is None:
        return [f"{cards}: too few for a trial. Start a chapter, and there are more."]
    rests = (
        f"{found.remembered:.0%} of yours are remembered"
        if found.share.tells
        else f"{found.remembered:.0%} are remembered, as is usual: yours are too few to tell"
    )
    finer = "" if found.cards >= roster.CARDS else "; with more chapters started it tells more"
    lines = [
        f"{cards}: it would find a difference of {100 * least:.0f} points in {10 * POWER:.0f} of "
        f"10 cases, reckoned as if {rests}. A smaller one it may miss{finer}."
    ]
    if found.weeks is None:
        return [*lines, "No new cards come a day, so it would never end."]
    return [*lines, f"At your pace it would take {found.weeks.told}."]


def _running(trial: Trial, weeks: Weeks | None, held: Sequence[str], today: date) -> list[str]:
    said = trial.answer + ("" if trial.confidence is None else f", {trial.confidence:.0%} sure")
    left = "" if weeks is None else f"; at your pace {weeks.told} to go"
    if weeks is None and not held:
        left = "; no new cards come"
    asked = f"{len(trial.came)} of {words.count(len(trial.dealt), 'card')} have had their outcome"
    return [
        f"Begun {words.ago(trial.begun, today)}; you said: {said}.",
        f"{words.capital(TOO_FEW)}: {asked}{left}.",
        *([] if trial.suffices else [_NOTHING]),
        *_held(held),
        *_departed(trial),
    ]


def _held(names: Sequence[str]) -> list[str]:
    """Which notes would have it wait for ever."""
    if not names:
        return []
    named, more = [*names[:_NAMED]], len(names) - _NAMED
    told = words.listed([*named, f"{more:,} more"] if more > 0 else named)
    return [
        f"It waits for what does not come, as it is suspended, paused or gone: {told}. It goes on "
        "until that comes again, or is left out."
    ]


def _departed(trial: Trial) -> list[str]:
    told = [
        f"{len(some)} {how}"
        for some, how in (
            (trial.out, "left out"),
            (trial.changed, "given the other arm"),
            (trial.left, "met or answered otherwise than dealt"),
        )
        if some
    ]
    return [f"Kept beside it: {words.listed(told)}."] if told else []


def result(trial: Trial, today: date) -> list[str]:
    """What came of a trial that is over."""
    assert trial.over is not None, "it is over"
    found = measured(trial.uid, trial.strata, trial.outcomes)
    asked, cards = len(trial.outcomes), len(trial.dealt)
    part = "" if asked == cards else f", with {asked} of {words.count(cards, 'card')} asked"
    lines = [f"Over {words.ago(trial.over, today)}{part}: {_difference(trial, found)}"]
    for arm, count in zip(trial.form.arms, found.arms, strict=True):
        missing = count.cards - count.asked
        lines.append(
            f"{words.capital(arm.name)}: {count.remembered} of {count.asked} remembered"
            + (f", {missing} not asked" if missing else "")
            + "."
        )
    return [*lines, *_uneven(found), _graded(trial, found), *_departed(trial)]


def _uneven(found: Measured) -> list[str]:
    """That of one arm more was not asked than of the other, where that may be the difference."""
    first, second = (1 - one.asked / one.cards if one.cards else 0.0 for one in found.arms)
    if abs(first - second) < _UNEVEN:
        return []
    return ["Of one kind clearly more was not asked: the two may differ by that alone."]


def _difference(trial: Trial, found: Measured) -> str:
    fact = as_fact(found)
    if fact is None:
        return f"{TOO_FEW}."
    if fact.low is None:  # cards that came out alike do not tell how chance would spread them
        alike = all(arm.remembered in (0, arm.asked) for arm in found.arms)
        why = ": the cards of each kind came out all alike, which has no interval" * alike
        return f"{TOO_FEW}{why}."
    first, second = (arm.name for arm in trial.form.arms)
    told = f"{first} against {second}: {facts.measured(fact)}"
    return f"{told}." if found.found else f"{told}, which may be no difference."


def _graded(trial: Trial, found: Measured) -> str:
    sure = "" if trial.confidence is None else f", {trial.confidence:.0%} sure"
    grade = grade_of(trial, found)
    score = None if trial.confidence is None else grading.score(trial.confidence, grade)
    cost = "" if score is None else f"; that costs {score:.2f} (0 at best, 1 if sure and wrong)"
    return f"You said: {trial.answer}{sure}: {grade.value}{cost}."


def grade_of(trial: Trial, found: Measured) -> Verdict:
    fact = as_fact(found)
    return grading.grade(trial.form.question, trial.answer, [] if fact is None else [fact])


def as_fact(found: Measured) -> Fact | None:
    """The difference as what an experiment measures is told: in points, with its interval."""
    if found.difference is None:
        return None
    value, low, high = (None if one is None else 100 * one for one in found[1:])
    assert value is not None
    number = sum(count.asked for count in found.arms)
    return Fact(
        DIFFERENCE, value, "points", low, high, number, "student t, by family", "cards dealt"
    )


def _trial_as_json(trial: Trial) -> dict[str, Any]:
    told: dict[str, Any] = {
        "form": trial.form.name,
        "begun": trial.begun.isoformat(),
        "answer": trial.answer,
        "confidence": trial.confidence,
        "cards": len(trial.dealt),
        "recalled": len(trial.came),
        "left_out": len(trial.out),
        "changed": len(trial.changed),
        "left": len(trial.left),
        "stopped": trial.stopped and trial.stopped.isoformat(),
        "over": trial.over and trial.over.isoformat(),
        "result": None,
    }
    if trial.over is not None:
        found = measured(trial.uid, trial.strata, trial.outcomes)
        told["result"] = {
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "grade": grade_of(trial, found).value,
            "arms": {
                arm.name: count._asdict()
                for arm, count in zip(trial.form.arms, found.arms, strict=True)
            },
        }
    return told
