"""A template: the text from which an author draws variants of a question that is computed.

It stands in a comment of its note and is a note of its own with places to fill in:

    <!-- template
    ```python
    a = rng.randint(2, 5)              # draws the values; `require(…)` passes a draw over
    ```

    ### What is {{a}} squared?

    ```python
    print({{a}} ** 2)                  # the snippet; what it prints is put below it
    ```

    {{a}} times {{a}}.

    - [ ] {{a ** 2}}

    ```python
    assert a ** 2 == a * a             # if wanted: what must be true after the snippet has run
    ```
    -->

Here it is only taken apart. `studyapp.commands.drawer` runs it, on the author's machine alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from studyapp.notes.note import Template

PLACE = re.compile(r"\{\{(.+?)\}\}")
_DRAW = re.compile(r"\s*```python\n(.*?)^```[ \t]*\n\s*", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^```python\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_FORMAT = re.compile(r"[-+<>^=0-9a-zA-Z,.%_]+")


@dataclass(frozen=True, slots=True)
class Parts:
    """A template's parts. `head` is the question with what stands before the snippet, `tail` the
    rest with the points."""

    draw: str
    head: str
    snippet: str
    tail: str
    conditions: str


class TemplateError(Exception):
    """What is wrong with a template, in words."""


def parts(template: Template) -> Parts:
    """Take a template apart. Raises TemplateError if it is not one; runs nothing."""
    text = template.text + "\n"
    draw = _DRAW.match(text)
    if draw is None:
        raise TemplateError("a template begins with a python block that draws its values")
    body = text[draw.end() :]
    if not body.startswith("### "):
        raise TemplateError("below the values a template has its question: ### …")
    blocks = list(_CODE.finditer(body))
    conditions = ""
    if len(blocks) > 1 and not body[blocks[-1].end() :].strip():
        conditions, body = blocks[-1][1], body[: blocks[-1].start()]
        blocks.pop()
    if len(blocks) != 1:
        raise TemplateError("below its question a template has one python block, the snippet")
    code = blocks[0]
    found = Parts(draw[1], body[: code.start()], code[1], body[code.end() :], conditions)
    _check(found)
    return found


@cache
def split(place: str) -> tuple[str, str]:
    """The expression of a place `{{expression:format}}`, and its format if it has one.

    Raises SyntaxError if the expression is none.
    """
    expression, colon, form = place.strip().rpartition(":")
    if colon and _FORMAT.fullmatch(form):
        try:
            ast.parse(expression.strip(), mode="eval")
        except SyntaxError:
            pass  # the colon is the expression's own, as in x[1:3]
        else:
            return expression.strip(), form
    ast.parse(place.strip(), mode="eval")
    return place.strip(), ""


def filled(text: str, value: Callable[[str, str], str]) -> str:
    """*text* with each place replaced by what *value* makes of its expression and format."""
    return PLACE.sub(lambda match: value(*split(match[1])), text)


def _check(found: Parts) -> None:
    try:
        for match in PLACE.finditer(found.head + found.snippet + found.tail):
            split(match[1])
        ast.parse(found.draw)
        ast.parse(PLACE.sub("0", found.snippet))
        ast.parse(found.conditions)
    except (SyntaxError, ValueError) as error:
        code = (getattr(error, "text", "") or "").strip()
        raise TemplateError(f"the template is not Python: {error.args[0]}: {code}") from error
    except (RecursionError, MemoryError) as error:  # as `ast.parse` has it
        raise TemplateError("the Python of the template is nested too deep") from error
    if re.search(r"^```text", found.head + found.tail, re.MULTILINE):
        raise TemplateError("what the snippet prints is put below it; write no text block")
    if not re.search(r"^- \[ \] (?!extra:)", found.tail, re.MULTILINE):
        raise TemplateError("a template has a core point: - [ ] …")
