"""SPIFFE workloads (spiffe.io, "The SPIFFE Workload API", section 6, and `workload.proto`): a JWT-SVID of the agent.

The agent listens on a unix socket, `SPIFFE_ENDPOINT_SOCKET` or SPIRE's own place, and knows its callers by the kernel's
word, so that there is nothing to show. The request is one string (field 1, the audience), the reply a list of messages
(field 1) whose field 2 is the token; the first is ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.errors import NetworkError, UsageError
from assaymark.net.grpc import call_unary
from assaymark.net.secret import Secret
from assaymark.safeio.text import decode_utf8, printable

_VARIABLE: Final = "SPIFFE_ENDPOINT_SOCKET"
_SOCKET: Final = "tmp/spire-agent/public/api.sock"
_METHOD: Final = "/SpiffeWorkloadAPI/FetchJWTSVID"
_HEADER: Final = (("workload.spiffe.io", "true"),)  # keeps a confused web page from asking
_LENGTH_DELIMITED: Final = 2


def _token(ambient: Ambient) -> Secret | None:
    path = _socket(ambient)
    if not path.exists():
        return None
    request = b"\x0a" + _varint(len(ambient.audience.encode())) + ambient.audience.encode()
    try:
        reply = call_unary(path, _METHOD, request, metadata=_HEADER, seconds=ambient.limits.workload_seconds)
        identity = _field(reply, 1)
        token = _field(identity, 2) if identity is not None else None
    except NetworkError as exc:
        hint = "the workload needs a registration entry at the SPIFFE server"
        raise NetworkError(f"the SPIFFE agent gave no identity: {exc}", hint=hint) from exc
    except ValueError as exc:
        raise NetworkError(f"the SPIFFE agent gave a malformed identity: {exc}") from exc
    return require_secret(decode_utf8(token or b""), source="the SPIFFE agent")


def _socket(ambient: Ambient) -> Path:
    """The variable is a path, as cosign has it, or a URL, as the specification does."""
    named = ambient.variable(_VARIABLE)
    if not named:
        return ambient.root / _SOCKET
    if "://" not in named and not named.startswith("unix:"):
        return Path(named)
    url = urlsplit(named)
    if url.scheme != "unix" or url.netloc:
        raise UsageError(
            f"`{_VARIABLE}` is `{printable(named[:200])}`, and only unix sockets can be asked",
            hint="set it to `unix:///path/of/the/socket`",
        )
    return Path(url.path)


def _varint(number: int) -> bytes:
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def _field(message: bytes, wanted: int) -> bytes | None:
    """The first field `wanted` of a message whose fields are all length-delimited, as these are."""
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        if key & 7 != _LENGTH_DELIMITED:
            raise ValueError("a field is not length-delimited")
        length, position = _read_varint(message, position)
        if length > len(message) - position:
            raise ValueError("a field is longer than its message")
        if key >> 3 == wanted:
            return message[position : position + length]
        position += length
    return None


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        if position >= len(message):
            raise ValueError("a number is cut off")
        byte = message[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
    raise ValueError("a number is too long")


PROVIDER: Final = AmbientProvider(name="spiffe", position=70, token=_token)
