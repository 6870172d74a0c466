"""Signing and attaching as the commands do it, and the lines that tell how to verify it."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.attest.attach import Attached, Attestation, attach, confirm, sign_attestation
from assaymark.attest.clock import creation_time
from assaymark.attest.predicate import PredicateType, prepare_predicate
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.vuln import Image, Override
from assaymark.cli.images import REPOSITORY_VARIABLE, NamedImage
from assaymark.model.descriptor import INDEX_TYPES

if TYPE_CHECKING:
    from assaymark.attest.keys.private import Signer
    from assaymark.cli.console import Console


@dataclass(frozen=True, kw_only=True)
class Attesting:
    """What is the same for every image of one command."""

    kind: PredicateType
    data: bytes
    signer: Signer
    key: str
    format: AttestationFormat
    allowed: frozenset[Override]
    console: Console

    def sign(self, image: NamedImage) -> Attestation:
        """A signed statement about `image`.

        Raises:
            SigningError: the predicate may not be signed.
        """
        predicate = prepare_predicate(
            self.kind,
            self.data,
            image=Image(name=image.text, digests=image.digests()),
            allowed=self.allowed,
            now=created_now(self.console),
        )
        for warning in predicate.warnings:
            self.console.warn(warning)
        if image.reference and not image.reference.digest:
            self.console.note(f"`{image.text}` is a tag; what is attested is {image.subject.digest}")
        if image.subject.media_type in INDEX_TYPES:
            self.console.note(f"`{image.text}` is an index; the attestation is about the index, not about one platform")
        return sign_attestation(
            name=image.name,
            subject=image.subject,
            predicate_type=self.kind,
            predicate=predicate.data,
            signer=self.signer,
        )

    def attach(self, image: NamedImage, attestation: Attestation) -> None:
        """Store it, read it back, verify it, and say how others can.

        Raises:
            NetworkError: the registry refuses.
            SigningError: what was stored cannot be verified.
        """
        store = image.attachments
        attached = attach(store, attestation, format=self.format, created=created_now(self.console))
        confirm(store, attestation, attached)
        tell_attached(self.console, attached, where=store.name, pinned=image.pinned, kind=self.kind.name, key=self.key)


def created_now(console: Console) -> str:
    """The time for annotations: `SOURCE_DATE_EPOCH` when it is set, else now."""
    return creation_time(console.environ, time.time)


def tell_attached(
    console: Console, attached: tuple[Attached, ...], *, where: str, pinned: str, kind: str, key: str
) -> None:
    """What was stored, and the exact lines that verify it with this program and with cosign 3."""
    for item in attached:
        console.err(f"attached as {item.format.value}: {where}@{item.manifest.digest}")
    public = _public_key(key)
    elsewhere = console.environ.get(REPOSITORY_VARIABLE, "")
    prefix = f"{REPOSITORY_VARIABLE}={shlex.quote(elsewhere)} " if elsewhere else ""
    local = "" if "@" in pinned else " --local-image"
    words = f"verify-attestation --key {shlex.quote(public)} --type {shlex.quote(kind)}{local}"
    console.err(
        "verified; it is not in a transparency log. To verify it again:\n"
        f"  {prefix}assaymark {words} {shlex.quote(pinned)}\n"
        f"  {prefix}cosign {words} --insecure-ignore-tlog {shlex.quote(pinned)}"
    )


def _public_key(key: str) -> str:
    """The file that `generate-key-pair` wrote beside the private key, or a name for it."""
    path = Path(key)
    if "://" not in key and path.suffix == ".key":
        return str(path.with_suffix(".pub"))
    return "cosign.pub"
