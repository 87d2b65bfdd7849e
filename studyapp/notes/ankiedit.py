"""What was edited here of a note of Anki's own type, put back into its fields.

Which field says a part of our text is found by looking: a field reads as some text, and where that
stands alone in what the note says here, an edit inside of it is one of the field. A guess does no
harm, as the new fields are read again and must say what is said here. In a field that changes, a
word or a line is replaced where it can be told, so that colours and hints around it stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import islice, takewhile
from typing import NamedTuple

from studyapp.notes import ankifield, ankihtml, apkg
from studyapp.notes.ankitype import NoteType
from studyapp.notes.card import RULE, find_clozes, halves, with_extra
from studyapp.notes.deck import headed
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.origin import Original

_MARKUP = re.compile(r"[\\`*_\[\]<>&$~|={}\n\t]")
_TAG, _WORD = re.compile(r"<[^<>]*>"), re.compile(r"\w+")
_MOST = 20  # guesses for one side of a note; each is read


class Edit(NamedTuple):
    """A note as it is here, and which of its sides are not as they were."""

    note: ForeignNote
    asks: bool
    answers: bool


class _Span(NamedTuple):
    """Where the text of a field (its place) stands in a side of a note."""

    field: int
    start: int
    end: int


def fields(kind: NoteType, original: Original, edits: Mapping[str, Edit]) -> tuple[str, ...] | None:
    """The fields of a note that is to say the *edits*, by the marks of its parts; None if no field
    can be told that does."""
    before = apkg.parts(kind, original.fields, original.places)
    now = original.fields
    for mark, edit in edits.items():
        was = before.get(mark)
        if was is None or was.card is not edit.note.card:
            return None
        asks = _without_heading(was.question, edit.note.question)
        for side, is_new, said in (
            ("question", edit.asks, (was.question, asks)),
            ("answer", edit.answers, (was.answer, edit.note.answer)),
        ):
            found = _edited(kind, original, now, mark, side, *said) if is_new else now
            if found is None:
                return None
            now = found
    after = apkg.parts(kind, now, original.places)
    return now if original.says.keys() & before.keys() <= after.keys() else None


def _without_heading(before: str, after: str) -> str:
    """What is asked now, without the heading that was made here for what begins with no line."""
    heading, front = headed(before)
    return after.removeprefix(f"{heading}\n\n") if front == before else after


def _edited(
    kind: NoteType,
    original: Original,
    now: tuple[str, ...],
    mark: str,
    side: str,
    before: str,
    after: str,
) -> tuple[str, ...] | None:
    """The fields, of which some may be new *now*, so that a side of a part says something else: to
    the letter, or else word for word, as what a template puts around a field has a place of its
    own."""
    before = _like(after, before)
    texts = [_text(kind, one) for one in original.fields]
    ways = [_plain] if _words(kind, before) == _words(kind, after) else [_plain, _words]
    for way in ways:
        wanted = way(kind, after)
        for texted in islice(_guesses(texts, before, after), _MOST):
            for keeps in (True, False):
                made = list(now)
                for at, text in texted.items():
                    patched = _patched(now[at], texts[at], text) if keeps else None
                    made[at] = patched or _html(kind, text)
                said = apkg.parts(kind, made, original.places).get(mark)
                if said and way(kind, _like(after, getattr(said, side))) == wanted:
                    return tuple(made)
    return None


# --- which field it is --------------------------------------------------------------------------


def _guesses(texts: Sequence[str], before: str, after: str) -> Iterator[dict[int, str]]:
    """What fields may say, by their places, so that *before* becomes *after*; the likely first."""
    if before == after:
        yield {}
    spans = sorted(_spans(texts, before), key=lambda span: span.end - span.start)
    for start, end in _regions(before, after):
        for span in spans:
            if span.start <= start and end <= span.end:
                yield {span.field: after[span.start : len(after) - (len(before) - span.end)]}
        if start == end:  # something new, of a field that ends before it or has said nothing
            new = after[start : len(after) - (len(before) - end)]
            ended = (span for span in spans if span.end <= start)
            for span in sorted(ended, key=lambda span: -span.end):
                yield {span.field: texts[span.field] + new}
            said = new.strip("\n").removeprefix(f"{RULE}\n").strip("\n")
            yield from ({at: said} for at, text in enumerate(texts) if not text.strip())
    for found in (_between(spans, before, after), _between(spans, before, after, last=True)):
        if found:
            yield found


def _spans(texts: Sequence[str], said: str) -> Iterator[_Span]:
    for at, text in enumerate(texts):
        start = said.find(text) if text.strip() else -1
        if start >= 0 and start == said.rfind(text):
            yield _Span(at, start, start + len(text))


def _regions(before: str, after: str) -> Iterator[tuple[int, int]]:
    """What of *before* is not in *after*: between what begins both and what ends both, one of which
    has what could belong to either."""
    begins, ends = _common(before, after), _common(before[::-1], after[::-1])
    room = min(len(before), len(after))
    for start, kept in ((begins, min(ends, room - begins)), (min(begins, room - ends), ends)):
        yield start, len(before) - kept


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with that are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _between(
    spans: Sequence[_Span], before: str, after: str, *, last: bool = False
) -> dict[int, str]:
    """What stands in *after* between the texts that no field says, the first or *last* of each;
    empty if they are not there."""
    found, at, end = dict[int, str](), 0, 0
    apart = sorted(spans, key=lambda span: (span.start, -span.end))
    place: int | None = None
    for span in [*apart, _Span(-1, len(before), len(before))]:
        if span.start < end:  # within another one
            continue
        fixed = before[end : span.start]
        if span.field == -1:
            there = len(after) - len(fixed) if after.endswith(fixed) else -1
        else:
            there = after.rfind(fixed, at) if last else after.find(fixed, at)
        if there < at or (place is None and there):
            return {}
        if place is not None:
            found[place] = after[at:there]
        place, at, end = span.field, there + len(fixed), span.end
    return found


# --- what it says then --------------------------------------------------------------------------


def _text(kind: NoteType, html: str) -> str:
    return (ankifield.parted(html)[0] if kind.is_cloze else ankifield.read(html)).text


def _html(kind: NoteType, text: str) -> str:
    if kind.is_cloze and find_clozes(text):
        return ankihtml.hiding(text)
    return ankihtml.field(text)


def _plain(kind: NoteType, text: str) -> str:
    """A text as it comes back from a field: of two that mean the same there is one."""
    asked, extra = (_text(kind, _html(kind, one)) for one in _halves(kind, text))
    return with_extra(asked, extra)


def _words(kind: NoteType, text: str) -> list[list[str]]:
    """The words of what is asked and of what the answer alone shows."""
    return [_WORD.findall(_TAG.sub(" ", _plain(kind, one))) for one in _halves(kind, text)]


def _halves(kind: NoteType, text: str) -> tuple[str, str]:
    return halves(text) if kind.is_cloze else (text, "")


def _like(after: str, text: str) -> str:
    """A text in which nothing is of the answer alone where nothing is so *after* an edit: older
    versions knew no such text."""
    asked, extra = halves(text)
    if halves(after)[1] or not extra:
        return text
    is_below = f"{asked}\\\n" in after or f"\\\n{extra}" in after  # as <br> in a template has it
    return f"{asked}\\\n{extra}" if is_below else f"{asked}\n\n{extra}"


def _patched(html: str, before: str, after: str) -> str | None:
    """A field in which only what is new is replaced; None if that is no plain text, or the old is
    there twice."""
    start = _common(before, after)
    kept = min(_common(before[::-1], after[::-1]), min(len(before), len(after)) - start)
    end = len(before) - kept
    while start and before[start - 1].isalnum():
        start -= 1
    while end < len(before) and before[end].isalnum():
        end += 1
    old, new = before[start:end], after[start : len(after) - (len(before) - end)]
    if not old or not new or _MARKUP.search(old) or _MARKUP.search(new):
        return None
    old, new = escape(old, quote=False), escape(new, quote=False)
    return html.replace(old, new) if html.count(old) == 1 else None
