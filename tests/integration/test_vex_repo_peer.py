"""`vex repo` beside the reference: the same list, the same words about it, and copies that each finds of the other."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.support.commands import run
from tests.support.loopback import Answer, Loopback, Request

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
]
FILES = {"hub/index.json": '{"packages": []}', "hub/pkg/a.json": "{}"}


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, text in FILES.items():
            made.writestr(name, text)
    return stream.getvalue()


def answer(request: Request) -> Answer:
    if request.path == "/.well-known/vex-repository.json":
        url = f"http://{request.headers['host']}/archive.zip//hub"
        versions = [{"spec_version": "0.1", "locations": [{"url": url}], "update_interval": "24h"}]
        return Answer(document={"name": "hub", "description": "", "versions": versions})
    return Answer(document=archive()) if request.path == "/archive.zip" else Answer(404)


def reference(home: Path, *arguments: str) -> str:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "TRIVY_SKIP_VERSION_CHECK": "true"}
    command = ["trivy", "vex", "repo", *arguments, "--cache-dir", str(home / "cache")]
    ran = subprocess.run(command, env=environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def ours(home: Path, *arguments: str) -> str:
    ran = run("vex", "repo", *arguments, "--cache-dir", str(home / "cache"), environ={"HOME": str(home)})
    assert ran.code == 0, ran.err
    return ran.out


def listed(home: Path) -> Path:
    return home / ".trivy" / "vex" / "repository.yaml"


def test_the_list_that_is_written(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for home in (one, two):
        home.mkdir()
    reference(one, "init")
    ours(two, "init")

    assert listed(two).read_bytes() == listed(one).read_bytes()
    assert ours(one, "list") == reference(one, "list")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("repositories: []\n", id="nothing"),
        pytest.param(
            "repositories:\n- {name: a, url: https://a.example, enabled: false}\n"
            "- {name: b/c, url: https://b.example, enabled: true, insecure: true, token: t}\n",
            id="several",
        ),
    ],
)
def test_what_is_listed(tmp_path: Path, text: str) -> None:
    listed(tmp_path).parent.mkdir(parents=True)
    listed(tmp_path).write_text(text, encoding="utf-8")

    assert ours(tmp_path, "list") == reference(tmp_path, "list")


@pytest.mark.parametrize("first", [reference, ours], ids=["the reference's copy", "our copy"])
def test_a_copy_is_the_others_too(tmp_path: Path, first: object) -> None:
    listed(tmp_path).parent.mkdir(parents=True)
    with Loopback(answer) as hub:
        entry = f"repositories:\n- {{name: hub, url: '{hub.url}', enabled: true}}\n"
        listed(tmp_path).write_text(entry, encoding="utf-8")
        others = (reference, ours) if first is reference else (ours, reference)
        others[0](tmp_path, "download", "hub")
        asked = len(hub.requests)
        others[1](tmp_path, "download")

        assert [request.path for request in hub.requests[asked:] if request.path == "/archive.zip"] == []
    copy = tmp_path / "cache" / "vex" / "repositories" / "hub"
    for name in ("0.1/index.json", "0.1/pkg/a.json", "cache.json", "vex-repository.json"):
        assert (copy / name).is_file()
