"""Which modules a command loads: milliseconds are noisy, modules are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.bombs import honest_layer, raw_image
from tests.support.process import ALPINE, Machine

RECORDED = """
import atexit, sys
path = sys.argv.pop(1)
atexit.register(lambda: open(path, "w").write("\\n".join(sys.modules)))
sys.argv[0] = "assaymark"
from assaymark.cli.main import entry
entry()
"""
HEAVY = {"urllib3", "cryptography", "nacl", "rich", "yaml", "zstandard", "isal", "packaging", "re2", "ssl", "ctypes"}
SCANNER = {"scan", "pipeline", "artifact", "layers", "inventory", "advisories", "matching", "versions"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("imports"))
    made.place_database()
    layout = raw_image([honest_layer(ALPINE)]).save_layout(made.work / "image")
    password = {"COSIGN_PASSWORD": "x"}
    assert made.run("generate-key-pair", environ=password).code == 0
    attest = ("image", "--input", str(layout), "--attest", "--key", "cosign.key", *made.flags)
    assert made.run(*attest, environ=password).code == 0
    return made


def loaded(machine: Machine, *arguments: str, code: int = 0) -> set[str]:
    """The modules in memory at the end of a run."""
    path = machine.root / "modules"
    ended = machine.run(str(path), *arguments, program=(sys.executable, "-c", RECORDED))
    assert ended.code == code, ended.err
    return set(path.read_text().split())


def ours(modules: set[str]) -> set[str]:
    """The first level below `assaymark`."""
    return {name.split(".")[1] for name in modules if name.startswith("assaymark.")}


@pytest.mark.parametrize("arguments", ["--version", "version", "-v"])
def test_the_version_loads_less_than_argparse_would(machine: Machine, arguments: str) -> None:
    script = "import sys, argparse, signal, typing, atexit, gc, __future__; print(*sys.modules)"
    base = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    )

    modules = loaded(machine, arguments)

    assert {name for name in modules - base if not name.startswith("assaymark")} == set()
    assert ours(modules) == {"cli", "errors", "version"}


@pytest.mark.parametrize(
    "command", ["image", "fs", "rootfs", "repo", "attest", "verify-attestation", "tree", "login", "public-key"]
)
def test_help_loads_nothing_heavy(machine: Machine, command: str) -> None:
    modules = loaded(machine, command, "--help")

    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "command",
    [
        "attest",
        "attest-blob",
        "verify-attestation",
        "verify-blob-attestation",
        "bundle-create",
        "bundle-inspect",
        "bundle-upgrade",
        "trusted-root-create",
        "signing-config-create",
        "download-attestation",
        "tree",
        "generate-key-pair",
    ],
)
def test_help_about_attestations_loads_no_scanner(machine: Machine, command: str) -> None:
    assert ours(loaded(machine, command, "--help")) & SCANNER == set()


def test_verifying_loads_no_scanner_and_no_network(machine: Machine) -> None:
    modules = loaded(machine, "verify-attestation", "--key", "cosign.pub", "--type", "vuln", "--local-image", "image")

    assert ours(modules) & SCANNER == set()
    assert modules & (HEAVY - {"cryptography"}) == set()
    assert {name for name in modules if name.startswith("assaymark.net.")} <= {
        f"assaymark.net.{name}"
        for name in ("address", "network", "opening", "secret", "tls", "url", "proxies", "http", "attempt", "retry")
    }


def test_verifying_a_file_with_a_key_loads_no_scanner_and_no_network(machine: Machine) -> None:
    (machine.work / "predicate").write_text("{}")
    attest = ("attest-blob", "--key", "cosign.key", "--predicate", "predicate", "--bundle", "bundle", "predicate")
    assert machine.run(*attest, environ={"COSIGN_PASSWORD": "x"}).code == 0

    modules = loaded(machine, "verify-blob-attestation", "--key", "cosign.pub", "--bundle", "bundle", "predicate")

    assert ours(modules) & SCANNER == set()
    assert modules & (HEAVY - {"cryptography"}) == set()


def test_scanning_an_archive_loads_no_keys_and_no_http(machine: Machine) -> None:
    modules = loaded(machine, "image", "--input", "image", *machine.flags)

    assert modules & {"urllib3", "cryptography", "nacl", "rich", "yaml", "ssl", "zstandard"} == set()
    assert "attest" not in ours(modules)


def test_the_sources_are_these(machine: Machine) -> None:
    """The runs above test this checkout and not an installed package."""
    script = "import assaymark; print(assaymark.__file__)"
    environ = machine.environ()
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, check=True, text=True)

    assert Path(done.stdout.strip()).is_relative_to(Path(__file__).parents[3] / "src")
