"""Repositories of Maven, asked as settings and flags say; the network is a fake that remembers who was asked."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assaymark.cli.maven import Repositories, parse_stand_ins, read_settings, special_proxies
from assaymark.errors import LimitError, NetworkError, UsageError
from assaymark.inventory.java.mirrors import Mirror
from assaymark.inventory.java.poms import CENTRAL
from assaymark.inventory.java.settings import MavenProxy, Profile, Server, Settings
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.maven import MavenRepository
from assaymark.net.address import Locality
from assaymark.net.network import Headers, Response
from assaymark.net.proxies import Proxy, SpecialProxy
from assaymark.net.secret import Secret, basic

NEAR, FAR = Locality.LOOPBACK, Locality.PUBLIC
CORP = "https://nexus.corp.test/releases"
SETTINGS = Settings(
    servers=(Server("corp", "me", Secret("word")), Server("plain", "me", Secret("word"))),
    profiles=(
        Profile(
            "p",
            (MavenRepository(CORP, id="corp"), MavenRepository("http://plain.test/m", id="plain")),
            by_default=True,
        ),
    ),
)


class FakeNetwork:
    """Answers by URL; hosts called `down` do not answer, those called `busy` have had enough."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = files or {}
        self.asked: list[tuple[str, str, Locality]] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        nearest: Locality = Locality.LOOPBACK,
        **_: Any,
    ) -> Response:
        assert method == "GET"
        self.asked.append((url, (headers or {}).get("Authorization", ""), nearest))
        if "//down" in url:
            raise NetworkError(f"nobody answers at `{url}`")
        data = self.files.get(url)
        status = 429 if "//busy" in url else 404 if data is None else 200
        source = io.BytesIO(data or b"")
        return Response(status=status, headers=Headers(), url=url, source=source, limits=DEFAULT_LIMITS)

    def locality(self, host: str) -> Locality:
        raise AssertionError(host)


def asked(repository: MavenRepository, settings: Settings = SETTINGS) -> list[tuple[str, str, Locality]]:
    network = FakeNetwork()
    Repositories(settings, lambda: network).fetch(repository, "g/a.pom", 9)
    return network.asked


WORD = basic("me", "word").reveal()


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        pytest.param(
            CENTRAL, [("https://repo.maven.apache.org/maven2/g/a.pom", "", NEAR)], id="Maven Central may be near"
        ),
        pytest.param(
            MavenRepository("https://x.test//m/"),
            [("https://x.test/m/g/a.pom", "", FAR)],
            id="whom a POM names may not",
        ),
        pytest.param(MavenRepository("http://x.test/m"), [], id="nor be plain"),
        pytest.param(MavenRepository("file:///m"), [], id="a folder"),
        pytest.param(MavenRepository("https://[x/m"), [], id="no address"),
        pytest.param(MavenRepository(CORP, id="corp"), [(f"{CORP}/g/a.pom", WORD, NEAR)], id="with a password"),
        pytest.param(
            MavenRepository("https://nexus.corp.test/other", id="corp"),
            [("https://nexus.corp.test/other/g/a.pom", WORD, NEAR)],
            id="with a password elsewhere on that host",
        ),
        pytest.param(MavenRepository(CORP, id="other"), [(f"{CORP}/g/a.pom", "", NEAR)], id="under another name"),
        pytest.param(
            MavenRepository("https://evil.test/m", id="corp"),
            [("https://evil.test/m/g/a.pom", "", FAR)],
            id="another host gets no password",
        ),
        pytest.param(
            MavenRepository("http://plain.test/m", id="plain"),
            [("http://plain.test/m/g/a.pom", "", NEAR)],
            id="plain http gets no password",
        ),
        pytest.param(
            MavenRepository("https://u:p%40@x.test/m?t=1"),
            [("https://x.test/m/g/a.pom?t=1", basic("u", "p@").reveal(), FAR)],
            id="what stands in the address",
        ),
    ],
)
def test_who_is_asked_and_how(repository: MavenRepository, expected: list[tuple[str, str, Locality]]) -> None:
    assert asked(repository) == expected


def test_passwords_over_plain_http_stay_on_this_machine() -> None:
    near = Settings(
        servers=(Server("m", "me", Secret("word")),),
        mirrors=(Mirror(id="m", url="http://localhost:8081/m", of=("*",)),),
    )
    assert asked(MavenRepository("http://localhost:8081/m", id="m"), near) == [
        ("http://localhost:8081/m/g/a.pom", WORD, NEAR)
    ]


def test_a_password_that_is_kept_back_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    repositories = Repositories(SETTINGS, FakeNetwork)
    with caplog.at_level(logging.WARNING):
        for path in "ab":
            repositories.fetch(MavenRepository("https://evil.test/m", id="corp"), path, 9)
    [record] = caplog.records
    assert record.getMessage() == (
        "the password of Maven's server `corp` is not sent to evil.test: only a scanned file says that it is there"
    )


@pytest.mark.parametrize("host", ["down", "busy"])
def test_who_does_not_answer_is_asked_once_and_that_is_said(host: str, caplog: pytest.LogCaptureFixture) -> None:
    network = FakeNetwork()
    repositories = Repositories(Settings(), lambda: network)
    with caplog.at_level(logging.WARNING):
        assert [repositories.fetch(MavenRepository(f"https://{host}/m"), path, 9) for path in "abc"] == [None] * 3
    assert len(network.asked) == len(caplog.records) == 1


def test_answers_are_bounded() -> None:
    network = FakeNetwork({"https://x.test/a": b"12345"})
    repositories = Repositories(Settings(), lambda: network)
    assert repositories.fetch(MavenRepository("https://x.test"), "a", 5) == b"12345"
    with pytest.raises(LimitError):
        repositories.fetch(MavenRepository("https://x.test"), "a", 3)


def test_the_settings_repositories_come_first_and_mirrors_take_places() -> None:
    settings = Settings(profiles=SETTINGS.profiles, mirrors=(Mirror(id="m", url="https://m.test", of=("central",)),))
    named = [MavenRepository("https://x.test"), CENTRAL]
    urls = [each.url for each in Repositories(settings, FakeNetwork).route(named)]
    assert urls == ["http://plain.test/m", CORP, "https://x.test", "https://m.test"]


def test_stand_ins_may_be_near() -> None:
    stand_ins = parse_stand_ins([f"{CENTRAL.url}=http://10.0.0.1/m", f"{CENTRAL.url}=https://b.test"])
    assert stand_ins == ((CENTRAL.url, ("http://10.0.0.1/m", "https://b.test")),)
    network = FakeNetwork()
    repositories = Repositories(Settings(), lambda: network, stand_ins)
    for each in repositories.route([CENTRAL]):
        repositories.fetch(each, "a", 9)
    assert network.asked == [("http://10.0.0.1/m/a", "", NEAR), ("https://b.test/a", "", NEAR)]


@pytest.mark.parametrize("pair", ["central=https://x.test", "https://x.test", "https://u:secret@x.test=file:///m"])
def test_what_is_no_mirror(pair: str) -> None:
    with pytest.raises(UsageError, match="no mirror of a Maven repository") as caught:
        parse_stand_ins([pair])
    assert "secret" not in str(caught.value)


def settings_file(path: Path, local: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"<settings><localRepository>{local}</localRepository></settings>")


def test_files_of_the_user_and_the_installation(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    environ = {"HOME": str(tmp_path / "home"), "MAVEN_HOME": str(tmp_path / "maven")}
    user, installed = tmp_path / "home" / ".m2" / "settings.xml", tmp_path / "maven" / "conf" / "settings.xml"
    assert read_settings(environ, limits=DEFAULT_LIMITS) == Settings()
    settings_file(installed, "/i")
    assert read_settings(environ, limits=DEFAULT_LIMITS).local == "/i"
    settings_file(user, "/u")
    assert read_settings(environ, limits=DEFAULT_LIMITS).local == "/u"
    assert read_settings({**environ, "HOME": ""}, limits=DEFAULT_LIMITS).local == "/i"
    assert caplog.records == []
    user.write_text("<settings>")
    with caplog.at_level(logging.WARNING):
        assert read_settings(environ, limits=DEFAULT_LIMITS).local == "/i"
    assert len(caplog.records) == 1


def test_proxies() -> None:
    settings = Settings(
        proxies=(
            MavenProxy(id="a", scheme="http", host="p.test", port="3128", username="u", password=Secret("w")),
            MavenProxy(id="b", scheme="https", host="::1", port="", username="u", direct=("*.corp.test",)),
            MavenProxy(id="c", scheme="https", host="off.test", port="", is_active=False),
            MavenProxy(id="d", scheme="https", host="", port=""),
        )
    )
    assert special_proxies(settings) == (
        SpecialProxy(scheme="http", proxy=Proxy(url="http://p.test:3128", authorization=basic("u", "w"))),
        SpecialProxy(scheme="https", proxy=Proxy(url="https://[::1]:443"), direct=("*.corp.test",)),
    )
