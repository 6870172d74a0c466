"""Reports of the reference as bills of materials, and those read back: nothing that is matched may be lost."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.scans import rendered
from tests.support.schemas import schema_errors, without_schema

from assaymark.inventory.merge import merge_layers
from assaymark.inventory.sbom.described import read_sbom
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.package import Package
from assaymark.model.purl import find_purl
from assaymark.model.report import Scan
from assaymark.report.stored import read_stored_scan

SHARED = Path(__file__).parents[3].parent / "shared" / "parity"
CASES = SHARED / "cases.tar.xz"
FORMS = ("cyclonedx", "spdx-json", "spdx")
WITHOUT = pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not beside the repository")

Matched = tuple[str, str, str, str, str, str, str]


def recorded(start: str) -> Iterator[tuple[str, Scan]]:
    with tarfile.open(CASES, "r|xz") as archive:
        for member in archive:
            case = member.name.removeprefix("./").removeprefix("cases/").partition("/")[0]
            wanted = case.startswith(start) and not case.startswith("sbom-") and member.name.endswith("/trivy.json")
            stream = archive.extractfile(member) if wanted else None
            if stream is not None:
                yield case, read_stored_scan(stream.read(), limits=DEFAULT_LIMITS, what=case).scan


def matched(package: Package) -> Matched:
    """What findings of a package depend on; names of Maven and npm by their package URLs."""
    return (
        package.name,
        package.full_version,
        package.src_name,
        package.full_src_version,
        package.arch,
        package.file_path,
        package.layer.diff_id,
    )


def listed(scan: Scan) -> Counter[Matched]:
    """The packages that a bill can name: those of known kinds, with a package URL."""
    return Counter(
        matched(package)
        for result in scan.report.results
        for package in result.packages
        if package.version and _is_read(package.identifier.purl)
    )


def _is_read(text: str) -> bool:
    purl = find_purl(text)
    return (
        purl is not None
        and purl.type not in {"julia", "bottlerocket"}
        and (purl.type != "swift" or purl.namespace != "")
    )


def read_back(bill: bytes) -> Counter[Matched]:
    inventory = merge_layers([read_sbom(bill, limits=DEFAULT_LIMITS, what="bill").inventory])
    packages = [*inventory.packages, *(each for found in inventory.applications for each in found.packages)]
    return Counter(matched(package) for package in packages if package.version)


@pytest.mark.slow
@WITHOUT
@pytest.mark.parametrize("form", FORMS)
def test_every_package_comes_back(form: str) -> None:
    lost = {}
    for case, scan in recorded(""):
        difference = listed(scan) - read_back(rendered(scan, form))
        if difference:
            lost[case] = sorted(difference)[:3]
    assert lost == {}


@pytest.mark.slow
@WITHOUT
@pytest.mark.skipif(without_schema("cyclonedx-1.7"), reason="the schemas are not beside the repository")
def test_bills_of_every_image_keep_to_the_schemas() -> None:
    for case, scan in recorded("img-"):
        assert schema_errors(rendered(scan, "cyclonedx"), "cyclonedx-1.7") == [], case
        assert schema_errors(rendered(scan, "spdx-json"), "spdx-2.3") == [], case
