"""`image`: scan a container image; with `--attest` also sign, attach and verify the record."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Final

from assaymark.cli.attestation_flags import add_signing_flags, check_signing_flags
from assaymark.cli.command import Command
from assaymark.cli.database_flags import add_database_flags
from assaymark.cli.filter_flags import add_filter_flags
from assaymark.cli.flags import add_switch, add_values
from assaymark.cli.fresh import add_refresh_flag
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.sbom_flags import add_sbom_source_flags, check_sbom_source_flags
from assaymark.cli.scan_flags import add_scan_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.artifact.source import ImageRequest
    from assaymark.cli.console import Console
    from assaymark.cli.image_attesting import ImageAttesting
    from assaymark.cli.scanning import Scanning
    from assaymark.model.platform import Platform

DESCRIPTION: Final = """\
Scan a container image for known vulnerabilities. IMAGE is looked for in Docker, Podman and then on its registry
(`--image-src`); `--input` takes a `docker save` archive or an OCI image layout. `--attest` signs the record with
`--key` or an identity, attaches it to the manifest that was scanned, and verifies what was attached; of an index it
takes every platform, and `--index` attests the index itself with the findings of all. `{platform}` in the name of an
output file stands for the platform."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", nargs="?", default="", metavar="IMAGE", help="reference of an image")
    _add_image_flags(parser)
    add_sbom_source_flags(parser)
    add_scan_flags(parser)
    add_filter_flags(parser)
    add_database_flags(parser)
    add_signing_flags(parser)
    add_network_flags(parser)


def _add_image_flags(parser: _ActionsContainer) -> None:
    group = parser.add_argument_group("Image flags")
    group.add_argument("--input", default="", metavar="PATH", help="a `docker save` archive or an OCI image layout")
    group.add_argument(
        "--platform",
        default="",
        metavar="OS/ARCH",
        help="which manifest of an index, several with commas, or `all` (default linux/amd64, with --attest all)",
    )
    add_values(group, "--image-src", about="where to look, in order (default: docker,containerd,podman,remote)")
    group.add_argument("--docker-host", default="", metavar="SOCKET", help="Docker's socket")
    group.add_argument("--podman-host", default="", metavar="SOCKET", help="Podman's socket")
    group.add_argument("--max-image-size", default="", metavar="SIZE", help="refuse larger images, such as 10GB")
    add_switch(group, "--attest", about="sign the record, attach it to the image, and verify what was attached")
    add_refresh_flag(group, about="with --attest: leave an image alone that the same signer attested within that time")
    add_switch(
        group, "--index", about="with --attest: attest the index itself, too, with the findings of all platforms"
    )


def _run(args: Namespace, console: Console) -> int:
    from assaymark.artifact.select import find_platforms
    from assaymark.cli.image_scans import ImageScans
    from assaymark.cli.scanning import Scanning

    scanning = Scanning(args, console, "image")
    if scanning.update_only():
        return ExitCode.DONE
    check_sbom_source_flags(args)
    _check_compact(args)
    wishes = _wishes(args)
    request = _request(args, console, scanning, platform="" if wishes is not None else args.platform)
    attesting = _attesting(args, console, scanning) if args.attest else None
    with scanning.database() as source:
        scans = ImageScans(
            scanning=scanning,
            source=source,
            means=scanning.means,
            attesting=attesting,
            sources=_sources(args, several=wishes is not None),
        )
        chosen = find_platforms(request, scans.sources, wishes) if wishes is not None else ()
        if chosen:
            return scans.scan_platforms(request, chosen)
        _check_single(args, request)
        return scans.scan_one(request)


def _check_compact(args: Namespace) -> None:
    """Refuse to shorten what nobody signs.

    Raises:
        UsageError: there is `--compact` and no `--attest`.
    """
    if args.compact and not args.attest:
        hint = "give `--attest`, or shorten the record of `--format cosign-vuln` with `attest --compact`"
        raise UsageError("`--compact` is about what is signed, and nothing is", hint=hint)


def _wishes(args: Namespace) -> tuple[Platform, ...] | None:
    """The platforms of an index that are asked for, none for all of them; None where one is chosen as ever.

    Raises:
        UsageError: the flags contradict each other, or one is no platform.
    """
    from assaymark.model.platform import ALL_PLATFORMS, parse_platforms

    is_list = args.platform == ALL_PLATFORMS or "," in args.platform
    if args.index and not args.attest:
        raise UsageError("`--index` attests the index itself", hint="give `--attest`")
    if args.index and args.platform not in ("", ALL_PLATFORMS):
        raise UsageError("`--index` attests what all platforms have, and `--platform` leaves some out")
    if args.refresh_if_older is not None and (not args.attest or args.index):
        hint = "the record of the index has to be made of all of them" if args.index else "give `--attest`"
        raise UsageError("`--refresh-if-older` attests again what is stale, image by image", hint=hint)
    if args.explain and is_list:
        raise UsageError("`--explain` looks at one platform", hint="`--platform OS/ARCH` names it")
    if not is_list and (args.platform or not args.attest or args.explain):
        return None
    return parse_platforms(args.platform or ALL_PLATFORMS)


def _check_single(args: Namespace, request: ImageRequest) -> None:
    """Refuse what only an index can give.

    Raises:
        UsageError: it was asked for.
    """
    flag = "--index" if args.index else "--platform" if "," in args.platform else ""
    if flag:
        hint = "indexes are read from registries (`--image-src remote`) and image layouts"
        raise UsageError(f"`{request.name}` is no index, and `{flag}` is about several platforms", hint=hint)


def _request(args: Namespace, console: Console, scanning: Scanning, *, platform: str) -> ImageRequest:
    from assaymark.artifact.source import ImageRequest
    from assaymark.model.platform import parse_platform
    from assaymark.model.reference import parse_reference

    if bool(args.image) == bool(args.input):
        raise UsageError("give one image: a reference, or a path with `--input`", hint="assaymark image alpine:3.10")
    return ImageRequest(
        name=args.input or args.image,
        reference=None if args.input else parse_reference(args.image),
        input=args.input,
        platform=parse_platform(platform) if platform else None,
        registry=None if args.input else scanning.connections.registry(),
        network=None if args.input else scanning.connections.network,
        docker_host=args.docker_host,
        podman_host=args.podman_host,
        environ=console.environ,
        max_image_size=scanning.wanted.max_image_size,
        progress=console.progress,
    )


def _sources(args: Namespace, *, several: bool) -> tuple[str, ...]:
    """Where to look. What is attested must be what the registry has, and engines hold one platform of an image."""
    from assaymark.artifact.select import DEFAULT_SOURCES, REMOTE

    return tuple(args.image_src) or ((REMOTE,) if args.attest or several else DEFAULT_SOURCES)


def _attesting(args: Namespace, console: Console, scanning: Scanning) -> ImageAttesting:
    """The key or the services, looked at before the scan: a wrong password must not cost one."""
    from assaymark.cli.image_attesting import ImageAttesting
    from assaymark.cli.signing import open_signing

    check_signing_flags(args)
    return ImageAttesting(scanning=scanning, signing=open_signing(args, console, scanning.connections))


COMMAND: Final = Command(name="image", summary="scan a container image", group=SCANNING, configure=_configure, run=_run)
