"""`image` as a user runs it: sources, formats, filters, coverage and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.images import build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, FINDINGS, INSTALLED, OUT_OF_SUPPORT, Workshop, found_in

from assaymark.model.descriptor import OCI_INDEX

PACMAN = "var/lib/pacman/local/bash-5.2-1/desc"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def test_an_archive_gives_the_whole_report(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format", "json")

    assert (ran.code, ran.err, ran.findings) == (0, OUT_OF_SUPPORT, FINDINGS)
    assert ran.report["ArtifactName"] == str(shop.folder / "image.tar")
    assert ran.report["CreatedAt"] == "2026-11-21T12:00:00Z"
    assert ran.report["Metadata"]["OS"] == {"Family": "alpine", "Name": "3.10.9", "EOSL": True}
    assert ran.report["Coverage"] == {"Complete": True}


def test_identical_runs_differ_in_nothing_but_the_report_id(shop: Workshop) -> None:
    arguments = ("image", "--input", shop.image(), "--format", "json")

    first, second = (shop.run(*arguments).report for _ in range(2))

    assert first.pop("ReportID") != second.pop("ReportID")
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param(("--severity", "CRITICAL"), ["CVE-2019-14697"], id="a severity"),
        pytest.param(("-s", "HIGH,MEDIUM"), ["CVE-2020-28928", "CVE-2018-25032"], id="two severities"),
        pytest.param(("--ignore-unfixed",), ["CVE-2019-14697", "CVE-2020-28928"], id="what has a fix"),
        pytest.param(("--ignore-status", "fixed"), ["CVE-2018-25032"], id="a status"),
        pytest.param(("--pkg-types", "library"), [], id="libraries alone"),
        pytest.param(("--pkg-types", "os"), FINDINGS, id="the system alone"),
        pytest.param(("--pkg-relationships", "direct"), [], id="a relationship that no system package has"),
        pytest.param(("--ignorefile", "known"), ["CVE-2019-14697", "CVE-2018-25032"], id="an ignore file"),
        pytest.param(("--skip-files", "lib/apk/db/installed"), [], id="a skipped file"),
        pytest.param(("--skip-dirs", "lib/**"), FINDINGS, id="a folder without a header is not skipped"),
    ],
)
def test_filters(shop: Workshop, flags: tuple[str, ...], expected: list[str]) -> None:
    (shop.folder / "known").write_text("CVE-2020-28928\n")

    assert shop.run("image", "--input", shop.image(), "--format=json", *flags).findings == expected


def test_the_release_stands_in_the_report_of_libraries_alone(shop: Workshop) -> None:
    report = shop.run("image", "--input", shop.image(), "--format=json", "--pkg-types=library").report

    assert report["Metadata"]["OS"] == {"Family": "alpine", "Name": "3.10.9"}
    assert report["Coverage"] == {"Complete": True}


def test_suppressed_findings_are_shown_when_asked_for(shop: Workshop) -> None:
    (shop.folder / ".trivyignore.yaml").write_text(
        "vulnerabilities:\n  - id: CVE-2020-28928\n    statement: not reachable\n"
    )
    flags = ("image", "--input", shop.image(), "--format=json", "--ignorefile=.trivyignore.yaml")

    assert "ExperimentalModifiedFindings" not in shop.run(*flags).report["Results"][0]
    (modified,) = shop.run(*flags, "--show-suppressed").report["Results"][0]["ExperimentalModifiedFindings"]
    assert (modified["Statement"], modified["Source"]) == ("not reachable", ".trivyignore.yaml")


def test_packages_can_be_left_out(shop: Workshop) -> None:
    arguments = ("image", "--input", shop.image(), "--format=json")

    assert len(shop.run(*arguments).report["Results"][0]["Packages"]) == 2
    assert "Packages" not in shop.run(*arguments, "--list-all-pkgs=false").report["Results"][0]


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        pytest.param((), 0, id="findings alone do not fail"),
        pytest.param(("--exit-code", "7"), 7, id="findings"),
        pytest.param(("--exit-code", "7", "--severity", "LOW"), 0, id="no findings left"),
        pytest.param(("--exit-on-eol", "8"), 8, id="the end of life"),
        pytest.param(("--exit-code", "7", "--exit-on-eol", "8"), 8, id="the end of life comes first"),
        pytest.param(("--require-complete",), 0, id="complete"),
        pytest.param(("--require-complete", "--exit-code", "7"), 7, id="complete with findings"),
    ],
)
def test_exit_codes(shop: Workshop, flags: tuple[str, ...], code: int) -> None:
    assert shop.run("image", "--input", shop.image(), *flags).code == code


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        pytest.param({}, "no operating system was recognised", id="nothing at all"),
        pytest.param(
            {"etc/os-release": "ID=foo\nVERSION_ID=1\n"}, "`foo 1` is no operating system", id="an unknown system"
        ),
        pytest.param(
            {"etc/os-release": "ID=fedora\nVERSION_ID=42\n"},
            "packages of `fedora 42` are neither matched nor listed",
            id="a system whose advisories nobody knows",
        ),
        pytest.param({"etc/alpine-release": "3.10.9\n"}, "no packages of `alpine 3.10.9`", id="no package database"),
        pytest.param({"lib/apk/db/installed": INSTALLED}, "2 packages of an unknown operating system", id="no release"),
        pytest.param(
            {**ALPINE, "etc/alpine-release": "9.9.9\n"}, "no advisories `alpine 9.9`", id="a release nobody knows"
        ),
        pytest.param({**ALPINE, PACMAN: "%NAME%"}, "files of known kinds were not read", id="a kind nobody reads"),
        pytest.param(
            {**ALPINE, "lib/apk/db/installed": INSTALLED + "P:odd\nV:1.0-r1_x\n\n"}, "`odd`", id="an odd version"
        ),
    ],
)
def test_a_blind_scan_says_so_everywhere(shop: Workshop, layer: dict[str, str], reason: str) -> None:
    path = shop.image(layer)

    table = shop.run("image", "--input", path)
    required = shop.run("image", "--input", path, "--require-complete", "--format", "json")

    assert (table.code, "INCOMPLETE" in table.out, "warning: " in table.err) == (0, True, True)
    assert (required.code, required.report["Coverage"]["Complete"]) == (3, False)
    assert "error [INCOMPLETE]: the scan is incomplete" in required.err
    assert reason in required.err


def test_what_makes_the_scan_blind_is_told_before_odd_versions(shop: Workshop) -> None:
    path = shop.image({"lib/apk/db/installed": INSTALLED + "P:odd\nV:1.0-r1_x\n\n"})

    ran = shop.run("image", "--input", path, "--format=json")

    codes = [issue["Code"] for issue in ran.report["Coverage"]["Issues"]]
    assert codes == ["OS_UNKNOWN", "VERSION_UNPARSABLE"]


def test_what_a_layer_above_deletes_is_not_missed(shop: Workshop) -> None:
    path = shop.image({**ALPINE, PACMAN: "%NAME%"}, {"var/lib/pacman/.wh.local": ""})

    assert shop.run("image", "--input", path, "--require-complete").code == 0


def test_a_terminal_is_told_once(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image({}), terminal=True, NO_COLOR="1")

    assert ran.out.count("no operating system was recognised") == 1
    assert "no operating system" not in ran.err


def test_a_report_in_a_file_leaves_stdout_empty(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=json", "--output=report.json")

    assert (ran.code, ran.out) == (0, "")
    assert found_in(json.loads((shop.folder / "report.json").read_bytes())) == FINDINGS


def test_every_flag_can_be_a_variable(shop: Workshop) -> None:
    ran = shop.run(
        "image",
        TRIVY_INPUT=shop.image(),
        TRIVY_FORMAT="json",
        TRIVY_SEVERITY="CRITICAL",
        TRIVY_EXIT_CODE="5",
        TRIVY_QUIET="true",
        ASSAYMARK_OUTPUT="out.json",
    )

    assert (ran.code, ran.out, ran.err) == (5, "", "")
    assert found_in(json.loads((shop.folder / "out.json").read_bytes())) == ["CVE-2019-14697"]


def test_the_record_says_what_variables_asked_for(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=cosign-vuln", TRIVY_IGNORE_UNFIXED="1", TRIVY_QUIET="1")

    assert ran.report["invocation"]["parameters"]["flags"] == {
        "format": "cosign-vuln",
        "ignore-unfixed": True,
        "input": str(shop.folder / "image.tar"),
        "offline": True,
    }
    assert ran.report["scanner"]["uri"].startswith("pkg:pypi/assaymark@")


def test_the_blank_record_has_no_provenance(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=cosign-vuln", "--blank-record", GITHUB_ACTIONS="true")

    assert ran.report["invocation"] == {"parameters": None, "uri": "", "event_id": "", "builder.id": ""}
    assert ran.report["scanner"]["db"] == {"uri": "", "version": ""}
    assert ran.report["metadata"]["scanStartedOn"] == ran.report["metadata"]["scanFinishedOn"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param((), 2, "give one image", id="no image"),
        pytest.param(("a", "--input", "b"), 2, "give one image", id="two images"),
        pytest.param(("Bad::name",), 2, "`Bad::name` is not an image reference", id="no reference"),
        pytest.param(("a", "--platform", "a/b/c/d"), 2, "`a/b/c/d` is not a platform", id="no platform"),
        pytest.param(("a", "--format", "pdf"), 2, "invalid argument `pdf` for `--format`", id="no format"),
        pytest.param(("a", "--scanners", "vuln,secret"), 2, "assaymark finds vulnerabilities only", id="a scanner"),
        pytest.param(("a", "--image-src", "cloud"), 2, "`cloud` is not an image source", id="no source"),
        pytest.param(("a", "--file-patterns", "pip"), 2, "`pip` is not a file pattern", id="no file pattern"),
        pytest.param(("a", "--max-image-size", "big"), 2, "big", id="no size"),
        pytest.param(("a", "--exit-cod", "1"), 2, "unknown argument `--exit-cod`", id="an abbreviated flag"),
        pytest.param(("a", "--attest"), 6, "there is no terminal to ask", id="attesting without a key or a yes"),
        pytest.param(("--input", "none.tar"), 9, "cannot read `none.tar`", id="no file"),
        pytest.param(("--input", "."), 8, "is neither a docker archive nor an OCI image layout", id="a folder"),
        pytest.param(("a", "--image-src", "remote"), 5, "`--offline` forbids every connection", id="a network"),
        pytest.param(
            ("--input", "x", "--output", "no/where"), 9, "cannot write `no/where`", id="the report's place comes first"
        ),
    ],
)
def test_what_cannot_be_done(shop: Workshop, arguments: tuple[str, ...], code: int, message: str) -> None:
    ran = shop.run("image", *arguments)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_usage_comes_before_the_database(shop: Workshop) -> None:
    (shop.cache / "db/trivy.db").unlink()

    assert shop.run("image").code == 2
    assert shop.run("image", "alpine").code == 4


def test_an_output_that_cannot_be_written(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--output", "no/where.json")

    assert (ran.code, ran.err) == (9, "error: cannot write `no/where.json`: no such file or directory\n")


def test_an_image_that_is_too_large(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--max-image-size", "1KB")

    assert ran.code == 8
    assert "exceeds maximum allowed size 1kB" in ran.err


@pytest.mark.parametrize(("epoch", "code"), [("1795262400", 0), ("", 0), ("yesterday", 2), ("-1", 2), ("9" * 12, 2)])
def test_the_date_of_the_environment(shop: Workshop, epoch: str, code: int) -> None:
    assert shop.run("image", "--input", shop.image(), "-q", SOURCE_DATE_EPOCH=epoch).code == code


def test_a_configuration_file_that_is_read_is_told(shop: Workshop) -> None:
    (shop.folder / "trivy.yaml").write_text("severity: [LOW]\n")

    assert "settings come from `trivy.yaml`, too" in shop.run("image", "--input", shop.image()).err


@pytest.mark.parametrize(
    ("backend", "kept"), [pytest.param("fs", True, id="a folder"), pytest.param("memory", False, id="nowhere")]
)
def test_where_layers_are_remembered(shop: Workshop, backend: str, kept: bool) -> None:
    layout = shop.layout(build_image([ALPINE]))

    assert shop.run("image", "--input", layout, "--cache-backend", backend).code == 0
    assert any((shop.cache / "assaymark").rglob("layers/*")) is kept


def test_layouts_take_the_platform_that_was_asked_for(shop: Workshop) -> None:
    index = build_index([build_image([ALPINE]), build_image([{}], platform="linux/arm64")])
    layout = str(index.save_layout(shop.folder / "multi", ref="1"))

    found = {
        platform: shop.run("image", "--input", layout, "--format=json", "-q", *flags).findings
        for platform, flags in {"": (), "arm": ("--platform", "linux/arm64")}.items()
    }

    assert found == {"": FINDINGS, "arm": []}


def registry_run(shop: Workshop, reference: str, *flags: str) -> Any:
    """As `Workshop.run`, with the network."""
    return shop.run("image", "--offline=false", "--skip-db-update", "--image-src=remote", reference, *flags)


def test_a_registry_and_its_platforms(shop: Workshop) -> None:
    index = build_index([build_image([ALPINE]), build_image([{}], platform="linux/arm64")])
    with MemoryRegistry() as registry:
        for data in index.blobs.values():
            registry.put_blob("a/b", data)
            registry.put_manifest("a/b", data)
        registry.put_manifest("a/b", index.images[0].manifest, tag="one")
        registry.put_manifest("a/b", index.data, media_type=OCI_INDEX, tag="many")
        one, many = f"{registry.host}/a/b:one", f"{registry.host}/a/b:many"
        other = registry_run(shop, one, "--platform", "linux/arm64")
        same = registry_run(shop, one, "--platform", "linux/amd64", "--format=json")
        arm = registry_run(shop, many, "--platform", "linux/arm64", "--format=json", "-q")
        missing = registry_run(shop, many, "--platform", "linux/s390x")
        unknown = registry_run(shop, f"{registry.host}/a/b:none")

    assert (other.code, f"`{one}` is for linux/amd64 alone, not for linux/arm64" in other.err) == (0, True)
    assert (same.findings, same.err, same.report["Metadata"]["RepoTags"]) == (FINDINGS, OUT_OF_SUPPORT, [one])
    assert arm.findings == []
    assert (missing.code, "can be linux/amd64, linux/arm64" in missing.err) == (8, True)
    assert (unknown.code, "does not exist" in unknown.err) == (5, True)
