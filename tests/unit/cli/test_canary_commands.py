"""A canary in every credential that a command takes: no command tells it, at any log level, whatever it is answered.

Every command is run against a server that repeats in its errors all that it was sent: headers as they came and decoded,
the address, the body. A command that is new has to be added here. `test_canary` does the same for every place that a
credential can be in, with one command and in processes of their own.
"""

from __future__ import annotations

import json
from argparse import Action
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from tests.support.boms import SMALL, encoded
from tests.support.commands import PASSWORD, key_file, place_keys
from tests.support.consoles import recorded_console
from tests.support.database import place, trivy_db
from tests.support.images import build_image
from tests.support.loopback import Loopback
from tests.support.process import ALPINE, LASTING
from tests.support.repeating import BASIC, CANARY, SPELLINGS, USER, repeat

from assaymark.cli.command import Command
from assaymark.cli.flags import FlagParser
from assaymark.cli.main import main
from assaymark.cli.overview import command_names
from assaymark.extensions import discover

MODES: Final = (("--debug",), ("--debug", "--log-format", "json"))
"""Whatever is said without `--debug` is said with it, too."""

IMAGE: Final = "HOST/a/b:1"
SCAN: Final = ("--cache-dir", "cache", "--skip-db-update")

ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "attest": ("attest", "--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", IMAGE),
    "attest-blob": ("attest-blob", "--key", "URL/key", "--type", "vuln", "--predicate", "vuln.json", "vuln.json"),
    "bundle-create": ("bundle", "create", "--bundle", "made", "--key", "URL/key", "--artifact", "vuln.json", "--ignore-tlog"),
    "bundle-inspect": ("bundle", "inspect", "vuln.json"),
    "bundle-upgrade": ("bundle", "upgrade", "vuln.json"),
    "clean": ("clean", "--force", IMAGE),
    "completion": ("completion", "bash"),
    "convert": ("convert", "vuln.json"),
    "copy": ("copy", IMAGE, "HOST/a/c:1"),
    "db-export": ("db", "export", "HOST/a/db:2", "--cache-dir", "cache"),
    "db-keep": ("db", "keep", "--cache-dir", "cache", "--db-repository", "HOST/a/db:2"),
    "db-list": ("db", "list", "--cache-dir", "cache"),
    "db-remove": ("db", "remove", "--cache-dir", "cache", "abcdef"),
    "diff": ("diff", "--key", "ours.pub", IMAGE, IMAGE),
    "doctor": ("doctor", IMAGE),
    "download-attestation": ("download", "attestation", IMAGE),
    "download-report": ("download", "report", IMAGE),
    "fs": ("fs", "tree", "--cache-dir", "empty", "--db-repository", "HOST/a/db:2"),
    "generate-key-pair": ("generate-key-pair", "--kms", "hashivault://canary"),
    "image": ("image", "--image-src", "remote", IMAGE, *SCAN),
    "import-key-pair": ("import-key-pair", "--key", "vuln.json"),
    "initialize": ("initialize", "--mirror", "URL", "--cache-dir", "empty"),
    "load": ("load", "--dir", "image", IMAGE),
    "login": ("login", "HOST"),
    "logout": ("logout", "HOST"),
    "pkcs11-tool-list-keys-uris": ("pkcs11-tool", "list-keys-uris", "--module-path", "/nonexistent/token.so", "--slot-id", "1"),
    "pkcs11-tool-list-tokens": ("pkcs11-tool", "list-tokens", "--module-path", "/nonexistent/token.so"),
    "prune": ("prune", "--force", "--key", "ours.pub", IMAGE),
    "public-key": ("public-key", "--key", "hashivault://canary"),
    "replay": ("replay", "--key", "ours.pub", "--cache-dir", "cache", IMAGE),
    "repo": ("repo", "tree", "--cache-dir", "empty", "--db-repository", "HOST/a/db:2"),
    "rootfs": ("rootfs", "tree", "--cache-dir", "empty", "--db-repository", "HOST/a/db:2"),
    "save": ("save", "--dir", "saved", IMAGE),
    "sbom": ("sbom", "bom.json", "--cache-dir", "empty", "--db-repository", "HOST/a/db:2"),
    "signing-config-create": ("signing-config", "create", "--with-default-services", "--cache-dir", "empty"),
    "tree": ("tree", IMAGE),
    "trusted-root-create": ("trusted-root", "create", "--with-default-services", "--cache-dir", "empty"),
    "verify-attestation": ("verify-attestation", "--key", "ours.pub", "--type", "vuln", IMAGE),
    "verify-blob-attestation": ("verify-blob-attestation", "--key", "URL/key", "--bundle", "vuln.json", "vuln.json"),
    "vex-repo": ("vex", "repo", "download", "--cache-dir", "empty"),
}  # fmt: skip
TYPED: Final[Mapping[str, tuple[str, ...]]] = {
    "--password": ("--username", USER, "--password", CANARY),
    "--registry-password": ("--registry-username", USER, "--registry-password", CANARY),
    "--registry-token": ("--registry-token", CANARY),
    "--identity-token": ("--identity-token", CANARY, "--yes"),
    "--pin": ("--pin", CANARY),
    "--token": ("--token", CANARY),
}
"""Flags that take a credential, with what they need."""

SURROUNDINGS: Final = {
    **dict.fromkeys(
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "BAO_TOKEN", "CI_JOB_TOKEN"),
        CANARY,
    ),
    **dict.fromkeys(("COSIGN_PKCS11_PIN", "GITHUB_TOKEN", "GITLAB_TOKEN", "SIGSTORE_ID_TOKEN", "VAULT_TOKEN"), CANARY),
    "AWS_ACCESS_KEY_ID": USER,
    "AWS_REGION": "eu-central-1",
    "VAULT_ADDR": "URL",
    "GITLAB_HOST": "URL",
    "GITHUB_HOST": "URL",
    "TUF_MIRROR": "URL",
    "HTTPS_PROXY": f"http://{USER}:{quote(CANARY, safe='')}@127.0.0.1:9",
}


@pytest.fixture(params=[401, 403], ids=lambda status: f"answered with {status}")
def server(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    with Loopback(lambda asked: repeat(asked, request.param)) as running:
        yield running


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys, a record, a tree, a layout and a database; what is found in it afterwards is what a command left."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    place_keys(folder)
    (folder / "tree").mkdir()
    (folder / "bom.json").write_bytes(encoded(SMALL))
    build_image([ALPINE]).save_layout(folder / "image", ref="1")
    place(folder / "cache" / "db", trivy_db(), {**LASTING, "DownloadedAt": "2026-01-01T00:00:00Z"})
    return folder


def filled(texts: tuple[str, ...], server: Loopback) -> list[str]:
    host = server.url.removeprefix("http://")
    return [text.replace("URL", server.url).replace("HOST", host) for text in texts]


def leaks(server: Loopback, work: Path, arguments: tuple[str, ...], environ: Mapping[str, str]) -> list[str]:
    """Spellings of the canary in what a run printed, logged or left in a file."""
    variables = dict(zip(environ, filled(tuple(environ.values()), server), strict=True))
    recorded = recorded_console(environ={"HOME": str(work.parent), "COSIGN_PASSWORD": PASSWORD, **variables})
    code = main(filled(arguments, server), recorded.console)
    assert code != 70, recorded.err
    left = [path.read_bytes().decode("utf-8", "replace") for path in work.rglob("*") if path.is_file()]
    return [spelling for spelling in SPELLINGS for text in (recorded.out, recorded.err, *left) if spelling in text]


def flags_of(command: Command) -> Iterator[str]:
    """The flags of `TYPED` that a command has."""
    parser = FlagParser()
    command.configure(parser)
    actions: list[Action] = parser._actions
    known = {option for action in actions for option in action.option_strings}
    yield from (flag for flag in TYPED if flag in known)


COMMANDS: Final = {each.name: each for each in discover("assaymark.cli.commands", "COMMAND", Command)}
PAIRS: Final = [(name, flag) for name in ASKED if name in COMMANDS for flag in flags_of(COMMANDS[name])]


def test_every_command_and_every_flag_is_looked_at() -> None:
    from assaymark.safeio.redaction import FLAGS

    assert sorted(ASKED) == sorted(command_names())
    elsewhere = {"--oidc-client-secret", "--sk-pin"}  # cosign's, refused by name
    assert {f"--{flag}" for flag in FLAGS} - TYPED.keys() == elsewhere


@pytest.mark.parametrize(("name", "flag"), PAIRS, ids=lambda each: each)
def test_a_credential_on_the_command_line(
    server: Loopback, work: Path, capfd: pytest.CaptureFixture[str], name: str, flag: str
) -> None:
    for mode in MODES:
        assert leaks(server, work, (*ASKED[name], *TYPED[flag], *mode), {}) == []
    assert not any(spelling in text for text in capfd.readouterr() for spelling in SPELLINGS)


@pytest.mark.parametrize("name", ASKED)
def test_credentials_around_a_command(
    server: Loopback, work: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """In variables, in `config.json`, in a token's file and in a proxy's address, all at once."""
    docker = work.parent / ".docker"
    docker.mkdir()
    host = server.url.removeprefix("http://")
    (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": BASIC}}}))
    (work.parent / ".vault-token").write_text(CANARY)
    for mode in MODES:
        assert leaks(server, work, (*ASKED[name], *mode), SURROUNDINGS) == []
    assert not any(spelling in text for text in capfd.readouterr() for spelling in SPELLINGS)


@pytest.mark.parametrize(
    "key", ["hashivault://canary", "openbao://canary", "gitlab://1", "URL/key", "env://CANARY_KEY"]
)
@pytest.mark.parametrize("name", ["public-key", "attest", "verify-attestation", "attest-blob"])
def test_credentials_of_services_that_keep_keys(server: Loopback, work: Path, name: str, key: str) -> None:
    arguments = tuple(
        key if text in ("ours.key", "ours.pub", "URL/key", "hashivault://canary") else text for text in ASKED[name]
    )
    environ = {**SURROUNDINGS, "CANARY_KEY": key_file().decode().replace("PRIVATE KEY", f"{CANARY} KEY")}
    for mode in MODES:
        assert leaks(server, work, (*arguments, *mode), environ) == []


def test_the_password_of_a_key(server: Loopback, work: Path) -> None:
    for command in (("public-key", "--key", "ours.key"), ASKED["attest"]):
        for mode in MODES:
            assert leaks(server, work, (*command, *mode), {"COSIGN_PASSWORD": CANARY}) == []


def test_the_net_of_this_test_catches_something(server: Loopback, work: Path) -> None:
    """What the server repeats does come back: with a password that nobody knows to be one it is in the error."""
    recorded = recorded_console(environ={"HOME": str(work.parent)})
    main(filled(("tree", IMAGE, "--username", USER, "--password", CANARY, "--debug"), server), recorded.console)
    assert f"{USER}:***" in recorded.err
    assert "authorization: Basic ***" in recorded.err
