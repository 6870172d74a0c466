"""Echo: its own advisories by source package, whatever the release.

1. The source package's version is compared in dpkg's order, and the finding shows it as the installed one; without a
   fixed version the package is vulnerable.
2. Findings carry the advisory's status. A severity in it holds for this very package, with the source `echo`.
3. Packages from third parties are Echo's to describe, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, affected_sources, is_package


def _detect(target: OsTarget) -> Iterator[Match]:
    for package, advisory in affected_sources(target, "echo"):
        yield Match(
            package=package,
            advisory=advisory,
            installed=package.full_src_version,
            fixed=advisory.fixed_version,
            status=advisory.status,
            severity=advisory.severity,
            severity_source="echo" if advisory.severity else "",
        )


DRIVER: Final = Driver(
    families=("echo",), buckets=lambda _: ("echo",), lifecycle=lambda _: "", detect=_detect, keeps=is_package
)
