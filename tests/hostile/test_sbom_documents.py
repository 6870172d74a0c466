"""Hostile SBOMs: each ends within two seconds and 256 MiB, with an issue of the report or an error that names the bound.

The time that is compared is the process's own, so that busy machines do not decide.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    count = len(inventory.packages) + sum(len(each.packages) for each in inventory.applications)
    outcome = [count, [issue.message[:200] for issue in inventory.issues]]
except Error as exc:
    outcome = [type(exc).__name__, str(exc)]
result = [*outcome, time.process_time() - began]
"""


def lib(number: int, **members: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": f"c{number}", "name": "a", "purl": f"pkg:npm/a@{number}"} | members


def bom(*components: Any, **members: Any) -> bytes:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)} | members
    return json.dumps(document).encode()


def ring(count: int) -> bytes:
    """Everything depends on the next thing, and the last on the first."""
    depends = [{"ref": f"c{number}", "dependsOn": [f"c{(number + 1) % count}"]} for number in range(count)]
    return bom(*map(lib, range(count)), dependencies=depends)


def everything_on_everything(count: int) -> bytes:
    refs = [f"c{number}" for number in range(count)]
    return bom(*map(lib, range(count)), dependencies=[{"ref": ref, "dependsOn": refs} for ref in refs])


def one_long_name_for_all() -> bytes:
    """A dependency of a megabyte that ten thousand packages have: ten gigabytes of report."""
    named = lib(0, properties=[{"name": "aquasecurity:trivy:PkgID", "value": "x" * MIB}])
    depends = [{"ref": f"c{number}", "dependsOn": ["c0"]} for number in range(1, 10_000)]
    return bom(named, *map(lib, range(1, 10_000)), dependencies=depends)


def nested_objects(depth: int) -> bytes:
    return bom(extra=None).replace(b"null", b'{"components":[' * depth + b"]}" * depth)


def nested_components(depth: int) -> bytes:
    inner: dict[str, Any] = lib(0)
    for number in range(1, depth):
        inner = lib(number, components=[inner])
    return bom(inner)


@pytest.mark.parametrize(
    ("document", "outcome", "said"),
    [
        pytest.param(lambda: ring(20_000), 20_000, "", id="one cycle through all components"),
        pytest.param(lambda: everything_on_everything(1_500), 1_500, "dependencies beyond", id="every edge there is"),
        pytest.param(one_long_name_for_all, 10_000, "dependencies beyond what is kept", id="a long name on each edge"),
        pytest.param(
            lambda: bom(*[lib(1)] * 20_000, dependencies=[{"ref": "c1", "dependsOn": ["c1"] * 1_000}]),
            20_000,
            "",
            id="one reference for all components, which depend on themselves",
        ),
        pytest.param(lambda: bom(*([{}] * 1_000_000)), "LimitError", "lists and objects", id="a million components"),
        pytest.param(lambda: bom(*([{}] * 100_001)), "LimitError", "components, more than", id="too many components"),
        pytest.param(lambda: nested_objects(200_000), "LimitError", "nested deeper", id="deep nesting"),
        pytest.param(lambda: nested_components(200), 1, "199 components are nested", id="components in components"),
        pytest.param(lambda: bom(lib(1, name="x" * 17 * MIB)), "LimitError", "texts of more than", id="a long name"),
        pytest.param(
            lambda: bom(*[lib(n, version="x" * 2**16) for n in range(300)]), "LimitError", "texts of", id="long versions"
        ),
        pytest.param(
            lambda: bom(lib(1, purl="pkg:npm/" + "%25" * MIB)), 0, "characters", id="a package URL of escapes"
        ),
        pytest.param(lambda: bom(lib(1, purl="pkg:npm/a?" + "a=b&" * 1_000)), 0, "comes twice", id="many qualifiers"),
        pytest.param(lambda: bom(*([7] * 90_000)), 0, "90000 components are malformed", id="numbers for components"),
        pytest.param(
            lambda: bom(*map(lib, range(30_000)), dependencies=[7] * 90_000), 30_000, "", id="numbers for dependencies"
        ),
        pytest.param(lambda: b"{" * 60 * MIB, "LimitError", "", id="braces"),
        pytest.param(lambda: bom(lib(1)) + b" " * 64 * MIB, "LimitError", "bytes, more than", id="a long document"),
    ],
)  # fmt: skip
def test_hostile_documents(tmp_path: Path, document: Callable[[], bytes], outcome: int | str, said: str) -> None:
    path = tmp_path / "bom.json"
    path.write_bytes(document())

    (found, messages, seconds), peak = run_measured(READ, path)

    assert found == outcome
    assert said in str(messages)
    assert seconds < SECONDS
    assert peak < 256 * MIB
