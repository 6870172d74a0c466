"""The HTTP side of the in-process registry: requests become `Exchange`, routes give `Reply`, faults change it."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.registry_auth import challenge, permitted, serve_token

from assaymark.model.descriptor import OCI_INDEX
from assaymark.model.digest import is_digest, sha256_digest

if TYPE_CHECKING:
    from tests.support.registry import Content, MemoryRegistry

_ROUTE = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|referrers|tags)/(?P<rest>.+)\Z")


@dataclass(frozen=True)
class Exchange:
    """A request: its method, path with query, lower-case headers and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What is answered, and how badly."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    delay: float = 0.0
    byte_delay: float = 0.0
    endless: bool = False


def route(registry: MemoryRegistry, exchange: Exchange) -> Reply:
    """The reply to a request, by its path."""
    path = urlsplit(exchange.path).path
    if path in registry.behaviour.realm_paths:
        return serve_token(registry, exchange)
    if path.startswith("/blob-store/"):
        return _stored_blob(registry, exchange, path.removeprefix("/blob-store/"))
    if path.rstrip("/") == "/v2":
        return (
            Reply(200, body=b"{}") if permitted(registry, exchange, "", "pull") else _unauthorized(registry, "", "pull")
        )
    match = _ROUTE.match(path)
    if match is None:
        return _error(registry, 404, "NAME_UNKNOWN", "no such page")
    name, kind, rest = match["name"], match["kind"], match["rest"]
    action = "pull" if exchange.method in ("GET", "HEAD") else "push"
    if not permitted(registry, exchange, name, action):
        return _denied(registry, exchange, name, action)
    if name not in registry.repositories and action == "pull":
        return _error(registry, 404, "NAME_UNKNOWN", f"repository name not known to registry: {name}")
    content = registry.repository(name)
    if kind == "manifests":
        return _manifest(registry, content, exchange, rest)
    if kind == "referrers":
        return _referrers(registry, content, exchange, name, rest)
    if kind == "tags":
        body = json.dumps({"name": name, "tags": sorted(content.tags)}).encode()
        return Reply(200, {"Content-Type": "application/json"}, body)
    return (
        _upload(registry, content, exchange, name, rest)
        if rest.startswith("uploads/")
        else _blob(registry, content, exchange, rest)
    )


def _denied(registry: MemoryRegistry, exchange: Exchange, name: str, action: str) -> Reply:
    # a token that is known and allows too little: GHCR and others answer 403, the specification's registry 401
    known = registry.tokens.scopes.get(exchange.headers.get("authorization", "").removeprefix("Bearer ")) is not None
    if known and not registry.behaviour.missing_is_denied:
        return _error(registry, 403, "DENIED", "requested access to the resource is denied")
    return _unauthorized(registry, name, action)


def _unauthorized(registry: MemoryRegistry, name: str, action: str) -> Reply:
    reply = _error(registry, 401, "UNAUTHORIZED", "authentication required")
    reply.headers["WWW-Authenticate"] = challenge(registry, name, action)
    return reply


def _manifest(registry: MemoryRegistry, content: Content, exchange: Exchange, identifier: str) -> Reply:
    digest = identifier if is_digest(identifier) else content.tags.get(identifier, "")
    if exchange.method == "PUT":
        return _put_manifest(registry, content, exchange, identifier)
    if digest not in content.manifests:
        return _error(registry, 404, "MANIFEST_UNKNOWN", "manifest unknown")
    if exchange.method == "DELETE":
        return _delete_manifest(registry, content, digest)
    data, media_type = content.manifests[digest]
    return Reply(200, {"Content-Type": media_type, **_identity(registry, digest)}, data)


def _put_manifest(registry: MemoryRegistry, content: Content, exchange: Exchange, identifier: str) -> Reply:
    digest = sha256_digest(exchange.body)
    if is_digest(identifier) and identifier != digest:
        return _error(registry, 400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    if registry.behaviour.conditional and not is_digest(identifier) and _changed(content, exchange, identifier):
        return _error(registry, 412, "CONFLICT", "the tag has changed")
    content.manifests[digest] = (exchange.body, exchange.headers.get("content-type", ""))
    if not is_digest(identifier):
        content.tags[identifier] = digest
    headers = {"Location": f"/v2/x/manifests/{digest}", **_identity(registry, digest)}
    subject = json.loads(exchange.body).get("subject")
    if subject and registry.behaviour.referrers and registry.behaviour.subject_header:
        headers["OCI-Subject"] = subject["digest"]
    return Reply(201, headers)


def _changed(content: Content, exchange: Exchange, tag: str) -> bool:
    current = content.tags.get(tag)
    wanted = exchange.headers.get("if-match")
    if wanted is not None and wanted != f'"{current}"':
        return True
    return exchange.headers.get("if-none-match") == "*" and current is not None


def _delete_manifest(registry: MemoryRegistry, content: Content, digest: str) -> Reply:
    if not registry.behaviour.deletes:
        return _error(registry, 405, "UNSUPPORTED", "The operation is unsupported.")
    del content.manifests[digest]
    for tag in [tag for tag, target in content.tags.items() if target == digest]:
        del content.tags[tag]
    return Reply(202)


def _identity(registry: MemoryRegistry, digest: str) -> dict[str, str]:
    headers = {"Docker-Content-Digest": digest} if registry.behaviour.digest_header else {}
    return {**headers, "ETag": f'"{digest}"'} if registry.behaviour.conditional else headers


def _referrers(registry: MemoryRegistry, content: Content, exchange: Exchange, name: str, digest: str) -> Reply:
    if not registry.behaviour.referrers:
        return _error(registry, 404, "NOT_FOUND", "no such page")
    found = [entry for entry in map(_referrer(digest), content.manifests.items()) if entry]
    page = registry.behaviour.referrers_page or max(len(found), 1)
    start = int(parse_qs(urlsplit(exchange.path).query).get("last", ["0"])[0])
    headers = {"Content-Type": OCI_INDEX}
    if start + page < len(found):
        headers["Link"] = f'</v2/{name}/referrers/{digest}?last={start + page}>; rel="next"'
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found[start : start + page]}
    return Reply(200, headers, json.dumps(document).encode())


def _referrer(subject: str) -> Any:
    def entry(item: tuple[str, tuple[bytes, str]]) -> dict[str, object] | None:
        digest, (data, media_type) = item
        document = json.loads(data)
        if (document.get("subject") or {}).get("digest") != subject:
            return None
        kind = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
        found = {"mediaType": media_type, "digest": digest, "size": len(data), "artifactType": kind}
        return {**found, "annotations": document["annotations"]} if "annotations" in document else found

    return entry


def _blob(registry: MemoryRegistry, content: Content, exchange: Exchange, digest: str) -> Reply:
    if digest not in content.blobs:
        return _error(registry, 404, "BLOB_UNKNOWN", "blob unknown to registry")
    if registry.behaviour.blob_redirect and exchange.method == "GET":
        location = f"{registry.behaviour.blob_redirect}/blob-store/{digest}?X-Signature=presigned-secret"
        return Reply(307, {"Location": location})
    return _ranged(exchange, content.blobs[digest], digest)


def _stored_blob(registry: MemoryRegistry, exchange: Exchange, digest: str) -> Reply:
    # like S3 and R2: a presigned address together with an Authorization header is refused
    if "authorization" in exchange.headers:
        return Reply(
            400, body=b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"
        )
    for content in registry.repositories.values():
        if digest in content.blobs:
            return _ranged(exchange, content.blobs[digest], digest)
    return Reply(404, body=b"<Error><Code>NoSuchKey</Code></Error>")


def _ranged(exchange: Exchange, data: bytes, digest: str) -> Reply:
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", exchange.headers.get("range", ""))
    if match is None:
        return Reply(200, headers, data)
    first, last = int(match[1]), min(int(match[2] or len(data) - 1), len(data) - 1)
    if first >= len(data):
        return Reply(416, {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Reply(206, headers, data[first : last + 1])


def _upload(registry: MemoryRegistry, content: Content, exchange: Exchange, name: str, rest: str) -> Reply:
    query = parse_qs(urlsplit(exchange.path).query)
    session = rest.removeprefix("uploads/")
    if exchange.method == "POST":
        return _start_upload(registry, content, name, query)
    if registry.uploads.get(session) != name or exchange.method not in ("PATCH", "PUT"):
        return _error(registry, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    data = registry.parts.pop(session, b"") + exchange.body
    if exchange.method == "PATCH":
        registry.parts[session] = data
        return Reply(202, {"Location": f"/v2/{name}/blobs/uploads/{session}", "Range": f"0-{max(len(data) - 1, 0)}"})
    del registry.uploads[session]
    digest = query.get("digest", [""])[0]
    if sha256_digest(data) != digest:
        return _error(registry, 400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    content.blobs[digest] = data
    return Reply(201, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})


def _start_upload(registry: MemoryRegistry, content: Content, name: str, query: dict[str, list[str]]) -> Reply:
    source = registry.repositories.get(query.get("from", [""])[0])
    mounted = query.get("mount", [""])[0]
    if source and mounted in source.blobs:
        content.blobs[mounted] = source.blobs[mounted]
        return Reply(201, {"Location": f"/v2/{name}/blobs/{mounted}", "Docker-Content-Digest": mounted})
    session = uuid.uuid4().hex
    registry.uploads[session] = name
    origin = registry.behaviour.location_origin or (registry.url if registry.behaviour.location == "absolute" else "")
    return Reply(202, {"Location": f"{origin}/v2/{name}/blobs/uploads/{session}?_state=opaque-secret"})


def _error(registry: MemoryRegistry, status: int, code: str, message: str) -> Reply:
    shape = registry.behaviour.error_shape
    if shape == "html":
        return Reply(
            status,
            {"Content-Type": "text/html"},
            f"<html><title>{status}</title><body><h1>{message}</h1></body></html>".encode(),
        )
    if shape == "plain":
        return Reply(status, {"Content-Type": "text/plain"}, f"{message}\n".encode())
    entry: dict[str, object] = {"status": status} if shape == "jfrog" else {"code": code}
    body = json.dumps({"errors": [{**entry, "message": message}]}).encode()
    return Reply(status, {"Content-Type": "application/json"}, body)


class Handler(BaseHTTPRequestHandler):
    """Reads one request, asks the registry, writes the reply as the fault says."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    wbufsize = -1

    def _serve(self) -> None:
        registry: MemoryRegistry = self.server.registry  # type: ignore[attr-defined]  # set by MemoryRegistry
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = registry.answer(Exchange(self.command, self.path, headers, body))
        if reply.delay:
            registry.stopping.wait(reply.delay)
        self._write(reply, registry)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _serve

    def _body(self) -> bytes:
        """The request's body, by its length or in chunks (RFC 9112, section 7.1; cosign uploads so)."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline(100)
        while self.rfile.readline(8192).strip():
            pass
        return b"".join(parts)

    def _write(self, reply: Reply, registry: MemoryRegistry) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.endless:
            self.send_header("Connection", "close")
            self.close_connection = True
        elif "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        data = reply.body if reply.cut_after is None else reply.body[: reply.cut_after]
        if reply.byte_delay:
            self._drip(data, reply.byte_delay, registry)
        else:
            self.wfile.write(data)
        while reply.endless and not registry.stopping.is_set():
            self.wfile.write(b"x" * 65536)
        if reply.cut_after is not None:
            self.close_connection = True

    def _drip(self, data: bytes, delay: float, registry: MemoryRegistry) -> None:
        for position in range(len(data)):
            if registry.stopping.is_set():
                return
            self.wfile.write(data[position : position + 1])
            self.wfile.flush()
            time.sleep(delay)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Silence."""
