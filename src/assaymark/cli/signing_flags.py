"""Flags of `attest` and `image --attest` about services: who signs without a key, which logs, whose timestamps.

What they mean together is `assaymark.attest.signing`'s.
"""

from __future__ import annotations

from argparse import SUPPRESS, _ActionsContainer
from typing import Final

from assaymark.cli.flags import Filled, Switch

LOGS: Final = ("auto", "public", "private", "none")
FLOWS: Final = ("normal", "device", "token", "client_credentials")


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


def _add_text(group: _ActionsContainer, name: str, metavar: str, about: str) -> None:
    group.add_argument(name, action=Filled, default="", metavar=metavar, help=about)
