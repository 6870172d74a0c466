"""`yarn.lock`: the blocks of both generations of Yarn.

Classic (https://classic.yarnpkg.com/lang/en/docs/yarn-lock/) and Berry (a subset of YAML) agree so far that one reader
takes both: blocks with a header of patterns, and indented members, apart from each other by an empty line.

1. A header holds patterns `name@range` or `name@protocol:range`, separated by a comma and a blank. The name is the
   first pattern's. Only what comes from a registry is a package: a block whose first pattern has another protocol than
   `npm` is left out, silently where the protocol is one of Yarn's for folders, repositories and patches.
2. A block whose version cannot be read is left out, and makes the scan incomplete. A name that begins with `version` is
   taken for the member of that name, as the reference does.
3. Only `dependencies` make edges. A dependency that no block's pattern provides is the empty ID.
4. A block's place reaches from its first line that is not empty to its last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.places import package_id
from assaymark.limits import Limits
from assaymark.model.package import Location, Package
from assaymark.safeio.text import decode_utf8

_BLANK: Final = r"[ \t\n\f\r]"
_NOT_BLANK: Final = r"[^ \t\n\f\r]"
_PATTERN: Final = re.compile(rf'{_BLANK}?\\?"?({_NOT_BLANK}+?)@(?:({_NOT_BLANK}+?):)?(.+?)\\?"?:?\Z')
_VERSION: Final = re.compile(rf'"?version:?"?{_BLANK}+"?([^"]+)"?')
_DEPENDENCY: Final = re.compile(rf'{_BLANK}{{4,}}"?(.+?)"?:?{_BLANK}"?(?:({_NOT_BLANK}+?):)?([^"]+)"?')
_REGISTRY: Final = frozenset({"", "npm"})
_ELSEWHERE: Final = frozenset(
    {"workspace", "patch", "file", "link", "portal", "github"} | {"git", "git+ssh", "git+http", "git+https", "git+file"}
)


class Entry(msgspec.Struct, frozen=True):
    """A package of the lockfile, and the patterns that it is installed for, as `name@range`."""

    package: Package
    patterns: tuple[str, ...]


class Trouble(NamedTuple):
    """Why a block was left out, and whether a package of the registry may be missing."""

    message: str
    blocking: bool


class _Block(msgspec.Struct):
    """What the lines of a block say."""

    name: str = ""
    patterns: tuple[str, ...] = ()
    version: str = ""
    dependencies: tuple[str, ...] = ()
    trouble: Trouble | None = None


def read_yarn_lock(data: bytes, *, limits: Limits) -> tuple[list[Entry], list[Trouble]]:
    """The packages of a lockfile, and what is to be said about blocks that were left out.

    Raises:
        LimitError: a line is too long, or there are too many packages.
    """
    read: list[tuple[_Block, Location]] = []
    troubles: list[Trouble] = []
    for lines, first in _blocks(data):
        if any(len(line) > limits.line_bytes for line in lines):
            raise LimitError(f"a line longer than {limits.line_bytes} bytes")
        block = _read(lines)
        if block.trouble:
            troubles.append(block.trouble)
        elif block.name:
            empty = next(number for number, line in enumerate(lines) if line)
            read.append((block, Location(start_line=first + empty, end_line=first + len(lines) - 1)))
        if len(read) + len(troubles) > limits.packages_per_file:
            raise LimitError(f"more than {limits.packages_per_file} packages")
    return _entries(read), troubles


def _blocks(data: bytes) -> Iterator[tuple[list[str], int]]:
    """The lines of each block and the number of its first one."""
    first = 1
    *blocks, last = data.split(b"\n\n")
    for block in (*blocks, *last.split(b"\r\n\r\n")):
        lines = [line.removesuffix("\r") for line in decode_utf8(block).split("\n")]
        if not lines[-1]:
            lines.pop()
        yield lines, first
        first += len(lines) + 1


def _read(lines: Sequence[str]) -> _Block:
    block = _Block()
    rest = iter(lines)
    for line in rest:
        if not line or line.startswith("#"):
            continue
        if line.startswith("__metadata"):
            break
        text = line.strip().removeprefix('"')
        if text.startswith("version"):
            match = _VERSION.match(text)
            if match is None:
                block.trouble = Trouble(f"the version `{text[:100]}` cannot be read", blocking=True)
                break
            block.version = match[1]
        elif text.startswith("dependencies:"):
            block.dependencies = tuple(_dependencies(rest))
        elif "@" in text and (patterns := _patterns(text)):
            protocol = patterns[0][1]
            if protocol not in _REGISTRY:
                if protocol not in _ELSEWHERE:
                    block.trouble = Trouble(f"the protocol of `{text[:100]}` is not known", blocking=False)
                break
            block.name = patterns[0][0]
            block.patterns = tuple(package_id(block.name, version) for _, _, version in patterns)
    return block


def _patterns(text: str) -> list[tuple[str, str, str]]:
    """Name, protocol and range of each pattern of a header; none where the line is no header."""
    found = [match.groups("") if (match := _PATTERN.match(part)) else ("", "", "") for part in text.split(", ")]
    return [(name, protocol, version) for name, protocol, version in found] if found[0][0] else []


def _dependencies(lines: Iterator[str]) -> Iterator[str]:
    """The patterns up to the first line that is none, which is read with them."""
    for line in lines:
        match = _DEPENDENCY.search(line)
        if match is None:
            return
        name, protocol, version = match.groups("")
        yield package_id(name, version) if protocol in _REGISTRY else ""


def _entries(read: Sequence[tuple[_Block, Location]]) -> list[Entry]:
    """Rule 3, once all patterns are known; of several blocks with one ID the last one's edges count."""
    provided: dict[str, str] = {}
    wanted: dict[str, tuple[str, ...]] = {}
    for block, _ in read:
        identifier = package_id(block.name, block.version)
        provided.update(dict.fromkeys(block.patterns, identifier))
        if block.dependencies:
            wanted[identifier] = block.dependencies
    return [Entry(_package(block, place, provided, wanted), block.patterns) for block, place in read]


def _package(
    block: _Block, place: Location, provided: Mapping[str, str], wanted: Mapping[str, tuple[str, ...]]
) -> Package:
    identifier = package_id(block.name, block.version)
    return Package(
        id=identifier,
        name=block.name,
        version=block.version,
        depends_on=tuple(provided.get(pattern, "") for pattern in wanted.get(identifier, ())),
        locations=(place,),
    )
