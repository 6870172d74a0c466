"""Package URLs (https://github.com/package-url/purl-spec): taken apart, printed and compared.

`pkg:<type>[/<namespace>]/<name>[@<version>][?<qualifiers>][#<subpath>]`.

1. The version begins at the last `@`, the name at the last `/` before it. An npm scope may spell its `@` as it is.
2. Each part is percent-decoded by itself. A `%` that begins no escape, a qualifier with a bad key or one that comes
   twice, `.` or `..` in a subpath behind its beginning, and a missing type or name make the text no package URL.
3. Types, some namespaces and some names are in lower case whatever the text says; PyPI has `-` for `_`.
4. Everything outside `A-Za-z0-9-._~!$&'()*,;=:` is percent-encoded in names, namespaces, versions and subpaths,
   everything but unreserved characters and `:` in qualifiers, which are sorted by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, unquote

import msgspec

_TYPE = re.compile(r"[a-z.+-][a-z0-9.+-]*\Z")
_KEY = re.compile(r"[a-z._-][a-z0-9._-]*\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LOWER_NAMESPACE: Final = frozenset({"alpm", "apk", "bitbucket", "composer", "deb", "github", "golang", "rpm", "qpkg"})
_LOWER_NAME: Final = frozenset({"alpm", "apk", "bitbucket", "bitnami", "composer", "deb", "github", "golang", "pypi"})
_TEXT_SAFE: Final = "!$&'()*,;=:"
_QUALIFIER_SAFE: Final = ":"


class Purl(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a package URL, decoded; qualifiers are sorted and none is empty."""

    type: str
    namespace: str = ""
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    def __str__(self) -> str:
        segments = [quote(segment, safe=_TEXT_SAFE) for segment in self.namespace.split("/") if segment]
        text = "/".join([f"pkg:{self.type}", *segments, quote(self.name, safe=_TEXT_SAFE)])
        if self.version:
            text += f"@{quote(self.version, safe=_TEXT_SAFE)}"
        if self.qualifiers:
            text += "?" + "&".join([f"{key}={quote(value, safe=_QUALIFIER_SAFE)}" for key, value in self.qualifiers])
        return f"{text}#{quote(self.subpath, safe=_TEXT_SAFE + '/')}" if self.subpath else text

    def covers(self, other: Purl) -> bool:
        """Whether `other` is the package this names: what this leaves out may be anything."""
        if (self.type, self.namespace, self.name) != (other.type, other.namespace, other.name):
            return False
        if self.version not in ("", other.version) or self.subpath not in ("", other.subpath):
            return False
        return set(self.qualifiers) <= set(other.qualifiers)


def find_purl(text: str) -> Purl | None:
    """The package URL that `text` spells; None where it is none."""
    try:
        return parse_purl(text) if text else None
    except ValueError:
        return None


def parse_purl(text: str, *, decode_subpath: bool = True) -> Purl:
    """The package URL that `text` spells.

    Args:
        text: as found; what `str` makes of the result need not be the same text.
        decode_subpath: whether escapes in the subpath are decoded; without, `str` escapes them once more.

    Raises:
        ValueError: it does not begin with `pkg:`, has no type or no name, or rule 2 is broken.
    """
    if text[:4].lower() != "pkg:":
        raise _error(text, "it does not begin with `pkg:`")
    rest, _, subpath = text[4:].lstrip("/").partition("#")
    rest, _, query = rest.partition("?")
    if "%" in text and _BAD_ESCAPE.search(f"{rest} {query} {subpath if decode_subpath else ''}"):
        raise _error(text, "a `%` that begins no escape")
    if subpath and not {".", ".."}.isdisjoint(subpath.split("/")[1:]):
        raise _error(text, "a subpath that leads out")
    kind, _, path = rest.partition("/")
    kind = kind.lower()
    at = path.rfind("@")
    if at == 0 and kind != "npm":
        raise _error(text, "its name is missing")
    path, version = (path[:at], path[at + 1 :]) if at > 0 else (path, "")
    namespace, _, name = path.rpartition("/")
    name = unquote(name)
    if not _TYPE.match(kind) or not name:
        raise _error(text, "its type or its name is missing")
    return Purl(
        type=kind,
        namespace=_namespace(kind, namespace) if namespace else "",
        name=_name(kind, name),
        version=unquote(version),
        qualifiers=_unique(_qualifiers(query, text), text) if query else (),
        subpath=(unquote(subpath) if decode_subpath else subpath).strip("/"),
    )


def _error(text: str, reason: str) -> ValueError:
    return ValueError(f"`{text[:80]}` is not a package URL: {reason}")


def _namespace(kind: str, namespace: str) -> str:
    text = "/".join([unquote(part) for part in namespace.split("/") if part]).strip("/")
    return text.lower() if kind in _LOWER_NAMESPACE else text


def _name(kind: str, name: str) -> str:
    name = name.replace("_", "-") if kind == "pypi" else name
    return name.lower() if kind in _LOWER_NAME else name


def _qualifiers(query: str, text: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        key = key.lower()
        if not _KEY.match(key) or ";" in pair:
            raise _error(text, f"bad qualifier `{key[:80]}`")
        if value:
            yield key, unquote(value)


def _unique(pairs: Iterable[tuple[str, str]], text: str) -> tuple[tuple[str, str], ...]:
    found = sorted(pairs)
    if len({key for key, _ in found}) != len(found):
        raise _error(text, "a qualifier comes twice")
    return tuple(found)
