"""CSAF: products by package URLs, branches and relationships."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.vex import IMAGE_PURL, SSL, judged, reasons, taken_out

from assaymark.errors import LimitError
from assaymark.limits import Limits


def name(identifier: str, purl: str = "") -> dict[str, Any]:
    helper = {"product_identification_helper": {"purl": purl}} if purl else {}
    return {"product_id": identifier, "name": identifier, **helper}


def relation(identifier: str, part: str, product: str, category: str = "default_component_of") -> dict[str, Any]:
    return {
        "category": category,
        "full_product_name": name(identifier),
        "product_reference": part,
        "relates_to_product_reference": product,
    }


TREE = {
    "full_product_names": [name("SSL", "pkg:apk/alpine/libssl1.1"), name("BARE")],
    "branches": [{"branches": [{"product": name("IMAGE", IMAGE_PURL)}, {"product": name("EXACT", SSL)}]}],
    "relationships": [
        relation("IMAGE:SSL", "SSL", "IMAGE"),
        relation("IMAGE+SSL", "SSL", "IMAGE", "installed_on"),
        relation("EXTERNAL", "SSL", "IMAGE", "external_component_of"),
    ],
}


def entry(cve: str = "CVE-2026-1000", *, impact: str = "", **status: list[str]) -> dict[str, Any]:
    threats = [{"category": "target_set", "details": "no"}, {"category": "impact", "details": impact}] if impact else []
    return {"cve": cve, "product_status": status, "threats": threats}


def csaf(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"document": {}, "product_tree": TREE, "vulnerabilities": list(entries)}).encode()


GONE = ["libssl1.1 | not_affected |  | 1.json"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(entry(known_not_affected=["SSL"]), GONE, id="a package in any version"),
        pytest.param(entry(known_not_affected=["EXACT"]), GONE, id="a package in a branch"),
        pytest.param(entry(known_not_affected=["IMAGE:SSL"]), GONE, id="a part of the image"),
        pytest.param(entry(known_not_affected=["IMAGE+SSL"]), GONE, id="a package that is installed on it"),
        pytest.param(entry(known_not_affected=["EXTERNAL"]), [], id="another kind of relationship"),
        pytest.param(entry(known_not_affected=["BARE"]), [], id="a product without a package URL"),
        pytest.param(entry(known_not_affected=["NOBODY"]), [], id="a product that the tree has not"),
        pytest.param(entry(fixed=["SSL"]), ["libssl1.1 | fixed |  | 1.json"], id="fixed"),
        pytest.param(entry(known_not_affected=["SSL"], fixed=["SSL"]), GONE, id="both"),
        pytest.param(entry(known_not_affected=["SSL"], known_affected=["SSL"]), GONE, id="also known to be affected"),
        pytest.param(entry(known_affected=["SSL"]), [], id="affected"),
        pytest.param(
            entry(known_not_affected=["SSL"], impact="not built in"),
            ["libssl1.1 | not_affected | not built in | 1.json"],
            id="with an impact",
        ),
    ],
)
def test_a_product_is_what_the_tree_says(said: dict[str, Any], expected: list[str]) -> None:
    assert taken_out(judged(csaf(said))) == expected


def test_the_first_entry_of_a_vulnerability_counts() -> None:
    report = judged(csaf(entry(known_not_affected=["BARE"]), entry(known_not_affected=["SSL"]), {"ids": []}, entry("")))

    assert taken_out(report) == []
    assert reasons(report) == [
        "CVE-2026-1000 not_affected 0 -: it names no product",
        "CVE-2026-1000 not_affected 0 -: an earlier entry of the document counts for `CVE-2026-1000`",
    ]


def test_relationships_that_multiply_are_bounded() -> None:
    document = csaf(entry(known_not_affected=["IMAGE:SSL"] * 100))

    with pytest.raises(LimitError, match="more than 50 products"):
        judged(document, limits=Limits(vex_products=50))
