"""How bad a vulnerability is, and where to read about it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.support.advisory_source import MemoryAdvisories

from assaymark.errors import LimitError
from assaymark.limits import Limits
from assaymark.matching.details import Filler, primary_url, select_severity
from assaymark.matching.driver import Match
from assaymark.model.advisory import Advisory, Cvss, DataSource, Severity, Status, Vulnerability
from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef, Package, PackageIdentifier

UNIT = "CVE-2026-1"
DEBIAN = DataSource(id="debian", name="Debian Security Tracker")


def rated(**severities: int) -> Vulnerability:
    return Vulnerability(vendor_severity=severities)


@pytest.mark.parametrize(
    ("name", "detail", "source", "wanted", "expected"),
    [
        pytest.param(UNIT, rated(debian=1, nvd=4), "debian", ("auto",), ("LOW", "debian"), id="the advisory's source"),
        pytest.param(UNIT, rated(debian=0, nvd=4), "debian", ("auto",), ("UNKNOWN", "debian"), id="even when unknown"),
        pytest.param(UNIT, rated(nvd=4), "debian", ("auto",), ("CRITICAL", "nvd"), id="else nvd"),
        pytest.param(UNIT, rated(ghsa=2, nvd=4), "glad", ("auto",), ("CRITICAL", "nvd"), id="not ghsa for a CVE"),
        pytest.param("GHSA-1", rated(ghsa=2, nvd=4), "glad", ("auto",), ("MEDIUM", "ghsa"), id="ghsa for its own"),
        pytest.param("GHSA-1", rated(nvd=4), "glad", ("auto",), ("CRITICAL", "nvd"), id="nvd behind ghsa"),
        pytest.param(UNIT, Vulnerability(severity="HIGH"), "x", ("auto",), ("HIGH", ""), id="the record's own"),
        pytest.param(
            UNIT,
            Vulnerability(severity="HIGH", vendor_severity={"nvd": 0}),
            "x",
            ("auto",),
            ("HIGH", ""),
            id="an unknown one of nvd counts as none",
        ),
        pytest.param(UNIT, Vulnerability(), "x", ("auto",), ("UNKNOWN", ""), id="nothing known"),
        pytest.param(UNIT, rated(debian=1, nvd=4), "debian", ("nvd",), ("CRITICAL", "nvd"), id="the user's source"),
        pytest.param(UNIT, rated(debian=1), "debian", ("nvd",), ("UNKNOWN", ""), id="the user's source is silent"),
        pytest.param(UNIT, rated(debian=1), "debian", ("nvd", "auto"), ("LOW", "debian"), id="then the automatic one"),
        pytest.param(UNIT, rated(nvd=9), "x", ("nvd",), ("UNKNOWN", "nvd"), id="a number that is no severity"),
    ],
)
def test_severities(
    name: str, detail: Vulnerability, source: str, wanted: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert select_severity(name, detail, source=source, wanted=wanted) == expected


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        pytest.param("CVE-2026-1", "debian", "https://avd.aquasec.com/nvd/cve-2026-1", id="CVE"),
        pytest.param("RUSTSEC-2026-1", "osv", "https://osv.dev/vulnerability/RUSTSEC-2026-1", id="RUSTSEC"),
        pytest.param("GHSA-aaaa", "ghsa", "https://github.com/advisories/GHSA-aaaa", id="GHSA"),
        pytest.param("TEMP-0-1", "debian", "https://security-tracker.debian.org/tracker/TEMP-0-1", id="TEMP"),
        pytest.param("DSA-1", "debian", "https://www.debian.org/security/1", id="the source's own page"),
        pytest.param("NSWG-1", "nodejs-security-wg", "https://hackerone.com/1", id="the second choice"),
        pytest.param("GO-1", "govulndb", "", id="no page"),
    ],
)
def test_primary_urls(name: str, source: str, expected: str) -> None:
    references = ("https://example.org", "https://hackerone.com/1", "https://www.debian.org/security/1")

    assert primary_url(name, references, source=source) == expected


PACKAGE = Package(
    id="libssl@1",
    name="libssl",
    version="1",
    identifier=PackageIdentifier(purl="pkg:deb/debian/libssl@1"),
    layer=LayerRef(diff_id="sha256:" + "a" * 64),
)
DETAIL = Vulnerability(
    title="a title",
    description="a description",
    cwe_ids=("CWE-1",),
    vendor_severity={"nvd": 3, "redhat": 2},
    cvss={"nvd": Cvss(v3_score=7)},
    references=("https://example.org",),
    published_date="2026-01-01T00:00:00Z",
    last_modified_date="2026-01-02T00:00:00Z",
)


def filled(match: Match, **details: Vulnerability) -> Finding:
    source = MemoryAdvisories({}, {name.replace("_", "-"): detail for name, detail in details.items()})
    return Filler(source, artifact_id="sha256:art", severity_sources=("auto",)).finding(match, target="x (debian 12)")


def test_a_finding_has_every_detail() -> None:
    said = Advisory(vulnerability_id=UNIT, data_source=DEBIAN, custom={"a": 1})

    finding = filled(Match(package=PACKAGE, advisory=said, installed="1", fixed="2", path="p"), CVE_2026_1=DETAIL)

    assert finding == Finding(
        vulnerability_id=UNIT,
        pkg_id="libssl@1",
        pkg_name="libssl",
        pkg_path="p",
        pkg_identifier=PACKAGE.identifier,
        installed_version="1",
        fixed_version="2",
        status="fixed",
        layer=PACKAGE.layer,
        severity_source="nvd",
        primary_url="https://avd.aquasec.com/nvd/cve-2026-1",
        data_source=DEBIAN,
        fingerprint="sha256:" + sha256(b"sha256:art:x (debian 12):libssl@1:CVE-2026-1").hexdigest(),
        custom={"a": 1},
        title="a title",
        description="a description",
        severity="HIGH",
        cwe_ids=("CWE-1",),
        vendor_severity={"nvd": 3, "redhat": 2},
        cvss={"nvd": Cvss(v3_score=7)},
        references=("https://example.org",),
        published_date="2026-01-01T00:00:00Z",
        last_modified_date="2026-01-02T00:00:00Z",
    )


def test_a_severity_for_the_package_wins_and_is_listed() -> None:
    said = Advisory(vulnerability_id=UNIT, data_source=DEBIAN)
    match = Match(
        package=PACKAGE, advisory=said, installed="1", fixed="", severity=Severity.LOW, severity_source="debian"
    )

    finding = filled(match, CVE_2026_1=DETAIL)

    assert (finding.severity, finding.severity_source) == ("LOW", "debian")
    assert list(finding.vendor_severity.items()) == [("debian", 1), ("nvd", 3), ("redhat", 2)]


@pytest.mark.parametrize(
    ("fixed", "status", "expected"),
    [
        pytest.param("2", Status.WILL_NOT_FIX, "fixed", id="a fixed version wins"),
        pytest.param("", Status.WILL_NOT_FIX, "will_not_fix", id="the advisory's status"),
        pytest.param("", Status.UNKNOWN, "affected", id="nothing known"),
    ],
)
def test_statuses(fixed: str, status: Status, expected: str) -> None:
    said = Advisory(vulnerability_id=UNIT)

    assert filled(Match(package=PACKAGE, advisory=said, installed="1", fixed=fixed, status=status)).status == expected


def test_a_rejected_vulnerability_keeps_what_the_advisory_said() -> None:
    said = Advisory(vulnerability_id=UNIT, data_source=DEBIAN)
    bare = filled(Match(package=PACKAGE, advisory=said, installed="1", fixed=""))
    preset = filled(
        Match(package=PACKAGE, advisory=said, installed="1", fixed="", severity=Severity.HIGH, severity_source="debian")
    )

    assert (bare.severity, bare.severity_source, bare.primary_url, bare.title) == ("UNKNOWN", "", "", "")
    assert (preset.severity, preset.severity_source, preset.primary_url) == ("HIGH", "debian", "")


def test_the_base_of_a_source_decides_about_severity_and_not_about_the_page() -> None:
    said = Advisory(vulnerability_id="ROOT-1", data_source=DataSource(id="rootio", base_id="debian"))
    detail = Vulnerability(vendor_severity={"debian": 2}, references=("https://www.debian.org/1",))

    finding = filled(Match(package=PACKAGE, advisory=said, installed="1", fixed=""), ROOT_1=detail)

    assert (finding.severity, finding.severity_source, finding.primary_url) == ("MEDIUM", "debian", "")


def test_findings_are_bounded() -> None:
    match = Match(package=PACKAGE, advisory=Advisory(vulnerability_id=UNIT), installed="1", fixed="")
    filler = Filler(MemoryAdvisories({}, {}), artifact_id="", severity_sources=("auto",), limits=Limits(findings=1))
    filler.finding(match, target="x")

    with pytest.raises(LimitError, match="more than 1 findings, at `x`"):
        filler.finding(match, target="x")
