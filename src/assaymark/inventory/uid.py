"""The `UID` of a package: a structural hash that other tools compute alike.

It is the 64-bit hash of `{"filePath": …, "pkg": …}` by the algorithm of mitchellh/hashstructure v2, printed in hex
without padding. FNV-1 (multiply, then xor) is the only primitive:

1. a string hashes to FNV-1 of its UTF-8 bytes, an integer of its eight little-endian bytes, a boolean of one byte;
2. a list starts at 0 and folds each element in: `h = fnv(le(h) + le(hash(element)))`;
3. a structure starts at the hash of its type's name; each member that is not zero, in the order of declaration, is
   xored in as `fnv(le(hash(name)) + le(hash(value)))`, and the sum is hashed again;
4. a map xors `fnv(le(hash(key)) + le(hash(value)))` over its members and hashes the sum.

What is hashed is the package as its analyser leaves it: with licences, relationship and installed files. Layer, purl
and build information come later, but for packages of an SBOM, which states them itself. So the value is known when a
layer is analysed and is cached with it.

An empty list is not zero in rule 3 where it was made, but is no list any more once the reference has stored it: so it
counts for directories and not for images and repositories (`EMPTY_LIST`).

A layer's packages are hashed together, member by member, because one value at a time would be slow
(`assaymark.inventory.fnv`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from assaymark.inventory.fnv import FEW, OFFSET, fnv, fnv_fold, fnv_texts, fnv_word, fnv_words
from assaymark.model.package import (
    EMPTY_LIST,
    NO_IDENTIFIER,
    NO_LAYER,
    NO_REPOSITORY,
    BuildInfo,
    LayerRef,
    Location,
    Package,
    PackageIdentifier,
    PackageRepository,
    Relationship,
)
from assaymark.model.purl import parse_purl

_MASK: Final = 0xFFFFFFFFFFFFFFFF

_BATCH: Final = 4_096  # packages whose values are held beside each other

_Members = tuple[tuple[int, str, Any, Callable[[Sequence[Any]], list[int]]], ...]
"""A structure's members: the state behind the name's hash, the attribute, its zero, and what hashes values."""


class _Qualifier(NamedTuple):
    key: str
    value: str


def package_uids(packages: Sequence[Package], file_paths: Sequence[str]) -> list[str]:
    """The UIDs of `packages`.

    Args:
        packages: as analysed.
        file_paths: for each the lockfile's or binary's path; empty for packages of the operating system.
    """
    result: list[str] = []
    for start in range(0, len(packages), _BATCH):
        result += _uids(packages[start : start + _BATCH], file_paths[start : start + _BATCH])
    return result


def _uids(packages: Sequence[Package], file_paths: Sequence[str]) -> list[str]:
    contents = fnv_words(_structures(_PACKAGE, _PACKAGE_MEMBERS, packages), [_PKG] * len(packages))
    paths = fnv_words(_texts(file_paths), [_FILE_PATH] * len(packages))
    sums = [content ^ path for content, path in zip(contents, paths, strict=True)]
    return [f"{number:x}" for number in fnv_words(sums, [OFFSET] * len(sums))]


def _structures(start: int, members: _Members, values: Sequence[Any]) -> list[int]:
    """Rule 3; `start` is the hash of the type's name."""
    states = [start] * len(values)
    for name, attribute, zero, hashes in members:
        present: list[int] = []
        stated: list[Any] = []
        for place, value in enumerate(values):
            member = getattr(value, attribute)
            if member != zero or member is EMPTY_LIST:
                present.append(place)
                stated.append(member)
        if present:
            added = _with_member([states[place] for place in present], name, hashes(stated))
            for place, state in zip(present, added, strict=True):
                states[place] = state
    return states


def _with_member(states: Sequence[int], name: int, values: Sequence[int]) -> list[int]:
    """Rule 3's step; `name` is the FNV-1 state behind the hash of the member's name."""
    members = fnv_words(values, [name] * len(values))
    sums = [state ^ member for state, member in zip(states, members, strict=True)]
    return fnv_words(sums, [OFFSET] * len(sums))


def _texts(values: Sequence[str]) -> list[int]:
    """Rule 1 for strings. Paths continue from the state of their folder, which many of them share."""
    distinct = list(dict.fromkeys(values))
    cuts = [text.rfind("/") + 1 for text in distinct]
    folders = list(dict.fromkeys(text[:cut] for text, cut in zip(distinct, cuts, strict=True)))
    begun = dict(zip(folders, fnv_texts([_encode(text) for text in folders], [OFFSET] * len(folders)), strict=True))
    hashed = fnv_texts(
        [_encode(text[cut:]) for text, cut in zip(distinct, cuts, strict=True)],
        [begun[text[:cut]] for text, cut in zip(distinct, cuts, strict=True)],
    )
    table = dict(zip(distinct, hashed, strict=True))
    return [table[value] for value in values]


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _integers(values: Sequence[int]) -> list[int]:
    """Rule 1 for integers; a Go integer has 64 bits, so that absurd epochs wrap around."""
    return fnv_words([value & _MASK for value in values], [OFFSET] * len(values))


def _booleans(values: Sequence[bool]) -> list[int]:
    return [_TRUE if value else _FALSE for value in values]


def _relationships(values: Sequence[Relationship]) -> list[int]:
    return [_RELATIONSHIPS[value] for value in values]


def _repositories(values: Sequence[PackageRepository]) -> list[int]:
    return _structures(_REPOSITORY, _REPOSITORY_MEMBERS, values)


def _layers(values: Sequence[LayerRef]) -> list[int]:
    return _structures(_LAYER, _LAYER_MEMBERS, values)


def _build_infos(values: Sequence[BuildInfo]) -> list[int]:
    return _structures(_BUILD_INFO, _BUILD_INFO_MEMBERS, values)


def _identifiers(values: Sequence[PackageIdentifier]) -> list[int]:
    return _structures(_IDENTIFIER, _IDENTIFIER_MEMBERS, values)


def _purls(values: Sequence[str]) -> list[int]:
    """Package URLs are hashed by their parts."""
    distinct = list(dict.fromkeys(values))
    hashed = _structures(_PURL, _PURL_MEMBERS, [parse_purl(value) for value in distinct])
    table = dict(zip(distinct, hashed, strict=True))
    return [table[value] for value in values]


def _qualifier_lists(values: Sequence[tuple[tuple[str, str], ...]]) -> list[int]:
    pairs = [_Qualifier._make(pair) for value in values for pair in value]
    return _folded([len(value) for value in values], _structures(_QUALIFIER, _QUALIFIER_MEMBERS, pairs))


def _text_lists(values: Sequence[tuple[str, ...]]) -> list[int]:
    return _folded([len(value) for value in values], _texts([text for value in values for text in value]))


def _location_lists(values: Sequence[tuple[Location, ...]]) -> list[int]:
    locations = [location for value in values for location in value]
    return _folded([len(value) for value in values], _structures(_LOCATION, _LOCATION_MEMBERS, locations))


def _folded(lengths: Sequence[int], elements: Sequence[int]) -> list[int]:
    """Rule 2 for lists that stand one behind the other in `elements`, folded side by side while they are many."""
    begins = [0] * len(lengths)
    for place in range(1, len(lengths)):
        begins[place] = begins[place - 1] + lengths[place - 1]
    states = [0] * len(lengths)
    longest_first = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for number in range(max(lengths, default=0)):
        while longest_first and lengths[longest_first[-1]] <= number:
            longest_first.pop()
        if len(longest_first) < FEW:
            for place in longest_first:
                rest = elements[begins[place] + number : begins[place] + lengths[place]]
                states[place] = fnv_fold(states[place], rest)
            break
        before = fnv_words([states[place] for place in longest_first], [OFFSET] * len(longest_first))
        after = fnv_words([elements[begins[place] + number] for place in longest_first], before)
        for place, state in zip(longest_first, after, strict=True):
            states[place] = state
    return states


def _name(text: str) -> int:
    """The state from which a member's value continues (rules 3 and 4)."""
    return fnv_word(fnv(text.encode()))


_TRUE: Final = fnv(b"\x01")
_FALSE: Final = fnv(b"\x00")
_RELATIONSHIPS: Final = {relationship: fnv_word(number) for number, relationship in enumerate(Relationship)}
_FILE_PATH: Final = _name("filePath")
_PKG: Final = _name("pkg")

_REPOSITORY: Final = fnv(b"PackageRepository")
_REPOSITORY_MEMBERS: Final[_Members] = ((_name("Class"), "class_", "", _texts),)
_LOCATION: Final = fnv(b"Location")
_LOCATION_MEMBERS: Final[_Members] = (
    (_name("StartLine"), "start_line", 0, _integers),
    (_name("EndLine"), "end_line", 0, _integers),
)
_LAYER: Final = fnv(b"Layer")
_LAYER_MEMBERS: Final[_Members] = (
    (_name("Digest"), "digest", "", _texts),
    (_name("DiffID"), "diff_id", "", _texts),
)
_BUILD_INFO: Final = fnv(b"BuildInfo")
_BUILD_INFO_MEMBERS: Final[_Members] = (
    (_name("ContentSets"), "content_sets", (), _text_lists),
    (_name("Nvr"), "nvr", "", _texts),
    (_name("Arch"), "arch", "", _texts),
)
_QUALIFIER: Final = fnv(b"Qualifier")
_QUALIFIER_MEMBERS: Final[_Members] = (
    (_name("Key"), "key", "", _texts),
    (_name("Value"), "value", "", _texts),
)
_PURL: Final = fnv(b"PackageURL")
_PURL_MEMBERS: Final[_Members] = (
    (_name("Type"), "type", "", _texts),
    (_name("Namespace"), "namespace", "", _texts),
    (_name("Name"), "name", "", _texts),
    (_name("Version"), "version", "", _texts),
    (_name("Qualifiers"), "qualifiers", (), _qualifier_lists),
    (_name("Subpath"), "subpath", "", _texts),
)
_IDENTIFIER: Final = fnv(b"PkgIdentifier")
_IDENTIFIER_MEMBERS: Final[_Members] = (
    (_name("PURL"), "purl", "", _purls),
    (_name("BOMRef"), "bom_ref", "", _texts),
)
_PACKAGE: Final = fnv(b"Package")
_PACKAGE_MEMBERS: Final[_Members] = (
    (_name("ID"), "id", "", _texts),
    (_name("Name"), "name", "", _texts),
    (_name("Identifier"), "identifier", NO_IDENTIFIER, _identifiers),
    (_name("Version"), "version", "", _texts),
    (_name("Release"), "release", "", _texts),
    (_name("Epoch"), "epoch", 0, _integers),
    (_name("Arch"), "arch", "", _texts),
    (_name("Dev"), "dev", False, _booleans),
    (_name("SrcName"), "src_name", "", _texts),
    (_name("SrcVersion"), "src_version", "", _texts),
    (_name("SrcRelease"), "src_release", "", _texts),
    (_name("SrcEpoch"), "src_epoch", 0, _integers),
    (_name("Licenses"), "licenses", (), _text_lists),
    (_name("Maintainer"), "maintainer", "", _texts),
    (_name("Modularitylabel"), "modularitylabel", "", _texts),
    (_name("BuildInfo"), "build_info", None, _build_infos),
    (_name("Repository"), "repository", NO_REPOSITORY, _repositories),
    (_name("Indirect"), "indirect", False, _booleans),
    (_name("Relationship"), "relationship", Relationship.UNKNOWN, _relationships),
    (_name("DependsOn"), "depends_on", (), _text_lists),
    (_name("Layer"), "layer", NO_LAYER, _layers),
    (_name("FilePath"), "file_path", "", _texts),
    (_name("Digest"), "digest", "", _texts),
    (_name("Locations"), "locations", (), _location_lists),
    (_name("InstalledFiles"), "installed_files", (), _text_lists),
    (_name("AnalyzedBy"), "analyzed_by", "", _texts),
)
