"""How pnpm spells packages in lockfiles (https://github.com/pnpm/spec/blob/master/dependency-path.md).

| version | key | peers |
|---|---|---|
| 5 | `/@scope/name/1.0.0`, `registry.example/name/1.0.0` | behind `_` |
| 6 | `/@scope/name@1.0.0` | in parentheses |
| 9 | `@scope/name@1.0.0` | in parentheses |

A version is a semantic one; what stands in its place for a folder, an archive or a repository is none.
"""

from __future__ import annotations

from typing import Final

from assaymark.versions.npm import sort_key
from assaymark.versions.scheme import VersionError

_AT_SINCE: Final = 6
_NO_REGISTRY_SINCE: Final = 9


def split_key(key: str, version: float) -> tuple[str, str]:
    """The name and what stands in the version's place, without peers; a lockfile's `version` tells the form."""
    rest = key if version >= _NO_REGISTRY_SINCE else key.partition("/")[2]
    scope = ""
    if rest.startswith("@"):
        scope, _, rest = rest.partition("/")
        scope += "/"
    name, _, place = rest.partition("@" if version >= _AT_SINCE else "/")
    return scope + name, without_peers(place, version)


def without_peers(place: str, version: float) -> str:
    """`1.0.0(peer@2.0.0)` without the peers."""
    return place.partition("(" if version >= _AT_SINCE else "_")[0]


def semantic(place: str) -> str:
    """`place` if it is a semantic version, else nothing."""
    try:
        sort_key(place)
    except VersionError:
        return ""
    return place
