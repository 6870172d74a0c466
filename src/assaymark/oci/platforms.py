"""Which manifests of an index are meant (OCI image-spec, "Image Index"; the choice of one is go-containerregistry's).

Rules:
    1. Without a wish it is linux/amd64. An entry that states no platform counts as linux/amd64.
    2. The first entry matches whose system and architecture are those wished for, and variant, version and features
       where the wish names them.
    3. `*` as the system means that of the index's first entry.
    4. Every platform is every manifest of the index and of indexes in it but those for the system `unknown`, under
       which BuildKit lists its attestations. What an annotation or an artifact type says of an entry changes nothing:
       programs that run images do not look at them, and a manifest that can be run must not be passed over.
    5. A manifest that several entries lead to is one, with their platforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.descriptor import INDEX_TYPES, Descriptor
from assaymark.model.digest import Digest
from assaymark.model.platform import DEFAULT_PLATFORM, Platform
from assaymark.oci.content import StoredManifest
from assaymark.oci.manifest import Index, parse_manifest

ANY_SYSTEM: Final = "*"
_NO_SYSTEM: Final = "unknown"
_NAMED: Final = 8
_NAME_LENGTH: Final = 100


class PlatformEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest that an index lists.

    Attributes:
        descriptor: as the index has it.
        platforms: what the index says that it is for, rule 5.
    """

    descriptor: Descriptor
    platforms: tuple[Platform, ...]

    @property
    def name(self) -> str:
        """Its platforms, as `--platform` takes them; an index may list thousands, of any length."""
        named = ", ".join(platform.spelled[:_NAME_LENGTH] for platform in self.platforms[:_NAMED])
        others = len(self.platforms) - _NAMED
        return f"{named} and {others} more" if others > 0 else named

    def satisfies(self, wanted: Platform) -> bool:
        """Whether it is the one that `wanted` asks for."""
        return any(platform.satisfies(wanted) for platform in self.platforms)


def select_platform(index: Index, wanted: Platform | None) -> Descriptor:
    """The entry of `index` for the platform.

    Raises:
        ArtifactError: there is none; the message lists what there is.
    """
    first = _stated(index.manifests[0]) if index.manifests else None
    wish = _resolve_wish(wanted or DEFAULT_PLATFORM, first)
    chosen = next((entry for entry in index.manifests if _stated(entry).satisfies(wish)), None)
    if chosen is None:
        raise not_offered(wish, [platform.spelled for platform in offered_platforms(index)])
    return chosen


def offered_platforms(index: Index) -> tuple[Platform, ...]:
    """The platforms of an index that something can run on; attestations of builders state `unknown/unknown`."""
    stated = (_stated(entry) for entry in index.manifests)
    return tuple(dict.fromkeys(platform for platform in stated if platform.os != _NO_SYSTEM))


def platform_entries(
    top: StoredManifest, *, read: Callable[[Descriptor], StoredManifest], limits: Limits, what: str
) -> tuple[PlatformEntry, ...]:
    """Every platform of an index, rules 4 and 5; nothing for a single manifest.

    Args:
        top: what a name resolves to.
        read: the index of an entry that is one.
        limits: how deep indexes may be nested, and how many entries they may have together.
        what: how messages call the image.

    Raises:
        LimitError: indexes are nested deeper than that, or have more entries.
    """
    found: dict[Digest, PlatformEntry] = {}
    for count, entry in enumerate(_listed(top, read, limits, what, depth=1), 1):
        if count > limits.index_entries:  # an index of empty indexes of empty indexes lists nothing, a million times
            raise LimitError(f"{what} lists more than {limits.index_entries} manifests")
        platform = _stated(entry)
        if entry.media_type in INDEX_TYPES or platform.os == _NO_SYSTEM:
            continue
        known = found.get(entry.digest) or PlatformEntry(descriptor=entry, platforms=())
        platforms = tuple(dict.fromkeys((*known.platforms, platform)))
        found[entry.digest] = msgspec.structs.replace(known, platforms=platforms)
    return tuple(found.values())


def choose_entries(entries: Sequence[PlatformEntry], wishes: Sequence[Platform]) -> tuple[PlatformEntry, ...]:
    """The first entry for each of the platforms that were asked for; all of them without a wish.

    Raises:
        ArtifactError: there is none; the message lists what there is.
    """
    if not wishes:
        return tuple(entries)
    chosen: dict[Digest, PlatformEntry] = {}
    for each in wishes:
        wish = _resolve_wish(each, entries[0].platforms[0] if entries else None)
        entry = next((entry for entry in entries if entry.satisfies(wish)), None)
        if entry is None:
            raise not_offered(wish, [entry.name for entry in entries])
        chosen[entry.descriptor.digest] = entry
    return tuple(chosen.values())


def _listed(
    stored: StoredManifest, read: Callable[[Descriptor], StoredManifest], limits: Limits, what: str, *, depth: int
) -> Iterator[Descriptor]:
    """The entries of an index, each index among them before its own."""
    if depth > limits.index_depth:
        raise LimitError(f"{what} nests indexes deeper than {limits.index_depth}")
    parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    for entry in parsed.manifests if isinstance(parsed, Index) else ():
        yield entry
        if entry.media_type in INDEX_TYPES:
            yield from _listed(read(entry), read, limits, what, depth=depth + 1)


def not_offered(wish: Platform, offered: Sequence[str]) -> ArtifactError:
    """The error to raise where an index has nothing for `wish`."""
    hint = f"`--platform` can be {', '.join(name[:_NAME_LENGTH] for name in offered[:20]) or 'nothing'}"
    return ArtifactError(f"the index has no manifest for `{wish.spelled}`", hint=hint, reason="PLATFORM_NOT_OFFERED")


def _resolve_wish(wish: Platform, first: Platform | None) -> Platform:
    """Rule 3."""
    return msgspec.structs.replace(wish, os=first.os) if wish.os == ANY_SYSTEM and first else wish


def _stated(entry: Descriptor) -> Platform:
    return entry.platform or DEFAULT_PLATFORM


def descend(
    top: StoredManifest,
    *,
    choose: Callable[[Index], Descriptor],
    read: Callable[[Descriptor], StoredManifest],
    limits: Limits,
    what: str,
) -> tuple[StoredManifest, tuple[Platform, ...]]:
    """The manifest of an image, and the platforms of the index on the way to it; indexes may be nested.

    Args:
        top: what a name resolves to.
        choose: the entry of an index to go on with.
        read: the manifest of an entry.
        limits: how deep indexes may be nested.
        what: how messages call the image.

    Raises:
        LimitError: indexes are nested deeper than that.
    """
    stored, platforms = top, tuple[Platform, ...]()
    for _ in range(limits.index_depth + 1):
        parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        if not isinstance(parsed, Index):
            return stored, platforms
        platforms = platforms or offered_platforms(parsed)
        stored = read(choose(parsed))
    raise LimitError(f"{what} nests indexes deeper than {limits.index_depth}")
