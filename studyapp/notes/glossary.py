"""The terms of a learner's notes: in lists, line by line and in tables; the other tables, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studyapp.notes.label import ANSWER, MEANING, QUESTION, TAGS, TERM
from studyapp.notes.outline import dedented
from studyapp.notes.wording import definition, emphasised, is_asked, is_remark, is_term, plain

_TERMS = {
    *TERM,
    *("acronym", "abbreviation", "concept", "expression", "front", "jargon", "key term", "keyword"),
    *("name", "phrase", "terminology", "vocabulary", "hanzi", "kanji", "idiom", "palavra", "termo"),
    *(
        "woord",
        "begrip",
        "słowo",
        "pojęcie",
        "slovo",
        "pojem",
        "begrepp",
        "ord",
        "begreb",
        "begrep",
    ),
    *("glosa", "sana", "käsite", "termi", "szó", "fogalom", "cuvânt", "termen", "kelime", "terim"),
    *("riječ", "дума", "термін", "поняття", "понятие", "concepto", "concetto", "conceito"),
    *("单词", "詞", "词", "术语", "単語", "用語", "단어", "용어", "كلمة", "מילה", "λέξη"),
}
_MEANINGS = {
    *MEANING,
    *("back", "description", "explanation", "explained", "long form", "stands for", "what it is"),
    *("erklärung", "explicación", "explication", "spiegazione", "explicação", "definição"),
    *("tradução", "определение", "объяснение", "betekenis", "definitie", "vertaling", "uitleg"),
    *("znaczenie", "definicja", "tłumaczenie", "wyjaśnienie", "význam", "definice", "definícia"),
    *("překlad", "preklad", "förklaring", "betydelse", "översättning", "forklaring", "betydning"),
    *("oversættelse", "oversettelse", "definisjon", "merkitys", "määritelmä", "käännös", "selitys"),
    *(
        "jelentés",
        "fordítás",
        "semnificație",
        "traducere",
        "anlam",
        "tanım",
        "značenje",
        "prijevod",
    ),
    *(
        "значення",
        "визначення",
        "переклад",
        "значение",
        "意思",
        "释义",
        "定义",
        "意味",
        "翻译",
        "뜻",
    ),
    *("의미", "معنى", "משמעות", "σημασία"),
}
_ASKED = {
    *QUESTION,
    *("q", "questiontext", "fragen", "frågor", "domande", "vragen", "pytania", "otázky", "вопросы"),
    *("vorderseite", "recto", "anverso", "framsida", "forside", "voorkant", "awers", "przód"),
    *("frente", "fronte", "etupuoli", "正面", "表面", "앞면"),
}
_GIVEN = {
    *ANSWER,
    *("a", "my answer", "your answer", "antworten", "risposte", "antwoorden", "odpowiedzi"),
    *("odpovědi", "ответы", "correct", "correct answer", "right answer", "correct option"),
    *("correct choice", "rückseite", "verso", "reverso", "baksida", "bagside", "bakside"),
    *("achterkant", "rewers", "tył", "retro", "takapuoli", "背面", "裏面", "뒷면"),
}
# As their names are written in themselves and in a few others, without what only may be one.
_LANGUAGES = {
    *("arabic", "bulgarian", "catalan", "chinese", "croatian", "czech", "danish", "dutch"),
    *("english", "esperanto", "estonian", "farsi", "finnish", "french", "gaelic", "german"),
    *("greek", "hebrew", "hindi", "hungarian", "icelandic", "indonesian", "irish", "italian"),
    *("japanese", "korean", "latin", "latvian", "lithuanian", "mandarin", "norwegian", "persian"),
    *("polish", "portuguese", "romanian", "russian", "sanskrit", "serbian", "slovak", "spanish"),
    *("swahili", "swedish", "tamil", "thai", "turkish", "ukrainian", "urdu", "vietnamese"),
    *("welsh", "arabisch", "chinesisch", "dänisch", "deutsch", "englisch", "finnisch"),
    *("französisch", "griechisch", "italienisch", "japanisch", "koreanisch", "latein"),
    *("lateinisch", "niederländisch", "norwegisch", "polnisch", "portugiesisch", "russisch"),
    *("schwedisch", "spanisch", "tschechisch", "türkisch", "ukrainisch", "ungarisch", "alemán"),
    *("árabe", "castellano", "chino", "español", "francés", "griego", "inglés", "italiano"),
    *("japonés", "latín", "portugués", "ruso", "allemand", "anglais", "arabe", "chinois"),
    *("espagnol", "français", "grec", "italien", "japonais", "portugais", "russe", "francese"),
    *("giapponese", "greco", "inglese", "latino", "russo", "spagnolo", "tedesco", "alemão"),
    *("espanhol", "francês", "inglês", "português", "engels", "duits", "frans", "nederlands"),
    *("spaans", "svenska", "engelska", "dansk", "norsk", "suomi", "englanti", "polski"),
    *("angielski", "niemiecki", "čeština", "angličtina", "magyar", "türkçe", "ingilizce"),
    *("русский", "английский", "немецкий", "українська", "англійська", "ελληνικά", "αγγλικά"),
    *(
        "עברית",
        "אנגלית",
        "العربية",
        "الإنجليزية",
        "中文",
        "汉语",
        "英语",
        "英文",
        "日本語",
        "英語",
        "한국어",
    ),
    *("영어"),
}
_CODES = {"de", "en", "es", "fr", "ja", "pt", "ru", "zh"}  # which stand for one beside another
_OF_WORDS = {
    *(_TERMS - {"concept", "name"}),
    *(*_MEANINGS, *_LANGUAGES, *_CODES, "in", "auf", "sentence"),
}
_TITLES = {"card", "front", "name", "prompt", "title"}  # which ask, beside an answer
_PLAN = ("part", "chapter", "section")
NAMED = re.compile(
    r"\b(?:jargon|glossary|key term|(?<!in )(?<!-)terms(?! of)|terminology|vocab(?:ulary)?"
    r"|definitions?|key ?words?|acronyms?)\b",
    re.IGNORECASE,
)
_ARROWS = {*"→⇒⟶➔➜➝➞", "=>", "->", "-->", "\\rightarrow", "\\longrightarrow", "←", "\\leftarrow"}
_CARDS = {"::", ">>"}  # of programs that keep notes as lists
_CLEAR = {*_ARROWS, "=", "**", "<>", *_CARDS}
_DEFINED = re.compile(r"def(?:inition)?[ \t]*:[ \t]*(?P<text>[*_].*)", re.IGNORECASE | re.DOTALL)
_BELOW = re.compile(r"^ {0,3}:[ \t]+(?=\S)")
_FEW = 3
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a table's row, and where in it the row stands (0: its head)."""

    cells: tuple[str, ...]
    at: int

    def cell(self, at: int) -> str:
        return self.cells[at] if at < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and which two of its columns say what: `kind` is "terms", "questions", "plan", or
    empty where nothing is known of it."""

    kind: str
    left: int
    right: int
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    heads: tuple[str, ...] = ()  # the names as they are written

    def beside(self, row: Row) -> list[tuple[str, str]]:
        """What a row says beside these two, but for its number, each with its column's name."""
        return [
            (name, cell)
            for at, (name, cell) in enumerate(zip(self.heads, row.cells, strict=False))
            if at not in (self.left, self.right, *self._tagged) and re.search(r"[^\W\d_]", cell)
        ]

    def tags(self, row: Row) -> tuple[str, ...]:
        """What a row says in columns of tags, be they between blanks, commas or behind #."""
        said = (re.split(r"[\s,;]+", row.cell(at)) for at in self._tagged)
        found = (one.strip("`").lstrip("#") for some in said for one in some)
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def _tagged(self) -> list[int]:
        return [at for at, name in enumerate(self.names) if name in (*TAGS, "tag")]


def read(lines: Sequence[str]) -> Table:
    heads = tuple(map(plain, _cells(lines[0])))
    names = tuple(name.casefold() for name in heads)
    rows = tuple(Row(_cells(line), at) for at, line in enumerate(lines) if at > 1)
    if said := columns(names, [row.cells for row in rows]):
        return Table(*said, names, rows, heads)
    if all(any(name in (word, word + "s") for name in names) for word in _PLAN):
        return Table("plan", 0, 0, names, rows)
    return Table("", 0, 0, names, rows, heads)


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, int, int] | None:
    """What a table with columns of these *names* holds, and which two of them say it. Of columns
    named after languages the *rows* must be words, too; what most of them ask are no terms."""
    for kind, lefts, rights in (
        ("questions", _ASKED, _GIVEN),
        ("terms", _TERMS, _MEANINGS),
        ("questions", _TITLES | _TERMS, _GIVEN),
        ("questions", _ASKED, _MEANINGS),
    ):
        left = next((at for at, name in enumerate(names) if _is_one(name, lefts)), None)
        right = next((at for at, name in enumerate(names) if _is_one(name, rights)), None)
        if left is not None and right is not None:
            asked = kind == "terms" and _ask([row[left : left + 1] for row in rows])
            return "questions" if asked else kind, left, right
    return _translated(names, rows)


def _ask(cells: Sequence[Sequence[str]]) -> bool:
    return 2 * sum(any(map(is_asked, cell)) for cell in cells) > len(cells)


def is_of_question(name: str) -> bool:
    """Whether a column of this *name* has questions or their answers."""
    return _is_one(name, _ASKED | _GIVEN)


def asks(name: str) -> bool:
    """Whether a column of this *name* asks, whatever stands beside it."""
    return _is_one(name, _ASKED)


def answers(name: str) -> bool:
    """Whether one answers or says what a term means, beside what asks."""
    return _is_one(name, _GIVEN | _MEANINGS)


def _translated(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, int, int] | None:
    """The same of words in two languages. What compares languages has other words before them, or
    says the same of several."""
    found = [at for at, name in enumerate(names) if _is_language(name)]
    if len(found) < 2 or not (any(map(_is_of_language, names)) or {*names} & _CODES == {*names}):
        return None
    left, right = found[:2]
    if any(_has_word(row[at : at + 1]) for row in rows for at in range(left)):
        return None
    asked = [row[left].strip().casefold() for row in rows if _has_word(row[left : left + 1])]
    given = [row for row in rows if _has_word(row[right : right + 1])]
    is_one = 4 * len({*asked}) >= 3 * len(rows) and 4 * len(given) >= 3 * len(rows)
    return ("questions", left, right) if is_one else None


def _is_language(name: str) -> bool:
    """Whether a column is named after a language, or says that it has words or their meanings."""
    words = _words(name)
    return bool(words) and all(_is_one(word, _OF_WORDS) for word in words)


def _is_of_language(name: str) -> bool:
    return any(word in _LANGUAGES for word in _words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", name)


def _has_word(cells: Sequence[str]) -> bool:
    return any(map(_words, cells))


def may_pair(table: Table) -> bool:
    """Whether a table of which nothing is known has two columns of words, as one of questions and
    answers has."""
    words = [row for row in table.rows if all(_has_word(row.cells[at : at + 1]) for at in (0, 1))]
    return len(table.heads) == 2 and 4 * len(words) >= 3 * len(table.rows) > 0


def planned(table: Table) -> list[tuple[Row, tuple[str, str, str]]]:
    """Part, chapter and section of each row of a plan; what a row leaves out is as above it."""
    places = [
        next(at for at, name in enumerate(table.names) if name in (word, word + "s"))
        for word in _PLAN
    ]
    part = chapter = ""
    found = []
    for row in table.rows:
        cells = [row.cell(at) for at in places]
        if not any(cells):
            continue
        part, chapter = cells[0] or part, cells[1] or chapter
        found.append((row, (part, chapter, cells[2])))
    return found


def terms(items: Sequence[str], *, named: bool) -> list[tuple[str, str] | None]:
    """The term and the meaning of each item of a list, None for what is none.

    A list whose heading does not announce terms has some if nearly all its items define one, and
    in the same way.
    """
    found = [definition(item) for item in items]
    remarks = {at for at, one in enumerate(found) if one and is_remark(one[0], one[1])}
    found = [None if at in remarks else one for at, one in enumerate(found)]
    marks = [one[1] for one in found if one is not None]
    if named:
        pairs = zip(found, items, strict=True)
        return [(one[0], one[2]) if one else emphasised(item) for one, item in pairs]
    count = len(items) - len(remarks)
    clear = len(marks) == count > 1 and set(marks) <= _CLEAR
    many = count > 2 and 4 * len(marks) >= 3 * count and len(set(marks)) == 1
    taken = {*marks} if clear or many else _CARDS
    return [(one[0], one[2]) if one and one[1] in taken else None for one in found]


def are_clear(items: Sequence[str]) -> bool:
    """Whether each item of a list defines a term in a way in which hardly anything else is said."""
    found = map(definition, items)
    return all(one is not None and one[1] in _CLEAR for one in found)


def defined(lines: Sequence[str], *, named: bool) -> list[tuple[int, str, str]]:
    """The terms that the lines of a paragraph define: place, term and meaning.

    An arrow defines; so does a line that begins with a colon below the term, or what "Definition:"
    stands before; where a heading announces terms, a dash and a colon, too. A line that defines
    nothing goes on with the meaning above it.
    """
    if said := _DEFINED.fullmatch("\n".join(lines).strip()):
        one = emphasised(said["text"])
        return [(0, *one)] if one else []
    if describes(lines):
        return _described(lines)
    found = list[tuple[int, str, str]]()
    for at, line in enumerate(lines):
        # A tab parts the two as in a table; elsewhere it may only stand for blanks.
        defines = definition(line.strip().replace("\t", " → ", 1) if named else line.strip())
        if defines is not None and is_remark(defines[0], defines[1]):
            defines = None
        if defines is not None and (defines[1] in _ARROWS or named):
            found.append((at, defines[0], defines[2]))
        elif found:
            place, term, meaning = found[-1]
            found[-1] = (place, term, f"{meaning}\n{line.strip()}")
    return found


def _described(lines: Sequence[str]) -> list[tuple[int, str, str]]:
    """The terms of a paragraph in which lines that begin with a colon say what is above them."""
    places = [0]
    for at in range(2, len(lines) - 1):
        is_term = lines[at][:1] not in " \t:"
        places += [at] if is_term and defines_above(lines[at + 1]) else []
    ends = [*places[1:], len(lines)]
    return [
        (
            at,
            lines[at].strip(),
            "\n".join(_BELOW.sub("", line).strip() for line in lines[at + 1 : end]),
        )
        for at, end in zip(places, ends, strict=True)
    ]


def describes(lines: Sequence[str]) -> bool:
    """Whether the second line begins with the colon that says what the first one is."""
    return len(lines) > 1 and defines_above(lines[1])


def defines_above(line: str) -> bool:
    """Whether a line begins with the colon that says what is above it."""
    return _BELOW.match(line) is not None


def hanging(lines: Sequence[str]) -> tuple[str, str] | None:
    """The term of a paragraph of which all lines but the first are indented, and what is below."""
    first, *below = dedented(lines) if lines[0][:1] in " \t" else lines
    if not below or first[:1] in " \t" or not is_term(first) or first.rstrip().endswith((":", ".")):
        return None
    if not all(line[:1] in " \t" for line in below):
        return None
    said = definition(first.strip())
    if said is not None and said[1] == "**":
        return None  # its meaning begins beside it, and is only wrapped
    return first.strip(), "\n".join(line.strip() for line in below)


def is_listed(lines: Sequence[str]) -> bool:
    """Whether the lines of a text are a list of terms and nothing else: three at least, all defined
    behind the same dash; behind =, where most of the terms are several words, too."""
    found = [definition(line.strip()) for line in lines if line.strip()]
    marks = {one[1] if one else "" for one in found}
    if len(found) < _FEW or len(marks) > 1 or not marks <= {"-", "–", "—", "="}:
        return False
    told = [one for one in found if one and _has_word(one[:1]) and _has_word(one[2:])]
    several = sum(" " in one[0] for one in told)
    return len(told) == len(found) and (marks != {"="} or 2 * several >= len(found))


def _is_one(name: str, names: set[str]) -> bool:
    return name in names or name.rstrip("s") in names


def _cells(line: str) -> tuple[str, ...]:
    line = line.strip()
    line = line.removeprefix("|")
    cells = [cell.strip() for cell in _CELL.split(line)]
    if cells and not cells[-1]:
        cells.pop()
    return tuple(
        re.sub(
            r"(?<![ \t])[ \t]*<br[ \t]*/?>[ \t]*",
            "\n",
            cell.replace("\\|", "|"),
            flags=re.IGNORECASE,
        )
        for cell in cells
    )
