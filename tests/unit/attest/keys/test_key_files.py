"""cosign's key file, public keys, and imports of other tools' keys."""

from __future__ import annotations

import stat
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)
from tests.support.forgery import key

from assaymark.attest.keys.der import BIT_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE, DerReader, encode
from assaymark.attest.keys.file import decrypt_key, encrypt_key, find_exposure, key_paths, write_key_pair
from assaymark.attest.keys.importing import find_weakness, import_key
from assaymark.attest.keys.pem import encode_pem, parse_pem
from assaymark.attest.keys.private import PrivateKey, generate_key, parse_private_der
from assaymark.attest.keys.public import Algorithm, parse_public_key, parse_spki
from assaymark.errors import LocalError, SigningError, UsageError

SEALED = encrypt_key(key(), b"secret")
Document = dict[str, Any]


def password() -> bytes:
    return b"secret"


def resealed(change: Callable[[Document], None]) -> bytes:
    document = msgspec.json.decode(parse_pem(SEALED).body)
    change(document)
    return encode_pem("ENCRYPTED SIGSTORE PRIVATE KEY", msgspec.json.encode(document))


@pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda algorithm: algorithm.value)
def test_a_key_comes_back_from_its_file(algorithm: Algorithm, tmp_path: Path) -> None:
    made = key("ours", algorithm)
    write_key_pair(tmp_path / "cosign", made, b"secret")
    private, public = key_paths(tmp_path / "cosign")
    opened = decrypt_key(private.read_bytes(), password, what="cosign.key")
    assert made.to_pkcs8() == opened.to_pkcs8()
    assert made.public == parse_public_key(public.read_bytes())
    assert (stat.S_IMODE(private.stat().st_mode), stat.S_IMODE(public.stat().st_mode)) == (0o600, 0o644)


def test_the_file_has_the_members_that_cosign_writes() -> None:
    document = msgspec.json.decode(parse_pem(encrypt_key(key(), b"", random=bytes)).body)
    del document["ciphertext"]
    assert document == {
        "kdf": {"name": "scrypt", "params": {"N": 65536, "r": 8, "p": 1}, "salt": b64encode(bytes(32)).decode()},
        "cipher": {"name": "nacl/secretbox", "nonce": b64encode(bytes(24)).decode()},
    }


def test_the_older_label_is_read() -> None:
    older = SEALED.replace(b"SIGSTORE", b"COSIGN")
    assert key().public == decrypt_key(older, password, what="k").public


def test_a_key_does_not_show_itself() -> None:
    assert repr(key()) == f"PrivateKey(ecdsa-p256, {key().public.fingerprint})"


def _set(*path: str, to: object) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = to

    return change


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "KEY_MALFORMED"),
    "truncated": (SEALED[: len(SEALED) // 2], "KEY_MALFORMED"),
    "no JSON": (encode_pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"{"), "KEY_MALFORMED"),
    "a list": (encode_pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"[]"), "KEY_MALFORMED"),
    "another kdf": (resealed(_set("kdf", "name", to="argon2id")), "KEY_MALFORMED"),
    "another cipher": (resealed(_set("cipher", "name", to="none")), "KEY_MALFORMED"),
    "a short nonce": (resealed(_set("cipher", "nonce", to="AAAA")), "KEY_MALFORMED"),
    "no base64": (resealed(_set("ciphertext", to="!")), "KEY_MALFORMED"),
    "a true for a number": (resealed(_set("kdf", "params", "p", to=True)), "KEY_MALFORMED"),
    "scrypt that needs a terabyte": (resealed(_set("kdf", "params", "N", to=2**30)), "KEY_SCRYPT"),
    "scrypt that anybody guesses": (resealed(_set("kdf", "params", "N", to=2)), "KEY_SCRYPT"),
    "a changed ciphertext": (resealed(_set("ciphertext", to=b64encode(bytes(80)).decode())), "KEY_PASSWORD"),
    "a plain key": (encode_pem("PRIVATE KEY", key().to_pkcs8()), "KEY_LABEL"),
    "a public key": (key().public.pem, "KEY_LABEL"),
}


@pytest.mark.parametrize(("data", "reason"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(SigningError) as caught:
        decrypt_key(data, password, what="cosign.key")
    assert reason == caught.value.reason


def test_a_wrong_password_is_named_as_such() -> None:
    with pytest.raises(SigningError, match="wrong password") as caught:
        decrypt_key(SEALED, lambda: b"secret\n", what="cosign.key")
    assert "COSIGN_PASSWORD" in caught.value.hint


def test_a_file_that_others_can_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(SEALED)
    path.chmod(0o640)
    assert "mode 0640" in find_exposure(path)
    path.chmod(0o600)
    assert find_exposure(path) == ""
    with pytest.raises(LocalError):
        find_exposure(tmp_path / "none")


class TestPublicKeys:
    def test_pkcs1_is_the_same_key_as_its_spki(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pkcs1 = private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        assert PrivateKey(private).public == parse_public_key(pkcs1)

    @pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda algorithm: algorithm.value)
    def test_the_ssh_fingerprint_is_that_of_ssh(self, algorithm: Algorithm) -> None:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_public_key, ssh_key_fingerprint

        public = key("ours", algorithm).public
        loaded: Any = load_pem_public_key(public.pem)
        line = loaded.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        expected = b64encode(ssh_key_fingerprint(load_ssh_public_key(line), SHA256())).decode().rstrip("=")
        assert f"SHA256:{expected}" == public.openssh_fingerprint

    def test_the_hint_is_the_fingerprint_in_base64(self) -> None:
        public = key().public
        assert public.fingerprint == "sha256:" + b64decode(public.hint).hex()

    @pytest.mark.parametrize(
        ("made", "text"),
        [
            pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), "curve", id="secp256k1"),
            pytest.param(lambda: ec.generate_private_key(ec.SECP224R1()), "curve", id="P-224"),
            pytest.param(ed448.Ed448PrivateKey.generate, "neither", id="Ed448"),
            pytest.param(lambda: rsa.generate_private_key(65537, 1024), "1024", id="RSA of 1024 bits"),
        ],
    )
    def test_other_keys_are_refused(self, made: Callable[[], Any], text: str) -> None:
        pem = made().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(UsageError, match=text):
            parse_public_key(pem)

    def test_a_compressed_point_is_refused(self) -> None:
        public: Any = ec.generate_private_key(ec.SECP256R1()).public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        info = DerReader(key().public.spki).sequence()
        spki = encode(SEQUENCE, encode(SEQUENCE, info.take(SEQUENCE)) + encode(BIT_STRING, b"\0" + point))
        with pytest.raises(ValueError, match="uncompressed"):
            parse_spki(spki)

    @pytest.mark.parametrize(
        ("spki", "text"),
        [
            pytest.param(bytes.fromhex("3009300506032b6570" + "0300"), "whole byte", id="an empty Ed25519 key"),
            pytest.param(bytes.fromhex("300b300506032b6570" + "03020001"), "32 bytes", id="a short Ed25519 key"),
            pytest.param(key().public.spki + b"\0", "behind", id="bytes behind the key"),
        ],
    )
    def test_malformed_keys_are_refused(self, spki: bytes, text: str) -> None:
        with pytest.raises(ValueError, match=text):
            parse_spki(spki)

    def test_rsa_parameters_are_null(self) -> None:
        with pytest.raises(ValueError, match="NULL"):
            parse_spki(_longer(key("ours", Algorithm.RSA).public.spki))

    @pytest.mark.parametrize(
        ("label", "hint"),
        [
            ("CERTIFICATE", "a certificate is no key"),
            ("ENCRYPTED SIGSTORE PRIVATE KEY", "assaymark public-key"),
            ("EC PARAMETERS", "PUBLIC KEY"),
        ],
    )
    def test_other_pem_is_named(self, label: str, hint: str) -> None:
        with pytest.raises(UsageError, match=label) as caught:
            parse_public_key(encode_pem(label, b"x"))
        assert hint in caught.value.hint

    def test_an_even_exponent_is_refused(self) -> None:
        from assaymark.attest.keys.public import check_rsa

        with pytest.raises(ValueError, match="exponent"):
            check_rsa(1 << 2047, 4)


def _longer(spki: bytes) -> bytes:
    """The key with one byte in its NULL, and all lengths corrected."""
    info = DerReader(spki).sequence()
    oid = info.sequence().take(OBJECT_IDENTIFIER)
    bits = info.bits()
    identifier = encode(SEQUENCE, encode(OBJECT_IDENTIFIER, oid) + encode(NULL, b"\0"))
    return encode(SEQUENCE, identifier + encode(BIT_STRING, b"\0" + bits))


class TestImports:
    @pytest.mark.parametrize(
        ("made", "form"),
        [
            pytest.param(lambda: ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8, id="PKCS#8"),
            pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), PrivateFormat.TraditionalOpenSSL, id="SEC1"),
            pytest.param(lambda: rsa.generate_private_key(65537, 2048), PrivateFormat.TraditionalOpenSSL, id="PKCS#1"),
        ],
    )
    def test_plain_keys_are_taken(self, made: Callable[[], Any], form: PrivateFormat) -> None:
        private = made()
        pem = private.private_bytes(Encoding.PEM, form, NoEncryption())
        assert PrivateKey(private).public == import_key(pem, what="k.pem").public

    @pytest.mark.parametrize(
        ("pem", "reason"),
        [
            pytest.param(b"x", "KEY_MALFORMED", id="no PEM"),
            pytest.param(encode_pem("PRIVATE KEY", b"x"), "KEY_MALFORMED", id="no DER"),
            pytest.param(SEALED, "KEY_LABEL", id="a key file of cosign's"),
            pytest.param(key().public.pem, "KEY_LABEL", id="a public key"),
            pytest.param(
                ec.generate_private_key(ec.SECP256R1()).private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
                ),
                "KEY_LABEL",
                id="encrypted PKCS#8",
            ),
            pytest.param(
                ec.generate_private_key(ec.SECP256K1()).private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ),
                "KEY_WEAK",
                id="secp256k1",
            ),
            pytest.param(
                dsa.generate_private_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
                "KEY_UNSUPPORTED",
                id="DSA",
            ),
            pytest.param(
                rsa.generate_private_key(3, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
                "KEY_WEAK",
                id="RSA with the exponent 3",
            ),
            pytest.param(
                rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
                "KEY_WEAK",
                id="RSA of 1024 bits",
            ),
        ],
    )
    def test_others_are_refused(self, pem: bytes, reason: str) -> None:
        with pytest.raises(SigningError) as caught:
            import_key(pem, what="k.pem")
        assert reason == caught.value.reason

    def test_a_good_modulus_has_no_weakness(self) -> None:
        assert find_weakness(*key("ours", Algorithm.RSA).public.rsa_numbers()) == ""

    def test_a_small_factor_is_found(self) -> None:
        assert "small prime" in find_weakness(751 * (2**2047 + 1), 65537)

    def test_close_primes_are_found(self) -> None:
        # two primes next to each other around 2^1024, found once by search: p = 2^1024 + 643, q is the next prime
        p = 2**1024 + 643
        q = next(number for number in range(p + 2, p + 100_000, 2) if _is_probable_prime(number))
        assert "close" in find_weakness(p * q, 65537)

    def test_the_mark_of_the_broken_generator_is_found(self) -> None:
        # any power of 65537 has it, modulo every prime; one that passes the earlier checks is made from two such powers
        assert "CVE-2017-15361" in find_weakness(pow(65537, 129), 65537)


def _is_probable_prime(number: int) -> bool:
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def test_generated_keys_differ() -> None:
    assert generate_key().public != generate_key().public
    assert parse_private_der(generate_key().to_pkcs8()).public.algorithm is Algorithm.ECDSA_P256
