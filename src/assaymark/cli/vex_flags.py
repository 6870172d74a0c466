"""`--vex` and its companions: whose statements take findings out, in which order, and who must have signed them.

Each value is a file; `repo`, what VEX repositories hold; or `oci`, the OpenVEX documents attached to the
image. The last count only when the signer is named, because whoever may write to the repository may attach some. The
reference's `sbom-ref` is answered with a message.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from assaymark.cli.flags import add_switch, add_values
from assaymark.cli.named_signers import add_named_signer_flags, names_signer
from assaymark.errors import UsageError

OCI: Final = "oci"
SIGNER: Final = "vex"
"""What the flags that name the signer begin with."""

REPOSITORIES: Final = frozenset({"repo", "repository"})
_REFUSED: Final = {
    "sbom-ref": "documents that an SBOM links to are not fetched: whoever wrote it would choose what is reported",
}
_RELATIONSHIPS: Final = 5


def add_vex_flags(parser: ArgumentParser) -> None:
    """Add the flags, under a heading of their own."""
    group = parser.add_argument_group("VEX flags")
    add_values(
        group,
        "--vex",
        metavar="FILE|repo|oci",
        about="statements that take findings out: OpenVEX, CSAF or CycloneDX VEX; repo: from VEX "
        "repositories; oci: attached to the image",
    )
    add_switch(
        group, "--skip-vex-repo-update", about="read the copies of VEX repositories that are there, whatever their age"
    )
    add_named_signer_flags(group, SIGNER, "what is attached to the image")


def check_vex_flags(args: Namespace) -> None:
    """Refuse what cannot be had, and what would be believed without a reason.

    Raises:
        UsageError: a source that is not there; nobody or half an identity is named for what is attached; packages that
            the way up needs are left out.
    """
    for source in args.vex:
        if source in _REFUSED:
            raise UsageError(f"`--vex {source}`: {_REFUSED[source]}", hint="download what you trust, and name the file")
    if args.vex and len(args.pkg_relationships) < _RELATIONSHIPS:
        raise UsageError(
            "`--vex` and `--pkg-relationships` exclude each other",
            hint="a statement about a product reaches a package through all that lies between",
        )
    if OCI in args.vex:
        _check_signer(args)
    elif args.vex_key or args.vex_identity or args.vex_oidc_issuer:
        raise UsageError("`--vex-key` and `--vex-identity` are about `--vex oci`", hint="files are not verified")


def _check_signer(args: Namespace) -> None:
    if not getattr(args, "image", ""):
        raise UsageError("`--vex oci` is about an image on a registry", hint="name a file with `--vex`")
    if not names_signer(args, SIGNER):
        raise UsageError(
            "`--vex oci` needs one signer", hint="`--vex-key KEY`, or `--vex-identity NAME --vex-oidc-issuer URL`"
        )
