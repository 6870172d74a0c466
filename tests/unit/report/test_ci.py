from __future__ import annotations

import pytest

from assaymark.report.ci import CiRun, ci_run

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo/hello",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW_REF": "octo/hello/.github/workflows/scan.yml@refs/heads/main",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_TOKEN": "canary-4711",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_URL": "https://gitlab.com/g/p/-/jobs/9",
    "CI_JOB_ID": "9",
    "CI_PIPELINE_ID": "8",
    "CI_PROJECT_URL": "https://gitlab.com/g/p",
    "CI_RUNNER_ID": "12",
    "CI_PIPELINE_SOURCE": "schedule",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:canary-4711@gitlab.com/g/p.git",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme/app/builds/1514",
    "BUILDKITE_JOB_ID": "e44f9784",
    "BUILDKITE_BUILD_ID": "4735ba57",
    "BUILDKITE_ORGANIZATION_SLUG": "acme",
    "BUILDKITE_PIPELINE_SLUG": "app",
    "BUILDKITE_SOURCE": "webhook",
}
CIRCLECI = {
    "CIRCLECI": "true",
    "CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/app/17",
    "CIRCLE_WORKFLOW_ID": "ad8b1e3f",
    "CIRCLE_PROJECT_ID": "1a2b3c",
}
JENKINS = {
    "JENKINS_URL": "https://ci.example/",
    "BUILD_URL": "https://ci.example/job/app/15/",
    "BUILD_TAG": "jenkins-app-15",
    "BUILD_ID": "15",
}


@pytest.mark.parametrize(
    ("environ", "run"),
    [
        (
            GITHUB,
            CiRun(
                name="GitHub Actions",
                uri="https://github.com/octo/hello/actions/runs/1658821493/attempts/2",
                event_id="1658821493",
                builder_id="https://github.com/octo/hello/.github/workflows/scan.yml@refs/heads/main",
                trigger="push",
            ),
        ),
        (
            GITLAB,
            CiRun(
                name="GitLab CI",
                uri="https://gitlab.com/g/p/-/jobs/9",
                event_id="9",
                builder_id="https://gitlab.com/g/p/-/runners/12",
                trigger="schedule",
            ),
        ),
        (
            BUILDKITE,
            CiRun(
                name="Buildkite",
                uri="https://buildkite.com/acme/app/builds/1514#e44f9784",
                event_id="4735ba57",
                builder_id="https://buildkite.com/acme/app",
                trigger="webhook",
            ),
        ),
        (
            CIRCLECI,
            CiRun(
                name="CircleCI",
                uri="https://circleci.com/gh/acme/app/17",
                event_id="ad8b1e3f",
                builder_id="https://circleci.com/api/v2/projects/1a2b3c",
            ),
        ),
        (
            JENKINS,
            CiRun(
                name="Jenkins",
                uri="https://ci.example/job/app/15/",
                event_id="jenkins-app-15",
                builder_id="https://ci.example/",
            ),
        ),
        ({"CI": "true"}, CiRun()),
        ({}, CiRun()),
        ({"GITHUB_ACTIONS": "false", "GITHUB_RUN_ID": "1"}, CiRun()),
        ({"JENKINS_URL": "https://ci.example/"}, CiRun()),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1"},
            CiRun(name="GitHub Actions", event_id="1"),
        ),
    ],
    ids=[
        "GitHub Actions",
        "GitLab CI",
        "Buildkite",
        "CircleCI",
        "Jenkins",
        "a system that is not known",
        "no system",
        "switched off",
        "a Jenkins variable outside of a build",
        "a system that tells little",
    ],
)
def test_each_system_s_run(environ: dict[str, str], run: CiRun) -> None:
    assert ci_run(environ) == run


def test_older_runners_without_attempt_and_workflow() -> None:
    environ = {key: value for key, value in GITHUB.items() if key not in {"GITHUB_RUN_ATTEMPT", "GITHUB_WORKFLOW_REF"}}
    run = ci_run(environ)
    assert run.uri == "https://github.com/octo/hello/actions/runs/1658821493"
    assert run.builder_id == "https://github.com/octo/hello"


def test_our_own_variables_serve_any_system_and_override_a_known_one() -> None:
    ours = {
        "ASSAYMARK_INVOCATION_URI": "https://tekton.example/run/3",
        "ASSAYMARK_EVENT_ID": "3",
        "ASSAYMARK_BUILDER_ID": "https://tekton.example/pipeline",
    }
    expected = ("https://tekton.example/run/3", "3", "https://tekton.example/pipeline")
    for environ in (ours, {**GITHUB, **ours}):
        run = ci_run(environ)
        assert (run.uri, run.event_id, run.builder_id) == expected


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://joe:canary@ci.example/job/1", "https://ci.example/job/1"),
        ("https://ci.example/job/1?token=canary", "https://ci.example/job/1?token=***"),
        ("javascript:alert(1)", ""),
        ("https://ci.example/\n::error::x", ""),
        ("https://ci.example/\x1b[2J", ""),
        ("https://ci.example/" + "x" * 5000, ""),
    ],
    ids=["user-info", "a token", "no http", "a line end", "a control character", "endless"],
)
def test_a_url_that_is_not_what_it_should_be(url: str, uri: str) -> None:
    assert ci_run({"JENKINS_URL": "https://ci.example/", "BUILD_URL": url}).uri == uri


def test_nothing_secret_of_the_environment_gets_into_the_run() -> None:
    for environ in (GITHUB, GITLAB, BUILDKITE, CIRCLECI, JENKINS):
        assert "canary" not in repr(ci_run(environ))
