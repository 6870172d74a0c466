"""Flags of `attest` and `image --attest`: cosign's, and the few that are ours."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace, _ActionsContainer
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.cosign_flags import (
    SIGNING,
    Lack,
    add_accepted,
    add_unsupported,
    refuse_unsupported,
)
from assaymark.cli.flags import add_switch
from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.store.attestation import AttestationFormat
    from assaymark.attest.store.legacy_store import LegacyManner
    from assaymark.attest.vuln import Override

SIGNING_GROUP: Final = "Signing flags"
FORMATS: Final = ("bundle", "legacy", "both")
DOCKER_TYPES_VARIABLE: Final = "COSIGN_DOCKER_MEDIA_TYPES"
_TRUE: Final = frozenset({"1", "t", "T", "true", "True", "TRUE"})
_LOG_SERVICES: Final = ("rekorTlogUrls", "tsaUrls")


def add_signing_flags(parser: _ActionsContainer) -> None:
    """What signs, where it is stored, and what may be signed all the same."""
    group = parser.add_argument_group(SIGNING_GROUP)
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
    add_switch(
        group, "--replace", about="at the .att tag, replace attestations of the same type; bundles are never replaced"
    )
    group.add_argument(
        "--log", choices=("auto", "none"), default="auto", help="transparency log: signing with a key is not logged"
    )
    group.add_argument(
        "--signing-config", default="", metavar="FILE", help="cosign's; accepted when it names no log and no timestamps"
    )
    add_switch(group, "--allow-incomplete", about="sign the record of a scan that could not look at everything")
    add_switch(group, "--allow-sample-db", about="sign the record of a scan with the sample database")
    add_switch(group, "--yes", "-y", about="answer yes to questions")
    group.add_argument("--trusted-root", default="", help=SUPPRESS)  # cosign checks its own log entry with it
    add_unsupported(group, SIGNING)
    names = ("--rekor-entry-type", "--oidc-disable-ambient-providers", "--record-creation-timestamp")
    add_accepted(group, *names, "--registry-referrers-mode")


def add_predicate_overrides(parser: _ActionsContainer) -> None:
    """What `attest` may let pass besides."""
    add_switch(parser, "--allow-empty-predicate", about="sign a vulnerability record without a result")
    add_switch(parser, "--allow-foreign-predicate", about="sign something else as a vulnerability record")
    add_switch(parser, "--allow-subject-mismatch", about="sign a record whose digests name another image")


def check_signing_flags(args: Namespace) -> None:
    """Refuse what cannot be done.

    Raises:
        UsageError: no key, or something was asked for that this version does not have.
        LocalError: the signing configuration cannot be read.
    """
    refuse_unsupported(args, SIGNING)
    if not args.key:
        raise UsageError(f"no `--key`: {Lack.KEYLESS.value}", hint="make a key with `assaymark generate-key-pair`")
    if args.signing_config:
        _refuse_services(Path(args.signing_config))


def attestation_format(args: Namespace) -> AttestationFormat:
    """Where the attestation is stored; `--attestation-format` wins over `--new-bundle-format`."""
    from assaymark.attest.store.attestation import AttestationFormat

    if args.attestation_format:
        return AttestationFormat(args.attestation_format)
    return AttestationFormat.BUNDLE if args.new_bundle_format else AttestationFormat.LEGACY


def legacy_manner(args: Namespace, environ: Mapping[str, str]) -> LegacyManner:
    """How the `.att` tag is written."""
    from assaymark.attest.store.legacy_store import LegacyManner

    return LegacyManner(replace=args.replace, docker=environ.get(DOCKER_TYPES_VARIABLE, "") in _TRUE)


def overrides(args: Namespace) -> frozenset[Override]:
    """What the user lets pass."""
    from assaymark.attest.vuln import Override

    def is_given(override: Override) -> bool:
        return bool(getattr(args, override.value.removeprefix("--").replace("-", "_"), False))

    return frozenset(override for override in Override if is_given(override))


def _refuse_services(path: Path) -> None:
    """A signing configuration without services is how cosign 3 is told to sign with a key alone."""
    from assaymark.safeio.files import local_error
    from assaymark.safeio.json import decode_strict
    from assaymark.safeio.readers import read_bounded

    try:
        with path.open("rb") as stream:
            data = read_bounded(stream, limit=DEFAULT_LIMITS.config_bytes, what=str(path))
        document = decode_strict(data, limits=DEFAULT_LIMITS, what=str(path))
    except OSError as exc:
        raise local_error("read", path, exc) from exc
    except ArtifactError as exc:
        raise UsageError(f"`--signing-config`: {exc}") from exc
    if not isinstance(document, dict):
        raise UsageError(f"`--signing-config`: `{path}` is not a JSON object")
    named = [service for service in _LOG_SERVICES if document.get(service)]
    if named:
        hint = "a configuration without them signs with the key alone; `--use-signing-config=false` does, too"
        raise UsageError(f"`{path}` names `{named[0]}`: {Lack.LOGS.value}", hint=hint)
