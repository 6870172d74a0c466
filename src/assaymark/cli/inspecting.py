"""What is in an attestation's file, for people and for programs, with the sentence that nothing of it is verified.

Every text comes from a document that somebody else may have written, and is shown without control characters.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.predicate import VULN_TYPE
from assaymark.cli.proofs import json_document
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.plain import shorten, shown
from assaymark.report.wording import amount

if TYPE_CHECKING:
    from assaymark.attest.inspection import ContentPart, Inspected, LogPart, SignerPart, StatementPart
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.cli.console import Console
    from assaymark.report.record import RecordSummary

NOT_VERIFIED: Final = "NOT VERIFIED: this is what the file says, and nothing of it has been checked"
_SUBJECTS_SHOWN: Final = 20
_KEY_IDS_SHOWN: Final = 5


def known_services(args: Namespace, console: Console) -> TrustedRoot:
    """Whose logs are called by their names: those of `--trusted-root`, else of the public-good instance."""
    from assaymark.attest.sigstore.public_good import public_good
    from assaymark.attest.sigstore.trusted_root import parse_trusted_root
    from assaymark.cli.files import read_input

    if not args.trusted_root:
        return parse_trusted_root(public_good().trusted_root)
    data = read_input(args.trusted_root, console, limit=DEFAULT_LIMITS.trust_metadata_bytes)
    return parse_trusted_root(data, what=f"`{args.trusted_root}`")


def inspection_json(inspected: Inspected) -> bytes:
    """`--format json`."""
    parts = msgspec.to_builtins(inspected.inspection)
    return json_document({"verified": False, **parts, "record": _record(inspected)})


def inspection_text(inspected: Inspected, *, colour: bool, width: int) -> str:
    """`--format text`."""
    from assaymark.report.record_text import render_summary_text

    found = inspected.inspection
    kind = shown(found.media_type) or "what cosign 1 and 2 wrote"
    lines = [NOT_VERIFIED, _labelled("file", kind), *_signer(found.signer, found.certificates)]
    lines += _content(found.content)
    lines += _statement(found.statement) if found.statement else ()
    for entry in found.log_entries:
        lines += _log(entry)
    lines += [_labelled("timestamp", f"{stamp.time}, of {shown(stamp.imprint)}") for stamp in found.timestamps]
    lines += [_labelled("problem", shown(problem)) for problem in found.problems]
    record = _record(inspected)
    text = "\n".join(lines)
    return text if record is None else f"{text}\n{render_summary_text(record, colour=colour, width=width).rstrip()}"


def _labelled(label: str, text: str) -> str:
    return f"{label:<10}  {text}"


def _signer(signer: SignerPart, certificates: int) -> Iterator[str]:
    if signer.kind == "key":
        yield _labelled(
            "signer", f"a key that is called {shown(signer.hint)}" if signer.hint else "a key without a name"
        )
        return
    yield _labelled("signer", f"a certificate with the SHA-256 {signer.sha256}")
    if signer.identity:
        yield _labelled("", f"of `{shown(signer.identity)}` ({signer.identity_kind})")
        yield _labelled("", f"for whom `{shown(signer.issuer) or 'nobody'}` vouched")
        yield _labelled("", f"from {signer.not_before} to {signer.not_after}, number {signer.serial}")
        yield _labelled("", f"issued by {shown(signer.issued_by)}")
    for name, value in signer.claims.items():
        yield _labelled("", f"{name}: {shorten(shown(value), 200)}")
    if certificates > 1:
        yield _labelled("", f"and {amount(certificates - 1, 'certificate')} above it")


def _content(content: ContentPart) -> Iterator[str]:
    if content.kind != "envelope":
        yield _labelled("content", f"{content.kind} with {shown(content.digest) or 'no digest'}")
        return
    size = f"{amount(content.payload_bytes, 'byte')}, {amount(content.signatures, 'signature')}"
    yield _labelled("content", f"{shown(content.payload_type)}, {size}")
    for key_id in content.key_ids[:_KEY_IDS_SHOWN]:
        yield _labelled("", f"by a key that is called {shorten(shown(key_id), 200)}")


def _statement(statement: StatementPart) -> Iterator[str]:
    yield _labelled("statement", shown(statement.type))
    yield _labelled("type", f"{shown(statement.predicate_type)}, {statement.predicate_bytes} bytes")
    for subject in statement.subjects[:_SUBJECTS_SHOWN]:
        digests = ", ".join(f"{shown(name)}:{shown(value)}" for name, value in subject.digests.items())
        yield _labelled("subject", f"{shown(subject.name) or 'without a name'} {digests}")
    if len(statement.subjects) > _SUBJECTS_SHOWN:
        yield _labelled("", f"and {len(statement.subjects) - _SUBJECTS_SHOWN} more")
    if statement.extra:
        yield _labelled("", f"cosign refuses the members {', '.join(map(shown, statement.extra))}")


def _log(entry: LogPart) -> Iterator[str]:
    name = f"`{shown(entry.log)}`" if entry.log else f"a log that is not known, {entry.log_id}"
    yield _labelled("log entry", f"{entry.index} of {name}")
    time = entry.integrated_time or "no time of its own"
    proof = f"a proof for {entry.tree_size} entries" if entry.tree_size is not None else "no proof"
    yield _labelled("", f"{shown(entry.kind)}, {time}, {'a promise' if entry.promise else 'no promise'}, {proof}")
    if entry.origin:
        yield _labelled("", f"of {shown(entry.origin)}, signed by {', '.join(map(shown, entry.witnesses)) or 'nobody'}")


def _record(inspected: Inspected) -> RecordSummary | None:
    """The vulnerability record, where it is one that can be read."""
    from assaymark.report.record import parse_record

    statement = inspected.statement
    if statement is None or statement.predicate_type != VULN_TYPE:
        return None
    try:
        return parse_record(statement.predicate, DEFAULT_LIMITS)
    except Error:
        return None
