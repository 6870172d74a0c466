"""What a verification proved, for people and for programs: the decoded record with who signed it.

Everything here is made from bytes that were verified: `assaymark.attest.verify.Verified` with a key alone, and
`assaymark.attest.sigstore.attestations.ProvenAttestation` against a trusted root, whose evidence `signers` words.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.reasons import Reason
from assaymark.attest.verify import UNCHECKED, Verified
from assaymark.cli.identity_flags import trusted_signers
from assaymark.cli.judging import SATISFIED, age_note, judgement_json, notes_of, violation_json
from assaymark.errors import Error, VerificationError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.attest.proving import ImageOutcome, Proof
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.report.record import RecordSummary


DEFAULT_TYPE: Final = "custom"
_HINTS: Final = {
    Reason.CERTIFICATE_NOT_KEY.value: "name its owner with `--certificate-identity` and `--certificate-oidc-issuer`",
    Reason.KEY_NOT_CERTIFICATE.value: "give the public key with `--key`",
    Reason.NO_LOG_ENTRY.value: "what a timestamp authority saw is verified with `--insecure-ignore-tlog`",
}


_ABOUT_SIGNERS: Final = frozenset(
    reason.value
    for reason in (
        Reason.WRONG_KEY,
        Reason.BAD_SIGNATURE,
        Reason.WRONG_IDENTITY,
        Reason.WRONG_ISSUER,
        Reason.WRONG_CLAIM,
    )
)


def tell_checks(console: Console, proof: Proof) -> None:
    """The summary on stderr: what was checked, and on a terminal what the record says."""
    platform = f" ({shown(proof.platform)})" if proof.platform else ""
    console.note(f"verified {proof.image.pinned}{platform}:")
    for line in _checks(proof):
        console.note(f"  {line}")
    if proof.judgement is not None and proof.judgement.asked:
        console.note(f"  - {SATISFIED}")
    if console.talks_to_terminal:
        for item in proof.counting:
            console.note(_item_text(item, proof, console, colour=console.stderr_colour), painted=True)


def _checks(proof: Proof) -> list[str]:
    """What every attestation shows, and then of each what vouches for it; those with the same are counted."""
    verified = proof.counting
    checked = all(item.subject_checked for item in verified)
    about = "the statement is about this image's digest"
    subject = f"- {about if checked else 'whether it is about this image was NOT checked'}"
    alike: dict[tuple[str, ...], int] = {}
    for item in verified:
        block = _evidence(item, proof)
        alike[block] = alike.get(block, 0) + 1
    heads = [(f"- {_plural(count)} signed by {who}", lines) for (who, *lines), count in alike.items()]
    if len(heads) == 1:
        [(head, lines)] = heads
        return [head, subject, *(f"- {line}" for line in lines)]
    grouped = (line for head, lines in heads for line in (f"{head}:", *(f"    - {line}" for line in lines)))
    return [subject, *grouped]


def _evidence(item: Verified | ProvenAttestation, proof: Proof) -> tuple[str, ...]:
    """Who signed, and what was found out besides."""
    if isinstance(item, Verified):
        notes = (note for note in _notes(item, proof) if note != UNCHECKED)
        return _key_words(item, proof), *map(shown, notes)
    from assaymark.cli.signers import evidence_lines, signer_text

    lines = (signer_text(item, proof.keys), *evidence_lines(item), *notes_of(item, proof.judgement))
    return tuple(map(shown, lines))


def _notes(item: Verified | ProvenAttestation, proof: Proof) -> tuple[str, ...]:
    return (*item.notes, *notes_of(item, proof.judgement))


def _plural(count: int) -> str:
    return f"{count} attestation{'s' if count > 1 else ''}"


def _key_words(item: Verified, proof: Proof) -> str:
    return "the key" if len(proof.keys) == 1 else f"the key `{shown(proof.keys[item.key])}`"


def tell_rejected(console: Console, proof: Proof) -> None:
    """Attestations that proved nothing although others did: said, never passed over.

    Attestations of other types are not worth a warning, because an image has several: they are in the JSON.
    """
    if proof.verification.verified:
        for item in proof.verification.rejected:
            if item.reason is not Reason.WRONG_TYPE:
                console.warn(f"`{proof.image.text}`: refused [{item.reason.value}]: {item.message}")


def explain_failure(error: VerificationError, image: NamedImage, args: Namespace) -> VerificationError:
    """The error with the image's name, and what the user may have meant."""
    hint = find_hint(error, args)
    if error.reason == Reason.NO_ATTESTATION.value and image.is_index:
        hint = "`assaymark image --attest` attests every platform of an index, and with `--index` the index itself"
    return VerificationError(f"`{image.text}`: {error}", hint=hint, reason=error.reason)


def find_hint(error: VerificationError, args: Namespace) -> str:
    """What the user may have meant, whatever the attestation is about; empty where nobody knows."""
    if error.reason == Reason.WRONG_TYPE.value and args.type == DEFAULT_TYPE:
        return f"without `--type` it is `{DEFAULT_TYPE}`; vulnerability records have `--type vuln`"
    if error.reason in _ABOUT_SIGNERS and (source := trusted_signers(args).source):
        return f"`{source}` says who must have signed, because no flag does"
    return error.hint or _HINTS.get(error.reason, "")


def proofs_text(proofs: list[Proof], console: Console) -> str:
    """`--report text`."""
    return "\n".join(
        _item_text(item, proof, console, colour=console.colour) for proof in proofs for item in proof.counting
    ).rstrip("\n")


def _item_text(item: Verified | ProvenAttestation, proof: Proof, console: Console, *, colour: bool) -> str:
    from assaymark.report.record_text import render_summary_text

    head = [
        f"image       {shown(proof.image.pinned)}",
        *([f"platform    {shown(proof.platform)}"] if proof.platform else []),
        f"signed by   {shown(_signer_text(item, proof))}",
        *([f"signed on   {item.times[0]:%Y-%m-%dT%H:%M:%SZ}"] if not isinstance(item, Verified) and item.times else []),
        f"type        {shown(item.statement.predicate_type)}",
        f"attached as {item.format.value}, {item.manifest}",
        *(f"note        {shown(note)}" for note in _notes(item, proof)),
    ]
    summary = record_of(item)
    if summary is None:
        return "\n".join(head) + "\n"
    head += [f"note        {note}" for note in age_note(item, proof.judgement)]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "\n".join(head) + "\n" + render_summary_text(summary, colour=colour, width=console.width, now=now)


def _signer_text(item: Verified | ProvenAttestation, proof: Proof) -> str:
    if isinstance(item, Verified):
        return f"{proof.keys[item.key]} ({item.key})"
    from assaymark.cli.signers import signer_text

    return signer_text(item, proof.keys)


def proofs_json(outcomes: Iterable[ImageOutcome]) -> bytes:
    """`--report json`: one document."""
    return json_document({"verified": True, "images": [_image(outcome) for outcome in outcomes]})


def failure_json(outcomes: Iterable[ImageOutcome], worst: ImageOutcome) -> bytes:
    """`--report json` when nothing was proven of some images; `worst` is the one that decides the exit code."""
    platform = {"platform": worst.platform} if worst.platform else {}
    return json_document(
        _failed(worst.text, worst.failure) | platform | {"images": [_image(outcome) for outcome in outcomes]}
    )


def unnamed_json(outcomes: Sequence[ImageOutcome], error: Error, signers: list[dict[str, Any]]) -> bytes:
    """`--report json` when nobody was named: nothing is proven, and these signed."""
    images = [_image(outcome) | {"verified": False, "attestations": []} for outcome in outcomes]
    return json_document(_failed(outcomes[0].text, error) | {"signers": signers, "images": images})


def _failed(text: str, error: Error | None) -> dict[str, Any]:
    assert error is not None
    return {"verified": False, "image": text, "reason": error.reason, "message": str(error)}


def _image(outcome: ImageOutcome) -> dict[str, Any]:
    """One image; where nothing is proven, `reason` and `message` say why, and one that is not there has no more."""
    failed = {"platform": outcome.platform} if outcome.platform else {}
    if outcome.failure is not None:
        failed |= {"reason": outcome.failure.reason, "message": str(outcome.failure)}
    proof = outcome.proof
    if proof is None:
        policy = {"policy": [violation_json(each) for each in outcome.missing]} if outcome.missing else {}
        return {"image": outcome.text, "verified": False, **failed, **policy}
    return failed | {
        "image": outcome.text,
        "digest": proof.image.subject.digest,
        "verified": outcome.failure is None,
        "attestations": [] if outcome.failure is not None else [_attestation(item, proof) for item in proof.counting],
        "rejected": [
            {"reason": item.reason.value, "message": item.message, "manifest": item.manifest}
            for item in proof.verification.rejected
        ],
        **judgement_json(proof.judgement),
    }


def _attestation(item: Verified | ProvenAttestation, proof: Proof) -> dict[str, Any]:
    return {
        "predicateType": item.statement.predicate_type,
        **_signer(item, proof),
        "format": item.format.value,
        "manifest": item.manifest,
        "subjectChecked": item.subject_checked,
        "notes": list(_notes(item, proof)),
        "record": record_of(item),
    }


def _signer(item: Verified | ProvenAttestation, proof: Proof) -> dict[str, Any]:
    if isinstance(item, Verified):
        return {
            "signer": {"key": proof.keys[item.key], "sha256": item.key, "scheme": item.scheme.value},
            "trustedTime": None,
        }
    from assaymark.cli.signers import evidence_json, signer_json

    return {"signer": signer_json(item, proof.keys), **evidence_json(item)}


def record_of(item: Verified | ProvenAttestation) -> RecordSummary | None:
    """The decoded record of a vulnerability attestation; None for other predicates."""
    from assaymark.report.record import parse_record

    if item.statement.predicate_type != VULN_TYPE:
        return None
    try:
        return parse_record(item.statement.predicate, DEFAULT_LIMITS)
    except Error:
        return None


def json_document(value: dict[str, Any]) -> bytes:
    """A document for programs, and for people who read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
