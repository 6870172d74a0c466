"""Which reference stands for an image, and its ID."""

from __future__ import annotations

import pytest

from assaymark.artifact.naming import artifact_id, choose_reference, repository_id
from assaymark.model.artifact import GitFacts
from assaymark.model.reference import parse_reference

DIGEST = "sha256:" + "a" * 64
IMAGE_ID = "sha256:" + "b" * 64

CHOICES = [
    pytest.param("alpine", [], [], "", id="nothing to choose from"),
    pytest.param("alpine", ["<none>:<none>"], [], "", id="nothing that can be parsed"),
    pytest.param("alpine:1", ["alpine:2", "alpine:1"], [], "alpine:1", id="the one that was asked for"),
    pytest.param(
        "docker.io/library/alpine", ["bb:1", "alpine:latest"], [], "alpine:latest", id="the same in other words"
    ),
    pytest.param("alpine:3", ["bb:1", "cc:1"], [], "bb:1", id="the first where none is meant"),
    pytest.param("cc.TAR", ["bb:1", "cc.tar:latest"], [], "bb:1", id="an archive takes the first"),
    pytest.param(".tgz", ["bb:1", "cc:1"], [], "bb:1", id="a name that is all suffix"),
    pytest.param("NOT a name", ["bb:1", "cc:1"], [], "bb:1", id="no reference takes the first"),
    pytest.param("aa", [], [f"aa@{DIGEST}"], f"aa@{DIGEST}", id="digests come after tags"),
    pytest.param(f"aa@{DIGEST}", ["aa:1"], [f"aa@{DIGEST}"], f"aa@{DIGEST}", id="a digest that was asked for"),
    pytest.param("x:1", ["x:1", "quay.io/x:1", "docker.io/x:1"], [f"x@{DIGEST}"], "", id="one letter is no name"),
    pytest.param("x:1", ["x:1", "quay.io/o/x:1"], [], "quay.io/o/x:1", id="one letter below a name is"),
    pytest.param("x", ["docker.io/library/x:1"], [], "docker.io/library/x:1", id="one letter in its written library"),
]


@pytest.mark.parametrize(("name", "tags", "digests", "expected"), CHOICES)
def test_the_reference_is_chosen(name: str, tags: list[str], digests: list[str], expected: str) -> None:
    chosen = choose_reference(name, repo_tags=tags, repo_digests=digests)
    assert expected == (chosen.original if chosen else "")


def test_the_artifact_id_leaves_the_tag_out() -> None:
    computed = artifact_id(IMAGE_ID, parse_reference("alpine:3.10"))
    assert computed == artifact_id(IMAGE_ID, parse_reference("docker.io/library/alpine@" + DIGEST))
    assert computed != artifact_id(IMAGE_ID, parse_reference("example.com/alpine:3.10"))
    assert artifact_id(IMAGE_ID, None) == IMAGE_ID


def test_the_recorded_artifact_id_of_an_image() -> None:
    image_id = "sha256:3665b5a0a66a89ba20217b2a2564ace91c278c8d34e0d637907689c5e29fc76c"
    expected = "sha256:b473245324092d050f6382c235dba667a115ee7ca69869638bf7e6a8e17fd6f9"
    assert expected == artifact_id(image_id, parse_reference("alpine:3.10"))


def test_the_id_of_a_repository() -> None:
    commit = "e0ead1aa473bb9e336457f4dfbe5b52402beab1a"
    with_url = GitFacts(repo_url="https://example.com/r.git", commit=commit)
    expected = "sha256:e34cc84d3e3c01685e8e108de3298bb84825d088a9a76e7c573c9c755de46dc6"
    assert expected == repository_id("a", with_url)
    assert repository_id("a", GitFacts(commit=commit)) == repository_id("b", GitFacts(repo_url="a", commit=commit))
    assert repository_id("a", GitFacts()) == ""
