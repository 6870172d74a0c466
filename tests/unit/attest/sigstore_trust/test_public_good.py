"""The facts of the public-good instance, compared with what the instance served."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_der_public_key

from assaymark.attest.sigstore.public_good import parse_facts, public_good

SERVED = Path(__file__).parents[4].parent / "shared" / "data" / "sigstore"
TRUSTED_ROOT: dict[str, Any] = json.loads(public_good().trusted_root)

served = pytest.mark.skipif(not SERVED.is_dir(), reason="the instance's own files are not at hand")


@served
def test_the_trusted_root_is_the_one_that_was_served() -> None:
    assert json.loads((SERVED / "trusted_root.json").read_bytes()) == TRUSTED_ROOT


@served
def test_the_signing_configuration_is_the_one_that_was_served() -> None:
    expected = json.loads((SERVED / "signing_config.v0.2.json").read_bytes())
    assert expected == json.loads(public_good().signing_config)


@served
def test_the_pin_is_of_the_root_that_was_served() -> None:
    data = (SERVED / "root.json").read_bytes()
    pin = (json.loads(data)["signed"]["version"], f"sha256:{hashlib.sha256(data).hexdigest()}")
    assert pin == (public_good().root_version, public_good().root_digest)


@pytest.mark.parametrize("log", [*TRUSTED_ROOT["tlogs"], *TRUSTED_ROOT["ctlogs"]], ids=lambda log: log["baseUrl"])
def test_every_log_id_is_that_of_its_key(log: dict[str, Any]) -> None:
    der = base64.b64decode(log["publicKey"]["rawBytes"])
    key = load_der_public_key(der)
    if isinstance(key, ed25519.Ed25519PublicKey):  # as signed notes name a key: host, line feed, kind, key
        name = str(urlsplit(log["baseUrl"]).hostname)
        expected = hashlib.sha256(f"{name}\n\x01".encode() + key.public_bytes_raw()).digest()
        details = "PKIX_ED25519"
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        expected, details = hashlib.sha256(der).digest(), "PKIX_ECDSA_P256_SHA_256"
    assert (base64.b64encode(expected).decode(), details) == (log["logId"]["keyId"], log["publicKey"]["keyDetails"])


@pytest.mark.parametrize(
    "authority",
    [*TRUSTED_ROOT["certificateAuthorities"], *TRUSTED_ROOT["timestampAuthorities"]],
    ids=lambda authority: f"{authority['uri']} from {authority['validFor']['start']}",
)
def test_every_chain_leads_to_its_own_root(authority: dict[str, Any]) -> None:
    chain = [
        x509.load_der_x509_certificate(base64.b64decode(certificate["rawBytes"]))
        for certificate in authority["certChain"]["certificates"]
    ]
    for certificate, issuer in zip(chain, [*chain[1:], chain[-1]], strict=True):
        certificate.verify_directly_issued_by(issuer)
    names = {attribute.rfc4514_attribute_name: attribute.value for attribute in chain[-1].subject}
    assert {"O": authority["subject"]["organization"], "CN": authority["subject"]["commonName"]} == names


INSTANCE = """
# a comment
Kind: instance
As-Of: 2026-01-02T00:00:00Z
Mirror: https://tuf.example
Root-Version: 3
Root-Digest: sha256:00
"""


def test_fields_go_on_in_lines_that_begin_with_blanks() -> None:
    facts = parse_facts(
        f"{INSTANCE}\n\nKind: log\nUrl: https://log.example\nFrom: 2026-01-01T00:00:00Z\nUntil: 2026-02-01T00:00:00Z\n"
        "Key-Details: PKIX_ED25519\nLog-Id: AA==\nKey:\n  AAAA\n  BBBB\n"
    )
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    key = {"rawBytes": "AAAABBBB", "keyDetails": "PKIX_ED25519", "validFor": window}
    log = {
        "baseUrl": "https://log.example",
        "hashAlgorithm": "SHA2_256",
        "publicKey": key,
        "logId": {"keyId": "AA=="},
    }
    assert (1767312000.0, "https://tuf.example", 3, "sha256:00", [log]) == (
        facts.as_of,
        facts.mirror,
        facts.root_version,
        facts.root_digest,
        json.loads(facts.trusted_root)["tlogs"],
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(INSTANCE + INSTANCE, id="a field twice"),
        pytest.param(INSTANCE + "\n" + INSTANCE, id="two instances"),
        pytest.param(INSTANCE + "no field\n", id="a line that is no field"),
        pytest.param(INSTANCE + "\nKind: log\nUrl: https://log.example\n", id="a log without a key"),
    ],
)
def test_facts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_facts(text)
