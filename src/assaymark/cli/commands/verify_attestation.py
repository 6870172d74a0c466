"""`verify-attestation`: prove that somebody with the key said something about an image.

stdout is what cosign prints, one envelope a line, whatever `-o` says; `--report` decodes it instead. Nothing is on
stdout before everything that was asked for has been verified.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.attestation_flags import add_log_flags, check_log_flags
from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.cli.proofs import Proof

DESCRIPTION: Final = """\
Verify the attestations of IMAGE with a public key. At least one must have the type that was asked for and pass every
check; it is printed as a DSSE envelope, one a line. `--report` prints who signed, when, with which database, and what
was found. Exit code 7 with a reason code when nothing could be proven."""


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
    add_log_flags(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.reference import load_public_key
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_image
    from assaymark.cli.keys import key_context
    from assaymark.cli.proofs import explain_failure, failure_json, tell_rejected

    check_log_flags(args)
    if not args.key:
        hint = "give the public key of who must have signed: `--key cosign.pub`"
        raise UsageError("no `--key`: verifying without a key is not supported by this version", hint=hint)
    connections = Connections(args, console)
    key = load_public_key(args.key, key_context(console, connections.network))
    proofs: list[Proof] = []
    for text in args.images:
        proof = _prove(find_image(text, args, console, connections.registry), key, args)
        proofs.append(proof)
        tell_rejected(console, proof)
        try:
            proof.verification.require()
        except VerificationError as exc:
            error = explain_failure(exc, proof.image, args)
            if args.report == "json":
                console.out_bytes(failure_json(proofs, error))
            raise error from exc
    _print(proofs, args, console)
    return ExitCode.DONE


def _prove(image: NamedImage, key: PublicKey, args: Namespace) -> Proof:
    from assaymark.attest.predicate import find_predicate_type
    from assaymark.attest.store.attestation import AttestationFormat
    from assaymark.attest.store.read import read_attestations
    from assaymark.attest.subject import digests_of_manifest
    from assaymark.attest.verify import Expectation, verify_attestations
    from assaymark.cli.proofs import Proof

    wanted = Expectation(
        key=key,
        predicate_type=find_predicate_type(args.type),
        image=digests_of_manifest(image.stored) if args.check_claims else None,
    )
    both = (AttestationFormat.BUNDLE, AttestationFormat.LEGACY)
    formats = both if args.new_bundle_format else (AttestationFormat.LEGACY,)
    found = read_attestations(image.attachments, image.subject.digest, limits=DEFAULT_LIMITS, formats=formats)
    return Proof(image=image, key=args.key, verification=verify_attestations(found, wanted, limits=DEFAULT_LIMITS))


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
    summary="verify the attestations of an image with a key",
    group="Attestations",
    configure=_configure,
    run=_run,
)
