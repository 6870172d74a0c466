"""Signing an attestation of an image with services: an identity or a key, with logs and timestamps.

What comes out is verified twice with the engine that anybody else would use (`assaymark.attest.sigstore.verify`): once
before it is stored, so that nothing is stored that proves nothing, and once as it is read back. The signer that is
expected is the one that the certificate names, because that is whom the printed command names; evidence that was asked
for is demanded.

The `.att` tag holds an identity's signature only together with a log entry of version 1, so the other combination is
refused before anything is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from assaymark.attest.attach import Attached, Attestation, Own, find_own
from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.predicate import PredicateType
from assaymark.attest.sigstore.attestations import prove_attestations
from assaymark.attest.sigstore.certificate import SigningCertificate, parse_signing_certificate
from assaymark.attest.sigstore.certified import CertificateSteps
from assaymark.attest.sigstore.expectation import Demand, Expectation
from assaymark.attest.sigstore.identity import Exact, Identities, Identity
from assaymark.attest.sigstore.material import (
    LOG_ENTRY,
    TIMESTAMP,
    Material,
    material_of_bundle,
    material_of_layer,
)
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.sign import About, Signed, Surroundings, sign_keyless, sign_logged
from assaymark.attest.sigstore.signing_config import Services
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.sigstore.verify import verify_material
from assaymark.attest.sigstore.write import Gathered
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Found
from assaymark.attest.store.read import legacy_manifest, read_attestations
from assaymark.attest.store.removal import Spot
from assaymark.attest.subject import digests_of_descriptor
from assaymark.attest.withdrawing import spot_of
from assaymark.errors import SigningError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.oci.content import ContentStore

_CHECK_HINT = "give the trusted root of these services with `--trusted-root`"


class ServiceSigning(msgspec.Struct, frozen=True, kw_only=True):
    """Signing with services (`assaymark.attest.attach.Signing`).

    Attributes:
        services: whom to ask.
        around: what signing needs from outside.
        trust: whom a verifier believes.
        token: gets the identity token; not called where a key signs.
        signer: the key; None where an identity signs.
    """

    services: Services
    around: Surroundings
    trust: TrustedRoot
    token: Callable[[], IdentityToken]
    signer: Signer | None = None

    def sign(self, statement: bytes, *, name: str, subject: Descriptor, predicate_type: PredicateType) -> Attestation:
        """The signed statement, verified.

        Raises:
            SigningError: it cannot or may not be signed or published, or what came out cannot be verified.
            NetworkError: a service cannot be reached.
        """
        about = About(
            subject=f"{name}@{subject.digest}",
            media_type=subject.media_type,
            predicate_type=predicate_type.uri,
        )
        signed = self._signed(statement, about)
        attestation = attestation_of(signed, subject=subject, predicate_type=predicate_type)
        self.check(attestation)
        return attestation

    def check(self, attestation: Attestation) -> None:
        """Verify the bundle of `attestation` before it is stored.

        Raises:
            SigningError: it cannot be verified.
        """
        material = material_of_bundle(parse_bundle(attestation.bundle))
        _verify(material, attestation, AttestationFormat.BUNDLE, self.trust, self.around.limits)

    def confirm(
        self,
        store: ContentStore,
        attestation: Attestation,
        attached: tuple[Attached, ...],
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Read back what was stored and verify it.

        Raises:
            SigningError: it is not there, or cannot be verified.
        """
        for item in attached:
            material = _read_back(store, attestation, item.format, limits)
            _verify(material, attestation, item.format, self.trust, limits)

    def find_own(
        self, found: Iterable[Found], attestation: Attestation, *, limits: Limits = DEFAULT_LIMITS
    ) -> tuple[Spot, ...]:
        """Where the same signer's attestations of the same type and image are."""
        gathered = attestation.gathered
        assert gathered is not None  # services signed it
        if not gathered.certificate:
            return find_own(found, attestation, limits=limits)
        expected = Expectation(
            identities=_identities(gathered),
            artifact=digests_of_descriptor(attestation.subject),
            predicate_type=attestation.predicate_type,
        )
        verified = prove_attestations(found, expected, self.trust, limits=limits).verified
        return tuple(map(spot_of, verified))

    def prove_own(
        self,
        found: Iterable[Found],
        *,
        subject: Descriptor,
        predicate_type: PredicateType,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Sequence[Own]:
        """The signer's own attestations of this type about this image, verified; of an identity whom the token names.

        Raises:
            SigningError: nobody says who will sign.
        """
        expected = Expectation(
            keys=(self.signer.public,) if self.signer is not None else (),
            identities=None if self.signer is not None else _announced(self.token()),
            artifact=digests_of_descriptor(subject),
            predicate_type=predicate_type,
            log=Demand.CHECKED if self.signer is not None else Demand.REQUIRED,
            timestamp=Demand.CHECKED,
        )
        return prove_attestations(found, expected, self.trust, limits=limits).verified

    def _signed(self, statement: bytes, about: About) -> Signed:
        if self.signer is None:
            return sign_keyless(
                statement,
                token=self.token,
                services=self.services,
                around=self.around,
                about=about,
                check_certificate=self._check_certificate,
            )
        return sign_logged(statement, signer=self.signer, services=self.services, around=self.around, about=about)

    def _check_certificate(self, leaf: bytes) -> None:
        """Verify what was issued before it is used: a log entry stays for good, also one that proves nothing.

        The moment is the certificate's own beginning; a clock of this machine's that is slow must refuse nothing.
        """
        try:
            steps = CertificateSteps.read((leaf,), self.trust)
            steps.check_times((steps.certificate.not_before,), None, ())
            steps.check_scts(Demand.REQUIRED, self.trust, self.around.limits)
        except VerificationError as exc:
            raise SigningError(
                f"the certificate cannot be verified, and nothing was signed with it: {exc}",
                hint=_CHECK_HINT,
                reason=exc.reason,
            ) from exc


def attestation_of(signed: Signed, *, subject: Descriptor, predicate_type: PredicateType) -> Attestation:
    """A finished signature as it is stored."""
    return Attestation(
        subject=subject,
        predicate_type=predicate_type,
        envelope=signed.envelope,
        public=signed.gathered.public,
        bundle=signed.bundle,
        legacy=signed.legacy,
        annotations=tuple(signed.annotations.items()),
        gathered=signed.gathered,
        gaps=signed.gaps,
    )


def check_format(services: Services, format_: AttestationFormat, *, keyless: bool) -> None:
    """Whether the format can hold what the services will say.

    Raises:
        SigningError: `LEGACY_LOG`: the `.att` tag, an identity, and no log of version 1.
    """
    if keyless and format_ is not AttestationFormat.BUNDLE and all(log.version > 1 for log in services.logs):
        raise SigningError(
            "the `.att` tag cannot hold entries of a log of version 2, without which no identity can be verified",
            hint="use `--attestation-format bundle`, or a log of version 1",
            reason="LEGACY_LOG",
        )


def signer_of(gathered: Gathered) -> SigningCertificate | PublicKey:
    """Who signed: what a verifier is told."""
    return parse_signing_certificate(gathered.certificate) if gathered.certificate else gathered.public


def _verify(
    material: Material, attestation: Attestation, format_: AttestationFormat, trust: TrustedRoot, limits: Limits
) -> None:
    try:
        verify_material(material, _expectation(attestation, format_), trust, limits=limits)
    except VerificationError as exc:
        raise SigningError(
            f"what was signed cannot be verified: {exc}", hint=exc.hint or _CHECK_HINT, reason=exc.reason
        ) from exc


def _expectation(attestation: Attestation, format_: AttestationFormat) -> Expectation:
    """That our signer signed it, with everything that was gathered and that the format holds.

    It is made from what was gathered, not from what is there: evidence that a registry took away must be missed.
    """
    gathered = attestation.gathered
    assert gathered is not None  # services signed it
    identities = _identities(gathered)
    noted = dict(attestation.annotations)
    legacy = format_ is AttestationFormat.LEGACY
    logged, stamped = bool(gathered.log_entries), bool(gathered.timestamps)
    if legacy:
        logged, stamped = LOG_ENTRY in noted, TIMESTAMP in noted
    return Expectation(
        keys=() if identities else (attestation.public,),
        identities=identities,
        artifact=digests_of_descriptor(attestation.subject),
        predicate_type=attestation.predicate_type,
        log=Demand.REQUIRED if identities or logged else Demand.CHECKED,
        timestamp=Demand.REQUIRED if stamped else Demand.CHECKED,
    )


def _announced(token: IdentityToken) -> Identities:
    """Whom a certificate for this token will name: the account, or the workflow where GitHub vouches for one."""
    claims = token.claims
    workflow = dict(claims.texts).get("job_workflow_ref", "")
    name = f"https://github.com/{workflow}" if workflow else claims.identity
    return (Identity(name=Exact(name), issuer=Exact(claims.account_issuer)),)


def _identities(gathered: Gathered) -> Identities | None:
    """Whom the certificate names; None where a key signed."""
    if not gathered.certificate:
        return None
    certificate = parse_signing_certificate(gathered.certificate)
    return (Identity(name=Exact(certificate.identity), issuer=Exact(certificate.issuer)),)


def _read_back(store: ContentStore, attestation: Attestation, format_: AttestationFormat, limits: Limits) -> Material:
    legacy = format_ is AttestationFormat.LEGACY
    wanted = attestation.legacy if legacy else attestation.bundle
    found = read_attestations(store, attestation.subject.digest, limits=limits, formats=(format_,))
    ours = next((item for item in found if isinstance(item, Candidate) and item.data == wanted), None)
    if ours is None:
        raise SigningError(
            f"the attestation was stored in `{store.name}` as `{format_.value}` but cannot be read back",
            reason="NOT_STORED",
        )
    if not legacy:
        return material_of_bundle(parse_bundle(ours.data, limits=limits))
    return material_of_layer(ours.data, _annotations(store, attestation.subject, ours, limits), limits=limits)


def _annotations(store: ContentStore, subject: Descriptor, candidate: Candidate, limits: Limits) -> dict[str, str]:
    """What stands beside the envelope at the `.att` tag."""
    held = legacy_manifest(store, subject.digest, limits=limits)
    layers = held[1].layers if held is not None else ()
    return next((dict(layer.annotations) for layer in layers if layer.digest == candidate.layer), {})
