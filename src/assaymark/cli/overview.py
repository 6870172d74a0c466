"""`assaymark --help`: every command on one screen, found by walking `cli/commands`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assaymark.cli.command import Command
from assaymark.extensions import discover
from assaymark.version import __version__

ALIASES: Final[Mapping[str, str]] = {"i": "image", "filesystem": "fs", "repository": "repo"}
"""Other spellings that the peers' documentation uses."""

TWO_WORDS: Final[Mapping[str, str]] = {
    "bundle create": "bundle-create",
    "bundle inspect": "bundle-inspect",
    "bundle upgrade": "bundle-upgrade",
    "db export": "db-export",
    "db keep": "db-keep",
    "db list": "db-list",
    "db remove": "db-remove",
    "download attestation": "download-attestation",
    "download report": "download-report",
    "pkcs11-tool list-keys-uris": "pkcs11-tool-list-keys-uris",
    "pkcs11-tool list-tokens": "pkcs11-tool-list-tokens",
    "registry login": "login",
    "registry logout": "logout",
    "signing-config create": "signing-config-create",
    "trusted-root create": "trusted-root-create",
    "vex repo": "vex-repo",
}

_EXAMPLES: Final = """\
Examples:
  assaymark image alpine:3.10                                       scan an image
  assaymark image --format cosign-vuln --output vuln.json IMAGE     write the vulnerability record
  assaymark generate-key-pair                                       make cosign.key and cosign.pub
  assaymark attest --key cosign.key --type vuln --predicate vuln.json IMAGE
  assaymark verify-attestation --key cosign.pub --type vuln IMAGE
  assaymark image --attest --key cosign.key IMAGE                   all of it in one step
  assaymark image --attest IMAGE                                    … signed by whoever signs in, not by a key

Run `assaymark COMMAND --help` for the flags of a command."""


def commands() -> list[Command]:
    """Every command, in order of names."""
    return sorted(discover("assaymark.cli.commands", "COMMAND", Command), key=lambda command: command.name)


def command_names() -> list[str]:
    """What may stand behind `assaymark`."""
    return [command.name for command in commands()]


def overview() -> str:
    """The help text of the program."""
    groups: dict[str, list[Command]] = {}
    for command in commands():
        groups.setdefault(command.group, []).append(command)
    lines = [
        f"assaymark {__version__}: scan an artifact for vulnerabilities, sign the result, attach it, verify it later.",
        "",
        "Usage: assaymark COMMAND [flags] [ARGUMENT]",
    ]
    width = max(len(typed(command.name)) for members in groups.values() for command in members)
    for group, members in sorted(groups.items()):
        lines += ["", f"{group}:", *(f"  {typed(command.name):<{width}}  {command.summary}" for command in members)]
    return "\n".join([*lines, "", _EXAMPLES])


def typed(name: str) -> str:
    """A command's name as people type it."""
    spoken = {value: key for key, value in TWO_WORDS.items() if value == key.replace(" ", "-")}
    return spoken.get(name, name)
