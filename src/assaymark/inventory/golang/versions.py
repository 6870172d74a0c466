"""How Go writes module versions (https://go.dev/ref/mod#versions), where that decides what a module is called.

A version is `vMAJOR[.MINOR[.PATCH[-pre-release][+build]]]` without leading zeros. A pseudo-version names a commit:
`v0.0.0-yyyymmddhhmmss-abcdefabcdef`, or with the version that it follows in front.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER = r"(?:0|[1-9][0-9]*+)"
_PRERELEASE = r"(?:[0-9]*+[A-Za-z-][0-9A-Za-z-]*+|0|[1-9][0-9]*+)"
_BUILD = r"[0-9A-Za-z-]++"
_VERSION: Final = re.compile(
    rf"v(?P<major>{_NUMBER})(?:\.(?P<minor>{_NUMBER})(?:\.(?P<patch>{_NUMBER})"
    rf"(?:-{_PRERELEASE}(?:\.{_PRERELEASE})*+)?(?P<build>\+{_BUILD}(?:\.{_BUILD})*+)?)?)?"
)
_PSEUDO: Final = re.compile(
    r"v[0-9]+\.(?:0\.0-|[0-9]+\.[0-9]+-(?:[^+]*\.)?0\.)[0-9]{14}-[A-Za-z0-9]+(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_LONGEST: Final = 1_024
_UNSTABLE: Final = "-unstable"


def module_id(path: str, version: str) -> str:
    """The identifier of a module, as Go writes it: `golang.org/x/text@v0.3.0`."""
    if not version:
        return path
    return f"{path}@{version}" if version.startswith("v") else f"{path}@v{version}"


def is_version(text: str) -> bool:
    """Whether it is a version."""
    return _match(text) is not None


def is_pseudo_version(text: str) -> bool:
    """Whether it is a version that names a commit."""
    return text.count("-") >= 2 and is_version(text) and _PSEUDO.fullmatch(text) is not None


def canonical_version(text: str) -> str:
    """All three numbers, and no build but `+incompatible`.

    Raises:
        ValueError: it is no version.
    """
    match = _match(text)
    if match is None:
        raise ValueError(f"`{text[:100]}` is not a version of the form v1.2.3")
    if match["minor"] is None:
        return f"{text}.0.0"
    if match["patch"] is None:
        return f"{text}.0"
    build = match["build"] or ""
    return text if build == "+incompatible" else text.removesuffix(build)


def check_major(path: str, version: str) -> None:
    """The end of a module's path names its major version: `/v2`, and on gopkg.in `.v2`.

    Raises:
        ValueError: the two contradict each other.
    """
    suffix = major_suffix(path).removesuffix(_UNSTABLE)
    match = _match(version)
    major = match["major"] if match else ""
    if version.startswith("v0.0.0-") and suffix == ".v1":  # written by an old version of Go
        return
    fits = suffix[2:] == major if suffix else major in {"0", "1"} or version.endswith("+incompatible")
    if not fits:
        raise ValueError(f"`{path[:200]}` cannot have the version `{version[:100]}`")


def major_suffix(path: str) -> str:
    """The part of a module's path that names its major version, with `/v` or `.v`; empty for v0 and v1.

    Raises:
        ValueError: it looks like one and is none.
    """
    if path.startswith("gopkg.in/"):
        match = re.search(r"\.v(?:0|[1-9][0-9]*)(?:-unstable)?\Z", path)
        if match is None:
            raise ValueError(f"`{path[:200]}` is not a module's path")
        return match[0]
    end = len(path.rstrip("0123456789."))
    if end < 2 or end == len(path) or path[end - 2 : end] != "/v":
        return ""
    number = path[end:]
    if "." in number or number.startswith("0") or number == "1":
        raise ValueError(f"`{path[:200]}` is not a module's path")
    return path[end - 2 :]


def _match(text: str) -> re.Match[str] | None:
    return _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
