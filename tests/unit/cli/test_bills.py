"""Bills of materials as a user asks for them, and what scanning them finds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.support.workshop import ALPINE, FINDINGS, Ran, Workshop

FORMS = ("cyclonedx", "spdx", "spdx-json")
LISTING = "nothing is looked up"
FLASK = "usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA"
IMAGE = {**ALPINE, FLASK: "Metadata-Version: 2.1\nName: flask\nVersion: 0.12\n"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def found(ran: Ran) -> list[dict[str, Any]]:
    """What findings say, but for what an SBOM names otherwise: the target, and identifiers of one document."""
    own = ("PkgIdentifier", "Fingerprint", "PkgID")
    return [
        {name: value for name, value in finding.items() if name not in own}
        for result in ran.report["Results"]
        for finding in result.get("Vulnerabilities", ())
    ]


@pytest.mark.parametrize("form", FORMS)
def test_scanning_the_bill_of_an_image_finds_what_scanning_the_image_finds(shop: Workshop, form: str) -> None:
    image = shop.image(IMAGE)
    (shop.folder / "bill").write_text(shop.run("image", "--input", image, f"--format={form}").out)
    by_bill, by_image = (
        shop.run("sbom", "--format=json", "./bill"),
        shop.run("image", "--input", image, "--format=json"),
    )
    assert by_bill.findings == by_image.findings == [*FINDINGS, "CVE-2018-1000656"]
    assert found(by_bill) == found(by_image)


@pytest.mark.parametrize("form", FORMS)
def test_no_database_is_needed_and_that_is_told(shop: Workshop, form: str) -> None:
    shutil.rmtree(shop.cache / "db")
    ran = shop.run("image", "--input", shop.image(), f"--format={form}")
    assert (ran.code, LISTING in ran.err) == (0, True)
    assert "musl" in ran.out


def test_scanners_add_vulnerabilities(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=cyclonedx", "--scanners=vuln")
    assert sorted(each["id"] for each in json.loads(ran.out)["vulnerabilities"]) == sorted(FINDINGS)
    assert LISTING not in ran.err


def test_a_report_beside_the_bill_wants_findings(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "--format=cyclonedx", "--also=json=a.json")
    report = json.loads((shop.folder / "a.json").read_bytes())
    assert len(report["Results"][0]["Vulnerabilities"]) == len(json.loads(ran.out)["vulnerabilities"]) == len(FINDINGS)


def test_findings_that_nobody_looked_for_fail_nothing(shop: Workshop) -> None:
    assert shop.run("image", "--input", shop.image(), "--format=spdx", "--exit-code=5").code == 0


def test_a_system_without_advisories_is_listed_in_its_bill(shop: Workshop) -> None:
    status = "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\n\n"
    files = {"etc/os-release": "ID=devuan\nVERSION_ID=5\n", "var/lib/dpkg/status": status}
    ran = shop.run("image", "--input", shop.image(files), "--format=cyclonedx")
    assert "bash" in {each["name"] for each in json.loads(ran.out)["components"]}


@pytest.mark.parametrize("form", FORMS)
def test_extended_maintenance_and_a_supplier_come_back(shop: Workshop, form: str) -> None:
    status = "Package: bash\nStatus: install ok installed\nVersion: 5.0-6\nArchitecture: amd64\n\n"
    services = {"entitlements": {"esm-infra": {}}, "services": [{"name": "esm-infra", "status": "enabled"}]}
    files = {
        "etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\n",
        "var/lib/ubuntu-advantage/status.json": json.dumps(services),
        "usr/share/rapidfort/curated.json": "{}",
        "var/lib/dpkg/status": status,
    }
    image = shop.image(files)
    (shop.folder / "bill").write_text(shop.run("image", "--input", image, f"--format={form}").out)
    by_bill, by_image = (
        shop.run("sbom", "--format=json", "./bill"),
        shop.run("image", "--input", image, "--format=json"),
    )
    assert by_image.report["Metadata"]["OS"] == by_bill.report["Metadata"]["OS"]
    assert {name: by_image.report["Metadata"]["OS"][name] for name in ("extended", "Supplier")} == {
        "extended": True,
        "Supplier": "rapidfort",
    }


def test_a_folder_has_a_bill_too(shop: Workshop) -> None:
    tree = shop.tree({"requirements.txt": "flask==0.12\n"})
    document = json.loads(shop.run("fs", "--format=spdx-json", tree).out)
    assert [each["name"] for each in document["packages"]] == ["requirements.txt", "flask", tree]


def test_a_scanned_bill_in_cyclonedx_keeps_what_it_is(shop: Workshop) -> None:
    (shop.folder / "bill").write_text(shop.run("image", "--input", shop.image(), "--format=cyclonedx").out)
    ran = shop.run("sbom", "--format=cyclonedx", "--scanners=vuln", "./bill")
    before, after = json.loads((shop.folder / "bill").read_bytes()), json.loads(ran.out)
    assert after["components"] == before["components"]
    assert (after["serialNumber"], after["version"]) == (before["serialNumber"], 2)
    assert (before["vulnerabilities"], len(after["vulnerabilities"])) == ([], len(FINDINGS))
