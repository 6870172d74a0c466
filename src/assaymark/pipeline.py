"""Scan and attestation joined: what `image --attest` does once the scan is finished.

The record's exact bytes are signed, stored beside the manifest that was scanned, read back and verified. What was
scanned is what is attested: the subject is the digest of the manifest whose layers were read, never a tag.
"""

from __future__ import annotations

from io import BytesIO

import msgspec

from assaymark.attest.attach import Attached, Attestation, Signing, image_statement, sign_with_report
from assaymark.attest.compact import parts_of
from assaymark.attest.predicate import parse_predicate_type, prepare_predicate
from assaymark.attest.replacing import store_attestation
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.store.legacy_store import APPENDING, LegacyManner
from assaymark.attest.store.removal import Removal
from assaymark.attest.vuln import Image as AttestedImage
from assaymark.attest.vuln import Override
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ImageIdentity
from assaymark.model.report import Scan
from assaymark.oci.content import ContentStore
from assaymark.report.cosign_vuln import FORMAT as RECORD
from assaymark.report.format import Rendering


class ScanAttestation(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that was signed, stored and verified.

    Attributes:
        record: the predicate's exact bytes.
        replaced: the signer's older attestations that are gone, and that are not.
        warnings: what the signer should know.
    """

    record: bytes
    attestation: Attestation
    attached: tuple[Attached, ...]
    replaced: Removal = Removal()
    warnings: tuple[str, ...] = ()


def attest_scan(
    scan: Scan,
    identity: ImageIdentity,
    store: ContentStore,
    *,
    subject_name: str,
    signing: Signing,
    format: AttestationFormat,  # noqa: A002 - the name of the flag
    replace: bool = False,
    manner: LegacyManner = APPENDING,
    allowed: frozenset[Override],
    compact: bool = False,
    created: str,
    limits: Limits = DEFAULT_LIMITS,
) -> ScanAttestation:
    """Sign the record of a scan and attach it to the manifest that was scanned.

    Args:
        scan: a finished scan of an image.
        identity: that image's.
        store: where the attestation is stored.
        subject_name: the subject's name, `registry/repository`.
        signing: with a key, or with services.
        format: bundle, legacy or both.
        replace: whether the signer's older attestations of the same type go.
        manner: how the `.att` tag is written.
        allowed: what may be signed although it is incomplete or made with the sample database.
        compact: whether the findings are signed in short, and the full report is stored beside the image.
        created: RFC 3339, for the manifest's annotation.
        limits: the bounds.

    Raises:
        UsageError: the image has no manifest that could be attested.
        SigningError: the scan may not be signed, or the key cannot be used.
        NetworkError: the registry or a service refuses.
    """
    if identity.manifest is None:
        raise UsageError(
            f"`{identity.name}` has no manifest to attach an attestation to",
            hint="attest an image on a registry, or an OCI image layout given to `--input`",
        )
    record = record_bytes(scan)
    kind = parse_predicate_type("vuln")
    about = AttestedImage(name=identity.name, digests=known_digests(identity))
    predicate = prepare_predicate(kind, record, image=about, allowed=allowed, now=created, limits=limits)
    subject = identity.manifest
    parts = parts_of(predicate.data, compact=compact, limits=limits)
    statement = image_statement(name=subject_name, subject=subject, predicate_type=kind, predicate=parts.predicate)
    attestation = sign_with_report(
        signing, store, statement, name=subject_name, subject=subject, predicate_type=kind, report=parts.report
    )
    stored = store_attestation(
        signing, store, attestation, format=format, created=created, replace=replace, manner=manner, limits=limits
    )
    return ScanAttestation(
        record=record,
        attestation=attestation,
        attached=stored.attached,
        replaced=stored.replaced,
        warnings=predicate.warnings,
    )


def record_bytes(scan: Scan) -> bytes:
    """The vulnerability record of a scan, as it is signed."""
    stream = BytesIO()
    RECORD.write(scan, Rendering(), stream)
    return stream.getvalue()


def known_digests(identity: ImageIdentity) -> frozenset[str]:
    """Every digest that the image is known by."""
    return frozenset(descriptor.digest for descriptor in (identity.manifest, identity.resolved) if descriptor)
