"""A signer whom a scanning command names, as flags of the verifying commands."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

import pytest

from assaymark.cli.flags import FlagParser
from assaymark.cli.named_signers import add_named_signer_flags, names_signer, signer_name, signer_words
from assaymark.errors import UsageError

ISSUER = "https://issuer.example"
ALICE = ("--x-identity", "alice@a.example", "--x-oidc-issuer", ISSUER)


def parsed(*arguments: str, as_cosign: bool = False, others: Mapping[str, object] | None = None) -> Namespace:
    parser = FlagParser()
    add_named_signer_flags(parser, "x", "it", as_cosign=as_cosign)
    parser.set_defaults(**{"offline": False, **(others or {})})
    return parser.parse(arguments)


@pytest.mark.parametrize(
    ("arguments", "others", "name", "words"),
    [
        pytest.param(("--x-key", "a.pub"), {}, "a.pub", ["--key", "a.pub"], id="a key"),
        pytest.param(
            ("--x-key", "a.pub"),
            {"trusted_root": "root.json", "cache_dir": "cache", "offline": True},
            "a.pub",
            ["--key", "a.pub", "--trusted-root", "root.json", "--cache-dir", "cache", "--offline"],
            id="with the command's trust data",
        ),
        pytest.param(
            ALICE,
            {"trusted_root": ""},
            f"alice@a.example ({ISSUER})",
            ["--certificate-identity", "alice@a.example", "--certificate-oidc-issuer", ISSUER],
            id="an identity",
        ),
    ],
)
def test_a_signer(arguments: tuple[str, ...], others: dict[str, object], name: str, words: list[str]) -> None:
    args = parsed(*arguments, others=others)

    assert (names_signer(args, "x"), signer_name(args, "x"), signer_words(args, "x")) == (True, name, words)


def test_nobody() -> None:
    assert not names_signer(parsed(), "x")


def test_the_names_of_cosign() -> None:
    args = parsed("--certificate-identity", "alice@a.example", "--certificate-oidc-issuer", ISSUER, as_cosign=True)

    assert signer_name(args, "x") == f"alice@a.example ({ISSUER})"
    with pytest.raises(UsageError):
        parsed("--key", "a.pub")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(ALICE[:2], "belong together", id="half an identity"),
        pytest.param(ALICE[2:], "belong together", id="the other half"),
        pytest.param((*ALICE, "--x-key", "a.pub"), "one signer: `--x-key` or `--x-identity`", id="two signers"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        names_signer(parsed(*arguments), "x")
