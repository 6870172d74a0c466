"""Verifying what local files say about a file: the same steps, reasons and exit codes as for an image's attestations.

With keys alone nobody is asked: log entries and timestamps are counted, and said not to have been looked at. Of the
file those digests are taken that the statement names, in one reading, before anything of the statement is believed.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from assaymark.attest.local import read_local
from assaymark.attest.sigstore.artifact import ALGORITHMS
from assaymark.attest.sigstore.attestations import ProvenAttestation, prove_attestations, read_material
from assaymark.attest.sigstore.expectation import Demand, Expectation
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.statement import parse_statement
from assaymark.cli.blobs import NamedBlob, blob_with_digest, read_blob
from assaymark.cli.evidence_flags import needs_trust
from assaymark.cli.files import read_input
from assaymark.cli.identity_flags import trusted_signers
from assaymark.cli.proofs import find_hint
from assaymark.cli.trust import trust_from
from assaymark.cli.trusted_signers import load_keys
from assaymark.cli.verifying import expectation_from
from assaymark.errors import UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.judging import Judgement
    from assaymark.attest.sigstore.attestations import ProvenVerification
    from assaymark.attest.sigstore.material import Material
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.attest.store.attestation import Candidate
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console


class BlobProof(NamedTuple):
    """What was proven of a file.

    Attributes:
        blob: None with `--check-claims=false` and no file.
        keys: the references of keys, as typed, by their fingerprints.
        judgement: what the policy says of it; None where nobody was asked.
    """

    blob: NamedBlob | None
    keys: Mapping[str, str]
    attestation: ProvenAttestation
    judgement: Judgement[ProvenAttestation] | None = None


def check_blob_flags(args: Namespace) -> None:
    """Refuse what names too little or too much.

    Raises:
        UsageError: there is not one attestation, or no file that it is to be about.
    """
    if bool(args.bundle) == bool(args.signature):
        raise UsageError("give the attestation with `--bundle`, or an envelope alone with `--signature`")
    if not (args.blob or args.digest or not args.check_claims):
        raise UsageError("there is no BLOB", hint="name a file, `-` for stdin, or `--digest` and `--digestAlg`")
    if [args.blob, args.bundle, args.signature].count("-") > 1:
        raise UsageError("stdin can be read once: BLOB or what is said of it")
    if args.digest_alg and not (args.digest or args.blob):
        raise UsageError("`--digestAlg` needs `--digest`")


def read_attestation(args: Namespace, console: Console) -> Candidate:
    """What the files say, not verified.

    Raises:
        LocalError: one cannot be read.
        VerificationError: one cannot be read in exactly one way.
        UsageError: there are files besides a bundle.
    """

    def read(name: str, limit: int) -> bytes:
        return read_input(name, console, limit=limit) if name else b""

    name = args.bundle or args.signature
    return read_local(
        read(name, DEFAULT_LIMITS.attestation_bytes),
        certificate=read(args.certificate, DEFAULT_LIMITS.key_bytes),
        timestamp=read(args.rfc3161_timestamp, DEFAULT_LIMITS.service_reply_bytes),
        what=f"`{name}`",
    )


def read_subject(candidate: Candidate, args: Namespace, console: Console) -> NamedBlob | None:
    """The file that the attestation must be about.

    Raises:
        LocalError: it cannot be read.
        UsageError: `--digest` is none.
    """
    if not args.check_claims:
        return None
    if not args.blob:
        return blob_with_digest("", f"{args.digest_alg}:{args.digest}" if args.digest_alg else args.digest)
    if args.digest:
        console.warn("`--digest` was ignored: the file itself is there")
    return read_blob(args.blob, console, algorithms=_named_algorithms(_find_material(candidate)))


def prove_blob(
    candidate: Candidate, blob: NamedBlob | None, args: Namespace, console: Console, connections: Connections
) -> BlobProof:
    """What the attestation proves of the file.

    Raises:
        VerificationError: nothing is proven, with the reason.
        Error: a key, an expression or the trust data cannot be used.
    """
    signers = trusted_signers(args)
    if signers.source:
        console.note(f"who must have signed is what `{signers.source}` says")
    keys = load_keys(signers, console, connections)
    expected = expectation_from(args, console, tuple(keys.values()))
    expected = msgspec.structs.replace(expected, artifact=blob.blob if blob else None)
    alone = bool(keys) and not signers.identities and not needs_trust(args)
    trust = None if alone else trust_from(args, console, lambda: connections.network)
    outcome = prove_one(candidate, expected, trust)
    try:
        (attestation,) = outcome.require()
    except VerificationError as exc:
        name = f"`{blob.text or blob.digest}`: " if blob else ""
        raise VerificationError(f"{name}{exc}", hint=find_hint(exc, args), reason=exc.reason) from exc
    return BlobProof(blob, {key.fingerprint: reference for reference, key in keys.items()}, attestation)


def prove_one(candidate: Candidate, expected: Expectation, trust: Trust | None) -> ProvenVerification:
    """Every step for one attestation; once more where newer trust data may know a service that is unknown.

    Args:
        candidate: what was read.
        expected: what it must prove.
        trust: whom to believe; None where keys are enough.

    Raises:
        Error: the trust data cannot be used.
    """
    if trust is None:
        return prove_attestations([candidate], _with_keys_alone(expected, candidate), TrustedRoot())
    return trust.prove(lambda root: prove_attestations([candidate], expected, root))


def _with_keys_alone(expected: Expectation, candidate: Candidate) -> Expectation:
    """Without a trusted root, evidence is counted and not looked at."""
    material = _find_material(candidate)
    logged, stamped = (bool(material.log_entries), bool(material.timestamps)) if material else (False, False)
    return msgspec.structs.replace(
        expected,
        key_log=Demand.IGNORED if logged else expected.key_log,
        timestamp=Demand.IGNORED if stamped else expected.timestamp,
    )


def _find_material(candidate: Candidate) -> Material | None:
    """What cannot be read is refused when it is verified, with its reason."""
    try:
        return read_material(candidate)
    except VerificationError:
        return None


def _named_algorithms(material: Material | None) -> tuple[str, ...]:
    """The digests that the statement names, of those that can be taken; SHA-256 where it cannot be read."""
    try:
        subjects = parse_statement(material.envelope.payload).subjects if material and material.envelope else ()
    except VerificationError:
        subjects = ()
    named = {algorithm for subject in subjects for algorithm, _ in subject.digests}
    return tuple(algorithm for algorithm in ALGORITHMS if algorithm in named) or ALGORITHMS[:1]
