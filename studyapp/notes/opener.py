"""Which blocks of a learner's notes begin a question, and by what they are taken for one.

One line rarely tells. So a numbered list is a questionnaire as a whole or not at all, and a heading
without a question mark is taken with those beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice

from studyapp.notes import ankigap, glossary, wording
from studyapp.notes.card import hiding_nothing, without_code
from studyapp.notes.outline import ASKED, Block, Kind, Outline

NUMBERED, HEADING, BOLD = "numbered question", "heading", "bold question"
LISTED, FOLDED, LABELLED, PROSE = "question in a list", "folded answer", "Q: and A:", "prose"
QUOTED, CALLOUT = "quoted question", "question in a callout"
TERM = "heading of a term"
HIDING, DEFINING = "hidden text", "list of terms"
_QUESTIONNAIRE = re.compile(
    r"\b(?:questionn?aires?|questions?|quiz(?:zes)?|exercises?|homework|assignments?"
    r"|further research|self[- ]?(?:test|check)|review|q ?& ?a|faq|interview)\b",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"(?P<mark>\*{1,3}|_{1,2})?(?:q|question|frage|pregunta|domanda|pergunta|问题?|問題?)[ \t]*+"
    r"(?:\d{1,4}(?:\.\d{1,3})*+)?+(?:(?P=mark))?[ \t]*+[:：.)]",
    re.IGNORECASE,
)
_EMPHASISED = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?P<said>[^\s*_][^*_\n]*+)(?P=mark)(?=[ \t]|$)")
_BOLD = re.compile(r"(\*\*|__)(?=\w)(?:(?!\1).)+\1:?")
_TITLE = re.compile(r"\[![\w/-]{1,60}\][+-]?[ \t]*")
# What programs that keep notes as lists say of a card, beside what it asks.
_CARD = re.compile(
    r"(?<![ \t])[ \t]+#(?:cards?|flashcards?)(?=[ \t]|$)|(?<=[?？])(?:::|[ \t]+>{2,3})$"
    r"|(?<![ \t>:;])[ \t]*(?:>{3}|:{3}|;{3}|(?:>>|::)1\.)[ \t]*$"
)
_CLOZE = re.compile(
    r"\{\{(?:cloze[ \t]+|c(?P<number>[0-9,]++(?=::)|[0-9]{1,3}(?=[ \t]))(?:::|[ \t]+))"
    r"(?P<said>(?:(?!\}\}|==|::|\\\\)[^\n{])+)(?:(?:::|\\\\)(?P<hint>[^{}\n]*))?\}\}"
)
_HIDES = re.compile(r"(?<![=\w])==[^\s=](?:[^=\n]*[^\s=])?==(?![=\w])")
_NAME = re.compile(r"(?P<name>[^\W\d]\w{0,15})[ \t]*+[:：][ \t]+\S")
_FAREWELL = re.compile(
    r"\W{0,4}(?:let me know|feel free to|(?:i )?hope (?:this|these)|would you like|do you want"
    r"|want me to|shall i|if you(?:['’]d| would)? (?:like|want|need)|happy (?:studying|learning)"
    r"|good luck)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"^(?:#{1,6}[ \t]+|\[[ xX]\][ \t]+)")
_TO_DO = re.compile(r"(?:\[[ xX]\][ \t]+)?\W{0,3}(?:to-?do|fixme)\b", re.IGNORECASE)
_ANKI = re.compile(r"\{\{c[0-9,]++::(?:(?!\{\{c|\}\}).)++\}\}", re.DOTALL)
_BRACKET = re.compile(r"\\.|(?P<image>!\[)|(?P<opens>\[)|(?P<closes>\])")
_LINK = r"\[(?:!\[[^\[\]]*+\]|[^\[\]])*+\]\((?:[^()\n]|\([^()\n]*+\))*+\)"
_LINK_OR_BRACKET = re.compile(f"{_LINK}|{_BRACKET.pattern}")
_OF_HASHCARDS = re.compile(r"C:[ \t]*(?=\S)")
_PROPERTY = re.compile(r"[ \t]*(?:id|collapsed|card-[\w-]+)::(?:[ \t]|$)")
SUMMARY = re.compile(r"<summary\b[^<>]*>(.*?)</summary>", re.IGNORECASE | re.DOTALL)


def says_so(text: str) -> bool:
    """Whether a line begins with a label that says that it is a question."""
    return _SAYS_SO.match(text) is not None


def gaps(text: str) -> str:
    """A text of Logseq or with marks of Anki with the marks of Anki alone: what has no number is
    counted on."""
    marks = list(_CLOZE.finditer(without_code(text)))
    named = (*ankigap.numbers(text), *(one for mark in marks for one in _numbers(mark)))
    pieces, end, last = list[str](), 0, max(named, default=0)
    for mark in marks:
        last += mark["number"] is None
        said, hint = text[slice(*mark.span("said"))].strip(), (mark["hint"] or "").strip()
        gap = f"{{{{c{mark['number'] or last}::{said}{'::' if hint else ''}{hint}}}}}"
        pieces += [text[end : mark.start()], gap]
        end = mark.end()
    return "".join(pieces) + text[end:]


def _numbers(mark: re.Match[str]) -> tuple[int, ...]:
    return ankigap.numbered(mark["number"] or "")


def hides_in_brackets(text: str) -> bool:
    """Whether a text is a card of hashcards that hides what it has in brackets."""
    is_one = _OF_HASHCARDS.match(text) is not None and "[" in text
    return is_one and in_brackets(text, has_links=True)[1] > 0


def without_its_sign(text: str) -> str:
    """A card of hashcards without the C: that begins it."""
    return _OF_HASHCARDS.sub("", text, count=1)


def in_brackets(text: str, *, has_links: bool = False) -> tuple[str, int]:
    """A text with each [x] as a hidden text, and how many there are; pictures stay as they are, and
    in a text that *has_links*, as one of hashcards never does, so do these."""
    pieces, end, opened, image, count = list[str](), 0, -1, 0, 0
    text = hiding_nothing(text)
    for sign in (_LINK_OR_BRACKET if has_links else _BRACKET).finditer(without_code(text)):
        piece = text[end : sign.start()]
        if sign["image"]:
            image += 1
        elif image and sign["closes"]:
            image -= 1
        elif sign["opens"] and opened < 0:
            pieces.append(piece)
            opened = end = sign.end()
        elif sign["closes"] and opened >= 0:
            count += 1
            pieces.append(f"=={piece}=={{#{count}}}")
            opened, end = -1, sign.end()
    return "".join([*pieces, "[" * (opened >= 0), text[end:]]), count


def without_properties(lines: Sequence[str]) -> list[str]:
    """Lines without those in which Logseq keeps what it knows of a block."""
    kept, is_code = list[str](), False
    for line in lines:
        is_code ^= line.lstrip().startswith(("```", "~~~"))
        kept += [line] if is_code or not _PROPERTY.match(line) else []
    return kept


def is_bare(text: str) -> bool:
    """Whether a line says that a question follows, and nothing else."""
    return _SAYS_SO.fullmatch(text.strip().rstrip("*_")) is not None


def asks_anew(outline: Outline, found: Mapping[int, str]) -> Iterator[int]:
    """The blocks, of those *found* to ask, that begin a card wherever they stand: an answer to
    another question does not hold them; and tables of questions."""
    for at, block in enumerate(outline.blocks):
        shape = found.get(at, "")
        if shape == HEADING:
            is_one = wording.is_asked(heading_title(block.text)[1])
        elif shape == LISTED:
            line, below = headline(outline, block)
            is_one = bool(any(map(str.strip, below)) or wording.own_answer(line)[1])
        elif shape == NUMBERED:
            line, below = headline(outline, block)
            is_one = wording.is_asked(wording.unwrapped(line)[0]) and any(map(str.strip, below))
        elif block.kind is Kind.TABLE:
            is_one = glossary.read(outline.lines[block.first : block.end]).kind == "questions"
        elif shape == PROSE:
            is_one = is_emphasised(block.text)
        else:
            is_one = shape in (LABELLED, FOLDED, CALLOUT)
        if is_one:
            yield at


def openers(outline: Outline) -> dict[int, str]:
    """The blocks that ask, by their place, each with what it was taken for."""
    return _Openers(outline).found


def bold_titles(outline: Outline) -> set[int]:
    """The bold lines that head parts of the numbered questions below them, by their blocks, and
    those that say the same elsewhere. One stands above the first question; of what stands right
    below the questions most is no bold line, or some is not and all titles begin with one word:
    else they are answers."""
    bold = {at: title for at, one in enumerate(outline.blocks) if (title := _bold(outline, one))}
    if len(bold) < 2:
        return set()
    found, titles = openers(outline), set[str]()
    places = sorted(at for at, shape in found.items() if shape == NUMBERED)
    for _, run in groupby(places, lambda at: outline.above[at]):
        asked = list(run)
        heads = [at - 1 for at in asked if at - 1 in bold and at - 1 not in found]
        below = sum(at + 1 in bold for at in asked)
        is_alike = len({bold[at].split()[0] for at in heads}) == 1
        are_titles = 2 * below < len(asked) or (below < len(asked) and is_alike)
        if len(heads) > 1 and heads[0] < asked[0] and are_titles:
            titles.update(bold[at] for at in heads)
    return {at for at, title in bold.items() if title in titles}


def _bold(outline: Outline, block: Block) -> str:
    """What a bold line that stands alone says, if it neither asks nor answers nor heads answers or
    terms; empty of any other block."""
    line = outline.lines[block.first].strip()
    if block.kind is not Kind.TEXT or block.end > block.first + 1 or not _BOLD.fullmatch(line):
        return ""
    title = wording.plain(line)
    if wording.is_asked(title) or wording.heads_answers(title) or glossary.NAMED.search(title):
        return ""
    return title if wording.without_label(title) is None and not says_so(title) else ""


class _Openers:
    def __init__(self, outline: Outline) -> None:
        self.outline, self.blocks = outline, outline.blocks
        self.found = dict[int, str]()
        self.says_so = any(says_so(block.text) for block in self.blocks)
        self.options = wording.options(outline.lines)
        headings = (at for at, block in enumerate(self.blocks) if block.kind is Kind.HEADING)
        self.parents = {outline.above[at] for at in headings}
        self._headings()
        for at, block in enumerate(self.blocks):
            if shape := self._alone(at, block):
                self.found[at] = shape
        self._lists()
        self._quotes()
        for _, run in groupby(self._numbered(), lambda at: self.outline.above[at]):
            self._run(list(run))

    # --- headings ---------------------------------------------------------------------------

    def _headings(self) -> None:
        """Headings beside each other ask if most of them read so; one with a question mark does."""
        beside: dict[tuple[int, int], list[int]] = {}
        for at, block in enumerate(self.blocks):
            if block.kind is Kind.HEADING and block.text:
                beside.setdefault((self.outline.above[at], block.level), []).append(at)
        titles = {
            at: heading_title(self.blocks[at].text)[1] for group in beside.values() for at in group
        }
        any_marked = any(map(wording.is_asked, titles.values()))
        for group in beside.values():
            most = 2 * sum(self._reads(at) for at in group) >= len(group)
            most = most and (len(group) > 1 or any_marked)
            for at in group:
                number, title = heading_title(self.blocks[at].text)
                if wording.without_label(self.blocks[at].text) is None and (
                    wording.is_asked(title)
                    or wording.own_answer(title)[1]
                    or _SAYS_SO.match(self.blocks[at].text)
                    or (most and (number or wording.may_ask(title)))
                    or self._answered(at)
                ):
                    self.found[at] = HEADING
                elif self._is_term(at):
                    self.found[at] = TERM

    def _is_term(self, at: int) -> bool:
        """Whether a heading under one that announces terms is one of them."""
        above, block = self.outline.above[at], self.blocks[at]
        return (
            above >= 0
            and above not in self.found
            and glossary.NAMED.search(self.blocks[above].text) is not None
            and wording.is_term(block.text)
            and wording.time(block.text) is None
            and at not in self.parents
        )

    def _reads(self, at: int) -> bool:
        number, title = heading_title(self.blocks[at].text)
        return wording.is_asked(title) or (number and wording.asks_in_words(title))

    def _answered(self, at: int) -> bool:
        """Whether a label says that an answer follows, before the next heading."""
        for block in islice(self.blocks, at + 1, None):
            if block.kind in (Kind.HEADING, Kind.RULE) or _SAYS_SO.match(block.text):
                return False
            if block.kind is Kind.TEXT and wording.without_label(block.text) is not None:
                return True
            if block.kind is Kind.DETAILS and wording.is_label(self._summary(block)):
                return True
            is_list = block.kind in (Kind.NUMBERED, Kind.BULLET)
            if is_list and block.first not in self.options:
                return False
        return False

    # --- blocks that say by themselves that they ask ----------------------------------------

    def _alone(self, at: int, block: Block) -> str:
        if block.kind is Kind.DETAILS:
            summary = wording.numbered(self._summary(block))[1]
            return FOLDED if wording.may_ask(summary) and not wording.is_label(summary) else ""
        if block.kind is Kind.QUOTE:
            asked, rest = in_quote(self.outline, block)
            return CALLOUT if rest and wording.may_ask(wording.numbered(asked)[1]) else ""
        if block.kind is Kind.TEXT:
            return HIDING if self._hides(at, block) else self._text(block)
        if block.kind is Kind.BULLET and _TO_DO.match(block.text):
            return ""
        if block.kind in (Kind.BULLET, Kind.NUMBERED):
            in_question, asks = self._in_question(at), self._asks_first(block)
            if not in_question and _has_gap(block):
                return HIDING
            is_card = block.kind is Kind.BULLET and _CARD.search(block.text) and self._below(at)
            if not in_question and is_card:
                return LISTED
            if says_so(_MARK.sub("", block.text)) and (asks or not in_question):
                return LABELLED
            is_bullet = block.kind is Kind.BULLET
            return LISTED if asks and is_bullet and not in_question else ""
        return ""

    def _hides(self, at: int, block: Block) -> bool:
        """Whether a paragraph hides texts as Anki does, or beside questions as hashcards does."""
        text = "\n".join(self.outline.lines[block.first : block.end])
        if hides_in_brackets(text):
            return self.says_so and not self._in_question(at)
        if "{{c" not in text or self._in_question(at):
            return False
        return _ANKI.search(without_code(text)) is not None

    def _text(self, block: Block) -> str:
        if _SAYS_SO.match(block.text) or ASKED.match(block.text):
            return LABELLED
        line = self.outline.lines[block.first].strip()
        asked, _ = wording.unwrapped(wording.numbered(line)[1])
        if wording.is_known(asked):
            return BOLD  # wherever it stands
        bold = line.startswith(("**", "__")) and asked != line
        if bold and (wording.is_asked(asked) or _numbered_task(line, asked)):
            return BOLD
        line, _ = headline(self.outline, block)
        asked, own = wording.own_answer(line)
        is_prose = (own or wording.is_asked(line)) and wording.is_one_sentence(asked)
        return PROSE if is_prose else ""

    def _asks_first(self, block: Block) -> bool:
        """Whether a block begins with a question."""
        line, _ = headline(self.outline, block)
        return wording.is_asked(wording.unwrapped(line)[0]) or bool(wording.own_answer(line)[1])

    def _in_question(self, at: int) -> bool:
        return any(above in self.found for above in self.outline.headings(at))

    def _summary(self, block: Block) -> str:
        found = SUMMARY.search("\n".join(self.outline.lines[block.first : block.end]))
        return wording.tidy(found[1]) if found else ""

    # --- lists and quotes -------------------------------------------------------------------

    def _lists(self) -> None:
        """In a list half of which asks, a task that has something below it asks, too."""
        bullets = [at for at, block in enumerate(self.blocks) if block.kind is Kind.BULLET]
        for _, group in groupby(bullets, lambda at: self.outline.above[at]):
            run = list(group)
            if 2 * sum(at in self.found for at in run) >= len(run):
                tasks = (at for at in run if wording.may_ask(self.blocks[at].text))
                for at in tasks:
                    if self._below(at):
                        self.found.setdefault(at, LISTED)

    def _below(self, at: int) -> bool:
        return is_holding(self.outline, self.blocks[at])

    def _quotes(self) -> None:
        """Quotes that ask, if there are several and something else stands below them."""
        quotes = [
            at
            for at, block in enumerate(self.blocks)
            if block.kind is Kind.QUOTE and self._quote_asks(block)
        ]
        answered = [
            at
            for at in quotes
            if at + 1 < len(self.blocks)
            and self.blocks[at + 1].kind not in (Kind.QUOTE, Kind.HEADING)
        ]
        if len(quotes) > 1 and 2 * len(answered) >= len(quotes):
            self.found.update(dict.fromkeys(quotes, QUOTED))

    def _quote_asks(self, block: Block) -> bool:
        lines = self.outline.lines[block.first : block.end]
        text = " ".join(line.lstrip(" \t>").strip() for line in lines)
        number, asked = wording.numbered(text)
        return wording.is_asked(asked) or (number and wording.may_ask(asked))

    # --- numbered lists ---------------------------------------------------------------------

    def _numbered(self) -> Iterator[int]:
        answers = False  # whether what is numbered stands below a line that heads answers
        for at, block in enumerate(self.blocks):
            if block.kind is Kind.NUMBERED and at not in self.found:
                answers = answers and not wording.is_asked(self._item(at))
                yield from () if answers else (at,)
            elif block.kind in (Kind.TEXT, Kind.HEADING):
                heads = block.kind is Kind.TEXT and wording.heads_answers(block.text)
                answers = heads or (answers and block.kind is Kind.TEXT)

    def _run(self, run: Sequence[int]) -> None:
        """The numbered items under one heading."""
        run = list(self._questions(run))
        asked = [at for at in run if wording.may_ask(self._item(at))]
        marked = [at for at in run if wording.is_asked(self._item(at))]
        if self._in_question(run[0]):
            answered = [at for at in marked if self._has_answer(at)]
            is_one = 2 * len(answered) >= len(run)
        else:
            names = [self.blocks[above].text for above in self.outline.headings(run[0])]
            is_other = any(glossary.NAMED.search(name) for name in names)
            if (is_other or any(map(wording.heads_answers, names[:1]))) and not marked:
                return
            named = any(_QUESTIONNAIRE.search(name) for name in names)
            is_one = 2 * len(marked) >= len(run) or (3 * len(asked) >= len(run) and named)
            is_one = is_one or len(asked) == len(run) > 1
            terms = [] if named else self._terms(run, marked)
            if is_one or len(marked) + len(terms) == len(run):
                self.found.update(dict.fromkeys(terms, DEFINING))
        if not is_one:
            in_question = self._in_question(run[0])
            run = [] if in_question else [at for at in marked if self._has_answer(at)]
        for at in run:
            self.found.setdefault(at, NUMBERED)

    def _terms(self, run: Sequence[int], marked: Sequence[int]) -> list[int]:
        """The items that define terms, if all those that are *marked* as questions are answered."""
        is_answered = marked and all(map(self._has_answer, marked))
        return [at for at in run if self._defines(at)] if is_answered else []

    def _defines(self, at: int) -> bool:
        """Whether an item defines a term by its emphasis, and has nothing done with it."""
        found = wording.definition(self.outline.said_at(at))
        if found is None or found[1] != "**" or wording.is_remark(found[0], ":"):
            return False
        is_label = wording.without_label(self.blocks[at].text) is not None
        return not (is_label or any(map(wording.may_ask, (found[0], found[2]))))

    def _item(self, at: int) -> str:
        return wording.unwrapped(headline(self.outline, self.blocks[at])[0])[0]

    def _has_answer(self, at: int) -> bool:
        block = self.blocks[at]
        if self._below(at) or wording.own_answer(block.text, in_prose=False)[1]:
            return True
        after = self.blocks[at + 1].kind if at + 1 < len(self.blocks) else Kind.HEADING
        return after not in (Kind.HEADING, Kind.NUMBERED, Kind.RULE)

    def _questions(self, run: Sequence[int]) -> Iterator[int]:
        """The items that ask: not those of a list that begins anew at 1 in an answer."""
        ones = sum(self.blocks[at].number == 1 for at in run)
        last = inner = 0
        for at in run:
            number, asks = self.blocks[at].number or 0, wording.may_ask(self._item(at))
            begins = last > 0 and number == 1 and not asks and 2 * ones <= len(run)
            goes_on = inner > 0 and number == inner + 1 and not (asks and number == last + 1)
            if begins or goes_on:
                inner = number
                continue
            last, inner = number, 0
            yield at


def _has_gap(item: Block) -> bool:
    """Whether an item of a list hides something as Logseq or Anki does."""
    said = without_code(item.text)
    return bool(_CLOZE.search(said) or _ANKI.search(said))


def is_emphasised(text: str) -> bool:
    """Whether a text begins with a question that is emphasised."""
    title = _EMPHASISED.match(text)
    return title is not None and wording.is_asked(title["said"])


def asked_within(
    outline: Outline, blocks: Sequence[Block], *, titled: bool, apart: Sequence[Block] = ()
) -> list[Block]:
    """The blocks of an answer that may be notes: items that ask and have something below them, or
    ask one after the other; numbered quotes and prose that ask; where a question is *titled* by a
    bold line, paragraphs that begin with one, too; below the first block, an emphasised question
    and terms with colons below them; of those that stand *apart* from an answer which was whole
    before, any that pairs, defines or hides something."""
    within, apart_from = list[Block](), {block.first for block in apart}
    for kind, run in groupby(blocks, lambda block: block.kind):
        alike = list(run)
        if kind is Kind.TEXT:
            within += [
                one
                for one in alike
                if _asks_within(outline, one)
                or (titled and _is_title(one))
                or (one.first in apart_from and _notes_something(outline, one))
                or (one is not blocks[0] and _begins_note(outline, one))
            ]
            continue
        if kind is Kind.BULLET and alike[0].first in apart_from and defines_apart(outline, alike):
            within += alike
            continue
        asked = [block for block in alike if _asks_within(outline, block)]
        if kind in (Kind.BULLET, Kind.NUMBERED):
            holding = [block for block in asked if is_holding(outline, block)]
            is_list = len(asked) == len(alike) > len(holding) + 1
            places = {block.first for block in (asked if is_list else holding)}
            places.update(one.first for one in alike if one.first in apart_from and _has_gap(one))
            asked = [block for block in alike if block.first in places]
        within += asked
    return within


def _begins_note(outline: Outline, block: Block) -> bool:
    return is_emphasised(block.text) or glossary.describes(outline.lines[block.first : block.end])


def takes_leave(block: Block) -> bool:
    """Whether a paragraph speaks to who reads it, as chat assistants do below their last answer."""
    return block.kind is Kind.TEXT and _FAREWELL.match(wording.plain(block.text)) is not None


def _notes_something(outline: Outline, block: Block) -> bool:
    """Whether a paragraph by itself would be a question, a pair, terms or a text that hides one."""
    line, _ = headline(outline, block)
    lines = [line.strip() for line in outline.lines[block.first : block.end]]
    if wording.without_label(line) is not None:
        return False
    asked, own = wording.own_answer(line)
    if (own or wording.is_asked(line)) and wording.is_one_sentence(asked):
        return True
    if any(_HIDES.search(line) or _CLOZE.search(line) for line in lines):
        return True
    names = [_NAME.match(line) for line in lines]
    if len(lines) == 2 and all(names):
        return not any(name and wording.is_remark(name["name"], ":") for name in names)
    terms = [wording.definition(line) for line in lines]
    # A colon and a sign of equality are of sentences and formulas as well.
    return all(
        term and term[1] not in (":", "=", "==") and not wording.is_remark(term[0], ":")
        for term in terms
    )


def defines_apart(outline: Outline, items: Sequence[Block]) -> bool:
    """Whether all items of a list below an empty line define terms, though nothing announces it."""
    if not items or outline.lines[items[0].first - 1].strip():
        return False
    return None not in glossary.terms(list(map(outline.said, items)), named=False)


def _asks_within(outline: Outline, block: Block) -> bool:
    line, below = headline(outline, block)
    if block.kind is Kind.QUOTE:
        number, asked = wording.numbered(wording.plain(outline.lines[block.first]).lstrip("> "))
        return number and wording.is_asked(asked)
    if block.kind in (Kind.BULLET, Kind.NUMBERED):
        return wording.is_asked(wording.unwrapped(line)[0])
    return block.kind is Kind.TEXT and bool(below) and wording.is_asked(line)


def _is_title(block: Block) -> bool:
    """Whether a paragraph begins with a bold line that has text below it."""
    title, rest = wording.unwrapped(block.text)
    is_bold = title != block.text and not rest and not title.endswith((":", "."))
    return is_bold and block.end > block.first + 1


def is_holding(outline: Outline, block: Block) -> bool:
    """Whether a block has text below its first line."""
    return any(line.strip() for line in outline.lines[block.first + 1 : block.end])


def in_quote(outline: Outline, block: Block) -> tuple[str, list[str]]:
    """The title of a callout, or the question with which a quote begins, emphasised or with a
    number, and the lines below it in the quote; nothing of any other."""
    lines = [re.sub(r"^[ \t]*> ?", "", line) for line in outline.lines[block.first : block.end]]
    title = _TITLE.match(lines[0])
    said = lines[0][title.end() :] if title else lines[0].strip()
    lines = lines[1:]
    while title and not said.strip() and lines:
        said, lines = lines[0], lines[1:]
    asked, own = wording.unwrapped(said)
    number = wording.numbered(said)[0] and not any(map(wording.is_asked, lines))
    is_marked = asked != said or number
    if not title and (own or not is_marked or not wording.is_asked(asked)):
        return "", []
    return asked, lines if any(map(str.strip, lines)) else []


def headline(outline: Outline, block: Block) -> tuple[str, list[str]]:
    """The line with which a block begins, even if it was wrapped, and the lines below it."""
    head, end = [_CARD.sub("", _MARK.sub("", block.text))], block.first + 1
    if block.kind is Kind.QUOTE:
        quote = (line.lstrip(" \t>").strip() for line in outline.lines[block.first : block.end])
        return " ".join(quote), []
    if block.kind is not Kind.HEADING:
        while end < block.end and _PROPERTY.match(outline.lines[end]):
            end += 1
        while end < block.end and wording.goes_on(head, outline.lines[end]):
            head.append(outline.lines[end].strip())
            end += 1
    return " ".join(head), [] if block.kind is Kind.HEADING else outline.lines[end : block.end]


def heading_title(text: str) -> tuple[bool, str]:
    """Whether a heading has a number; and what it says without that and the time of a lecture."""
    time = wording.time(text)
    number, title = wording.numbered(time.title if time else text)
    return number, wording.unwrapped(title)[0]


def _numbered_task(line: str, asked: str) -> bool:
    return wording.numbered(line)[0] and wording.may_ask(wording.numbered(asked)[1])
