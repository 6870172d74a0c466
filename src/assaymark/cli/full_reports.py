"""The full reports behind compact attestations that were verified: fetched and checked before the outcome is told.

Every attestation that counts must have its report, or the image fails with the report's own reason: one that passes
because something is missing would be worse than one that fails. `--check-full-report=false` leaves reports where they
are, and says so.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from assaymark.attest.compact import find_full_report
from assaymark.attest.full_report import check_full_report
from assaymark.attest.predicate import VULN_TYPE

if TYPE_CHECKING:
    from assaymark.attest.proving import Proof
    from assaymark.cli.console import Console


def require_full_reports(proof: Proof, args: Namespace, console: Console) -> None:
    """Check the full report of every compact attestation in `proof`.

    Raises:
        VerificationError: one is missing, or is another one.
        NetworkError: the registry cannot be asked.
    """
    for item in proof.counting:
        if item.statement.predicate_type != VULN_TYPE:
            continue
        if args.check_full_report:
            check_full_report(proof.image.attachments, item.statement.predicate)
        elif _is_compact(item.statement.predicate):
            console.note(f"not checked: the full report behind the compact attestation {item.manifest}")


def _is_compact(predicate: bytes) -> bool:
    try:
        return find_full_report(predicate) is not None
    except ValueError:
        return True
