"""Bodies of log entries of every kind, and whether they are about the signature at hand."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.sigstore import entries
from tests.support.sigstore.authority import spki
from tests.support.sigstore.keys import key_details

from assaymark.attest.bundle import LogEntry, MessageSignature
from assaymark.attest.dsse import Envelope, Signature, encode_legacy, encode_line, pre_authentication_encoding
from assaymark.attest.keys.public import parse_spki
from assaymark.attest.sigstore.correspondence import check_correspondence
from assaymark.attest.sigstore.entry import Body, Digest, Verifier, parse_body, read_kind
from assaymark.attest.sigstore.material import Material
from assaymark.errors import VerificationError

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
PAYLOAD = b'{"a":1}'
SIGNATURE = KEY.sign(pre_authentication_encoding("application/vnd.in-toto+json", PAYLOAD), ec.ECDSA(hashes.SHA256()))
ENVELOPE = Envelope(payload=PAYLOAD, signatures=(Signature(sig=SIGNATURE),))
TEXT = encode_legacy(ENVELOPE)
PAE = pre_authentication_encoding(ENVELOPE.payload_type, PAYLOAD)
ARTIFACT = b"artifact"


def pem(key: Any = KEY) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def raw(key: Any = KEY, details: str = "") -> dict[str, Any]:
    return {
        "publicKey": {"rawBytes": b64(spki(key.public_key()))},
        "keyDetails": details or key_details(key.public_key()),
    }


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def entry(body: entries.Body | bytes, kind: str = "", version: str = "") -> LogEntry:
    data = body if isinstance(body, bytes) else body.data
    if not isinstance(body, bytes):
        kind, version = kind or body.kind, version or body.version
    return LogEntry(
        log_index=0, log_id=b"", kind=kind, kind_version=version, integrated_time=0, promise=b"", proof=None, body=data
    )  # fmt: skip


def digest(data: bytes) -> Digest:
    return Digest(algorithm="sha256", value=sha256(data))


V1 = (Verifier(der=spki(KEY.public_key())),)
V2 = (Verifier(der=spki(KEY.public_key()), key_details="PKIX_ECDSA_P256_SHA_256"),)
READ = {
    "dsse 0.0.1": (
        entries.dsse_v001(TEXT, [pem()]),
        Body(
            kind="dsse",
            version="0.0.1",
            verifiers=V1,
            signatures=(SIGNATURE,),
            payload=digest(PAYLOAD),
            envelope=digest(TEXT),
        ),
    ),
    "dsse 0.0.2": (
        entries.dsse_v002(PAYLOAD, SIGNATURE, raw()),
        Body(kind="dsse", version="0.0.2", verifiers=V2, signatures=(SIGNATURE,), payload=digest(PAYLOAD)),
    ),
    "intoto 0.0.1": (
        entries.intoto_v001(TEXT, pem()),
        Body(kind="intoto", version="0.0.1", verifiers=V1, payload=digest(PAYLOAD), envelope=digest(TEXT)),
    ),
    "intoto 0.0.2": (
        entries.intoto_v002(TEXT, pem()),
        Body(kind="intoto", version="0.0.2", verifiers=V1, signatures=(SIGNATURE,), payload=digest(PAYLOAD)),
    ),
    "hashedrekord 0.0.2": (
        entries.hashedrekord_v002(sha256(PAE), SIGNATURE, raw()),
        Body(kind="hashedrekord", version="0.0.2", verifiers=V2, signatures=(SIGNATURE,), signed=digest(PAE)),
    ),
    "hashedrekord 0.0.1": (
        entries.hashedrekord_v001(sha256(ARTIFACT), SIGNATURE, pem()),
        Body(kind="hashedrekord", version="0.0.1", verifiers=V1, signatures=(SIGNATURE,), signed=digest(ARTIFACT)),
    ),
}


@pytest.mark.parametrize(("written", "read"), READ.values(), ids=READ.keys())
def test_every_kind_is_read(written: entries.Body, read: Body) -> None:
    assert parse_body(entry(written)) == read
    assert read_kind(written.data) == (read.kind, read.version)


def changed(name: str, **spec: Any) -> bytes:
    document = json.loads(READ[name][0].data)
    return json.dumps(document | {"spec": document["spec"] | spec}).encode()


def test_a_signature_that_was_encoded_once_is_read_too() -> None:
    signatures = [{"publicKey": b64(pem()), "sig": b64(SIGNATURE)}]
    content = json.loads(READ["intoto 0.0.2"][0].data)["spec"]["content"] | {"envelope": {"signatures": signatures}}
    assert parse_body(entry(changed("intoto 0.0.2", content=content), "intoto", "0.0.2")).signatures == (SIGNATURE,)


MALFORMED = {
    "no spec": b'{"apiVersion":"0.0.1","kind":"dsse"}',
    "no hash": changed("dsse 0.0.1", payloadHash=None),
    "a hash of another kind": changed("dsse 0.0.1", payloadHash={"algorithm": "sha1", "value": "00"}),
    "a hash without its kind": changed("dsse 0.0.1", payloadHash={"value": "00"}),
    "a hash that is a number": changed("dsse 0.0.1", payloadHash={"algorithm": "sha256", "value": 1}),
    "a hash that is no hex": changed("dsse 0.0.1", payloadHash={"algorithm": "sha256", "value": "x"}),
    "a kind of hash that is a list": changed("dsse 0.0.1", payloadHash={"algorithm": [], "value": "00"}),
    "signatures that are no list": changed("dsse 0.0.1", signatures={}),
    "a signature that is text": changed("dsse 0.0.1", signatures=["x"]),
    "a verifier that is no PEM": changed("dsse 0.0.1", signatures=[{"signature": "", "verifier": "AAAA"}]),
    "a private key": changed(
        "dsse 0.0.1", signatures=[{"signature": "", "verifier": b64(pem().replace(b"PUBLIC", b"PRIVATE"))}]
    ),
    "a verifier that is a number": changed("dsse 0.0.1", signatures=[{"signature": "", "verifier": 1}]),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_bodies_are_refused(body: bytes) -> None:
    assert reason(body, "dsse", "0.0.1") == "LOG_ENTRY_MALFORMED"


@pytest.mark.parametrize(
    "record",
    [
        {"payloadHash": {"algorithm": "SHA3_256", "digest": "AA=="}, "signatures": []},
        {"payloadHash": {"digest": "AA=="}, "signatures": []},
        {"payloadHash": {}, "signatures": [{"content": "AA==", "verifier": {}}]},
        {
            "payloadHash": {},
            "signatures": [{"content": "AA==", "verifier": raw() | {"x509Certificate": {"rawBytes": "AA=="}}}],
        },
        {"payloadHash": {}, "signatures": [{"content": "AA=="}]},
    ],
    ids=["another hash", "a hash without its kind", "no key", "a key and a certificate", "no verifier"],
)
def test_malformed_bodies_of_the_second_generation_are_refused(record: dict[str, Any]) -> None:
    body = json.dumps({"apiVersion": "0.0.2", "kind": "dsse", "spec": {"dsseV002": record}}).encode()
    assert reason(body, "dsse", "0.0.2") == "LOG_ENTRY_MALFORMED"


@pytest.mark.parametrize(
    ("body", "kind", "version"),
    [
        (b'{"apiVersion":"0.0.1","kind":"rekord","spec":{}}', "rekord", "0.0.1"),
        (b'{"apiVersion":"0.0.3","kind":"dsse","spec":{}}', "dsse", "0.0.3"),
        (b"{}", "", ""),
        (b'{"apiVersion":1,"kind":["dsse"]}', "dsse", "0.0.1"),
        (READ["dsse 0.0.1"][0].data, "dsse", "0.0.2"),
        (READ["dsse 0.0.1"][0].data, "intoto", "0.0.1"),
        (READ["dsse 0.0.1"][0].data, "", ""),
    ],
    ids=["rekord", "a version to come", "nothing", "no texts", "another version", "another kind", "none stated"],
)
def test_kinds_that_are_unknown_or_differ_are_refused(body: bytes, kind: str, version: str) -> None:
    assert reason(body, kind, version) == "LOG_ENTRY_KIND"


def reason(body: bytes, kind: str, version: str) -> str:
    with pytest.raises(VerificationError) as caught:
        parse_body(entry(body, kind, version))
    return caught.value.reason


BUNDLED = Material(envelope=ENVELOPE)
STORED = Material(envelope=ENVELOPE, stored=TEXT)
MESSAGE = Material(envelope=None, message=MessageSignature(signature=SIGNATURE))
DIGESTS = {"sha256": sha256(ARTIFACT)}
PUBLIC = parse_spki(spki(KEY.public_key()))


def compare(body: entries.Body, material: Material = BUNDLED, key: Any = KEY) -> str:
    """The reason of the difference; empty where there is none."""
    try:
        check_correspondence(parse_body(entry(body)), material, parse_spki(spki(key.public_key())), DIGESTS)
    except VerificationError as exc:
        return exc.reason
    return ""


class TestCorrespondence:
    @pytest.mark.parametrize("name", [name for name in READ if name != "hashedrekord 0.0.1"])
    @pytest.mark.parametrize("material", [BUNDLED, STORED], ids=["in a bundle", "at the tag"])
    def test_every_kind_of_an_envelope_is_about_it(self, name: str, material: Material) -> None:
        assert compare(READ[name][0], material) == ""

    @pytest.mark.parametrize("name", READ)
    def test_another_key_is_told(self, name: str) -> None:
        material = MESSAGE if name == "hashedrekord 0.0.1" else BUNDLED
        assert compare(READ[name][0], material, OTHER) == "LOG_ENTRY_KEY"

    def test_a_record_of_an_artifact_is_about_it(self) -> None:
        assert compare(READ["hashedrekord 0.0.1"][0], MESSAGE) == ""
        assert compare(entries.hashedrekord_v002(sha256(ARTIFACT), SIGNATURE, raw()), MESSAGE) == ""

    @pytest.mark.parametrize(
        ("body", "material"),
        [
            (READ["hashedrekord 0.0.1"][0], BUNDLED),
            (READ["dsse 0.0.1"][0], MESSAGE),
            (entries.hashedrekord_v002(sha256(b"x"), SIGNATURE, raw()), BUNDLED),
            (entries.hashedrekord_v001(sha256(b"x"), SIGNATURE, pem()), MESSAGE),
            (entries.hashedrekord_v001(hashlib.sha384(ARTIFACT).digest(), SIGNATURE, pem()), MESSAGE),
            (entries.dsse_v002(b"x", SIGNATURE, raw()), BUNDLED),
            (entries.dsse_v001(b" " + TEXT, [pem()]), STORED),
            (entries.intoto_v001(b" " + TEXT, pem()), STORED),
            (entries.intoto_v001(b" " + TEXT, pem()), BUNDLED),
        ],
        ids=[
            "an artifact's record for an envelope", "an envelope's for an artifact", "another envelope",
            "another artifact", "a digest that nobody has", "another payload", "another text at the tag",
            "another text of intoto at the tag", "a text of intoto that cosign never wrote",
        ],
    )  # fmt: skip
    def test_other_content_is_told(self, body: entries.Body, material: Material) -> None:
        assert compare(body, material) == "LOG_ENTRY_CONTENT"

    def test_the_text_of_an_envelope_in_a_bundle_is_not_known(self) -> None:
        assert compare(entries.dsse_v001(b" " + TEXT, [pem()])) == ""

    def test_intoto_without_signatures_needs_a_text_that_cosign_writes(self) -> None:
        assert compare(entries.intoto_v001(encode_line(ENVELOPE), pem())) == ""

    @pytest.mark.parametrize(
        "body",
        [entries.dsse_v002(PAYLOAD, b"another", raw()), entries.hashedrekord_v002(sha256(PAE), b"another", raw())],
        ids=["dsse", "hashedrekord"],
    )
    def test_another_signature_is_told(self, body: entries.Body) -> None:
        assert compare(body) == "LOG_ENTRY_SIGNATURE"

    @pytest.mark.parametrize(
        ("key", "details", "expected"),
        [
            (ec.generate_private_key(ec.SECP384R1()), "PKIX_ECDSA_P384_SHA_384", ""),
            (ec.generate_private_key(ec.SECP521R1()), "PKIX_ECDSA_P521_SHA_512", ""),
            (rsa.generate_private_key(65537, 3072), "PKIX_RSA_PKCS1V15_3072_SHA256", ""),
            (ed25519.Ed25519PrivateKey.generate(), "PKIX_ED25519_PH", ""),
            (KEY, "PKIX_ECDSA_P384_SHA_384", "LOG_ENTRY_KEY"),
            (rsa.generate_private_key(65537, 2048), "PKIX_RSA_PKCS1V15_3072_SHA256", "LOG_ENTRY_KEY"),
        ],
        ids=["P-384", "P-521", "RSA", "Ed25519", "another curve", "another length"],
    )
    def test_the_algorithm_of_the_second_generation_is_the_keys(self, key: Any, details: str, expected: str) -> None:
        assert compare(entries.hashedrekord_v002(sha256(PAE), SIGNATURE, raw(key, details)), key=key) == expected
