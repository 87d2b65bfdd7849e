"""Which cards a trial would have, and what it could tell: said before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from studyapp.config import Settings
from studyapp.memory.state import State
from studyapp.store import tables
from studyapp.study import stats
from studyapp.study.introduction import all_new, in_book_order
from studyapp.study.recall import recalls
from studyapp.study.stats import Share
from studyapp.study.trial import foresight
from studyapp.study.trial.foresight import Weeks
from studyapp.study.trial.form import WEEK, Family, Form, Strata, detectable, suffices

CARDS = 160  # that a trial has, if so many are new
USUAL = 0.8  # the share that is remembered, where a learner's own reviews do not tell
MOST = 0.95  # of it that is reckoned with
MEMBERS = 6  # that a family of a trial has at most: a few larger ones would decide it
_SAMPLE = 1000  # of the newest reviews, for the share

card = tables.card.c
response = tables.response.c


@dataclass(frozen=True, slots=True)
class Roster:
    """The cards of a trial, in the order in which they come, and what is reckoned from them: the
    `share` that is remembered by now, with what it rests on, and the `weeks` that it would take,
    None at a pace without new cards."""

    strata: Strata
    share: Share
    weeks: Weeks | None

    @property
    def cards(self) -> int:
        return sum(len(family) for stratum in self.strata for family in stratum)

    @property
    def families(self) -> int:
        return sum(map(len, self.strata))

    @property
    def suffices(self) -> bool:
        """Whether there would be an interval in the end."""
        return suffices(self.strata)

    @property
    def remembered(self) -> float:
        """The share that is reckoned with: near all or nothing, every difference could be found."""
        return _reckoned(self.share)

    @property
    def detectable(self) -> float | None:
        """The least difference that the trial is likely to find."""
        return detectable(self.strata, self.remembered) if self.suffices else None

    def as_json(self) -> dict[str, Any]:
        return {
            "cards": self.cards,
            "families": self.families,
            "remembered": self.remembered,
            "detectable": self.detectable,
            "weeks": self.weeks,
        }


def propose(
    connection: Connection, form: Form, now: datetime, settings: Settings, *, learner: int
) -> Roster:
    """The cards that a trial begun now would have: new ones, in the order in which they come, whole
    families of which nothing was met yet, nor, where the form needs that, an answer seen."""
    strata = _strata(connection, form, settings, learner=learner)
    cards = [uid for stratum in strata for family in stratum for uid in family]
    return Roster(
        strata,
        _remembered(connection, learner=learner),
        weeks(connection, form, cards, now, settings, learner=learner),
    )


def weeks(
    connection: Connection,
    form: Form,
    awaited: Collection[bytes],
    now: datetime,
    settings: Settings,
    *,
    learner: int,
) -> Weeks | None:
    """In how many weeks the *awaited* cards have had their outcome, where the learner remembers as
    much as they did; None where new ones are among them, and none come."""
    share = _reckoned(_remembered(connection, learner=learner))
    return foresight.weeks(connection, form, awaited, share, now, settings, learner=learner)


def _reckoned(share: Share) -> float:
    """The share that is reckoned with."""
    if share.value is None or not share.tells:
        return USUAL
    return min(max(share.value, 1 - MOST), MOST)


def _strata(connection: Connection, form: Form, settings: Settings, *, learner: int) -> Strata:
    """What opens only once another card is firm is left out: it would be waited for long."""
    columns = (card.uid, card.family, card.chapter_id, card.depth)
    one, met = tables.card.alias("one").c, tables.memory.alias("met").c
    begun = select(one.family).where(
        one.id == met.card_id, met.learner_id == learner, met.state != State.NEW
    )
    query = all_new(connection, settings, None, *columns, learner=learner).where(
        card.opener.is_(None), card.family.not_in(begun)
    )
    if form.unseen:
        seen = select(one.family).where(
            one.note_id == response.note_id,
            response.learner_id == learner,
            response.revealed_at.is_not(None),
        )
        query = query.where(card.family.not_in(seen))
    families = dict[str, list[bytes]]()
    of = dict[str, tuple[Any, ...]]()  # by family: the stratum of its first card
    ends = dict[str, int]()  # by family: the place of its last card
    rows = connection.execute(query.order_by(*in_book_order(connection, learner=learner)))
    for place, row in enumerate(rows):
        families.setdefault(row.family, []).append(row.uid)
        of.setdefault(row.family, (row.chapter_id, row.depth))
        ends[row.family] = place
    found, taken = dict[tuple[Any, ...], list[Family]](), _soonest(families, ends)
    for name, cards in families.items():
        if name in taken:
            found.setdefault(of[name], []).append(cards)
    return [stratum for stratum in found.values() if len(stratum) > 1]


def _soonest(families: Mapping[str, Family], ends: Mapping[str, int]) -> set[str]:
    """The families whose last card comes first, up to as many cards as a trial has: one that goes
    on in a later chapter would be waited for long."""
    taken, cards = set[str](), 0
    for name in sorted(ends, key=ends.__getitem__):
        if cards >= CARDS:
            break
        if len(families[name]) > MEMBERS:
            continue
        taken.add(name)
        cards += len(families[name])
    return taken


def _remembered(connection: Connection, *, learner: int) -> Share:
    """Of the learner's newest reviews a week or more after the one before the share that was
    remembered."""
    told = [
        one.remembered
        for one in recalls(connection, limit=_SAMPLE, learner=learner)
        if (one.day - one.since).days >= WEEK
    ]
    return stats.share(sum(told), len(told))
