"""A server that repeats in its errors all that it was sent, and a canary that must not come out anywhere."""

from __future__ import annotations

import base64
import json
from typing import Final
from urllib.parse import quote

from tests.support.loopback import Answer, Request

CANARY: Final = "canary+7/f3 a9"
USER: Final = "robin"
BASIC: Final = base64.b64encode(f"{USER}:{CANARY}".encode()).decode()
SPELLINGS: Final = {
    CANARY,
    quote(CANARY, safe=""),
    quote(CANARY),
    CANARY.replace(" ", "+"),
    json.dumps(CANARY)[1:-1],
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
    BASIC.rstrip("="),
    "canary+7",
}


def repeat(request: Request, status: int) -> Answer:
    """Everything that was sent, as it came and decoded, in the shape of a registry's error."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    decoded = base64.b64decode(credential).decode() if scheme == "Basic" else ""
    first = ("authorization", "x-vault-token", "private-token")  # messages are cut, so what matters comes first
    names = sorted(request.headers, key=lambda name: name not in first)
    headers = [f"{name}: {request.headers[name]}" for name in names]
    said = [decoded, *headers, request.path, request.body.decode("utf-8", "replace")]
    document = {"errors": [{"code": "DENIED", "message": " | ".join(said)}], "message": " | ".join(said)}
    known = not {"authorization", "x-vault-token", "private-token"}.isdisjoint(request.headers)
    challenge = {"WWW-Authenticate": 'Basic realm="canary"'}
    return Answer(status if known else 401, document, challenge if status == 401 or not known else {})
