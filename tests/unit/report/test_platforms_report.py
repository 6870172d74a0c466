"""The scan of an index out of those of its platforms."""

from __future__ import annotations

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, COMPLETE, INCOMPLETE, SSL, a_report, a_scan

from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Denied, IssueCode, Unanalysed
from assaymark.model.report import Metadata, ReportLayer, Scan
from assaymark.report.platforms import PlatformScan, listed_platforms, merge_platforms

INDEX = "sha256:" + "99" * 32


def part(name: str, scan: Scan) -> PlatformScan:
    return PlatformScan(name=name, scan=replace(scan, subject=f"sha256:{name}"), statement=f"sha256:of {name}")


AMD = part("linux/amd64", a_scan())
ARM = part("linux/arm64", replace(a_scan(APK_TOOLS, SSL), finished="2026-08-15T11:00:00Z"))


def test_every_finding_of_every_platform_is_there_under_its_name() -> None:
    merged = merge_platforms([AMD, ARM], subject=INDEX)
    told = [
        (result.target, [found.vulnerability_id for found in result.vulnerabilities])
        for result in merged.report.results
    ]
    assert told == [
        ("linux/amd64: alpine:3.10 (alpine 3.10.4)", []),
        ("linux/arm64: alpine:3.10 (alpine 3.10.4)", ["CVE-2021-36159", "CVE-2020-1967"]),
    ]
    assert [len(result.packages) for result in merged.report.results] == [1, 1]
    assert [len(result.modified_findings) for result in merged.report.results] == [1, 1]


def test_it_begins_with_the_first_and_ends_with_the_last() -> None:
    merged = merge_platforms([AMD, ARM], subject=INDEX)
    assert (merged.started, merged.finished) == ("2026-08-15T09:59:59.25Z", "2026-08-15T11:00:00Z")
    assert (merged.subject, merged.database) == (INDEX, AMD.scan.database)


def test_what_belongs_to_one_manifest_is_left_out() -> None:
    system = OperatingSystem(family="alpine", name="3.10.4")
    own = Metadata(
        os=system,
        size=7,
        image_id="sha256:1",
        diff_ids=("sha256:2",),
        repo_tags=("app:1",),
        repo_digests=(f"app@{INDEX}",),
        reference="app:1",
        image_config={"os": "linux"},
        layers=(ReportLayer(size=7),),
    )
    scan = a_scan(report=replace(a_report(), metadata=own, artifact_id="sha256:3"))
    report = merge_platforms([part("linux/amd64", scan)], subject=INDEX).report
    kept = Metadata(os=system, repo_tags=("app:1",), repo_digests=(f"app@{INDEX}",), reference="app:1")
    assert (report.metadata, report.artifact_id, report.artifact_name) == (kept, "", "alpine:3.10")


def test_systems_that_differ_are_not_stated() -> None:
    other = a_scan(report=replace(a_report(), metadata=Metadata(os=OperatingSystem(family="debian", name="13"))))
    merged = merge_platforms([AMD, part("linux/arm64", other)], subject=INDEX)
    assert merged.report.metadata.os is None


class TestCoverage:
    def test_it_is_complete_when_all_are(self) -> None:
        assert merge_platforms([AMD, ARM], subject=INDEX).report.coverage == COMPLETE

    def test_what_one_platform_lacks_is_told_with_its_name(self) -> None:
        lacking = [part(name, a_scan(coverage=INCOMPLETE)) for name in ("linux/arm64", "linux/s390x")]
        coverage = merge_platforms([AMD, *lacking], subject=INDEX).report.coverage
        assert coverage is not None
        assert (coverage.complete, [(issue.code, issue.message) for issue in coverage.issues]) == (
            False,
            [
                (IssueCode.ENTRY_IGNORED, "linux/arm64: a line was ignored"),
                (IssueCode.FILE_MALFORMED, "linux/arm64: not JSON"),
                (IssueCode.ENTRY_IGNORED, "linux/s390x: a line was ignored"),
                (IssueCode.FILE_MALFORMED, "linux/s390x: not JSON"),
            ],
        )
        assert coverage.not_analysed == (Unanalysed(kind="gemspec", count=6, examples=("usr/lib/a.gemspec",)),)

    def test_what_is_denied_is_told_with_its_platform_and_the_age_of_the_database_once(self) -> None:
        old = Denied(rule="p.yaml:2", reason="look again", about="the database was built on 2026-01-01")
        musl = Denied(rule="p.yaml:4", reason="no", vulnerability_id="CVE-1", pkg_name="musl", target="alpine")
        parts = [part(name, a_scan(coverage=replace(COMPLETE, denied=(old, musl)))) for name in ("linux/a", "linux/b")]
        coverage = merge_platforms(parts, subject=INDEX).report.coverage
        assert coverage is not None
        assert coverage.denied == (
            old,
            replace(musl, target="linux/a: alpine"),
            replace(musl, target="linux/b: alpine"),
        )

    def test_a_platform_that_states_none_is_not_complete(self) -> None:
        silent = part("linux/arm64", a_scan(coverage=None))
        coverage = merge_platforms([AMD, silent], subject=INDEX).report.coverage
        assert coverage is not None
        assert coverage.complete is False


def test_the_list_says_what_it_was_made_from() -> None:
    assert listed_platforms([AMD, ARM]) == [
        {"platform": "linux/amd64", "digest": "sha256:linux/amd64", "statement": "sha256:of linux/amd64"},
        {"platform": "linux/arm64", "digest": "sha256:linux/arm64", "statement": "sha256:of linux/arm64"},
    ]
