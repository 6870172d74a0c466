"""`assaymark.verify`: prove what somebody said about an image, and hand over exactly what was proven.

1. Somebody has to be named who must have signed: keys, or an identity with the issuer that vouches for it.
2. With keys alone nobody but the registry is asked. An identity, `trusted_root`, `require_log` and `require_timestamp`
   verify against a trusted root, as `verify-attestation` does.
3. A compact record counts with its full report only, which is fetched and checked.
4. No scanner code is loaded, unless somebody asks for `VerifiedAttestation.report`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from assaymark.api.outside import Outside
from assaymark.api.settings import DEFAULT_SETTINGS, Settings
from assaymark.api.signing import key_context
from assaymark.attest.compact import whole_record
from assaymark.attest.full_report import check_full_report
from assaymark.attest.image import NamedImage
from assaymark.attest.keys.reference import load_public_key
from assaymark.attest.predicate import VULN_TYPE, PredicateType, find_predicate_type
from assaymark.attest.proving import Reading, prove_against_root, prove_with_keys
from assaymark.attest.verify import Verified
from assaymark.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from assaymark.api.report import Report
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.outcome import Rejected
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.attest.sigstore.expectation import Expectation
    from assaymark.attest.sigstore.identity import Identity

_Item = TypeVar("_Item")


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed: a key, or an identity.

    Attributes:
        key: the reference of the key as it was given; empty for an identity.
        fingerprint: SHA-256 of the public key's encoding; empty for an identity.
        identity: the name in the certificate; empty for a key.
        issuer: who vouched for it.
    """

    key: str = ""
    fingerprint: str = ""
    identity: str = ""
    issuer: str = ""


class VerifiedAttestation(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that passed every check.

    Attributes:
        type: the predicate type, a URI.
        predicate: the exact bytes that were signed.
        signer: who signed.
        time: when the signature is known to have existed, by a log or a timestamp authority; None where nobody trusted
            says so.
        format: `bundle` or `legacy`.
        manifest: the digest of the manifest that holds it.
        envelope: the DSSE envelope on one line, as cosign prints it.
        notes: what was not checked, and what else the reader should know.
        full_report: of a compact record, checked; empty for every other predicate.
    """

    type: str
    predicate: bytes
    signer: Signer
    time: datetime | None
    format: str
    manifest: str
    envelope: bytes
    notes: tuple[str, ...] = ()
    full_report: bytes = b""

    @property
    def record(self) -> bytes:
        """The vulnerability record, whole: of a compact one with its full report."""
        return whole_record(self.predicate, self.full_report) if self.full_report else self.predicate

    @property
    def report(self) -> Report:
        """The scan that a vulnerability record tells of.

        Raises:
            ArtifactError: the predicate is none.
        """
        from assaymark.api.report import Report

        return Report.read(self.record)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that proves nothing: a stable reason, a message, and the digest of what holds it."""

    reason: str
    message: str
    manifest: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was proven of one image; there is one attestation at least.

    Attributes:
        image: how to name exactly what was verified: `registry/repository@sha256:…`, or the path of a layout.
        digest: of the manifest or index.
        attestations: those that passed every check.
        refused: those beside them that did not.
        warnings: what the caller should know, a line each.
    """

    image: str
    digest: str
    attestations: tuple[VerifiedAttestation, ...]
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()


class Demands(msgspec.Struct, frozen=True, kw_only=True):
    """Who must have signed what, and with which evidence."""

    keys: tuple[str, ...]
    identities: tuple[Identity, ...]
    type: PredicateType
    trusted_root: str
    require_log: bool
    require_timestamp: bool

    @property
    def needs_trust(self) -> bool:
        """Rule 2."""
        return bool(self.identities or self.trusted_root or self.require_log or self.require_timestamp)


def verify(
    image: str | os.PathLike[str],
    *,
    key: str | Sequence[str] = (),
    identity: str = "",
    issuer: str = "",
    identity_regexp: str = "",
    issuer_regexp: str = "",
    type: str = "vuln",  # noqa: A002 - the name of the flag
    trusted_root: str | os.PathLike[str] = "",
    require_log: bool = False,
    require_timestamp: bool = False,
    local: bool = False,
    settings: Settings = DEFAULT_SETTINGS,
) -> Verification:
    """Verify the attestations of an image.

    Args:
        image: its reference; with `local` the path of an OCI image layout.
        key: references of public keys, any of which may have signed: files, `env://NAME`, key management services.
        identity: the name that the signer's certificate must have, to the letter.
        issuer: who must have vouched for it.
        identity_regexp: the same as an expression for the whole name (RE2).
        issuer_regexp: the same for the issuer.
        type: the predicate type that must be there.
        trusted_root: a file that says whom to believe; empty for the mirror's.
        require_log: demand a transparency log entry with a key, too.
        require_timestamp: demand a timestamp of a trusted authority.
        local: `image` is a path.
        settings: cache, network, credentials.

    Raises:
        UsageError: nobody is named, or a key or an expression is none.
        VerificationError: nothing is proven; `reason` says why, such as `NO_ATTESTATION` or `WRONG_IDENTITY`.
        NetworkError: the registry or the mirror cannot be reached.
    """
    demands = Demands(
        keys=(key,) if isinstance(key, str) else tuple(key),
        identities=_identities(identity, issuer, identity_regexp, issuer_regexp),
        type=find_predicate_type(type),
        trusted_root=os.fspath(trusted_root),
        require_log=require_log,
        require_timestamp=require_timestamp,
    )
    if not (demands.keys or demands.identities) or not all(demands.keys):
        raise UsageError("nobody is named who must have signed", hint="give `key`, or `identity` and `issuer`")
    outside = Outside(settings)
    context = key_context(outside)
    keys = {reference: load_public_key(reference, context) for reference in demands.keys}
    about = outside.image(os.fspath(image), local=local)
    verified, rejected = _prove(about, demands, keys, outside)
    return Verification(
        image=about.pinned,
        digest=about.subject.digest,
        attestations=tuple(_view(item, about, outside, keys) for item in verified),
        refused=tuple(
            Refused(reason=item.reason.value, message=item.message, manifest=item.manifest or "") for item in rejected
        ),
        warnings=tuple(outside.warnings),
    )


def _prove(
    about: NamedImage, demands: Demands, keys: dict[str, PublicKey], outside: Outside
) -> tuple[tuple[Verified | ProvenAttestation, ...], tuple[Rejected, ...]]:
    """Rule 2.

    Raises:
        VerificationError: nothing is proven, and of which image.
    """
    reading = Reading(limits=outside.settings.limits)
    try:
        if not demands.needs_trust:
            by_keys = prove_with_keys(about, tuple(keys.values()), demands.type, reading=reading)
            return by_keys.require(), by_keys.rejected
        trust = outside.trust(demands.trusted_root, outside.network)
        expected = _expectation(demands, tuple(keys.values()))
        proven = prove_against_root(about, expected, trust, reading=reading)
        return proven.require(), proven.rejected
    except VerificationError as exc:
        raise VerificationError(f"`{about.text}`: {exc}", hint=exc.hint, reason=exc.reason) from exc


def _expectation(demands: Demands, keys: tuple[PublicKey, ...]) -> Expectation:
    from assaymark.attest.sigstore.expectation import Demand, Expectation

    return Expectation(
        keys=keys,
        identities=demands.identities or None,
        artifact=None,
        predicate_type=demands.type,
        key_log=Demand.REQUIRED if demands.require_log else Demand.CHECKED,
        timestamp=Demand.REQUIRED if demands.require_timestamp else Demand.CHECKED,
    )


def _identities(identity: str, issuer: str, identity_regexp: str, issuer_regexp: str) -> tuple[Identity, ...]:
    """Who must have signed; a name means something only together with its issuer.

    Raises:
        UsageError: one is missing, or said in two ways.
    """
    if not (identity or issuer or identity_regexp or issuer_regexp):
        return ()
    if bool(identity) == bool(identity_regexp) or bool(issuer) == bool(issuer_regexp):
        raise UsageError(
            "an identity is one name and one issuer", hint="give `identity` and `issuer`, or their `_regexp`"
        )
    from assaymark.attest.sigstore.identity import Identity, parse_exact, parse_expression

    return (
        Identity(
            name=parse_expression(identity_regexp, what="`identity_regexp`")
            if identity_regexp
            else parse_exact(identity, what="`identity`"),
            issuer=parse_expression(issuer_regexp, what="`issuer_regexp`")
            if issuer_regexp
            else parse_exact(issuer, what="`issuer`"),
        ),
    )


def _view(
    item: Verified | ProvenAttestation, about: NamedImage, outside: Outside, keys: dict[str, PublicKey]
) -> VerifiedAttestation:
    """What is told of one attestation; all of it from verified bytes."""
    statement = item.statement
    full = None
    if statement.predicate_type == VULN_TYPE:
        full = check_full_report(about.attachments, statement.predicate, limits=outside.settings.limits)
    return VerifiedAttestation(
        type=statement.predicate_type,
        predicate=statement.predicate,
        signer=_signer(item, {loaded.fingerprint: reference for reference, loaded in keys.items()}),
        time=_first([] if isinstance(item, Verified) else item.times),
        format=item.format.value,
        manifest=item.manifest,
        envelope=item.line,
        notes=item.notes,
        full_report=full or b"",
    )


def _signer(item: Verified | ProvenAttestation, named: dict[str, str]) -> Signer:
    if isinstance(item, Verified):
        return Signer(key=named[item.key], fingerprint=item.key)
    from assaymark.attest.sigstore.proof import Certified

    signer = item.proof.signer
    if isinstance(signer, Certified):
        return Signer(identity=signer.certificate.identity, issuer=signer.certificate.issuer)
    return Signer(key=named[signer.fingerprint], fingerprint=signer.fingerprint)


def _first(items: Iterable[_Item]) -> _Item | None:
    return next(iter(items), None)
