"""`signing-config create`: write which services sign, from flags, the mirror's configuration or another file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import DEFAULT_SERVICES
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.service_flags import add_service_list
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.signing_config import SigningConfig
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Write a signing configuration (v0.2): which certificate authority, identity provider, transparency logs and timestamp
authorities sign. `attest` and `attest-blob` take it with `--signing-config`, and so does cosign. Each service flag may
be given several times; its value is NAME=VALUE pairs, separated by commas: url, api-version, start-time, operator, and
end-time."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument(
        "--base-config", default="", metavar="FILE", help="begin with this one; services that are named replace its own"
    )
    add_switch(parser, "--with-default-services", about="begin with the mirror's; services that are named are added")
    for kind in ("fulcio", "oidc", "rekor", "tsa"):
        add_switch(parser, f"--no-default-{kind}", about=f"without the services of that kind ({kind}) to begin with")
    add_service_list(parser, "--fulcio", "a certificate authority")
    add_service_list(parser, "--oidc-provider", "an identity provider")
    add_service_list(parser, "--rekor", "a transparency log")
    parser.add_argument("--rekor-config", default="", metavar="RULE", help="how many logs: ANY, ALL or EXACT:N")
    add_service_list(parser, "--tsa", "a timestamp authority")
    parser.add_argument("--tsa-config", default="", metavar="RULE", help="how many authorities: ANY, ALL or EXACT:N")
    parser.add_argument("--out", default="", metavar="FILE", help="where it goes (default: stdout)")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    parser.set_defaults(trusted_root="")
    add_unsupported(parser, DEFAULT_SERVICES)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.sigstore.signing_config import encode_signing_config
    from assaymark.cli.files import open_output

    refuse_unsupported(args, DEFAULT_SERVICES)
    for kind in ("rekor", "tsa"):
        if getattr(args, kind) and not getattr(args, f"{kind}_config"):
            raise UsageError(f"`--{kind}` needs `--{kind}-config`", hint="ANY, ALL or EXACT:N: how many are used")
    data = encode_signing_config(_with_given(args, _beginning(args, console)))
    with open_output(args.out, console) as stream:
        stream.write(data)
    return ExitCode.DONE


def _beginning(args: Namespace, console: Console) -> SigningConfig:
    """What the named services are added to, or replace."""
    from assaymark.attest.sigstore.signing_config import SigningConfig
    from assaymark.cli.connections import Connections
    from assaymark.cli.trust import trust_from

    if args.base_config and args.with_default_services:
        raise UsageError("`--base-config` and `--with-default-services` exclude each other")
    if not (args.base_config or args.with_default_services):
        return SigningConfig()
    config = trust_from(args, console, lambda: Connections(args, console).network).signing_config(args.base_config)
    replaces = bool(args.base_config)
    without = SigningConfig()
    logs = without if args.no_default_rekor or (replaces and args.rekor) else config
    stamps = without if args.no_default_tsa or (replaces and args.tsa) else config
    return SigningConfig(
        authorities=() if args.no_default_fulcio or (replaces and args.fulcio) else config.authorities,
        issuers=() if args.no_default_oidc or (replaces and args.oidc_provider) else config.issuers,
        logs=logs.logs,
        log_selection=logs.log_selection,
        timestamps=stamps.timestamps,
        timestamp_selection=stamps.timestamp_selection,
    )


def _with_given(args: Namespace, config: SigningConfig) -> SigningConfig:
    """`config` and what the flags name."""
    from assaymark.attest.sigstore.service_spec import parse_selection, parse_service
    from assaymark.attest.sigstore.signing_config import SigningConfig

    logs, stamps = args.rekor_config, args.tsa_config
    return SigningConfig(
        authorities=(*config.authorities, *(parse_service("--fulcio", text) for text in args.fulcio)),
        issuers=(*config.issuers, *(parse_service("--oidc-provider", text) for text in args.oidc_provider)),
        logs=(*config.logs, *(parse_service("--rekor", text) for text in args.rekor)),
        log_selection=parse_selection("--rekor-config", logs) if logs else config.log_selection,
        timestamps=(*config.timestamps, *(parse_service("--tsa", text) for text in args.tsa)),
        timestamp_selection=parse_selection("--tsa-config", stamps) if stamps else config.timestamp_selection,
    )


COMMAND: Final = Command(
    name="signing-config-create",
    summary="write which services sign",
    group="Attestations",
    configure=_configure,
    run=_run,
)
