"""What a folder of content should be, beyond being readable: the rules that `check` reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from studyapp.errors import StudyError, printable
from studyapp.notes import markdown, media, repair
from studyapp.notes.card import COMPUTED, FENCE, sides
from studyapp.notes.folder import files
from studyapp.notes.likeness import Likeness
from studyapp.notes.media import Medium, Shelf
from studyapp.notes.note import (
    CardStyle,
    ChapterKey,
    ContentFile,
    Depth,
    FileKind,
    Moment,
    Note,
    NoteKind,
    Problem,
    Section,
    Variant,
    chapter_name,
)
from studyapp.notes.overlap import overlaps
from studyapp.notes.prompt import find, links, stray
from studyapp.notes.template import TemplateError, parts
from studyapp.notes.variant import digest, drawn

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

MOST_CORE = 120  # cards of a chapter that deserve years
LONGEST_ANSWER = 120  # words; more is a lecture, and says why in `long:`
MOST_PROMPTS = 3  # questions inside a section: the hard ones, not every one
WIDEST, TALLEST = 76, 18  # signs and lines that a terminal of 80 by 24 leaves for a text
_COUNTED = re.compile(r"\d+(?= words, over)")
_STRAY = "a link to a note (note:) stands alone, between empty lines"
_LINK = re.compile(r"\]\((fact|lesson):([^()\s?]+)")
# A dated answer is looked at again after 24 months. The year says no month, so its last day counts:
# two full years pass before the warning.
AS_OF_YEARS = 2
_AGED = "see whether the answer still holds"
_EMPTY = frozenset(
    {"the", "and", "for", "but", "are", "was", "were", "has", "have", "had", "can", "may", "not"}
    | {"its", "than", "then", "that", "this", "with", "from", "what", "when", "which", "they"}
    | {"them", "their", "there", "more", "most", "each", "other", "some", "same", "also", "into"}
    | {"only", "does", "one", "two", "all", "any"}
)
_MATHS = re.compile(r"\$\$.*?\$\$|\$(?! )[^$\n]+\$(?!\d)", re.DOTALL)
_DATED = {  # what will not stay true for ever, as far as its form tells
    "a law": re.compile(
        r"\b(?:[A-Z]\w+ Act|GDPR|Title [IVX]+|Executive Order|EO \d+|(?:Regulation|Directive)"
        r" \((?:EU|EC)\))"
    ),
    "a version": re.compile(
        r"\b(?:[Vv]ersion|fastai|fastcore|PyTorch|torch|torchvision|Python|pandas|NumPy|CUDA|Jupyter)"
        r" v?\d+(?:\.\d+)+\b"
    ),
    "a price": re.compile(r"[$€£] ?\d|\b\d[\d,.]* (?:dollars|euros|pounds|USD|EUR)\b"),
}


@dataclass(frozen=True, slots=True)
class ChapterCount:
    """How much a chapter has."""

    pack: str
    chapter: int | None  # None of a deck
    title: str
    questions: int
    terms: int
    cards: dict[str, int]  # by depth


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything wrong in a folder, and how much is in it."""

    problems: tuple[Problem, ...]
    notes: int
    cards: int
    chapters: tuple[ChapterCount, ...]


def check(
    roots: Sequence[Path],
    today: date,
    *,
    facts: Mapping[str, Collection[str]] | None = None,
    against: Path | None = None,
    own: Collection[Path] = (),
) -> Findings:
    """Read all content below each of *roots* and hold it against the rules.

    *facts* maps the lessons that exist to the facts they produce, for links to them; *against* is
    a folder of texts with which no eight words in a row may be shared; those of *roots* that are in
    *own* hold a learner's own words, which need no points. Raises StudyError if one is no folder or
    there is no content file in any root.
    """
    read = [markdown.read_folder(root) for root in roots]
    pages = [page for found, _ in read for page in found]
    problems = [problem for _, found in read for problem in found]
    if not pages and not problems:
        raise StudyError(f"There is no content file (*.md) in {', '.join(map(str, roots))}.")
    for root, (found, _) in zip(roots, read, strict=True):
        problems += _broken_rules(found, today, own=root in own)
        problems += _lost_media(found, partial(_beside, root))
    if facts is not None:
        problems += _dangling(pages, facts)
    if against is not None:
        problems += overlaps(pages, against)
    notes = [note for page in pages for note in page.notes]
    return Findings(
        problems=markdown.in_order(problems),
        notes=len(notes),
        cards=sum(len(sides(note)) for note in notes),
        chapters=_chapters(pages),
    )


class Asked:
    """What notes ask, to tell what asks the same, or nearly; *pages* have all that will be
    compared."""

    def __init__(self, pages: Iterable[ContentFile]) -> None:
        self._same: dict[tuple[str, NoteKind, str], str] = {}  # where it is
        self._alike = Likeness[tuple[ContentFile, Note, str]](
            note.question for page in pages for note in page.notes if _is_told_apart(page, note)
        )

    def add(self, page: ContentFile, note: Note, where: str = "") -> None:
        """Let *note* be told of as the one that is there; *where*, if that is in no file yet."""
        at = where or f"{note.path}:{note.line}"
        self._same.setdefault((page.pack, note.kind, _wording(note)), at)
        if _is_told_apart(page, note):
            at = where or f"{note.path.name}:{note.line}"
            self._alike.add(note.question, (page, note, at))

    def wrong(self, page: ContentFile, note: Note) -> Iterator[str]:
        """What of all that was added asks the same as *note*, and what nearly, unless a family
        keeps the two apart."""
        same = self._same.get((page.pack, note.kind, _wording(note)))
        if same is not None:
            yield f"the same {note.kind} is already at {same}"
        if not _is_told_apart(page, note):
            return
        near = self._alike.near(note.question)
        twins = (where for at, other, where in near if _is_twin(page, note, at, other))
        if where := next(twins, ""):
            yield f"nearly the question at {where}; give both a family or drop one"


@dataclass(frozen=True, slots=True)
class Around:
    """What is around a note in its pack's folder, as far as `check` holds it against that: where
    what it shows may lie, one place after the other; what other notes ask; which sections its
    chapter has; those that ask it in their text, with what else these ask; and the lessons with
    their facts. Of what is not known, nothing is said."""

    shelves: Sequence[Shelf] = ()
    asked: Asked = field(default_factory=lambda: Asked(()))
    contents: frozenset[str] = frozenset()
    asking: Sequence[ContentFile] = ()
    facts: Mapping[str, Collection[str]] | None = None


def of_note(
    note: Note, page: ContentFile, today: date, around: Around, text: str
) -> tuple[Problem, ...]:
    """What is wrong with one note of a learner's own that is to stand in *page*, as *text* says it,
    in whose lines it is told. What its chapter has too much of, and a year that is long past, are
    left out: they are for another day."""
    wrong = _wrong(note, page, around.contents, today, own=True)
    found = [Problem(note.path, note.line, one) for one in wrong]
    for case in note.variants if page.chapter is not None else ():
        found += [Problem(case.path, case.line, one) for one in wrong_case(note, case, own=True)]
    found += [Problem(note.path, note.line, one) for one in around.asked.wrong(page, note)]
    pages = [*around.asking, replace(page, notes=(note,), sections=(), moments=())]
    sections = {(one.path, one.line) for other in around.asking for one in other.sections}
    for one in _wrong_prompts(pages, text):
        if (one.path, one.line) in sections:
            told = f"{one.message} ({one.path.name}:{one.line})"
            found.append(Problem(note.path, note.line, told))
    return tuple(sorted([*found, *of_text(note, page, around, text)]))


def of_text(note: Note, page: ContentFile, around: Around, text: str) -> tuple[Problem, ...]:
    """What is wrong with a note wherever it is to stand: its template, what it shows and where its
    links lead."""
    pages = [replace(page, notes=(note,), sections=(), moments=())]
    found = [*_wrong_template(note), *_wrong_prompts(pages, text)]
    if around.shelves:
        found += _lost_media(pages, lambda _: around.shelves, text)
    if around.facts is not None:
        found += _dangling(pages, around.facts, text)
    return tuple(found)


def cites(text: str) -> bool:
    """Whether *text* has a link to an experiment, for which its facts have to be known."""
    return bool(_LINK.search(text))


def added(had: Iterable[Problem], now: Iterable[Problem]) -> tuple[Problem, ...]:
    """What is wrong *now* and was not before, however many words too many it has had."""
    known, new = Counter(_COUNTED.sub("", one.message) for one in had), list[Problem]()
    for one in now:
        told = _COUNTED.sub("", one.message)
        if known[told]:
            known[told] -= 1
        else:
            new.append(one)
    return tuple(new)


def fix(root: Path, *, own: bool = False) -> int:
    """Write the ids that are missing in the content files below *root*; returns how many.

    With *own* they are notes of a learner's, whose ids no other device makes.
    """
    taken = {note.id for page in markdown.read_folder(root)[0] for note in page.notes}
    return sum(repair.fix(path, taken, own=own) for path in files(root))


def lacks_ids(root: Path) -> bool:
    """Whether `fix` would write in a file below *root*."""
    return any(repair.lacks_ids(path) for path in files(root))


def as_json(report: Findings) -> dict[str, Any]:
    """*report* in the shape that `studyapp check --json` prints."""
    return {
        "problems": [
            {"path": str(problem.path), "line": problem.line, "message": problem.message}
            for problem in report.problems
        ],
        "notes": report.notes,
        "cards": report.cards,
        "chapters": [
            {
                "pack": count.pack,
                "chapter": count.chapter,
                "title": count.title,
                "questions": count.questions,
                "terms": count.terms,
                "cards": count.cards,
            }
            for count in report.chapters
        ],
    }


def _chapters(pages: Sequence[ContentFile]) -> tuple[ChapterCount, ...]:
    counts = []
    for group in _by_chapter(pages):
        notes = [note for page in group for note in page.notes]
        kinds = [note.kind for note in notes]
        questions, terms = kinds.count(NoteKind.QUESTION), kinds.count(NoteKind.TERM)
        cards = {
            depth.value: sum(len(sides(note)) for note in notes if note.depth is depth)
            for depth in Depth
        }
        counts.append(
            ChapterCount(group[0].pack, group[0].chapter, group[0].title, questions, terms, cards)
        )
    return tuple(counts)


def _by_chapter(pages: Sequence[ContentFile]) -> list[list[ContentFile]]:
    grouped: dict[tuple[str, ChapterKey], list[ContentFile]] = {}
    for page in pages:
        grouped.setdefault((page.pack, page.key), []).append(page)
    return list(grouped.values())


def _too_many(pages: Sequence[ContentFile]) -> Iterator[Problem]:
    """Chapters, not decks, of which too much is said to deserve years."""
    for group, count in zip(_by_chapter(pages), _chapters(pages), strict=True):
        core = count.cards[Depth.CORE]
        if count.chapter is not None and core > MOST_CORE:
            name = chapter_name(count.chapter, count.title)
            message = f"{name} has {core} core cards, over {MOST_CORE}; say which go deeper: depth"
            yield Problem(group[0].path, 1, message)


def _broken_rules(pages: Sequence[ContentFile], today: date, *, own: bool) -> Iterator[Problem]:
    contents: dict[tuple[str, ChapterKey], set[str]] = {}
    for page in pages:
        numbers = contents.setdefault((page.pack, page.key), set())
        for section in page.sections:
            if section.number in numbers:
                message = f"the section {section.number} is there twice"
                yield Problem(section.path, section.line, message)
            elif not _belongs(section.number, page):
                message = f"the section {section.number} is not one of {_name(page)}"
                yield Problem(section.path, section.line, message)
            numbers.add(section.number)
    for page in pages:
        for note in page.notes:
            for message in _wrong(note, page, contents[page.pack, page.key], today, own=own):
                yield Problem(note.path, note.line, message)
            if page.chapter is not None and note.as_of and today.year > note.as_of + AS_OF_YEARS:
                message = f"as-of: {note.as_of} is more than 24 months ago; {_AGED}"
                yield Problem(note.path, note.line, message)
            for case in note.variants if page.chapter is not None else ():
                for message in wrong_case(note, case, own=own):
                    yield Problem(case.path, case.line, message)
        yield from _wrong_templates(page)
        known = {n for (pack, _), numbers in contents.items() if pack == page.pack for n in numbers}
        for moment in page.moments:
            if moment.section and known and moment.section not in known:
                message = f"section: {moment.section} is in no table of contents of the pack"
                yield Problem(moment.path, moment.line, message)
    yield from _wrong_prompts(pages)
    yield from _too_many(pages)
    asked = Asked(pages)
    for page in pages:
        for note in page.notes:
            for message in asked.wrong(page, note):
                yield Problem(note.path, note.line, message)
            asked.add(page, note)


def _wrong(
    note: Note, page: ContentFile, contents: Collection[str], today: date, *, own: bool
) -> Iterator[str]:
    if note.section and not _belongs(note.section, page):
        yield f"section: {note.section} is not one of {_name(page)}"
    elif note.section and contents and note.section not in contents:
        yield f"section: {note.section} is not in the chapter's table of contents"
    if _LINK.search(FENCE.sub("", note.front)):
        yield "the question cites an experiment, whose figure belongs to the answer"
    if page.chapter is None:  # somebody's own words, in which nothing has to be judged by points
        if not note.answer and note.kind is NoteKind.TERM:
            yield "the term has no meaning"
        elif note.card is CardStyle.ANSWER and not (note.answer or note.points):
            yield "the question has no answer"
        return
    if note.kind is NoteKind.TERM:
        if not note.answer:
            yield "the term has no meaning"
        if _gives_away(note):
            yield f"the meaning contains its own term, {note.prompt}"
        elif note.reverse and (synonym := _printed_synonym(note)):
            yield f"the meaning prints {synonym}, which is accepted as its term"
    elif note.card is CardStyle.ANSWER:
        yield from _wrong_answer(note, own=own)
    if note.as_of and note.as_of > today.year:
        yield f"as-of: {note.as_of} is yet to come"
    elif not note.as_of and (dated := _dated(note.answer)):
        yield f"{dated} will date; say of which year the answer is: as-of"
    words = _count_words(note.answer)
    if words > LONGEST_ANSWER and not note.long:
        yield f"the answer has {words} words, over {LONGEST_ANSWER}; shorten it or say why: long"


def _wrong_answer(text: Note | Variant, *, own: bool) -> Iterator[str]:
    """What a chapter's question to answer lacks. Of a learner's *own*, points alone will do."""
    if own and text.points and not text.answer:
        return
    if not text.answer:
        yield "the question has no answer"
    if all(point.extra for point in text.points) and not own:
        yield "the answer has no points (- [ ] …) that a good answer must make"
    for point in text.points:
        if not (point.extra or _says(text.answer, point.text)):
            yield f"the answer says nothing of its core point: {point.text}"


def wrong_case(note: Note, case: Variant, *, own: bool = False) -> Iterator[str]:
    """What is wrong with one variant of a chapter's question; one that is not written in the
    note's own file was drawn."""
    yield from _wrong_answer(case, own=own)
    if not note.as_of and (dated := _dated(case.answer)):
        yield f"{dated} will date; say of which year the answer is: as-of"
    words = _count_words(case.answer)
    if words > LONGEST_ANSWER:
        yield f"the answer has {words} words, over {LONGEST_ANSWER}; shorten it"
    points = sum(len(wrap(point.text, WIDEST)) for point in case.points)
    lines = max(_height(case.prompt), _height(case.answer) + points)
    if case.path != note.path and lines > TALLEST:
        yield f"what was drawn takes {lines} lines of {WIDEST} signs; {TALLEST} fit a screen"


def _wrong_templates(page: ContentFile) -> Iterator[Problem]:
    """What can be seen of templates, and of what was drawn from them, without running any."""
    templates = {note.id: note for note in page.notes if note.template is not None}
    if page.kind is not FileKind.QUESTIONNAIRE:
        return
    current = set()
    for one in drawn(page.path)[0]:
        note, case = templates.get(one.note), one.variant
        if note is None or note.template is None:
            message = f"{one.note} has no template; `studyapp check --run` takes the line out"
        elif one.template != digest(note.template):
            message = f"the template of {one.note} is another now; run `studyapp check --run`"
        else:
            current.add(one.note)
            continue
        yield Problem(case.path, case.line, message)
    for note in templates.values():
        wrong = [*_wrong_template(note)]
        yield from wrong
        if note.template is not None and not wrong and note.id not in current:
            message = "nothing is drawn from this template; run `studyapp check --run`"
            yield Problem(note.path, note.template.line, message)


def _wrong_template(note: Note) -> Iterator[Problem]:
    """What can be seen of a question's template, if it has one, without running it."""
    if note.template is None or note.kind is not NoteKind.QUESTION:
        return
    if note.card is not CardStyle.ANSWER or COMPUTED not in note.tags:
        message = f"a template is of a question that is one card and tagged {COMPUTED}"
        yield Problem(note.path, note.template.line, message)
    try:
        parts(note.template)
    except TemplateError as error:
        yield Problem(note.path, note.template.line, str(error))


def _wrong_prompts(pages: Sequence[ContentFile], said: str | None = None) -> Iterator[Problem]:
    """Prompts that ask nothing, twice or too much, and links to notes that are none; *said* as in
    `_lost_media`."""
    notes = {(page.pack, note.id): note for page in pages for note in page.notes}
    asked: dict[tuple[str, str], str] = {}
    for page in pages:
        for section in page.sections:
            prompts = find(section.text)
            messages = [_STRAY] if stray(section.text) else []
            if len(prompts) > MOST_PROMPTS:
                messages.append(f"{len(prompts)} prompts, over {MOST_PROMPTS}; keep the hard ones")
            families: set[str] = set()
            for prompt in prompts:
                key, name = (page.pack, prompt.note), f"the prompt note:{prompt.note}"
                family = key in notes and notes[key].family
                if family and family in families:
                    messages.append(f"{name} is of the family {family}, as one before it is")
                families |= {family} if family else set()
                if key in asked:
                    messages.append(f"{name} is already in section {asked[key]}")
                asked.setdefault(key, section.number)
                if wrong := _wrong_prompt(notes.get(key)):
                    messages.append(f"{name} {wrong}")
            for message in messages:
                yield Problem(section.path, section.line, message)
        answers = [(note.path, note.line, note.answer) for note in page.notes]
        answers += [(it.path, it.line, it.answer) for note in page.notes for it in note.variants]
        answers += [(moment.path, moment.line, moment.text) for moment in page.moments]
        for path, line, text in answers:
            if named := links(text):
                at = _line_of(f"](note:{named[0]}", path, line, said)
                told = f"only the text of a section asks a note: note:{named[0]}"
                yield Problem(path, at, told)


def _wrong_prompt(note: Note | None) -> str | None:
    """What keeps *note* from being asked inside a section, after its name."""
    if note is None:
        return "names no note of the pack"
    if note.kind is not NoteKind.QUESTION or len(sides(note)) != 1:
        return "is no question with one card"
    return None if note.depth is Depth.CORE else f"is no core question, but {note.depth}"


def _height(text: str) -> int:
    """How many lines a text takes at WIDEST, about: code as it is, prose filled."""
    lines, end = 0, 0
    for match in FENCE.finditer(text):
        lines += _filled(text[end : match.start()]) + match[0].count("\n")
        end = match.end()
    return lines + _filled(text[end:])


def _filled(text: str) -> int:
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text.strip())]
    return sum(len(wrap(block, WIDEST)) + 1 for block in blocks if block)


def _belongs(section: str, page: ContentFile) -> bool:
    return int(section.split(".")[0]) == page.chapter


def _name(page: ContentFile) -> str:
    return chapter_name(page.chapter, page.title)


def _gives_away(note: Note) -> bool:
    """Whether the learner would read the term in its meaning; where links lead is not read."""
    shown = re.sub(r"\]\([^)]*\)", "]", note.answer)
    term = re.sub(r"[`*_]{1,2}(\S|\S.*\S)[`*_]{1,2}", r"\1", note.prompt)
    without_aside = re.sub(r"\s*\([^)]*\)", "", term).strip()
    return any(_is_in(name, shown) for name in {term, without_aside} if name)


def _printed_synonym(note: Note) -> str | None:
    """An accepted term that the learner would read where the term is asked for."""
    shown = re.sub(r"\]\([^)]*\)", "]", note.answer)
    return next((name for name in note.synonyms if _is_in(name, shown)), None)


def _says(answer: str, point: str) -> bool:
    """Whether a word or a number of *point* is in *answer*; one without any is taken to be."""
    return not (wanted := _stems(point)) or bool(wanted & _stems(answer))


def _stems(text: str) -> set[str]:
    """Beginnings of the words that mean something, and numbers: "learns" is in "learning"."""
    words = re.findall(r"\d+|[^\W\d_]+", re.sub(r"(?<=\d),(?=\d)", "", text.casefold()))
    telling = [word for word in words if len(word) > 2 and word not in _EMPTY]
    return {word[:4] for word in telling} | {word for word in words if word.isdigit()}


def _dated(answer: str) -> str | None:
    """What in *answer* will date, in words: a law, a version or a price."""
    text = _MATHS.sub("", FENCE.sub("", answer))
    for what, pattern in _DATED.items():
        if found := pattern.search(text):
            return f"{what} ({found[0].strip()})"
    return None


def _is_in(phrase: str, text: str) -> bool:
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) is not None


def _count_words(text: str) -> int:
    """Words of prose: fenced code is not counted, nor are signs that stand alone."""
    return sum(bool(re.search(r"\w", word)) for word in FENCE.sub("", text).split())


def _dangling(
    pages: Sequence[ContentFile], facts: Mapping[str, Collection[str]], said: str | None = None
) -> Iterator[Problem]:
    """Links to lessons and facts that do not exist, each with its own line; a lesson of unknown
    facts may have any. *said* as in `_lost_media`."""
    for page in pages:
        texts = [(note.path, note.line, note.answer) for note in page.notes]
        texts += [(it.path, it.line, it.answer) for note in page.notes for it in note.variants]
        texts += [(section.path, section.line, section.text) for section in page.sections]
        texts += [(moment.path, moment.line, moment.text) for moment in page.moments]
        for path, line, text in texts:
            for kind, target in _LINK.findall(FENCE.sub("", text)):
                lesson, _, fact = target.partition(".")
                if lesson not in facts:
                    told = f"there is no experiment {lesson} ({kind}:{target})"
                elif kind == "fact" and not fact:
                    told = f"the link names no fact: fact:{lesson}.NAME (fact:{target})"
                elif kind == "fact" and fact not in facts[lesson] and facts[lesson]:
                    told = f"{lesson} has no fact {fact} (fact:{target})"
                else:
                    continue
                yield Problem(path, _line_of(f"{kind}:{target}", path, line, said), told)


def _lost_media(
    pages: Sequence[ContentFile],
    shelves: Callable[[Path], Sequence[Shelf]],
    said: str | None = None,
) -> Iterator[Problem]:
    """Pictures and sounds that a text names and that are on none of the *shelves* of its file, each
    with its own line; *said* is what the file is to say, if that is another text than it has."""
    for path, line, text in chain.from_iterable(map(_texts, pages)):
        for node in media.shown(text):
            address = media.address_of(node)
            medium = _found(node, shelves(path))
            if medium.file is None and not media.is_elsewhere(address):
                told = f"the {medium.kind} {printable(address)} is {medium.trouble}"
                yield Problem(path, _line_of(address, path, line, said), told)


def _beside(pack: Path, file: Path) -> Sequence[Shelf]:
    return [Shelf(file, pack)]


def _found(node: SyntaxTreeNode, shelves: Sequence[Shelf]) -> Medium:
    """What a node shows, from the first of the *shelves* that has it."""
    medium = media.look(node, shelves[0])
    for shelf in shelves[1:]:
        if medium.trouble == media.NOT_THERE:
            medium = media.look(node, shelf)
    return medium


def _texts(page: ContentFile) -> Iterator[tuple[Path, int, str]]:
    """All that a page says, piece by piece, and the line that each begins at or below."""
    for note in page.notes:
        cases: tuple[Note | Variant, ...] = (note, *note.variants)
        for one in cases:
            points = "\n\n".join(point.text for point in one.points)
            yield one.path, one.line, f"{one.prompt}\n\n{one.front}\n\n{one.answer}\n\n{points}"
    read: tuple[Section | Moment, ...] = (*page.sections, *page.moments)
    for told in read:
        yield told.path, told.line, told.text


def _line_of(address: str, path: Path, first: int, said: str | None) -> int:
    """The line from *first* on in which an address stands, in the file or what is *said*; else
    that."""
    with suppress(OSError, UnicodeError):
        text = path.read_text(encoding="utf-8") if said is None else said
        lines = text.splitlines()[first - 1 :]
        at = (at for at, line in enumerate(lines, first) if unquote(address) in unquote(line))
        return next(at, first)
    return first


def _is_told_apart(page: ContentFile, note: Note) -> bool:
    """Whether nearly the same words ask too little of another question; decks are as they are."""
    told = note.kind is not NoteKind.TERM and note.card is not CardStyle.DO
    return told and page.chapter is not None


def _is_twin(page: ContentFile, note: Note, other_page: ContentFile, other: Note) -> bool:
    related = note.family is not None and note.family == other.family
    return (
        page.pack == other_page.pack
        and not related
        and _wording(note) != _wording(other)  # which is told as the same
    )


def _wording(note: Note) -> str:
    """The question or term without the differences that make no other question of it."""
    return " ".join(re.sub(r"[`*]", "", note.question).casefold().split()).rstrip(" ?.!:")
