"""BLAKE3, by which hashcards knows its cards: for texts of a card's length, in plain Python.

After O'Connor, Aumasson, Neves and Wilcox-O'Hearn 2020, BLAKE3: one function, fast everywhere,
section 2. Only the hash without a key, of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack, unpack

_IV = (
    *(0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A),
    *(0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19),
)
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_MIXED = (  # columns, then diagonals
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)
_CHUNK, _BLOCK = 1024, 64  # bytes
_FIRST, _LAST, _PARENT, _ROOT = 1, 2, 4, 8
_WORD = 0xFFFFFFFF


def hexdigest(data: bytes) -> str:
    """The hash of *data*, as 64 hexadecimal digits."""
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)] or [b""]
    if len(chunks) == 1:
        return pack("<8I", *_chunk(chunks[0], 0, _ROOT)).hex()
    return pack("<8I", *_tree([_chunk(chunk, at) for at, chunk in enumerate(chunks)], _ROOT)).hex()


def _tree(values: Sequence[Sequence[int]], flags: int = 0) -> Sequence[int]:
    """The value of a tree: its left half is the largest power of two that leaves something."""
    if len(values) == 1:
        return values[0]
    left = 1 << (len(values) - 1).bit_length() - 1
    block = (*_tree(values[:left]), *_tree(values[left:]))
    return _compressed(_IV, block, 0, _BLOCK, _PARENT | flags)


def _chunk(chunk: bytes, counter: int, flags: int = 0) -> Sequence[int]:
    blocks = [chunk[at : at + _BLOCK] for at in range(0, len(chunk), _BLOCK)] or [b""]
    value: Sequence[int] = _IV
    for at, block in enumerate(blocks):
        last = at == len(blocks) - 1
        said = (_FIRST if at == 0 else 0) | (_LAST | flags if last else 0)
        words = unpack("<16I", block.ljust(_BLOCK, b"\0"))
        value = _compressed(value, words, counter, len(block), said)
    return value


def _compressed(
    value: Sequence[int], block: Sequence[int], counter: int, size: int, flags: int
) -> Sequence[int]:
    state = [*value, *_IV[:4], counter & _WORD, counter >> 32, size, flags]
    for turn in range(7):
        for at, places in enumerate(_MIXED):
            _mix(state, *places, block[2 * at], block[2 * at + 1])
        if turn < 6:
            block = [block[place] for place in _PERMUTATION]
    return [one ^ other for one, other in zip(state[:8], state[8:], strict=True)]


def _mix(state: list[int], a: int, b: int, c: int, d: int, x: int, y: int) -> None:
    for word, first, second in ((x, 16, 12), (y, 8, 7)):
        state[a] = (state[a] + state[b] + word) & _WORD
        state[d] = _turned(state[d] ^ state[a], first)
        state[c] = (state[c] + state[d]) & _WORD
        state[b] = _turned(state[b] ^ state[c], second)


def _turned(word: int, bits: int) -> int:
    return (word >> bits | word << 32 - bits) & _WORD
