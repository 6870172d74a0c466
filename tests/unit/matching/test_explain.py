from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.support.advisory_source import MemoryAdvisories
from tests.support.scans import a_report

from assaymark.matching.detect import detect
from assaymark.matching.explain import Watched, explain
from assaymark.matching.filters import FilterOptions
from assaymark.matching.ignorefile import parse_ignore_file
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import Advisory, AdvisoryEntry, DataSource, RatedCve, Status, Vulnerability
from assaymark.model.explanation import ExplainedPackage, Explanation, Grounds, Verdict
from assaymark.model.inventory import Application, Inventory, OperatingSystem
from assaymark.model.issue import Coverage
from assaymark.model.package import BuildInfo, LayerRef, Package, PackageIdentifier

NOW = datetime(2026, 8, 15, tzinfo=UTC)
SECDB = DataSource(id="alpine", name="Alpine Secdb", url="https://secdb.alpinelinux.org/")
GHSA = DataSource(id="ghsa", name="GitHub Security Advisory npm")
SSL = Package(
    id="libssl3@3.1.7-r0",
    name="libssl3",
    version="3.1.7-r0",
    src_name="openssl",
    src_version="3.1.7-r0",
    identifier=PackageIdentifier(uid="1"),
    layer=LayerRef(diff_id="sha256:aa"),
)
OLD = replace(SSL, id="libcrypto3@3.1.8-r0", name="libcrypto3", version="3.1.8-r0", src_version="3.1.8-r0")
CVE = "CVE-2024-9143"
EVERYTHING = FilterOptions()
ALPINE = OperatingSystem(family="alpine", name="3.18.9")


def a_database(**packages: list[Advisory]) -> MemoryAdvisories:
    return MemoryAdvisories(
        {
            "alpine 3.18": {"openssl": [Advisory(vulnerability_id=CVE, fixed_version="3.1.7-r1", data_source=SECDB)]},
            "npm::GitHub Security Advisory npm": packages,
            "npm::Other": {},
        },
        {CVE: Vulnerability(title="openssl: a write out of bounds", severity="LOW", vendor_severity={"nvd": 1})},
    )


def explained(
    name: str,
    source: MemoryAdvisories,
    *,
    packages: tuple[Package, ...] = (),
    applications: tuple[Application, ...] = (),
    filters: FilterOptions = EVERYTHING,
    system: OperatingSystem = ALPINE,
) -> Explanation:
    watched = Watched(source, [name])
    detection = detect(
        Inventory(os=system if packages else None, packages=packages, applications=applications),
        artifact_name="app",
        artifact_id="",
        source=watched,
        today=NOW,
        options=MatchOptions(),
    )
    coverage = Coverage(complete=False, issues=detection.issues)
    report = replace(a_report(coverage=coverage), results=detection.results)
    return explain(name, report, watched, filters)


def lock(*packages: Package) -> Application:
    return Application(path="package-lock.json", type="npm", packages=packages)


def verdicts(explanation: Explanation) -> list[tuple[str, Verdict, str]]:
    return [(each.name, each.verdict, each.reason) for each in explanation.packages]


def test_a_listed_package_with_its_advisory_bucket_and_range() -> None:
    explanation = explained(CVE, a_database(), packages=(SSL,))
    (package,) = explanation.packages
    assert package.finding is not None
    assert replace(explanation, packages=(replace(package, finding=None),)) == Explanation(
        asked=CVE,
        names=(CVE,),
        known=True,
        title="openssl: a write out of bounds",
        severity="LOW",
        packages=(
            ExplainedPackage(
                name="libssl3",
                version="3.1.7-r0",
                compared="3.1.7-r0",
                target="app (alpine 3.18.9)",
                type="alpine",
                layer=SSL.layer,
                verdict=Verdict.LISTED,
                reason="3.1.7-r0 is vulnerable, and the fix is 3.1.7-r1",
                grounds=(
                    Grounds(
                        bucket="alpine 3.18",
                        asked="openssl",
                        advisory=CVE,
                        affected="before 3.1.7-r1",
                        fixed="3.1.7-r1",
                        source=SECDB,
                    ),
                ),
            ),
        ),
        sources=("alpine 3.18",),
    )


def test_a_package_that_is_not_affected_is_told_beside_one_that_is() -> None:
    assert verdicts(explained(CVE.lower(), a_database(), packages=(OLD, SSL))) == [
        ("libssl3", Verdict.LISTED, "3.1.7-r0 is vulnerable, and the fix is 3.1.7-r1"),
        ("libcrypto3", Verdict.NOT_AFFECTED, "no advisory calls this version of it vulnerable"),
    ]


def test_a_vulnerability_that_speaks_of_nothing_here_is_known() -> None:
    database = MemoryAdvisories({"alpine 3.18": {}}, {CVE: Vulnerability(title="t")})
    explanation = explained(CVE, database, packages=(SSL,))
    assert (explanation.known, explanation.packages, explanation.sources) == (True, (), ("alpine 3.18",))


def test_a_vulnerability_that_nobody_knows() -> None:
    explanation = explained("CVE-1999-1", a_database(), packages=(SSL,))
    assert (explanation.known, explanation.names, explanation.packages) == (False, (), ())


def test_a_language_package_by_the_other_name_of_its_vulnerability() -> None:
    advisory = Advisory(
        vulnerability_id="CVE-2024-1",
        vendor_ids=("GHSA-aaaa-bbbb-cccc",),
        vulnerable_versions=("<1.2.0", ">=2.0.0, <2.1.0"),
        patched_versions=("1.2.0", "2.1.0"),
        data_source=GHSA,
    )
    explanation = explained(
        "ghsa-aaaa-bbbb-cccc",
        a_database(left=[advisory]),
        applications=(lock(Package(name="Left", version="1.1.0"), Package(name="right", version="1.1.0")),),
        packages=(replace(SSL, name="left", src_name="left"),),
    )
    assert explanation.names == ("CVE-2024-1", "GHSA-aaaa-bbbb-cccc")
    assert verdicts(explanation) == [("Left", Verdict.LISTED, "1.1.0 is vulnerable, and the fix is 1.2.0, 2.1.0")]
    assert explanation.packages[0].grounds == (
        Grounds(
            bucket="npm::GitHub Security Advisory npm",
            asked="left",
            advisory="CVE-2024-1",
            aliases=("GHSA-aaaa-bbbb-cccc",),
            affected="<1.2.0 || >=2.0.0, <2.1.0",
            fixed="1.2.0, 2.1.0",
            source=GHSA,
        ),
    )


@pytest.mark.parametrize(
    ("advisory", "affected"),
    [
        (Advisory(vulnerability_id="CVE-1"), "every version"),
        (Advisory(vulnerability_id="CVE-1", affected_version="2.0"), "from 2.0"),
        (Advisory(vulnerability_id="CVE-1", affected_version="2.0", fixed_version="3"), "from 2.0 before 3"),
        (Advisory(vulnerability_id="CVE-1", patched_versions=("3",), unaffected_versions=("<1",)), "all but 3 || <1"),
        (
            Advisory(
                vulnerability_id="CVE-1",
                entries=(
                    AdvisoryEntry(fixed_version="2", arches=("x86_64", "i686")),
                    AdvisoryEntry(status=Status.WILL_NOT_FIX),
                ),
            ),
            "before 2 on x86_64, i686; every version (will not fix)",
        ),
        (
            Advisory(
                vulnerability_id="RHSA-1",
                entries=(
                    *(AdvisoryEntry(fixed_version=f"{number}", cves=(RatedCve(id="CVE-1"),)) for number in range(6)),
                    AdvisoryEntry(fixed_version="9", cves=(RatedCve(id="CVE-2"),)),
                ),
            ),
            "before 0; before 1; before 2; before 3; before 4, and 1 more",
        ),
    ],
    ids=[
        "without any version",
        "from a version on",
        "between two versions",
        "all but some",
        "by architecture",
        "an erratum's entries on this vulnerability alone",
    ],
)
def test_affected_versions_in_words(advisory: Advisory, affected: str) -> None:
    source = MemoryAdvisories({"alpine 3.18": {"openssl": [advisory]}})
    (package,) = explained("CVE-1", source, packages=(SSL,)).packages
    assert package.grounds[0].affected == affected


def test_a_version_that_has_no_order_was_not_compared() -> None:
    odd = replace(SSL, version="not a version", src_version="not a version")
    ((name, verdict, reason),) = verdicts(explained(CVE, a_database(), packages=(odd,)))
    assert (name, verdict) == ("libssl3", Verdict.NOT_COMPARED)
    assert reason.startswith("1 packages have versions that cannot be ordered")


def test_a_package_without_a_version_was_not_compared() -> None:
    advisory = Advisory(vulnerability_id="CVE-1", vulnerable_versions=("<2",))
    explanation = explained("CVE-1", a_database(left=[advisory]), applications=(lock(Package(name="left")),))
    assert [each.verdict for each in explanation.packages] == [Verdict.NOT_COMPARED]


IGNORED = parse_ignore_file(f"{CVE}\n".encode(), path=".trivyignore", now=NOW)


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (FilterOptions(severities=frozenset({"HIGH"})), "severity LOW was not asked for"),
        (FilterOptions(ignored_statuses=frozenset({"fixed"})), "status fixed is ignored"),
        (FilterOptions(ignore_file=IGNORED), "ignored by .trivyignore"),
    ],
    ids=["by severity", "by status", "by an ignore file"],
)
def test_what_a_filter_leaves_out_is_told(filters: FilterOptions, reason: str) -> None:
    assert verdicts(explained(CVE, a_database(), packages=(SSL,), filters=filters)) == [
        ("libssl3", Verdict.LEFT_OUT, reason)
    ]


def test_an_erratum_speaks_of_several_vulnerabilities() -> None:
    entry = AdvisoryEntry(
        fixed_version="1:3.1.8-1.el9", affected=(7,), cves=(RatedCve(id=CVE), RatedCve(id="CVE-2024-2"))
    )
    source = MemoryAdvisories(
        {"Red Hat": {"libssl3": [Advisory(vulnerability_id="RHSA-2024:1", entries=(entry,))]}},
        products={("repository", "rhel-9-for-x86_64-baseos-rpms"): (7,)},
    )
    package = replace(
        SSL,
        version="3.1.7",
        release="1.el9",
        epoch=1,
        build_info=BuildInfo(content_sets=("rhel-9-for-x86_64-baseos-rpms",)),
    )
    system = OperatingSystem(family="redhat", name="9.4")
    explanation = explained(CVE, source, packages=(package,), system=system)
    assert explanation.names == ("RHSA-2024:1", CVE)
    assert verdicts(explanation) == [
        ("libssl3", Verdict.LISTED, "1:3.1.7-1.el9 is vulnerable, and the fix is 1:3.1.8-1.el9")
    ]


def test_azure_s_findings_are_found_without_the_package_s_id() -> None:
    source = MemoryAdvisories({"Azure Linux 3.0": {"openssl": [Advisory(vulnerability_id=CVE)]}})
    system = OperatingSystem(family="azurelinux", name="3.0.1")
    assert [each[1] for each in verdicts(explained(CVE, source, packages=(SSL,), system=system))] == [Verdict.LISTED]


def test_the_database_is_asked_no_more_than_it_must() -> None:
    database = a_database()
    explained(CVE, database, packages=(SSL, OLD))
    assert database.asked == [("alpine 3.18", "openssl"), ("alpine 3.18", "openssl")]
