"""An image's packages matched again from the list that was signed, without its layers.

Equal to a scan of the layers, or not done at all: the attested record must be of this very manifest under the same
names, made by this version of the program with the same flags about packages, and its list must be able to stand for
the layers (`assaymark.inventory.listed`). Whoever calls this has verified that record: a list that anybody could have
written would hide packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.artifact.config import image_config
from assaymark.inventory.listed import find_listed
from assaymark.matching.detect import COLLECTED
from assaymark.model.advisory import AdvisorySource
from assaymark.model.artifact import ImageIdentity
from assaymark.model.report import Metadata, Report, Scan, ScannerInfo
from assaymark.scan import Means, Wanted, assess, finished_scan, report_head
from assaymark.version import __version__

ABOUT_PACKAGES: Final = (
    *("class", "detection-priority", "distro", "file-patterns", "include-dev-deps", "offline-scan"),
    *("pkg-relationships", "pkg-types", "sbom-sources", "scanners", "skip-dirs", "skip-files"),
)
"""Recorded flags that decide which packages are listed."""


def find_rematched(
    recorded: Scan,
    identity: ImageIdentity,
    source: AdvisorySource | None,
    *,
    flags: Mapping[str, Any],
    wanted: Wanted,
    means: Means,
) -> Scan | None:
    """The scan that the layers would give; None where the list cannot stand for them.

    Args:
        recorded: the verified record.
        identity: the image as it is there now.
        source: the advisories.
        flags: what was asked for now, as a record would have it.
        wanted: the same for the scanner.
        means: what a scan may use.

    Raises:
        DatabaseError: the database is damaged.
    """
    if not _is_of(recorded, identity) or not _is_asked_alike(recorded, flags, wanted):
        return None
    return rematch(
        recorded.report, identity, source, repository=_text(recorded, "repository"), wanted=wanted, means=means
    )


def rematch(
    report: Report,
    identity: ImageIdentity,
    source: AdvisorySource | None,
    *,
    repository: str,
    wanted: Wanted,
    means: Means,
) -> Scan | None:
    """The scan of what `report` lists; None where the list cannot stand for the layers."""
    inventory = find_listed(report, repository=repository, collected=COLLECTED)
    if inventory is None:
        return None
    started = means.clock()
    config = image_config(identity.config, limits=means.limits)
    head = msgspec.structs.replace(
        report_head(started, wanted, means),
        artifact_id=report.artifact_id,
        artifact_name=report.artifact_name,
        artifact_type=report.artifact_type,
        metadata=msgspec.structs.replace(report.metadata, os=None, image_config=config),
    )
    subject = identity.manifest.digest if identity.manifest else ""
    scan = finished_scan(assess(inventory, source, head, wanted, means), source, started, means, subject=subject)
    return msgspec.structs.replace(scan, repository=repository)


def _is_of(recorded: Scan, identity: ImageIdentity) -> bool:
    """Whether the record is of this manifest, under these names, and ours."""
    report, manifest = recorded.report, identity.manifest
    now = _Names(identity.name, identity.image_id, identity.repo_tags, identity.repo_digests)
    return (
        report.scanner == ScannerInfo(name="assaymark", version=__version__)
        and manifest is not None
        and (_text(recorded, "command"), _text(recorded, "subject")) == ("image", manifest.digest)
        and _names(report.artifact_name, report.metadata) == now
    )


class _Names(msgspec.Struct, frozen=True):
    """What targets, identifiers and fingerprints are made of."""

    name: str
    image_id: str
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]


def _names(name: str, metadata: Metadata) -> _Names:
    return _Names(name, metadata.image_id, metadata.repo_tags, metadata.repo_digests)


def _is_asked_alike(recorded: Scan, flags: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether the layers would be looked at in the same way.

    Bills of materials have checksums of packages, which no other record has; rpm archives are read where a variable
    says so, which no record tells.
    """
    if wanted.analysis.checksums or wanted.analysis.rpm_archives:
        return False
    if any(
        package.digest
        for result in recorded.report.results
        if result.class_ != "os-pkgs"
        for package in result.packages
    ):
        return False
    before = recorded.invocation.parameters.get("flags")
    before = before if isinstance(before, dict) else {}
    return all(before.get(name) == flags.get(name) for name in ABOUT_PACKAGES)


def _text(recorded: Scan, name: str) -> str:
    value = recorded.invocation.parameters.get(name, "")
    return value if isinstance(value, str) else ""
