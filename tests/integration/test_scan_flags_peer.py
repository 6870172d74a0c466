"""The flags that choose files, packages and findings, on every command that has them: the reference's report is ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.git_servers import git, needs_git
from tests.support.workshop import ALPINE, NOON, Workshop

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
    needs_git,
]

NPM = {
    "name": "web",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "web", "version": "1.0.0", "dependencies": {"a": "1"}, "devDependencies": {"d": "1"}},
        "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "2"}},
        "node_modules/b": {"version": "2.0.0", "license": "MIT"},
        "node_modules/d": {"version": "1.2.0", "dev": True, "dependencies": {"b": "2"}},
    },
}
PIPENV = {"_meta": {}, "default": {"flask": {"version": "==0.12"}}, "develop": {"black": {"version": "==22.0"}}}
SOURCES = {
    "requirements.txt": "flask==0.12\nclick>=7.0\n",
    "deps/constraints.txt": "flask==0.11\n",
    "deps/sub/requirements.txt": "flask==0.10\n",
    "web/package-lock.json": json.dumps(NPM, indent=2),
    "web/package-lock.json.old": json.dumps(NPM, indent=2),
    "py/Pipfile.lock": json.dumps(PIPENV, indent=4),
    "lib/apk/db/installed": ALPINE["lib/apk/db/installed"],
    "etc/alpine-release": "3.10.9\n",
}
INSTALLED = {
    **ALPINE,
    "usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA": "Name: Flask\nVersion: 0.12\nLicense: BSD\n",
    "srv/node_modules/b/package.json": '{"name": "b", "version": "2.0.0", "license": "MIT"}',
    "srv/package-lock.json": json.dumps(NPM, indent=2),
    "srv/requirements.txt": "flask==0.12\n",
    "opt/venv/flask-0.11.dist-info/METADATA": "Name: Flask\nVersion: 0.11\n",
}
FOR_SOURCES = (
    "", "--include-dev-deps", "--pkg-relationships=direct", "--pkg-relationships=root,direct,unknown",
    "--pkg-relationships=indirect --include-dev-deps", "--pkg-types=os", "--pkg-types=library", "--list-all-pkgs=false",
    "--skip-dirs=deps", "--skip-dirs=deps/sub,web", "--skip-dirs=**/sub", "--skip-dirs={tree}/deps",
    "--skip-files=requirements.txt", "--skip-files=**/*.lock", "--skip-files={tree}/web/package-lock.json",
    "--file-patterns=pip:constraints", "--file-patterns=npm:[.]old$ --file-patterns=pip:^deps/c.*[.]txt$",
    "--file-patterns=pip:constraints --skip-dirs=deps", "--detection-priority=comprehensive",
    "--detection-priority=comprehensive --include-dev-deps --pkg-relationships=unknown,direct", "--parallel=1",
    "--severity=CRITICAL,LOW", "--ignore-unfixed --list-all-pkgs=false",
)  # fmt: skip
FOR_INSTALLED = (
    "", "--pkg-types=os", "--pkg-types=library", "--pkg-relationships=unknown", "--pkg-relationships=direct",
    "--list-all-pkgs=false", "--skip-dirs=opt", "--skip-dirs=/opt/venv", "--skip-dirs=**/site-packages",
    "--skip-files=**/METADATA", "--skip-files=lib/apk/db/installed", "--file-patterns=npm:package-lock",
    "--file-patterns=pip:requirements", "--detection-priority=comprehensive", "--parallel=3", "--ignore-unfixed",
    "--severity=HIGH --pkg-types=os,library",
)  # fmt: skip
CASES = [
    *(("repo", flags) for flags in FOR_SOURCES),
    *(("fs", flags) for flags in FOR_SOURCES),
    *(("rootfs", flags) for flags in FOR_INSTALLED),
    *(("image", flags) for flags in FOR_INSTALLED),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """With a repository, an unpacked root, and an image of the same."""
    made = Workshop(tmp_path_factory.mktemp("shop"))
    sources = Path(made.tree(SOURCES, "sources"))
    git(sources, "init", "--quiet", "--initial-branch=main")
    git(sources, "add", "--all", "--force")
    git(sources, "commit", "--quiet", "--message=all")
    made.tree(INSTALLED, "root")
    made.image(ALPINE, {path: text for path, text in INSTALLED.items() if path not in ALPINE})
    return made


@pytest.mark.parametrize(("command", "flags"), CASES, ids=[f"{command} {flags}" for command, flags in CASES])
def test_the_reports_are_equal(shop: Workshop, command: str, flags: str) -> None:
    tree = shop.folder / {"image": "image.tar", "rootfs": "root"}.get(command, "sources")
    words = flags.replace("{tree}", str(tree)).split()
    target = ["--input", str(tree)] if command == "image" else [str(tree)]
    common = ["--format=json", "--scanners=vuln", "--skip-db-update", "--offline-scan", *words, *target]

    ours = shop.run(command, *common)
    theirs = subprocess.run(
        ["trivy", command, "--quiet", "--cache-dir", str(shop.cache), "--skip-java-db-update", *common],
        env={"PATH": os.environ["PATH"], "HOME": str(shop.folder), "SOURCE_DATE_EPOCH": NOON},
        cwd=shop.folder,
        capture_output=True,
        check=False,
    )

    assert theirs.returncode == 0, theirs.stderr.decode()
    assert comparable(ours.report) == comparable(json.loads(theirs.stdout))


def comparable(report: dict[str, Any]) -> str:
    """The report without what differs from run to run, and without who wrote it; the order of keys counts."""
    left_out = {"ReportID", "CreatedAt", "Trivy", "Scanner", "Coverage"}
    return json.dumps({key: value for key, value in report.items() if key not in left_out}, indent=1)
