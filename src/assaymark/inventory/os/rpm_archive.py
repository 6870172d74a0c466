"""rpm archives (`*.rpm`) that lie in an image without being installed, where the user asks for them.

An archive begins with a lead of 96 bytes, then the header of its signatures, filled up to a multiple of 8 bytes, then
the header of the package; both have 8 bytes of magic in front (rpm, "Package format"). The payload is not read. The
package has no ID and no database, and its purl goes by the vendor's words; without a name or a version it is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.purl import archive_package_url
from assaymark.inventory.room import Room
from assaymark.inventory.rpm.content import Content
from assaymark.inventory.rpm.header import Header, header_bytes, parse_header
from assaymark.inventory.rpm.package import read_facts
from assaymark.limits import Limits
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.package import PackageIdentifier

_LEAD: Final = 96
_LEAD_MAGIC: Final = b"\xed\xab\xee\xdb"
_HEADER_MAGIC: Final = b"\x8e\xad\xe8\x01\0\0\0\0"
_PREFIX: Final = 16  # the magic, and a header's two lengths
_ALIGNMENT: Final = 8


def _parse(source: Input) -> Iterator[Found]:
    with source.file.open() as stream:
        header = _package_header(Content(stream, source.file.size), source.limits)
    package = read_facts(header, Room(source))
    if not package.name or not package.version:
        raise ValueError("an archive of a package without a name or a version")
    identifier = PackageIdentifier(purl=archive_package_url(package))
    placed = msgspec.structs.replace(package, identifier=identifier, file_path=source.path)
    yield OsPackages(path=source.path, packages=(placed,))


def _package_header(content: Content, limits: Limits) -> Header:
    if content.read(0, len(_LEAD_MAGIC)) != _LEAD_MAGIC:
        raise ValueError("no rpm archive")
    signatures = _LEAD + len(_HEADER_MAGIC)
    length = _length(content, signatures, limits)
    begin = signatures + length + -length % _ALIGNMENT + len(_HEADER_MAGIC)
    return parse_header(content.read(begin, _length(content, begin, limits)), limits=limits)


def _length(content: Content, start: int, limits: Limits) -> int:
    """The length of the header that begins at `start`, behind its magic."""
    prefix = content.read(start - len(_HEADER_MAGIC), _PREFIX)
    length = header_bytes(prefix[len(_HEADER_MAGIC) :])
    if prefix[: len(_HEADER_MAGIC)] != _HEADER_MAGIC or length > limits.rpm_header_bytes:
        raise ValueError(f"a header of {length} bytes, or none")
    return length


ANALYZER: Final = Analyzer(
    name="rpm-archive", version=1, kind="os", paths=("*.rpm",), option="rpm_archives", parse=_parse
)
