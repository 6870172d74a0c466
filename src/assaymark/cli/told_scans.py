"""Scans that somebody tells of: reports, records and attestations in files, and what is attached to images.

1. A file is a JSON report, a vulnerability record, a statement that holds one, or an attestation of one: a Sigstore
   bundle, an envelope, what cosign 1 wrote, or several of them on a line each (`download attestation`).
2. Anything that looks like a path is one; other names are files where there is such a file, else images.
3. Of several records of one image the newest counts: of verified ones by their trusted times, as far as they have any
   (`assaymark.attest.newest`), of others by what they say of themselves.
4. Where somebody is named who must have signed, only what they signed counts, and a report that nobody signed is told
   to be just that. Where nobody is named nothing is verified, and that is told.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from assaymark.attest.reasons import Reason
from assaymark.cli.identity_flags import names_signer
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.json import decode_go_as

if TYPE_CHECKING:
    from assaymark.attest.attach import Own
    from assaymark.attest.statement import Statement
    from assaymark.attest.store.attestation import Candidate, Found
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.model.report import Scan

_ENDINGS: Final = (".json", ".jsonl", ".sigstore", ".bundle")
_ATTESTATION: Final = frozenset({"payload", "dsseEnvelope", "dsse_envelope", "base64Signature", "verificationMaterial"})
_TOP: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def is_file_name(text: str) -> bool:
    """Whether `text` names a file and not an image, rule 2."""
    looks_like_one = text == "-" or text.startswith(("/", "./", "../")) or text.endswith(_ENDINGS)
    return looks_like_one or Path(text).is_file()


class Told(NamedTuple):
    """A scan, and the bytes that tell of it: a signed predicate, or a whole report or record that nobody signed."""

    scan: Scan
    data: bytes
    signed: bool = True


def read_told_file(name: str, console: Console, *, args: Namespace | None = None) -> Scan:
    """The scan that a file tells of; errors as in `read_told_document`."""
    return read_told_document(name, console, args=args).scan


def read_told_document(name: str, console: Console, *, args: Namespace | None = None) -> Told:
    """The scan that a file tells of, and its bytes.

    Args:
        name: of the file; `-` for stdin.
        console: where doubts are told.
        args: with the flags of signers; None where nobody can be named.

    Raises:
        LocalError: it cannot be read.
        ArtifactError: it is nothing of rule 1.
        VerificationError: it is an attestation that does not prove what it says.
    """
    from assaymark.cli.files import read_input
    from assaymark.report.stored import read_stored_scan

    data = read_input(name, console, limit=DEFAULT_LIMITS.report_bytes)
    what = "stdin" if name == "-" else name
    documents = _attestations_in(data, what)
    if documents:
        return _newest(_statements_in(documents, what, args, console), what, console)
    if args is not None and names_signer(args):
        console.warn(f"`{what}` is signed by nobody, so nothing of it is verified")
    stored = read_stored_scan(data, limits=DEFAULT_LIMITS, what=what)
    for kind, count in sorted(stored.left_out.items()):
        console.warn(f"`{what}`: results of the kind `{kind}` are left out ({count}): only vulnerabilities are read")
    return Told(stored.scan, data, signed=False)


def read_told_image(text: str, args: Namespace, console: Console, connections: Connections) -> Scan:
    """The scan that the newest record attached to an image tells of; where that is compact, with its full report.

    Raises:
        VerificationError: the full report is missing, or is another one; else as in `read_attached`.
    """
    from assaymark.attest.compact import whole_record
    from assaymark.attest.full_report import check_full_report
    from assaymark.cli.images import find_image
    from assaymark.report.stored import read_stored_scan

    image = find_image(text, args, console, connections.registry)
    told = read_attached(image, args, console, connections)
    full = check_full_report(image.attachments, told.data)
    if full is None:
        return told.scan
    whole = read_stored_scan(whole_record(told.data, full), limits=DEFAULT_LIMITS, what=text).scan
    return msgspec.structs.replace(whole, subject=told.scan.subject)


def read_attached(image: NamedImage, args: Namespace, console: Console, connections: Connections) -> Told:
    """The newest record that is attached to an image.

    Raises:
        VerificationError: there is none, or none that proves what it says.
        Error: its attestations cannot be had.
    """
    text = image.text
    if not names_signer(args):
        from assaymark.attest.store.read import read_attestations

        found = read_attestations(image.attachments, image.subject.digest)
        return _newest(_unverified(found, text, console), text, console)
    from assaymark.cli.proofs import explain_failure
    from assaymark.cli.verifying import find_prover

    proof = find_prover(args, console, connections).prove(image)
    try:
        items = proof.verification.require()
    except VerificationError as exc:
        raise explain_failure(exc, image, args) from exc
    return _newest_proven(items, text, console)


def _attestations_in(data: bytes, what: str) -> list[bytes]:
    """The attestations of a file, each by itself; none where it holds a report, a record or a statement."""
    first, _, rest = data.lstrip().partition(b"\n")
    is_lines = first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.strip()
    documents = [line for line in data.splitlines() if line.strip()] if is_lines else [data]
    return documents if not _ATTESTATION.isdisjoint(_members(documents[0], what)) else []


def _members(document: bytes, what: str) -> frozenset[str]:
    bounds = msgspec.structs.replace(
        DEFAULT_LIMITS, json_bytes=DEFAULT_LIMITS.report_bytes, json_values=DEFAULT_LIMITS.report_values
    )
    members = decode_go_as(document, _TOP, limits=bounds, what=what)
    return frozenset(members)


def _statements_in(documents: list[bytes], what: str, args: Namespace | None, console: Console) -> Iterator[Statement]:
    """The statements of a file's attestations, verified where somebody is named.

    Raises:
        VerificationError: none of them proves anything; the reason is that of the first that is of the right type.
    """
    from assaymark.attest.local import read_local

    candidates = [read_local(document, what=f"`{what}`") for document in documents]
    if args is None or not names_signer(args):
        yield from _unverified(candidates, what, console, can_be_named=args is not None)
        return
    from assaymark.cli.blob_verifying import prove_blob
    from assaymark.cli.connections import Connections

    connections, refused, proven = Connections(args, console), list[VerificationError](), 0
    for candidate in candidates:
        try:
            statement = prove_blob(candidate, None, args, console, connections).attestation.statement
        except VerificationError as exc:
            refused.append(exc)
            continue
        proven += 1
        yield statement
    told = [exc for exc in refused if exc.reason != Reason.WRONG_TYPE.value]
    if not proven and refused:
        raise (told or refused)[0]
    for refusal in told:
        console.warn(f"`{what}`: refused [{refusal.reason}]: {refusal}")


def _unverified(
    found: Iterable[Found], what: str, console: Console, *, can_be_named: bool = True
) -> Iterator[Statement]:
    """What attestations say; those of other types, and those that cannot be read, say nothing."""
    from assaymark.attest.store.attestation import Unreadable

    hint = (
        "name who must have signed: `--key`, …" if can_be_named else "verify it first: `assaymark verify-attestation`"
    )
    console.warn(f"`{what}`: nothing of the attestation is verified", hint=hint)
    for each in found:
        if isinstance(each, Unreadable):
            console.warn(f"`{what}`: left out [{each.reason.value}]: {each.message}")
            continue
        try:
            statement = _claimed(each)
        except VerificationError as exc:
            console.warn(f"`{what}`: left out [{exc.reason}]: {exc}")
            continue
        if statement is not None:
            yield statement


def _claimed(candidate: Candidate) -> Statement | None:
    """What a candidate says, where it says what a vulnerability record says."""
    from assaymark.attest.predicate import VULN_TYPE
    from assaymark.attest.sigstore.attestations import read_material
    from assaymark.attest.statement import parse_statement

    envelope = read_material(candidate).envelope
    statement = parse_statement(envelope.payload) if envelope else None
    return statement if statement is not None and statement.predicate_type == VULN_TYPE else None


def _newest(statements: Iterable[Statement], what: str, console: Console) -> Told:
    """Rule 3.

    Raises:
        VerificationError: there is none.
    """
    told = sorted((Told(_scan_of(each, what), each.predicate) for each in statements), key=_moment)
    if not told:
        raise VerificationError(
            f"`{what}` has no attestation that is a vulnerability record",
            hint="scan it: `assaymark image --format json --output report.json …`, and name that file",
            reason="NO_ATTESTATION",
        )
    _tell_newest(told[-1], len(told), what, console)
    return told[-1]


def _newest_proven(items: Sequence[Own], what: str, console: Console) -> Told:
    """Rule 3 for verified ones; there is one at least."""
    from assaymark.attest.refreshing import find_current

    current = find_current(items)
    assert current is not None
    statement = current.item.statement
    told = Told(_scan_of(statement, what), statement.predicate)
    _tell_newest(told, len(items), what, console)
    return told


def _tell_newest(told: Told, count: int, what: str, console: Console) -> None:
    from assaymark.report.wording import day_and_time

    if count > 1:
        when = day_and_time(told.scan.finished)
        console.note(f"`{what}` has {count} records; the newest counts, of {when}")


def _scan_of(statement: Statement, what: str) -> Scan:
    from assaymark.report.stored import read_stored_scan

    scan = read_stored_scan(statement.predicate, limits=DEFAULT_LIMITS, what=what).scan
    digests = (f"{name}:{value}" for subject in statement.subjects for name, value in subject.digests)
    return msgspec.structs.replace(scan, subject=next(digests, ""))


def _moment(told: Told) -> float:
    from assaymark.model.moment import parse_time

    moment = parse_time(told.scan.finished)
    return moment.timestamp() if moment is not None else 0.0
