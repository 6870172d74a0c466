"""Copies of VEX repositories: when they are asked for, what is written, and what must not happen."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.mirrors import MirrorNetwork

from assaymark.cli.vex_download import Origin, update_copy
from assaymark.errors import ArtifactError, LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.network import Response

HUB = "https://hub.example"
ORIGIN = Origin(name="ours", url=HUB)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILES = {"hub-main/index.json": b'{"packages":[]}', "hub-main/pkg/a.json": b"{}", "hub-main/README.md": b"x"}


def manifest(*locations: str, interval: str = "24h", version: str = "0.1") -> bytes:
    listed = [{"url": location} for location in locations]
    versions = [{"spec_version": version, "locations": listed, "update_interval": interval}]
    return json.dumps({"name": "hub", "versions": versions}).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(stream.getvalue())


def hub(archive: bytes, name: str = "main.zip", inside: str = "//hub-main") -> MirrorNetwork:
    location = f"{HUB}/{name}{inside}"
    return MirrorNetwork(HUB, {".well-known/vex-repository.json": manifest(location), name: archive})


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


WHOLE = ["0.1/index.json", "0.1/pkg/a.json", "cache.json", "vex-repository.json"]


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(hub(zipped(FILES)), id="a zip"),
        pytest.param(hub(tarred(FILES), "main.tar.gz"), id="a tar.gz"),
        pytest.param(hub(zipped({"index.json": b"{}", "pkg/a.json": b"{}"}), inside=""), id="without a folder"),
    ],
)
def test_the_json_files_of_the_archive_are_the_copy(network: MirrorNetwork, tmp_path: Path) -> None:
    assert update_copy(ORIGIN, tmp_path / "ours", network, clock=lambda: NOON)
    assert written(tmp_path / "ours") == WHOLE


def test_a_young_copy_is_not_asked_about(tmp_path: Path) -> None:
    network = hub(zipped(FILES))

    def updated(now: datetime) -> bool:
        return update_copy(ORIGIN, tmp_path, network, clock=lambda: now)

    assert [updated(NOON), updated(NOON + timedelta(hours=23)), updated(NOON + timedelta(hours=25))] == [
        True,
        False,
        True,
    ]
    assert len(network.asked) == 4


@pytest.mark.parametrize(
    "cache",
    [
        pytest.param(b"{", id="half a document"),
        pytest.param(b'{"UpdatedAt":"2026-11-21T12:00:00"}', id="no time zone"),
        pytest.param(b'{"UpdatedAt":"2027-11-21T12:00:00Z"}', id="a time to come"),
    ],
)
def test_a_copy_of_unknown_age_is_asked_about(cache: bytes, tmp_path: Path) -> None:
    network = hub(zipped(FILES))
    update_copy(ORIGIN, tmp_path, network, clock=lambda: NOON)
    (tmp_path / "cache.json").write_bytes(cache)

    assert update_copy(ORIGIN, tmp_path, network, clock=lambda: NOON)


def test_what_the_new_archive_has_not_is_gone(tmp_path: Path) -> None:
    update_copy(ORIGIN, tmp_path, hub(zipped(FILES)), clock=lambda: NOON)
    fewer = {"hub-main/index.json": b"{}"}

    update_copy(ORIGIN, tmp_path, hub(zipped(fewer)), clock=lambda: NOON + timedelta(days=2))

    assert written(tmp_path) == ["0.1/index.json", "cache.json", "vex-repository.json"]


def test_the_next_location_is_tried(tmp_path: Path) -> None:
    network = MirrorNetwork(
        HUB,
        {
            ".well-known/vex-repository.json": manifest(f"{HUB}/none.zip", f"{HUB}/bad.zip", f"{HUB}/a.zip//hub-main"),
            "bad.zip": b"no zip",
            "a.zip": zipped(FILES),
        },
    )

    assert update_copy(ORIGIN, tmp_path, network, clock=lambda: NOON)


@pytest.mark.parametrize(
    ("name", "archive", "message"),
    [
        pytest.param("main.zip", zipped({"hub-main/a.json": b"{}"}), "no `index.json`", id="no index"),
        pytest.param("main.zip", b"PK", "zip", id="half a zip"),
        pytest.param("main.tar.gz", tarred(FILES)[:100], "breaks off", id="half a tar"),
        pytest.param("main.tar.gz", b"x" * 100, "neither a zip nor a tar.gz", id="something else"),
    ],
)
def test_an_archive_that_cannot_be_used_leaves_the_old_copy(
    name: str, archive: bytes, message: str, tmp_path: Path
) -> None:
    update_copy(ORIGIN, tmp_path, hub(zipped(FILES)), clock=lambda: NOON)

    with pytest.raises(ArtifactError, match=message):
        update_copy(ORIGIN, tmp_path, hub(archive, name), clock=lambda: NOON + timedelta(days=2))

    assert written(tmp_path) == WHOLE


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar"])
def test_no_name_leads_out_of_the_copy(pack: object, tmp_path: Path) -> None:
    files = {
        "index.json": b"{}",
        "../up.json": b"{}",
        "/abs.json": b"{}",
        "a/../../b.json": b"{}",
        "./c.json": b"{}",
    }
    archive, name = (zipped(files), "main.zip") if pack is zipped else (tarred(files), "main.tar.gz")

    update_copy(ORIGIN, tmp_path / "cache" / "ours", hub(archive, name, inside=""), clock=lambda: NOON)

    assert written(tmp_path) == [
        "cache/ours/0.1/abs.json",
        "cache/ours/0.1/c.json",
        "cache/ours/0.1/index.json",
        "cache/ours/cache.json",
        "cache/ours/vex-repository.json",
    ]


@pytest.mark.parametrize("field", ["vex_archive_bytes", "vex_unpacked_bytes"])
@pytest.mark.parametrize("pack", [(zipped, "a.zip"), (tarred, "a.tar.gz")], ids=["zip", "tar"])
def test_archives_are_bounded(field: str, pack: tuple[object, str], tmp_path: Path) -> None:
    files = {"index.json": b'{"x":"' + b"y" * 5_000 + b'"}'}
    archive = zipped(files) if pack[0] is zipped else tarred(files)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, **{field: 50})

    with pytest.raises(LimitError, match="more than 50 bytes"):
        update_copy(ORIGIN, tmp_path, hub(archive, pack[1], inside=""), clock=lambda: NOON, limits=limits)

    assert written(tmp_path) == []


def test_a_version_that_is_not_there(tmp_path: Path) -> None:
    network = MirrorNetwork(HUB, {".well-known/vex-repository.json": manifest(version="1.0")})

    with pytest.raises(ArtifactError, match=r"no version 0\.1"):
        update_copy(ORIGIN, tmp_path, network, clock=lambda: NOON)


def test_nobody_answers(tmp_path: Path) -> None:
    network = hub(b"")
    network.statuses[".well-known/vex-repository.json"] = 503

    with pytest.raises(NetworkError, match="503"):
        update_copy(ORIGIN, tmp_path, network, clock=lambda: NOON)


def test_github_is_asked_for_the_file_in_the_repository(tmp_path: Path) -> None:
    raw = "https://raw.githubusercontent.com"
    network = MirrorNetwork(raw, {})

    with pytest.raises(NetworkError):
        update_copy(Origin(name="d", url="https://github.com/o/hub"), tmp_path, network, clock=lambda: NOON)

    assert network.asked == ["o/hub/HEAD/vex-repository.json"]


class Recording(MirrorNetwork):
    """Remembers what was sent along."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__("https:/", files)
        self.sent: dict[str, str] = {}

    def request(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
        self.sent[url] = (headers or {}).get("Authorization", "")
        return super().request(method, url, headers=headers, **more)


@pytest.mark.parametrize(
    ("origin", "sent"),
    [
        pytest.param(ORIGIN, "", id="nobody"),
        pytest.param(Origin(name="o", url=HUB, token="t0"), "Bearer t0", id="a token"),
        pytest.param(Origin(name="o", url=HUB, username="u", password="p"), "Basic dTpw", id="a password"),
    ],
)
def test_credentials_go_to_the_repository_alone(origin: Origin, sent: str, tmp_path: Path) -> None:
    network = Recording(
        {
            "hub.example/.well-known/vex-repository.json": manifest(
                f"{HUB}/no.zip", "https://cdn.example/a.zip//hub-main"
            ),
            "cdn.example/a.zip": zipped(FILES),
        }
    )

    update_copy(origin, tmp_path, network, clock=lambda: NOON)

    assert network.sent == {
        f"{HUB}/.well-known/vex-repository.json": sent,
        f"{HUB}/no.zip": sent,
        "https://cdn.example/a.zip": "",
    }
