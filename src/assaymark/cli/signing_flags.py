"""Flags of `attest` and `image --attest` about services: who signs without a key, which logs, whose timestamps.

Nothing is published by surprise (`--log`):

- `auto`: an identity's signature is logged, because it proves nothing otherwise; a key's where services are named
  (`--signing-config`, `--rekor-url`, `--timestamp-server-url`) or cosign's words ask for it (`--tlog-upload`,
  `--use-signing-config`);
- `public`: logged, by the services of the trust data where none are named;
- `private`: logged by the services that are named, and an error where none are;
- `none`: not logged; of a signing configuration the timestamps remain. `--tlog-upload=false` is cosign's word for it.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace, _ActionsContainer
from typing import Final

from assaymark.cli.flags import Filled, Switch
from assaymark.errors import UsageError

LOGS: Final = ("auto", "public", "private", "none")
FLOWS: Final = ("normal", "device", "token", "client_credentials")
_URLS: Final = ("fulcio_url", "rekor_url", "timestamp_server_url", "oidc_issuer")


def add_service_flags(group: _ActionsContainer) -> None:
    """Which services sign, and what they publish."""
    group.add_argument(
        "--log",
        choices=LOGS,
        default="auto",
        help="transparency log (default auto: an identity's signature is logged, a key's where services are named)",
    )
    _add_text(group, "--signing-config", "FILE", "which services sign; one without services signs with the key alone")
    _add_text(group, "--trusted-root", "FILE", "whom to believe when the result is verified (default: by TUF)")
    _add_text(group, "--fulcio-url", "URL", "certificate authority, together with --rekor-url")
    _add_text(group, "--rekor-url", "URL", "transparency log (Rekor 1)")
    _add_text(group, "--timestamp-server-url", "URL", "timestamp authority (RFC 3161)")
    for name in ("--tlog-upload", "--use-signing-config"):
        group.add_argument(name, action=Switch, default=None, help=SUPPRESS)


def add_identity_flags(group: _ActionsContainer) -> None:
    """Who signs where no key does."""
    _add_text(group, "--identity-token", "TOKEN", "identity token, or a file with one")
    group.add_argument(
        "--oidc-disable-ambient-providers", action=Switch, default=False, help="do not take the identity of a CI job"
    )
    _add_text(group, "--oidc-provider", "NAME", "take the identity from this ambient provider and no other")
    group.add_argument(
        "--fulcio-auth-flow", choices=FLOWS, default=None, help="how to sign in (default: browser, else a code)"
    )
    _add_text(group, "--oidc-issuer", "URL", "identity provider to sign in at")
    _add_text(group, "--oidc-client-id", "ID", "our name there (default sigstore)")
    _add_text(group, "--oidc-client-secret-file", "FILE", "file with our secret there")
    _add_text(group, "--oidc-redirect-url", "URL", "where the browser comes back to, on this machine")


def check_service_flags(args: Namespace) -> None:
    """Refuse what contradicts itself.

    Raises:
        UsageError: two flags exclude each other, or one needs another.
    """
    named = [name for name in _URLS if getattr(args, name)]
    if args.signing_config and named:
        flag = f"--{named[0].replace('_', '-')}"
        raise UsageError(f"`{flag}` and `--signing-config` exclude each other", hint="the file names the services")
    refused = "--tlog-upload=false" if args.tlog_upload is False else "--log none"
    if not logs_allowed(args) and not args.key:
        raise UsageError(f"`{refused}`: an identity's signature proves nothing without a log", hint="sign with `--key`")
    if not logs_allowed(args) and args.rekor_url:
        raise UsageError(f"`--rekor-url` and `{refused}` exclude each other")
    if args.log == "private" and not (args.signing_config or args.rekor_url):
        raise UsageError("`--log private` needs a log", hint="name it with `--signing-config` or `--rekor-url`")


def wants_services(args: Namespace) -> bool:
    """Whether anybody is asked for anything."""
    if not args.key or args.signing_config or args.rekor_url or args.timestamp_server_url:
        return True
    return logs_allowed(args) and logs_demanded(args)


def logs_demanded(args: Namespace) -> bool:
    """Whether a log was asked for by name."""
    return bool(args.log in ("public", "private") or args.tlog_upload or args.use_signing_config)


def logs_allowed(args: Namespace) -> bool:
    """Whether anything may be logged."""
    return args.log != "none" and args.tlog_upload is not False


def _add_text(group: _ActionsContainer, name: str, metavar: str, about: str) -> None:
    group.add_argument(name, action=Filled, default="", metavar=metavar, help=about)
