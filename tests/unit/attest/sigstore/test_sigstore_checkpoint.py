"""Checkpoints: how they are read, and whose signatures count."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from tests.support.sigstore.authority import spki

from assaymark.attest.keys.public import parse_spki
from assaymark.attest.sigstore.checkpoint import (
    Checkpoint,
    Generation,
    NoteSignature,
    parse_checkpoint,
    verify_checkpoint,
)
from assaymark.attest.sigstore.trusted_root import TrustedLog, Window
from assaymark.errors import VerificationError
from assaymark.limits import Limits

ROOT = bytes(range(32))
HOST = "log.test"
ED25519 = ed25519.Ed25519PrivateKey.generate()
ECDSA = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)


def sign(key: Any, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
    return bytes(key.sign(data, ec.ECDSA(hashes.SHA256())))


def key_hash(key: Any, name: str = HOST, *, first: bool = False) -> bytes:
    public = spki(key.public_key())
    hashed = public
    if not first and isinstance(key, ed25519.Ed25519PrivateKey):
        hashed = name.encode() + b"\n\x01" + public[-32:]
    if not first and isinstance(key, rsa.RSAPrivateKey):
        hashed = name.encode() + b"\n\xffPKIX-RSA-PKCS#1v1.5" + public
    return hashlib.sha256(hashed).digest()[:4]


def line(name: str, hash_: bytes, signature: bytes) -> str:
    return f"— {name} {b64encode(hash_ + signature).decode()}\n"


def text(origin: str = HOST, *, size: str = "9", root: bytes = ROOT, more: str = "") -> str:
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n{more}"


def note(
    key: Any, origin: str = HOST, *, name: str = HOST, first: bool = False, more: str = "", lines: str = ""
) -> str:
    signed = text(origin, more=more)
    return signed + "\n" + lines + line(name, key_hash(key, name, first=first), sign(key, signed.encode()))


def log(key: Any, url: str = f"https://{HOST}:8080/x", *, checkpoint_key_id: bytes = b"") -> TrustedLog:
    public = parse_spki(spki(key.public_key()))
    return TrustedLog(base_url=url, key=public, log_id=b"", window=Window(), checkpoint_key_id=checkpoint_key_id)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as caught:
        call()
    return caught.value.reason


class TestReading:
    def test_a_checkpoint_is_read_whole(self) -> None:
        data = text(more="Timestamp: 1\n") + "\n" + line("a b", b"hash", b"sig") + line("c", b"HASH", b"x")
        assert parse_checkpoint(data) == Checkpoint(
            origin=HOST,
            size=9,
            root=ROOT,
            text=text(more="Timestamp: 1\n").encode(),
            signatures=(
                NoteSignature(name="a b", key_hash=b"hash", signature=b"sig"),
                NoteSignature(name="c", key_hash=b"HASH", signature=b"x"),
            ),
        )

    def test_a_checkpoint_may_have_no_signature_as_far_as_reading_goes(self) -> None:
        assert parse_checkpoint(text() + "\n").signatures == ()

    @pytest.mark.parametrize(
        "data",
        [
            "",
            "x",
            text(),
            text().partition("\n")[2] + "\n",
            f"{HOST}\n9\n\n— x AAAA\n",
            text(size="-1") + "\n",
            text(size="09") + "\n",
            text(size="9" * 20) + "\n",
            text(root=bytes(31)) + "\n",
            text().replace("=", "!") + "\n",
            "\n" + text().partition("\n")[2] + "\n",
            text() + "\n" + line(HOST, b"hash", b"x")[:-1],
            text() + "\n" + line(HOST, b"hash", b""),
            text() + "\n" + line(HOST, b"hash", b"x").replace("—", "-"),
            text() + "\n— nothing\n",
            text() + "\n" + f"—  {b64encode(b'hashx').decode()}\n",
            text() + "\n— x !\n",
            text() + "\n\n",
        ],
        ids=[
            "nothing", "a word", "no separator", "no origin", "no root", "a negative size", "a padded size",
            "a size of 20 digits", "a short root", "a root that is no base64", "an empty origin", "no last line feed",
            "an empty signature", "another dash", "a line of one word", "an empty name", "no base64", "an empty line",
        ],
    )  # fmt: skip
    def test_other_notes_are_malformed(self, data: str) -> None:
        assert reason(lambda: parse_checkpoint(data)) == "CHECKPOINT_MALFORMED"

    def test_notes_without_end_are_malformed(self) -> None:
        long, many = Limits(checkpoint_bytes=100), Limits(checkpoint_signatures=1)
        lines = line("a", b"hash", b"x") * 2
        assert reason(lambda: parse_checkpoint(text() + "x" * 100, limits=long)) == "CHECKPOINT_MALFORMED"
        assert reason(lambda: parse_checkpoint(text() + "\n" + lines, limits=many)) == "CHECKPOINT_MALFORMED"


V1 = f"{HOST} - 1193050959916656506"


class TestSignatures:
    @pytest.mark.parametrize("key", [ED25519, ECDSA, P384, RSA], ids=["Ed25519", "P-256", "P-384", "RSA"])
    def test_the_second_generation_signs_with_its_hosts_name(self, key: Any) -> None:
        verify_checkpoint(parse_checkpoint(note(key)), log(key), Generation.V2)

    @pytest.mark.parametrize("key", [ED25519, ECDSA, RSA], ids=["Ed25519", "P-256", "RSA"])
    def test_the_first_generation_names_its_tree(self, key: Any) -> None:
        checkpoint = parse_checkpoint(note(key, V1, first=True, more="Timestamp: 1\n"))
        verify_checkpoint(checkpoint, log(key, "https://elsewhere.test"), Generation.V1)

    def test_a_key_may_have_the_name_that_the_trusted_root_gives_it(self) -> None:
        signed = text()
        checkpoint = parse_checkpoint(signed + "\n" + line(HOST, b"abcd", sign(ED25519, signed.encode())))
        verify_checkpoint(checkpoint, log(ED25519, checkpoint_key_id=b"abcdefgh"), Generation.V2)

    @pytest.mark.parametrize(
        "lines",
        [line("witness.test", b"wxyz", b"s"), line(HOST, b"wxyz", b"s"), line("witness.test", key_hash(ED25519), b"s")],
        ids=["a witness", "another key of the same name", "another name with the same hash"],
    )
    def test_lines_of_others_count_for_nothing(self, lines: str) -> None:
        verify_checkpoint(parse_checkpoint(note(ED25519, lines=lines)), log(ED25519), Generation.V2)

    def test_every_line_that_claims_to_be_the_logs_is_right(self) -> None:
        checkpoint = parse_checkpoint(note(ED25519, lines=line(HOST, key_hash(ED25519), bytes(64))))
        assert reason(lambda: verify_checkpoint(checkpoint, log(ED25519), Generation.V2)) == "BAD_CHECKPOINT"

    def test_the_text_is_what_was_signed(self) -> None:
        checkpoint = parse_checkpoint(note(ED25519).replace("\n9\n", "\n8\n"))
        assert reason(lambda: verify_checkpoint(checkpoint, log(ED25519), Generation.V2)) == "BAD_CHECKPOINT"

    @pytest.mark.parametrize(
        ("data", "generation"),
        [
            (text() + "\n", Generation.V2),
            (note(ED25519, name="other.test"), Generation.V2),
            (note(ED25519, "other.test", name="other.test"), Generation.V2),
            (note(ED25519, V1), Generation.V2),
            (note(ED25519, first=True), Generation.V2),
            (note(ED25519, first=True), Generation.V1),
            (note(ED25519, V1), Generation.V1),
            (note(ED25519, V1, name="other.test", first=True), Generation.V1),
            (note(ECDSA), Generation.V2),
        ],
        ids=[
            "no line at all", "another signer", "another log", "a tree of the first generation",
            "a hash of the first generation", "no tree", "a hash of the second generation",
            "another signer in the first generation", "another key",
        ],
    )  # fmt: skip
    def test_a_checkpoint_that_the_log_did_not_sign_is_unsigned(self, data: str, generation: Generation) -> None:
        assert (
            reason(lambda: verify_checkpoint(parse_checkpoint(data), log(ED25519), generation)) == "CHECKPOINT_UNSIGNED"
        )
