"""`trusted-root create`: write a trusted root for services of one's own, or for the mirror's and one's own together."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import SERVICE_PARTS
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.service_flags import add_service_list
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Write a trusted root: which certificate authorities, transparency logs, certificate logs and timestamp authorities are
believed, since when and until when. `attest` and `verify-attestation` take it with `--trusted-root`, as cosign does.
Each service flag may be given several times; its value is NAME=VALUE pairs, separated by commas."""

_CHAIN: Final = "url, certificate-chain (a PEM file, the root last)"
_KEY: Final = "url, public-key (a PEM file), start-time"
_KINDS: Final = ("fulcio", "rekor", "ctfe", "tsa")


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    add_service_list(parser, "--fulcio", f"a certificate authority: {_CHAIN}; and start-time, end-time")
    add_service_list(parser, "--rekor", f"a transparency log: {_KEY}; and end-time, origin (its name, for Rekor 2)")
    add_service_list(parser, "--ctfe", f"a certificate log: {_KEY}; and end-time, origin")
    add_service_list(parser, "--tsa", f"a timestamp authority: {_CHAIN}; and start-time, end-time")
    add_switch(parser, "--with-default-services", about="those of the TUF mirror, too (see `assaymark initialize`)")
    for kind in _KINDS:
        add_switch(parser, f"--no-default-{kind}", about=f"without the mirror's services of --{kind}")
    parser.add_argument("--out", default="", metavar="FILE", help="where it goes (default: stdout)")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    parser.set_defaults(trusted_root="")
    add_unsupported(parser, SERVICE_PARTS)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.attest.sigstore.trusted_root_create import encode_trusted_root
    from assaymark.cli.files import open_output

    refuse_unsupported(args, SERVICE_PARTS)
    root = _with_given(args, console, _mirrors(args, console) if args.with_default_services else TrustedRoot())
    if not (root.logs or root.certificate_authorities or root.ct_logs or root.timestamp_authorities):
        raise UsageError(
            "a trusted root that names nobody believes nobody",
            hint="name services with `--fulcio`, `--rekor`, `--ctfe`, `--tsa` or `--with-default-services`",
        )
    data = encode_trusted_root(root)
    with open_output(args.out, console) as stream:
        stream.write(data)
    return ExitCode.DONE


def _mirrors(args: Namespace, console: Console) -> TrustedRoot:
    """The mirror's trusted root, without what is not wanted of it."""
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.cli.connections import Connections
    from assaymark.cli.trust import trust_from

    root = trust_from(args, console, lambda: Connections(args, console).network).root()
    for line in root.unsupported:
        console.warn(f"left out: {line}")
    return TrustedRoot(
        logs=() if args.no_default_rekor else root.logs,
        certificate_authorities=() if args.no_default_fulcio else root.certificate_authorities,
        ct_logs=() if args.no_default_ctfe else root.ct_logs,
        timestamp_authorities=() if args.no_default_tsa else root.timestamp_authorities,
    )


def _with_given(args: Namespace, console: Console, root: TrustedRoot) -> TrustedRoot:
    """`root` and what the flags name."""
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.attest.sigstore.trusted_root_create import (
        add_logs,
        parse_certificate_authority,
        parse_timestamp_authority,
        parse_trusted_log,
    )
    from assaymark.cli.files import read_input

    def read(name: str) -> bytes:
        return read_input(name, console, limit=DEFAULT_LIMITS.key_bytes)

    authorities = [parse_certificate_authority("--fulcio", text, read) for text in args.fulcio]
    stamps = [parse_timestamp_authority("--tsa", text, read) for text in args.tsa]
    return TrustedRoot(
        logs=add_logs(root.logs, [parse_trusted_log("--rekor", text, read) for text in args.rekor]),
        certificate_authorities=(*root.certificate_authorities, *authorities),
        ct_logs=add_logs(root.ct_logs, [parse_trusted_log("--ctfe", text, read) for text in args.ctfe]),
        timestamp_authorities=(*root.timestamp_authorities, *stamps),
    )


COMMAND: Final = Command(
    name="trusted-root-create",
    summary="write a trusted root for services of your own",
    group="Attestations",
    configure=_configure,
    run=_run,
)
