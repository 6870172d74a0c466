"""The scanner on one page: an artifact and a database become a finished scan.

1. Each layer's inventory comes from the cache, or the layer is read once; layers are analysed in parallel.
2. The inventories are merged.
3. Packages are matched with advisories; details are filled in; filters apply.
4. What was not looked at is stated as coverage.

Without a database packages are listed, and nothing is looked up: that is all a bill of materials needs.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from assaymark.advisories.freshness import database_issues
from assaymark.artifact.config import image_config
from assaymark.artifact.naming import artifact_id, choose_reference, repository_id, repository_metadata
from assaymark.artifact.size import SizeBudget
from assaymark.inventory.analyse import FORMAT, LayerFacts, analyse_layer
from assaymark.inventory.analyzer import Host, NoHost, Options
from assaymark.inventory.index import Index
from assaymark.inventory.java.resolve import OpenIndex, no_index, resolve_archives
from assaymark.inventory.listed import repository_name
from assaymark.inventory.merge import merge_layers
from assaymark.inventory.select import PKG_TYPES, Analysts, index_for
from assaymark.layers.cache import InventoryCache, cache_key
from assaymark.layers.harvest import harvest
from assaymark.layers.skip import skip_rules
from assaymark.layers.walk import walk_directory
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.detect import Detection, detect
from assaymark.matching.filters import FilterOptions, filter_results
from assaymark.matching.listing import list_packages
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import AdvisorySource, DatabaseInfo
from assaymark.model.artifact import ArtifactType, Directory, Image, LayerBlob, SbomFile
from assaymark.model.inventory import Inventory, LayerInventory
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.progress import NoProgress, Progress, running
from assaymark.model.report import NO_METADATA, Invocation, Metadata, Report, ReportLayer, Scan, ScannerInfo
from assaymark.model.uuids import uuid7
from assaymark.recall import recalled_analysers, recalled_detection
from assaymark.safeio.workers import Stop, map_parallel
from assaymark.version import __version__

logger = logging.getLogger(__name__)

_OF_THE_WHOLE: Final = frozenset(
    {
        IssueCode.DATABASE_EMPTY,
        IssueCode.DATABASE_OLD,
        IssueCode.DATABASE_SAMPLE,
        IssueCode.OS_END_UNKNOWN,
        IssueCode.OS_NO_ADVISORIES,
        IssueCode.OS_NO_PACKAGES,
        IssueCode.OS_UNKNOWN,
        IssueCode.OS_UNSUPPORTED,
    }
)
"""What makes a whole scan blind is told before what is wrong with one package."""

# made on import: two threads that make msgspec's first decoder of one type at once crash the interpreter
_STORED: Final = msgspec.msgpack.Decoder(LayerInventory)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan shall do.

    Attributes:
        target: the command: `image`, `rootfs`, `fs`, `repo` or `sbom`.
        date: decides about ends of life and stands in the report as `CreatedAt`; None for the real clock.
    """

    target: str
    pkg_types: tuple[str, ...] = PKG_TYPES
    analysis: Options = Options()
    skip_dirs: tuple[str, ...] = ()
    skip_files: tuple[str, ...] = ()
    matching: MatchOptions = MatchOptions()
    filters: FilterOptions = FilterOptions()
    max_image_size: int = 0
    date: datetime | None = None


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan may use.

    Attributes:
        host: the caches of package managers on this machine, for source trees.
        archives: opens the index of published Java archives; it is asked after the cache of layers.
    """

    cache: InventoryCache | None = None
    scratch: Path | None = None
    parallel: int = 0
    progress: Progress = NoProgress()
    limits: Limits = DEFAULT_LIMITS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[int], bytes] = secrets.token_bytes
    host: Host = NoHost()
    archives: OpenIndex = no_index


def scan_image(image: Image, source: AdvisorySource | None, *, wanted: Wanted, means: Means) -> Scan:
    """The scan of an opened image.

    Raises:
        ArtifactError: a layer is malformed, too large, or not what its digest promises.
        DatabaseError: the database is damaged.
    """
    started = means.clock()
    layers = resolve_archives(_layer_inventories(image.layers, wanted, means), means.archives)
    identity = image.identity
    reference = choose_reference(identity.name, repo_tags=identity.repo_tags, repo_digests=identity.repo_digests)
    metadata = Metadata(
        size=sum(layer.size for layer in layers),
        image_id=identity.image_id,
        diff_ids=tuple(layer.diff_id for layer in layers),
        repo_tags=identity.repo_tags,
        repo_digests=identity.repo_digests,
        reference=reference.original if reference else "",
        image_config=image_config(identity.config, limits=means.limits),
        layers=tuple(ReportLayer(size=layer.size, digest=layer.digest, diff_id=layer.diff_id) for layer in layers),
    )
    inventory = merge_layers(layers)
    report = assess(
        inventory,
        source,
        msgspec.structs.replace(
            report_head(started, wanted, means),
            artifact_id=artifact_id(identity.image_id, reference),
            artifact_name=identity.name,
            artifact_type=ArtifactType.CONTAINER_IMAGE.value,
            metadata=metadata,
        ),
        wanted,
        means,
    )
    scan = finished_scan(report, source, started, means, subject=identity.manifest.digest if identity.manifest else "")
    return msgspec.structs.replace(scan, repository=repository_name(inventory.repository))


def scan_directory(directory: Directory, source: AdvisorySource | None, *, wanted: Wanted, means: Means) -> Scan:
    """The scan of a tree on the host.

    Raises:
        LocalError: the root cannot be walked.
        DatabaseError: the database is damaged.
    """
    started = means.clock()
    inventory = merge_layers(resolve_archives([_directory_inventory(directory, wanted, means)], means.archives))
    git = directory.git
    report = assess(
        inventory,
        source,
        msgspec.structs.replace(
            report_head(started, wanted, means),
            artifact_id=repository_id(directory.name, git) if git else "",
            artifact_name=directory.name,
            artifact_type=(
                ArtifactType.REPOSITORY if git or wanted.target == "repo" else ArtifactType.FILESYSTEM
            ).value,
            metadata=repository_metadata(git) if git else NO_METADATA,
        ),
        wanted,
        means,
    )
    return finished_scan(report, source, started, means)


def scan_sbom(sbom: SbomFile, source: AdvisorySource | None, *, wanted: Wanted, means: Means) -> Scan:
    """The scan of what an SBOM lists.

    Raises:
        ArtifactError: it is no SBOM that is read, or malformed.
        DatabaseError: the database is damaged.
    """
    from assaymark.inventory.sbom.described import described_metadata, read_sbom

    started = means.clock()
    described = read_sbom(sbom.data, limits=means.limits, what=sbom.name)
    matching = msgspec.structs.replace(wanted.matching, expects_os=described.is_image)
    report = assess(
        merge_layers([described.inventory]),
        source,
        msgspec.structs.replace(
            report_head(started, wanted, means),
            artifact_name=sbom.name,
            artifact_type=described.type.value,
            metadata=described_metadata(described),
        ),
        msgspec.structs.replace(wanted, matching=matching),
        means,
    )
    scan = finished_scan(report, source, started, means)
    return msgspec.structs.replace(scan, sbom=described.cyclonedx, sbom_origin=sbom.origin)


# 1. layers to inventories


def _layer_inventories(layers: Sequence[LayerBlob], wanted: Wanted, means: Means) -> list[LayerInventory]:
    analysts = Analysts(wanted.target, pkg_types=wanted.pkg_types, options=wanted.analysis)
    about = (wanted.target, wanted.pkg_types, wanted.analysis)
    kind = recalled_analysers(means.cache, lambda: analysts.digest, about=about)
    budget = SizeBudget(wanted.max_image_size, what="uncompressed layers")

    def inventory(layer: LayerBlob, stop: Stop) -> LayerInventory:
        found = _cached_inventory(layer, analysts, kind, wanted, means, stop=stop)
        budget.add(found.size)
        task.advance(1)
        return found

    with running(means.progress, "analysing layers", total=len(layers), unit="layers") as task:
        if len(layers) < 2:
            return [inventory(layer, Stop()) for layer in layers]
        return map_parallel(inventory, layers, workers=min(len(layers), means.parallel or os.cpu_count() or 1))


def _cached_inventory(
    layer: LayerBlob, analysts: Analysts, kind: str, wanted: Wanted, means: Means, *, stop: Stop
) -> LayerInventory:
    """The layer's inventory; the digest is the caller's word, because the same tar may be stored in many ways."""
    key = ""
    if means.cache is not None and layer.cache_identity:
        options = "\n".join([wanted.target, *wanted.skip_dirs, "", *wanted.skip_files])
        key = cache_key(layer.cache_identity, layer.diff_id, f"{FORMAT} {kind}", options)
        stored = means.cache.get(key)
        if stored is not None:
            logger.debug("layer %s comes from the cache", layer.diff_id)
            return msgspec.structs.replace(_STORED.decode(stored), digest=layer.digest or "")
    found = _read_layer(layer, analysts.index, wanted, means, stop)
    if key and means.cache is not None:
        means.cache.put(key, msgspec.msgpack.encode(found))
    return found


def _read_layer(layer: LayerBlob, index: Index, wanted: Wanted, means: Means, stop: Stop) -> LayerInventory:
    watch, issues = index.watch(means.limits), list[Issue]()
    with (
        running(means.progress, f"layer {layer.diff_id[7:19]}", total=layer.size) as task,
        harvest(
            lambda: stop.guard(layer.open(), task.advance),
            diff_id=layer.diff_id,
            wants=watch.wants,
            claims=index.wants,
            sieves=index.sieves,
            skip_dirs=skip_rules(wanted.skip_dirs),
            skip_files=skip_rules(wanted.skip_files),
            limits=means.limits,
            spill=means.scratch,
            on_issue=issues.append,
        ) as read,
    ):
        facts = LayerFacts(
            digest=layer.digest or "",
            diff_id=read.diff_id,
            size=read.size,
            whiteouts=read.whiteouts,
            opaque=read.opaque,
            issues=tuple(issues),
            not_analysed=watch.not_analysed(),
            unread=tuple(watch.unread),
            is_stored=True,
        )
        return analyse_layer(read.tree, facts, index=index, limits=means.limits, options=wanted.analysis)


def _directory_inventory(directory: Directory, wanted: Wanted, means: Means) -> LayerInventory:
    index = index_for(wanted.target, pkg_types=wanted.pkg_types, options=wanted.analysis)
    watch, issues = index.watch(means.limits), list[Issue]()
    with (
        running(means.progress, "analysing files", unit=""),
        walk_directory(
            directory.root,
            wants=watch.wants,
            sieves=index.sieves,
            skip_dirs=skip_rules(wanted.skip_dirs, directory.root),
            skip_files=skip_rules(wanted.skip_files, directory.root),
            single=directory.single,
            limits=means.limits,
            on_issue=issues.append,
        ) as read,
    ):
        facts = LayerFacts(
            issues=tuple(issues),
            not_analysed=watch.not_analysed(),
            unread=tuple(watch.unread),
            root=str(directory.root),
            is_stored=wanted.target == "repo",
        )
        return analyse_layer(
            read.tree, facts, index=index, limits=means.limits, options=wanted.analysis, host=means.host
        )


# 2 to 4. inventories to a report


def assess(inventory: Inventory, source: AdvisorySource | None, head: Report, wanted: Wanted, means: Means) -> Report:
    """`head` with results, operating system and coverage."""
    with running(means.progress, "looking for vulnerabilities", unit=""):
        detection = _detection(inventory, source, head, wanted, means)
    database = source.info if source else DatabaseInfo()
    results = filter_results(detection.results, wanted.filters, database=database)
    of_database = database_issues(source.info, _today(head)) if source else ()
    issues = (*of_database, *inventory.issues, *detection.issues)
    ranked = tuple(sorted(issues, key=lambda issue: issue.code not in _OF_THE_WHOLE))
    metadata = msgspec.structs.replace(head.metadata, os=detection.os) if detection.os else head.metadata
    return msgspec.structs.replace(
        head,
        metadata=metadata,
        results=results,
        coverage=coverage(ranked, inventory.not_analysed),
    )


def _detection(
    inventory: Inventory, source: AdvisorySource | None, head: Report, wanted: Wanted, means: Means
) -> Detection:
    if source is None:
        return list_packages(inventory, artifact_name=head.artifact_name, options=wanted.matching)

    today = _today(head)

    def look_up() -> Detection:
        return detect(
            inventory,
            artifact_name=head.artifact_name,
            artifact_id=head.artifact_id,
            source=source,
            today=today,
            options=wanted.matching,
        )

    return recalled_detection(
        means.cache,
        look_up,
        inventory=inventory,
        database=source.info.file,
        today=today,
        about=(head.artifact_name, head.artifact_id, wanted.matching),
        limits=means.limits,
    )


def _today(head: Report) -> datetime:
    return datetime.fromisoformat(head.created_at[:19] + "+00:00")


def coverage(issues: tuple[Issue, ...], not_analysed: tuple[Unanalysed, ...]) -> Coverage:
    """The statement of what was looked at; complete when nothing is known to be missing."""
    missing = bool(not_analysed) or any(issue.blocking for issue in issues)
    return Coverage(complete=not missing, issues=issues, not_analysed=not_analysed)


def report_head(started: datetime, wanted: Wanted, means: Means) -> Report:
    """The report before anything is known."""
    return Report(
        schema_version=2,
        scanner=ScannerInfo(name="assaymark", version=__version__),
        report_id=uuid7(started, means.random(10)),
        created_at=rfc3339(wanted.date or started),
    )


def finished_scan(
    report: Report, source: AdvisorySource | None, started: datetime, means: Means, *, subject: str = ""
) -> Scan:
    """The scan that ends now."""
    return Scan(
        report=report,
        invocation=Invocation(),
        database=source.info if source else DatabaseInfo(),
        started=rfc3339(started),
        finished=rfc3339(means.clock()),
        subject=subject,
    )


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with as many fractional digits as are not zero, as Go prints times."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"
