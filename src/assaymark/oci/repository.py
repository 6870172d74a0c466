"""One repository on a registry (OCI distribution-spec 1.1), as a `assaymark.oci.content.ContentStore`.

Rules:

1. A digest is always computed here. What a header says (`Docker-Content-Digest`) must agree with it.
2. A tag is resolved with HEAD, which rate limits do not count; where HEAD does not tell enough, with GET.
3. A manifest is written under a tag only while the tag is what the caller read: with `If-Match` where the registry
   gives an `ETag`, and by reading before and after where it does not.
4. An upload continues where the registry says, without credentials when that is another host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final, NoReturn
from urllib.parse import quote, urlencode

import msgspec

from assaymark.errors import (
    AuthenticationError,
    ConflictError,
    DigestMismatchError,
    LimitError,
    NetworkError,
    NotFoundError,
)
from assaymark.limits import Limits
from assaymark.model.descriptor import INDEX_TYPES, MANIFEST_TYPES, Descriptor
from assaymark.model.digest import Digest, hasher, is_digest, sha256_digest
from assaymark.net.address import Locality
from assaymark.net.network import Content, Network, Response
from assaymark.net.url import Url, parse_url
from assaymark.oci.auth import Authorizer
from assaymark.oci.blobs import ResumingStream
from assaymark.oci.content import Opener, StoredManifest, Taken
from assaymark.oci.failure import failure_for
from assaymark.oci.manifest import ACCEPT, parse_manifest
from assaymark.oci.referrers import list_referrers
from assaymark.safeio.readers import CHUNK, VerifyingReader

PULL: Final = "pull"
PUSH: Final = "pull,push"
DELETE: Final = "delete"
_REFUSES_WRITES: Final = frozenset({404, 405})  # a repository that nobody made (ECR); a read-only registry
_KNOWN_TYPES: Final = INDEX_TYPES | MANIFEST_TYPES
_WAYS_OUT: Final = (
    "log in with `assaymark login {registry}`, choose another repository with COSIGN_REPOSITORY,"
    " write to a file with `--no-upload`, or attest into an OCI layout"
)


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a tag pointed at, and the ETag that says so."""

    descriptor: Descriptor | None = None
    etag: str = ""


class _Pieces:
    """A blob's verified bytes, as often as they are asked for: the last piece is not sent before all were verified."""

    def __init__(self, descriptor: Descriptor, opened: Opener) -> None:
        self._descriptor = descriptor
        self._opened = opened

    def __iter__(self) -> Iterator[bytes]:
        digest, size = self._descriptor.digest, self._descriptor.size
        with self._opened() as stream:
            read = VerifyingReader(stream, digest=digest, size=size, what=digest)
            yield from iter(lambda: read.read(CHUNK), b"")


class Repository:
    """A registry's repository. Nothing is sent before the first operation."""

    def __init__(
        self,
        network: Network,
        authorize: Callable[[], Authorizer],
        *,
        registry: str,
        path: str,
        limits: Limits,
    ) -> None:
        self._network = network
        self._authorize = authorize
        self._registry = registry
        self._path = path
        self._limits = limits

    @property
    def name(self) -> str:
        """`registry/repository`."""
        return f"{self._registry}/{self._path}"

    def resolve(self, identifier: str) -> Descriptor | None:
        """The manifest that a tag or digest names; None where there is none."""
        return self._see(identifier).descriptor

    def manifest(self, identifier: str) -> StoredManifest:
        """The manifest that a tag or digest names, verified."""
        return self._get_manifest(identifier)[0]

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        """A blob's bytes, verified at their end, asked for again where the connection breaks."""
        what = f"{self.name}@{descriptor.digest}"

        def ask(offset: int) -> Response:
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            response = self._call("GET", f"blobs/{descriptor.digest}", headers=headers)
            if response.status not in (200, 206):
                raise self._failure(response, f"pull a blob of `{self.name}`", missing=f"blob `{what}`")
            return response

        with ResumingStream(ask, size=descriptor.size, what=what, limits=self._limits) as stream:
            yield VerifyingReader(stream, digest=descriptor.digest, size=descriptor.size, what=what)

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A whole small blob, verified."""
        if descriptor.size > limit:
            raise LimitError(f"blob `{descriptor.digest}` has {descriptor.size} bytes, more than {limit}")
        with self.open_blob(descriptor) as stream:
            return stream.read()

    def push_blob(self, data: bytes, *, media_type: str) -> Descriptor:
        """Store a blob in one piece (distribution-spec, "Pushing a blob monolithically") unless it is there."""
        digest = sha256_digest(data)
        descriptor = Descriptor(media_type=media_type, digest=digest, size=len(data))
        with self._call("HEAD", f"blobs/{digest}", actions=PUSH) as response:
            if response.status == 200:
                return descriptor
        self._upload(self._start_upload(), descriptor, data)
        return descriptor

    def take_blob(self, descriptor: Descriptor, opened: Opener, *, origin: str = "") -> Taken:
        """Store a blob of any size unless it is there (distribution-spec, "Mounting a blob")."""
        with self._call("HEAD", f"blobs/{descriptor.digest}", actions=PUSH) as response:
            if response.status == 200:
                return Taken.PRESENT
        location = self._mount(descriptor.digest, origin) if origin else self._start_upload()
        if location is None:
            return Taken.MOUNTED
        self._upload(location, descriptor, _Pieces(descriptor, opened))
        return Taken.SENT

    def push_manifest(
        self,
        data: bytes,
        *,
        media_type: str,
        tag: str = "",
        replaces: Digest | None = None,
        artifact_type: str = "",
    ) -> Descriptor:
        """Store a manifest by digest or, atomically as far as the registry allows, under a tag."""
        digest = sha256_digest(data)
        pushed = Descriptor(media_type=media_type, digest=digest, size=len(data), artifact_type=artifact_type)
        if not tag:
            self._put_manifest(data, digest, media_type, {})
            return pushed
        seen = self._see(tag, actions=PUSH)
        if (seen.descriptor.digest if seen.descriptor else None) != replaces:
            self._refuse_change(tag)
        condition = {"If-None-Match": "*"} if seen.descriptor is None else {"If-Match": seen.etag} if seen.etag else {}
        try:
            self._put_manifest(data, tag, media_type, condition)
        except ConflictError:
            # a repeated request may meet its own first try
            if self._digest_of(tag) != digest:
                self._refuse_change(tag)
        else:
            if not seen.etag and self._digest_of(tag) != digest:
                self._refuse_change(tag)
        return pushed

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        """What refers to `digest`; None where the API is not offered."""

        def refused(response: Response) -> NetworkError:
            return self._failure(response, f"list the referrers of `{self.name}@{digest}`")

        def get(url: str) -> Response:
            return self._call("GET", url, headers={"Accept": ", ".join(sorted(INDEX_TYPES))})

        first = parse_url(self._url(f"referrers/{digest}"))
        return list_referrers(get, first, limits=self._limits, refused=refused)

    def delete_manifest(self, identifier: str) -> None:
        """Remove a manifest, or a tag where the registry takes that (distribution-spec, "Deleting tags")."""
        label = f"`{self.name}{'@' if is_digest(identifier) else ':'}{identifier}`"
        response = self._call("DELETE", _manifest_path(identifier), actions=DELETE, repeatable=True)
        if response.status not in (200, 202, 204):
            raise self._failure(response, f"delete {label}", missing=label)
        response.close()

    # reading

    def _see(self, identifier: str, *, actions: str = PULL) -> _Seen:
        response = self._call("HEAD", _manifest_path(identifier), actions=actions, headers={"Accept": ACCEPT})
        with response:
            if response.status == 404:
                return _Seen()
            if response.status == 200:
                descriptor = self._described(response, identifier)
                if descriptor is not None:
                    return _Seen(descriptor=descriptor, etag=_strong_etag(response))
        try:
            stored, etag = self._get_manifest(identifier, actions=actions)
        except NotFoundError:
            return _Seen()
        return _Seen(descriptor=stored.descriptor, etag=etag)

    def _described(self, response: Response, identifier: str) -> Descriptor | None:
        """The descriptor in a HEAD's header; None where something is missing from it."""
        digest, length = response.headers.get("docker-content-digest"), response.headers.get("content-length")
        media_type = response.headers.get("content-type").partition(";")[0].strip()
        if not is_digest(digest) or media_type not in _KNOWN_TYPES or not (length.isascii() and length.isdigit()):
            return None
        if is_digest(identifier) and digest.partition(":")[0] == identifier.partition(":")[0] and digest != identifier:
            raise DigestMismatchError(f"`{self.name}@{identifier}` was asked for and the registry answers `{digest}`")
        return Descriptor(media_type=media_type, digest=Digest(digest), size=int(length[:20]))

    def _get_manifest(self, identifier: str, *, actions: str = PULL) -> tuple[StoredManifest, str]:
        label = f"{self.name}{'@' if is_digest(identifier) else ':'}{identifier}"
        response = self._call("GET", _manifest_path(identifier), actions=actions, headers={"Accept": ACCEPT})
        if response.status != 200:
            raise self._failure(response, f"pull `{label}`", missing=f"`{label}`")
        with response:
            data = response.bounded(self._limits.manifest_bytes, what=label)
            digest = _digest_as(data, identifier)
            if is_digest(identifier) and digest != identifier:
                raise DigestMismatchError(f"`{label}` was asked for and its bytes have the digest `{digest}`")
            self._check_header(response, _digest_as(data, response.headers.get("docker-content-digest")))
            sent = response.headers.get("content-type")
            media_type = parse_manifest(data, sent, limits=self._limits).media_type
            etag = _strong_etag(response)
        descriptor = Descriptor(media_type=media_type, digest=digest, size=len(data))
        return StoredManifest(data=data, descriptor=descriptor), etag

    def _check_header(self, response: Response, digest: Digest) -> None:
        told = response.headers.get("docker-content-digest")
        if is_digest(told) and told != digest:
            raise DigestMismatchError(f"`{response.url}` says its digest is `{told}`, and it is `{digest}`")

    # writing

    def _start_upload(self) -> Url:
        response = self._call("POST", "blobs/uploads/", actions=PUSH, headers={"Content-Length": "0"}, repeatable=True)
        if response.status not in (201, 202):
            self._refuse_push(response)
        with response:
            location = response.headers.get("location")
            if not location:
                raise NetworkError(f"`{response.url}` does not say where to upload to")
            return self._upload_url(location)

    def _mount(self, digest: Digest, origin: str) -> Url | None:
        """None where the registry took the blob from `origin`; else where to upload it to."""
        path = f"blobs/uploads/?{urlencode({'mount': digest, 'from': origin})}"
        actions = f"{PUSH} repository:{origin}:{PULL}"
        response = self._call("POST", path, actions=actions, headers={"Content-Length": "0"}, repeatable=True)
        with response:
            if response.status == 201:
                return None
            location = response.headers.get("location")
            if response.status == 202 and location:
                return self._upload_url(location)
        return self._start_upload()  # whoever may not read the other repository may still write to this one

    def _upload(self, location: Url, descriptor: Descriptor, content: Content) -> None:
        target = f"{location.full}{'&' if '?' in location.target else '?'}{urlencode({'digest': descriptor.digest})}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(descriptor.size)}
        with self._call("PUT", target, actions=PUSH, headers=headers, body=content) as response:
            if response.status not in (200, 201, 204):
                self._refuse_push(response)
            self._check_header(response, descriptor.digest)

    def _upload_url(self, location: str) -> Url:
        base = self._authorize().endpoint.base
        target = parse_url(location, base=base)
        if base.scheme == "https" and target.scheme == "http":
            if target.host != base.host:
                raise NetworkError(f"`{self.name}` wants the upload to go over plain http to `{target}`")
            # a registry behind a proxy that ends TLS often does not know that it is reached over https
            return msgspec.structs.replace(target, scheme="https", port=base.port)
        return target

    def _put_manifest(self, data: bytes, identifier: str, media_type: str, condition: Mapping[str, str]) -> None:
        headers = {"Content-Type": media_type, **condition}
        path = _manifest_path(identifier)
        response = self._call("PUT", path, actions=PUSH, headers=headers, body=data, repeatable=True)
        if response.status not in (200, 201, 202, 204):
            self._refuse_push(response)
        with response:
            self._check_header(response, sha256_digest(data))

    def _digest_of(self, tag: str) -> Digest | None:
        descriptor = self._see(tag, actions=PUSH).descriptor
        return descriptor.digest if descriptor else None

    def _refuse_change(self, tag: str) -> NoReturn:
        raise ConflictError(f"`{self.name}:{tag}` was changed by somebody else", hint="read it again and repeat")

    def _refuse_push(self, response: Response) -> NoReturn:
        failure = self._failure(response, f"push to `{self.name}`")
        ways = _WAYS_OUT.format(registry=self._registry)
        if isinstance(failure, AuthenticationError):
            notes = "; ".join(self._authorize().notes)
            raise AuthenticationError(
                f"no permission to push to `{self.name}`, and push permission is needed: {failure}",
                hint=f"{notes}; {ways}" if notes else ways,
            ) from failure
        if response.status in _REFUSES_WRITES:
            raise NetworkError(f"`{self.name}` takes no pushes: {failure}", hint=ways) from failure
        raise failure

    # requests

    def _url(self, path: str) -> str:
        """`path` below the repository, or an absolute URL as it is."""
        if path.startswith(("http://", "https://")):
            return path
        return self._authorize().endpoint.url(f"/v2/{self._path}/{path}")

    def _call(
        self,
        method: str,
        path: str,
        *,
        actions: str = PULL,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,
    ) -> Response:
        authorizer = self._authorize()
        endpoint = authorizer.endpoint
        url = parse_url(self._url(path))
        own = url.origin == endpoint.base.origin
        nearest = Locality.LOOPBACK if own else authorizer.nearest(url)

        def call(authorization: Mapping[str, str]) -> Response:
            return self._network.request(
                method,
                url.full,
                headers={**(headers or {}), **authorization},
                body=body,
                repeatable=repeatable,
                nearest=nearest,
                tls=endpoint.tls if own else None,
            )

        return authorizer.send(call, actions=actions) if own else call({})

    def _failure(self, response: Response, action: str, *, missing: str = "") -> NetworkError:
        authorizer = self._authorize()
        notes = tuple(authorizer.notes) or (f"log in with `assaymark login {self._registry}`, or check the name",)
        return failure_for(response, action, limits=self._limits, notes=notes, missing=missing, clean=authorizer.clean)


def _manifest_path(identifier: str) -> str:
    return f"manifests/{quote(identifier, safe=':')}"


def _digest_as(data: bytes, like: str) -> Digest:
    """The digest of `data` with the algorithm of `like`; SHA-256 where that is no digest."""
    if not is_digest(like):
        return sha256_digest(data)
    computed = hasher(like)
    computed.update(data)
    return Digest(f"{like.partition(':')[0]}:{computed.hexdigest()}")


def _strong_etag(response: Response) -> str:
    """The ETag, empty where there is none or a weak one, which If-Match never meets (RFC 9110, 13.1.1)."""
    etag = response.headers.get("etag")
    return etag if etag.startswith('"') else ""
