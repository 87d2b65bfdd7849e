"""Whether a line of notes asks something or defines a term, and which part of it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from html import unescape

from studyapp.notes.card import outside_code
from studyapp.notes.letters import folded

_KNOWN = ContextVar[frozenset[str]]("questions, by what they say", default=frozenset())

_STRONG = r"\*\*|__"
_MARKED = r"\*{1,3}|_{1,2}"
_ASKED = r"q|questions?|exercise|frage|pregunta|domanda|pergunta|问题?|問題?"
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)")
_WRAPPED = re.compile(rf"(?P<mark>{_STRONG})(?P<inner>.+?)(?P=mark)(?P<rest>.*)", re.DOTALL)
_ENDS = "\"'”’»)*_`. "
_ASKS = re.compile(
    r"(?:what|why|how|when|where|which|who|whose|is|are|do|does|did|can|could|should|would|will"
    r"|name|list|explain|describe|define|compare|discuss|state|summari[sz]e|identify|outline"
    r"|contrast|differentiate|distinguish|mention|true or false)\b",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"(?:draw|give|write|open|complete|follow|read|think|try|find|create|implement|show|prove"
    r"|calculate|compute|derive|provide|look|train|use|build|run|choose|pick|consider|research|fill"
    r"|sketch)\b",
    re.IGNORECASE,
)
# What begins with such a word and is no task: "Read-only memory", "List of names".
_NOUN = re.compile(
    r"\w+-\w|(?:read only|open source)\b|(?:name|list|state|outline|draw|use|run|show|train) of\b",
    re.IGNORECASE,
)
_PLAIN_TASK = re.compile(
    r"(?:explain|describe|discuss|compare|contrast|differentiate|distinguish|summari[sz]e|mention"
    r"|give|provide|calculate|compute|derive|prove|sketch|justify)\b",
    re.IGNORECASE,
)
_TRUE_FALSE = re.compile(
    r"(?P<asked>\S.*?[\s(:\-–—]\(?T(?:rue)?\s?(?:/|or)\s?F(?:alse)?\b\)?)"
    r"[ \t]*[|:.?>\-–—→➔=]*[ \t]*(?P<given>.*)",
    re.IGNORECASE,
)
_SHORT_ANSWER = re.compile(r"\(((?:yes|no|true|false)\b[^()]{0,80})\)\W*", re.IGNORECASE)
ASKING = ("?", "？", "؟")
_ASKED_IN_GREEK = re.compile("[\u0386-\u03ce\u1f00-\u1fff]{2}[;\u037e][\"'”’»)*_ ]*$")
_FOOTNOTES = r"(?:\[\^[^\[\]\n]{1,100}\])"
_QUESTION_END = re.compile(
    rf"\?[\"'”’)*_]*{_FOOTNOTES}*(?=[\s:→=–—-]|>>|\|(?![^()]*\))|$)|[？؟][\"'”’)*_]*{_FOOTNOTES}*"
)
# Not those that may answer: a tick, a cross.
_EMOJI = "[\U0001f000-\U0001faff\u2600-\u26ff\u2728\u2753-\u2757\u2b50\ufe0f\u200d]"
_ASIDE = rf"(?:{_FOOTNOTES}|{_EMOJI}|!?\[[^\[\]\n]{{0,300}}\]\([^()\n]{{0,2000}}\))"
_ASIDES = re.compile(rf"{_ASIDE}(?:[ \t]*{_ASIDE})*")
_ASIDES_BEHIND = re.compile(rf"(?<=[?？؟])(?:[ \t]*{_ASIDE})+$", re.MULTILINE)
# What only looks like one stays: a year, or a number with which a sentence or a sum begins.
_NUMBER = re.compile(
    rf"(?:(?:{_ASKED})[ \t]*+(?:\d{{1,4}}(?:\.\d{{1,3}})*+)?+[ \t]*+[.:：)\-–—][ \t]*"
    r"|(?:\d{1,4}(?:\.\d{1,3})+(?:[.:)]|(?![ \t]*(?-i:[a-z])))|\d{1,3}\\?[.:)]"
    r"|\d{1,4}[ \t]+[-–—](?=[ \t]))[ \t]*(?=[^\d\s]|$))",
    re.IGNORECASE,
)
_SAID = (
    r"(?:(?:(?:correct|right)[ \t]+)?(?:ans|answer|solution)s?|antwort|respuesta|réponse|risposta"
    r"|resposta|答案?|回答)"
    r"[ \t]*+\d*+"
)
# A small letter may be a name, as in "a : b" or "a::b"; so may a large one in "A::b" or "A := b".
_A = r"(?:(?-i:A)[ \t]*+\d*+[ \t]*+:(?![:=])|(?-i:A)\d+[.)](?=[ \t])|(?-i:a)\d*:(?=\s|$))"
_LABEL = re.compile(
    rf"(?:{_A}|{_SAID}(?:[ \t]*+[:：.)]|(?<=[ \t])[-–—](?=[ \t])))[ \t]*", re.IGNORECASE
)
_STRONG_LABEL = re.compile(
    rf"(?P<mark>{_MARKED})[ \t]*(?:a[ \t]*+\d*+|{_SAID})[ \t]*+"
    rf"(?:[:：.)][ \t]*(?P=mark)|(?P=mark)[ \t]*(?:[:.)]|$))[ \t]*",
    re.IGNORECASE,
)
_STRONG_ANSWER = re.compile(
    rf"(?P<mark>{_MARKED})[ \t]*(?:(?-i:A)[ \t]*+\d*+[ \t]*+:|{_SAID}[ \t]*[:.)])[ \t]*"
    r"(?P<said>(?:(?!(?P=mark)).)+)(?P=mark)",
    re.IGNORECASE,
)
# A number or a word that says so, with marks around it alone.
_STRONG_NUMBER = re.compile(
    rf"(?P<mark>{_MARKED})[ \t]*+(?P<said>[^*_\n]{{1,24}}?)[ \t]*+"
    r"(?P<sign>[.:：)]?)[ \t]*+(?P=mark)[ \t]*+(?P<after>[.:：)]?)[ \t]*+(?=\S)"
)
_OPTION = re.compile(
    r"(?P<before>(?P<indent>[ \t>]*+)(?P<item>[-*+•][ \t]+)?(?:\[[ xX]\][ \t]+)?(?:\*\*|__)?\(?)"
    r"(?P<letter>[A-Ha-h])(?P<sign>[.:)](?:\*\*|__)?)(?=[ \t]+\S)"
)
_SECTION = re.compile(
    r"(?:the )?(?:(?:(?:model|sample|correct) )?(?:answers|solutions)|(?:answer|solution)[ -]keys?"
    r"|key|lösungen|lösungsschlüssel|antworten|respuestas|soluciones|réponses|corrigés?|risposte|soluzioni"
    r"|respostas|soluções|gabarito|ответы|решения|відповіді|odpowiedzi|odpovědi|antwoorden"
    r"|oplossingen|facit|fasit|答案|解答|정답|해답|الإجابات|الأجوبة)"
    r"(?: (?:to|for|of|zu|der|aux?|de|del|do|к|на) .{1,60})?",
    re.IGNORECASE,
)
_CALLOUT = re.compile(
    rf"\[!(?:(?P<answers>{_SAID})|[\w/-]{{1,60}})\][+-]?[ \t]*(?P<said>.*)", re.IGNORECASE
)
_BARE_LABEL = re.compile(
    r"(?:show |my |the |see |view |click for )?(?:answer|solution)s?(?: ?\d{1,4})?", re.I
)
_TIME = re.compile(
    r"[\[(]?(?:(?P<hours>\d{1,2}):(?=\d{2}:))?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)[\])]?"
    r"(?:\([^)\s]*\))?(?=[\s\-–—:|]|$)[\s\-–—:|]*"
)
_TERM = re.compile(
    r"(?P<term>[^\s:–—→=](?:[^:–—→=\n]|[:–—=](?=\S)){0,79}?)"
    r"(?<![ \t])(?P<mark>[ \t]+(?:[-–—]{1,2}|:{2,3}|>{2,3}|<>)[ \t]+|[ \t]*:[ \t]+"
    r"|[ \t]+={1,2}[ \t]+"
    r"|[ \t]*(?:[→⇒⟶➔➜➝➞]|-+>|=>|←|\\(?:long)?rightarrow|\\leftarrow)[ \t]*)(?P<meaning>\S.*)",
    re.DOTALL,
)
_STRONG_TERM = re.compile(
    r"(?P<mark>\*\*|__|\*|_)(?P<term>[^*_\n]{1,80}?)[ \t]*+:?[ \t]*+(?P=mark)[ \t]*+:?[ \t]*+"
    r"(?:[-–—=→][ \t]+)?(?P<meaning>\S.*)",
    re.DOTALL,
)
_TAG = re.compile(r"</?(?:span|font|p|div|center|u|b|strong|i|em|summary)(?:\s[^<>]*)?/?>", re.I)
_CHARACTER = re.compile(r"&(?!lt;|gt;|amp;|#)\w{1,30};|&amp;(?=\s)")
_INNER = re.compile(
    r"[ \t]*(?:[-*+•][ \t]|\d{1,4}[.)][ \t]|>|`{3}|~{3}|\||!\[|</?(?:details|span|p|font|div)\b|$)",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"(?P<indent>[ \t]*+)(?:[A-Za-z]|[ivx]{2,4})[.)][ \t]+(?P<said>\S.*)")
_REMARKS = {
    *("note", "notes", "nb", "n.b", "hint", "tip", "warning", "example", "todo", "see", "see also"),
    *("source", "sources", "link", "links", "reference", "references", "hinweis", "anmerkung"),
    *("beispiel", "siehe", "siehe auch", "quelle", "nota", "ejemplo", "véase", "remarque"),
    *("exemple", "voir", "voir aussi", "esempio", "vedi", "примечание", "пример", "см"),
}
_ADDRESS = re.compile(r"[<(]?(?:(?:https?|ftp)://|mailto:|www\.)", re.IGNORECASE)
_MARKS = "\"'”’»)*_` "
_WRAPS = 60  # characters from which on a line without an end is taken to go on
_MOST_WORDS = 6  # of a term
_BREAK = re.compile(r"[.!:;][\"'”’)]*[ \t]+(?=[A-Z\"“])")
_LONGEST_SENTENCE = 300  # characters
_LONGEST = 2000  # characters of a question in one line


@dataclass(frozen=True, slots=True)
class Time:
    """A time of a lecture in seconds, and what stands behind it."""

    seconds: int
    title: str


def plain(text: str) -> str:
    """A line without links and emphasis, for what is only looked at."""
    return re.sub(r"\*+|__+", "", _LINK.sub(r"\1", text)).strip()


def said(text: str) -> str:
    """What a text says word for word, whatever its case, marks and spaces; each word with a blank
    behind it."""
    return "".join(f"{word} " for word in re.findall(r"[^\W_]+", folded(plain(text))))


@contextmanager
def knowing(questions: Iterable[str]) -> Iterator[None]:
    """Take a line that says one of these *questions*, word for word, for that question and no more,
    however it ends."""
    token = _KNOWN.set(frozenset(map(said, questions)))
    try:
        yield
    finally:
        _KNOWN.reset(token)


def is_known(text: str) -> bool:
    """Whether a line says one of the questions that are known."""
    known = _KNOWN.get()
    return bool(known) and said(text) in known


def is_asked(text: str) -> bool:
    """Whether a line ends as a question does, be it with a remark in brackets behind it."""
    if len(text) > _LONGEST:
        return False
    if is_known(text):
        return True
    line = re.sub(rf"{_FOOTNOTES}+$", "", plain(text))
    if line.rstrip(_ENDS).endswith(ASKING) or _ASKED_IN_GREEK.search(line):
        return re.search(r"\w", line) is not None
    remark = re.fullmatch(r"(.*\?[\"'”’]?)[ \t]*\([^()]*\)\W*", line)
    return remark is not None or bool(_TRUE_FALSE.fullmatch(line))


def asks_in_words(text: str) -> bool:
    """Whether a line asks, or begins as a question does."""
    return is_asked(text) or _begins(_ASKS, text)


def may_ask(text: str) -> bool:
    """Whether a line asks, or begins as a question or a task does."""
    return asks_in_words(text) or _begins(_TASK, text)


def _begins(words: re.Pattern[str], text: str) -> bool:
    return len(text) <= _LONGEST and words.match(plain(text).lstrip("\"'“‘(")) is not None


def numbered(text: str) -> tuple[bool, str]:
    """Whether a line begins with a number, or says that it is a question; and the rest of it."""
    if label := _strong_number(text):
        return True, text[label.end() :]
    bare = text
    wrapped = re.match(rf"({_STRONG})", text)
    if wrapped:
        bare = text[wrapped.end() :]
    found = _NUMBER.match(bare)
    if found is None or not bare[found.end() :].strip():
        return False, text
    return True, (wrapped[0] if wrapped else "") + bare[found.end() :]


def number(text: str) -> int | None:
    """The number that a line begins with, of 1.12 the 12; None if it has none."""
    label = _strong_number(text)
    bare = f"{label['said']}. x" if label else re.sub(rf"^(?:{_STRONG})", "", text)
    found = _NUMBER.match(bare)
    digits = re.findall(r"\d+", found[0]) if found else ()
    return int(digits[-1]) if digits else None


def _strong_number(text: str) -> re.Match[str] | None:
    found = _STRONG_NUMBER.match(text)
    if found is None or not (found["sign"] or found["after"]):
        return None
    return found if _NUMBER.fullmatch(f"{found['said']}.") else None


def unwrapped(text: str) -> tuple[str, str]:
    """A line whose beginning is emphasised, without that; and what stands behind it."""
    text = text.strip()
    found = _WRAPPED.fullmatch(text)
    if found is None:
        return text, ""
    rest = found["rest"].strip()
    if rest in (":", "."):
        rest = ""
    if re.sub(_FOOTNOTES, "", rest).strip("?*_ ") == "":
        return (found["inner"] + rest.strip("*_ ")).strip(), ""
    return found["inner"].strip(), rest


def is_aside(text: str) -> bool:
    """Whether what stands behind a question is of it where another answer is: a picture, a link or
    an emoji alone."""
    return _ASIDES.fullmatch(text) is not None


def without_asides(text: str) -> str:
    """A question without what stands behind its question marks."""
    return _ASIDES_BEHIND.sub("", text)


def is_one_sentence(text: str) -> bool:
    """Whether a question of prose says nothing before it asks."""
    return len(text) <= _LONGEST_SENTENCE and _BREAK.search(plain(text)) is None


def own_answer(text: str, *, in_prose: bool = True, of_tasks: bool = False) -> tuple[str, str]:
    """A line that answers itself, as question and answer; any other one with no answer. In prose
    a small letter behind a question mark goes on with the sentence. What begins there as a task
    does is one, but where answers *of tasks* are known to stand there."""
    if len(text) > _LONGEST or is_known(text):
        return text, ""
    found = _TRUE_FALSE.fullmatch(text)
    if found is not None:
        given = found["given"]
        if given and not may_ask(given):
            return found["asked"], given
        return text, ""
    ends = [
        found.end()
        for found in _QUESTION_END.finditer(text)
        if text.count("[", 0, found.end()) == text.count("]", 0, found.end())  # in no link
    ]
    rest = text[ends[-1] :] if ends else ""
    said = re.sub(r"^[ \t]*(?:>{2,3}|\|)", "", rest).lstrip(" \t:-–—→➔=")
    if short := _SHORT_ANSWER.fullmatch(said):
        return text[: ends[-1]], short[1]
    if not said.strip(_ENDS) or said.startswith("("):
        return text, ""
    is_task = may_ask(said) and not _NOUN.match(said)
    if is_task and (not of_tasks or _PLAIN_TASK.match(said)):
        return text, ""
    if in_prose and said[0].islower() and rest.lstrip() == said:
        return text, ""
    if not re.search(r"\w", text[: ends[-1]]):
        return text, ""
    return text[: ends[-1]], said


def may_answer(text: str) -> bool:
    """Whether what stands behind the question mark of a line may as well answer it as go on: it
    begins with a word of tasks, but with none that an answer hardly has there."""
    return own_answer(text, of_tasks=True)[1] != own_answer(text)[1]


def all_answer(lines: Sequence[str]) -> bool:
    """Whether lines have all something behind their question marks that may answer them, and one
    at least what can do nothing else."""
    return all(own_answer(line, of_tasks=True)[1] for line in lines) and any(
        own_answer(line)[1] for line in lines
    )


def without_label(text: str) -> str | None:
    """What follows "Answer:" on a line that begins so, or is only that; None on any other."""
    if callout := _CALLOUT.fullmatch(text):
        said = callout["said"]
        if is_label(said):
            return ""
        return said if callout["answers"] else None
    whole = _STRONG_ANSWER.fullmatch(text)
    if whole is not None:
        return f"{whole['mark']}{whole['said'].strip()}{whole['mark']}"
    found = _STRONG_LABEL.match(text) or _LABEL.match(text)
    if found is not None:
        return text[found.end() :].strip()
    return "" if is_label(text) else None


def is_label(text: str) -> bool:
    """Whether a text says that an answer follows, and nothing else."""
    return _BARE_LABEL.fullmatch(plain(text).strip(" \t:.?!>▶")) is not None


def heads_answers(text: str) -> bool:
    """Whether a line says that answers to several questions follow, and nothing else."""
    return len(text) <= _LONGEST and _SECTION.fullmatch(plain(text).strip(" \t:.")) is not None


def options(lines: Sequence[str]) -> set[int]:
    """The lines that are a choice: A, B, … below each other, all marked in the same way."""
    found, run, first = set[int](), list[int](), None
    for at, line in enumerate(lines):
        option = _OPTION.match(line)
        if option and first and _comes_next(first, len(run), option):
            run.append(at)
            found.update(run if len(run) > 1 else ())
        elif option and option["letter"] in "Aa":
            first, run = option, [at]
        elif first and not _is_within(first, line):
            first = None
    return found


def _comes_next(first: re.Match[str], count: int, option: re.Match[str]) -> bool:
    marks = ("before", "sign")
    is_next = ord(option["letter"]) == ord(first["letter"]) + count
    return is_next and all(option[mark] == first[mark] for mark in marks)


def _is_within(first: re.Match[str], line: str) -> bool:
    """Whether a line belongs to the option above it in a list that has begun with *first*."""
    if not line.strip():
        return bool(first["item"])
    depth = len(line) - len(line.lstrip(" \t>"))
    return depth > len(first["indent"])


def time(text: str) -> Time | None:
    """The time that a line begins with: 31:20, 1:02:48."""
    found = _TIME.match(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    return Time(3600 * hours + 60 * minutes + seconds, text[found.end() :].strip())


def definition(text: str) -> tuple[str, str, str] | None:
    """A term, how it is told from its meaning, and that; None of a line that defines nothing."""
    strong = _STRONG_TERM.fullmatch(text)
    if strong is not None and strong["mark"] in ("**", "__"):
        return strong["term"].strip(" :"), "**", strong["meaning"]
    found = None if _ADDRESS.match(text) else _TERM.fullmatch(text)
    if found is None or len(found["term"].split()) > _MOST_WORDS or "?" in found["term"]:
        return None
    if found["term"].count("(") != found["term"].count(")") or found["term"].startswith("("):
        return None
    if found["mark"].strip(" \t-=:–—") and found["mark"].strip() in found["meaning"]:
        return None  # one step after another
    return found["term"].strip(" *_:"), found["mark"].strip(), found["meaning"]


def is_remark(term: str, mark: str) -> bool:
    """Whether what stands before a colon says how to take what follows, and is no term."""
    return mark == ":" and term.casefold().strip(" *_:.") in _REMARKS


def is_term(text: str) -> bool:
    """Whether a line is short enough to be a term, and no question."""
    words = plain(text).split()
    return 0 < len(words) <= _MOST_WORDS and not is_asked(text)


def counted_by_letter(line: str) -> str:
    """A line that asks and is numbered by a letter, or a small number of Rome, as the item of a
    list that it is; any other one as it stands."""
    item = _LETTERED.fullmatch(line)
    return f"{item['indent']}1. {item['said']}" if item and is_asked(item["said"]) else line


def goes_on(head: Sequence[str], line: str) -> bool:
    """Whether a question that has said *head* goes on in the next *line*: it was wrapped, or the
    line is a question, too."""
    if not line.strip() or _INNER.match(line) or sum(map(len, head)) > _LONGEST:
        return False
    is_indented, said, line = line[0] in " \t", " ".join(head), line.strip()
    if without_label(line) is not None:
        return False
    if (is_indented or is_asked(said)) and _LETTERED.fullmatch(line):
        return False
    if is_asked(said):
        return is_asked(line) and own_answer(line)[1] == ""
    if plain(said).rstrip(_MARKS)[-1:] in (".", ":", "!"):
        return False
    return line[:1].islower() or len(head[-1]) >= _WRAPS or is_asked(f"{said} {line}")


def tidy(text: str) -> str:
    """A text without the tags that only colour it, its characters written out."""
    return outside_code(text, lambda piece: written_out(_TAG.sub("", piece))).strip()


def written_out(text: str) -> str:
    """The characters that stand in a text by name, but for those that would begin a tag."""
    return _CHARACTER.sub(lambda name: unescape(name[0]), text)


def emphasised(text: str) -> tuple[str, str] | None:
    """A term that is the emphasised beginning of its own meaning, and the whole."""
    found = _STRONG_TERM.fullmatch(text)
    return None if found is None else (found["term"].strip(), text)
