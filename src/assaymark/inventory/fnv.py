"""FNV-1, 64 bits, of many values at once (http://www.isthe.com/chongo/tech/comp/fnv/).

`state = (state * prime mod 2^64) xor byte`, byte after byte. That is some 55 ns a byte in Python, and an image has
megabytes to hash. But many values of the same length go through the same steps, and one long integer can hold all their
states: each in a slot of 128 bits, so that no product reaches the slot above. A multiplication, a mask and an exclusive
or then advance them all, at about 15 ns a byte and value. Below a few dozen values the plain loop is faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct, pack, unpack
from typing import Final

OFFSET: Final = 0xCBF29CE484222325

_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_WORD: Final = Struct("<Q")
_PAIR: Final = Struct("<QQ")
_BEGUN: Final = OFFSET * _PRIME & _MASK
_SLOT: Final = 16  # bytes
FEW: Final = 24
"""Fewer values are hashed one by one."""

_LANES: Final = 1_024  # more values at once no longer fit the nearest cache


def fnv(data: bytes, state: int = OFFSET) -> int:
    """The state after `data`; two bytes for each masking, as low bits do not depend on when a product is cut."""
    even = len(data) & ~1
    steps = iter(data[:even])
    for first, second in zip(steps, steps, strict=True):
        state = ((state * _PRIME ^ first) * _PRIME ^ second) & _MASK
    if even != len(data):
        state = (state * _PRIME & _MASK) ^ data[-1]
    return state


def fnv_word(word: int, state: int = OFFSET) -> int:
    """The state after the eight little-endian bytes of `word`."""
    return fnv(_WORD.pack(word), state)


def fnv_fold(state: int, words: Iterable[int]) -> int:
    """The hash of each state's eight bytes and those of the next word, one behind the other.

    Every step needs the one before, so that nothing can go side by side; written out, a step takes a third of the time.
    """
    for word in words:
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p = _PAIR.pack(state, word)  # noqa: E741  # the sixteen bytes
        state = ((_BEGUN ^ a) * _PRIME ^ b) & _MASK
        state = ((state * _PRIME ^ c) * _PRIME ^ d) & _MASK
        state = ((state * _PRIME ^ e) * _PRIME ^ f) & _MASK
        state = ((state * _PRIME ^ g) * _PRIME ^ h) & _MASK
        state = ((state * _PRIME ^ i) * _PRIME ^ j) & _MASK
        state = ((state * _PRIME ^ k) * _PRIME ^ l) & _MASK
        state = ((state * _PRIME ^ m) * _PRIME ^ n) & _MASK
        state = ((state * _PRIME ^ o) * _PRIME ^ p) & _MASK
    return state


def fnv_texts(texts: Sequence[bytes], states: Sequence[int]) -> list[int]:
    """For each text the state that it leaves, beginning at the state beside it."""
    result = [OFFSET] * len(texts)
    by_length: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        by_length.setdefault(len(text), []).append(place)
    for length, places in by_length.items():
        for start in range(0, len(places), _LANES):
            lanes = places[start : start + _LANES]
            if len(lanes) < FEW:
                hashed = [fnv(texts[place], states[place]) for place in lanes]
            else:
                joined = b"".join([texts[place] for place in lanes])
                columns = (joined[number::length] for number in range(length))
                hashed = _advanced([states[place] for place in lanes], columns)
            for place, state in zip(lanes, hashed, strict=True):
                result[place] = state
    return result


def fnv_words(words: Sequence[int], states: Sequence[int]) -> list[int]:
    """For each word the state that its eight bytes leave, beginning at the state beside it."""
    if len(words) < FEW:
        return [fnv_word(word, state) for word, state in zip(words, states, strict=True)]
    result: list[int] = []
    for start in range(0, len(words), _LANES):
        lanes = words[start : start + _LANES]
        data = pack(f"<{len(lanes)}Q", *lanes)
        result += _advanced(states[start : start + _LANES], (data[number::8] for number in range(8)))
    return result


def _advanced(states: Sequence[int], columns: Iterable[bytes]) -> list[int]:
    """The states after each got its byte of every column."""
    count = len(states)
    mask = _mask(count)
    packed = _packed(states)
    for column in columns:
        spread = bytearray(_SLOT * count)
        spread[::_SLOT] = column
        packed = (packed * _PRIME & mask) ^ int.from_bytes(spread, "little")
    return _unpacked(packed, count)


def _packed(states: Sequence[int]) -> int:
    data = pack(f"<{len(states)}Q", *states)
    slots = bytearray(_SLOT * len(states))
    for number in range(8):
        slots[number::_SLOT] = data[number::8]
    return int.from_bytes(slots, "little")


def _unpacked(packed: int, count: int) -> list[int]:
    slots = packed.to_bytes(_SLOT * count, "little")
    data = bytearray(8 * count)
    for number in range(8):
        data[number::8] = slots[number::_SLOT]
    return list(unpack(f"<{count}Q", data))


@lru_cache(maxsize=64)
def _mask(count: int) -> int:
    return int.from_bytes((b"\xff" * 8 + b"\x00" * 8) * count, "little")
