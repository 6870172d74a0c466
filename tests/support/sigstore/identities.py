"""What Fulcio makes of a token's claims: a subject alternative name and the extensions 1.3.6.1.4.1.57264.1.1 to .24.

Source: Fulcio, `config/identity/config.yaml` (the templates) and `docs/oid-info.md` (the numbers). Extensions .1 to .6
are raw bytes, those from .8 on are UTF8String.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from tests.support.sigstore import accounts, der

ARC: Final = "1.3.6.1.4.1.57264.1"
OTHER_NAME: Final = f"{ARC}.7"
ISSUER_RAW, ISSUER, SUBJECT = 1, 8, 24

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Identity:
    """What a certificate will say of its holder.

    Attributes:
        proof: the text whose signature proves possession of the key.
        name: the subject alternative name.
        extensions: texts by the last number of their identifiers, in the certificate's order.
    """

    proof: str
    name: x509.GeneralName
    extensions: tuple[tuple[int, str], ...]


def identity(claims: Claims, *, served_issuer: str) -> Identity:
    """The identity that a token's claims prove.

    Raises:
        ValueError: the issuer is not known here, or a claim is missing or unfit.
    """
    issuer = claims["iss"]
    if issuer in (served_issuer, accounts.GOOGLE):
        return _email(claims)
    rule = _RULES.get(issuer)
    if rule is None:
        raise ValueError(f"the issuer `{issuer}` is not configured")
    name, extensions = rule(claims)
    return Identity(claims["sub"], name, _extensions(issuer, claims["sub"], extensions))


def _email(claims: Claims) -> Identity:
    if claims.get("email_verified") not in (True, "true"):
        raise ValueError("email_verified claim was false")
    issuer = claims.get("federated_claims", {}).get("connector_id", claims["iss"])
    return Identity(claims["email"], x509.RFC822Name(claims["email"]), _extensions(issuer, claims["sub"], {}))


def _extensions(issuer: str, subject: str, more: Mapping[int, Any]) -> tuple[tuple[int, str], ...]:
    texts = {ISSUER_RAW: issuer, ISSUER: issuer, SUBJECT: subject, **more}
    return tuple((number, str(texts[number])) for number in sorted(texts) if texts[number] != "")


def _github_actions(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    url = "https://github.com"
    run = f"{claims['repository']}/actions/runs/{claims['run_id']}/attempts/{claims['run_attempt']}"
    return x509.UniformResourceIdentifier(f"{url}/{claims['job_workflow_ref']}"), {
        2: claims["event_name"],
        3: claims["sha"],
        4: claims["workflow"],
        5: claims["repository"],
        6: claims["ref"],
        9: f"{url}/{claims['job_workflow_ref']}",
        10: claims["job_workflow_sha"],
        11: claims["runner_environment"],
        12: f"{url}/{claims['repository']}",
        13: claims["sha"],
        14: claims["ref"],
        15: claims["repository_id"],
        16: f"{url}/{claims['repository_owner']}",
        17: claims["repository_owner_id"],
        18: f"{url}/{claims['workflow_ref']}",
        19: claims["workflow_sha"],
        20: claims["event_name"],
        21: f"{url}/{run}",
        22: claims["repository_visibility"],
        23: claims.get("environment", ""),
    }


def _gitlab(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    url, configuration = "https://gitlab.com", f"https://{claims['ci_config_ref_uri']}"
    kind = "heads" if claims["ref_type"] == "branch" else "tags"
    return x509.UniformResourceIdentifier(configuration), {
        9: configuration,
        10: claims["ci_config_sha"],
        11: claims["runner_environment"],
        12: f"{url}/{claims['project_path']}",
        13: claims["sha"],
        14: f"refs/{kind}/{claims['ref']}",
        15: claims["project_id"],
        16: f"{url}/{claims['namespace_path']}",
        17: claims["namespace_id"],
        18: configuration,
        19: claims["ci_config_sha"],
        20: claims["pipeline_source"],
        21: f"{url}/{claims['project_path']}/-/jobs/{claims['job_id']}",
        22: claims["project_visibility"],
        23: claims.get("environment", ""),
    }


def _buildkite(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    url = f"https://buildkite.com/{claims['organization_slug']}/{claims['pipeline_slug']}"
    return x509.UniformResourceIdentifier(url), {
        11: claims["runner_environment"],
        13: claims["build_commit"],
        20: claims["build_source"],
        21: f"{url}/builds/{claims['build_number']}#{claims['job_id']}",
    }


def _circleci(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    claim = {name.removeprefix("oidc.circleci.com/"): value for name, value in claims.items()}
    api = "https://circleci.com/api/v2"
    definition = f"{api}/projects/{claim['project-id']}/pipeline-definitions/{claim['pipeline-definition-id']}"
    return x509.UniformResourceIdentifier(definition), {
        9: definition,
        # the template's other branch is two quotation marks, not nothing; and its base address ends with a slash
        11: "ssh-rerun" if claim["ssh-rerun"] else '""',
        12: claim["vcs-origin"],
        14: claim["vcs-ref"],
        18: f"{api}/pipeline/{claim['pipeline-id']}/config",
        21: f"https://app.circleci.com//workflow/{claim['workflow-id']}/job/{claim['job-id']}",
    }


def _spiffe(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    if not claims["sub"].startswith("spiffe://example.test/"):
        raise ValueError("the SPIFFE trust domain is another one")
    return x509.UniformResourceIdentifier(claims["sub"]), {}


def _username(claims: Claims) -> tuple[x509.GeneralName, dict[int, Any]]:
    value = der.utf8(f"{claims['sub']}!example.test")
    return x509.OtherName(x509.ObjectIdentifier(OTHER_NAME), value), {}


_RULES: Final[Mapping[str, Callable[[Claims], tuple[x509.GeneralName, dict[int, Any]]]]] = {
    accounts.GITHUB_ACTIONS: _github_actions,
    accounts.GITLAB: _gitlab,
    accounts.BUILDKITE: _buildkite,
    accounts.CIRCLECI: _circleci,
    accounts.SPIFFE: _spiffe,
    accounts.USERNAMES: _username,
}
