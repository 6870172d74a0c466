"""What was proven of a file, for people and for programs; the parts are those of an image's report (`proofs`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaymark.cli.judging import SATISFIED, age_note, notes_of, violation_json
from assaymark.cli.proofs import json_document, record_of
from assaymark.cli.signers import evidence_json, evidence_lines, signer_json, signer_text, signers_json
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.attest.judging import Judgement
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.cli.blob_verifying import BlobProof
    from assaymark.cli.blobs import NamedBlob
    from assaymark.cli.console import Console
    from assaymark.errors import VerificationError


def tell_blob_checks(console: Console, proof: BlobProof) -> None:
    """The summary on stderr, with cosign's last line, and on a terminal what the record says."""
    item = proof.attestation
    about = "the statement is about this file's digest"
    subject = about if item.subject_checked else "which file it is about was NOT checked"
    console.note(f"verified {_name(proof.blob)}:")
    notes = notes_of(item, proof.judgement)
    for line in (f"signed by {signer_text(item, proof.keys)}", subject, *evidence_lines(item), *notes):
        console.note(f"  - {shown(line)}")
    if proof.judgement is not None and proof.judgement.asked:
        console.note(f"  - {SATISFIED}")
    if console.talks_to_terminal:
        console.note(blob_text(proof, console, colour=console.stderr_colour), painted=True)
    console.note("Verified OK")


def blob_text(proof: BlobProof, console: Console, *, colour: bool) -> str:
    """`--report text`."""
    from assaymark.report.record_text import render_summary_text

    item = proof.attestation
    head = [
        f"file        {_name(proof.blob)}",
        f"signed by   {shown(signer_text(item, proof.keys))}",
        *([f"signed on   {item.times[0]:%Y-%m-%dT%H:%M:%SZ}"] if item.times else []),
        f"type        {shown(item.statement.predicate_type)}",
        *(f"note        {shown(note)}" for note in (*item.notes, *notes_of(item, proof.judgement))),
    ]
    summary = record_of(item)
    if summary is None:
        return "\n".join(head)
    head += [f"note        {note}" for note in age_note(item, proof.judgement)]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "\n".join(head) + "\n" + render_summary_text(summary, colour=colour, width=console.width, now=now).rstrip()


def blob_json(proof: BlobProof) -> bytes:
    """`--report json`: one document."""
    item = proof.attestation
    attestation = {
        "predicateType": item.statement.predicate_type,
        "signer": signer_json(item, proof.keys),
        **evidence_json(item),
        "format": item.format.value,
        "subjectChecked": item.subject_checked,
        "notes": [*item.notes, *notes_of(item, proof.judgement)],
        "record": record_of(item),
    }
    return json_document({"verified": True, **_named(proof.blob), "attestations": [attestation], "policy": []})


def blob_failure_json(
    blob: NamedBlob | None,
    error: VerificationError,
    *,
    unnamed: BlobProof | None = None,
    judgement: Judgement[ProvenAttestation] | None = None,
) -> bytes:
    """`--report json` when nothing is proven; with who signed, where nobody was named, or with the broken rules."""
    failed: dict[str, Any] = {"verified": False, **_named(blob), "reason": error.reason, "message": str(error)}
    if judgement is not None:
        failed["policy"] = [violation_json(violation) for _, violation in judgement.violations]
    if unnamed is not None:
        failed["signers"] = signers_json([unnamed.attestation])
    return json_document(failed)


def _named(blob: NamedBlob | None) -> dict[str, str]:
    return {"blob": blob.text, "digest": blob.digest} if blob is not None else {"blob": "", "digest": ""}


def _name(blob: NamedBlob | None) -> str:
    if blob is None:
        return "the attestation"
    return f"{shown(blob.text)} ({blob.digest})" if blob.text else blob.digest
