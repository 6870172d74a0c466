"""npm's `package-lock.json`, versions 1 to 3 (https://docs.npmjs.com/cli/configuring-npm/package-lock-json).

Versions 2 and 3 list every installed folder in `packages` (`nodejs.lock_folders`):

1. A link gives its target the link's place under `node_modules`; a link without a target is left out.
2. What is not under `node_modules` then is the project itself and its workspaces, not a package.
3. A package is named by `name`, else by its folder. It is direct when the project or a workspace pattern names it and
   it lies in the topmost `node_modules`; everything else is indirect.
4. One version in several folders is one package: every place counts, it is for development only if all are, and direct
   if one is.
5. It depends on what Node.js would find from its folder, walking up.

Version 1 nests `dependencies` and does not say what is direct (`nodejs.lock_tree`). Licences missing in the lockfile
are read from the `package.json` files under the `node_modules` beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.json_lines import EACH, Shape, located, object_lines
from assaymark.inventory.nodejs.installed import fill_missing_licenses
from assaymark.inventory.nodejs.lock_folders import read_folders
from assaymark.inventory.nodejs.lock_tree import read_tree
from assaymark.model.inventory import Application, Found
from assaymark.safeio.text import decode_utf8


def _shape() -> Shape:
    shape = located(("packages", EACH), ("dependencies", EACH))
    dependencies = shape["dependencies"]
    dependencies[EACH]["dependencies"] = dependencies
    return shape


_LOCATED: Final = _shape()


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    document = decode_object(data, limits=source.limits, what=source.path)
    read = read_tree if document.get("lockfileVersion") == 1 else read_folders
    packages = read(document, object_lines(decode_utf8(data), _LOCATED))
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        yield Application(path=source.path, type="npm", packages=tuple(fill_missing_licenses(packages, source)))


ANALYZER: Final = Analyzer(
    name="npm",
    version=1,
    kind="lang",
    paths=("package-lock.json", "!**/node_modules/**"),
    needs=("**/node_modules/**/package.json",),
    targets=("fs", "repo"),
    parse=_parse,
)
