"""Reading messages in the JSON form of Protocol Buffers (protobuf.dev, "ProtoJSON Format").

Rules: a member is spelled in camelCase or in snake_case, but not both at once; null is the same as absent; absent is
zero, empty or none; 64-bit integers are strings or numbers; bytes are base64 of either alphabet, in which line breaks
count for nothing. Members that the schema does not know are refused, as cosign does. All failures are `ValueError`s.
"""

from __future__ import annotations

import re
from typing import Any

from assaymark.attest.strict import decode_base64

_UPPER = re.compile(r"[A-Z]")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})\Z")


class Message:
    """One message, whose fields are given by their camelCase names."""

    def __init__(self, document: object, name: str, fields: tuple[str, ...]) -> None:
        if not isinstance(document, dict):
            raise ValueError(f"`{name}` is not an object")  # noqa: TRY004 - the document is malformed
        self._name = name
        self._members = self._named(document, fields)

    def has(self, field: str) -> bool:
        """Whether the member is there and not null."""
        return field in self._members

    def text(self, field: str) -> str:
        """A string; empty where it is absent."""
        value = self._members.get(field, "")
        if not isinstance(value, str):
            raise ValueError(f"`{self._name}.{field}` is not a string")  # noqa: TRY004 - the document is malformed
        return value

    def data(self, field: str) -> bytes:
        """Bytes; none where it is absent."""
        # Go's decoder, and so other readers of bundles, passes over line breaks; `base64` on a command line makes them
        text = self.text(field).replace("\r", "").replace("\n", "")
        try:
            return decode_base64(text)
        except ValueError as exc:
            raise ValueError(f"`{self._name}.{field}`: {exc}") from exc

    def count(self, field: str) -> int:
        """A 64-bit integer that is not negative; zero where it is absent."""
        value = self._members.get(field, 0)
        if isinstance(value, str) and _INTEGER.match(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
            raise ValueError(f"`{self._name}.{field}` is not a number from 0 to 2^63 - 1")
        return value

    def message(self, field: str, fields: tuple[str, ...]) -> Message | None:
        """A message; None where it is absent."""
        return Message(self._members[field], field, fields) if field in self._members else None

    def items(self, field: str, *, limit: int) -> list[Any]:
        """A list; empty where it is absent."""
        listed = self._members.get(field, [])
        if not isinstance(listed, list):
            raise ValueError(f"`{self._name}.{field}` is not a list")  # noqa: TRY004 - the document is malformed
        if len(listed) > limit:
            raise ValueError(f"`{self._name}.{field}` has {len(listed)} entries, more than {limit}")
        return listed

    def data_items(self, field: str, *, limit: int) -> tuple[bytes, ...]:
        """A list of bytes."""
        name = f"{self._name}.{field}"
        return tuple(Message({"item": item}, name, ("item",)).data("item") for item in self.items(field, limit=limit))

    def _named(self, document: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
        spellings = {spelling: field for field in fields for spelling in (field, _snake_case(field))}
        members: dict[str, Any] = {}
        for key, value in document.items():
            field = spellings.get(key)
            if field is None:
                raise ValueError(f"`{self._name}` has an unknown member `{key[:40]}`")
            if field in members:
                raise ValueError(f"`{self._name}` has `{field}` in two spellings")
            members[field] = value
        return {field: value for field, value in members.items() if value is not None}


def _snake_case(name: str) -> str:
    # `rfc3161Timestamps` is `rfc3161_timestamps`, `x509CertificateChain` is `x509_certificate_chain`
    return _UPPER.sub(lambda match: "_" + match[0].lower(), name)
