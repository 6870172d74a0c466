"""Which source opens an image, and what is said when none can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from tests.support.images import build_image, docker_files, layout_files, pack

from assaymark.artifact.select import DEFAULT_SOURCES, open_image
from assaymark.artifact.source import ImageRequest, sources
from assaymark.errors import ArtifactError, Error, LimitError, LocalError, NetworkError, NotFoundError, UsageError
from assaymark.model.artifact import ImageIdentity
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.layout import Layout

if TYPE_CHECKING:
    from assaymark.oci.registry import Registry

IMAGE = build_image([{"etc/os-release": "ID=alpine\n"}])


class LayoutRegistry:
    """A registry whose every repository is one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def repository(self, reference: Reference) -> Layout:  # the registry's signature
        return self._layout


def asked(tmp_path: Path, name: str = "alpine:3.10", **changes: object) -> ImageRequest:
    layout = Layout(tmp_path / "registry", create=True)
    if layout.resolve("3.10") is None:
        IMAGE.push(layout, tag="3.10")
    facts: dict[str, object] = {
        "name": name,
        "reference": parse_reference(name),
        "registry": cast("Registry", LayoutRegistry(layout)),
        "docker_host": f"unix://{tmp_path}/docker.sock",
        "podman_host": f"{tmp_path}/podman.sock",
        "environ": {},
        "home": tmp_path,
        **changes,
    }
    return ImageRequest(**facts)  # type: ignore[arg-type]  # whatever a test changes


def open_identity(request: ImageRequest, image_sources: Sequence[str] = DEFAULT_SOURCES) -> ImageIdentity:
    with open_image(request, image_sources) as image:
        return image.identity


def failure(request: ImageRequest, image_sources: Sequence[str] = DEFAULT_SOURCES) -> Error:
    with pytest.raises(Error) as caught:
        open_identity(request, image_sources)
    return caught.value


def test_the_sources_are_files() -> None:
    assert {source.name: source.input for source in sources()} == {
        "containerd": False,
        "docker": False,
        "docker-archive": True,
        "oci-layout": True,
        "podman": False,
        "remote": False,
    }


def test_missing_engines_are_passed_over(tmp_path: Path) -> None:
    assert open_identity(asked(tmp_path)).source == "remote"


def test_all_reasons_are_given_and_the_registry_decides(tmp_path: Path) -> None:
    error = failure(asked(tmp_path, "alpine:4"))
    assert isinstance(error, NotFoundError)
    assert str(error) == (
        f"cannot open the image `alpine:4`: docker: no engine at `{tmp_path}/docker.sock`; "
        f"podman: no engine at `{tmp_path}/podman.sock`; "
        f"remote: the image layout `{tmp_path}/registry` has no manifest `4`"
    )


def test_a_malformed_image_decides(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "registry", create=True)
    build_image([], document={"rootfs": []}).push(layout, tag="bad")
    error = failure(asked(tmp_path, "alpine:bad"), ["remote", "podman"])
    assert type(error) is ArtifactError
    assert "remote: the image is malformed: `rootfs` is not an object; podman: no engine" in str(error)


def test_a_single_source_speaks_for_itself(tmp_path: Path) -> None:
    error = failure(asked(tmp_path), ["podman"])
    assert (type(error), str(error)) == (NetworkError, f"no engine at `{tmp_path}/podman.sock`")


def test_containerd_explains_itself_when_it_is_asked_for(tmp_path: Path) -> None:
    error = failure(asked(tmp_path), ["containerd"])
    assert (type(error), str(error)) == (UsageError, "images in containerd's own store are not supported yet")
    assert "ctr images export" in error.hint
    assert "containerd: " not in str(failure(asked(tmp_path, "alpine:4")))


@pytest.mark.parametrize("word", ["rkt", "archive", "../docker", ""])
def test_unknown_sources_are_refused(tmp_path: Path, word: str) -> None:
    error = failure(asked(tmp_path), [word])
    assert isinstance(error, UsageError)
    assert error.hint == "`--image-src` takes containerd, docker, podman, remote"


def test_no_source_is_refused(tmp_path: Path) -> None:
    assert isinstance(failure(asked(tmp_path), []), UsageError)


def from_input(path: object) -> ImageRequest:
    return ImageRequest(name=str(path), input=str(path))


def test_an_input_is_an_archive_or_a_layout(tmp_path: Path) -> None:
    archive = IMAGE.save_docker(tmp_path / "a.tar")
    folder = IMAGE.save_layout(tmp_path / "layout", ref="1")
    packed = IMAGE.save_layout_tar(tmp_path / "layout.tar")
    inputs = [archive, folder, f"{folder}:1", packed]
    assert [open_identity(from_input(path)).source for path in inputs] == ["archive", "oci", "oci", "oci"]


def test_an_archive_with_several_images_is_not_read_as_a_layout(tmp_path: Path) -> None:
    files = docker_files([(IMAGE, ["a:1"]), (build_image([]), ["b:2"])])
    path = tmp_path / "a.tar"
    path.write_bytes(pack({**files, **layout_files([(IMAGE.descriptor, "")], IMAGE.blobs)}))
    assert "holds 2 images" in str(failure(from_input(path)))


def test_what_is_neither_says_both(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(pack({"x": b""}))
    error = failure(from_input(path))
    assert type(error) is ArtifactError
    assert str(error) == (
        f"`{path}` is neither a docker archive nor an OCI image layout: `{path}` is not a docker archive: it has no "
        f"`manifest.json`; `{path}` is not an OCI image layout: it has no `index.json`"
    )


def test_a_missing_input_is_a_local_failure(tmp_path: Path) -> None:
    error = failure(from_input(tmp_path / "none.tar"))
    assert isinstance(error, LocalError)
    assert "none.tar" in str(error)


def test_the_stored_size_is_compared_before_a_layer_is_read(tmp_path: Path) -> None:
    image = build_image([{"f": bytes(5_000)}, {"g": bytes(5_000)}], compression="none")
    folder = image.save_layout(tmp_path / "layout")
    open_identity(ImageRequest(name="x", input=str(folder), max_image_size=30_000))
    with pytest.raises(LimitError) as caught:
        open_identity(ImageRequest(name="x", input=str(folder), max_image_size=20_000))
    assert str(caught.value) == "compressed image size 20.5kB exceeds maximum allowed size 20kB"
