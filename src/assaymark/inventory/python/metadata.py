"""Core metadata of Python packages: `METADATA` of wheels, `PKG-INFO` of eggs.

Specification: https://packaging.python.org/en/latest/specifications/core-metadata/. Read is the header alone, which
ends at the first empty line, or at a line that is no field. Rules:

1. Without a name or a version the file is an error.
2. The licence is `License-Expression` (PEP 639); else the last parts of the `License ::` classifiers other than
   `OSI Approved`; else `License`. A `License-File` alone is not read: its text is not classified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory import licenses
from assaymark.inventory.fields import Fields, read_paragraphs
from assaymark.limits import Limits
from assaymark.model.package import Package

_WANTED: Final = frozenset({b"name", b"version", b"license-expression", b"classifier", b"license"})
_FIELD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z -]+:[\t\x20-\x7e\x80-\xff]*\Z")
_CLASSIFIER: Final = "License :: "


def read_metadata(lines: Iterable[bytes], *, path: str, limits: Limits) -> Package:
    """The package that the file at `path`, with these lines, describes.

    Raises:
        ValueError: it has no name or no version.
        LimitError: the header is longer than `Limits.header_bytes`, or has too many fields.
    """
    fields = next(read_paragraphs(_header(lines, limits), _WANTED, limits=limits), Fields())
    name, version = fields.one(b"name"), fields.one(b"version")
    if not name or not version:
        raise ValueError("no name or no version")
    return Package(name=name, version=version, licenses=tuple(licenses.split(_license(fields))), file_path=path)


def _header(lines: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    """The lines up to the first that is empty or no field; a header that begins with a blank is none."""
    size = 0
    for line in takewhile(_is_header, _not_indented_first(lines)):
        size += len(line)
        if size > limits.header_bytes:
            raise LimitError(f"the header is longer than {limits.header_bytes} bytes")
        yield line


def _not_indented_first(lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number == 0 and line[:1] in {b" ", b"\t"}:
            return
        yield line


def _is_header(line: bytes) -> bool:
    return line[:1] in {b" ", b"\t"} or _FIELD.match(line) is not None


def _license(fields: Fields) -> str:
    expression = fields.one(b"license-expression")
    if expression:
        return expression
    classifiers = (text for text in fields.all_of(b"classifier") if text.startswith(_CLASSIFIER))
    names = [text.rpartition(" :: ")[2] for text in classifiers]
    return ", ".join(name for name in names if name != "OSI Approved") or fields.one(b"license")
