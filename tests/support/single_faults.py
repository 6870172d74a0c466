"""Good signatures of the fake Sigstore, and the same with exactly one fault.

A `Case` starts from a base (`"v1"`: keyless, logged by Rekor v1; `"v2+tsa"`; `"key"`; …) and changes one thing: a
switch of a service, the bundle, its text, the trusted root, or what is expected. `outcome` is the reason of the refusal,
and "" for a proof; the twin of a case is its base.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.authority import spki
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_blob, sign_envelope
from tests.support.sigstore.switches import Switch

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.public import PublicKey, parse_spki
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.artifact import blob_of_data
from assaymark.attest.sigstore.expectation import Demand, Expectation
from assaymark.attest.sigstore.identity import Exact, Identity
from assaymark.attest.sigstore.material import material_of_bundle
from assaymark.attest.sigstore.proof import Proof
from assaymark.attest.sigstore.trusted_root import TrustedRoot, parse_trusted_root
from assaymark.attest.sigstore.verify import verify_material
from assaymark.errors import VerificationError

Edit = Callable[[dict[str, Any]], None]

MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE: Final = Identity(name=Exact("alice@gmail.test"), issuer=Exact(GOOGLE))
ARTIFACT: Final = b"what is attested\n"
TYPE: Final = "https://example.test/predicate"


def statement(**changes: Any) -> bytes:
    """A statement about `ARTIFACT`, with other members where they are given."""
    subject = {"name": "artifact", "digest": {"sha256": dict(blob_of_data(ARTIFACT).digests)["sha256"]}}
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": TYPE,
        "predicate": {"result": "good"},
    }
    return json.dumps(document | changes).encode()


@cache
def instance() -> Instance:
    """One Sigstore for all cases, at a fixed time."""
    return Instance(clock=lambda: MOMENT)


@cache
def managed_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> PublicKey:
    return parse_spki(spki(key.public_key()))


def trusted_root(edit: Edit | None = None) -> TrustedRoot:
    """What the fake Sigstore's clients trust, changed by `edit`."""
    document = instance().trusted_root()
    if edit is not None:
        edit(document)
    return parse_trusted_root(json.dumps(document).encode())


def signed(base: str, switches: Collection[Switch] = ()) -> Signed:
    """A good signature of a kind, but for the switches."""
    kind, _, timestamp = base.partition("+")
    parts: dict[str, Any] = {"timestamp": bool(timestamp), "switches": switches, "log": Generation.V1}
    if kind.startswith("blob"):
        return sign_blob(instance(), ARTIFACT, **parts)
    if kind.startswith("key"):
        parts |= {"managed": True, "key": managed_key()}
    if kind in {"none", "key-none"}:
        parts["log"] = None
    if kind.endswith("v2"):
        parts["log"] = Generation.V2
    if kind.startswith("0."):
        parts["version"] = int(kind[2:])
    return sign_envelope(instance(), statement(), **parts)


def expectation(base: str, **changes: Any) -> Expectation:
    """What holds for a good signature of the kind."""
    by_key = base.startswith("key")
    expected = Expectation(
        keys=(public(managed_key()),) if by_key else (),
        identities=None if by_key else (ALICE,),
        artifact=blob_of_data(ARTIFACT),
        predicate_type=None if base.startswith("blob") else find_predicate_type(TYPE),
        log=Demand.CHECKED if base.startswith(("key", "none")) else Demand.REQUIRED,
    )
    return msgspec.structs.replace(expected, **changes)


@dataclass(frozen=True)
class Case:
    """A base and what is wrong with it.

    Attributes:
        reason: why it is refused.
        base: the good kind: `v1`, `v2`, `none`, `key`, `key-v2`, `key-none`, `blob` or a bundle version, with `+tsa`
            for a timestamp.
        switches: faults of services.
        edit: changes the bundle's document.
        text: changes the bundle's text.
        made: makes the signature in another way altogether.
        trust: changes the trusted root's document.
        expected: other members of the expectation.
    """

    reason: str
    base: str = "v1"
    switches: frozenset[Switch] = frozenset()
    edit: Edit | None = None
    text: Callable[[bytes], bytes] | None = None
    made: Callable[[], Signed] | None = None
    trust: Edit | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)


def fault(reason: str, *switches: Switch, **parts: Any) -> Case:
    return Case(reason, switches=frozenset(switches), **parts)


def verify_case(case: Case) -> Proof:
    """Verify the case's bundle."""
    made = case.made() if case.made else signed(case.base, case.switches)
    if case.edit is not None:
        case.edit(made.bundle)
    data = case.text(made.data) if case.text else made.data
    trust = trusted_root(case.trust)
    return verify_material(material_of_bundle(parse_bundle(data)), expectation(case.base, **case.expected), trust)


def outcome(case: Case) -> str:
    """The reason of the refusal; empty for a proof."""
    try:
        verify_case(case)
    except VerificationError as exc:
        return exc.reason
    return ""


@cache
def twin_outcome(base: str) -> str:
    """The same without a fault."""
    return outcome(Case("", base=base))


def entry(document: dict[str, Any]) -> dict[str, Any]:
    """The first log entry of a bundle."""
    first: dict[str, Any] = document["verificationMaterial"]["tlogEntries"][0]
    return first


def put(*path: str | int, value: Any) -> Edit:
    """An edit that puts a value at a place."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return edit


def drop(*path: str | int) -> Edit:
    """An edit that takes the value at a place away."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return edit


def flip(*path: str | int) -> Edit:
    """An edit that flips the last bit of the base64 at a place."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        data = b64decode(place[path[-1]])
        place[path[-1]] = b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()

    return edit


LOG: Final = ("verificationMaterial", "tlogEntries", 0)
PROOF: Final = (*LOG, "inclusionProof")
CHECKPOINT: Final = (*PROOF, "checkpoint", "envelope")
STAMPS: Final = ("verificationMaterial", "timestampVerificationData", "rfc3161Timestamps")
SIGNATURE: Final = ("dsseEnvelope", "signatures", 0, "sig")


def rewrite(*path: str | int, by: Callable[[Any], Any]) -> Edit:
    """An edit that computes the value at a place from what it was."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = by(place[path[-1]])

    return edit
