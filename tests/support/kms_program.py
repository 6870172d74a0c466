"""A signing program `sigstore-kms-NAME` that keeps P-256 keys in files: written into a folder, to be put on PATH."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

NAME: Final = "filekeys"

_PROGRAM: Final = '''\
#!{python}
"""NAME://PATH: the key stands in a file; methods of Sigstore's plug-in protocol, version v1."""
import base64, hashlib, json, pathlib, sys
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives import hashes, serialization as s


def pem(key):
    text = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    return {{"publicKeyPEM": base64.b64encode(text).decode()}}


def answer(call, data):
    path, method = pathlib.Path(call["initOptions"]["keyResourceID"]), call["methodName"]
    order = call[method]
    if method == "defaultAlgorithm":
        return {{"defaultAlgorithm": "ecdsa-p256-sha256"}}
    if method == "supportedAlgorithms":
        return {{"supportedAlgorithms": ["ecdsa-p256-sha256"]}}
    if method == "createKey":
        assert order["algorithm"] == "ecdsa-p256-sha256", "unknown algorithm"
        key = ec.generate_private_key(ec.SECP256R1())
        path.write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
        return pem(key)
    if not path.exists():
        raise KeyError(f"there is no key {{path}}\\nsecond line")
    key = s.load_pem_private_key(path.read_bytes(), None)
    if method == "publicKey":
        return pem(key)
    if method == "signMessage":
        options = order["signOptions"]["messageOptions"]
        assert data or options.get("digest"), "there is nothing to sign"
        if options.get("digest"):  # cosign sends it alone, we the message too
            assert options.get("hashFunc", call["initOptions"]["hashFunc"]) == 5, "unknown hash"
            digest = base64.b64decode(options["digest"])
            assert not data or hashlib.sha256(data).digest() == digest, "not the message's digest"
            signature = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        else:
            signature = key.sign(data, ec.ECDSA(hashes.SHA256()))
        return {{"signature": base64.b64encode(signature).decode()}}
    key.public_key().verify(base64.b64decode(order["signature"]), data, ec.ECDSA(hashes.SHA256()))
    return {{}}


assert sys.argv[1] == "v1"
call = json.loads(sys.argv[2])
print("filekeys:", call["methodName"], file=sys.stderr)
try:
    print(json.dumps({{call["methodName"]: answer(call, sys.stdin.buffer.read())}}))
except Exception as exc:
    print(json.dumps({{"errorMessage": str(exc)}}))
    sys.exit(1)
'''


def place_program(folder: Path, text: str = _PROGRAM, *, name: str = NAME) -> Path:
    """Write `sigstore-kms-NAME`; `{python}` in its text becomes this interpreter."""
    program = folder / f"sigstore-kms-{name}"
    program.write_text(text.format(python=sys.executable) if text is _PROGRAM else text)
    program.chmod(0o755)
    return program
