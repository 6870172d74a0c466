"""`verify-blob-attestation`: prove that somebody with the key, or with the identity, said something about a file."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import add_switch
from assaymark.cli.identity_flags import add_identity_flags, add_public_key_flag, check_identity_flags
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.verification_policy import add_policy_flags
from assaymark.errors import ExitCode, VerificationError

if TYPE_CHECKING:
    from assaymark.cli.blob_verifying import BlobProof
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Verify what `attest-blob` wrote about BLOB, a file of any size or `-` for stdin, with public keys or with the identities
of those who may have signed and the issuers that vouched for them. The attestation must have the type that was asked
for and pass every check. Nothing is printed on stdout; `--report` prints who signed, when, and what was found. Exit
code 7 with a reason code when nothing could be proven."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("blob", nargs="?", default="", metavar="BLOB", help="the file; `-` reads stdin")
    parser.add_argument("--bundle", default="", metavar="FILE", help="a Sigstore bundle, or what cosign 1 and 2 wrote")
    parser.add_argument("--signature", default="", metavar="FILE", help="an envelope alone, in place of a bundle")
    parser.add_argument(
        "--certificate", default="", metavar="FILE", help="the signer's certificate, besides an envelope"
    )
    parser.add_argument("--rfc3161-timestamp", default="", metavar="FILE", help="the timestamp, besides an envelope")
    parser.add_argument("--digest", default="", metavar="HEX", help="digest of a file that is elsewhere")
    parser.add_argument(
        "--digestAlg", dest="digest_alg", default="", metavar="NAME", help="its kind: sha256 (default), sha384, sha512"
    )
    add_public_key_flag(parser)
    parser.add_argument(
        "--type", default="custom", metavar="TYPE", help="the predicate type that it must have (default custom)"
    )
    parser.add_argument("--report", choices=("text", "json"), default="", help="print the decoded record")
    add_switch(parser, "--check-claims", default=True, about="check that the attestation is about this file")
    add_switch(parser, "--new-bundle-format", default=True, about=SUPPRESS)  # files say themselves what they are
    parser.add_argument("--max-workers", type=int, default=10, help=SUPPRESS)  # there is one attestation
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_policy_flags(parser, images=False)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.judging import judge_attestations
    from assaymark.cli.blob_verifying import check_blob_flags
    from assaymark.cli.connections import Connections
    from assaymark.cli.judging import judge_from

    check_blob_flags(args)
    check_evidence_flags(args)
    check_identity_flags(args)
    judge = judge_from(args, console, now=datetime.now(UTC))
    proof = _prove(args, console, Connections(args, console))
    if judge is None:
        _refuse_unnamed(proof, args, console)
    else:
        proof = proof._replace(judgement=judge_attestations([proof.attestation], judge))
        _require_policy(proof, args, console)
    _print(proof, args, console)
    return ExitCode.DONE


def _prove(args: Namespace, console: Console, connections: Connections) -> BlobProof:
    from assaymark.cli.blob_verifying import prove_blob, read_attestation, read_subject

    blob = None
    try:
        candidate = read_attestation(args, console)
        blob = read_subject(candidate, args, console)
        return prove_blob(candidate, blob, args, console, connections)
    except VerificationError as exc:
        if args.report == "json":
            from assaymark.cli.blob_proofs import blob_failure_json

            console.out_bytes(blob_failure_json(blob, exc))
        raise


def _refuse_unnamed(proof: BlobProof, args: Namespace, console: Console) -> None:
    from assaymark.cli.blob_proofs import blob_failure_json
    from assaymark.cli.signers import identity_required

    error = identity_required([proof.attestation], args.typed, command=COMMAND.name)
    if args.report == "json":
        console.out_bytes(blob_failure_json(proof.blob, error, unnamed=proof))
    raise error


def _require_policy(proof: BlobProof, args: Namespace, console: Console) -> None:
    from assaymark.cli.blob_proofs import blob_failure_json
    from assaymark.cli.judging import named_violations, tell_violations

    assert proof.judgement is not None
    failure = proof.judgement.failure()
    if failure is None:
        return
    if args.report == "json":
        console.out_bytes(blob_failure_json(proof.blob, failure, judgement=proof.judgement))
    tell_violations(console, named_violations(proof.judgement))
    raise failure


def _print(proof: BlobProof, args: Namespace, console: Console) -> None:
    from assaymark.cli.blob_proofs import blob_json, blob_text, tell_blob_checks

    if args.report == "json":
        console.out_bytes(blob_json(proof))
    elif args.report == "text":
        console.out(blob_text(proof, console, colour=console.colour), painted=True)
    else:
        tell_blob_checks(console, proof)


COMMAND: Final = Command(
    name="verify-blob-attestation",
    summary="verify an attestation of a file with a key or an identity",
    group="Attestations",
    configure=_configure,
    run=_run,
)
