"""The steps of a verification that are about the certificate (4, 8, 9 and 11 of `verify`).

Rules: of a chain that came with a bundle only the leaf is used, and a chain that carries its root is refused: a root
proves nothing about itself, and who puts it there expects it to be believed. A certificate lives for minutes, so that
it says nothing without a trusted time; the caller's own clock is only taken where the caller says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.certificate import SigningCertificate, load_certificate, parse_signing_certificate
from assaymark.attest.sigstore.expectation import Demand
from assaymark.attest.sigstore.identity import Identities, check_identity
from assaymark.attest.sigstore.path import Issuer, find_issuers, is_issued_by, is_valid_path
from assaymark.attest.sigstore.proof import Certified, Check, CheckName
from assaymark.attest.sigstore.sct import verify_scts
from assaymark.attest.sigstore.trusted_root import TrustedLog, TrustedRoot
from assaymark.errors import VerificationError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from cryptography import x509


class CertificateSteps:
    """A certificate that an authority of the trusted root issued, on its way through the steps."""

    def __init__(self, certificate: SigningCertificate, loaded: x509.Certificate, issuers: tuple[Issuer, ...]) -> None:
        self.certificate = certificate
        self._loaded = loaded
        self._issuers = issuers

    @classmethod
    def read(cls, chain: Sequence[bytes], trust: TrustedRoot) -> CertificateSteps:
        """Step 4."""
        from cryptography.x509.oid import ExtendedKeyUsageOID

        certificate = parse_signing_certificate(chain[0])
        _check_chain(chain[1:])
        loaded = load_certificate(certificate.der)
        issuers = find_issuers(loaded, trust.certificate_authorities, ExtendedKeyUsageOID.CODE_SIGNING)
        if not issuers:
            text = "no certificate authority of the trusted root issued the signing certificate"
            raise refuse(Reason.UNTRUSTED_CERTIFICATE, text)
        return cls(certificate, loaded, issuers)

    def check_times(
        self, moments: Iterable[datetime], assumed: datetime | None, checks: Iterable[Check]
    ) -> datetime | None:
        """Step 8: at each trusted moment. The moment that was assumed, where there was no better one."""
        trusted = list(moments)
        looked_at = trusted or ([assumed] if assumed is not None else [])
        if not looked_at:
            raise _missing_time([check for check in checks if not check.passed])
        leaf = self.certificate
        issuers = tuple(issuer for issuer in self._issuers if issuer.overlaps(leaf.not_before, leaf.not_after))
        if not issuers:
            raise self._outside_authority()
        for moment in looked_at:
            if not leaf.contains(moment):
                said = f"from {leaf.not_before.isoformat()} to {leaf.not_after.isoformat()}"
                text = f"the signature is of {moment.isoformat()}, and the certificate is valid {said}"
                raise refuse(Reason.TIME_OUTSIDE_CERTIFICATE, text)
            issuers = tuple(issuer for issuer in issuers if _is_valid(self._loaded, issuer, moment))
        if not issuers:
            raise self._outside_authority()
        self._issuers = issuers
        return None if trusted else assumed

    def _outside_authority(self) -> VerificationError:
        said = f"the certificate authority `{self._issuers[0].authority.uri[:200]}`"
        text = f"{said} was not believed, or had no valid certificate, at the time of the signing certificate"
        return refuse(Reason.AUTHORITY_OUTSIDE_VALIDITY, text)

    def path_check(self, assumed: datetime | None) -> Check:
        """What to say about steps 4 and 8."""
        detail = f"issued by `{self._issuers[0].authority.uri}`"
        if assumed is not None:
            detail += f"; no signed time: {assumed.isoformat()} was assumed"
        return Check(name=CheckName.CERTIFICATE, passed=True, detail=detail)

    def check_scts(self, demand: Demand, trust: TrustedRoot, limits: Limits) -> tuple[tuple[TrustedLog, ...], Check]:
        """Step 9."""
        if demand is Demand.IGNORED:
            return (), Check(name=CheckName.SCT, passed=False, detail="certificate logs were ignored")
        logs = verify_scts(self._loaded, self._issuers[0].public_key_info, trust.ct_logs, limits=limits)
        return logs, Check(name=CheckName.SCT, passed=True, detail=", ".join(f"`{log.base_url}`" for log in logs))

    def check_identity(
        self, wanted: Identities | None, ct_logs: tuple[TrustedLog, ...], assumed: datetime | None
    ) -> tuple[Certified, Check]:
        """Step 11."""
        identity = check_identity(self.certificate, wanted)
        signer = Certified(
            certificate=self.certificate,
            authority=self._issuers[0].authority,
            ct_logs=ct_logs,
            identity=identity,
            assumed_time=assumed,
        )
        detail = self.certificate.identity if identity else "anybody was accepted"
        return signer, Check(name=CheckName.IDENTITY, passed=identity is not None, detail=detail)


def _check_chain(chain: Iterable[bytes]) -> None:
    for der in chain:
        try:
            certificate = load_certificate(der)
        except ValueError as exc:
            raise refuse(Reason.CERTIFICATE_MALFORMED, f"a certificate of the chain is malformed: {exc}") from exc
        if is_issued_by(certificate, certificate):
            raise refuse(
                Reason.ROOT_IN_CHAIN, "the certificate chain carries a root, which the trusted root is to hold"
            )


def _is_valid(leaf: x509.Certificate, issuer: Issuer, moment: datetime) -> bool:
    return issuer.authority.window.contains(moment) and is_valid_path(leaf, issuer, moment)


def _missing_time(skipped: Sequence[Check]) -> VerificationError:
    details = "; ".join(check.detail for check in skipped)
    unknown = any(check.reason is Reason.UNKNOWN_TIMESTAMP_AUTHORITY for check in skipped)
    reason = Reason.UNKNOWN_TIMESTAMP_AUTHORITY if unknown else Reason.NO_TRUSTED_TIME
    return refuse(reason, f"there is no trusted time at which the certificate was used: {details or 'none was signed'}")
