"""Text as it is compared: without case and accents, one form for what Unicode has several of, and
the quotes and dashes of print as keyboards have them."""

from __future__ import annotations

import unicodedata

# Combining classes below are no accents but parts of a letter: が is another one than か.
_ACCENTS_FROM = 10
_FIRST = "\u0300"  # no character before this one combines
TYPED = str.maketrans(  # what is printed, and what is typed for it
    {
        sign: typed
        for typed, signs in (("'", "‘’‚‛‹›ʼ´′"), ('"', "“”„‟«»″"), ("-", "‐‑‒–—―−"))
        for sign in signs
    }
)


def folded(text: str) -> str:
    """*text* as it is compared."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.translate(TYPED).casefold())
    kept = (one for one in parts if one < _FIRST or unicodedata.combining(one) < _ACCENTS_FROM)
    return "".join(kept).casefold()
