"""Keys of external programs: `NAME://KEY` is whatever the program `sigstore-kms-NAME` on PATH makes of it.

The protocol is Sigstore's, version `v1` (github.com/sigstore/sigstore, `pkg/signature/kms/cliplugin`):

1. The first argument is the version, the second one JSON: `initOptions`, `methodName`, and the method's options under
   its name. The answer is JSON on stdout; bytes are base64 in both.
2. What is signed stands on stdin, and beside it goes the digest, which is all that cosign sends when it attests: a
   program may use either. Ed25519 signs the message alone.
3. The program's stderr is the user's. Its exit code says nothing: `errorMessage` does.
4. The name is taken as it is typed, and only for references that no other scheme claims.

A program may connect to whatever it likes, so none is started where no connection may be made.
"""

from __future__ import annotations

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Any, Final

import msgspec

from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.managed import ManagedSigner, first_line, parse_managed_pem, require_network
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.keys.scheme import EVERY_OTHER, KeyContext, KeyScheme, key_schemes
from assaymark.errors import ArtifactError, LocalError, SigningError, UsageError
from assaymark.safeio.json import decode_go
from assaymark.safeio.text import printable

_VERSION: Final = "v1"
_SHA256: Final = 5  # the number of Go's crypto.SHA256
_PROGRAM: Final = "sigstore-kms-"
_CALL: Final = {"keyVersion": "", "remoteVerification": False}


def _verifier(reference: str, context: KeyContext) -> PublicKey:
    reply = _ask(reference, context, "publicKey", {"publicKeyOptions": {"rpcOptions": _CALL}})
    return parse_managed_pem(_bytes(reply, "publicKeyPEM", reference), reference=reference)


def _signer(reference: str, context: KeyContext) -> ManagedSigner:
    public = _verifier(reference, context)
    known = {Algorithm.RSA: Scheme.RSA_PKCS1_SHA256, Algorithm.ED25519: Scheme.ED25519}
    scheme = known.get(public.algorithm, Scheme.ECDSA_SHA256)

    def sign(message: bytes) -> bytes:
        digest = b2a_base64(hashlib.sha256(message).digest(), newline=False).decode()
        more = {"digest": None if scheme is Scheme.ED25519 else digest}
        order = {"signOptions": {"rpcOptions": _CALL, "messageOptions": more}}
        return _bytes(_ask(reference, context, "signMessage", order, stdin=message), "signature", reference)

    return ManagedSigner(public, sign, reference=reference, context=context, scheme=scheme)


def _create(reference: str, context: KeyContext) -> PublicKey:
    algorithm = _ask(reference, context, "defaultAlgorithm", {}).get("defaultAlgorithm")
    reply = _ask(reference, context, "createKey", {"algorithm": str(algorithm or "")})
    return parse_managed_pem(_bytes(reply, "publicKeyPEM", reference), reference=reference)


def _ask(
    reference: str, context: KeyContext, method: str, order: dict[str, Any], *, stdin: bytes = b""
) -> dict[str, Any]:
    from assaymark.safeio.process import ProgramKind, find_program, run_program

    name, _, key = reference.partition("://")
    program = _PROGRAM + name
    if find_program(ProgramKind.SIGNING_PLUGIN, program, environment=context.environment) is None:
        raise _unknown(name)
    require_network(context, f"the program `{program}`")
    options = {"protocolVersion": _VERSION, "keyResourceID": key, "hashFunc": _SHA256, "rpcOptions": _CALL}
    arguments = msgspec.json.encode({"initOptions": options, "methodName": method, method: order})
    done = run_program(
        ProgramKind.SIGNING_PLUGIN,
        program,
        (_VERSION, arguments.decode()),
        stdin=stdin,
        timeout=context.limits.signing_program_seconds,
        environment=context.environment,
        shows_errors=True,
    )
    try:
        reply = decode_go(done.stdout[: context.limits.service_reply_bytes + 1], limits=context.limits)
        said, result = reply.get("errorMessage"), reply.get(method)
    except (ArtifactError, AttributeError) as exc:
        raise LocalError(f"the program `{program}` ended with code {done.code} and no answer") from exc
    if said:
        raise SigningError(f"the program `{program}` says: {first_line(str(said))}", reason="PLUGIN_FAILED")
    return result if isinstance(result, dict) else {}


def _bytes(reply: dict[str, Any], name: str, reference: str) -> bytes:
    try:
        return a2b_base64(str(reply[name]), strict_mode=True)
    except (KeyError, Base64Error) as exc:
        text = f"the program for `{printable(reference)}` answered without `{name}`"
        raise SigningError(text, reason="PLUGIN_FAILED") from exc


def _unknown(name: str) -> UsageError:
    forms, shown = ", ".join(f"`{scheme.form}`" for scheme in key_schemes()), printable(name)
    return UsageError(
        f"keys of the scheme `{shown}` are not known, and no program `{_PROGRAM}{shown}` is on PATH",
        hint=f"these are known: {forms}",
    )


KEY_SCHEME: Final = KeyScheme(
    names=(EVERY_OTHER,),
    form="NAME://KEY (by the program sigstore-kms-NAME)",
    verifier=_verifier,
    signer=_signer,
    create=_create,
)
