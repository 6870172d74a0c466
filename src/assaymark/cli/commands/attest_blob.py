"""`attest-blob`: sign a predicate, or a whole statement, about a file, and write what verifies it to files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.attestation_flags import (
    add_blob_signing_flags,
    add_predicate_overrides,
    check_blob_signing_flags,
)
from assaymark.cli.command import Command
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.attach import Attestation, Signing
    from assaymark.attest.blob import BlobStatement
    from assaymark.cli.blobs import NamedBlob
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Sign a predicate as an in-toto attestation about BLOB, a file of any size or `-` for stdin. The predicate's exact bytes
are signed; the subject is the file's name and SHA-256. `--statement` signs a whole statement as it stands instead.
`--key` signs; without it an identity does, after what becomes public was shown and agreed to. What was signed is
verified before it is written to `--bundle`, or to stdout."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("blob", nargs="?", default="", metavar="BLOB", help="a file; `-` reads stdin")
    parser.add_argument("--predicate", default="", metavar="FILE", help="the predicate; `-` reads stdin")
    parser.add_argument("--statement", default="", metavar="FILE", help="a whole statement; `-` reads stdin")
    parser.add_argument(
        "--type",
        default="custom",
        metavar="TYPE",
        help="of the predicate: vuln, slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, "
        "cyclonedx, openvex, custom or a URI (default custom)",
    )
    parser.add_argument("--hash", default="", metavar="HEX", help="SHA-256 of a file that is elsewhere")
    parser.add_argument("--bundle", default="", metavar="FILE", help="write the Sigstore bundle to a file")
    parser.add_argument("--output-signature", default="", metavar="FILE", help="write the envelope, too")
    parser.add_argument("--output-attestation", default="", metavar="FILE", help="write the statement, too")
    parser.add_argument("--output-certificate", default="", metavar="FILE", help="write the certificate, too")
    parser.add_argument("--rfc3161-timestamp-bundle", default="", metavar="FILE", help="write the timestamp, too")
    parser.add_argument(
        "--resume", default="", metavar="FILE", help="finish an attestation that a service left unfinished"
    )
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    add_blob_signing_flags(parser)
    add_predicate_overrides(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.blob_attesting import check_outputs, open_outputs, require_timestamp, tell_signed
    from assaymark.cli.blobs import find_blob_with_digest
    from assaymark.cli.connections import Connections
    from assaymark.cli.signing import open_signing

    check_blob_signing_flags(args)
    check_outputs(args)
    if args.resume:
        from assaymark.cli.resuming import run_blob_resume

        return run_blob_resume(args, console)
    _check_inputs(args)
    statement, blob = _state_blob(args, console) if args.predicate else _take_statement(args, console)
    for warning in statement.warnings:
        console.warn(warning)
    signing = open_signing(args, console, Connections(args, console))
    if args.rfc3161_timestamp_bundle:
        from assaymark.attest.sigstore.attach import ServiceSigning

        require_timestamp(args, stamped=isinstance(signing, ServiceSigning) and bool(signing.services.timestamps))
    with open_outputs(args, console) as outputs:
        attestation = _sign(statement, signing, args)
        outputs.write(attestation)
    at_hand = None if args.hash else blob
    tell_signed(console, attestation, at_hand or find_blob_with_digest(statement.subject.digest), args=args)
    return ExitCode.DONE


def _check_inputs(args: Namespace) -> None:
    if bool(args.predicate) == bool(args.statement):
        raise UsageError(
            "give one of `--predicate` and `--statement`",
            hint="`assaymark image --format cosign-vuln --output vuln.json IMAGE` writes a predicate",
        )
    if not (args.blob or args.hash or args.statement):
        raise UsageError("there is no BLOB", hint="name a file, `-` for stdin, or its `--hash`")
    if args.blob == "-" and "-" in (args.predicate, args.statement):
        raise UsageError("stdin can be read once: BLOB or what is attested")


def _state_blob(args: Namespace, console: Console) -> tuple[BlobStatement, NamedBlob]:
    """The statement that is made; a predicate that may not be signed is found before a large file is read."""
    from assaymark.attest.blob import state_blob
    from assaymark.attest.predicate import parse_predicate_type, prepare_predicate
    from assaymark.cli.attestation_flags import overrides
    from assaymark.cli.attesting import created_now
    from assaymark.cli.blobs import blob_with_digest, read_blob

    kind = parse_predicate_type(args.type)
    data = _read(args.predicate, console)
    predicate = prepare_predicate(kind, data, allowed=overrides(args), now=created_now(console))
    for warning in predicate.warnings:
        console.warn(warning)
    blob = blob_with_digest(args.blob, args.hash) if args.hash else read_blob(args.blob, console)
    return state_blob(blob.name, blob.blob, kind, predicate.data), blob


def _take_statement(args: Namespace, console: Console) -> tuple[BlobStatement, NamedBlob | None]:
    """The whole statement, and the file that was named besides."""
    from assaymark.attest.blob import take_statement
    from assaymark.attest.sigstore.artifact import ALGORITHMS
    from assaymark.cli.attestation_flags import overrides
    from assaymark.cli.attesting import created_now
    from assaymark.cli.blobs import blob_with_digest, read_blob

    data = _read(args.statement, console)
    blob = None
    if args.hash:
        blob = blob_with_digest(args.blob, args.hash)
    elif args.blob:
        blob = read_blob(args.blob, console, algorithms=ALGORITHMS)  # the statement chose which
    named = blob.blob if blob else None
    return take_statement(data, blob=named, allowed=overrides(args), now=created_now(console)), blob


def _read(name: str, console: Console) -> bytes:
    from assaymark.cli.files import read_input

    return read_input(name, console, limit=DEFAULT_LIMITS.attestation_bytes)


def _sign(statement: BlobStatement, signing: Signing, args: Namespace) -> Attestation:
    from assaymark.attest.blob import check_signed
    from assaymark.cli.resuming import telling_how_to_resume_blob

    with telling_how_to_resume_blob(args):
        attestation = signing.sign(
            statement.data,
            name=statement.name,
            subject=statement.subject,
            predicate_type=statement.predicate_type,
        )
    if attestation.gathered is None:  # services' answers were verified with the signature
        check_signed(attestation)
    return attestation


COMMAND: Final = Command(
    name="attest-blob",
    summary="sign a predicate about a file",
    group="Attestations",
    configure=_configure,
    run=_run,
)
