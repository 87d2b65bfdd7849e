"""Which notes of a file that is brought again are notes of before in other words.

A text gives its notes no ids: one is known by its question, so that another question is another
note. It is the note of before whose question the file has no more if it answers the same and asks
alike, or in the same place; or if it asks nearly the same there, and answers alike. Each must be
the only one for the other, in one deck, and have the same numbers in it: what is the same but for a
year is another question. What may be meant, too, is told and stays a note of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from studyapp.notes import markdown
from studyapp.notes.card import clozes, find_clozes
from studyapp.notes.deck import (
    asked,
    brought_before,
    deck_name,
    has_own_id,
    known_as,
    note_id,
    renamed,
)
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.likeness import NEARLY, shared
from studyapp.notes.note import CardStyle, Note

_ALIKE = 0.5  # share of words from which a question that has the same answer is the same
_IN_PLACE = 1 / 3  # and where it stands in the same place, too
_LONG = 4  # words of an answer that no other question has by chance
_PASSES = 3
_MOST = 100_000  # pairs that are looked at: more is another file


@dataclass(frozen=True, slots=True)
class Wording:
    """A note of a file, its line and what it asks; and what was asked `before`, here still. That it
    is the same note, in other words, may not be sure. In a folder, `path` is its file."""

    line: int
    question: str
    before: str
    is_sure: bool = True
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What notes are called that are of before, by their guids; and how they are worded now, by
    their guids, too."""

    calls: dict[str, str] = field(default_factory=dict)
    wordings: dict[str, Wording] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a note asks and answers, as words; for one that hides texts, what it shows and hides."""

    asks: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def numbers(self) -> Counter[str]:
        return Counter(word for word in self.asks if any(map(str.isdigit, word)))


def found(notes: Sequence[ForeignNote], root: Path) -> Found:
    """Which *notes* of a file are in its pack at *root* in other words."""
    mine = [one for one in notes if not has_own_id(one.guid)]
    pages = markdown.read_folder(root)[0] if mine and root.is_dir() else ()
    there = {one.id: one for page in pages for one in page.notes if one.origin and not one.guid}
    if not there:
        return Found()
    made = Found()
    decks = {one.id: page.title for page in pages for one in page.notes}
    made.calls.update(_anew(mine, there, root.name))
    rows = defaultdict[str, list[str]](list)
    for name in there:
        rows[decks[name]].append(name)
    files = defaultdict[str, list[ForeignNote]](list)
    for one in mine:
        files[deck_name(one.deck, root.name)].append(one)
    moved = renamed(files, {deck: [there[name] for name in some] for deck, some in rows.items()})
    for name, some in files.items():
        deck = moved.get(name, name)
        for _ in range(_PASSES):  # what is known by now tells the place of what is beside it
            known = len(made.calls)
            used = {note_id(made.calls.get(one.guid, one.guid)) for one in notes}
            before = {name: there[name] for name in rows[deck] if name not in used}
            calls = {one.guid: made.calls.get(one.guid, one.guid) for one in some}
            new = [one for one in some if note_id(calls[one.guid]) not in there]
            if not 0 < len(before) * len(new) <= _MOST:
                break
            _pair(new, before, deck, _Places(some, rows[deck], calls), made)
            if len(made.calls) == known:
                break
    return made


def _anew(mine: Sequence[ForeignNote], there: Mapping[str, Note], pack: str) -> dict[str, str]:
    """What notes are called of which one has the name of another that was reworded since, and the
    file has both by now."""
    calls, direct = dict[str, str](), dict[str, ForeignNote]()
    for one in mine:
        if note_id(anew := f"{one.guid} (anew)") in there:
            calls[one.guid] = anew
        elif (name := note_id(one.guid)) in there:
            direct[name] = one
    new = [one for one in mine if one.guid not in calls and note_id(one.guid) not in direct]
    origins = {name: there[name].origin or "" for name in direct}
    for one in new if len(new) * len(direct) <= _MOST else ():
        if name := brought_before(one, deck_name(one.deck, pack), origins):
            former = direct[name].guid
            calls |= {former: f"{former} (anew)", one.guid: known_as(name)}
    return calls


class _Places:
    """Where notes stand in a deck of the file, and those of before in its page."""

    def __init__(
        self, notes: Sequence[ForeignNote], rows: Sequence[str], calls: Mapping[str, str]
    ) -> None:
        self.row = {one: at for at, one in enumerate(rows)}
        self.rows = ["", *rows, ""]
        called = ["", *(note_id(calls[one.guid]) for one in notes), ""]
        self.beside = {one.guid: (called[at], called[at + 2]) for at, one in enumerate(notes)}

    def is_same(self, guid: str, name: str) -> bool:
        """Whether both stand behind the same note, or before it; of the first and the last one
        whether both are that."""
        at = self.row[name]
        here, there = (self.rows[at], self.rows[at + 2]), self.beside[guid]
        same = [one == other for one, other in zip(here, there, strict=True)]
        return all(same) or any(one and is_it for one, is_it in zip(here, same, strict=True))


def _pair(
    new: Sequence[ForeignNote],
    before: Mapping[str, Note],
    deck: str,
    places: _Places,
    made: Found,
) -> None:
    """Find out which of the *new* notes those of *before* are that the file has no more."""
    said = {name: _said_here(one) for name, one in before.items()}
    origins = {name: one.origin or "" for name, one in before.items()}
    sure, perhaps = list[tuple[str, str]](), list[tuple[str, str]]()
    for one in new:
        made.wordings.pop(one.guid, None)
    by_guid = {one.guid: one for one in new}
    asking = defaultdict[tuple[str, ...], list[str]](list)
    for name, ours in said.items():
        asking[ours.asks].append(name)
    for one in new:
        theirs = _said(one)
        brought = brought_before(one, deck, origins)
        known = [brought] if brought else asking.get(theirs.asks, [])
        if known:  # it was brought so before, whatever the learner has made of it
            sure += [(one.guid, name) for name in known]
            continue
        for name, ours in said.items():
            in_place = places.is_same(one.guid, name)
            if _is_same(theirs, ours, in_place=in_place):
                sure.append((one.guid, name))
            elif _may_be(theirs, ours, in_place=in_place):
                perhaps.append((one.guid, name))
    for guid, name in _only(sure):
        made.calls[guid] = known_as(name)
        if said[name].asks != _said(by_guid[guid]).asks:
            made.wordings[guid] = _wording(by_guid[guid], before[name], is_sure=True)
    taken = {name for _, name in _only(sure)}
    for guid, name in (*sure, *perhaps):
        if guid not in made.calls and name not in taken:
            made.wordings.setdefault(guid, _wording(by_guid[guid], before[name], is_sure=False))


def _only(pairs: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The pairs of which each is the only one for the other."""
    theirs, ours = Counter(guid for guid, _ in pairs), Counter(name for _, name in pairs)
    return ((guid, name) for guid, name in pairs if theirs[guid] == 1 == ours[name])


def _is_same(theirs: _Said, ours: _Said, *, in_place: bool) -> bool:
    if theirs.numbers != ours.numbers:
        return False
    alike = shared(theirs.asks, ours.asks)
    if theirs.answers and theirs.answers == ours.answers:
        if alike >= _ALIKE:
            return True
        return in_place and (alike >= _IN_PLACE or len({*theirs.answers}) >= _LONG)
    return in_place and alike >= NEARLY and shared(theirs.answers, ours.answers) >= _ALIKE


def _may_be(theirs: _Said, ours: _Said, *, in_place: bool) -> bool:
    alike = shared(theirs.asks, ours.asks)
    if theirs.answers and theirs.answers == ours.answers:
        return in_place or alike >= _IN_PLACE or len({*theirs.answers}) >= _LONG
    return alike >= (_ALIKE if in_place else NEARLY)


def _wording(one: ForeignNote, kept: Note, *, is_sure: bool) -> Wording:
    before = kept.prompt if kept.card is CardStyle.CLOZE else asked(kept)
    return Wording(one.line, one.question or one.answer, before, is_sure, one.path)


def _said(one: ForeignNote) -> _Said:
    points = (point.text for point in one.points)
    return _words_of(one.question, "\n".join([one.answer, *points]), one.card)


def _said_here(one: Note) -> _Said:
    question = "" if one.card is CardStyle.CLOZE else asked(one)
    points = (point.text for point in one.points)
    return _words_of(question, "\n".join([one.answer, *points]), one.card)


def _words_of(question: str, answer: str, style: CardStyle) -> _Said:
    if style is not CardStyle.CLOZE:
        return _Said(_words(question), _words(answer))
    ends = [(0, 0), *((one.start, one.end) for one in find_clozes(answer)), (len(answer), 0)]
    shown = " … ".join(answer[before[1] : after[0]] for before, after in pairwise(ends))
    return _Said(_words(shown), _words(" ".join(text for _, text in clozes(answer))))


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))
