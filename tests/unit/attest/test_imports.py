"""What verification loads: milliseconds are noisy, modules are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "src"
IMPORTS = "import assaymark.attest.attach, assaymark.attest.keys.reference, assaymark.attest.keys.importing"
VERIFY = """
from assaymark.attest.keys.public import parse_public_key
from assaymark.attest.keys.algorithms import verify_signature
import binascii
pem = b'''-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMy8vdoU0nK6yVqot+58wHJ+mYMjP
7Yif9pxH9K/pGMaBzRwGHyNHsAHf/aJLXnasSuEZiulW9c7I0Jq3NNHSXQ==
-----END PUBLIC KEY-----
'''
assert verify_signature(parse_public_key(pem), signature=binascii.unhexlify('3006020101020101'), message=b'') is None
"""


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        pytest.param(
            IMPORTS,
            {"cryptography", "nacl", "urllib3", "rich", "yaml", "assaymark.scan", "assaymark.net.http", "subprocess"},
            id="importing everything",
        ),
        pytest.param(
            VERIFY,
            {"nacl", "urllib3", "cryptography.hazmat.primitives.serialization", "cryptography.x509"},
            id="verifying with a key on P-256",
        ),
    ],
)
def test_what_is_not_needed_is_not_loaded(program: str, absent: set[str]) -> None:
    script = f"import sys\nsys.path.insert(0, {str(SOURCES)!r})\n{program}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert absent & set(done.stdout.split()) == set()
