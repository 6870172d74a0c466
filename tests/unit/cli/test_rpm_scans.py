"""Root file systems with rpm's package database, as a user scans them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.rpm_databases import bdb, ndb
from tests.support.rpm_headers import archive, package
from tests.support.workshop import Workshop

PHOTON = "ID=photon\nVERSION_ID=5.0\n"
BASH = package("bash", vendor="VMware, Inc.", sigmd5=bytes(16))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def root(shop: Workshop, files: dict[str, bytes]) -> str:
    folder = shop.tree({"etc/os-release": PHOTON})
    for name, data in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def ids(report: Any) -> list[str]:
    return [package.get("ID", package["Name"]) for result in report["Results"] for package in result["Packages"]]


@pytest.mark.parametrize("command", ["rootfs", "fs"])
def test_packages_of_a_database(shop: Workshop, command: str) -> None:
    ran = shop.run(command, "--format=json", root(shop, {"var/lib/rpm/Packages": bdb([BASH])}))

    assert (ran.code, ids(ran.report)) == (0, ["bash@1.0-1.el9.x86_64"])


def test_damaged_database_makes_a_scan_incomplete(shop: Workshop) -> None:
    folder = root(shop, {"var/lib/rpm/Packages.db": ndb([BASH, b"damaged"])})

    ran = shop.run("rootfs", "--format=json", "--require-complete", folder)

    assert ran.code == 3
    assert ids(ran.report) == ["bash@1.0-1.el9.x86_64"]
    assert {"Code": "FILE_MALFORMED", "Message": "rpm: a header of 7 bytes", "Path": "var/lib/rpm/Packages.db"} in (
        ran.report["Coverage"]["Issues"]
    )


def test_archives_are_read_on_request(shop: Workshop) -> None:
    folder = root(shop, {"var/lib/rpm/Packages.db": ndb([BASH]), "opt/zsh.rpm": archive(package("zsh"))})

    assert ids(shop.run("rootfs", "--format=json", folder).report) == ["bash@1.0-1.el9.x86_64"]
    for asked in (
        shop.run("rootfs", "--format=json", folder, ASSAYMARK_EXPERIMENTAL_RPM_ARCHIVE="1"),
        shop.run("rootfs", "--format=json", folder, TRIVY_EXPERIMENTAL_RPM_ARCHIVE="true"),
    ):
        assert ids(asked.report) == ["bash@1.0-1.el9.x86_64", "zsh"]
        assert asked.report["Results"][0]["Packages"][1]["FilePath"] == "opt/zsh.rpm"
