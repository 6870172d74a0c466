"""Policies in Rego with a real `opa`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from assaymark.errors import UsageError
from assaymark.matching.policy.rego import RegoPolicy
from assaymark.model.digest import sha256_digest
from assaymark.model.finding import Finding
from assaymark.safeio.opa import UNDEFINED, Module, Opa

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("opa") is None, reason="there is no `opa` on PATH"),
]
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "AWS_SECRET_ACCESS_KEY": "canary"}


def policy(text: str, *, connects: bool = True) -> RegoPolicy:
    opa = Opa(environment=ENVIRONMENT, connects=connects)
    return RegoPolicy(path="p.rego", digest=sha256_digest(text.encode()), text=text.encode(), opa=opa)


def test_ten_thousand_findings() -> None:
    findings = [Finding(vulnerability_id=f"CVE-1-{number}", description="d" * 3_000) for number in range(10_000)]

    ignored = policy('package trivy\nignore { endswith(input.VulnerabilityID, "7") }').ignored(findings)

    assert [number for number, each in enumerate(ignored) if each is not None] == list(range(7, 10_000, 10))


def test_offline_there_is_nothing_that_connects() -> None:
    sending = 'package trivy\nignore { http.send({"method": "get", "url": "http://127.0.0.1:9"}) }'

    assert policy(sending).ignored([Finding()]) == [None]
    with pytest.raises(UsageError, match=r"`p.rego`, line 2: undefined function http.send"):
        policy(sending, connects=False).check()
    policy("package trivy\nimport rego.v1\nignore if count(input) > 1", connects=False).check()


def test_policies_see_no_credentials() -> None:
    text = "package trivy\nignore { opa.runtime().env.AWS_SECRET_ACCESS_KEY }"
    seen = "package trivy\nignore { opa.runtime().env.PATH }"

    assert policy(text).ignored([Finding()]) == [None]
    assert policy(seen).ignored([Finding()]) != [None]


def test_the_newer_language_where_it_is_asked_for(tmp_path: Path) -> None:
    module = Module("p.rego", b"package a\nallow if input.x == 1")

    assert Opa(environment=ENVIRONMENT, version_0=False).answers("data.a.allow", [module], [b'{"x": 1}', b"{}"]) == [
        True,
        UNDEFINED,
    ]
    with pytest.raises(UsageError, match=r"`p.rego`, line 2"):
        Opa(environment=ENVIRONMENT).answers("data.a.allow", [module], [])
