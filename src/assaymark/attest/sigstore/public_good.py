"""The public-good instance of Sigstore, from facts of ours: where trust starts, and what is trusted without a network.

`data/public-good.txt` holds names, URLs, keys, certificates and windows. Made from it are a trusted root and a signing
configuration in the forms that a mirror serves (protobuf-specs, `sigstore_trustroot.proto`: `TrustedRoot` v0.1 and
`SigningConfig` v0.2), so that one reader is enough for both, and the pin: the one version of the TUF root that a first
download starts from, and its digest.

The facts are as good as the package that carries them, and as old: `as_of` says how old.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

_DATA: Final = Path(__file__).with_name("data") / "public-good.txt"
_TRUSTED_ROOT: Final = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_SIGNING_CONFIG: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
_LOGS: Final = {"log": "tlogs", "certificate-log": "ctlogs"}
_AUTHORITIES: Final = {
    "certificate-authority": "certificateAuthorities",
    "timestamp-authority": "timestampAuthorities",
}
_ROLES: Final = {
    "certificate-authority": "caUrls",
    "identity-provider": "oidcUrls",
    "log": "rekorTlogUrls",
    "timestamp-authority": "tsaUrls",
}


class PublicGood(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the instance.

    Attributes:
        as_of: when the facts were the instance's own, in seconds since 1970.
        mirror: the URL of its TUF repository.
        root_version: the version of the TUF root that is pinned.
        root_digest: the digest of that version's file.
        trusted_root: a trusted root, JSON.
        signing_config: a signing configuration, JSON.
    """

    as_of: float
    mirror: str
    root_version: int
    root_digest: str
    trusted_root: bytes
    signing_config: bytes


class Stanza:
    """Fields of one stanza; a name may stand several times."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, str]] = []

    def add(self, name: str, value: str) -> None:
        """A further field."""
        self._fields.append((name, value))

    def extend(self, value: str) -> None:
        """A further line of the last field."""
        name, begun = self._fields.pop()
        self._fields.append((name, begun + value))

    def all(self, name: str) -> list[str]:
        """Every field of that name, in order."""
        return [value for field, value in self._fields if field == name]

    def __getitem__(self, name: str) -> str:
        """The one field of that name; `ValueError` where there are more or none."""
        (value,) = self.all(name)
        return value


@cache
def public_good() -> PublicGood:
    """The facts that this package carries."""
    return parse_facts(_DATA.read_text(encoding="ascii"))


def parse_facts(text: str) -> PublicGood:
    """What a file of facts states.

    Raises:
        ValueError: it is not in the form that the file itself describes.
    """
    stanzas = list(_stanzas(text))
    (instance,) = [stanza for stanza in stanzas if stanza["Kind"] == "instance"]
    return PublicGood(
        as_of=datetime.fromisoformat(instance["As-Of"]).timestamp(),
        mirror=instance["Mirror"],
        root_version=int(instance["Root-Version"]),
        root_digest=instance["Root-Digest"],
        trusted_root=msgspec.json.encode(_trusted_root(stanzas)),
        signing_config=msgspec.json.encode(_signing_config(stanzas)),
    )


def _stanzas(text: str) -> Iterator[Stanza]:
    for block in text.split("\n\n"):
        stanza = Stanza()
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        for line in lines:
            name, colon, value = line.partition(":")
            if line[0] == " ":
                stanza.extend(line.strip())
            elif colon:
                stanza.add(name, value.strip())
            else:
                raise ValueError(f"`{line}` is no field")
        if lines:
            yield stanza


def _trusted_root(stanzas: list[Stanza]) -> dict[str, Any]:
    """A `TrustedRoot`, in the order of the file."""
    document: dict[str, Any] = {"mediaType": _TRUSTED_ROOT}
    document |= {section: [] for section in (*_LOGS.values(), *_AUTHORITIES.values())}
    for stanza in stanzas:
        kind = stanza["Kind"]
        if kind in _LOGS:
            document[_LOGS[kind]].append(_log(stanza))
        elif kind in _AUTHORITIES:
            document[_AUTHORITIES[kind]].append(_authority(stanza))
    return document


def _log(stanza: Stanza) -> dict[str, Any]:
    key = {"rawBytes": stanza["Key"], "keyDetails": stanza["Key-Details"], "validFor": _window(stanza)}
    return {
        "baseUrl": stanza["Url"],
        "hashAlgorithm": "SHA2_256",
        "publicKey": key,
        "logId": {"keyId": stanza["Log-Id"]},
    }


def _authority(stanza: Stanza) -> dict[str, Any]:
    return {
        "subject": {"organization": stanza["Organization"], "commonName": stanza["Name"]},
        "uri": stanza["Url"],
        "certChain": {"certificates": [{"rawBytes": certificate} for certificate in stanza.all("Certificate")]},
        "validFor": _window(stanza),
    }


def _signing_config(stanzas: list[Stanza]) -> dict[str, Any]:
    """A `SigningConfig`; one log and one timestamp authority, whichever, are enough, as the instance itself says."""
    document: dict[str, Any] = {"mediaType": _SIGNING_CONFIG}
    document |= {section: [] for section in _ROLES.values()}
    for stanza in stanzas:
        if stanza["Kind"] == "service":
            document[_ROLES[stanza["Role"]]].append(_service(stanza))
    return document | {"rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}


def _service(stanza: Stanza) -> dict[str, Any]:
    return {
        "url": stanza["Url"],
        "majorApiVersion": int(stanza["Version"]),
        "validFor": _window(stanza),
        "operator": stanza["Operator"],
    }


def _window(stanza: Stanza) -> dict[str, str]:
    named = (("start", "From"), ("end", "Until"))
    return {end: value for end, field in named for value in stanza.all(field)}
