"""Debian's SoftHSM: a PKCS#11 library whose tokens are files, filled here as a security officer would fill a card."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

MODULES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/libsofthsm2.so")
MODULE: Final = next((path for path in MODULES if Path(path).is_file()), "")
PIN: Final = "246813"
NEEDS_SOFTHSM: Final = pytest.mark.skipif(not MODULE, reason="SoftHSM is not installed (Debian: softhsm2)")

P256: Final = bytes.fromhex("06082a8648ce3d030107")
P384: Final = bytes.fromhex("06052b81040022")
ED25519: Final = b"\x13\x0cedwards25519"


@contextmanager
def softhsm(folder: Path) -> Iterator[None]:
    """SoftHSM's configuration and tokens in `folder`, for this process and those that it starts."""
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        yield
    finally:
        os.environ.pop("SOFTHSM2_CONF")
        if before is not None:
            os.environ["SOFTHSM2_CONF"] = before


def make_token(label: str) -> int:
    """The slot of a new token; a library that is loaded already in this process does not see it."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "13579246"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.rpartition("slot ")[2])


class Card:
    """A token in the hands of somebody who fills it."""

    def __init__(self, slot: int) -> None:
        import PyKCS11

        self._p = PyKCS11
        self._library = PyKCS11.PyKCS11Lib()
        self._library.load(MODULE)
        self.session = self._library.openSession(slot, PyKCS11.CKF_RW_SESSION | PyKCS11.CKF_SERIAL_SESSION)
        self.session.login(PIN)

    def close(self) -> None:
        """Take the card out of our hands."""
        self.session.logout()
        self.session.closeSession()

    def ec(self, label: str, id_: bytes, *, curve: bytes = P256, public: bool = True, **private: bool) -> None:
        """Make an EC key; attributes such as `CKA_SIGN=False` are the private half's."""
        kind = self._p.CKK_EC
        mechanism = self._p.Mechanism(self._p.CKM_EC_KEY_PAIR_GEN)
        if curve == ED25519:
            kind, mechanism = self._p.CKK_EC_EDWARDS, self._p.Mechanism(self._p.CKM_EC_EDWARDS_KEY_PAIR_GEN)
        own = [(self._p.CKA_EC_PARAMS, curve), (self._p.CKA_KEY_TYPE, kind)]
        self._generate(label, id_, own, mechanism, public=public, private=private)

    def rsa(self, label: str, id_: bytes, *, public: bool = True, bits: int = 2048) -> None:
        """Make an RSA key."""
        own = [(self._p.CKA_MODULUS_BITS, bits), (self._p.CKA_PUBLIC_EXPONENT, b"\1\0\1")]
        self._generate(label, id_, own, self._p.MechanismRSAGENERATEKEYPAIR, public=public, private={})

    def certificate(self, label: str, id_: bytes, der: bytes) -> None:
        """Store a certificate."""
        p = self._p
        template = [
            (p.CKA_CLASS, p.CKO_CERTIFICATE), (p.CKA_TOKEN, True), (p.CKA_CERTIFICATE_TYPE, p.CKC_X_509),
            (p.CKA_LABEL, label), (p.CKA_ID, id_), (p.CKA_VALUE, der), (p.CKA_SUBJECT, b"\x30\0"), (p.CKA_PRIVATE, False),
        ]  # fmt: skip
        self.session.createObject(template)

    def _generate(
        self, label: str, id_: bytes, own: list[Any], mechanism: Any, *, public: bool, private: dict[str, bool]
    ) -> None:
        p = self._p
        common = [(p.CKA_TOKEN, True), (p.CKA_LABEL, label), (p.CKA_ID, id_)]
        asked = {"CKA_SIGN": True, "CKA_PRIVATE": True, "CKA_SENSITIVE": True, **private}
        secret = [(getattr(p, name), p.CK_TRUE if value else p.CK_FALSE) for name, value in asked.items()]
        shown = [*common, *own, (p.CKA_VERIFY, p.CK_TRUE), (p.CKA_PRIVATE, p.CK_FALSE)]
        handle, _ = self.session.generateKeyPair(shown, [*common, *secret], mechanism)
        if not public:
            self.session.destroyObject(handle)
