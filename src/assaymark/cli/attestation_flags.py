"""Flags of `attest`, `attest-blob` and `image --attest`: cosign's, and the few that are ours."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from assaymark.cli.cosign_flags import SIGNING, STORING, add_accepted
from assaymark.cli.flags import add_switch
from assaymark.cli.keys import add_key_flag
from assaymark.cli.signing_flags import add_identity_flags, add_service_flags
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported

if TYPE_CHECKING:
    from assaymark.attest.signing import SigningChoice
    from assaymark.attest.store.attestation import AttestationFormat
    from assaymark.attest.store.legacy_store import LegacyManner
    from assaymark.attest.vuln import Override

SIGNING_GROUP: Final = "Signing flags"
FORMATS: Final = ("bundle", "legacy", "both")
DOCKER_TYPES_VARIABLE: Final = "COSIGN_DOCKER_MEDIA_TYPES"
_TRUE: Final = frozenset({"1", "t", "T", "true", "True", "TRUE"})


def add_signing_flags(parser: _ActionsContainer) -> None:
    """What signs, where it is stored beside an image, and what may be signed all the same."""
    group = parser.add_argument_group(SIGNING_GROUP)
    _add_key_flag(group)
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
        group,
        "--compact",
        about="sign findings in short, and store the full report beside the image: for logs that take few megabytes",
    )
    add_switch(group, "--replace", about="remove older attestations of the same signer and type, and nobody else's")
    _add_signer_flags(group)
    add_unsupported(group, STORING)
    add_accepted(group, "--record-creation-timestamp", "--registry-referrers-mode")


def add_blob_signing_flags(parser: ArgumentParser) -> None:
    """What signs a statement about a file, and what may be signed all the same."""
    group = parser.add_argument_group(SIGNING_GROUP)
    _add_key_flag(group)
    add_switch(group, "--new-bundle-format", default=True, about="`false` writes what cosign 1 and 2 write")
    parser.set_defaults(attestation_format=None)
    _add_signer_flags(group)


def _add_key_flag(group: _ActionsContainer) -> None:
    add_key_flag(group, about="private key", more="; COSIGN_PASSWORD opens a file's; without a key an identity signs")


def _add_signer_flags(group: _ActionsContainer) -> None:
    add_service_flags(group)
    add_identity_flags(group)
    add_switch(group, "--allow-incomplete", about="sign the record of a scan that could not look at everything")
    add_switch(group, "--allow-sample-db", about="sign the record of a scan with the sample database")
    add_switch(group, "--yes", "-y", about="answer yes to questions")
    add_unsupported(group, SIGNING)
    add_accepted(group, "--rekor-entry-type")


def add_predicate_overrides(parser: _ActionsContainer) -> None:
    """What `attest` may let pass besides."""
    add_switch(parser, "--allow-empty-predicate", about="sign a vulnerability record without a result")
    add_switch(parser, "--allow-foreign-predicate", about="sign something else as a vulnerability record")
    add_switch(parser, "--allow-subject-mismatch", about="sign a record whose digests name another image")


def check_signing_flags(args: Namespace) -> None:
    """Refuse what cannot be done.

    Raises:
        UsageError: something was asked for that this version does not have, or that contradicts itself.
    """
    refuse_unsupported(args, STORING)
    check_blob_signing_flags(args)


def check_blob_signing_flags(args: Namespace) -> None:
    """The same for files, which are stored nowhere.

    Raises:
        UsageError: something was asked for that this version does not have, or that contradicts itself.
    """
    refuse_unsupported(args, SIGNING)
    signing_choice(args).check()


def signing_choice(args: Namespace) -> SigningChoice:
    """What the flags say about how to sign."""
    from assaymark.attest.signing import SigningChoice

    return SigningChoice(
        key=args.key,
        format=attestation_format(args),
        log=args.log,
        tlog_upload=args.tlog_upload,
        use_signing_config=args.use_signing_config,
        signing_config=args.signing_config,
        fulcio_url=args.fulcio_url,
        rekor_url=args.rekor_url,
        timestamp_server_url=args.timestamp_server_url,
        oidc_issuer=args.oidc_issuer,
    )


def attestation_format(args: Namespace) -> AttestationFormat:
    """Where the attestation is stored; `--attestation-format` wins over `--new-bundle-format`."""
    from assaymark.attest.store.attestation import AttestationFormat

    if args.attestation_format:
        return AttestationFormat(args.attestation_format)
    return AttestationFormat.BUNDLE if args.new_bundle_format else AttestationFormat.LEGACY


def legacy_manner(environ: Mapping[str, str]) -> LegacyManner:
    """How the `.att` tag is written."""
    from assaymark.attest.store.legacy_store import LegacyManner

    return LegacyManner(docker=environ.get(DOCKER_TYPES_VARIABLE, "") in _TRUE)


def overrides(args: Namespace) -> frozenset[Override]:
    """What the user lets pass."""
    from assaymark.attest.vuln import Override

    def is_given(override: Override) -> bool:
        return bool(getattr(args, override.value.removeprefix("--").replace("-", "_"), False))

    return frozenset(override for override in Override if is_given(override))
