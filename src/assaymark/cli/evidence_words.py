"""What vouches for a signature that was just made, in words and in the flags that verify it, ours and cosign's."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

import msgspec

from assaymark.attest.attach import Attestation
from assaymark.attest.keys.reference import scheme_name
from assaymark.attest.keys.tokens.uri import drop_pin

_EXPORTED: Final = "cosign.pub"  # what `public-key` would be written to
_PRIVATE_ONLY: Final = frozenset({"", "env", "http", "https"})
_NOT_COSIGNS: Final = frozenset({"azurekms", "pkcs11"})
"""cosign's releases are built without PKCS#11, and those up to 3.1.2 do not verify with EC keys in a vault."""


class EvidenceWords(msgspec.Struct, frozen=True, kw_only=True):
    """How to say it.

    Attributes:
        told: for people: `it is not in a transparency log`.
        ours, theirs: flags of `verify-attestation`.
    """

    told: str
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


def signer_words(attestation: Attestation, args: Namespace) -> tuple[list[str], list[str]]:
    """The flags that name who signed, ours and cosign's."""
    gathered = attestation.gathered
    if gathered is None or not gathered.certificate:
        return ["--key", _public_key(args.key)], ["--key", _public_key_of_cosign(args.key)]
    from assaymark.attest.sigstore.certificate import parse_signing_certificate

    certificate = parse_signing_certificate(gathered.certificate)
    words = ["--certificate-identity", certificate.identity, "--certificate-oidc-issuer", certificate.issuer]
    return words, words


def evidence_of(attestation: Attestation, args: Namespace, *, legacy: bool) -> EvidenceWords:
    """What was gathered; `legacy` where the `.att` tag alone holds the attestation."""
    gathered = attestation.gathered
    entries = gathered.log_entries if gathered is not None else ()
    if legacy:
        entries = tuple(entry for entry in entries if entry.promise)[:1]
    stamps = len(gathered.timestamps) if gathered is not None else 0
    stamped = f", with {stamps} timestamp{'s' if stamps > 1 else ''}" if stamps else ""
    trusted = ("--trusted-root", args.trusted_root) if args.trusted_root and (entries or stamps) else ()
    if not entries:
        timed = ("--use-signed-timestamps",) if stamps else ()
        told = f"it is not in a transparency log{stamped}"
        # at the .att tag cosign wants the timestamp of another text, and a bundle holds only that of the signature
        theirs = ("--insecure-ignore-tlog", *(() if legacy else (*timed, *trusted)))
        return EvidenceWords(told=told, ours=(*timed, *trusted), theirs=theirs)
    places = ", ".join(str(entry.log_index) for entry in entries)
    with_key = gathered is not None and not gathered.certificate
    told = f"it is in the transparency log at index {places}{stamped}"
    return EvidenceWords(told=told, ours=(*(("--require-log",) if with_key else ()), *trusted), theirs=trusted)


def _public_key(key: str) -> str:
    """What names the public half of `key`.

    It is the file that `generate-key-pair` wrote beside a private key, the same reference where the key is kept
    elsewhere, and the name of a file where only the private half has a name.
    """
    scheme = scheme_name(key)
    if not scheme and Path(key).suffix == ".key":
        return str(Path(key).with_suffix(".pub"))
    if scheme in _PRIVATE_ONLY:
        return _EXPORTED
    return drop_pin(key) if scheme == "pkcs11" else key


def _public_key_of_cosign(key: str) -> str:
    return _EXPORTED if scheme_name(key) in _NOT_COSIGNS else _public_key(key)
