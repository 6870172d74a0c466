"""Why an attestation was refused: stable codes for programs (`Error.reason`, and `rejected` in JSON).

The order is the order of the verification steps, so that the code furthest down is the one that came closest.
"""

from __future__ import annotations

from enum import Enum

from assaymark.errors import VerificationError


class Reason(Enum):
    """One way to fail."""

    NO_ATTESTATION = "NO_ATTESTATION"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    UNREADABLE = "UNREADABLE"
    MALFORMED_BUNDLE = "MALFORMED_BUNDLE"
    MALFORMED_ENVELOPE = "MALFORMED_ENVELOPE"
    DUPLICATE_KEYS = "DUPLICATE_KEYS"
    BUNDLE_VERSION = "BUNDLE_VERSION"
    NOT_AN_ENVELOPE = "NOT_AN_ENVELOPE"
    CERTIFICATE_NOT_KEY = "CERTIFICATE_NOT_KEY"
    PAYLOAD_TYPE = "PAYLOAD_TYPE"
    SIGNATURE_COUNT = "SIGNATURE_COUNT"
    WRONG_KEY = "WRONG_KEY"
    KEYID_MISMATCH = "KEYID_MISMATCH"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    STATEMENT_MALFORMED = "STATEMENT_MALFORMED"
    WRONG_TYPE = "WRONG_TYPE"
    SUBJECT_MISMATCH = "SUBJECT_MISMATCH"
    PREDICATE_MALFORMED = "PREDICATE_MALFORMED"

    @property
    def progress(self) -> int:
        """How far down the steps it is."""
        return list(Reason).index(self)


def refuse(reason: Reason, message: str, *, hint: str = "") -> VerificationError:
    """The error to raise."""
    return VerificationError(message, hint=hint, reason=reason.value)
