"""Requests to signing services: one way to ask, one way to read an answer, one way to say that they refused.

What a service answers is bounded before it is read and is JSON with one reading (`assaymark.safeio.json`). A request
that is as good when it is sent twice says so, and the network then tries again within its budget
(`Limits.retry_tries`, `Limits.retry_budget_seconds`). What is posted follows no redirect: tokens, codes and secrets
stand in headers and forms, and are for the service that was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.strict import decode_base64
from assaymark.errors import ArtifactError, LimitError, NetworkError
from assaymark.limits import Limits
from assaymark.net.address import Locality
from assaymark.net.network import Headers, Network, TransferError
from assaymark.net.url import shown
from assaymark.safeio.json import decode_strict
from assaymark.safeio.text import decode_utf8, printable

JSON: Final = "application/json"
_EXPLANATION: Final = 300  # characters of a service's own words


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a service said.

    Attributes:
        service: how messages call it.
        url: where it was asked, as it may be shown.
    """

    service: str
    url: str
    status: int
    headers: Headers
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the service did what it was asked for."""
        return 200 <= self.status < 300

    @property
    def explanation(self) -> str:
        """The service's own words about a failure, fit for a terminal; empty where it has none."""
        text = _message(self.body) or decode_utf8(self.body[: 4 * _EXPLANATION])
        return printable(" ".join(text.split()))[:_EXPLANATION]

    def failure(self, *, hint: str = "") -> NetworkError:
        """The error for an answer that is not good."""
        words = f": {self.explanation}" if self.explanation else ""
        return NetworkError(f"{self.service} at `{self.url}` answered with status {self.status}{words}", hint=hint)

    def malformed(self, why: str) -> NetworkError:
        """The error for an answer that says it is good and is not."""
        return NetworkError(f"{self.service} at `{self.url}` gave an answer that cannot be used: {printable(why)}")

    def document(self, *, limits: Limits) -> dict[str, Any]:
        """The JSON object of the body.

        Raises:
            NetworkError: it is none, or an ambiguous one.
        """
        try:
            value = decode_strict(self.body, limits=limits, what=f"the answer of {self.service}")
        except ArtifactError as exc:
            raise self.malformed(str(exc)) from exc
        if not isinstance(value, dict):
            raise self.malformed("it is not a JSON object")
        return value


def ask(
    network: Network,
    method: str,
    url: str,
    *,
    service: str,
    limit: int,
    body: bytes | None = None,
    content_type: str = JSON,
    accept: str = JSON,
    headers: Mapping[str, str] | None = None,
    repeatable: bool = True,
    nearest: Locality = Locality.LOOPBACK,
) -> Answer:
    """Ask a service and read its whole answer, whatever the status.

    Raises:
        NetworkError: nobody answered, or the answer is longer than `limit`.
    """
    sent = {"Accept": accept, **({"Content-Type": content_type} if body is not None else {}), **(headers or {})}

    def once() -> Answer:
        with network.request(
            method, url, headers=sent, body=body, repeatable=repeatable, redirects=method == "GET", nearest=nearest
        ) as response:
            try:
                data = response.bounded(limit, what=f"the answer of {service}")
            except LimitError as exc:
                raise NetworkError(str(exc)) from exc
            return Answer(service=service, url=shown(url), status=response.status, headers=response.headers, body=data)

    try:
        return once()
    except TransferError:
        # the network repeats what got no answer; this one broke off in the middle
        if not repeatable:
            raise
    return once()


def join(base: str, path: str) -> str:
    """`path` below the URL of a service, which may end with a slash or not."""
    return f"{base.rstrip('/')}/{path}"


def text_of(document: Mapping[str, Any], name: str) -> str:
    """A string that must be there and not be empty.

    Raises:
        ValueError: it is not.
    """
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` is missing or not a string")
    return value


def data_of(document: Mapping[str, Any], name: str) -> bytes:
    """Base64 that must be there."""
    return decode_base64(text_of(document, name))


def object_of(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object that must be there.

    Raises:
        ValueError: it is not.
    """
    value = document.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` is missing or not an object")  # noqa: TRY004 - the document is malformed
    return value


def number_of(document: Mapping[str, Any], name: str) -> int:
    """An integer from 0 to 2^63 - 1, as a number or as a string; zero where it is absent, as protobuf's JSON has it.

    Raises:
        ValueError: it is something else.
    """
    value = document.get(name, 0)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(f"`{name}` is not a number from 0 to 2^63 - 1")
    return value


def _message(body: bytes) -> str:
    """What services call the reason: gRPC gateways and Rekor `message`, OAuth `error_description` or `error`."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    found = (document.get(name) for name in ("message", "error_description", "error"))
    return next((value for value in found if isinstance(value, str) and value), "")
