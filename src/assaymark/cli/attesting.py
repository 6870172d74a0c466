"""Signing and attaching as the commands do it, and the lines that tell how to verify it."""

from __future__ import annotations

import shlex
import time
from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assaymark.attest.attach import Attached, Attestation, Signing, image_statement, sign_with_report
from assaymark.attest.clock import creation_time
from assaymark.attest.compact import describe_report, parts_of
from assaymark.attest.platforms import list_platforms
from assaymark.attest.predicate import PredicateType, prepare_predicate
from assaymark.attest.replacing import store_attestation
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.store.removal import Removal
from assaymark.attest.vuln import Image
from assaymark.cli.attestation_flags import attestation_format, legacy_manner, overrides
from assaymark.cli.evidence_words import evidence_of, signer_words
from assaymark.cli.images import REPOSITORY_VARIABLE, NamedImage, Place
from assaymark.cli.registry_words import registry_words, registry_words_of_cosign
from assaymark.cli.resuming import telling_how_to_resume
from assaymark.limits import MIB

if TYPE_CHECKING:
    from assaymark.cli.console import Console

_VERIFY: Final = "verify-attestation"


@dataclass(frozen=True, kw_only=True)
class Attesting:
    """What is the same for every image of one command."""

    kind: PredicateType
    data: bytes
    signing: Signing
    args: Namespace
    console: Console

    def sign(self, image: NamedImage, *, within: NamedImage | None = None) -> Attestation:
        """A signed statement about `image`.

        Args:
            image: what is attested.
            within: the index that it is a platform of, where it was named by that.

        Raises:
            SigningError: it may not or cannot be signed.
            NetworkError: a service cannot be reached.
        """
        predicate = prepare_predicate(
            self.kind,
            self.data,
            image=Image(
                name=image.pinned,
                digests=image.digests() | {entry.descriptor.digest for entry in list_platforms(image)},
                within=frozenset({within.subject.digest} - {image.subject.digest}) if within else frozenset(),
            ),
            allowed=overrides(self.args),
            now=created_now(self.console),
        )
        for warning in predicate.warnings:
            self.console.warn(warning)
        if image.reference and not image.reference.digest:
            self.console.note(f"`{image.text}` is a tag; what is attested is {image.subject.digest}")
        if image.is_index:
            self.console.note(
                f"`{image.text}` is an index; the attestation is about the index, not about one platform, "
                "whose manifest `--platform` names"
            )
        name, subject = image.place.name, image.subject
        parts = parts_of(predicate.data, compact=self.args.compact)
        statement = image_statement(name=name, subject=subject, predicate_type=self.kind, predicate=parts.predicate)
        with telling_how_to_resume(self.args, image.pinned):
            return sign_with_report(
                self.signing,
                image.attachments,
                statement,
                name=name,
                subject=subject,
                predicate_type=self.kind,
                report=parts.report,
            )

    def attach(self, image: NamedImage, attestation: Attestation) -> None:
        """Store it, read it back, verify it, and say how others can.

        Raises:
            NetworkError: the registry refuses.
            SigningError: what was stored cannot be verified.
        """
        attach_signed(image, attestation, self.signing, args=self.args, console=self.console)


def attach_signed(
    image: NamedImage, attestation: Attestation, signing: Signing, *, args: Namespace, console: Console
) -> None:
    """Store an attestation, read it back, verify it, and say how others can.

    Raises:
        NetworkError: the registry refuses.
        SigningError: what was stored cannot be verified.
    """
    store = image.attachments
    stored = store_attestation(
        signing,
        store,
        attestation,
        format=attestation_format(args),
        created=created_now(console),
        replace=args.replace,
        manner=legacy_manner(console.environ),
    )
    tell_attached(console, attestation, stored.attached, image.place, args=args)
    tell_replaced(console, stored.replaced)


def created_now(console: Console) -> str:
    """The time for annotations: `SOURCE_DATE_EPOCH` when it is set, else now."""
    return creation_time(console.environ, time.time)


def tell_replaced(console: Console, replaced: Removal) -> None:
    """What `--replace` removed; that a registry would not is no failure, because the newest counts."""
    if replaced.removed:
        count = len(replaced.removed)
        console.err(f"replaced {count} older attestation{'s' if count > 1 else ''} of the same signer and type")
    for refused in replaced.refused:
        stays = "is no longer listed, but stays" if refused.unlisted else "stays, and the newer one counts"
        console.warn(f"the older attestation `{refused.manifest}` {stays}: {refused.message}")


def tell_attached(
    console: Console, attestation: Attestation, attached: tuple[Attached, ...], place: Place, *, args: Namespace
) -> None:
    """What was stored, and the exact lines that verify it with this program and with cosign 3."""
    if attestation.report:
        named = describe_report(attestation.report)
        console.err(f"full report: {place.store.name}@{named.digest}, {named.size / MIB:.1f} MiB")
    for item in attached:
        console.err(f"attached as {item.format.value}: {place.store.name}@{item.manifest.digest}")
    has_legacy = any(item.format is AttestationFormat.LEGACY for item in attached)
    if attestation.gaps and has_legacy:
        console.warn(f"the `.att` tag cannot hold {' and '.join(attestation.gaps)}")
    elsewhere = "" if place.local else console.environ.get(REPOSITORY_VARIABLE, "")
    prefix = f"{REPOSITORY_VARIABLE}={shlex.quote(elsewhere)} " if elsewhere else ""
    signer, signer_of_cosign = signer_words(attestation, args)
    words = ["--type", attestation.predicate_type.name, *(["--local-image"] if place.local else [])]
    evidence = evidence_of(attestation, args, legacy=all(item.format is AttestationFormat.LEGACY for item in attached))
    ours, theirs = ([], []) if place.local else (registry_words(args), registry_words_of_cosign(args))
    if all(item.format is AttestationFormat.LEGACY for item in attached):
        theirs.append("--new-bundle-format=false")  # cosign 3 looks at the .att tag only where there is no bundle
    lines = [f"{prefix}assaymark {shlex.join([_VERIFY, *signer, *words, *evidence.ours, *ours, place.pinned])}"]
    if place.known_to_cosign:
        words = [_VERIFY, *signer_of_cosign, *words]
        lines.append(f"{prefix}cosign {shlex.join([*words, *evidence.theirs, *theirs, place.pinned])}")
    told = "\n".join(f"  {line}" for line in lines)
    console.err(f"verified; {evidence.told}. To verify it again:\n{told}")
    if not place.known_to_cosign:
        console.note("cosign verifies an image in a layout only where it is the only one and no index")
