"""The sample database: its format, its content, and that it is compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.database import NOW, tree_of

from assaymark.advisories.bolt import BoltFile
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.freshness import database_issues
from assaymark.advisories.sample import DETAILS, FOLDER, compile_sample, open_sample
from assaymark.advisories.sample_text import Buckets, parse_bucket, parse_details
from assaymark.advisories.trivy_db import TrivyDatabase
from assaymark.errors import DatabaseError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import Advisory, Cvss, DatabaseInfo, DataSource, Severity, Status, Vulnerability
from assaymark.model.issue import IssueCode

TEXT = """\
# a comment
bucket debian 12
data-source debian; Debian Security Tracker; https://tracker.test/a?b=c

package openssl
  CVE-1; fixed 1.0; vendor DSA-1; vendor DSA-2
  CVE-2; status will_not_fix; severity low
package flask
  CVE-3; vulnerable >=2, <3; vulnerable <1; patched 3; affected 2
  CVE-4
"""
DETAIL = """\
CVE-1
  title openssl: memory behind a buffer is read
  severity nvd high
  severity redhat low
  cvss nvd 7.0 CVSS:3.1/AV:N
  cwe CWE-125
  published 2021-01-01T00:00:00Z
  modified 2021-01-02T00:00:00Z
GHSA-1
  title flask: something else
"""
DEBIAN = DataSource(id="debian", name="Debian Security Tracker", url="https://tracker.test/a?b=c")


def compiled() -> TrivyDatabase:
    data = compile_sample({"a.txt": TEXT.encode(), DETAILS: DETAIL.encode()})
    return TrivyDatabase(BoltFile(data, name="test"), DatabaseInfo())


def test_the_text_format_says_what_a_database_says() -> None:
    database = compiled()
    assert database.advisories("debian 12", "openssl") == [
        Advisory(vulnerability_id="CVE-1", fixed_version="1.0", vendor_ids=("DSA-1", "DSA-2"), data_source=DEBIAN),
        Advisory(vulnerability_id="CVE-2", status=Status.WILL_NOT_FIX, severity=Severity.LOW, data_source=DEBIAN),
    ]
    assert database.advisories("debian 12", "flask") == [
        Advisory(
            vulnerability_id="CVE-3",
            vulnerable_versions=(">=2, <3", "<1"),
            patched_versions=("3",),
            affected_version="2",
            data_source=DEBIAN,
        ),
        Advisory(vulnerability_id="CVE-4", data_source=DEBIAN),
    ]
    assert database.detail("CVE-1") == Vulnerability(
        title="openssl: memory behind a buffer is read",
        description=(
            "In openssl, memory behind a buffer is read (CWE-125). "
            "From the sample database of assaymark; the reference has the full text."
        ),
        severity="HIGH",
        cwe_ids=("CWE-125",),
        vendor_severity={"nvd": 3, "redhat": 1},
        cvss={"nvd": Cvss(v3_vector="CVSS:3.1/AV:N", v3_score=7)},
        references=("https://nvd.nist.gov/vuln/detail/CVE-1",),
        published_date="2021-01-01T00:00:00Z",
        last_modified_date="2021-01-02T00:00:00Z",
    )
    found = database.detail("GHSA-1")
    assert found is not None
    assert found.references == ("https://github.com/advisories/GHSA-1",)


WRONG = {
    "an unknown word": "bucket a\nboat b",
    "an unknown fact": "bucket a\npackage b\n  CVE-1; colour red",
    "an advisory without a package": "bucket a\n  CVE-1",
    "a package without a bucket": "package a",
    "an unknown status": "bucket a\npackage b\n  CVE-1; status new",
    "a data source with too few parts": "bucket a\ndata-source b; c",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_line_that_is_not_of_the_format_is_named(text: str) -> None:
    tree: Buckets = {}
    with pytest.raises(ValueError, match=f"line {text.count(chr(10)) + 1}:"):
        parse_bucket(text, tree)
    with pytest.raises(DatabaseError, match=r"`a\.txt` of the sample database is damaged"):
        compile_sample({"a.txt": text.encode()})


@pytest.mark.parametrize("line", ["  title", "  boat a", "  cvss nvd 7.0", "  cvss nvd high v", "  severity nvd grave"])
def test_a_detail_that_is_not_of_the_format_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2:"):
        parse_details(f"CVE-1\n{line}", {})


def test_the_sample_is_compiled_once_and_says_what_it_is(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path)
    with open_sample(cache, limits=DEFAULT_LIMITS) as database:
        info = database.info
        issues = database_issues(info, NOW)
    assert (info.sample, info.uri, info.schema) == (True, "", 2)
    assert info.version.startswith("2-sample-")
    assert [(issue.code, issue.blocking) for issue in issues] == [(IssueCode.DATABASE_SAMPLE, False)]
    (kept,) = tree_of(cache)
    stamp = (tmp_path / kept).stat().st_mtime_ns
    with open_sample(cache, limits=DEFAULT_LIMITS) as database:
        assert database.has_source("alpine 3.10")
    assert (tree_of(cache), (tmp_path / kept).stat().st_mtime_ns) == ([kept], stamp)


def test_a_sample_of_another_version_is_swept(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path)
    cache.samples.mkdir(parents=True)
    (cache.samples / "0123.db").write_bytes(b"old")
    with open_sample(cache, limits=DEFAULT_LIMITS) as database:
        assert database.has_source("alpine 3.10")
    assert len(tree_of(cache)) == 1


def test_a_cache_that_cannot_be_written_does_without(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with open_sample(CacheFolder(tmp_path / "cache"), limits=DEFAULT_LIMITS) as database:
        assert database.advisories("alpine 3.10", "apk-tools")


def test_the_same_texts_are_the_same_bytes() -> None:
    texts = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.txt"))}
    assert compile_sample(texts) == compile_sample(dict(reversed(texts.items())))


def test_the_sample_knows_a_few_hundred_advisories_each_with_details(tmp_path: Path) -> None:
    with open_sample(CacheFolder(tmp_path), limits=DEFAULT_LIMITS) as database:
        counts, identities = {}, set()
        for path in FOLDER.glob("*.txt"):
            if path.name == DETAILS:
                continue
            lines = path.read_text().splitlines()
            bucket = lines[0].removeprefix("bucket ")
            packages = [line.removeprefix("package ") for line in lines if line.startswith("package ")]
            found = [advisory for package in packages for advisory in database.advisories(bucket, package)]
            counts[bucket] = len(found)
            identities |= {advisory.vulnerability_id for advisory in found}
            assert all(advisory.data_source for advisory in found)
        details = [database.detail(identity) for identity in identities]
    assert set(counts) == {
        *("alpine 3.10", "alpine 3.18", "alpine 3.21", "debian 11", "debian 12"),
        "pip::GitHub Security Advisory pip",
    }
    assert min(counts.values()) >= 25
    assert 300 <= sum(counts.values()) <= 900
    assert sum(detail is None for detail in details) < len(details) // 4
    assert all(detail.title and detail.references for detail in details if detail)


def test_the_sample_knows_the_tutorials_finding(tmp_path: Path) -> None:
    with open_sample(CacheFolder(tmp_path), limits=DEFAULT_LIMITS) as database:
        fixed = {
            found.vulnerability_id: found.fixed_version for found in database.advisories("alpine 3.10", "apk-tools")
        }
        detail = database.detail("CVE-2021-36159")
    assert fixed["CVE-2021-36159"] == "2.10.7-r0"
    assert detail is not None
    assert (detail.severity, detail.cvss["nvd"].v3_score) == ("CRITICAL", 9.1)
