"""Signing a predicate, storing the attestation beside its image, and checking that it is there.

The order is that of cosign: statement, envelope, then one manifest for each format asked for. What was written is read
back and verified with the signer's own public key before anybody is told that it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from assaymark.attest.bundle import build_bundle
from assaymark.attest.compact import FULL_REPORT_MEMBER
from assaymark.attest.dsse import Envelope, encode_legacy, sign_payload
from assaymark.attest.full_report import check_full_report, push_full_report
from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.predicate import VULN_TYPE, PredicateType
from assaymark.attest.reasons import UNFINISHED
from assaymark.attest.statement import Statement, Subject, build_statement, parse_statement
from assaymark.attest.store.attestation import SINGLE_FORMATS, AttestationFormat, Found
from assaymark.attest.store.bundle_store import push_bundle
from assaymark.attest.store.legacy_store import APPENDING, LegacyManner, push_legacy
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.removal import Spot
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.attest.subject import digests_of_descriptor
from assaymark.attest.verify import Expectation, Verified, verify_attestations
from assaymark.attest.withdrawing import spot_of
from assaymark.errors import NetworkError, SigningError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore

if TYPE_CHECKING:
    from assaymark.attest.sigstore.write import Gathered


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement about an image, not stored anywhere yet.

    Attributes:
        subject: what the image resolves to.
        bundle: the Sigstore bundle, as stored and as `--bundle` writes it.
        legacy: the envelope as it is stored at the `.att` tag.
        annotations: those of its layer there.
        gathered: what services gave; None where none was asked.
        gaps: what the `.att` tag cannot hold of it, in words.
        report: the full report behind a compact record, to be stored first; empty where there is none.
    """

    subject: Descriptor
    predicate_type: PredicateType
    envelope: Envelope
    public: PublicKey
    bundle: bytes
    legacy: bytes
    annotations: tuple[tuple[str, str], ...] = ()
    gathered: Gathered | None = None
    gaps: tuple[str, ...] = ()
    report: bytes = b""


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """Where one attestation was stored."""

    format: AttestationFormat
    manifest: Descriptor


class Own(Protocol):
    """A verified attestation, as far as its age is asked for."""

    @property
    def statement(self) -> Statement: ...  # noqa: D102 - as in the types that verification makes
    @property
    def manifest(self) -> Digest: ...  # noqa: D102
    @property
    def times(self) -> tuple[datetime, ...]: ...  # noqa: D102


class Signing(Protocol):
    """A way to sign: with a key, or with the services of `assaymark.attest.sigstore.attach`."""

    def sign(self, statement: bytes, *, name: str, subject: Descriptor, predicate_type: PredicateType) -> Attestation:
        """The signed statement.

        Raises:
            SigningError: it cannot or may not be signed.
            NetworkError: a service cannot be reached.
        """

    def confirm(
        self,
        store: ContentStore,
        attestation: Attestation,
        attached: tuple[Attached, ...],
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Read back what was stored and verify it as anybody else would.

        Raises:
            SigningError: it is not there, or is not what was signed.
        """

    def find_own(
        self, found: Iterable[Found], attestation: Attestation, *, limits: Limits = DEFAULT_LIMITS
    ) -> tuple[Spot, ...]:
        """Where the same signer's attestations of the same type and image are, each of them verified."""
        ...

    def prove_own(
        self,
        found: Iterable[Found],
        *,
        subject: Descriptor,
        predicate_type: PredicateType,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Sequence[Own]:
        """The signer's own attestations of this type about this image, verified, before anything is signed.

        Raises:
            SigningError: it is not known who will sign.
        """
        ...


class KeySigning:
    """Signing with a key and nothing else: nobody is asked, nothing is published."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(
        self,
        statement: bytes,
        *,
        name: str,  # noqa: ARG002 - the protocol's signature
        subject: Descriptor,
        predicate_type: PredicateType,
    ) -> Attestation:
        """The signed statement.

        Raises:
            SigningError: the key cannot be used.
        """
        envelope = sign_payload(statement, self._signer)
        return Attestation(
            subject=subject,
            predicate_type=predicate_type,
            envelope=envelope,
            public=self._signer.public,
            bundle=build_bundle(envelope, self._signer.public),
            legacy=encode_legacy(envelope),
        )

    def confirm(
        self,
        store: ContentStore,
        attestation: Attestation,
        attached: tuple[Attached, ...],
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Read back what was stored and verify it with the signer's public key.

        Raises:
            SigningError: it is not there, or is not what was signed.
        """
        confirm(store, attestation, attached, limits=limits)

    def find_own(
        self, found: Iterable[Found], attestation: Attestation, *, limits: Limits = DEFAULT_LIMITS
    ) -> tuple[Spot, ...]:
        """Where the key's attestations of the same type and image are."""
        return find_own(found, attestation, limits=limits)

    def prove_own(
        self,
        found: Iterable[Found],
        *,
        subject: Descriptor,
        predicate_type: PredicateType,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Sequence[Own]:
        """The key's own attestations; nobody but the signer knows when they were made."""
        wanted = Expectation(
            keys=(self._signer.public,), predicate_type=predicate_type, image=digests_of_descriptor(subject)
        )
        return verify_attestations(found, wanted, limits=limits).verified


def sign_attestation(
    *, name: str, subject: Descriptor, predicate_type: PredicateType, predicate: bytes, signer: Signer
) -> Attestation:
    """Sign a statement about an image with a key.

    Args:
        name: the subject's name, `registry/repository`.
        subject: what the image resolves to: the index, for an index.
        predicate_type: of the predicate.
        predicate: its exact bytes, from `prepare_predicate`.
        signer: the key.

    Raises:
        SigningError: the key cannot be used.
    """
    statement = image_statement(name=name, subject=subject, predicate_type=predicate_type, predicate=predicate)
    return KeySigning(signer).sign(statement, name=name, subject=subject, predicate_type=predicate_type)


def image_statement(*, name: str, subject: Descriptor, predicate_type: PredicateType, predicate: bytes) -> bytes:
    """The statement about an image that is to be signed, with the exact bytes of `predicate`."""
    algorithm, _, value = subject.digest.partition(":")
    about = Subject(name=name, digests=((algorithm, value),))
    return build_statement(subjects=[about], predicate_type=predicate_type.uri, predicate=predicate)


def attach(
    store: ContentStore,
    attestation: Attestation,
    *,
    format: AttestationFormat = AttestationFormat.BUNDLE,  # noqa: A002 - the name of the flag
    created: str,
    manner: LegacyManner = APPENDING,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> tuple[Attached, ...]:
    """Store an attestation in one format or both.

    Args:
        store: the image's repository, or the one that `COSIGN_REPOSITORY` names.
        attestation: what to store.
        format: where.
        created: RFC 3339, for the manifest's annotation.
        manner: how the `.att` tag is written.
        limits: the bounds.
        pace: how contended tags are written.

    Raises:
        NetworkError: the registry refuses.
        ArtifactError: something else is at a tag that is needed.
        SigningError: the full report behind a compact record is not there, or is another one.
    """
    uri = attestation.predicate_type.uri

    def push(single: AttestationFormat) -> Descriptor:
        if single is AttestationFormat.LEGACY:
            data = attestation.legacy
            return push_legacy(
                store,
                attestation.subject,
                data,
                predicate_type=uri,
                annotations=dict(attestation.annotations),
                manner=manner,
                limits=limits,
                pace=pace,
            )
        return push_bundle(
            store,
            attestation.subject,
            attestation.bundle,
            predicate_type=uri,
            created=created,
            limits=limits,
            pace=pace,
        )

    if attestation.report:
        push_full_report(store, attestation.subject, attestation.report, limits=limits, pace=pace)
    _confirm_report(store, attestation, limits)
    return tuple(Attached(format=single, manifest=push(single)) for single in SINGLE_FORMATS[format])


def sign_with_report(
    signing: Signing,
    store: ContentStore,
    statement: bytes,
    *,
    name: str,
    subject: Descriptor,
    predicate_type: PredicateType,
    report: bytes,
) -> Attestation:
    """Sign a statement; where its record is compact, what is attached brings the full report along.

    Where a service fails after the signature, the report is stored at once: whoever finishes the attestation has only
    what was signed.

    Raises:
        SigningError: it cannot or may not be signed.
        NetworkError: a service cannot be reached, or the registry refuses.
    """
    try:
        attestation = signing.sign(statement, name=name, subject=subject, predicate_type=predicate_type)
    except NetworkError as exc:
        if exc.reason == UNFINISHED and report:
            push_full_report(store, subject, report)
        raise
    return msgspec.structs.replace(attestation, report=report)


def _confirm_report(store: ContentStore, attestation: Attestation, limits: Limits) -> None:
    """Nothing is attached whose full report is not there: neither lost on the way nor by somebody who finishes it."""
    if attestation.predicate_type.uri != VULN_TYPE or FULL_REPORT_MEMBER not in attestation.envelope.payload:
        return
    try:
        check_full_report(store, parse_statement(attestation.envelope.payload).predicate, limits=limits)
    except VerificationError as exc:
        raise SigningError(f"nothing was attached: {exc}", hint="sign again", reason=exc.reason) from exc


def confirm(
    store: ContentStore,
    attestation: Attestation,
    attached: tuple[Attached, ...],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Verified, ...]:
    """Read back what was stored and verify it with the signer's public key.

    Raises:
        SigningError: it is not there, or is not what was signed.
    """
    expected = _expectation(attestation)
    formats = tuple(item.format for item in attached)
    found = read_attestations(store, attestation.subject.digest, limits=limits, formats=formats)
    verified = verify_attestations(found, expected, limits=limits).verified
    ours = tuple(item for item in verified if item.payload == attestation.envelope.payload)
    for item in attached:
        if item.format not in {each.format for each in ours}:
            raise SigningError(
                f"the attestation was stored in `{store.name}` as `{item.format.value}` but cannot be read back",
                reason="NOT_STORED",
            )
    return ours


def find_own(found: Iterable[Found], attestation: Attestation, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Spot, ...]:
    """Where attestations of the same type and image are that the key of `attestation` signed."""
    verified = verify_attestations(found, _expectation(attestation), limits=limits).verified
    return tuple(map(spot_of, verified))


def _expectation(attestation: Attestation) -> Expectation:
    return Expectation(
        keys=(attestation.public,),
        predicate_type=attestation.predicate_type,
        image=digests_of_descriptor(attestation.subject),
    )
