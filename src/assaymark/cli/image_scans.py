"""Images scanned one after another by one command: one of a registry or a file, or the platforms of an index.

`image --attest` on an index takes every platform, because what was not attested cannot be verified later; a scan alone
takes linux/amd64, as the reference does. `--platform` says otherwise in both: one, several with commas, or `all`.

1. What the name resolves to is asked once, so that a tag which moves meanwhile changes nothing.
2. A layer that several platforms share is read once, with or without a cache on disk.
3. A platform that fails is named with its reason, and the others go on: what was attested stays. The exit code is that
   of the first failure, else the first that findings set.
4. Reports do not overwrite each other: `{platform}` in a file's name stands for the platform, and stdout takes several
   only where people read them, as tables. That is checked before anything is scanned.
5. The record of the index itself (`--index`) is signed last, and only when every platform's is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from assaymark.artifact.select import open_image
from assaymark.artifact.source import ChosenManifest
from assaymark.errors import DatabaseError, Error, ExitCode, UsageError
from assaymark.layers.cache import RunCache
from assaymark.model.artifact import ImageIdentity
from assaymark.model.digest import sha256_digest
from assaymark.report.plain import shown
from assaymark.report.platforms import PlatformScan, listed_platforms, merge_platforms
from assaymark.scan import scan_image, scan_sbom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.artifact.source import ImageRequest
    from assaymark.cli.image_attesting import ImageAttesting
    from assaymark.cli.images import Place
    from assaymark.cli.refreshing import Earlier
    from assaymark.cli.scanning import Scanning
    from assaymark.model.advisory import AdvisorySource
    from assaymark.model.artifact import Image
    from assaymark.model.report import Scan
    from assaymark.scan import Means


_NAMED: Final = 20


class Scanned(NamedTuple):
    """One image that was scanned.

    Attributes:
        statement: the digest of what was signed; empty where nothing was.
    """

    scan: Scan
    statement: str


@dataclass(frozen=True, kw_only=True)
class ImageScans:
    """What is the same for every image of one command.

    Attributes:
        attesting: None where nothing shall be attested.
        sources: the words of `--image-src`.
    """

    scanning: Scanning
    source: AdvisorySource | None
    means: Means
    attesting: ImageAttesting | None
    sources: tuple[str, ...]

    def scan_one(self, request: ImageRequest) -> int:
        """One image; the exit code.

        Raises:
            Error: it cannot be scanned or attested, or was not scanned completely.
        """
        scanned = self._scan(request, self.means)
        return self.scanning.exit_code(scanned.scan) if scanned is not None else ExitCode.DONE

    def scan_platforms(self, request: ImageRequest, chosen: Sequence[ChosenManifest]) -> int:
        """Manifests of one index; the exit code.

        Raises:
            UsageError: their reports would overwrite each other, or nothing can be attached.
            DatabaseError: the database is damaged.
        """
        self.scanning.reporting.check_platforms([_label(each) for each in chosen])
        means = msgspec.structs.replace(self.means, cache=RunCache(self.means.cache))
        done, failed, codes, parts = list[ChosenManifest](), list[Error](), list[int](), list[PlatformScan]()
        for each in chosen:
            if len(chosen) > 1:
                self._head(each)
            try:
                scanned = self._scan(msgspec.structs.replace(request, chosen=each), means)
                done.append(each)
                if scanned is None:
                    continue
                if self.scanning.args.index:
                    parts.append(_part(each, scanned))
                codes.append(self.scanning.exit_code(scanned.scan))
            except (UsageError, DatabaseError):
                raise
            except Error as exc:
                self.scanning.console.error(exc)
                failed.append(exc)
        self._tell_done(chosen, done)
        if parts and failed:
            self.scanning.console.warn("the index itself is not attested: its record would lack a platform")
        elif parts:
            self._attest_index(request, chosen[0], parts)
        return failed[0].exit_code if failed else next(filter(None, codes), ExitCode.DONE)

    def _scan(self, request: ImageRequest, means: Means) -> Scanned | None:
        """The scan of one image; None where what is attested of it is fresh enough (`--refresh-if-older`)."""
        scanning, attesting, statement = self.scanning, self.attesting, ""
        with open_image(request, self.sources) as image:
            identity = image.identity
            self._tell_other_platform(identity, request)
            place = attesting.place(identity) if attesting is not None else None
            earlier = self._earlier(identity, place)
            if earlier is not None and earlier.is_fresh():
                return None
            listed = earlier.listed_scan(self.source, means) if earlier is not None else None
            scan = listed or self._scan_opened(image, means, alone=request.chosen is None)
            scan = scanning.with_invocation(scanning.judged(scan), platform=str(identity.platform or ""))
            label = _label(request.chosen) if request.chosen else str(identity.platform or "")
            scanning.write(scan, platform=label)
            if attesting is not None and place is not None:
                signed = attesting.attest(scan, identity, place)
                if request.chosen is None:
                    self._tell_platform(identity)
                attesting.tell(signed, place)
                statement = sha256_digest(signed.attestation.envelope.payload)
        return Scanned(scan, statement)

    def _earlier(self, identity: ImageIdentity, place: Place | None) -> Earlier | None:
        if self.attesting is None or place is None or self.scanning.args.refresh_if_older is None:
            return None
        from assaymark.cli.refreshing import find_earlier

        return find_earlier(self.scanning, self.attesting.signing, identity, place)

    def _scan_opened(self, image: Image, means: Means, *, alone: bool) -> Scan:
        """Of the layers, unless the flags put an SBOM in their place (`assaymark.cli.attached_sboms`)."""
        scanning = self.scanning
        if scanning.args.sbom_sources:
            from assaymark.cli.attached_sboms import find_attached_sbom

            sbom = find_attached_sbom(image.identity, scanning, alone=alone)
            if sbom is not None:
                return scan_sbom(sbom, self.source, wanted=scanning.wanted, means=means)
        return scan_image(image, self.source, wanted=scanning.wanted, means=means)

    def _attest_index(self, request: ImageRequest, chosen: ChosenManifest, parts: Sequence[PlatformScan]) -> None:
        """Rule 5.

        Raises:
            SigningError: it may not be signed, or the key cannot be used.
            NetworkError: the registry or a service refuses.
        """
        assert self.attesting is not None
        top = chosen.top.descriptor
        identity = ImageIdentity(
            name=request.name,
            image_id="",
            config=b"",
            reference=request.reference,
            resolved=top,
            manifest=top,
            platforms=chosen.platforms,
        )
        place = self.attesting.place(identity)
        scan = self.scanning.with_invocation(merge_platforms(parts, subject=top.digest))
        parameters = {**scan.invocation.parameters, "platforms": listed_platforms(parts)}
        invocation = msgspec.structs.replace(scan.invocation, parameters=parameters)
        signed = self.attesting.attest(msgspec.structs.replace(scan, invocation=invocation), identity, place)
        self.scanning.console.err(f"attested the index itself, {top.digest}:")
        self.attesting.tell(signed, place)

    def _head(self, chosen: ChosenManifest) -> None:
        """Whose report comes next: on stdout, where the reports are tables, else on stderr."""
        console, digest = self.scanning.console, chosen.entry.descriptor.digest
        line = f"{shown(chosen.entry.name)}, {digest}"
        if self.scanning.reporting.is_read_on_stdout:
            console.out(line)
        console.err(f"{line}:")

    def _tell_done(self, chosen: Sequence[ChosenManifest], done: Sequence[ChosenManifest]) -> None:
        """Which platforms are finished, which are not, and how to go on."""
        verb = "attested" if self.attesting is not None else "scanned"
        finished = sum(len(each.entry.platforms) for each in done)
        count = f"{finished or 'none'} of {len(chosen[0].platforms)} platforms of the index"
        self.scanning.console.err(f"{verb} {count}" + (f": {_names(done)}" if done else ""))
        others = [each for each in chosen if each not in done]
        if others:
            wishes = shown(",".join(each.entry.platforms[0].spelled for each in others))
            self.scanning.console.err(
                f"not {verb}: {_names(others)}; `--platform {wishes}` goes on with what is missing"
            )

    def _tell_other_platform(self, identity: ImageIdentity, request: ImageRequest) -> None:
        """An image of one platform is taken whatever was asked for, as the reference does; but not in silence."""
        wanted, found = request.platform, identity.platform
        if wanted is not None and found is not None and wanted.os != "*" and not found.satisfies(wanted):
            self.scanning.console.warn(f"`{identity.name}` is for {found} alone, not for {wanted}")

    def _tell_platform(self, identity: ImageIdentity) -> None:
        if identity.platforms:
            others = [str(platform) for platform in identity.platforms if platform != identity.platform]
            self.scanning.console.err(
                f"attested {identity.platform}, 1 of {len(identity.platforms)} platforms of the index"
                + (f"; not {', '.join(others[:8])}{' …' if len(others) > 8 else ''}" if others else "")
            )


def _part(chosen: ChosenManifest, scanned: Scanned) -> PlatformScan:
    return PlatformScan(name=chosen.entry.name, scan=scanned.scan, statement=scanned.statement)


def _label(chosen: ChosenManifest) -> str:
    """What stands for the platform in a file's name before it is cleaned."""
    return chosen.entry.platforms[0].spelled


def _names(chosen: Sequence[ChosenManifest]) -> str:
    more = f" and {len(chosen) - _NAMED} more" if len(chosen) > _NAMED else ""
    return shown(", ".join(each.entry.name for each in chosen[:_NAMED])) + more
