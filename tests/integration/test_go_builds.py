"""Programs built by Go itself, where it is installed: what is read of them is what `go version -m` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.memory_tree import run

from assaymark.inventory.binary.gobinary import ANALYZER
from assaymark.model.inventory import Application
from assaymark.model.package import Relationship

GO = shutil.which("go") or next((str(path) for path in [Path("/usr/local/go/bin/go")] if path.exists()), "")
pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.skipif(not GO, reason="Go is not installed")]

FILES = {
    "go.mod": "module example.org/tool\n\ngo 1.20\n\nrequire example.org/lib v1.2.3\n\nreplace example.org/lib => ./lib\n",
    "main.go": 'package main\n\nimport "example.org/lib"\n\nvar version = "none"\n\nfunc main() { println(version, lib.One) }\n',
    "lib/go.mod": "module example.org/lib\n\ngo 1.20\n",
    "lib/lib.go": "package lib\n\nconst One = 1\n",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("module")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("system", "flags", "version"),
    [
        pytest.param("linux/amd64", ["-ldflags=-X main.version=1.2.3"], "1.2.3", id="flags of the linker"),
        pytest.param("linux/amd64", ["-trimpath", "-ldflags=-X main.version=1.2.3"], "1.2.3", id="symbols"),
        pytest.param("linux/amd64", ["-trimpath", "-ldflags=-s -w -X main.version=1.2.3"], "", id="neither"),
        pytest.param("linux/386", ["-trimpath", "-ldflags=-X main.version=1.2.3"], "1.2.3", id="32 bits"),
        pytest.param(
            "linux/s390x", ["-trimpath", "-ldflags=-X main.version=1.2.3"], "1.2.3", id="the other byte order"
        ),
        pytest.param("windows/amd64", [], "", id="Windows"),
        pytest.param("darwin/arm64", [], "", id="macOS"),
    ],
)
def test_a_program_is_read_as_it_was_built(
    source: Path, tmp_path: Path, system: str, flags: list[str], version: str
) -> None:
    program = tmp_path / "tool"
    goos, _, goarch = system.partition("/")
    environ = {**os.environ, "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    environ |= {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOCACHE": str(source / ".cache")}
    subprocess.run([GO, "build", "-o", program, *flags, "."], cwd=source, env=environ, check=True)
    told = subprocess.run([GO, "version", "-m", program], capture_output=True, text=True, check=True).stdout

    found, issues = run(ANALYZER, "tool", {"tool": program.read_bytes()})

    (application,) = found
    assert isinstance(application, Application)
    assert issues == []
    assert {
        package.name: package.version
        for package in application.packages
        if package.relationship is not Relationship.DIRECT
    } == {"example.org/tool": version, "./lib": ""}
    (stdlib,) = [package for package in application.packages if package.name == "stdlib"]
    assert f" go{stdlib.version.removeprefix('v')}" in told.splitlines()[0]
