"""SBOM files inside images and root file systems."""

from __future__ import annotations

import pytest
from tests.support.boms import FLASK, SMALL, bom, component, encoded, package, spdx, stated
from tests.support.memory_tree import run

from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.sbom.embedded import ANALYZER
from assaymark.model.inventory import Application, Found, OsPackages
from assaymark.model.issue import Issue, IssueCode

REDIS = component("redis", "7", "pkg:bitnami/redis@7", ref="r")
LOCK = {"type": "application", "bom-ref": "lock", "name": "app/Cargo.lock", "properties": stated(Type="cargo")}
IN_FOLDER = component("jar", "1", "pkg:maven/g/jar@1", ref="j", properties=stated(FilePath="lib/../modules/a.jar"))


def placed(found: list[Found]) -> list[tuple[str, str, list[str]]]:
    """Type, path, and the names of packages with their own paths."""
    rows = []
    for item in found:
        assert isinstance(item, Application | OsPackages)
        kind = item.type if isinstance(item, Application) else "system"
        rows.append((kind, item.path, [f"{each.name} {each.file_path}".strip() for each in item.packages]))
    return rows


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        pytest.param(
            "usr/share/sbom/a.cdx.json",
            SMALL,
            [
                ("system", "usr/share/sbom/a.cdx.json", ["musl"]),
                ("cocoapods", "usr/share/sbom/a.cdx.json", ["GoogleUtilities/NSData+zlib"]),
                ("python-pkg", "usr/share/sbom/a.cdx.json", ["flask"]),
            ],
            id="everything stands at the file's path, and the operating system does not count",
        ),
        pytest.param(
            "a.cdx",
            bom(LOCK, FLASK, dependencies=[{"ref": "lock", "dependsOn": ["p2"]}]),
            [("cargo", "app/Cargo.lock", ["flask"])],
            id="an application with a path of its own",
        ),
        pytest.param(
            "opt/bitnami/redis/.redis.cdx.json",
            bom(REDIS, IN_FOLDER, FLASK),
            [
                ("bitnami", "opt/bitnami/redis", ["redis"]),
                ("jar", "opt/bitnami/redis/.redis.cdx.json", ["g:jar opt/bitnami/redis/modules/a.jar"]),
                ("python-pkg", "opt/bitnami/redis/.redis.cdx.json", ["flask opt/bitnami/redis"]),
            ],
            id="Bitnami",
        ),
        pytest.param(
            "opt/bitnami/redis/.spdx-redis.spdx",
            spdx(package("redis", "7", "pkg:bitnami/redis@7"), package("jar", "1", "pkg:maven/g/jar@1")),
            [
                ("bitnami", "opt/bitnami/redis", ["redis"]),
                ("jar", "opt/bitnami/redis/.spdx-redis.spdx", ["g:jar opt/bitnami/redis"]),
            ],
            id="Bitnami's own files are SPDX",
        ),
    ],
)
def test_where_packages_stand(path: str, document: object, expected: list[tuple[str, str, list[str]]]) -> None:
    found, issues = run(ANALYZER, path, {path: encoded(document)})

    assert placed(found) == expected
    assert issues == []


def test_issues_name_the_file() -> None:
    _, issues = run(ANALYZER, "a.cdx", {"a.cdx": encoded(bom(component("x", "1", "pkg:generic/x@1", ref="x")))})

    assert issues == [
        Issue(
            code=IssueCode.NOT_ANALYSED,
            message="1 package URLs are of types that are not matched: `pkg:generic/x@1`",
            path="a.cdx",
        )
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.cdx", True),
        ("usr/share/x.cdx.json", True),
        ("cdx.json", False),
        ("x.json", False),
        ("x.spdx.json", True),
        ("opt/bitnami/redis/.spdx-redis.spdx", True),
        ("usr/lib/python3/x.dist-info/sboms/a.spdx.json", False),
        ("usr/lib/python3/x.dist-info/sboms/a.cdx.json", False),
        ("usr/lib/python3/x.dist-info/a.cdx.json", True),
    ],
)
def test_files_that_are_claimed(path: str, expected: bool) -> None:
    assert Index([ANALYZER], Options()).wants(path, 0o644, 1) == expected
