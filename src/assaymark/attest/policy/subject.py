"""What a policy is asked about: one verified attestation, reduced to what rules may know of it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from assaymark.attest.policy.facts import Facts


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One attestation.

    Attributes:
        predicate_type: what was signed.
        facts: of a vulnerability record; None for other predicates.
        trusted: when the signature is known to have existed, by a log or a timestamp authority; None where nobody told.
    """

    predicate_type: str
    facts: Facts | None = None
    trusted: datetime | None = None
