"""An OCI image-layout folder as a repository (image-spec, "Image Layout"): the store for machines without a registry.

What is written can be read by `skopeo`, `trivy image --input` and `cosign … --local-image`:

1. Blobs are files named by their digest, written whole or not at all.
2. `index.json` lists images: those with a tag under `org.opencontainers.image.ref.name`, others without. A platform's
   manifest leaves the list when an index that holds it arrives, because readers take the first entry.
3. Manifests with a subject (attestations) are not listed, as with `cosign save`: readers that expect one image still
   find one. Who refers to what is found by looking at all small blobs.
4. Entries carry Cosign's `kind` annotation, without which it ignores them, but for the signatures and attestations of
   one platform of an index. An image that another program placed here gets it with the first thing that is attached
   to it.
5. `index.json` changes under a lock, and only when the tag is still what its writer had read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from assaymark.errors import ArtifactError, ConflictError, LimitError, LocalError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import INDEX_TYPES, OCI_INDEX, Descriptor
from assaymark.model.digest import Digest, is_digest, sha256_digest
from assaymark.oci.content import Opener, StoredManifest, Taken
from assaymark.oci.layout_reader import (
    COMPANION_KINDS,
    INDEX_FILE,
    KIND,
    KIND_PREFIX,
    REF_NAME,
    FolderFiles,
    LayoutReader,
    blob_file,
    companion_subject,
    describe,
    is_image_entry,
)
from assaymark.oci.manifest import Index, Manifest, parse_manifest
from assaymark.safeio.files import atomic_writer, local_error, write_atomic
from assaymark.safeio.json import decode_strict
from assaymark.safeio.lock import file_lock
from assaymark.safeio.readers import CHUNK, VerifyingReader, read_bounded

LAYOUT_FILE: Final = "oci-layout"
LOCK_FILE: Final = ".index.lock"

_LAYOUT_VERSION: Final = b'{"imageLayoutVersion":"1.0.0"}'


class Layout:
    """A `ContentStore` on an image-layout folder.

    Args:
        path: the folder.
        create: whether to make the layout where there is none.
        limits: bounds on what is read.

    Raises:
        LocalError: there is no such folder, or it cannot be made.
        ArtifactError: the folder is not an image layout.
    """

    def __init__(self, path: Path, *, create: bool = False, limits: Limits = DEFAULT_LIMITS) -> None:
        self._path = path
        self._limits = limits
        self._reader = LayoutReader(FolderFiles(path), limits=limits)
        if create:
            self._create()
        if not path.is_dir():
            raise LocalError(f"there is no folder `{path}`")
        if not (path / INDEX_FILE).is_file():
            raise ArtifactError(f"`{path}` is not an OCI image layout: it has no `{INDEX_FILE}`")

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self._path)

    def images(self) -> frozenset[Digest]:
        """The images that are listed, without what is attached to them."""
        return frozenset(entry.digest for entry in self._reader.index().manifests if is_image_entry(entry))

    def resolve(self, identifier: str) -> Descriptor | None:
        """The manifest that a tag, a digest, or nothing (the only image) stands for; None where there is none."""
        entry = self._reader.find(identifier)
        return None if entry is None else self._reader.read_manifest(entry).descriptor

    def manifest(self, identifier: str) -> StoredManifest:
        """The manifest that a tag, a digest, or nothing (the only image) stands for."""
        return self._reader.manifest(identifier)

    def open_blob(self, descriptor: Descriptor) -> AbstractContextManager[BinaryIO]:
        """A blob's bytes, verified at their end."""
        return self._reader.open_blob(descriptor)

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A whole small blob."""
        return self._reader.read_blob(descriptor, limit=limit)

    def push_blob(self, data: bytes, *, media_type: str) -> Descriptor:
        """Store a blob unless it is there, whole."""
        descriptor = Descriptor(media_type=media_type, digest=sha256_digest(data), size=len(data))
        path = self._path / blob_file(descriptor.digest)
        if not _holds(path, data):
            self._make_folder(path.parent)
            write_atomic(path, data)
        return descriptor

    def take_blob(self, descriptor: Descriptor, opened: Opener, *, origin: str = "") -> Taken:  # noqa: ARG002 - one store
        """Store a blob of any size unless it is there, whole."""
        path = self._path / blob_file(descriptor.digest)
        if self._has_whole(descriptor):
            return Taken.PRESENT
        self._make_folder(path.parent)
        with opened() as stream, atomic_writer(path) as file:
            read = VerifyingReader(stream, digest=descriptor.digest, size=descriptor.size, what=descriptor.digest)
            for piece in iter(lambda: read.read(CHUNK), b""):
                file.write(piece)
        return Taken.SENT

    def push_manifest(
        self, data: bytes, *, media_type: str, tag: str = "", replaces: Digest | None = None, artifact_type: str = ""
    ) -> Descriptor:
        """Store a manifest, and list it under `tag` or, when it refers to nothing else, without one.

        Raises:
            ConflictError: the tag no longer is what `replaces` says.
        """
        parsed = parse_manifest(data, media_type, limits=self._limits)
        described = describe(data, parsed)
        descriptor = msgspec.structs.replace(described, artifact_type=artifact_type or described.artifact_type)
        with file_lock(self._path / LOCK_FILE):
            document = self._read_index()
            if tag:
                self._expect(document, tag, replaces, descriptor.digest)
            self.push_blob(data, media_type=descriptor.media_type)
            before = msgspec.json.encode(document)
            if tag or parsed.subject is None:
                _list(document["manifests"], _entry(descriptor, tag, document["manifests"]), parsed)
            _mark(document["manifests"], parsed.subject.digest if parsed.subject else companion_subject(tag))
            if before != msgspec.json.encode(document):
                self._write_index(document)
        return descriptor

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        """The manifests whose subject is `digest`, listed or not, in order of their digests.

        Raises:
            LimitError: the layout has too many blobs to look at, or too many of them refer to `digest`.
        """
        found = []
        for blob in self._small_blobs():
            parsed = self._find_manifest(blob, digest)
            if parsed is not None:
                found.append(parsed)
            if len(found) > self._limits.referrers_listed:
                raise LimitError(f"more than {self._limits.referrers_listed} manifests refer to `{digest}`")
        return tuple(found)

    def delete_manifest(self, identifier: str) -> None:
        """Remove a manifest that a digest or a tag names, and its tags.

        Raises:
            NotFoundError: there is none.
        """
        digest = self.manifest(identifier).descriptor.digest if not is_digest(identifier) else identifier
        path = self._path / blob_file(Digest(digest))
        with file_lock(self._path / LOCK_FILE):
            document = self._read_index()
            kept = [entry for entry in document["manifests"] if entry.get("digest") != digest]
            if len(kept) == len(document["manifests"]) and not path.is_file():
                raise NotFoundError(f"the image layout `{self.name}` has no manifest `{digest}`")
            self._write_index({**document, "manifests": kept})
            try:
                path.unlink(missing_ok=True)
            except OSError as exc:
                raise local_error("remove", path, exc) from exc

    def _has_whole(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there as it should be; a damaged one is written again."""
        try:
            with self._reader.open_blob(descriptor) as stream:
                while stream.read(CHUNK):
                    pass
        except ArtifactError:
            return False
        return True

    def _create(self) -> None:
        self._make_folder(self._path / "blobs" / "sha256")
        with file_lock(self._path / LOCK_FILE):
            if not (self._path / LAYOUT_FILE).exists():
                write_atomic(self._path / LAYOUT_FILE, _LAYOUT_VERSION)
            if not (self._path / INDEX_FILE).exists():
                self._write_index({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise local_error("create", folder, exc) from exc

    def _read_index(self) -> dict[str, Any]:
        """`index.json` as it stands, members that we do not know included; checked before it is changed."""
        self._reader.index()
        with FolderFiles(self._path).open(INDEX_FILE) as stream:
            data = read_bounded(stream, limit=self._limits.manifest_bytes, what=INDEX_FILE)
        document: dict[str, Any] = decode_strict(data, limits=self._limits, what=INDEX_FILE)
        return {**document, "manifests": document["manifests"] or []}

    def _write_index(self, document: dict[str, Any]) -> None:
        write_atomic(self._path / INDEX_FILE, msgspec.json.encode(document))

    def _expect(self, document: dict[str, Any], tag: str, replaces: Digest | None, wanted: Digest) -> None:
        tagged = (entry["digest"] for entry in document["manifests"] if _tag(entry) == tag)
        current = next(tagged, None)
        if current not in (replaces, wanted):
            raise ConflictError(f"tag `{tag}` of the image layout `{self.name}` was changed by somebody else")

    def _small_blobs(self) -> Iterator[Digest]:
        """The digests of all blobs that are small enough for a manifest, in order."""
        seen = 0
        for algorithm in ("sha256", "sha512"):
            folder = self._path / "blobs" / algorithm
            try:
                names = sorted(entry.name for entry in os.scandir(folder) if self._is_small(entry))
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise local_error("read", folder, exc) from exc
            seen += len(names)
            if seen > self._limits.layout_blobs:
                raise LimitError(f"the image layout `{self.name}` has more than {self._limits.layout_blobs} blobs")
            digests = (f"{algorithm}:{name}" for name in names)
            yield from (Digest(digest) for digest in digests if is_digest(digest))

    def _is_small(self, entry: os.DirEntry[str]) -> bool:
        return entry.is_file() and entry.stat().st_size <= self._limits.manifest_bytes

    def _find_manifest(self, blob: Digest, subject: Digest) -> Descriptor | None:
        """The descriptor of `blob` when it is a manifest that refers to `subject`."""
        with FolderFiles(self._path).open(blob_file(blob)) as stream:
            if stream.read(1) != b"{":
                return None
            stream.seek(0)
            data = read_bounded(stream, limit=self._limits.manifest_bytes, what=blob)
        if subject.encode() not in data:
            return None
        try:
            parsed = parse_manifest(data, "", limits=self._limits)
        except ArtifactError:  # a statement, a configuration: anything that names the digest
            return None
        if parsed.subject is None or parsed.subject.digest != subject:
            return None
        return self._reader.read_manifest(describe(data, parsed, blob)).descriptor


def _holds(path: Path, data: bytes) -> bool:
    """Whether the file has exactly these bytes; a damaged blob is written again."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _entry(descriptor: Descriptor, tag: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    suffix = "." + tag.rpartition(".")[2] if tag.startswith("sha256-") else ""
    image = "imageIndex" if descriptor.media_type in INDEX_TYPES else "image"
    annotations = {KIND: KIND_PREFIX + COMPANION_KINDS.get(suffix, image)}
    subject = companion_subject(tag)
    if subject and listed and all(entry["digest"] != subject for entry in listed):
        del annotations[KIND]  # of one platform: Cosign takes the first set of a kind for that of the image
    if tag:
        annotations[REF_NAME] = tag
    entry: dict[str, Any] = {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
    if descriptor.artifact_type:
        entry["artifactType"] = descriptor.artifact_type
    return {**entry, "annotations": annotations}


def _list(entries: list[dict[str, Any]], new: dict[str, Any], parsed: Manifest | Index) -> None:
    """Put `new` in its place among `entries`: that of its tag, else of its own entry without a tag, else the end."""
    children = {child.digest for child in parsed.manifests} if isinstance(parsed, Index) else set()
    entries[:] = [entry for entry in entries if _tag(entry) or entry["digest"] not in children]
    tag = _tag(new)
    same = [entry for entry in entries if entry["digest"] == new["digest"]]
    if not tag and same:
        return
    tagged = [entry for entry in entries if _tag(entry) == tag] if tag else []
    untagged = [entry for entry in same if not _tag(entry)]
    for old in [*tagged, *untagged][:1]:
        entries[entries.index(old)] = {**old, **new} if old in same else new
        return
    entries.append(new)


def _mark(entries: list[dict[str, Any]], subject: str) -> None:
    """Give an image the annotation that Cosign looks for."""
    for entry in entries:
        annotations = entry.get("annotations") or {}
        if entry["digest"] == subject and KIND not in annotations:
            kind = "imageIndex" if entry.get("mediaType") in INDEX_TYPES else "image"
            entry["annotations"] = {**annotations, KIND: KIND_PREFIX + kind}


def _tag(entry: dict[str, Any]) -> str:
    annotations = entry.get("annotations") or {}
    return str(annotations.get(REF_NAME, ""))
