"""Policies in Rego, with a stand-in for `opa`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.opa import install_opa

from assaymark.errors import LocalError, UsageError
from assaymark.matching.filters import FilterOptions, filter_results
from assaymark.matching.policy.rego import RegoPolicy
from assaymark.model.advisory import Cvss
from assaymark.model.digest import sha256_digest
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result
from assaymark.safeio.opa import Opa

MUSL = Finding(vulnerability_id="CVE-2", pkg_name="musl", severity="LOW", cvss={"nvd": Cvss(v3_score=5)})
ZLIB = Finding(vulnerability_id="CVE-1", pkg_name="zlib", severity="LOW")
FLASK = Finding(vulnerability_id="CVE-3", pkg_name="flask", severity="HIGH")


def policy(text: str, folder: Path) -> RegoPolicy:
    opa = Opa(environment={"PATH": str(folder)})
    return RegoPolicy(path="policy.rego", digest=sha256_digest(text.encode()), text=text.encode(), opa=opa)


def test_all_results_are_asked_about_in_one_process(tmp_path: Path) -> None:
    log = install_opa(tmp_path)
    options = FilterOptions(ignore_policy=policy('input["PkgName"] in ("musl", "flask")', tmp_path))

    filtered = filter_results(
        [
            Result(target="a", vulnerabilities=(MUSL, ZLIB)),
            Result(target="b"),
            Result(target="c", vulnerabilities=(FLASK,)),
        ],
        options,
    )

    def out(finding: Finding) -> ModifiedFinding:
        return ModifiedFinding(
            type="vulnerability", status="ignored", statement="Filtered by Rego", source="policy.rego", finding=finding
        )

    assert filtered == (
        Result(target="a", vulnerabilities=(ZLIB,), modified_findings=(out(MUSL),)),
        Result(target="b"),
        Result(target="c", modified_findings=(out(FLASK),)),
    )
    assert log.read_text() == "eval --format\n"


def test_nobody_is_asked_about_nothing(tmp_path: Path) -> None:
    options = FilterOptions(ignore_policy=policy("True", tmp_path))

    assert filter_results([Result(target="a")], options) == (Result(target="a"),)


def test_the_input_is_the_finding_of_the_report_with_its_type(tmp_path: Path) -> None:
    install_opa(tmp_path)
    expected = {
        "Type": "vulnerability",
        "VulnerabilityID": "CVE-2",
        "PkgName": "musl",
        "Severity": "LOW",
        "CVSS": {"nvd": {"V3Score": 5}},
    }

    asked = policy(f"input == {json.dumps(expected)}", tmp_path)
    assert [each is not None for each in asked.ignored([MUSL, ZLIB])] == [True, False]
    assert policy('input == {"Type": "vulnerability"}', tmp_path).ignored([Finding()])[0] is not None


@pytest.mark.parametrize("text", ["1", '["CVE-1"]', '"true"', "None"])
def test_what_is_no_truth_value_is_an_error(tmp_path: Path, text: str) -> None:
    install_opa(tmp_path)

    with pytest.raises(UsageError, match=r"`policy.rego`: `ignore` is neither true nor false"):
        policy(text, tmp_path).ignored([MUSL])


def test_a_policy_is_compiled_before_it_is_needed(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="`opa` is not installed"):
        policy("True", tmp_path).check()
    install_opa(tmp_path)
    policy("True", tmp_path).check()
    with pytest.raises(UsageError, match=r"`policy.rego`, line 1: unexpected token"):
        policy("package =", tmp_path).check()
