"""Images of one program: what they hold is known, so their scan is complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.database import Facts, place, trivy_db
from tests.support.executables import MARK, audit, build_info, elf
from tests.support.images import File
from tests.support.workshop import DETAILS, METADATA, SOURCES, Workshop

FACTS: Facts = {
    "go::GitHub Security Advisory Go": {
        "golang.org/x/text": {
            "CVE-2026-0001": {"PatchedVersions": ["0.3.7"], "VulnerableVersions": ["< 0.3.7"]},
        },
    },
    "cargo::RustSec Security Advisory Database": {
        "smallvec": {"CVE-2026-0002": {"PatchedVersions": [">= 0.6.14"]}},
    },
}
GO = elf({".go.buildinfo": build_info()})
RUST = elf({".dep-v0": audit([{"name": "smallvec", "version": "0.6.9", "root": True}])})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    made = Workshop(tmp_path)
    place(made.cache / "db", trivy_db(FACTS, details=DETAILS, sources=SOURCES), METADATA)
    return made


@pytest.mark.parametrize(
    ("program", "findings"),
    [pytest.param(GO, ["CVE-2026-0001"], id="Go"), pytest.param(RUST, ["CVE-2026-0002"], id="Rust")],
)
def test_an_image_from_scratch_with_a_readable_program_is_complete(
    shop: Workshop, program: bytes, findings: list[str]
) -> None:
    image = shop.image({"app": File(program, 0o755), "data": File(bytes(70_000), 0o755)})

    ended = shop.run("image", "--input", image, "--format", "json", "--require-complete")

    assert (ended.code, ended.findings) == (0, findings)
    assert ended.report["Coverage"]["Complete"] is True
    assert [result["Target"] for result in ended.report["Results"]] == ["app"]


def test_an_image_from_scratch_with_another_program_is_not(shop: Workshop) -> None:
    image = shop.image({"app": File(elf({".text": b"x"}), 0o755)})

    assert shop.run("image", "--input", image, "--require-complete").code == 3


def test_a_damaged_program_of_go_is_told(shop: Workshop) -> None:
    image = shop.image({"app": File(GO, 0o755), "broken": File(GO[:200] + MARK, 0o755)})

    ended = shop.run("image", "--input", image, "--format", "json", "--require-complete")

    assert ended.code == 3
    assert [(issue["Code"], issue.get("Path")) for issue in ended.report["Coverage"]["Issues"]] == [
        ("OS_UNKNOWN", None),
        ("FILE_MALFORMED", "broken"),
    ]


def test_a_program_that_is_not_executable_is_data(shop: Workshop) -> None:
    image = shop.image({"app": File(GO, 0o755), "copy": File(GO, 0o644), "copy.exe": File(GO, 0o644)})

    ended = shop.run("image", "--input", image, "--format", "json", "--list-all-pkgs")

    assert [result["Target"] for result in ended.report["Results"]] == ["app", "copy.exe"]
