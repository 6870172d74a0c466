"""Where our report differs from the reference's on purpose: one test for each line of `docs/parity.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.images import Folder, Link, build_image, build_index
from tests.support.workshop import ALPINE, FINDINGS, INSTALLED, Workshop, found_in

DATABASE = "lib/apk/db/installed"
STATUS = "var/lib/dpkg/status"
DEBIAN = {"etc/debian_version": "12.3\n"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def scan(shop: Workshop, *layers: Any, flags: tuple[str, ...] = ()) -> Any:
    return shop.run("image", "--input", shop.image(*layers), "--format=json", "-q", *flags).report


def names(report: Any) -> list[str]:
    return [package["Name"] for result in report["Results"] for package in result["Packages"]]


@pytest.mark.parametrize("hard", [True, False], ids=["a hard link", "a symbolic link"])
def test_a_package_database_behind_a_link_is_read(shop: Workshop, hard: bool) -> None:
    target = "data/installed" if hard else "../../../data/installed"
    layer = {"etc/alpine-release": "3.10.9\n", "data/installed": INSTALLED, DATABASE: Link(target, hard=hard)}

    assert found_in(scan(shop, layer)) == FINDINGS


def test_lines_beyond_64_kib_do_not_end_an_apk_database(shop: Workshop) -> None:
    long = INSTALLED.replace("P:musl", f"T:{'x' * 70_000}\nP:musl")

    assert found_in(scan(shop, {**ALPINE, DATABASE: long})) == FINDINGS


def test_paragraphs_beyond_128_kib_do_not_end_a_dpkg_database(shop: Workshop) -> None:
    lines = "\n".join(f" {'x' * 1_000}" for _ in range(150))
    status = f"Package: a\nVersion: 1\nDescription: a\n{lines}\n\nPackage: b\nVersion: 1\n\n"

    assert names(scan(shop, {**DEBIAN, STATUS: status})) == ["a", "b"]


def test_several_empty_lines_between_dpkg_paragraphs_lose_no_package(shop: Workshop) -> None:
    status = "Package: a\nVersion: 1\n\n\n\nPackage: b\nVersion: 1\n\n"

    assert names(scan(shop, {**DEBIAN, STATUS: status})) == ["a", "b"]


def test_an_opaque_root_hides_everything_below(shop: Workshop) -> None:
    status = "Package: a\nVersion: 1\n\n"

    report = scan(shop, ALPINE, [("./", Folder()), (".wh..wh..opq", ""), *DEBIAN.items(), (STATUS, status)])

    assert names(report) == ["a"]


def test_a_layout_is_read_for_the_platform_that_was_asked_for(shop: Workshop) -> None:
    index = build_index([build_image([ALPINE]), build_image([{}], platform="linux/arm64")])
    layout = str(index.save_layout(shop.folder / "multi"))

    ran = shop.run("image", "--input", layout, "--platform=linux/arm64", "--format=json", "-q")

    assert ran.report["Metadata"]["ImageConfig"]["architecture"] == "arm64"


def test_a_tar_of_a_layout_is_read(shop: Workshop) -> None:
    path = build_image([ALPINE]).save_layout_tar(shop.folder / "layout.tar")

    assert shop.run("image", "--input", str(path), "--format=json").findings == FINDINGS


def test_layer_digests_do_not_depend_on_what_was_scanned_before(shop: Workshop) -> None:
    """The reference's cache gives a layer the digest of the archive in which it saw the layer first."""
    built = build_image([ALPINE])
    packed, plain = (
        str(built.save_docker(shop.folder / name, tags=["a:1"], compress_layers=packed))
        for name, packed in (("packed.tar", True), ("plain.tar", False))
    )

    digests = [
        shop.run("image", "--input", path, "--format=json").report["Metadata"]["Layers"][0].get("Digest")
        for path in (packed, plain, packed)
    ]

    assert digests == [built.layers[0].descriptor.digest, None, built.layers[0].descriptor.digest]


def test_long_lines_do_not_end_an_ignore_file(shop: Workshop) -> None:
    (shop.folder / ".trivyignore").write_text(f"# {'x' * 70_000}\nCVE-2020-28928\n")

    assert found_in(scan(shop, ALPINE)) == ["CVE-2019-14697", "CVE-2018-25032"]


def test_suppressed_findings_have_an_order(shop: Workshop) -> None:
    (shop.folder / ".trivyignore").write_text("\n".join(FINDINGS))

    (result,) = scan(shop, ALPINE, flags=("--show-suppressed",))["Results"]

    assert [each["Finding"]["VulnerabilityID"] for each in result["ExperimentalModifiedFindings"]] == FINDINGS


def test_two_keys_are_ours(shop: Workshop) -> None:
    report = scan(shop, ALPINE)

    assert "Trivy" not in report
    assert report["Scanner"]["Name"] == "assaymark"
    assert report["Coverage"] == {"Complete": True}


def test_the_blank_record_keeps_the_two_keys(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=cosign-vuln", "--blank-record")

    assert {"Scanner", "Coverage"} <= set(ran.report["scanner"]["result"])
