"""An answer with its evidence: what a link to a fact cites, below the paragraph it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from studyapp.errors import StudyError
from studyapp.lab.catalog import Catalog
from studyapp.notes.card import without_code
from studyapp.study.lab import facts
from studyapp.study.lab.facts import Citation

LINK = "]("  # only an answer with this in it has links to look at


@dataclass(frozen=True, slots=True)
class Evidence:
    """An answer's Markdown with its figures.

    `withheld`: a reference figure is known and not shown, for the learner is to predict first.
    """

    text: str
    withheld: bool


def with_evidence(
    connection: Connection,
    answer: str,
    catalog: Catalog,
    now: datetime,
    *,
    reference: bool = False,
    key: str = "",
    learner: int,
) -> Evidence:
    """Put one line for each fact link below its paragraph, so that sentences stay whole.

    *reference* shows the reference figure where the learner has yet to predict; *key* is what leads
    to the experiment from here, and stands where there is no figure yet. A link that names nothing
    that is installed has no line.
    """
    shown, withheld = "", False
    for paragraph, gap in _paragraphs(answer):
        lines = []
        for words, href in _links(paragraph):
            try:
                cited = facts.cite(connection, href, catalog, now, learner=learner)
            except StudyError:
                continue
            withheld = withheld or (cited.hidden and cited.reference is not None)
            lines.append(_line(words, cited, reference=reference, key=key))
        shown += "\n\n".join([paragraph, "\\\n".join(lines)] if lines else [paragraph]) + gap
    return Evidence(shown, withheld and not reference)


def _paragraphs(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands between empty lines, and each gap; together they are *text*."""
    start = 0
    for gap in _EMPTY.finditer(without_code(text)):
        yield text[start : gap.start()], gap[0]
        start = gap.end()
    yield text[start:], ""


def _links(paragraph: str) -> Iterator[tuple[str, str]]:
    for match in _LINK.finditer(without_code(paragraph)):
        words = paragraph[match.start("words") : match.end("words")]
        yield " ".join(words.split()), match["href"]


def _line(words: str, cited: Citation, *, reference: bool, key: str) -> str:
    told = cited.words + (f" ({key})" if key and cited.shown is None else "")
    if cited.hidden and reference and cited.reference is not None:
        told = cited.reference.words
    elif cited.also_words:
        told += f"; {cited.also_words}"
    told = told.replace("[", r"\[").replace("]", r"\]")
    figure, mark, source = told.partition("▪")
    return f"{words}: **{figure.rstrip()}** {mark}{source}" if figure else f"{words} {told}"


_EMPTY = re.compile(r"\n(?:[ \t]*\n)+")
_LINK = re.compile(r"\[(?P<words>[^\[\]]+)\]\(<?(?P<href>fact:[^)\s>]+)")
