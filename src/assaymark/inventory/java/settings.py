"""Maven's `settings.xml`: which repositories are asked besides those that POMs name, how, and where POMs are kept.

Reads what the reference reads of it (maven.apache.org/settings.html). Rules, in its order:

1. The user's file (`~/.m2/settings.xml`) comes before the installation's (`$MAVEN_HOME/conf/settings.xml`); of servers,
   profiles, proxies and mirrors with one id the first counts then.
2. `${env.NAME}` is the environment's, as these files are the user's own; other variables are empty.
3. The repositories of profiles that are active by default, or listed as active, are asked before all others; the last
   one first, of each id the first one written.
4. What a repository is replaced by is in `assaymark.inventory.java.mirrors`.
5. A server counts when it has both a name and a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from assaymark.inventory.java.mirrors import Mirror
from assaymark.inventory.java.project import is_true
from assaymark.limits import Limits
from assaymark.model.maven import MavenRepository
from assaymark.net.secret import Secret
from assaymark.safeio.xml import Element, parse_xml

_VARIABLE = re.compile(r"\$\{([^\t\n\f\r ]+?)\}")
_ENVIRONMENT = "env."

Value = Callable[..., str]
Named = TypeVar("Named", "Server", "Profile", "MavenProxy", Mirror)


class Server(msgspec.Struct, frozen=True):
    """Who the user is for the repositories and mirrors that are called `id`."""

    id: str
    username: str = ""
    password: Secret = Secret()


class Profile(msgspec.Struct, frozen=True):
    """A choice of repositories."""

    id: str
    repositories: tuple[MavenRepository, ...] = ()
    by_default: bool = False


class MavenProxy(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy for the requests of one scheme.

    Attributes:
        direct: patterns of hosts that it is not for.
    """

    id: str
    scheme: str
    host: str
    port: str
    username: str = ""
    password: Secret = Secret()
    direct: tuple[str, ...] = ()
    is_active: bool = True


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the files say together.

    Attributes:
        local: folder of the local repository; empty for the usual one.
    """

    local: str = ""
    servers: tuple[Server, ...] = ()
    profiles: tuple[Profile, ...] = ()
    active: tuple[str, ...] = ()
    proxies: tuple[MavenProxy, ...] = ()
    mirrors: tuple[Mirror, ...] = ()

    def repositories(self) -> tuple[MavenRepository, ...]:
        """Rule 3."""
        found: dict[str, MavenRepository] = {}
        for profile in self.profiles:
            if profile.by_default or profile.id in self.active:
                for each in profile.repositories:
                    found.setdefault(each.id, each)
        return tuple(each for each in reversed(found.values()) if each.releases or each.snapshots)

    def server(self, name: str) -> Server | None:
        """Who the user is there (rule 5)."""
        return next((each for each in self.servers if each.id == name and each.username and each.password), None)

    def addresses(self, name: str) -> Iterator[str]:
        """Where these files say that repositories and mirrors of that name are."""
        for profile in self.profiles:
            yield from (each.url for each in profile.repositories if each.id == name)
        yield from (each.url for each in self.mirrors if each.id == name)

    def before(self, installed: Settings) -> Settings:
        """Rule 1: this file, and then that of the installation."""
        return Settings(
            local=self.local or installed.local,
            servers=_first_by_id((*self.servers, *installed.servers)),
            profiles=_first_by_id((*self.profiles, *installed.profiles)),
            active=tuple(dict.fromkeys((*self.active, *installed.active))),
            proxies=_first_by_id((*self.proxies, *installed.proxies)),
            mirrors=_first_by_id((*self.mirrors, *installed.mirrors)),
        )


def parse_settings(data: bytes, environ: Mapping[str, str], *, limits: Limits, what: str) -> Settings:
    """The file called `what`.

    Raises:
        ArtifactError: it is no XML.
        LimitError: it is too large or too deep.
        ValueError: something is neither true nor false.
    """
    root = parse_xml(data, limits=limits, what=what)

    def value(element: Element, *names: str) -> str:
        text = element.value(*names) if names else element.text
        return _VARIABLE.sub(lambda match: _environment(match[1], environ), text).strip()

    return Settings(
        local=value(root, "localRepository"),
        servers=tuple(_server(each, value) for each in root.all("servers", "server")),
        profiles=tuple(_profile(each, value) for each in root.all("profiles", "profile")),
        active=tuple(value(each) for each in root.all("activeProfiles", "activeProfile")),
        proxies=tuple(_proxy(each, value) for each in root.all("proxies", "proxy")),
        mirrors=tuple(_mirror(each, value) for each in root.all("mirrors", "mirror")),
    )


def _environment(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name.removeprefix(_ENVIRONMENT), "") if name.startswith(_ENVIRONMENT) else ""


def _server(element: Element, value: Value) -> Server:
    return Server(value(element, "id"), value(element, "username"), Secret(value(element, "password")))


def _profile(element: Element, value: Value) -> Profile:
    repositories = (
        MavenRepository(
            url=value(each, "url"),
            releases=each.value("releases", "enabled") in ("", "true"),
            snapshots=each.value("snapshots", "enabled") in ("", "true"),
            id=value(each, "id"),
        )
        for each in element.all("repositories", "repository")
    )
    by_default = is_true(element.value("activation", "activeByDefault"))
    return Profile(value(element, "id"), tuple(repositories), by_default)


def _proxy(element: Element, value: Value) -> MavenProxy:
    return MavenProxy(
        id=value(element, "id"),
        scheme=value(element, "protocol").lower(),
        host=value(element, "host"),
        port=value(element, "port"),
        username=value(element, "username"),
        password=Secret(value(element, "password")),
        direct=tuple(filter(None, (each.strip().lower() for each in value(element, "nonProxyHosts").split("|")))),
        is_active=value(element, "active") in ("", "true"),
    )


def _mirror(element: Element, value: Value) -> Mirror:
    patterns = (each.strip() for each in value(element, "mirrorOf").split(","))
    return Mirror(
        id=value(element, "id"),
        url=value(element, "url"),
        of=tuple(filter(None, patterns)),
        is_blocked=value(element, "blocked") == "true",
    )


def _first_by_id(entries: Iterable[Named]) -> tuple[Named, ...]:
    found: dict[str, Named] = {}
    for each in entries:
        found.setdefault(each.id, each)
    return tuple(found.values())
