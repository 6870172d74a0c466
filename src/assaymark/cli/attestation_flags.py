"""Flags of `attest`, `image --attest` and `verify-attestation`: cosign's, and the few that are ours.

Flags of cosign that ask for something this version does not have (logs, certificates, hardware keys) are known by
name, so that a pasted command ends with a sentence about the flag instead of a guess; they are not in `--help`.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Any, Final

from assaymark.cli.flags import add_switch
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.store.attestation import AttestationFormat
    from assaymark.attest.vuln import Override

FORMATS: Final = ("bundle", "legacy", "both")

_NO_LOGS: Final = "transparency logs and timestamps are not supported by this version"
_NO_KEYLESS: Final = "signing and verifying without a key are not supported by this version"
_NO_HARDWARE: Final = "hardware keys are not supported by this version"
_NO_CERTIFICATES: Final = "certificates are not supported by this version"
_NO_POLICIES: Final = "policies are not supported by this version"
_SIGNING_LATER: Final = {
    "--rekor-url": _NO_LOGS,
    "--signing-config": _NO_LOGS,
    "--timestamp-server-url": _NO_LOGS,
    "--fulcio-url": _NO_KEYLESS,
    "--identity-token": _NO_KEYLESS,
    "--fulcio-auth-flow": _NO_KEYLESS,
    "--oidc-issuer": _NO_KEYLESS,
    "--oidc-provider": _NO_KEYLESS,
    "--oidc-client-id": _NO_KEYLESS,
    "--certificate": _NO_CERTIFICATES,
    "--certificate-chain": _NO_CERTIFICATES,
    "--slot": _NO_HARDWARE,
}
_VERIFYING_LATER: Final = {
    "--certificate-identity": _NO_KEYLESS,
    "--certificate-identity-regexp": _NO_KEYLESS,
    "--certificate-oidc-issuer": _NO_KEYLESS,
    "--certificate-oidc-issuer-regexp": _NO_KEYLESS,
    "--certificate": _NO_CERTIFICATES,
    "--certificate-chain": _NO_CERTIFICATES,
    "--rekor-url": _NO_LOGS,
    "--policy": _NO_POLICIES,
    "--slot": _NO_HARDWARE,
}


class _Later(Action):
    """A flag that is known and not supported."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option: str | None = None) -> None:
        """Say so."""
        del parser, namespace, values
        raise UsageError(
            f"`{option}`: {self.const}", hint="use a key: `--key cosign.key` to sign, `--key cosign.pub` to verify"
        )


def _add_later(parser: _ActionsContainer, flags: dict[str, str]) -> None:
    for name, reason in flags.items():
        parser.add_argument(name, action=_Later, const=reason, help=SUPPRESS)


def add_signing_flags(parser: _ActionsContainer) -> None:
    """What signs, where it is stored, and what may be signed all the same."""
    group = parser.add_argument_group("Signing flags")
    group.add_argument(
        "--key", default="", metavar="KEY", help="private key: a path or env://NAME (COSIGN_PASSWORD opens it)"
    )
    group.add_argument(
        "--attestation-format",
        choices=FORMATS,
        default=None,
        help="store a Sigstore bundle (default), the legacy .att tag, or both",
    )
    add_switch(
        group, "--new-bundle-format", default=True, about="`false` is cosign's word for --attestation-format legacy"
    )
    group.add_argument(
        "--log", choices=("auto", "none"), default="auto", help="transparency log: signing with a key is not logged"
    )
    add_switch(group, "--allow-incomplete", about="sign the record of a scan that could not look at everything")
    add_switch(group, "--allow-sample-db", about="sign the record of a scan with the sample database")
    add_switch(group, "--yes", "-y", about="answer yes to questions")
    group.add_argument("--tlog-upload", choices=("true", "false"), nargs="?", const="true", default="", help=SUPPRESS)
    group.add_argument(
        "--use-signing-config", choices=("true", "false"), nargs="?", const="true", default="", help=SUPPRESS
    )
    _add_later(group, _SIGNING_LATER)


def add_predicate_overrides(parser: _ActionsContainer) -> None:
    """What `attest` may let pass besides."""
    add_switch(parser, "--allow-empty-predicate", about="sign a vulnerability record without a result")
    add_switch(parser, "--allow-foreign-predicate", about="sign something else as a vulnerability record")
    add_switch(parser, "--allow-subject-mismatch", about="sign a record whose digests name another image")


def add_verification_later(parser: _ActionsContainer) -> None:
    """Flags of `verify-attestation` of cosign that need what this version does not have."""
    _add_later(parser, _VERIFYING_LATER)


def check_signing_flags(args: Namespace) -> None:
    """Refuse what cannot be done.

    Raises:
        UsageError: no key, or a log was asked for.
    """
    if not args.key:
        raise UsageError(f"no `--key`: {_NO_KEYLESS}", hint="make a key with `assaymark generate-key-pair`")
    for flag in ("tlog_upload", "use_signing_config"):
        if getattr(args, flag) == "true":
            name = flag.replace("_", "-")
            raise UsageError(f"`--{name}`: {_NO_LOGS}", hint=f"leave it out, or say `--{name}=false`")


def attestation_format(args: Namespace) -> AttestationFormat:
    """Where the attestation is stored; `--attestation-format` wins over `--new-bundle-format`."""
    from assaymark.attest.store.attestation import AttestationFormat

    if args.attestation_format:
        return AttestationFormat(args.attestation_format)
    return AttestationFormat.BUNDLE if args.new_bundle_format else AttestationFormat.LEGACY


def overrides(args: Namespace) -> frozenset[Override]:
    """What the user lets pass."""
    from assaymark.attest.vuln import Override

    def is_given(override: Override) -> bool:
        return bool(getattr(args, override.value.removeprefix("--").replace("-", "_"), False))

    return frozenset(override for override in Override if is_given(override))
