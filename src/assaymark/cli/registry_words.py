"""How a registry was reached, in the flags that reach it again: ours, and cosign's; credentials are left out."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

_SWITCHES: Final = ("allow_http_registry", "allow_insecure_registry")
_FILES: Final = ("registry_cacert", "registry_client_cert", "registry_client_key", "registry_server_name")


def registry_words(args: Namespace) -> list[str]:
    """The flags for another command of this program."""
    words = _shared(args)
    words += ["--insecure"] if args.insecure else []
    words += ["--cacert", ",".join(args.cacert)] if args.cacert else []
    return words


def registry_words_of_cosign(args: Namespace) -> list[str]:
    """The flags for cosign, which has one certificate file and no word for `--insecure`."""
    words = _shared(args)
    if args.insecure and not args.allow_insecure_registry:
        words.append("--allow-insecure-registry")
    if args.cacert and not args.registry_cacert:
        words += ["--registry-cacert", args.cacert[0]]
    return words


def _shared(args: Namespace) -> list[str]:
    words = [f"--{name.replace('_', '-')}" for name in _SWITCHES if getattr(args, name)]
    for name in _FILES:
        if getattr(args, name):
            words += [f"--{name.replace('_', '-')}", getattr(args, name)]
    return words
