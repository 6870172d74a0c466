"""Policies that would cost memory or time, and findings that try to say more than they may."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.opa import install_opa
from tests.support.workshop import Workshop

from assaymark.errors import UsageError
from assaymark.limits import Limits
from assaymark.matching.policy.document import parse_findings_policy
from assaymark.matching.policy.rego import RegoPolicy
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.digest import sha256_digest
from assaymark.model.finding import Finding
from assaymark.safeio.opa import Opa

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))


def rule(conditions: str) -> bytes:
    return f"rules:\n  - ignore: {{{conditions}}}\n    reason: r\n".encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(LAUGHS.encode(), "more than 1000 nodes", id="a billion laughs"),
        pytest.param(b"rules: " + b"[" * 2_000, "nested deeper than 64 levels", id="lists in lists"),
        pytest.param(rule(f"paths: '{'{a,b}' * 30}'"), "alternatives", id="a pattern of a billion alternatives"),
        pytest.param(rule(f"age_below: {'9' * 4_000}d"), "is no age", id="an age without end"),
        pytest.param(rule(f"score_below: 1e{'9' * 100}"), "is no score", id="a score without end"),
    ],
)
def test_policies_that_cost_too_much_are_refused(data: bytes, message: str) -> None:
    limits = Limits(yaml_nodes=1_000, json_depth=64)

    with pytest.raises(UsageError, match=message):
        parse_findings_policy(data, path="policy.yaml", now=NOW, limits=limits)


def test_patterns_do_not_backtrack() -> None:
    policy = parse_findings_policy(rule(f"packages: '{'*a' * 40}b'"), path="policy.yaml", now=NOW)
    finding = Finding(vulnerability_id="CVE-1", pkg_name="a" * 4_000)

    started = time.process_time()
    assert policy.ignored(finding, "t", DatabaseInfo()) is None
    assert time.process_time() - started < 5


def test_a_finding_cannot_break_out_of_the_question(tmp_path: Path) -> None:
    install_opa(tmp_path)
    names = ['"}], "x": [{"', "\x00\x1b[31m\n", "\u2028\U0001f600", "\\", "</script>"]
    findings = [Finding(vulnerability_id="CVE-1", pkg_name=name) for name in names]
    text = f'input["PkgName"] in {names!r} and len(input) == 3'.encode()
    policy = RegoPolicy(
        path="p.rego", digest=sha256_digest(text), text=text, opa=Opa(environment={"PATH": str(tmp_path)})
    )

    assert [taken is not None for taken in policy.ignored(findings)] == [True] * len(names)


def test_what_is_denied_does_not_reach_the_terminal_raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shop = Workshop(tmp_path)
    (tmp_path / "rules.yaml").write_text('rules:\n  - deny: {ids: "*"}\n    reason: "no\\e[31m \\r\\nerror: never"\n')

    ran = shop.run("image", "--input", shop.image(), "--format=json", "--findings-policy=rules.yaml")

    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert not any(line.startswith("error") for line in ran.err.splitlines())
