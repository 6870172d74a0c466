"""Who signs: the claims that real issuers put into a token, with invented people, projects and numbers.

People sign in at the public issuer, which federates Google, GitHub and Microsoft: `federated_claims.connector_id` says
where from, and `sub` is base64url of a small protobuf message of both. Machines bring their own issuer's token. Sources: Dex,
`connector` and `server/internal`; the issuers' documentation of their claims; Fulcio, `docs/oid-info.md`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GOOGLE: Final = "https://accounts.google.com"
GITHUB: Final = "https://github.com/login/oauth"
MICROSOFT: Final = "https://login.microsoftonline.com"
GITHUB_ACTIONS: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"
BUILDKITE: Final = "https://agent.buildkite.com"
CIRCLECI: Final = "https://oidc.circleci.com/org/7f2c1d3e-0000-4000-8000-00000000c1c1"
SPIFFE: Final = "https://spire.example.test"
USERNAMES: Final = "https://names.example.test"

COMMIT: Final = hashlib.sha1(b"the commit").hexdigest()


@dataclass(frozen=True)
class Account:
    """A person or a machine.

    Attributes:
        name: what the tests and the consent page call it.
        claims: its claims without times, audience and issuer.
        issuer: who makes its tokens; empty for the issuer that is served here.
        certificate_issuer: what the certificate's issuer extension says; empty for the issuer that is served here.
    """

    name: str
    claims: Mapping[str, Any] = field(hash=False)
    issuer: str = ""
    certificate_issuer: str = ""


def person(name: str, email: str, connector: str, user: str) -> Account:
    """Somebody who signed in at the public issuer through `connector`."""
    claims = {
        "sub": _federated_subject(user, connector),
        "email": email,
        "email_verified": True,
        "federated_claims": {"connector_id": connector, "user_id": user},
    }
    return Account(name, claims, certificate_issuer=connector)


def google(email: str = "alice@gmail.test") -> Account:
    return person("google", email, GOOGLE, "108412345678901234567")


def github(email: str = "alice@users.github.test") -> Account:
    return person("github", email, GITHUB, "583231")


def microsoft(email: str = "alice@outlook.test") -> Account:
    return person("microsoft", email, MICROSOFT, "00000000-0000-0000-5a5a-c0ffee000001")


def plain(email: str = "alice@example.test") -> Account:
    """Somebody at a private issuer, which federates nobody."""
    return Account("plain", {"sub": "alice", "email": email, "email_verified": True})


def google_service_account(email: str = "builder@project.iam.gserviceaccount.test") -> Account:
    claims = {"sub": "112233445566778899001", "azp": "112233445566778899001", "email": email, "email_verified": True}
    return Account("google-service-account", claims, GOOGLE, GOOGLE)


def github_actions(
    repository: str = "acme/app", workflow: str = "release.yml", ref: str = "refs/heads/main"
) -> Account:
    reference = f"{repository}/.github/workflows/{workflow}@{ref}"
    claims = {
        "jti": "2c3ad3a6-0000-4000-8000-000000000001",
        "sub": f"repo:{repository}:ref:{ref}",
        "ref": ref,
        "sha": COMMIT,
        "repository": repository,
        "repository_owner": repository.partition("/")[0],
        "repository_owner_id": "6501",
        "repository_id": "740001",
        "repository_visibility": "public",
        "run_id": "9012345678",
        "run_number": "10",
        "run_attempt": "2",
        "actor": "alice",
        "actor_id": "1201",
        "workflow": "Release",
        "head_ref": "",
        "base_ref": "",
        "event_name": "push",
        "ref_type": "branch",
        "ref_protected": "true",
        "workflow_ref": reference,
        "workflow_sha": COMMIT,
        "job_workflow_ref": reference,
        "job_workflow_sha": COMMIT,
        "runner_environment": "github-hosted",
    }
    return Account("github-actions", claims, GITHUB_ACTIONS, GITHUB_ACTIONS)


def gitlab(project: str = "acme/app", ref: str = "main") -> Account:
    claims = {
        "sub": f"project_path:{project}:ref_type:branch:ref:{ref}",
        "namespace_id": "7201",
        "namespace_path": project.rpartition("/")[0],
        "project_id": "7301",
        "project_path": project,
        "project_visibility": "public",
        "user_id": "7401",
        "user_login": "alice",
        "user_email": "alice@example.test",
        "pipeline_id": "7501",
        "pipeline_source": "push",
        "job_id": "7601",
        "ref": ref,
        "ref_type": "branch",
        "ref_path": f"refs/heads/{ref}",
        "ref_protected": "true",
        "runner_id": 7701,
        "runner_environment": "gitlab-hosted",
        "sha": COMMIT,
        "ci_config_ref_uri": f"gitlab.com/{project}//.gitlab-ci.yml@refs/heads/{ref}",
        "ci_config_sha": COMMIT,
    }
    return Account("gitlab", claims, GITLAB, GITLAB)


def buildkite(organization: str = "acme", pipeline: str = "app") -> Account:
    claims = {
        "sub": f"organization:{organization}:pipeline:{pipeline}:ref:refs/heads/main:commit:{COMMIT}:step:build",
        "organization_slug": organization,
        "pipeline_slug": pipeline,
        "build_number": 41,
        "build_branch": "main",
        "build_commit": COMMIT,
        "build_source": "webhook",
        "step_key": "build",
        "job_id": "0190b2c4-0000-4000-8000-0000000000b1",
        "agent_id": "0190b2c4-0000-4000-8000-0000000000a1",
        "runner_environment": "buildkite-hosted",
    }
    return Account("buildkite", claims, BUILDKITE, BUILDKITE)


def circleci() -> Account:
    organization = CIRCLECI.rpartition("/")[2]
    project, pipeline, definition, workflow, job = (f"{n}1a2b3c4-0000-4000-8000-000000000001" for n in range(5, 10))
    claims = {
        "sub": f"org/{organization}/project/{project}/user/a1f00000-0000-4000-8000-000000000001",
        "oidc.circleci.com/context-ids": [],
        "oidc.circleci.com/project-id": project,
        "oidc.circleci.com/pipeline-id": pipeline,
        "oidc.circleci.com/pipeline-definition-id": definition,
        "oidc.circleci.com/workflow-id": workflow,
        "oidc.circleci.com/job-id": job,
        "oidc.circleci.com/ssh-rerun": False,
        "oidc.circleci.com/vcs-origin": "github.com/acme/app",
        "oidc.circleci.com/vcs-ref": "refs/heads/main",
    }
    return Account("circleci", claims, CIRCLECI, CIRCLECI)


def spiffe(identity: str = "spiffe://example.test/ns/ci/sa/builder") -> Account:
    return Account("spiffe", {"sub": identity}, SPIFFE, SPIFFE)


def username(name: str = "alice") -> Account:
    """Somebody whose certificate names `name!example.test`, as an OtherName."""
    return Account("username", {"sub": name}, USERNAMES, USERNAMES)


def _federated_subject(user: str, connector: str) -> str:
    # message IDTokenSubject { string user_id = 1; string conn_id = 2; }
    parts = (b"\x0a", user.encode(), b"\x12", connector.encode())
    message = b"".join(parts[i] + bytes([len(parts[i + 1])]) + parts[i + 1] for i in (0, 2))
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode()


ACCOUNTS: Final = {
    account.name: account
    for account in (
        google(), github(), microsoft(), plain(), google_service_account(), github_actions(), gitlab(), buildkite(),
        circleci(), spiffe(), username(),
    )
}  # fmt: skip
"""Everybody, by name."""
