"""Reads an OCI image layout (image-spec, "Image Layout"), be it a folder or the members of a tar.

What is read: `index.json` (strictly; `oci-layout` is not asked for, as peers write layouts without it) and
`blobs/<algorithm>/<hex>`. Every blob is verified against its name, and against the size that its descriptor states.

Which manifest is meant:
    1. A digest: the entry of `index.json`, or any manifest among the blobs.
    2. Any other text: the first entry whose `org.opencontainers.image.ref.name` is that text. One of Cosign's tags
       stands for the entry of its kind, too, where no tags are written and the image is the only one.
    3. Nothing: the only image. Cosign's signature and attestation sets, which stand beside it under tags of their
       own, are not counted.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from assaymark.errors import ArtifactError, LimitError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.descriptor import INDEX_TYPES, MANIFEST_TYPES, Descriptor
from assaymark.model.digest import Digest, is_digest, sha256_digest
from assaymark.oci.content import StoredManifest
from assaymark.oci.manifest import Index, Manifest, parse_manifest
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import VerifyingReader, read_bounded

REF_NAME: Final = "org.opencontainers.image.ref.name"
KIND: Final = "kind"
KIND_PREFIX: Final = "dev.cosignproject.cosign/"
INDEX_FILE: Final = "index.json"
COMPANION_KINDS: Final = {".att": "atts", ".sig": "sigs", ".sbom": "sboms"}

_IMAGE_KINDS: Final = frozenset({"", f"{KIND_PREFIX}image", f"{KIND_PREFIX}imageIndex"})
_COMPANION_TAG = re.compile(r"(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:\.[a-z]+)?\Z")


class LayoutFiles(Protocol):
    """Where the files of a layout are."""

    @property
    def name(self) -> str:
        """The layout's path, for messages."""
        ...

    def exists(self, file: str) -> bool:
        """Whether there is a regular file of that name."""
        ...

    def open(self, file: str) -> AbstractContextManager[BinaryIO]:
        """The file's bytes.

        Raises:
            ArtifactError: there is no such file, or it is none.
        """
        ...


class FolderFiles:
    """The files of a layout in a folder. Only regular files are opened, so nothing waits for a pipe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self._folder)

    def exists(self, file: str) -> bool:
        """Whether there is a regular file of that name."""
        return (self._folder / file).is_file()

    @contextmanager
    def open(self, file: str) -> Iterator[BinaryIO]:
        """The file's bytes."""
        path = self._folder / file
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise ArtifactError(f"the image layout `{self.name}` has no `{file}`") from exc
        except OSError as exc:
            raise local_error("read", path, exc) from exc
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ArtifactError(f"`{file}` of the image layout `{self.name}` is not a regular file")
            yield stream


class LayoutReader:
    """What a layout holds; every byte that is handed out is verified."""

    def __init__(self, files: LayoutFiles, *, limits: Limits) -> None:
        self._files = files
        self._limits = limits

    @property
    def name(self) -> str:
        """The layout's path."""
        return self._files.name

    def index(self) -> Index:
        """What `index.json` lists."""
        with self._files.open(INDEX_FILE) as stream:
            data = read_bounded(stream, limit=self._limits.manifest_bytes, what=f"{self.name}/{INDEX_FILE}")
        parsed = parse_manifest(data, "", limits=self._limits)
        if not isinstance(parsed, Index):
            raise ArtifactError(f"`{INDEX_FILE}` of the image layout `{self.name}` is not an index")
        return parsed

    def find(self, identifier: str) -> Descriptor | None:
        """The descriptor that a digest, a tag or nothing stands for, as `index.json` has it; its blob is not read."""
        entries = self.index().manifests
        if not identifier:
            return self._sole(entries)
        if is_digest(identifier):
            listed = next((entry for entry in entries if entry.digest == identifier), None)
            return listed or self._unlisted(Digest(identifier))
        named = next((entry for entry in entries if entry.annotation(REF_NAME) == identifier), None)
        return named or self._unnamed_companion(identifier, entries)

    def manifest(self, identifier: str) -> StoredManifest:
        """The manifest that a digest, a tag or nothing stands for.

        Raises:
            NotFoundError: there is none.
        """
        entry = self.find(identifier)
        if entry is None:
            wanted = f"no manifest `{identifier}`" if identifier else "no image"
            raise NotFoundError(f"the image layout `{self.name}` has {wanted}")
        return self.read_manifest(entry)

    def read_manifest(self, entry: Descriptor) -> StoredManifest:
        """The manifest of a descriptor; the returned descriptor says what its bytes are."""
        data = self.read_blob(entry, limit=self._limits.manifest_bytes)
        parsed = parse_manifest(data, entry.media_type, limits=self._limits)
        return StoredManifest(data=data, descriptor=describe(data, parsed, entry.digest))

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        """A blob's bytes, verified at their end."""
        with self._files.open(blob_file(descriptor.digest)) as stream:
            yield VerifyingReader(stream, digest=descriptor.digest, size=descriptor.size, what=descriptor.digest)

    def has_blob(self, digest: Digest) -> bool:
        """Whether there is a file for `digest`; its content is not looked at."""
        return self._files.exists(blob_file(digest))

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A whole small blob."""
        if descriptor.size > limit:
            raise LimitError(f"blob `{descriptor.digest}` has {descriptor.size} bytes; the limit is {limit}")
        with self.open_blob(descriptor) as stream:
            return stream.read()

    def _sole(self, entries: tuple[Descriptor, ...]) -> Descriptor | None:
        images = [entry for entry in entries if is_image_entry(entry)]
        if len({entry.digest for entry in images}) > 1:
            names = ", ".join(f"`{entry.annotation(REF_NAME) or entry.digest}`" for entry in images[:10])
            raise ArtifactError(
                f"the image layout `{self.name}` holds several images", hint=f"say which one is meant: {names}"
            )
        return images[0] if images else None

    def _unnamed_companion(self, tag: str, entries: tuple[Descriptor, ...]) -> Descriptor | None:
        """What is attached to the only image, where `cosign save` wrote the layout: it names kinds, and no tags."""
        subject, kind = companion_subject(tag), COMPANION_KINDS.get(tag[tag.find(".") :], "")
        if not subject or not kind or {entry.digest for entry in entries if is_image_entry(entry)} != {subject}:
            return None
        unnamed = (entry for entry in entries if not entry.annotation(REF_NAME))
        return next((entry for entry in unnamed if entry.annotation(KIND) == KIND_PREFIX + kind), None)

    def _unlisted(self, digest: Digest) -> Descriptor | None:
        """A manifest that only lies among the blobs: a platform of an index, a referrer."""
        if not self.has_blob(digest):
            return None
        with self._files.open(blob_file(digest)) as stream:
            verified = VerifyingReader(stream, digest=digest, size=None, what=digest)
            data = read_bounded(verified, limit=self._limits.manifest_bytes, what=digest)
        return describe(data, parse_manifest(data, "", limits=self._limits), digest)


def split_input(text: str) -> tuple[Path, str]:
    """The path and the tag or digest in `path[:tag][@digest]`; the latter may be empty."""
    mark = "@" if "@" in text else ":"
    path, _, reference = text.partition(mark)
    if not Path(path).exists() and Path(text).exists():
        return Path(text), ""
    return Path(path), reference


def blob_file(digest: Digest) -> str:
    """The name of a blob's file in a layout."""
    return "blobs/" + digest.replace(":", "/")


def is_image_entry(entry: Descriptor) -> bool:
    """Whether an entry of `index.json` is an image rather than a set of signatures or attestations."""
    readable = entry.media_type in INDEX_TYPES | MANIFEST_TYPES
    companion = _COMPANION_TAG.match(entry.annotation(REF_NAME)) is not None
    return readable and not companion and entry.annotation(KIND) in _IMAGE_KINDS


def companion_subject(tag: str) -> str:
    """The digest of the image whose signatures or attestations are at `tag`; empty for other tags."""
    match = _COMPANION_TAG.match(tag)
    return match[1].replace("-", ":", 1) if match else ""


def describe(data: bytes, parsed: Manifest | Index, digest: Digest | None = None) -> Descriptor:
    """The descriptor of a manifest, as a list of referrers shows it."""
    kind = parsed.kind if isinstance(parsed, Manifest) and parsed.subject is not None else parsed.artifact_type
    return Descriptor(
        media_type=parsed.media_type,
        digest=digest or sha256_digest(data),
        size=len(data),
        annotations=parsed.annotations if parsed.subject is not None else (),
        artifact_type=kind,
    )
