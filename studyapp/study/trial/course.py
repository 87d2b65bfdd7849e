"""The trial of a learner as the log has it: begun, kept to, left, over.

All of it is events of the log: what a trial compares, what the learner predicted and which cards
it has stand in that with which it was begun, whose uid is the trial's own. The outcome of a card is
a review that is there anyway. So devices, undo and backups have what they need, and what is told is
a function of the log alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from studyapp.errors import StudyError
from studyapp.lab import grade as grading
from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, FROM_ELSEWHERE, Event, EventKind
from studyapp.memory.state import Rating, State
from studyapp.store import entry, log, record, tables, timeline
from studyapp.store.memory import read_memory
from studyapp.study.pause import paused
from studyapp.study.recall import outcome
from studyapp.study.trial.form import FORMS, WEEK, Arm, Form, Strata, assigned, suffices
from studyapp.study.trial.roster import Roster

card = tables.card.c
event = tables.event.c
memory = tables.memory.c
note = tables.note.c
response = tables.response.c
review = tables.review.c

KINDS = (EventKind.TRIAL, EventKind.TRIAL_STOP)
TOO_FEW = "too few to tell"
OF_A_CARD = (EventKind.TRIAL_OUT, EventKind.TRIAL_ARM)


class Outcome(NamedTuple):
    """That a card was asked a week or more after it was learned."""

    day: date
    remembered: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that was begun, and what became of it; cards are called by their uids.

    A card that was left `out` on a day is not waited for; `changed` has the arms that the learner
    gave cards in place of those that were dealt. `left` are those met or answered otherwise than
    that: of cards that are to be `unseen` also those whose answer had been seen by then. What each
    card came to counts by the end alone (`outcomes`).
    """

    uid: bytes
    form: Form
    strata: Strata
    dealt: Mapping[bytes, Arm]
    answer: str
    confidence: float | None
    begun: date
    stopped: date | None = None
    came: Mapping[bytes, Outcome] = field(default_factory=dict)
    out: Mapping[bytes, date] = field(default_factory=dict)
    changed: Mapping[bytes, Arm] = field(default_factory=dict)
    left: frozenset[bytes] = frozenset()

    @property
    def waiting(self) -> list[bytes]:
        """The cards that it waits for, in the order in which they come."""
        return [one for one in self.dealt if one not in self.came and one not in self.out]

    @property
    def over(self) -> date | None:
        """The day on which it ended: that of the last card that it waited for."""
        if self.stopped is not None or self.waiting:
            return None
        awaited = [one.day for uid, one in self.came.items() if uid not in self.out]
        return max([*awaited, *self.out.values()])

    @property
    def runs(self) -> bool:
        return self.stopped is None and bool(self.waiting)

    @property
    def suffices(self) -> bool:
        """Whether there can be an interval in the end, of the families that are not left out."""
        counts = {one for one in self.dealt if one in self.came or one not in self.out}
        there = [
            [family for family in stratum if counts.intersection(family)] for stratum in self.strata
        ]
        return suffices([stratum for stratum in there if stratum])

    @property
    def summary(self) -> str:
        """How it stands, in a few words."""
        if self.runs:
            return f"{TOO_FEW}: {len(self.came)} of {len(self.dealt)}"
        return "over" if self.stopped is None else "stopped"

    @property
    def outcomes(self) -> dict[bytes, bool]:
        """Whether each card was remembered, be it left out, given another arm or not kept to, once
        the trial is over; until then nobody looks. A later outcome of one that was left out changes
        nothing any more."""
        end = self.over
        if end is None:
            return {}
        return {uid: one.remembered for uid, one in self.came.items() if one.day <= end}

    def arm(self, uid: bytes) -> Arm | None:
        """How a card is to be answered that the trial waits for; None of any other."""
        if self.stopped is not None or uid in self.came or uid in self.out:
            return None
        return self.changed.get(uid) or self.dealt.get(uid)

    def asked(self, uid: bytes, first_day: date | None, today: date) -> Arm | None:
        """How a card is to be asked that was first met on a day, None if never; None as the learner
        likes."""
        arm = self.arm(uid)
        return None if arm is None else self.form.asked(arm, _since(first_day, today))

    def given_in(
        self, uid: bytes, first_day: date | None, today: date, *, typed: bool, shown: bool = False
    ) -> str | None:
        """The arm in which a card was answered, if the trial has a say in how that is done."""
        arm = self.form.answered(typed=typed, shown=shown)
        asks = self.asked(uid, first_day, today) is not None
        return arm.name if asks and arm is not None else None


def _since(first_day: date | None, today: date) -> int | None:
    return None if first_day is None else (today - first_day).days


def read(connection: Connection, *, learner: int) -> Trial | None:
    """The learner's newest trial; None before the first."""
    found = history(connection, learner=learner)
    return found[-1] if found else None


def history(connection: Connection, *, learner: int) -> list[Trial]:
    """The learner's trials, the oldest first. One that was begun while another ran, as may happen
    on two devices, is none."""
    found = list[Trial]()
    for one in _events(connection, learner=learner):
        if one.kind is EventKind.TRIAL:
            begun = _begun(one)
            if begun is not None and (
                not found or _was_done(connection, found[-1], begun.begun, learner=learner)
            ):
                found.append(_followed(connection, begun, learner=learner))
        else:
            named, day = _named(one), fold.day_of(one)
            found = [_stopped(it, day) if it.uid.hex() == named else it for it in found]
    return found


def _events(connection: Connection, *, learner: int) -> Iterator[Event]:
    """What was begun and what was stopped, the oldest first, as far as it can be read."""
    ever = select(event.id).where(
        event.learner_id == learner, event.card_id.is_(None), event.kind == EventKind.TRIAL.value
    )
    if connection.scalar(ever.limit(1)) is None:
        return
    for one in record.of_no_card(connection, learner=learner):
        if one.kind in KINDS and entry.is_readable(one.kind, one.payload):
            yield one


def _named(one: Event) -> str:
    """The uid, in hex, of the trial that was stopped."""
    assert one.payload is not None, "it is readable"
    return str(one.payload["trial"])


def _stopped(trial: Trial, day: date) -> Trial:
    """A trial that was stopped on a *day*; one whose result was told before, on another device, is
    over and stays so."""
    return trial if trial.over is not None and trial.over < day else replace(trial, stopped=day)


def _begun(one: Event) -> Trial | None:
    """A trial as it was begun; None of one that this studyapp does not know."""
    uid, payload = one.uid, one.payload
    assert payload is not None, "it is readable"
    form = FORMS.get(payload["form"])
    if form is None or payload["answer"] not in [choice.text for choice in form.question.choices]:
        return None
    strata = [
        [[bytes.fromhex(one) for one in family] for family in stratum]
        for stratum in payload["strata"]
    ]
    dealt = {card: form.arms[arm] for card, arm in assigned(uid, strata).items()}
    day = fold.day_of(one)
    return Trial(uid, form, strata, dealt, payload["answer"], payload["confidence"], day)


def _is_done(trial: Trial, day: date) -> bool:
    """Whether a trial had ended by *day*."""
    return trial.stopped is not None or (trial.over is not None and trial.over <= day)


def _was_done(connection: Connection, trial: Trial, day: date, *, learner: int) -> bool:
    """Whether a trial had ended when another was begun on *day*: that stays so if a rating by which
    it had is taken back."""
    if _is_done(trial, day):
        return True
    return _is_done(_followed(connection, trial, ever=True, learner=learner), day)


def _followed(
    connection: Connection,
    begun: Trial,
    *,
    ever: bool = False,
    of: bytes | None = None,
    learner: int,
) -> Trial:
    """A trial with all that the log has of its cards, or *of* one of them alone; with ratings that
    were taken back, if what was *ever* rated is to count."""
    ids = entry.cards_of(connection, list(begun.dealt) if of is None else [of], learner=learner)
    uids = {number: uid for uid, number in ids.items()}
    out, changed = _departures(connection, begun, uids, learner=learner)
    seen = _seen(connection, begun.form, uids, learner=learner)
    arms = {arm.name for arm in begun.form.arms}
    came, learned, left = dict[bytes, Outcome](), dict[bytes, date](), set[bytes]()
    for row in connection.execute(
        select(
            review.card_id,
            review.at,
            review.effective_day.label("day"),
            review.rating,
            review.arm,
            review.state_before,
            review.last_day_before,
            outcome().label("tells"),
            record.not_retracted().label("counts"),
        )
        .where(
            review.learner_id == learner,
            review.card_id.in_(list(uids)),
            review.kind.not_in([kind.value for kind in (*CRAMMED, *FROM_ELSEWHERE)]),
        )
        .order_by(review.effective_day, review.stamp, review.uid)
    ):
        uid = uids[row.card_id]
        if not (row.counts or ever):
            if row.arm in arms:  # a showing that was taken back was one all the same
                seen.setdefault(uid, row.at)
            continue
        is_first = row.state_before == State.NEW or uid not in learned
        if row.state_before == State.NEW:  # for the first time, or made new again since
            learned[uid] = row.day
        # one that was known already has had no rating on the day that it counts from
        late = (row.day - learned.setdefault(uid, row.last_day_before or row.day)).days >= WEEK
        if _departs(begun, row, uid, changed.get(uid), is_first=is_first, late=late):
            left.add(uid)
        if is_first and begun.form.unseen and uid in seen and seen[uid] <= row.at:
            left.add(uid)
        if late and row.tells:
            came.setdefault(uid, Outcome(row.day, row.rating > Rating.AGAIN))
    if begun.form.unseen:
        left.update(uid for uid in seen if uid not in learned)
    return replace(begun, came=came, out=out, changed=changed, left=frozenset(left))


def _departs(
    begun: Trial, row: Any, uid: bytes, changed: Arm | None, *, is_first: bool, late: bool
) -> bool:
    """Whether a card was met or answered otherwise than its arm has it, be that *changed*."""
    arm = changed or begun.dealt[uid]
    if arm.counts is not None:  # of its first showing alone, which only the review has
        return is_first and (row.arm != arm.name or row.rating != arm.counts)
    arms = {one.name for one in begun.form.arms}  # a card may be of another trial, too
    return not late and changed is None and row.arm in arms - {arm.name}


def _seen(
    connection: Connection, form: Form, uids: Mapping[int, bytes], *, learner: int
) -> dict[bytes, datetime]:
    """When the answer of a card was first shown by a questionnaire, where cards are `unseen`."""
    if not form.unseen:
        return {}
    rows = connection.execute(
        select(card.id, func.min(response.revealed_at))
        .join(tables.response, response.note_id == card.note_id)
        .where(
            card.id.in_(list(uids)),
            response.learner_id == learner,
            response.revealed_at.is_not(None),
        )
        .group_by(card.id)
    )
    return {uids[number]: at for number, at in rows if at is not None}


def _departures(
    connection: Connection, begun: Trial, uids: Mapping[int, bytes], *, learner: int
) -> tuple[dict[bytes, date], dict[bytes, Arm]]:
    """The cards that were left out, with the day, and those that were given the other arm."""
    out, changed = dict[bytes, date](), dict[bytes, Arm]()
    rows = connection.execute(
        select(tables.event).where(
            event.learner_id == learner,
            event.card_id.in_(list(uids)),
            event.kind.in_([kind.value for kind in OF_A_CARD]),
            record.not_retracted(event),
        )
    )
    arms = {arm.name: arm for arm in begun.form.arms}
    for row in timeline.in_order(connection, rows.all(), learner=learner):
        told = row.payload if entry.is_readable(EventKind(row.kind), row.payload) else {}
        if told.get("trial") != begun.uid.hex():
            continue
        if row.kind == EventKind.TRIAL_OUT:
            out.setdefault(uids[row.card_id], row.day)
        elif told["arm"] in arms:
            changed[uids[row.card_id]] = arms[told["arm"]]
    return out, changed


def begin(
    connection: Connection,
    form: Form,
    roster: Roster,
    answer: str,
    confidence: float | None,
    now: datetime,
    *,
    learner: int,
) -> None:
    """Begin a trial of the cards of *roster*, with what the learner predicts.

    Raises StudyError if one runs or the cards are too few, SettingError if that is no answer.
    """
    grading.check_answer(form.question, answer, confidence)
    for former in history(connection, learner=learner):
        if former.runs:
            raise StudyError("A trial runs already.")
        if not _is_done(former, study_day(now)):
            raise StudyError(
                f"The trial before it ended on {former.over}, by a clock that was ahead; studyapp "
                "doctor mends such dates."
            )
    if not roster.suffices:
        raise StudyError("The new cards are too few for a trial; start a chapter first.")
    payload = {
        "form": form.name,
        "answer": answer,
        "confidence": confidence,
        "strata": [
            [[uid.hex() for uid in family] for family in stratum] for stratum in roster.strata
        ],
    }
    log.log_of_no_card(connection, EventKind.TRIAL, now, payload=payload, learner=learner)


def stop(connection: Connection, now: datetime, *, learner: int) -> None:
    """Stop the trial that runs. It is never analysed: who could look, and then take the stop back,
    would know before the end. Raises StudyError if none runs."""
    trial = running(connection, learner=learner)
    payload = {"trial": trial.uid.hex()}
    log.log_of_no_card(connection, EventKind.TRIAL_STOP, now, payload=payload, learner=learner)


def leave_out(connection: Connection, uid: bytes, now: datetime, *, learner: int) -> None:
    """Have the trial wait for a card no more, nor ask for it in any way. Raises StudyError if it
    does not wait for it."""
    _log(connection, running(connection, learner=learner), uid, None, now, learner=learner)


def change(connection: Connection, uid: bytes, now: datetime, *, learner: int) -> Arm:
    """Give a card the other arm than it has: from now on it is answered so, and is analysed in the
    one that it was dealt. Raises StudyError if the trial does not wait for it, or has it asked
    alike by now, whatever its arm."""
    trial = running(connection, learner=learner)
    before, number = trial.arm(uid), _number(connection, trial, uid, learner=learner)
    assert before is not None, "it is waited for"
    first_day = read_memory(connection, number, learner=learner).first_day
    if not trial.form.holds(_since(first_day, study_day(now))):
        raise StudyError("That card is asked as all are by now, whatever its arm.")
    after = trial.form.other(before)
    _log(connection, trial, uid, after, now, learner=learner)
    return after


def _number(connection: Connection, trial: Trial, uid: bytes, *, learner: int) -> int:
    """The card of this uid. Raises StudyError if the trial does not wait for it."""
    number = entry.cards_of(connection, [uid], learner=learner).get(uid)
    if number is None or uid not in trial.waiting:
        raise StudyError("The trial does not wait for that card.")
    return number


def _log(
    connection: Connection,
    trial: Trial,
    uid: bytes,
    arm: Arm | None,
    now: datetime,
    *,
    learner: int,
) -> None:
    """Log that a card is left out, or that it has another *arm*."""
    number = _number(connection, trial, uid, learner=learner)
    payload = {"trial": trial.uid.hex()} | ({} if arm is None else {"arm": arm.name})
    kind = EventKind.TRIAL_OUT if arm is None else EventKind.TRIAL_ARM
    log.log_event(connection, number, kind, now, payload=payload, learner=learner)


def final(connection: Connection, *, learner: int) -> tuple[EventKind, ...]:
    """The kinds of event that nobody takes back now: once a trial was over its result is told, and
    who then had it wait for what was left out would go on with what they know. A rating that was
    wrong can be taken back all the same, and opens nothing but its own card."""
    trial = read(connection, learner=learner)
    if trial is None or trial.stopped is not None:
        return ()
    was_over = not _followed(connection, trial, ever=True, learner=learner).waiting
    return (*KINDS, *OF_A_CARD) if was_over else ()


class Register:
    """The learner's trials by the cards that they were dealt, for what one card is asked: of no
    other card anything is read, and nothing of a card that is in none."""

    def __init__(self, connection: Connection, *, learner: int) -> None:
        self._learner = learner
        self._read: Sequence[bytes] = ()  # the events by which these are the trials
        self._trials: Sequence[Trial] = ()  # that nothing has stopped, with nothing of their cards
        self._ones: frozenset[bytes] | None = frozenset()  # of them those that were one when begun
        self._look(connection)

    def _look(self, connection: Connection) -> None:
        """Read what was begun and what was stopped by now."""
        events = list(_events(connection, learner=self._learner))
        if self._read == (read := [one.uid for one in events]):
            return
        stopped = {_named(one) for one in events if one.kind is EventKind.TRIAL_STOP}
        begun = [one for one in events if one.kind is EventKind.TRIAL]
        found = [_begun(one) for one in begun if one.uid.hex() not in stopped]
        self._read, self._trials = read, [one for one in found if one is not None]
        self._ones = None if len(begun) > 1 else frozenset(read)

    def asking(
        self, connection: Connection, uid: bytes, first_day: date | None, today: date
    ) -> Trial | None:
        """The trial that has a say in how a card is asked now that was met on a day, None if never,
        with all that the log has of that card alone; None if none has."""

        def may_ask(trial: Trial) -> bool:
            arm = trial.dealt.get(uid)
            met = _since(first_day, today)
            return arm is not None and trial.form.asked(arm, met) is not None

        if not any(map(may_ask, self._trials)):
            return None
        self._look(connection)  # it may have been stopped elsewhere
        for one in self._trials:
            if may_ask(one):
                found = _followed(connection, one, of=uid, learner=self._learner)
                if found.arm(uid) is not None and self._is_one(connection, one):
                    return found
        return None

    def _is_one(self, connection: Connection, trial: Trial) -> bool:
        """Whether no other trial ran when it was begun, which is looked up once."""
        if self._ones is None:
            known = history(connection, learner=self._learner)
            self._ones = frozenset(one.uid for one in known)
        return trial.uid in self._ones


def arm_of(
    connection: Connection,
    uid: bytes,
    first_day: date | None,
    now: datetime,
    *,
    typed: bool,
    learner: int,
) -> str | None:
    """The arm in which a card is asked and answered now, beside the review; None if no trial is
    about it."""
    today = study_day(now)
    trial = Register(connection, learner=learner).asking(connection, uid, first_day, today)
    if trial is None:
        return None
    asked = trial.asked(uid, first_day, today)
    if asked is None or asked.counts is not None:
        return None  # a first showing that counts as something is of the review alone
    return trial.given_in(uid, first_day, today, typed=typed)


def running(connection: Connection, *, learner: int) -> Trial:
    """The trial that runs. Raises StudyError if none does."""
    found = [one for one in history(connection, learner=learner) if one.runs]
    if not found:
        raise StudyError("No trial runs.")
    return found[-1]


class Waited(NamedTuple):
    """A card that the trial waits for, in a few words; whether it `comes`, as one that is
    suspended, paused with its chapter, or gone from the content would be waited for for ever; and
    whether it `changes` with the other arm, as one does until its arms hold no more."""

    uid: bytes
    note: str  # the id in the file
    prompt: str
    comes: bool
    changes: bool


def waited_for(connection: Connection, trial: Trial, today: date, *, learner: int) -> list[Waited]:
    """The cards that a trial waits for and that are here, in the order in which they come."""
    ids = entry.cards_of(connection, trial.waiting, learner=learner)
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    rows = connection.execute(
        select(
            card.id,
            note.name,
            note.prompt,
            card.chapter_id,
            card.missing_since,
            memory.suspended,
            memory.first_day,
        )
        .join(tables.note, note.id == card.note_id)
        .outerjoin(tables.memory, mine)
        .where(card.id.in_(list(ids.values())))
    )
    held, named = paused(connection, learner=learner), {row.id: row for row in rows}
    waits = [(uid, named[ids[uid]]) for uid in trial.waiting if uid in ids]
    return [
        Waited(
            uid,
            row.name,
            row.prompt,
            row.missing_since is None and not row.suspended and row.chapter_id not in held,
            trial.form.holds(_since(row.first_day, today)),
        )
        for uid, row in waits
    ]
