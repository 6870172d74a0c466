from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from assaymark.model.report import Invocation
from assaymark.report.invocation import RECORDED_FLAGS, invocation
from assaymark.safeio.redaction import FLAGS, VARIABLES, Redaction


def test_the_whole_invocation() -> None:
    assert invocation(
        {"--severity": ["HIGH", "CRITICAL"], "ignore_unfixed": True, "exit-code": 1, "ignorefile": Path("my.ignore")},
        {
            "JENKINS_URL": "https://ci.example/",
            "BUILD_URL": "https://ci.example/job/1/",
            "BUILD_TAG": "jenkins-app-1",
            "HOME": "/root",
        },
        command="image",
        artifact="alpine:3.10",
        platform="linux/amd64",
        subject="sha256:" + "ab" * 32,
        ignore_digest="sha256:" + "cd" * 32,
    ) == Invocation(
        parameters={
            "command": "image",
            "flags": {
                "exit-code": 1,
                "ignore-unfixed": True,
                "ignorefile": "my.ignore",
                "severity": ["HIGH", "CRITICAL"],
            },
            "artifact": "alpine:3.10",
            "platform": "linux/amd64",
            "subject": "sha256:" + "ab" * 32,
            "ignoreFile": "sha256:" + "cd" * 32,
            "ci": {"name": "Jenkins"},
        },
        uri="https://ci.example/job/1/",
        event_id="jenkins-app-1",
        builder_id="https://ci.example/",
    )


def test_what_is_not_known_is_left_out() -> None:
    assert invocation({}, {}) == Invocation()
    assert invocation({"severity": None}, {}, command="fs") == Invocation(parameters={"command": "fs"})


def test_what_started_a_ci_run_is_told() -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule"}
    assert invocation({}, environ).parameters == {"ci": {"name": "GitHub Actions", "trigger": "schedule"}}


@pytest.mark.parametrize(
    ("flag", "value", "recorded"),
    [
        ("vex", "https://joe:pw@host/vex.json?token=abc", "https://host/vex.json?token=***"),
        ("db-repository", ["joe:pw@host/db:2", "oci://joe:pw@host/db"], ["joe:pw@host/db:2", "oci://host/db"]),
        ("skip-dirs", {"b", "a"}, ["a", "b"]),
        ("file-patterns", {"npm": "x.json"}, {"npm": "x.json"}),
        ("input", Path("dir/image.tar"), "dir/image.tar"),
        ("distro", "alpine/canary-4711", "alpine/***"),
    ],
)
def test_values_become_plain_and_lose_credentials(flag: str, value: object, recorded: object) -> None:
    parameters = invocation({flag: value}, {}, redaction=Redaction(["canary-4711"])).parameters
    assert parameters == {"flags": {flag: recorded}}
    json.dumps(parameters)


def test_further_reports_are_told_by_their_formats() -> None:
    also = ("sarif=/home/me/report.sarif", "spdx-json=bom=1.json")
    assert invocation({"also": also}, {}).parameters == {"flags": {"also": ["sarif", "spdx-json"]}}


def test_no_credential_flag_is_on_the_list() -> None:
    assert not RECORDED_FLAGS & FLAGS
    assert not {flag for flag in RECORDED_FLAGS if any(word in flag for word in ("password", "token", "key", "user"))}


def test_a_canary_in_every_credential_flag_and_variable_appears_nowhere() -> None:
    canary = "c4nary-S3cret-4711"
    flags = dict.fromkeys((*FLAGS, "username", "key", "cache-dir", "docker-host", "header"), canary)
    environ = dict.fromkeys(VARIABLES, canary) | {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "HTTPS_PROXY": canary}
    told = invocation(flags, environ, command="image", artifact=f"https://joe:{canary}@host/repo")
    assert canary.encode() not in msgspec.json.encode(told)
    assert told.parameters == {
        "command": "image",
        "artifact": "https://host/repo",
        "ci": {"name": "GitHub Actions"},
    }
