"""Ids as they are made: of the words of what they name."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Collection

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def slug(text: str, taken: set[str], default: str = "note") -> str:
    """Make an id from *text* that is not in *taken*, and add it there."""
    text = re.sub(r"\]\([^)\s]*\)", "]", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", plain.replace("'", "")).split()
    name = words[0][:48] if words else default
    for word in words[1:]:
        if len(name) + len(word) >= 48:
            break
        name += f"-{word}"
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name}-{count}"
    taken.add(unique)
    return unique


def own_id(text: str, taken: Collection[str], choose: Callable[[str], str] = secrets.choice) -> str:
    """Make an id from *text* that no other device makes: a slug with five random letters.

    It is not in *taken*. *choose* picks one of the letters: 32, of which none looks like another.
    """
    name, made = slug(text, set()), ""
    while not made or made in taken:
        made = f"{name}-{''.join(choose(LETTERS) for _ in range(5))}"
    return made
