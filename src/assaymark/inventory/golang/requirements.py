"""The modules that a `go.mod` and the `go.sum` beside it name.

Rules:

1. Requirements that are marked as indirect count from `go 1.17` on, which lists all of them. The comparison knows
   `1.16` and not `1.16.3`, and a file without `go` is old.
2. A replacement concerns a module that is required, in that version if it names one. One by another module takes its
   place; one by a folder takes the module away.
3. Comprehensive detection adds the standard library, of the toolchain or else of the `go` line, from Go 1.21 on.
4. The module itself is the root and depends on what is direct.
5. Where nothing is indirect, `go.sum` tells the rest: the last version of every module that is not named yet. Its lines
   are `module version hash`, and those of module files end in `/go.mod`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.golang.mod_file import ModFile
from assaymark.inventory.golang.versions import module_id
from assaymark.limits import Limits
from assaymark.model.package import EMPTY_LIST, Package, Relationship
from assaymark.safeio.text import decode_utf8

_STDLIB: Final = "stdlib"


def required_packages(file: ModFile, *, comprehensive: bool) -> dict[str, Package]:
    """The modules of a module file by their paths, the module itself last."""
    packages: dict[str, Package] = {}
    go = _toolchain(file) if comprehensive else ""
    if go:
        packages[_STDLIB] = _package(_STDLIB, f"v{go}", Relationship.DIRECT)
    is_old = not file.go or _is_older(file.go, 17)
    for requirement in file.requirements:
        module = requirement.module
        if not (is_old and requirement.is_indirect):
            relationship = Relationship.INDIRECT if requirement.is_indirect else Relationship.DIRECT
            packages[module.path] = _package(module.path, module.version, relationship)
    _replace(packages, file)
    if file.module is not None:
        direct = sorted(each.id for each in packages.values() if each.relationship is Relationship.DIRECT)
        packages[file.module] = Package(
            id=file.module, name=file.module, relationship=Relationship.ROOT, depends_on=tuple(direct) or EMPTY_LIST
        )
    return packages


def direct_names(file: ModFile) -> list[str]:
    """The modules that a dependency requires directly, in order; its replacements only count where it is built."""
    return sorted({each.module.path for each in file.requirements if not each.is_indirect})


def _package(path: str, version: str, relationship: Relationship) -> Package:
    return Package(id=module_id(path, version), name=path, version=version, relationship=relationship)


def _replace(packages: dict[str, Package], file: ModFile) -> None:
    """Rule 2."""
    for each in file.replacements:
        package = packages.get(each.old.path)
        if package is not None and each.old.version in {"", package.version}:
            del packages[each.old.path]
            if each.new.version:
                packages[each.new.path] = _package(each.new.path, each.new.version, package.relationship)


def _toolchain(file: ModFile) -> str:
    """Rule 3: the version without `go` and what vendors append; a release with two numbers gets a third."""
    if file.toolchain:
        return file.toolchain.partition("-")[0].removeprefix("go")
    if file.go.count(".") > 1:
        release, version = ".".join(file.go.split(".")[:2]), file.go
    elif "rc" in file.go:
        release, version = file.go.partition("rc")[0], file.go
    else:
        release, version = file.go, f"{file.go}.0"
    return "" if not file.go or _is_older(release, 21) else version


def _is_older(version: str, minor: int) -> bool:
    """Whether a version of two numbers is older than `1.<minor>`; no other version is."""
    numbers = version.split(".")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return False
    return int(numbers[0]) <= 1 and int(numbers[1]) < minor


def summed_packages(lines: Iterable[bytes], *, limits: Limits) -> dict[str, Package]:
    """Rule 5, for the lines of a `go.sum`.

    Raises:
        LimitError: it names too many modules.
    """
    versions: dict[bytes, bytes] = {}
    for line in lines:
        words = line.split(maxsplit=2)
        if len(words) > 1:
            versions[words[0]] = words[1]
            if len(versions) > limits.packages_per_file:
                raise LimitError(f"more than {limits.packages_per_file} modules")
    named = ((decode_utf8(name), decode_utf8(version).removesuffix("/go.mod")) for name, version in versions.items())
    return {name: _package(name, version, Relationship.INDIRECT) for name, version in named}
