"""Several reports of one scan: `--also FORMAT=FILE`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.support.workshop import FINDINGS, Workshop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def _ids(path: str) -> list[str]:
    (run,) = json.loads(Path(path).read_bytes())["runs"]
    return sorted({result["ruleId"] for result in run["results"]})


def test_one_scan_makes_every_report(shop: Workshop) -> None:
    ran = shop.run(
        "image", "--input", shop.image(), "-f", "json", "--also", "sarif=a.sarif", "--also", "csv=b.csv,junit=c"
    )

    assert (ran.code, ran.findings) == (0, FINDINGS)
    assert _ids("a.sarif") == sorted(FINDINGS)
    assert Path("b.csv").read_bytes().count(b"\r\n") == len(FINDINGS) + 1
    assert Path("c").read_bytes().startswith(b"<?xml")


def test_with_an_output_nothing_goes_to_stdout(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "-f", "json", "-o", "a.json", "--also", "json=b.json")

    assert (ran.code, ran.out) == (0, "")
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()


def test_the_variable_names_them_too(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "-q", ASSAYMARK_ALSO="markdown=a.md")

    assert ran.code == 0
    assert Path("a.md").read_text("utf-8").startswith("# Vulnerabilities in ")


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        pytest.param(("--also", "sarif"), 2, "`--also sarif` names no format and file", id="no file"),
        pytest.param(("--also", "=x"), 2, "`--also =x` names no format and file", id="no format"),
        pytest.param(("--also", "json=-"), 2, "`--also json=-` goes to a file", id="stdout"),
        pytest.param(("--also", "pdf=x"), 2, "invalid argument `pdf` for `--also`", id="an unknown format"),
        pytest.param(("-o", "x", "--also", "json=./x"), 2, "two reports would go to `x`", id="one file twice"),
        pytest.param(("--also", "csv=no/x"), 9, "cannot write `no/x`: no such file or directory", id="no folder"),
        pytest.param(("-o", "."), 9, "cannot write `.`: is a directory", id="a folder"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_scanned(
    shop: Workshop, flags: tuple[str, ...], code: int, message: str
) -> None:
    ran = shop.run("image", "--input", "none.tar", *flags)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_one_report_that_cannot_be_written_leaves_no_other(shop: Workshop) -> None:
    Path("kept.json").write_text("old", "utf-8")
    ran = shop.run("image", "--input", shop.image(), "-f", "json", "--also", "json=kept.json,csv=/dev/full")

    assert (ran.code, ran.out) == (9, "")
    assert ran.err.splitlines()[0] == "error: cannot write `/dev/full`: no space left on device"
    assert Path("kept.json").read_text("utf-8") == "old"
    assert list(Path().glob(".*.partial")) == []


def test_devices_take_as_much_as_they_are_given(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "-o", "/dev/null", "--also", "json=/dev/null")
    assert (ran.code, ran.out) == (0, "")


def test_addresses_of_a_scanned_folder_begin_at_it(shop: Workshop) -> None:
    Path("tree").mkdir()
    Path("tree/requirements.txt").write_text("requests==2.0\n", "utf-8")
    assert shop.run("fs", "tree/../tree", "-f", "sarif", "-o", "a.sarif").code == 0

    (run,) = json.loads(Path("a.sarif").read_bytes())["runs"]
    assert run["originalUriBaseIds"] == {"ROOTPATH": {"uri": f"file://{os.getcwd()}/tree/"}}


def test_a_format_is_given_the_variables_that_it_asks_for(shop: Workshop) -> None:
    ran = shop.run("image", "--input", shop.image(), "-f", "github", GITHUB_REF="refs/heads/main", GITHUB_RUN_ID="7")

    snapshot = json.loads(ran.out)
    assert (snapshot["ref"], snapshot["job"]) == ("refs/heads/main", {"correlator": "_", "id": "7"})


def test_flags_of_the_table_are_for_another_report_that_is_one_too(shop: Workshop) -> None:
    flags = ("--also", "table=a.txt", "--table-mode", "summary")
    assert shop.run("image", "--input", shop.image(), "-f", "json", *flags).code == 0
    assert "CVE-2019-14697" not in Path("a.txt").read_text("utf-8")
