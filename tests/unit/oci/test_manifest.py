"""Manifests and indexes are read strictly: what two readers could read differently is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
)
from assaymark.model.digest import sha256_digest
from assaymark.model.platform import Platform
from assaymark.oci.manifest import Index, Manifest, parse_manifest

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ONE, TWO = sha256_digest(b"one"), sha256_digest(b"two")
IMAGE: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": OCI_MANIFEST,
    "config": {"mediaType": OCI_CONFIG, "digest": ONE, "size": 3},
    "layers": [{"mediaType": LAYER, "digest": TWO, "size": 4, "annotations": {"b": "1", "a": "2"}}],
}
INDEX: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": OCI_INDEX,
    "manifests": [
        {
            "mediaType": OCI_MANIFEST,
            "digest": ONE,
            "size": 3,
            "platform": {"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "10", "features": ["x"]},
        }
    ],
}


def parse(document: object, media_type: str = "") -> Manifest | Index:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_manifest(data, media_type, limits=DEFAULT_LIMITS)


def changed(document: dict[str, Any], **members: object) -> dict[str, Any]:
    """The document with members replaced; None removes one."""
    return {name: value for name, value in {**document, **members}.items() if value is not None}


def test_an_image_manifest_with_everything() -> None:
    document = changed(IMAGE, artifactType="application/x", subject=INDEX["manifests"][0], annotations={"k": "v"})
    arm = Platform(os="linux", architecture="arm", variant="v7", os_version="10")
    assert parse(document, OCI_MANIFEST) == Manifest(
        media_type=OCI_MANIFEST,
        config=Descriptor(media_type=OCI_CONFIG, digest=ONE, size=3),
        layers=(Descriptor(media_type=LAYER, digest=TWO, size=4, annotations=(("b", "1"), ("a", "2"))),),
        artifact_type="application/x",
        subject=Descriptor(media_type=OCI_MANIFEST, digest=ONE, size=3, platform=arm),
        annotations=(("k", "v"),),
    )


def test_an_index() -> None:
    arm = Platform(os="linux", architecture="arm", variant="v7", os_version="10")
    entry = Descriptor(media_type=OCI_MANIFEST, digest=ONE, size=3, platform=arm)
    assert parse(INDEX, OCI_INDEX) == Index(media_type=OCI_INDEX, manifests=(entry,))


@pytest.mark.parametrize(
    ("document", "sent", "media_type"),
    [
        pytest.param(IMAGE, "", OCI_MANIFEST, id="the document's own type"),
        pytest.param(IMAGE, "application/json", OCI_MANIFEST, id="a Content-Type that says nothing"),
        pytest.param(IMAGE, f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST, id="a Content-Type with a parameter"),
        pytest.param(changed(IMAGE, mediaType=None), DOCKER_MANIFEST, DOCKER_MANIFEST, id="the sender's type"),
        pytest.param(changed(IMAGE, mediaType=None), "text/plain", OCI_MANIFEST, id="an image by its members"),
        pytest.param(changed(INDEX, mediaType=None), "", OCI_INDEX, id="an index by its members"),
        pytest.param(changed(INDEX, mediaType=DOCKER_LIST), DOCKER_LIST, DOCKER_LIST, id="a Docker list"),
        pytest.param({**IMAGE, "layers": None}, OCI_MANIFEST, OCI_MANIFEST, id="null for no layers"),
        pytest.param(changed(IMAGE, unknown=[1]), OCI_MANIFEST, OCI_MANIFEST, id="members we do not know"),
    ],
)
def test_the_media_type_is_what_all_agree_on(document: object, sent: str, media_type: str) -> None:
    assert parse(document, sent).media_type == media_type


def test_what_an_artifact_is_comes_from_its_own_type_or_its_config() -> None:
    plain, typed = parse(IMAGE), parse(changed(IMAGE, artifactType="application/x"))
    assert isinstance(plain, Manifest)
    assert isinstance(typed, Manifest)
    assert (plain.kind, typed.kind) == (OCI_CONFIG, "application/x")


def test_urls_and_embedded_data_are_ignored() -> None:
    layer = {**IMAGE["layers"][0], "urls": ["http://169.254.169.254/"], "data": "eA=="}
    assert parse(changed(IMAGE, layers=[layer])) == parse(IMAGE)


BAD_SIZE = {"mediaType": LAYER, "digest": ONE}


@pytest.mark.parametrize(
    ("document", "sent", "message"),
    [
        pytest.param({**IMAGE, **INDEX}, "", "both `manifests` and", id="layers and manifests at once"),
        pytest.param({**INDEX, "config": None}, "", "both `manifests` and", id="an index with a config, even null"),
        pytest.param(IMAGE, OCI_INDEX, "was sent as", id="sent as another type"),
        pytest.param(changed(IMAGE, mediaType=OCI_INDEX), OCI_INDEX, "members of another", id="called an index"),
        pytest.param(
            changed(INDEX, mediaType=None), OCI_MANIFEST, "members of another", id="an index sent as an image"
        ),
        pytest.param(changed(IMAGE, mediaType="a/b"), "", "not supported", id="an unknown type"),
        pytest.param(changed(IMAGE, mediaType=7), "", "`mediaType` is not text", id="a type that is no text"),
        pytest.param(changed(IMAGE, schemaVersion=1), "", "schema 1", id="schema 1"),
        pytest.param({"fsLayers": []}, "", "schema 1", id="schema 1 by its members"),
        pytest.param(changed(IMAGE, schemaVersion=3), "", "`schemaVersion`", id="schema 3"),
        pytest.param({**IMAGE, "Layers": []}, "", "the key `Layers`", id="a key in other letter case"),
        pytest.param([IMAGE], "", "not a JSON object", id="a list"),
        pytest.param(b'{"layers":[],"layers":[]}', "", "manifest", id="a key twice"),
        pytest.param(json.dumps(IMAGE).encode() + b"{}", "", "manifest", id="trailing data"),
        pytest.param(b"", "", "manifest", id="nothing"),
        pytest.param(changed(IMAGE, layers=None), "", "no list of `layers`", id="no layers"),
        pytest.param(changed(IMAGE, layers="x"), "", "no list of `layers`", id="layers that are no list"),
        pytest.param(changed(IMAGE, config=None), "", "`config` is not a descriptor", id="no config"),
        pytest.param(changed(IMAGE, subject=[]), "", "`subject` is not a descriptor", id="a bad subject"),
        pytest.param(changed(IMAGE, layers=[BAD_SIZE]), "", "no valid `size`", id="no size"),
        pytest.param(changed(IMAGE, layers=[{**BAD_SIZE, "size": -1}]), "", "no valid `size`", id="a negative size"),
        pytest.param(changed(IMAGE, layers=[{**BAD_SIZE, "size": True}]), "", "no valid `size`", id="a size of true"),
        pytest.param(changed(IMAGE, layers=[{**BAD_SIZE, "size": 2**63}]), "", "no valid `size`", id="2^63 bytes"),
        pytest.param(changed(IMAGE, config={"digest": ONE, "size": 1}), "", "no `mediaType`", id="no type"),
        pytest.param(
            changed(IMAGE, config={**IMAGE["config"], "digest": "sha256:AB"}), "", "not a digest", id="a bad digest"
        ),
        pytest.param(
            changed(IMAGE, config={**IMAGE["config"], "Digest": TWO}), "", "the key `Digest`", id="two digests by case"
        ),
        pytest.param(changed(IMAGE, annotations=[]), "", "not pairs", id="annotations that are a list"),
        pytest.param(changed(IMAGE, annotations={"a": 1}), "", "not pairs", id="an annotation that is a number"),
        pytest.param(
            changed(INDEX, manifests=[{**INDEX["manifests"][0], "platform": {"os": 1}}]),
            "",
            "platform",
            id="a malformed platform",
        ),
    ],
)
def test_what_is_refused(document: object, sent: str, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        parse(document, sent)


def test_schema_1_by_its_content_type() -> None:
    with pytest.raises(ArtifactError, match="schema 1") as caught:
        parse(IMAGE, "application/vnd.docker.distribution.manifest.v1+prettyjws")
    assert "push the image again" in caught.value.hint


@pytest.mark.parametrize(
    ("document", "limits"),
    [
        pytest.param(INDEX, {"manifest_bytes": 100}, id="bytes"),
        pytest.param(
            {**INDEX, "manifests": INDEX["manifests"] * 3}, {"index_entries": 2, "referrers_listed": 2}, id="entries"
        ),
        pytest.param({**IMAGE, "layers": IMAGE["layers"] * 3}, {"layers": 2, "legacy_layers": 1}, id="layers"),
        pytest.param(changed(IMAGE, x=[[[[[[1]]]]]]), {"json_depth": 4}, id="depth"),
    ],
)
def test_limits(document: object, limits: dict[str, int]) -> None:
    with pytest.raises(LimitError):
        parse_manifest(json.dumps(document).encode(), "", limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits))
