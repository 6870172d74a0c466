"""Which continuous-integration run this process belongs to, from the variables that its vendor documents.

Sources, and what of them goes into a record's `invocation`:

| CI | documented in | `uri` | `event_id` | `builder.id` |
|---|---|---|---|---|
| GitHub Actions | "Default environment variables" | the run's page and attempt | run id | the workflow's identity |
| GitLab CI | "Predefined CI/CD variables" | the job's page | job id | the runner, as in GitLab's own provenance |
| Buildkite | "Environment variables" | the job on the build's page | build id | the pipeline |
| Jenkins | "Using environment variables" | the build's page | build tag | the controller |
| CircleCI | "Project values and variables" | the job's page | workflow id | the project |

`ASSAYMARK_INVOCATION_URI`, `ASSAYMARK_EVENT_ID` and `ASSAYMARK_BUILDER_ID` serve every other system, and override each
field. No other variable is read, and none of these holds a credential; user-info is taken out of URLs all the same, and
what is no `http` URL is no URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assaymark.safeio.redaction import strip_user_info

_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_MAX_CHARS: Final = 2048


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One system: its marks, and templates of its variables; the first whose variables are all set counts."""

    name: str
    marks: tuple[str, ...]
    uri: tuple[str, ...]
    event_id: tuple[str, ...]
    builder_id: tuple[str, ...]
    trigger: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CiRun:
    """The run; every field may be empty.

    Attributes:
        name: the system's name.
        trigger: what started it (`push`, `schedule`), in the vendor's word.
    """

    name: str = ""
    uri: str = ""
    event_id: str = ""
    builder_id: str = ""
    trigger: str = ""


VENDORS: Final = (
    Vendor(
        name="GitHub Actions",
        marks=("GITHUB_ACTIONS",),
        uri=(
            "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}/attempts/{GITHUB_RUN_ATTEMPT}",
            "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        ),
        event_id=("{GITHUB_RUN_ID}",),
        builder_id=("{GITHUB_SERVER_URL}/{GITHUB_WORKFLOW_REF}", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}"),
        trigger=("{GITHUB_EVENT_NAME}",),
    ),
    Vendor(
        name="GitLab CI",
        marks=("GITLAB_CI",),
        uri=("{CI_JOB_URL}", "{CI_PIPELINE_URL}"),
        event_id=("{CI_JOB_ID}", "{CI_PIPELINE_ID}"),
        builder_id=("{CI_PROJECT_URL}/-/runners/{CI_RUNNER_ID}", "{CI_SERVER_URL}"),
        trigger=("{CI_PIPELINE_SOURCE}",),
    ),
    Vendor(
        name="Buildkite",
        marks=("BUILDKITE",),
        uri=("{BUILDKITE_BUILD_URL}#{BUILDKITE_JOB_ID}", "{BUILDKITE_BUILD_URL}"),
        event_id=("{BUILDKITE_BUILD_ID}",),
        builder_id=(
            "https://buildkite.com/{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}",
            "https://buildkite.com",
        ),
        trigger=("{BUILDKITE_SOURCE}",),
    ),
    Vendor(
        name="CircleCI",
        marks=("CIRCLECI",),
        uri=("{CIRCLE_BUILD_URL}",),
        event_id=("{CIRCLE_WORKFLOW_ID}", "{CIRCLE_BUILD_NUM}"),
        builder_id=("https://circleci.com/api/v2/projects/{CIRCLE_PROJECT_ID}", "https://circleci.com"),
    ),
    Vendor(
        name="Jenkins",
        marks=("JENKINS_URL", "BUILD_URL"),
        uri=("{BUILD_URL}",),
        event_id=("{BUILD_TAG}", "{BUILD_ID}"),
        builder_id=("{JENKINS_URL}",),
    ),
)

OTHER: Final = Vendor(
    name="",
    marks=(),
    uri=("{ASSAYMARK_INVOCATION_URI}",),
    event_id=("{ASSAYMARK_EVENT_ID}",),
    builder_id=("{ASSAYMARK_BUILDER_ID}",),
)


def ci_run(environ: Mapping[str, str]) -> CiRun:
    """The run that `environ` tells of; empty outside of one."""
    vendor = next((each for each in VENDORS if all(_is_set(environ, mark) for mark in each.marks)), OTHER)
    return CiRun(
        name=vendor.name,
        uri=_url(_filled(OTHER.uri + vendor.uri, environ)),
        event_id=_filled(OTHER.event_id + vendor.event_id, environ),
        builder_id=strip_user_info(_filled(OTHER.builder_id + vendor.builder_id, environ)),
        trigger=_filled(vendor.trigger, environ),
    )


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() not in {"", "false", "0"}


def _filled(templates: tuple[str, ...], environ: Mapping[str, str]) -> str:
    for template in templates:
        if all(environ.get(name) for name in _VARIABLE.findall(template)):
            text = _VARIABLE.sub(lambda match: environ[match[1]], template)
            return text if len(text) <= _MAX_CHARS and text.isprintable() else ""
    return ""


def _url(text: str) -> str:
    return strip_user_info(text) if text.startswith(("https://", "http://")) else ""
