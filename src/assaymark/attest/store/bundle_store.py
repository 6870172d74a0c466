"""Stores Sigstore bundles as referrers (sigstore/architecture-docs, cosign's bundle specification; OCI image-spec 1.1).

One manifest an attestation (`assaymark.attest.store.referring`), with the fields that cosign 3 writes, `artifactType`
inside `config` too, because `cosign clean` looks there.
"""

from __future__ import annotations

from typing import Final

from assaymark.attest.bundle import BUNDLE_V03
from assaymark.attest.store.read import CREATED
from assaymark.attest.store.referring import push_referrer
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.oci.content import ContentStore

CONTENT_ANNOTATION: Final = "dev.sigstore.bundle.content"
PREDICATE_TYPE_ANNOTATION: Final = "dev.sigstore.bundle.predicateType"


def push_bundle(
    store: ContentStore,
    subject: Descriptor,
    bundle: bytes,
    *,
    predicate_type: str,
    created: str,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Store `bundle` as a referrer of `subject`; returns the descriptor of its manifest.

    Args:
        store: where attestations go; the subject may be elsewhere.
        subject: what the image resolves to.
        bundle: the bundle's JSON.
        predicate_type: for the annotation that listings show.
        created: RFC 3339; the same bundle at the same time has the same digest.
        limits: the bounds.
        pace: how the fallback tag is written.

    Raises:
        NetworkError: the registry refuses, or does not list what it took.
    """
    annotations = {
        CONTENT_ANNOTATION: "dsse-envelope",
        PREDICATE_TYPE_ANNOTATION: predicate_type,
        CREATED: created,
    }
    return push_referrer(
        store, subject, bundle, artifact_type=BUNDLE_V03, annotations=annotations, limits=limits, pace=pace
    )
