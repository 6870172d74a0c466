"""Both generations of the transparency log over HTTP; their paths do not meet, so one address serves both.

The first: `POST /api/v1/log/entries` answers 201 with `ETag` and `Location`, or 409 with the `Location` of the equal entry
that was there; entries are found by identifier, index or proposal. The second: `POST /api/v2/log/entries` answers an entry
in the shape of a bundle. Sources: Rekor, `openapi.yaml`; rekor-tiles, `docs/openapi`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from tests.support.sigstore.call import Call, Reply, json_reply, plain
from tests.support.sigstore.entries import propose_v1, propose_v2
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import SHARD_OFFSET, TREE_ID, Generation, Log
from tests.support.sigstore.switches import Switch

ENTRIES_V1: Final = "/api/v1/log/entries"
ENTRIES_V2: Final = "/api/v2/log/entries"
MAX_BODY: Final = 4 * 1024 * 1024


def answer(instance: Instance, call: Call) -> Reply | None:
    """The reply, or None when the path is no log's."""
    if not call.path.startswith(("/api/v1/log", "/api/v2/log", "/api/v2/checkpoint")):
        return None
    if call.method == "POST" and Switch.LOG_DOWN in call.switches:
        return json_reply({"code": 503, "message": "no healthy upstream"}, 503)
    if len(call.body) > MAX_BODY:
        return json_reply({"code": 413, "message": "request entity too large"}, 413)
    try:
        return _first(instance, call) if call.path.startswith("/api/v1/") else _second(instance, call)
    except (ValueError, KeyError, TypeError) as exc:
        return json_reply({"code": 400, "message": f"error processing entry: {exc}"}, 400)


def _first(instance: Instance, call: Call) -> Reply | None:
    log = instance.logs[Generation.V1]
    request = (call.method, call.path)
    if request == ("POST", ENTRIES_V1):
        return _submit(instance, call)
    if request == ("GET", ENTRIES_V1):
        return _found(log, [int(call.query["logIndex"]) - SHARD_OFFSET], call)
    if request == ("POST", f"{ENTRIES_V1}/retrieve"):
        return json_reply([_listed(log, index, call) for index in _wanted(log, call.document)])
    if call.method == "GET" and call.path.startswith(f"{ENTRIES_V1}/"):
        index = log.find_uuid(call.path.rpartition("/")[2])
        return _found(log, [] if index is None else [index], call)
    if request == ("GET", "/api/v1/log"):
        tree = {"treeID": str(TREE_ID), "treeSize": log.size, "signedTreeHead": log.checkpoint, "inactiveShards": []}
        return json_reply(tree)
    if request == ("GET", "/api/v1/log/publicKey"):
        key = load_der_public_key(log.public_key)
        return plain(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    return None


def _submit(instance: Instance, call: Call) -> Reply:
    body = propose_v1(call.document)
    known = instance.logs[Generation.V1].find(body) is not None
    entry = instance.log(Generation.V1, body, switches=call.switches)
    location = f"{ENTRIES_V1}/{entry.uuid}"
    if known or Switch.CONFLICT in call.switches:
        message = f"an equivalent entry already exists in the transparency log with UUID {entry.uuid}"
        return json_reply({"code": 409, "message": message}, 409, Location=location)
    return json_reply({entry.uuid: entry.listed()}, 201, Location=location, ETag=entry.uuid)


def _wanted(log: Log, document: Any) -> Iterator[int]:
    """The indexes in the tree of what is asked for, as far as it was logged."""
    for proposal in document.get("entries") or ():
        if proposal.get("kind") in ("dsse", "hashedrekord"):
            index = log.find(propose_v1(proposal))
            if index is not None:
                yield index
    found = map(log.find_uuid, document.get("entryUUIDs") or ())
    yield from (index for index in found if index is not None)
    yield from (index - SHARD_OFFSET for index in document.get("logIndexes") or ())


def _found(log: Log, indexes: list[int], call: Call) -> Reply:
    if not indexes or not 0 <= indexes[0] < log.size:
        return json_reply({"code": 404, "message": "entry was not found"}, 404)
    return json_reply(_listed(log, indexes[0], call))


def _listed(log: Log, index: int, call: Call) -> dict[str, Any]:
    entry = log.tell(index, switches=call.switches)
    return {entry.uuid: entry.listed()}


def _second(instance: Instance, call: Call) -> Reply | None:
    if (call.method, call.path) == ("GET", "/api/v2/checkpoint"):
        return plain(instance.logs[Generation.V2].checkpoint)
    if (call.method, call.path) != ("POST", ENTRIES_V2):
        return None
    entry = instance.log(Generation.V2, propose_v2(call.document), switches=call.switches)
    return json_reply(entry.bundled(), 201)
