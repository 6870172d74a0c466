"""SBOMs inside in-toto attestations (in-toto/attestation v1, secure-systems-lab/dsse v1.0.2, sigstore_bundle.proto).

Read, and nothing of it believed: a statement as it is, a DSSE envelope around one, a Sigstore bundle around that, and
several of these, one a line, as `cosign download attestation` prints them. Rules:

1. A bundle has `dsseEnvelope`, an envelope `payloadType` and `payload`, a statement `predicateType` and `predicate`,
   spelled so to the letter.
2. An SBOM is the predicate of a statement whose type is CycloneDX's or SPDX's, in any edition. Cosign 1 put it under
   `Data` of the predicate, and `--type spdx` makes it a string.
3. Of several the first counts. Other attestations are passed over; where there are only such, the file is none of ours.
4. What stands in an SBOM's place is not unwrapped once more.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go_as

UNSUPPORTED: Final = "UNSUPPORTED_SBOM"
"""Reason code for attestations that hold no SBOM."""

_IN_TOTO: Final = "application/vnd.in-toto+json"
_MARKS: Final = (b'"payloadType"', b'"predicateType"')
_TYPES: Final = ("https://cyclonedx.org/bom", "https://cyclonedx.org/schema", "https://spdx.dev/Document")
_NOTHING: Final = msgspec.Raw(b"")
_SHOWN: Final = 100


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a bundle, an envelope and a statement, and what is in them."""

    bundled: msgspec.Raw = msgspec.field(name="dsseEnvelope", default=_NOTHING)
    payload_type: str = msgspec.field(name="payloadType", default="")
    payload: str = ""
    predicate_type: str = msgspec.field(name="predicateType", default="")
    predicate: msgspec.Raw = _NOTHING


class _Wrapped(msgspec.Struct, frozen=True):
    """The predicate of Cosign 1."""

    data: msgspec.Raw = msgspec.field(name="Data", default=_NOTHING)


_HEAD: Final = msgspec.json.Decoder(_Head)
_WRAPPED: Final = msgspec.json.Decoder(_Wrapped)
_TEXT: Final = msgspec.json.Decoder(str)


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """One attestation of an SBOM, unverified.

    Attributes:
        line: the attestation itself: what is verified.
        is_signed: whether there is an envelope around the statement, which has room for signatures.
        predicate_type: what it claims to hold.
        sbom: the SBOM's bytes.
    """

    line: bytes
    is_signed: bool
    predicate_type: str
    sbom: bytes


def is_sbom_type(predicate_type: str) -> bool:
    """Whether statements of this type hold an SBOM."""
    return any(predicate_type == each or predicate_type.startswith(f"{each}/") for each in _TYPES)


def find_attested(data: bytes, *, limits: Limits, what: str) -> tuple[Attested, ...]:
    """The attestations of SBOMs that a file consists of, in its order; none where it is something else.

    Raises:
        ArtifactError: it holds attestations, but none of an SBOM, or one that is malformed.
        LimitError: there are too many, or one is too large or too deep.
    """
    if not any(mark in data for mark in _MARKS):
        return ()
    found = list(_attestations(data, limits, what))
    sboms = tuple(each for each in found if is_sbom_type(each.predicate_type))
    if found and not sboms:
        raise ArtifactError(
            f"`{what}` is an attestation of `{found[0].predicate_type[:_SHOWN]}`, which is no SBOM",
            hint="attestations of `https://cyclonedx.org/bom` and `https://spdx.dev/Document` are read",
            reason=UNSUPPORTED,
        )
    return sboms


def unwrapped(data: bytes, *, limits: Limits, what: str) -> bytes:
    """The SBOM in an attestation; a file that is none as it is.

    Raises:
        ArtifactError: an attestation holds no SBOM, or is malformed.
        LimitError: it is too large or too deep, or there are too many.
    """
    found = find_attested(data, limits=limits, what=what)
    return found[0].sbom if found else data


def read_sbom_predicate(predicate: bytes, *, limits: Limits, what: str) -> bytes:
    """The SBOM that a predicate is, or holds: rule 2.

    Raises:
        ArtifactError: it is no JSON.
        LimitError: it is too large or too deep.
    """
    inner = predicate
    if predicate.lstrip().startswith(b"{"):
        inner = bytes(decode_go_as(predicate, _WRAPPED, limits=limits, what=what).data) or predicate
    if not inner.lstrip().startswith(b'"'):
        return inner
    return decode_go_as(inner, _TEXT, limits=limits, what=what).encode("utf-8", "replace")


def _attestations(data: bytes, limits: Limits, what: str) -> Iterator[Attested]:
    """Rule 1, of all of the file or of each line."""
    whole = _find_head(data, limits)
    if whole is not None:
        yield from _opened(whole, data, limits, what)
        return
    lines = [line for line in data.split(b"\n", limits.sbom_statements + 1) if line.strip()]
    if len(lines) < 2 or _find_head(lines[0], limits) is None:
        return
    if len(lines) > limits.sbom_statements:
        raise LimitError(f"`{what}` has more than the {limits.sbom_statements} lines that are read of attestations")
    for line in lines:
        yield from _opened(decode_go_as(line, _HEAD, limits=limits, what=what), line, limits, what)


def _find_head(data: bytes, limits: Limits) -> _Head | None:
    """None for what is no JSON, or not all of it: whoever reads SBOMs says what is wrong with it."""
    try:
        return decode_go_as(data, _HEAD, limits=limits)
    except ArtifactError:
        return None


def _opened(head: _Head, line: bytes, limits: Limits, what: str) -> Iterator[Attested]:
    """What the layers around a statement lead to; nothing where one of them is something else."""
    if head.bundled != _NOTHING:
        head = decode_go_as(bytes(head.bundled), _HEAD, limits=limits, what=f"{what}: dsseEnvelope")
    is_signed = bool(head.payload_type)
    if is_signed:
        head = decode_go_as(_payload(head, what), _HEAD, limits=limits, what=f"{what}: payload")
    if head.predicate_type:
        sbom = b""
        if is_sbom_type(head.predicate_type):
            sbom = read_sbom_predicate(bytes(head.predicate), limits=limits, what=f"{what}: predicate")
        yield Attested(line=line, is_signed=is_signed, predicate_type=head.predicate_type, sbom=sbom)


def _payload(head: _Head, what: str) -> bytes:
    if head.payload_type != _IN_TOTO:
        raise ArtifactError(
            f"`{what}` is an envelope of `{head.payload_type[:_SHOWN]}`, not of a statement",
            hint=f"attestations hold `{_IN_TOTO}`",
        )
    try:
        return b64decode(head.payload.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ArtifactError(f"`{what}` is an envelope whose payload is no base64: {exc}") from exc
