"""`image --sbom-sources oci`: an SBOM that is attached to the image is scanned in the place of its layers.

1. They are attached to the digest by which the image was found (an index, for an index), or to the manifest of its
   platform; where several platforms are scanned, only to the latter. Without a signer the reference's kinds count, in
   the order of the registry: artifacts of CycloneDX and SPDX as they are, and Sigstore bundles that hold one; then what
   cosign put at the `.att` tag. That nobody verified it is said.
2. With a signer only attestations count, in bundles or at that tag, that the signer made about this image. Each is
   verified as `verify-attestation` does it; what is verified is what is scanned, and what proves nothing is told.
3. Attestations of other things are passed over. Where no SBOM counts, that is told and the layers are scanned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assaymark.cli.attested_sboms import find_sbom_prover
from assaymark.cli.images import find_image
from assaymark.cli.named_signers import names_signer, signer_name
from assaymark.cli.sbom_flags import SIGNER
from assaymark.errors import ArtifactError, NotFoundError, VerificationError
from assaymark.inventory.sbom.attested import UNSUPPORTED, find_attested, read_sbom_predicate, unwrapped
from assaymark.inventory.sbom.formats import read_document
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.artifact import ImageIdentity, SbomFile
from assaymark.model.reference import find_reference

if TYPE_CHECKING:
    from assaymark.attest.store.attestation import Candidate, Unreadable
    from assaymark.cli.attested_sboms import SbomProver
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.cli.scanning import Scanning

_TYPES: Final = frozenset(
    {
        "application/vnd.cyclonedx+json",
        "application/vnd.cyclonedx+xml",
        "application/spdx+json",
        "text/spdx",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
    }
)
_HINT: Final = "`--sbom-key KEY`, or `--sbom-identity` and `--sbom-oidc-issuer`, say who must have signed it"


def find_attached_sbom(identity: ImageIdentity, scanning: Scanning, *, alone: bool) -> SbomFile | None:
    """The SBOM to scan; None where the image's layers are to be scanned.

    Args:
        identity: of the image.
        scanning: the command.
        alone: whether it is no other than the image that was named, and not one of an index's platforms.

    Raises:
        NetworkError: the registry cannot be asked.
        Error: a key or the trust data cannot be used.
    """
    args, console, connections = scanning.args, scanning.console, scanning.connections
    signed = names_signer(args, SIGNER)
    prove = find_sbom_prover(args, console, connections) if signed else None
    for digest in _digests(identity, alone=alone):
        try:
            image = find_image(digest, args, console, connections.registry)
        except NotFoundError:  # an engine's image may have left its registry
            continue
        found = _unsigned(image, console) if prove is None else _signed(image, prove, console)
        for where, data in found:
            if not _is_readable(data, where, console):
                continue
            console.note(f"`{image.pinned}`: the SBOM in {where} is scanned in the place of the layers")
            if not signed:
                console.warn(f"nobody verified who made the SBOM of `{identity.name}`", hint=_HINT)
            signer = signer_name(args, SIGNER) if signed else ""
            return SbomFile(name=identity.name, data=data, place=where.strip("`"), signer=signer)
    who = " by the signer who was named" if signed else ""
    console.warn(f"`{identity.name}` has no SBOM{who} on a registry, so its layers are scanned")
    return None


def _digests(identity: ImageIdentity, *, alone: bool) -> Iterator[str]:
    """Rule 1; none for an image that was never on a registry."""
    reference = find_reference(identity.repo_digests[0]) if identity.repo_digests else None
    if reference is None:
        return
    manifest = identity.manifest.digest if identity.manifest else None
    for digest in dict.fromkeys((reference.digest, manifest) if alone else (manifest,)):
        if digest is not None:
            yield f"{reference.context}@{digest}"


def _unsigned(image: NamedImage, console: Console) -> Iterator[tuple[str, bytes]]:
    """What is attached, and where, in the order of rule 1."""
    from assaymark.attest.store.artifacts import Attached, read_artifacts
    from assaymark.attest.store.attestation import AttestationFormat, Candidate
    from assaymark.attest.store.read import read_attestations

    limits = DEFAULT_LIMITS
    artifacts = read_artifacts(
        image.attachments, image.subject.digest, types=_TYPES, limit=limits.json_bytes, limits=limits
    )
    for item in artifacts:
        if isinstance(item, Attached):
            yield from _opened(item.data, f"`{item.manifest}`", console)
        else:
            _tell(item, console)
    legacy = (AttestationFormat.LEGACY,)
    for each in read_attestations(image.attachments, image.subject.digest, limits=limits, formats=legacy):
        if isinstance(each, Candidate):
            yield from _opened(each.data, f"`{each.layer}`", console)
        else:
            _tell(each, console)


def _opened(data: bytes, where: str, console: Console) -> Iterator[tuple[str, bytes]]:
    """Rule 3."""
    try:
        yield where, unwrapped(data, limits=DEFAULT_LIMITS, what=where.strip("`"))
    except ArtifactError as exc:
        if exc.reason != UNSUPPORTED:
            console.warn(f"what is attached as {where} cannot be read: {exc}")


def _signed(image: NamedImage, prove: SbomProver, console: Console) -> Iterator[tuple[str, bytes]]:
    """Rule 2."""
    from assaymark.attest.store.attestation import Candidate
    from assaymark.attest.store.read import read_attestations
    from assaymark.attest.subject import digests_of_manifest

    digests = digests_of_manifest(image.stored)
    for item in read_attestations(image.attachments, image.subject.digest, limits=DEFAULT_LIMITS):
        if not isinstance(item, Candidate):
            _tell(item, console)
            continue
        kind = _claimed_type(item, console)
        if not kind:
            continue
        try:
            (proven,) = prove(item, kind, digests).require()
        except VerificationError as exc:
            console.warn(f"the SBOM attached as `{item.manifest}` is refused [{exc.reason}]: {exc}")
            continue
        where = f"`{item.manifest}`"
        predicate = proven.statement.predicate
        yield where, read_sbom_predicate(predicate, limits=DEFAULT_LIMITS, what=f"the SBOM in {item.manifest}")


def _claimed_type(candidate: Candidate, console: Console) -> str:
    """The type of SBOM that an attestation claims to hold; empty where it is about something else."""
    try:
        found = find_attested(candidate.data, limits=DEFAULT_LIMITS, what=candidate.manifest)
    except ArtifactError as exc:
        if exc.reason != UNSUPPORTED:
            console.warn(f"what is attached as `{candidate.manifest}` cannot be read: {exc}")
        return ""
    return found[0].predicate_type if found else ""


def _is_readable(data: bytes, where: str, console: Console) -> bool:
    """Whether it is an SBOM: if not, another one may be."""
    try:
        read_document(data, limits=DEFAULT_LIMITS, what=where.strip("`"))
    except ArtifactError as exc:
        console.warn(f"what is attached as {where} is no SBOM: {exc}")
        return False
    return True


def _tell(item: Unreadable, console: Console) -> None:
    console.warn(f"something attached cannot be read [{item.reason.value}]: {item.message}")
