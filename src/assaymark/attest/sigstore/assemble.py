"""Bundles made from parts that were kept in files, or of older bundles: cosign's `bundle create` and `bundle upgrade`.

Rules:

1. The signature is verified, over the envelope or over the artifact, with the certificate's key or the one that is
   given; nothing is written that nobody could ever verify. Whom the certificate is of is for the verifier to ask.
2. An envelope's statement is about the artifact.
3. A log entry of cosign 1 and 2 has a promise and no proof, and a bundle v0.3 must have the proof: the entry is fetched
   from its log by its index, and must be the same one. Without an entry the caller must have said that none is wanted.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from assaymark.attest.bundle import Bundle, LogEntry
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.artifact import Blob
from assaymark.attest.sigstore.certificate import parse_signing_certificate
from assaymark.attest.sigstore.material import Material
from assaymark.attest.sigstore.signature import check_envelope, verify_content
from assaymark.attest.sigstore.write import Gathered, encode_again, encode_bundle, encode_message_bundle
from assaymark.attest.statement import parse_statement
from assaymark.errors import UsageError

Fetch = Callable[[int], LogEntry]
"""The entry of a log at an index, with its proof."""


def assemble_bundle(
    material: Material, blob: Blob, *, key: PublicKey | None, fetch: Fetch, ignores_log: bool = False
) -> bytes:
    """The bundle v0.3 as JSON.

    Args:
        material: the parts.
        blob: the artifact.
        key: who signed, where no certificate says it.
        fetch: gets an entry that has no proof yet.
        ignores_log: whether an entry may be absent.

    Raises:
        VerificationError: the parts do not belong together, with the reason.
        UsageError: a part is missing.
        NetworkError: the log cannot be asked.
    """
    if material.certificates:
        key = parse_signing_certificate(material.certificates[0]).key
    if key is None:
        raise UsageError("nothing says who signed", hint="give the certificate with `--certificate`, or `--key`")
    if material.envelope is not None:
        check_envelope(material.envelope)
    verify_content(material, key, blob)
    if material.envelope is not None:
        subjects = parse_statement(material.envelope.payload).subjects
        if not any(blob.are_meant_by(each) for each in subjects):
            raise refuse(Reason.SUBJECT_MISMATCH, "the statement is about another file than `--artifact`")
    if not (material.log_entries or ignores_log):
        raise UsageError(
            "there is no log entry in the files, and logs are not searched",
            hint="give the older bundle with `--bundle`, or say `--ignore-tlog`",
        )
    gathered = Gathered(
        public=key,
        certificate=material.certificates[0] if material.certificates else b"",
        log_entries=tuple(_proven(entry, fetch) for entry in material.log_entries),
        timestamps=material.timestamps,
    )
    if material.message is not None:
        return encode_message_bundle(material.message, gathered)
    assert material.envelope is not None
    return encode_bundle(material.envelope, gathered)


def upgrade_bundle(bundle: Bundle, *, fetch: Fetch) -> bytes:
    """A bundle of 0.1 or 0.2 as v0.3 (rule 3); nothing of it is verified, and nothing that is signed changes.

    Raises:
        VerificationError: the log has another entry.
        NetworkError: the log cannot be asked.
    """
    entries = tuple(_proven(entry, fetch) for entry in bundle.log_entries)
    return encode_again(msgspec.structs.replace(bundle, log_entries=entries))


def _proven(entry: LogEntry, fetch: Fetch) -> LogEntry:
    if entry.proof is not None:
        return entry
    found = fetch(entry.log_index)
    if (found.body, found.log_id) != (entry.body, entry.log_id):
        raise refuse(Reason.LOG_ENTRY_CONTENT, f"the log has another entry at index {entry.log_index}")
    return found
