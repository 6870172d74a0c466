"""Every recorded artifact matched again from the list in its report: equal to the scan, or no answer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.trivy_db import TrivyDatabase
from assaymark.advisories.update import open_database
from assaymark.artifact.select import open_image
from assaymark.artifact.source import ImageRequest
from assaymark.inventory.listed import find_listed
from assaymark.limits import DEFAULT_LIMITS
from assaymark.matching.detect import COLLECTED
from assaymark.matching.selection import MatchOptions
from assaymark.model.artifact import Directory
from assaymark.model.report import Report, Scan
from assaymark.rematch import rematch
from assaymark.report.cosign_vuln import FORMAT as RECORD
from assaymark.report.format import Rendering
from assaymark.report.replay import compare_replay, recorded_result
from assaymark.report.stored import read_stored_scan
from assaymark.scan import Means, Wanted, assess, scan_directory, scan_image

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SHARED = Path(__file__).parents[2].parent / "shared"
CASES = SHARED / "parity" / "cases.tar.xz"
DATABASE = SHARED / "data" / "db" / "full.tar.gz"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WITHOUT_ANSWER = {"img-alpine-app"}
"""Images with Java archives, which are scanned again."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not CASES.exists():
        pytest.skip("the recorded cases are not beside the repository")
    folder = tmp_path_factory.mktemp("recorded")
    subprocess.run(["tar", "-xf", CASES, "-C", folder], check=True)
    return folder / "cases"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, cases: Path) -> Iterator[TrivyDatabase]:
    cache = CacheFolder(tmp_path_factory.mktemp("cache"))
    cache.database.mkdir()
    subprocess.run(["tar", "-xf", DATABASE, "-C", cache.database], check=True)
    with open_database(cache, limits=DEFAULT_LIMITS) as opened:
        yield opened


def words_of(case: Path) -> list[str]:
    return (case / "cmd").read_text().split()


def answer(scan: Scan, again: Callable[[Scan], Report | None]) -> bool | None:
    """Whether the list in the record gives the same report; None where it gives none."""
    stream = BytesIO()
    RECORD.write(scan, Rendering(), stream)
    report = again(read_stored_scan(stream.getvalue(), limits=DEFAULT_LIMITS, what="record").scan)
    if report is None:
        return None
    result = recorded_result(stream.getvalue(), limits=DEFAULT_LIMITS)
    return compare_replay(result, report, limits=DEFAULT_LIMITS).is_equal


def image_answer(path: str, database: TrivyDatabase) -> bool | None:
    wanted = Wanted(target="image", date=NOON, matching=MatchOptions(expects_os=True))
    with open_image(ImageRequest(name=path, input=path)) as image:
        identity = image.identity
        scan = scan_image(image, database, wanted=wanted, means=Means())

    def again(recorded: Scan) -> Report | None:
        found = rematch(recorded.report, identity, database, repository=scan.repository, wanted=wanted, means=Means())
        return found.report if found is not None else None

    return answer(scan, again)


def test_every_recorded_image(cases: Path, database: TrivyDatabase) -> None:
    images = sorted(path for path in cases.iterdir() if words_of(path)[0] == "image")
    answers = {case.name: image_answer(str(case / "input" / words_of(case)[1]), database) for case in images}
    assert len(answers) >= 5
    assert {name for name, equal in answers.items() if equal is None} == WITHOUT_ANSWER
    assert {name for name, equal in answers.items() if equal is False} == set()


def test_every_recorded_file_system(cases: Path, database: TrivyDatabase) -> None:
    """They have no layers; but what they list stands for them by the same rules, and there are many more of them."""
    wanted = Wanted(target="rootfs", date=NOON, matching=MatchOptions(expects_os=True))

    def again(recorded: Scan) -> Report | None:
        report = recorded.report
        inventory = find_listed(report, repository=_repository(report), collected=COLLECTED)
        head = replace(report, metadata=replace(report.metadata, os=None), results=(), coverage=None)
        return assess(inventory, database, head, wanted, Means()) if inventory is not None else None

    answers = {}
    for case in sorted(path for path in cases.iterdir() if words_of(path)[0] == "rootfs"):
        directory = Directory(name="input", root=Path(os.path.realpath(case / "input")))
        scan = scan_directory(directory, database, wanted=wanted, means=Means())
        answers[case.name] = answer(scan, again)
    assert len([equal for equal in answers.values() if equal]) >= 10
    assert {name for name, equal in answers.items() if equal is False} == set()


def _repository(report: Report) -> str:
    """Only records of images say it, and only Alpine has it."""
    system = report.metadata.os
    release = ".".join(system.name.split(".")[:2]) if system is not None else ""
    return f"alpine {release}" if system is not None and system.family == "alpine" else ""
