"""What can be attested: the values of `--type`, and how a file becomes a predicate.

| `--type` | predicate type | the predicate is |
|---|---|---|
| `custom` | `https://cosign.sigstore.dev/attestation/v1` | `{"Data": the file as text, "Timestamp": now}` |
| `vuln` | `https://cosign.sigstore.dev/attestation/vuln/v1` | the vulnerability record (`assaymark.attest.vuln`) |
| `slsaprovenance`, `slsaprovenance02` | `https://slsa.dev/provenance/v0.2` | the object in the file |
| `slsaprovenance1` | `https://slsa.dev/provenance/v1` | the object in the file |
| `spdx` | `https://spdx.dev/Document` | the file as a JSON string |
| `spdxjson` | `https://spdx.dev/Document` | the object in the file |
| `cyclonedx` | `https://cyclonedx.org/bom` | the object in the file |
| `link` | `https://in-toto.io/Link/v1` | the object in the file, which has the members of a link |
| `openvex` | `https://openvex.dev/ns` | the object in the file |
| a URI | itself | the object in the file |

The names and URIs are cosign's. Objects are signed byte for byte; they must be JSON that can be read in one way only.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.vuln import WRITING, Image, Override, check_record, decode_record
from assaymark.errors import ArtifactError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.json import decode_strict

VULN_TYPE: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"


class Shape(Enum):
    """What a file becomes, and what a predicate of the type must be."""

    OBJECT = "an object"
    TEXT = "the file as a string"
    CUSTOM = "the file as a string, and a time"
    LINK = "an in-toto link"
    VULN = "a vulnerability record"


class PredicateType(msgspec.Struct, frozen=True, kw_only=True):
    """One value of `--type`."""

    name: str
    uri: str
    shape: Shape = Shape.OBJECT


class Predicate(msgspec.Struct, frozen=True, kw_only=True):
    """A predicate that may be signed.

    Attributes:
        data: the exact bytes.
        warnings: what the signer should know, a line each.
    """

    data: bytes
    warnings: tuple[str, ...] = ()


PREDICATE_TYPES: Final = (
    PredicateType(name="custom", uri="https://cosign.sigstore.dev/attestation/v1", shape=Shape.CUSTOM),
    PredicateType(name="vuln", uri=VULN_TYPE, shape=Shape.VULN),
    PredicateType(name="slsaprovenance", uri="https://slsa.dev/provenance/v0.2"),
    PredicateType(name="slsaprovenance02", uri="https://slsa.dev/provenance/v0.2"),
    PredicateType(name="slsaprovenance1", uri="https://slsa.dev/provenance/v1"),
    PredicateType(name="spdx", uri="https://spdx.dev/Document", shape=Shape.TEXT),
    PredicateType(name="spdxjson", uri="https://spdx.dev/Document"),
    PredicateType(name="cyclonedx", uri="https://cyclonedx.org/bom"),
    PredicateType(name="link", uri="https://in-toto.io/Link/v1", shape=Shape.LINK),
    PredicateType(name="openvex", uri="https://openvex.dev/ns"),
)
_BY_NAME: Final = {kind.name: kind for kind in PREDICATE_TYPES}
_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]+|/[^\s\x00-\x1f\x7f]*)\Z")
_LINK_MEMBERS: Final = ("_type", "name", "materials", "products", "byproducts", "command", "environment")


def find_predicate_type(text: str) -> PredicateType:
    """The type that `text` names; anything but a name is compared with the statement's type as it stands."""
    return _BY_NAME.get(text) or PredicateType(name=text, uri=text)


def parse_predicate_type(text: str) -> PredicateType:
    """The type to attest with.

    Raises:
        UsageError: neither a name nor a URI.
    """
    kind = find_predicate_type(text)
    if kind.name not in _BY_NAME and not _URI.match(text):
        names = ", ".join(_BY_NAME)
        raise UsageError(f"`{text}` is not a predicate type", hint=f"give a URI or one of: {names}")
    return kind


def prepare_predicate(
    kind: PredicateType,
    data: bytes,
    *,
    image: Image | None = None,
    allowed: frozenset[Override] = frozenset(),
    now: str,
    limits: Limits = DEFAULT_LIMITS,
) -> Predicate:
    """The predicate of type `kind` that the file `data` becomes.

    Args:
        kind: the type.
        data: the file's content.
        image: what a vulnerability record must not contradict; None where there is nothing to compare with.
        allowed: what the user lets pass.
        now: RFC 3339, for `custom`.
        limits: the bounds.

    Raises:
        SigningError: the file is no such predicate, with the reason.
    """
    if len(data) > limits.attestation_bytes:
        raise SigningError(f"the predicate has {len(data)} bytes, more than {limits.attestation_bytes}")
    if kind.shape is Shape.CUSTOM:
        text = data.decode("utf-8", errors="replace")
        return Predicate(data=msgspec.json.encode({"Data": text, "Timestamp": now}))
    if kind.shape is Shape.TEXT:
        warning = "cosign 3 cannot verify a predicate that is a string: `spdxjson` works everywhere"
        return Predicate(data=msgspec.json.encode(data.decode("utf-8", errors="replace")), warnings=(warning,))
    if not data.strip():
        hint = WRITING if kind.shape is Shape.VULN else ""
        raise SigningError("the predicate is empty: there is nothing in the file", hint=hint, reason="PREDICATE_EMPTY")
    document = _decode(data, limits)
    if kind.shape is Shape.VULN:
        return Predicate(data=data, warnings=check_record(document, data, image=image, allowed=allowed))
    if not isinstance(document, dict):
        raise SigningError("the predicate is not a JSON object", reason="PREDICATE_MALFORMED")
    missing = [f"`{member}`" for member in _LINK_MEMBERS if member not in document]
    if kind.shape is Shape.LINK and missing:
        raise SigningError(f"the predicate is no link: {', '.join(missing)} missing", reason="PREDICATE_MALFORMED")
    return Predicate(data=data)


def check_predicate(kind: PredicateType, predicate: bytes) -> None:
    """Raise `ValueError` where a verified statement's predicate is not what its type promises.

    A vulnerability record is looked into only when it was asked for by name, as cosign does.
    """
    if kind.shape is Shape.VULN:
        decode_record(predicate)
    elif kind.shape is not Shape.TEXT and not predicate.startswith(b"{"):
        raise ValueError("the predicate is not an object")


def _decode(data: bytes, limits: Limits) -> object:
    try:
        return decode_strict(data, limits=limits, what="predicate")
    except ArtifactError as exc:
        raise SigningError(str(exc), reason="PREDICATE_MALFORMED") from exc
