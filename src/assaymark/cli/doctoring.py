"""What `doctor` found out, for people and for programs.

Signers and times are what attestations say of themselves, and are marked so, except where somebody was named who must
have signed: then each attestation is verified, and what was proven or refused is told with it. Every text comes from
documents that somebody else may have written, and is shown without control characters.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from assaymark.attest.doctor.verifiers import Prediction, Verdict
from assaymark.attest.reasons import Reason
from assaymark.cli.proofs import json_document
from assaymark.report.plain import shown
from assaymark.report.wording import Paint, amount, days_between

if TYPE_CHECKING:
    from assaymark.attest.doctor.examination import Examination, Finding, Storage
    from assaymark.attest.doctor.probe import Probe
    from assaymark.attest.proving import Proof
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.attest.verify import Verified
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage

_STYLES: Final = {Verdict.FOUND: "good", Verdict.FOUND_WITH: "warn", Verdict.NOT_FOUND: "bad"}
_OTHERS_SHOWN: Final = 20
_CREATED_BY: Final = {"log": "in a log since", "timestamp": "stamped", "manifest": "made"}


class Verdicts(NamedTuple):
    """What verification said; nothing where nobody was named."""

    proven: Mapping[str, str] = {}  # layer → who signed
    refused: Mapping[str, str] = {}  # manifest → reason
    asked: bool = False


class Told(NamedTuple):
    """Everything that is told of one image."""

    image: NamedImage
    examination: Examination
    probe: Probe | None
    verdicts: Verdicts
    now: datetime


def verify_findings(
    image: NamedImage, examination: Examination, args: Namespace, console: Console, connections: Connections
) -> Verdicts:
    """Verify what is attached, type by type, with the signers that the flags name.

    Raises:
        Error: a key or the trust data cannot be used.
    """
    from assaymark.cli.verifying import find_prover

    proven: dict[str, str] = {}
    refused: dict[str, str] = {}
    for kind in sorted({item.predicate_type for item in examination.attestations if item.predicate_type}):
        proof = find_prover(Namespace(**{**vars(args), "type": kind}), console, connections).prove(image)
        for item in proof.verification.verified:
            proven[item.layer] = _who(item, proof)
        for rejected in proof.verification.rejected:
            if rejected.manifest and rejected.reason is not Reason.WRONG_TYPE:
                refused.setdefault(rejected.manifest, rejected.reason.value)
    return Verdicts(proven=proven, refused=refused, asked=True)


def doctor_json(told: Told) -> bytes:
    """`--format json`."""
    found = msgspec.to_builtins(told.examination)
    for item, finding in zip(found["attestations"], told.examination.attestations, strict=True):
        item["verification"] = _verification_json(finding, told.verdicts)
    probe = None if told.probe is None else msgspec.to_builtins(told.probe)
    document = {"image": told.image.text, "digest": told.image.subject.digest, "isIndex": told.image.is_index}
    return json_document({**document, **found, "probe": probe})


def doctor_text(told: Told, *, colour: bool) -> str:
    """`--format text`."""
    paint = Paint(colour=colour)
    examination = told.examination
    lines = [_labelled("image", shown(told.image.pinned)), *_storage(examination.storage, paint), *_probe(told.probe)]
    count = len(examination.attestations)
    lines.append(_labelled("attached", amount(count, "attestation") if count else "no attestation"))
    if told.image.is_index and not count:
        lines.append(_labelled("", "it is an index: `--platform` looks at the manifest of one platform"))
    for number, finding in enumerate(examination.attestations, 1):
        lines += ["", *_finding(number, finding, told, paint)]
    lines += [""] if count and (examination.troubles or examination.others) else []
    lines += [_labelled("unreadable", f"[{item.reason}] {shown(item.message)}") for item in examination.troubles]
    for other in examination.others[:_OTHERS_SHOWN]:
        lines.append(_labelled("besides", f"{shown(other.kind)}, {other.manifest}"))
    if len(examination.others) > _OTHERS_SHOWN:
        lines.append(_labelled("", f"and {len(examination.others) - _OTHERS_SHOWN} more"))
    return "\n".join(lines)


def _who(item: Verified | ProvenAttestation, proof: Proof) -> str:
    from assaymark.attest.verify import Verified

    if isinstance(item, Verified):
        return proof.keys[item.key]
    from assaymark.cli.signers import signer_text

    return signer_text(item, proof.keys)


def _verification_json(finding: Finding, verdicts: Verdicts) -> dict[str, Any]:
    if not verdicts.asked:
        return {"verified": None, "signer": "", "reason": ""}
    signer = verdicts.proven.get(finding.layer, "")
    reason = "" if signer else verdicts.refused.get(finding.manifest, "")
    return {"verified": bool(signer), "signer": signer, "reason": reason}


def _storage(storage: Storage, paint: Paint) -> Iterator[str]:
    yield _labelled("registry", shown(storage.repository))
    answer = "yes" if storage.referrers_api else "no, an index at a tag stands in for it"
    yield _labelled("", f"referrers API: {answer}")
    entries = storage.fallback_entries
    listed = "none" if entries is None else f"`{storage.fallback_tag}` lists {amount(entries, 'manifest')}"
    yield _labelled("", f"fallback tag: {shown(storage.problem) or listed}")
    yield _labelled("", f"cosign's tags: {', '.join(storage.tags) or 'none'}")
    if storage.unlisted:
        hidden = f"{amount(len(storage.unlisted), 'manifest')} at the fallback tag, where nobody looks with this API"
        yield _labelled("", paint.style("bad", f"hidden: {hidden}"))


def _probe(probe: Probe | None) -> Iterator[str]:
    if probe is None:
        yield _labelled("", "writes: not tried; `--probe-writes` does")
        return
    facts = {
        "pushes": probe.pushes,
        "tags are immutable": probe.immutable_tags,
        "lists new referrers": probe.lists_referrers,
        "deletes": probe.deletes,
    }
    for name, value in facts.items():
        yield _labelled("", f"{name}: {'not known' if value is None else 'yes' if value else 'no'}")
    for tried, message in probe.messages.items():
        yield _labelled("", f"refused to {tried}: {shown(message)}")
    if probe.left:
        yield _labelled("", f"left behind, because it cannot be deleted: {', '.join(probe.left)} (`{probe.tag}`)")


def _finding(number: int, finding: Finding, told: Told, paint: Paint) -> Iterator[str]:
    kind = shown(finding.predicate_type) if finding.verifiers else "a signature of the image, not an attestation"
    yield f"{number}. {finding.format.value}, {kind or 'of no type'}"
    yield _indented("manifest", finding.manifest)
    yield _indented("signer", _signer(finding, told.verdicts, paint))
    yield _indented("age", _age(finding, told.now))
    if finding.scanned:
        yield _indented("scan", f"{shown(finding.scanned)}{_ago(finding.scanned, told.now)}, by the signer's word")
    if finding.full_report:
        yield _indented("in short", f"the full report is {finding.full_report}")
    for problem in finding.problems:
        yield _indented("problem", shown(problem))
    for prediction in finding.verifiers:
        yield from _prediction(prediction, paint)


def _signer(finding: Finding, verdicts: Verdicts, paint: Paint) -> str:
    if finding.layer in verdicts.proven:
        return f"{shown(verdicts.proven[finding.layer])} ({paint.style('good', 'verified')})"
    suffix = "not verified"
    if verdicts.asked:
        reason = verdicts.refused.get(finding.manifest, "")
        suffix = paint.style("bad", f"refused [{reason}]" if reason else "not verified")
    signer = finding.signer
    if signer is None:
        return f"unknown ({suffix})"
    if signer.kind == "key":
        return f"a key{f' called {shown(signer.hint)}' if signer.hint else ''} ({suffix})"
    return f"{shown(signer.identity)}, for whom {shown(signer.issuer) or 'nobody'} vouched ({suffix})"


def _age(finding: Finding, now: datetime) -> str:
    if not finding.created:
        return "unknown: neither a log nor a timestamp nor its manifest says when it was made"
    word = _CREATED_BY[finding.created_by]
    return f"{word} {shown(finding.created)}{_ago(finding.created, now)}"


def _ago(text: str, now: datetime) -> str:
    days = days_between(text, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    return "" if days is None else f" ({amount(days, 'day')} ago)"


def _prediction(prediction: Prediction, paint: Paint) -> Iterator[str]:
    verdict = paint.style(_STYLES[prediction.verdict], prediction.verdict.value)
    needs = f" {' and '.join(prediction.needs)}" if prediction.needs else ""
    basis = f"tested with {prediction.version}" if prediction.tested else "documented, not tested"
    yield _indented(prediction.verifier, f"{verdict}{needs} ({basis})")
    yield from (_indented("", why) for why in prediction.why)


def _labelled(label: str, text: str) -> str:
    return f"{label:<12}{text}"


def _indented(label: str, text: str) -> str:
    return f"   {label:<20}{text}"
