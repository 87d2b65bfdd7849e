"""LaTeX maths as Unicode text that a terminal can show: `\\frac{a+b}{c}` → `(a+b)/c`.

The text never means anything else than the formula: what has no Unicode form gets brackets,
and a formula that cannot be read comes back as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from functools import cache, lru_cache, reduce
from typing import Any

from studyapp.errors import printable

_DEEPEST = 40  # nested groups; deeper input is not a formula and would exhaust the stack


@lru_cache(maxsize=1024)
def to_unicode(latex: str, *, display: bool = False) -> str:
    """Return *latex* (without its dollars) as text.

    One line, unless *display* is true and the formula has rows (matrix, cases, aligned): then
    the lines of a block, whose columns line up in a fixed-width font. What cannot be read comes
    back unchanged but for control characters, which are removed.
    """
    source = printable(latex)
    try:
        text = _Reader(source, display).whole()
    except _UnreadableError:
        return source
    return text or source


class _UnreadableError(Exception):
    """This formula is beyond us; show its source."""


class _Kind(Enum):
    """TeX's classes of atoms, which decide the spaces between them (TeXbook, chapter 18)."""

    ORD = auto()
    SIGN = auto()  # a binary operator without a left side
    NAME = auto()  # log, max
    BIG = auto()  # sum, integral
    BIN = auto()
    REL = auto()
    OPEN = auto()
    CLOSE = auto()
    PUNCT = auto()
    INNER = auto()  # a fraction in brackets of our own
    SPACE = auto()


class _Shape(IntEnum):
    """How tightly a text holds together, tightest first: what needs brackets where."""

    ONE = 0
    SCRIPTED = 1
    ROOT = 2
    PRODUCT = 3
    RATIO = 4
    SUM = 5


@dataclass(frozen=True, slots=True)
class _Atom:
    kind: _Kind
    text: str
    shape: _Shape = _Shape.ONE
    open_end: bool = False  # ends in `_Q` or `√2`: a letter behind it would seem to belong to it
    word: bool = False  # `KL`, `otherwise`: a letter beside it would seem to belong to it


def _table(keys: str, values: str) -> dict[str, str]:
    return dict(zip(keys, values, strict=True))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SUP = _table(
    "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
)
_SUB = _table("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
_WHOLE_SUP = {"⊤": "ᵀ", "⊺": "ᵀ", "∘": "°", "†": "†", "‡": "‡"}
_PRIMES = {"": "", "′": "′", "′′": "″", "′′′": "‴"}

_SUPERSCRIPTS = frozenset((*_SUP.values(), *"^′″‴"))
_INDICES = "".join(sign for sign in _SUP.values() if len(sign) == 1)
_BIN = frozenset("+−±∓·×÷∗*⋆∘∙⊙⊗⊕⊖⊘⊛∪∩∖∧∨⊎⊔⊓†‡")
_LEFT_TO_RIGHT = frozenset("·×+−±∓")  # a · b/c is a·b/c either way; a ∘ b/c is not
_ARROWS_AND_ORDER = (0x2190, 0x2200), (0x2208, 0x220E), (0x223C, 0x2293), (0x22D0, 0x22EA)
_REL = frozenset("=<>:∥⟂⊥⊢⊨⋈∣∝⟵⟶⟷⟸⟹⟺⟼⩽⩾") | (
    {chr(code) for low, high in _ARROWS_AND_ORDER for code in range(low, high)} - _BIN
)
_PAIRS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
_BARS = frozenset("|‖")

_BIG = _set(
    "sum prod coprod int iint iiint oint bigcup bigcap bigoplus bigotimes bigodot bigvee bigwedge"
)
_NAMES = {
    **{
        name: name
        for name in _set(
            "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg "
            "lim ln log max min sec sin sinh sup tan tanh Pr Re Im"
        )
    },
    "argmax": "arg max",
    "argmin": "arg min",
    "limsup": "lim sup",
    "liminf": "lim inf",
}
_SPACES = {**dict.fromkeys((*" ,:;>\n\t", "space"), " "), "quad": "  ", "qquad": "    "}
_NOTHING = _set(
    "! limits nolimits displaystyle textstyle scriptstyle nonumber notag "
    "big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm"
)
_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304",
    "tilde": "\u0303", "widetilde": "\u0303", "vec": "\u20d7", "dot": "\u0307",
    "ddot": "\u0308", "check": "\u030c", "breve": "\u0306",
}  # fmt: skip
_STYLES = {
    "mathbb": "doublestruck", "mathbbm": "doublestruck", "mathds": "doublestruck",
    "mathcal": "script", "mathscr": "script", "mathfrak": "fraktur",
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold",
}  # fmt: skip
_UPRIGHT = _set("mathrm mathit mathsf mathtt mathnormal mathop boxed")
_WORDS = _set("text textrm textit textbf textsf texttt textnormal mbox hbox")
# What pylatexenc has no single character for, or one that misleads here.
_EXTRA = {
    "{": "{", "}": "}", "|": "‖", "%": "%", "#": "#", "&": "&", "$": "$", "_": "_",
    "prime": "′", "ne": "≠", "iff": "⇔", "implies": "⇒", "impliedby": "⇐", "land": "∧",
    "lor": "∨", "neg": "¬", "gets": "←", "bot": "⊥", "perp": "⊥", "coloneqq": "≔", "colon": ":",
    "triangle": "△", "models": "⊨", "leadsto": "⇝", "ddagger": "‡", "degree": "°", "imath": "ı",
    "jmath": "ȷ", "dotsc": "…", "dotsb": "⋯", "lbrack": "[", "rbrack": "]", "slash": "/",
    "checkmark": "✓",
}  # fmt: skip
_SIDES = {
    "lVert": (_Kind.OPEN, "‖"), "rVert": (_Kind.CLOSE, "‖"),
    "lvert": (_Kind.OPEN, "|"), "rvert": (_Kind.CLOSE, "|"), "mid": (_Kind.REL, "|"),
}  # fmt: skip
_DIFFERENTIALS = ("∂", "d", "Δ")
_FENCES = {"pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖"}
_MATRICES = frozenset(("matrix", "smallmatrix", "array", *_FENCES))
_ALIGNED = _set("aligned align alignedat split gathered gather equation eqnarray")
# A tall bracket's top, middle, bottom and what stretches it.
_TALL = {
    "(": "⎛⎜⎝⎜", ")": "⎞⎟⎠⎟", "[": "⎡⎢⎣⎢", "]": "⎤⎥⎦⎥", "{": "⎧⎨⎩⎪", "}": "⎫⎬⎭⎪",
    "⌊": "⎢⎢⎣⎢", "⌋": "⎥⎥⎦⎥", "⌈": "⎡⎢⎢⎢", "⌉": "⎤⎥⎥⎥",
}  # fmt: skip
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.DOTALL)


class _Reader:
    """Recursive descent over one formula; each method reads what it names and moves on."""

    def __init__(self, source: str, display: bool) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._display = display

    def whole(self) -> str:
        lines = _aligned(self._rows(None), self._display).split("\n")
        return "\n".join(line.rstrip(" ") for line in lines)

    # tokens

    def _peek(self) -> str:
        """Return the next token, "" at the end; spaces do not count in maths."""
        while self._at < len(self._source) and self._source[self._at].isspace():
            self._at += 1
        match = _TOKEN.match(self._source, self._at)
        return match[0] if match else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _UnreadableError
        self._at += len(token)
        return token

    def _skip(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += len(token)
        return True

    def _raw_group(self) -> str:
        """Read `{…}` as text, spaces included."""
        if not self._skip("{"):
            raise _UnreadableError
        start, depth = self._at, 1
        while depth:
            match = _TOKEN.match(self._source, self._at)
            if match is None:
                raise _UnreadableError
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            self._at = match.end()
        return self._source[start : self._at - 1]

    def _option(self) -> str | None:
        """Read `[…]` as text, or nothing."""
        if self._peek() != "[":
            return None
        end = self._source.find("]", self._at)
        if end < 0:
            raise _UnreadableError
        text = self._source[self._at + 1 : end]
        self._at = end + 1
        return text

    # structure

    def _rows(self, end: str | None) -> list[list[list[_Atom]]]:
        r"""Read rows of cells up to *end* (an environment's name) or the end of the formula."""
        rows: list[list[list[_Atom]]] = [[[]]]
        while True:
            rows[-1][-1].extend(self._row())
            token = self._peek()
            if token == "" and end is None:
                break
            self._next()
            if token == "&" and end is not None:
                rows[-1].append([])
            elif token == "\\\\":
                if self._source.startswith("[", self._at):
                    self._option()
                rows.append([[]])
            elif token == "\\end" and end is not None and self._raw_group() == end:
                break
            else:
                raise _UnreadableError
        if len(rows) > 1 and rows[-1] == [[]]:
            rows.pop()
        return rows

    def _row(self) -> list[_Atom]:
        """Read atoms up to something that ends a group, a cell or a row."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _UnreadableError
        atoms: list[_Atom] = []
        while self._peek() not in ("", "}", "&", "\\\\", "\\end", "\\middle", "\\right"):
            atoms.extend(self._scripted())
        self._depth -= 1
        return atoms

    def _group(self, *, flat: bool = True) -> list[_Atom]:
        """Read one argument: `{…}` or a single token. *flat*: nothing in it may have rows."""
        display, self._display = self._display, self._display and not flat
        if self._skip("{"):
            atoms = self._row()
            if not self._skip("}"):
                raise _UnreadableError
        elif self._peek() in ("^", "_", "\\left"):
            raise _UnreadableError
        else:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise _UnreadableError
            atoms = self._nucleus()
            self._depth -= 1
        self._display = display
        return atoms

    def _scripted(self) -> list[_Atom]:
        """Read a nucleus with its sub- and superscript."""
        atoms = [] if self._peek() in ("^", "_", "'") else self._nucleus()
        sub = sup = None
        while (token := self._peek()) in ("^", "_", "'", "\\limits", "\\nolimits"):
            self._next()
            if token == "'":
                sup = (sup or "") + "′"
            elif token == "_" and sub is None:
                sub = _join(self._group(), tight=True)
            elif token == "^" and (sup is None or set(sup) == {"′"}):
                sup = (sup or "") + _join(self._group(), tight=True)
            elif token in ("^", "_"):
                raise _UnreadableError
        if not sub and not sup:
            return atoms
        base = atoms[-1] if atoms else _Atom(_Kind.ORD, "")
        return [*atoms[:-1], _with_scripts(base, sub or "", sup or "")]

    def _nucleus(self) -> list[_Atom]:
        token = self._next()
        if token == "{":
            self._at -= 1
            return [_grouped(self._group(flat=False))]
        if token.startswith("\\"):
            return self._macro(token[1:])
        if token in "}&^_#%$":
            raise _UnreadableError
        if token == "~":
            return [_Atom(_Kind.SPACE, " ")]
        if token == "," and self._between_digits():
            return [_Atom(_Kind.ORD, ",")]
        return [_symbol("−" if token == "-" else token)]

    def _between_digits(self) -> bool:
        """60,000 and (64,3,224): a comma that its author left tight stays tight."""
        return self._source[self._at - 2 : self._at - 1].isdigit() and (
            self._source[self._at : self._at + 1].isdigit()
        )

    # macros

    def _macro(self, name: str) -> list[_Atom]:
        if name in _NOTHING:
            return []
        if name in _SPACES:
            return [_Atom(_Kind.SPACE, _SPACES[name])]
        if name in _NAMES:
            return [_Atom(_Kind.NAME, _NAMES[name])]
        if name in _BIG:
            return [_Atom(_Kind.BIG, _from_pylatexenc(name))]
        if name in _WORDS:
            return [_words(self._raw_group())]
        if name in _ACCENTS:
            return [_accented(_grouped(self._group()), name)]
        if name in _STYLES:
            atom = _grouped(self._group())
            return [replace(atom, text=_styled(atom.text, _STYLES[name]))]
        if name in _UPRIGHT:
            return [_upright(_grouped(self._group(flat=False)))]
        if name in _SIDES:
            return [_Atom(*_SIDES[name])]
        if (read := _READERS.get(name)) is not None:
            return read(self)
        return [_symbol(_EXTRA.get(name) or _from_pylatexenc(name))]

    def _fraction(self) -> list[_Atom]:
        return [_ratio(self._group(), self._group())]

    def _choose(self) -> list[_Atom]:
        upper, lower = _join(self._group()), _join(self._group())
        return [_Atom(_Kind.ORD, f"({upper} choose {lower})")]

    def _root(self) -> list[_Atom]:
        index = self._option()
        degree = ""
        if index is not None:
            text = _Reader(index, False).whole()
            if not text or not set(text) <= _SUP.keys():
                raise _UnreadableError
            degree = "" if text == "2" else "".join(_SUP[char] for char in text)
        inner = _grouped(self._group())
        closed = inner.shape > _Shape.SCRIPTED or bool(_SUPERSCRIPTS & set(inner.text))
        text = _bracketed(inner.text) if closed else inner.text
        return [_Atom(_Kind.ORD, f"{degree}√{text}", _Shape.ROOT, open_end=not closed)]

    def _operator(self) -> list[_Atom]:
        self._skip("*")
        return [_Atom(_Kind.NAME, _join(self._group(), tight=True))]

    def _negated(self) -> list[_Atom]:
        atom = _grouped(self._group())
        text = unicodedata.normalize("NFC", atom.text + "\u0338")
        if len(text) != 1:
            raise _UnreadableError
        return [_Atom(_Kind.REL, text)]

    def _over(self) -> list[_Atom]:
        above, base = _join(self._group(), tight=True), self._group()
        return [_with_scripts(_single(base), "", above)]

    def _under(self) -> list[_Atom]:
        below, base = _join(self._group(), tight=True), self._group()
        return [_with_scripts(_single(base), below, "")]

    def _modulo(self) -> list[_Atom]:
        return [_Atom(_Kind.ORD, f" (mod {_join(self._group())})")]

    def _stacked(self) -> list[_Atom]:
        if not self._skip("{"):
            raise _UnreadableError
        rows = [self._row()]
        while self._skip("\\\\"):
            rows.append(self._row())
        if not self._skip("}"):
            raise _UnreadableError
        return [_Atom(_Kind.ORD, ", ".join(_join(row, tight=True) for row in rows), _Shape.SUM)]

    def _delimiter(self) -> str:
        token = self._next()
        if token == ".":
            return ""
        if token.startswith("\\"):
            token = _EXTRA.get(token[1:]) or _from_pylatexenc(token[1:])
        token = {"<": "⟨", ">": "⟩"}.get(token, token)
        if token not in {*_PAIRS, *_PAIRS.values(), *_BARS, "/"}:
            raise _UnreadableError
        return token

    def _delimited(self) -> list[_Atom]:
        opening, inner = self._delimiter(), self._row()
        while self._skip("\\middle"):
            inner = [*inner, _Atom(_Kind.REL, self._delimiter()), *self._row()]
        if not self._skip("\\right"):
            raise _UnreadableError
        closing = self._delimiter()
        text = _join(inner)
        if "\n" in text:
            return [_Atom(_Kind.ORD, _fenced(opening, text, closing))]
        return [_Atom(_Kind.OPEN, opening), *inner, _Atom(_Kind.CLOSE, closing)]

    def _environment(self) -> list[_Atom]:
        name = self._raw_group()
        kind = name.removesuffix("*")
        if kind in ("array", "alignedat"):
            self._raw_group()
        if kind not in {*_MATRICES, *_ALIGNED, "cases", "dcases"}:
            raise _UnreadableError
        display = self._display
        rows = self._rows(name)
        if kind in _ALIGNED:
            return [_Atom(_Kind.ORD, _aligned(rows, display), _Shape.SUM)]
        if kind in _MATRICES:
            return [_Atom(_Kind.ORD, *_matrix(rows, _FENCES.get(kind, ""), display))]
        return [_Atom(_Kind.ORD, _cases(rows, display))]


_READERS: dict[str, Callable[[_Reader], list[_Atom]]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), _Reader._fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _Reader._choose),
    **dict.fromkeys(("overset", "stackrel"), _Reader._over),
    **dict.fromkeys(("underbrace", "overbrace"), lambda reader: [_single(reader._group())]),
    "underset": _Reader._under,
    "sqrt": _Reader._root,
    "operatorname": _Reader._operator,
    "not": _Reader._negated,
    "pmod": _Reader._modulo,
    "bmod": lambda _: [_Atom(_Kind.NAME, "mod")],
    "substack": _Reader._stacked,
    "left": _Reader._delimited,
    "begin": _Reader._environment,
}


# symbols


@cache
def _symbols() -> Any:
    # 10 ms, so on first use
    from pylatexenc.latex2text import get_default_latex_context_db  # type: ignore[import-untyped]

    return get_default_latex_context_db()


def _from_pylatexenc(name: str) -> str:
    """Return the single character that a macro such as `alpha` stands for."""
    text = getattr(_symbols().get_macro_spec(name), "simplify_repl", None)
    if not isinstance(text, str) or len(text) != 1 or not text.isprintable():
        raise _UnreadableError
    return text


def _symbol(char: str) -> _Atom:
    if char in _PAIRS:
        return _Atom(_Kind.OPEN, char)
    if char in _PAIRS.values():
        return _Atom(_Kind.CLOSE, char)
    if char in ",;":
        return _Atom(_Kind.PUNCT, char)
    if char in _BIN:
        return _Atom(_Kind.BIN, char)
    return _Atom(_Kind.REL if char in _REL else _Kind.ORD, char)


def _words(raw: str) -> _Atom:
    text = re.sub(r"\\([ _%&#])", r"\1", raw)
    if any(char in "\\${}" for char in text):
        raise _UnreadableError
    text = re.sub(r"\s+", " ", text)
    return _Atom(_Kind.ORD, text, _Shape.ONE if text.isalnum() else _Shape.SUM, word=True)


def _upright(atom: _Atom) -> _Atom:
    if len(atom.text) > 1 and atom.text.isalnum() and atom.shape is _Shape.PRODUCT:
        return _Atom(_Kind.ORD, atom.text, word=True)
    return atom


def _styled(text: str, style: str) -> str:
    """Return *text* in bold, script, … letters as far as Unicode has them."""
    from pylatexenc.latex2text import fmt_math_text_style

    return "".join(_styled_char(fmt_math_text_style(char, style), style) for char in text)


def _styled_char(char: str, style: str) -> str:
    """Digits and Greek letters, which pylatexenc leaves as they are."""
    prefix = {"bold": "MATHEMATICAL BOLD", "doublestruck": "MATHEMATICAL DOUBLE-STRUCK"}.get(style)
    if prefix is None or not (char in "0123456789" or "α" <= char.lower() <= "ω"):
        return char
    name = unicodedata.name(char).replace("GREEK ", "").replace(" LETTER", "")
    try:
        return unicodedata.lookup(f"{prefix} {name}")
    except KeyError:
        return char


# from atoms to text


def _bracketed(text: str) -> str:
    return f"({text})"


def _raised(text: str) -> str | None:
    """Return *text* as superscript characters, None if one of them does not exist."""
    bare = text.lstrip("′")
    primes = _PRIMES.get(text.removesuffix(bare))
    if primes is None or not (bare in _WHOLE_SUP or set(bare) <= _SUP.keys()):
        return None
    return primes + (_WHOLE_SUP.get(bare) or "".join(_SUP[char] for char in bare))


def _lowered(text: str) -> str | None:
    return "".join(_SUB[char] for char in text) if set(text) <= _SUB.keys() else None


def _script(mark: str, text: str, *, alone: bool) -> str:
    """Return `^x` or `_(x,y)`: a script without Unicode characters."""
    single = len(unicodedata.normalize("NFC", text)) == 1
    closed = text[:1] == "[" and text.find("]") == len(text) - 1
    return mark + (text if closed or (single and alone) else _bracketed(text))


def _with_scripts(base: _Atom, sub: str, sup: str) -> _Atom:
    nucleus = base.text if base.shape is _Shape.ONE else _bracketed(base.text)
    below, above = _lowered(sub), _raised(sup)
    if below is None:
        below = _script("_", sub, alone=not sup)
    if above is None:
        above = _script("^", sup, alone=True)
    if "\n" in nucleus:
        first, *_, last = rows = nucleus.split("\n")
        rows[0], rows[-1] = first + above, last + below
        text = _even(rows)
    else:
        text = nucleus + below + above
    tail = above or below
    open_end = tail.startswith(("^", "_")) and not tail.endswith((")", "]"))
    return replace(base, text=text, shape=_Shape.SCRIPTED, open_end=open_end)


def _accented(atom: _Atom, name: str) -> _Atom:
    """Put the accent on the letter; over more than one it becomes a word: `hat(xy)`."""
    first, rest = atom.text[:1], atom.text[1:]
    scripts = {*_SUP.values(), *_SUB.values()}
    if first.isalnum() and all(char in scripts or unicodedata.combining(char) for char in rest):
        text = unicodedata.normalize("NFC", first + _ACCENTS[name]) + rest
        return replace(atom, kind=_Kind.ORD, text=text, word=False)
    word = name.removeprefix("wide").replace("overline", "bar")
    return _Atom(_Kind.ORD, f"{word}{_bracketed(atom.text)}", word=True)


def _grouped(atoms: Sequence[_Atom]) -> _Atom:
    """Return a braced group as one atom; as in TeX it loses its class."""
    if len(atoms) == 1:
        kind = atoms[0].kind
        named = kind in (_Kind.NAME, _Kind.BIG)
        return atoms[0] if named else replace(atoms[0], kind=_Kind.ORD)
    return _Atom(
        _Kind.ORD, _join(atoms), _shape(atoms), open_end=bool(atoms) and atoms[-1].open_end
    )


def _single(atoms: Sequence[_Atom]) -> _Atom:
    """Return a group as something that can carry a label; a relation stays a relation."""
    if len(atoms) == 1:
        return atoms[0]
    atom = _grouped(atoms)
    if atom.shape is _Shape.ONE:
        return atom
    return _Atom(_Kind.ORD, _bracketed(atom.text))


def _shape(atoms: Sequence[_Atom]) -> _Shape:
    seen = [atom for atom in _classified(atoms) if atom.kind is not _Kind.SPACE]
    if not seen:
        return _Shape.ONE
    if len(seen) == 1:
        return seen[0].shape
    if all(atom.text.isdecimal() or atom.text in ".," for atom in seen):
        return _Shape.ONE
    if _is_call(seen):
        return max(_Shape.ONE, min(seen[-1].shape, _Shape.SCRIPTED))
    loose = (_Kind.BIN, _Kind.SIGN, _Kind.REL, _Kind.PUNCT, _Kind.NAME, _Kind.BIG)
    outside = _outside_brackets(seen)
    if any(atom.kind in loose or atom.shape is _Shape.SUM for atom in outside):
        return _Shape.SUM
    return _Shape.RATIO if any(atom.text == "/" for atom in outside) else _Shape.PRODUCT


def _outside_brackets(atoms: Sequence[_Atom]) -> list[_Atom]:
    outside, depth = [], 0
    for atom in atoms:
        depth -= atom.kind is _Kind.CLOSE
        if depth <= 0:
            outside.append(atom)
        depth += atom.kind is _Kind.OPEN
    return outside


def _is_call(atoms: Sequence[_Atom]) -> bool:
    """Is this one bracket, or a function with its arguments: (a+b), P(A|B), |x|, but not n(n+1)?"""
    bars = [atom.text[0] for atom in atoms if atom.text and atom.text[0] in _BARS]
    if len(bars) == 2 and atoms[0].text == bars[0] == atoms[-1].text[:1]:
        return True
    depth = 0
    for start in range(len(atoms) - 1, -1, -1):
        depth += {_Kind.CLOSE: 1, _Kind.OPEN: -1}.get(atoms[start].kind, 0)
        if depth <= 0:
            break
    if atoms[-1].kind is not _Kind.CLOSE or depth or start > 1:
        return False
    head = atoms[0]
    if start == 0 or head.word or head.kind is _Kind.NAME:
        return True
    inside = atoms[start + 1 : -1]
    return head.text[:1].isalpha() and not any(
        atom.kind in (_Kind.BIN, _Kind.SIGN) for atom in inside
    )


def _ratio(upper: Sequence[_Atom], lower: Sequence[_Atom]) -> _Atom:
    top, bottom = _grouped(upper), _grouped(lower)
    if not top.text or not bottom.text:
        raise _UnreadableError
    derivative = (
        len(lower) == 2
        and lower[0].text in _DIFFERENTIALS
        and lower[1].shape <= _Shape.SCRIPTED
        and top.text.startswith(_DIFFERENTIALS)
    )
    over = _bracketed(top.text) if top.shape >= _Shape.RATIO else top.text
    under = bottom.text
    if bottom.shape >= _Shape.PRODUCT and not derivative:
        under = _bracketed(under)
    return _Atom(_Kind.ORD, f"{over}/{under}", _Shape.RATIO)


def _classified(atoms: Sequence[_Atom]) -> list[_Atom]:
    """Tell the sign in −x from the operator in a − x, as TeX does."""
    seen: list[_Atom] = []
    before: _Atom | None = None
    unary = (_Kind.BIN, _Kind.SIGN, _Kind.NAME, _Kind.BIG, _Kind.REL, _Kind.OPEN, _Kind.PUNCT)
    for atom in atoms:
        if atom.kind is _Kind.BIN and (before is None or before.kind in unary):
            atom = replace(atom, kind=_Kind.SIGN)
        elif (
            before is not None
            and before.kind is _Kind.BIN
            and atom.kind in (_Kind.REL, _Kind.CLOSE, _Kind.PUNCT)
        ):
            at = max(index for index, old in enumerate(seen) if old is before)
            seen[at] = replace(before, kind=_Kind.ORD)
        seen.append(atom)
        if atom.kind is not _Kind.SPACE:
            before = atom
    return seen


def _join(atoms: Sequence[_Atom], *, tight: bool = False) -> str:
    """Set atoms in a row. *tight*: as in a script, without spaces around operators."""
    row = _with_indices_apart(_with_ratios_bracketed(_classified(atoms)))
    pieces: list[str] = []
    for before, atom in zip([None, *row], row, strict=False):
        if before is not None and not atom.text.startswith(" "):
            pieces.append(_space(before, atom, tight))
        pieces.append(atom.text)
    text = (
        reduce(_beside, pieces, "") if any("\n" in piece for piece in pieces) else "".join(pieces)
    )
    return text if "\n" in text else text.strip(" ")


def _with_ratios_bracketed(atoms: Sequence[_Atom]) -> list[_Atom]:
    """Bracket each fraction that has a factor beside it: ½ x is (1/2)x, never 1/2x."""
    row = [atom for atom in atoms if atom.kind is not _Kind.SPACE]
    found: list[_Atom] = []
    at = -1
    for atom in atoms:
        at += atom.kind is not _Kind.SPACE
        if atom.shape is _Shape.RATIO and atom.kind is _Kind.ORD:
            left = row[at - 1] if at else None
            right = row[at + 1] if at + 1 < len(row) else None
            if _is_factor(left, _Kind.CLOSE) or _is_factor(right, _Kind.OPEN):
                atom = _Atom(_Kind.INNER, _bracketed(atom.text))
        found.append(atom)
    return found


def _with_indices_apart(atoms: Sequence[_Atom]) -> list[_Atom]:
    """Keep the index of a root from being a power of what is before it: 2 ∛5 is not 2³ √5."""
    found: list[_Atom] = []
    before: _Atom | None = None
    for atom in atoms:
        rest = atom.text.lstrip(_INDICES)
        index = atom.text.removesuffix(rest)
        if index and before is not None and before.text != "/":
            if rest.startswith("√") and _is_carrier(before):
                sign = _ROOTS.get(index)
                text = sign + rest[1:] if sign else _bracketed(atom.text)
                atom = replace(atom, text=text)
            elif before.text[-1:].isdigit():
                atom = replace(atom, text=f" {atom.text}")
        found.append(atom)
        if atom.kind is not _Kind.SPACE:
            before = atom
    return found


_ROOTS = {"³": "∛", "⁴": "∜"}


def _is_carrier(atom: _Atom) -> bool:
    """Could a superscript after this be its power?"""
    return atom.kind in (_Kind.ORD, _Kind.NAME, _Kind.BIG, _Kind.INNER, _Kind.CLOSE)


def _is_factor(atom: _Atom | None, side: _Kind) -> bool:
    if atom is None:
        return False
    if atom.kind is _Kind.BIN:
        return atom.text not in _LEFT_TO_RIGHT
    return atom.kind in (_Kind.ORD, _Kind.NAME, _Kind.BIG, _Kind.INNER, side)


def _space(left: _Atom, right: _Atom, tight: bool) -> str:
    """Return what stands between two neighbours in a row."""
    kinds = {left.kind, right.kind}
    if _Kind.SPACE in kinds or left.text.endswith(" "):
        return ""
    if _runs_into(left, right):
        return " "
    for kind in (_Kind.REL, _Kind.BIN):
        if kind in kinds:
            touching = (
                tight
                or left.kind in (right.kind, _Kind.OPEN)
                or right.kind in (_Kind.CLOSE, _Kind.PUNCT)
            )
            return "" if touching else " "
    if left.kind in (_Kind.OPEN, _Kind.SIGN) or right.kind in (_Kind.CLOSE, _Kind.PUNCT):
        return ""
    if left.kind is _Kind.PUNCT:
        return "" if tight else " "
    if left.kind is _Kind.NAME:
        called = right.kind in (_Kind.OPEN, _Kind.INNER) and not left.text.endswith(")")
        return "" if called else " "
    if left.kind is _Kind.BIG or right.kind in (_Kind.NAME, _Kind.BIG):
        return " "
    return " " if kinds == {_Kind.INNER, _Kind.ORD} else ""


def _runs_into(left: _Atom, right: _Atom) -> bool:
    """Would *right* read as part of what *left* ends in: W_Q x, √2 (x), KL p?"""
    if left.shape is _Shape.ROOT and left.open_end:
        return right.kind in (_Kind.ORD, _Kind.OPEN) and right.text != "/"
    if left.open_end:
        return right.text[:1].isalnum()
    return (left.word or right.word) and left.text[-1:].isalnum() and right.text[:1].isalnum()


# rows


def _width(line: str) -> int:
    return sum(not unicodedata.combining(char) for char in line)


def _even(lines: Sequence[str], *, right: bool = False, width: int = 0) -> str:
    """Pad lines to one width."""
    width = max(width, *map(_width, lines))
    pads = [" " * (width - _width(line)) for line in lines]
    pairs = zip(lines, pads, strict=True)
    return "\n".join(pad + line if right else line + pad for line, pad in pairs)


def _beside(left: str, right: str) -> str:
    """Set two blocks side by side; their middle lines ((n − 1) // 2) meet."""
    blocks = [left.split("\n"), right.split("\n")]
    height = max(map(len, blocks))
    if height == 1:
        return left + right
    columns = []
    for block in blocks:
        above = (height - 1) // 2 - (len(block) - 1) // 2
        below = height - len(block) - above
        columns.append(_even([""] * above + block + [""] * below).split("\n"))
    return "\n".join(map(str.__add__, *columns))


def _grid(rows: Sequence[Sequence[str]], right: Sequence[bool], gaps: Sequence[str]) -> str:
    """Set cells in columns. right[i]: column i is flush right; gaps[i] stands before it."""
    widths = [
        max((_width(line) for row in rows for line in _cell(row, at).split("\n")), default=0)
        for at in range(len(right))
    ]
    lines = []
    for row in rows:
        line = ""
        for at, width in enumerate(widths):
            cell = _even(_cell(row, at).split("\n"), right=right[at], width=width)
            line = _beside(_beside(line, gaps[at]), cell)
        lines.append(line)
    return "\n".join(line.rstrip(" ") for line in "\n".join(lines).split("\n"))


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _aligned(rows: Sequence[Sequence[Sequence[_Atom]]], display: bool) -> str:
    cells = [[_join(cell) for cell in row] for row in rows]
    columns = max(map(len, cells))
    if display and len(cells) > 1:
        right = [columns > 1 and at % 2 == 0 for at in range(columns)]
        gaps = ["" if at == 0 else " " if at % 2 else "   " for at in range(columns)]
        return _grid(cells, right, gaps)
    lines = [" ".join(filter(None, row)) for row in cells]
    if len(lines) == 1:
        return lines[0]
    text = lines[0]
    for row, line in zip(cells[1:], lines[1:], strict=True):
        text += ("; " if row[0] else " ") + line
    return text


def _matrix(
    rows: Sequence[Sequence[Sequence[_Atom]]], fence: str, display: bool
) -> tuple[str, _Shape]:
    cells = [[_join(cell) for cell in row] for row in rows]
    opening, closing = fence[:1], fence[1:]
    shape = _Shape.ONE if fence else _Shape.SUM
    if display and len(cells) > 1:
        columns = max(map(len, cells))
        grid = _grid(cells, [True] * columns, ["", *["  "] * (columns - 1)])
        return _fenced(opening, grid, closing), shape
    return opening + "; ".join(", ".join(row) for row in cells) + closing, shape


def _cases(rows: Sequence[Sequence[Sequence[_Atom]]], display: bool) -> str:
    cells = [[_join(cell).rstrip(",") for cell in row] for row in rows]
    if display and len(cells) > 1:
        columns = max(map(len, cells))
        grid = _grid(cells, [False] * columns, [" ", *["  "] * (columns - 1)])
        return _fenced("{", grid, "")
    lines = []
    for row, texts in zip(rows, cells, strict=True):
        said = len(row) > 1 and bool(row[1]) and row[1][0].word
        lines.append((" " if said else ", ").join(texts))
    return "{" + "; ".join(lines) + "}"


def _fenced(opening: str, text: str, closing: str) -> str:
    """Put a block between brackets as tall as it is."""
    lines = _even(text.split("\n")).split("\n")
    left, right = _tall(opening, len(lines)), _tall(closing, len(lines))
    return "\n".join(map("".join, zip(left, lines, right, strict=True)))


def _tall(bracket: str, height: int) -> list[str]:
    if height == 1 or bracket not in _TALL:
        return [bracket.replace("|", "│")] * height
    top, middle, bottom, stretch = tuple(_TALL[bracket])
    pieces = [top, *[stretch] * (height - 2), bottom]
    if height > 2:
        pieces[(height - 1) // 2] = middle
    return pieces
