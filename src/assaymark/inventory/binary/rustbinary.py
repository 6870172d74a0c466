"""Executables of Rust with the list of crates that cargo-auditable embeds (`assaymark.inventory.rust.audit`).

Rules: only crates that are needed at run time are packages; the program's own is the root, and of the others it is not
known whether they are direct. A crate depends on others in the order in which the list names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.executables.opening import AUDIT_MARK, AUDIT_SECTIONS, SIEVE, open_marked
from assaymark.inventory.places import package_id
from assaymark.inventory.rust.audit import Crate, read_audit
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package, Relationship


def _parse(source: Input) -> Iterator[Found]:
    data = _audit_data(source)
    if data is None:
        return
    crates = read_audit(data, limits=source.limits, what=source.path)
    packages = tuple(_packages(crates))
    if packages:
        yield Application(path=source.path, type="rustbinary", packages=packages)


def _audit_data(source: Input) -> bytes | None:
    with source.file.open() as stream:
        program = open_marked(stream, AUDIT_MARK, limits=source.limits)
        section = program.section(*AUDIT_SECTIONS) if program else None
        if program is None or section is None:
            return None
        if section.is_compressed:
            raise ValueError("audit data in a section that is compressed once more")
        if section.size > source.limits.audit_bytes:
            raise LimitError(f"audit data of more than {source.limits.audit_bytes} bytes")
        return program.content.read(section.offset, section.size)


def _packages(crates: list[Crate]) -> Iterator[Package]:
    graph = {
        _id(crate): tuple(_id(crates[place]) for place in crate.dependencies if crates[place].is_runtime)
        for crate in crates
        if crate.is_runtime
    }
    for crate in crates:
        if crate.is_runtime:
            yield Package(
                id=_id(crate),
                name=crate.name,
                version=crate.version,
                relationship=Relationship.ROOT if crate.is_root else Relationship.UNKNOWN,
                depends_on=graph[_id(crate)],
            )


def _id(crate: Crate) -> str:
    return package_id(crate.name, crate.version)


ANALYZER: Final = Analyzer(
    name="rustbinary",
    version=1,
    kind="binary",
    paths=("+x", "*.exe"),
    targets=("image", "rootfs"),
    sieve=SIEVE,
    parse=_parse,
)
