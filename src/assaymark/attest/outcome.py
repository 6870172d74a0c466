"""The outcome of a verification over everything that is attached to an image: what passed, and what did not and why.

One attestation that passes is enough. Those that fail beside it are never passed over: whoever tells the outcome names
them. When none passes, the reason is that of the one that came furthest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, Self, TypeVar

import msgspec

from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.model.digest import Digest

Passed = TypeVar("Passed")


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that proves nothing.

    Attributes:
        format: None for what could not be fetched.
        predicate_type: what it claims to be, where its signature was good.
    """

    reason: Reason
    message: str
    manifest: Digest | None
    format: AttestationFormat | None = None
    predicate_type: str = ""


class Outcome(Generic[Passed]):
    """What became of all candidates: at least one that passed, or a reason.

    Attributes:
        verified: what passed, as the verifier's own proof type.
        rejected: the rest.
    """

    def __init__(self, *, verified: Iterable[Passed], rejected: Iterable[Rejected], wanted: str) -> None:
        self.verified = tuple(verified)
        self.rejected = tuple(rejected)
        self._wanted = wanted

    def refusing(self, refused: Mapping[int, Rejected]) -> Self:
        """The same outcome without those of `verified`, by their places, that were refused after all."""
        return type(self)(
            verified=[item for place, item in enumerate(self.verified) if place not in refused],
            rejected=[*self.rejected, *refused.values()],
            wanted=self._wanted,
        )

    def require(self) -> tuple[Passed, ...]:
        """What was verified.

        Raises:
            VerificationError: nothing was; its reason is that of the candidate that came furthest.
        """
        if self.verified:
            return self.verified
        if not self.rejected:
            raise refuse(Reason.NO_ATTESTATION, "nothing is attached to the image", hint="`assaymark attest` attaches")
        closest = max(self.rejected, key=_closeness)
        if closest.reason is Reason.WRONG_TYPE:
            found = ", ".join(sorted({f"`{item.predicate_type}`" for item in self.rejected if item.predicate_type}))
            raise refuse(Reason.WRONG_TYPE, f"no attestation has the type `{self._wanted}`; there are {found}")
        others = f" (and {len(self.rejected) - 1} more were refused)" if len(self.rejected) > 1 else ""
        raise refuse(closest.reason, f"no attestation could be verified: {closest.message}{others}")


def _closeness(rejected: Rejected) -> tuple[bool, int]:
    """Another type says least: every other failure may be one of the attestation that was asked for."""
    return rejected.reason is not Reason.WRONG_TYPE, rejected.reason.progress
