"""Signing with an identity, or with a key and a log: from a statement to a bundle, in numbered steps.

1. Everything that can be known beforehand is checked: somebody said yes or can be asked, the services can vouch for a
   time, the attestation fits into the log, the token will do. Until here nothing has left the machine.
2. The identity is shown and confirmed; a fresh P-256 key is made; the certificate authority certifies it. The key
   exists in memory, for one signature.
3. The statement is signed, and what is signed is kept on disk until it is finished (`…sigstore.pending`).
4. The timestamp authorities stamp the signature.
5. The log entry is shown and confirmed, and each log is asked to enter it.
6. The bundle is put together; the caller's `check`, if there is one, verifies it as anybody else would.

A service that fails in 4 or 5 is an `UnfinishedError` that names the file; `resume` asks those that are still missing.
A refusal to publish (5) is no failure: nothing is kept, for nothing is to be finished.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from assaymark.attest.bundle import LogEntry
from assaymark.attest.dsse import Envelope, encode_legacy, sign_payload
from assaymark.attest.keys.private import PrivateKey, Signer, generate_key
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.sigstore.disclosure import Consent, identity_disclosure, log_disclosure
from assaymark.attest.sigstore.fulcio import Certificate, request_certificate, request_with_csr
from assaymark.attest.sigstore.oidc.token import AUDIENCE, IdentityToken, check_claims
from assaymark.attest.sigstore.pending import Pending, PendingStore, UnfinishedError
from assaymark.attest.sigstore.rekor_client import Verifier, check_loggable, upload
from assaymark.attest.sigstore.signing_config import Log, Services
from assaymark.attest.sigstore.tsa_client import request_timestamp
from assaymark.attest.sigstore.write import Gathered, encode_bundle, legacy_annotations, legacy_gaps
from assaymark.errors import LocalError, NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is attested, for the file that keeps it.

    Attributes:
        subject: `registry/repository@digest`, or a file's name.
        media_type: of what it is about.
        predicate_type: the URI.
    """

    subject: str = ""
    media_type: str = ""
    predicate_type: str = ""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A finished attestation.

    Attributes:
        bundle: the Sigstore bundle v0.3.
        legacy: the envelope as it is stored at the `.att` tag, byte for byte as it was logged.
        annotations: those of that layer.
        gaps: what the `.att` tag cannot hold.
    """

    envelope: Envelope
    gathered: Gathered
    bundle: bytes
    legacy: bytes
    annotations: dict[str, str]
    gaps: tuple[str, ...]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What signing needs from outside.

    Attributes:
        consent: whom to ask before something is published.
        pending: where unfinished attestations are kept; None keeps none.
        clock: seconds since 1970.
        random: so many unpredictable bytes.
        audience: whom identity tokens must be meant for.
    """

    network: Network
    consent: Consent
    pending: PendingStore | None = None
    limits: Limits = DEFAULT_LIMITS
    clock: Callable[[], float] = time.time
    random: Callable[[int], bytes] = secrets.token_bytes
    audience: str = AUDIENCE


def check_services(services: Services, *, keyless: bool) -> None:
    """Whether the services can make an attestation that anybody can verify.

    Raises:
        SigningError: `NO_AUTHORITY`, `NO_LOG` or `NO_TRUSTED_TIME`.
    """
    if not keyless:
        return
    if not services.authority:
        raise SigningError(
            "signing with an identity needs a certificate authority, and none is configured",
            hint="give `--fulcio-url`, a `--signing-config` that names one, or sign with `--key`",
            reason="NO_AUTHORITY",
        )
    if not services.logs:
        raise SigningError(
            "signing with an identity needs a transparency log, and none is configured",
            hint="give `--rekor-url`, a `--signing-config` that names one, or sign with `--key`",
            reason="NO_LOG",
        )
    if not services.timestamps and all(log.version > 1 for log in services.logs):
        raise SigningError(
            "nothing would prove when the certificate was used: a log of version 2 states no time",
            hint="give a timestamp authority with `--timestamp-server-url`, or a `--signing-config` that names one",
            reason="NO_TRUSTED_TIME",
        )


def sign_keyless(
    statement: bytes,
    *,
    token: Callable[[], IdentityToken],
    services: Services,
    around: Surroundings,
    about: About | None = None,
    csr: bool = False,
    check_certificate: Callable[[bytes], None] | None = None,
    check: Callable[[bytes], None] | None = None,
) -> Signed:
    """Sign `statement` with an identity.

    Args:
        statement: its exact bytes.
        token: gets the identity token; called once, after everything that can be checked without it.
        services: whom to ask.
        around: what is needed from outside.
        about: for the file that keeps an unfinished attestation.
        csr: whether the certificate is requested with a signing request instead of a signature over the identity.
        check_certificate: verifies what was issued, or raises before anything is signed and logged with it.
        check: verifies the finished bundle, or raises.

    Raises:
        SigningError: it cannot or may not be signed or published.
        NetworkError: a service failed before anything was signed.
        UnfinishedError: a service failed after; the rest can be resumed.
    """
    around.consent.require_possible()
    check_services(services, keyless=True)
    key = generate_key(Algorithm.ECDSA_P256)
    _check_logs(services.logs, len(statement), key.public, around)
    identity = token()
    check_claims(identity, now=around.clock(), audience=around.audience)
    around.consent.give(identity_disclosure(identity.claims, authority=services.authority))
    certificate = _certify(key, identity, services, around, csr=csr)
    if check_certificate is not None:
        check_certificate(certificate.leaf)
    signed = _begin(statement, key, services, about or About())
    signed = msgspec.structs.replace(
        signed, certificate=certificate.leaf, chain=certificate.chain, expires=certificate.expires
    )
    return _finish(signed, around, check)


def sign_logged(
    statement: bytes,
    *,
    signer: Signer,
    services: Services,
    around: Surroundings,
    about: About | None = None,
    check: Callable[[bytes], None] | None = None,
) -> Signed:
    """Sign `statement` with a key, and have it logged and stamped by `services`; its authority is not asked.

    Raises:
        SigningError: it cannot or may not be signed or published.
        UnfinishedError: a service failed after signing; the rest can be resumed.
    """
    if services.logs:
        around.consent.require_possible()
    _check_logs(services.logs, len(statement), signer.public, around)
    return _finish(_begin(statement, signer, services, about or About()), around, check)


def resume(pending: Pending, *, around: Surroundings, check: Callable[[bytes], None] | None = None) -> Signed:
    """Ask the services that a pending attestation still lacks.

    Raises:
        SigningError: the certificate ended in the meantime: `CERTIFICATE_EXPIRED`; or it may not be published.
        UnfinishedError: a service failed again.
    """
    pending.check_time(around.clock())
    return _finish(pending, around, check)


def _check_logs(logs: tuple[Log, ...], payload_size: int, public: PublicKey, around: Surroundings) -> None:
    for log in logs:
        check_loggable(log, payload_size, public, limits=around.limits)


def _certify(
    key: PrivateKey, token: IdentityToken, services: Services, around: Surroundings, *, csr: bool
) -> Certificate:
    if csr:
        return request_with_csr(around.network, services.authority, token=token, key=key, limits=around.limits)
    return request_certificate(around.network, services.authority, token=token, signer=key, limits=around.limits)


def _begin(statement: bytes, signer: Signer, services: Services, about: About) -> Pending:
    """The signature, with every service still to be asked."""
    return Pending(
        envelope=sign_payload(statement, signer),
        subject=about.subject,
        media_type=about.media_type,
        predicate_type=about.predicate_type,
        spki=signer.public.spki,
        logs=services.logs,
        authorities=services.timestamps,
    )


def _finish(pending: Pending, around: Surroundings, check: Callable[[bytes], None] | None) -> Signed:
    pending = _complete(pending, around)
    gathered = pending.gathered
    signed = Signed(
        envelope=pending.envelope,
        gathered=gathered,
        bundle=encode_bundle(pending.envelope, gathered),
        legacy=encode_legacy(pending.envelope),
        annotations=legacy_annotations(gathered),
        gaps=legacy_gaps(gathered),
    )
    if check is not None:
        check(signed.bundle)
    return signed


def _complete(pending: Pending, around: Surroundings) -> Pending:
    """Steps 4 and 5, with everything that was got kept on disk until nothing is missing."""
    while not pending.finished:
        kept = _keep(pending, around.pending)
        try:
            pending = _ask_next(pending, around)
        except NetworkError as exc:
            raise _unfinished(kept, exc) from exc
        except SigningError:
            _forget(pending, around.pending)
            raise
    _forget(pending, around.pending)
    return pending


def _ask_next(pending: Pending, around: Surroundings) -> Pending:
    """Time first: it is what runs out."""
    if pending.authorities:
        url, *rest = pending.authorities
        signature = pending.envelope.signatures[0].sig
        stamp = request_timestamp(around.network, url, signature, random=around.random, limits=around.limits)
        return msgspec.structs.replace(pending, authorities=tuple(rest), timestamps=(*pending.timestamps, stamp))
    log, *others = pending.logs
    entry = _enter(pending, log, around)
    return msgspec.structs.replace(pending, logs=tuple(others), log_entries=(*pending.log_entries, entry))


def _enter(pending: Pending, log: Log, around: Surroundings) -> LogEntry:
    verifier = Verifier(public=pending.gathered.public, certificate=pending.certificate)
    around.consent.give(log_disclosure(log, pending.envelope, verifier))
    return upload(around.network, log, pending.envelope, verifier, limits=around.limits)


def _keep(pending: Pending, store: PendingStore | None) -> Path | LocalError | None:
    """Where `pending` is kept, or why it is not: a full disk must not keep anybody from signing."""
    try:
        return store.save(pending) if store is not None else None
    except LocalError as exc:
        return exc


def _forget(pending: Pending, store: PendingStore | None) -> None:
    if store is not None:
        store.remove(pending)


def _unfinished(kept: Path | LocalError | None, cause: NetworkError) -> UnfinishedError:
    if isinstance(kept, Path):
        hint = f"what was signed is kept in `{kept}`, to be finished when the service answers again"
        return UnfinishedError(f"signed, but not finished: {cause}", hint=hint, path=kept)
    why = f" and not kept ({kept})" if kept else ""
    return UnfinishedError(f"signed, but not finished{why}: {cause}", hint="sign again later", path=None)
