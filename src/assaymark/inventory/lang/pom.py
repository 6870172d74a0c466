"""Maven's `pom.xml` with its effective model (`assaymark.inventory.java.effective`, `…java.graph`).

Parents and modules are read from the scanned tree, what is published from the local repository of this machine and,
unless nobody may be asked, from remote ones. Projects of integration tests (`src/it/*/pom.xml`, `target/it/*/pom.xml`)
are for development.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath
from typing import Final

import msgspec

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.java.effective import Resolver
from assaymark.inventory.java.graph import Graph
from assaymark.inventory.java.poms import Poms
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode

_TEST_FOLDERS: Final = ("src", "target")


def _parse(source: Input) -> Iterator[Found]:
    resolver = Resolver(Poms(source), source.limits)
    folder = normpath(source.root) if source.root else ""
    prefix = "" if folder in ("", ".") else join(folder, "")
    packages = Graph(resolver, prefix, source.limits).packages()
    if _is_test(f"{prefix}{source.path}"):
        packages = [msgspec.structs.replace(package, dev=True) for package in packages]
    if resolver.limited:
        message = f"pom: POMs that it leads to were left out: {resolver.limited}"
        source.report(Issue(code=IssueCode.FILE_TOO_LARGE, message=message, path=source.path))
    if packages:
        yield Application(path=source.path, type="pom", packages=tuple(packages))


def _is_test(path: str) -> bool:
    parts = path.split("/")
    return len(parts) >= 4 and parts[-4] in _TEST_FOLDERS and parts[-3] == "it"


ANALYZER: Final = Analyzer(
    name="pom",
    version=1,
    kind="lang",
    paths=("pom.xml",),
    needs=("*.xml", "*.pom"),
    targets=("fs", "repo"),
    parse=_parse,
)
