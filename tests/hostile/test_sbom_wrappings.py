"""Hostile SBOMs in XML and in attestations: each ends within two seconds and 256 MiB, in packages or an error."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.measured import MIB, run_measured

SECONDS = 2.0
READ = """
import time
from assaymark.errors import Error
from assaymark.inventory.merge import merge_layers
from assaymark.inventory.sbom.described import read_sbom
from assaymark.limits import DEFAULT_LIMITS
data = open(sys.argv[1], "rb").read()
began = time.process_time()
try:
    inventory = merge_layers([read_sbom(data, limits=DEFAULT_LIMITS, what="bom").inventory])
    outcome = [sum(len(each.packages) for each in inventory.applications), ""]
except Error as exc:
    outcome = [type(exc).__name__, str(exc)[:300]]
result = [*outcome, time.process_time() - began]
"""
HEAD = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">'
LIBRARY = b'<component type="library"><name>a</name><version>1</version><purl>pkg:npm/a@%d</purl></component>'


def xml(*parts: bytes, end: bytes = b"</bom>") -> bytes:
    return HEAD + b"".join(parts) + end


def libraries(count: int) -> bytes:
    return b"<components>" + b"".join(LIBRARY % number for number in range(count)) + b"</components>"


def nested(name: bytes, depth: int) -> bytes:
    return b"<%b>" % name * depth + b"</%b>" % name * depth


def laughs() -> bytes:
    kinds = b"".join(b'<!ENTITY l%d "%b">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 10))
    return b'<!DOCTYPE bom [<!ENTITY l0 "ha">' + kinds + b"]>" + HEAD + b"<name>&l9;</name></bom>"


def outside() -> bytes:
    return b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + b"<name>&x;</name></bom>"


def statement(predicate: bytes, kind: bytes = b"https://cyclonedx.org/bom") -> bytes:
    return b'{"predicateType": "%b", "predicate": %b}' % (kind, predicate)


def envelope(payload: bytes) -> bytes:
    return b'{"payloadType": "application/vnd.in-toto+json", "payload": "%b"}' % b64encode(payload)


def russian_dolls(depth: int) -> bytes:
    inner = b"{}"
    for _ in range(depth):
        inner = envelope(statement(inner))
    return inner


def text_of_a_text(size: int) -> bytes:
    return envelope(statement(json.dumps("\\" * size).encode()))


@pytest.mark.parametrize(
    ("document", "outcome", "said"),
    [
        pytest.param(lambda: xml(libraries(20_000)), 20_000, "", id="a large image in XML"),
        pytest.param(lambda: xml(libraries(100_000)), "LimitError", "elements and attributes", id="many components"),
        pytest.param(lambda: xml(b"<a b='c'/>" * 1_000_000), "LimitError", "elements and", id="many attributes"),
        pytest.param(lambda: xml(b" " * 33 * MIB), "LimitError", "are read", id="a long document"),
        pytest.param(lambda: xml(nested(b"components", 100_000)), "LimitError", "nested deeper", id="deep nesting"),
        pytest.param(
            lambda: xml(b"<components><component type='library'>" * 120), "ArtifactError", "", id="without an end"
        ),
        pytest.param(lambda: xml(nested(b"dependency", 250)), 0, "", id="dependencies in dependencies"),
        pytest.param(laughs, "ArtifactError", "document type declaration", id="a billion laughs"),
        pytest.param(outside, "ArtifactError", "document type declaration", id="a file of the host"),
        pytest.param(lambda: xml(b"<name>" + b"x" * 20 * MIB + b"</name>"), 0, "", id="a long text that nobody asks for"),
        pytest.param(
            lambda: xml(
                b"<components><component type='library'><name>" + b"x" * 20 * MIB + b"</name></component></components>"
            ),
            "LimitError",
            "texts of more",
            id="a long name",
        ),
        pytest.param(lambda: russian_dolls(20), "ArtifactError", "no SBOM that is known", id="attestations in attestations"),
        pytest.param(lambda: envelope(statement(b"[" * 600 + b"]" * 600)), "LimitError", "", id="a deep predicate"),
        pytest.param(lambda: text_of_a_text(8 * MIB), "ArtifactError", "no SBOM that is known", id="a text of escapes"),
        pytest.param(
            lambda: b"\n".join([envelope(statement(b"{}"))] * 100_000), "LimitError", "1000 lines", id="many lines"
        ),
        pytest.param(
            lambda: b"\n".join([envelope(statement(b"{}", b"x"))] * 1_000), "ArtifactError", "no SBOM", id="other lines"
        ),
        pytest.param(lambda: b'{"predicateType": ' * 400, "ArtifactError", "", id="half a document of heads"),
        pytest.param(lambda: b'"payloadType"\n' * 2_000_000, "ArtifactError", "no SBOM that is", id="marks alone"),
    ],
)  # fmt: skip
def test_hostile_wrappings(tmp_path: Path, document: Callable[[], bytes], outcome: int | str, said: str) -> None:
    path = tmp_path / "bom"
    path.write_bytes(document())

    (found, message, seconds), peak = run_measured(READ, path)

    assert found == outcome, message
    assert said in message
    assert seconds < SECONDS
    assert peak < 256 * MIB
