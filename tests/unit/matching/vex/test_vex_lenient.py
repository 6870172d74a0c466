"""What people write and the reference does not understand: found, and marked as such."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.vex import (
    CONFIG,
    DIGEST,
    LEFT,
    MANIFEST,
    SHARED,
    judged,
    openvex,
    reasons,
    shop,
    statement,
    taken_out,
)

from assaymark.matching.vex.graph import Subject
from assaymark.model.report import Metadata

SUBJECT = Subject(digests=(MANIFEST,))
OTHER = "sha256:" + "00" * 32


def image(*names: Any) -> Any:
    """A product with the part that only one package is."""
    product = names[0] if isinstance(names[0], dict) else {"@id": names[0]}
    return {**product, "subcomponents": [{"@id": "pkg:apk/alpine/libssl1.1"}]}


@pytest.mark.parametrize(
    ("product", "form"),
    [
        pytest.param(image(f"pkg:oci/anything@{DIGEST}?tag=1.2"), "digest", id="the index, whatever its name"),
        pytest.param(image(f"pkg:oci/shop@{MANIFEST}"), "digest", id="the manifest"),
        pytest.param(image(f"pkg:docker/team/shop@{CONFIG}"), "digest", id="the configuration"),
        pytest.param(image(f"mirror.example/shop@{DIGEST}"), "digest", id="a reference with a digest"),
        pytest.param(image(DIGEST), "digest", id="a digest alone"),
        pytest.param(image({"hashes": {"sha-256": "ef" * 32}}), "digest", id="a hash"),
        pytest.param(image(f"pkg:oci/shop@{OTHER}"), "", id="another digest"),
        pytest.param(image(f"pkg:oci/shop@{DIGEST}?arch=arm64&tag=1"), "", id="another architecture"),
        pytest.param(image(f"registry.example/team/shop:1.2@{OTHER}"), "", id="the tag, but another digest"),
        pytest.param(image("registry.example/team/shop:1.2"), "tag", id="a reference"),
        pytest.param(image("registry.example/team/shop:1.3"), "", id="another tag"),
        pytest.param(image("registry.example/team/shop"), "", id="a reference without a tag"),
        pytest.param(image("pkg:oci/shop?tag=1.2"), "tag", id="the tag as a qualifier"),
        pytest.param(image("pkg:oci/shop@1.2?repository_url=registry.example/team"), "tag", id="the tag as a version"),
        pytest.param(image("pkg:oci/shop?tag=1.2&repository_url=other.example/team/shop"), "", id="another registry"),
        pytest.param(image("pkg:docker/team/shop@1.2?repository_url=registry.example"), "tag", id="docker's kind"),
        pytest.param(image("pkg:docker/team/shop@1.2"), "", id="docker's kind without a registry is Docker Hub"),
        pytest.param(
            image("pkg:oci/shop?repository_url=registry.example/team"),
            "repository_url",
            id="without the name at the end",
        ),
        pytest.param(
            image("pkg:oci/shop?repository_url=https://registry.example/team/shop/"),
            "repository_url",
            id="as an address",
        ),
        pytest.param(image("pkg:oci/shop?repository_url=registry.example/other"), "", id="another repository"),
        pytest.param(image("https://registry.example/team/shop:1.2"), "", id="an address"),
    ],
)
def test_an_image_by_its_other_names(product: Any, form: str) -> None:
    report = judged(openvex(statement(product)), subject=SUBJECT)

    expected = [f"libssl1.1 | not_affected |  | 1.json (matched by {form})"] if form else []
    assert taken_out(report) == expected


def test_names_on_docker_hub_have_several_spellings() -> None:
    metadata = Metadata(repo_tags=("alpine:3.10",), image_id=CONFIG)

    def forms(*products: str) -> list[str]:
        documents = [openvex(statement(product)) for product in products]
        return [each.partition("(")[2] for each in taken_out(judged(*documents, report=shop(metadata=metadata)))][:1]

    assert [
        forms("docker.io/library/alpine:3.10"),
        forms("pkg:docker/alpine@3.10"),
        forms("pkg:oci/alpine?repository_url=docker.io/library"),
        forms("pkg:oci/alpine?repository_url=index.docker.io/library/alpine"),
        forms("pkg:oci/alpine"),
    ] == [["matched by tag)"], ["matched by tag)"], ["matched by repository_url)"], ["matched by repository_url)"], []]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        pytest.param("libssl1.1", True, id="the bare name"),
        pytest.param("libssl1.1@1.1.1d-r2", True, id="the name and the version"),
        pytest.param("libssl1.1@1.1.1d-r3", False, id="another version"),
        pytest.param("pkg:apk/alpine/openssl", True, id="the source package"),
        pytest.param("pkg:apk/alpine/openssl@1.1.1d-r2?arch=x86_64", True, id="the source package in its version"),
        pytest.param("pkg:apk/alpine/openssl@1.1.1d-r3", False, id="the source package in another version"),
        pytest.param("pkg:apk/wolfi/openssl", False, id="another distribution's"),
    ],
)
def test_a_part_by_its_other_names(part: str, found: bool) -> None:
    product = {"@id": "pkg:oci/shop", "subcomponents": [{"@id": part}]}

    expected = ["libssl1.1 | not_affected |  | 1.json (matched by sub-component)"] if found else []
    assert taken_out(judged(openvex(statement(product)))) == expected


def test_both_ends_may_be_lenient() -> None:
    product = {"@id": "registry.example/team/shop:1.2", "subcomponents": [{"@id": "libssl1.1"}]}

    report = judged(openvex(statement(product)))

    assert reasons(report) == ["CVE-2026-1000 not_affected 1 tag, sub-component: "]


def test_a_lenient_form_does_not_overrule_what_is_said_plainly() -> None:
    plain = statement({"@id": "pkg:oci/shop"}, status="affected", timestamp="2020-01-01T00:00:00Z")
    newer = statement("registry.example/team/shop:1.2", timestamp="2026-01-01T00:00:00Z")

    assert taken_out(judged(openvex(plain, newer))) == []


def test_a_way_may_be_cut_by_a_plain_and_another_by_a_lenient_form() -> None:
    plain = statement({"@id": LEFT, "subcomponents": [{"@id": SHARED}]})
    lenient = statement({"@id": "pkg:npm/right", "subcomponents": [{"@id": "shared"}]})

    report = judged(openvex(plain, lenient))

    assert taken_out(report) == ["shared | not_affected |  | 1.json (matched by sub-component)"]
    assert reasons(report) == ["CVE-2026-1000 not_affected 1 -: ", "CVE-2026-1000 not_affected 1 sub-component: "]


def test_without_an_image_names_of_images_mean_nothing() -> None:
    report = judged(openvex(statement("registry.example/team/shop:1.2")), report=shop(artifact_type="filesystem"))

    assert taken_out(report) == []
