"""CycloneDX VEX: links into the SBOM that is scanned, and package URLs by the lenient rules."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.support.vex import SHARED, SSL, judged, reasons, shop, taken_out

from assaymark.matching.vex.graph import Subject
from assaymark.model.package import PackageIdentifier
from assaymark.model.report import Report

SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"
SUBJECT = Subject(serial=f"urn:uuid:{SERIAL}", version=2)


def said(*refs: str, state: str = "not_affected", name: str = "CVE-2026-1000") -> dict[str, Any]:
    return {
        "id": name,
        "analysis": {"state": state, "justification": "code_not_reachable"},
        "affects": [{"ref": ref} for ref in refs],
    }


def vex(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": list(entries)}).encode()


def link(reference: str, *, serial: str = SERIAL, version: int = 2) -> str:
    return f"urn:cdx:{serial}/{version}#{reference}"


def bill() -> Report:
    """The report of an SBOM in which `libssl1.1` is called `ssl`."""
    report = shop(artifact_type="cyclonedx")
    system = report.results[0]
    named = PackageIdentifier(purl=SSL, uid="uid of libssl1.1", bom_ref="ssl")
    packages = (system.packages[0], msgspec.structs.replace(system.packages[1], identifier=named))
    return msgspec.structs.replace(
        report, results=(msgspec.structs.replace(system, packages=packages), *report.results[1:])
    )


GONE = ["libssl1.1 | not_affected | code_not_reachable | CycloneDX VEX"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(said(link("ssl")), GONE, id="a component by its name in the SBOM"),
        pytest.param(said(link(SSL.replace("&", "%26"))), GONE, id="a component by its package URL"),
        pytest.param(said(link("pkg:apk/alpine/libssl1.1")), [], id="a package URL without the version"),
        pytest.param(said(link("ssl", version=1)), [], id="another version of the SBOM"),
        pytest.param(said(link("ssl", serial=SERIAL.replace("3", "4"))), [], id="another SBOM"),
        pytest.param(said(link("")), [], id="the SBOM as a whole"),
        pytest.param(said("ssl"), [], id="no link"),
        pytest.param(said(link("ssl"), state="false_positive"), GONE, id="a false positive"),
        pytest.param(
            said(link("ssl"), state="resolved"),
            ["libssl1.1 | fixed | code_not_reachable | CycloneDX VEX"],
            id="resolved",
        ),
        pytest.param(said(link("ssl"), state="exploitable"), [], id="exploitable"),
        pytest.param(said(link("ssl"), state="in_triage"), [], id="being looked at"),
        pytest.param({"id": "CVE-2026-1000", "affects": [{"ref": link("ssl")}]}, [], id="without an analysis"),
        pytest.param(
            said(SSL),
            [f"{GONE[0]} (matched by purl)"],
            id="a bare package URL",
        ),
    ],
)
def test_a_link_leads_to_a_component_of_the_sbom(entry: dict[str, Any], expected: list[str]) -> None:
    assert taken_out(judged(vex(entry), report=bill(), subject=SUBJECT)) == expected


def test_a_link_into_an_sbom_says_nothing_of_anything_else() -> None:
    report = judged(vex(said(link(SSL.replace("&", "%26")))))

    assert taken_out(report) == []


def test_the_last_entry_of_a_vulnerability_counts() -> None:
    report = judged(vex(said(link("ssl")), said(link(SHARED), state="resolved")), report=bill(), subject=SUBJECT)

    assert taken_out(report) == ["shared | fixed | code_not_reachable | CycloneDX VEX"]
    assert reasons(report) == [
        "CVE-2026-1000 not_affected 0 -: a later entry of the document counts for `CVE-2026-1000`",
        "CVE-2026-1000 fixed 1 -: ",
    ]
