"""Lines that pair a question with its answer, so written that both are seen by who reads Markdown:
labels of any language or sign become `Q:` and `Answer:`, also those in a quote; pairs of lines that
stand together are parted.

A letter alone is a label only where its partner follows at once: `F:` is one above `A:`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from studyapp.notes import answerkey, wording

_Lines = Iterator[tuple[str, int]]
_IsCode = Callable[[int], bool]
_TASK = r"exercise|problem|task|aufgabe|ejercicio|exercice|esercizio|exercício|задача|упражнение"
_ASKING = (
    r"question|front|frage|pregunta|domanda|pergunta|вопрос|питання|pytanie|otázka|vraag|fråga"
    r"|spørgsmål|soru|質問|問題|问题|질문|문제|سؤال|السؤال|سوال|שאלה|ερώτηση"
)
_ANSWERING = (
    r"answer|solution|back|antwort|lösung|respuesta|solución|réponse|risposta|soluzione|resposta"
    r"|solução|ответ|решение|відповідь|odpowiedź|odpověď|antwoord|svar|cevap|答え|解答|回答|答案"
    r"|답변|정답|대답|جواب|الجواب|إجابة|الإجابة|پاسخ|תשובה|απάντηση"
)
_TERM = (
    r"term|word|vocab|begriff|vokabel|wort|término|palabra|terme|mot|termine|parola|слово|термин"
)
_MEANS = (
    r"definition|meaning|translation|bedeutung|übersetzung|definición|significado|traducción"
    r"|définition|signification|traduction|definizione|significato|traduzione|перевод|значение"
)
_PARTNERS = {
    "Q": "AR", "F": "A", "P": "RO", "D": "R", "V": "A", "В": "О", "س": "ج", "ש": "ת",
    "問": "答", "问": "答", "문": "답", "q": "a",
}  # fmt: skip
_SYMBOLS = {"F", "P", "D", "V", "В", "q"}  # which may as well be explained, as in "P: pressure"
_ANY_PARTNER = {"A", "答", "답", "ج", "ת"}  # of a word that asks
_BEFORE = (
    r"(?P<before>[ \t]*(?:>[ \t]?)*[ \t]{0,3}(?:[-*+][ \t]+)?)"
    "[\u200e\u200f\u202a-\u202e\u2066-\u2069]*"  # which say in which direction the line is written
)
_AFTER = r"[ \t]*+(?P<number>\d{0,4}(?:\.\d{1,3})*+)[ \t]*+(?P<sign>[:：.)]|[-–—](?=[ \t]))[ \t]*+"
_LABEL = re.compile(
    rf"{_BEFORE}(?:(?P<task>(?i:{_TASK}))|(?P<asks>(?i:{_ASKING}))|(?P<answers>(?i:{_ANSWERING}))"
    rf"|(?P<term>(?i:{_TERM}))|(?P<means>(?i:{_MEANS}))"
    rf"|(?P<letter>[{''.join([*_PARTNERS, *dict.fromkeys(''.join(_PARTNERS.values()))])}]))"
    rf"{_AFTER}(?P<said>.*)"
)
_BOTH = re.compile(
    rf"{_BEFORE}(?P<asked>Q\d{{0,4}}[:.)][ \t]*+\S.*?[?？])[ \t]+A\d{{0,4}}[:.)][ \t]+"
    r"(?P<said>\S.*)"
)
_STRONG = re.compile(
    rf"{_BEFORE}(?P<mark>\*\*|__)(?P<word>(?i:{_TASK}|{_ASKING}|{_ANSWERING}|{_TERM}|{_MEANS}))"
    r"(?P<number>[ \t]*+\d{0,4})[ \t]*+(?:[:：][ \t]*+(?P=mark)|(?P=mark)[ \t]*+[:：])"
    r"[ \t]*+(?P<said>\S.*)"
)
_ENDS = re.compile(r"[ \t]*(?:#{1,6}[ \t]|(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$)")
_PLAIN = re.compile(r" {0,3}(?![#>|`~<*+-]|\d{1,4}[.:)])\S")
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_FARTHEST = 40  # lines between a question and its answer


def written(lines: Sequence[str], numbers: Sequence[int], is_code: _IsCode) -> _Lines:
    """The lines, with their *numbers*; what one of them has become has its number."""
    said = list(lines)
    for at, line in enumerate(_labelled(said, is_code)):
        both = None if is_code(at) else _BOTH.fullmatch(line)
        said[at] = f"{both['before']}{both['asked']}\nAnswer: {both['said']}" if both else line
    begins = set(_beginnings(said, is_code))
    begins.update(at for at, line in enumerate(said) if answerkey.is_key(line) and not is_code(at))
    for at, line in enumerate(said):
        if at in begins:
            yield "", numbers[at]
        for part in line.split("\n"):
            yield part, numbers[at]


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
            before = _QUOTE.sub("", labels[place]["before"])
            found[place] = f"{before}{word} {labels[place]['said']}"
    return found


def _bare(line: str) -> str:
    """A line without the emphasis of a word that it begins with."""
    found = _STRONG.fullmatch(line) if "**" in line or "__" in line else None
    return f"{found['before']}{found['word']}{found['number']}: {found['said']}" if found else line


def _is_known(asks: str, answers: str) -> bool:
    """Whether a pair is read as it stands."""
    label = re.match(r"(?:Q|(?i:question))[ \t]*\d*:", asks)
    return label is not None and wording.without_label(answers.strip()) is not None


def _partner(lines: Sequence[str], labels: dict[int, re.Match[str]], at: int) -> int:
    """The line of the answer to a question that a label on line *at* begins, −1 if none is."""
    asks = labels[at]
    if not asks["said"].strip() or asks["answers"] or asks["means"]:
        return -1
    if asks["task"] and not (asks["number"] or wording.is_asked(asks["said"])):
        return -1
    if (asks["letter"] or "Q") in _SYMBOLS and not wording.is_asked(asks["said"]):
        return -1
    for place in range(at + 1, min(len(lines), at + _FARTHEST)):
        if place not in labels or (labels[place]["means"] and not asks["term"]):
            if _ENDS.match(lines[place]) or (asks["letter"] and not lines[place].strip(" \t>")):
                return -1
            continue
        return place if _fits(asks, labels[place]) else -1
    return -1


def _fits(asks: re.Match[str], answers: re.Match[str]) -> bool:
    if (">" in asks["before"]) != (">" in answers["before"]):
        return False
    if asks["term"] or answers["means"]:
        is_one = bool(asks["term"] and answers["means"])
        return is_one and not {asks["sign"], answers["sign"]} - {":", "："}
    if asks["letter"]:
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
    if len(said) > 1 and all(wording.own_answer(line)[1] for line in said):
        return 1
    asked = [wording.is_asked(line) and wording.is_one_sentence(line) for line in said]
    alternate = all(asked[::2]) and not any(map(wording.is_asked, said[1::2]))
    if len(said) > 3 and len(said) % 2 == 0 and alternate:
        return 2
    return len(said) + 1
