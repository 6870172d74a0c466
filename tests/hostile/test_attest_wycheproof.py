"""Signatures made to be mistaken for good ones: Project Wycheproof's vectors for the keys that we verify with.

The vectors are not part of this repository; they are read from the shared folder beside it where there is one.
"""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.public import parse_public_key

VECTORS = Path(__file__).parents[2].parent / "shared/data/vectors/vectors.tar.xz"
FILES = {
    "ecdsa_secp256r1_sha256_test": Scheme.ECDSA_SHA256,
    "ecdsa_secp384r1_sha256_test": Scheme.ECDSA_SHA256,
    "ecdsa_secp384r1_sha384_test": Scheme.ECDSA_SHA384,
    "ecdsa_secp521r1_sha512_test": Scheme.ECDSA_SHA512,
    "ed25519_test": Scheme.ED25519,
    "rsa_signature_2048_sha256_test": Scheme.RSA_PKCS1_SHA256,
    "rsa_signature_3072_sha256_test": Scheme.RSA_PKCS1_SHA256,
    "rsa_signature_4096_sha256_test": Scheme.RSA_PKCS1_SHA256,
}
OTHER_HASHES = ["ecdsa_secp256r1_sha512_test", "ecdsa_secp384r1_sha512_test", "rsa_signature_2048_sha512_test"]

pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=f"there are no vectors at {VECTORS}")


@cache
def vectors() -> dict[str, Any]:
    with tarfile.open(VECTORS) as archive:
        wanted = [member for member in archive if member.name.startswith("wycheproof/") and member.isfile()]
        return {Path(member.name).stem: json.loads(_content(archive, member)) for member in wanted}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream.read()


def outcomes(name: str) -> list[tuple[int, str, Scheme | None]]:
    found = []
    for group in vectors()[name]["testGroups"]:
        public = parse_public_key(group["publicKeyPem"].encode())
        for case in group["tests"]:
            scheme = verify_signature(public, signature=bytes.fromhex(case["sig"]), message=bytes.fromhex(case["msg"]))
            found.append((case["tcId"], case["result"], scheme))
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_valid_signature_is_verified_and_no_other(name: str) -> None:
    wrong = [
        outcome
        for outcome in outcomes(name)
        if outcome[1] != "acceptable" and outcome[2] is not (FILES[name] if outcome[1] == "valid" else None)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", OTHER_HASHES)
def test_a_hash_that_the_key_does_not_sign_with_is_refused(name: str) -> None:
    assert {scheme for _, result, scheme in outcomes(name) if result == "valid"} == {None}
