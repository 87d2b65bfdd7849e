"""One sitting with the queue: show a card, rate it, take it back, and sum up at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Chosen, ReviewKind
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Memory, Rating, State
from studyapp.store.memory import read_memory
from studyapp.study import aside, card, review, selection, summary
from studyapp.study.answer import NOTHING, Given
from studyapp.study.card import CardView
from studyapp.study.counts import Counts
from studyapp.study.desk import Desk
from studyapp.study.pace import counted, of_the_day
from studyapp.study.pause import paused
from studyapp.study.pile import Item
from studyapp.study.plan import DUE, Plan
from studyapp.study.queue import Queue
from studyapp.study.recall import tells_recall
from studyapp.study.spread import Option, Spread, siblings
from studyapp.study.stats import is_beginner
from studyapp.study.stopwatch import Stopwatch
from studyapp.study.summary import Done, Summary
from studyapp.study.trial.course import Register, Trial
from studyapp.study.trial.form import Arm
from studyapp.study.undo import Newest, Undone, newest, uid_of_newest, undo


class Sitting:
    """Works through the queue of one study day. The current card is `view`; None at the end.

    Every rating and every undo is one write transaction, finished before the next card is there.
    """

    def __init__(self, desk: Desk, plan: Plan = DUE) -> None:
        """Sit down to what is due, or to another plan."""
        self.desk = desk
        self.plan = plan
        self.more = 0
        self._day = study_day(desk.now())
        self.done: list[Done] = []
        self.view: CardView | None = None
        self.given = NOTHING  # of the current card, whose rating was taken back
        self._known: dict[int, Given] = {}  # what was given to cards marked as known
        self._taken = set[int]()  # cards that were set aside here
        self._mine = set[bytes]()  # what was done here, of a plan that was chosen
        self._item: Item | None = None
        self._spread: Spread
        self._apart: Collection[int] = ()  # days of the current card's siblings
        self._chosen: Mapping[Rating, Chosen] = {}
        self._chosen_for: tuple[object, ...] = ()
        self._register: Register  # of the trials
        self._trial: Trial | None = None  # that has a say in the current card
        self._watch = Stopwatch(desk.now)  # of the current card
        self.ends = self._time_is_up()
        with desk.reading() as connection:  # whether the learner has to be told what 1-4 mean
            self.beginner = is_beginner(connection, self._day, learner=desk.learner)
        self._reload()
        self._advance()

    @property
    def counts(self) -> Counts:
        return self._queue.counts()

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    @property
    def siblings(self) -> int:
        return self._queue.siblings

    @property
    def spare(self) -> int:
        """How many of what is left are not due: an exam's day has time for them."""
        return self._queue.spare

    @property
    def over(self) -> bool:
        """Whether the time, if there is a limit, has run out."""
        return self.ends is not None and self.desk.now() >= self.ends

    def tomorrow(self) -> date:
        """When an Again comes back of an answer that was partly said."""
        return study_day(self.desk.now()) + timedelta(days=1)

    @property
    def asked(self) -> Arm | None:
        """How a trial has the current card asked, in a cram, too; None as the learner likes."""
        if self.view is None or self._trial is None:
            return None
        today = study_day(self.desk.now())
        return self._trial.asked(self.view.uid, self.view.memory.first_day, today)

    def _arm(self, given: Given) -> str | None:
        """The arm in which the current card was answered, if it is one of a trial."""
        asked = self.asked
        if self.view is None or self._trial is None or asked is None or not self.plan.changes:
            return None
        return self._trial.given_in(
            self.view.uid,
            self.view.memory.first_day,
            study_day(self.desk.now()),
            typed=bool(given.text.strip()),
            shown=bool(asked.shown),
        )

    def _heed(self, connection: Connection, view: CardView) -> None:
        """Hear whether the trial of the current card was stopped elsewhere, or waits for that card
        no more. Raises ChangedError if the card would have counted as something: it is the
        learner's to rate then."""
        asked = self.asked
        if asked is None:
            return
        self._trial = self._asking(connection, view)
        if asked.counts is not None and self.asked is None:
            raise ChangedError("The trial does not wait for this card any more: rate it yourself.")

    def _check(self, rating: Rating | None) -> None:
        """Raise StudyError if a trial has the current card count as another rating, be this one
        None, that it is known."""
        counts = self.asked and self.asked.counts
        if counts not in (None, rating):
            raise StudyError(
                f"In the trial its first showing counts as {counts.name.capitalize()}."
            )

    def options(self) -> dict[Rating, Memory]:
        """What each rating of the current card leads to."""
        assert self.view is not None
        found = self._options(self.view, self.desk.now())
        return {rating: option.after for rating, option in found.items()}

    def _options(self, view: CardView, now: datetime) -> dict[Rating, Option]:
        """The same with what each rating comes with: chosen once for as long as a card is shown,
        whatever is rated elsewhere meanwhile, so that a rating keeps what its button says."""
        kept = self._chosen if self._chosen_for == self._choice(view, now) else None
        found = self._spread.options(
            view.memory,
            now,
            view.uid,
            view.chapter_id,
            apart=self._apart,
            kind=self.plan.kind,
            kept=kept,
        )
        self._chosen = {rating: option.chosen for rating, option in found.items()}
        self._chosen_for = self._choice(view, now)
        return found

    def _choose(self, view: CardView, now: datetime) -> Mapping[Rating, Chosen]:
        if self._choice(view, now) != self._chosen_for:
            self._options(view, now)
        return self._chosen

    def _choice(self, view: CardView, now: datetime) -> tuple[object, ...]:
        """What is chosen for: as long as this is the same, so is the choice."""
        spread = self._spread
        goal = spread.own.get(view.chapter_id)
        return view.id, view.memory, study_day(now), spread.parameters, goal

    def touched(self) -> None:
        """There was a key: the learner is here."""
        gap = self._watch.touched()
        if gap < timedelta(0) and self.ends is not None:  # the clock was set back
            self.ends += gap

    def spent(self) -> timedelta:
        """Time over the current card without what pauses have beyond a minute."""
        self.touched()
        return self._watch.spent()

    def rate(
        self,
        rating: Rating,
        *,
        seen: CardView | None = None,
        due_on: date | None = None,
        given: Given = NOTHING,
    ) -> review.Answered:
        """Rate the current card and go on to the next. *due_on* is a day that takes the place of
        the one that the rating gives, where it gives one; what was *given* is there again if it is
        taken back.

        Raises AlreadyRatedError after moving on, if another window was quicker; ChangedError, with
        the card still there, if `options` are others now; LockedError, likewise, if the database
        is busy; StudyError, with nothing graded, if the time is up, or if a trial has the card
        count as another rating.
        """
        if self.over:
            raise StudyError("Time is up; this card was not graded.")
        self._check(rating)
        judged = self.asked is None or self.asked.counts is None
        view, item = seen or self.view, self._item
        assert view is not None
        assert item is not None
        now, spent = self.desk.now(), self.spent()
        parameters, chosen = self._spread.parameters, self._choose(view, now)[rating]
        try:
            with self.desk.writing() as connection:
                self._heed(connection, view)
                arm = self._arm(given)
                answered = review.answer(
                    connection,
                    view.id,
                    view.memory.last_review,
                    rating,
                    now,
                    duration=spent,
                    kind=self.plan.kind,
                    leech_lapses=self.desk.settings.leech_lapses,
                    variant=view.variant,
                    arm=arm,
                    chosen=chosen,
                    promise=(view.memory, parameters),
                    due_on=due_on if self.plan.changes else None,
                    learner=self.desk.learner,
                )
        except AlreadyRatedError:
            self.refresh()
            raise
        except ChangedError:
            self._look_again(view)
            raise
        self._mine.update(answered.logged)
        tells = tells_recall(self.plan.kind, view.memory, study_day(now))
        took = counted(review.milliseconds(spent))
        expected = parameters.retrievability(view.memory, study_day(now)) or 0.0
        partly = due_on is not None
        done = Done(view, rating, answered.memory, tells, expected, took, partly, given, judged)
        self.done.append(done)
        self._spread.rated(view.memory, answered.memory)
        self._queue.rated(item, answered.memory, took if of_the_day(self.plan.kind) else 0)
        if self._queue.outdated:
            self._reload()
        self._advance()
        return answered

    def undo(self) -> Undone | None:
        """Take back the newest rating or action, and show its card; one that was set aside
        elsewhere, and is not to come today, only has its date again. What the day asks takes back
        what is of an earlier sitting, too; a plan that was chosen only what was done in it, as
        another card would be rated here as what it is not. Raises StudyError then."""
        with self.desk.writing() as connection:
            self._hold(uid_of_newest(connection, learner=self.desk.learner))
            undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        if undone is None or undone.mark:
            return undone
        given = NOTHING
        if self.done and self.done[-1].card == undone.card and undone.rating is not None:
            given = self.done.pop().given
        elif undone.card is not None and undone.rating is None:
            given = self._known.pop(undone.card, NOTHING)
        self._reload()
        front = undone.card if self._comes(undone) else None
        if front is None and self.view is not None and self._queue.has(self.view.id):
            front = self.view.id
        if front is not None:
            self._put_first(front)
            self._shorten()
        self._advance()
        if self.view is not None and self.view.id == undone.card:
            self.given = given
        return undone

    def newest(self) -> Newest | None:
        """What `undo` would take back; None if there is nothing. Raises what `undo` raises."""
        with self.desk.reading() as connection:
            found = newest(connection, self.desk.now(), learner=self.desk.learner)
        self._hold(found.uid if found else None)
        return found

    def _hold(self, uid: bytes | None) -> None:
        """Leave alone what was not done here, where the plan takes back nothing else."""
        if self.plan.chosen and uid is not None and uid not in self._mine:
            raise StudyError("What was done last was not done in this sitting; undo it on Today.")

    def _comes(self, undone: Undone) -> bool:
        """Whether the card of what was taken back is to be shown now."""
        if undone.card is None or undone.grade:
            return False
        rated = undone.rating is not None and not (undone.crammed and self.plan.changes)
        if rated or undone.card in self._taken:
            return True
        of_today = not self.plan.chosen and self._is_due(undone.card)
        return of_today or self._queue.has(undone.card)

    def _is_due(self, card_id: int) -> bool:
        with self.desk.reading() as connection:
            memory = read_memory(connection, card_id, learner=self.desk.learner)
        day = memory.due if memory.state is not State.NEW else None
        return day is not None and day <= self._queue.today

    def suspend(self) -> None:
        """Set the current card aside until it is asked for again."""
        self._set_aside(review.suspend)

    def bury(self) -> None:
        """Leave the current card out until tomorrow."""
        self._set_aside(review.bury)

    def mark(self) -> bool:
        """Mark the current card to be mended later, or no longer; returns whether it is now."""
        assert self.view is not None
        with self._acting() as connection:
            now, learner = self.desk.now(), self.desk.learner
            return review.mark(connection, self.view.id, now, learner=learner)

    def know(self, given: Given = NOTHING) -> None:
        """The current card is known already: confirmed in 30 days. Only a new card can be. What was
        *given* is there again if it is taken back."""
        view = self.view
        if view is not None and view.memory.state is not State.NEW:
            raise StudyError("Only a new card can be marked as known; rate this one instead.")
        self._check(None)
        self._set_aside(review.know)
        if view is not None:
            self._known[view.id] = given

    @property
    def slipping(self) -> int | None:
        """The card that was rated last of those that keep slipping."""
        limit = self.desk.settings.leech_lapses
        slip = (
            one.card
            for one in reversed(self.done)
            if is_leech(one.after.lapses, one.after.agains, limit)
        )
        return next(slip, None)

    @property
    def missed(self) -> list[int]:
        """Cards that this sitting has missed without that their memory would know of it."""
        if self.plan.changes:
            return []
        return list(dict.fromkeys(one.card for one in self.done if one.rating is Rating.AGAIN))

    def ask_missed(self) -> selection.Done:
        """Make due today what was missed in a cram."""
        with self._acting() as connection:
            now, learner = self.desk.now(), self.desk.learner
            return selection.set_due(connection, self.missed, study_day(now), now, learner=learner)

    def go_on(self) -> None:
        """As much again, for a learner who wants more: a day's budget, or what the plan has."""
        self.more += 1
        self.ends = self._time_is_up()
        self.refresh()

    @property
    def has_more(self) -> bool:
        """Whether something is left, or `go_on` would bring something."""
        if self.counts.total:
            return True
        with self.desk.reading() as connection:
            return self._not_done(connection, self.more + 1).counts().total > 0

    def refresh(self) -> None:
        """Read the queue again (the study day, the content or the settings may have changed)."""
        self._reload()
        self._advance()

    def reload_card(self) -> None:
        """Read the current card's text again (after an edit, which may have made a copy of the
        note: its cards take the place of those of the original)."""
        if self.view is not None:
            with self.desk.reading() as connection:
                seen = card.seen(connection, self.view.uid, learner=self.desk.learner)
            self._reload()
            self._item, self.view = self._put_first(self.view.id if seen is None else seen)

    def come_back(self) -> None:
        """Read the queue again after other cards may have been rated elsewhere in the app, with the
        current card in front unless it is one of them, or paused there."""
        if self.view is None:
            return
        with self.desk.reading() as connection:
            memory = read_memory(connection, self.view.id, learner=self.desk.learner)
            held = self.view.chapter_id in paused(connection, learner=self.desk.learner)
        if memory.last_review == self.view.memory.last_review and not held:
            self.reload_card()
        else:
            self.refresh()

    def look_again(self) -> bool:
        """Read what another page has changed of the current card; one that was set aside or rated
        there goes. Returns whether anything is different."""
        view = self.view
        if view is None:
            return False
        with self.desk.reading() as connection:
            seen = card.seen(connection, view.uid, learner=self.desk.learner)
            now = seen and card.load(connection, seen, learner=self.desk.learner)
            asked = self.asked
            self._trial = self._asking(connection, view)
        if now == view and self.asked is asked:
            return False
        if not now or self._is_out(now.memory) or now.memory.last_review != view.memory.last_review:
            self.refresh()
        else:
            self._reload()
            self._item, self.view = self._put_first(now.id)
        return True

    def _is_out(self, memory: Memory) -> bool:
        return memory.suspended or aside.is_buried(memory, self.desk.now())

    def _look_again(self, view: CardView) -> None:
        """Read what another window has changed; a card that it has set aside goes."""
        with self.desk.reading() as connection:
            self._spread = self._read_spread(connection)
            memory = read_memory(connection, view.id, learner=self.desk.learner)
        if memory.suspended:
            self.refresh()
        else:
            self.view = replace(view, memory=memory)

    def _put_first(self, card_id: int) -> tuple[Item, CardView]:
        with self.desk.reading() as connection:
            view = self._show(connection, card_id)
        memory = view.memory
        item = Item(
            view.id,
            view.family,
            view.chapter_id,
            memory.state,
            memory.due_at,
            today=memory.last_day == self._queue.today,
        )
        day = memory.due if memory.state is not State.NEW else None
        self._queue.put_first(item, day is not None and day <= self._queue.today)
        return item, view

    def summary(self) -> Summary:
        """How the sitting went; honest about how few reviews a share rests on."""
        desk = self.desk
        with desk.reading() as connection:
            line = self._queue
            if self.more or self.plan.kind is not ReviewKind.STUDY:
                line = self._load(connection, DUE, more=0)  # what is left is what Today calls due
            return summary.summarise(
                connection,
                self.done,
                line,
                desk.now(),
                desk.settings,
                kind=self.plan.kind,
                learner=desk.learner,
            )

    def _set_aside(self, action: Callable[..., object]) -> None:
        assert self.view is not None
        with self._acting() as connection:
            action(connection, self.view.id, self.desk.now(), learner=self.desk.learner)
        self._taken.add(self.view.id)
        self.refresh()  # what waited may have its place

    @contextmanager
    def _acting(self) -> Iterator[Connection]:
        """A write transaction; what is done in it is what this sitting can take back."""
        learner = self.desk.learner
        with self.desk.writing() as connection:
            before = uid_of_newest(connection, learner=learner)
            yield connection
            after = uid_of_newest(connection, learner=learner)
            if after is not None and after != before:
                self._mine.add(after)

    def _time_is_up(self) -> datetime | None:
        """When the time of the plan, if it has any, runs out from now."""
        return None if self.plan.end.time is None else self.desk.now() + self.plan.end.time

    def _load(self, connection: Connection, plan: Plan, *, more: int) -> Queue:
        return plan.load(
            connection,
            self.desk.now(),
            self.desk.settings,
            more=more,
            learner=self.desk.learner,
        )

    def _not_done(self, connection: Connection, more: int) -> Queue:
        """What the plan asks and this sitting has not asked yet."""
        line = self._load(connection, self.plan, more=more)
        if not self.plan.changes:  # no memory says that these have been asked
            for done in self.done:
                line.drop(done.card)
        return line

    def _reload(self) -> None:
        today = study_day(self.desk.now())
        if today != self._day:  # what was asked for beyond a day's time was that day's
            self._day, self.more = today, 0
        with self.desk.reading() as connection:
            self._queue = self._not_done(connection, self.more)
            self._shorten()
            self._spread = self._read_spread(connection)
            self._register = Register(connection, learner=self.desk.learner)

    def _shorten(self) -> None:
        """Keep as many cards as the plan has, if it says how many."""
        if self.plan.end.cards is not None:
            begun = {done.card for done in self.done}
            self._queue.shorten(self.plan.end.cards * (1 + self.more), begun)

    def _advance(self) -> None:
        now, self.given = self.desk.now(), NOTHING
        if study_day(now) != self._queue.today:
            self._reload()
        self._item = self._queue.next(now)
        if self._item is None:
            self.view = None
            return
        with self.desk.reading() as connection:
            self.view = self._show(connection, self._item.card)
        self._watch.start()

    def _show(self, connection: Connection, card_id: int) -> CardView:
        """Read a card that is to be in front, with what its dates hang on."""
        learner = self.desk.learner
        view = card.load(connection, card_id, learner=learner)
        if view.has_siblings:
            self._apart = siblings(connection, card_id, view.family, learner=learner)
        else:
            self._apart = ()
        self._spread = self._spread.aiming(connection, learner=learner)
        self._trial = self._asking(connection, view)
        return view

    def _asking(self, connection: Connection, view: CardView) -> Trial | None:
        """The trial that has a say in how a card is asked now, if one has."""
        today = study_day(self.desk.now())
        return self._register.asking(connection, view.uid, view.memory.first_day, today)

    def _read_spread(self, connection: Connection) -> Spread:
        desk = self.desk
        return Spread.read(connection, desk.now(), desk.settings, learner=desk.learner)
