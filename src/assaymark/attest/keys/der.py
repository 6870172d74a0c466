"""The corner of DER (ITU-T X.690) that public keys and ECDSA signatures are made of: nested sequences of short values.

Public keys are read here and not by `cryptography`'s loaders because those import every key format there is, which
costs more time than the whole verification.

Rules: only definite lengths in their shortest form, no bytes behind the last value, integers in their shortest form
and never negative. What is BER but not DER is refused: a second spelling of a signature is a second signature.
"""

from __future__ import annotations

from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30


class DerReader:
    """Takes values off the front of a string of DER."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def rest(self) -> bool:
        """Whether anything is left."""
        return self._position < len(self._data)

    @property
    def next_tag(self) -> int:
        """The tag of the next value; -1 where nothing is left."""
        return self._data[self._position] if self.rest else -1

    def take_whole(self) -> bytes:
        """The next value with its tag and length.

        Raises:
            ValueError: it is no DER.
        """
        start = self._position
        self.take(self.next_tag)
        return self._data[start : self._position]

    def take(self, tag: int) -> bytes:
        """The content of the next value.

        Raises:
            ValueError: it has another tag, or is no DER.
        """
        if self._next_byte() != tag:
            raise ValueError(f"expected the DER tag {tag:#04x}")
        length = self._length()
        end = self._position + length
        if end > len(self._data):
            raise ValueError("a DER value is longer than what holds it")
        content = self._data[self._position : end]
        self._position = end
        return content

    def sequence(self) -> DerReader:
        """A reader of the next value, which is a sequence."""
        return DerReader(self.take(SEQUENCE))

    def integer(self) -> int:
        """The next value, which is an integer that is not negative."""
        content = self.take(INTEGER)
        if not content or content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and not content[1] & 0x80):
            raise ValueError("a DER integer is negative or not in its shortest form")
        return int.from_bytes(content, "big")

    def bits(self) -> bytes:
        """The next value, which is a bit string of whole bytes."""
        content = self.take(BIT_STRING)
        if not content or content[0] != 0:
            raise ValueError("a DER bit string does not end with a whole byte")
        return content[1:]

    def finish(self) -> None:
        """Raise unless everything was taken."""
        if self.rest:
            raise ValueError("there are bytes behind the last DER value")

    def _next_byte(self) -> int:
        if not self.rest:
            raise ValueError("DER ends in the middle of a value")
        self._position += 1
        return self._data[self._position - 1]

    def _length(self) -> int:
        first = self._next_byte()
        if first < 0x80:
            return first
        count = first & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("a DER length is indefinite or absurd")
        length = 0
        for _ in range(count):
            length = length << 8 | self._next_byte()
        if length < 0x80 or length >> 8 * (count - 1) == 0:
            raise ValueError("a DER length is not in its shortest form")
        return length


def encode(tag: int, content: bytes) -> bytes:
    """One DER value."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
