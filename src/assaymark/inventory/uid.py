"""The `UID` of a package: a structural hash that other tools compute alike.

It is the 64-bit hash of `{"filePath": …, "pkg": …}` by the algorithm of mitchellh/hashstructure v2, printed in hex
without padding. FNV-1 (multiply, then xor) is the only primitive:

1. a string hashes to FNV-1 of its UTF-8 bytes, an integer of its eight little-endian bytes, a boolean of one byte;
2. a list starts at 0 and folds each element in: `h = fnv(le(h) + le(hash(element)))`;
3. a structure starts at the hash of its type's name; each member that is not zero, in the order of declaration, is
   xored in as `fnv(le(hash(name)) + le(hash(value)))`, and the sum is hashed again;
4. a map xors `fnv(le(hash(key)) + le(hash(value)))` over its members and hashes the sum.

What is hashed is the package as its analyser leaves it: with licences, relationship and installed files, before layer,
purl and build information. So the value is known when a layer is analysed and is cached with it.

A layer's packages are hashed together, member by member, because one value at a time would be slow
(`assaymark.inventory.fnv`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from assaymark.inventory.fnv import OFFSET, fnv, fnv_texts, fnv_word, fnv_words
from assaymark.model.package import NO_REPOSITORY, Location, Package, PackageRepository, Relationship

_MASK: Final = 0xFFFFFFFFFFFFFFFF

_BATCH: Final = 4_096  # packages whose values are held beside each other


def package_uids(packages: Sequence[Package], file_paths: Sequence[str]) -> list[str]:
    """The UIDs of `packages`.

    Args:
        packages: as analysed; layer, purl and build information are not looked at.
        file_paths: for each the lockfile's or binary's path; empty for packages of the operating system.
    """
    result: list[str] = []
    for start in range(0, len(packages), _BATCH):
        result += _uids(packages[start : start + _BATCH], file_paths[start : start + _BATCH])
    return result


def _uids(packages: Sequence[Package], file_paths: Sequence[str]) -> list[str]:
    states = [_PACKAGE] * len(packages)
    for name, attribute, zero, hashes in _MEMBERS:
        values = [getattr(package, attribute) for package in packages]
        present = [place for place, value in enumerate(values) if value != zero]
        if present:
            added = _with_member(
                [states[place] for place in present], name, hashes([values[place] for place in present])
            )
            for place, state in zip(present, added, strict=True):
                states[place] = state
    contents = fnv_words(states, [_PKG] * len(states))
    paths = fnv_words(_texts(file_paths), [_FILE_PATH] * len(states))
    sums = [content ^ path for content, path in zip(contents, paths, strict=True)]
    return [f"{number:x}" for number in fnv_words(sums, [OFFSET] * len(sums))]


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
    return _with_member([_REPOSITORY] * len(values), _CLASS, _texts([value.class_ for value in values]))


def _text_lists(values: Sequence[tuple[str, ...]]) -> list[int]:
    return _folded([len(value) for value in values], _texts([text for value in values for text in value]))


def _location_lists(values: Sequence[tuple[Location, ...]]) -> list[int]:
    locations = [location for value in values for location in value]
    states = [_LOCATION] * len(locations)
    for name, lines in (
        (_START_LINE, [location.start_line for location in locations]),
        (_END_LINE, [location.end_line for location in locations]),
    ):
        added = _with_member(states, name, _integers(lines))
        states = [new if line else old for new, old, line in zip(added, states, lines, strict=True)]
    return _folded([len(value) for value in values], states)


def _folded(lengths: Sequence[int], elements: Sequence[int]) -> list[int]:
    """Rule 2 for lists that stand one behind the other in `elements`, folded side by side."""
    begins = [0] * len(lengths)
    for place in range(1, len(lengths)):
        begins[place] = begins[place - 1] + lengths[place - 1]
    states = [0] * len(lengths)
    longest_first = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for number in range(max(lengths, default=0)):
        while lengths[longest_first[-1]] <= number:
            longest_first.pop()
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
_PACKAGE: Final = fnv(b"Package")
_REPOSITORY: Final = fnv(b"PackageRepository")
_LOCATION: Final = fnv(b"Location")
_FILE_PATH: Final = _name("filePath")
_PKG: Final = _name("pkg")
_CLASS: Final = _name("Class")
_START_LINE: Final = _name("StartLine")
_END_LINE: Final = _name("EndLine")
_MEMBERS: Final[tuple[tuple[int, str, Any, Callable[[Sequence[Any]], list[int]]], ...]] = (
    (_name("ID"), "id", "", _texts),
    (_name("Name"), "name", "", _texts),
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
    (_name("Repository"), "repository", NO_REPOSITORY, _repositories),
    (_name("Indirect"), "indirect", False, _booleans),
    (_name("Relationship"), "relationship", Relationship.UNKNOWN, _relationships),
    (_name("DependsOn"), "depends_on", (), _text_lists),
    (_name("FilePath"), "file_path", "", _texts),
    (_name("Digest"), "digest", "", _texts),
    (_name("Locations"), "locations", (), _location_lists),
    (_name("InstalledFiles"), "installed_files", (), _text_lists),
    (_name("AnalyzedBy"), "analyzed_by", "", _texts),
)
