r"""What Go's linker embeds in an executable (`debug/buildinfo`, `runtime/debug` of Go's standard library).

At an aligned address stands a mark of 14 bytes, the size of a pointer and flags. Then, since Go 1.18, two texts in a
row, each behind its length as a varint; before, two pointers to Go strings in the data. The first text is Go's
version. The second lists the modules between two sentinels of 16 bytes, a line each:

    path    example.org/tool/cmd/tool
    mod     example.org/tool    v1.2.0  h1:…
    dep     golang.org/x/text   v0.3.0  h1:…
    =>      example.org/text    v0.3.1  h1:…
    build   -ldflags="-X main.version=1.2.0"

A line without an end is not read, lines of other words are passed over, and `=>` replaces the module above it.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.executables.opening import find_build_info
from assaymark.inventory.executables.program import Program
from assaymark.inventory.golang.quoted import quoted_end, unquote
from assaymark.limits import Limits

_HEADER_BYTES: Final = 32
_BIG_ENDIAN: Final = 1
_INLINE: Final = 2
_VARINT_BYTES: Final = 10
_SENTINEL: Final = 16
_POINTERS: Final = {4: "II", 8: "QQ"}
_QUOTED_KEY: Final = frozenset('= \t\r\n"`')
_QUOTED_VALUE: Final = frozenset(' \t\r\n"`')


class Module(msgspec.Struct, frozen=True):
    """A module with the version that was built in."""

    path: str
    version: str


class BuildInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What was built, and with which Go.

    Attributes:
        go_version: as the compiler states it: `go1.22.1`, with words behind it for experiments and vendors.
        main: the module of the program itself; None where it has none.
        dependencies: the other modules; replaced ones by what replaces them.
        linker_flags: the `-ldflags` of the build; empty where they are not recorded.
    """

    go_version: str
    main: Module | None = None
    dependencies: tuple[Module, ...] = ()
    linker_flags: str = ""


def read_build_info(program: Program) -> BuildInfo | None:
    """The build information of an executable; None where there is none.

    Raises:
        ValueError: it is damaged.
        LimitError: it is absurdly long.
    """
    address = find_build_info(program)
    if address is None:
        return None
    version, modules = _texts(program, address)
    if not version:
        raise ValueError("build information of Go without a version")
    return parse_modules(version.decode("utf-8", "replace"), _unframed(modules), limits=program.content.limits)


def _texts(program: Program, address: int) -> tuple[bytes, bytes]:
    header = program.read(address, _HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        raise ValueError("build information of Go that is cut off")
    size, flags = header[14], header[15]
    if flags & _INLINE:
        version, place = _inline(program, address + _HEADER_BYTES)
        return version, _inline(program, place)[0]
    if size not in _POINTERS:
        raise ValueError(f"build information of Go with pointers of {size} bytes")
    pointers = struct.Struct((">" if flags & _BIG_ENDIAN else "<") + _POINTERS[size])
    version_at, modules_at = pointers.unpack_from(header, 16)
    return _string(program, pointers, version_at), _string(program, pointers, modules_at)


def _inline(program: Program, address: int) -> tuple[bytes, int]:
    """A text behind its length, and the address behind it."""
    size = 0
    for place, byte in enumerate(program.read(address, _VARINT_BYTES)):
        size |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            start = address + place + 1
            return _whole(program, start, size), start + size
    raise ValueError("build information of Go with a length that is no number")


def _string(program: Program, pointers: struct.Struct, address: int) -> bytes:
    """A Go string in the data: a pointer to its bytes and their number; none where it is not there."""
    header = program.read(address, pointers.size)
    return _whole(program, *pointers.unpack(header)) if len(header) == pointers.size else b""


def _whole(program: Program, address: int, size: int) -> bytes:
    if size > program.content.limits.build_info_bytes:
        raise LimitError(f"build information of Go of more than {program.content.limits.build_info_bytes} bytes")
    data = program.read(address, size)
    if len(data) < size:
        raise ValueError("build information of Go that is cut off")
    return data


def _unframed(modules: bytes) -> str:
    """The list of modules without its sentinels; empty for a program that was built without modules."""
    if len(modules) < 2 * _SENTINEL + 1 or modules[-_SENTINEL - 1 : -_SENTINEL] != b"\n":
        return ""
    return modules[_SENTINEL:-_SENTINEL].decode("utf-8", "replace")


def parse_modules(go_version: str, text: str, *, limits: Limits) -> BuildInfo:
    """The lines of the list of modules.

    Raises:
        ValueError: a line has too few or too many columns, or a setting is not quoted as it must be.
        LimitError: there are too many modules.
    """
    main: Module | None = None
    dependencies: list[Module] = []
    last = ""
    flags: str | None = None
    for line in text.split("\n")[:-1]:
        word, tab, rest = line.partition("\t")
        if not tab:
            continue
        if word == "mod":
            main, last = _module(rest), word
        elif word == "dep":
            dependencies.append(_module(rest))
            last = word
            if len(dependencies) > limits.packages_per_file:
                raise LimitError(f"more than {limits.packages_per_file} modules")
        elif word == "=>":
            replacement = _replacement(rest, last)
            if last == "dep":
                dependencies[-1] = replacement
            last = ""
        elif word == "build":
            key, value = _setting(rest)
            flags = value if key == "-ldflags" and flags is None else flags
    return BuildInfo(go_version=go_version, main=main, dependencies=tuple(dependencies), linker_flags=flags or "")


def _module(columns: str) -> Module:
    parts = columns.split("\t")
    if len(parts) not in {2, 3}:
        raise ValueError(f"build information of Go: a module with {len(parts)} columns")
    return Module(parts[0], parts[1])


def _replacement(columns: str, last: str) -> Module:
    parts = columns.split("\t")
    if len(parts) != 3 or not last:
        raise ValueError("build information of Go: a replacement of nothing, or without three columns")
    return Module(parts[0], parts[1])


def _setting(text: str) -> tuple[str, str]:
    """The key and the value of a `build` line, either of which may be quoted as in Go's source."""
    if text[:1] in {'"', "`"}:
        end = quoted_end(text)
        key, separator, value = unquote(text[:end]), text[end : end + 1], text[end + 1 :]
    else:
        key, separator, value = text.partition("=")
        if not key or _QUOTED_KEY & set(key):
            raise ValueError("build information of Go: a setting with a key that is not quoted")
    if separator != "=":
        raise ValueError("build information of Go: a setting without a value")
    if value[:1] in {'"', "`"}:
        return key, unquote(value)
    if _QUOTED_VALUE & set(value):
        raise ValueError("build information of Go: a setting with a value that is not quoted")
    return key, value
