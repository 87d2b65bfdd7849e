"""HTML as Markdown: lists, tables, code, pictures, sub- and superscripts and formulas as they are.

What Markdown has no sign for and the app shows all the same (sub, sup, u) stays a tag. Fonts and
how a text is aligned are dropped; what says something and cannot be kept (a colour, a script, a
frame) is named. Formulas and hidden texts, which come from Anki, go through as single signs that
HTML does not touch. A formula that a page has as LaTeX is that alone, without what shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from studyapp.notes import plaintext
from studyapp.notes.outline import fence

TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*+)"
    r"(?P<said>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|\"[^\"]{0,9999}+\"|'[^']{0,9999}+')*+)>"
)
_ATTRIBUTE = re.compile(
    r"""([A-Za-z_:][\w:.-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++))"""
)
_STRONG, _EMPHASIS, _STRUCK = {"b", "strong"}, {"em", "i", "dfn", "cite"}, {"s", "del", "strike"}
_CODE, _KEPT = {"code", "tt", "kbd", "samp"}, {"sub", "sup", "u", "mark", "ins"}
_VOID = {"br", "hr", "img", "wbr", "input", "col", "source", "embed", "link", "meta"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl"),
    *("dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
    *("html", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td"),
    *("tfoot", "th", "thead", "tr", "ul", "caption"),
}
_RAW, _RUBY = {"pre", "annotation", *_CODE}, {"rt", "rp"}
_ENDS_LAST = {"li": {"li"}, "tr": {"td", "th", "tr"}, "td": {"td", "th"}, "th": {"td", "th"}}
_ENDS_P = {"p", "div", "ul", "ol", "table", "pre", "blockquote"}
_IN_TABLE = {"thead", "tbody", "tfoot", "tr", "td", "th"}
_STYLES = {  # what an element says by its style alone
    re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE): "b",
    re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE): "i",
    re.compile(r"text-decoration[\w-]*\s*:[^;]*line-through", re.IGNORECASE): "s",
    re.compile(r"vertical-align\s*:\s*sub", re.IGNORECASE): "sub",
    re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE): "sup",
}
_PLAIN = (  # what editors leave where nothing was coloured
    r"inherit|initial|unset|transparent|none|currentcolor|windowtext|black|white|(?:var|url)\("
    r"|#(?:0+|f+)\b|rgba?\(\s*(?:0\s*,\s*0\s*,\s*0|255\s*,\s*255\s*,\s*255)\b"
)
_COLOUR = re.compile(
    rf"(?<![\w-])(?:background|(?:background-)?color)\s*:\s*+(?!{_PLAIN})[#\w]", re.IGNORECASE
)
_OF_A_FONT = re.compile(rf"\s*+(?!{_PLAIN})[#\w]", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Whose blocks are marked as what they are.
_OF_PARTS = {"li", "ul", "ol", "blockquote", "summary", "dt", "caption"}
_OF_PARTS |= {"h1", "h2", "h3", "h4", "h5", "h6"}
_TITLED = {"abbr", "acronym", "span"}  # which say more where one points at them
# What MathJax reads, and what it, KaTeX and Wikipedia draw of the LaTeX that they keep.
_SCRIPT = re.compile(
    r"<script\b(?P<said>(?:(?!math/)[^<>])*+math/[^<>]*+)>(?P<tex>(?:(?!</?script\b).)*+)</script\s*+>",
    re.DOTALL | re.IGNORECASE,
)
_FALLBACK = re.compile(
    r"(</math>\s*+</span>)\s*+<img\b(?:(?!mwe-math-fallback)[^<>])*+mwe-math-fallback[^<>]*+>"
)
_PANDOC = re.compile(
    r'<span class="math (?P<said>inline|display)">\s*+(?:\\\(|\\\[)(?P<tex>(?:(?!\\[)\]]|<).)*+)'
    r"\\[)\]]\s*+</span>",
    re.DOTALL,
)
# What MathJax and KaTeX typeset of a page's text, and the elements in which they do not.
_TYPED = re.compile(
    r"<(?P<code>pre|code|script|style|textarea)\b(?s:(?:(?!</?(?P=code)\b).)*+)</(?P=code)"
    r"|(?<!\\)(?:\\\((?P<inline>(?:(?!\\[()]|</?[a-z]+[\s>/]).){1,2000}+)\\\)"
    r"|\\\[(?P<display>(?:(?!\\[\[\]]|</?[a-z]+[\s>/]).){1,5000}+)\\\]"
    r"|\$\$(?P<block>(?:(?!</?[a-z]+[\s>/])[^$]){1,5000}+)\$\$)",
    re.DOTALL | re.IGNORECASE,
)
_TYPESETS = re.compile(r"<script\b[^<>]*(?:mathjax|katex)", re.IGNORECASE)
_CDATA = re.compile(r"%?\s*+<!\[CDATA\[|%?\s*+\]\]>")
_OF_SCRIPT = '<math class="script"'
_STACKED = {"msub", "msup", "msubsup", "mfrac", "msqrt", "mroot", "munder", "mover", "munderover"}
_PLAYED = {"audio": "a sound in HTML", "video": "a film"}  # if no file is named
_DROPPED = {  # with all that is in them
    "script": "a script",
    "style": "a style sheet",
    "iframe": "a frame",
    "object": "an embedded object",
    "svg": "a drawing in HTML",
    "canvas": "a drawing in HTML",
    "template": "a template of HTML",
    "title": "a title",
    "head": "a head of HTML",
}
_ALONE = _VOID | _PLAYED.keys() | _DROPPED.keys()  # nothing is written within them
_SCHEMES = {"", "http", "https", "mailto"}
_SOUND = re.compile(r"\[sound:([^\]\n]{1,300})\]")
# References to the signs that stand for what comes from Anki (`notes/ankifield.py`).
_SIGN = re.compile(r"&#(?:[xX]0*+[eE]0[fF][0-3](?![0-9A-Fa-f])|0*+5758[4-7](?![0-9]));?")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_APART = re.compile(r"\n[ ]*\n\s*")
_STAYING = re.compile(r" *\xa0[ \xa0]*")
_HEADING = re.compile("h[1-6]")
_ITEM = re.compile(r"- |\d+\. ")
_BELOW = re.compile(r"\n(?=.)")
_NUMBER = re.compile("[0-9]{1,6}")
_BREAKS, _BAR = re.compile(r"\\?\n+"), re.compile(r"(?<!\\)\|")
_LANGUAGE = re.compile(r"(?:language-|lang-)([\w+#-]+)")
_ENDS_ADDRESS, _ENDS_NAME = re.compile(r"[\s()<>\\]"), re.compile(r"[%#?]")
_MOST_NESTED = 100
_MOST_SPANNED = 10_000  # cells of a table that others stand for


@dataclass
class Converted:
    """What became of some HTML; `lost` names what was left out, `media` the files it shows."""

    text: str
    lost: set[str] = field(default_factory=set)
    media: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Frame:
    """An open element: the blocks that are finished in it, and the line that is being written."""

    name: str
    said: dict[str, str] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    rows: list[tuple[bool, list[_Cell]]] = field(default_factory=list)  # of a table


class _Cell(NamedTuple):
    """A cell of a table: over how many columns it goes, and over how many rows."""

    text: str
    right: int
    down: int


def to_markdown(html: str) -> Converted:
    """HTML as Markdown. Never raises; takes time in proportion to its length."""
    writer = _Writer()
    writer.write(typeset(html))
    return writer.converted


def typeset(html: str) -> str:
    """HTML in which the formulas that MathJax is to draw, in scripts, as Pandoc has them, or in the
    text of a page that loads it, are in MathML, as all others, on as many lines, and the pictures
    that Wikipedia has of its formulas are left out."""
    if "mwe-math-fallback" in html:
        html = _FALLBACK.sub(r"\1", html)
    if 'class="math ' in html:
        html = _PANDOC.sub(_mathml, html)
    if _TYPESETS.search(html):
        html = _TYPED.sub(_typed, html)
    return _SCRIPT.sub(_mathml, html) if "math/" in html else html


def tex_of(script: str) -> str:
    """The LaTeX in a script of MathJax."""
    return unescaped(_CDATA.sub("", script)).strip()


def _mathml(script: re.Match[str]) -> str:
    said = script["said"].lower()
    if "math/mml" in said:
        return script["tex"]
    if "math/" in said and "math/tex" not in said:
        return f"<code>{script['tex']}</code>"
    return _annotated(script, script["tex"], is_block="display" in said)


def _typed(found: re.Match[str]) -> str:
    if found["code"]:
        return found[0]
    tex = found["inline"] or found["display"] or found["block"]
    return _annotated(found, tex, is_block=not found["inline"])


def _annotated(found: re.Match[str], tex: str, *, is_block: bool) -> str:
    """A formula as MathML that says its LaTeX alone, on as many lines as what was *found*."""
    display = ' display="block"' if is_block else ""
    lines, tex = "\n" * found[0].count("\n"), escape(tex_of(tex), quote=False)
    said = f'<annotation encoding="application/x-tex">{" ".join(tex.split())}</annotation>'
    return f"{_OF_SCRIPT}{display}>{said}{lines}</math>"


class _Writer:
    def __init__(self) -> None:
        self.converted = Converted("")
        self.top = _Frame("")
        self.stack = [self.top]
        self.raw = 0  # elements around it whose text stays as it is
        self.dropping, self.deep = "", 0  # the element that is left out, and how many within
        self.is_drawn = False  # MathJax has put its drawings beside what they show
        self.plays = False  # what is left out names its file further down
        self.stacked = False  # a formula of MathML has parts above each other

    def write(self, html: str) -> None:
        self.is_drawn = _OF_SCRIPT in html
        for tag, text in _tokens(html):
            if tag is None:
                if not self.dropping:
                    self._text(unescaped(text) if "&" in text else text)
            elif self.dropping:
                self._pass_over(tag)
            else:
                end, name, said = tag.groups()
                if end:
                    self._end(name.lower())
                else:
                    self._start(name.lower(), said)
        if self.plays:
            self.converted.lost.add(_PLAYED[self.dropping])
        elif self.dropping and self.dropping not in _ALONE:
            self.converted.lost.add("all below a formula that has no end")
        while len(self.stack) > 1:
            self._close()
        self._flush()
        self.converted.text = "\n\n".join(self.stack[0].blocks)

    def _pass_over(self, tag: re.Match[str]) -> None:
        name = tag["name"].lower()
        if name == self.dropping and name not in _ALONE:
            self.deep += -1 if tag["end"] else 1
        if tag["end"] and name == self.dropping and not self.deep:
            if self.plays:
                self.converted.lost.add(_PLAYED[name])
            self.dropping, self.plays = "", False
        elif self.plays and name == "source":
            self.plays = not self._played(_attributes(tag["said"]))

    def _push(self, frame: _Frame) -> None:
        self.stack.append(frame)
        self.top = frame
        self.raw += frame.name in _RAW

    def _pop(self) -> _Frame:
        frame = self.stack.pop()
        self.top = self.stack[-1]
        self.raw -= frame.name in _RAW
        return frame

    def _text(self, text: str) -> None:
        if self.raw:
            self.top.inline.append(text.replace("\r\n", "\n"))
            return
        if "  " in text or "\n" in text or "\t" in text or "\r" in text or "\f" in text:
            text = _SPACES.sub(" ", text)
        if "[sound:" not in text:
            self.top.inline.append(plaintext.inline(text))
            return
        end = 0
        for sound in _SOUND.finditer(text):
            self.top.inline.append(plaintext.inline(text[end : sound.start()]))
            self.top.inline.append(self._file(sound[1], sound[1]))
            end = sound.end()
        self.top.inline.append(plaintext.inline(text[end:]))

    def _file(self, name: str, shown: str) -> str:
        self.converted.media.add(name)
        return f"[{plaintext.inline(shown)}]({beside(name)})"

    # --- tags -------------------------------------------------------------------------------

    def _start(self, name: str, said: str) -> None:
        if name in _ALONE:
            self._alone(name, said)
            return
        if len(self.stack) > _MOST_NESTED:
            self.converted.lost.add("tags that are nested too deeply")
            return
        attributes = _attributes(said) if said else {}
        if attributes and self._is_drawing(attributes.get("class", "")):
            self.dropping, self.deep = name, 1
            return
        if name in _BLOCKS and not self.raw:
            self._open_block(name)
        if name in _RUBY and self.top.name in _RUBY:
            self._close()
        self.stacked = self.stacked or name in _STACKED
        self._push(_Frame(name, attributes))
        if self.top.said:
            self._tell_looks(name, self.top.said)

    def _is_drawing(self, classes: str) -> bool:
        """Whether an element only shows a formula that is there as text, too."""
        if "katex-html" in classes:
            return any(map(str.strip, self.top.inline))
        return self.is_drawn and "MathJax" in classes

    def _tell_looks(self, name: str, said: dict[str, str]) -> None:
        style = said.get("style", "")
        if _HIDDEN.search(style):
            self.converted.lost.add("that a text is hidden at first, which is shown")
        if _COLOUR.search(style) or (name == "font" and _OF_A_FONT.match(said.get("color", ""))):
            self.converted.lost.add("a colour")

    def _alone(self, name: str, said: str) -> None:
        if name in _DROPPED:
            self.dropping = name
            self.converted.lost.add(_DROPPED[name])
        elif name in _PLAYED:
            self.dropping, self.plays = name, not self._played(_attributes(said))
        else:
            self._void(name, _attributes(said))

    def _open_block(self, name: str) -> None:
        """A block ends the line before it; an item ends the item before it, a cell the cell."""
        if self.top.name in _ENDS_LAST.get(name, ()):
            self._close()
            if name == "tr" and self.top.name == "tr":
                self._close()
        if self.top.name == "p" and name in _ENDS_P:
            self._close()
        self._flush()

    def _end(self, name: str) -> None:
        if self.top.name == name:
            self._close()
            return
        at = next((i for i in range(len(self.stack) - 1, 0, -1) if self.stack[i].name == name), 0)
        while at and len(self.stack) > at:
            self._close()

    def _void(self, name: str, said: dict[str, str]) -> None:
        if name == "br":
            self.top.inline.append("\n")
        elif name == "hr":
            self._flush()
            self.top.blocks.append("***")
        elif name == "img":
            self._image(said)
        elif name in ("embed", "input"):
            self.converted.lost.add(f"<{name}>")

    def _image(self, said: dict[str, str]) -> None:
        source = said.get("src", "").strip()
        shown = plaintext.inline(" ".join(said.get("alt", "").split()))
        scheme = _scheme(source)
        if scheme in ("http", "https"):
            self.top.inline.append(f"![{shown}]({address(source)})")
        elif scheme == "" and source:
            name = unquote(source)
            self.converted.media.add(name)
            self.top.inline.append(f"![{shown}]({beside(name)})")
        elif scheme == "file":  # named as what is missing
            self.converted.media.add(source)
            self.top.inline.append(shown)
        else:
            self.top.inline.append(shown)
            within = scheme == "data"
            self.converted.lost.add(
                f"a picture {'within the text' if within else 'without a file'}"
            )

    def _played(self, said: dict[str, str]) -> bool:
        """A sound or a film as a link to its file; whether one is named."""
        source = said.get("src", "").strip()
        if not source or _scheme(source) not in ("", "http", "https"):
            return False
        is_here = not _scheme(source)
        self.top.inline.append(
            self._file(unquote(source), unquote(source))
            if is_here
            else self._link(source, plaintext.inline(source))
        )
        return True

    # --- closing ----------------------------------------------------------------------------

    def _close(self) -> None:
        name = self.top.name
        if name in _BLOCKS:
            self._close_block()
            return
        frame = self._pop()
        parent = self.top
        if frame.blocks:  # a block in emphasis: the emphasis goes
            self._flush()
            parent.blocks += frame.blocks
        text = "".join(frame.inline)
        if name in _CODE and parent.name == "pre":
            parent.said.setdefault("class", frame.said.get("class", ""))
            parent.inline.append(text)
        elif name in _CODE:
            parent.inline.append(_code_span(text))
        elif self.raw or not (text.strip() or name == "math"):
            parent.inline.append(text)
        else:
            parent.inline.append(self._marked(frame, text))

    def _marked(self, frame: _Frame, text: str) -> str:
        inner = text.strip()
        before, after = (
            text[: len(text) - len(text.lstrip())],
            text[len(text.rstrip()) :] if inner else "",
        )
        name, style = frame.name, frame.said.get("style", "")
        for said, tag in _STYLES.items() if style else ():
            if said.search(style):
                inner = _tagged(inner, tag)
        if name in _STRONG:
            inner = _emphasis(inner, "**", "b")
        elif name in _EMPHASIS:
            inner = _emphasis(inner, "*", "i")
        elif name in _STRUCK:
            inner = _emphasis(inner, "~~", "s")
        elif name in _KEPT:
            inner = f"<{name}>{inner}</{name}>"
        elif name in _TITLED and (title := " ".join(frame.said.get("title", "").split())):
            inner = f"{inner} ({plaintext.inline(title)})"
        elif name == "a":
            inner = self._link(frame.said.get("href", "").strip(), inner)
        elif name == "rt":
            inner = f"({inner})"
        elif name == "rp":  # the brackets of who cannot show what is above
            inner = ""
        elif name == "q":
            inner = f"“{inner}”"
        elif name == "annotation":
            inner = self._annotated(frame, inner)
        elif name == "math":
            inner = self._formula(frame, inner)
        return before + inner + after

    def _annotated(self, frame: _Frame, text: str) -> str:
        """What stands behind a formula of MathML, which may be the formula as LaTeX."""
        around = next((one for one in reversed(self.stack) if one.name == "math"), None)
        if around is not None and "tex" in frame.said.get("encoding", ""):
            if "$" in text:
                self.converted.lost.add("a formula with a dollar sign in it")
            else:
                around.said["tex"] = " ".join(text.split())
        return ""

    def _formula(self, frame: _Frame, letters: str) -> str:
        stacked, self.stacked = self.stacked, False
        if tex := frame.said.get("tex"):
            mark = "$$" if frame.said.get("display") == "block" else "$"
            return f"{mark}{tex}{mark}"
        if stacked:
            self.converted.lost.add("what is above and below in a formula of MathML")
        return letters

    def _link(self, target: str, text: str) -> str:
        if not target:
            return text
        if _scheme(target) not in _SCHEMES:
            self.converted.lost.add("a link that is no address of the web")
            return text
        return f"[{text}]({address(target)})".replace("\n", " ")

    def _close_block(self) -> None:
        if self.top.name == "pre":
            frame = self._pop()
            self.top.blocks.append(_fence("".join(frame.inline), frame.said))
            return
        self._flush()
        frame = self._pop()
        if frame.name in _IN_TABLE:
            self._close_in_table(frame)
        elif frame.name == "table":
            self.top.blocks += [*frame.blocks, *_table(frame.rows)]
        elif frame.blocks:
            self.top.blocks += _written(frame, in_list=self.top.name in ("ul", "ol"))

    def _close_in_table(self, frame: _Frame) -> None:
        """A cell goes to the table around it; what stands beside the cells comes before it."""
        table = next((one for one in reversed(self.stack) if one.name == "table"), None)
        if table is None or frame.name not in ("td", "th"):
            self.top.blocks += frame.blocks
            if table is not None and frame.name == "tr":
                table.rows.append((False, []))
            return
        head, cells = table.rows.pop() if table.rows else (False, [])
        body = _joined(frame.blocks, tight=False)
        cell = _Cell(body, _span(frame, "colspan"), _span(frame, "rowspan"))
        table.rows.append((head or frame.name == "th", [*cells, cell]))
        if frame.said.keys() & {"colspan", "rowspan"}:
            self.converted.lost.add("cells of a table that are one")

    def _flush(self) -> None:
        """The line that is being written becomes a paragraph."""
        if not self.top.inline:
            return
        text = "".join(self.top.inline)
        self.top.inline.clear()
        if "\n" not in text and "\xa0" not in text:
            if said := text.strip():
                self.top.blocks.append(plaintext.lines(said))
            return
        for part in _APART.split(text):
            said = "\n".join(map(_line, part.strip(" \n").split("\n"))).strip("\n")
            if said:
                self.top.blocks.append(plaintext.lines(said).replace("\n", "\\\n"))


def _line(text: str) -> str:
    """A line as HTML shows it: spaces that stay are one, but for several that indent it."""
    words = text.strip()
    if "\xa0" not in text:
        return words
    indent = text[: len(text) - len(text.lstrip())] if words else ""
    deep = len(indent) if indent.count("\xa0") > 1 else 0
    return "\xa0" * deep + _STAYING.sub(" ", words)


def _written(frame: _Frame, *, in_list: bool) -> list[str]:
    """The blocks of an element that has some, marked as what they are."""
    name = frame.name
    if name not in _OF_PARTS:
        return frame.blocks
    if name in ("ul", "ol"):
        return [_list(frame)]
    body = _joined(frame.blocks, tight=name == "li")
    if name == "li":
        return [body if in_list else f"- {_below(body, 2)}"]
    if name == "blockquote":
        return ["\n".join(f"> {line}".rstrip() for line in body.split("\n"))]
    if _HEADING.fullmatch(name):
        return [f"{'#' * max(3, int(name[1]))} {' '.join(body.split())}"]
    if name in ("summary", "dt", "caption") and "\n" not in body:
        return [_emphasis(body, "**", "b")]
    return frame.blocks


def _joined(blocks: list[str], *, tight: bool) -> str:
    """Blocks below each other; in an item a list stands right below its text."""
    if len(blocks) == 1:
        return blocks[0]
    text = ""
    for block in blocks:
        listed = tight and "\n\n" not in block and _ITEM.match(block)
        text += ("\n" if listed else "\n\n") * bool(text) + block
    return text


def address(target: str) -> str:
    """An address as a link of Markdown holds it."""
    return _ENDS_ADDRESS.sub(lambda sign: "".join(f"%{b:02X}" for b in sign[0].encode()), target)


def beside(name: str) -> str:
    """The address of a file that comes along with a note: `media.path_of` gives its name back."""
    plain = _ENDS_NAME.sub(lambda sign: f"%{ord(sign[0]):02X}", name)
    return address(f"media/{plain}")


def _tokens(html: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """The tags and the texts between them; comments and what is declared are left out."""
    at, closes = 0, True
    while at < len(html):
        opens = html.find("<", at)
        if opens < 0:
            yield None, html[at:]
            return
        if opens > at:
            yield None, html[at:opens]
        if html.startswith("<!--", opens):
            end = html.find("-->", opens + 4) if closes else -1
            closes = end >= 0
            at = end + 3 if closes else len(html)
        elif html.startswith(("<!", "<?"), opens) and html[opens + 2 : opens + 3].isalpha():
            end = html.find(">", opens)
            at = end + 1 if end >= 0 else len(html)
        elif tag := TAG.match(html, opens):
            yield tag, ""
            at = tag.end()
        else:
            yield None, "<"
            at = opens + 1


def unescaped(text: str) -> str:
    """A text with what its references stand for: never one of the signs that go through as such."""
    return unescape(_SIGN.sub("\ufffd", text))


def _attributes(said: str) -> dict[str, str]:
    return {name.lower(): unescaped("".join(values)) for name, *values in _ATTRIBUTE.findall(said)}


def _scheme(target: str) -> str:
    if ":" not in target and "/" not in target:
        return ""
    try:
        return urlsplit(target).scheme.lower()
    except ValueError:
        return "?"


def _emphasis(text: str, mark: str, tag: str) -> str:
    """Emphasis that is one wherever it stands: by signs only between letters or digits."""
    plain = text[0].isalnum() and text[-1].isalnum() and "\n" not in text
    return f"{mark}{text}{mark}" if plain else f"<{tag}>{text}</{tag}>"


def _tagged(text: str, tag: str) -> str:
    marks = {"b": "**", "i": "*", "s": "~~"}
    return _emphasis(text, marks[tag], tag) if tag in marks else f"<{tag}>{text}</{tag}>"


def _code_span(text: str) -> str:
    text = " ".join(text.split())
    if "`" not in text:
        return f"`{text}`" if text else ""
    ticks = "`" * (max(map(len, re.findall("`+", text))) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _fence(text: str, said: dict[str, str]) -> str:
    text = text.strip("\n")
    ticks = fence(text)
    language = _LANGUAGE.search(said.get("class", ""))
    return f"{ticks}{language[1] if language else ''}\n{text}\n{ticks}"


def _below(text: str, width: int) -> str:
    return _BELOW.sub("\n" + " " * width, text) if "\n" in text else text


def _list(frame: _Frame) -> str:
    start = frame.said.get("start", "1")
    first = int(start) if _NUMBER.fullmatch(start) else 1
    marks = [
        f"{number}. " if frame.name == "ol" else "- "
        for number in range(first, first + len(frame.blocks))
    ]
    items = [mark + _below(body, len(mark)) for mark, body in zip(marks, frame.blocks, strict=True)]
    loose = any("\n\n" in item for item in items)
    return ("\n\n" if loose else "\n").join(items)


def _span(frame: _Frame, name: str) -> int:
    """Over how many columns or rows a cell goes; over all that follow if it says 0."""
    said = frame.said.get(name, "").strip()
    return (int(said) or _MOST_SPANNED) if _NUMBER.fullmatch(said) else 1


def _laid_out(rows: list[tuple[bool, list[_Cell]]]) -> Iterator[tuple[bool, list[str]]]:
    """The rows with each cell in its column: one that goes down is said again in each row, what one
    to the right goes over is empty."""
    above, room = dict[int, _Cell](), _MOST_SPANNED  # by column, what goes down from above
    for head, cells in rows:
        line, below, last = list[str](), dict[int, _Cell](), max(above, default=-1)
        rest = cells[::-1]
        while rest or len(line) <= last:
            column = len(line)
            cell = above.get(column) or (rest.pop() if rest else _Cell("", 1, 1))
            if cell.down > 1 and room > 0:
                below[column] = cell._replace(down=cell.down - 1)
            more = min(cell.right - 1, room) if rest or column + cell.right <= last else 0
            line += [cell.text, *[""] * more]
            room -= more + (column in above)
        above = below
        if cells:
            yield head, line


def _table(spanned: list[tuple[bool, list[_Cell]]]) -> Iterator[str]:
    rows = list(_laid_out(spanned))
    if not rows:
        return
    width = max(len(cells) for _, cells in rows)
    head = rows.pop(0)[1] if rows[0][0] else []

    def line(cells: list[str]) -> str:
        padded = [*cells, *[""] * (width - len(cells))]
        return "| " + " | ".join(map(_cell, padded)) + " |"

    yield "\n".join([line(head), "|" + " --- |" * width, *(line(cells) for _, cells in rows)])


def _cell(text: str) -> str:
    return _BAR.sub(r"\\|", _BREAKS.sub("<br>", text))
