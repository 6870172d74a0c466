"""`fs` and `rootfs` as a user runs them, and what databases and downloads say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.database import database_archive, publish
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, FINDINGS, METADATA, OUT_OF_SUPPORT, Workshop, found_in

from assaymark.net.http import Http
from assaymark.oci.registry import Registry

LOCK = "flask==0.12\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        pytest.param("rootfs", ALPINE, FINDINGS, id="an unpacked image"),
        pytest.param("fs", ALPINE, FINDINGS, id="a source tree with a system in it"),
        pytest.param("fs", {"app/requirements.txt": LOCK}, ["CVE-2018-1000656"], id="a lockfile"),
        pytest.param("rootfs", {"app/requirements.txt": LOCK}, [], id="no lockfiles in a root file system"),
        pytest.param(
            "rootfs",
            {"usr/lib/python3/flask.dist-info/METADATA": "Name: Flask\nVersion: 0.12\n"},
            ["CVE-2018-1000656"],
            id="an installed package",
        ),
    ],
)
def test_what_is_found_where(shop: Workshop, command: str, files: dict[str, str], expected: list[str]) -> None:
    ran = shop.run(command, "--format=json", shop.tree(files))

    assert (ran.code, ran.findings) == (0, expected)
    assert ran.report["ArtifactType"] == "filesystem"


def test_the_older_name_of_fs(shop: Workshop) -> None:
    assert shop.run("filesystem", "--format=json", shop.tree({"requirements.txt": LOCK})).findings == [
        "CVE-2018-1000656"
    ]


def test_a_single_file(shop: Workshop) -> None:
    path = shop.tree({"requirements.txt": LOCK, "other/requirements.txt": LOCK}) + "/requirements.txt"

    ran = shop.run("fs", "--format=json", path)

    assert [result["Target"] for result in ran.report["Results"]] == ["requirements.txt"]


def test_the_name_in_the_tree_is_the_reports(shop: Workshop) -> None:
    tree = shop.tree({**ALPINE, "etc/hostname": "web-1\n"})

    report = shop.run("rootfs", "--format=json", tree).report

    assert (report["ArtifactName"], report["Results"][0]["Target"]) == ("web-1", "web-1 (alpine 3.10.9)")


@pytest.mark.parametrize(
    ("flags", "targets"),
    [
        pytest.param((), ["a/requirements.txt", "b/requirements.txt"], id="everything"),
        pytest.param(("--skip-dirs", "a"), ["b/requirements.txt"], id="a skipped folder"),
        pytest.param(("--skip-files", "**/requirements.txt"), [], id="skipped files"),
        pytest.param(
            ("--file-patterns", "pip:constraints"),
            ["a/requirements.txt", "b/constraints-1.txt", "b/requirements.txt"],
            id="further files",
        ),
        pytest.param(("--file-patterns", "npm:x,pip:constraints", "--skip-dirs=a"),
                     ["b/constraints-1.txt", "b/requirements.txt"], id="a list of patterns"),
        pytest.param(("--pkg-types", "os"), [], id="the system alone"),
    ],
)  # fmt: skip
def test_which_files_are_looked_at(shop: Workshop, flags: tuple[str, ...], targets: list[str]) -> None:
    tree = shop.tree({"a/requirements.txt": LOCK, "b/requirements.txt": LOCK, "b/constraints-1.txt": LOCK})

    report = shop.run("fs", "--format=json", tree, *flags).report

    assert [result["Target"] for result in report.get("Results", [])] == targets


def test_a_source_tree_without_a_system_is_complete(shop: Workshop) -> None:
    assert shop.run("fs", "--require-complete", shop.tree({"requirements.txt": LOCK})).code == 0


def test_lockfiles_that_nobody_reads_are_told(shop: Workshop) -> None:
    ran = shop.run("fs", "--require-complete", shop.tree({"deno.lock": "x", "web/renv.lock": "x"}))

    assert ran.code == 3
    assert "these kinds of files are not read by this version: deno (1), renv (1)" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param((), 2, "no path to scan", id="no path"),
        pytest.param(("a", "b"), 2, "unknown argument `b`", id="two paths"),
        pytest.param(("none",), 9, "there is no file or folder `none`", id="no such path"),
        pytest.param(("/dev/null",), 9, "neither a folder nor a regular file", id="a device"),
        pytest.param((".", "--platform", "linux/amd64"), 2, "unknown argument `--platform`", id="a flag of image"),
        pytest.param((".", "--format", "pdf"), 2, "invalid argument `pdf`", id="no format"),
        pytest.param((".", "--ignorefile", "none"), 2, "ignore file not found: `none`", id="no ignore file"),
        pytest.param((".", "--distro", "x"), 2, "`--distro`: another distribution", id="a flag of later"),
    ],
)
def test_what_cannot_be_done(shop: Workshop, arguments: tuple[str, ...], code: int, message: str) -> None:
    ran = shop.run("fs", *arguments)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_variables_that_are_wrong_are_named(shop: Workshop) -> None:
    ran = shop.run("fs", ".", TRIVY_SEVERITY="high")

    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: invalid argument `high` for `TRIVY_SEVERITY`")


def test_variables_hold_passwords_that_no_output_holds(shop: Workshop) -> None:
    ran = shop.run("fs", "no-canary-password", "--debug", TRIVY_USERNAME="u", TRIVY_PASSWORD="canary-password")

    assert ran.code == 9
    assert "canary-password" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param(("--skip-db-update",), "`--skip-db-update` was given, and there is no", id="no update"),
        pytest.param((), "`--offline` forbids to download one", id="offline"),
    ],
)
def test_without_a_database_the_remedy_is_told(shop: Workshop, flags: tuple[str, ...], message: str) -> None:
    (shop.cache / "db/trivy.db").unlink()

    ran = shop.run("fs", ".", *flags)

    assert (ran.code, ran.out) == (4, "")
    assert message in ran.err
    assert "hint: " in ran.err


def test_the_sample_database_says_that_it_is_one(shop: Workshop) -> None:
    (shop.cache / "db/trivy.db").unlink()

    ran = shop.run("rootfs", "--sample-db", "--format=json", shop.tree(ALPINE))

    assert ran.code == 0
    assert "the sample database holds a few hundred advisories" in ran.err
    assert "DATABASE_SAMPLE" in [issue["Code"] for issue in ran.report["Coverage"]["Issues"]]


@pytest.mark.parametrize(
    ("updated", "message"),
    [
        ("2026-10-01T00:00:00Z", "warning: the vulnerability database was built 51 days ago\n"),
        ("0001-01-01T00:00:00Z", "warning: nobody knows when the vulnerability database was built\n"),
    ],
)
def test_an_old_database_is_told_whatever_the_format(shop: Workshop, updated: str, message: str) -> None:
    metadata = {**METADATA, "UpdatedAt": updated, "NextUpdate": "2026-10-02T00:00:00Z"}
    (shop.cache / "db/metadata.json").write_text(json.dumps(metadata))

    ran = shop.run("rootfs", "--skip-db-update", "--format=json", shop.tree(ALPINE))

    assert (ran.code, ran.err) == (0, OUT_OF_SUPPORT + message)


def test_flags_about_databases_that_exclude_each_other(shop: Workshop) -> None:
    for flags in (("--skip-db-update",), ("--sample-db",)):
        ran = shop.run("fs", "--download-db-only", *flags)
        assert (ran.code, "exclude each other" in ran.err) == (2, True)


def test_a_download_by_digest_stands_in_the_record(shop: Workshop) -> None:
    tree = shop.tree(ALPINE)
    with MemoryRegistry() as registry:
        repository = f"{registry.host}/db"
        offered = publish(Registry(Http()).repository(registry.reference("db")), database_archive(metadata=METADATA))
        flags = ("--offline=false", "--cache-dir", str(shop.folder / "other"), "--db-repository", repository)
        only = shop.run("rootfs", "--download-db-only", *flags)
        again = shop.run("rootfs", tree, *flags, "--format=cosign-vuln", "--quiet")

    assert (only.code, only.out) == (0, "")
    assert f"`{shop.folder}/other/db`, built 2026-11-21 00:00 UTC" in only.err
    assert again.report["scanner"]["db"] == {"uri": f"{repository}@{offered.digest}", "version": "2-2026-11-21"}
    assert found_in(again.report["scanner"]["result"]) == ["CVE-2020-28928"]
    assert again.report["metadata"]["scanStartedOn"] <= again.report["metadata"]["scanFinishedOn"]


def test_a_table_goes_to_a_file_without_colours(shop: Workshop) -> None:
    ran = shop.run("rootfs", shop.tree(ALPINE), "--output=table.txt", terminal=True)

    assert ran.out == ""
    assert "\x1b" not in (shop.folder / "table.txt").read_text()
