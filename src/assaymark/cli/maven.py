"""Package repositories of Maven, asked as the user's `settings.xml` and the flags say.

Rules:

1. An address that only a scanned file names is asked by https alone, and only where it is public. What the settings,
   the flag `--maven-mirror` and this program (Maven Central) name may be anywhere, and be plain http.
2. A server's user and password are sent to the hosts that the settings themselves name for repositories and mirrors of
   that name: a scanned file could give its own address any name. Over plain http they go to this machine only.
3. Who does not answer, or has had enough of us, is not asked again, and that is told: it costs minutes, and a project
   asks for hundreds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from assaymark.errors import Error, NetworkError, UsageError
from assaymark.inventory.java.mirrors import Mirrors
from assaymark.inventory.java.poms import CENTRAL
from assaymark.inventory.java.settings import MavenProxy, Settings, parse_settings
from assaymark.limits import Limits
from assaymark.model.maven import MavenRepository
from assaymark.net.address import Locality, is_loopback
from assaymark.net.network import Network
from assaymark.net.proxies import Proxy, SpecialProxy
from assaymark.net.secret import Secret, basic
from assaymark.net.url import Url, parse_url, shown
from assaymark.safeio.readers import read_bounded

_INSTALLED: Final = "/usr/share/maven"
_FOUND, _TOO_OFTEN = 200, 429

logger = logging.getLogger(__name__)

StandIns = tuple[tuple[str, tuple[str, ...]], ...]


class Repositories:
    """Asks them, through the network that `network` makes when it is first needed."""

    def __init__(self, settings: Settings, network: Callable[[], Network], stand_ins: StandIns = ()) -> None:
        self._settings = settings
        self._network = network
        self._mirrors = Mirrors(settings.mirrors, stand_ins)
        self._stated = settings.repositories()
        named = [CENTRAL.url, *(each.url for each in self._stated), *(each.url for each in settings.mirrors)]
        self._trusted = frozenset(_origins([*named, *(url for _, urls in stand_ins for url in urls)]))
        self._silent: set[str] = set()
        self._withheld: set[tuple[str, str]] = set()

    def route(self, named: Iterable[MavenRepository]) -> Iterator[MavenRepository]:
        """Whom to ask where POMs name those: whom the settings name comes first, mirrors replace what they mirror."""
        return self._mirrors.routed((*self._stated, *named))

    def fetch(self, repository: MavenRepository, path: str, limit: int) -> bytes | None:
        """What the repository has at `path`; None where it has nothing, or is not asked.

        Raises:
            LimitError: it is longer than `limit`.
        """
        try:
            url = parse_url(_joined(repository.url, path))
        except (NetworkError, ValueError) as exc:
            logger.debug("not the address of a repository: %s", exc)
            return None
        is_trusted = url.origin in self._trusted
        if url.host in self._silent or not (is_trusted or url.scheme == "https"):
            return None
        secret = self._authorization(repository, url)
        try:
            return self._answer(url, limit, Locality.LOOPBACK if is_trusted else Locality.PUBLIC, secret)
        except NetworkError as exc:
            self._silent.add(url.host)
            logger.warning("a package repository is not asked any more: %s", exc)
            return None

    def _answer(self, url: Url, limit: int, nearest: Locality, secret: Secret) -> bytes | None:
        headers = {"Authorization": secret.reveal()} if secret else {}
        with self._network().request("GET", url.full, headers=headers, nearest=nearest) as response:
            if response.status == _TOO_OFTEN:
                raise NetworkError(f"`{url}` was asked too often")
            return response.bounded(limit, what=str(url)) if response.status == _FOUND else None

    def _authorization(self, repository: MavenRepository, url: Url) -> Secret:
        """Rule 2; what stands in an address itself is meant for it."""
        server = self._settings.server(repository.id)
        written = urlsplit(repository.url)
        if server is None:
            return basic(unquote(written.username), unquote(written.password or "")) if written.username else Secret()
        is_meant = url.origin in _origins(self._settings.addresses(repository.id))
        if is_meant and (url.scheme == "https" or is_loopback(url.host)):
            return basic(server.username, server.password.reveal())
        if (server.id, url.authority) not in self._withheld:
            self._withheld.add((server.id, url.authority))
            reason = "it would go over plain http" if is_meant else "only a scanned file says that it is there"
            logger.warning(
                "the password of Maven's server `%s` is not sent to %s: %s", server.id, url.authority, reason
            )
        return Secret()


def read_settings(environ: Mapping[str, str], *, limits: Limits) -> Settings:
    """What the user's file and that of the installation say; a warning tells of one that cannot be read."""
    home = environ.get("HOME", "")
    user = _read(Path(home, ".m2", "settings.xml"), environ, limits) if home else None
    installed = _read(Path(environ.get("MAVEN_HOME") or _INSTALLED, "conf", "settings.xml"), environ, limits)
    found = user or Settings()
    return found.before(installed) if installed else found


def special_proxies(settings: Settings) -> tuple[SpecialProxy, ...]:
    """The proxies that are active."""
    return tuple(_special(each) for each in settings.proxies if each.is_active and each.host)


def parse_stand_ins(pairs: Iterable[str]) -> StandIns:
    """The values of `--maven-mirror`.

    Raises:
        UsageError: one is no pair of addresses.
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        source, equals, mirror = pair.partition("=")
        if not (equals and _is_address(source) and _is_address(mirror)):
            raise UsageError(
                f"`{shown(source)}={shown(mirror)}` is no mirror of a Maven repository",
                hint="write REPOSITORY=MIRROR, such as https://repo.maven.apache.org/maven2/=https://mirror.example/maven2/",
            )
        found.setdefault(source, []).append(mirror)
    return tuple((source, tuple(mirrors)) for source, mirrors in found.items())


def _read(path: Path, environ: Mapping[str, str], limits: Limits) -> Settings | None:
    try:
        with path.open("rb") as stream:
            data = read_bounded(stream, limit=limits.xml_bytes, what=str(path))
        return parse_settings(data, environ, limits=limits, what=str(path))
    except FileNotFoundError:
        return None
    except (Error, OSError, ValueError) as exc:
        logger.warning("Maven's settings are passed over: `%s`: %s", path, exc)
        return None


def _special(proxy: MavenProxy) -> SpecialProxy:
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    has_user = proxy.username and proxy.password
    secret = basic(proxy.username, proxy.password.reveal()) if has_user else Secret()
    url = f"{proxy.scheme}://{host}:{proxy.port or (443 if proxy.scheme == 'https' else 80)}"
    return SpecialProxy(scheme=proxy.scheme, proxy=Proxy(url=url, authorization=secret), direct=proxy.direct)


def _joined(base: str, path: str) -> str:
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"/{normpath(f'{parts.path}/{path}').lstrip('/')}"))


def _origins(urls: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    for url in urls:
        try:
            yield parse_url(url).origin
        except NetworkError as exc:
            logger.debug("not the address of a repository: %s", exc)


def _is_address(text: str) -> bool:
    try:
        parse_url(text)
    except NetworkError:
        return False
    return True
