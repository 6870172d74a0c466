"""The timestamp authority over HTTP: `POST /api/v1/timestamp`, and its chain at `/api/v1/timestamp/certchain`."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.sigstore.call import Call, Reply, plain
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.timestamping import parse_request


def answer(instance: Instance, call: Call) -> Reply | None:
    """The reply, or None when the path is not the authority's."""
    if (call.method, call.path) == ("GET", "/api/v1/timestamp/certchain"):
        return plain("".join(part.public_bytes(Encoding.PEM).decode() for part in instance.timestamps.chain))
    if (call.method, call.path) != ("POST", "/api/v1/timestamp"):
        return None
    if call.headers.get("content-type") != "application/timestamp-query":
        return plain("only application/timestamp-query is taken", 400)
    try:
        request = parse_request(call.body)
    except (ValueError, IndexError) as exc:
        return plain(f"the request is malformed: {exc}", 400)
    reply = instance.timestamps.reply(request, instance.clock(), switches=call.switches)
    return Reply(201, {"Content-Type": "application/timestamp-reply"}, reply)
