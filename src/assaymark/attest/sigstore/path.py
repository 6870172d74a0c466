"""The path from a certificate to an authority of the trusted root, at a time (RFC 5280, section 6).

Two questions, answered apart because their answers mean different things to a user:

1. which authorities issued it: the chain of the trusted root is followed upwards, name by name and signature by
   signature, regardless of time;
2. whether one of them may have done so at a moment: `cryptography`'s path validation with the whole chain valid at
   that moment (CVE-2026-24122: only the leaf's validity was looked at), and the moment inside the authority's window.

Rules: intermediates come from the trusted root only, never from what is verified. Every certificate above the leaf is
an authority, may sign certificates, and may do so for the purpose. Critical extensions that nobody understands, name
constraints and path lengths are the library's business. Nothing is fetched, and nothing is asked about revocation:
certificates live ten minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.certificate import is_authority, load_certificate, public_key_info
from assaymark.attest.sigstore.trusted_root import Authority

if TYPE_CHECKING:
    from cryptography import x509


class Issuer:
    """An authority that issued a certificate, and its chain from the issuer up to the root."""

    def __init__(self, authority: Authority, chain: tuple[x509.Certificate, ...]) -> None:
        self.authority = authority
        self.chain = chain

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether there is a moment from `start` to `end` at which the authority was believed and its chain valid."""
        window = self.authority.window
        starts = [start, *(each.not_valid_before_utc for each in self.chain), *([window.start] if window.start else [])]
        ends = [end, *(each.not_valid_after_utc for each in self.chain), *([window.end] if window.end else [])]
        return max(starts) <= min(ends)

    @property
    def public_key_info(self) -> bytes:
        """SubjectPublicKeyInfo of the key that signed the certificate."""
        return public_key_info(self.chain[0])


def find_issuers(
    leaf: x509.Certificate, authorities: Iterable[Authority], purpose: x509.ObjectIdentifier
) -> tuple[Issuer, ...]:
    """The authorities that issued `leaf` for `purpose`, whenever that was.

    Raises:
        VerificationError: `TRUSTED_ROOT_MALFORMED`, where a certificate of the trusted root cannot be read.
    """
    found = []
    for authority in authorities:
        chain = load_chain(authority)
        for position, certificate in enumerate(chain):
            upwards = chain[position:]
            if (
                is_issued_by(leaf, certificate)
                and _is_chain(upwards)
                and all(_allows(each, purpose) for each in upwards)
            ):
                found.append(Issuer(authority, upwards))
                break
    return tuple(found)


def load_chain(authority: Authority) -> tuple[x509.Certificate, ...]:
    """The certificates of an authority.

    Raises:
        VerificationError: `TRUSTED_ROOT_MALFORMED`.
    """
    try:
        return tuple(load_certificate(der) for der in authority.certificates)
    except ValueError as exc:
        text = f"a certificate of `{authority.uri[:200]}` in the trusted root is malformed: {exc}"
        raise refuse(Reason.TRUSTED_ROOT_MALFORMED, text) from exc


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` is an authority, has the name that `certificate` gives, and signed it."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if certificate.issuer != issuer.subject or not is_authority(issuer) or not _may_sign_certificates(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def is_valid_path(leaf: x509.Certificate, issuer: Issuer, moment: datetime) -> bool:
    """Whether the path was valid in all its parts at `moment`; the authority's window is not looked at."""
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

    authorities = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    builder = (
        PolicyBuilder()
        .time(moment.replace(tzinfo=None))
        .store(Store([issuer.chain[-1]]))
        .extension_policies(ca_policy=authorities, ee_policy=ExtensionPolicy.permit_all())
    )
    try:
        builder.build_client_verifier().verify(leaf, list(issuer.chain[:-1]))
    except (VerificationError, ValueError, x509.UnsupportedGeneralNameType):
        return False
    return True


def _is_chain(chain: Sequence[x509.Certificate]) -> bool:
    return all(is_issued_by(lower, upper) for lower, upper in pairwise(chain))


def _allows(certificate: x509.Certificate, purpose: x509.ObjectIdentifier) -> bool:
    """Whether an authority may issue certificates for `purpose`: one that names no purpose may for all."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return purpose in purposes or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes


def _may_sign_certificates(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True
