"""What a sitting came to and what comes next, in figures and in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.memory.scheduler import AGAINS_OF_A_LEECH, UNLOCK_DAYS
from studyapp.memory.state import Memory, Rating, State
from studyapp.study import aside, stats, today, tracker, words
from studyapp.study.answer import NOTHING, Given
from studyapp.study.card import CardView
from studyapp.study.counts import Counts
from studyapp.study.fading import has_fading
from studyapp.study.forecast import forecast
from studyapp.study.queue import Queue
from studyapp.study.stats import Share
from studyapp.study.today import Tomorrow

if TYPE_CHECKING:
    from studyapp.study.questionnaire.history import Waiting

_HARD = 2  # lapses from which a card was hard
_NAMED = 2  # cards that a sentence names
_LONG = 60  # characters of a question in a sentence
_FIRM = timedelta(days=UNLOCK_DAYS)  # an interval that what was hard has come to
_TURNS = 3  # days, of which one tells each thing that is always worth doing


@dataclass(frozen=True, slots=True)
class Done:
    """One rating of a sitting: of the card as it was shown, with its memory `after`. `tells`: it
    says what is remembered, of which a share of `expected` was to be."""

    view: CardView
    rating: Rating
    after: Memory
    tells: bool
    expected: float
    milliseconds: int  # as they count for the day's time
    partly: bool = False  # some of it was said: an Again that comes back tomorrow
    given: Given = NOTHING
    judged: bool = True  # by the learner; not where a trial says what a showing counts as

    @property
    def card(self) -> int:
        return self.view.id

    @property
    def said(self) -> str:
        """The rating as the learner gave it."""
        return "partly" if self.partly else self.rating.name.lower()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sitting came to and what comes next.

    Of the cards that came back `expected` were to be remembered (the sum of their
    retrievabilities). `better` are questions that had lapsed and are firm now; `righted` those of
    confident misses that are right for the first time since. `experiment` names one that grounds a
    miss of this sitting and was not run; `attempt` is a questionnaire that waits, `worth` what of
    these and of the course this day tells; `fading`: five questions have something to ask.
    Once what is `left` is done, tomorrow brings `coming` cards that are not new, as the chart of
    Today has it. Of what was chosen, `kind` says what it did to the schedule; `again` of its cards
    come once more today.
    """

    cards: int
    remembered: Share  # of the cards that were in review
    expected: float
    ratings: dict[Rating, int]
    better: tuple[str, ...]
    righted: tuple[str, ...]
    spent: timedelta
    streak: int
    rest_days: tuple[str, ...]
    left: Counts
    waiting: int
    siblings: int
    next_step: datetime | None
    tomorrow: Tomorrow
    coming: int
    experiment: str | None
    attempt: Waiting | None
    worth: str
    fading: bool
    marked: int = 0  # cards that are to be mended
    partly: int = 0  # how many of the Agains were so
    kind: ReviewKind = ReviewKind.STUDY
    again: int = 0


def summarise(
    connection: Connection,
    done: Sequence[Done],
    line: Queue,
    now: datetime,
    settings: Settings,
    *,
    kind: ReviewKind = ReviewKind.STUDY,
    learner: int,
) -> Summary:
    """How a sitting went, of which *line* is left; honest about how few reviews a share rests
    on."""
    from studyapp.study.lab import misses  # the first card does not wait for these
    from studyapp.study.questionnaire import history

    day = study_day(now)
    telling = [one for one in done if one.tells]
    hits = [one for one in telling if one.rating > Rating.AGAIN]
    right = {one.card for one in done if one.rating > Rating.HARD}
    righted = misses.righted(connection, right, day, learner=learner) if right else set()
    waiting = history.waiting(connection, learner=learner)
    return Summary(
        len({one.card for one in done}),
        stats.share(len(hits), len(telling)),
        sum(one.expected for one in telling),
        dict(Counter(one.rating for one in done if one.judged)),
        _questions(one for one in hits if _is_better(one)),
        _questions(one for one in done if one.card in righted),
        timedelta(milliseconds=sum(one.milliseconds for one in done)),
        stats.streak(connection, day, learner=learner, rest_days=settings.rest_days),
        settings.rest_days,
        line.counts(),
        line.waiting,
        line.siblings,
        line.next_at(),
        today.tomorrow(connection, now, settings, learner=learner),
        forecast(connection, line, settings, learner=learner)[1],
        _experiment(connection, done, learner=learner),
        waiting,
        _worth(connection, waiting, day, depth=settings.depth, learner=learner),
        has_fading(connection, now, learner=learner),
        len(aside.marked(connection, learner=learner)),
        partly=sum(one.partly for one in done),
        kind=kind,
        again=_come_again(done, day),
    )


def _come_again(done: Sequence[Done], today: date) -> int:
    """How many of the cards come once more today."""
    after = {one.card: one.after for one in done}.values()
    return sum(one.due is not None and one.due <= today for one in after)


def _is_better(done: Done) -> bool:
    """Whether a card that was hard has become firm: once after each time that it slipped."""
    before, after = done.view.memory, done.after
    if done.rating < Rating.GOOD:
        return False
    if before.lapses < _HARD or before.state is not State.REVIEW or after.state is not State.REVIEW:
        return False
    if before.due is None or before.last_day is None or after.due is None or after.last_day is None:
        return False
    return before.due - before.last_day < _FIRM <= after.due - after.last_day


def _questions(done: Iterable[Done]) -> tuple[str, ...]:
    from studyapp.notes.plain import plain  # takes longer to import than a sitting

    asked = (" ".join(plain(one.view.note.prompt).split()) for one in done)
    return tuple(
        dict.fromkeys(text if len(text) <= _LONG else f"{text[:_LONG]}…" for text in asked)
    )


def _experiment(connection: Connection, done: Sequence[Done], *, learner: int) -> str | None:
    """The experiment behind the newest miss that has one which is installed and was not run."""
    from studyapp.lab import catalog
    from studyapp.study.lab import facts

    missed = (one for one in reversed(done) if one.judged and one.rating is Rating.AGAIN)
    named = dict.fromkeys(name for one in missed for name in facts.grounds(one.view.note))
    known = {lesson.name for lesson in catalog.read().lessons} if named else set()
    return next(
        (
            name
            for name in named
            if name in known and not facts.has_run(connection, name, learner=learner)
        ),
        None,
    )


def _worth(
    connection: Connection, waiting: Waiting | None, day: date, *, depth: str, learner: int
) -> str:
    """What is worth doing next: by turns the questionnaire that waits, the next section of the
    course, and nothing, as what is told at every end is no longer read."""
    turn = ((day - waiting.newest).days if waiting else day.toordinal()) % _TURNS
    if turn == 0 and waiting:
        return (
            f"the {waiting.kind} of {waiting.name}, "
            f"{waiting.answered} of {waiting.questions} answered"
        )
    if turn != 1:
        return ""
    following = tracker.read_course(connection, depth=depth, learner=learner).next_section
    return f"section {following.number} of the course, {following.title}" if following else ""


def leech_line(memory: Memory, card: str = "This card") -> str:
    """A *card* that keeps slipping, and what can be done."""
    return f"{card} keeps slipping: {slipping(memory)}. Reword it, or split it into smaller ones."


def slipping(memory: Memory) -> str:
    """What made a card a leech, lapses beside what was to be expected."""
    if memory.agains >= AGAINS_OF_A_LEECH:
        return f"{memory.agains} times Again and not learned yet"
    lapses = words.count(memory.lapses, "lapse")
    return f"{lapses}, {memory.expected_lapses:.1f} expected"


def summary_lines(
    summary: Summary, now: datetime, known: Collection[str] = (), *, asked: bool = False
) -> list[str]:
    """How a sitting went and what comes next, in sentences: the first is the heading, the last
    begins with "Tomorrow". What is worth doing is left out where it is *known*. *asked*: what a
    cram has missed was made due today."""
    lines = [
        _heading(summary),
        *_effect(summary, asked=asked),
        *_gained(summary),
        *_left(summary, now),
    ]
    worth = worth_line(summary)
    return [*lines, *([worth] if worth not in ("", *known) else []), _tomorrow(summary)]


def worth_line(summary: Summary) -> str:
    """What is worth doing next, in a sentence; empty if there is nothing to tell."""
    if summary.experiment is not None:
        return (
            f"Worth doing next: the experiment {summary.experiment}, which grounds what you missed."
        )
    if summary.worth and not summary.left.total:
        return f"Worth doing next: {summary.worth}."
    return ""


def _tomorrow(summary: Summary) -> str:
    """What tomorrow brings; while something is left of today, what the chart of Today has, too,
    which takes that as done."""
    left, counts = summary.left.total, summary.tomorrow.counts
    told = f"{tomorrow_lead(left)}: {tomorrow_words(summary.tomorrow)}."
    if not left or summary.coming == counts.review + counts.learning:
        return told
    coming = words.count(summary.coming, "review") if summary.coming else "no review"
    return f"{told} If you finish today's: {coming}."


def tomorrow_lead(left: int) -> str:
    """Under which condition tomorrow is told, where so many cards are *left* of today."""
    return "Tomorrow, if you stop here" if left else "Tomorrow"


def tomorrow_words(tomorrow: Tomorrow) -> str:
    """24 reviews and 10 new cards, about 14 minutes; nothing."""
    counts = tomorrow.counts
    if not counts.total:
        return "nothing"
    minutes = words.count(max(1, round(tomorrow.minutes)), "minute")
    return f"{_kinds(counts)}, about {minutes}"


def _kinds(counts: Counts) -> str:
    """24 reviews, 2 learning and 10 new cards; what there is none of is left out."""
    told = [words.count(counts.review, "review")] if counts.review else []
    told += [f"{counts.learning:,} learning"] if counts.learning else []
    told += [words.count(counts.new, "new card")] if counts.new else []
    return words.listed(told)


def held_words(waiting: int, siblings: int, left: int) -> list[str]:
    """What is due and does not come today, and why; *left* cards still do."""
    told = []
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        told.append(
            f"{words.count(waiting, 'review')} {verb} for another day: "
            "what you remember best comes first."
        )
    return told + [f"{one}." for one in words.given_away(siblings, left)]


def _heading(summary: Summary) -> str:
    if summary.cards:
        minutes = max(1, round(summary.spent.total_seconds() / 60))
        made, told = sum(summary.ratings.values()), words.count(summary.cards, "card")
        told += f", {words.count(made, 'rating')}," if made > summary.cards else ""
        return f"{told} in about {words.count(minutes, 'minute')}."
    return "Nothing rated." if summary.left.total else "Nothing is due now."


def _effect(summary: Summary, *, asked: bool) -> list[str]:
    """What a sitting that was chosen has done to the schedule."""
    if not summary.cards or summary.kind not in (*CRAMMED, ReviewKind.AHEAD):
        return []
    if summary.kind in CRAMMED and asked:
        return ["No rating of a cram changes your schedule; what was missed is due today."]
    if summary.kind in CRAMMED:
        return ["No rating of a cram changes your schedule."]
    dated = words.count(summary.cards, "card")
    again = f"; {summary.again:,} of them today" if summary.again else ""
    return [f"Your schedule has new dates for {dated}{again}."]


def _gained(summary: Summary) -> list[str]:
    lines = []
    if summary.remembered.n == 1:
        verb = "remembered" if summary.remembered.value else "forgotten"
        lines.append(f"The one card that came back was {verb}.")
    elif summary.remembered.n:
        hits = round((summary.remembered.value or 0.0) * summary.remembered.n)
        share = f": {words.percent(summary.remembered)}" if summary.remembered.tells else ""
        lines.append(
            f"Remembered {hits} of the {words.count(summary.remembered.n, 'card')} that came back"
            f"{share}; {summary.expected:.1f} were expected."
        )
    if summary.better:
        lines.append(f"Hard before, better now: {_named(summary.better)}.")
    if summary.righted:
        lines.append(f"Sure and wrong once, right now: {_named(summary.righted, most=None)}.")
    if summary.cards and summary.streak > 1:
        lines.append(f"{words.in_a_row(summary.streak, summary.rest_days)}.")
    return lines


def _named(questions: Sequence[str], most: int | None = _NAMED) -> str:
    named = ", ".join(f"“{text}”" for text in questions[:most])
    more = len(questions) - (most or len(questions))
    return f"{named} and {more} more" if more > 0 else named


def _left(summary: Summary, now: datetime) -> list[str]:
    lines = []
    if summary.left.total:
        lines.append(f"Still due today: {_kinds(summary.left)}.")
    elif summary.waiting:
        lines.append("Today's time is used up.")
    lines += held_words(summary.waiting, summary.siblings, summary.left.total)
    if summary.next_step is not None and not summary.left.total:
        lines.append(
            "The next card is due in "
            f"{words.spelled(words.span(max(summary.next_step - now, now - now)))}."
        )
    return lines
