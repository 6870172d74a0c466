"""Verification with a key: from bytes that claim something to a `Verified`, or to a reason why not.

Pure: nothing is opened, fetched or printed here. Each candidate goes through these steps, and the first that fails
names the reason; with several keys, that of the key that came furthest (DSSE protocol v1, in-toto attestation
validation model, sigstore client specification section 6):

1. it can be read in one way only: `MALFORMED_BUNDLE`, `MALFORMED_ENVELOPE`, `DUPLICATE_KEYS`; a bundle has version 0.3
   (`BUNDLE_VERSION`: registries hold no older ones) and holds an envelope (`NOT_AN_ENVELOPE`);
2. a key signed it, not a certificate: `CERTIFICATE_NOT_KEY`. A key never falls back to a certificate;
3. the payload type is in-toto's: `PAYLOAD_TYPE` (prevents type confusion);
4. there is exactly one signature: `SIGNATURE_COUNT`;
5. a bundle's `keyid`, if any, is the key's OpenSSH fingerprint, as in cosign: `KEYID_MISMATCH`; at the `.att` tag it
   means nothing;
6. the signature over the pre-authentication encoding is the key's: `BAD_SIGNATURE`, or `WRONG_KEY` where the bundle
   itself names another key. Only from here on does the content count;
7. the payload is a statement: `STATEMENT_MALFORMED`, `DUPLICATE_KEYS`;
8. its predicate type is the one that was asked for: `WRONG_TYPE`;
9. one of its subjects is the image: `SUBJECT_MISMATCH`;
10. the predicate is what its type promises: `PREDICATE_MALFORMED`.

Log entries and timestamps are no part of the proof by a key. They are counted in `Verified.log_entries` and
`Verified.timestamps`, named in `Verified.notes`, and never taken for evidence.

The bytes that were verified are the bytes that are handed out: nobody fetches or decodes them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, final

import msgspec

from assaymark.attest.bundle import Bundle, parse_bundle
from assaymark.attest.dsse import IN_TOTO, Envelope, encode_line, parse_envelope, pre_authentication_encoding
from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.outcome import Outcome, Rejected
from assaymark.attest.predicate import PredicateType, check_predicate
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.skipped import LOG, TIMESTAMP, ignored_entries, ignored_timestamps, no_log_entry, not_checked
from assaymark.attest.statement import Statement, parse_statement
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Found, Unreadable
from assaymark.attest.subject import ImageDigests
from assaymark.errors import UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest

UNCHECKED: Final = "that the attestation is about this image was not checked"
"""The note where the subject was not compared."""

_PROOF: Final = object()


@final
class Verified:
    """An attestation that passed every step. Only this module makes one.

    Attributes:
        statement: what was claimed, with the predicate's exact bytes.
        payload: the statement's exact bytes, as signed.
        line: the envelope on one line, as cosign prints it.
        key: the fingerprint of the key that signed.
        scheme: how it signed.
        format, manifest, layer: where it was found.
        subject_checked: False where the caller asked not to compare subjects.
        log_entries, timestamps: how many the bundle carries; nothing has looked at them.
    """

    __slots__ = (
        "format",
        "key",
        "layer",
        "line",
        "log_entries",
        "manifest",
        "payload",
        "scheme",
        "statement",
        "subject_checked",
        "timestamps",
    )

    def __init__(
        self,
        proof: object,
        *,
        candidate: Candidate,
        content: _Content,
        statement: Statement,
        key: PublicKey,
        scheme: Scheme,
        subject_checked: bool,
    ) -> None:
        if proof is not _PROOF:
            raise TypeError("only verification makes a `Verified`")
        self.statement = statement
        self.payload = content.envelope.payload
        self.line = content.line
        self.key = key.fingerprint
        self.scheme = scheme
        self.format = candidate.format
        self.manifest: Digest = candidate.manifest
        self.layer: Digest = candidate.layer
        self.subject_checked = subject_checked
        self.log_entries = len(content.bundle.log_entries) if content.bundle else 0
        self.timestamps = len(content.bundle.timestamps) if content.bundle else 0

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError("a `Verified` does not change")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a `Verified` does not change")

    @property
    def times(self) -> tuple[datetime, ...]:
        """Nobody looked at what tells the time."""
        return ()

    @property
    def signed_by(self) -> str:
        """Who signed, for comparing signers."""
        return self.key

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a verified attestation should know besides."""
        notes = []
        entries = ignored_entries(self.log_entries) if self.log_entries else no_log_entry(with_key=True)
        notes.append(not_checked(LOG, entries))
        if self.timestamps:
            notes.append(not_checked(TIMESTAMP, ignored_timestamps(self.timestamps)))
        if self.statement.extra:
            notes.append(f"cosign refuses the statement's members: {', '.join(self.statement.extra)}")
        if not self.subject_checked:
            notes.append(UNCHECKED)
        return tuple(notes)


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What must be proven.

    Attributes:
        keys: any of these may have signed; at least one.
        predicate_type: what must be claimed.
        image: what it must be claimed of; None with `--check-claims=false`.
    """

    keys: tuple[PublicKey, ...]
    predicate_type: PredicateType
    image: ImageDigests | None


class Verification(Outcome[Verified]):
    """The outcome of verification with a key."""


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    envelope: Envelope
    bundle: Bundle | None
    line: bytes


def verify_attestations(
    found: Iterable[Found], expected: Expectation, *, limits: Limits = DEFAULT_LIMITS
) -> Verification:
    """Verify every candidate of both formats; one that fails does not spoil the others.

    Raises:
        UsageError: no key was named: nobody could have signed.
    """
    if not expected.keys:
        raise UsageError("there is no key to verify with")
    verified: list[Verified] = []
    rejected: list[Rejected] = []
    for item in found:
        if isinstance(item, Unreadable):
            rejected.append(Rejected(reason=item.reason, message=item.message, manifest=item.manifest))
            continue
        outcome = verify_candidate(item, expected, limits=limits)
        if isinstance(outcome, Verified):
            verified.append(outcome)
        else:
            rejected.append(outcome)
    return Verification(verified=verified, rejected=rejected, wanted=expected.predicate_type.uri)


def verify_candidate(
    candidate: Candidate, expected: Expectation, *, limits: Limits = DEFAULT_LIMITS
) -> Verified | Rejected:
    """Steps 1 to 10 for one candidate."""
    statement: Statement | None = None
    try:
        content = _read(candidate, limits)
        _check_material(content)
        key, scheme = _check_signer(content, expected.keys)
        statement = parse_statement(content.envelope.payload, limits=limits)
        _check_statement(statement, expected)
    except VerificationError as exc:
        return Rejected(
            reason=Reason(exc.reason),
            message=str(exc),
            manifest=candidate.manifest,
            format=candidate.format,
            predicate_type=statement.predicate_type if statement else "",
        )
    return Verified(
        _PROOF,
        candidate=candidate,
        content=content,
        statement=statement,
        key=key,
        scheme=scheme,
        subject_checked=expected.image is not None,
    )


def _read(candidate: Candidate, limits: Limits) -> _Content:
    """Step 1."""
    if candidate.format is AttestationFormat.LEGACY:
        envelope = parse_envelope(candidate.data, limits=limits)
        one_line = b"\n" not in candidate.data and b"\r" not in candidate.data
        return _Content(envelope=envelope, bundle=None, line=candidate.data if one_line else encode_line(envelope))
    bundle = parse_bundle(candidate.data, limits=limits)
    if bundle.version < 3:
        raise refuse(Reason.BUNDLE_VERSION, f"a registry holds no bundle of version 0.{bundle.version}")
    if bundle.envelope is None:
        raise refuse(Reason.NOT_AN_ENVELOPE, "the bundle holds a signature over the image itself, not an attestation")
    return _Content(envelope=bundle.envelope, bundle=bundle, line=encode_line(bundle.envelope))


def _check_material(content: _Content) -> None:
    """Step 2."""
    if content.bundle is not None and content.bundle.certificates:
        raise refuse(Reason.CERTIFICATE_NOT_KEY, "expected a key's signature, and a certificate signed the attestation")


def _check_signer(content: _Content, keys: tuple[PublicKey, ...]) -> tuple[PublicKey, Scheme]:
    """Steps 3 to 6, with one key after another."""
    failures = []
    for key in keys:
        try:
            _check_envelope(content, key)
            return key, _check_signature(content, key)
        except VerificationError as exc:
            failures.append(exc)
    raise max(failures, key=lambda failure: Reason(failure.reason).progress)


def _check_envelope(content: _Content, key: PublicKey) -> None:
    """Steps 3 to 5."""
    envelope = content.envelope
    if envelope.payload_type != IN_TOTO:
        raise refuse(Reason.PAYLOAD_TYPE, f"the payload is `{envelope.payload_type[:100]}`, not `{IN_TOTO}`")
    if len(envelope.signatures) != 1:
        raise refuse(Reason.SIGNATURE_COUNT, f"there are {len(envelope.signatures)} signatures; one is right")
    keyid = envelope.signatures[0].keyid
    if content.bundle is not None and keyid and keyid != key.openssh_fingerprint:
        raise refuse(
            Reason.KEYID_MISMATCH, f"the `keyid` `{keyid[:100]}` is not that of the key, and cosign refuses it"
        )


def _check_signature(content: _Content, key: PublicKey) -> Scheme:
    """Step 6."""
    envelope = content.envelope
    message = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    scheme = verify_signature(key, signature=envelope.signatures[0].sig, message=message)
    if scheme is not None:
        return scheme
    hint = content.bundle.hint if content.bundle else ""
    if hint and hint != key.hint:
        raise refuse(Reason.WRONG_KEY, f"the signature is not the key's: the bundle names the key `{hint[:100]}`")
    raise refuse(Reason.BAD_SIGNATURE, "the signature is not the key's over this payload")


def _check_statement(statement: Statement, expected: Expectation) -> None:
    """Steps 8 to 10."""
    if statement.predicate_type != expected.predicate_type.uri:
        text = f"the attestation has the type `{statement.predicate_type[:200]}`, not `{expected.predicate_type.uri}`"
        raise refuse(Reason.WRONG_TYPE, text)
    image = expected.image
    if image is not None and not any(image.are_meant_by(subject) for subject in statement.subjects):
        raise refuse(Reason.SUBJECT_MISMATCH, "the attestation is about another image")
    try:
        check_predicate(expected.predicate_type, statement.predicate)
    except ValueError as exc:
        raise refuse(Reason.PREDICATE_MALFORMED, f"the predicate is malformed: {exc}") from exc
