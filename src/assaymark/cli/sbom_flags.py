"""`image --sbom-sources`: SBOMs in the place of an image's layers, and who must have signed them."""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import Final

from assaymark.cli.flags import add_values
from assaymark.cli.named_signers import add_named_signer_flags, names_signer
from assaymark.cli.vex_flags import OCI
from assaymark.errors import UsageError

SIGNER: Final = "sbom"
"""What the flags that name the signer begin with, here and in the command `sbom`."""

_SOURCES: Final = ("oci",)
_REKOR: Final = "rekor"


def add_sbom_source_flags(parser: _ActionsContainer) -> None:
    """Add `--sbom-sources` and who must have signed what is found there."""
    group = parser.add_argument_group("SBOM flags")
    add_values(group, "--sbom-sources", metavar="oci", about="scan an SBOM that is attached to the image in its place")
    add_named_signer_flags(group, SIGNER, "the SBOM")


def check_sbom_source_flags(args: Namespace) -> None:
    """Refuse sources that there are not, and what would sign more than was looked at.

    Raises:
        UsageError: such flags were given.
    """
    if _REKOR in args.sbom_sources:
        raise UsageError(
            "`--sbom-sources rekor`: transparency logs are not asked for SBOMs",
            hint="`--sbom-sources oci` reads what is attached to the image",
        )
    for source in args.sbom_sources:
        if source not in _SOURCES:
            raise UsageError(f"`--sbom-sources {source}` is none", hint="there is `oci`")
    if names_signer(args, SIGNER) and not args.sbom_sources:
        raise UsageError("`--sbom-key` and `--sbom-identity` are about `--sbom-sources oci`", hint="add it")
    if args.sbom_sources and args.attest:
        raise UsageError(
            "`--attest` and `--sbom-sources` exclude each other",
            hint="what is signed is what was found in the image, not what somebody says is in it",
        )
    if args.sbom_sources and OCI in args.vex:
        raise UsageError(
            "`--vex oci` and `--sbom-sources` exclude each other",
            hint="an SBOM would say which image's documents count: name files with `--vex`",
        )
