"""What matching is told by a database: look-ups by source and package, and the records behind an id."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.database import Facts, trivy_db

from assaymark.advisories.bolt import BoltFile
from assaymark.advisories.trivy_db import TrivyDatabase
from assaymark.errors import DatabaseError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import (
    Advisory,
    AdvisoryEntry,
    Cvss,
    DatabaseInfo,
    DataSource,
    RatedCve,
    Severity,
    Status,
    Vulnerability,
)

ALPINE = DataSource(id="alpine", name="Alpine Secdb", url="https://secdb.alpinelinux.org/")
GHSA, OSV = DataSource(id="ghsa", name="g"), DataSource(id="osv", name="o", base_id="b")
SOURCES = {
    "alpine 3.10": {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"},
    "pip::Advisories": {"ID": "ghsa", "Name": "g"},
    "pip::Packaging": {"ID": "osv", "Name": "o", "BaseID": "b"},
    "empty source": {"ID": "", "Name": ""},
}


def database(facts: Facts, **keywords: Any) -> TrivyDatabase:
    return TrivyDatabase(BoltFile(trivy_db(facts, sources=SOURCES, **keywords), name="test.db"), DatabaseInfo())


PIP: Facts = {
    "pip": {"flask": {"CVE-0": {}}},
    "pip::Advisories": {"flask": {"CVE-1": {"PatchedVersions": ["1"]}, "CVE-2": {"PatchedVersions": ["2"]}}},
    "pip::Packaging": {"flask": {"CVE-2": {"PatchedVersions": ["3"]}}, "django": {"CVE-3": {}}},
    "pipx::Other": {"flask": {"CVE-9": {}}},
}


def test_a_source_with_two_colons_is_a_prefix_and_later_buckets_win() -> None:
    assert database(PIP).advisories("pip::", "flask") == [
        Advisory(vulnerability_id="CVE-1", patched_versions=("1",), data_source=GHSA),
        Advisory(vulnerability_id="CVE-2", patched_versions=("3",), data_source=OSV),
    ]
    assert database(PIP).advisories("pip::Pack", "django") == [Advisory(vulnerability_id="CVE-3", data_source=OSV)]


def test_any_other_source_is_exact() -> None:
    assert database(PIP).advisories("pip", "flask") == [Advisory(vulnerability_id="CVE-0")]


@pytest.mark.parametrize("source", ["pi", "alpine 3.1", "", "npm::"])
def test_a_source_that_is_not_there_has_no_advisories(source: str) -> None:
    assert (database(PIP).has_source(source), database(PIP).advisories(source, "flask")) == (False, [])


@pytest.mark.parametrize("source", ["pip", "pip::", "pip::Packaging"])
def test_a_source_that_is_there_is_known(source: str) -> None:
    assert database(PIP).has_source(source)


@pytest.mark.parametrize("package", ["", "Flask", "flas", "\udcff", "x" * 100_000])
def test_a_package_that_is_not_there_has_no_advisories(package: str) -> None:
    assert database(PIP).advisories("pip::", package) == []


CASES: dict[str, tuple[Any, Advisory]] = {
    "nothing is known": ({}, Advisory(vulnerability_id="ID", data_source=ALPINE)),
    "null is the zero value": (b"null", Advisory(vulnerability_id="ID", data_source=ALPINE)),
    "all fields": (
        {
            "VulnerabilityID": "ignored",
            "VendorIDs": ["DSA-1"],
            "OSes": ["linux"],
            "Arches": ["x86_64"],
            "Status": 5,
            "Severity": 3,
            "FixedVersion": "2",
            "AffectedVersion": "1",
            "VulnerableVersions": ["<2"],
            "PatchedVersions": ["2"],
            "UnaffectedVersions": ["0"],
            "DataSource": {"ID": "ignored"},
            "Custom": {"a": 1},
        },
        Advisory(
            vulnerability_id="ID",
            vendor_ids=("DSA-1",),
            arches=("x86_64",),
            status=Status.WILL_NOT_FIX,
            severity=Severity.HIGH,
            fixed_version="2",
            affected_version="1",
            vulnerable_versions=("<2",),
            patched_versions=("2",),
            unaffected_versions=("0",),
            data_source=ALPINE,
            custom={"a": 1},
        ),
    ),
    "keys in other letter cases": (
        {"vendorids": ["A"], "FIXEDVERSION": "2"},
        Advisory(vulnerability_id="ID", vendor_ids=("A",), fixed_version="2", data_source=ALPINE),
    ),
    "of several spellings the last wins": (
        b'{"VendorIDs":["A"],"VendorIds":["B"]}',
        Advisory(vulnerability_id="ID", vendor_ids=("B",), data_source=ALPINE),
    ),
    "unknown keys": (
        {"FixedVersion": "2", "New": [1]},
        Advisory(vulnerability_id="ID", fixed_version="2", data_source=ALPINE),
    ),
    "null members": (
        {"FixedVersion": None, "VendorIDs": None, "Arches": ["a", None]},
        Advisory(vulnerability_id="ID", arches=("a", ""), data_source=ALPINE),
    ),
    "bytes that are not UTF-8": (
        b'{"FixedVersion":"1\xff"}',
        Advisory(vulnerability_id="ID", fixed_version="1\ufffd", data_source=ALPINE),
    ),
    "numbers beyond what we know": (
        {"Status": 99, "Severity": 99},
        Advisory(vulnerability_id="ID", data_source=ALPINE),
    ),
    "entries by architecture": (
        {"FixedVersion": "2", "Entries": [{"FixedVersion": "3", "Arches": ["x86_64"], "VendorIDs": ["RLSA-1"]}, {}]},
        Advisory(
            vulnerability_id="ID",
            fixed_version="2",
            entries=(AdvisoryEntry(fixed_version="3", arches=("x86_64",)), AdvisoryEntry()),
            data_source=ALPINE,
        ),
    ),
    "entries by product": (
        {"Entries": [{"Affected": [3, 9], "Cves": [{"ID": "CVE-1", "Severity": 2}, {"Severity": 77}], "Status": 5}]},
        Advisory(
            vulnerability_id="ID",
            entries=(
                AdvisoryEntry(
                    status=Status.WILL_NOT_FIX,
                    affected=(3, 9),
                    cves=(RatedCve(id="CVE-1", severity=Severity.MEDIUM), RatedCve(id="")),
                ),
            ),
            data_source=ALPINE,
        ),
    ),
    "entries in other spellings": (
        {"entries": [{"fixedversion": "3", "cves": [{"Id": "CVE-1", "New": 1}], "Arches": None}, None]},
        Advisory(
            vulnerability_id="ID",
            entries=(AdvisoryEntry(fixed_version="3", cves=(RatedCve(id="CVE-1"),)), AdvisoryEntry()),
            data_source=ALPINE,
        ),
    ),
}


@pytest.mark.parametrize(("value", "expected"), CASES.values(), ids=CASES)
def test_an_advisory_is_read_by_gos_rules(value: Any, expected: Advisory) -> None:
    assert database({"alpine 3.10": {"p": {"ID": value}}}).advisories("alpine 3.10", "p") == [expected]


def test_a_value_without_a_byte_is_passed_over() -> None:
    facts: Facts = {"alpine 3.10": {"p": {"A": b"", "B": {}}}}
    assert [found.vulnerability_id for found in database(facts).advisories("alpine 3.10", "p")] == ["B"]


@pytest.mark.parametrize("bucket", ["empty source", "no record"])
def test_a_bucket_without_a_source_record_has_no_data_source(bucket: str) -> None:
    assert database({bucket: {"p": {"ID": {}}}}).advisories(bucket, "p") == [Advisory(vulnerability_id="ID")]


BROKEN = {
    "no JSON": b"{",
    "a number for a text": {"FixedVersion": 1},
    "a text for a list": {"Arches": "x"},
    "a fraction for a whole number": {"Status": 1.5},
    "an entry that is none": {"Entries": ["x"]},
    "a product that is none": {"Entries": [{"Affected": ["x"]}]},
    "a list": [],
    "a text": b'"x"',
    "nested without end": b'{"Custom":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_a_value_that_does_not_decode_is_a_damaged_database(value: Any) -> None:
    broken = database({"alpine 3.10": {"p": {"ID": value}}}, details={"ID": value})
    with pytest.raises(DatabaseError, match="`ID`"):
        broken.advisories("alpine 3.10", "p")
    if not isinstance(value, dict):
        with pytest.raises(DatabaseError, match="`ID`"):
            broken.detail("ID")


PRODUCTS: Facts = {
    "Red Hat CPE": {
        "repository": {"rhel-9": [3, 1], "none": b"null", "broken": b"[", "of another kind": ["x"]},
        "nvr": {"ubi9-container-9.5-1-x86_64": [7]},
    }
}


def test_red_hats_products_are_known_by_content_set_and_by_build() -> None:
    source = database(PRODUCTS)
    assert [
        source.cpe_indices("repository", "rhel-9"),
        source.cpe_indices("repository", "none"),
        source.cpe_indices("repository", "ubi9-container-9.5-1-x86_64"),
        source.cpe_indices("nvr", "ubi9-container-9.5-1-x86_64"),
        source.cpe_indices("nvr", ""),
        database(PIP).cpe_indices("repository", "rhel-9"),
        database({"Red Hat CPE": {"nvr": {}}}).cpe_indices("repository", "rhel-9"),
    ] == [(3, 1), (), (), (7,), (), (), ()]


@pytest.mark.parametrize("name", ["broken", "of another kind"])
def test_products_that_do_not_decode_are_a_damaged_database(name: str) -> None:
    with pytest.raises(DatabaseError, match=f"the products of `{name}`"):
        database(PRODUCTS).cpe_indices("repository", name)


DETAILS: dict[str, tuple[Any, Vulnerability]] = {
    "all fields": (
        {
            "Title": "t",
            "Description": "d",
            "Severity": "HIGH",
            "CweIDs": ["CWE-1"],
            "VendorSeverity": {"redhat": 2, "nvd": 3},
            "CVSS": {
                "redhat": {"V3Vector": "v3", "V3Score": 5.0},
                "nvd": {"V2Vector": "v2", "V2Score": 6.4, "V40Vector": "v4", "V40Score": 10},
            },
            "References": ["https://a.test"],
            "PublishedDate": "2019-09-10T17:15:00Z",
            "LastModifiedDate": "2020-01-01T00:00:00.120Z",
            "Custom": {},
        },
        Vulnerability(
            title="t",
            description="d",
            severity="HIGH",
            cwe_ids=("CWE-1",),
            vendor_severity={"nvd": 3, "redhat": 2},
            cvss={
                "nvd": Cvss(v2_vector="v2", v2_score=6.4, v40_vector="v4", v40_score=10),
                "redhat": Cvss(v3_vector="v3", v3_score=5),
            },
            references=("https://a.test",),
            published_date="2019-09-10T17:15:00Z",
            last_modified_date="2020-01-01T00:00:00.12Z",
        ),
    ),
    "keys in other letter cases, nested too": (
        {"title": "t", "cvss": {"nvd": {"v3score": 9.8, "V3VECTOR": "v"}}, "vendorseverity": {"nvd": 4}},
        Vulnerability(title="t", cvss={"nvd": Cvss(v3_score=9.8, v3_vector="v")}, vendor_severity={"nvd": 4}),
    ),
    "an empty record": ({}, Vulnerability()),
    "null dates": ({"PublishedDate": None}, Vulnerability()),
}


@pytest.mark.parametrize(("value", "expected"), DETAILS.values(), ids=DETAILS)
def test_a_detail_is_read_by_gos_rules(value: Any, expected: Vulnerability) -> None:
    found = database({}, details={"CVE-1": value}).detail("CVE-1")
    assert found == expected
    assert found is not None
    assert list(found.cvss) == sorted(found.cvss)
    assert list(found.vendor_severity) == sorted(found.vendor_severity)


def test_whole_scores_are_whole_numbers() -> None:
    found = database({}, details={"CVE-1": {"CVSS": {"nvd": {"V3Score": 5.0, "V2Score": 5.3}}}}).detail("CVE-1")
    assert found is not None
    assert [repr(score) for score in (found.cvss["nvd"].v3_score, found.cvss["nvd"].v2_score)] == ["5", "5.3"]


def test_an_id_without_a_record_has_no_detail() -> None:
    assert database({}, details={"CVE-1": {}, "CVE-2": b""}).detail("CVE-2") is None
    assert database({}).detail("CVE-9999-1") is None


def test_a_date_that_is_none_is_a_damaged_database() -> None:
    with pytest.raises(DatabaseError, match="RFC 3339"):
        database({}, details={"CVE-1": {"PublishedDate": "yesterday"}}).detail("CVE-1")


def test_more_questions_than_are_remembered_are_answered_alike() -> None:
    details = {f"CVE-{number}": {"Title": str(number)} for number in range(1200)}
    asked = database({}, details=details)
    for _ in range(2):
        assert [asked.detail(identity) for identity in details] == [Vulnerability(title=str(n)) for n in range(1200)]


def test_limits_hold_for_values() -> None:
    limits = type(DEFAULT_LIMITS)(json_bytes=10)
    data = trivy_db({"alpine 3.10": {"p": {"ID": b'{"fixedversion":"1234567890"}'}}})
    with pytest.raises(DatabaseError, match="more than"):
        TrivyDatabase(BoltFile(data, name="x"), DatabaseInfo(), limits=limits).advisories("alpine 3.10", "p")
