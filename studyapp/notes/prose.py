"""A learner's own notes in Markdown: the questions, answers and terms in them, of any shape.

A question may be numbered, a heading, bold, in a list, folded or a line of prose; its answer is
what stands below it up to the next one, on its own line, in a quote, in colour or in a string that
a piece of code assigns. What belongs to none is told with its lines. Code is never read as a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path

from studyapp.errors import StudyError
from studyapp.notes import (
    answerkey,
    drill,
    fronttags,
    glossary,
    org,
    passed,
    picture,
    preparation,
    reference,
    unread,
    webpage,
    wording,
)
from studyapp.notes.answer import cleaned, figure, is_string, parted, worded
from studyapp.notes.card import find_clozes
from studyapp.notes.foreign import Foreign, ForeignNote, LectureNote, TrackerRow
from studyapp.notes.note import CardStyle, NoteKind, Problem
from studyapp.notes.opener import (
    BOLD,
    CALLOUT,
    FOLDED,
    HIDING,
    LABELLED,
    LISTED,
    PROSE,
    SUMMARY,
    TERM,
    asked_within,
    asks_anew,
    headline,
    hiding,
    in_quote,
    is_bare,
    openers,
    says_so,
    takes_leave,
    without_properties,
)
from studyapp.notes.outline import Block, Kind, Outline, dedented

_OPENS = re.compile(r"<details\b[^<>]*>", re.IGNORECASE)
_CLOSED = re.compile(r"</details>", re.IGNORECASE)
_CLOSES = re.compile(r"</(?:details|div|section|p|span|font|center)>[ \t]*$", re.IGNORECASE)
_NEXT = re.compile(r"[ \t]*card-next-schedule::")
_DEEPEST = 4  # lists within lists in which questions are looked for
_LONG = 60_000  # bytes
_MOST_OPTIONS = 8  # A to H
_MAY_DEFINE = ("**", "::", "<>")
QUESTION_OF_TABLE, TERM_OF_TABLE = "question of a table", "term of a table"
LIST_OF_TERMS, TERM_AND_QUOTE, DEFINED = "list of terms", "term and quote", "line that defines"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a text that begins with *head* asks, defines or plans something. Of a long one its
    beginning may be a table of contents alone, so it is taken for notes, too."""
    text = head.decode("utf-8-sig", "ignore")
    if "\0" in text:
        return False
    if len(head) >= _LONG and len(text.encode("utf-8", "replace")) > 0.99 * len(head):
        return True
    found = parse(text, path)
    return bool(found.notes or found.lecture or found.tracker)


def read(path: Path) -> Foreign:
    """Read notes from a file. Raises StudyError if it cannot be read, or is no text."""
    return picture.gathered(parse(text_of(path), path), path)


def is_utf16(data: bytes) -> bool:
    """Whether a text says that each of its signs has two bytes, as some programs save them."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\0\0")


def text_of(path: Path) -> str:
    """A file's text. Raises StudyError if it cannot be read, or is none."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if is_utf16(data) else "utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        name = "UTF-16" if is_utf16(data) else "UTF-8"
        raise StudyError(f"{path} is not {name} text (byte {error.start}).") from error
    if "\0" in text:
        raise StudyError(f"{path} is not text: it has a NUL (character {text.index(chr(0))}).")
    return text


def parse(text: str, path: Path) -> Foreign:
    """What *text* asks, defines and plans; nothing in it makes this raise."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    return parse_lines(lines, range(1, len(lines) + 1), path)


def parse_lines(lines: Sequence[str], numbers: Sequence[int], path: Path) -> Foreign:
    """The same of lines that have other *numbers* in the file at *path*."""
    lines, drilled, problems = preparation.fenced(lines), list[ForeignNote](), list[Problem]()
    if org.is_one(lines, path):
        lines, drilled, problems = drill.taken(org.read(lines), numbers, path)
    elif webpage.is_one(lines, path):
        lines, numbers, problems = webpage.as_markdown(lines, numbers, path)
    else:
        lines, numbers = preparation.of_asciidoc(lines, numbers, path)
    lines, comments = passed.without_comments(lines)
    problems += _noted(comments, numbers, path)
    lines, linking = _without_links(lines)
    problems += _linking(linking, numbers, path)
    lines, numbers = preparation.prepared(lines, numbers)
    outline = Outline(lines)
    known = reference.definitions(outline.lines, outline.is_code) if _may_define(lines) else {}
    if known:
        lines = list(lines)
        for one in known.values():
            lines[one.first : one.end] = [""] * (one.end - one.first)
        outline = Outline(lines)
    reading = _Reading(outline, numbers, path)
    reading.run()
    used = set[str]()
    notes = [_resolved(note, known, used) for note in reading.notes] if known else reading.notes
    for key, one in known.items():
        if key not in used:
            told = unread.upto(numbers[one.first], numbers[one.end - 1])
            reading.report(one.first, f"{told}nothing that is read refers to this")
    notes = sorted([*drilled, *notes], key=lambda note: note.line)
    return Foreign(
        fronttags.tagged(notes, outline.lines[: outline.begins]),
        lecture=tuple(reading.lecture),
        tracker=tuple(reading.tracker),
        problems=tuple(sorted({*problems, *reading.problems})),
    )


def _noted(
    comments: Sequence[passed.Comment], numbers: Sequence[int], path: Path
) -> Iterator[Problem]:
    """A problem for each comment that holds what would be a note elsewhere."""
    for one in comments:
        if parse(one.said, path).notes:
            first, last = numbers[one.first], numbers[one.last]
            said = (
                f"{unread.upto(first, last)}this comment is left out, with what it asks or defines"
            )
            yield Problem(path, first, said)


def _without_links(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """The lines without those that only lead about in their text, and the places of these."""
    if not any("#" in line and ("](" in line or "href" in line) for line in lines):
        return list(lines), []
    found = passed.links(lines, Outline(lines).is_code)
    left = list(lines)
    for at in found:
        left[at] = ""
    return left, found


def _linking(found: Sequence[int], numbers: Sequence[int], path: Path) -> Iterator[Problem]:
    if found:
        more = f", and {len(found) - 1} more lines" if len(found) > 1 else ""
        said = f"this line{more}: links within this file are not read"
        yield Problem(path, numbers[found[0]], said)


def _may_define(lines: Sequence[str]) -> bool:
    return any("]:" in line for line in lines)


def _resolved(
    note: ForeignNote, known: Mapping[str, reference.Definition], used: set[str]
) -> ForeignNote:
    question, answer = reference.resolved(note.question, note.answer, known, used)
    return replace(note, question=question, answer=answer)


@dataclass
class _Question:
    """A question whose answer is being looked for; `below` are the blocks that belong to it."""

    block: Block
    shape: str
    asked: str
    own: str  # what its line answers
    rest: list[str]  # its block's lines below
    number: int | None = None
    below: list[Block] = field(default_factory=list)

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer so far."""
        return bool(self.own or any(map(str.strip, self.rest)) or self.below)

    @property
    def apart(self) -> list[Block]:
        """What stands below an answer that was whole before: of a label, or within its item."""
        says = bool(self.own) or any(map(str.strip, self.rest))
        if self.shape == LABELLED or (says and self.block.kind in (Kind.NUMBERED, Kind.BULLET)):
            return self.below[not says :]
        label = wording.without_label(self.below[0].text) if self.below else None
        return [] if label is None else self.below[1 + (not label) :]

    def takes(self, block: Block) -> bool:
        """Whether a block that asks nothing itself is of the answer."""
        of_heading = self.block.kind is Kind.HEADING
        if block.kind is Kind.HEADING:
            is_below = of_heading and block.level > self.block.level and bool(block.text)
            return is_below or self._is_labelled(block.text)
        has_answer = self.own or any(line.strip() for line in self.rest)
        if self.shape == CALLOUT or (self.shape == FOLDED and has_answer):
            return False
        if self.shape == LISTED:
            return block.kind is not Kind.RULE and not has_answer
        if self.shape == PROSE:
            return self._goes_on(block)
        if block.kind is Kind.RULE:
            return of_heading or not (has_answer or self.below)
        return True

    def _is_labelled(self, heading: str) -> bool:
        """Whether a heading that is not below that of the question says its answer all the same; a
        letter alone may head something else where there is one."""
        said = wording.without_label(heading)
        if said is None or wording.heads_answers(heading):
            return False
        return not self.has_answer or bool(said and wording.plain(heading)[1:2].isalpha())

    def _goes_on(self, block: Block) -> bool:
        """Prose answers in one paragraph or what stands in its place, and the lists below that."""
        if block.kind in (Kind.RULE, Kind.HIDDEN, Kind.HEADING):
            return False
        listed = block.kind is not Kind.TEXT
        if self.below and self.below[0].kind is Kind.HEADING:  # which says that an answer follows
            return True
        if not self.below:
            return listed or not (self.own or self.rest)
        return listed and block.kind in (self.below[-1].kind, Kind.BULLET, Kind.NUMBERED)


class _Reading:
    """The blocks of a text, and what has been found in them."""

    def __init__(
        self, outline: Outline, numbers: Sequence[int], path: Path, depth: int = 0
    ) -> None:
        self.depth = depth  # of the list that is read
        self.outline, self.lines, self.blocks = outline, outline.lines, outline.blocks
        self.numbers, self.path = numbers, path
        self.notes: list[ForeignNote] = []
        self.lecture: list[LectureNote] = []
        self.tracker: list[TrackerRow] = []
        self.problems: list[Problem] = []
        self.unread: list[int] = []
        is_text = all(block.kind is Kind.TEXT for block in self.blocks)
        self.is_list = is_text and glossary.is_listed(self.lines[outline.begins :])  # and no more
        self.named = set[int]()  # the blocks of terms that stand below an answer
        self.guids: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}
        self.counted = dict[int, int | None]()  # numbers of questions, by the lines of their items
        self.closed = 0  # the notes above the last answers that stood together
        self.below = dict[int, int]()  # lines of items, and how many blocks outside answer them
        self.of_tasks = set[str]()  # shapes whose lines all answer themselves
        self.choices = dict[int, int]()  # the notes whose options may be asked, and their lines

    def run(self) -> None:
        for at in self.outline.unclosed:
            self.report(at, "what begins here has no end")
        self._times()
        if self.depth == 0:
            self._tell_schedules()
        loose = self._questions()
        for at in self.choices.values():
            self.report(at, unread.MAY_BE_A_CHOICE)
        if [count > 1 for count in self.below.values()] == [True]:
            self.report(next(iter(self.below)), unread.MAY_BE_BELOW)
        loose = self._without_quoted_terms(loose)
        for _, run in groupby(loose, lambda at: (self.outline.above[at], self.blocks[at].kind)):
            self._loose(list(run))
        self._tell_unread()

    def report(self, at: int, message: str) -> None:
        self.problems.append(Problem(self.path, self.numbers[at], message))

    def _keep(
        self,
        at: int,
        question: str,
        answer: str,
        kind: NoteKind,
        shape: str,
        number: int | None = None,
        card: CardStyle = CardStyle.ANSWER,
    ) -> None:
        """A note that begins on line *at*; known by what it asks, or else says, and which of the
        same it is."""
        said = question or answer
        key = " ".join(wording.plain(wording.without_asides(said)).casefold().split())
        if not key:
            self.report(at, f"this {shape} has no words")
            return
        former = self.said.setdefault((key, answer), self.numbers[at])
        if former != self.numbers[at]:
            self.report(at, f"this is on line {former} already, word for word")
            return
        self.guids[key] = nth = self.guids.get(key, 0) + 1
        guid = f"{kind.value}: {key}" + (f" ({nth})" if nth > 1 else "")
        self.notes.append(
            ForeignNote(
                guid,
                question,
                answer,
                kind,
                card,
                line=self.numbers[at],
                shape=shape,
                number=number,
            )
        )

    # --- questions --------------------------------------------------------------------------

    def _questions(self) -> list[int]:
        """Read the questions; returns the places of the blocks that belong to none."""
        shapes, loose = openers(self.outline), list[int]()
        self._count(shapes)
        self.of_tasks = self._answering(shapes)
        anew = set(asks_anew(self.outline, shapes))
        question: _Question | None = None
        ends = 0  # of a list of answers
        for at, block in enumerate(self.blocks):
            if at < ends:
                continue
            if after := self._together(at, question):
                question, ends = None, after
                continue
            shape = shapes.get(at, "")
            if not shape and question is not None and self._is_underlined(block, question):
                block = Block(Kind.TEXT, block.first, block.first + 1, block.text)
            if shape in (PROSE, LISTED) and question is not None and question.shape != shape:
                is_card = at in anew and question.shape in (PROSE, LABELLED)
                in_passing = question.takes(block) and not is_card
                shape = "" if in_passing else shape
            if shape == HIDING:
                self._answer(question)
                question = None
                self._hidden(block)
            elif shape:
                self._answer(question)
                question = self._asked(block, shape)
            elif question is not None and self._is_answer(question, at, block):
                question.below.append(block)
            else:
                self._answer(question)
                question = None
                loose.append(at)
        self._answer(question)
        return loose

    def _count(self, shapes: Mapping[int, str]) -> None:
        """Number the questions of each list that are all numbered the same."""
        asked = (at for at in shapes if self.blocks[at].kind is Kind.NUMBERED)
        for _, run in groupby(sorted(asked), lambda at: self.outline.above[at]):
            places = list(run)
            numbers = answerkey.counted([self.blocks[at].number for at in places])
            self.counted.update(zip((self.blocks[at].first for at in places), numbers, strict=True))

    def _answering(self, shapes: Mapping[int, str]) -> set[str]:
        """The shapes whose lines all answer themselves."""
        lines: dict[str, list[str]] = {}
        for at, shape in shapes.items():
            lines.setdefault(shape, []).append(headline(self.outline, self.blocks[at])[0])
        return {shape for shape, said in lines.items() if wording.all_answer(said)}

    # --- answers that stand together --------------------------------------------------------

    def _together(self, at: int, question: _Question | None) -> int:
        """Read answers that stand together, as a key or below a line that heads them; the place
        after them, 0 if none begin there. A key that does not fit is told."""
        block = self.blocks[at]
        text = " ".join(self._lines([block])) if block.kind is Kind.TEXT else ""
        if key := answerkey.said(text):
            return at + 1 if self._key(block, key, question) else 0
        is_line = block.kind is Kind.TEXT and block.end == block.first + 1
        if not (is_line or block.kind is Kind.HEADING) or not wording.heads_answers(block.text):
            return 0
        section = self._section(at)
        numbered = [one for one in section if one.kind is Kind.NUMBERED]
        numbers = answerkey.counted([one.number for one in numbered])
        if len(numbered) == len(section) and self._fits(numbers, question):
            answers = zip(numbers, map(self._said, numbered), strict=True)
            self._close(question, {number: worded(said) for number, said in answers})
        elif not (section and self._picked(section, question)):
            self.closed = len(self.notes)
            return 0
        return at + 1 + len(section)

    def _key(self, block: Block, key: str, question: _Question | None) -> bool:
        """Read a key on a line; False if it is none, but the answer to one question."""
        answers = answerkey.entries(key)
        if self._picked([block], question, key):
            return True
        if len(answers) > 1 and self._fits([number for number, _ in answers], question):
            self._close(question, dict(answers))
            return True
        if len(answers) < 2 or len(self._unanswered(question)) < 2:
            return False
        self._close(question)
        why = "their numbers are not those of the questions above that have none"
        self.report(block.first, f"answers to several questions, and not read: {why}")
        return True

    def _picked(self, section: Sequence[Block], question: _Question | None, key: str = "") -> bool:
        """Give the options that a *key* names, or else the lines of a *section*, to their
        questions, or tell why not; False if these say something else."""
        key = key or " ".join(line.strip() for line in self._lines(section))
        picks = answerkey.picks(key)
        if not picks:
            return False
        self._answer(question)
        if why := self._unfit(picks):
            self.report(section[0].first, f"a key to several questions, and not read: {why}")
            self._close()
        else:
            self._close(None, dict(picks))
        return True

    def _unfit(self, picks: Sequence[tuple[int, str]]) -> str:
        """Why letters do not fit the questions above; empty if they do."""
        for number, letter in picks:
            places = [at for at in self._open() if self.notes[at].number == number]
            if sum(number == other for other, _ in picks) > 1 or len(places) > 1:
                return f"the number {number} is there twice"
            if not places:
                return f"no question above it has the number {number} and no answer"
            if not answerkey.has_option(self.notes[places[0]].answer, letter):
                return f"question {number} has no option {letter}"
        return ""

    def _close(
        self, question: _Question | None = None, answers: Mapping[int | None, str] | None = None
    ) -> None:
        """End the *question*, give *answers* to those that have none, by their numbers, and let
        none that follow go to them."""
        self._answer(question)
        for at in self._open() if answers else ():
            note = self.notes[at]
            if answers and note.number in answers:
                said = answerkey.chosen(note.answer, answers[note.number])
                asked = f"{note.question}\n\n{note.answer}".rstrip()
                self.notes[at] = replace(note, question=asked, answer=said)
                self.choices.pop(at, None)
        self.closed = len(self.notes)

    def _section(self, at: int) -> list[Block]:
        """The numbered items or the prose below a line that heads answers, if nothing else is
        there."""
        end = at + 1
        while end < len(self.blocks) and self.blocks[end].kind in (Kind.NUMBERED, Kind.TEXT):
            end += 1
        after = self.blocks[end].kind if end < len(self.blocks) else Kind.RULE
        return self.blocks[at + 1 : end] if after in (Kind.HEADING, Kind.RULE) else []

    def _fits(self, numbers: Sequence[int | None], question: _Question | None) -> bool:
        """Whether these are the numbers of the questions above that have no answer, each once."""
        return 0 < len(numbers) == len({*numbers}) and self._unanswered(question) == [*numbers]

    def _unanswered(self, question: _Question | None) -> list[int | None]:
        """The numbers of the questions above that have no answer, or options alone."""
        found = [self.notes[at].number for at in self._open()]
        if question is not None and question.number is not None:
            below = self._lines(question.below[:_MOST_OPTIONS])
            options = wording.options([*question.rest, *below])
            found += [question.number] if options or not question.has_answer else []
        return found

    def _lines(self, blocks: Sequence[Block]) -> list[str]:
        return [line for block in blocks for line in self.lines[block.first : block.end]]

    def _open(self) -> list[int]:
        """The notes with a number that have no answer yet, of which options are none."""
        places = range(self.closed, len(self.notes))
        notes = ((at, self.notes[at]) for at in places)
        return [at for at, one in notes if one.number and (not one.answer or at in self.choices)]

    def _is_underlined(self, block: Block, question: _Question) -> bool:
        """Whether a heading of the level 2 is a line of an answer with a rule right below it."""
        below = self.lines[block.end - 1].lstrip()
        if block.kind is not Kind.HEADING or block.end == block.first + 1 or below[:1] != "-":
            return False
        return not question.has_answer

    def _is_answer(self, question: _Question, at: int, block: Block) -> bool:
        """Whether a block that asks nothing is of the answer: terms below one that has ended are
        not, nor are those that a line or a heading announces."""
        if not question.takes(block):
            self.named.update(self._run_of_terms(at) if question.shape == FOLDED else ())
            return False
        if not (self._has_ended(question, at) or self._begins_terms(question, at)):
            return True
        run = self._run_of_terms(at)
        self.named.update(run)
        return not run

    def _has_ended(self, question: _Question, at: int) -> bool:
        """Whether what stands right above a block ends an answer: a fold, an element, a rule, a
        string, an item with what it holds, a list of another kind."""
        last = question.below[-1] if question.below else question.block
        if last is question.block:
            is_item = last.kind in (Kind.DETAILS, Kind.NUMBERED, Kind.BULLET)
            return is_item and any(map(str.strip, question.rest))
        if last.kind is Kind.CODE:
            return is_string("\n".join(self.lines[last.first : last.end]))
        if last.kind is Kind.BULLET and self.blocks[at].kind is Kind.BULLET:
            return self._mark(last) != self._mark(self.blocks[at])
        ends = last.kind in (Kind.DETAILS, Kind.RULE)
        return ends or _CLOSES.search(self.lines[last.end - 1]) is not None

    def _mark(self, block: Block) -> str:
        return self.lines[block.first].lstrip()[:1]

    def _begins_terms(self, question: _Question, at: int) -> bool:
        """Whether a block announces terms below an answer, or is a table of questions there."""
        block = self.blocks[at]
        if not question.has_answer:
            return False
        if block.kind is Kind.TABLE:
            return glossary.read(self.lines[block.first : block.end]).kind == "questions"
        return self._heads_terms(at)

    def _heads_terms(self, at: int) -> bool:
        block = self.blocks[at]
        if block.kind is Kind.HEADING:
            return glossary.NAMED.search(block.text) is not None
        return self._announces(at)

    def _run_of_terms(self, at: int) -> range:
        """The blocks from *at* on that define terms, two at least; empty if they do not. What
        announces them is the first of them."""
        first = at + self._heads_terms(at)
        if first == len(self.blocks):
            return range(0)
        kind, mark, end = self.blocks[first].kind, self._mark(self.blocks[first]), first + 1
        text = self.lines[self.blocks[first].first : self.blocks[first].end]
        if kind is Kind.TABLE:
            is_one = bool(glossary.read(text).kind)
        elif kind is Kind.TEXT:
            below = len(text) > 1 and glossary.defines_above(text[1])
            is_one = below or len(glossary.defined(text, named=True)) == len(text) > 1
        elif kind is Kind.BULLET:
            while end < len(self.blocks) and self._is_item(end, mark):
                end += 1
            some = glossary.terms([self._item(one) for one in range(first, end)], named=True)
            is_one = len(some) > 1 and None not in some
            is_one = is_one or self._quote_below(first) is not None
        else:
            is_one = False
        return range(at, end) if is_one else range(0)

    def _is_item(self, at: int, mark: str) -> bool:
        block = self.blocks[at]
        return block.kind is Kind.BULLET and self._mark(block) == mark

    def _answer(self, question: _Question | None) -> None:
        if question is None:
            return
        body, last = list(question.rest), question.block.end
        for block in question.below:
            if block.kind is not Kind.HIDDEN:
                body += [""] * (block.first > last) + self.lines[block.first : block.end]
            last = block.end
        body = without_properties(body)
        front, answer = parted(body)
        is_choice = not front and not question.own and wording.options(answer.split("\n"))
        self._tell_within(question)
        if question.shape == LISTED and question.below:
            self.below[question.block.first] = len(question.below)
        if not (front or answer or question.own):
            said, following = figure("\n".join(body)), (question.number or 0) + 1
            answer = "" if said[:-2] == f"{following}" else said  # it is to be filled in
        asked, own = question.asked, question.own
        if answer and wording.is_aside(own):
            asked, own = f"{asked} {own}", ""
        answer = f"{own}\n\n{answer}".strip("\n")
        asked = f"{asked}\n\n{front}" if front else asked
        if question.shape == LABELLED and is_bare(asked):
            last = max(at for at in range(last) if self.lines[at].strip())
            told = unread.upto(self.numbers[question.block.first], self.numbers[last])
            self.report(question.block.first, f"{told}this question has no words; not read")
            return
        if not answer and (question.shape == LABELLED or says_so(question.block.text)):
            self.report(question.block.first, "this question has no answer yet")
        elif not answer and wording.may_answer(asked):
            self.report(question.block.first, unread.MAY_ANSWER)
        kind = NoteKind.TERM if question.shape == TERM else NoteKind.QUESTION
        if kind is NoteKind.TERM and not answer:
            self.report(question.block.first, "this term has no meaning")
            return
        count = len(self.notes)
        self._keep(question.block.first, asked, answer, kind, question.shape, question.number)
        if is_choice and len(self.notes) > count:
            self.choices[count] = question.block.first

    def _hidden(self, block: Block) -> None:
        """Read an item of a list that hides something."""
        line, rest = headline(self.outline, block)
        text, count = hiding(cleaned("\n".join([line, *without_properties(dedented(rest))])))
        if not count or len(find_clozes(text)) != count:
            self.report(block.first, "a hidden text that cannot be kept")
            return
        self._keep(block.first, "", text, NoteKind.QUESTION, HIDING, card=CardStyle.CLOZE)

    def _tell_within(self, question: _Question) -> None:
        is_titled = question.shape == BOLD
        within = asked_within(self.outline, question.below, titled=is_titled, apart=question.apart)
        if within:
            first, last = within[0].first, self._last_line(within[-1])
            told = unread.upto(self.numbers[first], self.numbers[last])
            self.report(first, told + unread.MAY_BE_A_NOTE)
        ending = question.below[-1] if question.below else None
        if ending and ending not in within and takes_leave(ending):
            self.report(ending.first, unread.MAY_BE_A_FAREWELL)

    def _asked(self, block: Block, shape: str) -> _Question:
        if block.kind is Kind.DETAILS:
            return self._folded(block, shape)
        if shape == CALLOUT:
            said, rest = in_quote(self.outline, block)
            number, asked = wording.number(said), wording.numbered(said)[1]
            return _Question(block, shape, wording.tidy(asked), "", rest, number)
        line, rest = headline(self.outline, block)
        time = wording.time(line) if block.kind is Kind.HEADING else None
        line = time.title if time else line
        number = self.counted.get(block.first, wording.number(line))
        line = wording.numbered(line)[1]
        asked, own = wording.unwrapped(line)
        if own and not wording.may_ask(asked):
            asked, own = line, ""
        asked = wording.numbered(asked)[1]
        if not own:
            in_prose, of_tasks = shape in (PROSE, LISTED), shape in self.of_tasks and not rest
            asked, own = wording.own_answer(asked, in_prose=in_prose, of_tasks=of_tasks)
        if block.kind is not Kind.TEXT or all(line[:1] in " \t" for line in rest):
            rest = dedented(rest)
        return _Question(block, shape, wording.tidy(asked), worded(own), rest, number)

    def _folded(self, block: Block, shape: str) -> _Question:
        text = "\n".join(self.lines[block.first : block.end])
        found = SUMMARY.search(text)
        said = wording.tidy(found[1]) if found else ""
        summary = wording.numbered(said)[1]
        inner = _OPENS.sub("", text.replace(found[0], "", 1) if found else text, count=1)
        *parts, end = _CLOSED.split(inner)
        inner = "</details>".join(parts) + end
        asked, number = wording.unwrapped(summary)[0], wording.number(said)
        return _Question(block, shape, asked, "", dedented(inner.split("\n")), number)

    def _tell_schedules(self) -> None:
        """Tell what Logseq says of when its cards come again, where it begins."""
        met = [
            at
            for at, line in enumerate(self.lines)
            if _NEXT.match(line) and not self.outline.is_code(at)
        ]
        if met:
            more = f" and of {len(met) - 1} more" if len(met) > 1 else ""
            self.report(met[0], f"the schedule of this card{more} is not read")

    # --- times of a lecture -----------------------------------------------------------------

    def _times(self) -> None:
        headings = [at for at, block in enumerate(self.blocks) if block.kind is Kind.HEADING]
        for at, after in pairwise([*headings, len(self.blocks)]):
            block = self.blocks[at]
            if time := wording.time(block.text):
                end = self.blocks[after].first if after < len(self.blocks) else len(self.lines)
                text = "\n".join(self.lines[block.end : end]).strip("\n").rstrip()
                line = self.numbers[block.first]
                self.lecture.append(LectureNote(time.seconds, wording.tidy(time.title), text, line))

    def _is_of_lecture(self, at: int) -> bool:
        above = next(self.outline.headings(at), -1)
        return above >= 0 and wording.time(self.blocks[above].text) is not None

    # --- terms, and what is left ------------------------------------------------------------

    def _without_quoted_terms(self, loose: Sequence[int]) -> list[int]:
        """Read each short item of a list whose meaning is a quote below it; returns the others."""
        left, taken = list[int](), set[int]()
        for at in loose:
            block = self.blocks[at]
            meaning = self._quote_below(at) if at not in taken else None
            if meaning is None:
                left += [at] if at not in taken else []
                continue
            if self._below(block) != meaning:
                taken.add(at + 1)
            term = wording.tidy(wording.unwrapped(block.text)[0]).rstrip(" :")
            self._keep(block.first, term, worded(meaning), NoteKind.TERM, TERM_AND_QUOTE)
        return left

    def _quote_below(self, at: int) -> str | None:
        block, below = self.blocks[at], self._below(self.blocks[at])
        if block.kind is not Kind.BULLET or not wording.is_term(block.text):
            return None
        if below:
            quoted = all(line.startswith(">") for line in below.split("\n") if line.strip())
            return below if quoted else None
        after = self.blocks[at + 1] if at + 1 < len(self.blocks) else None
        if after is None or after.kind is not Kind.QUOTE:
            return None
        return "\n".join(self.lines[after.first : after.end])

    def _below(self, block: Block) -> str:
        return "\n".join(dedented(self.lines[block.first + 1 : block.end])).strip("\n")

    def _loose(self, run: Sequence[int]) -> None:
        """Blocks of one kind under one heading that belong to no question."""
        kind = self.blocks[run[0]].kind
        if kind is Kind.HEADING:
            for at in run:
                if not self.blocks[at].text:
                    self.report(self.blocks[at].first, "this heading is empty")
                elif wording.without_label(self.blocks[at].text):
                    self.report(self.blocks[at].first, "an answer without a question")
        elif kind is Kind.TABLE:
            self.unread += [at for at in run if not self._table(self.blocks[at])]
        elif kind in (Kind.BULLET, Kind.NUMBERED):
            self._list(run)
        elif kind is Kind.TEXT:
            self._prose(run)
        elif kind is not Kind.RULE:
            self.unread += run

    def _list(self, run: Sequence[int]) -> None:
        named = self._is_named(run[0])
        found = glossary.terms([self._item(at) for at in run], named=named)
        inner = {at: self._inner(at) for at, term in zip(run, found, strict=True) if term is None}
        answered = sum(
            sum(bool(note.answer) for note in one.notes) for one in inner.values() if one
        )
        for at, term in zip(run, found, strict=True):
            if term is not None:
                name, meaning = map(worded, term)
                self._keep(self.blocks[at].first, name, meaning, NoteKind.TERM, LIST_OF_TERMS)
            elif (one := inner[at]) is not None and answered > 1:
                self._adopt(one)
            else:
                self.unread.append(at)

    def _inner(self, at: int) -> _Reading | None:
        """The notes below an item which asks nothing; None if most of them have no answer: some
        prose asks in passing."""
        block = self.blocks[at]
        lines = self.lines[block.first + 1 : block.end]
        named = bool(glossary.NAMED.search(block.text))
        if self.depth >= _DEEPEST or (
            not (named and any(map(str.strip, lines)))
            and not any(sign in line for line in lines for sign in wording.ASKING)
        ):
            return None
        numbers = [self.numbers[line] for line in range(block.first + 1, block.end)]
        lines = [wording.counted_by_letter(line) for line in dedented(lines)]
        inner = _Reading(Outline(lines), numbers, self.path, self.depth + 1)
        inner.named.update(range(len(inner.blocks)) if named else ())
        inner.run()
        answered = sum(bool(note.answer) for note in inner.notes)
        return inner if answered and 2 * answered >= len(inner.notes) else None

    def _adopt(self, inner: _Reading) -> None:
        """Keep the notes of an item, and what it has to tell."""
        for note in inner.notes:
            first = self.numbers.index(note.line)
            self._keep(first, note.question, note.answer, note.kind, note.shape, note.number)
        self.problems += inner.problems

    def _item(self, at: int) -> str:
        return self._said(self.blocks[at])

    def _said(self, block: Block) -> str:
        below = self._below(block)
        return f"{block.text}\n{below}" if below else block.text

    def _prose(self, run: Sequence[int]) -> None:
        """Read the terms of paragraphs: what is indented below one goes on with its meaning, and
        where several have a meaning that hangs below them, each is one."""
        texts = {at: self.lines[self.blocks[at].first : self.blocks[at].end] for at in run}
        hanging = {at: pair for at, text in texts.items() if (pair := glossary.hanging(text))}
        last = -1  # a paragraph that is read
        for at, text in texts.items():
            first = self.blocks[at].first
            if at in hanging and (len(hanging) > 1 or self._is_named(at)):
                term, meaning = map(worded, hanging[at])
                self._keep(first, term, meaning, NoteKind.TERM, DEFINED)
                last = at
            elif last == at - 1 >= 0 and all(line[:1] in " \t" for line in text):
                said = cleaned("\n".join(line.strip() for line in text))
                self.notes[-1] = replace(
                    self.notes[-1], answer=f"{self.notes[-1].answer}\n\n{said}"
                )
                last = at
            else:
                count = len(self.notes)
                self.unread += [] if self._text(at) else [at]
                last = at if len(self.notes) > count else last

    def _text(self, at: int) -> bool:
        """Read the terms that prose defines line by line; False if a line of it is none."""
        block = self.blocks[at]
        found = glossary.defined(self.lines[block.first : block.end], named=self._is_named(at))
        for place, term, said in found:
            first = block.first + place
            meaning = said.rstrip(";") if self.is_list else said  # between rows of Quizlet
            self._keep(first, cleaned(term), worded(meaning), NoteKind.TERM, DEFINED)
        if found and found[0][0] > 0:
            last = block.first + found[0][0] - 1
            told = unread.upto(self.numbers[block.first], self.numbers[last])
            self.report(block.first, f"{told}what stands above the first term here is not read")
        return bool(found) or self._announces(at)

    def _table(self, block: Block) -> bool:
        table = glossary.read(self.lines[block.first : block.end])
        if table.kind == "plan":
            for row, (part, chapter, section) in glossary.planned(table):
                line = self.numbers[block.first + row.at]
                self.tracker.append(TrackerRow(part, chapter, section, line))
            return True
        term = table.kind == "terms"
        kind = NoteKind.TERM if term else NoteKind.QUESTION
        for row in table.rows if table.kind else ():
            if any(row.cells[len(table.heads) :]):
                message = "a row of this table has more cells than its head, and is not read"
                self.report(block.first + row.at, message)
                continue
            asked, answer = row.cell(table.left), row.cell(table.right)
            if not asked or (term and not answer):
                if any(row.cells):
                    self.report(block.first + row.at, "a row of this table has an empty cell")
                continue
            beside = (f"**{name}**: {said}" if name else said for name, said in table.beside(row))
            answer = "\n\n".join(filter(None, [answer, *beside]))
            shape = TERM_OF_TABLE if term else QUESTION_OF_TABLE
            self._keep(block.first + row.at, cleaned(asked), worded(answer), kind, shape)
        if not table.kind and glossary.may_pair(table):
            told = unread.upto(self.numbers[block.first], self.numbers[block.end - 1])
            self.report(block.first, told + unread.MAY_PAIR)
            return True
        return bool(table.kind)

    def _is_named(self, at: int) -> bool:
        """Whether a heading, or a line right above, announces terms."""
        if at in self.named or self.is_list or (at > 0 and self._announces(at - 1)):
            return True
        return any(
            glossary.NAMED.search(self.blocks[above].text) for above in self.outline.headings(at)
        )

    def _announces(self, at: int) -> bool:
        block = self.blocks[at]
        said = self.lines[block.end - 1].strip()
        line = wording.plain(said)
        ends = line.endswith(":") or (said.startswith("**") and said.endswith("**"))
        return block.kind is Kind.TEXT and ends and bool(glossary.NAMED.search(line))

    def _tell_unread(self) -> None:
        """One problem for what stands together, with its kinds and its last line."""
        runs: list[list[int]] = []
        for at in sorted(at for at in self.unread if not self._is_of_lecture(at)):
            if (
                runs
                and self._is_next(runs[-1][-1], at)
                and self._may_define(self.blocks[at]) == self._may_define(self.blocks[runs[-1][-1]])
            ):
                runs[-1].append(at)
            else:
                runs.append([at])
        for run in runs:
            kinds = list(dict.fromkeys(self.blocks[at].kind.value for at in run))
            first, last = self.blocks[run[0]].first, self._last_line(self.blocks[run[-1]])
            upto = f", up to line {self.numbers[last]}" if last > first else ""
            may_define = all(self._may_define(self.blocks[at]) for at in run)
            why = unread.MAY_DEFINE if may_define else "this asks nothing and defines no term"
            self.report(first, f"{_joined(kinds)}{upto}: {why}")

    def _may_define(self, block: Block) -> bool:
        """Whether a block would define a term below a heading that announces terms, and begins in a
        way in which hardly anything else is said."""
        found = wording.definition(block.text) if block.kind in (Kind.TEXT, Kind.BULLET) else None
        return bool(found and found[1] in _MAY_DEFINE and not wording.is_remark(found[0], ":"))

    def _is_next(self, at: int, after: int) -> bool:
        if self.outline.above[at] != self.outline.above[after]:
            return False
        return all(self.blocks[one].kind is Kind.RULE for one in range(at + 1, after))

    def _last_line(self, block: Block) -> int:
        return max(
            (line for line in range(block.first, block.end) if self.lines[line].strip()),
            default=block.first,
        )


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
