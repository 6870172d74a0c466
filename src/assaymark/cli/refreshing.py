"""`--refresh-if-older`: what the signer attested before decides whether anything is to be done, and how little.

1. What is fresh is left alone, and that is told.
2. What is stale is matched again from the packages that the signer listed before, where that is equal to a scan of the
   layers (`assaymark.rematch`): no layer is read. The new record names the attestation that the list came from.
3. Else it is scanned. A list that cannot be had or read is a reason for that, and no failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.full_report import check_full_report
from assaymark.attest.predicate import parse_predicate_type
from assaymark.cli.fresh import find_current_own, tell_fresh
from assaymark.errors import ArtifactError, NetworkError, VerificationError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.rematch import find_rematched
from assaymark.report.invocation import recorded_flags
from assaymark.report.stored import read_stored_scan

if TYPE_CHECKING:
    from assaymark.attest.attach import Signing
    from assaymark.attest.refreshing import Current
    from assaymark.cli.images import Place
    from assaymark.cli.scanning import Scanning
    from assaymark.model.advisory import AdvisorySource
    from assaymark.model.artifact import ImageIdentity
    from assaymark.model.report import Scan
    from assaymark.scan import Means


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What counts of the signer's own attestations of one image."""

    scanning: Scanning
    identity: ImageIdentity
    place: Place
    current: Current

    def is_fresh(self) -> bool:
        """Rule 1."""
        return tell_fresh(self.current, self.scanning.args.refresh_if_older, self.place, self.scanning.console)

    def listed_scan(self, source: AdvisorySource | None, means: Means) -> Scan | None:
        """Rule 2; None where the layers have to be read.

        Raises:
            DatabaseError: the database is damaged.
        """
        args, console = self.scanning.args, self.scanning.console
        recorded = self._recorded()
        if recorded is None or args.sbom_sources:
            return None
        scan = find_rematched(
            recorded,
            self.identity,
            source,
            flags=recorded_flags(args.explicit, redaction=console.redaction),
            wanted=self.scanning.wanted,
            means=means,
        )
        if scan is None:
            return None
        manifest = self.current.item.manifest
        console.note(f"packages are those of the attested list {manifest}; no layer was read")
        return msgspec.structs.replace(scan, listed_by=manifest)

    def _recorded(self) -> Scan | None:
        """The signed record, behind a compact one the full report; None where it cannot be read (rule 3)."""
        predicate = self.current.item.statement.predicate
        try:
            full = check_full_report(self.place.store, predicate)
            recorded = read_stored_scan(predicate, limits=DEFAULT_LIMITS, what="record").scan
            if full is None:
                return recorded
            report = read_stored_scan(full, limits=DEFAULT_LIMITS, what="report").scan.report
        except (ArtifactError, VerificationError, NetworkError):
            return None
        return msgspec.structs.replace(recorded, report=report)


def find_earlier(scanning: Scanning, signing: Signing, identity: ImageIdentity, place: Place) -> Earlier | None:
    """What the signer attested before; None where that is nothing, or nobody asks.

    Raises:
        SigningError: it is not known who will sign.
        NetworkError: the registry cannot be asked.
    """
    if scanning.args.refresh_if_older is None or identity.manifest is None:
        return None
    current = find_current_own(signing, place, identity.manifest, parse_predicate_type("vuln"))
    if current is None:
        return None
    return Earlier(scanning=scanning, identity=identity, place=place, current=current)
