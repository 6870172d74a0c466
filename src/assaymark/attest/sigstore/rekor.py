"""One entry of a transparency log, verified: that a believed log holds it, and that it is about what is verified.

1. The body can be read and is of the kind that the entry says: `LOG_ENTRY_MALFORMED`, `LOG_ENTRY_KIND`.
2. It is about this content, this signature and this key: `LOG_ENTRY_CONTENT`, `_SIGNATURE`, `_KEY`.
3. Rekor v1 with a promise: the log signed it while its key was in use: `BAD_PROMISE`, `LOG_OUTSIDE_VALIDITY`.
4. With a proof: the path from the body to a root (`BAD_PROOF`), and a checkpoint of the log (`CHECKPOINT_MISSING`,
   `_MALFORMED`, `_UNSIGNED`, `BAD_CHECKPOINT`) of the tree that has this root (`CHECKPOINT_MISMATCH`). Rekor v2 entries
   have a proof, others one of the two at least: `PROOF_MISSING`. The index of a Rekor v2 entry is that of its proof.

Entries of logs that the trusted root does not hold are no evidence and no fault: they are passed over, which is said.
A time is taken from a promise only: the time of an entry that is merely included was signed by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from assaymark.attest.bundle import InclusionProof, LogEntry
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.checkpoint import Checkpoint, Generation, parse_checkpoint, verify_checkpoint
from assaymark.attest.sigstore.correspondence import check_correspondence
from assaymark.attest.sigstore.entry import parse_body
from assaymark.attest.sigstore.material import Material
from assaymark.attest.sigstore.merkle import hash_leaf, root_from_inclusion
from assaymark.attest.sigstore.promise import verify_promise
from assaymark.attest.sigstore.trusted_root import TrustedLog
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits


class VerifiedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that a believed log holds.

    Attributes:
        index: the entry's number in the whole log, where that is signed or proven; its number in the tree otherwise.
        integrated: when the log promised to hold it; None without a promise.
        included: whether that it is in the tree was proven.
    """

    log: TrustedLog
    index: int
    kind: str
    kind_version: str
    integrated: datetime | None
    included: bool


def verify_entry(
    entry: LogEntry,
    named: Sequence[TrustedLog],
    material: Material,
    key: PublicKey,
    artifact: Mapping[str, bytes],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> VerifiedEntry:
    """Steps 1 to 4.

    Args:
        entry: as the material states it.
        named: what the trusted root holds under the entry's log id: at least one.
        material: what is verified.
        key: what its signature was verified with.
        artifact: digests of what a message signature is over.
        limits: bounds.

    Raises:
        VerificationError: with one of the reasons above.
    """
    body = parse_body(entry, limits=limits)
    check_correspondence(body, material, key, artifact)
    if body.generation is Generation.V2:
        return _verify_second_generation(entry, named, limits)
    integrated, believed = None, tuple(named)
    if entry.promise:
        log, integrated = verify_promise(entry, named)
        believed = (log,)
    elif entry.proof is None:
        raise refuse(Reason.PROOF_MISSING, "the log entry has neither a promise nor a proof")
    log = _verify_inclusion(entry.body, entry.proof, believed, Generation.V1, limits) if entry.proof else believed[0]
    return VerifiedEntry(
        log=log,
        index=entry.log_index if integrated or entry.proof is None else entry.proof.log_index,
        kind=entry.kind,
        kind_version=entry.kind_version,
        integrated=integrated,
        included=entry.proof is not None,
    )


def _verify_second_generation(entry: LogEntry, named: Sequence[TrustedLog], limits: Limits) -> VerifiedEntry:
    if entry.integrated_time:
        raise refuse(Reason.LOG_ENTRY_MALFORMED, "the log entry states a time, which Rekor v2 does not know")
    if entry.proof is None:
        raise refuse(Reason.PROOF_MISSING, "the log entry has no inclusion proof")
    if entry.log_index != entry.proof.log_index:
        raise refuse(Reason.BAD_PROOF, "the proof is that of another index than the log entry's")
    log = _verify_inclusion(entry.body, entry.proof, named, Generation.V2, limits)
    return VerifiedEntry(
        log=log,
        index=entry.log_index,
        kind=entry.kind,
        kind_version=entry.kind_version,
        integrated=None,
        included=True,
    )


def _verify_inclusion(
    body: bytes, proof: InclusionProof, believed: Sequence[TrustedLog], generation: Generation, limits: Limits
) -> TrustedLog:
    """Step 4: the log whose tree holds the body."""
    if proof.root_hash and proof.tree_size:  # not so in every answer of Rekor v2, where the checkpoint says it
        _check_path(body, proof, proof.root_hash, proof.tree_size)
    if not proof.checkpoint:
        raise refuse(Reason.CHECKPOINT_MISSING, "the inclusion proof comes without a checkpoint of the log")
    checkpoint = parse_checkpoint(proof.checkpoint, limits=limits)
    log = _find_signer(checkpoint, believed, generation)
    if proof.root_hash not in {b"", checkpoint.root} or proof.tree_size not in {0, checkpoint.size}:
        raise refuse(Reason.CHECKPOINT_MISMATCH, "the checkpoint is of another state of the log than the proof")
    _check_path(body, proof, checkpoint.root, checkpoint.size)
    return log


def _check_path(body: bytes, proof: InclusionProof, root: bytes, size: int) -> None:
    try:
        found = root_from_inclusion(leaf=hash_leaf(body), index=proof.log_index, size=size, hashes=proof.hashes)
    except ValueError as exc:
        raise refuse(Reason.BAD_PROOF, f"the inclusion proof is malformed: {exc}") from exc
    if found != root:
        raise refuse(Reason.BAD_PROOF, "the inclusion proof does not lead from the entry to its root")


def _find_signer(checkpoint: Checkpoint, believed: Sequence[TrustedLog], generation: Generation) -> TrustedLog:
    failures: list[VerificationError] = []
    for log in believed:
        try:
            verify_checkpoint(checkpoint, log, generation)
        except VerificationError as exc:
            failures.append(exc)
        else:
            return log
    raise failures[0]
