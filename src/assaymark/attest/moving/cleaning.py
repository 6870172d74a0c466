"""What `clean` removes: cosign's tags, and Sigstore bundles, whoever signed them.

The names are cosign's: `signature`, `attestation` and `sbom` are its tags alone, `referrer` is every bundle, `all` is
all of it. A record's full report (`assaymark.attest.compact`) goes with the bundles. What other tools attached is not
removed, and stays listed: a bundle is known by its artifact type, or by its only layer where tools wrote none.

A tag of cosign's is not proof that a set of cosign's is there. Whoever may write tags can let one lead to an image, and
deleting it would delete the image for those who may not. So what is no set stays: the image itself, an index, whatever
has layers of a file system, and what cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from assaymark.attest.compact import REPORT_TYPE
from assaymark.attest.moving.cargo import Kind
from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.read import is_bundle
from assaymark.attest.store.referrers import list_referrers
from assaymark.attest.store.removal import Removal, delete_set, remove_referrers
from assaymark.errors import ArtifactError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest

REFERRER: Final = "referrer"
ALL: Final = "all"
_TAGS: Final = {"signature": Kind.SIGNATURES, "attestation": Kind.ATTESTATIONS, "sbom": Kind.BILLS}

_FILES: Final = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
"""What media types of layers begin with that hold files of an image (OCI image-spec, "Image Layer Filesystem")."""


class Removable(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest that may be removed.

    Attributes:
        tag: empty for what refers to the image.
        stays: whether it is at a tag of cosign's and no set of cosign's.
    """

    manifest: Digest
    tag: str = ""
    stays: bool = False


def find_removable(
    store: ContentStore, subject: Digest, wanted: str, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Removable, ...]:
    """What `wanted`, a kind by its name above, means at this image.

    Raises:
        NetworkError: the registry cannot be asked.
        ArtifactError: the index of referrers is none.
    """
    kinds = [kind for name, kind in _TAGS.items() if wanted in (name, ALL)]
    found = list(_tagged(store, subject, kinds, limits))
    if wanted in (REFERRER, ALL):
        found += [Removable(manifest=digest) for digest in _bundles(store, subject, limits)]
    return tuple(found)


def remove_all(
    store: ContentStore, subject: Digest, items: Iterable[Removable], *, limits: Limits = DEFAULT_LIMITS
) -> Removal:
    """Remove what `find_removable` found.

    Raises:
        NetworkError: the registry cannot be asked, or does not let its index of referrers be written.
    """
    listed = tuple(item for item in items if not item.stays)
    sets = sum((delete_set(store, item.tag, item.manifest) for item in listed if item.tag), Removal())
    return sets + remove_referrers(store, subject, [item.manifest for item in listed if not item.tag], limits=limits)


def _tagged(store: ContentStore, subject: Digest, kinds: Iterable[Kind], limits: Limits) -> Iterator[Removable]:
    for kind in kinds:
        tag = legacy_tag(subject, kind.value)
        found = store.resolve(tag)
        if found is not None:
            stays = found.digest == subject or not _is_set(store, found.digest, limits)
            yield Removable(manifest=found.digest, tag=tag, stays=stays)


def _is_set(store: ContentStore, digest: Digest, limits: Limits) -> bool:
    """Whether a manifest may be what cosign attaches: no list, and nothing that can be run."""
    try:
        stored = store.manifest(digest)
        parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    except (ArtifactError, NotFoundError):
        return False
    return isinstance(parsed, Manifest) and not any(layer.media_type.startswith(_FILES) for layer in parsed.layers)


def _bundles(store: ContentStore, subject: Digest, limits: Limits) -> Iterator[Digest]:
    for referrer in sorted({entry.digest for entry in list_referrers(store, subject, limits=limits)}):
        try:
            stored = store.manifest(referrer)
            parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        except (ArtifactError, NotFoundError):  # what cannot be read might be anybody's
            continue
        refers = parsed.subject is not None and parsed.subject.digest == subject
        if refers and (is_bundle(parsed) or parsed.artifact_type == REPORT_TYPE):
            yield stored.descriptor.digest
