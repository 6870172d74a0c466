"""`--offline` is no promise but a fact: an audit hook sees every attempt to reach anybody, in every command.

Audit events are raised by the interpreter itself (https://docs.python.org/3/library/audit_events.html), so neither a
library nor a forgotten import gets past them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.support.bombs import honest_layer, raw_image
from tests.support.boms import SMALL, encoded
from tests.support.database import MUSL
from tests.support.process import ALPINE, Ended, Machine
from tests.support.registry import MemoryRegistry

from assaymark.cli.overview import command_names

WATCHED = """
import os, sys
log = open(os.environ["AUDIT_LOG"], "a", buffering=1)
def hook(name, args):
    if name == "socket.connect" and isinstance(args[1], (str, bytes)):
        return  # an engine's socket on this machine
    if name.startswith(("socket.", "http.", "urllib.", "ftplib.", "smtplib.", "subprocess.", "os.exec", "os.posix_spawn")):
        log.write(f"{name}\\n")
sys.addaudithook(hook)
sys.argv[0] = "assaymark"
from assaymark.cli.main import entry
entry()
"""
CACHE = "--cache-dir=../cache"
NOBODY = "127.0.0.1:9/a/b:1"  # the discard port: nothing would answer, and nothing is asked
PROXIES = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A user with a key pair, an image layout and a database."""
    made = Machine(tmp_path_factory.mktemp("offline"))
    made.place_database(MUSL)
    raw_image([honest_layer(ALPINE)]).save_layout(made.work / "image")
    (made.work / "predicate").write_text("{}")
    (made.work / "report.json").write_text('{"SchemaVersion": 2}')
    (made.work / "bom.json").write_bytes(encoded(SMALL))
    password = {"COSIGN_PASSWORD": "x"}
    assert made.run("generate-key-pair", environ=password).code == 0
    attest = ("attest-blob", "--key", "cosign.key", "--predicate", "predicate", "--bundle", "bundle", "predicate")
    assert made.run(*attest, environ=password).code == 0
    return made


def watched(
    machine: Machine, arguments: Sequence[str], environ: Mapping[str, str] | None = None
) -> tuple[Ended, list[str]]:
    """A run, and the audit events about networks and programs that it raised."""
    log = machine.root / "events"
    log.unlink(missing_ok=True)
    ended = machine.run(
        *arguments,
        environ={"AUDIT_LOG": str(log), "COSIGN_PASSWORD": "x", **(environ or {})},
        program=(sys.executable, "-c", WATCHED),
    )
    return ended, log.read_text().splitlines()


NEEDS_NETWORK: dict[str, list[tuple[int | str, ...]]] = {
    "copy": [(5, "copy", NOBODY, "127.0.0.1:9/c:1")],
    "save": [(5, "save", "--dir", "saved", NOBODY)],
    "load": [(5, "load", "--dir", "image", NOBODY)],
    "clean": [(5, "clean", NOBODY)],
    "prune": [(5, "prune", "--key", "cosign.pub", NOBODY)],
    "image": [
        (5, "image", CACHE, NOBODY),
        (5, "image", CACHE, "alpine:3.10", "--docker-host", "tcp://127.0.0.1:9"),
        (5, "image", CACHE, "--attest", "--key", "cosign.key", NOBODY),
        (5, "image", CACHE, "--image-src", "remote", "--registry-token", "token", NOBODY),
        (4, "image", "--input", "image", "--cache-dir", "empty"),
        (4, "image", "--download-db-only", "--cache-dir", "empty"),
    ],
    "fs": [(4, "fs", ".", "--cache-dir", "empty")],
    "rootfs": [(4, "rootfs", ".", "--cache-dir", "empty")],
    "repo": [
        (4, "repo", ".", "--cache-dir", "empty"),
        (5, "repo", "https://127.0.0.1:9/o/r", "--skip-db-update", "--cache-dir", "../cache"),
    ],
    "sbom": [(4, "sbom", "bom.json", "--cache-dir", "empty")],
    "attest": [
        (5, "attest", "--key", "cosign.key", "--predicate", "predicate", NOBODY),
        (5, "attest", "--key", "https://127.0.0.1:9/key", "--predicate", "predicate", "--local-image", "image"),
    ],
    "verify-attestation": [
        (5, "verify-attestation", "--key", "cosign.pub", NOBODY),
        (5, "verify-attestation", "--key", "https://127.0.0.1:9/key", "--local-image", "image"),
    ],
    "attest-blob": [(5, "attest-blob", "--key", "https://127.0.0.1:9/key", "--predicate", "predicate", "predicate")],
    "verify-blob-attestation": [
        (5, "verify-blob-attestation", "--key", "https://127.0.0.1:9/key", "--bundle", "bundle", "predicate"),
    ],
    "initialize": [(5, "initialize", "--cache-dir", "empty")],
    "download-attestation": [(5, "download", "attestation", NOBODY)],
    "doctor": [(5, "doctor", NOBODY)],
    "download-report": [(5, "download", "report", NOBODY)],
    "tree": [(5, "tree", NOBODY)],
    "diff": [
        (5, "diff", "report.json", NOBODY),
        (5, "diff", "--key", "https://127.0.0.1:9/key", "--local-image", "image", "image"),
    ],
    "login": [(5, "login", "127.0.0.1:9", "-u", "robin", "-p", "password")],
    "public-key": [
        (5, "public-key", "--key", "https://127.0.0.1:9/key"),
        (5, "public-key", "--key", "awskms://127.0.0.1:9/alias/key"),
        (5, "public-key", "--key", "azurekms://127.0.0.1:9/key"),
        (5, "public-key", "--key", "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k"),
    ],
    "replay": [(5, "replay", CACHE, "--key", "cosign.pub", NOBODY)],
    "vex-repo": [(5, "vex", "repo", "download", CACHE)],
    "db-export": [(5, "db", "export", CACHE, "127.0.0.1:9/a/db")],
    "generate-key-pair": [
        (5, "generate-key-pair", "--kms", "awskms://127.0.0.1:9/alias/key", "--output-key-prefix", "none"),
    ],
}
LOCAL = {
    "image": ("image", "--input", "image", "--skip-db-update", "--cache-dir", "../cache"),
    "fs": ("fs", ".", "--skip-db-update", "--cache-dir", "../cache"),
    "rootfs": ("rootfs", ".", "--skip-db-update", "--cache-dir", "../cache"),
    "repo": ("repo", ".", "--skip-db-update", "--cache-dir", "../cache"),
    "sbom": ("sbom", "bom.json", "--skip-db-update", "--cache-dir", "../cache"),
    "completion": ("completion", "bash"),
    "logout": ("logout", "127.0.0.1:9"),
    "generate-key-pair": ("generate-key-pair", "--output-key-prefix", "other", "--yes"),
    "import-key-pair": ("import-key-pair", "--key", "predicate"),
    "public-key": ("public-key", "--key", "cosign.key"),
    "attest": ("attest", "--local-image", "--no-upload", "--key", "cosign.key", "--predicate", "predicate", "image"),
    "verify-attestation": ("verify-attestation", "--local-image", "--key", "cosign.pub", "image"),
    "download-attestation": ("download", "attestation", "--local-image", "image"),
    "doctor": ("doctor", "--local-image", "image"),
    "download-report": ("download", "report", "--local-image", "image"),
    "tree": ("tree", "--local-image", "image"),
    "diff": ("diff", "report.json", "report.json"),
    "convert": ("convert", "report.json"),
    "pkcs11-tool-list-tokens": ("pkcs11-tool", "list-tokens", "--module-path", "/nonexistent/token.so"),
    "pkcs11-tool-list-keys-uris": ("pkcs11-tool", "list-keys-uris", "--module-path", "/nonexistent/token.so"),
    "attest-blob": ("attest-blob", "--key", "cosign.key", "--predicate", "predicate", "predicate"),
    "verify-blob-attestation": (
        "verify-blob-attestation", "--key", "cosign.pub", "--bundle", "bundle", "predicate",
    ),
    "bundle-create": (
        "bundle", "create", "--bundle", "bundle", "--key", "cosign.pub", "--artifact", "predicate", "--ignore-tlog",
    ),
    "bundle-inspect": ("bundle", "inspect", "bundle"),
    "bundle-upgrade": ("bundle", "upgrade", "bundle"),
    "trusted-root-create": (
        "trusted-root", "create", "--rekor", "url=https://log.test,public-key=cosign.pub,start-time=2026-01-01T00:00:00Z",
    ),
    "signing-config-create": ("signing-config", "create"),
    "vex-repo": ("vex", "repo", "init"),
    "db-keep": ("db", "keep", CACHE),
    "replay": ("replay", CACHE, "--key", "cosign.pub", "--local-image", "image"),
    "db-list": ("db", "list", CACHE),
    "db-remove": ("db", "remove", CACHE, "abcdef"),
}  # fmt: skip


def test_every_command_is_looked_at() -> None:
    assert set(command_names()) == NEEDS_NETWORK.keys() | LOCAL.keys()


@pytest.mark.parametrize("proxies", [{}, PROXIES], ids=["direct", "with proxies"])
@pytest.mark.parametrize(
    "case", [case for cases in NEEDS_NETWORK.values() for case in cases], ids=lambda case: " ".join(case[1:])
)
def test_with_offline_nobody_is_asked(
    machine: Machine, case: tuple[int | str, ...], proxies: Mapping[str, str]
) -> None:
    code, *arguments = case

    ended, events = watched(machine, [*map(str, arguments), "--offline"], proxies)

    assert (ended.code, len(ended.problems), events) == (code, 1, []), ended.err
    assert "--offline" in ended.err


@pytest.mark.parametrize("arguments", LOCAL.values(), ids=LOCAL)
def test_what_is_here_needs_no_network_at_all(machine: Machine, arguments: tuple[str, ...]) -> None:
    """Without `--offline`: no socket is even made, no name resolved and no program started."""
    ended, events = watched(machine, arguments)

    assert events == [], ended.err
    # a database that is not kept, a file that is no key, an image without attestations, no library of a token
    assert ended.code in (0, 4, 6, 7, 9)


def test_the_hook_sees_what_it_should(machine: Machine) -> None:
    with MemoryRegistry() as registry:
        registry.put_image("a/b", "1")
        ended, events = watched(machine, ["tree", f"{registry.host}/a/b:1"])

    assert ended.code == 0
    assert {"socket.getaddrinfo", "socket.connect"} <= set(events)


def test_a_whole_proof_on_one_machine_opens_no_socket(machine: Machine, tmp_path: Path) -> None:
    layout = raw_image([honest_layer(ALPINE)]).save_layout(tmp_path / "layout")
    scan = (
        "image",
        "--input",
        str(layout),
        "--attest",
        "--key",
        "cosign.key",
        "--skip-db-update",
        "--cache-dir",
        "../cache",
    )
    for arguments in (
        scan,
        ("verify-attestation", "--key", "cosign.pub", "--type", "vuln", "--local-image", str(layout)),
    ):
        ended, events = watched(machine, arguments)
        assert (ended.code, events) == (0, []), ended.err
