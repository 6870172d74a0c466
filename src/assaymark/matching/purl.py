"""Package URLs as ignore entries write them (purl-spec): taken apart and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import msgspec

_TYPE = re.compile(r"[A-Za-z.+-][A-Za-z0-9.+-]*\Z")
_KEY = re.compile(r"[A-Za-z._-][A-Za-z0-9._-]*\Z")
_LOWER_NAMESPACE: Final = frozenset({"alpm", "apk", "bitbucket", "composer", "deb", "github", "golang", "rpm", "qpkg"})
_LOWER_NAME: Final = frozenset({"alpm", "apk", "bitbucket", "bitnami", "composer", "deb", "github", "golang", "pypi"})


class Purl(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a package URL, decoded."""

    type: str
    namespace: str
    name: str
    version: str = ""
    qualifiers: frozenset[tuple[str, str]] = frozenset()
    subpath: str = ""

    def covers(self, other: Purl) -> bool:
        """Whether `other` is the package this names: what this leaves out may be anything."""
        if (self.type, self.namespace, self.name) != (other.type, other.namespace, other.name):
            return False
        if self.version not in ("", other.version) or self.subpath not in ("", other.subpath):
            return False
        return self.qualifiers <= other.qualifiers


def find_purl(text: str) -> Purl | None:
    """The package URL that `text` spells; None where it is none."""
    try:
        return parse_purl(text) if text else None
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def parse_purl(text: str) -> Purl:
    """The package URL that `text` spells.

    Raises:
        ValueError: it does not begin with `pkg:`, or has no type or no name.
    """
    if text[:4].lower() != "pkg:":
        raise ValueError(f"`{text[:200]}` is not a package URL")
    rest, _, subpath = text[4:].lstrip("/").partition("#")
    rest, _, query = rest.partition("?")
    kind, _, path = rest.partition("/")
    kind = kind.lower()
    path, _, version = path.strip("/").rpartition("@") if "@" in path else (path.strip("/"), "", "")
    namespace, _, name = path.rpartition("/")
    name = unquote(name)
    if not _TYPE.match(kind) or not name:
        raise ValueError(f"`{text[:200]}` is not a package URL: its type or its name is missing")
    return Purl(
        type=kind,
        namespace=_namespace(kind, namespace),
        name=_name(kind, name),
        version=unquote(version),
        qualifiers=frozenset(_qualifiers(query, text)),
        subpath=unquote(subpath).strip("/"),
    )


def _namespace(kind: str, namespace: str) -> str:
    text = "/".join(unquote(part) for part in namespace.split("/") if part)
    return text.lower() if kind in _LOWER_NAMESPACE else text


def _name(kind: str, name: str) -> str:
    name = name.replace("_", "-") if kind == "pypi" else name
    return name.lower() if kind in _LOWER_NAME else name


def _qualifiers(query: str, text: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if not _KEY.match(key):
            raise ValueError(f"`{text[:200]}` is not a package URL: bad qualifier `{key[:80]}`")
        if value:
            yield key.lower(), unquote(value)
