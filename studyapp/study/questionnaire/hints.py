"""Where a learner's words and ticks disagree: key words alone, shown only after ticking.

A hint is no verdict. Judging one's own answer point by point, unprompted, is what reduces
overconfidence (Dunlosky et al. 2011), so nothing is proposed from words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from studyapp.notes.note import Point
from studyapp.notes.plain import plain

FEWEST_WORDS = 3  # an answer of fewer words says nothing about what was meant
MOST = 0.6  # share of a point's words from which the answer seems to say it

_SHORTEST = 4  # letters
_WORD = re.compile(r"[^\W\d_]+")
_STOP = frozenset(
    [
        "about",
        "after",
        "again",
        "also",
        "because",
        "been",
        "before",
        "being",
        "between",
        "both",
        "could",
        "does",
        "doing",
        "done",
        "down",
        "each",
        "even",
        "every",
        "from",
        "have",
        "having",
        "here",
        "into",
        "itself",
        "just",
        "less",
        "like",
        "made",
        "make",
        "makes",
        "many",
        "more",
        "most",
        "much",
        "must",
        "never",
        "only",
        "onto",
        "other",
        "ours",
        "over",
        "same",
        "should",
        "since",
        "some",
        "such",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "things",
        "this",
        "those",
        "through",
        "under",
        "until",
        "upon",
        "used",
        "using",
        "very",
        "were",
        "what",
        "when",
        "where",
        "whether",
        "which",
        "while",
        "whose",
        "will",
        "with",
        "within",
        "without",
        "would",
        "your",
        "extra",
    ]
)


def disagreements(text: str, points: Sequence[Point], ticked: Collection[int]) -> frozenset[int]:
    """Indices of the points whose tick the words of *text* do not bear out.

    That is a ticked point of whose words none is in the text, and an unticked one most of whose
    words are. Nothing without ticks, or with fewer than three words.
    """
    if not ticked or len(_WORD.findall(text)) < FEWEST_WORDS:
        return frozenset()
    said = key_words(text)
    doubtful = set()
    for index, point in enumerate(points):
        wanted = key_words(plain(point.text))
        if not wanted:
            continue
        share = len(wanted & said) / len(wanted)
        if share == 0 if index in ticked else share >= MOST:
            doubtful.add(index)
    return frozenset(doubtful)


def key_words(text: str) -> frozenset[str]:
    """The words of four letters or more that carry meaning, without case and plural s."""
    found = (word.casefold() for word in _WORD.findall(text))
    return frozenset(
        word.removesuffix("s") for word in found if len(word) >= _SHORTEST and word not in _STOP
    )
