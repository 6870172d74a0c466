"""`--vex oci`: OpenVEX documents that are attached to the scanned image, and that the named signer signed.

1. They are attached to the digest by which the image was found (an index, for an index) or to the manifest whose layers
   were scanned, as Sigstore bundles or in the `.att` tag, with a predicate type of OpenVEX.
2. Each is verified as `verify-attestation` does it, with its defaults: the signature, the subject, and for an identity
   the certificate, the log and the time. What is verified is what is read.
3. What proves nothing is told and takes nothing out; so does an image without documents.
4. All documents together are one: of all their statements the latest decides, wherever it stands.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assaymark.attest.reasons import Reason
from assaymark.cli.named_signers import signer_name, signer_words
from assaymark.cli.verifying import find_prover
from assaymark.cli.vex_flags import SIGNER
from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.hierarchy import find_image_purl
from assaymark.model.reference import find_reference

if TYPE_CHECKING:
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.matching.vex.document import Document
    from assaymark.matching.vex.source import VexSource
    from assaymark.model.report import Scan

PREDICATE_TYPES: Final = ("https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0")


def find_attached_vex(scan: Scan, args: Namespace, console: Console, connections: Connections) -> VexSource | None:
    """What the signer says who `--vex-key` or `--vex-identity` name; None where nothing is attached that counts.

    Raises:
        UsageError: the image has no digest on a registry.
        Error: the registry cannot be asked, or a key or the trust data cannot be used.
    """
    from assaymark.cli.images import find_image
    from assaymark.matching.vex.source import SingleDocument, merged

    documents: list[Document] = []
    for name in _names(scan):
        image = find_image(name, _verification(args, PREDICATE_TYPES[0]), console, connections.registry)
        documents.extend(_documents(image, scan, args, console, connections))
    if not documents:
        console.warn(
            f"`{scan.report.artifact_name}` has no VEX document by the signer who was named",
            hint="attach one: `assaymark attest --type openvex --predicate vex.json --key KEY IMAGE`",
        )
        return None
    return SingleDocument(merged(documents))


def _names(scan: Scan) -> list[str]:
    """Rule 1."""
    digests = scan.report.metadata.repo_digests
    reference = find_reference(digests[0]) if digests else None
    if reference is None or reference.digest is None:
        raise UsageError(
            "`--vex oci` is about images on a registry, and this one has no digest there",
            hint="name a file with `--vex`",
        )
    return [f"{reference.context}@{digest}" for digest in dict.fromkeys((reference.digest, scan.subject)) if digest]


def _documents(
    image: NamedImage, scan: Scan, args: Namespace, console: Console, connections: Connections
) -> Iterator[Document]:
    """Rules 2 and 3."""
    from assaymark.matching.vex.format import read_vex

    signer = signer_name(args, SIGNER)
    source = f"VEX attestation in OCI registry ({find_image_purl(scan.report.metadata)})"
    told: set[str] = set()
    for kind in PREDICATE_TYPES:
        outcome = find_prover(_verification(args, kind), console, connections).prove(image).verification
        for rejected in outcome.rejected:
            if rejected.reason is not Reason.WRONG_TYPE and rejected.message not in told:
                told.add(rejected.message)
                said = f"an attestation, perhaps a VEX document, is refused [{rejected.reason.value}]"
                console.warn(f"`{image.text}`: {said}: {rejected.message}")
        for item in outcome.verified:
            try:
                yield read_vex(
                    item.statement.predicate,
                    source=source,
                    what=f"the VEX document attached to {image.pinned}",
                    limits=DEFAULT_LIMITS,
                    expected="openvex",
                    signers=(signer,),
                )
            except ArtifactError as exc:
                console.warn(str(exc), hint=exc.hint)


def _verification(args: Namespace, kind: str) -> Namespace:
    """The flags of `verify-attestation` that ask for this signer and this type."""
    from assaymark.cli.commands.verify_attestation import COMMAND
    from assaymark.cli.flags import FlagParser

    parser = FlagParser()
    COMMAND.configure(parser)
    return parser.parse(["--type", kind, *signer_words(args, SIGNER), args.image])
