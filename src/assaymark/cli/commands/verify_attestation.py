"""`verify-attestation`: prove that somebody with the key, or with the identity, said something about an image.

stdout is what cosign prints, one envelope a line, whatever `-o` says; `--report` decodes it instead. Nothing is on
stdout before everything that was asked for has been verified.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final, NoReturn

from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import add_switch
from assaymark.cli.identity_flags import add_identity_flags, check_identity_flags, names_signer
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, VerificationError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.cli.proofs import Proof

DESCRIPTION: Final = """\
Verify the attestations of IMAGE with a public key, or with the identity of who must have signed and the issuer that
vouched for it. Without either the signers are shown, and nothing is proven. At least one attestation must have the type
that was asked for and pass every check; it is printed as a DSSE envelope, one a line. `--report` prints who signed,
when, with which database, and what was found. Exit code 7 with a reason code when nothing could be proven."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--key", default="", metavar="KEY", help="public key: a path, env://NAME or https://…")
    parser.add_argument(
        "--type", default="custom", metavar="TYPE", help="the predicate type that must be there (default custom)"
    )
    parser.add_argument("--report", choices=("text", "json"), default="", help="print the decoded record instead")
    parser.add_argument(
        "--output", "-o", choices=("json", "text"), default="json", help="accepted for cosign's sake; changes nothing"
    )
    add_switch(parser, "--check-claims", default=True, about="check that the attestation is about this image")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_switch(parser, "--new-bundle-format", default=True, about="`false` looks at the legacy .att tag only")
    parser.add_argument("--max-workers", type=int, default=10, metavar="N", help="accepted for cosign's sake")
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_image
    from assaymark.cli.proofs import explain_failure, failure_json, tell_rejected
    from assaymark.cli.verifying import find_prover

    check_evidence_flags(args)
    check_identity_flags(args)
    connections = Connections(args, console)
    prover = find_prover(args, console, connections)
    proofs: list[Proof] = []
    for text in args.images:
        proof = prover.prove(find_image(text, args, console, connections.registry))
        proofs.append(proof)
        tell_rejected(console, proof)
        try:
            proof.verification.require()
        except VerificationError as exc:
            error = explain_failure(exc, proof.image, args)
            if args.report == "json":
                console.out_bytes(failure_json(proofs, error))
            raise error from exc
    if not names_signer(args):
        _refuse_unnamed(proofs, args, console)
    _print(proofs, args, console)
    return ExitCode.DONE


def _refuse_unnamed(proofs: list[Proof], args: Namespace, console: Console) -> NoReturn:
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.cli.proofs import unnamed_json
    from assaymark.cli.signers import identity_required, signers_json

    found = [item for proof in proofs for item in proof.verification.verified if isinstance(item, ProvenAttestation)]
    error = identity_required(found, args.typed)
    if args.report == "json":
        console.out_bytes(unnamed_json(proofs, error, signers_json(found)))
    raise error


def _print(proofs: list[Proof], args: Namespace, console: Console) -> None:
    from assaymark.cli.proofs import proofs_json, proofs_text, tell_checks

    if args.report == "json":
        console.out_bytes(proofs_json(proofs))
        return
    if args.report == "text":
        console.out(proofs_text(proofs, console), painted=True)
        return
    for proof in proofs:
        tell_checks(console, proof)
        for item in proof.verification.verified:
            console.out_bytes(item.line + b"\n")


COMMAND: Final = Command(
    name="verify-attestation",
    summary="verify the attestations of an image with a key or an identity",
    group="Attestations",
    configure=_configure,
    run=_run,
)
