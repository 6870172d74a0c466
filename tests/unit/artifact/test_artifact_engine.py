"""Container engines: the rebuilt configuration, the lazy export, and malformed answers; the engine is played in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.images import BuiltImage, Entry, build_image

from assaymark.artifact.config import image_config
from assaymark.artifact.engine import Engine, open_engine_image
from assaymark.artifact.engine_config import is_empty_layer, parse_inspection, rebuild_config
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, LimitError, NetworkError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ImageIdentity
from assaymark.model.platform import Platform
from assaymark.net.address import Locality
from assaymark.net.network import Content, Headers, Response
from assaymark.net.tls import TlsOptions

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}, {"etc/x": "y"}]
HISTORY: list[Mapping[str, Any]] = [
    {"created": "2020-01-01T00:00:00Z", "created_by": "/bin/sh -c #(nop) ADD file:x in / "},
    {"created": "2020-01-01T00:00:01Z", "created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {"created": "2020-01-01T00:00:02Z", "created_by": "RUN x", "comment": "buildkit.dockerfile.v0"},
]
IMAGE = build_image(LAYERS, history=HISTORY)
EPOCH_2020 = 1_577_836_800


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


class MemoryEngine:
    """An engine that holds images by name, and counts what it is asked."""

    def __init__(self, images: Mapping[str, BuiltImage], folder: Path, **changes: Any) -> None:
        self._images = images
        self._folder = folder
        self._changes = changes
        self.requests: list[str] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,
        redirects: bool = True,
        nearest: Locality = Locality.LOOPBACK,
        tls: TlsOptions | None = None,
    ) -> Response:
        name, _, what = url.removeprefix("http://localhost/images/").rpartition("/")
        self.requests.append(f"{what} {name}")
        status, data = self._answer(name, what)
        return Response(
            status=status, headers=Headers(), url=url, source=_Bytes(data), limits=DEFAULT_LIMITS, clock=lambda: 0.0
        )

    def locality(self, host: str) -> Locality:
        return Locality.LOOPBACK

    def _answer(self, name: str, what: str) -> tuple[int, bytes]:
        if what in self._changes.get("broken", {}):
            status, data = self._changes["broken"][what]
            return status, data
        image = self._images.get(name)
        if image is None:
            return 404, b'{"message": "No such image: \\u001b[31m' + name.encode() + b'"}'
        if what == "get":
            return 200, image.save_docker(self._folder / "export.tar", tags=[name]).read_bytes()
        return 200, json.dumps(self.inspection(image) if what == "json" else self.history(image)).encode()

    def inspection(self, image: BuiltImage) -> dict[str, Any]:
        config = json.loads(image.config)
        return {
            "Id": image.image_id,
            "RepoTags": ["alpine:3.10"],
            "RepoDigests": ["alpine@sha256:" + "d" * 64],
            "Created": config["created"],
            "Architecture": config["architecture"],
            "Os": config["os"],
            "Config": {**config["config"], "Hostname": "lost", "Image": "lost"},
            "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
            **self._changes.get("inspection", {}),
        }

    def history(self, image: BuiltImage) -> Any:
        entries = [
            {
                "Created": EPOCH_2020 + number,
                "CreatedBy": step.get("created_by", ""),
                "Comment": step.get("comment", ""),
                "Size": 0 if step.get("empty_layer") else 5,
            }
            for number, step in enumerate(json.loads(image.config)["history"])
        ]
        return self._changes.get("history", entries[::-1])


def engine(tmp_path: Path, limits: Limits = DEFAULT_LIMITS, **changes: Any) -> tuple[MemoryEngine, Engine]:
    memory = MemoryEngine({"alpine:3.10": IMAGE}, tmp_path, **changes)
    return memory, Engine(memory, address="http://localhost", name="docker", limits=limits)


REQUEST = ImageRequest(name="alpine:3.10")
NAMES = ("index.docker.io/library/alpine:3.10", "alpine:3.10")


def test_the_image_is_described_without_being_exported(tmp_path: Path) -> None:
    memory, asked = engine(tmp_path)
    with open_engine_image(asked, NAMES, REQUEST) as image:
        assert image.identity == ImageIdentity(
            name="alpine:3.10",
            image_id=IMAGE.image_id,
            config=image.identity.config,
            repo_tags=("alpine:3.10",),
            repo_digests=("alpine@sha256:" + "d" * 64,),
            platform=Platform(os="linux", architecture="amd64"),
            source="docker",
        )
        assert image_config(IMAGE.config) == image_config(image.identity.config)
        assert [(layer.diff_id, None) for layer in IMAGE.layers] == [
            (layer.diff_id, layer.digest) for layer in image.layers
        ]
        assert [f"engine:{IMAGE.image_id}:{layer.diff_id}" for layer in IMAGE.layers] == [
            layer.cache_identity for layer in image.layers
        ]
    assert memory.requests == [f"json {NAMES[0]}", f"json {NAMES[1]}", f"history {NAMES[1]}"]


def test_layers_are_exported_once_when_they_are_read(tmp_path: Path) -> None:
    memory, asked = engine(tmp_path)
    with open_engine_image(asked, NAMES[1:], REQUEST) as image:
        for built, layer in zip(IMAGE.layers, image.layers, strict=True):
            with layer.open() as stream:
                assert built.tar == stream.read()
    assert memory.requests[2:] == ["get alpine:3.10"]


NOT_REBUILT = [
    pytest.param({"history": []}, id="no history"),
    pytest.param({"inspection": {"RootFS": None}}, id="no layers, as Podman answered once"),
    pytest.param({"history": [{"CreatedBy": "RUN x", "Size": 5}]}, id="a history that does not count the layers"),
]


@pytest.mark.parametrize("changes", NOT_REBUILT)
def test_a_configuration_that_cannot_be_rebuilt_is_exported(tmp_path: Path, changes: dict[str, Any]) -> None:
    memory, asked = engine(tmp_path, **changes)
    with open_engine_image(asked, NAMES[1:], REQUEST) as image:
        assert IMAGE.config == image.identity.config
        assert [layer.diff_id for layer in IMAGE.layers] == [layer.diff_id for layer in image.layers]
    assert memory.requests == [f"{what} alpine:3.10" for what in ("json", "history", "get")]


def test_an_engine_that_keeps_blobs_exports_for_their_digests(tmp_path: Path) -> None:
    memory, asked = engine(tmp_path, inspection={"Descriptor": {"mediaType": "x"}})
    with open_engine_image(asked, NAMES[1:], REQUEST) as image:
        assert [layer.cache_identity for layer in image.layers] == ["", ""]
        assert [layer.digest for layer in image.layers] == [None, None]  # the archive played here is uncompressed
    assert memory.requests[-1] == "get alpine:3.10"


def test_an_image_that_there_is_not(tmp_path: Path) -> None:
    _, asked = engine(tmp_path)
    with pytest.raises(NotFoundError) as caught, open_engine_image(asked, ("x:1", "x"), REQUEST):
        pass
    assert str(caught.value) == r"docker does not give `x`: No such image: \x1b[31mx"


BROKEN: list[Any] = [
    pytest.param({"broken": {"json": (500, b"oops")}}, NetworkError, "status 500", id="a failure without words"),
    pytest.param({"broken": {"json": (500, b'["x"]')}}, NetworkError, "status 500", id="a failure in another shape"),
    pytest.param({"broken": {"json": (200, b"[]")}}, ArtifactError, "malformed", id="an answer that is no object"),
    pytest.param({"broken": {"json": (200, b"{")}}, ArtifactError, "JSON|json", id="an answer that is no JSON"),
    pytest.param({"broken": {"history": (200, b"{}")}}, ArtifactError, "malformed", id="a history that is no list"),
    pytest.param({"inspection": {"RepoTags": "x"}}, ArtifactError, "malformed", id="tags that are no list"),
    pytest.param({"inspection": {"Id": 5}}, ArtifactError, "malformed", id="an ID that is no text"),
    pytest.param({"history": [{"Size": "5"}]}, ArtifactError, "malformed", id="a size that is no number"),
    pytest.param({"history": [{"Created": 10**15}]}, ArtifactError, "malformed", id="a time beyond the calendar"),
    pytest.param(
        {"inspection": {"RootFS": {"Layers": ["sha256:" + "e" * 64]}}}, ArtifactError, "other layers", id="other layers"
    ),
]


@pytest.mark.parametrize(("changes", "kind", "message"), BROKEN)
def test_malformed_answers_are_refused(
    tmp_path: Path, changes: dict[str, Any], kind: type[Exception], message: str
) -> None:
    _, asked = engine(tmp_path, **changes)
    with pytest.raises(kind, match=message), open_engine_image(asked, NAMES[1:], REQUEST):
        pass


def test_answers_and_exports_are_bounded(tmp_path: Path) -> None:
    for limits in (Limits(config_bytes=10), Limits(image_uncompressed_bytes=100)):
        _, asked = engine(tmp_path, limits, history=[])
        with pytest.raises(LimitError, match="longer than"), open_engine_image(asked, NAMES[1:], REQUEST):
            pass


GUESSES = [
    pytest.param("RUN x", 5, "", False, id="a size means a layer"),
    pytest.param("/bin/sh -c #(nop)  CMD [x]", 0, "", True, id="an instruction without a layer"),
    pytest.param("ENV A=B", 0, "buildkit.dockerfile.v0", True, id="the same from BuildKit"),
    pytest.param("/bin/sh -c mkdir test", 0, "", False, id="a command that changed nothing"),
    pytest.param("WORKDIR /x", 0, "", True, id="a work folder"),
    pytest.param("WORKDIR /x", 0, "buildkit.dockerfile.v0", False, id="a work folder that BuildKit made"),
    pytest.param("WORKDIR /", 0, "buildkit.dockerfile.v0", True, id="the root, which is always there"),
    pytest.param("COPY x /", 0, "", False, id="a copy"),
]


@pytest.mark.parametrize(("created_by", "size", "comment", "expected"), GUESSES)
def test_entries_without_a_layer_are_guessed(created_by: str, size: int, comment: str, expected: bool) -> None:
    assert expected is is_empty_layer(created_by, size=size, comment=comment)


def test_times_of_a_rebuilt_configuration() -> None:
    diff_id = IMAGE.layers[0].diff_id
    inspection = parse_inspection({"Id": "x", "Created": "", "RootFS": {"Layers": [diff_id]}})
    rebuilt = rebuild_config(inspection, [{"Created": -62135596800, "Size": 1}])
    assert rebuilt is not None
    assert image_config(rebuilt) == {
        "architecture": "",
        "created": "0001-01-01T00:00:00Z",
        "history": [{"created": "0001-01-01T00:00:00Z"}],
        "os": "",
        "rootfs": {"type": "", "diff_ids": [diff_id]},
        "config": {},
    }
