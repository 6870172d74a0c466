"""`--baseline`: what fails a scan, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.workshop import ALPINE, FINDINGS, INSTALLED, Ran, Workshop

OLDER = {**ALPINE, "lib/apk/db/installed": INSTALLED.partition("P:zlib")[0]}


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def baseline(shop: Workshop) -> str:
    """The report of a tree without zlib."""
    path = shop.folder / "base.json"
    path.write_text(shop.run("rootfs", shop.tree(OLDER, "old"), "--format=json").out)
    return str(path)


def scan(shop: Workshop, *flags: str, files: dict[str, str] | None = None) -> Ran:
    return shop.run("rootfs", shop.tree(files or ALPINE, "new"), *flags)


def test_what_is_new_fails_and_is_named(shop: Workshop, baseline: str) -> None:
    ran = scan(shop, "--baseline", baseline, "--format=json")
    assert (ran.code, ran.findings) == (1, FINDINGS)
    assert ran.err.endswith(
        f"compared with `{baseline}`: new 1, fixed 0, unchanged 2\n"
        "  new: HIGH CVE-2018-25032 zlib 1.2.11-r1, no fix (package added)\n"
    )


def test_what_was_there_before_does_not_fail(shop: Workshop, baseline: str) -> None:
    ran = scan(shop, "--baseline", baseline, "--exit-code", "5", files=OLDER)
    assert ran.code == 0
    assert ran.err.endswith(f"compared with `{baseline}`: new 0, fixed 0, unchanged 2\n")


@pytest.mark.parametrize("code", [0, 7])
def test_the_exit_code_that_was_asked_for(shop: Workshop, baseline: str, code: int) -> None:
    assert scan(shop, "--baseline", baseline, "--exit-code", str(code)).code == code


def test_without_a_baseline_findings_alone_do_not_fail(shop: Workshop) -> None:
    assert scan(shop).code == 0


def test_what_filters_leave_out_is_not_judged(shop: Workshop, baseline: str) -> None:
    ran = scan(shop, "--baseline", baseline, "--severity", "CRITICAL")
    assert (ran.code, "new 0, fixed 0, unchanged 1\n" in ran.err) == (0, True)
    ran = scan(shop, "--baseline", baseline, "--ignore-status", "fixed")
    assert (ran.code, "new 1, fixed 0, unchanged 0\n" in ran.err) == (1, True)


def test_what_the_ignore_file_names_is_not_judged(shop: Workshop, baseline: str) -> None:
    ignored = shop.folder / "ignored"
    ignored.write_text("CVE-2018-25032\nCVE-2019-14697\n")
    ran = scan(shop, "--baseline", baseline, "--ignorefile", str(ignored))
    assert (ran.code, "new 0, fixed 0, unchanged 1\n" in ran.err) == (0, True)


def test_a_severity_that_was_raised_into_what_is_asked_for_is_told_as_raised(shop: Workshop, baseline: str) -> None:
    text = Path(baseline).read_text()
    Path(baseline).write_text(text.replace('"Severity": "CRITICAL"', '"Severity": "LOW"'))
    ran = scan(shop, "--baseline", baseline, "--severity", "CRITICAL")
    assert (ran.code, "new 0, severity raised 1, fixed 0, unchanged 0\n" in ran.err) == (1, True)


def test_a_raised_severity_fails(shop: Workshop, baseline: str) -> None:
    document: Any = json.loads(Path(baseline).read_text())
    for finding in document["Results"][0]["Vulnerabilities"]:
        finding["Severity"] = "LOW"
    Path(baseline).write_text(json.dumps(document))
    ran = scan(shop, "--baseline", baseline, files=OLDER)
    assert ran.code == 1
    assert "  new: CRITICAL CVE-2019-14697 musl 1.1.22-r2, fixed in 1.1.22-r3 (was LOW)\n" in ran.err


def test_quiet_still_says_why(shop: Workshop, baseline: str) -> None:
    assert "new: HIGH CVE-2018-25032" in scan(shop, "--quiet", "--baseline", baseline).err


def test_a_record_is_a_baseline_too(shop: Workshop) -> None:
    path = shop.folder / "vuln.json"
    path.write_text(shop.run("rootfs", shop.tree(ALPINE, "old"), "--format=cosign-vuln").out)
    assert scan(shop, "--baseline", str(path)).code == 0


def test_of_many_some_are_named(shop: Workshop, baseline: str) -> None:
    modules = "".join(f"P:zlib-{number}\nV:1.2-r0\nA:x86_64\no:zlib\n\n" for number in range(25))
    ran = scan(shop, "--baseline", baseline, files={**ALPINE, "lib/apk/db/installed": modules})
    assert ran.err.count("  new: ") == 20
    assert ran.err.endswith("  and 5 more; `assaymark diff` lists them\n")


def test_a_baseline_that_is_not_there_costs_no_scan(shop: Workshop) -> None:
    ran = shop.run("rootfs", "/nowhere", "--baseline", "main")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: `--baseline`: there is no file `main`\n")
    assert scan(shop, "--baseline", str(shop.folder / "no.json")).code == 9


def test_a_baseline_of_another_kind_is_refused(shop: Workshop) -> None:
    path = shop.folder / "bom.json"
    path.write_text('{"bomFormat": "CycloneDX"}')
    assert scan(shop, "--baseline", str(path)).code == 8
