"""Files of every foreign format, broken at random: a reader may refuse them, and nothing else."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import zstandard

from ankipack import LEGACY, MIDDLE, NEWEST, collection, package
from studyapp.errors import StudyError
from studyapp.notes import deck, formats

_NOTES = """---
title: "x"
---
# Week 1

1. What is a tensor?
    - a grid
2. Why do we shuffle
rows?

So that none repeats. T/F: **True**

**3. Who?** <span style="color:red">Me &amp; you.</span>

#### Which call?

<details><summary>Show answer</summary>

```python
answer = '''
- fit
'''
```

</details>

## 00:31:20 - Terms

* Label - the truth
* Fit
> to train

| Keyword | Description |
|---|---|
| Loss | an error |

a → b
"""
_HASHCARDS = (
    '---\nname = "x"\n---\nQ: a\nA: b\n\n```\nQ: c\n```\n---\nC: [d] \\[e\\] ![f](g)\nh::i\n'
)
_OBSIDIAN = (
    "#flashcards/x\na::b <!--SR:!2026-01-10,4,250-->\nc:::d\n\ne\n??\nf\n"
    "<!--SR:!fsrs,2026-02-01,10,11.5,5.2,2,4,1,0,2026-01-22-->\n\nThe ==g== is ==1;;h;;i==\nk:: v\n"
)
_ANKI_TEXT = (
    '#separator:tab\n#html:true\n#guid column:1\n#tags column:4\ng1\t<b>a</b>\t"b ""c""\nd"\tt\n'
    "g2\tThe {{c1::x::y}} \\(z\\)\t<ul><li>1<table><td>2</table>\t\n#no\n"
)
_POST = (
    "<!-- studyapp post: pack p, chapter 1 -->\n\n### 1. Q\n\n<!-- answer: q -->\n\n> Mine.\n\n"
    "<!-- note: 1.2 -->\n\n> Noted.\n"
)
_NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "markdown", "source": _NOTES.splitlines(keepends=True)}]}, indent=1
)
_NATIVE = (
    '---\npack: p\ndeck: "A::B"\nkind: questionnaire\n---\n\n## Why? {#why}\n\n![](a.png) So.\n\n'
    "- [ ] so\n\n<!-- tags: a b, need: 1, guid: g%2D1, origin: 0123456789abcdef -->\n\n"
    "## Which? {#w}\n\n```python\n1\n```\n\n<!-- answer -->\n\nThe ==one=={#o}.\n\n"
    "<!-- card: cloze -->\n"
)
_TABLE = """Deutsch;English
der Hund;the dog
;
Baum;tree;plant
"die
Maus";mouse
# no
was?;"a ""b"" c"
"""
_JSON = json.dumps(
    [{"question": "a?", "answer": "b", "options": ["b", "c"]}, {"question": "d?", "answer": 1}],
    indent=1,
)
_JSON_NESTED = json.dumps(
    {
        "deck": "d",
        "one": [{"q": "a?", "options": {"A": "x", "B": "y"}, "a": "B"}, ["c?", 1]],
        "two": {"Why?": ["so", True], "glossary": {"e": "f", "g": "h"}},
        "three": [{"front": "i", "answers": [{"text": "j", "correct": True}], "id": None}],
    }
)
_JSON_LINES = '{"question":"a?","answer":"b"}\n{"term":"c","meaning":["d",2.50]}\n'
_ORG = """#+title: Cells
* TODO Week 1 :bio:
** What is a ribosome? :drill:
:PROPERTIES:
:DRILL_CARD_TYPE: twosided
:END:
It makes [protein||what?] of /RNA/.
*** Front
a
*** Back
#+begin_src python
q = "Q: ?"
#+end_src
- Vacuole :: room for water
"""
_ASCIIDOC = """= Terms
:toc:

== Week 1

Epoch:: one pass
Batch::
  some rows
+
more

[qanda]
What is a loss?:: an error
Why?::
* so

[source,python]
----
q = "Q: ?"
----
"""
_HTML = """<html><body><h1>Week 1</h1><h2>What is a <b>byte</b>?</h2><p>Eight&nbsp;bits.</p>
<pre><code class="language-py">x &lt; 1
</code></pre><table><tr><th>Bit</th></tr><tr><td>0</td></tr></table>
<dl><dt>Word</dt><dd>Some bytes, H<sub>2</sub>O</dd></dl><ul><li>Q: a?<br>A: b</li></ul>
</body></html>
"""
_KEYED = """* Logseq {{cloze block}} #card
  id:: 1
  - below

1. Is it?
   A) yes
   B) no
1. Why?
   - A. so
   - B. else

!!! question "What?"
    So.

:::{dropdown} Who?
Me.
:::

term
: meaning
>>> more

Answers: 1b, 2a
"""
# Of each format a file of its own, and of some the shapes that it has besides.
TEXTS = {
    "post": (_POST,),
    "native": (_NATIVE,),
    "notebook": (_NOTEBOOK,),
    "json": (_JSON, _JSON_NESTED, _JSON_LINES),
    "anki-text": (_ANKI_TEXT, _TABLE),
    "hashcards": (_HASHCARDS,),
    "obsidian": (_OBSIDIAN,),
    "notes": (_NOTES, _ORG, _ASCIIDOC, _HTML, _KEYED),
}
_MARKS = [
    *("#", "## ", "1. ", "- ", "> ", "```", "~~~", "<details>", "</details>", "'''", "|", "---"),
    *(
        "\n",
        "\n\n",
        "?",
        "**",
        "Answer:",
        "\t",
        "<!--",
        "-->",
        "\xa0",
        "==",
        "::",
        ":::",
        "[",
        "](",
    ),
    *(
        '"',
        "{{c1::",
        "}}",
        "\\(",
        "$",
        "\ufeff",
        "\r",
        "\0",
        "\x1b[31m",
        "\u202e",
        "<script>",
        "&#0;",
    ),
    *("\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\\\ud83d"),  # escapes of JSON, halves among them
    *("{", "}", ",", "sep=;\n", '"cells"', "\x1f", "9" * 30, "-1", "\ud83d\ude00", "é", "e\u0301"),
]


class Files:
    """Broken files, in a folder of their own, which no reader may change."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.bases = {
            name: collection(folder / "base", newer=name == NEWEST)
            for name in (LEGACY, MIDDLE, NEWEST)
        }
        (folder / "base").unlink()

    def one(self, name: str) -> Path:
        """A file that was of the format *name* before it was broken."""
        path = self.folder / f"a.{name}"
        if name in TEXTS:
            data = self.draw.choice(TEXTS[name]).encode()
            if name == "native" and self.draw.random() < 0.3:
                with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
                    out.writestr("p/a.md", self._broken(data))
                    out.writestr("p/a.png", b"1")
                data = path.read_bytes()
            path.write_bytes(self._broken(data))
        else:
            self._package(path)
        return path

    def _broken(self, data: bytes) -> bytes:
        for _ in range(self.draw.choice((1, 1, 2, 5, 20))):
            at = self.draw.randrange(len(data) + 1)
            match self.draw.randrange(6):
                case 0:
                    data = data[:at] + bytes([self.draw.randrange(256)]) + data[at + 1 :]
                case 1:
                    data = data[:at] + data[at + self.draw.choice((1, 5, 50)) :]
                case 2:
                    other = self.draw.randrange(len(data) + 1)
                    data = data[:at] + data[other : other + 80] + data[at:]
                case 3 if self.draw.random() < 0.2:
                    data = data[:at]
                case _:
                    mark = self.draw.choice(_MARKS).encode("utf-8", "surrogatepass")
                    data = data[:at] + mark * self.draw.choice((1, 1, 1, 2, 40)) + data[at:]
        return data

    def _package(self, path: Path) -> None:
        name = self.draw.choice((LEGACY, MIDDLE, NEWEST))
        real = self.bases[name]
        match self.draw.randrange(5):
            case 0:
                package(path, name, real)
                path.write_bytes(self._broken(path.read_bytes()))
            case 1:
                path.write_bytes(self._broken(real))
            case 2:
                self._repacked(path, name, real, b"media")
            case _:
                real = self._broken(real)
                package(path, name, real)

    def _repacked(self, path: Path, name: str, real: bytes, broken: bytes) -> None:
        """A package in which a member has been broken before it was packed."""
        package(path, name, real)
        with zipfile.ZipFile(path) as read:
            members = {one: read.read(one) for one in read.namelist()}
        with zipfile.ZipFile(path, "w") as out:
            for one, content in members.items():
                if one == broken.decode():
                    newest = name == NEWEST
                    said = zstandard.decompress(content) if newest else content
                    content = self._broken(said)
                    content = zstandard.compress(content) if newest else content
                out.writestr(one, content)


def faults(files: Files, name: str) -> Iterator[str]:
    """What is wrong with how a broken file is read."""
    path = files.one(name)
    before = sorted((one.name, one.read_bytes()) for one in files.folder.iterdir())
    try:
        found = formats.reader(name).read(path)
        for medium in found.media:
            medium.read()
        for note in found.notes:
            assert note.question or note.answer, note
        if found.notes and files.draw.random() < 0.1:
            deck.plan(files.folder / "pack", found.notes, path)
    except StudyError:
        pass
    except Exception as error:  # whatever it is, the learner would see it
        yield f"{name}: {type(error).__name__}: {error}"
    try:
        formats.recognise(path)
    except StudyError:
        pass
    except Exception as error:
        yield f"which format: {type(error).__name__}: {error}"
    if sorted((one.name, one.read_bytes()) for one in files.folder.iterdir()) != before:
        yield f"{name}: a reader has written"
