from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.package import Package
from assaymark.model.report import Invocation, Result, Scan
from assaymark.report.diff import Cause, Difference, Kind, compare


def a_lock(*findings: Finding, target: str = "package-lock.json", packages: tuple[Package, ...] = ()) -> Result:
    return Result(target=target, class_="lang-pkgs", type="npm", packages=packages, vulnerabilities=findings)


def scan_of(*results: Result) -> Scan:
    return a_scan(report=replace(a_report(), results=results))


def a_finding(name: str = "left", version: str = "1.0", *, severity: str = "HIGH", path: str = "") -> Finding:
    return Finding(
        vulnerability_id="CVE-2024-1", pkg_name=name, installed_version=version, severity=severity, pkg_path=path
    )


def suppressed(scan: Scan, finding: Finding) -> Scan:
    modified = ModifiedFinding(
        type="vulnerability", status="ignored", statement="not reachable", source=".trivyignore", finding=finding
    )
    results = tuple(replace(result, modified_findings=(modified,)) for result in scan.report.results)
    return replace(scan, report=replace(scan.report, results=results))


def told(difference: Difference) -> list[tuple[Kind, Cause, str, str]]:
    return [
        (change.kind, change.cause, change.latest.finding.pkg_name, change.latest.finding.installed_version)
        for change in difference.changes
    ]


def test_a_scan_has_nothing_new_to_itself() -> None:
    scan = a_scan(SSL, SSL_AGAIN, APK_TOOLS)
    difference = compare(scan, scan)
    assert [change.kind for change in difference.changes] == [Kind.UNCHANGED] * 3
    assert difference.doubts == ()


def test_new_fixed_raised_and_lowered_in_order_of_kinds_and_severities() -> None:
    before = scan_of(a_lock(a_finding("a"), a_finding("b", severity="LOW"), a_finding("c", severity="CRITICAL")))
    after = scan_of(
        a_lock(
            a_finding("d", severity="LOW"),
            a_finding("e", severity="CRITICAL"),
            a_finding("b", severity="HIGH"),
            a_finding("c", severity="MEDIUM"),
        )
    )
    assert told(compare(before, after)) == [
        (Kind.NEW, Cause.UNKNOWN, "e", "1.0"),
        (Kind.NEW, Cause.UNKNOWN, "d", "1.0"),
        (Kind.WORSE, Cause.UNKNOWN, "b", "1.0"),
        (Kind.MILDER, Cause.UNKNOWN, "c", "1.0"),
        (Kind.FIXED, Cause.UNKNOWN, "a", "1.0"),
    ]


def test_an_upgraded_package_that_is_still_vulnerable_is_unchanged() -> None:
    (change,) = compare(scan_of(a_lock(a_finding())), scan_of(a_lock(a_finding(version="1.1")))).changes
    assert (change.kind, change.before and change.before.finding.installed_version) == (Kind.UNCHANGED, "1.0")


def test_a_moved_package_is_unchanged_and_a_second_copy_is_new() -> None:
    before = scan_of(a_lock(a_finding(path="a/package.json")))
    moved = a_lock(a_finding(path="b/package.json"))
    copied = a_lock(a_finding(path="b/package.json"), a_finding(path="a/package.json"))
    assert told(compare(before, scan_of(moved))) == [(Kind.UNCHANGED, Cause.UNKNOWN, "left", "1.0")]
    difference = compare(before, scan_of(copied))
    assert [(change.kind, change.latest.file) for change in difference.changes] == [
        (Kind.NEW, "b/package.json"),
        (Kind.UNCHANGED, "a/package.json"),
    ]


def test_two_versions_in_one_file_are_paired_by_their_versions() -> None:
    before = scan_of(a_lock(a_finding(version="1.0"), a_finding(version="2.0")))
    after = scan_of(a_lock(a_finding(version="2.0")))
    assert told(compare(before, after)) == [
        (Kind.FIXED, Cause.UNKNOWN, "left", "1.0"),
        (Kind.UNCHANGED, Cause.UNKNOWN, "left", "2.0"),
    ]


def test_a_system_that_becomes_its_next_release_is_the_same_target() -> None:
    after = a_scan(SSL)
    result = replace(after.report.results[0], target="other:3.11 (alpine 3.11.0)")
    after = replace(after, report=replace(after.report, results=(result,)))
    assert [change.kind for change in compare(a_scan(SSL), after).changes] == [Kind.UNCHANGED]


def test_packages_of_one_name_in_two_ecosystems_are_two() -> None:
    gem = Result(target="Gemfile.lock", class_="lang-pkgs", type="bundler", vulnerabilities=(a_finding(),))
    difference = compare(scan_of(a_lock(a_finding())), scan_of(gem))
    assert [change.kind for change in difference.changes] == [Kind.NEW, Kind.FIXED]


def test_what_a_filter_took_out_is_not_fixed() -> None:
    before, after = scan_of(a_lock(a_finding())), suppressed(scan_of(a_lock()), a_finding())
    (change,) = compare(before, after).changes
    assert (change.kind, change.latest.suppressed) == (Kind.SUPPRESSED, "ignored: not reachable")
    assert told(compare(after, before)) == [(Kind.NEW, Cause.LISTED_AGAIN, "left", "1.0")]
    assert compare(after, after).changes == ()
    assert compare(scan_of(a_lock()), after).changes == ()
    assert compare(after, scan_of(a_lock())).changes == ()


@pytest.mark.parametrize(
    ("old", "new", "kind", "cause"),
    [
        (["other 1"], ["left 1.0"], Kind.NEW, Cause.PACKAGE_ADDED),
        (["left 0.9"], ["left 1.0"], Kind.NEW, Cause.PACKAGE_CHANGED),
        (["left 1.0"], ["left 1.0"], Kind.NEW, Cause.NEWLY_KNOWN),
        (["left 1.0"], ["other 1"], Kind.FIXED, Cause.PACKAGE_REMOVED),
        (["left 1.0"], ["left 1.1"], Kind.FIXED, Cause.PACKAGE_CHANGED),
        (["left 1.0"], ["left 1.0"], Kind.NOT_LISTED, Cause.UNKNOWN),
    ],
    ids=[
        "a package was added",
        "a package was downgraded",
        "nothing but the advisory is new",
        "a package was removed",
        "a package was upgraded",
        "nothing but the advisory is gone",
    ],
)
def test_lists_of_packages_tell_the_cause(old: list[str], new: list[str], kind: Kind, cause: Cause) -> None:
    def packages(names: list[str]) -> tuple[Package, ...]:
        return tuple(Package(name=name.split()[0], version=name.split()[1]) for name in names)

    finding = (a_finding(),)
    before = scan_of(a_lock(*(() if kind is Kind.NEW else finding), packages=packages(old)))
    after = scan_of(a_lock(*(finding if kind is Kind.NEW else ()), packages=packages(new)))
    assert [(change.kind, change.cause) for change in compare(before, after).changes] == [(kind, cause)]


def test_severities_on_either_side_count() -> None:
    before = scan_of(a_lock(a_finding("a", severity="LOW"), a_finding("b", severity="LOW")))
    after = scan_of(a_lock(a_finding("a", severity="HIGH"), a_finding("b", severity="LOW")))
    assert told(compare(before, after, severities=frozenset({"HIGH"}))) == [(Kind.WORSE, Cause.UNKNOWN, "a", "1.0")]


class TestDoubts:
    def test_incomplete_scans(self) -> None:
        whole, part = a_scan(), a_scan(coverage=INCOMPLETE)
        assert compare(whole, part).doubts == (
            "the second scan is incomplete: what it does not list is not proven to be fixed",
        )
        assert compare(part, whole).doubts == ("the first scan is incomplete: what is new may have been there before",)

    def test_the_sample_database(self) -> None:
        sample = replace(a_scan(), database=DatabaseInfo(sample=True))
        assert compare(a_scan(), sample).doubts == (
            "a scan used the sample database, which knows a few hundred advisories",
        )

    def test_the_order_of_time(self) -> None:
        old = replace(a_scan(), finished="2025-01-02T03:04:05Z")
        assert compare(a_scan(), old).doubts == ("the second scan is the older one: 2025-01-02 03:04:05 UTC",)
        assert compare(old, a_scan()).doubts == ()
        assert compare(replace(old, finished=""), a_scan()).doubts == ()

    def test_other_filters(self) -> None:
        plain = replace(a_scan(), invocation=Invocation(parameters={"flags": {"format": "json"}}))
        odd = replace(a_scan(), invocation=Invocation(parameters={"flags": ["severity"]}))
        assert compare(a_scan(), plain).doubts == ("the scans had other filters: `--severity`",)
        assert compare(plain, odd).doubts == ()


def test_ten_thousand_findings_are_compared_in_a_moment() -> None:
    findings = [replace(UNFIXED, vulnerability_id=f"CVE-{number}") for number in range(10_000)]
    assert len(compare(scan_of(a_lock(*findings)), scan_of(a_lock(*findings[5_000:]))).of_kind(Kind.FIXED)) == 5_000
