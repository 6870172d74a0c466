"""How packages hang together, and what an image is called."""

from __future__ import annotations

import pytest

from assaymark.model.hierarchy import find_image_purl, hangs_under_holder
from assaymark.model.package import Package, Relationship
from assaymark.model.report import Metadata

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("package", "needed", "has_root", "hangs"),
    [
        pytest.param(Package(name="a", version="1"), set(), False, True, id="nobody needs it"),
        pytest.param(Package(name="a", version="1"), {"a@1"}, False, False, id="another needs it by name and version"),
        pytest.param(Package(id="x", name="a", version="1"), {"a@1"}, False, True, id="its own identifier counts"),
        pytest.param(
            Package(name="a", version="1", relationship=Relationship.DIRECT),
            {"a@1"},
            False,
            True,
            id="a direct one without a root",
        ),
        pytest.param(
            Package(name="a", version="1", relationship=Relationship.DIRECT),
            set(),
            True,
            False,
            id="a direct one belongs to the root",
        ),
    ],
)
def test_a_package_hangs_under_its_holder_or_under_those_that_need_it(
    package: Package, needed: set[str], has_root: bool, hangs: bool
) -> None:
    assert hangs_under_holder(package, needed, has_root=has_root) is hangs


@pytest.mark.parametrize(
    ("metadata", "purl"),
    [
        pytest.param(Metadata(), "None", id="without a digest there is none"),
        pytest.param(
            Metadata(repo_digests=(f"alpine@{DIGEST}",), image_config={"architecture": "amd64"}),
            f"pkg:oci/alpine@sha256:{'ab' * 32}?arch=amd64&repository_url=index.docker.io%2Flibrary%2Falpine",
            id="Docker Hub by its full name",
        ),
        pytest.param(
            Metadata(repo_digests=(f"ghcr.io/o/n@{DIGEST}",), image_config={"architecture": 7}),
            f"pkg:oci/n@sha256:{'ab' * 32}?repository_url=ghcr.io%2Fo%2Fn",
            id="an architecture that is none",
        ),
    ],
)
def test_an_image_is_named_by_its_repository_and_digest(metadata: Metadata, purl: str) -> None:
    assert str(find_image_purl(metadata)) == purl
