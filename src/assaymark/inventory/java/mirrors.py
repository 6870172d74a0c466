"""Mirrors: what is asked in the place of a repository of Maven.

(maven.apache.org/guides/mini/guide-mirror-settings.html). Rules, those of the reference:

1. The first mirror of `settings.xml` whose `mirrorOf` matches takes the repository's place; it has what the repository
   had (releases, snapshots), and its own name. A mirror is not mirrored again; a blocked one leaves nobody to ask.
2. `mirrorOf` is read from the left: `*` is every repository, `external:*` one that is not on this machine,
   `external:http:*` one of those over plain http. A name ends the search with yes, and `!name` with no.
3. Then the stand-ins that a flag or configuration file names for an address (whatever its letter case, its user and
   doubled `/`) take the place of what is there now, one after the other.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

import msgspec

from assaymark.model.maven import MavenRepository

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `mirrors`.

    Attributes:
        of: the parts of `mirrorOf`.
        is_blocked: whether it says that nobody is to be asked (Maven's own settings do, of plain http).
    """

    id: str
    url: str
    of: tuple[str, ...]
    is_blocked: bool = False

    def serves(self, repository: MavenRepository) -> bool:
        """Rule 2."""
        found = False
        for each in self.of:
            if len(each) > 1 and each.startswith("!"):
                if each[1:] == repository.id:
                    return False
            elif each == repository.id:
                return True
            else:
                found = found or _covers(each, repository.url)
        return found


class Mirrors(msgspec.Struct, frozen=True):
    """All of them.

    Attributes:
        named: those of `settings.xml`.
        standing_in: addresses, and what stands in for them.
    """

    named: tuple[Mirror, ...] = ()
    standing_in: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def routed(self, repositories: Iterable[MavenRepository]) -> Iterator[MavenRepository]:
        """What is asked in the place of `repositories`."""
        others = {_key(source): urls for source, urls in self.standing_in}
        for repository in repositories:
            mirror = next((each for each in self.named if each.serves(repository)), None)
            if mirror and mirror.is_blocked:
                continue
            now = msgspec.structs.replace(repository, id=mirror.id, url=mirror.url) if mirror else repository
            for url in others.get(_key(now.url), ()) if others else ():
                yield msgspec.structs.replace(now, id="", url=url)
            if not others or _key(now.url) not in others:
                yield now


def _covers(pattern: str, url: str) -> bool:
    if pattern == "*":
        return True
    parts = _split(url)
    if parts is None or parts.scheme == "file" or parts.hostname in _LOOPBACK:
        return False
    return pattern == "external:*" or (pattern == "external:http:*" and parts.scheme == "http")


def _key(url: str) -> str:
    parts = _split(url)
    if parts is None:
        return url
    authority = parts.netloc.rpartition("@")[2].lower()
    path = posixpath.normpath(f"/{parts.path.strip('/')}")
    return f"{parts.scheme}://{authority}{path}?{parts.query}"


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
