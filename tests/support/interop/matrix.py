"""What is combined: who signs, with what, how it is stored, and what proves when.

sigstore-python signs with identities only and knows neither registries nor the `.att` tag: its bundles are stored by
us, and it verifies what `download attestation` prints.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from tests.support.sigstore.log import Generation


class Program(StrEnum):
    """Who signs and who verifies."""

    ASSAYMARK = "assaymark"
    COSIGN = "cosign"
    SIGSTORE = "sigstore-python"


AT_HAND: Final = tuple(
    program
    for program, found in {
        Program.ASSAYMARK: True,
        Program.COSIGN: shutil.which("cosign") is not None,
        Program.SIGSTORE: importlib.util.find_spec("sigstore") is not None,
    }.items()
    if found
)
"""The programs on this machine."""


class Material(StrEnum):
    """What signs."""

    P256 = "key P-256"
    RSA = "key RSA"
    KEYLESS = "keyless"


class Format(StrEnum):
    """How it is stored."""

    BUNDLE = "bundle"
    LEGACY = "legacy"


class Evidence(StrEnum):
    """Which services vouch for the signature besides a certificate authority."""

    V1 = "Rekor v1"
    V2 = "Rekor v2"
    V1_TSA = "Rekor v1 + TSA"
    V2_TSA = "Rekor v2 + TSA"
    TSA = "TSA"
    NONE = "none"

    @property
    def logs(self) -> tuple[Generation, ...]:
        """The log, if there is one."""
        name = self.value.partition(" + ")[0]
        return {"Rekor v1": (Generation.V1,), "Rekor v2": (Generation.V2,)}.get(name, ())

    @property
    def timestamps(self) -> bool:
        """Whether a timestamp authority stamps."""
        return "TSA" in self.value


class Storage(StrEnum):
    """How a registry finds what belongs to an image."""

    FALLBACK = "fallback tag"
    REFERRERS = "referrers API"


class Signing(NamedTuple):
    """One way of signing."""

    signer: Program
    material: Material
    format: Format
    evidence: Evidence

    @property
    def keyless(self) -> bool:
        return self.material is Material.KEYLESS

    @property
    def slug(self) -> str:
        """As a part of a repository's name."""
        return "-".join(self).lower().replace(" + ", "-").replace(" ", "-")


def signings() -> Iterator[Signing]:
    """Every way that a program has a word for."""
    for signer in Program:
        for material in Material:
            for format_ in Format:
                if signer is Program.SIGSTORE and (material is not Material.KEYLESS or format_ is Format.LEGACY):
                    continue
                for evidence in Evidence:
                    yield Signing(signer, material, format_, evidence)
