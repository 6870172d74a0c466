"""The scanner on one page: layers in, cache, coverage and times out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest
from tests.support.advisory_source import MemoryAdvisories
from tests.support.images import build_image
from tests.support.workshop import ALPINE

from assaymark.artifact.select import open_image
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, DigestMismatchError
from assaymark.layers.cache import LayerCache
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import Advisory
from assaymark.model.artifact import Directory, GitFacts, ImageIdentity, LayerBlob
from assaymark.model.digest import DiffId, Digest
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.progress import Task
from assaymark.model.report import Metadata, Scan
from assaymark.scan import Means, Wanted, coverage, rfc3339, scan_directory, scan_image

START = datetime(2026, 11, 21, 12, 0, 0, 120_000, tzinfo=UTC)
ADVISORIES = MemoryAdvisories(
    {"alpine 3.10": {"musl": [Advisory(vulnerability_id="CVE-2020-28928", fixed_version="1.1.22-r4")]}}
)


class Counted:
    """A layer that knows how often it was opened."""

    def __init__(self, layer: LayerBlob, *, diff_id: str = "") -> None:
        self.opened = 0
        self.diff_id: DiffId = DiffId(Digest(diff_id)) if diff_id else layer.diff_id
        self.digest: Digest | None = layer.digest
        self.size = layer.size
        self.cache_identity = layer.cache_identity
        self._layer = layer

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The stored bytes, once more."""
        self.opened += 1
        with self._layer.open() as stream:
            yield stream


class Opened(msgspec.Struct, frozen=True):
    """An image whose layers are counted."""

    identity: ImageIdentity
    layers: tuple[Any, ...]


@contextmanager
def opened(path: Path, *layers: Any, diff_id: str = "") -> Iterator[Opened]:
    """An image layout of these layers."""
    build_image(list(layers)).save_layout(path / "layout")
    with open_image(ImageRequest(name="x", input=str(path / "layout")), ()) as image:
        yield Opened(image.identity, tuple(Counted(layer, diff_id=diff_id) for layer in image.layers))


class Clock:
    """A clock that goes on by two seconds whenever it is looked at."""

    def __init__(self) -> None:
        self._now = START - timedelta(seconds=2)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=2)
        return self._now


def means(folder: Path | None = None, *, parallel: int = 0) -> Means:
    cache = LayerCache(folder / "cache") if folder else None
    return Means(cache=cache, clock=Clock(), random=lambda count: bytes(range(count)), parallel=parallel)


def scanned(image: Opened, folder: Path | None = None, **wanted: Any) -> Scan:
    asked = Wanted(target="image", **wanted)
    return scan_image(image, ADVISORIES, wanted=asked, means=means(folder))


def test_what_an_image_scan_knows(tmp_path: Path) -> None:
    with opened(tmp_path, ALPINE) as image:
        scan = scanned(image)

    report, (layer,) = scan.report, image.layers
    assert (scan.started, scan.finished) == ("2026-11-21T12:00:00.12Z", "2026-11-21T12:00:02.12Z")
    assert report.created_at == scan.started
    assert report.report_id == "01a1fdfa-4678-7001-8203-040506070809"
    assert (report.metadata.diff_ids, report.metadata.image_id) == ((layer.diff_id,), image.identity.image_id)
    assert [(each.digest, each.diff_id, each.size % 512) for each in report.metadata.layers] == [
        (layer.digest, layer.diff_id, 0)
    ]
    assert report.metadata.size == sum(each.size for each in report.metadata.layers)
    assert [found.vulnerability_id for result in report.results for found in result.vulnerabilities] == [
        "CVE-2020-28928"
    ]
    assert image.identity.manifest is not None
    assert scan.subject == image.identity.manifest.digest


def test_the_date_that_was_asked_for_is_no_time_of_the_scan(tmp_path: Path) -> None:
    with opened(tmp_path, ALPINE) as image:
        scan = scanned(image, date=datetime(2019, 1, 1, tzinfo=UTC))

    assert (scan.report.created_at, scan.started) == ("2019-01-01T00:00:00Z", "2026-11-21T12:00:00.12Z")
    assert scan.report.metadata.os is not None
    assert not scan.report.metadata.os.eosl


def test_a_layer_that_is_known_is_not_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path, ALPINE, {"srv/app.jar": "PK"}) as image:
        first, second = scanned(image, tmp_path), scanned(image, tmp_path)

    assert [layer.opened for layer in image.layers] == [1, 1]
    assert first == second


class Watch:
    """Progress that is written down."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, int | None, str]] = []
        self.done: list[int] = []
        self.open = 0

    def start(self, label: str, *, total: int | None = None, unit: str = "B") -> Task:
        self.tasks.append((label, total, unit))
        self.open += 1
        return self

    def advance(self, amount: int) -> None:
        self.done.append(amount)

    def close(self) -> None:
        self.open -= 1


def test_what_takes_long_is_told_and_ends(tmp_path: Path) -> None:
    watch = Watch()
    with opened(tmp_path, ALPINE) as image:
        (layer,) = image.layers
        scan_image(image, ADVISORIES, wanted=Wanted(target="image"), means=Means(progress=watch))

    assert watch.tasks == [
        ("analysing layers", 1, "layers"),
        (f"layer {layer.diff_id[7:19]}", layer.size, "B"),
        ("looking for vulnerabilities", None, ""),
    ]
    assert (sum(watch.done), watch.open) == (layer.size + 1, 0)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"skip_files": ("x",)}, id="other files are skipped"),
        pytest.param({"skip_dirs": ("x",)}, id="other folders are skipped"),
        pytest.param({"pkg_types": ("os",)}, id="other analysers"),
    ],
)
def test_what_was_looked_at_differently_is_read_again(tmp_path: Path, other: dict[str, Any]) -> None:
    with opened(tmp_path, ALPINE) as image:
        scanned(image, tmp_path)
        scanned(image, tmp_path, **other)

    assert [layer.opened for layer in image.layers] == [2]


def test_a_layer_that_is_not_what_was_promised_is_never_remembered(tmp_path: Path) -> None:
    with opened(tmp_path, ALPINE, diff_id="sha256:" + "ab" * 32) as image:
        for _ in range(2):
            with pytest.raises(DigestMismatchError):
                scanned(image, tmp_path)

    assert [layer.opened for layer in image.layers] == [2]


@pytest.mark.parametrize("parallel", [1, 8])
def test_layers_keep_their_order(tmp_path: Path, parallel: int) -> None:
    with opened(tmp_path, ALPINE, *({f"f{number}": str(number)} for number in range(20))) as image:
        scan = scan_image(
            image,
            ADVISORIES,
            wanted=Wanted(target="image"),
            means=means(parallel=parallel),
        )

    assert scan.report.metadata.diff_ids == tuple(layer.diff_id for layer in image.layers)
    assert len(scan.report.results[0].packages) == 2


def test_an_image_that_is_too_large_uncompressed(tmp_path: Path) -> None:
    with opened(tmp_path, {"a": "x" * 20_000}, {"b": "x" * 20_000}) as image:
        with pytest.raises(ArtifactError, match="uncompressed layers size"):
            scanned(image, max_image_size=30_000)
        assert scanned(image, max_image_size=100_000).report.results == ()


def test_an_image_without_layers_is_blind() -> None:
    image = Opened(ImageIdentity(name="x", image_id="sha256:1", config=b"{}"), ())

    scan = scanned(image, matching=MatchOptions(expects_os=True))

    assert scan.subject == ""
    assert scan.report.coverage is not None
    assert [issue.code for issue in scan.report.coverage.issues] == [IssueCode.DATABASE_OLD, IssueCode.OS_UNKNOWN]


@pytest.mark.parametrize(
    ("git", "kind", "identity", "metadata"),
    [
        pytest.param(None, "filesystem", False, Metadata(), id="a folder"),
        pytest.param(
            GitFacts(repo_url="https://a.test/b", branch="main", tags=("v1",), commit="c" * 40, author="A <a@a.test>"),
            "repository",
            True,
            Metadata(repo_url="https://a.test/b", branch="main", tags=("v1",), commit="c" * 40, author="A <a@a.test>"),
            id="a git work tree",
        ),
    ],
)
def test_a_directory(tmp_path: Path, git: GitFacts | None, kind: str, identity: bool, metadata: Metadata) -> None:
    (tmp_path / "requirements.txt").write_text("flask==1\n")

    scan = scan_directory(
        Directory(name="app", root=tmp_path, git=git), ADVISORIES, wanted=Wanted(target="fs"), means=means()
    )

    report = scan.report
    assert (report.artifact_name, report.artifact_type, bool(report.artifact_id)) == ("app", kind, identity)
    assert report.metadata == metadata
    assert [(result.target, len(result.packages)) for result in report.results] == [("requirements.txt", 1)]


BLOCKING = Issue(code=IssueCode.FILE_MALFORMED, message="m")
HARMLESS = Issue(code=IssueCode.ENTRY_IGNORED, message="m", blocking=False)


@pytest.mark.parametrize(
    ("issues", "kinds", "complete"),
    [
        pytest.param((), (), True, id="nothing"),
        pytest.param((HARMLESS,), (), True, id="an issue that takes nothing away"),
        pytest.param((HARMLESS, BLOCKING), (), False, id="an issue that does"),
        pytest.param((), ("jar",), False, id="files that are not read"),
    ],
)
def test_what_makes_a_scan_incomplete(issues: tuple[Issue, ...], kinds: tuple[str, ...], complete: bool) -> None:
    unread = tuple(Unanalysed(kind=kind, count=1) for kind in kinds)

    assert coverage(issues, unread) == Coverage(complete=complete, issues=issues, not_analysed=unread)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z", id="whole seconds"),
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC), "2026-01-02T03:04:05.12Z", id="no zeros"),
        pytest.param(datetime(2026, 1, 2, 3, 4, 10, tzinfo=UTC), "2026-01-02T03:04:10Z", id="zeros of seconds stay"),
        pytest.param(
            datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:04:05.000001Z",
            id="another zone",
        ),
    ],
)
def test_times_are_printed_as_go_prints_them(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text
