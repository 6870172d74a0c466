"""Manifests as bnd, Maven, Gradle and Jenkins write them."""

from __future__ import annotations

import pytest

from assaymark.inventory.java.manifest import Manifest, parse_manifest, split_unquoted
from assaymark.inventory.license_urls import find_license_by_url

BUNDLE = b"""\
Manifest-Version: 1.0\r
Bundle-Name: Jackson-databind\r
Bundle-SymbolicName: com.fasterxml.jackson.core.jackson-databind;single\r
 ton:=true\r
Bundle-Version: 2.9.8\r
Bundle-License: http://www.apache.org/licenses/LICENSE-2.0.txt\r
Implementation-Vendor: FasterXML\r
\r
Name: com/fasterxml\r
Implementation-Title: not the archive's\r
"""


def test_a_bundle() -> None:
    assert parse_manifest(BUNDLE) == Manifest(
        group="com.fasterxml.jackson.core", artifact="Jackson-databind", version="2.9.8", licenses=("Apache-2.0",)
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], Manifest(), id="empty"),
        pytest.param(
            ["Implementation-Version: 1", "Specification-Version: 2"], Manifest(version="1"), id="what is first"
        ),
        pytest.param(["Specification-Version: 2", "Bundle-Version: 3"], Manifest(version="2"), id="what is second"),
        pytest.param(["Bundle-Version: 2", "Bundle-Version: 3"], Manifest(version="3"), id="the last of two"),
        pytest.param(["Bundle-Name: %name"], Manifest(), id="a name to be looked up"),
        pytest.param(["Bundle-Name:"], Manifest(), id="no value"),
        pytest.param(["Bundle-Name:a"], Manifest(), id="no blank in front of the value"),
        pytest.param(["Bundle-Name : a"], Manifest(), id="a blank in front of the colon"),
        pytest.param(["Bundle-SymbolicName: abc"], Manifest(group="abc"), id="a name without dots"),
        pytest.param(["Bundle-SymbolicName: .abc"], Manifest(group=""), id="a name that begins with a dot"),
        pytest.param(
            ["Implementation-Vendor-Id: org.a", "Bundle-SymbolicName: org.b.c"],
            Manifest(group="org.a"),
            id="vendor's id",
        ),
        pytest.param(["Specification-Vendor: S", "Implementation-Vendor: I"], Manifest(group="I"), id="vendors"),
        pytest.param(["Implementation-Title: a", "", "Bundle-Version: 3"], Manifest(artifact="a"), id="one section"),
        pytest.param([" a", "Bundle-Name: b"], Manifest(artifact="b"), id="a continuation of nothing"),
        pytest.param(
            ["Plugin-License-Name: MIT", "Plugin-License-Name-2: BSD", "Bundle-License: Apache-2.0"],
            Manifest(licenses=("MIT", "BSD")),
            id="a plug-in of Jenkins",
        ),
        pytest.param(["Plugin-License-NameX: MIT"], Manifest(), id="another attribute"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rules(lines: list[str], expected: Manifest, end: str) -> None:
    assert parse_manifest("".join(line + end for line in lines).encode()) == expected


@pytest.mark.parametrize(
    ("header", "licenses"),
    [
        pytest.param("apache-2.0", ("Apache-2.0",), id="an identifier in another letter case"),
        pytest.param("MIT,EPL-2.0", ("MIT", "EPL-2.0"), id="two"),
        pytest.param(
            '"Apache License, Version 2.0";link="https://www.apache.org/licenses/LICENSE-2.0.txt"',
            ("Apache-2.0",),
            id="link",
        ),
        pytest.param('Foo;description="a;b, \\"c\\"";link=https://opensource.org/licenses/MIT', ("MIT",), id="quoted"),
        pytest.param("<<EXTERNAL>>", (), id="a placeholder"),
        pytest.param("Some words", (), id="free text"),
    ],
)
def test_bundle_licenses(header: str, licenses: tuple[str, ...]) -> None:
    assert parse_manifest(f"Bundle-License: {header}\n".encode()).licenses == licenses


def test_separators_in_quotes() -> None:
    assert split_unquoted('a,"b,\\",c",d', ",") == ["a", '"b,\\",c"', "d"]


@pytest.mark.parametrize(
    ("url", "identifier"),
    [
        ("http://www.apache.org/licenses/LICENSE-2.0.html", "Apache-2.0"),
        ("HTTPS://WWW.APACHE.ORG/licenses/LICENSE-2.0", "Apache-2.0"),
        ("https://web.archive.org/web/20200101id_/http://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("https://opensource.org/licenses/MIT/", "MIT"),
        ("https://opensource.org/licenses/mit", "MIT"),
        ("", ""),
        ("https://example.org", ""),
        ("https://example.org/" + "a" * 3000, ""),
    ],
)
def test_licenses_by_address(url: str, identifier: str) -> None:
    assert find_license_by_url(url) == identifier
