"""`assaymark.attest`: sign what is said about an image, store it beside the image, read it back and verify it.

1. What was scanned is what is attested: a `Report` goes to the manifest whose layers were read, though the name that is
   given may be that of an index. A name that means another image by now is refused (`SUBJECT_MISMATCH`).
2. Nothing is stored unless everything could be signed and verified before.
3. No scanner code is loaded for a predicate that is given as bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from assaymark.api.concealing import concealing
from assaymark.api.outside import Outside
from assaymark.api.settings import DEFAULT_SETTINGS, Settings
from assaymark.api.signing import SigningRequest, signing_from
from assaymark.api.words import one_of
from assaymark.attest.attach import Attestation, Signing, attach, image_statement, sign_with_report
from assaymark.attest.clock import creation_time
from assaymark.attest.compact import Compacted, parts_of
from assaymark.attest.image import NamedImage, at_digest, find_platform
from assaymark.attest.platforms import list_platforms
from assaymark.attest.predicate import PredicateType, parse_predicate_type, prepare_predicate
from assaymark.attest.signing import SigningChoice
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.store.legacy_store import LegacyManner
from assaymark.attest.vuln import Image, Override
from assaymark.errors import SigningError
from assaymark.model.digest import Digest
from assaymark.model.platform import parse_platform
from assaymark.net.secret import Secret

if TYPE_CHECKING:
    from assaymark.api.report import Report

Format = Literal["bundle", "legacy", "both"]
Log = Literal["auto", "public", "private", "none"]
Allowed = Literal["incomplete", "sample-db", "empty-predicate", "foreign-predicate", "subject-mismatch"]


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attestation was stored: the digest of its manifest, as a `bundle` or at the `legacy` .att tag."""

    format: str
    manifest: str


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that was signed, stored, read back and verified.

    Attributes:
        image: how to name exactly what was attested: `registry/repository@sha256:…`, or the path of a layout.
        digest: of the manifest or index that it is about.
        type: the predicate type, a URI.
        stored: where it is.
        bundle: the Sigstore bundle.
        warnings: what the signer should know, a line each.
    """

    image: str
    digest: str
    type: str
    stored: tuple[Stored, ...]
    bundle: bytes
    warnings: tuple[str, ...] = ()


def attest(
    image: str | os.PathLike[str],
    predicate: Report | bytes,
    *,
    key: str = "",
    password: str | None = None,
    identity_token: str = "",
    publish: bool = False,
    type: str = "vuln",  # noqa: A002 - the name of the flag
    platform: str = "",
    format: Format = "bundle",  # noqa: A002 - the name of the flag
    compact: bool = False,
    log: Log = "auto",
    signing_config: str | os.PathLike[str] = "",
    fulcio_url: str = "",
    rekor_url: str = "",
    timestamp_server_url: str = "",
    trusted_root: str | os.PathLike[str] = "",
    allow: Iterable[Allowed] = (),
    local: bool = False,
    settings: Settings = DEFAULT_SETTINGS,
) -> Attested:
    """Sign a predicate about an image and attach it to the image.

    Args:
        image: its reference; with `local` the path of an OCI image layout.
        predicate: a report, of which the vulnerability record is signed; or a predicate's exact bytes.
        key: reference of a private key: a file, `env://NAME`, a key management service. Without one an identity signs.
        password: opens the key; None for `COSIGN_PASSWORD`.
        identity_token: the identity, as a token or a file with one; empty for that of the CI job or workload.
        publish: agrees that the identity and the signature become public. Needed for every signature that is logged.
        type: the predicate's type: `vuln`, `cyclonedx`, `spdxjson`, `openvex`, … or a URI.
        platform: which manifest of an index, such as `linux/arm64`; empty for what was scanned, and of bytes for what
            `image` resolves to.
        format: `bundle`: stored as a Sigstore bundle; `legacy`: at the `.att` tag; `both`.
        compact: sign the findings in short, and store the full report beside the image.
        log: `auto`: an identity's signature is logged, and a key's where services are named; or `public`, `private`,
            `none`.
        signing_config: a file that names the services; empty for the mirror's.
        fulcio_url: certificate authority, together with `rekor_url`.
        rekor_url: transparency log.
        timestamp_server_url: timestamp authority.
        trusted_root: a file that says whom to believe when the result is verified; empty for the mirror's.
        allow: what may be signed all the same: `incomplete`, `sample-db`, `empty-predicate`, `foreign-predicate`,
            `subject-mismatch`.
        local: `image` is a path.
        settings: cache, network, credentials.

    Raises:
        UsageError: what was asked contradicts itself.
        SigningError: it may not or cannot be signed, with a reason.
        NetworkError: the registry or a service cannot be reached, or refuses.
    """
    outside, uri = Outside(settings), parse_predicate_type(type)
    request = SigningRequest(
        choice=SigningChoice(
            key=key,
            format=AttestationFormat(one_of(format, get_args(Format), "format")),
            log=one_of(log, get_args(Log), "log"),
            signing_config=os.fspath(signing_config),
            fulcio_url=fulcio_url,
            rekor_url=rekor_url,
            timestamp_server_url=timestamp_server_url,
        ),
        password=None if password is None else Secret(password),
        identity_token=Secret(identity_token),
        publish=publish,
        trusted_root=os.fspath(trusted_root),
    )
    overrides = frozenset(Override(f"--allow-{one_of(each, get_args(Allowed), 'override')}") for each in allow)
    with concealing(outside.redaction):
        named = outside.image(os.fspath(image), local=local)
        about, data = _chosen(named, predicate, platform)
        signing = signing_from(request, outside)
        prepared = prepare_predicate(
            uri,
            data,
            image=_known_as(about, named),
            allowed=overrides,
            now=creation_time(outside.environ, time.time),
            limits=settings.limits,
        )
        outside.warnings.extend(prepared.warnings)
        attestation = _signed(about, parts_of(prepared.data, compact=compact), uri, signing)
        return _stored(about, attestation, signing, outside, format_=request.choice.format)


def _chosen(named: NamedImage, predicate: Report | bytes, platform: str) -> tuple[NamedImage, bytes]:
    """What is attested, and what is said about it."""
    about = find_platform(named, parse_platform(platform)) if platform else named
    if isinstance(predicate, bytes):
        return about, predicate
    return _scanned(about, predicate.digest), predicate.to_bytes("cosign-vuln")


def _known_as(about: NamedImage, named: NamedImage) -> Image:
    """Which digests a record may name: of a platform its own, and the index where that was named."""
    return Image(
        name=about.pinned,
        digests=about.digests() | {entry.descriptor.digest for entry in list_platforms(about)},
        within=frozenset({named.subject.digest} - {about.subject.digest}),
    )


def _signed(about: NamedImage, parts: Compacted, kind: PredicateType, signing: Signing) -> Attestation:
    name, subject = about.place.name, about.subject
    statement = image_statement(name=name, subject=subject, predicate_type=kind, predicate=parts.predicate)
    return sign_with_report(
        signing,
        about.attachments,
        statement,
        name=name,
        subject=subject,
        predicate_type=kind,
        report=parts.report,
    )


def _stored(
    about: NamedImage, attestation: Attestation, signing: Signing, outside: Outside, *, format_: AttestationFormat
) -> Attested:
    """Rule 2's second half: stored, read back and verified."""
    limits, created = outside.settings.limits, creation_time(outside.environ, time.time)
    attached = attach(
        about.attachments, attestation, format=format_, created=created, manner=LegacyManner(), limits=limits
    )
    signing.confirm(about.attachments, attestation, attached, limits=limits)
    return Attested(
        image=about.pinned,
        digest=about.subject.digest,
        type=attestation.predicate_type.uri,
        stored=tuple(Stored(format=item.format.value, manifest=item.manifest.digest) for item in attached),
        bundle=attestation.bundle,
        warnings=outside.told,
    )


def _scanned(image: NamedImage, digest: str) -> NamedImage:
    """Rule 1."""
    if not digest:
        raise SigningError(
            "the report is not about a manifest that could be attested",
            hint="scan the image on its registry, or the OCI image layout",
            reason="SUBJECT_MISMATCH",
        )
    if digest not in {image.subject.digest, *(entry.descriptor.digest for entry in list_platforms(image))}:
        raise SigningError(
            f"the report is about {digest}, and `{image.text}` is {image.subject.digest}, which does not list it",
            hint="name the image by the digest that was scanned, or scan it again",
            reason="SUBJECT_MISMATCH",
        )
    return at_digest(image, Digest(digest))
