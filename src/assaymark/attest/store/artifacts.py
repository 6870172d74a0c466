"""What is attached to an image as it is: OCI artifacts of one layer, such as SBOMs (image-spec 1.1, artifact guidance).

Rules: referrers of the wanted artifact types, in the order in which the registry lists them; each has exactly one
layer, which is read whole. What cannot be fetched or is no such manifest is handed out as `Unreadable`. At most
`Limits.referrers_fetched` are fetched, none larger than the caller says. Nothing here says that anything is true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import Unreadable
from assaymark.attest.store.referrers import list_referrers
from assaymark.errors import ArtifactError, LimitError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Index, parse_manifest


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact; `data` is its only layer."""

    manifest: Digest
    artifact_type: str
    data: bytes


def read_artifacts(
    store: ContentStore, digest: Digest, *, types: Collection[str], limit: int, limits: Limits
) -> Iterator[Attached | Unreadable]:
    """The artifacts of these types that refer to `digest`, none of them larger than `limit` bytes.

    Raises:
        NetworkError: the registry cannot be asked.
    """
    try:
        listed = list(dict.fromkeys(list_referrers(store, digest, limits=limits)))
    except ArtifactError as exc:
        yield _unreadable(None, exc)
        return
    wanted = [each for each in listed if each.artifact_type in types]
    for referrer in wanted[: limits.referrers_fetched]:
        try:
            yield _read(store, referrer, limit, limits)
        except (ArtifactError, NotFoundError) as exc:
            yield _unreadable(referrer.digest, exc)
    if len(wanted) > limits.referrers_fetched:
        text = f"{len(wanted)} artifacts refer to the image; only {limits.referrers_fetched} were looked at"
        yield Unreadable(manifest=None, reason=Reason.LIMIT_EXCEEDED, message=text)


def _read(store: ContentStore, referrer: Descriptor, limit: int, limits: Limits) -> Attached:
    stored = store.manifest(referrer.digest)
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    layers = () if isinstance(manifest, Index) else manifest.layers
    if len(layers) != 1:
        raise ArtifactError(f"the manifest `{referrer.digest}` has {len(layers)} layers; an artifact's has one")
    data = store.read_blob(layers[0], limit=limit)
    return Attached(manifest=stored.descriptor.digest, artifact_type=referrer.artifact_type, data=data)


def _unreadable(manifest: Digest | None, exc: ArtifactError | NotFoundError) -> Unreadable:
    reason = Reason.LIMIT_EXCEEDED if isinstance(exc, LimitError) else Reason.UNREADABLE
    return Unreadable(manifest=manifest, reason=reason, message=str(exc))
