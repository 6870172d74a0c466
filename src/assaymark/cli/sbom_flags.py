"""Who must have signed the SBOM that is scanned: flags of `sbom`, and of `image --sbom-sources`.

`sbom` also takes cosign's names for them; in `image` those are about the record that is signed there.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import Final

from assaymark.cli.flags import Filled, add_values
from assaymark.errors import UsageError

SOURCES: Final = ("oci",)
_REKOR: Final = "rekor"


def add_sbom_signer_flags(parser: _ActionsContainer, *, as_cosign: bool) -> None:
    """Add the flags that name the signer.

    Args:
        parser: a group of the command's own.
        as_cosign: whether cosign's names are free for them.
    """
    for name, other, metavar, about in (
        ("--sbom-key", "--key", "KEY", "public key that must have signed the SBOM"),
        (
            "--sbom-identity",
            "--certificate-identity",
            "NAME",
            "identity that must have signed it, in the place of a key",
        ),
        ("--sbom-oidc-issuer", "--certificate-oidc-issuer", "URL", "who must have vouched for that identity"),
    ):
        names = (name, other) if as_cosign else (name,)
        parser.add_argument(*names, action=Filled, default="", metavar=metavar, help=about)


def add_sbom_source_flags(parser: _ActionsContainer) -> None:
    """Add `--sbom-sources` and who must have signed what is found there."""
    group = parser.add_argument_group("SBOM flags")
    add_values(group, "--sbom-sources", metavar="oci", about="scan an SBOM that is attached to the image in its place")
    add_sbom_signer_flags(group, as_cosign=False)


def names_sbom_signer(args: Namespace) -> bool:
    """Whether somebody must have signed.

    Raises:
        UsageError: half an identity, or a key besides.
    """
    if bool(args.sbom_identity) != bool(args.sbom_oidc_issuer):
        raise UsageError(
            "`--sbom-identity` and `--sbom-oidc-issuer` belong together",
            hint="a name means something only with its issuer",
        )
    if args.sbom_key and args.sbom_identity:
        raise UsageError("an SBOM has one signer: `--sbom-key` or `--sbom-identity`")
    return bool(args.sbom_key or args.sbom_identity)


def check_sbom_source_flags(args: Namespace) -> None:
    """Refuse sources that there are not, and what would sign more than was looked at.

    Raises:
        UsageError: such flags were given.
    """
    if _REKOR in args.sbom_sources:
        raise UsageError(
            "`--sbom-sources rekor`: a log keeps no SBOMs any more, and nobody is asked what it knows of an image",
            hint="`--sbom-sources oci` reads what is attached to the image",
        )
    for source in args.sbom_sources:
        if source not in SOURCES:
            raise UsageError(f"`--sbom-sources {source}` is none", hint="there is `oci`")
    names_signer = names_sbom_signer(args)
    if names_signer and not args.sbom_sources:
        raise UsageError("`--sbom-key` and `--sbom-identity` are about `--sbom-sources oci`", hint="add it")
    if args.sbom_sources and args.attest:
        raise UsageError(
            "`--attest` and `--sbom-sources` exclude each other",
            hint="what is signed is what was found in the image, not what somebody says is in it",
        )
