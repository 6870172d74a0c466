"""`image --attest`: where the record of a scan goes, and what is said of it once it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assaymark.cli.attestation_flags import attestation_format, legacy_manner, overrides
from assaymark.cli.attesting import created_now, tell_attached, tell_replaced
from assaymark.cli.images import Place, attachments_of, layout_place
from assaymark.cli.resuming import telling_how_to_resume
from assaymark.errors import UsageError
from assaymark.oci.layout_reader import split_input
from assaymark.pipeline import ScanAttestation, attest_scan

if TYPE_CHECKING:
    from assaymark.attest.attach import Signing
    from assaymark.cli.scanning import Scanning
    from assaymark.model.artifact import ImageIdentity
    from assaymark.model.report import Scan


@dataclass(frozen=True, kw_only=True)
class ImageAttesting:
    """What is the same for every image of one command."""

    scanning: Scanning
    signing: Signing

    def place(self, identity: ImageIdentity) -> Place:
        """Where the attestation will go; asked before the scan, so that none is made in vain.

        Raises:
            UsageError: the image came from where nothing can be attached.
        """
        if identity.manifest is None:
            raise UsageError(
                f"`{identity.name}` came from `{identity.source}`, where nothing can be attached",
                hint="attest an image on a registry (`--image-src remote`), or an OCI image layout given to `--input`",
            )
        if identity.reference is not None:
            registry = self.scanning.connections.registry
            store = registry().repository(identity.reference)
            return Place(
                store=attachments_of(store, self.scanning.console, registry),
                name=identity.reference.context,
                pinned=f"{identity.reference.familiar}@{identity.manifest.digest}",
            )
        path, _ = split_input(self.scanning.args.input)
        return layout_place(path, identity.manifest, entry=(identity.resolved or identity.manifest).digest)

    def attest(self, scan: Scan, identity: ImageIdentity, place: Place) -> ScanAttestation:
        """Sign, attach and verify the record, and say how others can verify it.

        Raises:
            SigningError: the scan may not be signed, or the key cannot be used.
            NetworkError: the registry or a service refuses.
        """
        args, console = self.scanning.args, self.scanning.console
        with telling_how_to_resume(args, place.pinned):
            done = attest_scan(
                scan,
                identity,
                place.store,
                subject_name=place.name,
                signing=self.signing,
                format=attestation_format(args),
                replace=args.replace,
                manner=legacy_manner(console.environ),
                allowed=overrides(args),
                compact=args.compact,
                created=created_now(console),
            )
        for warning in done.warnings:
            console.warn(warning)
        return done

    def tell(self, done: ScanAttestation, place: Place) -> None:
        """What was stored, and the lines that verify it."""
        tell_attached(self.scanning.console, done.attestation, done.attached, place, args=self.scanning.args)
        tell_replaced(self.scanning.console, done.replaced)
