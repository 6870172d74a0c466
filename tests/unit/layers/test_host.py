"""Caches of package managers: folders made here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assaymark.errors import LimitError
from assaymark.layers.host import HostCaches, cache_folders
from assaymark.model.maven import MavenRepository


@pytest.fixture
def caches(tmp_path: Path) -> HostCaches:
    repository = tmp_path / "m2"
    (repository / "g" / "a").mkdir(parents=True)
    (repository / "g" / "a" / "a.pom").write_text("<project/>")
    (repository / "g" / "b.pom").symlink_to(repository / "g" / "a" / "a.pom")
    os.mkfifo(repository / "g" / "pipe.pom")
    (tmp_path / "secret").write_text("secret")
    return HostCaches({"maven": repository})


@pytest.mark.parametrize(
    ("cache", "path", "content"),
    [
        pytest.param("maven", "g/a/a.pom", b"<project/>", id="a file"),
        pytest.param("maven", "g/b.pom", b"<project/>", id="a link"),
        pytest.param("maven", "g/a", None, id="a folder"),
        pytest.param("maven", "g/pipe.pom", None, id="a pipe"),
        pytest.param("maven", "g/none.pom", None, id="no file"),
        pytest.param("maven", "../secret", None, id="a way out"),
        pytest.param("maven", "g/../../secret", None, id="a way out behind a folder"),
        pytest.param("maven", "/etc/passwd", None, id="an absolute path"),
        pytest.param("maven", "a\0b", None, id="a path that is none"),
        pytest.param("gradle", "g/a/a.pom", None, id="another cache"),
    ],
)
def test_read(caches: HostCaches, cache: str, path: str, content: bytes | None) -> None:
    assert caches.read(cache, path, 100) == content


def test_names_and_bounds(caches: HostCaches) -> None:
    assert list(caches.names("maven", ".pom")) == ["g/b.pom", "g/pipe.pom", "g/a/a.pom"]
    assert list(caches.names("gradle", ".pom")) == []
    with pytest.raises(LimitError):
        caches.read("maven", "g/a/a.pom", 3)


def test_repositories_are_asked_once() -> None:
    asked: list[str] = []

    def fetch(repository: MavenRepository, path: str, _limit: int) -> bytes | None:
        asked.append(f"{repository.url}/{path}")
        return b"1" if path == "a" else None

    own = MavenRepository("https://x")
    caches = HostCaches({}, fetch)
    assert [caches.fetch(own, path, 10) for path in ("a", "a", "b", "b")] == [b"1", b"1", None, None]
    assert asked == ["https://x/a", "https://x/b"]
    assert HostCaches({}).fetch(own, "a", 10) is None


def test_repositories_are_routed() -> None:
    own, other = MavenRepository("https://x"), MavenRepository("https://y")
    assert list(HostCaches({}).repositories([own])) == [own]
    assert list(HostCaches({}, None, lambda named: [other, *named]).repositories([own])) == [other, own]


def test_folders() -> None:
    assert cache_folders({}) == {}
    assert cache_folders({"HOME": "/h"}) == {
        "maven": Path("/h/.m2/repository"),
        "gradle": Path("/h/.gradle/caches"),
        "nuget": Path("/h/.nuget/packages"),
        "go": Path("/h/go/pkg/mod"),
    }
    assert cache_folders({}, "/m") == {"maven": Path("/m")}
    assert cache_folders({"HOME": "/h"}, "/m")["maven"] == Path("/m")
    assert cache_folders({"NUGET_PACKAGES": "/n"}) == {"nuget": Path("/n")}
    assert cache_folders({"GOPATH": "/g"}) == {"go": Path("/g/pkg/mod")}
    assert cache_folders({"HOME": "/h", "GOPATH": "/g"})["go"] == Path("/g/pkg/mod")
    assert cache_folders({"HOME": "/h", "NUGET_PACKAGES": "/n"})["nuget"] == Path("/n")
    assert cache_folders({"HOME": "/h", "GRADLE_USER_HOME": "/g"})["gradle"] == Path("/g/caches")
