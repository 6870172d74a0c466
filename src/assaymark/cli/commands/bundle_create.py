"""`bundle create`: make a Sigstore bundle from parts that older programs kept in files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import HARDWARE
from assaymark.cli.flags import add_switch
from assaymark.cli.log_entries import add_log_address, fetching
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.material import Material
    from assaymark.cli.blobs import NamedBlob
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Make a Sigstore bundle (v0.3) about FILE from what cosign 1 and 2 wrote instead: the older bundle, or an envelope or a
signature with the certificate and the timestamp in files of their own. The parts are verified to belong together before
anything is written. A log entry without a proof is fetched from its log once more; `--ignore-tlog` does without an
entry."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("--artifact", default="", metavar="FILE", help="what was signed, or what is attested")
    parser.add_argument("--bundle", default="", metavar="FILE", help="the older bundle")
    parser.add_argument("--attestation", default="", metavar="FILE", help="the envelope of an attestation")
    parser.add_argument("--signature", default="", metavar="FILE", help="a signature over the artifact, in base64")
    parser.add_argument("--certificate", default="", metavar="FILE", help="of whoever signed, in PEM or base64 of it")
    parser.add_argument("--rfc3161-timestamp", default="", metavar="FILE", help="the timestamp")
    parser.add_argument("--key", default="", metavar="KEY", help="public key, where there is no certificate")
    parser.add_argument("--out", default="", metavar="FILE", help="where the bundle goes (default stdout)")
    add_log_address(parser)
    add_switch(parser, "--ignore-tlog", about="the signature is in no transparency log")
    add_unsupported(parser, HARDWARE)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.sigstore.artifact import ALGORITHMS
    from assaymark.attest.sigstore.assemble import assemble_bundle
    from assaymark.cli.blobs import read_blob
    from assaymark.cli.connections import Connections
    from assaymark.cli.files import open_output

    _check(args)
    blob = read_blob(args.artifact, console, algorithms=ALGORITHMS)
    material = _material(args, blob, console)
    if args.ignore_tlog and material.log_entries:
        raise UsageError("`--ignore-tlog`: the older bundle has a log entry", hint="leave it out")
    connections = Connections(args, console)

    key, fetch = _key(args, console, connections), fetching(args, connections)
    data = assemble_bundle(material, blob.blob, key=key, fetch=fetch, ignores_log=args.ignore_tlog)
    with open_output(args.out, console, mode=0o600) as stream:
        stream.write(data + (b"" if args.out else b"\n"))
    return ExitCode.DONE


def _check(args: Namespace) -> None:
    refuse_unsupported(args, HARDWARE)
    if not args.artifact:
        raise UsageError("there is no `--artifact`", hint="name the file that was signed")
    if [bool(args.bundle), bool(args.attestation), bool(args.signature)].count(True) != 1:
        raise UsageError("give one of `--bundle`, `--attestation` and `--signature`")
    if [args.artifact, args.bundle, args.attestation, args.signature].count("-") > 1:
        raise UsageError("stdin can be read once")


def _material(args: Namespace, blob: NamedBlob, console: Console) -> Material:
    from assaymark.attest.local import read_local, read_local_signature
    from assaymark.attest.sigstore.attestations import read_material
    from assaymark.cli.files import read_input
    from assaymark.errors import VerificationError

    def read(name: str, limit: int) -> bytes:
        return read_input(name, console, limit=limit) if name else b""

    certificate = read(args.certificate, DEFAULT_LIMITS.key_bytes)
    timestamp = read(args.rfc3161_timestamp, DEFAULT_LIMITS.service_reply_bytes)
    if args.signature:
        text = read(args.signature, DEFAULT_LIMITS.key_bytes)
        return read_local_signature(text, blob.blob, certificate=certificate, timestamp=timestamp)
    name = args.bundle or args.attestation
    data = read(name, DEFAULT_LIMITS.attestation_bytes)
    candidate = read_local(data, certificate=certificate, timestamp=timestamp, what=f"`{name}`")
    try:
        return read_material(candidate)
    except VerificationError as exc:
        hint = "a signature over the file itself is given with `--signature`"
        raise VerificationError(str(exc), hint=exc.hint or hint, reason=exc.reason) from exc


def _key(args: Namespace, console: Console, connections: Connections) -> PublicKey | None:
    from assaymark.attest.keys.reference import load_public_key
    from assaymark.cli.keys import key_context

    return load_public_key(args.key, key_context(console, connections.network)) if args.key else None


COMMAND: Final = Command(
    name="bundle-create",
    summary="make a bundle from what cosign 1 and 2 wrote",
    group="Attestations",
    configure=_configure,
    run=_run,
)
