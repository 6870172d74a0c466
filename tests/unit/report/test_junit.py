from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from lxml import etree
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, UNFIXED, a_report, a_scan, rendered
from tests.support.schemas import SCHEMAS

from assaymark.model.report import Result, Scan

ONE = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
    <testsuite name="alpine:3.10 (alpine 3.10.4)" package="alpine:3.10 (alpine 3.10.4)" id="0" tests="1" failures="1" errors="0" skipped="0" time="0" timestamp="2026-08-15T09:59:59" hostname="localhost">
        <properties>
            <property name="type" value="alpine"/>
        </properties>
        <testcase classname="apk-tools-2.10.4-r2" name="[CRITICAL] CVE-2021-36159" time="0">
            <failure message="libfetch: &lt;an&gt; &quot;out&quot; of boundary read" type="description">first &amp;
second</failure>
        </testcase>
        <system-out/>
        <system-err/>
    </testsuite>
</testsuites>
"""
APK = replace(APK_TOOLS, title='libfetch: <an> "out" of boundary read', description="first &\nsecond")
JUNIT = SCHEMAS / "junit.xsd"
NAMELESS = replace(a_report(), results=(Result(target=" ", type="jar"), Result(target="")))


def test_a_finding_is_a_failed_test_of_its_target() -> None:
    assert rendered(a_scan(APK), "junit").decode() == ONE


def test_a_target_without_findings_is_a_suite_without_tests() -> None:
    (suite,) = ET.fromstring(rendered(a_scan(), "junit"))
    assert (suite.get("tests"), suite.findall("testcase")) == ("0", [])


def test_what_was_not_looked_at_is_a_suite_of_errors() -> None:
    suite = ET.fromstring(rendered(a_scan(coverage=INCOMPLETE), "junit"))[-1]
    assert {name: suite.get(name) for name in ("name", "id", "tests", "failures", "errors")} == {
        "name": "not looked at",
        "id": "1",
        "tests": "2",
        "failures": "0",
        "errors": "2",
    }
    assert [(case.get("name"), case[0].get("message"), case[0].get("type")) for case in suite.iter("testcase")] == [
        ("app/package-lock.json", "not JSON", "FILE_MALFORMED"),
        ("usr/lib/a.gemspec", "3 files of the kind gemspec not read by this version", "NOT_ANALYSED"),
    ]


def test_characters_that_xml_does_not_have_are_replaced() -> None:
    hostile = replace(SSL, title="a\x00b\ufffe", description="c\x1bd\uffff\ud800\n]]>")
    failure = ET.fromstring(rendered(a_scan(hostile), "junit")).find(".//failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("a\\x00b\ufffd", "c\\x1bd\ufffd\\ud800\n]]>")


@pytest.mark.skipif(not JUNIT.exists(), reason="the published schemas are not beside the repository")
@pytest.mark.parametrize(
    "scan",
    [a_scan(APK, SSL, UNFIXED), a_scan(coverage=INCOMPLETE), a_scan(report=NAMELESS), replace(a_scan(), started="")],
    ids=["findings", "incomplete", "targets without names", "no time"],
)
def test_the_published_schema_agrees(scan: Scan) -> None:
    schema = etree.XMLSchema(etree.parse(JUNIT))
    schema.assertValid(etree.fromstring(rendered(scan, "junit")))
