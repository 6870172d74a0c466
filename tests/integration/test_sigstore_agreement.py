"""sigstore-python over the same single faults: whatever it accepts and we refuse is listed here, with the reason.

The other way round there is nothing: it accepts every good bundle that it can read, and so do we.
"""

from __future__ import annotations

import importlib.util
import json

import pytest
from tests.support.sigstore.accounts import GOOGLE
from tests.support.single_faults import Case, instance, outcome, signed
from tests.unit.attest.sigstore.test_sigstore_faults_bundle import CASES as BUNDLES
from tests.unit.attest.sigstore.test_sigstore_faults_evidence import CASES as EVIDENCE

BASES = {"v1", "v1+tsa", "v2+tsa"}
COMPARED = {name: case for name, case in [*BUNDLES, *EVIDENCE] if case.base in BASES and not case.expected}

# what sigstore-python 4.5 lets pass
LENIENT = {
    # the caller's business there: it hands out type and payload
    "another type of payload",
    "no statement",
    "two predicates",
    "a known member in another letter case",
    "another type",
    "another subject",
    "a predicate that is no object",
    # JSON as Python reads it
    "two envelopes",
    # not looked at: key identifiers, windows of authorities and of logs' keys
    "the name of another key",
    "an authority that was believed years ago",
    "an authority of five minutes later",
    "an SCT of before the log's time",
    "an SCT of after the log's time",
    "a log that was believed years ago",
    # checkpoints are found by the key's hash alone, and what is beside the proof is not compared with it
    "a checkpoint with another signer",
    "2: a checkpoint with another signer",
    "2: a log without a name",
    "2: another index than the proof's",
    "2: a time, which nobody signed",
    # a wrong timestamp is passed over where a log gives a time
    "a timestamp of something else, beside a log",
    "a timestamp by SHA-1, beside a log",
    "a timestamp's signature, beside a log",
    "a timestamp from before the authority's time, beside a log",
    "an authority that was believed years ago, beside a log",
}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(importlib.util.find_spec("sigstore") is None, reason="sigstore-python is not installed"),
]


def accepted_by_python(case: Case) -> bool:
    from sigstore.errors import Error
    from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle
    from sigstore.verify import Verifier, policy

    made = case.made() if case.made else signed(case.base, case.switches)
    if case.edit is not None:
        case.edit(made.bundle)
    data = case.text(made.data) if case.text else made.data
    trust = instance().client_trust()
    if case.trust is not None:
        case.trust(trust["trustedRoot"])
    identity = policy.Identity(identity="alice@gmail.test", issuer=GOOGLE)
    try:
        root = ClientTrustConfig.from_json(json.dumps(trust)).trusted_root
        Verifier(trusted_root=root).verify_dsse(Bundle.from_json(data), identity)
    except (Error, InvalidBundle, ValueError, KeyError, IndexError, TypeError, AssertionError):
        return False
    return True


@pytest.mark.parametrize("base", sorted(BASES))
def test_both_accept_what_is_good(base: str) -> None:
    assert accepted_by_python(Case("", base=base))
    assert outcome(Case("", base=base)) == ""


def test_both_refuse_what_is_not() -> None:
    assert {name for name, case in COMPARED.items() if accepted_by_python(case)} == LENIENT
    assert len(COMPARED) > 80
