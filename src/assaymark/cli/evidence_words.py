"""What vouches for a signature that was just made, in words and in the flags that verify it, ours and cosign's."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import msgspec

from assaymark.attest.attach import Attestation


class EvidenceWords(msgspec.Struct, frozen=True, kw_only=True):
    """How to say it.

    Attributes:
        told: for people: `it is not in a transparency log`.
        ours, theirs: flags of `verify-attestation`.
    """

    told: str
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


def signer_words(attestation: Attestation, args: Namespace) -> list[str]:
    """The flags that name who signed; both programs have the same."""
    gathered = attestation.gathered
    if gathered is None or not gathered.certificate:
        return ["--key", _public_key(args.key)]
    from assaymark.attest.sigstore.certificate import parse_signing_certificate

    certificate = parse_signing_certificate(gathered.certificate)
    return ["--certificate-identity", certificate.identity, "--certificate-oidc-issuer", certificate.issuer]


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
    """The file that `generate-key-pair` wrote beside the private key, or a name for it."""
    path = Path(key)
    if "://" not in key and path.suffix == ".key":
        return str(path.with_suffix(".pub"))
    return "cosign.pub"
