"""Takes away what is attached to an image, as far as its registry allows.

1. Referrers leave the index of referrers first, where the registry needs one, and then their manifests are deleted:
   whoever looks in between finds neither a listed manifest that is gone, nor one more than before.
2. One attestation leaves the set at the `.att` tag as a layer, which needs no permission to delete. A whole set is
   deleted by its tag, because that alone is sure to be gone then; where the registry deletes no tags, by its digest.
3. That a registry refuses (many do: no deletes, immutable tags, no permission) is told, not raised: what was asked for
   beside it may have succeeded. What is gone already is as good as removed.

Whose things these are, the caller knows.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from assaymark.attest.store.attestation import AttestationFormat, legacy_tag
from assaymark.attest.store.fallback_index import remove_from_fallback
from assaymark.attest.store.legacy_store import remove_layers
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.errors import NetworkError, NotFoundError, OfflineError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where one attestation is.

    Attributes:
        manifest: that holds it; at the `.att` tag it holds others, too.
        layer: the blob.
        full_report: what a compact record leaves to a report beside the image (`assaymark.attest.compact`).
    """

    format: AttestationFormat
    manifest: Digest
    layer: Digest
    full_report: Digest | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry would not remove.

    Attributes:
        unlisted: whether nothing leads to it any more: it is out of the index of referrers.
    """

    manifest: Digest
    message: str
    unlisted: bool = False


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was to be removed."""

    removed: tuple[Digest, ...] = ()
    refused: tuple[Refused, ...] = ()

    def __add__(self, other: Removal) -> Removal:
        return Removal(removed=self.removed + other.removed, refused=self.refused + other.refused)


def remove_spots(
    store: ContentStore,
    subject: Digest,
    spots: Iterable[Spot],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Removal:
    """Remove these attestations of `subject`, and nothing beside them.

    Raises:
        NetworkError: the registry cannot be asked, or does not let a tag be written.
        ArtifactError: something else is at a tag.
    """
    listed = tuple(spots)
    layers = tuple(dict.fromkeys(spot.layer for spot in listed if spot.format is AttestationFormat.LEGACY))
    bundles = [spot.manifest for spot in listed if spot.format is AttestationFormat.BUNDLE]
    done = remove_referrers(store, subject, bundles, limits=limits, pace=pace)
    if not layers:
        return done
    emptied = remove_layers(store, subject, layers, limits=limits, pace=pace)
    if emptied is None:
        return done + Removal(removed=layers)
    return done + delete_set(store, legacy_tag(subject), emptied)


def remove_referrers(
    store: ContentStore,
    subject: Digest,
    manifests: Iterable[Digest],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Removal:
    """Remove these manifests that refer to `subject` (rule 1).

    Raises:
        NetworkError: the registry cannot be asked, or does not let its index of referrers be written.
        ArtifactError: something else is where the index should be.
    """
    wanted = tuple(dict.fromkeys(manifests))
    if not wanted:
        return Removal()
    unlisted = store.referrers(subject) is None
    if unlisted:
        remove_from_fallback(store, subject, wanted, limits=limits, pace=pace)
    return delete_manifests(store, wanted, unlisted=unlisted)


def delete_set(store: ContentStore, tag: str, manifest: Digest) -> Removal:
    """Delete one of cosign's sets, `manifest` at `tag` (rule 2).

    Raises:
        OfflineError: no connection is allowed.
    """
    try:
        store.delete_manifest(tag)
    except OfflineError:
        raise
    except NotFoundError:
        pass
    except NetworkError:
        return delete_manifests(store, [manifest])
    return Removal(removed=(manifest,))


def delete_manifests(store: ContentStore, manifests: Iterable[Digest], *, unlisted: bool = False) -> Removal:
    """Delete these manifests (rules 2 and 3).

    Raises:
        OfflineError: no connection is allowed.
    """
    removed, refused = [], []
    for digest in manifests:
        try:
            store.delete_manifest(digest)
        except OfflineError:
            raise
        except NotFoundError:
            pass
        except NetworkError as exc:
            refused.append(Refused(manifest=digest, message=str(exc), unlisted=unlisted))
            continue
        removed.append(digest)
    return Removal(removed=tuple(removed), refused=tuple(refused))
