"""The `UID` of a package: a structural hash that other tools compute alike (trivy-behaviour, section 1.8).

It is the 64-bit hash of `{"filePath": …, "pkg": …}` by the algorithm of mitchellh/hashstructure v2, printed in hex
without padding. FNV-1 (multiply, then xor) is the only primitive:

1. a string hashes to FNV-1 of its UTF-8 bytes, an integer of its eight little-endian bytes, a boolean of one byte;
2. a list starts at 0 and folds each element in: `h = fnv(le(h) + le(hash(element)))`;
3. a structure starts at the hash of its type's name; each member that is not zero, in the order of declaration, is
   xored in as `fnv(le(hash(name)) + le(hash(value)))`, and the sum is hashed again;
4. a map xors `fnv(le(hash(key)) + le(hash(value)))` over its members and hashes the sum.

What is hashed is the package as its analyser leaves it: with licences, relationship and installed files, before layer,
purl and build information. So the value is known when a layer is analysed and is cached with it.

An image has tens of thousands of installed files, and a byte costs some 50 ns here: paths continue from the state that
their folder left, and other strings that come back (licences, maintainers) are remembered.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from assaymark.model.package import NO_REPOSITORY, Location, Package, PackageRepository, Relationship

_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_WORD: Final = Struct("<Q")
_WORDS: Final = Struct("<QQ")
_SIGNED: Final = Struct("<q")
_REMEMBERED: Final = 50_000  # strings and folders: some megabytes
_INT64: Final = 1 << 63

_Value = str | int | Relationship | PackageRepository | tuple[str, ...] | tuple[Location, ...]


class UidHasher:
    """Hashes the packages of one layer, remembering what repeats; used by one thread at a time."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._folders: dict[str, int] = {"": _OFFSET}

    def uid(self, package: Package, file_path: str = "") -> str:
        """The UID of `package`.

        Args:
            package: as analysed; layer, purl and build information are not looked at.
            file_path: the lockfile's or binary's path; empty for packages of the operating system.
        """
        path, content = self._text(file_path), self._package(package)
        state = _fnv(_WORD.pack(path), _FILE_PATH) ^ _fnv(_WORD.pack(content), _PKG)
        return f"{_fnv(_WORD.pack(state)):x}"

    def _package(self, package: Package) -> int:
        state = _PACKAGE
        for name, attribute, zero in _MEMBERS:
            value: _Value = getattr(package, attribute)
            if value != zero:
                state = _with_member(state, name, self._value(value))
        return state

    def _value(self, value: _Value) -> int:
        match value:
            case str():
                return self._text(value)
            case bool():
                return _fnv(b"\x01" if value else b"\x00")
            case int():
                return _integer(value)
            case Relationship():
                return _integer(_RELATIONSHIPS[value])
            case PackageRepository():
                return _with_member(_REPOSITORY, _CLASS, self._text(value.class_))
            case _:
                return self._list(value)

    def _list(self, elements: tuple[str, ...] | tuple[Location, ...]) -> int:
        state = 0
        for element in elements:
            number = self._element(element) if isinstance(element, str) else _location(element)
            state = _fnv(_WORDS.pack(state, number))
        return state

    def _element(self, text: str) -> int:
        """The hash of a string that may be a path, many of which share their folder."""
        cut = text.rfind("/") + 1
        return _fnv(_encode(text[cut:]), self._folder(text[:cut])) if cut else self._text(text)

    def _folder(self, folder: str) -> int:
        """The state after `folder`, which ends in a slash."""
        known = self._folders.get(folder)
        if known is None:
            known = _fnv(_encode(folder))
            if len(self._folders) < _REMEMBERED:
                self._folders[folder] = known
        return known

    def _text(self, text: str) -> int:
        known = self._texts.get(text)
        if known is None:
            known = _fnv(_encode(text))
            if len(self._texts) < _REMEMBERED:
                self._texts[text] = known
        return known


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _fnv(data: bytes, state: int = _OFFSET) -> int:
    """FNV-1 of `data`, two bytes for each masking: the low 64 bits of a product do not depend on when it is cut."""
    even = len(data) & ~1
    steps = iter(data[:even])
    for first, second in zip(steps, steps, strict=True):
        state = ((state * _PRIME ^ first) * _PRIME ^ second) & _MASK
    if even != len(data):
        state = (state * _PRIME & _MASK) ^ data[-1]
    return state


def _integer(value: int) -> int:
    """A Go integer has 64 bits and a sign; absurd epochs wrap around as they would there."""
    return _fnv(_SIGNED.pack((value + _INT64 & _MASK) - _INT64))


def _with_member(state: int, name: int, value: int) -> int:
    """Rule 3's step; `name` is the FNV-1 state behind the hash of the member's name."""
    return _fnv(_WORD.pack(state ^ _fnv(_WORD.pack(value), name)))


def _location(location: Location) -> int:
    state = _LOCATION
    if location.start_line:
        state = _with_member(state, _START_LINE, _integer(location.start_line))
    if location.end_line:
        state = _with_member(state, _END_LINE, _integer(location.end_line))
    return state


def _name(text: str) -> int:
    """The state from which a member's value continues (rules 3 and 4)."""
    return _fnv(_WORD.pack(_fnv(text.encode())))


_RELATIONSHIPS: Final = {relationship: number for number, relationship in enumerate(Relationship)}
_PACKAGE: Final = _fnv(b"Package")
_REPOSITORY: Final = _fnv(b"PackageRepository")
_LOCATION: Final = _fnv(b"Location")
_FILE_PATH: Final = _name("filePath")
_PKG: Final = _name("pkg")
_CLASS: Final = _name("Class")
_START_LINE: Final = _name("StartLine")
_END_LINE: Final = _name("EndLine")
_MEMBERS: Final[tuple[tuple[int, str, _Value], ...]] = (
    (_name("ID"), "id", ""),
    (_name("Name"), "name", ""),
    (_name("Version"), "version", ""),
    (_name("Release"), "release", ""),
    (_name("Epoch"), "epoch", 0),
    (_name("Arch"), "arch", ""),
    (_name("Dev"), "dev", False),
    (_name("SrcName"), "src_name", ""),
    (_name("SrcVersion"), "src_version", ""),
    (_name("SrcRelease"), "src_release", ""),
    (_name("SrcEpoch"), "src_epoch", 0),
    (_name("Licenses"), "licenses", ()),
    (_name("Maintainer"), "maintainer", ""),
    (_name("Modularitylabel"), "modularitylabel", ""),
    (_name("Repository"), "repository", NO_REPOSITORY),
    (_name("Indirect"), "indirect", False),
    (_name("Relationship"), "relationship", Relationship.UNKNOWN),
    (_name("DependsOn"), "depends_on", ()),
    (_name("FilePath"), "file_path", ""),
    (_name("Digest"), "digest", ""),
    (_name("Locations"), "locations", ()),
    (_name("InstalledFiles"), "installed_files", ()),
    (_name("AnalyzedBy"), "analyzed_by", ""),
)
