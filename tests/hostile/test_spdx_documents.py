"""Hostile SPDX documents: each ends within two seconds and 256 MiB, with an issue or an error that names the bound."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.test_sbom_documents import READ, SECONDS
from tests.support.boms import encoded, package, related, spdx
from tests.support.measured import MIB, run_measured


def lib(number: int, **members: Any) -> dict[str, Any]:
    return package(str(number), "1", f"pkg:npm/a@{number}", **members)


def document(*packages: Any, **members: Any) -> bytes:
    return encoded(spdx(*packages, **members))


def ring(count: int) -> bytes:
    """Everything needs the next thing, and the last the first."""
    relations = [related(f"Package-{n}", "DEPENDS_ON", f"Package-{(n + 1) % count}") for n in range(count)]
    return document(*map(lib, range(count)), relationships=relations)


def all_describe_all(count: int) -> bytes:
    names = [f"SPDXRef-Package-{n}" for n in range(count)]
    return document(*map(lib, range(count)), documentDescribes=names * 10)


def tags(*lines: str) -> bytes:
    return "\n".join(("SPDXVersion: SPDX-2.3", *lines)).encode()


@pytest.mark.parametrize(
    ("content", "outcome", "said"),
    [
        pytest.param(lambda: ring(10_000), 10_000, "", id="one cycle through all packages"),
        pytest.param(lambda: all_describe_all(5_000), 5_000, "", id="everything is described, and again"),
        pytest.param(lambda: document(*[{}] * 100_001), "LimitError", "packages, more than", id="too many packages"),
        pytest.param(lambda: document(*[7] * 90_000), 0, "90000 packages are malformed", id="numbers for packages"),
        pytest.param(lambda: document(lib(1), files=[7] * 90_000), 1, "90000 files are malformed", id="files"),
        pytest.param(
            lambda: document(lib(1), relationships=[7] * 90_000), 1, "", id="numbers for relationships lead nowhere"
        ),
        pytest.param(lambda: document(lib(1) | {"name": "x" * 17 * MIB}), "LimitError", "texts of more than", id="a long name"),
        pytest.param(lambda: document(lib(1, hasFiles=["SPDXRef-File"] * 500_000)), 1, "", id="a package of many files"),
        pytest.param(
            lambda: document(lib(1, annotations=[{"comment": "PkgID: x"}] * 100_000)), 1, "", id="many annotations"
        ),
        pytest.param(lambda: document(lib(1, externalRefs=[{}] * 200_000)), 0, "no package URL", id="empty references"),
        pytest.param(lambda: document(package("a", "1", "pkg:npm/" + "%25" * MIB)), 0, "characters", id="an escaped name"),
        pytest.param(lambda: document(lib(1, checksums=[[]])), 0, "no object", id="a checksum that is a list"),
        pytest.param(lambda: document(lib(1, attributionTexts="x")), 0, "is no list", id="a text for texts"),
        pytest.param(
            lambda: json.dumps(spdx()).replace("[]", "[" * 200_000 + "]" * 200_000).encode(),
            "LimitError",
            "nested deeper",
            id="deep nesting",
        ),
        pytest.param(lambda: encoded(spdx(spdxVersion="x" * MIB)), "ArtifactError", "not a version", id="a long version"),
        pytest.param(
            lambda: document(lib(1, licenseDeclared="," * 600_000)), "LimitError", "licences", id="a licence of commas"
        ),
        pytest.param(lambda: tags("PackageName: a\n" * 400_000), "LimitError", "entries", id="tags: empty packages"),
        pytest.param(lambda: tags("Creator: a\n" * 400_000), "LimitError", "entries", id="tags: creators"),
        pytest.param(lambda: tags("Comment: a\n" * 500_000), 0, "no packages", id="tags: many that nobody asks for"),
        pytest.param(lambda: tags("A: <text>" + "x\n" * 2_000_000), "ArtifactError", "no end", id="tags: an open text"),
        pytest.param(lambda: tags("A: " + "<text>" * 200_000), "ArtifactError", "no end", id="tags: texts in texts"),
        pytest.param(lambda: tags("x" * MIB), "ArtifactError", "has no tag", id="tags: a line without a tag"),
        pytest.param(lambda: tags("Relationship: " + "a " * MIB), "ArtifactError", "words", id="tags: many words"),
        pytest.param(lambda: tags() + b"\n" * (64 * MIB), "LimitError", "more than the", id="tags: a long document"),
    ],
)  # fmt: skip
def test_hostile_documents(tmp_path: Path, content: Callable[[], bytes], outcome: int | str, said: str) -> None:
    path = tmp_path / "bom"
    path.write_bytes(content())

    (found, messages, seconds), peak = run_measured(READ, path)

    assert found == outcome
    assert said in str(messages)
    assert seconds < SECONDS
    assert peak < 256 * MIB
