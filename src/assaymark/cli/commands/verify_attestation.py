"""`verify-attestation`: prove that somebody with the key, or with the identity, said something about an image.

stdout is what cosign prints, one envelope a line, whatever `-o` says; `--report` decodes it instead. Nothing is on
stdout before everything that was asked for has been verified.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import BESIDE_IMAGES
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import add_switch
from assaymark.cli.identity_flags import (
    add_identity_flags,
    add_public_key_flag,
    check_identity_flags,
    names_signer,
)
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.cli.verification_policy import add_policy_flags
from assaymark.errors import ExitCode, VerificationError

if TYPE_CHECKING:
    from assaymark.attest.proving import ImageOutcome
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Verify the attestations of IMAGE with public keys, or with the identities of those who may have signed and the issuers
that vouched for them. Without either the signers are shown, and nothing is proven. At least one attestation must have
the type that was asked for and pass every check; it is printed as a DSSE envelope, one a line. `--report` prints who
signed, when, with which database, and what was found. Of several images each must pass, and each that does not is
named. An index passes by an attestation of its own, or when every platform has one. Exit code 7 with a reason code
when nothing could be proven."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="reference of an image on a registry")
    add_public_key_flag(parser)
    parser.add_argument(
        "--type", default="custom", metavar="TYPE", help="the predicate type that must be there (default custom)"
    )
    parser.add_argument("--report", choices=("text", "json"), default="", help="print the decoded record instead")
    parser.add_argument(
        "--output", "-o", choices=("json", "text"), default="json", help="accepted for cosign's sake; changes nothing"
    )
    add_switch(parser, "--check-claims", default=True, about="check that the attestation is about this image")
    parser.add_argument(
        "--platform", default="", metavar="OS/ARCH", help="which manifests of an index, several with commas, or `all`"
    )
    add_switch(parser, "--index", about="of an index, only its own attestation counts, as with cosign")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_switch(parser, "--new-bundle-format", default=True, about="`false` looks at the legacy .att tag only")
    parser.add_argument(
        "--max-workers", type=int, default=10, metavar="N", help="images verified at the same time (default 10)"
    )
    add_switch(
        parser,
        "--check-full-report",
        default=True,
        about="fetch and check the full report behind each compact attestation; `false` leaves it where it is",
    )
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_policy_flags(parser, images=True)
    add_unsupported(parser, BESIDE_IMAGES)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.connections import Connections
    from assaymark.cli.judging import judge_from
    from assaymark.cli.verifying import find_prover, prove_images

    refuse_unsupported(args, BESIDE_IMAGES)
    check_evidence_flags(args)
    check_identity_flags(args)
    judge = judge_from(args, console, now=datetime.now(UTC))
    connections = Connections(args, console)
    outcomes = prove_images(args, console, connections, find_prover(args, console, connections), judge)
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    if failed:
        return _tell_failed(outcomes, failed, args, console)
    if not names_signer(args):
        _refuse_unnamed(outcomes, args, console)
    _print(outcomes, args, console)
    return ExitCode.DONE


def _tell_failed(outcomes: list[ImageOutcome], failed: list[ImageOutcome], args: Namespace, console: Console) -> int:
    """Every image of which nothing is proven, with its reason; a refusal decides the exit code, else the first."""
    from assaymark.cli.judging import named_violations, tell_superseded, tell_violations
    from assaymark.cli.proofs import failure_json, tell_rejected
    from assaymark.report.plain import shown

    worst = next((outcome for outcome in failed if isinstance(outcome.failure, VerificationError)), failed[0])
    if args.report == "json":
        console.out_bytes(failure_json(outcomes, worst))
    for outcome in failed:
        assert outcome.failure is not None
        console.error(outcome.failure)
        if outcome.proof is not None and outcome.proof.judgement is not None:
            tell_violations(console, named_violations(outcome.proof.judgement))
            tell_superseded(console, outcome.proof.judgement, outcome.proof.image.pinned)
    if len(outcomes) > 1:
        for outcome in outcomes:
            if outcome.proof is not None:
                tell_rejected(console, outcome.proof)
        there = [outcome for outcome in outcomes if not outcome.missing]
        names = [f"`{shown(outcome.name)}`" for outcome in there if outcome.failure is not None]
        what = "images and platforms" if any(outcome.platform for outcome in there) else "images"
        if names:
            console.err(f"{len(names)} of {len(there)} {what} are not verified: {', '.join(names)}")
    assert worst.failure is not None
    return worst.failure.exit_code


def _refuse_unnamed(outcomes: list[ImageOutcome], args: Namespace, console: Console) -> NoReturn:
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.cli.proofs import unnamed_json
    from assaymark.cli.signers import identity_required, signers_json

    proofs = [outcome.proof for outcome in outcomes if outcome.proof is not None]
    found = [item for proof in proofs for item in proof.verification.verified if isinstance(item, ProvenAttestation)]
    error = identity_required(found, args.typed)
    if args.report == "json":
        console.out_bytes(unnamed_json(outcomes, error, signers_json(found)))
    raise error


def _print(outcomes: list[ImageOutcome], args: Namespace, console: Console) -> None:
    from assaymark.cli.judging import tell_superseded
    from assaymark.cli.proofs import proofs_json, proofs_text, tell_checks, tell_rejected

    proofs = [outcome.proof for outcome in outcomes if outcome.proof is not None]
    for proof in proofs:
        tell_rejected(console, proof)
        tell_superseded(console, proof.judgement, proof.image.pinned)
    if args.report == "json":
        console.out_bytes(proofs_json(outcomes))
        return
    if args.report == "text":
        console.out(proofs_text(proofs, console), painted=True)
        return
    for proof in proofs:
        tell_checks(console, proof)
        for item in proof.counting:
            console.out_bytes(item.line + b"\n")


COMMAND: Final = Command(
    name="verify-attestation",
    summary="verify the attestations of an image with a key or an identity",
    group="Attestations",
    configure=_configure,
    run=_run,
)
