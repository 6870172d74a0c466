"""Package URLs of what analysers find (`assaymark.model.purl` prints them).

The version carries the release and no epoch: that is a qualifier, as is the architecture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from assaymark.model.inventory import OperatingSystem
from assaymark.model.package import Package, format_version
from assaymark.model.purl import Purl

_APK: Final = frozenset({"alpine", "chainguard", "wolfi", "minimos"})
_DEB: Final = frozenset({"debian", "ubuntu", "echo"})
_RPM: Final = frozenset(
    {"alma", "amazon", "azurelinux", "cbl-mariner", "centos", "coreos", "fedora", "opensuse", "opensuse-leap"}
    | {"opensuse-tumbleweed", "oracle", "photon", "redhat", "rocky", "slem", "sles"}
)
_VENDORS: Final = {
    "sles": "suse",
    "slem": "suse",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
}
_ARCHIVE_VENDORS: Final = (("red hat", "redhat"), ("fedora", "fedora"), ("opensuse", "opensuse"), ("suse", "suse"))
_LANGUAGES: Final = {
    application: purl_type
    for purl_type, applications in {
        "maven": "jar pom gradle sbt",
        "gem": "bundler gemspec",
        "nuget": "nuget dotnet-core packages-props",
        "composer": "composer composer-vendor",
        "conda": "conda-pkg conda-environment",
        "pypi": "python-pkg pip pipenv poetry uv pylock",
        "golang": "gobinary gomod",
        "npm": "npm node-pkg yarn pnpm bun",
        "cargo": "cargo rustbinary",
    }.items()
    for application in applications.split()
}


class _Parts(NamedTuple):
    type: str
    namespace: str
    name: str
    subpath: str = ""


def os_package_url(package: Package, os: OperatingSystem) -> str:
    """The purl of a package of the distribution `os`; empty for a package without a name."""
    if not package.name:
        return ""
    qualifiers = _common_qualifiers(package)
    if os.family in _APK:
        qualifiers["distro"] = os.name
        return _join(_Parts("apk", os.family.lower(), package.name.lower()), package, qualifiers)
    if os.family in _DEB:
        qualifiers["distro"] = f"{os.family}-{os.name}"
        return _join(_Parts("deb", os.family, package.name), package, qualifiers)
    if os.family in _RPM:
        qualifiers["distro"] = f"{os.family}-{os.name}"
        qualifiers["modularitylabel"] = package.modularitylabel
        return _join(_Parts("rpm", os_namespace(os.family), package.name), package, qualifiers)
    if os.family == "bottlerocket":
        qualifiers["distro"] = f"bottlerocket-{os.name}"
    return _join(_Parts(os.family, "", package.name), package, qualifiers)


def os_namespace(family: str) -> str:
    """The namespace of purls of a distribution family's packages."""
    return _VENDORS.get(family, family)


def application_package_url(package: Package, application: str) -> str:
    """The purl of a package found by an analyser of the application type `application`; empty where it has none."""
    if not package.name:
        return ""
    purl_type = _LANGUAGES.get(application, application)
    namespace, name, subpath = _NAMES.get(purl_type, _plain)(package.name)
    if not name:
        return ""
    qualifiers = _common_qualifiers(package)
    if purl_type == "julia":
        qualifiers["uuid"] = package.id
    return _join(_Parts(purl_type, namespace, name, subpath), package, qualifiers)


def archive_package_url(package: Package) -> str:
    """The purl of an rpm archive: the vendor's words name the distribution, and the version carries the epoch."""
    vendor = package.maintainer.lower()
    namespace = next((name for word, name in _ARCHIVE_VENDORS if word in vendor), "")
    whole = msgspec.structs.replace(package, version=package.full_version, release="")
    return _join(_Parts("rpm", namespace, package.name), whole, {"arch": package.arch})


def _common_qualifiers(package: Package) -> dict[str, str]:
    return {"arch": package.arch, "epoch": str(package.epoch) if package.epoch else ""}


def _join(parts: _Parts, package: Package, qualifiers: dict[str, str]) -> str:
    url = Purl(
        type=parts.type,
        namespace=parts.namespace,
        name=parts.name,
        version=format_version(0, package.version, package.release),
        qualifiers=tuple(sorted(pair for pair in qualifiers.items() if pair[1])),
        subpath=parts.subpath,
    )
    return str(url)


def _plain(name: str) -> tuple[str, str, str]:
    return "", name, ""


def _split_last(name: str) -> tuple[str, str, str]:
    namespace, _, last = name.rpartition("/")
    return namespace, last, ""


def _maven(name: str) -> tuple[str, str, str]:
    return _split_last(name.replace(":", "/"))


def _pypi(name: str) -> tuple[str, str, str]:
    return "", name.lower().replace("_", "-"), ""


def _golang(name: str) -> tuple[str, str, str]:
    """A module replaced by a local folder has no name that others know."""
    return ("", "", "") if name.startswith(("./", "../")) else _split_last(name.lower())


def _npm(name: str) -> tuple[str, str, str]:
    return _split_last(name.lower())


def _cocoapods(name: str) -> tuple[str, str, str]:
    pod, _, subspec = name.partition("/")
    return "", pod, subspec


_NAMES: Final[dict[str, Callable[[str], tuple[str, str, str]]]] = {
    "maven": _maven,
    "pypi": _pypi,
    "composer": _split_last,
    "golang": _golang,
    "npm": _npm,
    "swift": _split_last,
    "cocoapods": _cocoapods,
    "julia": _split_last,
}
