"""Variables with our prefix that nothing reads."""

from __future__ import annotations

import pytest
from tests.support.commands import run

WARNED = "warning: nothing reads the variable `{}`"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("ASSAYMARK_SEVERTY", "hint: did you mean `ASSAYMARK_SEVERITY`?", id="a typo"),
        pytest.param("ASSAYMARK_REQUIRE_LOGS", "hint: did you mean `ASSAYMARK_REQUIRE_LOG`?", id="of another command"),
        pytest.param("ASSAYMARK_XYZZY", "error: ", id="nothing like it"),
    ],
)
@pytest.mark.parametrize("command", ["convert", "tree"])
def test_it_is_told_with_what_was_probably_meant(command: str, name: str, hint: str) -> None:
    lines = run(command, "--local-image" if command == "tree" else "--quiet=false", "x", environ={name: "1"}).err

    assert lines.splitlines()[0] == WARNED.format(name)
    assert lines.splitlines()[1].startswith(hint)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ASSAYMARK_REQUIRE_LOG", id="another command's"),
        pytest.param("ASSAYMARK_SECURITY_CHECKS", id="another spelling of a flag"),
        pytest.param("ASSAYMARK_EVENT_ID", id="no flag's"),
        pytest.param("ASSAYMARK_EXPERIMENTAL_RPM_ARCHIVE", id="an experiment's"),
        pytest.param("ASSAYMARK_VERSION", id="which version to install"),
        pytest.param("TRIVY_SEVERTY", id="Trivy's"),
        pytest.param("COSIGN_SEVERTY", id="cosign's"),
    ],
)
def test_what_may_be_there(name: str) -> None:
    assert "nothing reads" not in run("tree", "--local-image", "x", environ={name: "1"}).err


def test_what_is_empty_is_not_set() -> None:
    assert "nothing reads" not in run("tree", "--local-image", "x", environ={"ASSAYMARK_SEVERTY": ""}).err


def test_quiet() -> None:
    assert "nothing reads" not in run("tree", "-q", "--local-image", "x", environ={"ASSAYMARK_SEVERTY": "1"}).err
