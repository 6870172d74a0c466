"""The Secrets of a Kubernetes API server in memory: accounts by token or certificate, conflicts, immutable Secrets."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support.kubernetes_protobuf import MEDIA_TYPE, decode_secret
from tests.support.loopback import Answer, Request

TOKEN: Final = "service-account-token-0000"
READER: Final = "reader-account-token-11111"
_ROUTE: Final = re.compile(r"/api/v1/namespaces/(?P<namespace>[a-z0-9.-]+)/secrets(?:/(?P<name>[a-z0-9.-]+))?")


def failed(code: int, reason: str, message: str) -> Answer:
    """A Status object."""
    document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return Answer(code, {**document, "message": message})


@dataclass
class Cluster:
    """The API server.

    Attributes:
        certified: whether TLS asked for a client's certificate, so that no token is needed.
        meanwhile: whether somebody else changes a Secret between any reading and writing of it.
    """

    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    certified: bool = False
    meanwhile: bool = False
    changes: int = 0

    def serve(self, request: Request) -> Answer:
        """The answer to one request."""
        path = request.path.partition("?")[0]
        if path == "/version":
            return Answer(200, {"major": "1", "minor": "31", "gitVersion": "v1.31.2"})
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not (self.certified or token in (TOKEN, READER)):
            return failed(401, "Unauthorized", "Unauthorized")
        match = _ROUTE.fullmatch(path)
        if match is None:
            return failed(404, "NotFound", "the server could not find the requested resource")
        if match["namespace"] == "kube-system" or (token == READER and request.method != "GET"):
            return failed(403, "Forbidden", 'secrets is forbidden: User "x" cannot do it')
        if request.method == "POST":
            return self._create(_secret(request), match["namespace"])
        return self._one(request, f"{match['namespace']}/{match['name']}", match["name"])

    def _one(self, request: Request, key: str, name: str) -> Answer:
        there = self.secrets.get(key)
        if there is None:
            return failed(404, "NotFound", f'secrets "{name}" not found')
        if request.method == "GET":
            return Answer(200, there)
        document = _secret(request)
        version = document["metadata"].get("resourceVersion")
        if self.meanwhile or version not in (None, there["metadata"]["resourceVersion"]):
            return failed(409, "Conflict", "the object has been modified; please apply your changes")
        if there.get("immutable") and document["data"] != there["data"]:
            return failed(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set")
        return Answer(200, self._store(key, document))

    def _create(self, document: dict[str, Any], namespace: str) -> Answer:
        key = f"{namespace}/{document['metadata']['name']}"
        if self.meanwhile or key in self.secrets:
            return failed(409, "AlreadyExists", "secrets already exists")
        return Answer(201, self._store(key, document))

    def _store(self, key: str, document: dict[str, Any]) -> dict[str, Any]:
        self.changes += 1
        metadata = {**document["metadata"], "namespace": key.partition("/")[0], "resourceVersion": str(self.changes)}
        kept = {"kind": "Secret", "apiVersion": "v1", **document, "metadata": metadata}
        self.secrets[key] = kept
        return kept


def _secret(request: Request) -> dict[str, Any]:
    sent = request.headers.get("content-type", "")
    return decode_secret(request.body) if sent == MEDIA_TYPE else dict(request.json)


def inline(path: Path) -> str:
    """A file as kubeconfig's `…-data` members hold it."""
    return b64encode(path.read_bytes()).decode()


def write_kubeconfig(path: Path, server: str, *, cluster: str = "", user: str = "") -> Path:
    """A file with one context; `cluster` and `user` are more members in YAML flow style."""
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        f"clusters:\n- name: c\n  cluster: {{server: '{server}'{', ' + cluster if cluster else ''}}}\n"
        f"users:\n- name: u\n  user: {{{user}}}\n"
        "contexts:\n- name: here\n  context: {cluster: c, user: u}\n"
    )
    return path
