"""CycloneDX in XML says what its JSON form says; the samples are written by hand after the schema's examples."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.boms import bom, encoded

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.cyclonedx_xml import is_cyclonedx_xml, read_cyclonedx_xml
from assaymark.inventory.sbom.document import Document
from assaymark.inventory.sbom.formats import read_document
from assaymark.limits import DEFAULT_LIMITS, Limits

FULL = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" serialNumber="urn:uuid:1" version="1">
  <metadata>
    <tools><components><component type="application"><name>x</name></component></components></tools>
    <component type="container" bom-ref="root">
      <name>app</name>
      <properties><property name="aquasecurity:trivy:RepoTag">app:1</property></properties>
    </component>
  </metadata>
  <components>
    <component type="operating-system" bom-ref="os"><name>alpine</name><version>3.10.9</version></component>
    <component type="library" bom-ref="p1">
      <group>
        org.example
      </group>
      <name> musl </name>
      <version>1.1.22-r3</version>
      <hashes><hash alg="SHA-1"> ab </hash><hash alg="SHA-256">cd</hash></hashes>
      <licenses><license><id>MIT</id></license><expression>ISC OR MIT</expression><odd/></licenses>
      <purl>pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&amp;distro=3.10.9</purl>
      <pedigree><ancestors><component type="library"><purl>pkg:npm/old@1</purl></component></ancestors></pedigree>
      <properties><property name="aquasecurity:trivy:SrcName">musl</property><property name="x">y</property></properties>
      <components><component type="library"><name>in</name><purl>pkg:npm/in@1</purl></component></components>
    </component>
  </components>
  <dependencies>
    <dependency ref="root"><dependency ref="os"/></dependency>
    <dependency ref="os"><dependency ref="p1"><dependency ref="p2"/></dependency></dependency>
    <dependency ref="p1"/>
  </dependencies>
</bom>
"""
SAME: dict[str, Any] = bom(
    {"type": "operating-system", "bom-ref": "os", "name": "alpine", "version": "3.10.9"},
    {
        "type": "library",
        "bom-ref": "p1",
        "group": "org.example",
        "name": "musl",
        "version": "1.1.22-r3",
        "hashes": [{"alg": "SHA-1", "content": "ab"}, {"alg": "SHA-256", "content": "cd"}],
        "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC OR MIT"}],
        "purl": "pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=3.10.9",
        "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "musl"}, {"name": "x", "value": "y"}],
        "components": [{"type": "library", "name": "in", "purl": "pkg:npm/in@1"}],
    },
    metadata={
        "component": {
            "type": "container",
            "bom-ref": "root",
            "name": "app",
            "properties": [{"name": "aquasecurity:trivy:RepoTag", "value": "app:1"}],
        }
    },
    dependencies=[
        {"ref": "root", "dependsOn": ["os"]},
        {"ref": "os", "dependsOn": ["p1"]},
        {"ref": "p1", "dependsOn": ["p2"]},
    ],
)
SMALL = '<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components>{}</components></bom>'
FLASK = '<component type="library"><name>flask</name><purl>pkg:pypi/flask@0.12</purl></component>'


def read(data: bytes) -> Document:
    return read_document(data, limits=DEFAULT_LIMITS, what="bom.xml")


def test_it_says_what_the_json_form_says() -> None:
    assert read(FULL.encode()) == read(encoded(SAME))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SMALL.format(FLASK).encode(), id="as it is"),
        pytest.param(b"\xef\xbb\xbf" + SMALL.format(FLASK).encode(), id="behind a byte order mark"),
        pytest.param(('<?xml version="1.0" encoding="UTF-16"?>' + SMALL.format(FLASK)).encode("utf-16"), id="UTF-16"),
        pytest.param(b"\n  " + SMALL.format(FLASK).encode() + b"\n", id="between white space"),
        pytest.param(
            b'<c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.3"><c:components><c:component type="library">'
            b"<c:name>flask</c:name><c:purl>pkg:pypi/flask@0.12</c:purl></c:component></c:components></c:bom>",
            id="with a prefix",
        ),
    ],
)
def test_spellings_of_one_document(data: bytes) -> None:
    assert [(each.name, str(each.purl)) for each in read(data).components] == [("flask", "pkg:pypi/flask@0.12")]


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<html/>", b'{"x": "http://cyclonedx.org/schema/bom/1.4"}', b"<bom/>"]
)
def test_what_is_something_else(data: bytes) -> None:
    assert not is_cyclonedx_xml(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            '<bom xmlns="http://cyclonedx.org/schema/bom/2.0"/>',
            "CycloneDX `2.0` is not a version",
            id="a later version",
        ),
        pytest.param('<bom xmlns="http://cyclonedx.org/schema/bom/"/>', "CycloneDX `` is not", id="no version"),
        pytest.param(SMALL.format("<component>"), "is not XML", id="no end"),
        pytest.param(
            '<!DOCTYPE bom [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.4">&a;</bom>',
            "document type declaration",
            id="entities",
        ),
    ],
)
def test_what_is_refused(data: str, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        read(data.encode())


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        pytest.param(Limits(sbom_xml_bytes=100), "100 that are read", id="bytes"),
        pytest.param(Limits(sbom_xml_nodes=5), "more than 5 elements", id="elements"),
        pytest.param(Limits(xml_depth=3), "deeper than 3", id="depth"),
    ],
)
def test_bounds(limits: Limits, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        read_cyclonedx_xml(FULL.encode(), limits=limits, what="bom.xml")


def test_package_managers_keep_their_own_bounds() -> None:
    many = SMALL.format(FLASK * 20)

    document = read_cyclonedx_xml(many.encode(), limits=Limits(xml_nodes=10, xml_bytes=10), what="bom.xml")

    assert len(document["components"]) == 20
