"""Bundles, certificates, timestamps and trusted roots with bytes changed anywhere: refused in words, never by a crash.

What is changed and still accepted must be what nobody signed: a change in the unsigned part of a timestamp says the same
time. Random choices have a fixed seed.
"""

from __future__ import annotations

import json
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.sigstore.signing import Signed
from tests.support.single_faults import MOMENT, expectation, instance, signed, trusted_root

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.sigstore.checkpoint import parse_checkpoint
from assaymark.attest.sigstore.identity import Exact, Expression
from assaymark.attest.sigstore.material import CERTIFICATE, LOG_ENTRY, TIMESTAMP, material_of_bundle, material_of_layer
from assaymark.attest.sigstore.proof import Proof
from assaymark.attest.sigstore.timestamp_token import parse_timestamp
from assaymark.attest.sigstore.trusted_root import parse_trusted_root
from assaymark.attest.sigstore.verify import verify_material
from assaymark.errors import VerificationError

CHANGES = 150


def places(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where text stands in a document."""
    members = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in members:
        yield from places(value, (*path, key))
    if isinstance(document, str):
        yield path


def changed(document: dict[str, Any], path: tuple[str | int, ...], chance: random.Random) -> dict[str, Any]:
    """The document with one byte of one text changed, or of what the text encodes."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    place: Any = copy
    for part in path[:-1]:
        place = place[part]
    before = place[path[-1]]
    while place[path[-1]] == before:
        place[path[-1]] = altered(before, chance)
    return copy


def altered(text: str, chance: random.Random) -> str:
    try:
        data = bytearray(b64decode(text, validate=True))
    except ValueError:
        data = bytearray()
    if not data or chance.random() < 0.2:
        spot = chance.randrange(len(text) + 1)
        return text[:spot] + chance.choice("\0A=9é/{") + text[spot + 1 :]
    kind, spot = chance.random(), chance.randrange(len(data))
    if kind < 0.6:
        data[spot] ^= 1 << chance.randrange(8)
    elif kind < 0.8:
        del data[spot:]
    else:
        data[spot:spot] = bytes([chance.randrange(256)])
    return b64encode(bytes(data)).decode()


def verify(data: bytes, base: str) -> Proof | str:
    try:
        return verify_material(material_of_bundle(parse_bundle(data)), expectation(base), trusted_root())
    except VerificationError as exc:
        return named(exc)


def named(refusal: VerificationError) -> str:
    """The reason, which no refusal is without."""
    assert refusal.reason
    return refusal.reason


@pytest.mark.parametrize("base", ["v1+tsa", "v2+tsa", "blob", "key"])
def test_a_change_anywhere_in_a_bundle_is_refused_or_of_no_account(base: str) -> None:
    chance = random.Random(base)
    document = signed(base).bundle
    accepted = set()
    for path in places(document):
        for _ in range(CHANGES // 10):
            found = verify(json.dumps(changed(document, path, chance)).encode(), base)
            if isinstance(found, Proof):
                assert set(found.times) <= {MOMENT}
                accepted.add(path[-1])
    # hints, what of a timestamp is not signed, and for a key the entry of a log that nobody knows
    assert accepted <= {"hint", "algorithm", "signedTimestamp"} | ({"keyId"} if base == "key" else set())


def test_a_change_in_a_timestamp_never_changes_the_time() -> None:
    chance = random.Random("timestamps")
    made = signed("v2+tsa")
    for _ in range(CHANGES):
        data = bytearray(made.timestamp)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        stamps = [{"signedTimestamp": b64encode(bytes(data)).decode()}]
        made.bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = stamps
        found = verify(made.data, "v2+tsa")
        assert isinstance(found, str) or found.times == (MOMENT,)


def test_every_prefix_of_a_timestamp_is_malformed() -> None:
    data = signed("v2+tsa").timestamp
    for size in range(len(data)):
        with pytest.raises(ValueError):
            parse_timestamp(data[:size])


def test_a_change_in_a_layers_annotations_is_refused_in_words() -> None:
    chance = random.Random("layers")
    made = signed("v1+tsa")
    for name in (CERTIFICATE, LOG_ENTRY, TIMESTAMP):
        for _ in range(CHANGES // 2):
            text = made.annotations[name]
            spot = chance.randrange(len(text))
            swapped = text[:spot] + chance.choice("A=9\0{é") + text[spot + 1 :]
            assert_layer(made, {**made.annotations, name: swapped})


def assert_layer(made: Signed, annotations: dict[str, str]) -> None:
    try:
        proof = verify_material(material_of_layer(made.envelope, annotations), expectation("v1"), trusted_root())
    except VerificationError as exc:
        named(exc)
    else:
        assert set(proof.times) == {MOMENT}


def test_a_change_in_a_trusted_root_is_refused_in_words_or_read() -> None:
    chance = random.Random("roots")
    document = instance().trusted_root()
    material = material_of_bundle(parse_bundle(signed("v1+tsa").data))
    for path in places(document):
        for _ in range(CHANGES // 15):
            try:
                trust = parse_trusted_root(json.dumps(changed(document, path, chance)).encode())
                verify_material(material, expectation("v1"), trust)
            except VerificationError as exc:
                named(exc)


@pytest.mark.parametrize(
    "note",
    ["\n" * 60_000, "a\n1\n" + "A" * 60_000, "— x AAAA\n" * 6_000, f"x\n1\n{'A' * 43}=\n\n" + "— x AAAAAAAA\n" * 4_000],
    ids=["line feeds", "a long root", "signatures only", "signatures without end"],
)
def test_hostile_checkpoints_are_refused_at_once(note: str) -> None:
    begun = time.process_time()
    with pytest.raises(VerificationError):
        parse_checkpoint(note)
    assert time.process_time() - begun < 1


def test_expressions_take_linear_time() -> None:
    text = "https://github.com/" + "a" * 200_000 + "!"
    begun = time.process_time()
    assert not Expression(r"https://github\.com/(a|a)*(a+)+(a?){30}b").matches(text)
    assert time.process_time() - begun < 5
    assert Exact(text).matches(text)


def test_a_log_that_is_asked_for_a_huge_tree_takes_no_time() -> None:
    document = signed("v2+tsa").bundle
    proof = document["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    proof |= {"treeSize": str(2**63 - 1), "hashes": ["A" * 43 + "="] * 64}
    assert verify(json.dumps(document).encode(), "v2+tsa") == "BAD_PROOF"
