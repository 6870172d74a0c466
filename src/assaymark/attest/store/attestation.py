"""What is found at an image before anything about it is known to be true."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.reasons import Reason
from assaymark.model.digest import Digest


class AttestationFormat(Enum):
    """The values of `--attestation-format`."""

    BUNDLE = "bundle"
    LEGACY = "legacy"
    BOTH = "both"


SINGLE_FORMATS: Final = {
    AttestationFormat.BUNDLE: (AttestationFormat.BUNDLE,),
    AttestationFormat.LEGACY: (AttestationFormat.LEGACY,),
    AttestationFormat.BOTH: (AttestationFormat.BUNDLE, AttestationFormat.LEGACY),
}


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that claim to be an attestation.

    Attributes:
        format: BUNDLE or LEGACY, which says how `data` is to be read.
        data: a Sigstore bundle, or a DSSE envelope.
        manifest: the manifest that holds it.
        layer: the blob.
        annotations: what stands beside the blob at the `.att` tag; nothing for a bundle, which holds all of it.
    """

    format: AttestationFormat
    data: bytes
    manifest: Digest
    layer: Digest
    annotations: tuple[tuple[str, str], ...] = ()


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """Something that should be an attestation and could not be fetched: said, never passed over."""

    manifest: Digest | None
    reason: Reason
    message: str


Found = Candidate | Unreadable


def fallback_tag(digest: Digest) -> str:
    """The tag of the index that stands in for a missing referrers API (distribution-spec, "Referrers Tag Schema")."""
    return digest.replace(":", "-", 1)


def legacy_tag(digest: Digest, suffix: str = "att") -> str:
    """The tag of cosign for a legacy attachment."""
    return f"{fallback_tag(digest)}.{suffix}"
