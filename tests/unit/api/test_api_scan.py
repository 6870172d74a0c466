"""`assaymark.scan` finds what the command line finds, of everything that can be scanned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.boms import SMALL, encoded
from tests.support.programs import Surroundings
from tests.support.workshop import ALPINE, FINDINGS

import assaymark

FLASK = "flask==0.12.2\n"


def told(document: bytes | str) -> Any:
    """A JSON report without what every scan has of its own."""
    report = json.loads(document)
    assert report.pop("ReportID")
    return report


@pytest.mark.parametrize("kind", ["archive", "directory", "rootfs", "repository", "sbom"])
def test_every_kind_is_what_the_command_line_finds(around: Surroundings, kind: Any) -> None:
    shop = around.shop
    command, path = {
        "archive": (("image", "--input"), shop.image()),
        "directory": (("fs",), shop.tree({"requirements.txt": FLASK})),
        "rootfs": (("rootfs",), shop.tree(ALPINE, "root")),
        "repository": (("repo",), shop.tree({"requirements.txt": FLASK})),
        "sbom": (("sbom",), bill(around.folder)),
    }[kind]
    ran = shop.run(*command, path, "--format", "json", "--offline", "-q")
    report = assaymark.scan(path, kind=kind, settings=around.settings(offline=True))
    assert told(report.to_bytes()) == told(ran.out)
    assert report.artifact == json.loads(ran.out)["ArtifactName"]


def bill(folder: Path) -> str:
    (folder / "bom.json").write_bytes(encoded(SMALL))
    return str(folder / "bom.json")


def test_an_image_on_a_registry_is_what_the_command_line_finds(around: Surroundings) -> None:
    image = around.image()
    ran = around.shop.run("image", "--image-src=remote", image, "--format", "json", "-q")
    report = assaymark.scan(image, settings=around.settings())
    assert told(report.to_bytes()) == told(ran.out)
    assert ran.findings == [found.vulnerability_id for found in report.findings] == FINDINGS


def test_the_record_says_who_asked_and_how_as_the_command_line_does(around: Surroundings) -> None:
    image = around.image()
    flags = ("--severity", "HIGH,CRITICAL", "--ignore-unfixed", "--platform", "linux/amd64", "--skip-db-update")
    ran = around.shop.run("image", "--image-src=remote", image, "--format", "cosign-vuln", "-q", *flags)
    report = assaymark.scan(
        image,
        severities=["HIGH", "CRITICAL"],
        ignore_unfixed=True,
        platform="linux/amd64",
        database="cached",
        settings=around.settings(),
    )
    by_people = json.loads(ran.out)["invocation"]
    by_program = json.loads(report.to_bytes("cosign-vuln"))["invocation"]
    for asked in (by_people["parameters"]["flags"], by_program["parameters"]["flags"]):
        asked.pop("format", None)  # a report has none yet
        asked.pop("image-src", None)  # without engines, which programs do not ask by themselves
    assert by_program == by_people


def test_filters(around: Surroundings) -> None:
    archive, settings = around.shop.image(), around.settings(offline=True)

    def found(**asked: Any) -> list[str]:
        return [
            each.vulnerability_id
            for each in assaymark.scan(archive, kind="archive", settings=settings, **asked).findings
        ]

    assert found() == FINDINGS
    assert found(severities=["HIGH"]) == ["CVE-2018-25032"]
    assert found(ignore_unfixed=True) == ["CVE-2019-14697", "CVE-2020-28928"]
    assert found(ignore_statuses=["fixed"]) == ["CVE-2018-25032"]
    assert found(pkg_types=["library"]) == []


def test_an_ignore_file_is_used_where_it_is_named_and_says_what_is_over(around: Surroundings) -> None:
    archive, settings = around.shop.image(), around.settings(offline=True)
    file = around.folder / ".trivyignore"
    file.write_text("CVE-2019-14697\nCVE-2018-25032 exp:2020-01-01\n")
    assert len(assaymark.scan(archive, kind="archive", settings=settings).findings) == 3
    report = assaymark.scan(archive, kind="archive", ignore_file=file, settings=settings)
    assert [found.vulnerability_id for found in report.findings] == ["CVE-2020-28928", "CVE-2018-25032"]
    assert [each.finding.vulnerability_id for each in report.suppressed] == ["CVE-2019-14697"]
    assert report.warnings == (f"`{file}`: the entry for `CVE-2018-25032` has expired",)
    with pytest.raises(assaymark.LocalError):
        assaymark.scan(archive, kind="archive", ignore_file=around.folder / "none", settings=settings)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"kind": "vm"}, "`vm` is no kind"),
        ({"database": "new"}, "`new` is no database"),
        ({"severities": ["HIGH", "CRITICALL"]}, "`CRITICALL` is no severity"),
        ({"ignore_statuses": ["wontfix"]}, "`wontfix` is no status"),
        ({"pkg_types": ["apps"]}, "`apps` is no kind of packages"),
        ({"platform": "a/b/c/d"}, "a/b/c/d"),
        ({"sources": ["nowhere"]}, "nowhere"),
    ],
)
def test_a_choice_that_is_none(around: Surroundings, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(assaymark.UsageError, match=message):
        assaymark.scan("registry.test/app", settings=around.settings(offline=True), **asked)


def test_the_sample_database_is_for_trying_things_out(around: Surroundings) -> None:
    settings = around.settings(offline=True, cache_dir=around.folder / "empty")
    report = assaymark.scan(around.shop.image(), kind="archive", database="sample", settings=settings)
    assert report.database.sample
    with pytest.raises(assaymark.DatabaseError):
        assaymark.scan(around.shop.image(), kind="archive", database="cached", settings=settings)


def test_what_a_report_says(around: Surroundings, tmp_path: Path) -> None:
    report = assaymark.scan(around.shop.image(), kind="archive", settings=around.settings(offline=True))
    assert [package.name for package in report.packages] == ["musl", "zlib"]
    assert report.operating_system is not None
    assert (report.operating_system.family, report.operating_system.name) == ("alpine", "3.10.9")
    assert report.coverage is not None
    assert report.is_complete is report.coverage.complete is True
    assert report.started <= report.finished
    assert report.database.version == "2-2026-11-21"
    assert repr(report).endswith("3 findings>")
    report.write(tmp_path / "vuln.json", format="cosign-vuln")
    again = assaymark.Report.read(tmp_path / "vuln.json")
    assert (again.findings, again.packages, again.started) == (report.findings, report.packages, report.started)
    assert again.to_bytes("cosign-vuln") == report.to_bytes("cosign-vuln")
    with pytest.raises(assaymark.UsageError, match="`pdf` is no format"):
        report.to_bytes("pdf")
    with pytest.raises(assaymark.UsageError, match="`template` is no format"):
        report.to_bytes("template")
    with pytest.raises(assaymark.ArtifactError):
        assaymark.Report.read(b"{}")


def test_a_report_that_does_not_say_what_was_looked_at_is_not_complete() -> None:
    report = assaymark.Report.read(b'{"SchemaVersion": 2, "ArtifactName": "x"}')
    assert (report.coverage, report.is_complete, report.digest) == (None, False, "")


def test_progress_is_announced(around: Surroundings) -> None:
    class Noted:
        def __init__(self) -> None:
            self.labels: list[str] = []

        def start(self, label: str, *, total: int | None = None, unit: str = "B") -> assaymark.Task:
            self.labels.append(label)
            return self

        def advance(self, amount: int) -> None:
            pass

        def close(self) -> None:
            pass

    noted = Noted()
    assaymark.scan(around.shop.image(), kind="archive", settings=around.settings(offline=True, progress=noted))
    assert "looking for vulnerabilities" in noted.labels


def test_calls_in_several_threads_do_not_meet(around: Surroundings) -> None:
    from concurrent.futures import ThreadPoolExecutor

    images = [around.image(name=f"app{number}") for number in range(4)]
    settings = around.settings()
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda image: assaymark.scan(image, settings=settings), images))
    assert [[found.vulnerability_id for found in each.findings] for each in reports] == [FINDINGS] * 4
    assert [report.artifact for report in reports] == images
