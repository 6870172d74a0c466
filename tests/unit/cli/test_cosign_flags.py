"""Every flag of `cosign attest` and `cosign verify-attestation` (3.1.2) does what it says, or is refused by name.

The lists are those of cosign's own `--help`, and below them what it still takes and no longer shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, place_keys, run
from tests.support.registry import MemoryRegistry

from assaymark.cli.command import Command
from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import add_global_flags
from assaymark.extensions import find

REGISTRY = """
--allow-http-registry --allow-insecure-registry --k8s-keychain --registry-cacert --registry-client-cert
--registry-client-key --registry-password --registry-server-name --registry-token --registry-username
"""
GLOBAL = "--help --output-file --timeout --verbose"
ATTEST = f"""
{REGISTRY} {GLOBAL}
--bundle --certificate --certificate-chain --fulcio-auth-flow --identity-token --key --no-upload --oidc-client-id
--oidc-client-secret-file --oidc-disable-ambient-providers --oidc-provider --oidc-redirect-url --predicate
--signing-config --sk --slot --statement --timestamp-client-cacert --timestamp-client-cert --timestamp-client-key
--timestamp-server-name --trusted-root --type --use-signing-config --yes

--attachment-tag-prefix --fulcio-url --issue-certificate --new-bundle-format --oidc-issuer --record-creation-timestamp
--recursive --registry-referrers-mode --rekor-entry-type --rekor-url --replace --timestamp-server-url --tlog-upload
"""
VERIFY = f"""
{REGISTRY} {GLOBAL}
--certificate-github-workflow-name --certificate-github-workflow-ref --certificate-github-workflow-repository
--certificate-github-workflow-sha --certificate-github-workflow-trigger --certificate-identity
--certificate-identity-regexp --certificate-oidc-issuer --certificate-oidc-issuer-regexp --check-claims
--insecure-ignore-sct --insecure-ignore-tlog --key --local-image --max-workers --output --policy --sk --slot
--trusted-root --type --use-signed-timestamps

--attachment-tag-prefix --ca-intermediates --ca-roots --certificate --certificate-chain --experimental-oci11
--new-bundle-format --offline --private-infrastructure --registry-referrers-mode --rekor-url --sct
--signature-digest-algorithm --timestamp-certificate-chain
"""
REFUSED = {
    "attest": """
    --attachment-tag-prefix --certificate --certificate-chain --issue-certificate --k8s-keychain --recursive --sk --slot
    --statement --timestamp-client-cacert --timestamp-client-cert --timestamp-client-key --timestamp-server-name
    """,
    "verify-attestation": """
    --attachment-tag-prefix --ca-intermediates --ca-roots --certificate --certificate-chain --k8s-keychain
    --rekor-url --sct --sk --slot --timestamp-certificate-chain
    """,
}
SWITCHES = {"--issue-certificate", "--k8s-keychain", "--recursive", "--sk"}
BOTH = {"attest": ATTEST, "verify-attestation": VERIFY}
ABSENT = [(command, flag) for command, flags in REFUSED.items() for flag in flags.split()]


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


def parser_of(command: str) -> FlagParser:
    found = find("assaymark.cli.commands", command, "COMMAND", Command)
    assert found is not None
    parser = FlagParser(prog=command)
    found.configure(parser)
    add_global_flags(parser, group_name=found.group)
    return parser


@pytest.mark.parametrize("command", BOTH)
def test_every_flag_is_known(command: str) -> None:
    known = {option for _, action in parser_of(command).flags() for option in action.option_strings} | {"--help"}
    assert sorted(set(BOTH[command].split()) - known) == []


@pytest.mark.parametrize(("command", "flag"), ABSENT)
def test_what_is_not_there_is_refused_with_a_way_out(
    registry: MemoryRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, flag: str
) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    ran = refused(command, flag if flag in SWITCHES else f"{flag}=x", f"{registry.host}/app:v1")
    assert (ran.code, ran.first.startswith(f"error: `{flag}`: "), registry.requests) == (2, True, [])
    assert ran.err.splitlines()[1].startswith("hint: ")


def refused(command: str, *arguments: str) -> Ran:
    more = ("--predicate=vuln.json", "--key=ours.key") if command == "attest" else ("--key=ours.pub",)
    return run(command, "--type=vuln", *more, *arguments)


@pytest.mark.parametrize("command", BOTH)
def test_what_is_refused_is_not_in_the_help(command: str) -> None:
    told = set(parser_of(command).format_help().replace(",", " ").split())
    assert sorted(told & set(REFUSED[command].split())) == []
