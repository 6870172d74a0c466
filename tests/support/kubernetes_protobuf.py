"""Secrets as the clients of Kubernetes 1.34 and later send them: protobuf in an envelope (k8s.io, "Protobuf encoding")."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\0"


def decode_secret(body: bytes) -> dict[str, Any]:
    """The Secret in an envelope, as its JSON would be."""
    assert body.startswith(_MAGIC)
    secret: dict[str, Any] = {"metadata": {}, "data": {}}
    for number, value in _fields(dict(_fields(body[len(_MAGIC) :]))[2]):  # runtime.Unknown: raw = 2
        if number == 1:
            names = {1: "name", 3: "namespace", 6: "resourceVersion"}
            secret["metadata"] = {names[key]: text.decode() for key, text in _fields(value) if key in names and text}
        elif number == 2:
            entry = dict(_fields(value))
            secret["data"][entry[1].decode()] = b64encode(entry.get(2, b"")).decode()
        elif number == 5:
            secret["immutable"] = bool(value)
    return secret


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        value, position = _varint(data, position)
        if tag & 7 == 2:
            yield tag >> 3, data[position : position + value]
            position += value
        else:
            yield tag >> 3, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, position
