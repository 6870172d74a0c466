"""A repository in memory: a `ContentStore` with behaviour and without sockets."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import msgspec

from assaymark.errors import ConflictError, LimitError, NotFoundError
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.oci.content import Opener, StoredManifest, Taken
from assaymark.safeio.readers import VerifyingReader


class MemoryContent:
    """Blobs, manifests and tags.

    Attributes:
        api: whether referrers can be asked for.
        conditional: whether a tag that changed since it was read is protected.
        before_push: called before a manifest is stored under a tag, to play another writer.
        after_push: called after that.
    """

    def __init__(self, *, api: bool = True, conditional: bool = True) -> None:
        self.api = api
        self.conditional = conditional
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[bytes, str]] = {}
        self.tags: dict[str, Digest] = {}
        self.before_push: Callable[[str], None] = _nothing
        self.after_push: Callable[[str], None] = _nothing

    @property
    def name(self) -> str:
        return "registry.test/app"

    def resolve(self, identifier: str) -> Descriptor | None:
        try:
            return self.manifest(identifier).descriptor
        except NotFoundError:
            return None

    def manifest(self, identifier: str) -> StoredManifest:
        digest = self.tags.get(identifier, Digest(identifier))
        if digest not in self.manifests:
            raise NotFoundError(f"`{identifier}` is not in `{self.name}`")
        data, media_type = self.manifests[digest]
        return StoredManifest(data=data, descriptor=describe(data, media_type))

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        if descriptor.digest not in self.blobs:
            raise NotFoundError(f"`{descriptor.digest}` is not in `{self.name}`")
        stream = io.BytesIO(self.blobs[descriptor.digest])
        yield VerifyingReader(stream, digest=descriptor.digest, size=descriptor.size, what=descriptor.digest)

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        if descriptor.size > limit:
            raise LimitError(f"the blob `{descriptor.digest}` has {descriptor.size} bytes, more than {limit}")
        with self.open_blob(descriptor) as stream:
            return stream.read()

    def push_blob(self, data: bytes, *, media_type: str) -> Descriptor:
        descriptor = describe(data, media_type)
        self.blobs[descriptor.digest] = data
        return descriptor

    def take_blob(self, descriptor: Descriptor, opened: Opener, *, origin: str = "") -> Taken:
        if descriptor.digest in self.blobs:
            return Taken.PRESENT
        with opened() as stream:
            self.blobs[descriptor.digest] = stream.read()
        return Taken.MOUNTED if origin else Taken.SENT

    def push_manifest(
        self, data: bytes, *, media_type: str, tag: str = "", replaces: Digest | None = None, artifact_type: str = ""
    ) -> Descriptor:
        descriptor = describe(data, media_type)
        if tag:
            self.before_push(tag)
            if self.conditional and self.tags.get(tag) != replaces:
                raise ConflictError(f"the tag `{tag}` changed")
            self.tags[tag] = descriptor.digest
        self.manifests[descriptor.digest] = (data, media_type)
        if tag:
            self.after_push(tag)
        return descriptor

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        if not self.api:
            return None
        found = [self._referrer(data, media_type, digest) for data, media_type in self.manifests.values()]
        return tuple(descriptor for descriptor in found if descriptor is not None)

    def delete_manifest(self, identifier: str) -> None:
        if identifier in self.tags:
            del self.tags[identifier]
        else:
            del self.manifests[Digest(identifier)]

    def _referrer(self, data: bytes, media_type: str, digest: Digest) -> Descriptor | None:
        document: dict[str, Any] = msgspec.json.decode(data) if data.startswith(b"{") else {}
        if (document.get("subject") or {}).get("digest") != digest:
            return None
        return describe(
            data,
            media_type,
            artifact_type=document.get("artifactType", ""),
            annotations=tuple((document.get("annotations") or {}).items()),
        )


def describe(
    data: bytes, media_type: str, *, artifact_type: str = "", annotations: tuple[tuple[str, str], ...] = ()
) -> Descriptor:
    """The descriptor of `data`."""
    return Descriptor(
        media_type=media_type,
        digest=sha256_digest(data),
        size=len(data),
        artifact_type=artifact_type,
        annotations=annotations,
    )


def push_image(store: MemoryContent, name: str = "app") -> StoredManifest:
    """A small image in `store`, tagged `latest`."""
    config = store.push_blob(b'{"architecture":"amd64","os":"linux","name":"%b"}' % name.encode(), media_type="c/c")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": config.media_type, "digest": config.digest, "size": config.size},
        "layers": [],
    }
    present = store.tags.get("latest")
    store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, tag="latest", replaces=present)
    return store.manifest("latest")


def push_referrer(store: MemoryContent, subject: Digest, document: dict[str, Any]) -> Descriptor:
    """A manifest of the caller's making that refers to `subject`, listed at the fallback tag where there is no API."""
    subject_ = {"digest": subject, "mediaType": "m/m", "size": 1}
    full = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "subject": subject_} | document
    pushed = store.push_manifest(msgspec.json.encode(full), media_type=str(full["mediaType"]))
    if not store.api:
        tag = subject.replace(":", "-")
        listed: list[Any] = []
        if tag in store.tags:
            listed = msgspec.json.decode(store.manifest(tag).data)["manifests"]
        entry = {"mediaType": pushed.media_type, "digest": pushed.digest, "size": pushed.size}
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*listed, entry]}
        store.push_manifest(msgspec.json.encode(index), media_type=OCI_INDEX, tag=tag, replaces=store.tags.get(tag))
    return pushed


def _nothing(_tag: str) -> None:
    return None
