"""Puts a cargo into another repository or layout, in an order that a crash cannot spoil.

1. First the image, from its blobs up: an index is written when everything that it lists is there. Then what is at
   cosign's tags, then what refers to a manifest, and at last the image's own tag. Whoever looks meanwhile, or after a
   crash, finds the image as it was before, or the new one with part of its attachments; never half an image.
2. What is there is not sent again, so a copy that was interrupted goes on where it stopped. Between repositories of one
   registry nothing is sent where the registry can take blobs from one to the other.
3. A tag that leads elsewhere is in the way, and nothing is written then, unless it may be overwritten.
4. Attachments at cosign's tags are sets of layers. A set that has everything that comes is left as it is; a set that
   comes with everything that is there takes its place; a set with something of its own is in the way as in rule 3.
5. Where the registry has no referrers API, its index of referrers (`assaymark.attest.store.fallback_index`) gets what
   was brought; what others listed there stays.

Blobs are streamed and verified; manifests are written byte for byte, so every digest stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Final

import msgspec

from assaymark.attest.moving.cargo import Cargo, Holder, Piece
from assaymark.attest.store.fallback_index import add_to_fallback
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, read_tag, update_tag
from assaymark.errors import NetworkError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.model.progress import NoProgress, Progress, running
from assaymark.oci.content import ContentStore, StoredManifest, Taken
from assaymark.oci.manifest import Index, Manifest, parse_manifest
from assaymark.safeio.workers import Stop, map_parallel

_WORKERS: Final = 4
_SHOWN: Final = len("sha256:") + 12
_FORCE: Final = "`--force` overwrites it"


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """What was done.

    Attributes:
        manifests: how many belong to the image.
        attachments: how many are attached to it.
        blobs: how many there are, by what became of them.
        sent_bytes: of those that were sent.
    """

    manifests: int
    attachments: int
    blobs: dict[Taken, int]
    sent_bytes: int


def transfer(
    cargo: Cargo,
    target: Holder,
    *,
    tag: str = "",
    retag: bool = False,
    force: bool = False,
    place_part: Callable[[StoredManifest], object] | None = None,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Transferred:
    """Bring `cargo` to `target`.

    Args:
        cargo: what is brought.
        target: where to.
        tag: what the image is called there; empty where it goes by its digest.
        retag: whether the image's tag is written wherever it leads.
        force: whether all tags that lead elsewhere are (rule 3).
        place_part: stores a manifest that an index of the image lists; by default like any other.
        progress: who is told how far it is.
        limits: the bounds.
        pace: how contended tags are written.

    Raises:
        UsageError: a tag is in the way; nothing was written.
        NetworkError: a registry refuses.
        DigestMismatchError: what came is not what was promised.
    """
    made = _Transfer(target, progress or NoProgress(), limits, pace, force=force)
    if tag and cargo.image and not (force or retag):
        made.check_tag(tag, cargo.image[-1].digest)
    return made.run(cargo, tag, place_part)


class _Transfer:
    def __init__(self, target: Holder, progress: Progress, limits: Limits, pace: Pace, *, force: bool) -> None:
        self._store: ContentStore = target.store
        self._registry = target.registry
        self._progress = progress
        self._limits = limits
        self._pace = pace
        self._force = force
        self._done: dict[Digest, tuple[Taken, int]] = {}

    def check_tag(self, tag: str, digest: Digest) -> None:
        """Rule 3."""
        present = self._store.resolve(tag)
        if present is not None and present.digest != digest:
            raise UsageError(f"`{self._store.name}:{tag}` is another image, `{present.digest}`", hint=_FORCE)

    def run(self, cargo: Cargo, tag: str, place_part: Callable[[StoredManifest], object] | None) -> Transferred:
        """Rule 1."""
        tagged = [piece for piece in cargo.tagged if self._is_wanted(piece)]
        for piece in cargo.image:
            self._blobs(piece)
            if piece is cargo.image[-1]:
                self._push(piece)  # also where it is there: a layout that was left unfinished may not list it
            elif place_part is not None:
                place_part(piece.stored)
            else:
                self._manifest(piece)
        for piece in tagged:
            self._blobs(piece)
            self._tagged(piece)
        for piece in cargo.referring:
            self._blobs(piece)
            self._manifest(piece)
        self._list_referrers(cargo.referring)
        if tag and cargo.image:
            self._tag(cargo.image[-1], tag)
        return self._transferred(cargo)

    def _is_wanted(self, piece: Piece) -> bool:
        """Rule 4: whether what is at the tag gives way; False where nothing has to be done."""
        present = read_tag(self._store, piece.tag)
        return present is None or self._gives_way(present, piece)

    def _gives_way(self, present: StoredManifest, piece: Piece) -> bool:
        if present.descriptor.digest == piece.digest:
            return False
        parsed = parse_manifest(present.data, present.descriptor.media_type, limits=self._limits)
        there, coming = _layers(parsed), _layers(piece.parsed)
        if coming <= there:
            return False
        if there <= coming or self._force:
            return True
        raise UsageError(
            f"`{self._store.name}:{piece.tag}` has {len(there - coming)} that would be lost",
            hint=f"{_FORCE}; or attest there again",
        )

    def _blobs(self, piece: Piece) -> None:
        wanted = [blob for blob in piece.blobs if blob.digest not in self._done]
        for blob, taken in zip(wanted, map_parallel(self._taker(piece.holder), wanted, workers=_WORKERS), strict=True):
            self._done[blob.digest] = taken, blob.size

    def _taker(self, holder: Holder) -> Callable[[Descriptor, Stop], Taken]:
        origin = holder.path if holder.registry and holder.registry == self._registry else ""

        def take(blob: Descriptor, stop: Stop) -> Taken:
            def opened() -> AbstractContextManager[BinaryIO]:
                return stop.guard(holder.store.open_blob(blob), task.advance)

            with running(self._progress, f"copying {blob.digest[:_SHOWN]}", total=blob.size) as task:
                return self._store.take_blob(blob, opened, origin=origin)

        return take

    def _manifest(self, piece: Piece) -> None:
        """By its digest, unless it is there."""
        if self._store.resolve(piece.digest) is None:
            self._push(piece)

    def _push(self, piece: Piece, tag: str = "", replaces: Digest | None = None) -> None:
        stored = piece.stored
        self._store.push_manifest(stored.data, media_type=stored.descriptor.media_type, tag=tag, replaces=replaces)

    def _tagged(self, piece: Piece) -> None:
        media_type = piece.stored.descriptor.media_type

        def revise(present: StoredManifest | None) -> Revision:
            wanted = present is None or self._gives_way(present, piece)
            return Revision(data=piece.stored.data if wanted else None, media_type=media_type)

        def holds(present: StoredManifest) -> bool:
            parsed = parse_manifest(present.data, present.descriptor.media_type, limits=self._limits)
            return _layers(piece.parsed) <= _layers(parsed)

        update_tag(self._store, piece.tag, revise=revise, holds=holds, pace=self._pace)

    def _list_referrers(self, pieces: Sequence[Piece]) -> None:
        """Rule 5."""
        subjects: dict[Digest, list[Descriptor]] = {}
        for piece in pieces:
            assert piece.subject is not None
            subjects.setdefault(piece.subject, []).append(piece.descriptor)
        for subject, referrers in subjects.items():
            listed = self._store.referrers(subject)
            if listed is None:
                add_to_fallback(self._store, subject, referrers, limits=self._limits, pace=self._pace)
            elif lost := {each.digest for each in referrers} - {each.digest for each in listed}:
                raise NetworkError(f"`{self._store.name}` took `{min(lost)}` but does not list it among the referrers")

    def _tag(self, piece: Piece, tag: str) -> None:
        present = self._store.resolve(tag)
        if present is None or present.digest != piece.digest:
            self._push(piece, tag, present.digest if present else None)

    def _transferred(self, cargo: Cargo) -> Transferred:
        fates = [taken for taken, _ in self._done.values()]
        return Transferred(
            manifests=len(cargo.image),
            attachments=len(cargo.tagged) + len(cargo.referring),
            blobs={taken: fates.count(taken) for taken in Taken},
            sent_bytes=sum(size for taken, size in self._done.values() if taken is Taken.SENT),
        )


def _layers(parsed: Manifest | Index) -> frozenset[tuple[Digest, frozenset[tuple[str, str]]]]:
    """What a set at one of cosign's tags holds; signatures are annotations, beside the same bytes for every signer."""
    parts = parsed.manifests if isinstance(parsed, Index) else parsed.layers
    return frozenset((part.digest, frozenset(part.annotations)) for part in parts)
