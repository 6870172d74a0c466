"""What Red Hat's build system leaves in an image: content manifests and the Dockerfile."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.index import Index
from assaymark.inventory.os import red_hat_content, red_hat_dockerfile
from assaymark.inventory.select import index_for
from assaymark.model.inventory import BuildInformation
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import BuildInfo

MANIFEST = "root/buildinfo/content_manifests/ubi8-container-8.5-218.json"
DOCKERFILE = "root/buildinfo/Dockerfile-ubi8-8.3-227"


def test_content_sets() -> None:
    text = '{"metadata": {"icm_version": 1}, "content_sets": ["rhel-8-for-x86_64-baseos-rpms", "other"]}'

    assert run(red_hat_content.ANALYZER, MANIFEST, {MANIFEST: text}) == (
        [
            BuildInformation(
                path=MANIFEST, build_info=BuildInfo(content_sets=("rhel-8-for-x86_64-baseos-rpms", "other"))
            )
        ],
        [],
    )


@pytest.mark.parametrize("text", ["{}", '{"content_sets": []}', '{"content_sets": null}', '{"image_contents": ["a"]}'])
def test_manifest_without_content_sets(text: str) -> None:
    assert run(red_hat_content.ANALYZER, MANIFEST, {MANIFEST: text}) == ([], [])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"content_sets": "a"}', '{"content_sets": [1]}'])
def test_manifest_of_another_shape(text: str) -> None:
    with pytest.raises(ArtifactError):
        run(red_hat_content.ANALYZER, MANIFEST, {MANIFEST: text})


def build(text: str, path: str = DOCKERFILE) -> BuildInfo:
    found, issues = run(red_hat_dockerfile.ANALYZER, path, {path: text})
    assert issues == []
    (item,) = found
    assert isinstance(item, BuildInformation)
    return item.build_info


def test_build_is_named_by_labels_and_the_file() -> None:
    text = """\
FROM sha256:4224eead35ea350b4b9d4ac67550e92efb9a50d3855cb3381469fe4c7e3f2053
LABEL com.redhat.component="ubi8-container" \\
      name="ubi8"
ENV arch x86_64
LABEL "release"="227" "architecture"=$arch
"""

    assert build(text) == BuildInfo(nvr="ubi8-container-8.3-227", arch="x86_64")


@pytest.mark.parametrize(
    ("path", "nvr"),
    [
        ("root/buildinfo/Dockerfile-jboss-base-7-base-1.1-3", "c-1.1-3"),
        ("root/buildinfo/Dockerfile-1", "c-root/buildinfo/Dockerfile-1"),
        ("root/buildinfo/Dockerfile", "c-"),
    ],
)
def test_version_and_release_are_the_last_parts_of_the_name(path: str, nvr: str) -> None:
    assert build("FROM a\nLABEL BZComponent=c architecture=x86_64\n", path).nvr == nvr


@pytest.mark.parametrize(
    "labels", ["com.redhat.component=c", "architecture=x86_64", 'com.redhat.component="" architecture=a']
)
def test_dockerfile_that_names_no_build(labels: str) -> None:
    message = "a Dockerfile that does not label its component and its architecture"

    assert run(red_hat_dockerfile.ANALYZER, DOCKERFILE, {DOCKERFILE: f"FROM a\nLABEL {labels}\n"}) == (
        [],
        [Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=DOCKERFILE, blocking=False)],
    )


def test_dockerfile_of_a_megabyte() -> None:
    with pytest.raises(LimitError):
        run(red_hat_dockerfile.ANALYZER, DOCKERFILE, {DOCKERFILE: "#" * (1024 * 1024 + 1)})


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (MANIFEST, ["redhat-content-manifest"]),
        ("usr/share/buildinfo/nodejs-12-container-1-66.json", ["redhat-content-manifest"]),
        ("foo/bar/nodejs-12-container-1-66.json", []),
        ("root/buildinfo/content_manifests/nodejs.xml", []),
        ("root/buildinfo/content_manifests/deeper/nodejs.json", []),
        (DOCKERFILE, ["redhat-dockerfile"]),
        ("root/buildinfo/deeper/Dockerfile", []),
        ("app/Dockerfile-ubi8-8.3-227", []),
    ],
)
def test_files_that_are_claimed(path: str, names: list[str]) -> None:
    index: Index = index_for("image")

    assert [analyzer.name for analyzer in index.parsers(path, 0o644)] == names
