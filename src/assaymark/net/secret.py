"""A password or token that cannot be printed by accident (CVE-2024-35192 and its like: credentials in logs)."""

from __future__ import annotations

from base64 import b64encode
from typing import final


@final
class Secret:
    """Text that only `reveal` gives away; `repr`, `str` and formatting show three stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one header or request that needs it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "***" if self._text else "''"

    __str__ = __repr__

    def __reduce__(self) -> str:
        """Refused: a secret does not leave the process inside something else."""
        raise TypeError("a secret cannot be copied out of the process")


def basic(username: str, password: str) -> Secret:
    """The value of an `Authorization` header (RFC 7617)."""
    return Secret("Basic " + b64encode(f"{username}:{password}".encode("utf-8", "surrogateescape")).decode())
