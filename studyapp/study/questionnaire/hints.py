"""Where a learner's words and ticks disagree: key words alone, shown only after ticking.

A hint is no verdict. Judging one's own answer point by point, unprompted, is what reduces
overconfidence (Dunlosky et al. 2011), so nothing is proposed from words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from unicodedata import normalize

from studyapp.notes.note import Point
from studyapp.notes.plain import plain

FEWEST_WORDS = 3  # an answer of fewer words says nothing about what was meant
MOST = 0.6  # share of a point's words from which the answer seems to say it

_SHORTEST = 3  # letters; an acronym may have two
_STEM = 4  # letters that tell a word: "learns" is in "learning"
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")  # GPU, L2, 0.1
_STOP = frozenset(
    [
        "about",
        "after",
        "again",
        "all",
        "also",
        "and",
        "any",
        "are",
        "because",
        "been",
        "before",
        "being",
        "between",
        "both",
        "but",
        "can",
        "could",
        "did",
        "does",
        "doing",
        "done",
        "down",
        "each",
        "even",
        "every",
        "extra",
        "for",
        "from",
        "get",
        "got",
        "had",
        "has",
        "have",
        "having",
        "her",
        "here",
        "his",
        "how",
        "into",
        "its",
        "itself",
        "just",
        "less",
        "let",
        "like",
        "made",
        "make",
        "makes",
        "many",
        "may",
        "more",
        "most",
        "much",
        "must",
        "never",
        "nor",
        "not",
        "now",
        "off",
        "one",
        "only",
        "onto",
        "other",
        "our",
        "ours",
        "out",
        "over",
        "own",
        "per",
        "same",
        "she",
        "should",
        "since",
        "some",
        "such",
        "than",
        "that",
        "the",
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
        "too",
        "two",
        "under",
        "until",
        "upon",
        "use",
        "used",
        "using",
        "very",
        "was",
        "way",
        "were",
        "what",
        "when",
        "where",
        "whether",
        "which",
        "while",
        "who",
        "whose",
        "why",
        "will",
        "with",
        "within",
        "without",
        "would",
        "yet",
        "you",
        "your",
    ]
)


def disagreements(text: str, points: Sequence[Point], ticked: Collection[int]) -> frozenset[int]:
    """Indices of the points that have a hint; none without ticks, as nothing is proposed."""
    return doubtful(text, points, ticked) if ticked else frozenset()


def doubtful(text: str, points: Sequence[Point], ticked: Collection[int]) -> frozenset[int]:
    """Indices of the points whose tick, or whose lack of one, the words of *text* do not bear out.

    That is a ticked point of whose words none is in the text, not even as another form, and an
    unticked one most of whose words are. Nothing with fewer than three words.
    """
    if len(_WORD.findall(text)) < FEWEST_WORDS:
        return frozenset()
    said = frozenset(map(_bare, _WORD.findall(normalize("NFC", text))))
    stems = {word[:_STEM] for word in said}
    found = set()
    for index, point in enumerate(points):
        wanted = key_words(plain(point.text))
        if not any(map(str.isalpha, wanted)):  # numbers alone may be said in other ways
            continue
        if index in ticked:
            if stems.isdisjoint(word[:_STEM] for word in wanted):
                found.add(index)
        elif len(wanted & said) >= MOST * len(wanted):
            found.add(index)
    return frozenset(found)


def key_words(text: str) -> frozenset[str]:
    """The words, acronyms and numbers that carry meaning, without case and plural s."""
    found = _WORD.findall(normalize("NFC", text))
    return frozenset(_bare(word) for word in found if _is_telling(word))


def _is_telling(word: str) -> bool:
    if not word.isalpha():
        return True
    acronym = len(word) > 1 and word.removesuffix("s").isupper()
    return acronym or (len(word) >= _SHORTEST and word.casefold() not in _STOP)


def _bare(word: str) -> str:
    """Without case and plural s: GPUs, gpu; but loss."""
    return re.sub(r"(?<!s)s$", "", word.casefold())
