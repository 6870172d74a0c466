"""`attest`: sign a predicate about an image and store it beside the image."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.attestation_flags import (
    add_predicate_overrides,
    add_signing_flags,
    attestation_format,
    check_signing_flags,
)
from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.fresh import add_refresh_flag
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.attach import Attestation
    from assaymark.attest.predicate import PredicateType
    from assaymark.cli.attesting import Attesting
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage

DESCRIPTION: Final = """\
Sign a predicate as an in-toto attestation about IMAGE and attach it. The predicate's exact bytes are signed; the
subject is the digest that IMAGE resolves to: of an index the index itself, or the manifest of `--platform`. `--key`
signs; without it an identity does, after what becomes public was shown and agreed to. What was attached is read back
and verified before the command ends."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--predicate", default="", metavar="FILE", help="the predicate; `-` reads stdin")
    parser.add_argument(
        "--type",
        default="custom",
        metavar="TYPE",
        help="vuln, slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, openvex, "
        "custom or a URI (default custom)",
    )
    add_switch(parser, "--no-upload", about="print the signed envelope and write nothing to the registry")
    parser.add_argument("--bundle", default="", metavar="FILE", help="write the Sigstore bundle to a file, too")
    parser.add_argument(
        "--resume",
        default="",
        metavar="FILE",
        help="finish an attestation that a service which was down left unfinished",
    )
    parser.add_argument(
        "--platform",
        default="",
        metavar="OS/ARCH",
        help="of an index, attest that platform's manifest (default the index)",
    )
    add_refresh_flag(parser, about="leave images alone that the same signer attested with this type within that time")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    add_signing_flags(parser)
    add_predicate_overrides(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.predicate import parse_predicate_type
    from assaymark.cli.attesting import Attesting
    from assaymark.cli.connections import Connections
    from assaymark.cli.files import read_input
    from assaymark.cli.images import find_image
    from assaymark.cli.signing import open_signing

    check_signing_flags(args)
    if args.resume:
        from assaymark.cli.resuming import run_resume

        return run_resume(args, console)
    if not args.predicate:
        raise UsageError(
            "no `--predicate`", hint="`assaymark image --format cosign-vuln --output vuln.json IMAGE` writes one"
        )
    if args.bundle and len(args.images) > 1:
        raise UsageError("`--bundle` writes one file, and there are several images")
    kind = parse_predicate_type(args.type)
    _check_compact(args, kind)
    connections = Connections(args, console)
    data = read_input(args.predicate, console, limit=DEFAULT_LIMITS.attestation_bytes)
    found = [find_image(text, args, console, connections.registry) for text in args.images]
    images = [_of_platform(image, args) for image in found]
    attesting = Attesting(
        kind=kind,
        data=data,
        signing=open_signing(args, console, connections),
        args=args,
        console=console,
    )
    stale = [(image, whole) for image, whole in zip(images, found, strict=True) if not _is_fresh(image, attesting)]
    # everything is checked before anything is written
    signed = [(image, attesting.sign(image, within=whole)) for image, whole in stale]
    for image, attestation in signed:
        _finish(image, attestation, attesting, args, console)
    return ExitCode.DONE


def _is_fresh(image: NamedImage, attesting: Attesting) -> bool:
    """Whether `--refresh-if-older` leaves the image alone.

    Raises:
        SigningError: it is not known who will sign.
        NetworkError: the registry cannot be asked.
    """
    seconds: float | None = attesting.args.refresh_if_older
    if seconds is None:
        return False
    from assaymark.cli.fresh import find_current_own, tell_fresh

    current = find_current_own(attesting.signing, image.place, image.subject, attesting.kind)
    return current is not None and tell_fresh(current, seconds, image.place, attesting.console)


def _of_platform(image: NamedImage, args: Namespace) -> NamedImage:
    """What is attested: what the name resolves to, or the manifest of the platform that was asked for.

    Raises:
        ArtifactError: the image is not offered for that platform.
    """
    if not args.platform:
        return image
    from assaymark.attest.platforms import choose_platforms, find_entry
    from assaymark.model.platform import parse_platform

    (entry,) = choose_platforms(image, [parse_platform(args.platform)])
    return find_entry(image, entry)


def _check_compact(args: Namespace, kind: PredicateType) -> None:
    """`--compact` knows what a vulnerability record is, and needs a place for the rest of it."""
    from assaymark.attest.predicate import VULN_TYPE

    if args.compact and kind.uri != VULN_TYPE:
        raise UsageError("`--compact` is for vulnerability records", hint="give `--type vuln`")
    if args.compact and args.no_upload:
        raise UsageError("`--compact` stores the full report beside the image, and `--no-upload` stores nothing")


def _finish(
    image: NamedImage, attestation: Attestation, attesting: Attesting, args: Namespace, console: Console
) -> None:
    from assaymark.attest.blob import check_signed
    from assaymark.attest.dsse import encode_line
    from assaymark.attest.store.attestation import AttestationFormat
    from assaymark.cli.blob_attesting import tell_kept
    from assaymark.cli.evidence_words import evidence_of
    from assaymark.cli.files import open_output

    if attestation.gathered is None:  # services' answers were verified with the signature
        check_signed(attestation)
    if args.bundle:
        with open_output(args.bundle, console, mode=0o600) as stream:
            stream.write(attestation.bundle)
    if args.no_upload:
        is_legacy = attestation_format(args) is AttestationFormat.LEGACY
        console.out_bytes((attestation.legacy if is_legacy else encode_line(attestation.envelope)) + b"\n")
        console.err(f"verified; {evidence_of(attestation, args, legacy=is_legacy).told}")
    else:
        attesting.attach(image, attestation)
    if args.bundle:
        tell_kept(console, attestation, args=args)


COMMAND: Final = Command(
    name="attest",
    summary="sign a predicate and attach it to an image",
    group="Attestations",
    configure=_configure,
    run=_run,
)
