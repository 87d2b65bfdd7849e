"""One sitting with the queue: show a card, rate it, take it back, and sum up at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log
from studyapp.study import card, review, stats
from studyapp.study.card import CardView
from studyapp.study.desk import Desk
from studyapp.study.plan import DUE, Plan
from studyapp.study.queue import Counts, Item, Queue, seconds
from studyapp.study.recall import tells_recall
from studyapp.study.summary import Summary
from studyapp.study.undo import Undone, undo


@dataclass(frozen=True, slots=True)
class Done:
    """One rating of this sitting; `tells` if it says what is remembered."""

    card: int
    rating: Rating
    tells: bool
    seconds: float  # as they count for the day's time


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
        self._item: Item | None = None
        self._parameters: Parameters
        self._shown_at = desk.now()
        self.ends = self._time_is_up()
        self._reload()
        self._advance()

    @property
    def counts(self) -> Counts:
        return self._queue.counts()

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    @property
    def over(self) -> bool:
        """Whether the time, if there is a limit, has run out."""
        return self.ends is not None and self.desk.now() >= self.ends

    def tomorrow(self) -> date:
        """When an Again comes back of an answer that was partly said."""
        return study_day(self.desk.now()) + timedelta(days=1)

    def options(self) -> dict[Rating, Memory]:
        """What each rating of the current card leads to."""
        assert self.view is not None
        memory, uid, now = self.view.memory, self.view.uid, self.desk.now()
        return {
            rating: review.preview(memory, rating, now, uid, self._parameters, self.plan.kind)
            for rating in Rating
        }

    def spent(self) -> timedelta:
        """Time since the current card was shown."""
        return self.desk.now() - self._shown_at

    def rate(
        self, rating: Rating, *, seen: CardView | None = None, due_on: date | None = None
    ) -> review.Answered:
        """Rate the current card and go on to the next. *due_on* is a day that takes the place of
        the one that the rating gives.

        Raises AlreadyRatedError after moving on, if another window was quicker; ChangedError, with
        the card still there, if `options` are others now; LockedError, likewise, if the database
        is busy; StudyError, with nothing graded, if the time is up.
        """
        if self.over:
            raise StudyError("Time is up; this card was not graded.")
        view, item = seen or self.view, self._item
        assert view is not None
        assert item is not None
        now, spent = self.desk.now(), self.spent()
        try:
            with self.desk.writing() as connection:
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
                    promise=(view.memory, self._parameters),
                    due_on=due_on,
                    learner=self.desk.learner,
                )
        except AlreadyRatedError:
            self._queue.drop(view.id)
            self._advance()
            raise
        except ChangedError:
            self._look_again(view)
            raise
        tells = tells_recall(self.plan.kind, view.memory, study_day(now))
        counted = seconds(review.milliseconds(spent))
        self.done.append(Done(view.id, rating, tells, counted))
        self._queue.rated(item, answered.memory)
        self._advance()
        return answered

    def undo(self) -> Undone | None:
        """Take back the newest rating or action, of an earlier sitting too, and show its card."""
        with self.desk.writing() as connection:
            undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        if undone is None:
            return None
        if self.done and self.done[-1].card == undone.card and undone.rating is not None:
            self.done.pop()
        self._reload()
        if undone.card is not None and not undone.grade:
            self._put_first(undone.card)
        self._advance()
        return undone

    def suspend(self) -> None:
        """Set the current card aside until it is asked for again."""
        self._set_aside(review.suspend)

    def bury(self) -> None:
        """Leave the current card out until tomorrow."""
        self._set_aside(review.bury)

    def know(self) -> None:
        """The current card is known already: confirmed in 30 days. Only a new card can be."""
        if self.view is not None and self.view.memory.state is not State.NEW:
            raise StudyError("Only a new card can be marked as known; rate this one instead.")
        self._set_aside(review.know)

    def go_on(self) -> None:
        """As much again, for a learner who wants more: a day's budget, or what the plan has."""
        self.more += 1
        self.ends = self._time_is_up()
        self.refresh()

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

    def _look_again(self, view: CardView) -> None:
        """Read what another window has changed; a card that it has set aside goes."""
        with self.desk.reading() as connection:
            self._parameters = log.in_force(connection, learner=self.desk.learner)
            memory = log.read_memory(connection, view.id, learner=self.desk.learner)
        if memory.suspended:
            self._queue.drop(view.id)
            self._advance()
        else:
            self.view = replace(view, memory=memory)

    def _put_first(self, card_id: int) -> tuple[Item, CardView]:
        with self.desk.reading() as connection:
            view = card.load(connection, card_id, learner=self.desk.learner)
        memory = view.memory
        item = Item(view.id, view.family, view.chapter_id, memory.state, memory.due_at)
        self._queue.put_first(item)
        return item, view

    def summary(self) -> Summary:
        """How the sitting went; honest about how few reviews a share rests on."""
        now = self.desk.now()
        recalled = [done for done in self.done if done.tells]
        hits = sum(done.rating > Rating.AGAIN for done in recalled)
        with self.desk.reading() as connection:
            days = stats.forecast(connection, study_day(now), learner=self.desk.learner)
            line = self._queue
            if self.plan.kind is not ReviewKind.STUDY:  # what is left is what is due, all of it
                line = self._load(connection, DUE)
        return Summary(
            len({done.card for done in self.done}),
            stats.share(hits, len(recalled)),
            dict(Counter(done.rating for done in self.done)),
            timedelta(seconds=sum(done.seconds for done in self.done)),
            line.counts(),
            line.waiting,
            line.next_at(),
            days[1],
        )

    def _set_aside(self, action: Callable[..., object]) -> None:
        assert self.view is not None
        with self.desk.writing() as connection:
            action(connection, self.view.id, self.desk.now(), learner=self.desk.learner)
        self._queue.drop(self.view.id)
        self._advance()

    def _time_is_up(self) -> datetime | None:
        """When the time of the plan, if it has any, runs out from now."""
        return None if self.plan.end.time is None else self.desk.now() + self.plan.end.time

    def _load(self, connection: Connection, plan: Plan) -> Queue:
        return plan.load(
            connection,
            self.desk.now(),
            self.desk.settings,
            more=self.more,
            learner=self.desk.learner,
        )

    def _reload(self) -> None:
        today = study_day(self.desk.now())
        if today != self._day:  # what was asked for beyond a day's time was that day's
            self._day, self.more = today, 0
        with self.desk.reading() as connection:
            self._queue = self._load(connection, self.plan)
            if self.plan.end.cards is not None:
                begun = {done.card for done in self.done}
                self._queue.shorten(self.plan.end.cards * (1 + self.more), begun)
            self._parameters = log.in_force(connection, learner=self.desk.learner)

    def _advance(self) -> None:
        now = self.desk.now()
        if study_day(now) != self._queue.today:
            self._reload()
        self._item = self._queue.next(now)
        if self._item is None:
            self.view = None
            return
        with self.desk.reading() as connection:
            self.view = card.load(connection, self._item.card, learner=self.desk.learner)
        self._shown_at = now
