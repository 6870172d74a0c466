"""`sbom` as a user runs it, and SBOM files inside what other commands scan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.boms import DIGEST, FLASK, MUSL, SMALL, bom, component
from tests.support.workshop import ALPINE, Ran, Workshop

FINDING = "CVE-2020-28928"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def scan(shop: Workshop, document: Any, *flags: str, form: str = "json") -> Ran:
    (shop.folder / "bom.json").write_text(json.dumps(document))
    return shop.run("sbom", f"--format={form}", *flags, "./bom.json")


def issues(ran: Ran) -> list[str]:
    return [issue["Message"] for issue in ran.report["Coverage"].get("Issues", ())]


def test_an_image_by_its_sbom(shop: Workshop) -> None:
    ran = scan(shop, SMALL)

    assert (ran.code, ran.findings) == (0, [FINDING, "CVE-2018-1000656"])
    assert "ArtifactID" not in ran.report
    assert (ran.report["ArtifactName"], ran.report["ArtifactType"]) == ("bom.json", "cyclonedx")
    assert ran.report["Metadata"] == {
        "OS": {"Family": "alpine", "Name": "3.10.9", "EOSL": True},
        "ImageID": "sha256:cc",
        "DiffIDs": ["sha256:aa", "sha256:bb"],
        "RepoTags": ["app:1"],
        "RepoDigests": [DIGEST],
        "Reference": "app:1",
    }
    assert [(each["Target"], each["Type"]) for each in ran.report["Results"]] == [
        ("bom.json (alpine 3.10.9)", "alpine"),
        ("", "cocoapods"),
        ("Python", "python-pkg"),
    ]


def test_a_finding_carries_what_the_sbom_states(shop: Workshop) -> None:
    found = scan(shop, SMALL).report["Results"][0]["Vulnerabilities"][0]

    assert {key: found[key] for key in ("PkgID", "PkgIdentifier", "InstalledVersion", "FixedVersion", "Layer")} == {
        "PkgID": "musl@1.1.22-r3",
        "PkgIdentifier": {
            "PURL": "pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=3.10.9",
            "UID": "4e7043c0e349933b",
            "BOMRef": "p1",
        },
        "InstalledVersion": "1.1.22-r3",
        "FixedVersion": "1.1.22-r4",
        "Layer": {"Digest": "sha256:dd", "DiffID": "sha256:bb"},
    }


def test_a_document_without_facts_has_no_metadata(shop: Workshop) -> None:
    assert "Metadata" not in scan(shop, bom(FLASK)).report


@pytest.mark.parametrize(
    ("document", "complete", "said"),
    [
        pytest.param(bom(FLASK), True, [], id="packages of a known kind"),
        pytest.param(
            bom(), False, ["the SBOM lists no packages that can be matched (0 components)"], id="nothing at all"
        ),
        pytest.param(
            bom(FLASK, component("x", "1", "pkg:generic/x@1", ref="x")),
            False,
            ["1 package URLs are of types that are not matched: `pkg:generic/x@1`"],
            id="a type that nobody matches",
        ),
        pytest.param(
            bom(FLASK, metadata={"component": {"type": "container", "name": "scratch"}}),
            True,
            ["no operating system was recognised, so no system packages were matched"],
            id="an image without a system",
        ),
        pytest.param(
            bom(MUSL), False, ["1 packages of an unknown operating system were not matched"], id="a system unnamed"
        ),
        pytest.param(
            bom(FLASK, {"type": "operating-system", "name": "alpine", "version": "3.10.9"}),
            False,
            ["no packages of `alpine 3.10.9` were found: its package database may have been deleted"],
            id="a system without packages",
        ),
        pytest.param(
            bom(MUSL, {"type": "operating-system", "name": "debian", "version": "12"}),
            False,
            [
                "no packages of `debian 12` were found: its package database may have been deleted",
                "the database has no advisories `debian 12` for `debian 12`",
                "1 packages that an SBOM states are of `alpine` and not of `debian`",
            ],
            id="packages of another system",
        ),
    ],
)
def test_what_could_not_be_matched_is_said(shop: Workshop, document: Any, complete: bool, said: list[str]) -> None:
    ran = scan(shop, document)

    assert (ran.code, ran.report["Coverage"]["Complete"], issues(ran)) == (0, complete, said)
    assert scan(shop, document, "--require-complete").code == (0 if complete else 3)


@pytest.mark.parametrize(
    ("flags", "code", "findings"),
    [
        pytest.param(("--pkg-types=os",), 0, [FINDING], id="the system alone"),
        pytest.param(("--pkg-types=library",), 0, ["CVE-2018-1000656"], id="libraries alone"),
        pytest.param(("--severity=HIGH",), 0, ["CVE-2018-1000656"], id="a severity"),
        pytest.param(("--exit-code=4",), 4, [FINDING, "CVE-2018-1000656"], id="an exit code"),
        pytest.param(("--exit-on-eol=5",), 5, [FINDING, "CVE-2018-1000656"], id="a system out of support"),
        pytest.param(("--detection-priority=comprehensive",), 0, [FINDING, "CVE-2018-1000656"], id="a priority"),
        pytest.param(("--file-patterns=pip:x", "--offline-scan"), 0, [FINDING, "CVE-2018-1000656"], id="no files"),
    ],
)
def test_flags(shop: Workshop, flags: tuple[str, ...], code: int, findings: list[str]) -> None:
    ran = scan(shop, SMALL, *flags)

    assert (ran.code, ran.findings) == (code, findings)


def test_the_table_and_the_record(shop: Workshop) -> None:
    table = scan(shop, SMALL, form="table")
    record = scan(shop, SMALL, form="cosign-vuln")

    assert "CycloneDX SBOM" in table.out
    assert FINDING in table.out
    assert json.loads(record.out)["scanner"]["result"]["ArtifactType"] == "cyclonedx"
    assert json.loads(record.out)["invocation"]["parameters"]["command"] == "sbom"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        pytest.param("<bom xmlns='http://cyclonedx.org/schema/bom/9'/>", 8, "CycloneDX `9`", id="a later XML"),
        pytest.param("SPDXVersion: SPDX-9", 8, "SPDX `SPDX-9`", id="a later tag-value"),
        pytest.param('{"spdxVersion": "SPDX-9"}', 8, "SPDX `SPDX-9`", id="a later SPDX"),
        pytest.param('{"payloadType": "x"}', 8, "an envelope of `x`, not of a statement", id="another envelope"),
        pytest.param('{"bomFormat": "CycloneDX", "specVersion": "9"}', 8, "CycloneDX `9`", id="a later version"),
        pytest.param("hello", 8, "no SBOM that is known", id="something else"),
    ],
)
def test_what_is_refused(shop: Workshop, content: str, code: int, message: str) -> None:
    (shop.folder / "a.file").write_text(content)

    ran = shop.run("sbom", "a.file")

    assert ran.code == code
    assert message in ran.err
    assert "hint: " in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param((), 2, "no SBOM to scan", id="no file"),
        pytest.param(("-",), 2, "/dev/stdin", id="a dash"),
        pytest.param(("missing.json",), 9, "there is no file `missing.json`", id="a missing file"),
        pytest.param(("--format=nonsense", "x"), 2, "nonsense", id="a format that is none"),
        pytest.param(("--skip-dirs=x", "x"), 2, "--skip-dirs", id="folders, where there are none"),
    ],
)
def test_mistakes(shop: Workshop, arguments: tuple[str, ...], code: int, message: str) -> None:
    ran = shop.run("sbom", *arguments)

    assert ran.code == code
    assert message in ran.err


def test_an_sbom_inside_an_image(shop: Workshop) -> None:
    image = shop.image({**ALPINE, "opt/app/app.cdx.json": json.dumps(bom(MUSL, FLASK))})

    ran = shop.run("image", "--format=json", "--input", image)

    assert ran.findings == ["CVE-2019-14697", FINDING, FINDING, "CVE-2018-25032", "CVE-2018-1000656"]
    assert ran.report["Results"][1]["Packages"][0]["AnalyzedBy"] == "sbom"


def test_an_sbom_in_a_source_tree_is_nobodys(shop: Workshop) -> None:
    tree = shop.tree({"app.cdx.json": json.dumps(bom(FLASK))})

    assert shop.run("fs", "--format=json", tree).findings == []
    assert shop.run("rootfs", "--format=json", tree).findings == ["CVE-2018-1000656"]
