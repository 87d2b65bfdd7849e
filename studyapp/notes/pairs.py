"""Lines that pair a question with its answer, so written that both are seen by who reads Markdown:
labels of any language or sign become `Q:` and `Answer:`, also those in a quote; pairs of lines that
stand together are parted.

A letter alone is a label only where its partner follows at once: `F:` is one above `A:`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from studyapp.notes import answerkey, opener, wording
from studyapp.notes.label import ANSWER, MEANING, QUESTION, TERM

_Lines = Iterator[tuple[str, int]]
_IsCode = Callable[[int], bool]
_Numbered = list[tuple[int, re.Match[str]]]  # places of labels that have numbers
_TASK = r"exercise|problem|task|aufgabe|ejercicio|exercice|esercizio|exercício|задача|упражнение"
ASKING = "|".join([*QUESTION, "front", "prompt"])
ANSWERING = "|".join([*ANSWER, "back"])
CARD = r"(?:flash[ -]?)?cards?|karteikarte|karte|tarjeta|carte|scheda|cartão|карточка"
_TERM, _MEANS = "|".join(TERM), "|".join(MEANING)
_PARTNERS = {
    "Q": "AR", "F": "AS", "P": "RO", "D": "R", "V": "A", "В": "О", "س": "ج", "ש": "ת",
    "問": "答", "问": "答", "문": "답", "q": "a",
}  # fmt: skip
_SYMBOLS = {"F", "P", "D", "V", "В", "q"}  # which may as well be explained, as in "P: pressure"
_ANY_PARTNER = {"A", "答", "답", "ج", "ת"}  # of a word that asks
_BEFORE = (  # which gives nothing back: a line may be indented by thousands
    r"(?P<before>[ \t]*+(?:>[ \t]?)*+[ \t]{0,3}+"
    r"(?:(?:[-*+•]|#{1,6}+|(?:\*\*|__)?+\d{1,4}+[.)](?:\*\*|__)?+)[ \t]++(?:\[[ xX]\][ \t]++)?+)?+)"
    "[\u200e\u200f\u202a-\u202e\u2066-\u2069]*"  # which say in which direction the line is written
)
_AFTER = r"[ \t]*+(?P<number>\d{0,4}(?:\.\d{1,3})*+)[ \t]*+(?P<sign>[:：.)]|[-–—](?=[ \t]))[ \t]*+"
_LETTERS = "".join(dict.fromkeys([*_PARTNERS, *"".join(_PARTNERS.values())]))
_LABEL = re.compile(
    rf"{_BEFORE}(?:(?P<task>(?i:{_TASK}))|(?P<asks>(?i:{ASKING}))|(?P<answers>(?i:{ANSWERING}))"
    rf"|(?P<term>(?i:{_TERM}))|(?P<means>(?i:{_MEANS}))"
    rf"|(?P<letter>[{_LETTERS}])['׳]?)"
    rf"{_AFTER}(?P<said>.*)"
)
_ANSWERS = "".join(dict.fromkeys("".join(_PARTNERS.values())))
_BEGINS = re.compile(_BEFORE)
_BEHIND = re.compile(
    r"(?<![ \t])(?:[ \t]*+(?P<break><br[ \t]*/?>)[ \t]*+|[ \t]++)"
    r"(?P<label>(?P<mark>\*{1,3}|_{1,2})?"
    rf"(?:(?P<letter>[{_ANSWERS}])|(?i:{ANSWERING}))[ \t]*+\d{{0,4}}[ \t]*+"
    r"(?(mark)(?:[:：][ \t]*+(?P=mark)|(?P=mark)[ \t]*+[:：])|(?:[:：]|(?<=A|\d)[.)])))"
    r"[ \t]*+(?=\S)"
)
_PARTS = re.compile(r"(?<![ \t])[ \t]+(?:[-–—]{1,2}|→|[-=]>|[|/])[ \t]*$")
_OTHER_OPTION = re.compile(r"\bB[:.)]")
_EMPHASIS = re.compile(r"[*_]+(?=\S)|(?<=\S)[*_]+")
_STRONG = re.compile(
    rf"{_BEFORE}(?P<mark>\*{{1,3}}|_{{1,2}})"
    rf"(?P<word>(?i:{_TASK}|{ASKING}|{ANSWERING}|{_TERM}|{_MEANS})|[{_LETTERS}]['׳]?)"
    r"(?P<number>[ \t]*+\d{0,4})[ \t]*+"
    r"(?:(?:[:：]|(?<=\d)\.)[ \t]*+(?P=mark)|(?P=mark)[ \t]*+[:：])"
    r"[ \t]*+(?P<said>\S.*)"
)
_BRACKETED = re.compile(
    rf"{_BEFORE}(?:\((?P<a>[QA]\d{{0,4}})\)|\[(?P<b>[QA]\d{{0,4}})\](?![(:\[]))[ \t]*"
)
_NUMBERED = re.compile(
    rf"{_BEFORE}(?P<mark>\*\*|__)?(?P<letter>[QA])"
    r"(?:[.#](?P<bare>\d{1,4})(?=[ \t])|[.#-](?P<number>\d{1,4})[.:)])[ \t]*"
)
_SIGN = re.compile(
    "[\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]\ufe0f?[ \t]+(?=\\S)"
)
_ENDS = re.compile(r"[ \t]*(?:#{1,6}[ \t]|(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$)")
_PLAIN = re.compile(r" {0,3}(?![#>|`~<*+-]|\d{1,4}[.:)])\S")
_TITLE = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?P<said>[^\s*_][^*_\n]*+)(?P=mark)(?P<sign>[?？؟]?)")
_COUNTS = re.compile(
    r" {0,3}(?:(?:\d{1,4}[.)]|[-*+])[ \t]++)?(?P<mark>\*\*|__)?+[^\w\s*_]{0,3}[ \t]*+"
    rf"(?i:{CARD}|{ASKING})"
    r"[ \t]*+#?\d{1,4}[ \t]*+[:.]?(?(mark)(?P=mark):?)[ \t]*"
)
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_FARTHEST = 40  # lines between a question and its answer
_LONGEST = 2000  # characters of a line with both


def written(lines: Sequence[str], numbers: Sequence[int], is_code: _IsCode) -> _Lines:
    """The lines, with their *numbers*; what one of them has become has its number."""
    order = _upright(lines, is_code)
    numbers, said = [numbers[at] for at in order], [lines[at] for at in order]
    said = _listed(_numbered(said, is_code), is_code)
    said = _labelled(said, is_code)
    for at in counting(said, is_code):
        said[at] = "\n***\n"
    for at in _by_letter(said, is_code):
        said[at] = wording.counted_by_letter(said[at])
    begins = set(_beginnings(said, is_code))
    for at in _titles(said, is_code):
        said[at] = _TITLE.sub(r"**\g<said>\g<sign>**", said[at])
        begins.add(at)
    begins.update(
        at
        for at, line in enumerate(said)
        if (answerkey.is_key(line) or opener.hides_in_brackets(line)) and not is_code(at)
    )
    for at, line in enumerate(said):
        if at in begins:
            yield "", numbers[at]
        for part in line.split("\n"):
            yield part, numbers[at]


def answered_below(lines: Sequence[str], is_code: _IsCode) -> list[str]:
    """As many texts; an answer whose label stands behind its question is on a line below it."""
    return [line if is_code(at) else _answered_below(line) for at, line in enumerate(lines)]


def _answered_below(line: str) -> str:
    behind = _BEHIND.search(line) if len(line) <= _LONGEST else None
    if not behind or line.lstrip().startswith("|"):
        return line
    asked, said = _PARTS.sub("", line[: behind.start()]), line[behind.end() :]
    if not _is_answered(asked, behind) or _OTHER_OPTION.search(said):
        return line
    begins = _BEGINS.match(asked)
    before = begins["before"] if begins else ""
    indent = before if ">" in before else " " * len(before)
    return f"{asked}\n{indent}{behind['label']} {said}"


def _is_answered(asked: str, behind: re.Match[str]) -> bool:
    """Whether a label *behind* what is asked may be that of its answer."""
    label = _label(asked)
    partners = _PARTNERS.get((label and label["letter"]) or "", _ANY_PARTNER)
    if behind["letter"] and behind["letter"] not in partners:
        return False
    is_clear = bool(behind["break"] or behind["mark"]) and label is not None and _may_ask(label)
    return is_clear or wording.is_asked(asked)


def _numbered(lines: Sequence[str], is_code: _IsCode) -> list[str]:
    """Lines in which Q.3 is Q3:, and so is A.3 where there are such questions."""
    found = list(lines)
    labels = {
        at: label
        for at, line in enumerate(lines)
        if not is_code(at) and (label := _NUMBERED.match(line))
    }
    if any(label["letter"] == "Q" for label in labels.values()):
        for at, label in labels.items():
            said = lines[at][label.end() :]
            begins = f"{label['before']}{label['mark'] or ''}{label['letter']}"
            found[at] = f"{begins}{label['bare'] or label['number']}: {said}"
    return found


def _listed(lines: Sequence[str], is_code: _IsCode) -> list[str]:
    """Lines in which answers with numbers, of which several stand together, are a list below a line
    that heads it: where that line is there, or where questions above them have these numbers."""
    found, asked, run = list(lines), _Numbered(), _Numbered()
    for at, line in enumerate([*lines, ""]):
        label = None if at < len(lines) and is_code(at) else _LABEL.fullmatch(_bare(line))
        number = label["number"] if label else ""
        if label and number.isdigit() and (label["answers"] or label["letter"] == "A"):
            run.append((at, label))
        elif label or at == len(lines):
            if _are_listed(lines, asked, run):
                _list(found, asked, run, is_headed=_is_headed(lines, run[0][0]))
            asked, run = ([] if run else asked), _Numbered()
            asked += [(at, label)] if label and number.isdigit() and _may_ask(label) else []
    return found


def _are_listed(lines: Sequence[str], asked: _Numbered, run: _Numbered) -> bool:
    """Whether a *run* of answers is to several questions."""
    numbers, known = ({label["number"] for _, label in labels} for labels in (run, asked))
    is_list = len(run) == len(numbers) > 1
    return is_list and (_is_headed(lines, run[0][0]) or (len(known) > 1 and known >= numbers))


def _list(lines: list[str], asked: _Numbered, run: _Numbered, *, is_headed: bool) -> None:
    for at, label in asked:
        lines[at] = f"{label['before']}Q{label['number']}: {label['said']}"
    for at, label in run:
        lines[at] = f"{label['number']}. {label['said']}"
    first = run[0][0]
    lines[first] = lines[first] if is_headed else f"\nAnswers:\n\n{lines[first]}"


def _is_headed(lines: Sequence[str], at: int) -> bool:
    """Whether the last line with text above one heads answers."""
    above = next((lines[one] for one in range(at - 1, -1, -1) if lines[one].strip()), "")
    return wording.heads_answers(above.lstrip("# "))


def _upright(lines: Sequence[str], is_code: _IsCode) -> list[int]:
    """The places of the lines, each question above its answer. Below it are those of a text whose
    first label answers, while nothing above asks, up to a pair that has them the other way."""
    places, options = list(range(len(lines))), wording.options(lines)
    labels = {
        at: label
        for at, line in enumerate(lines)
        if (label := _label(line)) and not is_code(at) and at not in options
    }
    found, firsts, end = list(places), list(labels), 0
    for number, (answer, question) in enumerate(zip(firsts[::2], firsts[1::2], strict=False)):
        if _is_asked_above(lines, end, answer):
            return found
        asks, answers = labels[question], labels[answer]
        is_known = asks["letter"] == "Q" and answers["answers"]
        is_turned = _may_ask(asks) and (is_known or _fits(asks, answers))
        if not is_turned or any(map(_ENDS.match, lines[answer:question])):
            return places if _answers(answers) and number else found
        end = question + 1
        while end < len(lines) and lines[end].strip() and end not in labels:
            end += 1
        found[answer:end] = [*range(question, end), *range(answer, question)]
    return places if len(firsts) % 2 and _answers(labels[firsts[-1]]) else found


def _is_asked_above(lines: Sequence[str], end: int, at: int) -> bool:
    """Whether what stands from *end* on may ask for the answer on line *at*."""
    said = [line.lstrip("#>-*+ \t") for line in lines[end:at] if line.strip()]
    return any(map(wording.is_asked, said)) or (
        bool(said) and wording.may_ask(wording.numbered(said[-1])[1])
    )


def _paragraphs(lines: Sequence[str]) -> Iterator[range]:
    first = 0
    for at, line in enumerate([*lines, ""]):
        if not line.strip():
            if first < at:
                yield range(first, at)
            first = at + 1


def counting(lines: Sequence[str], is_code: _IsCode) -> list[int]:
    """The lines that say which card or question follows, and nothing else, right above it. Right
    below a question one may be its answer: there several have to be emphasised."""
    said = [at for at, line in enumerate(lines) if line.strip()]
    places = zip([-1, *said], said, said[1:], strict=False)
    found = [
        (at, bool(counts["mark"]), above >= 0 and _awaits(lines[above]))
        for above, at, below in places
        if (counts := _COUNTS.fullmatch(lines[at]))
        and not is_code(at)
        and (_label(lines[below]) or wording.is_asked(lines[below]))
    ]
    several = sum(is_strong for _, is_strong, _ in found) > 1
    return [at for at, is_strong, awaits in found if not awaits or (is_strong and several)]


def _by_letter(lines: Sequence[str], is_code: _IsCode) -> Iterator[int]:
    """The lines numbered by a letter that ask what is indented right below: no options do. Below a
    question none of a list does."""
    above, is_list = "", False
    for at, line in enumerate(lines[:-1]):
        is_holding = lines[at + 1][:1] in (" ", "\t") and bool(lines[at + 1].strip())
        if is_holding and not is_code(at) and wording.counted_by_letter(line) != line:
            is_list = is_list if line[0] not in "aAiI" else not wording.is_asked(above)
            if is_list:
                yield at
        above = line if line.strip() else above


def _awaits(line: str) -> bool:
    """Whether an answer to a line is to follow."""
    return wording.is_asked(line) or wording.without_label(line.strip()) == ""


def _label(line: str) -> re.Match[str] | None:
    """The label of a line, be it bold or not."""
    return _LABEL.fullmatch(_EMPHASIS.sub("", line))


def is_labelled(line: str) -> bool:
    """Whether a line begins with a label of a pair."""
    return _label(line) is not None


def _answers(label: re.Match[str]) -> bool:
    letters = set("".join(_PARTNERS.values())) - set(_PARTNERS)
    return bool(label["answers"] or label["means"] or label["letter"] in letters)


def _labelled(lines: Sequence[str], is_code: _IsCode) -> list[str]:
    options = wording.options(lines)
    labels = {
        at: label
        for at, line in enumerate(lines)
        if not is_code(at) and at not in options and (label := _LABEL.fullmatch(_bare(line)))
    }
    found, bared = list(lines), 0  # up to which line quotes have lost their marks
    for at, asks in labels.items():
        answers = _partner(lines, labels, at)
        if answers < 0 or _is_known(lines[at], lines[answers]):
            continue
        if ">" in asks["before"]:
            bared = max(at, bared)
            while bared < len(lines) and _QUOTE.match(lines[bared]):
                found[bared] = _QUOTE.sub("", lines[bared])
                bared += 1
        for place, word in ((at, f"Q{asks['number']}:"), (answers, "Answer:")):
            before = labels[place]["before"]
            before = _QUOTE.sub("", before) if ">" in asks["before"] else before
            found[place] = f"{before}{word} {labels[place]['said']}"
    return found


def _bare(line: str) -> str:
    """A line without the emphasis of a word that it begins with, or brackets around a letter."""
    if found := _BRACKETED.match(line):
        return f"{found['before']}{found['a'] or found['b']}) {line[found.end() :]}"
    found = _STRONG.fullmatch(line) if "*" in line or "_" in line else None
    return f"{found['before']}{found['word']}{found['number']}: {found['said']}" if found else line


def _is_known(asks: str, answers: str) -> bool:
    """Whether a pair is read as it stands."""
    label = re.match(r"(?:Q|(?i:question))[ \t]*\d*:", asks)
    return label is not None and wording.without_label(answers.strip()) is not None


def _partner(lines: Sequence[str], labels: dict[int, re.Match[str]], at: int) -> int:
    """The line of the answer to a question that a label on line *at* begins, −1 if none is."""
    asks = labels[at]
    if not _may_ask(asks):
        return -1
    is_apart = False  # by a blank line
    for place in range(at + 1, min(len(lines), at + _FARTHEST)):
        if place not in labels or (labels[place]["means"] and not asks["term"]):
            is_blank = not lines[place].strip(" \t>")
            if _ENDS.match(lines[place]) or (asks["letter"] and is_apart and not is_blank):
                return -1
            is_apart = is_apart or is_blank
            continue
        may_be = not (asks["letter"] and is_apart) or wording.is_asked(asks["said"])
        return place if may_be and _fits(asks, labels[place]) else -1
    return -1


def _may_ask(label: re.Match[str]) -> bool:
    """Whether what stands behind a label may be asked."""
    if not label["said"].strip() or label["answers"] or label["means"]:
        return False
    if (label["task"] and not label["number"]) or (label["letter"] or "Q") in _SYMBOLS:
        return wording.is_asked(label["said"])
    return True


def _fits(asks: re.Match[str], answers: re.Match[str]) -> bool:
    if asks["term"] or answers["means"]:
        is_one = bool(asks["term"] and answers["means"])
        return is_one and not {asks["sign"], answers["sign"]} - {":", "："}
    if asks["letter"] and not (asks["letter"] == "Q" and answers["answers"]):
        partner = (answers["letter"] or "") in _PARTNERS.get(asks["letter"], "")
        return bool(answers["letter"]) and partner and _sign(asks) == _sign(answers)
    if {asks["sign"], answers["sign"]} - {":", "：", "."}:
        return False
    return bool(answers["answers"]) or answers["letter"] in _ANY_PARTNER


def _sign(label: re.Match[str]) -> str:
    return {"：": ":", "–": "-", "—": "-"}.get(label["sign"], label["sign"])


def _beginnings(lines: Sequence[str], is_code: _IsCode) -> Iterator[int]:
    """The lines within plain text that begin a pair, be it of two lines or on one."""
    run = list[int]()
    for at in range(len(lines) + 1):
        is_text = at < len(lines) and not is_code(at) and bool(_PLAIN.match(lines[at]))
        if is_text and not _LABEL.match(lines[at]):
            run.append(at)
            continue
        yield from run[:: _step([lines[one].strip() for one in run])][1:]
        run = []
    yield from _hanging(lines, is_code)
    for at in range(1, len(lines)):
        asks = not is_code(at) and _SIGN.match(lines[at]) and wording.is_asked(lines[at])
        if asks and not wording.is_asked(lines[at - 1]):
            yield at


def _titles(lines: Sequence[str], is_code: _IsCode) -> Iterator[int]:
    """The lines of one paragraph that begin with an emphasised question, two at least."""
    for places in _paragraphs(lines):
        titles = [at for at in places if not is_code(at) and _is_title(lines[at])]
        yield from titles if len(titles) > 1 else ()


def _is_title(line: str) -> bool:
    title = _TITLE.match(line)
    return title is not None and wording.is_asked(title["said"] + title["sign"])


def _hanging(lines: Sequence[str], is_code: _IsCode) -> Iterator[int]:
    """The lines without an indent that ask, below which what answers has one, from the second on of
    those between which nothing else stands."""
    last = -1  # the line that asked
    for at, line in enumerate(lines):
        if is_code(at) or not line.strip():
            last = -1
        elif line[0] in " \t":
            continue
        elif _PLAIN.match(line) and wording.is_asked(line) and wording.is_one_sentence(line):
            if 0 <= last < at - 1:
                yield at
            last = at
        else:
            last = -1


def _step(said: Sequence[str]) -> int:
    """How many lines each pair has; more than there are if they are none."""
    if len(said) > 1 and wording.all_answer(said):
        return 1
    asked = [wording.is_asked(line) and wording.is_one_sentence(line) for line in said]
    alternate = all(asked[::2]) and not any(map(wording.is_asked, said[1::2]))
    if len(said) > 3 and len(said) % 2 == 0 and alternate:
        return 2
    return len(said) + 1
