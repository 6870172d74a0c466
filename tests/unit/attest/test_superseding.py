"""What `prune` may take: the rules of the newest, for each format by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from tests.support.policies import NOW, record

from assaymark.attest.policy.facts import INTOTO_TYPE
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.statement import Statement, Subject
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.superseding import find_superseded


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation with a trusted time and a claimed one, in hours after a scan."""

    trusted: int
    claimed: int
    kind: str
    format: AttestationFormat = AttestationFormat.BUNDLE
    signed_by: str = "somebody"

    @property
    def statement(self) -> Statement:
        claimed = record(finished=NOW + timedelta(hours=self.claimed))
        return Statement(
            type="",
            subjects=(Subject(name="", digests=()),),
            predicate_type=self.kind,
            predicate=msgspec.json.encode(claimed),
        )

    @property
    def times(self) -> tuple[datetime, ...]:
        return (NOW + timedelta(hours=self.trusted),)


@pytest.mark.parametrize("kind", [VULN_TYPE, INTOTO_TYPE], ids=["Cosign's record", "in-toto's"])
def test_an_old_record_that_was_stamped_again_takes_nobodys_place(kind: str) -> None:
    old, new = Signed(trusted=9, claimed=1, kind=kind), Signed(trusted=5, claimed=5, kind=kind)
    assert find_superseded([old, new]) == ()
    newest = Signed(trusted=10, claimed=10, kind=kind)
    assert [each.old.item for each in find_superseded([old, new, newest])] == [old, new]


def test_each_format_by_itself() -> None:
    old = Signed(trusted=1, claimed=1, kind=VULN_TYPE)
    new = Signed(trusted=2, claimed=2, kind=VULN_TYPE, format=AttestationFormat.LEGACY)
    assert find_superseded([old, new]) == ()
