"""Whom a scanning command names: who must have signed what it takes from others (`--vex-key`, `--sbom-identity`, …).

The flags are `--PREFIX-key`, or `--PREFIX-identity` with `--PREFIX-oidc-issuer`; there is one signer. They become flags
of the verifying commands, which do the rest: the same trust data, the same steps, the same reasons.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer

from assaymark.cli.flags import Filled
from assaymark.errors import UsageError


def add_named_signer_flags(parser: _ActionsContainer, prefix: str, about: str, *, as_cosign: bool = False) -> None:
    """Add them.

    Args:
        parser: a group of the command's own.
        prefix: what their names begin with.
        about: what the signer must have signed.
        as_cosign: whether cosign's names of them are free.
    """
    for name, other, metavar, text in (
        ("key", "--key", "KEY", f"public key that must have signed {about}"),
        ("identity", "--certificate-identity", "NAME", "identity that must have signed it, in the place of a key"),
        ("oidc-issuer", "--certificate-oidc-issuer", "URL", "who must have vouched for that identity"),
    ):
        names = (f"--{prefix}-{name}", *((other,) if as_cosign else ()))
        parser.add_argument(*names, action=Filled, default="", metavar=metavar, help=text)


def names_signer(args: Namespace, prefix: str, *, as_cosign: bool = False) -> bool:
    """Whether somebody is named; complaints have cosign's names of the flags where those are free.

    Raises:
        UsageError: half an identity, or a key besides.
    """
    key, identity, issuer = _named(args, prefix)
    flag, of_key = ("--certificate", "--key") if as_cosign else (f"--{prefix}", f"--{prefix}-key")
    if bool(identity) != bool(issuer):
        raise UsageError(
            f"`{flag}-identity` and `{flag}-oidc-issuer` belong together",
            hint="a name means something only with its issuer",
        )
    if key and identity:
        raise UsageError(f"there is one signer: `{of_key}` or `{flag}-identity`")
    return bool(key or identity)


def signer_name(args: Namespace, prefix: str) -> str:
    """How messages and records call the signer."""
    from assaymark.attest.keys.tokens.uri import without_pin

    key, identity, issuer = _named(args, prefix)
    return f"{identity} ({issuer})" if identity else without_pin(key)


def signer_words(args: Namespace, prefix: str) -> list[str]:
    """The flags of the verifying commands that ask for this signer, with this command's trust data."""
    key, identity, issuer = _named(args, prefix)
    words = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer] if identity else ["--key", key]
    for flag in ("trusted_root", "cache_dir"):
        value = getattr(args, flag, "")
        words += [f"--{flag.replace('_', '-')}", value] if value else []
    return [*words, "--offline"] if args.offline else words


def _named(args: Namespace, prefix: str) -> tuple[str, str, str]:
    key, identity, issuer = (getattr(args, f"{prefix}_{name}") for name in ("key", "identity", "oidc_issuer"))
    return key, identity, issuer
