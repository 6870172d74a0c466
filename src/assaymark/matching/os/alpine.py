"""Alpine Linux: advisories of the secdb, by source package.

1. The release is the one of `etc/apk/repositories` where that is known, else the system's; both cut to `X.Y`.
2. The source package's version is compared.
3. Not vulnerable before `AffectedVersion`; without a `FixedVersion` vulnerable from there on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, advised, find_key, is_before_fix, minor, source_name
from assaymark.model.advisory import Advisory
from assaymark.versions.scheme import Scheme, load_scheme


def _bucket(target: OsTarget) -> str:
    return f"alpine {_repository_release(target) or minor(target.release)}"


def _repository_release(target: OsTarget) -> str:
    """The repositories' release; of more than two numbers the last is cut off."""
    release = target.repository.release if target.repository else ""
    return release.rpartition(".")[0] if release.count(".") > 1 else release


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("apk")
    pairs = advised(target, _bucket(target), scheme, name=source_name, version=lambda package: package.full_src_version)
    for package, advisory, version in pairs:
        if _is_vulnerable(target, scheme, version, advisory):
            yield Match(
                package=package, advisory=advisory, installed=package.full_version, fixed=advisory.fixed_version
            )


def _is_vulnerable(target: OsTarget, scheme: Scheme, version: str, advisory: Advisory) -> bool:
    if advisory.affected_version:
        affected = find_key(target, scheme, advisory.affected_version, advisory=advisory)
        if affected is None or scheme.key(version) < affected:
            return False
    return not advisory.fixed_version or is_before_fix(target, scheme, version, advisory=advisory)


DRIVER: Final = Driver(
    families=("alpine",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: minor(target.release),
    detect=_detect,
)
