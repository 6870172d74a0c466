"""Yarn's `yarn.lock`, Classic and Berry.

The blocks are the packages (`nodejs.yarn_lock`). The `package.json` beside the lockfile, where there is one, says what
is direct, what is for development only, and which workspaces there are (`nodejs.yarn_project`). Licences are those of
the installed packages (`nodejs.yarn_licenses`); the lockfile has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.nodejs.yarn_licenses import yarn_licenses
from assaymark.inventory.nodejs.yarn_lock import Trouble, read_yarn_lock
from assaymark.inventory.nodejs.yarn_project import with_relationships
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode

_TOLD: Final = 10  # blocks of one lockfile that are named one by one


def _parse(source: Input) -> Iterator[Found]:
    entries, troubles = read_yarn_lock(source.file.read(source.limits.json_bytes), limits=source.limits)
    _tell(troubles, source)
    if not entries:
        return
    licenses = yarn_licenses(source)
    packages = tuple(
        msgspec.structs.replace(package, licenses=licenses.get(package.id, package.licenses))
        for package in with_relationships(entries, source)
    )
    yield Application(path=source.path, type="yarn", packages=packages)


def _tell(troubles: Sequence[Trouble], source: Input) -> None:
    for message, blocking in troubles[:_TOLD]:
        _ignored(message, source, blocking=blocking)
    if len(troubles) > _TOLD:
        rest = troubles[_TOLD:]
        _ignored(f"{len(rest)} more blocks cannot be read", source, blocking=any(each.blocking for each in rest))


def _ignored(message: str, source: Input, *, blocking: bool) -> None:
    source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=f"yarn: {message}", path=source.path, blocking=blocking))


ANALYZER: Final = Analyzer(
    name="yarn",
    version=1,
    kind="lang",
    paths=("yarn.lock", "!**/node_modules/**", "!**/.yarn/**"),
    needs=("package.json", "**/.yarn/cache/*.zip"),
    targets=("fs", "repo"),
    parse=_parse,
)
