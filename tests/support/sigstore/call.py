"""A request on its way to one of the services, and the plain replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.registry_http import Exchange, Reply
from tests.support.sigstore.switches import Switches, split

__all__ = ["Call", "Reply", "html", "json_reply", "parse_call", "plain"]


@dataclass(frozen=True)
class Call:
    """A request without the switches that stood in its address.

    Attributes:
        method: such as `POST`.
        path: without query.
        query: the last value of each name.
        headers: names in lower case.
        body: as it came.
        switches: what is to go wrong with the reply.
        base: what stood before the path: the instance's address, with the switches' part.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    switches: Switches
    base: str

    @property
    def form(self) -> dict[str, str]:
        """The body as a form's fields."""
        return dict(parse_qsl(self.body.decode()))

    @property
    def document(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body)


def parse_call(exchange: Exchange, *, url: str, switches: Switches) -> Call:
    """The call that a request is, at the instance whose address is `url`.

    Raises:
        ValueError: the address names a switch that does not exist.
    """
    named, rest = split(exchange.path)
    parts = urlsplit(rest)
    before = exchange.path.removesuffix(rest) if named else ""
    return Call(
        method=exchange.method,
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers=exchange.headers,
        body=exchange.body,
        switches=named | switches,
        base=url + before,
    )


def json_reply(document: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, {"Content-Type": "application/json", **headers}, json.dumps(document).encode())


def html(text: str, status: int = 200) -> Reply:
    page = f"<!doctype html><meta charset=utf-8><title>fake Sigstore</title>{text}"
    return Reply(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def plain(text: str, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
