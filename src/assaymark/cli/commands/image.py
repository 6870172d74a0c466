"""`image`: scan a container image; with `--attest` also sign, attach and verify the record."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from assaymark.cli.attestation_flags import (
    add_signing_flags,
    attestation_format,
    check_signing_flags,
    legacy_manner,
    overrides,
)
from assaymark.cli.command import Command
from assaymark.cli.database_flags import add_database_flags
from assaymark.cli.filter_flags import add_filter_flags
from assaymark.cli.flags import add_switch, add_values
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.scan_flags import add_scan_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.artifact.source import ImageRequest
    from assaymark.attest.attach import Signing
    from assaymark.cli.console import Console
    from assaymark.cli.images import Place
    from assaymark.cli.scanning import Scanning
    from assaymark.model.artifact import Image, ImageIdentity
    from assaymark.model.report import Scan

DESCRIPTION: Final = """\
Scan a container image for known vulnerabilities. IMAGE is looked for in Docker, Podman and then on its registry
(`--image-src`); `--input` takes a `docker save` archive or an OCI image layout. `--attest` signs the record with
`--key` or an identity, attaches it to the manifest that was scanned, and verifies what was attached."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", nargs="?", default="", metavar="IMAGE", help="reference of an image")
    _add_image_flags(parser)
    add_scan_flags(parser)
    add_filter_flags(parser)
    add_database_flags(parser)
    add_signing_flags(parser)
    add_network_flags(parser)


def _add_image_flags(parser: _ActionsContainer) -> None:
    group = parser.add_argument_group("Image flags")
    group.add_argument("--input", default="", metavar="PATH", help="a `docker save` archive or an OCI image layout")
    group.add_argument(
        "--platform", default="", metavar="OS/ARCH", help="which manifest of an index (default linux/amd64)"
    )
    add_values(group, "--image-src", about="where to look, in order (default: docker,containerd,podman,remote)")
    group.add_argument("--docker-host", default="", metavar="SOCKET", help="Docker's socket")
    group.add_argument("--podman-host", default="", metavar="SOCKET", help="Podman's socket")
    group.add_argument("--max-image-size", default="", metavar="SIZE", help="refuse larger images, such as 10GB")
    add_switch(group, "--attest", about="sign the record, attach it to the image, and verify what was attached")


def _run(args: Namespace, console: Console) -> int:
    from assaymark.artifact.select import open_image
    from assaymark.cli.scanning import Scanning
    from assaymark.scan import scan_image

    scanning = Scanning(args, console, "image")
    if scanning.update_only():
        return ExitCode.DONE
    request = _request(args, console, scanning)
    signing = _signing(args, console, scanning) if args.attest else None
    with ExitStack() as stack:
        source = stack.enter_context(scanning.database())
        image = stack.enter_context(open_image(request, _sources(args)))
        _tell_other_platform(image.identity, request, console)
        place = _place(image.identity, scanning) if signing is not None else None
        scan = scan_image(image, source, wanted=scanning.wanted, means=scanning.means)
        scan = scanning.with_invocation(scanning.judged(scan), platform=str(image.identity.platform or ""))
        scanning.write(scan)
        if signing is not None and place is not None:
            _attest(scan, image, place, signing, scanning)
    return scanning.exit_code(scan)


def _request(args: Namespace, console: Console, scanning: Scanning) -> ImageRequest:
    from assaymark.artifact.source import ImageRequest
    from assaymark.model.platform import parse_platform
    from assaymark.model.reference import parse_reference

    if bool(args.image) == bool(args.input):
        raise UsageError("give one image: a reference, or a path with `--input`", hint="assaymark image alpine:3.10")
    return ImageRequest(
        name=args.input or args.image,
        reference=None if args.input else parse_reference(args.image),
        input=args.input,
        platform=parse_platform(args.platform) if args.platform else None,
        registry=None if args.input else scanning.connections.registry(),
        network=None if args.input else scanning.connections.network,
        docker_host=args.docker_host,
        podman_host=args.podman_host,
        environ=console.environ,
        max_image_size=scanning.wanted.max_image_size,
        progress=console.progress,
    )


def _tell_other_platform(identity: ImageIdentity, request: ImageRequest, console: Console) -> None:
    """An image of one platform is taken whatever was asked for, as the reference does; but not in silence."""
    wanted, found = request.platform, identity.platform
    if wanted is not None and found is not None and wanted.os != "*" and not found.satisfies(wanted):
        console.warn(f"`{identity.name}` is for {found} alone, not for {wanted}")


def _sources(args: Namespace) -> tuple[str, ...]:
    """Where to look. What is attested must be what the registry has, so `--attest` asks the registry."""
    from assaymark.artifact.select import DEFAULT_SOURCES

    return tuple(args.image_src) or (("remote",) if args.attest else DEFAULT_SOURCES)


def _signing(args: Namespace, console: Console, scanning: Scanning) -> Signing:
    """The key or the services, looked at before the scan: a wrong password must not cost one."""
    from assaymark.cli.signing import open_signing

    check_signing_flags(args)
    return open_signing(args, console, scanning.connections)


def _attest(scan: Scan, image: Image, place: Place, signing: Signing, scanning: Scanning) -> None:
    from assaymark.cli.attesting import created_now, tell_attached, tell_replacing
    from assaymark.cli.resuming import telling_how_to_resume
    from assaymark.pipeline import attest_scan

    args, console = scanning.args, scanning.console
    format_ = attestation_format(args)
    tell_replacing(console, args, format_)
    with telling_how_to_resume(args, place.pinned):
        done = attest_scan(
            scan,
            image.identity,
            place.store,
            subject_name=place.name,
            signing=signing,
            format=format_,
            manner=legacy_manner(args, console.environ),
            allowed=overrides(args),
            compact=args.compact,
            created=created_now(console),
        )
    for warning in done.warnings:
        console.warn(warning)
    _tell_platform(image.identity, console)
    tell_attached(console, done.attestation, done.attached, place, args=args)


def _place(identity: ImageIdentity, scanning: Scanning) -> Place:
    """Where the attestation will go; asked before the scan, so that none is made in vain."""
    from assaymark.cli.images import Place, attachments_of, layout_place
    from assaymark.oci.layout_reader import split_input

    if identity.manifest is None:
        raise UsageError(
            f"`{identity.name}` came from `{identity.source}`, where nothing can be attached",
            hint="attest an image on a registry (`--image-src remote`), or an OCI image layout given to `--input`",
        )
    if identity.reference is not None:
        registry = scanning.connections.registry
        store = registry().repository(identity.reference)
        return Place(
            store=attachments_of(store, scanning.console, registry),
            name=identity.reference.context,
            pinned=f"{identity.reference.familiar}@{identity.manifest.digest}",
        )
    path, _ = split_input(scanning.args.input)
    return layout_place(path, identity.manifest, entry=(identity.resolved or identity.manifest).digest)


def _tell_platform(identity: ImageIdentity, console: Console) -> None:
    if identity.platforms:
        others = [str(platform) for platform in identity.platforms if platform != identity.platform]
        console.err(
            f"attested {identity.platform}, 1 of {len(identity.platforms)} platforms of the index"
            + (f"; not {', '.join(others[:8])}{' …' if len(others) > 8 else ''}" if others else "")
        )


COMMAND: Final = Command(name="image", summary="scan a container image", group=SCANNING, configure=_configure, run=_run)
