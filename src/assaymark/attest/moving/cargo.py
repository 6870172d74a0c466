"""What belongs to an image: its manifests, and everything that is attached to any of them.

1. An index comes with every manifest that it lists, indexes in it included.
2. Attached are the tags of cosign (`sha256-<hex>.sig`, `.att`, `.sbom`), and what refers to a manifest, whoever made
   it: bundles, bills of materials, signatures of other tools, and what refers to those in turn.
3. Who wants only some of it names kinds: `sig` and `att` are a tag and the Sigstore bundles of that kind each (a
   bundle whose predicate is cosign's signature is `sig`), `sbom` is a tag and bills of materials.
4. What an index of referrers lists and the registry does not have is said and left out. That it lacks a part of the
   image itself is an error.

Nothing is verified but digests: an attestation that proves nothing travels like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.bundle_store import PREDICATE_TYPE_ANNOTATION
from assaymark.attest.store.read import is_bundle
from assaymark.attest.store.referrers import list_referrers
from assaymark.errors import LimitError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, Manifest, parse_manifest

COSIGN_SIGNATURE: Final = "https://sigstore.dev/cosign/sign/v1"
_BILLS: Final = ("spdx", "cyclonedx")


class Kind(Enum):
    """The values of `--only`, and what none of them means; they are the ends of cosign's tags."""

    SIGNATURES = "sig"
    ATTESTATIONS = "att"
    BILLS = "sbom"
    OTHERS = ""


TAGGED: Final = (Kind.SIGNATURES, Kind.ATTESTATIONS, Kind.BILLS)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is.

    Attributes:
        store: reads it.
        registry, path: of a repository; empty for a layout.
    """

    store: ContentStore
    registry: str = ""
    path: str = ""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One manifest of the cargo.

    Attributes:
        stored: its bytes.
        parsed: what they say.
        holder: where its blobs are.
        tag: cosign's tag that it is at; empty where it has none.
        subject: what it is attached to; None for the image's own manifests.
    """

    stored: StoredManifest
    parsed: Manifest | Index
    holder: Holder
    tag: str = ""
    subject: Digest | None = None

    @property
    def digest(self) -> Digest:
        """The manifest's."""
        return self.stored.descriptor.digest

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """What it is made of, without what no registry holds: layers that are fetched from elsewhere."""
        if isinstance(self.parsed, Index):
            return ()
        parts = (self.parsed.config, *self.parsed.layers)
        return tuple({part.digest: part for part in parts if not _is_foreign(part.media_type)}.values())

    @property
    def descriptor(self) -> Descriptor:
        """As a list of referrers shows it."""
        kind = self.parsed.kind if isinstance(self.parsed, Manifest) else self.parsed.artifact_type
        return msgspec.structs.replace(self.stored.descriptor, artifact_type=kind, annotations=self.parsed.annotations)


class Cargo(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is to be moved.

    Attributes:
        image: its manifests; an index comes after what it lists, and the last is the image itself.
        tagged: what is at tags of cosign.
        referring: what refers to a manifest, after what it refers to.
        missing: what is listed and not there, in words.
    """

    image: tuple[Piece, ...]
    tagged: tuple[Piece, ...]
    referring: tuple[Piece, ...]
    missing: tuple[str, ...]


def collect(
    image: Holder,
    attachments: Holder,
    root: StoredManifest,
    *,
    only: Collection[Kind] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Cargo:
    """What belongs to the image `root`.

    Args:
        image: where it is.
        attachments: where what is attached to it is.
        root: its manifest or index.
        only: the kinds that are wanted, without the image; all of it where none is named.
        limits: how many manifests there may be, and how deep they may be nested.

    Raises:
        NotFoundError: a part of the image is not there.
        LimitError: there is more than the limits allow.
    """
    collector = _Collector(image, attachments, frozenset(only), limits)
    manifests = tuple(collector.manifests(root, depth=0))
    tagged = [piece for manifest in manifests for piece in collector.tagged(manifest.digest)]
    referring = [piece for manifest in manifests for piece in collector.referring(manifest.digest, depth=0)]
    return Cargo(
        image=() if only else manifests,
        tagged=tuple(tagged),
        referring=tuple(referring),
        missing=tuple(collector.missing),
    )


class _Collector:
    def __init__(self, image: Holder, attachments: Holder, only: frozenset[Kind], limits: Limits) -> None:
        self._image = image
        self._attachments = attachments
        self._only = only
        self._limits = limits
        self._seen: set[Digest] = set()
        self._bytes = 0
        self.missing: list[str] = []

    def manifests(self, stored: StoredManifest, *, depth: int) -> Iterator[Piece]:
        """Rule 1."""
        if depth > self._limits.index_depth:
            raise LimitError(f"the image nests indexes deeper than {self._limits.index_depth}")
        if not self._is_new(stored.descriptor.digest):
            return
        piece = self._piece(stored, self._image)
        for entry in piece.parsed.manifests if isinstance(piece.parsed, Index) else ():
            if entry.digest not in self._seen:
                yield from self.manifests(self._image.store.manifest(entry.digest), depth=depth + 1)
        yield piece

    def tagged(self, digest: Digest) -> Iterator[Piece]:
        """The tags of rule 2."""
        for kind in TAGGED:
            tag = legacy_tag(digest, kind.value)
            if self._only and kind not in self._only:
                continue
            try:
                stored = self._attachments.store.manifest(tag)
            except NotFoundError:
                continue
            yield msgspec.structs.replace(self._piece(stored, self._attachments), tag=tag, subject=digest)

    def referring(self, digest: Digest, *, depth: int) -> Iterator[Piece]:
        """The referrers of rule 2."""
        if depth > self._limits.index_depth:
            raise LimitError(f"what refers to the image is nested deeper than {self._limits.index_depth}")
        listed = list_referrers(self._attachments.store, digest, limits=self._limits)
        for entry in sorted(listed, key=lambda entry: entry.digest):
            if not self._is_new(entry.digest):
                continue
            try:
                stored = self._attachments.store.manifest(entry.digest)
            except NotFoundError as exc:
                self.missing.append(f"`{entry.digest}` is listed among what refers to `{digest}`: {exc}")
                continue
            piece = msgspec.structs.replace(self._piece(stored, self._attachments), subject=digest)
            if piece.parsed.subject is None or piece.parsed.subject.digest != digest:
                continue  # `cosign copy` puts an index where its referrers are listed, and its entries refer to nothing
            if not self._only or kind_of(piece.parsed) in self._only:
                yield piece
                yield from self.referring(piece.digest, depth=depth + 1)

    def _piece(self, stored: StoredManifest, holder: Holder) -> Piece:
        self._bytes += len(stored.data)
        if self._bytes > self._limits.moved_manifest_bytes:
            raise LimitError(f"the manifests of the image have more than {self._limits.moved_manifest_bytes} bytes")
        parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=self._limits)
        return Piece(stored=stored, parsed=parsed, holder=holder)

    def _is_new(self, digest: Digest) -> bool:
        if digest in self._seen:
            return False
        self._seen.add(digest)
        if len(self._seen) > self._limits.moved_manifests:
            raise LimitError(
                f"the image and what is attached to it have more than {self._limits.moved_manifests} parts"
            )
        return True


def kind_of(parsed: Manifest | Index) -> Kind:
    """What refers to an image, by what its manifest says (rule 3)."""
    if is_bundle(parsed):
        signs = dict(parsed.annotations).get(PREDICATE_TYPE_ANNOTATION) == COSIGN_SIGNATURE
        return Kind.SIGNATURES if signs else Kind.ATTESTATIONS
    kind = parsed.kind if isinstance(parsed, Manifest) else parsed.artifact_type
    return Kind.BILLS if any(word in kind.lower() for word in _BILLS) else Kind.OTHERS


def _is_foreign(media_type: str) -> bool:
    """Layers with URLs of their own (image-spec, "Non-Distributable Layers"), which registries need not have."""
    return ".nondistributable." in media_type or media_type.startswith("application/vnd.docker.image.rootfs.foreign.")
