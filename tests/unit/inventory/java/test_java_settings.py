"""Maven's settings: each rule, with files as people write them."""

from __future__ import annotations

import pytest

from assaymark.errors import ArtifactError
from assaymark.inventory.java.mirrors import Mirror
from assaymark.inventory.java.settings import MavenProxy, Profile, Server, Settings, parse_settings
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.maven import MavenRepository
from assaymark.net.secret import Secret

WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <localRepository>${env.CACHE}/m2</localRepository>
  <servers>
    <server><id>corp</id><username>me</username><password>${env.WORD}</password></server>
    <server><id>keyed</id><privateKey>/k</privateKey></server>
  </servers>
  <mirrors>
    <mirror><id>all</id><mirrorOf> *, !own ,</mirrorOf><url>https://all.test/</url></mirror>
    <mirror><id>none</id><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
  </mirrors>
  <proxies>
    <proxy>
      <id>p</id><active>true</active><protocol>HTTP</protocol><host>proxy.test</host><port>3128</port>
      <username>u</username><password>w</password><nonProxyHosts>*.Corp.test| localhost</nonProxyHosts>
    </proxy>
    <proxy><id>off</id><active>false</active><protocol>https</protocol><host>h</host></proxy>
  </proxies>
  <profiles>
    <profile>
      <id>a</id>
      <repositories>
        <repository>
          <id>corp</id><url>https://corp.test/${env.PART}${none}</url><snapshots><enabled>false</enabled></snapshots>
        </repository>
      </repositories>
      <activation><activeByDefault> true </activeByDefault></activation>
    </profile>
    <profile><id>b</id></profile>
  </profiles>
  <activeProfiles><activeProfile>b</activeProfile></activeProfiles>
</settings>"""


def parsed(text: str, **environ: str) -> Settings:
    return parse_settings(text.encode(), environ, limits=DEFAULT_LIMITS, what="settings.xml")


def test_all_that_is_read() -> None:
    corp = MavenRepository("https://corp.test/x", snapshots=False, id="corp")
    assert parsed(WHOLE, CACHE="/c", WORD="secret", PART="x") == Settings(
        local="/c/m2",
        servers=(Server("corp", "me", Secret("secret")), Server("keyed")),
        profiles=(Profile("a", (corp,), by_default=True), Profile("b")),
        active=("b",),
        proxies=(
            MavenProxy(
                id="p",
                scheme="http",
                host="proxy.test",
                port="3128",
                username="u",
                password=Secret("w"),
                direct=("*.corp.test", "localhost"),
            ),
            MavenProxy(id="off", scheme="https", host="h", port="", is_active=False),
        ),
        mirrors=(
            Mirror(id="all", url="https://all.test/", of=("*", "!own")),
            Mirror(id="none", url="http://0.0.0.0/", of=("external:http:*",), is_blocked=True),
        ),
    )


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(parsed(WHOLE, WORD="secret"))


@pytest.mark.parametrize("text", ["", "<settings>", "<!DOCTYPE a><settings/>"])
def test_what_is_no_settings_file(text: str) -> None:
    with pytest.raises(ArtifactError):
        parsed(text)


def test_neither_true_nor_false() -> None:
    with pytest.raises(ValueError, match="`maybe` is neither"):
        parsed(WHOLE.replace(" true ", "maybe"))


def repositories(*names: str, releases: bool = True, snapshots: bool = True) -> tuple[MavenRepository, ...]:
    return tuple(MavenRepository(f"https://{name}.test", releases, snapshots, name) for name in names)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(Settings(), "", id="none"),
        pytest.param(Settings(profiles=(Profile("p", repositories("a")),)), "", id="a profile that nobody activates"),
        pytest.param(
            Settings(profiles=(Profile("p", repositories("a", "b")),), active=("p",)), "b a", id="the last comes first"
        ),
        pytest.param(
            Settings(profiles=(Profile("p", repositories("a"), by_default=True), Profile("q", repositories("b")))),
            "a",
            id="active by default",
        ),
        pytest.param(
            Settings(
                profiles=(Profile("p", (*repositories("a"), MavenRepository("https://other.test", id="a"))),),
                active=("p",),
            ),
            "a",
            id="the first of a name",
        ),
        pytest.param(
            Settings(profiles=(Profile("p", repositories("a", releases=False, snapshots=False)),), active=("p",)),
            "",
            id="one that has nothing",
        ),
    ],
)
def test_repositories_of_active_profiles(settings: Settings, expected: str) -> None:
    assert [each.url for each in settings.repositories()] == [f"https://{name}.test" for name in expected.split()]


def test_the_users_file_comes_first() -> None:
    user = Settings(
        servers=(Server("a", "1", Secret("1")),), active=("p", "p"), mirrors=(Mirror(id="m", url="u", of=()),)
    )
    installed = Settings(
        local="/l",
        servers=(Server("a", "2", Secret("2")), Server("b", "3", Secret("3"))),
        active=("q",),
        mirrors=(Mirror(id="m", url="i", of=()),),
    )
    assert user.before(installed) == Settings(
        local="/l",
        servers=(user.servers[0], installed.servers[1]),
        active=("p", "q"),
        mirrors=user.mirrors,
    )


def test_servers_have_a_name_and_a_password() -> None:
    whole = Server("a", "name", Secret("word"))
    settings = Settings(servers=(Server("a", "name"), whole, Server("b", "", Secret("token"))))
    assert (settings.server("a"), settings.server("b"), settings.server("c")) == (whole, None, None)


def test_where_the_files_say_that_a_name_is() -> None:
    settings = Settings(
        profiles=(Profile("p", repositories("a", "b")),), mirrors=(Mirror(id="a", url="https://m.test", of=("*",)),)
    )
    assert list(settings.addresses("a")) == ["https://a.test", "https://m.test"]
