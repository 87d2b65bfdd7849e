"""The sides of a note that can be scheduled, and the text of each side."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studyapp.notes.note import CardStyle, Note, NoteKind, Point

MEANING_TO_TERM = "term"  # unlocked once term → meaning is stable
REVERSED = "reversed"  # of `both`: the text is shown, the heading asked for
# Word joiners, which take no room, keep it from being read as a link or the end of an emphasis.
JOINER = "\u2060"
BLANK = f"{JOINER}[ … ]{JOINER}"
CLOZE = re.compile(r"==(?=\S)(?P<text>(?:(?!==)[^\n])+)(?<=\S)==(?:\{#(?P<id>[a-z0-9-]+)\})?")
FENCE = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    r"(?s:.*?)(?:\n[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE,
)
CODE_SPAN = re.compile(
    r"(?<![\\`])(?P<ticks>`+)(?!`)(?s:(?:(?!\n[ \t]*\n).)+?)(?<!`)(?P=ticks)(?!`)"
)
RULE = "---"  # between what a text that hides some asks, and what only its answer shows
_BELOW = re.compile(rf"\n[ \t]*\n{RULE}[ \t]*\n\s*(?=\S)")
COMPUTED = "compute"  # the tag of an answer that has a snippet and what it prints
SNIPPET = re.compile(r"^```python\n(.*?)^```\s*^```text\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(f"{FENCE.pattern}|{CODE_SPAN.pattern}", re.MULTILINE)
# An item runs on over indented lines, and over a plain line right below (lazy continuation).
_ITEM = re.compile(
    r"^\d{1,9}[.)][ \t]+(.*(?:\n[ \t]+.*|(?<=\S)\n(?![\s\d>#*+`~-]).*|\n[ \t]*)*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Cloze:
    """One hidden text; `start` and `end` are where its whole mark stands in the answer."""

    text: str
    id: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Face:
    """What a card shows: Markdown for both sides, and the points to judge oneself by.

    `gist` is what of the back no point says and one still has to see to judge: what an acronym is
    short for, what a snippet prints.
    """

    front: str
    back: str
    points: tuple[Point, ...] = ()
    gist: str = ""


def sides(note: Note) -> tuple[str, ...]:
    """Names of the cards of *note*, stable under any edit that keeps the ids."""
    match note.card:
        case CardStyle.DO:
            return ()
        case CardStyle.ORDER:
            return ("order",)
        case CardStyle.ITEMS:
            return _once(f"item:{point.id}" for point in note.points if point.id)
        case CardStyle.BOTH:
            return ("answer", REVERSED)
        case CardStyle.CLOZE:
            return _once(f"cloze:{key}" for key, _ in clozes(note.answer))
        case CardStyle.ANSWER:
            if note.kind is NoteKind.QUESTION:
                return ("answer",)
            return ("meaning", MEANING_TO_TERM) if note.reverse else ("meaning",)


def clozes(text: str) -> list[tuple[str, str]]:
    """Return (id, hidden text) of each cloze; one without an id is numbered from 1."""
    return [
        (cloze.id or str(index), cloze.text) for index, cloze in enumerate(find_clozes(text), 1)
    ]


def find_clozes(text: str) -> list[Cloze]:
    """Every ==hidden== text of an answer, in order. Code is not searched, but may be hidden."""
    if "==" not in text:
        return []
    return [
        Cloze(text[slice(*match.span("text"))], match["id"], *match.span())
        for match in CLOZE.finditer(without_code(text))
    ]


def halves(text: str) -> tuple[str, str]:
    """What a text that hides some asks, and what its answer alone shows: all below the first rule
    that no hidden text follows."""
    found = find_clozes(text)
    rule = _BELOW.search(without_code(text), found[-1].end) if found else None
    return (text[: rule.start()], text[rule.end() :]) if rule else (text, "")


def with_extra(text: str, extra: str) -> str:
    """A text that hides some, with something more that its answer alone is to show."""
    between = "" if halves(text)[1] else f"{RULE}\n\n"
    return f"{text}\n\n{between}{extra}" if extra else text


def hiding_nothing(text: str) -> str:
    """*text* as it is shown, in which no == of its own hides anything."""
    if "==" not in text:
        return text
    pieces, end = [], 0
    for mark in re.finditer("==", without_code(text)):
        pieces += [text[end : mark.start()], "=\\="]
        end = mark.end()
    return "".join(pieces) + text[end:]


def uncovered(text: str) -> str:
    """An answer with every ==hidden== text in its place, without the marks."""
    found = find_clozes(text)
    return _replace_clozes(text, [None] * len(found)) if found else text


def bracketed(text: str) -> str:
    """A text with every ==hidden== part of it in brackets, as it is shown in a list."""
    return _replace_clozes(text, [f"[{one.text}]" for one in find_clozes(text)])


def written_out(
    prompt: str, front: str, answer: str, points: Iterable[str], synonyms: Iterable[str] = ()
) -> str:
    """All that a note says, below one another, as Markdown."""
    also = ", ".join(synonyms)
    question = [f"**{prompt}**", f"Also: {also}" if also else "", front, "---" if front else ""]
    listed = "\n".join(f"- {point}" for point in points)
    return "\n\n".join(part for part in [*question, uncovered(answer), listed] if part)


def numbered_items(text: str) -> list[str]:
    """Items of the numbered list in an answer, without their numbers."""
    return [text[slice(*match.span(1))].strip() for match in _ITEM.finditer(without_code(text))]


def without_code(text: str) -> str:
    """*text* with every visible character of its code replaced; offsets and lines stay."""
    if not _may_have_code(text):
        return text
    return _CODE.sub(lambda match: re.sub(r"\S", "\ufffc", match[0]), text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """*text* with each piece changed that is no code."""
    if not _may_have_code(text):
        return change(text)
    pieces, end = [], 0
    for match in _CODE.finditer(text):
        pieces += [change(text[end : match.start()]), match[0]]
        end = match.end()
    return "".join(pieces) + change(text[end:])


def inside_code(text: str, change: Callable[[str], str]) -> str:
    """*text* with each piece changed that is code."""
    return _CODE.sub(lambda code: change(code[0]), text) if _may_have_code(text) else text


def _may_have_code(text: str) -> bool:
    return "`" in text or "~~~" in text


def face(note: Note, side: str, turn: int = 0) -> Face:
    """Front and back of one card. *turn* (the count of reviews) seeds what is shuffled."""
    kind, _, key = side.partition(":")
    match kind:
        case "item":
            return _item_face(note, key)
        case "cloze":
            return _cloze_face(note, key)
        case "order":
            return _order_face(note, turn)
        case "reversed":
            return Face(note.answer, note.question)
        case "term":
            back = _strong(note.prompt)
            if note.synonyms:
                back += f"\n\nAlso: {', '.join(note.synonyms)}"
            return Face(f"Which term?\n\n{note.answer}", back)
        case "meaning":
            gist = "\n\n".join(map(_strong, _expansions(note)))
            back = f"{gist}\n\n{note.answer}" if gist else note.answer
            return Face(f"What does {_strong(note.prompt)} mean?", back, note.points, gist)
        case _:
            return _answer_face(note)


def _answer_face(note: Note) -> Face:
    """A question and its answer; what a snippet prints was asked for, so it comes before it."""
    if COMPUTED not in note.tags:
        return Face(note.question, note.answer, note.points)
    gist = "\n\n".join(f"```text\n{printed}```" for _, printed in SNIPPET.findall(note.answer))
    back = SNIPPET.sub(r"```text\n\2```\n\n```python\n\1```", note.answer)
    return Face(note.question, back, note.points, gist)


def _expansions(note: Note) -> list[str]:
    """What an acronym is short for: its synonyms of several words that have its letters in turn."""
    if not is_acronym(note.prompt):
        return []
    letters = "".join(note.prompt.casefold().split())
    return [name for name in note.synonyms if _spells(letters, name.casefold())][:1]


def is_acronym(term: str) -> bool:
    """Whether a word of *term* begins and ends with a capital, as in NLP, ReLU and AI Act."""
    return any(
        len(word) > 1 and word.isalpha() and word[0].isupper() and word[-1].isupper()
        for word in term.split()
    )


def _spells(letters: str, name: str) -> bool:
    rest = iter(name)
    return len(re.split(r"[\s-]+", name)) > 1 and all(letter in rest for letter in letters)


def question_face(note: Note, turn: int = 0) -> Face:
    """The whole note as a questionnaire asks it: items and hidden texts all at once, as points."""
    match note.card:
        case CardStyle.ITEMS:
            return Face(note.question, note.answer, note.points)
        case CardStyle.CLOZE:
            asked, _ = halves(note.answer)
            hidden = [BLANK] * len(find_clozes(asked))
            front = _replace_clozes(asked, list[str | None](hidden))
            whole = uncovered(note.answer)
            points = tuple(Point(text, id=key) for key, text in clozes(note.answer))
            return Face(f"{note.question}\n\n{front}", whole, points)
        case CardStyle.ORDER:
            return _order_face(note, turn)
        case CardStyle.ANSWER if note.kind is NoteKind.TERM:
            return face(note, "meaning")
        case _:
            return _answer_face(note)


def _item_face(note: Note, key: str) -> Face:
    lines, hidden = [], ""
    for point in note.points:
        if point.id == key:
            hidden = point.text
            lines.append(f"- {BLANK}")
        else:
            lines.append(f"- {point.text}")
    listed = "\n".join(lines)
    return Face(f"{note.question}\n\n{listed}", f"{_strong(hidden)}\n\n{note.answer}".rstrip())


def _cloze_face(note: Note, key: str) -> Face:
    found = [name for name, _ in clozes(note.answer)]
    hidden = next((text for name, text in clozes(note.answer) if name == key), "")
    asked, _ = halves(note.answer)
    front = _replace_clozes(asked, [BLANK if name == key else None for name in found])
    whole = uncovered(note.answer)
    return Face(f"{note.question}\n\n{front}", f"{_strong(hidden)}\n\n{whole}")


def _strong(text: str) -> str:
    """*text* in bold, or as it is where any mark of bold would meet its own signs."""
    mark = next((mark for mark in ("**", "__") if mark[0] not in text), "")
    return f"{mark}{text}{mark}"


def _replace_clozes(text: str, shown: list[str | None]) -> str:
    """*text* with each cloze replaced by what is to be shown, or by its own text for None."""
    parts, end = [], 0
    for cloze, instead in zip(find_clozes(text), shown, strict=True):
        parts += [text[end : cloze.start], cloze.text if instead is None else instead]
        end = cloze.end
    return "".join(parts) + text[end:]


def _order_face(note: Note, turn: int) -> Face:
    items = numbered_items(note.answer)
    shuffled = list(items)
    shuffle = random.Random(f"{note.id}:{turn}").shuffle
    while len(set(items)) > 1 and shuffled == items:
        shuffle(shuffled)
    listed = "\n".join(f"- {item}" for item in shuffled)
    return Face(f"{note.question}\n\n{listed}", note.answer, note.points)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
