"""Keys of external programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from tests.support.kms_program import NAME, place_program

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import LocalError, OfflineError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, signing_program_seconds=0.5)


def context(folder: Path, *, offline: bool = False, patient: bool = True, **more: str) -> KeyContext:
    environment: Mapping[str, str] = {"PATH": f"{folder}:{os.environ['PATH']}", **more}
    return KeyContext(
        environment=environment,
        network=NoNetwork() if offline else Http(),
        limits=DEFAULT_LIMITS if patient else LIMITS,
    )


def test_a_key_is_made_and_signs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place_program(tmp_path)
    reference = f"{NAME}://{tmp_path}/key.pem"
    made = create_key(reference, context(tmp_path))
    signer = load_signer(reference, context(tmp_path))
    signature = signer.sign(b"message" * 50_000)
    assert verify_signature(made, signature=signature, message=b"message" * 50_000) is Scheme.ECDSA_SHA256
    assert load_public_key(reference, context(tmp_path)) == signer.public == made
    said = capfd.readouterr()
    methods = ("defaultAlgorithm", "createKey", "publicKey", "signMessage", "publicKey")
    assert (said.out, said.err.splitlines()) == ("", [f"filekeys: {method}" for method in methods])


def test_what_the_program_is_asked(tmp_path: Path) -> None:
    place_program(tmp_path, f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked; echo "{{}}"\n', name="My.hsm-2")
    with pytest.raises(SigningError, match="answered without `publicKeyPEM`"):
        load_public_key("My.hsm-2://slot/1?pin=2://x", context(tmp_path))
    version, call = (tmp_path / "asked").read_text().splitlines()
    rpc = {"keyVersion": "", "remoteVerification": False}
    assert (version, msgspec.json.decode(call)) == (
        "v1",
        {
            "initOptions": {
                "protocolVersion": "v1",
                "keyResourceID": "slot/1?pin=2://x",
                "hashFunc": 5,
                "rpcOptions": rpc,
            },
            "methodName": "publicKey",
            "publicKey": {"publicKeyOptions": {"rpcOptions": rpc}},
        },
    )


def test_what_the_program_says_went_wrong(tmp_path: Path) -> None:
    place_program(tmp_path)
    with pytest.raises(SigningError) as caught:
        load_public_key(f"{NAME}://{tmp_path}/none", context(tmp_path))
    assert caught.value.reason == "PLUGIN_FAILED"
    assert str(caught.value).startswith("the program `sigstore-kms-filekeys` says: ")
    assert "there is no key" in str(caught.value)


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        ("exit 3", LocalError, "ended with code 3 and no answer"),
        ("echo hello", LocalError, "no answer"),
        ("echo '[]'", LocalError, "no answer"),
        ("echo '{\"publicKey\": 1}'", SigningError, "answered without `publicKeyPEM`"),
        ('echo \'{"publicKey": {"publicKeyPEM": "?"}}\'', SigningError, "answered without `publicKeyPEM`"),
        ('echo \'{"publicKey": {"publicKeyPEM": "eA=="}}\'', SigningError, "is not accepted"),
        (r"""printf '%s' '{"errorMessage": "a\u001bb\nc"}'""", SigningError, r"says: a\\x1bb$"),
        ("sleep 5", LocalError, "did not end within"),
        ("head -c 2000000 /dev/zero", LocalError, "no answer"),
    ],
)
def test_programs_that_do_not_answer(tmp_path: Path, script: str, error: type[Exception], told: str) -> None:
    place_program(tmp_path, f"#!/bin/sh\n{script}\n", name="odd")
    with pytest.raises(error, match=told):
        load_public_key("odd://key", context(tmp_path, patient=False))


def test_a_program_that_signs_something_else(tmp_path: Path) -> None:
    place_program(tmp_path)
    reference = f"{NAME}://{tmp_path}/key.pem"
    create_key(reference, context(tmp_path))
    signer = load_signer(reference, context(tmp_path))
    create_key(reference, context(tmp_path))
    with pytest.raises(SigningError, match="does not verify with its own public key"):
        signer.sign(b"message")


def test_no_such_program(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no program `sigstore-kms-nosuch` is on PATH") as caught:
        load_signer("nosuch://key", context(tmp_path))
    assert "`NAME://KEY (by the program sigstore-kms-NAME)`" in caught.value.hint


def test_offline_none_is_started(tmp_path: Path) -> None:
    place_program(tmp_path, f"#!/bin/sh\ntouch {tmp_path}/started\n", name="odd")
    with pytest.raises(OfflineError, match="the program `sigstore-kms-odd` makes connections of its own"):
        load_signer("odd://key", context(tmp_path, offline=True))
    assert not (tmp_path / "started").exists()
